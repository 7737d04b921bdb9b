//! What the solvers of A x = b share: settings, the scaled system that they start from, and the solution they end with.

use super::basis::length;
use super::factorization::dimension;
use super::report::{Report, Stop};
use crate::error::{Error, Result};
use crate::operator::LinearOperator;
use crate::scalar::Scalar;

/// A direction along which the operator curves down: d'A d <= 0.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NegativeCurvature<T> {
    /// A unit vector d.
    pub direction: Vec<T>,
    /// d'A d, zero or negative.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub curvature: f64,
}

/// What a solver found.
///
/// ```
/// use eigenscape::krylov::{ConjugateGradients, Stop};
/// use eigenscape::operator::Diagonal;
///
/// let solution = ConjugateGradients::new().run(&Diagonal::new(vec![2.0f64, 4.0]), &[2.0, 2.0])?;
/// assert!(solution.report.converged && solution.residual_norm < 1e-10);
/// assert!((solution.x[1] - 0.5).abs() < 1e-10);
///
/// // An operator that is not positive definite is found out, with the direction that proves it.
/// let saddle = ConjugateGradients::new().run(&Diagonal::new(vec![1.0, -1.0]), &[0.0, 1.0])?;
/// assert_eq!(saddle.report.stop, Stop::NegativeCurvature);
/// assert!(saddle.negative_curvature.unwrap().curvature < 0.0);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Solution<T> {
    /// The best x that was found.
    pub x: Vec<T>,
    /// ||b - A x||, from a product at the end; that of the recurrence where the run ended by a product that is not finite.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub residual_norm: f64,
    /// A direction of negative curvature, if one was met: then A is not positive definite.
    pub negative_curvature: Option<NegativeCurvature<T>>,
    /// How the run ended.
    pub report: Report,
}

/// What the solvers are set to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Settings<'a, T> {
    pub(super) relative: Option<f64>,
    pub(super) absolute: f64,
    pub(super) steps: usize,
    pub(super) start: Option<&'a [T]>,
}

impl<T: Scalar> Settings<'_, T> {
    pub(super) const DEFAULT: Self = Settings { relative: None, absolute: 0.0, steps: 1000, start: None };

    /// The tolerances, if vectors of type `T` can reach them.
    pub(super) fn tolerances(&self) -> Result<(f64, f64)> {
        let least = 4.0 * T::EPSILON.f64();
        let relative = self.relative.unwrap_or(T::EPSILON.f64().sqrt());
        let reachable = relative == 0.0 && self.absolute > 0.0 || relative >= least && relative.is_finite();
        if !reachable || !self.absolute.is_finite() || self.absolute < 0.0 {
            let limits = "must be at least 4 EPSILON of the vectors' type, or 0 beside a positive absolute one";
            return Err(Error::OutOfRange { what: "the relative tolerance of a solver", value: relative, limits });
        }
        Ok((relative, self.absolute))
    }

    /// The system for the correction of the start vector.
    pub(super) fn system<'b>(&self, operator: &dyn LinearOperator<T>, b: &'b [T]) -> Result<System<'b, T>> {
        let dim = dimension(operator)?;
        let (relative, absolute) = self.tolerances()?;
        let (start, mut residual) = started("a linear system", b, dim, dim, self.start)?;
        let goal = relative * length(b) + absolute;
        let mut products = 0;
        if let Some(start) = &start {
            let mut product = vec![T::zero(); dim];
            first(multiply(operator, start, &mut product), 1)?;
            products = 1;
            residual.iter_mut().zip(&product).for_each(|(r, &y)| *r -= y);
        }
        let scale = length(&residual);
        normalize(scale, &mut residual);
        Ok(System { b, goal, scale, residual, start, products })
    }
}

/// The start vector, none where it would be 0, and a copy of the right side, if both fit.
///
/// A right side of 0 has the solution 0, from wherever the search might start.
pub(super) fn started<T: Scalar>(
    problem: &'static str,
    b: &[T],
    rows: usize,
    cols: usize,
    start: Option<&[T]>,
) -> Result<(Option<Vec<T>>, Vec<T>)> {
    // Both are named after what they belong to.
    let (right, from) = match problem {
        "a linear system" => ("the right side of a linear system", "the start vector of a linear system"),
        _ => ("the right side of a least squares problem", "the start vector of a least squares problem"),
    };
    Error::length(right, b.len(), rows)?;
    Error::finite(right, b, "give a finite vector")?;
    if let Some(start) = start {
        Error::length(from, start.len(), cols)?;
        Error::finite(from, start, "start from finite numbers")?;
    }
    let zero = |x: &[T]| x.iter().all(|x| x.is_zero());
    let start = start.filter(|start| !zero(start) && !zero(b)).map(<[T]>::to_vec);
    Ok((start, b.to_vec()))
}

/// A d = b - A start, with the right side divided by its length: its squares neither overflow nor vanish.
pub(super) struct System<'b, T> {
    b: &'b [T],
    /// The residual norm to be reached.
    pub(super) goal: f64,
    /// The norm of the residual at the start.
    pub(super) scale: f64,
    /// That residual, a unit vector unless it is 0.
    pub(super) residual: Vec<T>,
    start: Option<Vec<T>>,
    /// Products so far.
    pub(super) products: u64,
}

/// How the recurrence ended.
pub(super) struct Ending<T> {
    pub(super) stop: Stop,
    /// The number of products, the one at the start included.
    pub(super) products: u64,
    /// The residual norm according to the recurrence.
    pub(super) residual_norm: f64,
    pub(super) negative_curvature: Option<NegativeCurvature<T>>,
}

