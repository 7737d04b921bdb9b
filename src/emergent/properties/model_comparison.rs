//! The settings of a comparison, and how it is made.

use std::ops::ControlFlow;

use super::comparison::{Comparison, ComparisonRow, Prediction, Property};
use super::curvature_reading::{MeanSpan, TopReading, TraceReading, bulk_edge};
use super::model_prediction::{ensemble_largest, of_spectrum};
use crate::curvature::RiskPoint;
use crate::emergent::goldilocks::sample::KeyMean;
use crate::emergent::gradients::calibration::Calibration;
use crate::emergent::measurement::Measurement;
use crate::emergent::model::logit_sample::LogitSample;
use crate::error::{Error, Result};
use crate::krylov::Eigensolver;
use crate::objective::{Objective, Point};
use crate::random::Key;
use crate::scalar::Scalar;

/// Compares the random model's predictions with a network's curvature at a point.
///
/// | property | measured, of G and of H | predicted |
/// | --- | --- | --- |
/// | eigenvalues one by one | [`Eigensolver`], with its error bound | outliers with repulsion, deviation, alpha and validity; after them the end of the bulk |
/// | outliers | eigenvectors by more than half in the span of the c_k | those that detach |
/// | bulk edge | largest eigenvalue of sum_m w_m E_m'S_m E_m | the mean of the bulk's largest |
/// | trace | exactly of G, by probes of H | exact for the model |
/// | norm, trace / norm | by probes beside the eigenpairs | exact for the model; ratio of means |
/// | overlaps with the span of the c_k | J v | alpha |
/// | length of the gradient, its share in the top C - 1 and C | g, v . g | root and ratio of means, given labels |
///
/// The models are [`Comparison::GIVEN_MEANS`], with errors by the jackknife of [`Calibration`], [`Comparison::DRAWN_MEANS`],
/// [`Comparison::ENSEMBLE`] for the largest eigenvalue, and [`Comparison::SAMPLED`]: draws of the model at the measured
/// probabilities, with the means drawn too, to which the same measurements are applied. Others are added by
/// [`Comparison::predict`]. Overlaps are with the means over these examples, which have residues in them: of draws with few examples
/// they lie above alpha. Errors of what is measured are of the method: the examples are the same for measurement and
/// prediction. A predicted one is the deviation from draw to draw together with the calibration's.
///
/// **What was found**, on digits with a tanh perceptron 64-64-64-10 at its start, over five keys: outliers predicted 0 to 5 % low
/// (2 to 4 % in the median of each key), all nine of them; the trace within 2 %, the norm 6 to 8 % low; the end of the bulk 1/60
/// of the measured one, as residues live in some 150 dimensions and not in all P; the gradient's share in the outliers .8 to .9
/// where .1 to .25 was measured, since residuals and residues depend on the class both. Outliers that are predicted below the
/// measured bulk are not there to be found: [`Comparison::is_buried`]. For relu (64-32-32-10, 600 digits) that is the fate of
/// the last four; the first five were within 6 %. After 30 steps of training (tanh) the model is 35 to 60 % low.
///
/// [`ModelComparison::examples`] takes some of the examples, as if they were all; measurement and prediction then are of these.
///
/// Cost: the calibration; 2 N C gradients of one example; some 60 products with each of H and G for the eigenpairs, and one
/// for each probe; the spectrum (N C^3 operations) once for each group of the jackknife. The sampled model costs 4 N C P
/// operations for each of its 100 products, and is left out, with a note, above 2^28 entries of J.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::emergent::{Comparison, ModelComparison, Property};
/// use eigenscape::network::{Activation, Initialization, Perceptron};
/// use eigenscape::objective::Objective;
/// use eigenscape::random::Key;
///
/// let network = Perceptron::new(&[6, 20, 3], Activation::Tanh)?;
/// let mut inputs = vec![0.0f64; 60 * 6];
/// Key::new(0).normal(0, &mut inputs);
/// let labels: Vec<usize> = (0..60).map(|example| example % 3).collect();
/// let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 6, &labels, 3)?)?;
/// let point = risk.at(&Initialization::lecun().draw(&network, Key::new(1)))?;
///
/// let comparison = ModelComparison::new(Key::new(2)).probes(10).run(&point)?;
/// println!("{comparison}");
/// let trace = comparison.row(Property::Trace).unwrap();
/// assert!(trace.difference(Comparison::GIVEN_MEANS).unwrap().abs() < 0.1);
/// // Inputs about zero: gradients hardly cluster, and the bulk of the residues reaches beyond the predicted outlier.
/// assert!(comparison.is_buried(0, Comparison::GIVEN_MEANS));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ModelComparison {
    key: Key,
    eigenpairs: Option<usize>,
    draws: usize,
    ensemble_draws: usize,
    probes: usize,
    examples: Option<usize>,
    groups: usize,
}

