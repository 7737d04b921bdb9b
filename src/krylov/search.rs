//! The state of a search for eigenpairs: what is known, what is next, and when it ends.

use std::ops::{ControlFlow, Range};

use super::block_factorization::BlockFactorization;
use super::compiled::Compiled;
use super::eigenpairs::{Eigenpairs, Multiplicity, finish};
use super::eigensolver::{Eigensolver, ROOM};
use super::report::{Progress, Stop};
use super::ritz::Ritz;
use crate::error::{Error, Result};
use crate::operator::{LinearOperator, Symmetric};
use crate::random::Key;
use crate::scalar::Scalar;

/// The projected eigenproblem of size m costs O(m^3), so it is solved again only after the basis has grown by this part:
/// the search overshoots by at most as much, and its checks stay cheap beside m^2 n for n >> m.
const GROWTH: usize = 16;

/// The probability, at most, with which a multiplicity check may miss an eigenvalue.
const MISSED: f64 = 1e-4;

/// An unwanted pair may hide a wanted eigenvalue if so many times its residual reaches beyond the wanted ones. Of 100
/// searches for a triple edge of a bulk in 200 dimensions, with a basis that comes to fill them, 8, 6 and 0 or 1 missed a copy
/// at 1, 2 and 4 residuals.
const SETTLED: f64 = 4.0;

/// What the next step serves.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Phase {
    /// The Krylov space of the start grows.
    Search,
    /// A random vector orthogonal to all before looks for what they were blind to.
    Check {
        /// The vectors before it.
        first: usize,
        /// The random vectors that it began with.
        starts: usize,
        /// The vectors before the block that came after its last restart, or before the start.
        since: usize,
        /// The vectors in this block.
        width: usize,
        /// The part, at most, that a missed eigenvector beyond the level above, or below, has in the start for each unit of
        /// its part in that block.
        shares: [f64; 2],
        /// The wanted values when it began.
        known: Vec<f64>,
    },
}

/// A search for eigenpairs that can be held between any two steps, saved (feature `serde`), and resumed to the same bits.
///
/// [`Eigensolver::run`] is the loop over [`EigenSearch::advance`]; take the state itself for a start from several vectors,
/// for deflation, or to save it.
///
/// ```
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
///
/// let operator = Diagonal::new((0..500).map(|i| f64::from(i) / 500.0).collect());
/// let top = Eigensolver::new(2, Key::new(0)).run(&operator)?;
/// // The next two: the first ones are taken out.
/// let mut search = Eigensolver::new(2, Key::new(0)).begin(&operator)?;
/// search.deflate(&top.vectors)?;
/// while search.advance(&operator)? {
///     // Between any two steps: look at it, save it, or give up and take what is known.
/// }
/// let next = search.pairs(&operator)?;
/// assert!((next.values[0] - 497.0 / 500.0).abs() < 1e-10);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "super::saved_search::SavedSearch<T>"),
    serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>"))
)]
pub struct EigenSearch<T> {
    pub(super) settings: Eigensolver,
    pub(super) relative: f64,
    pub(super) factorization: BlockFactorization<T>,
    pub(super) phase: Phase,
    /// The size of the basis at which the projected problem is solved next.
    pub(super) target: usize,
    /// Random vectors drawn so far.
    pub(super) draws: u64,
    /// Whether the starting block still is what `begin` drew.
    pub(super) fresh: bool,
    /// Wanted pairs that have converged, at the last look.
    pub(super) converged: usize,
    pub(super) multiplicity: Multiplicity,
    pub(super) stop: Option<Stop>,
    /// The number of the product that was not finite.
    pub(super) bad_product: Option<u64>,
}

