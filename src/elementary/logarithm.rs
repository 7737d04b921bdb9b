//! Natural logarithms.

use super::{is_single, polynomial};
use crate::scalar::Scalar;

/// ((ln(1 + s) - ln(1 - s)) / s - 2) / s^2 as a polynomial in s^2, for |s| <= (sqrt(2) - 1) / (sqrt(2) + 1): minimax.
const SINGLE: [f64; 4] = [0.666_666_6, 0.400_009_72, 0.284_987_93, 0.242_788_57];
const DOUBLE: [f64; 7] = [
    0.666_666_666_666_673_4,
    0.399_999_999_994_165_3,
    0.285_714_287_420_694_43,
    0.222_221_985_995_022_5,
    0.181_835_631_970_471_23,
    0.153_140_747_154_286_38,
    0.147_957_461_789_688_83,
];

/// ln((1 + f) 2^e), for 1 + f between sqrt(1/2) and sqrt(2).
#[inline(always)]
fn logarithm<T: Scalar>(f: T, e: T) -> T {
    // With s = f / (2 + f), 1 + f is (1 + s) / (1 - s), and 2 s = f - s f.
    let s = f / (f + T::of(2.0));
    let z = s * s;
    let series = z * if is_single::<T>() { polynomial(z, &SINGLE) } else { polynomial(z, &DOUBLE) };
    // 2 s + s series = f - (f^2 / 2 - s (f^2 / 2 + series)): what is added to f is small.
    let half_square = T::of(0.5) * f * f;
    let (high, low) = T::LN_2_PARTS;
    e.mul_add(high, f - (half_square - s.mul_add(half_square + series, e * low)))
}

/// The natural logarithm.
#[inline(always)]
pub(crate) fn ln<T: Scalar>(x: T) -> T {
    let digits = T::of(if is_single::<T>() { 23.0 } else { 52.0 });
    let subnormal = x < T::min_positive_value();
    let (m, e) = (if subnormal { x * T::EPSILON.recip() } else { x }).split();
    let value = logarithm(m - T::one(), if subnormal { e - digits } else { e });
    if x > T::zero() && x < T::infinity() {
        value
    } else if x == T::zero() {
        T::neg_infinity()
    } else if x < T::zero() {
        T::nan()
    } else {
        x
    }
}

/// ln(1 + x), accurate near 0.
#[inline(always)]
pub(crate) fn ln_1p<T: Scalar>(x: T) -> T {
    let one = T::one();
    let u = x + one;
    // What rounding took from u, exactly.
    let lost = if x > one { one - (u - x) } else { x - (u - one) };
    let (m, e) = u.split();
    // It counts only where u is not large.
    let scale = T::exp2_whole(if e > T::of(64.0) { T::of(-64.0) } else { -e });
    let value = logarithm(lost.mul_add(scale, m - one), e);
    if u > T::zero() && u < T::infinity() && x != T::zero() {
        value
    } else if u == T::zero() {
        T::neg_infinity()
    } else if u < T::zero() {
        T::nan()
    } else {
        x
    }
}
