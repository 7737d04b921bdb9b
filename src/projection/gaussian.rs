//! Normal numbers: the uniformly random subspace.

use std::fmt;

use super::blocks::{Blocked, RowBlocks, require_sizes};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, axpy, cholesky, matmul};
use crate::operator::{Adjoint, LinearOperator, fits};
use crate::random::Key;
use crate::scalar::Scalar;

/// Rows made at a time; fixed, so that sums over blocks have the same bits for any number of threads.
const BLOCK_ROWS: usize = 1024;

/// A matrix of independent normal numbers, with its columns made orthonormal (a uniformly random subspace) or only of
/// length 1.
///
/// ```text
///     P = G R^-1,     G: ambient x dim, independent N(0, 1)
///     new:            R'R = G'G, triangular:              P'P = I
///     unit_columns:   R = diag(|G e_j|):                  |P e_j| = 1,  E P'P = I
/// ```
///
/// G is made from the key in blocks of rows, each time it is needed, or kept where it fits a memory budget; both give
/// the same bits. Only R is always stored. As a triangle it is the product of two Cholesky factors, in double precision
/// ("CholeskyQR2"). Products go through G, so that P'P = I to EPSILON times the condition number of G: nearly 1 for
/// dim much smaller than ambient, about 6 at dim = ambient / 2, and of the order of ambient at dim = ambient. With unit columns
/// the spectrum of P'P is that of Marchenko and Pastur, within (1 +- sqrt(dim / ambient))^2.
///
/// Cost: a product takes ambient x dim multiplications, and as many normal numbers unless G is kept; making it takes
/// ambient x dim^2 multiplications for orthonormal columns, ambient x dim for unit ones.
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
#[doc(alias = "random projection")]
#[doc(alias = "Johnson-Lindenstrauss")]
pub struct Gaussian<T> {
    rows: Blocked<Rows, Vec<T>>,
    inverse: Inverse,
}

#[derive(Clone)]
struct Rows {
    ambient: usize,
    dim: usize,
    key: Key,
}

/// R^-1.
#[derive(Clone)]
enum Inverse {
    /// Upper triangular, row by row.
    Triangle(Vec<f64>),
    Diagonal(Vec<f64>),
}

impl<T> fmt::Debug for Gaussian<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rows { ambient, dim, .. } = self.rows.map;
        write!(f, "Gaussian({ambient}x{dim}, kept: {})", self.rows.is_kept())
    }
}

impl<T: Scalar> Gaussian<T> {
    /// The default of [`Gaussian::memory_budget`]: 256 MiB.
    pub const MEMORY_BUDGET: usize = 1 << 28;

    /// The random subspace of `dim` dimensions in `ambient` dimensions that belongs to a key, with orthonormal columns.
    ///
    /// # Errors
    /// If `dim` is 0 or above `ambient`, or if `ambient` x `dim` numbers cannot be counted.
    pub fn new(ambient: usize, dim: usize, key: Key) -> Result<Self> {
        let rows = Rows::new(ambient, dim, key)?;
        let mut inverse = identity(dim);
        // The first factor makes the columns nearly orthonormal, the second makes them so to rounding.
        for _ in 0..2 {
            let gram = rows.gram::<T>(&inverse);
            let factor = inverse_of_lower(&cholesky("the Gram matrix of a random subspace", &gram, dim)?, dim);
            let mut product = vec![0.0; dim * dim];
            let lower = Matrix::new(&factor, dim, dim);
            matmul(&mut product, Update::Replace, 1.0, Matrix::new(&inverse, dim, dim), lower.t());
            inverse = product;
        }
        Ok(Gaussian { rows: Blocked::within::<T>(rows, Self::MEMORY_BUDGET), inverse: Inverse::Triangle(inverse) })
    }

    /// The same numbers with columns of length 1 that are orthogonal in the mean only: for a dim at which ambient x dim^2
    /// multiplications are too many.
    ///
    /// # Errors
    /// As [`Gaussian::new`].
    pub fn unit_columns(ambient: usize, dim: usize, key: Key) -> Result<Self> {
        let rows = Rows::new(ambient, dim, key)?;
        let inverse = rows.squares::<T>().into_iter().map(|square| 1.0 / square.sqrt()).collect();
        Ok(Gaussian { rows: Blocked::within::<T>(rows, Self::MEMORY_BUDGET), inverse: Inverse::Diagonal(inverse) })
    }

    /// Sets the bytes that G may take, [`Gaussian::MEMORY_BUDGET`] by default; within it G is kept.
    pub fn memory_budget(self, bytes: usize) -> Self {
        Gaussian { rows: Blocked::within::<T>(self.rows.map, bytes), ..self }
    }

    /// R^-1 x for each vector, or its transpose times x, in double precision.
    fn through_factor(&self, x: &[T], vectors: usize, transposed: bool) -> Vec<T> {
        let dim = self.cols();
        match &self.inverse {
            Inverse::Diagonal(diagonal) => {
                x.iter().zip(diagonal.iter().cycle()).map(|(x, scale)| T::of(x.f64() * scale)).collect()
            }
            Inverse::Triangle(inverse) => {
                let x: Vec<f64> = x.iter().map(|x| x.f64()).collect();
                let mut product = vec![0.0; x.len()];
                let factor = Matrix::new(inverse, dim, dim);
                // Vectors are rows here.
                let factor = if transposed { factor } else { factor.t() };
                matmul(&mut product, Update::Replace, 1.0, Matrix::new(&x, vectors, dim), factor);
                product.into_iter().map(T::of).collect()
            }
        }
    }
}

