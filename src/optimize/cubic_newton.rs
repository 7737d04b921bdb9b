//! Newton's method with a cubic term.

use std::ops::ControlFlow;

use super::cubic_model::CubicModel;
use super::method::{Method, Settings};
use super::negative_curvature::escape;
use super::path::{Path, arrived};
use super::trust_region::PATIENCE;
use super::{Minimization, Minimum, Stop, Stopping};
use crate::error::{Error, Result};
use crate::krylov::{Factorization, Lanczos, NegativeCurvature, length};
use crate::linalg::{dot, scale};
use crate::objective::{Objective, Point};
use crate::operator::Symmetric;
use crate::random::Key;
use crate::scalar::Scalar;

/// The least part of the promised decrease for which a step is taken.
const ACCEPTED: f64 = 0.1;

/// From this part on, the weight falls.
const GOOD: f64 = 0.75;

/// The weight rises by at least the first factor and at most the second, and falls by at most the second.
const RISE: f64 = 2.0;
const CHANGE: f64 = 10.0;

/// The weight is so many times the one that would have fitted the last step. On Rosenbrock's functions and softmax regression
/// 2 takes fewer trials than 1; 1.5 and 2 are alike.
const MARGIN: f64 = 2.0;

/// The range of the weight.
const WEIGHTS: (f64, f64) = (1e-100, 1e100);

/// Steps that minimize a quadratic model with a cubic term, whose weight adapts.
///
/// ```text
///     s = argmin g's + s'Hs / 2 + sigma |s|^3 / 3,     r = (L(theta) - L(theta + s)) / (what the model promised)
///     r > 0.1: step        sigma follows twice 3 (L(theta + s) - L - g's - s'Hs / 2) / |s|^3, what would have fitted
/// ```
///
/// With a Lipschitz Hessian it needs O(eps^(-3/2)) iterations to a gradient of norm eps, which is the best that second
/// derivatives can promise. s is the global minimizer over a Krylov space, which goes to where directions curve down, so the
/// method leaves saddles that the gradient sees; others by [`escape`](CubicNewton::escape). The space grows to a model gradient of
/// eta |g|, with the eta of [`TrustRegion`](super::TrustRegion); a step that is refused is chosen again from the same space.
///
/// Cost: a product for each dimension of the space, up to 100 by default, and as many vectors of memory.
///
/// ```
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{CubicNewton, Stop};
///
/// // The monkey saddle, bounded by a quartic.
/// let monkey = Recorded::<f64>::new(2, |x| {
///     let (x, y) = (x.at(0), x.at(1));
///     x.powi(3) - x * y * y * 3.0 + (x * x + y * y).powi(2)
/// })?;
/// let end = CubicNewton::new().run(&monkey, &[1e-3, 1e-3])?;
/// assert_eq!(end.stop, Stop::Gradient);
/// assert!((end.value + 27.0 / 256.0).abs() < 1e-12); // at radius 3/4, in three directions
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Nesterov & Polyak 2006, doi:10.1007/s10107-006-0706-8. Cartis, Gould, Toint 2011, doi:10.1007/s10107-009-0286-5. Gould,
/// Porcelli, Toint 2012, doi:10.1007/s10589-011-9446-7 (the weight).
#[doc(alias = "ARC")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CubicNewton {
    weight: f64,
    steps: usize,
    stopping: Option<Stopping>,
    escape: Option<Key>,
}

impl Default for CubicNewton {
    fn default() -> Self {
        CubicNewton::new()
    }
}

impl CubicNewton {
    /// A first weight of 1, Krylov spaces of at most 100 dimensions; at most 1000 iterations, down to a gradient of norm
    /// sqrt(EPSILON).
    pub fn new() -> Self {
        CubicNewton { weight: 1.0, steps: 100, stopping: None, escape: None }
    }

    /// Sets the first weight sigma of the cubic term, 1 by default, in units of values per cubed unit of parameters: of a third
    /// derivative.
    ///
    /// # Errors
    /// If it is not finite and positive.
    pub fn weight(self, sigma: f64) -> Result<Self> {
        Error::positive("the weight of the cubic term", sigma)?;
        Ok(CubicNewton { weight: sigma, ..self })
    }

    /// Sets the most dimensions of a Krylov space, 100 by default: products and vectors of memory.
    ///
    /// # Errors
    /// If it is 0.
    pub fn dimensions(self, dimensions: usize) -> Result<Self> {
        Error::at_least("the number of dimensions of a Krylov space", dimensions, 1, "must be at least 1")?;
        Ok(CubicNewton { steps: dimensions, ..self })
    }

    /// Sets when to stop. By default after 1000 iterations, or at a gradient whose norm is at most the root of `EPSILON` of the
    /// vectors' type.
    pub fn stopping(self, stopping: Stopping) -> Self {
        CubicNewton { stopping: Some(stopping), ..self }
    }

