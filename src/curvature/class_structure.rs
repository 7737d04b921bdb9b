//! The Gauss-Newton matrix split by classes: means of classes, of pairs of classes, and scatter within them.

use std::fmt;

use super::Jacobian;
use super::factor::{balance, dominant};
use crate::error::{Error, Result};
use crate::linalg::{dot, symmetric_eigen};
use crate::operator::{Adjoint, LinearOperator, PositiveSemidefinite, Symmetric, fits};
use crate::scalar::Scalar;

/// The Gauss-Newton matrix of softmax cross-entropy as a second moment of logit gradients, grouped by class.
///
/// ```text
///     g_mk = J_m' (e_k - p_m)              the gradient that example m would have if its class were k, with a minus
///     G = sum_m sum_k u_mk g_mk g_mk'      u_mk = w_m p_mk
///
///     g_ck = sum_{m in c} u_mk g_mk / u_ck          mean of a pair: true class c, class k;  u_ck = sum_{m in c} u_mk
///     g_c  = sum_{k != c} u_ck g_ck / u_c           mean of a class;                        u_c  = sum_{k != c} u_ck
///
///     G =   sum_c u_c g_c g_c'                                          ClassPart::Classes     rank C at most
///         + sum_c sum_{k != c} u_ck (g_ck - g_c)(g_ck - g_c)'           ClassPart::Pairs       rank C (C - 2) at most
///         + sum_c sum_{k != c} sum_{m in c} u_mk (g_mk - g_ck)(..)'     ClassPart::Within
///         + sum_m u_{m, y_m} g_{m, y_m} g_{m, y_m}'                     ClassPart::Own         k the true class
/// ```
///
/// Outliers of G, and with it of the Hessian, come from the first two parts, in this order. All parts are read from J and
/// the probabilities; no mean is stored. A product costs one with J and one with J'.
///
/// # References
/// Papyan 2019, arXiv:1901.08244; Papyan 2020, arXiv:2008.11865.
#[derive(Clone)]
pub struct ClassStructure<'a, T> {
    jacobian: Jacobian<'a, T>,
    classes: usize,
    labels: Vec<usize>,
    /// p, N x C.
    probabilities: Vec<T>,
    /// u, N x C.
    weights: Vec<T>,
    /// u_ck, C x C.
    pair_weights: Vec<f64>,
    /// u_c.
    class_weights: Vec<f64>,
}

/// A part of [`ClassStructure`]; they add up to the Gauss-Newton matrix.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ClassPart {
    /// Means of classes.
    Classes,
    /// Means of pairs of a true and another class, about those of the true class.
    Pairs,
    /// Single examples about the mean of their pair.
    Within,
    /// The gradients of each example's true class.
    Own,
}

impl ClassPart {
    /// All of them.
    pub const ALL: [ClassPart; 4] = [ClassPart::Classes, ClassPart::Pairs, ClassPart::Within, ClassPart::Own];
}

impl<T: Scalar> fmt::Debug for ClassStructure<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClassStructure").field("classes", &self.classes).field("examples", &self.labels.len()).finish()
    }
}

impl<'a, T: Scalar> ClassStructure<'a, T> {
    pub(super) fn new(jacobian: Jacobian<'a, T>, labels: Vec<usize>, probabilities: Vec<T>, examples: &[T]) -> Self {
        let classes = probabilities.len() / labels.len().max(1);
        let mut weights = probabilities.clone();
        for (row, &weight) in weights.chunks_exact_mut(classes).zip(examples) {
            row.iter_mut().for_each(|u| *u *= weight);
        }
        let mut pair_weights = vec![0.0; classes * classes];
        for (row, &label) in weights.chunks_exact(classes).zip(&labels) {
            pair_weights[label * classes..][..classes].iter_mut().zip(row).for_each(|(sum, u)| *sum += u.f64());
        }
        let others = |class: usize| move |&(k, _): &(usize, &f64)| k != class;
        let class_weights = pair_weights
            .chunks_exact(classes)
            .enumerate()
            .map(|(class, row)| row.iter().enumerate().filter(others(class)).map(|(_, u)| u).sum())
            .collect();
        ClassStructure { jacobian, classes, labels, probabilities, weights, pair_weights, class_weights }
    }

    /// The sum of some parts as an operator, P x P: one part, or the whole with one knocked out. Each counts once.
    ///
    /// ```
    /// use eigenscape::curvature::{ClassPart, Examples, Loss, Risk};
    /// use eigenscape::network::{Activation, Perceptron};
    /// use eigenscape::objective::Objective;
    /// use eigenscape::operator::to_dense;
    ///
    /// let network = Perceptron::new(&[2, 3], Activation::Identity)?;
    /// let examples = Examples::labelled(vec![1.0, 0.5, -1.0, 2.0, 0.0, 1.0], 2, &[0, 1, 2], 3)?;
    /// let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    /// let point = risk.at(&[0.1; 9])?;
    /// let structure = point.class_structure()?;
    /// let whole = to_dense(&point.gauss_newton());
    /// let parts = to_dense(&structure.parts(&ClassPart::ALL));
    /// assert!(whole.entries().iter().zip(parts.entries()).all(|(x, y)| (x - y).abs() < 1e-15));
    /// // One example to a class: no scatter within.
    /// assert!(to_dense(&structure.parts(&[ClassPart::Within])).entries().iter().all(|x| x.abs() < 1e-15));
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    pub fn parts(&self, parts: &[ClassPart]) -> ClassMoment<'_, 'a, T> {
        let has = |part: ClassPart| parts.contains(&part);
        ClassMoment { structure: self, parts: ClassPart::ALL.map(has) }
    }

