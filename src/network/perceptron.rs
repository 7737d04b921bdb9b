//! Multilayer perceptrons.

use super::{Activation, Block, Network, Role};
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::tape::{Shape, Var};

/// Dense layers with an activation after each but the last.
///
/// ```text
///     h_0 = x,   h_l = phi(h_{l-1} W_l' + b_l),   z = h_{L-1} W_L' + b_L
///     W_l: outputs x inputs (block `l.weight`),   b_l: outputs (block `l.bias`),   l = 0, 1, ...
/// ```
///
/// ```
/// use eigenscape::network::{Activation, Network, Perceptron};
///
/// let network = Perceptron::new(&[64, 64, 64, 10], Activation::Tanh)?;
/// assert_eq!(network.parameters(), 8970);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[doc(alias = "MLP")]
#[doc(alias = "feed-forward")]
#[doc(alias = "fully connected")]
pub struct Perceptron {
    sizes: Vec<usize>,
    activation: Activation,
    blocks: Vec<Block>,
}

impl Perceptron {
    /// The perceptron with these numbers of units: inputs, hidden layers, outputs.
    ///
    /// # Errors
    /// If there are fewer than two sizes, one of them is 0, or the parameters are more than an address can count.
    pub fn new(sizes: &[usize], activation: Activation) -> Result<Self> {
        let limits = "must be at least 2: the numbers of inputs and of outputs, with hidden layers between them";
        Error::at_least("the number of sizes of a perceptron", sizes.len(), 2, limits)?;
        for &size in sizes {
            Error::at_least("a layer's number of units", size, 1, "must be at least 1")?;
        }
        let mut blocks = Vec::new();
        let mut start = 0usize;
        for (layer, pair) in sizes.windows(2).enumerate() {
            let (fan_in, fan_out) = (pair[0], pair[1]);
            let weight = ("weight", Role::Weight, Shape::new(&[fan_out, fan_in])?, fan_in);
            let bias = ("bias", Role::Bias, Shape::new(&[fan_out])?, 0);
            for (part, role, shape, fan_in) in [weight, bias] {
                blocks.push(Block { name: format!("{layer}.{part}"), shape, start, role, fan_in, fan_out });
                start = start.checked_add(shape.size()).ok_or(Error::OutOfRange {
                    what: "the number of parameters of a perceptron",
                    value: start as f64 + shape.size() as f64,
                    limits: "must fit into an address: take smaller layers",
                })?;
            }
        }
        Ok(Perceptron { sizes: sizes.to_vec(), activation, blocks })
    }

    /// The numbers of units, inputs first.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The activation of the hidden layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }
}

impl Network for Perceptron {
    fn blocks(&self) -> &[Block] {
        &self.blocks
    }
    fn inputs(&self) -> usize {
        self.sizes[0]
    }
    fn outputs(&self) -> usize {
        self.sizes[self.sizes.len() - 1]
    }
    fn record<'t, T: Scalar>(&self, parameters: &[Var<'t, T>], inputs: Var<'t, T>) -> Var<'t, T> {
        let layers = self.sizes.len() - 1;
        parameters.chunks_exact(2).enumerate().fold(inputs, |hidden, (layer, block)| {
            let sum = hidden.matmul_transposed(block[0]) + block[1];
            if layer + 1 < layers { self.activation.record(sum) } else { sum }
        })
    }
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(Perceptron {
    sizes: Vec<usize> = |network| network.sizes.clone(),
    activation: Activation = |network| network.activation,
} by Perceptron::new(&sizes, activation));
