//! Square roots of what the loss says at the logits, example by example.
//!
//! ```text
//!     R = diag(R_1, ..., R_N),   R_m: r x C,    (R J)'(R J) = sum_m J_m' (R_m' R_m) J_m
//! ```

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::linalg::symmetric_eigen;
use crate::scalar::Scalar;

/// The matrices R_m.
#[derive(Clone, Debug)]
pub(super) enum Factor<T> {
    /// Stored, r x C for each example.
    Rows { rows: usize, outputs: usize, entries: Vec<T> },
    /// A multiplier for each logit; r = C.
    Diagonal { outputs: usize, entries: Vec<T> },
    /// s (diag(sqrt p) - sqrt p p'), whose square is s^2 (diag(p) - p p'); r = C.
    Softmax { outputs: usize, probabilities: Vec<T>, scales: Vec<T> },
}

/// The error of a second derivative without a real root.
pub(super) fn not_convex(value: f64) -> Error {
    Error::OutOfRange {
        what: "an eigenvalue of the loss's second derivative by the logits of an example",
        value,
        limits: "must not be negative: the Gauss-Newton matrix of a loss that is not convex has no real root",
    }
}

/// Examples whose rows are multiplied at once.
const EXAMPLES: usize = 256;

impl<T: Scalar> Factor<T> {
    /// From symmetric positive semidefinite matrices S_m, C x C each, and weights w_m: sqrt(w_m) S_m^(1/2).
    ///
    /// # Errors
    /// If one of them has a negative eigenvalue beyond rounding.
    pub(super) fn roots(outputs: usize, mut matrices: Vec<T>, weights: &[T]) -> Result<Self> {
        let size = outputs * outputs;
        let examples = matrices.par_chunks_exact_mut(size.max(1)).zip(weights);
        examples.try_for_each(|(matrix, &weight)| {
            let eigen = symmetric_eigen(matrix, outputs, true)?;
            let largest = eigen.values.iter().fold(0.0f64, |largest, value| largest.max(value.f64().abs()));
            let rounding = 8.0 * outputs as f64 * T::EPSILON.f64() * largest;
            if let Some(value) = eigen.values.iter().map(|value| value.f64()).find(|&value| value < -rounding) {
                return Err(not_convex(value));
            }
            for (row, (value, vector)) in
                matrix.chunks_exact_mut(outputs).zip(eigen.values.iter().zip(eigen.vectors.chunks_exact(outputs)))
            {
                let scale = (*value).max(T::zero()).sqrt() * weight.sqrt();
                row.iter_mut().zip(vector).for_each(|(entry, &v)| *entry = scale * v);
            }
            Ok(())
        })?;
        Ok(Factor::Rows { rows: outputs, outputs, entries: matrices })
    }

    /// r, the number of rows of an example.
    pub(super) fn rows(&self) -> usize {
        match self {
            Factor::Rows { rows, .. } => *rows,
            Factor::Diagonal { outputs, .. } | Factor::Softmax { outputs, .. } => *outputs,
        }
    }

    fn outputs(&self) -> usize {
        match self {
            Factor::Rows { outputs, .. } | Factor::Diagonal { outputs, .. } | Factor::Softmax { outputs, .. } => {
                *outputs
            }
        }
    }

    /// Overwrites `y` (examples x r) with R `z` (examples x C).
    pub(super) fn apply(&self, z: &[T], y: &mut [T]) {
        let (rows, outputs) = (self.rows(), self.outputs());
        let pieces = y.par_chunks_mut(EXAMPLES * rows.max(1)).zip(z.par_chunks(EXAMPLES * outputs)).enumerate();
        pieces.for_each(|(piece, (y, z))| {
            let first = piece * EXAMPLES;
            for (example, (y, z)) in y.chunks_exact_mut(rows.max(1)).zip(z.chunks_exact(outputs)).enumerate() {
                self.apply_one(first + example, z, y);
            }
        });
    }

    /// Overwrites `z` (examples x C) with R' `y` (examples x r).
    pub(super) fn apply_adjoint(&self, y: &[T], z: &mut [T]) {
        let (rows, outputs) = (self.rows(), self.outputs());
        let pieces = z.par_chunks_mut(EXAMPLES * outputs).zip(y.par_chunks(EXAMPLES * rows.max(1))).enumerate();
        pieces.for_each(|(piece, (z, y))| {
            let first = piece * EXAMPLES;
            for (example, (z, y)) in z.chunks_exact_mut(outputs).zip(y.chunks_exact(rows.max(1))).enumerate() {
                self.apply_adjoint_one(first + example, y, z);
            }
        });
    }

