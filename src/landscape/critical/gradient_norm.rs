//! Half the squared norm of a gradient, as an objective whose zeros are critical points.

use std::fmt;

use crate::error::Result;
use crate::linalg::{dot, norm};
use crate::objective::{GaussNewtonPoint, Objective, Point, Stochastic, finite_gradient, finite_value};
use crate::operator::{Adjoint, LinearOperator, Normal, Symmetric, fits};
use crate::scalar::Scalar;

/// |g|^2 / 2 of an objective: every critical point of any index becomes a minimum of value 0.
///
/// ```text
///     F(theta) = |g|^2 / 2,     grad F = H g,     hess F = H^2 + D^3 L[g],     its Gauss-Newton matrix H^2
/// ```
///
/// It is an objective like any other, so all of [`optimize`](crate::optimize) runs on it: [`LimitedMemoryBfgs`] needs no more than H g,
/// and [`NaturalGradient`], whose model has H^2, is the method of Levenberg and Marquardt with a trust region. Minima with g not 0
/// are **gradient-flat**: g lies in the kernel of H there, and descent of F ends without a critical point.
///
/// A gradient costs one of L and a product with H; a product with H^2 two; one with the Hessian two more and two points of L, for
/// `D^3 L[g] v` is a central difference of H g along v, whose error is of the order of EPSILON^(2/3).
///
/// ```
/// use eigenscape::landscape::GradientNorm;
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{NaturalGradient, Stopping};
///
/// // The saddle of x^2 - y^2 + y^4 at the origin.
/// let saddle = Recorded::<f64>::new(2, |x| x.at(0).powi(2) - x.at(1).powi(2) + x.at(1).powi(4))?;
/// let gradient_norm = GradientNorm::new(&saddle);
/// let stopping = Stopping::steps(100).value_below(1e-24)?;
/// let end = NaturalGradient::gauss_newton().stopping(stopping).run(&gradient_norm, &[1.0, 0.3])?;
/// assert!(end.converged() && end.theta.iter().all(|x| x.abs() < 1e-11));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// [`LimitedMemoryBfgs`]: crate::optimize::LimitedMemoryBfgs
/// [`NaturalGradient`]: crate::optimize::NaturalGradient
///
/// # References
/// McIver & Komornicki 1972, doi:10.1021/ja00763a011; Moré 1978, doi:10.1007/BFb0067700; Frye et al. 2021, arXiv:2003.10397
/// (gradient-flat regions).
pub struct GradientNorm<'a, O> {
    objective: &'a O,
}

impl<O> fmt::Debug for GradientNorm<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GradientNorm").finish_non_exhaustive()
    }
}

impl<'a, O> GradientNorm<'a, O> {
    /// Half the squared norm of the objective's gradient, with the objective borrowed.
    pub fn new(objective: &'a O) -> Self {
        GradientNorm { objective }
    }
}

/// |g|^2 / 2, if it is within the range of numbers.
fn half_square<T: Scalar>(gradient: &[T]) -> Result<f64> {
    finite_value(0.5 * dot(gradient, gradient))
}

impl<T: Scalar, O: Objective<T>> Stochastic<T> for GradientNorm<'_, O> {
    fn dim(&self) -> usize {
        self.objective.dim()
    }

    #[track_caller]
    fn sample(&self, _step: u64, theta: &[T], gradient: &mut [T]) -> Result<f64> {
        let point = self.objective.at(theta)?;
        point.hessian().apply(point.gradient(), gradient);
        finite_gradient(gradient)?;
        half_square(point.gradient())
    }
}

impl<T: Scalar, O: Objective<T>> Objective<T> for GradientNorm<'_, O> {
    type Point<'b>
        = GradientNormPoint<'b, T, O>
    where
        Self: 'b;

    #[track_caller]
    fn value(&self, theta: &[T]) -> Result<f64> {
        let mut gradient = vec![T::zero(); theta.len()];
        self.objective.value_and_gradient(theta, &mut gradient)?;
        half_square(&gradient)
    }

    #[track_caller]
    fn at(&self, theta: &[T]) -> Result<Self::Point<'_>> {
        let full = self.objective.at(theta)?;
        let value = half_square(full.gradient())?;
        let mut gradient = vec![T::zero(); theta.len()];
        full.hessian().apply(full.gradient(), &mut gradient);
        finite_gradient(&gradient)?;
        Ok(GradientNormPoint { objective: self.objective, theta: theta.to_vec(), full, value, gradient })
    }
}

