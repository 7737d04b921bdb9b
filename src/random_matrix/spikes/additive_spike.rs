//! A rank-one term beside a matrix of any law.

use std::sync::Arc;

use super::outlier::Outlier;
use crate::error::{Error, Result};
use crate::random_matrix::law::{Interval, Law};
use crate::random_matrix::transforms::{beyond, crossing, ends, gaps_of, size_of};

/// A matrix of any law plus one direction.
///
/// ```text
///     B + theta u u',   B symmetric n x n with spectrum mu, its eigenvectors or u uniformly random
///     position   G(rho) = 1 / theta,   G(x) = int mu(dy) / (x - y)       one in each gap of mu whose values of G reach it
///     threshold  1 / G(edge)
///     overlap    <v, u>^2 = -1 / (theta^2 G'(rho))
///     variance   n Var(position) -> 2 (-G' - G^2) / G'^2     (real, spectrum of B rigid)
/// ```
///
/// Benaych-Georges and Nadakuditi's theorem: the two classical models are cases of it. Several spikes act independently in
/// the limit. For a spike that is an eigenvalue of one of two large matrices see
/// [`FreeSum::outliers`](crate::random_matrix::FreeSum::outliers).
///
/// ```
/// use eigenscape::random_matrix::{AdditiveSpike, Uniform};
///
/// // A uniform spectrum has no threshold: every spike shows.
/// let spiked = AdditiveSpike::new(Uniform::new(-1.0, 1.0)?, 0.5)?;
/// assert_eq!(spiked.threshold()?, 0.0);
/// let outlier = spiked.outlier()?;
/// assert!((outlier.position - 1.0 / 2f64.tanh()).abs() < 1e-14);
/// assert!((outlier.overlap - 0.3040873193522844).abs() < 1e-13);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Benaych-Georges & Nadakuditi 2011 (doi:10.1016/j.aim.2011.02.007); Benaych-Georges, Guionnet & Maida 2011
/// (doi:10.1214/EJP.v16-929, variance).
#[derive(Clone, Debug)]
pub struct AdditiveSpike {
    law: Arc<dyn Law>,
    strength: f64,
}

impl AdditiveSpike {
    /// The law of B, and theta.
    ///
    /// # Errors
    /// If theta is 0 or not finite.
    pub fn new(law: impl Law + 'static, strength: f64) -> Result<Self> {
        require(strength)?;
        Ok(AdditiveSpike { law: Arc::new(law), strength })
    }

    /// The spike that puts its outlier at an observed position: theta = 1 / G(position).
    ///
    /// # Errors
    /// If the position is not finite, has mass of the law, or is the one point of a gap where G is 0.
    pub fn from_outlier(law: impl Law + 'static, position: f64) -> Result<Self> {
        let strength = -1.0 / law.stieltjes(position.into())?.re;
        AdditiveSpike::new(law, strength)
    }

    /// The law of the matrix without the spike.
    pub fn law(&self) -> &dyn Law {
        &*self.law
    }

    /// The strength theta.
    pub fn strength(&self) -> f64 {
        self.strength
    }

    /// The strength beyond which an outlier leaves the outer end on the spike's side: 1 / G(end), with the spike's sign; 0 if G
    /// is infinite there.
    ///
    /// # Errors
    /// If the law cannot tell its transform near the end.
    pub fn threshold(&self) -> Result<f64> {
        let ends = ends(&self.law.support(), &self.law.atoms());
        let end = if self.strength > 0.0 { ends.upper } else { ends.lower };
        match self.law.stieltjes(end.into()) {
            Ok(m) => Ok(-1.0 / m.re),
            // No value there: G is infinite.
            Err(Error::OutOfRange { .. }) => Ok(0.0),
            Err(error) => Err(error),
        }
    }

    /// The outlier beyond the outer end of the law on the spike's side, or that end.
    ///
    /// # Errors
    /// If the law cannot tell its transform.
    pub fn outlier(&self) -> Result<Outlier> {
        let ends = ends(&self.law.support(), &self.law.atoms());
        let above = self.strength > 0.0;
        Ok(self.in_gap(beyond(ends.upper, ends.lower, above))?.unwrap_or(Outlier::attached(ends, above)))
    }

    /// All outliers: beyond the outer end and in the inner gaps of the law, ascending.
    ///
    /// # Errors
    /// If the law cannot tell its transform.
    pub fn outliers(&self) -> Result<Vec<Outlier>> {
        gaps_of(&*self.law).into_iter().filter_map(|gap| self.in_gap(gap).transpose()).collect()
    }

    fn in_gap(&self, gap: Interval) -> Result<Option<Outlier>> {
        // Monotone through the gap, and -1 at infinity.
        let at = |x: f64| Ok(-self.strength * self.law.stieltjes(x.into())?.re - 1.0);
        let size = size_of(ends(&self.law.support(), &self.law.atoms()));
        let Some(position) = crossing(gap, size, at)? else { return Ok(None) };
        let g = -self.law.stieltjes(position.into())?.re;
        let slope = self.law.stieltjes_derivative(position.into())?.re;
        let overlap = (1.0 / (self.strength * self.strength * slope)).min(1.0);
        // Far away both terms are 1/x^2, and their difference var(mu) / x^4.
        let variance = if position.abs() > 1e4 * size {
            2.0 * self.law.free_cumulants(2)[1]
        } else {
            2.0 * (slope - g * g).max(0.0) / (slope * slope)
        };
        let variance = Some(variance);
        Ok(Some(Outlier { detached: true, position, overlap, variance }))
    }
}

fn require(strength: f64) -> Result<()> {
    if strength.is_finite() && strength != 0.0 {
        return Ok(());
    }
    let limits = "must be finite and not 0: without a spike there is no outlier";
    Err(Error::OutOfRange { what: "the strength of a spike", value: strength, limits })
}
