//! Operators to and from `faer`: the only public items that name it.

use std::any::type_name;
use std::fmt;

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::matrix_free::{BiLinOp, BiPrecond, LinOp, Precond};
use faer::{MatMut, MatRef, Par};

use super::{Adjoint, LinearOperator, block_fits, fits};
use crate::scalar::Scalar;

/// An operator or a matrix of `faer` as one of ours: whatever implements its `LinOp`, as its dense matrices and its
/// sparse ones by columns and by rows do.
///
/// It promises nothing: wrap it in [`AssumeSymmetric`](super::AssumeSymmetric) before Lanczos. What implements
/// `BiLinOp` has its [`Adjoint`]. Products run on one thread (`Par::Seq`), so that their bits depend on no number of
/// threads; a block is one product with as many columns.
///
/// ```
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::operator::{AssumeSymmetric, FromFaer};
/// use eigenscape::random::Key;
/// use faer::sparse::{SparseColMat, Triplet};
///
/// // A path of three points: the Laplacian of a graph, with eigenvalues 0, 1, 3.
/// let (edges, degrees) = ([(0, 1), (1, 2)], [1.0, 2.0, 1.0]);
/// let diagonal = (0..3).map(|i| Triplet::new(i, i, degrees[i]));
/// let sides = edges.into_iter().flat_map(|(i, j)| [Triplet::new(i, j, -1.0), Triplet::new(j, i, -1.0)]);
/// let entries: Vec<_> = diagonal.chain(sides).collect();
/// let laplacian = SparseColMat::<usize, f64>::try_new_from_triplets(3, 3, &entries).unwrap();
///
/// let operator = AssumeSymmetric::new(FromFaer::new(&laplacian));
/// let top = Eigensolver::new(1, Key::new(0)).run::<f64, _>(&operator)?;
/// assert!((top.values[0] - 3.0).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FromFaer<M> {
    inner: M,
}

impl<M> FromFaer<M> {
    /// The operator behind a matrix or operator of `faer`, or a reference to one.
    pub fn new(operator: M) -> Self {
        FromFaer { inner: operator }
    }

    /// What is inside.
    pub fn into_inner(self) -> M {
        self.inner
    }
}

impl<T: Scalar, M: LinOp<T>> LinearOperator<T> for FromFaer<M> {
    fn rows(&self) -> usize {
        self.inner.nrows()
    }
    fn cols(&self) -> usize {
        self.inner.ncols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        self.apply_block(x, y, 1);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        let (rows, cols) = (self.rows(), self.cols());
        block_fits(rows, cols, x, y, vectors);
        let out = MatMut::from_column_major_slice_mut(y, rows, vectors);
        let right = MatRef::from_column_major_slice(x, cols, vectors);
        let mut memory = MemBuffer::new(self.inner.apply_scratch(vectors, Par::Seq));
        self.inner.apply(out, right, Par::Seq, MemStack::new(&mut memory));
    }
}

impl<T: Scalar, M: BiLinOp<T>> Adjoint<T> for FromFaer<M> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.cols(), self.rows(), y, x);
        self.apply_adjoint_block(y, x, 1);
    }
    #[track_caller]
    fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
        let (rows, cols) = (self.rows(), self.cols());
        block_fits(cols, rows, y, x, vectors);
        let out = MatMut::from_column_major_slice_mut(x, cols, vectors);
        let right = MatRef::from_column_major_slice(y, rows, vectors);
        let mut memory = MemBuffer::new(self.inner.transpose_apply_scratch(vectors, Par::Seq));
        self.inner.transpose_apply(out, right, Par::Seq, MemStack::new(&mut memory));
    }
}

/// One of our operators for `faer`: it implements `LinOp`, and `BiLinOp` where it has its [`Adjoint`], so that `faer`'s
/// solvers run on it; a square one also serves them as preconditioner.
///
/// Its products keep their own order of parallel work, whatever `Par` says. Columns that are not contiguous in memory,
/// and more than one, are copied on their way in and out.
///
/// ```
/// use eigenscape::operator::{Diagonal, ToFaer};
/// use faer::dyn_stack::{MemBuffer, MemStack};
/// use faer::matrix_free::{IdentityPrecond, conjugate_gradient::*};
/// use faer::{Mat, Par};
///
/// let operator = ToFaer::new(Diagonal::new(vec![1.0, 2.0, 4.0]));
/// let (right, mut x) = (Mat::<f64>::full(3, 1, 1.0), Mat::<f64>::zeros(3, 1));
/// let none = IdentityPrecond { dim: 3 };
/// let mut memory = MemBuffer::new(conjugate_gradient_scratch::<f64>(none, &operator, 1, Par::Seq));
/// let stack = MemStack::new(&mut memory);
/// let settings = CgParams::default();
/// conjugate_gradient(x.as_mut(), none, &operator, right.as_ref(), settings, |_| (), Par::Seq, stack).unwrap();
/// assert!((x[(2, 0)] - 0.25).abs() < 1e-12);
/// ```
#[derive(Clone, Copy)]
pub struct ToFaer<A> {
    inner: A,
}