/// What a comparison does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ComparisonStage {
    /// Eigenpairs of G.
    GaussNewton,
    /// Eigenpairs of H.
    Hessian,
    /// Traces and norms.
    Traces,
    /// The predictions.
    Predictions,
    /// Their errors by the jackknife.
    Errors,
    /// The ensemble's largest eigenvalue.
    Ensemble,
    /// A draw of the model, counted from 0.
    Draw(usize),
}

/// What an observer of a comparison is told before each stage.
#[derive(Clone, Copy, Debug)]
pub struct ComparisonProgress<'a> {
    /// The number of stages done.
    pub done: usize,
    /// Their number in all.
    pub total: usize,
    /// The next one.
    pub next: ComparisonStage,
    /// What is known.
    pub known: &'a Comparison,
}

/// J of the sampled model has at most so many entries: 1 GiB in single precision.
const LARGEST_SAMPLE: u128 = 1 << 28;

/// Vectors of the sampled model whose dual is decomposed, for its exact trace and norm.
const DUAL: usize = 1500;

impl ModelComparison {
    /// A comparison with 1 eigenpair more than classes, 30 probes, 1 draw of the model, 4 of the ensemble, all examples, and the
    /// calibration's number of groups. Random numbers come from children of `key`.
    pub fn new(key: Key) -> Self {
        let groups = Calibration::GROUPS;
        ModelComparison { key, eigenpairs: None, draws: 1, ensemble_draws: 4, probes: 30, examples: None, groups }
    }

    /// Sets the number of eigenpairs; at most P are taken.
    pub fn eigenpairs(self, count: usize) -> Self {
        ModelComparison { eigenpairs: Some(count), ..self }
    }

    /// Sets the number of draws of the model that are measured; 0 for none.
    pub fn draws(self, draws: usize) -> Self {
        ModelComparison { draws, ..self }
    }

    /// Sets the number of draws of the ensemble; 0 for none.
    pub fn ensemble_draws(self, draws: usize) -> Self {
        ModelComparison { ensemble_draws: draws, ..self }
    }

    /// Sets the number of probes of traces and norms; 0 for none.
    pub fn probes(self, probes: usize) -> Self {
        ModelComparison { probes, ..self }
    }

    /// Compares on so many examples, drawn without replacement, or on all if there are fewer. Those that are drawn count alike,
    /// whatever their weights were.
    pub fn examples(self, count: usize) -> Self {
        ModelComparison { examples: Some(count), ..self }
    }

    /// Sets the number of groups of the jackknife; fewer than 2 for no errors.
    pub fn groups(self, groups: usize) -> Self {
        ModelComparison { groups, ..self }
    }

    /// Compares.
    ///
    /// # Errors
    /// As [`Calibration::measure`], or if an eigenproblem's product is not finite, or no eigenpairs or examples are asked for.
    pub fn run<T: Scalar>(&self, point: &RiskPoint<'_, T>) -> Result<Comparison> {
        self.observe(point, |_| ControlFlow::Continue(()))
    }

