//! What a critical point is: the signs of its Hessian's eigenvalues, as far as they can be told.

use super::approached::search_tolerance;
use super::critical_point::{Certificate, CountedBy, CriticalKind, CriticalPoint};
use super::null_direction::{NullDirection, third_derivative};
use crate::error::{Error, Result};
use crate::krylov::{Eigenpairs, Eigensolver, Multiplicity, Which};
use crate::linalg::{norm, symmetric_eigen};
use crate::objective::{Objective, Point, finite_parameters};
use crate::operator::{LinearOperator, ROUNDING, to_dense};
use crate::random::Key;
use crate::scalar::Scalar;
use crate::spectrum::StochasticLanczos;

/// Beyond this an eigenvalue is not told from zero: at zeros of the gradient of any order above 1 the number tends to 1/2 at least.
const KANTOROVICH: f64 = 0.25;

/// Null directions whose higher derivatives are taken.
const DIRECTIONS: usize = 3;

/// Classifies critical points by the signs of their Hessian's eigenvalues, and says what that rests on.
///
/// ```text
///     lambda is told from zero if   |lambda| > 64 sqrt(n) EPSILON |H| + its error bound   and   (|g| + EPSILON |H| |theta|) K <= lambda^2 / 4
///     K = |D^3 L[v, v]|,  v the eigenvector of lambda
/// ```
///
/// The first is rounding. The second is the condition of Newton and Kantorovich along v: a gradient of this length moves the critical point by
/// |g|/|lambda|, and over that distance the eigenvalue changes by K |g|/|lambda|. Approaching a degenerate point, whose gradient vanishes
/// like x^m, m > 1, the left side over lambda^2 tends to (m - 1)/m, not to 0; so degenerate points are recognised however close or far
/// the search has stopped.
///
/// | dimension | eigenvalues | cost |
/// | --- | --- | --- |
/// | up to [`dense`](Classifier::dense), 512 | all of the dense Hessian | n products, n^3 operations, n^2 memory |
/// | above | the lowest by Lanczos, until one is positive, up to [`pairs`](Classifier::pairs) | tens to hundreds of products |
/// | above, more negative ones than that | counted by stochastic Lanczos quadrature, 16 probes of 100 steps | 1600 products |
///
/// ```
/// use eigenscape::landscape::{Classifier, CriticalKind};
/// use eigenscape::objective::Recorded;
///
/// let surface = Recorded::<f64>::new(2, |x| x.at(0).powi(2) - x.at(1).powi(2))?;
/// let point = Classifier::new().run(&surface, &[0.0, 0.0])?;
/// assert_eq!((point.kind, point.index()), (CriticalKind::Saddle, Some(1)));
///
/// // x^3 - 3 x y^2, three valleys and three ridges: no second derivative at all.
/// let monkey = Recorded::<f64>::new(2, |x| x.at(0).powi(3) - x.at(0) * x.at(1).powi(2) * 3.0)?;
/// let point = Classifier::new().run(&monkey, &[0.0, 0.0])?;
/// assert_eq!((point.kind, point.certificate.zeros), (CriticalKind::Degenerate, 2));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Kantorovich 1948; Ortega 1968, doi:10.2307/2313800 (the theorem in a page).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Classifier"))]
#[doc(alias = "saddle")]
#[doc(alias = "Morse index")]
pub struct Classifier {
    dense: usize,
    pairs: usize,
    symmetries: usize,
    tolerance: Option<f64>,
    key: Key,
}

impl Default for Classifier {
    fn default() -> Self {
        Classifier::new()
    }
}

/// The eigenvalues that were taken, and what is known of the others.
struct Spectrum<T> {
    /// Ascending.
    values: Vec<f64>,
    bounds: Vec<f64>,
    /// Back to back; empty where only the count is known.
    vectors: Vec<T>,
    largest: f64,
    /// Whether all eigenvalues that were not taken are positive.
    rest_is_positive: bool,
    confidence: f64,
    counted_by: CountedBy,
    matvecs: u64,
}

