//! Least squares with a rectangular operator.

use std::ops::ControlFlow;

use super::basis::length;
use super::report::{Progress, Report, Stop};
use super::solve::{Settings, broken, corrected, first, multiply, normalize, started};
use crate::error::{Error, Result};
use crate::linalg::axpy;
use crate::operator::Adjoint;
use crate::scalar::Scalar;

/// Least squares by LSMR: x minimizes ||b - A x||^2 + damping^2 ||x||^2 for any A, rows x cols, with a product by its
/// transpose.
///
/// In exact arithmetic that is [`MinimalResiduals`](super::MinimalResiduals) on the normal equations, without the rounding
/// errors of products with A'A: ||A'r|| falls in every step, r = b - A x, and so does ||r||. Among several minimizers the
/// one of least norm is found: A may have any rank, and b need not be in its range.
///
/// The run ends, with a relative tolerance t, as soon as one of these holds:
///
/// | what | means | [`Stop`] |
/// | --- | --- | --- |
/// | ‖r‖ <= t (‖b‖ + ‖A‖ ‖x‖) | x solves a system with relative changes t of A and b | `Converged`, `compatible` |
/// | ‖A'r‖ <= t ‖A‖ ‖r‖ | x minimizes for a relative change t of A | `Converged` |
/// | cond(A) >= limit | more steps would add noise | `IllConditioned` |
///
/// Norm and condition number are estimates from the recurrence, from below: the largest ||A v|| and ||A'u|| over its unit
/// vectors (Fong and Saunders add their squares up, which passes the Frobenius norm once orthogonality is lost), and the
/// ratio of the extreme singular values that b touches; with damping, of A with damping I below it.
///
/// Cost: one product with A, one with A' and 14 (rows + cols) operations a step, one of each at the end; memory of two
/// vectors of rows and five of cols.
///
/// ```
/// use eigenscape::krylov::LeastSquares;
/// use eigenscape::operator::Dense;
///
/// // The line through (0, 1), (1, 2), (2, 2), (3, 4).
/// let points = Dense::new(vec![1.0, 0.0, 1.0, 1.0, 1.0, 2.0, 1.0, 3.0], 4, 2)?;
/// let line = LeastSquares::new().run(&points, &[1.0, 2.0, 2.0, 4.0])?;
/// line.report.require()?;
/// assert!((line.x[0] - 0.9f64).abs() < 1e-12 && (line.x[1] - 0.9).abs() < 1e-12);
/// assert!((line.residual_norm - 0.7f64.sqrt()).abs() < 1e-12 && !line.compatible);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fong, Saunders 2011, arXiv:1006.0758. Golub, Kahan 1965, doi:10.1137/0702016 (the bidiagonalization).
#[doc(alias = "LSMR")]
#[derive(Clone, Copy, PartialEq, Debug)]
#[doc(alias = "LSQR")]
#[doc(alias = "lstsq")]
pub struct LeastSquares<'a, T> {
    settings: Settings<'a, T>,
    damping: f64,
    condition_limit: f64,
}

/// What [`LeastSquares`] found.
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeastSquaresSolution<T> {
    /// The best x that was found.
    pub x: Vec<T>,
    /// ||r||, r = b - A x, from a product at the end; an estimate where a product was not finite.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub residual_norm: f64,
    /// ||A'r - damping^2 (x - start)||, from a product at the end: half of the gradient, 0 at a minimizer. An estimate where a
    /// product was not finite.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub gradient_norm: f64,
    /// An estimate of the largest singular value of A, with damping I below it, from below.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub operator_norm: f64,
    /// An estimate of the condition number of A, with damping I below it, from below.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub condition_number: f64,
    /// Whether the residual itself is as small as asked for: A x = b has a solution, to within the tolerance.
    pub compatible: bool,
    /// How the run ended; `matvecs` are products with A and with A' together.
    pub report: Report,
}

impl<T: Scalar> Default for LeastSquares<'_, T> {
    fn default() -> Self {
        LeastSquares::new()
    }
}

impl<'a, T: Scalar> LeastSquares<'a, T> {
    /// Relative tolerance sqrt(EPSILON) of the vectors' type, no damping, at most 1000 steps, from 0, and condition numbers
    /// up to 1 / (16 EPSILON): beyond, rounding alone decides.
    pub fn new() -> Self {
        let condition_limit = 1.0 / (16.0 * T::EPSILON.f64());
        LeastSquares { settings: Settings::DEFAULT, damping: 0.0, condition_limit }
    }

