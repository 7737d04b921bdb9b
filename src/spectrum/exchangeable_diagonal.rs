//! XDiag: the diagonal from a low rank approximation and what it leaves, each probe being left out in turn.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::block::Block;
use super::diagonal::{relative_error, summary};
use super::estimate::Running;
use super::heuristic::{Exchangeable, drive};
use super::sketch::{Failure, Sketch, multiply};
use super::stopping::{Plan, Tolerance};
use super::tall::Tall;
use super::trace::square;
use crate::error::{Error, Result};
use crate::krylov::{Progress, Report, Stop};
use crate::linalg::{Matrix, Update, matmul};
use crate::operator::{LinearOperator, Symmetric};
use crate::random::Key;
use crate::scalar::Scalar;

/// The diagonal of a symmetric operator by XDiag: for decaying spectra far nearer than
/// [`HutchinsonDiagonal`](super::HutchinsonDiagonal) with as many products.
///
/// ```text
///     diag A  ~=  diag(Q_i Q_i'A) + w_i * ((I - Q_i Q_i') A w_i),     the mean over i = 1..m
///
///     w_i   signs, in R^n, m of them; * entry by entry
///     Q_i   an orthonormal basis of the products A w_j of all j but i
/// ```
///
/// Each value is unbiased, and exact where the other products span the range of A, as when its rank is well below m. Unlike Hutchinson's it is not exact for
/// diagonal operators. Cost: m products for the sketch and one more for each column of the basis, 2 m in all, in blocks of
/// up to 16; 8 m^2 n operations, as matrix products; memory of 3 m + 64 vectors and three of f64.
///
/// The errors are heuristic: the values share all probes but two.
///
/// ```
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::ExchangeableDiagonal;
///
/// let operator = Diagonal::new((0..1000).map(|i| 0.7f64.powi(i)).collect());
/// let diagonal = ExchangeableDiagonal::new(40, Key::new(0)).run(&operator)?;
/// assert!((0..1000).all(|i| (diagonal.values[i] - 0.7f64.powi(i as i32)).abs() < 1e-3));
/// assert!(diagonal.relative_error().unwrap() < 1e-3);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Epperly, Tropp & Webber 2024 (arXiv:2301.07825).
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "XDiag")]
pub struct ExchangeableDiagonal {
    plan: Plan,
    key: Key,
}

/// An estimate for each entry of a diagonal, with heuristic errors: means of values that depend on each other.
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct HeuristicDiagonal {
    /// The means of the values.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub values: Vec<f64>,
    /// The heuristic errors: standard deviations over the square root of the number of values. Empty with one probe.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub errors: Vec<f64>,
    /// The number of probes.
    pub probes: usize,
    /// The number of products.
    pub matvecs: u64,
    /// Why the run ended: converged where a [`Tolerance`] is met by the heuristic errors, or none was set.
    pub stop: Stop,
}

impl HeuristicDiagonal {
    /// The norm of the errors over that of the values: the relative error to be expected of the whole diagonal. 0 where both
    /// are zero; `None` with one probe.
    pub fn relative_error(&self) -> Option<f64> {
        relative_error(&self.values, &self.errors)
    }

    /// How the run ended and what it cost.
    pub fn report(&self) -> Report {
        Report::new(self.stop, self.matvecs)
    }
}

impl ExchangeableDiagonal {
    /// An estimate from so many probes. Probe i comes from child i of `key`.
    pub fn new(probes: usize, key: Key) -> Self {
        ExchangeableDiagonal { plan: Plan { probes, tolerance: None }, key }
    }

    /// Ends the run before all probes are taken once the norm of the errors, times Student's quantile for the confidence, is
    /// within a tolerance; its relative part is of the norm of the diagonal. As heuristic as the errors.
    pub fn tolerance(self, tolerance: Tolerance) -> Self {
        ExchangeableDiagonal { plan: Plan { tolerance: Some(tolerance), ..self.plan }, ..self }
    }

    /// Estimates the diagonal.
    ///
    /// A product that is not finite ends the run, with the estimate from the blocks of probes before; in the first block,
    /// with the mean of w * A w over the probes before.
    ///
    /// # Errors
    /// If the operator is not square, there are no probes, the tolerance cannot be met, the first product is not finite, or
    /// the system refuses memory.
    pub fn run<T: Scalar, A: Symmetric<T> + ?Sized>(&self, operator: &A) -> Result<HeuristicDiagonal> {
        self.run_core(&operator, &mut |_| ControlFlow::Continue(()))
    }

