//! A surface of 51 x 51 points of the digit classifier's loss (64-64-64-10 tanh, all 1797 digits, f32), as a line of JSON: our side of the
//! comparison in `benches/peers/compare_slices.py`. Beside it the same losses asked for one after the other.

mod common;

use std::ops::ControlFlow;

use common::clock::{alternate, median, repetitions};
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::landscape::{FilterNormalization, Slice, SliceFrame, evenly, read_value};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::random::Key;

fn main() {
    let rounds = repetitions(3);
    let images = Idx::parse(include_bytes!("../examples/data/digits-images-idx3-ubyte.gz")).unwrap();
    let labels = Idx::parse(include_bytes!("../examples/data/digits-labels-idx1-ubyte.gz")).unwrap();
    let inputs = images.standardized::<f32>(images.moments()).unwrap();
    let examples = Examples::labelled(inputs, 64, &labels.labels().unwrap(), 10).unwrap();
    let network = Perceptron::new(&[64, 64, 64, 10], Activation::Tanh).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta: Vec<f32> = Initialization::lecun().draw(&network, Key::new(0));
    let direction =
        |child| FilterNormalization::filters().random(&theta, network.blocks(), Key::new(1).split(child)).unwrap();
    let frame = SliceFrame::plane(&theta, &direction(0), &direction(1)).unwrap();
    let axis = evenly(-1.0, 1.0, 51).unwrap();
    let (mut surface, mut losses) = (Vec::new(), Vec::new());
    let [slice, single] = alternate(
        rounds,
        [
            &mut || {
                let mut slice = Slice::new(frame.clone(), &[&axis, &axis]).unwrap();
                slice.run(read_value(&risk), |_| ControlFlow::Continue(())).unwrap();
                surface = slice.values();
            },
            &mut || {
                let mut at = theta.clone();
                losses.clear();
                for &y in &axis {
                    for &x in &axis {
                        frame.at(&[x, y], &mut at);
                        losses.push(risk.value(&at).ok());
                    }
                }
            },
        ],
    );
    assert!(surface == losses && surface.len() == 51 * 51);
    println!(
        r#"{{"work":"51 x 51 surface","milliseconds":{:.1},"one_after_the_other":{:.1}}}"#,
        median(&slice),
        median(&single)
    );
}
