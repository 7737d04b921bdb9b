//! XNysTrace: the trace of a semidefinite operator from Nystrom approximations, each probe being left out in turn.

use std::ops::ControlFlow;

use super::block::Block;
use super::estimate::Running;
use super::exchangeable_trace::form;
use super::heuristic::{Exchangeable, HeuristicEstimate, collect, drive};
use super::sketch::{Failure, Sketch, multiply};
use super::stopping::{Plan, Tolerance};
use super::tall::{Tall, sums};
use super::trace::square;
use crate::error::{Error, Result};
use crate::krylov::{Progress, Stop};
use crate::linalg::{Matrix, Update, dot, matmul, symmetric_eigen};
use crate::operator::{LinearOperator, PositiveSemidefinite, ROUNDING};
use crate::random::Key;
use crate::scalar::Scalar;

/// The trace of a positive semidefinite operator by XNysTrace: half the products of
/// [`ExchangeableTrace`](super::ExchangeableTrace), and nearer for each.
///
/// ```text
///     tr A  ~=  tr A_i + c u_i'(A - A_i) u_i,     the mean over i = 1..m
///
///     W     normal vectors w_j, n x m; u_i is w_i less its part in the span of the others
///     A_i   (A W)(W'A W)^-1 (A W)', with all w_j but w_i: the Nystrom approximation
///     c     (n - m + 1) / |u_i|^2, which takes the length of u_i out of the variance
/// ```
///
/// Each value is unbiased. It is exact if m is n and, up to a shift, if the rank of A is below m. W'A W is then singular,
/// which is the normal case: so A + s I stands for A, and s n leaves the result again. s is EPSILON times the norm of
/// W'A W in an orthonormal basis of W, more where rounding is seen to make that indefinite; if the rank is just below m,
/// its effect can be some hundred times s n. Cost: m products, in blocks of up to 16; 12 m^2 n operations, as matrix products; memory of 2 m + 64 vectors.
///
/// The error is heuristic, as [`HeuristicEstimate`] says. Over 2000 keys at n = 200 with m = 20, intervals of nominally
/// 90 and 95 % covered 87 and 94 % for a flat bulk, 85 and 90 % with an outlier, and 81 and 88 % for a spectrum that decays
/// by 0.95 a step.
///
/// ```
/// use eigenscape::operator::{AssumePositiveSemidefinite, Diagonal};
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::NystromTrace;
///
/// let operator = Diagonal::new((0..1000).map(|i| 0.8f64.powi(i)).collect());
/// let operator = AssumePositiveSemidefinite::new(operator);
/// let trace = NystromTrace::new(40, Key::new(0)).run(&operator)?;
/// assert!((trace.value - 5.0).abs() < 1e-2 && trace.matvecs == 40);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Epperly, Tropp & Webber 2024 (arXiv:2301.07825).
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "XNysTrace")]
#[doc(alias = "Nyström")]
pub struct NystromTrace {
    plan: Plan,
    key: Key,
}

impl NystromTrace {
    /// An estimate from so many probes, or as many as the operator has rows if that is less. Probe i comes from child i of
    /// `key`.
    pub fn new(probes: usize, key: Key) -> Self {
        NystromTrace { plan: Plan { probes, tolerance: None }, key }
    }

    /// Ends the run before all probes are taken once the heuristic interval is within a tolerance.
    pub fn tolerance(self, tolerance: Tolerance) -> Self {
        NystromTrace { plan: Plan { tolerance: Some(tolerance), ..self.plan }, ..self }
    }

    /// Estimates the trace.
    ///
    /// A product that is not finite ends the run, with the estimate from the blocks of probes before; in the first block,
    /// with the mean of n q'A q over the unit vectors q before.
    ///
    /// # Errors
    /// If the operator is not square, there are no probes, the tolerance cannot be met, the first product is not finite,
    /// the system refuses memory, or the operator is seen to have a negative eigenvalue.
    pub fn run<T: Scalar, A: PositiveSemidefinite<T> + ?Sized>(&self, operator: &A) -> Result<HeuristicEstimate> {
        self.run_core(&operator, &mut |_| ControlFlow::Continue(()))
    }

