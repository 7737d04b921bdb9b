//! How minima are connected: barriers between them, curves and paths around those, and symmetries that explain them away.

mod assignment;
mod barrier;
mod curve;
mod elastic_band;
mod units;
mod weight_matching;

pub use barrier::{Barrier, linear_barrier};
pub use curve::{Curve, CurveKind, CurveObjective, CurveProfile};
pub use elastic_band::{Band, ElasticBand};
pub use units::{HiddenUnits, UnitPermutation};
pub use weight_matching::{WeightMatch, weight_matching};
