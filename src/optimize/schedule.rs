//! Learning rates that change from step to step.

use std::f64::consts::PI;

use super::{Rated, Rule};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// What a rate is multiplied by, step by step.
///
/// Implemented by [`Schedule`] and by closures: `|step| ...`.
pub trait RateFactor {
    /// The factor of a step, counted from 0.
    fn factor(&self, step: u64) -> f64;
}

impl<F: Fn(u64) -> f64> RateFactor for F {
    fn factor(&self, step: u64) -> f64 {
        self(step)
    }
}

/// The usual schedules, as factors of a rate; t counts steps from 0, or from the end of the warm-up.
///
/// | schedule | factor |
/// | --- | --- |
/// | [`constant`](Schedule::constant) | 1 |
/// | [`stairs`](Schedule::stairs) | factor^floor(t / every) |
/// | [`cosine`](Schedule::cosine) | (1 + cos(pi min(t / steps, 1))) / 2 |
/// | [`inverse`](Schedule::inverse) | 1 / (1 + t / scale) |
/// | any, after [`warm_up`](Schedule::warm_up) | (t + 1) / steps before |
///
/// ```
/// use eigenscape::optimize::{RateFactor, Schedule};
///
/// let schedule = Schedule::cosine(100)?.warm_up(4);
/// let factors = [0, 1, 2, 3, 4, 54, 104, 1000].map(|step| schedule.factor(step));
/// assert_eq!(factors[..5], [0.25, 0.5, 0.75, 1.0, 1.0]);
/// assert!((factors[5] - 0.5).abs() < 1e-15 && factors[6..] == [0.0, 0.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Robbins & Monro 1951, doi:10.1214/aoms/1177729586 (1/t). Loshchilov & Hutter 2017, arXiv:1608.03983 (cosine). Goyal et
/// al. 2017, arXiv:1706.02677 (warm-up).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Schedule"))]
#[doc(alias = "learning rate schedule")]
#[doc(alias = "warmup")]
#[doc(alias = "cosine annealing")]
pub struct Schedule {
    shape: Shape,
    warm_up: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Shape {
    Constant,
    Stairs { every: u64, factor: f64 },
    Cosine { steps: u64 },
    Inverse { scale: f64 },
}

impl Shape {
    fn validate(self) -> Result<Self> {
        match self {
            Shape::Constant => Ok(()),
            Shape::Stairs { every, factor } => at_least_one("the number of steps on a stair of the schedule", every)
                .and(Error::positive("the factor between stairs of the schedule", factor)),
            Shape::Cosine { steps } => at_least_one("the number of steps of the schedule", steps),
            Shape::Inverse { scale } => Error::positive("the scale of the schedule", scale),
        }
        .map(|()| self)
    }
}

fn at_least_one(what: &'static str, steps: u64) -> Result<()> {
    if steps > 0 { Ok(()) } else { Err(Error::OutOfRange { what, value: 0.0, limits: "must be at least 1" }) }
}

impl Schedule {
    fn new(shape: Shape) -> Result<Self> {
        Ok(Schedule { shape: shape.validate()?, warm_up: 0 })
    }

    /// 1 at each step.
    pub fn constant() -> Self {
        Schedule { shape: Shape::Constant, warm_up: 0 }
    }

    /// Multiplied by `factor` after each `every` steps.
    ///
    /// # Errors
    /// If `every` is 0, or the factor is not finite and positive.
    pub fn stairs(every: u64, factor: f64) -> Result<Self> {
        Schedule::new(Shape::Stairs { every, factor })
    }

    /// From 1 to 0 in so many steps along half a cosine, and 0 from there on.
    ///
    /// # Errors
    /// If `steps` is 0.
    pub fn cosine(steps: u64) -> Result<Self> {
        Schedule::new(Shape::Cosine { steps })
    }

    /// 1 / (1 + t / scale): half after `scale` steps. Of the schedules here the one under which gradients with noise converge
    /// to a minimum and not to a cloud about it.
    ///
    /// # Errors
    /// If the scale is not finite and positive.
    pub fn inverse(scale: f64) -> Result<Self> {
        Schedule::new(Shape::Inverse { scale })
    }

    /// Lets so many steps come before it, in which the factor grows linearly to 1. For small gradients of large batches, and
    /// moments that are not known yet.
    pub fn warm_up(self, steps: u64) -> Self {
        Schedule { warm_up: steps, ..self }
    }
}

impl RateFactor for Schedule {
    fn factor(&self, step: u64) -> f64 {
        let Some(step) = step.checked_sub(self.warm_up) else {
            return (step + 1) as f64 / self.warm_up as f64;
        };
        match self.shape {
            Shape::Constant => 1.0,
            Shape::Stairs { every, factor } => factor.powf((step / every) as f64),
            Shape::Cosine { steps } if step >= steps => 0.0,
            Shape::Cosine { steps } => 0.5 * (1.0 + (PI * (step as f64 / steps as f64)).cos()),
            Shape::Inverse { scale } => 1.0 / (1.0 + step as f64 / scale),
        }
    }
}

/// A rule whose rate follows a schedule: at step t it is the rule's own rate times the factor of t.
///
/// ```
/// use eigenscape::optimize::{GradientDescent, Rule, Scheduled};
///
/// // A closure of the step is a schedule, too.
/// let mut rule = Scheduled::new(GradientDescent::new(1.0)?, |step| 0.5f64.powi(step as i32));
/// let mut theta = [0.0f64];
/// (0..3).for_each(|_| rule.update(&mut theta, &[-1.0]));
/// assert_eq!(theta, [1.0 + 0.5 + 0.25]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Scheduled<R, S>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "R: serde::Serialize, S: serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "R: serde::Deserialize<'de>, S: serde::Deserialize<'de>")))]
pub struct Scheduled<R, S> {
    rule: R,
    schedule: S,
    rate: f64,
    step: u64,
}

impl<R: Rated, S: RateFactor> Scheduled<R, S> {
    /// A rule with a schedule: a [`Schedule`], or a closure of the step.
    pub fn new(rule: R, schedule: S) -> Self {
        Scheduled { rate: rule.rate(), rule, schedule, step: 0 }
    }

    /// The rule within, at the rate of its last step.
    pub fn rule(&self) -> &R {
        &self.rule
    }
}

impl<T: Scalar, R: Rule<T> + Rated, S: RateFactor> Rule<T> for Scheduled<R, S> {
    fn update(&mut self, theta: &mut [T], gradient: &[T]) {
        self.rule.set_rate(self.rate * self.schedule.factor(self.step));
        self.step = self.step.saturating_add(1);
        self.rule.update(theta, gradient);
    }

    fn accepts(&self, parameters: usize) -> Result<()> {
        self.rule.accepts(parameters)
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Shape};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct Schedule {
        shape: Shape,
        warm_up: u64,
    }

    impl TryFrom<Schedule> for super::Schedule {
        type Error = Error;

        fn try_from(saved: Schedule) -> Result<Self, Error> {
            Ok(super::Schedule::new(saved.shape)?.warm_up(saved.warm_up))
        }
    }

    #[derive(serde::Deserialize)]
    pub(super) struct Scheduled<R, S> {
        rule: R,
        schedule: S,
        rate: f64,
        step: u64,
    }

    impl<R, S> TryFrom<Scheduled<R, S>> for super::Scheduled<R, S> {
        type Error = Error;

        fn try_from(saved: Scheduled<R, S>) -> Result<Self, Error> {
            Error::positive("the learning rate", saved.rate)?;
            Ok(super::Scheduled { rule: saved.rule, schedule: saved.schedule, rate: saved.rate, step: saved.step })
        }
    }
}
