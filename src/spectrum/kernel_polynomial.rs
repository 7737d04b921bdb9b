//! The kernel polynomial method: a second opinion on the spectral density.

use std::mem::swap;
use std::ops::ControlFlow;

use rayon::prelude::*;

use super::chebyshev::{ChebyshevExpansion, outside};
use super::complement::Complement;
use super::probe::Probe;
use crate::error::{Error, Result};
use crate::krylov::{Factorization, Orthogonalization, Progress, Report, Stop, Storage, dimension};
use crate::linalg::dot;
use crate::operator::{LinearOperator, Symmetric};
use crate::random::Key;
use crate::random_matrix::Interval;
use crate::scalar::Scalar;

/// The most probes of a block, unless a width is given.
const WIDTH: u128 = 16;

/// Bytes that the vectors of a block may take, unless a width is given.
const BUDGET: u128 = 1 << 30;

/// Vectors that a probe holds: two of the recurrence, the product, and one while it is drawn.
const VECTORS: u128 = 4;

/// The child of the run's key for the vector that finds the bounds: no probe has this number.
const BOUNDS: u64 = u64::MAX - 1;

/// Lanczos steps that find the bounds: with 40 of them the theorem below widens the range by 2.4 % on each side at
/// n = 10^4, and by 4.2 % at n = 10^7.
const STEPS: usize = 40;

/// The probability that an eigenvalue lies outside of the bounds is at most this.
const DOUBT: f64 = 1e-3;

/// Up to this dimension the basis of these steps is kept, so that an invariant space is seen.
const SMALL: usize = 1024;

/// Entries of a block that one thread adds at a time.
const PIECE: usize = 1 << 14;

/// The kernel polynomial method: the spectral measure of a symmetric operator by its Chebyshev moments.
///
/// ```text
///     t_0 = v,   t_1 = B v,   t_k+1 = 2 B t_k - t_k-1,        B = (A - c I) / h,   v a random unit vector
///     mu_2k = 2 t_k't_k - mu_0,   mu_2k-1 = 2 t_k't_k-1 - mu_1
/// ```
///
/// Two moments for each product; N moments need N/2 of them. Nothing is orthogonalized, no eigenproblem is solved, and
/// rounding errors grow with the degree at most. So it is an independent check of [`StochasticLanczos`] at the same
/// price: with the same key both take the same probes, and then differ by their resolution alone. It is no better: the
/// kernel has one width for the whole range, h pi/N, and where outliers stretch the range ([`Smoothing`]'s case) the bulk is
/// one blur. Lanczos nodes settle where the spectrum is.
///
/// The bounds c - h and c + h come from 40 Lanczos steps with a random vector of its own. The outermost nodes are moved
/// outwards by the larger of their residual norm and of what Kuczynski & Wozniakowski's theorem asks for a failure in less
/// than one of a thousand runs, whatever the matrix. If they are too narrow all the same, or if the ones given are, moments
/// leave what is possible for a measure on them, and the run fails rather than return them.
///
/// Cost: 40 products for the bounds and `probes` x `degree` / 2. Probes advance together in blocks, each step with one wide
/// product; memory of four vectors a probe of a block. The result does not depend on the number of threads.
///
/// ```
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::{Axis, KernelPolynomial, StochasticLanczos};
///
/// let operator = Diagonal::new((0..1000).map(|i| (f64::from(i) + 0.5) / 1000.0).collect());
/// let expansion = KernelPolynomial::new(Key::new(0)).degree(100).run(&operator)?;
/// expansion.report().require()?;
/// let lanczos = StochasticLanczos::new(Key::new(0)).steps(50).run(&operator)?;
/// // The same probes: what differs is the resolution of the two.
/// let difference = expansion.cumulative(0.3).mean - lanczos.cumulative(0.3).mean;
/// assert!(difference.abs() < expansion.resolution(0.3));
/// let density = expansion.density(Axis::Linear, &expansion.grid())?;
/// assert!((density.integral() - 1.0).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Weisse, Wellein, Alvermann & Fehske 2006 (doi:10.1103/RevModPhys.78.275); Lin, Saad & Yang 2016
/// (doi:10.1137/130934283); Kuczynski & Wozniakowski 1992 (doi:10.1137/0613066).
///
/// [`StochasticLanczos`]: super::StochasticLanczos
/// [`Smoothing`]: super::Smoothing
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "KPM")]
#[doc(alias = "Chebyshev")]
#[doc(alias = "density of states")]
pub struct KernelPolynomial {
    probes: usize,
    degree: usize,
    width: Option<usize>,
    probe: Probe,
    bounds: Option<Interval>,
    key: Key,
}

