//! The search in the inner product of B: chains of Lanczos steps, each from a random vector, until one finds nothing
//! new.

use std::ops::ControlFlow;

use super::basis::length;
use super::generalized_pairs::GeneralizedEigenpairs;
use super::generalized_space::{Event, Products, Space};
use super::report::{Progress, Report, Stop};
use super::ritz::Which;
use super::solve::NegativeCurvature;
use crate::error::{Error, Result};
use crate::linalg::{SymmetricEigen, axpy, dot, symmetric_eigen};
use crate::random::Key;
use crate::scalar::Scalar;

/// Checks cost O(m^3), so the depth grows by this part between them.
const GROWTH: usize = 16;

/// A copy of a wanted eigenvalue that was missed so far stays hidden from the last chain with this probability at most.
const HIDDEN: f64 = 1e-6;

/// Rounding errors in a product and a Rayleigh quotient, for the bounds on eigenvalues.
const ROUNDING: f64 = 4.0;

/// Vectors that lie in the space until the space counts as whole.
const ATTEMPTS: usize = 3;

/// What the space says of the spectrum.
struct Ritz {
    /// Ascending; row j of the vectors belongs to value j.
    eigen: SymmetricEigen<f64>,
    /// What each value's residual is estimated to be, in B^-1 and Euclidean.
    estimates: Vec<(f64, f64)>,
}

impl Ritz {
    /// Of the part of the space from step `first` on.
    fn of<T: Scalar>(space: &Space<T>, first: usize) -> Result<Self> {
        let size = space.steps() - first;
        let mut matrix = vec![0.0; size * size];
        for (i, row) in space.rows[first..].iter().enumerate() {
            for (j, &entry) in row[first..].iter().enumerate() {
                (matrix[i * size + j], matrix[j * size + i]) = (entry, entry);
            }
        }
        let eigen = symmetric_eigen(&matrix, size, true)?;
        let estimate = |vector: &[f64]| {
            let ends = space.ends.iter().filter(|end| end.step >= first);
            ends.fold((0.0, 0.0), |(norm, euclidean), end| {
                let part = vector[end.step - first].abs();
                // Neither is known to be finite, and nothing of it is nothing.
                let share = |of: f64| if part == 0.0 { 0.0 } else { part * of };
                (norm + share(end.norm), euclidean + share(end.euclidean))
            })
        };
        let estimates = eigen.vectors.chunks_exact(size).map(estimate).collect();
        Ok(Ritz { eigen, estimates })
    }

    fn norm(&self) -> f64 {
        self.eigen.values.iter().fold(0.0, |norm: f64, value| norm.max(value.abs()))
    }

    /// The best `count`, or all if there are not as many: as positions, in the order of the result.
    fn wanted(&self, which: Which, count: usize) -> Vec<usize> {
        which.select(&self.eigen.values, count)
    }
}

/// Whether the newest chain, from step `first` on, has seen the ends of the spectrum outside of the space before it, as
/// far as they matter for the `wanted` values.
///
/// It has when its own end has converged, or lies far enough below the wanted values that a copy of them would have
/// shown: a Lanczos process of k steps from a vector that is uniform on the sphere stays below the part 1 - e of the
/// largest eigenvalue's height above the smallest with probability 1.648 sqrt(n) exp(-sqrt(e) (2k - 1)) at most
/// (Kuczynski & Wozniakowski 1992, doi:10.1137/0613066). A normal vector is not uniform on the sphere of B, which
/// shifts the logarithm.
fn settled<T: Scalar>(
    space: &Space<T>,
    first: usize,
    all: &Ritz,
    (which, wanted): (Which, &[usize]),
    tolerance: f64,
) -> Result<bool> {
    if first == space.steps() {
        return Ok(false);
    }
    let own = Ritz::of(space, first)?;
    let dim = space.dim() as f64;
    let steps = own.eigen.values.len() as f64;
    let values = &all.eigen.values;
    let (lowest, highest) = (values[0], values[values.len() - 1]);
    let need = (1.648 * dim.sqrt() / HIDDEN).ln();
    let clear = |end: f64, limit: f64, spread: f64| {
        let part = (limit - end - tolerance) / spread;
        part > 0.0 && 2.0 * steps - 1.0 >= need / part.min(1.0).sqrt()
    };
    let wanted: Vec<f64> = wanted.iter().map(|&index| values[index]).collect();
    let (above, below) = which.levels(&wanted);
    let (last, size) = (own.estimates.len() - 1, own.eigen.values.len());
    let top_seen = above.is_none_or(|limit| {
        own.estimates[last].0 <= tolerance || clear(own.eigen.values[size - 1], limit, limit - lowest)
    });
    let bottom_seen = below
        .is_none_or(|limit| own.estimates[0].0 <= tolerance || clear(-own.eigen.values[0], -limit, highest - limit));
    Ok(top_seen && bottom_seen)
}

