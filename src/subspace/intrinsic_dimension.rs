//! The search for the intrinsic dimension, and its state between two runs.

use std::ops::ControlFlow;

use super::criterion::Criterion;
use super::intrinsic_report::{IntrinsicReport, Level, Stop, majority};
use crate::error::{Error, Result};
use crate::random::Key;

/// Finds the intrinsic dimension: the smallest d at which most trainings in random d-dimensional subspaces reach a criterion.
///
/// The training is a closure: told a dimension and a key, it returns its performance. It may train anything, and confine
/// it in any way; the search knows neither networks nor subspaces.
///
/// Each dimension that is tried is run with every key. At first dimensions grow by a factor until every key reaches the
/// criterion, and fall by it until every key misses. Then the gap in which the majority changes is halved, on a
/// logarithmic axis, until its ends have a ratio of at most the resolution or are neighbours. Majorities, and not means,
/// decide, because they do not depend on the scale of the performance, and because a run that diverged, whose
/// performance is not finite, then is a failure and nothing else. Numbers of successes that fall with the dimension are
/// pooled, so that a lucky run at a small dimension does not end the search there.
///
/// Cost: keys x (about log(d / first) / log(growth) + 1 + log(log(growth) / log(resolution)) / log 2) trainings. With the
/// defaults, first guess off by a factor of 4: about 3 x 6.
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::subspace::{Criterion, IntrinsicDimension, Stop};
///
/// // An accuracy that saturates, with noise of its own for each key.
/// let training = |dim: usize, key: Key| {
///     let mut noise = [0.0f64];
///     key.normal(0, &mut noise);
///     Ok(1.0 - (-(dim as f64) / 100.0).exp() + 0.01 * noise[0])
/// };
/// let report = IntrinsicDimension::new(Criterion::AtLeast(0.9), 10_000, Key::new(0)).run(training)?;
/// assert_eq!(report.stop, Stop::Found);
/// let [misses, reaches] = report.bracket.unwrap();
/// assert!(reaches as f64 <= 1.2 * misses as f64);
/// assert!(report.interval(0.95)?.contains(230.3)); // 100 log 10
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Li, Farkhoor, Liu, Yosinski 2018, arXiv:1804.08838, who take the first dimension tried that reaches 90 % of the full
/// model's accuracy.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "intrinsic dim")]
#[doc(alias = "subspace training")]
pub struct IntrinsicDimension {
    criterion: Criterion,
    largest: usize,
    key: Key,
    keys: usize,
    first: usize,
    growth: f64,
    resolution: f64,
    budget: usize,
}

impl IntrinsicDimension {
    /// A search from 1 to `largest` dimensions, which is the whole space if that is its dimension.
    pub fn new(criterion: Criterion, largest: usize, key: Key) -> Self {
        let first = ((largest as f64).sqrt().round() as usize).max(1);
        IntrinsicDimension { criterion, largest, key, keys: 3, first, growth: 2.0, resolution: 1.2, budget: usize::MAX }
    }

    /// The number of keys, 3 by default: the fewest with which one failure is outvoted.
    ///
    /// Key number i is the child i of the search's key, the same at each dimension, so that curves are paired: what
    /// should differ between dimensions, the subspace say, splits the key by the dimension.
    pub fn keys(self, keys: usize) -> Self {
        IntrinsicDimension { keys, ..self }
    }

    /// The first dimension tried; the square root of the largest by default.
    pub fn first(self, first: usize) -> Self {
        IntrinsicDimension { first, ..self }
    }

    /// The factor between dimensions until the criterion is bracketed, 2 by default.
    pub fn growth(self, growth: f64) -> Self {
        IntrinsicDimension { growth, ..self }
    }

    /// The ratio of the bracket's ends at which the search is at its end, 1.2 by default.
    ///
    /// Finer is not better where runs are noisy: the dimensions tried follow the noise, for all keys at once, and that part of the
    /// error shows in no scatter of the keys. With noise in each run as large as what a factor of 1.22 in the dimension
    /// gains, intervals at 0.9 from three and five keys cover in 88 % and 90 % of 400 searches at the default, 95 % at 1.5, and
    /// 84 % and 80 % at 1.1. The measured noise of MNIST at 600 dimensions is of that size.
    pub fn resolution(self, resolution: f64) -> Self {
        IntrinsicDimension { resolution, ..self }
    }

    /// The most runs, without limit by default.
    pub fn budget(self, runs: usize) -> Self {
        IntrinsicDimension { budget: runs, ..self }
    }

