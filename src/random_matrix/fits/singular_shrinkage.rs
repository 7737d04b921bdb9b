//! Denoising of a low-rank matrix by its singular values.

use crate::error::{Error, Result};
use crate::random_matrix::law::Law;
use crate::random_matrix::laws::marchenko_pastur::MarchenkoPastur;

/// What the error of an estimated matrix is measured by: a norm of the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MatrixLoss {
    /// The sum of squares.
    Frobenius,
    /// The largest singular value.
    Operator,
    /// The sum of singular values.
    Nuclear,
}

/// Optimal thresholds and shrinkers for the singular values of a low-rank matrix in white noise.
///
/// ```text
///     Y = X + sigma Z,   Y: rows x cols,  Z of independent entries of variance 1,  X of low rank
///     ratio b = smaller / larger size,    y = singular value / (sigma sqrt(larger size))
///     bulk edge          1 + sqrt b
///     hard threshold     sqrt(2 (b + 1) + 8 b / (b + 1 + sqrt(b^2 + 14 b + 1)))          4 / sqrt 3 for a square matrix
///     x(y)               the singular value of X that shows as y:   x^2 = (y^2 - b - 1 + sqrt((y^2 - b - 1)^2 - 4 b)) / 2
///     Frobenius          sqrt((y^2 - b - 1)^2 - 4 b) / y
///     operator           x sqrt((x^2 + b) / (x^2 + 1))
///     nuclear            max(0, (x^4 - b - sqrt b x y) / (x^2 y))
///     all of them 0 for y <= 1 + sqrt b
/// ```
///
/// A singular value of Y is too large, and its vectors are tilted; the estimate with the least error keeps the vectors and
/// shrinks the value, by how much depends on the loss. All are limits for large sizes and a fixed rank, where no other rule
/// of this kind is better for any X. For the operator norm that is Leeb's rule; the x(y) of Gavish and Donoho is the best
/// for square matrices only. Cost: a few operations per value.
///
/// ```
/// use eigenscape::random_matrix::{MatrixLoss, SingularShrinkage};
///
/// let noise = SingularShrinkage::new(100, 100, 1.0)?;
/// assert!((noise.threshold() - 10.0 * 4.0 / 3f64.sqrt()).abs() < 1e-12);
/// assert_eq!(noise.shrink(MatrixLoss::Frobenius, 19.0), 0.0); // inside the bulk
/// assert!((noise.shrink(MatrixLoss::Frobenius, 25.0) - 15.0).abs() < 1e-12);
/// assert!((noise.shrink(MatrixLoss::Operator, 25.0) - 20.0).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Gavish & Donoho 2014 (arXiv:1305.5870, thresholds); Gavish & Donoho 2017 (arXiv:1405.7511, shrinkers);
/// Leeb 2020 (arXiv:2005.11807, operator norm).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[doc(alias = "Gavish-Donoho")]
#[doc(alias = "PCA")]
#[doc(alias = "denoising")]
pub struct SingularShrinkage {
    ratio: f64,
    noise: f64,
    /// sigma sqrt(larger size)
    unit: f64,
}

impl SingularShrinkage {
    /// For matrices of a shape whose noise has a standard deviation `noise` (sigma) per entry.
    ///
    /// # Errors
    /// If a size is 0, or the standard deviation is not positive and finite.
    pub fn new(rows: usize, cols: usize, noise: f64) -> Result<Self> {
        let (small, large) = sizes(rows, cols)?;
        Error::positive("the standard deviation of the noise", noise)?;
        let unit = noise * large.sqrt();
        Error::positive("the standard deviation of the noise times the root of the larger size", unit)?;
        Ok(SingularShrinkage { ratio: small / large, noise, unit })
    }

