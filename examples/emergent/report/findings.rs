//! The four properties in words, from the numbers alone: present, weak or absent, as they came out.

use serde_json::{Value, json};

use super::spread::decimal;
use super::{AccountRow, Method, Report, RunRow, Spread};

/// A gap counts as clear from this ratio of neighbouring eigenvalues on.
const GAP: f64 = 1.1;
/// The gap between two groups counts as closed when less than this part of its greatest excess over 1 is left.
const CLOSED: f64 = 0.5;
/// A peak counts as a rise from this ratio to the start on: below it, an eigenvalue merely stays where it is.
const RISE: f64 = 1.01;
/// A gradient counts as confined when more than this part of it lies in the top eigenspace.
const CONFINED: f64 = 0.5;
/// A hyperplane is as good as the full space when it reaches this part of the full space's accuracy.
const AS_GOOD: f64 = 0.9;

/// One of the four properties, as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// What it is about.
    pub name: &'static str,
    /// One or two sentences.
    pub finding: String,
    /// Whether the phenomenon shows; `None` if it was not measured.
    pub present: Option<bool>,
}

impl Property {
    pub(super) fn to_json(&self) -> Value {
        json!({ "name": self.name, "finding": self.finding, "present": self.present })
    }

    fn unmeasured(name: &'static str) -> Property {
        Property { name, finding: "Not measured in this run.".to_string(), present: None }
    }
}

impl Report {
    /// The four properties, as they came out of this run.
    pub fn properties(&self) -> [Property; 4] {
        [self.outliers(), self.confinement(), self.largest_eigenvalue(), self.hyperplanes()]
    }

    fn outliers(&self) -> Property {
        let name = "Bulk and outliers";
        if self.spectrum.is_empty() {
            return Property::unmeasured(name);
        }
        let counts: Vec<String> = self
            .spectrum
            .iter()
            .map(|spectrum| format!("{} at step {}", count(spectrum.outliers.len()), spectrum.step))
            .collect();
        let less_one = self.classes.saturating_sub(1);
        let mut finding = format!(
            "Eigenvalues that stand outside of the bulk: {}; the number of classes less one is {less_one}.",
            counts.join(", ")
        );
        let gap = self.over_keys(Method::Stochastic, |row| row.gap_ratio);
        if let (Some(widest), Some(last)) = (highest(&gap), gap.last()) {
            let mean = |ratio: &(usize, Spread)| decimal(ratio.1.mean, 2);
            finding.push_str(&format!(
                " lambda_{less_one} / lambda_{} is at most {}, at step {}",
                self.classes,
                mean(&widest),
                widest.0
            ));
            if widest.1.mean < GAP {
                finding.push_str(": no clear gap");
            } else if last.0 > widest.0 {
                let closes = last.1.mean - 1.0 < CLOSED * (widest.1.mean - 1.0);
                let verdict = if closes { "the gap between them closes" } else { "the gap between them stays" };
                finding.push_str(&format!(", and {} at step {}: {verdict}", mean(last), last.0));
            }
            finding.push('.');
        }
        Property { name, finding, present: Some(self.spectrum.iter().any(|spectrum| !spectrum.outliers.is_empty())) }
    }

    fn confinement(&self) -> Property {
        let name = "Gradient in the top eigenspace";
        let shares = self.over_keys(Method::Stochastic, |row| row.gradient_share_top_classes);
        let (Some(first), Some(peak), Some(last)) = (shares.first(), highest(&shares), shares.last()) else {
            return Property::unmeasured(name);
        };
        let present = peak.1.mean > CONFINED;
        let mut finding = format!(
            "Under SGD the top {} eigenvectors hold {} of the gradient's squared norm at step {}, ",
            self.classes,
            decimal(first.1.mean, 2),
            first.0
        );
        finding.push_str(&match peak.0 == first.0 {
            true => "never more later".to_string(),
            false => format!("at most {} at step {}", decimal(peak.1.mean, 2), peak.0),
        });
        finding.push_str(&match last.0 == peak.0 {
            true => ".".to_string(),
            false => format!(" and {} at step {}.", decimal(last.1.mean, 2), last.0),
        });
        let baseline = self.classes as f64 / self.parameters as f64;
        finding.push_str(&match present {
            true => format!(" A random direction would have {}.", decimal(baseline, 4)),
            false => format!(" That is less than half of it, where a random direction has {}.", decimal(baseline, 4)),
        });
        let full_batch = self.over_keys(Method::FullBatch, |row| row.gradient_share_top_classes);
        if let (Some(full_first), Some(full_last)) = (full_batch.first(), full_batch.last()) {
            let depends = (full_last.1.mean > CONFINED) != (last.1.mean > CONFINED);
            finding.push_str(&format!(
                " Under full-batch gradient descent it goes from {} to {}{}.",
                decimal(full_first.1.mean, 2),
                decimal(full_last.1.mean, 2),
                if depends { ": confinement depends on the optimizer" } else { "" }
            ));
        }
        Property { name, finding, present: Some(present) }
    }

