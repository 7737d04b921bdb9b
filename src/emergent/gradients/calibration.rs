//! From a network at a point to the parameters of the random model.

use std::sync::Arc;

use super::logit_gradients::deviations;
use super::logit_means_jackknife::{GradientSums, groups_of, measure};
use crate::curvature::RiskPoint;
use crate::emergent::freezing::Freezing;
use crate::emergent::measurement::Measurement;
use crate::error::{Error, Result};
use crate::random_matrix::{
    GaussianLogits, LogitEnsemble, LogitLabels, LogitMeans, LogitModel, LogitSpectrum, SoftmaxBlocks, SoftmaxCurvature,
};
use crate::scalar::Scalar;

/// The random model of Fort & Ganguli 2019 that belongs to a network at a point: its parameters, measured over the examples, with
/// what they vary by.
///
/// ```text
///     J_mk = c_k + E_mk in R^P,    v_m = w_m / sum w                 gradient of logit k of example m
///     K = c c',  c_k = sum_m v_m J_mk                                C x C: the means as they are
///     sigma_E^2 = sum_mk v_m |J_mk - c_k|^2 / (C P (1 - sum v^2)),   sigma_c^2 = tr K / (C P) - sigma_E^2 sum v^2
///     S_m = diag(p_m) - p_m p_m',   r_m = p_m - y_m,   sigma_z
/// ```
///
/// | prediction | means | probabilities |
/// | --- | --- | --- |
/// | [`spectrum`](Calibration::spectrum) | K, given | measured |
/// | [`drawn_spectrum`](Calibration::drawn_spectrum) | drawn: K = P sigma_c^2 I on average | measured |
/// | [`ensemble`](Calibration::ensemble) | drawn | drawn: softmax of normal logits of deviation sigma_z |
/// | [`margin_ensemble`](Calibration::margin_ensemble) | drawn | drawn: of deviation sigma_w, the true class's raised by a margin |
///
/// In all of them residues are isotropic in R^P, with the one deviation sigma_E, as in the paper.
///
/// **Errors** are by the jackknife over groups of examples, 10 unless set: each group is left out in turn, and the deviation of
/// what remains, times (G - 1) / sqrt(G), is the error of whatever is computed ([`Calibration::jackknife`]). It speaks of
/// other examples of the same distribution, with as many of each class; with ten groups it is itself known to a quarter.
/// Those of sigma_z and of Y_2 are over single examples. A single example has no errors, and cannot tell means from
/// residues: all is mean then.
///
/// Cost: N C gradients of one example for the norms; 2 C products with J' for the means and, group by group, for the jackknife;
/// N C^3 operations for the spectra of S_m. Memory: 2 C vectors of P, and N C^2 numbers.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::emergent::Calibration;
/// use eigenscape::network::{Activation, Initialization, Perceptron};
/// use eigenscape::objective::Objective;
/// use eigenscape::random::Key;
///
/// let network = Perceptron::new(&[6, 20, 3], Activation::Tanh)?;
/// let mut inputs = vec![0.0f64; 60 * 6];
/// Key::new(0).normal(0, &mut inputs);
/// let labels: Vec<usize> = (0..60).map(|example| example % 3).collect();
/// let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 6, &labels, 3)?)?;
/// let calibration = Calibration::measure(&risk.at(&Initialization::lecun().draw(&network, Key::new(1)))?)?;
///
/// let sigma_c = calibration.mean_deviation();
/// assert!(sigma_c.value > 0.0 && sigma_c.error.unwrap() < sigma_c.value);
/// assert_eq!(calibration.spectrum()?.outliers().len(), 2);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929. Shao & Tu 1995, doi:10.1007/978-1-4612-0795-5 (jackknife over groups).
#[derive(Clone, Debug)]
pub struct Calibration {
    parameters: usize,
    classes: usize,
    /// Each with its weight, its probabilities and its label.
    weights: Vec<f64>,
    logits: Vec<f64>,
    probabilities: Vec<f64>,
    labels: Vec<usize>,
    sums: GradientSums,
    blocks: Arc<SoftmaxBlocks>,
    freezing: Freezing,
    /// Without each group.
    without: Vec<GradientSums>,
}