impl Classifier {
    /// All eigenvalues up to 512 dimensions, up to 64 of the lowest beyond; no symmetries; random vectors from key 0.
    pub fn new() -> Self {
        Classifier { dense: 512, pairs: 64, symmetries: 0, tolerance: None, key: Key::new(0) }
    }

    /// Sets the dimension up to which all eigenvalues are taken.
    pub fn dense(self, dimension: usize) -> Self {
        Classifier { dense: dimension, ..self }
    }

    /// Sets the most eigenpairs that are taken beyond that dimension; at least 1 is.
    pub fn pairs(self, pairs: usize) -> Self {
        Classifier { pairs: pairs.max(1), ..self }
    }

    /// Sets how many eigenvalues are zero by a symmetry of the objective, and do not make a point degenerate: 1 on a
    /// [`Spherical`](crate::subspace::Spherical) one.
    pub fn symmetries(self, zeros: usize) -> Self {
        Classifier { symmetries: zeros, ..self }
    }

    /// Sets the gradient norm above which a point is not critical: by default sqrt(EPSILON) |H| (1 + |theta|), and where H vanishes with the
    /// gradient at least the tolerance of a search, EPSILON^(2/3), or that of the survey's.
    ///
    /// # Errors
    /// If it is not finite and positive.
    pub fn tolerance(self, tolerance: f64) -> Result<Self> {
        Error::positive("the gradient norm of a critical point", tolerance)?;
        Ok(Classifier { tolerance: Some(tolerance), ..self })
    }

    /// Sets where random vectors come from.
    pub fn key(self, key: Key) -> Self {
        Classifier { key, ..self }
    }

    /// Classifies a point.
    ///
    /// # Errors
    /// If the point is not finite or does not have as many entries as the objective has parameters, it has none, or the objective or a
    /// product with its Hessian is not finite there.
    pub fn run<T: Scalar, O: Objective<T>>(&self, objective: &O, theta: &[T]) -> Result<CriticalPoint<T>> {
        self.found(objective, theta, search_tolerance::<T>())
    }

    /// Classifies a point that a search of this tolerance has called critical.
    pub(super) fn found<T: Scalar, O: Objective<T>>(
        &self,
        objective: &O,
        theta: &[T],
        least: f64,
    ) -> Result<CriticalPoint<T>> {
        let n = theta.len();
        Error::length("the point to classify", n, objective.dim())?;
        Error::at_least("the dimension of a landscape", n, 1, "must be at least 1: a point has no neighbours")?;
        finite_parameters(theta)?;
        let point = objective.at(theta)?;
        let spectrum = match n <= self.dense {
            true => dense(&point.hessian())?,
            false => self.krylov(&point.hessian())?,
        };
        let gradient_norm = norm(point.gradient());
        let relative = T::EPSILON.f64().sqrt() * spectrum.largest * (1.0 + norm(theta));
        let critical = self.tolerance.unwrap_or(relative.max(least));
        let mut certificate = Certificate {
            gradient_norm,
            least_index: 0,
            most_index: 0,
            zeros: 0,
            threshold: ROUNDING * (n as f64).sqrt() * T::EPSILON.f64() * spectrum.largest,
            nearest: f64::INFINITY,
            kantorovich: 0.0,
            confidence: spectrum.confidence,
            counted_by: spectrum.counted_by,
            matvecs: spectrum.matvecs,
        };
        if spectrum.counted_by == CountedBy::Quadrature {
            return self.counted(&point.hessian(), theta, point.value(), critical, (spectrum, certificate));
        }
        let reach = gradient_norm + T::EPSILON.f64() * spectrum.largest * norm(theta);
        let zero = self.zeros(objective, theta, (reach, critical), &spectrum, &mut certificate)?;
        let at = |pair: usize| &spectrum.vectors[pair * n..][..n];
        let negative = (0..spectrum.values.len()).filter(|&pair| !zero[pair] && spectrum.values[pair] < 0.0).count();
        let zeros: Vec<usize> = (0..spectrum.values.len()).filter(|&pair| zero[pair]).collect();
        let unseen = if spectrum.rest_is_positive { 0 } else { n - spectrum.values.len() };
        // The nearest to zero are the symmetries'.
        let mut by_size = zeros.clone();
        by_size.sort_by(|&a, &b| spectrum.values[a].abs().total_cmp(&spectrum.values[b].abs()));
        let degenerate = by_size.split_off(self.symmetries.min(by_size.len()));
        certificate.zeros = zeros.len();
        certificate.least_index = negative;
        certificate.most_index = negative + degenerate.len() + unseen;
        let null_directions = degenerate
            .iter()
            .take(DIRECTIONS)
            .map(|&pair| NullDirection::measure(objective, theta, at(pair), spectrum.largest))
            .collect::<Result<Vec<_>>>()?;
        let descent = (negative > 0).then(|| at(0).to_vec());
        let kind = match () {
            () if gradient_norm > critical => CriticalKind::NotCritical,
            () if certificate.most_index > negative => CriticalKind::Degenerate,
            () if negative == 0 => CriticalKind::Minimum,
            () if negative + zeros.len() == n => CriticalKind::Maximum,
            () => CriticalKind::Saddle,
        };
        Ok(CriticalPoint {
            theta: theta.to_vec(),
            value: point.value(),
            kind,
            certificate,
            eigenvalues: (spectrum.values.len() == n).then_some(spectrum.values),
            descent,
            null_directions,
        })
    }

