//! Tall matrices of gradients, a few rows for each example.

use std::fmt;

use super::Jacobian;
use super::factor::Factor;
use crate::error::Result;
use crate::linalg::{axpy, dot};
use crate::operator::{Adjoint, Gram, LinearOperator, Normal, block_fits, fits};
use crate::scalar::Scalar;

/// A matrix whose rows are gradients, r for each example: (N r) x P, the rows of an example together. Never stored:
/// row (m, j) is a combination of the rows of example m in the [`Jacobian`].
///
/// | made by | rows | r |
/// | --- | --- | --- |
/// | [`gradients`](super::RiskPoint::gradients) | g_m, the gradient of the loss of example m, unweighted | 1 |
/// | [`gauss_newton_root`](super::RiskPoint::gauss_newton_root) | sqrt(w_m) S_m^(1/2) J_m | C |
/// | [`empirical_fisher`](super::RiskPoint::empirical_fisher) and its like | sqrt(w_m) g_m, with what they differ by | 1, or draws |
///
/// A product costs one with J; memory is that of J, the factors (N r C numbers, or N C), and N C for up to 8 vectors.
#[derive(Clone)]
pub struct Gradients<'a, T> {
    jacobian: Jacobian<'a, T>,
    factor: Factor<T>,
    /// What is taken from the rows: a number for each row times a vector of P entries.
    mean: Option<(Vec<T>, Vec<T>)>,
}

/// Vectors of a block that are multiplied at once.
const GROUP: usize = 8;

/// The second moment of gradients: sum over rows of row row', P x P.
pub type SecondMoment<'a, T> = Normal<Gradients<'a, T>>;

/// The inner products of gradients: (N r) x (N r).
pub type GradientGram<'a, T> = Gram<Gradients<'a, T>>;

impl<'a, T: Scalar> Gradients<'a, T> {
    pub(super) fn new(jacobian: Jacobian<'a, T>, factor: Factor<T>) -> Self {
        Gradients { jacobian, factor, mean: None }
    }

    /// The same without `scales` times a vector in the rows.
    pub(super) fn less(self, scales: Vec<T>, mean: Vec<T>) -> Self {
        Gradients { mean: Some((scales, mean)), ..self }
    }
}

impl<T: Scalar> fmt::Debug for Gradients<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gradients({}x{})", self.rows(), self.cols())
    }
}

impl<T: Scalar> Gradients<'_, T> {
    /// The squared norms of the columns: the diagonal of the second moment, exactly.
    fn squared_column_norms(&self) -> Result<Vec<T>> {
        let rows = self.factor.rows();
        let cotangent = |example: usize, row: usize, z: &mut [T]| self.factor.row(example, row, z);
        let add = |row: usize, gradient: &[T], sum: &mut [T]| match &self.mean {
            None => sum.iter_mut().zip(gradient).for_each(|(sum, &g)| *sum += g * g),
            Some((scales, mean)) => sum.iter_mut().zip(gradient.iter().zip(mean)).for_each(|(sum, (&g, &mean))| {
                let g = g - scales[row] * mean;
                *sum += g * g;
            }),
        };
        self.jacobian.risk().sum_over_rows(self.jacobian.theta(), rows, cotangent, add)
    }
}

impl<T: Scalar> SecondMoment<'_, T> {
    /// The diagonal, exactly: P entries. Cost: the gradients of all rows one by one, N r gradients of one example.
    ///
    /// # Errors
    /// If there is not the memory to run a single example.
    pub fn diagonal(&self) -> Result<Vec<T>> {
        self.root().squared_column_norms()
    }
}

impl<T: Scalar> LinearOperator<T> for Gradients<'_, T> {
    fn rows(&self) -> usize {
        self.jacobian.examples() * self.factor.rows()
    }
    fn cols(&self) -> usize {
        self.jacobian.cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        self.apply_block(x, y, 1);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        let (rows, cols, logits) = (self.rows(), self.cols(), self.jacobian.rows());
        block_fits(rows, cols, x, y, vectors);
        // A few at a time, so that their logits take little memory.
        let mut tangents = vec![T::zero(); vectors.min(GROUP) * logits];
        for first in (0..vectors).step_by(GROUP) {
            let group = GROUP.min(vectors - first);
            let tangents = &mut tangents[..group * logits];
            self.jacobian.apply_block(&x[first * cols..][..group * cols], tangents, group);
            for vector in first..first + group {
                let y = &mut y[vector * rows..][..rows];
                self.factor.apply(&tangents[(vector - first) * logits..][..logits], y);
                if let Some((scales, mean)) = &self.mean {
                    axpy(T::of(-dot(mean, &x[vector * cols..][..cols])), scales, y);
                }
            }
        }
    }
}

impl<T: Scalar> Adjoint<T> for Gradients<'_, T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.cols(), self.rows(), y, x);
        self.apply_adjoint_block(y, x, 1);
    }
    #[track_caller]
    fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
        let (rows, cols, logits) = (self.rows(), self.cols(), self.jacobian.rows());
        block_fits(cols, rows, y, x, vectors);
        let mut cotangents = vec![T::zero(); vectors.min(GROUP) * logits];
        for first in (0..vectors).step_by(GROUP) {
            let group = GROUP.min(vectors - first);
            let cotangents = &mut cotangents[..group * logits];
            for (y, cotangents) in
                y[first * rows..].chunks_exact(rows.max(1)).zip(cotangents.chunks_exact_mut(logits.max(1)))
            {
                self.factor.apply_adjoint(y, cotangents);
            }
            self.jacobian.apply_adjoint_block(cotangents, &mut x[first * cols..][..group * cols], group);
        }
        if let Some((scales, mean)) = &self.mean {
            for vector in 0..vectors {
                let share = dot(scales, &y[vector * rows..][..rows]);
                axpy(T::of(-share), mean, &mut x[vector * cols..][..cols]);
            }
        }
    }
}
