//! How the gradients of logits cluster, by logit and by class.

use std::ops::Range;

use rayon::prelude::*;

use super::logit_gradients::deviations;
use crate::curvature::{Jacobian, RiskPoint};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, dot, matmul};
use crate::objective::Objective;
use crate::operator::Adjoint;
use crate::scalar::Scalar;

/// The clustering of logit gradients at a point: mean cosines between pairs of them, and the inner products of their means for
/// each logit and class, by exact sums over all examples.
///
/// ```text
///     J_mk in R^P: gradient of logit k of example m,  y_m its class;     u_mk = J_mk / |J_mk|
///     same logit and class    mean of u_mk . u_m'k    over k and pairs m != m' with y_m = y_m'
///     same logit              mean of u_mk . u_m'k    over k and all pairs m != m'
///     different logits        mean of u_mk . u_m'l    over k != l and all m, m'
///     c_ky = mean of J_mk over the examples of class y;     K = [c_ky . c_lz]:  the class blocks of the neural tangent kernel
/// ```
///
/// The first is near 1, the second in between and the third near 0 where gradients cluster as Fort & Ganguli found. Examples
/// count alike: weights are not used. A gradient that is zero, as behind units that are switched off, has cosine 0 with any other.
///
/// Cost: N C gradients of one example for the norms, and 2 N C more in wide products. Memory: 2 C^2 vectors of P where they fit
/// the risk's memory budget; else the inner products between different classes, and with them K, are left out.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::emergent::Clustering;
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::Objective;
///
/// // A linear model: J_mk is (x_m, 1) in the block of class k. Inputs of a class are alike, those of different ones opposite.
/// let network = Perceptron::new(&[1, 2], Activation::Identity)?;
/// let examples = Examples::labelled(vec![3.0, 3.0, -3.0, -3.0], 1, &[0, 0, 1, 1], 2)?;
/// let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
/// let clustering = Clustering::measure(&risk.at(&[0.0; 4])?)?;
/// assert!((clustering.same_logit_and_class.unwrap() - 1.0).abs() < 1e-12);
/// assert!((clustering.same_logit.unwrap() - (1.0 - 2.0 * 0.8) / 3.0).abs() < 1e-12);
/// assert_eq!(clustering.different_logits.unwrap(), 0.0);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929; Jacot, Gabriel, Hongler 2018, arXiv:1806.07572 (the kernel).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[doc(alias = "logit gradients")]
#[doc(alias = "NTK")]
pub struct Clustering {
    /// P, or the number of parameters of the block that was measured.
    pub parameters: usize,
    /// C.
    pub classes: usize,
    /// The number of examples of each class.
    pub counts: Vec<usize>,
    /// The mean cosine within a logit and class; none if no class has two examples.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub same_logit_and_class: Option<f64>,
    /// The mean cosine within a logit; none for a single example.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub same_logit: Option<f64>,
    /// The mean cosine between different logits; none for a single one.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub different_logits: Option<f64>,
    /// The mean of |J_mk|^2 over examples, for each logit.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub squared_norms: Vec<f64>,
    /// The mean cosine of each pair of a logit and a class with each other one, (k, y) at place y C + k: C^2 x C^2, an example
    /// with itself left out; none where there is no pair. None at all if it did not fit the budget.
    pub cosines: Option<Vec<Option<f64>>>,
    /// K, in the same order; 0 for a class without examples. None if it did not fit the budget.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub means: Option<Vec<f64>>,
    /// |c_k|^2 of the means over all examples, for each logit.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub squared_means: Vec<f64>,
}

impl Clustering {
    /// Measures all parameters together.
    ///
    /// # Errors
    /// If the examples have no labels, a gradient is not finite, or there is not the memory to run a single example.
    pub fn measure<T: Scalar>(point: &RiskPoint<'_, T>) -> Result<Self> {
        let whole = 0..point.theta().len();
        Ok(measure(point, &[whole])?.remove(0))
    }

    /// Measures ranges of the parameters apart, such as layers: each as if it were the whole network.
    ///
    /// # Errors
    /// As [`Clustering::measure`], or if a range is empty or does not lie within the parameters.
    pub fn measure_ranges<T: Scalar>(point: &RiskPoint<'_, T>, ranges: &[Range<usize>]) -> Result<Vec<Self>> {
        measure(point, ranges)
    }

    /// N.
    pub fn examples(&self) -> usize {
        self.counts.iter().sum()
    }

    /// sigma_c and sigma_E, the deviations of a coordinate of the mean of a logit and of what is left, without bias:
    ///
    /// ```text
    ///     sigma_E^2 = sum_k (mean_m |J_mk|^2 - |c_k|^2) N / ((N - 1) C P),   sigma_c^2 = sum_k |c_k|^2 / (C P) - sigma_E^2 / N
    /// ```
    ///
    /// A single example cannot tell means from residues: all of it is mean then.
    pub fn deviations(&self) -> (f64, f64) {
        let (means, squares) = (self.squared_means.iter().sum(), self.squared_norms.iter().sum());
        deviations(means, squares, 1.0 / self.examples() as f64, self.classes * self.parameters)
    }

