//! Trace and norm of the curvature that a spectrum is predicted for.

use super::logit_spectrum::LogitSpectrum;
use crate::linalg::{Matrix, Update, matmul};
use crate::random_matrix::CutMoments;
use crate::random_matrix::logit_model::softmax::softmax_blocks::mirror;

impl LogitSpectrum {
    /// Trace and norm of the curvature, at d = P: exact at every size, given the probabilities, and the means where these are
    /// given.
    ///
    /// ```text
    ///     Sbar = sum_m w_m U_m'S_m U_m,   V = sum_m w_m^2 U_m'S_m^2 U_m,   a = sum_m w_m tr S_m,   b = sum_m w_m^2 tr S_m^2,   s = sigma_E^2
    ///     E tr H  = tr(Sbar K) + P s a
    ///     given   Var tr H = 4 s tr(V K) + 2 P s^2 b
    ///             E |H|^2  = tr(Sbar K)^2 + 2 (P + 1) s tr(V K) + 2 s a tr(Sbar K) + s^2 (P (P + 1) b + P a^2)
    ///     drawn   w = tr(Sbar K)^2 / P^2 + 2 s tr(V K) / P + s^2 b,   Var tr H = 2 P w,   E |H|^2 = P (P + 1) w + (E tr H)^2 / P
    /// ```
    ///
    /// where the first term of each norm is the trace of a square, tr(Sbar K Sbar K). Cost: N C^3 operations.
    ///
    /// ```
    /// use eigenscape::random_matrix::{LogitMeans, LogitModel, LogitSpectrum, SoftmaxBlocks, SoftmaxCurvature};
    ///
    /// // Means that are drawn: what the model says of the whole space.
    /// let p = [0.7, 0.2, 0.1, 0.3, 0.3, 0.4];
    /// let spectrum = LogitSpectrum::new(SoftmaxBlocks::new(&p, 3)?, 50, LogitMeans::isotropic(50, 3, 0.8), 0.5)?;
    /// let whole = LogitModel::new(50, 0.8, 0.5, SoftmaxCurvature::new(&p, 3)?)?.cut(50)?;
    /// assert!((spectrum.moments().trace / whole.trace - 1.0).abs() < 1e-12);
    /// assert!((spectrum.moments().squared_norm / whole.squared_norm - 1.0).abs() < 1e-12);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    pub fn moments(&self) -> CutMoments {
        let (blocks, gram) = (self.blocks(), self.means().gram());
        let (c, r) = (blocks.classes(), blocks.means());
        let (mut mean, mut square) = (vec![0.0; r * r], vec![0.0; r * r]);
        let (mut a, mut b) = (0.0, 0.0);
        for block in blocks.blocks() {
            for (s, vector) in block.pairs() {
                let scale = block.weight * s;
                a += scale;
                b += scale * scale;
                for k in 0..c {
                    let place = (block.first + k) * r + block.first;
                    for (l, x) in vector[..=k].iter().enumerate() {
                        mean[place + l] += scale * vector[k] * x;
                        square[place + l] += scale * scale * vector[k] * x;
                    }
                }
            }
        }
        mirror(&mut mean, r);
        mirror(&mut square, r);
        let trace_of = |matrix: &[f64]| matrix.iter().zip(gram).map(|(x, k)| x * k).sum::<f64>();
        let (along, shared) = (trace_of(&mean), trace_of(&square));
        let mut product = vec![0.0; r * r];
        matmul(&mut product, Update::Replace, 1.0, Matrix::new(&mean, r, r), Matrix::new(gram, r, r));
        let squared: f64 = (0..r * r).map(|at| product[at] * product[at % r * r + at / r]).sum();
        let (p, s) = (self.parameters() as f64, self.residue_deviation() * self.residue_deviation());
        let trace = along + p * s * a;
        let (trace_variance, squared_norm) = if self.means().is_given() {
            let residues = s * s * (p * (p + 1.0) * b + p * a * a);
            let mixed = 2.0 * s * ((p + 1.0) * shared + a * along);
            (4.0 * s * shared + 2.0 * p * s * s * b, squared + mixed + residues)
        } else {
            let w = squared / (p * p) + 2.0 * s * shared / p + s * s * b;
            (2.0 * p * w, p * (p + 1.0) * w + trace * trace / p)
        };
        let ratio = (squared_norm > 0.0).then(|| trace / squared_norm.sqrt());
        CutMoments { dimension: self.parameters(), trace, trace_variance, squared_norm, ratio }
    }
}