impl<T: Scalar> System<'_, T> {
    /// The solution with this scaled correction. The residual is computed from x; where it is far from what the recurrence
    /// says, rounding set the limit.
    pub(super) fn finish(
        self,
        operator: &dyn LinearOperator<T>,
        correction: Vec<T>,
        ending: Ending<T>,
    ) -> Result<Solution<T>> {
        let x = corrected(self.start, self.scale, correction)?;
        let Ending { mut stop, mut products, mut residual_norm, negative_curvature } = ending;
        if stop != Stop::NotFinite {
            let mut residual = vec![T::zero(); x.len()];
            products += 1;
            match multiply(operator, &x, &mut residual) {
                Some(_) => stop = Stop::NotFinite,
                None => {
                    residual.iter_mut().zip(self.b).for_each(|(r, &b)| *r = b - *r);
                    residual_norm = length(&residual);
                }
            }
        }
        let stop = match stop {
            Stop::Converged if residual_norm > 2.0 * self.goal => Stop::Rounding,
            Stop::Incompatible if residual_norm <= self.goal => Stop::Converged,
            stop => stop,
        };
        Ok(Solution { x, residual_norm, negative_curvature, report: Report::new(stop, products) })
    }
}

/// start + scale correction.
pub(super) fn corrected<T: Scalar>(start: Option<Vec<T>>, scale: f64, correction: Vec<T>) -> Result<Vec<T>> {
    let mut x = correction;
    scale_by(scale, &mut x);
    if let Some(start) = start {
        x.iter_mut().zip(start).for_each(|(x, start)| *x += start);
    }
    Error::finite("the solution", &x, "it is beyond the range of the vectors' type: scale the right side down")?;
    Ok(x)
}

/// Overwrites y with the product; the first entry of it that is not finite, if there is one.
pub(super) fn multiply<T: Scalar>(operator: &dyn LinearOperator<T>, x: &[T], y: &mut [T]) -> Option<(usize, T)> {
    operator.apply(x, y);
    broken(y)
}

/// The first entry that is not finite.
pub(super) fn broken<T: Scalar>(y: &[T]) -> Option<(usize, T)> {
    y.iter().position(|y| !y.is_finite()).map(|index| (index, y[index]))
}

/// Fails where a product is broken before which nothing was known.
pub(super) fn first<T: Scalar>(broken: Option<(usize, T)>, number: u64) -> Result<()> {
    match broken {
        None => Ok(()),
        Some((index, value)) => Err(Error::Product { number, index, value: value.f64() }),
    }
}

pub(super) fn scale_by<T: Scalar>(factor: f64, x: &mut [T]) {
    // Not rounded to T first: the factor may be beyond its range.
    x.iter_mut().for_each(|x| *x = T::of(x.f64() * factor));
}

/// Divides by a length, if it is positive: 1 / length may be beyond the range of numbers.
pub(super) fn normalize<T: Scalar>(length: f64, x: &mut [T]) {
    if length > 0.0 {
        x.iter_mut().for_each(|x| *x = T::of(x.f64() / length));
    }
}

/// The direction of unit length.
pub(super) fn unit<T: Scalar>(mut direction: Vec<T>, curvature: f64, length: f64) -> NegativeCurvature<T> {
    normalize(length, &mut direction);
    NegativeCurvature { direction, curvature: curvature / (length * length) }
}

/// The settings that both solvers have.
macro_rules! settings {
    ($name:ident) => {
        impl<T: Scalar> Default for $name<'_, T> {
            fn default() -> Self {
                $name::new()
            }
        }

        impl<'a, T: Scalar> $name<'a, T> {
            /// Sets the residual norm to be reached, relative to that of b.
            pub fn relative_tolerance(mut self, relative: f64) -> Self {
                self.settings.relative = Some(relative);
                self
            }

            /// Sets an absolute residual norm, which adds to the relative one.
            pub fn absolute_tolerance(mut self, absolute: f64) -> Self {
                self.settings.absolute = absolute;
                self
            }

            /// Sets the largest number of steps, one product each.
            pub fn steps(mut self, steps: usize) -> Self {
                self.settings.steps = steps;
                self
            }

            /// Starts from a vector instead of 0: the solution of a system nearby, say. Costs one product.
            pub fn start(mut self, start: &'a [T]) -> Self {
                self.settings.start = Some(start);
                self
            }

            /// Solves A x = b.
            ///
            /// A product that is not finite ends the run with [`Stop::NotFinite`](super::Stop::NotFinite) and the x before
            /// it.
            ///
            /// # Errors
            /// If the operator is not square, b or the start is not as long or not finite, a tolerance is negative or below
            /// what the vectors' type can reach, or the first product is not finite.
            pub fn run<A: Symmetric<T> + ?Sized>(&self, operator: &A, b: &[T]) -> Result<Solution<T>> {
                self.core(&operator, b, &mut |_| ControlFlow::Continue(()))
            }

            /// The same with an observer, which is told the number of steps and may end the run.
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($name), "::run`].")]
            pub fn observe<A: Symmetric<T> + ?Sized>(
                &self,
                operator: &A,
                b: &[T],
                mut observer: impl FnMut(Progress) -> ControlFlow<()>,
            ) -> Result<Solution<T>> {
                self.core(&operator, b, &mut observer)
            }
        }
    };
}

pub(super) use settings;
