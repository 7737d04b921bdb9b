//! Many long vectors side by side, cut into chunks of rows that meet in matrix products.

use std::ops::Range;

use rayon::prelude::*;

use super::compiled::Compiled;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, dot, matmul};
use crate::parallel;
use crate::scalar::Scalar;

/// Rows of a chunk: fixed, so that sums have the same bits for any number of threads.
const CHUNK: usize = 2048;

/// Partial sums of products of two such matrices: each is a whole small matrix, so they are few.
const GROUPS: usize = 16;

/// Vectors of one length. Chunk c holds rows c CHUNK.. of all of them, vector after vector.
#[derive(Clone, Debug)]
pub(super) struct Tall<T> {
    dim: usize,
    vectors: usize,
    chunks: Vec<Vec<T>>,
}

impl<T: Scalar> Tall<T> {
    pub(super) fn new(dim: usize) -> Self {
        Tall { dim, vectors: 0, chunks: (0..dim.div_ceil(CHUNK)).map(|_| Vec::new()).collect() }
    }

    /// The number of vectors.
    pub(super) fn vectors(&self) -> usize {
        self.vectors
    }

    /// Adds vectors that stand back to back.
    pub(super) fn push(&mut self, block: &[T]) -> Result<()> {
        let (dim, count) = (self.dim, block.len() / self.dim.max(1));
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            let rows = rows(dim, index);
            chunk.try_reserve_exact(count * rows).map_err(|_| Error::Allocation {
                what: "the sketch of the operator",
                bytes: (self.vectors + count) as u128 * dim as u128 * size_of::<T>() as u128,
                remedy: "take fewer probes, or `Hutchinson`, which keeps none",
            })?;
            for vector in block.chunks_exact(dim) {
                chunk.extend_from_slice(&vector[index * CHUNK..][..rows]);
            }
        }
        self.vectors += count;
        Ok(())
    }

    /// Copies some vectors out, back to back.
    pub(super) fn read(&self, vectors: Range<usize>, block: &mut [T]) {
        for (vector, out) in vectors.zip(block.chunks_exact_mut(self.dim.max(1))) {
            for (index, out) in out.chunks_mut(CHUNK).enumerate() {
                out.copy_from_slice(self.piece(index, vector));
            }
        }
    }

    /// Keeps the first vectors alone.
    pub(super) fn truncate(&mut self, vectors: usize) {
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            chunk.truncate(vectors * rows(self.dim, index));
        }
        self.vectors = self.vectors.min(vectors);
    }

    /// Overwrites vector `to` with vector `from`.
    pub(super) fn copy(&mut self, from: usize, to: usize) {
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            let rows = rows(self.dim, index);
            chunk.copy_within(from * rows..(from + 1) * rows, to * rows);
        }
    }

    fn piece(&self, chunk: usize, vector: usize) -> &[T] {
        let rows = rows(self.dim, chunk);
        &self.chunks[chunk][vector * rows..][..rows]
    }

    /// One chunk as a matrix, a vector in each row.
    pub(super) fn matrix(&self, chunk: usize) -> Matrix<'_, T> {
        Matrix::new(&self.chunks[chunk], self.vectors, rows(self.dim, chunk))
    }

    /// The entries of one chunk, vector after vector.
    pub(super) fn entries(&self, chunk: usize) -> &[T] {
        &self.chunks[chunk]
    }

    /// The number of chunks.
    pub(super) fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// The number of rows of one chunk.
    pub(super) fn rows(&self, chunk: usize) -> usize {
        rows(self.dim, chunk)
    }

    /// The Euclidean norm of a vector, without overflow or underflow of the squares.
    pub(super) fn length(&self, vector: usize) -> f64 {
        let pieces = || (0..self.chunks.len()).map(|chunk| self.piece(chunk, vector));
        let square: f64 = pieces().map(|piece| dot(piece, piece)).sum();
        if (square > 1e-280 && square < 1e300) || square.is_nan() {
            return square.sqrt();
        }
        let largest = pieces().flatten().map(|x| x.f64().abs()).fold(0.0, f64::max);
        if largest == 0.0 || largest.is_infinite() {
            return largest;
        }
        largest * pieces().flatten().map(|x| (x.f64() / largest).powi(2)).sum::<f64>().sqrt()
    }

    /// The squared norm of each vector.
    pub(super) fn inner_squares(&self) -> Vec<f64> {
        (0..self.vectors).map(|vector| self.length(vector).powi(2)).collect()
    }

    /// Divides a vector by a number.
    pub(super) fn divide(&mut self, vector: usize, divisor: f64) {
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            let rows = rows(self.dim, index);
            chunk[vector * rows..][..rows].iter_mut().for_each(|x| *x = T::of(x.f64() / divisor));
        }
    }

    /// One pass of classical Gram-Schmidt: X -= B B'X, where the vectors `basis` stand before those in `of`. Returns B'X
    /// as it was taken: a row for each vector of X.
    pub(super) fn remove(&mut self, basis: Range<usize>, of: Range<usize>) -> Vec<f64> {
        (Compiled::remove())(self, basis, of)
    }

    pub(super) fn remove_body(&mut self, basis: Range<usize>, of: Range<usize>) -> Vec<f64> {
        debug_assert!(basis.end <= of.start);
        let (size, count, dim) = (basis.len(), of.len(), self.dim);
        if size == 0 || count == 0 {
            return Vec::new();
        }
        let split = |chunk: usize, entries: &[T]| {
            let rows = rows(dim, chunk);
            debug_assert!(entries.len() >= of.end * rows);
            (basis.start * rows..basis.end * rows, of.start * rows..of.end * rows, rows)
        };
        let sum = sums(self.chunks.len(), count * size, &|chunk, out: &mut [T]| {
            let entries = &self.chunks[chunk];
            let (basis, of, rows) = split(chunk, entries);
            let (basis, of) = (Matrix::new(&entries[basis], size, rows), Matrix::new(&entries[of], count, rows));
            matmul(out, Update::Replace, T::one(), of, basis.t());
        });
        let taken: Vec<T> = sum.iter().map(|&x| T::of(x)).collect();
        let subtract = |chunk: usize, entries: &mut Vec<T>| {
            let (basis, of, rows) = split(chunk, entries);
            let (before, after) = entries.split_at_mut(of.start);
            let basis = Matrix::new(&before[basis], size, rows);
            matmul(&mut after[..count * rows], Update::Add, -T::one(), Matrix::new(&taken, count, size), basis);
        };
        match &mut self.chunks[..] {
            [only] => subtract(0, only),
            chunks => chunks.par_iter_mut().enumerate().for_each(|(chunk, entries)| subtract(chunk, entries)),
        }
        taken.iter().map(|x| x.f64()).collect()
    }

    /// The inner products with the vectors of another: a row for each of ours.
    pub(super) fn inner(&self, other: &Tall<T>) -> Vec<f64> {
        sums(self.chunks.len(), self.vectors * other.vectors, &|chunk, out: &mut [T]| {
            matmul(out, Update::Replace, T::one(), self.matrix(chunk), other.matrix(chunk).t());
        })
    }
}