    /// Sets the relative error of A and b for which x may be the exact solution.
    pub fn relative_tolerance(mut self, relative: f64) -> Self {
        self.settings.relative = Some(relative);
        self
    }

    /// Sets the damping: damping^2 ||x - start||^2 is added to what is minimized.
    pub fn damping(self, damping: f64) -> Self {
        LeastSquares { damping, ..self }
    }

    /// Sets the condition number at which the run ends with [`Stop::IllConditioned`].
    pub fn condition_limit(self, condition_limit: f64) -> Self {
        LeastSquares { condition_limit, ..self }
    }

    /// Sets the largest number of steps, two products each.
    pub fn steps(mut self, steps: usize) -> Self {
        self.settings.steps = steps;
        self
    }

    /// Starts from a vector instead of 0, and finds the minimizer nearest to it. Costs one product.
    pub fn start(mut self, start: &'a [T]) -> Self {
        self.settings.start = Some(start);
        self
    }

    /// Finds the minimizer.
    ///
    /// A product that is not finite ends the run with [`Stop::NotFinite`] and the x before it.
    ///
    /// # Errors
    /// If the operator has no rows or columns, b or the start does not fit or is not finite, the tolerance is below what the
    /// vectors' type can reach, the damping is negative, the limit is not above 1, or one of the products before the first
    /// step is not finite.
    pub fn run<A: Adjoint<T> + ?Sized>(&self, operator: &A, b: &[T]) -> Result<LeastSquaresSolution<T>> {
        self.core(&operator, b, &mut |_| ControlFlow::Continue(()))
    }

