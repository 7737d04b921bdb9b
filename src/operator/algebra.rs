//! The algebra: operators made of operators, with promises computed by type.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Adjoint, LinearOperator, PositiveSemidefinite, Symmetric, block_fits, fits};
use crate::error::{Error, Result};
use crate::linalg::{axpy, dot, scale};
use crate::scalar::Scalar;

/// Forwards size and products to the field `self.inner`; `Counted` and the two promises differ only in what they add.
macro_rules! forward {
    ($name:ident) => {
        impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for $name<A> {
            fn rows(&self) -> usize {
                self.inner.rows()
            }
            fn cols(&self) -> usize {
                self.inner.cols()
            }
            #[track_caller]
            fn apply(&self, x: &[T], y: &mut [T]) {
                self.note(1);
                self.inner.apply(x, y);
            }
            #[track_caller]
            fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
                self.note(vectors);
                self.inner.apply_block(x, y, vectors);
            }
        }
    };
}

/// The one place to promise that an operator from outside is symmetric.
///
/// A wrong promise gives wrong answers; `check::symmetric` probes it.
///
/// ```
/// use eigenscape::check;
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::operator::{AssumeSymmetric, Closure};
/// use eigenscape::random::Key;
///
/// let swap = Closure::new(2, 2, |x: &[f64], y: &mut [f64]| y.copy_from_slice(&[x[1], x[0]]));
/// assert!(check::symmetric(&swap, Key::new(0))?.holds());
/// let top = Eigensolver::new(1, Key::new(1)).run(&AssumeSymmetric::new(swap))?;
/// assert!((top.values[0] - 1.0).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AssumeSymmetric<A> {
    inner: A,
}

/// The one place to promise that an operator from outside is symmetric and positive semidefinite.
///
/// ```
/// use eigenscape::krylov::ConjugateGradients;
/// use eigenscape::operator::{AssumePositiveSemidefinite, Closure};
///
/// // A preconditioner must have promised: here 1 / diagonal, as a closure.
/// let inverse = Closure::new(2, 2, |x: &[f64], y: &mut [f64]| y.copy_from_slice(&[x[0] / 4.0, x[1] / 9.0]));
/// let inverse = AssumePositiveSemidefinite::new(inverse);
/// let operator = eigenscape::operator::Diagonal::new(vec![4.0, 9.0]);
/// let solution = ConjugateGradients::new().preconditioner(&inverse).run(&operator, &[4.0, 18.0])?;
/// assert!((solution.x[0] - 1.0).abs() < 1e-12 && (solution.x[1] - 2.0).abs() < 1e-12);
/// assert!(solution.report.matvecs <= 3);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AssumePositiveSemidefinite<A> {
    inner: A,
}

/// Counts the products: `matvecs` after any algorithm is what it really cost.
///
/// ```
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::operator::{Counted, Diagonal};
/// use eigenscape::random::Key;
///
/// let operator = Counted::new(Diagonal::new((0..1000).map(f64::from).collect()));
/// let top = Eigensolver::new(1, Key::new(0)).run(&operator)?;
/// assert_eq!(operator.matvecs(), top.report.matvecs);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Counted<A> {
    inner: A,
    matvecs: AtomicU64,
}

impl<A> AssumeSymmetric<A> {
    /// Promises that `operator` is symmetric.
    pub fn new(operator: A) -> Self {
        AssumeSymmetric { inner: operator }
    }
    fn note(&self, _: usize) {}
}

impl<A> AssumePositiveSemidefinite<A> {
    /// Promises that `operator` is symmetric and positive semidefinite.
    pub fn new(operator: A) -> Self {
        AssumePositiveSemidefinite { inner: operator }
    }
    fn note(&self, _: usize) {}
}

impl<A> Counted<A> {
    /// An operator with a counter, at zero.
    pub fn new(operator: A) -> Self {
        Counted { inner: operator, matvecs: AtomicU64::new(0) }
    }
    /// The number of products so far, one for each vector of a block and each adjoint.
    pub fn matvecs(&self) -> u64 {
        self.matvecs.load(Ordering::Relaxed)
    }
    fn note(&self, vectors: usize) {
        self.matvecs.fetch_add(vectors as u64, Ordering::Relaxed);
    }
}

