//! Information plus noise: a rank-one term beside a rectangular matrix.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::random_matrix::law::Law;
use crate::random_matrix::laws::marchenko_pastur::MarchenkoPastur;
use crate::random_matrix::transforms::{beyond, crossing, ends};

/// A rectangular matrix of noise plus one pair of directions.
///
/// ```text
///     X + theta u v',   X: n x m, c = n / m <= 1, law mu of the eigenvalues of X X', u and v uniformly random
///     D(x)       = G(x) (c x G(x) + 1 - c),   G(x) = int mu(dy) / (x - y),   x = (singular value)^2
///     position   D(rho^2) = 1 / theta^2
///     overlaps   left  -G / (theta^2 D'),     right  -(c G + (1 - c) / x) / (theta^2 D'),     ' = d/dx at x = rho^2
/// ```
///
/// For Gaussian noise of variance 1/m ([`RectangularSpike::gaussian`]) this is theta > c^(1/4), rho =
/// sqrt((1 + theta^2)(c + theta^2)) / theta, left overlap 1 - c (1 + theta^2) / (theta^2 (theta^2 + c)), right one
/// 1 - (c + theta^2) / (theta^2 (theta^2 + 1)).
///
/// ```
/// use eigenscape::random_matrix::RectangularSpike;
///
/// let outlier = RectangularSpike::gaussian(0.5, 2.0)?.outlier()?;
/// assert!((outlier.position - 2.3717082451262845).abs() < 1e-13);
/// assert!((outlier.left - 0.8611111111111112).abs() < 1e-12);
/// assert!((outlier.right - 0.775).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Benaych-Georges & Nadakuditi 2012 (doi:10.1016/j.jmva.2012.04.019).
#[derive(Clone, Debug)]
pub struct RectangularSpike {
    law: Arc<dyn Law>,
    ratio: f64,
    strength: f64,
}

/// What becomes of one pair of directions in a large rectangular matrix of noise.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SingularOutlier {
    /// Whether a singular value leaves the bulk.
    pub detached: bool,
    /// The limit of the largest singular value.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub position: f64,
    /// The limit of the squared overlap of the left singular vector (of length n) with u.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub left: f64,
    /// The limit of the squared overlap of the right singular vector (of length m) with v.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub right: f64,
}

impl RectangularSpike {
    /// The law of the eigenvalues of X X' for a matrix with c = rows / columns, and theta.
    ///
    /// # Errors
    /// If the law has mass below 0 or none above, the ratio is not in (0, 1] (transpose the matrix), or theta is not positive
    /// and finite.
    pub fn new(law: impl Law + 'static, ratio: f64, strength: f64) -> Result<Self> {
        crate::random_matrix::transforms::non_negative("the lower end of the law", &law)?;
        if !(ratio > 0.0 && ratio <= 1.0) {
            let limits = "must lie in (0, 1]: it is rows over columns; transpose the matrix";
            return Err(Error::OutOfRange { what: "the ratio of a rectangular matrix", value: ratio, limits });
        }
        Error::positive("the strength of a spike", strength)?;
        Ok(RectangularSpike { law: Arc::new(law), ratio, strength })
    }

    /// Independent noise of variance 1/m.
    ///
    /// # Errors
    /// As [`RectangularSpike::new`].
    pub fn gaussian(ratio: f64, strength: f64) -> Result<Self> {
        RectangularSpike::new(MarchenkoPastur::new(ratio, 1.0)?, ratio, strength)
    }

    /// The spike that puts its singular value at an observed position: theta = 1 / sqrt(D(position^2)).
    ///
    /// # Errors
    /// As [`RectangularSpike::new`], and if the position is not above the bulk.
    pub fn from_outlier(law: impl Law + 'static, ratio: f64, position: f64) -> Result<Self> {
        let top = ends(&law.support(), &law.atoms()).upper;
        if !(position.is_finite() && position > 0.0 && position * position > top) {
            let limits = "must be finite and above the bulk: no spike can be told from noise inside it";
            return Err(Error::OutOfRange { what: "the observed singular value", value: position, limits });
        }
        let spiked = RectangularSpike::new(law, ratio, 1.0)?;
        let [_, d, _] = spiked.transform(position * position)?;
        Ok(RectangularSpike { strength: 1.0 / d.sqrt(), ..spiked })
    }

    /// The strength theta.
    pub fn strength(&self) -> f64 {
        self.strength
    }

    /// The strength beyond which a singular value leaves the bulk, 1 / sqrt(D(edge)).
    ///
    /// # Errors
    /// If the law cannot tell its transform near the edge.
    pub fn threshold(&self) -> Result<f64> {
        let top = ends(&self.law.support(), &self.law.atoms()).upper;
        match self.law.stieltjes(top.into()) {
            Ok(m) => Ok(1.0 / (-m.re * (1.0 - self.ratio - self.ratio * top * m.re)).sqrt()),
            Err(Error::OutOfRange { .. }) => Ok(0.0),
            Err(error) => Err(error),
        }
    }

    /// What the spike does to the singular values.
    ///
    /// # Errors
    /// If the law cannot tell its transform.
    pub fn outlier(&self) -> Result<SingularOutlier> {
        let top = ends(&self.law.support(), &self.law.atoms()).upper;
        let square = self.strength * self.strength;
        let at = |x: f64| {
            let g = -self.law.stieltjes(x.into())?.re;
            Ok(square * g * (self.ratio * x * g + 1.0 - self.ratio) - 1.0)
        };
        let Some(x) = crossing(beyond(top, 0.0, true), top, at)? else {
            return Ok(SingularOutlier { detached: false, position: top.sqrt(), left: 0.0, right: 0.0 });
        };
        let [g, _, slope] = self.transform(x)?;
        let scale = -1.0 / (square * slope);
        let right = (self.ratio * g + (1.0 - self.ratio) / x) * scale;
        Ok(SingularOutlier { detached: true, position: x.sqrt(), left: (g * scale).min(1.0), right: right.min(1.0) })
    }

    /// G, D and D' at x.
    fn transform(&self, x: f64) -> Result<[f64; 3]> {
        let (g, slope) = (-self.law.stieltjes(x.into())?.re, -self.law.stieltjes_derivative(x.into())?.re);
        let factor = self.ratio * x * g + 1.0 - self.ratio;
        Ok([g, g * factor, slope * factor + g * self.ratio * (g + x * slope)])
    }
}
