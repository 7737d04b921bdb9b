//! What is read off a curvature, of a network or of a draw of the model alike.

use super::comparison::Property;
use super::residue_curvature::{ResidueCurvature, sums};
use crate::emergent::measurement::Measurement;
use crate::error::{Error, Result};
use crate::krylov::{Eigenpairs, Eigensolver};
use crate::linalg::{axpy, dot, norm, symmetric_eigen};
use crate::operator::{Adjoint, LinearOperator, Symmetric};
use crate::random::Key;
use crate::random_matrix::SoftmaxBlocks;
use crate::scalar::Scalar;

/// The span of the means of the logits' gradients, by their inner products.
#[derive(Clone, Debug)]
pub(crate) struct MeanSpan {
    classes: usize,
    shares: Vec<f64>,
    /// Rows u_i / sqrt(s_i) of K's eigenvectors, for eigenvalues beyond rounding.
    roots: Vec<Vec<f64>>,
}

impl MeanSpan {
    pub(crate) fn new<T: Scalar>(blocks: &SoftmaxBlocks, gram: &[f64]) -> Result<Self> {
        let classes = blocks.classes();
        let total: f64 = blocks.weights().iter().sum();
        let shares = blocks.weights().iter().map(|weight| weight / total).collect();
        let eigen = symmetric_eigen(gram, classes, true)?;
        let largest = eigen.values.last().copied().unwrap_or(0.0);
        let rounding = largest * T::EPSILON.f64() * 8.0 * classes as f64;
        let kept = eigen.values.iter().zip(eigen.vectors.chunks_exact(classes)).filter(|pair| *pair.0 > rounding);
        let roots = kept.map(|(value, vector)| vector.iter().map(|x| x / value.sqrt()).collect()).collect();
        Ok(MeanSpan { classes, shares, roots })
    }

    /// From J alone: C products with J' and J.
    pub(crate) fn of_jacobian<T: Scalar>(blocks: &SoftmaxBlocks, jacobian: &impl Adjoint<T>) -> Result<Self> {
        let classes = blocks.classes();
        let total: f64 = blocks.weights().iter().sum();
        let shares: Vec<f64> = blocks.weights().iter().map(|weight| weight / total).collect();
        let mut logits = vec![T::zero(); jacobian.rows()];
        let mut mean = vec![T::zero(); jacobian.cols()];
        let mut gram = Vec::with_capacity(classes * classes);
        for class in 0..classes {
            logits.fill(T::zero());
            logits.iter_mut().skip(class).step_by(classes).zip(&shares).for_each(|(u, &v)| *u = T::of(v));
            jacobian.apply_adjoint(&logits, &mut mean);
            jacobian.apply(&mean, &mut logits);
            gram.extend(sums(&logits, classes, &shares));
        }
        MeanSpan::new::<T>(blocks, &gram)
    }

    /// |Q'v|^2 = b'K^+ b with b = [c_k . v], from J v.
    pub(crate) fn overlap<T: Scalar>(&self, tangent: &[T]) -> f64 {
        let along = sums(tangent, self.classes, &self.shares);
        self.roots.iter().map(|root| dot(root, &along).powi(2)).sum()
    }
}

/// Top eigenpairs with what they are made of.
#[derive(Clone, Debug)]
pub(crate) struct TopReading<T> {
    pub(crate) pairs: Eigenpairs<T>,
    /// The overlap of each eigenvector with the span of the means.
    pub(crate) overlaps: Vec<f64>,
    /// (v_j . g)^2 / |g|^2; empty without a gradient.
    pub(crate) powers: Vec<f64>,
    /// |g|.
    pub(crate) length: f64,
}

impl<T: Scalar> TopReading<T> {
    /// Cost: that of the eigenpairs, and a product with J for each.
    pub(crate) fn of(
        operator: &impl Symmetric<T>,
        jacobian: &impl Adjoint<T>,
        span: &MeanSpan,
        gradient: &[T],
        solver: Eigensolver,
    ) -> Result<Self> {
        let pairs = solver.run(operator)?;
        let mut tangent = vec![T::zero(); jacobian.rows()];
        let vectors = || pairs.vectors.chunks_exact(gradient.len().max(1));
        let overlap = |vector: &[T]| {
            jacobian.apply(vector, &mut tangent);
            span.overlap(&tangent)
        };
        let overlaps: Vec<f64> = vectors().map(overlap).collect();
        Error::finite("the overlaps of eigenvectors", &overlaps, "the network overflows at these parameters")?;
        let length = norm(gradient);
        let power = |vector: &[T]| (dot(vector, gradient) / length).powi(2);
        let powers = if length > 0.0 { vectors().map(power).collect() } else { Vec::new() };
        Ok(TopReading { pairs, overlaps, powers, length })
    }

    /// The gradient's share in the span of the first eigenvectors; none if there are fewer, or no gradient.
    pub(crate) fn share(&self, count: usize) -> Option<f64> {
        Some(self.powers.get(..count).filter(|powers| !powers.is_empty())?.iter().sum())
    }

    /// How many eigenvectors lie by more than half in the span.
    pub(crate) fn inside(&self) -> usize {
        self.overlaps.iter().filter(|overlap| **overlap > 0.5).count()
    }
}