    /// Compares and tells `observer` before each stage; it can stop the run, and what is known is returned.
    ///
    /// # Errors
    /// As [`ModelComparison::run`].
    pub fn observe<T: Scalar>(
        &self,
        point: &RiskPoint<'_, T>,
        mut observer: impl FnMut(ComparisonProgress<'_>) -> ControlFlow<()>,
    ) -> Result<Comparison> {
        let count = point.risk().examples().count();
        match self.examples {
            Some(some) if some < count => {
                let subset = point.risk().mini_batch(some, self.key.split(0))?;
                self.compare(&subset.at(point.theta())?, &mut observer)
            }
            _ => self.compare(point, &mut observer),
        }
    }

    fn compare<T: Scalar>(
        &self,
        point: &RiskPoint<'_, T>,
        observer: &mut dyn FnMut(ComparisonProgress<'_>) -> ControlFlow<()>,
    ) -> Result<Comparison> {
        let calibration = Calibration::measure_groups(point, self.groups)?;
        let (parameters, classes) = (calibration.parameters(), calibration.classes());
        let count = self.eigenpairs.unwrap_or(classes + 1).min(parameters);
        Error::at_least("the number of eigenpairs of a comparison", count, 1, "must be at least 1")?;
        let mut comparison = empty(&calibration, count);
        let mut stages = vec![ComparisonStage::GaussNewton, ComparisonStage::Hessian];
        if self.probes > 0 {
            stages.push(ComparisonStage::Traces);
        }
        stages.push(ComparisonStage::Predictions);
        if calibration.groups() > 1 {
            stages.push(ComparisonStage::Errors);
        }
        if self.ensemble_draws > 0 {
            stages.push(ComparisonStage::Ensemble);
        }
        stages.extend((0..self.draws).map(ComparisonStage::Draw));

        let mut work =
            Work { settings: self, point, calibration: &calibration, count, tops: Vec::new(), draws: vec![] };
        for (done, &next) in stages.iter().enumerate() {
            let progress = ComparisonProgress { done, total: stages.len(), next, known: &comparison };
            if observer(progress).is_break() {
                comparison.complete = false;
                return Ok(comparison);
            }
            work.advance(next, &mut comparison)?;
        }
        Ok(comparison)
    }
}

/// A table without numbers.
fn empty(calibration: &Calibration, count: usize) -> Comparison {
    let classes = calibration.classes();
    let outliers = (classes - 1).min(count);
    let mut properties: Vec<Property> = (0..count).map(Property::Eigenvalue).collect();
    properties.extend([Property::Outliers, Property::BulkEdge, Property::Trace, Property::Norm, Property::Ratio]);
    properties.extend((0..outliers).map(Property::Overlap));
    properties.push(Property::GradientNorm);
    let shares = [classes - 1, classes].into_iter().filter(|&k| (1..=count).contains(&k));
    properties.extend(shares.map(Property::GradientShare));
    let row = |property| ComparisonRow { property, gauss_newton: None, hessian: None, predictions: Vec::new() };
    Comparison {
        parameters: calibration.parameters(),
        examples: calibration.examples(),
        classes,
        mean_deviation: calibration.mean_deviation(),
        residue_deviation: calibration.residue_deviation(),
        logit_deviation: calibration.logit_deviation(),
        rows: properties.into_iter().map(row).collect(),
        notes: Vec::new(),
        complete: true,
    }
}

struct Work<'a, 'r, T> {
    settings: &'a ModelComparison,
    point: &'a RiskPoint<'r, T>,
    calibration: &'a Calibration,
    count: usize,
    /// Of G, and of H.
    tops: Vec<TopReading<T>>,
    /// What each draw says of each row.
    draws: Vec<Vec<Option<f64>>>,
}

impl<T: Scalar> Work<'_, '_, T> {
    fn advance(&mut self, stage: ComparisonStage, comparison: &mut Comparison) -> Result<()> {
        match stage {
            ComparisonStage::GaussNewton => self.top(true, comparison),
            ComparisonStage::Hessian => self.top(false, comparison),
            ComparisonStage::Traces => self.traces(comparison),
            ComparisonStage::Predictions => self.predict(comparison),
            ComparisonStage::Errors => self.errors(comparison),
            ComparisonStage::Ensemble => self.ensemble(comparison),
            ComparisonStage::Draw(draw) => self.draw(draw, comparison),
        }
    }

    fn key(&self, use_of: u64) -> Key {
        self.settings.key.split(use_of)
    }

    fn top(&mut self, gauss_newton: bool, comparison: &mut Comparison) -> Result<()> {
        let (point, blocks) = (self.point, self.calibration.blocks());
        let span = MeanSpan::new::<T>(blocks, self.calibration.gram())?;
        let solver = solver(self.count, self.key(1));
        let (jacobian, gradient) = (point.jacobian(), point.gradient());
        let reading = match gauss_newton {
            true => TopReading::of(&point.gauss_newton(), &jacobian, &span, gradient, solver)?,
            false => TopReading::of(&point.hessian(), &jacobian, &span, gradient, solver)?,
        };
        let edge = if gauss_newton { Some(bulk_edge(&jacobian, blocks, self.key(2))?) } else { None };
        for row in &mut comparison.rows {
            let measured = if row.property == Property::BulkEdge { edge } else { reading.measurement(row.property) };
            if gauss_newton { row.gauss_newton = measured } else { row.hessian = measured }
        }
        self.tops.push(reading);
        Ok(())
    }

    fn traces(&self, comparison: &mut Comparison) -> Result<()> {
        let (point, probes) = (self.point, self.settings.probes);
        let [gauss_newton, hessian] = &self.tops[..] else { return Ok(()) };
        let exact: f64 =
            crate::operator::Gram::new(point.gauss_newton_root()?).diagonal()?.iter().map(|x| x.f64()).sum();
        let mut of_gauss_newton = TraceReading::of(&point.gauss_newton(), &gauss_newton.pairs, probes, self.key(3))?;
        of_gauss_newton.trace = Measurement::exact(exact);
        let norm = of_gauss_newton.norm;
        if let Some(ratio) = &mut of_gauss_newton.ratio {
            let value = exact / norm.value;
            *ratio = Measurement::new(value, norm.error.map(|error| value * error / norm.value));
        }
        let of_hessian = TraceReading::of(&point.hessian(), &hessian.pairs, probes, self.key(4))?;
        for row in &mut comparison.rows {
            if let Some(measured) = of_gauss_newton.measurement(row.property) {
                row.gauss_newton = Some(measured);
                row.hessian = of_hessian.measurement(row.property);
            }
        }
        Ok(())
    }

    fn predict(&self, comparison: &mut Comparison) -> Result<()> {
        let calibration = self.calibration;
        let properties: Vec<Property> = comparison.rows.iter().map(|row| row.property).collect();
        for (model, given) in [(Comparison::GIVEN_MEANS, true), (Comparison::DRAWN_MEANS, false)] {
            let spectrum = if given { calibration.spectrum() } else { calibration.drawn_spectrum() };
            let spectrum = match spectrum {
                Ok(spectrum) => spectrum,
                Err(error) => {
                    comparison.notes.push(format!("{model}: {error}"));
                    continue;
                }
            };
            let mut predictions = of_spectrum(&spectrum, &calibration.labels(), &properties, self.key(7))?.into_iter();
            comparison.predict(model, |_| predictions.next().flatten());
        }
        Ok(())
    }

    fn errors(&self, comparison: &mut Comparison) -> Result<()> {
        let properties: Vec<Property> = comparison.rows.iter().map(|row| row.property).collect();
        let values = |calibration: &Calibration| {
            let predictions = of_spectrum(&calibration.spectrum()?, &calibration.labels(), &properties, self.key(7))?;
            Ok(predictions.into_iter().map(|prediction| Some(prediction?.value)).collect())
        };
        // Means that leave no room for residues have a note already.
        let Ok(Some(errors)) = self.calibration.jackknife(values) else { return Ok(()) };
        for (row, error) in comparison.rows.iter_mut().zip(errors) {
            let given = row.predictions.iter_mut().find(|prediction| prediction.model == Comparison::GIVEN_MEANS);
            if let Some(prediction) = given {
                prediction.calibration_error = error;
            }
        }
        Ok(())
    }

    fn ensemble(&self, comparison: &mut Comparison) -> Result<()> {
        match ensemble_largest(self.calibration, self.settings.ensemble_draws, self.key(5)) {
            Ok(prediction) => comparison.predict(Comparison::ENSEMBLE, |property| {
                (property == Property::Eigenvalue(0)).then(|| prediction.clone())
            }),
            Err(error) => comparison.notes.push(format!("{}: {error}", Comparison::ENSEMBLE)),
        }
        Ok(())
    }

    fn draw(&mut self, draw: usize, comparison: &mut Comparison) -> Result<()> {
        let calibration = self.calibration;
        let logits = calibration.examples() * calibration.classes();
        let entries = logits as u128 * calibration.parameters() as u128;
        if entries > LARGEST_SAMPLE {
            if draw == 0 {
                let model = Comparison::SAMPLED;
                let note = format!("{model}: left out, as N C P = {entries} is above {LARGEST_SAMPLE}: set `examples`");
                comparison.notes.push(note);
            }
            return Ok(());
        }
        let (blocks, key) = (calibration.blocks(), self.key(6).split(draw as u64));
        let (sigma_c, sigma_e) = (calibration.mean_deviation().value, calibration.residue_deviation().value);
        let parameters = calibration.parameters();
        let sample = LogitSample::<f32>::new((**blocks).clone(), parameters, sigma_c, sigma_e, key.split(0))?;
        let (jacobian, hessian) = (sample.jacobian(), sample.hessian());
        let span = MeanSpan::of_jacobian(blocks, &jacobian)?;
        let gradient = sample.gradient(calibration.label_list())?;
        let top = TopReading::of(&hessian, &jacobian, &span, &gradient, solver(self.count, key.split(1)))?;
        let edge = bulk_edge(&jacobian, blocks, key.split(2))?;
        let traces = match self.settings.probes {
            _ if logits <= DUAL => Some(TraceReading::of_eigenvalues(&sample.eigenvalues()?)),
            0 => None,
            probes => Some(TraceReading::of(&hessian, &top.pairs, probes, key.split(3))?),
        };
        let value = |row: &ComparisonRow| {
            let measured = match row.property {
                Property::BulkEdge => Some(edge),
                property => top
                    .measurement(property)
                    .or_else(|| traces.as_ref().and_then(|traces| traces.measurement(property))),
            };
            measured.map(|measured| measured.value)
        };
        self.draws.push(comparison.rows.iter().map(value).collect());
        let draws = &self.draws;
        for (at, row) in comparison.rows.iter_mut().enumerate() {
            let Some(mean) = KeyMean::of(draws.iter().filter_map(|draw| draw[at])) else { continue };
            row.predictions.retain(|earlier| earlier.model != Comparison::SAMPLED);
            let deviation = mean.standard_error.map(|error| error * (mean.keys as f64).sqrt());
            row.predictions.push(Prediction { deviation, ..Prediction::new(Comparison::SAMPLED, mean.mean) });
        }
        Ok(())
    }
}

/// Eigenvalues to a millionth of the largest: errors are the squares of residuals.
fn solver(count: usize, key: Key) -> Eigensolver {
    Eigensolver::new(count, key).relative_tolerance(1e-3)
}
