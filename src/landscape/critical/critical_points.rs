//! The critical points that a survey has found.

use super::approached::{Approached, SearchStop};
use super::critical_point::CriticalPoint;
use super::survey::CriticalSurvey;
use crate::error::{Error, Result};
use crate::linalg::norm;
use crate::objective::Objective;
use crate::parallel;
use crate::random::Key;
use crate::scalar::Scalar;

/// A critical point and how often it was found.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
#[non_exhaustive]
pub struct SurveyedPoint<T> {
    /// The point, as the first search found it.
    pub point: CriticalPoint<T>,
    /// The number of starts that led there.
    pub found: usize,
}

/// How the search from one start ended.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SurveyedStart {
    /// Why it ended; [`SearchStop::NotFinite`] also where it could not begin.
    pub stop: SearchStop,
    /// The number of its point, if it found one.
    pub point: Option<usize>,
    /// The value where it ended; none where it could not begin.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: Option<f64>,
    /// The norm of the gradient there.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub gradient_norm: Option<f64>,
}

/// The critical points of a survey, in the order in which their first starts were drawn, and what became of each start: a survey under way, or
/// at its end.
///
/// With the feature `serde` it can be saved between two batches and read back; going on then gives the same bits as never having stopped.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::CriticalPoints<T>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
pub struct CriticalPoints<T> {
    survey: CriticalSurvey,
    parameters: usize,
    points: Vec<SurveyedPoint<T>>,
    starts: Vec<SurveyedStart>,
}

impl<T: Scalar> CriticalPoints<T> {
    pub(super) fn new(survey: CriticalSurvey, parameters: usize) -> Self {
        CriticalPoints { survey, parameters, points: Vec::new(), starts: Vec::new() }
    }

    /// The points.
    pub fn points(&self) -> &[SurveyedPoint<T>] {
        &self.points
    }

    /// Those within a region.
    pub fn within(&self, region: impl Fn(&[T]) -> bool) -> impl Iterator<Item = &SurveyedPoint<T>> {
        self.points.iter().filter(move |found| region(&found.point.theta))
    }

    /// What became of each start.
    pub fn starts(&self) -> &[SurveyedStart] {
        &self.starts
    }

    /// Whether all starts are done.
    pub fn is_complete(&self) -> bool {
        self.starts.len() >= self.survey.starts
    }

    /// The next batch of starts, in parallel; `start` draws one from a key. Returns whether there is more to do. A search that meets numbers
    /// that are not finite is a start without a point.
    ///
    /// # Errors
    /// If the objective or a start has another number of parameters than the survey was begun with, or none, or the search asks for an
    /// index above it.
    pub fn advance<O: Objective<T>>(&mut self, objective: &O, start: impl Fn(Key) -> Vec<T> + Sync) -> Result<bool> {
        Error::length("the parameter vector of the objective", objective.dim(), self.parameters)?;
        if self.is_complete() {
            return Ok(false);
        }
        let end = (self.starts.len() + self.survey.batch).min(self.survey.starts);
        let results: Vec<Result<Ending<T>>> =
            parallel::map(self.starts.len()..end, &|number| self.search(objective, &start, number));
        for result in results {
            let (approached, point) = result?;
            let Some(approached) = approached else {
                let stop = SearchStop::NotFinite;
                self.starts.push(SurveyedStart { stop, point: None, value: None, gradient_norm: None });
                continue;
            };
            let number = point.map(|point| self.number(point));
            let Approached { value, gradient_norm, stop, .. } = approached;
            let (value, gradient_norm) = (Some(value), Some(gradient_norm));
            self.starts.push(SurveyedStart { stop, point: number, value, gradient_norm });
        }
        Ok(!self.is_complete())
    }

    fn search<O: Objective<T>>(
        &self,
        objective: &O,
        start: &(impl Fn(Key) -> Vec<T> + Sync),
        number: usize,
    ) -> Result<Ending<T>> {
        let CriticalSurvey { search, classifier, key, .. } = self.survey;
        let met = |error: Error| match error {
            Error::NotFinite { .. } | Error::NotFiniteValue { .. } | Error::Product { .. } => Ok((None, None)),
            error => Err(error),
        };
        let approached = match search.run(objective, &start(key.split(number as u64))) {
            Ok(approached) => approached,
            Err(error) => return met(error),
        };
        if !approached.converged() {
            return Ok((Some(approached), None));
        }
        match classifier.found(objective, &approached.theta, search.tolerance_of::<T>()) {
            Ok(point) => Ok((Some(approached), Some(point))),
            Err(error) => met(error),
        }
    }

    /// The number of a point among those known, a new one if it is.
    fn number(&mut self, point: CriticalPoint<T>) -> usize {
        let apart = self.survey.apart.unwrap_or_else(|| T::EPSILON.f64().powf(0.375));
        let same = |known: &SurveyedPoint<T>| {
            let theta = known.point.theta.iter().zip(&point.theta);
            let distance = theta.map(|(&a, &b)| (a - b).f64().powi(2)).sum::<f64>().sqrt();
            let size = 1.0 + norm(&point.theta);
            // Along a flat direction nothing would be certain: places this far apart differ in any case.
            let most = T::EPSILON.f64().powf(1.0 / 6.0) * size;
            distance <= apart * size + (known.point.uncertainty() + point.uncertainty()).min(most)
        };
        match self.points.iter().position(same) {
            Some(number) => {
                self.points[number].found += 1;
                number
            }
            None => {
                self.points.push(SurveyedPoint { point, found: 1 });
                self.points.len() - 1
            }
        }
    }
}

/// How a search ended, if it could begin, and the point that it found, if it did.
type Ending<T> = (Option<Approached<T>>, Option<CriticalPoint<T>>);

#[cfg(feature = "serde")]
mod saved {
    use super::{CriticalSurvey, Error, Scalar, SurveyedPoint, SurveyedStart};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    #[serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>"))]
    pub(super) struct CriticalPoints<T> {
        survey: CriticalSurvey,
        parameters: usize,
        points: Vec<SurveyedPoint<T>>,
        starts: Vec<SurveyedStart>,
    }

    impl<T: Scalar> TryFrom<CriticalPoints<T>> for super::CriticalPoints<T> {
        type Error = Error;

        fn try_from(saved: CriticalPoints<T>) -> Result<Self, Error> {
            let CriticalPoints { survey, parameters, points, starts } = saved;
            let limits = "must be that of the survey: the file is damaged";
            let wrong = |what, value: usize| Error::OutOfRange { what, value: value as f64, limits };
            if starts.len() > survey.starts {
                return Err(wrong("the number of starts of a saved survey", starts.len()));
            }
            for (number, found) in points.iter().enumerate() {
                Error::length("a point of a saved survey", found.point.theta.len(), parameters)?;
                if starts.iter().filter(|start| start.point == Some(number)).count() != found.found {
                    return Err(wrong("the number of starts that led to a point of a saved survey", found.found));
                }
            }
            if let Some(number) = starts.iter().filter_map(|start| start.point).find(|&number| number >= points.len()) {
                return Err(wrong("the number of a point of a saved survey", number));
            }
            Ok(super::CriticalPoints { survey, parameters, points, starts })
        }
    }
}
