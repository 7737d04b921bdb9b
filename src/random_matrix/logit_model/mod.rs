//! The random model of a network's logits: what it says of curvature, from its parameters.

mod cut_moments;
mod ensemble_limit;
mod estimate;
mod full_population;
mod gaussian_logits;
mod gibbs;
mod gradient_spectrum;
mod logit_ensemble;
mod logit_labels;
mod logit_means;
mod logit_outlier;
mod logit_spectrum;
mod model;
mod random_energy;
mod residue_bulk;
mod separable_signal;
mod softmax_blocks;
mod softmax_curvature;
mod spectrum_moments;

pub use cut_moments::CutMoments;
pub use ensemble_limit::EnsembleLimit;
pub use estimate::DrawMean;
pub use full_population::FullPopulation;
pub use gaussian_logits::GaussianLogits;
pub use gibbs::{MarginLogits, expected_maximum};
pub use gradient_spectrum::GradientSpectrum;
pub use logit_ensemble::LogitEnsemble;
pub use logit_labels::LogitLabels;
pub use logit_means::LogitMeans;
pub use logit_outlier::{LogitOutlier, Validity};
pub use logit_spectrum::{LogitSpectrum, PredictedEigenvalue, PredictionSource};
pub use model::LogitModel;
pub use random_energy::{GibbsAverages, RandomEnergyModel};
pub use separable_signal::{SeparableSignal, SignalOutlier, SignalRow};
pub use softmax_blocks::SoftmaxBlocks;
pub use softmax_curvature::SoftmaxCurvature;
