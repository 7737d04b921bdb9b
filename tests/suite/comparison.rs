//! The random model beside networks: calibration against dense sums, comparison on digits, the tracker against both.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::emergent::{
    Calibration, Clustering, Comparison, Confinement, LogitGradients, ModelComparison, Prediction, Property,
    TrackedMatrix, Tracker,
};
use eigenscape::krylov::Eigensolver;
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Point, Stochastic};
use eigenscape::operator::{LinearOperator, to_dense};
use eigenscape::optimize::{GradientDescent, Progress, descend};
use eigenscape::random::Key;
use eigenscape::random_matrix::{LogitMeans, LogitSpectrum, SoftmaxBlocks, Validity};

use crate::digits::digits;
use crate::oracle::symmetric_eigenvalues;
use crate::support::{dot, norm, normal};

/// A small risk with classes of unequal sizes and one without examples, and a point.
fn small(labels: &[usize], classes: usize) -> (Risk<f64>, Vec<f64>) {
    let network = Perceptron::new(&[3, 6, classes], Activation::Tanh).unwrap();
    let examples = Examples::labelled(normal(labels.len() * 3, Key::new(1)), 3, labels, classes).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    (risk, Initialization::glorot().draw(&network, Key::new(2)))
}

/// K, sigma_c, sigma_E.
type Sums = (Vec<f64>, f64, f64);

const LABELS: [usize; 14] = [0, 2, 2, 1, 0, 2, 0, 2, 1, 0, 0, 1, 2, 2];

#[track_caller]
fn close(what: &str, actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() <= tolerance * expected.abs().max(1e-12), "{what}: {actual}, not {expected}");
}

/// K, sigma_c, sigma_E and their jackknife by plain loops over the dense Jacobian, with weights.
#[test]
fn calibration_is_made_of_plain_sums() {
    let (risk, theta) = small(&LABELS, 3);
    let weights: Vec<f64> = (0..LABELS.len()).map(|m| 0.05 + 0.01 * m as f64).collect();
    let network = Perceptron::new(&[3, 6, 3], Activation::Tanh).unwrap();
    let weighted = risk.examples().clone().weighted(weights.clone()).unwrap();
    let heavy = Risk::new(&network, Loss::SoftmaxCrossEntropy, weighted).unwrap();
    for (risk, weights) in [(&risk, vec![1.0 / 14.0; 14]), (&heavy, weights)] {
        let point = risk.at(&theta).unwrap();
        let (classes, size) = (3, theta.len());
        let dense = to_dense(&point.jacobian());
        let row = |m: usize, k: usize| &dense.entries()[(m * classes + k) * size..][..size];
        let sums = |members: &[usize]| -> Sums {
            let total: f64 = members.iter().map(|&m| weights[m]).sum();
            let means: Vec<Vec<f64>> = (0..classes)
                .map(|k| {
                    let entry = |i: usize| members.iter().map(|&m| weights[m] * row(m, k)[i]).sum::<f64>() / total;
                    (0..size).map(entry).collect()
                })
                .collect();
            let gram: Vec<f64> = means.iter().flat_map(|a| means.iter().map(move |b| dot(a, b))).collect();
            let mut residue = 0.0;
            for &m in members {
                for (k, mean) in means.iter().enumerate() {
                    let rest: Vec<f64> = row(m, k).iter().zip(mean).map(|(x, c)| x - c).collect();
                    residue += weights[m] / total * dot(&rest, &rest);
                }
            }
            let squares: f64 = members.iter().map(|&m| (weights[m] / total).powi(2)).sum();
            let coordinates = (classes * size) as f64;
            let variance = residue / (coordinates * (1.0 - squares));
            let trace: f64 = gram.iter().step_by(classes + 1).sum();
            (gram, (trace / coordinates - variance * squares).max(0.0).sqrt(), variance.sqrt())
        };
        let all: Vec<usize> = (0..LABELS.len()).collect();
        let (gram, sigma_c, sigma_e) = sums(&all);
        let calibration = Calibration::measure_groups(&point, 4).unwrap();
        for (actual, expected) in calibration.gram().iter().zip(&gram) {
            close("K", *actual, *expected, 1e-10);
        }
        close("sigma_c", calibration.mean_deviation().value, sigma_c, 1e-10);
        close("sigma_E", calibration.residue_deviation().value, sigma_e, 1e-10);
        let gradients = LogitGradients::measure(&point).unwrap();
        close("sigma_E of the logit gradients", gradients.deviations().1, sigma_e, 1e-10);

        // Groups: class after class in turn.
        let order: Vec<usize> =
            (0..3).flat_map(|class| all.iter().copied().filter(move |&m| LABELS[m] == class)).collect();
        let without = |group: usize| -> Vec<usize> {
            order.iter().enumerate().filter(|(place, _)| place % 4 != group).map(|(_, &m)| m).collect()
        };
        let replicates: Vec<Sums> = (0..4).map(|group| sums(&without(group))).collect();
        let error = |of: &dyn Fn(&Sums) -> f64| {
            let values: Vec<f64> = replicates.iter().map(of).collect();
            let mean = values.iter().sum::<f64>() / 4.0;
            (0.75 * values.iter().map(|x| (x - mean).powi(2)).sum::<f64>()).sqrt()
        };
        close("error of sigma_c", calibration.mean_deviation().error.unwrap(), error(&|sums| sums.1), 1e-8);
        close("error of sigma_E", calibration.residue_deviation().error.unwrap(), error(&|sums| sums.2), 1e-8);
        let statistic = |calibration: &Calibration| Ok(vec![Some(calibration.gram()[1]), None]);
        let errors = calibration.jackknife(statistic).unwrap().unwrap();
        close("error of an inner product", errors[0].unwrap(), error(&|sums| sums.0[1]), 1e-8);
        assert_eq!(errors[1], None);
        // The labels' residuals.
        let probabilities = point.probabilities().unwrap();
        for (m, (r, p)) in calibration.residuals().chunks(3).zip(probabilities.chunks(3)).enumerate() {
            assert!((0..3).all(|k| r[k] == p[k] - if LABELS[m] == k { 1.0 } else { 0.0 }));
        }
    }
}

