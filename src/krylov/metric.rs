//! The inner product x'B y of a generalized eigenproblem, and how its inverse is applied.

use std::fmt;

use super::conjugate_gradients::ConjugateGradients;
use crate::error::{Error, Result};
use crate::operator::{Adjoint, AssumePositiveSemidefinite, Diagonal, LinearOperator, PositiveSemidefinite, Symmetric};
use crate::scalar::Scalar;

/// How B^-1 is applied.
pub(super) enum Inverse<'b, T> {
    /// By an operator for B^-1.
    Operator(Box<dyn LinearOperator<T> + 'b>),
    /// By an operator for M with B^-1 = M'M.
    Root(Box<dyn Adjoint<T> + 'b>),
    /// By conjugate gradients; where no settings were given, to a tolerance that follows from that of the search.
    Iterative(Option<ConjugateGradients<'b, T>>),
}

/// A positive definite B, known by its products, with a way to apply its inverse: the metric of A x = lambda B x.
///
/// | you have | take | each step of a search costs |
/// | --- | --- | --- |
/// | a diagonal: a preconditioner | [`Metric::diagonal`] | a product with A |
/// | a factor: M with M'M = B^-1, as L^-1 of B = L L' | [`Metric::with_inverse_root`] | a product with A, M and M' |
/// | a solve: an operator for B^-1 | [`Metric::with_inverse`] | a product with A, B and B^-1 |
/// | products alone | [`Metric::iterative`] | a product with A, and tens to hundreds with B |
///
/// A semidefinite B, as the Fisher matrix of a network with more parameters than data, has no inverse. What is done
/// then is to damp it: B + c I, by [`Metric::shift`]; its condition number, and with it the number of products of a
/// solve, is at most 1 + norm(B) / c.
///
/// An operator or root that does not invert B is found out by one product of each, if it is off by a tenth.
///
/// ```
/// use eigenscape::krylov::{GeneralizedEigensolver, Metric};
/// use eigenscape::operator::{Dense, Diagonal, Normal};
/// use eigenscape::random::Key;
///
/// // J'J of a 2 x 3 Jacobian has no inverse; damped by 1 it has the eigenvalues 1 + 8, 1 + 2 and 1.
/// let jacobian = Dense::new(vec![2.0, 2.0, 0.0, 1.0, -1.0, 0.0], 2, 3)?;
/// let metric = Metric::iterative(Normal::new(jacobian)).shift(1.0)?;
/// let identity = Diagonal::new(vec![1.0; 3]);
/// let found = GeneralizedEigensolver::new(3, Key::new(0)).run(&identity, &metric)?;
/// for (value, expected) in found.values.iter().zip([1.0, 1.0 / 3.0, 1.0 / 9.0]) {
///     assert!((value - expected).abs() < 1e-12);
/// }
/// # Ok::<(), eigenscape::Error>(())
/// ```
pub struct Metric<'b, T> {
    pub(super) product: Box<dyn LinearOperator<T> + 'b>,
    pub(super) inverse: Inverse<'b, T>,
    pub(super) shift: T,
}

impl<T> fmt::Debug for Metric<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inverse = match self.inverse {
            Inverse::Operator(_) => "operator",
            Inverse::Root(_) => "root",
            Inverse::Iterative(_) => "iterative",
        };
        write!(f, "Metric(inverse: {inverse})")
    }
}

impl<'b, T: Scalar> Metric<'b, T> {
    fn new(product: impl LinearOperator<T> + 'b, inverse: Inverse<'b, T>) -> Self {
        Metric { product: Box::new(product), inverse, shift: T::zero() }
    }

    /// B by its products alone; its inverse by conjugate gradients, to a hundredth of the tolerance of the search.
    pub fn iterative(metric: impl PositiveSemidefinite<T> + 'b) -> Self {
        Metric::new(metric, Inverse::Iterative(None))
    }

    /// B, and an operator for B^-1: a sparse or dense factorization of your own behind a
    /// [`Closure`](crate::operator::Closure), say.
    pub fn with_inverse(metric: impl PositiveSemidefinite<T> + 'b, inverse: impl Symmetric<T> + 'b) -> Self {
        Metric::new(metric, Inverse::Operator(Box::new(inverse)))
    }

    /// B, and a square M with M'M = B^-1, as L^-1 of a factorization B = L L'.
    pub fn with_inverse_root(metric: impl PositiveSemidefinite<T> + 'b, root: impl Adjoint<T> + 'b) -> Self {
        Metric::new(metric, Inverse::Root(Box::new(root)))
    }

    /// The diagonal B with these entries: the preconditioner of an optimizer, as
    /// [`Adam::preconditioner`](crate::optimize::Adam::preconditioner).
    ///
    /// # Errors
    /// If an entry is not finite and positive.
    pub fn diagonal(entries: Vec<T>) -> Result<Self> {
        for entry in &entries {
            if !(*entry > T::zero() && entry.is_finite()) {
                let limits = "must be finite and positive: add a small number to all entries";
                return Err(Error::OutOfRange { what: "an entry of a diagonal metric", value: entry.f64(), limits });
            }
        }
        let root = Diagonal::new(entries.iter().map(|&entry| entry.sqrt().recip()).collect());
        Ok(Metric::with_inverse_root(AssumePositiveSemidefinite::new(Diagonal::new(entries)), root))
    }

    /// Damps an [iterative](Metric::iterative) metric: B + `shift` I, rounded to the vectors' type.
    ///
    /// # Errors
    /// If the shift is negative or not finite, or the metric came with an inverse, which must then be that of the sum.
    pub fn shift(self, shift: f64) -> Result<Self> {
        if !matches!(self.inverse, Inverse::Iterative(_)) {
            let remedy = "give the shifted metric (`Shifted`) with its own inverse, or take `Metric::iterative`";
            return Err(Error::Missing { what: "the inverse of the shifted metric", remedy });
        }
        let rounded = T::of(shift);
        if !(rounded >= T::zero() && rounded.is_finite()) {
            let limits = "must be finite and at least 0";
            return Err(Error::OutOfRange { what: "the shift of a metric", value: shift, limits });
        }
        Ok(Metric { shift: rounded, ..self })
    }

    /// Sets the conjugate gradients of an [iterative](Metric::iterative) metric: their tolerance and largest number of
    /// steps.
    ///
    /// Solves need not be exact: the basis is made orthonormal in B, and A projected on it, as if they were, so that a
    /// loose tolerance costs steps and residuals, never the truth of what is returned.
    ///
    /// # Errors
    /// If the metric came with an inverse.
    pub fn solver(self, solver: ConjugateGradients<'b, T>) -> Result<Self> {
        if !matches!(self.inverse, Inverse::Iterative(_)) {
            let remedy = "take `Metric::iterative`: this metric came with its inverse";
            return Err(Error::Missing { what: "a solve by conjugate gradients", remedy });
        }
        Ok(Metric { inverse: Inverse::Iterative(Some(solver)), ..self })
    }
}
