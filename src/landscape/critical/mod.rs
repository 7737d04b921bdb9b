//! Critical points: finding them from any start, telling what they are, leaving them, counting them.
//!
//! ```text
//!     g(theta) = 0,     index: the number of negative eigenvalues of H there
//! ```
//!
//! [`CriticalSearch`] approaches one, [`Classifier`] tells what it is and [`CriticalPoint::escape`] goes down from it, [`CriticalSurvey`] does the
//! first two from many starts; [`GradientNorm`] is the objective whose zeros they are.

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
