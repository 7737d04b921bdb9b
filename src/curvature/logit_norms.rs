//! Squared norms of logit gradients, block by block.

use std::ops::Range;

use rayon::prelude::*;

use super::RiskPoint;
use crate::error::{Error, Result};
use crate::linalg::dot;
use crate::scalar::Scalar;

impl<T: Scalar> RiskPoint<'_, T> {
    /// |J_mk|^2 restricted to ranges of the parameters, such as the blocks of a network: N C x ranges, row by row, exactly.
    ///
    /// One gradient at a time, and none of them kept. Cost: N C gradients of one example.
    ///
    /// ```
    /// use eigenscape::curvature::{Examples, Loss, Risk};
    /// use eigenscape::network::{Activation, Perceptron};
    /// use eigenscape::objective::Objective;
    ///
    /// // A linear model: x^2 from the weight, 1 from the bias.
    /// let network = Perceptron::new(&[1, 1], Activation::Identity)?;
    /// let examples = Examples::new(vec![2.0, 3.0], 1, vec![0.0, 1.0], 1)?;
    /// let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples)?;
    /// let norms = risk.at(&[1.0, 0.0])?.logit_gradient_norms(&[0..1, 1..2])?;
    /// assert_eq!(norms, [4.0, 1.0, 9.0, 1.0]);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a range does not lie within the parameters, or there is not the memory to run a single example.
    pub fn logit_gradient_norms(&self, ranges: &[Range<usize>]) -> Result<Vec<f64>> {
        let parameters = self.theta().len();
        for range in ranges {
            if range.end > parameters || range.start > range.end {
                let because = "the number of parameters";
                return Err(Error::AboveLimit {
                    what: "the end of a range",
                    value: range.end,
                    limit: parameters,
                    because,
                });
            }
        }
        let unit = |_: usize, logit: usize, u: &mut [T]| {
            u.fill(T::zero());
            u[logit] = T::one();
        };
        self.squared_norms(ranges, unit)
    }

    /// |J_m' u|^2 on ranges of the parameters, for a cotangent u of each example and logit.
    pub(crate) fn squared_norms(
        &self,
        ranges: &[Range<usize>],
        cotangent: impl Fn(usize, usize, &mut [T]) + Sync,
    ) -> Result<Vec<f64>> {
        let outputs = self.risk().outputs();
        let singles = self.risk().singles(self.theta())?;
        let extents = [self.risk().examples().count(), outputs, ranges.len()];
        let mut norms = vec![0.0; Error::room::<f64>("the norms of all gradients of logits", &extents)?];
        norms.par_chunks_exact_mut((outputs * ranges.len()).max(1)).enumerate().for_each(|(example, norms)| {
            singles.rows(
                example,
                outputs,
                |logit, u| cotangent(example, logit, u),
                |logit, gradient| {
                    for (norm, range) in norms[logit * ranges.len()..].iter_mut().zip(ranges) {
                        let part = &gradient[range.clone()];
                        *norm = dot(part, part);
                    }
                },
            );
        });
        Ok(norms)
    }
}
