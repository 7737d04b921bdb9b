//! Where a minimization is, and how it came there: what all methods share.

use super::{Evaluations, Iteration, Stop, Stopping};
use crate::error::{Error, Result};
use crate::krylov::length;
use crate::objective::{Objective, Point};
use crate::scalar::Scalar;

/// Differences of values below so many rounding errors of them say nothing. Values are sums of terms that were rounded one by
/// one: their error is some multiples of one rounding.
const NOISE: f64 = 16.0;

/// The part of the gradient to which a first model is minimized, and any other at most.
const FORCING: f64 = 0.5;

/// Where a minimization is.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Path<T>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
pub struct Path<T> {
    pub(super) stopping: Stopping,
    pub(super) theta: Vec<T>,
    /// Where the last step came from; empty before the first.
    pub(super) previous: Vec<T>,
    /// Whether anything is known of the value and the gradient.
    pub(super) started: bool,
    pub(super) value: f64,
    /// The norm of the newest gradient that was taken.
    pub(super) gradient_norm: f64,
    pub(super) history: Vec<Iteration>,
    pub(super) evaluations: Evaluations,
    /// How long the last model said that the gradient would be here.
    pub(super) promised: Option<f64>,
    /// The part of the gradient to which the last model was minimized.
    pub(super) forcing: f64,
    /// Whether the last step promised a decrease that rounding hides.
    pub(super) noisy: bool,
    /// The least norm of a gradient before, or among, such steps.
    pub(super) least: f64,
    /// How many of them in a row have not halved it.
    pub(super) idle: u32,
    pub(super) stop: Option<Stop>,
}

impl<T: Scalar> Path<T> {
    pub(super) fn new(start: &[T], stopping: Stopping) -> Self {
        Path {
            stopping,
            theta: start.to_vec(),
            previous: Vec::new(),
            started: false,
            value: 0.0,
            gradient_norm: 0.0,
            history: Vec::new(),
            evaluations: Evaluations::default(),
            promised: None,
            forcing: FORCING,
            noisy: false,
            least: 0.0,
            idle: 0,
            stop: None,
        }
    }

    /// A difference of values that rounding explains.
    pub(super) fn noise(&self) -> f64 {
        NOISE * T::EPSILON.f64() * self.value.abs()
    }

    /// Takes note of the value and the gradient's norm at theta, and ends the run if that is enough. After `patience` steps
    /// whose decrease rounding hides, and that do not shorten the gradient either, more of them would not help.
    pub(super) fn arrive(&mut self, value: f64, gradient_norm: f64, patience: u32) {
        (self.started, self.value, self.gradient_norm) = (true, value, gradient_norm);
        let window = self.stopping.window().saturating_mul(2);
        let tail = &self.history[self.history.len().saturating_sub(window)..];
        let values: Vec<f64> = tail.iter().map(|iteration| iteration.value).chain([value]).collect();
        if !self.noisy || gradient_norm <= 0.5 * self.least {
            (self.least, self.idle) = (gradient_norm, 0);
        } else {
            self.idle += 1;
        }
        self.stop = match self.stopping.met(&values, gradient_norm) {
            Some(stop) => Some(stop),
            None if gradient_norm == 0.0 => Some(Stop::Gradient),
            None if self.history.len() as u64 >= self.stopping.limit() => Some(Stop::Steps),
            None if self.idle >= patience => Some(Stop::Rounding),
            None => None,
        };
    }

    /// Steps to `theta`, where the value is known. `noisy`: whether rounding hides the decrease.
    pub(super) fn step(&mut self, theta: Vec<T>, value: f64, length: f64, control: f64, noisy: bool) {
        self.history.push(Iteration { value: self.value, gradient_norm: self.gradient_norm, length, control });
        self.previous = std::mem::replace(&mut self.theta, theta);
        (self.value, self.noisy) = (value, noisy);
    }

    /// Whether another step may follow.
    pub(super) fn within_steps(&self) -> bool {
        (self.history.len() as u64) < self.stopping.limit()
    }

    /// How small the gradient of the next model must be at its step: a part of |g| that is as large as what the last model was
    /// wrong by (Eisenstat and Walker 1996), so that there are few products where models are poor, superlinear convergence
    /// near a minimum, and few iterations where the objective is almost quadratic. Not far below what ends the run, which
    /// nobody asked for.
    pub(super) fn model_tolerance(&mut self) -> f64 {
        let norm = self.gradient_norm;
        let wrong = self.promised.zip(self.history.last()).map(|(promised, last)| {
            // One good model may have been luck: the part falls no faster than this.
            let least = self.forcing.powf(0.5 * (1.0 + 5f64.sqrt()));
            let least = if least > 0.1 { least } else { 0.0 };
            ((norm - promised).abs() / last.gradient_norm).max(least)
        });
        self.forcing = wrong.unwrap_or(FORCING).min(FORCING);
        let tolerance = self.forcing * norm;
        self.stopping.gradient().map_or(tolerance, |norm| tolerance.max(0.3 * norm))
    }

