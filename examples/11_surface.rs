//! The loss on the plane in which training moved most, with the way that it took.
//!
//!     cargo run --release --example 11_surface

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::landscape::{Slice, Trajectory, TrajectoryCenter, evenly, read_value};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::optimize::{DescentRun, GradientDescent, Stopping};
use eigenscape::plot::{Picture, Provenance, SlicePlot};
use eigenscape::random::Key;

#[path = "common/gallery.rs"]
mod gallery;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("data/digits-labels-idx1-ubyte.gz"))?;
    let inputs = images.standardized::<f32>(images.moments())?;
    let examples = Examples::labelled(inputs, 64, &labels.labels()?, 10)?;
    let network = Perceptron::new(&[64, 32, 10], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    let start = Initialization::lecun().draw(&network, Key::new(0));

    // Every step of SGD is kept.
    let batches = risk.mini_batches(128, Key::new(1))?;
    let mut run = DescentRun::new(&start, GradientDescent::new(0.2)?, Stopping::steps(200))?;
    let mut trajectory = Trajectory::new(start.len(), 1, 1 << 20)?;
    trajectory.record(run.step(), run.theta())?;
    while run.advance(&batches)? {
        trajectory.record(run.step(), run.theta())?;
    }

    // Its two principal directions span the plane; the loss is read around the way on it.
    let principal = trajectory.principal(TrajectoryCenter::Last, 2)?;
    println!(
        "of the variance, the first direction has {:.1} %, the second {:.1} %",
        100.0 * principal.shares[0],
        100.0 * principal.shares[1]
    );
    let range = |axis: usize| {
        let along = || principal.coordinates.iter().map(|coordinates| coordinates[axis]);
        (along().fold(f64::MAX, f64::min), along().fold(f64::MIN, f64::max))
    };
    let width = 0.8 * (range(0).1 - range(0).0);
    let axis = |axis: usize| {
        let middle = 0.5 * (range(axis).0 + range(axis).1);
        evenly(middle - width, middle + width, 41)
    };
    let mut slice = Slice::new(principal.plane()?, &[&axis(0)?, &axis(1)?])?;
    slice.run(read_value(&risk), |_| ControlFlow::Continue(()))?;
    let (lowest, highest) = (slice.lowest(), slice.highest());
    println!(
        "loss on the plane from {:.4} to {:.4}",
        lowest.map_or(f64::NAN, |low| low.1),
        highest.map_or(f64::NAN, |high| high.1)
    );
    println!("loss where training ended {:.4}", run.finish().values.last().unwrap_or(&f64::NAN));

    let plot = SlicePlot::new(&slice).principal(&principal)?.name("loss", "nats").logarithmic().title("The way of SGD");
    let provenance = Provenance::new().key("start", Key::new(0)).key("batches", Key::new(1)).setting("rate", 0.2);
    plot.write(gallery::place("11_surface.svg")?, &provenance)?;
    Ok(())
}
