//! All eigenvalues of a symmetric tridiagonal matrix, without eigenvectors.

use crate::error::{Error, Result};

/// More sweeps per eigenvalue than any matrix needs; the mean is below 2.
const SWEEPS: usize = 30;

/// Overwrites the diagonal with the eigenvalues, ascending; `squares` are the squares of the subdiagonal, used up.
///
/// The largest entry should be near 1. Cost: about n^2 / 2 steps of two divisions per sweep and eigenvalue, some 10 n^2
/// nanoseconds. Errors are a few roundings of the norm.
///
/// Root-free QL and QR with Wilkinson's shift: Pal, Walker & Kahan; Parlett 1998, *The Symmetric Eigenvalue Problem*,
/// 8.15. As in LAPACK's `sterf` a block is worked on from the end whose diagonal is the smaller.
pub(in crate::random_matrix) fn eigenvalues(diagonal: &mut [f64], squares: &mut [f64]) -> Result<()> {
    let size = diagonal.len();
    debug_assert_eq!(squares.len() + 1, size.max(1));
    let norm = diagonal.iter().fold(0.0f64, |norm, x| norm.max(x.abs()));
    let norm = squares.iter().fold(norm, |norm, x| norm.max(x.sqrt()));
    // What is neglected is below rounding of the norm, or of its own two neighbours.
    let floor = (f64::EPSILON * norm / 8.0).powi(2);
    let mut budget = SWEEPS * size;
    let mut first = 0;
    while first < size {
        let last = first + block(&diagonal[first..], &squares[first..], floor);
        let (values, below) = (&mut diagonal[first..=last], &mut squares[first..last]);
        if values[values.len() - 1].abs() < values[0].abs() {
            // QR is QL on the matrix turned round.
            values.reverse();
            below.reverse();
        }
        ql(values, below, floor, &mut budget)
            .ok_or(Error::NotConverged { what: "the eigenvalues of a tridiagonal matrix", size })?;
        first = last + 1;
    }
    diagonal.sort_unstable_by(f64::total_cmp);
    Ok(())
}

/// The index of the last row that is connected with the first.
fn block(diagonal: &[f64], squares: &[f64], floor: f64) -> usize {
    const EPSILON_SQUARED: f64 = f64::EPSILON * f64::EPSILON;
    let neighbours = diagonal.iter().zip(&diagonal[1..]).zip(squares);
    let mut neglected = neighbours
        .enumerate()
        .filter(|(_, ((x, y), square))| **square <= (EPSILON_SQUARED * (*x * *y).abs()).max(floor));
    neglected.next().map_or(diagonal.len() - 1, |(index, _)| index)
}

/// Makes the matrix diagonal; `None` when the budget of sweeps is used up.
fn ql(mut diagonal: &mut [f64], mut squares: &mut [f64], floor: f64, budget: &mut usize) -> Option<()> {
    while !diagonal.is_empty() {
        let last = block(diagonal, squares, floor);
        match last {
            0 => {
                diagonal = &mut diagonal[1..];
                squares = squares.get_mut(1..).unwrap_or_default();
            }
            1 => {
                (diagonal[0], diagonal[1]) = pair(diagonal[0], squares[0], diagonal[1]);
                diagonal = &mut diagonal[2..];
                squares = squares.get_mut(2..).unwrap_or_default();
            }
            _ => {
                *budget = budget.checked_sub(1)?;
                if last < squares.len() {
                    squares[last] = 0.0;
                }
                sweep(&mut diagonal[..=last], &mut squares[..last]);
            }
        }
    }
    Some(())
}

/// The eigenvalues of a 2 x 2 matrix.
fn pair(a: f64, square: f64, b: f64) -> (f64, f64) {
    let (middle, reach) = (0.5 * (a + b), (0.25 * (a - b) * (a - b) + square).sqrt());
    (middle - reach, middle + reach)
}

/// One QL sweep with a shift near the first diagonal entry.
fn sweep(diagonal: &mut [f64], squares: &mut [f64]) {
    let last = squares.len();
    let root = squares[0].sqrt();
    let half = (diagonal[1] - diagonal[0]) / (2.0 * root);
    let shift = diagonal[0] - root / (half + libm::hypot(half, 1.0).copysign(half));
    let (mut c, mut s) = (1.0, 0.0);
    let mut gamma = diagonal[last] - shift;
    let mut p = gamma * gamma;
    // The last square of the new matrix is never written: nothing lies below it.
    let mut next = 0.0;
    for index in (0..last).rev() {
        let square = squares[index];
        let r = p + square;
        if index + 1 < last {
            squares[index + 1] = s * r;
        }
        let old_c = c;
        let inverse = 1.0 / r;
        c = p * inverse;
        s = square * inverse;
        let old_gamma = gamma;
        let alpha = diagonal[index];
        gamma = c * (alpha - shift) - s * old_gamma;
        diagonal[index + 1] = old_gamma + (alpha - gamma);
        p = if c != 0.0 { gamma * gamma / c } else { old_c * square };
        next = s * p;
    }
    squares[0] = next;
    diagonal[0] = shift + gamma;
}
