//! Trials over a grid of dimensions.

use std::ops::ControlFlow;

use super::success_curve::{SuccessCurve, Successes};
use crate::error::{Error, Result};
use crate::random::Key;

/// Measures the success probability of training in random subspaces over a grid of dimensions.
///
/// Cost: dimensions x trials trainings, by a closure that is told the dimension and a key and says whether the training
/// reached what it should. Everything else is the closure's: the radius of the start, as in Fort & Scherlis 2018, or how
/// long training in the full space went on before, as in Larsen et al. 2021, is one curve each.
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::subspace::SuccessProbability;
///
/// // A training that succeeds where a number drawn from its key lies below d / 100.
/// let luck = |dim: usize, key: Key| {
///     let mut draw = [0.0f64];
///     key.split(dim as u64).uniform(0, &mut draw);
///     Ok(draw[0] < dim as f64 / 100.0)
/// };
/// let curve = SuccessProbability::new(&[20, 40, 60, 80], Key::new(0)).trials(50).run(luck)?;
/// let interval = curve.threshold(0.95)?;
/// assert!(interval.contains(50.0));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Scherlis 2018, arXiv:1807.02581; Larsen, Fort, Becker, Ganguli 2021, arXiv:2107.05802.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SuccessProbability {
    dims: Vec<usize>,
    trials: usize,
    key: Key,
}

impl SuccessProbability {
    /// Ten trials at each of the dimensions: nine equal outcomes of ten decide at 0.95 on which side of 1/2 it lies.
    pub fn new(dims: &[usize], key: Key) -> Self {
        SuccessProbability { dims: dims.to_vec(), trials: 10, key }
    }

    /// The number of trials at each dimension.
    pub fn trials(self, trials: usize) -> Self {
        SuccessProbability { trials, ..self }
    }

    /// Runs all trials.
    ///
    /// Trial number i is given the child i of the key, the same at each dimension, so that curves are paired: what should
    /// differ between dimensions, the subspace say, splits the key by the dimension.
    ///
    /// # Errors
    /// If there is no dimension, one of them is 0 or given twice, or no trial is asked for; or the first error of a trial.
    pub fn run(&self, mut trial: impl FnMut(usize, Key) -> Result<bool>) -> Result<SuccessCurve> {
        let mut run = self.begin()?;
        while !run.is_done() {
            run.advance(&mut trial)?;
        }
        run.curve()
    }

    /// The same, with an observer that is shown the run after each trial and may end it, to save it for instance.
    ///
    /// # Errors
    /// As [`SuccessProbability::run`].
    pub fn observe(
        &self,
        mut trial: impl FnMut(usize, Key) -> Result<bool>,
        mut observer: impl FnMut(&SuccessRun) -> ControlFlow<()>,
    ) -> Result<SuccessCurve> {
        let mut run = self.begin()?;
        while !run.is_done() {
            run.advance(&mut trial)?;
            if observer(&run).is_break() {
                break;
            }
        }
        run.curve()
    }

    /// The run before its first trial.
    ///
    /// # Errors
    /// If there is no dimension, one of them is 0 or given twice, or no trial is asked for.
    pub fn begin(&self) -> Result<SuccessRun> {
        self.validate()?;
        Ok(SuccessRun { settings: self.clone(), outcomes: Vec::new() })
    }

    fn validate(&self) -> Result<()> {
        let mut sorted = self.dims.clone();
        sorted.sort_unstable();
        let Some(&least) = sorted.first() else {
            return Err(Error::Empty { what: "the list of dimensions", remedy: "a curve needs at least one" });
        };
        Error::at_least("a dimension of the trials", least, 1, "must be at least 1")?;
        if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            let limits = "stands twice in the list: give each dimension once, and the number of trials apart";
            return Err(Error::OutOfRange { what: "a dimension of the trials", value: twice[0] as f64, limits });
        }
        Error::at_least("the number of trials at each dimension", self.trials, 1, "must be at least 1")?;
        if sorted.len().checked_mul(self.trials).is_none() {
            let (limit, because) = (usize::MAX / sorted.len(), "so that all of them can be counted");
            let what = "the number of trials at each dimension";
            return Err(Error::AboveLimit { what, value: self.trials, limit, because });
        }
        Ok(())
    }
}

/// A run of [`SuccessProbability`] between two of its trials.
///
/// All dimensions have their first trial, then all their second one, and so on: whenever the run is stopped, the curve is
/// as even as it can be. With feature `serde` it can be saved between any two trials; read back and advanced, it repeats none.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::SuccessRun"))]
pub struct SuccessRun {
    settings: SuccessProbability,
    /// In the order of the trials.
    outcomes: Vec<bool>,
}

impl SuccessRun {
    /// Whether all trials are done.
    pub fn is_done(&self) -> bool {
        self.outcomes.len() == self.settings.dims.len() * self.settings.trials
    }

    /// The outcomes so far, trial by trial, the dimensions of each in the order of the settings.
    pub fn outcomes(&self) -> &[bool] {
        &self.outcomes
    }

    /// Runs the next trial, if any is left. A trial that fails with an error is not counted and comes again.
    ///
    /// # Errors
    /// That of the trial.
    pub fn advance(&mut self, trial: impl FnOnce(usize, Key) -> Result<bool>) -> Result<()> {
        if !self.is_done() {
            let (number, place) = (self.outcomes.len() / self.settings.dims.len(), self.outcomes.len());
            let dim = self.settings.dims[place % self.settings.dims.len()];
            self.outcomes.push(trial(dim, self.settings.key.split(number as u64))?);
        }
        Ok(())
    }

    /// The curve of what is known.
    ///
    /// # Errors
    /// If no trial is done.
    pub fn curve(&self) -> Result<SuccessCurve> {
        let dims = self.settings.dims.iter().cycle();
        let rows = dims.zip(&self.outcomes).map(|(&dim, &hit)| Successes { dim, successes: hit.into(), trials: 1 });
        SuccessCurve::new(rows.collect())
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::SuccessProbability;

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct SuccessRun {
        settings: SuccessProbability,
        outcomes: Vec<bool>,
    }

    impl TryFrom<SuccessRun> for super::SuccessRun {
        type Error = super::Error;

        fn try_from(saved: SuccessRun) -> super::Result<Self> {
            let SuccessRun { settings, outcomes } = saved;
            settings.validate()?;
            let (value, limit) = (outcomes.len(), settings.dims.len() * settings.trials);
            if value > limit {
                let because = "the number of all trials";
                let what = "the number of outcomes of a saved run";
                return Err(super::Error::AboveLimit { what, value, limit, because });
            }
            Ok(super::SuccessRun { settings, outcomes })
        }
    }
}
