//! When a run over probes may end by what it has seen, without its interval losing its meaning.

use super::student;
use crate::error::{Error, Result};
use crate::krylov::Stop;
use crate::scalar::Scalar;

/// Probes in one block of products: as many as share an operator's work, in 2 x 16 vectors of memory.
pub(super) const BLOCK: usize = 16;

/// How near an estimate must come to its quantity, at which confidence, before a run may end early.
///
/// ```text
///     half the width of the interval  <=  relative |estimate| + absolute
/// ```
///
/// Whoever looks at an interval after each probe and stops at the first that is narrow stops too early: among many looks
/// one is narrow by chance. So a run looks only after 16, 32, 64, ... probes and at its largest number, K times at most,
/// and each look takes the interval of error probability (1 - confidence) / K (Bonferroni). With that probability at
/// most, any of them misses; so the one that the run ends with covers at the confidence, whichever it is, as far as
/// single intervals do. The price: at K = 10 an interval of 95 % is 1.4 times as wide.
///
/// ```
/// use eigenscape::krylov::Stop;
/// use eigenscape::operator::Dense;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::{Hutchinson, Tolerance};
///
/// let operator = Dense::new(vec![2.0, 1.0, 1.0, 3.0], 2, 2)?;
/// let tolerance = Tolerance::new(0.95).relative(0.05);
/// let trace = Hutchinson::new(100_000, Key::new(0)).tolerance(tolerance).run(&operator)?;
/// assert_eq!(trace.stop, Stop::Converged);
/// assert!(trace.interval(0.95)?.contains(5.0) && trace.probes <= 8192);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tolerance {
    relative: f64,
    absolute: f64,
    confidence: f64,
}

impl Tolerance {
    /// A tolerance at a confidence in (0, 1). Both of its parts are 0, so set one or both.
    pub fn new(confidence: f64) -> Self {
        Tolerance { relative: 0.0, absolute: 0.0, confidence }
    }

    /// Sets the part that is relative to the estimate.
    pub fn relative(self, relative: f64) -> Self {
        Tolerance { relative, ..self }
    }

    /// Sets the absolute part.
    pub fn absolute(self, absolute: f64) -> Self {
        Tolerance { absolute, ..self }
    }

    pub(super) fn confidence(&self) -> f64 {
        self.confidence
    }

    /// Whether an estimate from so many samples, one of `looks`, is near enough.
    fn met(&self, value: f64, error: f64, samples: usize, looks: usize) -> Result<bool> {
        if samples < 2 {
            return Ok(error == 0.0);
        }
        let reach = if error == 0.0 { 0.0 } else { student::quantile(level(self.confidence, looks), samples)? * error };
        Ok(reach <= self.relative * value.abs() + self.absolute)
    }
}

/// The confidence of each of some intervals with which all of them cover at `confidence`.
pub(super) fn level(confidence: f64, looks: usize) -> f64 {
    1.0 - (1.0 - confidence) / looks as f64
}

/// How many probes a run takes, and where it may end before.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Plan {
    pub(super) probes: usize,
    pub(super) tolerance: Option<Tolerance>,
}

impl Plan {
    /// Fails unless the plan can be kept with numbers of this type.
    pub(super) fn validate<T: Scalar>(&self) -> Result<()> {
        Error::at_least("the number of probes", self.probes, 1, "must be at least 1; 2 for a standard error")?;
        let Some(Tolerance { relative, absolute, confidence }) = self.tolerance else {
            return Ok(());
        };
        student::require(confidence)?;
        Error::at_least("the number of probes", self.probes, 2, "must be at least 2 to meet a tolerance")?;
        if !(absolute >= 0.0 && absolute.is_finite()) {
            let limits = "must be finite and at least 0";
            return Err(Error::OutOfRange { what: "the absolute tolerance", value: absolute, limits });
        }
        let reachable = relative >= 32.0 * T::EPSILON.f64() || (relative == 0.0 && absolute > 0.0);
        if !reachable || !relative.is_finite() {
            let limits = "must be at least 32 rounding errors of the vectors' type, or 0 beside an absolute one";
            return Err(Error::OutOfRange { what: "the relative tolerance", value: relative, limits });
        }
        Ok(())
    }

    /// The same with fewer probes.
    pub(super) fn at_most(self, probes: usize) -> Self {
        Plan { probes: self.probes.min(probes), ..self }
    }

    /// How often the run may look: after 16, 32, 64, ... probes and at the end.
    pub(super) fn looks(&self) -> usize {
        match self.tolerance {
            None => 1,
            Some(_) => (0..usize::BITS).take_while(|&doubling| (BLOCK << doubling) < self.probes).count().min(59) + 1,
        }
    }

    /// The number of probes of the block that follows `done`.
    pub(super) fn width(&self, done: usize) -> usize {
        BLOCK.min(self.probes.saturating_sub(done))
    }

    /// Whether and why the run ends after `done` probes; `estimate` gives the value and its standard error.
    pub(super) fn verdict(
        &self,
        done: usize,
        estimate: impl FnOnce() -> Result<(f64, Option<f64>)>,
    ) -> Result<Option<Stop>> {
        let last = done >= self.probes;
        let Some(tolerance) = self.tolerance else {
            return Ok(last.then_some(Stop::Converged));
        };
        let look = done.is_multiple_of(BLOCK) && (done / BLOCK).is_power_of_two();
        if !last && !look {
            return Ok(None);
        }
        let (value, error) = estimate()?;
        if tolerance.met(value, error.unwrap_or(f64::INFINITY), done, self.looks())? {
            return Ok(Some(Stop::Converged));
        }
        Ok(last.then_some(Stop::Budget))
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, Tolerance};

    #[test]
    fn looks_are_counted_as_they_are_taken() {
        for (probes, looks) in [(2, 1), (16, 1), (17, 2), (32, 2), (33, 3), (100, 4), (16 << 9, 10), (usize::MAX, 60)] {
            let plan = Plan { probes, tolerance: Some(Tolerance::new(0.9).relative(0.1)) };
            assert_eq!(plan.looks(), looks, "{probes}");
            let mut taken = 0;
            let mut done = 0;
            while done < probes.min(1 << 14) {
                done += plan.width(done);
                plan.verdict(done, || {
                    taken += 1;
                    Ok((1.0, None))
                })
                .unwrap();
            }
            assert!(taken == looks || probes > 1 << 14, "{probes}: {taken}");
        }
        assert_eq!(Plan { probes: 1000, tolerance: None }.looks(), 1);
    }
}
