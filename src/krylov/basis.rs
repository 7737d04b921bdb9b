//! Orthonormal vectors, stored so that they meet a long vector in matrix products.

use rayon::prelude::*;

use super::chunks::{CHUNK, Chunks, rows, too_large};
use super::compiled::Compiled;
use super::storage::Storage;
#[cfg(feature = "serde")]
use crate::error::Error;
use crate::error::Result;
use crate::linalg::dot;
use crate::scalar::Scalar;

/// A pass of orthogonalization that leaves less than this part of the vector is followed by another: of the components
/// along the basis at most half of the remaining length was removed, so their rounding errors do not grow.
const SHORTENED: f64 = 0.9;

/// The first passes do the work ("twice is enough", Kahan and Parlett); the third meets vectors of pure rounding error.
const PASSES: usize = 3;

/// The vectors, in their own type or in a narrower one, or nothing but their number.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Stored<T> {
    Own(Chunks<T>),
    Single(Chunks<f32>),
    Nothing,
}

/// The same call for each type of storage; `$otherwise` where nothing is kept.
macro_rules! stored {
    ($stored:expr, $chunks:ident => $call:expr, $otherwise:expr) => {
        match $stored {
            Stored::Own($chunks) => $call,
            Stored::Single($chunks) => $call,
            Stored::Nothing => $otherwise,
        }
    };
}

/// Vectors of one length.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Basis<T> {
    dim: usize,
    vectors: usize,
    stored: Stored<T>,
    /// Each chunk's share of the coefficients.
    #[cfg_attr(feature = "serde", serde(skip))]
    shares: Vec<f64>,
    #[cfg_attr(feature = "serde", serde(skip))]
    coefficients: Vec<T>,
    /// Shares and vectors of a block, which are made when first needed.
    #[cfg_attr(feature = "serde", serde(skip))]
    block_shares: Vec<T>,
    #[cfg_attr(feature = "serde", serde(skip))]
    block: Vec<T>,
}

impl<T: Scalar> Basis<T> {
    pub(crate) fn new(dim: usize) -> Self {
        Basis::stored(dim, Storage::Kept)
    }

    /// Vectors kept in a way.
    pub(super) fn stored(dim: usize, storage: Storage) -> Self {
        let stored = match storage {
            Storage::Single if size_of::<T>() > size_of::<f32>() => Stored::Single(Chunks::new(dim)),
            Storage::Kept | Storage::Single => Stored::Own(Chunks::new(dim)),
            Storage::None => Stored::Nothing,
        };
        let (shares, coefficients, block_shares, block) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Basis { dim, vectors: 0, stored, shares, coefficients, block_shares, block }
    }

    /// Fails unless it can be the basis of `vectors` vectors in `dim` dimensions, kept in a way.
    #[cfg(feature = "serde")]
    pub(super) fn validate(&self, dim: usize, vectors: usize, storage: Storage) -> Result<()> {
        Error::length("the saved basis, in one dimension,", self.vectors, vectors)?;
        Error::length("each vector of the saved basis", self.dim, dim)?;
        let expected = Basis::<T>::stored(0, storage);
        if std::mem::discriminant(&expected.stored) != std::mem::discriminant(&self.stored) {
            let remedy = "its numbers are not stored as its settings say: the file is damaged";
            return Err(Error::Missing { what: "the saved basis", remedy });
        }
        stored!(&self.stored, chunks => chunks.validate(dim, vectors), Ok(()))
    }

    /// Whether the vectors are kept in a narrower type.
    pub(super) fn is_rounded(&self) -> bool {
        matches!(self.stored, Stored::Single(_))
    }

    /// Makes room for `vectors` vectors in all, so that `push` and `remove` allocate nothing.
    pub(crate) fn reserve(&mut self, vectors: usize) -> Result<()> {
        stored!(&mut self.stored, chunks => chunks.reserve(vectors)?, return Ok(()));
        let too_large = |_| too_large(self.dim, vectors, size_of::<T>());
        let shares = vectors.saturating_mul(self.dim.div_ceil(CHUNK));
        self.shares.try_reserve_exact(shares.saturating_sub(self.shares.len())).map_err(too_large)?;
        let coefficients = vectors.saturating_sub(self.coefficients.len());
        self.coefficients.try_reserve_exact(coefficients).map_err(too_large)
    }

    pub(crate) fn push(&mut self, vector: &[T]) {
        (Compiled::push())(self, vector)
    }

    pub(super) fn push_body(&mut self, vector: &[T]) {
        debug_assert_eq!(vector.len(), self.dim);
        stored!(&mut self.stored, chunks => chunks.push(vector), ());
        self.vectors += 1;
    }

    /// Takes the newest vector off again.
    pub(super) fn pop(&mut self) {
        self.vectors -= 1;
        stored!(&mut self.stored, chunks => chunks.truncate(self.vectors), ());
    }

    /// One vector. There must be a basis.
    pub(crate) fn vector(&self, index: usize) -> Vec<T> {
        (Compiled::vector())(self, index)
    }

