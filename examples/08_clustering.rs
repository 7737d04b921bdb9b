//! Gradients of logits cluster by logit and by class: the matrix of their cosines, and what the random model makes of it.
//!
//!     cargo run --release --example 08_clustering

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::emergent::{Clustering, ModelComparison};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::plot::{ClusteringPlot, Picture, Provenance};
use eigenscape::random::Key;

#[path = "common/gallery.rs"]
mod gallery;

const CLASSES: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("data/digits-labels-idx1-ubyte.gz"))?;
    // The digits 0 to 4.
    let all = labels.labels()?;
    let places: Vec<usize> = (0..all.len()).filter(|&place| all[place] < CLASSES).collect();
    let inputs = images.select(&places)?.standardized::<f64>(images.moments())?;
    let examples = Examples::labelled(inputs, 64, &labels.select(&places)?.labels()?, CLASSES)?;
    let network = Perceptron::new(&[64, 64, 64, CLASSES], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    let theta = Initialization::lecun().draw(&network, Key::new(0));

    let clustering = Clustering::measure(&risk.at(&theta)?)?;
    println!(
        "{} examples, {} logits each, {} parameters",
        clustering.examples(),
        clustering.classes,
        clustering.parameters
    );
    for (name, cosine) in [
        ("same logit and class", clustering.same_logit_and_class),
        ("same logit", clustering.same_logit),
        ("different logits", clustering.different_logits),
    ] {
        println!("{name:>22}: mean cosine {:+.3}", cosine.unwrap_or(f64::NAN));
    }
    let (means, residues) = clustering.deviations();
    println!("sigma_c {means:.4} of the means, sigma_E {residues:.4} of what is left");

    // From these sizes and the probabilities the model predicts the spectrum; nothing is fitted to it.
    let comparison = ModelComparison::new(Key::new(1)).run(&risk.at(&theta)?)?;
    println!("\n{comparison}");

    let plot = ClusteringPlot::new(&clustering)?.title("Cosines of the gradients of logits at the start");
    plot.write(gallery::place("08_clustering.svg")?, &Provenance::new().key("start", Key::new(0)))?;
    Ok(())
}
