//! Convolutions by matrix products, image by image, and sums over windows.
//!
//! ```text
//!     U(x): (channels rows columns) x positions, the patches of one image;  W: outputs x (channels rows columns)
//!     y = W U(x)        w += y U(x)'        x = U'(W' y)
//! ```
//!
//! Patches of one image at a time: they stay in the cache, and what is kept of a convolution is its operands alone.

use std::ops::Range;

use super::plan::{Convolution, Meeting, Windows};
use super::shape::Shape;
use super::window::{Part, Window};
use crate::elementary::vectorized;
use crate::linalg::{Matrix, Update, matmul};
use crate::scalar::Scalar;

impl Windows {
    /// The sizes of a window over images of the last two axes of `whole`, with results of the last two of `sums`.
    pub(super) fn new(window: Window, whole: Shape, sums: Shape) -> Self {
        let last_two = |shape: Shape| match *shape.extents() {
            [.., height, width] => [height, width],
            _ => unreachable!("the shape rule asks for two axes"),
        };
        let mut windows = Windows { window, image: last_two(whole), positions: last_two(sums), meetings: Vec::new() };
        for down in 0..window.size()[0] {
            for across in 0..window.size()[1] {
                let ((rows, first_row), (cols, first_col)) = (windows.inside(0, down), windows.inside(1, across));
                windows.meetings.push(Meeting {
                    rows: if cols.is_empty() { 0 } else { rows.len() },
                    cols: cols.len(),
                    position: rows.start * windows.positions[1] + cols.start,
                    pixel: first_row * windows.image[1] + first_col,
                });
            }
        }
        windows
    }

    /// The positions along an axis at which a place of the window lies within the image, and the pixel under it at the
    /// first of them.
    fn inside(&self, axis: usize, place: usize) -> (Range<usize>, usize) {
        let (stride, padding) = (self.window.stride()[axis], self.window.padding()[axis]);
        let start = padding.saturating_sub(place).div_ceil(stride).min(self.positions[axis]);
        let beyond = (self.image[axis] + padding).saturating_sub(place);
        let end = beyond.div_ceil(stride).clamp(start, self.positions[axis]);
        (start..end, (start * stride + place).saturating_sub(padding))
    }

    fn places(&self) -> usize {
        self.positions[0] * self.positions[1]
    }

    fn pixels(&self) -> usize {
        self.image[0] * self.image[1]
    }

    /// Whether neighbouring positions look at neighbouring pixels, over ends of rows too: what one place of the window
    /// sees is then the image itself, shifted, but for the columns in the padding.
    fn is_shift(&self) -> bool {
        self.window.stride() == [1, 1] && self.positions[1] == self.image[1]
    }

    /// For a shift, the first and the last position that see the image, and the pixels under them.
    fn shifted(&self, meeting: &Meeting) -> Option<(Range<usize>, usize)> {
        let len = (meeting.rows.checked_sub(1)?) * self.positions[1] + meeting.cols;
        Some((meeting.position..meeting.position + len, meeting.pixel))
    }

    /// Zeroes the columns of positions from which a place of the window sees the padding on the left or on the right.
    fn clear_sides<T: Scalar>(&self, meeting: &Meeting, row: &mut [T]) {
        let width = self.positions[1];
        let first = meeting.position % width;
        if meeting.cols == width {
            return;
        }
        for line in row.chunks_exact_mut(width) {
            line[..first].fill(T::zero());
            line[first + meeting.cols..].fill(T::zero());
        }
    }
}

impl Meeting {
    /// Calls `visit` with the first position and the pixel under it, for each row of positions.
    #[inline(always)]
    fn lines(&self, windows: &Windows, mut visit: impl FnMut(usize, usize)) {
        let (mut position, mut pixel) = (self.position, self.pixel);
        for _ in 0..self.rows {
            visit(position, pixel);
            position += windows.positions[1];
            pixel += windows.window.stride()[0] * windows.image[1];
        }
    }
}

impl Convolution {
    /// The number of rows of patches: channels times the window's size.
    fn depth(&self) -> usize {
        self.channels * self.windows.window.size()[0] * self.windows.window.size()[1]
    }

    /// The number of entries of one image's patches.
    pub(super) fn scratch_len(&self) -> usize {
        self.depth() * self.windows.places()
    }

    /// Writes the patches of one image.
    fn unfold<T: Scalar>(&self, image: &[T], patches: &mut [T]) {
        let windows = &self.windows;
        let stride = windows.window.stride()[1];
        let mut rows = patches.chunks_exact_mut(windows.places());
        for channel in image.chunks_exact(windows.pixels()) {
            for (meeting, row) in windows.meetings.iter().zip(&mut rows) {
                if windows.is_shift() {
                    let Some((range, pixel)) = windows.shifted(meeting) else {
                        row.fill(T::zero());
                        continue;
                    };
                    row[..range.start].fill(T::zero());
                    row[range.end..].fill(T::zero());
                    let len = range.len();
                    row[range].copy_from_slice(&channel[pixel..][..len]);
                    windows.clear_sides(meeting, row);
                    continue;
                }
                if meeting.rows * meeting.cols < row.len() {
                    row.fill(T::zero());
                }
                meeting.lines(windows, |position, pixel| {
                    let line = &mut row[position..][..meeting.cols];
                    if stride == 1 {
                        line.copy_from_slice(&channel[pixel..][..meeting.cols]);
                    } else {
                        line.iter_mut().zip(channel[pixel..].iter().step_by(stride)).for_each(|(to, &from)| *to = from);
                    }
                });
            }
        }
    }

