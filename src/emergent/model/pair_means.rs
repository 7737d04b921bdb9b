//! Logit gradients split into a direction for each pair of a class and a logit, and what is left.

use std::fmt;

use crate::curvature::{Jacobian, RiskPoint};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, axpy, dot, matmul, norm};
use crate::objective::{Objective, Point};
use crate::operator::{Adjoint, LinearOperator, PositiveSemidefinite, Symmetric, fits};
use crate::random_matrix::SignalRow;
use crate::scalar::Scalar;

/// The Gauss-Newton matrix of a classifier as a second moment of vectors that have a direction for each true class and logit.
///
/// ```text
///     g_mk = J_m' (e_k - p_m),   u_mk = w_m p_mk,       G = sum_mk u_mk g_mk g_mk'         P x P
///     pair (y, k): d_yk = the direction of sum_{m in y} u_mk g_mk,   a_yk^2 = sum u_mk (d_yk . g_mk)^2 / sum u_mk
///     e_mk = g_mk - (d_yk . g_mk) d_yk:                  R = sum_mk u_mk e_mk e_mk'
///     tr G = sum_yk a_yk^2 sum u_mk + tr R,   exactly
/// ```
///
/// The means count examples by what they weigh in G, where late in training a few uncertain ones are all; their lengths are root
/// mean squares, so that what varies along a direction is not taken for noise.
///
/// Cost: N C gradients of one example, C products with J and J' over the examples of each class, C^2 vectors of P, which must
/// fit the risk's memory budget.
///
/// # References
/// Papyan 2020, arXiv:2008.11865 (pairs of classes). Fort & Ganguli 2019, arXiv:1910.05929.
#[derive(Clone)]
pub struct PairMeans<'p, 'r, T> {
    point: &'p RiskPoint<'r, T>,
    classes: usize,
    labels: Vec<usize>,
    probabilities: Vec<T>,
    /// u, N x C.
    weights: Vec<f64>,
    /// d, C^2 x P, pair (y, k) at y C + k; zero where a pair has no weight.
    directions: Vec<T>,
    /// d . g_mk, N x C.
    along: Vec<T>,
    /// |e_mk|^2, N x C.
    rest: Vec<f64>,
    /// a, for each pair.
    lengths: Vec<f64>,
}

impl<T> fmt::Debug for PairMeans<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PairMeans({} classes, {} examples)", self.classes, self.labels.len())
    }
}

impl<'p, 'r, T: Scalar> PairMeans<'p, 'r, T> {
    /// Measures them at a point.
    ///
    /// # Errors
    /// If the loss is not softmax cross-entropy, the examples have no labels, the directions do not fit the memory budget, or a
    /// number is not finite.
    pub fn measure(point: &'p RiskPoint<'r, T>) -> Result<Self> {
        let risk = point.risk();
        let probabilities = point.probabilities()?;
        let labels = risk
            .examples()
            .labels()
            .ok_or(Error::Empty { what: "the list of labels", remedy: "make the examples with `labelled`" })?
            .to_vec();
        let (classes, parameters, count) = (risk.outputs(), point.theta().len(), labels.len());
        let needed = (classes * classes) as u128 * parameters as u128 * size_of::<T>() as u128;
        let budget = risk.memory_budget_bytes() as u128;
        if needed > budget {
            let remedy = "raise the memory budget of the risk";
            return Err(Error::Memory { what: "the directions of all pairs of classes", needed, budget, remedy });
        }
        let rows = probabilities.chunks_exact(classes).zip(risk.examples().weights());
        let weights: Vec<f64> = rows.flat_map(|(p, w)| p.iter().map(|p| p.f64() * w.f64())).collect();
        #[allow(clippy::single_range_in_vec_init)]
        let whole = [0..parameters];
        let squares = point.squared_norms(&whole, |m, k, u| {
            let p = &probabilities[m * classes..][..classes];
            u.iter_mut().zip(p).for_each(|(u, &p)| *u = -p);
            u[k] += T::one();
        })?;
        let mut means = PairMeans {
            point,
            classes,
            labels,
            probabilities,
            weights,
            directions: vec![
                T::zero();
                Error::room::<T>("the means of all pairs of classes", &[classes, classes, parameters])?
            ],
            along: vec![T::zero(); count * classes],
            rest: squares,
            lengths: vec![0.0; classes * classes],
        };
        for class in 0..classes {
            let members: Vec<usize> = (0..count).filter(|&m| means.labels[m] == class).collect();
            if !members.is_empty() {
                let subset = risk.subset(&members)?;
                means.add_class(&subset.at(point.theta())?.jacobian(), class, &members);
            }
        }
        Error::finite("the lengths of means of pairs", &means.lengths, "the network overflows at these parameters")?;
        Error::finite("the squared norms of gradients", &means.rest, "the network overflows at these parameters")?;
        Ok(means)
    }

    /// Directions, and what the gradients of one class have along them.
    fn add_class(&mut self, jacobian: &Jacobian<'_, T>, class: usize, members: &[usize]) {
        let (classes, parameters) = (self.classes, jacobian.cols());
        let mut logits = vec![T::zero(); jacobian.rows()];
        for k in 0..classes {
            let pair = class * classes + k;
            let total: f64 = members.iter().map(|&m| self.weights[m * classes + k]).sum();
            if total < f64::MIN_POSITIVE / f64::EPSILON {
                continue;
            }
            for (z, &m) in logits.chunks_exact_mut(classes).zip(members) {
                let share = T::of(self.weights[m * classes + k] / total);
                let p = &self.probabilities[m * classes..][..classes];
                z.iter_mut().zip(p).for_each(|(z, &p)| *z = -p * share);
                z[k] += share;
            }
            let direction = &mut self.directions[pair * parameters..][..parameters];
            jacobian.apply_adjoint(&logits, direction);
            let length = norm(direction);
            if length == 0.0 {
                continue;
            }
            direction.iter_mut().for_each(|d| *d = T::of(d.f64() / length));
            jacobian.apply(direction, &mut logits);
            let mut square = 0.0;
            for (z, &m) in logits.chunks_exact(classes).zip(members) {
                let place = m * classes + k;
                let along = z[k].f64() - dot(&self.probabilities[m * classes..][..classes], z);
                self.along[place] = T::of(along);
                self.rest[place] = (self.rest[place] - along * along).max(0.0);
                square += self.weights[place] / total * along * along;
            }
            self.lengths[pair] = square.sqrt();
        }
    }

