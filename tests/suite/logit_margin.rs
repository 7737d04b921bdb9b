//! Logits with a margin: averages by quadrature against samples, the ensemble against matrices, and what is fitted to logits.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::emergent::{Calibration, Freezing, Measurement, Tracker};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::optimize::{GradientDescent, descend};
use eigenscape::random::Key;
use eigenscape::random_matrix::{DrawMean, GaussianLogits, LogitEnsemble, LogitLabels};

use crate::logit_ensemble::{close, mean};
use crate::oracle::symmetric_eigenvalues;
use crate::support::{dot, normal, with_threads};

/// Rows of logits, the true class's raised.
fn logits(labels: &[usize], classes: usize, deviation: f64, margin: f64, key: Key) -> Vec<f64> {
    let mut logits = normal::<f64>(labels.len() * classes, key);
    for (row, &label) in logits.chunks_exact_mut(classes).zip(labels) {
        row.iter_mut().for_each(|z| *z *= deviation);
        row[label] += margin;
    }
    logits
}

fn softmax(row: &[f64]) -> Vec<f64> {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = row.iter().map(|z| (z - largest).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).collect()
}

/// S of a row, C x C.
fn block(row: &[f64]) -> Vec<f64> {
    let (p, c) = (softmax(row), row.len());
    (0..c * c).map(|at| if at / c == at % c { p[at / c] } else { 0.0 } - p[at / c] * p[at % c]).collect()
}

/// Within four standard errors of the samples.
#[track_caller]
fn expected(what: &str, samples: &[f64], value: f64) {
    let (own, error) = mean(samples);
    assert!((own - value).abs() <= 4.0 * error, "{what}: sampled {own} +- {error}, expected {value}");
}

#[test]
fn moments_of_probabilities_are_those_of_samples() {
    for (at, (classes, deviation, margin)) in
        [(2, 0.5, 1.0), (3, 1.0, 2.0), (4, 0.0, 1.5), (10, 2.0, 5.0), (10, 1.0, -2.0)].into_iter().enumerate()
    {
        let exact = GaussianLogits::new(classes, deviation).unwrap().with_margin(margin).unwrap();
        let rows = logits(&vec![0; 20_000], classes, deviation, margin, Key::new(at as u64));
        let (mut trace, mut square, mut variance) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows.chunks_exact(classes) {
            let s = block(row);
            trace.push((0..classes).map(|k| s[k * classes + k]).sum());
            square.push(s.iter().map(|x| x * x).sum());
            variance.push(s[0]);
        }
        if deviation == 0.0 {
            for (value, sampled) in
                [(exact.trace, trace[0]), (exact.square, square[0]), (exact.true_variance, variance[0])]
            {
                assert!((value - sampled).abs() < 1e-14, "{value}, {sampled}");
            }
            continue;
        }
        let what = format!("{classes} classes, {deviation}, margin {margin}");
        expected(&format!("{what}: tr S"), &trace, exact.trace);
        expected(&format!("{what}: tr S^2"), &square, exact.square);
        expected(&format!("{what}: p_y (1 - p_y)"), &variance, exact.true_variance);
    }
}

/// Two sums of different integrals; and no margin is what has its own sums.
#[test]
fn moments_obey_their_identities() {
    for classes in [2, 3, 5, 10, 1000] {
        for deviation in [0.1, 1.0, 4.0] {
            let logits = GaussianLogits::new(classes, deviation).unwrap();
            for margin in [-3.0, 0.0, 0.7, 8.0] {
                let exact = logits.with_margin(margin).unwrap();
                let sum = exact.power_sum + exact.trace;
                assert!((sum - 1.0).abs() < 1e-11, "{classes}, {deviation}, {margin}: {sum}");
            }
            let none = logits.with_margin(0.0).unwrap();
            assert!((none.square - logits.square()).abs() < 1e-11, "{classes}, {deviation}");
            let each = logits.trace() / classes as f64;
            assert!((none.true_variance - each).abs() < 1e-11, "{classes}, {deviation}");
            let (balanced, own) = (none.curvature(&vec![2; classes]), logits.curvature(2 * classes));
            assert!((balanced.unwrap().shared() - own.unwrap().shared()).abs() < 1e-11, "{classes}, {deviation}");
        }
    }
    // Far apart, E p_k is exp(sigma^2 - delta), and both ends of it count.
    let far = GaussianLogits::new(7, 0.8).unwrap().with_margin(26.0).unwrap();
    assert!((far.trace / (12.0 * (0.64f64 - 26.0).exp()) - 1.0).abs() < 1e-9, "{}", far.trace);
}

