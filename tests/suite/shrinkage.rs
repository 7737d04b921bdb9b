//! Optimal shrinkage of singular values and of covariances: tables from the definitions, and what it gains.

use eigenscape::Error;
use eigenscape::random::Key;
use eigenscape::random_matrix::{
    CovarianceLoss, MarchenkoPastur, MatrixLoss, SingularShrinkage, SpikedCovariance, SpikedShrinkage,
    analytical_shrinkage,
};
use serde_json::Value;

use crate::oracle::{assert_close, numbers};
use crate::support::normal;

fn table(name: &str) -> Vec<Value> {
    let tables: Value = serde_json::from_str(include_str!("../data/shrinkage.json")).unwrap();
    tables[name].as_array().expect("a table").clone()
}

fn number(row: &Value, name: &str) -> f64 {
    row[name].as_f64().expect("a number")
}

#[track_caller]
fn assert_near(what: &str, actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() <= tolerance, "{what}: {actual}, expected {expected} to {tolerance:e}");
}

#[test]
#[should_panic(expected = "expected 2")]
fn assert_near_can_fail() {
    assert_near("one", 1.0, 2.0, 0.5);
}

const MATRIX_LOSSES: [(&str, MatrixLoss); 3] =
    [("frobenius", MatrixLoss::Frobenius), ("operator", MatrixLoss::Operator), ("nuclear", MatrixLoss::Nuclear)];

#[test]
fn singular_values_shrink_to_the_least_loss() {
    for row in table("singular") {
        // Tall and wide are the same.
        let (small, large) = ((2000.0 * number(&row, "ratio")).round() as usize, 2000);
        for (rows, cols) in [(small, large), (large, small)] {
            let shrinkage = SingularShrinkage::new(rows, cols, 0.3).unwrap();
            let unit = 0.3 * (large as f64).sqrt();
            assert_near("threshold", shrinkage.threshold() / unit, number(&row, "threshold"), 1e-9);
            assert_near("edge", shrinkage.edge(), 0.3 * ((small as f64).sqrt() + (large as f64).sqrt()), 1e-12 * unit);
            for value in row["values"].as_array().unwrap() {
                let y = number(value, "y");
                for (name, loss) in MATRIX_LOSSES {
                    // The oracle minimises; a minimum is found to the root of the rounding error.
                    assert_near(name, shrinkage.shrink(loss, y * unit) / unit, number(value, name), 2e-7);
                }
            }
            // The noise by the median: with this singular value in the middle the threshold is omega times it.
            let half = small / 2 - 1;
            let values = [vec![0.0; half], vec![2.0; 2], vec![1e6; half]].concat();
            let shrinkage = SingularShrinkage::from_median(rows, cols, &values).unwrap();
            assert_near("omega", shrinkage.threshold() / 2.0, number(&row, "omega"), 1e-9);
            assert_near("median", 4.0 / shrinkage.noise().powi(2) / large as f64, number(&row, "median"), 1e-9);
        }
    }
    // The numbers that everyone quotes.
    let square = SingularShrinkage::new(50, 50, 1.0).unwrap();
    assert_near("4 / sqrt 3", square.threshold() / 50f64.sqrt(), 4.0 / 3f64.sqrt(), 1e-14);
    let row = table("singular").into_iter().find(|row| number(row, "ratio") == 1.0).unwrap();
    assert_near("2.858", number(&row, "omega"), 2.858, 5e-4);
}

#[test]
fn singular_shrinkers_in_their_limits() {
    let shrinkage = SingularShrinkage::new(30, 60, 2.0).unwrap();
    for (_, loss) in MATRIX_LOSSES {
        for value in [0.0, 1.0, shrinkage.edge()] {
            assert_eq!(shrinkage.shrink(loss, value), 0.0);
        }
        assert!(shrinkage.shrink(loss, f64::NAN).is_nan());
        assert_eq!(shrinkage.shrink(loss, f64::INFINITY), f64::INFINITY);
        // Far above the noise nothing is shrunk, also where squares would overflow; the function increases.
        assert!((shrinkage.shrink(loss, 1e8) / 1e8 - 1.0).abs() < 1e-12);
        assert!((shrinkage.shrink(loss, 1e200) / 1e200 - 1.0).abs() < 1e-12);
        let values: Vec<f64> =
            (0..200).map(|i| shrinkage.shrink(loss, shrinkage.edge() + 0.1 * f64::from(i))).collect();
        assert!(values.is_sorted());
    }
}

