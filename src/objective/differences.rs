//! Objectives from outside, by their values and gradients, with a Hessian by differences of gradients.

use std::fmt;

use super::{Objective, Point, Stochastic, finite_gradient, finite_parameters, finite_value};
use crate::error::{Error, Result};
use crate::krylov::length;
use crate::linalg::norm;
use crate::operator::{Adjoint, LinearOperator, Symmetric, fits};
use crate::random::Key;
use crate::scalar::Scalar;

/// A function from elsewhere, another framework's or one written by hand, known by its value and gradient.
///
/// ```
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::objective::{Objective, Outside, Point};
/// use eigenscape::random::Key;
///
/// // x^4 / 4 + 3 y^2 / 2, from wherever it comes
/// let bowl = Outside::new(2, |theta: &[f64], gradient: &mut [f64]| {
///     gradient.copy_from_slice(&[theta[0].powi(3), 3.0 * theta[1]]);
///     theta[0].powi(4) / 4.0 + 1.5 * theta[1].powi(2)
/// });
/// let point = bowl.at(&[2.0, 0.0])?;
/// let top = Eigensolver::new(1, Key::new(0)).run(&point.hessian())?;
/// assert!((top.values[0] - 12.0).abs() < 1e-7);
///
/// let mut product = [0.0; 2];
/// let error = point.hessian().apply_with_error(&[1.0, 0.0], &mut product);
/// assert!((product[0] - 12.0).abs() <= error && error < 1e-6);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "finite differences")]
#[doc(alias = "black box")]
#[doc(alias = "foreign function")]
pub struct Outside<F> {
    dim: usize,
    function: F,
}

impl<F> fmt::Debug for Outside<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("dim", &self.dim).finish_non_exhaustive()
    }
}

impl<F> Outside<F> {
    /// A function of `dim` parameters: called with parameters, it overwrites its second argument with the gradient and
    /// returns the value. It may be called from several threads.
    pub fn new<T: Scalar>(dim: usize, function: F) -> Self
    where
        F: Fn(&[T], &mut [T]) -> T + Sync,
    {
        Outside { dim, function }
    }
}

impl<T: Scalar, F: Fn(&[T], &mut [T]) -> T + Sync> Stochastic<T> for Outside<F> {
    fn dim(&self) -> usize {
        self.dim
    }

    #[track_caller]
    fn sample(&self, _step: u64, theta: &[T], gradient: &mut [T]) -> Result<f64> {
        assert_eq!(theta.len(), self.dim, "theta must hold {} parameters", self.dim);
        assert_eq!(gradient.len(), self.dim, "the gradient must hold {} entries", self.dim);
        let value = (self.function)(theta, gradient);
        finite_gradient(gradient)?;
        finite_value(value.f64())
    }
}

impl<T: Scalar, F: Fn(&[T], &mut [T]) -> T + Sync> Objective<T> for Outside<F> {
    type Point<'a>
        = OutsidePoint<'a, T, F>
    where
        Self: 'a;

    #[track_caller]
    fn value(&self, theta: &[T]) -> Result<f64> {
        assert_eq!(theta.len(), self.dim, "theta must hold {} parameters", self.dim);
        finite_value((self.function)(theta, &mut vec![T::zero(); self.dim]).f64())
    }

    #[track_caller]
    fn at(&self, theta: &[T]) -> Result<OutsidePoint<'_, T, F>> {
        assert_eq!(theta.len(), self.dim, "theta must hold {} parameters", self.dim);
        finite_parameters(theta)?;
        let mut gradient = vec![T::zero(); self.dim];
        let value = self.value_and_gradient(theta, &mut gradient)?;
        Ok(OutsidePoint { objective: self, theta: theta.to_vec(), value, gradient, step: None })
    }
}

/// A function from elsewhere at a point.
pub struct OutsidePoint<'a, T, F> {
    objective: &'a Outside<F>,
    theta: Vec<T>,
    value: f64,
    gradient: Vec<T>,
    step: Option<f64>,
}

impl<T: Scalar, F> fmt::Debug for OutsidePoint<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutsidePoint").field("value", &self.value).finish_non_exhaustive()
    }
}

impl<T: Scalar, F> OutsidePoint<'_, T, F> {
    /// Sets the length of the steps that the Hessian's differences take, in units of parameters.
    ///
    /// By default EPSILON^(1/5) (1 + |theta|) / 4: with the fourth-order differences of [`DifferenceHessian`], rounding of
    /// the gradient and the curvature of gradients then err about alike, if both have scale 1.
    ///
    /// # Errors
    /// If it is not positive.
    pub fn step(self, step: f64) -> Result<Self> {
        Error::positive("the step of differences", step)?;
        Ok(OutsidePoint { step: Some(step), ..self })
    }
}