    /// How far the class blocks of the kernel have turned from those of another point: 1 - <K, K'> / (|K| |K'|), 0 where they are
    /// proportional. None where either was left out, or is zero.
    ///
    /// # References
    /// Fort, Dziugaite, Paul, Kharaghani, Roy, Ganguli 2020, arXiv:2010.15110 (kernel distance).
    pub fn kernel_distance(&self, other: &Clustering) -> Option<f64> {
        let (own, other) = (self.means.as_ref()?, other.means.as_ref()?);
        if own.len() != other.len() {
            return None;
        }
        let sizes = dot(own, own).sqrt() * dot(other, other).sqrt();
        (sizes > 0.0).then(|| 1.0 - dot(own, other) / sizes)
    }
}

/// What is added up of a range of parameters.
struct Sums<T> {
    /// sum of u_mk over each class, C^2 vectors, (k, y) at place y C + k; or none.
    units: Option<Vec<T>>,
    means: Option<Vec<T>>,
    /// sum of u_mk over all examples, C vectors, and of J_mk.
    all_units: Vec<T>,
    all: Vec<T>,
    /// |sum of u_mk over a class|^2, summed over k and classes.
    within: f64,
    /// sum of |u_mk|^2 over a class: the number of gradients that are not zero.
    own: Vec<f64>,
}

fn measure<T: Scalar>(point: &RiskPoint<'_, T>, ranges: &[Range<usize>]) -> Result<Vec<Clustering>> {
    let risk = point.risk();
    let labels = risk
        .examples()
        .labels()
        .ok_or(Error::Empty { what: "the list of labels", remedy: "make the examples with `labelled`" })?;
    let classes = risk.outputs();
    for range in ranges {
        Error::at_least("the number of parameters of a range", range.len(), 1, "must be at least 1")?;
    }
    let norms = point.logit_gradient_norms(ranges)?;
    Error::finite("the squared norms of logit gradients", &norms, "the network overflows at these parameters")?;
    let members: Vec<Vec<usize>> =
        (0..classes).map(|class| (0..labels.len()).filter(|&m| labels[m] == class).collect()).collect();
    let mut sums: Vec<Sums<T>> = ranges
        .iter()
        .map(|range| {
            let bytes = 2 * (classes * classes) as u128 * range.len() as u128 * size_of::<T>() as u128;
            let fits = bytes.saturating_mul(ranges.len() as u128) <= risk.memory_budget_bytes() as u128;
            let vectors = |count: usize| vec![T::zero(); count * range.len()];
            let by_class = || fits.then(|| vectors(classes * classes));
            Sums {
                units: by_class(),
                means: by_class(),
                all_units: vectors(classes),
                all: vectors(classes),
                within: 0.0,
                own: vec![0.0; classes * classes],
            }
        })
        .collect();
    for (class, members) in members.iter().enumerate().filter(|(_, members)| !members.is_empty()) {
        let subset = risk.subset(members)?;
        let own = subset.at(point.theta())?;
        add_class(&own.jacobian(), class, members, (ranges, &norms), &mut sums);
    }
    let counts: Vec<usize> = members.iter().map(Vec::len).collect();
    ranges
        .iter()
        .zip(sums)
        .enumerate()
        .map(|(at, (range, sums))| finish(range.len(), &counts, at, ranges.len(), &norms, sums))
        .collect()
}

/// Adds the sums over the examples of one class, by C products with J' for each range and C for the means.
fn add_class<T: Scalar>(
    jacobian: &Jacobian<'_, T>,
    class: usize,
    members: &[usize],
    (ranges, norms): (&[Range<usize>], &[f64]),
    sums: &mut [Sums<T>],
) {
    use crate::operator::LinearOperator;
    let (rows, parameters) = (jacobian.rows(), jacobian.cols());
    let classes = rows / members.len();
    let mut cotangent = vec![T::zero(); rows];
    let mut product = vec![T::zero(); parameters];
    for logit in 0..classes {
        let mut sum_of = |scale: &dyn Fn(usize) -> f64, product: &mut [T]| {
            cotangent.fill(T::zero());
            let entries = cotangent.iter_mut().skip(logit).step_by(classes);
            entries.zip(members).for_each(|(u, &m)| *u = T::of(scale(m)));
            jacobian.apply_adjoint(&cotangent, product);
        };
        let place = class * classes + logit;
        sum_of(&|_| 1.0, &mut product);
        for (range, sums) in ranges.iter().zip(&mut *sums) {
            let part = &product[range.clone()];
            add(part, &mut sums.all[logit * range.len()..]);
            if let Some(means) = &mut sums.means {
                let count = T::of(members.len() as f64);
                means[place * range.len()..].iter_mut().zip(part).for_each(|(mean, &x)| *mean = x / count);
            }
        }
        for (at, (range, sums)) in ranges.iter().zip(&mut *sums).enumerate() {
            let norm = |m: usize| norms[(m * classes + logit) * ranges.len() + at];
            sum_of(&|m| if norm(m) > 0.0 { 1.0 / norm(m).sqrt() } else { 0.0 }, &mut product);
            sums.own[place] = members.iter().filter(|&&m| norm(m) > 0.0).count() as f64;
            let part = &product[range.clone()];
            sums.within += dot(part, part);
            add(part, &mut sums.all_units[logit * range.len()..]);
            if let Some(units) = &mut sums.units {
                units[place * range.len()..][..range.len()].copy_from_slice(part);
            }
        }
    }
}

