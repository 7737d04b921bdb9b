//! A V = V T + r e', the hub that every Krylov method reads.

use super::basis::{Basis, length};
use super::orthogonalization::Orthogonalization;
use crate::error::{Error, Result};
use crate::linalg::{axpy, dot};
use crate::operator::{LinearOperator, Symmetric};
use crate::scalar::Scalar;

#[cfg(feature = "serde")]
mod saved;

/// The Krylov space is invariant when the residual is below this many rounding errors of T's norm. A product and the
/// recurrence make a few rounding errors each; what lies above is a direction, perhaps a useless one, and harmless.
const BREAKDOWN: f64 = 8.0;

/// The Lanczos factorization A V = V T + r e' of a symmetric operator.
///
/// V is n x m with orthonormal columns, T is m x m, symmetric and tridiagonal, r is orthogonal to V, e is the last unit
/// vector of R^m. T and norms are `f64` whatever the type of the vectors.
///
/// ```
/// use eigenscape::krylov::Lanczos;
/// use eigenscape::operator::Diagonal;
///
/// let operator = Diagonal::new((0..100).map(f64::from).collect());
/// let mut factorization = Lanczos::new(5).run(&operator, &[1.0; 100])?;
/// assert!((factorization.diagonal()[0] - 49.5).abs() < 1e-12); // v'Av
/// factorization.expand(&operator, 20)?;
/// assert_eq!((factorization.steps(), factorization.matvecs()), (20, 20));
/// assert!(factorization.orthogonality() < 1e-14);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Factorization<T> {
    orthogonalization: Orthogonalization,
    basis: Basis<T>,
    diagonal: Vec<f64>,
    subdiagonal: Vec<f64>,
    /// The newest vector of the basis, whole: the basis keeps it in pieces, a product needs it in one.
    current: Vec<T>,
    residual: Vec<T>,
    residual_norm: f64,
    start_norm: f64,
    /// The largest row sum of |T| with the residual's norm below it: at least the norm of T, at most twice.
    scale: f64,
    /// Residuals up to the first times `scale` plus the second count as zero.
    negligible: (f64, f64),
    breakdown: bool,
    matvecs: u64,
}

impl<T: Scalar> Factorization<T> {
    /// Depth 0: no basis yet, the start vector as residual.
    pub(crate) fn begin(
        operator: &dyn LinearOperator<T>,
        start: &[T],
        orthogonalization: Orthogonalization,
    ) -> Result<Self> {
        let dim = dimension(operator)?;
        Error::length("the start vector", start.len(), dim)?;
        Error::finite("the start vector", start, "start from finite numbers")?;
        let start_norm = length(start);
        let limits = "must be positive and finite: start from a vector that is not zero";
        if start_norm == 0.0 || !start_norm.is_finite() {
            return Err(Error::OutOfRange { what: "the norm of the start vector", value: start_norm, limits });
        }
        Ok(Factorization {
            orthogonalization,
            basis: Basis::new(dim),
            diagonal: Vec::new(),
            subdiagonal: Vec::new(),
            current: vec![T::zero(); dim],
            residual: start.to_vec(),
            residual_norm: start_norm,
            start_norm,
            scale: 0.0,
            negligible: (BREAKDOWN * T::EPSILON.f64(), 0.0),
            breakdown: false,
            matvecs: 0,
        })
    }

    /// Takes the Krylov space for invariant when the residual is below a tolerance, relative to T's norm and absolute.
    pub(crate) fn tolerate(&mut self, relative: f64, absolute: f64) {
        self.negligible = (relative.max(self.negligible.0), absolute);
    }

    /// The depth m: the number of basis vectors.
    pub fn steps(&self) -> usize {
        self.diagonal.len()
    }

    /// The dimension n of the operator.
    pub fn dim(&self) -> usize {
        self.residual.len()
    }

    /// The diagonal of T; `steps` numbers.
    pub fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    /// The subdiagonal of T; one number less than the diagonal has, each at least 0.
    pub fn subdiagonal(&self) -> &[f64] {
        &self.subdiagonal
    }

