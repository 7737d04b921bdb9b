//! How many parameters the data determine.

use rayon::prelude::*;

use super::path_length::LineElement;
use super::recorded_metric::RecordedMetric;
use crate::error::{Error, Result};
use crate::linalg::symmetric_eigen;
use crate::random::Key;
use crate::spectrum::{Estimate, SpectralMeasure};

/// The number of directions in which data outweigh a prior: sum of lambda/(lambda + prior) over a spectrum.
///
/// ```text
///     N_eff = tr F (F + alpha I)^(-1),    F: Fisher or Hessian matrix of the mean loss,    alpha = prior precision / number of examples
/// ```
///
/// Between 0 and the number of parameters; alpha sets the scale below which a curvature is none. From a measured spectrum, with its
/// standard error. Negative eigenvalues above -alpha/2 count as they are; a spectrum that goes further down is refused.
///
/// ```
/// use eigenscape::landscape::effective_dimension;
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::StochasticLanczos;
///
/// let spectrum = StochasticLanczos::new(Key::new(0)).run(&Diagonal::new(vec![3.0, 1.0, 0.0, 0.0]))?;
/// let estimate = effective_dimension(&spectrum, 1.0)?;
/// let error = estimate.standard_error.unwrap().max(1e-12);
/// assert!((estimate.mean - 1.25).abs() < 4.0 * error);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If alpha is not finite and positive, or the spectrum has an eigenvalue below -alpha/2.
///
/// # References
/// MacKay 1992, doi:10.1162/neco.1992.4.3.415; Maddox, Benton & Wilson 2020, arXiv:2003.02139.
#[doc(alias = "effective number of parameters")]
#[doc(alias = "degrees of freedom")]
pub fn effective_dimension(spectrum: &SpectralMeasure, alpha: f64) -> Result<Estimate> {
    Error::positive("the prior of an effective dimension", alpha)?;
    let least =
        spectrum.rules().iter().flat_map(|rule| rule.measure().nodes()).fold(f64::INFINITY, |least, &x| least.min(x));
    if least < -alpha / 2.0 {
        let limits = "must be at least -alpha/2: take the Fisher matrix, or a larger prior";
        return Err(Error::OutOfRange {
            what: "the least eigenvalue under an effective dimension",
            value: least,
            limits,
        });
    }
    spectrum.trace(|x| x / (x + alpha))
}

/// The effective dimension of a model around a point, by the volume that its Fisher metric gives to a ball of parameters.
///
/// ```text
///     d = 2 ln( mean over the ball of sqrt(det(I + kappa F(theta))) ) / ln kappa,    kappa = gamma n / (2 pi ln n),
///     F = dim x (Fisher matrix) / (mean over the ball of its trace)
/// ```
///
/// n is the number of examples that a capacity is wanted for, gamma in (0, 1]; kappa must be above 1. Between 0 and dim up to terms of 1/ln kappa;
/// as n grows it tends to the metric's greatest rank on the ball. The mean is over draws from a key.
///
/// Cost: draws x (dim derivatives and dim^3 operations): for small models.
///
/// ```
/// use eigenscape::landscape::{LocalEffectiveDimension, RecordedMetric};
/// use eigenscape::random::Key;
/// use eigenscape::tape::Shape;
///
/// // A metric of the plane that does not change, and whose trace is dim: d = 2 ln(1 + kappa) / ln kappa, nearly 2.
/// let flat = RecordedMetric::new(2, |x| x.tape().constant(Shape::matrix(2, 2), &[1.0, 0.0, 0.0, 1.0]))?;
/// let dimension = LocalEffectiveDimension::new(0.5, 1_000_000, Key::new(0))?.run(&flat, &[0.0, 0.0])?;
/// assert!((dimension - 2.0).abs() < 1e-4);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Abbas et al. 2021, arXiv:2011.00027 (global), arXiv:2112.04807 (local).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LocalEffectiveDimension {
    radius: f64,
    examples: f64,
    gamma: f64,
    draws: usize,
    key: Key,
}

