//! Samples at fixed keys against the limits.

use eigenscape::random::Key;
use eigenscape::random_matrix::{
    GaussianOrthogonal, Law, MarchenkoPastur, Outlier, SampledSpectrum, Semicircle, SpikedCovariance, SpikedWigner,
    Wishart,
};

use super::{kolmogorov, mean};

#[test]
fn first_draws_are_pinned() {
    let law = MarchenkoPastur::new(0.5, 1.0).unwrap();
    let mut values = [0.0; 6];
    law.sample(Key::new(0), 0, &mut values).unwrap();
    let mut tail = [0.0; 4];
    law.sample(Key::new(0), 2, &mut tail).unwrap();
    assert_eq!(tail, values[2..]);
    let goe = GaussianOrthogonal::new(2, 1.0).unwrap().eigenvalues(Key::new(0)).unwrap();
    let wishart = Wishart::new(2, 3, 1.0).unwrap().eigenvalues(Key::new(0)).unwrap();
    let pinned = [values[0], values[1], goe[0], goe[1], wishart[0], wishart[1]];
    let expected = [
        0.19569606532436482,
        2.48205025888295,
        -0.8716151425437171,
        2.1869805615608837,
        0.5994259599533206,
        2.4731752348365967,
    ];
    assert!(pinned.iter().zip(expected).all(|(value, expected)| (value - expected).abs() < 1e-12), "{pinned:?}");
}

#[test]
fn draws_from_a_law_follow_it() {
    let key = Key::new(0);
    let laws: [&dyn Law; 3] = [
        &MarchenkoPastur::new(0.3, 2.0).unwrap(),
        &MarchenkoPastur::new(3.0, 1.0).unwrap(),
        &Semicircle::new(0.5).unwrap(),
    ];
    for (child, law) in laws.into_iter().enumerate() {
        let mut values = vec![0.0; 4000];
        law.sample(key.split(child as u64), 0, &mut values).unwrap();
        values.sort_by(f64::total_cmp);
        // Kolmogorov's quantile for a level of 6e-5, as 4 standard errors: sqrt(-ln(3e-5) / 2) = 2.28.
        assert!(kolmogorov(&values, law) < 2.28 / 4000f64.sqrt());
    }
}

#[test]
fn the_smallest_ensembles_are_exact() {
    let key = Key::new(3);
    let mut normal = [0.0f64; 12];
    key.normal(0, &mut normal);
    let one = GaussianOrthogonal::new(1, 2.0).unwrap().spike(5.0).unwrap().sample(key).unwrap();
    let expected = 5.0 + 2.0 * 2f64.sqrt() * normal[0];
    assert!((one.eigenvalues[0] - expected).abs() < 1e-14 && (one.overlaps[0] - 1.0).abs() < 1e-15);
    let one = Wishart::new(1, 1, 4.0).unwrap().sample(key).unwrap();
    assert!((one.eigenvalues[0] - 4.0 * normal[0] * normal[0]).abs() < 1e-14);
    // 4 variables with 3 samples, and 3 with 4: trace, and the spectral measure of u, whose mean is u'Su.
    for (dimension, samples) in [(4, 3), (3, 4)] {
        let spectrum = Wishart::new(dimension, samples, 1.0).unwrap().spike(9.0).unwrap().sample(key).unwrap();
        let along = |entry: usize| if dimension > samples { entry < 3 } else { entry.is_multiple_of(3) };
        let square = |keep: &dyn Fn(usize) -> bool| -> f64 {
            (0..12).filter(|entry| keep(*entry)).map(|entry| normal[entry] * normal[entry]).sum::<f64>()
                / samples as f64
        };
        let (signal, rest) = (9.0 * square(&along), square(&|entry| !along(entry)));
        assert!((spectrum.eigenvalues.iter().sum::<f64>() - signal - rest).abs() < 1e-13);
        let measured: f64 =
            spectrum.eigenvalues.iter().zip(&spectrum.overlaps).map(|(value, weight)| value * weight).sum();
        assert!((measured - signal).abs() < 1e-13);
        assert!((spectrum.overlaps.iter().sum::<f64>() - 1.0).abs() < 1e-13);
    }
    // Exact zeros, and a population direction without variance.
    let flat = Wishart::new(7, 2, 1.0).unwrap().spike(0.0).unwrap().sample(key).unwrap();
    assert_eq!(flat.eigenvalues[..5], [0.0; 5]);
    assert!(flat.eigenvalues[5] > 0.0 && (flat.overlaps[4] - 1.0).abs() < 1e-14);
}

#[test]
fn spectra_stay_within_five_over_n_of_their_law() {
    let n = 400;
    for child in 0..3 {
        let key = Key::new(0).split(child);
        let ensemble = GaussianOrthogonal::new(n, 0.7).unwrap();
        let distance = kolmogorov(&ensemble.eigenvalues(key).unwrap(), &ensemble.law());
        assert!(distance < 5.0 / n as f64, "orthogonal: {} / n", distance * n as f64);
        for samples in [4000, 800, 400, 200, 40] {
            let ensemble = Wishart::new(n, samples, 3.0).unwrap();
            let distance = kolmogorov(&ensemble.eigenvalues(key).unwrap(), &ensemble.law());
            assert!(distance < 5.0 / n as f64, "{samples} samples: {} / n", distance * n as f64);
        }
    }
}