#[test]
fn mean_curvature_of_unequal_classes_is_that_of_samples() {
    for (counts, deviation, margin) in
        [(vec![6, 3, 1, 2], 1.0, 2.0), (vec![5, 1], 0.5, 1.0), (vec![0, 7, 2], 2.0, -1.0)]
    {
        let classes = counts.len();
        let exact = GaussianLogits::new(classes, deviation).unwrap().with_margin(margin).unwrap();
        let exact = exact.curvature(&counts).unwrap();
        let labels: Vec<usize> = (0..classes).flat_map(|class| vec![class; counts[class]]).collect();
        let n = labels.len() as f64;
        let (mut own, mut shared) = (Vec::new(), Vec::new());
        for draw in 0..3000 {
            let rows = logits(&labels, classes, deviation, margin, Key::new(draw));
            let blocks: Vec<Vec<f64>> = rows.chunks_exact(classes).map(block).collect();
            let sum = |at: usize| blocks.iter().map(|s| s[at] / n).sum::<f64>();
            shared.push((0..classes * classes).map(|at| sum(at).powi(2)).sum());
            own.push(blocks.iter().flatten().map(|x| x * x / (n * n)).sum());
        }
        expected(&format!("{counts:?}: own"), &own, exact.own());
        expected(&format!("{counts:?}: shared"), &shared, exact.shared());
    }
}

/// Matrices with P = 240: logits, means and residues drawn here, their spectrum by another eigensolver.
#[test]
fn the_largest_eigenvalue_is_that_of_matrices() {
    let (p, c, shares) = (240, 5, [3.0, 1.0, 2.0, 2.0, 2.0]);
    for (signal, deviation, margin) in [(1.0, 1.0, 4.0), (0.0, 1.0, 3.0)] {
        let logits_of = GaussianLogits::new(c, deviation).unwrap();
        let ensemble = LogitEnsemble::new(p, 30, signal, 1.0, logits_of).unwrap().with_margin(margin, &shares).unwrap();
        let labels = ensemble.labels();
        assert_eq!([0, 1, 2, 3, 4].map(|k| labels.iter().filter(|&&y| y == k).count()), [9, 3, 6, 6, 6]);
        let (mut largest, mut traces, mut squares) = (Vec::new(), Vec::new(), Vec::new());
        for draw in 0..40 {
            let key = Key::new(draw);
            let rows = logits(&labels, c, deviation, margin, key.split(0));
            let means = normal::<f64>(c * p, key.split(1));
            let mut jacobian = normal::<f64>(labels.len() * c * p, key.split(2));
            for (at, row) in jacobian.chunks_exact_mut(p).enumerate() {
                let mean = &means[at % c * p..][..p];
                row.iter_mut().zip(mean).for_each(|(x, mean)| *x += signal * mean);
            }
            // H = Y'Y with Y = (diag(sqrt p) - p sqrt(p)')' J / sqrt N, example by example.
            let mut y = vec![0.0; jacobian.len()];
            for (m, row) in rows.chunks_exact(c).enumerate() {
                let q = softmax(row);
                for k in 0..c {
                    for l in 0..c {
                        let root = (if k == l { q[k].sqrt() } else { 0.0 } - q[l] * q[k].sqrt()) / 30f64.sqrt();
                        let from = &jacobian[(m * c + l) * p..][..p];
                        y[(m * c + k) * p..][..p].iter_mut().zip(from).for_each(|(y, x)| *y += root * x);
                    }
                }
            }
            let size = labels.len() * c;
            let row = |at: usize| &y[at * p..][..p];
            let gram: Vec<f64> = (0..size * size).map(|at| dot(row(at / size), row(at % size))).collect();
            traces.push((0..size).map(|at| gram[at * size + at]).sum());
            squares.push(gram.iter().map(|x| x * x).sum());
            largest.push(*symmetric_eigenvalues(&gram, size).last().unwrap());
        }
        let pair = |mean: DrawMean| (mean.mean, mean.standard_error.unwrap());
        let what = format!("sigma_c = {signal}, margin {margin}");
        close(&what, pair(ensemble.largest(40, Key::new(0)).unwrap()), mean(&largest), 4.0, 0.01);
        let by_draws = ensemble.largest_of_draws(40, Key::new(0)).unwrap();
        close(&format!("{what}, by draws"), pair(by_draws), mean(&largest), 4.0, 0.07);
        let population = ensemble.largest_of_population(1, 20, Key::new(0)).unwrap();
        close(&format!("{what}, population"), pair(population[0]), mean(&largest), 4.0, 0.02);
        let cut = ensemble.model().unwrap().cut(p).unwrap();
        expected(&format!("{what}: trace"), &traces, cut.trace);
        // Beside the mean given the probabilities, the trace varies with these: its square over P is in the norm's.
        let (square, error) = mean(&squares);
        let (_, trace_error) = mean(&traces);
        let left_out = (40.0 * trace_error * trace_error - cut.trace_variance).max(0.0) / p as f64;
        let bound = 4.0 * error + 4.0 * left_out;
        assert!((square - cut.squared_norm).abs() < bound, "{what}: {square} +- {error}, {}", cut.squared_norm);
    }
}