/// Trace and norm of the model by draws of it: 4 standard errors.
#[test]
fn moments_of_a_spectrum_are_those_of_draws() {
    let (examples, classes, parameters, sigma_e) = (5, 3, 12, 0.4);
    let mut probabilities = normal::<f64>(examples * classes, Key::new(5));
    for row in probabilities.chunks_mut(classes) {
        row.iter_mut().for_each(|z| *z = (1.5 * *z).exp());
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= total);
    }
    let weights = [0.1, 0.3, 0.2, 0.25, 0.15];
    let blocks = SoftmaxBlocks::weighted(&probabilities, classes, &weights).unwrap();
    let blocks = blocks.grouped(&[0, 1, 0, 0, 1], 2).unwrap();
    let rank = 2 * classes;
    let given: Vec<f64> = normal(rank * parameters, Key::new(6));
    let gram = |c: &[f64]| -> Vec<f64> {
        (0..rank * rank)
            .map(|at| dot(&c[at / rank * parameters..][..parameters], &c[at % rank * parameters..][..parameters]))
            .collect()
    };
    // Correlated means: c = F x, K = P F F'.
    let factor: Vec<f64> = normal(rank * rank, Key::new(7));
    let expected: Vec<f64> = (0..rank * rank)
        .map(|at| parameters as f64 * dot(&factor[at / rank * rank..][..rank], &factor[at % rank * rank..][..rank]))
        .collect();
    for means in [LogitMeans::given(&gram(&given)), LogitMeans::expected(&expected)] {
        let spectrum = LogitSpectrum::new(blocks.clone(), parameters, means.clone(), sigma_e).unwrap();
        let moments = spectrum.moments();
        let draws = 4000;
        let (mut traces, mut squares) = (Vec::new(), Vec::new());
        for draw in 0..draws {
            let key = Key::new(8).split(draw);
            let noise: Vec<f64> = normal(examples * classes * parameters, key.split(0));
            let drawn: Vec<f64> = normal(rank * parameters, key.split(1));
            let c = |row: usize, i: usize| match means.is_given() {
                true => given[row * parameters + i],
                false => (0..rank).map(|k| factor[row * rank + k] * drawn[k * parameters + i]).sum(),
            };
            let mut h = vec![0.0; parameters * parameters];
            for m in 0..examples {
                let p = &probabilities[m * classes..][..classes];
                let first = blocks.group()[m] * classes;
                let j: Vec<Vec<f64>> = (0..classes)
                    .map(|k| {
                        (0..parameters)
                            .map(|i| c(first + k, i) + sigma_e * noise[(m * classes + k) * parameters + i])
                            .collect()
                    })
                    .collect();
                let mean: Vec<f64> = (0..parameters).map(|i| (0..classes).map(|k| p[k] * j[k][i]).sum()).collect();
                for k in 0..classes {
                    let rest: Vec<f64> = j[k].iter().zip(&mean).map(|(x, mean)| x - mean).collect();
                    for (row, x) in h.chunks_mut(parameters).zip(&rest) {
                        row.iter_mut().zip(&rest).for_each(|(h, y)| *h += weights[m] * p[k] * x * y);
                    }
                }
            }
            traces.push(h.iter().step_by(parameters + 1).sum::<f64>());
            squares.push(dot(&h, &h));
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / draws as f64;
        let variance = |values: &[f64]| {
            let average = mean(values);
            values.iter().map(|x| (x - average).powi(2)).sum::<f64>() / (draws - 1) as f64
        };
        for (what, values, expected) in [("trace", &traces, moments.trace), ("norm", &squares, moments.squared_norm)] {
            let error = (variance(values) / draws as f64).sqrt();
            assert!(
                (mean(values) - expected).abs() < 4.0 * error,
                "{what}: {} +- {error}, not {expected}",
                mean(values)
            );
        }
        let average = mean(&traces);
        let fourth = traces.iter().map(|x| (x - average).powi(4)).sum::<f64>() / draws as f64;
        let error = ((fourth - variance(&traces).powi(2)) / draws as f64).sqrt();
        assert!(
            (variance(&traces) - moments.trace_variance).abs() < 4.0 * error,
            "{} {}",
            variance(&traces),
            moments.trace_variance
        );
    }
}

