//! How far training goes, in parameters and in what they say: lengths of a training path in Euclid's and in Fisher's metric, and how many
//! parameters of a digit classifier the data determine.
//!
//!     cargo run --release --example fisher_geometry

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::landscape::{ObjectiveMetric, effective_dimension, fisher_rao_norm, path_length};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::optimize::{GradientDescent, NaturalGradient, Stopping, descend};
use eigenscape::random::Key;
use eigenscape::spectrum::StochasticLanczos;

/// Steps of gradient descent between two vertices of its path, and how many of them.
const STRIDE: u64 = 15;
const VERTICES: usize = 20;

fn main() -> eigenscape::Result<()> {
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("data/digits-labels-idx1-ubyte.gz"))?;
    let inputs = images.standardized::<f64>(images.moments())?;
    let examples = Examples::labelled(inputs, 64, &labels.labels()?, 10)?;
    let network = Perceptron::new(&[64, 32, 10], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    let start = Initialization::lecun().draw(&network, Key::new(0));
    println!("{} parameters, {} digits", network.parameters(), risk.examples().count());

    let mut descent = vec![start.clone()];
    for _ in 0..VERTICES {
        let mut rule = GradientDescent::new(0.3)?;
        let end = descend(&risk, &descent[descent.len() - 1], &mut rule, STRIDE, |_| ControlFlow::Continue(()))?;
        descent.push(end.theta);
    }
    let loss = risk.value(&descent[VERTICES])?;
    let mut natural = vec![start.clone()];
    let mut run = NaturalGradient::gauss_newton().stopping(Stopping::steps(200).value_below(loss)?).begin(&start)?;
    while run.advance(&risk)? {
        natural.push(run.theta().to_vec());
    }

    println!(
        "\nto a loss of {loss:.3}:{:>22}{:>10}{:>16}{:>10}",
        "Euclid, path", "straight", "Fisher, path", "straight"
    );
    for (name, path) in [("gradient descent", &descent), ("natural gradient", &natural)] {
        let vertices: Vec<&[f64]> = path.iter().map(Vec::as_slice).collect();
        let ends = [vertices[0], vertices[vertices.len() - 1]];
        let euclid = |path: &[&[f64]]| -> f64 { path.windows(2).map(|pair| distance(pair[0], pair[1])).sum() };
        let metric = ObjectiveMetric::<f64, _>::new(&risk);
        let fisher = [path_length(&metric, &vertices, 1e-4)?, path_length(&metric, &ends, 1e-4)?];
        let lengths = [euclid(&vertices), euclid(&ends), fisher[0].length, fisher[1].length];
        println!("{name:<20}{:>20.2}{:>10.2}{:>16.3}{:>10.3}", lengths[0], lengths[1], lengths[2], lengths[3]);
    }

    println!("\nafter steps of gradient descent, parameters that outweigh a prior alpha:");
    println!("{:>6}{:>8}{:>22}{:>22}{:>22}{:>18}", "step", "loss", "alpha 1e-2", "1e-4", "1e-6", "Fisher-Rao norm");
    for vertex in [0, 2, VERTICES / 2, VERTICES] {
        let point = risk.at(&descent[vertex])?;
        let spectrum = StochasticLanczos::new(Key::new(1)).probes(8).steps(150).run(&point.fisher()?)?;
        print!("{:>6}{:>8.3}", vertex as u64 * STRIDE, point.value());
        for alpha in [1e-2, 1e-4, 1e-6] {
            let estimate = effective_dimension(&spectrum, alpha)?;
            print!("{:>14.1} +-{:>5.1}", estimate.mean, estimate.standard_error.unwrap_or(f64::NAN));
        }
        println!("{:>18.3}", fisher_rao_norm(&point)?);
    }
    Ok(())
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}
