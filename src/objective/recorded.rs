//! Recorded formulas as objectives.

use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock};

use super::{Objective, Point, Stochastic, Taylor, finite_gradient, finite_parameters, finite_value};
use crate::error::{Error, Result};
use crate::operator::{Adjoint, LinearOperator, Symmetric, block_fits, fits};
use crate::scalar::Scalar;
use crate::tape::{
    Derivative, Plan, Pool, Program, Shape, Tape, Var, Workspace, Workspaces, linearize, run_pooled, zeros,
};

/// A recorded formula as an objective.
///
/// ```
/// use eigenscape::objective::{Objective, Point, Recorded};
/// use eigenscape::operator::to_dense;
///
/// // Rosenbrock's valley
/// let valley = Recorded::<f64>::new(2, |x| {
///     let (x, y) = (x.at(0), x.at(1));
///     (1.0 - x).powi(2) + (y - x * x).powi(2) * 100.0
/// })?;
/// let bottom = valley.at(&[1.0, 1.0])?;
/// assert_eq!(bottom.value(), 0.0);
/// assert_eq!(bottom.gradient(), [0.0, 0.0]);
/// assert_eq!(to_dense(&bottom.hessian()).entries(), [802.0, -400.0, -400.0, 200.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "custom objective")]
#[doc(alias = "autodiff")]
pub struct Recorded<T> {
    dim: usize,
    program: Program<T>,
    value: Plan<T>,
    gradient_program: Program<T>,
    gradient: Plan<T>,
    hessian: OnceLock<Derivative<T>>,
    taylor: OnceLock<Plan<T>>,
    value_workspaces: Pool<Workspace<T>>,
    gradient_workspaces: Pool<Workspace<T>>,
}

impl<T> fmt::Debug for Recorded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded").field("dim", &self.dim).finish_non_exhaustive()
    }
}

impl<T: Scalar> Recorded<T> {
    /// Records a function of a vector with `dim` entries that returns a single number.
    ///
    /// # Errors
    /// If shapes do not agree in the function, or its result is not a single number.
    pub fn new(dim: usize, function: impl for<'t> FnOnce(Var<'t, T>) -> Var<'t, T>) -> Result<Self> {
        Recorded::from_program(Program::record([Shape::vector(dim)], |[x]| function(x))?)
    }

    /// Records a function of `dim` separate numbers; cheaper than [`Recorded::new`] for code written with scalars.
    ///
    /// # Errors
    /// If shapes do not agree in the function, or its result is not a single number.
    pub fn scalars(dim: usize, function: impl for<'t> FnOnce(&[Var<'t, T>]) -> Var<'t, T>) -> Result<Self> {
        let tape = Tape::new();
        let result = function(&tape.arguments(&vec![Shape::scalar(); dim]));
        Recorded::from_program(tape.finish(&[&[result]])?)
    }

    /// A program with one argument and one number as its result.
    ///
    /// # Errors
    /// If it has not, or if there is not the memory to run its gradient.
    pub fn from_program(program: Program<T>) -> Result<Self> {
        Error::length("the list of arguments of an objective", program.arguments().len(), 1)?;
        let gradient_program = program.gradient(0)?;
        let gradient = Plan::new(&gradient_program);
        let gradient_workspaces = Pool::default();
        gradient_workspaces.give(gradient.try_workspace()?);
        Ok(Recorded {
            dim: program.argument_len(0),
            value: Plan::new(&program),
            program,
            gradient,
            gradient_program,
            hessian: OnceLock::new(),
            taylor: OnceLock::new(),
            value_workspaces: Pool::default(),
            gradient_workspaces,
        })
    }

    fn taylor(&self) -> &Plan<T> {
        self.taylor.get_or_init(|| {
            Plan::new(
                &self.program.derivatives_along(0, Taylor::ORDER).expect("an objective is one number of one argument"),
            )
        })
    }

    fn second(&self) -> &Derivative<T> {
        self.hessian.get_or_init(|| {
            let gradient = linearize(&self.gradient_program.select(&[1]), &[0]);
            Derivative::new(&gradient.expect("the gradient has the argument of its function"))
        })
    }
}

impl<T: Scalar> Stochastic<T> for Recorded<T> {
    fn dim(&self) -> usize {
        self.dim
    }

    #[track_caller]
    fn sample(&self, _step: u64, theta: &[T], gradient: &mut [T]) -> Result<f64> {
        let mut value = [T::zero()];
        run_pooled(&self.gradient, &self.gradient_workspaces, &[theta], &mut [&mut value, gradient]);
        finite_gradient(gradient)?;
        finite_value(value[0].f64())
    }
}

impl<T: Scalar> Objective<T> for Recorded<T> {
    type Point<'a> = RecordedPoint<'a, T>;

