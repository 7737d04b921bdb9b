//! The instruction set of linear programs.
//!
//! There is no instruction here that is not linear in its tangent operand, so that transposition has a rule for each:
//! a non-linear case cannot be written down. The values of the original program that a linear one needs (its
//! *residuals*) are operands of another type and can never be mistaken for tangents.

use std::sync::Arc;

use super::rules::{concatenate_holds, gather_holds, product_shape, slice_holds, solve_holds};
use super::shape::{Axes, MAX_AXES, Shape};
use super::window::{Part, Window};
use crate::scalar::Scalar;

/// A tangent: the result of the linear instruction with this number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tangent(pub(crate) u32);

impl Tangent {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A residual: a value that the original program leaves for its linear part, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Residual(pub(crate) u32);

impl Residual {
    pub(crate) fn new(number: usize) -> Self {
        Residual(number as u32)
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// One instruction of a [`LinearProgram`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LinearOp<T> {
    /// A block of an argument.
    Argument {
        /// The number of the argument.
        argument: usize,
        /// The number of the block in it.
        block: usize,
    },
    /// Zero: the tangent of what does not depend on any argument.
    Zero,
    /// t + s
    Add(Tangent, Tangent),
    /// c t
    Scale(T, Tangent),
    /// t times a residual, element by element
    Multiply(Tangent, Residual),
    /// t where a condition holds (a residual that is not 0) or where it does not; zero elsewhere.
    Mask {
        /// The operand.
        of: Tangent,
        /// What decides.
        condition: Residual,
        /// Whether the operand is kept where the condition is not 0, or where it is.
        holds: bool,
    },
    /// The matrix product with a residual on the left.
    MatMulLeft {
        /// The left factor.
        left: Residual,
        /// Whether its transpose is taken.
        transpose_left: bool,
        /// The right factor.
        right: Tangent,
        /// Whether its transpose is taken.
        transpose_right: bool,
    },
    /// The matrix product with a residual on the right.
    MatMulRight {
        /// The left factor.
        left: Tangent,
        /// Whether its transpose is taken.
        transpose_left: bool,
        /// The right factor.
        right: Residual,
        /// Whether its transpose is taken.
        transpose_right: bool,
    },
    /// The solution X of A X = t.
    Solve {
        /// A, square.
        matrix: Residual,
        /// Whether its transpose is taken.
        transpose: bool,
        /// The right side.
        right: Tangent,
    },
    /// A part of sum y conv(x, w) with a residual on the left.
    ConvolutionLeft {
        /// Which part.
        part: Part,
        /// The left operand.
        left: Residual,
        /// The right operand.
        right: Tangent,
        /// Stride and padding.
        window: Window,
    },
    /// A part of sum y conv(x, w) with a residual on the right.
    ConvolutionRight {
        /// Which part.
        part: Part,
        /// The left operand.
        left: Tangent,
        /// The right operand.
        right: Residual,
        /// Stride and padding.
        window: Window,
    },
    /// Sums over the windows of the last two axes.
    WindowSum(Tangent, Window),
    /// Each element to all places of its window.
    WindowSpread(Tangent, Window),
    /// The sum over the axes in the set, which disappear.
    Sum(Tangent, Axes),
    /// Copies along the axes of the result in the set.
    Broadcast(Tangent, Axes),
    /// The same elements under another shape.
    Reshape(Tangent),
    /// Axes in another order.
    Permute(Tangent, [u8; MAX_AXES]),
    /// A contiguous range along one axis.
    Slice {
        /// The operand.
        of: Tangent,
        /// The axis.
        axis: usize,
        /// The first position kept.
        start: usize,
    },
    /// Zeros around the operand along one axis.
    Pad {
        /// The operand.
        of: Tangent,
        /// The axis.
        axis: usize,
        /// The position at which the operand starts.
        start: usize,
    },
    /// The positions along one axis that a table lists.
    Gather {
        /// The operand.
        of: Tangent,
        /// The axis.
        axis: usize,
        /// The number of the table.
        table: usize,
    },
    /// Each position along one axis added to the position that a table lists for it.
    Scatter {
        /// The operand.
        of: Tangent,
        /// The axis.
        axis: usize,
        /// The number of the table.
        table: usize,
    },
    /// Two values one behind the other along one axis.
    Concatenate {
        /// The first.
        left: Tangent,
        /// The second.
        right: Tangent,
        /// The axis.
        axis: usize,
    },
}

impl<T> LinearOp<T> {
    pub(crate) fn operands(&self) -> impl Iterator<Item = Tangent> + use<T> {
        let (first, second) = match *self {
            LinearOp::Argument { .. } | LinearOp::Zero => (None, None),
            LinearOp::Add(t, s) | LinearOp::Concatenate { left: t, right: s, .. } => (Some(t), Some(s)),
            LinearOp::Scale(_, t)
            | LinearOp::Multiply(t, _)
            | LinearOp::Mask { of: t, .. }
            | LinearOp::Solve { right: t, .. }
            | LinearOp::ConvolutionLeft { right: t, .. }
            | LinearOp::ConvolutionRight { left: t, .. }
            | LinearOp::WindowSum(t, _)
            | LinearOp::WindowSpread(t, _)
            | LinearOp::Gather { of: t, .. }
            | LinearOp::Scatter { of: t, .. }
            | LinearOp::MatMulLeft { right: t, .. }
            | LinearOp::MatMulRight { left: t, .. }
            | LinearOp::Sum(t, _)
            | LinearOp::Broadcast(t, _)
            | LinearOp::Reshape(t)
            | LinearOp::Permute(t, _)
            | LinearOp::Slice { of: t, .. }
            | LinearOp::Pad { of: t, .. } => (Some(t), None),
        };
        first.into_iter().chain(second)
    }

