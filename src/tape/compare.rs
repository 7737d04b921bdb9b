//! Comparisons and choices: methods of [`Var`].
//!
//! Conditions are numbers, 1 where they hold and 0 where they do not, and have derivative 0. One convention holds for
//! derivatives at ties in the whole tape: operands that tie share the derivative equally, values that happen to be
//! constant among them; a bound that is part of the function (0 in [`Var::relu`], both in [`Var::clamp`]) takes it all.

use super::function::Binary;
use super::var::Var;
use crate::scalar::Scalar;

/// Methods of two values that broadcast.
macro_rules! of_two_values {
    ($($(#[$doc:meta])* $name:ident $label:literal $function:expr;)*) => {
        impl<'t, T: Scalar> Var<'t, T> {$(
            $(#[$doc])*
            #[track_caller]
            pub fn $name(self, other: Self) -> Self {
                self.binary($label, $function, other)
            }
        )*}
    };
}

of_two_values! {
    /// The larger of two values, element by element; NaN if one is. Each has half of the derivative where they tie.
    maximum "maximum" Binary::Maximum;
    /// The smaller of two values, element by element; NaN if one is. Each has half of the derivative where they tie.
    minimum "minimum" Binary::Minimum;
    /// 1 where this value is larger than the other, else 0.
    greater "greater" Binary::Greater;
    /// 1 where this value is at least the other, else 0.
    at_least "at_least" Binary::AtLeast;
    /// 1 where both are equal, else 0.
    equals "equals" Binary::Equal;
}

impl<'t, T: Scalar> Var<'t, T> {
    /// 1 where this value is smaller than the other, else 0.
    #[track_caller]
    pub fn less(self, other: Self) -> Self {
        self.swapped("less", Binary::Greater, other)
    }

    /// 1 where this value is at most the other, else 0.
    #[track_caller]
    pub fn at_most(self, other: Self) -> Self {
        self.swapped("at_most", Binary::AtLeast, other)
    }

    /// The function of both in the other order; an error shows them in the order that they were written in.
    #[track_caller]
    fn swapped(self, name: &'static str, function: Binary, other: Self) -> Self {
        if !self.tape.expect_own(std::iter::once(&other), name) {
            return self;
        }
        match self.shape().broadcast(&other.shape()) {
            Some(_) => other.binary(name, function, self),
            None => self.binary(name, function, other),
        }
    }

    /// `then` where this value is not 0, `otherwise` where it is; all three broadcast.
    ///
    /// What is not chosen has no effect, on the value or its tangent, not even if it is NaN. In a gradient a zero still
    /// meets its slope, and 0 times infinity is NaN: keep the argument of a function away from where its slope is
    /// infinite, by a choice inside of it.
    ///
    /// ```
    /// use eigenscape::tape::{Program, Shape};
    ///
    /// // Huber's function: quadratic near 0, linear beyond 1.
    /// let huber = Program::<f64>::record([Shape::vector(3)], |[x]| {
    ///     let one = x * 0.0 + 1.0;
    ///     x.abs().less(one).select(x * x * 0.5, x.abs() - 0.5).sum()
    /// })?;
    /// assert_eq!(huber.gradient(0)?.evaluate(&[&[-3.0, 0.5, 2.0]]), [vec![2.5 + 0.125 + 1.5], vec![-1.0, 0.5, 1.0]]);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    #[track_caller]
    #[doc(alias = "where")]
    #[doc(alias = "cond")]
    pub fn select(self, then: Self, otherwise: Self) -> Self {
        if !self.tape.expect_own([then, otherwise].iter(), "select") {
            return self;
        }
        let Some(chosen) = then.shape().broadcast(&otherwise.shape()) else {
            let rule = "extents of both choices must agree, aligned at the last axis, or be 1";
            return then.fail("select", otherwise.shape().extents(), rule);
        };
        let Some(shape) = self.shape().broadcast(&chosen) else {
            let rule = "extents of condition (left) and choices (right) must agree, aligned at the last axis, or be 1";
            return self.fail("select", chosen.extents(), rule);
        };
        let [condition, then, otherwise] = [self, then, otherwise].map(|var| var.expand(shape).value);
        self.make(|builder| builder.select(condition, then, otherwise))
    }
}
