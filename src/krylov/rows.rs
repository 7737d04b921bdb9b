//! Inner products with many rows, and their linear combinations: loops at the speed of memory.
//!
//! Both read each entry of the matrix once, in long stretches of a row, while the vector stays in the first cache.

use crate::elementary::vectorized;
use crate::scalar::Scalar;

/// Rows that are added to the vector at once: it is loaded and stored once for all of them.
const ROWS: usize = 8;

/// Running sums of an inner product: enough that no addition waits for the one before. Measured in cache, `f32`: 32 sums 64
/// GB/s with two threads, 16 or 64 sums 15; several rows at once are not faster.
const SUMS: usize = 32;

/// Rows of numbers, each `stride` after the last, of which the part from `first` on is looked at, as long as the vector.
/// They may be of a narrower type than the vector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a, S> {
    pub(super) entries: &'a [S],
    pub(super) stride: usize,
    pub(super) first: usize,
}

impl<'a, S: Scalar> Rows<'a, S> {
    #[inline(always)]
    fn row(&self, index: usize, len: usize) -> &'a [S] {
        &self.entries[index * self.stride + self.first..][..len]
    }

    /// Adds the inner product of each row with `w` to its sum. Within a row terms are summed in `T`.
    pub(super) fn inner<T: Scalar>(self, w: &[T], sums: &mut [f64]) {
        vectorized(
            #[inline(always)]
            || {
                for (row, sum) in sums.iter_mut().enumerate() {
                    *sum += inner(self.row(row, w.len()), w);
                }
            },
        );
    }

    /// w += the sum of the rows, each times its factor.
    pub(super) fn accumulate<T: Scalar>(self, factors: &[T], w: &mut [T]) {
        vectorized(
            #[inline(always)]
            || {
                let (groups, rest) = factors.as_chunks::<ROWS>();
                for (group, factors) in groups.iter().enumerate() {
                    self.accumulate_of::<T, ROWS>(group * ROWS, factors, w);
                }
                let first = groups.len() * ROWS;
                for (row, factor) in rest.iter().enumerate() {
                    self.accumulate_of::<T, 1>(first + row, std::array::from_ref(factor), w);
                }
            },
        );
    }

    #[inline(always)]
    fn accumulate_of<T: Scalar, const N: usize>(&self, first: usize, factors: &[T; N], w: &mut [T]) {
        let rows: [&[S]; N] = std::array::from_fn(|k| &self.row(first + k, w.len())[..w.len()]);
        for index in 0..w.len() {
            let mut sum = w[index];
            for k in 0..N {
                sum += factors[k] * T::of(rows[k][index].f64());
            }
            w[index] = sum;
        }
    }
}

/// The inner product of a row with a vector.
#[inline(always)]
fn inner<S: Scalar, T: Scalar>(row: &[S], w: &[T]) -> f64 {
    let (row, row_rest) = row.as_chunks::<SUMS>();
    let (w, w_rest) = w.as_chunks::<SUMS>();
    let mut sums = [T::zero(); SUMS];
    for (row, w) in row.iter().zip(w) {
        for lane in 0..SUMS {
            sums[lane] += T::of(row[lane].f64()) * w[lane];
        }
    }
    let rest: f64 = row_rest.iter().zip(w_rest).map(|(row, w)| row.f64() * w.f64()).sum();
    sums.iter().map(|sum| sum.f64()).sum::<f64>() + rest
}
