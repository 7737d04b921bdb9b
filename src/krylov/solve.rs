//! Linear systems with a symmetric operator: conjugate gradients and minimal residuals.

use std::ops::ControlFlow;

use super::basis::length;
use super::factorization::dimension;
use super::report::{Progress, Report, Stop};
use crate::error::{Error, Result};
use crate::linalg::{axpy, dot};
use crate::operator::Symmetric;
use crate::scalar::Scalar;

/// A direction along which the operator curves down: d'A d <= 0.
#[derive(Clone, PartialEq, Debug)]
pub struct NegativeCurvature<T> {
    /// A unit vector d.
    pub direction: Vec<T>,
    /// d'A d, zero or negative.
    pub curvature: f64,
}

/// What a solver found.
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
pub struct Solution<T> {
    /// The best x that was found.
    pub x: Vec<T>,
    /// ||b - A x||, from a product at the end.
    pub residual_norm: f64,
    /// A direction of negative curvature, if one was met: then A is not positive definite.
    pub negative_curvature: Option<NegativeCurvature<T>>,
    /// How the run ended.
    pub report: Report,
}

/// What both solvers are set to.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Settings {
    relative: Option<f64>,
    absolute: f64,
    steps: usize,
}

impl Settings {
    const DEFAULT: Settings = Settings { relative: None, absolute: 0.0, steps: 1000 };

    /// The residual norm to be reached, the norm of b, and b over its norm: its squares neither overflow nor vanish.
    fn goal<T: Scalar>(&self, operator: &(impl Symmetric<T> + ?Sized), b: &[T]) -> Result<(f64, f64, Vec<T>)> {
        let dim = dimension(&operator)?;
        Error::length("the right side of a linear system", b.len(), dim)?;
        Error::finite("the right side of a linear system", b, "give a finite vector")?;
        let least = 4.0 * T::EPSILON.f64();
        let relative = self.relative.unwrap_or(T::EPSILON.f64().sqrt());
        let reachable = relative == 0.0 && self.absolute > 0.0 || relative >= least;
        if !reachable || !self.absolute.is_finite() || self.absolute < 0.0 {
            let limits = "must be at least 4 EPSILON of the vectors' type, or 0 beside a positive absolute one";
            return Err(Error::OutOfRange { what: "the relative tolerance of a solver", value: relative, limits });
        }
        let (scale, mut unit) = (length(b), b.to_vec());
        if scale > 0.0 {
            // Divided, since 1 / |b| may be beyond the range of numbers.
            unit.iter_mut().for_each(|b| *b = T::of(b.f64() / scale));
        }
        Ok((relative * scale + self.absolute, scale, unit))
    }
}

macro_rules! settings {
    ($name:ident) => {
        impl Default for $name {
            fn default() -> Self {
                $name::new()
            }
        }

        impl $name {
            /// Relative tolerance sqrt(EPSILON) of the vectors' type, at most 1000 steps.
            pub fn new() -> Self {
                $name { settings: Settings::DEFAULT }
            }

            /// Sets the residual norm to be reached, relative to that of b.
            pub fn relative_tolerance(self, relative: f64) -> Self {
                $name { settings: Settings { relative: Some(relative), ..self.settings } }
            }

            /// Sets an absolute residual norm, which adds to the relative one.
            pub fn absolute_tolerance(self, absolute: f64) -> Self {
                $name { settings: Settings { absolute, ..self.settings } }
            }

            /// Sets the largest number of steps, one product each.
            pub fn steps(self, steps: usize) -> Self {
                $name { settings: Settings { steps, ..self.settings } }
            }

            /// Solves A x = b, starting from 0.
            ///
            /// # Errors
            /// If the operator is not square, b is not as long or not finite, a tolerance is negative or below what the vectors'
            /// type can reach, or a product is not finite.
            pub fn run<T: Scalar, A: Symmetric<T> + ?Sized>(&self, operator: &A, b: &[T]) -> Result<Solution<T>> {
                self.observe(operator, b, |_| ControlFlow::Continue(()))
            }
        }
    };
}

