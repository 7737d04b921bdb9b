//! Schatten norms: of the vector of eigenvalues.

use super::estimate::Estimate;
use super::spectral_measure::SpectralMeasure;
use crate::error::{Error, Result};
use crate::random_matrix::Interval;

/// A Schatten norm, (sum_i |lambda_i|^p)^(1/p), from [`SpectralMeasure::schatten_norm`].
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SchattenNorm {
    /// The order p.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub order: f64,
    /// tr |A|^p, over probes.
    pub power: Estimate,
}

impl SchattenNorm {
    /// The norm: the root of the mean of tr |A|^p over probes.
    pub fn value(&self) -> f64 {
        self.root(self.power.mean)
    }

    /// The interval that covers the norm at a confidence: the roots of the ends of that of tr |A|^p, so that the confidence
    /// is the same.
    ///
    /// # Errors
    /// As [`Estimate::interval`].
    pub fn interval(&self, confidence: f64) -> Result<Interval> {
        let power = self.power.interval(confidence)?;
        Ok(Interval { lower: self.root(power.lower), upper: self.root(power.upper) })
    }

    fn root(&self, power: f64) -> f64 {
        power.max(0.0).powf(1.0 / self.order)
    }
}

impl SpectralMeasure {
    /// The Schatten norm of order p >= 1.
    ///
    /// The error is of the finite number of probes. The finite depth makes none for even p up to 2m - 1; for others |x|^p has
    /// its kink at zero, so that the error of the rule falls with the depth as m^-(p + 1) times the density there.
    ///
    /// ```
    /// use eigenscape::operator::Diagonal;
    /// use eigenscape::random::Key;
    /// use eigenscape::spectrum::StochasticLanczos;
    ///
    /// let operator = Diagonal::new((0..200).map(|i| f64::from(i) - 99.5).collect());
    /// let measure = StochasticLanczos::new(Key::new(0)).probes(20).steps(40).run(&operator)?;
    /// assert!(measure.nuclear_norm()?.interval(0.99)?.contains(10_000.0));
    /// let frobenius = measure.frobenius_norm()?;
    /// assert!((frobenius.value() / 666_650f64.sqrt() - 1.0).abs() < 0.05);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If p is below 1 or infinite, or the power overflows.
    pub fn schatten_norm(&self, order: f64) -> Result<SchattenNorm> {
        if !(1.0..f64::INFINITY).contains(&order) {
            let limits = "must be at least 1 and finite: below it is no norm, and the largest |eigenvalue| is what \
                          `SpectralMeasure::extremes` bounds";
            return Err(Error::OutOfRange { what: "the order of a Schatten norm", value: order, limits });
        }
        Ok(SchattenNorm { order, power: self.trace(|x| x.abs().powf(order))? })
    }

    /// The nuclear norm: the Schatten norm of order 1, the sum of |lambda_i|.
    ///
    /// # Errors
    /// Never for a measure whose numbers are finite.
    pub fn nuclear_norm(&self) -> Result<SchattenNorm> {
        self.schatten_norm(1.0)
    }

    /// The Frobenius norm: the Schatten norm of order 2, for which the depth makes no error.
    ///
    /// # Errors
    /// If the squares overflow.
    pub fn frobenius_norm(&self) -> Result<SchattenNorm> {
        self.schatten_norm(2.0)
    }
}
