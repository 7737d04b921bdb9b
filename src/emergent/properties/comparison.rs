//! What is predicted beside what is measured, property by property.

use std::fmt;

use crate::emergent::measurement::{Measurement, significant};
use crate::random_matrix::Validity;

/// A property of the curvature at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Property {
    /// Eigenvalue j from above, counted from 0.
    Eigenvalue(usize),
    /// How many eigenvectors lie by more than half in the span of the means of the logits' gradients.
    Outliers,
    /// The largest eigenvalue of the curvature without these means, sum_m w_m E_m'S_m E_m.
    BulkEdge,
    /// tr.
    Trace,
    /// |.|_F.
    Norm,
    /// tr / |.|_F.
    Ratio,
    /// The squared length of the projection of eigenvector j, counted from 0, on the span of the means.
    Overlap(usize),
    /// |g|, of the gradient.
    GradientNorm,
    /// The gradient's share in the span of the first k eigenvectors; k / P for random ones.
    GradientShare(usize),
}

/// "eigenvalue 1", counted from 1 as in tables.
impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Property::Eigenvalue(index) => format!("eigenvalue {}", index + 1),
            Property::Outliers => "outliers".into(),
            Property::BulkEdge => "bulk edge".into(),
            Property::Trace => "trace".into(),
            Property::Norm => "norm".into(),
            Property::Ratio => "trace / norm".into(),
            Property::Overlap(index) => format!("overlap {}", index + 1),
            Property::GradientNorm => "gradient".into(),
            Property::GradientShare(count) => format!("share of top {count}"),
        };
        f.pad(&text)
    }
}

/// What one model says of one property.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Prediction {
    /// The model, such as [`Comparison::GIVEN_MEANS`].
    pub model: String,
    /// The value.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// The standard deviation from draw to draw of the model, where known.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub deviation: Option<f64>,
    /// The standard error that the model's parameters make, by the jackknife over examples.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub calibration_error: Option<f64>,
    /// alpha, the predicted overlap of the eigenvector with the means, of an eigenvalue that is an outlier.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub overlap: Option<f64>,
    /// How far to trust it, where known.
    pub validity: Option<Validity>,
}

impl Prediction {
    /// A value without anything known of it.
    pub fn new(model: &str, value: f64) -> Self {
        let model = model.to_owned();
        Prediction { model, value, deviation: None, calibration_error: None, overlap: None, validity: None }
    }

    /// Deviation and calibration error together.
    pub fn error(&self) -> Option<f64> {
        match (self.deviation, self.calibration_error) {
            (Some(a), Some(b)) => Some(a.hypot(b)),
            (a, b) => a.or(b),
        }
    }
}

/// One property: measured, and by each model.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ComparisonRow {
    /// The property.
    pub property: Property,
    /// Of the Gauss-Newton matrix G, which the model stands for.
    pub gauss_newton: Option<Measurement>,
    /// Of the Hessian H, beside it.
    pub hessian: Option<Measurement>,
    /// What models say, in the order in which they came.
    pub predictions: Vec<Prediction>,
}

impl ComparisonRow {
    /// What a model says.
    pub fn prediction(&self, model: &str) -> Option<&Prediction> {
        self.predictions.iter().find(|prediction| prediction.model == model)
    }

    /// predicted / measured - 1, of G; none without both, or where 0 is measured.
    pub fn difference(&self, model: &str) -> Option<f64> {
        let measured = self.gauss_newton?.value;
        (measured != 0.0).then_some(self.prediction(model)?.value / measured - 1.0)
    }
}

/// The random model's predictions beside a network's curvature: a table with a row for each [`Property`], made by
/// [`ModelComparison`](crate::emergent::ModelComparison).
///
/// Models have names: those of this type's constants, and any that [`Comparison::predict`] adds. It prints as an aligned table,
/// with the difference from G behind each prediction and, after the last column, alpha and validity of the first model that
/// has them. Validity is that of the theory for a draw of its model: whether the model is one of the network is what the
/// difference says.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Comparison {
    /// P.
    pub parameters: usize,
    /// N.
    pub examples: usize,
    /// C.
    pub classes: usize,
    /// sigma_c.
    pub mean_deviation: Measurement,
    /// sigma_E.
    pub residue_deviation: Measurement,
    /// sigma_z.
    pub logit_deviation: Measurement,
    /// The properties.
    pub rows: Vec<ComparisonRow>,
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// Whether the run was not stopped before its end.
    pub complete: bool,
}

impl Comparison {
    /// The paper's model with the means and probabilities of the network.
    pub const GIVEN_MEANS: &'static str = "given means";
    /// The paper's model with the network's probabilities and means that are drawn.
    pub const DRAWN_MEANS: &'static str = "drawn means";
    /// The paper's model from P, N, C, sigma_c, sigma_E and sigma_z alone.
    pub const ENSEMBLE: &'static str = "ensemble";
    /// Draws of the paper's model at the network's probabilities, measured like the network.
    pub const SAMPLED: &'static str = "sampled";

