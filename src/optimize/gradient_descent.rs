//! Gradient descent.

use super::Rule;
use crate::error::{Error, Result};
use crate::linalg::axpy;
use crate::scalar::Scalar;

/// Plain gradient descent, or with momentum.
///
/// ```text
///     v <- momentum v + g,     theta <- theta - rate v          (v = g without momentum)
/// ```
///
/// # References
/// Polyak 1964, doi:10.1016/0041-5553(64)90137-5 (momentum).
#[derive(Clone, Debug, PartialEq)]
pub struct GradientDescent<T> {
    rate: f64,
    momentum: f64,
    velocity: Vec<T>,
}

impl<T: Scalar> GradientDescent<T> {
    /// Plain descent with a rate.
    ///
    /// # Errors
    /// If the rate is not finite and positive.
    pub fn new(rate: f64) -> Result<Self> {
        Error::positive("the learning rate", rate)?;
        Ok(GradientDescent { rate, momentum: 0.0, velocity: Vec::new() })
    }

    /// Sets the share of the last step that is kept, 0 by default.
    ///
    /// # Errors
    /// Unless it is at least 0 and below 1.
    pub fn momentum(self, momentum: f64) -> Result<Self> {
        if !(0.0..1.0).contains(&momentum) {
            let limits = "must be at least 0 and below 1";
            return Err(Error::OutOfRange { what: "the momentum", value: momentum, limits });
        }
        Ok(GradientDescent { momentum, ..self })
    }
}

impl<T: Scalar> Rule<T> for GradientDescent<T> {
    fn update(&mut self, theta: &mut [T], gradient: &[T]) {
        if self.momentum == 0.0 {
            return axpy(T::of(-self.rate), gradient, theta);
        }
        self.velocity.resize(gradient.len(), T::zero());
        let momentum = T::of(self.momentum);
        self.velocity.iter_mut().zip(gradient).for_each(|(v, &g)| *v = momentum * *v + g);
        axpy(T::of(-self.rate), &self.velocity, theta);
    }
}
