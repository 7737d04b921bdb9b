//! The largest eigenvalue rises and falls along training; beside it, what the random model of logits makes of three measured sizes.
//!
//!     cargo run --release --example 07_training

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::emergent::{TrackedMatrix, Tracker};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::optimize::{GradientDescent, descend};
use eigenscape::plot::{EigenvaluePlot, Picture, Provenance};
use eigenscape::random::Key;

#[path = "common/gallery.rs"]
mod gallery;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("data/digits-labels-idx1-ubyte.gz"))?;
    let inputs = images.standardized::<f64>(images.moments())?;
    let examples = Examples::labelled(inputs, 64, &labels.labels()?, 10)?;
    let network = Perceptron::new(&[64, 64, 64, 10], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    let start = Initialization::lecun().draw(&network, Key::new(0));

    // The tracker visits a descent; it measures on 300 examples at these steps.
    let tracker = Tracker::new(Key::new(1)).matrix(TrackedMatrix::GaussNewton).every(1000)?;
    let tracker = tracker.also_at(&[1, 3, 10, 30, 100, 300]).examples(300)?.eigenpairs(10)?;
    let (watched, mut run) = (tracker.watched(&risk)?, tracker.begin());
    let batches = risk.mini_batches(64, Key::new(2))?;
    let _end =
        descend(&batches, &start, &mut GradientDescent::new(0.3)?, 1000, |progress| run.visit(&watched, progress))?;
    run.require()?;

    println!(
        "{:>6} {:>8} {:>10} {:>10} {:>16} {:>10} {:>8}",
        "step", "loss", "lambda_1", "lambda_10", "model, margin", "1 - Y_2", "share"
    );
    for row in run.rows() {
        let predicted = row.predicted_margin.map_or(f64::NAN, |predicted| predicted.value.value);
        println!(
            "{:>6} {:>8.4} {:>10.3} {:>10.3} {predicted:>16.3} {:>10.4} {:>8.3}",
            row.step,
            row.loss,
            row.eigenvalues[0],
            row.eigenvalues[9],
            1.0 - row.freezing.power_sum,
            row.share(10).unwrap_or(f64::NAN),
        );
    }

    let plot =
        EigenvaluePlot::of(run.rows()).title("Curvature along training").subtitle("Gauss-Newton matrix, 300 digits");
    let provenance = Provenance::new().key("start", Key::new(0)).key("batches", Key::new(2)).setting("rate", 0.3);
    plot.write(gallery::place("07_training.svg")?, &provenance)?;
    Ok(())
}
