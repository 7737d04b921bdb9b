//! From linear programs back to programs, so that a derivative is a function like any other and has derivatives too.
//!
//! ```text
//!     embed : (residuals -> (a -o b))  ->  ((residuals, a) -> b)
//! ```

use super::build::Builder;
use super::compiled::Compiled;
use super::linear::{LinearOp, LinearProgram};
use super::linearize::{Linearization, linearize};
use super::op::{Op, Value};
use super::program::Program;
use super::shape::Shape;
use super::transpose::transpose;
use crate::error::Result;
use crate::scalar::Scalar;

/// A linear program as a program: argument 0 holds the residuals, a block each; then come the linear arguments.
///
/// ```
/// use eigenscape::tape::{Program, Shape, embed, linearize};
///
/// let f = Program::<f64>::record([Shape::vector(2)], |[x]| x.powi(3).sum())?;
/// let at = linearize(&f, &[0])?;
/// // A program of residuals and tangents: 3 x^2 dx, which can be linearized again.
/// let tangent = embed(&at.linear);
/// let residuals = at.primal.evaluate(&[&[1.0, 2.0]]).pop().unwrap();
/// assert_eq!(tangent.evaluate(&[&residuals, &[1.0, 1.0]]), [[15.0]]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
pub fn embed<T: Scalar>(linear: &LinearProgram<T>) -> Program<T> {
    let mut builder = Builder::with_capacity(linear.nodes.len() + linear.residuals.len());
    let residuals = builder.argument(&linear.residuals);
    let arguments: Vec<_> = linear.arguments.iter().map(|blocks| builder.argument(blocks)).collect();
    let results = embed_at(&mut builder, linear, &residuals, &arguments);
    builder.finish(results)
}

/// Writes a linear program's instructions into a program, at values for its residuals and arguments.
pub(crate) fn embed_at<T: Scalar>(
    builder: &mut Builder<T>,
    linear: &LinearProgram<T>,
    residuals: &[Value],
    arguments: &[Vec<Value>],
) -> Vec<Vec<Value>> {
    (Compiled::embed_at())(builder, linear, residuals, arguments)
}

pub(super) fn embed_at_body<T: Scalar>(
    builder: &mut Builder<T>,
    linear: &LinearProgram<T>,
    residuals: &[Value],
    arguments: &[Vec<Value>],
) -> Vec<Vec<Value>> {
    let tables = builder.tables(&linear.tables);
    let mut values: Vec<Value> = Vec::with_capacity(linear.nodes.len());
    for node in &linear.nodes {
        let value = match node.op {
            LinearOp::Argument { argument, block } => arguments[argument][block],
            LinearOp::Zero => builder.fill(node.shape, T::zero()),
            LinearOp::Add(t, s) => builder.add(values[t.index()], values[s.index()]),
            LinearOp::Scale(c, t) => builder.scale(c, values[t.index()]),
            LinearOp::Multiply(t, residual) => builder.multiply(values[t.index()], residuals[residual.index()]),
            LinearOp::MatMulLeft { left, transpose_left, right, transpose_right } => {
                let (left, right) = (residuals[left.index()], values[right.index()]);
                builder.push(Op::MatMul { left, transpose_left, right, transpose_right }, node.shape)
            }
            LinearOp::MatMulRight { left, transpose_left, right, transpose_right } => {
                let (left, right) = (values[left.index()], residuals[right.index()]);
                builder.push(Op::MatMul { left, transpose_left, right, transpose_right }, node.shape)
            }
            LinearOp::Mask { of, condition, holds } => {
                let zero = builder.fill(node.shape, T::zero());
                let of = values[of.index()];
                let (then, otherwise) = if holds { (of, zero) } else { (zero, of) };
                builder.select(residuals[condition.index()], then, otherwise)
            }
            LinearOp::Solve { matrix, transpose, right } => {
                let (matrix, right) = (residuals[matrix.index()], values[right.index()]);
                builder.push(Op::Solve { matrix, transpose, right }, node.shape)
            }
            LinearOp::ConvolutionLeft { part, left, right, window } => {
                let (left, right) = (residuals[left.index()], values[right.index()]);
                builder.push(Op::Convolution { part, left, right, window }, node.shape)
            }
            LinearOp::ConvolutionRight { part, left, right, window } => {
                let (left, right) = (values[left.index()], residuals[right.index()]);
                builder.push(Op::Convolution { part, left, right, window }, node.shape)
            }
            LinearOp::WindowSum(t, window) => builder.push(Op::WindowSum(values[t.index()], window), node.shape),
            LinearOp::WindowSpread(t, window) => builder.push(Op::WindowSpread(values[t.index()], window), node.shape),
            LinearOp::Sum(t, axes) => builder.sum(values[t.index()], axes),
            LinearOp::Broadcast(t, axes) => builder.broadcast(values[t.index()], axes, node.shape),
            LinearOp::Reshape(t) => builder.reshape(values[t.index()], node.shape),
            LinearOp::Permute(t, order) => builder.permute(values[t.index()], order),
            LinearOp::Slice { of, axis, start } => {
                builder.push(Op::Slice { of: values[of.index()], axis, start }, node.shape)
            }
            LinearOp::Pad { of, axis, start } => {
                builder.push(Op::Pad { of: values[of.index()], axis, start }, node.shape)
            }
            LinearOp::Gather { of, axis, table } => {
                builder.push(Op::Gather { of: values[of.index()], axis, table: tables[table] }, node.shape)
            }
            LinearOp::Scatter { of, axis, table } => {
                builder.push(Op::Scatter { of: values[of.index()], axis, table: tables[table] }, node.shape)
            }
            LinearOp::Concatenate { left, right, axis } => {
                let (left, right) = (values[left.index()], values[right.index()]);
                builder.push(Op::Concatenate { left, right, axis }, node.shape)
            }
        };
        values.push(value);
    }
    linear.results.iter().map(|blocks| blocks.iter().map(|t| values[t.index()]).collect()).collect()
}

impl<T: Scalar> Program<T> {
    /// The program that also computes the gradient: its results are the value and, in blocks like those of the
    /// argument, the derivative of the value by the argument with this number.
    ///
    /// ```text
    ///     f : (..., theta, ...) -> R     ==>     (..., theta, ...) -> (f, df/dtheta)
    /// ```
    ///
    /// Cost: at most about 3 times that of the program (Baur & Strassen 1983; 2 more products for each product).
    ///
    /// # Errors
    /// If the program does not have exactly one result, a single number, or no such argument.
    #[doc(alias = "grad")]
    #[doc(alias = "backprop")]
    #[doc(alias = "autograd")]
    pub fn gradient(&self, argument: usize) -> Result<Program<T>> {
        let scalar = [vec![Shape::scalar()]];
        if self.results() != scalar {
            return Err(self.not_one_number("gradient"));
        }
        let Linearization { primal, linear } = linearize(self, &[argument])?;
        let backward = transpose(&linear);
        let mut builder = Builder::with_capacity(primal.nodes.len() + backward.nodes.len());
        let arguments: Vec<_> = primal.arguments.iter().map(|blocks| builder.argument(blocks)).collect();
        let mut results = builder.inline(&primal, &arguments);
        let residuals = results.pop().unwrap_or_default();
        let one = builder.fill(Shape::scalar(), T::one());
        results.extend(embed_at(&mut builder, &backward, &residuals, &[vec![one]]));
        Ok(builder.finish(results))
    }
}
