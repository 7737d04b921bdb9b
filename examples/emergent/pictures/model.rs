//! The model of logits beside the network: spectra by rank, and what changes over training.

use eigenscape::plot::{Axis, Chart, Color, Dash, Figure, Mark, Picture as _, Series};

use super::{Picture, about, ranks_axis, stage, steps};
use crate::report::{AccountRow, ComparedRow, ModelRow, Report};

type Column = fn(&ComparedRow) -> f64;
type Account = fn(&AccountRow) -> f64;

/// Who says what, with colour and sign.
const SOURCES: [(&str, Color, Mark, Column); 5] = [
    ("Hessian", Color::GREY, Mark::Cross, |row| row.hessian),
    ("paper's model", Color::VERMILLION, Mark::Triangle, |row| row.paper),
    ("draw of the paper's model", Color::ORANGE, Mark::Square, |row| row.sampled),
    ("refined model", Color::GREEN, Mark::Diamond, |row| row.refined),
    ("Gauss-Newton matrix, measured", Color::BLUE, Mark::Circle, |row| row.gauss_newton),
];

fn examples(report: &Report) -> usize {
    report.model.first().map_or(0, |row| row.examples)
}

/// The largest eigenvalues at each stage: measured, in a draw of the model, and predicted.
pub fn spectra(report: &Report) -> eigenscape::Result<Picture> {
    let title = "The outliers: measured, sampled and predicted";
    let values = |row: &ModelRow, of: Column| -> Vec<(f64, f64)> {
        let eigenvalues = row.comparison.iter().filter(|row| row.property.starts_with("eigenvalue "));
        eigenvalues.enumerate().map(|(rank, row)| (rank as f64 + 1.0, of(row))).collect()
    };
    let all = || report.model.iter().flat_map(|row| SOURCES.iter().flat_map(|source| values(row, source.3)));
    let ranks = all().map(|point| point.0).fold(2.0, f64::max) as usize;
    // One scale for all stages.
    let edges = report.model.iter().map(|row| row.paper.edge);
    let shown = all().map(|point| point.1).chain(edges).filter(|value| value.is_finite() && *value > 0.0);
    let (low, high) = shown.fold((f64::MAX, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
    let (low, high) = if high > 0.0 { ((0.8 * low).max(1e-4 * high), 1.25 * high) } else { (0.1, 1.0) };
    let stages = report.model.len();
    let chart = |(index, row): (usize, &ModelRow)| {
        let y = Axis::logarithmic(if index == 0 { "eigenvalue" } else { "" }).range(low, high);
        let mut chart = Chart::new(ranks_axis(ranks, 2), y)
            .title(format!("{}, step {}", stage(index, stages), row.step))
            .with(
                Series::horizontal("end of the bulk, paper's", row.paper.edge)
                    .color(Color::VERMILLION)
                    .dash(Dash::Dotted),
            )
            .with(Series::horizontal("refined", row.refined.edge).color(Color::GREEN).dash(Dash::Dotted));
        for (name, color, mark, of) in SOURCES {
            chart = chart.with(Series::line(name, values(row, of)).color(color).mark(mark).width(1.0));
        }
        chart
    };
    let mut charts: Vec<Chart> = report.model.iter().enumerate().map(chart).collect();
    if charts.is_empty() {
        let y = Axis::logarithmic("eigenvalue").range(low, high);
        charts.push(Chart::new(ranks_axis(ranks, 2), y).title("nothing was measured"));
    }
    let subtitle = format!("{}; {} examples, SGD, seed {}", about(report), examples(report), report.seed);
    Ok(Picture {
        file: "prediction.svg",
        title: title.to_string(),
        caption: "The largest eigenvalues of the Gauss-Newton matrix by rank at each stage, beside those of the random \
                  model of logits that is calibrated on the same examples: in a draw, and as predicted from measured class \
                  means; and those of the refined model, whose class means and residues have more of the network's \
                  structure. A model's mark ends where it has no more outliers; dotted, where its bulk ends."
            .to_string(),
        svg: Figure::new(title).subtitle(subtitle).size(1000, 500).row(charts).svg()?,
    })
}

/// The other properties over training: largest eigenvalue, the gradient's share, the trace over the norm.
pub fn account(report: &Report) -> eigenscape::Result<Picture> {
    let title = "The other properties: measured, sampled and predicted";
    let less_one = report.classes.saturating_sub(1);
    let x = || steps().otherwise(0.0, 1.0);
    let columns: [(&str, Color, Dash, Account); 5] = [
        ("from \u{3c3}_c, \u{3c3}_E, \u{3c3}_z alone", Color::PURPLE, Dash::Dashed, |row| row.three_deviations),
        ("with the margin", Color::PURPLE, Dash::Solid, |row| row.with_margin),
        ("", Color::VERMILLION, Dash::Solid, |row| row.paper),
        ("", Color::GREY, Dash::Solid, |row| row.hessian),
        ("", Color::BLUE, Dash::Solid, |row| row.largest_eigenvalue),
    ];
    let curve = |property: &str, of: Column| -> Vec<(f64, f64)> {
        let row = |row: &ModelRow| (row.step as f64, row.compared(property).map_or(f64::NAN, of));
        report.model.iter().map(row).collect()
    };
    let y = Axis::linear("largest eigenvalue").with_zero().otherwise(0.0, 1.0);
    let mut largest = Chart::new(x(), y).title("largest eigenvalue");
    for (name, color, dash, of) in columns {
        let points = report.account.iter().map(|row| (row.step as f64, of(row)));
        largest = largest.with(Series::line(name, points).color(color).dash(dash));
    }
    // Where the models are looked at more closely: the draw, and the refined one.
    for (_, color, mark, of) in SOURCES {
        largest = largest.with(Series::points("", curve("eigenvalue 1", of)).color(color).mark(mark));
    }
    let share = format!("share of top {less_one}");
    let others =
        [(&*share, "gradient's share in the top eigenspace"), ("trace / norm", "trace / Frobenius norm, whole space")];
    let mut charts = vec![largest];
    for (property, title) in others {
        let y = Axis::linear(property).with_zero().otherwise(0.0, 1.0);
        let mut chart = Chart::new(x(), y).title(title);
        for (name, color, mark, of) in SOURCES {
            chart = chart.with(Series::line(name, curve(property, of)).color(color).mark(mark).width(1.4));
        }
        if property.starts_with("share") {
            let random = less_one as f64 / report.parameters.max(1) as f64;
            chart = chart.with(Series::horizontal("", random).color(Color::INK).dash(Dash::Dotted));
        }
        charts.push(chart);
    }
    let subtitle = format!("{}; {} examples, SGD, seed {}", about(report), examples(report), report.seed);
    Ok(Picture {
        file: "account.svg",
        title: title.to_string(),
        caption: format!(
            "Left: the largest eigenvalue of the Gauss-Newton matrix and of the Hessian over training, and the model's account \
             of it: from the measured class means and probabilities; from three deviations alone, whose normal logits know \
             nothing of margins, so that it does not fall; and with the margin of the true class, at which as much of the \
             softmax's curvature is left as measured. Signs: a draw of the paper's model and the refined model, at three \
             stages. Middle: the gradient's share in the top {less_one} eigenvectors. \
             Right: the trace over the Frobenius norm, which random hyperplanes see a part of."
        ),
        svg: Figure::new(title).subtitle(subtitle).size(1000, 470).row(charts).svg()?,
    })
}
