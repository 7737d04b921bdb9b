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
//! | [`exp`] | 2 (0.80) | 2 (0.95) |
//! | [`exp_m1`] | 2 (1.21) | 2 (1.57) |
//! | [`ln`] | 2 (0.78) | 2 (0.73) |
//! | [`ln_1p`] | 2 (0.66) | 2 (1.34) |
//! | [`sin`] | 2 (0.93) | 2 (1.45) |
//! | [`cos`] | 2 (0.85) | 2 (1.39) |
//! | [`tan`] | 4 (2.38) | 4 (2.62) |
//! | [`atan`] | 2 (1.32) | 2 (1.20) |
//! | [`sinh`] | 4 (1.54) | 4 (1.91) |
//! | [`cosh`] | 4 (0.95) | 4 (1.59) |
//! | [`tanh`] | 4 (1.22) | 4 (2.29) |
//! | [`sigmoid`] | 4 (1.21) | 4 (2.00) |
//! | [`softplus`] | 4 (0.97) | 4 (1.51) |
//! | [`erf`] | 2 (0.60) | 2 (0.84) |
//! | [`powf`], [`powi`] | 4 (1.10) | 1 (0.50), powi with the exponent 3: 2 (1.28) |
//!
//! Subnormal results of [`exp`], and of powers in f64, are rounded twice: by half a unit of the smallest number more.
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
pub(crate) use power::{powf, powi};
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
    let mut k = N - 1;
    let mut sum = T::of(coefficients[k]);
    while k > 0 {
        k -= 1;
        sum = sum.mul_add(x, T::of(coefficients[k]));
    }
    sum
}
