//! An objective on a sphere.

use std::fmt;

use crate::error::{Error, Result};
use crate::linalg::{axpy, dot, norm};
use crate::objective::{Objective, Point, Stochastic, finite_gradient};
use crate::operator::{Adjoint, LinearOperator, Symmetric, block_fits, fits};
use crate::scalar::Scalar;

/// L(r u / |u|): an objective on the sphere |theta| = r, as a function of any u that is not zero.
///
/// ```text
///     theta = r n,   n = u / |u|,   s = r / |u|,   Q = I - n n',   g = grad L(theta)
///     gradient  s Q g
///     Hessian   s^2 Q (hess L) Q - (s / |u|) (g n' + n g' + (g.n) (I - 3 n n'))
/// ```
///
/// It does not depend on the length of u: its gradient is orthogonal to u. On the tangent space at |u| = r the Hessian is the
/// Riemannian one, Q (hess L) Q - (g.n / r) Q. Restricted to a hyperplane, as
/// [`Restricted`](super::Restricted) of this, it is the sphere cut by the cone over that hyperplane, on which Fort & Scherlis
/// study starts of a fixed radius. A point costs what one of L costs, a product two additional passes over vectors.
///
/// ```
/// use eigenscape::objective::{Objective, Point, Recorded};
/// use eigenscape::subspace::Spherical;
///
/// // A linear function: its extremes on the circle of radius 2 lie along (3, 4).
/// let slope = Recorded::<f64>::new(2, |x| x.at(0) * 3.0 + x.at(1) * 4.0)?;
/// let circle = Spherical::new(&slope, 2.0)?;
/// let top = circle.at(&[30.0, 40.0])?;
/// assert_eq!(top.value(), 10.0);
/// assert!(top.gradient().iter().all(|g| g.abs() < 1e-15));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Scherlis 2018, arXiv:1807.02581. Absil, Mahony, Sepulchre 2008, doi:10.1515/9781400830244 (Hessians on manifolds).
pub struct Spherical<'a, O> {
    objective: &'a O,
    radius: f64,
}

impl<O> fmt::Debug for Spherical<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spherical(radius {})", self.radius)
    }
}

impl<'a, O> Spherical<'a, O> {
    /// The objective on the sphere with a radius, in units of parameters.
    ///
    /// # Errors
    /// If the radius is not finite and positive.
    pub fn new(objective: &'a O, radius: f64) -> Result<Self> {
        Error::positive("the radius of a sphere", radius)?;
        Ok(Spherical { objective, radius })
    }

    /// r u / |u|: where a point lies on the sphere.
    ///
    /// # Errors
    /// If u is zero or not finite.
    pub fn lift<T: Scalar>(&self, u: &[T]) -> Result<Vec<T>> {
        Ok(self.place(u)?.0)
    }

    /// theta, n, and |u|.
    fn place<T: Scalar>(&self, u: &[T]) -> Result<(Vec<T>, Vec<T>, f64)> {
        Error::finite("the parameters", u, "start from finite parameters")?;
        // To unit scale first: squares of entries may be beyond the range of numbers.
        let largest = u.iter().fold(0.0, |largest: f64, x| largest.max(x.f64().abs()));
        Error::positive("the length of the parameters on a sphere", largest)?;
        let scaled: Vec<f64> = u.iter().map(|x| x.f64() / largest).collect();
        let length = norm(&scaled);
        let normal: Vec<T> = scaled.iter().map(|x| T::of(x / length)).collect();
        let theta = scaled.iter().map(|x| T::of(x / length * self.radius)).collect();
        Ok((theta, normal, length * largest))
    }
}

/// v <- factor (v - n n.v).
fn to_tangent<T: Scalar>(normal: &[T], factor: f64, v: &mut [T]) {
    axpy(T::of(-dot(normal, v)), normal, v);
    v.iter_mut().for_each(|v| *v *= T::of(factor));
}

impl<T: Scalar, O: Stochastic<T>> Stochastic<T> for Spherical<'_, O> {
    fn dim(&self) -> usize {
        self.objective.dim()
    }

    #[track_caller]
    fn sample(&self, step: u64, u: &[T], gradient: &mut [T]) -> Result<f64> {
        let (theta, normal, length) = self.place(u)?;
        let value = self.objective.sample(step, &theta, gradient)?;
        to_tangent(&normal, self.radius / length, gradient);
        finite_gradient(gradient)?;
        Ok(value)
    }
}

