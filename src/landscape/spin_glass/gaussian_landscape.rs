//! Gaussian landscapes in flat space: what the Hessian at a critical point of an energy looks like.

use crate::error::{Error, Result};
use crate::random_matrix::{Law, Semicircle};

/// A smooth Gaussian landscape on R^N without preferred places or directions, for large N.
///
/// ```text
///     E V(x) V(x') = N f(|x - x'|^2 / (2 N)),    epsilon = V / N,    f, f', f'' at 0:  f > 0, f' < 0, f'' > f'^2/f
///     Hessian at x:  sqrt(f'') W + t I,   W: semicircle on -+2,    t ~ N(m, v/N) given epsilon,   m = f'/f epsilon,  v = f'' - f'^2/f
/// ```
///
/// Critical points weigh t by |det|, which prefers shifts away from 0. Their mean number is exp(N Sigma) for each unit of volume and of
/// epsilon and t,
///
/// ```text
///     Sigma(epsilon, t) = -epsilon^2/(2 f) - (t - m)^2/(2 v) - (1/2) ln(2 pi |f'|/f'') + phi(t/sqrt(f'')),
///     phi(s) = int ln|x + s| over the semicircle = s^2/4 - 1/2 for |s| <= 2
/// ```
///
/// so that at each energy one shift, and with it one share of negative eigenvalues, dominates: within the bulk t = 2 m f''/(f'' + f'^2/f), a
/// straight line. Low energy goes with low index; it is the picture that was then found for the loss of neural networks (Dauphin et
/// al. 2014). Energies count from the mean of V, and volumes in the units of x.
///
/// ```
/// use eigenscape::landscape::GaussianLandscape;
///
/// let landscape = GaussianLandscape::new(1.0, -1.0, 2.0)?;
/// let (low, high) = (landscape.index_share(-1.0)?, landscape.index_share(1.0)?);
/// assert!(low < 0.5 && (low + high - 1.0).abs() < 1e-12);
/// assert!((landscape.shift(-1.0)? - 4.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Bray & Dean 2007, arXiv:cond-mat/0611023; Fyodorov 2004, arXiv:cond-mat/0401287; Dauphin et al. 2014, arXiv:1406.2572.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianLandscape {
    f: f64,
    slope: f64,
    bend: f64,
}

impl GaussianLandscape {
    /// A landscape by its covariance f and the first two derivatives of that at distance 0.
    ///
    /// # Errors
    /// If f or f'' is not finite and positive, f' not finite and negative, or f'' not above f'^2/f: no such covariance exists.
    pub fn new(f: f64, slope: f64, bend: f64) -> Result<Self> {
        Error::positive("the covariance of a landscape at distance 0", f)?;
        Error::positive("the negative slope of a landscape's covariance at distance 0", -slope)?;
        Error::positive("the second derivative of a landscape's covariance at distance 0", bend)?;
        Error::positive("f'' - f'^2/f of a landscape's covariance", bend - slope * slope / f)?;
        Ok(GaussianLandscape { f, slope, bend })
    }

    /// m and f'^2/f.
    fn given(&self, energy: f64) -> Result<(f64, f64)> {
        Error::finite("the energy of a critical point", &[energy], "ask at a finite energy")?;
        Ok((self.slope / self.f * energy, self.slope * self.slope / self.f))
    }

    /// The shift t of the Hessian's spectrum at critical points of an energy per dimension.
    ///
    /// # Errors
    /// If the energy is not finite.
    pub fn shift(&self, energy: f64) -> Result<f64> {
        let (m, a) = self.given(energy)?;
        let within = 2.0 * m * self.bend / (self.bend + a);
        let root = libm::sqrt(self.bend);
        if within.abs() <= 2.0 * root {
            return Ok(within);
        }
        // The shift is stationary where (t - m)/v = w/sqrt(f'') with t/sqrt(f'') = w + 1/w, |w| < 1.
        let size = m.abs();
        let w = 2.0 * root / (size + libm::sqrt((size * size - 4.0 * a).max(0.0)));
        Ok(root * (w + 1.0 / w) * m.signum())
    }

    /// The share of negative eigenvalues at critical points of an energy per dimension.
    ///
    /// # Errors
    /// If the energy is not finite.
    pub fn index_share(&self, energy: f64) -> Result<f64> {
        Semicircle::new(libm::sqrt(self.bend))?.cumulative(-self.shift(energy)?)
    }

    /// Sigma(epsilon) at its best shift: the rate of all critical points of an energy per dimension.
    ///
    /// # Errors
    /// If the energy is not finite.
    pub fn complexity(&self, energy: f64) -> Result<f64> {
        self.complexity_at(energy, self.shift(energy)?)
    }

    /// Sigma(epsilon, t).
    ///
    /// # Errors
    /// If the energy or the shift is not finite.
    pub fn complexity_at(&self, energy: f64, shift: f64) -> Result<f64> {
        let (m, a) = self.given(energy)?;
        Error::finite("the shift of a Hessian", &[shift], "ask at a finite shift")?;
        let units = libm::log(2.0 * std::f64::consts::PI * -self.slope / self.bend) / 2.0;
        let s = (shift / libm::sqrt(self.bend)).abs();
        let outside = if s > 2.0 {
            let root = libm::sqrt((s - 2.0) * (s + 2.0));
            s * root / 4.0 - libm::log((s + root) / 2.0)
        } else {
            0.0
        };
        let off = shift - m;
        Ok(-energy * energy / (2.0 * self.f) - off * off / (2.0 * (self.bend - a)) - units + s * s / 4.0
            - 0.5
            - outside)
    }
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(GaussianLandscape {
    f: f64 = |landscape| landscape.f,
    slope: f64 = |landscape| landscape.slope,
    bend: f64 = |landscape| landscape.bend,
} by GaussianLandscape::new(f, slope, bend));
