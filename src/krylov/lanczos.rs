//! The settings of the Lanczos process.

use std::ops::ControlFlow;

use super::factorization::Factorization;
use super::orthogonalization::Orthogonalization;
use super::report::Progress;
use super::storage::Storage;
use crate::error::{Error, Result};
use crate::operator::{LinearOperator, Symmetric, require_symmetric};
use crate::random::Key;
use crate::scalar::Scalar;

/// The Lanczos process: A V = V T + r e' from products with A.
///
/// Cost: one product a step, plus the [`Orthogonalization`]. Memory: `steps` + 4 vectors, or
/// less with another [`Storage`], allocated before the first step; after that nothing as long as a vector is allocated but
/// by the operator itself.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "tridiagonalization")]
#[doc(alias = "Krylov subspace")]
pub struct Lanczos {
    steps: usize,
    orthogonalization: Orthogonalization,
    storage: Storage,
    symmetry: Option<Key>,
}

impl Lanczos {
    /// A process of so many steps, with [`Orthogonalization::Full`] and [`Storage::Kept`]. A depth beyond the dimension is
    /// cut to it.
    pub fn new(steps: usize) -> Self {
        let (orthogonalization, storage) = (Orthogonalization::default(), Storage::default());
        Lanczos { steps, orthogonalization, storage, symmetry: None }
    }

    /// Sets how new vectors are made orthogonal.
    pub fn orthogonalization(self, orthogonalization: Orthogonalization) -> Self {
        Lanczos { orthogonalization, ..self }
    }

    /// Sets where the basis is kept.
    pub fn storage(self, storage: Storage) -> Self {
        Lanczos { storage, ..self }
    }

    /// Lets the run begin with two products that show whether the operator is symmetric: u'Av against v'Au for normal u
    /// and v from `key`. They are not counted.
    pub fn check_symmetry(self, key: Key) -> Self {
        Lanczos { symmetry: Some(key), ..self }
    }

    /// Runs the process from `start`, which need not be a unit vector.
    ///
    /// It ends early, with [`Factorization::breakdown`], when the Krylov space is invariant; and with what was reached when
    /// a product is not finite: see [`Factorization::report`].
    ///
    /// # Errors
    /// If the operator is not square or has no rows, `steps` is 0, `start` has the wrong length, is zero or not finite,
    /// the orthogonalization needs a basis that is not kept, the basis cannot be allocated, the operator is seen not to be
    /// symmetric where that is checked, or its first product is not finite.
    pub fn run<T: Scalar, A>(&self, operator: &A, start: &[T]) -> Result<Factorization<T>>
    where
        A: Symmetric<T> + ?Sized,
    {
        self.observe(operator, start, |_| ControlFlow::Continue(()))
    }

    /// Runs as [`Lanczos::run`] and tells `observer` after each step; it can stop the run, and what is known then is
    /// returned. [`Factorization::expand`] continues it.
    ///
    /// # Errors
    /// As [`Lanczos::run`].
    pub fn observe<T: Scalar, A>(
        &self,
        operator: &A,
        start: &[T],
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Factorization<T>>
    where
        A: Symmetric<T> + ?Sized,
    {
        let mut factorization = self.begin(&operator, start)?;
        factorization.advance(&operator, self.steps, &mut observer)?;
        Ok(factorization)
    }

    fn begin<T: Scalar>(&self, operator: &dyn LinearOperator<T>, start: &[T]) -> Result<Factorization<T>> {
        Error::at_least("the number of Lanczos steps", self.steps, 1, "must be at least 1")?;
        let factorization = Factorization::stored(operator, start, self.orthogonalization, self.storage)?;
        if let Some(key) = self.symmetry {
            require_symmetric(operator, key)?;
        }
        Ok(factorization)
    }
}
