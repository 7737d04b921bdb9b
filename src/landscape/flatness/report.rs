//! All measures at a point.

use std::fmt;

use super::expected::ExpectedSharpness;
use super::neighborhood::{Neighborhood, NeighborhoodNorm, filter_scales};
use super::readings::{FlatnessMeasure, FlatnessReading, Rescaling};
use super::relative::relative_flatness;
use super::scaled::scaled_curvature;
use super::worst_case::WorstCase;
use crate::curvature::RiskPoint;
use crate::error::{Error, Result};
use crate::krylov::{Eigenpairs, Eigensolver};
use crate::landscape::fisher::fisher_rao_norm;
use crate::network::{Block, Role};
use crate::objective::Point;
use crate::operator::Symmetric;
use crate::random::Key;
use crate::scalar::Scalar;
use crate::spectrum::{Estimate, Hutchinson, StochasticLanczos};

/// Reads every measure of flatness of a network's risk at a point.
///
/// Defaults: Keskar's box of 1e-3, balls of radius 0.05 (Foret et al. 2021) and, relative, 0.5 (Kwon et al. 2021), noise of 0.01 and, relative,
/// 0.1, a prior of precision 1e-3 for the volume, 20 probes, 20 steps of ascent.
///
/// Cost: some 200 products with the Hessian, 200 gradients, and up to 1600 products with the Gauss-Newton matrix for the volume.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::landscape::{Flatness, FlatnessMeasure};
/// use eigenscape::network::{Activation, Initialization, Perceptron};
/// use eigenscape::objective::Objective;
/// use eigenscape::random::Key;
///
/// let network = Perceptron::new(&[3, 8, 2], Activation::Relu)?;
/// let mut inputs = vec![0.0f64; 30 * 3];
/// Key::new(0).normal(0, &mut inputs);
/// let labels: Vec<usize> = (0..30).map(|example| example % 2).collect();
/// let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 3, &labels, 2)?)?;
/// let theta = Initialization::he().draw(&network, Key::new(1));
/// let report = Flatness::new(Key::new(2)).run(&risk.at(&theta)?)?;
/// println!("{report}");
/// let trace = report.reading(FlatnessMeasure::Trace);
/// assert!(trace.value > 0.0 && trace.error.unwrap() < trace.value);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "sharpness")]
#[doc(alias = "generalization measures")]
pub struct Flatness {
    epsilon: f64,
    radius: f64,
    relative_radius: f64,
    sigma: f64,
    relative_sigma: f64,
    precision: f64,
    probes: usize,
    steps: usize,
    key: Key,
}

/// Every measure of flatness at a point. Prints as a table.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FlatnessReport {
    /// The risk there.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// The norm of its gradient: at no minimum, some measures speak of the slope.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub gradient_norm: f64,
    /// The measures, in the order of [`FlatnessMeasure::ALL`].
    pub readings: Vec<FlatnessReading>,
}

impl FlatnessReport {
    /// A measure's reading.
    ///
    /// # Panics
    /// If the readings were changed and it is no longer among them.
    #[track_caller]
    pub fn reading(&self, measure: FlatnessMeasure) -> FlatnessReading {
        let found = self.readings.iter().find(|reading| reading.measure == measure);
        *found.unwrap_or_else(|| panic!("the report has no reading of the {measure}"))
    }
}

impl fmt::Display for FlatnessReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "loss {:.6}, gradient {:.2e}", self.value, self.gradient_norm)?;
        writeln!(f, "{:<28} {:>12} {:>10}   the same under rescaling", "", "value", "error")?;
        for FlatnessReading { measure, value, error } in &self.readings {
            let error = error.map_or(String::new(), |error| format!("{error:.1e}"));
            let kept = match measure.invariance() {
                Rescaling::Changes => "no",
                Rescaling::Layers => "of layers",
                Rescaling::Units => "of units",
            };
            writeln!(f, "{measure:<28} {value:>12.4e} {error:>10}   {kept}")?;
        }
        Ok(())
    }
}

impl Flatness {
    /// The defaults; random vectors come from children of `key`.
    pub fn new(key: Key) -> Self {
        Flatness {
            epsilon: 1e-3,
            radius: 0.05,
            relative_radius: 0.5,
            sigma: 0.01,
            relative_sigma: 0.1,
            precision: 1e-3,
            probes: 20,
            steps: 20,
            key,
        }
    }

    /// Sets the size of Keskar's box.
    pub fn epsilon(self, epsilon: f64) -> Self {
        Flatness { epsilon, ..self }
    }

    /// Sets the radius of balls, in units of parameters.
    pub fn radius(self, radius: f64) -> Self {
        Flatness { radius, ..self }
    }

    /// Sets the radius of balls of relative displacements.
    pub fn relative_radius(self, radius: f64) -> Self {
        Flatness { relative_radius: radius, ..self }
    }

    /// Sets the standard deviation of noise, in units of parameters, and that of relative noise.
    pub fn noise(self, sigma: f64, relative: f64) -> Self {
        Flatness { sigma, relative_sigma: relative, ..self }
    }

    /// Sets the precision of the prior that volumes are compared with.
    pub fn precision(self, precision: f64) -> Self {
        Flatness { precision, ..self }
    }

    /// Sets the number of probes, and of pairs of noise.
    pub fn probes(self, probes: usize) -> Self {
        Flatness { probes, ..self }
    }

    /// Sets the number of steps of each ascent.
    pub fn steps(self, steps: usize) -> Self {
        Flatness { steps, ..self }
    }

