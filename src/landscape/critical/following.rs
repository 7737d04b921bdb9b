//! Eigenvector following: up along the lowest eigenvectors of the Hessian, down along all others.

use super::approached::{Approached, Limits, SearchStop, first_norm};
use super::gradient_norm::beside;
use crate::error::{Error, Result};
use crate::krylov::{ConjugateGradients, Eigenpairs, Eigensolver, Which};
use crate::linalg::{axpy, dot, norm, scale};
use crate::objective::{Objective, Point};
use crate::operator::{AssumeSymmetric, Closure, LinearOperator};
use crate::optimize::Evaluations;
use crate::random::Key;
use crate::scalar::Scalar;

/// How often a critical point of another index is left by a push.
const PUSHES: u32 = 6;

/// Up to such an error of the predicted gradient, relative to its terms, a step is taken; below the second the region grows.
const TAKEN: f64 = 0.5;
const GOOD: f64 = 0.1;

pub(super) fn run<T: Scalar, O: Objective<T>>(
    objective: &O,
    start: &[T],
    (index, key): (usize, Key),
    radius: Option<f64>,
    limits: Limits,
) -> Result<Approached<T>> {
    let n = start.len();
    if index > n {
        let (what, because) = ("the index of a critical point", "the number of parameters");
        return Err(Error::AboveLimit { what, value: index, limit: n, because });
    }
    let mut theta = start.to_vec();
    let mut point = objective.at(&theta)?;
    first_norm(point.gradient())?;
    let mut cost = Evaluations { gradients: 1, ..Evaluations::default() };
    let largest = radius.unwrap_or(0.05 * (1.0 + norm(start)));
    let mut radius = largest;
    let (mut steps, mut pushes, mut side) = (0, 0, 1.0);
    let stop = loop {
        let arrived = norm(point.gradient()) <= limits.tolerance;
        if !arrived && steps == limits.steps {
            break SearchStop::Steps;
        }
        let hessian = point.hessian();
        // The pairs turn with the point: a rough basis of the lowest is enough on the way.
        let solver = Eigensolver::new((index + 1).min(n), key.split(steps)).which(Which::Smallest);
        let accuracy = T::EPSILON.f64().powf(if arrived { 2.0 / 3.0 } else { 0.25 });
        let lowest = match solver.check_multiplicity(arrived).relative_tolerance(accuracy).run(&hessian) {
            Ok(lowest) => lowest,
            Err(error) if steps == 0 => return Err(error),
            Err(_) => break SearchStop::NotFinite,
        };
        cost.matvecs += lowest.report.matvecs;
        let mut step = if arrived {
            let Some(wrong) = wrong(&lowest, index) else { break SearchStop::Gradient };
            if pushes == PUSHES || steps == limits.steps {
                break SearchStop::OtherIndex;
            }
            let mut push = lowest.vector(wrong).to_vec();
            if pushes == 0 {
                cost.gradients += 2;
                cost.matvecs += 2;
                side = softer_side(objective, &theta, &push, radius);
            }
            scale(T::of(side * radius), &mut push);
            (pushes, side) = (pushes + 1, -side);
            push
        } else {
            match newton(&hessian, point.gradient(), &lowest, index, radius) {
                Ok((step, matvecs)) => {
                    cost.matvecs += matvecs;
                    step
                }
                Err(error) if steps == 0 => return Err(error),
                Err(_) => break SearchStop::NotFinite,
            }
        };
        let mut taken = None;
        let mut finite = false;
        // A radius at which nothing changes is the end.
        while norm(&step) > T::EPSILON.f64() * norm(&theta) {
            let mut change = vec![T::zero(); n];
            hessian.apply(&step, &mut change);
            let moved: Vec<T> = theta.iter().zip(&step).map(|(&theta, &s)| theta + s).collect();
            cost.matvecs += 1;
            cost.gradients += 1;
            if let Ok(next) = objective.at(&moved) {
                finite = true;
                let predicted = |(new, (old, change)): (&T, (&T, &T))| (*new - *old - *change).f64();
                let terms = next.gradient().iter().zip(point.gradient().iter().zip(&change));
                let error = terms.map(|term| predicted(term).powi(2)).sum::<f64>().sqrt()
                    / (norm(point.gradient()) + norm(&change));
                if arrived || error <= TAKEN {
                    let boundary = norm(&step) > 0.9 * radius;
                    if error < GOOD && boundary {
                        radius = (2.0 * radius).min(largest);
                    } else if error > 0.5 * TAKEN && !arrived {
                        radius *= 0.5;
                    }
                    taken = Some((moved, next));
                    break;
                }
            }
            radius = 0.25 * norm(&step).min(radius);
            scale(T::of(0.25), &mut step);
        }
        drop(hessian);
        match taken {
            Some((moved, next)) => (theta, point) = (moved, next),
            None => break if finite { SearchStop::Rounding } else { SearchStop::NotFinite },
        }
        steps += 1;
    };
    Approached::new(theta, &point, steps, cost, stop)
}

