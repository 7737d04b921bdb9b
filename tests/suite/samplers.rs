//! Samplers in tridiagonal form, Sturm counts, chi-square values and Haar frames.

use eigenscape::random::Key;
use eigenscape::random_matrix::{
    BetaHermite, BetaLaguerre, GaussianOrthogonal, HaarFrame, Interval, Law, SpikedCovariance, SpikedWigner,
    Tridiagonal, Wishart, chi_squared,
};
use eigenscape::{Error, Scalar};
use proptest::prelude::*;

use crate::oracle::{assert_close, cases, symmetric_eigenvalues};
use crate::support::{assert_mean, dot, normal, with_threads};

// ---------------------------------------------------------------------------------------------------------------------
// Helpers, and the proof that they can fail.

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

/// The largest difference between the distribution of ascending values and a law.
fn kolmogorov(values: &[f64], law: &dyn Law) -> f64 {
    let count = values.len() as f64;
    let zero = law.atoms().iter().map(|atom| atom.weight).sum::<f64>();
    let jumps = values.iter().enumerate().map(|(index, &value)| {
        let at = law.cumulative(value).unwrap();
        let before = if value == 0.0 { at - zero } else { at };
        // All zeros are one jump: its height is tested at its last.
        let (below, through) = if value == 0.0 { (0.0, zero * count) } else { (index as f64, index as f64 + 1.0) };
        (through / count - at).abs().max((below / count - before).abs())
    });
    jumps.fold(0.0, f64::max)
}

/// Panics unless two samples have the same mean within 4 standard errors of the difference.
#[track_caller]
fn assert_same_mean(what: &str, one: &[f64], other: &[f64]) {
    let ((a, da), (b, db)) = (mean(one), mean(other));
    let bound = 4.0 * (da * da + db * db).sqrt();
    assert!((a - b).abs() <= bound, "{what}: {a} and {b} differ by more than {bound}");
}

/// Panics unless the mean is as expected within 4 of its own standard errors.
#[track_caller]
fn assert_mean_is(what: &str, values: &[f64], expected: f64) {
    let (mean, error) = mean(values);
    assert!((mean - expected).abs() <= 4.0 * error, "{what}: {mean} +- {error}, expected {expected}");
}

/// Mean and standard error of the mean.
fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0) / count).sqrt())
}

#[test]
#[should_panic(expected = "differ by more than")]
fn assert_same_mean_can_fail() {
    assert_same_mean("shifted", &[0.0, 1.0, 0.0, 1.0], &[3.0, 4.0, 3.0, 4.0]);
}

#[test]
#[should_panic(expected = "expected 2")]
fn assert_mean_is_can_fail() {
    assert_mean_is("shifted", &[0.0, 1.0, 0.0, 1.0], 2.0);
}

#[test]
fn kolmogorov_can_fail() {
    let law = BetaHermite::new(1, 1.0, 1.0).unwrap().law();
    let quantiles: Vec<f64> = (0..100).map(|i| law.quantile((f64::from(i) + 0.5) / 100.0).unwrap()).collect();
    assert!(kolmogorov(&quantiles, &law) < 0.00501);
    let scaled: Vec<f64> = quantiles.iter().map(|x| 1.2 * x).collect();
    assert!(kolmogorov(&scaled, &law) > 0.05);
}

// ---------------------------------------------------------------------------------------------------------------------
// Tridiagonal matrices.

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
    // The product of all is the determinant, down to 1e-30 of the norm, where absolute accuracy would have no digit left.
    let diagonal: Vec<f64> = (0..20).map(|i| 10f64.powf(-0.8 * f64::from(i))).collect();
    let matrix = Tridiagonal::gram(&diagonal, &[0.7; 19]).unwrap();
    let product: f64 = (0..20).map(|i| matrix.eigenvalue(i, 0.0).unwrap().ln()).sum();
    let determinant: f64 = diagonal.iter().map(|x| 2.0 * x.ln()).sum();
    assert!((product - determinant).abs() < 1e-12, "{product} and {determinant}");
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

// ---------------------------------------------------------------------------------------------------------------------
// Ensembles.

