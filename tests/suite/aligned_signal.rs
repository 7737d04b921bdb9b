//! Means that lie in the noise's own directions, and the draws of a fitted model's noise.

use std::f64::consts::FRAC_1_SQRT_2;

use eigenscape::curvature::{Loss, Risk};
use eigenscape::emergent::{PairMeans, RefinedModel};
use eigenscape::krylov::Eigensolver;
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::operator::{Dense, Normal, to_dense};
use eigenscape::random::Key;
use eigenscape::random_matrix::{SeparableSignal, SignalRow};

use crate::digits::digits;
use crate::oracle::assert_close;
use crate::support::{dot, normal};

const ROWS: usize = 400;
const COLUMNS: usize = 300;

/// Two means across the directions of two large columns and two of one that is small, so that M Sigma M' is not diagonal.
fn means() -> Vec<f64> {
    let mut means = vec![0.0; 4 * COLUMNS];
    for (k, length) in [0.7, 0.6, 0.5, 0.4].into_iter().enumerate() {
        let (first, second) = if k < 2 { (0, 8) } else { (3, 120) };
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        means[k * COLUMNS + first] = length * FRAC_1_SQRT_2;
        means[k * COLUMNS + second] = sign * length * FRAC_1_SQRT_2;
    }
    means
}

fn columns() -> Vec<(f64, f64)> {
    (0..COLUMNS).map(|j| (1.0 / (5.0 + j as f64), 1.0)).collect()
}

fn rows() -> Vec<SignalRow> {
    let noise = |i: usize| (1.0 + (i % 10) as f64) / 2200.0;
    (0..ROWS).map(|i| SignalRow { noise: noise(i), weight: (1.0 + (i % 3) as f64) / 800.0, mean: i % 4 }).collect()
}

/// M W M', with W the identity or Sigma.
fn products(weigh: bool) -> Vec<f64> {
    let (means, columns) = (means(), columns());
    let term = |at: usize, j: usize| means[at / 4 * COLUMNS + j] * means[at % 4 * COLUMNS + j];
    let weight = |j: usize| if weigh { columns[j].0 } else { 1.0 };
    (0..16).map(|at| (0..COLUMNS).map(|j| term(at, j) * weight(j)).sum()).collect()
}

/// Against dense draws, within four standard errors and the 1 % that the limit of large matrices is off; the theory of independent
/// directions is not.
#[test]
fn aligned_means_are_where_they_should_be() {
    let (rows, columns, means) = (rows(), columns(), means());
    let total: f64 = columns.iter().map(|(sigma, _)| sigma).sum();
    let aligned = SeparableSignal::aligned(&rows, &columns, &products(false), &products(true)).unwrap();
    let independent = SeparableSignal::new(&rows, &columns, &products(false)).unwrap();
    assert_eq!(aligned.edge(), independent.edge(), "the bulk is that of the noise");
    assert_eq!(aligned.trace(), independent.trace());
    let (outliers, others) = (aligned.outliers().unwrap(), independent.outliers().unwrap());
    assert!(outliers.len() >= 3, "{outliers:?}");
    let draws = 12;
    let mut found = vec![Vec::new(); outliers.len()];
    let mut shares = found.clone();
    for draw in 0..draws {
        let x: Vec<f64> = normal(ROWS * COLUMNS, Key::new(draw));
        let full = faer::Mat::from_fn(ROWS, COLUMNS, |i, j| {
            let noise = (rows[i].noise * columns[j].0 / total).sqrt() * x[i * COLUMNS + j];
            rows[i].weight.sqrt() * means[rows[i].mean * COLUMNS + j] + noise
        });
        let svd = full.thin_svd().unwrap();
        for (rank, outlier) in outliers.iter().enumerate() {
            found[rank].push(svd.S().column_vector()[rank].powi(2) / outlier.position - 1.0);
            // The means span these four coordinates.
            let overlap: f64 = [0, 3, 8, 120].iter().map(|&j| svd.V()[(j, rank)].powi(2)).sum();
            shares[rank].push(overlap - outlier.overlap);
        }
    }
    let mean = |values: &[f64]| {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count * (count - 1.0))).sqrt())
    };
    let mut missed = 0;
    for (rank, outlier) in outliers.iter().enumerate() {
        let ((off, error), (share, share_error)) = (mean(&found[rank]), mean(&shares[rank]));
        let other = others.get(rank).map_or(1.0, |other| (1.0 + off) * outlier.position / other.position - 1.0);
        println!(
            "outlier {rank} at {:.4}: {off:.4} +- {error:.4}, independent {other:.4}; {share:.4}",
            outlier.position
        );
        assert!(off.abs() <= 4.0 * error + 0.01, "outlier {rank}: {off} +- {error}");
        assert!(share.abs() <= 4.0 * share_error + 0.02, "outlier {rank}: overlap {share} +- {share_error}");
        missed += usize::from(other.abs() > 4.0 * error + 0.01);
    }
    assert!(missed >= 2, "independent directions must be wrong here");
}

