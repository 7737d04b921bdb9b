//! Whether a point with a small gradient is a saddle.

use super::Stop;
use super::path::Path;
use crate::error::Result;
use crate::krylov::{Lanczos, NegativeCurvature};
use crate::linalg::tridiagonal_eigen;
use crate::operator::Symmetric;
use crate::random::Key;
use crate::scalar::Scalar;

/// The depth at which the search gives up: beyond it, directions of negative curvature are few or weak.
const STEPS: usize = 128;

/// Along which direction a run goes on that would end at a small gradient: where there is a key, negative curvature was found,
/// and another step may follow. A first product that is not finite is an error at the start, and ends the run later.
pub(super) fn escape<T: Scalar, A: Symmetric<T>>(
    operator: &A,
    key: Option<Key>,
    path: &mut Path<T>,
) -> Result<Option<NegativeCurvature<T>>> {
    let wanted = path.stop == Some(Stop::Gradient) && path.within_steps() && !path.theta.is_empty();
    let Some(key) = key.filter(|_| wanted) else { return Ok(None) };
    match negative_curvature(operator, key.split(path.history.len() as u64)) {
        Ok((found, matvecs)) => {
            path.evaluations.matvecs += matvecs;
            if found.is_some() {
                path.stop = None;
            }
            Ok(found)
        }
        Err(error) if path.history.is_empty() => Err(error),
        Err(error) => {
            path.stop = Some(Stop::Diverged(error));
            Ok(None)
        }
    }
}

/// A unit vector along which the operator curves down by more than rounding, with v'Av; and the number of products.
///
/// Lanczos from a random vector; the first Ritz value that is negative enough is enough, since its vector is a proof.
fn negative_curvature<T: Scalar, A: Symmetric<T>>(
    operator: &A,
    key: Key,
) -> Result<(Option<NegativeCurvature<T>>, u64)> {
    let mut start = vec![T::zero(); operator.cols()];
    key.normal(0, &mut start);
    let mut steps = 4;
    let mut factorization = Lanczos::new(steps).run(operator, &start)?;
    loop {
        let eigen = tridiagonal_eigen(factorization.diagonal(), factorization.subdiagonal())?;
        let (least, largest) = (eigen.values[0], eigen.values[eigen.values.len() - 1]);
        if least < -T::EPSILON.f64().sqrt() * largest.abs().max(least.abs()) {
            let direction = factorization.combine(&eigen.vectors[..factorization.steps()]);
            return Ok((Some(NegativeCurvature { direction, curvature: least }), factorization.matvecs()));
        }
        let ended = factorization.breakdown() || factorization.steps() < steps;
        if ended || steps >= STEPS {
            return Ok((None, factorization.matvecs()));
        }
        steps *= 2;
        factorization.expand(operator, steps)?;
    }
}
