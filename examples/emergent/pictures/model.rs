//! The model of logits beside the network: spectra by rank, and what changes over training.

use plotters::style::RGBColor;

use super::axis::Axis;
use super::panel::Panel;
use super::theme::{BLUE, Dash, Drawn, GREEN, GREY, Heading, INK, Look, ORANGE, PURPLE, Sign, VERMILLION, figure};
use super::{Picture, about, stage};
use crate::report::{AccountRow, ComparedRow, ModelRow, Report, Spread};

type Column = fn(&ComparedRow) -> f64;
type Account = fn(&AccountRow) -> f64;

/// Who says what, with colour and sign.
const SOURCES: [(&str, RGBColor, Sign, Column); 5] = [
    ("Hessian", GREY, Sign::Cross, |row| row.hessian),
    ("paper's model", VERMILLION, Sign::Triangle, |row| row.paper),
    ("draw of the paper's model", ORANGE, Sign::Square, |row| row.sampled),
    ("refined model", GREEN, Sign::Diamond, |row| row.refined),
    ("Gauss-Newton matrix, measured", BLUE, Sign::Circle, |row| row.gauss_newton),
];

fn legend() -> Vec<(Look, String)> {
    SOURCES.iter().rev().map(|(name, color, sign, _)| (Look::Signed(*color, *sign), name.to_string())).collect()
}

fn examples(report: &Report) -> usize {
    report.model.first().map_or(0, |row| row.examples)
}

/// The largest eigenvalues at each stage: measured, in a draw of the model, and predicted.
pub fn spectra(report: &Report) -> Drawn<Picture> {
    let mut legend = legend();
    legend.push((Look::Line(VERMILLION, Dash::Dotted), "end of the bulk, paper's".to_string()));
    legend.push((Look::Line(GREEN, Dash::Dotted), "refined".to_string()));
    let heading = Heading {
        title: "The outliers: measured, sampled and predicted".to_string(),
        subtitle: format!("{}; {} examples, SGD, seed {}", about(report), examples(report), report.seed),
        legend,
    };
    let values = |row: &ModelRow, of: Column| -> Vec<(f64, f64)> {
        let eigenvalues = row.comparison.iter().filter(|row| row.property.starts_with("eigenvalue "));
        eigenvalues.enumerate().map(|(rank, row)| (rank as f64 + 1.0, positive(of(row)))).collect()
    };
    let all = || report.model.iter().flat_map(|row| SOURCES.iter().flat_map(|source| values(row, source.3)));
    let ranks = all().map(|point| point.0).fold(2.0, f64::max);
    let spread = Spread::of(all().map(|point| point.1).chain(report.model.iter().map(|row| positive(row.paper.edge))));
    let (low, high) = spread.map_or((f64::NAN, f64::NAN), |spread| (spread.low, spread.high));
    let svg = figure((1000, 480), &heading, |area, frame| {
        for ((index, row), frame) in report.model.iter().enumerate().zip(frame.columns([1, 1, 1])) {
            let mut x = Axis::linear("rank of the eigenvalue", 0.5, ranks + 0.5);
            x.ticks = (1..=ranks as usize).step_by(2).map(|rank| (rank as f64, rank.to_string())).collect();
            let name = if index == 0 { "eigenvalue" } else { "" };
            let y = Axis::logarithmic(name, (0.8 * low).max(1e-4 * high), 1.25 * high);
            let title = format!("{}, step {}", stage(index, report.model.len()), row.step);
            let panel = Panel::draw(area, frame, &title, x, y)?;
            panel.horizontal(positive(row.paper.edge), VERMILLION, Dash::Dotted)?;
            panel.horizontal(positive(row.refined.edge), GREEN, Dash::Dotted)?;
            for (_, color, sign, of) in SOURCES {
                panel.line(&values(row, of), color, 10, Dash::Solid)?;
                panel.signs(&values(row, of), color, sign)?;
            }
        }
        Ok(())
    })?;
    Ok(Picture {
        file: "prediction.svg",
        title: heading.title,
        caption: "The largest eigenvalues of the Gauss-Newton matrix by rank at each stage, beside those of the random \
                  model of logits that is calibrated on the same examples: in a draw, and as predicted from measured class \
                  means; and those of the refined model, whose class means and residues have more of the network's \
                  structure. A model's mark ends where it has no more outliers; dotted, where its bulk ends."
            .to_string(),
        svg,
    })
}

