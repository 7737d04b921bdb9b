//! An objective with a quadratic penalty of its parameters.

use std::fmt;

use super::{GaussNewtonPoint, Objective, Point, Stochastic, finite_gradient, finite_value};
use crate::error::{Error, Result};
use crate::linalg::{axpy, dot};
use crate::operator::{AssumePositiveSemidefinite, Shifted};
use crate::scalar::Scalar;

/// L(theta) + strength |theta|^2 / 2, with the objective borrowed: ridge regression, weight decay within the loss.
///
/// ```text
///     value L + strength |theta|^2 / 2,     gradient g + strength theta,     Hessian H + strength I
/// ```
///
/// With a convex L the minimum is unique, and the Hessian's smallest eigenvalue is at least `strength`.
///
/// ```
/// use eigenscape::objective::{Objective, Penalized, Point, Recorded};
/// use eigenscape::operator::to_dense;
///
/// let slope = Recorded::<f64>::new(2, |x| x.at(0) * 3.0)?;
/// let bowl = Penalized::new(&slope, 0.5)?;
/// let point = bowl.at(&[2.0, 4.0])?;
/// assert_eq!(point.value(), 6.0 + 0.25 * 20.0);
/// assert_eq!(point.gradient(), [3.0 + 1.0, 2.0]);
/// assert_eq!(to_dense(&point.hessian()).entries(), [0.5, 0.0, 0.0, 0.5]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "ridge")]
#[doc(alias = "weight_decay")]
#[doc(alias = "L2 regularization")]
#[doc(alias = "Tikhonov")]
#[doc(alias = "weight decay")]
pub struct Penalized<'a, O> {
    objective: &'a O,
    strength: f64,
}

impl<O> fmt::Debug for Penalized<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Penalized").field("strength", &self.strength).finish_non_exhaustive()
    }
}

impl<'a, O> Penalized<'a, O> {
    /// The objective plus `strength` |theta|^2 / 2.
    ///
    /// # Errors
    /// If the strength is not finite or negative.
    pub fn new(objective: &'a O, strength: f64) -> Result<Self> {
        if !(strength.is_finite() && strength >= 0.0) {
            let limits = "must be finite and at least 0";
            return Err(Error::OutOfRange { what: "the strength of a penalty", value: strength, limits });
        }
        Ok(Penalized { objective, strength })
    }

    fn penalty<T: Scalar>(&self, theta: &[T]) -> f64 {
        0.5 * self.strength * dot(theta, theta)
    }
}

impl<T: Scalar, O: Stochastic<T>> Stochastic<T> for Penalized<'_, O> {
    fn dim(&self) -> usize {
        self.objective.dim()
    }

    #[track_caller]
    fn sample(&self, step: u64, theta: &[T], gradient: &mut [T]) -> Result<f64> {
        let value = self.objective.sample(step, theta, gradient)?;
        axpy(T::of(self.strength), theta, gradient);
        finite_gradient(gradient)?;
        finite_value(value + self.penalty(theta))
    }
}

impl<T: Scalar, O: Objective<T>> Objective<T> for Penalized<'_, O> {
    type Point<'b>
        = PenalizedPoint<T, O::Point<'b>>
    where
        Self: 'b;

    #[track_caller]
    fn value(&self, theta: &[T]) -> Result<f64> {
        finite_value(self.objective.value(theta)? + self.penalty(theta))
    }

    #[track_caller]
    fn at(&self, theta: &[T]) -> Result<Self::Point<'_>> {
        let bare = self.objective.at(theta)?;
        let mut gradient = bare.gradient().to_vec();
        axpy(T::of(self.strength), theta, &mut gradient);
        finite_gradient(&gradient)?;
        let value = finite_value(bare.value() + self.penalty(theta))?;
        Ok(PenalizedPoint { bare, value, gradient, strength: T::of(self.strength) })
    }
}

/// A penalized objective at a point.
pub struct PenalizedPoint<T, Q> {
    bare: Q,
    value: f64,
    gradient: Vec<T>,
    strength: T,
}

impl<T, Q> fmt::Debug for PenalizedPoint<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PenalizedPoint").field("value", &self.value).finish_non_exhaustive()
    }
}

impl<T, Q> PenalizedPoint<T, Q> {
    /// The point of the objective without the penalty.
    pub fn bare(&self) -> &Q {
        &self.bare
    }
}

impl<T: Scalar, Q: Point<T>> Point<T> for PenalizedPoint<T, Q> {
    type Hessian<'b>
        = Shifted<T, Q::Hessian<'b>>
    where
        Self: 'b;

    fn value(&self) -> f64 {
        self.value
    }
    fn gradient(&self) -> &[T] {
        &self.gradient
    }
    fn hessian(&self) -> Self::Hessian<'_> {
        Shifted::new(self.bare.hessian(), self.strength).expect("a Hessian is square")
    }
}

impl<T: Scalar, Q: GaussNewtonPoint<T>> GaussNewtonPoint<T> for PenalizedPoint<T, Q> {
    /// A shift by a strength that is not negative keeps the promise.
    type GaussNewton<'b>
        = AssumePositiveSemidefinite<Shifted<T, Q::GaussNewton<'b>>>
    where
        Self: 'b;

    fn gauss_newton(&self) -> Self::GaussNewton<'_> {
        let shifted = Shifted::new(self.bare.gauss_newton(), self.strength);
        AssumePositiveSemidefinite::new(shifted.expect("a Gauss-Newton matrix is square"))
    }
}
