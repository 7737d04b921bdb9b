//! What a training has to reach.

use crate::error::{Error, Result};

/// The performance that a training in a subspace has to reach.
///
/// ```
/// use eigenscape::subspace::Criterion;
///
/// // 90 % of the accuracy of the full model.
/// let accuracy = Criterion::share_of(0.9, 0.96)?;
/// assert!(accuracy.is_met(0.87) && !accuracy.is_met(0.86));
/// // At most 5 % more than the loss of the full model.
/// let loss = Criterion::within(0.05, 0.2)?;
/// assert!(loss.is_met(0.205) && !loss.is_met(f64::NAN));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Criterion {
    /// Reached by what is at least this number: an accuracy.
    AtLeast(f64),
    /// Reached by what is at most this number: a loss.
    AtMost(f64),
}

impl Criterion {
    /// At least `share` of the performance `full`, which is better the larger it is: `share` 0.9 of an accuracy is the
    /// convention of Li et al. 2018.
    ///
    /// # Errors
    /// Unless `share` is in (0, 1] and `full` is finite and positive.
    pub fn share_of(share: f64, full: f64) -> Result<Self> {
        if !(share > 0.0 && share <= 1.0) {
            let limits = "must be above 0 and at most 1: 0.9, say";
            return Err(Error::OutOfRange { what: "the share of the full performance", value: share, limits });
        }
        Error::positive("the full performance", full)?;
        Ok(Criterion::AtLeast(share * full))
    }

    /// At most 1 + `epsilon` of the loss `full`.
    ///
    /// # Errors
    /// Unless both are finite and at least 0.
    pub fn within(epsilon: f64, full: f64) -> Result<Self> {
        for (what, value) in [("the excess over the full loss", epsilon), ("the full loss", full)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(Error::OutOfRange { what, value, limits: "must be finite and at least 0" });
            }
        }
        Ok(Criterion::AtMost((1.0 + epsilon) * full))
    }

    /// The performance that is just enough.
    pub fn threshold(self) -> f64 {
        match self {
            Criterion::AtLeast(threshold) | Criterion::AtMost(threshold) => threshold,
        }
    }

    /// Whether a performance is enough. What is not finite is the performance of a run that diverged, and never enough.
    pub fn is_met(self, performance: f64) -> bool {
        performance.is_finite() && self.margin(performance) >= 0.0
    }

    /// By how much a performance is better than the threshold.
    pub(super) fn margin(self, performance: f64) -> f64 {
        match self {
            Criterion::AtLeast(threshold) => performance - threshold,
            Criterion::AtMost(threshold) => threshold - performance,
        }
    }

    pub(super) fn validate(self) -> Result<()> {
        let value = self.threshold();
        if value.is_finite() {
            return Ok(());
        }
        Err(Error::NotFiniteValue { what: "the threshold of a criterion", value, remedy: "give it a finite number" })
    }
}
