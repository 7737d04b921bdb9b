//! Newton's method with minimal residuals, toward any critical point.

use super::approached::{Approached, Limits, SearchStop, first_norm};
use crate::error::Result;
use crate::krylov::MinimalResiduals;
use crate::linalg::{dot, norm};
use crate::objective::{Objective, Point};
use crate::operator::LinearOperator;
use crate::optimize::Evaluations;
use crate::scalar::Scalar;

/// The part of the slope's decrease of |g|^2 that a step must bring.
const DECREASE: f64 = 1e-4;

/// Points along a step before it is given up.
const TRIALS: usize = 40;

/// The largest residual of a step's equation, as a part of |g|; it falls with |g|.
const FORCING: f64 = 0.1;

/// Where the range of H holds less of g than this, g is in the kernel.
const IN_RANGE: f64 = 1e-6;

/// So many steps in a row that bring less than a hundredth are a stall.
const PATIENCE: u32 = 10;

pub(super) fn run<T: Scalar, O: Objective<T>>(objective: &O, start: &[T], limits: Limits) -> Result<Approached<T>> {
    let mut theta = start.to_vec();
    let mut point = objective.at(&theta)?;
    let mut cost = Evaluations { gradients: 1, ..Evaluations::default() };
    let first = first_norm(point.gradient())?;
    let (mut steps, mut slow) = (0, 0);
    let stop = loop {
        let size = norm(point.gradient());
        if size <= limits.tolerance {
            break SearchStop::Gradient;
        }
        if steps == limits.steps {
            break SearchStop::Steps;
        }
        let hessian = point.hessian();
        let right: Vec<T> = point.gradient().iter().map(|&g| -g).collect();
        let forcing = (FORCING * (size / first).sqrt()).clamp(4.0 * T::EPSILON.f64(), FORCING);
        let solver = MinimalResiduals::new().relative_tolerance(forcing).steps(10 * theta.len());
        let solution = match solver.run(&hessian, &right) {
            Ok(solution) => solution,
            Err(error) if steps == 0 => return Err(error),
            Err(_) => break SearchStop::NotFinite,
        };
        cost.matvecs += solution.report.matvecs + 1;
        let mut change = vec![T::zero(); theta.len()];
        hessian.apply(&solution.x, &mut change);
        if norm(&change) <= IN_RANGE * size {
            break SearchStop::Flat;
        }
        // d/dt |g|^2 / 2 = g'H s
        let slope = dot(point.gradient(), &change);
        match along(objective, &theta, &solution.x, (size, slope), &mut cost) {
            Trial::Better(next, norm) => {
                theta = next;
                slow = if norm > 0.99 * size { slow + 1 } else { 0 };
            }
            Trial::Rounding => break SearchStop::Rounding,
            Trial::NotFinite => break SearchStop::NotFinite,
        }
        drop(hessian);
        point = objective.at(&theta)?;
        steps += 1;
        if slow == PATIENCE {
            break SearchStop::Stalled;
        }
    };
    Approached::new(theta, &point, steps, cost, stop)
}

enum Trial<T> {
    Better(Vec<T>, f64),
    Rounding,
    NotFinite,
}

/// The first point along a step whose gradient is enough shorter: halves, tenths, and between them the minimizer of a parabola.
fn along<T: Scalar, O: Objective<T>>(
    objective: &O,
    theta: &[T],
    step: &[T],
    (size, slope): (f64, f64),
    cost: &mut Evaluations,
) -> Trial<T> {
    let square = 0.5 * size * size;
    let mut gradient = vec![T::zero(); theta.len()];
    let (mut t, mut finite) = (1.0, false);
    if slope >= 0.0 {
        return Trial::Rounding;
    }
    for _ in 0..TRIALS {
        let trial: Vec<T> = theta.iter().zip(step).map(|(&theta, &s)| theta + T::of(t) * s).collect();
        cost.gradients += 1;
        let value = match objective.value_and_gradient(&trial, &mut gradient) {
            Ok(_) => 0.5 * dot(&gradient, &gradient),
            Err(_) => f64::INFINITY,
        };
        if value.is_finite() && value <= square + DECREASE * t * slope {
            return Trial::Better(trial, norm(&gradient));
        }
        finite |= value.is_finite();
        let parabola = -slope * t / (2.0 * ((value - square) / t - slope));
        t = if parabola.is_finite() { parabola.clamp(0.1 * t, 0.5 * t) } else { 0.1 * t };
    }
    if finite { Trial::Rounding } else { Trial::NotFinite }
}
