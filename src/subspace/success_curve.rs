//! How often training succeeds, as a function of the dimension.

use super::isotonic::{crossing, isotonic};
use crate::error::{Error, Result};
use crate::random_matrix::Interval;
use crate::spectrum::beta;

/// The most trials at a dimension.
const MOST: u64 = 1 << 31;

/// The trials in subspaces of one dimension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Successes {
    /// The dimension.
    pub dim: usize,
    /// How many trials succeeded.
    pub successes: usize,
    /// How many there were, at least 1.
    pub trials: usize,
}

impl Successes {
    /// The share of successes.
    pub fn share(&self) -> f64 {
        self.successes as f64 / self.trials as f64
    }

    /// The interval that covers the success probability at a confidence, in (0, 1), at least: all probabilities at which
    /// neither so few nor so many successes are rarer than (1 - confidence) / 2.
    ///
    /// ```
    /// use eigenscape::subspace::Successes;
    ///
    /// let interval = Successes { dim: 100, successes: 0, trials: 10 }.interval(0.95)?;
    /// assert_eq!(interval.lower, 0.0);
    /// assert!((interval.upper - (1.0 - 0.025f64.powf(0.1))).abs() < 1e-9);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `confidence` is not in (0, 1), there are no trials or more than 2^31, or more successes than trials.
    ///
    /// # References
    /// Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.
    pub fn interval(&self, confidence: f64) -> Result<Interval> {
        if !(confidence > 0.0 && confidence < 1.0) {
            let limits = "must lie between 0 and 1: 0.95, say";
            return Err(Error::OutOfRange { what: "the confidence of an interval", value: confidence, limits });
        }
        self.validate()?;
        let tail = (1.0 - confidence) / 2.0;
        let (hits, misses) = (self.successes as f64, (self.trials - self.successes) as f64);
        let quantile = |a: f64, b: f64, tails: (f64, f64)| beta::from_log_odds(beta::log_odds(a, b, tails)).0;
        // All or none of n: the distribution is a power, also where quantiles by iteration would not end.
        let all = |n: f64| libm::exp(libm::log(tail) / n);
        let none = |n: f64| -libm::expm1(libm::log(tail) / n);
        let lower = match () {
            () if self.successes == 0 => 0.0,
            () if misses == 0.0 => all(hits),
            () => quantile(hits, misses + 1.0, (tail, 1.0 - tail)),
        };
        let upper = match () {
            () if misses == 0.0 || 1.0 - tail == 1.0 => 1.0,
            () if self.successes == 0 => none(misses),
            () => quantile(hits + 1.0, misses, (1.0 - tail, tail)),
        };
        Ok(Interval { lower, upper })
    }

    fn validate(&self) -> Result<()> {
        let (dims, trials) = ("must be at least 1", "must be at least 1: leave that dimension out");
        Error::at_least("the dimension of a trial", self.dim, 1, dims)?;
        Error::at_least("the number of trials at a dimension", self.trials, 1, trials)?;
        if self.trials as u64 > MOST {
            let (what, because) = ("the number of trials at a dimension", "up to which quantiles are found");
            return Err(Error::AboveLimit { what, value: self.trials, limit: MOST as usize, because });
        }
        if self.successes > self.trials {
            let because = "the number of trials";
            let (value, limit) = (self.successes, self.trials);
            return Err(Error::AboveLimit { what: "the number of successes", value, limit, because });
        }
        Ok(())
    }
}

/// The success probability of training in random subspaces over their dimension d, from counts.
///
/// ```text
///     p(d) = Prob[a random d-dimensional subspace through theta0 holds a point that training finds and that is good enough]
/// ```
///
/// The one assumption is that p does not fall with d.
///
/// ```
/// use eigenscape::subspace::{SuccessCurve, Successes};
///
/// let at = |dim, successes| Successes { dim, successes, trials: 20 };
/// let curve = SuccessCurve::new(vec![at(10, 0), at(20, 1), at(40, 19), at(80, 20)])?;
/// let place = curve.crossing(0.5)?.unwrap();
/// assert!((place - 800f64.sqrt()).abs() < 1e-9); // half way from 20 to 40, on a logarithmic axis
/// let interval = curve.threshold(0.95)?;
/// assert_eq!((interval.lower, interval.upper), (20.0, 40.0));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Scherlis 2018, arXiv:1807.02581; Larsen, Fort, Becker, Ganguli 2021, arXiv:2107.05802.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SuccessCurve {
    /// Ascending, distinct.
    rows: Vec<Successes>,
}

