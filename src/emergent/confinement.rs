//! The gradient's place in the top eigenspace, and what the eigenvectors are made of.

use crate::curvature::RiskPoint;
use crate::error::{Error, Result};
use crate::krylov::Eigenpairs;
use crate::linalg::{dot, norm, symmetric_eigen};
use crate::operator::LinearOperator;
use crate::scalar::Scalar;

/// How much of the gradient lies in the span of top eigenvectors, and how much of each eigenvector in that of class means.
///
/// ```text
///     share of k        sum_{j <= k} (v_j . g)^2 / |g|^2,      k / P for a random direction
///     overlap of v_j    |Q'v_j|^2,   Q an orthonormal basis of span{c_k}, and of span{c_ky}
///     c_k = mean_m J_mk,   c_ky the same over the examples of class y
/// ```
///
/// Cost: one product with J for each eigenvector, C with J' and J for the Gram matrix of the means, C^2 for that of classes.
///
/// # References
/// Gur-Ari, Roberts, Dyer 2018, arXiv:1812.04754; Fort & Ganguli 2019, arXiv:1910.05929.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "Gur-Ari")]
#[doc(alias = "top subspace")]
pub struct Confinement {
    /// P.
    pub parameters: usize,
    /// The eigenvalues, in the order of the pairs.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub eigenvalues: Vec<f64>,
    /// (v_j . g)^2 / |g|^2 for each pair; empty if the gradient is zero.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub powers: Vec<f64>,
    /// The overlap of each eigenvector with the span of the means of logits.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub overlaps: Vec<f64>,
    /// The same for the means of logits within classes; empty without labels.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub class_overlaps: Vec<f64>,
}

impl Confinement {
    /// Measures it for eigenpairs of the Hessian or of its Gauss-Newton part at the point.
    ///
    /// ```
    /// use eigenscape::curvature::{Examples, Loss, Risk};
    /// use eigenscape::emergent::Confinement;
    /// use eigenscape::krylov::Eigensolver;
    /// use eigenscape::network::{Activation, Perceptron};
    /// use eigenscape::objective::Objective;
    /// use eigenscape::random::Key;
    ///
    /// // One example for each class: the Gauss-Newton matrix lives on the means of logits within classes.
    /// let network = Perceptron::new(&[2, 3], Activation::Identity)?;
    /// let examples = Examples::labelled(vec![1.0, 0.5, -1.0, 2.0, 0.0, 1.0], 2, &[0, 1, 2], 3)?;
    /// let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    /// let point = risk.at(&[0.1; 9])?;
    /// let top = Eigensolver::new(3, Key::new(0)).run(&point.gauss_newton())?;
    /// let confinement = Confinement::measure(&point, &top)?;
    /// assert!(confinement.class_overlaps.iter().all(|overlap| (overlap - 1.0).abs() < 1e-6));
    /// assert!(confinement.share(3).unwrap() > 3.0 / 9.0);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the vectors do not have P entries each, or a product is not finite.
    pub fn measure<T: Scalar>(point: &RiskPoint<'_, T>, pairs: &Eigenpairs<T>) -> Result<Self> {
        let parameters = point.theta().len();
        Error::array("the list of eigenvectors", pairs.vectors.len(), &[pairs.len(), parameters])?;
        let gradient = crate::objective::Point::gradient(point);
        let square = norm(gradient).powi(2);
        let power = |vector: &[T]| dot(vector, gradient).powi(2) / square;
        let vectors = || pairs.vectors.chunks_exact(parameters.max(1));
        let powers = if square > 0.0 { vectors().map(power).collect() } else { Vec::new() };

        let (classes, count) = (point.risk().outputs(), point.risk().examples().count());
        let labels = point.risk().examples().labels();
        let logits = Means::new(point, |_| 0, 1)?;
        let within = labels.map(|labels| Means::new(point, |m| labels[m], classes)).transpose()?;
        let jacobian = point.jacobian();
        let mut tangent = vec![T::zero(); count * classes];
        let (mut overlaps, mut class_overlaps) = (Vec::new(), Vec::new());
        for vector in vectors() {
            jacobian.apply(vector, &mut tangent);
            overlaps.push(logits.overlap(&tangent, |_| 0));
            if let (Some(within), Some(labels)) = (&within, labels) {
                class_overlaps.push(within.overlap(&tangent, |m| labels[m]));
            }
        }
        Error::finite("the overlaps of eigenvectors", &overlaps, "the network overflows at these parameters")?;
        Ok(Confinement { parameters, eigenvalues: pairs.values.clone(), powers, overlaps, class_overlaps })
    }

