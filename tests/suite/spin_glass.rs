//! Spin glasses: models against direct sums, counts of critical points against exhaustive search, limits against finite sizes.

use eigenscape::landscape::{GaussianLandscape, KacRice, SphericalSpinGlass, SpinGlassComplexity};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::to_dense;
use eigenscape::optimize::{LimitedMemoryBfgs, Stopping};
use eigenscape::random::Key;
use eigenscape::random_matrix::GaussianOrthogonal;
use eigenscape::subspace::Spherical;

/// A three-spin model by plain loops, from the couplings that the key gives.
struct Loops {
    n: usize,
    /// Symmetrized, with the model's factor.
    tensor: Vec<f64>,
}

impl Loops {
    fn new(n: usize, key: Key) -> Self {
        let mut j = vec![0.0; n * n * n];
        key.normal(0, &mut j);
        let at = |a: usize, b: usize, c: usize| j[(a * n + b) * n + c];
        let mut tensor = Vec::with_capacity(n * n * n);
        for a in 0..n {
            for b in 0..n {
                for c in 0..n {
                    let sum = at(a, b, c) + at(a, c, b) + at(b, a, c) + at(b, c, a) + at(c, a, b) + at(c, b, a);
                    tensor.push(sum / 6.0 / n as f64);
                }
            }
        }
        Loops { n, tensor }
    }

    /// Energy, gradient and Hessian in flat space.
    fn at(&self, s: &[f64]) -> (f64, Vec<f64>, Vec<f64>) {
        let n = self.n;
        let contracted: Vec<f64> =
            self.tensor.chunks_exact(n).map(|row| row.iter().zip(s).map(|(t, s)| t * s).sum()).collect();
        let gradient: Vec<f64> =
            contracted.chunks_exact(n).map(|row| 3.0 * row.iter().zip(s).map(|(t, s)| t * s).sum::<f64>()).collect();
        let energy = gradient.iter().zip(s).map(|(g, s)| g * s).sum::<f64>() / 3.0;
        (energy, gradient, contracted.iter().map(|t| 6.0 * t).collect())
    }

    /// One Newton step for grad H = mu s, |s|^2 = N, and the size of what is left of the gradient.
    fn newton(&self, s: &mut [f64]) -> f64 {
        let n = self.n;
        let (energy, gradient, hessian) = self.at(s);
        let mu = 3.0 * energy / n as f64;
        // [H - mu, -s; s', 0] [ds; dmu] = [mu s - g; 0]
        let size = n + 1;
        let mut system = vec![0.0; size * (size + 1)];
        for a in 0..n {
            for b in 0..n {
                system[a * (size + 1) + b] = hessian[a * n + b] - if a == b { mu } else { 0.0 };
            }
            system[a * (size + 1) + n] = -s[a];
            system[n * (size + 1) + a] = s[a];
            system[a * (size + 1) + size] = mu * s[a] - gradient[a];
        }
        let step = eliminate(&mut system, size);
        let residual = (0..n).map(|a| (gradient[a] - mu * s[a]).powi(2)).sum::<f64>().sqrt();
        s.iter_mut().zip(&step).for_each(|(s, d)| *s += d);
        let scale = (n as f64).sqrt() / s.iter().map(|s| s * s).sum::<f64>().sqrt();
        s.iter_mut().for_each(|s| *s *= scale);
        residual
    }

    /// The number of negative eigenvalues on the sphere, by the signs of pivots of a projected matrix.
    fn index(&self, s: &[f64]) -> usize {
        let n = self.n;
        let (energy, _, hessian) = self.at(s);
        let mu = 3.0 * energy / n as f64;
        let unit: Vec<f64> = s.iter().map(|s| s / (n as f64).sqrt()).collect();
        // P (H - mu) P with a large positive number along s.
        let shifted = |a: usize, b: usize| hessian[a * n + b] - if a == b { mu } else { 0.0 };
        let along: Vec<f64> = (0..n).map(|a| (0..n).map(|b| shifted(a, b) * unit[b]).sum()).collect();
        let twice: f64 = along.iter().zip(&unit).map(|(a, u)| a * u).sum();
        let matrix: Vec<f64> = (0..n * n)
            .map(|at| {
                let (a, b) = (at / n, at % n);
                shifted(a, b) - unit[a] * along[b] - along[a] * unit[b] + (twice + 100.0) * unit[a] * unit[b]
            })
            .collect();
        crate::oracle::symmetric_eigenvalues(&matrix, n).iter().filter(|&&value| value < 0.0).count()
    }

