//! The population behind a sample covariance, as a few atoms.

use crate::error::{Error, Result};
use crate::linalg::{self, Matrix};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::Atom;

/// The most atoms that are fitted: moments of twice the order are needed, and those of a sample become noise.
const MOST_ATOMS: usize = 6;

/// How many real parts the points of the plane have at which transforms are compared.
const POINTS: usize = 24;

/// The imaginary parts, in units of the upper quartile.
const HEIGHTS: [f64; 3] = [0.1, 0.3, 1.0];

/// The most steps of the search.
const STEPS: usize = 300;

/// The moments of the population from those of the sample, of a ratio c = dimension over samples.
///
/// ```text
///     S = X X' / n,  X = Sigma^(1/2) Z,   a_j = (1/p) tr Sigma^j,   m_j = (1/p) tr S^j          (both from j = 1 on)
///     c a_j are the free cumulants of the law with moments c m_j, of S and n - p zeros
///     m_1 = a_1,   m_2 = a_2 + c a_1^2,   m_3 = a_3 + 3 c a_1 a_2 + c^2 a_1^3, ...
/// ```
///
/// The error is of order 1/n for finite sizes, bias and fluctuation alike, and grows with the order. Cost: order^3.
///
/// # Errors
/// If the ratio is not positive and finite, or a moment is not finite.
///
/// ```
/// use eigenscape::random_matrix::population_moments;
///
/// // The moments of the Marchenko-Pastur law of ratio 1/2: the population is the identity.
/// let moments = population_moments(&[1.0, 1.5, 2.75, 5.625], 0.5)?;
/// assert!(moments.iter().all(|moment| (moment - 1.0).abs() < 1e-14));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Rao, Mingo, Speicher & Edelman 2008 (arXiv:math/0701314); Bai, Chen & Yao 2010 (doi:10.1111/j.1467-842X.2010.00590.x).
pub fn population_moments(sample: &[f64], ratio: f64) -> Result<Vec<f64>> {
    Error::positive("the ratio of dimension over samples", ratio)?;
    Error::finite("the moments of the sample", sample, "scale the sample to finite moments")?;
    let order = sample.len();
    // M(z) = 1 + sum_j c m_j z^j and its powers; m_n = sum_s kappa_s [z^(n - s)] M^s.
    let mut series = vec![1.0];
    series.extend(sample.iter().map(|moment| ratio * moment));
    let mut powers = vec![series.clone()];
    for power in 1..order {
        let previous = &powers[power - 1];
        let coefficient = |n: usize| (0..=n).map(|k| previous[k] * series[n - k]).sum();
        powers.push((0..=order).map(coefficient).collect());
    }
    let mut cumulants: Vec<f64> = Vec::with_capacity(order);
    for n in 1..=order {
        let known: f64 = cumulants.iter().enumerate().map(|(s, kappa)| kappa * powers[s][n - s - 1]).sum();
        cumulants.push(series[n] - known);
    }
    Ok(cumulants.iter().map(|kappa| kappa / ratio).collect())
}

/// Fits a population of a few eigenvalues, each with its share, to the spectrum of a sample covariance.
///
/// ```text
///     S = X X' / n,  X = Sigma^(1/2) Z,   Sigma of eigenvalues t_i with shares w_i,  sum w_i = 1,   c = p / n
///     m_j = -(1 - c) / z_j + (c / p) sum_k 1 / (lambda_k - z_j)
///     minimise   sum_j |weight_j (z_j + 1 / m_j - c sum_i w_i t_i / (1 + t_i m_j))|^2    over t_i, w_i
/// ```
///
/// What is squared is 0 for the transform m of the law at every z (Silverstein 1995). The points lie above the axis, at
/// heights of 0.1, 0.3 and 1 times the upper quartile, where a sample's transform is close to its law's; the weights are
/// those of an error of m of size 1 / height. The search (Levenberg 1944, Marquardt 1963) starts from the atoms that have
/// the population's first 2k - 1 moments ([`population_moments`]), if there are such atoms, and from the means of k
/// equal parts of the sample; the better end is taken.
///
/// It is a heuristic in so far as the search may end in a local minimum; `residual` tells. Atoms closer than the bulk
/// that noise makes of one of them are told apart only with thousands of eigenvalues.
///
/// Cost: 72 transforms of p terms, and then microseconds for each of some hundred steps.
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::{BetaLaguerre, PopulationFit};
///
/// // Two populations, one with 5 times the variance of the other, at a tenth of their sizes in samples.
/// let one = BetaLaguerre::new(300, 30_000, 1.0, 1.0)?.eigenvalues(Key::new(0))?;
/// let other = BetaLaguerre::new(100, 30_000, 1.0, 5.0)?.eigenvalues(Key::new(1))?;
/// let fit = PopulationFit::new(2, 400.0 / 30_000.0)?.run(&[one, other].concat())?;
/// assert!((fit.atoms[0].location - 1.0).abs() < 0.02 && (fit.atoms[0].weight - 0.75).abs() < 0.01);
/// assert!((fit.atoms[1].location - 5.0).abs() < 0.1);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// El Karoui 2008 (arXiv:math/0609418, transforms in the plane); Li, Chen, Qin, Bai & Yao 2013
/// (doi:10.1016/j.jspi.2013.06.017, least squares of the equation); Bai, Chen & Yao 2010
/// (doi:10.1111/j.1467-842X.2010.00590.x, moments).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PopulationFit {
    atoms: usize,
    ratio: f64,
    outliers: usize,
}

