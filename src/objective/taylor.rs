//! The expansion of an objective along a direction.

use crate::error::{Error, Result};

/// The first terms of t -> L(theta + t v) at t = 0.
///
/// ```text
///     L(theta + t v) = value + slope t + curvature t^2 / 2 + third t^3 / 6 + O(t^4)
///     slope = v . grad L,     curvature = v'H v,     third = D^3 L [v, v, v]
/// ```
///
/// In units of |v|: divide by |v|, |v|^2 and |v|^3 for a direction that is no unit vector.
///
/// ```
/// use eigenscape::objective::{Objective, Recorded};
///
/// let wave = Recorded::<f64>::new(2, |x| x.sin().sum())?;
/// let along = wave.at(&[0.0, 0.0])?.along(&[1.0, 2.0])?;
/// assert_eq!((along.value, along.slope, along.curvature, along.third), (0.0, 3.0, 0.0, -9.0));
/// // sin(0.1) + sin(0.2), to fourth order
/// assert!((along.at(0.1) - 0.1f64.sin() - 0.2f64.sin()).abs() < 1e-5);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Taylor {
    /// L(theta).
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// The first derivative.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub slope: f64,
    /// The second.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub curvature: f64,
    /// The third.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub third: f64,
}

impl Taylor {
    pub(crate) const ORDER: usize = 3;

    pub(crate) fn new([value, slope, curvature, third]: [f64; 4]) -> Result<Self> {
        let derivatives = [value, slope, curvature, third];
        Error::finite(
            "the derivatives along a direction",
            &derivatives,
            "the function overflows or is not smooth here",
        )?;
        Ok(Taylor { value, slope, curvature, third })
    }

    /// The cubic at t.
    pub fn at(&self, t: f64) -> f64 {
        self.value + t * (self.slope + t * (self.curvature / 2.0 + t * self.third / 6.0))
    }
}
