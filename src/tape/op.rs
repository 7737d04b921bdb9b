//! The instruction set of programs.

use std::fmt;

use super::function::{Binary, Unary};
use super::shape::{Axes, MAX_AXES};
use super::window::{Part, Window};

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
    /// `then` where the condition is not 0, `otherwise` elsewhere.
    Select {
        /// The condition.
        condition: Value,
        /// What is taken where it holds.
        then: Value,
        /// What is taken where it does not.
        otherwise: Value,
    },
    /// The matrix products of stacks of matrices, each transposed or not: the last two axes are the matrices', those
    /// before are alike.
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
    /// The solution X of A X = B for stacks of matrices, by elimination with pivots; not finite if A is singular.
    Solve {
        /// A, square.
        matrix: Value,
        /// Whether its transpose is taken.
        transpose: bool,
        /// B.
        right: Value,
    },
    /// ln det of symmetric positive definite matrices, the last two axes, by Cholesky's factorization of their lower
    /// triangles; NaN for other matrices.
    LogDeterminant(Value),
    /// A part of the form sum y conv(x, w), linear in each of three arrays: two are given.
    Convolution {
        /// Which part.
        part: Part,
        /// The left operand.
        left: Value,
        /// The right operand.
        right: Value,
        /// Stride and padding.
        window: Window,
    },
    /// Sums over the windows of the last two axes.
    WindowSum(Value, Window),
    /// The transpose of the sums over windows: each element to all places of its window.
    WindowSpread(Value, Window),
    /// ln sum exp over the last axis, which disappears; never overflows.
    LogSumExp(Value),
    /// exp(x) / sum exp(x) over the last axis.
    Softmax(Value),
    /// x - ln sum exp(x) over the last axis, accurate however large x is.
    LogSoftmax(Value),
    /// The sum over the axes in the set, which disappear.
    Sum(Value, Axes),
    /// The largest element along the axes in the set, which disappear; NaN if there is one.
    Max(Value, Axes),
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
    /// The positions along one axis that a table of the program lists, in its order.
    Gather {
        /// The operand.
        of: Value,
        /// The axis.
        axis: usize,
        /// The number of the table.
        table: usize,
    },
    /// Each position along one axis added to the position that a table of the program lists for it.
    Scatter {
        /// The operand.
        of: Value,
        /// The axis.
        axis: usize,
        /// The number of the table.
        table: usize,
    },
    /// Two values one behind the other along one axis.
    Concatenate {
        /// The first.
        left: Value,
        /// The second.
        right: Value,
        /// The axis.
        axis: usize,
    },
}

impl<T> Op<T> {
    /// The operands, in order.
    pub(crate) fn operands(&self) -> impl Iterator<Item = Value> + use<T> {
        let operands = match *self {
            Op::Argument { .. } | Op::Constant(_) | Op::Fill(_) => [None, None, None],
            Op::Unary(_, x)
            | Op::LogDeterminant(x)
            | Op::WindowSum(x, _)
            | Op::WindowSpread(x, _)
            | Op::LogSumExp(x)
            | Op::Softmax(x)
            | Op::LogSoftmax(x)
            | Op::Sum(x, _)
            | Op::Max(x, _)
            | Op::Broadcast(x, _)
            | Op::Reshape(x)
            | Op::Permute(x, _)
            | Op::Slice { of: x, .. }
            | Op::Pad { of: x, .. }
            | Op::Gather { of: x, .. }
            | Op::Scatter { of: x, .. } => [Some(x), None, None],
            Op::Binary(_, x, y)
            | Op::MatMul { left: x, right: y, .. }
            | Op::Solve { matrix: x, right: y, .. }
            | Op::Convolution { left: x, right: y, .. }
            | Op::Concatenate { left: x, right: y, .. } => [Some(x), Some(y), None],
            Op::Select { condition, then, otherwise } => [Some(condition), Some(then), Some(otherwise)],
        };
        operands.into_iter().flatten()
    }

    /// The same instruction on other operands, with constants of another type, in a program with other tables.
    pub(crate) fn map<U>(
        self,
        mut value: impl FnMut(Value) -> Value,
        mut constant: impl FnMut(T) -> U,
        table: impl FnOnce(usize) -> usize,
    ) -> Op<U> {
        match self {
            Op::Argument { argument, block } => Op::Argument { argument, block },
            Op::Constant(index) => Op::Constant(index),
            Op::Fill(c) => Op::Fill(constant(c)),
            Op::Unary(function, x) => Op::Unary(function.map(constant), value(x)),
            Op::Binary(function, x, y) => Op::Binary(function, value(x), value(y)),
            Op::Select { condition, then, otherwise } => {
                Op::Select { condition: value(condition), then: value(then), otherwise: value(otherwise) }
            }
            Op::MatMul { left, transpose_left, right, transpose_right } => {
                Op::MatMul { left: value(left), transpose_left, right: value(right), transpose_right }
            }
            Op::Solve { matrix, transpose, right } => {
                Op::Solve { matrix: value(matrix), transpose, right: value(right) }
            }
            Op::LogDeterminant(x) => Op::LogDeterminant(value(x)),
            Op::Convolution { part, left, right, window } => {
                Op::Convolution { part, left: value(left), right: value(right), window }
            }
            Op::WindowSum(x, window) => Op::WindowSum(value(x), window),
            Op::WindowSpread(x, window) => Op::WindowSpread(value(x), window),
            Op::LogSumExp(x) => Op::LogSumExp(value(x)),
            Op::Softmax(x) => Op::Softmax(value(x)),
            Op::LogSoftmax(x) => Op::LogSoftmax(value(x)),
            Op::Sum(x, axes) => Op::Sum(value(x), axes),
            Op::Max(x, axes) => Op::Max(value(x), axes),
            Op::Broadcast(x, axes) => Op::Broadcast(value(x), axes),
            Op::Reshape(x) => Op::Reshape(value(x)),
            Op::Permute(x, order) => Op::Permute(value(x), order),
            Op::Slice { of, axis, start } => Op::Slice { of: value(of), axis, start },
            Op::Pad { of, axis, start } => Op::Pad { of: value(of), axis, start },
            Op::Gather { of, axis, table: number } => Op::Gather { of: value(of), axis, table: table(number) },
            Op::Scatter { of, axis, table: number } => Op::Scatter { of: value(of), axis, table: table(number) },
            Op::Concatenate { left, right, axis } => Op::Concatenate { left: value(left), right: value(right), axis },
        }
    }
}