    /// Searches.
    ///
    /// # Errors
    /// If a setting is out of its limits; or the first error of a training. One that diverges should return its last loss
    /// or a number that is not finite, and no error.
    pub fn run(&self, mut training: impl FnMut(usize, Key) -> Result<f64>) -> Result<IntrinsicReport> {
        self.observe(&mut training, |_| ControlFlow::Continue(()))
    }

    /// The same, with an observer that is shown the search after each run and may end it, to save it for instance.
    ///
    /// # Errors
    /// As [`IntrinsicDimension::run`].
    pub fn observe(
        &self,
        mut training: impl FnMut(usize, Key) -> Result<f64>,
        mut observer: impl FnMut(&IntrinsicSearch) -> ControlFlow<()>,
    ) -> Result<IntrinsicReport> {
        let mut search = self.begin()?;
        while !search.is_done() {
            search.advance(&mut training)?;
            if observer(&search).is_break() {
                break;
            }
        }
        Ok(search.report())
    }

    /// The search before its first run.
    ///
    /// # Errors
    /// If the largest dimension or the number of keys is 0, the first dimension not between 1 and the largest, growth or
    /// resolution not above 1, or the threshold not finite.
    pub fn begin(&self) -> Result<IntrinsicSearch> {
        self.validate()?;
        Ok(IntrinsicSearch { settings: *self, runs: Vec::new(), levels: Vec::new() })
    }

    fn validate(&self) -> Result<()> {
        self.criterion.validate()?;
        Error::at_least("the largest dimension of a search", self.largest, 1, "must be at least 1")?;
        Error::at_least("the number of keys of a search", self.keys, 1, "must be at least 1")?;
        Error::at_least("the first dimension of a search", self.first, 1, "must be at least 1")?;
        if self.first > self.largest {
            let (what, because) = ("the first dimension of a search", "the largest one");
            return Err(Error::AboveLimit { what, value: self.first, limit: self.largest, because });
        }
        for (what, value) in [("the growth of a search", self.growth), ("the resolution of a search", self.resolution)]
        {
            if !(value.is_finite() && value > 1.0) {
                return Err(Error::OutOfRange { what, value, limits: "must be finite and above 1: it is a ratio" });
            }
        }
        Ok(())
    }
}

/// A training that a search asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trial {
    /// The dimension.
    pub dim: usize,
    /// The number of the key.
    pub number: usize,
    /// The key.
    pub key: Key,
}

/// A training that is done.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Outcome {
    /// The dimension.
    pub dim: usize,
    /// The number of the key.
    pub number: usize,
    /// The performance; none if it was not finite.
    pub performance: Option<f64>,
}

/// A search for the intrinsic dimension between two of its runs.
///
/// What it does next follows from its settings and the runs so far alone. With feature `serde` it can be saved between any
/// two runs; read back and advanced, it repeats none and ends in the same bits as if it had never been interrupted. What is
/// read back is checked: each of its runs must be the one that the search would have asked for.
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::subspace::{Criterion, IntrinsicDimension};
///
/// // Ask and tell: for trainings that run elsewhere.
/// let settings = IntrinsicDimension::new(Criterion::AtMost(0.01), 1000, Key::new(0)).keys(1);
/// let mut search = settings.begin()?;
/// while let Some(trial) = search.proposal() {
///     search.record(1.0 / trial.dim as f64)?;
/// }
/// assert!((100..120).contains(&search.report().dimension().unwrap()));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::IntrinsicSearch"))]
pub struct IntrinsicSearch {
    settings: IntrinsicDimension,
    /// In the order in which they were done.
    runs: Vec<Outcome>,
    /// Dimensions tried, ascending, each with the number of runs that reached the criterion; the last one may be under way.
    #[cfg_attr(feature = "serde", serde(skip))]
    levels: Vec<(usize, usize)>,
}

impl IntrinsicSearch {
    /// Whether nothing is left to do: the dimension is found, or not reached, or the budget is spent.
    pub fn is_done(&self) -> bool {
        self.proposal().is_none()
    }

    /// The run to do next; none if the search is done.
    pub fn proposal(&self) -> Option<Trial> {
        let IntrinsicDimension { key, keys, budget, .. } = self.settings;
        let number = self.runs.len() % keys;
        let trial = |dim: usize| Trial { dim, number, key: key.split(number as u64) };
        if self.runs.len() >= budget {
            return None;
        }
        match self.runs.last() {
            Some(last) if number > 0 => Some(trial(last.dim)),
            _ => self.next_dimension().map(trial),
        }
    }

