//! Where the gradient lies in the spectrum of the curvature, by the random model.

use super::logit_labels::{LogitLabels, Residuals};
use super::logit_means::Root;
use super::logit_spectrum::LogitSpectrum;
use crate::error::Result;
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::Law;
use crate::random_matrix::logit_model::softmax::softmax_blocks::dot;

/// How the power |g|^2 of the gradient is spread over the eigenvectors of the curvature, in the random model.
///
/// ```text
///     g = J' w r,   r_m = p_m - y_m                                   w r: every example's times its weight
///     E |g|^2 = rbar'K rbar + P sigma_E^2 sum_m w_m^2 |r_m|^2         rbar = sum_m w_m U_m' r_m
///     E (v_j . g)^2 = alpha_j (x_j'R rt(u_j))^2 + sigma_E^2 rho(u_j)   outlier j: signal, through the means, and noise
///         rt(u) = sum_m w_m U_m' B_m r_m,   rho(u) = sum_m w_m^2 |B_m r_m|^2,   B_m = u (u - t w_m S_m)^(-1)
///     E (v . g)^2 = Im b(u) / (P Im(-1/u))                            an eigenvector of the bulk at psi(u)
///         b(u) = -(n sigma_E^2 / u) sum_m w_m^2 r_m'B_m r_m - (1/u) rt'R (I - R A R)^(-1) R rt
/// ```
///
/// Averages over labels that are drawn are those of squares, ratios are ratios of means. Fractions were within 0.003 of
/// simulations where overlaps exceed 0.7; 0.005 too low with frozen logits; up to 0.04 too high near the threshold with
/// accurate labels. The bulk has about C / P too much: outliers and bulk together exceed the whole by so much.
///
/// Where [`edge_validity`](LogitSpectrum::edge_validity) is not good,
/// [`FullPopulation::gradient`](crate::random_matrix::FullPopulation::gradient) is better for the eigenvectors after the outliers: with
/// 9 outliers of 40 active directions the tenth has a share of 0.026, predicted 0.008 here and 0.025 there.
///
/// Cost: N C^2 operations for each outlier, and N C^3 for each eigenvector of the bulk.
///
/// ```
/// use eigenscape::random_matrix::{LogitLabels, LogitMeans, LogitSpectrum, SoftmaxBlocks};
///
/// // 100 examples of 4 equally probable classes, means as long as residues: half of the gradient lies in three directions of 500.
/// let blocks = SoftmaxBlocks::new(&[0.25; 400], 4)?;
/// let spectrum = LogitSpectrum::new(blocks, 500, LogitMeans::isotropic(500, 4, 1.0), 1.0)?;
/// let gradient = spectrum.gradient(&LogitLabels::Uniform)?;
/// assert!((gradient.outlier_share().unwrap() - 0.5).abs() < 0.02);
///
/// // With labels in balance the mean residual vanishes, and so does the signal of the means.
/// let balanced = LogitLabels::Given((0..100).map(|example| example % 4).collect());
/// assert!(spectrum.gradient(&balanced)?.outlier_share().unwrap() < 0.02);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929.
#[derive(Clone, Debug)]
pub struct GradientSpectrum<'a> {
    spectrum: &'a LogitSpectrum,
    residuals: Residuals,
    squared_norm: f64,
    outliers: Vec<f64>,
}

impl LogitSpectrum {
    /// The spread of the gradient over this spectrum.
    ///
    /// # Errors
    /// If the labels are not labels of these examples.
    pub fn gradient(&self, labels: &LogitLabels) -> Result<GradientSpectrum<'_>> {
        let residuals = labels.residuals(self.blocks())?;
        let mut gradient = GradientSpectrum { spectrum: self, residuals, squared_norm: 0.0, outliers: Vec::new() };
        gradient.squared_norm = gradient.whole();
        gradient.outliers = (self.outliers().iter())
            .map(|outlier| {
                let direction = self.mean_root().apply(&outlier.direction);
                let [signal, noise] = gradient.parts(outlier.root, &direction);
                outlier.overlap * signal + noise
            })
            .collect();
        Ok(gradient)
    }
}

