//! Products with A and B that count themselves, and a basis that is orthonormal in the inner product of B.

use rayon::prelude::*;

use super::basis::length;
use super::conjugate_gradients::ConjugateGradients;
use super::generalized_pairs::negative;
use super::metric::{Inverse, Metric};
use super::report::Stop;
use super::solve::NegativeCurvature;
use crate::error::{Error, Result};
use crate::linalg::{axpy, axpy_sequential, dot};
use crate::operator::{AssumeSymmetric, Counted, LinearOperator, Shifted};
use crate::scalar::Scalar;

/// A residual of so many rounding errors is none.
const BREAKDOWN: f64 = 8.0;

/// A pass of orthogonalization that leaves less than this part of a squared length is followed by another.
const SHORTENED: f64 = 0.81;

/// An inverse that is off by more is that of another operator; rounding at the worst condition number stays below.
const WRONG: f64 = 0.1;

/// Pieces of vectors that are combined at once.
const PIECE: usize = 4096;

/// What may come of a product or a solve.
pub(super) enum Event<T> {
    Done,
    /// The vector lies in the space that there is already.
    Inside,
    Negative(NegativeCurvature<T>),
    NotFinite,
}

/// A and B, with the number of their products.
pub(super) struct Products<'a, T> {
    pub(super) operator: &'a dyn LinearOperator<T>,
    metric: Counted<&'a dyn LinearOperator<T>>,
    shift: T,
    inverse: &'a Inverse<'a, T>,
    solver: ConjugateGradients<'a, T>,
    pub(super) matvecs: u64,
    pub(super) solves: u64,
    /// The first entry of the last product with A that was not finite.
    pub(super) broken: Option<(usize, f64)>,
    /// The smallest eigenvalue of B from below, where a shift says so; else the smallest curvature that a solve has
    /// seen.
    least: f64,
    /// What the last solve left: the norm of b - B x.
    left: f64,
}

impl<'a, T: Scalar> Products<'a, T> {
    pub(super) fn new(operator: &'a dyn LinearOperator<T>, metric: &'a Metric<'_, T>, relative: f64) -> Self {
        // A hundredth: what all solves together leave out must stay within the tolerance.
        let follows = ConjugateGradients::new().relative_tolerance((relative / 100.0).max(4.0 * T::EPSILON.f64()));
        let solver = match &metric.inverse {
            Inverse::Iterative(Some(solver)) => *solver,
            _ => follows,
        };
        Products {
            operator,
            metric: Counted::new(&*metric.product),
            shift: metric.shift,
            inverse: &metric.inverse,
            solver,
            matvecs: 0,
            solves: 0,
            broken: None,
            least: if metric.shift > T::zero() { metric.shift.f64() } else { f64::INFINITY },
            left: 0.0,
        }
    }

    /// y = A x. False if that is not finite.
    pub(super) fn operator(&mut self, x: &[T], y: &mut [T]) -> bool {
        self.operator.apply(x, y);
        self.matvecs += 1;
        self.broken = y.iter().position(|y| !y.is_finite()).map(|index| (index, y[index].f64()));
        self.broken.is_none()
    }

    /// y = B x. False if that is not finite.
    pub(super) fn metric(&self, x: &[T], y: &mut [T]) -> bool {
        self.metric.apply(x, y);
        if self.shift > T::zero() {
            axpy(self.shift, x, y);
        }
        y.iter().all(|y| y.is_finite())
    }

    /// The number of products with B.
    pub(super) fn metric_matvecs(&self) -> u64 {
        self.metric.matvecs()
    }

