//! A long run that is stopped, saved and resumed ends in the same bits as one that was never interrupted.
//!
//!     cargo run --release --example 12_resume

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::random::Key;
use eigenscape::saved::Saved;
use eigenscape::spectrum::{SpectralRun, StochasticLanczos};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("data/digits-labels-idx1-ubyte.gz"))?;
    let inputs = images.standardized::<f64>(images.moments())?;
    let examples = Examples::labelled(inputs, 64, &labels.labels()?, 10)?;
    let network = Perceptron::new(&[64, 32, 10], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    let point = risk.at(&Initialization::lecun().draw(&network, Key::new(0)))?;
    let hessian = point.hessian();
    let settings = StochasticLanczos::new(Key::new(1)).probes(4).steps(40);

    // Without an interruption.
    let whole = settings.run(&hessian)?;

    // A little of it; then the state goes to a file, and this process could end.
    let file = std::env::temp_dir().join("eigenscape-12-resume.json");
    let mut run = settings.begin(&hessian)?;
    for _ in 0..25 {
        run.advance(&hessian)?;
    }
    // serde_json keeps every bit with its feature `float_roundtrip`; binary formats do so by themselves.
    println!("saved after {} of {} products", run.progress().done, run.progress().total);
    std::fs::write(&file, serde_json::to_vec(&Saved::new(&run))?)?;
    drop(run);

    // Another process reads it back, makes the same operator, and goes on.
    let saved: Saved<SpectralRun<f64>> = serde_json::from_slice(&std::fs::read(&file)?)?;
    let mut run = saved.into_content();
    while !run.is_done() {
        run.advance(&hessian)?;
    }
    let resumed = run.measure()?;
    std::fs::remove_file(&file)?;

    println!("mean of lambda: {} and {}", whole.moment(1)?.mean, resumed.moment(1)?.mean);
    assert_eq!(whole, resumed);
    println!("the same bits");
    Ok(())
}