    /// The point that was measured.
    pub fn point(&self) -> &'p RiskPoint<'r, T> {
        self.point
    }

    /// C.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// a, the root mean square length of each pair's mean, (y, k) at y C + k.
    pub fn lengths(&self) -> &[f64] {
        &self.lengths
    }

    /// K of the means a d, C^2 x C^2 row by row.
    pub fn gram(&self) -> Vec<f64> {
        let (pairs, parameters) = (self.lengths.len(), self.point.theta().len());
        let mut products = vec![T::zero(); pairs * pairs];
        let directions = Matrix::new(&self.directions, pairs, parameters);
        matmul(&mut products, Update::Replace, T::one(), directions, directions.t());
        let scaled = |at: usize| products[at].f64() * self.lengths[at / pairs] * self.lengths[at % pairs];
        (0..pairs * pairs).map(scaled).collect()
    }

    /// M R M', what R has along the means a d: C^2 x C^2 row by row, in C^2 products with R.
    pub fn residue_along(&self) -> Vec<f64> {
        let (pairs, parameters) = (self.lengths.len(), self.point.theta().len());
        let (residue, mut image) = (self.residue(), vec![T::zero(); parameters]);
        let mut products = Vec::with_capacity(pairs * pairs);
        for (d, a) in self.directions.chunks_exact(parameters.max(1)).zip(&self.lengths) {
            if *a == 0.0 {
                products.extend(vec![0.0; pairs]);
                continue;
            }
            residue.apply(d, &mut image);
            let others = self.directions.chunks_exact(parameters.max(1)).zip(&self.lengths);
            products.extend(others.map(|(other, b)| a * b * dot(other, &image)));
        }
        products
    }

    /// The rows of G as the theory of means under noise takes them: u |e|^2, u and the pair, for each example and logit.
    pub fn rows(&self) -> Vec<SignalRow> {
        let classes = self.classes;
        let row = |place: usize| SignalRow {
            noise: self.weights[place] * self.rest[place],
            weight: self.weights[place],
            mean: self.labels[place / classes] * classes + place % classes,
        };
        (0..self.weights.len()).map(row).collect()
    }

    /// The inner products of the means with the gradient of the risk, for each pair.
    pub fn gradient_products(&self) -> Vec<f64> {
        let parameters = self.point.theta().len();
        let directions = self.directions.chunks_exact(parameters.max(1));
        directions.zip(&self.lengths).map(|(d, a)| a * dot(d, self.point.gradient())).collect()
    }

    /// R, what is left of the Gauss-Newton matrix: P x P.
    pub fn residue(&self) -> PairResidue<'_, 'p, 'r, T> {
        PairResidue { means: self }
    }
}

/// R of [`PairMeans`]. A product costs one with J and one with J', and 4 C^2 P operations.
#[derive(Clone, Copy)]
pub struct PairResidue<'m, 'p, 'r, T> {
    means: &'m PairMeans<'p, 'r, T>,
}

impl<T> fmt::Debug for PairResidue<'_, '_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairResidue").field("means", self.means).finish()
    }
}

impl<T: Scalar> LinearOperator<T> for PairResidue<'_, '_, '_, T> {
    fn rows(&self) -> usize {
        self.means.point.theta().len()
    }
    fn cols(&self) -> usize {
        self.means.point.theta().len()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        let PairMeans { point, classes, labels, probabilities, weights, directions, along, .. } = self.means;
        let (classes, jacobian) = (*classes, point.jacobian());
        let mut logits = vec![T::zero(); jacobian.rows()];
        jacobian.apply(x, &mut logits);
        let shares: Vec<f64> = directions.chunks_exact(x.len().max(1)).map(|d| dot(d, x)).collect();
        let mut back = vec![0.0; shares.len()];
        let mut terms = vec![0.0; classes];
        for (m, z) in logits.chunks_exact_mut(classes).enumerate() {
            let p = &probabilities[m * classes..][..classes];
            let mean = dot(p, z);
            for (k, term) in terms.iter_mut().enumerate() {
                let (place, pair) = (m * classes + k, labels[m] * classes + k);
                let inside = along[place].f64();
                *term = weights[place] * (z[k].f64() - mean - inside * shares[pair]);
                back[pair] += *term * inside;
            }
            let total: f64 = terms.iter().sum();
            z.iter_mut().zip(&terms).zip(p).for_each(|((z, term), p)| *z = T::of(term - p.f64() * total));
        }
        jacobian.apply_adjoint(&logits, y);
        for (d, back) in directions.chunks_exact(x.len().max(1)).zip(back) {
            axpy(T::of(-back), d, y);
        }
    }
}

impl<T: Scalar> Adjoint<T> for PairResidue<'_, '_, '_, T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.apply(y, x);
    }
}

impl<T: Scalar> Symmetric<T> for PairResidue<'_, '_, '_, T> {}
impl<T: Scalar> PositiveSemidefinite<T> for PairResidue<'_, '_, '_, T> {}
