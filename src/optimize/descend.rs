//! The loop that descends by a rule, and its state between two steps.

use std::ops::ControlFlow;

use super::{Rule, Stop, Stopping};
use crate::error::{Error, Result};
use crate::krylov::length;
use crate::objective::Stochastic;
use crate::scalar::Scalar;

/// What an observer is told before each step, and once after the last.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a, T> {
    /// The number of steps done.
    pub step: u64,
    /// The number of steps to do in all.
    pub steps: u64,
    /// The point reached.
    pub theta: &'a [T],
}

/// Where a descent ended, and why.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a descent may have diverged: look at `stop`"]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Descent<T> {
    /// The last good point.
    pub theta: Vec<T>,
    /// The value seen by each step, before it moved: of its mini-batch, where batches differ. One more, that at theta, where
    /// a criterion of [`Stopping`] other than the number of steps was met.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub values: Vec<f64>,
    /// The norms of the gradients that went with them.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub gradient_norms: Vec<f64>,
    /// Why it ended.
    pub stop: Stop,
}

/// Descends from `start` by a rule, for a number of steps. Running out of steps or diverging is no error but a
/// [`Stop`]. For other criteria, or to save the state, take a [`DescentRun`].
///
/// ```
/// use std::ops::ControlFlow;
///
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{GradientDescent, Stop, descend};
///
/// let bowl = Recorded::<f64>::new(2, |x| (x * x).sum())?;
/// let mut rule = GradientDescent::new(0.25)?;
/// let end = descend(&bowl, &[1.0, -2.0], &mut rule, 10, |_| ControlFlow::Continue(()))?;
/// assert_eq!(end.stop, Stop::Steps);
/// assert_eq!(end.theta, [1.0 / 1024.0, -2.0 / 1024.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If `start` does not have as many entries as the objective has parameters, or one of them is not finite; or if the rule has
/// been used on another number of parameters.
#[doc(alias = "training loop")]
pub fn descend<T: Scalar>(
    objective: &(impl Stochastic<T> + ?Sized),
    start: &[T],
    rule: &mut impl Rule<T>,
    steps: u64,
    observer: impl FnMut(Progress<'_, T>) -> ControlFlow<()>,
) -> Result<Descent<T>> {
    Error::length("the start of a descent", start.len(), objective.dim())?;
    DescentRun::new(start, rule, Stopping::steps(steps))?.observe(objective, observer)
}

/// A descent by a rule between two of its steps: it can be held, saved with its rule (feature `serde`), and resumed to the same
/// bits, on the same machine with the same objective. Of a saved divergence the error is kept as its sentence.
///
/// The step's number alone chooses a mini-batch, so a resumed run sees the batches that it would have seen.
///
/// Memory: three vectors, and what the rule holds.
///
/// ```
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{Adam, DescentRun, Stopping};
///
/// let bowl = Recorded::<f64>::new(2, |x| (x * x).sum())?;
/// let mut run = DescentRun::new(&[1.0, -2.0], Adam::new(0.1)?, Stopping::steps(200))?;
/// while run.advance(&bowl)? {
///     // Between any two steps: look at it, save it, or take what there is.
///     assert!(run.theta().iter().all(|x| x.is_finite()));
/// }
/// assert!(run.finish().values[199] < 1e-2);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::DescentRun<T, R>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize, R: serde::Serialize")))]
#[cfg_attr(
    feature = "serde",
    serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>, R: Rule<T> + serde::Deserialize<'de>"))
)]
pub struct DescentRun<T, R> {
    rule: R,
    stopping: Stopping,
    theta: Vec<T>,
    /// Where the last step came from.
    previous: Vec<T>,
    step: u64,
    values: Vec<f64>,
    gradient_norms: Vec<f64>,
    stop: Option<Stop>,
    #[cfg_attr(feature = "serde", serde(skip))]
    gradient: Vec<T>,
}

impl<T: Scalar, R: Rule<T>> DescentRun<T, R> {
    /// A descent from `start` that has not begun.
    ///
    /// # Errors
    /// If an entry of `start` is not finite, or the rule has been used on another number of parameters.
    pub fn new(start: &[T], rule: R, stopping: Stopping) -> Result<Self> {
        Error::finite("the start of a descent", start, "start from finite parameters")?;
        rule.accepts(start.len())?;
        Ok(DescentRun {
            rule,
            stopping,
            theta: start.to_vec(),
            previous: start.to_vec(),
            step: 0,
            values: Vec::new(),
            gradient_norms: Vec::new(),
            stop: (stopping.limit() == 0).then_some(Stop::Steps),
            gradient: Vec::new(),
        })
    }

