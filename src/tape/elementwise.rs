//! What each elementwise function computes, for one number and for slices of them.

use super::function::{Binary, Unary};
use crate::elementary::{self, inlined, vectorized};
use crate::scalar::Scalar;

/// A closure that is part of every loop over it: a large one would otherwise be called, and its loop not become SIMD code.
macro_rules! always_inlined {
    ($x:ident => $value:expr) => {
        inlined(
            #[inline(always)]
            |$x: T| $value,
        )
    };
}

/// Runs `body` with the function of one number that `unary` names: one match for a slice, not one for each element.
///
/// Where `within` holds, all arguments are known to be `elementary::within` reach of sine, cosine and tangent.
macro_rules! with_unary {
    ($unary:expr, $function:ident => $body:expr) => {
        with_unary!($unary, within false, $function => $body)
    };
    ($unary:expr, within $within:expr, $function:ident => $body:expr) => {
        match $unary {
            Unary::Sin if $within => {
                let $function = always_inlined!(x => elementary::sin_within(x));
                $body
            }
            Unary::Cos if $within => {
                let $function = always_inlined!(x => elementary::cos_within(x));
                $body
            }
            Unary::Tan if $within => {
                let $function = always_inlined!(x => elementary::tan_within(x));
                $body
            }
            Unary::Scale(c) => {
                let $function = |x: T| c * x;
                $body
            }
            Unary::Offset(c) => {
                let $function = |x: T| x + c;
                $body
            }
            Unary::Exp => {
                let $function = always_inlined!(x => elementary::exp(x));
                $body
            }
            Unary::ExpM1 => {
                let $function = always_inlined!(x => elementary::exp_m1(x));
                $body
            }
            Unary::Ln => {
                let $function = always_inlined!(x => elementary::ln(x));
                $body
            }
            Unary::Ln1p => {
                let $function = always_inlined!(x => elementary::ln_1p(x));
                $body
            }
            Unary::Sin => {
                let $function = always_inlined!(x => elementary::sin(x));
                $body
            }
            Unary::Cos => {
                let $function = always_inlined!(x => elementary::cos(x));
                $body
            }
            Unary::Tan => {
                let $function = always_inlined!(x => elementary::tan(x));
                $body
            }
            Unary::Atan => {
                let $function = always_inlined!(x => elementary::atan(x));
                $body
            }
            Unary::Sinh => {
                let $function = always_inlined!(x => elementary::sinh(x));
                $body
            }
            Unary::Cosh => {
                let $function = always_inlined!(x => elementary::cosh(x));
                $body
            }
            Unary::Tanh => {
                let $function = always_inlined!(x => elementary::tanh(x));
                $body
            }
            Unary::Sigmoid => {
                let $function = always_inlined!(x => elementary::sigmoid(x));
                $body
            }
            Unary::Softplus => {
                let $function = always_inlined!(x => elementary::softplus(x));
                $body
            }
            Unary::Erf => {
                let $function = always_inlined!(x => elementary::erf(x));
                $body
            }
            Unary::Sqrt => {
                let $function = |x: T| x.sqrt();
                $body
            }
            Unary::Recip => {
                let $function = |x: T| x.recip();
                $body
            }
            Unary::Powi(3) => {
                let $function = |x: T| x * x * x;
                $body
            }
            Unary::Powi(n) if elementary::is_small(n) => {
                let $function = always_inlined!(x => elementary::powi_by_squaring(x, n));
                $body
            }
            Unary::Powi(n) => {
                let $function = always_inlined!(x => elementary::powi(x, n));
                $body
            }
            Unary::Powf(c) => {
                let $function = always_inlined!(x => elementary::powf(x, c));
                $body
            }
            Unary::Abs => {
                let $function = |x: T| x.abs();
                $body
            }
            // `signum` would give 1 at 0.
            Unary::Sign => {
                let $function = |x: T| if x == T::zero() { x } else { x.signum() };
                $body
            }
            Unary::Step => {
                let $function = |x: T| if x > T::zero() { T::one() } else { T::zero() };
                $body
            }
            // Written so that a NaN stays one: `max` would hide it.
            Unary::Relu => {
                let $function = |x: T| if x < T::zero() { T::zero() } else { x };
                $body
            }
            Unary::Clamp(low, high) => {
                let $function = |x: T| {
                    if x < low {
                        low
                    } else if x > high {
                        high
                    } else {
                        x
                    }
                };
                $body
            }
            Unary::Inside(low, high) => {
                let $function = |x: T| indicator(low < x && x < high);
                $body
            }
        }
    };
}

