//! Probabilities of classes and their covariances S: given, of normal logits, of a system at a temperature.

mod gaussian_logits;
mod gibbs;
mod margin_fit;
pub(super) mod margin_logits;
mod random_energy;
pub(super) mod softmax_blocks;
pub(super) mod softmax_curvature;

pub use gaussian_logits::{GaussianLogits, expected_maximum};
pub use margin_logits::MarginLogits;
pub use random_energy::{GibbsAverages, RandomEnergyModel};
pub use softmax_blocks::SoftmaxBlocks;
pub use softmax_curvature::SoftmaxCurvature;