    /// The next step. Returns whether there is more to do.
    ///
    /// # Errors
    /// If the objective has another number of parameters.
    pub fn advance(&mut self, objective: &(impl Stochastic<T> + ?Sized)) -> Result<bool> {
        Error::length("the point of a descent", self.theta.len(), objective.dim())?;
        if self.is_done() {
            return Ok(false);
        }
        self.gradient.resize(self.theta.len(), T::zero());
        match objective.sample(self.step, &self.theta, &mut self.gradient) {
            Ok(value) => self.values.push(value),
            // The step that led here was too long: the point before it was good.
            Err(error) => return Ok(self.diverge(error)),
        }
        let norm = length(&self.gradient);
        self.gradient_norms.push(norm);
        self.stop = self.stopping.met(&self.values, norm);
        if self.is_done() {
            return Ok(false);
        }
        self.previous.copy_from_slice(&self.theta);
        self.rule.update(&mut self.theta, &self.gradient);
        if let Err(error) = Error::finite("the parameters after a step", &self.theta, "take a smaller rate") {
            return Ok(self.diverge(error));
        }
        self.step += 1;
        self.stop = (self.step >= self.stopping.limit()).then_some(Stop::Steps);
        Ok(!self.is_done())
    }

    fn diverge(&mut self, error: Error) -> bool {
        self.theta.copy_from_slice(&self.previous);
        self.stop = Some(Stop::Diverged(error));
        false
    }

    /// Runs to the end, and tells `observer` before each step and once after the last; it can stop the run.
    ///
    /// # Errors
    /// If the objective has another number of parameters.
    pub fn observe(
        mut self,
        objective: &(impl Stochastic<T> + ?Sized),
        mut observer: impl FnMut(Progress<'_, T>) -> ControlFlow<()>,
    ) -> Result<Descent<T>> {
        let steps = self.stopping.limit();
        let mut tell = |run: &Self| observer(Progress { step: run.step, steps, theta: &run.theta });
        while !self.is_done() {
            if tell(&self).is_break() {
                return Ok(self.finish());
            }
            self.advance(objective)?;
        }
        if self.stop == Some(Stop::Steps) && tell(&self).is_break() {
            self.stop = Some(Stop::Observer);
        }
        Ok(self.finish())
    }

    /// Whether the descent has ended.
    pub fn is_done(&self) -> bool {
        self.stop.is_some()
    }

    /// The number of steps done.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The point reached.
    pub fn theta(&self) -> &[T] {
        &self.theta
    }

    /// The values seen so far.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The rule, as it is now.
    pub fn rule(&self) -> &R {
        &self.rule
    }

    /// What is known now; stopped by the observer if it has not ended.
    pub fn finish(self) -> Descent<T> {
        let DescentRun { theta, values, gradient_norms, stop, .. } = self;
        Descent { theta, values, gradient_norms, stop: stop.unwrap_or(Stop::Observer) }
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Result, Rule, Scalar, Stop, Stopping};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    #[serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>, R: serde::Deserialize<'de>"))]
    pub(super) struct DescentRun<T, R> {
        rule: R,
        stopping: Stopping,
        theta: Vec<T>,
        previous: Vec<T>,
        step: u64,
        values: Vec<f64>,
        gradient_norms: Vec<f64>,
        stop: Option<Stop>,
    }

    impl<T: Scalar, R: Rule<T>> TryFrom<DescentRun<T, R>> for super::DescentRun<T, R> {
        type Error = Error;

        fn try_from(saved: DescentRun<T, R>) -> Result<Self> {
            let DescentRun { rule, stopping, theta, previous, step, values, gradient_norms, stop } = saved;
            let remedy = "the file is damaged";
            Error::finite("the saved point of a descent", &theta, remedy)?;
            Error::finite("the saved point before", &previous, remedy)?;
            Error::length("the saved point before", previous.len(), theta.len())?;
            Error::finite("the saved values of a descent", &values, remedy)?;
            Error::length("the saved norms of gradients", gradient_norms.len(), values.len())?;
            rule.accepts(theta.len())?;
            crate::saved::counts("the saved number of steps", &[step])?;
            let seen = values.len() as u64;
            // A step that ended the run was seen, but not done.
            let whole = seen == step || stop.is_some() && Some(seen) == step.checked_add(1);
            if !whole || step > stopping.limit() || (stop.is_none() && step == stopping.limit()) {
                let (what, limits) = ("the saved number of steps", "must be that of the values, and within its limit");
                return Err(Error::OutOfRange { what, value: step as f64, limits });
            }
            let gradient = Vec::new();
            Ok(super::DescentRun { rule, stopping, theta, previous, step, values, gradient_norms, stop, gradient })
        }
    }
}