#[test]
fn first_draws_are_pinned() {
    let key = Key::new(0);
    let hermite = BetaHermite::new(3, 1.0, 1.0).unwrap().tridiagonal(key);
    let laguerre = BetaLaguerre::new(3, 4, 2.0, 1.0).unwrap().tridiagonal(key);
    let mut values = [0.0; 3];
    chi_squared(key, 5.0, 0, &mut values).unwrap();
    let frame: Vec<f64> = HaarFrame::new(3, 1).unwrap().sample(key);
    let drawn = [hermite.diagonal(), hermite.subdiagonal(), laguerre.diagonal(), values.to_vec(), frame].concat();
    let pinned = [
        -0.9550143356852093,
        -0.006161478434681608,
        0.6615962933014423,
        1.4103190078130907,
        0.22170503503877437,
        0.4687748521188889,
        1.847729960566761,
        0.8228620453901453,
        13.946522967467873,
        3.0558687079303675,
        2.3641870647635437,
        0.9113618634601417,
        -0.21227160833850534,
        -0.3526475834651962,
    ];
    assert!(drawn.iter().zip(pinned).all(|(value, pinned)| (value - pinned).abs() < 1e-12), "{drawn:?}");
}

/// Draws of a spectrum, one row each.
fn draws(count: u64, draw: impl Fn(Key) -> Vec<f64>) -> Vec<Vec<f64>> {
    (0..count).map(|child| draw(Key::new(0).split(child))).collect()
}

fn column(spectra: &[Vec<f64>], of: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    spectra.iter().map(|spectrum| of(spectrum)).collect()
}

/// The same mean of every sorted eigenvalue and of its square, and of the sum of fourth powers.
#[track_caller]
fn assert_same_law(what: &str, one: &[Vec<f64>], other: &[Vec<f64>]) {
    for index in 0..one[0].len() {
        assert_same_mean(what, &column(one, |x| x[index]), &column(other, |x| x[index]));
        assert_same_mean(what, &column(one, |x| x[index].powi(2)), &column(other, |x| x[index].powi(2)));
    }
    let fourth = |x: &[f64]| x.iter().map(|x| x.powi(4)).sum::<f64>();
    assert_same_mean(what, &column(one, fourth), &column(other, fourth));
}

#[test]
fn tridiagonal_and_dense_samplers_have_one_law() {
    let other = |key: Key| key.split(77);
    for spike in [0.0, 1.5, -3.0] {
        let dense = GaussianOrthogonal::new(6, 0.7).unwrap().spike(spike).unwrap();
        let tridiagonal = BetaHermite::new(6, 1.0, 0.7).unwrap().spike(spike).unwrap();
        assert_same_law(
            &format!("orthogonal, spike {spike}"),
            &draws(4000, |key| dense.eigenvalues(key).unwrap()),
            &draws(4000, |key| tridiagonal.eigenvalues(other(key)).unwrap()),
        );
    }
    for (dimension, samples) in [(4, 7), (5, 5), (7, 4), (1, 3), (3, 1), (2, 1)] {
        for spike in [2.0, 0.0, 9.0] {
            let dense = Wishart::new(dimension, samples, 2.0).unwrap().spike(spike).unwrap();
            let tridiagonal = BetaLaguerre::new(dimension, samples, 1.0, 2.0).unwrap().spike(spike).unwrap();
            assert_same_law(
                &format!("Wishart {dimension} x {samples}, spike {spike}"),
                &draws(4000, |key| dense.eigenvalues(key).unwrap()),
                &draws(4000, |key| tridiagonal.eigenvalues(other(key)).unwrap()),
            );
        }
    }
}

#[test]
fn overlaps_of_both_samplers_have_one_law() {
    let dense = GaussianOrthogonal::new(8, 1.0).unwrap().spike(1.2).unwrap();
    let tridiagonal = BetaHermite::new(8, 1.0, 1.0).unwrap().spike(1.2).unwrap();
    let top = |matrix: Tridiagonal| matrix.overlap(matrix.eigenvalue(matrix.size() - 1, 0.0).unwrap());
    let key = |child: u64| Key::new(1).split(child);
    let one: Vec<f64> = (0..3000).map(|child| dense.sample(key(child)).unwrap().overlaps[7]).collect();
    let other: Vec<f64> = (5000..8000).map(|child| top(tridiagonal.tridiagonal(key(child)))).collect();
    assert_same_mean("Gaussian overlap", &one, &other);
    let dense = Wishart::new(5, 9, 1.0).unwrap().spike(3.0).unwrap();
    let tridiagonal = BetaLaguerre::new(5, 9, 1.0, 1.0).unwrap().spike(3.0).unwrap();
    let one: Vec<f64> = (0..3000).map(|child| dense.sample(key(child)).unwrap().overlaps[4]).collect();
    let other: Vec<f64> = (5000..8000).map(|child| top(tridiagonal.tridiagonal(key(child)))).collect();
    assert_same_mean("Wishart overlap", &one, &other);
}

