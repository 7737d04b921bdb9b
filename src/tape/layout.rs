//! Strides: how the elements of one array lie along the axes of another.

use super::shape::{Axes, MAX_AXES, Shape};

/// The extents of an array, which is walked row by row, and the strides of another along them.
///
/// Neighbouring axes along which both advance in step are one axis here, so that innermost rows are long. Filled up
/// with ones in front.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Layout {
    extents: [usize; MAX_AXES],
    strides: [usize; MAX_AXES],
}

impl Layout {
    /// The smaller of two shapes along the axes of the larger, with stride 0 on the axes in the set, which it has not.
    pub(super) fn spread(larger: Shape, smaller: Shape, axes: Axes) -> Self {
        let mut steps = smaller.strides().into_iter();
        let mut stride = |axis: usize| if axes.contains(axis) { 0 } else { steps.next().unwrap_or(0) };
        Layout::merged(larger.extents().iter().enumerate().map(|(axis, &extent)| (extent, stride(axis))))
    }

    /// A shape along the axes of its permutation.
    pub(super) fn permuted(from: Shape, to: Shape, order: &[u8; MAX_AXES]) -> Self {
        let strides = from.strides();
        let axes = to.extents().iter().zip(order);
        Layout::merged(axes.map(|(&extent, &axis)| (extent, strides[usize::from(axis)])))
    }

    fn merged(axes: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut merged: Vec<(usize, usize)> = Vec::with_capacity(MAX_AXES);
        for (extent, stride) in axes.filter(|&(extent, _)| extent != 1) {
            match merged.last_mut() {
                Some(last) if last.1 == stride * extent => *last = (last.0 * extent, stride),
                _ => merged.push((extent, stride)),
            }
        }
        let mut layout = Layout { extents: [1; MAX_AXES], strides: [0; MAX_AXES] };
        let front = MAX_AXES - merged.len();
        for (place, (extent, stride)) in merged.into_iter().enumerate() {
            layout.extents[front + place] = extent;
            layout.strides[front + place] = stride;
        }
        layout
    }

    /// The length of the innermost rows, and the stride along them.
    pub(super) fn row(&self) -> (usize, usize) {
        (self.extents[MAX_AXES - 1], self.strides[MAX_AXES - 1])
    }

    /// Calls `visit` with the strided offset of each innermost row, in order, from row `first` on, while it says so.
    #[inline(always)]
    pub(super) fn rows(&self, first: usize, mut visit: impl FnMut(usize) -> bool) {
        const OUTER: usize = MAX_AXES - 1;
        let mut counter = [0; OUTER];
        let (mut rest, mut at) = (first, 0);
        for axis in (0..OUTER).rev() {
            let extent = self.extents[axis].max(1);
            counter[axis] = rest % extent;
            rest /= extent;
            at += counter[axis] * self.strides[axis];
        }
        while visit(at) {
            let mut axis = OUTER;
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                counter[axis] += 1;
                at += self.strides[axis];
                if counter[axis] < self.extents[axis] {
                    break;
                }
                at -= counter[axis] * self.strides[axis];
                counter[axis] = 0;
            }
        }
    }
}
