//! The norm of Fisher and Rao.

use crate::curvature::RiskPoint;
use crate::error::Result;
use crate::linalg::dot;
use crate::operator::LinearOperator;
use crate::scalar::Scalar;

/// The Fisher-Rao norm of a network's parameters, sqrt(theta' F theta).
///
/// ```text
///     |theta|_FR^2 = theta' F theta,    F = mean over examples of J'(diag(p) - p p')J, or what the loss has in its place
/// ```
///
/// A measure of capacity that does not change when a relu network without biases is rescaled layer by layer, nor, for the same reason, by
/// anything that leaves its function as it is and theta on the orbit of its scaling: with D layers of homogeneous units J theta = D z, so that the
/// squared norm is D^2 times the mean variance of logits z under p. With biases the scaling is another one, and the invariance is lost.
///
/// Cost: a product with the Gauss-Newton matrix.
///
/// # Errors
/// If the loss is not a negative log-likelihood with natural parameters, as [`RiskPoint::fisher`] says.
///
/// # References
/// Liang, Poggio, Rakhlin & Stokes 2019, arXiv:1711.01530.
pub fn fisher_rao_norm<T: Scalar>(point: &RiskPoint<'_, T>) -> Result<f64> {
    let theta = point.theta();
    let mut product = vec![T::zero(); theta.len()];
    point.fisher()?.apply(theta, &mut product);
    Ok(libm::sqrt(dot(theta, &product).max(0.0)))
}
