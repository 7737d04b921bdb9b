//! Operators with entries or a closure behind them, and the entries of any operator.

use std::fmt;
use std::marker::PhantomData;

use super::{Adjoint, LinearOperator, Symmetric, block_fits, fits};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, matmul};
use crate::scalar::Scalar;

/// A matrix with stored entries, row by row.
///
/// ```
/// use eigenscape::operator::{Adjoint, Dense, LinearOperator};
///
/// let a = Dense::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3)?;
/// let mut y = [0.0; 2];
/// a.apply(&[1.0, 0.0, -1.0], &mut y);
/// assert_eq!(y, [-2.0, -2.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Matrices of other libraries
///
/// The entries are one slice, row by row, so other libraries see them as a view, and take them over, without a copy. What
/// comes from there may be stored by columns, with gaps or backwards: [`Dense::from_fn`] asks for entries by row and column
/// and copies any of these; taking a buffer as it is, by [`Dense::new`], is right for rows without gaps alone.
///
/// ```
/// use eigenscape::operator::{Dense, LinearOperator};
/// use faer::MatRef;
/// use ndarray::{Array2, ArrayView2, array, s};
///
/// let a = Dense::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3)?;
/// let (rows, cols) = (a.rows(), a.cols());
///
/// // To ndarray and to faer: views, then the buffer itself.
/// let view = ArrayView2::from_shape((rows, cols), a.entries()).unwrap();
/// assert_eq!(view[[1, 0]], 4.0);
/// let matrix = MatRef::from_row_major_slice(a.entries(), rows, cols);
/// assert_eq!(matrix[(1, 0)], 4.0);
/// let owned = Array2::from_shape_vec((rows, cols), a.into_entries()).unwrap();
///
/// // From ndarray: anything, here every other column of a transposed array, and a buffer where its order is ours.
/// let cut = owned.t().slice_move(s![..;2, ..]);
/// let part = Dense::from_fn(cut.nrows(), cut.ncols(), |row, col| cut[[row, col]]);
/// assert_eq!(part.entries(), [1.0, 4.0, 3.0, 6.0]);
/// let b: Array2<f64> = array![[1.0, 2.0], [3.0, 4.0]];
/// let entries = b.as_slice().expect("in rows without gaps").to_vec();
/// assert_eq!(Dense::new(entries, 2, 2)?, Dense::from_fn(2, 2, |row, col| b[[row, col]]));
///
/// // From faer, whose own matrices are stored by columns.
/// let c = faer::mat![[1.0, 2.0], [3.0, 4.0]];
/// assert_eq!(Dense::from_fn(c.nrows(), c.ncols(), |row, col| c[(row, col)]).entries(), [1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dense<T> {
    entries: Vec<T>,
    rows: usize,
    cols: usize,
}

impl<T: Scalar> Dense<T> {
    /// The `rows` x `cols` matrix with these entries, row by row.
    ///
    /// # Errors
    /// If there are not `rows` x `cols` entries.
    pub fn new(entries: Vec<T>, rows: usize, cols: usize) -> Result<Self> {
        Error::array("the list of entries of a dense matrix", entries.len(), &[rows, cols])?;
        Ok(Dense { entries, rows, cols })
    }

    /// The matrix with the entry `entry(row, col)` at each place, asked for row by row: a copy of whatever can be indexed, in any
    /// order of storage.
    ///
    /// ```
    /// use eigenscape::operator::Dense;
    ///
    /// let hilbert = Dense::from_fn(2, 2, |row, col| 1.0 / (row + col + 1) as f64);
    /// assert_eq!(hilbert.entries(), [1.0, 0.5, 0.5, 1.0 / 3.0]);
    /// ```
    ///
    /// # Panics
    /// If `rows` x `cols` is more than an address can count.
    #[track_caller]
    pub fn from_fn(rows: usize, cols: usize, mut entry: impl FnMut(usize, usize) -> T) -> Self {
        let size = rows.checked_mul(cols);
        let mut entries =
            Vec::with_capacity(size.expect("a dense matrix has no more entries than an address can count"));
        for row in 0..rows {
            entries.extend((0..cols).map(|col| entry(row, col)));
        }
        Dense { entries, rows, cols }
    }

    /// The entries, row by row: entry (row, col) is number `row * cols + col`.
    pub fn entries(&self) -> &[T] {
        &self.entries
    }

    /// The entries, row by row, without a copy.
    pub fn into_entries(self) -> Vec<T> {
        self.entries
    }

    fn matrix(&self) -> Matrix<'_, T> {
        Matrix::new(&self.entries, self.rows, self.cols)
    }
}

