//! A mean over probes and its standard error.

/// The mean of independent samples, one from each probe.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The mean over probes.
    pub mean: f64,
    /// Its standard error: the sample standard deviation over the square root of the number of probes.
    ///
    /// `None` with one probe, whose spread is not defined. For an interval, multiply by the quantile of Student's
    /// distribution with `probes` - 1 degrees of freedom: 2.3 for 95 % and 10 probes, not 1.96.
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
