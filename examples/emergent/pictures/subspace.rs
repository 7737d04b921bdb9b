//! Training inside of random hyperplanes: accuracy and loss against dimension, one curve for each radius.

use eigenscape::plot::{Axis, Chart, Color, Dash, Figure, Mark, Picture as _, Series};

use super::{Picture, about};
use crate::report::{Report, SubspaceRow, decimal};

pub fn picture(report: &Report) -> eigenscape::Result<Picture> {
    let mut radii: Vec<f64> =
        report.subspace.iter().map(|row| row.radius).filter(|radius| radius.is_finite()).collect();
    radii.sort_by(f64::total_cmp);
    radii.dedup();
    let title = "Training inside of random hyperplanes";
    let subtitle = format!(
        "{}; {} for {} steps; radius: factor on the usual initial weights",
        about(report),
        report.settings.subspace_optimizer,
        report.settings.subspace_steps
    );
    let mut dimensions: Vec<f64> = report.subspace.iter().map(|row| row.dimension as f64).collect();
    dimensions.sort_by(f64::total_cmp);
    dimensions.dedup();
    let name = format!("dimension of the hyperplane (of {})", report.parameters);
    let x = || Axis::logarithmic(&name).ticks_at(&dimensions).otherwise(1.0, 10.0);
    let chance = 1.0 / report.classes.max(1) as f64;
    let full = format!("full space, {}", decimal(report.full_space_accuracy, 3));
    let mut accuracy = Chart::new(x(), Axis::linear("test accuracy").range(0.0, 1.04))
        .with(Series::horizontal("", chance).dash(Dash::Dotted).labels(["chance"]))
        .with(Series::horizontal("", report.full_space_accuracy).color(Color::INK).labels([full]));
    let mut loss = Chart::new(x(), Axis::logarithmic("training loss (nats)").decades(6.0).otherwise(0.1, 1.0));
    for (index, radius) in radii.iter().enumerate() {
        let curve = |column: fn(&SubspaceRow) -> f64| {
            let rows = report.subspace.iter().filter(|row| row.radius == *radius);
            let mut points: Vec<(f64, f64)> = rows.map(|row| (row.dimension as f64, column(row))).collect();
            points.sort_by(|left, right| left.0.total_cmp(&right.0));
            let (color, mark) = (Color::SERIES[index % Color::SERIES.len()], Mark::SERIES[index % Mark::SERIES.len()]);
            Series::line(format!("radius {radius}"), points).color(color).mark(mark).width(1.8)
        };
        accuracy = accuracy.with(curve(|row| row.test_accuracy));
        loss = loss.with(curve(|row| row.train_loss));
    }
    let figure =
        Figure::new(title).subtitle(subtitle).size(1000, 490).weighted_row(1.0, [(58.0, accuracy), (42.0, loss)]);
    Ok(Picture {
        file: "subspace.svg",
        title: title.to_string(),
        caption: format!(
            "Each point is a network trained only inside of one random affine hyperplane through its initial weights. \
             Dashed: the accuracy when all {} parameters train. The radius of the initial weights decides how many \
             dimensions are needed.",
            report.parameters
        ),
        svg: figure.svg()?,
    })
}