/// A population fitted to a spectrum.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FittedPopulation {
    /// The distinct eigenvalues and their shares, ascending.
    pub atoms: Vec<Atom>,
    /// The atoms with the population's moments, before the search; `None` if the moments are those of no such atoms.
    pub from_moments: Option<Vec<Atom>>,
    /// The root mean square of what is minimised, over c: how far the sample's transform is from the law's, relative to
    /// its size. Some 1/p for a population that has these atoms.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub residual: f64,
    /// Whether the search came to its end.
    pub converged: bool,
}

impl PopulationFit {
    /// A number of atoms, from 1 to 6, and the ratio of dimension over samples.
    ///
    /// # Errors
    /// If the number of atoms is not from 1 to 6, or the ratio not positive and finite.
    pub fn new(atoms: usize, ratio: f64) -> Result<Self> {
        Error::at_least("the number of atoms of a population", atoms, 1, "must be at least 1")?;
        if atoms > MOST_ATOMS {
            let because = "since the moments of a sample do not determine more";
            return Err(Error::AboveLimit { what: "the number of atoms", value: atoms, limit: MOST_ATOMS, because });
        }
        Error::positive("the ratio of dimension over samples", ratio)?;
        Ok(PopulationFit { atoms, ratio, outliers: 0 })
    }

    /// Leaves out the largest `outliers` eigenvalues: spikes that are no share of the population.
    pub fn outliers(self, outliers: usize) -> Self {
        PopulationFit { outliers, ..self }
    }

    /// Fits the population to all eigenvalues of a sample covariance, zeros included, in any order.
    ///
    /// # Errors
    /// If there are not more eigenvalues than parameters and outliers, one is not finite or negative beyond rounding, or all
    /// are 0.
    pub fn run(&self, eigenvalues: &[f64]) -> Result<FittedPopulation> {
        Error::finite("the spectrum of a sample covariance", eigenvalues, "remove non-finite data")?;
        let mut values = eigenvalues.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        let enough = self.outliers.saturating_add(2 * self.atoms).max(2);
        let limits = "must be at least twice the number of atoms beside the outliers";
        Error::at_least("the number of eigenvalues of a sample covariance", values.len(), enough, limits)?;
        values.truncate(values.len() - self.outliers);
        let count = values.len() as f64;
        let rounding = values[values.len() - 1].abs() * f64::EPSILON * count;
        if values[0] < -rounding {
            let limits = "must not be negative beyond rounding";
            return Err(Error::OutOfRange { what: "the least eigenvalue", value: values[0], limits });
        }
        let ratio = self.ratio * count / eigenvalues.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        Error::positive("the mean of the eigenvalues", mean)?;
        values.iter_mut().for_each(|value| *value /= mean);
        let equations = Equations::new(&values, ratio);
        let from_moments = self.by_moments(&values, ratio)?;
        // Searches are in logarithms: an atom at 0 has none.
        let positive = |atoms: &[Atom]| -> Vec<Atom> {
            let positive = |atom: &Atom| Atom { location: atom.location.max(1e-3), weight: atom.weight.max(1e-6) };
            atoms.iter().map(positive).collect()
        };
        let starts = [from_moments.as_deref().map(positive), Some(positive(&parts(&values, self.atoms)))];
        let ends = starts.into_iter().flatten().map(|start| equations.search(start));
        let best = ends.min_by(|one, other| one.1.total_cmp(&other.1)).expect("the parts of the sample are a start");
        let (mut atoms, cost, converged) = best;
        atoms.sort_by(|one, other| one.location.total_cmp(&other.location));
        let back = |atom: Atom| Atom { location: atom.location * mean, ..atom };
        Ok(FittedPopulation {
            atoms: atoms.into_iter().map(back).collect(),
            from_moments: from_moments.map(|atoms| atoms.into_iter().map(back).collect()),
            residual: cost.sqrt() / ratio,
            converged,
        })
    }

