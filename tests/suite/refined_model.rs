//! Means of pairs and their residue, the theory of means under separable noise, and both on digits.

use std::ops::ControlFlow;

use eigenscape::check;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::emergent::{PairMeans, RefinedModel};
use eigenscape::krylov::Eigensolver;
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::to_dense;
use eigenscape::optimize::{GradientDescent, descend};
use eigenscape::random::Key;
use eigenscape::random_matrix::{SeparableSignal, SignalRow};
use eigenscape::spectrum::Hutchinson;

use crate::digits::digits;
use crate::oracle::assert_close;
use crate::support::{dot, norm, normal};

/// Every sum of the documentation, from the dense Jacobian.
#[test]
fn pairs_and_residue_are_their_sums() {
    let network = Perceptron::new(&[3, 5, 4], Activation::Tanh).unwrap();
    let labels = vec![0, 2, 2, 1, 0, 2, 0, 2, 1, 0, 0];
    let weights: Vec<f64> = (1..=11).map(|m| m as f64 / 66.0).collect();
    let examples =
        Examples::labelled(normal(33, Key::new(1)), 3, &labels, 4).unwrap().weighted(weights.clone()).unwrap();
    let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta = Initialization::glorot().draw(&network, Key::new(2));
    let point = risk.at(&theta).unwrap();
    let means = PairMeans::measure(&point).unwrap();
    let (size, classes) = (theta.len(), 4);
    let jacobian = to_dense(&point.jacobian());
    let p = point.probabilities().unwrap();
    let gradient = |m: usize, k: usize| -> Vec<f64> {
        let row = |l: usize| &jacobian.entries()[(m * classes + l) * size..][..size];
        (0..size).map(|i| row(k)[i] - (0..classes).map(|l| p[m * classes + l] * row(l)[i]).sum::<f64>()).collect()
    };
    let mut residue = vec![0.0; size * size];
    let mut trace = 0.0;
    let mut directions = vec![vec![0.0; size]; classes * classes];
    let rows = means.rows();
    for (y, k) in (0..classes).flat_map(|y| (0..classes).map(move |k| (y, k))) {
        let members: Vec<usize> = (0..labels.len()).filter(|&m| labels[m] == y).collect();
        let u = |m: usize| weights[m] * p[m * classes + k];
        let total: f64 = members.iter().map(|&m| u(m)).sum();
        let mut d = vec![0.0; size];
        for &m in &members {
            d.iter_mut().zip(gradient(m, k)).for_each(|(d, g)| *d += u(m) * g);
        }
        let length = norm(&d);
        if members.is_empty() {
            assert_eq!(means.lengths()[y * classes + k], 0.0, "a class without examples");
            continue;
        }
        d.iter_mut().for_each(|d| *d /= length);
        let mut square = 0.0;
        for &m in &members {
            let g = gradient(m, k);
            let along = dot(&g, &d);
            square += u(m) / total * along * along;
            let e: Vec<f64> = g.iter().zip(&d).map(|(g, d)| g - along * d).collect();
            for (i, ei) in e.iter().enumerate() {
                residue[i * size..][..size].iter_mut().zip(&e).for_each(|(r, ej)| *r += u(m) * ei * ej);
            }
            let row = rows[m * classes + k];
            assert_eq!(row.mean, y * classes + k);
            assert!((row.weight - u(m)).abs() < 1e-15 && (row.noise - u(m) * dot(&e, &e)).abs() < 1e-13);
        }
        assert!((means.lengths()[y * classes + k] - square.sqrt()).abs() < 1e-12);
        trace += square * total;
        directions[y * classes + k] = d.iter().map(|d| d * square.sqrt()).collect();
    }
    assert_close("R", to_dense(&means.residue()).entries(), &residue, 1e-12);
    assert!(check::symmetric(&means.residue(), Key::new(0)).unwrap().holds());
    let gram: Vec<f64> = (0..256).map(|at| dot(&directions[at / 16], &directions[at % 16])).collect();
    assert_close("K", &means.gram(), &gram, 1e-12);
    let products: Vec<f64> = directions.iter().map(|d| dot(d, point.gradient())).collect();
    assert_close("M g", &means.gradient_products(), &products, 1e-12);
    // The split keeps the trace.
    let whole: f64 = to_dense(&point.gauss_newton()).entries().iter().step_by(size + 1).sum();
    let rest: f64 = residue.iter().step_by(size + 1).sum();
    assert!((whole - trace - rest).abs() < 1e-12 * whole);
    let model = RefinedModel::fit(&means, Key::new(3)).unwrap();
    assert!((model.trace() / whole - 1.0).abs() < 1e-12);
}

