//! What is computed along the last axis: exponentials relative to the largest entry of each row, and their sums.

use crate::elementary::{exp, ln, ln_1p, vectorized};
use crate::scalar::Scalar;

/// The largest entry of a row, or a NaN if there is one.
#[inline(always)]
fn largest<T: Scalar>(row: &[T]) -> T {
    row.iter().copied().fold(T::neg_infinity(), |top, x| if x > top || x.is_nan() { x } else { top })
}

/// Writes exp(x - top) for each entry; returns the largest entry, top.
#[inline(always)]
fn exponentials<T: Scalar>(row: &[T], out: &mut [T]) -> T {
    let top = largest(row);
    out.iter_mut().zip(row).for_each(|(out, &x)| *out = exp(x - top));
    top
}

pub(super) fn softmax<T: Scalar>(x: &[T], width: usize, out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            for (out, row) in out.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                let top = exponentials(row, out);
                // Where no entry is finite there is nothing to divide.
                let inverse = if top.is_finite() { super::elementwise::sum(out).recip() } else { T::nan() };
                out.iter_mut().for_each(|p| *p *= inverse);
            }
        },
    );
}

pub(super) fn log_softmax<T: Scalar>(x: &[T], width: usize, out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            for (out, row) in out.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                let top = exponentials(row, out);
                let Some(place) = row.iter().position(|&x| x == top).filter(|_| top.is_finite()) else {
                    out.fill(T::nan());
                    continue;
                };
                // The largest entry's exponential is 1: ln(1 + the others) keeps what 1 would round away.
                out[place] = T::zero();
                let logarithm = ln_1p(super::elementwise::sum(out));
                // The difference from the largest entry is exact or nearly so; from the logarithm of the whole sum,
                // which may be a million times larger, it would not be.
                out.iter_mut().zip(row).for_each(|(out, &x)| *out = (x - top) - logarithm);
            }
        },
    );
}

pub(super) fn log_sum_exp<T: Scalar>(x: &[T], width: usize, out: &mut [T]) {
    /// Exponentials are summed in pieces of this many, which stay on the stack.
    const PIECE: usize = 64;
    vectorized(
        #[inline(always)]
        || {
            let mut exponentials = [T::zero(); PIECE];
            for (out, row) in out.iter_mut().zip(x.chunks_exact(width)) {
                let top = largest(row);
                if !top.is_finite() {
                    *out = top;
                    continue;
                }
                let mut sum = 0.0;
                for piece in row.chunks(PIECE) {
                    let exponentials = &mut exponentials[..piece.len()];
                    exponentials.iter_mut().zip(piece).for_each(|(e, &x)| *e = exp(x - top));
                    sum += super::elementwise::sum(exponentials).f64();
                }
                *out = top + T::of(ln(sum));
            }
        },
    );
}
