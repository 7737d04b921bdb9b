//! Recording: ordinary expressions on [`Var`] write a program as they are evaluated.

use std::cell::RefCell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::build::Builder;
use super::op::Value;
use super::program::Program;
use super::shape::Shape;
use super::var::Var;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// What a function is recorded on.
///
/// Shapes are checked as the function is written. An operation on shapes that do not agree leaves the tape with an
/// error, which names the operation, both shapes and the source line, and which [`Tape::finish`] returns; so
/// expressions need no `?` in every term.
///
/// ```
/// use eigenscape::tape::{Plan, Shape, Tape};
///
/// // f(x, y) = sum(x y) and x + y, in one program with two results
/// let tape = Tape::<f64>::new();
/// let [x, y] = [tape.argument(Shape::vector(2)), tape.argument(Shape::vector(2))];
/// let program = tape.finish(&[&[(x * y).sum()], &[x + y]])?;
///
/// let plan = Plan::new(&program);
/// let (mut product, mut sum) = ([0.0], [0.0; 2]);
/// plan.run(&[&[1.0, 2.0], &[3.0, 4.0]], &mut [&mut product, &mut sum], &mut plan.workspace());
/// assert_eq!(product, [11.0]);
/// assert_eq!(sum, [4.0, 6.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "autodiff")]
#[doc(alias = "automatic differentiation")]
#[doc(alias = "tracing")]
pub struct Tape<T> {
    pub(super) builder: RefCell<Builder<T>>,
    error: RefCell<Option<Error>>,
}

impl<T: Scalar> Default for Tape<T> {
    fn default() -> Self {
        Tape::new()
    }
}

impl<T> fmt::Debug for Tape<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape").field("error", &self.error.borrow()).finish_non_exhaustive()
    }
}

impl<T: Scalar> Tape<T> {
    /// An empty tape.
    pub fn new() -> Self {
        Tape { builder: RefCell::new(Builder::new()), error: RefCell::new(None) }
    }

