//! Comparisons and choices: methods of [`Var`].
//!
//! Conditions are numbers, 1 where they hold and 0 where they do not, and have derivative 0. One convention holds for
//! derivatives at ties in the whole tape: operands that tie share the derivative equally, and a constant that ties takes
//! it all.

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
        other.binary("less", Binary::Greater, self)
    }

    /// 1 where this value is at most the other, else 0.
    #[track_caller]
    pub fn at_most(self, other: Self) -> Self {
        other.binary("at_most", Binary::AtLeast, self)
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
    pub fn select(self, then: Self, otherwise: Self) -> Self {
        if !self.tape.expect_own([then, otherwise].iter(), "select") {
            return self;
        }
        let common = then.shape().broadcast(&otherwise.shape()).and_then(|shape| self.shape().broadcast(&shape));
        let Some(shape) = common else {
            let rule = "extents of condition and both choices must agree, aligned at the last axis, or be 1";
            return then.fail("select", otherwise.shape().extents(), rule);
        };
        let [condition, then, otherwise] = [self, then, otherwise].map(|var| var.expand(shape).value);
        self.make(|builder| builder.select(condition, then, otherwise))
    }
}
