//! The laws of this crate as functions, to run on your own functions and operators.
//!
//! Each check probes a law at random and returns a [`Check`]: how far the two sides are apart, relative to their size,
//! and how far they may be by rounding (or, for derivatives, by the error of the differences they are compared with).
//! A passing check is evidence, not proof; a failing one is a finding.
//!
//! | you wrote | check | the law | it costs |
//! | --- | --- | --- | --- |
//! | a gradient by hand, a recorded formula | [`gradient`] | (L(theta + h v) - L(theta - h v)) / 2h = <g, v> | some values |
//! | a Hessian | [`hessian`] | the same, one derivative higher | some gradients |
//! | A v and A'u | [`adjoint`] | <u, A v> = <A'u, v> | a product with each |
//! | an operator that promises to be symmetric | [`symmetric`] | <u, A v> = <A u, v> | two products |
//! | one that promises to be semidefinite | [`semidefinite`] | v'A v >= 0 | products |
//! | a projection with orthonormal columns | [`isometry`] | P'P = I | `cols` products |
//!
//! ```
//! use eigenscape::check;
//! use eigenscape::objective::{Objective, Recorded};
//! use eigenscape::operator::{Closure, Dense};
//! use eigenscape::random::Key;
//!
//! let valley = Recorded::<f64>::new(2, |x| (x.at(0).powi(2) - x.at(1)).powi(2) + x.at(0).sin())?;
//! assert!(check::gradient(&valley, &[0.3, -0.2], Key::new(0))?.holds());
//! assert!(check::hessian(&valley, &[0.3, -0.2], Key::new(0))?.holds());
//!
//! // A promise that would have been wrong:
//! let skew = Closure::new(2, 2, |x: &[f64], y: &mut [f64]| y.copy_from_slice(&[x[1], -x[0]]));
//! assert!(!check::symmetric(&skew, Key::new(0))?.holds());
//! # Ok::<(), eigenscape::Error>(())
//! ```

use crate::error::{Error, Result};
use crate::krylov::{Eigensolver, Which};
use crate::linalg::{axpy, dot, norm, symmetric_eigen};
use crate::objective::{Objective, Point, finite_parameters};
use crate::operator::{Adjoint, LinearOperator, Normal, ROUNDING, asymmetry, to_dense};
use crate::random::Key;
use crate::scalar::Scalar;

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "a check says whether a law holds: look at `holds`"]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Check {
    /// How far the two sides are apart, relative to the size that they could have.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub discrepancy: f64,
    /// How far they may be.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub tolerance: f64,
}

impl Check {
    /// Whether the law holds. A discrepancy that is not a number does not.
    pub fn holds(&self) -> bool {
        self.discrepancy <= self.tolerance
    }

    fn rounded<T: Scalar>(difference: f64, scale: f64, size: usize) -> Self {
        Check::relative(difference, scale, ROUNDING * T::EPSILON.f64() * (size as f64).sqrt())
    }

    fn relative(difference: f64, scale: f64, tolerance: f64) -> Self {
        // Where both sides are zero the law holds exactly; a NaN on either side must not look like that.
        let discrepancy = if difference == 0.0 { 0.0 } else { difference.abs() / scale };
        Check { discrepancy, tolerance }
    }
}

/// <u, A v> = <A' u, v> for normal u and v. Cost: a product and an adjoint product.
///
/// ```
/// use eigenscape::check;
/// use eigenscape::operator::Dense;
/// use eigenscape::random::Key;
///
/// let matrix = Dense::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3)?;
/// assert!(check::adjoint(&matrix, Key::new(0))?.holds());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the operator has no rows or no columns.
pub fn adjoint<T: Scalar>(operator: &(impl Adjoint<T> + ?Sized), key: Key) -> Result<Check> {
    let (rows, cols) = (nonzero(operator.rows())?, nonzero(operator.cols())?);
    let (u, v) = (normal::<T>(rows, key.split(0)), normal::<T>(cols, key.split(1)));
    let (mut product, mut adjoint) = (vec![T::zero(); rows], vec![T::zero(); cols]);
    operator.apply(&v, &mut product);
    operator.apply_adjoint(&u, &mut adjoint);
    let difference = dot(&u, &product) - dot(&adjoint, &v);
    let scale = (norm(&u) * norm(&product)).max(norm(&adjoint) * norm(&v));
    Ok(Check::rounded::<T>(difference, scale, rows.max(cols)))
}

