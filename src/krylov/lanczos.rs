//! The settings of the Lanczos process.

use super::factorization::Factorization;
use super::orthogonalization::Orthogonalization;
use crate::error::{Error, Result};
use crate::operator::{LinearOperator, Symmetric};
use crate::scalar::Scalar;

/// The Lanczos process: A V = V T + r e' from products with A.
///
/// Cost: one product a step, plus the [`Orthogonalization`]. Memory: `steps` + 2 vectors, allocated before the first
/// step; after that nothing as long as a vector is allocated but by the operator itself.
///
/// ```
/// use eigenscape::krylov::Lanczos;
/// use eigenscape::operator::Diagonal;
///
/// let operator = Diagonal::new(vec![3.0, 1.0, 1.0, -2.0]);
/// let factorization = Lanczos::new(10).run(&operator, &[1.0; 4])?;
/// // Three distinct eigenvalues: the Krylov space is exhausted after three steps, whatever was asked for.
/// assert_eq!(factorization.steps(), 3);
/// assert!(factorization.breakdown());
/// assert!((factorization.diagonal().iter().sum::<f64>() - 2.0).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Lanczos 1950 (doi:10.6028/jres.045.026); Golub & Van Loan, Matrix Computations, chapter 10.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lanczos {
    steps: usize,
    orthogonalization: Orthogonalization,
}

impl Lanczos {
    /// A process of so many steps, with [`Orthogonalization::Full`]. A depth beyond the dimension is cut to it.
    pub fn new(steps: usize) -> Self {
        Lanczos { steps, orthogonalization: Orthogonalization::default() }
    }

    /// Sets how new vectors are made orthogonal.
    pub fn orthogonalization(self, orthogonalization: Orthogonalization) -> Self {
        Lanczos { orthogonalization, ..self }
    }

    /// Runs the process from `start`, which need not be a unit vector.
    ///
    /// It ends early, with [`Factorization::breakdown`], when the Krylov space is invariant.
    ///
    /// # Errors
    /// If the operator is not square or has no rows, `steps` is 0, `start` has the wrong length, is zero or not finite,
    /// the basis cannot be allocated, or a product is not finite.
    pub fn run<T: Scalar, A>(&self, operator: &A, start: &[T]) -> Result<Factorization<T>>
    where
        A: Symmetric<T> + ?Sized,
    {
        self.run_core(&operator, start)
    }

    /// One compiled body for all operators.
    pub(crate) fn run_core<T: Scalar>(
        &self,
        operator: &dyn LinearOperator<T>,
        start: &[T],
    ) -> Result<Factorization<T>> {
        Error::at_least("the number of Lanczos steps", self.steps, 1, "must be at least 1")?;
        let mut factorization = Factorization::begin(operator, start, self.orthogonalization)?;
        factorization.expand_core(operator, self.steps)?;
        Ok(factorization)
    }
}
