//! What is read at a point of a slice.

use crate::curvature::Risk;
use crate::error::Result;
use crate::objective::Objective;
use crate::scalar::Scalar;

/// What is read at a point.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reading<T> {
    /// The loss.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// The share of examples that are classified rightly, if it was asked for.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub accuracy: Option<f64>,
    /// The gradient, if it was asked for: of it the norm and the slopes are kept.
    pub gradient: Option<Vec<T>>,
}

/// Reads the value alone.
pub fn read_value<T: Scalar, O: Objective<T>>(objective: &O) -> impl Fn(&[T]) -> Result<Reading<T>> + Sync {
    |theta| Ok(Reading { value: objective.value(theta)?, accuracy: None, gradient: None })
}

/// Reads the value and the gradient, which costs about three values.
pub fn read_gradient<T: Scalar, O: Objective<T>>(objective: &O) -> impl Fn(&[T]) -> Result<Reading<T>> + Sync {
    |theta| {
        let mut gradient = vec![T::zero(); theta.len()];
        let value = objective.value_and_gradient(theta, &mut gradient)?;
        Ok(Reading { value, accuracy: None, gradient: Some(gradient) })
    }
}

/// Reads the value and the accuracy of a risk on labelled examples, which costs two values.
pub fn read_accuracy<T: Scalar>(risk: &Risk<T>) -> impl Fn(&[T]) -> Result<Reading<T>> + Sync {
    |theta| Ok(Reading { value: risk.value(theta)?, accuracy: Some(risk.accuracy(theta)?), gradient: None })
}
