//! What a layer is where it is placed: the shape of an example behind it, and its blocks.

use super::{Block, Role};
use crate::error::{Error, Result};
use crate::tape::Shape;

/// A layer where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    /// The shape of an example behind it.
    pub(super) output: Shape,
    /// Its blocks, named within the layer; where each starts is known once all before it are.
    pub(super) blocks: Vec<Block>,
}

pub(super) fn weight(name: &str, extents: &[usize], fan_in: usize, fan_out: usize) -> Result<Block> {
    Ok(block(name, Role::Weight, Shape::new(extents)?, fan_in, fan_out))
}

pub(super) fn bias(len: usize) -> Block {
    block("bias", Role::Bias, Shape::vector(len), 0, len)
}

pub(super) fn gain(len: usize) -> Block {
    block("gain", Role::Gain, Shape::vector(len), 0, len)
}

fn block(name: &str, role: Role, shape: Shape, fan_in: usize, fan_out: usize) -> Block {
    Block { name: name.to_owned(), shape, start: 0, role, fan_in, fan_out }
}

/// The error of a layer that cannot stand behind examples of a shape.
pub(super) fn misplaced(operation: &'static str, input: Shape, own: &[usize], rule: &'static str) -> Result<Placed> {
    let (left, right) = (input.extents().to_vec(), own.to_vec());
    Err(Error::Shapes { operation, left, right, rule, location: None })
}
