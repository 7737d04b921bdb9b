//! Curvature and the model's account of it along training.

use std::ops::ControlFlow;

use super::tracked_clustering::{class_blocks, read};
use super::tracked_means::TrackedMeans;
use super::tracked_pairs::{TrackedMatrix, TrackedPairs};
use super::tracked_row::{PredictedLargest, TrackedRow};
use crate::curvature::{Risk, RiskPoint};
use crate::emergent::freezing::Freezing;
use crate::emergent::measurement::Measurement;
use crate::emergent::properties::curvature_reading::MeanSpan;
use crate::error::{Error, Result};
use crate::krylov::Eigensolver;
use crate::linalg::{dot, norm};
use crate::objective::{Objective, Point};
use crate::operator::LinearOperator;
use crate::optimize::Progress;
use crate::random::Key;
use crate::random_matrix::{DrawMean, LogitEnsemble, LogitMeans, LogitSpectrum, SoftmaxBlocks};
use crate::scalar::Scalar;

/// Follows the curvature of a classifier through its training, at a stated cost: every so many steps, on a fixed set of examples.
///
/// ```text
///     top eigenpairs of G or H, from those of the row before;   the gradient's share in them, their overlap with the means
///     sigma_c, sigma_E, sigma_z, and what the random model makes of them:   lambda_1 from c c', S_m, sigma_E;
///                                                                          lambda_1 from the three deviations alone
///                                                                          lambda_1 from these and the margin of the true class
///     freezing, |H - G| / |G|, clustering, and how far the kernel's class blocks have turned since the first row
/// ```
///
/// The third prediction is the model's account of the rise and fall of the largest eigenvalue: it rises while logit gradients
/// grow and falls as probabilities freeze. The second one, whose logits are as large but have no margin, does not fall: normal
/// logits freeze too slowly (see [`GaussianLogits::peak`](crate::random_matrix::GaussianLogits::peak)).
///
/// A row costs, on n examples: some [`eigenpairs`](Tracker::eigenpairs) x 3 products with G; C products with J' for the means, and one
/// for each [probe](Tracker::probes) for sigma_E, instead of n C gradients; a product with each of G and H - G for two of the
/// probes; n C^4 operations for each prediction (20 classes: 0.1 s, 50: some seconds). Every [`clustering`](Tracker::clustering) rows come C^2 products with J and J'.
///
/// Measured at the defaults, with a perceptron 784-128-128-10 on 10,000 images of MNIST and 20 epochs of gradient descent, on two virtual cores: a
/// row took 78 ms and one with clustering 148 ms beside 0.41 ms for a step; the first and the last row included, 15 % of the time of training in
/// batches of 32 and 16 % in batches of 64. Eigenvectors of 500
/// steps before saved no products beside a random start: 35 for ten pairs either way.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Tracker {
    key: Key,
    every: u64,
    also: Vec<u64>,
    matrix: TrackedMatrix,
    eigenpairs: Option<usize>,
    tolerance: f64,
    examples: usize,
    probes: usize,
    remainder_probes: usize,
    draws: usize,
    clustering: u64,
}

impl Tracker {
    /// A tracker that looks every 2500 steps, and at the last, at 128 examples: C eigenpairs of G, 16 probes for sigma_E, 2 for the
    /// remainder, 1 draw of each ensemble, clustering in every tenth row. Random numbers come from children of `key`.
    pub fn new(key: Key) -> Self {
        Tracker {
            key,
            every: 2500,
            also: Vec::new(),
            matrix: TrackedMatrix::default(),
            eigenpairs: None,
            tolerance: 1e-2,
            examples: 128,
            probes: 16,
            remainder_probes: 2,
            draws: 1,
            clustering: 10,
        }
    }

    /// Sets the number of steps between two rows.
    ///
    /// # Errors
    /// If it is 0.
    pub fn every(self, steps: u64) -> Result<Self> {
        let value = usize::try_from(steps).unwrap_or(usize::MAX);
        Error::at_least("the number of steps between two rows", value, 1, "must be at least 1")?;
        Ok(Tracker { every: steps, ..self })
    }

    /// Adds steps of their own to look at: early ones, where most happens.
    pub fn also_at(self, steps: &[u64]) -> Self {
        Tracker { also: steps.to_vec(), ..self }
    }

    /// Sets the matrix.
    pub fn matrix(self, matrix: TrackedMatrix) -> Self {
        Tracker { matrix, ..self }
    }

    /// Sets the number of eigenpairs, at most P; 1 for the largest eigenvalue alone.
    ///
    /// # Errors
    /// If it is 0.
    pub fn eigenpairs(self, count: usize) -> Result<Self> {
        Error::at_least("the number of tracked eigenpairs", count, 1, "must be at least 1")?;
        Ok(Tracker { eigenpairs: Some(count), ..self })
    }

