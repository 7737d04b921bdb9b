//! Laws fitted to spectra with outliers, and populations to the spectra of their samples.

use eigenscape::Error;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::operator::{LinearOperator, to_dense};
use eigenscape::random::Key;
use eigenscape::random_matrix::{
    BetaHermite, BetaLaguerre, Law, MarchenkoPastur, MarchenkoPasturFit, PopulationFit, Semicircle, SemicircleFit,
    population_moments,
};

use crate::oracle::symmetric_eigenvalues;
use crate::support::normal;

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt())
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

/// A spectrum without chance: the quantiles of a law.
fn quantiles(law: &dyn Law, count: usize) -> Vec<f64> {
    (0..count).map(|i| law.quantile((i as f64 + 0.5) / count as f64).unwrap()).collect()
}

#[test]
fn quantiles_of_a_law_give_it_back() {
    // Above 1 such that the number of zeros is whole.
    for ratio in [1e-3, 0.05, 0.5, 0.9, 1.0, 1.25, 4.0] {
        let law = MarchenkoPastur::new(ratio, 3.0).unwrap();
        let values = quantiles(&law, 4000);
        let fit = MarchenkoPasturFit::new().run(&values).unwrap();
        assert!(fit.settled && (fit.below, fit.above) == (0, 0), "ratio {ratio}: {fit:?}");
        assert_eq!(fit.bulk + fit.zeros, 4000);
        assert_near("variance", fit.law.variance() / 3.0, 1.0, 2e-5);
        assert_near("ratio", fit.law.ratio() / ratio, 1.0, 5e-4);
        assert!(fit.distance < 2.0 / fit.bulk as f64);
        let fit = MarchenkoPasturFit::new().ratio(ratio).run(&values).unwrap();
        assert_eq!(fit.law.ratio(), ratio);
        assert_near("variance of a given ratio", fit.law.variance() / 3.0, 1.0, 2e-5);
    }
    let values = quantiles(&Semicircle::new(0.2).unwrap(), 1001);
    let fit = SemicircleFit::new().run(&values).unwrap();
    assert_near("deviation", fit.law.standard_deviation(), 0.2, 1e-6);
    // Units are no matter.
    let scaled: Vec<f64> = values.iter().map(|x| x * 2f64.powi(-300)).collect();
    let small = SemicircleFit::new().run(&scaled).unwrap();
    assert_eq!(small.law.standard_deviation(), fit.law.standard_deviation() * 2f64.powi(-300));
}

#[test]
fn fits_to_noise_scatter_by_their_standard_errors() {
    let draws = 60;
    for (dimension, samples) in [(200, 2000), (200, 400), (200, 220), (500, 200)] {
        let ensemble = BetaLaguerre::new(dimension, samples, 1.0, 2.0).unwrap();
        let ratio = ensemble.law().ratio();
        let fits: Vec<_> = (0..draws)
            .map(|child| {
                let eigenvalues = ensemble.eigenvalues(Key::new(0).split(child)).unwrap();
                MarchenkoPasturFit::new().run(&eigenvalues).unwrap()
            })
            .collect();
        let errors = MarchenkoPasturFit::new().standard_errors(&fits[0], 60, Key::new(1)).unwrap();
        let variances: Vec<f64> = fits.iter().map(|fit| fit.law.variance()).collect();
        let ratios: Vec<f64> = fits.iter().map(|fit| fit.law.ratio()).collect();
        for (what, values, expected, error) in
            [("variance", variances, 2.0, errors.variance), ("ratio", ratios, ratio, errors.ratio)]
        {
            let (mean, spread) = moments(&values);
            println!(
                "{dimension} x {samples}: {what} {mean:.5} +- {spread:.5} per draw, standard error {error:.5}, bias {:+.2} of it",
                (mean - expected) / error
            );
            // Two spreads of 60 values each: a relative standard error of sqrt(2 / 120) of their ratio.
            assert_near(what, (spread / error).ln(), 0.0, 4.0 * (2.0f64 / 120.0).sqrt());
            // A bias of the order of one standard error remains: both are of order 1 / n.
            assert_near(what, mean, expected, error + 4.0 * spread / (draws as f64).sqrt());
        }
        assert!(fits.iter().all(|fit| fit.settled && fit.below + fit.above <= 2));
    }
    let ensemble = BetaHermite::new(300, 1.0, 0.5).unwrap();
    let fits: Vec<_> = (0..draws)
        .map(|child| SemicircleFit::new().run(&ensemble.eigenvalues(Key::new(0).split(child)).unwrap()).unwrap())
        .collect();
    let error = SemicircleFit::new().standard_error(&fits[0], 60, Key::new(1)).unwrap();
    let deviations: Vec<f64> = fits.iter().map(|fit| fit.law.standard_deviation()).collect();
    let (mean, spread) = moments(&deviations);
    assert_near("spread", (spread / error).ln(), 0.0, 4.0 * (2.0f64 / 120.0).sqrt());
    assert_near("deviation", mean, 0.5, error + 4.0 * spread / (draws as f64).sqrt());
}