/// Position and overlap of 50 draws against the limits, within 4 standard errors.
#[track_caller]
fn assert_outlier(name: &str, outlier: Outlier, size: usize, draw: impl Fn(Key) -> SampledSpectrum) {
    assert!(outlier.detached);
    let mut positions = Vec::new();
    let mut overlaps = Vec::new();
    for child in 0..50 {
        let spectrum = draw(Key::new(0).split(child));
        // The eigenvalue nearest to where it should be is the extreme one on that side.
        let last = spectrum.eigenvalues.len() - 1;
        let extreme = if outlier.position > spectrum.eigenvalues[last / 2] { last } else { 0 };
        positions.push(spectrum.eigenvalues[extreme]);
        overlaps.push(spectrum.overlaps[extreme]);
    }
    for (what, values, limit) in [("position", &positions, outlier.position), ("overlap", &overlaps, outlier.overlap)] {
        let (mean, error) = mean(values);
        println!(
            "{name}: {what} {mean:.5} +- {error:.5}, limit {limit:.5}: {:+.2} standard errors",
            (mean - limit) / error
        );
        assert!((mean - limit).abs() < 4.0 * error, "{name}: {what} is {mean} +- {error}, not {limit}");
    }
    // A sample variance of 50 normal values has a relative standard error of sqrt(2/49).
    let (_, error) = mean(&positions);
    let variance = error * error * 50.0 / outlier.standard_deviation(size).unwrap().powi(2);
    println!("{name}: variance / limit {variance:.3}");
    assert!((variance - 1.0).abs() < 4.0 * (2.0f64 / 49.0).sqrt(), "{name}: variance / limit is {variance}");
}

#[test]
fn covariance_outliers_are_where_theory_says() {
    for (dimension, samples, spike) in [(200, 400, 3.0), (100, 400, 2.5), (400, 200, 5.0), (100, 400, 0.1)] {
        let ensemble = Wishart::new(dimension, samples, 1.0).unwrap().spike(spike).unwrap();
        let outlier = SpikedCovariance::new(ensemble.law(), spike).unwrap().outlier();
        let name = format!("{dimension}x{samples}, spike {spike}");
        assert_outlier(&name, outlier, samples, |key| ensemble.sample(key).unwrap());
    }
}

#[test]
fn wigner_outliers_are_where_theory_says() {
    for (size, spike) in [(300, 1.5), (300, -3.0)] {
        let ensemble = GaussianOrthogonal::new(size, 0.5).unwrap().spike(0.5 * spike).unwrap();
        let outlier = SpikedWigner::new(ensemble.law(), 0.5 * spike).unwrap().outlier();
        assert_outlier(&format!("size {size}, spike {spike}"), outlier, size, |key| ensemble.sample(key).unwrap());
    }
}

/// Below the threshold: the top eigenvalue is that of noise, edge + gamma E[TW1], where a fifth of gamma is allowed for the
/// n^(-1/3) correction, and its eigenvector overlaps with the spike as a random one does, up to a factor.
#[test]
fn nothing_detaches_below_the_threshold() {
    const TRACY_WIDOM_MEAN: f64 = -1.2065335745820;
    for size in [100usize, 200, 400] {
        let n = size as f64;
        let orthogonal = GaussianOrthogonal::new(size, 1.0).unwrap().spike(0.3).unwrap();
        let wishart = Wishart::new(size, 2 * size, 1.0).unwrap().spike(1.0 + 0.3 * 0.5f64.sqrt()).unwrap();
        let (root_samples, root_dimension) = ((2.0 * n - 1.0).sqrt(), n.sqrt());
        // Centre and scale of a Wishart matrix by Johnstone 2001.
        let centre = (root_samples + root_dimension).powi(2) / (2.0 * n);
        let scale = (root_samples + root_dimension) * (1.0 / root_samples + 1.0 / root_dimension).cbrt() / (2.0 * n);
        let draws: Vec<Key> = (0..50).map(|child| Key::new(0).split(child)).collect();
        for (name, centre, scale, spectra) in [
            (
                "orthogonal",
                2.0,
                n.powf(-2.0 / 3.0),
                draws.iter().map(|key| orthogonal.sample(*key).unwrap()).collect::<Vec<_>>(),
            ),
            ("wishart", centre, scale, draws.iter().map(|key| wishart.sample(*key).unwrap()).collect()),
        ] {
            let top: Vec<f64> = spectra.iter().map(|s| (s.eigenvalues[size - 1] - centre) / scale).collect();
            let scaled: Vec<f64> = spectra.iter().map(|s| n * s.overlaps[size - 1]).collect();
            let ((top, error), (overlap, _)) = (mean(&top), mean(&scaled));
            println!("{name} {size}: top {top:.3} +- {error:.3}, n overlap {overlap:.2}");
            assert!((top - TRACY_WIDOM_MEAN).abs() < 4.0 * error + 0.2, "{name} {size}: top {top} +- {error}");
            // The limit of the mean is about 1 / (1 - 0.3)^2 = 2; an exponential tail and 50 draws.
            assert!(overlap < 6.0, "{name} {size}: n overlap {overlap}");
        }
    }
}
