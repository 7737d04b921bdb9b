//! Tridiagonal matrices: counts and eigenvalues against a dense oracle and closed forms.

use eigenscape::Error;
use eigenscape::random::Key;
use eigenscape::random_matrix::{BetaHermite, BetaLaguerre, Interval, Tridiagonal};
use proptest::prelude::*;

use crate::oracle::{assert_close, cases, symmetric_eigenvalues};
use crate::support::normal;

/// The eigenvalues by a dense oracle, from the two diagonals as they are given back.
fn dense(matrix: &Tridiagonal) -> Vec<f64> {
    let (size, diagonal, below) = (matrix.size(), matrix.diagonal(), matrix.subdiagonal());
    let mut entries = vec![0.0; size * size];
    for row in 0..size {
        entries[row * size + row] = diagonal[row];
        if row > 0 {
            entries[row * size + row - 1] = below[row - 1];
            entries[(row - 1) * size + row] = below[row - 1];
        }
    }
    symmetric_eigenvalues(&entries, size)
}

/// Counts, single eigenvalues and all of them against the oracle.
#[track_caller]
fn assert_spectrum(what: &str, matrix: &Tridiagonal, expected: &[f64]) {
    let size = matrix.size();
    let values = matrix.eigenvalues().unwrap();
    assert_close(what, &values, expected, 1e-14);
    let norm = expected.iter().fold(0.0f64, |norm, x| norm.max(x.abs()));
    let slack = 1e-14 * norm;
    for (index, value) in expected.iter().enumerate() {
        let (least, most) =
            (expected.partition_point(|x| *x < value - 2.0 * slack), expected.partition_point(|x| *x <= value + slack));
        assert!(matrix.count_below(value - slack) >= least, "{what}: count below eigenvalue {index}");
        let through = matrix.count(Interval { lower: f64::NEG_INFINITY, upper: value + slack });
        assert!(through >= most.min(index + 1), "{what}: count through eigenvalue {index}");
        assert!(matrix.count_below(value - slack) <= index, "{what}: eigenvalue {index} is counted too early");
        let single = matrix.eigenvalue(index, 0.0).unwrap();
        assert!((single - value).abs() <= slack, "{what}: eigenvalue {index} is {single}, expected {value}");
        let coarse = matrix.eigenvalue(index, 0.1 * norm).unwrap();
        assert!((coarse - value).abs() <= 0.1 * norm + slack, "{what}: eigenvalue {index} to a tolerance is {coarse}");
    }
    assert_eq!(
        matrix.count(Interval { lower: expected[0] - slack, upper: expected[size - 1] + slack }),
        size,
        "{what}"
    );
    assert_eq!([matrix.count_below(f64::NEG_INFINITY), matrix.count_below(f64::INFINITY)], [0, size], "{what}");
    assert_eq!(matrix.count_below(f64::NAN), 0, "{what}");
}

