//! Exponentials.

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
    (n, exp_m1_series(r, T::EXP_DEGREE))
}

/// e^r - 1 by Taylor's series up to a degree.
#[inline(always)]
pub(super) fn exp_m1_series<T: Scalar>(r: T, degree: usize) -> T {
    let mut sum = T::of(INVERSE_FACTORIALS[degree]);
    let mut degree = degree;
    while degree > 3 {
        degree -= 1;
        sum = sum.mul_add(r, T::of(INVERSE_FACTORIALS[degree]));
    }
    let tail = sum.mul_add(r, T::of(0.5)) * (r * r);
    r + tail
}

/// 1 / k!
const INVERSE_FACTORIALS: [f64; 14] = {
    let mut values = [1.0; 14];
    let mut k = 1;
    while k < 14 {
        values[k] = values[k - 1] / k as f64;
        k += 1;
    }
    values
};

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