    pub(crate) fn residual(&self) -> Option<Residual> {
        match *self {
            LinearOp::Multiply(_, residual)
            | LinearOp::Mask { condition: residual, .. }
            | LinearOp::MatMulLeft { left: residual, .. }
            | LinearOp::MatMulRight { right: residual, .. }
            | LinearOp::Solve { matrix: residual, .. }
            | LinearOp::ConvolutionLeft { left: residual, .. }
            | LinearOp::ConvolutionRight { right: residual, .. } => Some(residual),
            _ => None,
        }
    }

    pub(crate) fn map<U>(
        self,
        mut tangent: impl FnMut(Tangent) -> Tangent,
        mut residual: impl FnMut(Residual) -> Residual,
        mut constant: impl FnMut(T) -> U,
        table: impl FnOnce(usize) -> usize,
    ) -> LinearOp<U> {
        match self {
            LinearOp::Argument { argument, block } => LinearOp::Argument { argument, block },
            LinearOp::Zero => LinearOp::Zero,
            LinearOp::Add(t, s) => LinearOp::Add(tangent(t), tangent(s)),
            LinearOp::Scale(c, t) => LinearOp::Scale(constant(c), tangent(t)),
            LinearOp::Multiply(t, r) => LinearOp::Multiply(tangent(t), residual(r)),
            LinearOp::MatMulLeft { left, transpose_left, right, transpose_right } => {
                LinearOp::MatMulLeft { left: residual(left), transpose_left, right: tangent(right), transpose_right }
            }
            LinearOp::MatMulRight { left, transpose_left, right, transpose_right } => {
                LinearOp::MatMulRight { left: tangent(left), transpose_left, right: residual(right), transpose_right }
            }
            LinearOp::Mask { of, condition, holds } => {
                LinearOp::Mask { of: tangent(of), condition: residual(condition), holds }
            }
            LinearOp::Solve { matrix, transpose, right } => {
                LinearOp::Solve { matrix: residual(matrix), transpose, right: tangent(right) }
            }
            LinearOp::ConvolutionLeft { part, left, right, window } => {
                LinearOp::ConvolutionLeft { part, left: residual(left), right: tangent(right), window }
            }
            LinearOp::ConvolutionRight { part, left, right, window } => {
                LinearOp::ConvolutionRight { part, left: tangent(left), right: residual(right), window }
            }
            LinearOp::WindowSum(t, window) => LinearOp::WindowSum(tangent(t), window),
            LinearOp::WindowSpread(t, window) => LinearOp::WindowSpread(tangent(t), window),
            LinearOp::Sum(t, axes) => LinearOp::Sum(tangent(t), axes),
            LinearOp::Broadcast(t, axes) => LinearOp::Broadcast(tangent(t), axes),
            LinearOp::Reshape(t) => LinearOp::Reshape(tangent(t)),
            LinearOp::Permute(t, order) => LinearOp::Permute(tangent(t), order),
            LinearOp::Slice { of, axis, start } => LinearOp::Slice { of: tangent(of), axis, start },
            LinearOp::Pad { of, axis, start } => LinearOp::Pad { of: tangent(of), axis, start },
            LinearOp::Gather { of, axis, table: number } => {
                LinearOp::Gather { of: tangent(of), axis, table: table(number) }
            }
            LinearOp::Scatter { of, axis, table: number } => {
                LinearOp::Scatter { of: tangent(of), axis, table: table(number) }
            }
            LinearOp::Concatenate { left, right, axis } => {
                LinearOp::Concatenate { left: tangent(left), right: tangent(right), axis }
            }
        }
    }
}

/// A linear map with residuals: instructions that are each linear in tangents, in an order of use.
///
/// Arguments and results are flat, in blocks, as those of a [`Program`](super::Program).
#[derive(Clone, Debug)]
pub struct LinearProgram<T> {
    pub(crate) nodes: Vec<LinearNode<T>>,
    pub(crate) residuals: Vec<Shape>,
    pub(crate) tables: Vec<Arc<[usize]>>,
    pub(crate) arguments: Vec<Vec<Shape>>,
    pub(crate) results: Vec<Vec<Tangent>>,
}

/// A linear instruction with the shape of its result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LinearNode<T> {
    pub(crate) op: LinearOp<T>,
    pub(crate) shape: Shape,
}

impl<T: Scalar> LinearProgram<T> {
    /// The number of instructions.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no instruction.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The shapes of the blocks of each argument.
    pub fn arguments(&self) -> &[Vec<Shape>] {
        &self.arguments
    }

