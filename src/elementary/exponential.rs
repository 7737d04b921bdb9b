//! Exponentials.

use super::{is_single, polynomial};
use crate::scalar::Scalar;

/// e^x = 2^n (1 + p): returns (n, p) with |n ln 2 - x| at most ln 2 / 2, for x within the exponent range.
#[inline(always)]
pub(super) fn reduced<T: Scalar>(x: T) -> (T, T) {
    // Adding and subtracting 1.5 / EPSILON rounds to a whole number.
    let shift = T::of(1.5) / T::EPSILON;
    let n = x.mul_add(T::LOG2_E(), shift) - shift;
    // ln 2 in two parts, of which the first has so few bits that n times it is exact.
    let (high, low) = T::LN_2_PARTS;
    let r = n.mul_add(-low, n.mul_add(-high, x));
    // On |r| <= 0.3466 the first term left out is below EPSILON / 10.
    (n, if is_single::<T>() { exp_m1_series::<T, 6>(r) } else { exp_m1_series::<T, 12>(r) })
}

/// e^r - 1 by Taylor's series with N terms after the first.
#[inline(always)]
pub(super) fn exp_m1_series<T: Scalar, const N: usize>(r: T) -> T {
    polynomial(r, &const { inverse_factorials::<N>() }).mul_add(r * r, r)
}

/// 1 / (k + 2)!
const fn inverse_factorials<const N: usize>() -> [f64; N] {
    let mut values = [0.5; N];
    let mut k = 1;
    while k < N {
        values[k] = values[k - 1] / (k + 2) as f64;
        k += 1;
    }
    values
}

/// e^x.
#[inline(always)]
pub(crate) fn exp<T: Scalar>(x: T) -> T {
    let bounded = x.min(T::EXP_LIMITS.1).max(T::EXP_LIMITS.0);
    let (n, p) = reduced(bounded);
    // In two factors: 2^n alone would overflow before e^x does, and underflow before it is zero.
    let half = (n * T::of(0.5)).floor();
    let value = (p + T::one()) * T::exp2_whole(half) * T::exp2_whole(n - half);
    if x.is_nan() { x } else { value }
}

/// e^-size for a size that is not negative.
#[inline(always)]
pub(super) fn exp_of_negative<T: Scalar>(size: T) -> T {
    let (n, p) = reduced((-size).max(T::EXP_LIMITS.0));
    // In two factors, one of them always the same, that are normal for every exponent which occurs.
    let shift = T::of(if is_single::<T>() { 64.0 } else { 512.0 });
    let value = (p + T::one()) * T::exp2_whole(n + shift) * T::exp2_whole(-shift);
    if size.is_nan() { size } else { value }
}

/// e^x - 1, accurate near 0.
#[inline(always)]
pub(crate) fn exp_m1<T: Scalar>(x: T) -> T {
    let bounded = x.min(T::EXP_LIMITS.1).max(T::of(-50.0));
    let (n, p) = reduced(bounded);
    // 2^n (1 + p) - 1 in an order that loses nothing where it is small: n is 0 there.
    let half = (n * T::of(0.5)).floor();
    let (first, second) = (T::exp2_whole(half), T::exp2_whole(n - half));
    let power = first * second;
    let value =
        if power < T::infinity() { power.mul_add(p, power - T::one()) } else { (p + T::one()) * first * second };
    // -0 stays -0, and so does NaN.
    if x == T::zero() || x.is_nan() { x } else { value }
}
