//! Training inside of random hyperplanes: accuracy and loss against dimension, one curve for each radius.

use super::axis::Axis;
use super::panel::Panel;
use super::theme::{Dash, Drawn, GREY, Heading, INK, Look, SERIES, SIGNS, figure};
use super::{Picture, about};
use crate::report::{Report, Spread, SubspaceRow, decimal};

pub fn picture(report: &Report) -> Drawn<Picture> {
    let mut radii: Vec<f64> =
        report.subspace.iter().map(|row| row.radius).filter(|radius| radius.is_finite()).collect();
    radii.sort_by(f64::total_cmp);
    radii.dedup();
    let looks = |index: usize| (SERIES[index % SERIES.len()], SIGNS[index % SIGNS.len()]);
    let legend = radii.iter().enumerate().map(|(index, radius)| {
        let (color, sign) = looks(index);
        (Look::Signed(color, sign), format!("radius {radius}"))
    });
    let heading = Heading {
        title: "Training inside of random hyperplanes".to_string(),
        subtitle: format!(
            "{}; {} for {} steps; radius: factor on the usual initial weights",
            about(report),
            report.settings.subspace_optimizer,
            report.settings.subspace_steps
        ),
        legend: legend.collect(),
    };
    let dimensions: Vec<f64> = report.subspace.iter().map(|row| row.dimension as f64).collect();
    let curve = |radius: f64, column: fn(&SubspaceRow) -> f64| {
        let rows = report.subspace.iter().filter(|row| row.radius == radius);
        let mut points: Vec<(f64, f64)> = rows.map(|row| (row.dimension as f64, column(row))).collect();
        points.sort_by(|left, right| left.0.total_cmp(&right.0));
        points
    };
    let svg = figure((1000, 470), &heading, |area, frame| {
        let [left, right] = frame.columns([58, 42]);
        let name = format!("dimension of the hyperplane (of {})", report.parameters);
        let x = || Axis::values(&name, &dimensions);
        let panel = Panel::draw(area, left, "", x(), Axis::linear("test accuracy", 0.0, 1.04))?;
        let chance = 1.0 / report.classes.max(1) as f64;
        panel.horizontal(chance, GREY, Dash::Dotted)?;
        panel.below(chance, "chance", GREY)?;
        panel.horizontal(report.full_space_accuracy, INK, Dash::Dashed)?;
        let full = format!("full space, {}", decimal(report.full_space_accuracy, 3));
        panel.below(report.full_space_accuracy, &full, INK)?;
        let losses = report.subspace.iter().map(|row| row.train_loss).filter(|loss| *loss > 0.0);
        let (low, high) = Spread::of(losses).map_or((f64::NAN, f64::NAN), |loss| (loss.low, loss.high));
        let loss = Axis::logarithmic("training loss (nats)", (0.8 * low).max(1e-6 * high), 1.2 * high);
        let beside = Panel::draw(area, right, "", x(), loss)?;
        for (index, radius) in radii.iter().enumerate() {
            let (color, sign) = looks(index);
            for (panel, points) in
                [(&panel, curve(*radius, |row| row.test_accuracy)), (&beside, curve(*radius, |row| row.train_loss))]
            {
                panel.line(&points, color, 18, Dash::Solid)?;
                panel.signs(&points, color, sign)?;
            }
        }
        Ok(())
    })?;
    Ok(Picture {
        file: "subspace.svg",
        title: heading.title,
        caption: format!(
            "Each point is a network trained only inside of one random affine hyperplane through its initial weights. \
             Dashed: the accuracy when all {} parameters train. The radius of the initial weights decides how many \
             dimensions are needed.",
            report.parameters
        ),
        svg,
    })
}
