//! Transposition of linear programs: the other half of reverse mode.
//!
//! ```text
//!     transpose : (residuals -> (a -o b))  ->  (residuals -> (b -o a)),      <u, L v> = <L' u, v>
//! ```
//!
//! Instructions are read backwards; what was a copy becomes a sum. Total by construction: there is a line for each
//! linear instruction, and no other instruction exists.

use super::compiled::Compiled;
use super::linear::{LinearOp, LinearProgram, Residual, Tangent};
use super::linear_builder::LinearBuilder;
use super::shape::MAX_AXES;
use super::window::Part;
use crate::scalar::Scalar;

/// The transpose of a linear program, with the same residuals.
///
/// ```
/// use eigenscape::tape::{Program, Shape, embed, linearize, transpose};
///
/// // f(x) = (x_0 x_1, x_0): J at (2, 3) is (3 2; 1 0).
/// let f = Program::<f64>::record([Shape::vector(2)], |[x]| {
///     let first = x.slice(0, 0..1);
///     (first * x.slice(0, 1..2)).concatenate(0, &[first])
/// })?;
/// let at = linearize(&f, &[0])?;
/// let residuals = at.primal.evaluate(&[&[2.0, 3.0]]).pop().unwrap();
/// // J' u for u = (1, 10): a vector-Jacobian product, as in reverse mode.
/// let back = embed(&transpose(&at.linear)).evaluate(&[&residuals, &[1.0, 10.0]]);
/// assert_eq!(back[0], [13.0, 2.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "vjp")]
#[doc(alias = "reverse mode")]
#[doc(alias = "pullback")]
#[doc(alias = "linear_transpose")]
pub fn transpose<T: Scalar>(linear: &LinearProgram<T>) -> LinearProgram<T> {
    (Compiled::transpose())(linear)
}

