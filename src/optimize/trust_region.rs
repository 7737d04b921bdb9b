//! Newton's method and the natural gradient within a trust region.

use std::marker::PhantomData;
use std::ops::ControlFlow;

use super::method::{Method, Settings};
use super::negative_curvature::escape;
use super::path::{Path, arrived};
use super::steihaug::{Step, Steps, steihaug};
use super::{Minimization, Minimum, Stop, Stopping};
use crate::error::{Error, Result};
use crate::krylov::{NegativeCurvature, length};
use crate::linalg::{dot, scale};
use crate::objective::{GaussNewtonPoint, Objective, Point};
use crate::operator::LinearOperator;
use crate::random::Key;
use crate::scalar::Scalar;

/// Steps that rounding hides, and that do not halve the gradient, before the run ends: a Newton step does more than that.
pub(super) const PATIENCE: u32 = 3;

/// The least part of the promised decrease for which a step is taken.
const ACCEPTED: f64 = 0.1;

/// Below the first the region shrinks; above the second it grows, if the step ended at its boundary.
const POOR: f64 = 0.25;
const GOOD: f64 = 0.75;

/// Marks a [`TrustRegion`] whose model has the Hessian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HessianModel {}

/// Marks a [`TrustRegion`] whose model has the Gauss-Newton matrix: the [`NaturalGradient`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GaussNewtonModel {}

/// The natural gradient within a trust region, damped by it: steps by the inverse of the Gauss-Newton matrix, which is the
/// Fisher matrix for softmax cross-entropy and all other losses with natural parameters. See [`TrustRegion`].
///
/// Every direction is one of descent, and a product costs less than one with the Hessian; near a minimum convergence is
/// linear where the residuals are not small, and fast where they are. On softmax regression it is Newton's method. On a
/// penalized perceptron for digits, where G lacks much of H, 300 iterations did not reach what took [`TrustRegion`] 46 (the
/// example `optimizers`).
///
/// # References
/// Amari 1998, doi:10.1162/089976698300017746. Martens 2020, arXiv:1412.1193.
#[doc(alias = "natural gradient")]
#[doc(alias = "Hessian-free")]
#[doc(alias = "K-FAC")]
pub type NaturalGradient = TrustRegion<GaussNewtonModel>;

/// Steps that minimize a quadratic model within a region in which it is trusted.
///
/// ```text
///     s = argmin g's + s'Bs / 2   over   |s| <= radius,     B the Hessian, or the Gauss-Newton matrix (NaturalGradient)
///     r = (L(theta) - L(theta + s)) / (what the model promised)
///     r > 0.1: step      r < 0.25: a quarter of the radius      r > 0.75 at the boundary: twice the radius
/// ```
///
/// s comes from conjugate gradients, by products with B alone, to a residual of eta |g|, where eta is by which part of the
/// gradient before the last model was wrong about |g|, at most 1/2: few products far away, and superlinear convergence near a
/// minimum. A direction of negative curvature is followed to the boundary, so the method leaves saddles that it sees; one from
/// which the gradient points nowhere down it sees with [`escape`](TrustRegion::escape) only. Points that are not finite make the region smaller. A step that is refused costs
/// no products: the one of a smaller region lies on the same path.
///
/// ```
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{Stop, TrustRegion};
///
/// // x^2 - y^2 + y^4, from beside its saddle: the minima are at y = +-1/sqrt 2.
/// let saddle = Recorded::<f64>::new(2, |x| x.at(0).powi(2) - x.at(1).powi(2) + x.at(1).powi(4))?;
/// let end = TrustRegion::new().run(&saddle, &[1.0, 1e-3])?;
/// assert_eq!(end.stop, Stop::Gradient);
/// assert!((end.value + 0.25).abs() < 1e-14 && (end.theta[1].powi(2) - 0.5).abs() < 1e-9);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Nocedal & Wright 2006, Numerical Optimization, algorithms 4.1 and 7.2. Steihaug 1983, doi:10.1137/0720042. Toint 1981, in
/// Duff (ed.), Sparse Matrices and Their Uses. Eisenstat & Walker 1996, doi:10.1137/0917003 (eta).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = ""))]
#[doc(alias = "trust-ncg")]
#[doc(alias = "Newton-CG")]
#[doc(alias = "Steihaug")]
pub struct TrustRegion<M = HessianModel> {
    radius: f64,
    products: Option<usize>,
    stopping: Option<Stopping>,
    escape: Option<Key>,
    model: PhantomData<M>,
}

