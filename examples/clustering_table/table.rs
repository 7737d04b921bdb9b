//! The tables in the terminal: plain text.

use std::fmt::Write;

use eigenscape::emergent::KeyMean;

use crate::Studied;
use crate::measure::{CLUSTERING, Look, Row};

/// The names of the stages.
pub const STAGES: [&str; 3] = ["initialization", "middle", "end"];

/// A gap is one from this ratio of neighbours on.
const GAP: f64 = 1.1;

/// What is said of the differences of a row from the measured Gauss-Newton matrix.
pub const DIFFERENCES: [&str; 5] = ["paper A", "refined A", "paper B", "refined B", "A for B"];

/// Predicted over measured less 1, or less measured for shares: of the half that gave the parameters, of the other half, and what
/// that half itself would predict of the other.
pub fn differences(row: &Row) -> [Option<f64>; 5] {
    let difference = |predicted: Option<f64>, measured: Option<f64>| {
        let (predicted, measured) = (predicted?, measured?);
        match row.is_share {
            true => Some(predicted - measured),
            false => (measured != 0.0).then(|| predicted / measured - 1.0),
        }
    };
    let [a, b] = row.gauss_newton;
    [
        difference(row.paper, a),
        difference(row.refined, a),
        difference(row.paper, b),
        difference(row.refined, b),
        difference(a, b),
    ]
}

/// The mean over keys of what each look has at a row.
pub fn over_keys(looks: &[Look], at: usize, of: impl Fn(&Row) -> Option<f64>) -> Option<KeyMean> {
    KeyMean::of(looks.iter().filter_map(|look| look.rows.get(at).and_then(&of)))
}

/// Absolute values of the differences of a model for the outliers that it predicts, over all keys.
pub fn outlier_errors(looks: &[Look], classes: usize, column: usize, least_overlap: f64) -> Vec<f64> {
    let model = column % 2;
    let outliers = looks.iter().flat_map(|look| look.rows.iter().take(classes - 1));
    let trusted = outliers.filter(|row| row.overlaps[model].is_some_and(|overlap| overlap >= least_overlap));
    trusted.filter_map(|row| differences(row)[column]).map(f64::abs).collect()
}

/// The median and the largest.
pub fn median_and_largest(mut values: Vec<f64>) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    Some((*values.get(values.len() / 2)?, *values.last()?))
}

pub fn of(studied: &Studied) -> String {
    let keys = studied.looks.first().map_or(0, Vec::len);
    let [a, b] = studied.halves;
    let mut text = format!(
        "{} ({} parameters); SGD, rate {}, batches of {}; {keys} key{}; halves A and B of {a} and {b} examples\n\n",
        studied.network,
        studied.parameters,
        studied.schedule.rate,
        studied.schedule.batch,
        if keys == 1 { "" } else { "s" },
    );
    clustering(studied, &mut text);
    for (stage, looks) in studied.looks.iter().enumerate() {
        prediction(studied, stage, looks, &mut text);
    }
    text
}

/// How logit gradients cluster, a row for each stage.
fn clustering(studied: &Studied, text: &mut String) {
    let _ = write!(text, "{:<20}", "clustering");
    let width = |name: &str| name.len().max(19) + 1;
    for name in CLUSTERING {
        let _ = write!(text, "{name:>0$}", width(name));
    }
    text.push('\n');
    for (stage, looks) in studied.looks.iter().enumerate() {
        let _ = write!(text, "{:<20}", format!("{}, {}", STAGES[stage], studied.schedule.looks[stage]));
        for (at, name) in CLUSTERING.iter().enumerate() {
            let mean = KeyMean::of(looks.iter().filter_map(|look| look.clustering[at]));
            let _ = write!(text, "{:>1$}", plain(mean), width(name));
        }
        text.push('\n');
    }
}

