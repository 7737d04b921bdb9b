//! The Jacobian of all logits, a tall matrix in chunks of rows.

use std::fmt;

use rayon::prelude::*;

use super::Risk;
use super::products::{Direction, MemoryReport, Products};
use crate::operator::{Adjoint, LinearOperator, block_fits, fits};
use crate::scalar::Scalar;

/// J, the derivative of the logits of all examples at a point: (N C) x P, the logits of an example together.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::Objective;
/// use eigenscape::operator::{Adjoint, LinearOperator, to_dense};
///
/// // z = w x + b on two examples: J = (x 1).
/// let network = Perceptron::new(&[1, 1], Activation::Identity)?;
/// let examples = Examples::new(vec![2.0, 5.0], 1, vec![0.0; 2], 1)?;
/// let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples)?;
/// let point = risk.at(&[0.0, 0.0])?;
/// let jacobian = point.jacobian();
/// assert_eq!(to_dense(&jacobian).entries(), [2.0, 1.0, 5.0, 1.0]);
/// let mut back = [0.0; 2];
/// jacobian.apply_adjoint(&[1.0, 1.0], &mut back);
/// assert_eq!((jacobian.rows(), back), (2, [7.0, 2.0]));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Jacobian<'a, T> {
    products: &'a Products<'a, T>,
    theta: &'a [T],
}

impl<'a, T: Scalar> Jacobian<'a, T> {
    pub(super) fn new(products: &'a Products<'a, T>, theta: &'a [T]) -> Self {
        Jacobian { products, theta }
    }

    /// What is held in memory for products, and what was decided to fit the budget.
    pub fn memory(&self) -> MemoryReport {
        self.products.memory()
    }

    pub(super) fn risk(&self) -> &'a Risk<T> {
        self.products.risk
    }

    pub(super) fn theta(&self) -> &'a [T] {
        self.theta
    }

    /// N.
    pub(super) fn examples(&self) -> usize {
        self.products.risk.examples().count()
    }

    /// The number of logits of a chunk, filled up.
    fn chunk_len(&self) -> usize {
        self.products.risk.chunked.partition.rows * self.products.risk.outputs()
    }
}

impl<T: Scalar> fmt::Debug for Jacobian<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jacobian({}x{})", self.rows(), self.cols())
    }
}

impl<T: Scalar> LinearOperator<T> for Jacobian<'_, T> {
    fn rows(&self) -> usize {
        self.products.risk.examples().count() * self.products.risk.outputs()
    }
    fn cols(&self) -> usize {
        self.products.parameters()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        let len = self.chunk_len();
        y.par_chunks_mut(len).enumerate().for_each(|(chunk, out)| {
            if out.len() == len {
                out.fill(T::zero());
                return self.products.chunk(Direction::Forward, self.theta, chunk, x, out);
            }
            let mut filled_up = vec![T::zero(); len];
            self.products.chunk(Direction::Forward, self.theta, chunk, x, &mut filled_up);
            out.copy_from_slice(&filled_up[..out.len()]);
        });
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        let (rows, cols) = (self.rows(), self.cols());
        block_fits(rows, cols, x, y, vectors);
        if cols == 0 {
            return y.fill(T::zero());
        }
        let (products, len) = (self.products, self.chunk_len());
        let group = products.group(len);
        for (x, y) in x.chunks(group * cols).zip(y.chunks_mut(group * rows)) {
            let vectors = y.len() / rows;
            if vectors == 1 {
                self.apply(x, y);
                continue;
            }
            // The rows of each chunk in the product of each vector.
            let mut parts: Vec<Vec<&mut [T]>> = Vec::new();
            parts.resize_with(rows.div_ceil(len), || Vec::with_capacity(vectors));
            for product in y.chunks_mut(rows) {
                parts.iter_mut().zip(product.chunks_mut(len)).for_each(|(parts, part)| parts.push(part));
            }
            parts.into_par_iter().enumerate().for_each(|(chunk, parts)| {
                let mut logits = products.logits.take(Vec::new);
                logits.clear();
                logits.resize(vectors * len, T::zero());
                products.chunk(Direction::Forward, self.theta, chunk, x, &mut logits);
                for (part, product) in parts.into_iter().zip(logits.chunks_exact(len)) {
                    part.copy_from_slice(&product[..part.len()]);
                }
                products.logits.give(logits);
            });
        }
    }
}

impl<T: Scalar> Adjoint<T> for Jacobian<'_, T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.cols(), self.rows(), y, x);
        self.apply_adjoint_block(y, x, 1);
    }
    #[track_caller]
    fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
        let (rows, cols) = (self.rows(), self.cols());
        block_fits(cols, rows, y, x, vectors);
        if cols == 0 {
            return;
        }
        let (products, len) = (self.products, self.chunk_len());
        let group = products.group(cols);
        for (y, x) in y.chunks(group * rows).zip(x.chunks_mut(group * cols)) {
            products.sum(Direction::Backward, self.theta, x, |chunk, cotangents| {
                // The logits of the chunk in each vector; what fills up the last chunk has none.
                cotangents.clear();
                for y in y.chunks_exact(rows) {
                    let end = rows.min((chunk + 1) * len);
                    cotangents.extend_from_slice(&y[chunk * len..end]);
                    cotangents.resize(cotangents.len() + (chunk + 1) * len - end, T::zero());
                }
            });
        }
    }
}
