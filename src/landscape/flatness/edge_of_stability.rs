//! Sharpness along training, beside the value above which steps are not stable.

use super::scaled::scaled_curvature;
use crate::error::{Error, Result};
use crate::krylov::Eigensolver;
use crate::objective::{Objective, Point};
use crate::operator::Symmetric;
use crate::optimize::{DescentRun, StabilityThreshold};
use crate::random::Key;
use crate::scalar::Scalar;

/// Keeps the sharpness along a descent: the largest eigenvalue of the Hessian, in the rule's own units, every so many steps.
///
/// ```text
///     sharpness = largest eigenvalue of P^-1/2 H P^-1/2,     threshold: what it may be for steps to be stable
/// ```
///
/// Gradient descent on the whole set with a rate eta sharpens networks until the eigenvalue stands at 2/eta, and hovers there while the loss
/// goes on falling, not step by step; with Adam, whose P is what its steps divide by, it is the preconditioned eigenvalue that meets
/// 38/eta. P and thresholds are those of [`StabilityThreshold`].
///
/// Each search starts from the eigenvector before, so that few products are needed: some tens. It is a state between two steps, as the descent
/// is: save both (feature `serde`), and they go on to the same bits.
///
/// ```
/// use eigenscape::landscape::EdgeOfStability;
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{DescentRun, GradientDescent, Stopping};
/// use eigenscape::random::Key;
///
/// // x^4/4: the curvature 3 x^2 comes down to what the rate allows.
/// let quartic = Recorded::<f64>::new(1, |x| x.at(0).powi(4) * 0.25)?;
/// let mut run = DescentRun::new(&[1.0], GradientDescent::new(0.1)?, Stopping::steps(50))?;
/// let mut record = EdgeOfStability::new(10, Key::new(0))?;
/// record.observe(&quartic, &run)?;
/// while !run.is_done() {
///     run.advance(&quartic)?;
///     record.observe(&quartic, &run)?;
/// }
/// let rows = record.rows();
/// assert_eq!((rows.len(), rows[0].step, rows[1].step, rows[0].threshold), (6, 0, 10, 20.0));
/// assert!((rows[0].sharpness - 3.0).abs() < 1e-9 && rows[5].sharpness < 0.6);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Cohen, Kaur, Li, Kolter & Talwalkar 2021, arXiv:2103.00065. Cohen et al. 2022, arXiv:2207.14484.
#[doc(alias = "progressive_sharpening")]
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::EdgeOfStability<T>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
#[doc(alias = "EoS")]
#[doc(alias = "edge of stability")]
#[doc(alias = "sharpness")]
pub struct EdgeOfStability<T> {
    every: u64,
    tolerance: f64,
    key: Key,
    rows: Vec<SharpnessRow>,
    /// The last eigenvector, in the rule's units.
    direction: Vec<T>,
}

/// The sharpness before a step.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SharpnessRow {
    /// The number of steps done.
    pub step: u64,
    /// The objective's value.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// The largest eigenvalue of the Hessian, in the rule's units.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub sharpness: f64,
    /// A bound of its error: an eigenvalue lies as near.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub error: f64,
    /// What it may be for steps to be stable.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub threshold: f64,
    /// Products with the Hessian.
    pub matvecs: u64,
}

impl<T: Scalar> EdgeOfStability<T> {
    /// A record with a row for every so many steps. Residual norms of eigenvectors are within 1e-3 of the eigenvalue, so that eigenvalues,
    /// whose errors are of second order, have five digits or more.
    ///
    /// # Errors
    /// If `every` is 0.
    pub fn new(every: u64, key: Key) -> Result<Self> {
        let limits = "must be at least 1";
        Error::at_least("the number of steps between two rows", usize::from(every > 0), 1, limits)?;
        Ok(EdgeOfStability { every, tolerance: 1e-3, key, rows: Vec::new(), direction: Vec::new() })
    }

    /// The rows so far.
    pub fn rows(&self) -> &[SharpnessRow] {
        &self.rows
    }

    /// Adds a row if it is time for one; returns it. None is added before the step that a preconditioner comes from, nor twice for a step.
    ///
    /// # Errors
    /// If the objective has another size than the descent's point, or its value, gradient or a product is not finite there.
    pub fn observe<O: Objective<T>, R: StabilityThreshold<T>>(
        &mut self,
        objective: &O,
        run: &DescentRun<T, R>,
    ) -> Result<Option<SharpnessRow>> {
        let step = run.step();
        let preconditioner = run.rule().preconditioner();
        let seen = self.rows.last().is_some_and(|row| row.step >= step);
        if seen || !step.is_multiple_of(self.every) || preconditioner.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        Error::length("the point of a descent", run.theta().len(), objective.dim())?;
        let point = objective.at(run.theta())?;
        let (sharpness, error, matvecs) = match preconditioner {
            None => self.largest(&point.hessian())?,
            Some(preconditioner) => {
                let roots: Vec<f64> = preconditioner.iter().map(|p| 1.0 / p.f64().sqrt()).collect();
                self.largest(&scaled_curvature(point.hessian(), &roots)?)?
            }
        };
        let row =
            SharpnessRow { step, value: point.value(), sharpness, error, threshold: run.rule().threshold(), matvecs };
        self.rows.push(row);
        Ok(Some(row))
    }

    fn largest(&mut self, operator: &impl Symmetric<T>) -> Result<(f64, f64, u64)> {
        let key = self.key.split(self.rows.len() as u64);
        let solver = Eigensolver::new(1, key).relative_tolerance(self.tolerance).check_multiplicity(false);
        let pairs = if self.direction.is_empty() {
            solver.run(operator)?
        } else {
            solver.run_from(operator, &self.direction)?
        };
        self.direction = pairs.vector(0).to_vec();
        Ok((pairs.values[0], pairs.residual_norms[0], pairs.report.matvecs))
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Key, Result, Scalar, SharpnessRow};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct EdgeOfStability<T> {
        every: u64,
        tolerance: f64,
        key: Key,
        rows: Vec<SharpnessRow>,
        direction: Vec<T>,
    }

    impl<T: Scalar> TryFrom<EdgeOfStability<T>> for super::EdgeOfStability<T> {
        type Error = Error;

        fn try_from(saved: EdgeOfStability<T>) -> Result<Self> {
            Error::positive("the tolerance of a saved record of sharpness", saved.tolerance)?;
            Error::finite("the direction of a saved record of sharpness", &saved.direction, "the file is damaged")?;
            let EdgeOfStability { every, tolerance, key, rows, direction } = saved;
            Ok(super::EdgeOfStability { tolerance, rows, direction, ..super::EdgeOfStability::new(every, key)? })
        }
    }
}