/// The other properties over training: largest eigenvalue, the gradient's share, the trace over the norm.
pub fn account(report: &Report) -> Drawn<Picture> {
    let mut legend = legend();
    legend.push((Look::Line(PURPLE, Dash::Dashed), "from \u{3c3}_c, \u{3c3}_E, \u{3c3}_z alone".to_string()));
    legend.push((Look::Line(PURPLE, Dash::Solid), "with the margin".to_string()));
    let heading = Heading {
        title: "The other properties: measured, sampled and predicted".to_string(),
        subtitle: format!("{}; {} examples, SGD, seed {}", about(report), examples(report), report.seed),
        legend,
    };
    let less_one = report.classes.saturating_sub(1);
    let stages: [(String, String); 2] = [
        (format!("share of top {less_one}"), "gradient's share in the top eigenspace".to_string()),
        ("trace / norm".to_string(), "trace / Frobenius norm, whole space".to_string()),
    ];
    let steps = report.account.iter().map(|row| row.step).chain(report.model.iter().map(|row| row.step));
    let last = steps.max().unwrap_or(0);
    let svg = figure((1000, 450), &heading, |area, frame| {
        let frames = frame.columns([1, 1, 1]);
        let columns: [(RGBColor, Dash, Account); 5] = [
            (PURPLE, Dash::Dashed, |row| row.three_deviations),
            (PURPLE, Dash::Solid, |row| row.with_margin),
            (VERMILLION, Dash::Solid, |row| row.paper),
            (GREY, Dash::Solid, |row| row.hessian),
            (BLUE, Dash::Solid, |row| row.largest_eigenvalue),
        ];
        let curve =
            |of: Account| -> Vec<(f64, f64)> { report.account.iter().map(|row| (row.step as f64, of(row))).collect() };
        let stages_high = report.model.iter().filter_map(|row| row.compared("eigenvalue 1"));
        let signs = stages_high.flat_map(|row| SOURCES.map(|source| source.3(row)));
        let high = Spread::of(columns.iter().flat_map(|column| curve(column.2)).map(|point| point.1).chain(signs));
        let y = Axis::linear("largest eigenvalue", 0.0, 1.08 * high.map_or(f64::NAN, |spread| spread.high));
        let panel = Panel::draw(area, frames[0], "largest eigenvalue", Axis::steps(last), y)?;
        for (color, dash, of) in columns {
            panel.line(&curve(of), color, 20, dash)?;
        }
        // Where the models are looked at more closely: the draw, and the refined one.
        let at_stages = |of: Column| -> Vec<(f64, f64)> {
            let row = |row: &ModelRow| (row.step as f64, row.compared("eigenvalue 1").map_or(f64::NAN, of));
            report.model.iter().map(row).collect()
        };
        for (_, color, sign, of) in SOURCES {
            panel.signs(&at_stages(of), color, sign)?;
        }
        for ((property, title), frame) in stages.iter().zip(&frames[1..]) {
            let curve = |of: Column| -> Vec<(f64, f64)> {
                let row = |row: &ModelRow| (row.step as f64, row.compared(property).map_or(f64::NAN, of));
                report.model.iter().map(row).collect()
            };
            let spread = Spread::of(SOURCES.iter().flat_map(|source| curve(source.3)).map(|point| point.1));
            let (low, high) = spread.map_or((0.0, 1.0), |spread| (spread.low.min(0.0), spread.high));
            let y = Axis::linear(property, low, 1.08 * high);
            let panel = Panel::draw(area, *frame, title, Axis::steps(last), y)?;
            for (_, color, sign, of) in SOURCES {
                panel.line(&curve(of), color, 14, Dash::Solid)?;
                panel.signs(&curve(of), color, sign)?;
            }
            if property.starts_with("share") {
                panel.horizontal(less_one as f64 / report.parameters.max(1) as f64, INK, Dash::Dotted)?;
            }
        }
        Ok(())
    })?;
    Ok(Picture {
        file: "account.svg",
        title: heading.title,
        caption: format!(
            "Left: the largest eigenvalue of the Gauss-Newton matrix and of the Hessian over training, and the model's account \
             of it: from the measured class means and probabilities; from three deviations alone, whose normal logits know \
             nothing of margins, so that it does not fall; and with the margin of the true class, at which as much of the \
             softmax's curvature is left as measured. Signs: a draw of the paper's model and the refined model, at three \
             stages. Middle: the gradient's share in the top {less_one} eigenvectors. \
             Right: the trace over the Frobenius norm, which random hyperplanes see a part of."
        ),
        svg,
    })
}

/// Not a number where there is no logarithm, so that lines break there.
fn positive(value: f64) -> f64 {
    if value > 0.0 { value } else { f64::NAN }
}
