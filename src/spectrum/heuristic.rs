//! Estimates whose error is heuristic, and the loop of those that leave each probe out in turn.

use std::ops::ControlFlow;

use super::estimate::{Running, interval};
use super::sketch::Failure;
use super::stopping::Plan;
use crate::error::{Error, Result};
use crate::krylov::{Progress, Report, Stop};
use crate::random_matrix::Interval;

/// An estimate with a heuristic error: the mean of values that depend on each other.
///
/// Each value leaves out one probe, and any two share all probes but two. The mean is unbiased all the same; its error is
/// taken as if the values were independent. No theorem says how often an interval of that width covers, so there is none
/// under that name: see [`HeuristicEstimate::heuristic_interval`].
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct HeuristicEstimate {
    /// The mean of the values.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// The heuristic error: their standard deviation over the square root of their number. `None` with one probe of
    /// several dimensions, which has no spread.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub error: Option<f64>,
    /// The number of probes, and of values.
    pub probes: usize,
    /// The number of products.
    pub matvecs: u64,
    /// Why the run ended: converged where a [`Tolerance`](super::Tolerance) is met by the heuristic interval, or none was
    /// set.
    pub stop: Stop,
    /// How often the run may have looked at its error to decide whether to go on: 1 without a tolerance.
    pub looks: usize,
}

impl HeuristicEstimate {
    /// The interval that would cover the quantity at a confidence if the values were independent and normal.
    ///
    /// They are not: how often it covers was measured, and stands with each estimator.
    ///
    /// # Errors
    /// If `confidence` is not in (0, 1), or there is only one probe.
    pub fn heuristic_interval(&self, confidence: f64) -> Result<Interval> {
        interval(self.value, self.error, self.probes, self.looks, confidence)
    }

    /// How the run ended and what it cost.
    pub fn report(&self) -> Report {
        Report::new(self.stop, self.matvecs)
    }

    pub(super) fn of(running: &Running, exact: bool, matvecs: u64, stop: Stop, looks: usize) -> Self {
        let error = running.standard_error().or(exact.then_some(0.0));
        HeuristicEstimate { value: running.mean, error, probes: running.count, matvecs, stop, looks }
    }
}

/// An estimator that grows by blocks of probes and can leave each one out.
pub(super) trait Exchangeable {
    /// Takes one more block of probes; after a failure the state is that of the block before.
    fn grow(&mut self, width: usize) -> Result<Option<Failure>>;
    /// The value and its heuristic error from all probes so far.
    fn accuracy(&mut self) -> Result<(f64, Option<f64>)>;
    /// The probes in complete blocks.
    fn probes(&self) -> usize;
    /// The samples of probes on their own: all that is known if the first block fails.
    fn plain(&self) -> usize;
    fn matvecs(&self) -> u64;
}

/// Grows block by block until the plan is met; why it ended, and after how many products.
pub(super) fn drive(
    plan: &Plan,
    run: &mut dyn Exchangeable,
    observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(Stop, u64)> {
    loop {
        if let Some(Failure { number, index, value }) = run.grow(plan.width(run.probes()))? {
            if run.plain() == 0 {
                return Err(Error::Product { number, index, value });
            }
            return Ok((Stop::NotFinite, number));
        }
        let (done, matvecs) = (run.probes(), run.matvecs());
        let verdict = plan.verdict(done, || run.accuracy())?;
        let go_on = observer(Progress { done, total: plan.probes, matvecs }).is_continue();
        match verdict {
            Some(stop) => return Ok((stop, matvecs)),
            None if !go_on => return Ok((Stop::Observer, matvecs)),
            None => {}
        }
    }
}

/// Mean and spread of values, which must be finite.
pub(super) fn collect(values: &[f64]) -> Result<Running> {
    let remedy = "products are finite but their sums are not: scale the operator down";
    Error::finite("the list of values of an estimate", values, remedy)?;
    let mut running = Running::default();
    values.iter().for_each(|&value| running.add(value));
    Ok(running)
}

#[cfg(feature = "serde")]
crate::saved::checked!(HeuristicEstimate {
    #[serde(with = "crate::saved::number")]
    value: f64,
    #[serde(with = "crate::saved::number")]
    error: Option<f64>,
    probes: usize,
    matvecs: u64,
    stop: Stop,
    looks: usize,
} by |estimate| {
    Error::at_least("the number of looks of a saved estimate", estimate.looks, 1, "must be at least 1")
});
