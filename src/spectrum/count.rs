//! How many eigenvalues lie in an interval.

use statrs::distribution::{Beta, ContinuousCDF, Normal};

use super::bounds::split;
use super::estimate::Estimate;
use super::quadrature::Quadrature;
use super::spectral_measure::SpectralMeasure;
use super::student;
use crate::error::{Error, Result};
use crate::random_matrix::Interval;

/// The number of eigenvalues in an interval, from [`SpectralMeasure::count`].
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EigenvalueCount {
    /// The dimension times the mean weight of the nodes in the interval.
    ///
    /// Its standard error is of the finite number of probes alone; [`EigenvalueCount::interval`] accounts for depth as well.
    pub estimate: Estimate,
    /// The dimension times the mean over probes of v'P v, P the projector onto the eigenspaces in the interval, lies in here,
    /// whatever the matrix: the strict bounds of Chebyshev, Markov and Stieltjes. Its width is what depth leaves open.
    pub depth: Interval,
    /// Deflated eigenvalues in the interval, known exactly, and how many are left.
    known: usize,
    free: usize,
    /// Rounding errors of the bounds, as a part of the whole.
    slack: f64,
}

impl EigenvalueCount {
    /// The interval that covers the number of eigenvalues at a confidence, in (0, 1), for depth and probes together.
    ///
    /// v'P v of a random unit vector v has a law that depends on the number of eigenvalues k alone: Beta(k/2, (n - k)/2).
    /// So the interval is that of all k for which the mean over probes could, with probability (1 - confidence)/2 each,
    /// be as large as the strict lower bound, and as small as the upper one. No spread is estimated: it holds for one probe
    /// and for one eigenvalue. The mean over probes is given the Beta law with the mean's expectation and variance, which is
    /// exact for one probe.
    ///
    /// For [`Probe::Sphere`](super::Probe::Sphere) and [`Probe::Normal`](super::Probe::Normal): the law of
    /// [`Probe::Signs`](super::Probe::Signs) depends on the eigenvectors. The ends are whole numbers. Eigenvalues that
    /// rounding errors may carry over an end may be counted on either side.
    ///
    /// # Errors
    /// If `confidence` is not in (0, 1).
    ///
    /// # References
    /// Akhiezer, The Classical Moment Problem (1965), chapter 2. Di Napoli, Polizzi & Saad 2016 (arXiv:1308.4275).
    pub fn interval(&self, confidence: f64) -> Result<Interval> {
        student::require(confidence)?;
        let tail = (1.0 - confidence) / 2.0;
        let part = |count: f64| (count - self.known as f64) / self.free.max(1) as f64;
        let (low, high) = (part(self.depth.lower) - self.slack, part(self.depth.upper) + self.slack);
        // Both probabilities are monotone in the count.
        let least = first_true(self.free, |count| self.law(count, low).1 > tail);
        let most = self.free - first_true(self.free, |rest| self.law(self.free - rest, high).0 > tail);
        let (least, most) = (least.min(most), most.max(least));
        Ok(Interval { lower: (self.known + least) as f64, upper: (self.known + most) as f64 })
    }

    /// The probabilities that the mean over probes is at most and at least `x`, with `count` of the free eigenvalues in the
    /// interval.
    fn law(&self, count: usize, x: f64) -> (f64, f64) {
        let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
        if count == 0 {
            return (truth(x >= 0.0), truth(x <= 0.0));
        }
        if count == self.free {
            return (truth(x >= 1.0), truth(x <= 1.0));
        }
        let x = x.clamp(0.0, 1.0);
        let part = count as f64 / self.free as f64;
        let size = self.estimate.probes as f64 * (self.free as f64 + 2.0) / 2.0 - 1.0;
        let (a, b) = (part * size, (1.0 - part) * size);
        if a.min(b) > 1e4 {
            // The continued fraction of the Beta law takes long, and its skewness is below 2 %.
            let deviation = (part * (1.0 - part) / (size + 1.0)).sqrt();
            let normal = Normal::new(part, deviation).expect("a positive deviation");
            return (normal.cdf(x), normal.sf(x));
        }
        let beta = Beta::new(a, b).expect("positive parameters");
        (beta.cdf(x), beta.sf(x))
    }
}

