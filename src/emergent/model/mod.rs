//! Models of the Gauss-Newton matrix: draws of the random one, and the refined one of a network.

pub(super) mod logit_sample;
mod noise_draws;
mod pair_means;
mod refined_model;

pub use logit_sample::{LogitSample, SampledHessian, SampledJacobian};
pub use pair_means::{PairMeans, PairResidue};
pub use refined_model::{OutlierCount, RefinedModel};
