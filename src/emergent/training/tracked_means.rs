//! Means of logit gradients, and the size of their residues by random probes.

use crate::emergent::measurement::Measurement;
use crate::error::{Error, Result};
use crate::linalg::{dot, norm};
use crate::operator::Adjoint;
use crate::random::Key;
use crate::scalar::Scalar;

/// K = c c' and sigma_c, sigma_E at the cost of C products with J' and one for each probe, in place of N C gradients.
#[derive(Clone, Debug)]
pub(crate) struct TrackedMeans {
    pub(crate) gram: Vec<f64>,
    /// sum_mk v_m |J_mk|^2.
    pub(crate) squared_norm: f64,
    pub(crate) mean_deviation: Measurement,
    pub(crate) residue_deviation: Measurement,
}

/// Vectors that are multiplied at once.
const BLOCK: usize = 16;

impl TrackedMeans {
    /// ```text
    ///     e: signs,  z_mk = sqrt(v_m) e_mk - v_m sum_n sqrt(v_n) e_nk:    E |J'z|^2 = sum_mk v_m |J_mk - c_k|^2
    /// ```
    pub(crate) fn measure<T: Scalar>(
        jacobian: &impl Adjoint<T>,
        (shares, classes): (&[f64], usize),
        probes: usize,
        key: Key,
    ) -> Result<Self> {
        let (rows, size) = (jacobian.rows(), jacobian.cols());
        let count = classes + probes;
        let mut cotangents = vec![T::zero(); count * rows];
        for (k, u) in cotangents.chunks_exact_mut(rows).take(classes).enumerate() {
            u.iter_mut().skip(k).step_by(classes).zip(shares).for_each(|(u, &v)| *u = T::of(v));
        }
        for (probe, z) in cotangents.chunks_exact_mut(rows).skip(classes).enumerate() {
            key.split(probe as u64).signs(0, z);
            let mut totals = vec![0.0; classes];
            for (row, &v) in z.chunks_exact(classes).zip(shares) {
                totals.iter_mut().zip(row).for_each(|(total, e)| *total += v.sqrt() * e.f64());
            }
            for (row, &v) in z.chunks_exact_mut(classes).zip(shares) {
                row.iter_mut().zip(&totals).for_each(|(e, total)| *e = T::of(v.sqrt() * e.f64() - v * total));
            }
        }
        let mut means = vec![T::zero(); classes * size];
        jacobian.apply_adjoint_block(&cotangents[..classes * rows], &mut means, classes);
        let vectors = || means.chunks_exact(size);
        let mut gram = vec![0.0; classes * classes];
        for (k, left) in vectors().enumerate() {
            for (l, right) in vectors().take(k + 1).enumerate() {
                let product = dot(left, right);
                (gram[k * classes + l], gram[l * classes + k]) = (product, product);
            }
        }
        let mut squares = Vec::with_capacity(probes);
        let mut products = vec![T::zero(); BLOCK.min(probes) * size];
        for block in cotangents[classes * rows..].chunks(BLOCK * rows) {
            let width = block.len() / rows;
            let products = &mut products[..width * size];
            jacobian.apply_adjoint_block(block, products, width);
            squares.extend(products.chunks_exact(size).map(|product| norm(product).powi(2)));
        }
        let remedy = "the gradients of the logits overflow at these parameters";
        Error::finite("the inner products of class means", &gram, remedy)?;
        Error::finite("the squared norms of residues of logit gradients", &squares, remedy)?;

        let concentration: f64 = shares.iter().map(|v| v * v).sum();
        let coordinates = (classes * size) as f64;
        let apart = 1.0 - concentration;
        let n = probes as f64;
        let square = squares.iter().sum::<f64>() / n;
        let spread = squares.iter().map(|x| (x - square).powi(2)).sum::<f64>();
        let error = (probes > 1).then(|| (spread / (n - 1.0) / n).sqrt());
        // One example cannot tell means from residues: all is mean.
        let scale = if apart < 1e-12 { 0.0 } else { 1.0 / (coordinates * apart) };
        let (residue, residue_error) = (square * scale, error.map(|error| error * scale));
        let trace = gram.iter().step_by(classes + 1).sum::<f64>();
        let mean = trace / coordinates - residue * concentration;
        let root = |square: f64, error: Option<f64>| {
            let root = square.max(0.0).sqrt();
            // d sqrt(x) = dx / (2 sqrt(x)).
            Measurement::new(root, error.map(|error| if root > 0.0 { error / (2.0 * root) } else { 0.0 }))
        };
        let mean_error = residue_error.map(|error| error * concentration);
        Ok(TrackedMeans {
            gram,
            squared_norm: trace + square,
            mean_deviation: root(mean, mean_error),
            residue_deviation: root(residue, residue_error),
        })
    }
}
