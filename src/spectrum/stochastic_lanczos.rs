//! Stochastic Lanczos quadrature: the settings.

use std::ops::ControlFlow;

use super::probe::Probe;
use super::spectral_measure::SpectralMeasure;
use super::spectral_run::{Plan, SpectralRun, bytes};
use crate::error::{Error, Result};
use crate::krylov::{Orthogonalization, Progress, Storage};
use crate::operator::{LinearOperator, Symmetric};
use crate::random::Key;
use crate::scalar::Scalar;

/// The most probes of a block, unless a width is given.
const WIDTH: usize = 16;

/// Bytes that the vectors of a block may take, unless a width is given.
const BUDGET: u128 = 1 << 30;

/// Stochastic Lanczos quadrature: the spectral measure of a symmetric operator from random probes.
///
/// Each probe is divided by its length, so that each gives a probability measure; the mean over probes estimates
/// mu = (1/n) sum_i delta(lambda_i). That is unbiased, up to the error of the rule of m nodes, for
/// [`Probe::Normal`] and [`Probe::Sphere`] and, without deflation, for [`Probe::Signs`].
///
/// Known eigenpairs can be [deflated](StochasticLanczos::deflate): they leave every probe and the operator, and re-enter
/// as exact atoms of weight 1/n. A few large eigenvalues carry most of the variance, so this is the cheapest way to a
/// better estimate.
///
/// Cost: `probes` x `steps` products, less where a Krylov space is invariant before, and the [`Orthogonalization`].
/// Probes advance together in blocks, each step with one wide product; memory of [`width`](StochasticLanczos::width) x
/// (`steps` + 6) vectors. The result does not depend on the number of threads.
///
/// ```
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::StochasticLanczos;
///
/// // Eigenvalues spread evenly over the unit interval.
/// let operator = Diagonal::new((0..1000).map(|i| (f64::from(i) + 0.5) / 1000.0).collect());
/// let measure = StochasticLanczos::new(Key::new(0)).probes(10).steps(20).run(&operator)?;
/// measure.report().require()?;
///
/// let below_half = measure.cumulative(0.5);
/// assert!((below_half.mean - 0.5).abs() < 0.05);
/// let trace_of_the_root = measure.trace(f64::sqrt)?;
/// assert!((trace_of_the_root.mean - 2000.0 / 3.0).abs() < 4.0 * trace_of_the_root.standard_error.unwrap());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Ubaru, Chen & Saad 2017 (doi:10.1137/16M1104974); Ghorbani, Krishnan & Xiao 2019 (arXiv:1901.10159).
#[derive(Clone, Copy, PartialEq, Debug)]
#[doc(alias = "SLQ")]
#[doc(alias = "ESD")]
#[doc(alias = "spectral density")]
#[doc(alias = "density of states")]
pub struct StochasticLanczos<'a, T> {
    probes: usize,
    steps: usize,
    width: Option<usize>,
    probe: Probe,
    orthogonalization: Orthogonalization,
    storage: Storage,
    check_symmetry: bool,
    key: Key,
    values: &'a [f64],
    vectors: &'a [T],
}

impl<'a, T: Scalar> StochasticLanczos<'a, T> {
    /// 10 probes of 90 steps, the numbers of Ghorbani, Krishnan & Xiao 2019, with [`Probe::Sphere`], whose errors depend
    /// on the spectrum alone, and full orthogonalization. Probe i comes from child i of `key`.
    pub fn new(key: Key) -> Self {
        StochasticLanczos {
            probes: 10,
            steps: 90,
            width: None,
            probe: Probe::Sphere,
            orthogonalization: Orthogonalization::default(),
            storage: Storage::default(),
            check_symmetry: false,
            key,
            values: &[],
            vectors: &[],
        }
    }

    /// Sets the number of probes: the standard error falls with its square root.
    pub fn probes(self, probes: usize) -> Self {
        StochasticLanczos { probes, ..self }
    }

    /// Sets the depth: the resolution, the range over the depth in the middle of the spectrum and finer at its ends.
    pub fn steps(self, steps: usize) -> Self {
        StochasticLanczos { steps, ..self }
    }

    /// Sets the number of probes that advance together: by default as many as fit 1 GiB, but 16 at most.
    ///
    /// Probes are the same whatever the width. Their rules are the same up to rounding, and to the last bit if the
    /// operator's [`apply_block`](LinearOperator::apply_block) rounds as its `apply` does.
    pub fn width(self, width: usize) -> Self {
        StochasticLanczos { width: Some(width), ..self }
    }

