//! What a search for the intrinsic dimension found.

use super::criterion::Criterion;
use super::isotonic::{crossing, isotonic};
use super::success_curve::{SuccessCurve, Successes};
use crate::error::{Error, Result};
use crate::random_matrix::Interval;
use crate::spectrum::student;

/// Why a search for the intrinsic dimension ended.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Stop {
    /// The bracket is as narrow as was asked for.
    Found,
    /// Most runs miss the criterion at every dimension, the largest included.
    NotReached,
    /// The budget of runs was spent.
    Budget,
    /// The observer stopped it, or the report was asked for before the end.
    Observer,
}

/// The runs at one dimension.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Level {
    /// The dimension.
    pub dim: usize,
    /// The performance of each key's run, by the number of the key; none for a run that ended in numbers that are not finite.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub performances: Vec<Option<f64>>,
    /// How many of them met the criterion.
    pub reached: usize,
}

impl Level {
    /// The mean of the performances that are finite; none if no run's is.
    pub fn mean(&self) -> Option<f64> {
        let finite: Vec<f64> = self.performances.iter().flatten().copied().collect();
        (!finite.is_empty()).then(|| finite.iter().sum::<f64>() / finite.len() as f64)
    }
}

/// The intrinsic dimension as far as it is known, and the curve that it is read off: from
/// [`IntrinsicDimension`](super::IntrinsicDimension).
#[must_use = "a search may end without a dimension: look at `stop`"]
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IntrinsicReport {
    /// What had to be reached.
    pub criterion: Criterion,
    /// The runs, by ascending dimension.
    pub curve: Vec<Level>,
    /// The largest dimension tried at which most runs miss (0 if none does) and the smallest at which most reach, once noise
    /// is pooled: neighbours whose numbers of successes fall with the dimension share their mean. None while nothing reaches.
    pub bracket: Option<[usize; 2]>,
    /// Where the curve of each key crosses the threshold; none for a key whose run misses at the largest dimension tried.
    /// Empty before all keys have run at one dimension.
    ///
    /// The curve of a key is the non-decreasing fit, by least squares, to its margins above the threshold, linear in log d
    /// between the dimensions tried. A run that is not finite counts with the largest margin of any run, turned negative.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub crossings: Vec<Option<f64>>,
    /// The number of runs.
    pub runs: usize,
    /// Why the search ended.
    pub stop: Stop,
}

impl IntrinsicReport {
    pub(super) fn new(criterion: Criterion, curve: Vec<Level>, keys: usize, stop: Stop) -> Self {
        let whole: Vec<&Level> = curve.iter().filter(|level| level.performances.len() == keys).collect();
        let bracket = majority(&whole.iter().map(|level| (level.dim, level.reached)).collect::<Vec<_>>(), keys);
        let dims: Vec<usize> = whole.iter().map(|level| level.dim).collect();
        let margin = |performance: &Option<f64>| performance.map(|performance| criterion.margin(performance));
        let margins = whole.iter().flat_map(|level| level.performances.iter().filter_map(margin));
        let worst = -margins.map(f64::abs).filter(|margin| *margin > 0.0).fold(0.0, f64::max);
        let worst = if worst < 0.0 { worst } else { -1.0 };
        let of_key = |key: usize| {
            let margins: Vec<f64> =
                whole.iter().map(|level| margin(&level.performances[key]).unwrap_or(worst)).collect();
            crossing(&dims, &isotonic(&margins, &vec![1.0; dims.len()]), 0.0)
        };
        let crossings = if whole.is_empty() { Vec::new() } else { (0..keys).map(of_key).collect() };
        let runs = curve.iter().map(|level| level.performances.len()).sum();
        IntrinsicReport { criterion, curve, bracket, crossings, runs, stop }
    }

    /// The intrinsic dimension by its definition: the smallest dimension tried at which, noise pooled, most runs reach the
    /// criterion.
    pub fn dimension(&self) -> Option<usize> {
        self.bracket.map(|bracket| bracket[1])
    }

    /// The geometric mean over keys of the dimensions at which their curves cross the threshold; none unless all cross.
    pub fn estimate(&self) -> Option<f64> {
        let logarithms = self.logarithms()?;
        Some(libm::exp(logarithms.iter().sum::<f64>() / logarithms.len() as f64))
    }