    /// x = B^-1 b.
    pub(super) fn solve(&mut self, b: &[T], x: &mut [T]) -> Result<Event<T>> {
        self.solves += 1;
        self.left = 0.0;
        match self.inverse {
            Inverse::Operator(inverse) => inverse.apply(b, x),
            Inverse::Root(root) => {
                let mut half = x.to_vec();
                root.apply(b, &mut half);
                root.apply_adjoint(&half, x);
            }
            Inverse::Iterative(_) => {
                let shifted = AssumeSymmetric::new(Shifted::new(&self.metric, self.shift)?);
                let solution = match self.solver.run(&shifted, b) {
                    Err(Error::NotFinite { .. } | Error::Product { .. }) => return Ok(Event::NotFinite),
                    solution => solution?,
                };
                if solution.report.stop == Stop::NotFinite {
                    return Ok(Event::NotFinite);
                }
                if let Some(negative) = solution.negative_curvature {
                    return Ok(Event::Negative(negative));
                }
                self.left = solution.residual_norm;
                x.copy_from_slice(&solution.x);
            }
        }
        if !x.iter().all(|x| x.is_finite()) {
            return Ok(Event::NotFinite);
        }
        let (form, square) = (dot(b, x), dot(x, x));
        if self.shift == T::zero() && form > 0.0 && square > 0.0 {
            self.least = self.least.min(form / square);
        }
        Ok(Event::Done)
    }

    /// The squared norm b'B^-1 b at most, x being the last solution: what the solve has left is added.
    pub(super) fn square(&self, b: &[T], x: &[T]) -> f64 {
        let left = if self.left > 0.0 { self.left * (self.left / self.least) } else { 0.0 };
        dot(b, x).abs() + left
    }

    /// The norm of b in B^-1 at most, without a solve.
    pub(super) fn norm_at_most(&self, euclidean: f64) -> f64 {
        if euclidean == 0.0 { 0.0 } else { euclidean / self.least.sqrt() }
    }

    /// Fails if (B u)'B^-1 (B u) is not u'B u, for a B u with u'B u = `curvature`.
    pub(super) fn check_inverse(&mut self, image: &[T], curvature: f64) -> Result<()> {
        let mut back = image.to_vec();
        let square = match self.inverse {
            Inverse::Iterative(_) => return Ok(()),
            Inverse::Operator(inverse) => {
                inverse.apply(image, &mut back);
                dot(image, &back)
            }
            Inverse::Root(root) => {
                root.apply(image, &mut back);
                dot(&back, &back)
            }
        };
        self.solves += 1;
        Error::finite("the product of the inverse metric", &back, "the inverse met a number that it cannot take")?;
        let ratio = square / curvature;
        if (ratio - 1.0).abs() <= WRONG {
            return Ok(());
        }
        let limits = "must be 1: give the inverse of this very metric, its shift included";
        Err(Error::OutOfRange { what: "the ratio of (B u)'B^-1 (B u) to u'B u", value: ratio, limits })
    }
}

/// Where a chain of Lanczos steps ends for now: the step, and the norms of what it leaves, in B^-1 and Euclidean.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) step: usize,
    pub(super) norm: f64,
    pub(super) euclidean: f64,
}

/// V with V'B V = I, B V, and the lower triangle of V'A V; A V - B V (V'A V) is what the ends have left.
pub(super) struct Space<T> {
    basis: Vec<Vec<T>>,
    images: Vec<Vec<T>>,
    /// Row j of V'A V up to its diagonal.
    pub(super) rows: Vec<Vec<f64>>,
    pub(super) ends: Vec<End>,
    /// The next vector of the growing chain, not yet orthogonal.
    next: Option<Vec<T>>,
    /// The largest row of V'A V.
    scale: f64,
    /// Norms that end a chain, relative to the largest row and absolute.
    negligible: (f64, f64),
    /// Whether the growing chain has ended.
    pub(super) invariant: bool,
}

impl<T: Scalar> Space<T> {
    pub(super) fn new(relative: f64, absolute: f64) -> Self {
        let negligible = (relative.max(BREAKDOWN * T::EPSILON.f64()), absolute);
        let [basis, images] = [const { Vec::new() }; 2];
        let (rows, ends) = (Vec::new(), Vec::new());
        Space { basis, images, rows, ends, next: None, scale: 0.0, negligible, invariant: false }
    }

