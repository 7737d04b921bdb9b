//! The measures by name, with what they claim.

use std::fmt;

/// Which rescalings of a relu network, all of which leave its function as it is, leave a measure as it is.
///
/// Weights and biases into units are multiplied by positive numbers, and weights out of them divided.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rescaling {
    /// None: the measure can be given any value at the same function (Dinh et al. 2017, arXiv:1703.04933).
    Changes,
    /// Those with one number for all units of a layer.
    Layers,
    /// Those with a number for each unit.
    Units,
}

/// A measure of flatness; all are larger where the minimum is sharper, but for the volume.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FlatnessMeasure {
    /// The largest eigenvalue of the Hessian H.
    LargestEigenvalue,
    /// tr H.
    Trace,
    /// |H|, Frobenius's norm.
    FrobeniusNorm,
    /// The largest relative increase in Keskar's box.
    EpsilonSharpness,
    /// The largest increase in a ball.
    SamSharpness,
    /// radius |g|: the same to first order.
    SamFirstOrder,
    /// The mean increase under noise.
    ExpectedSharpness,
    /// -1/2 ln det(I + G / precision): the logarithm of the volume that the loss leaves of a prior's, G the Gauss-Newton matrix.
    LogVolume,
    /// The largest increase by relative displacements, |d / theta| at most a radius.
    AdaptiveSharpness,
    /// The same in units of the filters' norms.
    FilterSharpness,
    /// The largest eigenvalue of theta_i H_ij theta_j.
    AdaptiveEigenvalue,
    /// sum_i theta_i^2 H_ii.
    AdaptiveTrace,
    /// The same in units of the filters' norms.
    FilterTrace,
    /// The mean increase under relative noise.
    RelativeExpectedSharpness,
    /// Petzka's relative flatness, summed over layers.
    RelativeFlatness,
    /// sqrt(theta' F theta), F Fisher's matrix.
    FisherRaoNorm,
}

impl FlatnessMeasure {
    /// All, in the order of a report.
    pub const ALL: [FlatnessMeasure; 16] = [
        FlatnessMeasure::LargestEigenvalue,
        FlatnessMeasure::Trace,
        FlatnessMeasure::FrobeniusNorm,
        FlatnessMeasure::EpsilonSharpness,
        FlatnessMeasure::SamSharpness,
        FlatnessMeasure::SamFirstOrder,
        FlatnessMeasure::ExpectedSharpness,
        FlatnessMeasure::LogVolume,
        FlatnessMeasure::AdaptiveSharpness,
        FlatnessMeasure::FilterSharpness,
        FlatnessMeasure::AdaptiveEigenvalue,
        FlatnessMeasure::AdaptiveTrace,
        FlatnessMeasure::FilterTrace,
        FlatnessMeasure::RelativeExpectedSharpness,
        FlatnessMeasure::RelativeFlatness,
        FlatnessMeasure::FisherRaoNorm,
    ];

    /// Its name, for tables.
    pub fn name(self) -> &'static str {
        match self {
            FlatnessMeasure::LargestEigenvalue => "largest eigenvalue",
            FlatnessMeasure::Trace => "trace",
            FlatnessMeasure::FrobeniusNorm => "Frobenius norm",
            FlatnessMeasure::EpsilonSharpness => "epsilon-sharpness",
            FlatnessMeasure::SamSharpness => "SAM sharpness",
            FlatnessMeasure::SamFirstOrder => "SAM sharpness, first order",
            FlatnessMeasure::ExpectedSharpness => "expected sharpness",
            FlatnessMeasure::LogVolume => "log volume",
            FlatnessMeasure::AdaptiveSharpness => "adaptive sharpness",
            FlatnessMeasure::FilterSharpness => "filter-wise sharpness",
            FlatnessMeasure::AdaptiveEigenvalue => "adaptive eigenvalue",
            FlatnessMeasure::AdaptiveTrace => "adaptive trace",
            FlatnessMeasure::FilterTrace => "filter-wise trace",
            FlatnessMeasure::RelativeExpectedSharpness => "relative expected sharpness",
            FlatnessMeasure::RelativeFlatness => "relative flatness",
            FlatnessMeasure::FisherRaoNorm => "Fisher-Rao norm",
        }
    }

    /// What leaves it as it is.
    pub fn invariance(self) -> Rescaling {
        match self {
            FlatnessMeasure::LargestEigenvalue
            | FlatnessMeasure::Trace
            | FlatnessMeasure::FrobeniusNorm
            | FlatnessMeasure::EpsilonSharpness
            | FlatnessMeasure::SamSharpness
            | FlatnessMeasure::SamFirstOrder
            | FlatnessMeasure::ExpectedSharpness
            | FlatnessMeasure::LogVolume => Rescaling::Changes,
            FlatnessMeasure::FilterSharpness | FlatnessMeasure::FilterTrace | FlatnessMeasure::RelativeFlatness => {
                Rescaling::Layers
            }
            FlatnessMeasure::AdaptiveSharpness
            | FlatnessMeasure::AdaptiveEigenvalue
            | FlatnessMeasure::AdaptiveTrace
            | FlatnessMeasure::RelativeExpectedSharpness
            | FlatnessMeasure::FisherRaoNorm => Rescaling::Units,
        }
    }
}

impl fmt::Display for FlatnessMeasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A measure's value.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FlatnessReading {
    /// Which measure.
    pub measure: FlatnessMeasure,
    /// Its value.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// Its standard error over probes, or the bound of an eigenvalue's error; none for what is exact, and for increases found by ascent, which
    /// are lower bounds.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub error: Option<f64>,
}