    /// Sets the residual norm of eigenpairs, relative to the largest eigenvalue; eigenvalues err by its square over the gap.
    ///
    /// # Errors
    /// Unless it lies between 1e-5 and 0.5.
    pub fn tolerance(self, relative: f64) -> Result<Self> {
        if !(1e-5..=0.5).contains(&relative) {
            let limits = "must lie in [1e-5, 0.5]: finer ones are an `Eigensolver`'s";
            return Err(Error::OutOfRange { what: "the tolerance of tracked eigenpairs", value: relative, limits });
        }
        Ok(Tracker { tolerance: relative, ..self })
    }

    /// Sets the number of examples that are looked at, drawn without replacement; all, if there are fewer.
    ///
    /// # Errors
    /// If it is 0.
    pub fn examples(self, count: usize) -> Result<Self> {
        Error::at_least("the number of tracked examples", count, 1, "must be at least 1")?;
        Ok(Tracker { examples: count, ..self })
    }

    /// Sets the number of probes for sigma_E.
    ///
    /// # Errors
    /// If it is 0.
    pub fn probes(self, probes: usize) -> Result<Self> {
        Error::at_least("the number of probes of residues", probes, 1, "must be at least 1; 2 for an error")?;
        Ok(Tracker { probes, ..self })
    }

    /// Sets the number of probes for |H - G| / |G|; 0 leaves it out.
    pub fn remainder_probes(self, probes: usize) -> Self {
        Tracker { remainder_probes: probes, ..self }
    }

    /// Sets the number of draws of the ensemble for the prediction from three deviations; 0 leaves it out.
    pub fn draws(self, draws: usize) -> Self {
        Tracker { draws, ..self }
    }

    /// Sets after how many rows clustering is looked at again, from the first row on; 0 leaves it out.
    pub fn clustering(self, rows: u64) -> Self {
        Tracker { clustering: rows, ..self }
    }

    /// The risk on the tracker's examples: the same ones whenever it is asked. They count alike, whatever their weights were, as
    /// in any [`Risk::mini_batch`]; give [`TrackerRun::record`] a risk of your own for others.
    ///
    /// # Errors
    /// As [`Risk::mini_batch`].
    pub fn watched<T: Scalar>(&self, risk: &Risk<T>) -> Result<Risk<T>> {
        risk.mini_batch(self.examples.min(risk.examples().count()), self.key.split(0))
    }

    /// Begins, with nothing recorded.
    pub fn begin<T: Scalar>(&self) -> TrackerRun<T> {
        TrackerRun { settings: self.clone(), rows: Vec::new(), start: Vec::new(), first: None, failure: None }
    }

    /// The same, if a file says nothing that setters would refuse.
    #[cfg(feature = "serde")]
    fn validated(self) -> Result<Self> {
        let (every, tolerance, examples, probes) = (self.every, self.tolerance, self.examples, self.probes);
        let checked = self.every(every)?.tolerance(tolerance)?.examples(examples)?.probes(probes)?;
        match checked.eigenpairs {
            Some(count) => checked.eigenpairs(count),
            None => Ok(checked),
        }
    }

    /// Whether a row is due after so many steps.
    fn is_due(&self, step: u64) -> bool {
        step.is_multiple_of(self.every) || self.also.contains(&step)
    }
}

/// What a [`Tracker`] has recorded, with the eigenvectors that the next row starts from. It can be saved between two steps
/// (feature `serde`) and resumed to the same rows.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::emergent::Tracker;
/// use eigenscape::network::{Activation, Initialization, Perceptron};
/// use eigenscape::optimize::{GradientDescent, descend};
/// use eigenscape::random::Key;
///
/// let network = Perceptron::new(&[6, 20, 3], Activation::Tanh)?;
/// let mut inputs = vec![0.0f64; 60 * 6];
/// Key::new(0).normal(0, &mut inputs);
/// let labels: Vec<usize> = (0..60).map(|example| example % 3).collect();
/// let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 6, &labels, 3)?)?;
/// let batches = risk.mini_batches(20, Key::new(1))?;
///
/// let tracker = Tracker::new(Key::new(2)).every(50)?.examples(40)?;
/// let (watched, mut run) = (tracker.watched(&risk)?, tracker.begin());
/// let start = Initialization::lecun().draw(&network, Key::new(3));
/// let mut rule = GradientDescent::new(0.3)?;
/// let _end = descend(&batches, &start, &mut rule, 100, |progress| run.visit(&watched, progress))?;
/// run.require()?;
/// assert_eq!(run.rows().iter().map(|row| row.step).collect::<Vec<_>>(), [0, 50, 100]);
/// assert!(run.rows()[2].freezing.power_sum > run.rows()[0].freezing.power_sum);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::TrackerRun<T>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
pub struct TrackerRun<T> {
    settings: Tracker,
    rows: Vec<TrackedRow>,
    /// What the next search starts from: the eigenvectors of the last row, or their images under the root of G.
    start: Vec<T>,
    /// The class blocks of the kernel in the first row.
    first: Option<Vec<f64>>,
    failure: Option<Error>,
}

