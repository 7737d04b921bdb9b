//! Mean and range over keys.

use std::collections::BTreeMap;

use super::{Method, Report, RunRow};

/// Mean and range of a column over the keys at which it is finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
}

impl Spread {
    /// Of the finite ones among `values`; `None` if there is none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let finite: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        if finite.is_empty() {
            return None;
        }
        let low = finite.iter().copied().fold(f64::INFINITY, f64::min);
        let high = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Rounding can push a mean of equal numbers out of their range.
        let mean = (finite.iter().sum::<f64>() / finite.len() as f64).clamp(low, high);
        Some(Spread { mean, low, high })
    }
}

impl Report {
    /// A column over keys, by ascending step; steps at which no key has a finite value are left out.
    pub fn over_keys(&self, method: Method, column: impl Fn(&RunRow) -> f64) -> Vec<(usize, Spread)> {
        let mut steps: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for run in self.runs.iter().filter(|run| run.method == method) {
            for row in &run.rows {
                steps.entry(row.step).or_default().push(column(row));
            }
        }
        steps.into_iter().filter_map(|(step, values)| Some((step, Spread::of(values)?))).collect()
    }
}

/// A number with so many decimals; a dash where there is none.
pub fn decimal(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "-".to_string();
    }
    let text = format!("{value:.decimals$}");
    // Zero has no sign for people.
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|byte| byte == b'0' || byte == b'.') => digits.to_string(),
        _ => text,
    }
}
