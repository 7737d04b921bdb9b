//! Gaussian noise added to any symmetric matrix.

use std::sync::Arc;

use super::base::Base;
use super::curve::Map;
use super::curve_law::{CurveLaw, law_of_field};
use crate::error::{Error, Result};
use crate::random_matrix::edges::edge::Edge;
use crate::random_matrix::law::{Interval, Law};
use crate::random_matrix::spikes::outlier::Outlier;

/// The spectrum of a symmetric matrix plus a Wigner matrix: the free sum of any law and a semicircle.
///
/// ```text
///     A + W,   A symmetric n x n with spectrum mu,   Var W_ij = s^2 / n
///     z = w - s^2 m_mu(w),      m(z) = m_mu(w)                                                    (Pastur 1972)
/// ```
///
/// A Hessian is a Gauss-Newton matrix plus a remainder: with mu a [`MarchenkoPastur`](crate::random_matrix::MarchenkoPastur) law
/// this is the law of "Wishart + Wigner". Solved on the curve where z is real; the edges are exact, and gaps of mu stay
/// open until the noise closes them. Cost: a few values of m_mu per point.
///
/// ```
/// use eigenscape::random_matrix::{DeformedWigner, Discrete, Law};
///
/// let coin = Discrete::new(&[-1.0, 1.0], &[0.5, 0.5])?;
/// assert_eq!(DeformedWigner::new(coin.clone(), 0.8)?.support().len(), 2); // two islands
/// let merged = DeformedWigner::new(coin, 2f64.sqrt())?;
/// assert_eq!(merged.support().len(), 1);
/// assert!((merged.density(0.0)? - 0.15915494309189537).abs() < 1e-14);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Pastur 1972 (doi:10.1007/BF01035768); Biane 1997 (doi:10.1512/iumj.1997.46.1467); Capitaine, Donati-Martin, Féral &
/// Février 2011 (doi:10.1214/EJP.v16-934, outliers).
#[derive(Clone, Debug)]
#[doc(alias = "free probability")]
#[doc(alias = "Pastur")]
pub struct DeformedWigner {
    law: CurveLaw,
    standard_deviation: f64,
}

law_of_field!(DeformedWigner, law);

impl DeformedWigner {
    /// The law of a matrix with spectrum `law` plus noise whose semicircle has a standard deviation s.
    ///
    /// # Errors
    /// Unless the standard deviation is positive and finite.
    pub fn new(law: impl Law + 'static, standard_deviation: f64) -> Result<Self> {
        Error::positive("the standard deviation of the noise", standard_deviation)?;
        let variance = standard_deviation * standard_deviation;
        Error::positive("the variance of the noise", variance)?;
        let law = CurveLaw::new(Base::new(Arc::new(law)), Map::Semicircular { variance })?;
        Ok(DeformedWigner { law, standard_deviation })
    }

    /// The standard deviation s of the noise.
    pub fn standard_deviation(&self) -> f64 {
        self.standard_deviation
    }

    /// The law of the matrix without noise.
    pub fn base(&self) -> &dyn Law {
        self.law.curve.base.law()
    }

    /// What one eigenvalue of A apart from its law does to the spectrum.
    ///
    /// ```text
    ///     detached  z'(spike) > 0;    position z(spike);    overlap z'(spike);    n Var -> 2 s^2 z'(spike)
    /// ```
    ///
    /// The variance is for Gaussian noise.
    ///
    /// # Errors
    /// If the spike is not finite.
    pub fn outlier(&self, spike: f64) -> Result<Outlier> {
        Error::finite("the spike", &[spike], "give an eigenvalue of the matrix without noise")?;
        let curve = &self.law.curve;
        if let Some(bulk) = curve.bulks.iter().find(|b| b.points.lower <= spike && spike <= b.points.upper) {
            let Interval { lower, upper } = bulk.points;
            return Ok(Outlier::attached(bulk.support, spike - lower >= upper - spike));
        }
        let [position, slope] = curve.value(spike.into())?.map(|value| value.re);
        let variance = Some(2.0 * self.standard_deviation * self.standard_deviation * slope);
        Ok(Outlier { detached: true, position, overlap: slope, variance })
    }

    /// The edges of all bulks at a finite size, ascending, lower and upper in turns: where the extreme eigenvalues of each
    /// fluctuate, and by how much. With rho(x) = (a/pi) sqrt(distance), the scale is (a n)^(-2/3).
    ///
    /// # Errors
    /// If the size is 0.
    ///
    /// # References
    /// Lee & Schnelli 2015 (doi:10.1142/S0129055X15500178).
    pub fn edges(&self, size: usize) -> Result<Vec<Edge>> {
        Error::at_least("the size of a deformed Wigner matrix", size, 1, "must be at least 1")?;
        self.law.edges(size as f64)
    }

    /// The eigenvalue of A that puts its outlier at an observed position.
    ///
    /// # Errors
    /// If the position is not finite or lies inside the bulk.
    pub fn spike(&self, position: f64) -> Result<f64> {
        Ok(self.law.curve.solve(position.into())?.re)
    }
}