/// Y = B M + D^(1/2) X Sigma^(1/2), densely: outliers, their overlaps and the end of the bulk, within four standard errors of the
/// draws and the 1 % that the limit of large matrices is off at this size.
#[test]
fn means_under_separable_noise_are_where_they_should_be() {
    let (n, parameters, means, draws) = (400, 300, 4, 8);
    // Rows of unequal noise, columns that fall like 1 / j.
    let rows: Vec<SignalRow> = (0..n)
        .map(|i| SignalRow {
            noise: (1.0 + (i % 10) as f64) / 2200.0,
            weight: (1.0 + (i % 3) as f64) / 800.0,
            mean: i % means,
        })
        .collect();
    let columns: Vec<(f64, f64)> = (0..parameters).map(|j| (1.0 / (5.0 + j as f64), 1.0)).collect();
    let total: f64 = columns.iter().map(|(sigma, _)| sigma).sum();
    let mut tops: Vec<Vec<f64>> = Vec::new();
    let mut theory = Vec::new();
    let mut shares = vec![Vec::new(); means];
    for draw in 0..draws {
        let key = Key::new(draw);
        // Means of lengths that make some stand far out, at random in the coordinates of Sigma.
        let m: Vec<f64> = (0..means)
            .flat_map(|k| {
                let unit: Vec<f64> = normal(parameters, key.split(2).split(k as u64));
                let length = norm(&unit);
                let wanted = 0.5 + 0.3 * k as f64;
                unit.into_iter().map(move |x| x * wanted / length).collect::<Vec<_>>()
            })
            .collect();
        let gram: Vec<f64> = (0..means * means)
            .map(|at| dot(&m[at / means * parameters..][..parameters], &m[at % means * parameters..][..parameters]))
            .collect();
        let signal = SeparableSignal::new(&rows, &columns, &gram).unwrap();
        let x: Vec<f64> = normal(n * parameters, key.split(3));
        let noise = |i: usize, j: usize| (rows[i].noise * columns[j].0 / total).sqrt() * x[i * parameters + j];
        let full = faer::Mat::from_fn(n, parameters, |i, j| {
            rows[i].weight.sqrt() * m[rows[i].mean * parameters + j] + noise(i, j)
        });
        let svd = full.thin_svd().unwrap();
        let values: Vec<f64> = svd.S().column_vector().iter().map(|s| s * s).collect();
        let outliers = signal.outliers().unwrap();
        for (rank, outlier) in outliers.iter().enumerate() {
            let vector: Vec<f64> = (0..parameters).map(|i| svd.V()[(i, rank)]).collect();
            // Projection on the span of the means, by least squares.
            let products = faer::Mat::from_fn(means, 1, |k, _| dot(&m[k * parameters..][..parameters], &vector));
            let matrix = faer::Mat::from_fn(means, means, |i, j| gram[i * means + j]);
            use faer::linalg::solvers::Solve;
            let solution = matrix.partial_piv_lu().solve(&products);
            let overlap: f64 = (0..means).map(|k| products[(k, 0)] * solution[(k, 0)]).sum();
            shares[rank].push(overlap - outlier.overlap);
            for k in 0..means {
                let difference = (products[(k, 0)].abs() - outlier.projections[k].abs()).abs();
                assert!(difference < 0.1, "draw {draw}, outlier {rank}, mean {k}: {difference}");
            }
        }
        tops.push(values[..means].to_vec());
        theory.push(outliers.iter().map(|outlier| outlier.position).collect::<Vec<_>>());
        assert!((signal.trace() / values.iter().sum::<f64>() - 1.0).abs() < 0.05);
    }
    let least = theory.iter().map(Vec::len).min().unwrap();
    assert!(least >= 3, "{theory:?}");
    let mean = |values: &[f64]| {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count * (count - 1.0))).sqrt())
    };
    for rank in 0..least {
        let differences: Vec<f64> =
            tops.iter().zip(&theory).map(|(top, theory)| top[rank] / theory[rank] - 1.0).collect();
        let (off, error) = mean(&differences);
        let (overlap, overlap_error) = mean(&shares[rank]);
        println!("outlier {rank}: {off:.4} +- {error:.4}, overlap {overlap:.4} +- {overlap_error:.4}");
        assert!(off.abs() <= 4.0 * error + 0.01, "outlier {rank}: {off} +- {error}");
        assert!(overlap.abs() <= 4.0 * overlap_error + 0.02, "outlier {rank}: {overlap} +- {overlap_error}");
    }
}

