//! From a function of one value to the function of many at once.
//!
//! ```text
//!     f : (a, b) -> c     ==>     batch(f, [0], k) : (k a, b) -> k c
//! ```

use super::batch_contract::Contraction;
use super::build::Builder;
use super::compiled::Compiled;
use super::op::{Op, Value};
use super::program::Program;
use super::shape::{Axes, MAX_AXES, Shape};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// The program applied to `count` values of the listed arguments at once; the other arguments are shared.
///
/// ```text
///     f : (..., x, ...) -> y     ==>     (..., x_1 .. x_k, ...) -> y_1 .. y_k,     y_i = f(..., x_i, ...)
/// ```
///
/// Each block of a listed argument, and of every result, gets one more axis in front, of extent `count`. So the slice
/// of an argument with several blocks holds block 0 of all values, then block 1 of all values: [`interleave`] brings
/// values that stand back to back into this order, and [`deinterleave`] results out of it. With a single block both
/// orders are the same.
///
/// What depends on no listed argument is computed once. A product of a batched value with a shared one stays one wide
/// operation: a tall matrix, a convolution of more images or with more channels, one elimination with more right
/// sides. Only the convolution of batched images with batched kernels is computed one by one. Values differ from
/// those of separate evaluations by the rounding of sums in matrix products alone.
///
/// Cost: `count` evaluations less what is shared, and the memory of `count` evaluations at once.
///
/// # Errors
/// If there is no argument with such a number, or one is named twice; if a batched value would have more than
/// [`MAX_AXES`] axes or more elements than memory can hold.
///
/// ```
/// use eigenscape::tape::{Program, Shape, batch};
///
/// // The loss of one example, and its gradients for three examples at once.
/// let loss = Program::<f64>::record([Shape::vector(2), Shape::vector(2)], |[w, x]| w.dot(x).powi(2))?;
/// let gradients = batch(&loss.gradient(0)?, &[1], 3)?;
/// let results = gradients.evaluate(&[&[1.0, 2.0], &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0]]);
/// assert_eq!(results, [vec![1.0, 4.0, 9.0], vec![2.0, 0.0, 0.0, 4.0, 6.0, 6.0]]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Known as `vmap` in JAX: Bradbury et al. 2018; Frostig, Johnson, Leary 2018, "Compiling machine learning programs via
/// high-level tracing".
#[doc(alias = "vmap")]
#[doc(alias = "batching")]
pub fn batch<T: Scalar>(program: &Program<T>, arguments: &[usize], count: usize) -> Result<Program<T>> {
    (Compiled::batch())(program, arguments, count)
}

pub(super) fn batch_body<T: Scalar>(program: &Program<T>, arguments: &[usize], count: usize) -> Result<Program<T>> {
    program.expect_arguments("the number of an argument to batch", arguments)?;
    let mut builder = Builder::new();
    let mut inputs = Vec::with_capacity(program.arguments.len());
    for (argument, blocks) in program.arguments.iter().enumerate() {
        let many = arguments.contains(&argument);
        let copies = |value| if many { Copies::Many(value) } else { Copies::One(value) };
        let shapes = blocks.iter().map(|&shape| if many { stacked::<T>(shape, count) } else { Ok(shape) });
        let values = builder.argument(&shapes.collect::<Result<Vec<_>>>()?);
        inputs.push(values.into_iter().map(copies).collect::<Vec<_>>());
    }
    let tables = builder.tables(&program.tables);
    let mut pass = Batch { builder, count, values: Vec::with_capacity(program.nodes.len()) };
    for node in &program.nodes {
        let copies = match node.op {
            Op::Argument { argument, block } => inputs[argument][block],
            Op::Constant(index) => Copies::One(pass.builder.constant(node.shape, program.constants[index].clone())),
            op if op.operands().any(|x| pass.is_many(x)) => {
                let shape = stacked::<T>(node.shape, count)?;
                Copies::Many(pass.many(op.map(|x| x, |c| c, |table| tables[table]), node.shape, shape))
            }
            op => {
                let op = op.map(|x| pass.one(x), |c| c, |table| tables[table]);
                Copies::One(pass.builder.push(op, node.shape))
            }
        };
        pass.values.push(copies);
    }
    let mut results = Vec::with_capacity(program.results.len());
    for blocks in &program.results {
        for &value in blocks {
            stacked::<T>(program.shape(value), count)?;
        }
        results.push(blocks.iter().map(|&value| pass.all(value)).collect());
    }
    Ok(pass.builder.finish(results))
}

/// A shape with one more axis in front, if a value may have it.
fn stacked<T>(shape: Shape, count: usize) -> Result<Shape> {
    let stacked = Shape::new(&[&[count], shape.extents()].concat())?;
    if stacked.size().saturating_mul(size_of::<T>()) > isize::MAX as usize {
        return Err(Error::OutOfRange {
            what: "the number of elements of a batched value",
            value: stacked.size() as f64,
            limits: "must fit into memory: batch fewer values at once",
        });
    }
    Ok(stacked)
}

/// What stands for a value of the program.
#[derive(Clone, Copy, Debug)]
enum Copies {
    /// One for all, in its own shape.
    One(Value),
    /// As many as are batched, along a new axis in front.
    Many(Value),
}

struct Batch<T> {
    builder: Builder<T>,
    count: usize,
    values: Vec<Copies>,
}

impl<T: Scalar> Batch<T> {
    fn is_many(&self, x: Value) -> bool {
        matches!(self.values[x.index()], Copies::Many(_))
    }

    /// What stands for a value, of whichever kind.
    fn one(&self, x: Value) -> Value {
        match self.values[x.index()] {
            Copies::One(value) | Copies::Many(value) => value,
        }
    }