    /// All critical points that Newton's method finds from many starts: energies per spin and indices. Each point stands with its mirror
    /// image, which has the opposite energy.
    fn search(&self, starts: usize, key: Key) -> Vec<(f64, usize)> {
        let n = self.n;
        let mut found: Vec<(Vec<f64>, usize)> = Vec::new();
        let mut draws = vec![0.0; n * starts];
        key.normal(0, &mut draws);
        for start in draws.chunks_exact_mut(n) {
            let scale = (n as f64).sqrt() / start.iter().map(|s| s * s).sum::<f64>().sqrt();
            start.iter_mut().for_each(|s| *s *= scale);
            let mut residual = f64::INFINITY;
            for _ in 0..40 {
                residual = self.newton(start);
                if residual.is_nan() || residual < 1e-9 {
                    break;
                }
            }
            if residual.is_nan() || residual >= 1e-9 {
                continue;
            }
            let same = |other: &[f64]| {
                let overlap = other.iter().zip(&*start).map(|(a, b)| a * b).sum::<f64>() / n as f64;
                overlap.abs() > 1.0 - 1e-9
            };
            match found.iter_mut().find(|(other, _)| same(other)) {
                Some((_, times)) => *times += 1,
                None => found.push((start.to_vec(), 1)),
            }
        }
        let points: Vec<(f64, usize)> = found
            .iter()
            .flat_map(|(point, _)| {
                let (energy, index) = (self.at(point).0 / n as f64, self.index(point));
                [(energy, index), (-energy, n - 1 - index)]
            })
            .collect();
        points
    }
}

/// Solves a system given with its right side, by elimination with pivots.
fn eliminate(system: &mut [f64], size: usize) -> Vec<f64> {
    let width = size + 1;
    for k in 0..size {
        let pivot =
            (k..size).max_by(|&a, &b| system[a * width + k].abs().total_cmp(&system[b * width + k].abs())).unwrap();
        for j in 0..width {
            system.swap(k * width + j, pivot * width + j);
        }
        for i in k + 1..size {
            let factor = system[i * width + k] / system[k * width + k];
            for j in k..width {
                system[i * width + j] -= factor * system[k * width + j];
            }
        }
    }
    let mut solution = vec![0.0; size];
    for k in (0..size).rev() {
        let rest: f64 = (k + 1..size).map(|j| system[k * width + j] * solution[j]).sum();
        solution[k] = (system[k * width + size] - rest) / system[k * width + k];
    }
    solution
}

#[test]
fn the_model_is_its_sum() {
    let (n, key) = (7, Key::new(0));
    let (model, loops) = (SphericalSpinGlass::<f64>::new(3, n, key).unwrap(), Loops::new(n, key));
    let s = model.start(Key::new(1));
    assert!((s.iter().map(|s| s * s).sum::<f64>() - n as f64).abs() < 1e-12);
    let point = model.at(&s).unwrap();
    let (energy, gradient, hessian) = loops.at(&s);
    assert!((point.value() - energy).abs() < 1e-12);
    assert!(point.gradient().iter().zip(&gradient).all(|(a, b)| (a - b).abs() < 1e-12));
    let dense = to_dense(&point.hessian());
    assert!(dense.entries().iter().zip(&hessian).all(|(a, b)| (a - b).abs() < 1e-12));
    // Covariance N q^p over keys, at four spins of interaction.
    let (n, draws) = (6, 2000);
    let (a, b) = (vec![1.0; n], vec![1.0, 1.0, 1.0, 1.0, 1.0, -1.0]);
    let products: Vec<f64> = (0..draws)
        .map(|draw| {
            let model = SphericalSpinGlass::<f64>::new(4, n, Key::new(2).split(draw)).unwrap();
            model.value(&a).unwrap() * model.value(&b).unwrap()
        })
        .collect();
    let mean = products.iter().sum::<f64>() / draws as f64;
    let error = (products.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / (draws * draws) as f64).sqrt();
    let exact = 6.0 * (4.0f64 / 6.0).powi(4);
    assert!((mean - exact).abs() < 4.0 * error, "{mean} +- {error}, {exact}");
}