impl<T: Scalar, F: Fn(&[T], &mut [T]) -> T + Sync> OutsidePoint<'_, T, F> {
    /// Chooses the step by trial: of nine steps, each four times the one before about the default, the one whose product with
    /// a random vector has the least estimated error. Cost: 36 gradients. For functions whose scale is not 1, or whose
    /// gradients are less exact than their type.
    pub fn tuned(self, key: Key) -> Self {
        let mut v = vec![T::zero(); self.theta.len()];
        key.normal(0, &mut v);
        let mut product = v.clone();
        let default = self.hessian().step;
        let trials = (-4..=4).map(|power| default * 4f64.powi(power));
        let error = |step: f64| {
            let error = DifferenceHessian { step, ..self.hessian() }.apply_with_error(&v, &mut product);
            (step, error)
        };
        let best = trials.map(error).filter(|(_, error)| error.is_finite()).min_by(|x, y| x.1.total_cmp(&y.1));
        OutsidePoint { step: best.map(|(step, _)| step), ..self }
    }
}

impl<T: Scalar, F: Fn(&[T], &mut [T]) -> T + Sync> Point<T> for OutsidePoint<'_, T, F> {
    type Hessian<'a>
        = DifferenceHessian<'a, T, F>
    where
        Self: 'a;

    fn value(&self) -> f64 {
        self.value
    }
    fn gradient(&self) -> &[T] {
        &self.gradient
    }
    fn hessian(&self) -> DifferenceHessian<'_, T, F> {
        let automatic = || T::EPSILON.f64().powf(0.2) * (1.0 + norm(&self.theta)) / 4.0;
        DifferenceHessian {
            function: &self.objective.function,
            theta: &self.theta,
            step: self.step.unwrap_or_else(automatic),
        }
    }
}

/// The Hessian by central differences of gradients, two of them extrapolated:
///
/// ```text
///     d(h) = (grad L(theta + h u) - grad L(theta - h u)) / 2h,     u = v / |v|
///     H v = |v| (4 d(h) - d(2h)) / 3 + O(h^4)
/// ```
///
/// A product costs four gradients. It is symmetric up to its error, which is promised to be small: use
/// [`DifferenceHessian::apply_with_error`] to see how small, and [`OutsidePoint::step`] to change it. Entries of a product
/// are not a number where a gradient is not.
pub struct DifferenceHessian<'a, T, F> {
    function: &'a F,
    theta: &'a [T],
    step: f64,
}

impl<T, F> Clone for DifferenceHessian<'_, T, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, F> Copy for DifferenceHessian<'_, T, F> {}

impl<T, F> fmt::Debug for DifferenceHessian<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DifferenceHessian({0}x{0}, step {1:e})", self.theta.len(), self.step)
    }
}

impl<T: Scalar, F: Fn(&[T], &mut [T]) -> T + Sync> DifferenceHessian<'_, T, F> {
    /// The product, and an estimate of its error's norm: what extrapolation changed, which bounds the error of the
    /// differences as long as steps are short on the scale of the function, and the rounding of the gradients.
    ///
    /// # Panics
    /// If `x` or `y` does not have `dim` entries.
    #[track_caller]
    pub fn apply_with_error(&self, x: &[T], y: &mut [T]) -> f64 {
        fits(self.theta.len(), self.theta.len(), x, y);
        // A unit vector in double precision: squares of entries may be beyond the range of numbers.
        let length = length(x);
        if length == 0.0 {
            y.fill(T::zero());
            return 0.0;
        }
        let unit: Vec<f64> = x.iter().map(|x| x.f64() / length).collect();
        let mut theta = self.theta.to_vec();
        let mut gradient = vec![T::zero(); x.len()];
        let mut size = 0.0f64;
        let mut along = |steps: f64| {
            let by = steps * self.step;
            theta
                .iter_mut()
                .zip(self.theta)
                .zip(&unit)
                .for_each(|((moved, &theta), &u)| *moved = theta + T::of(by * u));
            gradient.fill(T::zero());
            let _value = (self.function)(&theta, &mut gradient);
            size = size.max(norm(&gradient));
            gradient.iter().map(|g| g.f64()).collect::<Vec<f64>>()
        };
        let [ahead, behind, far_ahead, far_behind] = [1.0, -1.0, 2.0, -2.0].map(&mut along);
        let (mut change, mut product) = (0.0f64, 0.0f64);
        for (i, y) in y.iter_mut().enumerate() {
            let near = (ahead[i] - behind[i]) / (2.0 * self.step);
            let far = (far_ahead[i] - far_behind[i]) / (4.0 * self.step);
            *y = T::of((4.0 * near - far) / 3.0 * length);
            change += ((near - far) / 3.0).powi(2);
            product += ((4.0 * near - far) / 3.0).powi(2);
        }
        // The moved parameters are rounded too, which moves the gradient by up to that much of the product.
        let rounding = T::EPSILON.f64() * (2.0 * size + norm(self.theta) * product.sqrt()) / self.step;
        (change.sqrt() + rounding) * length
    }
}

impl<T: Scalar, F: Fn(&[T], &mut [T]) -> T + Sync> LinearOperator<T> for DifferenceHessian<'_, T, F> {
    fn rows(&self) -> usize {
        self.theta.len()
    }
    fn cols(&self) -> usize {
        self.theta.len()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        let _error = self.apply_with_error(x, y);
    }
}

impl<T: Scalar, F: Fn(&[T], &mut [T]) -> T + Sync> Adjoint<T> for DifferenceHessian<'_, T, F> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.apply(y, x);
    }
}

impl<T: Scalar, F: Fn(&[T], &mut [T]) -> T + Sync> Symmetric<T> for DifferenceHessian<'_, T, F> {}
