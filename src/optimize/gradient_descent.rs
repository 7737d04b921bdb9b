//! Gradient descent.

#[cfg(feature = "serde")]
use super::saved_rate;
use super::{Rated, Rule, memory_fits};
use crate::error::{Error, Result};
use crate::linalg::axpy;
use crate::scalar::Scalar;

/// Plain gradient descent, or with momentum, or with Nesterov's.
///
/// ```text
///     v <- momentum v + g,     theta <- theta - rate v                       (v = g without momentum)
///     v <- momentum v + g,     theta <- theta - rate (g + momentum v)        Nesterov
/// ```
///
/// Nesterov's form is the one of the libraries, with the gradient at theta itself. In the form of the papers the gradient is
/// taken ahead, w <- momentum w - rate g(x + momentum w), x <- x + w; with theta = x + momentum w and w = -rate v they are
/// the same sequence at a constant rate: theta here is the point that looks ahead there.
///
/// ```
/// use eigenscape::optimize::{GradientDescent, Rule};
///
/// let mut rule = GradientDescent::new(0.5)?.momentum(0.5)?.nesterov();
/// let mut theta = [0.0f64];
/// rule.update(&mut theta, &[1.0]); // v = 1, a step of -0.5 (1 + 0.5)
/// rule.update(&mut theta, &[1.0]); // v = 1.5, a step of -0.5 (1 + 0.75)
/// assert_eq!(theta, [-0.75 - 0.875]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Polyak 1964, doi:10.1016/0041-5553(64)90137-5 (momentum). Nesterov 1983, Soviet Mathematics Doklady 27, 372; Sutskever,
/// Martens, Dahl, Hinton 2013, Proceedings of Machine Learning Research 28 (the form that looks ahead).
#[doc(alias = "SGD")]
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::GradientDescent<T>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
pub struct GradientDescent<T> {
    rate: f64,
    momentum: f64,
    nesterov: bool,
    velocity: Vec<T>,
}

impl<T: Scalar> GradientDescent<T> {
    /// Plain descent with a rate.
    ///
    /// # Errors
    /// If the rate is not finite and positive.
    pub fn new(rate: f64) -> Result<Self> {
        Error::positive("the learning rate", rate)?;
        Ok(GradientDescent { rate, momentum: 0.0, nesterov: false, velocity: Vec::new() })
    }

    /// Sets the share of the last step that is kept, 0 by default.
    ///
    /// # Errors
    /// Unless it is at least 0 and below 1.
    #[doc(alias = "heavy ball")]
    pub fn momentum(self, momentum: f64) -> Result<Self> {
        if !(0.0..1.0).contains(&momentum) {
            let limits = "must be at least 0 and below 1";
            return Err(Error::OutOfRange { what: "the momentum", value: momentum, limits });
        }
        Ok(GradientDescent { momentum, ..self })
    }

    /// Looks ahead along the momentum: on convex functions the error then falls as 1/t^2, and not as 1/t. Without momentum
    /// it changes nothing.
    pub fn nesterov(self) -> Self {
        GradientDescent { nesterov: true, ..self }
    }

    /// The momentum, and whether it looks ahead.
    pub(super) fn inertia(&self) -> (f64, bool) {
        (self.momentum, self.nesterov)
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
        if self.nesterov {
            axpy(T::of(-self.rate), gradient, theta);
            return axpy(T::of(-self.rate * self.momentum), &self.velocity, theta);
        }
        axpy(T::of(-self.rate), &self.velocity, theta);
    }

    fn accepts(&self, parameters: usize) -> Result<()> {
        memory_fits("the velocity of gradient descent", &self.velocity, parameters)
    }
}

impl<T> Rated for GradientDescent<T> {
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
    pub(super) struct GradientDescent<T> {
        rate: f64,
        momentum: f64,
        nesterov: bool,
        velocity: Vec<T>,
    }

    impl<T: Scalar> TryFrom<GradientDescent<T>> for super::GradientDescent<T> {
        type Error = Error;

        fn try_from(saved: GradientDescent<T>) -> Result<Self, Error> {
            // A schedule may have brought the rate to 0.
            let rate = saved_rate(saved.rate)?;
            Error::finite("the saved velocity", &saved.velocity, "the file is damaged")?;
            let rule = super::GradientDescent::new(1.0)?.momentum(saved.momentum)?;
            Ok(super::GradientDescent { rate, nesterov: saved.nesterov, velocity: saved.velocity, ..rule })
        }
    }
}