#[test]
fn mean_numbers_of_critical_points_are_those_of_exhaustive_search() {
    for (n, draws, starts) in [(3, 200, 300), (5, 60, 600), (8, 24, 4000)] {
        let kac_rice = KacRice::new(3, n).unwrap();
        let expected = kac_rice.expected().unwrap();
        let low = kac_rice.expected_between(f64::NEG_INFINITY, -0.8).unwrap();
        let mut counts = vec![Vec::new(); n];
        let (mut totals, mut lows) = (Vec::new(), Vec::new());
        for draw in 0..draws {
            let key = Key::new(n as u64).split(draw);
            let points = Loops::new(n, key.split(0)).search(starts, key.split(1));
            // Morse: the alternating sum over indices is the sphere's characteristic. A search that missed a point has little chance to
            // fulfil it, unless it missed a pair of neighbouring indices.
            let euler: i64 = points.iter().map(|&(_, index)| if index % 2 == 0 { 1 } else { -1 }).sum();
            assert_eq!(euler, if n % 2 == 1 { 2 } else { 0 }, "{n} spins, draw {draw}: {} points", points.len());
            for (index, counts) in counts.iter_mut().enumerate() {
                counts.push(points.iter().filter(|point| point.1 == index).count() as f64);
            }
            totals.push(points.len() as f64);
            lows.push(points.iter().filter(|point| point.0 < -0.8).count() as f64);
        }
        let agrees = |what: String, counts: &[f64], exact: f64| {
            let mean = counts.iter().sum::<f64>() / counts.len() as f64;
            let error = (counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>()).sqrt() / counts.len() as f64;
            println!("{n} spins, {what}: {mean:.3} +- {error:.3}, expected {exact:.3}");
            assert!((mean - exact).abs() < 4.0 * error, "{n} spins, {what}: {mean} +- {error}, expected {exact}");
        };
        for (index, counts) in counts.iter().enumerate() {
            agrees(format!("index {index}"), counts, expected[index]);
        }
        agrees("all".into(), &totals, expected.iter().sum());
        agrees("low".into(), &lows, low.iter().sum());
    }
}

#[test]
fn means_at_finite_size_approach_their_rates() {
    let complexity = SpinGlassComplexity::new(3).unwrap();
    let rate = |n: usize| -> [f64; 3] {
        let kac_rice = KacRice::new(3, n).unwrap();
        let all = kac_rice.expected().unwrap();
        let low = kac_rice.expected_between(f64::NEG_INFINITY, -1.645).unwrap();
        [all.iter().sum::<f64>(), low[0], low[1]].map(|count| count.ln() / n as f64)
    };
    let limit = [
        complexity.total(0.0).unwrap(),
        complexity.of_index(0, -1.645).unwrap(),
        complexity.of_index(1, -1.645).unwrap(),
    ];
    assert!((limit[0] - 2f64.ln() / 2.0).abs() < 1e-14);
    let (small, large) = (rate(20), rate(40));
    for i in 0..3 {
        // What is left is (ln N)/N and a constant over N.
        let (before, after) = (small[i] - limit[i], large[i] - limit[i]);
        println!("{i}: {before} {after}");
        assert!(after.abs() < 0.65 * before.abs(), "{i}: {small:?} {large:?} {limit:?}");
    }
    // The whole is the sum of its energies.
    let kac_rice = KacRice::new(4, 9).unwrap();
    let (all, halves) = (kac_rice.expected().unwrap(), [(-9.0, -0.3), (-0.3, 9.0)]);
    let parts = halves.map(|(low, high)| kac_rice.expected_between(low, high).unwrap());
    for (index, all) in all.iter().enumerate() {
        assert!((parts[0][index] + parts[1][index] - all).abs() < 1e-9 * all);
    }
}

#[test]
fn layers_lie_below_the_threshold() {
    for p in [3, 4, 10] {
        let model = SpinGlassComplexity::new(p).unwrap();
        let layers: Vec<f64> = (0..5).map(|index| model.layer(index)).collect();
        assert!(layers.windows(2).all(|pair| pair[0] < pair[1]) && layers[4] < model.threshold());
        for (index, &layer) in layers.iter().enumerate() {
            assert!(model.of_index(index, layer).unwrap().abs() < 1e-12);
        }
        assert!(
            (model.total(model.threshold()).unwrap() - model.of_index(3, model.threshold()).unwrap()).abs() < 1e-12
        );
        assert_eq!(model.index_share(model.threshold()).unwrap(), 0.0);
        assert!((model.index_share(0.0).unwrap() - 0.5).abs() < 1e-14);
    }
}