/// The largest eigenvalue without the means; 0 without curvature.
pub(crate) fn bulk_edge<T: Scalar, J: Adjoint<T>>(
    jacobian: &J,
    blocks: &SoftmaxBlocks,
    key: Key,
) -> Result<Measurement> {
    let residues = ResidueCurvature::new(jacobian, blocks);
    let top = Eigensolver::new(1, key).relative_tolerance(1e-4).check_multiplicity(false).run::<T, _>(&residues)?;
    Ok(Measurement::new(top.values[0].max(0.0), Some(top.error_bounds[0])))
}

/// Trace, norm and their ratio, from eigenpairs and products with random vectors beside them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TraceReading {
    pub(crate) trace: Measurement,
    pub(crate) norm: Measurement,
    /// None for a zero matrix.
    pub(crate) ratio: Option<Measurement>,
}

/// Vectors that are multiplied at once.
const BLOCK: usize = 8;

impl TraceReading {
    /// ```text
    ///     z: signs, Q = I - V V':    tr A = sum lambda + E z'QAQz,    |A|^2 = sum lambda^2 + E |A Q z|^2
    /// ```
    pub(crate) fn of<T: Scalar>(
        operator: &dyn LinearOperator<T>,
        pairs: &Eigenpairs<T>,
        probes: usize,
        key: Key,
    ) -> Result<Self> {
        let dim = operator.cols();
        let vectors = || pairs.vectors.chunks_exact(dim);
        let mut samples = Vec::new();
        let mut z = vec![T::zero(); BLOCK.min(probes) * dim];
        let mut products = z.clone();
        for first in (0..probes).step_by(BLOCK) {
            let count = BLOCK.min(probes - first);
            for (number, z) in z.chunks_exact_mut(dim).take(count).enumerate() {
                key.split((first + number) as u64).signs(0, z);
                for vector in vectors() {
                    let share = dot(vector, z);
                    axpy(T::of(-share), vector, z);
                }
            }
            operator.apply_block(&z[..count * dim], &mut products[..count * dim], count);
            let both = z.chunks_exact(dim).zip(products.chunks_exact(dim)).take(count);
            samples.extend(both.map(|(z, product)| (dot(z, product), dot(product, product))));
        }
        let flat: Vec<f64> = samples.iter().flat_map(|&(a, b)| [a, b]).collect();
        Error::finite("the products of the curvature", &flat, "the network overflows at these parameters")?;
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| samples.iter().map(of).sum::<f64>() / probes.max(1) as f64;
        let error = |of: &dyn Fn(&(f64, f64)) -> f64| {
            let average = mean(of);
            let squares: f64 = samples.iter().map(|sample| (of(sample) - average).powi(2)).sum();
            let count = probes as f64;
            (probes > 1).then(|| (squares / (count - 1.0) / count).sqrt())
        };
        let trace = pairs.values.iter().sum::<f64>() + mean(&|sample| sample.0);
        let square = pairs.values.iter().map(|value| value * value).sum::<f64>() + mean(&|sample| sample.1);
        let size = square.max(0.0).sqrt();
        let some = size > 0.0;
        let halved = |error: f64| if some { error / (2.0 * size) } else { 0.0 };
        // d (t / n) = dt / n - t d(n^2) / (2 n^3).
        let linear = |sample: &(f64, f64)| sample.0 / size - trace * sample.1 / (2.0 * size.powi(3));
        Ok(TraceReading {
            trace: Measurement::new(trace, error(&|sample| sample.0)),
            norm: Measurement::new(size, error(&|sample| sample.1).map(halved)),
            ratio: some.then(|| Measurement::new(trace / size, error(&linear))),
        })
    }
}

impl<T: Scalar> TopReading<T> {
    /// What it says of a property.
    pub(crate) fn measurement(&self, property: Property) -> Option<Measurement> {
        match property {
            Property::Eigenvalue(index) => {
                Some(Measurement::new(*self.pairs.values.get(index)?, Some(self.pairs.error_bounds[index])))
            }
            Property::Outliers => Some(Measurement::exact(self.inside() as f64)),
            Property::Overlap(index) => Some(Measurement::exact(*self.overlaps.get(index)?)),
            Property::GradientNorm => Some(Measurement::exact(self.length)),
            Property::GradientShare(count) => self.share(count).map(Measurement::exact),
            _ => None,
        }
    }
}

impl TraceReading {
    /// Of all eigenvalues that are not 0.
    pub(crate) fn of_eigenvalues(values: &[f64]) -> Self {
        let trace: f64 = values.iter().sum();
        let size = values.iter().map(|value| value * value).sum::<f64>().sqrt();
        let ratio = (size > 0.0).then(|| Measurement::exact(trace / size));
        TraceReading { trace: Measurement::exact(trace), norm: Measurement::exact(size), ratio }
    }

    /// What it says of a property.
    pub(crate) fn measurement(&self, property: Property) -> Option<Measurement> {
        match property {
            Property::Trace => Some(self.trace),
            Property::Norm => Some(self.norm),
            Property::Ratio => self.ratio,
            _ => None,
        }
    }
}
