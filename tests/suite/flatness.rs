//! Measures of flatness: closed forms, what rescaling of relu networks leaves as it is, and the edge of stability.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::landscape::{
    EdgeOfStability, ExpectedSharpness, Flatness, FlatnessMeasure, Neighborhood, NeighborhoodNorm, Rescaling,
    WorstCase, filter_scales, fisher_rao_norm, rank_correlation, relative_flatness, scaled_curvature,
};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Point, Recorded};
use eigenscape::operator::{Dense, Diagonal, to_dense};
use eigenscape::optimize::{Adam, DescentRun, GradientDescent, Rule, StabilityThreshold, Stopping};
use eigenscape::random::Key;
use eigenscape::subspace::Restricted;

use crate::oracle::symmetric_eigenvalues;
use crate::support::normal;

/// A relu network with two hidden layers, biases that are not zero, and 60 examples.
fn relu() -> (Perceptron, Risk<f64>, Vec<f64>) {
    let network = Perceptron::new(&[4, 6, 5, 3], Activation::Relu).unwrap();
    let labels: Vec<usize> = (0..60).map(|example| example % 3).collect();
    let examples = Examples::labelled(normal(240, Key::new(0)), 4, &labels, 3).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let mut theta = Initialization::he().draw(&network, Key::new(1));
    let noise: Vec<f64> = normal(theta.len(), Key::new(2));
    theta.iter_mut().zip(noise).for_each(|(x, noise)| *x += 0.1 * noise);
    (network, risk, theta)
}

/// Weights and biases into units times their factors, weights out of them divided.
fn rescaled(network: &Perceptron, theta: &[f64], factors: [&[f64]; 2]) -> Vec<f64> {
    let mut scaled = theta.to_vec();
    for (layer, factors) in factors.into_iter().enumerate() {
        let [weight, bias, next] = [0, 1, 2].map(|part| &network.blocks()[2 * layer + part]);
        let inputs = weight.shape.extents()[1];
        for (unit, &factor) in factors.iter().enumerate() {
            scaled[weight.range()][unit * inputs..][..inputs].iter_mut().for_each(|w| *w *= factor);
            scaled[bias.range()][unit] *= factor;
            scaled[next.range()].chunks_exact_mut(factors.len()).for_each(|row| row[unit] /= factor);
        }
    }
    scaled
}

#[test]
fn each_measure_keeps_what_it_claims_under_rescaling_and_no_more() {
    let (network, risk, theta) = relu();
    let by_layer = rescaled(&network, &theta, [&[3.0; 6], &[0.4; 5]]);
    let by_unit = rescaled(&network, &theta, [&[3.0, 0.5, 2.0, 0.7, 1.3, 0.3], &[0.4, 2.5, 1.5, 0.6, 3.0]]);
    let read = |theta: &[f64]| Flatness::new(Key::new(3)).run(&risk.at(theta).unwrap()).unwrap();
    let (plain, layer, unit) = (read(&theta), read(&by_layer), read(&by_unit));
    assert!((plain.value - layer.value).abs() < 1e-12 && (plain.value - unit.value).abs() < 1e-12);
    println!("{plain}\n{layer}\n{unit}");
    for measure in FlatnessMeasure::ALL {
        let value = plain.reading(measure).value;
        let off = |other: f64| (other - value).abs() / value.abs();
        let (layers, units) = (off(layer.reading(measure).value), off(unit.reading(measure).value));
        let claim = measure.invariance();
        assert_eq!(layers < 1e-6, claim >= Rescaling::Layers, "{measure}: off by {layers:e} for layers");
        assert_eq!(units < 1e-6, claim >= Rescaling::Units, "{measure}: off by {units:e} for units");
        // What changes does so by more than rounding or the estimate would explain.
        assert!(!(1e-6..=0.02).contains(&layers), "{measure}: {layers:e}");
        assert!(!(1e-6..=0.02).contains(&units), "{measure}: {units:e}");
    }
    // A sharp minimum of the same function, as sharp as one likes (Dinh et al. 2017).
    let sharp = read(&rescaled(&network, &theta, [&[100.0; 6], &[1.0; 5]]));
    let ratio = sharp.reading(FlatnessMeasure::LargestEigenvalue).value
        / plain.reading(FlatnessMeasure::LargestEigenvalue).value;
    assert!(ratio > 100.0, "{ratio}");
}

