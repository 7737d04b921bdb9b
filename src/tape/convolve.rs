//! Convolutions by matrix products, image by image, and sums over windows.
//!
//! ```text
//!     U(x): (channels rows columns) x positions, the patches of one image;  W: outputs x (channels rows columns)
//!     y = W U(x)        w += y U(x)'        x = U'(W' y)
//! ```
//!
//! Patches of one image at a time: they stay in the cache, and what is kept of a convolution is its operands alone.

use super::plan::{Convolution, Pool};
use super::shape::Shape;
use super::window::{Part, Window};
use crate::linalg::{Matrix, Update, matmul};
use crate::scalar::Scalar;

impl Pool {
    /// The sizes of a window over images of the last two axes of `whole`, with results of the last two of `sums`.
    pub(super) fn new(window: Window, whole: Shape, sums: Shape) -> Self {
        let last_two = |shape: Shape| match *shape.extents() {
            [.., height, width] => [height, width],
            _ => unreachable!("the shape rule asks for two axes"),
        };
        Pool { window, image: last_two(whole), positions: last_two(sums) }
    }

    /// The columns of positions at which a column of the window lies within the image, and the image's column at the
    /// first of them.
    fn inside(&self, axis: usize, offset: usize) -> (std::ops::Range<usize>, usize) {
        let Window { stride, padding, .. } = self.window;
        let (stride, padding) = (stride[axis], padding[axis]);
        let start = padding.saturating_sub(offset).div_ceil(stride).min(self.positions[axis]);
        let beyond = (self.image[axis] + padding).saturating_sub(offset);
        let end = beyond.div_ceil(stride).clamp(start, self.positions[axis]);
        (start..end, (start * stride + offset).saturating_sub(padding))
    }

    fn places(&self) -> usize {
        self.positions[0] * self.positions[1]
    }

    fn pixels(&self) -> usize {
        self.image[0] * self.image[1]
    }

    /// Calls `visit` with each row of positions and each offset in the window at which they meet the image: the place
    /// of the first position, their number, and the place in the image of the first.
    #[inline(always)]
    fn meet(&self, down: usize, across: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let (rows, first_row) = self.inside(0, down);
        let (cols, first_col) = self.inside(1, across);
        if cols.is_empty() {
            return;
        }
        for (step, row) in rows.enumerate() {
            let from = (first_row + step * self.window.stride[0]) * self.image[1] + first_col;
            visit(row * self.positions[1] + cols.start, cols.len(), from);
        }
    }
}

impl Convolution {
    /// The number of rows of patches: channels times the window's size.
    fn depth(&self) -> usize {
        self.channels * self.pool.window.size[0] * self.pool.window.size[1]
    }

    /// The number of entries of one image's patches.
    pub(super) fn scratch_len(&self) -> usize {
        self.depth() * self.pool.places()
    }

    /// Writes the patches of one image.
    fn unfold<T: Scalar>(&self, image: &[T], patches: &mut [T]) {
        let Pool { window, .. } = self.pool;
        if window.padding != [0, 0] {
            patches.fill(T::zero());
        }
        let mut rows = patches.chunks_exact_mut(self.pool.places());
        for channel in image.chunks_exact(self.pool.pixels()) {
            for down in 0..window.size[0] {
                for across in 0..window.size[1] {
                    let row = rows.next().expect("a row of patches for each channel and offset");
                    self.pool.meet(down, across, |to, len, from| {
                        if window.stride[1] == 1 {
                            row[to..to + len].copy_from_slice(&channel[from..][..len]);
                        } else {
                            let pixels = channel[from..].iter().step_by(window.stride[1]);
                            row[to..to + len].iter_mut().zip(pixels).for_each(|(to, &from)| *to = from);
                        }
                    });
                }
            }
        }
    }

    /// Adds patches to the image that they were of.
    fn fold<T: Scalar>(&self, patches: &[T], image: &mut [T]) {
        let Pool { window, .. } = self.pool;
        let mut rows = patches.chunks_exact(self.pool.places());
        for channel in image.chunks_exact_mut(self.pool.pixels()) {
            for down in 0..window.size[0] {
                for across in 0..window.size[1] {
                    let row = rows.next().expect("a row of patches for each channel and offset");
                    self.pool.meet(down, across, |from, len, to| {
                        let pixels = channel[to..].iter_mut().step_by(window.stride[1]);
                        pixels.zip(&row[from..from + len]).for_each(|(to, &from)| *to += from);
                    });
                }
            }
        }
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
        let (depth, places) = (self.depth(), self.pool.places());
        let image = self.channels * self.pool.pixels();
        let result = self.outputs * places;
        let patches = &mut scratch[..self.scratch_len()];
        if out.is_empty() {
            return;
        }
        // The convolution itself lets the product do so; the others add up.
        if update == Update::Replace && part != Part::Output {
            out.fill(T::zero());
        }
        if self.images == 0 || image == 0 || result == 0 || depth == 0 {
            if update == Update::Replace {
                out.fill(T::zero());
            }
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

/// Sums over windows, image by image.
pub(super) fn window_sum<T: Scalar>(x: &[T], pool: &Pool, out: &mut [T]) {
    out.fill(T::zero());
    over_images(pool, x.len(), out.len(), |pixels, places, from, to| {
        let (x, out) = (&x[from..][..pixels], &mut out[to..][..places]);
        over_offsets(pool, |place, len, pixel| {
            let pixels = x[pixel..].iter().step_by(pool.window.stride[1]);
            out[place..][..len].iter_mut().zip(pixels).for_each(|(out, &x)| *out += x);
        });
    });
}

/// The transpose: each element added to all places of its window.
pub(super) fn window_spread<T: Scalar>(x: &[T], pool: &Pool, out: &mut [T]) {
    out.fill(T::zero());
    over_images(pool, out.len(), x.len(), |pixels, places, to, from| {
        let (x, out) = (&x[from..][..places], &mut out[to..][..pixels]);
        over_offsets(pool, |place, len, pixel| {
            let pixels = out[pixel..].iter_mut().step_by(pool.window.stride[1]);
            pixels.zip(&x[place..][..len]).for_each(|(out, &x)| *out += x);
        });
    });
}

/// Calls `visit` with the number of pixels and of positions of an image and where both start, for each image.
fn over_images(pool: &Pool, whole: usize, sums: usize, mut visit: impl FnMut(usize, usize, usize, usize)) {
    let (pixels, places) = (pool.pixels(), pool.places());
    if whole > 0 && sums > 0 {
        (0..sums / places).for_each(|image| visit(pixels, places, image * pixels, image * places));
    }
}

#[inline(always)]
fn over_offsets(pool: &Pool, mut visit: impl FnMut(usize, usize, usize)) {
    for down in 0..pool.window.size[0] {
        for across in 0..pool.window.size[1] {
            pool.meet(down, across, &mut visit);
        }
    }
}