/// Every measured row, of G and of H, by dense algebra.
#[test]
fn what_a_comparison_measures_is_what_dense_matrices_have() {
    let (risk, theta) = small(&LABELS, 3);
    let point = risk.at(&theta).unwrap();
    let comparison = ModelComparison::new(Key::new(0)).eigenpairs(4).probes(400).draws(2).run(&point).unwrap();
    assert!(comparison.complete && comparison.notes.is_empty(), "{:?}", comparison.notes);
    let size = theta.len();
    let dense = [to_dense(&point.gauss_newton()), to_dense(&point.hessian())];
    let tops = [
        Eigensolver::new(4, Key::new(1)).run(&point.gauss_newton()).unwrap(),
        Eigensolver::new(4, Key::new(1)).run(&point.hessian()).unwrap(),
    ];
    for (which, (dense, top)) in dense.iter().zip(&tops).enumerate() {
        let measured = |property: Property| {
            let row = comparison.row(property).unwrap();
            if which == 0 { row.gauss_newton.unwrap() } else { row.hessian.unwrap() }
        };
        let values = symmetric_eigenvalues(dense.entries(), size);
        let confinement = Confinement::measure(&point, top).unwrap();
        for index in 0..4 {
            close("eigenvalue", measured(Property::Eigenvalue(index)).value, values[size - 1 - index], 1e-5);
        }
        for index in 0..2 {
            let overlap = measured(Property::Overlap(index)).value;
            close("overlap", overlap, confinement.overlaps[index], 1e-2);
        }
        for count in [2, 3] {
            close("share", measured(Property::GradientShare(count)).value, confinement.share(count).unwrap(), 1e-2);
        }
        let inside = confinement.overlaps.iter().filter(|overlap| **overlap > 0.5).count();
        assert_eq!(measured(Property::Outliers).value, inside as f64);
        close("gradient", measured(Property::GradientNorm).value, norm(point.gradient()), 1e-12);
        let trace: f64 = values.iter().sum();
        let size = values.iter().map(|x| x * x).sum::<f64>().sqrt();
        for (what, measured, exact) in [
            ("trace", measured(Property::Trace), trace),
            ("norm", measured(Property::Norm), size),
            ("ratio", measured(Property::Ratio), trace / size),
        ] {
            let slack = 4.0 * measured.error.unwrap_or(0.0) + 1e-6 * exact.abs();
            assert!((measured.value - exact).abs() <= slack, "{what}: {measured}, not {exact}");
        }
    }
    // The curvature without the means, row by row.
    let (classes, jacobian, p) = (3, to_dense(&point.jacobian()), point.probabilities().unwrap());
    let row = |m: usize, k: usize| &jacobian.entries()[(m * classes + k) * size..][..size];
    let mut residues = vec![0.0; size * size];
    for m in 0..LABELS.len() {
        let rest = |k: usize| -> Vec<f64> {
            (0..size).map(|i| row(m, k)[i] - (0..LABELS.len()).map(|n| row(n, k)[i]).sum::<f64>() / 14.0).collect()
        };
        let all: Vec<Vec<f64>> = (0..classes).map(rest).collect();
        let mean: Vec<f64> = (0..size).map(|i| (0..classes).map(|k| p[m * classes + k] * all[k][i]).sum()).collect();
        for (k, own) in all.iter().enumerate() {
            let rest: Vec<f64> = own.iter().zip(&mean).map(|(x, mean)| x - mean).collect();
            for (out, x) in residues.chunks_mut(size).zip(&rest) {
                out.iter_mut().zip(&rest).for_each(|(out, y)| *out += p[m * classes + k] * x * y / 14.0);
            }
        }
    }
    let edge = symmetric_eigenvalues(&residues, size)[size - 1];
    close("bulk edge", comparison.row(Property::BulkEdge).unwrap().gauss_newton.unwrap().value, edge, 1e-5);
    // What was sampled has the law of the drawn means: the traces agree within the deviations of two draws.
    let row = comparison.row(Property::Trace).unwrap();
    let (sampled, drawn) =
        (row.prediction(Comparison::SAMPLED).unwrap(), row.prediction(Comparison::DRAWN_MEANS).unwrap());
    assert!((sampled.value - drawn.value).abs() < 4.0 * drawn.deviation.unwrap() / 2f64.sqrt());
}

