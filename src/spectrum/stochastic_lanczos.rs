//! Stochastic Lanczos quadrature: the settings and the loop over probes.

use std::ops::ControlFlow;

use super::probe::Probe;
use super::quadrature::Quadrature;
use super::spectral_measure::SpectralMeasure;
use crate::error::{Error, Result};
use crate::krylov::{Lanczos, Orthogonalization, Progress, Report, Stop, dimension, length};
use crate::linalg::{axpy, dot};
use crate::operator::{LinearOperator, Symmetric};
use crate::random::Key;
use crate::scalar::Scalar;

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
/// Cost: `probes` x `steps` products, less where a Krylov space is invariant before; memory of `steps` + 3 vectors.
/// Probes run one after another, since products are parallel inside.
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
pub struct StochasticLanczos<'a, T> {
    probes: usize,
    steps: usize,
    probe: Probe,
    orthogonalization: Orthogonalization,
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
            probe: Probe::Sphere,
            orthogonalization: Orthogonalization::default(),
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

    /// Sets the distribution of the probes.
    pub fn probe(self, probe: Probe) -> Self {
        StochasticLanczos { probe, ..self }
    }

    /// Sets the orthogonalization; see [`SpectralMeasure::orthogonality`] for what it reached.
    pub fn orthogonalization(self, orthogonalization: Orthogonalization) -> Self {
        StochasticLanczos { orthogonalization, ..self }
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
    /// # Errors
    /// If the operator is not square or has no rows, there are no probes or steps, the deflated vectors do not fit or
    /// are not orthonormal, or a product is not finite.
    pub fn run<A: Symmetric<T> + ?Sized>(&self, operator: &A) -> Result<SpectralMeasure> {
        self.run_core(&operator, &mut |_| ControlFlow::Continue(()))
    }

    /// Runs probe by probe and tells `observer` after each; it can stop the run, and the probes done are returned.
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

    fn run_core(
        &self,
        operator: &dyn LinearOperator<T>,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<SpectralMeasure> {
        let dim = dimension(operator)?;
        Error::at_least("the number of probes", self.probes, 1, "must be at least 1; 2 for standard errors")?;
        let complement = Complement::new(operator, dim, self.values, self.vectors)?;
        let free = dim - self.values.len();
        let lanczos = Lanczos::new(self.steps.min(free.max(1))).orthogonalization(self.orthogonalization);
        let mut measure = SpectralMeasure::new(dim, self.values);
        let mut start = vec![T::zero(); dim];
        for probe in 0..self.probes {
            if free > 0 {
                complement.draw(self.probe, self.key.split(probe as u64), &mut start);
                let factorization = lanczos.run_core(&complement, &start)?;
                let rule = Quadrature::new(&factorization)?.rescaled(free as f64 / dim as f64);
                measure.push(rule, factorization.orthogonality(), factorization.matvecs());
            }
            let matvecs = measure.report().matvecs;
            let stopped = observer(Progress { done: probe + 1, total: self.probes, matvecs }).is_break();
            if stopped && probe + 1 < self.probes {
                return Ok(measure.ended(Report::new(Stop::Observer, matvecs)));
            }
        }
        Ok(measure)
    }
}

/// P A P on the complement of some vectors, P = I - U U'.
struct Complement<'a, T> {
    operator: &'a dyn LinearOperator<T>,
    dim: usize,
    vectors: &'a [T],
}

impl<'a, T: Scalar> Complement<'a, T> {
    fn new(operator: &'a dyn LinearOperator<T>, dim: usize, values: &[f64], vectors: &'a [T]) -> Result<Self> {
        Error::length("the list of deflated eigenvectors", vectors.len(), values.len().saturating_mul(dim))?;
        Error::finite("the list of deflated eigenvalues", values, "leave out what is not a number")?;
        if values.len() > dim {
            let (what, because) = ("the number of deflated eigenpairs", "the dimension of the operator");
            return Err(Error::AboveLimit { what, value: values.len(), limit: dim, because });
        }
        for (index, vector) in vectors.chunks_exact(dim).enumerate() {
            for (other, earlier) in vectors.chunks_exact(dim).take(index + 1).enumerate() {
                let value = (dot(vector, earlier) - if index == other { 1.0 } else { 0.0 }).abs();
                if value.is_nan() || value > T::EPSILON.f64().sqrt() {
                    let what = "the deviation of the deflated eigenvectors from orthonormal ones";
                    let limits = "must be at most the root of the rounding error: orthonormalize them";
                    return Err(Error::OutOfRange { what, value, limits });
                }
            }
        }
        Ok(Complement { operator, dim, vectors })
    }

    fn project(&self, x: &mut [T]) {
        for vector in self.vectors.chunks_exact(self.dim) {
            axpy(T::of(-dot(vector, x)), vector, x);
        }
    }

    /// A probe in the complement, of any length but 0.
    fn draw(&self, probe: Probe, key: Key, start: &mut [T]) {
        probe.fill(key, start);
        let before = length(start);
        self.project(start);
        self.project(start);
        // Signs lie in the span of the vectors with positive probability in a few dimensions; normal vectors with none.
        let mut attempt = 0;
        while length(start) <= T::EPSILON.f64().sqrt() * before {
            key.split(attempt).normal(0, start);
            self.project(start);
            self.project(start);
            attempt += 1;
        }
    }
}

impl<T: Scalar> LinearOperator<T> for Complement<'_, T> {
    fn rows(&self) -> usize {
        self.dim
    }
    fn cols(&self) -> usize {
        self.dim
    }
    fn apply(&self, x: &[T], y: &mut [T]) {
        self.operator.apply(x, y);
        self.project(y);
    }
}
