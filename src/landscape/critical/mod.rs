//! Critical points: finding them from any start, telling what they are, leaving them, counting them.

mod approached;
mod classifier;
mod critical_point;
mod critical_points;
mod following;
mod gradient_norm;
mod newton;
mod null_direction;
mod search;
mod survey;

pub use approached::{Approached, SearchStop};
pub use classifier::Classifier;
pub use critical_point::{Certificate, CountedBy, CriticalKind, CriticalPoint};
pub use critical_points::{CriticalPoints, SurveyedPoint, SurveyedStart};
pub use gradient_norm::{GradientNorm, GradientNormHessian, GradientNormPoint};
pub use null_direction::NullDirection;
pub use search::CriticalSearch;
pub use survey::CriticalSurvey;
