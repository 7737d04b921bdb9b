//! The diagonal of an operator from its products with random signs.

use std::ops::ControlFlow;

use super::block::{Block, Broken};
use super::estimate::Running;
use super::stopping::{Plan, Tolerance, level};
use super::student;
use super::trace::square;
use crate::error::{Error, Result};
use crate::krylov::{Progress, Report, Stop};
use crate::operator::LinearOperator;
use crate::random::Key;
use crate::scalar::Scalar;

/// Estimates the diagonal of an operator: diag A = E z * (A z), entry by entry, with signs z.
///
/// Unbiased; the variance of entry i is the sum of squares of row i off the diagonal, so that a diagonal matrix is met
/// exactly. Cost: one product a probe, in blocks of up to 16; memory of 32 vectors and three of f64.
///
/// ```
/// use eigenscape::operator::Dense;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::HutchinsonDiagonal;
///
/// let operator = Dense::new(vec![2.0, 1.0, 1.0, 3.0], 2, 2)?;
/// let diagonal = HutchinsonDiagonal::new(1000, Key::new(0)).run(&operator)?;
/// for (mean, (error, exact)) in diagonal.means.iter().zip(diagonal.standard_errors.iter().zip([2.0, 3.0])) {
///     assert!((mean - exact).abs() < 4.0 * error);
/// }
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Bekas, Kokiopoulou, Saad 2007, doi:10.1016/j.apnum.2007.01.003. Baston, Nakatsukasa 2022, arXiv:2201.10684.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "Hessian diagonal")]
#[doc(alias = "Bekas")]
pub struct HutchinsonDiagonal {
    plan: Plan,
    key: Key,
}

/// An estimate for each entry of a diagonal.
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DiagonalEstimate {
    /// The means over probes.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub means: Vec<f64>,
    /// Their standard errors; empty with one probe. They are of single entries: among many, the largest error is larger.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub standard_errors: Vec<f64>,
    /// The number of probes.
    pub probes: usize,
    /// The number of products.
    pub matvecs: u64,
    /// Why the run over probes ended: converged where a [`Tolerance`] is met or none was set.
    pub stop: Stop,
    /// How often the run may have looked at its error to decide whether to go on: 1 without a tolerance.
    pub looks: usize,
}

impl DiagonalEstimate {
    pub(super) fn of(entries: &[Running], matvecs: u64, stop: Stop, looks: usize) -> Self {
        DiagonalEstimate {
            means: entries.iter().map(|entry| entry.mean).collect(),
            standard_errors: entries.iter().filter_map(Running::standard_error).collect(),
            probes: entries.first().map_or(0, |entry| entry.count),
            matvecs,
            stop,
            looks,
        }
    }

    /// How far the diagonal is from the means at a confidence of at least 0.8, as a Euclidean norm: q times the norm of the
    /// standard errors, with q the quantile of Student's distribution.
    ///
    /// The norm of errors that are normal exceeds this least seldom when all of them are one and the same (Székely &
    /// Bakirov 2003), so in more than one direction the true confidence is higher:
    /// all of 2000 keys at n = 200 with 20 probes were covered at 90 %.
    ///
    /// # Errors
    /// If `confidence` is not in [0.8, 1), below which that law does not hold, or there is only one probe.
    ///
    /// # References
    /// Székely & Bakirov 2003 (doi:10.1007/s00440-003-0262-6).
    pub fn radius(&self, confidence: f64) -> Result<f64> {
        require(confidence)?;
        if self.standard_errors.is_empty() && !self.means.is_empty() {
            let remedy = "a radius needs at least 2 probes";
            return Err(Error::Missing { what: "the spread of one probe", remedy });
        }
        match norm(&self.standard_errors) {
            0.0 => Ok(0.0),
            error => Ok(student::quantile(level(confidence, self.looks), self.probes)? * error),
        }
    }

    /// The norm of the standard errors over that of the means: the relative error to be expected of the whole diagonal. 0
    /// where both are zero; `None` with one probe.
    pub fn relative_error(&self) -> Option<f64> {
        relative_error(&self.means, &self.standard_errors)
    }

    /// How the run over probes ended and what it cost.
    pub fn report(&self) -> Report {
        Report::new(self.stop, self.matvecs)
    }
}

/// The norm of errors over that of values; 0 where both are zero, and none where there are values without errors.
pub(super) fn relative_error(values: &[f64], errors: &[f64]) -> Option<f64> {
    (errors.len() == values.len()).then(|| match norm(errors) {
        0.0 => 0.0,
        error => error / norm(values),
    })
}

