//! The inner products of the mean gradients of logits.

use crate::error::{Error, Result};
use crate::linalg;
use crate::random_matrix::SoftmaxBlocks;

/// The inner products K = c c' of the mean gradients c_k of the logits, and whether these means are given or drawn.
///
/// ```text
///     given      the means of one network: K = c c' as measured. What is left to chance are the residues.
///     expected   means drawn from N(0, K / P) in every coordinate: K is the mean of c c'. K = P sigma_c^2 I in the model.
/// ```
///
/// On a network at its start the mean over all examples will do (the outliers come out within 4 % in the median).
/// Training breaks "the same mean for all examples": take means within each class
/// ([`SoftmaxBlocks::grouped`](crate::random_matrix::SoftmaxBlocks::grouped)), and weight each example by its p_k (1 - p_k), so that
/// those count that carry curvature. Plain means were 40 to 65 % too low on a trained network of 9000 parameters, these
/// 10 to 23 %.
///
/// K is r x r with r = groups x classes, the mean of class k in group y at y C + k; it need not be diagonal or of full
/// rank.
///
/// ```
/// use eigenscape::random_matrix::LogitMeans;
///
/// let drawn = LogitMeans::isotropic(100, 2, 0.5); // 100 coordinates of variance 1/4
/// assert_eq!(drawn, LogitMeans::expected(&[25.0, 0.0, 0.0, 25.0]));
/// assert!(!drawn.is_given() && LogitMeans::given(&[24.0, 1.0, 1.0, 26.0]).is_given());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LogitMeans {
    gram: Vec<f64>,
    given: bool,
}

/// Eigenvalues of K below this part of the largest are rounding.
const ROUNDING: f64 = 1e-12;

impl LogitMeans {
    /// Means as they are.
    pub fn given(gram: &[f64]) -> Self {
        LogitMeans { gram: gram.to_vec(), given: true }
    }

    /// Means that are drawn, with the mean of their inner products.
    pub fn expected(gram: &[f64]) -> Self {
        LogitMeans { gram: gram.to_vec(), given: false }
    }

    /// The means of the model: independent coordinates of deviation sigma_c, in P parameters and as many classes; one
    /// group.
    pub fn isotropic(parameters: usize, classes: usize, mean_deviation: f64) -> Self {
        let mut gram = vec![0.0; classes * classes];
        gram.iter_mut()
            .step_by(classes + 1)
            .for_each(|entry| *entry = parameters as f64 * mean_deviation * mean_deviation);
        LogitMeans { gram, given: false }
    }

    /// K, row by row.
    pub fn gram(&self) -> &[f64] {
        &self.gram
    }

    /// Whether the means are given.
    pub fn is_given(&self) -> bool {
        self.given
    }

    /// K times a factor.
    pub(crate) fn scaled(&self, factor: f64, given: bool) -> Self {
        LogitMeans { gram: self.gram.iter().map(|entry| factor * entry).collect(), given }
    }

    /// The symmetric root of K and its rank; fails unless K is a matrix of inner products for these blocks.
    pub(crate) fn root(&self, blocks: &SoftmaxBlocks) -> Result<Root> {
        let size = blocks.means();
        Error::array("the inner products of the means (groups x classes, squared)", self.gram.len(), &[size, size])?;
        Error::finite("the inner products of the means", &self.gram, "give finite numbers")?;
        let largest = self.gram.iter().fold(0.0f64, |largest, entry| largest.max(entry.abs()));
        for row in 0..size {
            for col in 0..row {
                let (below, above) = (self.gram[row * size + col], self.gram[col * size + row]);
                if (below - above).abs() > 1e-8 * largest {
                    let limits = "must be 0: inner products are symmetric";
                    let what = "a difference of two mirrored inner products of means";
                    return Err(Error::OutOfRange { what, value: below - above, limits });
                }
            }
        }
        let eigen = linalg::symmetric_eigen(&self.gram, size, true)?;
        let norm = eigen.values.last().copied().unwrap_or(0.0);
        if let Some(&value) = eigen.values.first().filter(|&&least| least < -1e-8 * largest) {
            let limits = "must be at least 0: give inner products of real vectors";
            let what = "an eigenvalue of the inner products of the means";
            return Err(Error::OutOfRange { what, value, limits });
        }
        let mut entries = vec![0.0; size * size];
        let mut rank = 0;
        for (&value, vector) in eigen.values.iter().zip(eigen.vectors.chunks_exact(size)) {
            if value <= ROUNDING * norm {
                continue;
            }
            rank += 1;
            for (row, x) in entries.chunks_exact_mut(size).zip(vector) {
                let factor = value.sqrt() * x;
                row.iter_mut().zip(vector).for_each(|(entry, y)| *entry += factor * y);
            }
        }
        Ok(Root { size, rank, norm: norm.max(0.0), entries })
    }
}

/// R = K^(1/2), symmetric.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub(crate) size: usize,
    pub(crate) rank: usize,
    /// The largest eigenvalue of K.
    pub(crate) norm: f64,
    pub(crate) entries: Vec<f64>,
}

impl Root {
    /// R x.
    pub(crate) fn apply(&self, x: &[f64]) -> Vec<f64> {
        self.entries.chunks_exact(self.size).map(|row| row.iter().zip(x).map(|(r, x)| r * x).sum()).collect()
    }

    /// R A R for a symmetric A.
    pub(crate) fn around(&self, matrix: &[f64]) -> Vec<f64> {
        let size = self.size;
        let root = linalg::Matrix::new(&self.entries, size, size);
        let mut half = vec![0.0; size * size];
        linalg::matmul(&mut half, linalg::Update::Replace, 1.0, linalg::Matrix::new(matrix, size, size), root);
        let mut whole = vec![0.0; size * size];
        linalg::matmul(&mut whole, linalg::Update::Replace, 1.0, root, linalg::Matrix::new(&half, size, size));
        whole
    }
}
