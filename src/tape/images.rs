//! Convolutions and pools over images: methods of [`Var`].

use super::op::Op;
use super::shape::Shape;
use super::var::Var;
use super::window::{Part, Window};
use crate::scalar::Scalar;

impl<'t, T: Scalar> Var<'t, T> {
    /// Two-dimensional convolution (cross-correlation, as in the literature on networks) with zero padding.
    ///
    /// ```text
    ///     y[n, o, i, j] = sum_(c, a, b) w[o, c, a, b] x[n, c, s_0 i + a - p_0, s_1 j + b - p_1]
    ///     x: images x channels x height x width,   w: outputs x channels x rows x columns
    ///     y: images x outputs x ((height + 2 p_0 - rows) / s_0 + 1) x ((width + 2 p_1 - columns) / s_1 + 1)
    /// ```
    ///
    /// s is `stride` and p is `padding`, along height and width. Cost: 2 operations for each element of y and entry of
    /// w that meets it; one image's patches of memory.
    ///
    /// ```
    /// use eigenscape::tape::{Program, Shape};
    ///
    /// let shapes = [Shape::from([1, 1, 3, 3]), Shape::from([1, 1, 2, 2])];
    /// let f = Program::<f64>::record(shapes, |[x, w]| x.convolution(w, [1, 1], [0, 0]))?;
    /// let image = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    /// assert_eq!(f.evaluate(&[&image, &[1.0, 0.0, 0.0, -1.0]]), [[-4.0; 4]]);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    #[track_caller]
    pub fn convolution(self, kernel: Self, stride: [usize; 2], padding: [usize; 2]) -> Self {
        if !self.tape.expect_own(std::iter::once(&kernel), "convolution") {
            return self;
        }
        let size = match *kernel.shape().extents() {
            [_, _, rows, cols] => [rows, cols],
            _ => [0, 0],
        };
        let fitting = Window::new(size, stride, padding)
            .and_then(|window| Some((window, window.convolved(self.shape(), kernel.shape())?)));
        let Some((window, shape)) = fitting else {
            let rule = "images are images x channels x height x width, kernels outputs x channels x rows x columns, \
                        with as many channels; strides are at least 1, strides, sizes and padding \
                        at most 4294967295, and the kernel must fit the padded image";
            return self.fail("convolution", kernel.shape().extents(), rule);
        };
        let op = Op::Convolution { part: Part::Output, left: self.value, right: kernel.value, window };
        self.make(|builder| builder.push(op, shape))
    }

    /// The transpose of [`Var::convolution`] by its images: from results to images of this height and width.
    ///
    /// Of the sizes that lead to the results' size under a stride, `image` chooses one.
    #[track_caller]
    pub fn convolution_transposed(
        self,
        kernel: Self,
        image: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Self {
        if !self.tape.expect_own(std::iter::once(&kernel), "convolution_transposed") {
            return self;
        }
        let (own, other) = (self.shape(), kernel.shape());
        let fitting = match (own.extents(), other.extents()) {
            (&[images, ..], &[_, channels, rows, cols]) => {
                let shape = Shape::from([images, channels, image[0], image[1]]);
                Window::new([rows, cols], stride, padding)
                    .filter(|window| window.convolved(shape, other) == Some(own))
                    .map(|window| (window, shape))
            }
            _ => None,
        };
        let Some((window, shape)) = fitting else {
            let rule = "the convolution of images of that size with the kernel must have this value's shape, with strides \
                        and padding of at most 4294967295";
            return self.fail("convolution_transposed", other.extents(), rule);
        };
        let op = Op::Convolution { part: Part::Input, left: self.value, right: kernel.value, window };
        self.make(|builder| builder.push(op, shape))
    }

    /// The means over windows of the last two axes; zeros of the padding count.
    #[track_caller]
    pub fn average_pool(self, size: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Self {
        let fitting =
            Window::new(size, stride, padding).and_then(|window| Some((window, window.summed(self.shape())?)));
        let Some((window, shape)) = fitting else {
            return self.fail("average_pool", &size, NO_POOL);
        };
        let sums = self.make(|builder| builder.push(Op::WindowSum(self.value, window), shape));
        sums * T::of(1.0 / (size[0] as f64 * size[1] as f64))
    }

    /// The largest in each window of the last two axes; the padding does not count. Elements that tie share the
    /// derivative equally, those of a window that are all -inf with its padding.
    ///
    /// Cost: the windows are copied side by side, `size[0] * size[1]` times the results; several times that of
    /// [`Var::average_pool`].
    #[track_caller]
    pub fn max_pool(self, size: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Self {
        let whole = self.shape();
        let inside = (0..2).all(|axis| padding[axis] < size[axis].max(1));
        let fitting = Window::new(size, stride, padding).filter(|_| inside).and_then(|window| window.summed(whole));
        let Some(shape) = fitting else {
            return self.fail("max_pool", &size, NO_POOL);
        };
        let (&[ref stack @ .., height, width], &[.., down, across]) = (whole.extents(), shape.extents()) else {
            unreachable!("a pool has two axes")
        };
        let places = size[0].saturating_mul(size[1]);
        let table = (down.saturating_mul(across)).saturating_mul(places);
        if table.saturating_mul(size_of::<usize>()) > isize::MAX as usize {
            return self.fail("max_pool", &size, "the windows have more elements than memory can hold: split them");
        }
        // Each window's places in one row; those in the padding look at any pixel and are hidden below.
        let mut positions = Vec::with_capacity(down * across * places);
        let mut within = Vec::with_capacity(positions.capacity());
        for window in 0..down * across {
            for place in 0..places {
                let along = |axis: usize, window: usize, place: usize, extent: usize| {
                    (window * stride[axis] + place).checked_sub(padding[axis]).filter(|&at| at < extent)
                };
                let row = along(0, window / across, place / size[1], height);
                let col = along(1, window % across, place % size[1], width);
                let pixel = row.zip(col).map(|(row, col)| row * width + col);
                positions.push(pixel.unwrap_or(0));
                within.push(if pixel.is_some() { T::one() } else { T::zero() });
            }
        }
        let stack: usize = stack.iter().product();
        let windows = self.reshape([stack, height * width]).gather(1, &positions);
        let windows = if within.contains(&T::zero()) {
            let lowest = self.tape.fill(windows.shape(), T::neg_infinity());
            self.tape.constant([within.len()], &within).select(windows, lowest)
        } else {
            windows
        };
        windows.reshape([stack * down * across, places]).max_axes(&[1]).reshape(shape)
    }
}

const NO_POOL: &str = "the value needs two axes at least; strides are at least 1, padding less than the window, all of \
                       them at most 4294967295, and the window must fit the padded image";