impl SuccessCurve {
    /// The curve from counts in any order; those of equal dimensions are added up.
    ///
    /// # Errors
    /// If there are none, a dimension or a number of trials is 0, there are more successes than trials, or more than 2^31 trials
    /// at a dimension.
    pub fn new(mut rows: Vec<Successes>) -> Result<Self> {
        if rows.is_empty() {
            return Err(Error::Empty { what: "the list of trials", remedy: "a curve needs at least one dimension" });
        }
        rows.iter().try_for_each(Successes::validate)?;
        rows.sort_by_key(|row| row.dim);
        rows.dedup_by(|next, kept| {
            let same = next.dim == kept.dim;
            if same {
                kept.successes = kept.successes.saturating_add(next.successes);
                kept.trials = kept.trials.saturating_add(next.trials);
            }
            same
        });
        // Sums of counts may be more than counts.
        rows.iter().try_for_each(Successes::validate)?;
        Ok(SuccessCurve { rows })
    }

    /// The counts, by ascending dimension.
    pub fn rows(&self) -> &[Successes] {
        &self.rows
    }

    /// The non-decreasing curve of largest likelihood: neighbours that fall are given their common share of successes.
    ///
    /// One value for each row.
    pub fn fit(&self) -> Vec<f64> {
        let shares: Vec<f64> = self.rows.iter().map(Successes::share).collect();
        let trials: Vec<f64> = self.rows.iter().map(|row| row.trials as f64).collect();
        isotonic(&shares, &trials)
    }

    /// Where the fit reaches a probability, linear in log d between its points: the smallest dimension tried if it is as
    /// large there already, nothing if it stays below.
    ///
    /// The distance between the crossings of 1/4 and 3/4, say, tells how sharp the transition is.
    ///
    /// # Errors
    /// Unless `probability` is in (0, 1).
    pub fn crossing(&self, probability: f64) -> Result<Option<f64>> {
        if !(probability > 0.0 && probability < 1.0) {
            let limits = "must lie between 0 and 1: 0.5, say";
            return Err(Error::OutOfRange { what: "the probability of a crossing", value: probability, limits });
        }
        let dims: Vec<usize> = self.rows.iter().map(|row| row.dim).collect();
        Ok(crossing(&dims, &self.fit(), probability))
    }

    /// The interval that covers the dimension at which the success probability passes 1/2, at a confidence in (0, 1), at
    /// least.
    ///
    /// Going up from the smallest dimension, each one lies below the threshold whose
    /// [`interval`](Successes::interval) lies below 1/2, until the first one for which it does not; so for those above,
    /// going down. The last of either are the ends: tests in a fixed order, of which none after the first that fails
    /// counts, need no correction for their number. The lower end is 0, or the upper one infinite, where the outermost
    /// dimension decides nothing: six equal outcomes decide at 0.95, five at 0.9.
    ///
    /// # Errors
    /// If `confidence` is not in (0, 1).
    ///
    /// # References
    /// Maurer, Hothorn, Lehmacher 1995 (fixed sequences of tests).
    pub fn threshold(&self, confidence: f64) -> Result<Interval> {
        let (mut lower, mut upper) = (0.0, f64::INFINITY);
        for row in &self.rows {
            if row.interval(confidence)?.upper >= 0.5 {
                break;
            }
            lower = row.dim as f64;
        }
        for row in self.rows.iter().rev() {
            if row.interval(confidence)?.lower <= 0.5 {
                break;
            }
            upper = row.dim as f64;
        }
        // Counts that fall with the dimension decide against each other.
        Ok(Interval { lower: f64::min(lower, upper), upper: f64::max(lower, upper) })
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(SuccessCurve { rows: Vec<Successes> } by |curve| {
    let sound = SuccessCurve::new(curve.rows.clone())?;
    let limits = "must ascend";
    let first = curve.rows.first().map_or(0.0, |row| row.dim as f64);
    Error::require(sound == *curve, "a dimension of a saved curve", first, limits)
});
