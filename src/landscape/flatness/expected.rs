//! The mean loss under noise in the parameters.

use super::neighborhood::require_scales;
use crate::error::{Error, Result};
use crate::objective::Objective;
use crate::random::Key;
use crate::scalar::Scalar;
use crate::spectrum::Estimate;

/// The mean increase of an objective under normal noise: the sharpness in bounds of the kind of PAC-Bayes.
///
/// ```text
///     E L(theta + sigma s * xi) - L(theta),     xi standard normal, s the scales, entry by entry
///     = sigma^2/2 sum_i s_i^2 H_ii + O(sigma^4)
/// ```
///
/// Noise is drawn in pairs xi, -xi, whose mean is one sample: what is odd in xi, the slope first of all, drops out exactly. Without scales the
/// noise is the same everywhere; with |theta_i| as scales it is relative, and the result the same for rescaled relu networks.
///
/// Cost: two values a pair.
///
/// ```
/// use eigenscape::landscape::ExpectedSharpness;
/// use eigenscape::objective::Recorded;
/// use eigenscape::random::Key;
///
/// // A quadratic: sigma^2 / 2 times the trace, whatever the slope.
/// let bowl = Recorded::<f64>::new(2, |x| x.at(0).powi(2) * 2.0 + x.at(1).powi(2) * 0.5 + x.at(0) * 3.0)?;
/// let increase = ExpectedSharpness::new(0.1, 500, Key::new(0))?.run(&bowl, &[1.0, 2.0])?;
/// assert!((increase.mean - 0.025).abs() < 4.0 * increase.standard_error.unwrap());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Neyshabur, Bhojanapalli, McAllester & Srebro 2017, arXiv:1706.08947. Jiang, Neyshabur, Mobahi, Krishnan & Bengio 2020, arXiv:1912.02178.
#[doc(alias = "PAC-Bayes")]
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::ExpectedSharpness"))]
pub struct ExpectedSharpness {
    sigma: f64,
    pairs: usize,
    scales: Option<Vec<f64>>,
    key: Key,
}

impl ExpectedSharpness {
    /// Noise of this standard deviation, so many pairs of it.
    ///
    /// # Errors
    /// If sigma is not finite and positive, or there is no pair.
    pub fn new(sigma: f64, pairs: usize, key: Key) -> Result<Self> {
        Error::positive("the standard deviation of noise", sigma)?;
        Error::at_least("the number of pairs of noise", pairs, 1, "must be at least 1, and 2 for a standard error")?;
        Ok(ExpectedSharpness { sigma, pairs, scales: None, key })
    }

    /// Sets scales of the noise, entry by entry; 1 by default.
    ///
    /// # Errors
    /// If a scale is negative or not finite, or all are zero.
    pub fn scales(self, scales: Vec<f64>) -> Result<Self> {
        require_scales(&scales)?;
        Ok(ExpectedSharpness { scales: Some(scales), ..self })
    }

    /// The mean increase, with its standard error over pairs.
    ///
    /// # Errors
    /// If theta or the scales have another size than the objective, or the objective is not finite at theta or where noise leads.
    pub fn run<T: Scalar, O: Objective<T>>(&self, objective: &O, theta: &[T]) -> Result<Estimate> {
        Error::length("the center of noise", theta.len(), objective.dim())?;
        if let Some(scales) = &self.scales {
            Error::length("the scales of noise", scales.len(), theta.len())?;
        }
        let value = objective.value(theta)?;
        let mut noise = vec![0.0f64; theta.len()];
        let mut samples = Vec::new();
        for pair in 0..self.pairs {
            self.key.split(pair as u64).normal(0, &mut noise);
            noise.iter_mut().for_each(|xi| *xi *= self.sigma);
            if let Some(scales) = &self.scales {
                noise.iter_mut().zip(scales).for_each(|(xi, scale)| *xi *= scale);
            }
            let side = |sign: f64| {
                let place: Vec<T> = theta.iter().zip(&noise).map(|(&x, &xi)| x + T::of(sign * xi)).collect();
                objective.value(&place)
            };
            samples.push(0.5 * ((side(1.0)? - value) + (side(-1.0)? - value)));
        }
        Ok(Estimate::new(samples, 0))
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Key, Result};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct ExpectedSharpness {
        sigma: f64,
        pairs: usize,
        scales: Option<Vec<f64>>,
        key: Key,
    }

    impl TryFrom<ExpectedSharpness> for super::ExpectedSharpness {
        type Error = Error;

        fn try_from(saved: ExpectedSharpness) -> Result<Self> {
            let noise = super::ExpectedSharpness::new(saved.sigma, saved.pairs, saved.key)?;
            saved.scales.map_or(Ok(noise.clone()), |scales| noise.scales(scales))
        }
    }
}
