//! An objective restricted to an affine subspace.

use std::fmt;

use crate::error::{Error, Result};
use crate::linalg::axpy;
use crate::objective::{GaussNewtonPoint, Objective, Point, Stochastic, finite_gradient};
use crate::operator::{Adjoint, Compressed, Dense, to_dense};
use crate::scalar::Scalar;

/// l(psi) = L(theta0 + P psi), with the objective and the projection borrowed.
///
/// ```
/// use eigenscape::objective::{Objective, Point, Recorded};
/// use eigenscape::operator::{Dense, to_dense};
/// use eigenscape::subspace::Restricted;
///
/// let bowl = Recorded::<f64>::new(2, |x| (x * x).sum())?;
/// let diagonal = Dense::new(vec![0.6, 0.8], 2, 1)?;
/// let cut = Restricted::new(&bowl, &diagonal, &[0.0, 1.0])?;
/// assert_eq!(cut.lift(&[10.0]), [6.0, 9.0]);
/// let point = cut.at(&[0.0])?;
/// assert_eq!(point.gradient(), [1.6]);
/// assert!((to_dense(&point.hessian()).entries()[0] - 2.0).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "subspace training")]
#[doc(alias = "random subspace")]
#[doc(alias = "reparametrization")]
pub struct Restricted<'a, T, O, P> {
    objective: &'a O,
    projection: &'a P,
    origin: Vec<T>,
}

impl<T: Scalar, O, P: Adjoint<T>> fmt::Debug for Restricted<'_, T, O, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Restricted({} of {} dimensions)", self.projection.cols(), self.projection.rows())
    }
}

impl<'a, T: Scalar, O: Stochastic<T>, P: Adjoint<T>> Restricted<'a, T, O, P> {
    /// The objective on `origin` plus the range of the projection.
    ///
    /// # Errors
    /// If origin, objective and projection do not have one dimension, or the origin is not finite.
    pub fn new(objective: &'a O, projection: &'a P, origin: &[T]) -> Result<Self> {
        Error::length("the origin of a subspace", origin.len(), objective.dim())?;
        Error::length("a column of the projection", projection.rows(), objective.dim())?;
        Error::finite("the origin of a subspace", origin, "take a finite origin")?;
        Ok(Restricted { objective, projection, origin: origin.to_vec() })
    }

    /// theta0 + P psi: where a point of the subspace lies.
    ///
    /// # Panics
    /// If `psi` does not have as many entries as the subspace has dimensions.
    #[track_caller]
    pub fn lift(&self, psi: &[T]) -> Vec<T> {
        let mut theta = vec![T::zero(); self.origin.len()];
        self.projection.apply(psi, &mut theta);
        axpy(T::one(), &self.origin, &mut theta);
        theta
    }
}

impl<T: Scalar, O: Stochastic<T>, P: Adjoint<T>> Stochastic<T> for Restricted<'_, T, O, P> {
    fn dim(&self) -> usize {
        self.projection.cols()
    }

    #[track_caller]
    fn sample(&self, step: u64, psi: &[T], gradient: &mut [T]) -> Result<f64> {
        let mut full = vec![T::zero(); self.origin.len()];
        let value = self.objective.sample(step, &self.lift(psi), &mut full)?;
        self.projection.apply_adjoint(&full, gradient);
        finite_gradient(gradient)?;
        Ok(value)
    }
}

impl<T: Scalar, O: Objective<T>, P: Adjoint<T>> Objective<T> for Restricted<'_, T, O, P> {
    type Point<'b>
        = RestrictedPoint<'b, T, O::Point<'b>, P>
    where
        Self: 'b;

    #[track_caller]
    fn value(&self, psi: &[T]) -> Result<f64> {
        self.objective.value(&self.lift(psi))
    }

    #[track_caller]
    fn at(&self, psi: &[T]) -> Result<Self::Point<'_>> {
        let full = self.objective.at(&self.lift(psi))?;
        let mut gradient = vec![T::zero(); psi.len()];
        self.projection.apply_adjoint(full.gradient(), &mut gradient);
        finite_gradient(&gradient)?;
        Ok(RestrictedPoint { full, gradient, projection: self.projection })
    }
}

/// A restricted objective at a point.
pub struct RestrictedPoint<'a, T, Q, P> {
    full: Q,
    gradient: Vec<T>,
    projection: &'a P,
}

impl<T, Q, P> fmt::Debug for RestrictedPoint<'_, T, Q, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RestrictedPoint({} dimensions)", self.gradient.len())
    }
}

impl<T, Q, P> RestrictedPoint<'_, T, Q, P> {
    /// The point of the full space.
    pub fn full(&self) -> &Q {
        &self.full
    }
}

impl<T: Scalar, Q: Point<T>, P: Adjoint<T>> RestrictedPoint<'_, T, Q, P> {
    /// P'HP as a matrix, dim x dim, symmetric to the bit: what to take where dim is small. Cost: dim products with H, as
    /// blocks of 32; memory: 64 vectors of the full space.
    pub fn hessian_matrix(&self) -> Dense<T> {
        let products = to_dense(&self.hessian());
        let dim = self.gradient.len();
        let entries = (0..dim * dim).map(|place| {
            let (upper, lower) = (place / dim, place % dim);
            (products.entries()[place] + products.entries()[lower * dim + upper]) / T::of(2.0)
        });
        Dense::new(entries.collect(), dim, dim).expect("as many entries as rows times columns")
    }
}

impl<T: Scalar, Q: Point<T>, P: Adjoint<T>> Point<T> for RestrictedPoint<'_, T, Q, P> {
    type Hessian<'b>
        = Compressed<Q::Hessian<'b>, &'b P>
    where
        Self: 'b;

    fn value(&self) -> f64 {
        self.full.value()
    }
    fn gradient(&self) -> &[T] {
        &self.gradient
    }
    fn hessian(&self) -> Self::Hessian<'_> {
        Compressed::new(self.full.hessian(), self.projection)
            .expect("the projection fits: `Restricted::new` checked it")
    }
}

impl<T: Scalar, Q: GaussNewtonPoint<T>, P: Adjoint<T>> GaussNewtonPoint<T> for RestrictedPoint<'_, T, Q, P> {
    type GaussNewton<'b>
        = Compressed<Q::GaussNewton<'b>, &'b P>
    where
        Self: 'b;

    fn gauss_newton(&self) -> Self::GaussNewton<'_> {
        Compressed::new(self.full.gauss_newton(), self.projection)
            .expect("the projection fits: `Restricted::new` checked it")
    }
}