    fn apply_one(&self, example: usize, z: &[T], y: &mut [T]) {
        match self {
            Factor::Rows { rows, outputs, entries } => {
                let matrix = entries[example * rows * outputs..].chunks_exact(*outputs);
                y.iter_mut().zip(matrix).for_each(|(y, row)| *y = sum(row.iter().zip(z).map(|(&r, &z)| r * z)));
            }
            Factor::Diagonal { outputs, entries } => {
                let row = &entries[example * outputs..];
                y.iter_mut().zip(z).zip(row).for_each(|((y, &z), &r)| *y = r * z);
            }
            Factor::Softmax { outputs, probabilities, scales } => {
                let p = &probabilities[example * outputs..][..*outputs];
                let base = dominant(p).map_or(T::zero(), |class| z[class]);
                let mean = sum(p.iter().zip(z).map(|(&p, &z)| p * (z - base)));
                let part = |z: T, p: T| scales[example] * p.sqrt() * ((z - base) - mean);
                y.iter_mut().zip(z).zip(p).for_each(|((y, &z), &p)| *y = part(z, p));
            }
        }
    }

    /// Overwrites `z` (C) with row number `row` of R_m.
    pub(super) fn row(&self, example: usize, row: usize, z: &mut [T]) {
        match self {
            Factor::Rows { rows, outputs, entries } => {
                z.copy_from_slice(&entries[(example * rows + row) * outputs..][..*outputs]);
            }
            Factor::Diagonal { outputs, entries } => {
                z.fill(T::zero());
                z[row] = entries[example * outputs + row];
            }
            Factor::Softmax { outputs, probabilities, scales } => {
                let p = &probabilities[example * outputs..][..*outputs];
                let scale = scales[example] * p[row].sqrt();
                z.iter_mut().zip(p).for_each(|(z, &p)| *z = -scale * p);
                z[row] += scale;
                if dominant(p) == Some(row) {
                    balance(z, row);
                }
            }
        }
    }

    /// Overwrites `z` (C) with R_m' `y` (r).
    fn apply_adjoint_one(&self, example: usize, y: &[T], z: &mut [T]) {
        match self {
            Factor::Rows { rows, outputs, entries } => {
                z.fill(T::zero());
                let matrix = entries[example * rows * outputs..].chunks_exact(*outputs);
                for (&y, row) in y.iter().zip(matrix) {
                    z.iter_mut().zip(row).for_each(|(z, &r)| *z += r * y);
                }
            }
            Factor::Diagonal { .. } => self.apply_one(example, y, z),
            Factor::Softmax { outputs, probabilities, scales } => {
                let p = &probabilities[example * outputs..][..*outputs];
                let total = sum(p.iter().zip(y).map(|(&p, &y)| p.sqrt() * y));
                z.iter_mut().zip(y).zip(p).for_each(|((z, &y), &p)| *z = scales[example] * (p.sqrt() * y - p * total));
                if let Some(class) = dominant(p) {
                    balance(z, class);
                }
            }
        }
    }
}

/// A class with half of the probability or more. z - p . z is computed relative to z of this class: where it is certain the two
/// are nearly equal there, and their difference would be nothing but rounding.
pub(super) fn dominant<T: Scalar>(p: &[T]) -> Option<usize> {
    p.iter().position(|&p| p >= T::of(0.5))
}

/// Puts the entry of a class at minus the sum of the others: entries that add up to 0, of which this one, computed by itself, would be
/// nothing but rounding where the class is certain.
pub(super) fn balance<T: Scalar>(z: &mut [T], class: usize) {
    z[class] = T::zero();
    z[class] = -sum(z.iter().copied());
}

fn sum<T: Scalar>(terms: impl Iterator<Item = T>) -> T {
    terms.fold(T::zero(), |sum, term| sum + term)
}

/// The probabilities of rows of logits.
pub(super) fn softmax<T: Scalar>(logits: &[T], outputs: usize) -> Vec<T> {
    let mut probabilities = logits.to_vec();
    probabilities.par_chunks_exact_mut(outputs).for_each(|row| {
        let largest = row.iter().fold(T::neg_infinity(), |largest, &z| largest.max(z));
        row.iter_mut().for_each(|z| *z = T::of((*z - largest).f64().exp()));
        let total = sum(row.iter().copied());
        row.iter_mut().for_each(|p| *p /= total);
    });
    probabilities
}