impl<T: Scalar> EigenSearch<T> {
    pub(super) fn begin(settings: Eigensolver, operator: &dyn LinearOperator<T>) -> Result<Self> {
        let dim = super::factorization::dimension(operator)?;
        let relative = settings.validate::<T>(dim)?;
        let settings = settings.block(settings.block.min(dim));
        let (start, draws) = random::<T>(settings.key, 0, settings.block.min(dim), dim);
        let mut factorization = BlockFactorization::begin(operator, &start)?;
        // A residual far below the tolerance is given up: with repeated eigenvalues it is rounding error, and whatever came
        // after it would pass as converged without having been searched for. The search aims at a quarter of the
        // tolerance, since a pair's residual adds up from what is dropped, the ends of earlier runs, and rounding.
        factorization.tolerate(relative / 16.0, settings.absolute / 16.0);
        let mut search = EigenSearch {
            settings,
            relative: relative / 4.0,
            factorization,
            phase: Phase::Search,
            target: 0,
            draws,
            fresh: true,
            converged: 0,
            multiplicity: Multiplicity::Unchecked,
            stop: None,
            bad_product: None,
        };
        search.target = search.next_target();
        Ok(search)
    }

    /// Starts from vectors, back to back, instead of a random one: eigenvectors of a nearby operator, say.
    ///
    /// They are added up to as many as a block has: a Krylov space unfolds them again. A start that spans eigenvectors of
    /// this very operator is no short cut: it says nothing of the others, so the search goes on from a random vector
    /// until it has seen that these are the wanted ones.
    ///
    /// # Errors
    /// If the vectors have the wrong length, are not finite or add up to nothing, or the search has begun.
    pub fn start_from(&mut self, vectors: &[T]) -> Result<()> {
        self.require_fresh("a start")?;
        let dim = self.factorization.dim();
        if vectors.len() > dim && vectors.len().is_multiple_of(dim) {
            let mut sums = vec![T::zero(); dim * self.settings.block.min(vectors.len() / dim)];
            let count = sums.len() / dim;
            for (number, vector) in vectors.chunks_exact(dim).enumerate() {
                let sum = &mut sums[number % count * dim..][..dim];
                sum.iter_mut().zip(vector).for_each(|(sum, &x)| *sum += x);
            }
            self.factorization.restart_from(&sums)?;
        } else {
            self.factorization.restart_from(vectors)?;
        }
        self.fresh = false;
        Ok(())
    }

    /// Takes known eigenvectors, orthonormal and back to back, out of the search: it sees P A P with P the projection
    /// orthogonal to them, so that an inexact vector disturbs the rest only by the square of its error.
    ///
    /// # Errors
    /// If the vectors have the wrong length or are not orthonormal, leave too few dimensions, or the search has begun.
    pub fn deflate(&mut self, vectors: &[T]) -> Result<()> {
        self.require_fresh("deflation")?;
        let dim = self.factorization.dim();
        let count = vectors.len() / dim;
        Error::array("the list of deflated eigenvectors", vectors.len(), &[count, dim])?;
        if self.settings.count + count > dim {
            let because = "the dimension of the operator less the number of deflated eigenvectors";
            let (what, value) = ("the number of eigenpairs", self.settings.count);
            return Err(Error::AboveLimit { what, value, limit: dim.saturating_sub(count), because });
        }
        require_orthonormal(vectors, dim)?;
        self.factorization.deflate(vectors)?;
        let (start, draws) = random(self.settings.key, 0, self.settings.block.min(dim - count), dim);
        self.draws = draws;
        self.factorization.restart_from(&start)
    }

    fn require_fresh(&self, what: &'static str) -> Result<()> {
        if self.fresh && self.factorization.size() == 0 {
            return Ok(());
        }
        Err(Error::Missing { what, remedy: "choose it before the first step, deflation before the start" })
    }

    /// Whether the search has ended.
    pub fn is_done(&self) -> bool {
        self.stop.is_some()
    }

    /// How far the search is: the number of wanted pairs that have converged, at the last look.
    pub fn progress(&self) -> Progress {
        Progress { done: self.converged, total: self.settings.count, matvecs: self.factorization.matvecs() }
    }

    /// The next step, of one block of products. Returns whether there is more to do.
    ///
    /// # Errors
    /// If the operator has another size, the basis cannot be allocated, or the first product is not finite. A later one
    /// ends the search, and what is known is kept.
    pub fn advance<A: Symmetric<T> + ?Sized>(&mut self, operator: &A) -> Result<bool> {
        self.advance_core(&operator)?;
        Ok(!self.is_done())
    }

