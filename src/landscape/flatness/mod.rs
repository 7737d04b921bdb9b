//! How flat a minimum is, in every sense that has been proposed, and how the sharpness moves while training goes on.

mod edge_of_stability;
mod expected;
mod neighborhood;
mod rank_correlation;
mod readings;
mod relative;
mod report;
mod scaled;
mod worst_case;

pub use edge_of_stability::{EdgeOfStability, SharpnessRow};
pub use expected::ExpectedSharpness;
pub use neighborhood::{Neighborhood, NeighborhoodNorm, filter_scales};
pub use rank_correlation::{RankCorrelation, rank_correlation};
pub use readings::{FlatnessMeasure, FlatnessReading, Rescaling};
pub use relative::relative_flatness;
pub use report::{Flatness, FlatnessReport};
pub use scaled::{ScaledCurvature, scaled_curvature};
pub use worst_case::{WorstCase, WorstCaseSharpness};