/// The eigenvalues of the Hermitian matrix X + iY: each twice among those of [[X, -Y], [Y, X]].
fn hermitian(size: usize, entry: impl Fn(usize, usize) -> (f64, f64)) -> Vec<f64> {
    let mut real = vec![0.0; 4 * size * size];
    for row in 0..size {
        for col in 0..size {
            let (re, im) = entry(row, col);
            real[row * 2 * size + col] = re;
            real[(row + size) * 2 * size + col + size] = re;
            real[(row + size) * 2 * size + col] = im;
            real[row * 2 * size + col + size] = -im;
        }
    }
    symmetric_eigenvalues(&real, 2 * size).into_iter().step_by(2).collect()
}

#[test]
fn beta_two_is_complex() {
    let n = 5;
    let unitary = |key: Key| {
        let values: Vec<f64> = normal(2 * n * n, key);
        hermitian(n, |row, col| {
            let (low, high) = (row.min(col), row.max(col));
            let at = 2 * (low * n + high);
            let scale = 1.0 / (n as f64).sqrt();
            if row == col {
                return (values[at] * scale + if row == 0 { 1.3 } else { 0.0 }, 0.0);
            }
            let sign = if row < col { 1.0 } else { -1.0 };
            (values[at] * scale / 2f64.sqrt(), sign * values[at + 1] * scale / 2f64.sqrt())
        })
    };
    let tridiagonal = BetaHermite::new(n, 2.0, 1.0).unwrap().spike(1.3).unwrap();
    let other = |key: Key| tridiagonal.eigenvalues(key.split(77)).unwrap();
    assert_same_law("unitary", &draws(4000, unitary), &draws(4000, other));
    // X X^* / n for complex X of unit variance, the first row with a variance of 4.
    for (p, n) in [(3, 5), (5, 3)] {
        let covariance = |key: Key| {
            let values: Vec<f64> = normal(2 * p * n, key);
            let at = |row: usize, col: usize| {
                let scale = if row == 0 { 2.0 } else { 1.0 } / 2f64.sqrt();
                (scale * values[2 * (row * n + col)], scale * values[2 * (row * n + col) + 1])
            };
            hermitian(p, |row, col| {
                let terms = (0..n).map(|k| {
                    let ((a, b), (c, d)) = (at(row, k), at(col, k));
                    ((a * c + b * d) / n as f64, (b * c - a * d) / n as f64)
                });
                terms.fold((0.0, 0.0), |(re, im), (x, y)| (re + x, im + y))
            })
        };
        let tridiagonal = BetaLaguerre::new(p, n, 2.0, 1.0).unwrap().spike(4.0).unwrap();
        let other = |key: Key| tridiagonal.eigenvalues(key.split(77)).unwrap();
        // Zeros of the dense oracle are rounding.
        let clean = |key: Key| covariance(key).iter().map(|x| if x.abs() < 1e-12 { 0.0 } else { *x }).collect();
        assert_same_law("complex Wishart", &draws(4000, clean), &draws(4000, other));
    }
}

/// ln Gamma from the factorial's recursion and Stirling's series: the oracle's own.
fn ln_gamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 20.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let y = x * x;
    let series = (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * y)) / y) / y) / x;
    shift + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

