//! Edges and the number of outliers, against laws, samples and Ritz values.

use std::f64::consts::PI;

use eigenscape::Error;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::krylov::Eigensolver;
use eigenscape::network::{Activation, Perceptron, Role};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::Compressed;
use eigenscape::random::Key;
use eigenscape::random_matrix::{
    Edge, GaussianOrthogonal, Law, MarchenkoPastur, OutlierTest, Semicircle, Side, SpikedCovariance, TestedEigenvalue,
    TracyWidom, Wishart,
};
use proptest::prelude::*;

use crate::oracle::{cases, symmetric_eigenvalues};
use crate::tracy_widom::{entry, number, numbers};

/// Mean, variance, and the standard errors of both.
fn statistics(values: &[f64]) -> [(f64, f64); 2] {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let central = |power: i32| values.iter().map(|value| (value - mean).powi(power)).sum::<f64>() / count;
    let variance = central(2);
    [(mean, (variance / count).sqrt()), (variance, ((central(4) - variance * variance) / count).sqrt())]
}

/// Whether events of a probability may have occurred so often, within 4 standard errors.
fn plausible(events: usize, draws: usize, probability: f64) -> bool {
    let error = (probability * (1.0 - probability) / draws as f64).sqrt();
    (events as f64 / draws as f64 - probability).abs() <= 4.0 * error
}

/// The eigenvalues of a sample covariance whose first population eigenvalues are the spikes and the others `variance`.
fn covariance(key: Key, dimension: usize, samples: usize, variance: f64, spikes: &[f64]) -> Vec<f64> {
    symmetric_eigenvalues(&gram(&data(key, dimension, samples, variance, spikes), dimension, samples), dimension)
}

/// Samples, one a row.
fn data(key: Key, dimension: usize, samples: usize, variance: f64, spikes: &[f64]) -> Vec<f64> {
    let mut entries = vec![0.0; dimension * samples];
    key.normal(0, &mut entries);
    for (place, entry) in entries.iter_mut().enumerate() {
        *entry *= spikes.get(place % dimension).copied().unwrap_or(variance).sqrt();
    }
    entries
}

fn gram(rows: &[f64], dimension: usize, samples: usize) -> Vec<f64> {
    let mut matrix = vec![0.0; dimension * dimension];
    for row in rows.chunks_exact(dimension) {
        for (i, x) in row.iter().enumerate() {
            matrix[i * dimension..][..dimension].iter_mut().zip(row).for_each(|(entry, y)| *entry += x * y);
        }
    }
    matrix.iter_mut().for_each(|entry| *entry /= samples as f64);
    matrix
}

fn relative(actual: f64, expected: f64) -> f64 {
    (actual / expected - 1.0).abs()
}

#[test]
fn helpers_can_fail() {
    let [(mean, error), (variance, _)] = statistics(&[1.0, 3.0, 1.0, 3.0]);
    assert_eq!((mean, error, variance), (2.0, 0.5, 1.0));
    assert!(plausible(50, 1000, 0.05) && !plausible(80, 1000, 0.05) && !plausible(20, 1000, 0.05));
    let values = covariance(Key::new(0), 20, 40, 1.0, &[50.0]);
    assert!(values[19] > 20.0 && values[18] < 5.0);
}

// ---------------------------------------------------------------------------------------------------------------------
// The edge.

#[test]
fn edges_tend_to_those_of_the_laws() {
    // The density ends like (a / pi) sqrt(distance), and the scale is (a x number of eigenvalues)^(-2/3).
    let check = |edge: Edge, law: &dyn Law, number: f64| {
        let part = law.support()[0];
        let width = part.upper - part.lower;
        let (end, inwards) = if edge.side() == Side::Upper { (part.upper, -1.0) } else { (part.lower, 1.0) };
        assert!((edge.location() - end).abs() < 1e-3 * width, "{edge:?} {end}");
        let distance = 1e-5 * width;
        let slope = PI * law.density(end + inwards * distance).unwrap() / distance.sqrt();
        assert!(relative(edge.scale(), (slope * number).powf(-2.0 / 3.0)) < 1e-3, "{edge:?}");
    };
    let size = 30_000;
    for (dimension, samples) in [(size, 3 * size), (2 * size, size), (size, 50 * size)] {
        let law = MarchenkoPastur::new(dimension as f64 / samples as f64, 2.5).unwrap();
        for side in [Side::Lower, Side::Upper] {
            check(Edge::wishart(dimension, samples, 2.5, side).unwrap(), &law, dimension as f64);
        }
    }
    let law = Semicircle::new(0.7).unwrap();
    for side in [Side::Lower, Side::Upper] {
        check(Edge::gaussian_orthogonal(size, 0.7, side).unwrap(), &law, size as f64);
        let complex = Edge::gaussian_unitary(size, 0.7, side).unwrap();
        check(complex, &law, size as f64);
        assert_eq!(complex.law(), TracyWidom::complex());
    }
}