impl Calibration {
    /// The default number of groups of the jackknife.
    pub const GROUPS: usize = 10;

    /// Measures it, with [`GROUPS`](Calibration::GROUPS) for the jackknife, or as many as there are examples.
    ///
    /// # Errors
    /// As [`Calibration::measure_groups`].
    pub fn measure<T: Scalar>(point: &RiskPoint<'_, T>) -> Result<Self> {
        Calibration::measure_groups(point, Calibration::GROUPS)
    }

    /// Measures it with a number of groups for the jackknife, at most N are used; fewer than 2 mean no errors.
    ///
    /// # Errors
    /// If the loss is not softmax cross-entropy, the examples have no labels, their weights sum to 0, a number is not finite, or
    /// there is not the memory to run a single example.
    pub fn measure_groups<T: Scalar>(point: &RiskPoint<'_, T>, groups: usize) -> Result<Self> {
        let (risk, classes) = (point.risk(), point.risk().outputs());
        let labels = risk
            .examples()
            .labels()
            .ok_or(Error::Empty { what: "the list of labels", remedy: "make the examples with `labelled`" })?;
        let double = |values: &[T]| -> Vec<f64> { values.iter().map(|value| value.f64()).collect() };
        let (probabilities, weights) = (double(&point.probabilities()?), double(risk.examples().weights()));
        let logits = double(&risk.logits(point.theta()));
        let freezing = Freezing::of(&logits, &probabilities, Some(labels), classes)?;
        let groups = groups.min(labels.len());
        let sums = measure(point, &groups_of(labels, classes, groups.max(1)), groups)?;
        Ok(Calibration {
            parameters: point.theta().len(),
            classes,
            blocks: Arc::new(SoftmaxBlocks::weighted(&probabilities, classes, &weights)?),
            weights,
            logits,
            probabilities,
            labels: labels.to_vec(),
            sums: sums.all,
            freezing,
            without: sums.without,
        })
    }

    /// P.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// N.
    pub fn examples(&self) -> usize {
        self.labels.len()
    }

    /// C.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The number of groups of the jackknife; 0 without errors.
    pub fn groups(&self) -> usize {
        self.without.len()
    }

    /// K = c c', the inner products of the means of the logits' gradients: C x C, row by row.
    pub fn gram(&self) -> &[f64] {
        &self.sums.gram
    }

    /// S_m of all examples.
    pub fn blocks(&self) -> &Arc<SoftmaxBlocks> {
        &self.blocks
    }

    /// How large logits are and how far probabilities are frozen.
    pub fn freezing(&self) -> &Freezing {
        &self.freezing
    }

    /// The labels, which make the residuals r = p - y.
    pub fn labels(&self) -> LogitLabels {
        LogitLabels::Given(self.labels.clone())
    }

    pub(crate) fn label_list(&self) -> &[usize] {
        &self.labels
    }

    /// r_m = p_m - y_m of all examples, N x C.
    pub fn residuals(&self) -> Vec<f64> {
        let mut residuals = self.probabilities.clone();
        for (row, &label) in residuals.chunks_exact_mut(self.classes).zip(&self.labels) {
            row[label] -= 1.0;
        }
        residuals
    }

    /// sigma_c, the deviation of a coordinate of a mean; at least 0.
    pub fn mean_deviation(&self) -> Measurement {
        self.measured(|calibration| calibration.deviations().0)
    }

    /// sigma_E, the deviation of a coordinate of a residue.
    pub fn residue_deviation(&self) -> Measurement {
        self.measured(|calibration| calibration.deviations().1)
    }

    /// sigma_c^2 / (sigma_c^2 + sigma_E^2); none where gradients of logits are 0.
    pub fn mean_share(&self) -> Option<Measurement> {
        let share = |calibration: &Calibration| {
            let (c, e) = calibration.deviations();
            c * c / (c * c + e * e)
        };
        share(self).is_finite().then(|| self.measured(share))
    }