fn prediction(studied: &Studied, stage: usize, looks: &[Look], text: &mut String) {
    let title = format!("{}, step {}", STAGES[stage], studied.schedule.looks[stage]);
    let _ =
        writeln!(text, "\n{title:<24}{:^48}{:^34}{:^51}", "means over keys, of A", "differences, A", "differences, B");
    let _ = write!(text, "{:<24}", "");
    for name in ["G", "H", "paper", "refined"] {
        let _ = write!(text, "{name:>12}");
    }
    for name in ["paper", "refined", "paper", "refined", "G of A"] {
        let _ = write!(text, "{name:>17}");
    }
    text.push('\n');
    for at in 0..looks.first().map_or(0, |look| look.rows.len()) {
        let row = &looks[0].rows[at];
        let _ = write!(text, "{:<24}", row.name);
        let columns: [fn(&Row) -> Option<f64>; 4] =
            [|row| row.gauss_newton[0], |row| row.hessian[0], |row| row.paper, |row| row.refined];
        for column in columns {
            let mean = over_keys(looks, at, column);
            let _ = write!(text, "{:>12}", mean.map_or("-".into(), |mean| four_digits(mean.mean)));
        }
        for column in 0..DIFFERENCES.len() {
            let mean = over_keys(looks, at, |row| differences(row)[column]);
            let _ = write!(text, "{:>17}", if row.is_share { signed(mean) } else { percent(mean) });
        }
        text.push('\n');
    }
    let errors = |column: usize, least_overlap: f64| {
        let errors = outlier_errors(looks, studied.classes, column, least_overlap);
        let count = errors.len();
        match median_and_largest(errors) {
            Some((median, largest)) => {
                format!("{:.1} and {:.1} % of {count}", 100.0 * median, 100.0 * largest)
            }
            None => "none".to_string(),
        }
    };
    let _ = writeln!(
        text,
        "outliers, median and largest |difference|: paper, alpha >= 0.7: {}; refined: {}; the other half: {} and {}",
        errors(0, 0.7),
        errors(1, 0.0),
        errors(2, 0.7),
        errors(3, 0.0),
    );
    if let Some(p_values) = looks.first().and_then(|look| look.p_values.as_ref()) {
        let apart = p_values.iter().take_while(|p| **p <= 0.05).count();
        let listed: Vec<String> = p_values.iter().map(|p| format!("{p:.2}")).collect();
        let near = looks[0].ratios.get(studied.classes.saturating_sub(3)..).unwrap_or(&[]);
        let widest = near.iter().copied().fold(0.0, f64::max);
        let verdict = match widest >= GAP {
            true => format!("the widest gap about there is a ratio of {widest:.2}"),
            false => format!("no gap: neighbours about there differ by a factor of {widest:.2} at most"),
        };
        let _ = writeln!(
            text,
            "{apart} eigenvalues of A above noise without means at p <= 0.05 (first key: {}); {verdict}",
            listed.join(" ")
        );
    }
    let mut notes: Vec<&String> = looks.iter().flat_map(|look| &look.notes).collect();
    notes.dedup();
    notes.iter().for_each(|note| {
        let _ = writeln!(text, "{note}");
    });
}

fn four_digits(value: f64) -> String {
    let size = if value == 0.0 { 0.0 } else { value.abs().log10().floor().clamp(-4.0, 3.0) };
    format!("{value:.0$}", (3.0 - size) as usize)
}

fn plain(mean: Option<KeyMean>) -> String {
    match mean {
        None => "-".to_string(),
        Some(KeyMean { mean, standard_error: None, .. }) => four_digits(mean),
        Some(KeyMean { mean, standard_error: Some(error), .. }) => {
            let size = mean.abs().max(1e-9).log10().floor().clamp(-2.0, 3.0);
            let decimals = (3.0 - size) as usize;
            format!("{mean:.decimals$} +- {error:.decimals$}")
        }
    }
}

fn percent(mean: Option<KeyMean>) -> String {
    match mean {
        None => "-".to_string(),
        Some(KeyMean { mean, standard_error: None, .. }) => format!("{:+.1} %", 100.0 * mean),
        Some(KeyMean { mean, standard_error: Some(error), .. }) => {
            format!("{:+.1} +- {:.1} %", 100.0 * mean, 100.0 * error)
        }
    }
}

fn signed(mean: Option<KeyMean>) -> String {
    match mean {
        None => "-".to_string(),
        Some(KeyMean { mean, standard_error: None, .. }) => format!("{mean:+.3}"),
        Some(KeyMean { mean, standard_error: Some(error), .. }) => format!("{mean:+.3} +- {error:.3}"),
    }
}