#[test]
fn formulas_are_those_of_johnstone_and_ma() {
    // In the normalisation X X' and the textbook's form of each, the first order beside it.
    let edge = Edge::wishart(50, 100, 100.0, Side::Upper).unwrap();
    let (few, many) = (49.5f64.sqrt(), 99.5f64.sqrt());
    assert!(relative(edge.location(), (few + many).powi(2)) < 1e-14);
    assert!(relative(edge.scale(), (few + many) * (1.0 / few + 1.0 / many).cbrt()) < 1e-14);
    // Johnstone's first order, (n - 1, p), differs by terms of relative order 1 / p.
    let first = (99f64.sqrt() + 50f64.sqrt(), 1.0 / 99f64.sqrt() + 1.0 / 50f64.sqrt());
    assert!(relative(edge.location(), first.0.powi(2)) < 1.0 / 50.0);
    assert!(relative(edge.scale(), first.0 * first.1.cbrt()) < 1.0 / 50.0);
    let lower = Edge::wishart(50, 100, 100.0, Side::Lower).unwrap();
    assert!(relative(lower.location(), (many - few).powi(2)) < 1e-13);
    assert!(relative(lower.scale(), (many - few) * (1.0 / few - 1.0 / many).cbrt()) < 1e-13);
    // Unit Gaussian weight: eigenvalues sqrt(n / 2) of ours, edge sqrt(2n - 1), scale (n - 1)^(-1/6) / sqrt(2).
    let edge = Edge::gaussian_orthogonal(40, 20f64.sqrt(), Side::Upper).unwrap();
    assert!(relative(edge.location(), 79f64.sqrt()) < 1e-14);
    assert!(relative(edge.scale(), 39f64.powf(-1.0 / 6.0) / 2f64.sqrt()) < 1e-14);
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn places_and_probabilities_are_inverse(
        location in -10.0..10.0f64, scale in -9.0..3.0f64, u in 1e-5..1.0f64, upper: bool, complex: bool,
    ) {
        let side = if upper { Side::Upper } else { Side::Lower };
        let scale = 10f64.powf(scale);
        let mut edge = Edge::new(location, scale, side).unwrap();
        if complex {
            edge = edge.complex();
        }
        // A place rounds to an ulp of the location, which is many scales at the smallest.
        let rounding = 1e-13 + 8e-15 / scale;
        let threshold = edge.threshold(u).unwrap();
        prop_assert!((edge.p_value(threshold).unwrap() - u).abs() < rounding);
        prop_assert!((edge.log_p_value(threshold).unwrap() - u.ln()).abs() < rounding / u);
        let quantile = edge.quantile(u).unwrap();
        let beyond = edge.p_value(quantile).unwrap();
        let below = if upper { 1.0 - beyond } else { beyond };
        prop_assert!((below - u).abs() < rounding);
        let interval = edge.interval(u).unwrap();
        let inside = (edge.p_value(interval.lower).unwrap() - edge.p_value(interval.upper).unwrap()).abs();
        prop_assert!((inside - u).abs() < 2.0 * rounding);
        // Mirrored, everything is mirrored.
        let other = if upper { Side::Lower } else { Side::Upper };
        let mut mirror = Edge::new(-location, scale, other).unwrap();
        if complex {
            mirror = mirror.complex();
        }
        prop_assert_eq!(mirror.threshold(u).unwrap(), -threshold);
        prop_assert_eq!(mirror.mean(), -edge.mean());
        prop_assert_eq!(mirror.standard_deviation(), edge.standard_deviation());
        prop_assert_eq!(mirror.p_value(-quantile).unwrap(), beyond);
    }
}

