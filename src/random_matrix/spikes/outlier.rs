//! One spike in noise: when it shows in the spectrum, where, and what its eigenvector knows of it.

use crate::error::{Error, Result};
use crate::random_matrix::law::Interval;
use crate::random_matrix::laws::marchenko_pastur::MarchenkoPastur;
use crate::random_matrix::laws::semicircle::Semicircle;

/// What becomes of one spike in a large noisy matrix: all limits, for size to infinity.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "BBP")]
pub struct Outlier {
    /// Whether an eigenvalue leaves the bulk: whether the spike is strictly beyond the threshold.
    pub detached: bool,
    /// The limit of the extreme eigenvalue on the spike's side: the outlier, or the edge of the bulk.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub position: f64,
    /// The limit of <v, u>^2 for the unit eigenvector v of that eigenvalue and the unit direction u of the spike, in
    /// [0, 1]: 0 if nothing is detached.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub overlap: f64,
    /// The limit of (size) x (variance of the outlier), for real Gaussian noise: its fluctuations are Gaussian. The
    /// size is the number of samples of a covariance, the dimension of a Wigner matrix. `None` if nothing is detached
    /// (the edge fluctuates by size^(-2/3), and not as a Gaussian), or if it is not known.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub variance: Option<f64>,
}

impl Outlier {
    /// The standard deviation of the outlier at a finite size, sqrt(variance / size); `None` if nothing is detached.
    ///
    /// For complex noise of the same variance divide by sqrt(2).
    pub fn standard_deviation(&self, size: usize) -> Option<f64> {
        self.variance.map(|variance| (variance / size as f64).sqrt())
    }

    pub(in crate::random_matrix) fn attached(edges: Interval, above: bool) -> Self {
        let position = if above { edges.upper } else { edges.lower };
        Outlier { detached: false, position, overlap: 0.0, variance: None }
    }
}

/// A sample covariance whose population has one eigenvalue unlike the others.
///
/// ```text
///     S = (1/n) sum_i x_i x_i',   x_i ~ N(0, v (I + theta u u')),   p variables, n samples, c = p / n
///     population spike   ell = v (1 + theta)
///     detached           |theta| > sqrt c
///     position           ell (1 + c / theta)
///     overlap            (1 - c / theta^2) / (1 + c / theta)
///     variance           n Var(position) -> 2 ell^2 (1 - c / theta^2)
/// ```
///
/// The spike is the population *eigenvalue*, in the units of the bulk's variance. A spike below v shows below the
/// bulk, and only for c < 1: nothing can detach between the zeros and the bulk of a singular sample covariance.
/// Even far above the threshold a sample eigenvalue is larger than the population's and its eigenvector is tilted. See
/// the [module](crate::random_matrix) for when not to trust these limits.
///
/// ```
/// use eigenscape::random_matrix::{MarchenkoPastur, SpikedCovariance};
///
/// let noise = MarchenkoPastur::new(0.5, 1.0)?; // half as many variables as samples
/// let outlier = SpikedCovariance::new(noise, 3.0)?.outlier();
/// assert!(outlier.detached);
/// assert!((outlier.position - 3.75).abs() < 1e-14);
/// assert!((outlier.overlap - 0.7).abs() < 1e-14);
///
/// // Read backwards: an eigenvalue of 3.75 was seen.
/// let spiked = SpikedCovariance::from_outlier(noise, 3.75)?;
/// assert!((spiked.spike() - 3.0).abs() < 1e-14);
///
/// // The surprising case: a direction with 1.7 times the variance leaves no trace in the spectrum at all.
/// let hidden = SpikedCovariance::new(noise, 1.7)?;
/// assert!(!hidden.outlier().detached && hidden.outlier().overlap == 0.0);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Baik, Ben Arous & Péché 2005 (arXiv:math/0403022); Baik & Silverstein 2006 (arXiv:math/0408165); Paul 2007
/// (*Statistica Sinica* 17, overlap and variance).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[doc(alias = "BBP")]
#[doc(alias = "Baik-Ben Arous-Péché")]
pub struct SpikedCovariance {
    bulk: MarchenkoPastur,
    spike: f64,
}