forward!(AssumeSymmetric);
forward!(AssumePositiveSemidefinite);
forward!(Counted);
impl<T: Scalar, A: Adjoint<T>> Adjoint<T> for Counted<A> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.note(1);
        self.inner.apply_adjoint(y, x);
    }
}
// What is promised to be symmetric is its own adjoint.
impl<T: Scalar, A: LinearOperator<T>> Adjoint<T> for AssumeSymmetric<A> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.inner.apply(y, x);
    }
}
impl<T: Scalar, A: LinearOperator<T>> Adjoint<T> for AssumePositiveSemidefinite<A> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.inner.apply(y, x);
    }
}
impl<T: Scalar, A: LinearOperator<T>> Symmetric<T> for AssumeSymmetric<A> {}
impl<T: Scalar, A: LinearOperator<T>> Symmetric<T> for AssumePositiveSemidefinite<A> {}
impl<T: Scalar, A: LinearOperator<T>> PositiveSemidefinite<T> for AssumePositiveSemidefinite<A> {}
impl<T: Scalar, A: Symmetric<T>> Symmetric<T> for Counted<A> {}
impl<T: Scalar, A: PositiveSemidefinite<T>> PositiveSemidefinite<T> for Counted<A> {}

/// A + B. Symmetric or positive semidefinite when both are.
///
/// ```
/// use eigenscape::operator::{Diagonal, LinearOperator, Sum};
///
/// let sum = Sum::new(Diagonal::new(vec![1.0, 2.0]), Diagonal::new(vec![10.0, 20.0]))?;
/// let mut y = [0.0; 2];
/// sum.apply(&[1.0, 1.0], &mut y);
/// assert_eq!(y, [11.0, 22.0]);
/// assert!(Sum::new(Diagonal::new(vec![1.0]), Diagonal::new(vec![1.0, 2.0])).is_err());
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sum<A, B> {
    left: A,
    right: B,
}

impl<A, B> Sum<A, B> {
    /// The sum of two operators of the same size.
    ///
    /// # Errors
    /// If the sizes differ.
    pub fn new<T: Scalar>(left: A, right: B) -> Result<Self>
    where
        A: LinearOperator<T>,
        B: LinearOperator<T>,
    {
        let rule = "both operators must have the same size";
        agree("sum of operators", &left, &right, left.rows() == right.rows() && left.cols() == right.cols(), rule)?;
        Ok(Sum { left, right })
    }
}

impl<T: Scalar, A: LinearOperator<T>, B: LinearOperator<T>> LinearOperator<T> for Sum<A, B> {
    fn rows(&self) -> usize {
        self.left.rows()
    }
    fn cols(&self) -> usize {
        self.left.cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        self.apply_block(x, y, 1);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        self.left.apply_block(x, y, vectors);
        let mut other = vec![T::zero(); y.len()];
        self.right.apply_block(x, &mut other, vectors);
        axpy(T::one(), &other, y);
    }
}

impl<T: Scalar, A: Adjoint<T>, B: Adjoint<T>> Adjoint<T> for Sum<A, B> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.left.apply_adjoint(y, x);
        let mut other = vec![T::zero(); x.len()];
        self.right.apply_adjoint(y, &mut other);
        axpy(T::one(), &other, x);
    }
}

impl<T: Scalar, A: Symmetric<T>, B: Symmetric<T>> Symmetric<T> for Sum<A, B> {}
impl<T: Scalar, A: PositiveSemidefinite<T>, B: PositiveSemidefinite<T>> PositiveSemidefinite<T> for Sum<A, B> {}

/// A B: first B, then A. Promises nothing, not even for symmetric A and B.
///
/// ```
/// use eigenscape::operator::{Dense, Diagonal, LinearOperator, Product};
///
/// let scaled_rows = Product::new(Diagonal::new(vec![1.0, 10.0]), Dense::new(vec![1.0, 2.0, 3.0, 4.0], 2, 2)?)?;
/// let mut y = [0.0; 2];
/// scaled_rows.apply(&[1.0, 1.0], &mut y);
/// assert_eq!(y, [3.0, 70.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Product<A, B> {
    left: A,
    right: B,
}

impl<A, B> Product<A, B> {
    /// The product of two operators.
    ///
    /// # Errors
    /// If the columns of `left` are not as many as the rows of `right`.
    pub fn new<T: Scalar>(left: A, right: B) -> Result<Self>
    where
        A: LinearOperator<T>,
        B: LinearOperator<T>,
    {
        let rule = "the columns of the left operator must be as many as the rows of the right one";
        agree("product of operators", &left, &right, left.cols() == right.rows(), rule)?;
        Ok(Product { left, right })
    }
}

impl<T: Scalar, A: LinearOperator<T>, B: LinearOperator<T>> LinearOperator<T> for Product<A, B> {
    fn rows(&self) -> usize {
        self.left.rows()
    }
    fn cols(&self) -> usize {
        self.right.cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        self.apply_block(x, y, 1);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        let mut middle = vec![T::zero(); vectors * self.right.rows()];
        self.right.apply_block(x, &mut middle, vectors);
        self.left.apply_block(&middle, y, vectors);
    }
}

impl<T: Scalar, A: Adjoint<T>, B: Adjoint<T>> Adjoint<T> for Product<A, B> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        let mut middle = vec![T::zero(); self.right.rows()];
        self.left.apply_adjoint(y, &mut middle);
        self.right.apply_adjoint(&middle, x);
    }
}

