//! Losses of a row of outputs against a row of targets.

use super::Examples;
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::tape::Var;

/// The loss of one example.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Loss {
    /// -sum_k y_k ln p_k with p = softmax(z), natural logarithm; targets y are probabilities, one-hot for a label.
    SoftmaxCrossEntropy,
    /// |z - y|^2 / 2.
    SquaredError,
}

impl Loss {
    /// Fails unless the targets are such as the loss is defined for.
    pub(super) fn accepts<T: Scalar>(self, examples: &Examples<T>) -> Result<()> {
        if self == Loss::SquaredError {
            return Ok(());
        }
        let refuse = |what, value, limits| Err(Error::OutOfRange { what, value, limits });
        for row in examples.targets().chunks_exact(examples.target_len()) {
            if let Some(negative) = row.iter().find(|&&target| target < T::zero()) {
                let limits = "must be at least 0: targets of softmax cross-entropy are probabilities";
                return refuse("a target", negative.f64(), limits);
            }
            let sum: f64 = row.iter().map(|target| target.f64()).sum();
            if (sum - 1.0).abs() > T::EPSILON.f64() * (8 + row.len()) as f64 {
                let limits = "must be 1: targets of softmax cross-entropy are probabilities";
                return refuse("the sum of a row of targets", sum, limits);
            }
        }
        Ok(())
    }

    /// Records the losses of all rows: examples x outputs, twice, to a vector with an entry for each example.
    pub fn record<'t, T: Scalar>(self, outputs: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
        match self {
            Loss::SoftmaxCrossEntropy => -(targets * outputs.log_softmax()).sum_axes(&[1]),
            Loss::SquaredError => {
                let difference = outputs - targets;
                (difference * difference).sum_axes(&[1]) * T::of(0.5)
            }
        }
    }
}