    /// Estimates the diagonal and tells `observer` after each block of probes; it can stop the run, and the estimate
    /// from the probes done is returned.
    ///
    /// # Errors
    /// As [`ExchangeableDiagonal::run`].
    pub fn observe<T: Scalar, A: Symmetric<T> + ?Sized>(
        &self,
        operator: &A,
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<HeuristicDiagonal> {
        self.run_core(&operator, &mut observer)
    }

    fn run_core<T: Scalar>(
        &self,
        operator: &dyn LinearOperator<T>,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<HeuristicDiagonal> {
        self.plan.validate::<T>()?;
        let dim = square("diagonal of an operator", operator)?;
        let mut run = Run {
            operator,
            key: self.key,
            probes: Tall::new(dim),
            sketch: Sketch::new(dim),
            images: Tall::new(dim),
            block: Block::new(operator, self.plan.width(0)),
            units: Block::new(operator, self.plan.width(0)),
            matvecs: 0,
            plain: vec![Running::default(); dim],
            latest: Vec::new(),
        };
        let (stop, matvecs) = match dim {
            0 => (Stop::Converged, 0),
            _ => drive(&self.plan, &mut run, observer)?,
        };
        let entries = if run.probes() > 0 { run.entries() } else { &run.plain };
        let values: Vec<f64> = entries.iter().map(|entry| entry.mean).collect();
        let remedy = "products are finite but their sums are not: scale the operator down";
        Error::finite("the estimated diagonal", &values, remedy)?;
        let errors = entries.iter().filter_map(Running::standard_error).collect();
        let probes = entries.first().map_or(0, |entry| entry.count);
        Ok(HeuristicDiagonal { values, errors, probes, matvecs, stop })
    }
}

/// What grows, a block of probes at a time.
struct Run<'a, T> {
    operator: &'a dyn LinearOperator<T>,
    key: Key,
    probes: Tall<T>,
    /// Of the products with the probes.
    sketch: Sketch<T>,
    /// The products with the columns of its basis.
    images: Tall<T>,
    block: Block<T>,
    units: Block<T>,
    matvecs: u64,
    plain: Vec<Running>,
    latest: Vec<Running>,
}

impl<T: Scalar> Run<'_, T> {
    /// The values of each entry, one for each probe left out. Cost 4 m r n operations.
    ///
    /// (I - Q_i Q_i') A w_i = q (s_i'r_i), where q = Q s_i is what probe i alone adds to the basis and r_i its column of R.
    fn entries(&mut self) -> &[Running] {
        if !self.latest.is_empty() {
            return &self.latest;
        }
        let (count, rank) = self.sketch.size();
        let without = self.sketch.without();
        let along: Vec<f64> = (without.iter().zip(&self.sketch.columns))
            .map(|(s, column)| s.iter().flatten().zip(column).map(|(s, r)| s * r).sum())
            .collect();
        let mut directions = vec![T::zero(); count * rank];
        for (row, s) in directions.chunks_exact_mut(rank.max(1)).zip(&without) {
            row.iter_mut().zip(s.iter().flatten()).for_each(|(entry, &s)| *entry = T::of(s));
        }
        let directions = Matrix::new(&directions, count, rank);
        let (basis, images, probes) = (&self.sketch.basis, &self.images, &self.probes);
        let chunk = |chunk: usize| {
            let rows = probes.rows(chunk);
            let [mut own, mut products] = [(); 2].map(|()| vec![T::zero(); count * rows]);
            if rank > 0 {
                matmul(&mut own, Update::Replace, T::one(), directions, basis.matrix(chunk));
                matmul(&mut products, Update::Replace, T::one(), directions, images.matrix(chunk));
            }
            let mut whole = vec![0.0; rows];
            let pairs = basis.entries(chunk).chunks_exact(rows).zip(images.entries(chunk).chunks_exact(rows));
            for (q, product) in pairs {
                let terms = q.iter().zip(product).map(|(q, y)| q.f64() * y.f64());
                whole.iter_mut().zip(terms).for_each(|(whole, term)| *whole += term);
            }
            let mut entries = vec![Running::default(); rows];
            for (probe, w) in probes.entries(chunk).chunks_exact(rows).enumerate() {
                for (row, entry) in entries.iter_mut().enumerate() {
                    let (q, product) = (own[probe * rows + row].f64(), products[probe * rows + row].f64());
                    entry.add(whole[row] + q * (along[probe] * w[row].f64() - product));
                }
            }
            entries
        };
        self.latest = (0..probes.chunks()).into_par_iter().map(chunk).collect::<Vec<_>>().concat();
        &self.latest
    }
}

impl<T: Scalar> Exchangeable for Run<'_, T> {
    fn grow(&mut self, width: usize) -> Result<Option<Failure>> {
        let first = self.probes.vectors();
        let key = self.key;
        self.block.draw(width, |vector, w| key.split((first + vector) as u64).signs(0, w));
        let broken = self.block.multiply(self.operator);
        if first == 0 {
            for vector in 0..broken.map_or(width, |broken| broken.vector) {
                let (w, product) = self.block.pair(vector);
                let terms = w.iter().zip(product).map(|(w, y)| w.f64() * y.f64());
                self.plain.iter_mut().zip(terms).for_each(|(entry, term)| entry.add(term));
            }
        }
        if let Some(broken) = broken {
            let number = self.matvecs + broken.vector as u64 + 1;
            return Ok(Some(Failure { number, index: broken.index, value: broken.value }));
        }
        self.matvecs += width as u64;
        let size = self.sketch.size();
        self.sketch.extend(self.block.products(), width)?;
        let (basis, images) = (&self.sketch.basis, &mut self.images);
        if let Some(failure) = multiply(self.operator, basis, images, &mut self.units, &mut self.matvecs)? {
            self.sketch.rewind(size);
            return Ok(Some(failure));
        }
        self.latest.clear();
        self.probes.push(self.block.probes())?;
        Ok(None)
    }

    fn accuracy(&mut self) -> Result<(f64, Option<f64>)> {
        Ok(summary(self.entries()))
    }

    fn probes(&self) -> usize {
        self.probes.vectors()
    }
    fn plain(&self) -> usize {
        self.plain.first().map_or(0, |entry| entry.count)
    }
    fn matvecs(&self) -> u64 {
        self.matvecs
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(HeuristicDiagonal {
    #[serde(with = "crate::saved::number")]
    values: Vec<f64>,
    #[serde(with = "crate::saved::number")]
    errors: Vec<f64>,
    probes: usize,
    matvecs: u64,
    stop: Stop,
} by |estimate| {
    let errors = estimate.errors.len();
    let expected = if errors == 0 { 0 } else { estimate.values.len() };
    Error::length("the errors of a saved diagonal", errors, expected)
});