impl Default for TrustRegion {
    fn default() -> Self {
        TrustRegion::new()
    }
}

impl TrustRegion {
    /// Newton's method, with a first radius of 1; at most 1000 iterations, down to a gradient of norm sqrt(EPSILON).
    pub fn new() -> Self {
        TrustRegion { radius: 1.0, products: None, stopping: None, escape: None, model: PhantomData }
    }

    /// Where the gradient is small enough, first looks for negative curvature, by Lanczos from a random vector of `key`, up to 128
    /// products; if there is any, the run goes on along it. So a run that ends with [`Stop::Gradient`] has ended at no saddle,
    /// with high probability.
    pub fn escape(self, key: Key) -> Self {
        TrustRegion { escape: Some(key), ..self }
    }
}

impl TrustRegion<GaussNewtonModel> {
    /// The natural gradient, or Gauss-Newton method, with a first radius of 1; at most 1000 iterations, down to a gradient of norm
    /// sqrt(EPSILON).
    pub fn gauss_newton() -> Self {
        TrustRegion { radius: 1.0, products: None, stopping: None, escape: None, model: PhantomData }
    }
}

impl<M: Copy> TrustRegion<M> {
    /// Sets the first radius, in units of parameters, 1 by default.
    ///
    /// # Errors
    /// If it is not finite and positive.
    pub fn radius(self, radius: f64) -> Result<Self> {
        Error::positive("the radius of the trust region", radius)?;
        Ok(TrustRegion { radius, ..self })
    }

    /// Sets the most products of an iteration, by default ten times the dimension: conjugate gradients with rounding need more than
    /// the dimension on ill-conditioned objectives, and end earlier by themselves on others.
    ///
    /// # Errors
    /// If it is 0.
    pub fn products(self, products: usize) -> Result<Self> {
        Error::at_least("the number of products of an iteration", products, 1, "must be at least 1")?;
        Ok(TrustRegion { products: Some(products), ..self })
    }

    /// Sets when to stop. By default after 1000 iterations, or at a gradient whose norm is at most the root of `EPSILON` of the
    /// vectors' type.
    pub fn stopping(self, stopping: Stopping) -> Self {
        TrustRegion { stopping: Some(stopping), ..self }
    }

    /// The minimization from `start` as a state that can be held between iterations, saved, and watched.
    ///
    /// # Errors
    /// If `start` is not finite.
    pub fn begin<T: Scalar>(&self, start: &[T]) -> Result<Minimization<T, Self>> {
        Minimization::new(start, *self, self.stopping.unwrap_or(Stopping::standard::<T>()))
    }

