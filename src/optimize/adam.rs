//! Adam.

#[cfg(feature = "serde")]
use super::saved_rate;
use super::{Rated, Rule, memory_fits};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Steps scaled by running moments of the gradient, coordinate by coordinate; with decoupled weight decay if wanted.
///
/// ```text
///     m <- b1 m + (1 - b1) g,     v <- b2 v + (1 - b2) g^2
///     theta <- theta - rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon) - rate w theta,     t = 1, 2, ...
/// ```
///
/// Defaults b1 = 0.9, b2 = 0.999, epsilon = 1e-8 are those of the paper, and w = 0. With w > 0 this is AdamW: the decay does
/// not pass through the moments, as the gradient of a penalty ([`Penalized`](crate::objective::Penalized)) would.
///
/// ```
/// use eigenscape::optimize::{Adam, Rule};
///
/// // The first step has the length of the rate, and 0.1 of a tenth of theta decays.
/// let mut theta = [2.0f64];
/// Adam::new(0.1)?.weight_decay(0.1)?.update(&mut theta, &[1e3]);
/// assert!((theta[0] - (2.0 - 0.1 - 0.1 * 0.1 * 2.0)).abs() < 1e-10);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Kingma & Ba 2015, arXiv:1412.6980. Loshchilov & Hutter 2019, arXiv:1711.05101 (weight decay).
#[doc(alias = "AdamW")]
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Adam<T>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
pub struct Adam<T> {
    rate: f64,
    decay: [f64; 2],
    epsilon: f64,
    weight_decay: f64,
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
        Ok(Adam {
            rate,
            decay: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: 0.0,
            step: 0,
            first: Vec::new(),
            second: Vec::new(),
        })
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

    /// Sets the part w of theta that decays in a step of rate 1, apart from the gradient; 0 by default. It follows the rate,
    /// and so its schedule.
    ///
    /// # Errors
    /// If it is not finite or negative.
    #[doc(alias = "decoupled weight decay")]
    pub fn weight_decay(self, weight_decay: f64) -> Result<Self> {
        if !(weight_decay.is_finite() && weight_decay >= 0.0) {
            let limits = "must be finite and at least 0";
            return Err(Error::OutOfRange { what: "the weight decay", value: weight_decay, limits });
        }
        Ok(Adam { weight_decay, ..self })
    }

    /// The decay of the first moment.
    pub(super) fn first_decay(&self) -> f64 {
        self.decay[0]
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
        let decay = T::of(self.rate * self.weight_decay);
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((x, &g), (m, v)) in theta.iter_mut().zip(gradient).zip(moments) {
            *m = keep_first * *m + take_first * g;
            // A square that overflows once would hold its coordinate for good.
            *v = keep_second * *v + take_second * (g * g).min(T::max_value());
            *x -= rate * *m / ((*v * scale).sqrt() + epsilon) + decay * *x;
        }
    }

    fn accepts(&self, parameters: usize) -> Result<()> {
        memory_fits("the first moment of Adam", &self.first, parameters)?;
        memory_fits("the second moment of Adam", &self.second, parameters)
    }
}

impl<T> Rated for Adam<T> {
    fn rate(&self) -> f64 {
        self.rate
    }
    fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Scalar, saved_rate};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    #[serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>"))]
    pub(super) struct Adam<T> {
        rate: f64,
        decay: [f64; 2],
        epsilon: f64,
        weight_decay: f64,
        step: i32,
        first: Vec<T>,
        second: Vec<T>,
    }

    impl<T: Scalar> TryFrom<Adam<T>> for super::Adam<T> {
        type Error = Error;

        fn try_from(saved: Adam<T>) -> Result<Self, Error> {
            // A schedule may have brought the rate to 0.
            let rate = saved_rate(saved.rate)?;
            let [first, second] = saved.decay;
            let rule = super::Adam::new(1.0)?.decay(first, second)?.epsilon(saved.epsilon)?;
            let rule = rule.weight_decay(saved.weight_decay)?;
            let (remedy, limits) = ("the file is damaged", "must be at least 0");
            Error::finite("the saved first moment", &saved.first, remedy)?;
            Error::finite("the saved second moment", &saved.second, remedy)?;
            Error::length("the saved second moment", saved.second.len(), saved.first.len())?;
            if let Some(&negative) = saved.second.iter().find(|&&v| v < T::zero()) {
                return Err(Error::OutOfRange { what: "a saved second moment", value: negative.f64(), limits });
            }
            if saved.step < 0 {
                return Err(Error::OutOfRange { what: "the saved count of steps", value: saved.step.into(), limits });
            }
            Ok(super::Adam { rate, step: saved.step, first: saved.first, second: saved.second, ..rule })
        }
    }
}
