//! Extreme eigenpairs of A x = lambda B x: settings, and the route by a root of B^-1.

use std::ops::ControlFlow;

use super::basis::length;
use super::eigensolver::Eigensolver;
use super::factorization::dimension;
use super::generalized_pairs::{GeneralizedEigenpairs, negative};
use super::generalized_search::{Request, search};
use super::generalized_space::Products;
use super::metric::{Inverse, Metric};
use super::report::{Progress, Report, Stop};
use super::ritz::Which;
use crate::error::{Error, Result};
use crate::linalg::{axpy, dot};
use crate::operator::{Adjoint, LinearOperator, Symmetric};
use crate::random::Key;
use crate::scalar::Scalar;

/// The depth at which a search ends by default; one step more costs two vectors of memory.
const STEPS: usize = 1000;

/// Searches the extreme eigenpairs of A x = lambda B x, for a symmetric A and a positive definite B.
///
/// ```text
///     A x = lambda B x,     x'B x = 1,     residual r = A x - lambda B x
///     some eigenvalue lies within sqrt(r'B^-1 r) of lambda
/// ```
///
/// The eigenvalues are the curvatures of A along steps whose length B measures: of the Hessian in the geometry of the
/// Fisher matrix, or, with the preconditioner of an optimizer, the sharpness that decides whether its steps are stable.
/// They are those of the symmetric L^-1 A L^-T, where B = L L'. An eigenpair has converged when its residual norm
/// sqrt(r'B^-1 r) is at most
///
/// ```text
///     relative * norm(L^-1 A L^-T) + absolute
/// ```
///
/// With a root of B^-1 ([`Metric::with_inverse_root`], [`Metric::diagonal`]) this is [`Eigensolver`] on the transformed
/// operator. Otherwise it is a Lanczos process in the inner product of B, orthogonalized in full, which keeps two
/// vectors a step (v and B v) and projects A on its basis entry by entry, so that inexact solves cost steps and not
/// digits. When the wanted pairs have converged it goes on from another random vector, orthogonal to all it has, until
/// a copy of a wanted eigenvalue would have shown but for a chance of about 1e-6: so eigenvalues come with their
/// multiplicities. A budget that ends there leaves pairs that have converged, and a report that has not.
///
/// Cost: one product with A a step and one for each pair returned; each with one with B and one solve. With a root, one
/// product with A a step and two for each pair; each with two products with the root.
///
/// ```
/// use eigenscape::krylov::{GeneralizedEigensolver, Metric};
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
///
/// // Preconditioned sharpness: the curvature 100 is tame in units of its preconditioner.
/// let hessian = Diagonal::new(vec![100.0, 8.0, 1.0, -1.0]);
/// let preconditioner = vec![50.0, 1.0, 1.0, 0.5];
/// let sharpest = GeneralizedEigensolver::new(2, Key::new(0)).run(&hessian, &Metric::diagonal(preconditioner)?)?;
/// sharpest.report.require()?;
/// assert!((sharpest.values[0] - 8.0).abs() <= sharpest.error_bounds[0]);
/// assert!((sharpest.values[1] - 2.0).abs() <= sharpest.error_bounds[1]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Parlett, The Symmetric Eigenvalue Problem (1998), chapter 15; Ericsson & Ruhe 1980
/// (doi:10.1090/S0025-5718-1980-0583502-2); Golub & Ye 2002 (doi:10.1137/S1064827500382579), inexact solves; Cohen et
/// al. 2022 (arXiv:2207.14484), preconditioned sharpness.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "generalized eigenvalue problem")]
#[doc(alias = "preconditioned Hessian")]
pub struct GeneralizedEigensolver {
    count: usize,
    which: Which,
    relative: Option<f64>,
    absolute: f64,
    steps: usize,
    matvecs: u64,
    key: Key,
}

impl GeneralizedEigensolver {
    /// A search for `count` eigenpairs at the top of the spectrum; the random start vectors come from `key`.
    ///
    /// Relative tolerance [`EPSILON`](Scalar::EPSILON)^(2/3) of the vectors' type, at most 1000 steps: as
    /// [`Eigensolver`].
    pub fn new(count: usize, key: Key) -> Self {
        GeneralizedEigensolver {
            count,
            which: Which::default(),
            relative: None,
            absolute: 0.0,
            steps: STEPS,
            matvecs: u64::MAX,
            key,
        }
    }

    /// Sets the end of the spectrum.
    pub fn which(self, which: Which) -> Self {
        GeneralizedEigensolver { which, ..self }
    }

