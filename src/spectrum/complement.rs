//! The complement of deflated eigenvectors: where the probes live.

use super::probe::Probe;
use crate::error::{Error, Result};
use crate::krylov::{length, require_orthonormal};
use crate::linalg::{axpy, dot};
use crate::random::Key;
use crate::scalar::Scalar;

/// The range of P = I - U U', with orthonormal vectors U back to back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Complement<'a, T> {
    dim: usize,
    vectors: &'a [T],
}

impl<'a, T: Scalar> Complement<'a, T> {
    pub(super) fn new(dim: usize, vectors: &'a [T]) -> Self {
        Complement { dim, vectors }
    }

    /// Fails unless the vectors are as many as the values, fit the dimension and are orthonormal.
    pub(super) fn require(&self, values: &[f64]) -> Result<()> {
        let (dim, vectors) = (self.dim, self.vectors);
        Error::array("the list of deflated eigenvectors", vectors.len(), &[values.len(), dim])?;
        Error::finite("the list of deflated eigenvalues", values, "leave out what is not a number")?;
        if values.len() > dim {
            let (what, because) = ("the number of deflated eigenpairs", "the dimension of the operator");
            return Err(Error::AboveLimit { what, value: values.len(), limit: dim, because });
        }
        require_orthonormal(vectors, dim)
    }

    /// Overwrites x with P x. A vector that is not finite keeps the entry that is not, so that it can be named.
    pub(super) fn project(&self, x: &mut [T]) {
        for vector in self.vectors.chunks_exact(self.dim) {
            let part = dot(vector, x);
            if !part.is_finite() {
                return;
            }
            axpy(T::of(-part), vector, x);
        }
    }

    /// A probe in the complement, of any length but 0.
    pub(super) fn draw(&self, probe: Probe, key: Key) -> Vec<T> {
        let mut start = vec![T::zero(); self.dim];
        probe.fill(key, &mut start);
        if self.vectors.is_empty() {
            return start;
        }
        let before = length(&start);
        self.project(&mut start);
        self.project(&mut start);
        // Signs lie in the span of the vectors with positive probability in a few dimensions; normal vectors with none.
        let mut attempt = 0;
        while length(&start) <= T::EPSILON.f64().sqrt() * before {
            key.split(attempt).normal(0, &mut start);
            self.project(&mut start);
            self.project(&mut start);
            attempt += 1;
        }
        start
    }
}
