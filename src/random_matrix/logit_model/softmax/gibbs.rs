//! Further averages of the softmax of normal logits: partition function, largest probability.

use std::f64::consts::{SQRT_2, TAU};

use super::gaussian_logits::{GaussianLogits, STEP, Weights, expected_maximum, range};
use crate::error::{Error, Result};
use crate::random_matrix::root::root;

/// The normal distribution function's complement.
pub(crate) fn upper_tail(x: f64) -> f64 {
    0.5 * libm::erfc(x / SQRT_2)
}

pub(crate) fn normal_density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / TAU.sqrt()
}

/// q^n for q = 1 - missing.
pub(crate) fn power(missing: f64, n: f64) -> f64 {
    if n == 0.0 { 1.0 } else { libm::exp(n * libm::log1p(-missing)) }
}

impl GaussianLogits {
    /// E ln sum_k exp(z_k): between ln C (no logits) and ln C + sigma^2 / 2 (annealed). Its derivative by sigma is
    /// sigma (1 - Y_2).
    pub fn log_partition(&self) -> f64 {
        let classes = self.classes() as f64;
        if self.classes() == 1 {
            return 0.0;
        }
        if self.deviation() < 1e-6 {
            // To fourth order in sigma, which is nothing.
            return classes.ln() + self.deviation().powi(2) * (1.0 - 1.0 / classes) / 2.0;
        }
        let weights = Weights::new(classes, self.deviation());
        let sum: f64 = range(classes, self.deviation())
            .map(|x| libm::exp(-libm::exp(x)) - power(weights.averages(x).1, classes))
            .sum();
        STEP * sum
    }

    /// E max_k p_k: the accuracy of a classifier whose labels are drawn from its probabilities.
    ///
    /// ```text
    ///     C int dz phi(z / sigma) / sigma int dx exp(x - e^x) [ int_{u < z} phi(u / sigma) / sigma exp(-e^(x + u - z)) du ]^(C - 1)
    /// ```
    ///
    /// By sums of fourth order, to 1e-7. Cost: some million exponentials, more in proportion to sigma beyond 5.
    pub fn largest_probability(&self) -> f64 {
        let (classes, deviation) = (self.classes() as f64, self.deviation());
        if self.classes() == 1 {
            return 1.0;
        }
        if deviation < 1e-6 {
            return (1.0 + deviation * expected_maximum(self.classes())) / classes;
        }
        // Cells of the integral over u, with their middles for Simpson's rule; z lies at their ends.
        let cells = (19.0 * (20.0 * deviation).max(40.0)) as usize;
        let step = 19.0 * deviation / cells as f64;
        let density = |u: f64| normal_density(u / deviation) / deviation;
        let points: Vec<(f64, f64)> = (0..=2 * cells)
            .map(|half| half as f64 * step / 2.0 - 9.5 * deviation)
            .map(|u| (libm::exp(u), density(u)))
            .collect();
        // The integral up to each cell where exp(-e^(w + u)) is 1 yet.
        let mut whole = vec![0.0];
        for cell in points.windows(3).step_by(2) {
            whole.push(whole[whole.len() - 1] + step / 6.0 * (cell[0].1 + 4.0 * cell[1].1 + cell[2].1));
        }
        let mut sum = 0.0;
        // w = x - z: the integrals over u for all z are partial sums of one.
        for w in range(classes, deviation) {
            let scale = libm::exp(w);
            let value = |at: usize| points[at].1 * libm::exp(-scale * points[at].0);
            // Between where e^(w + u) begins to count and where exp(-e^(w + u)) is nothing: a range that does not grow with sigma.
            let first = points.partition_point(|&(e, _)| scale * e < 1e-17) / 2;
            let end = points.partition_point(|&(e, _)| scale * e < 800.0) / 2;
            let Some(&start) = whole.get(first) else { continue };
            let (mut below, mut last) = (start, value(2 * first));
            for cell in first + 1..=end.min(cells) {
                let next = value(2 * cell);
                below += step / 6.0 * (last + 4.0 * value(2 * cell - 1) + next);
                last = next;
                let (e, weight) = points[2 * cell];
                // exp(x - e^x) with x = w + z.
                let x = scale * e;
                sum += weight * x * libm::exp(-x) * below.powf(classes - 1.0);
            }
        }
        (classes * step * STEP * sum).clamp(1.0 / classes, 1.0)
    }

    /// The logits at which E sum_k p_k^2 is `power_sum`: how large normal logits would be to freeze as much.
    ///
    /// ```
    /// use eigenscape::random_matrix::GaussianLogits;
    ///
    /// let logits = GaussianLogits::with_power_sum(10, 0.1946873936946)?;
    /// assert!((logits.deviation() - 1.0).abs() < 1e-9);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// Unless 1/C < `power_sum` < 1, by more than rounding at the lower end, or if the deviation would be above 500.
    pub fn with_power_sum(classes: usize, power_sum: f64) -> Result<Self> {
        Error::at_least("the number of classes", classes, 2, "must be at least 2: nothing freezes in one class")?;
        // A mean of sums of squares is no nearer to 1/C than this.
        let excess = power_sum * classes as f64 - 1.0;
        if !(excess > 32.0 * f64::EPSILON && power_sum < 1.0) {
            let limits = "must lie above 1/C, that of equal probabilities, by more than rounding, and below 1, that of one class";
            return Err(Error::OutOfRange { what: "the sum of squared probabilities", value: power_sum, limits });
        }
        // From 1 by powers of 2 to a bracket: what is above costs in proportion to the deviation.
        let above = |log: f64| Ok(GaussianLogits::new(classes, log.exp())?.power_sum(2) - power_sum);
        let (mut low, mut high) = (0.0, 0.0);
        while above(low)? > 0.0 {
            low -= 2f64.ln();
        }
        while above(high)? < 0.0 {
            if high > 1000f64.ln() - 2f64.ln() {
                let limits = "is that of logits with a deviation above 500";
                return Err(Error::OutOfRange { what: "the sum of squared probabilities", value: power_sum, limits });
            }
            high += 2f64.ln();
        }
        GaussianLogits::new(classes, root(low, high, above)?.exp())
    }
}