    /// Which eigenvalues cannot be told from zero; the certificate learns the nearest that can.
    fn zeros<T: Scalar, O: Objective<T>>(
        &self,
        objective: &O,
        theta: &[T],
        (reach, critical): (f64, f64),
        spectrum: &Spectrum<T>,
        certificate: &mut Certificate,
    ) -> Result<Vec<bool>> {
        let Spectrum { values, bounds, vectors, .. } = spectrum;
        let rounding = certificate.threshold;
        let mut zero: Vec<bool> =
            values.iter().zip(bounds).map(|(value, bound)| value.abs() <= rounding + bound).collect();
        let worst = bounds.iter().zip(&zero).filter(|(_, zero)| **zero).map(|(bound, _)| *bound).fold(0.0, f64::max);
        certificate.threshold = rounding + worst;
        let mut others: Vec<usize> = (0..values.len()).filter(|&pair| !zero[pair]).collect();
        others.sort_by(|&a, &b| values[a].abs().total_cmp(&values[b].abs()));
        // From the nearest to zero on, until one is told from it: the others are farther away.
        for &pair in &others {
            let n = theta.len();
            let third = third_derivative(objective, theta, &vectors[pair * n..][..n])?;
            certificate.matvecs += 2;
            let number = reach / values[pair].abs() * (third / values[pair].abs());
            // Where the gradient is too long for a critical point the question does not arise.
            if number <= KANTOROVICH || certificate.gradient_norm > critical {
                (certificate.nearest, certificate.kantorovich) = (values[pair], number);
                break;
            }
            zero[pair] = true;
            certificate.threshold = certificate.threshold.max(values[pair].abs());
        }
        Ok(zero)
    }

    /// The lowest eigenpairs until one is positive, or a mere count.
    fn krylov<T: Scalar, A: crate::operator::Symmetric<T>>(&self, hessian: &A) -> Result<Spectrum<T>> {
        let n = hessian.cols();
        let top = Eigensolver::new(1, self.key.split(0)).check_multiplicity(false).run(hessian)?;
        let mut matvecs = top.report.matvecs;
        let mut count = self.pairs.min(8).min(n);
        loop {
            let solver = Eigensolver::new(count, self.key.split(1)).which(Which::Smallest);
            let Eigenpairs { values, vectors, error_bounds, report, multiplicity, .. } = solver.run(hessian)?;
            matvecs += report.matvecs;
            let largest = top.values[0].abs().max(values[0].abs());
            let rounding = ROUNDING * (n as f64).sqrt() * T::EPSILON.f64() * largest;
            let last = values.len() - 1;
            let rest_is_positive = values[last] > rounding + error_bounds[last] || values.len() == n;
            let missed = match multiplicity {
                Multiplicity::Checked { missed } => missed,
                Multiplicity::Complete => 0.0,
                _ => 1.0,
            };
            let many = !rest_is_positive && count == self.pairs.min(n) && values[last] < -rounding - error_bounds[last];
            let counted_by = if many { CountedBy::Quadrature } else { CountedBy::Krylov };
            if rest_is_positive || count == self.pairs.min(n) {
                return Ok(Spectrum {
                    values,
                    bounds: error_bounds,
                    vectors,
                    largest,
                    rest_is_positive,
                    confidence: 1.0 - missed,
                    counted_by,
                    matvecs,
                });
            }
            count = (2 * count).min(self.pairs).min(n);
        }
    }