/// Conjugate gradients: x minimizes x'A x / 2 - b'x over the Krylov space of b, for a positive definite A.
///
/// Ends at the first direction p with p'A p <= 0 and returns it: A is then not positive definite, and x is the minimizer over
/// the directions before. For an indefinite A whose solution is wanted take [`MinimalResiduals`].
///
/// Cost: one product and 10 n operations a step, and one product at the end; memory of four vectors. The error falls by
/// (sqrt(k) - 1) / (sqrt(k) + 1) a step at least, k the ratio of the extreme eigenvalues.
///
/// ```
/// use eigenscape::krylov::ConjugateGradients;
/// use eigenscape::operator::Diagonal;
///
/// let solution = ConjugateGradients::new().run(&Diagonal::new(vec![1.0, 2.0, 4.0]), &[1.0, 1.0, 1.0])?;
/// solution.report.require()?;
/// assert!(solution.x.iter().zip([1.0f64, 0.5, 0.25]).all(|(x, y)| (x - y).abs() < 1e-12));
/// assert_eq!(solution.report.matvecs, 3 + 1);
///
/// let saddle = ConjugateGradients::new().run(&Diagonal::new(vec![1.0, -2.0]), &[1.0, 2.0])?;
/// assert!(saddle.negative_curvature.unwrap().curvature < 0.0);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Hestenes, Stiefel 1952, doi:10.6028/jres.049.044. Steihaug 1983, doi:10.1137/0720042 (negative curvature).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ConjugateGradients {
    settings: Settings,
}

settings!(ConjugateGradients);

