//! Curvature in units of the parameters.

use super::neighborhood::require_scales;
use crate::error::Result;
use crate::operator::{Compressed, Diagonal, LinearOperator};
use crate::scalar::Scalar;

/// S A S, with scales S on a diagonal.
pub type ScaledCurvature<T, A> = Compressed<A, Diagonal<T>>;

/// A curvature in units of scales, S A S: of relative changes, where the scales are |theta_i| or those of [`filter_scales`](super::filter_scales).
///
/// ```text
///     (S H S)_ij = s_i H_ij s_j,     tr S H S = sum_i s_i^2 H_ii
/// ```
///
/// A relu network does the same when the weights into a unit are multiplied by a > 0 and those out of it divided; its Hessian does not stay
/// the same, H_ij goes to H_ij / (a_i a_j), but |theta_i| H_ij |theta_j| does, and with it trace, norm and eigenvalues. It is one more symmetric
/// operator: every estimator reads it.
///
/// ```
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::landscape::scaled_curvature;
/// use eigenscape::objective::{Objective, Point, Recorded};
/// use eigenscape::random::Key;
///
/// // Two linear units in a row, x y: the same function at (2, 3) and at (20, 0.3).
/// let product = Recorded::<f64>::new(2, |x| (x.at(0) * x.at(1) - 6.0).powi(2) * 0.5)?;
/// for theta in [[2.0, 3.0], [20.0, 0.3]] {
///     let point = product.at(&theta)?;
///     let relative = scaled_curvature(point.hessian(), &theta)?;
///     // theta_i H_ij theta_j = 36 everywhere
///     assert!((Eigensolver::new(1, Key::new(0)).run(&relative)?.values[0] - 72.0).abs() < 1e-9);
/// }
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If a scale is negative or not finite, all are zero, or their number is not that of the operator's rows.
///
/// # References
/// Dinh, Pascanu, Bengio & Bengio 2017, arXiv:1703.04933 (what rescaling does). Tsuzuku, Sato & Sugiyama 2020, arXiv:1901.04653 (normalised
/// sharpness).
pub fn scaled_curvature<T: Scalar, A: LinearOperator<T>>(operator: A, scales: &[f64]) -> Result<ScaledCurvature<T, A>> {
    require_scales(scales)?;
    Compressed::new(operator, Diagonal::new(scales.iter().map(|&scale| T::of(scale)).collect()))
}