    /// The dimension to try next, when all those tried have a run of each key.
    fn next_dimension(&self) -> Option<usize> {
        let IntrinsicDimension { largest, keys, first, growth, resolution, .. } = self.settings;
        let [Some(&(low, low_reached)), Some(&(high, high_reached))] = [self.levels.first(), self.levels.last()] else {
            return Some(first);
        };
        if high_reached < keys && high < largest {
            // At least one more, and in the other direction one less, however close to 1 the growth is.
            return Some(((high as f64 * growth) as usize).max(high + 1).min(largest));
        }
        if low_reached > 0 && low > 1 {
            return Some(((low as f64 / growth) as usize).min(low - 1).max(1));
        }
        let [below, above] = majority(&self.levels, keys)?;
        // The smallest dimension tried is 1 if most reach it.
        if below == 0 || above - below <= 1 || above as f64 <= resolution * below as f64 {
            return None;
        }
        let middle = (below as f64 * above as f64).sqrt().round() as usize;
        Some(middle.clamp(below + 1, above - 1))
    }

    /// Takes the performance of the run that [`IntrinsicSearch::proposal`] asks for. What is not finite is a failure.
    ///
    /// # Errors
    /// If the search is done.
    pub fn record(&mut self, performance: f64) -> Result<()> {
        let Some(Trial { dim, number, .. }) = self.proposal() else {
            return Err(Error::Missing { what: "a run to record", remedy: "the search is done: take its report" });
        };
        self.runs.push(Outcome { dim, number, performance: Some(performance).filter(|value| value.is_finite()) });
        let reached = usize::from(self.settings.criterion.is_met(performance));
        match self.levels.binary_search_by_key(&dim, |level| level.0) {
            Ok(place) => self.levels[place].1 += reached,
            Err(place) => self.levels.insert(place, (dim, reached)),
        }
        Ok(())
    }

    /// Does the next run, if any is left. A training that fails with an error is not recorded and comes again.
    ///
    /// # Errors
    /// That of the training.
    pub fn advance(&mut self, training: impl FnOnce(usize, Key) -> Result<f64>) -> Result<()> {
        match self.proposal() {
            Some(Trial { dim, key, .. }) => self.record(training(dim, key)?),
            None => Ok(()),
        }
    }

    /// The settings.
    pub fn settings(&self) -> &IntrinsicDimension {
        &self.settings
    }

    /// The runs so far, in their order.
    pub fn runs(&self) -> &[Outcome] {
        &self.runs
    }

    /// What is known. Dimensions of which some keys are missing are in the curve, but decide nothing.
    pub fn report(&self) -> IntrinsicReport {
        let IntrinsicDimension { criterion, keys, budget, .. } = self.settings;
        let level = |&(dim, reached): &(usize, usize)| {
            let runs = self.runs.iter().filter(|run| run.dim == dim);
            Level { dim, performances: runs.map(|run| run.performance).collect(), reached }
        };
        let whole = self.runs.len().is_multiple_of(keys);
        let ended = whole && !self.runs.is_empty() && self.next_dimension().is_none();
        let stop = match (ended, majority(&self.levels, keys)) {
            (true, Some(_)) => Stop::Found,
            (true, None) => Stop::NotReached,
            (false, _) if self.runs.len() >= budget => Stop::Budget,
            (false, _) => Stop::Observer,
        };
        IntrinsicReport::new(criterion, self.levels.iter().map(level).collect(), keys, stop)
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, IntrinsicDimension, Outcome, Result};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct IntrinsicSearch {
        settings: IntrinsicDimension,
        runs: Vec<Outcome>,
    }

    impl TryFrom<IntrinsicSearch> for super::IntrinsicSearch {
        type Error = Error;

        fn try_from(saved: IntrinsicSearch) -> Result<Self> {
            let mut search = saved.settings.begin()?;
            for run in saved.runs {
                let due = search.proposal().map(|trial| (trial.dim, trial.number));
                if due != Some((run.dim, run.number)) {
                    let limits = "must be the one that the search asks for next: the file is damaged";
                    let what = "the dimension of a saved run";
                    return Err(Error::OutOfRange { what, value: run.dim as f64, limits });
                }
                search.record(run.performance.unwrap_or(f64::NAN))?;
            }
            Ok(search)
        }
    }
}
