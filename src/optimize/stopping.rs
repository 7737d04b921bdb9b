//! When a run has done enough, and why it ended.

use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Why a descent or a minimization ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Stop {
    /// All steps are done.
    Steps,
    /// The norm of the gradient has come down to [`Stopping::gradient_below`].
    Gradient,
    /// The value has come down to [`Stopping::value_below`].
    Value,
    /// The values no longer change by more than [`Stopping::change_below`] allows.
    Change,
    /// Rounding in the values and gradients sets the limit: no step is known to be good any more. A larger tolerance of the
    /// gradient or wider numbers help, more steps do not.
    Rounding,
    /// The observer stopped it, or its result was taken before it had ended.
    Observer,
    /// The value, the gradient or the next point was not finite: the error says which. The point returned is the last
    /// one at which everything was finite. Take a smaller rate, or another start.
    Diverged(Error),
}

/// When to stop: after a number of steps at the latest, and before, if any of the other criteria is met.
///
/// ```text
///     |g| <= gradient,    L <= value,    |mean of the last w values - mean of the w before| <= change |the larger mean|
/// ```
///
/// What a criterion sees of mini-batches is noisy; the change over a window of an epoch or more is least so.
///
/// ```
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{DescentRun, GradientDescent, Stop, Stopping};
///
/// let bowl = Recorded::<f64>::new(1, |x| (x * x).sum())?;
/// let stopping = Stopping::steps(1000).gradient_below(1e-3)?;
/// let mut run = DescentRun::new(&[1.0], GradientDescent::new(0.25)?, stopping)?;
/// while run.advance(&bowl)? {}
/// let end = run.finish();
/// assert_eq!(end.stop, Stop::Gradient);
/// assert_eq!(end.theta, [0.5f64.powi(11)]); // the gradient is 2 theta
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Stopping"))]
pub struct Stopping {
    steps: u64,
    gradient: Option<f64>,
    value: Option<f64>,
    change: Option<(f64, usize)>,
}

impl Stopping {
    /// After so many steps.
    pub fn steps(steps: u64) -> Self {
        Stopping { steps, gradient: None, value: None, change: None }
    }

    /// Also where the Euclidean norm of the gradient is at most this: in units of values per unit of parameters, and not
    /// divided by any root of the dimension.
    ///
    /// # Errors
    /// If it is not finite or negative.
    pub fn gradient_below(self, norm: f64) -> Result<Self> {
        not_negative("the gradient norm to stop at", norm)?;
        Ok(Stopping { gradient: Some(norm), ..self })
    }

    /// Also where the value is at most this.
    ///
    /// # Errors
    /// If it is not a number.
    pub fn value_below(self, value: f64) -> Result<Self> {
        if value.is_nan() {
            return Err(Error::OutOfRange { what: "the value to stop at", value, limits: "must be a number" });
        }
        Ok(Stopping { value: Some(value), ..self })
    }

    /// Also where the mean of the last `window` values differs from the mean of the `window` before by at most this part of
    /// the larger one.
    ///
    /// # Errors
    /// If it is not finite or negative, or the window is 0.
    pub fn change_below(self, relative: f64, window: usize) -> Result<Self> {
        not_negative("the relative change to stop at", relative)?;
        Error::at_least("the window of values", window, 1, "must be at least 1")?;
        Ok(Stopping { change: Some((relative, window)), ..self })
    }

    /// The number of steps.
    pub fn limit(&self) -> u64 {
        self.steps
    }

    /// After so many iterations, or where the gradient's norm is at most the root of `EPSILON`.
    pub(super) fn standard<T: Scalar>() -> Self {
        Stopping { gradient: Some(T::EPSILON.f64().sqrt()), ..Stopping::steps(1000) }
    }

    pub(super) fn gradient(&self) -> Option<f64> {
        self.gradient
    }

    /// The number of values whose mean is compared with the mean of as many before; 0 if none.
    pub(super) fn window(&self) -> usize {
        self.change.map_or(0, |(_, window)| window)
    }

    /// The criterion that is met, if one is: `values` up to the newest, and the norm of the newest gradient.
    pub(super) fn met(&self, values: &[f64], norm: f64) -> Option<Stop> {
        if self.gradient.is_some_and(|least| norm <= least) {
            return Some(Stop::Gradient);
        }
        if self.value.is_some_and(|least| values.last().is_some_and(|&value| value <= least)) {
            return Some(Stop::Value);
        }
        let (relative, window) = self.change?;
        let before = values.len().checked_sub(window.checked_mul(2)?)?;
        let mean = |values: &[f64]| values.iter().map(|value| value / window as f64).sum::<f64>();
        let (old, new) = (mean(&values[before..][..window]), mean(&values[before + window..]));
        ((old - new).abs() <= relative * old.abs().max(new.abs())).then_some(Stop::Change)
    }
}

fn not_negative(what: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(Error::OutOfRange { what, value, limits: "must be finite and at least 0" })
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Result};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct Stopping {
        steps: u64,
        gradient: Option<f64>,
        value: Option<f64>,
        change: Option<(f64, usize)>,
    }

    impl TryFrom<Stopping> for super::Stopping {
        type Error = Error;

        fn try_from(saved: Stopping) -> Result<Self> {
            let mut stopping = super::Stopping::steps(saved.steps);
            if let Some(norm) = saved.gradient {
                stopping = stopping.gradient_below(norm)?;
            }
            if let Some(value) = saved.value {
                stopping = stopping.value_below(value)?;
            }
            if let Some((relative, window)) = saved.change {
                stopping = stopping.change_below(relative, window)?;
            }
            Ok(stopping)
        }
    }
}
