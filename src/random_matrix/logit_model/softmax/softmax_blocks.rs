//! The second derivatives of softmax cross-entropy by the logits, example by example, with their spectra.

use super::softmax_curvature::{checked_rows, diagonal_and_squares};
use crate::error::{Error, Result};
use crate::linalg;
use crate::random_matrix::complex::Complex;

/// Eigenvalues below this part of the largest are taken for 0: rounding makes them of what is frozen.
const NOTHING: f64 = 1e-14;

/// S_m = diag(p_m) - p_m p_m' of every example with its eigenvalues and eigenvectors, the weight of the example and its
/// group.
///
/// ```text
///     S_m = sum_i s_mi x_mi x_mi',   i = 1..C     one s_mi is 0, with the vector of ones; the others lie in [0, 1/2]
///     w_m      weight of the example in the risk, 1/N by default
///     y_m      its group: examples of one group share the mean gradients of their logits; by default there is one group
/// ```
///
/// What [`LogitSpectrum`](crate::random_matrix::LogitSpectrum) is made of. Eigenvalues below 1e-100 are taken for 0. Cost: N C^3
/// operations once, N C^2 numbers, at most 2 GiB.
///
/// ```
/// use eigenscape::random_matrix::SoftmaxBlocks;
///
/// // Two classes: S = p (1 - p) (1, -1; -1, 1), with the eigenvalue 2 p (1 - p).
/// let blocks = SoftmaxBlocks::new(&[0.5, 0.5, 0.8, 0.2], 2)?;
/// assert!((blocks.eigenvalues(0)[0] - 0.5).abs() < 1e-15 && blocks.eigenvalues(0)[1] == 0.0);
/// assert!((blocks.eigenvalues(1)[0] - 0.32).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SoftmaxBlocks {
    classes: usize,
    groups: usize,
    probabilities: Vec<f64>,
    weights: Vec<f64>,
    group: Vec<usize>,
    /// C for each example, descending; the last is 0.
    values: Vec<f64>,
    /// C x C for each example, one eigenvector after the other.
    vectors: Vec<f64>,
}

/// Less curvature than this is none: the squares of its numbers are not representable.
const LEAST: f64 = 1e-100;

/// The largest number of entries of all eigenvectors.
const LARGEST: usize = 1 << 28;

impl SoftmaxBlocks {
    /// From probabilities, `classes` for each example back to back, with weights 1/N.
    ///
    /// # Errors
    /// As [`SoftmaxCurvature::new`](crate::random_matrix::SoftmaxCurvature::new).
    pub fn new(probabilities: &[f64], classes: usize) -> Result<Self> {
        Error::at_least("the number of classes", classes, 1, "must be at least 1")?;
        let examples = probabilities.len() / classes;
        SoftmaxBlocks::weighted(probabilities, classes, &vec![1.0 / examples.max(1) as f64; examples])
    }

    /// The same with a weight for each example, used as it is.
    ///
    /// # Errors
    /// As [`SoftmaxCurvature::weighted`](crate::random_matrix::SoftmaxCurvature::weighted), and if the eigenvectors take more than 2 GiB.
    pub fn weighted(probabilities: &[f64], classes: usize, weights: &[f64]) -> Result<Self> {
        let probabilities = checked_rows(probabilities, classes, weights)?;
        SoftmaxBlocks::affordable(weights.len(), classes)?;
        let mut values = Vec::with_capacity(probabilities.len());
        let mut vectors = Vec::with_capacity(probabilities.len() * classes);
        let mut block = vec![0.0; classes * classes];
        for p in probabilities.chunks_exact(classes) {
            let (diagonal, _) = diagonal_and_squares(p);
            for k in 0..classes {
                for l in 0..classes {
                    block[k * classes + l] = if k == l { diagonal[k] } else { -p[k] * p[l] };
                }
            }
            let eigen = linalg::symmetric_eigen(&block, classes, true)?;
            // Ascending; the least is the null value of the vector of ones.
            let value = |at: usize| if eigen.values[at] > LEAST { eigen.values[at] } else { 0.0 };
            values.extend((1..classes).rev().map(value).chain([0.0]));
            vectors.extend(eigen.vectors.chunks_exact(classes).rev().flatten());
        }
        let group = vec![0; weights.len()];
        Ok(SoftmaxBlocks { classes, groups: 1, probabilities, weights: weights.to_vec(), group, values, vectors })
    }

    /// With a group for each example, 0..`groups`: for means that differ from group to group, as by the true class.
    ///
    /// # Errors
    /// If there are no groups, or not N numbers, or one is not less than `groups`.
    pub fn grouped(self, group: &[usize], groups: usize) -> Result<Self> {
        Error::at_least("the number of groups", groups, 1, "must be at least 1")?;
        Error::length("the list of groups", group.len(), self.examples())?;
        if let Some(index) = group.iter().position(|&g| g >= groups) {
            return Err(Error::Label { index, label: group[index], classes: groups });
        }
        Ok(SoftmaxBlocks { groups, group: group.to_vec(), ..self })
    }

    /// N.
    pub fn examples(&self) -> usize {
        self.weights.len()
    }

    /// C.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The number of groups.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The probabilities, N x C.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The weights.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The group of each example.
    pub fn group(&self) -> &[usize] {
        &self.group
    }

    /// The eigenvalues of S_m, descending; the last is 0.
    ///
    /// # Panics
    /// If there is no such example.
    #[track_caller]
    pub fn eigenvalues(&self, example: usize) -> &[f64] {
        &self.values[example * self.classes..][..self.classes]
    }