impl<T: Scalar> TrackerRun<T> {
    /// What an observer of a descent calls: records a row if one is due, on the risk that [`Tracker::watched`] gave. A failure to
    /// measure breaks the descent, and is told by [`TrackerRun::require`].
    pub fn visit(&mut self, watched: &Risk<T>, progress: Progress<'_, T>) -> ControlFlow<()> {
        let due = self.settings.is_due(progress.step) || progress.step == progress.steps;
        // A resumed descent begins with the step that it was saved at.
        if !due || self.rows.last().is_some_and(|row| row.step >= progress.step) {
            return ControlFlow::Continue(());
        }
        match self.record(watched, progress.step, progress.theta) {
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Fails if a visit did.
    ///
    /// # Errors
    /// As [`TrackerRun::record`].
    pub fn require(&self) -> Result<()> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Records a row now.
    ///
    /// # Errors
    /// If the loss is not softmax cross-entropy, the examples' weights sum to 0, a number is not finite, or
    /// the network has another number of parameters than before.
    pub fn record(&mut self, watched: &Risk<T>, step: u64, theta: &[T]) -> Result<&TrackedRow> {
        let point = watched.at(theta)?;
        let cluster = match self.settings.clustering {
            0 => false,
            rows => (self.rows.len() as u64).is_multiple_of(rows),
        };
        let row = self.measure(&point, step, cluster)?;
        self.rows.push(row);
        Ok(&self.rows[self.rows.len() - 1])
    }

    /// The settings.
    pub fn settings(&self) -> &Tracker {
        &self.settings
    }

    /// What was recorded.
    pub fn rows(&self) -> &[TrackedRow] {
        &self.rows
    }

    fn measure(&mut self, point: &RiskPoint<'_, T>, step: u64, cluster: bool) -> Result<TrackedRow> {
        let settings = self.settings.clone();
        let (risk, classes) = (point.risk(), point.risk().outputs());
        let key = settings.key.split(1).split(step);
        let freezing = Freezing::measure(point)?;
        let double = |values: &[T]| -> Vec<f64> { values.iter().map(|value| value.f64()).collect() };
        let (probabilities, weights) = (double(&point.probabilities()?), double(risk.examples().weights()));
        let blocks = SoftmaxBlocks::weighted(&probabilities, classes, &weights)?;
        let total: f64 = weights.iter().sum();
        Error::positive("the sum of the weights of the examples", total)?;
        let shares: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        let jacobian = point.jacobian();
        let means = TrackedMeans::measure(&jacobian, (&shares, classes), settings.probes, key.split(0))?;

        let span = MeanSpan::new::<T>(&blocks, &means.gram)?;
        let size = point.theta().len();
        let count = settings.eigenpairs.unwrap_or(classes).min(size);
        let solver = Eigensolver::new(count, key.split(1)).relative_tolerance(settings.tolerance);
        let top = TrackedPairs::search(point, settings.matrix, solver.check_multiplicity(false), count, &self.start)?;
        let mut tangents = vec![T::zero(); top.values.len() * jacobian.rows()];
        jacobian.apply_block(&top.vectors, &mut tangents, top.values.len());
        let overlaps = tangents.chunks_exact(jacobian.rows()).map(|tangent| span.overlap(tangent)).collect();
        let length = norm(point.gradient());
        let power = |vector: &[T]| (dot(vector, point.gradient()) / length).powi(2);
        let powers = if length > 0.0 { top.vectors.chunks_exact(size).map(power).collect() } else { Vec::new() };

        let remainder_ratio = match settings.remainder_probes {
            0 => None,
            // It fails where G is zero, and nothing else is wrong.
            probes => point.remainder_ratio(probes, key.split(2)).ok(),
        };
        let clustering = match (cluster, risk.examples().labels()) {
            (true, Some(labels)) => {
                let mut counts = vec![0; classes];
                labels.iter().for_each(|&label| counts[label] += 1);
                let blocks = class_blocks(&jacobian, labels, &counts)?;
                let first = self.first.get_or_insert_with(|| blocks.clone());
                Error::length("the class blocks of the first row", first.len(), blocks.len())?;
                Some(read(&blocks, &counts, means.squared_norm, first))
            }
            _ => None,
        };
        let (sigma_c, sigma_e) = (means.mean_deviation.value, means.residue_deviation.value);
        let given = LogitSpectrum::new(blocks, size, LogitMeans::given(&means.gram), sigma_e);
        let of_logits = |logits| LogitEnsemble::new(size, risk.examples().count(), sigma_c, sigma_e, logits);
        // The same draws with and without a margin.
        let average = |largest: DrawMean| PredictedLargest {
            value: Measurement::new(largest.mean, largest.deviation),
            overlap: None,
            validity: None,
        };
        let ensemble = || -> Result<PredictedLargest> {
            Ok(average(of_logits(freezing.gaussian_logits()?)?.largest(settings.draws, key.split(3))?))
        };
        let with_margin = || -> Result<PredictedLargest> {
            let mut counts = vec![0.0; classes];
            risk.examples().labels().unwrap_or_default().iter().for_each(|&label| counts[label] += 1.0);
            let logits = freezing.within_logits()?;
            let ensemble = of_logits(logits)?.with_margin(freezing.margin_of(&logits)?, &counts)?;
            // Few active examples are often near the threshold, where the full population would cost more than all else.
            Ok(average(ensemble.largest_of_draws(settings.draws, key.split(3))?))
        };
        let row = TrackedRow {
            step,
            loss: point.value(),
            gradient_norm: length,
            freezing,
            mean_deviation: means.mean_deviation,
            residue_deviation: means.residue_deviation,
            eigenvalues: top.values,
            residual_norms: top.residual_norms,
            powers,
            overlaps,
            remainder_ratio: remainder_ratio.map(|ratio| Measurement::new(ratio.mean, ratio.standard_error)),
            // There is none where the means leave no room for residues.
            predicted_given: given.ok().map(|spectrum| largest_of(&spectrum)).transpose()?,
            // Nor where logits are too large for a quadrature.
            predicted_ensemble: (settings.draws > 0).then(ensemble).and_then(Result::ok),
            predicted_margin: (settings.draws > 0).then(with_margin).and_then(Result::ok),
            clustering,
        };
        self.start = top.start;
        Ok(row)
    }
}

/// The largest eigenvalue by one spectrum.
fn largest_of(spectrum: &LogitSpectrum) -> Result<PredictedLargest> {
    Ok(match spectrum.outliers().first() {
        Some(outlier) => PredictedLargest {
            value: Measurement::new(
                outlier.position + outlier.repulsion.unwrap_or(0.0),
                Some(outlier.standard_deviation),
            ),
            overlap: Some(outlier.overlap),
            validity: Some(outlier.validity),
        },
        None => {
            let top = spectrum.of_bulk(0)?;
            PredictedLargest {
                value: Measurement::new(top.mean, top.standard_deviation),
                overlap: None,
                validity: Some(spectrum.edge_validity()),
            }
        }
    })
}

#[cfg(feature = "serde")]
crate::saved::checked!(Tracker {
    key: Key,
    every: u64,
    also: Vec<u64>,
    matrix: TrackedMatrix,
    eigenpairs: Option<usize>,
    tolerance: f64,
    examples: usize,
    probes: usize,
    remainder_probes: usize,
    draws: usize,
    clustering: u64,
} by |tracker| tracker.clone().validated().map(drop));

#[cfg(feature = "serde")]
mod saved {
    use super::{TrackedRow, Tracker};
    use crate::error::{Error, Result};
    use crate::scalar::Scalar;

    /// What a file says of a run.
    #[derive(serde::Deserialize)]
    #[serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>"))]
    pub(crate) struct TrackerRun<T> {
        settings: Tracker,
        rows: Vec<TrackedRow>,
        start: Vec<T>,
        first: Option<Vec<f64>>,
        failure: Option<Error>,
    }

    impl<T: Scalar> TryFrom<TrackerRun<T>> for super::TrackerRun<T> {
        type Error = Error;

        fn try_from(saved: TrackerRun<T>) -> Result<Self> {
            let remedy = "the file is damaged";
            let TrackerRun { settings, rows, start, first, failure } = saved;
            Error::finite("the saved eigenvectors", &start, remedy)?;
            Error::finite("the saved class blocks of the kernel", first.as_deref().unwrap_or_default(), remedy)?;
            if let Some(row) = rows.windows(2).find(|pair| pair[0].step >= pair[1].step) {
                let (what, limits) = ("the step of a saved row", "must rise from row to row: the file is damaged");
                return Err(Error::OutOfRange { what, value: row[1].step as f64, limits });
            }
            Ok(super::TrackerRun { settings, rows, start, first, failure })
        }
    }
}
