//! What the example finds, as one value: filled by the computation, read by the pictures, the page and the table.
//!
//! `to_json` and `write` keep a fixed order of fields, and `seconds` stands alone on the last line, so that two runs
//! with one seed differ in that line only.

mod findings;
mod folder;
mod json;
mod model;
#[cfg(test)]
pub mod sample;
mod spread;

use std::io;
use std::path::Path;

pub use findings::Property;
pub use folder::prepare;
pub use model::{AccountRow, ClusteringRow, ComparedRow, ModelParameters, ModelRow, PredictedSpectrum};
pub use spread::{Spread, decimal};

/// Everything that one run of the example has measured.
#[derive(Debug, Clone)]
pub struct Report {
    /// Name of the data set: `digits`, `mnist`, `fashion-mnist`, `cifar10`.
    pub data: String,
    /// Widths and activation, `64-64-64-10 tanh`, or what the layers are.
    pub network: String,
    /// Number type of the vectors: `f32`, `f64`.
    pub scalar: String,
    /// Number of parameters, P.
    pub parameters: usize,
    /// Number of classes, C.
    pub classes: usize,
    /// How many examples there are.
    pub examples: Examples,
    /// Seed of the first key; the others follow it by one each.
    pub seed: u64,
    /// Number of keys, each one run of either method.
    pub keys: usize,
    /// What was chosen, not measured.
    pub settings: Settings,
    /// Stochastic gradient descent at the first key, by ascending step.
    pub training: Vec<TrainingRow>,
    /// Full-batch gradient descent at the first key, by ascending step.
    pub training_full_batch: Vec<TrainingRow>,
    /// Every key and both methods, in few columns, for means and ranges.
    pub runs: Vec<Run>,
    /// Densities along the first key's stochastic run, by ascending step: initialization, middle, end.
    pub spectrum: Vec<Spectrum>,
    /// Where `spectrum` is: how the gradients of logits cluster, and what models make of it.
    pub model: Vec<ModelRow>,
    /// The largest eigenvalue along the same run, and the model's account of it.
    pub account: Vec<AccountRow>,
    /// Training inside random hyperplanes, one row for each dimension and radius.
    pub subspace: Vec<SubspaceRow>,
    /// Test accuracy when all parameters train, with the same optimizer and steps as in the hyperplanes.
    pub full_space_accuracy: f64,
    /// Wall-clock time of the whole run; the only entry that differs between two equal runs.
    pub seconds: f64,
}

/// Sizes of the two parts of the data.
#[derive(Debug, Clone, Copy)]
pub struct Examples {
    /// Examples that the loss is a mean over.
    pub train: usize,
    /// Examples that accuracy is measured on.
    pub test: usize,
}

/// The choices behind the numbers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Words of the command line that ask for this run.
    pub words: String,
    /// Whether the run was cut short by `--quick`.
    pub quick: bool,
    /// Examples in a mini-batch.
    pub batch: usize,
    /// Learning rate of stochastic gradient descent.
    pub rate: f64,
    /// Steps of stochastic gradient descent.
    pub steps: usize,
    /// Learning rate of full-batch gradient descent.
    pub rate_full_batch: f64,
    /// Steps of full-batch gradient descent.
    pub steps_full_batch: usize,
    /// Mini-batches whose gradient shares are averaged in each row.
    pub mini_batches: usize,
    /// Probes of the trace in each row.
    pub trace_probes: usize,
    /// Optimizer inside of the hyperplanes.
    pub subspace_optimizer: String,
    /// Its learning rate.
    pub subspace_rate: f64,
    /// Its learning rate when all parameters train.
    pub full_space_rate: f64,
    /// Its steps.
    pub subspace_steps: usize,
}