    /// The pairs that are known now, the best first, with residuals by a product each.
    ///
    /// # Errors
    /// If nothing is known yet, or a projected eigenproblem does not converge.
    pub fn pairs<A: Symmetric<T> + ?Sized>(&self, operator: &A) -> Result<Eigenpairs<T>> {
        self.pairs_core(&operator)
    }

    /// One step; says whether the projected problem was solved.
    pub(super) fn advance_core(&mut self, operator: &dyn LinearOperator<T>) -> Result<bool> {
        (Compiled::advance_core())(self, operator)
    }

    pub(super) fn advance_core_body(&mut self, operator: &dyn LinearOperator<T>) -> Result<bool> {
        if self.is_done() {
            return Ok(false);
        }
        Error::length("the product of the operator", operator.rows(), self.factorization.dim())?;
        if self.settings.check_symmetry && self.factorization.matvecs() == 0 {
            crate::operator::require_symmetric(operator, self.settings.key.split(u64::MAX))?;
        }
        if !self.factorization.breakdown()
            && let Err(bad) = self.factorization.step(operator)?
        {
            if self.factorization.size() == 0 {
                return Err(bad.into());
            }
            self.bad_product = Some(bad.number);
            self.stop = Some(Stop::NotFinite);
            return Ok(true);
        }
        let due = self.factorization.size() >= self.target || self.factorization.breakdown() || self.spent();
        if due {
            self.review()?;
        }
        Ok(due)
    }

