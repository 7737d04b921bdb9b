//! Hyperbolic functions and their relatives that networks use.

use super::exponential::{exp_of_negative, reduced};
use super::{is_single, polynomial};
use crate::scalar::Scalar;

/// (2 atanh(u / 2) / u - 1) / u^2 as a polynomial in u^2, for |u| <= 2/3: minimax.
const SINGLE: [f64; 4] = [0.083_333_02, 0.012_506_699, 0.002_187_736_3, 0.000_547_007_5];
const DOUBLE: [f64; 10] = [
    0.083_333_333_333_332_88,
    0.012_500_000_000_048_722,
    0.002_232_142_855_314_331_4,
    0.000_434_027_811_700_204_9,
    8.877_804_836_002_113e-5,
    1.878_241_190_846_346e-5,
    4.059_167_277_958_289e-6,
    9.235_577_679_323_033e-7,
    1.591_432_338_641_273e-7,
    8.111_958_649_993_317e-8,
];

/// A sum of two numbers.
type Sum<T> = (T, T);

/// e^|x| and e^-|x|, halved, each as large + small, and the power of two by which the sum or difference of both is to
/// be multiplied: ((large, small), (large, small), power).
#[inline(always)]
fn halves<T: Scalar>(x: T) -> (Sum<T>, Sum<T>, T) {
    // Beyond the limit, both hyperbolic functions are infinite.
    let (n, p) = reduced(x.abs().min(T::EXP_LIMITS.1 + T::one()));
    // Larger exponents than 40 would overflow before the result does; where they occur, e^-|x| does not count.
    let near = n.min(T::of(40.0));
    let (up, down) = (T::exp2_whole(near - T::one()), T::exp2_whole(-near - T::one()));
    // 1 / (1 + p) = 1 - p / (1 + p)
    ((up, up * p), (down, -(down * (p / (p + T::one())))), T::exp2_whole(n - near))
}

/// Hyperbolic sine.
#[inline(always)]
pub(crate) fn sinh<T: Scalar>(x: T) -> T {
    let ((up, up_rest), (down, down_rest), power) = halves(x);
    let value = ((up - down) + (up_rest - down_rest)) * power;
    if x == T::zero() || x.is_nan() { x } else { value.copysign(x) }
}

/// Hyperbolic cosine.
#[inline(always)]
pub(crate) fn cosh<T: Scalar>(x: T) -> T {
    let ((up, up_rest), (down, down_rest), power) = halves(x);
    let value = ((up + down) + (up_rest + down_rest)) * power;
    if x.is_nan() { x } else { value }
}

/// Hyperbolic tangent.
#[inline(always)]
pub(crate) fn tanh<T: Scalar>(x: T) -> T {
    // Beyond 20 (f32: 10) the result is 1 to rounding; 20 serves both.
    let size = x.abs().min(T::of(20.0));
    let (n, p) = reduced(size + size);
    let power = T::exp2_whole(n);
    let e = power.mul_add(p, power - T::one());
    let value = (e / (e + T::of(2.0))).copysign(x);
    if x.is_nan() { x } else { value }
}

/// 1 / (1 + e^-x), without overflow at either end.
#[inline(always)]
pub(crate) fn sigmoid<T: Scalar>(x: T) -> T {
    let e = exp_of_negative(x.abs());
    let top = if x < T::zero() { e } else { T::one() };
    top / (T::one() + e)
}

/// ln(1 + e^x), without overflow.
#[inline(always)]
pub(crate) fn softplus<T: Scalar>(x: T) -> T {
    // Not `max`, which would hide a NaN.
    let positive = if x > T::zero() { x } else { T::zero() };
    // ln(1 + e) = 2 atanh(u / 2) for e up to 1.
    let e = exp_of_negative(x.abs());
    let u = e / e.mul_add(T::of(0.5), T::one());
    let w = u * u;
    let p = if is_single::<T>() { polynomial(w, &SINGLE) } else { polynomial(w, &DOUBLE) };
    positive + (u * w).mul_add(p, u)
}