#[test]
fn measures_agree_with_the_dense_hessian() {
    let (network, risk, theta) = relu();
    let point = risk.at(&theta).unwrap();
    let n = theta.len();
    let dense = to_dense(&point.hessian());
    let hessian = dense.entries();
    let at = |i: usize, j: usize| hessian[i * n + j];
    let report = Flatness::new(Key::new(0)).probes(400).run(&point).unwrap();
    let within = |measure: FlatnessMeasure, exact: f64| {
        let reading = report.reading(measure);
        let error = reading.error.unwrap();
        assert!((reading.value - exact).abs() < 4.0 * error, "{measure}: {} +- {error}, exact {exact}", reading.value);
        assert!(error < 0.2 * exact.abs(), "{measure}: {error} says nothing of {exact}");
    };
    let filters = filter_scales(&theta, network.blocks()).unwrap();
    within(FlatnessMeasure::Trace, (0..n).map(|i| at(i, i)).sum());
    within(FlatnessMeasure::FrobeniusNorm, hessian.iter().map(|h| h * h).sum::<f64>().sqrt());
    within(FlatnessMeasure::AdaptiveTrace, (0..n).map(|i| theta[i] * theta[i] * at(i, i)).sum());
    within(FlatnessMeasure::FilterTrace, (0..n).map(|i| filters[i] * filters[i] * at(i, i)).sum());
    // Petzka's sum over pairs of units, as it is written.
    let mut kappa = 0.0;
    for block in network.blocks().iter().filter(|block| block.shape.axes() == 2) {
        let &[units, inputs] = block.shape.extents() else { unreachable!() };
        for s in 0..units {
            for t in 0..units {
                let [s, t] = [s, t].map(|unit| block.start + unit * inputs);
                let product: f64 = (0..inputs).map(|j| theta[s + j] * theta[t + j]).sum();
                kappa += product * (0..inputs).map(|j| at(s + j, t + j)).sum::<f64>();
            }
        }
    }
    within(FlatnessMeasure::RelativeFlatness, kappa);
    let gauss_newton = symmetric_eigenvalues(to_dense(&point.gauss_newton()).entries(), n);
    let volume = -0.5 * gauss_newton.iter().map(|x| (1.0 + x.max(0.0) / 1e-3).ln()).sum::<f64>();
    within(FlatnessMeasure::LogVolume, volume);
    let top = |entries: &[f64]| symmetric_eigenvalues(entries, n)[n - 1];
    let near = |measure: FlatnessMeasure, exact: f64| {
        assert!((report.reading(measure).value / exact - 1.0).abs() < 1e-5, "{measure}");
    };
    near(FlatnessMeasure::LargestEigenvalue, top(hessian));
    let scaled: Vec<f64> = (0..n * n).map(|k| theta[k / n] * hessian[k] * theta[k % n]).collect();
    let signed: Vec<f64> = (0..n * n).map(|k| theta[k / n].abs() * hessian[k] * theta[k % n].abs()).collect();
    near(FlatnessMeasure::AdaptiveEigenvalue, top(&scaled));
    near(FlatnessMeasure::AdaptiveEigenvalue, top(&signed));
    assert_eq!(report.reading(FlatnessMeasure::FisherRaoNorm).value, fisher_rao_norm(&point).unwrap());
    assert_eq!(report.to_string().lines().count(), 2 + FlatnessMeasure::ALL.len());
}