    pub(super) fn observe(
        &mut self,
        operator: &dyn LinearOperator<T>,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Eigenpairs<T>> {
        while !self.is_done() {
            if self.advance_core(operator)? && observer(self.progress()).is_break() && self.stop.is_none() {
                self.stop = Some(Stop::Observer);
            }
        }
        self.pairs_core(operator)
    }

    fn pairs_core(&self, operator: &dyn LinearOperator<T>) -> Result<Eigenpairs<T>> {
        if self.factorization.size() == 0 {
            return Err(Error::Missing { what: "a first step", remedy: "advance the search before you ask for pairs" });
        }
        let ritz = self.factorization.ritz(0)?;
        // Each pair returned costs one product more; a budget below that is shared between search and residuals.
        let matvecs = usize::try_from(self.factorization.matvecs()).unwrap_or(usize::MAX);
        let budget = usize::try_from(self.settings.matvecs).unwrap_or(usize::MAX);
        let count = self.settings.count.min(budget.saturating_sub(matvecs).max(1));
        let stop = self.stop.unwrap_or(Stop::Observer);
        let tolerance = 4.0 * self.tolerance(&ritz);
        let end = (stop, self.bad_product, self.multiplicity);
        finish(operator, &self.factorization, &ritz, (self.settings.which, count), end, tolerance)
    }

    fn tolerance(&self, ritz: &Ritz) -> f64 {
        self.relative * ritz.norm() + self.settings.absolute / 4.0
    }

    /// Whether the budget of steps or products is spent.
    fn spent(&self) -> bool {
        let budget = usize::try_from(self.settings.matvecs).unwrap_or(usize::MAX);
        let limit = self.settings.steps.min(budget.saturating_sub(self.settings.count).max(budget / 2));
        let next = self.factorization.width().max(1) as u64;
        self.factorization.size() > 0 && self.factorization.matvecs() + next > limit as u64
    }

    fn next_target(&self) -> usize {
        let (size, count) = (self.factorization.size(), self.settings.count);
        let first = if size == 0 { count + count / 2 + 8 } else { 0 };
        (size + (size / GROWTH).max(2)).max(first).min(self.settings.capacity())
    }

    /// Solves the projected problem and decides what comes next.
    fn review(&mut self) -> Result<()> {
        let ritz = self.factorization.ritz(0)?;
        let tolerance = self.tolerance(&ritz);
        let (which, count) = (self.settings.which, self.settings.count);
        let wanted = ritz.wanted(which, count);
        // Once they have converged, what is given up later may add to their residuals; not so much that it would show.
        let accepted = if self.phase == Phase::Search { tolerance } else { 3.0 * tolerance };
        self.converged = wanted.iter().filter(|&&index| ritz.bounds[index] <= accepted).count();
        let found = self.converged == count;
        let values: Vec<f64> = wanted.iter().map(|&index| ritz.values[index]).collect();
        // A pair that the run has found may lack what was set aside for the run.
        let lacks = |&index: &usize| ritz.bounds[index] > accepted && 2.0 * ritz.aside[index] > ritz.bounds[index];
        if wanted.iter().any(lacks) {
            self.factorization.reenter();
        }
        if self.factorization.exhausted() {
            (self.stop, self.multiplicity) = (Some(Stop::Converged), Multiplicity::Complete);
            self.converged = count;
            return Ok(());
        }
        let breakdown = self.factorization.breakdown();
        // A full basis leaves no room to wait for more.
        let full = self.factorization.size() + self.factorization.width() > self.settings.capacity();
        let settled = full || self.settled(&ritz, &wanted, &values, accepted);
        let mut run = false;
        match &self.phase {
            Phase::Search if found && !breakdown && !self.settings.check => self.stop = Some(Stop::Converged),
            Phase::Search => run = breakdown || (found && settled),
            Phase::Check { known, .. } => {
                let mut missed = if found { self.nothing_missed(&values, accepted)? } else { None };
                if !breakdown && !settled {
                    missed = None;
                }
                match missed {
                    Some(missed) if !changed(known, &values, tolerance) => {
                        self.multiplicity = Multiplicity::Checked { missed };
                        self.stop = Some(Stop::Converged);
                    }
                    // Where this vector has found something, another one may find more.
                    missed => run = breakdown || missed.is_some(),
                }
            }
        }
        if self.is_done() {
            return Ok(());
        }
        if self.spent() {
            self.stop = Some(Stop::Budget);
            return Ok(());
        }
        if run {
            self.begin_run(&ritz, &values)?;
        } else if self.factorization.size() + self.factorization.width() > self.settings.capacity() {
            self.restart(&ritz)?;
        }
        self.target = self.next_target();
        self.factorization.reserve(self.target + self.settings.block)
    }

    /// Goes on from a random block orthogonal to all that is known.
    fn begin_run(&mut self, ritz: &Ritz, values: &[f64]) -> Result<()> {
        let capacity = self.settings.capacity();
        let crowded = self.factorization.size() + ROOM + 2 * self.settings.block > capacity;
        if crowded && capacity < self.factorization.dim() {
            self.keep_wanted(ritz);
        }
        let dim = self.factorization.dim();
        loop {
            let (block, draws) = random(self.settings.key, self.draws, self.settings.block, dim);
            self.draws = draws;
            // A random vector lies in a proper subspace with probability 0; in a nearly whole one by rounding.
            if self.factorization.renew(block) {
                break;
            }
        }
        let (first, width) = (self.factorization.size(), self.factorization.width());
        self.phase =
            Phase::Check { first, starts: width, since: first, width, shares: [1.0; 2], known: values.to_vec() };
        Ok(())
    }

    /// Reduces the basis to what is wanted.
    fn keep_wanted(&mut self, ritz: &Ritz) {
        let keep = ritz.wanted(self.settings.which, self.settings.count);
        self.factorization.restart(0, &ritz.coordinates_of(&keep));
    }

    /// Thick restart: keeps the Ritz vectors nearest to what is wanted.
    fn restart(&mut self, ritz: &Ritz) -> Result<()> {
        let (which, count, capacity) = (self.settings.which, self.settings.count, self.settings.capacity());
        let free = |keep: usize| keep + (capacity - keep) * 2 / 5;
        let tolerance = self.tolerance(ritz);
        match &mut self.phase {
            Phase::Search => {
                let keep = ritz.wanted(which, free(count).min(capacity.saturating_sub(2 * self.settings.block)));
                self.factorization.restart(0, &ritz.coordinates_of(&keep));
            }
            Phase::Check { first, width, since, shares, .. } if *first <= count.max(capacity / 2) => {
                // The run alone restarts; what was known before it stays.
                let run = self.factorization.ritz(*first)?;
                let levels =
                    which.levels(&ritz.wanted(which, count).iter().map(|&i| ritz.values[i]).collect::<Vec<_>>());
                let rows = *since - *first..(*since - *first + *width).min(run.len());
                for (share, (level, side)) in shares.iter_mut().zip([(levels.0, 1.0), (levels.1, -1.0)]) {
                    *share = (*share * part(&run, rows.clone(), level, side, 3.0 * tolerance)).min(f64::MAX);
                }
                let room = capacity - *first;
                let keep = run.wanted(which, (room * 2 / 5).max(1).min(room.saturating_sub(2 * self.settings.block)));
                self.factorization.restart(*first, &run.coordinates_of(&keep));
                *since = self.factorization.size();
                *width = self.factorization.width();
            }
            Phase::Check { known, .. } => {
                // The basis before the run is in its way: only what is wanted stays, and a new run begins.
                let known = std::mem::take(known);
                self.keep_wanted(ritz);
                self.begin_run(ritz, &known)?;
            }
        }
        Ok(())
    }

    /// Whether the unwanted pairs that have not converged are settled: none reaches beyond the wanted ones within a few of
    /// its residuals. Else the basis may hold most of a copy, grown from rounding errors, whose Ritz value is on its way,
    /// and hide it from a run orthogonal to the basis.
    fn settled(&self, ritz: &Ritz, wanted: &[usize], values: &[f64], accepted: f64) -> bool {
        let (above, below) = self.settings.which.levels(values);
        (0..ritz.len()).filter(|index| !wanted.contains(index)).all(|index| {
            // What was set aside was settled then, and the levels have only moved outwards since.
            let residual = (ritz.bounds[index].powi(2) - ritz.aside[index].powi(2)).max(0.0).sqrt();
            let (value, reach) = (ritz.values[index], SETTLED * residual);
            residual <= accepted
                || above.is_none_or(|level| value + reach < level) && below.is_none_or(|level| value - reach > level)
        })
    }

    /// The probability with which the run has missed an eigenvalue that is wanted, once it is small enough.
    ///
    /// The run is Lanczos on the part of the operator orthogonal to what was known, from random vectors. An eigenvector u of
    /// it that belongs to a level beyond all Ritz values has a part in the start that follows from the run itself: for one
    /// vector and k steps it is at most
    ///
    /// ```text
    ///     t = product of beta_j / (level - theta_j),     j = 1 ... k
    /// ```
    ///
    /// since the polynomial with the roots theta turns the start into the residual, of norm product of beta. In d dimensions
    /// a random unit vector has a part below t in u with a probability of at most t sqrt(2 d / pi), and b of them with its
    /// power b. That is no estimate at a fixed k: t falls from step to step, and the part is what it is. Pairs at
    /// the end that have converged count as known.
    fn nothing_missed(&self, values: &[f64], accepted: f64) -> Result<Option<f64>> {
        let Phase::Check { first, starts, since, width, shares, .. } = &self.phase else { return Ok(None) };
        if self.factorization.size() < since + width {
            return Ok(None);
        }
        let run = self.factorization.ritz(*first)?;
        let (above, below) = self.settings.which.levels(values);
        let free = (self.factorization.dim() - self.factorization.deflated - first) as f64;
        let end = |level: Option<f64>, side: f64, share: f64| {
            let part = share * part(&run, since - first..since - first + width, level, side, accepted);
            let missed = (part * (2.0 * free / std::f64::consts::PI).sqrt()).min(1.0).powi(*starts as i32);
            if missed <= MISSED / 2.0 {
                return Some(missed);
            }
            // After a restart the bound gains too little from each round, so a residual far below the gap has to do.
            (since > first && clear(&run, level, side, accepted)).then_some(0.0)
        };
        Ok(end(above, 1.0, shares[0]).zip(end(below, -1.0, shares[1])).map(|(above, below)| above + below))
    }
}

/// Whether the first pair from the end inwards that has not converged has a residual far smaller than what separates it
/// from the level.
fn clear(run: &Ritz, level: Option<f64>, side: f64, accepted: f64) -> bool {
    let Some(level) = level else { return true };
    let open = |&index: &usize| run.bounds[index] > accepted;
    let index = if side > 0.0 { (0..run.len()).rev().find(open) } else { (0..run.len()).find(open) };
    index.is_none_or(|index| 8.0 * run.bounds[index] <= side * (level - run.values[index]))
}

/// The part of an eigenvector beyond a level in some vectors of a run, at most, for a unit outside of it: 0 where no level
/// is given, infinite where a pair that has not converged is beyond it.
fn part(run: &Ritz, rows: Range<usize>, level: Option<f64>, side: f64, accepted: f64) -> f64 {
    let Some(level) = level else { return 0.0 };
    // From the end inwards: those that have converged are known.
    let open = |&index: &usize| run.bounds[index] > accepted;
    let (first, last) = match side > 0.0 {
        true => (Some(0), (0..run.len()).rev().find(open)),
        false => ((0..run.len()).find(open), run.len().checked_sub(1)),
    };
    let (Some(first), Some(last)) = (first, last) else { return 0.0 };
    let end = if side > 0.0 { last } else { first };
    if side * (level - run.values[end]) <= 0.0 {
        return f64::INFINITY;
    }
    run.response(rows, first..last + 1, level)
}

impl Eigensolver {
    /// Searches from a random vector.
    ///
    /// # Errors
    /// If the operator is not square, `count` is 0 or above the dimension, a tolerance is negative or below what the
    /// vectors' type can reach, a budget is too small for one pair, the symmetry was to be checked and is not there, or the
    /// first product is not finite.
    pub fn run<T: Scalar, A: Symmetric<T> + ?Sized>(&self, operator: &A) -> Result<Eigenpairs<T>> {
        self.observe(operator, |_| ControlFlow::Continue(()))
    }