/// Mean, variance and exceedance of an edge's extremes, in its units; bounds of 4 standard errors, and a share of
/// systematic error of order size^(-2/3) in the mean and the variance.
#[track_caller]
fn assert_extremes(what: &str, edge: Edge, extremes: &[f64], share: f64) {
    let scaled: Vec<f64> = extremes.iter().map(|value| edge.standardize(*value).unwrap()).collect();
    let [(mean, mean_error), (variance, variance_error)] = statistics(&scaled);
    let law = edge.law();
    let beyond = scaled.iter().filter(|s| law.survival(**s).unwrap() < 0.05).count();
    println!(
        "{what}: mean {mean:.3} +- {mean_error:.3} ({:.3}), variance {variance:.3} +- {variance_error:.3} ({:.3}), \
         beyond 5 %: {beyond} of {}",
        law.mean(),
        law.variance(),
        extremes.len()
    );
    assert!((mean - law.mean()).abs() < 4.0 * mean_error + share, "{what}");
    assert!((variance - law.variance()).abs() < 4.0 * variance_error + share, "{what}");
    assert!(plausible(beyond, extremes.len(), 0.05), "{what}");
}

#[test]
fn extremes_of_real_noise_follow_the_law() {
    let (size, draws) = (60, 1000);
    let ensemble = GaussianOrthogonal::new(size, 1.5).unwrap();
    let spectra: Vec<Vec<f64>> =
        (0..draws).map(|draw| ensemble.eigenvalues(Key::new(0).split(draw)).unwrap()).collect();
    let tops: Vec<f64> = spectra.iter().map(|values| values[size - 1]).collect();
    let bottoms: Vec<f64> = spectra.iter().map(|values| values[0]).collect();
    let edge = |side| Edge::gaussian_orthogonal(size, 1.5, side).unwrap();
    assert_extremes("symmetric, top", edge(Side::Upper), &tops, 60f64.powf(-2.0 / 3.0));
    assert_extremes("symmetric, bottom", edge(Side::Lower), &bottoms, 60f64.powf(-2.0 / 3.0));
    for (child, (dimension, samples)) in [(50, 100), (90, 45), (10, 400)].into_iter().enumerate() {
        let ensemble = Wishart::new(dimension, samples, 0.3).unwrap();
        let few = dimension.min(samples);
        let key = Key::new(1).split(child as u64);
        let spectra: Vec<Vec<f64>> = (0..draws).map(|draw| ensemble.eigenvalues(key.split(draw)).unwrap()).collect();
        let tops: Vec<f64> = spectra.iter().map(|values| values[dimension - 1]).collect();
        let bottoms: Vec<f64> = spectra.iter().map(|values| values[dimension - few]).collect();
        let edge = |side| Edge::wishart(dimension, samples, 0.3, side).unwrap();
        let share = (few as f64).powf(-2.0 / 3.0);
        assert_extremes(&format!("covariance {dimension}, {samples}, top"), edge(Side::Upper), &tops, share);
        // The lower edge feels 0, by size^(-1/3); it is safe, not exact.
        let scaled: Vec<f64> = bottoms.iter().map(|value| edge(Side::Lower).standardize(*value).unwrap()).collect();
        let [(mean, error), _] = statistics(&scaled);
        println!("covariance {dimension}, {samples}, bottom: mean {mean:.3} +- {error:.3}");
        assert!((mean - TracyWidom::real().mean()).abs() < 4.0 * error + 0.2);
    }
}

#[test]
fn extremes_of_complex_noise_follow_the_law() {
    // The Hermitian A + iB as the symmetric (A, -B; B, A), whose eigenvalues come in pairs.
    let (size, draws) = (40, 400);
    let tops: Vec<f64> = (0..draws)
        .map(|draw| {
            let mut normal = vec![0.0; 2 * size * size];
            Key::new(2).split(draw).normal(0, &mut normal);
            let (real, imaginary) = normal.split_at(size * size);
            let scale = (4.0 * size as f64).sqrt().recip();
            let mut matrix = vec![0.0; 4 * size * size];
            for (i, j) in (0..size).flat_map(|i| (0..size).map(move |j| (i, j))) {
                let a = (real[i * size + j] + real[j * size + i]) * scale;
                let b = (imaginary[i * size + j] - imaginary[j * size + i]) * scale;
                let mut set = |row: usize, col: usize, value: f64| matrix[row * 2 * size + col] = value;
                set(i, j, a);
                set(size + i, size + j, a);
                set(size + i, j, b);
                set(i, size + j, -b);
            }
            symmetric_eigenvalues(&matrix, 2 * size)[2 * size - 1]
        })
        .collect();
    let edge = Edge::gaussian_unitary(size, 1.0, Side::Upper).unwrap();
    assert_extremes("Hermitian, top", edge, &tops, 40f64.powf(-2.0 / 3.0));
}