#[test]
fn the_worst_case_of_a_quadratic_is_known() {
    // L = x'Ax/2 + b'x at 0. In a ball: the secular equation; in a box: a corner.
    let a: Vec<f64> = {
        let root: Vec<f64> = normal(25, Key::new(0));
        (0..25).map(|k| (0..5).map(|m| root[(k / 5) * 5 + m] * root[(k % 5) * 5 + m]).sum()).collect()
    };
    let b: Vec<f64> = normal(5, Key::new(1));
    let (matrix, slope) = (a.clone(), b.clone());
    let quadratic = Recorded::<f64>::new(5, move |x| {
        let tape = x.tape();
        let matrix = tape.constant(eigenscape::tape::Shape::matrix(5, 5), &matrix);
        let slope = tape.constant(eigenscape::tape::Shape::vector(5), &slope);
        (x * (matrix * x).sum_axes(&[1])).sum() * 0.5 + (slope * x).sum()
    })
    .unwrap();
    let value = |x: &[f64]| {
        let form: f64 = (0..25).map(|k| x[k / 5] * a[k] * x[k % 5]).sum();
        form * 0.5 + (0..5).map(|i| b[i] * x[i]).sum::<f64>()
    };
    let scales = vec![0.5, 2.0, 1.0, 0.0, 3.0];
    let corners = (0..32u32).map(|corner| {
        let x: Vec<f64> = (0..5).map(|i| 0.3 * scales[i] * if corner >> i & 1 == 1 { 1.0 } else { -1.0 }).collect();
        value(&x)
    });
    let exact = corners.fold(0.0, f64::max);
    let around = Neighborhood::new(scales.clone(), NeighborhoodNorm::Maximum, 0.3).unwrap();
    // A lower bound from few starts, as there are local maxima at corners; all corners' best from many.
    let few = WorstCase::new(Key::new(0)).starts(4).steps(50).run(&quadratic, &[0.0; 5], &around).unwrap();
    assert!(few.increase < exact + 1e-9 && few.increase > few.first_order);
    let found = WorstCase::new(Key::new(0)).starts(64).steps(50).run(&quadratic, &[0.0; 5], &around).unwrap();
    assert!((found.increase - exact).abs() < 1e-9, "{} for {exact}", found.increase);
    assert!((value(&found.displacement) - found.increase).abs() < 1e-12 && found.displacement[3] == 0.0);
    assert!((found.reach - 1.0).abs() < 1e-12 && found.holes == 0);
    assert!((found.first_order - 0.3 * (0..5).map(|i| (b[i] * scales[i]).abs()).sum::<f64>()).abs() < 1e-12);
    // Balls: eigenvalues of A, and mu with |(mu - A)^-1 b| = radius, by bisection above the top.
    let ball = Neighborhood::ball(5, 0.3).unwrap();
    let found = WorstCase::new(Key::new(0)).steps(200).run(&quadratic, &[0.0; 5], &ball).unwrap();
    let step = |mu: f64| {
        let mut x = vec![0.0; 5];
        // Fixed points of x = (A x + b) / mu: a contraction above the top.
        for _ in 0..20000 {
            x = (0..5).map(|i| ((0..5).map(|j| a[5 * i + j] * x[j]).sum::<f64>() + b[i]) / mu).collect();
        }
        x
    };
    let length = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let (mut low, mut high) = (symmetric_eigenvalues(&a, 5)[4] * 1.0001, 1e3);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if length(&step(middle)) > 0.3 { low = middle } else { high = middle }
    }
    let exact = value(&step(high));
    assert!((found.increase - exact).abs() < 1e-6, "{} for {exact}", found.increase);
    // Noise: half the trace, with nothing left of b.
    let noise = ExpectedSharpness::new(0.1, 400, Key::new(0)).unwrap();
    let exact = 0.5 * 0.01 * (0..5).map(|i| a[6 * i]).sum::<f64>();
    let mean = noise.clone().run(&quadratic, &[0.0; 5]).unwrap();
    assert!(
        (mean.mean - exact).abs() < 4.0 * mean.standard_error.unwrap() && mean.standard_error.unwrap() < 0.1 * exact
    );
    let exact = 0.5 * 0.01 * (0..5).map(|i| a[6 * i] * scales[i] * scales[i]).sum::<f64>();
    let mean = noise.scales(scales).unwrap().run(&quadratic, &[0.0; 5]).unwrap();
    assert!((mean.mean - exact).abs() < 4.0 * mean.standard_error.unwrap());
}

