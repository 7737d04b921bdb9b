//! Curvature on random planes, over distances from the origin and dimensions.

mod cell;
mod cut;
mod goldilocks_run;
mod goldilocks_scan;
pub(super) mod sample;

pub use cut::{Cut, CutCurvature};
pub use goldilocks_run::{GoldilocksRun, ScanProgress};
pub use goldilocks_scan::{GoldilocksScan, PlaneTraining};
pub use sample::{GoldilocksRow, GoldilocksSample, KeyMean, PlaneOutcome};
