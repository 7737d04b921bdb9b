//! Measured, predicted and sampled, side by side.

mod comparison;
pub(super) mod curvature_reading;
mod model_comparison;
mod model_prediction;
mod residue_curvature;

pub use comparison::{Comparison, ComparisonRow, Prediction, Property};
pub use model_comparison::{ComparisonProgress, ComparisonStage, ModelComparison};