/// The rows of a chunk: all alike but the last.
fn rows(dim: usize, chunk: usize) -> usize {
    CHUNK.min(dim - chunk * CHUNK)
}

/// Sums over chunks of `size` numbers each, which `add` overwrites: in the same order for any number of threads.
pub(super) fn sums<T: Scalar>(chunks: usize, size: usize, add: &(dyn Fn(usize, &mut [T]) + Sync)) -> Vec<f64> {
    (Compiled::sums())(chunks, size, add)
}

pub(super) fn sums_body<T: Scalar>(chunks: usize, size: usize, add: &(dyn Fn(usize, &mut [T]) + Sync)) -> Vec<f64> {
    let group = chunks.div_ceil(GROUPS).max(1);
    let sum = |first: usize| {
        let (mut sum, mut share) = (vec![0.0; size], vec![T::zero(); size]);
        for chunk in first..(first + group).min(chunks) {
            add(chunk, &mut share);
            sum.iter_mut().zip(&share).for_each(|(sum, share)| *sum += share.f64());
        }
        sum
    };
    if chunks <= 1 {
        return sum(0);
    }
    let groups: Vec<Vec<f64>> = parallel::map(0..chunks.div_ceil(group), &|index| sum(index * group));
    (0..size).map(|entry| groups.iter().map(|sum| sum[entry]).sum()).collect()
}
