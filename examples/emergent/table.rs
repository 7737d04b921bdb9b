//! The table in the terminal at the end: plain text, at most 100 columns wide.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::report::{Method, Report, RunRow, Spread, decimal};

const WIDTH: usize = 100;

/// Name, width, decimals of the mean, value.
type Column = (&'static str, usize, usize, fn(&RunRow) -> f64);

/// The main numbers and the four properties.
pub fn table(report: &Report) -> String {
    let mut text = format!(
        "{}, {} ({} parameters), {}, {} training and {} test examples, {} s\n",
        report.data,
        report.network,
        report.parameters,
        report.scalar,
        report.examples.train,
        report.examples.test,
        decimal(report.seconds, 1)
    );
    for method in Method::ALL {
        text.push_str(&over_keys(report, method));
    }
    let classes = report.classes;
    text.push_str(&wrap(&format!(
        "gap ratio: lambda_{} / lambda_{classes}; share: of the squared norm, in the top {classes} eigenvectors; a \
         random direction has {}",
        classes.saturating_sub(1),
        decimal(classes as f64 / report.parameters as f64, 4)
    )));
    text.push_str(&spectra(report));
    text.push_str(&model(report));
    text.push_str(&hyperplanes(report));
    text.push_str("\nThe four properties\n");
    for property in report.properties() {
        let mark = match property.present {
            Some(true) => "present",
            Some(false) => "absent",
            None => "-",
        };
        text.push_str(&wrap(&format!("{} ({mark}): {}", property.name, property.finding)));
    }
    text
}

fn over_keys(report: &Report, method: Method) -> String {
    let columns: [Column; 5] = [
        ("lambda_1", 18, 2, |row| row.largest_eigenvalue),
        ("gap ratio", 17, 2, |row| row.gap_ratio),
        ("gradient share", 18, 3, |row| row.gradient_share_top_classes),
        ("mini-batch share", 18, 3, |row| row.mini_batch_share_top_classes),
        ("test accuracy", 18, 3, |row| row.test_accuracy),
    ];
    let values = columns.map(|(_, _, _, column)| report.over_keys(method, column));
    let peak = values[0].iter().max_by(|left, right| left.1.mean.total_cmp(&right.1.mean)).map(|row| row.0);
    let steps: BTreeSet<usize> = values.iter().flatten().map(|row| row.0).collect();
    if steps.is_empty() {
        return String::new();
    }
    let (first, last) = (steps.first().copied(), steps.last().copied());
    let ends = [first, last, peak];
    let what = match report.keys {
        1 => "1 key".to_string(),
        keys => format!("mean (lowest..highest) of {keys} keys"),
    };
    let mut text = format!("\n{}, {what}\n{:>6}", method.title(), "step");
    for (name, width, ..) in columns {
        let _ = write!(text, " {name:>width$}");
    }
    text.push('\n');
    for step in steps.into_iter().filter(|step| ends.contains(&Some(*step)) || is_round(*step)) {
        let _ = write!(text, "{step:>6}");
        for ((_, width, decimals, _), rows) in columns.iter().zip(&values) {
            let spread = rows.iter().find(|row| row.0 == step).map(|row| row.1);
            let _ = write!(text, " {:>width$}", cell(spread, *decimals, report.keys));
        }
        text.push('\n');
    }
    text
}

/// 1 and 3 times the powers of ten.
fn is_round(step: usize) -> bool {
    let mut rest = step;
    while rest > 0 && rest.is_multiple_of(10) {
        rest /= 10;
    }
    rest == 1 || rest == 3
}

fn cell(spread: Option<Spread>, decimals: usize, keys: usize) -> String {
    let Some(Spread { mean, low, high }) = spread else { return "-".to_string() };
    let mean = decimal(mean, decimals);
    if keys == 1 {
        return mean;
    }
    // Two decimals for the range, or the column would be too wide.
    format!("{mean} ({}..{})", decimal(low, 2), decimal(high, 2))
}

fn spectra(report: &Report) -> String {
    if report.spectrum.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\nSpectrum, SGD, seed {}\n{:>6}{:>12}{:>9}  largest eigenvalues (| ends the outliers)\n",
        report.seed, "step", "bulk edge", "outside"
    );
    for spectrum in &report.spectrum {
        let outside = spectrum.outliers.len();
        let _ = write!(text, "{:>6}{:>12}{:>9} ", spectrum.step, decimal(spectrum.bulk_edge, 3), outside);
        for (rank, eigenvalue) in spectrum.eigenvalues.iter().take(11).enumerate() {
            text.push_str(if rank == outside { " |" } else { "" });
            let _ = write!(text, " {}", decimal(*eigenvalue, 2));
        }
        text.push('\n');
    }
    text
}