    /// u_ck, the weight of true class c and class k: C x C, row by row.
    pub fn pair_weights(&self) -> &[f64] {
        &self.pair_weights
    }

    /// The inner products of the means of all pairs: entry (c C + k, d C + l) is g_ck . g_dl, C^2 x C^2 row by row. A pair
    /// without weight has mean zero. Cost: C^2 products with J and J'.
    pub fn pair_gram(&self) -> Vec<f64> {
        let (pairs, logits) = (self.classes * self.classes, self.jacobian.rows());
        let mut gram = vec![0.0; pairs * pairs];
        let (mut cotangent, mut tangent) = (vec![T::zero(); logits], vec![T::zero(); logits]);
        let mut mean = vec![T::zero(); self.jacobian.cols()];
        for pair in 0..pairs {
            let weight = self.pair_weights[pair];
            if is_nothing(weight) {
                continue;
            }
            let coefficients = |_: &mut [f64], class: usize, row: &mut [f64]| {
                if class != pair / self.classes {
                    return row.fill(0.0);
                }
                row.iter_mut()
                    .enumerate()
                    .for_each(|(k, b)| *b = if k == pair % self.classes { 1.0 / weight } else { 0.0 });
            };
            self.gather(&mut cotangent, coefficients);
            self.jacobian.apply_adjoint(&cotangent, &mut mean);
            self.jacobian.apply(&mean, &mut tangent);
            let sums = self.pair_sums(&tangent);
            for (other, (&sum, &weight)) in sums.iter().zip(&self.pair_weights).enumerate() {
                gram[pair * pairs + other] = if is_nothing(weight) { 0.0 } else { sum / weight };
            }
        }
        gram
    }

    /// The exact eigenvalues of [`ClassPart::Classes`] (C of them) or [`ClassPart::Pairs`] (C (C - 1), of which C at least are
    /// zero) but for further zeros, largest first, by the Gram matrix of their means: [`ClassStructure::pair_gram`], and
    /// up to C^6 operations, for some dozen classes.
    ///
    /// # Errors
    /// If another part is asked for, which has as many as there are examples: take
    /// [`Eigensolver`](crate::krylov::Eigensolver).
    pub fn eigenvalues(&self, part: ClassPart) -> Result<Vec<f64>> {
        let classes = self.classes;
        let pairs = classes * classes;
        // Rows of coefficients of the scaled means in those of the pairs.
        let share = |c: usize, k: usize| {
            if k == c || self.class_weights[c] == 0.0 {
                0.0
            } else {
                self.pair_weights[c * classes + k] / self.class_weights[c]
            }
        };
        let rows: Vec<Vec<f64>> = match part {
            ClassPart::Classes => (0..classes)
                .map(|c| {
                    let scale = self.class_weights[c].sqrt();
                    (0..pairs)
                        .map(|pair| if pair / classes == c { scale * share(c, pair % classes) } else { 0.0 })
                        .collect()
                })
                .collect(),
            ClassPart::Pairs => (0..pairs)
                .filter(|pair| pair / classes != pair % classes)
                .map(|own| {
                    let (c, scale) = (own / classes, self.pair_weights[own].sqrt());
                    let coefficient = |pair: usize| {
                        let unit = if pair == own { 1.0 } else { 0.0 };
                        if pair / classes == c { scale * (unit - share(c, pair % classes)) } else { 0.0 }
                    };
                    (0..pairs).map(coefficient).collect()
                })
                .collect(),
            ClassPart::Within | ClassPart::Own => {
                let remedy = "it has as many eigenvalues as there are examples: take a Krylov method on `parts`";
                return Err(Error::Missing { what: "a small matrix with the eigenvalues of this part", remedy });
            }
        };
        let gram = self.pair_gram();
        let products: Vec<Vec<f64>> =
            rows.iter().map(|row| gram.chunks_exact(pairs).map(|gram| dot(gram, row)).collect()).collect();
        let size = rows.len();
        let matrix: Vec<f64> = (0..size * size).map(|at| dot(&products[at / size], &rows[at % size])).collect();
        let mut values = symmetric_eigen(&matrix, size, false)?.values;
        values.reverse();
        Ok(values)
    }