macro_rules! with_binary {
    ($binary:expr, $function:ident => $body:expr) => {
        match $binary {
            Binary::Add => {
                let $function = |x: T, y: T| x + y;
                $body
            }
            Binary::Subtract => {
                let $function = |x: T, y: T| x - y;
                $body
            }
            Binary::Multiply => {
                let $function = |x: T, y: T| x * y;
                $body
            }
            Binary::Divide => {
                let $function = |x: T, y: T| x / y;
                $body
            }
            // NaN on either side stays one.
            Binary::Maximum => {
                let $function = |x: T, y: T| if x > y || x.is_nan() { x } else { y };
                $body
            }
            Binary::Minimum => {
                let $function = |x: T, y: T| if x < y || x.is_nan() { x } else { y };
                $body
            }
            Binary::Share => {
                let $function = |x: T, y: T| (indicator::<T>(x > y) + indicator::<T>(x >= y)) * T::of(0.5);
                $body
            }
            Binary::Greater => {
                let $function = |x: T, y: T| indicator(x > y);
                $body
            }
            Binary::AtLeast => {
                let $function = |x: T, y: T| indicator(x >= y);
                $body
            }
            Binary::Equal => {
                let $function = |x: T, y: T| indicator(x == y);
                $body
            }
        }
    };
}

/// 1 for a condition that holds, else 0.
#[inline(always)]
fn indicator<T: Scalar>(holds: bool) -> T {
    if holds { T::one() } else { T::zero() }
}

/// The function at one number.
pub(crate) fn unary_value<T: Scalar>(function: Unary<T>, x: T) -> T {
    with_unary!(function, f => f(x))
}

pub(crate) fn binary_value<T: Scalar>(function: Binary, x: T, y: T) -> T {
    with_binary!(function, f => f(x, y))
}

/// out = function(x)
pub(crate) fn unary<T: Scalar>(function: Unary<T>, x: &[T], out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            with_unary!(function, within elementary::within(x), f => for (out, &x) in out.iter_mut().zip(x) {
                *out = f(x);
            });
        },
    );
}

/// out = function(out)
pub(crate) fn unary_in_place<T: Scalar>(function: Unary<T>, out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            with_unary!(function, within elementary::within(out), f => for out in out.iter_mut() {
                *out = f(*out);
            });
        },
    );
}

pub(crate) fn binary<T: Scalar>(function: Binary, x: &[T], y: &[T], out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || with_binary!(function, f => out.iter_mut().zip(x).zip(y).for_each(|((out, &x), &y)| *out = f(x, y))),
    );
}

/// out = function(out, y)
pub(crate) fn binary_into_left<T: Scalar>(function: Binary, out: &mut [T], y: &[T]) {
    vectorized(
        #[inline(always)]
        || with_binary!(function, f => out.iter_mut().zip(y).for_each(|(out, &y)| *out = f(*out, y))),
    );
}

/// out = function(x, out)
pub(crate) fn binary_into_right<T: Scalar>(function: Binary, x: &[T], out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || with_binary!(function, f => out.iter_mut().zip(x).for_each(|(out, &x)| *out = f(x, *out))),
    );
}

/// out = x y + z
pub(crate) fn multiply_add<T: Scalar>(x: &[T], y: &[T], z: &[T], out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || out.iter_mut().zip(x).zip(y).zip(z).for_each(|(((out, &x), &y), &z)| *out = x * y + z),
    );
}

/// out += x y
pub(crate) fn multiply_add_into<T: Scalar>(x: &[T], y: &[T], out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || out.iter_mut().zip(x).zip(y).for_each(|((out, &x), &y)| *out += x * y),
    );
}

/// `then` where the condition is not 0, `otherwise` elsewhere.
pub(crate) fn select<T: Scalar>(condition: &[T], then: &[T], otherwise: &[T], out: &mut [T]) {
    let operands = condition.iter().zip(then).zip(otherwise);
    out.iter_mut().zip(operands).for_each(|(out, ((&c, &x), &y))| *out = if c != T::zero() { x } else { y });
}

/// The sum of a row: blocks in sixteen running sums, which the processor adds side by side, and blocks in `f64`, so
/// that rounding does not grow with the length.
#[inline]
pub(crate) fn sum<T: Scalar>(row: &[T]) -> T {
    const BLOCK: usize = 1024;
    match row.len() {
        0..=BLOCK => sum_block(row),
        _ => T::of(row.chunks(BLOCK).map(|block| sum_block(block).f64()).sum()),
    }
}

#[inline]
fn sum_block<T: Scalar>(row: &[T]) -> T {
    const LANES: usize = 16;
    let (whole, rest) = row.as_chunks::<LANES>();
    let mut sums = [T::zero(); LANES];
    for chunk in whole {
        sums.iter_mut().zip(chunk).for_each(|(sum, &x)| *sum += x);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0] + rest.iter().copied().sum::<T>()
}
