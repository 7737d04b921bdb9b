//! Natural logarithms.

use super::{is_single, polynomial};
use crate::scalar::Scalar;

/// (2 atanh(u / 2) / u - 1) / u^2 as a polynomial in u^2, for |u| <= 2 (sqrt(2) - 1) / (sqrt(2) + 1): minimax.
const SINGLE: [f64; 3] = [0.083_333_47, 0.012_492_996, 0.002_333_648];
const DOUBLE: [f64; 7] = [
    0.083_333_333_333_334_18,
    0.012_499_999_999_817_794,
    0.002_232_142_870_463_431_3,
    0.000_434_027_316_725_043_35,
    8.878_692_498_572_635e-5,
    1.869_397_053_632_205_4e-5,
    4.515_221_459_537_958e-6,
];

/// ln((1 + f) 2^e), for 1 + f between sqrt(1/2) and sqrt(2).
#[inline(always)]
fn logarithm<T: Scalar>(f: T, e: T) -> T {
    // ln(1 + f) = 2 atanh(u / 2) = f - u f / 2 + u^3 (1/12 + ...): what is added to f is small.
    let half = f * T::of(0.5);
    let u = f / (half + T::one());
    let w = u * u;
    let p = if is_single::<T>() { polynomial(w, &SINGLE) } else { polynomial(w, &DOUBLE) };
    let (high, low) = T::LN_2_PARTS;
    e.mul_add(high, f + u.mul_add(w.mul_add(p, -half), e * low))
}

/// The natural logarithm.
#[inline(always)]
pub(crate) fn ln<T: Scalar>(x: T) -> T {
    // Selections between constants: between numbers, all that follows would be computed twice.
    let (scale, digits) = (T::EPSILON.recip(), T::of(if is_single::<T>() { 23.0 } else { 52.0 }));
    let subnormal = x < T::min_positive_value();
    let (m, e) = (x * if subnormal { scale } else { T::one() }).split();
    let value = logarithm(m - T::one(), e - if subnormal { digits } else { T::zero() });
    let value = if x < T::infinity() { value } else { x };
    if x > T::zero() {
        value
    } else if x == T::zero() {
        T::neg_infinity()
    } else {
        T::nan()
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
    let value = if x < T::infinity() { value } else { x };
    if x == T::zero() {
        x
    } else if u > T::zero() {
        value
    } else if u == T::zero() {
        T::neg_infinity()
    } else {
        T::nan()
    }
}
