//! Higher derivatives along a direction in which the curvature vanishes.

use super::gradient_norm::beside;
use crate::error::Result;
use crate::linalg::{dot, norm};
use crate::objective::Objective;
use crate::scalar::Scalar;

/// A direction along which the curvature cannot be told from zero, and what the landscape does there to fourth order.
///
/// ```text
///     L(theta + t v) = L + slope t + curvature t^2/2 + third t^3/6 + fourth t^4/24 + ...,     |v| = 1
/// ```
///
/// A third derivative beside zero makes the point neither minimum nor maximum; where it vanishes, the sign of the fourth tells which of
/// them the point is along v. Both are zero along an orbit of a symmetry. They are fourth-order central differences of v'H v over steps
/// of EPSILON^(1/6) (1 + |theta|) / 8.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NullDirection<T> {
    /// A unit vector v.
    pub direction: Vec<T>,
    /// v'H v.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub curvature: f64,
    /// D^3 L[v, v, v].
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub third: f64,
    /// What rounding and steps may have done to it.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub third_error: f64,
    /// D^4 L[v, v, v, v].
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub fourth: f64,
    /// What rounding and steps may have done to it.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub fourth_error: f64,
}

impl<T: Scalar> NullDirection<T> {
    pub(super) fn measure<O: Objective<T>>(objective: &O, theta: &[T], v: &[T], largest: f64) -> Result<Self> {
        let h = T::EPSILON.f64().powf(1.0 / 6.0) * (1.0 + norm(theta)) / 8.0;
        let along = |steps: f64| -> Result<f64> { Ok(dot(v, &beside(objective, theta, v, steps * h, v)?)) };
        let [far_behind, behind, here, ahead, far_ahead] =
            [along(-2.0)?, along(-1.0)?, along(0.0)?, along(1.0)?, along(2.0)?];
        let (near_third, far_third) = ((ahead - behind) / (2.0 * h), (far_ahead - far_behind) / (4.0 * h));
        let bend = |a: f64, b: f64, h: f64| (a - 2.0 * here + b) / (h * h);
        let (near_fourth, far_fourth) = (bend(ahead, behind, h), bend(far_ahead, far_behind, 2.0 * h));
        // A product is a sum of terms as large as the largest eigenvalue.
        let size = [far_behind, behind, here, ahead, far_ahead].iter().fold(largest, |size, c| size.max(c.abs()));
        let rounding = 16.0 * T::EPSILON.f64() * size / h;
        Ok(NullDirection {
            direction: v.to_vec(),
            curvature: here,
            third: (4.0 * near_third - far_third) / 3.0,
            third_error: (near_third - far_third).abs() / 3.0 + rounding,
            fourth: (4.0 * near_fourth - far_fourth) / 3.0,
            fourth_error: (near_fourth - far_fourth).abs() / 3.0 + 4.0 * rounding / h,
        })
    }
}

/// |D^3 L[v, v]|, by a second-order central difference of H v: how fast the curvature along a unit vector changes with the point.
pub(super) fn third_derivative<T: Scalar, O: Objective<T>>(objective: &O, theta: &[T], v: &[T]) -> Result<f64> {
    let h = T::EPSILON.f64().powf(0.25) * (1.0 + norm(theta)) / 4.0;
    let (ahead, behind) = (beside(objective, theta, v, h, v)?, beside(objective, theta, v, -h, v)?);
    let square: f64 = ahead.iter().zip(&behind).map(|(&a, &b)| ((a - b).f64() / (2.0 * h)).powi(2)).sum();
    Ok(square.sqrt())
}
