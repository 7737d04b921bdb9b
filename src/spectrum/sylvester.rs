//! Exact counts of eigenvalues by Sylvester's law of inertia.

use crate::error::{Error, Result};
use crate::krylov::dimension;
use crate::linalg::pivots;
use crate::operator::{LinearOperator, ROUNDING, Symmetric, to_dense};
use crate::scalar::Scalar;

/// Exact numbers of eigenvalues below, at and above a shift, on sizes whose matrix fits in memory.
///
/// ```text
///     A - shift I = L D L',    D of blocks 1 x 1 and 2 x 2:    as many negative eigenvalues as D has
/// ```
///
/// (Sylvester's law of inertia, with the factorization of Bunch and Kaufman.) What is counted is the inertia of a matrix
/// within rounding errors of A, so that an eigenvalue closer to the shift than a threshold cannot be told from it: it is
/// counted as zero. To know which ones, the factorization is made at the shift minus and plus the threshold.
///
/// Cost: n products, two factorizations of n^3/3 operations on one thread; memory of n^2 numbers of the vectors' type and
/// 2 n^2 of `f64`. For larger sizes see [`SpectralMeasure::index`](super::SpectralMeasure::index).
///
/// ```
/// use eigenscape::operator::Diagonal;
/// use eigenscape::spectrum::Sylvester;
///
/// let operator = Diagonal::new(vec![-3.0, -1.0, 0.0, 0.0, 1e-20, 2.0]);
/// let inertia = Sylvester::new().run(&operator)?;
/// assert_eq!((inertia.negative, inertia.zero, inertia.positive), (2, 3, 1));
/// let count = Sylvester::new().count(&operator, -2.0, 1.0)?;
/// assert_eq!((count.least, count.most), (4, 4));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Bunch & Kaufman 1977 (doi:10.1090/S0025-5718-1977-0428694-0); Parlett, The Symmetric Eigenvalue Problem (1998), chapter 3.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "inertia")]
#[doc(alias = "LDL")]
pub struct Sylvester {
    shift: f64,
    threshold: Option<f64>,
    memory: u128,
}

/// The signs of the eigenvalues less a shift, from [`Sylvester`].
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Inertia {
    /// Eigenvalues below the shift.
    pub negative: usize,
    /// Eigenvalues that cannot be told from the shift.
    pub zero: usize,
    /// Eigenvalues above the shift.
    pub positive: usize,
    /// The distance from the shift from which on eigenvalues are told from it.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub threshold: f64,
    /// The number of products.
    pub matvecs: u64,
}

/// The number of eigenvalues between two numbers, from [`Sylvester::count`].
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CountBounds {
    /// Those that are inside for sure.
    pub least: usize,
    /// With those that cannot be told from an end.
    pub most: usize,
    /// The distance from an end from which on eigenvalues are told from it.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub threshold: f64,
    /// The number of products.
    pub matvecs: u64,
}

impl Default for Sylvester {
    fn default() -> Self {
        Sylvester::new()
    }
}

impl Sylvester {
    /// Shift 0, a threshold of 64 sqrt(n) EPSILON of the vectors' type, at most 1 GiB of memory: 6600 dimensions in `f64`.
    pub fn new() -> Self {
        Sylvester { shift: 0.0, threshold: None, memory: 1 << 30 }
    }

    /// Sets the number with which eigenvalues are compared.
    pub fn shift(self, shift: f64) -> Self {
        Sylvester { shift, ..self }
    }

    /// Sets the threshold, relative to the norm of A plus |shift|.
    pub fn threshold(self, relative: f64) -> Self {
        Sylvester { threshold: Some(relative), ..self }
    }

    /// Sets the budget of memory in bytes.
    pub fn memory(self, bytes: u128) -> Self {
        Sylvester { memory: bytes, ..self }
    }

    /// Counts the eigenvalues below, at and above the shift.
    ///
    /// # Errors
    /// If the operator is not square or has no rows, it needs more memory than the budget, the shift is not finite, the
    /// threshold is below the rounding errors of an `f64`, a product is not finite, or the matrix is not symmetric.
    pub fn run<T: Scalar, A: Symmetric<T> + ?Sized>(&self, operator: &A) -> Result<Inertia> {
        let matrix = self.matrix(&operator)?;
        let threshold = self.distance(&matrix, self.shift)?;
        let below = matrix.pivots(self.shift - threshold)?;
        let above = matrix.pivots(self.shift + threshold)?;
        let (negative, positive) = (below.0, above.2);
        let zero = matrix.size - negative - positive;
        Ok(Inertia { negative, zero, positive, threshold, matvecs: matrix.size as u64 })
    }

