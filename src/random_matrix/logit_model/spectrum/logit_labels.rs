//! The labels of examples, given or drawn.

use crate::error::{Error, Result};
use crate::random_matrix::SoftmaxBlocks;

/// The labels of a classification, as they are or as a law that they are drawn from, independently for each example.
///
/// They enter the gradient by the residuals r = p - y and nothing else: the curvature does not know of them.
///
/// ```text
///     y ~ q:   E r = p - q,   Cov r = diag(q) - q q'
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LogitLabels {
    /// The label of each example.
    Given(Vec<usize>),
    /// Drawn from the probabilities of the model itself.
    Calibrated,
    /// Drawn without regard to anything.
    Uniform,
    /// The most probable class with this probability, else one of the others, all equally likely.
    Accuracy(f64),
    /// Drawn from these probabilities, N x C.
    Drawn(Vec<f64>),
}

/// Mean and law of the residuals of every example.
#[derive(Clone, Debug)]
pub(crate) struct Residuals {
    classes: usize,
    /// p - q.
    mean: Vec<f64>,
    /// q; none where it is certain.
    law: Option<Vec<f64>>,
}

impl LogitLabels {
    /// Fails unless they are a rule for any example.
    pub(crate) fn without_examples(&self) -> Result<()> {
        match self {
            LogitLabels::Given(_) | LogitLabels::Drawn(_) => {
                let remedy =
                    "an average over logits has no examples of its own: use calibrated, uniform or accurate labels";
                Err(Error::Missing { what: "the list of examples that these labels belong to", remedy })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn residuals(&self, blocks: &SoftmaxBlocks) -> Result<Residuals> {
        let (c, p) = (blocks.classes(), blocks.probabilities());
        let law: Vec<f64> = match self {
            LogitLabels::Given(labels) => {
                Error::length("the list of labels", labels.len(), blocks.examples())?;
                let mut law = vec![0.0; p.len()];
                for (index, (row, &label)) in law.chunks_exact_mut(c).zip(labels).enumerate() {
                    let wrong = Error::Label { index, label, classes: c };
                    *row.get_mut(label).ok_or(wrong)? = 1.0;
                }
                law
            }
            LogitLabels::Calibrated => p.to_vec(),
            LogitLabels::Uniform => vec![1.0 / c as f64; p.len()],
            LogitLabels::Accuracy(accuracy) => {
                if !(0.0..=1.0).contains(accuracy) {
                    let limits = "must lie in [0, 1]: it is a probability";
                    return Err(Error::OutOfRange { what: "the accuracy of labels", value: *accuracy, limits });
                }
                // A single class is always right.
                let right = if c == 1 { 1.0 } else { *accuracy };
                let wrong = (1.0 - right) / (c - 1).max(1) as f64;
                let mut law = vec![wrong; p.len()];
                for (row, p) in law.chunks_exact_mut(c).zip(p.chunks_exact(c)) {
                    row[(0..c).fold(0, |best, k| if p[k] > p[best] { k } else { best })] = right;
                }
                law
            }
            LogitLabels::Drawn(law) => {
                crate::random_matrix::logit_model::softmax::softmax_curvature::checked_rows(law, c, blocks.weights())?
            }
        };
        let mut mean: Vec<f64> = p.iter().zip(&law).map(|(p, q)| p - q).collect();
        for ((mean, p), q) in mean.chunks_exact_mut(c).zip(p.chunks_exact(c)).zip(law.chunks_exact(c)) {
            // What is missing to 1 is what the others have, below rounding too.
            if let Some(label) = q.iter().position(|&q| q == 1.0) {
                mean[label] = -p.iter().enumerate().filter(|&(k, _)| k != label).map(|(_, p)| p).sum::<f64>();
            }
        }
        let certain = law.iter().all(|&q| q == 0.0 || q == 1.0);
        Ok(Residuals { classes: c, mean, law: (!certain).then_some(law) })
    }
}

impl Residuals {
    /// E r_m.
    pub(crate) fn mean(&self, example: usize) -> &[f64] {
        &self.mean[example * self.classes..][..self.classes]
    }

    /// Var(x' r_m).
    pub(crate) fn variance(&self, example: usize, x: &[f64]) -> f64 {
        let Some(q) = self.law_of(example) else { return 0.0 };
        let mean: f64 = q.iter().zip(x).map(|(q, x)| q * x).sum();
        q.iter().zip(x).map(|(q, x)| q * (x - mean) * (x - mean)).sum()
    }

    /// E (x' r_m)^2.
    pub(crate) fn square(&self, example: usize, x: &[f64]) -> f64 {
        let mean: f64 = self.mean(example).iter().zip(x).map(|(r, x)| r * x).sum();
        mean * mean + self.variance(example, x)
    }

    /// q_m, unless it is certain.
    pub(crate) fn law_of(&self, example: usize) -> Option<&[f64]> {
        self.law.as_ref().map(|law| &law[example * self.classes..][..self.classes])
    }
}