    /// Estimates the trace and tells `observer` after each block of probes; it can stop the run, and the estimate
    /// from the probes done is returned.
    ///
    /// # Errors
    /// As [`NystromTrace::run`].
    pub fn observe<T: Scalar, A: PositiveSemidefinite<T> + ?Sized>(
        &self,
        operator: &A,
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<HeuristicEstimate> {
        self.run_core(&operator, &mut observer)
    }

    fn run_core<T: Scalar>(
        &self,
        operator: &dyn LinearOperator<T>,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<HeuristicEstimate> {
        self.plan.validate::<T>()?;
        let dim = square("trace of an operator", operator)?;
        let plan = self.plan.at_most(dim);
        let mut run = Run {
            operator,
            dim,
            key: self.key,
            sketch: Sketch::new(dim),
            images: Tall::new(dim),
            block: vec![T::zero(); plan.width(0) * dim],
            units: Block::new(operator, plan.width(0)),
            matvecs: 0,
            plain: Running::default(),
            latest: None,
        };
        let (stop, matvecs) = match dim {
            0 => (Stop::Converged, 0),
            _ => drive(&plan, &mut run, observer)?,
        };
        let values = if run.probes() > 0 { run.values()? } else { run.plain };
        Ok(HeuristicEstimate::of(&values, values.count == dim, matvecs, stop, plan.looks()))
    }
}

/// What grows, a block of probes at a time.
struct Run<'a, T> {
    operator: &'a dyn LinearOperator<T>,
    dim: usize,
    key: Key,
    /// Of the probes themselves: a Nystrom approximation depends on their span alone.
    sketch: Sketch<T>,
    images: Tall<T>,
    block: Vec<T>,
    units: Block<T>,
    matvecs: u64,
    plain: Running,
    latest: Option<Running>,
}

impl<T: Scalar> Run<'_, T> {
    /// One value for each probe left out.
    ///
    /// With Q an orthonormal basis of the probes, H = Q'A Q + s I = V D V', F = (A Q + s Q) V D^(-1/2), and t_i =
    /// D^(-1/2) V's_i, where s_i is the direction of probe i in the basis that no other has:
    ///
    /// ```text
    ///     tr A_i = |F|^2 - |F t_i|^2 / |t_i|^2,      u_i'(A - A_i) u_i / |u_i|^2 = 1 / |t_i|^2
    /// ```
    fn values(&mut self) -> Result<Running> {
        if let Some(latest) = self.latest {
            return Ok(latest);
        }
        let rank = self.sketch.size().1;
        let basis = &self.sketch.basis;
        let inner = basis.inner(&self.images);
        let symmetric: Vec<f64> =
            (0..rank * rank).map(|e| (inner[e] + inner[e % rank * rank + e / rank]) / 2.0).collect();
        let eigen = symmetric_eigen(&symmetric, rank, true)?;
        let size = self.images.inner_squares().iter().sum::<f64>().sqrt();
        let [least, most] = [eigen.values.first(), eigen.values.last()].map(|value| value.copied().unwrap_or(0.0));
        let limit = ROUNDING * T::EPSILON.f64() * (self.dim as f64).sqrt() * size;
        if least < -limit {
            let what = "the least v'A v of a unit vector v, for an operator promised to be semidefinite,";
            let limits = "must be at least 0 up to rounding: take `ExchangeableTrace`, which asks for no promise";
            return Err(Error::OutOfRange { what, value: least, limits });
        }
        if size == 0.0 || rank == self.dim {
            // Nothing, or the whole space: leaving out one vector of it, the rest and its direction know all.
            let trace = (0..rank).map(|k| inner[k * rank + k]).sum();
            return Ok(*self.latest.insert(collect(&vec![trace; rank])?));
        }
        let shift = (T::EPSILON.f64() * most).max(-2.0 * least);
        let vectors: Vec<T> = eigen.vectors.iter().map(|&x| T::of(x)).collect();
        // Brought to the size of 1, or squares could leave the range of the type.
        let unit = T::of(size.recip()).min(T::max_value());
        let (vectors, shifted) = (Matrix::new(&vectors, rank, rank), T::of(shift) * unit);
        let gram = sums(basis.chunks(), rank * rank, &|chunk, out: &mut [T]| {
            let rows = basis.rows(chunk);
            let mut rotated = vec![T::zero(); rank * rows];
            matmul(&mut rotated, Update::Replace, unit, vectors, self.images.matrix(chunk));
            matmul(&mut rotated, Update::Add, shifted, vectors, basis.matrix(chunk));
            let rotated = Matrix::new(&rotated, rank, rows);
            matmul(out, Update::Replace, T::one(), rotated, rotated.t());
        });
        let roots: Vec<f64> = eigen.values.iter().map(|value| (value + shift).sqrt()).collect();
        let scaled = |row: usize| roots[row] * unit.f64();
        let gram: Vec<f64> = (0..rank * rank).map(|e| gram[e] / scaled(e / rank) / scaled(e % rank)).collect();
        let whole: f64 = (0..rank).map(|k| gram[k * rank + k]).sum();
        let free = (self.dim - rank + 1) as f64;
        let values: Vec<f64> = (self.sketch.without().iter().flatten())
            .map(|s| {
                let scaled = |k: usize| dot(&eigen.vectors[k * rank..][..rank], s) / roots[k];
                let t: Vec<f64> = (0..rank).map(scaled).collect();
                let square: f64 = t.iter().map(|t| t * t).sum();
                whole - form(&gram, &t) / square + free / square - shift * self.dim as f64
            })
            .collect();
        Ok(*self.latest.insert(collect(&values)?))
    }
}

impl<T: Scalar> Exchangeable for Run<'_, T> {
    fn grow(&mut self, width: usize) -> Result<Option<Failure>> {
        let size = self.sketch.size();
        let block = &mut self.block[..width * self.dim];
        for (vector, w) in block.chunks_exact_mut(self.dim).enumerate() {
            self.key.split((size.0 + vector) as u64).normal(0, w);
        }
        self.sketch.extend(block, width)?;
        let known = self.matvecs;
        let failure =
            multiply(self.operator, &self.sketch.basis, &mut self.images, &mut self.units, &mut self.matvecs)?;
        if known == 0 {
            let columns = self.sketch.basis.vectors() as u64;
            for vector in 0..failure.map_or(columns, |failure| failure.number - 1) {
                let (q, product) = self.units.pair(vector as usize);
                self.plain.add(self.dim as f64 * dot(q, product));
            }
        }
        if failure.is_some() {
            self.sketch.rewind(size);
        }
        self.latest = None;
        Ok(failure)
    }

    fn accuracy(&mut self) -> Result<(f64, Option<f64>)> {
        let exact = self.probes() == self.dim;
        let values = self.values()?;
        Ok((values.mean, values.standard_error().or(exact.then_some(0.0))))
    }

    fn probes(&self) -> usize {
        self.sketch.size().0
    }
    fn plain(&self) -> usize {
        self.plain.count
    }
    fn matvecs(&self) -> u64 {
        self.matvecs
    }
}
