//! The law of the full population: signal and residues in one, for positions through the threshold.

use crate::random_matrix::SoftmaxBlocks;
use std::sync::Arc;

use super::logit_labels::{LogitLabels, Residuals};
use super::logit_means::{LogitMeans, Root};
use super::residue_bulk::ResidueBulk;
use crate::error::{Error, Result};
use crate::linalg;
use crate::random_matrix::complex::Complex;
use crate::random_matrix::free::GeneralizedMarchenkoPastur;
use crate::random_matrix::logit_model::softmax::softmax_blocks::dot;

/// The largest eigenproblem: minutes of one core.
const LARGEST: usize = 6000;

/// The random model as what it is exactly: the sample covariance of P samples of a population of N (C - 1) variances,
/// spikes included. Quantiles of its law are the eigenvalues, through the threshold and in the frozen phase alike.
///
/// ```text
///     T = L'(P sigma_E^2 I + U K U') L,   L L' = blockdiag(w_m S_m)          eigenvalues tau_i
///     z = u (1 + (1/P) sum tau_i / (u - tau_i))
///     lambda_j = F^(-1)(1 - (j - 1/2) / P),   j = 1, 2, ...
/// ```
///
/// For means that are drawn (K = P sigma_c^2 I in the model) it was within 0.7 % of the mean of the C largest eigenvalues
/// in nearly all of 80 comparisons (C = 10, N = 60, P = 120 and 1200), 1.8 % at worst. Given means have split already:
/// with the K of one network the repulsion of its outliers is counted twice, and the extreme ones are up to 2 % too far
/// apart. It has no overlaps: for these see [`LogitSpectrum`](crate::random_matrix::LogitSpectrum).
///
/// Cost: an eigenproblem of as many rows as there are active logits, at most N (C - 1) and at most 6000 (540: 0.1 s;
/// 6000: minutes). Where probabilities are frozen they are fewer.
///
/// ```
/// use eigenscape::random_matrix::{LogitMeans, LogitSpectrum, SoftmaxBlocks};
///
/// // In the middle of the transition: 10 equal classes, means at 0.94 of the critical deviation.
/// let blocks = SoftmaxBlocks::new(&[0.1; 600], 10)?;
/// let spectrum = LogitSpectrum::new(blocks, 1200, LogitMeans::isotropic(1200, 10, 0.1), 1.0)?;
/// assert!(spectrum.outliers().is_empty());
/// let full = spectrum.full_population()?;
/// assert!(full.eigenvalue(0)? > spectrum.edge()?.unwrap().mean());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Bai & Yao 2012, doi:10.1016/j.jmva.2011.10.009 (generalized spiked populations); Silverstein 1995,
/// doi:10.1006/jmva.1995.1083.
#[derive(Clone, Debug)]
pub struct FullPopulation {
    blocks: Arc<SoftmaxBlocks>,
    samples: usize,
    variance: f64,
    gram: Vec<f64>,
    /// Without what is nothing beside the first.
    population: ResidueBulk,
    /// Their eigenvectors, on the active coordinates.
    vectors: Vec<f64>,
    active: Vec<Active>,
}

/// One column of L: sqrt(w s) times an eigenvector of S.
#[derive(Clone, Copy, Debug)]
struct Active {
    example: usize,
    scale: f64,
    /// Where its eigenvector begins among those of its example.
    at: usize,
}

impl FullPopulation {
    /// Solves the eigenproblem.
    ///
    /// # Errors
    /// If more than 6000 logits are active, or the law is not representable.
    pub(crate) fn new(
        blocks: Arc<SoftmaxBlocks>,
        parameters: usize,
        means: &LogitMeans,
        root: &Root,
        residue_deviation: f64,
    ) -> Result<Self> {
        let active = active(&blocks);
        let size = active.len();
        if size > LARGEST {
            let because = "for an eigenproblem of minutes: take fewer examples, with as much more weight each";
            return Err(Error::AboveLimit {
                what: "the number of active logits",
                value: size,
                limit: LARGEST,
                because,
            });
        }
        let variance = residue_deviation * residue_deviation;
        let t = parameters as f64 * variance;
        // Row i of B is R U'l_i, so that L'U K U'L = B B'.
        let r = root.size;
        let mut signal = Vec::with_capacity(size * r);
        for column in &active {
            let mut spread = vec![0.0; r];
            let vector = column.vector(&blocks);
            let first = blocks.group()[column.example] * blocks.classes();
            spread[first..][..vector.len()].iter_mut().zip(vector).for_each(|(x, v)| *x = column.scale * v);
            signal.extend(root.apply(&spread));
        }
        let mut matrix = vec![0.0; size * size];
        let signal = linalg::Matrix::new(&signal, size, r);
        linalg::matmul(&mut matrix, linalg::Update::Replace, 1.0, signal, signal.t());
        for (at, column) in active.iter().enumerate() {
            matrix[at * size + at] += t * column.scale * column.scale;
        }
        let eigen = linalg::symmetric_eigen(&matrix, size, true)?;
        let largest = eigen.values.last().copied().unwrap_or(0.0);
        let kept = eigen.values.iter().filter(|&&x| x > 1e-14 * largest && x > 0.0).count();
        let population: Vec<f64> = eigen.values.iter().rev().take(kept).copied().collect();
        let vectors = eigen.vectors.chunks_exact(size.max(1)).rev().take(kept).flatten().copied().collect();
        let population = ResidueBulk::new(population, parameters as f64)?;
        Ok(FullPopulation {
            blocks,
            samples: parameters,
            variance,
            gram: means.gram().to_vec(),
            population,
            vectors,
            active,
        })
    }

