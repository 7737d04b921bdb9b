//! A mean over probes, its standard error, and the interval that they make.

use super::student;
use crate::error::{Error, Result};
use crate::random_matrix::Interval;

/// The mean of independent samples, one from each probe.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The mean over probes.
    pub mean: f64,
    /// Its standard error: the sample standard deviation over the square root of the number of probes.
    ///
    /// `None` with one probe, whose spread is not defined. [`Estimate::interval`] makes an interval of it.
    pub standard_error: Option<f64>,
    /// The number of probes.
    pub probes: usize,
    /// The number of products that all probes took together.
    pub matvecs: u64,
}

impl Estimate {
    /// The estimate from one value for each probe, at least one.
    pub(crate) fn new(samples: impl IntoIterator<Item = f64>, matvecs: u64) -> Self {
        let mut running = Running::default();
        samples.into_iter().for_each(|sample| running.add(sample));
        Estimate { mean: running.mean, standard_error: running.standard_error(), probes: running.count, matvecs }
    }

    /// The interval that covers the quantity at a confidence, in (0, 1): mean +- q standard errors, with q the quantile of
    /// Student's distribution with `probes` - 1 degrees of freedom.
    ///
    /// The confidence is exact for samples that are normal, and near it for the sums of many terms that samples are; it is
    /// of one quantity, not of several at once.
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
        let Some(error) = self.standard_error else {
            return Err(Error::Missing {
                what: "the spread of one probe",
                remedy: "an interval needs at least 2 probes",
            });
        };
        let reach = student::quantile(confidence, self.probes)? * error;
        // No spread, no uncertainty: infinitely many standard errors of 0 are 0.
        let reach = if error == 0.0 { 0.0 } else { reach };
        Ok(Interval { lower: self.mean - reach, upper: self.mean + reach })
    }

    /// The estimate of `factor` times the quantity.
    pub(crate) fn scaled(self, factor: f64) -> Self {
        let standard_error = self.standard_error.map(|error| error * factor.abs());
        Estimate { mean: self.mean * factor, standard_error, ..self }
    }
}

/// Mean and spread of samples met one by one (Welford 1962): no cancellation when the spread is small.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Running {
    count: usize,
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
}