    /// The atoms of Gauss's quadrature for the population's moments.
    fn by_moments(&self, values: &[f64], ratio: f64) -> Result<Option<Vec<Atom>>> {
        let order = 2 * self.atoms - 1;
        let mut sample = vec![0.0; order];
        for &value in values {
            let mut power = 1.0;
            for moment in &mut sample {
                power *= value;
                *moment += power / values.len() as f64;
            }
        }
        let mut moments = vec![1.0];
        moments.extend(population_moments(&sample, ratio)?);
        let Some((diagonal, below)) = recurrence(&moments) else { return Ok(None) };
        let eigen = linalg::tridiagonal_eigen(&diagonal, &below)?;
        let atom =
            |index: usize| Atom { location: eigen.values[index], weight: eigen.vectors[index * self.atoms].powi(2) };
        let atoms: Vec<Atom> = (0..self.atoms).map(atom).collect();
        // A population has no negative eigenvalue.
        Ok(if atoms.iter().all(|atom| atom.location >= 0.0) { Some(atoms) } else { None })
    }
}

/// The recurrence of orthogonal polynomials from moments of even length (Chebyshev 1859), as a Jacobi matrix; `None` if
/// these are the moments of no law with so many atoms.
fn recurrence(moments: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let size = moments.len() / 2;
    let (mut diagonal, mut below) = (vec![moments[1] / moments[0]], Vec::new());
    let mut before = vec![0.0; 2 * size];
    let mut row = moments.to_vec();
    for k in 1..size {
        let square = if k > 1 { below[k - 2] } else { 0.0 };
        let mut next = vec![0.0; 2 * size];
        for l in k..2 * size - k {
            next[l] = row[l + 1] - diagonal[k - 1] * row[l] - square * before[l];
        }
        let ratio = next[k] / row[k - 1];
        if !(ratio > 1e-12 && ratio.is_finite()) {
            return None;
        }
        below.push(ratio);
        diagonal.push(next[k + 1] / next[k] - row[k] / row[k - 1]);
        (before, row) = (row, next);
    }
    Some((diagonal, below.iter().map(|square: &f64| square.sqrt()).collect()))
}

/// The means of equal parts of ascending values.
fn parts(values: &[f64], count: usize) -> Vec<Atom> {
    let bound = |part: usize| part * values.len() / count;
    let mean = |part: usize| {
        let part = &values[bound(part)..bound(part + 1)];
        part.iter().sum::<f64>() / part.len() as f64
    };
    (0..count).map(|part| Atom { location: mean(part), weight: 1.0 / count as f64 }).collect()
}

/// Silverstein's equation at the sample's transform, at points of the upper half plane.
struct Equations {
    ratio: f64,
    /// z + 1/m, m, and the weight of their equation.
    points: Vec<(Complex, Complex, f64)>,
}

impl Equations {
    fn new(values: &[f64], ratio: f64) -> Self {
        let count = values.len();
        // The upper quartile of what is not 0: with more variables than samples most are.
        let positive = &values[values.partition_point(|value| *value <= f64::EPSILON * count as f64)..];
        let spread = positive[positive.len() - 1 - positive.len() / 4];
        let mut points = Vec::new();
        for height in HEIGHTS {
            for point in 0..POINTS {
                let place = ((point as f64 + 0.5) / POINTS as f64 * count as f64) as usize;
                let z = Complex::new(values[place.min(count - 1)], height * spread);
                let sum =
                    values.iter().fold(Complex::from(0.0), |sum, x| sum + Complex::from(1.0) / (Complex::from(*x) - z));
                let m = sum * (ratio / count as f64) - Complex::from(1.0 - ratio) / z;
                let inverse = Complex::from(1.0) / m;
                let size = m.re * m.re + m.im * m.im;
                points.push((z + inverse, m, size * height));
            }
        }
        Equations { ratio, points }
    }