    /// Column `index` of V, a unit vector.
    ///
    /// # Panics
    /// If `index` is not below `steps`.
    #[track_caller]
    pub fn vector(&self, index: usize) -> Vec<T> {
        assert!(index < self.steps(), "vector {index} of a factorization with {} steps", self.steps());
        self.basis.vector(index)
    }

    /// V c: the linear combinations of the basis with `coefficients`, `steps` of them for each combination, back to back.
    ///
    /// Cost: 2 m n operations for each.
    ///
    /// # Panics
    /// If the number of coefficients is not a multiple of `steps`.
    #[track_caller]
    pub fn combine(&self, coefficients: &[f64]) -> Vec<T> {
        let steps = self.steps();
        assert!(coefficients.len().is_multiple_of(steps), "combine: a combination needs {steps} coefficients");
        let coefficients: Vec<T> = coefficients.iter().map(|&c| T::of(c)).collect();
        self.basis.combine(&coefficients)
    }

    /// The residual r.
    pub fn residual(&self) -> &[T] {
        &self.residual
    }

    /// The norm of the residual: what the next number of the subdiagonal will be.
    pub fn residual_norm(&self) -> f64 {
        self.residual_norm
    }

    /// The norm of the start vector.
    pub fn start_norm(&self) -> f64 {
        self.start_norm
    }

    /// Whether the Krylov space is invariant: it is the whole space, or the residual is rounding error of the norm of T.
    ///
    /// Then the eigenvalues of T are eigenvalues of A, and [`Factorization::expand`] does nothing.
    pub fn breakdown(&self) -> bool {
        self.breakdown
    }

    /// The number of products so far.
    pub fn matvecs(&self) -> u64 {
        self.matvecs
    }

    /// The level of orthogonality: the largest entry of |V'V - I|, measured. Cost: 2 m^2 n operations.
    ///
    /// A few [`EPSILON`](Scalar::EPSILON) with full orthogonalization; near 1 once there are ghosts.
    pub fn orthogonality(&self) -> f64 {
        self.basis.orthogonality()
    }

    /// Continues to a depth of `steps` in all, with the same operator. Stops early at a breakdown.
    ///
    /// The result has the same bits as a run to that depth at once.
    ///
    /// # Errors
    /// If the operator has another size, the basis cannot be allocated, or a product is not finite; after the last the
    /// depth is what it was, but the residual is lost.
    pub fn expand<A: Symmetric<T> + ?Sized>(&mut self, operator: &A, steps: usize) -> Result<()> {
        self.expand_core(&operator, steps)
    }

    pub(crate) fn expand_core(&mut self, operator: &dyn LinearOperator<T>, steps: usize) -> Result<()> {
        Error::length("the product of the operator", dimension(operator)?, self.dim())?;
        let steps = steps.min(self.dim());
        if steps <= self.steps() {
            return Ok(());
        }
        self.reserve(steps)?;
        while self.steps() < steps && !self.breakdown {
            self.step(operator, self.residual_norm)?;
        }
        Ok(())
    }

    /// The next vector of the basis: the residual divided by its length. What follows is [`Factorization::absorb`], with
    /// its product: together one step, in two halves, so that several factorizations can share one wide product.
    pub(crate) fn next(&mut self) -> &[T] {
        for (current, residual) in self.current.iter_mut().zip(&self.residual) {
            *current = T::of(residual.f64() / self.residual_norm);
        }
        &self.current
    }

    /// The second half of a step: takes the product of the operator with [`Factorization::next`].
    pub(crate) fn absorb(&mut self, product: &[T]) -> Result<()> {
        self.residual.copy_from_slice(product);
        self.complete(self.residual_norm)
    }