    /// sum_{m in c} u_mk g_mk . v for each pair, from J v.
    fn pair_sums(&self, tangents: &[T]) -> Vec<f64> {
        let (mut sums, mut a) = (vec![0.0; self.classes * self.classes], vec![0.0; self.classes]);
        for (m, z) in tangents.chunks_exact(self.classes).enumerate() {
            let (p, u) = (self.row(&self.probabilities, m), self.row(&self.weights, m));
            centred(p, z, dominant(p), &mut a);
            let sums = &mut sums[self.labels[m] * self.classes..][..self.classes];
            sums.iter_mut().zip(u).zip(&a).for_each(|((sum, u), a)| *sum += u.f64() * a);
        }
        sums
    }

    /// Overwrites `z` (N x C) with J-cotangents of sum_mk u_mk b_mk g_mk, in place where `coefficients` turns the
    /// g_mk . v of an example, found from the tangents that stand in `z`, and its class into its b_mk.
    fn gather(&self, z: &mut [T], coefficients: impl Fn(&mut [f64], usize, &mut [f64])) {
        let (mut a, mut b) = (vec![0.0; self.classes], vec![0.0; self.classes]);
        for (m, z) in z.chunks_exact_mut(self.classes).enumerate() {
            let (p, u) = (self.row(&self.probabilities, m), self.row(&self.weights, m));
            let certain = dominant(p);
            centred(p, z, certain, &mut a);
            coefficients(&mut a, self.labels[m], &mut b);
            b.iter_mut().zip(u).for_each(|(b, u)| *b *= u.f64());
            let total: f64 = b.iter().sum();
            z.iter_mut().zip(&b).zip(p).for_each(|((z, b), p)| *z = T::of(b - p.f64() * total));
            if let Some(class) = certain {
                balance(z, class);
            }
        }
    }

    fn row<'b>(&self, entries: &'b [T], example: usize) -> &'b [T] {
        &entries[example * self.classes..][..self.classes]
    }
}

/// Overwrites `a` with z - p . z, relative to z of the dominant class.
fn centred<T: Scalar>(p: &[T], z: &[T], dominant: Option<usize>, a: &mut [f64]) {
    let base = dominant.map_or(0.0, |class| z[class].f64());
    a.iter_mut().zip(z).for_each(|(a, z)| *a = z.f64() - base);
    let mean: f64 = p.iter().zip(&*a).map(|(p, a)| p.f64() * a).sum();
    a.iter_mut().for_each(|a| *a -= mean);
}

/// Whether a weight is so small that a mean by it would be rounding.
fn is_nothing(weight: f64) -> bool {
    weight < f64::MIN_POSITIVE / f64::EPSILON
}

/// The sum of some parts of a [`ClassStructure`]: P x P, semidefinite.
#[derive(Clone, Copy)]
pub struct ClassMoment<'s, 'a, T> {
    structure: &'s ClassStructure<'a, T>,
    /// Which of [`ClassPart::ALL`].
    parts: [bool; 4],
}

impl<T: Scalar> fmt::Debug for ClassMoment<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = ClassPart::ALL.iter().zip(self.parts).filter(|(_, has)| *has).map(|(part, _)| part);
        f.debug_tuple("ClassMoment").field(&parts.collect::<Vec<_>>()).finish()
    }
}

impl<T: Scalar> LinearOperator<T> for ClassMoment<'_, '_, T> {
    fn rows(&self) -> usize {
        self.structure.jacobian.cols()
    }
    fn cols(&self) -> usize {
        self.structure.jacobian.cols()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        let structure = self.structure;
        let classes = structure.classes;
        let mut z = vec![T::zero(); structure.jacobian.rows()];
        structure.jacobian.apply(x, &mut z);
        let sums = structure.pair_sums(&z);
        let mean = |sum: f64, weight: f64| if is_nothing(weight) { 0.0 } else { sum / weight };
        let class_means: Vec<f64> = (0..classes)
            .map(|c| {
                let sum: f64 = (0..classes).filter(|&k| k != c).map(|k| sums[c * classes + k]).sum();
                mean(sum, structure.class_weights[c])
            })
            .collect();
        let [by_class, by_pair, within, own] = self.parts.map(|has| if has { 1.0 } else { 0.0 });
        structure.gather(&mut z, |a, class, b| {
            for (k, (a, b)) in a.iter().zip(b).enumerate() {
                let pair = class * classes + k;
                let pair_mean = mean(sums[pair], structure.pair_weights[pair]);
                *b = if k == class {
                    own * a
                } else {
                    by_class * class_means[class]
                        + by_pair * (pair_mean - class_means[class])
                        + within * (a - pair_mean)
                };
            }
        });
        structure.jacobian.apply_adjoint(&z, y);
    }
}

impl<T: Scalar> Adjoint<T> for ClassMoment<'_, '_, T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.apply(y, x);
    }
}

impl<T: Scalar> Symmetric<T> for ClassMoment<'_, '_, T> {}
impl<T: Scalar> PositiveSemidefinite<T> for ClassMoment<'_, '_, T> {}