    /// Adds patches, which are spoilt, to the image that they were of.
    fn fold<T: Scalar>(&self, patches: &mut [T], image: &mut [T]) {
        vectorized(
            #[inline(always)]
            || {
                let windows = &self.windows;
                let stride = windows.window.stride()[1];
                let mut rows = patches.chunks_exact_mut(windows.places());
                for channel in image.chunks_exact_mut(windows.pixels()) {
                    for (meeting, row) in windows.meetings.iter().zip(&mut rows) {
                        if windows.is_shift() {
                            let Some((range, pixel)) = windows.shifted(meeting) else { continue };
                            windows.clear_sides(meeting, row);
                            let pixels = &mut channel[pixel..][..range.len()];
                            pixels.iter_mut().zip(&row[range]).for_each(|(to, &from)| *to += from);
                            continue;
                        }
                        meeting.lines(windows, |position, pixel| {
                            let line = &row[position..][..meeting.cols];
                            channel[pixel..].iter_mut().step_by(stride).zip(line).for_each(|(to, &from)| *to += from);
                        });
                    }
                }
            },
        );
    }

    /// Writes or adds the part of sum y conv(x, w) that the other two, `left` and `right`, leave.
    pub(super) fn run<T: Scalar>(
        &self,
        part: Part,
        left: &[T],
        right: &[T],
        update: Update,
        out: &mut [T],
        scratch: &mut [T],
    ) {
        let (depth, places) = (self.depth(), self.windows.places());
        let image = self.channels * self.windows.pixels();
        let result = self.outputs * places;
        let patches = &mut scratch[..self.scratch_len()];
        if out.is_empty() {
            return;
        }
        let nothing = self.images == 0 || image == 0 || result == 0 || depth == 0;
        // The convolution itself lets its product overwrite; the other parts add up image by image.
        if update == Update::Replace && (part != Part::Output || nothing) {
            out.fill(T::zero());
        }
        if nothing {
            return;
        }
        match part {
            Part::Output => {
                let kernel = Matrix::new(right, self.outputs, depth);
                for (x, y) in left.chunks_exact(image).zip(out.chunks_exact_mut(result)) {
                    self.unfold(x, patches);
                    matmul(y, update, T::one(), kernel, Matrix::new(patches, depth, places));
                }
            }
            Part::Input => {
                let kernel = Matrix::new(right, self.outputs, depth);
                for (y, x) in left.chunks_exact(result).zip(out.chunks_exact_mut(image)) {
                    matmul(patches, Update::Replace, T::one(), kernel.t(), Matrix::new(y, self.outputs, places));
                    self.fold(patches, x);
                }
            }
            Part::Kernel => {
                for (x, y) in left.chunks_exact(image).zip(right.chunks_exact(result)) {
                    self.unfold(x, patches);
                    let patches = Matrix::new(patches, depth, places);
                    matmul(out, Update::Add, T::one(), Matrix::new(y, self.outputs, places), patches.t());
                }
            }
        }
    }
}

/// Whether windows are two columns wide and lie side by side without padding: then pairs of pixels are read at once.
fn in_pairs(windows: &Windows) -> bool {
    let window = windows.window;
    window.size()[1] == 2 && window.stride()[1] == 2 && window.padding() == [0, 0]
}

/// Sums over windows, image by image.
pub(super) fn window_sum<T: Scalar>(x: &[T], windows: &Windows, out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            out.fill(T::zero());
            if out.is_empty() || x.is_empty() {
                return;
            }
            let (stride, pairs) = (windows.window.stride()[1], in_pairs(windows));
            for (x, out) in x.chunks_exact(windows.pixels()).zip(out.chunks_exact_mut(windows.places())) {
                for meeting in windows.meetings.iter().step_by(1 + usize::from(pairs)) {
                    meeting.lines(windows, |position, pixel| {
                        let line = &mut out[position..][..meeting.cols];
                        if pairs {
                            let (x, _) = x[pixel..][..2 * meeting.cols].as_chunks::<2>();
                            line.iter_mut().zip(x).for_each(|(out, &[left, right])| *out += left + right);
                        } else {
                            line.iter_mut().zip(x[pixel..].iter().step_by(stride)).for_each(|(out, &x)| *out += x);
                        }
                    });
                }
            }
        },
    );
}

/// The transpose: each element added to all places of its window.
pub(super) fn window_spread<T: Scalar>(x: &[T], windows: &Windows, out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            out.fill(T::zero());
            if out.is_empty() || x.is_empty() {
                return;
            }
            let (stride, pairs) = (windows.window.stride()[1], in_pairs(windows));
            for (x, out) in x.chunks_exact(windows.places()).zip(out.chunks_exact_mut(windows.pixels())) {
                for meeting in windows.meetings.iter().step_by(1 + usize::from(pairs)) {
                    meeting.lines(windows, |position, pixel| {
                        let line = &x[position..][..meeting.cols];
                        if pairs {
                            let (out, _) = out[pixel..][..2 * meeting.cols].as_chunks_mut::<2>();
                            out.iter_mut().zip(line).for_each(|([left, right], &x)| {
                                *left += x;
                                *right += x;
                            });
                        } else {
                            out[pixel..].iter_mut().step_by(stride).zip(line).for_each(|(out, &x)| *out += x);
                        }
                    });
                }
            }
        },
    );
}
