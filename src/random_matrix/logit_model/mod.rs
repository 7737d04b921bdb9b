//! The random model of a network's logits: what it says of curvature, from its parameters.

mod cut_moments;
mod ensemble;
mod estimate;
mod model;
mod separable_signal;
mod softmax;
mod spectrum;

pub use cut_moments::CutMoments;
pub use ensemble::{EnsembleLimit, LogitEnsemble};
pub use estimate::DrawMean;
pub use model::LogitModel;
pub use separable_signal::{SeparableSignal, SignalOutlier, SignalRow};
pub use softmax::{
    GaussianLogits, GibbsAverages, MarginLogits, RandomEnergyModel, SoftmaxBlocks, SoftmaxCurvature, expected_maximum,
};
pub use spectrum::{
    FullPopulation, GradientSpectrum, LogitLabels, LogitMeans, LogitOutlier, LogitSpectrum, PredictedEigenvalue,
    PredictionSource, Validity,
};
