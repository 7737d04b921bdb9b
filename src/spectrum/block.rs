//! A block of probes and the products of an operator with them.

use rayon::prelude::*;

use crate::operator::LinearOperator;
use crate::scalar::Scalar;

/// From so many random numbers on, drawing them is shared among threads.
const LONG: usize = 1 << 14;

/// Vectors and their products, back to back.
#[derive(Debug)]
pub(super) struct Block<T> {
    rows: usize,
    cols: usize,
    width: usize,
    probes: Vec<T>,
    products: Vec<T>,
}

/// Where the products of a block leave the finite numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken {
    /// The vector: all before it are finite.
    pub(super) vector: usize,
    pub(super) index: usize,
    pub(super) value: f64,
}

impl<T: Scalar> Block<T> {
    /// Room for `width` vectors of an operator.
    pub(super) fn new(operator: &dyn LinearOperator<T>, width: usize) -> Self {
        let (rows, cols) = (operator.rows(), operator.cols());
        let [probes, products] = [cols, rows].map(|len| vec![T::zero(); width * len]);
        Block { rows, cols, width: 0, probes, products }
    }

    /// The first `width` vectors, to be filled.
    pub(super) fn vectors(&mut self, width: usize) -> &mut [T] {
        self.width = width;
        &mut self.probes[..width * self.cols]
    }

    /// Fills `width` vectors, each on its own.
    pub(super) fn draw(&mut self, width: usize, fill: impl Fn(usize, &mut [T]) + Sync) {
        let cols = self.cols.max(1);
        let vectors = self.vectors(width);
        if vectors.len() < LONG {
            vectors.chunks_exact_mut(cols).enumerate().for_each(|(vector, z)| fill(vector, z));
        } else {
            vectors.par_chunks_exact_mut(cols).enumerate().for_each(|(vector, z)| fill(vector, z));
        }
    }

    /// Multiplies the vectors that were filled.
    pub(super) fn multiply(&mut self, operator: &dyn LinearOperator<T>) -> Option<Broken> {
        let (probes, products) = (&self.probes[..self.width * self.cols], &mut self.products[..self.width * self.rows]);
        operator.apply_block(probes, products, self.width);
        let position = products.iter().position(|value| !value.is_finite())?;
        let value = products[position].f64();
        Some(Broken { vector: position / self.rows, index: position % self.rows, value })
    }

    /// A vector and its product.
    pub(super) fn pair(&self, vector: usize) -> (&[T], &[T]) {
        (&self.probes[vector * self.cols..][..self.cols], &self.products[vector * self.rows..][..self.rows])
    }

    pub(super) fn probes(&self) -> &[T] {
        &self.probes[..self.width * self.cols]
    }

    pub(super) fn products(&self) -> &[T] {
        &self.products[..self.width * self.rows]
    }
}