/// The largest eigenvalue of noise lies below the end of the bulk by some (size)^(-2/3): 4 % here, and 2.5 times less at four times
/// the size.
#[test]
fn noise_ends_where_the_bulk_does() {
    let gap = |copies: usize, draws: u64| {
        let (n, parameters) = (120 * copies, 90 * copies);
        let noise = |i: usize| (1.0 + (i % 4) as f64) / n as f64;
        let column = |j: usize| 1.0 + (j % 3) as f64;
        let rows: Vec<SignalRow> = (0..n).map(|i| SignalRow { noise: noise(i), weight: 0.0, mean: 0 }).collect();
        let columns: Vec<(f64, f64)> = (0..parameters).map(|j| (column(j), 1.0)).collect();
        let edge = SeparableSignal::new(&rows, &columns, &[1.0]).unwrap().edge();
        let total = 2.0 * parameters as f64;
        let tops: Vec<f64> = (0..draws)
            .map(|draw| {
                let x: Vec<f64> = normal(n * parameters, Key::new(draw));
                let entry = |i: usize, j: usize| (noise(i) * column(j) / total).sqrt() * x[i * parameters + j];
                faer::Mat::from_fn(n, parameters, entry).singular_values().unwrap()[0].powi(2)
            })
            .collect();
        1.0 - tops.iter().sum::<f64>() / draws as f64 / edge
    };
    let (small, large) = (gap(1, 40), gap(4, 5));
    println!("{small:.4} and {large:.4} below the end");
    assert!(small > 0.0 && small < 0.08, "{small}");
    assert!(large > 0.2 * small && large < 0.6 * small, "{large} after {small}");
}

/// With nothing but columns of one size it is the theory of Marchenko and Pastur.
#[test]
fn one_variance_is_the_classical_case() {
    for (n, parameters, square) in [(100, 400.0, 9.0), (1000, 10.0, 2.0), (50, 50.0, 30.0)] {
        let rows = vec![SignalRow { noise: 1.0 / n as f64, weight: 1.0 / n as f64, mean: 0 }; n];
        let signal = SeparableSignal::new(&rows, &[(3.0, parameters)], &[square]).unwrap();
        let (variance, ratio) = (1.0 / parameters, parameters / n as f64);
        let edge = variance * (1.0 + ratio.sqrt()).powi(2);
        assert!((signal.edge() / edge - 1.0).abs() < 1e-9, "{} for {edge}", signal.edge());
        let spike = square / variance;
        let outliers = signal.outliers().unwrap();
        assert_eq!(outliers.len(), 1);
        let position = variance * (1.0 + spike) * (ratio + spike) / spike;
        assert!((outliers[0].position / position - 1.0).abs() < 1e-9);
        // Benaych-Georges & Nadakuditi, for the right singular vector with the roles of rows and columns in place.
        let overlap = 1.0 - ratio * (1.0 + spike) / (spike * (spike + ratio));
        assert!((outliers[0].overlap - overlap).abs() < 1e-8, "{} for {overlap}", outliers[0].overlap);
        assert!((outliers[0].projections[0].powi(2) / square - overlap).abs() < 1e-8);
        let along = signal.along(&outliers[0], &[2.0 * square]);
        assert!((along.abs() - 2.0 * (square * overlap).sqrt()).abs() < 1e-7);
    }
}

#[test]
fn impossible_signals_are_refused() {
    let row = SignalRow { noise: 1.0, weight: 1.0, mean: 0 };
    let columns = [(1.0, 3.0)];
    assert!(SeparableSignal::new(&[], &columns, &[1.0]).is_err());
    assert!(SeparableSignal::new(&[row], &[], &[1.0]).is_err());
    assert!(SeparableSignal::new(&[row], &columns, &[1.0, 2.0]).is_err());
    assert!(SeparableSignal::new(&[row], &columns, &[-1.0]).is_err());
    assert!(SeparableSignal::new(&[row], &columns, &[f64::NAN]).is_err());
    assert!(SeparableSignal::new(&[SignalRow { mean: 1, ..row }], &columns, &[1.0]).is_err());
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(SeparableSignal::new(&[SignalRow { noise: bad, ..row }], &columns, &[1.0]).is_err());
        assert!(SeparableSignal::new(&[SignalRow { weight: bad, ..row }], &columns, &[1.0]).is_err());
        assert!(SeparableSignal::new(&[row], &[(bad, 1.0)], &[1.0]).is_err());
    }
    // No mean at all: no outlier.
    let silent = SeparableSignal::new(&[row, row], &columns, &[0.0]).unwrap();
    assert!(silent.outliers().unwrap().is_empty());
    // One example to each class leaves no residue.
    let network = Perceptron::new(&[2, 2], Activation::Identity).unwrap();
    let examples = Examples::labelled(vec![1.0, 0.0, 0.0, 1.0], 2, &[0, 1], 2).unwrap();
    let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let point = risk.at(&[0.1; 6]).unwrap();
    assert!(RefinedModel::fit(&PairMeans::measure(&point).unwrap(), Key::new(0)).is_err());
}

