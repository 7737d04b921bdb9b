//! Dense layers, and learned offsets by position.

use super::placed::{Placed, bias, misplaced, weight};
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::tape::{Shape, Var};

/// y = x W' + b along the last axis, with the same W and b at each position of the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dense {
    pub(super) units: usize,
}

impl Dense {
    pub(super) fn place(&self, input: Shape) -> Result<Placed> {
        Error::at_least("the number of units of a dense layer", self.units, 1, "must be at least 1")?;
        let &[ref positions @ .., features] = input.extents() else { unreachable!("examples have an axis at least") };
        let output = Shape::new(&[positions, &[self.units]].concat())?;
        let weight = weight("weight", &[self.units, features], features, self.units)?;
        Ok(Placed { output, blocks: vec![weight, bias(self.units)] })
    }

    pub(super) fn record<'t, T: Scalar>(&self, blocks: &[Var<'t, T>], x: Var<'t, T>) -> Var<'t, T> {
        x.matmul_transposed(blocks[0]) + blocks[1]
    }
}

/// y = x + E: an offset for each position and feature, which is the weight that meets a position's one-hot code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PositionOffsets;

impl PositionOffsets {
    pub(super) fn place(&self, input: Shape) -> Result<Placed> {
        let &[positions, features] = input.extents() else {
            return misplaced("position_offsets", input, &[], "examples (left) must be positions x features");
        };
        let weight = weight("weight", &[positions, features], positions, features)?;
        Ok(Placed { output: input, blocks: vec![weight] })
    }

    pub(super) fn record<'t, T: Scalar>(&self, blocks: &[Var<'t, T>], x: Var<'t, T>) -> Var<'t, T> {
        x + blocks[0]
    }
}
