//! Information geometry: distances between models instead of between parameters.

mod effective_dimension;
mod fisher_rao;
mod geodesic;
mod path_length;
mod recorded_metric;

pub use effective_dimension::{LocalEffectiveDimension, effective_dimension};
pub use fisher_rao::fisher_rao_norm;
pub use geodesic::{Geodesic, exponential_map};
pub use path_length::{LineElement, ObjectiveMetric, PathLength, path_length};
pub use recorded_metric::RecordedMetric;
