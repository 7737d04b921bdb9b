//! Networks built up layer by layer.

use std::panic::Location;

use super::attention::Attention;
use super::convolution::Convolution;
use super::dense::{Dense, PositionOffsets};
use super::layer::{Layer, Layers};
use super::normalization::{GroupNorm, LayerNorm};
use super::placed::Placed;
use super::pool::{AveragePool, MaxPool, Pool};
use super::{Activation, Block, Network};
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::tape::{MAX_AXES, Shape, Var};

/// A network built up layer by layer from the shape of one example.
///
/// Each method adds a layer behind those that there are. Shapes are checked at once: [`Sequential::shape`] is that of an
/// example behind the last layer, and a layer that cannot stand there is refused. Inputs and outputs are rows, as of any
/// [`Network`]; what the last layer leaves is flattened.
///
/// Blocks are named by the number of their layer among those that have blocks, then by what they are: `0.weight`,
/// `0.bias`, `1.weight`; those within a residual connection by both numbers, `1.0.gain`. No layer mixes examples.
///
/// ```
/// use eigenscape::network::{Activation, Convolution, Network, Sequential};
///
/// // Two convolutions with pools, then a dense layer (LeCun et al. 1998, in small).
/// let images = Sequential::new(&[1, 28, 28])?
///     .convolution(Convolution::new(8, [3, 3]).same())?
///     .activation(Activation::Tanh)
///     .average_pool([2, 2])?
///     .convolution(Convolution::new(16, [5, 5]))?
///     .activation(Activation::Tanh)
///     .average_pool([2, 2])?
///     .flatten()
///     .dense(10)?;
/// assert_eq!(images.parameters(), 8 * 9 + 8 + 16 * 8 * 25 + 16 + 16 * 5 * 5 * 10 + 10);
/// assert_eq!(images.blocks()[2].name, "1.weight");
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// A transformer's block, on sequences of 12 tokens with 16 features:
///
/// ```
/// use eigenscape::network::{Activation, Attention, Network, Sequential};
///
/// let sequences = Sequential::new(&[12, 16])?
///     .position_offsets()?
///     .residual(|x| x.layer_norm()?.attention(Attention::new(4).causal()))?
///     .residual(|x| x.layer_norm()?.dense(64)?.activation(Activation::Gelu).dense(16))?
///     .layer_norm()?
///     .dense(5)?;
/// assert_eq!((sequences.inputs(), sequences.outputs()), (12 * 16, 12 * 5));
/// assert_eq!(sequences.blocks()[3].name, "1.1.query");
///
/// let error = Sequential::new(&[12, 16])?.attention(Attention::new(3)).unwrap_err().to_string();
/// assert!(error.starts_with("attention: left is 12x16 but right is 3; the heads (right) must be at least 1 and divide"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[doc(alias = "CNN")]
#[doc(alias = "transformer")]
pub struct Sequential {
    input: Shape,
    output: Shape,
    layers: Layers,
    blocks: Vec<Block>,
    /// The number of layers that have blocks.
    numbered: usize,
}

impl Sequential {
    /// The largest number of axes of an example: values have one more for examples, and leave one for directions.
    pub const MAX_AXES: usize = MAX_AXES - 2;

    /// No layers yet, behind examples of a shape: features, tokens x features, or channels x height x width.
    ///
    /// # Errors
    /// If there is no axis or more than [`Sequential::MAX_AXES`], an extent is 0, or the elements are more than an address
    /// can count.
    pub fn new(example: &[usize]) -> Result<Self> {
        Error::at_least("the number of axes of an example", example.len(), 1, "must be at least 1: [1] is one number")?;
        if example.len() > Self::MAX_AXES {
            let because = "which leaves axes for examples and directions: merge axes";
            let what = "the number of axes of an example";
            return Err(Error::AboveLimit { what, value: example.len(), limit: Self::MAX_AXES, because });
        }
        for &extent in example {
            Error::at_least("an extent of an example", extent, 1, "must be at least 1")?;
        }
        let shape = Shape::new(example)?;
        Ok(Sequential::empty(shape))
    }

    fn empty(shape: Shape) -> Self {
        Sequential { input: shape, output: shape, layers: Layers::default(), blocks: Vec::new(), numbered: 0 }
    }

