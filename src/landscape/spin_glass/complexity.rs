//! How many critical points a large spherical spin glass has, by energy and index.

use crate::error::{Error, Result};
use crate::random_matrix::{Law, Semicircle};

/// The complexity of the spherical p-spin model: the exponential rate of its mean number of critical points.
///
/// ```text
///     Theta(u)   = lim (1/N) ln E #{critical points with H <= N u}                      u: energy per spin
///     Theta_k(u) = the same for index k: k negative eigenvalues on the sphere
///
///     E_inf = 2 sqrt((p - 1)/p),   I(u) = -u/E_inf^2 sqrt(u^2 - E_inf^2) - ln(-u + sqrt(u^2 - E_inf^2)) + ln E_inf   (u <= -E_inf)
///     Theta_k(u) = (1/2) ln(p - 1) - (p - 2)/(4 (p - 1)) u^2 - (k + 1) I(u)   for u <= -E_inf,   constant above
/// ```
///
/// Below the **threshold** -E_inf critical points of finite index lie in layers: minima down to the ground state -E_0, saddles of index 1
/// down to -E_1 > -E_0, and so on; above it the index is a share of N that grows with the energy ([`index_share`](Self::index_share)), and
/// gradient descent from a random start does not come below it in times that do not grow with N. These are rates of means, which for this
/// model are the typical ones too (Subag 2017); at finite N see [`KacRice`](crate::landscape::KacRice).
///
/// ```
/// use eigenscape::landscape::SpinGlassComplexity;
///
/// let model = SpinGlassComplexity::new(3)?;
/// assert!((model.threshold() + 1.632993161855452).abs() < 1e-14);
/// assert!((model.layer(0) + 1.656998).abs() < 1e-5); // the ground state
/// assert!(model.layer(0) < model.layer(1) && model.layer(1) < model.threshold());
/// assert!(model.of_index(0, -1.64)? > model.of_index(1, -1.64)?);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Auffinger, Ben Arous & Cerny 2013, arXiv:1003.1129 (theorems 2.5, 2.8); Subag 2017, arXiv:1504.02251; Cugliandolo & Kurchan 1993,
/// arXiv:cond-mat/9303036 (descent ends at the threshold).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "p-spin")]
#[doc(alias = "Auffinger-Ben Arous-Černý")]
pub struct SpinGlassComplexity {
    interactions: usize,
}

impl SpinGlassComplexity {
    /// The model with p = `interactions`.
    ///
    /// # Errors
    /// If p is less than 3: with pairs there are 2 N critical points, and no complexity.
    pub fn new(interactions: usize) -> Result<Self> {
        Error::at_least(
            "the number of spins that interact",
            interactions,
            3,
            "must be at least 3: pairs have no complexity",
        )?;
        Ok(SpinGlassComplexity { interactions })
    }

    fn p(&self) -> f64 {
        self.interactions as f64
    }

    /// -E_inf: minima lie below it, saddles of extensive index above.
    pub fn threshold(&self) -> f64 {
        -2.0 * libm::sqrt((self.p() - 1.0) / self.p())
    }

    /// (1/2) ln(p - 1) - (p - 2)/(4 (p - 1)) u^2: the rate of all critical points about an energy above the threshold.
    fn parabola(&self, u: f64) -> f64 {
        let p = self.p();
        libm::log(p - 1.0) / 2.0 - (p - 2.0) / (4.0 * (p - 1.0)) * u * u
    }

    /// I(u): the rate at which the first eigenvalue leaves the bulk.
    fn rate(&self, u: f64) -> f64 {
        let end = -self.threshold();
        let root = libm::sqrt((-u - end).max(0.0)) * libm::sqrt(-u + end);
        -u / (end * end) * root - libm::log((-u + root) / end)
    }

    /// Theta(u), of critical points up to an energy per spin.
    ///
    /// # Errors
    /// If the energy is not finite.
    pub fn total(&self, energy: f64) -> Result<f64> {
        finite(energy)?;
        let rate = if energy <= self.threshold() { self.rate(energy) } else { 0.0 };
        Ok(self.parabola(energy.min(0.0)) - rate)
    }

    /// Theta_k(u), of those with index k.
    ///
    /// # Errors
    /// If the energy is not finite.
    pub fn of_index(&self, index: usize, energy: f64) -> Result<f64> {
        finite(energy)?;
        let below = energy.min(self.threshold());
        Ok(self.parabola(below) - (index as f64 + 1.0) * self.rate(below))
    }

    /// -E_k: the energy per spin below which there are no critical points of index k, nor greater; k = 0 is the ground state.
    pub fn layer(&self, index: usize) -> f64 {
        let (mut low, mut high) = (-2.0 * libm::sqrt(2.0 * libm::log(self.p())) - 2.0, self.threshold());
        for _ in 0..200 {
            let middle = (low + high) / 2.0;
            let rate = self.parabola(middle) - (index as f64 + 1.0) * self.rate(middle);
            if rate < 0.0 { low = middle } else { high = middle }
        }
        high
    }

    /// Where the spectrum of the Hessian on the sphere lies at an energy per spin: the semicircle on -p u -+ 2 sqrt(p (p - 1)), as its
    /// middle and its radius.
    pub fn hessian(&self, energy: f64) -> (f64, f64) {
        (-self.p() * energy, 2.0 * libm::sqrt(self.p() * (self.p() - 1.0)))
    }

    /// The share of negative eigenvalues at critical points of an energy per spin, in the limit: 0 up to the threshold, 1/2 at 0.
    ///
    /// # Errors
    /// If the energy is not finite.
    pub fn index_share(&self, energy: f64) -> Result<f64> {
        finite(energy)?;
        let (middle, radius) = self.hessian(energy);
        Semicircle::new(radius / 2.0)?.cumulative(-middle)
    }
}

fn finite(energy: f64) -> Result<()> {
    Error::finite("the energy per spin", &[energy], "ask at a finite energy")
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(SpinGlassComplexity { interactions: usize = |glass| glass.interactions }
    by SpinGlassComplexity::new(interactions));
