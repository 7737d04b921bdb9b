//! The spectral density of a network's Hessian with its band, and the outliers that stand apart from it, for real digits.
//!
//!     cargo run --release --example 04_density

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::krylov::Eigensolver;
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::optimize::{GradientDescent, descend};
use eigenscape::plot::{DensityPlot, Picture, Provenance};
use eigenscape::random::Key;
use eigenscape::spectrum::{Smoothing, StochasticLanczos};

#[path = "common/gallery.rs"]
mod gallery;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("data/digits-labels-idx1-ubyte.gz"))?;
    let inputs = images.standardized::<f64>(images.moments())?;
    let examples = Examples::labelled(inputs, 64, &labels.labels()?, 10)?;
    let network = Perceptron::new(&[64, 32, 10], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    let start = Initialization::lecun().draw(&network, Key::new(0));
    let theta = descend(&risk, &start, &mut GradientDescent::new(0.3)?, 60, |_| ControlFlow::Continue(()))?.theta;
    let point = risk.at(&theta)?;
    println!("{} parameters, loss {:.3}, accuracy {:.3}", network.parameters(), point.value(), risk.accuracy(&theta)?);

    // The top by eigenpairs, each with a bound; what is left by quadrature, with a standard error over probes.
    let hessian = point.hessian();
    let top = Eigensolver::new(12, Key::new(1)).run(&hessian)?;
    let measure =
        StochasticLanczos::new(Key::new(2)).probes(10).steps(100).deflate(&top.values, &top.vectors).run(&hessian)?;
    let density = measure.density(&Smoothing::new().minimum(0.005).deflated_apart())?;
    println!("top {:.3?}", top.values);
    println!("mass of the curve {:.4}, of it and the eigenvalues apart {:.4}", density.integral(), density.mass());
    for order in 1..=2 {
        let moment = measure.moment(order)?;
        println!("mean of lambda^{order}: {:.5} +- {:.5}", moment.mean, moment.standard_error.unwrap_or(f64::NAN));
    }

    let plot = DensityPlot::new(&density).outliers(&top.values).logarithmic(5.0).title("Hessian of a digit classifier");
    let provenance = Provenance::new().key("start", Key::new(0)).key("probes", Key::new(2)).setting("descent", 60);
    plot.subtitle("64-32-10 tanh perceptron, 60 steps").write(gallery::place("04_density.svg")?, &provenance)?;
    Ok(())
}
