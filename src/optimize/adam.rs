//! Adam.

use super::Rule;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Steps scaled by running moments of the gradient, coordinate by coordinate.
///
/// ```text
///     m <- b1 m + (1 - b1) g,     v <- b2 v + (1 - b2) g^2
///     theta <- theta - rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon),     t = 1, 2, ...
/// ```
///
/// Defaults b1 = 0.9, b2 = 0.999, epsilon = 1e-8 are those of the paper.
///
/// # References
/// Kingma & Ba 2015, arXiv:1412.6980.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam<T> {
    rate: f64,
    decay: [f64; 2],
    epsilon: f64,
    step: i32,
    first: Vec<T>,
    second: Vec<T>,
}

impl<T: Scalar> Adam<T> {
    /// Adam with a rate.
    ///
    /// # Errors
    /// If the rate is not finite and positive.
    pub fn new(rate: f64) -> Result<Self> {
        Error::positive("the learning rate", rate)?;
        Ok(Adam { rate, decay: [0.9, 0.999], epsilon: 1e-8, step: 0, first: Vec::new(), second: Vec::new() })
    }

    /// Sets the decay of both moments.
    ///
    /// # Errors
    /// Unless both are at least 0 and below 1.
    pub fn decay(self, first: f64, second: f64) -> Result<Self> {
        for value in [first, second] {
            // Below 1 also in the vectors' type, where one that rounds to 1 would never forget nor learn.
            if !(value >= 0.0 && T::of(value) < T::one()) {
                let limits = "must be at least 0 and below 1, as numbers of the vectors' type";
                return Err(Error::OutOfRange { what: "the decay of a moment", value, limits });
            }
        }
        Ok(Adam { decay: [first, second], ..self })
    }

    /// Sets what is added to the root of the second moment.
    ///
    /// # Errors
    /// If it is not finite and positive.
    pub fn epsilon(self, epsilon: f64) -> Result<Self> {
        // Positive in the vectors' type, where a small one may round to zero and leave 0 / 0.
        Error::positive("epsilon", T::of(epsilon).f64())?;
        Ok(Adam { epsilon, ..self })
    }

    /// sqrt(v / (1 - b2^t)) + epsilon: what a step divides by, coordinate by coordinate; empty before the first step.
    ///
    /// The eigenvalues of the Hessian in this [`Metric`](crate::krylov::Metric) are the preconditioned sharpness.
    pub fn preconditioner(&self) -> Vec<T> {
        let scale = T::of(1.0 / (1.0 - self.decay[1].powi(self.step)));
        self.second.iter().map(|&v| (v * scale).sqrt() + T::of(self.epsilon)).collect()
    }
}

impl<T: Scalar> Rule<T> for Adam<T> {
    fn update(&mut self, theta: &mut [T], gradient: &[T]) {
        self.first.resize(gradient.len(), T::zero());
        self.second.resize(gradient.len(), T::zero());
        // The powers are exact enough long before the counter could wrap.
        self.step = self.step.saturating_add(1);
        let [keep_first, keep_second] = self.decay.map(T::of);
        let [take_first, take_second] = self.decay.map(|decay| T::of(1.0 - decay));
        let corrections = self.decay.map(|decay| 1.0 - decay.powi(self.step));
        let rate = T::of(self.rate / corrections[0]);
        let scale = T::of(1.0 / corrections[1]);
        let epsilon = T::of(self.epsilon);
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((x, &g), (m, v)) in theta.iter_mut().zip(gradient).zip(moments) {
            *m = keep_first * *m + take_first * g;
            // A square that overflows once would hold its coordinate for good.
            *v = keep_second * *v + take_second * (g * g).min(T::max_value());
            *x -= rate * *m / ((*v * scale).sqrt() + epsilon);
        }
    }
}
