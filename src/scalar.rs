//! The two numbers that everything is generic over: [`f32`] and [`f64`].
//!
//! [`Scalar`] is sealed. The kernels behind it (matrix products, symmetric eigenproblems, tolerances) exist for these
//! two types and no others, and a promise that a law holds "for every scalar" is only worth something if every scalar
//! is tested: each public law of this crate is, in both.

#[cfg(optimized)]
use std::any::Any;
use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;

use num_traits::{Float, FloatConst, NumAssign};

/// A real number: [`f32`] or [`f64`].
///
/// Tolerances throughout the crate are multiples of [`Scalar::EPSILON`], never bare numbers, so that the same code is
/// as strict as each precision permits.
pub trait Scalar:
    Float + FloatConst + NumAssign + Sum + Debug + Display + LowerExp + Default + Send + Sync + 'static + sealed::Sealed
{
    /// The distance from 1 to the next larger number: 2^-23 or 2^-52.
    const EPSILON: Self;
    /// The name of the type as it is written in Rust.
    const NAME: &'static str;

    /// Rounds an `f64` to this type.
    fn of(value: f64) -> Self;
    /// This number as an `f64`, exactly.
    fn f64(self) -> f64;
    /// ln 2 as a sum of two numbers, the first with enough trailing zero bits to be multiplied by an exponent exactly.
    #[doc(hidden)]
    const LN_2_PARTS: (Self, Self);
    /// Where the exponential is zero, and where it is infinite.
    #[doc(hidden)]
    const EXP_LIMITS: (Self, Self);
    /// 2^n for a whole number n within the range of exponents of normal numbers.
    #[doc(hidden)]
    fn exp2_whole(n: Self) -> Self;
    /// m and e with m 2^e = `self`, m between sqrt(1/2) and sqrt(2), and e whole, for a positive normal number.
    #[doc(hidden)]
    fn split(self) -> (Self, Self);
    /// pi / 2 as a sum of three numbers.
    #[doc(hidden)]
    const HALF_PI_PARTS: (Self, Self, Self);
    /// The lowest two bits, as truths: those of a whole number to which 1.5 / `EPSILON` was added.
    #[doc(hidden)]
    fn lowest_bits(self) -> (bool, bool);
    /// The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to `self`.
    fn erf(self) -> Self;
}

mod sealed {
    /// Seals [`super::Scalar`] and carries the one bound that lets `linalg` stay generic: this line and `linalg.rs`
    /// are the only places that name the linear algebra crate.
    pub trait Sealed: faer::traits::RealField {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A table of functions that are compiled once for each number, here, and not again in every crate that calls them.
///
/// Generic code is compiled where it is called, at that crate's level of optimisation: there it would cost minutes or, in a
/// debug build, run for them. So what is large and generic over the number alone is called through a table:
///
/// ```text
///     compiled_once! {
///         matmul: fn(&mut [T], &[T], &[T]) = matmul_body,
///     }
///     pub(crate) fn matmul<T: Scalar>(out: &mut [T], left: &[T], right: &[T]) {
///         (Compiled::matmul())(out, left, right)
///     }
/// ```
macro_rules! compiled_once {
    ($($name:ident: $type:ty = $body:expr,)*) => {
        #[cfg(optimized)]
        #[allow(clippy::type_complexity, reason = "an entry is a whole signature")]
        pub(super) struct Compiled<T: 'static> {
            $($name: $type,)*
        }

        #[cfg(not(optimized))]
        pub(super) struct Compiled<T>(std::marker::PhantomData<T>);

        #[allow(clippy::type_complexity, reason = "an entry is a whole signature")]
        impl<T: crate::scalar::Scalar> Compiled<T> {
            #[cfg(optimized)]
            const fn new() -> Self {
                Compiled { $($name: $body,)* }
            }

            #[cfg(optimized)]
            #[inline]
            fn get() -> &'static Self {
                static SINGLE: Compiled<f32> = Compiled::new();
                static DOUBLE: Compiled<f64> = Compiled::new();
                crate::scalar::either(&SINGLE, &DOUBLE)
            }

            $(
                #[inline]
                pub(super) fn $name() -> $type {
                    #[cfg(optimized)]
                    return Self::get().$name;
                    // Compiled with what calls it: see `build.rs`.
                    #[cfg(not(optimized))]
                    return $body;
                }
            )*
        }
    };
}