    /// A value with the new axis, copied along it if it is shared.
    fn all(&mut self, x: Value) -> Value {
        match self.values[x.index()] {
            Copies::Many(value) => value,
            Copies::One(value) => self.repeated(value),
        }
    }

    /// Writes an instruction with a batched operand: one with all axes shifted by one, except for contractions.
    /// `own` is the shape of its result in the program, `shape` that with the new axis.
    fn many(&mut self, op: Op<T>, own: Shape, shape: Shape) -> Value {
        let contraction = Contraction { count: self.count, own };
        let both = |pass: &Self, x: Value, y: Value| [(pass.one(x), pass.is_many(x)), (pass.one(y), pass.is_many(y))];
        match op {
            Op::MatMul { left, transpose_left, right, transpose_right } => {
                let factors = both(self, left, right);
                contraction.product(&mut self.builder, factors, [transpose_left, transpose_right])
            }
            Op::Solve { matrix, transpose, right } => {
                let operands = both(self, matrix, right);
                contraction.solution(&mut self.builder, operands, transpose)
            }
            Op::Convolution { part, left, right, window } => {
                let operands = both(self, left, right);
                contraction.convolution(&mut self.builder, operands, part, window)
            }
            op => {
                let op = shifted(op.map(|x| self.all(x), |c| c, |table| table));
                self.builder.push(op, shape)
            }
        }
    }

    fn repeated(&mut self, x: Value) -> Value {
        repeated(&mut self.builder, x, self.count)
    }
}

/// A value copied along a new axis in front.
pub(super) fn repeated<T: Scalar>(builder: &mut Builder<T>, x: Value, count: usize) -> Value {
    let shape = builder.shape(x).stacked(count).expect("only operands of values that have room for an axis are copied");
    builder.broadcast(x, Axes::of([0]), shape)
}

/// The instruction with each axis that it names one further back.
fn shifted<T>(op: Op<T>) -> Op<T> {
    let further = |axes: Axes| Axes::of(axes.iter().map(|axis| axis + 1));
    match op {
        Op::Sum(x, axes) => Op::Sum(x, further(axes)),
        Op::Max(x, axes) => Op::Max(x, further(axes)),
        Op::Broadcast(x, axes) => Op::Broadcast(x, further(axes)),
        Op::Permute(x, order) => {
            let mut shifted = [0; MAX_AXES];
            shifted[1..].iter_mut().zip(order).for_each(|(to, from)| *to = from + 1);
            Op::Permute(x, shifted)
        }
        Op::Slice { of, axis, start } => Op::Slice { of, axis: axis + 1, start },
        Op::Pad { of, axis, start } => Op::Pad { of, axis: axis + 1, start },
        Op::Gather { of, axis, table } => Op::Gather { of, axis: axis + 1, table },
        Op::Scatter { of, axis, table } => Op::Scatter { of, axis: axis + 1, table },
        Op::Concatenate { left, right, axis } => Op::Concatenate { left, right, axis: axis + 1 },
        // These name no axis, or count from the last.
        Op::Argument { .. }
        | Op::Constant(_)
        | Op::Fill(_)
        | Op::Unary(..)
        | Op::Binary(..)
        | Op::Select { .. }
        | Op::MatMul { .. }
        | Op::Solve { .. }
        | Op::LogDeterminant(_)
        | Op::Convolution { .. }
        | Op::WindowSum(..)
        | Op::WindowSpread(..)
        | Op::LogSumExp(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::Reshape(_) => op,
    }
}

/// Brings values that stand back to back, each in these blocks, into the order of a batched argument: the first block
/// of all values, then the second.
///
/// ```
/// use eigenscape::tape::{Shape, deinterleave, interleave};
///
/// let blocks = [Shape::vector(2), Shape::scalar()];
/// let (values, mut batched, mut back) = ([1, 2, 3, 10, 20, 30], [0; 6], [0; 6]);
/// interleave(&blocks, &values, &mut batched);
/// assert_eq!(batched, [1, 2, 10, 20, 3, 30]);
/// deinterleave(&blocks, &batched, &mut back);
/// assert_eq!(back, values);
/// ```
///
/// # Panics
/// If the slices are not equally long, or not a whole number of values.
#[track_caller]
pub fn interleave<T: Copy>(blocks: &[Shape], values: &[T], batched: &mut [T]) {
    for_each_block(blocks, values.len(), batched.len(), |value, block| {
        batched[block].copy_from_slice(&values[value]);
    });
}

/// Brings a batched result in these blocks back into the order in which each value stands by itself.
///
/// The inverse of [`interleave`].
///
/// # Panics
/// If the slices are not equally long, or not a whole number of values.
#[track_caller]
pub fn deinterleave<T: Copy>(blocks: &[Shape], batched: &[T], values: &mut [T]) {
    for_each_block(blocks, values.len(), batched.len(), |value, block| {
        values[value].copy_from_slice(&batched[block]);
    });
}

type Range = std::ops::Range<usize>;

/// Calls `visit` with the range of each block of each value in both orders.
#[track_caller]
fn for_each_block(blocks: &[Shape], values: usize, batched: usize, mut visit: impl FnMut(Range, Range)) {
    let len: usize = blocks.iter().map(Shape::size).sum();
    assert!(
        values == batched && values.checked_rem(len).unwrap_or(values) == 0,
        "slices of {values} and {batched} entries must both hold as many values of {len} entries"
    );
    let count = values.checked_div(len).unwrap_or(0);
    let mut start = 0;
    for size in blocks.iter().map(Shape::size) {
        for value in 0..count {
            let (own, block) = (value * len + start, count * start + value * size);
            visit(own..own + size, block..block + size);
        }
        start += size;
    }
}