/// The paper's model on digits: a tanh perceptron 64-64-64-10 at its start, over five keys.
#[test]
fn outliers_of_tanh_perceptrons_at_their_start_are_predicted() {
    let network = Perceptron::new(&[64, 64, 64, 10], Activation::Tanh).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, digits()).unwrap();
    let compare = ModelComparison::new(Key::new(100)).draws(0).ensemble_draws(0).probes(0).groups(0);
    let mut all = Vec::new();
    for key in 0..5 {
        let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(key));
        let comparison = compare.run(&risk.at(&theta).unwrap()).unwrap();
        let differences = comparison.outlier_differences(Comparison::GIVEN_MEANS, 0.7);
        assert_eq!(differences.len(), 9, "key {key}");
        let mut sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        println!("key {key}: {differences:.3?}");
        assert!(sizes[4] < 0.06, "key {key}: median {}", sizes[4]);
        assert!(sizes[8] < 0.15, "key {key}: largest {}", sizes[8]);
        all.extend(differences);
        let outliers = comparison.row(Property::Outliers).unwrap();
        assert_eq!(outliers.gauss_newton.unwrap().value, outliers.prediction(Comparison::GIVEN_MEANS).unwrap().value);
        // Isotropic residues make a bulk that ends far too low: the model's known failure.
        assert!(comparison.row(Property::BulkEdge).unwrap().difference(Comparison::GIVEN_MEANS).unwrap() < -0.9);
    }
    // Always too low, as an independent measurement found: residues are not isotropic.
    assert!(all.iter().filter(|difference| **difference < 0.005).count() == all.len());
}