    /// The shape of an example behind the last layer.
    pub fn shape(&self) -> Shape {
        self.output
    }

    /// y = x W' + b along the last axis, with the same W (units x features) and b at each position of the others: behind
    /// an image, [`Sequential::flatten`] first. Blocks `weight`, `bias`.
    ///
    /// # Errors
    /// If there are no units, or more parameters than an address can count.
    #[track_caller]
    pub fn dense(self, units: usize) -> Result<Self> {
        self.then(Layer::Dense(Dense { units }))
    }

    /// A convolution of channels x height x width. Blocks `weight`, `bias`.
    ///
    /// # Errors
    /// If examples are no such images here, the kernel does not fit the padded image, a stride or size is 0, the padding
    /// is to keep the size and the kernel's is even, or there are more parameters than an address can count.
    #[track_caller]
    pub fn convolution(self, convolution: Convolution) -> Result<Self> {
        self.then(Layer::Convolution(convolution))
    }

    /// The means over windows of channels x height x width; zeros of the padding count.
    ///
    /// # Errors
    /// If examples are no such images here, the window does not fit the padded image, the padding reaches the size of the
    /// window, or a stride or size is 0.
    #[track_caller]
    pub fn average_pool(self, pool: impl Into<Pool>) -> Result<Self> {
        self.then(Layer::AveragePool(AveragePool(pool.into())))
    }

    /// The largest in each window of channels x height x width; the padding does not count. Elements that tie share the
    /// derivative equally.
    ///
    /// # Errors
    /// As [`Sequential::average_pool`].
    #[track_caller]
    pub fn max_pool(self, pool: impl Into<Pool>) -> Result<Self> {
        self.then(Layer::MaxPool(MaxPool(pool.into())))
    }

    /// A function of each element.
    pub fn activation(self, activation: Activation) -> Self {
        let output = self.output;
        self.with(Layer::Activation(activation), output)
    }

    /// All axes of an example as one.
    pub fn flatten(self) -> Self {
        let output = Shape::vector(self.output.size());
        self.with(Layer::Flatten, output)
    }

    /// Layer normalisation over the last axis: (x - mean) / sqrt(variance + 1e-5), times a gain, plus a bias, one of each
    /// for each feature. Blocks `gain`, `bias`. For images take [`Sequential::group_norm`] with one group.
    ///
    /// # Errors
    /// If there are fewer than 2 features: the result would not depend on x.
    ///
    /// # References
    /// Ba, Kiros & Hinton 2016, arXiv:1607.06450.
    #[track_caller]
    #[doc(alias = "LayerNorm")]
    pub fn layer_norm(self) -> Result<Self> {
        self.then(Layer::LayerNorm(LayerNorm))
    }

    /// Normalisation over groups of channels (the first axis) and all positions: (x - mean) / sqrt(variance + 1e-5), times
    /// a gain, plus a bias, one of each for each channel. Blocks `gain`, `bias`.
    ///
    /// There is no batch normalisation: it would make the output of an example depend on the others.
    ///
    /// # Errors
    /// If the channels are no multiple of the groups, or a group has fewer than 2 elements.
    ///
    /// # References
    /// Wu & He 2018, arXiv:1803.08494.
    #[track_caller]
    #[doc(alias = "batch norm")]
    #[doc(alias = "BatchNorm")]
    pub fn group_norm(self, groups: usize) -> Result<Self> {
        self.then(Layer::GroupNorm(GroupNorm { groups }))
    }

    /// A learned offset for each position and feature of positions x features, which tells attention where a token
    /// stands. Block `weight`, with the fans of a dense layer on the positions' one-hot codes.
    ///
    /// # Errors
    /// If examples are not positions x features here.
    #[track_caller]
    pub fn position_offsets(self) -> Result<Self> {
        self.then(Layer::PositionOffsets(PositionOffsets))
    }

    /// Self-attention over tokens x features. Blocks `query`, `key`, `value`, `output`.
    ///
    /// # Errors
    /// If examples are no such sequences here, or the features are no multiple of the heads.
    #[track_caller]
    pub fn attention(self, attention: Attention) -> Result<Self> {
        self.then(Layer::Attention(attention))
    }

