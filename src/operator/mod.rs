//! Linear maps known by their products: the seam between curvature and everything that reads spectra.
//!
//! ```text
//!     y = A x,   x in R^cols,  y in R^rows
//! ```
//!
//! A [`LinearOperator`] has a size and a product; it is never asked for an entry. What else it can do or be is said by
//! subtraits: [`Adjoint`] adds x = A'y; [`Symmetric`] (A = A') and [`PositiveSemidefinite`] (x'Ax >= 0) are *promises*
//! without methods, and Lanczos does not accept an operator that has not promised. The algebra below computes promises
//! by type: a sum of symmetric operators is symmetric, a product is not.
//!
//! | you have | you want | take |
//! | --- | --- | --- |
//! | a closure that multiplies | an operator | [`Closure`], and [`AssumeSymmetric`] to promise |
//! | a dense matrix, a diagonal | an operator | [`Dense`], [`Diagonal`] |
//! | a dense matrix of `ndarray` or `faer`, in any order of storage | an operator, and back | [`Dense`] |
//! | a dense or sparse matrix of `faer` | an operator | [`FromFaer`] |
//! | an operator | an argument for `faer`'s solvers | [`ToFaer`] |
//! | A and B | A + B, A B, c A, A + c I | [`Sum`], [`Product`], [`Scaled`], [`Shifted`] |
//! | A and a tall P | the cut P'A P | [`Compressed`] |
//! | A and some of its coordinates | A on these alone | [`Compressed`] with [`Selection`] |
//! | A and a partition of its coordinates | its diagonal blocks | [`BlockDiagonal`] |
//! | a tall A | A A', A'A | [`Gram`], [`Normal`] |
//! | A and known eigenpairs | A without them | [`Deflated`] |
//! | any operator | the number of its products | [`Counted`] |
//! | a small operator | its entries | [`to_dense`] |
//!
//! Each operator is `Sync`: Krylov methods apply it from several threads. Vectors are plain slices; k vectors for
//! [`LinearOperator::apply_block`] stand back to back.

mod algebra;
mod block_diagonal;
mod explicit;
mod gram;
mod interoperation;
mod selection;
mod symmetry;

pub use algebra::{
    AssumePositiveSemidefinite, AssumeSymmetric, Compressed, Counted, Deflated, Product, Scaled, Shifted, Sum,
};
pub use block_diagonal::BlockDiagonal;
pub use explicit::{Closure, Dense, Diagonal, to_dense};
pub use gram::{Gram, Normal};
pub use interoperation::{FromFaer, ToFaer};
pub use selection::Selection;

pub(crate) use symmetry::{ROUNDING, asymmetry, require_symmetric};

use crate::scalar::Scalar;

/// A linear map R^cols -> R^rows, known by its product with a vector.
///
/// ```
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::operator::{LinearOperator, Symmetric};
/// use eigenscape::random::Key;
///
/// /// The average of all entries in each place: the projection on the constants.
/// struct Average(usize);
///
/// impl LinearOperator<f64> for Average {
///     fn rows(&self) -> usize {
///         self.0
///     }
///     fn cols(&self) -> usize {
///         self.0
///     }
///     fn apply(&self, x: &[f64], y: &mut [f64]) {
///         y.fill(x.iter().sum::<f64>() / self.0 as f64);
///     }
/// }
/// // A promise: without it Lanczos does not take the operator.
/// impl Symmetric<f64> for Average {}
///
/// let top = Eigensolver::new(2, Key::new(0)).run(&Average(50))?;
/// assert!((top.values[0] - 1.0).abs() < 1e-12 && top.values[1].abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "matrix-free")]
#[doc(alias = "matvec")]
#[doc(alias = "HVP")]
pub trait LinearOperator<T: Scalar>: Sync {
    /// The number of rows: the length of a product.
    fn rows(&self) -> usize;

    /// The number of columns: the length of the vector that is multiplied.
    fn cols(&self) -> usize;

