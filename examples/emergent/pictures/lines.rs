//! Pictures of curves over training: the gradient's share, the largest eigenvalue and its gap, loss and accuracy.

use super::axis::Axis;
use super::panel::Panel;
use super::theme::{BLUE, Dash, Drawn, GREEN, GREY, Heading, Look, PURPLE, VERMILLION, figure};
use super::{Picture, about, keys, ratio};
use crate::report::{Method, Report, RunRow, Spread, TrainingRow};
use plotters::style::RGBColor;

type Column = fn(&RunRow) -> f64;

fn color(method: Method) -> RGBColor {
    match method {
        Method::Stochastic => BLUE,
        Method::FullBatch => VERMILLION,
    }
}

fn last_step(report: &Report) -> usize {
    report.runs.iter().flat_map(|run| &run.rows).map(|row| row.step).max().unwrap_or(0)
}

/// A mean with its range over keys.
fn over_keys(panel: &Panel, rows: &[(usize, Spread)], color: RGBColor) -> Drawn {
    let band: Vec<_> = rows.iter().map(|(step, spread)| (*step as f64, spread.low, spread.high)).collect();
    panel.band(&band, color)?;
    mean(panel, rows, color, Dash::Solid)
}

fn mean(panel: &Panel, rows: &[(usize, Spread)], color: RGBColor, dash: Dash) -> Drawn {
    let line: Vec<_> = rows.iter().map(|(step, spread)| (*step as f64, spread.mean)).collect();
    panel.line(&line, color, 20, dash)
}

fn methods() -> Vec<(Look, String)> {
    let mut legend: Vec<(Look, String)> =
        Method::ALL.map(|method| (Look::Line(color(method), Dash::Solid), method.title().to_string())).to_vec();
    legend.push((Look::Band(BLUE), "range over keys".to_string()));
    legend
}

/// The gradient's share in the top eigenspace.
pub fn gradient(report: &Report) -> Drawn<Picture> {
    let (classes, less_one) = (report.classes, report.classes.saturating_sub(1));
    let heading = Heading {
        title: "Where the gradient points: its share in the top eigenspace of the Hessian".to_string(),
        subtitle: format!("{}; mean and range over {}", about(report), keys(report)),
        legend: vec![
            (Look::Line(GREEN, Dash::Solid), format!("full gradient, top {classes}")),
            (Look::Line(GREEN, Dash::Dashed), format!("full gradient, top {less_one}")),
            (Look::Line(PURPLE, Dash::Solid), format!("mini-batch gradients, top {classes}")),
            (Look::Line(PURPLE, Dash::Dashed), format!("mini-batch gradients, top {less_one}")),
            (Look::Line(GREY, Dash::Dotted), format!("random direction, {classes}/{}", report.parameters)),
            (Look::Band(GREEN), "range over keys".to_string()),
        ],
    };
    let columns: [(RGBColor, Column, Column); 2] = [
        (GREEN, |row| row.gradient_share_top_classes, |row| row.gradient_share_top_classes_less_one),
        (PURPLE, |row| row.mini_batch_share_top_classes, |row| row.mini_batch_share_top_classes_less_one),
    ];
    let svg = figure((1000, 500), &heading, |area, frame| {
        for (method, frame) in Method::ALL.into_iter().zip(frame.columns([1, 1])) {
            let y = Axis::linear("share of the squared norm", 0.0, 1.0);
            let panel = Panel::draw(area, frame, method.title(), Axis::steps(last_step(report)), y)?;
            panel.horizontal(report.classes as f64 / report.parameters.max(1) as f64, GREY, Dash::Dotted)?;
            for (color, top, less_one) in columns {
                over_keys(&panel, &report.over_keys(method, top), color)?;
                mean(&panel, &report.over_keys(method, less_one), color, Dash::Dashed)?;
            }
        }
        Ok(())
    })?;
    Ok(Picture {
        file: "gradient.svg",
        title: heading.title,
        caption: format!(
            "The share of the gradient's squared norm that lies in the span of the top {classes} and top {less_one} \
             eigenvectors of the Hessian, out of {} dimensions, for the gradient of the whole training set and for \
             those of mini-batches; beside each other two ways of training, because the share depends on them.",
            report.parameters
        ),
        svg,
    })
}