/// P'P = I within a tolerance: the discrepancy is that of the eigenvalue of P'P furthest from 1, the square of a singular
/// value of P.
///
/// Rounding is added to the tolerance: 0 for orthonormal columns. For a map with E P'P = I and c = cols / rows, Marchenko and
/// Pastur's law allows 2 sqrt(c) + c, and a little more at finite size.
///
/// Up to 1000 columns all eigenvalues are computed, by one block product; beyond, the extreme ones by Krylov steps to 1e-3.
///
/// ```
/// use eigenscape::check;
/// use eigenscape::projection::{Gaussian, Signs};
/// use eigenscape::random::Key;
///
/// let exact = Gaussian::<f64>::new(4000, 40, Key::new(0))?;
/// assert!(check::isometry(&exact, 0.0, Key::new(1))?.holds());
/// let nearly = Signs::<f64>::new(4000, 40, Key::new(0))?;
/// assert!(!check::isometry(&nearly, 0.0, Key::new(1))?.holds());
/// assert!(check::isometry(&nearly, 0.25, Key::new(1))?.holds());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the map has no rows or no columns, the tolerance is negative or not a number, or a product is not finite.
pub fn isometry<T: Scalar>(map: &(impl Adjoint<T> + ?Sized), tolerance: f64, key: Key) -> Result<Check> {
    let (rows, cols) = (nonzero(map.rows())?, nonzero(map.cols())?);
    if tolerance.is_nan() || tolerance < 0.0 {
        let limits = "must be at least 0: 0 for orthonormal columns";
        return Err(Error::OutOfRange { what: "the tolerance of an isometry", value: tolerance, limits });
    }
    let rounding = ROUNDING * T::EPSILON.f64() * (rows.max(cols) as f64).sqrt();
    let normal = Normal::new(map);
    let eigenvalues = match cols <= 1000 {
        true => {
            let entries: Vec<f64> = to_dense(&normal).entries().iter().map(|x| x.f64()).collect();
            symmetric_eigen(&entries, cols, false)?.values
        }
        false => Eigensolver::new(2, key).which(Which::BothEnds).relative_tolerance(1e-3).run(&normal)?.values,
    };
    let discrepancy = eigenvalues.iter().fold(0.0, |largest: f64, value| largest.max((value - 1.0).abs()));
    Ok(Check { discrepancy, tolerance: tolerance + rounding })
}

/// <u, A v> = <A u, v> for normal u and v. Cost: two products.
///
/// ```
/// use eigenscape::check;
/// use eigenscape::operator::Dense;
/// use eigenscape::random::Key;
///
/// assert!(check::symmetric(&Dense::new(vec![1.0, 2.0, 2.0, 1.0], 2, 2)?, Key::new(0))?.holds());
/// assert!(!check::symmetric(&Dense::new(vec![1.0, 2.0, 2.1, 1.0], 2, 2)?, Key::new(0))?.holds());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the operator is not square or has no rows.
pub fn symmetric<T: Scalar>(operator: &(impl LinearOperator<T> + ?Sized), key: Key) -> Result<Check> {
    let size = square(operator)?;
    let (difference, scale) = asymmetry(&operator, key);
    Ok(Check::rounded::<T>(difference, scale, size))
}

/// v'A v >= 0 for a normal v; the discrepancy is how far below zero it lies. Cost: a product.
///
/// ```
/// use eigenscape::check;
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
///
/// assert!(check::semidefinite(&Diagonal::new(vec![1.0, 0.0]), Key::new(0))?.holds());
/// // A probe tests x'A x for one random x: what is negative somewhere only may pass.
/// assert!(!check::semidefinite(&Diagonal::new(vec![-1.0, -2.0]), Key::new(0))?.holds());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the operator is not square or has no rows.
pub fn semidefinite<T: Scalar>(operator: &(impl LinearOperator<T> + ?Sized), key: Key) -> Result<Check> {
    let size = square(operator)?;
    let v = normal::<T>(size, key);
    let mut product = vec![T::zero(); size];
    operator.apply(&v, &mut product);
    let form = dot(&v, &product);
    // A product that is not finite has no sign, and must not pass for one.
    let below = match norm(&product).is_finite() {
        true => form.min(0.0),
        false => f64::NAN,
    };
    Ok(Check::rounded::<T>(below, norm(&v) * norm(&product), size))
}

