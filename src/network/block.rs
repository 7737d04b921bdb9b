//! Parameter blocks: which stretch of the parameter vector is which weight.

use crate::tape::Shape;

/// A stretch of the parameter vector with a name and a shape.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Block {
    /// The name, such as `0.weight`.
    pub name: String,
    /// The shape, row-major.
    pub shape: Shape,
    /// The place of its first entry in the parameter vector.
    pub start: usize,
    /// What it does to its layer's inputs, which decides how it starts.
    pub role: Role,
    /// The number of inputs that each of its outputs sums over; 0 for biases and gains.
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

/// What a block does to the inputs of its layer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Role {
    /// Multiplies and sums them; starts at random, with a variance set by the fans.
    Weight,
    /// Is added to a sum; starts at 0.
    Bias,
    /// Multiplies what has been normalised, element by element; starts at 1.
    Gain,
}

#[cfg(feature = "serde")]
crate::saved::checked!(Block { name: String, shape: Shape, start: usize, role: Role, fan_in: usize, fan_out: usize }
by |block| {
    let fits = block.start.checked_add(block.shape.size()).is_some();
    Error::require(fits, "the start of a saved block", block.start as f64, "must leave room for its entries")
});
