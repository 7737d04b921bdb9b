//! Learned subspaces: bases that are stored.

use std::fmt;

use rayon::prelude::*;

use super::blocks::require_sizes;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, axpy, dot, matmul, norm, scale, symmetric_eigen};
use crate::operator::{Adjoint, LinearOperator, block_fits, fits};
use crate::random::Key;
use crate::scalar::Scalar;

/// Rows that are multiplied at a time.
const BLOCK_ROWS: usize = 4096;

/// Orthonormal vectors that are stored: what was learned of a landscape, as a subspace to train in.
///
/// ```text
///     P = [v_1 ... v_dim],     ambient x dim,     P'P = I to a few EPSILON
/// ```
///
/// | subspace | how |
/// | --- | --- |
/// | top eigenvectors of a Hessian | [`Basis::spanning`] with the vectors of [`Eigenpairs`](crate::krylov::Eigenpairs) |
/// | gradients, of mini-batches or along a run | [`Basis::spanning`], or [`Basis::principal`] for fewer dimensions than gradients |
/// | a trajectory, with or without its beginning | [`Basis::principal`] of its points less the start or their mean |
/// | either and random directions | [`Basis::with_random`] |
///
/// Memory: ambient x dim numbers. Cost: 4 ambient dim^2 multiplications to make, ambient x dim for a product.
///
/// ```
/// use eigenscape::operator::{LinearOperator, to_dense};
/// use eigenscape::projection::Basis;
/// use eigenscape::random::Key;
///
/// // The second vector adds nothing to the first.
/// let plane = Basis::<f64>::spanning(4, &[3.0, 4.0, 0.0, 0.0, 6.0, 8.0, 0.0, 0.0])?;
/// assert_eq!(plane.cols(), 1);
/// let plane = plane.with_random(2, Key::new(0))?;
/// assert_eq!(plane.cols(), 3);
/// assert!((plane.vector(0)[1] - 0.8).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Gur-Ari, Roberts, Dyer 2018, arXiv:1812.04754 (top eigenvectors). Larsen, Fort, Becker, Ganguli 2021, arXiv:2107.05802
/// (burn-in and trajectory subspaces).
#[derive(Clone, PartialEq)]
pub struct Basis<T> {
    ambient: usize,
    /// Back to back.
    vectors: Vec<T>,
}

impl<T> fmt::Debug for Basis<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Basis({}x{})", self.ambient, self.vectors.len() / self.ambient)
    }
}

impl<T: Scalar> Basis<T> {
    /// The span of vectors, back to back: each is made orthogonal to those before it (Gram & Schmidt, twice), and left out if
    /// nothing is left of it but rounding. Their lengths do not matter.
    ///
    /// # Errors
    /// If `ambient` is 0, the vectors do not have `ambient` entries each, one is not finite, or all are zero.
    pub fn spanning(ambient: usize, vectors: &[T]) -> Result<Self> {
        require_vectors(ambient, vectors)?;
        let mut basis = Basis { ambient, vectors: Vec::new() };
        vectors.chunks_exact(ambient).for_each(|vector| basis.add(vector));
        match basis.vectors.is_empty() {
            true => Err(Error::Empty { what: "the span of these vectors", remedy: "give one that is not zero" }),
            false => Ok(basis),
        }
    }

    /// The `dim` principal directions of vectors, back to back, and the share of their squared length that each holds,
    /// descending; fewer if the vectors span fewer.
    ///
    /// ```text
    ///     minimises sum_i |x_i - P P' x_i|^2;     shares s_j^2 / sum s^2, s the singular values of [x_1 x_2 ...]
    /// ```
    ///
    /// The vectors are taken as they are: subtract a start, or their mean, before. Cost: those of the Gram matrix of the
    /// vectors. Directions with less than EPSILON of the squared length are not told from rounding.
    ///
    /// # Errors
    /// As [`Basis::spanning`], or if `dim` is 0 or above `ambient`.
    #[doc(alias = "PCA")]
    pub fn principal(ambient: usize, vectors: &[T], dim: usize) -> Result<(Self, Vec<f64>)> {
        require_vectors(ambient, vectors)?;
        require_sizes(ambient, dim)?;
        let points: Vec<&[T]> = vectors.chunks_exact(ambient).collect();
        let count = points.len();
        // Unit scale first: squares of entries may be beyond the range of numbers.
        let largest = vectors.iter().fold(0.0, |largest: f64, x| largest.max(x.f64().abs()));
        Error::positive("the largest entry of the vectors", largest)?;
        let unit: Vec<Vec<T>> =
            points.iter().map(|point| point.iter().map(|x| T::of(x.f64() / largest)).collect()).collect();
        let gram: Vec<f64> = (0..count * count).map(|place| dot(&unit[place / count], &unit[place % count])).collect();
        let eigen = symmetric_eigen(&gram, count, true)?;
        let total: f64 = eigen.values.iter().map(|value| value.max(0.0)).sum();
        let mut basis = Basis { ambient, vectors: Vec::new() };
        let mut shares = Vec::new();
        for index in (0..count).rev().take(dim) {
            let share = eigen.values[index] / total;
            let held = basis.cols();
            if share > T::EPSILON.f64() {
                let mut direction = vec![T::zero(); ambient];
                let weights = &eigen.vectors[index * count..][..count];
                weights.iter().zip(&unit).for_each(|(&weight, point)| axpy(T::of(weight), point, &mut direction));
                basis.add(&direction);
            }
            if basis.cols() > held {
                shares.push(share);
            }
        }
        Ok((basis, shares))
    }