    /// Reads all measures.
    ///
    /// # Errors
    /// If a setting is not positive, theta is zero or a filter of it is, the loss is no likelihood with natural parameters (Fisher's matrix needs
    /// it), or something is not finite.
    pub fn run<T: Scalar>(&self, point: &RiskPoint<'_, T>) -> Result<FlatnessReport> {
        Error::positive("the precision of a prior", self.precision)?;
        let (risk, theta) = (point.risk(), point.theta());
        let blocks = risk.blocks();
        let hessian = point.hessian();
        let key = |use_: u64| self.key.split(use_);
        let absolute: Vec<f64> = theta.iter().map(|x| x.f64().abs()).collect();
        let filters = filter_scales(theta, blocks)?;
        let relative = scaled_curvature(point.hessian(), &absolute)?;
        let filtered = scaled_curvature(point.hessian(), &filters)?;
        let traces = Hutchinson::new(self.probes, key(0));
        let ascent = WorstCase::new(key(1)).steps(self.steps);
        let ball = ascent.run(risk, theta, &Neighborhood::ball(theta.len(), self.radius)?)?;
        let widened = |scales: &[f64]| {
            let around = Neighborhood::new(scales.to_vec(), NeighborhoodNorm::Euclidean, self.relative_radius)?;
            ascent.run(risk, theta, &around)
        };
        let noise = |sigma: f64| ExpectedSharpness::new(sigma, self.probes, key(2));
        let volume = StochasticLanczos::new(key(3)).probes(self.probes).steps(80).run(&point.gauss_newton())?;
        let free = -0.5 * theta.len() as f64 * self.precision.ln();
        let volume = volume.log_determinant(self.precision)?.scaled(-0.5);
        let squares = Hutchinson::new(self.probes, key(4)).squared_norm(&hessian)?;
        let frobenius = squares.mean.max(0.0).sqrt();

        let exact = |value: f64| (value, None);
        let estimated = |estimate: Estimate| (estimate.mean, estimate.standard_error);
        let readings = FlatnessMeasure::ALL
            .into_iter()
            .map(|measure| {
                let (value, error) = match measure {
                    FlatnessMeasure::LargestEigenvalue => largest(&hessian, key(5))?,
                    FlatnessMeasure::Trace => estimated(traces.run(&hessian)?),
                    FlatnessMeasure::FrobeniusNorm => {
                        // That of a root, by its derivative.
                        (
                            frobenius,
                            squares.standard_error.map(|error| error / (2.0 * frobenius).max(f64::MIN_POSITIVE)),
                        )
                    }
                    FlatnessMeasure::EpsilonSharpness => {
                        let around = Neighborhood::keskar_box(theta, self.epsilon)?;
                        exact(ascent.run(risk, theta, &around)?.relative_increase)
                    }
                    FlatnessMeasure::SamSharpness => exact(ball.increase),
                    FlatnessMeasure::SamFirstOrder => exact(ball.first_order),
                    FlatnessMeasure::ExpectedSharpness => estimated(noise(self.sigma)?.run(risk, theta)?),
                    // Centred on ln det (precision I), which is no loss of volume.
                    FlatnessMeasure::LogVolume => (volume.mean - free, volume.standard_error),
                    FlatnessMeasure::AdaptiveSharpness => exact(widened(&absolute)?.increase),
                    FlatnessMeasure::FilterSharpness => exact(widened(&filters)?.increase),
                    FlatnessMeasure::AdaptiveEigenvalue => largest(&relative, key(5))?,
                    FlatnessMeasure::AdaptiveTrace => estimated(traces.run(&relative)?),
                    FlatnessMeasure::FilterTrace => estimated(traces.run(&filtered)?),
                    FlatnessMeasure::RelativeExpectedSharpness => {
                        estimated(noise(self.relative_sigma)?.scales(absolute.clone())?.run(risk, theta)?)
                    }
                    FlatnessMeasure::RelativeFlatness => {
                        let weights = |block: &&Block| block.role == Role::Weight && block.shape.axes() > 1;
                        let (mut sum, mut variance) = (0.0, Some(0.0));
                        for (layer, block) in blocks.iter().filter(weights).enumerate() {
                            let key = key(6).split(layer as u64);
                            let kappa = relative_flatness(&hessian, theta, block, self.probes, key)?;
                            sum += kappa.mean;
                            variance = variance.zip(kappa.standard_error).map(|(sum, error)| sum + error * error);
                        }
                        (sum, variance.map(f64::sqrt))
                    }
                    FlatnessMeasure::FisherRaoNorm => exact(fisher_rao_norm(point)?),
                };
                Ok(FlatnessReading { measure, value, error })
            })
            .collect::<Result<_>>()?;
        let gradient_norm = libm::sqrt(point.gradient().iter().map(|g| g.f64() * g.f64()).sum());
        Ok(FlatnessReport { value: point.value(), gradient_norm, readings })
    }
}

/// The largest eigenvalue, to some six digits, and the bound of its error.
fn largest<T: Scalar>(operator: &impl Symmetric<T>, key: Key) -> Result<(f64, Option<f64>)> {
    let Eigenpairs { values, error_bounds, .. } =
        Eigensolver::new(1, key).relative_tolerance(1e-4).check_multiplicity(false).run(operator)?;
    Ok((values[0], Some(error_bounds[0])))
}

#[cfg(feature = "serde")]
crate::saved::checked!(FlatnessReport {
    #[serde(with = "crate::saved::number")]
    value: f64,
    #[serde(with = "crate::saved::number")]
    gradient_norm: f64,
    readings: Vec<FlatnessReading>,
} by |report| {
    let measured = |measure| report.readings.iter().any(|reading| reading.measure == measure);
    let found = FlatnessMeasure::ALL.into_iter().filter(|&measure| measured(measure)).count();
    Error::length("the list of measures in a saved report", found, FlatnessMeasure::ALL.len())
});
