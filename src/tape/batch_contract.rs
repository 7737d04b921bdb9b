//! Products, solutions and convolutions of batched values: one wide operation where an operand is shared.

use super::batch::repeated;
use super::build::Builder;
use super::op::{Op, Value};
use super::rules::product_shape;
use super::shape::{Axes, MAX_AXES, Shape};
use super::window::{Part, Window};
use crate::scalar::Scalar;

/// A contraction with a batched operand: the number of values, and the shape of one result.
pub(super) struct Contraction {
    pub(super) count: usize,
    pub(super) own: Shape,
}

/// What stands for an operand, and whether it has the new axis.
type Operand = (Value, bool);

impl Contraction {
    /// The batched product of stacks of matrices.
    ///
    /// One tall product where the batched rows lie back to back, so that the shared matrix is read once for all; else a
    /// stack, with a shared factor copied in name alone.
    pub(super) fn product<T: Scalar>(
        &self,
        builder: &mut Builder<T>,
        [left, right]: [Operand; 2],
        [transpose_left, transpose_right]: [bool; 2],
    ) -> Value {
        let &[.., rows, cols] = self.own.extents() else { unreachable!("the shape rule asks for matrices") };
        let result = self.stacked(self.own);
        if self.own.axes() == 2 && left.1 != right.1 {
            // A single row or column is the same in memory as its transpose.
            if left.1 && (!transpose_left || rows == 1) {
                return self.tall(builder, left.0, rows, right.0, transpose_right, result);
            }
            if right.1 && cols == 1 {
                return self.tall(builder, right.0, cols, left.0, !transpose_left, result);
            }
        }
        let [left, right] = [left, right].map(|operand| self.all(builder, operand));
        matmul(builder, left, transpose_left, right, transpose_right)
    }

    /// The rows of all values, so many of each, one below the other, times a shared matrix.
    fn tall<T: Scalar>(
        &self,
        builder: &mut Builder<T>,
        x: Value,
        rows: usize,
        shared: Value,
        transpose_shared: bool,
        result: Shape,
    ) -> Value {
        let &[outer, inner] = builder.shape(shared).extents() else { unreachable!("the result is a matrix") };
        let tall = Shape::matrix(self.count * rows, if transpose_shared { inner } else { outer });
        let x = builder.reshape(x, tall);
        let product = matmul(builder, x, false, shared, transpose_shared);
        builder.reshape(product, result)
    }

    /// The batched solution of A X = B: where A is shared, one elimination with the right sides of all values.
    pub(super) fn solution<T: Scalar>(
        &self,
        builder: &mut Builder<T>,
        [matrix, right]: [Operand; 2],
        transpose: bool,
    ) -> Value {
        let result = self.stacked(self.own);
        if matrix.1 {
            let [matrix, right] = [matrix, right].map(|operand| self.all(builder, operand));
            return builder.push(Op::Solve { matrix, transpose, right }, result);
        }
        // (count, stack, rows, columns) to (stack, rows, count columns) and back.
        let axes = self.own.axes();
        let (values, cols) = (self.count, self.own.extents()[axes - 1]);
        let right = self.moved_back(builder, right.0, axes - 1);
        let wide = self.own.resized(axes - 1, values * cols);
        let right = builder.reshape(right, wide);
        let solution = builder.push(Op::Solve { matrix: matrix.0, transpose, right }, wide);
        self.split(builder, solution, axes - 1, cols)
    }

