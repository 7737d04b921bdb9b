//! The margin at which normal logits freeze as far as given ones.

use super::gaussian_logits::{GaussianLogits, STEP, Weights, range};
use super::gibbs::power;
use crate::error::{Error, Result};
use crate::random_matrix::root::root;

/// Points of the interpolation between margins on the grid.
const NODES: usize = 10;

/// The largest margin that is tried, in steps of the grid.
const STEPS: usize = 6000;

impl GaussianLogits {
    /// The margin, at least 0, at which E sum_k p_k^2 is `power_sum`: how far the true class must stand apart for logits of
    /// this deviation to freeze as much. See [`GaussianLogits::with_margin`].
    ///
    /// ```text
    ///     1 - Y_2(delta) = (C - 1) int dx (2 M_1(x + delta) M_1(x) L(x)^(C-2) + (C - 2) M_1(x)^2 L(x)^(C-3) L(x + delta))
    /// ```
    ///
    /// M_1 and L are tabulated once, which makes all margins that are multiples of the spacing; the others are interpolated,
    /// to 1e-9. Y_2 is flat at delta = 0, where its square root decides: there the margin has half of the digits. Cost: that of
    /// [`GaussianLogits::new`].
    ///
    /// ```
    /// use eigenscape::random_matrix::GaussianLogits;
    ///
    /// let logits = GaussianLogits::new(10, 1.0)?;
    /// let margin = logits.margin_with_power_sum(logits.with_margin(4.0)?.power_sum)?;
    /// assert!((margin - 4.0).abs() < 1e-8);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer than two classes, or `power_sum` is not between that without a margin and 1, or so near 1 that the
    /// margin is lost in rounding.
    pub fn margin_with_power_sum(&self, power_sum: f64) -> Result<f64> {
        let (classes, none) = (self.classes(), self.power_sum(2));
        Error::at_least("the number of classes", classes, 2, "must be at least 2: nothing freezes in one class")?;
        let refused =
            |limits| Err(Error::OutOfRange { what: "the sum of squared probabilities", value: power_sum, limits });
        if !(power_sum >= none && power_sum < 1.0) {
            return refused("must lie between that of these logits without a margin and 1: take a smaller deviation");
        }
        if power_sum == none {
            return Ok(0.0);
        }
        // The logarithm of what is left falls almost in proportion to the margin.
        let wanted = libm::log(1.0 - power_sum);
        if self.deviation() < 1e-6 {
            return still(classes, wanted);
        }
        let table = Table::new(classes, self.deviation());
        let left = |steps: isize| libm::log(table.trace(steps));
        let (mut low, mut high) = (0, 1);
        while left(high) > wanted {
            (low, high) = (high, 2 * high);
            if high > STEPS as isize {
                return refused("must be farther from 1: the margin is lost in rounding");
            }
        }
        while high - low > 1 {
            let middle = (low + high) / 2;
            (low, high) = if left(middle) > wanted { (middle, high) } else { (low, middle) };
        }
        let first = low + 1 - NODES as isize / 2;
        let values: Vec<f64> = (0..NODES as isize).map(|node| left(first + node)).collect();
        let steps = root(low as f64, high as f64, |steps| Ok(interpolated(&values, steps - first as f64) - wanted))?;
        Ok(STEP * steps)
    }
}

/// M_1 and 1 - L on the grid of the sums.
struct Table {
    others: f64,
    averages: Vec<(f64, f64)>,
}

impl Table {
    fn new(classes: usize, deviation: f64) -> Self {
        let weights = Weights::new(classes as f64, deviation);
        let average = |x| {
            let ([first, ..], missing) = weights.averages(x);
            (first, missing)
        };
        Table { others: classes as f64 - 1.0, averages: range(classes as f64, deviation).map(average).collect() }
    }

    /// 1 - Y_2 at a margin of so many steps of the grid. Beyond its ends e^x is nothing, or all.
    fn trace(&self, steps: isize) -> f64 {
        let shifted = |at: usize| match at as isize + steps {
            below if below < 0 => (0.0, 0.0),
            place => self.averages.get(place as usize).copied().unwrap_or((0.0, 1.0)),
        };
        let term = |(at, &(first, missing)): (usize, &(f64, f64))| {
            let (own, own_missing) = shifted(at);
            let pairs = 2.0 * own * first * power(missing, self.others - 1.0);
            if self.others < 2.0 {
                return pairs;
            }
            pairs + (self.others - 1.0) * first * first * power(missing, self.others - 2.0) * (1.0 - own_missing)
        };
        self.others * STEP * self.averages.iter().enumerate().map(term).sum::<f64>()
    }
}

/// The margin of logits that are equal but for it: E tr S = (C - 1) q (2 p + (C - 2) q).
fn still(classes: usize, wanted: f64) -> Result<f64> {
    let others = classes as f64 - 1.0;
    let trace = |margin: f64| {
        let [p, q] = super::margin_logits::equal_odds(classes, margin);
        others * q * (2.0 * p + (others - 1.0) * q)
    };
    root(0.0, 700.0, |margin| Ok(libm::log(trace(margin)) - wanted))
}

/// Lagrange's polynomial through values at 0, 1, 2...
fn interpolated(values: &[f64], x: f64) -> f64 {
    let weight = |at: usize| -> f64 {
        let others = (0..values.len()).filter(|&other| other != at);
        others.map(|other| (x - other as f64) / (at as f64 - other as f64)).product()
    };
    values.iter().enumerate().map(|(at, value)| weight(at) * value).sum()
}
