//! The uniformly random subspace.

use std::fmt;
use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, axpy, cholesky, matmul};
use crate::operator::{Adjoint, LinearOperator, fits};
use crate::random::Key;
use crate::scalar::Scalar;

/// Rows made at a time; fixed, so that sums over blocks have the same bits for any number of threads.
const BLOCK_ROWS: usize = 1024;

/// A matrix of independent normal numbers with its columns made orthonormal: a uniformly random subspace.
///
/// ```text
///     P = G R^-1,     G: ambient x dim, independent N(0, 1),     R'R = G'G,     P'P = I
/// ```
///
/// G is made from the key in blocks of rows, each time it is needed, or kept where it fits a memory budget; both give
/// the same bits. Only R, dim x dim, is always stored. R is the product of two Cholesky factors, in double precision
/// ("CholeskyQR2"). Products go through G, so that P'P = I to EPSILON times the condition number of G: nearly 1 for
/// dim much smaller than ambient, about 6 at dim = ambient / 2, and of the order of ambient at dim = ambient.
///
/// Cost: a product takes ambient x dim multiplications, and as many normal numbers unless G is kept; making it takes
/// ambient x dim^2 multiplications.
///
/// ```
/// use eigenscape::operator::{Adjoint, LinearOperator};
/// use eigenscape::projection::Gaussian;
/// use eigenscape::random::Key;
///
/// let p = Gaussian::<f64>::new(1000, 3, Key::new(0))?;
/// let mut x = vec![0.0; 1000];
/// p.apply(&[3.0, 0.0, 4.0], &mut x);
/// let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
/// assert!((length - 5.0).abs() < 1e-12);
/// let mut psi = [0.0; 3];
/// p.apply_adjoint(&x, &mut psi);
/// assert!((psi[0] - 3.0).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Li, Farkhoor, Liu, Yosinski 2018, arXiv:1804.08838 (random subspaces of parameters). Yamamoto, Nakatsukasa,
/// Yanagisawa, Fukaya 2015, Electron. Trans. Numer. Anal. 44 (CholeskyQR2).
#[derive(Clone)]
pub struct Gaussian<T> {
    ambient: usize,
    dim: usize,
    key: Key,
    /// R^-1, upper triangular, row by row.
    inverse: Vec<f64>,
    kept: Option<Vec<T>>,
}

impl<T> fmt::Debug for Gaussian<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gaussian({}x{}, kept: {})", self.ambient, self.dim, self.kept.is_some())
    }
}

impl<T: Scalar> Gaussian<T> {
    /// The default of [`Gaussian::memory_budget`]: 256 MiB.
    pub const MEMORY_BUDGET: usize = 1 << 28;

    /// The random subspace of `dim` dimensions in `ambient` dimensions that belongs to a key.
    ///
    /// # Errors
    /// If `dim` is 0 or above `ambient`, or if `ambient` x `dim` numbers cannot be counted.
    pub fn new(ambient: usize, dim: usize, key: Key) -> Result<Self> {
        Error::at_least("the dimension of a subspace", dim, 1, "must be at least 1")?;
        if dim > ambient {
            let because = "the dimension of the space around it";
            return Err(Error::AboveLimit { what: "the dimension of a subspace", value: dim, limit: ambient, because });
        }
        if ambient.checked_mul(dim).and_then(|entries| entries.checked_mul(size_of::<f64>())).is_none() {
            return Err(Error::Memory {
                what: "a dense projection",
                needed: (ambient as u128 * dim as u128).saturating_mul(8),
                budget: usize::MAX as u128,
                remedy: "take fewer dimensions",
            });
        }
        let mut projection = Gaussian { ambient, dim, key, inverse: identity(dim), kept: None };
        // The first factor makes the columns nearly orthonormal, the second makes them so to rounding.
        for _ in 0..2 {
            let gram = projection.gram();
            let factor = inverse_of_lower(&cholesky("the Gram matrix of a random subspace", &gram, dim)?, dim);
            let mut product = vec![0.0; dim * dim];
            let lower = Matrix::new(&factor, dim, dim);
            matmul(&mut product, Update::Replace, 1.0, Matrix::new(&projection.inverse, dim, dim), lower.t());
            projection.inverse = product;
        }
        Ok(projection.memory_budget(Self::MEMORY_BUDGET))
    }

    /// Sets the bytes that G may take, [`Gaussian::MEMORY_BUDGET`] by default; within it G is kept.
    pub fn memory_budget(mut self, bytes: usize) -> Self {
        self.kept = None;
        if self.ambient * self.dim * size_of::<T>() <= bytes {
            let mut kept = vec![T::zero(); self.ambient * self.dim];
            let blocks = kept.par_chunks_mut(BLOCK_ROWS * self.dim).enumerate();
            blocks.for_each(|(block, entries)| self.draw(block, entries));
            self.kept = Some(kept);
        }
        self
    }

    fn blocks(&self) -> usize {
        self.ambient.div_ceil(BLOCK_ROWS)
    }

    fn rows_of(&self, block: usize) -> Range<usize> {
        block * BLOCK_ROWS..self.ambient.min((block + 1) * BLOCK_ROWS)
    }

