//! Pfaffians of small dense matrices.

use crate::random_matrix::complex::Complex;

/// A number as phase x e^log, with |phase| = 1, or phase 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogNumber {
    pub(super) log: f64,
    pub(super) phase: Complex,
}

/// The Pfaffian of an antisymmetric matrix of even size, of which the part above the diagonal is read; overwrites the matrix.
///
/// Elimination by pairs of rows with pivots (Wimmer 2012, arXiv:1102.3440): n^3/3 operations.
pub(super) fn pfaffian(matrix: &mut [Complex], size: usize) -> LogNumber {
    let mut result = LogNumber { log: 0.0, phase: Complex::from(1.0) };
    for i in 0..size {
        for j in 0..=i {
            matrix[i * size + j] = if i == j { Complex::default() } else { -matrix[j * size + i] };
        }
    }
    let mut row = vec![Complex::default(); size];
    let mut column = vec![Complex::default(); size];
    for k in (0..size).step_by(2) {
        let largest = (k + 1..size)
            .max_by(|&i, &j| matrix[k * size + i].modulus().total_cmp(&matrix[k * size + j].modulus()))
            .expect("the size is even");
        if largest != k + 1 {
            for i in 0..size {
                matrix.swap(i * size + k + 1, i * size + largest);
            }
            for i in 0..size {
                matrix.swap((k + 1) * size + i, largest * size + i);
            }
            result.phase = -result.phase;
        }
        let pivot = matrix[k * size + k + 1];
        let modulus = pivot.modulus();
        if modulus == 0.0 {
            return LogNumber { log: f64::NEG_INFINITY, phase: Complex::default() };
        }
        result.log += libm::log(modulus);
        result.phase = result.phase * (pivot / modulus);
        for i in k + 2..size {
            row[i] = matrix[k * size + i] / pivot;
            column[i] = matrix[i * size + k + 1];
        }
        for i in k + 2..size {
            let (r, c) = (row[i], column[i]);
            for (j, entry) in matrix[i * size..(i + 1) * size].iter_mut().enumerate().skip(k + 2) {
                *entry = *entry + r * column[j] - c * row[j];
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_determinants() {
        // Pf of 4 x 4 is af - be + dc, in any order of rows.
        let entries = [1.0, -2.0, 0.5, 3.0, 0.25, -1.5];
        let mut matrix = vec![Complex::default(); 16];
        let mut next = entries.iter();
        for i in 0..4 {
            for j in i + 1..4 {
                matrix[i * 4 + j] = Complex::new(*next.next().unwrap(), 0.0);
            }
        }
        let [a, b, c, d, e, f] = entries;
        let exact: f64 = a * f - b * e + c * d;
        let value = pfaffian(&mut matrix, 4);
        assert!((value.phase.re * value.log.exp() - exact).abs() < 1e-14 && value.phase.im == 0.0);
        assert_eq!(pfaffian(&mut [Complex::default(); 4], 2).phase, Complex::default());
    }
}
