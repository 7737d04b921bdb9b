//! Linear systems with a positive definite operator.

use std::fmt;
use std::ops::ControlFlow;

use super::basis::length;
use super::report::{Progress, Stop};
use super::solve::{Ending, Settings, Solution, broken, first, multiply, settings, unit};
use crate::error::{Error, Result};
use crate::linalg::{axpy, dot};
use crate::operator::{LinearOperator, PositiveSemidefinite, Symmetric};
use crate::scalar::Scalar;

/// Conjugate gradients: x minimizes x'A x / 2 - b'x over the Krylov space of b, for a positive definite A.
///
/// Ends at the first direction p with p'A p <= 0 and returns it: A is then not positive definite, and x is the minimizer over
/// the directions before. For an indefinite A whose solution is wanted take [`MinimalResiduals`](super::MinimalResiduals).
///
/// Cost: one product and 10 n operations a step, and one product at the end; memory of four vectors, five with a
/// preconditioner. The error falls by (sqrt(k) - 1) / (sqrt(k) + 1) a step at least, k the ratio of the extreme eigenvalues:
/// those of M^-1 A with a [preconditioner](ConjugateGradients::preconditioner).
///
/// ```
/// use eigenscape::krylov::ConjugateGradients;
/// use eigenscape::operator::{AssumePositiveSemidefinite, Diagonal};
///
/// let operator = Diagonal::new(vec![1.0, 2.0, 4.0]);
/// let solution = ConjugateGradients::new().run(&operator, &[1.0, 1.0, 1.0])?;
/// solution.report.require()?;
/// assert!(solution.x.iter().zip([1.0f64, 0.5, 0.25]).all(|(x, y)| (x - y).abs() < 1e-12));
/// assert_eq!(solution.report.matvecs, 3 + 1);
///
/// // The best preconditioner is the inverse itself: one step.
/// let inverse = AssumePositiveSemidefinite::new(Diagonal::new(vec![1.0, 0.5, 0.25]));
/// let solution = ConjugateGradients::new().preconditioner(&inverse).run(&operator, &[1.0, 1.0, 1.0])?;
/// assert_eq!(solution.report.matvecs, 1 + 1);
///
/// let saddle = ConjugateGradients::new().run(&Diagonal::new(vec![1.0, -2.0]), &[1.0, 2.0])?;
/// assert!(saddle.negative_curvature.unwrap().curvature < 0.0);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Hestenes, Stiefel 1952, doi:10.6028/jres.049.044. Steihaug 1983, doi:10.1137/0720042 (negative curvature).
#[derive(Clone, Copy)]
#[doc(alias = "CG")]
#[doc(alias = "linear solver")]
#[doc(alias = "inverse Hessian vector product")]
#[doc(alias = "iHVP")]
pub struct ConjugateGradients<'a, T> {
    settings: Settings<'a, T>,
    preconditioner: Option<&'a dyn PositiveSemidefinite<T>>,
}

settings!(ConjugateGradients);

impl<'a, T: Scalar> ConjugateGradients<'a, T> {
    /// Relative tolerance sqrt(EPSILON) of the vectors' type, at most 1000 steps, from 0, without preconditioner.
    pub fn new() -> Self {
        ConjugateGradients { settings: Settings::DEFAULT, preconditioner: None }
    }

    /// Sets M^-1, an approximation of the inverse of A, positive definite: one product with it a step.
    ///
    /// The tolerance stays one of the residual itself. Products with M^-1 are not among the `matvecs`. The run fails where
    /// r'M^-1 r is not positive for a residual r.
    pub fn preconditioner(self, inverse: &'a dyn PositiveSemidefinite<T>) -> Self {
        ConjugateGradients { preconditioner: Some(inverse), ..self }
    }