/// The largest eigenvalue, and the ratio across the gap.
pub fn eigenvalue(report: &Report) -> Drawn<Picture> {
    let (upper, lower) = (report.classes.saturating_sub(1), report.classes);
    let heading = Heading {
        title: "The largest eigenvalue over training, and the gap after the outliers".to_string(),
        subtitle: format!("{}; mean and range over {}", about(report), keys(report)),
        legend: methods(),
    };
    let columns: [(String, Column); 2] = [
        ("largest eigenvalue \u{3bb}\u{2081}".to_string(), |row| row.largest_eigenvalue),
        (format!("ratio {}", ratio(upper, lower)), |row| row.gap_ratio),
    ];
    let svg = figure((1000, 460), &heading, |area, frame| {
        for (index, ((name, column), frame)) in columns.iter().zip(frame.columns([1, 1])).enumerate() {
            let curves = Method::ALL.map(|method| (method, report.over_keys(method, column)));
            let ends = || curves.iter().flat_map(|curve| &curve.1);
            let high = Spread::of(ends().map(|row| row.1.high)).map_or(f64::NAN, |highest| highest.high);
            let low = Spread::of(ends().map(|row| row.1.low)).map_or(f64::NAN, |lowest| lowest.low);
            let base = if index == 0 { 0.0 } else { 0.95 };
            let y = Axis::linear(name, low.min(base), base + 1.08 * (high - base));
            let title = ["over training", "the outliers stand apart where this is well above 1"][index];
            let panel = Panel::draw(area, frame, title, Axis::steps(last_step(report)), y)?;
            if index == 1 {
                panel.horizontal(1.0, GREY, Dash::Dotted)?;
            }
            for (method, rows) in &curves {
                over_keys(&panel, rows, color(*method))?;
            }
        }
        Ok(())
    })?;
    Ok(Picture {
        file: "eigenvalue.svg",
        title: heading.title,
        caption: format!(
            "Left: the largest eigenvalue over training. Right: the eigenvalue of rank {upper} over that of rank {lower}; \
             where the ratio is near 1 there is no gap, and counting {upper} outliers has no meaning."
        ),
        svg,
    })
}

/// Loss, accuracy and trace.
pub fn training(report: &Report) -> Drawn<Picture> {
    let heading = Heading {
        title: "Training: loss, accuracy and the trace of the Hessian".to_string(),
        subtitle: format!("{}; mean and range over {}; trace: seed {}", about(report), keys(report), report.seed),
        legend: methods(),
    };
    let svg = figure((1000, 400), &heading, |area, frame| {
        let [left, middle, right] = frame.columns([1, 1, 1]);
        let steps = || Axis::steps(last_step(report));
        let losses = Method::ALL.map(|method| (method, report.over_keys(method, |row| row.train_loss)));
        let all = || losses.iter().flat_map(|curve| &curve.1).map(|row| row.1);
        let high = Spread::of(all().map(|loss| loss.high)).map_or(f64::NAN, |highest| highest.high);
        let low = Spread::of(all().map(|loss| loss.low).filter(|low| *low > 0.0)).map_or(f64::NAN, |lowest| lowest.low);
        let loss = Axis::logarithmic("training loss (nats)", (0.8 * low).max(1e-9 * high), 1.2 * high);
        let panel = Panel::draw(area, left, "", steps(), loss)?;
        for (method, rows) in &losses {
            over_keys(&panel, rows, color(*method))?;
        }
        let panel = Panel::draw(area, middle, "", steps(), Axis::linear("test accuracy", 0.0, 1.0))?;
        for method in Method::ALL {
            over_keys(&panel, &report.over_keys(method, |row| row.test_accuracy), color(method))?;
        }
        let runs = [(Method::Stochastic, &report.training), (Method::FullBatch, &report.training_full_batch)];
        let ends = |sign: f64| {
            let rows = runs.iter().flat_map(|run| run.1.iter());
            Spread::of(rows.map(|row: &TrainingRow| row.trace + sign * row.trace_standard_error))
        };
        let (low, high) = (ends(-1.0).map_or(f64::NAN, |end| end.low), ends(1.0).map_or(f64::NAN, |end| end.high));
        let trace = Axis::linear("trace of the Hessian \u{b1} standard error", low.min(0.0), 1.05 * high);
        let panel = Panel::draw(area, right, "", steps(), trace)?;
        for (method, rows) in runs {
            let line: Vec<_> = rows.iter().map(|row| (row.step as f64, row.trace)).collect();
            for row in rows {
                let (low, high) = (row.trace - row.trace_standard_error, row.trace + row.trace_standard_error);
                panel.bar(row.step as f64, low, high, color(method))?;
            }
            panel.line(&line, color(method), 16, Dash::Solid)?;
        }
        Ok(())
    })?;
    Ok(Picture {
        file: "training.svg",
        title: heading.title,
        caption: "The background to the other pictures: how both ways of training progress on the same scale of steps."
            .to_string(),
        svg,
    })
}