/// The derivative along a random direction, from the gradient and from central differences of values.
///
/// ```text
///     <g, d> = (L(theta + h d) - L(theta - h d)) / 2h + O(h^2),     h = EPSILON^(1/3) max(1, |theta| / sqrt P)
/// ```
///
/// Cost: a gradient and two values.
///
/// ```
/// use eigenscape::check;
/// use eigenscape::objective::Outside;
/// use eigenscape::random::Key;
///
/// // A sign is wrong.
/// let wrong = Outside::new(1, |x: &[f64], g: &mut [f64]| {
///     g[0] = -x[0].cos();
///     x[0].sin()
/// });
/// assert!(!check::gradient(&wrong, &[0.3], Key::new(0))?.holds());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If theta, or a value near it, is not finite.
#[doc(alias = "gradcheck")]
pub fn gradient<T: Scalar, O: Objective<T>>(objective: &O, theta: &[T], key: Key) -> Result<Check> {
    let probe = Differences::new(theta, key)?;
    let mut gradient = vec![T::zero(); theta.len()];
    let value = objective.value_and_gradient(theta, &mut gradient)?;
    let (ahead, behind) = (objective.value(&probe.at(1.0))?, objective.value(&probe.at(-1.0))?);
    let difference = dot(&gradient, &probe.direction) - (ahead - behind) / (2.0 * probe.step);
    // At a minimum with value zero neither slope nor value say how large a derivative is: there the curvature does.
    let curvature = (ahead - 2.0 * value + behind) / probe.step.powi(2);
    let scale = norm(&gradient) * norm(&probe.direction) + value.abs() + curvature.abs();
    Ok(Check::relative(difference, scale, probe.tolerance()))
}

/// The Hessian times a random direction, from the operator and from central differences of gradients.
///
/// Cost: a product and four gradients.
///
/// ```
/// use eigenscape::check;
/// use eigenscape::objective::Recorded;
/// use eigenscape::random::Key;
///
/// let objective = Recorded::<f64>::new(3, |x| x.exp().sum() + x.dot(x).powi(2))?;
/// assert!(check::hessian(&objective, &[0.1, -0.2, 0.3], Key::new(0))?.holds());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If theta, or a gradient near it, is not finite.
pub fn hessian<T: Scalar, O: Objective<T>>(objective: &O, theta: &[T], key: Key) -> Result<Check> {
    let probe = Differences::new(theta, key)?;
    let point = objective.at(theta)?;
    let mut product = vec![T::zero(); theta.len()];
    point.hessian().apply(&probe.direction, &mut product);
    let (mut here, mut ahead, mut behind) = (product.clone(), product.clone(), product.clone());
    objective.value_and_gradient(theta, &mut here)?;
    objective.value_and_gradient(&probe.at(1.0), &mut ahead)?;
    objective.value_and_gradient(&probe.at(-1.0), &mut behind)?;
    // As for a gradient, the next derivative tells the size where this one vanishes; and a difference of gradients
    // cannot be better than their rounding, of which a hundredth of the gradient leaves ten units.
    let mut next: Vec<T> = here.iter().map(|&g| -(g + g)).collect();
    axpy(T::one(), &ahead, &mut next);
    axpy(T::one(), &behind, &mut next);
    let scale = norm(&product) + norm(&next) / probe.step.powi(2) + 0.01 * norm(&here);
    let mut difference = product;
    let inverse = T::of(0.5 / probe.step);
    axpy(-inverse, &ahead, &mut difference);
    axpy(inverse, &behind, &mut difference);
    Ok(Check::relative(norm(&difference), scale, probe.tolerance()))
}

/// Points to both sides of theta along a normal direction of length sqrt P.
struct Differences<'a, T> {
    theta: &'a [T],
    direction: Vec<T>,
    step: f64,
    epsilon: f64,
}

impl<'a, T: Scalar> Differences<'a, T> {
    fn new(theta: &'a [T], key: Key) -> Result<Self> {
        nonzero(theta.len())?;
        finite_parameters(theta)?;
        let epsilon = T::EPSILON.f64();
        // Truncation grows as h^2 and rounding as EPSILON / h: both are EPSILON^(2/3) at this step.
        let step = epsilon.cbrt() * (norm(theta) / (theta.len() as f64).sqrt()).max(1.0);
        Ok(Differences { theta, direction: normal(theta.len(), key), step, epsilon })
    }

    fn at(&self, side: f64) -> Vec<T> {
        let mut point = self.theta.to_vec();
        axpy(T::of(side * self.step), &self.direction, &mut point);
        point
    }

    /// EPSILON^(2/3) times the third derivative over the first, for which 1000 leaves room.
    fn tolerance(&self) -> f64 {
        1000.0 * self.epsilon.cbrt().powi(2)
    }
}

fn normal<T: Scalar>(len: usize, key: Key) -> Vec<T> {
    let mut vector = vec![T::zero(); len];
    key.normal(0, &mut vector);
    vector
}

fn nonzero(size: usize) -> Result<usize> {
    Error::at_least("the size of what is checked", size, 1, "must be at least 1")?;
    Ok(size)
}

fn square<T: Scalar>(operator: &(impl LinearOperator<T> + ?Sized)) -> Result<usize> {
    Error::length("a row of the operator, which must be square,", operator.cols(), operator.rows())?;
    nonzero(operator.rows())
}

#[cfg(feature = "serde")]
crate::saved::kinds!("check":
    Check,
);