/// c A. Symmetric when A is; for a semidefinite multiple promise it anew, since the sign of c is not in the type.
///
/// ```
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::operator::{Diagonal, Scaled};
/// use eigenscape::random::Key;
///
/// // What was smallest is largest now; a symmetric operator stays one.
/// let flipped = Scaled::new(-1.0, Diagonal::new(vec![3.0, 5.0, -2.0]));
/// let top = Eigensolver::new(1, Key::new(0)).run(&flipped)?;
/// assert!((top.values[0] - 2.0).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Scaled<T, A> {
    factor: T,
    inner: A,
}

impl<T: Scalar, A: LinearOperator<T>> Scaled<T, A> {
    /// `factor` times the operator.
    pub fn new(factor: T, operator: A) -> Self {
        Scaled { factor, inner: operator }
    }
}

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Scaled<T, A> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }
    fn cols(&self) -> usize {
        self.inner.cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        self.apply_block(x, y, 1);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        self.inner.apply_block(x, y, vectors);
        scale(self.factor, y);
    }
}

impl<T: Scalar, A: Adjoint<T>> Adjoint<T> for Scaled<T, A> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.inner.apply_adjoint(y, x);
        scale(self.factor, x);
    }
}

impl<T: Scalar, A: Symmetric<T>> Symmetric<T> for Scaled<T, A> {}

/// A + c I, for a square A: damping, weight decay, a shift of the spectrum. Symmetric when A is.
///
/// ```
/// use eigenscape::operator::{Diagonal, LinearOperator, Shifted};
///
/// // Damping, or weight decay: H + c I.
/// let damped = Shifted::new(Diagonal::new(vec![0.0, 3.0]), 0.5)?;
/// let mut y = [0.0; 2];
/// damped.apply(&[2.0, 1.0], &mut y);
/// assert_eq!(y, [1.0, 3.5]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[doc(alias = "damping")]
#[doc(alias = "regularization")]
pub struct Shifted<T, A> {
    shift: T,
    inner: A,
}

impl<T: Scalar, A: LinearOperator<T>> Shifted<T, A> {
    /// The operator plus `shift` times the identity.
    ///
    /// # Errors
    /// If the operator is not square.
    pub fn new(operator: A, shift: T) -> Result<Self> {
        square("shift of an operator", &operator)?;
        Ok(Shifted { shift, inner: operator })
    }
}

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Shifted<T, A> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }
    fn cols(&self) -> usize {
        self.inner.cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        self.apply_block(x, y, 1);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        self.inner.apply_block(x, y, vectors);
        axpy(self.shift, x, y);
    }
}

impl<T: Scalar, A: Adjoint<T>> Adjoint<T> for Shifted<T, A> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.inner.apply_adjoint(y, x);
        axpy(self.shift, y, x);
    }
}

impl<T: Scalar, A: Symmetric<T>> Symmetric<T> for Shifted<T, A> {}

/// P'A P: the operator as a subspace sees it, P with one column per dimension of the subspace. Keeps A's promises.
///
/// ```
/// use eigenscape::operator::{Compressed, Dense, Diagonal, Selection, to_dense};
///
/// // On one direction: the curvature along it.
/// let along = Dense::new(vec![0.6, 0.8], 2, 1)?;
/// let curvature = Compressed::new(Diagonal::new(vec![1.0, 2.0]), along)?;
/// assert!((to_dense::<f64>(&curvature).entries()[0] - (0.36 + 1.28)).abs() < 1e-15);
/// // On some of the coordinates: a block.
/// let block = Compressed::new(Diagonal::new(vec![1.0, 2.0, 3.0]), Selection::new(3, [1..3])?)?;
/// assert_eq!(to_dense(&block).entries(), [2.0, 0.0, 0.0, 3.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[doc(alias = "projected Hessian")]
#[doc(alias = "submatrix")]
pub struct Compressed<A, P> {
    inner: A,
    basis: P,
}

impl<A, P> Compressed<A, P> {
    /// The cut of `operator` through the range of `basis`.
    ///
    /// # Errors
    /// If the operator is not square or the rows of the basis are not as many as its columns.
    pub fn new<T: Scalar>(operator: A, basis: P) -> Result<Self>
    where
        A: LinearOperator<T>,
        P: Adjoint<T>,
    {
        square("compression of an operator", &operator)?;
        let rule = "the basis must have one row for each column of the operator";
        agree("compression of an operator", &operator, &basis, operator.cols() == basis.rows(), rule)?;
        Ok(Compressed { inner: operator, basis })
    }
}

