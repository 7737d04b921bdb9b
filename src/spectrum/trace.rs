//! The trace of an operator from its products with random vectors.

use super::estimate::Estimate;
use super::probe::Probe;
use crate::error::{Error, Result};
use crate::linalg::dot;
use crate::operator::LinearOperator;
use crate::random::Key;
use crate::scalar::Scalar;

/// Probes in one block of products: as many as share an operator's work, in 2 x 16 vectors of memory.
const BLOCK: usize = 16;

/// Hutchinson's estimate of the trace: tr A = E z'A z.
///
/// The mean over probes is unbiased for any square operator, symmetric or not. Cost: one product a probe, in blocks of
/// up to 16, which operators that share work between vectors make cheaper; memory of 32 vectors.
///
/// ```
/// use eigenscape::operator::Dense;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::Hutchinson;
///
/// let operator = Dense::new(vec![2.0, 1.0, 1.0, 3.0], 2, 2)?;
/// let trace = Hutchinson::new(1000, Key::new(0)).run(&operator)?;
/// assert!((trace.mean - 5.0).abs() < 4.0 * trace.standard_error.unwrap());
/// assert_eq!(trace.matvecs, 1000);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Hutchinson 1989 (doi:10.1080/03610919008812866).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hutchinson {
    probes: usize,
    probe: Probe,
    key: Key,
}

impl Hutchinson {
    /// An estimate from so many probes, [`Probe::Signs`] by default. Probe i comes from child i of `key`.
    pub fn new(probes: usize, key: Key) -> Self {
        Hutchinson { probes, probe: Probe::default(), key }
    }

    /// Sets the distribution of the probes.
    pub fn probe(self, probe: Probe) -> Self {
        Hutchinson { probe, ..self }
    }

    /// Estimates the trace.
    ///
    /// # Errors
    /// If the operator is not square, there are no probes, or a product is not finite.
    pub fn run<T: Scalar, A: LinearOperator<T> + ?Sized>(&self, operator: &A) -> Result<Estimate> {
        self.run_core(&operator)
    }

    fn run_core<T: Scalar>(&self, operator: &dyn LinearOperator<T>) -> Result<Estimate> {
        Error::at_least("the number of probes", self.probes, 1, "must be at least 1; 2 for a standard error")?;
        let (rows, dim) = (operator.rows(), operator.cols());
        if rows != dim {
            let (left, right, rule) = (vec![rows, dim], vec![dim, rows], "the operator must be square");
            return Err(Error::Shapes { operation: "trace of an operator", left, right, rule, location: None });
        }
        let width = BLOCK.min(self.probes);
        let (mut probes, mut products) = (vec![T::zero(); width * dim], vec![T::zero(); width * dim]);
        let mut samples = Vec::with_capacity(self.probes);
        for first in (0..self.probes).step_by(width) {
            let width = width.min(self.probes - first);
            let (probes, products) = (&mut probes[..width * dim], &mut products[..width * dim]);
            for probe in 0..width {
                self.probe.fill(self.key.split((first + probe) as u64), &mut probes[probe * dim..][..dim]);
            }
            operator.apply_block(probes, products, width);
            Error::finite("the product of the operator", products, "the operator met a number that it cannot take")?;
            samples.extend((0..width).map(|probe| {
                let range = probe * dim..(probe + 1) * dim;
                dot(&probes[range.clone()], &products[range])
            }));
        }
        Ok(Estimate::new(samples, self.probes as u64))
    }
}
