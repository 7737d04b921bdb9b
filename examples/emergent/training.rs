//! The runs: in the full space by both methods, and in random hyperplanes.

use std::ops::ControlFlow;

use eigenscape::Scalar;
use eigenscape::curvature::Risk;
use eigenscape::network::{Initialization, Network};
use eigenscape::objective::{Objective, Stochastic};
use eigenscape::optimize::{Adam, GradientDescent, Stop, descend};
use eigenscape::projection::Gaussian;
use eigenscape::random::Key;
use eigenscape::subspace::Restricted;

use crate::Failure;
use crate::measure::Observer;
use crate::progress::Phase;
use crate::report::{Method, SubspaceRow, TrainingRow};

/// What is fixed of all runs.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub batch: usize,
    pub rate: f64,
    pub rate_full_batch: f64,
    /// Where runs start, in the full space and in hyperplanes.
    pub start: Initialization,
    pub steps: u64,
    pub steps_full_batch: u64,
    /// Steps at which a run is looked at, ascending, those after its end left out.
    pub looks: Vec<u64>,
    /// Steps at which the density is measured, each one of `looks`.
    pub densities: Vec<u64>,
    pub dimensions: Vec<usize>,
    pub radii: Vec<f64>,
    pub subspace_batch: usize,
    pub subspace_rate: f64,
    /// Adam's rate for all parameters: a step in the subspace is as long as its number of coordinates makes it.
    pub full_space_rate: f64,
    pub subspace_steps: u64,
}

/// What a run leaves.
#[derive(Clone, Debug)]
pub struct Trained<T> {
    /// A look at each of the schedule's steps.
    pub rows: Vec<TrainingRow>,
    /// The points of all looks, with their steps.
    pub points: Vec<(u64, Vec<T>)>,
}

/// One run, looked at as the schedule says.
pub fn train<T: Scalar>(
    method: Method,
    observer: &Observer<'_, T>,
    schedule: &Schedule,
    start: &[T],
    phase: &Phase,
) -> Result<Trained<T>, Failure> {
    let mut rows = Vec::new();
    let mut points = Vec::new();
    let mut failure = None;
    let watch = |progress: eigenscape::optimize::Progress<'_, T>| {
        if !schedule.looks.contains(&progress.step) {
            return ControlFlow::Continue(());
        }
        points.push((progress.step, progress.theta.to_vec()));
        match observer.look(progress.step, progress.theta) {
            Ok(row) => rows.push(row),
            Err(error) => {
                failure = Some(error);
                return ControlFlow::Break(());
            }
        }
        phase.advance(1);
        ControlFlow::Continue(())
    };
    let stop = match method {
        Method::Stochastic => {
            let mut rule = GradientDescent::new(schedule.rate)?;
            descend(observer.batches, start, &mut rule, schedule.steps, watch)?.stop
        }
        Method::FullBatch => {
            let mut rule = GradientDescent::new(schedule.rate_full_batch)?;
            descend(observer.risk, start, &mut rule, schedule.steps_full_batch, watch)?.stop
        }
    };
    match (failure, stop) {
        (Some(error), _) => Err(error),
        (None, Stop::Diverged(error)) => Err(error.into()),
        (None, _) => Ok(Trained { rows, points }),
    }
}

/// Adam in random hyperplanes through starts of several radii, and with all parameters from the usual start.
pub fn in_hyperplanes<T: Scalar>(
    network: &impl Network,
    risk: &Risk<T>,
    test: &Risk<T>,
    schedule: &Schedule,
    key: Key,
    phase: &Phase,
) -> Result<(Vec<SubspaceRow>, f64), Failure> {
    let batches = risk.mini_batches(schedule.subspace_batch, key.split(0))?;
    let adam = |objective: &dyn Stochastic<T>, start: &[T], rate: f64| -> Result<Vec<T>, Failure> {
        let mut rule = Adam::new(rate)?;
        let end = descend(objective, start, &mut rule, schedule.subspace_steps, |_| ControlFlow::Continue(()))?;
        // A run that left the finite numbers is judged where it was last well.
        Ok(end.theta)
    };
    let mut rows = Vec::new();
    for &radius in &schedule.radii {
        let origin: Vec<T> = schedule.start.radius(radius)?.draw(network, key.split(1));
        for &dimension in &schedule.dimensions {
            phase.on_work(format!("dimension {dimension}, radius {radius}"));
            // Kept even for the largest of both data sets: training multiplies by it hundreds of times.
            let plane =
                Gaussian::new(risk.dim(), dimension, key.split(2).split(dimension as u64))?.memory_budget(1 << 30);
            let cut = Restricted::new(&batches, &plane, &origin)?;
            let theta = cut.lift(&adam(&cut, &vec![T::zero(); dimension], schedule.subspace_rate)?);
            let (test_accuracy, train_loss) = (test.accuracy(&theta)?, risk.value(&theta)?);
            rows.push(SubspaceRow { dimension, radius, test_accuracy, train_loss });
            phase.advance(1);
        }
    }
    let origin: Vec<T> = schedule.start.draw(network, key.split(1));
    let full = test.accuracy(&adam(&batches, &origin, schedule.full_space_rate)?)?;
    phase.advance(1);
    Ok((rows, full))
}
