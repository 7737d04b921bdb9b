//! Vectors of one length, cut into chunks that grow at their ends.

use std::any::Any;
use std::borrow::Cow;

use rayon::prelude::*;

use super::rows::Rows;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, matmul};
use crate::scalar::Scalar;

/// Rows of a chunk. Fixed, so that partial sums, and with them all bits, do not depend on the number of threads; 2048
/// keep two threads busy from a dimension of 4096 on.
pub(super) const CHUNK: usize = 2048;

/// Entries of the vectors that one pass over a piece of a chunk leaves in the second cache for the next: half a MB.
const TILE: usize = 1 << 17;

/// Pieces shorter than this are read more slowly than whole chunks twice, so that deep bases are not cut.
const SHORT: usize = 512;

/// Partial sums of a Gram matrix: each is a whole matrix, so they are few.
const GROUPS: usize = 16;

/// The rows of a chunk: all alike but the last.
pub(super) fn rows(dim: usize, chunk: usize) -> usize {
    CHUNK.min(dim - chunk * CHUNK)
}

/// Chunk c holds rows c CHUNK.. of all vectors, vector after vector: a dense matrix that grows at its end.
///
/// The vectors are kept as `S`, and meet vectors of `T`.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Chunks<S> {
    dim: usize,
    chunks: Vec<Vec<S>>,
}

impl<S: Scalar> Chunks<S> {
    pub(super) fn new(dim: usize) -> Self {
        Chunks { dim, chunks: (0..dim.div_ceil(CHUNK)).map(|_| Vec::new()).collect() }
    }

    /// Fails unless it holds `vectors` finite vectors in `dim` dimensions.
    #[cfg(feature = "serde")]
    pub(super) fn validate(&self, dim: usize, vectors: usize) -> Result<()> {
        Error::length("each vector of the saved basis", self.dim, dim)?;
        Error::length("the list of chunks of the saved basis", self.chunks.len(), dim.div_ceil(CHUNK))?;
        for (index, chunk) in self.chunks.iter().enumerate() {
            Error::length("a chunk of the saved basis", chunk.len(), vectors.saturating_mul(rows(dim, index)))?;
            Error::finite("a chunk of the saved basis", chunk, "the file is damaged")?;
        }
        Ok(())
    }

