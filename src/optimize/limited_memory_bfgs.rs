//! The quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno, with limited memory.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::line_search::{Outcome, Sample, Wolfe};
use super::method::{Method, Settings};
use super::path::Path;
use super::{Minimization, Minimum, Stop, Stopping, memory_fits};
use crate::error::{Error, Result};
use crate::krylov::length;
use crate::linalg::{axpy, dot, scale};
use crate::objective::Objective;
use crate::scalar::Scalar;

/// Steps that rounding hides, and that do not halve the gradient, before the run ends: gradients rise and fall here.
const PATIENCE: u32 = 20;

/// Steps -t H g, with an inverse Hessian H learned from the last steps and changes of the gradient, and t by a line search.
///
/// ```text
///     s = theta' - theta,   y = g' - g:     H' = (I - s y'/y's) H (I - y s'/y's) + s s'/y's,     H_0 = (s'y / y'y) I
///     L(theta - t H g) <= L - c1 t g'Hg,    |d/dt L(theta - t H g)| <= c2 g'Hg         (strong Wolfe conditions)
/// ```
///
/// H is never formed: its product is two passes over the pairs (s, y) that are kept, 10 by default. Of the methods here the
/// one to begin with: gradients alone, one to two an iteration.
///
/// Cost: 4 m n operations an iteration for m pairs, beside the gradients; memory of 2 m + 5 vectors. Points that are not
/// finite shorten the step. Steps satisfy both conditions; once rounding hides the whole decrease, the first up to rounding. Where
/// 30 points along a direction do not, as on functions that are not smooth, the least of them is taken.
///
/// ```
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{LimitedMemoryBfgs, Stop};
///
/// let bowl = Recorded::<f64>::new(100, |x| x.cosh().sum() + x.sum().powi(2))?;
/// let end = LimitedMemoryBfgs::new().run(&bowl, &[1.0; 100])?;
/// assert_eq!(end.stop, Stop::Gradient);
/// assert!((end.value - 100.0).abs() < 1e-12 && end.evaluations.gradients < 20);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Nocedal & Wright 2006, Numerical Optimization, algorithms 7.4 and 7.5. Liu & Nocedal 1989, doi:10.1007/BF01589116. Moré &
/// Thuente 1994, doi:10.1145/192115.192132 (line search).
#[doc(alias = "LBFGS")]
#[doc(alias = "L-BFGS")]
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
pub struct LimitedMemoryBfgs<T> {
    memory: usize,
    wolfe: Wolfe,
    stopping: Option<Stopping>,
    /// The newest last.
    pairs: VecDeque<Pair<T>>,
    /// At the point reached; empty before the first iteration.
    gradient: Vec<T>,
}

/// A step and what it did to the gradient.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
struct Pair<T> {
    step: Vec<T>,
    change: Vec<T>,
    /// Their inner product, positive.
    product: f64,
}

impl<T: Scalar> Default for LimitedMemoryBfgs<T> {
    fn default() -> Self {
        LimitedMemoryBfgs::new()
    }
}

impl<T: Scalar> LimitedMemoryBfgs<T> {
    /// 10 pairs, c1 = 1e-4, c2 = 0.9; at most 1000 iterations, down to a gradient of norm sqrt(EPSILON).
    pub fn new() -> Self {
        let wolfe = Wolfe { decrease: 1e-4, curvature: 0.9 };
        LimitedMemoryBfgs { memory: 10, wolfe, stopping: None, pairs: VecDeque::new(), gradient: Vec::new() }
    }

    /// Sets the number of pairs that are kept, 10 by default; with none it is steepest descent.
    pub fn memory(self, pairs: usize) -> Self {
        LimitedMemoryBfgs { memory: pairs, ..self }
    }

    /// Sets c1 and c2 of the strong Wolfe conditions, 1e-4 and 0.9 by default. A small c2 makes for an exact line search.
    ///
    /// # Errors
    /// Unless 0 < c1 < c2 < 1.
    pub fn wolfe(self, decrease: f64, curvature: f64) -> Result<Self> {
        for (what, value) in [("c1 of the Wolfe conditions", decrease), ("c2 of the Wolfe conditions", curvature)] {
            if !(value > 0.0 && value < 1.0 && decrease < curvature) {
                return Err(Error::OutOfRange { what, value, limits: "must satisfy 0 < c1 < c2 < 1" });
            }
        }
        Ok(LimitedMemoryBfgs { wolfe: Wolfe { decrease, curvature }, ..self })
    }

    /// Sets when to stop. By default after 1000 iterations, or at a gradient whose norm is at most the root of `EPSILON` of the
    /// vectors' type.
    pub fn stopping(self, stopping: Stopping) -> Self {
        LimitedMemoryBfgs { stopping: Some(stopping), ..self }
    }

    /// The minimization from `start` as a state that can be held between iterations, saved, and watched.
    ///
    /// # Errors
    /// If `start` is not finite.
    pub fn begin(&self, start: &[T]) -> Result<Minimization<T, Self>> {
        Minimization::new(start, self.clone(), self.stopping.unwrap_or(Stopping::standard::<T>()))
    }

    /// Minimizes from `start`. Running out of iterations is no error but a [`Stop`].
    ///
    /// # Errors
    /// If `start` is not finite or does not have as many entries as the objective has parameters, or the value or the gradient
    /// there is not finite.
    pub fn run<O: Objective<T>>(&self, objective: &O, start: &[T]) -> Result<Minimum<T>> {
        self.begin(start)?.observe(objective, |_| ControlFlow::Continue(()))
    }

