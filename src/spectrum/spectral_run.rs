//! Stochastic Lanczos quadrature between two of its steps.

use rayon::prelude::*;

use super::compiled::Compiled;
use super::complement::Complement;
use super::probe::Probe;
use super::quadrature::Quadrature;
use super::spectral_measure::SpectralMeasure;
use crate::error::{Error, Result};
use crate::krylov::{Factorization, Orthogonalization, Progress, Report, Stop, Storage, dimension};
use crate::operator::{LinearOperator, Symmetric, require_symmetric};
use crate::random::Key;
use crate::scalar::Scalar;

/// The child of the run's key for vectors that probe symmetry: no probe has this number.
const SYMMETRY: u64 = u64::MAX;

/// What a run was asked for, with all defaults settled.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Plan {
    pub(super) probes: usize,
    pub(super) steps: usize,
    pub(super) width: usize,
    pub(super) probe: Probe,
    pub(super) orthogonalization: Orthogonalization,
    pub(super) storage: Storage,
    pub(super) key: Key,
}

/// Vectors that a probe holds besides its basis: the two newest ones, the residual and its product, and its places in the
/// input and the output of the wide product.
const BESIDES: u128 = 6;

/// Bytes for each probe of a block.
pub(super) fn bytes<T>(steps: usize, dim: usize, storage: Storage) -> u128 {
    let kept = match storage {
        Storage::None => 0,
        Storage::Single => size_of::<f32>(),
        _ => size_of::<T>(),
    };
    let row = (steps as u128).saturating_mul(kept as u128).saturating_add(BESIDES * size_of::<T>() as u128);
    row.saturating_mul(dim as u128)
}

impl Plan {
    /// Fails if a block cannot be addressed.
    fn require_memory<T>(&self, steps: usize, dim: usize) -> Result<()> {
        let needed = bytes::<T>(steps, dim, self.storage).saturating_mul(self.width.min(self.probes) as u128);
        let (budget, remedy) = (isize::MAX as u128, "ask for a smaller width, or fewer steps");
        if needed > budget {
            return Err(Error::Memory { what: "a block of probes", needed, budget, remedy });
        }
        Ok(())
    }
}

/// A run of [`StochasticLanczos`](super::StochasticLanczos) between two of its steps.
///
/// [`StochasticLanczos::begin`](super::StochasticLanczos::begin) makes it, [`SpectralRun::advance`] takes one step of
/// every probe of a block with one wide product, and [`SpectralRun::measure`] gives what is known at any time. With
/// feature `serde` it can be saved between any two steps; read back and advanced, on the same machine with the same
/// operator, it ends in the same bits as if it had never been interrupted.
///
/// Memory: that of the settings, plus a copy of the deflated eigenvectors. A saved run is as large.
///
/// ```
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::StochasticLanczos;
///
/// let operator = Diagonal::new((0..500).map(f64::from).collect());
/// let settings = StochasticLanczos::new(Key::new(0)).probes(6).steps(20).width(3);
/// let mut run = settings.begin(&operator)?;
/// while !run.is_done() {
///     run.advance(&operator)?;
///     let progress = run.progress();
///     assert_eq!(progress.matvecs, progress.done as u64);
/// }
/// assert_eq!(run.measure()?, settings.run(&operator)?);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::SpectralRun<T>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
pub struct SpectralRun<T> {
    plan: Plan,
    dim: usize,
    values: Vec<f64>,
    vectors: Vec<T>,
    finished: Vec<Finished>,
    /// The probes under way, in the order of their numbers; none before a block begins.
    block: Vec<Factorization<T>>,
    matvecs: u64,
    /// Whether a product was not finite: the one with the number `matvecs`.
    broken: bool,
    #[cfg_attr(feature = "serde", serde(skip))]
    buffers: [Vec<T>; 2],
}

/// What is kept of a probe.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Finished {
    rule: Quadrature,
    steps: usize,
    orthogonality: f64,
}