    fn cost(&self, atoms: &[Atom]) -> f64 {
        let square = |(left, m, weight): &(Complex, Complex, f64)| {
            let rest = atoms.iter().fold(*left, |rest, atom| {
                rest - Complex::from(self.ratio * atom.weight * atom.location)
                    / (Complex::from(1.0) + *m * atom.location)
            });
            (rest.re * rest.re + rest.im * rest.im) * weight * weight
        };
        self.points.iter().map(square).sum::<f64>() / self.points.len() as f64
    }

    /// Damped Gauss-Newton over the logarithms of locations and of odds: the atoms, their cost, and whether it came to rest.
    fn search(&self, mut atoms: Vec<Atom>) -> (Vec<Atom>, f64, bool) {
        let total: f64 = atoms.iter().map(|atom| atom.weight).sum();
        atoms.iter_mut().for_each(|atom| atom.weight /= total);
        let mut cost = self.cost(&atoms);
        let mut damping = 1e-3;
        for _ in 0..STEPS {
            let (matrix, right) = self.normal_equations(&atoms);
            let size = right.len();
            let mut better = None;
            while damping < 1e12 {
                let mut damped = matrix.clone();
                (0..size).for_each(|i| damped[i * size + i] += damping * matrix[i * size + i] + f64::MIN_POSITIVE);
                let (mut step, mut work) = (right.clone(), vec![0.0; size * size]);
                linalg::solve_in_place(Matrix::new(&damped, size, size), &mut work, &mut step);
                let moved = moved(&atoms, &step);
                let new = self.cost(&moved);
                if new < cost {
                    let size = step.iter().fold(0.0f64, |size, x| size.max(x.abs()));
                    better = Some((moved, new, size));
                    damping *= 0.2;
                    break;
                }
                damping *= 5.0;
            }
            // No step improves: this is a minimum to rounding.
            let Some((moved, new, size)) = better else { return (atoms, cost, true) };
            (atoms, cost) = (moved, new);
            if size < 1e-10 {
                return (atoms, cost, true);
            }
        }
        (atoms, cost, false)
    }

    /// J'J and -J'r for the derivatives J of the residuals r by the parameters.
    fn normal_equations(&self, atoms: &[Atom]) -> (Vec<f64>, Vec<f64>) {
        let count = atoms.len();
        let size = 2 * count - 1;
        let (mut matrix, mut right) = (vec![0.0; size * size], vec![0.0; size]);
        let zero = Complex::from(0.0);
        for (left, m, weight) in &self.points {
            let mut rest = *left;
            let (mut rows, mut terms) = (vec![zero; size], vec![zero; count]);
            for (index, atom) in atoms.iter().enumerate() {
                let inverse = Complex::from(1.0) / (Complex::from(1.0) + *m * atom.location);
                // By the location's logarithm, and by the weight before it is normalised.
                let term = inverse * (self.ratio * atom.weight * atom.location);
                rest = rest - term;
                rows[index] = zero - term * inverse;
                terms[index] = term;
            }
            let sum = terms.iter().fold(zero, |sum, term| sum + *term);
            for index in 0..count - 1 {
                rows[count + index] = sum * atoms[index].weight - terms[index];
            }
            let square = weight * weight;
            for i in 0..size {
                right[i] -= square * (rows[i].re * rest.re + rows[i].im * rest.im);
                for j in 0..size {
                    matrix[i * size + j] += square * (rows[i].re * rows[j].re + rows[i].im * rows[j].im);
                }
            }
        }
        (matrix, right)
    }
}

/// Atoms after a step of the logarithms of their locations and of their odds against the last, none more than fourfold.
fn moved(atoms: &[Atom], step: &[f64]) -> Vec<Atom> {
    let (locations, odds) = step.split_at(atoms.len());
    let limit = 4f64.ln();
    let largest = step.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
    let factor = if largest > limit { limit / largest } else { 1.0 };
    let mut moved: Vec<Atom> = atoms
        .iter()
        .zip(locations)
        .zip(odds.iter().chain([&0.0]))
        .map(|((atom, location), odds)| Atom {
            location: atom.location * (factor * location).exp(),
            weight: atom.weight * (factor * odds).exp(),
        })
        .collect();
    let total: f64 = moved.iter().map(|atom| atom.weight).sum();
    moved.iter_mut().for_each(|atom| atom.weight /= total);
    moved
}

#[cfg(feature = "serde")]
crate::saved::checked!(PopulationFit { atoms: usize, ratio: f64, outliers: usize }
    by |fit| PopulationFit::new(fit.atoms, fit.ratio).map(drop));
