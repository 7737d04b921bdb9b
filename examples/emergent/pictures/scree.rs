//! The top of the spectrum: the largest eigenvalues by rank, and over training.

use eigenscape::plot::{Axis, Chart, Color, Dash, Figure, Mark, Picture as _, Series};

use super::{Picture, about, ranks_axis, stage};
use crate::report::Report;

/// Early to late.
const STAGES: [(Color, Mark); 3] =
    [(Color::ORANGE, Mark::Circle), (Color::VERMILLION, Mark::Triangle), (Color::INK, Mark::Square)];
/// Decades below the largest eigenvalue that are shown.
const DEPTH: f64 = 3.0;

pub fn picture(report: &Report) -> eigenscape::Result<Picture> {
    let less_one = report.classes.saturating_sub(1);
    let stages = report.spectrum.len();
    let title = format!("The top of the spectrum: is there a gap after {less_one} eigenvalues?");
    let vertical = || Axis::logarithmic("eigenvalue").decades(DEPTH).otherwise(0.1, 1.0);

    let ranks = report.spectrum.iter().map(|spectrum| spectrum.eigenvalues.len()).max().unwrap_or(0).max(2);
    let after = Series::vertical(format!("after rank {less_one}"), less_one as f64 + 0.5).dash(Dash::Dashed);
    let mut by_rank = Chart::new(ranks_axis(ranks, 1 + ranks / 24), vertical()).title("by rank").with(after);
    for (index, spectrum) in report.spectrum.iter().enumerate() {
        let (color, mark) = STAGES[index % STAGES.len()];
        let points = spectrum.eigenvalues.iter().enumerate().map(|(rank, value)| (rank as f64 + 1.0, *value));
        let name = format!("{}, step {}", stage(index, stages), spectrum.step);
        by_rank = by_rank.with(Series::line(name, points).color(color).mark(mark).width(1.2));
    }

    let rows = &report.training;
    let tracked = rows.iter().map(|row| row.largest_eigenvalues.len()).max().unwrap_or(0);
    let mut over_training = Chart::new(super::steps().otherwise(0.0, 1.0), vertical()).title("over training");
    // The outliers are drawn last, over the bulk.
    for rank in (0..tracked).rev() {
        let (name, color) = match rank < less_one {
            true => (format!("ranks 1 to {less_one}"), Color::BLUE),
            false => (format!("ranks from {} on", report.classes), Color::GREY),
        };
        let value = |row: &crate::report::TrainingRow| row.largest_eigenvalues.get(rank).copied().unwrap_or(f64::NAN);
        let points = rows.iter().map(|row| (row.step as f64, value(row)));
        over_training = over_training.with(Series::line(name, points).color(color).width(1.4));
    }
    let figure = Figure::new(&title)
        .subtitle(format!("{}; SGD, seed {}", about(report), report.seed))
        .size(1000, 490)
        .row([by_rank, over_training]);
    Ok(Picture {
        file: "scree.svg",
        title,
        caption: format!(
            "Left: the largest eigenvalues by rank at each stage; the dashed line stands after rank {less_one}. Right: \
             the tracked eigenvalues over training, the first {less_one} in blue. Both axes of eigenvalues are \
             logarithmic, so that equal distances are equal ratios."
        ),
        svg: figure.svg()?,
    })
}