#[test]
fn any_beta_has_the_density_of_a_log_gas() {
    assert!(
        (ln_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-13 && (ln_gamma(6.0) - 120f64.ln()).abs() < 1e-13
    );
    let vandermonde = |x: &[f64]| -> f64 {
        x.iter().enumerate().flat_map(|(i, a)| x[..i].iter().map(move |b| (a - b).abs())).product()
    };
    for beta in [0.4, 1.0, 2.5, 7.0] {
        // Mehta's integral Z(beta) of |Vandermonde|^beta under the standard normal weight: E |Vandermonde|^g is a ratio.
        let n = 4;
        let standard = (beta * n as f64 / 2.0f64).sqrt() / 1.7;
        let ensemble = BetaHermite::new(n, beta, 1.7).unwrap();
        let spectra =
            draws(6000, |key| ensemble.eigenvalues(key).unwrap().iter().map(|x| x * standard).collect::<Vec<f64>>());
        let mehta = |beta: f64| -> f64 {
            (1..=n).map(|j| ln_gamma(1.0 + j as f64 * beta / 2.0) - ln_gamma(1.0 + beta / 2.0)).sum()
        };
        let expected = (mehta(beta + 0.5) - mehta(beta)).exp();
        assert_mean_is("Mehta", &column(&spectra, |x| vandermonde(x).sqrt()), expected);
        let squares = n as f64 + beta * (n * (n - 1)) as f64 / 2.0;
        assert_mean_is("squares", &column(&spectra, |x| x.iter().map(|x| x * x).sum()), squares);
        // Selberg's integral in Laguerre's form: prod x^(a - 1) e^(-x/2) |Vandermonde|^beta with a = beta (n - p + 1) / 2.
        for (p, n) in [(4usize, 6usize), (4, 4), (6, 4)] {
            let (small, large) = (p.min(n), p.max(n));
            let ensemble = BetaLaguerre::new(p, n, beta, 3.0).unwrap();
            let unit = beta * n as f64 / 3.0;
            let spectra = draws(4000, |key| {
                let all = ensemble.eigenvalues(key).unwrap();
                assert!(all[..p - small].iter().all(|x| *x == 0.0));
                all[p - small..].iter().map(|x| x * unit).collect::<Vec<f64>>()
            });
            let a = beta * (large - small + 1) as f64 / 2.0;
            let selberg = |a: f64, beta: f64| -> f64 {
                let half = beta / 2.0;
                let (count, gamma) = (small as f64, ln_gamma);
                let power = count * a + half * count * (count - 1.0);
                let terms = (0..small).map(|j| {
                    let j = j as f64;
                    gamma(a + j * half) + gamma(1.0 + (j + 1.0) * half) - gamma(1.0 + half)
                });
                power * 2f64.ln() + terms.sum::<f64>()
            };
            let expected = (selberg(a, beta + 0.5) - selberg(a, beta)).exp();
            assert_mean_is("Selberg", &column(&spectra, |x| vandermonde(x).sqrt()), expected);
            let expected = (selberg(a + 0.25, beta) - selberg(a, beta)).exp();
            assert_mean_is("determinant", &column(&spectra, |x| x.iter().product::<f64>().powf(0.25)), expected);
        }
    }
}

#[test]
fn spectra_of_two_thousand_stay_within_five_over_n_of_their_law() {
    let n = 2000;
    for child in 0..2 {
        let key = Key::new(0).split(child);
        for beta in [1.0, 2.0, 4.0] {
            let ensemble = BetaHermite::new(n, beta, 0.7).unwrap();
            let distance = kolmogorov(&ensemble.eigenvalues(key).unwrap(), &ensemble.law());
            assert!(distance < 5.0 / n as f64, "beta {beta}: {} / n", distance * n as f64);
            for samples in [20_000, 4000, 2000, 1000] {
                let ensemble = BetaLaguerre::new(n, samples, beta, 3.0).unwrap();
                let distance = kolmogorov(&ensemble.eigenvalues(key).unwrap(), &ensemble.law());
                assert!(distance < 5.0 / n as f64, "{samples} samples, beta {beta}: {} / n", distance * n as f64);
            }
        }
    }
}

/// Mean of the Tracy-Widom law of beta, in the scale of the stochastic Airy operator (Bornemann 2010, tables 5 and 10; for
/// beta = 4 divided by 2^(1/6) and its square, from the convention used there).
const TRACY_WIDOM: [(f64, f64, f64); 3] =
    [(1.0, -1.206533574582, 1.607781034581), (2.0, -1.771086807411, 0.8131947928329), (4.0, -2.0552, 0.41092)];

#[test]
fn extremes_at_a_hundred_thousand_follow_tracy_and_widom() {
    let n = 100_000;
    for (beta, expected, variance) in TRACY_WIDOM {
        let ensemble = BetaHermite::new(n, beta, 1.0).unwrap();
        let scale = (n as f64).powf(2.0 / 3.0);
        let mut extremes = Vec::new();
        for child in 0..12 {
            let matrix = ensemble.tridiagonal(Key::new(0).split(child));
            // Both ends, which hardly know of each other.
            extremes.push(scale * (matrix.eigenvalue(n - 1, 1e-8).unwrap() - 2.0));
            extremes.push(-scale * (matrix.eigenvalue(0, 1e-8).unwrap() + 2.0));
        }
        assert_mean(&format!("Hermite, beta {beta}"), &extremes, expected, variance);
        let (p, samples) = (n / 2, n);
        let (root_p, root_n) = ((p as f64).sqrt(), (samples as f64).sqrt());
        let position = (root_p + root_n).powi(2) / samples as f64;
        let scale = samples as f64 / ((root_p + root_n) * (1.0 / root_p + 1.0 / root_n).cbrt());
        let ensemble = BetaLaguerre::new(p, samples, beta, 1.0).unwrap();
        let extremes: Vec<f64> = (0..16)
            .map(|child| ensemble.tridiagonal(Key::new(1).split(child)).eigenvalue(p - 1, 1e-8).unwrap())
            .map(|top| scale * (top - position))
            .collect();
        assert_mean(&format!("Laguerre, beta {beta}"), &extremes, expected, variance);
    }
}

#[test]
fn outliers_at_a_hundred_thousand_stand_where_theory_says() {
    let n = 100_000;
    for beta in [1.0, 2.0] {
        let ensemble = BetaHermite::new(n, beta, 1.0).unwrap().spike(1.5).unwrap();
        let outlier = SpikedWigner::new(ensemble.law(), 1.5).unwrap().outlier();
        let covariance = BetaLaguerre::new(n / 4, n, beta, 2.0).unwrap().spike(4.0).unwrap();
        let peak = SpikedCovariance::new(covariance.law(), 4.0).unwrap().outlier();
        let [mut tops, mut overlaps, mut peaks, mut shares] = [const { Vec::new() }; 4];
        for child in 0..10 {
            let key = Key::new(0).split(child);
            let matrix = ensemble.tridiagonal(key);
            tops.push(matrix.eigenvalue(n - 1, 0.0).unwrap());
            overlaps.push(matrix.overlap(tops[tops.len() - 1]));
            let matrix = covariance.tridiagonal(key);
            peaks.push(matrix.eigenvalue(n / 4 - 1, 0.0).unwrap());
            shares.push(matrix.overlap(peaks[peaks.len() - 1]));
        }
        assert_mean("outlier", &tops, outlier.position, outlier.variance.unwrap() / (beta * n as f64));
        assert_mean("peak", &peaks, peak.position, peak.variance.unwrap() / (beta * n as f64));
        // Ten draws have no reliable spread of their own: some n^(-1/2), as the overlap falls by its slope in the outlier.
        for (values, expected) in [(overlaps, outlier.overlap), (shares, peak.overlap)] {
            let (mean, error) = mean(&values);
            assert!((mean - expected).abs() < 5.0 * error && error < 0.01, "{mean} +- {error}, expected {expected}");
        }
    }
}

#[test]
fn small_and_extreme_requests() {
    let key = Key::new(0);
    let one = BetaHermite::new(1, 3.0, 2.0).unwrap().spike(5.0).unwrap();
    let expected = 5.0 + 2.0 * (2.0f64 / 3.0).sqrt() * normal::<f64>(1, key.split(0))[0];
    assert!((one.eigenvalues(key).unwrap()[0] - expected).abs() < 1e-14);
    assert_eq!(BetaLaguerre::new(4, 1, 1.0, 1.0).unwrap().eigenvalues(key).unwrap()[..3], [0.0; 3]);
    // Scales near the ends of the range of numbers.
    for scale in [1e-300, 1e300] {
        let unit = BetaHermite::new(50, 1.0, 1.0).unwrap().eigenvalues(key).unwrap();
        let scaled = BetaHermite::new(50, 1.0, scale).unwrap().eigenvalues(key).unwrap();
        assert_close("scaled", &scaled.iter().map(|x| x / scale).collect::<Vec<f64>>(), &unit, 1e-14);
        let unit = BetaLaguerre::new(50, 70, 1.0, 1.0).unwrap().eigenvalues(key).unwrap();
        let scaled = BetaLaguerre::new(50, 70, 1.0, scale).unwrap().eigenvalues(key).unwrap();
        assert_close("scaled", &scaled.iter().map(|x| x / scale).collect::<Vec<f64>>(), &unit, 1e-14);
    }
    // At a huge beta nothing fluctuates: the zeros of Hermite's polynomials, sqrt(3) for the third.
    let cold = BetaHermite::new(3, 1e12, 1.0).unwrap().eigenvalues(key).unwrap();
    assert_close("zeros of a Hermite polynomial", &cold, &[-1.0, 0.0, 1.0], 1e-5);
    assert!(BetaHermite::new(20, 1e-3, 1.0).unwrap().eigenvalues(key).unwrap().iter().all(|x| x.is_finite()));
    assert!(BetaLaguerre::new(20, 30, 1e-3, 1.0).unwrap().eigenvalues(key).unwrap().iter().all(|x| x.is_finite()));
}

#[test]
fn threads_do_not_change_a_bit() {
    let run = || {
        let matrix = BetaLaguerre::new(40_000, 50_000, 1.0, 1.0).unwrap().tridiagonal(Key::new(0));
        (matrix.diagonal(), matrix.subdiagonal(), matrix.count_below(1.0))
    };
    let one = with_threads(1, run);
    assert_eq!(one, with_threads(3, run));
}

#[test]
fn ill_posed_requests_are_refused() {
    let is_range = |error: Error| matches!(error, Error::OutOfRange { .. });
    assert!(is_range(BetaHermite::new(0, 1.0, 1.0).unwrap_err()));
    assert!(is_range(BetaLaguerre::new(0, 1, 1.0, 1.0).unwrap_err()));
    assert!(is_range(BetaLaguerre::new(1, 0, 1.0, 1.0).unwrap_err()));
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(is_range(BetaHermite::new(3, wrong, 1.0).unwrap_err()));
        assert!(is_range(BetaHermite::new(3, 1.0, wrong).unwrap_err()));
        assert!(is_range(BetaLaguerre::new(3, 3, wrong, 1.0).unwrap_err()));
        assert!(is_range(BetaLaguerre::new(3, 3, 1.0, wrong).unwrap_err()));
        assert!(chi_squared(Key::new(0), wrong, 0, &mut [0.0]).is_err());
    }
    assert!(is_range(BetaHermite::new(3, f64::MAX, 1.0).unwrap_err()));
    assert!(BetaHermite::new(3, 1.0, 1.0).unwrap().spike(f64::NAN).is_err());
    assert!(BetaLaguerre::new(3, 3, 1.0, 1.0).unwrap().spike(-1.0).is_err());
    assert!(matches!(Tridiagonal::new(&[], &[]).unwrap_err(), Error::Empty { .. }));
    assert!(matches!(Tridiagonal::new(&[1.0], &[1.0]).unwrap_err(), Error::Length { .. }));
    assert!(matches!(Tridiagonal::gram(&[1.0, f64::NAN], &[1.0]).unwrap_err(), Error::NotFinite { index: 1, .. }));
    assert!(is_range(Tridiagonal::gram(&[1e200], &[]).unwrap_err()));
    let matrix = Tridiagonal::new(&[1.0, 2.0], &[0.5]).unwrap();
    assert!(matches!(matrix.eigenvalue(2, 0.0).unwrap_err(), Error::AboveLimit { limit: 1, .. }));
    assert!(is_range(matrix.eigenvalue(0, -1.0).unwrap_err()) && is_range(matrix.eigenvalue(0, f64::NAN).unwrap_err()));
    assert!(is_range(HaarFrame::new(0, 0).unwrap_err()));
    assert!(matches!(HaarFrame::new(3, 4).unwrap_err(), Error::AboveLimit { limit: 3, .. }));
}