    /// The eigenvectors of S_m, one after the other, in the order of the eigenvalues.
    ///
    /// # Panics
    /// If there is no such example.
    #[track_caller]
    pub fn eigenvectors(&self, example: usize) -> &[f64] {
        let size = self.classes * self.classes;
        &self.vectors[example * size..][..size]
    }

    /// a^2 / b with a = sum_m w_m tr S_m and b = sum_m w_m^2 tr S_m^2, the number of directions that carry the curvature;
    /// none where all is frozen.
    pub fn active_directions(&self) -> Option<f64> {
        let largest = self.population(1.0).fold(0.0, f64::max);
        // In units of the largest, whose square is representable.
        let shares = self.population(1.0).map(|x| x / largest);
        let (trace, squares) = shares.fold((0.0, 0.0), |(a, b), x| (a + x, b + x * x));
        (largest > 0.0).then(|| trace * trace / squares)
    }

    /// Fails if so many blocks are too much for memory.
    pub(crate) fn affordable(examples: usize, classes: usize) -> Result<()> {
        let limit = LARGEST / classes.saturating_mul(classes).max(1);
        if examples > limit {
            let because = "or the eigenvectors of their blocks take more than 2 GiB: take fewer examples or classes";
            return Err(Error::AboveLimit { what: "the number of examples", value: examples, limit, because });
        }
        Ok(())
    }

    /// The number of mean gradients, r = groups x classes.
    pub(crate) fn means(&self) -> usize {
        self.groups * self.classes
    }

    /// `scale` w_m s_mi, all of them, zeros too.
    pub(crate) fn population(&self, scale: f64) -> impl Iterator<Item = f64> + '_ {
        let rows = self.values.chunks_exact(self.classes).zip(&self.weights);
        rows.flat_map(move |(values, weight)| values.iter().map(move |s| scale * weight * s))
    }

    /// The positive ones among `scale` w_m s_mi, descending.
    pub(crate) fn atoms(&self, scale: f64) -> Vec<f64> {
        let mut atoms: Vec<f64> = self.population(scale).filter(|&x| x > 0.0).collect();
        atoms.sort_by(|a, b| b.total_cmp(a));
        let least = atoms.first().map_or(0.0, |largest| NOTHING * largest);
        atoms.truncate(atoms.partition_point(|&x| x > least));
        atoms
    }

    /// Eigenvector `at` of an example.
    pub(crate) fn vector(&self, example: usize, at: usize) -> &[f64] {
        &self.vectors[(example * self.classes + at) * self.classes..][..self.classes]
    }

    /// For each example its weight, group, eigenvalues and eigenvectors.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'_>> + '_ {
        let c = self.classes;
        (0..self.examples()).map(move |m| Block {
            weight: self.weights[m],
            first: self.group[m] * c,
            values: &self.values[m * c..][..c],
            vectors: &self.vectors[m * c * c..][..c * c],
        })
    }

    /// A(u) = sum_m w_m U_m' S_m (u - t w_m S_m)^(-1) U_m with U_m the columns of the example's group: r x r, one C x C
    /// block for each group.
    pub(crate) fn resolvent(&self, u: f64, t: f64) -> Vec<f64> {
        let (c, r) = (self.classes, self.means());
        let mut sum = vec![0.0; r * r];
        for block in self.blocks() {
            for (s, vector) in block.pairs() {
                let scale = block.weight * s / (u - t * block.weight * s);
                for k in 0..c {
                    let row = &mut sum[(block.first + k) * r + block.first..][..=k];
                    let factor = scale * vector[k];
                    row.iter_mut().zip(vector).for_each(|(entry, x)| *entry += factor * x);
                }
            }
        }
        mirror(&mut sum, r);
        sum
    }

    /// x'A(u)x's negative derivative, sum_m w_m x_m' S_m (u - t w_m S_m)^(-2) x_m.
    pub(crate) fn slope(&self, u: f64, t: f64, x: &[f64]) -> f64 {
        let mut sum = 0.0;
        for block in self.blocks() {
            for (s, vector) in block.pairs() {
                let along = dot(vector, &x[block.first..][..self.classes]);
                let distance = u - t * block.weight * s;
                sum += block.weight * s * along * along / (distance * distance);
            }
        }
        sum
    }

    /// A(u) at a complex point.
    pub(crate) fn complex_resolvent(&self, u: Complex, t: f64) -> Vec<Complex> {
        let (c, r) = (self.classes, self.means());
        let mut sum = vec![Complex::default(); r * r];
        for block in self.blocks() {
            for (s, vector) in block.pairs() {
                let scale = Complex::from(block.weight * s) / (u - t * block.weight * s);
                for k in 0..c {
                    for l in 0..c {
                        let entry = &mut sum[(block.first + k) * r + block.first + l];
                        *entry = *entry + scale * (vector[k] * vector[l]);
                    }
                }
            }
        }
        sum
    }
}

/// One example.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    pub(crate) weight: f64,
    /// The first of its group's means.
    pub(crate) first: usize,
    pub(crate) values: &'a [f64],
    pub(crate) vectors: &'a [f64],
}

impl<'a> Block<'a> {
    /// Its positive eigenvalues and their vectors.
    pub(crate) fn pairs(self) -> impl Iterator<Item = (f64, &'a [f64])> {
        let vectors = self.vectors.chunks_exact(self.values.len());
        self.values.iter().copied().zip(vectors).filter(|pair| pair.0 > 0.0)
    }
}

/// sum_k x_k y_k.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// Copies the lower triangle of a square matrix to the upper one.
pub(crate) fn mirror(matrix: &mut [f64], size: usize) {
    for row in 0..size {
        for col in 0..row {
            matrix[col * size + row] = matrix[row * size + col];
        }
    }
}
