//! What is measured and predicted at a point of training, on two halves of the examples.

use eigenscape::Scalar;
use eigenscape::curvature::Risk;
use eigenscape::emergent::{Clustering, Comparison, Freezing, ModelComparison, PairMeans, Property, RefinedModel};
use eigenscape::krylov::Eigensolver;
use eigenscape::objective::{Objective, Point};
use eigenscape::random::Key;

use crate::Failure;

/// Probes of the Hessian's trace.
const PROBES: usize = 20;
/// Draws of noise behind the end of the bulk.
const EDGE_DRAWS: usize = 20;

/// Names of the columns of the table of clustering.
pub const CLUSTERING: [&str; 11] = [
    "loss",
    "accuracy",
    "same logit and class",
    "same logit",
    "different logits",
    "norm",
    "sigma_c",
    "sigma_E",
    "sigma_c/sigma_E",
    "sigma_z",
    "Y_2",
];

/// One property: of both halves, and as both models say from the first.
#[derive(Debug, Clone)]
pub struct Row {
    pub name: String,
    /// Whether differences are of the numbers themselves, not relative.
    pub is_share: bool,
    pub gauss_newton: [Option<f64>; 2],
    pub hessian: [Option<f64>; 2],
    pub paper: Option<f64>,
    pub refined: Option<f64>,
    /// The overlap with the means that each model predicts, of outliers.
    pub overlaps: [Option<f64>; 2],
}

/// One point of one run.
#[derive(Debug, Clone)]
pub struct Look {
    pub clustering: [Option<f64>; CLUSTERING.len()],
    pub rows: Vec<Row>,
    /// How likely noise without means has such a largest eigenvalue, for the largest eigenvalues of the first half.
    pub p_values: Option<Vec<f64>>,
    /// lambda_j / lambda_{j+1} of these.
    pub ratios: Vec<f64>,
    pub notes: Vec<String>,
}

/// How the gradients of logits cluster, over all examples.
pub fn clustering<T: Scalar>(risk: &Risk<T>, theta: &[T]) -> Result<[Option<f64>; CLUSTERING.len()], Failure> {
    let point = risk.at(theta)?;
    let (clustering, freezing) = (Clustering::measure(&point)?, Freezing::measure(&point)?);
    let (sigma_c, sigma_e) = clustering.deviations();
    let squares = clustering.squared_norms.iter().sum::<f64>() / clustering.classes as f64;
    Ok([
        Some(point.value()),
        freezing.accuracy,
        clustering.same_logit_and_class,
        clustering.same_logit,
        clustering.different_logits,
        Some(squares.sqrt()),
        Some(sigma_c),
        Some(sigma_e),
        Some(sigma_c / sigma_e).filter(|ratio| ratio.is_finite()),
        Some(freezing.logit_deviation),
        Some(freezing.power_sum),
    ])
}

/// The end of the bulk, if there is a model.
pub fn edge_of_draws(model: Option<&RefinedModel>, key: Key) -> Result<Option<f64>, Failure> {
    Ok(model.map(|model| model.edge_of_draws(EDGE_DRAWS, key)).transpose()?.map(|edge| edge.mean))
}

/// Both models' predictions from the first half, and the curvature of both; `draws` of noise for p-values, 0 for none.
pub fn look<T: Scalar>(
    risk: &Risk<T>,
    halves: &[Risk<T>; 2],
    theta: &[T],
    key: Key,
    draws: usize,
) -> Result<Look, Failure> {
    let classes = risk.outputs();
    let points = [halves[0].at(theta)?, halves[1].at(theta)?];
    let settings = |half: usize| {
        let own = ModelComparison::new(key.split(half as u64)).eigenpairs(classes + 2).probes(PROBES);
        own.draws(0).ensemble_draws(0).groups(0)
    };
    let comparisons = [settings(0).run(&points[0])?, settings(1).run(&points[1])?];
    let mut notes = comparisons[0].notes.clone();

    let means = PairMeans::measure(&points[0])?;
    let refined = match RefinedModel::fit(&means, key.split(2)) {
        Ok(model) => Some(model),
        Err(error) => {
            notes.push(format!("refined: {error}"));
            None
        }
    };
    let mut rows: Vec<Row> = Vec::new();
    for row in &comparisons[0].rows {
        let (property, name) = (row.property, row.property.to_string());
        let wanted = match property {
            Property::Eigenvalue(index) => index < classes,
            Property::BulkEdge | Property::Trace | Property::GradientShare(_) => true,
            _ => false,
        };
        if !wanted {
            continue;
        }
        let of = |half: &Comparison, hessian: bool| {
            let row = half.row(property)?;
            Some(if hessian { row.hessian } else { row.gauss_newton }?.value)
        };
        let paper = row.prediction(Comparison::GIVEN_MEANS);
        let outlier = match property {
            Property::Eigenvalue(index) => refined.as_ref().and_then(|model| model.outliers().get(index)),
            _ => None,
        };
        let of_refined = |model: &RefinedModel| match property {
            Property::Eigenvalue(_) => outlier.map(|outlier| outlier.position),
            Property::Trace => Some(model.trace()),
            Property::GradientShare(count) => model.gradient_share(count),
            _ => None,
        };
        rows.push(Row {
            name: if property == Property::BulkEdge { "edge, one mean a logit".into() } else { name },
            is_share: matches!(property, Property::GradientShare(_)),
            gauss_newton: [0, 1].map(|half| of(&comparisons[half], false)),
            hessian: [0, 1].map(|half| of(&comparisons[half], true)),
            paper: paper.map(|paper| paper.value),
            refined: refined.as_ref().and_then(of_refined),
            overlaps: [paper.and_then(|paper| paper.overlap), outlier.map(|outlier| outlier.overlap)],
        });
    }
    let other = PairMeans::measure(&points[1])?;
    let edge = |means: &PairMeans<'_, '_, T>| -> Result<Option<f64>, Failure> {
        let solver = Eigensolver::new(1, key.split(3)).relative_tolerance(1e-3);
        Ok(solver.run(&means.residue())?.values.first().copied())
    };
    rows.push(Row {
        name: "edge, means of pairs".into(),
        is_share: false,
        gauss_newton: [edge(&means)?, edge(&other)?],
        hessian: [None; 2],
        paper: None,
        refined: edge_of_draws(refined.as_ref(), key.split(5))?,
        overlaps: [None; 2],
    });

    let eigenvalues: Vec<f64> = (0..classes + 2)
        .filter_map(|index| Some(comparisons[0].row(Property::Eigenvalue(index))?.gauss_newton?.value))
        .collect();
    let p_values = match (&refined, draws) {
        (Some(model), 1..) => Some(model.p_values(&eigenvalues, draws, key.split(4))?),
        _ => None,
    };
    let ratios = eigenvalues.windows(2).map(|pair| pair[0] / pair[1]).collect();
    Ok(Look { clustering: clustering(risk, theta)?, rows, p_values, ratios, notes })
}