    /// The row of a property.
    pub fn row(&self, property: Property) -> Option<&ComparisonRow> {
        self.rows.iter().find(|row| row.property == property)
    }

    /// Adds a model: what it says of each property that it knows of. What it said before is replaced.
    pub fn predict(&mut self, model: &str, mut of: impl FnMut(Property) -> Option<Prediction>) {
        for row in &mut self.rows {
            if let Some(prediction) = of(row.property) {
                row.predictions.retain(|earlier| earlier.model != model);
                row.predictions.push(Prediction { model: model.to_owned(), ..prediction });
            }
        }
    }

    /// The names of all models, in the order in which they came.
    pub fn models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = Vec::new();
        for prediction in self.rows.iter().flat_map(|row| &row.predictions) {
            if !models.contains(&prediction.model.as_str()) {
                models.push(&prediction.model);
            }
        }
        models
    }

    /// Whether a model predicts outlier j, counted from 0, below the end of the bulk that is measured: there is none to compare
    /// with then. Residues that are not isotropic have a bulk that ends far above the predicted edge.
    pub fn is_buried(&self, index: usize, model: &str) -> bool {
        let edge = self.row(Property::BulkEdge).and_then(|row| row.gauss_newton);
        let outlier = self.row(Property::Eigenvalue(index)).and_then(|row| row.prediction(model));
        match (edge, outlier) {
            (Some(edge), Some(outlier)) => outlier.overlap.is_some() && outlier.value < edge.value,
            _ => false,
        }
    }

    /// The differences of a model's eigenvalues from G's, relative, of outliers whose predicted overlap is at least `overlap`.
    pub fn outlier_differences(&self, model: &str, overlap: f64) -> Vec<f64> {
        let trusted = |row: &&ComparisonRow| {
            let alpha = row.prediction(model).and_then(|prediction| prediction.overlap);
            matches!(row.property, Property::Eigenvalue(_)) && alpha.is_some_and(|alpha| alpha >= overlap)
        };
        self.rows.iter().filter(trusted).filter_map(|row| row.difference(model)).collect()
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { parameters, examples, classes, .. } = self;
        writeln!(f, "P = {parameters}, N = {examples}, C = {classes}")?;
        let (c, e, z) = (self.mean_deviation, self.residue_deviation, self.logit_deviation);
        writeln!(f, "sigma_c = {c}, sigma_E = {e}, sigma_z = {z}")?;
        let models = self.models();
        let mut table = vec![vec!["".to_owned(), "G".to_owned(), "H".to_owned()]];
        table[0].extend(models.iter().map(|model| (*model).to_owned()));
        table[0].push("alpha, validity".to_owned());
        for row in &self.rows {
            let number = |measurement: Option<Measurement>| measurement.map_or(String::new(), shown);
            let mut line = vec![row.property.to_string(), number(row.gauss_newton), number(row.hessian)];
            line.extend(models.iter().map(|model| {
                let Some(prediction) = row.prediction(model) else { return String::new() };
                let value = Measurement::new(prediction.value, prediction.error());
                match row.difference(model) {
                    Some(difference) => format!("{} ({:+.1} %)", shown(value), 100.0 * difference),
                    None => shown(value),
                }
            }));
            let alpha = row.predictions.iter().find_map(|prediction| prediction.overlap);
            let validity = row.predictions.iter().find_map(|prediction| prediction.validity);
            let buried = match (row.property, models.first()) {
                (Property::Eigenvalue(index), Some(model)) if self.is_buried(index, model) => {
                    Some("inside the measured bulk".to_owned())
                }
                _ => None,
            };
            let notes: Vec<String> = alpha
                .map(|alpha| significant(alpha, 3))
                .into_iter()
                .chain(validity.map(describe))
                .chain(buried)
                .collect();
            let baseline = match row.property {
                Property::GradientShare(k) => Some(format!("{} of P", significant(k as f64 / *parameters as f64, 2))),
                _ => None,
            };
            line.push(baseline.unwrap_or_else(|| notes.join(", ")));
            table.push(line);
        }
        let widths: Vec<usize> =
            (0..table[0].len()).map(|at| table.iter().map(|line| line[at].len()).max().unwrap_or(0)).collect();
        for line in &table {
            let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}

/// With its error, unless that is below what is printed.
fn shown(number: Measurement) -> String {
    let error = number.error.filter(|error| *error > 1e-5 * number.value.abs());
    Measurement::new(number.value, error).to_string()
}

fn describe(validity: Validity) -> String {
    match validity {
        Validity::Good => "good",
        Validity::Fair => "fair",
        Validity::CriticalWindow => "near the threshold",
        Validity::FewActive => "few active directions",
    }
    .to_owned()
}
