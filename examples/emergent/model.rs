//! The random model of logits beside the network: calibrated, sampled and predicted from, on some of the examples.

use eigenscape::Scalar;
use eigenscape::curvature::Risk;
use eigenscape::emergent::{
    Calibration, Clustering, Comparison, Measurement, ModelComparison, PairMeans, PredictedLargest, Property,
    RefinedModel, Tracker,
};
use eigenscape::krylov::Eigensolver;
use eigenscape::objective::{Objective, Point};
use eigenscape::random::Key;

use crate::Failure;
use crate::report::{AccountRow, ClusteringRow, ComparedRow, ModelParameters, ModelRow, PredictedSpectrum};

/// Probes of traces and norms.
const PROBES: usize = 20;
/// Draws of noise behind the end of the bulk.
const EDGE_DRAWS: usize = 20;

/// Draws of the ensemble behind each of its points.
const DRAWS: usize = 4;

/// Residuals of the Hessian's largest eigenvalue: the tracker's.
const TOLERANCE: f64 = 1e-2;

/// Everything that the sections say of one point.
pub fn row<T: Scalar>(watched: &Risk<T>, step: u64, theta: &[T], key: Key) -> Result<ModelRow, Failure> {
    let (point, key) = (watched.at(theta)?, key.split(step));
    let clustering = Clustering::measure(&point)?;
    let calibration = Calibration::measure(&point)?;
    // The jackknife over spectra would cost more than all the rest.
    let settings = ModelComparison::new(key.split(0)).probes(PROBES).groups(0).ensemble_draws(0);
    let comparison = settings.run(&point)?;
    let refined = RefinedModel::fit(&PairMeans::measure(&point)?, key.split(1)).ok();

    let refined_edge = match &refined {
        Some(model) => model.edge_of_draws(EDGE_DRAWS, key.split(2))?.mean,
        None => f64::NAN,
    };

    let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
    let measured = |measurement: Measurement| (measurement.value, number(measurement.error));
    let paper = calibration.spectrum()?;
    let compared = comparison.rows.iter().map(|row| {
        let of_model = |model: &str| number(row.prediction(model).map(|prediction| prediction.value));
        let of_refined = |model: &RefinedModel| match row.property {
            Property::Eigenvalue(index) => model.outliers().get(index).map(|outlier| outlier.position),
            Property::Trace => Some(model.trace()),
            Property::GradientShare(count) => model.gradient_share(count),
            _ => None,
        };
        ComparedRow {
            property: row.property.to_string(),
            gauss_newton: number(row.gauss_newton.map(|measurement| measurement.value)),
            hessian: number(row.hessian.map(|measurement| measurement.value)),
            paper: of_model(Comparison::GIVEN_MEANS),
            sampled: of_model(Comparison::SAMPLED),
            refined: number(refined.as_ref().and_then(of_refined)),
        }
    });
    let squares = clustering.squared_norms.iter().sum::<f64>() / clustering.classes.max(1) as f64;
    Ok(ModelRow {
        step: step as usize,
        examples: calibration.examples(),
        clustering: ClusteringRow {
            same_logit_and_class: number(clustering.same_logit_and_class),
            same_logit: number(clustering.same_logit),
            different_logits: number(clustering.different_logits),
            norm: squares.sqrt(),
        },
        parameters: ModelParameters {
            mean_deviation: measured(calibration.mean_deviation()),
            residue_deviation: measured(calibration.residue_deviation()),
            logit_deviation: measured(calibration.logit_deviation()),
            power_sum: measured(calibration.power_sum()),
        },
        paper: PredictedSpectrum {
            outliers: paper.outliers().iter().map(|outlier| outlier.position).collect(),
            overlaps: paper.outliers().iter().map(|outlier| outlier.overlap).collect(),
            edge: number(paper.edge()?.map(|edge| edge.mean())),
        },
        refined: PredictedSpectrum {
            outliers: refined.iter().flat_map(|model| model.outliers()).map(|outlier| outlier.position).collect(),
            overlaps: refined.iter().flat_map(|model| model.outliers()).map(|outlier| outlier.overlap).collect(),
            edge: refined_edge,
        },
        comparison: compared.collect(),
    })
}

/// The largest eigenvalue at these points, and what the model makes of it.
pub fn account<T: Scalar>(
    watched: &Risk<T>,
    points: &[(u64, Vec<T>)],
    key: Key,
    mut advance: impl FnMut(),
) -> Result<Vec<AccountRow>, Failure> {
    let tracker = Tracker::new(key.split(0)).eigenpairs(2)?.remainder_probes(0).clustering(0).draws(DRAWS);
    let mut run = tracker.begin();
    let mut rows = Vec::new();
    for (step, theta) in points {
        let row = run.record(watched, *step, theta)?;
        let predicted =
            |predicted: Option<PredictedLargest>| predicted.map_or(f64::NAN, |predicted| predicted.value.value);
        let point = watched.at(theta)?;
        let solver = Eigensolver::new(1, key.split(1).split(*step)).relative_tolerance(TOLERANCE);
        rows.push(AccountRow {
            step: row.step as usize,
            largest_eigenvalue: row.eigenvalues.first().copied().unwrap_or(f64::NAN),
            hessian: solver.run(&point.hessian())?.values.first().copied().unwrap_or(f64::NAN),
            paper: predicted(row.predicted_given),
            three_deviations: predicted(row.predicted_ensemble),
            with_margin: predicted(row.predicted_margin),
            mean_deviation: row.mean_deviation.value,
            residue_deviation: row.residue_deviation.value,
            logit_deviation: row.freezing.logit_deviation,
            within_deviation: row.freezing.within_deviation.unwrap_or(f64::NAN),
            fitted_margin: row.freezing.fitted_margin().unwrap_or(f64::NAN),
            kept: 1.0 - row.freezing.power_sum,
        });
        advance();
    }
    Ok(rows)
}
