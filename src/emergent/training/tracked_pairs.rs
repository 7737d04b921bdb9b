//! Top eigenpairs from those of a nearby point.

use crate::curvature::RiskPoint;
use crate::error::{Error, Result};
use crate::krylov::{Eigenpairs, Eigensolver};
use crate::linalg::norm;
use crate::objective::Point;
use crate::operator::{Adjoint, Gram, Symmetric};
use crate::scalar::Scalar;

/// Which matrix's eigenpairs are tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum TrackedMatrix {
    /// G, which the model stands for.
    #[default]
    GaussNewton,
    /// H, at twice the cost.
    Hessian,
}

/// Eigenpairs of the tracked matrix.
#[derive(Clone, Debug)]
pub(crate) struct TrackedPairs<T> {
    pub(crate) values: Vec<f64>,
    /// Unit vectors of P, back to back; 0 for an eigenvalue 0 of a matrix of lower rank.
    pub(crate) vectors: Vec<T>,
    pub(crate) residual_norms: Vec<f64>,
    /// What the next search starts from.
    pub(crate) start: Vec<T>,
}

impl<T: Scalar> TrackedPairs<T> {
    /// Searches from where the last search ended, if there was one.
    ///
    /// G = B'B is read from its dual B B' where that is smaller: the same products, on vectors of N C numbers instead of P. With
    /// P = 118,282 and N C = 1280, vectors were most of the time otherwise.
    ///
    /// ```text
    ///     B B'u = lambda u + r,   v = B'u / |B'u|:    |G v - lambda v| = |B'r| / |B'u| <= |r| sqrt(lambda_1 / lambda)
    /// ```
    pub(crate) fn search(
        point: &RiskPoint<'_, T>,
        matrix: TrackedMatrix,
        solver: Eigensolver,
        count: usize,
        start: &[T],
    ) -> Result<Self> {
        let size = point.theta().len();
        let rows = point.risk().examples().count() * point.risk().outputs();
        match matrix {
            TrackedMatrix::GaussNewton if rows < size && count <= rows => {
                let root = point.gauss_newton_root()?;
                let pairs = run(solver, &Gram::new(&root), rows, start)?;
                let mut vectors = vec![T::zero(); pairs.len() * size];
                root.apply_adjoint_block(&pairs.vectors, &mut vectors, pairs.len());
                let largest = pairs.values.first().copied().unwrap_or(0.0).max(0.0);
                let mut residual_norms = pairs.residual_norms;
                let each = vectors.chunks_exact_mut(size).zip(&mut residual_norms).zip(&pairs.values);
                for ((vector, residual), &value) in each {
                    let length = norm(vector);
                    // Rounding has a direction of its own.
                    if value <= largest * T::EPSILON.f64() * 8.0 * pairs.values.len() as f64 {
                        vector.fill(T::zero());
                        continue;
                    }
                    vector.iter_mut().for_each(|x| *x = T::of(x.f64() / length));
                    *residual *= (largest / value).sqrt();
                }
                Ok(TrackedPairs { values: pairs.values, vectors, residual_norms, start: pairs.vectors })
            }
            TrackedMatrix::GaussNewton => Ok(run(solver, &point.gauss_newton(), size, start)?.into()),
            TrackedMatrix::Hessian => Ok(run(solver, &point.hessian(), size, start)?.into()),
        }
    }
}

/// From the sum of the vectors: as one block, a search took 70 products for its 35, and several times as long.
fn run<T: Scalar, A: Symmetric<T> + ?Sized>(
    solver: Eigensolver,
    operator: &A,
    size: usize,
    start: &[T],
) -> Result<Eigenpairs<T>> {
    if start.is_empty() {
        return solver.run(operator);
    }
    Error::length("the eigenvectors of the row before", start.len(), start.len() / size.max(1) * size)?;
    solver.run_from(operator, start)
}

impl<T: Scalar> From<Eigenpairs<T>> for TrackedPairs<T> {
    fn from(pairs: Eigenpairs<T>) -> Self {
        let Eigenpairs { values, vectors, residual_norms, .. } = pairs;
        TrackedPairs { values, residual_norms, start: vectors.clone(), vectors }
    }
}
