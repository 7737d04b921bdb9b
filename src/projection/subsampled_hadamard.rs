//! Columns of a randomized Hadamard matrix.

use std::marker::PhantomData;

use super::blocks::{Blocked, RowBlocks, blocked_projection, flip, require_sizes};
use super::walsh_hadamard::walsh_hadamard;
use crate::error::Result;
use crate::random::Key;
use crate::scalar::Scalar;

/// Rows made together, at least.
const BLOCK_ROWS: usize = 4096;

/// Random columns of a Hadamard matrix whose rows have random signs: P'P = I up to what is cut off.
///
/// ```text
///     x = (1/sqrt(ambient)) B H S psi
///     S: chooses dim columns,  H: Hadamard, of the power of two at or above ambient, cut to `ambient` rows,  B: signs
///     n: the power of two at or above dim;     1 - n/ambient <= eigenvalues of P'P <= 1 + n/ambient,  1 if n divides ambient
///     n > ambient, which needs dim > ambient/2:     0 < eigenvalues of P'P <= 2
/// ```
///
/// The lowest log2 n bits of the numbers of the chosen columns are all different, so that the columns are orthogonal on
/// each n rows that start at a multiple of n: only the last, cut rows spoil it. The other bits are random. Where n is above
/// ambient, so that all rows are cut, random columns would be dependent; the first dim columns are not, since no leading minor
/// of H is zero, and they are taken there in random order. A block of n rows is one small transform, and what is stored are the
/// numbers of the columns.
///
/// Cost of a product: ambient log2 n additions and as many bits of the key's stream. The cheapest dense map here; its only
/// randomness is a sign for each row and the choice of columns.
///
/// ```
/// use eigenscape::operator::{Adjoint, LinearOperator};
/// use eigenscape::projection::SubsampledHadamard;
/// use eigenscape::random::Key;
///
/// let p = SubsampledHadamard::<f64>::new(4096, 10, Key::new(0))?;
/// let mut x = vec![0.0; 4096];
/// p.apply(&[1.0; 10], &mut x);
/// let mut psi = [0.0; 10];
/// p.apply_adjoint(&x, &mut psi);
/// assert!(psi.iter().all(|psi| (psi - 1.0).abs() < 1e-12));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Ailon & Chazelle 2009, doi:10.1137/060673096. Tropp 2011, arXiv:1011.1595 (subsampled randomized transforms).
#[derive(Clone)]
#[doc(alias = "SRHT")]
#[doc(alias = "Walsh-Hadamard")]
pub struct SubsampledHadamard<T> {
    rows: Blocked<Rows, Vec<u32>>,
    scalar: PhantomData<fn() -> T>,
}

#[derive(Clone)]
struct Rows {
    ambient: usize,
    signs: Key,
    /// The size of a transform.
    size: usize,
    /// The number of each chosen column: its lowest bits, and those above.
    columns: Vec<(usize, usize)>,
}

impl<T: Scalar> SubsampledHadamard<T> {
    /// The columns and signs that belong to a key.
    ///
    /// # Errors
    /// If `dim` is 0 or above `ambient`.
    pub fn new(ambient: usize, dim: usize, key: Key) -> Result<Self> {
        require_sizes(ambient, dim)?;
        let size = dim.next_power_of_two();
        let low = key.split(0).permutation(if size > ambient { dim } else { size });
        let mut high = vec![0; dim];
        key.split(1).integers(0, ambient.div_ceil(size).next_power_of_two(), &mut high);
        let columns = low.into_iter().zip(high).collect();
        let map = Rows { ambient, signs: key.split(2), size, columns };
        Ok(SubsampledHadamard { rows: Blocked::within::<T>(map, Self::MEMORY_BUDGET), scalar: PhantomData })
    }
}

impl Rows {
    /// Transforms to a block of rows: as many as its part of the rows may hold.
    fn transforms(&self, block: usize, rows: usize) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> {
        let (size, first) = (self.size, block * (self.size.max(BLOCK_ROWS) / self.size));
        (0..rows).step_by(size).enumerate().map(move |(index, start)| (first + index, start..rows.min(start + size)))
    }

    fn scale<T: Scalar>(&self) -> T {
        T::of(1.0 / (self.ambient as f64).sqrt())
    }
}

/// The sign of an entry of a Hadamard matrix times x.
fn signed<T: Scalar>(row: usize, column: usize, x: T) -> T {
    if (row & column).count_ones().is_multiple_of(2) { x } else { -x }
}

impl<T: Scalar> RowBlocks<T> for Rows {
    /// The signs of the rows.
    type Block = Vec<u32>;

    fn ambient(&self) -> usize {
        self.ambient
    }
    fn dim(&self) -> usize {
        self.columns.len()
    }
    fn block_rows(&self) -> usize {
        self.size.max(BLOCK_ROWS)
    }
    fn bytes(&self) -> u128 {
        self.ambient as u128 / 8
    }

    fn draw(&self, block: usize) -> Vec<u32> {
        let rows = RowBlocks::<T>::rows_of(self, block);
        self.signs.sign_words(rows.start as u64, rows.len())
    }

    fn multiply(&self, block: usize, signs: &Vec<u32>, x: &[T], y: &mut [&mut [T]]) {
        let scale = self.scale::<T>();
        let mut work = vec![T::zero(); self.size];
        for (x, y) in x.chunks_exact(self.columns.len()).zip(y) {
            for (transform, rows) in self.transforms(block, y.len()) {
                work.fill(T::zero());
                for (&x, &(low, high)) in x.iter().zip(&self.columns) {
                    work[low] = signed(transform, high, scale * x);
                }
                walsh_hadamard(&mut work);
                let start = rows.start;
                for (place, (y, &work)) in y[rows].iter_mut().zip(&work).enumerate() {
                    *y = flip(signs, start + place, work);
                }
            }
        }
    }

    fn add_adjoint(&self, block: usize, signs: &Vec<u32>, y: &[&[T]], x: &mut [T]) {
        let scale = self.scale::<T>();
        let mut work = vec![T::zero(); self.size];
        for (x, y) in x.chunks_exact_mut(self.columns.len()).zip(y) {
            for (transform, rows) in self.transforms(block, y.len()) {
                let (start, len) = (rows.start, rows.len());
                for (place, (work, &y)) in work.iter_mut().zip(&y[rows]).enumerate() {
                    *work = flip(signs, start + place, scale * y);
                }
                work[len..].fill(T::zero());
                walsh_hadamard(&mut work);
                for (x, &(low, high)) in x.iter_mut().zip(&self.columns) {
                    *x += signed(transform, high, work[low]);
                }
            }
        }
    }
}

blocked_projection!(SubsampledHadamard);
