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
///
/// ```
/// use std::ops::ControlFlow;
///
/// use eigenscape::landscape::{Slice, SliceFrame, evenly, read_gradient};
/// use eigenscape::objective::Recorded;
///
/// let bowl = Recorded::<f64>::new(2, |x| (x * x).sum())?;
/// let axis = evenly(-1.0, 1.0, 3)?;
/// let mut slice = Slice::new(SliceFrame::plane(&[0.0; 2], &[1.0, 0.0], &[0.0, 1.0])?, &[&axis, &axis])?;
/// slice.run(read_gradient(&bowl), |_| ControlFlow::Continue(()))?;
/// assert_eq!(read_gradient(&bowl)(&[1.0, -1.0])?.gradient.unwrap(), [2.0, -2.0]);
/// assert_eq!(slice.lowest(), Some((4, 0.0)));
/// # Ok::<(), eigenscape::Error>(())
/// ```
pub fn read_gradient<T: Scalar, O: Objective<T>>(objective: &O) -> impl Fn(&[T]) -> Result<Reading<T>> + Sync {
    |theta| {
        let mut gradient = vec![T::zero(); theta.len()];
        let value = objective.value_and_gradient(theta, &mut gradient)?;
        Ok(Reading { value, accuracy: None, gradient: Some(gradient) })
    }
}

/// Reads the value and the accuracy of a risk on labelled examples, which costs two values.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::landscape::{Slice, SliceFrame, evenly, read_accuracy};
/// use eigenscape::network::{Activation, Perceptron};
///
/// let network = Perceptron::new(&[1, 2], Activation::Identity)?;
/// let examples = Examples::labelled(vec![1.0, -1.0], 1, &[0, 1], 2)?;
/// let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
/// // From the solution to its opposite.
/// let line = SliceFrame::between(&[1.0, -1.0, 0.0, 0.0], &[-1.0, 1.0, 0.0, 0.0])?;
/// let mut slice = Slice::new(line, &[&evenly(0.0, 1.0, 3)?])?;
/// slice.run(read_accuracy(&risk), |_| ControlFlow::Continue(()))?;
/// let accuracies: Vec<_> = slice.samples().iter().map(|sample| sample.accuracy).collect();
/// assert_eq!((accuracies[0], accuracies[2]), (Some(1.0), Some(0.0)));
/// # Ok::<(), eigenscape::Error>(())
/// ```
pub fn read_accuracy<T: Scalar>(risk: &Risk<T>) -> impl Fn(&[T]) -> Result<Reading<T>> + Sync {
    |theta| Ok(Reading { value: risk.value(theta)?, accuracy: Some(risk.accuracy(theta)?), gradient: None })
}
