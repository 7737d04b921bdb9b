//! Descent and minimization, over any objective: a network's risk, a recorded formula, a function from outside, whole or
//! restricted to a subspace.

mod adam;
mod cubic_model;
mod cubic_newton;
mod descend;
mod gradient_descent;
mod limited_memory_bfgs;
mod line_search;
mod method;
mod minimization;
mod negative_curvature;
mod path;
mod schedule;
mod sharpness_aware;
mod steihaug;
mod stopping;
mod trust_region;

pub use adam::Adam;
pub use cubic_newton::CubicNewton;
pub use descend::{Descent, DescentRun, Progress, descend};
pub use gradient_descent::GradientDescent;
pub use limited_memory_bfgs::LimitedMemoryBfgs;
pub use method::Method;
pub use minimization::{Evaluations, Iteration, Minimization, Minimum};
pub use schedule::{RateFactor, Schedule, Scheduled};
pub use sharpness_aware::SharpnessAware;
pub use stopping::{Stop, Stopping};
pub use trust_region::{GaussNewton, NaturalGradient, Newton, TrustRegion};

use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// An update rule with its state.
pub trait Rule<T: Scalar> {
    /// Moves `theta` by one step, given the gradient there.
    fn update(&mut self, theta: &mut [T], gradient: &[T]);

    /// Whether the rule's state, if it has one by now, is one of so many parameters. Asked before a descent begins.
    ///
    /// # Errors
    /// If it is not. Always accepted unless a rule says otherwise.
    fn accepts(&self, _parameters: usize) -> Result<()> {
        Ok(())
    }
}

impl<T: Scalar, R: Rule<T> + ?Sized> Rule<T> for &mut R {
    fn update(&mut self, theta: &mut [T], gradient: &[T]) {
        (**self).update(theta, gradient);
    }
    fn accepts(&self, parameters: usize) -> Result<()> {
        (**self).accepts(parameters)
    }
}

/// A rule with a learning rate that can change between steps, as [`Scheduled`] has it do.
pub trait Rated {
    /// The learning rate.
    fn rate(&self) -> f64;

    /// Sets the learning rate of the next step; 0 is allowed, and stands still.
    fn set_rate(&mut self, rate: f64);
}

/// Fails unless what a rule remembers is nothing yet, or one number for each parameter.
fn memory_fits<T>(what: &'static str, memory: &[T], parameters: usize) -> Result<()> {
    if memory.is_empty() { Ok(()) } else { Error::length(what, memory.len(), parameters) }
}

/// A learning rate that is read back: a schedule may have brought it to 0.
#[cfg(feature = "serde")]
fn saved_rate(rate: f64) -> Result<f64> {
    if rate.is_finite() && rate >= 0.0 {
        return Ok(rate);
    }
    Err(Error::OutOfRange { what: "the learning rate", value: rate, limits: "must be finite and at least 0" })
}