    /// sigma_z, with its error over single examples.
    pub fn logit_deviation(&self) -> Measurement {
        Measurement::new(self.freezing.logit_deviation, self.freezing.logit_deviation_error)
    }

    /// Y_2 = mean sum_k p^2, with its error over single examples.
    pub fn power_sum(&self) -> Measurement {
        Measurement::new(self.freezing.power_sum, self.freezing.power_sum_error)
    }

    /// delta, the mean distance of the true class's logit from the mean of the others; none for a single class.
    pub fn margin(&self) -> Option<Measurement> {
        self.of_logits(|freezing| freezing.margin)
    }

    /// sigma_w, the deviation of logits but for the margin; none for a single class, or a single example of two.
    pub fn within_deviation(&self) -> Option<Measurement> {
        self.of_logits(|freezing| freezing.within_deviation)
    }

    /// The margin at which normal logits of deviation sigma_w freeze as far as the measured ones, by Y_2: that of
    /// [`margin_ensemble`](Calibration::margin_ensemble). None where [`Freezing::fitted_margin`] fails.
    pub fn fitted_margin(&self) -> Option<Measurement> {
        self.of_logits(|freezing| freezing.fitted_margin().ok())
    }

    /// What follows from logits and probabilities, with its jackknife error.
    fn of_logits(&self, of: impl Fn(&Freezing) -> Option<f64>) -> Option<Measurement> {
        let value = of(&self.freezing)?;
        if self.without.len() < 2 {
            return Some(Measurement::exact(value));
        }
        let without = |sums: &GradientSums| of(&self.freezing_of(&sums.members).ok()?);
        let values: Option<Vec<f64>> = self.without.iter().map(without).collect();
        Some(Measurement::new(value, values.map(|values| jackknife_error(&values))))
    }

    /// Logits and probabilities of some examples.
    fn freezing_of(&self, members: &[usize]) -> Result<Freezing> {
        let labels: Vec<usize> = members.iter().map(|&m| self.labels[m]).collect();
        let [logits, probabilities] = [&self.logits, &self.probabilities].map(|of| rows(of, members, self.classes));
        Freezing::of(&logits, &probabilities, Some(&labels), self.classes)
    }

    /// sigma_c and sigma_E.
    fn deviations(&self) -> (f64, f64) {
        let GradientSums { gram, squared_norm, concentration, .. } = &self.sums;
        let means: f64 = gram.iter().step_by(self.classes + 1).sum();
        deviations(means, *squared_norm, *concentration, self.classes * self.parameters)
    }

    /// The prediction for means and probabilities as measured: the paper's model, given the network.
    ///
    /// # Errors
    /// As [`LogitSpectrum::new`]: if there are no more parameters than the means span.
    pub fn spectrum(&self) -> Result<LogitSpectrum> {
        let means = LogitMeans::given(&self.sums.gram);
        LogitSpectrum::new(Arc::clone(&self.blocks), self.parameters, means, self.deviations().1)
    }

    /// The prediction for means that are drawn with the measured sigma_c, K = P sigma_c^2 I on average, at the measured
    /// probabilities.
    ///
    /// # Errors
    /// As [`LogitSpectrum::new`].
    pub fn drawn_spectrum(&self) -> Result<LogitSpectrum> {
        let (sigma_c, sigma_e) = self.deviations();
        let means = LogitMeans::isotropic(self.parameters, self.classes, sigma_c);
        LogitSpectrum::new(Arc::clone(&self.blocks), self.parameters, means, sigma_e)
    }

    /// The model whose means and logits are drawn both: P, N, C and three deviations are all that it knows of the network.
    ///
    /// # Errors
    /// If sigma_z is above 1000.
    pub fn ensemble(&self) -> Result<LogitEnsemble> {
        let (sigma_c, sigma_e) = self.deviations();
        let logits = GaussianLogits::new(self.classes, self.freezing.logit_deviation)?;
        LogitEnsemble::new(self.parameters, self.examples(), sigma_c, sigma_e, logits)
    }

