//! Covariances whose rows and columns are both correlated.

use std::sync::Arc;

use super::base::Base;
use super::curve_law::law_of_field;
use super::pair::Kind;
use super::pair_law::PairLaw;
use crate::error::{Error, Result};
use crate::random_matrix::law::Law;
use crate::random_matrix::spikes::outlier::Outlier;
use crate::random_matrix::transforms::non_negative;

/// The spectrum of a sample covariance with correlated rows *and* columns.
///
/// ```text
///     S = (1/n) A^(1/2) X B X' A^(1/2),   X: p x n, independent entries of variance 1,   c = p / n
///     A: p x p with spectrum nu_A,   B: n x n with spectrum nu_B,   T_A(u) = int a nu_A(da) / (u - a)
///     c T_A(u) = T_B(v) = l,     z = u v l,     m(z) = -(1 + T_A(u)) / z
/// ```
///
/// Samples that are correlated among themselves (a time series, examples of one class, logits of one example) with
/// variables that have a covariance of their own: both of its populations show in the spectrum. In the usual notation
/// delta = -1/v and delta~ = -1/u solve the two coupled equations. The law counts all p eigenvalues, the atom
/// max(nu_A{0}, 1 - (1 - nu_B{0}) / c) at 0 among them. Densities are solved by Newton's method on the real axis, edges are
/// roots of dz/dl = 0. With B the identity this is
/// [`GeneralizedMarchenkoPastur`](crate::random_matrix::GeneralizedMarchenkoPastur), which is faster.
///
/// ```
/// use eigenscape::random_matrix::{Discrete, Law, SeparableCovariance};
///
/// let rows = Discrete::new(&[1.0, 4.0], &[0.5, 0.5])?;
/// let columns = Discrete::new(&[0.5, 1.5], &[0.5, 0.5])?;
/// let law = SeparableCovariance::new(rows, columns, 0.25)?;
/// assert!((law.moment(1) - 2.5).abs() < 1e-14); // the product of the means
/// assert!((law.cumulative(law.quantile(0.3)?)? - 0.3).abs() < 1e-10);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Paul & Silverstein 2009 (doi:10.1016/j.jmva.2008.03.006); Couillet & Hachem 2014 (doi:10.1142/S2010326314500166); Ding &
/// Yang 2021 (doi:10.1214/20-AOS1995, spikes).
#[derive(Clone, Debug)]
pub struct SeparableCovariance {
    law: PairLaw,
    ratio: f64,
}

law_of_field!(SeparableCovariance, law);

impl SeparableCovariance {
    /// The law of a population of the rows, one of the columns and a ratio c, rows over columns.
    ///
    /// # Errors
    /// If a population has mass below 0 or none above it, the ratio is not positive and finite, or the populations have
    /// so many gaps and points that finding the edges would take minutes.
    pub fn new(rows: impl Law + 'static, columns: impl Law + 'static, ratio: f64) -> Result<Self> {
        Error::positive("the ratio of a separable covariance", ratio)?;
        non_negative("the lower end of a population of rows", &rows)?;
        non_negative("the lower end of a population of columns", &columns)?;
        let kind = Kind::Separable { ratio };
        let law = PairLaw::new(Base::new(Arc::new(rows)), Base::new(Arc::new(columns)), kind)?;
        Ok(SeparableCovariance { law, ratio })
    }

    /// The ratio c.
    pub fn ratio(&self) -> f64 {
        self.ratio
    }

    /// What one more eigenvalue of A does to the spectrum; none, one or several outliers. The overlap is with the
    /// eigenvector of A.
    ///
    /// ```text
    ///     u(position) = spike,      overlap = spike / (position u'(position))
    /// ```
    ///
    /// # Errors
    /// If the spike is not positive and finite or carries mass of the rows' population.
    pub fn row_outliers(&self, spike: f64) -> Result<Vec<Outlier>> {
        self.law.pair.outliers(spike, false)
    }

    /// What one more eigenvalue of B does to the spectrum. The overlap is that of the right singular vector of
    /// A^(1/2) X B^(1/2) with the eigenvector of B.
    ///
    /// # Errors
    /// If the spike is not positive and finite or carries mass of the columns' population.
    pub fn column_outliers(&self, spike: f64) -> Result<Vec<Outlier>> {
        self.law.pair.outliers(spike, true)
    }

    /// The eigenvalue of A that puts an outlier at an observed position: the inverse of [`row_outliers`](SeparableCovariance::row_outliers).
    ///
    /// # Errors
    /// If the position lies inside the bulk, where no spike can be told from noise, or no positive spike leads there.
    pub fn row_spike(&self, position: f64) -> Result<f64> {
        self.law.spike(position, false)
    }

    /// The eigenvalue of B that puts an outlier at an observed position: the inverse of [`column_outliers`](SeparableCovariance::column_outliers).
    ///
    /// # Errors
    /// If the position lies inside the bulk, where no spike can be told from noise, or no positive spike leads there.
    pub fn column_spike(&self, position: f64) -> Result<f64> {
        self.law.spike(position, true)
    }
}
