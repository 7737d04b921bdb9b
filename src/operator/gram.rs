//! A A' and A'A of a matrix that is known by its products and those of its transpose.

use super::{Adjoint, LinearOperator, PositiveSemidefinite, Symmetric, block_fits, fits};
use crate::scalar::Scalar;

/// A A', the inner products of the rows of A: rows x rows, semidefinite. Its non-zero eigenvalues are those of
/// [`Normal`], so that the smaller of the two tells the spectrum of both.
///
/// ```
/// use eigenscape::operator::{Dense, Gram, Normal, to_dense};
///
/// let a = Dense::new(vec![3.0, 0.0, 4.0, 0.0, 2.0, 0.0], 2, 3)?;
/// assert_eq!(to_dense(&Gram::new(&a)).entries(), [25.0, 0.0, 0.0, 4.0]);
/// assert_eq!(to_dense(&Normal::new(&a)).entries(), [9.0, 0.0, 12.0, 0.0, 4.0, 0.0, 12.0, 0.0, 16.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Gram<A> {
    inner: A,
}

/// A'A, the inner products of the columns of A: cols x cols, semidefinite.
#[derive(Clone, Copy, Debug)]
pub struct Normal<A> {
    inner: A,
}

impl<A> Gram<A> {
    /// A A'.
    pub fn new(operator: A) -> Self {
        Gram { inner: operator }
    }

    /// A.
    pub fn root(&self) -> &A {
        &self.inner
    }
}

impl<A> Normal<A> {
    /// A'A.
    pub fn new(operator: A) -> Self {
        Normal { inner: operator }
    }

    /// A.
    pub fn root(&self) -> &A {
        &self.inner
    }
}

impl<T: Scalar, A: Adjoint<T>> LinearOperator<T> for Gram<A> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }
    fn cols(&self) -> usize {
        self.inner.rows()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        let mut middle = vec![T::zero(); self.inner.cols()];
        self.inner.apply_adjoint(x, &mut middle);
        self.inner.apply(&middle, y);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        block_fits(self.rows(), self.cols(), x, y, vectors);
        let mut middle = vec![T::zero(); vectors * self.inner.cols()];
        self.inner.apply_adjoint_block(x, &mut middle, vectors);
        self.inner.apply_block(&middle, y, vectors);
    }
}

impl<T: Scalar, A: Adjoint<T>> LinearOperator<T> for Normal<A> {
    fn rows(&self) -> usize {
        self.inner.cols()
    }
    fn cols(&self) -> usize {
        self.inner.cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        let mut middle = vec![T::zero(); self.inner.rows()];
        self.inner.apply(x, &mut middle);
        self.inner.apply_adjoint(&middle, y);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        block_fits(self.rows(), self.cols(), x, y, vectors);
        let mut middle = vec![T::zero(); vectors * self.inner.rows()];
        self.inner.apply_block(x, &mut middle, vectors);
        self.inner.apply_adjoint_block(&middle, y, vectors);
    }
}

macro_rules! semidefinite {
    ($name:ident) => {
        impl<T: Scalar, A: Adjoint<T>> Adjoint<T> for $name<A> {
            #[track_caller]
            fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
                self.apply(y, x);
            }
            #[track_caller]
            fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
                self.apply_block(y, x, vectors);
            }
        }
        impl<T: Scalar, A: Adjoint<T>> Symmetric<T> for $name<A> {}
        impl<T: Scalar, A: Adjoint<T>> PositiveSemidefinite<T> for $name<A> {}
    };
}

semidefinite!(Gram);
semidefinite!(Normal);
