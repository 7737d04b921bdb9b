//! Gradients of logits: how they cluster, and the parameters of the random model that fits them.

pub(super) mod calibration;
mod clustering;
pub(super) mod logit_gradients;
mod logit_means_jackknife;

pub use calibration::Calibration;
pub use clustering::Clustering;
pub use logit_gradients::LogitGradients;
