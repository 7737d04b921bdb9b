//! Normalisation layers with gains and biases.

use super::placed::{Placed, bias, gain, misplaced};
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::tape::{MAX_AXES, Shape, Var};

/// What is added to a variance: the value in the definitions of both layers' papers and their usual implementations.
const EPSILON: f64 = 1e-5;

/// Over the last axis, with gain and bias for each of its elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LayerNorm;

impl LayerNorm {
    pub(super) fn place(&self, input: Shape) -> Result<Placed> {
        let features = *input.extents().last().expect("examples have an axis at least");
        Error::at_least("the number of features of a layer normalisation", features, 2, ALONE)?;
        Ok(Placed { output: input, blocks: vec![gain(features), bias(features)] })
    }

    pub(super) fn record<'t, T: Scalar>(&self, blocks: &[Var<'t, T>], x: Var<'t, T>) -> Var<'t, T> {
        x.normalized(&[x.shape().axes() - 1], T::of(EPSILON)) * blocks[0] + blocks[1]
    }
}

/// Over groups of channels and all positions, with gain and bias for each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct GroupNorm {
    pub(super) groups: usize,
}

impl GroupNorm {
    pub(super) fn place(&self, input: Shape) -> Result<Placed> {
        let channels = input.extents()[0];
        if self.groups == 0 || !channels.is_multiple_of(self.groups) {
            let rule =
                "the groups (right) must be at least 1 and divide the channels, the first axis of an example (left)";
            return misplaced("group_norm", input, &[self.groups], rule);
        }
        let size = input.size() / self.groups;
        Error::at_least("the number of elements of a group", size, 2, ALONE)?;
        Ok(Placed { output: input, blocks: vec![gain(channels), bias(channels)] })
    }

    pub(super) fn record<'t, T: Scalar>(&self, blocks: &[Var<'t, T>], x: Var<'t, T>) -> Var<'t, T> {
        // Channels stand before all other axes, where broadcasting aligns at the last.
        let mut channels = [1; MAX_AXES];
        channels[0] = x.shape().extents()[1];
        let shape = Shape::new(&channels[..x.shape().axes() - 1]).expect("as many elements as the block");
        let [gain, bias] = [blocks[0], blocks[1]].map(|block| block.reshape(shape));
        x.group_normalized(self.groups, T::of(EPSILON)) * gain + bias
    }
}

const ALONE: &str = "must be at least 2: a number less its own mean is 0, whatever it was";
