//! Where a search for a critical point ended, and why.

use crate::error::{Error, Result};
use crate::linalg::{dot, norm};
use crate::objective::Point;
use crate::operator::LinearOperator;
use crate::optimize::Evaluations;
use crate::scalar::Scalar;

/// When a search ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The norm of the gradient at which a point is critical.
    pub(super) tolerance: f64,
    /// The largest number of steps.
    pub(super) steps: u64,
}

/// The norm of the gradient at which a search ends where none is set.
pub(super) fn search_tolerance<T: Scalar>() -> f64 {
    T::EPSILON.f64().powf(2.0 / 3.0)
}

/// |g| at the start of a search.
pub(super) fn first_norm<T: Scalar>(gradient: &[T]) -> Result<f64> {
    let value = norm(gradient);
    if value.is_finite() {
        return Ok(value);
    }
    let remedy = "its square is out of range: scale the objective, or take another start";
    Err(Error::NotFiniteValue { what: "the norm of the gradient at the start of a search", value, remedy })
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum SearchStop {
    /// The gradient is small enough: the point is critical.
    Gradient,
    /// The gradient lies in the kernel of the Hessian, and is not small: a gradient-flat point, which is not critical.
    Flat,
    /// Ten steps in a row each took less than a hundredth off the gradient: a gradient-flat region, most likely.
    Stalled,
    /// The number of steps was used up.
    Steps,
    /// Rounding hides what further steps do to the gradient: a larger tolerance is within reach.
    Rounding,
    /// Points along every step are not finite.
    NotFinite,
    /// The point is critical, and of another index, after pushes to both sides.
    OtherIndex,
}

/// Where a search ended.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use = "a search may end before it has arrived: look at `stop`"]
#[non_exhaustive]
pub struct Approached<T> {
    /// The point.
    pub theta: Vec<T>,
    /// The value there.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// |g| there.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub gradient_norm: f64,
    /// |H g| / |g|: how far the gradient is from the kernel of the Hessian, in units of curvature; 0 where g is 0.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub flatness: f64,
    /// Steps taken.
    pub steps: u64,
    /// What it cost.
    pub evaluations: Evaluations,
    /// Why it ended.
    pub stop: SearchStop,
}

impl<T: Scalar> Approached<T> {
    pub(super) fn new<P: Point<T>>(
        theta: Vec<T>,
        point: &P,
        steps: u64,
        mut evaluations: Evaluations,
        stop: SearchStop,
    ) -> Result<Self> {
        let gradient = point.gradient();
        let gradient_norm = norm(gradient);
        let mut flatness = 0.0;
        if gradient_norm > 0.0 {
            let mut product = vec![T::zero(); gradient.len()];
            point.hessian().apply(gradient, &mut product);
            evaluations.matvecs += 1;
            flatness = dot(&product, &product).sqrt() / gradient_norm;
        }
        Ok(Approached { theta, value: point.value(), gradient_norm, flatness, steps, evaluations, stop })
    }

    /// Whether the point is critical, and of the index that was asked for, if one was.
    pub fn converged(&self) -> bool {
        self.stop == SearchStop::Gradient
    }
}
