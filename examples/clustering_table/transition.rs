//! The transition of Baik, Ben Arous and Peche: in draws of the model over sigma_c / sigma_E, and along training.

use eigenscape::Scalar;
use eigenscape::curvature::Risk;
use eigenscape::emergent::{Calibration, KeyMean, LogitSample, PairMeans, RefinedModel};
use eigenscape::krylov::Eigensolver;
use eigenscape::objective::Objective;
use eigenscape::operator::Adjoint;
use eigenscape::random::Key;
use eigenscape::random_matrix::{LogitMeans, LogitSpectrum, SoftmaxBlocks};

use crate::Failure;
use crate::measure;

/// The sampled model: as small as the law of large matrices allows.
const CLASSES: usize = 4;
const EXAMPLES: usize = 120;
const PARAMETERS: usize = 1000;
const LOGIT_DEVIATION: f64 = 1.0;

/// Eigenvalues and overlaps at one ratio of the model.
#[derive(Debug, Clone)]
pub struct Sampled {
    pub ratio: f64,
    /// Of each of the first C eigenvalues over draws: the mean and the deviation.
    pub eigenvalues: Vec<(f64, f64)>,
    /// Of their overlaps with the means.
    pub overlaps: Vec<(f64, f64)>,
}

/// What the theory says at one ratio.
#[derive(Debug, Clone)]
pub struct Theory {
    pub ratio: f64,
    /// Position and overlap of each outlier.
    pub outliers: Vec<(f64, f64)>,
    pub edge: f64,
}

/// The transition in the sampled model.
#[derive(Debug, Clone)]
pub struct Transition {
    pub about: String,
    pub sampled: Vec<Sampled>,
    pub theory: Vec<Theory>,
    /// The ratio at which each outlier detaches.
    pub thresholds: Vec<f64>,
}

/// Draws the model at twelve ratios, from a fifth of the first threshold to three times the last.
pub fn sample(draws: u64, key: Key) -> Result<Transition, Failure> {
    let mut logits = vec![0.0; EXAMPLES * CLASSES];
    key.split(0).normal(0, &mut logits);
    let mut probabilities: Vec<f64> = logits.iter().map(|z: &f64| (LOGIT_DEVIATION * z).exp()).collect();
    for row in probabilities.chunks_exact_mut(CLASSES) {
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= sum);
    }
    let blocks = SoftmaxBlocks::new(&probabilities, CLASSES)?;
    let spectrum = |ratio: f64| {
        LogitSpectrum::new(blocks.clone(), PARAMETERS, LogitMeans::isotropic(PARAMETERS, CLASSES, ratio), 1.0)
    };
    // Strengths are as the squares of the means.
    let thresholds: Vec<f64> =
        spectrum(1.0)?.strengths().iter().take(CLASSES - 1).map(|strength| 1.0 / strength.sqrt()).collect();
    let (low, high) = (0.2 * thresholds[0], 3.0 * thresholds[CLASSES - 2]);
    let between = |count: usize| (0..count).map(move |at| low + (high - low) * at as f64 / (count - 1) as f64);
    let theory = between(120).map(|ratio| {
        let spectrum = spectrum(ratio)?;
        let edge = spectrum.edge()?.map_or(0.0, |edge| edge.mean());
        let outliers = spectrum.outliers().iter().map(|outlier| (outlier.position, outlier.overlap)).collect();
        Ok(Theory { ratio, outliers, edge })
    });
    let theory = theory.collect::<Result<Vec<Theory>, Failure>>()?;
    let mut sampled = Vec::new();
    for (number, ratio) in between(12).enumerate() {
        let mut drawn = Vec::new();
        for draw in 0..draws {
            drawn.push(one(&blocks, ratio, key.split(1 + number as u64).split(draw))?);
        }
        let over_draws = |of: &dyn Fn(&Drawn) -> f64| {
            let mean = KeyMean::of(drawn.iter().map(of));
            mean.map_or((f64::NAN, f64::NAN), |mean| {
                let deviation = mean.standard_error.unwrap_or(0.0) * (mean.keys as f64).sqrt();
                (mean.mean, deviation)
            })
        };
        sampled.push(Sampled {
            ratio,
            eigenvalues: (0..CLASSES).map(|rank| over_draws(&|draw| draw.eigenvalues[rank])).collect(),
            overlaps: (0..CLASSES).map(|rank| over_draws(&|draw| draw.overlaps[rank])).collect(),
        });
    }
    let about = format!(
        "the model at P = {PARAMETERS}, N = {EXAMPLES}, C = {CLASSES}, sigma_z = {LOGIT_DEVIATION}; \
         {draws} draws at each ratio, bars: their standard deviation"
    );
    Ok(Transition { about, sampled, theory, thresholds })
}