/// The parameters of the random model, and how far its outliers are from those of the Gauss-Newton matrix.
fn model(report: &Report) -> String {
    let Some(first) = report.model.first() else { return String::new() };
    let mut text = format!(
        "\nRandom model on {} examples, SGD, seed {}; lambda_1 of the Gauss-Newton matrix and as predicted\n{:>6}",
        first.examples, report.seed, "step"
    );
    for name in ["same l. & c.", "same logit", "different", "sigma_c", "sigma_E", "sigma_z"] {
        let _ = write!(text, "{name:>13}");
    }
    for name in ["lambda_1", "paper", "refined"] {
        let _ = write!(text, "{name:>10}");
    }
    text.push('\n');
    for row in &report.model {
        let (clustering, parameters) = (&row.clustering, &row.parameters);
        let _ = write!(text, "{:>6}", row.step);
        for (value, decimals) in [
            (clustering.same_logit_and_class, 3),
            (clustering.same_logit, 3),
            (clustering.different_logits, 3),
            (parameters.mean_deviation.0, 4),
            (parameters.residue_deviation.0, 4),
            (parameters.logit_deviation.0, 3),
        ] {
            let _ = write!(text, "{:>13}", decimal(value, decimals));
        }
        let largest = row.compared("eigenvalue 1");
        for value in [largest.map(|row| row.gauss_newton), largest.map(|row| row.paper), largest.map(|row| row.refined)]
        {
            let _ = write!(text, "{:>10}", decimal(value.unwrap_or(f64::NAN), 3));
        }
        text.push('\n');
    }
    text
}

fn hyperplanes(report: &Report) -> String {
    let mut radii: Vec<f64> =
        report.subspace.iter().map(|row| row.radius).filter(|radius| radius.is_finite()).collect();
    radii.sort_by(f64::total_cmp);
    radii.dedup();
    let dimensions: BTreeSet<usize> = report.subspace.iter().map(|row| row.dimension).collect();
    let mut text = String::new();
    for radii in radii.chunks(7) {
        let full = decimal(report.full_space_accuracy, 3);
        let _ = write!(text, "\nTest accuracy in random hyperplanes (full space: {full})\n{:>10}", "dimension");
        for radius in radii {
            let _ = write!(text, " {:>11}", format!("radius {radius}"));
        }
        text.push('\n');
        for dimension in &dimensions {
            let _ = write!(text, "{dimension:>10}");
            for radius in radii {
                let row = report.subspace.iter().find(|row| row.dimension == *dimension && row.radius == *radius);
                let _ = write!(text, " {:>11}", row.map_or("-".to_string(), |row| decimal(row.test_accuracy, 3)));
            }
            text.push('\n');
        }
    }
    text
}

/// Breaks a paragraph into lines, indented by two spaces.
fn wrap(paragraph: &str) -> String {
    let (mut text, mut width) = (String::new(), 0);
    for word in paragraph.split_whitespace() {
        let length = word.chars().count();
        if width == 0 || width + 1 + length > WIDTH {
            text.push_str(if width == 0 { "  " } else { "\n    " });
            width = if width == 0 { 2 } else { 4 };
        } else {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_table_fits_and_tells_the_main_numbers() {
        let text = table(&sample::report());
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        for part in ["lambda_9 / lambda_10", "8970", "radius 0.25", "full space: 0.963", "bulk edge", "41.2 s"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        for property in sample::report().properties() {
            assert!(text.contains(property.name));
        }
    }

    #[test]
    fn holes_in_the_data_are_dashes() {
        for report in [sample::empty(), sample::without_numbers()] {
            let text = table(&report);
            assert!(text.contains("Not measured") && !text.contains("NaN") && !text.contains("inf"), "{text}");
        }
        let single = table(&Report { keys: 1, ..sample::report() });
        assert!(single.contains("1 key") && !single.contains(".."), "{single}");
    }

    #[test]
    fn long_paragraphs_break_between_words() {
        let text = wrap(&"word ".repeat(60));
        assert!(text.lines().count() > 2 && text.lines().all(|line| line.len() <= WIDTH));
        assert_eq!(text.split_whitespace().count(), 60);
    }

    #[test]
    fn round_steps_have_one_digit() {
        let round: Vec<usize> = (0..1001).filter(|step| is_round(*step)).collect();
        assert_eq!(round, [1, 3, 10, 30, 100, 300, 1000]);
    }
}