    pub(super) fn vector_body(&self, index: usize) -> Vec<T> {
        stored!(&self.stored, chunks => chunks.vector(index), Vec::new())
    }

    /// One pass of classical Gram-Schmidt: c = V'w, then w -= V c. Returns c.
    ///
    /// Each pass reads the basis twice; the chunks' shares of c are added in their order.
    pub(crate) fn remove(&mut self, w: &mut [T]) -> &[T] {
        (Compiled::remove())(self, w);
        &self.coefficients
    }

    pub(super) fn remove_body(&mut self, w: &mut [T]) {
        self.inner(w);
        self.subtract(w);
    }

    /// The coefficients c = V'w.
    fn inner(&mut self, w: &[T]) {
        let vectors = self.vectors;
        self.shares.resize(vectors * self.dim.div_ceil(CHUNK), 0.0);
        if vectors > 0 {
            stored!(&self.stored, chunks => chunks.inner(w, vectors, &mut self.shares), self.shares.fill(0.0));
        }
        self.add_shares();
    }

    fn add_shares(&mut self) {
        let (sums, others) = self.shares.split_at_mut(self.vectors);
        for shares in others.chunks_exact(self.vectors.max(1)) {
            sums.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
        }
        self.coefficients.clear();
        self.coefficients.extend(sums.iter().map(|&sum| T::of(sum)));
    }

    /// w -= V c with the coefficients of the last inner products.
    fn subtract(&mut self, w: &mut [T]) {
        self.coefficients.iter_mut().for_each(|c| *c = -*c);
        stored!(&self.stored, chunks => chunks.accumulate(&self.coefficients, w), ());
        self.coefficients.iter_mut().for_each(|c| *c = -*c);
    }

    /// w -= V c, and the coefficients of the new w in the same pass over the basis.
    fn subtract_and_inner(&mut self, w: &mut [T]) {
        self.coefficients.iter_mut().for_each(|c| *c = -*c);
        let (c, shares) = (&self.coefficients, &mut self.shares);
        stored!(&self.stored, chunks => chunks.accumulate_and_inner(c, w, shares), ());
        self.add_shares();
    }

    /// Passes of classical Gram-Schmidt until one does not shorten w. `norm` is the length of w, and the new one after it.
    /// Returns what the newest vector had of it.
    ///
    /// Where the coefficients of the first pass show that a second will follow, the subtraction of the one and the inner
    /// products of the other are one pass: three readings of the basis for both.
    pub(super) fn orthogonalize(&mut self, w: &mut [T], norm: &mut f64) -> f64 {
        let newest = |coefficients: &[T]| coefficients.last().map_or(0.0, |c| c.f64());
        self.inner(w);
        let mut correction = newest(&self.coefficients);
        for pass in 1..=PASSES {
            let removed: f64 = self.coefficients.iter().map(|c| c.f64() * c.f64()).sum();
            let shortened = removed > (1.0 - SHORTENED * SHORTENED) * *norm * *norm;
            if pass < PASSES && shortened {
                self.subtract_and_inner(w);
                *norm = length(w);
                correction += newest(&self.coefficients);
                continue;
            }
            self.subtract(w);
            let before = std::mem::replace(norm, length(w));
            if pass == PASSES || *norm > SHORTENED * before || *norm == 0.0 {
                break;
            }
            self.inner(w);
            correction += newest(&self.coefficients);
        }
        correction
    }

    /// One pass of classical Gram-Schmidt for `count` vectors, back to back: C = V'W, then W -= V C, by matrix products.
    /// Returns C, vectors x count, row by row.
    pub(crate) fn remove_block(&mut self, w: &mut [T], count: usize) -> Vec<f64> {
        (Compiled::remove_block())(self, w, count)
    }

    pub(super) fn remove_block_body(&mut self, w: &mut [T], count: usize) -> Vec<f64> {
        let (dim, vectors) = (self.dim, self.vectors);
        debug_assert_eq!(w.len(), count * dim);
        if vectors == 0 || count == 0 {
            return Vec::new();
        }
        let chunks = dim.div_ceil(CHUNK);
        self.block_shares.resize(chunks * vectors * count, T::zero());
        self.block.resize(count * dim, T::zero());
        // The block holds the vectors as the basis does, chunk by chunk.
        self.block.par_chunks_mut(count * CHUNK).enumerate().for_each(|(chunk, block)| {
            let rows = rows(dim, chunk);
            for (vector, piece) in block.chunks_exact_mut(rows).enumerate() {
                piece.copy_from_slice(&w[vector * dim + chunk * CHUNK..][..rows]);
            }
        });
        let shares = &mut self.block_shares;
        stored!(&self.stored, chunks => chunks.inner_block(&self.block, count, vectors, shares), shares.fill(T::zero()));
        let size = vectors * count;
        let sum = |entry| self.block_shares[entry..].iter().step_by(size).map(|share: &T| share.f64()).sum();
        let coefficients: Vec<f64> = (0..size).map(sum).collect();
        let rounded: Vec<T> = coefficients.iter().map(|&c| T::of(c)).collect();
        stored!(&self.stored, chunks => chunks.subtract_block(&rounded, vectors, &mut self.block), ());
        let block = &self.block;
        w.par_chunks_mut(dim).enumerate().for_each(|(vector, w)| {
            for (chunk, w) in w.chunks_mut(CHUNK).enumerate() {
                w.copy_from_slice(&block[count * chunk * CHUNK + vector * w.len()..][..w.len()]);
            }
        });
        coefficients
    }

