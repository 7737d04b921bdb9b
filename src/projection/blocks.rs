//! Tall maps that are made in blocks of rows, each from the key alone.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::linalg::axpy;
use crate::operator::block_fits;
use crate::parallel;
use crate::scalar::Scalar;

/// Leaves of the tree in which products with a transpose are added; fixed, so that the bits do not depend on threads.
const LEAVES: usize = 64;

/// How the rows of a map are made and multiplied, a block at a time. Vectors in `x` stand back to back, those of `y` are
/// given by their entries in this block.
pub(crate) trait RowBlocks<T: Scalar>: Sync {
    /// What a block is made of.
    type Block: Send + Sync;

    fn ambient(&self) -> usize;
    fn dim(&self) -> usize;
    /// Rows to a block; the last one may have fewer.
    fn block_rows(&self) -> usize;
    /// The bytes that all blocks take together when they are kept.
    fn bytes(&self) -> u128;
    fn draw(&self, block: usize) -> Self::Block;
    /// Overwrites the rows of a block with its products.
    fn multiply(&self, block: usize, made: &Self::Block, x: &[T], y: &mut [&mut [T]]);
    /// Adds the products with the transpose of a block to `x`.
    fn add_adjoint(&self, block: usize, made: &Self::Block, y: &[&[T]], x: &mut [T]);

    /// Whether the subspace is the whole space, where nothing needs to be random.
    fn is_identity(&self) -> bool {
        self.dim() == self.ambient()
    }

    fn rows_of(&self, block: usize) -> Range<usize> {
        let rows = self.block_rows();
        block * rows..self.ambient().min((block + 1) * rows)
    }
}

/// A map with its blocks kept, or made for each product: the same bits either way.
#[derive(Clone)]
pub(crate) struct Blocked<M, B> {
    pub(crate) map: M,
    kept: Option<Vec<B>>,
}

impl<M, B> Blocked<M, B> {
    pub(crate) fn is_kept(&self) -> bool {
        self.kept.is_some()
    }
}

impl<M, B: Send + Sync> Blocked<M, B> {
    /// Keeps the blocks if they fit a budget. The whole space needs none: its map is the identity.
    pub(crate) fn within<T: Scalar>(map: M, budget: usize) -> Self
    where
        M: RowBlocks<T, Block = B>,
    {
        let blocks = map.ambient().div_ceil(map.block_rows());
        let fits = map.bytes() <= budget as u128 && !map.is_identity();
        let kept = fits.then(|| parallel::map(0..blocks, &|block| map.draw(block)));
        Blocked { map, kept }
    }

    fn visit<T: Scalar, R>(&self, block: usize, visit: impl FnOnce(&B) -> R) -> R
    where
        M: RowBlocks<T, Block = B>,
    {
        match &self.kept {
            Some(kept) => visit(&kept[block]),
            None => visit(&self.map.draw(block)),
        }
    }

    /// Calls `visit` with one block after the other.
    pub(crate) fn visit_all<T: Scalar>(&self, mut visit: impl FnMut(&B))
    where
        M: RowBlocks<T, Block = B>,
    {
        (0..self.map.ambient().div_ceil(self.map.block_rows())).for_each(|block| self.visit(block, &mut visit));
    }

    #[track_caller]
    pub(crate) fn multiply<T: Scalar>(&self, x: &[T], y: &mut [T], vectors: usize)
    where
        M: RowBlocks<T, Block = B>,
    {
        let (ambient, rows) = (self.map.ambient(), self.map.block_rows());
        block_fits(ambient, self.map.dim(), x, y, vectors);
        if self.map.is_identity() {
            return y.copy_from_slice(x);
        }
        if vectors == 1 {
            return parallel::each_piece(y, rows, &|block, y| {
                self.visit(block, |made| self.map.multiply(block, made, x, &mut [y]));
            });
        }
        let mut blocks: Vec<Vec<&mut [T]>> = Vec::new();
        blocks.resize_with(ambient.div_ceil(rows), || Vec::with_capacity(vectors));
        for y in y.chunks_exact_mut(ambient) {
            blocks.iter_mut().zip(y.chunks_mut(rows)).for_each(|(block, part)| block.push(part));
        }
        parallel::each_piece(&mut blocks, 1, &|block, y| {
            self.visit(block, |made| self.map.multiply(block, made, x, &mut y[0]));
        });
    }

