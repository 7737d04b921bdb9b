//! A rank-one factor around a matrix of any law.

use std::sync::Arc;

use super::outlier::Outlier;
use crate::error::{Error, Result};
use crate::random_matrix::law::{Interval, Law};
use crate::random_matrix::transforms::{beyond, crossing, ends, gaps_of, size_of};

/// A positive semidefinite matrix of any law, stretched along one direction.
///
/// ```text
///     (I + theta u u')^(1/2) B (I + theta u u')^(1/2),   B p x p with spectrum mu on [0, inf), u uniformly random
///     position   T(rho) = 1 / theta,   T(x) = int y mu(dy) / (x - y)
///     overlap    -(1 + theta) / (theta^2 rho T'(rho))          of this matrix's eigenvector with u
///                -1 / (theta^2 rho T'(rho) + theta)            of the right one of B (I + theta u u')
///     variance   p Var(position) -> 2 (-rho T' - T - T^2) / T'^2       (real, spectrum of B rigid)
/// ```
///
/// With B a sample covariance of noise this is [`SpikedCovariance`](crate::random_matrix::SpikedCovariance), whose variance is counted
/// by samples. A theta in (-1, 0) shrinks the direction.
///
/// ```
/// use eigenscape::random_matrix::{MarchenkoPastur, MultiplicativeSpike};
///
/// let spiked = MultiplicativeSpike::new(MarchenkoPastur::new(0.5, 1.0)?, 2.0)?;
/// let outlier = spiked.outlier()?;
/// assert!((outlier.position - 3.75).abs() < 1e-13);
/// assert!((outlier.overlap - 0.7).abs() < 1e-12);
/// assert!((spiked.right_overlap()? - 0.4375).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Benaych-Georges & Nadakuditi 2011 (doi:10.1016/j.aim.2011.02.007).
#[derive(Clone, Debug)]
pub struct MultiplicativeSpike {
    law: Arc<dyn Law>,
    strength: f64,
}

impl MultiplicativeSpike {
    /// The law of B, and theta.
    ///
    /// # Errors
    /// If the law has mass below 0 or none above, or theta is 0, not finite or not above -1.
    pub fn new(law: impl Law + 'static, strength: f64) -> Result<Self> {
        crate::random_matrix::transforms::non_negative("the lower end of the law", &law)?;
        if !(strength.is_finite() && strength > -1.0 && strength != 0.0) {
            let limits = "must be finite, above -1 and not 0: 1 + theta is a positive factor";
            return Err(Error::OutOfRange { what: "the strength of a spike", value: strength, limits });
        }
        Ok(MultiplicativeSpike { law: Arc::new(law), strength })
    }

    /// The spike that puts its outlier at an observed position: theta = 1 / T(position).
    ///
    /// # Errors
    /// If the position is not finite, has mass of the law, or no spike leads there.
    pub fn from_outlier(law: impl Law + 'static, position: f64) -> Result<Self> {
        let transform = -(1.0 + position * law.stieltjes(position.into())?.re);
        MultiplicativeSpike::new(law, 1.0 / transform)
    }

    /// The law of the matrix without the spike.
    pub fn law(&self) -> &dyn Law {
        &*self.law
    }

    /// The strength theta.
    pub fn strength(&self) -> f64 {
        self.strength
    }

    /// The outlier beyond the outer end of the law on the spike's side, or that end.
    ///
    /// # Errors
    /// If the law cannot tell its transform.
    pub fn outlier(&self) -> Result<Outlier> {
        let ends = ends(&self.law.support(), &self.law.atoms());
        let above = self.strength > 0.0;
        let gap = if above { beyond(ends.upper, 0.0, true) } else { Interval { lower: 0.0, upper: ends.lower } };
        Ok(self.in_gap(gap)?.unwrap_or(Outlier::attached(ends, above)))
    }

    /// All outliers: beyond the outer end and in the inner gaps of the law, ascending.
    ///
    /// # Errors
    /// If the law cannot tell its transform.
    pub fn outliers(&self) -> Result<Vec<Outlier>> {
        let positive = gaps_of(&*self.law).into_iter().filter(|gap| gap.upper > 0.0);
        positive
            .map(|gap| Interval { lower: gap.lower.max(0.0), ..gap })
            .filter_map(|gap| self.in_gap(gap).transpose())
            .collect()
    }

    /// The overlap of the right eigenvector of B (I + theta u u') at the outlier of
    /// [`outlier`](MultiplicativeSpike::outlier) with u; 0 if nothing is detached.
    ///
    /// # Errors
    /// If the law cannot tell its transform.
    pub fn right_overlap(&self) -> Result<f64> {
        let outlier = self.outlier()?;
        if !outlier.detached {
            return Ok(0.0);
        }
        let [_, slope] = self.transform(outlier.position)?;
        Ok(-1.0 / (self.strength * (self.strength * outlier.position * slope + 1.0)))
    }

    /// T and T'.
    fn transform(&self, x: f64) -> Result<[f64; 2]> {
        let [m, slope] = [self.law.stieltjes(x.into())?.re, self.law.stieltjes_derivative(x.into())?.re];
        Ok([-(1.0 + x * m), -(m + x * slope)])
    }

    fn in_gap(&self, gap: Interval) -> Result<Option<Outlier>> {
        let at = |x: f64| Ok(-self.strength * (1.0 + x * self.law.stieltjes(x.into())?.re) - 1.0);
        let size = size_of(ends(&self.law.support(), &self.law.atoms()));
        let Some(position) = crossing(gap, size, at)? else { return Ok(None) };
        let [t, slope] = self.transform(position)?;
        let theta = self.strength;
        let overlap = (-(1.0 + theta) / (theta * theta * position * slope)).min(1.0);
        // Far away the numerator is var(mu) / x^2, a small difference.
        let variance = if position > 1e4 * size {
            let ratio = position / self.law.moment(1);
            2.0 * self.law.free_cumulants(2)[1] * ratio * ratio
        } else {
            2.0 * (-position * slope - t - t * t).max(0.0) / (slope * slope)
        };
        let variance = Some(variance);
        Ok(Some(Outlier { detached: true, position, overlap, variance }))
    }
}