    /// The same for unknown noise: sigma is the median of all singular values over its value for noise of deviation 1.
    ///
    /// Then the hard threshold is omega(b) times the median: 2.858 for a square matrix. The median is little moved by a
    /// signal of low rank; with a rank r out of p it is as the quantile 1/2 + r / 2p.
    ///
    /// # Errors
    /// If a size is 0, the singular values are not as many as the lesser size, one is negative or not finite, or their median
    /// is 0.
    pub fn from_median(rows: usize, cols: usize, singular_values: &[f64]) -> Result<Self> {
        let (small, large) = sizes(rows, cols)?;
        Error::length("the list of all singular values", singular_values.len(), rows.min(cols))?;
        Error::finite("the list of all singular values", singular_values, "remove non-finite entries of the matrix")?;
        let mut values = singular_values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        if values[0] < 0.0 {
            let limits = "must be at least 0";
            return Err(Error::OutOfRange { what: "the least singular value", value: values[0], limits });
        }
        let half = values.len() / 2;
        let median = if values.len() % 2 == 1 { values[half] } else { 0.5 * (values[half - 1] + values[half]) };
        Error::positive("the median of the singular values", median)?;
        let law = MarchenkoPastur::new(small / large, 1.0)?;
        SingularShrinkage::new(rows, cols, median / (law.quantile(0.5)?.sqrt() * large.sqrt()))
    }

    /// The standard deviation sigma of the noise.
    pub fn noise(&self) -> f64 {
        self.noise
    }

    /// The largest singular value of noise alone, sigma (sqrt rows + sqrt cols).
    pub fn edge(&self) -> f64 {
        self.unit * (1.0 + self.ratio.sqrt())
    }

    /// The optimal hard threshold in the Frobenius loss: values above are kept as they are, the others set to 0.
    ///
    /// It lies above the edge: what is only just detached is better left out, because of its tilted vectors.
    pub fn threshold(&self) -> f64 {
        let b = self.ratio;
        self.unit * (2.0 * (b + 1.0) + 8.0 * b / (b + 1.0 + (b * b + 14.0 * b + 1.0).sqrt())).sqrt()
    }

    /// The estimate of X's singular value from Y's with the least loss; what is not a number stays so.
    pub fn shrink(&self, loss: MatrixLoss, singular_value: f64) -> f64 {
        let (b, y) = (self.ratio, singular_value / self.unit);
        if y <= 1.0 + b.sqrt() {
            return 0.0;
        }
        if y > 1e9 || y.is_nan() {
            // The noise is below rounding, and squares of y might not be finite.
            return singular_value;
        }
        // (y - 1 - sqrt b) and the like: no square of y, no difference of squares.
        let root = (y + 1.0 + b.sqrt()) * (y - 1.0 - b.sqrt()) * (y + (1.0 - b.sqrt())) * (y - (1.0 - b.sqrt()));
        let root = root.sqrt();
        let square = 0.5 * (y * y - b - 1.0 + root);
        let shrunk = match loss {
            MatrixLoss::Frobenius => root / y,
            MatrixLoss::Operator => (square * (square + b) / (square + 1.0)).sqrt(),
            MatrixLoss::Nuclear => ((square * square - b - (b * square).sqrt() * y) / (square * y)).max(0.0),
        };
        shrunk * self.unit
    }
}

fn sizes(rows: usize, cols: usize) -> Result<(f64, f64)> {
    Error::at_least("the number of rows of a matrix", rows, 1, "must be at least 1")?;
    Error::at_least("the number of columns of a matrix", cols, 1, "must be at least 1")?;
    Ok((rows.min(cols) as f64, rows.max(cols) as f64))
}

#[cfg(feature = "serde")]
crate::saved::checked!(SingularShrinkage { ratio: f64, noise: f64, unit: f64 } by |shrinkage| {
    Error::positive("the ratio of a saved shrinkage", shrinkage.ratio)?;
    Error::require(shrinkage.ratio <= 1.0, "the ratio of a saved shrinkage", shrinkage.ratio, "must be at most 1")?;
    Error::positive("the standard deviation of the noise", shrinkage.noise)?;
    Error::positive("the standard deviation of the noise times the root of the larger size", shrinkage.unit)
});
