//! Hyperbolic functions and their relatives that networks use.

use super::exponential::{exp, reduced};
use super::logarithm::ln_1p;
use crate::scalar::Scalar;

/// e^|x| and e^-|x|, halved, each as large + small, and the power of two by which the sum or difference of both is to
/// be multiplied: ((large, small), (large, small), power).
#[inline(always)]
#[allow(clippy::type_complexity)]
fn halves<T: Scalar>(x: T) -> ((T, T), (T, T), T) {
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
    let e = exp(-x.abs());
    let top = if x < T::zero() { e } else { T::one() };
    top / (T::one() + e)
}

/// ln(1 + e^x), without overflow.
#[inline(always)]
pub(crate) fn softplus<T: Scalar>(x: T) -> T {
    // Not `max`, which would hide a NaN.
    let positive = if x > T::zero() { x } else { T::zero() };
    positive + ln_1p(exp(-x.abs()))
}
