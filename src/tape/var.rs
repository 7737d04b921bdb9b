//! Values on a tape, and what can be done with them.

use std::fmt;
use std::ops::Range;

use super::build::Builder;
use super::op::{Binary, Op, Unary, Value, permutes, product_shape};
use super::record::Tape;
use super::shape::{Axes, MAX_AXES, Shape};
use crate::scalar::Scalar;

/// A value on a tape: a handle to copy freely.
#[derive(Clone, Copy)]
pub struct Var<'t, T> {
    pub(super) tape: &'t Tape<T>,
    pub(super) value: Value,
}

impl<T: Scalar> fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Var({:?} {})", self.value, self.shape())
    }
}

/// Methods that are a function of each element.
macro_rules! elementwise {
    ($($(#[$doc:meta])* $name:ident => $function:expr;)*) => {
        impl<'t, T: Scalar> Var<'t, T> {$(
            $(#[$doc])*
            pub fn $name(self) -> Self {
                self.unary($function)
            }
        )*}
    };
}

elementwise! {
    /// e^x
    exp => Unary::Exp;
    /// e^x - 1, accurate near 0
    exp_m1 => Unary::ExpM1;
    /// natural logarithm
    ln => Unary::Ln;
    /// ln(1 + x), accurate near 0
    ln_1p => Unary::Ln1p;
    /// sine
    sin => Unary::Sin;
    /// cosine
    cos => Unary::Cos;
    /// tangent
    tan => Unary::Tan;
    /// inverse tangent
    atan => Unary::Atan;
    /// hyperbolic sine
    sinh => Unary::Sinh;
    /// hyperbolic cosine
    cosh => Unary::Cosh;
    /// hyperbolic tangent
    tanh => Unary::Tanh;
    /// 1 / (1 + e^-x)
    sigmoid => Unary::Sigmoid;
    /// ln(1 + e^x), without overflow
    softplus => Unary::Softplus;
    /// error function
    erf => Unary::Erf;
    /// square root
    sqrt => Unary::Sqrt;
    /// 1 / x
    recip => Unary::Recip;
    /// |x|; derivative 0 at 0
    abs => Unary::Abs;
    /// -1, 0 or 1; derivative 0 everywhere
    sign => Unary::Sign;
    /// 1 where x > 0, else 0; derivative 0 everywhere
    step => Unary::Step;
    /// max(x, 0); derivative 0 at 0
    relu => Unary::Relu;
}

impl<'t, T: Scalar> Var<'t, T> {
    /// The shape of the value.
    pub fn shape(self) -> Shape {
        self.tape.builder.borrow().shape(self.value)
    }

    /// x^n for a whole n.
    pub fn powi(self, exponent: i32) -> Self {
        match exponent {
            // x x is exact where a power routine rounds more than once.
            2 => self * self,
            _ => self.unary(Unary::Powi(exponent)),
        }
    }

    /// x^c; NaN for x < 0 unless c is a whole number.
    pub fn powf(self, exponent: T) -> Self {
        self.unary(Unary::Powf(exponent))
    }

    /// x / (1 + e^-x), also called swish (Elfwing, Uchibe, Doya 2018, arXiv:1702.03118).
    pub fn silu(self) -> Self {
        self * self.sigmoid()
    }

    /// x (1 + erf(x / sqrt 2)) / 2 (Hendrycks & Gimpel 2016, arXiv:1606.08415).
    pub fn gelu(self) -> Self {
        (self * ((self * T::FRAC_1_SQRT_2()).erf() + T::one())) * T::of(0.5)
    }

    /// The approximation x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 of [`Var::gelu`], from the same paper.
    pub fn gelu_tanh(self) -> Self {
        let inner = (self + self * self * self * T::of(0.044715)) * T::of(std::f64::consts::FRAC_2_PI.sqrt());
        (self * (inner.tanh() + T::one())) * T::of(0.5)
    }

    /// The sum of all elements.
    pub fn sum(self) -> Self {
        let axes = Axes::all(self.shape());
        self.make(|builder| builder.sum(self.value, axes))
    }

    /// The mean of all elements.
    pub fn mean(self) -> Self {
        self.sum() * T::of(1.0 / self.shape().size() as f64)
    }

    /// The sum over some axes, which disappear.
    #[track_caller]
    pub fn sum_axes(self, axes: &[usize]) -> Self {
        let shape = self.shape();
        if axes.iter().any(|&axis| axis >= shape.axes()) {
            return self.fail("sum_axes", axes, "each axis must be one of the value's");
        }
        self.make(|builder| builder.sum(self.value, Axes::of(axes.iter().copied())))
    }

    /// ln sum exp over the last axis, which disappears; never overflows.
    #[track_caller]
    pub fn log_sum_exp(self) -> Self {
        let shape = self.shape();
        match shape.extents().last() {
            None | Some(0) => self.fail("log_sum_exp", &[1], "the last axis must hold at least one element"),
            Some(_) => {
                let axes = Axes::of([shape.axes() - 1]);
                self.make(|builder| builder.push(Op::LogSumExp(self.value), shape.without(axes)))
            }
        }
    }

    /// x - ln sum exp(x) along the last axis; never overflows, and as accurate for large x as for small.
    #[track_caller]
    pub fn log_softmax(self) -> Self {
        self.along_last("log_softmax", Op::LogSoftmax(self.value))
    }

    /// exp(x) / sum exp(x) along the last axis; never overflows.
    #[track_caller]
    pub fn softmax(self) -> Self {
        self.along_last("softmax", Op::Softmax(self.value))
    }

    /// The inner product of two values of one shape: the sum of their elementwise product.
    #[track_caller]
    pub fn dot(self, other: Self) -> Self {
        if !self.tape.expect_own(std::iter::once(&other), "dot") {
            return self;
        }
        if self.shape() != other.shape() {
            return self.fail("dot", other.shape().extents(), "both shapes must be equal");
        }
        (self * other).sum()
    }

    /// The matrix product. A vector on the right is a column, on the left a row, and gives a vector.
    #[track_caller]
    pub fn matmul(self, right: Self) -> Self {
        self.product(false, right, false)
    }

    /// The matrix product with the transpose of `right`, which is not formed.
    #[track_caller]
    pub fn matmul_transposed(self, right: Self) -> Self {
        self.product(false, right, true)
    }

    /// The transpose of a matrix.
    #[track_caller]
    pub fn t(self) -> Self {
        if self.shape().axes() != 2 {
            return self.fail("t", &[], "only a matrix has a transpose: use permute");
        }
        self.permute(&[1, 0])
    }

    /// The value with its axes in another order: axis i of the result is axis `order[i]` of this value.
    #[track_caller]
    pub fn permute(self, order: &[usize]) -> Self {
        let axes = self.shape().axes();
        let mut compact = [0; MAX_AXES];
        compact.iter_mut().zip(order).for_each(|(place, &axis)| *place = axis.min(MAX_AXES) as u8);
        if order.len() != axes || order.iter().any(|&axis| axis >= axes) || !permutes(&compact, axes) {
            return self.fail("permute", order, "the order must name each axis once");
        }
        self.make(|builder| builder.permute(self.value, compact))
    }

    /// The same elements in the same order under another shape.
    #[track_caller]
    pub fn reshape(self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        if shape.size() != self.shape().size() {
            return self.fail("reshape", shape.extents(), "both shapes must have as many elements");
        }
        self.make(|builder| builder.reshape(self.value, shape))
    }

    /// Copies along new or single axes, aligned at the last axis, as arithmetic does by itself.
    #[track_caller]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        match self.shape().broadcast(&shape) {
            Some(common) if common == shape => self.expand(shape),
            _ => {
                self.fail("broadcast_to", shape.extents(), "each extent must agree, aligned at the last axis, or be 1")
            }
        }
    }

    /// A contiguous range along one axis.
    #[track_caller]
    pub fn slice(self, axis: usize, range: Range<usize>) -> Self {
        let shape = self.shape();
        if axis >= shape.axes() || range.start > range.end || range.end > shape.extents()[axis] {
            return self.fail("slice", &[axis, range.start, range.end], "axis and range must lie within the shape");
        }
        let result = shape.resized(axis, range.len());
        self.make(|builder| builder.push(Op::Slice { of: self.value, axis, start: range.start }, result))
    }

    /// The element of a vector at a position, as a scalar.
    #[track_caller]
    pub fn at(self, position: usize) -> Self {
        if self.shape().axes() != 1 || position >= self.shape().size() {
            return self.fail("at", &[position], "the value must be a vector with an element at that position");
        }
        self.slice(0, position..position + 1).reshape([])
    }

    /// Zeros around the value along one axis: `before` in front, `after` behind.
    #[track_caller]
    pub fn pad(self, axis: usize, before: usize, after: usize) -> Self {
        let shape = self.shape();
        if axis >= shape.axes() {
            return self.fail("pad", &[axis, before, after], "the axis must be one of the value's");
        }
        let result = shape.resized(axis, before.saturating_add(shape.extents()[axis]).saturating_add(after));
        self.make(|builder| builder.push(Op::Pad { of: self.value, axis, start: before }, result))
    }

    #[track_caller]
    fn along_last(self, name: &'static str, op: Op<T>) -> Self {
        let shape = self.shape();
        match shape.extents().last() {
            None | Some(0) => self.fail(name, &[1], "the last axis must hold at least one element"),
            Some(_) => self.make(|builder| builder.push(op, shape)),
        }
    }

    /// The same number everywhere, in the shape of this value.
    pub(super) fn filled(self, number: T) -> Self {
        let shape = self.shape();
        self.make(|builder| builder.fill(shape, number))
    }

    pub(super) fn unary(self, function: Unary<T>) -> Self {
        self.make(|builder| builder.unary(function, self.value))
    }

    #[track_caller]
    pub(super) fn binary(self, name: &'static str, function: Binary, right: Self) -> Self {
        if !self.tape.expect_own(std::iter::once(&right), name) {
            return self;
        }
        let (left_shape, right_shape) = (self.shape(), right.shape());
        let Some(shape) = left_shape.broadcast(&right_shape) else {
            let rule = "extents must agree, aligned at the last axis, or be 1";
            return self.fail(name, right_shape.extents(), rule);
        };
        let (left, right) = (self.expand(shape), right.expand(shape));
        self.make(|builder| builder.binary(function, left.value, right.value))
    }

    /// Broadcasts to a shape that this one is known to broadcast to.
    fn expand(self, shape: Shape) -> Self {
        let own = self.shape();
        let front = shape.axes() - own.axes();
        let copied = (0..shape.axes())
            .filter(|&axis| axis < front || own.extents()[axis - front] == 1 && shape.extents()[axis] != 1);
        let copied = Axes::of(copied);
        if copied.is_empty() {
            return self;
        }
        self.make(|builder| {
            let compact = builder.reshape(self.value, shape.without(copied));
            builder.broadcast(compact, copied, shape)
        })
    }

    #[track_caller]
    fn product(self, transpose_left: bool, right: Self, transpose_right: bool) -> Self {
        if !self.tape.expect_own(std::iter::once(&right), "matmul") {
            return self;
        }
        let (left_shape, right_shape) = (self.shape(), right.shape());
        let as_row = |var: Self| var.reshape([1, var.shape().size()]);
        let as_column = |var: Self| var.reshape([var.shape().size(), 1]);
        let left = if left_shape.axes() == 1 { as_row(self) } else { self };
        let right_matrix = match (right_shape.axes(), transpose_right) {
            (1, false) => as_column(right),
            (1, true) => as_row(right),
            _ => right,
        };
        let shape = product_shape(left.shape(), transpose_left, right_matrix.shape(), transpose_right);
        let Some(shape) = shape else {
            let rule = if transpose_right {
                "both must be matrices or vectors and have as many columns"
            } else {
                "both must be matrices or vectors, and the left's columns as many as the right's rows"
            };
            return self.fail("matmul", right_shape.extents(), rule);
        };
        let (left, right) = (left.value, right_matrix.value);
        let op = Op::MatMul { left, transpose_left, right, transpose_right };
        let product = self.make(|builder| builder.push(op, shape));
        match (left_shape.axes(), right_shape.axes()) {
            (2, 2) => product,
            (1, 1) => product.reshape([]),
            _ => product.reshape([shape.size()]),
        }
    }

    #[track_caller]
    fn make(self, write: impl FnOnce(&mut Builder<T>) -> Value) -> Self {
        let value = write(&mut self.tape.builder.borrow_mut());
        let made = Var { value, ..self };
        self.tape.expect_countable(made.shape());
        made
    }

    /// Leaves the tape with an error and goes on with this value.
    #[track_caller]
    fn fail(self, operation: &'static str, right: &[usize], rule: &'static str) -> Self {
        self.tape.fail(operation, self.shape().extents(), right, rule);
        self
    }
}