    /// Overwrites `y` with A `x`.
    ///
    /// # Panics
    /// If `x` does not have `cols` entries or `y` does not have `rows`.
    fn apply(&self, x: &[T], y: &mut [T]);

    /// Overwrites the vectors in `y` with the products of the vectors in `x`; `vectors` of them, back to back.
    ///
    /// The default multiplies them one by one; operators that can share work between vectors override it, and may round
    /// sums differently from [`LinearOperator::apply`].
    ///
    /// # Panics
    /// If `x` does not have `vectors` x `cols` entries or `y` does not have `vectors` x `rows`.
    #[track_caller]
    #[doc(alias = "matmat")]
    #[doc(alias = "multiple vectors")]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        let (rows, cols) = (self.rows(), self.cols());
        block_fits(rows, cols, x, y, vectors);
        for vector in 0..vectors {
            self.apply(&x[vector * cols..][..cols], &mut y[vector * rows..][..rows]);
        }
    }
}

/// A linear map that can also multiply by its transpose.
#[doc(alias = "rmatvec")]
#[doc(alias = "transpose")]
pub trait Adjoint<T: Scalar>: LinearOperator<T> {
    /// Overwrites `x` with A' `y`.
    ///
    /// # Panics
    /// If `y` does not have `rows` entries or `x` does not have `cols`.
    fn apply_adjoint(&self, y: &[T], x: &mut [T]);

    /// Overwrites the vectors in `x` with the products of the vectors in `y`; `vectors` of them, back to back. One by
    /// one, unless an operator can share work between them.
    ///
    /// # Panics
    /// If `y` does not have `vectors` x `rows` entries or `x` does not have `vectors` x `cols`.
    #[track_caller]
    fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
        let (rows, cols) = (self.rows(), self.cols());
        block_fits(cols, rows, y, x, vectors);
        for vector in 0..vectors {
            self.apply_adjoint(&y[vector * rows..][..rows], &mut x[vector * cols..][..cols]);
        }
    }
}

/// The promise that A is square and equal to its transpose. Unchecked; `check::symmetric` probes it.
pub trait Symmetric<T: Scalar>: LinearOperator<T> {}

/// The promise that A is symmetric and x'Ax >= 0 for each x. Unchecked.
pub trait PositiveSemidefinite<T: Scalar>: Symmetric<T> {}

impl<T: Scalar, A: LinearOperator<T> + ?Sized> LinearOperator<T> for &A {
    fn rows(&self) -> usize {
        (**self).rows()
    }
    fn cols(&self) -> usize {
        (**self).cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        (**self).apply(x, y);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        (**self).apply_block(x, y, vectors);
    }
}

impl<T: Scalar, A: Adjoint<T> + ?Sized> Adjoint<T> for &A {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        (**self).apply_adjoint(y, x);
    }
    #[track_caller]
    fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
        (**self).apply_adjoint_block(y, x, vectors);
    }
}

impl<T: Scalar, A: Symmetric<T> + ?Sized> Symmetric<T> for &A {}
impl<T: Scalar, A: PositiveSemidefinite<T> + ?Sized> PositiveSemidefinite<T> for &A {}

/// Panics at the caller unless x and y fit an operator of this size.
#[track_caller]
pub(crate) fn fits<T>(rows: usize, cols: usize, x: &[T], y: &[T]) {
    assert!(
        x.len() == cols && y.len() == rows,
        "a {rows}x{cols} operator takes x of {cols} entries to y of {rows}, but x has {} and y has {}",
        x.len(),
        y.len()
    );
}

/// Panics at the caller unless the blocks x and y hold as many vectors for an operator of this size.
#[track_caller]
pub(crate) fn block_fits<T>(rows: usize, cols: usize, x: &[T], y: &[T], vectors: usize) {
    assert_eq!(x.len(), vectors * cols, "apply_block: x must hold {vectors} vectors of {cols} entries");
    assert_eq!(y.len(), vectors * rows, "apply_block: y must hold {vectors} vectors of {rows} entries");
}
