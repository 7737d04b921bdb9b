//! Whether a promise of symmetry holds, by two products.

use super::LinearOperator;
use crate::error::{Error, Result};
use crate::linalg::{dot, norm};
use crate::random::Key;
use crate::scalar::Scalar;

/// Rounding errors of a product are taken to be at most this many times sqrt(size) EPSILON, relative to the norms.
///
/// Sums of n rounded terms err by about sqrt(n) EPSILON; the factor leaves room for a composition of some dozen such
/// sums, as curvature is.
pub(crate) const ROUNDING: f64 = 64.0;

/// <u, A v> - <A u, v> for normal u and v, and the size that each could have. `operator` must be square.
pub(crate) fn asymmetry<T: Scalar>(operator: &dyn LinearOperator<T>, key: Key) -> (f64, f64) {
    let size = operator.rows();
    let normal = |key: Key| {
        let mut vector = vec![T::zero(); size];
        key.normal(0, &mut vector);
        vector
    };
    let (u, v) = (normal(key.split(0)), normal(key.split(1)));
    let (mut of_u, mut of_v) = (vec![T::zero(); size], vec![T::zero(); size]);
    operator.apply(&u, &mut of_u);
    operator.apply(&v, &mut of_v);
    (dot(&u, &of_v) - dot(&of_u, &v), (norm(&u) * norm(&of_v)).max(norm(&of_u) * norm(&v)))
}

/// Fails if a square operator is seen not to be symmetric. Cost: two products.
pub(crate) fn require_symmetric<T: Scalar>(operator: &dyn LinearOperator<T>, key: Key) -> Result<()> {
    let (difference, scale) = asymmetry(operator, key);
    let tolerance = ROUNDING * T::EPSILON.f64() * (operator.rows() as f64).sqrt();
    // Where both sides are zero the law holds exactly; a product that is not finite is for the run itself to report.
    let discrepancy = if difference == 0.0 { 0.0 } else { difference.abs() / scale };
    if discrepancy > tolerance {
        return Err(Error::Asymmetric { discrepancy, tolerance });
    }
    Ok(())
}
