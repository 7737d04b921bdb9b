//! What a tracker at its defaults adds to training: a perceptron on 10,000 images of MNIST, 20 epochs of gradient descent. Its
//! overhead is the time in its rows over the rest of the same run, so that what else the machine does falls on both.

mod common;

use std::ops::ControlFlow;

use common::clock::{alternate, median, milliseconds, repetitions};
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::emergent::{ModelComparison, Tracker};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::optimize::{GradientDescent, descend};
use eigenscape::random::Key;

const EPOCHS: u64 = 20;

fn main() {
    let rounds = repetitions(3);
    let images = Idx::parse(include_bytes!("../examples/data/mnist-train-images-idx3-ubyte.gz")).unwrap();
    let labels = Idx::parse(include_bytes!("../examples/data/mnist-train-labels-idx1-ubyte.gz")).unwrap();
    let inputs = images.standardized::<f32>(images.moments()).unwrap();
    let examples = Examples::labelled(inputs, 784, &labels.labels().unwrap(), 10).unwrap();
    let count = examples.count() as u64;
    let network = Perceptron::new(&[784, 128, 128, 10], Activation::Tanh).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let start: Vec<f32> = Initialization::lecun().draw(&network, Key::new(0));
    println!(
        "| 784-128-128-10, {count} images, {EPOCHS} epochs | steps | training, s | rows | tracked, s | overhead, % | \
         a row, ms | with clustering, ms |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for batch in [32, 64] {
        let batches = risk.mini_batches(batch, Key::new(1)).unwrap();
        let steps = EPOCHS * count / batch as u64;
        let tracker = Tracker::new(Key::new(2));
        let watched = tracker.watched(&risk).unwrap();
        let rule = || GradientDescent::new(0.05).unwrap();
        let (mut rows, mut plain, mut clustered, mut shares) = (0, Vec::new(), Vec::new(), Vec::new());
        let [alone, tracked] = alternate(
            rounds,
            [
                &mut || _ = descend(&batches, &start, &mut rule(), steps, |_| ControlFlow::Continue(())).unwrap(),
                &mut || {
                    let mut run = tracker.begin();
                    let mut inside = 0.0;
                    let observer = |progress: eigenscape::optimize::Progress<'_, f32>| {
                        let mut flow = ControlFlow::Continue(());
                        let time = milliseconds(|| flow = run.visit(&watched, progress));
                        inside += time;
                        if let Some(row) = run.rows().last().filter(|row| row.step == progress.step) {
                            if row.clustering.is_some() { clustered.push(time) } else { plain.push(time) }
                        }
                        flow
                    };
                    let all = milliseconds(|| _ = descend(&batches, &start, &mut rule(), steps, observer).unwrap());
                    run.require().unwrap();
                    rows = run.rows().len();
                    shares.push(inside / (all - inside));
                },
            ],
        );
        println!(
            "| batches of {batch} | {steps} | {:.2} | {rows} | {:.2} | {:.1} | {:.0} | {:.0} |",
            1e-3 * median(&alone),
            1e-3 * median(&tracked),
            100.0 * median(&shares),
            median(&plain),
            median(&clustered),
        );
    }
    let point = risk.at(&start).unwrap();
    let mut comparison = None;
    let time = milliseconds(|| comparison = Some(ModelComparison::new(Key::new(3)).run(&point).unwrap()));
    println!("\nAt the start, compared with the random model in {:.1} s:\n{}", 1e-3 * time, comparison.unwrap());
}
