//! Spectra of random matrices drawn from a key: dense, exact at every size.

use crate::error::{Error, Result};
use crate::linalg::{self, Matrix, Update};
use crate::random::Key;
use crate::random_matrix::laws::marchenko_pastur::MarchenkoPastur;
use crate::random_matrix::laws::semicircle::Semicircle;
use crate::random_matrix::spikes::outlier::{SpikedCovariance, SpikedWigner};

/// The largest dense symmetric matrix that a sampler makes: 8 GiB, and hours of one core.
const LARGEST: usize = 1 << 15;

/// How many rows of a data matrix exist at a time: enough to keep the product busy, little beside the Gram matrix.
const BLOCK: usize = 256;

/// The spectrum of one sampled matrix.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SampledSpectrum {
    /// All eigenvalues, ascending.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub eigenvalues: Vec<f64>,
    /// <v_j, u>^2 for the unit eigenvector v_j of `eigenvalues[j]` and the direction u of the spike (without a spike: a
    /// fixed direction). They sum to 1.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub overlaps: Vec<f64>,
}

/// Sample covariance matrices of Gaussian noise, with or without a spike.
///
/// ```text
///     S = (1/n) sum_i x_i x_i',   x_i ~ N(0, v (I - u u') + ell u u'),   i = 1..n,   S: p x p
/// ```
///
/// p is the dimension, n the number of samples; the normalisation is that of [`MarchenkoPastur`], ratio p / n. The
/// direction u is the first axis, which is no loss: the noise has no axes of its own. With fewer samples than
/// dimensions the p - n zeros are exact.
///
/// Cost, with small and large the lesser and the greater of p and n: 2 small^2 large + O(small^3) operations, memory
/// O(small^2 + p). The matrix of data is never held as a whole.
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::{SpikedCovariance, Wishart};
///
/// let ensemble = Wishart::new(100, 400, 1.0)?.spike(3.0)?;
/// let theory = SpikedCovariance::new(ensemble.law(), 3.0)?.outlier();
/// let spectrum = ensemble.sample(Key::new(0))?;
/// let error = spectrum.eigenvalues[99] - theory.position;
/// assert!(error.abs() < 4.0 * theory.standard_deviation(400).unwrap());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Wishart 1928 (doi:10.1093/biomet/20A.1-2.32); Johnstone 2001 (doi:10.1214/aos/1009210544, spiked).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wishart {
    dimension: usize,
    samples: usize,
    spike: f64,
    law: MarchenkoPastur,
}

impl Wishart {
    /// Noise of a variance v in `dimension` variables, seen through `samples` samples; without a spike.
    ///
    /// # Errors
    /// If a size is 0, both sizes exceed 2^15, or the variance is not positive and finite.
    pub fn new(dimension: usize, samples: usize, variance: f64) -> Result<Self> {
        Error::at_least("the dimension of a Wishart ensemble", dimension, 1, "must be at least 1")?;
        Error::at_least("the number of samples of a Wishart ensemble", samples, 1, "must be at least 1")?;
        affordable("the lesser of dimension and samples of a Wishart ensemble", dimension.min(samples))?;
        let law = MarchenkoPastur::new(dimension as f64 / samples as f64, variance)?;
        Ok(Wishart { dimension, samples, spike: variance, law })
    }

    /// Puts one population eigenvalue at `spike` (ell above; the others are v).
    ///
    /// # Errors
    /// Unless the spike is finite and at least 0.
    pub fn spike(self, spike: f64) -> Result<Self> {
        SpikedCovariance::new(self.law, spike)?;
        Ok(Wishart { spike, ..self })
    }

    /// The law that the eigenvalues follow, up to the spike and the finite size.
    pub fn law(&self) -> MarchenkoPastur {
        self.law
    }

    /// The eigenvalues of one matrix, ascending: those of [`Wishart::sample`], without computing eigenvectors.
    ///
    /// # Errors
    /// If the eigendecomposition does not converge.
    pub fn eigenvalues(&self, key: Key) -> Result<Vec<f64>> {
        self.solve(key, false).map(|spectrum| spectrum.eigenvalues)
    }

