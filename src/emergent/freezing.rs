//! How a classifier's probabilities freeze.

use crate::curvature::RiskPoint;
use crate::error::{Error, Result};
use crate::random_matrix::{GaussianLogits, RandomEnergyModel};
use crate::scalar::Scalar;

/// How large a network's logits are, and how far its probabilities are frozen in one class each, as means over examples.
///
/// ```text
///     z_mk: logit k of example m,     p_m = softmax(z_m)
///     sigma_z^2 = mean over m of sum_k (z_mk - mean_k z_mk)^2 / (C - 1)          softmax does not see a row's mean
///     Y_2 = mean sum_k p_mk^2,   entropy = -mean sum_k p_mk ln p_mk
///     margin  delta = mean of z_my - mean_{k != y} z_mk,   sigma_o^2 = mean variance of the logits beside the true one
///     sigma_w^2 = the variance of logits within rows with delta taken from the true one's,   sigma_z^2 ~ sigma_w^2 + delta^2 / C
/// ```
///
/// Each mean has a standard error over examples. Weights of examples are not used.
///
/// Two random models have logits of this size: normal ones of deviation sigma_z ([`gaussian_logits`](Freezing::gaussian_logits)),
/// and normal ones of deviation sigma_w with the true class's raised by a margin ([`within_logits`](Freezing::within_logits),
/// [`fitted_margin`](Freezing::fitted_margin)). Training makes the second kind.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::emergent::Freezing;
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::Objective;
///
/// let network = Perceptron::new(&[1, 2], Activation::Identity)?;
/// let examples = Examples::labelled(vec![1.0, -1.0], 1, &[0, 1], 2)?;
/// let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
/// // Logits (x, -x): both examples are right, by a margin of 2.
/// let freezing = Freezing::measure(&risk.at(&[1.0, -1.0, 0.0, 0.0])?)?;
/// assert_eq!((freezing.margin.unwrap(), freezing.accuracy.unwrap()), (2.0, 1.0));
/// assert!((freezing.logit_deviation - 2f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929; Derrida 1981, doi:10.1103/PhysRevB.24.2613.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "confidence")]
#[doc(alias = "margin")]
pub struct Freezing {
    /// C.
    pub classes: usize,
    /// N.
    pub examples: usize,
    /// sigma_z.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub logit_deviation: f64,
    /// The standard error of sigma_z over examples; none for a single one.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub logit_deviation_error: Option<f64>,
    /// Y_2, between 1/C and 1.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub power_sum: f64,
    /// The standard error of Y_2 over examples; none for a single one.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub power_sum_error: Option<f64>,
    /// In nats, between 0 and ln C.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub entropy: f64,
    /// The mean of max_k p_mk: the accuracy, if probabilities are calibrated.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub largest_probability: f64,
    /// The share of examples whose largest logit is that of their class; none without labels.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub accuracy: Option<f64>,
    /// delta; none without labels, or for a single class.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub margin: Option<f64>,
    /// The standard error of delta over examples; none without labels, or for a single example or class.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub margin_error: Option<f64>,
    /// sigma_w; none without labels, for a single class, or a single example of two.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub within_deviation: Option<f64>,
    /// sigma_o; none without labels, or for fewer than three classes.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub other_deviation: Option<f64>,
}

impl Freezing {
    /// Measures it at a point.
    ///
    /// # Errors
    /// If the loss is not softmax cross-entropy, or a logit or the square of one is not finite.
    pub fn measure<T: Scalar>(point: &RiskPoint<'_, T>) -> Result<Self> {
        let risk = point.risk();
        let logits: Vec<f64> = risk.logits(point.theta()).iter().map(|z| z.f64()).collect();
        let probabilities: Vec<f64> = point.probabilities()?.iter().map(|p| p.f64()).collect();
        Freezing::of(&logits, &probabilities, risk.examples().labels(), risk.outputs())
    }

