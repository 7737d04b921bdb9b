//! Clustering of the logit gradients of a 784-128-128-10 perceptron on 10,000 images of MNIST: time, and what it adds to the
//! resident set at its peak (Linux).
//!
//! `cargo bench --bench clustering -- 3` sets the rounds.

use std::time::Instant;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::emergent::Clustering;
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::random::Key;

/// A field of /proc/self/status in MiB.
fn status(field: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(field));
    let number = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|number| number.parse::<f64>().ok());
    number.unwrap_or(f64::NAN) / 1024.0
}

fn main() {
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(3);
    let images = Idx::parse(include_bytes!("../examples/data/mnist-train-images-idx3-ubyte.gz")).unwrap();
    let labels = Idx::parse(include_bytes!("../examples/data/mnist-train-labels-idx1-ubyte.gz")).unwrap();
    let pixels: Vec<f32> = images.standardized(images.moments()).unwrap();
    let examples = Examples::labelled(pixels, 784, &labels.labels().unwrap(), 10).unwrap();
    let network = Perceptron::new(&[784, 128, 128, 10], Activation::Relu).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta = Initialization::he().draw(&network, Key::new(0));
    let point = risk.at(&theta).unwrap();
    let before = status("VmRSS");
    for round in 0..rounds {
        let start = Instant::now();
        let clustering = Clustering::measure(&point).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        assert!(clustering.same_logit_and_class.unwrap() > clustering.same_logit.unwrap());
        println!(
            "round {round}: {seconds:.2} s; peak {:.0} MiB, of which {before:.0} before; cosines {:.3} {:.3} {:.3}",
            status("VmHWM"),
            clustering.same_logit_and_class.unwrap(),
            clustering.same_logit.unwrap(),
            clustering.different_logits.unwrap()
        );
    }
}
