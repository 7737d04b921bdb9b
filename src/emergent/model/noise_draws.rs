//! Draws of a refined model's noise: the largest rows and columns one by one, the others through the limits of their sums.

use rayon::prelude::*;

use crate::error::Result;
use crate::krylov::Eigensolver;
use crate::operator::{AssumeSymmetric, Dense, Normal, Sum, Symmetric};
use crate::random::Key;
use crate::random_matrix::{SeparableSignal, SignalRow};

/// The share of the noise that is left to limits where the next bounds allow it.
const LEFT_OUT: f64 = 0.02;
/// The most rows and columns of a draw.
const MOST_ROWS: usize = 2000;
const MOST_COLUMNS: usize = 400;

/// What is needed to draw the largest eigenvalue of W = D^(1/2) X Sigma^(1/2).
///
/// ```text
///     columns 2 are cut:   z is an eigenvalue of W_1' (1 - D S / z)^-1 W_1,   S = sum_2 sigma_j / (1 - a sigma_j)
///     rows 2 are cut:      X_2' D_2 X_2 ~ sum_2 d_i + (sum_2 d_i^2)^(1/2) G,   G symmetric Gaussian: variances 2 and 1
/// ```
///
/// The first is the self-energy of the cut columns at the end of the bulk, the second the central limit of many small rows, each
/// d / (1 - d S / z) by then. Where all fits nothing is cut.
#[derive(Clone, Debug)]
pub(super) struct NoiseDraws {
    /// Square roots of what multiplies the entries of each row and column, in units of the end of the bulk.
    rows: Vec<f64>,
    columns: Vec<f64>,
    /// Sums of the cut rows and of their squares.
    mean: f64,
    square: f64,
    /// The end of the bulk.
    unit: f64,
}

/// The first ones, until nearly all of the sum is there.
fn first(descending: impl Iterator<Item = f64>, total: f64, most: usize) -> Vec<f64> {
    let mut taken = 0.0;
    let more = |&value: &f64| {
        let more = taken < (1.0 - LEFT_OUT) * total && value > 0.0;
        taken += value;
        more
    };
    descending.take_while(more).take(most).collect()
}

/// Eigenvalues one by one, where there are so many of each; fractions of one go on to the next.
fn one_by_one(columns: &[(f64, f64)]) -> impl Iterator<Item = f64> + '_ {
    let (mut taken, mut passed) = (0.0, 0.0);
    columns.iter().flat_map(move |&(sigma, count)| {
        passed += count;
        let copies = (passed - taken + 0.5).floor().max(0.0);
        taken += copies;
        std::iter::repeat_n(sigma, copies as usize)
    })
}

impl NoiseDraws {
    /// The noise of these rows, with columns in descending order and how many there are of each.
    pub(super) fn new(rows: &[SignalRow], columns: &[(f64, f64)], signal: &SeparableSignal) -> Self {
        let (a, unit) = signal.place_of_end();
        let mut noises: Vec<f64> = rows.iter().map(|row| row.noise).collect();
        noises.sort_by(|left, right| right.total_cmp(left));
        let kept = first(noises.iter().copied(), noises.iter().sum(), MOST_ROWS).len();
        let trace: f64 = columns.iter().map(|(sigma, count)| sigma * count).sum();
        let sigmas = first(one_by_one(columns).map(|sigma| sigma / trace), 1.0, MOST_COLUMNS);
        let energy = |sigma: f64| sigma / (1.0 - a * sigma);
        let all: f64 = columns.iter().map(|&(sigma, count)| count * energy(sigma / trace)).sum();
        let cut = (all - sigmas.iter().copied().map(energy).sum::<f64>()).max(0.0);
        // d S / z < b d < 1.
        let scaled: Vec<f64> = noises.iter().map(|d| d / (unit - d * cut)).collect();
        let (rows, rest) = scaled.split_at(kept);
        NoiseDraws {
            rows: rows.iter().map(|d| d.sqrt()).collect(),
            columns: sigmas.iter().map(|sigma| sigma.sqrt()).collect(),
            mean: rest.iter().sum(),
            square: rest.iter().map(|d| d * d).sum(),
            unit,
        }
    }

    /// The largest eigenvalue of W'W in one draw.
    pub(super) fn largest(&self, key: Key) -> Result<f64> {
        let (height, width) = (self.rows.len(), self.columns.len());
        // In units of the end, where single precision is enough for what differs by percents from draw to draw.
        let mut entries = vec![0.0f32; height * width];
        entries.par_chunks_mut(width.max(1)).enumerate().zip(&self.rows).for_each(|((row, entries), scale)| {
            key.split(0).normal((row * width) as u64, entries);
            entries.iter_mut().zip(&self.columns).for_each(|(x, column)| *x *= (scale * column) as f32);
        });
        let drawn = Normal::new(Dense::new(entries, height, width)?);
        if self.square == 0.0 {
            return Ok(self.unit * top(&drawn, key.split(1))?);
        }
        let cut = AssumeSymmetric::new(Dense::new(self.cut_rows(key.split(2)), width, width)?);
        Ok(self.unit * top(&Sum::new(drawn, cut)?, key.split(1))?)
    }

    /// W_2' W_2 of the cut rows.
    fn cut_rows(&self, key: Key) -> Vec<f32> {
        let width = self.columns.len();
        let mut cut = vec![0.0f32; width * width];
        let mut draws = vec![0.0; width];
        for (i, left) in self.columns.iter().enumerate() {
            let draws = &mut draws[..=i];
            key.normal((i * width) as u64, draws);
            draws[i] *= std::f64::consts::SQRT_2;
            for (j, (right, draw)) in self.columns.iter().zip(draws).enumerate() {
                let mean = if i == j { self.mean } else { 0.0 };
                let entry = (left * right * (mean + self.square.sqrt() * *draw)) as f32;
                (cut[i * width + j], cut[j * width + i]) = (entry, entry);
            }
        }
        cut
    }
}

fn top(operator: &impl Symmetric<f32>, key: Key) -> Result<f64> {
    let solver = Eigensolver::new(1, key).relative_tolerance(1e-3).check_multiplicity(false);
    Ok(solver.run(operator)?.values[0])
}
