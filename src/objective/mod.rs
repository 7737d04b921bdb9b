//! A function to descend or to study: the one trait that optimizers, subspaces and landscape tools run on.
//!
//! ```text
//!     L : R^dim -> R,     L(theta),  grad L(theta),  and at a point the Hessian as an operator
//! ```
//!
//! | you have | take |
//! | --- | --- |
//! | a formula | [`Recorded`] |
//! | a network, a loss and data | [`Risk`](crate::curvature::Risk) |
//! | a value and a gradient from elsewhere | [`Outside`], with a Hessian by differences |
//! | an objective to be cut by a subspace | [`Restricted`](crate::subspace::Restricted) |
//! | an objective and a penalty of long parameter vectors | [`Penalized`] |
//!
//! Values are `f64` whatever the precision of the vectors: they are single numbers, sums over many examples.

mod differences;
mod penalized;
mod recorded;
mod taylor;

pub use differences::{DifferenceHessian, Outside, OutsidePoint};
pub use penalized::{Penalized, PenalizedPoint};
pub use recorded::{Recorded, RecordedHessian, RecordedPoint};
pub use taylor::Taylor;

use crate::error::{Error, Result};
use crate::operator::{Adjoint, PositiveSemidefinite, Symmetric};
use crate::scalar::Scalar;

/// A source of gradients that may differ from step to step, as those of mini-batches do.
///
/// What every optimizer needs, and all that plain descent needs. An [`Objective`] is one that ignores the step.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use eigenscape::objective::Stochastic;
/// use eigenscape::optimize::{GradientDescent, descend};
///
/// /// (theta - noise of the step)^2 / 2, with a noise of +1 and -1 in turn.
/// struct Noisy;
///
/// impl Stochastic<f64> for Noisy {
///     fn dim(&self) -> usize {
///         1
///     }
///     fn sample(&self, step: u64, theta: &[f64], gradient: &mut [f64]) -> eigenscape::Result<f64> {
///         gradient[0] = theta[0] - if step % 2 == 0 { 1.0 } else { -1.0 };
///         Ok(gradient[0].powi(2) / 2.0)
///     }
/// }
/// let end = descend(&Noisy, &[5.0], &mut GradientDescent::new(0.01)?, 2000, |_| ControlFlow::Continue(()))?;
/// assert!(end.theta[0].abs() < 0.02);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "stochastic gradient")]
pub trait Stochastic<T: Scalar>: Sync {
    /// The number of parameters.
    fn dim(&self) -> usize;

    /// The value at theta as a step sees it; overwrites `gradient` with its gradient. The same for the same step,
    /// whatever was asked before.
    ///
    /// # Errors
    /// If the value or an entry of the gradient is not finite.
    ///
    /// # Panics
    /// If `theta` or `gradient` does not have `dim` entries.
    fn sample(&self, step: u64, theta: &[T], gradient: &mut [T]) -> Result<f64>;
}

/// A differentiable function R^dim -> R.
///
/// ```
/// use eigenscape::objective::{Objective, Point, Recorded};
///
/// /// What can be asked of any objective: a step of Newton's method along the gradient.
/// fn along_the_gradient<O: Objective<f64>>(objective: &O, theta: &[f64]) -> eigenscape::Result<f64> {
///     use eigenscape::operator::LinearOperator;
///     let point = objective.at(theta)?;
///     let (g, mut hg) = (point.gradient(), vec![0.0; theta.len()]);
///     point.hessian().apply(g, &mut hg);
///     let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
///     Ok(dot(g, g) / dot(g, &hg))
/// }
/// let bowl = Recorded::<f64>::new(3, |x| (x * x).sum() * 2.0)?;
/// assert_eq!(along_the_gradient(&bowl, &[1.0, 2.0, 3.0])?, 0.25);
/// # Ok::<(), eigenscape::Error>(())
/// ```
pub trait Objective<T: Scalar>: Stochastic<T> {
    /// What [`Objective::at`] gives.
    type Point<'a>: Point<T>
    where
        Self: 'a;

    /// The value at theta.
    ///
    /// # Errors
    /// If the value is not finite.
    ///
    /// # Panics
    /// If `theta` does not have `dim` entries.
    fn value(&self, theta: &[T]) -> Result<f64>;

    /// The value at theta; overwrites `gradient` with the gradient there.
    ///
    /// # Errors
    /// If the value or an entry of the gradient is not finite.
    ///
    /// # Panics
    /// If `theta` or `gradient` does not have `dim` entries.
    #[track_caller]
    fn value_and_gradient(&self, theta: &[T], gradient: &mut [T]) -> Result<f64> {
        self.sample(0, theta, gradient)
    }

    /// The objective at a point, where its operators pay the primal part once.
    ///
    /// # Errors
    /// If theta, the value or an entry of the gradient is not finite.
    ///
    /// # Panics
    /// If `theta` does not have `dim` entries.
    fn at(&self, theta: &[T]) -> Result<Self::Point<'_>>;
}

/// An objective at a point.
pub trait Point<T: Scalar>: Sync {
    /// The Hessian's operator.
    type Hessian<'a>: Symmetric<T> + Adjoint<T>
    where
        Self: 'a;

    /// The value.
    fn value(&self) -> f64;

    /// The gradient, `dim` entries.
    fn gradient(&self) -> &[T];

    /// The matrix of second derivatives, dim x dim, as an operator.
    #[doc(alias = "HVP")]
    #[doc(alias = "hessian vector product")]
    #[doc(alias = "second derivatives")]
    fn hessian(&self) -> Self::Hessian<'_>;
}

/// A point at which the Hessian has a semidefinite stand-in: the Gauss-Newton matrix, without the curvature of what goes
/// into a convex loss. Where the loss is a negative log-likelihood with natural parameters it is the Fisher matrix.
///
/// Methods that step by it, as [`NaturalGradient`](crate::optimize::NaturalGradient), take any such point: a
/// [`RiskPoint`](crate::curvature::RiskPoint), or one that is [penalized](PenalizedPoint) or
/// [restricted](crate::subspace::RestrictedPoint) to a subspace.
pub trait GaussNewtonPoint<T: Scalar>: Point<T> {
    /// The Gauss-Newton matrix's operator.
    type GaussNewton<'a>: PositiveSemidefinite<T> + Adjoint<T>
    where
        Self: 'a;

    /// The Gauss-Newton matrix, dim x dim, as an operator.
    #[doc(alias = "GGN")]
    fn gauss_newton(&self) -> Self::GaussNewton<'_>;
}

pub(crate) fn finite_parameters<T: Scalar>(theta: &[T]) -> Result<()> {
    Error::finite("the parameters", theta, "start from finite parameters")
}

pub(crate) fn finite_gradient<T: Scalar>(gradient: &[T]) -> Result<()> {
    Error::finite("the gradient", gradient, "the function overflows or is not differentiable here: take smaller steps")
}

pub(crate) fn finite_value(value: f64) -> Result<f64> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::NotFiniteValue {
        what: "the value of the objective",
        value,
        remedy: "the function overflows or is not defined here: take smaller steps or another start",
    })
}

#[cfg(feature = "serde")]
crate::saved::kinds!("objective":
    Taylor,
);
