//! The top of the spectrum: the largest eigenvalues by rank, and over training.

use plotters::style::RGBColor;

use super::axis::Axis;
use super::panel::Panel;
use super::theme::{BLUE, Dash, Drawn, GREY, Heading, INK, Look, ORANGE, Sign, VERMILLION, figure};
use super::{Picture, about, stage};
use crate::report::{Report, Spread};

/// Early to late.
const STAGES: [(RGBColor, Sign); 3] = [(ORANGE, Sign::Circle), (VERMILLION, Sign::Triangle), (INK, Sign::Square)];
/// Decades below the largest eigenvalue that are shown.
const DEPTH: f64 = 1e-3;

pub fn picture(report: &Report) -> Drawn<Picture> {
    let less_one = report.classes.saturating_sub(1);
    let stages = report.spectrum.len();
    let mut legend: Vec<(Look, String)> = report
        .spectrum
        .iter()
        .enumerate()
        .map(|(index, spectrum)| {
            let (color, sign) = STAGES[index % STAGES.len()];
            (Look::Signed(color, sign), format!("{}, step {}", stage(index, stages), spectrum.step))
        })
        .collect();
    legend.push((Look::Line(GREY, Dash::Dashed), format!("after rank {less_one}")));
    legend.push((Look::Line(BLUE, Dash::Solid), format!("ranks 1 to {less_one}")));
    legend.push((Look::Line(GREY, Dash::Solid), format!("ranks from {} on", report.classes)));
    let heading = Heading {
        title: format!("The top of the spectrum: is there a gap after {less_one} eigenvalues?"),
        subtitle: format!("{}; SGD, seed {}", about(report), report.seed),
        legend,
    };
    let svg = figure((1000, 470), &heading, |area, frame| {
        let [left, right] = frame.columns([1, 1]);
        let lists = || report.spectrum.iter().map(|spectrum| &spectrum.eigenvalues);
        let ranks = lists().map(Vec::len).max().unwrap_or(0).max(2);
        let mut x = Axis::linear("rank of the eigenvalue", 0.5, ranks as f64 + 0.5);
        let every = 1 + ranks / 24;
        x.ticks = (1..=ranks).step_by(every).map(|rank| (rank as f64, rank.to_string())).collect();
        let panel = Panel::draw(area, left, "by rank", x, vertical(&mut lists().flatten().copied()))?;
        panel.vertical(less_one as f64 + 0.5, GREY, Dash::Dashed)?;
        for (index, values) in lists().enumerate() {
            let (color, sign) = STAGES[index % STAGES.len()];
            let points: Vec<_> =
                values.iter().enumerate().map(|(rank, value)| (rank as f64 + 1.0, positive(*value))).collect();
            panel.line(&points, color, 12, Dash::Solid)?;
            panel.signs(&points, color, sign)?;
        }

        let rows = &report.training;
        let values = &mut rows.iter().flat_map(|row| row.largest_eigenvalues.iter().copied());
        let steps = Axis::steps(rows.iter().map(|row| row.step).max().unwrap_or(0));
        let panel = Panel::draw(area, right, "over training", steps, vertical(values))?;
        let tracked = rows.iter().map(|row| row.largest_eigenvalues.len()).max().unwrap_or(0);
        // The outliers are drawn last, over the bulk.
        for rank in (0..tracked).rev() {
            let value = |row: &crate::report::TrainingRow| row.largest_eigenvalues.get(rank).copied();
            let points: Vec<_> =
                rows.iter().map(|row| (row.step as f64, value(row).map_or(f64::NAN, positive))).collect();
            panel.line(&points, if rank < less_one { BLUE } else { GREY }, 14, Dash::Solid)?;
        }
        Ok(())
    })?;
    Ok(Picture {
        file: "scree.svg",
        title: heading.title,
        caption: format!(
            "Left: the largest eigenvalues by rank at each stage; the dashed line stands after rank {less_one}. Right: \
             the tracked eigenvalues over training, the first {less_one} in blue. Both axes of eigenvalues are \
             logarithmic, so that equal distances are equal ratios."
        ),
        svg,
    })
}

/// Not a number where there is no logarithm, so that lines break there.
fn positive(value: f64) -> f64 {
    if value > 0.0 { value } else { f64::NAN }
}

fn vertical(values: &mut dyn Iterator<Item = f64>) -> Axis {
    let spread = Spread::of(values.filter(|value| *value > 0.0));
    let (low, high) = spread.map_or((f64::NAN, f64::NAN), |spread| (spread.low, spread.high));
    Axis::logarithmic("eigenvalue", (0.85 * low).max(DEPTH * high), 1.2 * high)
}
