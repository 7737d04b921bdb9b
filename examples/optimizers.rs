//! What minimizers evaluate until the gradient is small, on functions with an answer and on real digits; and a perceptron trained by
//! curvature, whole and within random subspaces.
//!
//! The first table is the counterpart of `benches/peers/optimize_scipy.py`.

use std::error::Error;
use std::ops::ControlFlow;
use std::time::Instant;

use eigenscape::Result;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Penalized, Recorded};
use eigenscape::optimize::{
    Adam, CubicNewton, LimitedMemoryBfgs, Minimum, NaturalGradient, Stop, Stopping, TrustRegion, descend,
};
use eigenscape::projection::Gaussian;
use eigenscape::random::Key;
use eigenscape::subspace::Restricted;

/// The gradient's norm at which all methods stop.
const TOLERANCE: f64 = 1e-6;

fn rosenbrock(dim: usize) -> Result<Recorded<f64>> {
    Recorded::new(dim, |x| {
        let (x, y) = (x.slice(0, 0..dim - 1), x.slice(0, 1..dim));
        (-x + 1.0).powi(2).sum() + (y - x * x).powi(2).sum() * 100.0
    })
}

fn quadratic(dim: usize, condition: f64) -> Result<Recorded<f64>> {
    let scales: Vec<f64> = (0..dim).map(|i| condition.powf(i as f64 / (dim - 1) as f64)).collect();
    Recorded::new(dim, |x| {
        let x = x - 1.0;
        (x * x * x.tape().constant([dim], &scales)).sum() * 0.5
    })
}

/// All digits, standardized over all pixels; or the first 1500 of them, and the rest.
fn digits(range: std::ops::Range<usize>) -> std::result::Result<Examples<f64>, Box<dyn Error>> {
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("data/digits-labels-idx1-ubyte.gz"))?;
    let moments = images.moments();
    let positions: Vec<usize> = range.collect();
    let (images, labels) = (images.select(&positions)?, labels.select(&positions)?);
    Ok(Examples::labelled(images.standardized(moments)?, 64, &labels.labels()?, 10)?)
}

fn row(objective: &str, method: &str, end: &Minimum<f64>) {
    assert_eq!(end.stop, Stop::Gradient, "{method} on {objective}");
    let made = end.evaluations;
    println!(
        "| {objective} | {method} | {} | {} | {} | {:.12} |",
        made.values, made.gradients, made.matvecs, end.value
    );
}

fn compare(name: &str, objective: &impl Objective<f64>, start: &[f64]) -> Result<()> {
    let stopping = Stopping::steps(100_000).gradient_below(TOLERANCE)?;
    row(name, "L-BFGS", &LimitedMemoryBfgs::new().stopping(stopping).run(objective, start)?);
    row(name, "trust region", &TrustRegion::new().stopping(stopping).run(objective, start)?);
    row(name, "cubic", &CubicNewton::new().stopping(stopping).run(objective, start)?);
    Ok(())
}

fn counts() -> std::result::Result<(), Box<dyn Error>> {
    println!("| objective | method | values alone | gradients with values | products | value |");
    println!("| --- | --- | --- | --- | --- | --- |");
    compare("Rosenbrock, 2", &rosenbrock(2)?, &[-1.2, 1.0])?;
    compare("Rosenbrock, 100", &rosenbrock(100)?, &[-1.2, 1.0].repeat(50))?;
    compare("quadratic, 100, condition 1e6", &quadratic(100, 1e6)?, &[0.0; 100])?;
    let linear = Perceptron::new(&[64, 10], Activation::Identity)?;
    let risk = Risk::new(&linear, Loss::SoftmaxCrossEntropy, digits(0..1797)?)?;
    let (objective, start) = (Penalized::new(&risk, 1e-3)?, [0.0; 650]);
    let name = "softmax regression on digits, 650";
    compare(name, &objective, &start)?;
    let stopping = Stopping::steps(1000).gradient_below(TOLERANCE)?;
    row(name, "natural gradient", &NaturalGradient::gauss_newton().stopping(stopping).run(&objective, &start)?);
    Ok(())
}

/// A perceptron 64-32-10 on 1500 digits with a small penalty, from one initialization, until the gradient is small or the steps
/// are spent.
fn train() -> std::result::Result<(), Box<dyn Error>> {
    let network = Perceptron::new(&[64, 32, 10], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, digits(0..1500)?)?;
    let test = Risk::new(&network, Loss::SoftmaxCrossEntropy, digits(1500..1797)?)?;
    let objective = Penalized::new(&risk, 1e-3)?;
    let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(0));
    let stopping = Stopping::steps(300).gradient_below(1e-4)?;
    println!("\n| space | method | steps | gradients | products | value | gradient's norm | test accuracy | seconds |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let show = |space: &str, method: &str, end: &Minimum<f64>, theta: &[f64], clock: Instant| -> Result<()> {
        let (steps, made, accuracy) = (end.history.len(), end.evaluations, test.accuracy(theta)?);
        println!(
            "| {space} | {method} | {steps} | {} | {} | {:.5} | {:.1e} | {accuracy:.3} | {:.2} |",
            made.gradients,
            made.matvecs,
            end.value,
            end.gradient_norm,
            clock.elapsed().as_secs_f64()
        );
        Ok(())
    };
    let clock = Instant::now();
    let end = LimitedMemoryBfgs::new().stopping(stopping).run(&objective, &theta)?;
    show("all 2410", "L-BFGS", &end, &end.theta, clock)?;
    let clock = Instant::now();
    let end = NaturalGradient::gauss_newton().stopping(stopping).run(&objective, &theta)?;
    show("all 2410", "natural gradient", &end, &end.theta, clock)?;
    let clock = Instant::now();
    let end = TrustRegion::new().stopping(stopping).run(&objective, &theta)?;
    show("all 2410", "trust region", &end, &end.theta, clock)?;
    for dim in [100, 400] {
        let projection = Gaussian::new(theta.len(), dim, Key::new(1))?;
        let restricted = Restricted::new(&objective, &projection, &theta)?;
        let (space, zero) = (format!("a random {dim}"), vec![0.0; dim]);
        let clock = Instant::now();
        let end = LimitedMemoryBfgs::new().stopping(stopping).run(&restricted, &zero)?;
        show(&space, "L-BFGS", &end, &restricted.lift(&end.theta), clock)?;
        let clock = Instant::now();
        let end = NaturalGradient::gauss_newton().stopping(stopping).run(&restricted, &zero)?;
        show(&space, "natural gradient", &end, &restricted.lift(&end.theta), clock)?;
    }
    // What the same number of gradients of the whole risk does by a first-order rule.
    let end = descend(&objective, &theta, &mut Adam::new(3e-3)?, 300, |_| ControlFlow::Continue(()))?;
    let (value, accuracy) = (objective.value(&end.theta)?, test.accuracy(&end.theta)?);
    println!("\nAdam, 300 steps of the whole risk: value {value:.5}, test accuracy {accuracy:.3}");
    Ok(())
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    counts()?;
    train()
}