impl<T: Scalar, O: Objective<T>> Objective<T> for Spherical<'_, O> {
    type Point<'b>
        = SphericalPoint<T, O::Point<'b>>
    where
        Self: 'b;

    #[track_caller]
    fn value(&self, u: &[T]) -> Result<f64> {
        self.objective.value(&self.lift(u)?)
    }

    #[track_caller]
    fn at(&self, u: &[T]) -> Result<Self::Point<'_>> {
        let (theta, normal, length) = self.place(u)?;
        let full = self.objective.at(&theta)?;
        let mut gradient = full.gradient().to_vec();
        to_tangent(&normal, self.radius / length, &mut gradient);
        finite_gradient(&gradient)?;
        Ok(SphericalPoint { full, gradient, normal, scale: self.radius / length, length })
    }
}

/// An objective on a sphere at a point.
pub struct SphericalPoint<T, Q> {
    full: Q,
    gradient: Vec<T>,
    normal: Vec<T>,
    /// r / |u|.
    scale: f64,
    /// |u|.
    length: f64,
}

impl<T, Q> fmt::Debug for SphericalPoint<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SphericalPoint({} dimensions)", self.gradient.len())
    }
}

impl<T, Q> SphericalPoint<T, Q> {
    /// The point of the objective itself.
    pub fn full(&self) -> &Q {
        &self.full
    }
}

impl<T: Scalar, Q: Point<T>> Point<T> for SphericalPoint<T, Q> {
    type Hessian<'b>
        = SphericalHessian<'b, T, Q::Hessian<'b>>
    where
        Self: 'b;

    fn value(&self) -> f64 {
        self.full.value()
    }
    fn gradient(&self) -> &[T] {
        &self.gradient
    }
    fn hessian(&self) -> Self::Hessian<'_> {
        let gradient = self.full.gradient();
        let along = dot(gradient, &self.normal);
        SphericalHessian {
            hessian: self.full.hessian(),
            gradient,
            normal: &self.normal,
            along,
            scale: self.scale,
            length: self.length,
        }
    }
}

/// The Hessian of an objective on a sphere.
#[derive(Clone, Debug)]
pub struct SphericalHessian<'a, T, H> {
    hessian: H,
    gradient: &'a [T],
    normal: &'a [T],
    /// g.n
    along: f64,
    scale: f64,
    length: f64,
}

impl<T: Scalar, H: LinearOperator<T>> SphericalHessian<'_, T, H> {
    /// Adds what bending of the sphere does to Q H Q v s^2, which stands in `y`.
    fn bend(&self, v: &[T], y: &mut [T]) {
        let factor = -self.scale / self.length;
        let (nv, gv) = (dot(self.normal, v), dot(self.gradient, v));
        axpy(T::of(factor * nv), self.gradient, y);
        axpy(T::of(factor * (gv - 3.0 * self.along * nv)), self.normal, y);
        axpy(T::of(factor * self.along), v, y);
    }
}

impl<T: Scalar, H: LinearOperator<T>> LinearOperator<T> for SphericalHessian<'_, T, H> {
    fn rows(&self) -> usize {
        self.normal.len()
    }
    fn cols(&self) -> usize {
        self.normal.len()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        self.apply_block(x, y, 1);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        block_fits(self.rows(), self.cols(), x, y, vectors);
        let dim = self.cols();
        let mut tangents = x.to_vec();
        tangents.chunks_exact_mut(dim).for_each(|v| to_tangent(self.normal, self.scale, v));
        match vectors {
            1 => self.hessian.apply(&tangents, y),
            _ => self.hessian.apply_block(&tangents, y, vectors),
        }
        for (v, y) in x.chunks_exact(dim).zip(y.chunks_exact_mut(dim)) {
            to_tangent(self.normal, self.scale, y);
            self.bend(v, y);
        }
    }
}

impl<T: Scalar, H: Symmetric<T>> Adjoint<T> for SphericalHessian<'_, T, H> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.apply(y, x);
    }
    #[track_caller]
    fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
        self.apply_block(y, x, vectors);
    }
}

impl<T: Scalar, H: Symmetric<T>> Symmetric<T> for SphericalHessian<'_, T, H> {}
