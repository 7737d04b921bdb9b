//! Functions of a symmetric operator, multiplied by a vector.

use std::ops::ControlFlow;

use super::basis::length;
use super::factorization::{Factorization, dimension};
use super::orthogonalization::Orthogonalization;
use super::report::{Progress, Report, Stop};
use super::solve::{first, multiply};
use crate::error::{Error, Result};
use crate::linalg::tridiagonal_eigen;
use crate::operator::{LinearOperator, Symmetric};
use crate::scalar::Scalar;

/// The first look at the error; a function that is flat where the spectrum was seen so far would look known before.
const FIRST: usize = 8;

/// Looks are this part of the depth apart, and at least two steps: for an odd or even f every other step changes nothing.
const APART: usize = 8;

/// An error m^-p that falls only with the depth, as many do before the geometric phase, is (p + 1) / p times what a
/// geometric series makes of its changes: this covers p = 1/2.
const TARDY: f64 = 3.0;

/// Rounding errors of a product and of the recurrence, relative to the norm of T, in those of the vectors' type.
const ROUNDING: f64 = 8.0;

/// What the dense eigenvalues of T err by, in rounding errors of `f64`.
const DENSE: f64 = 40.0;

/// f(A) b by Lanczos, for any function f that is finite between the extreme eigenvalues of A.
///
/// ```text
///     f(A) b ~= ||b|| V f(T) e,    A V = V T + r e',    V e = b / ||b||
/// ```
///
/// Exact for polynomials of degree below the depth m, and once the Krylov space is invariant. Otherwise the error falls as
/// the best polynomial approximation of f on the spectrum does: fast for exp, with (sqrt(k) - 1) / (sqrt(k) + 1) a step for
/// the root and the inverse at condition number k, with the gap around 0 for the sign.
///
/// The [error](FunctionProduct::error_estimate) is an estimate, not a bound: what the last steps changed, continued as a
/// geometric series, and what rounding in T does to f. It takes no notice of eigenvalues that b hardly touches, nor of what
/// f does where no Ritz value has come yet: a function that is flat but for a few eigenvalues at an end (a projector onto
/// them, an exponential far steeper than the spectrum) may look finished too early. For such take
/// [`Eigensolver`](super::Eigensolver), and compare with a run of more steps and a tolerance of rounding. For functions with
/// a singularity at the edge of the spectrum weaker than that of the square root (|x|^0.1 at 0) it is too small, by up to ten
/// at a tolerance of 1e-3.
///
/// Cost: one product and 4 m n operations a step, 2 m n at the end; memory of one vector a step.
///
/// ```
/// use eigenscape::krylov::MatrixFunction;
/// use eigenscape::operator::Diagonal;
///
/// let operator = Diagonal::new((1..=100).map(f64::from).collect());
/// let root = MatrixFunction::new().run(&operator, f64::sqrt, &[1.0; 100])?;
/// root.report.require()?;
/// let error = (0..100).map(|i| (root.vector[i] - ((i + 1) as f64).sqrt()).powi(2)).sum::<f64>().sqrt();
/// assert!(error <= root.error_estimate && root.error_estimate < 1e-6);
/// assert!(root.report.matvecs < 60);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Saad 1992, doi:10.1137/0729014. Higham, Functions of Matrices (2008), chapter 13.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "expm")]
#[doc(alias = "sqrtm")]
#[doc(alias = "matrix exponential")]
pub struct MatrixFunction {
    steps: usize,
    relative: Option<f64>,
    absolute: f64,
}

/// f(A) b, from [`MatrixFunction`].
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FunctionProduct<T> {
    /// f(A) b.
    pub vector: Vec<T>,
    /// An estimate of the norm of its error, heuristic: see [`MatrixFunction`]. Infinite where too few steps say nothing.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub error_estimate: f64,
    /// The depth m.
    pub steps: usize,
    /// The largest entry of |V'V - I|, measured.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub orthogonality: f64,
    /// How the run ended.
    pub report: Report,
}

