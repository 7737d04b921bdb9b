//! Whether a point with a small gradient is a saddle.

use crate::error::Result;
use crate::krylov::{Lanczos, NegativeCurvature};
use crate::linalg::tridiagonal_eigen;
use crate::operator::Symmetric;
use crate::random::Key;
use crate::scalar::Scalar;

/// The depth at which the search gives up: beyond it, directions of negative curvature are few or weak.
const STEPS: usize = 128;

/// A unit vector along which the operator curves down by more than rounding, with v'Av; and the number of products.
///
/// Lanczos from a random vector; the first Ritz value that is negative enough is enough, since its vector is a proof.
pub(super) fn negative_curvature<T: Scalar, A: Symmetric<T>>(
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
