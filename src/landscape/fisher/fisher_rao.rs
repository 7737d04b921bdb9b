//! The norm of Fisher and Rao.

use crate::curvature::RiskPoint;
use crate::error::{Error, Result};
use crate::linalg::dot;
use crate::operator::LinearOperator;
use crate::scalar::Scalar;

/// The Fisher-Rao norm of a network's parameters, sqrt(theta' F theta).
///
/// ```text
///     |theta|_FR^2 = theta' F theta,    F = mean over examples of J'(diag(p) - p p')J, or what the loss has in its place
/// ```
///
/// A measure of capacity that does not change when a relu network is rescaled, unit by unit: where theta and S theta, S diagonal, are the same
/// function along with their neighbours, J(S theta) S = J(theta), so that J theta and with it the norm stay. Without biases, D layers of homogeneous
/// units have J theta = D z, so that the squared norm is D^2 times the mean variance of logits z under p.
///
/// Cost: a product with the Gauss-Newton matrix.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::landscape::fisher_rao_norm;
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::Objective;
///
/// // One layer, no biases in effect: the squared norm is the variance of the logits z = (-1.5, 2, 3) under p.
/// let network = Perceptron::new(&[2, 3], Activation::Identity)?;
/// let examples = Examples::labelled(vec![1.0, 2.0], 2, &[0], 3)?;
/// let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
/// let point = risk.at(&[0.5, -1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0])?;
/// let (p, z) = (point.probabilities()?, [-1.5, 2.0, 3.0]);
/// let mean: f64 = p.iter().zip(z).map(|(p, z)| p * z).sum();
/// let variance: f64 = p.iter().zip(z).map(|(p, z)| p * (z - mean).powi(2)).sum();
/// assert!((fisher_rao_norm(&point)?.powi(2) - variance).abs() < 1e-14);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the loss is not a negative log-likelihood with natural parameters, as [`RiskPoint::fisher`] says, or the product is not finite.
///
/// # References
/// Liang, Poggio, Rakhlin & Stokes 2019, arXiv:1711.01530.
#[doc(alias = "Fisher-Rao")]
pub fn fisher_rao_norm<T: Scalar>(point: &RiskPoint<'_, T>) -> Result<f64> {
    let theta = point.theta();
    let mut product = vec![T::zero(); theta.len()];
    point.fisher()?.apply(theta, &mut product);
    Error::finite("the product of the Fisher matrix with theta", &product, "take parameters of another scale")?;
    Ok(libm::sqrt(dot(theta, &product).max(0.0)))
}
