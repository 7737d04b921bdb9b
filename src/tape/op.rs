//! The instruction set of programs, and what shape each instruction gives.

use std::fmt;

use super::shape::{Axes, MAX_AXES, Shape};

/// A value of a program: the result of its instruction with this number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub(crate) u32);

impl Value {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

/// Functions of one number, applied to each element.
///
/// Derivatives at singular points: `Abs` and `Relu` have derivative 0 at 0, `Sign` and `Step` everywhere.
/// `Sqrt`, `Ln`, `Recip` and negative powers have infinite or undefined derivatives at 0, as the functions have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Unary<T> {
    /// c x
    Scale(T),
    /// x + c
    Offset(T),
    /// e^x
    Exp,
    /// e^x - 1, accurate near 0
    ExpM1,
    /// natural logarithm
    Ln,
    /// ln(1 + x), accurate near 0
    Ln1p,
    /// sine
    Sin,
    /// cosine
    Cos,
    /// tangent
    Tan,
    /// inverse tangent
    Atan,
    /// hyperbolic sine
    Sinh,
    /// hyperbolic cosine
    Cosh,
    /// hyperbolic tangent
    Tanh,
    /// 1 / (1 + e^-x)
    Sigmoid,
    /// ln(1 + e^x), without overflow
    Softplus,
    /// error function
    Erf,
    /// square root
    Sqrt,
    /// 1 / x
    Recip,
    /// x^n for a whole n
    Powi(i32),
    /// x^c; NaN for x < 0 unless c is a whole number
    Powf(T),
    /// |x|
    Abs,
    /// -1, 0 or 1
    Sign,
    /// 1 where x > 0, else 0
    Step,
    /// max(x, 0)
    Relu,
}

/// Functions of two numbers, applied element by element to values of one shape.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Binary {
    /// x + y
    Add,
    /// x - y
    Subtract,
    /// x y
    Multiply,
    /// x / y
    Divide,
}

/// One instruction of a [`Program`](super::Program). `T` is the type of the constants in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Op<T> {
    /// A block of an argument.
    Argument {
        /// The number of the argument.
        argument: usize,
        /// The number of the block in it.
        block: usize,
    },
    /// The array of constants with this number.
    Constant(usize),
    /// One number everywhere.
    Fill(T),
    /// A function of each element.
    Unary(Unary<T>, Value),
    /// A function of each pair of elements.
    Binary(Binary, Value, Value),
    /// The matrix product of two matrices, each transposed or not.
    MatMul {
        /// The left factor.
        left: Value,
        /// Whether its transpose is taken.
        transpose_left: bool,
        /// The right factor.
        right: Value,
        /// Whether its transpose is taken.
        transpose_right: bool,
    },
    /// ln sum exp over the last axis, which disappears; never overflows.
    LogSumExp(Value),
    /// exp(x) / sum exp(x) over the last axis.
    Softmax(Value),
    /// x - ln sum exp(x) over the last axis, accurate however large x is.
    LogSoftmax(Value),
    /// The sum over the axes in the set, which disappear.
    Sum(Value, Axes),
    /// Copies along new axes, which are those of the result in the set.
    Broadcast(Value, Axes),
    /// The same elements in the same order under another shape.
    Reshape(Value),
    /// Axes in another order: axis i of the result is axis `order[i]` of the operand.
    Permute(Value, [u8; MAX_AXES]),
    /// A contiguous range along one axis; its length is the result's extent.
    Slice {
        /// The operand.
        of: Value,
        /// The axis.
        axis: usize,
        /// The first position kept.
        start: usize,
    },
    /// Zeros around the operand along one axis; the inverse placement of a slice.
    Pad {
        /// The operand.
        of: Value,
        /// The axis.
        axis: usize,
        /// The position at which the operand starts.
        start: usize,
    },
}

impl<T> Op<T> {
    /// The operands, in order.
    pub(crate) fn operands(&self) -> impl Iterator<Item = Value> + use<T> {
        let (first, second) = match *self {
            Op::Argument { .. } | Op::Constant(_) | Op::Fill(_) => (None, None),
            Op::Unary(_, x)
            | Op::LogSumExp(x)
            | Op::Softmax(x)
            | Op::LogSoftmax(x)
            | Op::Sum(x, _)
            | Op::Broadcast(x, _)
            | Op::Reshape(x)
            | Op::Permute(x, _)
            | Op::Slice { of: x, .. }
            | Op::Pad { of: x, .. } => (Some(x), None),
            Op::Binary(_, x, y) | Op::MatMul { left: x, right: y, .. } => (Some(x), Some(y)),
        };
        first.into_iter().chain(second)
    }

