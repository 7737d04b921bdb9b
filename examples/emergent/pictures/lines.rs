//! Pictures of curves over training: the gradient's share, the largest eigenvalue and its gap, loss and accuracy.

use eigenscape::plot::{Axis, Chart, Color, Dash, Figure, Picture as _, Series};

use super::{Picture, about, keys, ratio, steps};
use crate::report::{Method, Report, RunRow, Spread};

type Column = fn(&RunRow) -> f64;

fn color(method: Method) -> Color {
    match method {
        Method::Stochastic => Color::BLUE,
        Method::FullBatch => Color::VERMILLION,
    }
}

/// A mean with its range over keys.
fn over_keys(name: &str, rows: &[(usize, Spread)], color: Color) -> Series {
    let points = rows.iter().map(|(step, spread)| (*step as f64, spread.mean, spread.low, spread.high));
    Series::banded(name, points).color(color)
}

/// The gradient's share in the top eigenspace.
pub fn gradient(report: &Report) -> eigenscape::Result<Picture> {
    let (classes, less_one) = (report.classes, report.classes.saturating_sub(1));
    let title = "Where the gradient points: its share in the top eigenspace of the Hessian";
    let columns: [(&str, Color, Column, Column); 2] = [
        (
            "full gradient",
            Color::GREEN,
            |row| row.gradient_share_top_classes,
            |row| row.gradient_share_top_classes_less_one,
        ),
        (
            "mini-batch gradients",
            Color::PURPLE,
            |row| row.mini_batch_share_top_classes,
            |row| row.mini_batch_share_top_classes_less_one,
        ),
    ];
    let random = classes as f64 / report.parameters.max(1) as f64;
    let panels = Method::ALL.map(|method| {
        let x = steps().otherwise(0.0, 1.0);
        let name = format!("random direction, {classes}/{}", report.parameters);
        let mut chart = Chart::new(x, Axis::linear("share of the squared norm").range(0.0, 1.0))
            .title(method.title())
            .with(Series::horizontal(name, random).dash(Dash::Dotted));
        for (name, color, top, fewer) in columns {
            let mean = report.over_keys(method, fewer).into_iter().map(|(step, spread)| (step as f64, spread.mean));
            let mean = Series::line(format!("{name}, top {less_one}"), mean.collect::<Vec<_>>());
            chart = chart
                .with(over_keys(&format!("{name}, top {classes}"), &report.over_keys(method, top), color))
                .with(mean.color(color).dash(Dash::Dashed));
        }
        chart
    });
    let subtitle = format!("{}; mean and range over {}", about(report), keys(report));
    Ok(Picture {
        file: "gradient.svg",
        title: title.to_string(),
        caption: format!(
            "The share of the gradient's squared norm that lies in the span of the top {classes} and top {less_one} \
             eigenvectors of the Hessian, out of {} dimensions, for the gradient of the whole training set and for \
             those of mini-batches; beside each other two ways of training, because the share depends on them. Bands: range over keys.",
            report.parameters
        ),
        svg: Figure::new(title).subtitle(subtitle).size(1000, 520).row(panels).svg()?,
    })
}

/// The largest eigenvalue, and the ratio across the gap.
pub fn eigenvalue(report: &Report) -> eigenscape::Result<Picture> {
    let (upper, lower) = (report.classes.saturating_sub(1), report.classes);
    let title = "The largest eigenvalue over training, and the gap after the outliers";
    let curves = |column: Column| {
        Method::ALL.map(|method| over_keys(method.title(), &report.over_keys(method, column), color(method)))
    };
    let x = || steps().otherwise(0.0, 1.0);
    let largest = Axis::linear("largest eigenvalue \u{3bb}\u{2081}").with_zero().otherwise(0.0, 1.0);
    let largest = Chart::new(x(), largest).title("over training").with_all(curves(|row| row.largest_eigenvalue));
    let gap = Chart::new(x(), Axis::linear(format!("ratio {}", ratio(upper, lower))))
        .title("the outliers stand apart where this is well above 1")
        .with(Series::horizontal("", 1.0).dash(Dash::Dotted))
        .with_all(curves(|row| row.gap_ratio));
    let subtitle = format!("{}; mean and range over {}", about(report), keys(report));
    Ok(Picture {
        file: "eigenvalue.svg",
        title: title.to_string(),
        caption: format!(
            "Left: the largest eigenvalue over training. Right: the eigenvalue of rank {upper} over that of rank {lower}; \
             where the ratio is near 1 there is no gap, and counting {upper} outliers has no meaning. Bands: range over keys."
        ),
        svg: Figure::new(title).subtitle(subtitle).size(1000, 480).row([largest, gap]).svg()?,
    })
}

/// Loss, accuracy and trace.
pub fn training(report: &Report) -> eigenscape::Result<Picture> {
    let title = "Training: loss, accuracy and the trace of the Hessian";
    let curves = |column: Column| {
        Method::ALL.map(|method| over_keys(method.title(), &report.over_keys(method, column), color(method)))
    };
    let x = || steps().otherwise(0.0, 1.0);
    let loss = Axis::logarithmic("training loss (nats)").decades(9.0).otherwise(0.1, 1.0);
    let loss = Chart::new(x(), loss).with_all(curves(|row| row.train_loss));
    let accuracy =
        Chart::new(x(), Axis::linear("test accuracy").range(0.0, 1.0)).with_all(curves(|row| row.test_accuracy));
    let trace = Axis::linear("trace of the Hessian \u{b1} standard error").with_zero().otherwise(0.0, 1.0);
    let mut trace = Chart::new(x(), trace);
    for (method, rows) in [(Method::Stochastic, &report.training), (Method::FullBatch, &report.training_full_batch)] {
        let points = rows.iter().map(|row| {
            let (low, high) = (row.trace - row.trace_standard_error, row.trace + row.trace_standard_error);
            (row.step as f64, row.trace, low, high)
        });
        trace = trace.with(Series::intervals("", points).unmarked().color(color(method)));
    }
    let subtitle = format!("{}; mean and range over {}; trace: seed {}", about(report), keys(report), report.seed);
    Ok(Picture {
        file: "training.svg",
        title: title.to_string(),
        caption: "The background to the other pictures: how both ways of training progress on the same scale of steps."
            .to_string(),
        svg: Figure::new(title).subtitle(subtitle).size(1000, 420).row([loss, accuracy, trace]).svg()?,
    })
}
