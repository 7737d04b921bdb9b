//! Eigenpairs that say how good they are.

use super::basis::{Basis, length};
use super::block_factorization::BlockFactorization;
use super::report::{Report, Stop};
use super::ritz::{Ritz, Which};
use crate::error::Result;
use crate::linalg::{axpy, dot};
use crate::operator::LinearOperator;
use crate::scalar::Scalar;

/// Vectors in one block of products: as many as share an operator's work without a block of many times their memory.
const BLOCK: usize = 16;

/// Rounding errors in a product and a Rayleigh quotient, for the bounds on eigenvalues.
const ROUNDING: f64 = 4.0;

/// Approximate eigenpairs of a symmetric operator, from [`Eigensolver`](super::Eigensolver).
///
/// Pair i is `values[i]` and row i of `vectors`. When the budget ended the search there may be fewer pairs than asked
/// for; see `report`.
///
/// ```
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::operator::{Diagonal, LinearOperator};
/// use eigenscape::random::Key;
///
/// let operator = Diagonal::new((0..300).map(|i| f64::from(i).sqrt()).collect());
/// let top = Eigensolver::new(2, Key::new(0)).run(&operator)?;
/// assert_eq!((top.len(), top.vector(1).len()), (2, 300));
/// // A v = lambda v, up to the residual that it states.
/// let mut product = vec![0.0; 300];
/// operator.apply(top.vector(0), &mut product);
/// let residual: f64 = product.iter().zip(top.vector(0)).map(|(y, v)| (y - top.values[0] * v).powi(2)).sum();
/// assert!((residual.sqrt() - top.residual_norms[0]).abs() < 1e-12);
/// assert!((top.values[0] - 299f64.sqrt()).abs() <= top.error_bounds[0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Eigenpairs<T> {
    /// The Rayleigh quotients v'Av, in the order of [`Which`](super::Which).
    pub values: Vec<f64>,
    /// The unit vectors v, back to back: rows of a matrix of pairs x dim to `ndarray`, `ArrayView2::from_shape((pairs, dim),
    /// &vectors)`, and columns of one to faer, `MatRef::from_column_major_slice(&vectors, dim, pairs)`, without a copy.
    pub vectors: Vec<T>,
    /// ||A v - lambda v||, recomputed with products. An eigenvalue lies within this distance of lambda, without any
    /// assumption.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub residual_norms: Vec<f64>,
    /// Bounds on the distance of lambda to the eigenvalue: residual^2 / gap where lambda is separated from the other
    /// eigenvalues of T by a gap above the residuals (Kato & Temple), else the residual; plus rounding. They assume that
    /// the Krylov space has seen every eigenvalue near lambda.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub error_bounds: Vec<f64>,
    /// Whether the residual norm is within the tolerance.
    pub converged: Vec<bool>,
    /// Whether copies of the eigenvalues were looked for.
    pub multiplicity: Multiplicity,
    /// The largest entry of |V'V - I| of the vectors, measured.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub orthogonality: f64,
    /// How the search ended. After a product that was not finite residuals are what the projected problem says.
    pub report: Report,
}

impl<T: Scalar> Eigenpairs<T> {
    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no pair: never for a search that returned.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values, each with the bound of its error: what [`OutlierTest::ritz`](crate::random_matrix::OutlierTest::ritz) takes.
    ///
    /// ```
    /// use eigenscape::krylov::Eigensolver;
    /// use eigenscape::operator::Diagonal;
    /// use eigenscape::random::Key;
    /// use eigenscape::random_matrix::OutlierTest;
    ///
    /// // The covariance of 200 samples of 50 variables of variance 1: noise explains eigenvalues up to about 2.3.
    /// let mut entries = vec![1.0; 50];
    /// entries[0] = 9.0;
    /// let top = Eigensolver::new(2, Key::new(0)).run(&Diagonal::new(entries))?;
    /// let count = OutlierTest::wishart(50, 200)?.variance(1.0)?.ritz(&top.values_with_bounds())?;
    /// assert_eq!(count.number(), 1);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    pub fn values_with_bounds(&self) -> Vec<(f64, f64)> {
        self.values.iter().copied().zip(self.error_bounds.iter().copied()).collect()
    }

    /// The eigenvector with a number.
    ///
    /// # Panics
    /// If `index` is not below the number of pairs.
    #[track_caller]
    pub fn vector(&self, index: usize) -> &[T] {
        assert!(index < self.len(), "eigenvector {index} of {}", self.len());
        let dim = self.vectors.len() / self.len();
        &self.vectors[index * dim..][..dim]
    }
}

/// Whether copies of the eigenvalues, and others that the start was blind to, were looked for.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Multiplicity {
    /// They were not: the check was switched off, or the search ended before it.
    Unchecked,
    /// A random vector orthogonal to all that was known has found no other wanted eigenvalue.
    Checked {
        /// The probability, at most, that it would miss one that has no part in the space known before it, in exact
        /// arithmetic; 0 where all that it sees at that end has converged, or where its basis was restarted and a residual far
        /// below the gap had to do, which is evidence, no bound.
        missed: f64,
    },
    /// The basis spans the whole space.
    Complete,
}