pub(super) fn transpose_body<T: Scalar>(linear: &LinearProgram<T>) -> LinearProgram<T> {
    let mut builder = LinearBuilder::with_capacity(linear.residuals.clone(), 2 * linear.nodes.len());
    let tables: Vec<usize> = linear.tables.iter().map(|table| builder.table(table)).collect();
    let mut cotangents: Vec<Option<Tangent>> = vec![None; linear.nodes.len()];
    for blocks in &linear.results {
        let shapes: Vec<_> = blocks.iter().map(|&t| linear.shape(t)).collect();
        for (&of, cotangent) in blocks.iter().zip(builder.argument(&shapes)) {
            accumulate(&mut builder, &mut cotangents, of, cotangent);
        }
    }
    for (index, node) in linear.nodes.iter().enumerate().rev() {
        let Some(cotangent) = cotangents[index] else { continue };
        let mut give = |builder: &mut LinearBuilder<T>, to: Tangent, op: LinearOp<T>| {
            let share = builder.push(op, linear.shape(to));
            accumulate(builder, &mut cotangents, to, share);
        };
        match node.op {
            LinearOp::Argument { .. } | LinearOp::Zero => {}
            LinearOp::Add(t, s) => {
                accumulate(&mut builder, &mut cotangents, t, cotangent);
                accumulate(&mut builder, &mut cotangents, s, cotangent);
            }
            LinearOp::Scale(c, t) => give(&mut builder, t, LinearOp::Scale(c, cotangent)),
            LinearOp::Multiply(t, residual) => give(&mut builder, t, LinearOp::Multiply(cotangent, residual)),
            LinearOp::MatMulLeft { left, transpose_left, right, transpose_right } => {
                // Y = R X: X gets R' Y. Y = R X': X gets Y' R.
                let op = if transpose_right {
                    product_right(cotangent, true, left, transpose_left)
                } else {
                    product_left(left, !transpose_left, cotangent, false)
                };
                give(&mut builder, right, op);
            }
            LinearOp::MatMulRight { left, transpose_left, right, transpose_right } => {
                // Y = X R: X gets Y R'. Y = X' R: X gets R Y'.
                let op = if transpose_left {
                    product_left(right, transpose_right, cotangent, true)
                } else {
                    product_right(cotangent, false, right, !transpose_right)
                };
                give(&mut builder, left, op);
            }
            LinearOp::Mask { of, condition, holds } => {
                give(&mut builder, of, LinearOp::Mask { of: cotangent, condition, holds });
            }
            LinearOp::Solve { matrix, transpose, right } => {
                give(&mut builder, right, LinearOp::Solve { matrix, transpose: !transpose, right: cotangent });
            }
            LinearOp::ConvolutionLeft { part, left: residual, right: of, window } => {
                let (left, right) = (residual, cotangent);
                let op = match part {
                    Part::Output => LinearOp::ConvolutionLeft { part: Part::Kernel, left, right, window },
                    Part::Kernel => LinearOp::ConvolutionLeft { part: Part::Output, left, right, window },
                    // x of (y, w) by w: w of (x, y), where the residual y comes second.
                    Part::Input => {
                        let (left, right) = (cotangent, residual);
                        LinearOp::ConvolutionRight { part: Part::Kernel, left, right, window }
                    }
                };
                give(&mut builder, of, op);
            }
            LinearOp::ConvolutionRight { part, left: of, right: residual, window } => {
                let (left, right) = (cotangent, residual);
                let op = match part {
                    Part::Output => LinearOp::ConvolutionRight { part: Part::Input, left, right, window },
                    Part::Input => LinearOp::ConvolutionRight { part: Part::Output, left, right, window },
                    // w of (x, y) by x: x of (y, w), where the residual y comes first.
                    Part::Kernel => {
                        let (left, right) = (residual, cotangent);
                        LinearOp::ConvolutionLeft { part: Part::Input, left, right, window }
                    }
                };
                give(&mut builder, of, op);
            }
            LinearOp::WindowSum(t, window) => give(&mut builder, t, LinearOp::WindowSpread(cotangent, window)),
            LinearOp::WindowSpread(t, window) => give(&mut builder, t, LinearOp::WindowSum(cotangent, window)),
            LinearOp::Sum(t, axes) => give(&mut builder, t, LinearOp::Broadcast(cotangent, axes)),
            LinearOp::Broadcast(t, axes) => give(&mut builder, t, LinearOp::Sum(cotangent, axes)),
            LinearOp::Reshape(t) => give(&mut builder, t, LinearOp::Reshape(cotangent)),
            LinearOp::Permute(t, order) => {
                give(&mut builder, t, LinearOp::Permute(cotangent, inverse(order, node.shape.axes())))
            }
            LinearOp::Slice { of, axis, start } => give(&mut builder, of, LinearOp::Pad { of: cotangent, axis, start }),
            LinearOp::Pad { of, axis, start } => give(&mut builder, of, LinearOp::Slice { of: cotangent, axis, start }),
            LinearOp::Gather { of, axis, table } => {
                give(&mut builder, of, LinearOp::Scatter { of: cotangent, axis, table: tables[table] });
            }
            LinearOp::Scatter { of, axis, table } => {
                give(&mut builder, of, LinearOp::Gather { of: cotangent, axis, table: tables[table] });
            }
            LinearOp::Concatenate { left, right, axis } => {
                let start = linear.shape(left).extents()[axis];
                give(&mut builder, left, LinearOp::Slice { of: cotangent, axis, start: 0 });
                give(&mut builder, right, LinearOp::Slice { of: cotangent, axis, start });
            }
        }
    }
    let mut results: Vec<Vec<Option<Tangent>>> =
        linear.arguments.iter().map(|blocks| vec![None; blocks.len()]).collect();
    for (node, cotangent) in linear.nodes.iter().zip(&cotangents) {
        if let LinearOp::Argument { argument, block } = node.op {
            results[argument][block] = *cotangent;
        }
    }
    let mut filled = Vec::with_capacity(results.len());
    for (blocks, shapes) in results.into_iter().zip(&linear.arguments) {
        let block = |(cotangent, &shape): (Option<Tangent>, _)| cotangent.unwrap_or_else(|| builder.zero(shape));
        filled.push(blocks.into_iter().zip(shapes).map(block).collect());
    }
    // Each residual of the original is still in use here, unless its whole instruction led to no result; the list is
    // kept as it was, so that one set of residuals serves both directions.
    builder.finish_keeping_residuals(filled)
}

fn accumulate<T: Scalar>(
    builder: &mut LinearBuilder<T>,
    cotangents: &mut [Option<Tangent>],
    of: Tangent,
    share: Tangent,
) {
    let slot = &mut cotangents[of.index()];
    *slot = Some(match *slot {
        Some(sum) => builder.add(sum, share),
        None => share,
    });
}

fn product_left<T>(left: Residual, transpose_left: bool, right: Tangent, transpose_right: bool) -> LinearOp<T> {
    LinearOp::MatMulLeft { left, transpose_left, right, transpose_right }
}

fn product_right<T>(left: Tangent, transpose_left: bool, right: Residual, transpose_right: bool) -> LinearOp<T> {
    LinearOp::MatMulRight { left, transpose_left, right, transpose_right }
}

fn inverse(order: [u8; MAX_AXES], axes: usize) -> [u8; MAX_AXES] {
    let mut inverse = order;
    for (axis, &from) in order[..axes].iter().enumerate() {
        inverse[usize::from(from)] = axis as u8;
    }
    inverse
}
