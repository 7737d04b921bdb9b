//! Spectra of Gaussian and Wishart matrices from a tridiagonal matrix with the same eigenvalues.

use super::chi;
use super::sturm::Form;
use super::tridiagonal::Tridiagonal;
use crate::error::{Error, Result};
use crate::linalg;
use crate::random::Key;
use crate::random_matrix::laws::marchenko_pastur::MarchenkoPastur;
use crate::random_matrix::laws::semicircle::Semicircle;
use crate::random_matrix::spikes::outlier::{SpikedCovariance, SpikedWigner};

/// The children of a key that the diagonal and the subdiagonal are drawn from.
const DIAGONAL: u64 = 0;
const BELOW: u64 = 1;

/// Spectra of Gaussian matrices of any symmetry and size, by a tridiagonal matrix of independent entries.
///
/// ```text
///     A = W + theta u u',  W n x n:  symmetric (beta = 1), Hermitian (2), quaternion (4),  E |W_ij|^2 = s^2 / n  (i != j)
///     T_ii = s sqrt(2 / (beta n)) N(0, 1) + theta [i = 1],   T_(i+1,i) = s chi_((n - i) beta) / sqrt(beta n)
/// ```
///
/// The eigenvalues of T have the law of those of A exactly, at every n: T is what Householder's reflections make of A when
/// they leave the spike's axis alone. So [`GaussianOrthogonal`](crate::random_matrix::GaussianOrthogonal) is beta = 1, and the Gaussian
/// unitary ensemble beta = 2, for which there is no dense sampler here: as a real matrix it is twice as large with every
/// eigenvalue twice, eight times the work for the same law. T makes sense for every beta > 0, the inverse temperature of
/// n charges on a line:
///
/// ```text
///     density of the eigenvalues  ~  prod_(i < j) |x_i - x_j|^beta  exp(-beta n sum_i x_i^2 / (4 s^2))     (theta = 0)
/// ```
///
/// The law of large n, the [`Semicircle`], and the fate of the spike, [`SpikedWigner`], do not depend on beta; variances
/// are proportional to 1 / beta, and the top eigenvalue fluctuates with the Tracy-Widom law of beta. A small
/// beta n is far from both.
///
/// Cost: 2 n values from the key, 0.1 to 0.2 microseconds each; then see [`Tridiagonal`].
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::{BetaHermite, Interval};
///
/// // A hundred thousand rows: the dense matrix would take 80 GB.
/// let ensemble = BetaHermite::new(100_000, 1.0, 1.0)?.spike(2.0)?;
/// let matrix = ensemble.tridiagonal(Key::new(0));
/// assert!((matrix.eigenvalue(99_999, 1e-9)? - 2.5).abs() < 0.02); // theta + s^2 / theta
/// let half = matrix.count(Interval { lower: 0.0, upper: 3.0 });
/// assert!(half.abs_diff(50_000) < 5);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Trotter 1984 (doi:10.1016/0001-8708(84)90037-9); Dumitriu & Edelman 2002 (arXiv:math-ph/0206043); Bloemendal & Virag
/// 2013 (arXiv:1011.1877, spiked).
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "GOE")]
#[doc(alias = "GUE")]
#[doc(alias = "GSE")]
pub struct BetaHermite {
    size: usize,
    beta: f64,
    spike: f64,
    law: Semicircle,
}

impl BetaHermite {
    /// Matrices of a size whose semicircle has a standard deviation s; without a spike.
    ///
    /// # Errors
    /// If the size is 0, or beta or the standard deviation is not positive and finite.
    pub fn new(size: usize, beta: f64, standard_deviation: f64) -> Result<Self> {
        Error::at_least("the size of a Hermite ensemble", size, 1, "must be at least 1")?;
        degrees("the beta of a Hermite ensemble", size, beta)?;
        Ok(BetaHermite { size, beta, spike: 0.0, law: Semicircle::new(standard_deviation)? })
    }

    /// Adds `spike` (theta above) times the projection on one direction.
    ///
    /// # Errors
    /// Unless the spike is finite.
    pub fn spike(self, spike: f64) -> Result<Self> {
        SpikedWigner::new(self.law, spike)?;
        Ok(BetaHermite { spike, ..self })
    }

    /// The law that the eigenvalues follow, up to the spike and the finite size.
    pub fn law(&self) -> Semicircle {
        self.law
    }

