//! A V = V T + r e', the hub that every Krylov method reads.

use std::ops::ControlFlow;

use super::basis::{Basis, length};
use super::compiled::Compiled;
use super::omega::{Omega, Step};
use super::orthogonalization::Orthogonalization;
use super::report::{Progress, Report, Stop};
use super::storage::Storage;
use crate::error::{Error, Result};
use crate::linalg::{axpy, dot};
use crate::operator::{LinearOperator, Symmetric};
use crate::scalar::Scalar;

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
///
/// With the feature `serde` a factorization can be saved and read back, and continues in the same bits. What is read is
/// checked: a file that was damaged, or written by someone else, gives an error.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "super::saved::Saved<T>"),
    serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>"))
)]
pub struct Factorization<T> {
    pub(super) orthogonalization: Orthogonalization,
    pub(super) storage: Storage,
    pub(super) basis: Basis<T>,
    pub(super) diagonal: Vec<f64>,
    pub(super) subdiagonal: Vec<f64>,
    /// The newest vector of the basis, whole: the basis keeps it in pieces, or not at all.
    pub(super) newest: Vec<T>,
    pub(super) residual: Vec<T>,
    /// The vector that is multiplied, and its product: empty until they are needed.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) current: Vec<T>,
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) product: Vec<T>,
    pub(super) residual_norm: f64,
    pub(super) start_norm: f64,
    /// The largest row sum of |T| with the residual's norm below it: at least the norm of T, at most twice.
    pub(super) scale: f64,
    pub(super) omega: Omega,
    pub(super) orthogonalized: usize,
    pub(super) breakdown: bool,
    pub(super) matvecs: u64,
    pub(super) stop: Stop,
}

impl<T: Scalar> Factorization<T> {
    /// Depth 0: no basis yet, the start vector as residual.
    pub(crate) fn begin(
        operator: &dyn LinearOperator<T>,
        start: &[T],
        orthogonalization: Orthogonalization,
    ) -> Result<Self> {
        Factorization::stored(operator, start, orthogonalization, Storage::Kept)
    }