#[test]
fn a_simulation_from_elsewhere_agrees() {
    // A covariance with 200 dimensions, 400 samples and variance 0.8, drawn by another program, in first-order units.
    let entry = entry("TW_edge_C5_N100_P200_sz0");
    let of = |name: &str| number(&entry["value"][name]);
    let (edge, gamma, variance) = (of("edge"), of("gamma"), of("var"));
    let ours = Edge::wishart(200, 400, 0.8, Side::Upper).unwrap();
    assert!(relative(ours.location(), edge) < 2e-3 && relative(ours.scale(), gamma) < 1e-2);
    assert!((edge + gamma * of("mean") - ours.mean()).abs() < 4.0 * gamma * of("mean_se"));
    // The standard error of a variance, at the law's kurtosis.
    let draws = number(&entry["inputs"]["draws"]);
    let error = variance * ((2.0 + TracyWidom::real().excess_kurtosis()) / draws).sqrt();
    assert!((variance - (ours.standard_deviation() / gamma).powi(2)).abs() < 4.0 * error);
    // Its units are the looser ones: its share beyond is within the errors of the level, and so is ours.
    let (shares, levels) = (numbers(&entry["value"]["exceed"]), numbers(&entry["value"]["nominal"]));
    for (share, level) in shares.into_iter().zip(levels) {
        let quantile = TracyWidom::real().upper_quantile(level).unwrap();
        assert!(plausible((share * draws).round() as usize, draws as usize, level));
        let p_value = ours.p_value(edge + gamma * quantile).unwrap();
        assert!(plausible((share * draws).round() as usize, draws as usize, p_value));
    }
}

#[test]
fn impossible_edges_are_refused() {
    let refused = |result: Result<Edge, Error>| assert!(result.is_err(), "{result:?}");
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(Edge::new(0.0, scale, Side::Upper));
        refused(Edge::wishart(10, 20, scale, Side::Upper));
        refused(Edge::gaussian_orthogonal(10, scale, Side::Upper));
        refused(Edge::gaussian_unitary(10, scale, Side::Lower));
    }
    refused(Edge::new(f64::NAN, 1.0, Side::Upper));
    for size in [0, 1] {
        refused(Edge::wishart(size, 20, 1.0, Side::Upper));
        refused(Edge::wishart(20, size, 1.0, Side::Upper));
        refused(Edge::gaussian_orthogonal(size, 1.0, Side::Lower));
        refused(Edge::gaussian_unitary(size, 1.0, Side::Upper));
    }
    // Hard: no difference of sizes, or too little.
    for (dimension, samples) in [(50, 50), (50, 51), (50, 60), (60, 50), (5, 10)] {
        refused(Edge::wishart(dimension, samples, 1.0, Side::Lower));
        assert!(Edge::wishart(dimension, samples, 1.0, Side::Upper).is_ok());
    }
    let message = Edge::wishart(50, 60, 1.0, Side::Lower).unwrap_err().to_string();
    assert!(message.contains("2.9") && message.contains("hard"), "{message}");
    let edge = Edge::new(1.0, 0.1, Side::Upper).unwrap();
    assert!(edge.p_value(f64::NAN).is_err() && edge.threshold(0.0).is_err() && edge.interval(1.0).is_err());
    assert_eq!(edge.p_value(f64::INFINITY), Ok(0.0));
}

// ---------------------------------------------------------------------------------------------------------------------
// The number of outliers.

