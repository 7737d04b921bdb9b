//! Tall matrices of gradients, a few rows for each example.

use std::fmt;

use rayon::prelude::*;

use super::Jacobian;
use super::factor::Factor;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, axpy, dot, matmul};
use crate::operator::{Adjoint, Dense, Gram, LinearOperator, Normal, block_fits, fits};
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
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::{Objective, Point};
///
/// // z = w x + b, squared error: g_m = (z - y) (x, 1).
/// let network = Perceptron::new(&[1, 1], Activation::Identity)?;
/// let examples = Examples::new(vec![1.0, 2.0, 3.0], 1, vec![0.0; 3], 1)?;
/// let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples)?;
/// let point = risk.at(&[1.0, 0.0])?;
/// let gradients = point.gradients()?.dense()?;
/// assert_eq!(gradients.entries(), [1.0, 1.0, 4.0, 2.0, 9.0, 3.0]);
/// assert!((point.gradient()[0] - 14.0 / 3.0).abs() < 1e-14); // their mean
/// assert_eq!(point.gradient_gram()?.diagonal()?, [2.0, 20.0, 90.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
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
    /// The matrix itself, row by row, each row by a gradient of its own example: (N r) x P numbers. Cost: N r gradients of one
    /// example, where [`to_dense`](crate::operator::to_dense) would take P products with all of J.
    ///
    /// ```
    /// use eigenscape::curvature::{Examples, Loss, Risk};
    /// use eigenscape::network::{Activation, Perceptron};
    /// use eigenscape::objective::Objective;
    ///
    /// // Squared error of y = w x + b: the gradient of an example is (z - y) (x, 1).
    /// let network = Perceptron::new(&[1, 1], Activation::Identity)?;
    /// let examples = Examples::new(vec![2.0, 3.0], 1, vec![0.0, 1.0], 1)?;
    /// let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples)?;
    /// let gradients = risk.at(&[1.0, 0.0])?.gradients()?.dense()?;
    /// assert_eq!(gradients.entries(), [4.0, 2.0, 6.0, 2.0]);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it does not fit the risk's memory budget.
    #[doc(alias = "batch_grad")]
    pub fn dense(&self) -> Result<Dense<T>> {
        let (risk, rows, cols) = (self.jacobian.risk(), self.factor.rows(), self.cols());
        let needed = self.rows() as u128 * cols as u128 * size_of::<T>() as u128;
        if needed > risk.memory_budget as u128 {
            return Err(Error::Memory {
                what: "the matrix of gradients",
                needed,
                budget: risk.memory_budget as u128,
                remedy: "select fewer examples, raise the memory budget, or use it as an operator",
            });
        }
        let singles = risk.singles(self.jacobian.theta())?;
        let mut entries = vec![T::zero(); self.rows() * cols];
        entries.par_chunks_exact_mut((rows * cols).max(1)).enumerate().for_each(|(m, out)| {
            let cotangent = |row: usize, u: &mut [T]| self.factor.row(m, row, u);
            singles.rows(m, rows, cotangent, |row, gradient| {
                let out = &mut out[row * cols..][..cols];
                out.copy_from_slice(gradient);
                if let Some((scales, mean)) = &self.mean {
                    axpy(-scales[m * rows + row], mean, out);
                }
            });
        });
        Dense::new(entries, self.rows(), cols)
    }

    /// The squared norms of the rows: the diagonal of the Gram matrix, exactly.
    fn squared_row_norms(&self) -> Result<Vec<T>> {
        let rows = self.factor.rows();
        let singles = self.jacobian.risk().singles(self.jacobian.theta())?;
        let mut norms = vec![T::zero(); self.rows()];
        norms.par_chunks_exact_mut(rows.max(1)).enumerate().for_each(|(m, norms)| {
            let cotangent = |row: usize, u: &mut [T]| self.factor.row(m, row, u);
            let mut difference = Vec::new();
            singles.rows(m, rows, cotangent, |row, gradient| {
                norms[row] = T::of(match &self.mean {
                    None => dot(gradient, gradient),
                    Some((scales, mean)) => {
                        difference.clear();
                        difference.extend_from_slice(gradient);
                        axpy(-scales[m * rows + row], mean, &mut difference);
                        dot(&difference, &difference)
                    }
                });
            });
        });
        Ok(norms)
    }

    /// The squared norms of the columns: the diagonal of the second moment, exactly.
    fn squared_column_norms(&self) -> Result<Vec<T>> {
        let cotangent = |example: usize, row: usize, z: &mut [T]| self.factor.row(example, row, z);
        let add = |row: usize, gradient: &[T], sum: &mut [T]| match &self.mean {
            None => sum.iter_mut().zip(gradient).for_each(|(sum, &g)| *sum += g * g),
            Some((scales, mean)) => sum.iter_mut().zip(gradient.iter().zip(mean)).for_each(|(sum, (&g, &mean))| {
                let g = g - scales[row] * mean;
                *sum += g * g;
            }),
        };
        Ok(self.jacobian.risk().singles(self.jacobian.theta())?.sum(self.factor.rows(), cotangent, add))
    }
}

impl<T: Scalar> GradientGram<'_, T> {
    /// The matrix itself, (N r) x (N r), by one matrix product of the stored rows. Cost: N r gradients of one example, and
    /// (N r)^2 P.
    ///
    /// # Errors
    /// If the rows do not fit the risk's memory budget.
    pub fn dense(&self) -> Result<Dense<T>> {
        let rows = self.root().dense()?;
        let count = self.rows();
        let mut entries = vec![T::zero(); Error::room::<T>("a Gram matrix of gradients", &[count, count])?];
        let cols = self.root().cols();
        let left = Matrix::new(rows.entries(), count, cols);
        // By stripes, on all threads.
        const STRIPE: usize = 64;
        entries.par_chunks_mut((STRIPE * count).max(1)).enumerate().for_each(|(stripe, out)| {
            let own = &rows.entries()[stripe * STRIPE * cols..][..out.len() / count * cols];
            let own = Matrix::new(own, out.len() / count, cols);
            matmul(out, Update::Replace, T::one(), own, left.t());
        });
        Dense::new(entries, count, count)
    }

    /// The diagonal, exactly: the squared norms of the N r rows, one gradient at a time and none of them kept. Cost: N r
    /// gradients of one example.
    ///
    /// ```
    /// use eigenscape::curvature::{Examples, Loss, Risk};
    /// use eigenscape::network::{Activation, Perceptron};
    /// use eigenscape::objective::Objective;
    ///
    /// // The kernel of a linear model on its diagonal: x^2 + 1.
    /// let network = Perceptron::new(&[1, 1], Activation::Identity)?;
    /// let examples = Examples::new(vec![2.0, 3.0], 1, vec![0.0, 1.0], 1)?;
    /// let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples)?;
    /// assert_eq!(risk.at(&[1.0, 0.0])?.logit_gradients_gram().diagonal()?, [5.0, 10.0]);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is not the memory to run a single example.
    pub fn diagonal(&self) -> Result<Vec<T>> {
        self.root().squared_row_norms()
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