    /// This subspace and `count` random directions orthogonal to it.
    ///
    /// # Errors
    /// If there are not as many dimensions left.
    pub fn with_random(mut self, count: usize, key: Key) -> Result<Self> {
        let limit = self.ambient - self.cols();
        if count > limit {
            let because = "the number of dimensions outside of the subspace";
            return Err(Error::AboveLimit { what: "the number of random directions", value: count, limit, because });
        }
        let (wanted, mut direction) = (self.cols() + count, vec![T::zero(); self.ambient]);
        let mut child = 0;
        while self.cols() < wanted {
            // One that lies in the subspace up to rounding, as may happen where it is nearly everything, is drawn again.
            key.split(child).normal(0, &mut direction);
            self.add(&direction);
            child += 1;
        }
        Ok(self)
    }

    /// The basis vector with a number.
    ///
    /// # Panics
    /// If `index` is not below the dimension.
    #[track_caller]
    pub fn vector(&self, index: usize) -> &[T] {
        assert!(index < self.cols(), "basis vector {index} of {}", self.cols());
        &self.vectors[index * self.ambient..][..self.ambient]
    }

    /// All basis vectors, back to back.
    pub fn vectors(&self) -> &[T] {
        &self.vectors
    }

    /// Adds what a vector has outside of the span so far.
    fn add(&mut self, vector: &[T]) {
        let largest = vector.iter().fold(0.0, |largest: f64, x| largest.max(x.f64().abs()));
        if largest == 0.0 || self.cols() == self.ambient {
            return;
        }
        let mut rest: Vec<T> = vector.iter().map(|x| T::of(x.f64() / largest)).collect();
        let least = 8.0 * T::EPSILON.f64() * (self.ambient as f64).sqrt();
        // Twice is enough (Parlett, Kahan): what the first pass leaves of the span is rounding of what it took away.
        for _ in 0..2 {
            let before = norm(&rest);
            for known in self.vectors.chunks_exact(self.ambient) {
                axpy(T::of(-dot(known, &rest)), known, &mut rest);
            }
            let after = norm(&rest);
            if after <= least * before {
                return;
            }
            scale(T::of(1.0 / after), &mut rest);
        }
        self.vectors.append(&mut rest);
    }
}

fn require_vectors<T: Scalar>(ambient: usize, vectors: &[T]) -> Result<()> {
    Error::at_least("the dimension of the space around a subspace", ambient, 1, "must be at least 1")?;
    if vectors.is_empty() {
        return Err(Error::Empty { what: "the list of vectors of a subspace", remedy: "give at least one vector" });
    }
    Error::length("the list of vectors of a subspace", vectors.len(), vectors.len().next_multiple_of(ambient))?;
    Error::finite("the list of vectors of a subspace", vectors, "give finite vectors")
}

impl<T: Scalar> LinearOperator<T> for Basis<T> {
    fn rows(&self) -> usize {
        self.ambient
    }
    fn cols(&self) -> usize {
        self.vectors.len() / self.ambient
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.ambient, self.cols(), x, y);
        y.par_chunks_mut(BLOCK_ROWS).enumerate().for_each(|(block, y)| {
            y.fill(T::zero());
            for (&x, vector) in x.iter().zip(self.vectors.chunks_exact(self.ambient)) {
                axpy(x, &vector[block * BLOCK_ROWS..][..y.len()], y);
            }
        });
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        block_fits(self.ambient, self.cols(), x, y, vectors);
        let basis = Matrix::new(&self.vectors, self.cols(), self.ambient);
        matmul(y, Update::Replace, T::one(), Matrix::new(x, vectors, self.cols()), basis);
    }
}

impl<T: Scalar> Adjoint<T> for Basis<T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.cols(), self.ambient, y, x);
        x.iter_mut().zip(self.vectors.chunks_exact(self.ambient)).for_each(|(x, vector)| *x = T::of(dot(vector, y)));
    }
    #[track_caller]
    fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
        block_fits(self.cols(), self.ambient, y, x, vectors);
        let basis = Matrix::new(&self.vectors, self.cols(), self.ambient);
        matmul(x, Update::Replace, T::one(), Matrix::new(y, vectors, self.ambient), basis.t());
    }
}