/// relu at its start and tanh in the middle of training, where the model fails: it says by how much, and the direction is known.
#[test]
fn where_the_model_fails_the_comparison_shows_it() {
    let examples = digits().select(&(0..600).collect::<Vec<_>>()).unwrap();
    let compare = ModelComparison::new(Key::new(100)).draws(0).ensemble_draws(2).probes(8).groups(5);
    let relu = Perceptron::new(&[64, 32, 32, 10], Activation::Relu).unwrap();
    let risk = Risk::new(&relu, Loss::SoftmaxCrossEntropy, examples.clone()).unwrap();
    let theta: Vec<f64> = Initialization::he().draw(&relu, Key::new(0));
    let comparison = compare.run(&risk.at(&theta).unwrap()).unwrap();
    println!("{comparison}");
    // Outliers that the measured bulk leaves outside are right; those inside of it are not there.
    let differences = comparison.outlier_differences(Comparison::GIVEN_MEANS, 0.7);
    let buried = |index: usize| comparison.is_buried(index, Comparison::GIVEN_MEANS);
    let outside = (0..9).filter(|&index| !buried(index)).count();
    assert!((4..9).contains(&outside) && differences.len() == 9, "{outside}");
    for (index, difference) in differences.iter().enumerate() {
        let expected = if buried(index) { -0.9..-0.1 } else { -0.15..0.05 };
        assert!(expected.contains(difference), "outlier {index}: {difference}");
    }
    let text = comparison.to_string();
    assert_eq!(text.matches("inside the measured bulk").count(), 9 - outside);

    let tanh = Perceptron::new(&[64, 32, 32, 10], Activation::Tanh).unwrap();
    let risk = Risk::new(&tanh, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let start: Vec<f64> = Initialization::lecun().draw(&tanh, Key::new(0));
    let batches = risk.mini_batches(32, Key::new(1)).unwrap();
    let mut rule = GradientDescent::new(0.3).unwrap();
    let end = descend(&batches, &start, &mut rule, 30, |_| ControlFlow::Continue(())).unwrap();
    let comparison = compare.run(&risk.at(&end.theta).unwrap()).unwrap();
    println!("{comparison}");
    let first = comparison.row(Property::Eigenvalue(0)).unwrap();
    let difference = first.difference(Comparison::GIVEN_MEANS).unwrap();
    assert!((-0.6..-0.15).contains(&difference), "{difference}");
    let prediction = first.prediction(Comparison::GIVEN_MEANS).unwrap();
    assert!(prediction.deviation.unwrap() > 0.0 && prediction.calibration_error.unwrap() > 0.0);
    assert!(prediction.error() > prediction.deviation && prediction.overlap.is_some());
}

#[test]
fn other_models_stand_beside() {
    let (risk, theta) = small(&LABELS, 3);
    let compare = ModelComparison::new(Key::new(0)).draws(0).ensemble_draws(0).probes(0).groups(0);
    let mut comparison = compare.run(&risk.at(&theta).unwrap()).unwrap();
    assert_eq!(comparison.models(), [Comparison::GIVEN_MEANS, Comparison::DRAWN_MEANS]);
    let value = |factor: f64| {
        move |property: Property| match property {
            Property::Eigenvalue(0) => Some(Prediction::new("any", factor)),
            _ => None,
        }
    };
    comparison.predict("refined", value(1.0));
    comparison.predict("refined", value(2.0));
    assert_eq!(comparison.models()[2], "refined");
    let row = comparison.row(Property::Eigenvalue(0)).unwrap();
    assert_eq!((row.predictions.len(), row.prediction("refined").unwrap().value), (3, 2.0));
    let expected = 2.0 / row.gauss_newton.unwrap().value - 1.0;
    assert_eq!(row.difference("refined"), Some(expected));
    assert_eq!(row.difference("nobody"), None);
    // Aligned: each column begins where its title does.
    let text = comparison.to_string();
    let lines: Vec<&str> = text.lines().collect();
    let column = lines[2].find("refined").unwrap();
    assert!(lines[2].contains("drawn means") && lines[3][column..].starts_with("2.000"), "{text}");
    assert!(lines.iter().any(|line| line.starts_with("share of top 3") && line.ends_with("of P")), "{text}");
}

/// An observer sees each stage once, and what is known when it stops stays.
#[test]
fn a_comparison_can_be_stopped() {
    let (risk, theta) = small(&LABELS, 3);
    let point = risk.at(&theta).unwrap();
    let mut seen = Vec::new();
    let compare = ModelComparison::new(Key::new(0)).probes(4);
    let whole = compare.observe(&point, |progress| {
        assert_eq!((progress.done, progress.total), (seen.len(), 7));
        seen.push(progress.next);
        ControlFlow::Continue(())
    });
    assert_eq!(seen.len(), 7);
    let whole = whole.unwrap();
    let part = compare
        .observe(&point, |progress| if progress.done < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) });
    let part = part.unwrap();
    assert!(whole.complete && !part.complete && part.models().is_empty());
    let first = |comparison: &Comparison| comparison.row(Property::Eigenvalue(0)).unwrap().gauss_newton;
    assert_eq!(first(&part), first(&whole));
    // On some of the examples: the same ones for the same key.
    let some = ModelComparison::new(Key::new(0)).probes(4).examples(9);
    assert_eq!(some.run(&point).unwrap(), some.run(&point).unwrap());
    assert_eq!(some.run(&point).unwrap().examples, 9);
}