    /// Sets the distribution of the probes.
    pub fn probe(self, probe: Probe) -> Self {
        StochasticLanczos { probe, ..self }
    }

    /// Sets the orthogonalization; see [`SpectralMeasure::orthogonality`] for what it reached.
    pub fn orthogonalization(self, orthogonalization: Orthogonalization) -> Self {
        StochasticLanczos { orthogonalization, ..self }
    }

    /// Sets where the bases of probes are kept: not at all, for models of which a few vectors fill the memory.
    ///
    /// With [`Storage::None`], [`Orthogonalization::Local`] or none, and a [`width`](StochasticLanczos::width) of 1, five
    /// vectors are held for any depth. Copies of eigenvalues are merged, [`Quadrature::ghosts`](super::Quadrature::ghosts)
    /// counts them, and [`SpectralMeasure::orthogonality`] is then the estimate of the omega recurrence, not measured.
    pub fn storage(self, storage: Storage) -> Self {
        StochasticLanczos { storage, ..self }
    }

    /// Tests the promise of symmetry before the first step, at the cost of two products more, which the report counts.
    pub fn check_symmetry(self) -> Self {
        StochasticLanczos { check_symmetry: true, ..self }
    }

    /// Deflates known eigenpairs: `vectors` orthonormal and back to back, as [`Eigenpairs`](crate::krylov::Eigenpairs)
    /// holds them.
    ///
    /// The operator becomes P A P with P the projection orthogonal to the vectors, so that an inexact vector disturbs
    /// the rest of the spectrum only by the square of its error.
    pub fn deflate(self, values: &'a [f64], vectors: &'a [T]) -> Self {
        StochasticLanczos { values, vectors, ..self }
    }

    /// Runs all probes.
    ///
    /// A product that is not finite ends the run with [`Stop::NotFinite`](crate::krylov::Stop::NotFinite); what was known
    /// until then is returned.
    ///
    /// # Errors
    /// If the operator is not square or has no rows, there are no probes or steps, the deflated vectors do not fit or
    /// are not orthonormal, the orthogonalization needs a basis that is not kept, the operator is seen not to be symmetric, memory cannot be had, or a product is not finite and
    /// nothing is known yet.
    pub fn run<A: Symmetric<T> + ?Sized>(&self, operator: &A) -> Result<SpectralMeasure> {
        self.run_core(&operator, &mut |_| ControlFlow::Continue(()))
    }

    /// Runs and tells `observer` after each step of a block, in steps of probes; it can stop the run, and
    /// [what is known](SpectralRun::measure) then is returned.
    ///
    /// # Errors
    /// As [`StochasticLanczos::run`].
    pub fn observe<A>(
        &self,
        operator: &A,
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<SpectralMeasure>
    where
        A: Symmetric<T> + ?Sized,
    {
        self.run_core(&operator, &mut observer)
    }

    /// The run before its first step, to be advanced step by step, saved and resumed.
    ///
    /// # Errors
    /// As [`StochasticLanczos::run`].
    pub fn begin<A: Symmetric<T> + ?Sized>(&self, operator: &A) -> Result<SpectralRun<T>> {
        self.begin_core(&operator)
    }

    fn run_core(
        &self,
        operator: &dyn LinearOperator<T>,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<SpectralMeasure> {
        let mut run = self.begin_core(operator)?;
        while !run.is_done() {
            run.advance_core(operator)?;
            if observer(run.progress()).is_break() {
                break;
            }
        }
        run.measure()
    }

    fn begin_core(&self, operator: &dyn LinearOperator<T>) -> Result<SpectralRun<T>> {
        Error::at_least("the number of probes", self.probes, 1, "must be at least 1; 2 for standard errors")?;
        Error::at_least("the number of Lanczos steps", self.steps, 1, "must be at least 1")?;
        let width = self.width.unwrap_or_else(|| self.default_width(operator.cols()));
        Error::at_least("the number of probes of a block", width, 1, "must be at least 1")?;
        let plan = Plan {
            probes: self.probes,
            steps: self.steps,
            width,
            probe: self.probe,
            orthogonalization: self.orthogonalization,
            storage: self.storage,
            key: self.key,
        };
        SpectralRun::new(operator, plan, self.values, self.vectors, self.check_symmetry)
    }

    /// As many probes as fit the budget, in blocks of even sizes.
    fn default_width(&self, dim: usize) -> usize {
        let probe = bytes::<T>(self.steps.min(dim), dim, self.storage).max(1);
        let most = (BUDGET / probe).clamp(1, WIDTH as u128) as usize;
        self.probes.div_ceil(self.probes.div_ceil(most).max(1))
    }
}
