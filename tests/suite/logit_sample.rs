//! Draws of the random model of logits: entry by entry from the key, their spectrum two ways, and beside the theory.

use eigenscape::emergent::LogitSample;
use eigenscape::krylov::Eigensolver;
use eigenscape::operator::{Adjoint, LinearOperator, to_dense};
use eigenscape::random::Key;
use eigenscape::random_matrix::{LogitMeans, LogitSpectrum, SoftmaxBlocks};
use eigenscape::{Scalar, check};

use crate::oracle::{assert_close, symmetric_eigenvalues};
use crate::support::{normal, product, with_threads};

/// Softmax of normal logits.
fn probabilities(examples: usize, classes: usize, deviation: f64, key: Key) -> Vec<f64> {
    let mut p: Vec<f64> = normal(examples * classes, key);
    for row in p.chunks_exact_mut(classes) {
        row.iter_mut().for_each(|z| *z = (deviation * *z).exp());
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= total);
    }
    p
}

fn entry_by_entry<T: Scalar>() {
    let (examples, classes, parameters, groups) = (7, 3, 300, 2);
    let p = probabilities(examples, classes, 1.0, Key::new(1));
    let weights: Vec<f64> = (1..=examples).map(|m| m as f64 / 28.0).collect();
    let group = vec![0, 1, 1, 0, 1, 0, 0];
    let blocks = SoftmaxBlocks::weighted(&p, classes, &weights).unwrap().grouped(&group, groups).unwrap();
    let variances: Vec<f64> = (0..parameters).map(|i| (i % 5) as f64 / 2.0).collect();
    let key = Key::new(4);
    let sample = LogitSample::<T>::new(blocks, parameters, 0.5, 2.0, key).unwrap();
    let sample = sample.residue_spectrum(&variances).unwrap();

    let (count, columns) = (groups * classes, examples * classes);
    let means: Vec<f64> = normal(parameters * count, key.split(0));
    let residues: Vec<f64> = normal(parameters * columns, key.split(1));
    let gradient = |m: usize, k: usize, i: usize| {
        let mean = 0.5 * means[i * count + group[m] * classes + k];
        mean + 2.0 * variances[i].sqrt() * residues[i * columns + m * classes + k]
    };
    let j: Vec<f64> = (0..columns * parameters)
        .map(|at| gradient(at / parameters / classes, at / parameters % classes, at % parameters))
        .collect();
    let tolerance = 64.0 * T::EPSILON.f64();
    assert_close("J", to_dense(&sample.jacobian()).entries(), &j, tolerance);
    assert!(check::adjoint(&sample.jacobian(), Key::new(0)).unwrap().holds());

    // H and g by their sums.
    let mut h = vec![0.0; parameters * parameters];
    let mut g = vec![0.0; parameters];
    let labels = [0, 1, 2, 0, 1, 2, 0];
    for m in 0..examples {
        let row = |k: usize| &j[(m * classes + k) * parameters..][..parameters];
        let p = &p[m * classes..][..classes];
        for k in 0..classes {
            let residual = weights[m] * (p[k] - if k == labels[m] { 1.0 } else { 0.0 });
            g.iter_mut().zip(row(k)).for_each(|(g, j)| *g += residual * j);
            for l in 0..classes {
                let s = weights[m] * (if k == l { p[k] } else { 0.0 } - p[k] * p[l]);
                for (a, &ja) in row(k).iter().enumerate() {
                    h[a * parameters..][..parameters].iter_mut().zip(row(l)).for_each(|(h, jb)| *h += s * ja * jb);
                }
            }
        }
    }
    let x: Vec<T> = normal(parameters, Key::new(8));
    let expected: Vec<f64> =
        h.chunks_exact(parameters).map(|row| row.iter().zip(&x).map(|(h, x)| h * x.f64()).sum()).collect();
    assert_close("H x", &product(&sample.hessian(), &x), &expected, 64.0 * tolerance);
    assert_close("g", &sample.gradient(&labels).unwrap(), &g, 8.0 * tolerance);
    assert!(check::symmetric(&sample.hessian(), Key::new(0)).unwrap().holds());
    let exact = symmetric_eigenvalues(&h, parameters);
    let dual = sample.eigenvalues().unwrap();
    assert_eq!(dual.len(), columns);
    let top = exact.last().unwrap();
    for (dual, exact) in dual.iter().zip(exact.iter().rev()) {
        assert!((dual - exact).abs() <= 256.0 * tolerance * top, "{dual} should be {exact}");
    }
    // Means as they were drawn.
    let gram: Vec<f64> = (0..count * count)
        .map(|at| (0..parameters).map(|i| 0.25 * means[i * count + at / count] * means[i * count + at % count]).sum())
        .collect();
    assert_close("K", &sample.means_gram(), &gram, tolerance);
}