impl ConjugateGradients {
    /// The same with an observer, which is told the number of steps and may end the run.
    ///
    /// # Errors
    /// As [`ConjugateGradients::run`].
    pub fn observe<T: Scalar, A: Symmetric<T> + ?Sized>(
        &self,
        operator: &A,
        b: &[T],
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Solution<T>> {
        let (goal, scale, unit_b) = self.settings.goal(operator, b)?;
        let (mut x, mut r, mut p) = (vec![T::zero(); b.len()], unit_b.clone(), unit_b);
        let mut product = x.clone();
        let (mut square, mut stop, mut steps) = (dot(&r, &r), Stop::Budget, 0);
        let mut negative_curvature = None;
        for step in 0..=self.settings.steps {
            if square.sqrt() * scale <= goal {
                stop = Stop::Converged;
                break;
            }
            if step == self.settings.steps {
                break;
            }
            if observer(Progress { done: step, total: self.settings.steps, matvecs: step as u64 }).is_break() {
                stop = Stop::Observer;
                break;
            }
            multiply(operator, &p, &mut product)?;
            steps += 1;
            let (curvature, length) = (dot(&p, &product), length(&p));
            if curvature <= 0.0 {
                negative_curvature = Some(unit(p.clone(), curvature, length));
                stop = Stop::NegativeCurvature;
                break;
            }
            let along = T::of(square / curvature);
            axpy(along, &p, &mut x);
            axpy(-along, &product, &mut r);
            let next = dot(&r, &r);
            let keep = T::of(next / square);
            p.iter_mut().zip(&r).for_each(|(p, &r)| *p = r + keep * *p);
            square = next;
        }
        scale_by(scale, &mut x);
        finish(operator, b, x, goal, (stop, steps, negative_curvature))
    }
}

/// Minimal residuals (MINRES): x minimizes ||b - A x|| over the Krylov space of b, for any symmetric A.
///
/// For a singular A and a b outside of its range x tends to a minimizer of the residual, and the run ends with
/// [`Stop::Incompatible`]. The first residual r with r'A r <= 0 is reported as negative curvature, and the run goes on.
///
/// Cost: one product and 16 n operations a step, and one product at the end; memory of eight vectors.
///
/// ```
/// use eigenscape::krylov::MinimalResiduals;
/// use eigenscape::operator::Diagonal;
///
/// let saddle = Diagonal::new(vec![1.0, -2.0, 4.0]);
/// let solution = MinimalResiduals::new().run(&saddle, &[1.0, 1.0, 1.0])?;
/// solution.report.require()?;
/// assert!(solution.x.iter().zip([1.0f64, -0.5, 0.25]).all(|(x, y)| (x - y).abs() < 1e-12));
/// assert!(solution.negative_curvature.unwrap().curvature <= 0.0);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Paige, Saunders 1975, doi:10.1137/0712047. Liu, Roosta 2022, arXiv:2205.13202 (negative curvature).
#[doc(alias = "MINRES")]
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MinimalResiduals {
    settings: Settings,
}

settings!(MinimalResiduals);

impl MinimalResiduals {
    /// The same with an observer, which is told the number of steps and may end the run.
    ///
    /// # Errors
    /// As [`MinimalResiduals::run`].
    pub fn observe<T: Scalar, A: Symmetric<T> + ?Sized>(
        &self,
        operator: &A,
        b: &[T],
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Solution<T>> {
        let (goal, scale, unit_b) = self.settings.goal(operator, b)?;
        let zeros = || vec![T::zero(); b.len()];
        let (mut x, mut residual) = (zeros(), unit_b.clone());
        let (mut before, mut v, mut next) = (zeros(), unit_b, zeros());
        let (mut direction, mut direction_before) = (zeros(), zeros());
        // The residual norm, the last rotation, and what it left of the next columns of T; the largest entry of T's rows.
        let (mut phi, mut c, mut s, mut delta, mut epsilon, mut size) = (length(&v), -1.0, 0.0, 0.0, 0.0, 0.0f64);
        let mut beta = 0.0;
        let (mut stop, mut steps, mut negative_curvature) = (Stop::Budget, 0, None);
        for step in 0..=self.settings.steps {
            if phi * scale <= goal {
                stop = Stop::Converged;
                break;
            }
            if step == self.settings.steps {
                break;
            }
            if observer(Progress { done: step, total: self.settings.steps, matvecs: step as u64 }).is_break() {
                stop = Stop::Observer;
                break;
            }
            multiply(operator, &v, &mut next)?;
            steps += 1;
            axpy(T::of(-beta), &before, &mut next);
            let alpha = dot(&v, &next);
            axpy(T::of(-alpha), &v, &mut next);
            let beta_next = length(&next);
            size = size.max(alpha.abs() + beta + beta_next);
            // The rotation before, applied to the new column (beta, alpha, beta_next).
            let delta_here = c * delta + s * alpha;
            let gamma = s * delta - c * alpha;
            let (epsilon_next, delta_next) = (s * beta_next, -c * beta_next);
            // r'A r = -phi^2 c gamma
            if c * gamma >= 0.0 && negative_curvature.is_none() {
                negative_curvature = Some(unit(residual.clone(), -phi * phi * c * gamma, length(&residual)));
            }
            // What is left of the gradient of the residual's square: ||A r|| / (||A|| ||r||).
            if gamma.hypot(delta_next) <= 4.0 * T::EPSILON.f64() * size {
                stop = Stop::Incompatible;
                break;
            }
            let length = gamma.hypot(beta_next);
            (c, s) = (gamma / length, beta_next / length);
            for ((d, d_before), &v) in direction.iter_mut().zip(&mut direction_before).zip(&v) {
                let new = (v - T::of(delta_here) * *d - T::of(epsilon) * *d_before) / T::of(length);
                (*d_before, *d) = (*d, new);
            }
            axpy(T::of(c * phi), &direction, &mut x);
            phi *= s;
            // Rounding where the Krylov space ends leaves a vector of noise: nothing more can be done.
            let exhausted = beta_next <= T::EPSILON.f64() * size;
            if !exhausted {
                scale_by(1.0 / beta_next, &mut next);
            }
            let (keep, add) = (T::of(s * s), T::of(-phi * c));
            residual.iter_mut().zip(&next).for_each(|(r, &v)| *r = keep * *r + add * v);
            (delta, epsilon, beta) = (delta_next, epsilon_next, beta_next);
            // before <- v <- next
            std::mem::swap(&mut before, &mut v);
            std::mem::swap(&mut v, &mut next);
            if exhausted {
                stop = Stop::Converged;
                break;
            }
        }
        scale_by(scale, &mut x);
        finish(operator, b, x, goal, (stop, steps, negative_curvature))
    }
}

fn multiply<T: Scalar>(operator: &(impl Symmetric<T> + ?Sized), x: &[T], y: &mut [T]) -> Result<()> {
    operator.apply(x, y);
    Error::finite("the product of the operator", y, "the operator met a number that it cannot take")
}

fn scale_by<T: Scalar>(factor: f64, x: &mut [T]) {
    // Not rounded to T first: 1 / |x| may be beyond its range.
    x.iter_mut().for_each(|x| *x = T::of(x.f64() * factor));
}

fn unit<T: Scalar>(mut direction: Vec<T>, curvature: f64, length: f64) -> NegativeCurvature<T> {
    scale_by(1.0 / length, &mut direction);
    NegativeCurvature { direction, curvature: curvature / (length * length) }
}

/// The residual is computed from x; where it is far from what the recurrence says, rounding set the limit.
fn finish<T: Scalar>(
    operator: &(impl Symmetric<T> + ?Sized),
    b: &[T],
    x: Vec<T>,
    goal: f64,
    (stop, steps, negative_curvature): (Stop, u64, Option<NegativeCurvature<T>>),
) -> Result<Solution<T>> {
    let mut residual = vec![T::zero(); b.len()];
    multiply(operator, &x, &mut residual)?;
    residual.iter_mut().zip(b).for_each(|(r, &b)| *r = b - *r);
    let residual_norm = length(&residual);
    let stop = match stop {
        Stop::Converged if residual_norm > 2.0 * goal => Stop::Rounding,
        Stop::Incompatible if residual_norm <= goal => Stop::Converged,
        stop => stop,
    };
    Ok(Solution { x, residual_norm, negative_curvature, report: Report::new(stop, steps + 1) })
}