impl LocalEffectiveDimension {
    /// Around a point, for a number of examples and gamma = 1: 100 draws from a ball.
    ///
    /// # Errors
    /// If the radius is not finite and positive, or examples are too few for kappa above 1 (fewer than 19).
    pub fn new(radius: f64, examples: usize, key: Key) -> Result<Self> {
        Error::positive("the radius of a ball of parameters", radius)?;
        let settings = LocalEffectiveDimension { radius, examples: examples as f64, gamma: 1.0, draws: 100, key };
        settings.kappa()?;
        Ok(settings)
    }

    /// gamma, in (0, 1].
    ///
    /// # Errors
    /// If it is not, or kappa is not above 1 with it.
    pub fn gamma(mut self, gamma: f64) -> Result<Self> {
        if !(gamma > 0.0 && gamma <= 1.0) {
            return Err(Error::OutOfRange {
                what: "gamma of an effective dimension",
                value: gamma,
                limits: "must be in (0, 1]",
            });
        }
        self.gamma = gamma;
        self.kappa()?;
        Ok(self)
    }

    /// So many draws.
    pub fn draws(mut self, draws: usize) -> Self {
        self.draws = draws;
        self
    }

    fn kappa(&self) -> Result<f64> {
        let kappa = self.gamma * self.examples / (2.0 * std::f64::consts::PI * libm::log(self.examples));
        if kappa.is_finite() && kappa > 1.0 {
            return Ok(kappa);
        }
        let limits = "must make gamma n / (2 pi ln n) greater than 1: take more examples (19 for gamma = 1)";
        Err(Error::OutOfRange {
            what: "the number of examples of an effective dimension",
            value: self.examples,
            limits,
        })
    }

    /// The dimension of a metric around a center.
    ///
    /// # Errors
    /// If there are no draws, the center has another size than the metric, or the metric is zero or not finite on the ball.
    pub fn run(&self, metric: &RecordedMetric, center: &[f64]) -> Result<f64> {
        Error::at_least("the number of draws", self.draws, 1, "must be at least 1")?;
        Error::length("the center of a ball", center.len(), metric.dim())?;
        let n = metric.dim();
        let matrices: Vec<Result<Vec<f64>>> = (0..self.draws)
            .into_par_iter()
            .map(|draw| {
                let key = self.key.split(draw as u64);
                let (mut point, mut share) = (vec![0.0; n], [0.0]);
                key.split(0).sphere(&mut point);
                key.split(1).uniform(0, &mut share);
                let length = self.radius * libm::pow(share[0], 1.0 / n as f64);
                point.iter_mut().zip(center).for_each(|(x, center)| *x = center + length * *x);
                metric.matrix(&point)
            })
            .collect();
        let matrices = matrices.into_iter().collect::<Result<Vec<_>>>()?;
        let trace: f64 =
            matrices.iter().map(|matrix| matrix.iter().step_by(n + 1).sum::<f64>()).sum::<f64>() / self.draws as f64;
        Error::positive("the mean trace of a Fisher metric on a ball", trace)?;
        let kappa = self.kappa()?;
        let factor = kappa * n as f64 / trace;
        let halves: Vec<f64> = matrices
            .iter()
            .map(|matrix| {
                let eigen = symmetric_eigen(matrix, n, false)?;
                Ok(eigen.values.iter().map(|&value| libm::log1p(factor * value.max(0.0))).sum::<f64>() / 2.0)
            })
            .collect::<Result<_>>()?;
        let largest = halves.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = halves.iter().map(|half| libm::exp(half - largest)).sum::<f64>() / self.draws as f64;
        Ok(2.0 * (largest + libm::log(mean)) / libm::log(kappa))
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(LocalEffectiveDimension { radius: f64, examples: f64, gamma: f64, draws: usize, key: Key }
by |settings| {
    Error::positive("the radius of a ball of parameters", settings.radius)?;
    settings.gamma(settings.gamma).map(drop)
});