impl Finished {
    fn new<T: Scalar>(factorization: &Factorization<T>) -> Result<Self> {
        let (steps, orthogonality) = (factorization.steps(), factorization.orthogonality());
        Ok(Finished { rule: Quadrature::new(factorization)?, steps, orthogonality })
    }
}

impl<T: Scalar> SpectralRun<T> {
    pub(super) fn new(
        operator: &dyn LinearOperator<T>,
        plan: Plan,
        values: &[f64],
        vectors: &[T],
        check_symmetry: bool,
    ) -> Result<Self> {
        let dim = dimension(operator)?;
        Complement::new(dim, vectors).require(values)?;
        let depth = plan.steps.min(dim - values.len());
        plan.orthogonalization.needs(plan.storage)?;
        plan.require_memory::<T>(depth, dim)?;
        if check_symmetry {
            require_symmetric(operator, plan.key.split(SYMMETRY))?;
        }
        Ok(SpectralRun {
            plan: Plan { steps: depth, ..plan },
            dim,
            values: values.to_vec(),
            vectors: vectors.to_vec(),
            finished: Vec::new(),
            block: Vec::new(),
            matvecs: if check_symmetry { 2 } else { 0 },
            broken: false,
            buffers: [Vec::new(), Vec::new()],
        })
    }

    /// Whether nothing is left to do: all probes are finished, or a product was not finite.
    pub fn is_done(&self) -> bool {
        self.broken || self.plan.steps == 0 || self.finished.len() == self.plan.probes
    }

    /// How many steps of probes are done, of how many. A probe whose Krylov space is invariant is done with all of its own.
    pub fn progress(&self) -> Progress {
        let Plan { probes, steps, .. } = self.plan;
        // Probes that a bad product ended are done no further than they came.
        let finished = self.finished.iter().map(|probe| if self.broken { probe.steps } else { steps });
        let under_way = self.block.iter().map(|probe| if probe.breakdown() { steps } else { probe.steps() });
        let done = finished.chain(under_way).fold(0, usize::saturating_add);
        Progress { done, total: probes.saturating_mul(steps), matvecs: self.matvecs }
    }

    /// One step of each probe of the block under way, or of a new one, with one wide product. Nothing if the run is done.
    ///
    /// A product that is not finite ends the run: its probe stays as deep as it was, and the report has its number.
    ///
    /// # Errors
    /// If the operator has another size, memory for the next block cannot be had, or a product is not finite and nothing is
    /// known yet.
    pub fn advance<A: Symmetric<T> + ?Sized>(&mut self, operator: &A) -> Result<()> {
        self.advance_core(&operator)
    }

    pub(super) fn advance_core(&mut self, operator: &dyn LinearOperator<T>) -> Result<()> {
        (Compiled::advance_core())(self, operator)
    }

    pub(super) fn advance_core_body(&mut self, operator: &dyn LinearOperator<T>) -> Result<()> {
        Error::length("the product of the operator", dimension(operator)?, self.dim)?;
        if self.is_done() {
            return Ok(());
        }
        if self.block.is_empty() {
            self.block = self.next_block(operator)?;
        }
        let (dim, steps) = (self.dim, self.plan.steps);
        let complement = Complement::new(dim, &self.vectors);
        let mut probes: Vec<&mut Factorization<T>> =
            self.block.iter_mut().filter(|probe| under_way(probe, steps)).collect();
        // Room for all steps, once.
        probes.iter_mut().try_for_each(|probe| probe.reserve(steps))?;
        let [inputs, products] = &mut self.buffers;
        resize(products, probes.len(), dim)?;
        match &mut probes[..] {
            [probe] => operator.apply(probe.next(), products),
            _ => {
                resize(inputs, probes.len(), dim)?;
                let inputs_of = probes.par_iter_mut().zip(inputs.par_chunks_exact_mut(dim));
                inputs_of.for_each(|(probe, input)| input.copy_from_slice(probe.next()));
                operator.apply_block(inputs, products, probes.len());
            }
        }
        let pairs = probes.into_par_iter().zip(products.par_chunks_exact_mut(dim)).with_max_len(1);
        let outcomes: Vec<bool> = pairs
            .map(|(probe, product)| {
                complement.project(product);
                probe.absorb(product).is_ok()
            })
            .collect();
        match outcomes.iter().position(|&finite| !finite) {
            None => self.matvecs += outcomes.len() as u64,
            Some(first) => return self.end_at(first),
        }
        if !self.block.iter().any(|probe| under_way(probe, steps)) {
            self.finished.extend(finished(self.block.iter())?);
            self.block.clear();
            self.buffers = Default::default();
        }
        Ok(())
    }