    fn largest_eigenvalue(&self) -> Property {
        let name = "Largest eigenvalue";
        let mut peaks = Vec::new();
        let mut steps = Vec::new();
        let mut ends = Vec::new();
        for run in self.runs.iter().filter(|run| run.method == Method::Stochastic) {
            let rows: Vec<&RunRow> = run.rows.iter().filter(|row| row.largest_eigenvalue.is_finite()).collect();
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else { continue };
            let peak = rows
                .iter()
                .fold(first, |peak, row| if row.largest_eigenvalue > peak.largest_eigenvalue { row } else { peak });
            peaks.push(peak.largest_eigenvalue / first.largest_eigenvalue);
            ends.push(last.largest_eigenvalue / first.largest_eigenvalue);
            if peaks.last().is_some_and(|ratio| *ratio >= RISE) {
                steps.push(peak.step);
            }
        }
        let (Some(peak), Some(end)) = (Spread::of(peaks.iter().copied()), Spread::of(ends)) else {
            return Property::unmeasured(name);
        };
        let rising = peaks.iter().filter(|ratio| **ratio >= RISE).count();
        let (earliest, latest) = (steps.iter().min().copied().unwrap_or(0), steps.iter().max().copied().unwrap_or(0));
        let when = match earliest == latest {
            true => format!("at step {earliest}"),
            false => format!("at steps {earliest} to {latest}"),
        };
        let then = match end.mean < peak.mean {
            true => format!("falls to {} times its start at the end", decimal(end.mean, 2)),
            false => "does not fall again".to_string(),
        };
        let finding = match rising {
            0 => {
                format!(
                    "Under SGD lambda_1 does not rise above its start; it ends at {} times that.",
                    decimal(end.mean, 2)
                )
            }
            _ => format!(
                "Under SGD lambda_1 rises in {rising} of {} runs, on average to {} times its start ({} to {}), {when}, \
                 and {then}.",
                peaks.len(),
                decimal(peak.mean, 2),
                decimal(peak.low, 2),
                decimal(peak.high, 2)
            ),
        };
        let finding = match self.explanation() {
            Some(explanation) => format!("{finding} {explanation}"),
            None => finding,
        };
        // More than half of the runs, and a fall after it: a rise alone is another phenomenon.
        Property { name, finding, present: Some(2 * rising > peaks.len() && end.mean < peak.mean) }
    }

    /// What the random model makes of the rise and the fall, along the first key's stochastic run; none unless measured.
    fn explanation(&self) -> Option<String> {
        let (first, last) = (self.account.first()?, self.account.last()?);
        let peak =
            self.account.iter().fold(first, |peak, row| match row.largest_eigenvalue > peak.largest_eigenvalue {
                true => row,
                false => peak,
            });
        let ratio = |of: fn(&AccountRow) -> f64, row: &AccountRow| of(row) / of(first);
        let rows: [fn(&AccountRow) -> f64; 4] =
            [|row| row.largest_eigenvalue, |row| row.paper, |row| row.three_deviations, |row| row.with_margin];
        let growth = |row: &AccountRow| ratio(|row| row.mean_deviation.powi(2), row);
        let at = |row: &AccountRow| rows.map(|of| ratio(of, row));
        let finite = |values: [f64; 4]| values.iter().all(|value| value.is_finite());
        if !(finite(at(peak)) && finite(at(last))) || first.step == last.step {
            return None;
        }
        let said = |row: &AccountRow| at(row).map(|value| decimal(value, 2));
        let mut text = format!("Of one run, on {} examples:", self.model.first().map_or(0, |row| row.examples));
        if peak.step != first.step {
            let [measured, means, _, margin] = said(peak);
            text.push_str(&format!(
                " at the peak, step {}, lambda_1 of the Gauss-Newton matrix is {measured} times its start; the model has \
                 {means} with the measured class means and {margin} from deviations and margin, as sigma_c^2 is {} times \
                 its start.",
                peak.step,
                decimal(growth(peak), 2)
            ));
        }
        let [measured, means, plain, margin] = said(last);
        text.push_str(&format!(
            " At the end it is {measured} times its start, and {means} with the measured means. sigma_c^2 has grown to {} \
             times, 1 - Y_2 has fallen from {} to {}: without a margin the model ends at {plain} times its start, with one \
             of {} at {margin}.",
            decimal(growth(last), 2),
            decimal(first.kept, 2),
            decimal(last.kept, 4),
            decimal(last.fitted_margin, 1)
        ));
        Some(text)
    }