/// The least number up to `limit` for which a monotone condition holds; `limit` if none below does.
fn first_true(limit: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, limit);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// The index of a symmetric operator: the number of its negative eigenvalues, with those that cannot be told from zero
/// apart.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Index {
    /// Eigenvalues below -threshold.
    pub negative: EigenvalueCount,
    /// Eigenvalues from -threshold to threshold.
    pub near_zero: EigenvalueCount,
    /// Eigenvalues above threshold.
    pub positive: EigenvalueCount,
    /// The threshold.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub threshold: f64,
}

impl SpectralMeasure {
    /// The number of eigenvalues from `lower` to `upper`: the trace of the spectral projector. An end may be infinite.
    ///
    /// Eigenvalues at an end itself may be counted or not: the bounds hold for both. Cost: an eigenproblem of size m + 1 for
    /// each probe and finite end.
    ///
    /// ```
    /// use eigenscape::operator::Diagonal;
    /// use eigenscape::random::Key;
    /// use eigenscape::spectrum::StochasticLanczos;
    ///
    /// // 30 eigenvalues around -1, 170 around 2.
    /// let value = |i: u32| if i < 30 { -1.0 } else { 2.0 } + 0.1 * f64::from(i).sin();
    /// let operator = Diagonal::new((0..200).map(value).collect());
    /// let measure = StochasticLanczos::new(Key::new(0)).probes(20).steps(30).run(&operator)?;
    /// let count = measure.count(f64::NEG_INFINITY, 0.0)?;
    /// assert!((count.estimate.mean - 30.0).abs() < 4.0 * count.estimate.standard_error.unwrap());
    /// assert!(count.depth.upper - count.depth.lower < 0.1);
    /// let interval = count.interval(0.95)?;
    /// assert!(interval.contains(30.0) && interval.upper - interval.lower < 8.0);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `lower` is not below `upper`.
    pub fn count(&self, lower: f64, upper: f64) -> Result<EigenvalueCount> {
        if lower.is_nan() || upper.is_nan() || lower >= upper {
            let limits = "must be above its lower end: an interval holds more than one point";
            return Err(Error::OutOfRange {
                what: "the upper end of an interval of eigenvalues",
                value: upper,
                limits,
            });
        }
        let (probes, dim) = (self.rules().len(), self.dim() as f64);
        let inside = |x: f64| lower <= x && x <= upper;
        let known = self.atoms().iter().filter(|&&atom| inside(atom)).count();
        let (mut least, mut most) = (0.0, 0.0);
        for rule in self.rules() {
            let (start, end) = (bounds(rule, lower), bounds(rule, upper));
            least += (end.0 - start.1).max(0.0) / probes as f64;
            most += (end.1 - start.0).clamp(0.0, rule.measure().mass()) / probes as f64;
        }
        let estimate = self.trace(|x| if inside(x) { 1.0 } else { 0.0 })?;
        let depth = Interval { lower: known as f64 + dim * least, upper: known as f64 + dim * most };
        // Weights err by about the level of orthogonality; a basis that was not kept orthogonal has its own laws, and
        // weights that are good to the rounding of the products.
        let slack = 10.0 * self.orthogonality().min(f64::from(f32::EPSILON)) + 64.0 * f64::EPSILON;
        Ok(EigenvalueCount { estimate, depth, known, free: self.dim() - self.atoms().len(), slack })
    }

