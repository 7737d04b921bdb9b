//! What each elementwise function computes, for one number and for slices of them.

use super::function::{Binary, Unary};
use crate::elementary::{self, vectorized};
use crate::scalar::Scalar;

/// Runs `body` with the function of one number that `unary` names: one match for a slice, not one for each element.
macro_rules! with_unary {
    ($unary:expr, $function:ident => $body:expr) => {
        match $unary {
            Unary::Scale(c) => {
                let $function = |x: T| c * x;
                $body
            }
            Unary::Offset(c) => {
                let $function = |x: T| x + c;
                $body
            }
            Unary::Exp => {
                let $function = |x: T| elementary::exp(x);
                $body
            }
            Unary::ExpM1 => {
                let $function = |x: T| elementary::exp_m1(x);
                $body
            }
            Unary::Ln => {
                let $function = |x: T| x.ln();
                $body
            }
            Unary::Ln1p => {
                let $function = |x: T| x.ln_1p();
                $body
            }
            Unary::Sin => {
                let $function = |x: T| x.sin();
                $body
            }
            Unary::Cos => {
                let $function = |x: T| x.cos();
                $body
            }
            Unary::Tan => {
                let $function = |x: T| x.tan();
                $body
            }
            Unary::Atan => {
                let $function = |x: T| x.atan();
                $body
            }
            Unary::Sinh => {
                let $function = |x: T| x.sinh();
                $body
            }
            Unary::Cosh => {
                let $function = |x: T| x.cosh();
                $body
            }
            Unary::Tanh => {
                let $function = |x: T| elementary::tanh(x);
                $body
            }
            Unary::Sigmoid => {
                let $function = |x: T| elementary::sigmoid(x);
                $body
            }
            Unary::Softplus => {
                let $function = |x: T| x.max(T::zero()) + elementary::exp(-x.abs()).ln_1p();
                $body
            }
            Unary::Erf => {
                let $function = |x: T| x.erf();
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
            Unary::Powi(n) => {
                let $function = |x: T| x.powi(n);
                $body
            }
            Unary::Powf(c) => {
                let $function = |x: T| x.powf(c);
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

pub(crate) fn unary_value<T: Scalar>(function: Unary<T>, x: T) -> T {
    with_unary!(function, f => f(x))
}

pub(crate) fn binary_value<T: Scalar>(function: Binary, x: T, y: T) -> T {
    with_binary!(function, f => f(x, y))
}

pub(crate) fn unary<T: Scalar>(function: Unary<T>, x: &[T], out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || with_unary!(function, f => out.iter_mut().zip(x).for_each(|(out, &x)| *out = f(x))),
    );
}

pub(crate) fn unary_in_place<T: Scalar>(function: Unary<T>, out: &mut [T]) {
    vectorized(
        #[inline(always)]
        || with_unary!(function, f => out.iter_mut().for_each(|out| *out = f(*out))),
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