    #[track_caller]
    pub(crate) fn multiply_adjoint<T: Scalar>(&self, y: &[T], x: &mut [T], vectors: usize)
    where
        M: RowBlocks<T, Block = B>,
    {
        block_fits(self.map.dim(), self.map.ambient(), y, x, vectors);
        if self.map.is_identity() {
            return x.copy_from_slice(y);
        }
        let blocks = self.map.ambient().div_ceil(self.map.block_rows());
        if vectors > 0 {
            x.copy_from_slice(&self.sum(0..blocks, blocks.div_ceil(LEAVES), y, vectors));
        }
    }

    /// Adds the products of blocks in a tree that depends on their number alone.
    fn sum<T: Scalar>(&self, blocks: Range<usize>, leaf: usize, y: &[T], vectors: usize) -> Vec<T>
    where
        M: RowBlocks<T, Block = B>,
    {
        if blocks.len() <= leaf {
            let mut x = vec![T::zero(); vectors * self.map.dim()];
            for block in blocks {
                let rows = self.map.rows_of(block);
                let y: Vec<&[T]> = y.chunks_exact(self.map.ambient()).map(|y| &y[rows.clone()]).collect();
                self.visit(block, |made| self.map.add_adjoint(block, made, &y, &mut x));
            }
            return x;
        }
        let middle = blocks.start + blocks.len().div_ceil(2);
        let (mut left, right) = parallel::both(&|| self.sum(blocks.start..middle, leaf, y, vectors), &|| {
            self.sum(middle..blocks.end, leaf, y, vectors)
        });
        axpy(T::one(), &right, &mut left);
        left
    }
}

/// More parameters than any vector holds; sizes below it can be rounded up to powers of two.
const LARGEST: usize = usize::MAX >> 3;

/// Fails unless a space of `ambient` dimensions has a subspace of `dim`, and has vectors.
pub(super) fn require_sizes(ambient: usize, dim: usize) -> Result<()> {
    Error::at_least("the dimension of a subspace", dim, 1, "must be at least 1")?;
    if ambient > LARGEST {
        let because = "so that its vectors have an address for each entry";
        let what = "the dimension of the space around a subspace";
        return Err(Error::AboveLimit { what, value: ambient, limit: LARGEST, because });
    }
    if dim > ambient {
        let because = "the dimension of the space around it";
        return Err(Error::AboveLimit { what: "the dimension of a subspace", value: dim, limit: ambient, because });
    }
    Ok(())
}

/// x with the sign of a place, kept as a bit: [`Key::sign_words`](crate::random::Key::sign_words).
pub(super) fn flip<T: Scalar>(words: &[u32], place: usize, x: T) -> T {
    if words[place / 32] >> (place % 32) & 1 == 0 { x } else { -x }
}

/// The operator of a projection whose field `rows` is [`Blocked`], with its setting of the budget.
macro_rules! blocked_projection {
    ($name:ident) => {
        impl<T: Scalar> $name<T> {
            /// The default of the memory budget: 256 MiB.
            pub const MEMORY_BUDGET: usize = 1 << 28;

            /// Sets the bytes that random numbers may take; within it they are kept, else made for each product, to the
            /// same bits.
            pub fn memory_budget(self, bytes: usize) -> Self {
                let rows = Blocked::within::<T>(self.rows.map, bytes);
                $name { rows, ..self }
            }
        }

        impl<T: Scalar> crate::operator::LinearOperator<T> for $name<T> {
            fn rows(&self) -> usize {
                RowBlocks::<T>::ambient(&self.rows.map)
            }
            fn cols(&self) -> usize {
                RowBlocks::<T>::dim(&self.rows.map)
            }
            #[track_caller]
            fn apply(&self, x: &[T], y: &mut [T]) {
                crate::operator::fits(self.rows(), self.cols(), x, y);
                self.rows.multiply(x, y, 1);
            }
            #[track_caller]
            fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
                self.rows.multiply(x, y, vectors);
            }
        }

        impl<T: Scalar> crate::operator::Adjoint<T> for $name<T> {
            #[track_caller]
            fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
                use crate::operator::LinearOperator;
                crate::operator::fits(self.cols(), self.rows(), y, x);
                self.rows.multiply_adjoint(y, x, 1);
            }
            #[track_caller]
            fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
                self.rows.multiply_adjoint(y, x, vectors);
            }
        }

        impl<T: Scalar> std::fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                use crate::operator::LinearOperator;
                let kept = self.rows.is_kept();
                write!(f, "{}({}x{}, kept: {kept})", stringify!($name), self.rows(), self.cols())
            }
        }
    };
}
pub(super) use blocked_projection;
