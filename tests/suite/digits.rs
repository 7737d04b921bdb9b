//! Curvature of a network on real digits, against its dense spectrum.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::krylov::Eigensolver;
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{LinearOperator, to_dense};
use eigenscape::optimize::{GradientDescent, descend};
use eigenscape::random::Key;
use eigenscape::spectrum::{DiscreteMeasure, Hutchinson, Smoothing, StochasticLanczos, wasserstein};

use crate::oracle::symmetric_eigenvalues;

/// The first 1500 digits, standardized over all pixels.
pub(crate) fn digits() -> Examples<f64> {
    let images = Idx::parse(include_bytes!("../../examples/data/digits-images-idx3-ubyte.gz")).unwrap();
    let labels = Idx::parse(include_bytes!("../../examples/data/digits-labels-idx1-ubyte.gz")).unwrap();
    assert_eq!((images.extents(), labels.extents()), (&[1797, 8, 8][..], &[1797][..]));
    let first: Vec<usize> = (0..1500).collect();
    let (images, labels) = (images.select(&first).unwrap(), labels.select(&first).unwrap());
    let pixels = images.standardized(images.moments()).unwrap();
    Examples::labelled(pixels, 64, &labels.labels().unwrap(), 10).unwrap()
}

/// Largest eigenvalues, density and trace of the Hessian at a point, against all of its eigenvalues.
fn agrees_with_the_dense_spectrum(what: &str, risk: &Risk<f64>, theta: &[f64], probes: usize) {
    let point = risk.at(theta).unwrap();
    let hessian = point.hessian();
    let dense = symmetric_eigenvalues(to_dense(&hessian).entries(), hessian.rows());
    let count = dense.len();
    let mean_size = dense.iter().map(|value| value.abs()).sum::<f64>() / count as f64;

    let top = Eigensolver::new(20, Key::new(0)).run(&hessian).unwrap();
    top.report.require().unwrap();
    for (rank, (value, exact)) in top.values.iter().zip(dense.iter().rev()).take(10).enumerate() {
        assert!((value - exact).abs() <= 1e-5 * exact, "{what}: eigenvalue {rank} is {value}, dense {exact}");
    }

    let all = DiscreteMeasure::uniform(dense.clone()).unwrap();
    let measure = StochasticLanczos::new(Key::new(1))
        .probes(probes)
        .steps(100)
        .deflate(&top.values, &top.vectors)
        .run(&hessian)
        .unwrap();
    let density = measure.density(&Smoothing::new()).unwrap();
    let distance = wasserstein(&density.measure().unwrap(), &all) / mean_size;
    println!(
        "{what}: Wasserstein-1 distance {:.2} % of the mean absolute eigenvalue {mean_size:.2e}",
        100.0 * distance
    );
    assert!(distance < 0.05, "{what}: the density is {distance} of the mean absolute eigenvalue away");
    assert!((density.integral() - 1.0).abs() < 0.01);
    // The measure can fail: a point mass at zero, where most eigenvalues are, is a whole mean away.
    let point_mass = DiscreteMeasure::new(vec![0.0], vec![1.0]).unwrap();
    assert!((wasserstein(&point_mass, &all) / mean_size - 1.0).abs() < 1e-9);

    let exact: f64 = dense.iter().sum();
    let trace = Hutchinson::new(100, Key::new(2)).run(&hessian).unwrap();
    let error = trace.standard_error.unwrap();
    assert!((trace.mean - exact).abs() <= 4.0 * error, "{what}: trace {} +- {error} for {exact}", trace.mean);
}

fn at_initialization_and_after_training(sizes: &[usize], probes: usize) {
    let network = Perceptron::new(sizes, Activation::Tanh).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, digits()).unwrap();
    let start: Vec<f64> = Initialization::lecun().draw(&network, Key::new(0));
    agrees_with_the_dense_spectrum("initialization", &risk, &start, probes);

    let batches = risk.mini_batches(32, Key::new(1)).unwrap();
    let mut rule = GradientDescent::new(0.3).unwrap();
    let end = descend(&batches, &start, &mut rule, 1000, |_| ControlFlow::Continue(())).unwrap();
    assert!(risk.accuracy(&end.theta).unwrap() > 0.97);
    agrees_with_the_dense_spectrum("end of training", &risk, &end.theta, probes);
}

#[test]
fn spectrum_of_a_small_network() {
    // The error falls with the square root of probes times eigenvalues, of which a small network has few.
    at_initialization_and_after_training(&[64, 16, 10], 40);
}

/// The network of the main example, 8970 parameters: minutes and 1.5 GB.
#[test]
#[ignore = "slow: all eigenvalues of a matrix of size 8970, twice; run with --release"]
fn spectrum_of_the_main_example() {
    // As many probes as the main example takes.
    at_initialization_and_after_training(&[64, 64, 64, 10], 10);
}