#[test]
fn outliers_do_not_move_a_fit() {
    let clean = BetaLaguerre::new(400, 1000, 1.0, 2.0).unwrap().eigenvalues(Key::new(0)).unwrap();
    let fit = MarchenkoPasturFit::new();
    let alone = fit.run(&clean).unwrap();
    let errors = fit.standard_errors(&alone, 40, Key::new(1)).unwrap();
    let edges = alone.law.edges();
    // A few at any distance, then a share of the spectrum, near and far; and some below the bulk.
    let far: Vec<Vec<f64>> = vec![
        vec![1e9; 3],
        (0..20).map(|i| edges.upper * (1.1 + 0.3 * f64::from(i))).collect(),
        (0..44).map(|i| edges.upper * (1.2 + 0.01 * f64::from(i))).collect(),
        (0..44).map(|i| 10f64.powi(i % 6 + 2)).collect(),
        vec![0.3 * edges.lower, 0.1 * edges.lower, 50.0],
    ];
    for outliers in far {
        let all = [clean.clone(), outliers.clone()].concat();
        let found = fit.run(&all).unwrap();
        assert!(found.settled);
        assert_eq!(found.below + found.above, outliers.len() + alone.below + alone.above, "{found:?}");
        // The bulk is found as it was, and so is the law.
        assert_near("variance", found.law.variance(), alone.law.variance(), 1e-9);
        assert_near("ratio", found.law.ratio(), alone.law.ratio(), 1e-9);
        assert_near("variance", found.law.variance(), 2.0, 5.0 * errors.variance);
    }
    // Spikes inside the matrix push the bulk; the fit stays within its errors, and what is found is what detached.
    let spiked = BetaLaguerre::new(400, 1000, 1.0, 2.0).unwrap().spike(40.0).unwrap().eigenvalues(Key::new(2)).unwrap();
    let found = fit.run(&spiked).unwrap();
    assert_eq!(found.above, 1);
    assert_near("variance", found.law.variance(), 2.0, 5.0 * errors.variance);
    assert_near("ratio", found.law.ratio(), 0.4, 5.0 * errors.ratio);
    // The mean, which others fit by, is off by a multiple.
    assert!(moments(&spiked).0 > 2.05);
    // With zeros: 700 variables, 300 samples.
    let wide = BetaLaguerre::new(700, 300, 1.0, 2.0).unwrap().spike(90.0).unwrap().eigenvalues(Key::new(3)).unwrap();
    let found = fit.run(&wide).unwrap();
    assert_eq!((found.zeros, found.above), (400, 1));
    assert_near("variance", found.law.variance(), 2.0, 0.1);
    assert_near("ratio", found.law.ratio(), 7.0 / 3.0, 0.1);
    // Semicircle, with outliers on both sides.
    let noise = BetaHermite::new(300, 1.0, 1.0).unwrap().eigenvalues(Key::new(4)).unwrap();
    let alone = SemicircleFit::new().run(&noise).unwrap();
    let all = [noise, vec![-1e5, -3.0, 2.9, 4.0, 1e300]].concat();
    let found = SemicircleFit::new().run(&all).unwrap();
    assert_eq!((found.below, found.above), (2 + alone.below, 3 + alone.above));
    assert_near("deviation", found.law.standard_deviation(), alone.law.standard_deviation(), 1e-12);
}

