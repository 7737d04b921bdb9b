//! The report as JSON: entries in reading order, one line for each row of a list.

use serde_json::{Value, json};

use super::{AccountRow, ModelRow, Property, Report, Run, RunRow, Settings, Spectrum, SubspaceRow, TrainingRow};

/// Entries as the file has them; a JSON value by itself sorts them by name.
const ORDER: [&str; 23] = [
    "version",
    "data",
    "network",
    "scalar",
    "parameters",
    "classes",
    "examples",
    "seed",
    "keys",
    "settings",
    "properties",
    "training",
    "training_full_batch",
    "runs",
    "spectrum",
    "clustering",
    "model",
    "prediction",
    "comparison",
    "account",
    "subspace",
    "full_space_accuracy",
    "seconds",
];

impl Report {
    /// The report as JSON; numbers that are not finite become null.
    pub fn to_json(&self) -> Value {
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "data": self.data,
            "network": self.network,
            "scalar": self.scalar,
            "parameters": self.parameters,
            "classes": self.classes,
            "examples": { "train": self.examples.train, "test": self.examples.test },
            "seed": self.seed,
            "keys": self.keys,
            "settings": self.settings.to_json(),
            "properties": list(&self.properties(), Property::to_json),
            "training": list(&self.training, TrainingRow::to_json),
            "training_full_batch": list(&self.training_full_batch, TrainingRow::to_json),
            "runs": list(&self.runs, Run::to_json),
            "spectrum": list(&self.spectrum, Spectrum::to_json),
            "clustering": list(&self.model, ModelRow::clustering_json),
            "model": list(&self.model, ModelRow::model_json),
            "prediction": list(&self.model, ModelRow::prediction_json),
            "comparison": list(&self.model, ModelRow::comparison_json),
            "account": list(&self.account, AccountRow::to_json),
            "subspace": list(&self.subspace, SubspaceRow::to_json),
            "full_space_accuracy": self.full_space_accuracy,
            "seconds": self.seconds,
        })
    }

    /// The report file: entries in reading order, and one line for each row of a list, so that two runs compare line
    /// by line.
    pub fn to_text(&self) -> String {
        let report = self.to_json();
        let entries = ORDER.map(|name| entry(name, &report[name]));
        format!("{{\n{}\n}}\n", entries.join(",\n"))
    }
}

impl TrainingRow {
    fn to_json(&self) -> Value {
        json!({
            "step": self.step,
            "train_loss": self.train_loss,
            "test_accuracy": self.test_accuracy,
            "largest_eigenvalues": self.largest_eigenvalues,
            "gradient_share_top_classes": self.gradient_share_top_classes,
            "gradient_share_top_classes_less_one": self.gradient_share_top_classes_less_one,
            "mini_batch_share_top_classes": self.mini_batch_share_top_classes,
            "mini_batch_share_top_classes_less_one": self.mini_batch_share_top_classes_less_one,
            "baseline_share": self.baseline_share,
            "trace": self.trace,
            "trace_standard_error": self.trace_standard_error,
        })
    }
}

impl Settings {
    fn to_json(&self) -> Value {
        json!({
            "words": self.words,
            "quick": self.quick,
            "batch": self.batch,
            "rate": self.rate,
            "steps": self.steps,
            "rate_full_batch": self.rate_full_batch,
            "steps_full_batch": self.steps_full_batch,
            "mini_batches": self.mini_batches,
            "trace_probes": self.trace_probes,
            "subspace_optimizer": self.subspace_optimizer,
            "subspace_rate": self.subspace_rate,
            "full_space_rate": self.full_space_rate,
            "subspace_steps": self.subspace_steps,
        })
    }
}

impl Run {
    fn to_json(&self) -> Value {
        json!({ "seed": self.seed, "method": self.method.key(), "rows": list(&self.rows, RunRow::to_json) })
    }
}

impl RunRow {
    fn to_json(&self) -> Value {
        json!({
            "step": self.step,
            "train_loss": self.train_loss,
            "test_accuracy": self.test_accuracy,
            "largest_eigenvalue": self.largest_eigenvalue,
            "gap_ratio": self.gap_ratio,
            "gradient_share_top_classes": self.gradient_share_top_classes,
            "gradient_share_top_classes_less_one": self.gradient_share_top_classes_less_one,
            "mini_batch_share_top_classes": self.mini_batch_share_top_classes,
            "mini_batch_share_top_classes_less_one": self.mini_batch_share_top_classes_less_one,
        })
    }
}

impl Spectrum {
    fn to_json(&self) -> Value {
        json!({
            "step": self.step,
            "grid": self.curve.grid,
            "density": self.curve.density,
            "standard_error": self.curve.standard_error,
            "drawn": {
                "width": self.drawn_width,
                "grid": self.drawn.grid,
                "density": self.drawn.density,
                "standard_error": self.drawn.standard_error,
            },
            "outliers": self.outliers,
            "eigenvalues": self.eigenvalues,
            "eigenvalue_residuals": self.eigenvalue_residuals,
            "bulk_edge": self.bulk_edge,
            "probes": self.probes,
            "lanczos_steps": self.lanczos_steps,
        })
    }
}

impl SubspaceRow {
    fn to_json(&self) -> Value {
        json!({
            "dimension": self.dimension,
            "radius": self.radius,
            "test_accuracy": self.test_accuracy,
            "train_loss": self.train_loss,
        })
    }
}

fn list<Row>(rows: &[Row], to_json: impl Fn(&Row) -> Value) -> Value {
    Value::Array(rows.iter().map(to_json).collect())
}

fn entry(name: &str, value: &Value) -> String {
    match value {
        Value::Array(rows) if !rows.is_empty() => {
            let rows: Vec<String> = rows.iter().map(|row| format!("    {row}")).collect();
            format!("  \"{name}\": [\n{}\n  ]", rows.join(",\n"))
        }
        _ => format!("  \"{name}\": {value}"),
    }
}