/// Rows of a matrix by its singular triples: (value, left vector, right vector), descending.
fn svd(entries: &[f64], rows: usize, cols: usize) -> Vec<(f64, Vec<f64>, Vec<f64>)> {
    let svd = faer::MatRef::from_row_major_slice(entries, rows, cols).thin_svd().unwrap();
    (0..rows.min(cols))
        .map(|j| {
            let left = (0..rows).map(|i| svd.U()[(i, j)]).collect();
            let right = (0..cols).map(|i| svd.V()[(i, j)]).collect();
            (svd.S()[j], left, right)
        })
        .collect()
}

/// The three losses of sum_j value_j u_j v_j' for a signal.
fn losses(signal: &[f64], triples: &[(f64, Vec<f64>, Vec<f64>)], values: impl Fn(f64) -> f64) -> [f64; 3] {
    let (rows, cols) = (triples[0].1.len(), triples[0].2.len());
    let mut rest = signal.to_vec();
    for (value, left, right) in triples {
        let value = values(*value);
        if value != 0.0 {
            rest.iter_mut().enumerate().for_each(|(i, entry)| *entry -= value * left[i / cols] * right[i % cols]);
        }
    }
    let singular = svd(&rest, rows, cols);
    let sum = |power: i32| singular.iter().map(|(value, ..)| value.powi(power)).sum::<f64>();
    [sum(2), singular[0].0, sum(1)]
}

#[test]
fn shrunk_matrices_are_nearer_to_the_signal() {
    let (rows, cols) = (40, 100);
    // Two directions in noise of variance 1; in units of sqrt(100): 1.1 and 2.5, the detachment is at 0.4^(1/4) = 0.8.
    let mut signal = vec![0.0; rows * cols];
    (signal[0], signal[cols + 1]) = (11.0, 25.0);
    let known = SingularShrinkage::new(rows, cols, 1.0).unwrap();
    let mut gains = vec![Vec::new(); 9];
    let mut noises = Vec::new();
    for child in 0..40 {
        let noise: Vec<f64> = normal(rows * cols, Key::new(0).split(child));
        let data: Vec<f64> = signal.iter().zip(noise).map(|(x, z)| x + z).collect();
        let triples = svd(&data, rows, cols);
        let singular: Vec<f64> = triples.iter().map(|(value, ..)| *value).collect();
        let unknown = SingularShrinkage::from_median(rows, cols, &singular).unwrap();
        noises.push(unknown.noise());
        let hard = losses(&signal, &triples, |y| if y > known.threshold() { y } else { 0.0 });
        let truncated = losses(&signal, &triples, |y| if y >= singular[1] { y } else { 0.0 });
        for (index, (_, loss)) in MATRIX_LOSSES.into_iter().enumerate() {
            let shrunk = losses(&signal, &triples, |y| known.shrink(loss, y))[index];
            let guessed = losses(&signal, &triples, |y| unknown.shrink(loss, y))[index];
            gains[3 * index].push(hard[index] - shrunk);
            gains[3 * index + 1].push(truncated[index] - shrunk);
            gains[3 * index + 2].push(truncated[index] - guessed);
        }
    }
    for (what, gain) in gains.iter().enumerate() {
        let (mean, error) = mean(gain);
        assert!(mean > 4.0 * error, "gain {what} is {mean} +- {error}");
    }
    // Two directions of forty are a twentieth: the median is that of noise at about 0.525.
    let (noise, _) = mean(&noises);
    assert!((1.0..1.04).contains(&noise), "the noise is {noise}");
}

fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0) / count).sqrt())
}

const COVARIANCE_LOSSES: [(&str, CovarianceLoss); 7] = [
    ("frobenius", CovarianceLoss::Frobenius),
    ("operator", CovarianceLoss::Operator),
    ("nuclear", CovarianceLoss::Nuclear),
    ("stein", CovarianceLoss::Stein),
    ("entropy", CovarianceLoss::Entropy),
    ("precision", CovarianceLoss::Precision),
    ("frechet", CovarianceLoss::Frechet),
];

#[test]
fn spiked_covariances_shrink_to_the_least_loss() {
    for row in table("covariance") {
        let variance = 0.7;
        let shrinkage = SpikedShrinkage::new(MarchenkoPastur::new(number(&row, "ratio"), variance).unwrap());
        let eigenvalue = number(&row, "eigenvalue") * variance;
        for (name, loss) in COVARIANCE_LOSSES {
            let shrunk = shrinkage.shrink(loss, eigenvalue) / variance;
            assert_near(name, shrunk, number(&row, name), 1e-6 * eigenvalue);
            assert!(shrinkage.shrink(loss, f64::NAN).is_nan());
            assert_eq!(shrinkage.shrink(loss, 0.0), variance);
            assert_eq!(shrinkage.shrink(loss, variance), variance);
            // 1 at the edge, except for the operator norm, which has a jump there.
            let edge = shrinkage.shrink(loss, (1.0 + 1e-12) * variance * (1.0 + number(&row, "ratio").sqrt()).powi(2));
            let jump = if loss == CovarianceLoss::Operator { number(&row, "ratio").sqrt() } else { 0.0 };
            assert_near(name, edge / variance, 1.0 + jump, 1e-4);
        }
    }
}