impl KernelPolynomial {
    /// 10 probes, [`Probe::Sphere`], and degree 180: as many products as the defaults of
    /// [`StochasticLanczos`](super::StochasticLanczos). Probe i comes from child i of `key`.
    pub fn new(key: Key) -> Self {
        KernelPolynomial { probes: 10, degree: 180, width: None, probe: Probe::Sphere, bounds: None, key }
    }

    /// Sets the number of probes: the standard error falls with its square root.
    pub fn probes(self, probes: usize) -> Self {
        KernelPolynomial { probes, ..self }
    }

    /// Sets the degree N: the resolution is pi/N of half the range.
    pub fn degree(self, degree: usize) -> Self {
        KernelPolynomial { degree, ..self }
    }

    /// Sets the distribution of the probes.
    pub fn probe(self, probe: Probe) -> Self {
        KernelPolynomial { probe, ..self }
    }

    /// Sets the number of probes that advance together: by default as many as fit 1 GiB, but 16 at most. Probes are the
    /// same whatever the width.
    pub fn width(self, width: usize) -> Self {
        KernelPolynomial { width: Some(width), ..self }
    }

    /// Sets an interval that is known to hold all eigenvalues, which saves finding one.
    pub fn bounds(self, lower: f64, upper: f64) -> Self {
        KernelPolynomial { bounds: Some(Interval { lower, upper }), ..self }
    }

    /// Runs all probes.
    ///
    /// A product that is not finite ends the run with [`Stop::NotFinite`]. The finished probes are returned; if there are
    /// none, those under way with the moments that they have.
    ///
    /// # Errors
    /// If the operator is not square or has no rows, there are no probes, the degree is 0, the bounds are not an interval or
    /// do not hold all eigenvalues, memory cannot be had, or a product is not finite and nothing is known yet.
    pub fn run<T: Scalar, A: Symmetric<T> + ?Sized>(&self, operator: &A) -> Result<ChebyshevExpansion> {
        self.run_core(&operator, &mut |_| ControlFlow::Continue(()))
    }

