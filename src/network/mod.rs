//! Networks as recorded functions with named parameter blocks.
//!
//! ```text
//!     z = f(theta, x),     theta in R^P,   x: examples x inputs,   z: examples x outputs (logits)
//! ```
//!
//! A network only *describes* itself: its blocks, and how to record its outputs from their values. Everything else
//! (gradients, products, chunks of examples) follows from the recording. Parameters are one flat vector; the blocks say
//! which stretch of it is which weight.
//!
//! | you want | take |
//! | --- | --- |
//! | a perceptron with dense layers | [`Perceptron`] |
//! | anything else | your own [`Network`]: blocks and a recording |
//! | a start | [`Initialization`] |

mod activation;
mod initialization;
mod perceptron;

pub use activation::Activation;
pub use initialization::Initialization;
pub use perceptron::Perceptron;

use crate::scalar::Scalar;
use crate::tape::{Shape, Var};

/// A stretch of the parameter vector with a name and a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The name, such as `0.weight`.
    pub name: String,
    /// The shape, row-major.
    pub shape: Shape,
    /// The place of its first entry in the parameter vector.
    pub start: usize,
    /// The number of inputs that each of its outputs sums over; 0 for a bias, which starts at zero.
    pub fan_in: usize,
    /// The number of outputs that each input reaches.
    pub fan_out: usize,
}

impl Block {
    /// The entries of the parameter vector that the block names.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.shape.size()
    }
}

/// A parametrised function from rows of inputs to rows of outputs.
pub trait Network: Sync {
    /// The parameter blocks, back to back in the order of the parameter vector.
    fn blocks(&self) -> &[Block];

    /// The number of inputs of an example.
    fn inputs(&self) -> usize;

    /// The number of outputs of an example.
    fn outputs(&self) -> usize;

    /// Records the outputs, examples x [`Network::outputs`], from the blocks' values and inputs, examples x
    /// [`Network::inputs`]. Each row of outputs must depend on its own row of inputs alone.
    fn record<'t, T: Scalar>(&self, parameters: &[Var<'t, T>], inputs: Var<'t, T>) -> Var<'t, T>;

    /// The number of parameters.
    fn parameters(&self) -> usize {
        self.blocks().iter().map(|block| block.shape.size()).sum()
    }
}
