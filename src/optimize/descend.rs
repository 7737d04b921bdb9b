//! The loop that descends.

use std::ops::ControlFlow;

use super::Rule;
use crate::error::{Error, Result};
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

/// Why a descent ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stop {
    /// All steps are done.
    Steps,
    /// The observer stopped it.
    Observer,
    /// The value, the gradient or the next point was not finite: the error says which. The point returned is the last
    /// one at which everything was finite. Take a smaller rate.
    Diverged(Error),
}

/// Where a descent ended, and why.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a descent may have diverged: look at `stop`"]
pub struct Descent<T> {
    /// The last good point.
    pub theta: Vec<T>,
    /// The value seen by each step, before it moved: of its mini-batch, where batches differ.
    pub values: Vec<f64>,
    /// Why it ended.
    pub stop: Stop,
}

/// Descends from `start` by a rule, for a number of steps. Running out of steps or diverging is no error but a
/// [`Stop`].
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
/// If `start` does not have as many entries as the objective has parameters, or one of them is not finite.
pub fn descend<T: Scalar>(
    objective: &(impl Stochastic<T> + ?Sized),
    start: &[T],
    rule: &mut impl Rule<T>,
    steps: u64,
    mut observer: impl FnMut(Progress<'_, T>) -> ControlFlow<()>,
) -> Result<Descent<T>> {
    Error::length("the start of a descent", start.len(), objective.dim())?;
    Error::finite("the start of a descent", start, "start from finite parameters")?;
    let mut theta = start.to_vec();
    let mut gradient = vec![T::zero(); theta.len()];
    let mut previous = theta.clone();
    let mut values = Vec::new();
    for step in 0..steps {
        if observer(Progress { step, steps, theta: &theta }) == ControlFlow::Break(()) {
            return Ok(Descent { theta, values, stop: Stop::Observer });
        }
        match objective.sample(step, &theta, &mut gradient) {
            Ok(value) => values.push(value),
            // The step that led here was too long: the point before it was good.
            Err(error) => return Ok(Descent { theta: previous, values, stop: Stop::Diverged(error) }),
        }
        previous.copy_from_slice(&theta);
        rule.update(&mut theta, &gradient);
        if let Err(error) = Error::finite("the parameters after a step", &theta, "take a smaller rate") {
            return Ok(Descent { theta: previous, values, stop: Stop::Diverged(error) });
        }
    }
    let stop = match observer(Progress { step: steps, steps, theta: &theta }) {
        ControlFlow::Continue(()) => Stop::Steps,
        ControlFlow::Break(()) => Stop::Observer,
    };
    Ok(Descent { theta, values, stop })
}