/// With the same variance in all directions it is the theory of independent ones.
#[test]
fn without_preferred_directions_nothing_changes() {
    let gram = products(false);
    let columns = [(0.5, 300.0)];
    let covariance: Vec<f64> = gram.iter().map(|x| 0.5 * x).collect();
    let aligned = SeparableSignal::aligned(&rows(), &columns, &gram, &covariance).unwrap().outliers().unwrap();
    let independent = SeparableSignal::new(&rows(), &columns, &gram).unwrap().outliers().unwrap();
    assert_eq!(aligned.len(), independent.len());
    for (left, right) in aligned.iter().zip(&independent) {
        assert!((left.position / right.position - 1.0).abs() < 1e-9);
        assert!((left.overlap - right.overlap).abs() < 1e-8);
        for (left, right) in left.projections.iter().zip(&right.projections) {
            assert!((left.abs() - right.abs()).abs() < 1e-8);
        }
    }
}

#[test]
fn impossible_alignments_are_refused() {
    let (rows, columns, gram) = (rows(), columns(), products(false));
    assert!(SeparableSignal::aligned(&rows, &columns, &gram, &gram[..4]).is_err());
    assert!(SeparableSignal::aligned(&rows, &columns, &gram, &[f64::NAN; 16]).is_err());
    // More than Sigma has anywhere: other units.
    let large: Vec<f64> = products(true).iter().map(|x| 10.0 * x).collect();
    let refusal = SeparableSignal::aligned(&rows, &columns, &gram, &large).unwrap_err().to_string();
    assert!(refusal.contains("units"), "{refusal}");
}

