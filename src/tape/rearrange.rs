//! Methods of [`Var`] that move elements: other shapes, orders, ranges, positions.

use std::ops::Range;
use std::sync::Arc;

use super::op::Op;
use super::rules::permutes;
use super::shape::{MAX_AXES, Shape};
use super::var::Var;
use crate::scalar::Scalar;

impl<'t, T: Scalar> Var<'t, T> {
    /// The transpose of a matrix.
    #[track_caller]
    pub fn t(self) -> Self {
        if self.shape().axes() != 2 {
            return self.fail("t", &[], "only a matrix has a transpose: use permute");
        }
        self.permute(&[1, 0])
    }

    /// The value with its axes in another order: axis i of the result is axis `order[i]` of this value.
    #[track_caller]
    pub fn permute(self, order: &[usize]) -> Self {
        let axes = self.shape().axes();
        let mut compact = [0; MAX_AXES];
        compact.iter_mut().zip(order).for_each(|(place, &axis)| *place = axis.min(MAX_AXES) as u8);
        if order.len() != axes || order.iter().any(|&axis| axis >= axes) || !permutes(&compact, axes) {
            return self.fail("permute", order, "the order must name each axis once");
        }
        self.make(|builder| builder.permute(self.value, compact))
    }

    /// The same elements in the same order under another shape.
    #[track_caller]
    pub fn reshape(self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        if shape.size() != self.shape().size() {
            return self.fail("reshape", shape.extents(), "both shapes must have as many elements");
        }
        self.make(|builder| builder.reshape(self.value, shape))
    }

    /// Copies along new or single axes, aligned at the last axis, as arithmetic does by itself.
    #[track_caller]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        match self.shape().broadcast(&shape) {
            Some(common) if common == shape => self.expand(shape),
            _ => {
                self.fail("broadcast_to", shape.extents(), "each extent must agree, aligned at the last axis, or be 1")
            }
        }
    }

    /// A contiguous range along one axis.
    #[track_caller]
    pub fn slice(self, axis: usize, range: Range<usize>) -> Self {
        let shape = self.shape();
        if axis >= shape.axes() || range.start > range.end || range.end > shape.extents()[axis] {
            return self.fail("slice", &[axis, range.start, range.end], "axis and range must lie within the shape");
        }
        let result = shape.resized(axis, range.len());
        self.make(|builder| builder.push(Op::Slice { of: self.value, axis, start: range.start }, result))
    }

    /// The element of a vector at a position, as a scalar.
    #[track_caller]
    pub fn at(self, position: usize) -> Self {
        if self.shape().axes() != 1 || position >= self.shape().size() {
            return self.fail("at", &[position], "the value must be a vector with an element at that position");
        }
        self.slice(0, position..position + 1).reshape([])
    }

    /// Zeros around the value along one axis: `before` in front, `after` behind.
    #[track_caller]
    pub fn pad(self, axis: usize, before: usize, after: usize) -> Self {
        let shape = self.shape();
        if axis >= shape.axes() {
            return self.fail("pad", &[axis, before, after], "the axis must be one of the value's");
        }
        let result = shape.resized(axis, before.saturating_add(shape.extents()[axis]).saturating_add(after));
        self.make(|builder| builder.push(Op::Pad { of: self.value, axis, start: before }, result))
    }

    /// The positions along one axis that a table lists, in its order; a position may be listed several times.
    ///
    /// ```
    /// use eigenscape::tape::{Program, Shape};
    ///
    /// let f = Program::<f64>::record([Shape::vector(3)], |[x]| x.gather(0, &[2, 0, 2]))?;
    /// assert_eq!(f.evaluate(&[&[1.0, 2.0, 3.0]]), [[3.0, 1.0, 3.0]]);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    #[track_caller]
    pub fn gather(self, axis: usize, positions: &[usize]) -> Self {
        let shape = self.shape();
        if axis >= shape.axes() || positions.iter().any(|&position| position >= shape.extents()[axis]) {
            let largest = positions.iter().max().copied().unwrap_or(0);
            return self.fail("gather", &[axis, largest], "the axis and each position must be the value's");
        }
        let result = shape.resized(axis, positions.len());
        self.make(|builder| {
            let table = builder.table(&Arc::from(positions));
            builder.push(Op::Gather { of: self.value, axis, table }, result)
        })
    }

    /// A value of `extent` along one axis, zero but for this value's elements, each added at the position that the table
    /// lists for it: the transpose of [`Var::gather`].
    #[track_caller]
    pub fn scatter(self, axis: usize, positions: &[usize], extent: usize) -> Self {
        let shape = self.shape();
        let fits = axis < shape.axes() && positions.len() == shape.extents()[axis];
        if !fits || positions.iter().any(|&position| position >= extent) {
            let rule = "there must be a position below the extent for each of the value's along the axis";
            return self.fail("scatter", &[axis, positions.len(), extent], rule);
        }
        let result = shape.resized(axis, extent);
        self.make(|builder| {
            let table = builder.table(&Arc::from(positions));
            builder.push(Op::Scatter { of: self.value, axis, table }, result)
        })
    }

    /// This value and others one behind the other along an axis.
    #[track_caller]
    pub fn concatenate(self, axis: usize, others: &[Self]) -> Self {
        if !self.tape.expect_own(others.iter(), "concatenate") {
            return self;
        }
        let shape = self.shape();
        let extent = |var: &Self| var.shape().extents()[axis];
        if axis >= shape.axes() {
            return self.fail("concatenate", &[axis], "the axis (right) must be one of the value's");
        }
        let fits = |var: &&Self| {
            let other = var.shape();
            other.axes() == shape.axes() && other.resized(axis, shape.extents()[axis]) == shape
        };
        if let Some(other) = others.iter().find(|var| !fits(var)) {
            let rule = "shapes must agree along all axes but the one that grows";
            return self.fail("concatenate", other.shape().extents(), rule);
        }
        // In pairs of pairs, so that each element is copied a logarithmic number of times.
        let mut parts: Vec<Self> = std::iter::once(self).chain(others.iter().copied()).collect();
        while parts.len() > 1 {
            let join = |pair: &[Self]| match *pair {
                [left, right] => {
                    let result = shape.resized(axis, extent(&left).saturating_add(extent(&right)));
                    let op = Op::Concatenate { left: left.value, right: right.value, axis };
                    left.make(|builder| builder.push(op, result))
                }
                _ => pair[0],
            };
            parts = parts.chunks(2).map(join).collect();
        }
        parts[0]
    }
}
