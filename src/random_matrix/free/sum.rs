//! Free additive convolution.

use std::sync::Arc;

use super::base::Base;
use super::curve_law::law_of_field;
use super::pair::Kind;
use super::pair_law::PairLaw;
use crate::error::Result;
use crate::random_matrix::law::Law;
use crate::random_matrix::spikes::outlier::Outlier;

/// The spectrum of A + U B U' for a random rotation U: the free additive convolution of two laws.
///
/// ```text
///     G(z) = G_A(w1) = G_B(w2),   w1 + w2 = z + 1 / G(z)           R = R_A + R_B,   free cumulants add
/// ```
///
/// Two matrices whose eigenvectors have nothing to do with each other add like this, whatever their spectra. Densities are
/// solved on the real axis by Newton's method; edges are roots of dz/dG = 0, found for every pair of gaps; atoms are where
/// weights exceed 1 together. If one of the two is a semicircle, [`DeformedWigner`](crate::random_matrix::DeformedWigner) is
/// faster. Cost: some ten values of both transforms per point; the distribution is tabulated at its first use.
///
/// ```
/// use eigenscape::random_matrix::{Discrete, FreeSum, Law};
///
/// // The sum of two fair coins that do not commute: the arcsine law on [-2, 2].
/// let coin = Discrete::new(&[-1.0, 1.0], &[0.5, 0.5])?;
/// let sum = FreeSum::new(coin.clone(), coin)?;
/// assert!((sum.density(0.0)? - 0.15915494309189535).abs() < 1e-12);
/// assert!((sum.cumulative(1.0)? - 2.0 / 3.0).abs() < 1e-9);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Voiculescu 1986 (doi:10.1016/0022-1236(86)90062-5); Belinschi & Bercovici 2007 (doi:10.1007/s11854-007-0006-1); Belinschi,
/// Bercovici, Capitaine & Février 2017 (doi:10.1214/16-AOP1144, outliers).
#[derive(Clone, Debug)]
#[doc(alias = "free convolution")]
#[doc(alias = "free probability")]
pub struct FreeSum {
    law: PairLaw,
}

law_of_field!(FreeSum, law);

impl FreeSum {
    /// The free sum of two laws.
    ///
    /// # Errors
    /// If the laws have so many gaps and points that finding the edges would take minutes: smooth one of them.
    pub fn new(first: impl Law + 'static, second: impl Law + 'static) -> Result<Self> {
        let law = PairLaw::new(Base::new(Arc::new(first)), Base::new(Arc::new(second)), Kind::Sum)?;
        Ok(FreeSum { law })
    }

    /// What one eigenvalue of the first matrix, apart from its law, does to the spectrum; none, one or several outliers.
    ///
    /// ```text
    ///     w1(position) = spike,      overlap = 1 / w1'(position)
    /// ```
    ///
    /// If the second law has gaps, a single spike may put an outlier into several of them.
    ///
    /// # Errors
    /// If the spike is not finite or carries mass of the first law.
    pub fn outliers(&self, spike: f64) -> Result<Vec<Outlier>> {
        self.law.pair.outliers(spike, false)
    }

    /// The eigenvalue of the first matrix that puts an outlier at an observed position: the inverse of [`outliers`](FreeSum::outliers).
    ///
    /// # Errors
    /// If the position lies inside the bulk, where no spike can be told from noise.
    pub fn spike(&self, position: f64) -> Result<f64> {
        self.law.spike(position, false)
    }
}