/// M R M' from the dense R; and draws that cut rows and columns, against draws of all of them.
#[test]
fn draws_of_noise_have_its_largest_eigenvalue() {
    let network = Perceptron::new(&[64, 16, 10], Activation::Tanh).unwrap();
    let half: Vec<usize> = (0..1500).step_by(5).collect();
    let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, digits().select(&half).unwrap()).unwrap();
    let point = risk.at(&Initialization::lecun().draw(&network, Key::new(0))).unwrap();
    let means = PairMeans::measure(&point).unwrap();
    let model = RefinedModel::fit(&means, Key::new(1)).unwrap();
    let rows: Vec<f64> = means.rows().iter().map(|row| row.noise).collect();
    let trace: f64 = model.columns().iter().map(|(sigma, count)| sigma * count).sum();
    // One by one, up to a thousandth of the trace.
    let (mut columns, mut passed, mut taken) = (Vec::new(), 0.0, 0.0);
    for &(sigma, count) in model.columns() {
        passed += count;
        while (columns.len() as f64) + 0.5 < passed && taken < 0.999 * trace {
            columns.push(sigma / trace);
            taken += sigma;
        }
    }
    assert!(rows.len() > 2000 && columns.len() > 400, "{} x {}: nothing is cut", rows.len(), columns.len());
    let whole = |draw: u64| {
        let key = Key::new(draw).split(7);
        let mut entries: Vec<f32> = vec![0.0; rows.len() * columns.len()];
        key.split(0).normal(0, &mut entries);
        for (row, noise) in entries.chunks_exact_mut(columns.len()).zip(&rows) {
            row.iter_mut().zip(&columns).for_each(|(x, sigma)| *x *= (noise * sigma).sqrt() as f32);
        }
        let matrix = Dense::new(entries, rows.len(), columns.len()).unwrap();
        let solver = Eigensolver::new(1, key.split(1)).relative_tolerance(1e-3).check_multiplicity(false);
        solver.run(&Normal::new(&matrix)).unwrap().values[0]
    };
    let whole: Vec<f64> = (0..12).map(whole).collect();
    let mean = whole.iter().sum::<f64>() / 12.0;
    let variance = whole.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 11.0;
    let cut = model.edge_of_draws(60, Key::new(2)).unwrap();
    println!("{mean:.4} +- {:.4}, cut {cut:.4?}; {} x {}", (variance / 12.0).sqrt(), rows.len(), columns.len());
    let error = (variance / 12.0 + cut.standard_error.unwrap().powi(2)).sqrt();
    assert!((cut.mean - mean).abs() <= 4.0 * error, "{} for {mean}", cut.mean);
    // Of 12 draws the deviation is known within a factor of two.
    let ratio = cut.deviation.unwrap() / variance.sqrt();
    assert!(ratio > 0.5 && ratio < 2.0, "deviations differ by a factor of {ratio}");
    assert_eq!(model.edge_of_draws(3, Key::new(4)).unwrap(), model.edge_of_draws(3, Key::new(4)).unwrap());
    assert!(model.edge_of_draws(0, Key::new(4)).is_err());
}

#[test]
fn the_residue_along_means_is_its_product() {
    let network = Perceptron::new(&[64, 3, 10], Activation::Tanh).unwrap();
    let few: Vec<usize> = (0..1500).step_by(25).collect();
    let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, digits().select(&few).unwrap()).unwrap();
    let theta: Vec<f64> = Initialization::glorot().draw(&network, Key::new(2));
    let point = risk.at(&theta).unwrap();
    let means = PairMeans::measure(&point).unwrap();
    let (size, pairs) = (theta.len(), 100);
    let residue = to_dense(&means.residue());
    // Directions from the dense Jacobian.
    let jacobian = to_dense(&point.jacobian());
    let p = point.probabilities().unwrap();
    let labels = risk.examples().labels().unwrap().to_vec();
    let mut directions = vec![0.0; pairs * size];
    for (m, &y) in labels.iter().enumerate() {
        let logit = |l: usize| &jacobian.entries()[(m * 10 + l) * size..][..size];
        for k in 0..10 {
            for (i, d) in directions[(y * 10 + k) * size..][..size].iter_mut().enumerate() {
                let mean: f64 = (0..10).map(|l| p[m * 10 + l] * logit(l)[i]).sum();
                *d += p[m * 10 + k] * (logit(k)[i] - mean);
            }
        }
    }
    for (d, a) in directions.chunks_exact_mut(size).zip(means.lengths()) {
        let length = dot(d, d).sqrt();
        d.iter_mut().for_each(|x| *x *= a / length);
    }
    let image: Vec<f64> = directions
        .chunks_exact(size)
        .flat_map(|d| residue.entries().chunks_exact(size).map(|row| dot(row, d)).collect::<Vec<_>>())
        .collect();
    let expected: Vec<f64> = (0..pairs * pairs)
        .map(|at| dot(&image[at / pairs * size..][..size], &directions[at % pairs * size..][..size]))
        .collect();
    let scale = expected.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    assert_close("M R M'", &means.residue_along(), &expected, 1e-12 * scale.max(1.0));
}