impl GradientSpectrum<'_> {
    /// E |g|^2.
    pub fn squared_norm(&self) -> f64 {
        self.squared_norm
    }

    /// E (v_j . g)^2 for each outlier, in their order.
    pub fn outliers(&self) -> &[f64] {
        &self.outliers
    }

    /// The share of |g|^2 in the span of all outliers, at most 1; none without a gradient.
    pub fn outlier_share(&self) -> Option<f64> {
        (self.squared_norm > 0.0).then(|| (self.outliers.iter().sum::<f64>() / self.squared_norm).clamp(0.0, 1.0))
    }

    /// The share in the span of the `count` largest eigenvectors, of outliers and, after them, of the bulk, at most 1; none
    /// without a gradient.
    ///
    /// # Errors
    /// If a quantile of the bulk is not found.
    pub fn share(&self, count: usize) -> Result<Option<f64>> {
        if self.squared_norm <= 0.0 {
            return Ok(None);
        }
        let mut power: f64 = self.outliers.iter().take(count).sum();
        for index in 0..count.saturating_sub(self.outliers.len()) {
            power += self.of_bulk(index)?;
        }
        Ok(Some((power / self.squared_norm).min(1.0)))
    }

    /// E (v . g)^2 for eigenvector `index` of the bulk from above, counted from 0; 0 beyond its rank.
    ///
    /// # Errors
    /// If a quantile of the bulk is not found.
    pub fn of_bulk(&self, index: usize) -> Result<f64> {
        let spectrum = self.spectrum;
        let bulk = spectrum.signal();
        if index >= bulk.atoms().len() {
            return Ok(0.0);
        }
        let Some(u) = bulk.with_above(index as f64 + 0.5)? else { return Ok(0.0) };
        if u.im <= 0.0 {
            let [_, noise] = self.parts(u.re, &vec![0.0; spectrum.mean_root().size]);
            return Ok(noise);
        }
        let size = u.modulus();
        Ok(self.resolved(u).im / (bulk.samples() * (u.im / size / size)))
    }

    /// The power of the gradient per unit of eigenvalue at a point x inside of the bulk, Im b(u(x)) / pi; 0 outside.
    ///
    /// # Errors
    /// If x is not a number, or its point is not found.
    pub fn density(&self, x: f64) -> Result<f64> {
        let Some(law) = self.spectrum.signal_law()? else { return Ok(0.0) };
        if law.density(x)? <= 0.0 {
            return Ok(0.0);
        }
        Ok(self.resolved(law.subordination(x)?).im / std::f64::consts::PI)
    }

    /// t = n sigma_E^2, of the dimensions that outliers see.
    fn t(&self) -> f64 {
        self.spectrum.signal().samples() * self.variance()
    }

    fn variance(&self) -> f64 {
        self.spectrum.residue_deviation() * self.spectrum.residue_deviation()
    }

    fn whole(&self) -> f64 {
        let (blocks, root) = (self.spectrum.blocks(), self.spectrum.mean_root());
        let (c, r, gram) = (blocks.classes(), blocks.means(), self.spectrum.means().gram());
        let mut mean = vec![0.0; r];
        let (mut drawn, mut noise) = (0.0, 0.0);
        for (m, block) in blocks.blocks().enumerate() {
            let square = block.weight * block.weight;
            let residual = self.residuals.mean(m);
            mean[block.first..][..c].iter_mut().zip(residual).for_each(|(sum, r)| *sum += block.weight * r);
            noise += square * dot(residual, residual);
            let Some(q) = self.residuals.law_of(m) else { continue };
            // The traces of Cov r = diag(q) - q q', and of its product with K, from pairs of classes: nothing cancels.
            for k in 0..c {
                let at = |k: usize, l: usize| gram[(block.first + k) * r + block.first + l];
                for l in 0..k {
                    let both = square * q[k] * q[l];
                    noise += 2.0 * both;
                    drawn += both * (at(k, k) + at(l, l) - 2.0 * at(k, l));
                }
            }
        }
        let rooted = root.apply(&mean);
        dot(&rooted, &rooted) + drawn + self.spectrum.parameters() as f64 * self.variance() * noise
    }

    /// E (x'rt(u))^2 for x = R times a direction, and sigma_E^2 E rho(u).
    fn parts(&self, u: f64, x: &[f64]) -> [f64; 2] {
        let blocks = self.spectrum.blocks();
        let (c, t) = (blocks.classes(), self.t());
        let (mut mean, mut variance, mut noise) = (0.0, 0.0, 0.0);
        let mut y = vec![0.0; c];
        for (m, block) in blocks.blocks().enumerate() {
            let square = block.weight * block.weight;
            y.fill(0.0);
            for (s, vector) in block.values.iter().zip(block.vectors.chunks_exact(c)) {
                let factor = u / (u - t * block.weight * s);
                let along = factor * dot(vector, &x[block.first..][..c]);
                y.iter_mut().zip(vector).for_each(|(y, v)| *y += along * v);
                let residual = dot(vector, self.residuals.mean(m));
                noise += square * factor * factor * (residual * residual + self.residuals.variance(m, vector));
            }
            mean += block.weight * dot(&y, self.residuals.mean(m));
            variance += square * self.residuals.variance(m, &y);
        }
        [mean * mean + variance, self.variance() * noise]
    }

    /// E b(u) at a complex point.
    fn resolved(&self, u: Complex) -> Complex {
        let (blocks, root) = (self.spectrum.blocks(), self.spectrum.mean_root());
        let (c, r, t) = (blocks.classes(), blocks.means(), self.t());
        let sandwich = inverse_between(root, &blocks.complex_resolvent(u, t));
        let mut mean = vec![Complex::default(); r];
        let (mut drawn, mut noise) = (Complex::default(), Complex::default());
        let mut b = vec![Complex::default(); c * c];
        for (m, block) in blocks.blocks().enumerate() {
            let square = block.weight * block.weight;
            b.fill(Complex::default());
            for (s, vector) in block.values.iter().zip(block.vectors.chunks_exact(c)) {
                let factor = u / (u - t * block.weight * s);
                let residual = dot(vector, self.residuals.mean(m));
                noise = noise + factor * (square * (residual * residual + self.residuals.variance(m, vector)));
                for k in 0..c {
                    mean[block.first + k] = mean[block.first + k] + factor * (block.weight * residual * vector[k]);
                    for l in 0..c {
                        b[k * c + l] = b[k * c + l] + factor * (vector[k] * vector[l]);
                    }
                }
            }
            if let Some(q) = self.residuals.law_of(m) {
                // The trace of B X B Cov r: over the columns of B, and of their mean.
                let form = |x: &[Complex]| bilinear(x, &sandwich, r, block.first);
                let mut average = vec![Complex::default(); c];
                for (row, &q) in b.chunks_exact(c).zip(q) {
                    drawn = drawn + form(row) * (square * q);
                    average.iter_mut().zip(row).for_each(|(sum, x)| *sum = *sum + *x * q);
                }
                drawn = drawn - form(&average) * square;
            }
        }
        let signal = bilinear(&mean, &sandwich, r, 0) + drawn;
        -((noise * t + signal) / u)
    }
}