/// One look at a point of training.
#[derive(Debug, Clone)]
pub struct TrainingRow {
    /// Number of updates done before this look.
    pub step: usize,
    /// Mean cross-entropy over all training examples, in nats.
    pub train_loss: f64,
    /// Share of test examples that are classified rightly.
    pub test_accuracy: f64,
    /// Largest eigenvalues of the Hessian, descending, at least C of them.
    pub largest_eigenvalues: Vec<f64>,
    /// Share of the full gradient's squared norm in the span of the top C eigenvectors.
    pub gradient_share_top_classes: f64,
    /// The same in the span of the top C - 1.
    pub gradient_share_top_classes_less_one: f64,
    /// Mean over mini-batches of the same share of their gradients, top C.
    pub mini_batch_share_top_classes: f64,
    /// The same, top C - 1.
    pub mini_batch_share_top_classes_less_one: f64,
    /// The share of a direction that knows nothing, C / P.
    pub baseline_share: f64,
    /// The Hessian's trace: its largest eigenvalues, and Hutchinson's estimate of the rest.
    pub trace: f64,
    /// Its standard error over probes.
    pub trace_standard_error: f64,
}

/// How a run descends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Stochastic gradient descent on mini-batches.
    Stochastic,
    /// Gradient descent on all training examples.
    FullBatch,
}

/// One run of one key, in few columns.
#[derive(Debug, Clone)]
pub struct Run {
    /// The run's seed.
    pub seed: u64,
    /// How it descended.
    pub method: Method,
    /// By ascending step; runs of one method look at the same steps.
    pub rows: Vec<RunRow>,
}

/// The columns of a [`TrainingRow`] that are compared over keys.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// As in [`TrainingRow`].
    pub step: usize,
    /// As in [`TrainingRow`].
    pub train_loss: f64,
    /// As in [`TrainingRow`].
    pub test_accuracy: f64,
    /// lambda_1.
    pub largest_eigenvalue: f64,
    /// lambda_{C-1} / lambda_C.
    pub gap_ratio: f64,
    /// As in [`TrainingRow`].
    pub gradient_share_top_classes: f64,
    /// As in [`TrainingRow`].
    pub gradient_share_top_classes_less_one: f64,
    /// As in [`TrainingRow`].
    pub mini_batch_share_top_classes: f64,
    /// As in [`TrainingRow`].
    pub mini_batch_share_top_classes_less_one: f64,
}

/// The density of the Hessian's spectrum at one step, with its top.
#[derive(Debug, Clone)]
pub struct Spectrum {
    /// Step of the first key's stochastic run.
    pub step: usize,
    /// The density with kernels as narrow as the Krylov spaces resolve.
    pub curve: Curve,
    /// The same probes with kernels at least as wide as `drawn_width`, for the eye.
    pub drawn: Curve,
    /// What the picture can tell apart, in units of the eigenvalues.
    pub drawn_width: f64,
    /// Eigenvalues that stand outside of the bulk, descending.
    pub outliers: Vec<f64>,
    /// The 20 largest eigenvalues, descending.
    pub eigenvalues: Vec<f64>,
    /// |H v - lambda v| of each of them.
    pub eigenvalue_residuals: Vec<f64>,
    /// Upper edge of the bulk.
    pub bulk_edge: f64,
    /// Random vectors behind the density.
    pub probes: usize,
    /// Krylov depth for each of them.
    pub lanczos_steps: usize,
}

/// A density on a grid.
#[derive(Debug, Clone)]
pub struct Curve {
    /// Ascending eigenvalues at which the density is given; closer where kernels are narrow.
    pub grid: Vec<f64>,
    /// Density there; its integral is 1.
    pub density: Vec<f64>,
    /// Standard error of the density there, over probes.
    pub standard_error: Vec<f64>,
}

/// Where training inside one random hyperplane has ended.
#[derive(Debug, Clone)]
pub struct SubspaceRow {
    /// Dimension of the hyperplane.
    pub dimension: usize,
    /// Factor on the usual initial weights.
    pub radius: f64,
    /// Test accuracy at the end.
    pub test_accuracy: f64,
    /// Training loss at the end.
    pub train_loss: f64,
}