// ---------------------------------------------------------------------------------------------------------------------
// Chi-square values and Haar frames.

#[test]
fn chi_square_values_come_from_any_place_with_their_moments() {
    let key = Key::new(0);
    for degrees in [0.3, 1.0, 5.5, 95.0, 97.0, 1e4, 1e7] {
        let mut whole = vec![0.0; 40_000];
        chi_squared(key, degrees, 0, &mut whole).unwrap();
        let mut part = vec![0.0; 20_000];
        chi_squared(key, degrees, 12_345, &mut part).unwrap();
        assert_eq!(part, whole[12_345..32_345]);
        assert_mean("mean", &whole, degrees, 2.0 * degrees);
        let squares: Vec<f64> = whole.iter().map(|x| (x - degrees).powi(2)).collect();
        // The fourth central moment is 12 k (k + 4).
        assert_mean("variance", &squares, 2.0 * degrees, 12.0 * degrees * (degrees + 4.0) - 4.0 * degrees * degrees);
        assert!(whole.iter().all(|x| *x > 0.0 && x.is_finite()));
    }
    // One key couples degrees of freedom: more of them, larger values; also where the method changes.
    let mut before = vec![0.0; 500];
    for degrees in [0.5, 3.0, 95.9, 96.0, 96.1, 8191.9, 8192.0, 8192.1] {
        let mut values = vec![0.0; 500];
        chi_squared(key, degrees, 0, &mut values).unwrap();
        assert!(values.iter().zip(&before).all(|(value, before)| value > before), "{degrees}");
        before = values;
    }
    chi_squared(key, 1.0, 0, &mut []).unwrap();
}

