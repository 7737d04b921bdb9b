//! The landscape of a loss: Fisher geometry, spin glasses.

mod critical;
mod fisher;
mod runge_kutta;
mod slices;
mod spin_glass;
mod trajectories;

pub use critical::{
    Approached, Certificate, Classifier, CountedBy, CriticalKind, CriticalPoint, CriticalPoints, CriticalSearch,
    CriticalSurvey, GradientNorm, GradientNormHessian, GradientNormPoint, NullDirection, SearchStop, SurveyedPoint,
    SurveyedStart,
};
pub use fisher::{
    Geodesic, LineElement, LocalEffectiveDimension, ObjectiveMetric, PathLength, RecordedMetric, effective_dimension,
    exponential_map, fisher_rao_norm, path_length,
};
pub use runge_kutta::{Integration, RungeKutta};
pub use slices::{
    Contour, ContourLevel, Contours, FilterNormalization, Reading, Slice, SliceExpansion, SliceFrame, SliceProgress,
    SliceSample, TaylorPoint, Validity, contours, evenly, linear_levels, logarithmic_levels, read_accuracy,
    read_gradient, read_value,
};
pub use spin_glass::{GaussianLandscape, KacRice, SphericalSpinGlass, SpinGlassComplexity};
pub use trajectories::{FlowLine, PrincipalComponents, Trajectory, TrajectoryCenter, gradient_flow, gradient_flow_on};