    /// One matrix T. The squares of the first entries of its eigenvectors are the overlaps with the spike.
    pub fn tridiagonal(&self, key: Key) -> Tridiagonal {
        let (count, beta) = (self.size as f64, self.beta);
        // Without s, so that no square of an entry leaves the range of numbers; only the unit knows of it.
        let deviation = self.law.standard_deviation();
        let mut diagonal = vec![0.0; self.size];
        key.split(DIAGONAL).normal(0, &mut diagonal);
        let scale = (2.0 / (beta * count)).sqrt();
        diagonal.iter_mut().for_each(|entry| *entry *= scale);
        diagonal[0] += self.spike / deviation;
        let mut below = vec![0.0; self.size - 1];
        let size = self.size as u64;
        chi::fill(key.split(BELOW), 0, &mut below, |index| (size - 1 - index) as f64 * beta);
        below.iter_mut().for_each(|entry| *entry = (*entry / (beta * count)).sqrt());
        let (scaled, unit) = linalg::to_unit_scale(&[&diagonal[..], &below].concat());
        let (diagonal, below) = scaled.split_at(self.size);
        let form = Form::Symmetric { diagonal: diagonal.to_vec(), below: below.to_vec() };
        Tridiagonal::from_form(form, unit * deviation)
    }

    /// The eigenvalues of one matrix, ascending. Cost O(n^2): one second at n = 10^4.
    ///
    /// # Errors
    /// If the eigenvalue iteration does not converge.
    pub fn eigenvalues(&self, key: Key) -> Result<Vec<f64>> {
        self.tridiagonal(key).eigenvalues()
    }
}

/// Spectra of sample covariances of Gaussian noise of any symmetry and size, by a bidiagonal matrix of independent entries.
///
/// ```text
///     S = (1/n) sum_i x_i x_i^*,  p variables of variance v (one of them ell), n samples; real (beta = 1), complex (2), ...
///     B_ii = chi_((n - i + 1) beta),   B_(i+1,i) = chi_((p - i) beta),   B_11 multiplied by sqrt(ell / v)
///     the non-zero eigenvalues of S are those of  v B B' / (beta n)
/// ```
///
/// Exactly so in law, at all p and n: beta = 1 is [`Wishart`](crate::random_matrix::Wishart), beta = 2 its complex form, and B makes sense
/// for every beta > 0. The law of large sizes, [`MarchenkoPastur`], and the fate of the spike, [`SpikedCovariance`], do not
/// depend on beta; variances are proportional to 1 / beta.
///
/// Cost: as for [`BetaHermite`], with the lesser of p and n for the size.
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::BetaLaguerre;
///
/// // 300000 variables, 100000 samples.
/// let ensemble = BetaLaguerre::new(300_000, 100_000, 1.0, 1.0)?;
/// let matrix = ensemble.tridiagonal(Key::new(0));
/// let edges = ensemble.law().edges();
/// assert!((matrix.eigenvalue(0, 1e-9)? / edges.lower - 1.0).abs() < 0.01);
/// assert!((matrix.eigenvalue(99_999, 1e-9)? / edges.upper - 1.0).abs() < 0.01);
/// assert_eq!(ensemble.zeros(), 200_000);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Silverstein 1985 (doi:10.1214/aop/1176992819); Dumitriu & Edelman 2002 (arXiv:math-ph/0206043); Bloemendal & Virag 2013
/// (arXiv:1011.1877, spiked).
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "LOE")]
#[doc(alias = "LUE")]
pub struct BetaLaguerre {
    dimension: usize,
    samples: usize,
    beta: f64,
    spike: f64,
    law: MarchenkoPastur,
}

impl BetaLaguerre {
    /// Noise of a variance v in `dimension` variables, seen through `samples` samples; without a spike.
    ///
    /// # Errors
    /// If a size is 0, or beta or the variance is not positive and finite.
    pub fn new(dimension: usize, samples: usize, beta: f64, variance: f64) -> Result<Self> {
        Error::at_least("the dimension of a Laguerre ensemble", dimension, 1, "must be at least 1")?;
        Error::at_least("the number of samples of a Laguerre ensemble", samples, 1, "must be at least 1")?;
        degrees("the beta of a Laguerre ensemble", dimension.max(samples), beta)?;
        let law = MarchenkoPastur::new(dimension as f64 / samples as f64, variance)?;
        Ok(BetaLaguerre { dimension, samples, beta, spike: variance, law })
    }

