//! The convolutional network W3.

use eigenscape::Scalar;
use eigenscape::network::{Block, Network, Role};
use eigenscape::tape::{Shape, Var};

/// Twice a 3x3 convolution with the same padding, tanh and 2x2 average pooling, to 8 and 16 channels; then a dense layer:
/// images of 28x28 to ten logits.
#[derive(Clone, Debug)]
pub struct Convolutional {
    blocks: Vec<Block>,
}

impl Convolutional {
    pub fn new() -> Self {
        let layers: [(&[usize], usize, usize); 3] =
            [(&[8, 1, 3, 3], 9, 72), (&[16, 8, 3, 3], 72, 144), (&[10, 784], 784, 10)];
        let mut blocks = Vec::new();
        let mut start = 0;
        for (layer, (weight, fan_in, fan_out)) in layers.into_iter().enumerate() {
            let parts = [("weight", Role::Weight, weight, fan_in), ("bias", Role::Bias, &weight[..1], 0)];
            for (part, role, extents, fan_in) in parts {
                let shape = Shape::new(extents).unwrap();
                blocks.push(Block { name: format!("{layer}.{part}"), shape, start, role, fan_in, fan_out });
                start += shape.size();
            }
        }
        Convolutional { blocks }
    }
}

impl Network for Convolutional {
    fn blocks(&self) -> &[Block] {
        &self.blocks
    }
    fn inputs(&self) -> usize {
        28 * 28
    }
    fn outputs(&self) -> usize {
        10
    }
    fn record<'t, T: Scalar>(&self, parameters: &[Var<'t, T>], inputs: Var<'t, T>) -> Var<'t, T> {
        let images = inputs.shape().extents()[0];
        let mut x = inputs.reshape([images, 1, 28, 28]);
        for (layer, channels) in [8, 16].into_iter().enumerate() {
            let (kernel, bias) = (parameters[2 * layer], parameters[2 * layer + 1]);
            let sum = x.convolution(kernel, [1, 1], [1, 1]) + bias.reshape([channels, 1, 1]);
            x = sum.tanh().average_pool([2, 2], [2, 2], [0, 0]);
        }
        x.reshape([images, 16 * 7 * 7]).matmul_transposed(parameters[4]) + parameters[5]
    }
}