    /// Adds an argument with one block.
    #[track_caller]
    pub fn argument(&self, shape: impl Into<Shape>) -> Var<'_, T> {
        self.arguments(&[shape.into()])[0]
    }

    /// Adds one argument with several blocks, which lie back to back in its slice.
    #[track_caller]
    pub fn arguments(&self, blocks: &[Shape]) -> Vec<Var<'_, T>> {
        blocks.iter().for_each(|&shape| self.expect_countable(shape));
        let values = self.builder.borrow_mut().argument(blocks);
        values.into_iter().map(|value| self.var(value)).collect()
    }

    /// An array of constants, row by row.
    #[track_caller]
    pub fn constant(&self, shape: impl Into<Shape>, values: &[T]) -> Var<'_, T> {
        let shape = shape.into();
        if values.len() != shape.size() {
            let rule = "an array of constants needs as many values as its shape has elements";
            self.fail("constant", &[values.len()], shape.extents(), rule);
            return self.fill(shape, T::nan());
        }
        self.var(self.builder.borrow_mut().constant(shape, Arc::from(values)))
    }

    /// One number everywhere.
    pub fn fill(&self, shape: impl Into<Shape>, value: T) -> Var<'_, T> {
        self.var(self.builder.borrow_mut().fill(shape.into(), value))
    }

    /// Records a call of a program: its results, in blocks, at these values for its arguments' blocks.
    ///
    /// Functions are put together from recorded ones in this way.
    #[track_caller]
    pub fn call<'t>(&'t self, program: &Program<T>, arguments: &[&[Var<'t, T>]]) -> Vec<Vec<Var<'t, T>>> {
        let nothing = || {
            let of = |shape: &Shape| self.fill(*shape, T::nan());
            program.results().iter().map(|blocks| blocks.iter().map(of).collect()).collect()
        };
        if !self.expect_own(arguments.iter().copied().flatten(), "call") {
            return nothing();
        }
        let given: Vec<Vec<Shape>> =
            arguments.iter().map(|blocks| blocks.iter().map(|var| var.shape()).collect()).collect();
        if given != program.arguments() {
            let sizes = |blocks: &[Vec<Shape>]| blocks.iter().flatten().map(Shape::size).collect::<Vec<_>>();
            let rule = "the blocks of a call must have the shapes of the program's arguments (sizes are shown)";
            self.fail("call", &sizes(&given), &sizes(program.arguments()), rule);
            return nothing();
        }
        let values: Vec<Vec<Value>> =
            arguments.iter().map(|blocks| blocks.iter().map(|var| var.value).collect()).collect();
        let results = self.builder.borrow_mut().inline(program, &values);
        results.into_iter().map(|blocks| blocks.into_iter().map(|value| self.var(value)).collect()).collect()
    }

    /// The program with these results, in blocks. The tape stays as it is: several programs may share what is on it.
    ///
    /// # Errors
    /// The first error met while recording: shapes that do not agree, or values of another tape.
    #[track_caller]
    pub fn finish(&self, results: &[&[Var<'_, T>]]) -> Result<Program<T>> {
        self.expect_own(results.iter().copied().flatten(), "finish");
        if let Some(error) = self.error.borrow().clone() {
            return Err(error);
        }
        let values = results.iter().map(|blocks| blocks.iter().map(|var| var.value).collect()).collect();
        Ok(self.builder.borrow().finish(values))
    }

    /// Leaves the tape with an error unless all values are its own.
    #[track_caller]
    pub(super) fn expect_own<'v>(
        &self,
        mut values: impl Iterator<Item = &'v Var<'v, T>>,
        operation: &'static str,
    ) -> bool {
        let own = values.all(|var| std::ptr::eq(var.tape, self));
        if !own {
            self.fail(operation, &[], &[], "all values must be on this tape");
        }
        own
    }

    /// Leaves the tape with an error if a value has more elements than an address can count.
    #[track_caller]
    pub(super) fn expect_countable(&self, shape: Shape) {
        if shape.size().saturating_mul(size_of::<T>()) > isize::MAX as usize {
            self.fail("a value", shape.extents(), &[], "it has more elements than memory can hold: split it");
        }
    }

    fn var(&self, value: Value) -> Var<'_, T> {
        Var { tape: self, value }
    }

    /// Keeps the first error; what follows from it is of no interest.
    #[track_caller]
    pub(super) fn fail(&self, operation: &'static str, left: &[usize], right: &[usize], rule: &'static str) {
        let location = Some(Location::caller());
        let error = Error::Shapes { operation, left: left.to_vec(), right: right.to_vec(), rule, location };
        self.error.borrow_mut().get_or_insert(error);
    }
}

impl<T: Scalar> Program<T> {
    /// Records a function of `N` arrays with one result.
    ///
    /// ```
    /// use eigenscape::tape::{Program, Shape};
    ///
    /// let norm = Program::<f64>::record([Shape::vector(3)], |[x]| (x * x).sum().sqrt())?;
    /// assert_eq!(norm.evaluate(&[&[2.0, 3.0, 6.0]]), [[7.0]]);
    ///
    /// let error = Program::<f64>::record([Shape::matrix(3, 4), Shape::matrix(5, 2)], |[a, b]| a.matmul(b)).unwrap_err();
    /// assert!(error.to_string().starts_with("matmul: left is 3x4 but right is 5x2; "));
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first shape error met while recording.
    pub fn record<const N: usize>(
        arguments: [Shape; N],
        function: impl for<'t> FnOnce([Var<'t, T>; N]) -> Var<'t, T>,
    ) -> Result<Self> {
        let tape = Tape::new();
        let result = function(arguments.map(|shape| tape.argument(shape)));
        tape.finish(&[&[result]])
    }

    /// The results at these arguments, with a plan made for this one call; for repeated calls keep a
    /// [`Plan`](super::Plan).
    ///
    /// # Panics
    /// If the arguments are not as many or as long as recorded, or if there is not enough memory.
    #[track_caller]
    pub fn evaluate(&self, arguments: &[&[T]]) -> Vec<Vec<T>> {
        let plan = super::Plan::new(self);
        let room = |&len: &usize| super::plan::zeros(len).unwrap_or_else(|error| panic!("{error}"));
        let mut results: Vec<Vec<T>> = plan.result_lens().iter().map(room).collect();
        let mut slices: Vec<&mut [T]> = results.iter_mut().map(Vec::as_mut_slice).collect();
        plan.run(arguments, &mut slices, &mut plan.workspace());
        results
    }
}