    /// Leaves an invariant space: takes the part of `direction` orthogonal to the basis as next vector, coupled by 0.
    ///
    /// A V = V T + r e' stays true up to the residual given up, which is negligible. False if `direction` lies in the
    /// space.
    pub(crate) fn renew(&mut self, operator: &dyn LinearOperator<T>, direction: Vec<T>) -> Result<bool> {
        debug_assert!(self.breakdown && self.steps() < self.dim());
        self.reserve(self.steps() + 1)?;
        let before = length(&direction);
        self.residual = direction;
        self.residual_norm = before;
        self.orthogonalize();
        if self.residual_norm <= BREAKDOWN * T::EPSILON.f64() * before {
            return Ok(false);
        }
        self.step(operator, 0.0)?;
        Ok(true)
    }

    /// Makes room for a depth, so that steps allocate nothing.
    pub(crate) fn reserve(&mut self, steps: usize) -> Result<()> {
        self.basis.reserve(steps)?;
        self.diagonal.reserve(steps - self.diagonal.len());
        self.subdiagonal.reserve(steps - self.subdiagonal.len());
        Ok(())
    }

    /// One more vector: the residual divided by its length, coupled to the last vector by `coupling`.
    fn step(&mut self, operator: &dyn LinearOperator<T>, coupling: f64) -> Result<()> {
        self.next();
        operator.apply(&self.current, &mut self.residual);
        self.complete(coupling)
    }

    /// Makes the residual of the product that stands in its place.
    fn complete(&mut self, coupling: f64) -> Result<()> {
        let last = self.steps();
        self.matvecs += 1;
        // Paige's order: the old vector goes before the new coefficient is taken.
        if last > 0 && coupling > 0.0 {
            axpy(T::of(-coupling), &self.basis.vector(last - 1), &mut self.residual);
        }
        let mut center = dot(&self.current, &self.residual);
        if !center.is_finite() {
            Error::finite(
                "the product of the operator",
                &self.residual,
                "the operator met a number that it cannot take",
            )?;
            let limits = "must be finite: scale the operator down";
            return Err(Error::OutOfRange { what: "the Rayleigh quotient of the operator", value: center, limits });
        }
        axpy(T::of(-center), &self.current, &mut self.residual);
        self.basis.push(&self.current);
        if last > 0 {
            self.subdiagonal.push(coupling);
        }
        self.residual_norm = length(&self.residual);
        center += match self.orthogonalization {
            Orthogonalization::None => 0.0,
            Orthogonalization::Local => {
                let correction = dot(&self.current, &self.residual);
                axpy(T::of(-correction), &self.current, &mut self.residual);
                if last > 0 {
                    let old = self.basis.vector(last - 1);
                    axpy(T::of(-dot(&old, &self.residual)), &old, &mut self.residual);
                }
                self.residual_norm = length(&self.residual);
                correction
            }
            Orthogonalization::Full => self.orthogonalize(),
        };
        self.diagonal.push(center);
        let above = if last > 0 { coupling } else { 0.0 };
        self.scale = self.scale.max(above + center.abs() + self.residual_norm);
        let negligible = self.negligible.0 * self.scale + self.negligible.1;
        self.breakdown = self.steps() == self.dim() || self.residual_norm <= negligible;
        Ok(())
    }

    /// Removes the basis from the residual, whose norm must be known. Returns what the last vector had of it.
    fn orthogonalize(&mut self) -> f64 {
        self.basis.orthogonalize(&mut self.residual, &mut self.residual_norm)
    }
}

/// The dimension of a square operator with at least one row.
pub(crate) fn dimension<T: Scalar>(operator: &dyn LinearOperator<T>) -> Result<usize> {
    let (rows, cols) = (operator.rows(), operator.cols());
    if rows != cols {
        let (left, right) = (vec![rows, cols], vec![cols, rows]);
        let rule = "a symmetric operator must be square";
        return Err(Error::Shapes { operation: "Krylov space of an operator", left, right, rule, location: None });
    }
    if rows == 0 {
        return Err(Error::Empty { what: "the operator", remedy: "a spectrum needs at least one dimension" });
    }
    Ok(rows)
}
