//! What derivatives at the origin say of a slice.

use super::frame::SliceFrame;
use crate::curvature::RiskPoint;
use crate::error::{Error, Result};
use crate::krylov::length;
use crate::objective::{Objective, Point, RecordedPoint, Taylor};
use crate::scalar::Scalar;

/// A point that knows its derivatives along a direction to third order.
pub trait TaylorPoint<T: Scalar>: Point<T> {
    /// The value and its first three derivatives along a direction.
    ///
    /// # Errors
    /// If one is not finite.
    ///
    /// # Panics
    /// If the direction does not have `dim` entries.
    fn taylor(&self, direction: &[T]) -> Result<Taylor>;
}

impl<T: Scalar> TaylorPoint<T> for RecordedPoint<'_, T> {
    #[track_caller]
    fn taylor(&self, direction: &[T]) -> Result<Taylor> {
        self.along(direction)
    }
}

impl<T: Scalar> TaylorPoint<T> for RiskPoint<'_, T> {
    #[track_caller]
    fn taylor(&self, direction: &[T]) -> Result<Taylor> {
        self.along(direction)
    }
}

/// The derivatives of a loss by the coordinates of a slice, at its origin.
///
/// ```text
///     L(theta(c)) = L + s c + c'H c / 2 + T[c, c, c] / 6 + O(|c|^4)
///     s_i = <d_i, grad L>,   H_ij = d_i'(Hess L) d_j,   T_ijk = D^3 L [d_i, d_j, d_k]
/// ```
///
/// On a plane H_12, T_112 and T_122 come from the derivatives along d_1 + d_2 and d_1 - d_2 (polarization), the directions scaled to length
/// 1 before. Cost: about 8 values along a line, 32 on a plane.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SliceExpansion {
    /// L at the origin.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// s: one number, or two.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub slopes: Vec<f64>,
    /// H: H_11, and on a plane H_12 and H_22.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub hessian: Vec<f64>,
    /// T: T_111, and on a plane T_112, T_122 and T_222.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub third: Vec<f64>,
}

impl<T: Scalar> SliceFrame<T> {
    /// The derivatives of an objective by the coordinates, at the origin.
    ///
    /// ```
    /// use eigenscape::landscape::SliceFrame;
    /// use eigenscape::objective::Recorded;
    ///
    /// // x^2 y + 3 x y, about (1, 2).
    /// let cubic = Recorded::<f64>::new(2, |v| {
    ///     let (x, y) = (v.at(0), v.at(1));
    ///     x * x * y + x * y * 3.0
    /// })?;
    /// let expansion = SliceFrame::plane(&[1.0, 2.0], &[1.0, 0.0], &[0.0, 1.0])?.expand(&cubic)?;
    /// let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
    /// assert!(close(&expansion.slopes, &[10.0, 4.0]) && close(&expansion.hessian, &[4.0, 5.0, 0.0]));
    /// assert!(close(&expansion.third, &[0.0, 2.0, 0.0, 0.0]));
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the objective has another number of parameters, or a derivative is not finite.
    pub fn expand<'o, O: Objective<T>>(&self, objective: &'o O) -> Result<SliceExpansion>
    where
        O::Point<'o>: TaylorPoint<T>,
    {
        Error::length("the parameter vector of a slice", self.dim(), objective.dim())?;
        let point = objective.at(self.origin())?;
        let norms: Vec<f64> = (0..self.axes()).map(|axis| length(self.direction(axis))).collect();
        let unit = |axis: usize| {
            let norm = norms[axis];
            self.direction(axis).iter().map(move |d| T::of(d.f64() / norm))
        };
        let along = |direction: Vec<T>| point.taylor(&direction);
        let a = along(unit(0).collect())?;
        let n = norms[0];
        if self.axes() == 1 {
            let (slopes, hessian) = (vec![a.slope * n], vec![a.curvature * n * n]);
            return Ok(SliceExpansion { value: a.value, slopes, hessian, third: vec![a.third * n * n * n] });
        }
        let m = norms[1];
        let b = along(unit(1).collect())?;
        let sum = along(unit(0).zip(unit(1)).map(|(a, b)| a + b).collect())?;
        let difference = along(unit(0).zip(unit(1)).map(|(a, b)| a - b).collect())?;
        let mixed = (sum.curvature - difference.curvature) / 4.0;
        let (twice, once) = (
            (sum.third - difference.third - 2.0 * b.third) / 6.0,
            (sum.third + difference.third - 2.0 * a.third) / 6.0,
        );
        Ok(SliceExpansion {
            value: a.value,
            slopes: vec![a.slope * n, b.slope * m],
            hessian: vec![a.curvature * n * n, mixed * n * m, b.curvature * m * m],
            third: vec![a.third * n * n * n, twice * n * n * m, once * n * m * m, b.third * m * m * m],
        })
    }
}

impl SliceExpansion {
    /// The expansion to second order at these coordinates.
    ///
    /// # Panics
    /// If there are not as many coordinates as slopes.
    #[track_caller]
    pub fn quadratic(&self, coordinates: &[f64]) -> f64 {
        assert_eq!(coordinates.len(), self.slopes.len(), "an expansion on a slice with {} axes", self.slopes.len());
        match *coordinates {
            [x, y] => {
                let second = self.hessian[0] * x * x + 2.0 * self.hessian[1] * x * y + self.hessian[2] * y * y;
                self.value + self.slopes[0] * x + self.slopes[1] * y + second / 2.0
            }
            _ => self.value + coordinates[0] * (self.slopes[0] + coordinates[0] * self.hessian[0] / 2.0),
        }
    }

    /// The expansion to third order at these coordinates.
    ///
    /// # Panics
    /// If there are not as many coordinates as slopes.
    #[track_caller]
    pub fn cubic(&self, coordinates: &[f64]) -> f64 {
        let quadratic = self.quadratic(coordinates);
        let third = match (coordinates, &self.third[..]) {
            (&[x, y], &[a, b, c, d]) => x * x * (a * x + 3.0 * b * y) + y * y * (3.0 * c * x + d * y),
            (_, third) => third[0] * coordinates[0].powi(3),
        };
        quadratic + third / 6.0
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(SliceExpansion {
    #[serde(with = "crate::saved::number")]
    value: f64,
    #[serde(with = "crate::saved::number")]
    slopes: Vec<f64>,
    #[serde(with = "crate::saved::number")]
    hessian: Vec<f64>,
    #[serde(with = "crate::saved::number")]
    third: Vec<f64>,
} by |expansion| {
    let plane = expansion.slopes.len() != 1;
    Error::length("the slopes of a saved expansion", expansion.slopes.len(), if plane { 2 } else { 1 })?;
    Error::length("the second derivatives of a saved expansion", expansion.hessian.len(), if plane { 3 } else { 1 })?;
    Error::length("the third derivatives of a saved expansion", expansion.third.len(), if plane { 4 } else { 1 })
});