    /// Minimizes from `start`. Running out of iterations is no error but a [`Stop`].
    ///
    /// # Errors
    /// If `start` is not finite or does not have as many entries as the objective has parameters, or the value, the gradient or
    /// the first product there is not finite.
    pub fn run<'o, T: Scalar, O: Objective<T>>(&self, objective: &'o O, start: &[T]) -> Result<Minimum<T>>
    where
        Self: Method<'o, T, O>,
    {
        self.begin(start)?.observe(objective, |_| ControlFlow::Continue(()))
    }

    /// The iteration from a point, by a matrix or along a direction of negative curvature.
    fn step<T: Scalar, O: Objective<T>>(
        &mut self,
        objective: &O,
        path: &mut Path<T>,
        gradient: &[T],
        matrix: &Matrix<'_, T>,
    ) -> Result<()> {
        let tolerance = path.model_tolerance();
        let limit = self.products.unwrap_or(10 * gradient.len().max(1));
        let mut steps: Option<Steps<T>> = None;
        loop {
            let Steps { step, mut shorter, .. } = match steps.take() {
                Some(steps) => steps,
                None => {
                    let steps = match matrix {
                        Matrix::Operator(operator) => steihaug(*operator, gradient, self.radius, tolerance, limit),
                        Matrix::Direction(found) => Ok(along(found, gradient, self.radius)),
                    };
                    let steps = match steps {
                        Err(error) if path.history.is_empty() => return Err(error),
                        Err(error) => {
                            path.stop = Some(Stop::Diverged(error));
                            return Ok(());
                        }
                        Ok(steps) => steps,
                    };
                    path.evaluations.matvecs += steps.matvecs;
                    steps
                }
            };
            // The square of a radius may be beyond the range of numbers; no step is no progress.
            if step.length == 0.0 {
                path.stop = Some(Stop::Rounding);
                return Ok(());
            }
            let noise = path.noise();
            let trial = path.trial(objective, &step.vector);
            if let Ok((theta, value)) = &trial {
                let ratio = (path.value - value + noise) / (step.decrease + noise);
                let control = self.radius;
                if ratio < POOR {
                    self.radius = 0.25 * step.length;
                } else if ratio > GOOD && step.boundary {
                    self.radius = (2.0 * self.radius).min(f64::MAX.sqrt());
                }
                if ratio > ACCEPTED {
                    path.step(theta.clone(), *value, step.length, control, step.decrease <= noise);
                    path.promised = step.residual;
                    return Ok(());
                }
            }
            if step.length <= T::EPSILON.f64() * length(&path.theta) || step.decrease <= 0.0 {
                path.stop = Some(trial.err().map_or(Stop::Rounding, Stop::Diverged));
                return Ok(());
            }
            shorter.retain(|(radius, _)| *radius <= 0.5 * step.length);
            self.radius = 0.25 * step.length;
            if let Some((radius, step)) = shorter.pop() {
                self.radius = radius;
                steps = Some(Steps { step, shorter, matvecs: 0 });
            }
        }
    }
}

/// What a step is made of.
enum Matrix<'a, T> {
    Operator(&'a dyn LinearOperator<T>),
    Direction(NegativeCurvature<T>),
}

/// The step along a direction of negative curvature to the boundary, to the side to which the gradient points down.
fn along<T: Scalar>(found: &NegativeCurvature<T>, gradient: &[T], radius: f64) -> Steps<T> {
    let NegativeCurvature { direction, curvature } = found;
    let mut vector = direction.clone();
    let slope = dot(gradient, &vector);
    scale(T::of(if slope > 0.0 { -radius } else { radius }), &mut vector);
    let decrease = radius * slope.abs() - 0.5 * radius * radius * curvature;
    Steps {
        step: Step { vector, length: radius, decrease, residual: None, boundary: true },
        shorter: Vec::new(),
        matvecs: 0,
    }
}

impl<M: Copy> Settings for TrustRegion<M> {
    fn accepts(&self, _parameters: usize) -> Result<()> {
        let settings = self.radius(self.radius)?;
        settings.products(self.products.unwrap_or(1)).map(|_| ())
    }
}

impl<'o, T: Scalar, O: Objective<T>> Method<'o, T, O> for TrustRegion<HessianModel> {
    fn iterate(&mut self, objective: &'o O, path: &mut Path<T>) -> Result<()> {
        let Some(point) = arrived(objective, path, PATIENCE, &mut |length| self.radius = 0.25 * length)? else {
            return Ok(());
        };
        if let Some(found) = escape(&point.hessian(), self.escape, path)? {
            return self.step(objective, path, point.gradient(), &Matrix::Direction(found));
        }
        if path.stop.is_some() {
            return Ok(());
        }
        self.step(objective, path, point.gradient(), &Matrix::Operator(&point.hessian()))
    }
}

impl<'o, T: Scalar, O: Objective<T> + 'o> Method<'o, T, O> for TrustRegion<GaussNewtonModel>
where
    O::Point<'o>: GaussNewtonPoint<T>,
{
    fn iterate(&mut self, objective: &'o O, path: &mut Path<T>) -> Result<()> {
        let Some(point) = arrived(objective, path, PATIENCE, &mut |length| self.radius = 0.25 * length)? else {
            return Ok(());
        };
        if path.stop.is_some() {
            return Ok(());
        }
        self.step(objective, path, point.gradient(), &Matrix::Operator(&point.gauss_newton()))
    }
}