#[test]
fn the_error_rate_is_kept() {
    let draws = 1000;
    let level = 0.05;
    let limit = level + 4.0 * (level * (1.0 - level) / draws as f64).sqrt();
    let check = |what: &str, truth: usize, count: &dyn Fn(u64) -> usize| {
        let wrong = (0..draws).filter(|draw| count(*draw) > truth).count();
        println!("{what}: more than {truth} in {wrong} of {draws} at nominal {level}");
        assert!((wrong as f64 / draws as f64) < limit, "{what}");
        // Not by never saying anything.
        assert!(wrong > 5, "{what}");
    };
    for (child, (dimension, samples)) in [(20, 40), (50, 100), (80, 40), (10, 200)].into_iter().enumerate() {
        let key = Key::new(3).split(child as u64);
        let ensemble = Wishart::new(dimension, samples, 3.0).unwrap();
        let unknown = OutlierTest::wishart(dimension, samples).unwrap().level(level).unwrap();
        let known = unknown.clone().variance(3.0).unwrap();
        let noise = |draw: u64| ensemble.eigenvalues(key.split(draw)).unwrap();
        check(&format!("{dimension}, {samples}, variance known"), 0, &|draw| known.run(&noise(draw)).unwrap().number());
        check(&format!("{dimension}, {samples}, unknown"), 0, &|draw| unknown.run(&noise(draw)).unwrap().number());
    }
    let (key, spikes) = (Key::new(4), [30.0, 12.0]);
    let spiked = |draw: u64| covariance(key.split(draw), 40, 80, 1.0, &spikes);
    let unknown = OutlierTest::wishart(40, 80).unwrap().level(level).unwrap();
    check("two spikes, unknown", 2, &|draw| unknown.run(&spiked(draw)).unwrap().number());
    let known = unknown.clone().variance(1.0).unwrap();
    check("two spikes, known", 2, &|draw| known.run(&spiked(draw)).unwrap().number());
    let ensemble = GaussianOrthogonal::new(50, 1.0).unwrap().spike(-3.0).unwrap();
    let test = OutlierTest::gaussian_orthogonal(50, 1.0).unwrap().level(level).unwrap();
    check("symmetric with one spike", 1, &|draw| {
        test.run(&ensemble.eigenvalues(Key::new(5).split(draw)).unwrap()).unwrap().number()
    });
}

#[test]
fn spikes_beyond_the_threshold_are_found() {
    // 1.5 times the threshold of Baik, Ben Arous and Péché, at a level of 1 %.
    for (child, (dimension, samples, least)) in [(50, 100, 0.2), (200, 400, 0.6)].into_iter().enumerate() {
        let bulk = MarchenkoPastur::new(dimension as f64 / samples as f64, 1.0).unwrap();
        let spike = 1.5 * SpikedCovariance::new(bulk, 1.0).unwrap().threshold();
        let ensemble = Wishart::new(dimension, samples, 1.0).unwrap().spike(spike).unwrap();
        let unknown = OutlierTest::wishart(dimension, samples).unwrap();
        let known = unknown.clone().variance(1.0).unwrap();
        let draws = 100;
        let mut found = [0, 0];
        for draw in 0..draws {
            let values = ensemble.eigenvalues(Key::new(6).split(child as u64).split(draw)).unwrap();
            found[0] += usize::from(known.run(&values).unwrap().number() >= 1);
            found[1] += usize::from(unknown.run(&values).unwrap().number() >= 1);
        }
        println!("power at {dimension}, {samples}, spike {spike:.2}: {found:?} of {draws} (variance known, unknown)");
        assert!(found.iter().all(|found| *found as f64 > least * draws as f64), "{found:?}");
    }
    let ensemble = GaussianOrthogonal::new(100, 1.0).unwrap().spike(1.5).unwrap();
    let test = OutlierTest::gaussian_orthogonal(100, 1.0).unwrap();
    let found = (0..100)
        .filter(|draw| test.run(&ensemble.eigenvalues(Key::new(7).split(*draw)).unwrap()).unwrap().number() >= 1)
        .count();
    println!("power at symmetric 100, spike 1.5: {found} of 100");
    assert!(found > 10);
}

#[test]
fn spikes_below_the_threshold_leave_the_edge_alone() {
    // Half of the threshold's distance from the noise: the top is that of noise, but for a size^(-1/3) of the scale.
    let (dimension, samples, draws) = (200, 400, 200);
    let bulk = MarchenkoPastur::new(0.5, 1.0).unwrap();
    let spike = (1.0 + SpikedCovariance::new(bulk, 1.0).unwrap().threshold()) / 2.0;
    let ensemble = Wishart::new(dimension, samples, 1.0).unwrap().spike(spike).unwrap();
    let edge = Edge::wishart(dimension, samples, 1.0, Side::Upper).unwrap();
    let tops: Vec<f64> =
        (0..draws).map(|draw| ensemble.eigenvalues(Key::new(8).split(draw)).unwrap()[dimension - 1]).collect();
    let [(mean, error), _] = statistics(&tops);
    println!("top below the threshold: {mean:.4} +- {error:.4}, noise {:.4}", edge.mean());
    assert!((mean - edge.mean()).abs() < 4.0 * error + 0.2 * edge.scale());
}