/// x'M x for a block of M that begins at a place of its diagonal.
fn bilinear(x: &[Complex], matrix: &[Complex], size: usize, first: usize) -> Complex {
    let mut sum = Complex::default();
    for (k, &left) in x.iter().enumerate() {
        let row = &matrix[(first + k) * size + first..][..x.len()];
        sum = sum + left * row.iter().zip(x).fold(Complex::default(), |sum, (m, x)| sum + *m * *x);
    }
    sum
}

/// R (I - R A R)^(-1) R for a complex symmetric A, by elimination.
fn inverse_between(root: &Root, resolvent: &[Complex]) -> Vec<Complex> {
    let size = root.size;
    // R A R one part at a time.
    let [re, im] = [|z: &Complex| z.re, |z: &Complex| z.im]
        .map(|part| root.around(&resolvent.iter().map(part).collect::<Vec<f64>>()));
    let mut matrix: Vec<Complex> = re.iter().zip(&im).map(|(&re, &im)| Complex::new(-re, -im)).collect();
    matrix.iter_mut().step_by(size + 1).for_each(|entry| *entry = *entry + 1.0);
    let mut right: Vec<Complex> = root.entries.iter().map(|&x| Complex::from(x)).collect();
    for pivot in 0..size {
        let best = (pivot..size).fold(pivot, |best, row| {
            if matrix[row * size + pivot].modulus() > matrix[best * size + pivot].modulus() { row } else { best }
        });
        for col in 0..size {
            matrix.swap(pivot * size + col, best * size + col);
            right.swap(pivot * size + col, best * size + col);
        }
        let own = matrix[pivot * size + pivot];
        for row in (0..size).filter(|&row| row != pivot) {
            let factor = matrix[row * size + pivot] / own;
            for col in 0..size {
                matrix[row * size + col] = matrix[row * size + col] - factor * matrix[pivot * size + col];
                right[row * size + col] = right[row * size + col] - factor * right[pivot * size + col];
            }
        }
    }
    for row in 0..size {
        let own = matrix[row * size + row];
        right[row * size..][..size].iter_mut().for_each(|entry| *entry = *entry / own);
    }
    // R times it.
    let mut product = vec![Complex::default(); size * size];
    for (row, factors) in product.chunks_exact_mut(size).zip(root.entries.chunks_exact(size)) {
        for (&factor, other) in factors.iter().zip(right.chunks_exact(size)) {
            row.iter_mut().zip(other).for_each(|(entry, x)| *entry = *entry + *x * factor);
        }
    }
    product
}