    pub(super) fn reserve(&mut self, vectors: usize) -> Result<()> {
        let dim = self.dim;
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            let needed = vectors.saturating_mul(rows(dim, index));
            let reserved = chunk.try_reserve_exact(needed.saturating_sub(chunk.len()));
            reserved.map_err(|_| too_large(dim, vectors, size_of::<S>()))?;
        }
        Ok(())
    }

    pub(super) fn push<T: Scalar>(&mut self, vector: &[T]) {
        // By all threads: the first to write to new memory waits for it.
        self.chunks.par_iter_mut().zip(vector.par_chunks(CHUNK)).for_each(|(chunk, piece)| {
            chunk.extend(piece.iter().map(|x| S::of(x.f64())));
        });
    }

    /// Keeps the first `vectors`.
    pub(super) fn truncate(&mut self, vectors: usize) {
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            chunk.truncate(vectors * rows(self.dim, index));
        }
    }

    pub(super) fn vector<T: Scalar>(&self, index: usize) -> Vec<T> {
        let pieces = self.chunks.iter().enumerate().flat_map(|(chunk, entries)| {
            let rows = rows(self.dim, chunk);
            &entries[index * rows..][..rows]
        });
        pieces.map(|x| T::of(x.f64())).collect()
    }

    /// Each chunk's share of V'w.
    pub(super) fn inner<T: Scalar>(&self, w: &[T], vectors: usize, shares: &mut [f64]) {
        let chunks = self.chunks.par_iter().zip(w.par_chunks(CHUNK));
        chunks.zip(shares.par_chunks_mut(vectors)).for_each(|((chunk, w), shares)| {
            shares.fill(0.0);
            Rows { entries: chunk, stride: w.len(), first: 0 }.inner(w, shares);
        });
    }

    /// w += V c
    pub(super) fn accumulate<T: Scalar>(&self, c: &[T], w: &mut [T]) {
        self.chunks.par_iter().zip(w.par_chunks_mut(CHUNK)).for_each(|(chunk, w)| {
            Rows { entries: chunk, stride: w.len(), first: 0 }.accumulate(c, w);
        });
    }

    /// w += V c, and each chunk's share of V'w for the new w, while the chunk's entries are still in cache.
    pub(super) fn accumulate_and_inner<T: Scalar>(&self, c: &[T], w: &mut [T], shares: &mut [f64]) {
        let vectors = c.len();
        let tile = TILE / vectors.max(1) / 64 * 64;
        let tile = if tile < SHORT { CHUNK } else { tile.min(CHUNK) };
        let chunks = self.chunks.par_iter().zip(w.par_chunks_mut(CHUNK));
        chunks.zip(shares.par_chunks_mut(vectors)).for_each(|((chunk, w), shares)| {
            shares.fill(0.0);
            let stride = w.len();
            for (index, w) in w.chunks_mut(tile).enumerate() {
                let rows = Rows { entries: chunk, stride, first: index * tile };
                rows.accumulate(c, w);
                rows.inner(w, shares);
            }
        });
    }

    /// V'V, row by row.
    pub(super) fn gram<T: Scalar>(&self, vectors: usize) -> Vec<f64> {
        let group = self.chunks.len().div_ceil(GROUPS).max(1);
        let sums: Vec<Vec<f64>> = (self.chunks.par_chunks(group))
            .map(|chunks| {
                let (mut sum, mut share) = (vec![0.0; vectors * vectors], vec![T::zero(); vectors * vectors]);
                for chunk in chunks {
                    let wide = wide::<S, T>(chunk);
                    let basis = Matrix::new(&wide, vectors, chunk.len() / vectors.max(1));
                    matmul(&mut share, Update::Replace, T::one(), basis, basis.t());
                    sum.iter_mut().zip(&share).for_each(|(sum, share)| *sum += share.f64());
                }
                sum
            })
            .collect();
        (0..vectors * vectors).map(|entry| sums.iter().map(|sum| sum[entry]).sum()).collect()
    }

    /// Linear combinations, back to back: row i of `coefficients` makes one.
    pub(super) fn combine<T: Scalar>(&self, coefficients: &[T], vectors: usize) -> Vec<T> {
        let count = coefficients.len() / vectors.max(1);
        let coefficients = Matrix::new(coefficients, count, vectors);
        let pieces: Vec<Vec<T>> = (self.chunks.par_iter().enumerate())
            .map(|(index, chunk)| {
                let rows = rows(self.dim, index);
                let mut piece = vec![T::zero(); count * rows];
                let wide = wide::<S, T>(chunk);
                matmul(&mut piece, Update::Replace, T::one(), coefficients, Matrix::new(&wide, vectors, rows));
                piece
            })
            .collect();
        let row = |vector: usize| {
            pieces.iter().enumerate().flat_map(move |(index, piece)| {
                let rows = rows(self.dim, index);
                piece[vector * rows..][..rows].iter().copied()
            })
        };
        (0..count).flat_map(row).collect()
    }

    /// Replaces the last `old` vectors, those from `first` on, by linear combinations of them.
    pub(super) fn replace<T: Scalar>(&mut self, first: usize, coefficients: &[T], old: usize) {
        let (dim, count) = (self.dim, coefficients.len() / old.max(1));
        let coefficients = Matrix::new(coefficients, count, old);
        self.chunks.par_iter_mut().enumerate().for_each(|(index, chunk)| {
            let rows = rows(dim, index);
            let mut piece = vec![T::zero(); count * rows];
            let wide: Vec<T> = chunk[first * rows..].iter().map(|x| T::of(x.f64())).collect();
            matmul(&mut piece, Update::Replace, T::one(), coefficients, Matrix::new(&wide, old, rows));
            chunk.truncate(first * rows);
            chunk.extend(piece.iter().map(|x| S::of(x.f64())));
        });
    }

    /// Each chunk's share of V'W, for `count` vectors W that are cut into the same chunks.
    pub(super) fn inner_block<T: Scalar>(&self, block: &[T], count: usize, vectors: usize, shares: &mut [T]) {
        let chunks = self.chunks.par_iter().zip(block.par_chunks(count * CHUNK));
        chunks.zip(shares.par_chunks_mut(vectors * count)).for_each(|((chunk, block), shares)| {
            let wide = wide::<S, T>(chunk);
            let rows = block.len() / count;
            let right = Matrix::new(block, count, rows).t();
            matmul(shares, Update::Replace, T::one(), Matrix::new(&wide, vectors, rows), right);
        });
    }

    /// W -= V C, for vectors that are cut into the same chunks.
    pub(super) fn subtract_block<T: Scalar>(&self, coefficients: &[T], vectors: usize, block: &mut [T]) {
        let count = coefficients.len() / vectors;
        let coefficients = Matrix::new(coefficients, vectors, count).t();
        self.chunks.par_iter().zip(block.par_chunks_mut(count * CHUNK)).for_each(|(chunk, block)| {
            let wide = wide::<S, T>(chunk);
            let rows = block.len() / count;
            matmul(block, Update::Add, -T::one(), coefficients, Matrix::new(&wide, vectors, rows));
        });
    }
}

/// The same numbers in the type of the vectors: as they are where it is the same type.
#[expect(clippy::ptr_arg, reason = "`Any` knows the vector, not the slice")]
fn wide<S: Scalar, T: Scalar>(entries: &Vec<S>) -> Cow<'_, [T]> {
    match (entries as &dyn Any).downcast_ref::<Vec<T>>() {
        Some(same) => Cow::Borrowed(same),
        None => Cow::Owned(entries.iter().map(|x| T::of(x.f64())).collect()),
    }
}

/// What a basis is told that does not fit.
pub(super) fn too_large(dim: usize, vectors: usize, size: usize) -> Error {
    Error::Memory {
        what: "the Krylov basis",
        needed: dim as u128 * vectors as u128 * size as u128,
        budget: isize::MAX as u128,
        remedy: "ask for fewer steps, or keep it in single precision or not at all",
    }
}