    /// Puts one population eigenvalue at `spike` (ell above; the others are v).
    ///
    /// # Errors
    /// Unless the spike is finite and at least 0.
    pub fn spike(self, spike: f64) -> Result<Self> {
        SpikedCovariance::new(self.law, spike)?;
        Ok(BetaLaguerre { spike, ..self })
    }

    /// The law that the eigenvalues follow, up to the spike and the finite size.
    pub fn law(&self) -> MarchenkoPastur {
        self.law
    }

    /// The number of eigenvalues that are 0 because there are fewer samples than variables.
    pub fn zeros(&self) -> usize {
        self.dimension.saturating_sub(self.samples)
    }

    /// One matrix with the non-zero eigenvalues: of the lesser of p and n rows.
    ///
    /// With no fewer samples than variables the squares of the first entries of its eigenvectors are the overlaps with the
    /// spike.
    pub fn tridiagonal(&self, key: Key) -> Tridiagonal {
        let (p, n, beta) = (self.dimension as u64, self.samples as u64, self.beta);
        let size = self.dimension.min(self.samples);
        let (mut squares, mut below) = (vec![0.0; size], vec![0.0; size.min(self.dimension - 1)]);
        chi::fill(key.split(DIAGONAL), 0, &mut squares, |index| (n - index) as f64 * beta);
        chi::fill(key.split(BELOW), 0, &mut below, |index| (p - 1 - index) as f64 * beta);
        squares[0] *= self.spike / self.law.variance();
        if below.len() == size {
            square(&mut squares, &mut below);
        }
        let scale = squares.iter().chain(&below).fold(f64::MIN_POSITIVE, |scale, entry| scale.max(*entry));
        squares.iter_mut().chain(&mut below).for_each(|entry| *entry /= scale);
        let unit = scale / (beta * n as f64) * self.law.variance();
        Tridiagonal::from_form(Form::Gram { squares, below }, unit)
    }

    /// The eigenvalues of one matrix, ascending, zeros included. Cost O(min(p, n)^2): one second at 10^4.
    ///
    /// # Errors
    /// If the eigenvalue iteration does not converge.
    pub fn eigenvalues(&self, key: Key) -> Result<Vec<f64>> {
        let mut eigenvalues = vec![0.0; self.zeros()];
        eigenvalues.extend(self.tridiagonal(key).eigenvalues()?);
        Ok(eigenvalues)
    }
}

/// From the squares of an (m + 1) x m lower bidiagonal B to those of a square one with the Gram matrix B'B.
///
/// A step of the differential qd algorithm: sums, products and quotients of positive numbers, each right to its last digits.
fn square(squares: &mut [f64], below: &mut Vec<f64>) {
    let last = squares.len() - 1;
    let mut d = squares[0];
    for index in 0..=last {
        let sum = d + below[index];
        let next = squares.get(index + 1).copied().unwrap_or(0.0);
        squares[index] = sum;
        let ratio = if sum > 0.0 { next / sum } else { 0.0 };
        (below[index], d) = (below[index] * ratio, d * ratio);
    }
    below.truncate(last);
}

/// Fails unless beta is positive and the largest number of degrees of freedom is finite.
fn degrees(what: &'static str, size: usize, beta: f64) -> Result<()> {
    Error::positive(what, beta)?;
    if (beta * size as f64).is_finite() {
        return Ok(());
    }
    Err(Error::OutOfRange { what, value: beta, limits: "must give a finite product with the size" })
}

#[cfg(feature = "serde")]
mod saved {
    use super::{BetaHermite, BetaLaguerre};

    crate::saved::rebuilt!(BetaHermite {
        size: usize = |ensemble| ensemble.size,
        beta: f64 = |ensemble| ensemble.beta,
        standard_deviation: f64 = |ensemble| ensemble.law.standard_deviation(),
        spike: f64 = |ensemble| ensemble.spike,
    } by BetaHermite::new(size, beta, standard_deviation)?.spike(spike));

    crate::saved::rebuilt!(BetaLaguerre {
        dimension: usize = |ensemble| ensemble.dimension,
        samples: usize = |ensemble| ensemble.samples,
        beta: f64 = |ensemble| ensemble.beta,
        variance: f64 = |ensemble| ensemble.law.variance(),
        spike: f64 = |ensemble| ensemble.spike,
    } by BetaLaguerre::new(dimension, samples, beta, variance)?.spike(spike));
}