#[test]
fn a_wrong_law_shows_in_the_distance() {
    let population = [vec![1.0; 100], vec![10.0; 100]].concat();
    let eigenvalues = sample(&population, 2000, Key::new(0));
    let fit = MarchenkoPasturFit::new().run(&eigenvalues).unwrap();
    assert!(fit.distance > 20.0 / 200.0, "{}", fit.distance);
    let eigenvalues = sample(&[1.0; 200], 2000, Key::new(0));
    assert!(MarchenkoPasturFit::new().run(&eigenvalues).unwrap().distance < 5.0 / 200.0);
}

/// The spectrum of a sample covariance with a diagonal population.
fn sample(population: &[f64], samples: usize, key: Key) -> Vec<f64> {
    let size = population.len();
    let mut data: Vec<f64> = normal(size * samples, key);
    for (row, variance) in data.chunks_exact_mut(samples).zip(population) {
        row.iter_mut().for_each(|entry| *entry *= (variance / samples as f64).sqrt());
    }
    let mut gram = vec![0.0; size * size];
    for i in 0..size {
        for j in 0..=i {
            let (x, y) = (&data[i * samples..(i + 1) * samples], &data[j * samples..(j + 1) * samples]);
            gram[i * size + j] = x.iter().zip(y).map(|(x, y)| x * y).sum();
        }
    }
    let mut values = symmetric_eigenvalues(&gram, size);
    values.iter_mut().take(size.saturating_sub(samples)).for_each(|value| *value = 0.0);
    values
}

#[test]
fn moments_of_population_and_sample_by_their_formulas() {
    // Silverstein's moments up to order four (Bai & Silverstein 2010, ch. 4.3.1: sums over non-crossing partitions).
    for c in [1e-6f64, 0.3, 1.0, 7.0] {
        let a: [f64; 4] = [1.7, 4.1, 12.9, 50.3];
        let [a1, a2, a3, a4] = a;
        let m = [
            a1,
            a2 + c * a1 * a1,
            a3 + 3.0 * c * a1 * a2 + c * c * a1 * a1 * a1,
            a4 + c * (4.0 * a1 * a3 + 2.0 * a2 * a2) + 6.0 * c * c * a1 * a1 * a2 + c.powi(3) * a1.powi(4),
        ];
        let back = population_moments(&m, c).unwrap();
        for (x, y) in back.iter().zip(a) {
            assert_near("moment", *x, y, 1e-12 * m[3].max(1.0));
        }
        // The identity, at a higher order.
        let law = MarchenkoPastur::new(c, 1.0).unwrap();
        let sample: Vec<f64> = (1..=8).map(|order| law.moment(order)).collect();
        let one = population_moments(&sample, c).unwrap();
        assert!(one.iter().all(|x| (x - 1.0).abs() < 1e-12 * sample[7]), "{one:?}");
    }
    assert!(population_moments(&[], 1.0).unwrap().is_empty());
}

#[test]
fn populations_are_found_to_the_order_of_one_over_n() {
    // Locations, shares, samples per variable; the errors in units of 1 / p are bounded as p doubles.
    for (locations, shares, over) in [
        (vec![1.0], vec![1.0], 2.0),
        (vec![1.0, 4.0], vec![0.5, 0.5], 2.0),
        (vec![1.0, 4.0], vec![0.75, 0.25], 0.5),
        (vec![1.0, 10.0], vec![0.5, 0.5], 10.0),
        (vec![1.0, 5.0, 25.0], vec![0.4, 0.4, 0.2], 5.0),
    ] {
        let mut worst = Vec::new();
        for size in [100, 200, 400] {
            let population: Vec<f64> = locations
                .iter()
                .zip(&shares)
                .flat_map(|(location, share)| vec![*location; (share * f64::from(size)).round() as usize])
                .collect();
            let samples = (over * f64::from(size)) as usize;
            let mut errors = vec![Vec::new(); 2 * locations.len()];
            for child in 0..6 {
                let eigenvalues = sample(&population, samples, Key::new(0).split(child));
                let fit = PopulationFit::new(locations.len(), 1.0 / over).unwrap().run(&eigenvalues).unwrap();
                assert!(fit.converged && fit.residual < 3.0 / f64::from(size), "{fit:?}");
                assert_near("total", fit.atoms.iter().map(|atom| atom.weight).sum(), 1.0, 1e-12);
                for (index, atom) in fit.atoms.iter().enumerate() {
                    errors[2 * index].push((atom.location / locations[index]).ln() * f64::from(size));
                    errors[2 * index + 1].push((atom.weight - shares[index]) * f64::from(size));
                }
            }
            let root = |values: &Vec<f64>| (values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64).sqrt();
            worst.push(errors.iter().map(root).fold(0.0, f64::max));
        }
        println!("{locations:?} {shares:?}, {over} samples per variable: error times p {worst:.1?}");
        assert!(worst[2] < 2.0 * worst[0].max(3.0) && worst[2] < 60.0, "{locations:?}: {worst:?}");
    }
}

