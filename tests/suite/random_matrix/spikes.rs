//! Spikes of any law against matrices with them, and spectra of convolutions against matrices that have them.

use eigenscape::random::Key;
use eigenscape::random_matrix::{
    AdditiveSpike, Arcsine, DeformedWigner, Discrete, FreeCompression, FreeProduct, FreeSum,
    GeneralizedMarchenkoPastur, HaarFrame, Law, MarchenkoPastur, MultiplicativeSpike, Outlier, RectangularSpike,
    SeparableCovariance, Uniform,
};
use faer::{Mat, MatRef, Side};

use super::{kolmogorov, mean};

// ---------------------------------------------------------------------------------------------------------------------
// A diagonal matrix and one direction: the secular equation is the matrix.

/// The quantiles of a law, and a uniformly random unit vector.
fn rigid(law: &dyn Law, size: usize, key: Key) -> (Vec<f64>, Vec<f64>) {
    let values = (0..size).map(|i| law.quantile((i as f64 + 0.5) / size as f64).unwrap()).collect();
    let mut direction = vec![0.0; size];
    key.sphere(&mut direction);
    (values, direction)
}

/// The root of a function that falls through 0 above `start`.
fn above(start: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (start, start + 1.0);
    while f(high) > 0.0 {
        high = start + 2.0 * (high - start);
    }
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if f(middle) > 0.0 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// D + theta u u': largest eigenvalue and overlap of its vector with u.
fn additive(law: &dyn Law, size: usize, theta: f64, key: Key) -> (f64, f64) {
    let (d, u) = rigid(law, size, key);
    let sum = |x: f64, power: i32| d.iter().zip(&u).map(|(d, u)| u * u / (x - d).powi(power)).sum::<f64>();
    let top = above(d[size - 1], |x| theta * sum(x, 1) - 1.0);
    (top, 1.0 / (theta * theta * sum(top, 2)))
}

/// (I + theta u u')^(1/2) D (I + theta u u')^(1/2): largest eigenvalue, overlap of its vector and of the right one of
/// D (I + theta u u') with u.
fn multiplicative(law: &dyn Law, size: usize, theta: f64, key: Key) -> (f64, f64, f64) {
    let (d, u) = rigid(law, size, key);
    let sum = |x: f64| d.iter().zip(&u).map(|(d, u)| d * u * u / (x - d)).sum::<f64>();
    let top = above(d[size - 1], |x| theta * sum(x) - 1.0);
    // D (I + theta u u') x = top x: x = (top - D)^(-1) D u.
    let vector: Vec<f64> = d.iter().zip(&u).map(|(d, u)| d * u / (top - d)).collect();
    let along: f64 = vector.iter().zip(&u).map(|(x, u)| x * u).sum();
    let norm: f64 = vector.iter().map(|x| x * x).sum();
    let (right, both) = (along * along / norm, (1.0 + theta) * along * along / (norm + theta * along * along));
    (top, both, right)
}

/// Mean within four standard errors, and the variance within four of its own: n Var -> the stated one.
#[track_caller]
fn assert_position(name: &str, positions: &[f64], outlier: Outlier, size: usize) {
    let (average, error) = mean(positions);
    // The limits' own error is of order 1/n.
    let bound = 4.0 * error + 2.0 * outlier.position / size as f64;
    assert!((average - outlier.position).abs() < bound, "{name}: {average} +- {error}, theory {}", outlier.position);
    let draws = positions.len() as f64;
    let variance = error * error * draws * size as f64;
    let expected = outlier.variance.unwrap();
    let bound = 4.0 * expected * (2.0 / draws).sqrt() + 0.05 * expected;
    assert!((variance - expected).abs() < bound, "{name}: n Var {variance}, theory {expected}");
}

#[track_caller]
fn assert_mean(name: &str, values: &[f64], expected: f64, size: usize) {
    let (average, error) = mean(values);
    assert!(
        (average - expected).abs() < 4.0 * error + 2.0 / size as f64,
        "{name}: {average} +- {error}, theory {expected}"
    );
}

#[test]
fn additive_spikes_of_any_law() {
    let size = 2000;
    let cases: [(&str, Box<dyn Law>, f64); 3] = [
        ("arcsine", Box::new(Arcsine::new(-2.0, 2.0).unwrap()), 1.5),
        ("uniform", Box::new(Uniform::new(-1.0, 1.0).unwrap()), 1.0),
        ("Marchenko-Pastur", Box::new(MarchenkoPastur::new(0.5, 1.0).unwrap()), 3.0),
    ];
    for (name, law, theta) in cases {
        let law: std::sync::Arc<dyn Law> = law.into();
        let theory = AdditiveSpike::new(law.clone(), theta).unwrap();
        let outlier = theory.outlier().unwrap();
        let draws: Vec<(f64, f64)> = (0..400).map(|k| additive(&*law, size, theta, Key::new(k))).collect();
        assert_position(name, &draws.iter().map(|draw| draw.0).collect::<Vec<f64>>(), outlier, size);
        assert_mean(name, &draws.iter().map(|draw| draw.1).collect::<Vec<f64>>(), outlier.overlap, size);
        let back = AdditiveSpike::from_outlier(law, outlier.position).unwrap();
        assert!((back.strength() - theta).abs() < 1e-12 * theta);
    }
}

#[test]
fn multiplicative_spikes_of_any_law() {
    let size = 2000;
    let cases: [(&str, Box<dyn Law>, f64); 2] = [
        ("arcsine", Box::new(Arcsine::new(1.0, 3.0).unwrap()), 1.5),
        ("Marchenko-Pastur", Box::new(MarchenkoPastur::new(0.5, 1.0).unwrap()), 2.0),
    ];
    for (name, law, theta) in cases {
        let law: std::sync::Arc<dyn Law> = law.into();
        let theory = MultiplicativeSpike::new(law.clone(), theta).unwrap();
        let outlier = theory.outlier().unwrap();
        let draws: Vec<(f64, f64, f64)> = (0..400).map(|k| multiplicative(&*law, size, theta, Key::new(k))).collect();
        assert_position(name, &draws.iter().map(|draw| draw.0).collect::<Vec<f64>>(), outlier, size);
        assert_mean(name, &draws.iter().map(|draw| draw.1).collect::<Vec<f64>>(), outlier.overlap, size);
        let right = theory.right_overlap().unwrap();
        assert_mean(name, &draws.iter().map(|draw| draw.2).collect::<Vec<f64>>(), right, size);
        let back = MultiplicativeSpike::from_outlier(law, outlier.position).unwrap();
        assert!((back.strength() - theta).abs() < 1e-11 * theta);
    }
}

#[test]
fn spikes_that_cannot_be_seen() {
    let noise = MarchenkoPastur::new(0.25, 1.0).unwrap();
    let spiked = MultiplicativeSpike::new(noise, 0.49).unwrap();
    let outlier = spiked.outlier().unwrap();
    assert!(!outlier.detached && outlier.overlap == 0.0 && spiked.right_overlap().unwrap() == 0.0);
    assert!(MultiplicativeSpike::new(noise, 0.51).unwrap().outlier().unwrap().detached);
    let semicircle = eigenscape::random_matrix::Semicircle::new(1.0).unwrap();
    assert!((AdditiveSpike::new(semicircle, 0.5).unwrap().threshold().unwrap() - 1.0).abs() < 1e-7);
    assert!(!AdditiveSpike::new(semicircle, -0.99).unwrap().outlier().unwrap().detached);
    assert!((AdditiveSpike::new(semicircle, -2.0).unwrap().outlier().unwrap().position + 2.5).abs() < 1e-13);
    assert!((RectangularSpike::gaussian(0.25, 0.5).unwrap().threshold().unwrap() - 0.25f64.powf(0.25)).abs() < 1e-7);
    assert!(!RectangularSpike::gaussian(0.25, 0.7).unwrap().outlier().unwrap().detached);
    // In a gap between two atoms there is one outlier more, and it interlaces.
    let coin = Discrete::new(&[-1.0, 1.0], &[0.5, 0.5]).unwrap();
    let outliers = AdditiveSpike::new(coin, 1.0).unwrap().outliers().unwrap();
    assert_eq!(outliers.len(), 2);
    assert!(-1.0 < outliers[0].position && outliers[0].position < 1.0 && outliers[1].position > 1.0);
    // G = x / (x^2 - 1) = 1: the golden ratio and its conjugate; the overlaps are all of u.
    assert!((outliers[1].position - (1.0 + 5f64.sqrt()) / 2.0).abs() < 1e-14);
    assert!((outliers[0].overlap + outliers[1].overlap - 1.0).abs() < 1e-13);
}

#[test]
fn rectangular_spikes_of_another_law() {
    // Singular values whose squares are uniform on [0.5, 2], n x m with m = 2 n.
    let (n, m, theta) = (150, 300, 1.6);
    let law = Uniform::new(0.5, 2.0).unwrap();
    let theory = RectangularSpike::new(law, n as f64 / m as f64, theta).unwrap().outlier().unwrap();
    let (mut positions, mut lefts, mut rights) = (Vec::new(), Vec::new(), Vec::new());
    for draw in 0..60 {
        let (values, u) = rigid(&law, n, Key::new(draw).split(0));
        let mut v = vec![0.0; m];
        Key::new(draw).split(1).sphere(&mut v);
        let x = Mat::from_fn(n, m, |i, j| if i == j { values[i].sqrt() } else { 0.0 } + theta * u[i] * v[j]);
        let svd = x.svd().unwrap();
        positions.push(svd.S()[0]);
        let along =
            |vector: Vec<f64>, direction: &[f64]| vector.iter().zip(direction).map(|(a, b)| a * b).sum::<f64>().powi(2);
        lefts.push(along((0..n).map(|i| svd.U()[(i, 0)]).collect(), &u));
        rights.push(along((0..m).map(|i| svd.V()[(i, 0)]).collect(), &v));
    }
    assert_mean("position", &positions, theory.position, n);
    assert_mean("left", &lefts, theory.left, n);
    assert_mean("right", &rights, theory.right, n);
    let back = RectangularSpike::from_outlier(law, 0.5, theory.position).unwrap();
    assert!((back.strength() - theta).abs() < 1e-12);
}

// ---------------------------------------------------------------------------------------------------------------------
// Dense matrices of independent entries.

fn noise(key: Key, rows: usize, columns: usize) -> Mat<f64> {
    let mut entries = vec![0.0; rows * columns];
    key.normal(0, &mut entries);
    MatRef::from_row_major_slice(&entries, rows, columns).to_owned()
}

/// A^(1/2) X B X' A^(1/2) / n for diagonal A and B.
fn covariance(key: Key, rows: &[f64], columns: &[f64]) -> Mat<f64> {
    let mut x = noise(key, rows.len(), columns.len());
    for j in 0..columns.len() {
        for i in 0..rows.len() {
            x[(i, j)] *= (rows[i] * columns[j] / columns.len() as f64).sqrt();
        }
    }
    &x * x.transpose()
}

fn wigner(key: Key, size: usize) -> Mat<f64> {
    let x = noise(key, size, size);
    Mat::from_fn(size, size, |i, j| (x[(i, j)] + x[(j, i)]) / (2.0 * size as f64).sqrt())
}

fn spectrum(matrix: &Mat<f64>) -> Vec<f64> {
    matrix.self_adjoint_eigenvalues(Side::Lower).unwrap()
}

/// The largest eigenvalue and its vector's squared overlap with the last axis.
fn top(matrix: &Mat<f64>) -> (f64, f64) {
    let eigen = matrix.self_adjoint_eigen(Side::Lower).unwrap();
    let last = matrix.nrows() - 1;
    (eigen.S()[last], eigen.U()[(last, last)].powi(2))
}

fn quantiles(law: &dyn Law, size: usize) -> Vec<f64> {
    (0..size).map(|i| law.quantile((i as f64 + 0.5) / size as f64).unwrap()).collect()
}

/// Q D Q' for a Haar frame Q.
fn rotated(key: Key, values: &[f64]) -> Mat<f64> {
    let size = values.len();
    let frame: Vec<f64> = HaarFrame::new(size, size).unwrap().sample(key);
    let q = MatRef::from_row_major_slice(&frame, size, size);
    let scaled = Mat::from_fn(size, size, |i, j| q[(i, j)] * values[j]);
    &scaled * q.transpose()
}

#[test]
fn spectra_of_two_thousand_follow_their_laws() {
    let size = 2000;
    let key = Key::new(0);
    let coin = || Discrete::new(&[1.0, 3.0], &[0.5, 0.5]).unwrap();
    let flat = || Uniform::new(0.2, 2.0).unwrap();
    let rows = quantiles(&coin(), size);
    let columns = quantiles(&flat(), 2 * size);
    let mut checks: Vec<(&str, Vec<f64>, Box<dyn Law>)> = Vec::new();
    let law = GeneralizedMarchenkoPastur::new(coin(), 0.5).unwrap();
    checks.push(("covariance", spectrum(&covariance(key.split(0), &rows, &vec![1.0; 2 * size])), Box::new(law)));
    let law = SeparableCovariance::new(coin(), flat(), 0.5).unwrap();
    checks.push(("separable covariance", spectrum(&covariance(key.split(1), &rows, &columns)), Box::new(law)));
    let mut sum = wigner(key.split(2), size);
    (0..size).for_each(|i| sum[(i, i)] += rows[i]);
    checks.push(("plus noise", spectrum(&sum), Box::new(DeformedWigner::new(coin(), 1.0).unwrap())));
    let wishart = covariance(key.split(3), &vec![1.0; size], &vec![1.0; 2 * size]);
    let both = &wishart + &wigner(key.split(4), size);
    let mp = MarchenkoPastur::new(0.5, 1.0).unwrap();
    checks.push(("Wishart + Wigner", spectrum(&both), Box::new(DeformedWigner::new(mp, 1.0).unwrap())));
    for (name, values, law) in checks {
        let distance = kolmogorov(&values, &*law);
        assert!(distance < 5.0 / size as f64, "{name}: {} eigenvalues", distance * size as f64);
    }
}

#[test]
fn rotated_matrices_follow_free_laws() {
    let size = 1000;
    let key = Key::new(0);
    let coin = || Discrete::new(&[1.0, 3.0], &[0.5, 0.5]).unwrap();
    let flat = || Uniform::new(0.2, 2.0).unwrap();
    let (a, b) = (quantiles(&coin(), size), quantiles(&flat(), size));
    let turned = rotated(key, &b);
    let mut sum = turned.clone();
    (0..size).for_each(|i| sum[(i, i)] += a[i]);
    let law = FreeSum::new(coin(), flat()).unwrap();
    let distance = kolmogorov(&spectrum(&sum), &law);
    assert!(distance < 5.0 / size as f64, "sum: {} eigenvalues", distance * size as f64);
    let product = Mat::from_fn(size, size, |i, j| (a[i] * a[j]).sqrt() * turned[(i, j)]);
    let law = FreeProduct::new(coin(), flat()).unwrap();
    let distance = kolmogorov(&spectrum(&product), &law);
    assert!(distance < 5.0 / size as f64, "product: {} eigenvalues", distance * size as f64);
    for cut in [300, 800] {
        let part = Mat::from_fn(cut, cut, |i, j| turned[(i, j)]);
        let law = FreeCompression::new(flat(), cut as f64 / size as f64).unwrap();
        let distance = kolmogorov(&spectrum(&part), &law);
        assert!(distance < 5.0 / cut as f64, "cut to {cut}: {} eigenvalues", distance * cut as f64);
    }
}

/// Fifty draws of each: four standard errors, and the limits' own error of order 1/n.
#[test]
fn outliers_of_convolutions_are_where_theory_says() {
    let size = 400;
    let coin = || Discrete::new(&[1.0, 3.0], &[0.5, 0.5]).unwrap();
    let flat = || Uniform::new(0.2, 2.0).unwrap();
    let mut a = quantiles(&coin(), size);
    let mut columns = quantiles(&flat(), 2 * size);
    let draws =
        |sample: &dyn Fn(Key) -> (f64, f64)| -> (Vec<f64>, Vec<f64>) { (0..50).map(|k| sample(Key::new(k))).unzip() };
    let check = |name: &str, (positions, overlaps): (Vec<f64>, Vec<f64>), outlier: Outlier| {
        let (average, error) = mean(&positions);
        let bound = 4.0 * error + 2.0 * outlier.position / size as f64;
        assert!(
            (average - outlier.position).abs() < bound,
            "{name}: {average} +- {error}, theory {}",
            outlier.position
        );
        assert_mean(name, &overlaps, outlier.overlap, size);
    };
    a[size - 1] = 8.0;
    let plain = vec![1.0; 2 * size];
    let law = GeneralizedMarchenkoPastur::new(coin(), 0.5).unwrap();
    check("covariance", draws(&|key| top(&covariance(key, &a, &plain))), law.outlier(8.0).unwrap());
    let law = SeparableCovariance::new(coin(), flat(), 0.5).unwrap();
    let outlier = law.row_outliers(8.0).unwrap();
    assert_eq!(outlier.len(), 1);
    check("rows", draws(&|key| top(&covariance(key, &a, &columns))), outlier[0]);
    let law = DeformedWigner::new(coin(), 1.0).unwrap();
    let plus = |key: Key| {
        let mut sum = wigner(key, size);
        (0..size).for_each(|i| sum[(i, i)] += a[i]);
        top(&sum)
    };
    check("plus noise", draws(&plus), law.outlier(8.0).unwrap());
    let b = quantiles(&flat(), size);
    let law = FreeSum::new(coin(), flat()).unwrap();
    let plus = |key: Key| {
        let mut sum = rotated(key, &b);
        (0..size).for_each(|i| sum[(i, i)] += a[i]);
        top(&sum)
    };
    check("free sum", draws(&plus), law.outliers(8.0).unwrap()[0]);
    let law = FreeProduct::new(coin(), flat()).unwrap();
    let times = |key: Key| {
        let turned = rotated(key, &b);
        top(&Mat::from_fn(size, size, |i, j| (a[i] * a[j]).sqrt() * turned[(i, j)]))
    };
    check("free product", draws(&times), law.outliers(8.0).unwrap()[0]);
    // A column with a variance of its own: the right singular vector, an eigenvector of B^(1/2) X' A X B^(1/2) / n.
    a[size - 1] = 3.0;
    columns[2 * size - 1] = 30.0;
    let law = SeparableCovariance::new(coin(), flat(), 0.5).unwrap();
    let outlier = law.column_outliers(30.0).unwrap();
    let dual = |key: Key| {
        // X' A X is 2n x 2n: transposed, and divided by n = 2 size as before.
        let matrix = covariance(key, &columns, &a);
        let (value, overlap) = top(&matrix);
        (value / 2.0, overlap)
    };
    check("columns", (0..50).map(|k| dual(Key::new(k))).unzip(), outlier[0]);
}

#[test]
fn outliers_of_convolutions_lead_back_to_their_spikes() {
    let coin = || Discrete::new(&[1.0, 3.0], &[0.5, 0.5]).unwrap();
    let flat = || Uniform::new(0.2, 2.0).unwrap();
    let near =
        |actual: f64, expected: f64| assert!((actual - expected).abs() < 1e-9 * expected, "{actual}, {expected}");
    for spike in [6.0, 40.0, 1e4] {
        let sum = FreeSum::new(coin(), flat()).unwrap();
        near(sum.spike(sum.outliers(spike).unwrap()[0].position).unwrap(), spike);
        let product = FreeProduct::new(coin(), flat()).unwrap();
        near(product.spike(product.outliers(spike).unwrap()[0].position).unwrap(), spike);
        let law = SeparableCovariance::new(coin(), flat(), 0.5).unwrap();
        let top = law.row_outliers(2.0 * spike).unwrap().pop().unwrap();
        near(law.row_spike(top.position).unwrap(), 2.0 * spike);
        let top = law.column_outliers(5.0 * spike).unwrap().pop().unwrap();
        near(law.column_spike(top.position).unwrap(), 5.0 * spike);
    }
    let sum = FreeSum::new(coin(), flat()).unwrap();
    assert!(sum.spike(sum.support()[0].upper).unwrap_err().to_string().contains("outside of the bulk"));
    assert!(FreeProduct::new(coin(), flat()).unwrap().spike(-1.0).unwrap_err().to_string().contains("above 0"));
}

/// Below the threshold: the top eigenvalue is that of noise, and n times the squared overlap stays bounded as n grows.
#[test]
fn hidden_spikes_leave_no_trace() {
    let population = || Discrete::new(&[1.0, 3.0], &[0.5, 0.5]).unwrap();
    let law = GeneralizedMarchenkoPastur::new(population(), 0.5).unwrap();
    let hidden = law.hidden_spikes()[0].upper;
    // Halfway from the largest of the population to the threshold.
    let spike = (3.0 + hidden) / 2.0;
    assert!(!law.outlier(spike).unwrap().detached);
    let mut scaled = Vec::new();
    for size in [100, 200, 400] {
        let mut rows = quantiles(&population(), size);
        rows[size - 1] = spike;
        let edges = law.edges(2 * size).unwrap();
        let edge = edges[edges.len() - 1];
        let (mut tops, mut overlaps) = (Vec::new(), Vec::new());
        for draw in 0..50 {
            let (value, overlap) = top(&covariance(Key::new(draw), &rows, &vec![1.0; 2 * size]));
            tops.push(edge.standardize(value).unwrap());
            overlaps.push(size as f64 * overlap);
        }
        let (average, error) = mean(&tops);
        // E TW plus the correction of order n^(-1/3), and the spike's own of the same order, upwards.
        let correction = 2.0 * (size as f64).powf(-1.0 / 3.0) + 0.2;
        assert!((average + 1.2065).abs() < 4.0 * error + correction, "{size}: {average} +- {error}");
        scaled.push(mean(&overlaps).0);
    }
    // Of order 1, not n: as much for all sizes, by a factor less than the size's.
    let (least, most) = scaled.iter().fold((f64::MAX, 0.0f64), |(l, m), &x| (l.min(x), m.max(x)));
    assert!(most < 3.0 * least && most < 40.0, "{scaled:?}");
}
