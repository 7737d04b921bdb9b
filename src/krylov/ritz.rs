//! The eigenvalues of H, and which of them are wanted.

use std::ops::Range;

use crate::error::Result;
use crate::linalg::symmetric_eigen;

/// Which eigenvalues.
///
/// ```
/// use eigenscape::krylov::{Eigensolver, Which};
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
///
/// let operator = Diagonal::new(vec![-5.0, -1.0, 0.0, 2.0, 3.0]);
/// for (which, expected) in [
///     (Which::Largest, [3.0, 2.0]),
///     (Which::Smallest, [-5.0, -1.0]),
///     (Which::BothEnds, [3.0, -5.0]),
///     (Which::LargestMagnitude, [-5.0, 3.0]),
/// ] {
///     let found = Eigensolver::new(2, Key::new(0)).which(which).run(&operator)?.values;
///     assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-12), "{which:?}: {found:?}");
/// }
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Which {
    /// The largest eigenvalues, descending.
    #[default]
    Largest,
    /// The smallest eigenvalues, ascending.
    Smallest,
    /// Half of them from each end, the odd one from the top; descending.
    BothEnds,
    /// Those of the largest absolute value, by descending absolute value.
    LargestMagnitude,
}

/// The eigenpairs of H = V'AV: theta and s, with A V s = theta V s + a residual.
#[derive(Clone, Debug)]
pub(super) struct Ritz {
    /// Ascending.
    pub(super) values: Vec<f64>,
    /// Row j has the coordinates s of pair j in the basis V.
    pub(super) vectors: Vec<f64>,
    /// The norms of the residuals; where directions were given up, as if these were orthogonal to each other.
    pub(super) bounds: Vec<f64>,
    /// The part of these norms along directions that were set aside.
    pub(super) aside: Vec<f64>,
    /// For each direction of the residuals its coefficient in each of them.
    residuals: Vec<Vec<f64>>,
}

impl Ritz {
    /// The pairs of H, `size` x `size`; the residual of V s is R E's, with rows of what is next, set aside and dropped.
    pub(super) fn new(matrix: &[f64], size: usize, [next, aside, dropped]: [Vec<Vec<f64>>; 3]) -> Result<Self> {
        let eigen = symmetric_eigen(matrix, size, true)?;
        let inner = |row: &[f64], s: &[f64]| row.iter().zip(s).map(|(x, y)| x * y).sum::<f64>();
        let parts = |row: &Vec<f64>| eigen.vectors.chunks_exact(size.max(1)).map(|s| inner(row, s)).collect();
        let [next, aside, dropped] =
            [next, aside, dropped].map(|rows| rows.iter().map(parts).collect::<Vec<Vec<f64>>>());
        let norm = |rows: &[Vec<f64>], pair: usize| rows.iter().map(|row| row[pair].powi(2)).sum::<f64>().sqrt();
        let asides: Vec<f64> = (0..size).map(|pair| norm(&aside, pair)).collect();
        let bound = |pair: usize| norm(&next, pair).hypot(asides[pair]).hypot(norm(&dropped, pair));
        let bounds = (0..size).map(bound).collect();
        let residuals = next.into_iter().chain(aside).chain(dropped).collect();
        Ok(Ritz { values: eigen.values, vectors: eigen.vectors, bounds, aside: asides, residuals })
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The coordinates of a pair.
    pub(super) fn coordinates(&self, index: usize) -> &[f64] {
        &self.vectors[index * self.len()..][..self.len()]
    }

    /// The coordinates of several pairs, back to back.
    pub(super) fn coordinates_of(&self, pairs: &[usize]) -> Vec<f64> {
        pairs.iter().flat_map(|&index| self.coordinates(index)).copied().collect()
    }

    /// The Frobenius norm of S (level - Theta)^-1 (R S)', over some pairs and with these rows of S alone.
    ///
    /// An eigenvector of `level` that is orthogonal to what came before the basis, and to the pairs left out, has this part
    /// in those vectors of the basis at most: (level - H) V'u is R times what it has outside of it.
    pub(super) fn response(&self, rows: Range<usize>, pairs: Range<usize>, level: f64) -> f64 {
        let entry = |row: usize, residual: &Vec<f64>| -> f64 {
            let term = |pair: usize| self.coordinates(pair)[row] * residual[pair] / (level - self.values[pair]);
            pairs.clone().map(term).sum()
        };
        let squares = |residual| rows.clone().map(move |row| entry(row, residual).powi(2)).sum::<f64>();
        self.residuals.iter().map(squares).sum::<f64>().sqrt()
    }

    /// The norm of H.
    pub(super) fn norm(&self) -> f64 {
        self.values.iter().map(|value| value.abs()).fold(0.0, f64::max)
    }

    /// The best `count` pairs, or all if there are not as many: in the order of the result.
    pub(super) fn wanted(&self, which: Which, count: usize) -> Vec<usize> {
        which.select(&self.values, count)
    }
}

impl Which {
    /// The best `count` of ascending values, or all if there are not as many: as positions, in the order of the result.
    pub(super) fn select(self, values: &[f64], count: usize) -> Vec<usize> {
        let size = values.len();
        let count = count.min(size);
        match self {
            Which::Largest => (size - count..size).rev().collect(),
            Which::Smallest => (0..count).collect(),
            Which::BothEnds => {
                let bottom = count / 2;
                (size - (count - bottom)..size).rev().chain((0..bottom).rev()).collect()
            }
            Which::LargestMagnitude => {
                let mut order: Vec<usize> = (0..size).rev().collect();
                order.sort_by(|&a, &b| values[b].abs().total_cmp(&values[a].abs()));
                order.truncate(count);
                order
            }
        }
    }

    /// Sorts into the order of the result.
    pub(super) fn sort<P>(self, pairs: &mut [P], value: impl Fn(&P) -> f64) {
        pairs.sort_by(|a, b| match self {
            Which::Smallest => value(a).total_cmp(&value(b)),
            Which::Largest | Which::BothEnds => value(b).total_cmp(&value(a)),
            Which::LargestMagnitude => value(b).abs().total_cmp(&value(a).abs()),
        });
    }

    /// The levels that no other eigenvalue may pass, above and below, when these values are the wanted ones.
    pub(super) fn levels(self, wanted: &[f64]) -> (Option<f64>, Option<f64>) {
        let least = wanted.iter().copied().reduce(f64::min);
        let largest = wanted.iter().copied().reduce(f64::max);
        match self {
            Which::Largest => (least, None),
            Which::Smallest => (None, largest),
            Which::BothEnds => {
                let bottom = wanted.len() / 2;
                let top = wanted.len() - bottom;
                let below = wanted[top..].iter().copied().reduce(f64::max);
                (wanted[..top].iter().copied().reduce(f64::min), below)
            }
            Which::LargestMagnitude => {
                let magnitude = wanted.iter().map(|value| value.abs()).reduce(f64::min);
                (magnitude, magnitude.map(|level| -level))
            }
        }
    }
}