/// Eigenpairs of a symmetric matrix: ascending values, and vectors row by row.
fn eigen(entries: &[f64], size: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let eigen = faer::MatRef::from_row_major_slice(entries, size, size).self_adjoint_eigen(faer::Side::Lower).unwrap();
    let vectors = (0..size).map(|j| (0..size).map(|i| eigen.U()[(i, j)]).collect()).collect();
    ((0..size).map(|j| eigen.S()[j]).collect(), vectors)
}

/// A sample covariance of a diagonal population, and the sum of the fourth powers of the samples' lengths.
fn covariance(population: &[f64], samples: usize, key: Key) -> (Vec<f64>, f64) {
    let size = population.len();
    let data: Vec<f64> = normal(size * samples, key);
    let at = |i: usize, j: usize| {
        let (x, y) = (&data[i * samples..(i + 1) * samples], &data[j * samples..(j + 1) * samples]);
        x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>() * (population[i] * population[j]).sqrt() / samples as f64
    };
    let square = |k: usize| population.iter().enumerate().map(|(i, t)| t * data[i * samples + k].powi(2)).sum::<f64>();
    let fourth = (0..samples).map(|k| square(k).powi(2)).sum();
    ((0..size * size).map(|entry| at(entry / size, entry % size)).collect(), fourth)
}

/// The linear shrinkage of Ledoit and Wolf 2004: towards the mean, by a share estimated from the data.
fn linear(values: &[f64], samples: usize, fourth: f64) -> Vec<f64> {
    let (size, n) = (values.len() as f64, samples as f64);
    let center = values.iter().sum::<f64>() / size;
    let spread: f64 = values.iter().map(|value| (value - center).powi(2)).sum();
    let noise = (fourth / n - values.iter().map(|value| value * value).sum::<f64>()) / n;
    let share = (noise / spread).clamp(0.0, 1.0);
    values.iter().map(|value| share * center + (1.0 - share) * value).collect()
}

/// |sum_j d_j v_j v_j' - diag(population)|_F^2
fn distance(population: &[f64], values: &[f64], vectors: &[Vec<f64>]) -> f64 {
    let own = |vector: &[f64]| vector.iter().zip(population).map(|(v, t)| v * v * t).sum::<f64>();
    let cross: f64 = values.iter().zip(vectors).map(|(d, v)| d * d - 2.0 * d * own(v)).sum();
    cross + population.iter().map(|t| t * t).sum::<f64>()
}

#[test]
fn the_analytical_estimator_is_that_of_the_paper() {
    for row in table("ledoit_wolf") {
        let values = numbers(&row["values"]);
        let samples = row["samples"].as_u64().unwrap() as usize;
        let expected = numbers(&row["shrunk"]);
        let shrunk = analytical_shrinkage(&values, samples).unwrap();
        for (d, e) in shrunk.iter().zip(&expected) {
            assert_near("d", d / e, 1.0, 1e-9);
        }
        // In the order of what is given.
        let reversed: Vec<f64> = values.iter().rev().copied().collect();
        let back: Vec<f64> = analytical_shrinkage(&reversed, samples).unwrap().into_iter().rev().collect();
        assert_close("reversed", &back, &expected, 1e-9);
        // Estimates scale with the data.
        let scaled: Vec<f64> = values.iter().map(|x| 1024.0 * x).collect();
        let back = analytical_shrinkage(&scaled, samples).unwrap();
        assert!(back.iter().zip(&shrunk).all(|(x, y)| (x / y / 1024.0 - 1.0).abs() < 1e-13));
    }
}

