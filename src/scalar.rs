//! The two numbers that everything is generic over: [`f32`] and [`f64`].
//!
//! [`Scalar`] is sealed. The kernels behind it (matrix products, symmetric eigenproblems, tolerances) exist for these
//! two types and no others, and a promise that a law holds "for every scalar" is only worth something if every scalar
//! is tested: each public law of this crate is, in both.

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

impl Scalar for f32 {
    const EPSILON: Self = f32::EPSILON;
    const NAME: &'static str = "f32";

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