    /// Where the gradient is small enough, first looks for negative curvature: see
    /// [`TrustRegion::escape`](super::TrustRegion::escape).
    pub fn escape(self, key: Key) -> Self {
        CubicNewton { escape: Some(key), ..self }
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
    pub fn run<T: Scalar, O: Objective<T>>(&self, objective: &O, start: &[T]) -> Result<Minimum<T>> {
        self.begin(start)?.observe(objective, |_| ControlFlow::Continue(()))
    }

    /// Tries models of growing weight until a step of one is good.
    fn step<T: Scalar, O: Objective<T>>(
        &mut self,
        objective: &O,
        path: &mut Path<T>,
        model: &mut Model<'_, T>,
    ) -> Result<()> {
        loop {
            let promise = match model(self.weight, path) {
                Err(error) if path.history.is_empty() => return Err(error),
                Err(error) => {
                    path.stop = Some(Stop::Diverged(error));
                    return Ok(());
                }
                Ok(promise) => promise,
            };
            let (noise, cubed) = (path.noise(), promise.length.powi(3) / 3.0);
            let decrease = promise.quadratic - self.weight * cubed;
            let trial = path.trial(objective, &promise.vector);
            let control = self.weight;
            let mut rise = CHANGE;
            if let Ok((theta, value)) = &trial {
                let ratio = (path.value - value + noise) / (decrease + noise);
                let hidden = decrease <= noise;
                // From the weight with which the model would have been right here.
                let fitting = MARGIN * (value - path.value + promise.quadratic) / cubed;
                if ratio > ACCEPTED {
                    if ratio > GOOD && !hidden {
                        self.weight = fitting.clamp(self.weight / CHANGE, self.weight).max(WEIGHTS.0);
                    }
                    path.step(theta.clone(), *value, promise.length, control, hidden);
                    path.promised = promise.residual;
                    return Ok(());
                }
                rise = (fitting / self.weight).clamp(RISE, CHANGE);
            }
            if promise.length <= T::EPSILON.f64() * length(&path.theta) || decrease <= 0.0 || self.weight >= WEIGHTS.1 {
                path.stop = Some(trial.err().map_or(Stop::Rounding, Stop::Diverged));
                return Ok(());
            }
            self.weight *= rise;
        }
    }
}

/// The step of a weight; notes what it costs.
type Model<'m, T> = dyn FnMut(f64, &mut Path<T>) -> Result<Promise<T>> + 'm;

/// A step, and what the quadratic part of the model says of it.
struct Promise<T> {
    vector: Vec<T>,
    length: f64,
    /// -(g's + s'Hs / 2)
    quadratic: f64,
    /// |g + Hs|, if it is known.
    residual: Option<f64>,
}

/// The minimizer over a Krylov space of the gradient, which grows until the model's gradient is at most the tolerance.
fn within<T: Scalar, A: Symmetric<T>>(
    factorization: &mut Factorization<T>,
    operator: &A,
    (sigma, tolerance, limit): (f64, f64, usize),
) -> Result<Promise<T>> {
    loop {
        let (steps, start) = (factorization.steps(), factorization.start_norm());
        let found = CubicModel::new(factorization.diagonal(), factorization.subdiagonal(), start)?.minimize(sigma);
        // What the model's gradient has outside of the space; within it is zero.
        let outside = factorization.residual_norm() * found.coordinates[steps - 1].abs();
        let mut ended = outside <= tolerance || steps >= limit || factorization.breakdown();
        if !ended {
            factorization.expand(operator, (steps + 1 + steps / 4).min(limit))?;
            // A product that is not finite leaves the space as it was.
            ended = factorization.steps() == steps;
        }
        if ended {
            let vector = factorization.combine(&found.coordinates);
            // Within the space g + Hs is -sigma |s| s.
            let residual = Some((sigma * found.length * found.length).hypot(outside));
            return Ok(Promise { vector, length: found.length, quadratic: found.quadratic, residual });
        }
    }
}

/// The minimizer along a unit vector of negative curvature, to the side to which the gradient points down.
fn along<T: Scalar>(found: &NegativeCurvature<T>, gradient: &[T], sigma: f64) -> Promise<T> {
    let NegativeCurvature { direction, curvature } = found;
    let slope = dot(gradient, direction);
    let half = -0.5 * curvature;
    let length = (half + (half * half + sigma * slope.abs()).sqrt()) / sigma;
    let mut vector = direction.clone();
    scale(T::of(if slope > 0.0 { -length } else { length }), &mut vector);
    Promise { vector, length, quadratic: length * (slope.abs() + half * length), residual: None }
}

impl Settings for CubicNewton {
    fn accepts(&self, _parameters: usize) -> Result<()> {
        self.weight(self.weight)?.dimensions(self.steps).map(|_| ())
    }
}

impl<'o, T: Scalar, O: Objective<T>> Method<'o, T, O> for CubicNewton {
    fn iterate(&mut self, objective: &'o O, path: &mut Path<T>) -> Result<()> {
        let mut shorten = |_| self.weight = (CHANGE * self.weight).min(WEIGHTS.1);
        let Some(point) = arrived(objective, path, PATIENCE, &mut shorten)? else { return Ok(()) };
        let (hessian, gradient) = (point.hessian(), point.gradient());
        if let Some(found) = escape(&hessian, self.escape, path)? {
            return self.step(objective, path, &mut |sigma, _| Ok(along(&found, gradient, sigma)));
        }
        if path.stop.is_some() {
            return Ok(());
        }
        let (tolerance, limit) = (path.model_tolerance(), self.steps);
        let (mut held, mut counted): (Option<Factorization<T>>, u64) = (None, 0);
        self.step(objective, path, &mut |sigma, path| {
            let mut space = match held.take() {
                Some(space) => space,
                None => Lanczos::new(1).run(&hessian, gradient)?,
            };
            let promise = within(&mut space, &hessian, (sigma, tolerance, limit));
            path.evaluations.matvecs += space.matvecs() - std::mem::replace(&mut counted, space.matvecs());
            held = Some(space);
            promise
        })
    }
}
