//! A mean over probes, its standard error, and the interval that they make.

use super::stopping::level;
use super::student;
use crate::error::{Error, Result};
use crate::krylov::{Report, Stop};
use crate::random_matrix::Interval;

/// The mean of independent samples, one from each probe.
///
/// ```
/// use eigenscape::operator::Dense;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::Hutchinson;
///
/// let operator = Dense::new(vec![2.0, 1.0, 1.0, 3.0], 2, 2)?;
/// let trace = Hutchinson::new(200, Key::new(0)).run(&operator)?;
/// assert!((trace.mean - 5.0).abs() < 4.0 * trace.standard_error.unwrap());
/// let (wide, narrow) = (trace.interval(0.99)?, trace.interval(0.5)?);
/// assert!(wide.contains(5.0) && wide.lower < narrow.lower && narrow.upper < wide.upper);
/// assert_eq!((trace.probes, trace.matvecs), (200, 200));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Estimate {
    /// The mean over probes.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub mean: f64,
    /// Its standard error: the sample standard deviation over the square root of the number of probes.
    ///
    /// `None` with one probe, whose spread is not defined. [`Estimate::interval`] makes an interval of it.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub standard_error: Option<f64>,
    /// The number of probes.
    pub probes: usize,
    /// The number of products that all probes took together.
    pub matvecs: u64,
    /// Why the run over probes ended: converged where a [`Tolerance`](super::Tolerance) is met or none was set.
    pub stop: Stop,
    /// How often the run may have looked at its error to decide whether to go on: 1 without a tolerance. The interval
    /// pays for it.
    pub looks: usize,
}

impl Estimate {
    /// The estimate from one value for each probe, at least one.
    pub(crate) fn new(samples: impl IntoIterator<Item = f64>, matvecs: u64) -> Self {
        let mut running = Running::default();
        samples.into_iter().for_each(|sample| running.add(sample));
        Estimate::of(&running, matvecs, Stop::Converged, 1)
    }

    /// The estimate of a run that ended for a reason and could have ended at so many looks.
    pub(super) fn of(running: &Running, matvecs: u64, stop: Stop, looks: usize) -> Self {
        let (mean, standard_error) = (running.mean, running.standard_error());
        Estimate { mean, standard_error, probes: running.count, matvecs, stop, looks }
    }

    /// The interval that covers the quantity at a confidence, in (0, 1): mean +- q standard errors, with q the quantile of
    /// Student's distribution with `probes` - 1 degrees of freedom.
    ///
    /// The confidence is exact for samples that are normal, and near it for the sums of many terms that samples are; it is
    /// of one quantity, not of several at once. Where a few eigenvalues carry the variance, samples are skewed and the
    /// interval covers less often than it says: see [`Hutchinson`](super::Hutchinson) for measured figures. After a run that
    /// could end early, the error probability is shared among its looks.
    ///
    /// ```
    /// use eigenscape::operator::Dense;
    /// use eigenscape::random::Key;
    /// use eigenscape::spectrum::Hutchinson;
    ///
    /// let operator = Dense::new(vec![2.0, 1.0, 1.0, 3.0], 2, 2)?;
    /// let interval = Hutchinson::new(20, Key::new(0)).run(&operator)?.interval(0.95)?;
    /// assert!(interval.contains(5.0) && interval.upper - interval.lower < 4.0);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `confidence` is not in (0, 1), or there is only one probe, which has no spread.
    pub fn interval(&self, confidence: f64) -> Result<Interval> {
        interval(self.mean, self.standard_error, self.probes, self.looks, confidence)
    }

    /// How the run over probes ended and what it cost.
    pub fn report(&self) -> Report {
        Report::new(self.stop, self.matvecs)
    }

    /// The estimate of `factor` times the quantity.
    pub(crate) fn scaled(self, factor: f64) -> Self {
        let standard_error = self.standard_error.map(|error| error * factor.abs());
        Estimate { mean: self.mean * factor, standard_error, ..self }
    }
}

/// Student's interval around a mean of samples, as one of `looks`.
pub(super) fn interval(
    mean: f64,
    error: Option<f64>,
    samples: usize,
    looks: usize,
    confidence: f64,
) -> Result<Interval> {
    student::require(confidence)?;
    // No spread, no uncertainty: infinitely many standard errors of 0 are 0.
    if error == Some(0.0) {
        return Ok(Interval { lower: mean, upper: mean });
    }
    let Some(error) = error else {
        let remedy = "an interval needs at least 2 probes";
        return Err(Error::Missing { what: "the spread of one probe", remedy });
    };
    let reach = student::quantile(level(confidence, looks), samples)? * error;
    Ok(Interval { lower: mean - reach, upper: mean + reach })
}

/// Mean and spread of samples met one by one (Welford 1962): no cancellation when the spread is small.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Running {
    pub(super) count: usize,
    pub(crate) mean: f64,
    squares: f64,
}

impl Running {
    pub(crate) fn add(&mut self, sample: f64) {
        self.count += 1;
        let before = sample - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (sample - self.mean);
    }

    pub(crate) fn standard_error(&self) -> Option<f64> {
        let count = self.count as f64;
        (self.count > 1).then(|| (self.squares / (count - 1.0) / count).sqrt())
    }

    /// Whether these can be the numbers of a run: states come from files.
    #[cfg(feature = "serde")]
    pub(super) fn is_sound(&self) -> bool {
        self.mean.is_finite() && self.squares.is_finite() && self.squares >= 0.0 && (self.count > 0 || self.mean == 0.0)
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(Estimate {
    #[serde(with = "crate::saved::number")]
    mean: f64,
    #[serde(with = "crate::saved::number")]
    standard_error: Option<f64>,
    probes: usize,
    matvecs: u64,
    stop: Stop,
    looks: usize,
} by |estimate| {
    Error::at_least("the number of probes of a saved estimate", estimate.probes, 1, "must be at least 1")?;
    Error::at_least("the number of looks of a saved estimate", estimate.looks, 1, "must be at least 1")
});