    /// y = x + f(x): the closure adds the layers of f to an empty sequence that starts from the shape here.
    ///
    /// # Errors
    /// Those of the layers inside, and if these do not end in the shape that they start from.
    ///
    /// # References
    /// He, Zhang, Ren & Sun 2016, arXiv:1512.03385.
    #[track_caller]
    pub fn residual(self, layers: impl FnOnce(Sequential) -> Result<Sequential>) -> Result<Self> {
        self.residual_with_shortcut(layers, Ok)
    }

    /// y = s(x) + f(x): both closures add layers to an empty sequence that starts from the shape here; the second those of
    /// the shortcut s, which makes x fit where f changes its shape. Blocks of s are named `shortcut.` and what they are.
    ///
    /// # Errors
    /// Those of the layers inside, and if f and s do not end in the same shape.
    ///
    /// # References
    /// He, Zhang, Ren & Sun 2016, arXiv:1512.03385, equation 2.
    #[track_caller]
    pub fn residual_with_shortcut(
        self,
        layers: impl FnOnce(Sequential) -> Result<Sequential>,
        shortcut: impl FnOnce(Sequential) -> Result<Sequential>,
    ) -> Result<Self> {
        let here = Location::caller();
        let inside = layers(Sequential::empty(self.output))?;
        let beside = shortcut(Sequential::empty(self.output))?;
        if inside.output != beside.output {
            return Err(Error::Shapes {
                operation: "residual",
                left: beside.output.extents().to_vec(),
                right: inside.output.extents().to_vec(),
                rule: "the layers inside must end (right) in the shape that the shortcut ends in (left: without one, the \
                       shape that they start from), to be added to it",
                location: Some(here),
            });
        }
        let shortcut = beside.layers.shifted(inside.blocks.len());
        let mut blocks = inside.blocks;
        blocks
            .extend(beside.blocks.into_iter().map(|block| Block { name: format!("shortcut.{}", block.name), ..block }));
        let placed = Placed { output: inside.output, blocks };
        self.then_at(Layer::Residual { layers: inside.layers, shortcut, placed }, here)
    }

    #[track_caller]
    fn then(self, layer: Layer) -> Result<Self> {
        self.then_at(layer, Location::caller())
    }

    /// Adds a layer with its blocks; an error names the line that asked for it.
    fn then_at(mut self, layer: Layer, here: &'static Location<'static>) -> Result<Self> {
        let Placed { output, blocks } = layer.place(self.output).map_err(|error| match error {
            Error::Shapes { operation, left, right, rule, location: None } => {
                Error::Shapes { operation, left, right, rule, location: Some(here) }
            }
            other => other,
        })?;
        if blocks.is_empty() {
            return Ok(self.with(layer, output));
        }
        let first = self.blocks.len();
        let mut start = self.parameters();
        for block in blocks {
            let (name, size) = (format!("{}.{}", self.numbered, block.name), block.shape.size());
            self.blocks.push(Block { name, start, ..block });
            start = start.checked_add(size).ok_or(Error::OutOfRange {
                what: "the number of parameters of a network",
                value: start as f64 + size as f64,
                limits: "must fit into an address: take smaller layers",
            })?;
        }
        self.layers.push(layer, first..self.blocks.len());
        self.numbered += 1;
        self.output = output;
        Ok(self)
    }

    /// Adds a layer without blocks.
    fn with(mut self, layer: Layer, output: Shape) -> Self {
        let none = self.blocks.len()..self.blocks.len();
        self.layers.push(layer, none);
        Sequential { output, ..self }
    }
}

impl Network for Sequential {
    fn blocks(&self) -> &[Block] {
        &self.blocks
    }
    fn inputs(&self) -> usize {
        self.input.size()
    }
    fn outputs(&self) -> usize {
        self.output.size()
    }
    fn record<'t, T: Scalar>(&self, parameters: &[Var<'t, T>], inputs: Var<'t, T>) -> Var<'t, T> {
        let examples = inputs.shape().extents()[0];
        let shape = self.input.stacked(examples).expect("an example leaves an axis, and rows hold as many elements");
        let outputs = self.layers.record(parameters, inputs.reshape(shape));
        outputs.reshape([examples, self.outputs()])
    }
}