    /// Linear combinations of the vectors, back to back: row i of `coefficients` (as long as the basis) makes one.
    pub(crate) fn combine(&self, coefficients: &[T]) -> Vec<T> {
        (Compiled::combine())(self, coefficients)
    }

    pub(super) fn combine_body(&self, coefficients: &[T]) -> Vec<T> {
        stored!(&self.stored, chunks => chunks.combine(coefficients, self.vectors), Vec::new())
    }

    /// Replaces the vectors from number `first` on by linear combinations of them: row i of `coefficients` makes one. In
    /// place, chunk by chunk.
    pub(super) fn replace(&mut self, first: usize, coefficients: &[T]) {
        let old = self.vectors - first;
        stored!(&mut self.stored, chunks => chunks.replace(first, coefficients, old), ());
        self.vectors = first + coefficients.len() / old.max(1);
    }

    /// The largest entry of |V'V - I|; NaN without a basis. Cost 2 m^2 n operations, as matrix products.
    pub(crate) fn orthogonality(&self) -> f64 {
        (Compiled::orthogonality())(self)
    }

    pub(super) fn orthogonality_body(&self) -> f64 {
        let size = self.vectors;
        let gram = stored!(&self.stored, chunks => chunks.gram::<T>(size), return f64::NAN);
        let identity = |entry: usize| if entry / size == entry % size { 1.0 } else { 0.0 };
        gram.iter().enumerate().map(|(entry, value)| (value - identity(entry)).abs()).fold(0.0, f64::max)
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    /// Plain loops in double precision: V'w for each w.
    fn inner<T: Scalar>(vectors: &[Vec<T>], w: &[T]) -> Vec<f64> {
        vectors.iter().map(|v| v.iter().zip(w).map(|(v, w)| v.f64() * w.f64()).sum()).collect()
    }

    fn passes_agree_with_plain_loops<T: Scalar>(storage: Storage, tolerance: f64) {
        for (dim, size, count) in [(1, 1, 1), (5, 3, 2), (2048, 17, 1), (5000, 33, 5)] {
            let draw = |key: u64, scale: f64| {
                let mut vector = vec![T::zero(); dim];
                Key::new(0).split(key).normal(0, &mut vector);
                vector.iter_mut().for_each(|x| *x = T::of(x.f64() * scale));
                vector
            };
            let mut basis = Basis::<T>::stored(dim, storage);
            basis.reserve(size).unwrap();
            (0..size).for_each(|index| basis.push(&draw(index as u64, 1.0 / (dim as f64).sqrt())));
            let vectors: Vec<Vec<T>> = (0..size).map(|index| basis.vector(index)).collect();
            let block: Vec<T> = (0..count).flat_map(|index| draw(100 + index as u64, 1.0)).collect();
            let mut together = block.clone();
            let coefficients = basis.remove_block(&mut together, count);
            for (number, (w, removed)) in block.chunks(dim).zip(together.chunks(dim)).enumerate() {
                let expected = inner(&vectors, w);
                let mut alone = w.to_vec();
                let c = basis.remove(&mut alone).to_vec();
                for (row, &expected) in expected.iter().enumerate() {
                    assert!((c[row].f64() - expected).abs() <= tolerance, "{dim}x{size}");
                    assert!((coefficients[row * count + number] - expected).abs() <= tolerance, "{dim}x{size}");
                }
                for entry in 0..dim {
                    let sum: f64 = vectors.iter().zip(&expected).map(|(v, c)| v[entry].f64() * c).sum();
                    assert!((alone[entry].f64() - (w[entry].f64() - sum)).abs() <= tolerance, "{dim}x{size}");
                    assert!((removed[entry].f64() - (w[entry].f64() - sum)).abs() <= tolerance, "{dim}x{size}");
                }
                // Two passes at once and one after the other.
                let (mut fused, mut apart) = (w.to_vec(), w.to_vec());
                basis.inner(&fused);
                basis.subtract_and_inner(&mut fused);
                let second = basis.coefficients.clone();
                basis.remove(&mut apart);
                for (a, b) in second.iter().zip(inner(&vectors, &apart)) {
                    assert!((a.f64() - b).abs() <= tolerance, "{dim}x{size}");
                }
            }
        }
    }

    #[test]
    fn passes_of_orthogonalization_agree_with_plain_loops() {
        passes_agree_with_plain_loops::<f32>(Storage::Kept, 2e-5);
        passes_agree_with_plain_loops::<f64>(Storage::Kept, 4e-14);
        passes_agree_with_plain_loops::<f64>(Storage::Single, 4e-14);
    }
}
