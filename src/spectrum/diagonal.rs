//! The diagonal of an operator from its products with random signs.

use super::estimate::Running;
use crate::error::{Error, Result};
use crate::operator::LinearOperator;
use crate::random::Key;
use crate::scalar::Scalar;

/// Estimates the diagonal of an operator: diag A = E z * (A z), entry by entry, with signs z.
///
/// Unbiased; the variance of entry i is the sum of squares of row i off the diagonal, so that a diagonal matrix is met
/// exactly. Cost: one product a probe, in blocks of up to 16; memory of 32 vectors and two of f64.
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HutchinsonDiagonal {
    probes: usize,
    key: Key,
}

/// An estimate for each entry of a diagonal.
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
pub struct DiagonalEstimate {
    /// The means over probes.
    pub means: Vec<f64>,
    /// Their standard errors; empty with one probe. They are of single entries: among many, the largest error is larger.
    pub standard_errors: Vec<f64>,
    /// The number of products.
    pub matvecs: u64,
}

/// Probes in one block of products.
const BLOCK: usize = 16;

impl HutchinsonDiagonal {
    /// An estimate from so many probes. Probe i comes from child i of `key`.
    pub fn new(probes: usize, key: Key) -> Self {
        HutchinsonDiagonal { probes, key }
    }

    /// Estimates the diagonal.
    ///
    /// # Errors
    /// If the operator is not square, there are no probes, or a product is not finite.
    pub fn run<T: Scalar, A: LinearOperator<T> + ?Sized>(&self, operator: &A) -> Result<DiagonalEstimate> {
        Error::at_least("the number of probes", self.probes, 1, "must be at least 1; 2 for standard errors")?;
        let (rows, dim) = (operator.rows(), operator.cols());
        if rows != dim {
            let (left, right, rule) = (vec![rows, dim], vec![dim, rows], "the operator must be square");
            return Err(Error::Shapes { operation: "diagonal of an operator", left, right, rule, location: None });
        }
        let width = BLOCK.min(self.probes);
        let (mut probes, mut products) = (vec![T::zero(); width * dim], vec![T::zero(); width * dim]);
        let mut entries = vec![Running::default(); dim];
        for first in (0..self.probes).step_by(width) {
            let width = width.min(self.probes - first);
            let (probes, products) = (&mut probes[..width * dim], &mut products[..width * dim]);
            for (probe, z) in probes.chunks_exact_mut(dim.max(1)).enumerate() {
                self.key.split((first + probe) as u64).signs(0, z);
            }
            operator.apply_block(probes, products, width);
            Error::finite("the product of the operator", products, "the operator met a number that it cannot take")?;
            for (z, product) in probes.chunks_exact(dim.max(1)).zip(products.chunks_exact(dim.max(1))) {
                entries.iter_mut().zip(z.iter().zip(product)).for_each(|(entry, (z, y))| entry.add(z.f64() * y.f64()));
            }
        }
        Ok(DiagonalEstimate {
            means: entries.iter().map(|entry| entry.mean).collect(),
            standard_errors: entries.iter().filter_map(Running::standard_error).collect(),
            matvecs: self.probes as u64,
        })
    }
}