    /// Sets the tolerance of residual norms relative to the norm of L^-1 A L^-T; 0 if only the absolute one shall
    /// count.
    pub fn relative_tolerance(self, relative: f64) -> Self {
        GeneralizedEigensolver { relative: Some(relative), ..self }
    }

    /// Sets the absolute tolerance of residual norms, which adds to the relative one.
    pub fn absolute_tolerance(self, absolute: f64) -> Self {
        GeneralizedEigensolver { absolute, ..self }
    }

    /// Sets the largest depth: the budget of memory, one vector a step with a root of B^-1, else two.
    pub fn steps(self, steps: usize) -> Self {
        GeneralizedEigensolver { steps, ..self }
    }

    /// Sets the budget of products with A, those that recompute the residuals included.
    pub fn matvecs(self, matvecs: u64) -> Self {
        GeneralizedEigensolver { matvecs, ..self }
    }

    /// Searches the eigenpairs of A x = lambda B x, B given by `metric`.
    ///
    /// A metric that turns out not to be positive definite is no error: the search ends with
    /// [`Stop::NegativeCurvature`] and the direction.
    ///
    /// # Errors
    /// If A is not square, B or its inverse has another size, `count` is 0 or above the dimension, a tolerance is
    /// negative or below what the vectors' type can reach, a budget is too small for one pair, the inverse is not that
    /// of B, or the first product with A or B is not finite.
    pub fn run<T: Scalar, A>(&self, operator: &A, metric: &Metric<'_, T>) -> Result<GeneralizedEigenpairs<T>>
    where
        A: Symmetric<T> + ?Sized,
    {
        self.observe(operator, metric, |_| ControlFlow::Continue(()))
    }

    /// The same, and tells `observer` at each check how many pairs have converged; it can stop the search, and what is
    /// known then is returned.
    ///
    /// # Errors
    /// As [`GeneralizedEigensolver::run`].
    pub fn observe<T: Scalar, A>(
        &self,
        operator: &A,
        metric: &Metric<'_, T>,
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<GeneralizedEigenpairs<T>>
    where
        A: Symmetric<T> + ?Sized,
    {
        self.core(&operator, metric, &mut observer)
    }

    /// The relative tolerance, if the request is well-posed for vectors of type `T`.
    fn validate<T: Scalar>(&self, operator: &dyn LinearOperator<T>, metric: &Metric<'_, T>) -> Result<f64> {
        let dim = dimension(operator)?;
        let inverse = match &metric.inverse {
            Inverse::Operator(inverse) => [inverse.rows(), inverse.cols()],
            Inverse::Root(root) => [root.rows(), root.cols()],
            Inverse::Iterative(_) => [dim; 2],
        };
        for size in [[metric.product.rows(), metric.product.cols()], inverse] {
            if size != [dim; 2] {
                let (left, right) = (vec![dim; 2], size.to_vec());
                let rule = "A, B and the inverse or its root must have the same size";
                return Err(Error::Shapes { operation: "generalized eigenproblem", left, right, rule, location: None });
            }
        }
        let remedy = "must be at least 1";
        Error::at_least("the number of eigenpairs", self.count, 1, remedy)?;
        if self.count > dim {
            let because = "the dimension of the operator";
            return Err(Error::AboveLimit { what: "the number of eigenpairs", value: self.count, limit: dim, because });
        }
        Error::at_least("the budget of steps", self.steps, 1, remedy)?;
        let products = usize::try_from(self.matvecs).unwrap_or(usize::MAX);
        Error::at_least("the budget of products", products, 2, "must be at least 2: one step and one residual")?;
        let epsilon = T::EPSILON.f64();
        let relative = self.relative.unwrap_or(epsilon.powf(2.0 / 3.0));
        let reachable = relative >= 32.0 * epsilon || (relative == 0.0 && self.absolute > 0.0);
        if !reachable || !relative.is_finite() {
            let limits = "must be at least 32 rounding errors of the vectors' type, or 0 beside an absolute one";
            return Err(Error::OutOfRange { what: "the relative tolerance", value: relative, limits });
        }
        if !(self.absolute >= 0.0 && self.absolute.is_finite()) {
            let limits = "must be finite and at least 0";
            return Err(Error::OutOfRange { what: "the absolute tolerance", value: self.absolute, limits });
        }
        Ok(relative)
    }

    fn core<T: Scalar>(
        &self,
        operator: &dyn LinearOperator<T>,
        metric: &Metric<'_, T>,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<GeneralizedEigenpairs<T>> {
        let relative = self.validate(operator, metric)?;
        let mut products = Products::new(operator, metric, relative);
        let mut start = vec![T::zero(); operator.rows()];
        self.key.split(0).normal(0, &mut start);
        let mut image = start.clone();
        if !products.metric(&start, &mut image) {
            let remedy = "the metric met a number that it cannot take";
            Error::finite("the product of the metric", &image, remedy)?;
        }
        let curvature = dot(&start, &image);
        if curvature <= 0.0 {
            let found = GeneralizedEigenpairs::none(Stop::NegativeCurvature, 0);
            let negative_curvature = Some(negative(start, curvature));
            return Ok(GeneralizedEigenpairs { negative_curvature, metric_matvecs: 1, ..found });
        }
        products.check_inverse(&image, curvature)?;
        match &metric.inverse {
            Inverse::Root(root) => self.transformed(&mut products, &**root, relative, observer),
            _ => {
                let GeneralizedEigensolver { count, which, absolute, steps, matvecs, key, .. } = *self;
                let request = Request { count, which, relative, absolute, steps, matvecs, key };
                search(&request, products, start, image, observer)
            }
        }
    }

    /// [`Eigensolver`] on M A M' with M'M = B^-1; then x = M'y, and the residuals anew.
    fn transformed<T: Scalar>(
        &self,
        products: &mut Products<'_, T>,
        root: &dyn Adjoint<T>,
        relative: f64,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<GeneralizedEigenpairs<T>> {
        let solver = Eigensolver::new(self.count, self.key.split(1)).which(self.which).relative_tolerance(relative);
        // Residuals are measured twice, before the way back and after it; a budget below that is left to the search.
        let again = (self.count as u64).min(self.matvecs / 3);
        let solver = solver.absolute_tolerance(self.absolute).steps(self.steps).matvecs(self.matvecs - again);
        let found = solver.observe(&Transformed { operator: products.operator, root }, observer)?;
        let dim = root.cols();
        let mut pairs = GeneralizedEigenpairs::none(found.report.stop, found.report.matvecs);
        pairs.solves = products.solves + found.report.matvecs;
        let [mut x, mut image, mut residual] = [(); 3].map(|()| vec![T::zero(); dim]);
        let mut stop = found.report.stop;
        for (index, y) in found.vectors.chunks_exact(dim).enumerate() {
            root.apply_adjoint(y, &mut x);
            let (value, known) = (found.values[index], found.residual_norms[index]);
            // Until shown otherwise, all that is known is what the search has left.
            let (mut here, mut euclidean) = (known, f64::INFINITY);
            if stop != Stop::NotFinite && products.matvecs < again {
                let finite = products.metric(&x, &mut image);
                let square = dot(&x, &image);
                if finite && square > 0.0 {
                    let norm = square.sqrt();
                    for vector in [&mut x, &mut image] {
                        vector.iter_mut().for_each(|x| *x = T::of(x.f64() / norm));
                    }
                }
                if finite && products.operator(&x, &mut residual) {
                    axpy(T::of(-value), &image, &mut residual);
                    euclidean = length(&residual);
                    root.apply(&residual, &mut image);
                    pairs.solves += 1;
                    here = length(&image).max(known);
                } else {
                    stop = Stop::NotFinite;
                }
            }
            pairs.values.push(value);
            pairs.vectors.extend_from_slice(&x);
            pairs.residual_norms.push(here);
            pairs.euclidean_residual_norms.push(euclidean);
            // What the way back has added, by rounding.
            pairs.error_bounds.push(found.error_bounds[index] + (here - known));
            pairs.converged.push(found.converged[index]);
        }
        pairs.metric_matvecs = products.metric_matvecs();
        pairs.report = Report::new(stop, found.report.matvecs + products.matvecs);
        Ok(pairs)
    }
}

/// M A M'.
struct Transformed<'a, T> {
    operator: &'a dyn LinearOperator<T>,
    root: &'a dyn Adjoint<T>,
}

impl<T: Scalar> LinearOperator<T> for Transformed<'_, T> {
    fn rows(&self) -> usize {
        self.root.rows()
    }
    fn cols(&self) -> usize {
        self.root.rows()
    }
    fn apply(&self, x: &[T], y: &mut [T]) {
        self.apply_block(x, y, 1);
    }
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        let mut product = vec![T::zero(); x.len()];
        self.root.apply_adjoint_block(x, y, vectors);
        self.operator.apply_block(y, &mut product, vectors);
        self.root.apply_block(&product, y, vectors);
    }
}

impl<T: Scalar> Symmetric<T> for Transformed<'_, T> {}
