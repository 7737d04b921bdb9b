//! Pooling layers.

use super::placed::{Placed, misplaced};
use crate::error::Result;
use crate::scalar::Scalar;
use crate::tape::{Shape, Var, Window};

/// The windows of a pooling layer: size, stride and padding along height and width.
///
/// The stride is the size unless set, so that windows lie side by side and cover the image, but for what remains at its
/// end; no padding unless set. Where only the size matters, a pair of numbers will do.
///
/// ```
/// use eigenscape::network::{Pool, Sequential};
///
/// let image = Sequential::new(&[3, 9, 9])?;
/// assert_eq!(image.clone().max_pool([2, 2])?.shape().extents(), [3, 4, 4]);
/// let overlapping = Pool::new([3, 3]).stride([2, 2]).padding([1, 1]);
/// assert_eq!(image.max_pool(overlapping)?.shape().extents(), [3, 5, 5]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pool {
    size: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
}

impl Pool {
    /// Windows of this height and width, side by side.
    pub fn new(size: [usize; 2]) -> Self {
        Pool { size, stride: size, padding: [0, 0] }
    }

    /// The distance between neighbouring windows.
    pub fn stride(self, stride: [usize; 2]) -> Self {
        Pool { stride, ..self }
    }

    /// Rows and columns on each side that windows may reach into: zeros for an average, nothing for a maximum.
    pub fn padding(self, padding: [usize; 2]) -> Self {
        Pool { padding, ..self }
    }

    fn place(&self, operation: &'static str, input: Shape) -> Result<Placed> {
        let Pool { size, stride, padding } = *self;
        let &[channels, height, width] = input.extents() else {
            return misplaced(operation, input, &size, "examples (left) must be channels x height x width");
        };
        // A window that lies in the padding alone would have nothing to choose from.
        let inside = (0..2).all(|axis| padding[axis] < size[axis]);
        let window = Window::new(size, stride, padding).filter(|_| inside);
        match window.and_then(|window| window.positions([height, width])) {
            Some([down, across]) => Ok(Placed { output: Shape::new(&[channels, down, across])?, blocks: Vec::new() }),
            None => {
                let rule = "strides must be at least 1, padding less than the window (right), and the window at least \
                            1x1 and at most the image (left) with its padding";
                misplaced(operation, input, &size, rule)
            }
        }
    }
}

impl From<[usize; 2]> for Pool {
    fn from(size: [usize; 2]) -> Self {
        Pool::new(size)
    }
}

/// The mean of each window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AveragePool(pub(super) Pool);

impl AveragePool {
    pub(super) fn place(&self, input: Shape) -> Result<Placed> {
        self.0.place("average_pool", input)
    }

    pub(super) fn record<'t, T: Scalar>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Pool { size, stride, padding } = self.0;
        x.average_pool(size, stride, padding)
    }
}

/// The largest of each window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MaxPool(pub(super) Pool);

impl MaxPool {
    pub(super) fn place(&self, input: Shape) -> Result<Placed> {
        self.0.place("max_pool", input)
    }

    pub(super) fn record<'t, T: Scalar>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Pool { size, stride, padding } = self.0;
        x.max_pool(size, stride, padding)
    }
}
