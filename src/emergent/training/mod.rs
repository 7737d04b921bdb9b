//! The properties along training.

mod tracked_clustering;
mod tracked_means;
mod tracked_pairs;
mod tracked_row;
mod tracker;

pub use tracked_pairs::TrackedMatrix;
pub use tracked_row::{PredictedLargest, TrackedClustering, TrackedRow};
pub use tracker::{Tracker, TrackerRun};