    /// Runs and tells `observer` after each wide product, in products of probes; it can stop the run, and what is known is
    /// returned as after a product that is not finite.
    ///
    /// # Errors
    /// As [`KernelPolynomial::run`].
    pub fn observe<T: Scalar, A: Symmetric<T> + ?Sized>(
        &self,
        operator: &A,
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ChebyshevExpansion> {
        self.run_core(&operator, &mut observer)
    }

    fn run_core<T: Scalar>(
        &self,
        operator: &dyn LinearOperator<T>,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ChebyshevExpansion> {
        Error::at_least("the number of probes", self.probes, 1, "must be at least 1; 2 for standard errors")?;
        Error::at_least("the degree of a Chebyshev series", self.degree, 1, "must be at least 1")?;
        let dim = dimension(operator)?;
        let width = self.width.unwrap_or_else(|| self.default_width::<T>(dim)).min(self.probes);
        Error::at_least("the number of probes of a block", width, 1, "must be at least 1")?;
        let (bounds, mut matvecs) = match self.bounds {
            None => find_bounds(operator, self.key.split(BOUNDS))?,
            Some(bounds) => (given(bounds)?, 0),
        };
        let mut recurrence = Recurrence::<T>::new(dim, width, bounds)?;
        let tolerance = recurrence.tolerance(self.degree);
        let steps = self.degree.div_ceil(2);
        let total = self.probes.saturating_mul(steps);
        let mut finished: Vec<Vec<f64>> = Vec::new();
        let mut stop = Stop::Converged;
        while finished.len() < self.probes && stop == Stop::Converged {
            let first = finished.len();
            let width = width.min(self.probes - first);
            recurrence.draw(width, |vector| {
                Complement::new(dim, &[]).draw(self.probe, self.key.split((first + vector) as u64))
            });
            for step in 1..=steps {
                if let Some((vector, index, value)) = recurrence.advance(operator) {
                    matvecs += vector as u64 + 1;
                    if step == 1 && finished.is_empty() {
                        return Err(Error::Product { number: matvecs, index, value });
                    }
                    stop = Stop::NotFinite;
                    break;
                }
                matvecs += width as u64;
                recurrence.require(tolerance)?;
                let progress = Progress { done: first * steps + step * width, total, matvecs };
                if observer(progress).is_break() && progress.done < total {
                    stop = Stop::Observer;
                    break;
                }
            }
            let whole = recurrence.moments[0].len() > self.degree;
            if whole || finished.is_empty() {
                finished.append(&mut recurrence.moments);
            }
        }
        finished.iter_mut().for_each(|moments| moments.truncate(self.degree + 1));
        let expansion = ChebyshevExpansion::new(dim, bounds, finished, Report::new(stop, matvecs));
        expansion.require_measure((self.degree + 1) as f64 * tolerance)?;
        Ok(expansion)
    }

    /// As many probes as fit the budget, in blocks of even sizes.
    fn default_width<T>(&self, dim: usize) -> usize {
        let probe = (VECTORS * dim as u128 * size_of::<T>() as u128).max(1);
        let most = (BUDGET / probe).clamp(1, WIDTH) as usize;
        self.probes.div_ceil(self.probes.div_ceil(most).max(1))
    }
}

/// Fails unless bounds are an interval.
fn given(bounds: Interval) -> Result<Interval> {
    let Interval { lower, upper } = bounds;
    Error::finite("the bounds of a spectrum", &[lower, upper], "give finite bounds")?;
    if lower >= upper {
        let (what, limits) = ("the upper bound of a spectrum", "must be above the lower bound");
        return Err(Error::OutOfRange { what, value: upper, limits });
    }
    Ok(bounds)
}

/// An interval that holds the spectrum, and the number of products that it took.
fn find_bounds<T: Scalar>(operator: &dyn LinearOperator<T>, key: Key) -> Result<(Interval, u64)> {
    let dim = dimension(operator)?;
    let mut start = vec![T::zero(); dim];
    key.sphere(&mut start);
    let (orthogonalization, storage) = match dim {
        0..=SMALL => (Orthogonalization::Full, Storage::Kept),
        _ => (Orthogonalization::Local, Storage::None),
    };
    let mut factorization = Factorization::stored(operator, &start, orthogonalization, storage)?;
    let mut product = vec![T::zero(); dim];
    while factorization.steps() < STEPS.min(dim) && !factorization.breakdown() {
        operator.apply(factorization.next(), &mut product);
        factorization.absorb(&product)?;
    }
    let ritz = factorization.ritz_values()?;
    let last = ritz.values.len() - 1;
    let (lower, upper) = (ritz.values[0], ritz.values[last]);
    let range = upper - lower;
    let reach = if factorization.breakdown() || factorization.steps() == dim {
        0.0
    } else {
        let root = (1.648 * (dim as f64).sqrt() / DOUBT).ln() / (2.0 * factorization.steps() as f64 - 1.0);
        let epsilon = (root * root).min(0.25);
        epsilon / (1.0 - 2.0 * epsilon) * range
    };
    let (lower, upper) = (lower - reach.max(ritz.residual_norms[0]), upper + reach.max(ritz.residual_norms[last]));
    // A range of rounding errors is none: one eigenvalue needs some room around it, the zero matrix any.
    let size = lower.abs().max(upper.abs());
    let least = if size > 0.0 { T::EPSILON.f64().sqrt() * size } else { 1.0 };
    let widen = (least - (upper - lower) / 2.0).max(0.0) + 64.0 * T::EPSILON.f64() * size;
    Ok((Interval { lower: lower - widen, upper: upper + widen }, factorization.matvecs()))
}

/// The recurrence of a block of probes, and their moments so far.
#[derive(Debug)]
struct Recurrence<T> {
    dim: usize,
    bounds: Interval,
    current: Vec<T>,
    previous: Vec<T>,
    product: Vec<T>,
    /// Moments of each probe, the first ones 1.
    moments: Vec<Vec<f64>>,
    /// v'v and v'B v of each probe: the unit vector is one up to rounding.
    scales: Vec<(f64, f64)>,
}

impl<T: Scalar> Recurrence<T> {
    fn new(dim: usize, width: usize, bounds: Interval) -> Result<Self> {
        let len = width.saturating_mul(dim);
        let vectors = || {
            let mut vectors: Vec<T> = Vec::new();
            if vectors.try_reserve_exact(len).is_err() {
                let (what, remedy) = ("a block of vectors", "ask for a smaller width");
                let bytes = width as u128 * dim as u128 * size_of::<T>() as u128;
                return Err(Error::Allocation { what, bytes, remedy });
            }
            vectors.resize(len, T::zero());
            Ok(vectors)
        };
        let (current, previous, product) = (vectors()?, vectors()?, vectors()?);
        Ok(Recurrence { dim, bounds, current, previous, product, moments: Vec::new(), scales: Vec::new() })
    }

    /// Begins with unit vectors in the directions of probes.
    fn draw(&mut self, width: usize, probe: impl Fn(usize) -> Vec<T> + Sync) {
        for vectors in [&mut self.current, &mut self.previous, &mut self.product] {
            vectors.truncate(width * self.dim);
        }
        let draws = self.current.par_chunks_exact_mut(self.dim).enumerate().with_max_len(1);
        let scales = draws.map(|(vector, t)| {
            let start = probe(vector);
            let length = dot(&start, &start).sqrt();
            t.iter_mut().zip(&start).for_each(|(t, x)| *t = T::of(x.f64() / length));
            (dot(t, t), 0.0)
        });
        self.scales = scales.collect();
        self.moments = vec![vec![1.0]; width];
    }

    /// One product with each vector: two more moments. What is not finite ends it: the vector, the entry and its value.
    fn advance(&mut self, operator: &dyn LinearOperator<T>) -> Option<(usize, usize, f64)> {
        let (dim, width) = (self.dim, self.moments.len());
        let Interval { lower, upper } = self.bounds;
        let first = self.moments[0].len() == 1;
        match width {
            1 => operator.apply(&self.current, &mut self.product),
            _ => operator.apply_block(&self.current, &mut self.product, width),
        }
        let (center, half) = (lower + (upper - lower) / 2.0, (upper - lower) / 2.0);
        let twice = if first { 1.0 } else { 2.0 };
        let (scale, shift) = (T::of(twice / half), T::of(center));
        let before = if first { T::zero() } else { T::one() };
        let pieces = self.product.par_chunks_mut(PIECE).zip(self.current.par_chunks(PIECE));
        pieces.zip(self.previous.par_chunks(PIECE)).for_each(|((product, current), previous)| {
            for ((product, &current), &previous) in product.iter_mut().zip(current).zip(previous) {
                *product = scale * (*product - shift * current) - before * previous;
            }
        });
        swap(&mut self.previous, &mut self.current);
        swap(&mut self.current, &mut self.product);
        let vectors = self.current.par_chunks_exact(dim).zip(self.previous.par_chunks_exact(dim)).with_max_len(1);
        let squares: Vec<(f64, f64)> =
            vectors.map(|(current, previous)| (dot(current, current), dot(current, previous))).collect();
        let finite = |&(square, mixed): &(f64, f64)| square.is_finite() && mixed.is_finite();
        if let Some(vector) = squares.iter().position(|pair| !finite(pair)) {
            let entries = &self.current[vector * dim..][..dim];
            let index = entries.iter().position(|entry| !entry.is_finite());
            let (index, value) = index.map_or((0, f64::INFINITY), |index| (index, entries[index].f64()));
            return Some((vector, index, value));
        }
        for ((moments, scale), (square, mixed)) in self.moments.iter_mut().zip(&mut self.scales).zip(squares) {
            if first {
                scale.1 = mixed;
            }
            moments.push((2.0 * mixed - scale.1) / scale.0);
            moments.push((2.0 * square - scale.0) / scale.0);
        }
        None
    }

    /// Fails if the newest moments are none of a measure on the bounds.
    fn require(&self, tolerance: f64) -> Result<()> {
        for moments in &self.moments {
            if let Some(&value) = moments[moments.len() - 2..].iter().find(|moment| moment.abs() > 1.0 + tolerance) {
                return Err(outside("a Chebyshev moment", value, "must lie between -1 and 1"));
            }
        }
        Ok(())
    }

    /// What rounding may do to moments up to a degree: each rounding error of a vector of the recurrence is carried on by
    /// Chebyshev polynomials of the second kind, at most as large as their degree.
    fn tolerance(&self, degree: usize) -> f64 {
        let Interval { lower, upper } = self.bounds;
        let size = lower.abs().max(upper.abs()) / ((upper - lower) / 2.0);
        ((degree as f64 + 1.0).powi(2) * T::EPSILON.f64() * (1.0 + size)).min(0.5)
    }
}