#[test]
fn boxes_within_a_subspace_are_those_of_its_coordinates() {
    let (_, risk, theta) = relu();
    let n = theta.len();
    let ascent = WorstCase::new(Key::new(0));
    let whole = ascent.run(&risk, &theta, &Neighborhood::keskar_box(&theta, 1e-3).unwrap()).unwrap();
    // All coordinates, by another name.
    let all = Diagonal::new(vec![1.0; n]);
    let around = Neighborhood::keskar_box_within(&theta, &all, 1e-3).unwrap();
    let same = ascent.run(&Restricted::new(&risk, &all, &theta).unwrap(), &vec![0.0; n], &around).unwrap();
    assert!((same.increase - whole.increase).abs() < 1e-12);
    // Two columns that are not orthogonal: A^+ by the normal equations, and 4 corners' best.
    let columns: Vec<f64> = normal(2 * n, Key::new(1));
    let basis = Dense::new(columns.clone(), n, 2).unwrap();
    let around = Neighborhood::keskar_box_within(&theta, &basis, 1e-2).unwrap();
    let sum = |f: &dyn Fn(usize) -> f64| (0..n).map(f).sum::<f64>();
    let a = |i: usize, j: usize| columns[2 * i + j];
    let gram = [0, 1, 3].map(|k| sum(&|i| a(i, k / 2) * a(i, k % 2)));
    let right = [0, 1].map(|j| sum(&|i| a(i, j) * theta[i]));
    let determinant = gram[0] * gram[2] - gram[1] * gram[1];
    let exact =
        [gram[2] * right[0] - gram[1] * right[1], gram[0] * right[1] - gram[1] * right[0]].map(|x| x / determinant);
    for (scale, exact) in around.scales().iter().zip(exact) {
        assert!((scale - exact.abs() - 1.0).abs() < 1e-9);
    }
    let cut = Restricted::new(&risk, &basis, &theta).unwrap();
    let found = ascent.run(&cut, &[0.0; 2], &around).unwrap();
    let corner = |signs: [f64; 2]| {
        let place = [0, 1].map(|i| 1e-2 * signs[i] * around.scales()[i]);
        cut.value(&place).unwrap() - risk.value(&theta).unwrap()
    };
    let best = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]].map(corner).into_iter().fold(0.0, f64::max);
    assert!(found.increase >= best - 1e-12 && found.increase < 1.1 * best, "{} and {best}", found.increase);
}

#[test]
fn gradient_descent_sharpens_until_its_steps_are_barely_stable() {
    // Six hidden layers, squared error: the setting in which sharpness rises (Cohen et al. 2021).
    let network = Perceptron::new(&[64, 32, 32, 32, 32, 32, 32, 10], Activation::Relu).unwrap();
    let examples = crate::digits::digits().select(&(0..300).collect::<Vec<_>>()).unwrap();
    let risk = Risk::new(&network, Loss::SquaredError, examples).unwrap();
    let theta = Initialization::lecun().draw(&network, Key::new(0));
    let rows = |rate: f64, steps: u64| {
        let mut record = EdgeOfStability::new(25, Key::new(0)).unwrap();
        let mut run = DescentRun::new(&theta, GradientDescent::new(rate).unwrap(), Stopping::steps(steps)).unwrap();
        record.observe(&risk, &run).unwrap();
        while !run.is_done() {
            run.advance(&risk).unwrap();
            record.observe(&risk, &run).unwrap();
        }
        record.rows().to_vec()
    };
    let along = rows(0.07, 400);
    for row in &along {
        println!("{:>5} {:.4} {:.2} {:.2} {}", row.step, row.value, row.sharpness, row.threshold, row.matvecs);
    }
    assert_eq!(along.len(), 17);
    assert!(along[0].sharpness < 0.5 * along[0].threshold, "it starts far below");
    let hovering = &along[8..];
    assert!(hovering.iter().all(|row| (row.sharpness / row.threshold - 1.0).abs() < 0.15));
    assert!(along[16].value < 0.4 * along[8].value, "the loss goes on falling");
    assert!(along.iter().all(|row| row.error < 2e-3 * row.sharpness));
    // The threshold is what holds it: a smaller rate lets it rise beyond that of the larger one.
    let slow = rows(0.03, 800);
    assert!(slow.iter().any(|row| row.sharpness > 1.2 * along[0].threshold));
}

#[test]
fn thresholds_are_where_steps_on_a_quadratic_stop_shrinking() {
    let plain = || GradientDescent::<f64>::new(0.1).unwrap();
    let heavy = |momentum: f64| plain().momentum(momentum).unwrap();
    for rule in [plain(), heavy(0.3), heavy(0.9), heavy(0.3).nesterov(), heavy(0.9).nesterov()] {
        let end = |curvature: f64| {
            let mut rule = rule.clone();
            let mut x = [1.0];
            for _ in 0..2000 {
                let gradient = [curvature * x[0]];
                rule.update(&mut x, &gradient);
            }
            x[0].abs()
        };
        let threshold = rule.threshold();
        assert!(end(0.97 * threshold) < 1e-3, "{rule:?}: {}", end(0.97 * threshold));
        assert!(end(1.03 * threshold) > 1e3, "{rule:?}: {}", end(1.03 * threshold));
    }
}

