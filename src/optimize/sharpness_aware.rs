//! Sharpness-aware minimisation.

use std::fmt;

use crate::error::{Error, Result};
use crate::krylov::length;
use crate::objective::{Stochastic, finite_parameters};
use crate::scalar::Scalar;

/// An objective as sharpness-aware minimisation sees it: each gradient is taken where the value is largest nearby, to first
/// order, for the same step's batch. Any rule descends it.
///
/// ```text
///     value L(theta + radius g / |g|),     gradient (grad L)(theta + radius g / |g|),     g = grad L(theta)
/// ```
///
/// Cost: two gradients. Where g is zero, theta is its own neighbour.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use eigenscape::objective::{Recorded, Stochastic};
/// use eigenscape::optimize::{GradientDescent, SharpnessAware, descend};
///
/// let bowl = Recorded::<f64>::new(2, |x| (x * x).sum() * 0.5)?;
/// let aware = SharpnessAware::new(&bowl, 1.0)?;
/// let mut gradient = [0.0; 2];
/// // g = theta = (3, 4), and a step of length 1 along it
/// assert!((aware.sample(0, &[3.0, 4.0], &mut gradient)? - 18.0).abs() < 1e-12);
/// assert!((gradient[0] - 3.6).abs() < 1e-12 && (gradient[1] - 4.8).abs() < 1e-12);
/// let end = descend(&aware, &[3.0, 4.0], &mut GradientDescent::new(0.1)?, 100, |_| ControlFlow::Continue(()))?;
/// assert!(end.theta.iter().all(|x| x.abs() < 0.2));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Foret, Kleiner, Mobahi, Neyshabur 2021, arXiv:2010.01412.
#[doc(alias = "SAM")]
pub struct SharpnessAware<'a, O> {
    objective: &'a O,
    radius: f64,
}

impl<O> fmt::Debug for SharpnessAware<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharpnessAware").field("radius", &self.radius).finish_non_exhaustive()
    }
}

impl<'a, O> SharpnessAware<'a, O> {
    /// The objective with its gradients taken at a distance, in units of parameters: 0.05 in the paper, for networks.
    ///
    /// # Errors
    /// If the radius is not finite or negative.
    pub fn new(objective: &'a O, radius: f64) -> Result<Self> {
        if !(radius.is_finite() && radius >= 0.0) {
            let limits = "must be finite and at least 0";
            return Err(Error::OutOfRange {
                what: "the radius of sharpness-aware minimisation",
                value: radius,
                limits,
            });
        }
        Ok(SharpnessAware { objective, radius })
    }
}

impl<T: Scalar, O: Stochastic<T>> Stochastic<T> for SharpnessAware<'_, O> {
    fn dim(&self) -> usize {
        self.objective.dim()
    }

    #[track_caller]
    fn sample(&self, step: u64, theta: &[T], gradient: &mut [T]) -> Result<f64> {
        let value = self.objective.sample(step, theta, gradient)?;
        let norm = length(gradient);
        if norm == 0.0 {
            return Ok(value);
        }
        // Divided before it is scaled: the inverse of a small norm may be beyond the range of numbers.
        let moved = |(&x, &g): (&T, &T)| x + T::of(self.radius * (g.f64() / norm));
        let neighbour: Vec<T> = theta.iter().zip(&*gradient).map(moved).collect();
        finite_parameters(&neighbour)?;
        self.objective.sample(step, &neighbour, gradient)
    }
}
