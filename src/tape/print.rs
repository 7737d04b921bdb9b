//! Programs as text, and what they cost.

use std::fmt;

use super::compiled::Compiled;
use super::op::{Op, Value};
use super::program::Program;
use super::window::{Part, Window};
use crate::scalar::Scalar;

/// What a program costs to run once, instruction by instruction as written: a plan may fuse some of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cost {
    /// Arithmetic operations, u64::MAX if there are more; an elementary function counts as one, a multiplication with addition as two.
    pub operations: u64,
    /// Bytes read and written by instructions that move data; reshapes move none.
    pub bytes: u64,
}

impl<T: Scalar> Program<T> {
    /// The cost of all instructions.
    ///
    /// ```
    /// use eigenscape::tape::{Program, Shape};
    ///
    /// let product = Program::<f32>::record([Shape::matrix(2, 3), Shape::matrix(3, 5)], |[a, b]| a.matmul(b))?;
    /// assert_eq!(product.cost().operations, 2 * 2 * 3 * 5);
    /// assert_eq!(product.cost().bytes, 4 * (2 * 3 + 3 * 5 + 2 * 5));
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    pub fn cost(&self) -> Cost {
        (Compiled::cost())(self)
    }

    pub(super) fn cost_body(&self) -> Cost {
        (0..self.nodes.len()).fold(Cost::default(), |sum, index| {
            let cost = self.cost_of(Value(index as u32));
            Cost {
                operations: sum.operations.saturating_add(cost.operations),
                bytes: sum.bytes.saturating_add(cost.bytes),
            }
        })
    }

    /// The extent of the last axis.
    fn width(&self, value: Value) -> u64 {
        self.shape(value).extents().last().map_or(1, |&extent| extent as u64)
    }

    fn cost_of(&self, value: Value) -> Cost {
        let op = self.nodes[value.index()].op;
        let elements = |value: Value| self.shape(value).size() as u64;
        let written = elements(value);
        let operations = match op {
            Op::Argument { .. } | Op::Constant(_) | Op::Reshape(_) => return Cost::default(),
            Op::Fill(_)
            | Op::Broadcast(..)
            | Op::Permute(..)
            | Op::Slice { .. }
            | Op::Pad { .. }
            | Op::Gather { .. }
            | Op::Concatenate { .. } => 0,
            Op::Unary(..) | Op::Binary(..) | Op::Select { .. } => written,
            Op::Sum(x, _) | Op::Max(x, _) | Op::Scatter { of: x, .. } => elements(x),
            Op::WindowSum(_, window) => written.saturating_mul(window.places()),
            Op::WindowSpread(x, window) => elements(x).saturating_mul(window.places()),
            Op::Solve { matrix, .. } => {
                // Elimination, and two triangular solutions.
                let size = self.width(matrix);
                product(&[elements(matrix), size, 2]) / 3 + product(&[2, written, size])
            }
            Op::LogDeterminant(x) => product(&[elements(x), self.width(x)]) / 3,
            Op::Convolution { part, left, right, window } => {
                let (results, channels) = match part {
                    Part::Output => (written, self.shape(left).extents()[1]),
                    Part::Input => (elements(left), self.shape(value).extents()[1]),
                    Part::Kernel => (elements(right), self.shape(left).extents()[1]),
                };
                product(&[2, results, channels as u64, window.places()])
            }
            // A comparison, a difference, an exponential and a sum for each element.
            Op::LogSumExp(x) | Op::Softmax(x) | Op::LogSoftmax(x) => product(&[4, elements(x)]),
            Op::MatMul { left, transpose_left, .. } => {
                let shape = self.shape(left);
                let inner = shape.extents()[shape.axes() - 1 - usize::from(transpose_left)];
                product(&[2, written, inner as u64])
            }
        };
        let read: u64 = match op {
            Op::Slice { .. } | Op::Gather { .. } => written,
            _ => op.operands().map(elements).fold(0, u64::saturating_add),
        };
        Cost { operations, bytes: product(&[read.saturating_add(written), size_of::<T>() as u64]) }
    }
}

/// The largest number, rather than a wrong one, where programs are too large to be run.
fn product(factors: &[u64]) -> u64 {
    factors.iter().fold(1, |product, &factor| product.saturating_mul(factor))
}