impl<T: Scalar, A: LinearOperator<T>, P: Adjoint<T>> LinearOperator<T> for Compressed<A, P> {
    fn rows(&self) -> usize {
        self.basis.cols()
    }
    fn cols(&self) -> usize {
        self.basis.cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        let mut lifted = vec![T::zero(); self.basis.rows()];
        let mut product = vec![T::zero(); self.basis.rows()];
        self.basis.apply(x, &mut lifted);
        self.inner.apply(&lifted, &mut product);
        self.basis.apply_adjoint(&product, y);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        let (rows, dim) = (self.basis.rows(), self.basis.cols());
        block_fits(dim, dim, x, y, vectors);
        let [mut lifted, mut products] = [(); 2].map(|()| vec![T::zero(); vectors * rows]);
        self.basis.apply_block(x, &mut lifted, vectors);
        self.inner.apply_block(&lifted, &mut products, vectors);
        self.basis.apply_adjoint_block(&products, y, vectors);
    }
}

impl<T: Scalar, A: Adjoint<T>, P: Adjoint<T>> Adjoint<T> for Compressed<A, P> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.cols(), self.rows(), y, x);
        let mut lifted = vec![T::zero(); self.basis.rows()];
        let mut product = vec![T::zero(); self.basis.rows()];
        self.basis.apply(y, &mut lifted);
        self.inner.apply_adjoint(&lifted, &mut product);
        self.basis.apply_adjoint(&product, x);
    }
}

impl<T: Scalar, A: Symmetric<T>, P: Adjoint<T>> Symmetric<T> for Compressed<A, P> {}
impl<T: Scalar, A: PositiveSemidefinite<T>, P: Adjoint<T>> PositiveSemidefinite<T> for Compressed<A, P> {}

/// A - sum_i lambda_i v_i v_i': a symmetric operator with known eigenpairs moved to zero.
///
/// ```
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::operator::{Deflated, Diagonal};
/// use eigenscape::random::Key;
///
/// let operator = Diagonal::new((0..100).map(f64::from).collect());
/// let top = Eigensolver::new(2, Key::new(0)).run(&operator)?; // 99 and 98
/// let rest = Deflated::new(&operator, top.values, top.vectors)?;
/// let next = Eigensolver::new(1, Key::new(1)).run(&rest)?;
/// assert!((next.values[0] - 97.0).abs() < 1e-9);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "deflation")]
pub struct Deflated<T, A> {
    inner: A,
    values: Vec<f64>,
    vectors: Vec<T>,
}

impl<T: Scalar, A: Symmetric<T>> Deflated<T, A> {
    /// `operator` without the eigenpairs given: unit vectors back to back, orthogonal to each other.
    ///
    /// # Errors
    /// If there are not as many vectors as values, or a number is not finite.
    pub fn new(operator: A, values: Vec<f64>, vectors: Vec<T>) -> Result<Self> {
        let expected = values.len().saturating_mul(operator.cols());
        Error::length("the list of deflated eigenvectors", vectors.len(), expected)?;
        Error::finite("the deflated eigenvalues", &values, "deflate eigenpairs that are known")?;
        Error::finite("the deflated eigenvectors", &vectors, "deflate eigenpairs that are known")?;
        Ok(Deflated { inner: operator, values, vectors })
    }
}

impl<T: Scalar, A: Symmetric<T>> LinearOperator<T> for Deflated<T, A> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }
    fn cols(&self) -> usize {
        self.inner.cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        self.inner.apply(x, y);
        for (value, vector) in self.values.iter().zip(self.vectors.chunks_exact(x.len().max(1))) {
            axpy(T::of(-value * dot(vector, x)), vector, y);
        }
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        self.inner.apply_block(x, y, vectors);
        let dim = self.cols().max(1);
        for (x, y) in x.chunks_exact(dim).zip(y.chunks_exact_mut(dim)) {
            for (value, vector) in self.values.iter().zip(self.vectors.chunks_exact(dim)) {
                axpy(T::of(-value * dot(vector, x)), vector, y);
            }
        }
    }
}

impl<T: Scalar, A: Symmetric<T>> Adjoint<T> for Deflated<T, A> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.apply(y, x);
    }
}

impl<T: Scalar, A: Symmetric<T>> Symmetric<T> for Deflated<T, A> {}

fn square<T: Scalar>(operation: &'static str, operator: &impl LinearOperator<T>) -> Result<()> {
    agree(operation, operator, operator, operator.rows() == operator.cols(), "the operator must be square")
}

fn agree<T: Scalar>(
    operation: &'static str,
    left: &impl LinearOperator<T>,
    right: &impl LinearOperator<T>,
    holds: bool,
    rule: &'static str,
) -> Result<()> {
    if holds {
        return Ok(());
    }
    let (left, right) = (vec![left.rows(), left.cols()], vec![right.rows(), right.cols()]);
    Err(Error::Shapes { operation, left, right, rule, location: None })
}