    /// Counts the eigenvalues from `lower` to `upper`, whatever the shift; an end may be infinite. Two factorizations for
    /// each finite end.
    ///
    /// # Errors
    /// As [`Sylvester::run`], and if `lower` is not below `upper`.
    pub fn count<T: Scalar, A: Symmetric<T> + ?Sized>(
        &self,
        operator: &A,
        lower: f64,
        upper: f64,
    ) -> Result<CountBounds> {
        if lower.is_nan() || upper.is_nan() || lower >= upper {
            let limits = "must be above its lower end: an interval holds more than one point";
            return Err(Error::OutOfRange {
                what: "the upper end of an interval of eigenvalues",
                value: upper,
                limits,
            });
        }
        let matrix = self.matrix(&operator)?;
        // Eigenvalues that are below an end for sure, and that may be.
        let mut threshold = 0.0f64;
        let mut below = |end: f64| -> Result<(usize, usize)> {
            if end.is_infinite() {
                let count = if end > 0.0 { matrix.size } else { 0 };
                return Ok((count, count));
            }
            let distance = self.distance(&matrix, end)?;
            threshold = threshold.max(distance);
            Ok((matrix.pivots(end - distance)?.0, matrix.size - matrix.pivots(end + distance)?.2))
        };
        let (start, end) = (below(lower)?, below(upper)?);
        let (least, most) = (end.0.saturating_sub(start.1), end.1 - start.0);
        Ok(CountBounds { least, most, threshold, matvecs: matrix.size as u64 })
    }

    pub(super) fn matrix<T: Scalar>(&self, operator: &dyn LinearOperator<T>) -> Result<Entries> {
        let size = dimension(operator)?;
        if !self.shift.is_finite() {
            let remedy = "give a finite number";
            return Err(Error::NotFiniteValue { what: "the shift of an inertia", value: self.shift, remedy });
        }
        let relative = self.threshold.unwrap_or(ROUNDING * (size as f64).sqrt() * T::EPSILON.f64());
        let least = ROUNDING * f64::EPSILON;
        if !(relative >= least && relative.is_finite()) {
            let limits = "must be at least 64 EPSILON of f64: the factorization makes such errors";
            return Err(Error::OutOfRange { what: "the relative threshold of an inertia", value: relative, limits });
        }
        let needed = (size as u128).pow(2) * (size_of::<T>() + 2 * size_of::<f64>()) as u128;
        if needed > self.memory {
            return Err(Error::Memory {
                what: "the factorization of the dense matrix",
                needed,
                budget: self.memory,
                remedy: "raise the budget, or take `SpectralMeasure::index`, which needs no matrix",
            });
        }
        let dense = to_dense(operator);
        let entries = dense.entries();
        let at = |row: usize, col: usize| entries[row * size + col].f64();
        for col in 0..size {
            if let Some(index) = (0..size).find(|&row| !at(row, col).is_finite()) {
                return Err(Error::Product { number: col as u64 + 1, index, value: at(index, col) });
            }
        }
        let largest = entries.iter().map(|entry| entry.f64().abs()).fold(0.0, f64::max);
        let mut squares = 0.0;
        let mut largest_sum = 0.0f64;
        let mut discrepancy = 0.0f64;
        let mut symmetric = vec![0.0; size * size];
        for row in 0..size {
            let mut sum = 0.0;
            for col in 0..size {
                let (entry, mirror) = (at(row, col), at(col, row));
                // Halved first: a sum of two may overflow.
                symmetric[row * size + col] = 0.5 * entry + 0.5 * mirror;
                discrepancy = discrepancy.max((0.5 * entry - 0.5 * mirror).abs());
                sum += entry.abs();
                // Relative to the largest: squares of small numbers would vanish, those of large ones overflow.
                let relative = if largest > 0.0 { entry / largest } else { 0.0 };
                squares += relative * relative;
            }
            largest_sum = largest_sum.max(sum);
        }
        // Both are at least the norm.
        let norm = f64::min(squares.sqrt() * largest, largest_sum);
        let tolerance = ROUNDING * (size as f64).sqrt() * T::EPSILON.f64();
        if 2.0 * discrepancy > tolerance * norm {
            return Err(Error::Asymmetric { discrepancy: 2.0 * discrepancy / norm, tolerance });
        }
        Ok(Entries { entries: symmetric, size, norm, relative })
    }

    fn distance(&self, matrix: &Entries, shift: f64) -> Result<f64> {
        let distance = matrix.relative * (matrix.norm + shift.abs());
        if distance.is_finite() {
            return Ok(distance);
        }
        let remedy = "the entries are too large to be added: scale the operator down";
        Err(Error::NotFiniteValue { what: "the threshold of an inertia", value: distance, remedy })
    }
}

/// A symmetric matrix, a bound on its norm, and the relative threshold.
pub(super) struct Entries {
    pub(super) entries: Vec<f64>,
    pub(super) size: usize,
    norm: f64,
    relative: f64,
}

impl Entries {
    /// The numbers of negative, zero and positive eigenvalues of A - shift I.
    fn pivots(&self, shift: f64) -> Result<(usize, usize, usize)> {
        let mut work = self.entries.clone();
        work.iter_mut().step_by(self.size + 1).for_each(|entry| *entry -= shift);
        pivots(&mut work, self.size)
    }
}