    /// The index, with eigenvalues within `threshold` of zero apart: for singular operators, which are the normal case,
    /// signs there are those of rounding errors.
    ///
    /// [`SpectralMeasure::zero_threshold`] gives the least threshold that makes sense. Where many eigenvalues are zero, or close
    /// to it, the depth must resolve the threshold for the negative count to be narrow: the
    /// [`depth`](EigenvalueCount::depth) of each count says whether it does. For moderate sizes
    /// [`Sylvester`](super::Sylvester) is exact.
    ///
    /// ```
    /// use eigenscape::operator::Diagonal;
    /// use eigenscape::random::Key;
    /// use eigenscape::spectrum::StochasticLanczos;
    ///
    /// let values = [[-1.0, -0.5, 0.0, 0.0, 3.0]; 20].concat();
    /// let measure = StochasticLanczos::new(Key::new(0)).probes(20).run(&Diagonal::new(values))?;
    /// let index = measure.index(measure.zero_threshold())?;
    /// assert!(index.negative.interval(0.95)?.contains(40.0) && index.near_zero.interval(0.95)?.contains(40.0));
    /// assert!(index.threshold < 1e-11);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `threshold` is not positive and finite.
    pub fn index(&self, threshold: f64) -> Result<Index> {
        Error::positive("the threshold of an index", threshold)?;
        Ok(Index {
            negative: self.count(f64::NEG_INFINITY, -threshold)?,
            near_zero: self.count(-threshold, threshold)?,
            positive: self.count(threshold, f64::INFINITY)?,
            threshold,
        })
    }

    /// What rounding errors of products can make of a zero eigenvalue: 4 sqrt(n) times what they do to a node
    /// ([`Quadrature::rounding`]), 64 sqrt(n) EPSILON of the largest |node|; positive even for the zero matrix.
    pub fn zero_threshold(&self) -> f64 {
        (4.0 * (self.dim() as f64).sqrt() * self.rounding()).max(f64::MIN_POSITIVE)
    }
}

/// The strict bounds of Chebyshev, Markov and Stieltjes: lower <= F(x-) <= F(x) <= upper, also at infinity.
fn bounds(rule: &Quadrature, x: f64) -> (f64, f64) {
    if x.is_infinite() {
        let mass = if x > 0.0 { rule.measure().mass() } else { 0.0 };
        return (mass, mass);
    }
    let split = split(rule, x);
    (split.below, split.upper())
}

#[cfg(feature = "serde")]
crate::saved::checked!(EigenvalueCount { estimate: Estimate, depth: Interval, known: usize, free: usize, slack: f64 }
by |count| {
    let within = count.known.checked_add(count.free).is_some();
    Error::require(within, "the dimension of a saved count", f64::INFINITY, "must fit into an address")?;
    Error::finite("the bounds of a saved count", &[count.depth.lower, count.depth.upper], crate::saved::DAMAGED)?;
    Error::not_negative("the slack of a saved count", count.slack)
});

#[cfg(test)]
mod tests {
    use statrs::distribution::{Beta, ContinuousCDF};

    #[test]
    fn the_beta_law_is_that_of_tables() {
        // SciPy 1.17, scipy.stats.beta.cdf(x, a, b).
        let table: [(f64, f64, f64, f64); 6] = [
            (0.5, 99.5, 0.01, 0.8421811638078219),
            (10.0, 2009.0, 0.003, 0.08737858092858791),
            (10.0, 100000000.0, 1.5e-07, 0.9301463974697226),
            (9000.0, 100000000.0, 9.1e-05, 0.8559595350859901),
            (5000.0, 5000.0, 0.505, 0.8413447463710366),
            (10000.0, 3000000.0, 0.0033, 0.2516530756331668),
        ];
        for (a, b, x, expected) in table {
            let value = Beta::new(a, b).unwrap().cdf(x);
            // Logarithms of Gamma functions of that size, each rounded, are subtracted from each other.
            let rounding = f64::EPSILON * (a + b) * (a + b).ln() + 1e-12;
            assert!((value - expected).abs() < rounding, "{a}, {b}, {x}: {value}, expected {expected}");
        }
    }
}
