//! Powers with a constant exponent.

use std::f64::consts::{LN_2, LOG2_E};

use super::exponential::{exp_m1_series, reduced};
use super::{is_single, polynomial};
use crate::scalar::Scalar;

/// ((ln(1 + s) - ln(1 - s)) / s - 2) / s^2 as a polynomial in s^2, for |s| <= (sqrt(2) - 1) / (sqrt(2) + 1): minimax,
/// for results in single precision.
const SINGLE: [f64; 4] =
    [0.666_666_656_450_641_7, 0.400_003_352_893_107_84, 0.285_373_017_489_202_4, 0.235_822_893_965_912_47];

/// The same without its first coefficient, 2/3, and divided by s^2 once more, for results in double precision.
const DOUBLE: [f64; 8] = [
    0.399_999_999_999_999_8,
    0.285_714_285_714_438_4,
    0.222_222_222_177_895_95,
    0.181_818_188_440_307_45,
    0.153_845_584_246_796_84,
    0.133_362_646_911_302_48,
    0.116_757_760_351_007_88,
    0.119_817_980_353_747_3,
];

/// size^exponent, right for a result in single precision, for a positive normal size and a finite exponent.
#[inline(always)]
fn single(size: f64, exponent: f64) -> f64 {
    let (m, e) = size.split();
    let f = m - 1.0;
    let s = f / (f + 2.0);
    let z = s * s;
    let logarithm = e.mul_add(LN_2, s.mul_add(z * polynomial(z, &SINGLE), s + s));
    // At both ends the result is 0 or infinite in single precision.
    let product = (exponent * logarithm).clamp(-150.0, 150.0);
    let shift = 1.5 / f64::EPSILON;
    let n = product.mul_add(LOG2_E, shift) - shift;
    let power = f64::exp2_whole(n);
    power.mul_add(exp_m1_series::<f64, 7>(n.mul_add(-LN_2, product)), power)
}

/// A sum of two numbers, the second smaller than the last place of the first or not much larger.
type Sum<T> = (T, T);

/// The product, without what the product of the second numbers adds.
#[inline(always)]
fn product<T: Scalar>(a: Sum<T>, b: Sum<T>) -> Sum<T> {
    let high = a.0 * b.0;
    (high, a.1.mul_add(b.0, a.0.mul_add(b.1, a.0.mul_add(b.0, -high))))
}

/// The same sum, for a second number that is not larger than the first, or a first that is 0.
#[inline(always)]
fn normalized<T: Scalar>(high: T, low: T) -> Sum<T> {
    let sum = high + low;
    (sum, (high - sum) + low)
}

/// The logarithm of a positive finite number, to half as many digits again.
#[inline(always)]
fn logarithm(x: f64) -> Sum<f64> {
    let subnormal = x < f64::MIN_POSITIVE;
    let (m, e) = (x * if subnormal { f64::EPSILON.recip() } else { 1.0 }).split();
    let e = e - if subnormal { 52.0 } else { 0.0 };
    // s = (m - 1) / (m + 1), and then ln m = 2 s + s^3 (2/3 + s^2 (2/5 + ...)).
    let (f, d) = (m - 1.0, m + 1.0);
    let d_rest = m - (d - 1.0);
    let inverse = d.recip();
    let s = f * inverse;
    let s = (s, inverse * d_rest.mul_add(-s, d.mul_add(-s, f)));
    let z = product(s, s);
    let factor = normalized(2.0 / 3.0, z.0 * polynomial(z.0, &DOUBLE));
    // What 2 / 3 lacks.
    let factor = (factor.0, factor.1 + 3.700_743_415_417_188e-17);
    let cubic = product(product(s, z), factor);
    let own = normalized(2.0 * s.0, cubic.0);
    let (high, low) = f64::LN_2_PARTS;
    let all = normalized(e * high, own.0);
    normalized(all.0, all.1 + e.mul_add(low, s.1.mul_add(2.0, cubic.1) + own.1))
}

/// size^exponent for a positive finite size and a finite exponent.
///
/// The logarithm is a sum of two numbers, because the exponential turns its absolute error into a relative one.
#[inline(always)]
fn double(size: f64, exponent: f64) -> f64 {
    let logarithm = product(logarithm(size), (exponent, 0.0));
    // Beyond the limits the second number does not count, and may be infinite.
    let rest = if logarithm.0.abs() < 1000.0 { logarithm.1 } else { 0.0 };
    let (n, p) = reduced(logarithm.0.min(f64::EXP_LIMITS.1).max(f64::EXP_LIMITS.0));
    let half = (n * 0.5).floor();
    (rest.mul_add(p + 1.0, p) + 1.0) * f64::exp2_whole(half) * f64::exp2_whole(n - half)
}

/// x^exponent, with the special cases of IEEE 754's `pow`.
#[inline(always)]
fn power<T: Scalar>(x: T, exponent: f64) -> T {
    // All of the exponent alone is the same for all of a loop, and computed before it.
    let whole = exponent.trunc() == exponent;
    let odd = whole && (0.5 * exponent).trunc() != 0.5 * exponent;
    // An infinite exponent does what a huge one does, which is even.
    let bounded = if exponent.abs() > f64::MAX { f64::MAX.copysign(exponent) } else { exponent };
    let (at_zero, at_infinity) = if exponent > 0.0 { (T::zero(), T::infinity()) } else { (T::infinity(), T::zero()) };

    let size = x.abs();
    let value = T::of(if is_single::<T>() { single(size.f64(), bounded) } else { double(size.f64(), bounded) });
    let value = if size == T::zero() { at_zero } else { value };
    let value = if size == T::infinity() { at_infinity } else { value };
    let value = if odd { value.copysign(x) } else { value };
    let value = if !whole && x < T::zero() && size < T::infinity() || x.is_nan() { T::nan() } else { value };
    let value = if exponent.is_nan() { T::nan() } else { value };
    if exponent == 0.0 || x == T::one() { T::one() } else { value }
}

/// x^c: NaN for a negative x unless c is whole.
#[inline(always)]
pub(crate) fn powf<T: Scalar>(x: T, c: T) -> T {
    power(x, c.f64())
}

/// x^n.
#[inline(always)]
pub(crate) fn powi<T: Scalar>(x: T, n: i32) -> T {
    power(x, f64::from(n))
}

/// How many squarings [`powi_by_squaring`] has room for.
const SQUARINGS: u32 = 4;

/// Whether [`powi_by_squaring`] can do this one.
pub(crate) fn is_small(n: i32) -> bool {
    n.unsigned_abs() < 1 << SQUARINGS
}

/// x^n for |n| < 16. Beyond the largest number less 16 units in its last place, it may be infinite.
#[inline(always)]
pub(crate) fn powi_by_squaring<T: Scalar>(x: T, n: i32) -> T {
    // Powers of the reciprocal, not the reciprocal of a power, which may be infinite where the result is not zero.
    let inverse = x.recip();
    let rest = inverse * inverse.mul_add(-x, T::one());
    let mut square = if n < 0 { (inverse, rest) } else { (x, T::zero()) };
    let mut value = (T::one(), T::zero());
    for bit in 0..SQUARINGS {
        let next = product(value, square);
        let counts = n.unsigned_abs() >> bit & 1 == 1;
        value = (if counts { next.0 } else { value.0 }, if counts { next.1 } else { value.1 });
        square = product(square, square);
    }
    // Where the first number is 0 or infinite, the second is meaningless.
    let sum = value.0 + value.1;
    if value.0 == T::zero() || value.0.abs() == T::infinity() { value.0 } else { sum }
}
