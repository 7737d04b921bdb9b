//! Extreme eigenpairs: settings, and the loop that expands until they have converged.

use std::ops::ControlFlow;

use super::eigenpairs::{Eigenpairs, finish};
use super::factorization::{Factorization, dimension};
use super::orthogonalization::Orthogonalization;
use super::report::{Progress, Stop};
use super::ritz::{Ritz, Which};
use crate::error::{Error, Result};
use crate::operator::{LinearOperator, Symmetric};
use crate::random::Key;
use crate::scalar::Scalar;

/// The depth at which a search ends by default; one step more costs a product and a vector of memory.
const STEPS: usize = 1000;

/// The tridiagonal eigenproblem of depth m costs O(m^3) at worst, so it is solved again only after the depth has grown
/// by this part: the search overshoots by at most as much, and its checks stay cheap beside m^2 n for n >> m.
const GROWTH: usize = 16;

/// Searches the extreme eigenpairs of a symmetric operator by Lanczos with full orthogonalization.
///
/// An eigenpair (lambda, v) has converged when its residual norm ||A v - lambda v|| is at most
///
/// ```text
///     relative * norm(A) + absolute
/// ```
///
/// where the norm is that of T. When the Krylov space becomes invariant, the search continues from a random vector
/// orthogonal to it, until such a vector finds nothing more that is wanted. So spectra of few distinct values come with
/// their multiplicities, and any `count` up to the dimension is answered. While the space has not become invariant, one
/// copy of a repeated eigenvalue is seen, where repeated means within the tolerance.
///
/// Cost: one product a step and one for each pair returned; memory of one vector a step. The number of steps depends on
/// the gaps: tens for well separated eigenvalues.
///
/// ```
/// use eigenscape::krylov::{Eigensolver, Which};
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
///
/// let mut entries = vec![1.0; 500];
/// entries[..3].copy_from_slice(&[7.0, 7.0, -2.0]);
/// let operator = Diagonal::new(entries);
///
/// let top = Eigensolver::new(3, Key::new(0)).run(&operator)?;
/// top.report.require()?;
/// for (value, expected) in top.values.iter().zip([7.0, 7.0, 1.0]) {
///     assert!((value - expected).abs() < 1e-10);
/// }
///
/// let bottom = Eigensolver::new(1, Key::new(0)).which(Which::Smallest).run(&operator)?;
/// assert!((bottom.values[0] + 2.0).abs() <= bottom.error_bounds[0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Parlett, The Symmetric Eigenvalue Problem (1998), chapters 11 to 13.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Eigensolver {
    count: usize,
    which: Which,
    relative: Option<f64>,
    absolute: f64,
    steps: usize,
    matvecs: u64,
    key: Key,
}

impl Eigensolver {
    /// A search for `count` eigenpairs at the top of the spectrum; the random start vectors come from `key`.
    ///
    /// Relative tolerance [`EPSILON`](Scalar::EPSILON)^(2/3) of the vectors' type (the exponent is ARPACK's): 2e-5 in
    /// `f32`, 4e-11 in `f64`, for residuals; eigenvalues err by their squares. At most 1000 steps.
    pub fn new(count: usize, key: Key) -> Self {
        Eigensolver {
            count,
            which: Which::default(),
            relative: None,
            absolute: 0.0,
            steps: STEPS,
            matvecs: u64::MAX,
            key,
        }
    }

    /// Sets the end of the spectrum.
    pub fn which(self, which: Which) -> Self {
        Eigensolver { which, ..self }
    }

    /// Sets the tolerance of residual norms relative to the norm of the operator; 0 if only the absolute one shall count.
    pub fn relative_tolerance(self, relative: f64) -> Self {
        Eigensolver { relative: Some(relative), ..self }
    }

    /// Sets the absolute tolerance of residual norms, which adds to the relative one.
    pub fn absolute_tolerance(self, absolute: f64) -> Self {
        Eigensolver { absolute, ..self }
    }

    /// Sets the largest depth: the budget of memory, one vector a step.
    pub fn steps(self, steps: usize) -> Self {
        Eigensolver { steps, ..self }
    }

    /// Sets the budget of products, those that recompute the residuals included.
    pub fn matvecs(self, matvecs: u64) -> Self {
        Eigensolver { matvecs, ..self }
    }

    /// Searches from a random vector.
    ///
    /// # Errors
    /// If the operator is not square, `count` is 0 or above the dimension, a tolerance is negative or below what the
    /// vectors' type can reach, a budget is too small for one pair, or a product is not finite.
    pub fn run<T: Scalar, A: Symmetric<T> + ?Sized>(&self, operator: &A) -> Result<Eigenpairs<T>> {
        self.observe(operator, |_| ControlFlow::Continue(()))
    }