    /// Where a step would lead, and the value there.
    pub(super) fn trial<O: Objective<T>>(&mut self, objective: &O, step: &[T]) -> Result<(Vec<T>, f64)> {
        let theta: Vec<T> = self.theta.iter().zip(step).map(|(&x, &s)| x + s).collect();
        Error::finite("the parameters after a step", &theta, "the objective may have no minimum")?;
        self.evaluations.values += 1;
        let value = objective.value(&theta)?;
        Ok((theta, value))
    }

    /// Takes the last step back.
    pub(super) fn back(&mut self) {
        self.promised = None;
        if let Some(last) = self.history.pop() {
            (self.value, self.gradient_norm) = (last.value, last.gradient_norm);
            self.theta = std::mem::take(&mut self.previous);
        }
    }
}

/// The objective at the point reached, of which the path takes note; none if its gradient is not finite, and the step that
/// led there was taken back: `shorten` is told how long it was. Fails at the start alone.
pub(super) fn arrived<'o, T: Scalar, O: Objective<T>>(
    objective: &'o O,
    path: &mut Path<T>,
    patience: u32,
    shorten: &mut dyn FnMut(f64),
) -> Result<Option<O::Point<'o>>> {
    path.evaluations.gradients += 1;
    match objective.at(&path.theta) {
        Ok(point) => {
            path.arrive(point.value(), length(point.gradient()), patience);
            Ok(Some(point))
        }
        Err(error) => {
            if !path.started {
                return Err(error);
            }
            let Some(last) = path.history.last().copied().filter(|_| !path.previous.is_empty()) else {
                path.stop = Some(Stop::Diverged(error));
                return Ok(None);
            };
            path.back();
            shorten(last.length);
            if last.length <= T::EPSILON.f64() * length(&path.theta) {
                path.stop = Some(Stop::Diverged(error));
            }
            Ok(None)
        }
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Evaluations, Iteration, Result, Scalar, Stop, Stopping};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    #[serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>"))]
    pub(super) struct Path<T> {
        stopping: Stopping,
        theta: Vec<T>,
        previous: Vec<T>,
        started: bool,
        value: f64,
        gradient_norm: f64,
        history: Vec<Iteration>,
        evaluations: Evaluations,
        promised: Option<f64>,
        forcing: f64,
        noisy: bool,
        least: f64,
        idle: u32,
        stop: Option<Stop>,
    }

    impl<T: Scalar> TryFrom<Path<T>> for super::Path<T> {
        type Error = Error;

        fn try_from(saved: Path<T>) -> Result<Self> {
            let remedy = "the file is damaged";
            Error::finite("the saved point of a minimization", &saved.theta, remedy)?;
            Error::finite("the saved point before", &saved.previous, remedy)?;
            if !saved.previous.is_empty() {
                Error::length("the saved point before", saved.previous.len(), saved.theta.len())?;
            }
            let numbers = saved.history.iter().flat_map(|i| [i.value, i.gradient_norm, i.length, i.control]);
            let numbers: Vec<f64> = numbers
                .chain([saved.value, saved.gradient_norm, saved.least, saved.forcing])
                .chain(saved.promised)
                .collect();
            Error::finite("the saved values of a minimization", &numbers, remedy)?;
            let Evaluations { values, gradients, matvecs } = saved.evaluations;
            let counts = [values, gradients, matvecs, u64::from(saved.idle) << 32];
            crate::saved::counts("a count of a saved minimization", &counts)?;
            let steps = saved.history.len() as u64;
            if (steps > 0 && !saved.started) || steps > saved.stopping.limit() {
                let (what, limits) = ("the saved number of iterations", "must be that of a run within its limit");
                return Err(Error::OutOfRange { what, value: steps as f64, limits });
            }
            Ok(super::Path {
                stopping: saved.stopping,
                theta: saved.theta,
                previous: saved.previous,
                started: saved.started,
                value: saved.value,
                gradient_norm: saved.gradient_norm,
                history: saved.history,
                evaluations: saved.evaluations,
                promised: saved.promised,
                forcing: saved.forcing,
                noisy: saved.noisy,
                least: saved.least,
                idle: saved.idle,
                stop: saved.stop,
            })
        }
    }
}
