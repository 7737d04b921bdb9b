//! The landscape of a loss: Fisher geometry, spin glasses.

mod connectivity;
mod fisher;
mod flatness;
mod runge_kutta;
mod spin_glass;

pub use connectivity::{
    Band, Barrier, Curve, CurveKind, CurveObjective, CurveProfile, ElasticBand, HiddenUnits, UnitPermutation,
    WeightMatch, linear_barrier, weight_matching,
};
pub use fisher::{
    Geodesic, LineElement, LocalEffectiveDimension, ObjectiveMetric, PathLength, RecordedMetric, effective_dimension,
    exponential_map, fisher_rao_norm, path_length,
};
pub use flatness::{
    EdgeOfStability, ExpectedSharpness, Flatness, FlatnessMeasure, FlatnessReading, FlatnessReport, Neighborhood,
    NeighborhoodNorm, RankCorrelation, Rescaling, ScaledCurvature, SharpnessRow, WorstCase, WorstCaseSharpness,
    filter_scales, rank_correlation, relative_flatness, scaled_curvature,
};
pub use runge_kutta::{Integration, RungeKutta};
pub use spin_glass::{GaussianLandscape, KacRice, SphericalSpinGlass, SpinGlassComplexity};