    /// Searches from `start`, one or several vectors back to back: see [`EigenSearch::start_from`].
    ///
    /// # Errors
    /// As [`Eigensolver::run`], and if `start` has the wrong length, is zero or is not finite.
    pub fn run_from<T: Scalar, A>(&self, operator: &A, start: &[T]) -> Result<Eigenpairs<T>>
    where
        A: Symmetric<T> + ?Sized,
    {
        let mut search = EigenSearch::begin(*self, &operator)?;
        search.start_from(start)?;
        search.observe(&operator, &mut |_| ControlFlow::Continue(()))
    }

    /// Searches from a random vector and tells `observer` at each look at the projected problem how many pairs have
    /// converged; it can stop the search, and what is known then is returned.
    ///
    /// # Errors
    /// As [`Eigensolver::run`].
    pub fn observe<T: Scalar, A>(
        &self,
        operator: &A,
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Eigenpairs<T>>
    where
        A: Symmetric<T> + ?Sized,
    {
        EigenSearch::begin(*self, &operator)?.observe(&operator, &mut observer)
    }

    /// The search as a state that can be held between steps, saved, started elsewhere, and deflated.
    ///
    /// # Errors
    /// As [`Eigensolver::run`].
    pub fn begin<T: Scalar, A: Symmetric<T> + ?Sized>(&self, operator: &A) -> Result<EigenSearch<T>> {
        EigenSearch::begin(*self, &operator)
    }
}

/// Whether the wanted values differ by more than the tolerance.
fn changed(before: &[f64], now: &[f64], tolerance: f64) -> bool {
    before.len() != now.len() || before.iter().zip(now).any(|(a, b)| (a - b).abs() > tolerance)
}

/// Random vectors, back to back, from children `first..` of the key, and the number of the next child.
fn random<T: Scalar>(key: Key, first: u64, count: usize, dim: usize) -> (Vec<T>, u64) {
    let mut vectors = vec![T::zero(); count * dim];
    for (number, vector) in vectors.chunks_exact_mut(dim).enumerate() {
        key.split(first + number as u64).normal(0, vector);
    }
    (vectors, first + count as u64)
}

/// Fails unless the vectors are orthonormal to half the digits of their type.
pub(crate) fn require_orthonormal<T: Scalar>(vectors: &[T], dim: usize) -> Result<()> {
    for (index, vector) in vectors.chunks_exact(dim).enumerate() {
        for (other, earlier) in vectors.chunks_exact(dim).take(index + 1).enumerate() {
            let value = (crate::linalg::dot(vector, earlier) - if index == other { 1.0 } else { 0.0 }).abs();
            if value.is_nan() || value > T::EPSILON.f64().sqrt() {
                let what = "the deviation of the deflated eigenvectors from orthonormal ones";
                let limits = "must be at most the root of the rounding error: orthonormalize them";
                return Err(Error::OutOfRange { what, value, limits });
            }
        }
    }
    Ok(())
}