pub(crate) use compiled_once;

/// Whichever of two tables is of the type that is wanted.
#[cfg(optimized)]
#[inline]
pub(crate) fn either<Table: 'static>(single: &'static dyn Any, double: &'static dyn Any) -> &'static Table {
    single.downcast_ref().or_else(|| double.downcast_ref()).expect("a number is an f32 or an f64")
}

impl Scalar for f32 {
    const EPSILON: Self = f32::EPSILON;
    const NAME: &'static str = "f32";
    const LN_2_PARTS: (Self, Self) = (0.693_145_75, 1.428_606_8e-6);
    const EXP_LIMITS: (Self, Self) = (-104.0, 89.0);
    const HALF_PI_PARTS: (Self, Self, Self) = (std::f32::consts::FRAC_PI_2, -4.371_139e-8, -1.715_124_5e-15);

    #[inline(always)]
    fn exp2_whole(n: Self) -> Self {
        // Adding 1.5 * 2^23 leaves the whole number in the lowest bits.
        f32::from_bits((n + 12_583_039.0).to_bits() << 23)
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // In units of the exponent, relative to sqrt(1/2); the sum is 127 larger than it should be, as exponents are.
        const LEAST: u32 = 0x3f35_04f3;
        let bits = self.to_bits().wrapping_add(0x3f80_0000 - LEAST);
        let m = f32::from_bits((bits & 0x007f_ffff) + LEAST);
        // An integer in the lowest bits of 2^23 is a number without a conversion.
        (m, f32::from_bits(0x4b00_0000 | (bits >> 23)) - 8_388_735.0)
    }

    #[inline(always)]
    fn lowest_bits(self) -> (bool, bool) {
        (self.to_bits() & 1 != 0, self.to_bits() & 2 != 0)
    }

    #[inline]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline]
    fn f64(self) -> f64 {
        f64::from(self)
    }
    #[inline]
    fn erf(self) -> Self {
        libm::erff(self)
    }
}

impl Scalar for f64 {
    const EPSILON: Self = f64::EPSILON;
    const NAME: &'static str = "f64";
    const LN_2_PARTS: (Self, Self) = (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);
    const EXP_LIMITS: (Self, Self) = (-746.0, 710.0);
    const HALF_PI_PARTS: (Self, Self, Self) =
        (std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17, -1.497_384_904_859_169_8e-33);

    #[inline(always)]
    fn exp2_whole(n: Self) -> Self {
        // Adding 1.5 * 2^52 leaves the whole number in the lowest bits.
        f64::from_bits((n + 6_755_399_441_056_767.0).to_bits() << 52)
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // In units of the exponent, relative to sqrt(1/2); the sum is 1023 larger than it should be, as exponents are.
        const LEAST: u64 = 0x3fe6_a09e_667f_3bcd;
        let bits = self.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - LEAST);
        let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + LEAST);
        // An integer in the lowest bits of 2^52 is a number without a conversion.
        (m, f64::from_bits(0x4330_0000_0000_0000 | (bits >> 52)) - 4_503_599_627_371_519.0)
    }

    #[inline(always)]
    fn lowest_bits(self) -> (bool, bool) {
        (self.to_bits() & 1 != 0, self.to_bits() & 2 != 0)
    }

    #[inline]
    fn of(value: f64) -> Self {
        value
    }
    #[inline]
    fn f64(self) -> f64 {
        self
    }
    #[inline]
    fn erf(self) -> Self {
        libm::erf(self)
    }
}
