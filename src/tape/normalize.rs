//! Normalisations of activations: methods of [`Var`].

use super::var::Var;
use crate::scalar::Scalar;

impl<'t, T: Scalar> Var<'t, T> {
    /// (x - mean) / sqrt(variance + epsilon), with mean and variance over some axes; the variance divides by the number of
    /// elements, not by one less.
    ///
    /// Layer normalisation takes the axes of the features (Ba, Kiros & Hinton 2016, arXiv:1607.06450). Gains and biases
    /// are products and sums with the result.
    #[track_caller]
    pub fn normalized(self, axes: &[usize], epsilon: T) -> Self {
        let shape = self.shape();
        if axes.iter().any(|&axis| axis >= shape.axes()) {
            return self.fail("normalized", axes, "each axis must be one of the value's");
        }
        let single = axes.iter().fold(shape, |shape, &axis| shape.resized(axis, 1));
        let centred = self - self.mean_axes(axes).reshape(single);
        let variance = (centred * centred).mean_axes(axes).reshape(single);
        centred / (variance + epsilon).sqrt()
    }

    /// Normalisation over groups of channels, the second axis, and all axes behind it (Wu & He 2018, arXiv:1803.08494).
    ///
    /// The number of channels must be a multiple of `groups`. One group is layer normalisation of images, a group for
    /// each channel is instance normalisation.
    #[track_caller]
    pub fn group_normalized(self, groups: usize, epsilon: T) -> Self {
        let shape = self.shape();
        let &[images, channels, ..] = shape.extents() else {
            return self.fail("group_normalized", &[groups], "the value needs the axes images x channels at least");
        };
        if groups == 0 || !channels.is_multiple_of(groups) {
            return self.fail("group_normalized", &[groups], "the channels must be a multiple of the groups");
        }
        let size = shape.size().checked_div(images * groups).unwrap_or(0);
        self.reshape([images, groups, size]).normalized(&[2], epsilon).reshape(shape)
    }
}