impl<A> ToFaer<A> {
    /// The operator, or a reference to one, as `faer` takes it.
    pub fn new(operator: A) -> Self {
        ToFaer { inner: operator }
    }

    /// What is inside.
    pub fn into_inner(self) -> A {
        self.inner
    }
}

// `LinOp` requires it, and not every operator has it.
impl<A> fmt::Debug for ToFaer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ToFaer({})", type_name::<A>())
    }
}

impl<T: Scalar, A: LinearOperator<T>> LinOp<T> for ToFaer<A> {
    fn apply_scratch(&self, rhs_ncols: usize, _: Par) -> StackReq {
        copies::<T>(self.inner.rows(), self.inner.cols(), rhs_ncols)
    }
    fn nrows(&self) -> usize {
        self.inner.rows()
    }
    fn ncols(&self) -> usize {
        self.inner.cols()
    }
    #[track_caller]
    fn apply(&self, out: MatMut<'_, T>, rhs: MatRef<'_, T>, _: Par, stack: &mut MemStack) {
        let single = |x: &[T], y: &mut [T]| self.inner.apply(x, y);
        multiply(out, rhs, stack, &single, &|x, y, vectors| self.inner.apply_block(x, y, vectors));
    }
    #[track_caller]
    fn conj_apply(&self, out: MatMut<'_, T>, rhs: MatRef<'_, T>, par: Par, stack: &mut MemStack) {
        self.apply(out, rhs, par, stack);
    }
}

impl<T: Scalar, A: Adjoint<T>> BiLinOp<T> for ToFaer<A> {
    fn transpose_apply_scratch(&self, rhs_ncols: usize, _: Par) -> StackReq {
        copies::<T>(self.inner.cols(), self.inner.rows(), rhs_ncols)
    }
    #[track_caller]
    fn transpose_apply(&self, out: MatMut<'_, T>, rhs: MatRef<'_, T>, _: Par, stack: &mut MemStack) {
        let single = |y: &[T], x: &mut [T]| self.inner.apply_adjoint(y, x);
        multiply(out, rhs, stack, &single, &|y, x, vectors| self.inner.apply_adjoint_block(y, x, vectors));
    }
    #[track_caller]
    fn adjoint_apply(&self, out: MatMut<'_, T>, rhs: MatRef<'_, T>, par: Par, stack: &mut MemStack) {
        self.transpose_apply(out, rhs, par, stack);
    }
}

impl<T: Scalar, A: LinearOperator<T>> Precond<T> for ToFaer<A> {}
impl<T: Scalar, A: Adjoint<T>> BiPrecond<T> for ToFaer<A> {}

/// Room for the columns on their way in and out.
fn copies<T: Scalar>(rows: usize, cols: usize, vectors: usize) -> StackReq {
    StackReq::new::<T>(cols.saturating_mul(vectors)).and(StackReq::new::<T>(rows.saturating_mul(vectors)))
}

type Single<'f, T> = &'f dyn Fn(&[T], &mut [T]);
type Block<'f, T> = &'f dyn Fn(&[T], &mut [T], usize);

/// The product, in place where both sides are one contiguous column.
#[track_caller]
fn multiply<T: Scalar>(
    mut out: MatMut<'_, T>,
    right: MatRef<'_, T>,
    stack: &mut MemStack,
    single: Single<'_, T>,
    block: Block<'_, T>,
) {
    let vectors = right.ncols();
    assert_eq!(out.ncols(), vectors, "a product with {vectors} columns has as many, but its place has {}", out.ncols());
    if vectors == 1
        && let Some(x) = right.col(0).try_as_col_major()
        && let Some(y) = out.as_mut().col_mut(0).try_as_col_major_mut()
    {
        return single(x.as_slice(), y.as_slice_mut());
    }
    let (rows, cols) = (out.nrows(), right.nrows());
    let (mut x, stack) = stack.make_with(cols * vectors, |at| right[(at % cols, at / cols)]);
    let (mut y, _) = stack.make_with(rows * vectors, |_| T::zero());
    block(&mut x, &mut y, vectors);
    out.copy_from(MatRef::from_column_major_slice(&y, rows, vectors));
}
