//! Descent and minimization, over any objective: a network's risk, a recorded formula, a function from outside, whole or
//! restricted to a [subspace](crate::subspace::Restricted).
//!
//! ```text
//!     theta <- theta + step,     theta in R^n,   g the gradient of L there,   H the Hessian,   G the Gauss-Newton matrix
//! ```
//!
//! | you have | take | a step is | it costs | memory, vectors |
//! | --- | --- | --- | --- | --- |
//! | mini-batches; a rate that you know | [`GradientDescent`], with momentum or Nesterov's | -rate g, or -rate v | 1 gradient | 0 or 1 |
//! | mini-batches; coordinates of different scales | [`Adam`], with weight decay if wanted | -rate m / (sqrt v + epsilon) | 1 gradient | 2 |
//! | either, and flat minima in mind | the same on [`SharpnessAware`] | by the gradient uphill nearby | 2 gradients | 1 more |
//! | a deterministic objective: the method to begin with | [`LimitedMemoryBfgs`] | -t B g, with B learned in place of H's inverse | 1 to 2 gradients | 25 |
//! | the same, ill-conditioned or with saddles; few iterations wanted | [`TrustRegion`] | Newton's, within a radius | products with H | 8 |
//! | a network with a convex loss | [`NaturalGradient`] | by G, within a radius | products with G | 8 |
//! | saddles and strong curvature; memory for a Krylov space | [`CubicNewton`] | Newton's, with a cubic term | products with H | up to 104 |
//!
//! What the last three cost is products, of which each costs one to two gradients; how many depends on the conditioning, and only in
//! directions that matter. [`TrustRegion::escape`] and [`CubicNewton::escape`] make sure that the end is no saddle.
//!
//! First-order methods are a [`Rule`], with a [`Schedule`] or a closure for its rate by [`Scheduled`], run by [`descend`] or as a
//! [`DescentRun`] on anything [`Stochastic`](crate::objective::Stochastic); the others are settings, run on an
//! [`Objective`](crate::objective::Objective) or begun as a [`Minimization`]. Both kinds of runs
//!
//! * stop by [`Stopping`]: a number of steps, a gradient's norm, a value, a change over a window;
//! * can be held between any two steps, watched, saved (feature `serde`) and resumed to the same bits;
//! * end at the last good point where values are no longer finite, and say why they ended.
//!
//! ```
//! use eigenscape::curvature::{Examples, Loss, Risk};
//! use eigenscape::network::{Activation, Initialization, Perceptron};
//! use eigenscape::objective::{Objective, Penalized};
//! use eigenscape::optimize::{LimitedMemoryBfgs, NaturalGradient, Stop};
//! use eigenscape::projection::Gaussian;
//! use eigenscape::random::Key;
//! use eigenscape::subspace::Restricted;
//!
//! let network = Perceptron::new(&[4, 3], Activation::Identity)?;
//! let mut inputs = vec![0.0f64; 60 * 4];
//! Key::new(0).normal(0, &mut inputs);
//! let labels: Vec<usize> = (0..60).map(|example| example % 3).collect();
//! let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 4, &labels, 3)?)?;
//! let objective = Penalized::new(&risk, 0.01)?;
//!
//! // A convex problem: both find its one minimum.
//! let start = vec![0.0; 15];
//! let quasi = LimitedMemoryBfgs::new().run(&objective, &start)?;
//! let natural = NaturalGradient::gauss_newton().run(&objective, &start)?;
//! assert_eq!((&quasi.stop, &natural.stop), (&Stop::Gradient, &Stop::Gradient));
//! assert!((quasi.value - natural.value).abs() < 1e-12);
//!
//! // The same within a random plane.
//! let plane = Gaussian::new(15, 2, Key::new(1))?;
//! let within = NaturalGradient::gauss_newton().run(&Restricted::new(&objective, &plane, &start)?, &[0.0; 2])?;
//! assert!(within.stop == Stop::Gradient && within.value > natural.value);
//! # Ok::<(), eigenscape::Error>(())
//! ```

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
mod stability;
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
pub use stability::StabilityThreshold;
pub use stopping::{Stop, Stopping};
pub use trust_region::{GaussNewtonModel, HessianModel, NaturalGradient, TrustRegion};

use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// An update rule with its state.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{Rule, descend};
///
/// /// Descent by the signs of the gradient alone (Bernstein et al. 2018, arXiv:1802.04434).
/// struct Signs(f64);
///
/// impl Rule<f64> for Signs {
///     fn update(&mut self, theta: &mut [f64], gradient: &[f64]) {
///         theta.iter_mut().zip(gradient).for_each(|(theta, g)| *theta -= self.0 * g.signum());
///     }
/// }
/// let bowl = Recorded::<f64>::new(2, |x| (x * x).sum())?;
/// let end = descend(&bowl, &[1.0, -0.5], &mut Signs(0.125), 7, |_| ControlFlow::Continue(()))?;
/// assert_eq!(end.theta[0], 0.125);
/// # Ok::<(), eigenscape::Error>(())
/// ```
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

#[cfg(feature = "serde")]
crate::saved::kinds!("optimize":
    Adam<T>, CubicNewton, Descent<T>, DescentRun<T, R>, GradientDescent<T>, LimitedMemoryBfgs<T>, Iteration,
    Evaluations, Minimum<T>, Minimization<T, M>, Schedule, Scheduled<R, S>, Stop, Stopping,
    TrustRegion<M>, HessianModel, GaussNewtonModel,
);
