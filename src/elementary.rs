//! Elementary functions without branches or tables, so that loops over them become SIMD code.
//!
//! Each is a few polynomials and selections, marked to be inlined; [`vectorized`] runs loops over them with the widest
//! vector instructions that the machine has. Accuracy over the whole range, tested against correctly rounded values:
//!
//! | function | f64 | f32 |
//! | --- | --- | --- |
//! | [`exp`], [`exp_m1`] | 2 ulp | 2 ulp |
//! | [`tanh`], [`sigmoid`] | 4 ulp | 4 ulp |
//!
//! Subnormal results of [`exp`] are correct to half a unit of the smallest number more. NaN gives NaN.

use crate::scalar::Scalar;

/// Runs a loop with the widest vector instructions of this machine.
#[inline(always)]
pub(crate) fn vectorized<R>(body: impl FnOnce() -> R) -> R {
    struct Body<F>(F);
    impl<R, F: FnOnce() -> R> pulp::NullaryFnOnce for Body<F> {
        type Output = R;
        #[inline(always)]
        fn call(self) -> R {
            (self.0)()
        }
    }
    pulp::Arch::new().dispatch(Body(body))
}

/// e^x = 2^n (1 + p): returns (n, p) with |n ln 2 - x| at most ln 2 / 2, for x within the exponent range.
#[inline(always)]
fn reduced<T: Scalar>(x: T) -> (T, T) {
    // Adding and subtracting 1.5 / EPSILON rounds to a whole number.
    let shift = T::of(1.5) / T::EPSILON;
    let n = x.mul_add(T::LOG2_E(), shift) - shift;
    // ln 2 in two parts, of which the first has so few bits that n times it is exact.
    let (high, low) = T::LN_2_PARTS;
    let r = n.mul_add(-low, n.mul_add(-high, x));
    // Taylor's series of e^r - 1 - r - r^2/2: on |r| <= 0.3466 the first term left out is below EPSILON / 10.
    let mut sum = T::of(INVERSE_FACTORIALS[T::EXP_DEGREE]);
    let mut degree = T::EXP_DEGREE;
    while degree > 3 {
        degree -= 1;
        sum = sum.mul_add(r, T::of(INVERSE_FACTORIALS[degree]));
    }
    let tail = sum.mul_add(r, T::of(0.5)) * (r * r);
    (n, r + tail)
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
