//! Inner products with many rows at once, and their linear combinations: loops at the speed of memory.
//!
//! A product of a wide matrix with one vector reads each entry of the matrix once; what counts is that the vector stays in
//! the first cache and that no sum waits for another. Eight rows share each load of the vector.

use crate::elementary::vectorized;
use crate::scalar::Scalar;

/// Rows that are worked on at once.
const ROWS: usize = 8;

/// Running sums of a row, which the processor adds side by side.
const LANES: usize = 16;

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
                let (groups, rest) = sums.as_chunks_mut::<ROWS>();
                for (group, sums) in groups.iter_mut().enumerate() {
                    self.inner_of::<T, ROWS>(group * ROWS, w, sums);
                }
                let first = groups.len() * ROWS;
                for (row, sum) in rest.iter_mut().enumerate() {
                    self.inner_of::<T, 1>(first + row, w, std::array::from_mut(sum));
                }
            },
        );
    }

    #[inline(always)]
    fn inner_of<T: Scalar, const N: usize>(&self, first: usize, w: &[T], sums: &mut [f64; N]) {
        let rows: [&[S]; N] = std::array::from_fn(|k| self.row(first + k, w.len()));
        let mut lanes = [[T::zero(); LANES]; N];
        let (whole, rest) = w.as_chunks::<LANES>();
        for (index, w) in whole.iter().enumerate() {
            for k in 0..N {
                let row: &[S; LANES] = rows[k][index * LANES..].first_chunk().expect("rows are as long as w");
                for lane in 0..LANES {
                    lanes[k][lane] += T::of(row[lane].f64()) * w[lane];
                }
            }
        }
        let after = whole.len() * LANES;
        for k in 0..N {
            let mut sum = 0.0;
            lanes[k].iter().for_each(|lane| sum += lane.f64());
            rows[k][after..].iter().zip(rest).for_each(|(row, w)| sum += row.f64() * w.f64());
            sums[k] += sum;
        }
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
        let rows: [&[S]; N] = std::array::from_fn(|k| self.row(first + k, w.len()));
        let (whole, rest) = w.as_chunks_mut::<LANES>();
        for (index, w) in whole.iter_mut().enumerate() {
            let mut sums = *w;
            for k in 0..N {
                let row: &[S; LANES] = rows[k][index * LANES..].first_chunk().expect("rows are as long as w");
                for lane in 0..LANES {
                    sums[lane] += factors[k] * T::of(row[lane].f64());
                }
            }
            *w = sums;
        }
        let after = whole.len() * LANES;
        for (index, w) in rest.iter_mut().enumerate() {
            (0..N).for_each(|k| *w += factors[k] * T::of(rows[k][after + index].f64()));
        }
    }
}
