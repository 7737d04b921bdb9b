//! The landscape of a loss: Fisher geometry, spin glasses.

mod critical;
mod fisher;
mod runge_kutta;
mod spin_glass;

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
pub use spin_glass::{GaussianLandscape, KacRice, SphericalSpinGlass, SpinGlassComplexity};
