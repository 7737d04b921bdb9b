//! The work that is timed, and the clock.

// Each bench is a crate of its own and uses a part of this.
#![allow(dead_code)]

pub mod clock;
mod convolutional;

use convolutional::Convolutional;
use eigenscape::Scalar;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::random::Key;

/// Units and examples of the perceptron W1.
pub const W1: (&[usize], usize) = (&[784, 512, 512, 10], 2048);

/// Units and examples of the perceptron W2.
pub const W2: (&[usize], usize) = (&[64, 64, 64, 10], 1797);

/// The works by name.
pub fn works() -> [(&'static str, (Risk<f32>, Vec<f32>)); 3] {
    [("W1", work(W1.0, W1.1)), ("W2", work(W2.0, W2.1)), ("W3", risk(&Convolutional::new(), 512))]
}

/// A tanh perceptron with its parameters, on random inputs and labels.
pub fn work<T: Scalar>(sizes: &[usize], examples: usize) -> (Risk<T>, Vec<T>) {
    risk(&Perceptron::new(sizes, Activation::Tanh).unwrap(), examples)
}

/// A network with its parameters, on random inputs and labels.
pub fn risk<T: Scalar>(network: &(impl Network + Clone + Send + 'static), examples: usize) -> (Risk<T>, Vec<T>) {
    let mut inputs = vec![T::zero(); examples * network.inputs()];
    Key::new(0).normal(0, &mut inputs);
    let mut labels = vec![0; examples];
    Key::new(1).integers(0, 10, &mut labels);
    let examples = Examples::labelled(inputs, network.inputs(), &labels, 10).unwrap();
    let theta = Initialization::lecun().draw(network, Key::new(2));
    (Risk::new(network, Loss::SoftmaxCrossEntropy, examples).unwrap(), theta)
}

/// A normal vector.
pub fn normal<T: Scalar>(len: usize, key: u64) -> Vec<T> {
    let mut vector = vec![T::zero(); len];
    Key::new(key).normal(0, &mut vector);
    vector
}

/// |x - y| / |y|
pub fn distance<T: Scalar>(x: &[T], y: &[T]) -> f64 {
    assert_eq!(x.len(), y.len());
    let square = |terms: &mut dyn Iterator<Item = f64>| terms.map(|term| term * term).sum::<f64>().sqrt();
    square(&mut x.iter().zip(y).map(|(x, y)| x.f64() - y.f64())) / square(&mut y.iter().map(|y| y.f64()))
}
