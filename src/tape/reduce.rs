//! Sums, means, maxima and what softmax is made of: methods of [`Var`] that run along axes.

use super::op::Op;
use super::shape::Axes;
use super::var::Var;
use crate::scalar::Scalar;

impl<'t, T: Scalar> Var<'t, T> {
    /// The sum of all elements.
    pub fn sum(self) -> Self {
        let axes = Axes::all(self.shape());
        self.make(|builder| builder.sum(self.value, axes))
    }

    /// The mean of all elements.
    pub fn mean(self) -> Self {
        self.sum() * T::of(1.0 / self.shape().size() as f64)
    }

    /// The sum over some axes, which disappear.
    #[track_caller]
    pub fn sum_axes(self, axes: &[usize]) -> Self {
        match self.axes_among(axes) {
            Some(axes) => self.make(|builder| builder.sum(self.value, axes)),
            None => self.fail("sum_axes", axes, "each axis must be one of the value's"),
        }
    }

    /// The mean over some axes, which disappear; NaN over axes without elements.
    #[track_caller]
    pub fn mean_axes(self, axes: &[usize]) -> Self {
        let Some(set) = self.axes_among(axes) else {
            return self.fail("mean_axes", axes, "each axis must be one of the value's");
        };
        let terms: usize = set.iter().map(|axis| self.shape().extents()[axis]).product();
        self.make(|builder| builder.sum(self.value, set)) * T::of(1.0 / terms as f64)
    }

    /// The largest of all elements; NaN if there is one. Elements that tie share the derivative equally.
    #[track_caller]
    pub fn max(self) -> Self {
        let all: Vec<usize> = (0..self.shape().axes()).collect();
        self.max_axes(&all)
    }

    /// The largest along some axes, which disappear; NaN if there is one. Elements that tie share the derivative equally.
    #[track_caller]
    pub fn max_axes(self, axes: &[usize]) -> Self {
        let filled = |set: &Axes| set.iter().all(|axis| self.shape().extents()[axis] > 0);
        match self.axes_among(axes).filter(filled) {
            Some(axes) => self.make(|builder| builder.max(self.value, axes)),
            None => self.fail("max_axes", axes, "each axis must be one of the value's and hold at least one element"),
        }
    }

    /// The smallest of all elements; NaN if there is one. Elements that tie share the derivative equally.
    #[track_caller]
    pub fn min(self) -> Self {
        -(-self).max()
    }

    /// The smallest along some axes, which disappear; NaN if there is one. Elements that tie share the derivative equally.
    #[track_caller]
    pub fn min_axes(self, axes: &[usize]) -> Self {
        -(-self).max_axes(axes)
    }

    fn axes_among(self, axes: &[usize]) -> Option<Axes> {
        let own = self.shape().axes();
        axes.iter().all(|&axis| axis < own).then(|| Axes::of(axes.iter().copied()))
    }

    /// ln sum exp over the last axis, which disappears; never overflows.
    #[track_caller]
    pub fn log_sum_exp(self) -> Self {
        let shape = self.shape();
        match shape.extents().last() {
            None | Some(0) => self.fail("log_sum_exp", &[1], "the last axis must hold at least one element"),
            Some(_) => {
                let axes = Axes::of([shape.axes() - 1]);
                self.make(|builder| builder.push(Op::LogSumExp(self.value), shape.without(axes)))
            }
        }
    }

    /// x - ln sum exp(x) along the last axis; never overflows, and as accurate for large x as for small. Values and derivatives
    /// keep their digits where one entry is so much the largest that its result is nearly 0, as ln softmax(x) does not.
    #[track_caller]
    pub fn log_softmax(self) -> Self {
        self.along_last("log_softmax", Op::LogSoftmax(self.value))
    }

    /// exp(x) / sum exp(x) along the last axis; never overflows.
    #[track_caller]
    pub fn softmax(self) -> Self {
        self.along_last("softmax", Op::Softmax(self.value))
    }

    #[track_caller]
    fn along_last(self, name: &'static str, op: Op<T>) -> Self {
        let shape = self.shape();
        match shape.extents().last() {
            None | Some(0) => self.fail(name, &[1], "the last axis must hold at least one element"),
            Some(_) => self.make(|builder| builder.push(op, shape)),
        }
    }
}