/// Forms the best Ritz pairs and multiplies them once more, for their residuals and Rayleigh quotients.
///
/// Rayleigh quotients, whose sums are `f64`, shed most of the rounding errors that H has collected in `f32`; among equals
/// they may change the order, so the pairs are sorted anew. Where a product is not finite, what H says stands.
pub(super) fn finish<T: Scalar>(
    operator: &dyn LinearOperator<T>,
    factorization: &BlockFactorization<T>,
    ritz: &Ritz,
    (which, count): (Which, usize),
    (stop, bad_product, multiplicity): (Stop, Option<u64>, Multiplicity),
    tolerance: f64,
) -> Result<Eigenpairs<T>> {
    let dim = factorization.dim();
    let wanted = ritz.wanted(which, count);
    let mut vectors = factorization.combine(&ritz.coordinates_of(&wanted));
    for vector in vectors.chunks_exact_mut(dim) {
        let norm = length(vector);
        vector.iter_mut().for_each(|x| *x = T::of(x.f64() / norm));
    }
    let rounding = ROUNDING * T::EPSILON.f64() * ritz.norm();
    let (mut stop, mut bad_product, mut matvecs) = (stop, bad_product, factorization.matvecs());
    let mut pairs: Vec<Pair> = Vec::with_capacity(wanted.len());
    let mut products = vec![T::zero(); BLOCK.min(wanted.len()) * dim];
    for (block, wanted) in vectors.chunks(BLOCK * dim).zip(wanted.chunks(BLOCK)) {
        let products = &mut products[..block.len()];
        if bad_product.is_none() {
            operator.apply_block(block, products, wanted.len());
            if let Some(bad) = products.chunks_exact(dim).position(|product| !length(product).is_finite()) {
                bad_product = Some(matvecs + bad as u64 + 1);
                stop = Stop::NotFinite;
            } else {
                matvecs += wanted.len() as u64;
            }
        }
        for ((vector, product), &index) in block.chunks_exact(dim).zip(products.chunks_exact_mut(dim)).zip(wanted) {
            let (mut value, mut residual) = (ritz.values[index], ritz.bounds[index]);
            if bad_product.is_none() {
                value = dot(vector, product) / dot(vector, vector);
                axpy(T::of(-value), vector, product);
                residual = length(product);
            }
            let others = (0..ritz.len()).filter(|&other| other != index);
            let distance = |other: usize| (ritz.values[other] - value).abs() - ritz.bounds[other];
            let gap = others.map(distance).fold(f64::INFINITY, f64::min) - residual;
            // One Ritz value alone knows nothing of the rest of the spectrum.
            let separated = gap > residual && gap.is_finite();
            let bound = if separated { residual * (residual / gap) } else { residual } + rounding;
            pairs.push(Pair { value, residual, bound, row: pairs.len() });
        }
    }
    which.sort(&mut pairs, |pair| pair.value);
    if pairs.iter().enumerate().any(|(rank, pair)| rank != pair.row) {
        vectors = pairs.iter().flat_map(|pair| &vectors[pair.row * dim..][..dim]).copied().collect();
    }
    let converged: Vec<bool> = pairs.iter().map(|pair| tolerance.is_finite() && pair.residual <= tolerance).collect();
    let stop = if stop == Stop::Converged && converged.contains(&false) { Stop::Rounding } else { stop };
    let orthogonality = orthogonality(&vectors, dim);
    Ok(Eigenpairs {
        values: pairs.iter().map(|pair| pair.value).collect(),
        vectors,
        residual_norms: pairs.iter().map(|pair| pair.residual).collect(),
        error_bounds: pairs.iter().map(|pair| pair.bound).collect(),
        converged,
        multiplicity,
        orthogonality,
        report: Report::new(stop, bad_product.unwrap_or(matvecs)),
    })
}

/// The largest entry of |V'V - I|.
fn orthogonality<T: Scalar>(vectors: &[T], dim: usize) -> f64 {
    let mut basis = Basis::new(dim);
    vectors.chunks_exact(dim).for_each(|vector| basis.push(vector));
    basis.orthogonality()
}

struct Pair {
    value: f64,
    residual: f64,
    bound: f64,
    /// Its place among the vectors.
    row: usize,
}

#[cfg(feature = "serde")]
crate::saved::checked!(Eigenpairs<T> {
    values: Vec<f64>,
    vectors: Vec<T>,
    #[serde(with = "crate::saved::number")]
    residual_norms: Vec<f64>,
    #[serde(with = "crate::saved::number")]
    error_bounds: Vec<f64>,
    converged: Vec<bool>,
    multiplicity: Multiplicity,
    #[serde(with = "crate::saved::number")]
    orthogonality: f64,
    report: Report,
} by |pairs| {
    let count = pairs.values.len();
    Error::length("the residual norms of saved eigenpairs", pairs.residual_norms.len(), count)?;
    Error::length("the error bounds of saved eigenpairs", pairs.error_bounds.len(), count)?;
    Error::length("the marks of convergence of saved eigenpairs", pairs.converged.len(), count)?;
    let dim = pairs.vectors.len().checked_div(count).unwrap_or(0);
    Error::array("the vectors of saved eigenpairs", pairs.vectors.len(), &[dim, count])
});
