//! The layers by kind: where each may be placed, and how it is recorded there.

use std::ops::Range;

use super::Activation;
use super::attention::Attention;
use super::convolution::Convolution;
use super::dense::{Dense, PositionOffsets};
use super::normalization::{GroupNorm, LayerNorm};
use super::placed::Placed;
use super::pool::{AveragePool, MaxPool};
use crate::error::Result;
use crate::scalar::Scalar;
use crate::tape::{Shape, Var};

/// One layer of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Layer {
    Activation(Activation),
    Flatten,
    Dense(Dense),
    Convolution(Convolution),
    AveragePool(AveragePool),
    MaxPool(MaxPool),
    LayerNorm(LayerNorm),
    GroupNorm(GroupNorm),
    PositionOffsets(PositionOffsets),
    Attention(Attention),
    /// s(x) + f(x): the layers of f, those of s (none: the identity), whose blocks follow f's, and what they are behind the
    /// shape that both start from.
    Residual {
        layers: Layers,
        shortcut: Layers,
        placed: Placed,
    },
}

impl Layer {
    /// What the layer is behind examples of a shape.
    pub(super) fn place(&self, input: Shape) -> Result<Placed> {
        match self {
            Layer::Activation(_) => Ok(Placed { output: input, blocks: Vec::new() }),
            Layer::Flatten => Ok(Placed { output: Shape::vector(input.size()), blocks: Vec::new() }),
            Layer::Dense(layer) => layer.place(input),
            Layer::Convolution(layer) => layer.place(input),
            Layer::AveragePool(layer) => layer.place(input),
            Layer::MaxPool(layer) => layer.place(input),
            Layer::LayerNorm(layer) => layer.place(input),
            Layer::GroupNorm(layer) => layer.place(input),
            Layer::PositionOffsets(layer) => layer.place(input),
            Layer::Attention(layer) => layer.place(input),
            Layer::Residual { placed, .. } => Ok(placed.clone()),
        }
    }

    /// Records the layer on examples x (the shape that it was placed behind), with the values of its blocks.
    pub(super) fn record<'t, T: Scalar>(&self, blocks: &[Var<'t, T>], x: Var<'t, T>) -> Var<'t, T> {
        match self {
            Layer::Activation(activation) => activation.record(x),
            Layer::Flatten => {
                let shape = x.shape();
                let &[examples, ref example @ ..] = shape.extents() else {
                    unreachable!("examples are stacked along an axis")
                };
                x.reshape([examples, example.iter().product()])
            }
            Layer::Dense(layer) => layer.record(blocks, x),
            Layer::Convolution(layer) => layer.record(blocks, x),
            Layer::AveragePool(layer) => layer.record(x),
            Layer::MaxPool(layer) => layer.record(x),
            Layer::LayerNorm(layer) => layer.record(blocks, x),
            Layer::GroupNorm(layer) => layer.record(blocks, x),
            Layer::PositionOffsets(layer) => layer.record(blocks, x),
            Layer::Attention(layer) => layer.record(blocks, x),
            Layer::Residual { layers, shortcut, .. } => shortcut.record(blocks, x) + layers.record(blocks, x),
        }
    }
}

/// Layers in a row, each with the range of its blocks among those of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layers(Vec<(Layer, Range<usize>)>);

impl Layers {
    /// Adds a layer with the blocks in a range.
    pub(super) fn push(&mut self, layer: Layer, blocks: Range<usize>) {
        self.0.push((layer, blocks));
    }

    /// Counts blocks from this number on.
    pub(super) fn shifted(mut self, by: usize) -> Self {
        self.0.iter_mut().for_each(|(_, own)| *own = own.start + by..own.end + by);
        self
    }

    /// Records all layers on examples x (the shape that the first was placed behind).
    pub(super) fn record<'t, T: Scalar>(&self, blocks: &[Var<'t, T>], x: Var<'t, T>) -> Var<'t, T> {
        self.0.iter().fold(x, |x, (layer, own)| layer.record(&blocks[own.clone()], x))
    }
}
