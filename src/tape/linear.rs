//! The instruction set of linear programs.
//!
//! There is no instruction here that is not linear in its tangent operand, so that transposition has a rule for each:
//! a non-linear case cannot be written down. The values of the original program that a linear one needs (its
//! *residuals*) are operands of another type and can never be mistaken for tangents.

use std::collections::HashMap;

use super::op::{product_shape, slice_holds};
use super::shape::{Axes, MAX_AXES, Shape};
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
}

impl<T> LinearOp<T> {
    pub(crate) fn operands(&self) -> impl Iterator<Item = Tangent> + use<T> {
        let (first, second) = match *self {
            LinearOp::Argument { .. } | LinearOp::Zero => (None, None),
            LinearOp::Add(t, s) => (Some(t), Some(s)),
            LinearOp::Scale(_, t)
            | LinearOp::Multiply(t, _)
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
            | LinearOp::MatMulLeft { left: residual, .. }
            | LinearOp::MatMulRight { right: residual, .. } => Some(residual),
            _ => None,
        }
    }

    pub(crate) fn map<U>(
        self,
        mut tangent: impl FnMut(Tangent) -> Tangent,
        mut residual: impl FnMut(Residual) -> Residual,
        mut constant: impl FnMut(T) -> U,
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
            LinearOp::Sum(t, axes) => LinearOp::Sum(tangent(t), axes),
            LinearOp::Broadcast(t, axes) => LinearOp::Broadcast(tangent(t), axes),
            LinearOp::Reshape(t) => LinearOp::Reshape(tangent(t)),
            LinearOp::Permute(t, order) => LinearOp::Permute(tangent(t), order),
            LinearOp::Slice { of, axis, start } => LinearOp::Slice { of: tangent(of), axis, start },
            LinearOp::Pad { of, axis, start } => LinearOp::Pad { of: tangent(of), axis, start },
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
            LinearOp::Sum(t, axes) => shape(t).without(axes) == result,
            LinearOp::Broadcast(t, axes) => result.without(axes) == shape(t),
            LinearOp::Reshape(t) => shape(t).size() == result.size(),
            LinearOp::Permute(t, order) => shape(t).permuted(&order) == result,
            LinearOp::Slice { of, axis, start } => slice_holds(shape(of), result, axis, start),
            LinearOp::Pad { of, axis, start } => slice_holds(result, shape(of), axis, start),
        }
    }
}

/// A linear program in the making; simplifies and shares as the builder of programs does.
#[derive(Debug)]
pub(crate) struct LinearBuilder<T> {
    program: LinearProgram<T>,
    known: HashMap<(LinearOp<u64>, Shape), Tangent>,
}

impl<T: Scalar> LinearBuilder<T> {
    /// An empty linear program that may use residuals of these shapes.
    pub(crate) fn new(residuals: Vec<Shape>) -> Self {
        let program = LinearProgram { nodes: Vec::new(), residuals, arguments: Vec::new(), results: Vec::new() };
        LinearBuilder { program, known: HashMap::new() }
    }

    pub(crate) fn shape(&self, tangent: Tangent) -> Shape {
        self.program.shape(tangent)
    }

    /// Declares one more residual.
    pub(crate) fn residual(&mut self, shape: Shape) -> Residual {
        self.program.residuals.push(shape);
        Residual(self.program.residuals.len() as u32 - 1)
    }

    pub(crate) fn argument(&mut self, blocks: &[Shape]) -> Vec<Tangent> {
        let argument = self.program.arguments.len();
        self.program.arguments.push(blocks.to_vec());
        let block = |(block, &shape)| self.emit(LinearOp::Argument { argument, block }, shape);
        blocks.iter().enumerate().map(block).collect()
    }

    pub(crate) fn zero(&mut self, shape: Shape) -> Tangent {
        self.emit(LinearOp::Zero, shape)
    }

    pub(crate) fn add(&mut self, t: Tangent, s: Tangent) -> Tangent {
        let shape = self.shape(t);
        self.push(LinearOp::Add(t, s), shape)
    }