    /// The gradient's share in the span of the first k eigenvectors; none if there are fewer, or the gradient is zero.
    pub fn share(&self, k: usize) -> Option<f64> {
        Some(self.powers.get(..k).filter(|powers| !powers.is_empty())?.iter().sum())
    }

    /// k / P, the mean share of a random direction.
    pub fn baseline(&self, k: usize) -> f64 {
        k as f64 / self.parameters as f64
    }
}

/// Means of logit gradients over groups of examples, by their Gram matrix's inverse square root.
struct Means {
    classes: usize,
    counts: Vec<f64>,
    /// Rows u_i / sqrt(s_i) of the Gram matrix's eigenvectors with eigenvalues beyond rounding.
    roots: Vec<Vec<f64>>,
}

impl Means {
    fn new<T: Scalar>(point: &RiskPoint<'_, T>, group: impl Fn(usize) -> usize, groups: usize) -> Result<Self> {
        use crate::operator::Adjoint;
        let (classes, count, jacobian) = (point.risk().outputs(), point.risk().examples().count(), point.jacobian());
        let mut counts = vec![0.0; groups];
        (0..count).for_each(|m| counts[group(m)] += 1.0);
        let mut means = Means { classes, counts, roots: Vec::new() };
        let size = groups * classes;
        let mut gram = vec![0.0; size * size];
        let (mut logits, mut mean) = (vec![T::zero(); count * classes], vec![T::zero(); jacobian.cols()]);
        for place in (0..size).filter(|place| means.counts[place / classes] > 0.0) {
            for (m, row) in logits.chunks_exact_mut(classes).enumerate() {
                row.fill(T::zero());
                if group(m) == place / classes {
                    row[place % classes] = T::of(1.0 / means.counts[place / classes]);
                }
            }
            jacobian.apply_adjoint(&logits, &mut mean);
            jacobian.apply(&mean, &mut logits);
            gram[place * size..][..size].copy_from_slice(&means.sums(&logits, &group));
        }
        let symmetric: Vec<f64> =
            (0..size * size).map(|at| 0.5 * (gram[at] + gram[at % size * size + at / size])).collect();
        let eigen = symmetric_eigen(&symmetric, size, true)?;
        let largest = eigen.values.last().copied().unwrap_or(0.0);
        let rounding = largest * T::EPSILON.f64() * 8.0 * size as f64;
        for (value, vector) in eigen.values.iter().zip(eigen.vectors.chunks_exact(size)) {
            if *value > rounding {
                means.roots.push(vector.iter().map(|x| x / value.sqrt()).collect());
            }
        }
        Ok(means)
    }

    /// c . v for each mean, from J v.
    fn sums<T: Scalar>(&self, tangent: &[T], group: impl Fn(usize) -> usize) -> Vec<f64> {
        let mut sums = vec![0.0; self.counts.len() * self.classes];
        for (m, row) in tangent.chunks_exact(self.classes).enumerate() {
            let (own, scale) = (group(m), 1.0 / self.counts[group(m)]);
            let sums = &mut sums[own * self.classes..][..self.classes];
            sums.iter_mut().zip(row).for_each(|(sum, z)| *sum += scale * z.f64());
        }
        sums
    }

    /// |Q'v|^2 = b' K^+ b with b = [c . v].
    fn overlap<T: Scalar>(&self, tangent: &[T], group: impl Fn(usize) -> usize) -> f64 {
        let sums = self.sums(tangent, group);
        self.roots.iter().map(|root| dot(root, &sums).powi(2)).sum()
    }
}