#[test]
fn sharpness_in_units_of_adam_is_that_of_the_dense_pencil() {
    let (_, risk, theta) = relu();
    let mut run = DescentRun::new(&theta, Adam::new(0.01).unwrap(), Stopping::steps(12)).unwrap();
    let mut record = EdgeOfStability::new(4, Key::new(0)).unwrap();
    assert_eq!(record.observe(&risk, &run).unwrap(), None, "no preconditioner before the first step");
    while !run.is_done() {
        run.advance(&risk).unwrap();
        if let Some(row) = record.observe(&risk, &run).unwrap() {
            assert_eq!(record.observe(&risk, &run).unwrap(), None, "one row a step");
            let n = theta.len();
            let hessian = to_dense(&risk.at(run.theta()).unwrap().hessian());
            let p: Vec<f64> = run.rule().preconditioner();
            let pencil: Vec<f64> = (0..n * n).map(|k| hessian.entries()[k] / (p[k / n] * p[k % n]).sqrt()).collect();
            let exact = symmetric_eigenvalues(&pencil, n)[n - 1];
            assert!((row.sharpness / exact - 1.0).abs() < 1e-5, "{} for {exact}", row.sharpness);
            assert!((row.threshold - 3800.0).abs() < 1e-9);
        }
    }
    assert_eq!(record.rows().iter().map(|row| row.step).collect::<Vec<_>>(), [4, 8, 12]);
}

#[cfg(feature = "serde")]
#[test]
fn a_saved_record_goes_on_to_the_same_bits() {
    let (_, risk, theta) = relu();
    let start = || DescentRun::new(&theta, Adam::new(0.01).unwrap(), Stopping::steps(10)).unwrap();
    let (mut run, mut record) = (start(), EdgeOfStability::new(2, Key::new(0)).unwrap());
    let (mut other, mut kept) = (start(), EdgeOfStability::new(2, Key::new(0)).unwrap());
    while !run.is_done() {
        run.advance(&risk).unwrap();
        record.observe(&risk, &run).unwrap();
        other.advance(&risk).unwrap();
        kept.observe(&risk, &other).unwrap();
        other = serde_json::from_str(&serde_json::to_string(&other).unwrap()).unwrap();
        kept = serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
    }
    assert_eq!(record, kept);
    let report = Flatness::new(Key::new(0)).probes(4).run(&risk.at(&theta).unwrap()).unwrap();
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<eigenscape::landscape::FlatnessReport>(&text).unwrap(), report);
}

#[test]
fn rank_correlations_count_pairs() {
    // All pairs by hand, with ties.
    let (x, y) = ([1.0, 2.0, 2.0, 3.0, 5.0], [2.0, 1.0, 4.0, 4.0, 6.0]);
    // 9 pairs unequal in x, 9 in y; concordant 7, discordant 1, tied in one 2.
    let correlation = rank_correlation(&x, &y).unwrap();
    assert!((correlation.tau - 6.0 / 9.0).abs() < 1e-12, "{}", correlation.tau);
    // Independent quantities: mean 0, and the spread that is said.
    let taus: Vec<f64> = (0..400)
        .map(|key| {
            let [x, y] = [0, 1].map(|part| normal::<f64>(12, Key::new(key).split(part)));
            rank_correlation(&x, &y).unwrap().tau
        })
        .collect();
    let spread =
        rank_correlation(&normal::<f64>(12, Key::new(0)), &normal::<f64>(12, Key::new(1))).unwrap().independent;
    crate::support::assert_mean("tau", &taus, 0.0, spread * spread);
    let variance = taus.iter().map(|tau| tau * tau).sum::<f64>() / 400.0;
    // The variance of a variance of a distribution near the normal one.
    assert!((variance / (spread * spread) - 1.0).abs() < 4.0 * (2.0f64 / 400.0).sqrt());
}