impl Method {
    /// Both, in the order of every legend and table.
    pub const ALL: [Method; 2] = [Method::Stochastic, Method::FullBatch];

    /// The name in the report file.
    pub fn key(self) -> &'static str {
        match self {
            Method::Stochastic => "sgd",
            Method::FullBatch => "full_batch",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Method::Stochastic => "SGD",
            Method::FullBatch => "full-batch gradient descent",
        }
    }
}

impl TrainingRow {
    /// The columns that are compared over keys.
    pub fn compact(&self, classes: usize) -> RunRow {
        let eigenvalue = |rank: usize| rank.checked_sub(1).and_then(|index| self.largest_eigenvalues.get(index));
        let gap_ratio = match (eigenvalue(classes.saturating_sub(1)), eigenvalue(classes)) {
            (Some(upper), Some(lower)) => upper / lower,
            _ => f64::NAN,
        };
        RunRow {
            step: self.step,
            train_loss: self.train_loss,
            test_accuracy: self.test_accuracy,
            largest_eigenvalue: eigenvalue(1).copied().unwrap_or(f64::NAN),
            gap_ratio,
            gradient_share_top_classes: self.gradient_share_top_classes,
            gradient_share_top_classes_less_one: self.gradient_share_top_classes_less_one,
            mini_batch_share_top_classes: self.mini_batch_share_top_classes,
            mini_batch_share_top_classes_less_one: self.mini_batch_share_top_classes_less_one,
        }
    }
}

impl Report {
    /// Writes report, pictures and page as the new content of `directory`, all or nothing.
    ///
    /// # Errors
    /// If `directory` holds files that are not a report's, or the file system refuses.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        let pictures = crate::pictures::draw(self)?;
        let mut files = vec![("report.json".to_string(), self.to_text())];
        files.push(("index.html".to_string(), crate::page::page(self, &pictures)));
        files.extend(pictures.into_iter().map(|picture| (picture.file.to_string(), picture.svg)));
        folder::replace(directory, &files)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_file_reads_back_as_the_report_and_ends_with_the_time() {
        let report = sample::report();
        let text = report.to_text();
        let read: Value = serde_json::from_str(&text).unwrap();
        let Value::Object(entries) = report.to_json() else { panic!("an object") };
        assert!(entries.keys().eq(read.as_object().unwrap().keys()));
        assert_eq!(read["training"].as_array().unwrap().len(), report.training.len());
        assert_eq!((&read["spectrum"][1]["step"], &read["runs"][1]["method"]), (&json!(30), &json!("full_batch")));
        assert_eq!(read["subspace"][2]["radius"], json!(1.0));
        let later = Report { seconds: 99.0, ..report };
        let differing: Vec<_> =
            text.lines().zip(later.to_text().lines()).filter(|(a, b)| a != b).map(|(a, _)| a.to_string()).collect();
        assert_eq!(differing, ["  \"seconds\": 41.25"]);
        assert_eq!(text.lines().rev().nth(1), Some("  \"seconds\": 41.25"));
    }

    #[test]
    fn whatever_was_measured_is_written_whole() {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp/sample");
        for (name, report) in
            [("report", sample::report()), ("empty", sample::empty()), ("without_numbers", sample::without_numbers())]
        {
            let directory = place.join(name);
            prepare(&directory).unwrap();
            report.write(&directory).unwrap();
            let text = std::fs::read_to_string(directory.join("report.json")).unwrap();
            assert!(serde_json::from_str::<Value>(&text).is_ok());
            let pictures = std::fs::read_dir(&directory).unwrap().filter(|entry| {
                entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|extension| extension == "svg"))
            });
            assert_eq!(pictures.count(), 8);
        }
        let text = std::fs::read_to_string(place.join("without_numbers/report.json")).unwrap();
        assert!(text.contains("\"seconds\": null") && text.contains("\"train_loss\":null"));
    }
}