    /// The same from rows of logits and probabilities.
    pub(crate) fn of(logits: &[f64], probabilities: &[f64], labels: Option<&[usize]>, classes: usize) -> Result<Self> {
        Error::finite("the logits", logits, "the network overflows at these parameters")?;
        let mut probabilities = probabilities.to_vec();
        // Rows of single precision miss 1, and with it a sum of squares misses that of equal probabilities.
        for row in probabilities.chunks_exact_mut(classes) {
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|p| *p /= total);
        }
        let rows = logits.chunks_exact(classes);
        let variances: Vec<f64> = rows.clone().map(|z| variance_of(z.iter().copied(), classes)).collect();
        let sums: Vec<f64> = probabilities.chunks_exact(classes).map(|p| p.iter().map(|p| p * p).sum()).collect();
        let ((variance, variance_error), (power_sum, power_sum_error)) = (mean(&variances), mean(&sums));
        Error::finite("the variance of the logits", &[variance], "the network overflows at these parameters")?;
        let logit_deviation = variance.sqrt();
        // d sqrt(v) = dv / (2 sqrt(v)).
        let halved = |error: f64| if logit_deviation > 0.0 { error / (2.0 * logit_deviation) } else { 0.0 };
        let per_example =
            |of: &dyn Fn(&[f64]) -> f64| probabilities.chunks_exact(classes).map(of).sum::<f64>() / sums.len() as f64;
        let entropy = per_example(&|p| 0.0 - p.iter().map(|&p| if p > 0.0 { p * p.ln() } else { 0.0 }).sum::<f64>());
        let largest_probability = per_example(&|p| p.iter().copied().fold(0.0, f64::max));
        let labelled = |of: &dyn Fn(&[f64], usize) -> f64| -> Option<Vec<f64>> {
            Some(rows.clone().zip(labels?).map(|(z, &y)| of(z, y)).collect())
        };
        let others = |z: &[f64], y: usize| (z.iter().sum::<f64>() - z[y]) / (classes - 1) as f64;
        let margins = if classes > 1 { labelled(&|z, y| z[y] - others(z, y)) } else { None };
        let margin = margins.as_deref().map(mean);
        let right = |z: &[f64], y: usize| f64::from(u8::from(first_largest(z) == y));
        Ok(Freezing {
            classes,
            examples: sums.len(),
            logit_deviation,
            logit_deviation_error: variance_error.map(halved),
            power_sum,
            power_sum_error,
            entropy,
            largest_probability,
            accuracy: labelled(&right).map(|right| mean(&right).0),
            margin: margin.map(|margin| margin.0),
            margin_error: margin.and_then(|margin| margin.1),
            within_deviation: margin.and_then(|(margin, _)| {
                let without = |z: &[f64], y: usize| {
                    let raised = |k: usize| if k == y { margin } else { 0.0 };
                    (classes - 1) as f64 * variance_of(z.iter().enumerate().map(|(k, z)| z - raised(k)), classes)
                };
                // One number was fitted.
                let free = sums.len() * (classes - 1) - 1;
                let squares: f64 = labelled(&without)?.iter().sum();
                (free > 0).then(|| (squares / free as f64).sqrt())
            }),
            other_deviation: if classes > 2 {
                let rest = |z: &[f64], y: usize| {
                    let beside = z.iter().enumerate().filter(move |(k, _)| *k != y).map(|(_, &z)| z);
                    variance_of(beside, classes - 1)
                };
                labelled(&rest).map(|variances| mean(&variances).0.sqrt())
            } else {
                None
            },
        })
    }

    /// T / T_c of the random energy model whose Y_2 is the measured one: below 1, a few classes hold the weight. The size of
    /// normal logits that would freeze as much is [`GaussianLogits::with_power_sum`].
    ///
    /// # Errors
    /// If there is one class, or the probabilities are equal or frozen to rounding.
    pub fn reduced_temperature(&self) -> Result<f64> {
        RandomEnergyModel::reduced_temperature(self.classes, self.power_sum)
    }

    /// Normal logits of the measured sigma_z, without the margin.
    ///
    /// # Errors
    /// If the deviation is above 1000.
    pub fn gaussian_logits(&self) -> Result<GaussianLogits> {
        GaussianLogits::new(self.classes, self.logit_deviation)
    }

    /// Normal logits of the measured sigma_w, to be raised by a margin.
    ///
    /// # Errors
    /// If there are no labels, fewer than two classes, a single example of two, or the deviation is above 1000.
    pub fn within_logits(&self) -> Result<GaussianLogits> {
        let remedy = "measure with labels, on two classes or more, and more than one example";
        let deviation = self.within_deviation.ok_or(Error::Missing { what: "the margin of the true class", remedy })?;
        GaussianLogits::new(self.classes, deviation)
    }

    /// The margin that freezes logits of deviation sigma_w as far as the measured ones: where Y_2 agrees. 0 where no margin
    /// is needed.
    ///
    /// # Errors
    /// As [`Freezing::within_logits`], or if probabilities are frozen to rounding.
    pub fn fitted_margin(&self) -> Result<f64> {
        self.margin_of(&self.within_logits()?)
    }

    /// The same for logits that are made already.
    pub(crate) fn margin_of(&self, logits: &GaussianLogits) -> Result<f64> {
        if self.power_sum <= logits.power_sum(2) {
            return Ok(0.0);
        }
        logits.margin_with_power_sum(self.power_sum)
    }
}

/// The first of the largest numbers.
fn first_largest(values: &[f64]) -> usize {
    values.iter().enumerate().fold(0, |best, (at, value)| if *value > values[best] { at } else { best })
}

/// The variance of some numbers, without bias; 0 for one.
fn variance_of(values: impl Iterator<Item = f64> + Clone, count: usize) -> f64 {
    if count < 2 {
        return 0.0;
    }
    let mean = values.clone().sum::<f64>() / count as f64;
    values.map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1) as f64
}

/// The mean and its standard error.
fn mean(values: &[f64]) -> (f64, Option<f64>) {
    let count = values.len();
    let mean = values.iter().sum::<f64>() / count as f64;
    let error = (count > 1).then(|| (variance_of(values.iter().copied(), count) / count as f64).sqrt());
    (mean, error)
}