impl Default for MatrixFunction {
    fn default() -> Self {
        MatrixFunction::new()
    }
}

impl MatrixFunction {
    /// Relative tolerance sqrt(EPSILON) of the vectors' type, at most 300 steps.
    pub fn new() -> Self {
        MatrixFunction { steps: 300, relative: None, absolute: 0.0 }
    }

    /// Sets the error to be reached, relative to the norm of f(A) b.
    pub fn relative_tolerance(self, relative: f64) -> Self {
        MatrixFunction { relative: Some(relative), ..self }
    }

    /// Sets an absolute error, which adds to the relative one.
    pub fn absolute_tolerance(self, absolute: f64) -> Self {
        MatrixFunction { absolute, ..self }
    }

    /// Sets the largest depth: the budget of products and of memory.
    pub fn steps(self, steps: usize) -> Self {
        MatrixFunction { steps, ..self }
    }

    /// Multiplies b by f of the operator.
    ///
    /// A product that is not finite ends the run with [`Stop::NotFinite`] and the result of the depth before it.
    ///
    /// # Errors
    /// If the operator is not square or has no rows, `steps` is 0, b does not fit or is not finite, a tolerance is negative or
    /// below what the vectors' type can reach, the first product is not finite, or f is not finite at an eigenvalue of T:
    /// these lie between the extreme eigenvalues of A, and rounding errors around.
    pub fn run<T: Scalar, A: Symmetric<T> + ?Sized>(
        &self,
        operator: &A,
        mut f: impl FnMut(f64) -> f64,
        b: &[T],
    ) -> Result<FunctionProduct<T>> {
        self.core(&operator, &mut f, b, &mut |_| ControlFlow::Continue(()))
    }

