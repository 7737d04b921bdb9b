//! One picture of all: sharpness over steps, ways between minima, correlations.

#[allow(dead_code)]
#[path = "../emergent/pictures/axis.rs"]
mod axis;
#[allow(dead_code)]
#[path = "../emergent/pictures/panel.rs"]
mod panel;
#[allow(dead_code)]
#[path = "../emergent/pictures/theme.rs"]
mod theme;

use eigenscape::landscape::Rescaling;

use crate::connectivity::Ways;
use crate::correlation::Ranks;
use crate::edge::{Edge, Run};
use axis::Axis;
use panel::Panel;
use theme::{
    Anchor, BLUE, Dash, Drawn, Frame, GREEN, GREY, Heading, INK, Look, SERIES, Sign, VERMILLION, figure, text,
};

pub fn draw(edge: &Edge, ways: &Ways, correlations: &[Ranks]) -> Drawn<String> {
    let heading = Heading {
        title: "Flatness: how sharp training becomes, what it tells, and how minima are connected".to_string(),
        subtitle: "8\u{d7}8 digits; perceptrons. Above: largest Hessian eigenvalue over steps; dashed: the largest that is stable"
            .to_string(),
        legend: Vec::<(Look, String)>::new(),
    };
    figure((1000, 880), &heading, |area, frame| {
        let (upper, lower) = (frame.row(0, 2), frame.row(1, 2));
        let [left, right] = upper.columns([1, 1]);
        sharpness(area, left, "Gradient descent, whole set: towards 2 / rate", "sharpness", &edge.descent)?;
        sharpness(area, right, "Adam, whole set: towards 38 / rate", "preconditioned sharpness", &edge.adam)?;
        let [left, right] = lower.columns([1, 1]);
        let all = [&ways.straight, &ways.aligned, &ways.curve];
        let high =
            all.iter().flat_map(|way| way.iter().map(|point| point.1)).filter(|y| y.is_finite()).fold(0.0, f64::max);
        let axes = (Axis::linear("place on the way", 0.0, 1.0), Axis::linear("training loss", 0.0, 1.25 * high));
        let panel = Panel::draw(area, left, "Ways between two minima, 64-32-10", axes.0, axes.1)?;
        for (way, (color, dash)) in
            all.into_iter().zip([(VERMILLION, Dash::Solid), (BLUE, Dash::Dashed), (GREEN, Dash::Dotted)])
        {
            panel.line(way, color, 22, dash)?;
        }
        let names = ["solid: straight", "dashed: straight, units aligned", "dotted: Bezier curve, trained"];
        panel.corner(&names.map(str::to_string))?;
        ranks(area, right, correlations)
    })
}

/// Sharpness of each run over its steps, with its threshold.
fn sharpness(area: &theme::Area, frame: Frame, title: &str, name: &str, runs: &[Run]) -> Drawn {
    let rows = || runs.iter().flat_map(|run| &run.1);
    let high = rows().flat_map(|row| [row.sharpness, row.threshold]).fold(0.0, f64::max);
    let low = rows().map(|row| row.sharpness).fold(high, f64::min);
    let last = rows().map(|row| row.step).max().unwrap_or(1) as f64;
    let axes = (Axis::linear("step", 0.0, last), Axis::logarithmic(name, 0.8 * low, 1.6 * high));
    let panel = Panel::draw(area, frame, title, axes.0, axes.1)?;
    for ((rate, rows), color) in runs.iter().zip(SERIES) {
        let points: Vec<(f64, f64)> = rows.iter().map(|row| (row.step as f64, row.sharpness)).collect();
        panel.line(&points, color, 20, Dash::Solid)?;
        let threshold = rows[rows.len() - 1].threshold;
        panel.horizontal(threshold, color, Dash::Dashed)?;
        panel.below(threshold, &format!("rate {rate}"), color)?;
    }
    Ok(())
}

/// Kendall's tau of each measure with its standard error.
fn ranks(area: &theme::Area, frame: Frame, correlations: &[Ranks]) -> Drawn {
    let title = "Rank correlation with the generalisation gap, runs of one start";
    text(area, (frame.left + 8, frame.top + 12), title, 14, INK, Anchor::Left)?;
    let (left, right, top) = (frame.left + 200, frame.right - 14, frame.top + 34);
    let across = |tau: f64| left + ((tau.clamp(-1.0, 1.0) + 1.0) / 2.0 * f64::from(right - left)) as i32;
    let pitch = (frame.bottom - 40 - top) / correlations.len().max(1) as i32;
    let height = |row: usize| top + pitch * row as i32 + pitch / 2;
    let line = |a: (i32, i32), b: (i32, i32), color, width, dash| {
        theme::line(area, &[theme::at(a), theme::at(b)], theme::stroke(color, width), dash)
    };
    let foot = top + pitch * correlations.len() as i32;
    for tau in [-1.0, -0.5, 0.0, 0.5, 1.0] {
        line((across(tau), top), (across(tau), foot), if tau == 0.0 { GREY } else { theme::FAINT }, 10, Dash::Solid)?;
        text(area, (across(tau), foot + 12), &format!("{tau}"), 12, INK, Anchor::Middle)?;
    }
    for (row, Ranks { measure, within, .. }) in correlations.iter().enumerate() {
        let color = if measure.invariance() == Rescaling::Changes { VERMILLION } else { BLUE };
        text(area, (left - 8, height(row)), measure.name(), 12, INK, Anchor::Right)?;
        let ends = [-1.0, 1.0].map(|side| (across(within.0 + side * within.1), height(row)));
        line(ends[0], ends[1], color, 14, Dash::Solid)?;
        let shape = if color == BLUE { Sign::Circle } else { Sign::Triangle };
        theme::sign(area, theme::at((across(within.0), height(row))), color, shape)?;
    }
    let words = "Kendall's \u{3c4} \u{b1} 1 s.e.; circles: kept by rescaling, triangles: not";
    text(area, ((left + right) / 2 - 60, foot + 30), words, 12, INK, Anchor::Middle)
}
