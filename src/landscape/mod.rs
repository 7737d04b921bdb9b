//! The landscape of a loss: where it is cut, walked, at rest, connected, curved and flat.
//!
//! ```text
//!     L : R^P -> R,   g = grad L,   H its Hessian,   F Fisher's metric:      any Objective, where nothing else is said
//! ```
//!
//! | you ask | take | it costs |
//! | --- | --- | --- |
//! | what the loss looks like along a direction, on a plane, between two solutions | [`Slice`] on a [`SliceFrame`] | a value for each point |
//! | directions that do not depend on the scale of layers | [`FilterNormalization`] | nothing |
//! | how far its quadratic and its cubic expansion hold | [`SliceExpansion`] | some derivatives along directions |
//! | lines of equal loss | [`contours`] | nothing more |
//! | where training went, and the plane that holds most of it | [`Trajectory`], [`PrincipalComponents`] | points kept within a budget |
//! | where descent flows from here | [`gradient_flow`], [`gradient_flow_on`] | some gradients for each step |
//! | a critical point from any start, of any index or of a given one | [`CriticalSearch`] | products with H |
//! | what it is, and on which certificate | [`Classifier`], a [`CriticalPoint`] | an eigenproblem, or products with H |
//! | many of them: loss against index | [`CriticalSurvey`] | that for each start |
//! | whether two solutions are connected, by a line or a curve, and with units put in the same order | [`linear_barrier`], [`Curve`], [`ElasticBand`], [`weight_matching`] | descents of whole paths |
//! | how far two models are apart, not two parameter vectors | [`path_length`], [`exponential_map`] of a [`RecordedMetric`] or an [`ObjectiveMetric`] | products with F |
//! | how many parameters the data determine | [`effective_dimension`], [`LocalEffectiveDimension`] | a spectrum |
//! | how flat a minimum is, in all the senses that are in use, and in which of them rescaling counts | [`Flatness`] | some hundred products |
//! | the sharpness of descent beside 2 / rate | [`EdgeOfStability`] | an eigenpair every k steps |
//! | what the critical points of a random landscape are | [`SphericalSpinGlass`], [`KacRice`], [`SpinGlassComplexity`], [`GaussianLandscape`] | theory |
//!
//! Every picture's numbers are data that can be saved (feature `serde`) and drawn again. Where a loss is not finite there is a hole, counted and
//! never filled in.
//!
//! # References
//! Li et al. 2018, arXiv:1712.09913 (slices); Dauphin et al. 2014, arXiv:1406.2572 (saddles); Garipov et al. 2018, arXiv:1802.10026 (curves); Amari
//! 2016, doi:10.1007/978-4-431-55978-8 (information geometry); Auffinger, Ben Arous & Cerny 2013, arXiv:1003.1129 (spin glasses).

mod connectivity;
mod critical;
mod fisher;
mod flatness;
mod runge_kutta;
mod slices;
mod spin_glass;
mod trajectories;

pub use connectivity::{
    Band, Barrier, Curve, CurveKind, CurveObjective, CurveProfile, ElasticBand, HiddenUnits, UnitPermutation,
    WeightMatch, linear_barrier, weight_matching,
};
pub use critical::{
    Approached, Certificate, Classifier, CountedBy, CriticalKind, CriticalPoint, CriticalPoints, CriticalSearch,
    CriticalSurvey, GradientNorm, GradientNormHessian, GradientNormPoint, NullDirection, SearchStop, SurveyedPoint,
    SurveyedStart,
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
pub use slices::{
    Contour, ContourLevel, Contours, FilterNormalization, Reading, Slice, SliceExpansion, SliceFrame, SliceProgress,
    SliceSample, TaylorPoint, Validity, contours, evenly, linear_levels, logarithmic_levels, read_accuracy,
    read_gradient, read_value,
};
pub use spin_glass::{GaussianLandscape, KacRice, SphericalSpinGlass, SpinGlassComplexity};
pub use trajectories::{FlowLine, PrincipalComponents, Trajectory, TrajectoryCenter, gradient_flow, gradient_flow_on};

#[cfg(feature = "serde")]
crate::saved::kinds!("landscape":
    Barrier, CurveKind, Curve<T>, CurveProfile, ElasticBand, Band<T>, WeightMatch<T>, SearchStop, Approached<T>,
    Classifier, CriticalKind, CountedBy, Certificate, CriticalPoint<T>, SurveyedPoint<T>, SurveyedStart,
    CriticalPoints<T>, NullDirection<T>, CriticalSearch, CriticalSurvey, LocalEffectiveDimension, Geodesic,
    PathLength, EdgeOfStability<T>, SharpnessRow, ExpectedSharpness, NeighborhoodNorm, Neighborhood, RankCorrelation,
    Rescaling, FlatnessMeasure, FlatnessReading, Flatness, FlatnessReport, WorstCase, WorstCaseSharpness<T>,
    RungeKutta, Integration, Contour, ContourLevel, Contours, SliceExpansion, FilterNormalization, SliceFrame<T>,
    Reading<T>, SliceSample, Slice<T>, Validity, SpinGlassComplexity, GaussianLandscape, KacRice, FlowLine,
    TrajectoryCenter, PrincipalComponents<T>, Trajectory<T>,
);
