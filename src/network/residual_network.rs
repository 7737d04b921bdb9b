//! Residual networks for small images.

use super::{Activation, Convolution, Sequential};
use crate::error::{Error, Result};

/// A residual network for colour images of 32 x 32 pixels, with group normalisation.
///
/// ```text
///     3x3 convolution to 16 channels, normalisation, ReLU;  three stages of (depth - 2) / 6 blocks with 16, 32, 64 channels:
///         y = ReLU(s(x) + f(x)),   f: 3x3 convolution, normalisation, ReLU, 3x3 convolution, normalisation
///     the mean over all positions;  a dense layer to the classes
/// ```
///
/// The first block of the second and third stage halves the image; its shortcut s is a 1x1 convolution of stride 2 with a
/// normalisation, all other shortcuts are the identity. Convolutions have no biases. Depth 20 has 272 thousand parameters.
///
/// Groups instead of batches are normalised, so that the outputs of an example depend on its own inputs alone.
///
/// ```
/// use eigenscape::network::{Network, residual_network};
///
/// let network = residual_network(20, 8, 10)?;
/// assert_eq!((network.inputs(), network.outputs(), network.parameters()), (3 * 32 * 32, 10, 272_474));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the depth is not 6 n + 2 between 8 and 1202, the groups do not divide 16, or there are no classes.
///
/// # References
/// He, Zhang, Ren, Sun 2016, arXiv:1512.03385, section 4.2. Wu, He 2018, arXiv:1803.08494 (group normalisation).
#[doc(alias = "resnet")]
pub fn residual_network(depth: usize, groups: usize, classes: usize) -> Result<Sequential> {
    if !(8..=1202).contains(&depth) || depth % 6 != 2 {
        let limits = "must be 6 n + 2 with n at least 1, up to 1202: 8, 14, 20, 32, 44, 56, 110";
        return Err(Error::OutOfRange { what: "the depth of a residual network", value: depth as f64, limits });
    }
    let convolution = |channels: usize| Convolution::new(channels, [3, 3]).same().unbiased();
    let mut network =
        Sequential::new(&[3, 32, 32])?.convolution(convolution(16))?.group_norm(groups)?.activation(Activation::Relu);
    for (stage, channels) in [16, 32, 64].into_iter().enumerate() {
        for block in 0..(depth - 2) / 6 {
            let stride = if stage > 0 && block == 0 { [2, 2] } else { [1, 1] };
            let layers = |x: Sequential| {
                x.convolution(convolution(channels).stride(stride))?
                    .group_norm(groups)?
                    .activation(Activation::Relu)
                    .convolution(convolution(channels))?
                    .group_norm(groups)
            };
            network = if stride == [1, 1] {
                network.residual(layers)?
            } else {
                let shortcut = Convolution::new(channels, [1, 1]).stride(stride).unbiased();
                network.residual_with_shortcut(layers, |x| x.convolution(shortcut)?.group_norm(groups))?
            };
            network = network.activation(Activation::Relu);
        }
    }
    network.average_pool([8, 8])?.flatten().dense(classes)
}