#[test]
fn samples_are_made_from_the_key() {
    entry_by_entry::<f64>();
    entry_by_entry::<f32>();
}

#[test]
fn bits_depend_on_the_key_alone() {
    let blocks = SoftmaxBlocks::new(&probabilities(9, 4, 2.0, Key::new(1)), 4).unwrap();
    let (x, y): (Vec<f32>, Vec<f32>) = (normal(2 * 1000, Key::new(2)), normal(36, Key::new(3)));
    let products = |threads: usize, budget: usize| {
        with_threads(threads, || {
            let sample = LogitSample::<f32>::new(blocks.clone(), 1000, 0.3, 1.0, Key::new(0)).unwrap();
            let sample = sample.memory_budget(budget);
            let (mut wide, mut back) = (vec![f32::NAN; 2000], vec![f32::NAN; 1000]);
            sample.hessian().apply_block(&x, &mut wide, 2);
            sample.jacobian().apply_adjoint(&y, &mut back);
            (wide, back, sample.eigenvalues().unwrap())
        })
    };
    let expected = products(1, usize::MAX);
    for (threads, budget) in [(1, 0), (2, usize::MAX), (3, 0)] {
        assert!(products(threads, budget) == expected, "{threads} threads, budget {budget}");
    }
}

/// The sum of the outliers of samples beside the theory at their own means, within four standard errors of 12 draws; of a sum,
/// since neighbours push each other away.
#[test]
fn outliers_are_where_the_theory_puts_them() {
    let (examples, classes, parameters) = (60, 6, 800);
    let draws = 12;
    let mut differences = Vec::new();
    for draw in 0..draws {
        let key = Key::new(draw);
        let blocks = SoftmaxBlocks::new(&probabilities(examples, classes, 0.5, key.split(7)), classes).unwrap();
        let sample = LogitSample::<f64>::new(blocks.clone(), parameters, 0.6, 1.0, key).unwrap();
        let means = LogitMeans::given(&sample.means_gram());
        let theory = LogitSpectrum::new(blocks, parameters, means, 1.0).unwrap();
        assert_eq!(theory.outliers().len(), classes - 1);
        let values = sample.eigenvalues().unwrap();
        let difference: f64 =
            theory.outliers().iter().zip(&values).map(|(outlier, value)| value - outlier.position).sum();
        let variance: f64 = theory.outliers().iter().map(|outlier| outlier.standard_deviation.powi(2)).sum();
        differences.push(difference / variance.sqrt());
    }
    let mean = differences.iter().sum::<f64>() / draws as f64;
    println!("{mean:.2} standard deviations off in the mean: {differences:.2?}");
    assert!(mean.abs() <= 4.0 / (draws as f64).sqrt(), "{mean} standard deviations off");
}

/// A million parameters, never as a matrix: 24 logit gradients, made again for each product.
#[test]
fn a_million_parameters_are_an_operator() {
    let blocks = SoftmaxBlocks::new(&[0.25; 24], 4).unwrap();
    let sample = LogitSample::<f32>::new(blocks.clone(), 1_000_000, 0.02, 0.01, Key::new(0)).unwrap().memory_budget(0);
    let top = Eigensolver::new(3, Key::new(1)).run(&sample.hessian()).unwrap();
    let exact = sample.eigenvalues().unwrap();
    for (krylov, exact) in top.values.iter().zip(&exact) {
        assert!((krylov / exact - 1.0).abs() < 1e-4, "{krylov} should be {exact}");
    }
}

#[test]
fn impossible_samples_are_refused() {
    let blocks = || SoftmaxBlocks::new(&[0.5, 0.5, 0.8, 0.2], 2).unwrap();
    assert!(LogitSample::<f64>::new(blocks(), 0, 1.0, 1.0, Key::new(0)).is_err());
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(LogitSample::<f64>::new(blocks(), 5, bad, 1.0, Key::new(0)).is_err());
        assert!(LogitSample::<f64>::new(blocks(), 5, 1.0, bad, Key::new(0)).is_err());
        let sample = LogitSample::<f64>::new(blocks(), 2, 1.0, 1.0, Key::new(0)).unwrap();
        assert!(sample.residue_spectrum(&[1.0, bad]).is_err());
    }
    assert!(LogitSample::<f64>::new(blocks(), usize::MAX, 1.0, 1.0, Key::new(0)).is_err());
    let sample = LogitSample::<f64>::new(blocks(), 5, 1.0, 1.0, Key::new(0)).unwrap();
    assert!(sample.gradient(&[0]).is_err());
    assert!(sample.gradient(&[0, 2]).unwrap_err().to_string().contains("label"));
    // No spread at all: the curvature of nothing.
    let still = LogitSample::<f64>::new(blocks(), 5, 0.0, 0.0, Key::new(0)).unwrap();
    assert!(still.eigenvalues().unwrap().iter().all(|value| *value == 0.0));
}