    /// The number of steps: vectors with their products.
    pub(super) fn steps(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn dim(&self) -> usize {
        self.basis.first().map_or(0, Vec::len)
    }

    /// Takes the part of x that is orthogonal to the basis, as a new chain or the next vector of the old one. `image`
    /// is B x, if that is known.
    pub(super) fn admit(&mut self, products: &Products<'_, T>, mut x: Vec<T>, image: Option<Vec<T>>) -> Event<T> {
        let known = image.is_some();
        let mut image = image.unwrap_or_else(|| x.clone());
        if !known && !products.metric(&x, &mut image) {
            return Event::NotFinite;
        }
        let before = dot(&x, &image);
        let mut square = before;
        if before <= 0.0 {
            // A vector of zeros says nothing.
            return if length(&x) > 0.0 { Event::Negative(negative(x, before)) } else { Event::Inside };
        }
        let noise = BREAKDOWN * T::EPSILON.f64();
        for _ in 0..3 {
            let along = project(&self.basis, &image);
            subtract(&self.basis, &along, &mut x);
            subtract(&self.images, &along, &mut image);
            let now = dot(&x, &image);
            if now <= noise * noise * before {
                return Event::Inside;
            }
            let shortened = now < SHORTENED * square;
            square = now;
            if !shortened {
                break;
            }
            // What cancelled in both has left other rounding errors in each.
            if !products.metric(&x, &mut image) {
                return Event::NotFinite;
            }
            square = dot(&x, &image);
            if square <= 0.0 {
                return Event::Negative(negative(x, square));
            }
        }
        let norm = square.sqrt();
        for vector in [&mut x, &mut image] {
            vector.iter_mut().for_each(|x| *x = T::of(x.f64() / norm));
        }
        self.basis.push(x);
        self.images.push(image);
        Event::Done
    }

    /// One step of the growing chain: its next vector, the product with A, and the vector after it.
    pub(super) fn step(&mut self, products: &mut Products<'_, T>) -> Result<Event<T>> {
        let continued = self.basis.len() == self.rows.len();
        if continued {
            let Some(next) = self.next.take() else { return Ok(Event::Inside) };
            let event = self.admit(products, next, None);
            if !matches!(event, Event::Done) {
                return Ok(event);
            }
        }
        let last = self.rows.len();
        let mut residual = self.basis[last].clone();
        if !products.operator(&self.basis[last], &mut residual) {
            self.basis.pop();
            self.images.pop();
            return Ok(Event::NotFinite);
        }
        let size = length(&residual);
        let mut row = vec![0.0; last + 1];
        for _ in 0..2 {
            let along = project(&self.basis, &residual);
            subtract(&self.images, &along, &mut residual);
            row.iter_mut().zip(&along).for_each(|(row, along)| *row += along);
        }
        let euclidean = length(&residual);
        let mut end = End { step: last, norm: 0.0, euclidean };
        let height = row.iter().map(|x| x.abs()).sum::<f64>();
        self.rows.push(row);
        self.next = None;
        let mut event = Event::Done;
        if euclidean > BREAKDOWN * T::EPSILON.f64() * size {
            let mut next = residual.clone();
            event = products.solve(&residual, &mut next)?;
            end.norm = match event {
                Event::Done => products.square(&residual, &next).sqrt(),
                _ => products.norm_at_most(euclidean),
            };
            self.next = Some(next);
        }
        self.scale = self.scale.max(height + end.norm);
        self.invariant = end.norm <= self.negligible.0 * self.scale + self.negligible.1;
        match self.ends.last_mut() {
            Some(old) if continued => *old = end,
            _ => self.ends.push(end),
        }
        Ok(event)
    }

    /// V c.
    pub(super) fn combine(&self, coefficients: &[f64]) -> Vec<T> {
        let mut sum = vec![T::zero(); self.basis[0].len()];
        let opposite: Vec<f64> = coefficients.iter().map(|c| -c).collect();
        subtract(&self.basis, &opposite, &mut sum);
        sum
    }
}

/// The inner products of the vectors with another.
fn project<T: Scalar>(vectors: &[Vec<T>], other: &[T]) -> Vec<f64> {
    vectors.par_iter().map(|vector| dot(vector, other)).collect()
}

/// other -= the sum of the vectors times their factors.
fn subtract<T: Scalar>(vectors: &[Vec<T>], factors: &[f64], other: &mut [T]) {
    other.par_chunks_mut(PIECE).enumerate().for_each(|(piece, other)| {
        for (vector, &factor) in vectors.iter().zip(factors) {
            axpy_sequential(T::of(-factor), &vector[piece * PIECE..][..other.len()], other);
        }
    });
}