    fn hyperplanes(&self) -> Property {
        let name = "Random hyperplanes";
        let best = |rows: &mut dyn Iterator<Item = &super::SubspaceRow>| {
            rows.filter(|row| row.test_accuracy.is_finite())
                .max_by(|left, right| left.test_accuracy.total_cmp(&right.test_accuracy))
                .cloned()
        };
        let Some(top) = best(&mut self.subspace.iter()).filter(|_| self.full_space_accuracy.is_finite()) else {
            return Property::unmeasured(name);
        };
        let target = AS_GOOD * self.full_space_accuracy;
        let smallest = self.subspace.iter().filter(|row| row.test_accuracy >= target).map(|row| row.dimension).min();
        let full = decimal(self.full_space_accuracy, 3);
        let Some(dimension) = smallest else {
            let finding = format!(
                "No hyperplane reaches {} % of the full space's test accuracy of {full}; the best has {} with {} of {} \
                 dimensions at radius {}.",
                AS_GOOD * 100.0,
                decimal(top.test_accuracy, 3),
                top.dimension,
                self.parameters,
                top.radius
            );
            return Property { name, finding, present: Some(false) };
        };
        let there = || self.subspace.iter().filter(|row| row.dimension == dimension && row.test_accuracy.is_finite());
        let good = best(&mut there()).unwrap_or(top);
        let poor = there().min_by(|left, right| left.test_accuracy.total_cmp(&right.test_accuracy)).unwrap_or(&good);
        let mut finding = format!(
            "{dimension} of {} dimensions suffice for {} % of the full space's test accuracy of {full}: {} at radius {}",
            self.parameters,
            AS_GOOD * 100.0,
            decimal(good.test_accuracy, 3),
            good.radius
        );
        if poor.radius != good.radius {
            finding.push_str(&format!("; radius {} gives only {}", poor.radius, decimal(poor.test_accuracy, 3)));
        }
        finding.push('.');
        Property { name, finding, present: Some(2 * dimension < self.parameters) }
    }
}

fn highest(column: &[(usize, Spread)]) -> Option<(usize, Spread)> {
    let mut rows = column.iter();
    let first = rows.next()?;
    Some(*rows.fold(first, |peak, row| if row.1.mean > peak.1.mean { row } else { peak }))
}

fn count(number: usize) -> String {
    if number == 0 { "none".to_string() } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn finding(report: &Report, index: usize) -> (String, Option<bool>) {
        let property = report.properties()[index].clone();
        (property.finding, property.present)
    }

    fn assert_says(report: &Report, index: usize, parts: &[&str], present: Option<bool>) {
        let (text, found) = finding(report, index);
        assert!(parts.iter().all(|part| text.contains(part)), "{parts:?}: {text}");
        assert_eq!(found, present, "{text}");
    }

    #[test]
    fn what_was_measured_is_told_with_its_numbers() {
        let report = sample::report();
        assert_says(&report, 0, &["9 at step 0, 9 at step 30, none at step 1000", "closes"], Some(true));
        assert_says(&report, 1, &["at step 0", "0.0011", "to 0.00: confinement depends"], Some(true));
        assert_says(&report, 2, &["5 of 5 runs", "at step 2", "falls to 0.2"], Some(true));
        let parts = [
            "peak, step 2",
            "1 - Y_2 has fallen from 0.88 to 0.01",
            "at 1.20 times its start, with one of 15.0 at 0.21",
        ];
        assert_says(&report, 2, &parts, Some(true));
        assert_says(&report, 3, &["of 8970 dimensions suffice for 90 %", "gives only"], Some(true));
    }

    #[test]
    fn an_absent_phenomenon_is_called_absent() {
        let mut report = sample::report();
        for row in report.runs.iter_mut().flat_map(|run| &mut run.rows) {
            row.largest_eigenvalue = 1.0 / (1.0 + row.step as f64);
            row.gap_ratio = 1.05;
            row.gradient_share_top_classes = 0.2;
        }
        report.spectrum.iter_mut().for_each(|spectrum| spectrum.outliers.clear());
        report.subspace.iter_mut().for_each(|row| row.test_accuracy *= 0.5);
        assert_says(&report, 0, &["none at step 0", "no clear gap"], Some(false));
        assert_says(&report, 1, &["0.20", "never more later", "less than half", "from 0.20 to 0.20."], Some(false));
        assert_says(&report, 2, &["does not rise above its start"], Some(false));
        assert_says(&report, 3, &["No hyperplane reaches 90 %"], Some(false));
    }

    #[test]
    fn a_rise_without_a_fall_is_not_the_phenomenon() {
        let mut report = sample::report();
        for row in report.runs.iter_mut().flat_map(|run| &mut run.rows) {
            row.largest_eigenvalue = 1.0 + row.step as f64;
        }
        assert_says(&report, 2, &["5 of 5 runs", "does not fall again"], Some(false));
    }

    #[test]
    fn nothing_measured_is_neither_present_nor_absent() {
        for index in 0..4 {
            assert_says(&sample::empty(), index, &["Not measured"], None);
        }
        for index in 1..4 {
            assert_says(&sample::without_numbers(), index, &["Not measured"], None);
        }
    }
}
