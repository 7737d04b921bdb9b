//! The work that is timed.

use eigenscape::Scalar;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::random::Key;

/// A tanh perceptron with its parameters, on random inputs and labels.
pub fn work<T: Scalar>(sizes: &[usize], examples: usize) -> (Risk<T>, Vec<T>) {
    let network = Perceptron::new(sizes, Activation::Tanh).unwrap();
    let mut inputs = vec![T::zero(); examples * sizes[0]];
    Key::new(0).normal(0, &mut inputs);
    let mut labels = vec![0; examples];
    Key::new(1).integers(0, 10, &mut labels);
    let examples = Examples::labelled(inputs, sizes[0], &labels, 10).unwrap();
    let theta = Initialization::lecun().draw(&network, Key::new(2));
    (Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap(), theta)
}
