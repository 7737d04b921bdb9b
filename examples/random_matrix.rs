//! What random matrix theory says of real data, beside what is measured: the covariance of digits seen through few samples,
//! the number of its outliers, and a Hessian seen from a random hyperplane.
//!
//!     cargo run --release --example random_matrix

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::LinearOperator;
use eigenscape::optimize::{GradientDescent, descend};
use eigenscape::random::Key;
use eigenscape::random_matrix::{
    Discrete, FreeCompression, GeneralizedMarchenkoPastur, HaarFrame, Law, MarchenkoPastur, OutlierTest,
};
use eigenscape::spectrum::{DiscreteMeasure, StochasticLanczos, kolmogorov_to_law};
use faer::{Mat, MatRef, Scale, Side};

const PIXELS: usize = 64;

fn main() -> eigenscape::Result<()> {
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("data/digits-labels-idx1-ubyte.gz"))?;
    let inputs = images.standardized::<f64>(images.moments())?;
    covariances(&inputs)?;
    hyperplanes(inputs, &labels.labels()?)
}

/// A covariance through fewer and fewer samples: what spreads its spectrum is known beforehand.
fn covariances(inputs: &[f64]) -> eigenscape::Result<()> {
    let count = inputs.len() / PIXELS;
    let all: Vec<usize> = (0..count).collect();
    let population = spectrum(&covariance(inputs, &all), true);
    println!("covariance of {count} digits: eigenvalues from {:.1e} to {:.3}", population[0], population[PIXELS - 1]);
    println!(
        "{:>8} {:>10} {:>10} {:>10} {:>12} {:>12}",
        "samples", "largest", "theory", "edge", "distance", "if equal"
    );
    let order = Key::new(0).permutation(count);
    for samples in [64, 128, 256, 512] {
        let values = spectrum(&covariance(inputs, &order[..samples]), true);
        let ratio = PIXELS as f64 / samples as f64;
        let law = GeneralizedMarchenkoPastur::new(Discrete::uniform(&population)?, ratio)?;
        let mean = population.iter().sum::<f64>() / PIXELS as f64;
        let equal = MarchenkoPastur::new(ratio, mean)?;
        let measured = DiscreteMeasure::uniform(values.clone())?;
        println!(
            "{samples:>8} {:>10.3} {:>10.3} {:>10.3} {:>12.3} {:>12.3}",
            values[PIXELS - 1],
            law.quantile(1.0 - 0.5 / PIXELS as f64)?,
            equal.edges().upper,
            kolmogorov_to_law(&measured, &law)?,
            kolmogorov_to_law(&measured, &equal)?,
        );
        if samples == 512 {
            let found = OutlierTest::wishart(PIXELS, samples)?.level(0.01)?.run(&values)?;
            println!("directions that noise of one variance does not explain, at 1 %: {}", found.number());
        }
    }
    Ok(())
}

/// The Hessian of a digit classifier on random hyperplanes, from its spectrum alone.
fn hyperplanes(inputs: Vec<f64>, labels: &[usize]) -> eigenscape::Result<()> {
    let examples = Examples::labelled(inputs, PIXELS, labels, 10)?;
    let network = Perceptron::new(&[PIXELS, 32, 10], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    let start = Initialization::lecun().draw(&network, Key::new(0));
    let theta = descend(&risk, &start, &mut GradientDescent::new(0.3)?, 60, |_| ControlFlow::Continue(()))?.theta;
    let point = risk.at(&theta)?;
    let hessian = point.hessian();
    let dim = network.parameters();
    let measure = StochasticLanczos::new(Key::new(1)).steps(100).run(&hessian)?;
    // The nodes as they are: a random cut smooths them by itself.
    let whole = measure.mean().law()?;
    println!("\nHessian of {dim} parameters on random hyperplanes");
    println!("{:>8} {:>12} {:>12} {:>12}", "d", "largest", "theory", "distance");
    for cut in [30, 100, 300] {
        let frame: Vec<f64> = HaarFrame::new(dim, cut)?.sample(Key::new(2));
        let mut images = vec![0.0; dim * cut];
        hessian.apply_block(&frame, &mut images, cut);
        // Vectors back to back are columns.
        let [frame, images] = [&frame, &images].map(|vectors| MatRef::from_column_major_slice(vectors, dim, cut));
        let values = spectrum(&(frame.transpose() * images), false);
        let law = FreeCompression::new(whole.clone(), cut as f64 / dim as f64)?;
        let largest = values[cut - 1];
        let distance = kolmogorov_to_law(&DiscreteMeasure::uniform(values)?, &law)?;
        println!("{cut:>8} {largest:>12.4} {:>12.4} {distance:>12.3}", law.quantile(1.0 - 0.5 / cut as f64)?);
    }
    Ok(())
}

fn covariance(inputs: &[f64], samples: &[usize]) -> Mat<f64> {
    let data = Mat::from_fn(samples.len(), PIXELS, |row, pixel| inputs[samples[row] * PIXELS + pixel]);
    data.transpose() * &data * Scale(1.0 / samples.len() as f64)
}

/// All eigenvalues, ascending; of a semidefinite matrix, whose zeros rounding turns around.
fn spectrum(matrix: &Mat<f64>, semidefinite: bool) -> Vec<f64> {
    let values = matrix.self_adjoint_eigenvalues(Side::Lower).expect("a finite symmetric matrix has eigenvalues");
    let zero = 1e-12 * values[values.len() - 1];
    values.into_iter().map(|value| if semidefinite && value < zero { 0.0 } else { value }).collect()
}