#[test]
fn degenerate_networks_have_defined_answers() {
    let compare = ModelComparison::new(Key::new(0)).probes(4);
    // One class: no curvature at all.
    let (risk, theta) = small(&[0, 0, 0], 1);
    let comparison = compare.run(&risk.at(&theta).unwrap()).unwrap();
    let row = comparison.row(Property::Eigenvalue(0)).unwrap();
    assert_eq!(row.gauss_newton.unwrap().value, 0.0);
    assert_eq!(row.prediction(Comparison::GIVEN_MEANS).unwrap().value, 0.0);
    assert_eq!(comparison.row(Property::Ratio).unwrap().gauss_newton, None);
    // One example: all is mean, and the model is exact.
    let (risk, theta) = small(&[1], 3);
    let comparison = compare.run(&risk.at(&theta).unwrap()).unwrap();
    assert_eq!((comparison.residue_deviation.value, comparison.residue_deviation.error), (0.0, None));
    for index in 0..2 {
        let difference = comparison.row(Property::Eigenvalue(index)).unwrap().difference(Comparison::GIVEN_MEANS);
        assert!(difference.unwrap().abs() < 1e-5, "{difference:?}");
    }
    // A class without examples.
    let (risk, theta) = small(&[0, 0, 2, 2, 0], 3);
    let comparison = compare.run(&risk.at(&theta).unwrap()).unwrap();
    let outliers = comparison.row(Property::Outliers).unwrap();
    assert!((1.0..=2.0).contains(&outliers.prediction(Comparison::GIVEN_MEANS).unwrap().value), "{comparison}");
    assert!(comparison.rows.iter().filter_map(|row| row.gauss_newton).all(|measured| measured.value.is_finite()));
    // Probabilities frozen to the last bit: S = 0.
    let (risk, theta) = small(&LABELS, 3);
    let mut frozen: Vec<f64> = theta.iter().map(|x| 1e4 * x).collect();
    let last = frozen.len();
    frozen[last - 3..].copy_from_slice(&[1e9, 0.0, -1e9]);
    let point = risk.at(&frozen).unwrap();
    let comparison = compare.run(&point).unwrap();
    let row = comparison.row(Property::Eigenvalue(0)).unwrap();
    assert_eq!((row.gauss_newton.unwrap().value, row.prediction(Comparison::GIVEN_MEANS).unwrap().value), (0.0, 0.0));
    // The logits are beyond any ensemble: it says why.
    assert!(
        comparison.notes.iter().any(|note| note.starts_with("ensemble") && note.contains("[0, 1000]")),
        "{comparison}"
    );
    let row = Tracker::new(Key::new(0)).begin().record(&risk, 0, &frozen).unwrap().clone();
    assert_eq!((row.eigenvalues[0], row.remainder_ratio, row.predicted_ensemble), (0.0, None, None));
    // No gradients of logits but the biases': sigma_E = 0.
    let comparison = compare.run(&risk.at(&vec![0.0; theta.len()]).unwrap()).unwrap();
    // The root of what rounding leaves of a difference.
    assert!(comparison.residue_deviation.value < 1e-7 && comparison.mean_deviation.value > 0.0, "{comparison}");
    let difference = comparison.row(Property::Eigenvalue(0)).unwrap().difference(Comparison::GIVEN_MEANS);
    assert!(difference.unwrap().abs() < 1e-5, "{difference:?}");
    // What cannot be answered says why.
    let network = Perceptron::new(&[2, 1], Activation::Identity).unwrap();
    let examples = Examples::new(vec![1.0, 2.0], 2, vec![0.5], 1).unwrap();
    let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples).unwrap();
    let message = Calibration::measure(&risk.at(&vec![0.1; network.parameters()]).unwrap()).unwrap_err().to_string();
    assert!(message.contains("labelled"), "{message}");
    assert!(compare.eigenpairs(0).run(&small(&LABELS, 3).0.at(&theta).unwrap()).is_err());
}