    fn core(
        &self,
        operator: &dyn LinearOperator<T>,
        b: &[T],
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Solution<T>> {
        let mut system = self.settings.system(operator, b)?;
        if let Some(inverse) = self.preconditioner {
            let (left, right) = (vec![inverse.rows(), inverse.cols()], vec![b.len(), b.len()]);
            if left != right {
                let (operation, rule) = ("preconditioner of a linear system", "both operators must be alike in size");
                return Err(Error::Shapes { operation, left, right, rule, location: None });
            }
        }
        let mut r = std::mem::take(&mut system.residual);
        let (mut x, mut product) = (vec![T::zero(); b.len()], vec![T::zero(); b.len()]);
        let mut square = dot(&r, &r);
        // z = M^-1 r, and r'z; r itself and its square without a preconditioner.
        let mut z = Vec::new();
        let mut p = r.clone();
        let mut weight = square;
        let mut inverse_met = None;
        if let Some(inverse) = self.preconditioner.filter(|_| square > 0.0) {
            z = p.clone();
            weight = precondition(inverse, &r, &mut z, &mut inverse_met)?;
            if let Some((index, value)) = inverse_met {
                let (what, remedy) = ("the product of the preconditioner", "it met a number that it cannot take");
                return Err(Error::NotFinite { what, index, value, remedy });
            }
            p.copy_from_slice(&z);
        }
        let (mut stop, mut products, mut negative_curvature) = (Stop::Budget, system.products, None);
        for step in 0..=self.settings.steps {
            if square.sqrt() * system.scale <= system.goal {
                stop = Stop::Converged;
                break;
            }
            if inverse_met.is_some() {
                stop = Stop::NotFinite;
                break;
            }
            if step == self.settings.steps {
                break;
            }
            if observer(Progress { done: step, total: self.settings.steps, matvecs: products }).is_break() {
                stop = Stop::Observer;
                break;
            }
            let broken = multiply(operator, &p, &mut product);
            products += 1;
            if products == 1 {
                first(broken, 1)?;
            }
            let (curvature, length) = (dot(&p, &product), length(&p));
            if broken.is_some() || !curvature.is_finite() {
                stop = Stop::NotFinite;
                break;
            }
            if curvature <= 0.0 {
                negative_curvature = Some(unit(p.clone(), curvature, length));
                stop = Stop::NegativeCurvature;
                break;
            }
            let along = T::of(weight / curvature);
            axpy(along, &p, &mut x);
            axpy(-along, &product, &mut r);
            square = dot(&r, &r);
            let mut next = square;
            if let Some(inverse) = self.preconditioner.filter(|_| square > 0.0) {
                next = precondition(inverse, &r, &mut z, &mut inverse_met)?;
            }
            let keep = T::of(next / weight);
            let z = if self.preconditioner.is_some() { &z } else { &r };
            p.iter_mut().zip(z).for_each(|(p, &z)| *p = z + keep * *p);
            weight = next;
        }
        let residual_norm = square.sqrt() * system.scale;
        system.finish(operator, x, Ending { stop, products, residual_norm, negative_curvature })
    }
}

/// z = M^-1 r; returns r'z. What is not finite is noted in `met`.
fn precondition<T: Scalar>(
    inverse: &dyn PositiveSemidefinite<T>,
    r: &[T],
    z: &mut [T],
    met: &mut Option<(usize, f64)>,
) -> Result<f64> {
    inverse.apply(r, z);
    *met = broken(z).map(|(index, value)| (index, value.f64()));
    let value = dot(r, z);
    if met.is_none() && value.is_nan() | (value <= 0.0) {
        let limits = "must be positive for every residual r: take a positive definite preconditioner";
        return Err(Error::OutOfRange { what: "r'M^-1 r of the preconditioner", value, limits });
    }
    Ok(value)
}

impl<T: Scalar> fmt::Debug for ConjugateGradients<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let preconditioned = self.preconditioner.is_some();
        f.debug_struct("ConjugateGradients")
            .field("settings", &self.settings)
            .field("preconditioned", &preconditioned)
            .finish()
    }
}