    fn logarithms(&self) -> Option<Vec<f64>> {
        let crossings: Option<Vec<f64>> = self.crossings.iter().copied().collect();
        crossings.map(|crossings| crossings.into_iter().map(libm::log).collect())
    }

    /// The standard error of the logarithm of [`IntrinsicReport::estimate`], over keys; none for one key, or unless all cross.
    pub fn log_standard_error(&self) -> Option<f64> {
        let logarithms = self.logarithms().filter(|values| values.len() > 1)?;
        let count = logarithms.len() as f64;
        let mean = logarithms.iter().sum::<f64>() / count;
        let squares: f64 = logarithms.iter().map(|value| (value - mean) * (value - mean)).sum();
        Some((squares / (count - 1.0) / count).sqrt())
    }

    /// The interval for the dimension at a confidence, in (0, 1): the mean of the logarithms of the keys' crossings +- q
    /// standard errors, q the quantile of Student's distribution with keys - 1 degrees of freedom; widened to hold the
    /// [`bracket`](IntrinsicReport::bracket), so that neither the scatter of the keys nor the resolution is forgotten.
    ///
    /// What it covers is the dimension at which the typical key crosses. The confidence is exact where keys shift whole curves
    /// and the logarithms of their crossings are normal; where each run has noise of its own, it depends on the
    /// [`resolution`](super::IntrinsicDimension::resolution), with measured figures there. Three keys pay for having few: q is
    /// 4.3 at 0.95.
    ///
    /// # Errors
    /// If `confidence` is not in (0, 1), there is one key only, or a key's curve does not cross.
    pub fn interval(&self, confidence: f64) -> Result<Interval> {
        if !(confidence > 0.0 && confidence < 1.0) {
            let limits = "must lie between 0 and 1: 0.95, say";
            return Err(Error::OutOfRange { what: "the confidence of an interval", value: confidence, limits });
        }
        let spread = (self.estimate(), self.log_standard_error(), self.bracket);
        let (Some(estimate), Some(error), Some(bracket)) = spread else {
            let remedy = "an interval needs two keys at least, and that the curves of all cross the threshold";
            return Err(Error::Missing { what: "the spread of the keys' dimensions", remedy });
        };
        let quantile = student::quantile(confidence, self.crossings.len())?;
        // No spread, no uncertainty: infinitely many standard errors of 0 are 0.
        let reach = if error == 0.0 { 1.0 } else { libm::exp(quantile * error) };
        let [lower, upper] = bracket.map(|dim| dim.max(1) as f64);
        Ok(Interval { lower: lower.min(estimate / reach), upper: upper.max(estimate * reach) })
    }

    /// The best performance of any run and its dimension; none if no run's is finite.
    pub fn best(&self) -> Option<(usize, f64)> {
        let runs = self.curve.iter().flat_map(|level| level.performances.iter().flatten().map(|&p| (level.dim, p)));
        let margin = |run: &(usize, f64)| self.criterion.margin(run.1);
        // The smallest of the dimensions at which it was seen.
        runs.reduce(|best, run| if margin(&run) > margin(&best) { run } else { best })
    }

    /// The share of keys that reach the criterion over the dimension, as counts.
    ///
    /// # Errors
    /// If there is no run.
    pub fn successes(&self) -> Result<SuccessCurve> {
        let rows = self.curve.iter().map(|level| Successes {
            dim: level.dim,
            successes: level.reached,
            trials: level.performances.len(),
        });
        SuccessCurve::new(rows.collect())
    }
}

/// The neighbouring dimensions between which the pooled number of successes passes half of the keys; the first is 0 if it is
/// above from the start. None if it stays at half or below.
pub(super) fn majority(levels: &[(usize, usize)], keys: usize) -> Option<[usize; 2]> {
    let counts: Vec<f64> = levels.iter().map(|level| level.1 as f64).collect();
    // Sums and halves of counts are exact.
    let pooled = isotonic(&counts, &vec![1.0; counts.len()]);
    let first = pooled.iter().position(|&count| count > keys as f64 / 2.0)?;
    Some([first.checked_sub(1).map_or(0, |before| levels[before].0), levels[first].0])
}