#[test]
fn limits_at_both_ends_hold_with_a_margin() {
    let at = |p: usize, signal: f64, deviation: f64, margin: f64| {
        let logits = GaussianLogits::new(10, deviation).unwrap();
        LogitEnsemble::new(p, 60, signal, 1.0, logits).unwrap().with_margin(margin, &[1.0; 10]).unwrap()
    };
    for (p, signal) in [(1200, 1.0), (120, 0.0), (12_000, 0.05)] {
        // Without a margin the limit of no logits is the closed form.
        let (still, equal) = (at(p, signal, 1.0, 0.0).still_limit().unwrap(), at(p, signal, 1.0, 0.0).equal_limit());
        assert_eq!(still.outliers, equal.outliers);
        for (still, equal) in [
            (still.position, equal.position),
            (still.edge, equal.edge),
            (still.overlap, equal.overlap),
            (still.critical_deviation, equal.critical_deviation),
        ] {
            assert!((still - equal).abs() < 1e-6 * equal.abs().max(1e-3), "{p}, {signal}: {still}, {equal}");
        }
        for margin in [3.0, -2.0] {
            let small = at(p, signal, 0.01, margin);
            let (still, random) = (small.still_limit().unwrap(), small.limit(2000, Key::new(0)).unwrap());
            assert_eq!(still.outliers, random.outliers, "{p}, {signal}, {margin}");
            for (still, random) in [(still.position, random.position), (still.edge, random.edge)] {
                assert!((still / random - 1.0).abs() < 0.02, "{p}, {signal}, {margin}: {still}, {random}");
            }
        }
        for margin in [32.0, 100.0] {
            let large = at(p, signal, 64.0, margin);
            let (frozen, random) = (large.frozen_limit().unwrap(), large.limit(10_000, Key::new(0)).unwrap());
            assert_eq!(frozen.outliers, random.outliers, "{p}, {signal}, {margin}");
            for (frozen, random) in [(frozen.position, random.position), (frozen.edge, random.edge)] {
                assert!((frozen / random - 1.0).abs() < 0.05, "{p}, {signal}, {margin}: {frozen}, {random}");
            }
        }
    }
}

/// Far from the threshold there is one way to the largest eigenvalue.
#[test]
fn draws_alone_are_the_same_bits_far_from_the_threshold() {
    let ensemble = LogitEnsemble::new(1200, 60, 1.0, 1.0, GaussianLogits::new(10, 0.5).unwrap()).unwrap();
    assert!(ensemble.largest_of_draws(0, Key::new(1)).is_err());
    for margin in [0.0, 2.0] {
        let ensemble = ensemble.clone().with_margin(margin, &[1.0; 10]).unwrap();
        let [all, alone] = [ensemble.largest(3, Key::new(1)), ensemble.largest_of_draws(3, Key::new(1))];
        assert_eq!(all.unwrap(), alone.unwrap());
    }
}

