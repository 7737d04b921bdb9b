//! Eigenpairs of A x = lambda B x that say how good they are.

use super::basis::length;
use super::report::{Report, Stop};
use super::solve::NegativeCurvature;
use crate::scalar::Scalar;

/// Approximate eigenpairs of A x = lambda B x, from [`GeneralizedEigensolver`](super::GeneralizedEigensolver).
///
/// Pair i is `values[i]` and row i of `vectors`. When the search ended early there may be fewer pairs than asked for,
/// or none; see `report`.
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GeneralizedEigenpairs<T> {
    /// The Rayleigh quotients x'A x / x'B x, in the order of [`Which`](super::Which).
    pub values: Vec<f64>,
    /// The vectors x, back to back, with x'B x = 1.
    pub vectors: Vec<T>,
    /// sqrt(r'B^-1 r) with r = A x - lambda B x, recomputed with products and a solve: an eigenvalue lies within this
    /// distance of lambda, without any assumption. What a solve by conjugate gradients leaves is added, divided by the
    /// smallest eigenvalue of B, for which the shift stands; without one the smallest curvature seen does, and that is
    /// heuristic. After [`Stop::NotFinite`] and [`Stop::NegativeCurvature`] the recurrence's estimate, which is
    /// heuristic.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub residual_norms: Vec<f64>,
    /// ||A x - lambda B x||; infinite where products ended before it was computed.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub euclidean_residual_norms: Vec<f64>,
    /// Bounds on the distance of lambda to the eigenvalue, as those of [`Eigenpairs`](super::Eigenpairs): they assume
    /// that the search has seen every eigenvalue near lambda.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub error_bounds: Vec<f64>,
    /// Whether the residual norm is within the tolerance.
    pub converged: Vec<bool>,
    /// A unit vector x with x'B x <= 0, if one was met: then B is not positive definite, and the search ended.
    pub negative_curvature: Option<NegativeCurvature<T>>,
    /// The number of products with B, those of conjugate gradients included.
    pub metric_matvecs: u64,
    /// The number of solves with B, or of products with both the root of its inverse and the transpose.
    pub solves: u64,
    /// How the search ended. Its `matvecs` are the products with A. After [`Stop::NotFinite`] the last product, with A
    /// or with B, or the last solve, was not finite.
    pub report: Report,
}

impl<T: Scalar> GeneralizedEigenpairs<T> {
    /// No pair.
    pub(super) fn none(stop: Stop, matvecs: u64) -> Self {
        GeneralizedEigenpairs {
            values: Vec::new(),
            vectors: Vec::new(),
            residual_norms: Vec::new(),
            euclidean_residual_norms: Vec::new(),
            error_bounds: Vec::new(),
            converged: Vec::new(),
            negative_curvature: None,
            metric_matvecs: 0,
            solves: 0,
            report: Report::new(stop, matvecs),
        }
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The eigenvector with a number.
    ///
    /// # Panics
    /// If `index` is not below the number of pairs.
    #[track_caller]
    pub fn vector(&self, index: usize) -> &[T] {
        assert!(index < self.len(), "eigenvector {index} of {}", self.len());
        let dim = self.vectors.len() / self.len();
        &self.vectors[index * dim..][..dim]
    }
}

/// A direction with its curvature.
pub(super) fn negative<T: Scalar>(mut direction: Vec<T>, curvature: f64) -> NegativeCurvature<T> {
    let norm = length(&direction);
    direction.iter_mut().for_each(|x| *x = T::of(x.f64() / norm));
    NegativeCurvature { direction, curvature: curvature / (norm * norm) }
}

#[cfg(feature = "serde")]
crate::saved::checked!(GeneralizedEigenpairs<T> {
    values: Vec<f64>,
    vectors: Vec<T>,
    #[serde(with = "crate::saved::number")]
    residual_norms: Vec<f64>,
    #[serde(with = "crate::saved::number")]
    euclidean_residual_norms: Vec<f64>,
    #[serde(with = "crate::saved::number")]
    error_bounds: Vec<f64>,
    converged: Vec<bool>,
    negative_curvature: Option<NegativeCurvature<T>>,
    metric_matvecs: u64,
    solves: u64,
    report: Report,
} by |pairs| {
    let count = pairs.values.len();
    Error::length("the residual norms of saved eigenpairs", pairs.residual_norms.len(), count)?;
    Error::length("the Euclidean residual norms of saved eigenpairs", pairs.euclidean_residual_norms.len(), count)?;
    Error::length("the error bounds of saved eigenpairs", pairs.error_bounds.len(), count)?;
    Error::length("the marks of convergence of saved eigenpairs", pairs.converged.len(), count)?;
    let dim = pairs.vectors.len().checked_div(count).unwrap_or(0);
    Error::array("the vectors of saved eigenpairs", pairs.vectors.len(), &[dim, count])
});