    /// Whether so many logits are not too many.
    pub(crate) fn is_affordable(blocks: &SoftmaxBlocks) -> bool {
        blocks.atoms(1.0).len() <= LARGEST
    }

    /// tau_i, descending, those that are not 0.
    pub fn population(&self) -> &[f64] {
        self.population.atoms()
    }

    /// The law of the eigenvalues, normalised over the population, made when asked for; none where there is no curvature.
    ///
    /// # Errors
    /// If an edge of the law is not representable.
    pub fn law(&self) -> Result<Option<&GeneralizedMarchenkoPastur>> {
        self.population.law()
    }

    /// The mean of eigenvalue `index` from above, counted from 0; 0 beyond the rank.
    ///
    /// # Errors
    /// If a quantile is not found.
    pub fn eigenvalue(&self, index: usize) -> Result<f64> {
        Ok(self.point(index)?.map_or(0.0, |u| self.population.place(u)))
    }

    /// The point of the curve at its quantile.
    fn point(&self, index: usize) -> Result<Option<Complex>> {
        let rank = self.population.atoms().len().min(self.samples);
        if index < rank { self.population.with_above(index as f64 + 0.5) } else { Ok(None) }
    }

    /// E (v_j . g)^2 for the `count` largest eigenvalues: the power of the gradient along their eigenvectors.
    ///
    /// # Errors
    /// If the labels are not labels of these examples, or a quantile is not found.
    pub fn gradient(&self, labels: &LogitLabels, count: usize) -> Result<Vec<f64>> {
        let residuals = labels.residuals(&self.blocks)?;
        let (powers, population) = (self.powers(&residuals), self.population.atoms());
        let share = |index: usize| {
            let Some(u) = self.point(index)? else { return Ok(0.0) };
            // B = m sum q / (1 + m tau) = -sum q / (u - tau), m = -1 / u; the share of one eigenvector is Im B / (P Im m), and
            // the limit of that ratio at an edge.
            let squares = powers.iter().zip(population).map(|(q, tau)| {
                let distance = (u - *tau).modulus();
                q / distance / distance
            });
            let size = u.modulus();
            Ok(squares.sum::<f64>() * size * size / self.samples as f64)
        };
        (0..count).map(share).collect()
    }

    /// q_i = E (x_i' L'(P Sigma) w r)^2 / tau_i, with P Sigma = P sigma_E^2 I + U K U'.
    fn powers(&self, residuals: &Residuals) -> Vec<f64> {
        let (blocks, size) = (&self.blocks, self.active.len());
        let (c, r) = (blocks.classes(), blocks.means());
        let t = self.samples as f64 * self.variance;
        let mut lifted = vec![0.0; blocks.probabilities().len()];
        let along = |(vector, &tau): (&[f64], &f64)| {
            lifted.fill(0.0);
            for (column, x) in self.active.iter().zip(vector) {
                let row = &mut lifted[column.example * c..][..c];
                row.iter_mut().zip(column.vector(blocks)).for_each(|(y, v)| *y += x * column.scale * v);
            }
            let mut sums = vec![0.0; r];
            for (row, &group) in lifted.chunks_exact(c).zip(blocks.group()) {
                sums[group * c..][..c].iter_mut().zip(row).for_each(|(sum, y)| *sum += y);
            }
            let shared: Vec<f64> = self.gram.chunks_exact(r).map(|row| dot(row, &sums)).collect();
            let (mut mean, mut variance) = (0.0, 0.0);
            for (m, row) in lifted.chunks_exact_mut(c).enumerate() {
                let (weight, first) = (blocks.weights()[m], blocks.group()[m] * c);
                row.iter_mut().zip(&shared[first..]).for_each(|(y, k)| *y = t * *y + k);
                mean += weight * dot(row, residuals.mean(m));
                variance += weight * weight * residuals.variance(m, row);
            }
            (mean * mean + variance) / tau
        };
        self.vectors.chunks_exact(size.max(1)).zip(self.population.atoms()).map(along).collect()
    }
}

impl Active {
    fn vector<'a>(&self, blocks: &'a SoftmaxBlocks) -> &'a [f64] {
        blocks.vector(self.example, self.at)
    }
}

/// The columns of L that are not nothing beside the largest.
fn active(blocks: &SoftmaxBlocks) -> Vec<Active> {
    let least = blocks.atoms(1.0).last().copied().unwrap_or(f64::INFINITY);
    let mut active = Vec::new();
    for (example, &weight) in blocks.weights().iter().enumerate() {
        for (at, s) in blocks.eigenvalues(example).iter().enumerate() {
            if weight * s >= least {
                active.push(Active { example, scale: (weight * s).sqrt(), at });
            }
        }
    }
    active
}
