//! Elementary functions without branches or tables, so that loops over them become SIMD code.
//!
//! Each is a few polynomials and selections, marked to be inlined; [`vectorized`] runs loops over them with the widest
//! vector instructions that the machine has. Results do not depend on how wide they are: there is no reassociation,
//! and a multiplication with addition rounds once everywhere.
//!
//! Bounds on the error in units in the last place, over the whole range, tested against tables and sweeps; in
//! parentheses the largest error met there:
//!
//! | function | f64 | f32 |
//! | --- | --- | --- |
//! | [`exp`] | 2 (0.80) | 2 (0.94) |
//! | [`exp_m1`] | 2 (1.21) | 2 (1.56) |
//! | [`ln`] | 2 (0.59) | 2 (0.76) |
//! | [`ln_1p`] | 2 (0.66) | 2 (1.43) |
//! | [`sin`] | 2 (0.93) | 2 (1.39) |
//! | [`cos`] | 2 (0.95) | 2 (1.39) |
//! | [`tan`] | 4 (1.86) | 4 (2.62) |
//! | [`atan`] | 2 (1.46) | 2 (1.44) |
//! | [`sinh`] | 4 (1.54) | 4 (2.03) |
//! | [`cosh`] | 4 (0.95) | 4 (1.59) |
//! | [`tanh`] | 4 (1.22) | 4 (2.29) |
//! | [`sigmoid`] | 4 (1.21) | 4 (2.00) |
//! | [`softplus`] | 4 (1.20) | 4 (2.34) |
//! | [`erf`] | 2 (0.60) | 2 (1.03) |
//! | [`powf`] | 4 (0.93) | 4 (0.50) |
//! | [`powi`], [`powi_by_squaring`] | 4 (1.10) | 4 (1.46) |
//!
//! Subnormal results of exponentials and powers may be rounded twice, which the bounds include.
//! Zeros, infinities and NaN give what they give in the standard library.

mod error_function;
mod exponential;
mod hyperbolic;
mod logarithm;
mod power;
mod trigonometric;

pub(crate) use error_function::erf;
pub(crate) use exponential::{exp, exp_m1};
pub(crate) use hyperbolic::{cosh, sigmoid, sinh, softplus, tanh};
pub(crate) use logarithm::{ln, ln_1p};
pub(crate) use power::{is_small, powf, powi, powi_by_squaring};
pub(crate) use trigonometric::{atan, cos, cos_within, sin, sin_within, tan, tan_within, within};

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

/// The closure itself, which may carry an attribute where it is an argument.
#[inline(always)]
pub(crate) fn inlined<F>(function: F) -> F {
    function
}

/// Whether the type is `f32`: known when compiling, and so is which polynomial is evaluated.
#[inline(always)]
const fn is_single<T: Scalar>() -> bool {
    size_of::<T>() == 4
}

/// The sum of `coefficients[k]` x^k.
#[inline(always)]
fn polynomial<T: Scalar, const N: usize>(x: T, coefficients: &[f64; N]) -> T {
    // Even and odd powers apart: two chains of half the length, which the processor works on at the same time.
    let square = x * x;
    let mut k = N - 1;
    let (mut same, mut other) = (T::of(coefficients[k]), T::of(coefficients[k - 1]));
    while k > 1 {
        k -= 2;
        same = same.mul_add(square, T::of(coefficients[k]));
        if k > 0 {
            other = other.mul_add(square, T::of(coefficients[k - 1]));
        }
    }
    // The loop ends with the chain of `coefficients[0]`: `same` if N is odd, else `other`.
    if N % 2 == 1 { other.mul_add(x, same) } else { same.mul_add(x, other) }
}
