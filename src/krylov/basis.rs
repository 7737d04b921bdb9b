//! Orthonormal vectors, stored so that they meet a long vector in matrix products.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, axpy, dot, matmul};
use crate::scalar::Scalar;

/// Rows of a chunk. Fixed, so that partial sums, and with them all bits, do not depend on the number of threads; 2048
/// keep two threads busy from a dimension of 4096 on, while a chunk of 100 vectors (0.8 MB in `f32`) stays in cache.
const CHUNK: usize = 2048;

/// Partial sums of a Gram matrix: each is a whole matrix, so they are few.
const GROUPS: usize = 16;

/// Vectors of one length. Chunk c holds rows c CHUNK.. of all of them, vector after vector, so that each chunk is a
/// dense matrix that grows at its end.
#[derive(Clone, Debug)]
pub(crate) struct Basis<T> {
    dim: usize,
    vectors: usize,
    chunks: Vec<Vec<T>>,
    partials: Vec<T>,
    coefficients: Vec<T>,
}

impl<T: Scalar> Basis<T> {
    pub(crate) fn new(dim: usize) -> Self {
        let chunks = (0..dim.div_ceil(CHUNK)).map(|_| Vec::new()).collect();
        Basis { dim, vectors: 0, chunks, partials: Vec::new(), coefficients: Vec::new() }
    }

    /// Makes room for `vectors` vectors in all, so that `push` and `remove` allocate nothing.
    pub(crate) fn reserve(&mut self, vectors: usize) -> Result<()> {
        let dim = self.dim;
        let too_large = |_| Error::Memory {
            what: "the Krylov basis",
            needed: dim as u128 * vectors as u128 * size_of::<T>() as u128,
            budget: isize::MAX as u128,
            remedy: "ask for fewer steps",
        };
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            let needed = vectors.saturating_mul(rows(dim, index));
            chunk.try_reserve_exact(needed.saturating_sub(chunk.len())).map_err(too_large)?;
        }
        let partials = vectors.saturating_mul(self.chunks.len());
        self.partials.try_reserve_exact(partials.saturating_sub(self.partials.len())).map_err(too_large)?;
        self.coefficients.try_reserve_exact(vectors.saturating_sub(self.coefficients.len())).map_err(too_large)
    }

    pub(crate) fn push(&mut self, vector: &[T]) {
        debug_assert_eq!(vector.len(), self.dim);
        for (chunk, piece) in self.chunks.iter_mut().zip(vector.chunks(CHUNK)) {
            chunk.extend_from_slice(piece);
        }
        self.vectors += 1;
    }

    /// The pieces of one vector.
    fn pieces(&self, index: usize) -> impl Iterator<Item = &[T]> {
        self.chunks.iter().enumerate().map(move |(chunk, entries)| {
            let rows = rows(self.dim, chunk);
            &entries[index * rows..][..rows]
        })
    }

    /// One vector.
    pub(crate) fn vector(&self, index: usize) -> Vec<T> {
        self.pieces(index).flatten().copied().collect()
    }

    /// The inner product of one vector with `other`.
    pub(crate) fn dot(&self, index: usize, other: &[T]) -> f64 {
        self.pieces(index).zip(other.chunks(CHUNK)).map(|(piece, other)| dot(piece, other)).sum()
    }

    /// other -= factor times one vector.
    pub(crate) fn subtract(&self, index: usize, factor: f64, other: &mut [T]) {
        let factor = T::of(-factor);
        self.pieces(index).zip(other.chunks_mut(CHUNK)).for_each(|(piece, other)| axpy(factor, piece, other));
    }

    /// One pass of classical Gram-Schmidt: c = V'w, then w -= V c. Returns c.
    ///
    /// Two matrix products for each chunk; the chunks' shares of c are added in their order.
    pub(crate) fn remove(&mut self, w: &mut [T]) -> &[T] {
        let vectors = self.vectors;
        self.partials.resize(vectors * self.chunks.len(), T::zero());
        self.coefficients.clear();
        if vectors == 0 {
            return &self.coefficients;
        }
        let chunks = self.chunks.par_iter();
        chunks.zip(w.par_chunks(CHUNK)).zip(self.partials.par_chunks_mut(vectors)).for_each(|((chunk, w), partial)| {
            let basis = Matrix::new(chunk, vectors, w.len());
            matmul(partial, Update::Replace, T::one(), basis, Matrix::new(w, w.len(), 1));
        });
        for vector in 0..vectors {
            let shares = self.partials[vector..].iter().step_by(vectors);
            self.coefficients.push(T::of(shares.map(|share| share.f64()).sum()));
        }
        let coefficients = Matrix::new(&self.coefficients, 1, vectors);
        self.chunks.par_iter().zip(w.par_chunks_mut(CHUNK)).for_each(|(chunk, w)| {
            let basis = Matrix::new(chunk, vectors, w.len());
            matmul(w, Update::Add, -T::one(), coefficients, basis);
        });
        &self.coefficients
    }

    /// Linear combinations of the vectors, back to back: row i of `coefficients` (as long as the basis) makes one.
    pub(crate) fn combine(&self, coefficients: &[T]) -> Vec<T> {
        let count = coefficients.len() / self.vectors.max(1);
        let coefficients = Matrix::new(coefficients, count, self.vectors);
        let pieces: Vec<Vec<T>> = (self.chunks.par_iter().enumerate())
            .map(|(index, chunk)| {
                let rows = rows(self.dim, index);
                let mut piece = vec![T::zero(); count * rows];
                matmul(&mut piece, Update::Replace, T::one(), coefficients, Matrix::new(chunk, self.vectors, rows));
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

    /// The largest entry of |V'V - I|. Cost 2 m^2 n operations, as matrix products.
    pub(crate) fn orthogonality(&self) -> f64 {
        let size = self.vectors;
        let group = self.chunks.len().div_ceil(GROUPS).max(1);
        let sums: Vec<Vec<f64>> = (self.chunks.par_chunks(group))
            .map(|chunks| {
                let (mut sum, mut share) = (vec![0.0; size * size], vec![T::zero(); size * size]);
                for chunk in chunks {
                    let basis = Matrix::new(chunk, size, chunk.len() / size.max(1));
                    matmul(&mut share, Update::Replace, T::one(), basis, basis.t());
                    sum.iter_mut().zip(&share).for_each(|(sum, share)| *sum += share.f64());
                }
                sum
            })
            .collect();
        (0..size * size)
            .map(|entry| {
                let identity = if entry / size == entry % size { 1.0 } else { 0.0 };
                (sums.iter().map(|sum| sum[entry]).sum::<f64>() - identity).abs()
            })
            .fold(0.0, f64::max)
    }
}

/// The rows of a chunk: all alike but the last.
fn rows(dim: usize, chunk: usize) -> usize {
    CHUNK.min(dim - chunk * CHUNK)
}

/// The Euclidean norm, without overflow or underflow of the squares.
pub(crate) fn length<T: Scalar>(x: &[T]) -> f64 {
    let square = dot(x, x);
    // Between these the squares of all entries that matter are normal numbers. NaN fails both tests and stays.
    let safe = square > 1e-280 && square < 1e300;
    let largest = if safe { 0.0 } else { x.iter().map(|x| x.f64().abs()).fold(0.0, f64::max) };
    if safe || square.is_nan() || largest == 0.0 || largest.is_infinite() {
        return square.sqrt();
    }
    largest * x.iter().map(|x| (x.f64() / largest).powi(2)).sum::<f64>().sqrt()
}
