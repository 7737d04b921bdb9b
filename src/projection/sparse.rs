//! Very sparse random signs.

use std::marker::PhantomData;
use std::ops::Range;

use super::blocks::{Blocked, RowBlocks, blocked_projection, require_sizes};
use crate::error::{Error, Result};
use crate::random::Key;
use crate::scalar::Scalar;

/// Entries that are not zero in a block of rows, about.
const BLOCK_ENTRIES: usize = 1 << 14;

/// Random signs at few places: about sqrt(ambient) entries to a column that are not zero.
///
/// ```text
///     the rows are cut into k strata of equal length;  a column has one entry in each, +-1/sqrt(k),
///     at a random place:     |P e_j| = 1,     E P'P = I,     k = ambient / ceil(sqrt(ambient)), rounded up
/// ```
///
/// Columns have length 1 exactly; inner products of different ones have mean 0 and variance 1 / ambient, as those of dense
/// [`Signs`](super::Signs). Taking one entry from each stratum in place of entries at random leaves the density as it is in
/// the paper, 1/sqrt(ambient), and makes any block of rows known without the others. A row is zero where dim is far
/// below sqrt(ambient) for most rows: those parameters do not move.
///
/// Cost of a product: dim x k additions at random places; of making it, as many integers unless they are kept.
///
/// ```
/// use eigenscape::operator::{LinearOperator, to_dense};
/// use eigenscape::projection::Sparse;
/// use eigenscape::random::Key;
///
/// let p = Sparse::<f64>::new(100, 3, Key::new(0))?;
/// let column: Vec<f64> = to_dense(&p).entries().chunks(3).map(|row| row[0]).collect();
/// assert_eq!(column.iter().filter(|x| **x != 0.0).count(), 10);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Li, Hastie, Church 2006, doi:10.1145/1150402.1150436 (very sparse random projections). Kane & Nelson 2014,
/// arXiv:1012.1577 (one entry to a block).
#[derive(Clone)]
#[doc(alias = "Achlioptas")]
pub struct Sparse<T> {
    rows: Blocked<Rows, Vec<u32>>,
    scalar: PhantomData<fn() -> T>,
}

#[derive(Clone)]
struct Rows {
    ambient: usize,
    dim: usize,
    key: Key,
    /// Rows to a stratum; the last one may have fewer.
    stratum: usize,
}

impl<T: Scalar> Sparse<T> {
    /// The sparse signs that belong to a key.
    ///
    /// # Errors
    /// If `dim` is 0 or above `ambient`.
    pub fn new(ambient: usize, dim: usize, key: Key) -> Result<Self> {
        require_sizes(ambient, dim)?;
        let stratum = (ambient as f64).sqrt().ceil() as usize;
        let rows = Blocked::within::<T>(Rows { ambient, dim, key, stratum }, Self::MEMORY_BUDGET);
        Ok(Sparse { rows, scalar: PhantomData })
    }

    /// Sets how many rows share one entry of a column: 1 makes [`Signs`](super::Signs) of it, ambient the single entries
    /// of a count sketch.
    ///
    /// # Errors
    /// If it is 0, above `ambient`, or above 2^31.
    pub fn stratum(self, rows: usize) -> Result<Self> {
        Error::at_least("the number of rows of a stratum", rows, 1, "must be at least 1")?;
        let limit = self.rows.map.ambient.min(1 << 31);
        if rows > limit {
            let because = "the dimension of the space around the subspace, or 2^31";
            return Err(Error::AboveLimit { what: "the number of rows of a stratum", value: rows, limit, because });
        }
        let rows = Blocked::within::<T>(Rows { stratum: rows, ..self.rows.map }, Self::MEMORY_BUDGET);
        Ok(Sparse { rows, ..self })
    }
}

impl Rows {
    fn strata(&self) -> usize {
        self.ambient.div_ceil(self.stratum)
    }

    fn strata_of_block(&self) -> usize {
        (BLOCK_ENTRIES / self.dim).max(1)
    }

    fn scale<T: Scalar>(&self) -> T {
        T::of(1.0 / (self.strata() as f64).sqrt())
    }

    /// The rows of the strata of a block, relative to its first row.
    fn rows_of_strata(&self, len: usize) -> impl Iterator<Item = Range<usize>> {
        let stratum = self.stratum;
        (0..len).step_by(stratum).map(move |start| start..len.min(start + stratum))
    }
}

impl<T: Scalar> RowBlocks<T> for Rows {
    /// For each stratum and column the place in the stratum, and above it one bit for the sign.
    type Block = Vec<u32>;

    fn ambient(&self) -> usize {
        self.ambient
    }
    fn dim(&self) -> usize {
        self.dim
    }
    fn block_rows(&self) -> usize {
        self.strata_of_block().saturating_mul(self.stratum)
    }
    fn bytes(&self) -> u128 {
        self.strata() as u128 * self.dim as u128 * 4
    }

    fn draw(&self, block: usize) -> Vec<u32> {
        let rows = RowBlocks::<T>::rows_of(self, block);
        let mut entries = Vec::new();
        let mut drawn = vec![0; self.dim];
        for (index, rows) in self.rows_of_strata(rows.len()).enumerate() {
            let stratum = block * self.strata_of_block() + index;
            self.key.integers((stratum as u64).wrapping_mul(self.dim as u64), 2 * rows.len(), &mut drawn);
            entries.extend(drawn.iter().map(|&drawn| (drawn as u32).rotate_right(1)));
        }
        entries
    }

    fn multiply(&self, _block: usize, entries: &Vec<u32>, x: &[T], y: &mut [&mut [T]]) {
        let scale = self.scale::<T>();
        for (x, y) in x.chunks_exact(self.dim).zip(y) {
            y.fill(T::zero());
            let strata = self.rows_of_strata(y.len());
            for (rows, entries) in strata.zip(entries.chunks_exact(self.dim)) {
                let y = &mut y[rows];
                x.iter().zip(entries).for_each(|(&x, &entry)| y[place(entry)] += signed(entry, x));
            }
            y.iter_mut().for_each(|y| *y *= scale);
        }
    }

    fn add_adjoint(&self, _block: usize, entries: &Vec<u32>, y: &[&[T]], x: &mut [T]) {
        let scale = self.scale::<T>();
        for (x, y) in x.chunks_exact_mut(self.dim).zip(y) {
            let strata = self.rows_of_strata(y.len());
            for (rows, entries) in strata.zip(entries.chunks_exact(self.dim)) {
                let y = &y[rows];
                x.iter_mut().zip(entries).for_each(|(x, &entry)| *x += scale * signed(entry, y[place(entry)]));
            }
        }
    }
}

fn place(entry: u32) -> usize {
    (entry & (u32::MAX >> 1)) as usize
}

fn signed<T: Scalar>(entry: u32, x: T) -> T {
    if entry >> 31 == 0 { x } else { -x }
}

blocked_projection!(Sparse);