/// The limit of a small deviation has the spectrum of one S.
#[test]
fn the_still_limit_without_residues_is_in_closed_form() {
    let (c, margin) = (4, 1.3f64);
    let logits = GaussianLogits::new(c, 0.5).unwrap();
    let ensemble = LogitEnsemble::new(40, 60, 0.5, 0.0, logits).unwrap().with_margin(margin, &[1.0; 4]).unwrap();
    let mut row = vec![0.0; c];
    row[0] = margin;
    let trace: f64 = block(&row).iter().step_by(c + 1).sum();
    // K = P sigma_c^2 I, and Sbar is tr S / (C - 1) on the zero-sum vectors.
    let position = ensemble.still_limit().unwrap().position;
    assert!((position / (40.0 * 0.25 * trace / 3.0) - 1.0).abs() < 1e-12, "{position}");
}

#[test]
fn no_margin_changes_no_bit_and_one_keeps_the_draws() {
    let logits = GaussianLogits::new(5, 1.2).unwrap();
    let plain = LogitEnsemble::new(200, 20, 0.6, 1.0, logits).unwrap();
    let none = plain.clone().with_margin(0.0, &[1.0, 5.0, 0.0, 2.0, 2.0]).unwrap();
    let (ours, theirs) = (none.draw(Key::new(3)).unwrap(), plain.draw(Key::new(3)).unwrap());
    assert_eq!(ours.blocks().probabilities(), theirs.blocks().probabilities());
    assert_eq!(none.largest(4, Key::new(0)).unwrap(), plain.largest(4, Key::new(0)).unwrap());
    assert_eq!(none.bump(10, Key::new(0)).unwrap(), plain.bump(10, Key::new(0)).unwrap());
    assert_eq!(none.model().unwrap(), plain.model().unwrap());
    assert_eq!(none.labels(), [[0; 2].as_slice(), &[1; 10], &[3; 4], &[4; 4]].concat());
    assert_eq!(plain.labels(), (0..20).map(|m| m / 4).collect::<Vec<_>>());

    let raised = none.with_margin(3.0, &[1.0; 5]).unwrap();
    assert_eq!(raised.margin(), 3.0);
    let (ours, theirs) = (raised.draw(Key::new(3)).unwrap(), plain.draw(Key::new(3)).unwrap());
    assert_eq!(ours.means().gram(), theirs.means().gram());
    let odds = |p: &[f64], m: usize, k: usize| (p[m * 5 + m / 4] / p[m * 5 + k]).ln();
    for (m, k) in [(0, 1), (7, 4), (19, 0)] {
        let [with, without] = [&ours, &theirs].map(|draw| odds(draw.blocks().probabilities(), m, k));
        assert!((with - without - 3.0).abs() < 1e-12, "{with}, {without}");
    }
    let of = |threads| with_threads(threads, || raised.largest(9, Key::new(0)).unwrap());
    assert_eq!(of(1), of(3));
    // Residuals of the classes that the draw has: hardly any where it is sure.
    let share = |margin: f64| {
        let ensemble = raised.clone().with_margin(margin, &[1.0; 5]).unwrap();
        let labels = LogitLabels::Given(ensemble.labels());
        ensemble.draw(Key::new(3)).unwrap().gradient(&labels).unwrap().squared_norm()
    };
    assert!(share(12.0) < 1e-3 * share(0.0), "{} {}", share(12.0), share(0.0));
}

