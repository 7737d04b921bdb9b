//! `+`, `-`, `*`, `/` and negation on [`Var`], between values and with numbers on either side.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::function::{Binary, Unary};
use super::var::Var;
use crate::scalar::Scalar;

macro_rules! between_values {
    ($($trait:ident $method:ident $name:literal $function:expr;)*) => {$(
        impl<'t, T: Scalar> $trait for Var<'t, T> {
            type Output = Var<'t, T>;
            #[track_caller]
            fn $method(self, right: Self) -> Self {
                self.binary($name, $function, right)
            }
        }
    )*};
}

between_values! {
    Add add "add" Binary::Add;
    Sub sub "subtract" Binary::Subtract;
    Mul mul "multiply" Binary::Multiply;
    Div div "divide" Binary::Divide;
}

macro_rules! with_number_right {
    ($($trait:ident $method:ident |$number:ident| $function:expr;)*) => {$(
        impl<'t, T: Scalar> $trait<T> for Var<'t, T> {
            type Output = Var<'t, T>;
            fn $method(self, $number: T) -> Self {
                self.unary($function)
            }
        }
    )*};
}

with_number_right! {
    Add add |number| Unary::Offset(number);
    Sub sub |number| Unary::Offset(-number);
    Mul mul |number| Unary::Scale(number);
}

/// x / c is recorded as x times 1 / c, rounded twice, unless 1 / c is no normal number.
impl<'t, T: Scalar> Div<T> for Var<'t, T> {
    type Output = Var<'t, T>;
    fn div(self, number: T) -> Self {
        let inverse = number.recip();
        if inverse.is_normal() { self.unary(Unary::Scale(inverse)) } else { self / self.filled(number) }
    }
}

impl<'t, T: Scalar> Neg for Var<'t, T> {
    type Output = Var<'t, T>;
    fn neg(self) -> Self {
        self.unary(Unary::Scale(-T::one()))
    }
}

// A number on the left needs an implementation for each number: no type outside of this crate may be generic there.
macro_rules! with_number_left {
    ($($number:ty)*) => {$(
        impl<'t> Add<Var<'t, $number>> for $number {
            type Output = Var<'t, $number>;
            fn add(self, right: Var<'t, $number>) -> Var<'t, $number> {
                right + self
            }
        }
        impl<'t> Sub<Var<'t, $number>> for $number {
            type Output = Var<'t, $number>;
            fn sub(self, right: Var<'t, $number>) -> Var<'t, $number> {
                -right + self
            }
        }
        impl<'t> Mul<Var<'t, $number>> for $number {
            type Output = Var<'t, $number>;
            fn mul(self, right: Var<'t, $number>) -> Var<'t, $number> {
                right * self
            }
        }
        impl<'t> Div<Var<'t, $number>> for $number {
            type Output = Var<'t, $number>;
            fn div(self, right: Var<'t, $number>) -> Var<'t, $number> {
                right.filled(self) / right
            }
        }
    )*};
}
with_number_left!(f32 f64);