/// What is searched, and how far.
pub(super) struct Request {
    pub(super) count: usize,
    pub(super) which: Which,
    pub(super) relative: f64,
    pub(super) absolute: f64,
    pub(super) steps: usize,
    pub(super) matvecs: u64,
    pub(super) key: Key,
}

/// The search where B^-1 has no root. `start` is a vector, `image` B times it.
pub(super) fn search<T: Scalar>(
    request: &Request,
    mut products: Products<'_, T>,
    start: Vec<T>,
    image: Vec<T>,
    observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<GeneralizedEigenpairs<T>> {
    let (dim, count, which) = (start.len(), request.count, request.which);
    // A quarter, for what rounding and inexact solves add to the recurrence's own estimate.
    let (tight, absolute) = (request.relative / 4.0, request.absolute / 4.0);
    let budget = usize::try_from(request.matvecs).unwrap_or(usize::MAX);
    let limit = request.steps.min(budget.saturating_sub(count).max(budget / 2)).min(dim);
    let mut space = Space::new(tight, absolute);
    let mut event = space.admit(&products, start, Some(image));
    // The first step of the newest chain, the wanted values before it, and the number of random vectors.
    let (mut first, mut before, mut drawn) = (0, Vec::new(), 0);
    let (stop, ritz) = loop {
        let depth = space.steps();
        let least = if depth == 0 { count + count / 2 + 8 } else { 0 };
        let target = (depth + (depth / GROWTH).max(2)).max(least).min(limit);
        while matches!(event, Event::Done) && space.steps() < target {
            event = space.step(&mut products)?;
            if space.invariant {
                break;
            }
        }
        if matches!(event, Event::Inside) {
            (space.invariant, event) = (true, Event::Done);
        }
        if space.steps() == 0 {
            match (event, products.broken) {
                (Event::NotFinite, Some((index, value))) => return Err(Error::Product { number: 1, index, value }),
                (event, _) => return Ok(nothing(event, &products)),
            }
        }
        let now = Ritz::of(&space, 0)?;
        let tolerance = tight * now.norm() + absolute;
        let wanted = now.wanted(which, count);
        let converged = wanted.iter().filter(|&&index| now.estimates[index].0 <= tolerance).count();
        let values: Vec<f64> = wanted.iter().map(|&index| now.eigen.values[index]).collect();
        let exhausted = space.steps() == dim;
        let done = converged == count && (first == 0 || settled(&space, first, &now, (which, &wanted), tolerance)?);
        let unchanged = before.len() == count && before.iter().zip(&values).all(|(a, b)| f64::abs(a - b) <= tolerance);
        let known = exhausted || (done && unchanged);
        let progress =
            Progress { done: if known { count } else { converged }, total: count, matvecs: products.matvecs };
        let go_on = observer(progress).is_continue();
        match event {
            Event::NotFinite => break (Stop::NotFinite, now),
            Event::Negative(_) => break (Stop::NegativeCurvature, now),
            _ if known => break (Stop::Converged, now),
            _ if space.steps() >= limit => break (Stop::Budget, now),
            _ if !go_on => break (Stop::Observer, now),
            _ => {}
        }
        if done || space.invariant {
            // Another random vector sees what this chain was blind to, if there is anything.
            (first, before) = (space.steps(), values);
            for attempt in 0.. {
                drawn += 1;
                let mut vector = vec![T::zero(); dim];
                request.key.split(1 + drawn).normal(0, &mut vector);
                event = space.admit(&products, vector, None);
                if !matches!(event, Event::Inside) || attempt == ATTEMPTS {
                    break;
                }
            }
            space.invariant = false;
            if matches!(event, Event::Inside) {
                break (Stop::Converged, now);
            }
        }
    };
    let negative_curvature = match event {
        Event::Negative(found) => Some(found),
        _ => None,
    };
    let pairs = count.min(budget - space.steps().min(budget - 1));
    let tolerance = 4.0 * (tight * ritz.norm() + absolute);
    finish(&space, &ritz, products, (which, pairs), (stop, negative_curvature), tolerance)
}

/// The answer when not one step was done.
fn nothing<T: Scalar>(event: Event<T>, products: &Products<'_, T>) -> GeneralizedEigenpairs<T> {
    let (stop, negative_curvature) = match event {
        Event::Negative(found) => (Stop::NegativeCurvature, Some(found)),
        _ => (Stop::NotFinite, None),
    };
    let none = GeneralizedEigenpairs::none(stop, products.matvecs);
    let (metric_matvecs, solves) = (products.metric_matvecs(), products.solves);
    GeneralizedEigenpairs { negative_curvature, metric_matvecs, solves, ..none }
}

/// A pair with its vector and what is known of it.
struct Pair<T> {
    vector: Vec<T>,
    value: f64,
    residual: f64,
    euclidean: f64,
    bound: f64,
}

/// Forms the best `count` pairs and multiplies them once more, unless the run has ended because that cannot be done.
fn finish<T: Scalar>(
    space: &Space<T>,
    ritz: &Ritz,
    mut products: Products<'_, T>,
    (which, count): (Which, usize),
    (mut stop, mut negative_curvature): (Stop, Option<NegativeCurvature<T>>),
    tolerance: f64,
) -> Result<GeneralizedEigenpairs<T>> {
    let (size, dim) = (space.steps(), space.dim());
    let epsilon = ROUNDING * T::EPSILON.f64();
    let mut pairs: Vec<Pair<T>> = Vec::with_capacity(count);
    let [mut image, mut residual, mut solution] = [(); 3].map(|()| vec![T::zero(); dim]);
    for index in ritz.wanted(which, count) {
        let mut vector = space.combine(&ritz.eigen.vectors[index * size..][..size]);
        let mut value = ritz.eigen.values[index];
        let (mut norm, mut euclidean) = ritz.estimates[index];
        let mut rounding = epsilon * ritz.norm();
        let event = if matches!(stop, Stop::NotFinite | Stop::NegativeCurvature) {
            None
        } else if !products.metric(&vector, &mut image) {
            Some(Event::NotFinite)
        } else {
            let scale = dot(&vector, &image).sqrt();
            for entries in [&mut vector, &mut image] {
                entries.iter_mut().for_each(|x| *x = T::of(x.f64() / scale));
            }
            if products.operator(&vector, &mut residual) {
                value = dot(&vector, &residual);
                rounding += epsilon * length(&vector) * (length(&residual) + value.abs() * length(&image));
                axpy(T::of(-value), &image, &mut residual);
                euclidean = length(&residual);
                let event = products.solve(&residual, &mut solution)?;
                if matches!(event, Event::Done) {
                    norm = products.square(&residual, &solution).sqrt();
                }
                Some(event)
            } else {
                Some(Event::NotFinite)
            }
        };
        match event {
            Some(Event::NotFinite) => stop = Stop::NotFinite,
            Some(Event::Negative(found)) => (stop, negative_curvature) = (Stop::NegativeCurvature, Some(found)),
            _ => {}
        }
        let others = (0..size).filter(|&other| other != index);
        let gaps = others.map(|other| (ritz.eigen.values[other] - value).abs() - ritz.estimates[other].0);
        let gap = gaps.fold(f64::INFINITY, f64::min) - norm;
        let separated = gap > norm && gap.is_finite();
        let bound = if separated { norm * (norm / gap) } else { norm } + rounding;
        pairs.push(Pair { vector, value, residual: norm, euclidean, bound });
    }
    which.sort(&mut pairs, |pair| pair.value);
    let converged: Vec<bool> = pairs.iter().map(|pair| tolerance.is_finite() && pair.residual <= tolerance).collect();
    if stop == Stop::Converged && converged.contains(&false) {
        stop = Stop::Rounding;
    }
    Ok(GeneralizedEigenpairs {
        values: pairs.iter().map(|pair| pair.value).collect(),
        vectors: pairs.iter().flat_map(|pair| &pair.vector).copied().collect(),
        residual_norms: pairs.iter().map(|pair| pair.residual).collect(),
        euclidean_residual_norms: pairs.iter().map(|pair| pair.euclidean).collect(),
        error_bounds: pairs.iter().map(|pair| pair.bound).collect(),
        converged,
        negative_curvature,
        metric_matvecs: products.metric_matvecs(),
        solves: products.solves,
        report: Report::new(stop, products.matvecs),
    })
}