fn frames_are_orthonormal<T: Scalar>() {
    for (dimension, vectors) in [(1, 1), (1, 0), (5, 0), (5, 5), (60, 7), (100, 100), (1000, 3)] {
        let frame: Vec<T> = HaarFrame::new(dimension, vectors).unwrap().sample(Key::new(0));
        assert_eq!(frame.len(), dimension * vectors);
        let rows: Vec<&[T]> = frame.chunks(dimension).collect();
        for (i, x) in rows.iter().enumerate() {
            for (j, y) in rows[..=i].iter().enumerate() {
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((dot(x, y) - expected).abs() < 30.0 * T::EPSILON.f64(), "{dimension} x {vectors}: {i}, {j}");
            }
        }
        // Fewer vectors are the first ones; the first is the direction of the key's normal vector.
        if vectors > 0 {
            let fewer: Vec<T> = HaarFrame::new(dimension, vectors.div_ceil(2)).unwrap().sample(Key::new(0));
            let error = fewer.iter().zip(&frame).fold(0.0f64, |error, (x, y)| error.max((x.f64() - y.f64()).abs()));
            assert!(error < 3000.0 * T::EPSILON.f64(), "{dimension} x {vectors}: {error:e}");
            let mut sphere = vec![T::zero(); dimension];
            Key::new(0).sphere(&mut sphere);
            assert!(sphere.iter().zip(&frame).all(|(x, y)| (x.f64() - y.f64()).abs() < 10.0 * T::EPSILON.f64()));
        }
    }
}

