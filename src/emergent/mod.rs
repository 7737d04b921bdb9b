//! What emerges in the landscapes of trained classifiers, measured on networks beside its theory.
//!
//! ```text
//!     H = G + R,   G = sum_m w_m J_m' S_m J_m  (Gauss-Newton),   R: with the curvature of the logits
//!     J_mk = c_k + E_mk:   gradients of logits cluster by class;   S_m = diag(p_m) - p_m p_m' freezes as logits grow
//! ```
//!
//! | you want | take | it costs, for each point |
//! | --- | --- | --- |
//! | curvature on random planes, and training in them, over distances and dimensions | [`GoldilocksScan`] | d products with H and G |
//! | curvature on one plane, of any objective | [`Cut`] of [`RestrictedPoint::hessian`](crate::objective::Point::hessian) | d products |
//! | how logit gradients cluster by logit and class, in all or layer by layer; the kernel's class blocks | [`Clustering`] | N C gradients of one example, and 2 N C in wide products |
//! | the random model that fits, at the least cost | [`LogitGradients`] | N C gradients of one example |
//! | how large logits are, how far probabilities are frozen, at which temperature of the random energy model | [`Freezing`] | the logits |
//! | the gradient's share in the top eigenspace, what eigenvectors are made of | [`Confinement`] | C^2 products with J and J' |
//! | the Gauss-Newton matrix split into means of pairs of classes and a residue | [`PairMeans`] | N C gradients of one example, C products with J and J' |
//! | where outliers and bulk of a trained network should be, with p-values | [`RefinedModel`] | 300 + C^2 products with J and J' |
//! | the random model that belongs to a network, with errors | [`Calibration`] | N C gradients of one example |
//! | measured, predicted and sampled side by side, property by property | [`ModelComparison`] | that, and 60 products with H and G |
//! | all this along training | [`Tracker`] | every 2500 steps some 60 products on 128 examples |
//! | a draw of the random model, with up to a million parameters | [`LogitSample`] | nothing until it is multiplied |
//!
//! The theory is in [`random_matrix`](crate::random_matrix), and needs no network: [`LogitModel`](crate::random_matrix::LogitModel).
//!
//! # References
//! Fort & Scherlis 2018, arXiv:1807.02581; Fort & Ganguli 2019, arXiv:1910.05929.

mod confinement;
mod freezing;
mod goldilocks;
mod gradients;
mod measurement;
mod model;
mod properties;
mod training;

pub use confinement::Confinement;
pub use freezing::Freezing;
pub use goldilocks::{
    Cut, CutCurvature, GoldilocksRow, GoldilocksRun, GoldilocksSample, GoldilocksScan, KeyMean, PlaneOutcome,
    PlaneTraining, ScanProgress,
};
pub use gradients::{Calibration, Clustering, LogitGradients};
pub use measurement::Measurement;
pub use model::{LogitSample, OutlierCount, PairMeans, PairResidue, RefinedModel, SampledHessian, SampledJacobian};
pub use properties::{
    Comparison, ComparisonProgress, ComparisonRow, ComparisonStage, ModelComparison, Prediction, Property,
};
pub use training::{PredictedLargest, TrackedClustering, TrackedMatrix, TrackedRow, Tracker, TrackerRun};

#[cfg(feature = "serde")]
crate::saved::kinds!("emergent":
    Confinement, Freezing, Cut, CutCurvature, GoldilocksRun, GoldilocksScan, PlaneTraining, GoldilocksSample,
    PlaneOutcome, KeyMean, GoldilocksRow, Clustering, LogitGradients, Measurement, OutlierCount, Property, Prediction,
    ComparisonRow, Comparison, ModelComparison, ComparisonStage, TrackedMatrix, TrackedRow, PredictedLargest,
    TrackedClustering, Tracker, TrackerRun<T>,
);