#[test]
fn populations_in_degenerate_cases() {
    // Nothing but one eigenvalue, with as many samples as one likes; zeros; outliers left out.
    let fit = PopulationFit::new(1, 1e-9).unwrap().run(&[3.0; 40]).unwrap();
    assert_near("identity", fit.atoms[0].location, 3.0, 1e-6);
    assert_near("by moments", fit.from_moments.unwrap()[0].location, 3.0, 1e-6);
    let wide = sample(&[2.0; 120], 60, Key::new(0));
    let fit = PopulationFit::new(1, 2.0).unwrap().run(&wide).unwrap();
    assert_near("wide", fit.atoms[0].location, 2.0, 0.1);
    let spiked = [sample(&[2.0; 120], 600, Key::new(0)), vec![100.0, 1e4]].concat();
    let fit = PopulationFit::new(1, 0.2).unwrap().outliers(2).run(&spiked).unwrap();
    assert_near("spiked", fit.atoms[0].location, 2.0, 0.1);
    // Two atoms for a population of one: they meet, or one of them has no share.
    let fit = PopulationFit::new(2, 0.2).unwrap().run(&sample(&[2.0; 120], 600, Key::new(0))).unwrap();
    let mean: f64 = fit.atoms.iter().map(|atom| atom.location * atom.weight).sum();
    assert_near("mean of two", mean, 2.0, 0.1);
    // A small share of a population without variance.
    let fit = PopulationFit::new(2, 0.1).unwrap();
    let fit = fit.run(&sample(&[vec![1e-12; 50], vec![1.0; 150]].concat(), 2000, Key::new(0))).unwrap();
    assert!(fit.atoms[0].location < 0.02 && (fit.atoms[0].weight - 0.25).abs() < 0.02, "{fit:?}");
}

#[test]
fn ill_posed_requests_are_refused() {
    let is_range = |error: Error| matches!(error, Error::OutOfRange { .. });
    let fit = MarchenkoPasturFit::new();
    assert!(is_range(fit.run(&[1.0; 9]).unwrap_err()));
    assert!(is_range(fit.run(&[1.0; 20]).unwrap_err()));
    assert!(is_range(fit.run(&[0.0; 20]).unwrap_err()));
    assert!(is_range(fit.run(&[]).unwrap_err()));
    let line: Vec<f64> = (0..20).map(f64::from).collect();
    assert!(is_range(fit.run(&line.iter().map(|x| x - 10.0).collect::<Vec<_>>()).unwrap_err()));
    assert!(matches!(fit.run(&[f64::NAN; 20]).unwrap_err(), Error::NotFinite { index: 0, .. }));
    assert!(is_range(fit.ratio(0.0).run(&line).unwrap_err()));
    let good = fit.run(&line).unwrap();
    assert!(is_range(fit.standard_errors(&good, 1, Key::new(0)).unwrap_err()));
    let fit = SemicircleFit::new();
    assert!(is_range(fit.run(&[0.0; 20]).unwrap_err()));
    assert!(fit.run(&[f64::INFINITY; 20]).is_err());
    assert!(is_range(PopulationFit::new(0, 0.5).unwrap_err()));
    assert!(matches!(PopulationFit::new(7, 0.5).unwrap_err(), Error::AboveLimit { limit: 6, .. }));
    for ratio in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(is_range(PopulationFit::new(1, ratio).unwrap_err()));
        assert!(population_moments(&[1.0], ratio).is_err());
    }
    assert!(population_moments(&[f64::NAN], 1.0).is_err());
    let fit = PopulationFit::new(2, 0.5).unwrap();
    assert!(is_range(fit.run(&[1.0; 3]).unwrap_err()));
    assert!(is_range(fit.run(&[0.0; 10]).unwrap_err()));
    assert!(is_range(fit.run(&[-1.0; 10]).unwrap_err()));
    assert!(matches!(fit.run(&[f64::NAN; 10]).unwrap_err(), Error::NotFinite { .. }));
}

