//! The search for one critical point from one start: settings, and where it ended.

use super::approached::{Approached, Limits, SearchStop, search_tolerance};
use super::gradient_norm::GradientNorm;
use super::{following, newton};
use crate::error::{Error, Result};
use crate::krylov::{Eigensolver, Which};
use crate::linalg::norm;
use crate::objective::{Objective, Point, finite_parameters};
use crate::operator::LinearOperator;
use crate::optimize::{self, Evaluations, LimitedMemoryBfgs, Minimum, NaturalGradient, Stopping};
use crate::random::Key;
use crate::scalar::Scalar;

/// How a search approaches a critical point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Approach {
    Newton,
    LevenbergMarquardt,
    GradientNorm,
    Index { index: usize, key: Key },
}

/// A search for a critical point, of any index or of one that is given, from any start.
///
/// ```text
///     g(theta) = 0,     g the gradient, H the Hessian there
/// ```
///
/// | approach | a step | it costs | ends at |
/// | --- | --- | --- | --- |
/// | [`newton`](CriticalSearch::newton) | argmin \|g + H s\|, by minimal residuals; a line search on \|g\| | products with H | any index, mostly that of the start |
/// | [`levenberg_marquardt`](CriticalSearch::levenberg_marquardt) | argmin \|g + H s\| within a trust region, by conjugate gradients | products with H, two each | any index |
/// | [`gradient_norm`](CriticalSearch::gradient_norm) | L-BFGS on \|g\|^2 / 2 | a gradient and a product | any index |
/// | [`of_index`](CriticalSearch::of_index) | Newton's, up along the lowest k eigenvectors and down along all others | k + 1 lowest eigenpairs | index k |
///
/// The first three descend |g|, and may end where H g = 0 with g not 0: at [gradient-flat](SearchStop::Flat) points, which high-dimensional
/// landscapes have many of; only points with [`SearchStop::Gradient`] are critical. The minimal residual step descends |g| for any H that
/// does not have g in its kernel, indefinite and singular ones too: 2 g'H s < -|H s|^2. The fourth knows no such measure: it takes a
/// step where the change of the gradient is that of H, up to a half, and can climb forever.
///
/// Two things to know. The loss of a network has few critical points that descent of |g| reaches and many gradient-flat ones; following
/// eigenvectors reaches saddles there. And where the objective does not depend on the length of the parameters, as on a
/// [`Spherical`](crate::subspace::Spherical) one, |g| falls with 1/|theta|, and its descent runs off to infinity: fix the length by a
/// [penalty](crate::objective::Penalized).
///
/// ```
/// use eigenscape::landscape::CriticalSearch;
/// use eigenscape::objective::Recorded;
/// use eigenscape::random::Key;
///
/// // x^2 - y^2 + y^4 has a saddle at the origin and minima at y = +-1/sqrt 2.
/// let surface = Recorded::<f64>::new(2, |x| x.at(0).powi(2) - x.at(1).powi(2) + x.at(1).powi(4))?;
/// let saddle = CriticalSearch::newton().run(&surface, &[1.0, 0.2])?;
/// assert!(saddle.converged() && saddle.theta.iter().all(|x| x.abs() < 1e-10));
/// // Up along the lowest eigenvector, which is that of y where |y| < 1/sqrt 3; farther out it is that of x, and the way up has no end.
/// let climbed = CriticalSearch::of_index(1, Key::new(0)).run(&surface, &[0.3, 0.5])?;
/// assert!(climbed.converged() && climbed.theta.iter().all(|x| x.abs() < 1e-10));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Roosta, Liu, Xu & Mahoney 2018, arXiv:1810.00303 (minimal residual steps); Frye et al. 2019, arXiv:1901.10603 (on networks); Cerjan &
/// Miller 1981, doi:10.1063/1.442352; E & Zhou 2011, doi:10.1088/0951-7715/24/6/008; Yin, Zhang & Zhang 2019,
/// doi:10.1137/19M1253356 (any index).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::CriticalSearch"))]
#[doc(alias = "stationary")]
#[doc(alias = "saddle")]
pub struct CriticalSearch {
    approach: Approach,
    tolerance: Option<f64>,
    steps: u64,
    radius: Option<f64>,
}

impl CriticalSearch {
    fn new(approach: Approach, steps: u64) -> Self {
        CriticalSearch { approach, tolerance: None, steps, radius: None }
    }

    /// Newton's method with minimal residuals and a line search on |g|; at most 200 steps.
    #[doc(alias = "MINRES")]
    pub fn newton() -> Self {
        CriticalSearch::new(Approach::Newton, 200)
    }

    /// The [`NaturalGradient`] of [`GradientNorm`]; at most 500 steps.
    pub fn levenberg_marquardt() -> Self {
        CriticalSearch::new(Approach::LevenbergMarquardt, 500)
    }

    /// [`LimitedMemoryBfgs`] on [`GradientNorm`]; at most 5000 steps.
    pub fn gradient_norm() -> Self {
        CriticalSearch::new(Approach::GradientNorm, 5000)
    }

    /// Eigenvector following to a critical point with so many negative eigenvalues; random vectors of the eigensolver come from `key`; at
    /// most 500 steps.
    #[doc(alias = "eigenvector_following")]
    #[doc(alias = "dimer")]
    #[doc(alias = "saddle")]
    pub fn of_index(index: usize, key: Key) -> Self {
        CriticalSearch::new(Approach::Index { index, key }, 500)
    }