    /// The same with a margin: logits of deviation sigma_w, the true class's raised as far as makes Y_2 the measured one, on as
    /// many examples of each class as there are.
    ///
    /// # Errors
    /// As [`Freezing::fitted_margin`].
    pub fn margin_ensemble(&self) -> Result<LogitEnsemble> {
        let ((sigma_c, sigma_e), freezing) = (self.deviations(), &self.freezing);
        let mut counts = vec![0.0; self.classes];
        self.labels.iter().for_each(|&label| counts[label] += 1.0);
        LogitEnsemble::new(self.parameters, self.examples(), sigma_c, sigma_e, freezing.within_logits()?)?
            .with_margin(freezing.fitted_margin()?, &counts)
    }

    /// Traces and norms, in the whole space and on random planes, at the measured probabilities.
    ///
    /// # Errors
    /// If a deviation's square is not finite.
    pub fn model(&self) -> Result<LogitModel> {
        let (sigma_c, sigma_e) = self.deviations();
        let curvature = SoftmaxCurvature::weighted(&self.probabilities, self.classes, &self.weights)?;
        LogitModel::new(self.parameters, sigma_c, sigma_e, curvature)
    }

    /// The standard errors over examples of anything that follows from the parameters: numbers of one list, each with its
    /// error, none where a number is missing without some group. None without groups.
    ///
    /// ```text
    ///     error^2 = (G - 1) / G sum_g (x_g - mean x)^2,     x_g: without group g
    /// ```
    ///
    /// Cost: the statistic G times, with N C^3 operations for the spectra of S_m in each.
    ///
    /// # Errors
    /// As the statistic.
    pub fn jackknife(
        &self,
        statistic: impl Fn(&Calibration) -> Result<Vec<Option<f64>>>,
    ) -> Result<Option<Vec<Option<f64>>>> {
        if self.without.len() < 2 {
            return Ok(None);
        }
        let lists = (0..self.without.len()).map(|g| statistic(&self.replicate(g)?)).collect::<Result<Vec<_>>>()?;
        let shortest = lists.iter().map(Vec::len).min().unwrap_or(0);
        let error = |at: usize| {
            let values: Option<Vec<f64>> = lists.iter().map(|list| list[at]).collect();
            values.map(|values| jackknife_error(&values))
        };
        Ok(Some((0..shortest).map(error).collect()))
    }

    /// The calibration without a group, and without groups of its own.
    fn replicate(&self, group: usize) -> Result<Calibration> {
        let sums = self.without[group].clone();
        let total: f64 = self.weights.iter().sum();
        let mut weights = rows(&self.weights, &sums.members, 1);
        let remaining: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight *= total / remaining);
        let probabilities = rows(&self.probabilities, &sums.members, self.classes);
        Ok(Calibration {
            parameters: self.parameters,
            classes: self.classes,
            blocks: Arc::new(SoftmaxBlocks::weighted(&probabilities, self.classes, &weights)?),
            weights,
            logits: rows(&self.logits, &sums.members, self.classes),
            probabilities,
            labels: sums.members.iter().map(|&m| self.labels[m]).collect(),
            freezing: self.freezing_of(&sums.members)?,
            sums,
            without: Vec::new(),
        })
    }

    /// A number that needs no spectrum, with its jackknife error.
    fn measured(&self, of: impl Fn(&Calibration) -> f64) -> Measurement {
        if self.without.len() < 2 {
            return Measurement::exact(of(self));
        }
        let mut reduced = Calibration { without: Vec::new(), ..self.clone() };
        let mut values = Vec::with_capacity(self.without.len());
        for sums in &self.without {
            reduced.sums = sums.clone();
            values.push(of(&reduced));
        }
        Measurement::new(of(self), Some(jackknife_error(&values)))
    }
}

/// Some rows of so many numbers each.
fn rows(values: &[f64], members: &[usize], len: usize) -> Vec<f64> {
    members.iter().flat_map(|&m| &values[m * len..][..len]).copied().collect()
}

fn jackknife_error(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    ((count - 1.0) / count * squares).sqrt()
}