#[test]
fn margins_that_cannot_be_are_refused() {
    let ensemble = LogitEnsemble::new(20, 10, 1.0, 1.0, GaussianLogits::new(3, 1.0).unwrap()).unwrap();
    let of = |margin: f64, shares: &[f64]| ensemble.clone().with_margin(margin, shares);
    for (margin, shares, part) in [
        (f64::NAN, &[1.0; 3][..], "[-1000, 1000]"),
        (1001.0, &[1.0; 3], "1001"),
        (1.0, &[1.0; 2], "3"),
        (1.0, &[1.0, -1.0, 1.0], "-1"),
        (1.0, &[1.0, f64::INFINITY, 1.0], "inf"),
        (1.0, &[0.0; 3], "sum of the shares"),
    ] {
        let message = of(margin, shares).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    let message = of(1.0, &[1.0; 3]).unwrap().bump(4, Key::new(0)).unwrap_err().to_string();
    assert!(message.contains("margin") && message.contains("0"), "{message}");
    // As far as margins go, everything has an answer: all frozen.
    let far = of(1000.0, &[1.0; 3]).unwrap();
    assert!(far.largest(2, Key::new(0)).unwrap().mean < 1e-100 && far.model().unwrap().curvature().trace() == 0.0);
    let single = LogitEnsemble::new(5, 3, 1.0, 1.0, GaussianLogits::new(1, 1.0).unwrap()).unwrap();
    let single = single.with_margin(2.0, &[1.0]).unwrap();
    assert_eq!((single.largest(2, Key::new(0)).unwrap().mean, single.still_limit().unwrap().outliers), (0.0, 0));
    let curvature = GaussianLogits::new(3, 1.0).unwrap().with_margin(1.0).unwrap();
    assert!(curvature.curvature(&[1, 2]).is_err() && curvature.curvature(&[0; 3]).is_err());
}

#[test]
fn margins_are_found_from_power_sums() {
    for (classes, deviation) in [(2, 0.3), (3, 1.0), (10, 0.0), (10, 1.7), (10, 4.0), (1000, 2.0)] {
        let logits = GaussianLogits::new(classes, deviation).unwrap();
        for margin in [0.5, 2.0, 7.03, 15.0] {
            let exact = logits.with_margin(margin).unwrap();
            let found = logits.margin_with_power_sum(exact.power_sum).unwrap();
            // What is left of 1 has so many digits.
            let bound = 1e-8 + 1e-14 / exact.trace * margin;
            assert!((found - margin).abs() < bound, "{classes}, {deviation}: {found} should be {margin}");
        }
        assert_eq!(logits.margin_with_power_sum(logits.power_sum(2)).unwrap(), 0.0);
        for wrong in [1.0, 0.5 * logits.power_sum(2), f64::NAN] {
            assert!(logits.margin_with_power_sum(wrong).is_err(), "{wrong}");
        }
    }
    assert!(GaussianLogits::new(1, 1.0).unwrap().margin_with_power_sum(1.0).is_err());
}

/// A risk whose logits are its inputs, at the point where it is the identity.
fn of_logits(logits: Vec<f64>, labels: &[usize], classes: usize) -> (Risk<f64>, Vec<f64>) {
    let network = Perceptron::new(&[classes, classes], Activation::Identity).unwrap();
    let examples = Examples::labelled(logits, classes, labels, classes).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let mut theta = vec![0.0; classes * (classes + 1)];
    (0..classes).for_each(|k| theta[k * (classes + 1)] = 1.0);
    (risk, theta)
}

#[test]
fn what_is_fitted_to_drawn_logits_is_what_they_were_drawn_from() {
    let (classes, deviation, margin) = (4, 1.3, 3.0);
    let labels: Vec<usize> = (0..2000).map(|m| m % 5 % classes).collect();
    let (risk, theta) = of_logits(logits(&labels, classes, deviation, margin, Key::new(0)), &labels, classes);
    let point = risk.at(&theta).unwrap();
    let calibration = Calibration::measure(&point).unwrap();
    let freezing = Freezing::measure(&point).unwrap();
    assert_eq!(*calibration.freezing(), freezing);
    for (what, measured, exact) in [
        ("sigma_w", calibration.within_deviation(), deviation),
        ("delta", calibration.margin(), margin),
        ("fitted delta", calibration.fitted_margin(), margin),
    ] {
        let Measurement { value, error } = measured.unwrap();
        let error = error.unwrap();
        // The error is known to a quarter.
        assert!((value - exact).abs() < 4.0 * error && error < 0.1, "{what}: {value} +- {error}");
    }
    // sigma_z^2 is what is within and what the margin makes, exactly but for the number that was fitted.
    let free = (2000.0 * 3.0 - 1.0) / (2000.0 * 3.0);
    let parts = free * freezing.within_deviation.unwrap().powi(2) + freezing.margin.unwrap().powi(2) / 4.0;
    assert!((freezing.logit_deviation.powi(2) / parts - 1.0).abs() < 1e-12);
    let ensemble = calibration.margin_ensemble().unwrap();
    assert_eq!(ensemble.margin(), calibration.fitted_margin().unwrap().value);
    assert_eq!(ensemble.labels().iter().filter(|&&label| label == 0).count(), 800);
    let trace = ensemble.model().unwrap().curvature().trace();
    assert!((trace - (1.0 - freezing.power_sum)).abs() < 1e-8, "{trace}");
    // What the jackknife is told of is of fewer examples.
    let errors = calibration.jackknife(|part| Ok(vec![Some(part.margin_ensemble()?.margin())])).unwrap().unwrap();
    assert_eq!(errors[0], calibration.fitted_margin().unwrap().error);
}

/// Over data sets, what a parameter varies by is what the jackknife says.
#[test]
fn errors_of_margins_are_what_they_vary_by() {
    let (classes, sets) = (3, 60);
    let labels: Vec<usize> = (0..120).map(|m| m % classes).collect();
    let measured: Vec<[Measurement; 3]> = (0..sets)
        .map(|set| {
            let (risk, theta) = of_logits(logits(&labels, classes, 1.0, 2.0, Key::new(set)), &labels, classes);
            let calibration = Calibration::measure(&risk.at(&theta).unwrap()).unwrap();
            [calibration.margin(), calibration.within_deviation(), calibration.fitted_margin()].map(Option::unwrap)
        })
        .collect();
    for at in 0..3 {
        let values: Vec<f64> = measured.iter().map(|set| set[at].value).collect();
        let spread = mean(&values).1 * (sets as f64).sqrt();
        let said = (measured.iter().map(|set| set[at].error.unwrap().powi(2)).sum::<f64>() / sets as f64).sqrt();
        // Both are roots of mean squares: of 59 degrees of freedom, and of 60 sets of nine.
        let error = (1.0f64 / (2.0 * 59.0) + 1.0 / (2.0 * 60.0 * 9.0)).sqrt();
        assert!((spread / said - 1.0).abs() < 4.0 * error, "parameter {at}: {spread}, said {said}");
    }
}

#[test]
fn what_has_no_margin_has_none() {
    let (risk, theta) = of_logits(vec![1.0, -1.0], &[0], 2);
    let freezing = Freezing::measure(&risk.at(&theta).unwrap()).unwrap();
    assert_eq!((freezing.margin, freezing.margin_error, freezing.within_deviation), (Some(2.0), None, None));
    let message = freezing.fitted_margin().unwrap_err().to_string();
    assert!(message.contains("more than one example"), "{message}");
    let calibration = Calibration::measure(&risk.at(&theta).unwrap()).unwrap();
    assert!(calibration.fitted_margin().is_none() && calibration.margin_ensemble().is_err());
}

/// On digits, training makes a margin: with it the ensemble's largest eigenvalue falls as the network's does, without it hardly.
#[test]
fn the_margin_makes_the_largest_eigenvalue_fall() {
    let examples = crate::digits::digits();
    let network = Perceptron::new(&[64, 32, 10], Activation::Tanh).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let start: Vec<f64> = Initialization::lecun().draw(&network, Key::new(0));
    let batches = risk.mini_batches(32, Key::new(1)).unwrap();
    let tracker =
        Tracker::new(Key::new(2)).every(500).unwrap().eigenpairs(1).unwrap().remainder_probes(0).clustering(0);
    let (watched, mut run) = (tracker.watched(&risk).unwrap(), tracker.begin());
    let mut rule = GradientDescent::new(0.3).unwrap();
    let _end = descend(&batches, &start, &mut rule, 1000, |progress| run.visit(&watched, progress)).unwrap();
    run.require().unwrap();
    let rows = run.rows();
    let fall = |of: &dyn Fn(usize) -> f64| (of(rows.len() - 1) / of(0)).ln();
    let measured = fall(&|at| rows[at].eigenvalues[0]);
    let plain = fall(&|at| rows[at].predicted_ensemble.unwrap().value.value);
    let margin = fall(&|at| rows[at].predicted_margin.unwrap().value.value);
    eprintln!("measured {measured:.3}, without {plain:.3}, with {margin:.3}");
    // To less than a factor of two, where without a margin it is one of nine.
    assert!(measured < -2.0 && (margin - measured).abs() < 2f64.ln(), "{measured}, {margin}");
    assert!((plain - measured).abs() > 3.0 * (margin - measured).abs(), "{measured}, {plain}, {margin}");
    // The same draws at the start, where there is no margin to speak of.
    let first = &rows[0];
    let (plain, margin) = (first.predicted_ensemble.unwrap().value.value, first.predicted_margin.unwrap().value.value);
    assert!((margin / plain - 1.0).abs() < 0.1, "{plain}, {margin}");
}