/// One instruction a line, in order: value, shape, instruction, operations and bytes.
///
/// ```
/// use eigenscape::tape::{Program, Shape};
///
/// let f = Program::<f64>::record([Shape::vector(3)], |[x]| x.sin().sum())?;
/// let text = f.to_string();
/// assert!(text.contains("%1: [3] = Sin %0"), "{text}");
/// assert!(text.ends_with("results: %2"), "{text}");
/// # Ok::<(), eigenscape::Error>(())
/// ```
impl<T: Scalar> fmt::Display for Program<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (Compiled::display())(self, f)
    }
}

impl<T: Scalar> Program<T> {
    pub(super) fn display_body(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in self.nodes.iter().enumerate() {
            let value = Value(index as u32);
            let line = format!("{value:?}: {} = {}", node.shape, Line(&node.op));
            let Cost { operations, bytes } = self.cost_of(value);
            match bytes {
                0 => writeln!(f, "{line}")?,
                _ => writeln!(f, "{line:<56} # {operations} operations, {bytes} bytes")?,
            }
        }
        write!(f, "results:")?;
        for (number, blocks) in self.results.iter().enumerate() {
            let blocks: Vec<String> = blocks.iter().map(|value| format!("{value:?}")).collect();
            write!(f, "{}{}", if number == 0 { " " } else { "; " }, blocks.join(" "))?;
        }
        Ok(())
    }
}

/// An instruction without its result.
pub(super) struct Line<'a, T>(pub(super) &'a Op<T>);

impl<T: Scalar> fmt::Display for Line<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transposed = |flag: bool| if flag { "'" } else { "" };
        match *self.0 {
            Op::Argument { argument, block } => write!(f, "argument {argument}, block {block}"),
            Op::Constant(index) => write!(f, "constant {index}"),
            Op::Fill(c) => write!(f, "fill {c}"),
            Op::Unary(function, x) => write!(f, "{function:?} {x:?}"),
            Op::Binary(function, x, y) => write!(f, "{function:?} {x:?} {y:?}"),
            Op::MatMul { left, transpose_left, right, transpose_right } => {
                write!(f, "matmul {left:?}{} {right:?}{}", transposed(transpose_left), transposed(transpose_right))
            }
            Op::Select { condition, then, otherwise } => write!(f, "select {condition:?} {then:?} {otherwise:?}"),
            Op::Solve { matrix, transpose, right } => write!(f, "solve {matrix:?}{} {right:?}", transposed(transpose)),
            Op::LogDeterminant(x) => write!(f, "log_determinant {x:?}"),
            Op::Convolution { part, left, right, window } => {
                write!(f, "convolution ({part:?}) {left:?} {right:?}, {window}")
            }
            Op::WindowSum(x, window) => write!(f, "sum over windows of {x:?}, {window}"),
            Op::WindowSpread(x, window) => write!(f, "spread {x:?} over windows, {window}"),
            Op::LogSumExp(x) => write!(f, "log_sum_exp {x:?}"),
            Op::Softmax(x) => write!(f, "softmax {x:?}"),
            Op::LogSoftmax(x) => write!(f, "log_softmax {x:?}"),
            Op::Sum(x, axes) => write!(f, "sum {x:?} over axes {:?}", axes.iter().collect::<Vec<_>>()),
            Op::Max(x, axes) => write!(f, "max {x:?} over axes {:?}", axes.iter().collect::<Vec<_>>()),
            Op::Broadcast(x, axes) => write!(f, "broadcast {x:?} along axes {:?}", axes.iter().collect::<Vec<_>>()),
            Op::Reshape(x) => write!(f, "reshape {x:?}"),
            Op::Permute(x, order) => write!(f, "permute {x:?} to {order:?}"),
            Op::Slice { of, axis, start } => write!(f, "slice {of:?} along axis {axis} from {start}"),
            Op::Pad { of, axis, start } => write!(f, "pad {of:?} along axis {axis} from {start}"),
            Op::Gather { of, axis, table } => write!(f, "gather {of:?} along axis {axis} by table {table}"),
            Op::Scatter { of, axis, table } => write!(f, "scatter {of:?} along axis {axis} by table {table}"),
            Op::Concatenate { left, right, axis } => write!(f, "concatenate {left:?} {right:?} along axis {axis}"),
        }
    }
}

impl Window {
    /// The number of places in a window.
    fn places(&self) -> u64 {
        self.size().iter().product::<usize>() as u64
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [rows, cols] = self.size();
        write!(f, "window {rows}x{cols}, stride {:?}, padding {:?}", self.stride(), self.padding())
    }
}
