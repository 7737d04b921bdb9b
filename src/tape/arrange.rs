//! Kernels that move elements, and sums and maxima along axes.

use super::elementwise;
use super::layout::Layout;
use crate::elementary::vectorized;
use crate::scalar::Scalar;

/// Copies by strides: the output, which starts at element `start` of the walked array, is filled row by row.
pub(super) fn strided<T: Scalar>(x: &[T], layout: &Layout, start: usize, out: &mut [T]) {
    let (width, stride) = layout.row();
    let width = width.max(1);
    let (mut skipped, mut rest) = (start % width, out);
    layout.rows(start / width, |at| {
        if rest.is_empty() {
            return false;
        }
        let len = rest.len().min(width - skipped);
        let (row, after) = std::mem::take(&mut rest).split_at_mut(len);
        let at = at + skipped * stride;
        match stride {
            0 => row.fill(x[at]),
            1 => row.copy_from_slice(&x[at..][..len]),
            _ => row.iter_mut().zip(x[at..].iter().step_by(stride)).for_each(|(out, &x)| *out = x),
        }
        (skipped, rest) = (0, after);
        true
    });
}

/// Sums by strides: the operand is walked row by row, each added where the output's strides say.
pub(super) fn sum<T: Scalar>(x: &[T], layout: &Layout, out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            out.fill(T::zero());
            let (width, stride) = layout.row();
            let mut rows = x.chunks_exact(width.max(1));
            layout.rows(0, |at| {
                let Some(row) = rows.next() else { return false };
                match stride {
                    0 => out[at] += elementwise::sum(row),
                    // Apart from the general case, which the compiler cannot vectorise.
                    1 => out[at..][..width].iter_mut().zip(row).for_each(|(out, &x)| *out += x),
                    _ => out[at..].iter_mut().step_by(stride).zip(row).for_each(|(out, &x)| *out += x),
                }
                true
            });
        },
    );
}

/// The larger of two, or the NaN among them.
fn larger<T: Scalar>(x: T, y: T) -> T {
    if x > y || x.is_nan() { x } else { y }
}

/// Maxima by strides, walked as sums are.
pub(super) fn max<T: Scalar>(x: &[T], layout: &Layout, out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            out.fill(T::neg_infinity());
            let (width, stride) = layout.row();
            let mut rows = x.chunks_exact(width.max(1));
            layout.rows(0, |at| {
                let Some(row) = rows.next() else { return false };
                match stride {
                    0 => out[at] = row.iter().fold(out[at], |top, &x| larger(top, x)),
                    1 => out[at..][..width].iter_mut().zip(row).for_each(|(out, &x)| *out = larger(*out, x)),
                    _ => out[at..].iter_mut().step_by(stride).zip(row).for_each(|(out, &x)| *out = larger(*out, x)),
                }
                true
            });
        },
    );
}

/// Of `whole` entries to an outer index, those from `start` on, as many as the output has.
pub(super) fn slice<T: Scalar>(x: &[T], outer: usize, whole: usize, start: usize, out: &mut [T]) {
    if let Some(part) = out.len().checked_div(outer).filter(|&part| part > 0) {
        let rows = x.chunks_exact(whole);
        out.chunks_exact_mut(part).zip(rows).for_each(|(out, row)| out.copy_from_slice(&row[start..][..part]));
    }
}

/// The reverse placement; the rest of the output stays.
pub(super) fn place<T: Scalar>(x: &[T], outer: usize, whole: usize, start: usize, out: &mut [T]) {
    if let Some(part) = x.len().checked_div(outer).filter(|&part| part > 0) {
        let rows = out.chunks_exact_mut(whole);
        rows.zip(x.chunks_exact(part)).for_each(|(out, x)| out[start..][..part].copy_from_slice(x));
    }
}

/// The same placement, added to what is there.
pub(super) fn add_at<T: Scalar>(x: &[T], outer: usize, whole: usize, start: usize, out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            if let Some(part) = x.len().checked_div(outer).filter(|&part| part > 0) {
                for (out, x) in out.chunks_exact_mut(whole).zip(x.chunks_exact(part)) {
                    out[start..][..part].iter_mut().zip(x).for_each(|(out, &x)| *out += x);
                }
            }
        },
    );
}

/// Blocks of `inner` entries, of `extent` those of the table.
pub(super) fn gather<T: Scalar>(x: &[T], extent: usize, inner: usize, table: &[usize], out: &mut [T]) {
    if inner == 0 || table.is_empty() {
        return;
    }
    for (out, x) in out.chunks_exact_mut(table.len() * inner).zip(x.chunks_exact(extent * inner)) {
        for (out, &position) in out.chunks_exact_mut(inner).zip(table) {
            out.copy_from_slice(&x[position * inner..][..inner]);
        }
    }
}

/// Blocks of `inner` entries added to those of the table.
pub(super) fn scatter<T: Scalar>(x: &[T], extent: usize, inner: usize, table: &[usize], out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            out.fill(T::zero());
            if inner == 0 || table.is_empty() {
                return;
            }
            for (out, x) in out.chunks_exact_mut(extent * inner).zip(x.chunks_exact(table.len() * inner)) {
                for (x, &position) in x.chunks_exact(inner).zip(table) {
                    out[position * inner..][..inner].iter_mut().zip(x).for_each(|(out, &x)| *out += x);
                }
            }
        },
    );
}