#[test]
fn bad_requests_are_refused() {
    let (network, risk, theta) = relu();
    let zero = vec![0.0; theta.len()];
    let says = |error: eigenscape::Error, words: &str| {
        assert!(error.to_string().contains(words), "{error}");
    };
    says(Neighborhood::ball(3, 0.0).unwrap_err(), "radius");
    says(Neighborhood::ball(0, 1.0).unwrap_err(), "not all zero");
    says(Neighborhood::adaptive(&zero, 0.5).unwrap_err(), "not all zero");
    says(Neighborhood::adaptive(&[f64::NAN], 0.5).unwrap_err(), "entry 0");
    says(Neighborhood::new(vec![1.0, -1.0], NeighborhoodNorm::Maximum, 1.0).unwrap_err(), "at least 0");
    says(filter_scales(&zero, network.blocks()).unwrap_err(), "norm of a filter");
    says(filter_scales(&zero[1..], network.blocks()).unwrap_err(), "entries");
    says(ExpectedSharpness::new(0.0, 3, Key::new(0)).unwrap_err(), "standard deviation");
    says(ExpectedSharpness::new(0.1, 0, Key::new(0)).unwrap_err(), "at least 1");
    let noise = ExpectedSharpness::new(0.1, 2, Key::new(0)).unwrap();
    says(noise.run(&risk, &theta[1..]).unwrap_err(), "entries");
    says(WorstCase::new(Key::new(0)).run(&risk, &theta, &Neighborhood::ball(3, 1.0).unwrap()).unwrap_err(), "scales");
    let point = risk.at(&theta).unwrap();
    let bias = relative_flatness(&point.hessian(), &theta, &network.blocks()[1], 3, Key::new(0)).unwrap_err();
    says(bias, "units x inputs");
    says(scaled_curvature(point.hessian(), &[1.0]).unwrap_err(), "");
    says(Flatness::new(Key::new(0)).radius(-1.0).run(&point).unwrap_err(), "radius");
    says(Flatness::new(Key::new(0)).run(&risk.at(&zero).unwrap()).unwrap_err(), "norm of a filter");
    says(EdgeOfStability::<f64>::new(0, Key::new(0)).unwrap_err(), "at least 1");
    says(rank_correlation(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]).unwrap_err(), "at least 4");
    says(rank_correlation(&[1.0; 5], &[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap_err(), "unequal pairs");
    // Infinite loss inside: counted, and not climbed.
    let well = Recorded::<f64>::new(1, |x| x.at(0).powi(2) - (1.0 - x.at(0)).ln()).unwrap();
    let found = WorstCase::new(Key::new(0)).run(&well, &[0.0], &Neighborhood::ball(1, 3.0).unwrap()).unwrap();
    assert!(found.holes > 0 && found.increase > 0.0 && found.increase.is_finite());
}

#[test]
fn what_may_not_move_has_no_share_of_a_random_start() {
    let square = Recorded::<f64>::new(40, |x| x.at(0).powi(2)).unwrap();
    let mut scales = vec![0.0; 40];
    scales[0] = 1.0;
    let around = Neighborhood::new(scales, NeighborhoodNorm::Euclidean, 1.0).unwrap();
    // From the top of a slope of 0 only the random start leaves; it stands on the border at once.
    let found = WorstCase::new(Key::new(0)).steps(1).run(&square, &[0.0; 40], &around).unwrap();
    assert!((found.increase - 1.0).abs() < 1e-12 && (found.reach - 1.0).abs() < 1e-12, "{found:?}");
    assert!((found.displacement[0].abs() - found.reach).abs() < 1e-12);
}

#[cfg(feature = "serde")]
#[test]
fn damaged_files_of_flatness_are_refused() {
    fn damaged<S: serde::Serialize + serde::de::DeserializeOwned>(settings: &S, place: &str, value: serde_json::Value) {
        let mut saved = serde_json::to_value(settings).unwrap();
        assert!(serde_json::from_value::<S>(saved.clone()).is_ok());
        *saved.pointer_mut(place).unwrap() = value;
        assert!(serde_json::from_value::<S>(saved).is_err(), "{place}");
    }
    let noise = ExpectedSharpness::new(0.1, 3, Key::new(0)).unwrap().scales(vec![1.0, 2.0]).unwrap();
    damaged(&noise, "/pairs", 0.into());
    damaged(&noise, "/sigma", (-1.0).into());
    damaged(&noise, "/scales/0", (-1.0).into());
    let around = Neighborhood::ball(2, 1.0).unwrap();
    damaged(&around, "/radius", 0.0.into());
    damaged(&around, "/scales/1", (-1.0).into());
    let record = EdgeOfStability::<f64>::new(5, Key::new(0)).unwrap();
    damaged(&record, "/every", 0.into());
    damaged(&record, "/tolerance", (-1.0).into());
}
