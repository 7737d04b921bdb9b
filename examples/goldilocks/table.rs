//! The numbers: a table to read, and one for other programs.

use std::fmt::Write;

use eigenscape::emergent::{GoldilocksRow, KeyMean};

use crate::{Scanned, ratio};

/// A line for each radius and dimension, and what the scan found.
pub fn table(scanned: &Scanned) -> String {
    let mut text = format!(
        "{} ({} parameters), {} examples, {} key{}; a usual start ({}) lies at {:.1}\n",
        scanned.title,
        scanned.parameters,
        scanned.examples,
        scanned.run.samples().last().map_or(0, |sample| sample.number + 1),
        if scanned.run.samples().last().is_some_and(|sample| sample.number > 0) { "s" } else { "" },
        scanned.usual_name,
        scanned.usual
    );
    text.push_str(
        "                    tr / |.|_F on the plane                          |H-G|  positive   largest\n\
         r/usual    d     Hessian   Gauss-Newton    theory  remainder      /|G|     share  eigenv.     loss      |g|  \
         cosine  trained\n",
    );
    for row in scanned.run.rows() {
        let _ = writeln!(
            text,
            "{:>7.2} {:>4} {:>13} {:>13} {:>9} {:>10} {:>9} {:>9} {:>8} {:>8} {:>8} {:>7} {:>8}",
            row.radius / scanned.usual,
            row.dimension,
            with_error(row.ratio),
            with_error(row.gauss_newton_ratio),
            plain(row.predicted_ratio, 2),
            plain(row.remainder_ratio, 2),
            short(row.remainder_share),
            plain(row.positive_share, 2),
            short(row.largest),
            short(row.loss),
            short(row.gradient_norm),
            plain(row.plane_cosine, 2),
            plain(row.trained_accuracy, 3),
        );
    }
    text.push_str(&verdict(scanned));
    text
}

/// Where the Hessian's ratio is largest, and whether it falls on both sides.
fn verdict(scanned: &Scanned) -> String {
    let dimension = scanned.dimension;
    let Some((radius, best)) = scanned.run.peak(dimension, ratio) else {
        return "No curvature was found.\n".to_string();
    };
    let radii = scanned.run.scan().radii();
    let at = |radius: f64| scanned.run.mean(radius, dimension, ratio);
    let ends = [radii[0], radii[radii.len() - 1]].map(|end| at(end).map_or(f64::NAN, |mean| mean.mean));
    format!(
        "d = {dimension}: tr / |.|_F peaks at {:.2} of the usual start with {}, and is {:.2} at {:.2} and {:.2} at {:.2} \
         (sqrt d = {:.2})\n",
        radius / scanned.usual,
        with_error(Some(best)),
        ends[0],
        radii[0] / scanned.usual,
        ends[1],
        radii[radii.len() - 1] / scanned.usual,
        (dimension as f64).sqrt()
    )
}

fn with_error(mean: Option<KeyMean>) -> String {
    match mean {
        None => "-".to_string(),
        Some(KeyMean { mean, standard_error: None, .. }) => format!("{mean:.2}"),
        Some(KeyMean { mean, standard_error: Some(error), .. }) => format!("{mean:.2} +-{error:.2}"),
    }
}

fn plain(mean: Option<KeyMean>, decimals: usize) -> String {
    mean.map_or("-".to_string(), |mean| format!("{:.decimals$}", mean.mean))
}

fn short(mean: Option<KeyMean>) -> String {
    match mean {
        None => "-".to_string(),
        // A ratio to rounding.
        Some(KeyMean { mean, .. }) if mean > 1e6 => "> 1e6".to_string(),
        Some(KeyMean { mean, .. }) if mean == 0.0 || (0.01..1e4).contains(&mean.abs()) => format!("{mean:.3}"),
        Some(KeyMean { mean, .. }) => format!("{mean:.1e}"),
    }
}

/// A line for each radius and dimension, mean and standard error of everything.
pub fn csv(scanned: &Scanned) -> String {
    type Column = (&'static str, fn(&GoldilocksRow) -> Option<KeyMean>);
    let columns: [Column; 12] = [
        ("ratio", |row| row.ratio),
        ("gauss_newton_ratio", |row| row.gauss_newton_ratio),
        ("predicted_ratio", |row| row.predicted_ratio),
        ("remainder_ratio", |row| row.remainder_ratio),
        ("remainder_share", |row| row.remainder_share),
        ("positive_share", |row| row.positive_share),
        ("largest", |row| row.largest),
        ("loss", |row| row.loss),
        ("gradient_norm", |row| row.gradient_norm),
        ("plane_cosine", |row| row.plane_cosine),
        ("trained_loss", |row| row.trained_loss),
        ("trained_accuracy", |row| row.trained_accuracy),
    ];
    let names: Vec<String> = columns.iter().map(|(name, _)| format!("{name},{name}_standard_error")).collect();
    let mut text = format!("radius,radius_over_usual,dimension,keys,{}\n", names.join(","));
    for row in scanned.run.rows() {
        let keys = row.ratio.or(row.loss).map_or(0, |mean| mean.keys);
        let _ = write!(text, "{},{},{},{keys}", row.radius, row.radius / scanned.usual, row.dimension);
        for (_, column) in columns {
            let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
            let mean = column(&row);
            let (value, error) = (mean.map(|mean| mean.mean), mean.and_then(|mean| mean.standard_error));
            let _ = write!(text, ",{},{}", number(value), number(error));
        }
        text.push('\n');
    }
    text
}
