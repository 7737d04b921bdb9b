//! A classified critical point, what the classification rests on, and the way down from it.

use super::null_direction::NullDirection;
use crate::error::{Error, Result};
use crate::objective::Objective;
use crate::optimize::{Minimum, TrustRegion};
use crate::random::Key;
use crate::scalar::Scalar;

/// What a critical point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum CriticalKind {
    /// All eigenvalues of the Hessian are positive.
    Minimum,
    /// Some are negative and some positive.
    Saddle,
    /// All are negative.
    Maximum,
    /// Some cannot be told from zero: the second derivatives do not decide.
    Degenerate,
    /// The gradient is too long for a critical point.
    NotCritical,
}

/// How eigenvalues were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum CountedBy {
    /// All eigenvalues of the dense Hessian.
    Dense,
    /// The lowest eigenpairs by Lanczos, with residuals.
    Krylov,
    /// Stochastic Lanczos quadrature: the index is a confidence interval at 95 %.
    Quadrature,
}

/// What a classification rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Certificate {
    /// |g|.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub gradient_norm: f64,
    /// Negative eigenvalues: at least so many.
    pub least_index: usize,
    /// At most so many, with those that cannot be told from zero; all that were not seen, where not all were.
    pub most_index: usize,
    /// Eigenvalues that cannot be told from zero, those of the known symmetries among them; those that were seen, where not all were.
    pub zeros: usize,
    /// Eigenvalues within this distance of zero cannot be told from it: rounding, and the bounds of the eigensolver.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub threshold: f64,
    /// The eigenvalue that was told from zero and is the nearest to it; infinite if none is known.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub nearest: f64,
    /// |g| K / lambda^2 at that eigenvalue lambda, with K = |D^3 L[v, v]| along its eigenvector. Below 1/2 the theorem of Newton and
    /// Kantorovich has a critical point at a distance of 2 |g|/|lambda| at most, whose Hessian has the same signs, were K the largest third
    /// derivative about. At zeros of order m of the gradient it tends to m - 1 over m, never below 1/2.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub kantorovich: f64,
    /// The probability that the count is right, as far as it depends on random vectors.
    pub confidence: f64,
    /// How it was counted.
    pub counted_by: CountedBy,
    /// Products with the Hessian.
    pub matvecs: u64,
}

/// A critical point with its kind and what that rests on, from [`Classifier`](super::Classifier).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CriticalPoint<T> {
    /// The point.
    pub theta: Vec<T>,
    /// The value there.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// What it is.
    pub kind: CriticalKind,
    /// What that rests on.
    pub certificate: Certificate,
    /// All eigenvalues of the Hessian, ascending, if they were taken.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub eigenvalues: Option<Vec<f64>>,
    /// The unit vector of the most negative curvature, if any is negative and it was taken.
    pub descent: Option<Vec<T>>,
    /// The first three of the directions whose curvature cannot be told from zero, beyond those of the known symmetries.
    pub null_directions: Vec<NullDirection<T>>,
}

impl<T: Scalar> CriticalPoint<T> {
    /// The number of negative eigenvalues, if it is known exactly.
    pub fn index(&self) -> Option<usize> {
        let Certificate { least_index, most_index, .. } = self.certificate;
        (least_index == most_index).then_some(least_index)
    }

    /// The share of negative eigenvalues, by the middle of its interval.
    pub fn index_share(&self) -> f64 {
        let Certificate { least_index, most_index, .. } = self.certificate;
        (least_index + most_index) as f64 / (2 * self.theta.len()) as f64
    }

    /// How far the point may be from the critical point that it stands for, to a factor of some units: 4 |g| over the curvature that was told
    /// from zero and is nearest to it; over that of null directions at degenerate points, where it is an order of magnitude.
    pub fn uncertainty(&self) -> f64 {
        let Certificate { gradient_norm, nearest, .. } = self.certificate;
        let null = self.null_directions.iter().map(|null| null.curvature.abs()).filter(|&curvature| curvature > 0.0);
        let curvature = null.fold(nearest.abs(), f64::min);
        if gradient_norm == 0.0 { 0.0 } else { 4.0 * gradient_norm / curvature }
    }

    /// Goes down from the point: a first step along the most negative curvature, or along a null direction with a third derivative
    /// to its lower side, or with a negative fourth one, as long as it lowers the value; then [`TrustRegion`] with [`escape`](TrustRegion::escape). None where no
    /// direction down is known, as at minima.
    ///
    /// # Errors
    /// If the objective has another number of parameters, or its gradient at the first step is not finite.
    pub fn escape<O: Objective<T>>(&self, objective: &O, key: Key) -> Result<Option<Minimum<T>>> {
        Error::length("the point to escape from", self.theta.len(), objective.dim())?;
        let third = |null: &&NullDirection<T>| null.third.abs() > 2.0 * null.third_error;
        let fourth = |null: &&NullDirection<T>| null.fourth < -2.0 * null.fourth_error;
        let find = |downwards: fn(&&NullDirection<T>) -> bool| self.null_directions.iter().find(downwards);
        let (direction, signs) = match (&self.descent, find(third), find(fourth)) {
            (Some(direction), ..) => (direction, vec![1.0, -1.0]),
            (None, Some(null), _) => (&null.direction, vec![-null.third.signum()]),
            (None, None, Some(null)) => (&null.direction, vec![1.0, -1.0]),
            (None, None, None) => return Ok(None),
        };
        let size = 1.0 + crate::linalg::norm(&self.theta);
        let mut length = 0.1 * size;
        while length > T::EPSILON.f64().sqrt() * size {
            let mut best: Option<(f64, Vec<T>)> = None;
            for &sign in &signs {
                let step = T::of(sign * length);
                let start: Vec<T> = self.theta.iter().zip(direction).map(|(&theta, &v)| theta + step * v).collect();
                let value = objective.value(&start).unwrap_or(f64::INFINITY);
                if value < best.as_ref().map_or(self.value, |best| best.0) {
                    best = Some((value, start));
                }
            }
            if let Some((_, start)) = best {
                return TrustRegion::new().escape(key).run(objective, &start).map(Some);
            }
            length *= 0.5;
        }
        Ok(None)
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(CriticalPoint<T> {
    theta: Vec<T>,
    #[serde(with = "crate::saved::number")]
    value: f64,
    kind: CriticalKind,
    certificate: Certificate,
    #[serde(with = "crate::saved::number")]
    eigenvalues: Option<Vec<f64>>,
    descent: Option<Vec<T>>,
    null_directions: Vec<NullDirection<T>>,
} by |saved| {
    let dim = saved.theta.len();
    if let Some(values) = &saved.eigenvalues {
        Error::length("the eigenvalues of a saved critical point", values.len(), dim)?;
    }
    for direction in saved.descent.iter().chain(saved.null_directions.iter().map(|null| &null.direction)) {
        Error::length("a direction of a saved critical point", direction.len(), dim)?;
    }
    let most = saved.certificate.least_index.max(saved.certificate.most_index);
    Error::require(most <= dim, "the index of a saved critical point", most as f64, "must be at most the dimension")
});
