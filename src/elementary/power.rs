//! Powers with a constant exponent.

use super::exponential::{exp_m1_series, reduced};
use super::polynomial;
use crate::scalar::Scalar;

/// ((ln(1 + s) - ln(1 - s)) / s - 2) / s^2 as a polynomial in s^2, for |s| <= (sqrt(2) - 1) / (sqrt(2) + 1): minimax,
/// for results in single precision.
const SINGLE: [f64; 5] = [
    0.666_666_666_758_047_5,
    0.399_999_956_207_115_04,
    0.285_721_092_646_071_93,
    0.221_761_846_842_336_57,
    0.195_842_042_012_407_96,
];
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
/// 2/3 as a sum of two numbers.
const TWO_THIRDS: (f64, f64) = (0.666_666_666_666_666_6, 3.700_743_415_417_188e-17);

/// size^exponent, right for a result in single precision, for a normal size and a finite exponent.
#[inline(always)]
fn single(size: f64, exponent: f64) -> f64 {
    let (m, e) = size.split();
    let f = m - 1.0;
    let s = f / (f + 2.0);
    let z = s * s;
    let logarithm = e.mul_add(std::f64::consts::LN_2, s.mul_add(z * polynomial(z, &SINGLE), s + s));
    // At both ends the result is 0 or infinite in single precision.
    let product = (exponent * logarithm).min(150.0).max(-150.0);
    let shift = 1.5 / f64::EPSILON;
    let n = product.mul_add(std::f64::consts::LOG2_E, shift) - shift;
    let power = f64::exp2_whole(n);
    power.mul_add(exp_m1_series(n.mul_add(-std::f64::consts::LN_2, product), 9), power)
}

/// size^exponent for a positive finite size and a finite exponent.
///
/// The logarithm is a sum of two numbers, because the exponential turns its absolute error into a relative one.
#[inline(always)]
fn double(size: f64, exponent: f64) -> f64 {
    let subnormal = size < f64::MIN_POSITIVE;
    let (m, e) = (if subnormal { size * 4_503_599_627_370_496.0 } else { size }).split();
    let e = if subnormal { e - 52.0 } else { e };
    // s = f / (1 + m) with f = m - 1, and then ln m = 2 s + s^3 (2/3 + s^2 (2/5 + ...)).
    let f = m - 1.0;
    let d = m + 1.0;
    let d_rest = m - (d - 1.0);
    let inverse = d.recip();
    let s = f * inverse;
    let s_rest = inverse * d_rest.mul_add(-s, d.mul_add(-s, f));
    let z = s * s;
    let z_rest = s.mul_add(s, -z) + (s + s) * s_rest;
    let series = z * polynomial(z, &DOUBLE);
    let b = TWO_THIRDS.0 + series;
    let b_rest = series - (b - TWO_THIRDS.0) + TWO_THIRDS.1;
    let cube = s * z;
    let cube_rest = s.mul_add(z, -cube) + s.mul_add(z_rest, s_rest * z);
    let tail = cube * b;
    let tail_rest = cube.mul_add(b, -tail) + cube.mul_add(b_rest, cube_rest * b);
    let sum = s + s + tail;
    let sum_rest = (s + s - sum) + tail + (s_rest + s_rest + tail_rest);
    let (high, low) = f64::LN_2_PARTS;
    let shift = e * high;
    let upper = shift + sum;
    let lower = (shift - upper) + sum + e.mul_add(low, sum_rest);
    let logarithm = upper + lower;
    let logarithm_rest = (upper - logarithm) + lower;

    let product = exponent * logarithm;
    let rest = exponent.mul_add(logarithm, -product) + exponent * logarithm_rest;
    // Beyond the limits the rest does not count, and may be infinite.
    let rest = if product.abs() < 1000.0 { rest } else { 0.0 };
    let (n, p) = reduced(product.min(f64::EXP_LIMITS.1).max(f64::EXP_LIMITS.0));
    let half = (n * 0.5).floor();
    (rest.mul_add(p + 1.0, p) + 1.0) * f64::exp2_whole(half) * f64::exp2_whole(n - half)
}

/// x^exponent, with the special cases of IEEE 754's `pow`.
#[inline(always)]
fn power<T: Scalar>(x: T, exponent: f64) -> T {
    let whole = exponent.trunc() == exponent;
    let odd = whole && (0.5 * exponent).trunc() != 0.5 * exponent;
    // An infinite exponent does what a huge one does, which is even.
    let bounded = if exponent.abs() > f64::MAX { f64::MAX.copysign(exponent) } else { exponent };
    let base = x.f64();
    let size = base.abs();
    let value = if super::is_single::<T>() { single(size, bounded) } else { double(size, bounded) };
    let at_zero = if exponent > 0.0 { 0.0 } else { f64::INFINITY };
    let at_infinity = if exponent > 0.0 { f64::INFINITY } else { 0.0 };
    let value = if size == 0.0 {
        at_zero
    } else if size == f64::INFINITY {
        at_infinity
    } else {
        value
    };
    let signed = if odd && base.is_sign_negative() { -value } else { value };
    let nan = base.is_nan() || exponent.is_nan() || (base < 0.0 && size < f64::INFINITY && !whole);
    T::of(if exponent == 0.0 || base == 1.0 {
        1.0
    } else if nan {
        f64::NAN
    } else {
        signed
    })
}

/// x^c: NaN for a negative x unless c is whole.
#[inline(always)]
pub(crate) fn powf<T: Scalar>(x: T, c: T) -> T {
    power(x, c.f64())
}

/// x^n.
#[inline(always)]
pub(crate) fn powi<T: Scalar>(x: T, n: i32) -> T {
    // The same in every loop, so that it is decided outside of it.
    match n {
        1 => x,
        2 => x * x,
        3 => x * x * x,
        -1 => x.recip(),
        _ => power(x, f64::from(n)),
    }
}