    /// The eigenvalues and overlaps of one matrix.
    ///
    /// The eigenvectors of the eigenvalue 0, if it is repeated, are anyone's choice: here the last of them is the one
    /// along the projection of u on their span, so that it alone overlaps with u.
    ///
    /// # Errors
    /// If the eigendecomposition does not converge.
    pub fn sample(&self, key: Key) -> Result<SampledSpectrum> {
        self.solve(key, true)
    }

    fn solve(&self, key: Key, vectors: bool) -> Result<SampledSpectrum> {
        let zeros = self.dimension.saturating_sub(self.samples);
        let (gram, first) = self.gram(key);
        let size = self.dimension - zeros;
        let eigen = linalg::symmetric_eigen(&gram, size, vectors)?;
        let mut eigenvalues = vec![0.0; zeros];
        // S is semidefinite; rounding is not.
        eigenvalues.extend(eigen.values.iter().map(|value| value.max(0.0)));
        if !vectors {
            return Ok(SampledSpectrum { eigenvalues, overlaps: Vec::new() });
        }
        let rows = eigen.vectors.chunks_exact(size);
        let mut overlaps = vec![0.0; zeros];
        if zeros == 0 {
            overlaps.extend(rows.map(|vector| vector[0] * vector[0]));
        } else {
            // From an eigenvector w of X'X/n to the one of XX'/n: v = X w / sqrt(n lambda), of which the first entry.
            let n = self.samples as f64;
            overlaps.extend(rows.zip(&eigen.values).map(|(vector, value)| {
                let along = linalg::dot(&first, vector);
                if *value > 0.0 { (along * along / (n * value)).min(1.0) } else { 0.0 }
            }));
            overlaps[zeros - 1] = (1.0 - overlaps.iter().sum::<f64>()).max(0.0);
        }
        Ok(SampledSpectrum { eigenvalues, overlaps })
    }

    /// X X' / n for p <= n, otherwise X' X / n: the smaller of the two, and in that case also the spiked row of X.
    fn gram(&self, key: Key) -> (Vec<f64>, Vec<f64>) {
        let wide = self.dimension <= self.samples;
        let (long, short) = if wide { (self.samples, self.dimension) } else { (self.dimension, self.samples) };
        let noise = self.law.variance().sqrt();
        let spiked = self.spike.sqrt() / noise;
        let mut first = Vec::new();
        let mut gram = vec![0.0; short * short];
        let mut block = vec![0.0; BLOCK.min(long) * short];
        for start in (0..long).step_by(BLOCK) {
            let rows = BLOCK.min(long - start);
            let block = &mut block[..rows * short];
            key.normal(start as u64 * short as u64, block);
            block.iter_mut().for_each(|entry| *entry *= noise);
            // A row of the block is a sample if there are more samples, otherwise a variable.
            if wide {
                block.iter_mut().step_by(short).for_each(|entry| *entry *= spiked);
            } else if start == 0 {
                block[..short].iter_mut().for_each(|entry| *entry *= spiked);
                first = block[..short].to_vec();
            }
            let data = Matrix::new(block, rows, short);
            linalg::matmul(&mut gram, Update::Add, 1.0 / self.samples as f64, data.t(), data);
        }
        (gram, first)
    }
}

/// The Gaussian orthogonal ensemble, with or without a spike: the Wigner matrix whose noise has no axes of its own.
///
/// ```text
///     A = W + theta u u',   W symmetric n x n Gaussian,  Var W_ij = s^2 / n  (i != j),  2 s^2 / n on the diagonal
/// ```
///
/// The spectrum of W tends to the [`Semicircle`] of standard deviation s. The direction u is the first axis, which is
/// no loss. Cost: O(n^3) operations, memory O(n^2).
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::{GaussianOrthogonal, Law};
///
/// let ensemble = GaussianOrthogonal::new(200, 1.0)?;
/// let eigenvalues = ensemble.eigenvalues(Key::new(0))?;
/// let below = eigenvalues.iter().filter(|value| **value <= 1.0).count();
/// assert!((below as f64 / 200.0 - ensemble.law().cumulative(1.0)?).abs() < 5.0 / 200.0);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Mehta 2004, *Random Matrices*, ch. 2.
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "GOE")]
pub struct GaussianOrthogonal {
    size: usize,
    spike: f64,
    law: Semicircle,
}