    /// Ends the run at product `first` of this step, which is not finite.
    fn end_at(&mut self, first: usize) -> Result<()> {
        self.broken = true;
        self.matvecs += first as u64 + 1;
        let known = !self.finished.is_empty() || self.block[0].steps() > 0;
        if known {
            self.finished.extend(self.counted()?);
        }
        self.block.clear();
        if known {
            return Ok(());
        }
        let product = &self.buffers[1][first * self.dim..][..self.dim];
        let index = product.iter().position(|entry| !entry.is_finite());
        let (index, value) = index.map_or((0, f64::INFINITY), |index| (index, product[index].f64()));
        Err(Error::Product { number: self.matvecs, index, value })
    }

    /// The next probes at depth 0.
    fn next_block(&self, operator: &dyn LinearOperator<T>) -> Result<Vec<Factorization<T>>> {
        let Plan { probes, width, probe, orthogonalization, storage, key, .. } = self.plan;
        let first = self.finished.len();
        let complement = Complement::new(self.dim, &self.vectors);
        (first..first.saturating_add(width).min(probes))
            .into_par_iter()
            .map(|number| {
                let start = complement.draw(probe, key.split(number as u64));
                Factorization::stored(operator, &start, orthogonalization, storage)
            })
            .collect()
    }

    /// What is known of the probes under way, if it counts.
    fn counted(&self) -> Result<Vec<Finished>> {
        let deep = self.block.iter().any(|probe| probe.steps() >= self.plan.steps.div_ceil(2));
        let counted = if deep || self.finished.is_empty() { &self.block[..] } else { &[] };
        finished(counted.iter().filter(|probe| probe.steps() > 0))
    }

    /// The measure from what is known: the finished probes, and those under way at the depth that they have, if it is at
    /// least half of the depth asked for or nothing else is known.
    ///
    /// A rule of few nodes is as legitimate as one of many, but it knows less of the spectrum: the means of many depths
    /// would hide what the deep ones see. The report's stop is [`Stop::Observer`] if the run is not done.
    ///
    /// Cost: that of the quadrature rules of all probes, and of the orthogonality of those under way.
    ///
    /// # Errors
    /// If nothing is known yet, or the eigenproblem of a rule does not converge.
    pub fn measure(&self) -> Result<SpectralMeasure> {
        (Compiled::measure())(self)
    }

    pub(super) fn measure_body(&self) -> Result<SpectralMeasure> {
        let mut measure = SpectralMeasure::new(self.dim, &self.values);
        let under_way = self.counted()?;
        let mass = (self.dim - self.values.len()) as f64 / self.dim as f64;
        for probe in self.finished.iter().chain(&under_way) {
            measure.push(probe.rule.clone().rescaled(mass), probe.orthogonality, 0);
        }
        if measure.rules().is_empty() && self.plan.steps > 0 {
            let remedy = "advance the run by at least one step";
            return Err(Error::Missing { what: "what a spectral measure is made of", remedy });
        }
        if self.plan.storage == Storage::None {
            measure = measure.estimated();
        }
        let stop = match (self.broken, self.is_done()) {
            (true, _) => Stop::NotFinite,
            (_, true) => Stop::Converged,
            _ => Stop::Observer,
        };
        Ok(measure.ended(Report::new(stop, self.matvecs)))
    }
}

