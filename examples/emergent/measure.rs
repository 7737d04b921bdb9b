//! One look at a point: spectrum, gradient shares, loss and accuracy.

use eigenscape::Scalar;
use eigenscape::curvature::{MiniBatches, Risk, RiskPoint};
use eigenscape::krylov::{Eigenpairs, Eigensolver};
use eigenscape::objective::{Objective, Point, Stochastic};
use eigenscape::operator::Deflated;
use eigenscape::random::Key;
use eigenscape::spectrum::{Hutchinson, Smoothing, StochasticLanczos};

use crate::Failure;
use crate::report::{Curve, Spectrum, TrainingRow};

/// Residuals of tracked eigenpairs, relative to the largest eigenvalue. Shares change by less than 1e-4 from here to 1e-9.
const TRACKING: f64 = 1e-5;

/// Mini-batches whose gradients' shares are averaged.
pub const MINI_BATCHES: usize = 16;

/// Probes of the trace.
pub const TRACE_PROBES: usize = 8;

/// Eigenpairs shown with each density.
pub const SHOWN: usize = 20;

/// Two neighbours stand apart if the larger is at least this many times the smaller.
pub const APART: f64 = 1.2;

/// What looks at points of a training run.
#[derive(Debug)]
pub struct Observer<'a, T: Scalar> {
    pub risk: &'a Risk<T>,
    pub test: &'a Risk<T>,
    pub batches: &'a MiniBatches<'a, T>,
    pub classes: usize,
    pub key: Key,
}

impl<T: Scalar> Observer<'_, T> {
    /// Everything that one row of the report says of theta after `step` steps.
    pub fn look(&self, step: u64, theta: &[T]) -> Result<TrainingRow, Failure> {
        let point = self.risk.at(theta)?;
        let hessian = point.hessian();
        let key = self.key.split(step);
        let top: Eigenpairs<T> =
            Eigensolver::new(self.classes, key.split(0)).relative_tolerance(TRACKING).run(&hessian)?;
        top.report.require()?;
        // The largest eigenvalues, which make most of the variance, are known: only the rest is estimated.
        let rest = Deflated::new(&hessian, top.values.clone(), top.vectors.clone())?;
        let trace = Hutchinson::new(TRACE_PROBES, key.split(1)).run(&rest)?;
        let known: f64 = top.values.iter().sum();

        let shares = |gradient: &[T]| [self.classes, self.classes - 1].map(|count| share(&top, count, gradient));
        let full = shares(point.gradient());
        let mut mini = [0.0; 2];
        let mut gradient = vec![T::zero(); theta.len()];
        // Batches of an epoch that training never sees.
        let first = u64::MAX / 2 / self.batches.steps_per_epoch() * self.batches.steps_per_epoch();
        for batch in 0..MINI_BATCHES as u64 {
            self.batches.sample(first + batch, theta, &mut gradient)?;
            let of_batch = shares(&gradient);
            mini.iter_mut().zip(of_batch).for_each(|(sum, share)| *sum += share / MINI_BATCHES as f64);
        }
        Ok(TrainingRow {
            step: step as usize,
            train_loss: point.value(),
            test_accuracy: self.test.accuracy(theta)?,
            trace: known + trace.mean,
            largest_eigenvalues: top.values,
            gradient_share_top_classes: full[0],
            gradient_share_top_classes_less_one: full[1],
            mini_batch_share_top_classes: mini[0],
            mini_batch_share_top_classes_less_one: mini[1],
            baseline_share: self.classes as f64 / theta.len() as f64,
            trace_standard_error: trace.standard_error.unwrap_or(f64::NAN),
        })
    }

    /// The density at theta, with the largest eigenpairs deflated: they are known exactly, and the rest is then
    /// estimated without their variance.
    pub fn density(&self, step: u64, theta: &[T], probes: usize, depth: usize) -> Result<Spectrum, Failure> {
        let point: RiskPoint<'_, T> = self.risk.at(theta)?;
        let hessian = point.hessian();
        let key = self.key.split(step);
        let top: Eigenpairs<T> = Eigensolver::new(SHOWN, key.split(2)).run(&hessian)?;
        top.report.require()?;
        let measure = StochasticLanczos::new(key.split(3))
            .probes(probes)
            .steps(depth)
            .deflate(&top.values, &top.vectors)
            .run(&hessian)?;
        let curve = |smoothing: &Smoothing| -> Result<Curve, Failure> {
            let density = measure.density(smoothing)?;
            Ok(Curve {
                standard_error: density.standard_error.unwrap_or_else(|| vec![f64::NAN; density.grid.len()]),
                grid: density.grid,
                density: density.density,
            })
        };
        let fine = curve(&Smoothing::new())?;
        // A two-hundredth of the picture's width, which spans the spectrum.
        let drawn_width = (fine.grid[fine.grid.len() - 1] - fine.grid[0]) / 200.0;
        let drawn = curve(&Smoothing::new().minimum(drawn_width))?;
        let bulk_edge = bulk_edge(&top.values);
        Ok(Spectrum {
            step: step as usize,
            curve: fine,
            drawn,
            drawn_width,
            outliers: top.values.iter().copied().filter(|&value| value > bulk_edge).collect(),
            eigenvalues: top.values,
            eigenvalue_residuals: top.residual_norms,
            bulk_edge,
            probes,
            lanczos_steps: depth,
        })
    }
}

/// The share of a vector's squared norm in the span of the first `count` eigenvectors; 0 for a zero vector.
fn share<T: Scalar>(top: &Eigenpairs<T>, count: usize, vector: &[T]) -> f64 {
    let dot = |x: &[T], y: &[T]| x.iter().zip(y).map(|(x, y)| x.f64() * y.f64()).sum::<f64>();
    let inside: f64 = (0..count).map(|index| dot(top.vector(index), vector).powi(2)).sum();
    let norm = dot(vector, vector);
    if norm > 0.0 { inside / norm } else { 0.0 }
}

/// Where the bulk begins: below the last pair of neighbours, among the largest eigenvalues, that stand apart; infinity
/// if none do. From there on the eigenvalues follow each other closely.
///
/// A rule of thumb for a picture, not a test: late in training the spectrum has no gap, and its tail thins out by degrees.
fn bulk_edge(values: &[f64]) -> f64 {
    let positive = values.iter().take_while(|&&value| value > 0.0).count();
    let apart = |index: &usize| values[*index] >= APART * values[index + 1];
    (0..positive.saturating_sub(1)).rev().find(apart).map_or(f64::INFINITY, |index| values[index + 1])
}