    /// The same with an observer, which is told the number of steps and may end the run.
    ///
    /// # Errors
    /// As [`MatrixFunction::run`].
    pub fn observe<T: Scalar, A: Symmetric<T> + ?Sized>(
        &self,
        operator: &A,
        mut f: impl FnMut(f64) -> f64,
        b: &[T],
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<FunctionProduct<T>> {
        self.core(&operator, &mut f, b, &mut observer)
    }

    fn core<T: Scalar>(
        &self,
        operator: &dyn LinearOperator<T>,
        f: &mut dyn FnMut(f64) -> f64,
        b: &[T],
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<FunctionProduct<T>> {
        let dim = dimension(operator)?;
        Error::length("the vector that f(A) multiplies", b.len(), dim)?;
        Error::finite("the vector that f(A) multiplies", b, "give a finite vector")?;
        Error::at_least("the number of Lanczos steps", self.steps, 1, "must be at least 1")?;
        let relative = self.validate::<T>()?;
        if length(b) == 0.0 {
            let (vector, report) = (b.to_vec(), Report::new(Stop::Converged, 0));
            return Ok(FunctionProduct { vector, error_estimate: 0.0, steps: 0, orthogonality: 0.0, report });
        }
        let limit = self.steps.min(dim);
        let mut factorization = Factorization::begin(operator, b, Orthogonalization::Full)?;
        let mut product = vec![T::zero(); dim];
        let mut looks: Vec<Look> = Vec::new();
        let mut next = FIRST.min(limit);
        let stop = loop {
            let depth = factorization.steps();
            let progress = Progress { done: depth, total: limit, matvecs: factorization.matvecs() };
            if depth > 0 && observer(progress).is_break() {
                break Stop::Observer;
            }
            factorization.reserve(next)?;
            let broken = multiply(operator, factorization.next(), &mut product);
            if depth == 0 {
                first(broken, 1)?;
            }
            if broken.is_some() {
                break Stop::NotFinite;
            }
            factorization.absorb(&product)?;
            let depth = factorization.steps();
            if depth < next && !factorization.breakdown() {
                continue;
            }
            looks.push(Look::new::<T>(&factorization, f)?);
            let (depth_error, rounding, norm) = errors(&looks, factorization.breakdown());
            // A function that vanishes on all Ritz values so far says nothing of what it is where these have not come yet.
            let blind = norm <= f64::MIN_POSITIVE && depth < limit && !factorization.breakdown();
            if !blind && depth_error + rounding <= relative * norm + self.absolute {
                break Stop::Converged;
            }
            if factorization.breakdown() || (!blind && depth_error <= rounding) {
                break Stop::Rounding;
            }
            if depth == limit {
                break Stop::Budget;
            }
            next = (depth + (depth / APART).max(2)).min(limit);
        };
        // The run may have ended between two looks.
        let depth = factorization.steps();
        if looks.last().is_none_or(|look| look.coefficients.len() < depth) {
            looks.push(Look::new::<T>(&factorization, f)?);
        }
        let (depth_error, rounding, _) = errors(&looks, factorization.breakdown());
        let scale = factorization.start_norm();
        let coefficients: Vec<f64> = looks[looks.len() - 1].coefficients.iter().map(|c| c * scale).collect();
        let vector = factorization.combine(&coefficients);
        Error::finite("f(A) b", &vector, "it is beyond the range of the vectors' type: scale f down")?;
        let matvecs = factorization.matvecs() + u64::from(stop == Stop::NotFinite);
        Ok(FunctionProduct {
            vector,
            error_estimate: (depth_error + rounding) * scale,
            steps: depth,
            orthogonality: factorization.orthogonality(),
            report: Report::new(stop, matvecs),
        })
    }

    fn validate<T: Scalar>(&self) -> Result<f64> {
        let relative = self.relative.unwrap_or(T::EPSILON.f64().sqrt());
        let reachable = relative == 0.0 && self.absolute > 0.0 || relative >= 32.0 * T::EPSILON.f64();
        if !(reachable && relative.is_finite() && self.absolute >= 0.0 && self.absolute.is_finite()) {
            let limits = "must be at least 32 EPSILON of the vectors' type, or 0 beside a positive absolute one";
            return Err(Error::OutOfRange { what: "the relative tolerance of f(A) b", value: relative, limits });
        }
        Ok(relative)
    }
}

/// f(T) e at one depth, and what rounding errors in T may have done to it. For a b of length 1.
struct Look {
    coefficients: Vec<f64>,
    rounding: f64,
}

impl Look {
    fn new<T: Scalar>(factorization: &Factorization<T>, f: &mut dyn FnMut(f64) -> f64) -> Result<Self> {
        let eigen = tridiagonal_eigen(factorization.diagonal(), factorization.subdiagonal())?;
        let depth = eigen.values.len();
        let mut coefficients = vec![0.0; depth];
        // Nodes that the start vector touches, ascending, the values there, and how much it touches them.
        let mut touched: Vec<Node> = Vec::with_capacity(depth);
        for (index, (&node, vector)) in eigen.values.iter().zip(eigen.vectors.chunks_exact(depth)).enumerate() {
            if vector[0] == 0.0 {
                continue;
            }
            let value = f(node);
            if !value.is_finite() {
                let remedy = "the function must be finite between the extreme eigenvalues, and rounding errors around";
                return Err(Error::NotFinite { what: "the function at the eigenvalues of T", index, value, remedy });
            }
            touched.push(Node { node, value, weight: vector[0] * vector[0] });
            coefficients.iter_mut().zip(vector).for_each(|(c, &s)| *c += value * vector[0] * s);
        }
        let scale = eigen.values.iter().fold(0.0f64, |scale, node| scale.max(node.abs()));
        let size = scale * slope(&touched, scale, f) + length(&coefficients);
        Ok(Look { coefficients, rounding: (ROUNDING * T::EPSILON.f64() + DENSE * f64::EPSILON) * size })
    }
}

/// An eigenvalue of T, f there, and the squared first entry of its eigenvector.
struct Node {
    node: f64,
    value: f64,
    weight: f64,
}

/// How much f(T + E) e may differ from f(T) e, over the norm of E: the root of the mean over nodes of the largest squared
/// divided difference with another node, or with a point close by.
fn slope(nodes: &[Node], scale: f64, f: &mut dyn FnMut(f64) -> f64) -> f64 {
    let near = scale * f64::EPSILON.sqrt();
    if near == 0.0 {
        return 0.0;
    }
    let mut squares = 0.0;
    for (index, this) in nodes.iter().enumerate() {
        let difference = |other: &Node| (other.value - this.value).abs() / (other.node - this.node).abs().max(near);
        let mut largest = nodes.iter().map(difference).fold(0.0, f64::max);
        // Towards the neighbour: f need not be finite elsewhere.
        let towards = match (nodes.get(index + 1), index.checked_sub(1).map(|before| &nodes[before])) {
            (Some(above), _) => near.min(above.node - this.node),
            (None, Some(below)) => -near.min(this.node - below.node),
            (None, None) => near,
        };
        let change = (f(this.node + towards) - this.value).abs() / near;
        if change.is_finite() {
            largest = largest.max(change);
        }
        squares += this.weight * largest * largest;
    }
    squares.sqrt()
}

/// The estimates of the errors of depth and of rounding, and the norm of the last look. For a b of length 1.
fn errors(looks: &[Look], exhausted: bool) -> (f64, f64, f64) {
    let last = &looks[looks.len() - 1];
    let norm = length(&last.coefficients);
    let depth = last.coefficients.len();
    if exhausted {
        return (0.0, last.rounding, norm);
    }
    // The changes of the last steps, at least two, and of the last quarter: the first follow what happens, the second are
    // not misled by a short rest.
    let look = |most: usize| looks.iter().rev().find(|look| look.coefficients.len() <= most);
    let short = look(depth.saturating_sub(2));
    let before_short = short.and_then(|short| look(short.coefficients.len() - 1));
    let error = match (short, before_short) {
        (Some(before), Some(first)) => {
            let newest = distance(&last.coefficients, &before.coefficients);
            let long = match (look(depth - depth / 4), look(depth / 2)) {
                (Some(before), Some(first)) => continued(last, before, first),
                _ => 0.0,
            };
            let rest = TARDY * continued(last, before, first).max(long);
            if newest <= last.rounding { newest } else { newest.max(rest) }
        }
        _ => f64::INFINITY,
    };
    (error, last.rounding, norm)
}

/// What is still to come if the changes between three looks are those of a geometric series; infinite if they do not fall.
fn continued(last: &Look, before: &Look, first: &Look) -> f64 {
    let steps = |later: &Look, earlier: &Look| (later.coefficients.len() - earlier.coefficients.len()) as f64;
    let (newer, older) = (steps(last, before), steps(before, first));
    let (newest, ratio) = (change(last, before), change(last, before) / change(before, first));
    // An error c q^m makes this ratio of changes, which rises with q from 0 to newer / older.
    let of = |rate: f64| rate.powf(older) * (1.0 - rate.powf(newer)) / (1.0 - rate.powf(older));
    if newest == 0.0 {
        return 0.0;
    }
    if ratio.is_nan() || ratio >= of(1.0 - 1e-6) {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (0.0, 1.0 - 1e-6);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if of(middle) < ratio { low = middle } else { high = middle }
    }
    let rest = high.powf(newer);
    newest * rest / (1.0 - rest)
}

fn change(later: &Look, earlier: &Look) -> f64 {
    distance(&later.coefficients, &earlier.coefficients)
}

/// The norm of the difference; the shorter one continued by zeros.
fn distance(long: &[f64], short: &[f64]) -> f64 {
    let (head, tail) = long.split_at(short.len());
    let squares = head.iter().zip(short).map(|(a, b)| (a - b).powi(2)).chain(tail.iter().map(|a| a * a));
    squares.sum::<f64>().sqrt()
}