    #[track_caller]
    fn value(&self, theta: &[T]) -> Result<f64> {
        let mut value = [T::zero()];
        run_pooled(&self.value, &self.value_workspaces, &[theta], &mut [&mut value]);
        finite_value(value[0].f64())
    }

    #[track_caller]
    fn at(&self, theta: &[T]) -> Result<RecordedPoint<'_, T>> {
        finite_parameters(theta)?;
        let mut gradient = vec![T::zero(); self.dim];
        let value = self.value_and_gradient(theta, &mut gradient)?;
        let hessian = self.second();
        let mut residuals = zeros(hessian.residual_len())?;
        hessian.primal.run(&[theta], &mut [&mut residuals], &mut hessian.primal.try_workspace()?);
        let theta = theta.to_vec();
        Ok(RecordedPoint { objective: self, theta, value, gradient, residuals, hessian, memory: Mutex::default() })
    }
}

/// A recorded formula at a point.
pub struct RecordedPoint<'a, T> {
    objective: &'a Recorded<T>,
    theta: Vec<T>,
    value: f64,
    gradient: Vec<T>,
    residuals: Vec<T>,
    hessian: &'a Derivative<T>,
    memory: Mutex<Memory<T>>,
}

/// What products run with.
#[derive(Debug)]
struct Memory<T> {
    workspaces: Workspaces<T>,
    vectors: Vec<T>,
    products: Vec<T>,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Memory { workspaces: Workspaces::default(), vectors: Vec::new(), products: Vec::new() }
    }
}

impl<T> fmt::Debug for RecordedPoint<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedPoint").field("value", &self.value).finish_non_exhaustive()
    }
}

impl<T> RecordedPoint<'_, T> {
    fn memory(&self) -> MutexGuard<'_, Memory<T>> {
        // It holds no state between runs, so what a panic left behind is as good as any.
        self.memory.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<T: Scalar> RecordedPoint<'_, T> {
    /// The parameters.
    pub fn theta(&self) -> &[T] {
        &self.theta
    }

    /// The value and its first three derivatives along a direction. Cost: about 8 values.
    ///
    /// # Errors
    /// If a derivative is not finite.
    ///
    /// # Panics
    /// If the direction does not have `dim` entries.
    #[track_caller]
    pub fn along(&self, direction: &[T]) -> Result<Taylor> {
        let plan = self.objective.taylor();
        let mut out = [T::zero(); 4];
        let [value, slope, curvature, third] = out.each_mut().map(std::slice::from_mut);
        plan.run(&[&self.theta, direction], &mut [value, slope, curvature, third], &mut plan.workspace());
        Taylor::new(out.map(|x| x.f64()))
    }
}

impl<T: Scalar> Point<T> for RecordedPoint<'_, T> {
    type Hessian<'a>
        = RecordedHessian<'a, T>
    where
        Self: 'a;

    fn value(&self) -> f64 {
        self.value
    }
    fn gradient(&self) -> &[T] {
        &self.gradient
    }
    fn hessian(&self) -> RecordedHessian<'_, T> {
        RecordedHessian { point: self }
    }
}

/// The Hessian of a recorded formula at a point. A product costs about two gradients.
#[derive(Clone, Copy, Debug)]
pub struct RecordedHessian<'a, T> {
    point: &'a RecordedPoint<'a, T>,
}

impl<T: Scalar> LinearOperator<T> for RecordedHessian<'_, T> {
    fn rows(&self) -> usize {
        self.point.gradient.len()
    }
    fn cols(&self) -> usize {
        self.point.gradient.len()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        let RecordedPoint { hessian, .. } = self.point;
        let at: (&[T], &[&[T]]) = (&self.point.residuals, &[&self.point.theta]);
        hessian.run_block(at, 1, x, y, &mut self.point.memory().workspaces);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        block_fits(self.rows(), self.cols(), x, y, vectors);
        let RecordedPoint { hessian, .. } = self.point;
        let at: (&[T], &[&[T]]) = (&self.point.residuals, &[&self.point.theta]);
        let Memory { workspaces, vectors: packed, products } = &mut *self.point.memory();
        let (dim, mut start) = (self.cols(), 0);
        for width in hessian.pieces(vectors) {
            let range = start * dim..(start + width) * dim;
            let (x, y) = (&x[range.clone()], &mut y[range]);
            if width == 1 {
                hessian.run_block(at, 1, x, y, workspaces);
            } else {
                packed.resize(x.len(), T::zero());
                products.resize(x.len(), T::zero());
                hessian.pack(width, x, packed);
                hessian.run_block(at, width, packed, products, workspaces);
                hessian.unpack(width, products, y);
            }
            start += width;
        }
    }
}

impl<T: Scalar> Adjoint<T> for RecordedHessian<'_, T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.apply(y, x);
    }
}

impl<T: Scalar> Symmetric<T> for RecordedHessian<'_, T> {}