/// Energy per spin, eigenvalues on the sphere.
fn spectrum(n: usize, key: u64, steps: u64) -> (f64, Vec<f64>) {
    let model = SphericalSpinGlass::<f64>::new(3, n, Key::new(key).split(0)).unwrap();
    let sphere = Spherical::new(&model, model.radius()).unwrap();
    let start = model.start(Key::new(key).split(1));
    let end = LimitedMemoryBfgs::new().stopping(Stopping::steps(steps)).run(&sphere, &start).unwrap();
    let theta = sphere.lift(&end.theta).unwrap();
    let point = sphere.at(&theta).unwrap();
    let mut values = crate::oracle::symmetric_eigenvalues(to_dense(&point.hessian()).entries(), n);
    values.sort_by(f64::total_cmp);
    // The zero along the radius.
    let zero = (0..n).min_by(|&a, &b| values[a].abs().total_cmp(&values[b].abs())).unwrap();
    values.remove(zero);
    (end.value / n as f64, values)
}

#[test]
fn the_hessian_is_a_semicircle_shifted_by_energy() {
    let model = SpinGlassComplexity::new(3).unwrap();
    for steps in [0, 5, 1000] {
        let (energy, values) = spectrum(100, 0, steps);
        let (middle, radius) = model.hessian(energy);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        println!("{steps} steps: {energy}, mean {mean} for {middle}, radius {} for {radius}", 2.0 * square.sqrt());
        // tr/n of a GOE matrix of this variance deviates by sqrt(2 p (p - 1))/n; what the sphere's bending by the gradient adds away from a
        // critical point is of rank two.
        assert!((mean - middle).abs() < 4.0 * 12f64.sqrt() / 100.0);
        assert!((2.0 * square.sqrt() / radius - 1.0).abs() < 0.05);
    }
}

#[test]
fn shifts_of_a_gaussian_landscape_are_those_of_weighted_draws() {
    // |det| weighs draws of the Hessian; at a size where the most probable shift stands out.
    let (f, slope, bend, n) = (1.0, -0.8, 1.3, 60);
    let landscape = GaussianLandscape::new(f, slope, bend).unwrap();
    let ensemble = GaussianOrthogonal::new(n, 1.0).unwrap();
    let spectra: Vec<Vec<f64>> =
        (0..200).map(|draw| ensemble.sample(Key::new(0).split(draw)).unwrap().eigenvalues).collect();
    for energy in [-1.5, -0.6, 0.0, 0.4, -3.0] {
        let (m, v) = (slope / f * energy, bend - slope * slope / f);
        // ln E |det(W sqrt(f'') + t)| by draws, times the Gaussian weight of t.
        let log_weight = |t: f64| {
            let logs: Vec<f64> = spectra
                .iter()
                .map(|values| values.iter().map(|w| (w * bend.sqrt() + t).abs().ln()).sum::<f64>())
                .collect();
            let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mean = logs.iter().map(|log| (log - largest).exp()).sum::<f64>() / logs.len() as f64;
            largest + mean.ln() - n as f64 * (t - m).powi(2) / (2.0 * v)
        };
        let places: Vec<f64> = (-160..=160).map(|i| landscape.shift(energy).unwrap() + f64::from(i) * 0.01).collect();
        let logs: Vec<f64> = places.iter().map(|&t| log_weight(t)).collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut mass, mut first, mut second) = (0.0, 0.0, 0.0);
        for (t, log) in places.iter().zip(&logs) {
            let weight = (log - largest).exp();
            mass += weight;
            first += weight * t;
            second += weight * t * t;
        }
        let (mean, spread) = (first / mass, (second / mass - (first / mass).powi(2)).sqrt());
        println!("{energy}: {mean} +- {spread}, {}", landscape.shift(energy).unwrap());
        assert!((mean - landscape.shift(energy).unwrap()).abs() < 0.35 * spread, "{energy}: {mean} +- {spread}");
        // The best shift is stationary.
        let (t, step) = (landscape.shift(energy).unwrap(), 1e-4);
        let [less, best, more] = [t - step, t, t + step].map(|t| landscape.complexity_at(energy, t).unwrap());
        assert!(best >= less && best >= more && (more - less).abs() < 1e-7);
    }
}