/// What is kept of probes.
fn finished<'a, T: Scalar>(probes: impl Iterator<Item = &'a Factorization<T>>) -> Result<Vec<Finished>> {
    let probes: Vec<&Factorization<T>> = probes.collect();
    probes.into_par_iter().with_max_len(1).map(Finished::new).collect()
}

/// Whether a probe of a block takes part in the next step.
fn under_way<T: Scalar>(probe: &Factorization<T>, steps: usize) -> bool {
    probe.steps() < steps && !probe.breakdown()
}

/// Makes room for `vectors` vectors.
fn resize<T: Scalar>(buffer: &mut Vec<T>, vectors: usize, dim: usize) -> Result<()> {
    let len = vectors.saturating_mul(dim);
    if buffer.try_reserve_exact(len.saturating_sub(buffer.len())).is_err() {
        return Err(Error::Allocation {
            what: "a block of vectors",
            bytes: vectors as u128 * dim as u128 * size_of::<T>() as u128,
            remedy: "ask for a smaller width",
        });
    }
    buffer.resize(len, T::zero());
    Ok(())
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Complement, Factorization, Finished, Plan, Scalar, under_way};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    #[serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>"))]
    pub(super) struct SpectralRun<T> {
        plan: Plan,
        dim: usize,
        values: Vec<f64>,
        vectors: Vec<T>,
        finished: Vec<Finished>,
        block: Vec<Factorization<T>>,
        matvecs: u64,
        broken: bool,
    }

    impl<T: Scalar> TryFrom<SpectralRun<T>> for super::SpectralRun<T> {
        type Error = &'static str;

        fn try_from(saved: SpectralRun<T>) -> Result<Self, Self::Error> {
            let SpectralRun { plan, dim, values, vectors, finished, block, matvecs, broken } = saved;
            let free = dim.checked_sub(values.len()).filter(|_| dim > 0).ok_or("more is deflated than there is")?;
            let depth = plan.steps <= free && (plan.steps > 0 || free == 0);
            if !depth
                || plan.probes == 0
                || plan.width == 0
                || plan.orthogonalization.needs(plan.storage).is_err()
                || plan.require_memory::<T>(plan.steps, dim).is_err()
            {
                return Err("the settings of the run are out of their limits");
            }
            if Complement::new(dim, &vectors).require(&values).is_err() {
                return Err("the deflated eigenvectors are not orthonormal, or not as many as the values");
            }
            let whole = broken || finished.len().is_multiple_of(plan.width) || finished.len() == plan.probes;
            if finished.len() > plan.probes || !whole || !finished.iter().all(|probe| probe.is_sound(plan.steps)) {
                return Err("the finished probes of the run do not belong to its settings");
            }
            let due = plan.width.min(plan.probes - finished.len());
            let fits = |probe: &Factorization<T>| probe.dim() == dim && probe.steps() <= plan.steps;
            let goes_on = !broken && block.iter().any(|probe| under_way(probe, plan.steps));
            let sound = block.is_empty() || (block.len() == due && block.iter().all(fits) && goes_on);
            if !sound {
                return Err("the probes under way do not belong to the settings of the run");
            }
            let steps = finished.iter().map(|probe| probe.steps).fold(0, usize::saturating_add);
            let steps = block.iter().map(Factorization::steps).fold(steps, usize::saturating_add) as u64;
            // A test of symmetry takes two products more; one that is not finite ends the run before others are counted.
            if !(broken || matvecs == steps || Some(matvecs) == steps.checked_add(2)) {
                return Err("the number of products does not belong to the steps of the run");
            }
            let buffers = Default::default();
            Ok(super::SpectralRun { plan, dim, values, vectors, finished, block, matvecs, broken, buffers })
        }
    }

    impl Finished {
        fn is_sound(&self, steps: usize) -> bool {
            let nodes = self.rule.measure().nodes().len().saturating_add(self.rule.ghosts());
            nodes == self.steps && self.steps <= steps && self.orthogonality.is_finite() && self.orthogonality >= 0.0
        }
    }
}
