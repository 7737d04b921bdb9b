//! The state of a minimization between two iterations, and its result.

use std::ops::ControlFlow;

use super::method::{Method, Settings};
use super::path::Path;
use super::{Stop, Stopping};
use crate::error::{Error, Result};
use crate::objective::Objective;
use crate::scalar::Scalar;

/// What an iteration did.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Iteration {
    /// The value where it began.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// The norm of the gradient where it began.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub gradient_norm: f64,
    /// The length of its step, in units of parameters.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub length: f64,
    /// What held the step in check: the multiple of the direction that a line search chose, the trust region's radius, or the
    /// weight of the cubic term.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub control: f64,
}

/// What a minimization has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Evaluations {
    /// Values alone.
    pub values: u64,
    /// Gradients, each with its value.
    pub gradients: u64,
    /// Products with a Hessian or a Gauss-Newton matrix.
    pub matvecs: u64,
}

/// Where a minimization ended, why, and how it came there.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a minimization may end before it has converged: look at `stop`"]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Minimum<T> {
    /// The last good point.
    pub theta: Vec<T>,
    /// The value there.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// The norm of the gradient there.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub gradient_norm: f64,
    /// The iterations, in their order.
    pub history: Vec<Iteration>,
    /// What it cost.
    pub evaluations: Evaluations,
    /// Why it ended.
    pub stop: Stop,
}

impl<T> Minimum<T> {
    /// Whether a criterion of [`Stopping`] other than the number of steps was met.
    pub fn converged(&self) -> bool {
        matches!(self.stop, Stop::Gradient | Stop::Value | Stop::Change)
    }
}

/// A minimization between two of its iterations: it can be held, saved (feature `serde`), and resumed to the same bits, on the
/// same machine with the same objective. Of a saved divergence the error is kept as its sentence.
///
/// `begin` of [`LimitedMemoryBfgs`](super::LimitedMemoryBfgs::begin), [`TrustRegion`](super::TrustRegion::begin) and
/// [`CubicNewton`](super::CubicNewton::begin) makes it.
///
/// ```
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{LimitedMemoryBfgs, Stop};
///
/// let valley = Recorded::<f64>::new(2, |x| {
///     let (x, y) = (x.at(0), x.at(1));
///     (1.0 - x).powi(2) + (y - x * x).powi(2) * 100.0
/// })?;
/// let mut run = LimitedMemoryBfgs::new().begin(&[-1.2, 1.0])?;
/// while run.advance(&valley)? {
///     // Between any two iterations: look at it, save it, or take what there is.
///     assert!(run.history().len() < 100);
/// }
/// let end = run.finish();
/// assert_eq!(end.stop, Stop::Gradient);
/// assert!(end.theta.iter().all(|x| (x - 1.0).abs() < 1e-6));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Minimization<T, M>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize, M: serde::Serialize")))]
#[cfg_attr(
    feature = "serde",
    serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>, M: Settings + serde::Deserialize<'de>"))
)]
pub struct Minimization<T, M> {
    path: Path<T>,
    method: M,
}

impl<T: Scalar, M: Settings> Minimization<T, M> {
    pub(super) fn new(start: &[T], method: M, stopping: Stopping) -> Result<Self> {
        Error::finite("the start of a minimization", start, "start from finite parameters")?;
        method.accepts(start.len())?;
        Ok(Minimization { path: Path::new(start, stopping), method })
    }
}

impl<T: Scalar, M> Minimization<T, M> {
    /// The next iteration, or what is left of one; the first one begins with the start's value and gradient. Returns whether
    /// there is more to do.
    ///
    /// # Errors
    /// If the objective has another number of parameters, or its value, gradient or first product at the start are not
    /// finite. Later ones only shorten steps, or end the run.
    pub fn advance<'o, O: Objective<T>>(&mut self, objective: &'o O) -> Result<bool>
    where
        M: Method<'o, T, O>,
    {
        Error::length("the point of a minimization", self.path.theta.len(), objective.dim())?;
        if !self.is_done() {
            self.method.iterate(objective, &mut self.path)?;
        }
        Ok(!self.is_done())
    }

    /// Runs to the end, and tells `observer` after each call of [`Minimization::advance`]; it can stop the run.
    ///
    /// # Errors
    /// As [`Minimization::advance`].
    pub fn observe<'o, O: Objective<T>>(
        mut self,
        objective: &'o O,
        mut observer: impl FnMut(&Self) -> ControlFlow<()>,
    ) -> Result<Minimum<T>>
    where
        M: Method<'o, T, O>,
    {
        while self.advance(objective)? && observer(&self).is_continue() {}
        Ok(self.finish())
    }

    /// Whether it has ended.
    pub fn is_done(&self) -> bool {
        self.path.stop.is_some()
    }

    /// The point reached.
    pub fn theta(&self) -> &[T] {
        &self.path.theta
    }

    /// The value at the point reached; none before the first call of [`Minimization::advance`].
    pub fn value(&self) -> Option<f64> {
        self.path.started.then_some(self.path.value)
    }

    /// The iterations so far.
    pub fn history(&self) -> &[Iteration] {
        &self.path.history
    }

    /// What it has cost so far.
    pub fn evaluations(&self) -> Evaluations {
        self.path.evaluations
    }

    /// What is known now; stopped by the observer if it has not ended. The gradient's norm is then the last one that was
    /// taken, where the iteration before began for methods by second derivatives. Both numbers are 0 where nothing was
    /// evaluated.
    pub fn finish(self) -> Minimum<T> {
        let Path { theta, value, gradient_norm, history, evaluations, stop, .. } = self.path;
        Minimum { theta, value, gradient_norm, history, evaluations, stop: stop.unwrap_or(Stop::Observer) }
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Path, Scalar, Settings};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    #[serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>, M: serde::Deserialize<'de>"))]
    pub(super) struct Minimization<T, M> {
        path: Path<T>,
        method: M,
    }

    impl<T: Scalar, M: Settings> TryFrom<Minimization<T, M>> for super::Minimization<T, M> {
        type Error = Error;

        fn try_from(saved: Minimization<T, M>) -> Result<Self, Error> {
            let Minimization { path, method } = saved;
            method.accepts(path.theta.len())?;
            Ok(super::Minimization { path, method })
        }
    }
}