    /// Writes an instruction, simplified.
    pub(crate) fn push(&mut self, op: LinearOp<T>, shape: Shape) -> Tangent {
        if let LinearOp::Add(t, s) = op {
            return match (self.is_zero(t), self.is_zero(s)) {
                (_, true) => t,
                (true, _) => s,
                _ => self.emit(LinearOp::Add(t.min(s), t.max(s)), shape),
            };
        }
        if op.operands().any(|t| self.is_zero(t)) {
            return self.zero(shape);
        }
        match op {
            LinearOp::Scale(c, t) if c == T::one() => t,
            LinearOp::Scale(c, t) => match self.program.nodes[t.index()].op {
                LinearOp::Scale(d, s) if (c * d).is_normal() => self.push(LinearOp::Scale(c * d, s), shape),
                _ => self.emit(op, shape),
            },
            LinearOp::Sum(t, _) | LinearOp::Broadcast(t, _) if self.shape(t).size() == shape.size() => {
                self.push(LinearOp::Reshape(t), shape)
            }
            LinearOp::Slice { of: t, .. } | LinearOp::Pad { of: t, .. } if self.shape(t) == shape => t,
            LinearOp::Reshape(t) if self.shape(t) == shape => t,
            LinearOp::Reshape(t) => match self.program.nodes[t.index()].op {
                LinearOp::Reshape(s) => self.push(LinearOp::Reshape(s), shape),
                _ => self.emit(op, shape),
            },
            _ => self.emit(op, shape),
        }
    }

    /// Writes another linear program here: its arguments become tangents, its residuals those given.
    pub(crate) fn inline(
        &mut self,
        linear: &LinearProgram<T>,
        residuals: &[Residual],
        arguments: &[Vec<Tangent>],
    ) -> Vec<Vec<Tangent>> {
        let mut tangents: Vec<Tangent> = Vec::with_capacity(linear.nodes.len());
        for node in &linear.nodes {
            let tangent = match node.op {
                LinearOp::Argument { argument, block } => arguments[argument][block],
                op => self.push(op.map(|t| tangents[t.index()], |r| residuals[r.index()], |c| c), node.shape),
            };
            tangents.push(tangent);
        }
        linear.results.iter().map(|blocks| blocks.iter().map(|t| tangents[t.index()]).collect()).collect()
    }

    /// The linear program with these results, without the instructions and residuals that none of them needs.
    ///
    /// Also returns the numbers of the residuals that are left.
    pub(crate) fn finish(self, results: Vec<Vec<Tangent>>) -> (LinearProgram<T>, Vec<Residual>) {
        let mut program = self.finish_keeping_residuals(results);
        let mut used = vec![false; program.residuals.len()];
        program.nodes.iter().filter_map(|node| node.op.residual()).for_each(|r| used[r.index()] = true);
        let left: Vec<Residual> = (0..used.len()).filter(|&r| used[r]).map(Residual::new).collect();
        let mut renumbered = vec![Residual(u32::MAX); used.len()];
        left.iter().enumerate().for_each(|(new, old)| renumbered[old.index()] = Residual(new as u32));
        for node in &mut program.nodes {
            node.op = node.op.map(|t| t, |r| renumbered[r.index()], |c| c);
        }
        program.residuals = left.iter().map(|r| program.residuals[r.index()]).collect();
        (program, left)
    }

    /// The linear program with these results, without the instructions that none of them needs; all residuals stay.
    pub(crate) fn finish_keeping_residuals(self, results: Vec<Vec<Tangent>>) -> LinearProgram<T> {
        let LinearProgram { nodes, residuals, arguments, .. } = self.program;
        let mut needed = vec![false; nodes.len()];
        results.iter().flatten().for_each(|t| needed[t.index()] = true);
        for index in (0..nodes.len()).rev() {
            if needed[index] {
                nodes[index].op.operands().for_each(|t| needed[t.index()] = true);
            }
        }
        let mut place = vec![Tangent(u32::MAX); nodes.len()];
        let mut kept = Vec::with_capacity(nodes.len());
        for (index, mut node) in nodes.into_iter().enumerate().filter(|(index, _)| needed[*index]) {
            place[index] = Tangent(kept.len() as u32);
            node.op = node.op.map(|t| place[t.index()], |r| r, |c| c);
            kept.push(node);
        }
        let results = results.into_iter().map(|blocks| blocks.iter().map(|t| place[t.index()]).collect()).collect();
        let program = LinearProgram { nodes: kept, residuals, arguments, results };
        if cfg!(debug_assertions) {
            program.check();
        }
        program
    }

    fn emit(&mut self, op: LinearOp<T>, shape: Shape) -> Tangent {
        let key = (op.map(|t| t, |r| r, |c| c.f64().to_bits()), shape);
        if let Some(&tangent) = self.known.get(&key) {
            return tangent;
        }
        let tangent = Tangent(self.program.nodes.len() as u32);
        self.program.nodes.push(LinearNode { op, shape });
        self.known.insert(key, tangent);
        tangent
    }

    fn is_zero(&self, tangent: Tangent) -> bool {
        matches!(self.program.nodes[tangent.index()].op, LinearOp::Zero)
    }
}
