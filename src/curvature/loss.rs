//! Losses of a row of outputs against a row of targets.

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
    /// Records the losses of all rows: examples x outputs, twice, to a vector with an entry for each example.
    pub fn record<'t, T: Scalar>(self, outputs: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
        match self {
            // Targets sum to 1, so this is ln sum exp z - sum y z; written through z alone it never overflows.
            Loss::SoftmaxCrossEntropy => outputs.log_sum_exp() - (targets * outputs).sum_axes(&[1]),
            Loss::SquaredError => {
                let difference = outputs - targets;
                (difference * difference).sum_axes(&[1]) * T::of(0.5)
            }
        }
    }
}