    /// Searches from `start`: eigenvectors of a nearby operator, say, added up to one vector.
    ///
    /// A start that spans eigenvectors of this very operator is no short cut: it says nothing of the others, so the search
    /// goes on from a random vector until it has seen that these are the wanted ones.
    ///
    /// # Errors
    /// As [`Eigensolver::run`], and if `start` has the wrong length, is zero or is not finite.
    pub fn run_from<T: Scalar, A>(&self, operator: &A, start: &[T]) -> Result<Eigenpairs<T>>
    where
        A: Symmetric<T> + ?Sized,
    {
        self.search(&operator, Some(start), &mut |_| ControlFlow::Continue(()))
    }

    /// Searches from a random vector and tells `observer` at each check how many pairs have converged; it can stop the
    /// search, and what is known then is returned.
    ///
    /// # Errors
    /// As [`Eigensolver::run`].
    pub fn observe<T: Scalar, A>(
        &self,
        operator: &A,
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Eigenpairs<T>>
    where
        A: Symmetric<T> + ?Sized,
    {
        self.search(&operator, None, &mut observer)
    }

    /// The relative tolerance, if the request is well-posed for vectors of type `T` in `dim` dimensions.
    fn validate<T: Scalar>(&self, dim: usize) -> Result<f64> {
        let remedy = "must be at least 1";
        Error::at_least("the number of eigenpairs", self.count, 1, remedy)?;
        if self.count > dim {
            let because = "the dimension of the operator";
            return Err(Error::AboveLimit { what: "the number of eigenpairs", value: self.count, limit: dim, because });
        }
        Error::at_least("the budget of steps", self.steps, 1, remedy)?;
        let products = usize::try_from(self.matvecs).unwrap_or(usize::MAX);
        Error::at_least("the budget of products", products, 2, "must be at least 2: one step and one residual")?;
        let epsilon = T::EPSILON.f64();
        let relative = self.relative.unwrap_or(epsilon.powf(2.0 / 3.0));
        // Products of a few hundred terms err by tens of rounding errors; below that no residual would pass.
        let reachable = relative >= 32.0 * epsilon || (relative == 0.0 && self.absolute > 0.0);
        if !reachable || !relative.is_finite() {
            let limits = "must be at least 32 rounding errors of the vectors' type, or 0 beside an absolute one";
            return Err(Error::OutOfRange { what: "the relative tolerance", value: relative, limits });
        }
        if !(self.absolute >= 0.0 && self.absolute.is_finite()) {
            let limits = "must be finite and at least 0";
            return Err(Error::OutOfRange { what: "the absolute tolerance", value: self.absolute, limits });
        }
        Ok(relative)
    }

    fn search<T: Scalar>(
        &self,
        operator: &dyn LinearOperator<T>,
        start: Option<&[T]>,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Eigenpairs<T>> {
        let dim = dimension(operator)?;
        let relative = self.validate::<T>(dim)?;
        let random = |number: usize| {
            let mut vector = vec![T::zero(); dim];
            self.key.split(number as u64).normal(0, &mut vector);
            vector
        };
        let start = start.map_or_else(|| random(0), <[T]>::to_vec);
        let mut factorization = Factorization::begin(operator, &start, Orthogonalization::Full)?;
        // A residual below the tolerance ends a block: with repeated eigenvalues it is rounding error, and whatever comes
        // after it would pass as converged without having been searched for. A quarter, since a pair's residual adds up
        // from the block's end, the ends of blocks before it, and rounding.
        let (relative, absolute) = (relative / 4.0, self.absolute / 4.0);
        factorization.tolerate(relative, absolute);
        let mut ritz = Ritz::new(self.which, self.count);
        // Each pair returned costs one product more; a budget below that is shared between search and residuals.
        let budget = usize::try_from(self.matvecs).unwrap_or(usize::MAX);
        let limit = self.steps.min(budget.saturating_sub(self.count).max(budget / 2)).min(dim);
        let mut restarts = 0;
        let stop = loop {
            let depth = factorization.steps();
            let first = if depth == 0 { self.count + self.count / 2 + 8 } else { 0 };
            let target = (depth + (depth / GROWTH).max(2)).max(first).min(limit);
            factorization.expand_core(operator, target)?;
            ritz.solve(&factorization)?;
            let tolerance = relative * ritz.norm() + absolute;
            let known = ritz.found(factorization.breakdown(), factorization.steps() == dim, tolerance);
            let progress = Progress {
                done: if known { self.count } else { ritz.converged(tolerance).min(self.count) },
                total: self.count,
                matvecs: factorization.matvecs(),
            };
            let go_on = observer(progress).is_continue();
            if known {
                break Stop::Converged;
            }
            if factorization.steps() >= limit {
                break Stop::Budget;
            }
            if !go_on {
                break Stop::Observer;
            }
            if factorization.breakdown() {
                ritz.close(factorization.steps());
                // A random vector lies in a proper subspace with probability 0; in a nearly whole one by rounding.
                restarts += 1;
                while !factorization.renew(operator, random(restarts))? {
                    restarts += 1;
                }
            }
        };
        let pairs = self.count.min(budget - factorization.steps().min(budget - 1));
        finish(operator, &factorization, &ritz, pairs, stop, 4.0 * (relative * ritz.norm() + absolute))
    }
}