    /// The same instruction on other operands and constants of another type.
    pub(crate) fn map<U>(self, mut value: impl FnMut(Value) -> Value, mut constant: impl FnMut(T) -> U) -> Op<U> {
        match self {
            Op::Argument { argument, block } => Op::Argument { argument, block },
            Op::Constant(index) => Op::Constant(index),
            Op::Fill(c) => Op::Fill(constant(c)),
            Op::Unary(function, x) => Op::Unary(function.map(constant), value(x)),
            Op::Binary(function, x, y) => Op::Binary(function, value(x), value(y)),
            Op::MatMul { left, transpose_left, right, transpose_right } => {
                Op::MatMul { left: value(left), transpose_left, right: value(right), transpose_right }
            }
            Op::LogSumExp(x) => Op::LogSumExp(value(x)),
            Op::Softmax(x) => Op::Softmax(value(x)),
            Op::LogSoftmax(x) => Op::LogSoftmax(value(x)),
            Op::Sum(x, axes) => Op::Sum(value(x), axes),
            Op::Broadcast(x, axes) => Op::Broadcast(value(x), axes),
            Op::Reshape(x) => Op::Reshape(value(x)),
            Op::Permute(x, order) => Op::Permute(value(x), order),
            Op::Slice { of, axis, start } => Op::Slice { of: value(of), axis, start },
            Op::Pad { of, axis, start } => Op::Pad { of: value(of), axis, start },
        }
    }
}

impl<T> Unary<T> {
    fn map<U>(self, mut constant: impl FnMut(T) -> U) -> Unary<U> {
        match self {
            Unary::Scale(c) => Unary::Scale(constant(c)),
            Unary::Offset(c) => Unary::Offset(constant(c)),
            Unary::Powf(c) => Unary::Powf(constant(c)),
            Unary::Exp => Unary::Exp,
            Unary::ExpM1 => Unary::ExpM1,
            Unary::Ln => Unary::Ln,
            Unary::Ln1p => Unary::Ln1p,
            Unary::Sin => Unary::Sin,
            Unary::Cos => Unary::Cos,
            Unary::Tan => Unary::Tan,
            Unary::Atan => Unary::Atan,
            Unary::Sinh => Unary::Sinh,
            Unary::Cosh => Unary::Cosh,
            Unary::Tanh => Unary::Tanh,
            Unary::Sigmoid => Unary::Sigmoid,
            Unary::Softplus => Unary::Softplus,
            Unary::Erf => Unary::Erf,
            Unary::Sqrt => Unary::Sqrt,
            Unary::Recip => Unary::Recip,
            Unary::Powi(n) => Unary::Powi(n),
            Unary::Abs => Unary::Abs,
            Unary::Sign => Unary::Sign,
            Unary::Step => Unary::Step,
            Unary::Relu => Unary::Relu,
        }
    }
}

/// The shape of a matrix product, or what must hold for there to be one.
pub(crate) fn product_shape(left: Shape, transpose_left: bool, right: Shape, transpose_right: bool) -> Option<Shape> {
    let (&[mut rows, mut inner], &[mut middle, mut cols]) = (left.extents(), right.extents()) else {
        return None;
    };
    if transpose_left {
        std::mem::swap(&mut rows, &mut inner);
    }
    if transpose_right {
        std::mem::swap(&mut middle, &mut cols);
    }
    (inner == middle).then(|| Shape::matrix(rows, cols))
}

/// Whether an instruction on operands of these shapes may have a result of that shape: the shape rule of each row.
pub(crate) fn shape_holds<T>(op: &Op<T>, result: Shape, shape: impl Fn(Value) -> Shape) -> bool {
    match *op {
        Op::Argument { .. } | Op::Constant(_) | Op::Fill(_) => true,
        Op::Unary(_, x) => shape(x) == result,
        Op::Binary(_, x, y) => shape(x) == result && shape(y) == result,
        Op::MatMul { left, transpose_left, right, transpose_right } => {
            product_shape(shape(left), transpose_left, shape(right), transpose_right) == Some(result)
        }
        Op::LogSumExp(x) => {
            let axes = shape(x).axes();
            axes > 0 && shape(x).extents()[axes - 1] > 0 && shape(x).without(Axes::of([axes - 1])) == result
        }
        Op::Softmax(x) | Op::LogSoftmax(x) => {
            shape(x) == result && result.extents().last().is_some_and(|&width| width > 0)
        }
        Op::Sum(x, axes) => shape(x).without(axes) == result,
        Op::Broadcast(x, axes) => result.without(axes) == shape(x),
        Op::Reshape(x) => shape(x).size() == result.size(),
        Op::Permute(x, order) => permutes(&order, shape(x).axes()) && shape(x).permuted(&order) == result,
        Op::Slice { of, axis, start } => slice_holds(shape(of), result, axis, start),
        Op::Pad { of, axis, start } => slice_holds(result, shape(of), axis, start),
    }
}

/// Whether `part` is what a slice from `start` along `axis` leaves of `whole`.
pub(crate) fn slice_holds(whole: Shape, part: Shape, axis: usize, start: usize) -> bool {
    axis < whole.axes()
        && part.axes() == whole.axes()
        && whole.resized(axis, part.extents()[axis]) == part
        && start + part.extents()[axis] <= whole.extents()[axis]
}

pub(crate) fn permutes(order: &[u8; MAX_AXES], axes: usize) -> bool {
    let seen = Axes::of(order[..axes].iter().map(|&axis| usize::from(axis)));
    seen.iter().eq(0..axes)
}