    /// Sets the norm of the gradient at which a point is critical, by default `EPSILON`^(2/3) of the vectors' type: 4e-11 in `f64`.
    ///
    /// # Errors
    /// If it is not finite and positive.
    pub fn tolerance(self, tolerance: f64) -> Result<Self> {
        Error::positive("the gradient norm of a critical point", tolerance)?;
        Ok(CriticalSearch { tolerance: Some(tolerance), ..self })
    }

    /// Sets the largest number of steps.
    pub fn steps(self, steps: u64) -> Self {
        CriticalSearch { steps, ..self }
    }

    /// Sets a radius, in units of parameters: the first one of the trust region, by default 1; the largest one of eigenvector following, by
    /// default (1 + |start|) / 20. A way up that is followed in long steps misses its bends, and may end on the outer slopes of the landscape.
    ///
    /// # Errors
    /// If it is not finite and positive.
    pub fn radius(self, radius: f64) -> Result<Self> {
        Error::positive("the radius of the search for a critical point", radius)?;
        Ok(CriticalSearch { radius: Some(radius), ..self })
    }

    /// The tolerance, for numbers of a type.
    pub(super) fn tolerance_of<T: Scalar>(&self) -> f64 {
        self.tolerance.unwrap_or_else(search_tolerance::<T>)
    }

    /// Searches from a start. Not to arrive is no error but a [`SearchStop`].
    ///
    /// # Errors
    /// If the start is not finite or does not have as many entries as the objective has parameters, it has none, the index is above
    /// their number, or the value, the gradient or the first product there is not finite.
    pub fn run<T: Scalar, O: Objective<T>>(&self, objective: &O, start: &[T]) -> Result<Approached<T>> {
        Error::length("the start of a search for a critical point", start.len(), objective.dim())?;
        Error::at_least(
            "the dimension of a landscape",
            start.len(),
            1,
            "must be at least 1: a point has no neighbours",
        )?;
        finite_parameters(start)?;
        let limits = Limits { tolerance: self.tolerance_of::<T>(), steps: self.steps };
        match self.approach {
            Approach::Newton => newton::run(objective, start, limits),
            Approach::Index { index, key } => following::run(objective, start, (index, key), self.radius, limits),
            Approach::LevenbergMarquardt => {
                let method = NaturalGradient::gauss_newton().radius(self.radius.unwrap_or(1.0))?;
                let end = method.stopping(self.stopping::<T>()?).run(&GradientNorm::new(objective), start)?;
                self.descended(objective, end, 2)
            }
            Approach::GradientNorm => {
                let method = LimitedMemoryBfgs::new().stopping(self.stopping::<T>()?);
                let end = method.run(&GradientNorm::new(objective), start)?;
                self.descended(objective, end, 1)
            }
        }
    }

    /// Of |g|^2 / 2: where g is small, or H g is so small beside it that g lies in the kernel.
    fn stopping<T: Scalar>(&self) -> Result<Stopping> {
        let tolerance = self.tolerance_of::<T>();
        let flat = tolerance * T::EPSILON.f64().sqrt();
        Stopping::steps(self.steps).value_below(0.5 * tolerance * tolerance)?.gradient_below(flat)
    }

    /// A descent of |g|^2 / 2, each product of which took so many with H.
    fn descended<T: Scalar, O: Objective<T>>(
        &self,
        objective: &O,
        end: Minimum<T>,
        products: u64,
    ) -> Result<Approached<T>> {
        let Evaluations { values, gradients, matvecs } = end.evaluations;
        let point = objective.at(&end.theta)?;
        let gradient_norm = norm(point.gradient());
        let stop = match end.stop {
            _ if gradient_norm <= self.tolerance_of::<T>() => SearchStop::Gradient,
            optimize::Stop::Steps => SearchStop::Steps,
            optimize::Stop::Gradient => SearchStop::Flat,
            optimize::Stop::Diverged(_) => SearchStop::NotFinite,
            _ if lies_in_kernel(&point)? => SearchStop::Flat,
            _ => SearchStop::Rounding,
        };
        // Values of |g|^2 / 2 are gradients of the objective.
        let evaluations =
            Evaluations { values: 0, gradients: values + gradients + 1, matvecs: gradients + matvecs * products };
        let steps = end.history.len() as u64;
        Approached::new(end.theta, &point, steps, evaluations, stop)
    }
}

/// Whether H g is so small beside |H| |g| that rounding hides the rest of the way to a gradient-flat point.
fn lies_in_kernel<T: Scalar, P: Point<T>>(point: &P) -> Result<bool> {
    let hessian = point.hessian();
    let solver = Eigensolver::new(1, Key::new(0)).which(Which::LargestMagnitude).check_multiplicity(false);
    let largest = solver.relative_tolerance(1e-2).run(&hessian)?.values[0].abs();
    let mut product = vec![T::zero(); point.gradient().len()];
    hessian.apply(point.gradient(), &mut product);
    Ok(norm(&product) <= T::EPSILON.f64().cbrt() * largest * norm(point.gradient()))
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Approach, Error};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct CriticalSearch {
        approach: Approach,
        tolerance: Option<f64>,
        steps: u64,
        radius: Option<f64>,
    }

    impl TryFrom<CriticalSearch> for super::CriticalSearch {
        type Error = Error;

        fn try_from(saved: CriticalSearch) -> Result<Self, Error> {
            let mut search = super::CriticalSearch::new(saved.approach, saved.steps);
            if let Some(tolerance) = saved.tolerance {
                search = search.tolerance(tolerance)?;
            }
            if let Some(radius) = saved.radius {
                search = search.radius(radius)?;
            }
            Ok(search)
        }
    }
}