#[test]
fn known_and_degenerate_spectra() {
    let check = |what: &str, diagonal: &[f64], below: &[f64]| {
        for scale in [1.0, 1e-150, 1e150, -1.0] {
            let scaled = |entries: &[f64]| entries.iter().map(|x| x * scale).collect::<Vec<_>>();
            let matrix = Tridiagonal::new(&scaled(diagonal), &scaled(below)).unwrap();
            assert_close(what, &matrix.diagonal(), &scaled(diagonal), 1e-15);
            assert_spectrum(&format!("{what} times {scale:e}"), &matrix, &dense(&matrix));
        }
    };
    check("one", &[3.0], &[]);
    check("two", &[1.0, 1.0], &[2.0]);
    check("zero", &[0.0; 5], &[0.0; 4]);
    check("identity", &[1.0; 6], &[0.0; 5]);
    check("diagonal zero", &[0.0; 9], &[1.0; 8]);
    check("blocks", &[1.0, 2.0, 1.0, 2.0, 5.0], &[0.5, 0.0, 0.5, 0.0]);
    // Wilkinson's W21+: pairs of eigenvalues that agree to 1e-14.
    let wilkinson: Vec<f64> = (-10..=10).map(|i| f64::from(i).abs()).collect();
    check("Wilkinson", &wilkinson, &[1.0; 20]);
    let graded: Vec<f64> = (0..30).map(|i| 10f64.powi(-i)).collect();
    check("graded", &graded, &graded[1..]);
    // The second difference, in closed form.
    let n = 300;
    let matrix = Tridiagonal::new(&vec![2.0; n], &vec![-1.0; n - 1]).unwrap();
    let angle = |k: usize| std::f64::consts::PI * k as f64 / (n + 1) as f64;
    let expected: Vec<f64> = (1..=n).map(|k| 2.0 - 2.0 * angle(k).cos()).collect();
    assert_spectrum("second difference", &matrix, &expected);
    for k in [1, n] {
        // v_i = sqrt(2 / (n + 1)) sin(angle i)
        let overlap = 2.0 / (n + 1) as f64 * angle(k).sin().powi(2);
        assert!((matrix.overlap(expected[k - 1]) / overlap - 1.0).abs() < 1e-8, "overlap {k}");
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn any_matrix_agrees_with_the_oracle(size in 1usize..40, key in 0u64..1000, zeros in 0.0..0.5f64, gram in any::<bool>()) {
        let (mut diagonal, mut below): (Vec<f64>, Vec<f64>) =
            (normal(size, Key::new(key).split(0)), normal(size - 1, Key::new(key).split(1)));
        let mut uniform = vec![0.0; 2 * size];
        Key::new(key).split(2).uniform(0, &mut uniform);
        let (first, second) = uniform.split_at(size);
        diagonal.iter_mut().zip(first).filter(|(_, u)| **u < zeros).for_each(|(entry, _)| *entry = 0.0);
        below.iter_mut().zip(second).filter(|(_, u)| **u < zeros).for_each(|(entry, _)| *entry = 0.0);
        if gram {
            let matrix = Tridiagonal::gram(&diagonal, &below).unwrap();
            let expected: Vec<f64> = dense(&matrix).iter().map(|x| x.max(0.0)).collect();
            // Entries of B B' by the definition.
            let product: Vec<f64> =
                (0..size).map(|i| diagonal[i].powi(2) + if i > 0 { below[i - 1].powi(2) } else { 0.0 }).collect();
            prop_assert!(matrix.diagonal().iter().zip(&product).all(|(x, y)| (x - y).abs() <= 1e-14 * (1.0 + y)));
            assert_spectrum("a Gram matrix", &matrix, &expected);
        } else {
            let matrix = Tridiagonal::new(&diagonal, &below).unwrap();
            assert_spectrum("a matrix", &matrix, &dense(&matrix));
        }
    }
}

#[test]
fn small_eigenvalues_of_gram_matrices_have_all_digits() {
    // Two eigenvalues: their product is the determinant, their sum the trace.
    for c in [1e-3, 1e-12, 1e-60, 1e-100] {
        let matrix = Tridiagonal::gram(&[1.0, c], &[1.0]).unwrap();
        let (least, greatest) = (matrix.eigenvalue(0, 0.0).unwrap(), matrix.eigenvalue(1, 0.0).unwrap());
        assert!((least * greatest / (c * c) - 1.0).abs() < 1e-14, "{c}: {least:e}");
        assert_eq!([matrix.count_below(least * 0.999), matrix.count_below(least * 1.001)], [0, 1]);
    }
    // The product of all is the determinant: the least is 1e-152 of the norm.
    let diagonal: Vec<f64> = (0..20).map(|i| 10f64.powf(-0.4 * f64::from(i))).collect();
    let matrix = Tridiagonal::gram(&diagonal, &[0.7; 19]).unwrap();
    let product: f64 = (0..20).map(|i| matrix.eigenvalue(i, 0.0).unwrap().ln()).sum();
    let determinant: f64 = diagonal.iter().map(|x| 2.0 * x.ln()).sum();
    assert!(product < -340.0 && (product - determinant).abs() < 1e-12, "{product} and {determinant}");
}

#[test]
fn counts_are_sorted_counts() {
    let key = Key::new(0);
    let matrices = [
        BetaHermite::new(800, 1.0, 1.0).unwrap().tridiagonal(key),
        BetaHermite::new(800, 2.0, 30.0).unwrap().spike(90.0).unwrap().tridiagonal(key),
        BetaLaguerre::new(800, 1000, 1.0, 2.0).unwrap().tridiagonal(key),
        BetaLaguerre::new(1000, 800, 0.5, 1.0).unwrap().tridiagonal(key),
    ];
    for matrix in matrices {
        let values = matrix.eigenvalues().unwrap();
        assert!(values.is_sorted());
        let norm = values.iter().fold(0.0f64, |norm, x| norm.max(x.abs()));
        let mut tested = 0;
        for (index, pair) in values.windows(2).enumerate().filter(|(_, pair)| pair[1] - pair[0] > 1e-11 * norm) {
            tested += 1;
            let middle = 0.5 * (pair[0] + pair[1]);
            assert_eq!(matrix.count_below(middle), index + 1);
            assert_eq!(matrix.count(Interval { lower: values[0] - 1e-11 * norm, upper: middle }), index + 1);
        }
        assert!(tested > 790);
        for index in [0, 1, 400, 798, 799] {
            assert!((matrix.eigenvalue(index, 0.0).unwrap() - values[index]).abs() < 1e-13 * norm);
        }
    }
}

#[test]
fn ill_posed_requests_are_refused() {
    let is_range = |error: Error| matches!(error, Error::OutOfRange { .. });
    assert!(matches!(Tridiagonal::new(&[], &[]).unwrap_err(), Error::Empty { .. }));
    assert!(matches!(Tridiagonal::new(&[1.0], &[1.0]).unwrap_err(), Error::Length { .. }));
    assert!(matches!(Tridiagonal::gram(&[1.0, f64::NAN], &[1.0]).unwrap_err(), Error::NotFinite { index: 1, .. }));
    assert!(is_range(Tridiagonal::gram(&[1e200], &[]).unwrap_err()));
    let matrix = Tridiagonal::new(&[1.0, 2.0], &[0.5]).unwrap();
    assert!(matches!(matrix.eigenvalue(2, 0.0).unwrap_err(), Error::AboveLimit { limit: 1, .. }));
    assert!(is_range(matrix.eigenvalue(0, -1.0).unwrap_err()) && is_range(matrix.eigenvalue(0, f64::NAN).unwrap_err()));
}
