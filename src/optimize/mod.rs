//! Descent: update rules, and the loop that runs them over any source of gradients.
//!
//! ```text
//!     theta <- theta + update(g(theta)),     g the gradient, or that of the step's mini-batch
//! ```
//!
//! | rule | update | extra memory |
//! | --- | --- | --- |
//! | [`GradientDescent`] | -rate g, with momentum if wanted | 0 or 1 vector |
//! | [`Adam`] | -rate m / (sqrt v + epsilon), bias-corrected | 2 vectors |
//!
//! A rule is anything that implements [`Rule`]; [`descend`] runs it, watches for divergence and returns the last good
//! point with a report. Rules know nothing of networks or subspaces: the same call trains a
//! [`Risk`](crate::curvature::Risk), mini-batches of it, or either restricted to a
//! [subspace](crate::subspace::Restricted).

mod adam;
mod descend;
mod gradient_descent;

pub use adam::Adam;
pub use descend::{Descent, Progress, Stop, descend};
pub use gradient_descent::GradientDescent;

use crate::scalar::Scalar;

/// An update rule with its state.
pub trait Rule<T: Scalar> {
    /// Moves `theta` by one step, given the gradient there.
    fn update(&mut self, theta: &mut [T], gradient: &[T]);
}
