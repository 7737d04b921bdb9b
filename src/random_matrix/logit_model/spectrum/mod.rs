//! The spectrum of the Gauss-Newton matrix at given probabilities.

mod full_population;
mod gradient_spectrum;
pub(super) mod logit_labels;
mod logit_means;
mod logit_outlier;
pub(super) mod logit_spectrum;
pub(super) mod residue_bulk;
mod spectrum_moments;

pub use full_population::FullPopulation;
pub use gradient_spectrum::GradientSpectrum;
pub use logit_labels::LogitLabels;
pub use logit_means::LogitMeans;
pub use logit_outlier::{LogitOutlier, Validity};
pub use logit_spectrum::{LogitSpectrum, PredictedEigenvalue, PredictionSource};
