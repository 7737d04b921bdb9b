//! Convolution layers.

use super::placed::{Placed, bias, misplaced, weight};
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::tape::{Shape, Var, Window};

/// A convolution layer: its number of output channels, size, stride and padding.
///
/// ```text
///     y[o, i, j] = b[o] + sum_(c, a, b) W[o, c, a, b] x[c, s_0 i + a - p_0, s_1 j + b - p_1]
///     W: outputs x channels x rows x columns (block `weight`),   b: outputs (block `bias`)
///     fan_in = channels rows columns,   fan_out = outputs rows columns
/// ```
///
/// Stride 1 and no padding unless set. The fans are those of Glorot & Bengio 2010 at stride 1, away from the border.
///
/// ```
/// use eigenscape::network::{Convolution, Sequential};
///
/// let image = Sequential::new(&[3, 32, 32])?;
/// assert_eq!(image.clone().convolution(Convolution::new(8, [3, 3]))?.shape().extents(), [8, 30, 30]);
/// assert_eq!(image.clone().convolution(Convolution::new(8, [3, 3]).same())?.shape().extents(), [8, 32, 32]);
/// let halved = Convolution::new(8, [3, 3]).same().stride([2, 2]);
/// assert_eq!(image.convolution(halved)?.shape().extents(), [8, 16, 16]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Convolution {
    outputs: usize,
    size: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
    biased: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Padding {
    Of([usize; 2]),
    Same,
}

impl Convolution {
    /// A convolution to a number of channels with a kernel of these rows and columns.
    pub fn new(outputs: usize, size: [usize; 2]) -> Self {
        Convolution { outputs, size, stride: [1, 1], padding: Padding::Of([0, 0]), biased: true }
    }

    /// The distance between neighbouring positions of the kernel, along height and width.
    pub fn stride(self, stride: [usize; 2]) -> Self {
        Convolution { stride, ..self }
    }

    /// Rows and columns of zeros on each side.
    pub fn padding(self, padding: [usize; 2]) -> Self {
        Convolution { padding: Padding::Of(padding), ..self }
    }

    /// The padding that leaves height and width as they are, or divides them by the stride, rounded up; the kernel must
    /// have an odd number of rows and columns, or it would need more zeros on one side than on the other.
    pub fn same(self) -> Self {
        Convolution { padding: Padding::Same, ..self }
    }

    /// Without the block `bias`: for layers behind which a normalisation takes it away.
    pub fn unbiased(self) -> Self {
        Convolution { biased: false, ..self }
    }

    /// Rows and columns of zeros on each side, whichever way they were asked for.
    fn zeros(&self) -> [usize; 2] {
        match self.padding {
            Padding::Of(padding) => padding,
            Padding::Same => self.size.map(|size| size / 2),
        }
    }

    pub(super) fn place(&self, input: Shape) -> Result<Placed> {
        let outputs = self.outputs;
        Error::at_least("the number of channels of a convolution", outputs, 1, "must be at least 1")?;
        let [rows, columns] = self.size;
        if let (Padding::Same, Some(even)) = (self.padding, self.size.iter().find(|&&size| size.is_multiple_of(2))) {
            let limits = "must be odd for the same padding on both sides: take one more, or set the padding";
            return Err(Error::OutOfRange { what: "the size of a convolution", value: *even as f64, limits });
        }
        let &[channels, height, width] = input.extents() else {
            let rule = "examples (left) must be channels x height x width";
            return misplaced("convolution", input, &self.size, rule);
        };
        let window = Window::new(self.size, self.stride, self.zeros());
        let Some([down, across]) = window.and_then(|window| window.positions([height, width])) else {
            let rule = "strides must be at least 1, and the kernel (right) at least 1x1 and at most the image (left) with \
                        its padding";
            return misplaced("convolution", input, &[outputs, channels, rows, columns], rule);
        };
        let extents = [outputs, channels, rows, columns];
        // The product of all four is counted first, so that those of three cannot overflow.
        Shape::new(&extents)?;
        let weight = weight("weight", &extents, channels * rows * columns, outputs * rows * columns)?;
        let blocks = if self.biased { vec![weight, bias(outputs)] } else { vec![weight] };
        Ok(Placed { output: Shape::new(&[outputs, down, across])?, blocks })
    }

    pub(super) fn record<'t, T: Scalar>(&self, blocks: &[Var<'t, T>], x: Var<'t, T>) -> Var<'t, T> {
        let y = x.convolution(blocks[0], self.stride, self.zeros());
        if self.biased { y + blocks[1].reshape([self.outputs, 1, 1]) } else { y }
    }
}