impl<T: Scalar> LinearOperator<T> for Dense<T> {
    fn rows(&self) -> usize {
        self.rows
    }
    fn cols(&self) -> usize {
        self.cols
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows, self.cols, x, y);
        matmul(y, Update::Replace, T::one(), self.matrix(), Matrix::new(x, self.cols, 1));
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        block_fits(self.rows, self.cols, x, y, vectors);
        // The vectors are the rows of x and y: Y = X A'.
        matmul(y, Update::Replace, T::one(), Matrix::new(x, vectors, self.cols), self.matrix().t());
    }
}

impl<T: Scalar> Adjoint<T> for Dense<T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.cols, self.rows, y, x);
        matmul(x, Update::Replace, T::one(), self.matrix().t(), Matrix::new(y, self.rows, 1));
    }
}

/// A diagonal matrix; positive semidefinite only if you promise it with
/// [`AssumePositiveSemidefinite`](super::AssumePositiveSemidefinite).
#[derive(Clone, Debug, PartialEq)]
pub struct Diagonal<T> {
    entries: Vec<T>,
}

impl<T: Scalar> Diagonal<T> {
    /// The square matrix with these entries on its diagonal.
    pub fn new(entries: Vec<T>) -> Self {
        Diagonal { entries }
    }
}

impl<T: Scalar> LinearOperator<T> for Diagonal<T> {
    fn rows(&self) -> usize {
        self.entries.len()
    }
    fn cols(&self) -> usize {
        self.entries.len()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.entries.len(), self.entries.len(), x, y);
        for ((y, &x), &d) in y.iter_mut().zip(x).zip(&self.entries) {
            *y = d * x;
        }
    }
}

impl<T: Scalar> Adjoint<T> for Diagonal<T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.apply(y, x);
    }
}

impl<T: Scalar> Symmetric<T> for Diagonal<T> {}

/// A closure that overwrites its second argument with the product of its first.
///
/// ```
/// use eigenscape::operator::{AssumeSymmetric, Closure, LinearOperator};
///
/// // Second differences on a ring of five points, never stored; symmetric by inspection.
/// let ring = AssumeSymmetric::new(Closure::new(5, 5, |x: &[f64], y: &mut [f64]| {
///     for i in 0..5 {
///         y[i] = 2.0 * x[i] - x[(i + 1) % 5] - x[(i + 4) % 5];
///     }
/// }));
/// let mut y = [0.0; 5];
/// ring.apply(&[1.0; 5], &mut y);
/// assert_eq!(y, [0.0; 5]);
/// ```
#[doc(alias = "matvec")]
#[doc(alias = "function handle")]
pub struct Closure<T, F> {
    rows: usize,
    cols: usize,
    product: F,
    scalar: PhantomData<fn(T)>,
}

impl<T: Scalar, F: Fn(&[T], &mut [T]) + Sync> Closure<T, F> {
    /// The `rows` x `cols` operator whose product is the closure's.
    pub fn new(rows: usize, cols: usize, product: F) -> Self {
        Closure { rows, cols, product, scalar: PhantomData }
    }
}

impl<T, F> fmt::Debug for Closure<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Closure({}x{})", self.rows, self.cols)
    }
}

impl<T: Scalar, F: Fn(&[T], &mut [T]) + Sync> LinearOperator<T> for Closure<T, F> {
    fn rows(&self) -> usize {
        self.rows
    }
    fn cols(&self) -> usize {
        self.cols
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows, self.cols, x, y);
        (self.product)(x, y);
    }
}

/// The entries of an operator, row by row, by `cols` products with unit vectors, in blocks of up to 32.
/// [`Dense`] says how they go to `ndarray` and faer.
///
/// Cost: `cols` products and `rows` x `cols` numbers of memory, so for small operators: tests, and exact spectra.
///
/// # Panics
/// If the matrix has more entries than can be addressed.
#[doc(alias = "materialize")]
#[doc(alias = "toarray")]
pub fn to_dense<T: Scalar>(operator: &(impl LinearOperator<T> + ?Sized)) -> Dense<T> {
    const BLOCK: usize = 32;
    let (rows, cols) = (operator.rows(), operator.cols());
    let mut entries = vec![T::zero(); rows.checked_mul(cols).expect("a matrix of more entries than can be addressed")];
    let mut units = vec![T::zero(); BLOCK * cols];
    let mut products = vec![T::zero(); BLOCK * rows];
    for first in (0..cols).step_by(BLOCK) {
        let width = BLOCK.min(cols - first);
        let (units, products) = (&mut units[..width * cols], &mut products[..width * rows]);
        units.fill(T::zero());
        for vector in 0..width {
            units[vector * cols + first + vector] = T::one();
        }
        operator.apply_block(units, products, width);
        for (vector, product) in products.chunks_exact(rows.max(1)).enumerate() {
            for (row, &entry) in product.iter().enumerate() {
                entries[row * cols + first + vector] = entry;
            }
        }
    }
    Dense { entries, rows, cols }
}
