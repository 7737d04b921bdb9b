//! The mean number of critical points of a spherical spin glass at a finite size.

use rayon::prelude::*;

use super::spherical::checked;
use crate::error::{Error, Result};
use crate::random_matrix::OrthogonalOrderStatistics;

/// The mean number of critical points of the spherical p-spin model by index and energy, exact at a finite number of spins.
///
/// ```text
///     E #{critical points of index k, H/N in B} = 2 sqrt(2/p) (p - 1)^(N/2) E[ exp(-(p - 2)/(2 p) y_k^2); u(y_k) in B ]
///     y_0 <= .. <= y_{N-1}: eigenvalues of a GOE matrix with entries of variance 1/2,   u(y) = sqrt(2 (p - 1)/(p N)) y
/// ```
///
/// The formula of Kac and Rice counts zeros of the gradient by |det Hessian|; since the Hessian on the sphere is a GOE matrix shifted
/// by the energy, of size N - 1, the determinant is the repulsion of one eigenvalue more from all others, and what remains
/// is the law of the k-th eigenvalue of size N. That law is [`OrthogonalOrderStatistics`], so nothing is sampled and nothing is a limit.
/// The index counts the negative eigenvalues on the sphere, 0 to N - 1. It is the mean of a number that varies from sample to sample:
/// the logarithm of the mean is not the mean of the logarithm.
///
/// Cost: N^4/3 operations at each energy. Up to 200 spins.
///
/// ```
/// use eigenscape::landscape::KacRice;
///
/// // On a circle the gradient is one random wave, with 2 sqrt(3 p - 2) zeros.
/// let circle = KacRice::new(3, 2)?;
/// let expected = circle.expected()?;
/// assert!((expected[0] - 7f64.sqrt()).abs() < 1e-12 && (expected[1] - 7f64.sqrt()).abs() < 1e-12);
/// // Pairs: the eigenvectors of a symmetric matrix, each with both signs.
/// assert!(KacRice::new(2, 5)?.expected()?.iter().all(|count| (count - 2.0).abs() < 1e-11));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Auffinger, Ben Arous & Cerny 2013, arXiv:1003.1129 (theorem 2.1); Fyodorov 2004, arXiv:cond-mat/0401287.
#[derive(Clone, Debug)]
#[doc(alias = "Kac-Rice")]
pub struct KacRice {
    interactions: f64,
    spins: f64,
    eigenvalues: OrthogonalOrderStatistics,
}

impl KacRice {
    /// The model with p = `interactions` and N = `spins`.
    ///
    /// # Errors
    /// If either is less than 2, there are more than 200 spins, or (p - 1)^(N/2) is too large for doubles.
    pub fn new(interactions: usize, spins: usize) -> Result<Self> {
        checked(interactions, spins)?;
        // Variance 1/2 off the diagonal.
        let eigenvalues = OrthogonalOrderStatistics::new(spins, libm::sqrt(spins as f64 / 2.0))?;
        let counts = KacRice { interactions: interactions as f64, spins: spins as f64, eigenvalues };
        if counts.log_factor() > 650.0 {
            return Err(Error::OutOfRange {
                what: "(p - 1)^(N/2), about the number of critical points of a spin glass,",
                value: libm::exp(counts.log_factor()),
                limits: "must be below 1e280: take fewer spins, or fewer that interact",
            });
        }
        Ok(counts)
    }

    /// u / y.
    fn unit(&self) -> f64 {
        libm::sqrt(2.0 * (self.interactions - 1.0) / (self.interactions * self.spins))
    }

    /// ln of the factor before the mean.
    fn log_factor(&self) -> f64 {
        let p = self.interactions;
        libm::log(2.0 * libm::sqrt(2.0 / p)) + self.spins / 2.0 * libm::log(p - 1.0)
    }

    /// For each index, the mean number of critical points per unit of energy per spin, at an energy per spin.
    ///
    /// # Errors
    /// If the energy is not finite.
    pub fn densities(&self, energy: f64) -> Result<Vec<f64>> {
        let y = energy / self.unit();
        let mut densities = self.eigenvalues.densities(y)?;
        let p = self.interactions;
        let factor = libm::exp(self.log_factor() - (p - 2.0) / (2.0 * p) * y * y) / self.unit();
        densities.iter_mut().for_each(|density| *density *= factor);
        Ok(densities)
    }

    /// For each index, the mean number of critical points at energies per spin between two.
    ///
    /// # Errors
    /// If an energy is not a number, or the second is not above the first.
    pub fn expected_between(&self, low: f64, high: f64) -> Result<Vec<f64>> {
        if low.is_nan() || high.is_nan() || low >= high {
            let limits = "must be above the lower end, and neither may be NaN";
            return Err(Error::OutOfRange { what: "the upper end of a range of energies", value: high, limits });
        }
        let end = (libm::sqrt(2.0 * self.spins) + 9.0) * self.unit();
        let (low, high) = (low.max(-end), high.min(end));
        if low >= high {
            return Ok(vec![0.0; self.spins as usize]);
        }
        // Steps of a fraction of the distance between eigenvalues, in the double exponential rule (Takahasi & Mori 1974): for what is smooth up
        // to the ends of a stretch it is what the trapezoidal rule is on the line.
        let steps = ((high - low) / self.unit() * libm::sqrt(2.0 * self.spins) * 2.0).ceil() as usize + 60;
        let half = 3.2;
        let terms: Vec<Result<Vec<f64>>> = (0..=steps)
            .into_par_iter()
            .map(|i| {
                let t = half * (2.0 * i as f64 / steps as f64 - 1.0);
                let (sinh, cosh) =
                    (libm::sinh(t) * std::f64::consts::FRAC_PI_2, libm::cosh(t) * std::f64::consts::FRAC_PI_2);
                let (place, slope) = (libm::tanh(sinh), cosh / (libm::cosh(sinh) * libm::cosh(sinh)));
                let energy = low + (high - low) * (1.0 + place) / 2.0;
                let weight = slope * (high - low) / 2.0 * 2.0 * half / steps as f64;
                Ok(self.densities(energy)?.into_iter().map(|density| density * weight).collect())
            })
            .collect();
        let mut sums = vec![0.0; self.spins as usize];
        for term in terms {
            sums.iter_mut().zip(term?).for_each(|(sum, term)| *sum += term);
        }
        Ok(sums)
    }

    /// For each index, the mean number of critical points of all energies.
    ///
    /// # Errors
    /// None for a model that could be made.
    pub fn expected(&self) -> Result<Vec<f64>> {
        let end = libm::sqrt(2.0 * self.spins) + 9.0;
        // The trapezoidal rule is exact, up to rounding, for what is analytic and decays.
        let steps = (end * libm::sqrt(2.0 * self.spins)).ceil() as i64 * 3 + 40;
        let width = end * self.unit() / steps as f64;
        let terms: Vec<Result<Vec<f64>>> =
            (-steps..=steps).into_par_iter().map(|i| self.densities(i as f64 * width)).collect();
        let mut sums = vec![0.0; self.spins as usize];
        for term in terms {
            sums.iter_mut().zip(term?).for_each(|(sum, term)| *sum += term * width);
        }
        Ok(sums)
    }
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(KacRice {
    interactions: usize = |counts| counts.interactions as usize,
    spins: usize = |counts| counts.spins as usize,
} by KacRice::new(interactions, spins));