impl SpikedCovariance {
    /// The bulk of the noise with one population eigenvalue at `spike`.
    ///
    /// # Errors
    /// Unless the spike is finite and at least 0, and the position finite.
    pub fn new(bulk: MarchenkoPastur, spike: f64) -> Result<Self> {
        if !(spike.is_finite() && spike >= 0.0) {
            return Err(Error::OutOfRange {
                what: "the population spike",
                value: spike,
                limits: "must be finite and at least 0: it is an eigenvalue of a covariance",
            });
        }
        let spiked = SpikedCovariance { bulk, spike };
        representable(spiked.outlier())?;
        Ok(spiked)
    }

    /// The spike that puts its outlier at an observed `position`: the inverse of [`SpikedCovariance::outlier`].
    ///
    /// The spike's standard error follows from the outlier's by the slope: d position / d ell = 1 - c / theta^2.
    ///
    /// # Errors
    /// If the position is inside the bulk or on its edge (there no spike can be told from noise), below 0, or below
    /// the bulk of a ratio >= 1.
    pub fn from_outlier(bulk: MarchenkoPastur, position: f64) -> Result<Self> {
        let edges = bulk.edges();
        let limits = "must be finite and outside of the bulk: no spike can be told from noise inside it, and below it \
                      only at or above 0 and for a ratio below 1";
        let possible = position > edges.upper || bulk.ratio() < 1.0 && position >= 0.0;
        let strength = strength(edges, position).filter(|_| possible);
        let strength = strength.ok_or(Error::OutOfRange { what: "the observed outlier", value: position, limits })?;
        SpikedCovariance::new(bulk, (bulk.variance() + strength).max(0.0))
    }

    /// The law of the noise.
    pub fn bulk(&self) -> MarchenkoPastur {
        self.bulk
    }

    /// The population spike ell.
    pub fn spike(&self) -> f64 {
        self.spike
    }

    /// The population spike beyond which an outlier detaches, on the spike's own side: v (1 + sqrt c) for a spike of at
    /// least v; v (1 - sqrt c) below, or 0 where nothing can.
    pub fn threshold(&self) -> f64 {
        let root = if self.spike < self.bulk.variance() { -self.bulk.ratio().sqrt() } else { self.bulk.ratio().sqrt() };
        (self.bulk.variance() * (1.0 + root)).max(0.0)
    }

    /// What the spike does to the spectrum. Cost: a few operations.
    pub fn outlier(&self) -> Outlier {
        let (ratio, variance) = (self.bulk.ratio(), self.bulk.variance());
        let root = ratio.sqrt();
        let theta = (self.spike - variance) / variance;
        if theta.abs() <= root {
            return Outlier::attached(self.bulk.edges(), theta >= 0.0);
        }
        let above_threshold = (1.0 - root / theta) * (1.0 + root / theta);
        let inflation = 1.0 + ratio / theta;
        Outlier {
            detached: true,
            position: self.spike * inflation,
            overlap: above_threshold / inflation,
            variance: Some(2.0 * self.spike * self.spike * above_threshold),
        }
    }
}

/// A symmetric matrix of noise plus one direction.
///
/// ```text
///     A = W + theta u u',   W symmetric n x n, Var W_ij = s^2 / n  (i != j),  2 s^2 / n on the diagonal
///     detached    |theta| > s
///     position    theta + s^2 / theta
///     overlap     1 - s^2 / theta^2
///     variance    n Var(position) -> 2 s^2 (1 - s^2 / theta^2)
/// ```
///
/// A negative spike shows below the bulk. Position and overlap hold for every noise of this variance; the variance for
/// the Gaussian orthogonal ensemble with a diagonal as above. (With another law of the entries and u along an axis,
/// the outlier is not even Gaussian: Capitaine et al.) See the [module](crate::random_matrix) for when not to trust these limits.
///
/// ```
/// use eigenscape::random_matrix::{Semicircle, SpikedWigner};
///
/// let outlier = SpikedWigner::new(Semicircle::new(1.0)?, 2.0)?.outlier();
/// assert_eq!((outlier.position, outlier.overlap), (2.5, 0.75));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Péché 2006 (arXiv:math/0411487); Capitaine, Donati-Martin & Féral 2009 (arXiv:0706.0136); Benaych-Georges &
/// Nadakuditi 2011 (arXiv:0910.2120, overlap).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[doc(alias = "BBP")]
pub struct SpikedWigner {
    bulk: Semicircle,
    spike: f64,
}

