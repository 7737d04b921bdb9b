//! Linear systems with any symmetric operator.

use std::ops::ControlFlow;

use super::basis::length;
use super::report::{Progress, Stop};
use super::solve::{Ending, Settings, Solution, first, multiply, scale_by, settings, unit};
use crate::error::Result;
use crate::linalg::{axpy, dot};
use crate::operator::{LinearOperator, Symmetric};
use crate::scalar::Scalar;

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
///
/// // From the solution itself: one product tells that it is one, and one more its residual.
/// let again = MinimalResiduals::new().start(&solution.x).run(&saddle, &[1.0, 1.0, 1.0])?;
/// assert_eq!(again.report.matvecs, 2);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Paige, Saunders 1975, doi:10.1137/0712047. Liu, Roosta 2022, arXiv:2205.13202 (negative curvature).
#[doc(alias = "MINRES")]
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MinimalResiduals<'a, T> {
    settings: Settings<'a, T>,
}

settings!(MinimalResiduals);

impl<T: Scalar> MinimalResiduals<'_, T> {
    /// Relative tolerance sqrt(EPSILON) of the vectors' type, at most 1000 steps, from 0.
    pub fn new() -> Self {
        MinimalResiduals { settings: Settings::DEFAULT }
    }

    fn core(
        &self,
        operator: &dyn LinearOperator<T>,
        b: &[T],
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Solution<T>> {
        let mut system = self.settings.system(operator, b)?;
        let zeros = || vec![T::zero(); b.len()];
        let mut v = std::mem::take(&mut system.residual);
        let (mut x, mut residual) = (zeros(), v.clone());
        let (mut before, mut next) = (zeros(), zeros());
        let (mut direction, mut direction_before) = (zeros(), zeros());
        // The residual norm, the last rotation, and what it left of the next columns of T; the largest entry of T's rows.
        let (mut phi, mut c, mut s, mut delta, mut epsilon, mut size) = (length(&v), -1.0, 0.0, 0.0, 0.0, 0.0f64);
        let mut beta = 0.0;
        let (mut stop, mut products, mut negative_curvature) = (Stop::Budget, system.products, None);
        for step in 0..=self.settings.steps {
            if phi * system.scale <= system.goal {
                stop = Stop::Converged;
                break;
            }
            if step == self.settings.steps {
                break;
            }
            if observer(Progress { done: step, total: self.settings.steps, matvecs: products }).is_break() {
                stop = Stop::Observer;
                break;
            }
            let broken = multiply(operator, &v, &mut next);
            products += 1;
            if products == 1 {
                first(broken, 1)?;
            }
            axpy(T::of(-beta), &before, &mut next);
            let alpha = dot(&v, &next);
            axpy(T::of(-alpha), &v, &mut next);
            let beta_next = length(&next);
            if broken.is_some() || !(alpha.is_finite() && beta_next.is_finite()) {
                stop = Stop::NotFinite;
                break;
            }
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
        let residual_norm = phi * system.scale;
        system.finish(operator, x, Ending { stop, products, residual_norm, negative_curvature })
    }
}
