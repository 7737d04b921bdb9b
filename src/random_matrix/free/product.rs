//! Free multiplicative convolution.

use std::sync::Arc;

use super::base::Base;
use super::curve_law::law_of_field;
use super::pair::Kind;
use super::pair_law::PairLaw;
use crate::error::Result;
use crate::random_matrix::law::Law;
use crate::random_matrix::spikes::outlier::Outlier;
use crate::random_matrix::transforms::non_negative;

/// The spectrum of A^(1/2) U B U' A^(1/2) for a random rotation U: the free multiplicative convolution of two laws on
/// [0, inf).
///
/// ```text
///     T(z) = T_A(w1) = T_B(w2),   w1 w2 = z (1 + T(z)) / T(z),      T(z) = int x mu(dx) / (z - x);      S = S_A S_B
/// ```
///
/// Of Jacobians of deep networks, for one. Densities are solved on the real axis by Newton's method; edges are roots of
/// dz/dT = 0. If one of the two is a Marchenko-Pastur law,
/// [`GeneralizedMarchenkoPastur`](crate::random_matrix::GeneralizedMarchenkoPastur) is faster. Cost: as for
/// [`FreeSum`](crate::random_matrix::FreeSum).
///
/// ```
/// use eigenscape::random_matrix::{FreeProduct, Law, MarchenkoPastur};
///
/// // Squared singular values of a product of two square Gaussian matrices: Fuss-Catalan numbers are its moments.
/// let square = MarchenkoPastur::new(1.0, 1.0)?;
/// let law = FreeProduct::new(square, square)?;
/// assert!((law.moment(3) - 12.0).abs() < 1e-10);
/// assert!((law.support()[0].upper - 6.75).abs() < 1e-10);
/// assert!((law.density(1.0)? - 0.17897912748802847).abs() < 1e-10);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Voiculescu 1987 (*J. Operator Theory* 18); Belinschi & Bercovici 2007 (doi:10.1007/s11854-007-0006-1); Penson &
/// Życzkowski 2011 (doi:10.1103/PhysRevE.83.061118, Fuss-Catalan).
#[derive(Clone, Debug)]
#[doc(alias = "multiplicative free convolution")]
#[doc(alias = "free probability")]
pub struct FreeProduct {
    law: PairLaw,
}

law_of_field!(FreeProduct, law);

impl FreeProduct {
    /// The free product of two laws on [0, inf).
    ///
    /// # Errors
    /// If a law has mass below 0 or none above it, or the laws have so many gaps and points that finding
    /// the edges would take minutes.
    pub fn new(first: impl Law + 'static, second: impl Law + 'static) -> Result<Self> {
        non_negative("the lower end of a factor", &first)?;
        non_negative("the lower end of a factor", &second)?;
        let law = PairLaw::new(Base::new(Arc::new(first)), Base::new(Arc::new(second)), Kind::Product)?;
        Ok(FreeProduct { law })
    }

    /// What one eigenvalue of the first factor, apart from its law, does to the spectrum; none, one or several outliers.
    ///
    /// ```text
    ///     w1(position) = spike,      overlap = spike / (position w1'(position))
    /// ```
    ///
    /// # Errors
    /// If the spike is not positive and finite or carries mass of the first law.
    pub fn outliers(&self, spike: f64) -> Result<Vec<Outlier>> {
        self.law.pair.outliers(spike, false)
    }

    /// The eigenvalue of the first factor that puts an outlier at an observed position: the inverse of [`outliers`](FreeProduct::outliers).
    ///
    /// # Errors
    /// If the position lies inside the bulk, where no spike can be told from noise, or no positive spike leads there.
    pub fn spike(&self, position: f64) -> Result<f64> {
        self.law.spike(position, false)
    }
}
