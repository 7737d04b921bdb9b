//! One key and one radius of the scan.

use std::ops::ControlFlow;

use super::cut::Cut;
use super::goldilocks_scan::{GoldilocksScan, PlaneTraining};
use super::sample::{GoldilocksSample, PlaneOutcome};
use crate::curvature::{Risk, RiskPoint};
use crate::emergent::gradients::logit_gradients::LogitGradients;
use crate::error::Result;
use crate::linalg::{dot, norm};
use crate::objective::{Objective, Point, Stochastic};
use crate::operator::{Adjoint, Compressed, LinearOperator, Product, Selection};
use crate::optimize::{Adam, Stop, descend};
use crate::projection::Gaussian;
use crate::random::Key;
use crate::scalar::Scalar;
use crate::subspace::Restricted;

/// One key and radius.
pub(crate) struct Cell<'a, T: Scalar> {
    pub(crate) scan: &'a GoldilocksScan,
    pub(crate) number: usize,
    pub(crate) radius: f64,
    pub(crate) key: Key,
    pub(crate) risk: &'a Risk<T>,
    pub(crate) test: &'a Risk<T>,
    pub(crate) plane: &'a Gaussian<T>,
    pub(crate) origin: &'a [T],
}

impl<T: Scalar> Cell<'_, T> {
    pub(crate) fn measure(&self) -> Result<Vec<GoldilocksSample>> {
        let point = self.risk.at(self.origin)?;
        let hessian = Cut::new(&Compressed::new(point.hessian(), self.plane)?)?;
        let parts = match self.scan.parts {
            true => {
                let gauss_newton = Cut::new(&Compressed::new(point.gauss_newton(), self.plane)?)?;
                let remainder = hessian.less(&gauss_newton)?;
                Some((gauss_newton, remainder))
            }
            false => None,
        };
        let model = match self.scan.prediction {
            true => Some(LogitGradients::measure(&point)?.model_at(&point)?),
            false => None,
        };
        let accuracy = self.accuracy(self.origin)?;
        let mut plane_gradient = vec![T::zero(); self.plane.cols()];
        self.plane.apply_adjoint(point.gradient(), &mut plane_gradient);
        let sample = |&dimension: &usize| {
            let part = |choose: fn(&(Cut, Cut)) -> &Cut| {
                parts.as_ref().map(|parts| choose(parts).curvature(dimension)).transpose()
            };
            let predicted = model.as_ref().map(|model| model.cut(dimension)).transpose()?;
            Ok(GoldilocksSample {
                number: self.number,
                radius: self.radius,
                dimension,
                loss: point.value(),
                accuracy,
                gradient_norm: norm(point.gradient()),
                plane_gradient_norm: norm(&plane_gradient[..dimension]),
                hessian: hessian.curvature(dimension)?,
                gauss_newton: part(|parts| &parts.0)?,
                remainder: part(|parts| &parts.1)?,
                predicted,
                mean_share: model.as_ref().and_then(|model| model.mean_share()),
                softmax_trace: model.as_ref().map(|model| model.curvature().trace()),
                training: self.train(&point, &plane_gradient[..dimension])?,
            })
        };
        self.scan.dimensions.iter().map(sample).collect()
    }

    /// Training on the plane of the first columns, as many as the gradient there has entries.
    fn train(&self, point: &RiskPoint<'_, T>, plane_gradient: &[T]) -> Result<Option<PlaneOutcome>> {
        let Some(PlaneTraining { steps, rate, batch }) = self.scan.training else { return Ok(None) };
        let dimension = plane_gradient.len();
        let columns = Selection::new(self.plane.cols(), std::iter::once(0..dimension))?;
        let plane = Product::new::<T>(self.plane, &columns)?;
        let descent = |objective: &dyn Stochastic<T>| {
            descend(objective, &vec![T::zero(); dimension], &mut Adam::new(rate)?, steps, |_| ControlFlow::Continue(()))
        };
        let end = match batch {
            Some(batch) => {
                let batches = self.risk.mini_batches(batch, self.key.split(2))?;
                descent(&Restricted::new(&batches, &plane, self.origin)?)?
            }
            None => descent(&Restricted::new(self.risk, &plane, self.origin)?)?,
        };
        let theta = Restricted::new(self.risk, &plane, self.origin)?.lift(&end.theta);
        let (distance, descended) = (norm(&end.theta), -dot(plane_gradient, &end.theta));
        // P'P = I: lengths and inner products with the way are those in the plane.
        let cosine = |gradient: &[T]| {
            let lengths = norm(gradient) * distance;
            (lengths > 0.0).then(|| descended / lengths)
        };
        Ok(Some(PlaneOutcome {
            loss: self.risk.value(&theta)?,
            accuracy: self.accuracy(&theta)?,
            distance,
            cosine: cosine(point.gradient()),
            plane_cosine: cosine(plane_gradient),
            diverged: matches!(end.stop, Stop::Diverged(_)),
        }))
    }

    fn accuracy(&self, theta: &[T]) -> Result<Option<f64>> {
        let has_labels = self.test.examples().labels().is_some();
        has_labels.then(|| self.test.accuracy(theta)).transpose()
    }
}
