//! Curvature on random planes over distances from the origin: the zone in which positive curvature outweighs the rest.
//!
//!     cargo run --release --example 09_goldilocks

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::emergent::GoldilocksScan;
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::plot::{GoldilocksPlot, Picture, Provenance};
use eigenscape::random::Key;

#[path = "common/gallery.rs"]
mod gallery;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("data/digits-labels-idx1-ubyte.gz"))?;
    let first: Vec<usize> = (0..400).collect();
    let (images, labels) = (images.select(&first)?, labels.select(&first)?);
    let inputs = images.standardized::<f64>(images.moments())?;
    let examples = Examples::labelled(inputs, 64, &labels.labels()?, 10)?;
    let network = Perceptron::new(&[64, 32, 32, 10], Activation::Relu)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples)?;

    // Distances in units of the usual start's.
    let usual = Initialization::he();
    let norm = usual.typical_norm(&network);
    let radii: Vec<f64> =
        [0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0].map(|factor| factor * norm).to_vec();
    let scan = GoldilocksScan::new(&radii, &[5, 15, 50], Key::new(0))?.keys(3)?;
    let run = scan.run(&risk, &risk, |key| usual.draw(&network, key), |_| ControlFlow::Continue(()))?;

    println!("tr / |.|_F of the Hessian on planes of d dimensions, at most sqrt(d)");
    println!(
        "{:>8} {:>6} {:>14} {:>14} {:>14} {:>10}",
        "radius", "d", "Hessian", "Gauss-Newton", "predicted", "positive"
    );
    for row in run.rows() {
        let mean = |mean: Option<eigenscape::emergent::KeyMean>| mean.map_or(f64::NAN, |mean| mean.mean);
        println!(
            "{:>8.2} {:>6} {:>14.2} {:>14.2} {:>14.2} {:>10.2}",
            row.radius / norm,
            row.dimension,
            mean(row.ratio),
            mean(row.gauss_newton_ratio),
            mean(row.predicted_ratio),
            mean(row.positive_share),
        );
    }

    let plot = GoldilocksPlot::new(&run)?
        .unit(norm)?
        .title("Curvature on random planes")
        .subtitle("64-32-32-10 relu, 400 digits");
    plot.write(gallery::place("09_goldilocks.svg")?, &Provenance::new().key("scan", Key::new(0)).setting("keys", 3))?;
    Ok(())
}