#[test]
fn the_curvature_of_a_network_on_noise_is_noise() {
    // One linear layer on white inputs: its Gauss-Newton matrix under the squared error is the inputs' second moment, by
    // the machinery of real networks.
    let (inputs, examples) = (150, 450);
    let mut pixels: Vec<f64> = normal(inputs * examples, Key::new(0));
    // One direction of signal: population eigenvalue 9 along the first axis.
    pixels.iter_mut().step_by(inputs).for_each(|entry| *entry *= 3.0);
    let spectrum = gauss_newton(&[inputs, 1], pixels, normal(examples, Key::new(1)));
    let fit = MarchenkoPasturFit::new().run(&spectrum).unwrap();
    let errors = MarchenkoPasturFit::new().standard_errors(&fit, 30, Key::new(2)).unwrap();
    assert_eq!((fit.below, fit.above), (0, 1), "{fit:?}");
    assert_near("variance", fit.law.variance(), 1.0, 5.0 * errors.variance);
    // The bias is one more input, the same for all examples: its eigenvalue hides in the bulk.
    assert_near("ratio", fit.law.ratio(), 151.0 / 450.0, 5.0 * errors.ratio);
    assert!(fit.distance < 5.0 / fit.bulk as f64);
    let fit = PopulationFit::new(1, 151.0 / 450.0).unwrap().outliers(1).run(&spectrum).unwrap();
    assert_near("population", fit.atoms[0].location, 1.0, 0.02);
    // With a hidden layer the factors of the Gauss-Newton matrix are not independent of each other, and no ratio makes it
    // noise: what is far from the fitted law is left out as outliers, and that is half of the spectrum.
    let pixels: Vec<f64> = normal(20 * 600, Key::new(3));
    let spectrum = gauss_newton(&[20, 8, 1], pixels, normal(600, Key::new(4)));
    let positive: Vec<f64> = spectrum.iter().map(|x| x.max(0.0)).collect();
    let fit = MarchenkoPasturFit::new().run(&positive).unwrap();
    assert!(fit.below + fit.above > positive.len() / 3, "{fit:?}");
}

/// All eigenvalues of the Gauss-Newton matrix of a small network at its initial weights.
fn gauss_newton(sizes: &[usize], pixels: Vec<f64>, targets: Vec<f64>) -> Vec<f64> {
    let network = Perceptron::new(sizes, Activation::Tanh).unwrap();
    let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(5));
    let examples = Examples::new(pixels, sizes[0], targets, 1).unwrap();
    let risk = Risk::new(&network, Loss::SquaredError, examples).unwrap();
    let point = risk.at(&theta).unwrap();
    let operator = point.gauss_newton();
    symmetric_eigenvalues(to_dense(&operator).entries(), operator.rows())
}

/// Nine tenths of the eigenvalues are zeros: the search goes by the others.
#[test]
fn populations_behind_few_samples() {
    for over in [5.0, 10.0] {
        let law = MarchenkoPastur::new(over, 2.0).unwrap();
        let fit = PopulationFit::new(1, over).unwrap().run(&quantiles(&law, 400)).unwrap();
        assert!(fit.converged && fit.residual.is_finite());
        assert_near("location", fit.atoms[0].location, 2.0, 0.02);
    }
    let fails = PopulationFit::new(1, 0.5).unwrap().outliers(usize::MAX).run(&[1.0; 20]).unwrap_err();
    assert!(fails.to_string().contains("twice the number of atoms"));
}

#[test]
fn a_semicircle_lies_around_zero() {
    let away: Vec<f64> = (0..30).map(|i| 5.0 + f64::from(i) / 3.0).collect();
    assert!(SemicircleFit::new().run(&away).unwrap_err().to_string().contains("subtract"));
}