    /// A point with more negative eigenvalues than pairs were wanted.
    fn counted<T: Scalar, A: crate::operator::Symmetric<T>>(
        &self,
        hessian: &A,
        theta: &[T],
        value: f64,
        critical: f64,
        (spectrum, mut certificate): (Spectrum<T>, Certificate),
    ) -> Result<CriticalPoint<T>> {
        let n = theta.len();
        let measure = StochasticLanczos::new(self.key.split(2)).probes(16).steps(100.min(n)).run(hessian)?;
        certificate.matvecs += measure.report().matvecs;
        let index = measure.index(certificate.threshold.max(measure.zero_threshold()))?;
        let (negative, positive) = (index.negative.interval(0.95)?, index.positive.interval(0.95)?);
        certificate.confidence = 0.95;
        // What was seen by Lanczos is known.
        certificate.least_index = (negative.lower as usize).max(spectrum.values.len());
        certificate.most_index = (negative.upper as usize).max(certificate.least_index);
        let kind = match () {
            () if certificate.gradient_norm > critical => CriticalKind::NotCritical,
            () if positive.lower >= 1.0 => CriticalKind::Saddle,
            () if certificate.least_index == n - self.symmetries.min(n) => CriticalKind::Maximum,
            () => CriticalKind::Degenerate,
        };
        Ok(CriticalPoint {
            theta: theta.to_vec(),
            value,
            kind,
            certificate,
            eigenvalues: None,
            descent: Some(spectrum.vectors[..n].to_vec()),
            null_directions: Vec::new(),
        })
    }
}

/// All eigenpairs of the mean of the dense matrix and its transpose.
fn dense<T: Scalar>(hessian: &impl LinearOperator<T>) -> Result<Spectrum<T>> {
    let n = hessian.cols();
    let matrix = to_dense(hessian);
    let entries: Vec<f64> = matrix.entries().iter().map(|x| x.f64()).collect();
    Error::finite("the Hessian", &entries, "the function overflows or is not twice differentiable here")?;
    let at = |row: usize, col: usize| entries[row * n + col];
    let symmetric: Vec<f64> = (0..n * n).map(|i| 0.5 * at(i / n, i % n) + 0.5 * at(i % n, i / n)).collect();
    let eigen = symmetric_eigen(&symmetric, n, true)?;
    let largest = eigen.values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    Ok(Spectrum {
        bounds: vec![0.0; n],
        vectors: eigen.vectors.iter().map(|&x| T::of(x)).collect(),
        values: eigen.values,
        largest,
        rest_is_positive: true,
        confidence: 1.0,
        counted_by: CountedBy::Dense,
        matvecs: n as u64,
    })
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Key, Result};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct Classifier {
        dense: usize,
        pairs: usize,
        symmetries: usize,
        tolerance: Option<f64>,
        key: Key,
    }

    impl TryFrom<Classifier> for super::Classifier {
        type Error = Error;

        fn try_from(saved: Classifier) -> Result<Self> {
            let Classifier { dense, pairs, symmetries, tolerance, key } = saved;
            let classifier = super::Classifier::new().dense(dense).pairs(pairs).symmetries(symmetries).key(key);
            tolerance.map_or(Ok(classifier), |tolerance| classifier.tolerance(tolerance))
        }
    }
}