/// Each number of a row against what measures it alone.
#[test]
fn tracked_rows_are_what_single_measurements_say() {
    let (risk, theta) = small(&LABELS, 3);
    let tracker = Tracker::new(Key::new(0)).tolerance(1e-5).unwrap().probes(200).unwrap().clustering(1);
    let watched = tracker.watched(&risk).unwrap();
    let moved: Vec<f64> = theta.iter().map(|x| 1.2 * x).collect();
    for matrix in [TrackedMatrix::GaussNewton, TrackedMatrix::Hessian] {
        let mut run = tracker.clone().matrix(matrix).begin();
        run.record(&watched, 0, &theta).unwrap();
        run.record(&watched, 1, &moved).unwrap();
        let first = Clustering::measure(&watched.at(&theta).unwrap()).unwrap();
        for (row, theta) in run.rows().iter().zip([&theta, &moved]) {
            let point = watched.at(theta).unwrap();
            let dense = match matrix {
                TrackedMatrix::GaussNewton => to_dense(&point.gauss_newton()),
                _ => to_dense(&point.hessian()),
            };
            let values = symmetric_eigenvalues(dense.entries(), theta.len());
            for (value, exact) in row.eigenvalues.iter().zip(values.iter().rev()) {
                close("eigenvalue", *value, *exact, 1e-6);
            }
            let top = Eigensolver::new(3, Key::new(5));
            let top = match matrix {
                TrackedMatrix::GaussNewton => top.run(&point.gauss_newton()).unwrap(),
                _ => top.run(&point.hessian()).unwrap(),
            };
            let confinement = Confinement::measure(&point, &top).unwrap();
            for index in 0..3 {
                assert!((row.powers[index] - confinement.powers[index]).abs() < 1e-3);
                assert!((row.overlaps[index] - confinement.overlaps[index]).abs() < 1e-3);
            }
            close("share", row.share(3).unwrap(), row.powers.iter().sum(), 1e-12);
            let calibration = Calibration::measure(&point).unwrap();
            let error = row.residue_deviation.error.unwrap();
            let residue = calibration.residue_deviation().value;
            assert!((row.residue_deviation.value - residue).abs() < 4.0 * error, "{} {residue}", row.residue_deviation);
            close("sigma_c", row.mean_deviation.value, calibration.mean_deviation().value, 0.02);
            let spectrum = calibration.spectrum().unwrap();
            let outlier = &spectrum.outliers()[0];
            let predicted = row.predicted_given.unwrap();
            close("prediction", predicted.value.value, outlier.position + outlier.repulsion.unwrap_or(0.0), 0.02);
            assert!(predicted.validity != Some(Validity::FewActive) && row.predicted_ensemble.is_some());
            let clustering = Clustering::measure(&point).unwrap();
            let own = row.clustering.unwrap();
            let distance = clustering.kernel_distance(&first).unwrap();
            assert!((own.kernel_distance.unwrap() - distance).abs() < 1e-10, "{own:?} {distance}");
            // Ratios of means, by the dense Jacobian.
            let jacobian = to_dense(&point.jacobian());
            let size = theta.len();
            let row_of = |m: usize, k: usize| &jacobian.entries()[(m * 3 + k) * size..][..size];
            let labels = watched.examples().labels().unwrap();
            let (mut sums, mut pairs, mut squares) = ([0.0; 3], [0.0; 3], 0.0);
            for (m, k) in (0..14).flat_map(|m| (0..3).map(move |k| (m, k))) {
                squares += dot(row_of(m, k), row_of(m, k)) / 42.0;
                for (n, l) in (0..14).flat_map(|n| (0..3).map(move |l| (n, l))) {
                    let product = dot(row_of(m, k), row_of(n, l));
                    let mut add = |kind: usize| {
                        sums[kind] += product;
                        pairs[kind] += 1.0;
                    };
                    match (k == l, m == n) {
                        (true, true) => {}
                        (true, false) => {
                            add(1);
                            if labels[m] == labels[n] {
                                add(0);
                            }
                        }
                        (false, _) => add(2),
                    }
                }
            }
            let expected = |kind: usize| sums[kind] / pairs[kind] / squares;
            // The mean square is known by probes.
            let slack = 0.05;
            assert!((own.same_logit_and_class.unwrap() - expected(0)).abs() < slack);
            assert!((own.same_logit.unwrap() - expected(1)).abs() < slack);
            assert!((own.different_logits.unwrap() - expected(2)).abs() < slack);
            let ratio = row.remainder_ratio.unwrap();
            let exact = dense_norm(&point.remainder()) / dense_norm(&point.gauss_newton());
            assert!((ratio.value - exact).abs() < 5.0 * ratio.error.unwrap() + 0.2 * exact, "{ratio} {exact}");
        }
    }
}