fn add<T: Scalar>(part: &[T], sum: &mut [T]) {
    sum.iter_mut().zip(part).for_each(|(sum, &x)| *sum += x);
}

/// The inner products of vectors that stand back to back, by stripes on all threads.
fn gram<T: Scalar>(vectors: &[T], count: usize) -> Vec<f64> {
    const STRIPE: usize = 32;
    let size = vectors.len() / count;
    let mut products = vec![T::zero(); count * count];
    let all = Matrix::new(vectors, count, size);
    products.par_chunks_mut(STRIPE * count).zip(vectors.par_chunks(STRIPE * size)).for_each(|(products, own)| {
        matmul(products, Update::Replace, T::one(), Matrix::new(own, own.len() / size, size), all.t());
    });
    products.into_iter().map(|x| x.f64()).collect()
}

fn finish<T: Scalar>(
    parameters: usize,
    counts: &[usize],
    range: usize,
    ranges: usize,
    norms: &[f64],
    sums: Sums<T>,
) -> Result<Clustering> {
    let classes = counts.len();
    let total: usize = counts.iter().sum();
    let (n, c) = (total as f64, classes as f64);
    let mean = |sum: f64, pairs: f64| (pairs > 0.0).then(|| sum / pairs);
    let within_pairs: f64 = counts.iter().map(|&count| count as f64 * (count as f64 - 1.0)).sum();
    let logits = gram(&sums.all_units, classes);
    let same: f64 = logits.iter().step_by(classes + 1).sum();
    let different = logits.iter().sum::<f64>() - same;
    let own: f64 = sums.own.iter().sum();
    let squared_means =
        gram(&sums.all, classes).into_iter().step_by(classes + 1).map(|square| square / (n * n)).collect();
    let squared_norms = (0..classes)
        .map(|logit| (0..total).map(|m| norms[(m * classes + logit) * ranges + range]).sum::<f64>() / n)
        .collect();
    let pairs = classes * classes;
    let cosines = sums.units.map(|units| {
        let products = gram(&units, pairs);
        let cosine = |place: usize| {
            let (left, right) = (place / pairs, place % pairs);
            let [first, second] = [left, right].map(|pair| counts[pair / classes] as f64);
            match left == right {
                true => mean(products[place] - sums.own[left], first * (first - 1.0)),
                false => mean(products[place], first * second),
            }
        };
        (0..pairs * pairs).map(cosine).collect()
    });
    let clustering = Clustering {
        parameters,
        classes,
        counts: counts.to_vec(),
        same_logit_and_class: mean(sums.within - own, c * within_pairs),
        same_logit: mean(same - own, c * n * (n - 1.0)),
        different_logits: mean(different, c * (c - 1.0) * n * n),
        squared_norms,
        cosines,
        means: sums.means.map(|means| gram(&means, pairs)),
        squared_means,
    };
    Error::finite("the squared means of logit gradients", &clustering.squared_means, "the network overflows here")?;
    Ok(clustering)
}

#[cfg(feature = "serde")]
crate::saved::checked!(Clustering {
    parameters: usize,
    classes: usize,
    counts: Vec<usize>,
    #[serde(with = "crate::saved::number")]
    same_logit_and_class: Option<f64>,
    #[serde(with = "crate::saved::number")]
    same_logit: Option<f64>,
    #[serde(with = "crate::saved::number")]
    different_logits: Option<f64>,
    #[serde(with = "crate::saved::number")]
    squared_norms: Vec<f64>,
    cosines: Option<Vec<Option<f64>>>,
    #[serde(with = "crate::saved::number")]
    means: Option<Vec<f64>>,
    #[serde(with = "crate::saved::number")]
    squared_means: Vec<f64>,
} by |saved| {
    let examples = saved.counts.iter().try_fold(0usize, |sum, &count| sum.checked_add(count));
    let fits = examples.is_some() && saved.classes.checked_mul(saved.parameters).is_some();
    let largest = saved.counts.iter().copied().chain([saved.classes, saved.parameters]).max().unwrap_or(0);
    Error::require(fits, "a count of a saved clustering", largest as f64, crate::saved::DAMAGED)?;
    for len in [saved.counts.len(), saved.squared_norms.len(), saved.squared_means.len()] {
        Error::length("the classes of a saved clustering", len, saved.classes)?;
    }
    let pairs = saved.classes.saturating_mul(saved.classes);
    for len in [saved.cosines.as_ref().map(Vec::len), saved.means.as_ref().map(Vec::len)].into_iter().flatten() {
        Error::array("the pairs of a saved clustering", len, &[pairs, pairs])?;
    }
    Ok(())
});
