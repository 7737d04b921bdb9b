//! The eigenvalues of the Gaussian orthogonal ensemble, one by one, against closed forms and draws.

use eigenscape::random::Key;
use eigenscape::random_matrix::{GaussianOrthogonal, OrthogonalOrderStatistics};

/// The integral of f over the line in steps, exact for what is analytic and decays.
fn integral(step: f64, range: f64, f: impl Fn(f64) -> f64) -> f64 {
    let points = (range / step) as i64;
    (-points..=points).map(|i| f(i as f64 * step)).sum::<f64>() * step
}

#[test]
fn densities_of_two_by_two_are_those_of_their_parts() {
    // lambda = m -+ d: m of variance 1/2, d^2 exponential of mean 1; s = 1.
    let pair = OrthogonalOrderStatistics::new(2, 1.0).unwrap();
    for x in [-3.0, -0.7, 0.0, 0.4, 2.5] {
        let exact = integral(1e-3, 9.0, |m: f64| {
            let d = m - x;
            if d > 0.0 { 2.0 * d * (-d * d).exp() * (-m * m).exp() / std::f64::consts::PI.sqrt() } else { 0.0 }
        });
        let densities = pair.densities(x).unwrap();
        assert!((densities[0] - exact).abs() < 1e-6, "{x}: {} for {exact}", densities[0]);
        let mirrored = pair.densities(-x).unwrap();
        assert!((mirrored[1] - densities[0]).abs() < 1e-14);
    }
}

#[test]
fn every_density_has_mass_one_and_the_moments_of_the_trace() {
    for size in [1, 2, 3, 6, 11, 20] {
        let law = OrthogonalOrderStatistics::new(size, 1.5).unwrap();
        let step = 0.1 / (size as f64).sqrt();
        let mut sums = vec![[0.0; 3]; size];
        // The bulk and twelve units of its tail.
        let points = (1.5 * (2.0 + 12.0 / (size as f64).sqrt()) / step) as i64;
        for i in -points..=points {
            let x = i as f64 * step;
            for (sums, f) in sums.iter_mut().zip(law.densities(x).unwrap()) {
                (0..3).for_each(|power| sums[power] += f * x.powi(power as i32) * step);
            }
        }
        for (k, sums) in sums.iter().enumerate() {
            assert!((sums[0] - 1.0).abs() < 1e-11, "{size}: eigenvalue {k} has mass {}", sums[0]);
        }
        // E tr A = 0, E tr A^2 = s^2 (n + 1).
        let (first, second) = sums.iter().fold((0.0, 0.0), |sum, s| (sum.0 + s[1], sum.1 + s[2]));
        assert!(first.abs() < 1e-10 && (second - 2.25 * (size + 1) as f64).abs() < 1e-9, "{size}: {first} {second}");
    }
}

#[test]
fn means_are_those_of_draws() {
    let (size, draws) = (5, 4000);
    let law = OrthogonalOrderStatistics::new(size, 1.0).unwrap();
    let ensemble = GaussianOrthogonal::new(size, 1.0).unwrap();
    let mut sums = vec![[0.0; 2]; size];
    for draw in 0..draws {
        for (sum, value) in sums.iter_mut().zip(ensemble.sample(Key::new(0).split(draw)).unwrap().eigenvalues) {
            sum[0] += value;
            sum[1] += value * value;
        }
    }
    for (k, sum) in sums.iter().enumerate() {
        let mean = sum[0] / draws as f64;
        let error = ((sum[1] / draws as f64 - mean * mean) / draws as f64).sqrt();
        let exact = integral(0.05, 6.0, |x| x * law.densities(x).unwrap()[k]);
        assert!((mean - exact).abs() < 4.0 * error, "eigenvalue {k}: {mean} +- {error}, {exact}");
    }
}

#[test]
fn the_least_of_three_is_its_integral_over_the_others() {
    let law = OrthogonalOrderStatistics::new(3, 1.5f64.sqrt()).unwrap(); // y = x
    let y = 0.5;
    let inner = |a: f64, b: f64| (a - y) * (b - y) * (a - b).abs() * (-(a * a + b * b) / 2.0).exp();
    let (step, points) = (8e-3, 1000);
    let place = |i: usize| y + (i as f64 + 0.5) * step;
    let sum: f64 = (0..points).flat_map(|i| (0..points).map(move |j| inner(place(i), place(j)))).sum();
    // Mehta: (2 pi)^(3/2) prod_j Gamma(1 + j/2) / Gamma(3/2).
    let constant = (2.0 * std::f64::consts::PI).powf(1.5) * 0.886_226_925_452_758f64.powi(-2) * 1.329_340_388_179_137;
    let exact = 3.0 * (-y * y / 2.0).exp() * sum * step * step / constant;
    let density = law.densities(y).unwrap()[0];
    assert!((density / exact - 1.0).abs() < 1e-4, "{density} for {exact}");
}

#[test]
fn bad_requests_are_refused() {
    assert!(OrthogonalOrderStatistics::new(0, 1.0).is_err() && OrthogonalOrderStatistics::new(201, 1.0).is_err());
    assert!(OrthogonalOrderStatistics::new(3, 0.0).is_err());
    let law = OrthogonalOrderStatistics::new(3, 1.0).unwrap();
    assert!(law.densities(f64::NAN).is_err());
}

/// Far out there is nothing, and it takes no time to say so.
#[test]
fn far_out_densities_are_zero() {
    for (size, scale) in [(1, 1.0), (4, 1e-300), (4, 1.0), (200, 1.0)] {
        let law = OrthogonalOrderStatistics::new(size, scale).unwrap();
        for x in [1e3, -1e3, 1e300, f64::MAX, f64::MIN] {
            assert_eq!(law.densities(x).unwrap(), vec![0.0; size], "{size} at {x}");
        }
        assert!(law.densities(f64::INFINITY).is_err());
    }
}