fn dense_norm(operator: &impl LinearOperator<f64>) -> f64 {
    norm(to_dense(operator).entries())
}

/// Rows at the interval, at steps of their own and at the end; a run that was saved goes on to the same rows.
#[test]
fn a_tracker_records_when_due_and_resumes() {
    let (risk, theta) = small(&LABELS, 3);
    let batches = risk.mini_batches(7, Key::new(1)).unwrap();
    let tracker = Tracker::new(Key::new(0)).every(4).unwrap().also_at(&[1, 2]).examples(10).unwrap().clustering(2);
    let watched = tracker.watched(&risk).unwrap();
    assert_eq!(watched.examples().count(), 10);
    let mut run = tracker.begin();
    let mut rule = GradientDescent::new(0.5).unwrap();
    let end = descend(&batches, &theta, &mut rule, 10, |progress| run.visit(&watched, progress)).unwrap();
    run.require().unwrap();
    assert_eq!(run.rows().iter().map(|row| row.step).collect::<Vec<_>>(), [0, 1, 2, 4, 8, 10]);
    let clustered: Vec<bool> = run.rows().iter().map(|row| row.clustering.is_some()).collect();
    assert_eq!(clustered, [true, false, true, false, true, false]);
    assert!(run.rows()[5].loss < run.rows()[0].loss);
    // In two parts.
    let mut first = tracker.begin();
    let half = descend(&batches, &theta, &mut GradientDescent::new(0.5).unwrap(), 4, |progress| {
        first.visit(&watched, progress)
    });
    let half = half.unwrap();
    #[cfg(feature = "serde")]
    let mut first: eigenscape::emergent::TrackerRun<f64> =
        serde_json::from_str(&serde_json::to_string(&first).unwrap()).unwrap();
    let mut theta = half.theta.clone();
    let mut gradient = vec![0.0; theta.len()];
    for step in 4..=10 {
        let progress = Progress { step, steps: 10, theta: &theta };
        assert!(first.visit(&watched, progress).is_continue());
        if step < 10 {
            batches.sample(step, &theta, &mut gradient).unwrap();
            theta.iter_mut().zip(&gradient).for_each(|(x, g)| *x -= 0.5 * g);
        }
    }
    assert_eq!(theta, end.theta);
    assert_eq!(first.rows(), run.rows());
    // A failure breaks the descent and is told.
    let overflow = vec![f64::MAX; theta.len()];
    let mut broken = tracker.begin::<f64>();
    let progress = Progress { step: 0, steps: 10, theta: &overflow };
    assert!(broken.visit(&watched, progress).is_break() && broken.require().is_err());
    for error in [
        tracker.clone().every(0).unwrap_err(),
        tracker.clone().eigenpairs(0).unwrap_err(),
        tracker.clone().examples(0).unwrap_err(),
        tracker.clone().probes(0).unwrap_err(),
        tracker.clone().tolerance(f64::NAN).unwrap_err(),
    ] {
        assert!(error.to_string().contains("must"), "{error}");
    }
}

/// A file is not believed.
#[cfg(feature = "serde")]
#[test]
fn damaged_states_are_refused() {
    use eigenscape::emergent::TrackerRun;

    let (risk, theta) = small(&LABELS, 3);
    let mut run = Tracker::new(Key::new(0)).begin();
    run.record(&risk, 0, &theta).unwrap();
    run.record(&risk, 5, &theta).unwrap();
    let text = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<TrackerRun<f64>>(&text).unwrap(), run);
    for (from, to) in
        [("\"every\":2500", "\"every\":0"), ("\"step\":5", "\"step\":0"), ("\"tolerance\":0.01", "\"tolerance\":7.0")]
    {
        assert!(text.contains(from), "{from} in {text}");
        assert!(serde_json::from_str::<TrackerRun<f64>>(&text.replace(from, to)).is_err(), "{to}");
    }
    let comparison = ModelComparison::new(Key::new(0)).probes(4).run(&risk.at(&theta).unwrap()).unwrap();
    let text = serde_json::to_string(&comparison).unwrap();
    assert_eq!(serde_json::from_str::<Comparison>(&text).unwrap(), comparison);
}