    /// Makes a block of rows of G.
    fn draw<S: Scalar>(&self, block: usize, entries: &mut [S]) {
        self.key.normal((block * BLOCK_ROWS * self.dim) as u64, entries);
    }

    /// Calls `visit` with a block of rows of G, kept or made.
    fn visit<R>(&self, block: usize, visit: impl FnOnce(Matrix<'_, T>) -> R) -> R {
        let rows = self.rows_of(block);
        match &self.kept {
            Some(kept) => {
                let entries = &kept[rows.start * self.dim..rows.end * self.dim];
                visit(Matrix::new(entries, rows.len(), self.dim))
            }
            None => {
                let mut entries = vec![T::zero(); rows.len() * self.dim];
                self.draw(block, &mut entries);
                visit(Matrix::new(&entries, rows.len(), self.dim))
            }
        }
    }

    /// (G R^-1)' (G R^-1) with the factor so far, in double precision.
    fn gram(&self) -> Vec<f64> {
        let partial = |block: usize| {
            let rows = self.rows_of(block).len();
            let mut entries = vec![0.0; rows * self.dim];
            self.draw(block, &mut entries);
            // What is orthonormal in the end are the numbers that products use: G rounded to T.
            entries.iter_mut().for_each(|x| *x = T::of(*x).f64());
            let mut scaled = vec![0.0; rows * self.dim];
            let factor = Matrix::new(&self.inverse, self.dim, self.dim);
            matmul(&mut scaled, Update::Replace, 1.0, Matrix::new(&entries, rows, self.dim), factor);
            let mut gram = vec![0.0; self.dim * self.dim];
            let scaled = Matrix::new(&scaled, rows, self.dim);
            matmul(&mut gram, Update::Replace, 1.0, scaled.t(), scaled);
            gram
        };
        self.sum_over_blocks(0..self.blocks(), &partial)
    }

    /// Adds a vector for each block in a tree that depends on the number of blocks alone.
    fn sum_over_blocks<S: Scalar>(&self, blocks: Range<usize>, of: &(impl Fn(usize) -> Vec<S> + Sync)) -> Vec<S> {
        if blocks.len() == 1 {
            return of(blocks.start);
        }
        let middle = blocks.start + blocks.len().div_ceil(2);
        let (mut left, right) = rayon::join(
            || self.sum_over_blocks(blocks.start..middle, of),
            || self.sum_over_blocks(middle..blocks.end, of),
        );
        axpy(S::one(), &right, &mut left);
        left
    }

    /// R^-1 x, or its transpose times x, in double precision.
    fn through_factor(&self, x: &[T], transposed: bool) -> Vec<T> {
        let x: Vec<f64> = x.iter().map(|x| x.f64()).collect();
        let mut product = vec![0.0; self.dim];
        let factor = Matrix::new(&self.inverse, self.dim, self.dim);
        let factor = if transposed { factor.t() } else { factor };
        matmul(&mut product, Update::Replace, 1.0, factor, Matrix::new(&x, self.dim, 1));
        product.into_iter().map(T::of).collect()
    }
}

impl<T: Scalar> LinearOperator<T> for Gaussian<T> {
    fn rows(&self) -> usize {
        self.ambient
    }
    fn cols(&self) -> usize {
        self.dim
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.ambient, self.dim, x, y);
        let coefficients = self.through_factor(x, false);
        y.par_chunks_mut(BLOCK_ROWS).enumerate().for_each(|(block, out)| {
            self.visit(block, |rows| {
                matmul(out, Update::Replace, T::one(), rows, Matrix::new(&coefficients, self.dim, 1));
            });
        });
    }
}

impl<T: Scalar> Adjoint<T> for Gaussian<T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.dim, self.ambient, y, x);
        let partial = |block: usize| {
            let range = self.rows_of(block);
            let part = Matrix::new(&y[range.clone()], range.len(), 1);
            let mut product = vec![T::zero(); self.dim];
            self.visit(block, |rows| matmul(&mut product, Update::Replace, T::one(), rows.t(), part));
            product
        };
        x.copy_from_slice(&self.through_factor(&self.sum_over_blocks(0..self.blocks(), &partial), true));
    }
}

fn identity(size: usize) -> Vec<f64> {
    let mut entries = vec![0.0; size * size];
    entries.iter_mut().step_by(size + 1).for_each(|x| *x = 1.0);
    entries
}

/// The inverse of a lower triangular matrix, by forward substitution.
fn inverse_of_lower(lower: &[f64], size: usize) -> Vec<f64> {
    let mut inverse = identity(size);
    for row in 0..size {
        let (above, rest) = inverse.split_at_mut(row * size);
        let current = &mut rest[..size];
        for (earlier, known) in above.chunks_exact(size).enumerate() {
            let factor = lower[row * size + earlier];
            current.iter_mut().zip(known).for_each(|(x, &y)| *x -= factor * y);
        }
        current.iter_mut().for_each(|x| *x /= lower[row * size + row]);
    }
    inverse
}