    /// -H g.
    fn direction(&self) -> Vec<T> {
        let mut direction: Vec<T> = self.gradient.iter().map(|&g| -g).collect();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let share = dot(&pair.step, &direction) / pair.product;
            axpy(T::of(-share), &pair.change, &mut direction);
            shares.push(share);
        }
        if let Some(newest) = self.pairs.back() {
            scale(T::of(newest.product / dot(&newest.change, &newest.change)), &mut direction);
        }
        for (pair, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let other = dot(&pair.change, &direction) / pair.product;
            axpy(T::of(share - other), &pair.step, &mut direction);
        }
        direction
    }

    fn remember(&mut self, step: Vec<T>, gradient: &[T], slope: f64) {
        let change: Vec<T> = gradient.iter().zip(&self.gradient).map(|(&new, &old)| new - old).collect();
        let product = dot(&step, &change);
        // Positive by the second condition but for rounding, which would make a pair of noise.
        if product > T::EPSILON.f64() * slope.abs() && product.is_finite() && self.memory > 0 {
            if self.pairs.len() >= self.memory {
                self.pairs.pop_front();
            }
            self.pairs.push_back(Pair { step, change, product });
        }
    }
}

impl<T: Scalar> Settings for LimitedMemoryBfgs<T> {
    fn accepts(&self, parameters: usize) -> Result<()> {
        LimitedMemoryBfgs::<T>::new().wolfe(self.wolfe.decrease, self.wolfe.curvature)?;
        let remedy = "the file is damaged";
        memory_fits("the gradient of a quasi-Newton method", &self.gradient, parameters)?;
        Error::finite("the gradient of a quasi-Newton method", &self.gradient, remedy)?;
        let (what, limit) = ("the number of pairs of a quasi-Newton method", self.memory);
        if self.pairs.len() > limit {
            return Err(Error::AboveLimit { what, value: self.pairs.len(), limit, because: "its memory" });
        }
        for pair in &self.pairs {
            for vector in [&pair.step, &pair.change] {
                Error::length("a vector of a quasi-Newton method", vector.len(), parameters)?;
                Error::finite("a vector of a quasi-Newton method", vector, remedy)?;
            }
            Error::positive("the product of a pair of a quasi-Newton method", pair.product)?;
        }
        Ok(())
    }
}

impl<'o, T: Scalar, O: Objective<T>> Method<'o, T, O> for LimitedMemoryBfgs<T> {
    fn iterate(&mut self, objective: &'o O, path: &mut Path<T>) -> Result<()> {
        if self.gradient.is_empty() {
            self.gradient.resize(path.theta.len(), T::zero());
            path.evaluations.gradients += 1;
            let value = objective.value_and_gradient(&path.theta, &mut self.gradient);
            if value.is_err() {
                self.gradient.clear();
            }
            path.arrive(value?, length(&self.gradient), PATIENCE);
            if path.stop.is_some() {
                return Ok(());
            }
        }
        let mut direction = self.direction();
        let mut slope = dot(&direction, &self.gradient);
        if !(slope < 0.0 && slope.is_finite()) {
            self.pairs.clear();
            direction = self.direction();
            slope = dot(&direction, &self.gradient);
        }
        let noise = path.noise();
        // Of nothing known but the gradient, a step no longer than 1 nor than the gradient itself, unless rounding would hide it.
        let first = match self.pairs.is_empty() {
            true => (1.0 / path.gradient_norm).min(1.0).max(8.0 * noise / slope.abs()),
            false => 1.0,
        };
        let moved = |t: f64| -> Vec<T> {
            let t = T::of(t);
            path.theta.iter().zip(&direction).map(|(&x, &d)| x + t * d).collect()
        };
        let mut gradient = vec![T::zero(); direction.len()];
        let mut gradients = 0;
        let mut evaluate = |t: f64| {
            gradients += 1;
            let theta = moved(t);
            Error::finite("the parameters after a step", &theta, "the objective may have no minimum")?;
            let value = objective.value_and_gradient(&theta, &mut gradient)?;
            let slope = dot(&direction, &gradient);
            Error::finite("the slope along a step", &[slope], "the objective may have no minimum")?;
            Ok(Sample { t, value, slope })
        };
        let start = Sample { t: 0.0, value: path.value, slope };
        let mut outcome = self.wolfe.search(start, first, noise, &mut evaluate);
        if let Outcome::Improved(best) = outcome {
            // Its gradient was overwritten by those that came after.
            outcome = evaluate(best.t).map_or_else(|error| Outcome::Failed(Some(error)), Outcome::Found);
        }
        path.evaluations.gradients += gradients;
        match outcome {
            Outcome::Found(sample) => {
                let theta = moved(sample.t);
                let step: Vec<T> = theta.iter().zip(&path.theta).map(|(&new, &old)| new - old).collect();
                let hidden = sample.t * slope.abs() <= 4.0 * noise;
                path.step(theta, sample.value, length(&step), sample.t, hidden);
                self.remember(step, &gradient, sample.t * slope);
                self.gradient = gradient;
                path.arrive(sample.value, length(&self.gradient), PATIENCE);
            }
            // What the pairs say of the curvature may be wrong here: once more along the gradient alone.
            _ if !self.pairs.is_empty() => self.pairs.clear(),
            Outcome::Failed(Some(error)) => path.stop = Some(Stop::Diverged(error)),
            _ => path.stop = Some(Stop::Rounding),
        }
        Ok(())
    }
}