    /// The same with a storage for the basis.
    pub(crate) fn stored(
        operator: &dyn LinearOperator<T>,
        start: &[T],
        orthogonalization: Orthogonalization,
        storage: Storage,
    ) -> Result<Self> {
        let dim = dimension(operator)?;
        Error::length("the start vector", start.len(), dim)?;
        Error::finite("the start vector", start, "start from finite numbers")?;
        orthogonalization.needs(storage)?;
        let start_norm = length(start);
        let limits = "must be positive and finite: start from a vector that is not zero";
        if start_norm == 0.0 || !start_norm.is_finite() {
            return Err(Error::OutOfRange { what: "the norm of the start vector", value: start_norm, limits });
        }
        Ok(Factorization {
            orthogonalization,
            storage,
            basis: Basis::stored(dim, storage),
            diagonal: Vec::new(),
            subdiagonal: Vec::new(),
            newest: vec![T::zero(); dim],
            residual: start.to_vec(),
            current: vec![T::zero(); dim],
            product: vec![T::zero(); dim],
            residual_norm: start_norm,
            start_norm,
            scale: 0.0,
            omega: Omega::new(),
            orthogonalized: 0,
            breakdown: false,
            matvecs: 0,
            stop: Stop::Converged,
        })
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
    /// If `index` is not below `steps`, or the basis is not kept ([`Storage::None`]).
    #[track_caller]
    pub fn vector(&self, index: usize) -> Vec<T> {
        assert!(self.storage != Storage::None, "vector: the basis is not kept; take `second_pass`");
        assert!(index < self.steps(), "vector {index} of a factorization with {} steps", self.steps());
        self.basis.vector(index)
    }

    /// V c: the linear combinations of the basis with `coefficients`, `steps` of them for each combination, back to back.
    ///
    /// Cost: 2 m n operations for each.
    ///
    /// # Panics
    /// If the number of coefficients is not a multiple of `steps`, or the basis is not kept ([`Storage::None`]; then
    /// [`Factorization::second_pass`] does it).
    #[track_caller]
    pub fn combine(&self, coefficients: &[f64]) -> Vec<T> {
        assert!(self.storage != Storage::None, "combine: the basis is not kept; take `second_pass`");
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

    /// How the last run or expansion ended and what it all cost.
    ///
    /// Converged when the depth asked for was reached or the space is invariant. With [`Stop::NotFinite`] the product with
    /// the number `matvecs` was not finite; the factorization is the one before it, whole.
    pub fn report(&self) -> Report {
        Report::new(self.stop, self.matvecs)
    }

    /// Where the basis is kept.
    pub fn storage(&self) -> Storage {
        self.storage
    }

    /// The level of orthogonality, the largest entry of |V'V - I|: measured where there is a basis, at the cost of 2 m^2 n
    /// operations; else the estimate of the omega recurrence. See [`Factorization::orthogonality_is_measured`].
    ///
    /// A few [`EPSILON`](Scalar::EPSILON) with full orthogonalization, its root with partial; near 1 once there are ghosts.
    /// The estimate takes the worst case of rounding: it grows before orthogonality is lost.
    pub fn orthogonality(&self) -> f64 {
        if self.orthogonality_is_measured() { self.basis.orthogonality() } else { self.omega.largest() }
    }

    /// Whether [`Factorization::orthogonality`] is measured, and not an estimate.
    pub fn orthogonality_is_measured(&self) -> bool {
        self.storage != Storage::None
    }

    /// The number of steps that were orthogonalized against the whole basis: all with
    /// [`Full`](Orthogonalization::Full), those that needed it with [`Partial`](Orthogonalization::Partial).
    pub fn orthogonalized(&self) -> usize {
        self.orthogonalized
    }

    /// Whether orthogonality may be lost so far that T has copies of eigenvalues.
    pub(super) fn may_have_ghosts(&self) -> bool {
        let alone = matches!(self.orthogonalization, Orthogonalization::None | Orthogonalization::Local);
        alone && self.omega.largest() > T::EPSILON.f64().sqrt()
    }

    /// Continues to a depth of `steps` in all, with the same operator. Stops early at a breakdown, and at a product that is
    /// not finite; see [`Factorization::report`].
    ///
    /// The result has the same bits as a run to that depth at once.
    ///
    /// # Errors
    /// If the operator has another size or the basis cannot be allocated; the factorization is what it was.
    pub fn expand<A: Symmetric<T> + ?Sized>(&mut self, operator: &A, steps: usize) -> Result<()> {
        self.observe(operator, steps, |_| ControlFlow::Continue(()))
    }

    /// Continues as [`Factorization::expand`] and tells `observer` after each step; it can stop the run.
    ///
    /// # Errors
    /// As [`Factorization::expand`].
    pub fn observe<A>(
        &mut self,
        operator: &A,
        steps: usize,
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<()>
    where
        A: Symmetric<T> + ?Sized,
    {
        self.advance(&operator, steps, &mut observer).map(|_| ())
    }

    /// Continues to a depth. Returns what ended the run before, when a product was not finite and something is known.
    pub(super) fn advance(
        &mut self,
        operator: &dyn LinearOperator<T>,
        steps: usize,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<Error>> {
        Error::length("the product of the operator", dimension(operator)?, self.dim())?;
        let total = steps.min(self.dim());
        self.stop = Stop::Converged;
        if total <= self.steps() {
            return Ok(None);
        }
        self.reserve(total)?;
        while self.steps() < total && !self.breakdown {
            if let Err(error) = self.step(operator, self.residual_norm) {
                self.stop = Stop::NotFinite;
                return if self.steps() == 0 { Err(error) } else { Ok(Some(error)) };
            }
            let progress = Progress { done: self.steps(), total, matvecs: self.matvecs };
            if observer(progress).is_break() && self.steps() < total && !self.breakdown {
                self.stop = Stop::Observer;
                break;
            }
        }
        Ok(None)
    }

    /// The next vector of the basis: the residual divided by its length. What follows is [`Factorization::absorb`], with
    /// its product: together one step, in two halves, so that several factorizations can share one wide product.
    pub(crate) fn next(&mut self) -> &[T] {
        // Not there in a factorization that was read back.
        self.current.resize(self.residual.len(), T::zero());
        for (current, residual) in self.current.iter_mut().zip(&self.residual) {
            *current = T::of(residual.f64() / self.residual_norm);
        }
        &self.current
    }

    /// The second half of a step: takes the product of the operator with [`Factorization::next`]. One that is not finite is
    /// counted and refused, and the factorization is what it was.
    pub(crate) fn absorb(&mut self, product: &[T]) -> Result<()> {
        (Compiled::absorb())(self, product)
    }

    pub(super) fn absorb_body(&mut self, product: &[T]) -> Result<()> {
        self.product.resize(self.residual.len(), T::zero());
        self.product.copy_from_slice(product);
        self.complete(self.residual_norm)
    }

    /// Makes room for a depth, so that steps allocate nothing.
    pub(crate) fn reserve(&mut self, steps: usize) -> Result<()> {
        self.basis.reserve(steps)?;
        self.diagonal.reserve(steps - self.diagonal.len());
        self.subdiagonal.reserve(steps - self.subdiagonal.len());
        Ok(())
    }

    /// One more vector: the residual divided by its length, coupled to the last vector by `coupling`.
    pub(super) fn step(&mut self, operator: &dyn LinearOperator<T>, coupling: f64) -> Result<()> {
        (Compiled::step())(self, operator, coupling)
    }

    pub(super) fn step_body(&mut self, operator: &dyn LinearOperator<T>, coupling: f64) -> Result<()> {
        self.next();
        self.product.resize(self.residual.len(), T::zero());
        operator.apply(&self.current, &mut self.product);
        self.complete(coupling)
    }

    /// Makes the next residual of the product. Nothing changes but the count of products if it is not finite.
    fn complete(&mut self, coupling: f64) -> Result<()> {
        let first = self.steps() == 0;
        let coupling = if first { 0.0 } else { coupling };
        self.matvecs += 1;
        // Paige's order: the old vector goes before the new coefficient is taken.
        if coupling > 0.0 {
            axpy(T::of(-coupling), &self.newest, &mut self.product);
        }
        let mut center = dot(&self.current, &self.product);
        if !center.is_finite() {
            return Err(self.not_finite(center));
        }
        axpy(T::of(-center), &self.current, &mut self.product);
        self.basis.push(&self.current);
        let mut norm = length(&self.product);
        let mut orthogonalized = false;
        match self.orthogonalization {
            Orthogonalization::None => {
                self.estimate(center, coupling, norm);
            }
            Orthogonalization::Local => {
                center += self.orthogonalize_locally(first, &mut norm);
                self.estimate(center, coupling, norm);
            }
            Orthogonalization::Partial => {
                center += self.orthogonalize_locally(first, &mut norm);
                let largest = self.estimate(center, coupling, norm);
                orthogonalized = self.omega.wants(largest, T::EPSILON.f64().sqrt());
            }
            Orthogonalization::Full => orthogonalized = true,
        }
        if orthogonalized {
            // What rounded vectors take along the newest vector is rounding of theirs and no part of T: it is counted before,
            // and put right after.
            let rounded = self.basis.is_rounded();
            if rounded && self.orthogonalization == Orthogonalization::Full {
                center += self.orthogonalize_locally(first, &mut norm);
            }
            let correction = self.basis.orthogonalize(&mut self.product, &mut norm);
            if rounded {
                self.orthogonalize_locally(first, &mut norm);
            } else {
                center += correction;
            }
            let level = f64::from(f32::EPSILON) / (self.dim() as f64).sqrt();
            self.omega.reset(if rounded { level / 4.0 } else { T::EPSILON.f64() });
        }
        if !norm.is_finite() {
            self.basis.pop();
            return Err(self.not_finite(norm));
        }
        self.orthogonalized += usize::from(orthogonalized);
        if self.orthogonalization != Orthogonalization::Full {
            self.omega.accept();
        }
        std::mem::swap(&mut self.newest, &mut self.current);
        std::mem::swap(&mut self.residual, &mut self.product);
        self.residual_norm = norm;
        if !first {
            self.subdiagonal.push(coupling);
        }
        self.diagonal.push(center);
        self.scale = self.scale.max(coupling + center.abs() + norm);
        let negligible = BREAKDOWN * T::EPSILON.f64() * self.scale;
        self.breakdown = self.steps() == self.dim() || norm <= negligible;
        Ok(())
    }

    /// Why a product, or what the recurrence made of it, was refused.
    fn not_finite(&self, quotient: f64) -> Error {
        match self.product.iter().position(|x| !x.is_finite()) {
            Some(index) => Error::Product { number: self.matvecs, index, value: self.product[index].f64() },
            None => {
                let limits = "must be finite: scale the operator down";
                Error::OutOfRange { what: "the Rayleigh quotient of the operator", value: quotient, limits }
            }
        }
    }

    /// Once more against the last two vectors. Returns what the newest had of the residual.
    fn orthogonalize_locally(&mut self, first: bool, norm: &mut f64) -> f64 {
        let correction = dot(&self.current, &self.product);
        axpy(T::of(-correction), &self.current, &mut self.product);
        if !first {
            let old = dot(&self.newest, &self.product);
            axpy(T::of(-old), &self.newest, &mut self.product);
        }
        *norm = length(&self.product);
        correction
    }

    /// The largest estimate of v'r, over |r|, for the step at hand.
    fn estimate(&mut self, center: f64, coupling: f64, residual_norm: f64) -> f64 {
        let scale = self.scale.max(coupling + center.abs() + residual_norm);
        let epsilon = T::EPSILON.f64();
        // Removed once, the newest vector leaves a rounding error of what was there; twice, one of what is left.
        let once = self.orthogonalization == Orthogonalization::None;
        // Inner products are sums of n terms in double precision.
        let sums = epsilon + f64::EPSILON * (self.dim() as f64).sqrt();
        self.omega.estimate(&Step {
            diagonal: &self.diagonal,
            subdiagonal: &self.subdiagonal,
            center,
            coupling,
            residual_norm,
            rounding: epsilon * scale,
            own: sums * if once { scale } else { residual_norm },
        })
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
