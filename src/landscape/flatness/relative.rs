//! Relative flatness of a layer.

use crate::error::{Error, Result};
use crate::linalg::dot;
use crate::network::Block;
use crate::operator::LinearOperator;
use crate::random::Key;
use crate::scalar::Scalar;
use crate::spectrum::Estimate;

/// Relative flatness of a layer of weights, which small values call flat.
///
/// ```text
///     kappa = sum_(s, s') <w_s, w_s'> tr H_(s, s'),     w_s the weights into unit s (row s of W, units x inputs)
///     H_(s, s'): the block of second derivatives by w_s and w_s', inputs x inputs
/// ```
///
/// It does not change when layers of a relu network are rescaled, and bounds the generalisation gap where labels are locally constant in the
/// layer's inputs. Estimated by random vectors: v = W Z with random signs Z, inputs x inputs, has E v v' = (W W') x I, so that kappa is the mean of
/// v'H v, v zero off the layer.
///
/// Cost: a product with H and units x inputs^2 operations a probe.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::landscape::relative_flatness;
/// use eigenscape::network::{Activation, Network, Perceptron};
/// use eigenscape::objective::{Objective, Point};
/// use eigenscape::random::Key;
///
/// // Least squares: H_(s, s) = x x' for both units and nothing between them, so kappa = |x|^2 (|w_1|^2 + |w_2|^2) = 5 x 5.
/// let network = Perceptron::new(&[2, 2], Activation::Identity)?;
/// let examples = Examples::new(vec![1.0, 2.0], 2, vec![0.0, 0.0], 2)?;
/// let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples)?;
/// let theta = [1.0, 0.0, 0.0, 2.0, 0.0, 0.0];
/// let point = risk.at(&theta)?;
/// let flatness = relative_flatness(&point.hessian(), &theta, &network.blocks()[0], 400, Key::new(0))?;
/// assert!((flatness.mean - 25.0).abs() < 4.0 * flatness.standard_error.unwrap());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the block is no matrix or convolution, or does not fit theta or the operator; there are no probes; or a product is not finite.
///
/// # References
/// Petzka, Kamp, Adilova, Sminchisescu & Boley 2021, arXiv:2001.00939.
pub fn relative_flatness<T: Scalar>(
    hessian: &(impl LinearOperator<T> + ?Sized),
    theta: &[T],
    block: &Block,
    probes: usize,
    key: Key,
) -> Result<Estimate> {
    Error::length("the parameters of a relative flatness", theta.len(), hessian.cols())?;
    Error::at_least("the number of probes", probes, 1, "must be at least 1, and 2 for a standard error")?;
    let axes = block.shape.axes();
    Error::at_least("the number of axes of a layer's weights", axes, 2, "must be at least 2: units x inputs")?;
    if block.range().end > theta.len() {
        let because = "the number of parameters: take a block of this network";
        return Err(Error::AboveLimit {
            what: "the end of a block",
            value: block.range().end,
            limit: theta.len(),
            because,
        });
    }
    let inputs = block.shape.size() / block.shape.extents()[0];
    let weights = &theta[block.range()];
    let (mut vector, mut product) = (vec![T::zero(); theta.len()], vec![T::zero(); theta.len()]);
    let mut signs = vec![T::zero(); inputs * inputs];
    let mut samples = Vec::new();
    for probe in 0..probes {
        key.split(probe as u64).signs(0, &mut signs);
        for (row, w) in vector[block.range()].chunks_exact_mut(inputs).zip(weights.chunks_exact(inputs)) {
            row.fill(T::zero());
            for (&w, signs) in w.iter().zip(signs.chunks_exact(inputs)) {
                row.iter_mut().zip(signs).for_each(|(v, &sign)| *v += w * sign);
            }
        }
        hessian.apply(&vector, &mut product);
        let sample = dot(&vector, &product);
        if !sample.is_finite() {
            return Err(Error::Product { number: probe as u64 + 1, index: 0, value: sample });
        }
        samples.push(sample);
    }
    Ok(Estimate::new(samples, probes as u64))
}
