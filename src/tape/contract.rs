//! Products of vectors and matrices, and solutions: methods of [`Var`].

use super::op::Op;
use super::rules::{product_shape, solve_holds};
use super::shape::{Axes, Shape};
use super::var::Var;
use crate::scalar::Scalar;

impl<'t, T: Scalar> Var<'t, T> {
    /// The inner product of two values of one shape: the sum of their elementwise product.
    #[track_caller]
    pub fn dot(self, other: Self) -> Self {
        if !self.tape.expect_own(std::iter::once(&other), "dot") {
            return self;
        }
        if self.shape() != other.shape() {
            return self.fail("dot", other.shape().extents(), "both shapes must be equal");
        }
        (self * other).sum()
    }

    /// The outer product x y' of two vectors.
    #[track_caller]
    pub fn outer(self, other: Self) -> Self {
        if !self.tape.expect_own(std::iter::once(&other), "outer") {
            return self;
        }
        let (left, right) = (self.shape(), other.shape());
        if left.axes() != 1 || right.axes() != 1 {
            return self.fail("outer", right.extents(), "both must be vectors");
        }
        self.reshape([left.size(), 1]).matmul(other.reshape([1, right.size()]))
    }

    /// The matrix product. A vector on the right is a column, on the left a row, and gives a vector.
    ///
    /// Values with more than two axes are stacks of matrices, the last two axes each; stacks broadcast against one
    /// another, and against a single matrix, as arithmetic does.
    #[track_caller]
    pub fn matmul(self, right: Self) -> Self {
        self.product(right, false)
    }

    /// The matrix product with the transposes of `right`'s matrices, which are not formed.
    #[track_caller]
    pub fn matmul_transposed(self, right: Self) -> Self {
        self.product(right, true)
    }

    #[track_caller]
    fn product(self, right: Self, transpose_right: bool) -> Self {
        let name = if transpose_right { "matmul_transposed" } else { "matmul" };
        if !self.tape.expect_own(std::iter::once(&right), name) {
            return self;
        }
        let (left_shape, right_shape) = (self.shape(), right.shape());
        let as_row = |var: Self| var.reshape([1, var.shape().size()]);
        let as_column = |var: Self| var.reshape([var.shape().size(), 1]);
        let left = if left_shape.axes() == 1 { as_row(self) } else { self };
        let right = match (right_shape.axes(), transpose_right) {
            (1, false) => as_column(right),
            (1, true) => as_row(right),
            _ => right,
        };
        let Some(product) = left.product_of_stacks(right, transpose_right) else {
            let rule = if transpose_right {
                "both must be matrices or vectors and have as many columns"
            } else {
                "both must be matrices or vectors, and the left's columns as many as the right's rows"
            };
            return self.fail(name, right_shape.extents(), rule);
        };
        // What was a row or a column in name alone is none in the result.
        let shape = product.shape();
        let vectors = usize::from(left_shape.axes() == 1) + usize::from(right_shape.axes() == 1);
        match (vectors, shape.extents()) {
            (0, _) => product,
            (1, _) => {
                let axis = shape.axes() - if left_shape.axes() == 1 { 2 } else { 1 };
                product.reshape(shape.without(Axes::of([axis])))
            }
            _ => product.reshape([]),
        }
    }

    /// The products of two stacks of matrices, if their shapes agree.
    #[track_caller]
    fn product_of_stacks(self, right: Self, transpose_right: bool) -> Option<Self> {
        let (own, other) = (self.shape(), right.shape());
        if own.axes() < 2 || other.axes() < 2 {
            return None;
        }
        if own.axes() > 2 && other.axes() == 2 {
            // One matrix for all: the stack is one tall matrix.
            let &[ref stack @ .., rows, cols] = own.extents() else { return None };
            let tall = Shape::matrix(stack.iter().product::<usize>() * rows, cols);
            let product = product_shape(tall, false, other, transpose_right)?;
            let shape = own.resized(own.axes() - 1, product.extents()[1]);
            return Some(self.reshape(tall).product_of_stacks(right, transpose_right)?.reshape(shape));
        }
        let (stack, other_stack) = (stack_of(own), stack_of(other));
        let common = stack.broadcast(&other_stack)?;
        let stacked = |var: Self| {
            let matrix = Shape::new(&var.shape().extents()[var.shape().axes() - 2..]).ok()?;
            let extents = [common.extents(), matrix.extents()].concat();
            Some(var.expand(Shape::new(&extents).ok()?))
        };
        let (left, right) = (stacked(self)?, stacked(right)?);
        let shape = product_shape(left.shape(), false, right.shape(), transpose_right)?;
        let op = Op::MatMul { left: left.value, transpose_left: false, right: right.value, transpose_right };
        Some(self.make(|builder| builder.push(op, shape)))
    }

    /// The solution x of A x = b for a square matrix A, by elimination with row exchanges; b is a vector or a matrix of
    /// columns. Not finite if A is singular.
    ///
    /// Cost: 2/3 n^3 + 2 n^2 for each column. Meant for small matrices: each solution factors its matrix, those of derivatives
    /// and of each direction again, in plain loops. Stacks of matrices (more than two axes)
    /// need right sides with as many axes.
    ///
    /// ```
    /// use eigenscape::tape::{Program, Shape};
    ///
    /// let f = Program::<f64>::record([Shape::matrix(2, 2), Shape::vector(2)], |[a, b]| a.solve(b))?;
    /// assert_eq!(f.evaluate(&[&[0.0, 2.0, 4.0, 0.0], &[6.0, 8.0]]), [[2.0, 3.0]]);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    #[track_caller]
    pub fn solve(self, right: Self) -> Self {
        if !self.tape.expect_own(std::iter::once(&right), "solve") {
            return self;
        }
        let (matrix, given) = (self.shape(), right.shape());
        let columns = if given.axes() == 1 { right.reshape([given.size(), 1]) } else { right };
        let shape = columns.shape();
        if !solve_holds(matrix, shape, shape) {
            let rule = "the left must be a square matrix, and the right have as many rows";
            return self.fail("solve", given.extents(), rule);
        }
        let op = Op::Solve { matrix: self.value, transpose: false, right: columns.value };
        self.make(|builder| builder.push(op, shape)).reshape(given)
    }

    /// ln det A of a symmetric positive definite matrix, or of each in a stack, by Cholesky's factorization.
    ///
    /// The value reads the lower triangle; the derivative, A^-1, solves with all of A, and is the value's along symmetric
    /// directions. NaN if a pivot is not positive. Meant for small matrices, in plain loops. Cost n^3 / 3, and 8/3 n^3 for the derivative.
    #[track_caller]
    pub fn log_determinant(self) -> Self {
        let shape = self.shape();
        match *shape.extents() {
            [.., rows, cols] if rows == cols => {
                let axes = Axes::of([shape.axes() - 2, shape.axes() - 1]);
                self.make(|builder| builder.push(Op::LogDeterminant(self.value), shape.without(axes)))
            }
            _ => self.fail("log_determinant", &[], "the value must be a square matrix, or a stack of them"),
        }
    }
}

/// The axes before the last two.
fn stack_of(shape: Shape) -> Shape {
    let axes = shape.axes();
    shape.without(Axes::of([axes - 2, axes - 1]))
}
