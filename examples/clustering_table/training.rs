//! Stochastic gradient descent, and the points of it that are looked at.

use std::ops::ControlFlow;

use eigenscape::Scalar;
use eigenscape::curvature::Risk;
use eigenscape::network::{Activation, Initialization, Network};
use eigenscape::optimize::{GradientDescent, Stop, descend};
use eigenscape::random::Key;

use crate::Failure;
use crate::arguments::Data;

/// How to train, and when to look: at initialization, in the middle and at the end.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub batch: usize,
    pub rate: f64,
    pub looks: Vec<u64>,
}

impl Schedule {
    pub fn new(data: Data, activation: Activation, quick: bool) -> Self {
        let rate = match (data, activation) {
            (Data::Digits, Activation::Tanh) => 0.3,
            (Data::Cifar10, _) => 0.03,
            _ => 0.1,
        };
        let looks = match (quick, data) {
            (true, _) => vec![0, 10, 30],
            (false, Data::Digits) => vec![0, 30, 300],
            (false, _) => vec![0, 100, 1000],
        };
        Schedule { batch: 32, rate, looks }
    }
}

/// The usual start of an activation, by name.
pub fn initialization(activation: Activation) -> (Initialization, &'static str) {
    match activation {
        Activation::Relu => (Initialization::he(), "He"),
        _ => (Initialization::lecun(), "LeCun"),
    }
}

/// The parameters at each look of one run.
pub fn points<T: Scalar>(
    risk: &Risk<T>,
    network: &impl Network,
    schedule: &Schedule,
    activation: Activation,
    key: Key,
) -> Result<Vec<Vec<T>>, Failure> {
    let start: Vec<T> = initialization(activation).0.draw(network, key.split(0));
    let batches = risk.mini_batches(schedule.batch, key.split(1))?;
    let mut rule = GradientDescent::new(schedule.rate)?;
    let mut points = Vec::new();
    let last = schedule.looks.last().copied().unwrap_or(0);
    let run = descend(&batches, &start, &mut rule, last, |progress| {
        if schedule.looks.contains(&progress.step) {
            points.push(progress.theta.to_vec());
        }
        ControlFlow::Continue(())
    })?;
    match run.stop {
        Stop::Diverged(error) => Err(error.into()),
        _ => Ok(points),
    }
}