/// One draw.
struct Drawn {
    eigenvalues: Vec<f64>,
    overlaps: Vec<f64>,
}

/// The first C eigenvalues of a draw, and their overlaps with the means that were drawn.
fn one(blocks: &SoftmaxBlocks, ratio: f64, key: Key) -> Result<Drawn, Failure> {
    let model = |residues: f64| LogitSample::<f64>::new(blocks.clone(), PARAMETERS, ratio, residues, key.split(0));
    let sample = model(1.0)?;
    let top = Eigensolver::new(CLASSES, key.split(1)).relative_tolerance(1e-4).run(&sample.hessian())?;
    // The same means without residues: the gradients of any example.
    let bare = model(0.0)?;
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for logit in 0..CLASSES {
        let mut one = vec![0.0; EXAMPLES * CLASSES];
        one[logit] = 1.0;
        let mut mean = vec![0.0; PARAMETERS];
        bare.jacobian().apply_adjoint(&one, &mut mean);
        // Twice, for rounding.
        for _ in 0..2 {
            for known in &basis {
                let along = dot(known, &mean);
                mean.iter_mut().zip(known).for_each(|(x, q)| *x -= along * q);
            }
        }
        let length = dot(&mean, &mean).sqrt();
        basis.push(mean.iter().map(|x| x / length).collect());
    }
    let overlap = |rank: usize| basis.iter().map(|q| dot(q, top.vector(rank)).powi(2)).sum();
    Ok(Drawn { overlaps: (0..CLASSES).map(overlap).collect(), eigenvalues: top.values.clone() })
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// The spectrum at one step of training beside both models.
#[derive(Debug, Clone)]
pub struct Passage {
    pub step: u64,
    /// The largest of G, C + 2 of them.
    pub eigenvalues: Vec<f64>,
    pub paper_edge: Option<f64>,
    pub refined_edge: Option<f64>,
    pub refined_outliers: Vec<f64>,
    /// sigma_c / sigma_E, and where the first and the last of the C - 1 outliers of the paper's model detach.
    pub ratio: f64,
    pub thresholds: Option<[f64; 2]>,
}

/// Along one run, on one half of the examples.
pub fn along<T: Scalar>(risk: &Risk<T>, points: &[(u64, Vec<T>)], key: Key) -> Result<Vec<Passage>, Failure> {
    let classes = risk.outputs();
    let passage = |(step, theta): &(u64, Vec<T>)| {
        let (point, key) = (risk.at(theta)?, key.split(*step));
        let solver = Eigensolver::new(classes + 2, key.split(0)).relative_tolerance(1e-3);
        let eigenvalues = solver.run(&point.gauss_newton())?.values;
        let calibration = Calibration::measure_groups(&point, 0)?;
        let ratio = calibration.mean_deviation().value / calibration.residue_deviation().value;
        let paper = calibration.drawn_spectrum()?;
        let detached = |strength: &f64| ratio / strength.sqrt();
        let strengths = paper.strengths();
        let thresholds = Option::zip(strengths.first(), strengths.get(classes - 2));
        let means = PairMeans::measure(&point)?;
        let refined = RefinedModel::fit(&means, key.split(1)).ok();
        Ok(Passage {
            step: *step,
            eigenvalues,
            paper_edge: paper.edge()?.map(|edge| edge.mean()),
            refined_edge: measure::edge_of_draws(refined.as_ref(), key.split(2))?,
            refined_outliers: refined
                .map_or(Vec::new(), |model| model.outliers().iter().map(|outlier| outlier.position).collect()),
            ratio,
            thresholds: thresholds.map(|(first, last)| [detached(first), detached(last)]),
        })
    };
    points.iter().map(passage).collect()
}