/// A tanh perceptron on 750 digits along training, against the spectrum of its own Gauss-Newton matrix: each outlier within 12 %,
/// the end of the bulk of the residue within 25 %, the gradient's share within 0.05, the trace exactly.
#[test]
fn the_refined_model_holds_along_training() {
    let network = Perceptron::new(&[64, 64, 64, 10], Activation::Tanh).unwrap();
    let half: Vec<usize> = (0..1500).step_by(2).collect();
    let examples = digits().select(&half).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let all = Risk::new(&network, Loss::SoftmaxCrossEntropy, digits()).unwrap();
    let start: Vec<f64> = Initialization::lecun().draw(&network, Key::new(0));
    let batches = all.mini_batches(32, Key::new(1)).unwrap();
    let mut looks = Vec::new();
    let mut rule = GradientDescent::new(0.3).unwrap();
    let run = descend(&batches, &start, &mut rule, 300, |progress| {
        if [0, 30, 300].contains(&progress.step) {
            looks.push((progress.step, progress.theta.to_vec()));
        }
        ControlFlow::Continue(())
    });
    assert_eq!(run.unwrap().theta.len(), start.len());
    for (step, theta) in looks {
        let point = risk.at(&theta).unwrap();
        let means = PairMeans::measure(&point).unwrap();
        let model = RefinedModel::fit(&means, Key::new(2)).unwrap();
        let solver = Eigensolver::new(12, Key::new(3)).check_multiplicity(false);
        let measured = solver.run(&point.gauss_newton()).unwrap();
        let residue = Eigensolver::new(1, Key::new(4)).run(&means.residue()).unwrap().values[0];
        let gradient = point.gradient();
        let share = |k: usize| -> f64 {
            (0..k).map(|j| dot(measured.vector(j), gradient).powi(2)).sum::<f64>() / dot(gradient, gradient)
        };
        println!("step {step}: edge {:.4} for {residue:.4}, outliers {}", model.edge(), model.outliers().len());
        for (outlier, value) in model.outliers().iter().zip(&measured.values) {
            println!(
                "  {:.4} for {value:.4}: {:+.3}, overlap {:.2}",
                outlier.position,
                outlier.position / value - 1.0,
                outlier.overlap
            );
        }
        let predicted = model.gradient_share(9).unwrap();
        println!("  share {predicted:.3} for {:.3}", share(9));
        assert!(model.outliers().len() >= 9, "step {step}: {}", model.outliers().len());
        for (rank, (outlier, value)) in model.outliers().iter().zip(&measured.values).take(9).enumerate() {
            let off = outlier.position / value - 1.0;
            assert!(off.abs() <= 0.12, "step {step}, outlier {rank}: {off}");
        }
        assert!((model.edge() / residue - 1.0).abs() <= 0.25);
        let drawn = model.edge_of_draws(19, Key::new(6)).unwrap();
        println!("  edge of draws {drawn:.4?}");
        assert!((drawn.mean / residue - 1.0).abs() <= 0.25 && drawn.mean < model.edge(), "step {step}: {drawn:?}");
        assert!((predicted - share(9)).abs() <= 0.05, "step {step}: share {predicted} for {}", share(9));
        let trace = Hutchinson::new(200, Key::new(5)).run(&point.gauss_newton()).unwrap();
        assert!((model.trace() - trace.mean).abs() <= 4.0 * trace.standard_error.unwrap());
        let count = model.count(&measured.values, 0.05, 19, Key::new(6)).unwrap();
        println!("  {count:.3?}, apart: {}", count.is_separated());
        assert_eq!(count.noise_mean, drawn.mean);
        assert_eq!(count.p_values, model.p_values(&measured.values, 19, Key::new(6)).unwrap());
        assert!(count.count >= 8 && count.p_values[..count.count].iter().all(|p| *p == 0.05), "step {step}: {count:?}");
        assert!(model.count(&measured.values, 0.01, 19, Key::new(6)).is_err());
        if step == 300 {
            assert!(!count.is_separated(), "late in training outliers pass into the bulk: {count:?}");
        }
    }
}

#[test]
fn too_many_classes_are_refused_before_they_take_minutes() {
    let network = Perceptron::new(&[3, 4, 25], Activation::Tanh).unwrap();
    let mut inputs = vec![0.0f64; 50 * 3];
    Key::new(0).normal(0, &mut inputs);
    let labels: Vec<usize> = (0..50).map(|example| example % 25).collect();
    let examples = Examples::labelled(inputs, 3, &labels, 25).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let point = risk.at(&Initialization::lecun().draw(&network, Key::new(1))).unwrap();
    let error = RefinedModel::fit(&PairMeans::measure(&point).unwrap(), Key::new(2)).unwrap_err().to_string();
    assert!(error.contains("25") && error.contains("at most 24"), "{error}");
}