    /// The same with an observer, which is told the number of steps and may end the run.
    ///
    /// # Errors
    /// As [`LeastSquares::run`].
    pub fn observe<A: Adjoint<T> + ?Sized>(
        &self,
        operator: &A,
        b: &[T],
        mut observer: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<LeastSquaresSolution<T>> {
        self.core(&operator, b, &mut observer)
    }

    fn core(
        &self,
        operator: &dyn Adjoint<T>,
        b: &[T],
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<LeastSquaresSolution<T>> {
        let (rows, cols) = (operator.rows(), operator.cols());
        if rows == 0 || cols == 0 {
            let remedy = "least squares need at least one row and one column";
            return Err(Error::Empty { what: "the operator", remedy });
        }
        let (tolerance, _) = self.settings.tolerances()?;
        if !(self.damping >= 0.0 && self.damping.is_finite()) {
            let limits = "must be finite and at least 0";
            return Err(Error::OutOfRange { what: "the damping", value: self.damping, limits });
        }
        if self.condition_limit.is_nan() || self.condition_limit <= 1.0 {
            let limits = "must be above 1, the condition number of an orthogonal matrix; infinite for none";
            let what = "the limit of the condition number";
            return Err(Error::OutOfRange { what, value: self.condition_limit, limits });
        }
        let (start, mut u) = started("least squares", b, rows, cols, self.settings.start)?;
        let (mut product, mut gradient) = (vec![T::zero(); rows], vec![T::zero(); cols]);
        let mut products = 0;
        if let Some(start) = &start {
            products += 1;
            first(multiply(operator, start, &mut product), products)?;
            u.iter_mut().zip(&product).for_each(|(u, &y)| *u -= y);
        }
        let scale = length(&u);
        normalize(scale, &mut u);
        products += 1;
        operator.apply_adjoint(&u, &mut gradient);
        first(broken(&gradient), products)?;
        let alpha = length(&gradient);
        normalize(alpha, &mut gradient);
        let (mut v, mut image) = (gradient.clone(), gradient);
        let sizes = Sizes { right: length(b), start: start.as_ref().map_or(0.0, |start| length(start)), scale };
        let mut recurrence = Recurrence::new(alpha, self.damping);
        let (mut x, mut h, mut h_bar) = (vec![T::zero(); cols], v.clone(), vec![T::zero(); cols]);
        let mut stop = Stop::Budget;
        let mut reached = recurrence.reached(tolerance, &sizes, 0.0);
        for step in 0..=self.settings.steps {
            if reached.any() {
                stop = Stop::Converged;
                break;
            }
            if recurrence.condition() >= self.condition_limit {
                stop = Stop::IllConditioned;
                break;
            }
            if step == self.settings.steps {
                break;
            }
            if observer(Progress { done: step, total: self.settings.steps, matvecs: products }).is_break() {
                stop = Stop::Observer;
                break;
            }
            // beta u = A v - alpha u, then alpha v = A'u - beta v.
            let alpha = recurrence.alpha;
            products += 1;
            let mut met = multiply(operator, &v, &mut product).is_some();
            u.iter_mut().zip(&product).for_each(|(u, &y)| *u = y - T::of(alpha) * *u);
            let beta = length(&u);
            normalize(beta, &mut u);
            let mut alpha = 0.0;
            if beta > 0.0 && !met {
                products += 1;
                operator.apply_adjoint(&u, &mut image);
                met = broken(&image).is_some();
                axpy(T::of(-beta), &v, &mut image);
                alpha = length(&image);
                normalize(alpha, &mut image);
                std::mem::swap(&mut v, &mut image);
            }
            if met || !(alpha.is_finite() && beta.is_finite()) {
                stop = Stop::NotFinite;
                break;
            }
            let Some(update) = recurrence.step(alpha, beta) else {
                stop = Stop::Converged;
                break;
            };
            let (keep_bar, along, keep) = (T::of(update.keep_bar), T::of(update.along), T::of(update.keep));
            for (((x, h), h_bar), &v) in x.iter_mut().zip(&mut h).zip(&mut h_bar).zip(&v) {
                *h_bar = *h - keep_bar * *h_bar;
                *x += along * *h_bar;
                *h = v - keep * *h;
            }
            reached = recurrence.reached(tolerance, &sizes, length(&x));
        }
        let compatible = reached.compatible;
        let correction_norm = length(&x) * scale;
        let x = corrected(start.clone(), scale, x)?;
        let mut solution = LeastSquaresSolution {
            x,
            residual_norm: recurrence.residual() * scale,
            gradient_norm: recurrence.gradient() * scale,
            operator_norm: recurrence.norm(),
            condition_number: recurrence.condition(),
            compatible,
            report: Report::new(stop, products),
        };
        if stop == Stop::NotFinite {
            return Ok(solution);
        }
        products += 1;
        solution.report = Report::new(Stop::NotFinite, products);
        if multiply(operator, &solution.x, &mut product).is_some() {
            return Ok(solution);
        }
        product.iter_mut().zip(b).for_each(|(r, &b)| *r = b - *r);
        let mut gradient = image;
        products += 1;
        solution.report.matvecs = products;
        operator.apply_adjoint(&product, &mut gradient);
        if broken(&gradient).is_some() {
            return Ok(solution);
        }
        let damping = T::of(-self.damping * self.damping);
        axpy(damping, &solution.x, &mut gradient);
        if let Some(start) = &start {
            axpy(-damping, start, &mut gradient);
        }
        solution.residual_norm = length(&product);
        solution.gradient_norm = length(&gradient);
        // What the recurrence says must hold for x itself; the residual with the damping as its last rows.
        let augmented = solution.residual_norm.hypot(self.damping * correction_norm);
        let norm = solution.operator_norm;
        let goal = tolerance * (sizes.right + norm * length(&solution.x));
        solution.compatible = solution.residual_norm <= 2.0 * goal;
        let minimal = solution.gradient_norm <= 2.0 * tolerance * norm * augmented;
        if stop == Stop::Converged && !(minimal || augmented <= 2.0 * goal) {
            stop = Stop::Rounding;
        }
        solution.report = Report::new(stop, products);
        Ok(solution)
    }
}

/// The norms of b, of the start, and of the residual there.
struct Sizes {
    right: f64,
    start: f64,
    scale: f64,
}

/// Which of the stopping rules hold.
#[derive(Clone, Copy)]
struct Reached {
    compatible: bool,
    minimal: bool,
}

impl Reached {
    fn any(self) -> bool {
        self.compatible || self.minimal
    }
}

/// How the vectors of a step are combined: h_bar = h - keep_bar h_bar, x += along h_bar, h = v - keep h.
struct Update {
    keep_bar: f64,
    along: f64,
    keep: f64,
}

/// The numbers of LSMR, under the names of Fong and Saunders; the right side has length 1.
struct Recurrence {
    damping: f64,
    alpha: f64,
    alpha_bar: f64,
    rho: f64,
    rho_bar: f64,
    c_bar: f64,
    s_bar: f64,
    zeta: f64,
    zeta_bar: f64,
    // The residual's norm.
    beta_dd: f64,
    beta_d: f64,
    rho_d_old: f64,
    tau_tilde_old: f64,
    theta_tilde: f64,
    damped: f64,
    residual: f64,
    // Norm and condition number.
    norm: f64,
    largest: f64,
    smallest: f64,
    last: f64,
    steps: usize,
}

impl Recurrence {
    fn new(alpha: f64, damping: f64) -> Self {
        Recurrence {
            damping,
            alpha,
            alpha_bar: alpha,
            rho: 1.0,
            rho_bar: 1.0,
            c_bar: 1.0,
            s_bar: 0.0,
            zeta: 0.0,
            zeta_bar: alpha,
            beta_dd: 1.0,
            beta_d: 0.0,
            rho_d_old: 1.0,
            tau_tilde_old: 0.0,
            theta_tilde: 0.0,
            damped: 0.0,
            residual: 1.0,
            norm: alpha.hypot(damping),
            largest: 0.0,
            smallest: f64::INFINITY,
            last: alpha,
            steps: 0,
        }
    }

    /// The step of a new pair of coefficients; none if nothing is left to be done.
    fn step(&mut self, alpha: f64, beta: f64) -> Option<Update> {
        let (c_hat, s_hat, alpha_hat) = rotation(self.alpha_bar, self.damping);
        let (alpha_old, rho_old) = (self.alpha, self.rho);
        let (c, s, rho) = rotation(alpha_hat, beta);
        let theta_new = s * alpha;
        let (theta_bar, rho_temp) = (self.s_bar * rho, self.c_bar * rho);
        let (c_bar, s_bar, rho_bar) = rotation(rho_temp, theta_new);
        if rho == 0.0 || rho_bar == 0.0 {
            return None;
        }
        let (rho_bar_old, zeta_old) = (self.rho_bar, self.zeta);
        (self.alpha, self.alpha_bar, self.rho) = (alpha, c * alpha, rho);
        (self.c_bar, self.s_bar, self.rho_bar) = (c_bar, s_bar, rho_bar);
        self.zeta = c_bar * self.zeta_bar;
        self.zeta_bar *= -s_bar;
        // ||r||
        let (beta_acute, beta_check) = (c_hat * self.beta_dd, -s_hat * self.beta_dd);
        let beta_hat = c * beta_acute;
        self.beta_dd = -s * beta_acute;
        let theta_tilde_old = self.theta_tilde;
        let (c_tilde, s_tilde, rho_tilde) = rotation(self.rho_d_old, theta_bar);
        self.theta_tilde = s_tilde * rho_bar;
        self.rho_d_old = c_tilde * rho_bar;
        self.beta_d = -s_tilde * self.beta_d + c_tilde * beta_hat;
        self.tau_tilde_old = (zeta_old - theta_tilde_old * self.tau_tilde_old) / rho_tilde;
        let tau_d = (self.zeta - self.theta_tilde * self.tau_tilde_old) / self.rho_d_old;
        self.damped += beta_check * beta_check;
        self.residual = (self.damped + (self.beta_d - tau_d).powi(2) + self.beta_dd.powi(2)).sqrt();
        // ||A|| and its condition number
        // ||A v|| of the old v and ||A'u|| of the new u.
        self.norm = self.norm.max(alpha_old.hypot(beta).hypot(self.damping)).max(alpha.hypot(beta).hypot(self.damping));
        self.steps += 1;
        if self.steps > 1 {
            self.largest = self.largest.max(rho_bar_old);
            self.smallest = self.smallest.min(rho_bar_old);
        }
        self.last = rho_temp;
        Some(Update {
            keep_bar: theta_bar * rho / (rho_old * rho_bar_old),
            along: self.zeta / (rho * rho_bar),
            keep: theta_new / rho,
        })
    }

    fn residual(&self) -> f64 {
        self.residual
    }

    /// ||A'r||
    fn gradient(&self) -> f64 {
        self.zeta_bar.abs()
    }

    fn norm(&self) -> f64 {
        self.norm
    }

    fn condition(&self) -> f64 {
        if self.steps == 0 || self.last == 0.0 {
            return 1.0;
        }
        self.largest.max(self.last) / self.smallest.min(self.last)
    }

    fn reached(&self, tolerance: f64, sizes: &Sizes, correction: f64) -> Reached {
        let norm = self.norm();
        let goal = tolerance * (sizes.right + norm * (sizes.start + correction * sizes.scale));
        Reached {
            compatible: self.residual * sizes.scale <= goal,
            minimal: self.gradient() <= tolerance * norm * self.residual,
        }
    }
}

/// c, s and r with c r = a, s r = b.
fn rotation(a: f64, b: f64) -> (f64, f64, f64) {
    let r = a.hypot(b);
    if r == 0.0 { (1.0, 0.0, 0.0) } else { (a / r, b / r, r) }
}
