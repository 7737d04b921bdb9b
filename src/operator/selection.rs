//! Some of the entries of a vector: the basis of a restriction to them.

use std::ops::Range;

use super::{Adjoint, LinearOperator, fits};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// E, which puts k numbers at chosen places of a vector of n and zeros elsewhere: n x k, E'E = I.
///
/// E'A E is A restricted to these places, as [`Compressed`](super::Compressed): a layer's block of a Hessian, or that of
/// all biases. A diagonal of zeros and ones ([`Diagonal`](super::Diagonal)) masks without changing the dimension.
///
/// ```
/// use eigenscape::operator::{Compressed, Dense, Selection, to_dense};
///
/// let a = Dense::new((1..=9).map(f64::from).collect(), 3, 3)?;
/// let ends = Selection::new(3, [0..1, 2..3])?;
/// assert_eq!(to_dense(&Compressed::new(&a, &ends)?).entries(), [1.0, 3.0, 7.0, 9.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    dim: usize,
    ranges: Vec<Range<usize>>,
    count: usize,
}

impl Selection {
    /// The places of these ranges in a vector of `dim` entries, in this order.
    ///
    /// # Errors
    /// If a range ends behind the vector or before it starts, or two ranges overlap.
    pub fn new(dim: usize, ranges: impl IntoIterator<Item = Range<usize>>) -> Result<Self> {
        let ranges: Vec<Range<usize>> = ranges.into_iter().collect();
        let mut sorted = ranges.clone();
        sorted.sort_by_key(|range| (range.start, range.end));
        let mut end = 0;
        for range in &sorted {
            if range.end > dim {
                let because = "the length of the vector";
                return Err(Error::AboveLimit { what: "the end of a range", value: range.end, limit: dim, because });
            }
            if range.start > range.end || (range.start < end && !range.is_empty()) {
                let limits = "must be at most its end, and ranges must not overlap";
                return Err(Error::OutOfRange { what: "the start of a range", value: range.start as f64, limits });
            }
            end = end.max(range.end);
        }
        let count = ranges.iter().map(Range::len).sum();
        Ok(Selection { dim, ranges, count })
    }

    /// The ranges.
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// Pairs of a range and the place of its first entry among those selected.
    fn pairs(&self) -> impl Iterator<Item = (Range<usize>, usize)> {
        self.ranges.iter().scan(0, |next, range| {
            *next += range.len();
            Some((range.clone(), *next - range.len()))
        })
    }
}

impl<T: Scalar> LinearOperator<T> for Selection {
    fn rows(&self) -> usize {
        self.dim
    }
    fn cols(&self) -> usize {
        self.count
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.dim, self.count, x, y);
        y.fill(T::zero());
        self.pairs().for_each(|(range, at)| y[range.clone()].copy_from_slice(&x[at..][..range.len()]));
    }
}

impl<T: Scalar> Adjoint<T> for Selection {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.count, self.dim, y, x);
        self.pairs().for_each(|(range, at)| x[at..][..range.len()].copy_from_slice(&y[range]));
    }
}
