//! What was found: a table and a picture.

use std::fmt::Write;

use eigenscape::subspace::{IntrinsicReport, Stop};

use crate::pictures::axis::Axis;
use crate::pictures::panel::Panel;
use crate::pictures::theme::{Dash, Drawn, GREEN, GREY, Heading, INK, Look, SERIES, SIGNS, VERMILLION, figure};

/// A number with so many digits behind the point.
pub fn decimal(value: f64, digits: usize) -> String {
    format!("{value:.digits$}")
}

/// The curve, line by line, and the interval.
pub fn table(report: &IntrinsicReport, full: f64) -> String {
    let mut text = format!("{:>10} {:>9} {:>8}   of each key\n", "dimension", "mean", "reached");
    for level in &report.curve {
        let each =
            level.performances.iter().map(|value| value.map_or("diverged".to_string(), |value| decimal(value, 4)));
        let each = each.collect::<Vec<_>>().join(" ");
        let mean = level.mean().map_or("-".to_string(), |mean| decimal(mean, 4));
        let keys = level.performances.len();
        let _ = writeln!(text, "{:>10} {mean:>9} {:>5}/{keys:<2}   {each}", level.dim, level.reached);
    }
    let _ = writeln!(text, "full space {full:>9.4}; {} runs", report.runs);
    text.push_str(&found(report));
    text
}

fn found(report: &IntrinsicReport) -> String {
    let [Some(dim), Some(estimate)] = [report.dimension().map(|dim| dim as f64), report.estimate()] else {
        let best = report.best().map_or("none is finite".to_string(), |(dim, value)| format!("{value:.4} at {dim}"));
        return format!("not reached ({:?}); the best: {best}\n", report.stop);
    };
    let mut text = format!("intrinsic dimension {dim} (most keys reach it); mean over keys {estimate:.0}");
    for confidence in [0.68, 0.95] {
        if let Ok(interval) = report.interval(confidence) {
            let _ = write!(text, ", {:.0} to {:.0} at {confidence}", interval.lower, interval.upper);
        }
    }
    if report.stop != Stop::Found {
        let _ = write!(text, " ({:?})", report.stop);
    }
    text.push('\n');
    text
}

/// Performance of each key over the dimension.
pub fn picture(report: &IntrinsicReport, full: f64, about: &str) -> Drawn<String> {
    let keys = report.crossings.len();
    let look = |key: usize| (SERIES[key % SERIES.len()], SIGNS[key % SIGNS.len()]);
    let mut legend: Vec<(Look, String)> =
        (0..keys).map(|key| (Look::Signed(look(key).0, look(key).1), format!("key {key}"))).collect();
    legend.push((Look::Line(INK, Dash::Dashed), "full space".to_string()));
    legend.push((Look::Line(GREY, Dash::Dotted), "to reach".to_string()));
    legend.push((Look::Band(GREEN), "interval for the dimension at 0.95".to_string()));
    let heading = Heading { title: "Intrinsic dimension".to_string(), subtitle: about.to_string(), legend };
    figure((900, 480), &heading, |area, frame| {
        let dims: Vec<f64> = report.curve.iter().map(|level| level.dim as f64).collect();
        let (low, high) = (dims.first().copied().unwrap_or(1.0), dims.last().copied().unwrap_or(1.0));
        let values = report.curve.iter().flat_map(|level| level.performances.iter().flatten());
        let worst = values.fold(full, |worst, &value| worst.min(value));
        let x = Axis::values("dimension of the subspace", &dims);
        let panel = Panel::draw(area, frame, "", x, Axis::linear("test accuracy", worst - 0.05, 1.02))?;
        if let Ok(interval) = report.interval(0.95) {
            let [left, right] = [interval.lower.max(low / 1.25), interval.upper.min(high * 1.25)];
            panel.band(&[(left, 0.0, 1.02), (right, 0.0, 1.02)], GREEN)?;
        }
        panel.horizontal(full, INK, Dash::Dashed)?;
        panel.horizontal(report.criterion.threshold(), GREY, Dash::Dotted)?;
        for key in 0..keys {
            let (color, sign) = look(key);
            let of_key =
                |level: &eigenscape::subspace::Level| Some((level.dim as f64, (*level.performances.get(key)?)?));
            let points: Vec<(f64, f64)> = report.curve.iter().filter_map(of_key).collect();
            panel.line(&points, color, 18, Dash::Solid)?;
            panel.signs(&points, color, sign)?;
        }
        if let Some(estimate) = report.estimate() {
            panel.vertical(estimate, VERMILLION, Dash::Solid)?;
            panel.corner(&[format!("{estimate:.0}")])?;
        }
        Ok(())
    })
}