/// The end of descent, by L-BFGS, from random starts: its distance to the threshold falls as the model grows.
#[test]
#[ignore = "a minute: tensors of 64 million couplings"]
fn descent_ends_at_the_threshold() {
    let model_of_three = SpinGlassComplexity::new(3).unwrap();
    let threshold = model_of_three.threshold();
    let mut above = Vec::new();
    for (n, keys) in [(50usize, 40u64), (100, 20), (200, 8), (400, 2)] {
        let ends: Vec<f64> = (0..keys)
            .map(|key| {
                let model = SphericalSpinGlass::<f64>::new(3, n, Key::new(key).split(0)).unwrap();
                let sphere = Spherical::new(&model, model.radius()).unwrap();
                let start = model.start(Key::new(key).split(1));
                let end = LimitedMemoryBfgs::new().run(&sphere, &start).unwrap();
                if key == 0 {
                    // Where it ends, the Hessian is the semicircle of its energy, and its index none.
                    let point = sphere.at(&sphere.lift(&end.theta).unwrap()).unwrap();
                    let dense = to_dense(&point.hessian());
                    let (middle, radius) = model_of_three.hessian(end.value / n as f64);
                    let values = crate::oracle::symmetric_eigenvalues(dense.entries(), n);
                    let mean = values.iter().sum::<f64>() / (n - 1) as f64;
                    let square = values.iter().map(|v| v * v).sum::<f64>() / (n - 1) as f64 - mean * mean;
                    println!(
                        "{n} spins: mean {mean:.4} for {middle:.4}, radius {:.4} for {radius:.4}",
                        2.0 * square.sqrt()
                    );
                    assert!((mean - middle).abs() < 4.0 * 12f64.sqrt() / n as f64);
                    assert!((2.0 * square.sqrt() / radius - 1.0).abs() < 5.0 / n as f64);
                    assert!(values.iter().all(|&value| value > -1e-3));
                }
                end.value / n as f64
            })
            .collect();
        let mean = ends.iter().sum::<f64>() / keys as f64;
        let error = (ends.iter().map(|e| (e - mean).powi(2)).sum::<f64>()).sqrt() / keys as f64;
        println!("{n} spins: {mean:.4} +- {error:.4}, above the threshold by {:.4}", mean - threshold);
        assert!(mean > threshold - 4.0 * error);
        above.push(mean - threshold);
    }
    assert!(above.windows(2).all(|pair| pair[1] < pair[0]) && above[3] < above[0] / 2.0, "{above:?}");
}

#[test]
fn bad_requests_are_refused() {
    assert!(SphericalSpinGlass::<f64>::new(1, 5, Key::new(0)).is_err());
    assert!(SphericalSpinGlass::<f64>::new(3, 1, Key::new(0)).is_err());
    let error = SphericalSpinGlass::<f64>::new(40, 10, Key::new(0)).unwrap_err().to_string();
    assert!(error.contains("2^29"), "{error}");
    assert!(KacRice::new(3, 201).is_err() && KacRice::new(3, 1).is_err());
    let kac_rice = KacRice::new(3, 4).unwrap();
    assert!(kac_rice.expected_between(1.0, 1.0).is_err() && kac_rice.densities(f64::INFINITY).is_err());
    assert_eq!(kac_rice.expected_between(50.0, 60.0).unwrap(), [0.0; 4]);
    assert!(SpinGlassComplexity::new(2).is_err() && SpinGlassComplexity::new(3).unwrap().total(f64::NAN).is_err());
    // The ends of the range: layers crowd at the threshold, and there is nothing far below.
    let model = SpinGlassComplexity::new(3).unwrap();
    assert!((model.layer(1000)..=model.threshold()).contains(&model.layer(usize::MAX)));
    assert_eq!(model.total(-1e200).unwrap(), f64::NEG_INFINITY);
    assert!(GaussianLandscape::new(1.0, -1.0, 1.0).is_err() && GaussianLandscape::new(1.0, 1.0, 2.0).is_err());
    let overflow = KacRice::new(100_000_000, 120).unwrap_err().to_string();
    assert!(overflow.contains("fewer spins"), "{overflow}");
}