/// Half the squared norm of a gradient at a point.
pub struct GradientNormPoint<'a, T: Scalar, O: Objective<T> + 'a> {
    objective: &'a O,
    theta: Vec<T>,
    full: O::Point<'a>,
    value: f64,
    gradient: Vec<T>,
}

impl<'a, T: Scalar, O: Objective<T> + 'a> fmt::Debug for GradientNormPoint<'a, T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GradientNormPoint").field("value", &self.value).finish_non_exhaustive()
    }
}

impl<'a, T: Scalar, O: Objective<T> + 'a> GradientNormPoint<'a, T, O> {
    /// The point of the objective itself.
    pub fn full(&self) -> &O::Point<'a> {
        &self.full
    }
}

impl<'a, T: Scalar, O: Objective<T> + 'a> Point<T> for GradientNormPoint<'a, T, O> {
    type Hessian<'b>
        = GradientNormHessian<'b, 'a, T, O>
    where
        Self: 'b;

    fn value(&self) -> f64 {
        self.value
    }
    fn gradient(&self) -> &[T] {
        &self.gradient
    }
    fn hessian(&self) -> Self::Hessian<'_> {
        GradientNormHessian { point: self }
    }
}

impl<'a, T: Scalar, O: Objective<T> + 'a> GaussNewtonPoint<T> for GradientNormPoint<'a, T, O> {
    type GaussNewton<'b>
        = Normal<<O::Point<'a> as Point<T>>::Hessian<'b>>
    where
        Self: 'b;

    fn gauss_newton(&self) -> Self::GaussNewton<'_> {
        Normal::new(self.full.hessian())
    }
}

/// The Hessian of half the squared norm of a gradient: `H^2 + D^3 L[g]`, the second by central differences.
///
/// Entries of a product are not a number where the objective is not finite beside the point.
pub struct GradientNormHessian<'b, 'a, T: Scalar, O: Objective<T> + 'a> {
    point: &'b GradientNormPoint<'a, T, O>,
}

impl<'a, T: Scalar, O: Objective<T> + 'a> fmt::Debug for GradientNormHessian<'_, 'a, T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GradientNormHessian({0}x{0})", self.point.theta.len())
    }
}

impl<'a, T: Scalar, O: Objective<T> + 'a> LinearOperator<T> for GradientNormHessian<'_, 'a, T, O> {
    fn rows(&self) -> usize {
        self.point.theta.len()
    }
    fn cols(&self) -> usize {
        self.point.theta.len()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        let GradientNormPoint { objective, theta, full, .. } = self.point;
        Normal::new(full.hessian()).apply(x, y);
        let length = norm(x);
        if length == 0.0 || full.gradient().iter().all(|g| g.is_zero()) {
            return;
        }
        let step = T::EPSILON.f64().cbrt() * (1.0 + norm(theta));
        let (ahead, behind) = match (
            beside(*objective, theta, x, step / length, full.gradient()),
            beside(*objective, theta, x, -step / length, full.gradient()),
        ) {
            (Ok(ahead), Ok(behind)) => (ahead, behind),
            _ => return y.fill(T::nan()),
        };
        let scale = length / (2.0 * step);
        y.iter_mut().zip(ahead.iter().zip(&behind)).for_each(|(y, (&a, &b))| *y += (a - b) * T::of(scale));
    }
}

impl<'a, T: Scalar, O: Objective<T> + 'a> Adjoint<T> for GradientNormHessian<'_, 'a, T, O> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.apply(y, x);
    }
}

impl<'a, T: Scalar, O: Objective<T> + 'a> Symmetric<T> for GradientNormHessian<'_, 'a, T, O> {}

/// H(theta + t v) w.
pub(super) fn beside<T: Scalar, O: Objective<T>>(
    objective: &O,
    theta: &[T],
    v: &[T],
    t: f64,
    w: &[T],
) -> Result<Vec<T>> {
    let moved: Vec<T> = theta.iter().zip(v).map(|(&theta, &v)| theta + T::of(t) * v).collect();
    let point = objective.at(&moved)?;
    let mut product = vec![T::zero(); w.len()];
    point.hessian().apply(w, &mut product);
    Ok(product)
}