    /// The batched part of sum y conv(x, w).
    pub(super) fn convolution<T: Scalar>(
        &self,
        builder: &mut Builder<T>,
        operands: [Operand; 2],
        part: Part,
        window: Window,
    ) -> Value {
        let [(left, left_many), (right, right_many)] = operands;
        if left_many && right_many {
            return self.one_by_one(builder, left, right, part, window);
        }
        // The axis of a batched left or right operand that takes in the values, and that of the result: images are
        // independent of each other, and so are outputs, and channels, if nothing sums over them.
        let (of_operand, of_result) = match (part, left_many) {
            (Part::Output, true) | (Part::Input, true) => (0, 0),
            (Part::Output, false) => (0, 1),
            (Part::Input, false) => (1, 1),
            (Part::Kernel, true) => (1, 1),
            (Part::Kernel, false) => (1, 0),
        };
        let many = if left_many { left } else { right };
        let moved = self.moved_back(builder, many, of_operand);
        let shape = builder.shape(moved);
        let mut merged = shape.without(Axes::of([of_operand]));
        merged = merged.resized(of_operand, self.count * merged.extents()[of_operand]);
        let merged = builder.reshape(moved, merged);
        let (left, right) = if left_many { (merged, right) } else { (left, merged) };
        let extent = self.own.extents()[of_result];
        let wide = self.own.resized(of_result, self.count * extent);
        let wide = builder.push(Op::Convolution { part, left, right, window }, wide);
        self.split(builder, wide, of_result, extent)
    }

    /// Where both operands are batched, sums mix no two values: no wide convolution does that.
    fn one_by_one<T: Scalar>(
        &self,
        builder: &mut Builder<T>,
        left: Value,
        right: Value,
        part: Part,
        window: Window,
    ) -> Value {
        let single = self.own.stacked(1).expect("convolutions have four axes");
        let mut results: Vec<Value> = (0..self.count)
            .map(|number| {
                let [left, right] = [left, right].map(|x| {
                    let shape = builder.shape(x);
                    let slice = builder.push(Op::Slice { of: x, axis: 0, start: number }, shape.resized(0, 1));
                    builder.reshape(slice, shape.without(Axes::of([0])))
                });
                let result = builder.push(Op::Convolution { part, left, right, window }, self.own);
                builder.reshape(result, single)
            })
            .collect();
        // Neighbours in pairs, so that each is copied only as often as the depth of the tree.
        while results.len() > 1 {
            results = results
                .chunks(2)
                .map(|pair| match *pair {
                    [left, right] => {
                        let extent = builder.shape(left).extents()[0] + builder.shape(right).extents()[0];
                        let op = Op::Concatenate { left, right, axis: 0 };
                        builder.push(op, single.resized(0, extent))
                    }
                    _ => pair[0],
                })
                .collect();
        }
        results.pop().unwrap_or_else(|| builder.fill(self.stacked(self.own), T::zero()))
    }

    /// An operand with the new axis.
    fn all<T: Scalar>(&self, builder: &mut Builder<T>, (value, many): Operand) -> Value {
        if many { value } else { repeated(builder, value, self.count) }
    }

    fn stacked(&self, shape: Shape) -> Shape {
        shape.stacked(self.count).expect("the caller has checked that the result has room for an axis")
    }

    /// The axis in front moved back to stand before what is axis `to` without it.
    fn moved_back<T: Scalar>(&self, builder: &mut Builder<T>, x: Value, to: usize) -> Value {
        let mut order: [u8; MAX_AXES] = std::array::from_fn(|axis| axis as u8);
        order[..=to].rotate_left(1);
        builder.permute(x, order)
    }

    /// An axis that holds `extent` positions of each value, split, and its outer part moved to the front.
    fn split<T: Scalar>(&self, builder: &mut Builder<T>, x: Value, axis: usize, extent: usize) -> Value {
        let extents = self.own.extents();
        let split = [&extents[..axis], &[self.count, extent], &extents[axis + 1..]].concat();
        let x = builder.reshape(x, Shape::new(&split).expect("as many axes as the batched result"));
        let mut order: [u8; MAX_AXES] = std::array::from_fn(|axis| axis as u8);
        order[..=axis].rotate_right(1);
        builder.permute(x, order)
    }
}

fn matmul<T: Scalar>(builder: &mut Builder<T>, left: Value, tl: bool, right: Value, tr: bool) -> Value {
    let shape = product_shape(builder.shape(left), tl, builder.shape(right), tr).expect("shapes of one value agree");
    builder.push(Op::MatMul { left, transpose_left: tl, right, transpose_right: tr }, shape)
}