/// The Euclidean norm, summed in order.
fn norm(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Fails unless `confidence` is in [0.8, 1).
pub(super) fn require(confidence: f64) -> Result<()> {
    if (0.8..1.0).contains(&confidence) {
        return Ok(());
    }
    let (what, limits) = ("the confidence of a radius", "must be at least 0.8 and below 1: 0.95, say");
    Err(Error::OutOfRange { what, value: confidence, limits })
}

impl HutchinsonDiagonal {
    /// An estimate from so many probes. Probe i comes from child i of `key`.
    pub fn new(probes: usize, key: Key) -> Self {
        HutchinsonDiagonal { plan: Plan { probes, tolerance: None }, key }
    }

    /// Ends the run before all probes are taken once [`DiagonalEstimate::radius`] at the confidence, at least 0.8, is within
    /// the tolerance; its relative part is of the norm of the diagonal.
    pub fn tolerance(self, tolerance: Tolerance) -> Self {
        HutchinsonDiagonal { plan: Plan { tolerance: Some(tolerance), ..self.plan }, ..self }
    }

    /// Estimates the diagonal.
    ///
    /// A product that is not finite ends the run; what was known until then is returned.
    ///
    /// # Errors
    /// If the operator is not square, there are no probes, the tolerance cannot be met, or the first product is not
    /// finite.
    pub fn run<T: Scalar, A: LinearOperator<T> + ?Sized>(&self, operator: &A) -> Result<DiagonalEstimate> {
        self.run_core(&operator, &mut |_| ControlFlow::Continue(()))
    }

    /// Estimates the diagonal and tells `observer` after each block of probes; it can stop the run, and the estimate
    /// from the probes done is returned.
    ///
    /// # Errors
    /// As [`HutchinsonDiagonal::run`].
    pub fn observe<T: Scalar, A: LinearOperator<T> + ?Sized>(
        &self,
        operator: &A,
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<DiagonalEstimate> {
        self.run_core(&operator, &mut observer)
    }

    /// Begins a run that goes on block by block, and that can be saved between blocks.
    ///
    /// # Errors
    /// As [`HutchinsonDiagonal::run`].
    pub fn begin<T: Scalar, A: LinearOperator<T> + ?Sized>(&self, operator: &A) -> Result<DiagonalRun> {
        self.begin_core(&operator)
    }

    fn begin_core<T: Scalar>(&self, operator: &dyn LinearOperator<T>) -> Result<DiagonalRun> {
        self.plan.validate::<T>()?;
        self.plan.tolerance.map_or(Ok(()), |tolerance| require(tolerance.confidence()))?;
        let dim = square("diagonal of an operator", operator)?;
        let entries = vec![Running::default(); dim];
        Ok(DiagonalRun { settings: *self, entries, done: 0, matvecs: 0, stop: None })
    }

    fn run_core<T: Scalar>(
        &self,
        operator: &dyn LinearOperator<T>,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<DiagonalEstimate> {
        let mut run = self.begin_core(operator)?;
        let mut block = Block::new(operator, self.plan.width(0));
        loop {
            run.advance_core(operator, &mut block)?;
            let progress = Progress { done: run.done, total: self.plan.probes, matvecs: run.matvecs };
            let go_on = observer(progress).is_continue();
            if !go_on && !run.is_done() {
                run.stop = Some(Stop::Observer);
            }
            if run.is_done() {
                return Ok(run.current());
            }
        }
    }
}

/// A run of [`HutchinsonDiagonal`] that is under way: mean and spread of each entry.
///
/// With the feature `serde` it can be saved between blocks and read back; the run then ends in the same bits as one that
/// was not interrupted.
///
/// ```
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::HutchinsonDiagonal;
///
/// let operator = Diagonal::new(vec![1.0, 2.0, 3.0]);
/// let mut run = HutchinsonDiagonal::new(50, Key::new(0)).begin(&operator)?;
/// while !run.is_done() {
///     run.advance(&operator)?;
/// }
/// assert_eq!(run.estimate().unwrap().means, [1.0, 2.0, 3.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::DiagonalRun"))]
pub struct DiagonalRun {
    settings: HutchinsonDiagonal,
    entries: Vec<Running>,
    done: usize,
    matvecs: u64,
    stop: Option<Stop>,
}

impl DiagonalRun {
    /// Takes one more block of probes, up to 16; does nothing once the run is done.
    ///
    /// # Errors
    /// If the operator has another shape than the one that the run began with, or the first product is not finite.
    pub fn advance<T: Scalar, A: LinearOperator<T> + ?Sized>(&mut self, operator: &A) -> Result<()> {
        let dim = self.entries.len();
        if (operator.rows(), operator.cols()) != (dim, dim) {
            let (left, right) = (vec![operator.rows(), operator.cols()], vec![dim, dim]);
            let rule = "a run goes on with an operator of the shape that it began with";
            return Err(Error::Shapes { operation: "going on with a run", left, right, rule, location: None });
        }
        let operator: &dyn LinearOperator<T> = &operator;
        self.advance_core(operator, &mut Block::new(operator, self.settings.plan.width(self.done)))
    }

    fn advance_core<T: Scalar>(&mut self, operator: &dyn LinearOperator<T>, block: &mut Block<T>) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        let HutchinsonDiagonal { plan, key } = self.settings;
        let (first, width) = (self.done, plan.width(self.done));
        block.draw(width, |vector, z| key.split((first + vector) as u64).signs(0, z));
        let broken = block.multiply(operator);
        let known = broken.map_or(width, |broken| broken.vector);
        for vector in 0..known {
            let (z, product) = block.pair(vector);
            let entries = self.entries.iter_mut().zip(z.iter().zip(product));
            entries.for_each(|(entry, (z, y))| entry.add(z.f64() * y.f64()));
        }
        self.done += known;
        if let Some(Broken { vector, index, value }) = broken {
            self.matvecs += vector as u64 + 1;
            if self.done == 0 {
                return Err(Error::Product { number: self.matvecs, index, value });
            }
            self.stop = Some(Stop::NotFinite);
            return Ok(());
        }
        self.matvecs += width as u64;
        self.stop = plan.verdict(self.done, || Ok(summary(&self.entries)))?;
        Ok(())
    }

    /// Whether all probes are taken, the tolerance is met, or a product was not finite.
    pub fn is_done(&self) -> bool {
        self.stop.is_some()
    }

    /// The estimate from the probes so far; none before the first block. Its `stop` is [`Stop::Observer`] while the run
    /// is not done.
    pub fn estimate(&self) -> Option<DiagonalEstimate> {
        (self.done > 0).then(|| self.current())
    }

    fn current(&self) -> DiagonalEstimate {
        let (stop, looks) = (self.stop.unwrap_or(Stop::Observer), self.settings.plan.looks());
        DiagonalEstimate { probes: self.done, ..DiagonalEstimate::of(&self.entries, self.matvecs, stop, looks) }
    }
}

/// The norms of means and of standard errors.
pub(super) fn summary(entries: &[Running]) -> (f64, Option<f64>) {
    let squares = |of: &dyn Fn(&Running) -> f64| entries.iter().map(|entry| of(entry).powi(2)).sum::<f64>().sqrt();
    let error = squares(&|entry| entry.standard_error().unwrap_or(f64::INFINITY));
    (squares(&|entry| entry.mean), Some(error))
}

#[cfg(feature = "serde")]
mod saved {
    use super::{HutchinsonDiagonal, Running, Stop, require};
    use crate::spectrum::trace::counts_are_sound;

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct DiagonalRun {
        settings: HutchinsonDiagonal,
        entries: Vec<Running>,
        done: usize,
        matvecs: u64,
        stop: Option<Stop>,
    }

    impl TryFrom<DiagonalRun> for super::DiagonalRun {
        type Error = &'static str;

        fn try_from(saved: DiagonalRun) -> Result<Self, Self::Error> {
            let DiagonalRun { settings, entries, done, matvecs, stop } = saved;
            let plan = settings.plan;
            let confidence = plan.tolerance.map_or(Ok(()), |tolerance| require(tolerance.confidence()));
            if plan.validate::<f64>().and(confidence).is_err() {
                return Err("the settings of the run are out of their limits");
            }
            let sound = entries.iter().all(|entry| entry.count == done && entry.is_sound());
            if !sound || !counts_are_sound(&plan, done, matvecs, stop) {
                return Err("the sums of the run do not belong to its number of probes");
            }
            Ok(super::DiagonalRun { settings, entries, done, matvecs, stop })
        }
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(DiagonalEstimate {
    #[serde(with = "crate::saved::number")]
    means: Vec<f64>,
    #[serde(with = "crate::saved::number")]
    standard_errors: Vec<f64>,
    probes: usize,
    matvecs: u64,
    stop: Stop,
    looks: usize,
} by |estimate| {
    let errors = estimate.standard_errors.len();
    let expected = if errors == 0 { 0 } else { estimate.means.len() };
    Error::length("the standard errors of a saved diagonal", errors, expected)?;
    Error::at_least("the number of probes of a saved diagonal", estimate.probes, 1, "must be at least 1")?;
    Error::at_least("the number of looks of a saved diagonal", estimate.looks, 1, "must be at least 1")
});
