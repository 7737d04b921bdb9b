//! Training confined to a random subspace: how many dimensions it takes to reach 90 % of the full model's accuracy.
//!
//!     cargo run --release --example 10_subspace

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::optimize::{Adam, descend};
use eigenscape::plot::{IntrinsicPlot, Picture, Provenance};
use eigenscape::projection::Fastfood;
use eigenscape::random::Key;
use eigenscape::subspace::{Criterion, IntrinsicDimension, Restricted};

#[path = "common/gallery.rs"]
mod gallery;

const STEPS: u64 = 300;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Digits in random order; 1200 to train with, the rest to judge by.
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("data/digits-labels-idx1-ubyte.gz"))?;
    let order = Key::new(0).permutation(images.count());
    let part = |places: &[usize]| -> eigenscape::Result<Examples<f32>> {
        let inputs = images.select(places)?.standardized(images.moments())?;
        Examples::labelled(inputs, 64, &labels.select(places)?.labels()?, 10)
    };
    let network = Perceptron::new(&[64, 64, 10], Activation::Relu)?;
    let train = Risk::new(&network, Loss::SoftmaxCrossEntropy, part(&order[..1200])?)?;
    let test = Risk::new(&network, Loss::SoftmaxCrossEntropy, part(&order[1200..])?)?;

    // Means and steps are the same in the whole space and in a subspace.
    let start = |key: Key| Initialization::he().draw(&network, key.split(0));
    let batches = |key: Key| train.mini_batches(64, key.split(1));
    let key = Key::new(1);
    let (theta, mut adam) = (start(key), Adam::new(0.003)?);
    let full = descend(&batches(key)?, &theta, &mut adam, STEPS, |_| ControlFlow::Continue(()))?;
    let accuracy = test.accuracy(&full.theta)?;
    println!("{} parameters: accuracy {accuracy:.3}", network.parameters());

    // theta = theta_0 + P psi: the projection is made from its key at every product, and never stored.
    let training = |dim: usize, key: Key| {
        let projection = Fastfood::new(network.parameters(), dim, key.split(2).split(dim as u64))?;
        let (theta, batches) = (start(key), batches(key)?);
        let plane = Restricted::new(&batches, &projection, &theta)?;
        let mut adam = Adam::new(0.03)?;
        let end = descend(&plane, &vec![0.0; dim], &mut adam, STEPS, |_| ControlFlow::Continue(()))?;
        test.accuracy(&plane.lift(&end.theta))
    };
    let search = IntrinsicDimension::new(Criterion::AtLeast(0.9 * accuracy), network.parameters(), Key::new(2));
    let report = search.first(64).run(training)?;
    println!("{:>6} {:>10} {:>9}", "d", "accuracy", "reached");
    for level in &report.curve {
        println!("{:>6} {:>10.3} {:>7}/3", level.dim, level.mean().unwrap_or(f64::NAN), level.reached);
    }
    let interval = report.interval(0.95)?;
    println!(
        "intrinsic dimension {:.0}, with 95 % in {:.0} to {:.0}",
        report.estimate().unwrap_or(f64::NAN),
        interval.lower,
        interval.upper
    );

    let plot = IntrinsicPlot::new(&report)
        .full(accuracy)
        .name("accuracy on unseen digits")
        .title("Training in random subspaces");
    let provenance = Provenance::new().key("search", Key::new(2)).setting("steps", STEPS).setting("rate", 0.03);
    plot.write(gallery::place("10_subspace.svg")?, &provenance)?;
    Ok(())
}
