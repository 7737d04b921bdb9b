//! The shape rule of each instruction: what must hold between the shapes of operands and result.

use std::sync::Arc;

use super::op::{Op, Value};
use super::shape::{Axes, MAX_AXES, Shape};

/// The shape of a matrix product, or what must hold for there to be one.
pub(crate) fn product_shape(left: Shape, transpose_left: bool, right: Shape, transpose_right: bool) -> Option<Shape> {
    let (&[ref stack @ .., mut rows, mut inner], &[ref other @ .., mut middle, mut cols]) =
        (left.extents(), right.extents())
    else {
        return None;
    };
    if transpose_left {
        std::mem::swap(&mut rows, &mut inner);
    }
    if transpose_right {
        std::mem::swap(&mut middle, &mut cols);
    }
    let axes = left.axes();
    (inner == middle && stack == other).then(|| left.resized(axes - 2, rows).resized(axes - 1, cols))
}

/// Whether A X = B may hold for stacks of matrices of these shapes.
pub(crate) fn solve_holds(matrix: Shape, right: Shape, result: Shape) -> bool {
    let (&[ref stack @ .., rows, cols], &[ref other @ .., own, _]) = (matrix.extents(), right.extents()) else {
        return false;
    };
    rows == cols && rows == own && stack == other && right == result
}

/// Whether a gather, of `whole` to `part`, or a scatter, of `part` to `whole`, may go by this table.
pub(crate) fn gather_holds(whole: Shape, part: Shape, axis: usize, table: &[usize]) -> bool {
    axis < whole.axes()
        && part.axes() == whole.axes()
        && part.extents()[axis] == table.len()
        && whole.resized(axis, table.len()) == part
        && table.iter().all(|&position| position < whole.extents()[axis])
}

/// Whether two values put together along an axis have this shape.
pub(crate) fn concatenate_holds(left: Shape, right: Shape, result: Shape, axis: usize) -> bool {
    slice_holds(result, left, axis, 0)
        && slice_holds(result, right, axis, left.extents()[axis])
        && left.extents()[axis] + right.extents()[axis] == result.extents()[axis]
}

/// Whether an instruction on operands of these shapes may have a result of that shape: the shape rule of each row.
pub(super) fn shape_holds<T>(
    op: &Op<T>,
    result: Shape,
    shape: impl Fn(Value) -> Shape,
    tables: &[Arc<[usize]>],
) -> bool {
    match *op {
        Op::Argument { .. } | Op::Constant(_) | Op::Fill(_) => true,
        Op::Unary(_, x) => shape(x) == result,
        Op::Binary(_, x, y) => shape(x) == result && shape(y) == result,
        Op::MatMul { left, transpose_left, right, transpose_right } => {
            product_shape(shape(left), transpose_left, shape(right), transpose_right) == Some(result)
        }
        Op::Select { condition, then, otherwise } => {
            shape(condition) == result && shape(then) == result && shape(otherwise) == result
        }
        Op::Solve { matrix, right, .. } => solve_holds(shape(matrix), shape(right), result),
        Op::LogDeterminant(x) => {
            matches!(*shape(x).extents(), [ref stack @ .., rows, cols] if rows == cols && stack == result.extents())
        }
        Op::Convolution { part, left, right, window } => {
            window.convolution_holds(part, shape(left), shape(right), result)
        }
        Op::WindowSum(x, window) => window.sum_holds(shape(x), result),
        Op::WindowSpread(x, window) => window.sum_holds(result, shape(x)),
        Op::LogSumExp(x) => {
            let axes = shape(x).axes();
            axes > 0 && shape(x).extents()[axes - 1] > 0 && shape(x).without(Axes::of([axes - 1])) == result
        }
        Op::Softmax(x) | Op::LogSoftmax(x) => {
            shape(x) == result && result.extents().last().is_some_and(|&width| width > 0)
        }
        Op::Sum(x, axes) => shape(x).without(axes) == result,
        Op::Max(x, axes) => shape(x).without(axes) == result && axes.iter().all(|axis| shape(x).extents()[axis] > 0),
        Op::Broadcast(x, axes) => result.without(axes) == shape(x),
        Op::Reshape(x) => shape(x).size() == result.size(),
        Op::Permute(x, order) => permutes(&order, shape(x).axes()) && shape(x).permuted(&order) == result,
        Op::Slice { of, axis, start } => slice_holds(shape(of), result, axis, start),
        Op::Pad { of, axis, start } => slice_holds(result, shape(of), axis, start),
        Op::Gather { of, axis, table } => gather_holds(shape(of), result, axis, &tables[table]),
        Op::Scatter { of, axis, table } => gather_holds(result, shape(of), axis, &tables[table]),
        Op::Concatenate { left, right, axis } => concatenate_holds(shape(left), shape(right), result, axis),
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
