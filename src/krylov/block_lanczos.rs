//! The settings of the block Lanczos process.

use super::block_factorization::BlockFactorization;
use crate::error::{Error, Result};
use crate::operator::Symmetric;
use crate::scalar::Scalar;

/// The block Lanczos process: A V = V H + R E' from products with blocks of vectors.
///
/// Cost: one product a vector, in blocks that operators may share work in, and 4 m^2 n operations for m vectors, full
/// orthogonalization twice, as matrix products. Memory: m vectors and four blocks. A block of b sees up to b copies of a
/// repeated eigenvalue, but needs more products than a single vector for the same accuracy at the ends of the spectrum.
///
/// See [`BlockFactorization`] for an example.
///
/// # References
/// Golub, Underwood 1977.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "LOBPCG")]
pub struct BlockLanczos {
    size: usize,
}

impl BlockLanczos {
    /// A process to a basis of so many vectors in all; the last block may exceed it. It never exceeds the dimension.
    pub fn new(size: usize) -> Self {
        BlockLanczos { size }
    }

    /// Runs the process from the vectors in `start`, back to back; they need not be orthonormal, nor independent.
    ///
    /// # Errors
    /// If the operator is not square or has no rows, the size is 0, `start` is empty, has the wrong length, is zero or not
    /// finite, the basis cannot be allocated, or a product is not finite.
    pub fn run<T: Scalar, A>(&self, operator: &A, start: &[T]) -> Result<BlockFactorization<T>>
    where
        A: Symmetric<T> + ?Sized,
    {
        Error::at_least("the size of the basis", self.size, 1, "must be at least 1")?;
        let mut factorization = BlockFactorization::begin(&operator, start)?;
        factorization.expand_core(&operator, self.size)?;
        Ok(factorization)
    }
}