#[test]
fn the_count_tells_what_it_found() {
    let spikes = [40.0, 25.0, 12.0];
    let values = covariance(Key::new(0), 60, 150, 2.0, &spikes);
    let count = OutlierTest::wishart(60, 150).unwrap().run(&values).unwrap();
    assert_eq!(count.number(), 3);
    assert!(relative(count.variance.unwrap(), 2.0) < 0.05, "{count:?}");
    let side = &count.sides[0];
    assert_eq!((count.level, side.side, count.sides.len()), (0.01, Side::Upper, 1));
    for (found, value) in side.outliers.iter().zip(values.iter().rev()) {
        assert_eq!((found.value, found.error), (*value, 0.0));
        assert!(found.value > found.threshold && found.p_value < 0.01);
    }
    // The first threshold knows of no spike and takes them all for noise.
    assert!(side.outliers[0].threshold > side.outliers[1].threshold);
    let next = side.next.unwrap();
    assert_eq!(next.value, values[56]);
    assert!(next.value <= next.threshold && next.p_value >= 0.01);
    // Order and scale do not matter.
    let mut shuffled = values.clone();
    shuffled.reverse();
    shuffled.rotate_left(17);
    assert_eq!(OutlierTest::wishart(60, 150).unwrap().trace(values.iter().sum()).unwrap().run(&shuffled).unwrap(), {
        OutlierTest::wishart(60, 150).unwrap().trace(values.iter().sum()).unwrap().run(&values).unwrap()
    });
    for scale in [1e-100, 1e-8, 1e100] {
        let scaled: Vec<f64> = values.iter().map(|value| value * scale).collect();
        let other = OutlierTest::wishart(60, 150).unwrap().run(&scaled).unwrap();
        assert_eq!(other.number(), 3);
        assert!(relative(other.sides[0].next.unwrap().p_value, next.p_value) < 1e-9);
    }
}

#[test]
fn many_equal_spikes_hide_each_other_unless_the_variance_is_told() {
    // 30 / (1 + sqrt(1/4))^2 = 13.3.
    let count = |spikes: usize| {
        let values = covariance(Key::new(9).split(spikes as u64), 30, 120, 1.0, &vec![100.0; spikes]);
        let unknown = OutlierTest::wishart(30, 120).unwrap();
        let known = unknown.clone().variance(1.0).unwrap();
        (unknown.run(&values).unwrap().number(), known.run(&values).unwrap().number())
    };
    assert_eq!(count(6), (6, 6));
    assert_eq!(count(25), (0, 25));
}

#[test]
fn the_noise_variance_is_the_one_that_explains_the_trace() {
    // Built backwards: two spikes at the places where the limits put them, and bulk eigenvalues of the right sum.
    let (dimension, samples, variance) = (102, 300, 0.7);
    let bulk = MarchenkoPastur::new(100.0 / 300.0, variance).unwrap();
    let spikes = [9.0, 4.0];
    let places = spikes.map(|spike| SpikedCovariance::new(bulk, spike).unwrap().outlier().position);
    let rest = (100.0 * variance + spikes.iter().sum::<f64>() - places.iter().sum::<f64>()) / 100.0;
    let mut values = vec![rest; 100];
    values.extend(places);
    let count = OutlierTest::wishart(dimension, samples).unwrap().run(&values).unwrap();
    assert_eq!(count.number(), 2);
    assert!(relative(count.variance.unwrap(), variance) < 1e-13, "{count:?}");
}

