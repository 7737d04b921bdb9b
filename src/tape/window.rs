//! Windows that slide over the last two axes of images: the geometry of convolutions and pools.

use super::shape::Shape;

/// Size, stride and zero padding of a window, along height and width.
///
/// Of an extent n, padded by p on both sides, windows of size k at every s-th position leave (n + 2p - k) / s + 1
/// positions, rounded down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Window {
    // Small numbers, because a window is part of an instruction.
    size: [u32; 2],
    stride: [u32; 2],
    padding: [u32; 2],
}

/// Which of the three arrays in sum y conv(x, w) is the result.
///
/// Images x: images x channels x height x width; kernel w: outputs x channels x rows x columns; results y: images x
/// outputs x positions down x positions across.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// y of (x, w): the convolution.
    Output,
    /// x of (y, w): its transpose by the images.
    Input,
    /// w of (x, y): its transpose by the kernel.
    Kernel,
}

impl Window {
    /// A window, if there is one: sizes and strides are at least 1, and all numbers fit 32 bits.
    pub(crate) fn new(size: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Option<Self> {
        let small = |pair: [usize; 2]| Some([u32::try_from(pair[0]).ok()?, u32::try_from(pair[1]).ok()?]);
        let positive = [size, stride].concat().iter().all(|&extent| extent > 0);
        let window = Window { size: small(size)?, stride: small(stride)?, padding: small(padding)? };
        positive.then_some(window)
    }

    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        self.size.map(|extent| extent as usize)
    }

    /// The distances between neighbouring windows.
    pub fn stride(&self) -> [usize; 2] {
        self.stride.map(|extent| extent as usize)
    }

    /// Rows and columns of zeros on each side.
    pub fn padding(&self) -> [usize; 2] {
        self.padding.map(|extent| extent as usize)
    }

    /// The number of positions along height and width of an image, if there is one.
    pub(crate) fn positions(&self, image: [usize; 2]) -> Option<[usize; 2]> {
        let along = |axis: usize| {
            let padded = self.padding()[axis].checked_mul(2)?.checked_add(image[axis])?;
            Some(padded.checked_sub(self.size()[axis])? / self.stride()[axis] + 1)
        };
        Some([along(0)?, along(1)?])
    }

    /// The shape of conv(x, w), if there is one.
    pub(crate) fn convolved(&self, x: Shape, w: Shape) -> Option<Shape> {
        let (&[images, channels, height, width], &[outputs, inputs, rows, cols]) = (x.extents(), w.extents()) else {
            return None;
        };
        let [down, across] = self.positions([height, width])?;
        (channels == inputs && self.size() == [rows, cols]).then(|| Shape::from([images, outputs, down, across]))
    }

    /// The shape of sums over windows, if there is one.
    pub(crate) fn summed(&self, x: Shape) -> Option<Shape> {
        let &[.., height, width] = x.extents() else { return None };
        let [down, across] = self.positions([height, width])?;
        let axes = x.axes();
        Some(x.resized(axes - 2, down).resized(axes - 1, across))
    }

    pub(super) fn convolution_holds(&self, part: Part, left: Shape, right: Shape, result: Shape) -> bool {
        match part {
            Part::Output => self.convolved(left, right) == Some(result),
            Part::Input => self.convolved(result, right) == Some(left),
            Part::Kernel => self.convolved(left, result) == Some(right),
        }
    }

    pub(super) fn sum_holds(&self, whole: Shape, sums: Shape) -> bool {
        self.summed(whole) == Some(sums)
    }
}
