//! The curvature without the means of the logits' gradients.

use crate::operator::{Adjoint, LinearOperator, PositiveSemidefinite, Symmetric, fits};
use crate::random_matrix::SoftmaxBlocks;
use crate::scalar::Scalar;

/// sum_m w_m E_m' S_m E_m with E_mk = J_mk - c_k, P x P: its largest eigenvalue is where the bulk ends. A product costs one with J
/// and one with J'.
#[derive(Debug)]
pub(crate) struct ResidueCurvature<'a, J> {
    jacobian: &'a J,
    blocks: &'a SoftmaxBlocks,
    /// v_m = w_m / sum w.
    shares: Vec<f64>,
}

impl<'a, J> ResidueCurvature<'a, J> {
    pub(crate) fn new(jacobian: &'a J, blocks: &'a SoftmaxBlocks) -> Self {
        let total: f64 = blocks.weights().iter().sum();
        let shares = blocks.weights().iter().map(|weight| weight / total).collect();
        ResidueCurvature { jacobian, blocks, shares }
    }
}

impl<T: Scalar, J: Adjoint<T>> LinearOperator<T> for ResidueCurvature<'_, J> {
    fn rows(&self) -> usize {
        self.jacobian.cols()
    }
    fn cols(&self) -> usize {
        self.jacobian.cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        let classes = self.blocks.classes();
        let mut logits = vec![T::zero(); self.jacobian.rows()];
        self.jacobian.apply(x, &mut logits);
        let means = sums(&logits, classes, &self.shares);
        let mut products: Vec<f64> = Vec::with_capacity(logits.len());
        let rows = self.blocks.probabilities().chunks_exact(classes).zip(self.blocks.weights());
        for (z, (p, &w)) in logits.chunks_exact(classes).zip(rows) {
            let centred = || z.iter().zip(&means).map(|(z, mean)| z.f64() - mean);
            let mean: f64 = p.iter().zip(centred()).map(|(p, z)| p * z).sum();
            products.extend(p.iter().zip(centred()).map(|(p, z)| w * p * (z - mean)));
        }
        let mut totals = vec![0.0; classes];
        for row in products.chunks_exact(classes) {
            totals.iter_mut().zip(row).for_each(|(total, x)| *total += x);
        }
        for ((z, row), &v) in logits.chunks_exact_mut(classes).zip(products.chunks_exact(classes)).zip(&self.shares) {
            z.iter_mut().zip(row).zip(&totals).for_each(|((z, x), total)| *z = T::of(x - v * total));
        }
        self.jacobian.apply_adjoint(&logits, y);
    }
}

impl<T: Scalar, J: Adjoint<T>> Adjoint<T> for ResidueCurvature<'_, J> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.apply(y, x);
    }
}

impl<T: Scalar, J: Adjoint<T>> Symmetric<T> for ResidueCurvature<'_, J> {}
impl<T: Scalar, J: Adjoint<T>> PositiveSemidefinite<T> for ResidueCurvature<'_, J> {}

/// sum_m v_m z_mk for each logit k.
pub(crate) fn sums<T: Scalar>(logits: &[T], classes: usize, shares: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; classes];
    for (z, &v) in logits.chunks_exact(classes).zip(shares) {
        sums.iter_mut().zip(z).for_each(|(sum, z)| *sum += v * z.f64());
    }
    sums
}