/// The first of the lowest eigenvalues whose sign is not that of the index, beyond its error; none if it is right.
fn wrong<T: Scalar>(lowest: &Eigenpairs<T>, index: usize) -> Option<usize> {
    let wrong = |&pair: &usize| {
        let value = lowest.values[pair];
        let away = value.abs() > lowest.error_bounds[pair];
        away && (value < 0.0) != (pair < index)
    };
    (0..lowest.len()).find(wrong)
}

/// To which side of a point the curvature along a unit vector is lower: the way up ends sooner there.
fn softer_side<T: Scalar, O: Objective<T>>(objective: &O, theta: &[T], v: &[T], radius: f64) -> f64 {
    let curvature = |t: f64| beside(objective, theta, v, t, v).map_or(f64::INFINITY, |product| dot(v, &product));
    if curvature(radius) <= curvature(-radius) { 1.0 } else { -1.0 }
}

/// The step: by |lambda| up along the lowest, by conjugate gradients down in their complement, each within the radius.
fn newton<T: Scalar, A: LinearOperator<T>>(
    hessian: &A,
    gradient: &[T],
    lowest: &Eigenpairs<T>,
    index: usize,
    radius: f64,
) -> Result<(Vec<T>, u64)> {
    let n = gradient.len();
    let lowest: Vec<(&[T], f64)> =
        (0..index.min(lowest.len())).map(|pair| (lowest.vector(pair), lowest.values[pair])).collect();
    let complement = |v: &mut [T]| lowest.iter().for_each(|(u, _)| axpy(T::of(-dot(u, v)), u, v));
    let mut up = vec![T::zero(); n];
    for &(u, value) in &lowest {
        let slope = dot(u, gradient);
        // A curvature of zero asks for a step to the boundary.
        let length = (slope / value.abs()).clamp(-radius, radius);
        if length.is_finite() {
            axpy(T::of(length), u, &mut up);
        }
    }
    within(&mut up, radius);
    let mut right: Vec<T> = gradient.iter().map(|&g| -g).collect();
    complement(&mut right);
    if index == n || norm(&right) == 0.0 {
        return Ok((up, 0));
    }
    let product = |x: &[T], y: &mut [T]| {
        let mut inside = x.to_vec();
        complement(&mut inside);
        hessian.apply(&inside, y);
        complement(y);
    };
    let operator = AssumeSymmetric::new(Closure::new(n, n, product));
    let forcing = (0.1 * norm(&right).sqrt()).clamp(8.0 * T::EPSILON.f64(), 0.1);
    let solution = ConjugateGradients::new().relative_tolerance(forcing).steps(10 * n).run(&operator, &right)?;
    let mut down = solution.x;
    within(&mut down, radius);
    if let Some(found) = solution.negative_curvature {
        let mut direction = found.direction;
        complement(&mut direction);
        if dot(&direction, gradient) > 0.0 {
            scale(T::of(-1.0), &mut direction);
        }
        // On to the boundary.
        let (a, b, c) = (dot(&direction, &direction), dot(&direction, &down), dot(&down, &down) - radius * radius);
        if a > 0.0 {
            axpy(T::of((-b + (b * b - a * c).max(0.0).sqrt()) / a), &direction, &mut down);
        }
    }
    axpy(T::one(), &up, &mut down);
    within(&mut down, radius);
    Ok((down, solution.report.matvecs))
}

/// Shortens a step to the radius.
fn within<T: Scalar>(step: &mut [T], radius: f64) {
    let length = norm(step);
    if length > radius {
        scale(T::of(radius / length), step);
    }
}