impl GaussianOrthogonal {
    /// Matrices of a size whose semicircle has a standard deviation s; without a spike.
    ///
    /// # Errors
    /// If the size is 0 or exceeds 2^15, or the standard deviation is not positive and finite.
    pub fn new(size: usize, standard_deviation: f64) -> Result<Self> {
        Error::at_least("the size of a Gaussian orthogonal ensemble", size, 1, "must be at least 1")?;
        affordable("the size of a Gaussian orthogonal ensemble", size)?;
        Ok(GaussianOrthogonal { size, spike: 0.0, law: Semicircle::new(standard_deviation)? })
    }

    /// Adds `spike` (theta above) times the projection on one direction.
    ///
    /// # Errors
    /// Unless the spike is finite.
    pub fn spike(self, spike: f64) -> Result<Self> {
        SpikedWigner::new(self.law, spike)?;
        Ok(GaussianOrthogonal { spike, ..self })
    }

    /// The law that the eigenvalues follow, up to the spike and the finite size.
    pub fn law(&self) -> Semicircle {
        self.law
    }

    /// The eigenvalues of one matrix, ascending: those of [`GaussianOrthogonal::sample`], without computing eigenvectors.
    ///
    /// # Errors
    /// If the eigendecomposition does not converge.
    pub fn eigenvalues(&self, key: Key) -> Result<Vec<f64>> {
        Ok(linalg::symmetric_eigen(&self.matrix(key), self.size, false)?.values)
    }

    /// The eigenvalues and overlaps of one matrix.
    ///
    /// # Errors
    /// If the eigendecomposition does not converge.
    pub fn sample(&self, key: Key) -> Result<SampledSpectrum> {
        let eigen = linalg::symmetric_eigen(&self.matrix(key), self.size, true)?;
        let overlaps = eigen.vectors.chunks_exact(self.size).map(|vector| vector[0] * vector[0]).collect();
        Ok(SampledSpectrum { eigenvalues: eigen.values, overlaps })
    }

    /// The lower triangle of A, row after row from the key's stream.
    fn matrix(&self, key: Key) -> Vec<f64> {
        let size = self.size;
        let deviation = self.law.standard_deviation() / (size as f64).sqrt();
        let mut matrix = vec![0.0; size * size];
        for row in 0..size {
            let entries = &mut matrix[row * size..][..=row];
            key.normal((row * (row + 1) / 2) as u64, entries);
            entries.iter_mut().for_each(|entry| *entry *= deviation);
            entries[row] *= std::f64::consts::SQRT_2;
        }
        matrix[0] += self.spike;
        matrix
    }
}

fn affordable(what: &'static str, value: usize) -> Result<()> {
    if value <= LARGEST {
        return Error::room::<f64>("the matrix of a dense sampler", &[value, value]).map(drop);
    }
    let because = "since a dense sampler takes memory of its square and time of its cube";
    Err(Error::AboveLimit { what, value, limit: LARGEST, because })
}

#[cfg(feature = "serde")]
mod saved {
    use super::{GaussianOrthogonal, Wishart};

    crate::saved::rebuilt!(Wishart {
        dimension: usize = |ensemble| ensemble.dimension,
        samples: usize = |ensemble| ensemble.samples,
        variance: f64 = |ensemble| ensemble.law.variance(),
        spike: f64 = |ensemble| ensemble.spike,
    } by Wishart::new(dimension, samples, variance)?.spike(spike));

    crate::saved::rebuilt!(GaussianOrthogonal {
        size: usize = |ensemble| ensemble.size,
        standard_deviation: f64 = |ensemble| ensemble.law.standard_deviation(),
        spike: f64 = |ensemble| ensemble.spike,
    } by GaussianOrthogonal::new(size, standard_deviation)?.spike(spike));
}
