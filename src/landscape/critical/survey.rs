//! A survey of a landscape: settings.

use std::ops::ControlFlow;

use super::classifier::Classifier;
use super::critical_points::CriticalPoints;
use super::search::CriticalSearch;
use crate::error::{Error, Result};
use crate::objective::Objective;
use crate::random::Key;
use crate::scalar::Scalar;

/// A survey of critical points: a search from each of many starts, what it found classified, the same points told only once.
///
/// Starts are drawn from children of a key, in batches that run in parallel; the result does not depend on the number of threads, and a run
/// can be held, saved (feature `serde`) and resumed between batches ([`CriticalPoints`]).
///
/// ```
/// use eigenscape::landscape::{CriticalKind, CriticalSearch, CriticalSurvey};
/// use eigenscape::objective::Recorded;
/// use eigenscape::random::Key;
///
/// // cos x + cos y, surveyed about the origin: a maximum there, saddles and minima around it.
/// let egg_box = Recorded::<f64>::new(2, |x| x.cos().sum())?;
/// let survey = CriticalSurvey::new(CriticalSearch::newton(), 200, Key::new(0))?;
/// let found = survey.run(&egg_box, |key| {
///     let mut start = vec![0.0; 2];
///     key.uniform(0, &mut start);
///     start.iter().map(|x| 8.0 * x - 4.0).collect()
/// })?;
/// let count = |kind| found.within(|theta| theta.iter().all(|x| x.abs() < 4.0)).filter(|found| found.point.kind == kind).count();
/// assert_eq!([CriticalKind::Maximum, CriticalKind::Saddle, CriticalKind::Minimum].map(count), [1, 4, 4]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::CriticalSurvey"))]
pub struct CriticalSurvey {
    pub(super) search: CriticalSearch,
    pub(super) classifier: Classifier,
    pub(super) starts: usize,
    pub(super) batch: usize,
    pub(super) apart: Option<f64>,
    pub(super) key: Key,
}

impl CriticalSurvey {
    /// A survey of so many starts, drawn from children of `key`.
    ///
    /// # Errors
    /// If there is no start.
    pub fn new(search: CriticalSearch, starts: usize, key: Key) -> Result<Self> {
        Error::at_least("the number of starts of a survey", starts, 1, "must be at least 1")?;
        Ok(CriticalSurvey { search, classifier: Classifier::new(), starts, batch: 16, apart: None, key })
    }

    /// Sets how points are classified.
    pub fn classifier(self, classifier: Classifier) -> Self {
        CriticalSurvey { classifier, ..self }
    }

    /// Sets the number of starts that run in parallel between two chances to stop or save; 16 by default, and 1 at least.
    pub fn batch(self, starts: usize) -> Self {
        CriticalSurvey { batch: starts.max(1), ..self }
    }

    /// Sets the distance, relative to 1 + |theta|, up to which points are the same; `EPSILON`^(3/8) by default, 1e-6 in `f64`. What is
    /// [uncertain](super::CriticalPoint::uncertainty) of them adds to it.
    ///
    /// # Errors
    /// If it is not finite and positive.
    pub fn apart(self, distance: f64) -> Result<Self> {
        Error::positive("the distance of different critical points", distance)?;
        Ok(CriticalSurvey { apart: Some(distance), ..self })
    }

    /// Begins a survey in a space of so many parameters.
    pub fn begin<T: Scalar>(&self, parameters: usize) -> CriticalPoints<T> {
        CriticalPoints::new(*self, parameters)
    }

    /// Surveys an objective; `start` draws a start from a key.
    ///
    /// # Errors
    /// As [`CriticalPoints::advance`].
    pub fn run<T: Scalar, O: Objective<T>>(
        &self,
        objective: &O,
        start: impl Fn(Key) -> Vec<T> + Sync,
    ) -> Result<CriticalPoints<T>> {
        self.observe(objective, start, |_| ControlFlow::Continue(()))
    }

    /// The same with an observer, which sees what is known after each batch and may end the survey.
    ///
    /// # Errors
    /// As [`CriticalPoints::advance`].
    pub fn observe<T: Scalar, O: Objective<T>>(
        &self,
        objective: &O,
        start: impl Fn(Key) -> Vec<T> + Sync,
        mut observer: impl FnMut(&CriticalPoints<T>) -> ControlFlow<()>,
    ) -> Result<CriticalPoints<T>> {
        let mut found = self.begin(objective.dim());
        while found.advance(objective, &start)? && observer(&found).is_continue() {}
        Ok(found)
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Classifier, CriticalSearch, Error, Key, Result};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct CriticalSurvey {
        search: CriticalSearch,
        classifier: Classifier,
        starts: usize,
        batch: usize,
        apart: Option<f64>,
        key: Key,
    }

    impl TryFrom<CriticalSurvey> for super::CriticalSurvey {
        type Error = Error;

        fn try_from(saved: CriticalSurvey) -> Result<Self> {
            let survey = super::CriticalSurvey::new(saved.search, saved.starts, saved.key)?;
            let survey = survey.classifier(saved.classifier).batch(saved.batch);
            saved.apart.map_or(Ok(survey), |apart| survey.apart(apart))
        }
    }
}