#[test]
fn both_sides_and_known_edges_are_tested() {
    let ensemble = GaussianOrthogonal::new(80, 2.0).unwrap().spike(-9.0).unwrap();
    let mut values = ensemble.eigenvalues(Key::new(0)).unwrap();
    let count = OutlierTest::gaussian_orthogonal(80, 2.0).unwrap().run(&values).unwrap();
    assert_eq!(count.sides.iter().map(|side| side.side).collect::<Vec<_>>(), [Side::Lower, Side::Upper]);
    assert_eq!(count.sides.iter().map(|side| side.outliers.len()).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(count.sides[0].outliers[0].value, values[0]);
    let edge = |side| Edge::gaussian_orthogonal(80, 2.0, side).unwrap();
    // A threshold has half of the level when there are two of them.
    let both = OutlierTest::edges(edge(Side::Lower), edge(Side::Upper)).unwrap().level(0.02).unwrap();
    let one = OutlierTest::edge(edge(Side::Lower)).level(0.01).unwrap();
    values[79] = 7.0;
    let (both, one) = (both.run(&values).unwrap(), one.run(&values).unwrap());
    assert_eq!((both.number(), one.number()), (2, 1));
    assert_eq!(both.sides[0].outliers[0], one.sides[0].outliers[0]);
    assert_eq!(both.sides[0].outliers[0].threshold, edge(Side::Lower).threshold(0.01).unwrap());
    assert!(OutlierTest::edges(edge(Side::Upper), edge(Side::Lower)).is_err());
}

#[test]
fn an_interval_counts_only_as_a_whole() {
    let edge = Edge::new(2.0, 0.1, Side::Upper).unwrap();
    let test = OutlierTest::edge(edge);
    let threshold = edge.threshold(0.01).unwrap();
    let pairs = |error: f64| [(3.0, 1e-9), (1.5, 0.0), (2.6, error)];
    let clear = test.ritz(&pairs((2.6 - threshold) * 0.99)).unwrap();
    let unclear = test.ritz(&pairs((2.6 - threshold) * 1.01)).unwrap();
    assert_eq!((clear.number(), unclear.number()), (2, 1));
    let next = unclear.sides[0].next.unwrap();
    assert_eq!(next.value, 2.6);
    assert!(next.p_value > 0.01 && edge.p_value(next.value).unwrap() < 0.01);
    // What is not known at all hides nothing behind it.
    assert_eq!(test.ritz(&[(9.0, f64::INFINITY), (3.0, 0.0)]).unwrap().number(), 1);
    // Nothing is left: the number is a lower bound.
    let all = test.ritz(&[(3.0, 0.0)]).unwrap();
    assert_eq!((all.number(), all.sides[0].next), (1, None));
    let lower = OutlierTest::edge(Edge::new(-2.0, 0.1, Side::Lower).unwrap());
    assert_eq!(lower.ritz(&[(-3.0, 0.1), (-2.6, 0.5), (3.0, 0.0)]).unwrap().number(), 1);
}

#[test]
fn outliers_of_a_hessian_are_read_off_its_ritz_values() {
    // Least squares on Gaussian inputs: the Hessian of the weights is the covariance of the inputs, noise and three spikes.
    let (dimension, samples, spikes) = (60, 240, [14.0, 9.0, 6.0]);
    let inputs = data(Key::new(0), dimension, samples, 1.0, &spikes);
    let expected = symmetric_eigenvalues(&gram(&inputs, dimension, samples), dimension);
    let mut targets = vec![0.0; samples];
    Key::new(1).normal(0, &mut targets);
    let network = Perceptron::new(&[dimension, 1], Activation::Tanh).unwrap();
    let examples = Examples::new(inputs, dimension, targets, 1).unwrap();
    let risk = Risk::new(&network, Loss::SquaredError, examples).unwrap();
    let weights = risk.selection(|block| block.role == Role::Weight);
    let point = risk.at(&vec![0.1; dimension + 1]).unwrap();
    let hessian = Compressed::new(point.hessian(), &weights).unwrap();
    let pairs = Eigensolver::new(6, Key::new(2)).run(&hessian).unwrap();
    let ritz: Vec<(f64, f64)> = pairs.values.iter().copied().zip(pairs.residual_norms.iter().copied()).collect();
    let trace: f64 = expected.iter().sum();
    let test = OutlierTest::wishart(dimension, samples).unwrap().trace(trace).unwrap();
    let (read, whole) = (test.ritz(&ritz).unwrap(), test.run(&expected).unwrap());
    assert_eq!((read.number(), whole.number()), (3, 3));
    let tested = |count: &eigenscape::random_matrix::OutlierCount| -> Vec<TestedEigenvalue> {
        count.sides[0].outliers.iter().chain(&count.sides[0].next).copied().collect()
    };
    for (read, whole) in tested(&read).iter().zip(tested(&whole)) {
        assert!(relative(read.value, whole.value) < 1e-6 && relative(read.threshold, whole.threshold) < 1e-6);
    }
    assert!(relative(read.variance.unwrap(), 1.0) < 0.05);
    // With the variance told, no trace is needed.
    let known = OutlierTest::wishart(dimension, samples).unwrap().variance(1.0).unwrap();
    assert_eq!(known.ritz(&ritz).unwrap().number(), 3);
}

#[test]
fn degenerate_spectra_are_counted() {
    // All directions but one are signal: what is left has no edge, and the count ends there.
    let test = OutlierTest::wishart(3, 1000).unwrap().variance(1.0).unwrap();
    let count = test.run(&[1e3, 1e4, 1e5]).unwrap();
    assert_eq!((count.number(), count.sides[0].next), (2, None));
    let test = OutlierTest::gaussian_orthogonal(2, 1.0).unwrap();
    assert_eq!(test.run(&[0.0, 0.0]).unwrap().number(), 0);
    // No noise at all: the zero matrix, and rank one and two with the rounding that a solver leaves.
    let test = OutlierTest::wishart(5, 20).unwrap();
    let counted = |values: [f64; 5]| {
        let count = test.run(&values).unwrap();
        (count.number(), count.variance, count.sides[0].next)
    };
    assert_eq!(counted([0.0; 5]), (0, Some(0.0), None));
    assert_eq!(counted([0.0, 0.0, 0.0, 0.0, 7.0]), (1, Some(0.0), None));
    assert_eq!(counted([-1e-16, 0.0, 2e-16, 9e-16, 7.0]), (1, Some(0.0), None));
    assert_eq!(counted([-1e-16, 0.0, 2e-16, 1.0, 7.0]), (2, Some(0.0), None));
    // Unknown variance, equal eigenvalues, and zeros from fewer samples than dimensions.
    let test = OutlierTest::wishart(4, 2).unwrap();
    assert_eq!(test.run(&[0.0, 0.0, 1.0, 1.0]).unwrap().number(), 0);
    assert_eq!(OutlierTest::wishart(4, 50).unwrap().run(&[2.0; 4]).unwrap().number(), 0);
}

#[test]
fn impossible_tests_are_refused() {
    assert!(OutlierTest::wishart(1, 10).is_err() && OutlierTest::wishart(10, 1).is_err());
    assert!(OutlierTest::gaussian_orthogonal(1, 1.0).is_err() && OutlierTest::gaussian_orthogonal(4, 0.0).is_err());
    assert!(OutlierTest::gaussian_orthogonal(4, 1.0).unwrap().variance(1.0).is_err());
    let test = OutlierTest::wishart(4, 10).unwrap();
    for level in [0.0, 1.0, -0.5, f64::NAN] {
        assert!(test.clone().level(level).is_err());
    }
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(test.clone().variance(value).is_err() && test.clone().trace(value).is_err());
    }
    assert!(matches!(test.run(&[1.0; 3]), Err(Error::Length { .. })));
    assert!(matches!(test.run(&[1.0, f64::NAN, 1.0, 1.0]), Err(Error::NotFinite { index: 1, .. })));
    assert!(matches!(test.run(&[-1.0; 4]), Err(Error::OutOfRange { .. })));
    assert!(matches!(test.ritz(&[(1.0, 0.0)]), Err(Error::Missing { .. })));
    assert!(matches!(test.ritz(&[(1.0, 0.0); 5]), Err(Error::AboveLimit { .. })));
    let told = test.clone().variance(1.0).unwrap();
    assert!(matches!(told.ritz(&[(1.0, -1.0)]), Err(Error::OutOfRange { .. })));
    assert!(matches!(told.ritz(&[(1.0, f64::NAN)]), Err(Error::OutOfRange { .. })));
    assert!(matches!(told.ritz(&[(f64::INFINITY, 0.0)]), Err(Error::NotFinite { .. })));
    assert!(matches!(told.ritz(&[]), Err(Error::Empty { .. })));
    // A trace that belongs to another matrix.
    let other = test.trace(1.0).unwrap();
    assert!(matches!(other.run(&[1.0, 1.0, 1.0, 100.0]), Err(Error::OutOfRange { .. })));
}