impl Rows {
    fn new(ambient: usize, dim: usize, key: Key) -> Result<Self> {
        if ambient.checked_mul(dim).and_then(|entries| entries.checked_mul(size_of::<f64>())).is_none() {
            return Err(Error::Memory {
                what: "a dense projection",
                needed: (ambient as u128 * dim as u128).saturating_mul(8),
                budget: usize::MAX as u128,
                remedy: "take fewer dimensions",
            });
        }
        require_sizes(ambient, dim)?;
        Ok(Rows { ambient, dim, key })
    }

    /// A block of rows of G as products use it, rounded to T, in double precision.
    fn exact<T: Scalar>(&self, block: usize) -> Vec<f64> {
        self.draw(block).into_iter().map(|x: T| x.f64()).collect()
    }

    /// (G R^-1)' (G R^-1) with the factor so far, in double precision.
    fn gram<T: Scalar>(&self, inverse: &[f64]) -> Vec<f64> {
        self.sum(&|block| {
            let entries = self.exact::<T>(block);
            let rows = entries.len() / self.dim;
            let mut scaled = vec![0.0; entries.len()];
            let factor = Matrix::new(inverse, self.dim, self.dim);
            matmul(&mut scaled, Update::Replace, 1.0, Matrix::new(&entries, rows, self.dim), factor);
            let mut gram = vec![0.0; self.dim * self.dim];
            let scaled = Matrix::new(&scaled, rows, self.dim);
            matmul(&mut gram, Update::Replace, 1.0, scaled.t(), scaled);
            gram
        })
    }

    /// The squared lengths of the columns of G.
    fn squares<T: Scalar>(&self) -> Vec<f64> {
        self.sum(&|block| {
            let mut squares = vec![0.0; self.dim];
            for row in self.exact::<T>(block).chunks_exact(self.dim) {
                squares.iter_mut().zip(row).for_each(|(square, x)| *square += x * x);
            }
            squares
        })
    }

    fn sum(&self, of: &(impl Fn(usize) -> Vec<f64> + Sync)) -> Vec<f64> {
        let blocks: Vec<usize> = (0..self.ambient.div_ceil(BLOCK_ROWS)).collect();
        sum_over(&blocks, of)
    }
}

/// Adds a vector for each block in a tree that depends on the number of blocks alone.
fn sum_over(blocks: &[usize], of: &(impl Fn(usize) -> Vec<f64> + Sync)) -> Vec<f64> {
    if let [block] = blocks {
        return of(*block);
    }
    let (left, right) = blocks.split_at(blocks.len().div_ceil(2));
    let (mut left, right) = rayon::join(|| sum_over(left, of), || sum_over(right, of));
    axpy(1.0, &right, &mut left);
    left
}

impl<T: Scalar> RowBlocks<T> for Rows {
    type Block = Vec<T>;

    fn ambient(&self) -> usize {
        self.ambient
    }
    fn dim(&self) -> usize {
        self.dim
    }
    fn block_rows(&self) -> usize {
        BLOCK_ROWS
    }
    fn bytes(&self) -> u128 {
        self.ambient as u128 * self.dim as u128 * size_of::<T>() as u128
    }
    /// Orthonormal columns are the whole space as they are; what is kept there are the numbers all the same.
    fn is_identity(&self) -> bool {
        false
    }

    fn draw(&self, block: usize) -> Vec<T> {
        let rows = RowBlocks::<T>::rows_of(self, block);
        let mut entries = vec![T::zero(); rows.len() * self.dim];
        self.key.normal((rows.start * self.dim) as u64, &mut entries);
        entries
    }

    fn multiply(&self, _block: usize, entries: &Vec<T>, x: &[T], y: &mut [&mut [T]]) {
        let rows = Matrix::new(entries, entries.len() / self.dim, self.dim);
        if let [y] = y {
            return matmul(y, Update::Replace, T::one(), rows, Matrix::new(x, self.dim, 1));
        }
        // Vectors are rows of x and of the product.
        let (vectors, len) = (y.len(), entries.len() / self.dim);
        let mut products = vec![T::zero(); vectors * len];
        matmul(&mut products, Update::Replace, T::one(), Matrix::new(x, vectors, self.dim), rows.t());
        y.iter_mut().zip(products.chunks_exact(len)).for_each(|(y, product)| y.copy_from_slice(product));
    }

    fn add_adjoint(&self, _block: usize, entries: &Vec<T>, y: &[&[T]], x: &mut [T]) {
        let len = entries.len() / self.dim;
        let rows = Matrix::new(entries, len, self.dim);
        let y = y.concat();
        matmul(x, Update::Add, T::one(), Matrix::new(&y, y.len() / len, len), rows);
    }
}

impl<T: Scalar> LinearOperator<T> for Gaussian<T> {
    fn rows(&self) -> usize {
        self.rows.map.ambient
    }
    fn cols(&self) -> usize {
        self.rows.map.dim
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        self.apply_block(x, y, 1);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        self.rows.multiply(&self.through_factor(x, vectors, false), y, vectors);
    }
}

impl<T: Scalar> Adjoint<T> for Gaussian<T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.cols(), self.rows(), y, x);
        self.apply_adjoint_block(y, x, 1);
    }
    #[track_caller]
    fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
        self.rows.multiply_adjoint(y, x, vectors);
        let product = self.through_factor(x, vectors, true);
        x.copy_from_slice(&product);
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
