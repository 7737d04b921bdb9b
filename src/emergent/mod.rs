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
//! | how large logits are, how far probabilities are frozen | [`Freezing`] | the logits |
//! | the gradient's share in the top eigenspace, what eigenvectors are made of | [`Confinement`] | C^2 products with J and J' |
//! | the Gauss-Newton matrix split into means of pairs of classes and a residue | [`PairMeans`] | N C gradients of one example, C products with J and J' |
//! | where outliers and bulk of a trained network should be, with p-values | [`RefinedModel`] | some 300 products with J and J' |
//! | the random model that belongs to a network, with errors | [`Calibration`] | N C gradients of one example |
//! | measured, predicted and sampled side by side, property by property | [`ModelComparison`] | that, and 60 products with H and G |
//! | all this along training | [`Tracker`] | every 2500 steps some 60 products on 128 examples |
//! | a draw of the random model, with up to a million parameters | [`LogitSample`] | nothing until it is multiplied |
//!
//! The theory is in [`random_matrix`](crate::random_matrix), and needs no network: [`LogitModel`](crate::random_matrix::LogitModel).
//!
//! # References
//! Fort & Scherlis 2018, arXiv:1807.02581; Fort & Ganguli 2019, arXiv:1910.05929.

mod calibration;
mod cell;
mod clustering;
mod comparison;
mod confinement;
mod curvature_reading;
mod cut;
mod freezing;
mod goldilocks_run;
mod goldilocks_scan;
mod logit_gradients;
mod logit_means_jackknife;
mod logit_sample;
mod measurement;
mod model_comparison;
mod model_prediction;
mod pair_means;
mod refined_model;
mod residue_curvature;
mod sample;
mod tracked_clustering;
mod tracked_means;
mod tracked_pairs;
mod tracked_row;
mod tracker;

pub use calibration::Calibration;
pub use clustering::Clustering;
pub use comparison::{Comparison, ComparisonRow, Prediction, Property};
pub use confinement::Confinement;
pub use cut::{Cut, CutCurvature};
pub use freezing::Freezing;
pub use goldilocks_run::{GoldilocksRun, ScanProgress};
pub use goldilocks_scan::{GoldilocksScan, PlaneTraining};
pub use logit_gradients::LogitGradients;
pub use logit_sample::{LogitSample, SampledHessian, SampledJacobian};
pub use measurement::Measurement;
pub use model_comparison::{ComparisonProgress, ComparisonStage, ModelComparison};
pub use pair_means::{PairMeans, PairResidue};
pub use refined_model::{OutlierCount, RefinedModel};
pub use sample::{GoldilocksRow, GoldilocksSample, KeyMean, PlaneOutcome};
pub use tracked_pairs::TrackedMatrix;
pub use tracked_row::{PredictedLargest, TrackedClustering, TrackedRow};
pub use tracker::{Tracker, TrackerRun};
