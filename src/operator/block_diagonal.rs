//! The diagonal blocks of an operator.

use std::ops::Range;

use super::{Adjoint, LinearOperator, PositiveSemidefinite, Selection, Symmetric, fits};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Blocks that are multiplied at once.
const GROUP: usize = 8;

/// The blocks of A on its diagonal, with zeros elsewhere: sum_b E_b E_b' A E_b E_b'. Keeps A's promises.
///
/// Places in no block are zero rows and columns. A product costs one product with A for each block, up to 8 of them
/// at once; memory of 16 vectors.
///
/// ```
/// use eigenscape::operator::{BlockDiagonal, Dense, to_dense};
///
/// let a = Dense::new((1..=9).map(f64::from).collect(), 3, 3)?;
/// let blocks = BlockDiagonal::new(&a, [0..2, 2..3])?;
/// assert_eq!(to_dense(&blocks).entries(), [1.0, 2.0, 0.0, 4.0, 5.0, 0.0, 0.0, 0.0, 9.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "K-FAC")]
#[doc(alias = "KFAC")]
#[doc(alias = "layer-wise Hessian")]
pub struct BlockDiagonal<A> {
    inner: A,
    blocks: Selection,
}

impl<A> BlockDiagonal<A> {
    /// The diagonal blocks of `operator` at these ranges.
    ///
    /// # Errors
    /// If the operator is not square, a range does not lie within it, or two of them overlap.
    pub fn new<T: Scalar>(operator: A, blocks: impl IntoIterator<Item = Range<usize>>) -> Result<Self>
    where
        A: LinearOperator<T>,
    {
        let (rows, cols) = (operator.rows(), operator.cols());
        if rows != cols {
            let (left, right, rule) = (vec![rows, cols], vec![cols, rows], "the operator must be square");
            return Err(Error::Shapes { operation: "diagonal blocks", left, right, rule, location: None });
        }
        Ok(BlockDiagonal { inner: operator, blocks: Selection::new(rows, blocks)? })
    }

    /// The ranges of the blocks.
    pub fn blocks(&self) -> &[Range<usize>] {
        self.blocks.ranges()
    }

    /// Multiplies the parts of x in each block by themselves, and keeps of each product its block.
    fn multiply<T: Scalar>(&self, x: &[T], y: &mut [T], product: impl Fn(&[T], &mut [T], usize)) {
        let (dim, blocks) = (x.len(), self.blocks());
        let mut parts = vec![T::zero(); blocks.len().min(GROUP) * dim];
        let mut products = parts.clone();
        y.fill(T::zero());
        for blocks in blocks.chunks(GROUP) {
            parts.fill(T::zero());
            for (block, part) in blocks.iter().zip(parts.chunks_exact_mut(dim.max(1))) {
                part[block.clone()].copy_from_slice(&x[block.clone()]);
            }
            let len = blocks.len() * dim;
            product(&parts[..len], &mut products[..len], blocks.len());
            for (block, product) in blocks.iter().zip(products.chunks_exact(dim.max(1))) {
                y[block.clone()].copy_from_slice(&product[block.clone()]);
            }
        }
    }
}

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for BlockDiagonal<A> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }
    fn cols(&self) -> usize {
        self.inner.cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        self.multiply(x, y, |x, y, vectors| self.inner.apply_block(x, y, vectors));
    }
}

impl<T: Scalar, A: Adjoint<T>> Adjoint<T> for BlockDiagonal<A> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.cols(), self.rows(), y, x);
        self.multiply(y, x, |y, x, vectors| self.inner.apply_adjoint_block(y, x, vectors));
    }
}

impl<T: Scalar, A: Symmetric<T>> Symmetric<T> for BlockDiagonal<A> {}
impl<T: Scalar, A: PositiveSemidefinite<T>> PositiveSemidefinite<T> for BlockDiagonal<A> {}