impl SpikedWigner {
    /// The bulk of the noise plus `spike` times the projection on one direction.
    ///
    /// # Errors
    /// Unless the spike and its position are finite.
    pub fn new(bulk: Semicircle, spike: f64) -> Result<Self> {
        if !spike.is_finite() {
            return Err(Error::OutOfRange { what: "the spike", value: spike, limits: "must be finite" });
        }
        let spiked = SpikedWigner { bulk, spike };
        representable(spiked.outlier())?;
        Ok(spiked)
    }

    /// The spike that puts its outlier at an observed `position`: the inverse of [`SpikedWigner::outlier`].
    ///
    /// The spike's standard error follows from the outlier's by the slope: d position / d theta = 1 - s^2 / theta^2.
    ///
    /// # Errors
    /// If the position is inside the bulk or on its edge: there no spike can be told from noise.
    pub fn from_outlier(bulk: Semicircle, position: f64) -> Result<Self> {
        let limits = "must be finite and outside of the bulk: no spike can be told from noise inside it";
        let strength = strength(bulk.edges(), position);
        let strength = strength.ok_or(Error::OutOfRange { what: "the observed outlier", value: position, limits })?;
        SpikedWigner::new(bulk, strength)
    }

    /// The law of the noise.
    pub fn bulk(&self) -> Semicircle {
        self.bulk
    }

    /// The spike theta.
    pub fn spike(&self) -> f64 {
        self.spike
    }

    /// The spike beyond which an outlier detaches, on the spike's own side: s, or -s for a negative spike.
    pub fn threshold(&self) -> f64 {
        self.bulk.standard_deviation().copysign(self.spike)
    }

    /// What the spike does to the spectrum. Cost: a few operations.
    pub fn outlier(&self) -> Outlier {
        let deviation = self.bulk.standard_deviation();
        if self.spike.abs() <= deviation {
            return Outlier::attached(self.bulk.edges(), self.spike >= 0.0);
        }
        let inverse = deviation / self.spike;
        let overlap = (1.0 - inverse) * (1.0 + inverse);
        Outlier {
            detached: true,
            position: self.spike + deviation * inverse,
            overlap,
            variance: Some(2.0 * deviation * deviation * overlap),
        }
    }
}

/// Both models are solved by the same square: x - (centre of the bulk) = t + (half its width)^2 / (4 t), and t = theta
/// (in units of the variance, for a covariance) is ((sqrt(x - a) + sqrt(x - b)) / 2)^2, with the sign of its side.
/// `None` for x in [a, b] or not finite.
fn strength(edges: Interval, position: f64) -> Option<f64> {
    let distance = (position - edges.lower, position - edges.upper);
    let half_sum = (distance.0.abs().sqrt() + distance.1.abs().sqrt()) / 2.0;
    let outside = position.is_finite() && !edges.contains(position);
    outside.then(|| (half_sum * half_sum).copysign(distance.0))
}

/// Fails for a spike so large that its outlier or the variance of it overflows.
fn representable(outlier: Outlier) -> Result<()> {
    let largest = outlier.variance.unwrap_or(0.0).max(outlier.position.abs());
    if largest.is_finite() {
        return Ok(());
    }
    Err(Error::OutOfRange {
        what: "the variance of the outlier",
        value: largest,
        limits: "must be finite: rescale the matrix",
    })
}

#[cfg(feature = "serde")]
mod saved {
    use super::{MarchenkoPastur, Semicircle, SpikedCovariance, SpikedWigner};

    crate::saved::checked!(SpikedCovariance { bulk: MarchenkoPastur, spike: f64 }
        by |spiked| SpikedCovariance::new(spiked.bulk, spiked.spike).map(drop));

    crate::saved::checked!(SpikedWigner { bulk: Semicircle, spike: f64 }
        by |spiked| SpikedWigner::new(spiked.bulk, spiked.spike).map(drop));
}