#[test]
fn nonlinear_shrinkage_beats_the_sample_and_linear_shrinkage() {
    // The populations of the paper's simulations: a fifth at 1, two fifths at 3 and 10.
    for (size, samples) in [(100, 300), (100, 100), (400, 200)] {
        let share = size / 5;
        let population = [vec![1.0; share], vec![3.0; 2 * share], vec![10.0; 2 * share]].concat();
        let [mut from_sample, mut from_linear, mut from_best, mut possible] = [const { Vec::new() }; 4];
        for child in 0..12 {
            let (matrix, fourth) = covariance(&population, samples, Key::new(0).split(child));
            let (mut values, vectors) = eigen(&matrix, size);
            values.iter_mut().take(size.saturating_sub(samples)).for_each(|value| *value = 0.0);
            let shrunk = distance(&population, &analytical_shrinkage(&values, samples).unwrap(), &vectors);
            // The best a + b lambda that anyone could choose who knows the population: least squares for d_j = v'Sv.
            let best: Vec<f64> =
                vectors.iter().map(|v| v.iter().zip(&population).map(|(v, t)| v * v * t).sum()).collect();
            let (x, y) = (mean(&values).0, mean(&best).0);
            let slope = values.iter().zip(&best).map(|(a, b)| (a - x) * (b - y)).sum::<f64>()
                / values.iter().map(|a| (a - x).powi(2)).sum::<f64>();
            let hindsight: Vec<f64> = values.iter().map(|value| y + slope * (value - x)).collect();
            from_sample.push(distance(&population, &values, &vectors) - shrunk);
            from_linear.push(distance(&population, &linear(&values, samples, fourth), &vectors) - shrunk);
            from_best.push(distance(&population, &hindsight, &vectors) - shrunk);
            possible.push(distance(&population, &values, &vectors) - distance(&population, &best, &vectors));
        }
        // Ledoit and Wolf's measure: the share of the improvement over the sample that is possible at all.
        let share = mean(&from_sample).0 / mean(&possible).0;
        println!("{size} x {samples}: {:.2} % of the possible improvement", 100.0 * share);
        assert!(share > 0.95 && share < 1.0, "{size} x {samples}: {share} of the possible improvement");
        // With more variables than samples no rule beats the best line in hindsight for certain.
        let possible = if size <= samples { &from_best } else { &from_linear };
        for (what, gain) in [("sample", &from_sample), ("linear", &from_linear), ("best line", possible)] {
            let (mean, error) = mean(gain);
            assert!(mean > 4.0 * error, "{size} x {samples}: the gain over {what} is {mean} +- {error}");
        }
    }
}

#[test]
fn spiked_shrinkage_beats_the_sample() {
    let (size, samples) = (100, 200);
    let mut population = vec![1.0; size];
    (population[0], population[1]) = (4.0, 12.0);
    let law = MarchenkoPastur::new(0.5, 1.0).unwrap();
    assert!(SpikedCovariance::new(law, 4.0).unwrap().outlier().detached);
    let shrinkage = SpikedShrinkage::new(law);
    let [mut from_sample, mut from_general] = [const { Vec::new() }; 2];
    for child in 0..20 {
        let (values, vectors) = eigen(&covariance(&population, samples, Key::new(1).split(child)).0, size);
        let shrunk: Vec<f64> = values.iter().map(|x| shrinkage.shrink(CovarianceLoss::Frobenius, *x)).collect();
        let general = analytical_shrinkage(&values, samples).unwrap();
        let loss = distance(&population, &shrunk, &vectors);
        from_sample.push(distance(&population, &values, &vectors) - loss);
        // Who knows that all but few directions are noise does better than who does not.
        from_general.push(distance(&population, &general, &vectors) - loss);
    }
    for (what, gain) in [("sample", from_sample), ("general", from_general)] {
        let (mean, error) = mean(&gain);
        assert!(mean > 4.0 * error, "the gain over {what} is {mean} +- {error}");
    }
}

#[test]
fn ill_posed_requests_are_refused() {
    let is_range = |error: Error| matches!(error, Error::OutOfRange { .. });
    assert!(is_range(SingularShrinkage::new(0, 3, 1.0).unwrap_err()));
    assert!(is_range(SingularShrinkage::new(3, 0, 1.0).unwrap_err()));
    for noise in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(is_range(SingularShrinkage::new(3, 3, noise).unwrap_err()));
    }
    assert!(matches!(SingularShrinkage::from_median(3, 4, &[1.0]).unwrap_err(), Error::Length { .. }));
    assert!(matches!(SingularShrinkage::from_median(1, 4, &[f64::NAN]).unwrap_err(), Error::NotFinite { .. }));
    assert!(is_range(SingularShrinkage::from_median(2, 4, &[1.0, -1.0]).unwrap_err()));
    assert!(is_range(SingularShrinkage::from_median(3, 4, &[0.0, 0.0, 1.0]).unwrap_err()));
    assert!(matches!(analytical_shrinkage(&[], 20).unwrap_err(), Error::Empty { .. }));
    assert!(is_range(analytical_shrinkage(&[1.0], 11).unwrap_err()));
    assert!(matches!(analytical_shrinkage(&[1.0, f64::NAN], 20).unwrap_err(), Error::NotFinite { index: 1, .. }));
    assert!(is_range(analytical_shrinkage(&[1.0, -1.0], 20).unwrap_err()));
    assert!(is_range(analytical_shrinkage(&[1.0, 0.0], 20).unwrap_err()));
    // One eigenvalue, and a repeated one.
    assert!(analytical_shrinkage(&[2.0], 1000).unwrap()[0].is_finite());
    assert!(analytical_shrinkage(&[2.0; 20], 40).unwrap().iter().all(|d| d.is_finite() && *d > 0.0));
}
