//! What the random model of logits makes of the network, on some of its examples. What is not known is not a number.

use serde_json::{Value, json};

/// Clustering, calibrated model, predictions and comparison at one point of training.
#[derive(Debug, Clone)]
pub struct ModelRow {
    /// Step of the first key's stochastic run.
    pub step: usize,
    /// Examples that all of this is measured on.
    pub examples: usize,
    /// How the gradients of logits cluster.
    pub clustering: ClusteringRow,
    /// The parameters of the model.
    pub parameters: ModelParameters,
    /// What the paper's model says of outliers and bulk.
    pub paper: PredictedSpectrum,
    /// What the refined model says of them.
    pub refined: PredictedSpectrum,
    /// Property by property.
    pub comparison: Vec<ComparedRow>,
}

/// Mean cosines of gradients of logits, and their size.
#[derive(Debug, Clone)]
pub struct ClusteringRow {
    /// Within a logit and class.
    pub same_logit_and_class: f64,
    /// Within a logit.
    pub same_logit: f64,
    /// Between different logits.
    pub different_logits: f64,
    /// Root of the mean squared norm.
    pub norm: f64,
}

/// A number with its standard error.
pub type Measured = (f64, f64);

/// The parameters of the random model.
#[derive(Debug, Clone)]
pub struct ModelParameters {
    /// sigma_c.
    pub mean_deviation: Measured,
    /// sigma_E.
    pub residue_deviation: Measured,
    /// sigma_z.
    pub logit_deviation: Measured,
    /// Y_2.
    pub power_sum: Measured,
}

/// Outliers with their overlaps, and the end of the bulk.
#[derive(Debug, Clone)]
pub struct PredictedSpectrum {
    /// Positions, descending.
    pub outliers: Vec<f64>,
    /// The overlap of each outlier's eigenvector with the means.
    pub overlaps: Vec<f64>,
    /// Where the bulk ends.
    pub edge: f64,
}

/// One property.
#[derive(Debug, Clone)]
pub struct ComparedRow {
    /// Such as `eigenvalue 1`.
    pub property: String,
    /// Of the Gauss-Newton matrix, which models stand for.
    pub gauss_newton: f64,
    /// Of the Hessian.
    pub hessian: f64,
    /// By the paper's model from the measured means.
    pub paper: f64,
    /// By a draw of the paper's model, measured as the network is.
    pub sampled: f64,
    /// By the refined model.
    pub refined: f64,
}

/// The largest eigenvalue along the first key's stochastic run, and the model's account of it.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// Number of updates.
    pub step: usize,
    /// lambda_1 of the Gauss-Newton matrix.
    pub largest_eigenvalue: f64,
    /// lambda_1 of the Hessian.
    pub hessian: f64,
    /// By the paper's model from the measured means and probabilities.
    pub paper: f64,
    /// By sigma_c, sigma_E and sigma_z alone.
    pub three_deviations: f64,
    /// By sigma_c, sigma_E, sigma_w and the margin at which Y_2 agrees.
    pub with_margin: f64,
    /// sigma_c.
    pub mean_deviation: f64,
    /// sigma_E.
    pub residue_deviation: f64,
    /// sigma_z.
    pub logit_deviation: f64,
    /// sigma_w, the deviation of logits but for the margin.
    pub within_deviation: f64,
    /// The margin of the true class at which Y_2 agrees.
    pub fitted_margin: f64,
    /// 1 - Y_2, what freezing has left of the curvature of the softmax.
    pub kept: f64,
}

impl ModelRow {
    /// The number of a property that is compared.
    pub fn compared(&self, property: &str) -> Option<&ComparedRow> {
        self.comparison.iter().find(|row| row.property == property)
    }

    pub(super) fn clustering_json(&self) -> Value {
        let ClusteringRow { same_logit_and_class, same_logit, different_logits, norm } = self.clustering;
        json!({
            "step": self.step,
            "examples": self.examples,
            "same_logit_and_class": same_logit_and_class,
            "same_logit": same_logit,
            "different_logits": different_logits,
            "norm": norm,
        })
    }

    pub(super) fn model_json(&self) -> Value {
        let measured = |(value, error): Measured| json!({ "value": value, "standard_error": error });
        let ModelParameters { mean_deviation, residue_deviation, logit_deviation, power_sum } = self.parameters;
        json!({
            "step": self.step,
            "examples": self.examples,
            "sigma_c": measured(mean_deviation),
            "sigma_E": measured(residue_deviation),
            "sigma_z": measured(logit_deviation),
            "Y_2": measured(power_sum),
        })
    }

    pub(super) fn prediction_json(&self) -> Value {
        let spectrum = |spectrum: &PredictedSpectrum| json!({ "outliers": spectrum.outliers, "overlaps": spectrum.overlaps, "edge": spectrum.edge });
        json!({ "step": self.step, "paper": spectrum(&self.paper), "refined": spectrum(&self.refined) })
    }

    pub(super) fn comparison_json(&self) -> Value {
        let row = |row: &ComparedRow| {
            json!({
                "property": row.property,
                "gauss_newton": row.gauss_newton,
                "hessian": row.hessian,
                "paper": row.paper,
                "sampled": row.sampled,
                "refined": row.refined,
            })
        };
        json!({
            "step": self.step,
            "examples": self.examples,
            "rows": self.comparison.iter().map(row).collect::<Vec<Value>>(),
        })
    }
}

impl AccountRow {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "step": self.step,
            "largest_eigenvalue": self.largest_eigenvalue,
            "hessian": self.hessian,
            "paper": self.paper,
            "three_deviations": self.three_deviations,
            "with_margin": self.with_margin,
            "sigma_c": self.mean_deviation,
            "sigma_E": self.residue_deviation,
            "sigma_z": self.logit_deviation,
            "sigma_w": self.within_deviation,
            "margin": self.fitted_margin,
            "1 - Y_2": self.kept,
        })
    }
}
