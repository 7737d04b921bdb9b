//! Slices: a loss along a direction or on a plane, beside what its derivatives at the origin predict.

mod contours;
mod expansion;
mod filters;
mod frame;
mod reading;
mod slice;
mod validity;

pub use contours::{Contour, ContourLevel, Contours, contours, linear_levels, logarithmic_levels};
pub use expansion::{SliceExpansion, TaylorPoint};
pub use filters::FilterNormalization;
pub use frame::SliceFrame;
pub use reading::{Reading, read_accuracy, read_gradient, read_value};
pub use slice::{Slice, SliceProgress, SliceSample, evenly};
pub use validity::Validity;
