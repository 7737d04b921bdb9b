//! The random model of a network's logits: what it says of curvature, from its parameters.

mod cut_moments;
mod gaussian_logits;
mod gibbs;
mod model;
mod random_energy;
mod softmax_curvature;

pub use cut_moments::CutMoments;
pub use gaussian_logits::GaussianLogits;
pub use gibbs::{MarginLogits, expected_maximum};
pub use model::LogitModel;
pub use random_energy::{GibbsAverages, RandomEnergyModel};
pub use softmax_curvature::SoftmaxCurvature;