    /// The shapes of the residuals.
    pub fn residuals(&self) -> &[Shape] {
        &self.residuals
    }

    pub(crate) fn shape(&self, tangent: Tangent) -> Shape {
        self.nodes[tangent.index()].shape
    }

    /// Panics, naming the instruction, unless each one uses earlier tangents and residuals of the right shapes.
    #[track_caller]
    pub(crate) fn check(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            assert!(node.op.operands().all(|t| t.index() < index), "linear %{index} {node:?} uses a later tangent");
            assert!(self.shape_holds(node), "linear %{index} {node:?} has operands of wrong shapes");
        }
        assert!(self.results.iter().flatten().all(|t| t.index() < self.nodes.len()), "a result has no tangent");
    }

    fn shape_holds(&self, node: &LinearNode<T>) -> bool {
        let shape = |tangent: Tangent| self.shape(tangent);
        let residual = |residual: Residual| self.residuals[residual.index()];
        let result = node.shape;
        match node.op {
            LinearOp::Argument { argument, block } => self.arguments[argument][block] == result,
            LinearOp::Zero => true,
            LinearOp::Add(t, s) => shape(t) == result && shape(s) == result,
            LinearOp::Scale(_, t) => shape(t) == result,
            LinearOp::Multiply(t, r) => shape(t) == result && residual(r) == result,
            LinearOp::MatMulLeft { left, transpose_left, right, transpose_right } => {
                product_shape(residual(left), transpose_left, shape(right), transpose_right) == Some(result)
            }
            LinearOp::MatMulRight { left, transpose_left, right, transpose_right } => {
                product_shape(shape(left), transpose_left, residual(right), transpose_right) == Some(result)
            }
            LinearOp::Mask { of, condition, .. } => shape(of) == result && residual(condition) == result,
            LinearOp::Solve { matrix, right, .. } => solve_holds(residual(matrix), shape(right), result),
            LinearOp::ConvolutionLeft { part, left, right, window } => {
                window.convolution_holds(part, residual(left), shape(right), result)
            }
            LinearOp::ConvolutionRight { part, left, right, window } => {
                window.convolution_holds(part, shape(left), residual(right), result)
            }
            LinearOp::WindowSum(t, window) => window.sum_holds(shape(t), result),
            LinearOp::WindowSpread(t, window) => window.sum_holds(result, shape(t)),
            LinearOp::Sum(t, axes) => shape(t).without(axes) == result,
            LinearOp::Broadcast(t, axes) => result.without(axes) == shape(t),
            LinearOp::Reshape(t) => shape(t).size() == result.size(),
            LinearOp::Permute(t, order) => shape(t).permuted(&order) == result,
            LinearOp::Slice { of, axis, start } => slice_holds(shape(of), result, axis, start),
            LinearOp::Pad { of, axis, start } => slice_holds(result, shape(of), axis, start),
            LinearOp::Gather { of, axis, table } => gather_holds(shape(of), result, axis, &self.tables[table]),
            LinearOp::Scatter { of, axis, table } => gather_holds(result, shape(of), axis, &self.tables[table]),
            LinearOp::Concatenate { left, right, axis } => concatenate_holds(shape(left), shape(right), result, axis),
        }
    }
}