#[test]
fn haar_frames_are_orthonormal() {
    frames_are_orthonormal::<f32>();
    frames_are_orthonormal::<f64>();
}

#[test]
fn haar_frames_have_the_moments_of_the_group() {
    for (n, k) in [(3, 3), (4, 2), (5, 5)] {
        let frames: Vec<Vec<f64>> =
            (0..20_000).map(|child| HaarFrame::new(n, k).unwrap().sample(Key::new(0).split(child))).collect();
        let size = n as f64;
        let entry = |frame: &[f64], row: usize, vector: usize| frame[vector * n + row];
        for vector in 0..k {
            for row in [0, n - 1] {
                // Fails for the signs that Householder's algorithm leaves.
                assert_mean("entry", &column(&frames, |x| entry(x, row, vector)), 0.0, 1.0 / size);
                assert_mean_is("square", &column(&frames, |x| entry(x, row, vector).powi(2)), 1.0 / size);
                let fourth = 3.0 / (size * (size + 2.0));
                assert_mean_is("fourth", &column(&frames, |x| entry(x, row, vector).powi(4)), fourth);
            }
        }
        let pair = column(&frames, |x| (entry(x, 0, 0) * entry(x, n - 1, 0)).powi(2));
        assert_mean_is("two rows", &pair, 1.0 / (size * (size + 2.0)));
        let apart = column(&frames, |x| (entry(x, 0, 0) * entry(x, 1, k - 1)).powi(2));
        assert_mean_is("apart", &apart, (size + 1.0) / (size * (size + 2.0) * (size - 1.0)));
        let cross = column(&frames, |x| entry(x, 0, 0) * entry(x, 1, 0) * entry(x, 0, k - 1) * entry(x, 1, k - 1));
        assert_mean_is("cross", &cross, -1.0 / (size * (size + 2.0) * (size - 1.0)));
        if k == n {
            // The trace of a Haar orthogonal matrix: mean 0, and variance 1 (Diaconis & Shahshahani 1994).
            let trace = column(&frames, |x| (0..n).map(|i| entry(x, i, i)).sum());
            assert_mean("trace", &trace, 0.0, 1.0);
            assert_mean_is("trace squared", &trace.iter().map(|x| x * x).collect::<Vec<_>>(), 1.0);
        }
    }
}
