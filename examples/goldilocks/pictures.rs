//! The pictures of a scan: a map over radii and dimensions, and curves over radii with the prediction beside them.

#[allow(dead_code)]
#[path = "../emergent/pictures/axis.rs"]
mod axis;
#[allow(dead_code)]
#[path = "../emergent/pictures/panel.rs"]
mod panel;
#[allow(dead_code)]
#[path = "../emergent/pictures/theme.rs"]
mod theme;

use eigenscape::emergent::{GoldilocksRow, KeyMean};
use plotters::prelude::*;

use crate::Scanned;
use axis::Axis;
use panel::Panel;
pub use theme::Drawn;
use theme::{
    Anchor, BLUE, Dash, Frame, GREEN, GREY, Heading, INK, Look, ORANGE, PURPLE, SIGNS, SKY, Sign, VERMILLION, at,
    figure, text, text_upwards,
};

fn about(scanned: &Scanned) -> String {
    let keys = scanned.run.samples().last().map_or(0, |sample| sample.number + 1);
    let s = if keys == 1 { "" } else { "s" };
    format!(
        "{} ({} parameters), {} examples, {keys} key{s}; usual start: {}, |\u{3b8}| = {:.1}",
        scanned.title, scanned.parameters, scanned.examples, scanned.usual_name, scanned.usual
    )
}

/// White to deep blue, lightness falling evenly: read alike with and without colour.
fn shade(share: f64) -> RGBColor {
    let stops = [(255.0, 255.0, 255.0), (158.0, 202.0, 225.0), (33.0, 113.0, 181.0), (8.0, 29.0, 88.0)];
    let place = share.clamp(0.0, 1.0) * 3.0;
    let lower = (place as usize).min(2);
    let part = place - lower as f64;
    let mix = |x: f64, y: f64| (x + (y - x) * part).round() as u8;
    let (a, b) = (stops[lower], stops[lower + 1]);
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// tr / |.|_F over radii and dimensions: of the Hessian, its Gauss-Newton part, and as predicted.
pub fn map(scanned: &Scanned) -> Drawn<String> {
    let heading = Heading {
        title: "Curvature on random planes: tr / |\u{b7}|, coloured by its share of \u{221a}d, the limit".to_string(),
        subtitle: about(scanned),
        legend: Vec::new(),
    };
    let (radii, dimensions) = (scanned.run.scan().radii(), scanned.run.scan().dimensions());
    let rows = scanned.run.rows();
    type Column = fn(&GoldilocksRow) -> Option<KeyMean>;
    let panels: [(&str, Column); 3] = [
        ("Hessian, measured", |row| row.ratio),
        ("Gauss-Newton part, measured", |row| row.gauss_newton_ratio),
        ("Gauss-Newton part, as the random model of logits predicts", |row| row.predicted_ratio),
    ];
    let height = 34 * dimensions.len() as i32;
    let size = (1000, 112 + 3 * (height + 44));
    figure(size, &heading, |area, frame| {
        let (left, right) = (frame.left + 70, frame.right - 90);
        let edge = |column: usize| left + (right - left) * column as i32 / radii.len() as i32;
        let mut top = frame.top;
        for (title, value) in panels {
            text(area, (left, top + 12), title, 14, INK, Anchor::Left)?;
            let head = top + 26;
            text_upwards(area, (frame.left + 12, head + height / 2), "dimension", 13, INK)?;
            for (row, &dimension) in dimensions.iter().rev().enumerate() {
                let (upper, lower) = (head + 34 * row as i32, head + 34 * (row as i32 + 1));
                text(area, (left - 8, (upper + lower) / 2), &dimension.to_string(), 12, INK, Anchor::Right)?;
                for (column, &radius) in radii.iter().enumerate() {
                    let of = |found: &&GoldilocksRow| found.radius == radius && found.dimension == dimension;
                    let mean = rows.iter().find(of).and_then(value).map(|mean| mean.mean);
                    let share = mean.map_or(0.0, |mean| mean / (dimension as f64).sqrt());
                    let corners = [(edge(column), upper), (edge(column + 1) - 1, lower - 1)].map(at);
                    area.draw(&Rectangle::new(corners, shade(share).filled()))?;
                    let ink = if share > 0.62 { WHITE } else { INK };
                    let words = mean.map_or("\u{2013}".to_string(), |mean| {
                        crate::report::decimal(mean, 2).replace('-', "\u{2212}")
                    });
                    let place = ((edge(column) + edge(column + 1)) / 2, (upper + lower) / 2);
                    text(area, place, &words, 12, ink, Anchor::Middle)?;
                }
            }
            top = head + height + 18;
        }
        for (column, &radius) in radii.iter().enumerate() {
            let words = format!("{}", (radius / scanned.usual * 1e4).round() / 1e4);
            text(area, ((edge(column) + edge(column + 1)) / 2, top - 8), &words, 12, INK, Anchor::Middle)?;
        }
        let name = "distance from the origin over that of a usual start";
        text(area, ((left + right) / 2, top + 12), name, 13, INK, Anchor::Middle)?;
        scale(area, Frame { left: right + 24, right: right + 42, top: frame.top + 26, bottom: top - 18 })
    })
}

/// The scale of colours.
fn scale(area: &theme::Area, frame: Frame) -> Drawn {
    let steps = 60;
    let height = |step: i32| frame.bottom - (frame.bottom - frame.top) * step / steps;
    for step in (0..steps).rev() {
        // Each reaches below the next, so that no seams show.
        let corners = [(frame.left, height(step + 1)), (frame.right, height((step - 1).max(0)))].map(at);
        area.draw(&Rectangle::new(corners, shade((f64::from(step) + 0.5) / f64::from(steps)).filled()))?;
    }
    let corners = [(frame.left, frame.top), (frame.right, frame.bottom)].map(at);
    area.draw(&Rectangle::new(corners, theme::stroke(GREY, 8)))?;
    for (share, words) in [(0, "\u{2264} 0"), (30, "0.5"), (60, "1")] {
        text(area, (frame.right + 6, height(share)), words, 12, INK, Anchor::Left)?;
    }
    Ok(())
}

/// Curves over the radius: ratios in one dimension with the prediction, norms of the parts, and what training reaches.
pub fn curves(scanned: &Scanned) -> Drawn<String> {
    let dimension = scanned.dimension;
    let looks = [
        (Look::Signed(BLUE, Sign::Circle), "Hessian"),
        (Look::Signed(VERMILLION, Sign::Triangle), "Gauss-Newton part"),
        (Look::Signed(GREEN, Sign::Square), "remainder, H \u{2212} G"),
        (Look::Line(ORANGE, Dash::Dashed), "Gauss-Newton, predicted"),
        (Look::Line(GREY, Dash::Dotted), "usual start, and half and twice its length"),
    ];
    let heading = Heading {
        title: format!("The Goldilocks zone on random planes of {dimension} dimensions"),
        subtitle: about(scanned),
        legend: looks.map(|(look, name)| (look, name.to_string())).to_vec(),
    };
    let run = &scanned.run;
    let radii: Vec<f64> = run.scan().radii().iter().map(|radius| radius / scanned.usual).collect();
    let (first, last) = (radii[0] / 1.3, radii[radii.len() - 1] * 1.3);
    let x = |name: &str| Axis::logarithmic(name, first, last);
    let below = "distance from the origin over that of a usual start";
    type Value<'v> = &'v dyn Fn(&eigenscape::emergent::GoldilocksSample) -> Option<f64>;
    let curve = |dimension: usize, value: Value<'_>| -> Vec<(f64, KeyMean)> {
        let means = run.scan().radii().iter().map(|&radius| run.mean(radius, dimension, value));
        radii.iter().copied().zip(means).filter_map(|(x, mean)| Some((x, mean?))).collect()
    };
    let draw = |panel: &Panel, points: &[(f64, KeyMean)], color: RGBColor, sign: Option<Sign>| -> Drawn {
        let means: Vec<(f64, f64)> = points.iter().map(|(x, mean)| (*x, mean.mean)).collect();
        panel.line(&means, color, 18, if sign.is_some() { Dash::Solid } else { Dash::Dashed })?;
        let Some(sign) = sign else { return Ok(()) };
        for (x, mean) in points {
            if let Some(error) = mean.standard_error {
                panel.bar(*x, mean.mean - error, mean.mean + error, color)?;
            }
        }
        panel.signs(&means, color, sign)
    };
    let marks = |panel: &Panel| [0.5, 1.0, 2.0].iter().try_for_each(|&x| panel.vertical(x, GREY, Dash::Dotted));
    figure((1000, 820), &heading, |area, frame| {
        let (upper, lower) = (frame.row(0, 2), frame.row(1, 2));
        let [left, right] = upper.columns([1, 1]);
        let limit = (dimension as f64).sqrt();
        let ratios: [(Value<'_>, RGBColor, Option<Sign>); 4] = [
            (&|sample| sample.predicted?.ratio, ORANGE, None),
            (&|sample| sample.remainder?.ratio, GREEN, Some(Sign::Square)),
            (&|sample| sample.gauss_newton?.ratio, VERMILLION, Some(Sign::Triangle)),
            (&|sample| sample.hessian.ratio, BLUE, Some(Sign::Circle)),
        ];
        let all: Vec<f64> = ratios
            .iter()
            .flat_map(|(value, ..)| curve(dimension, *value).into_iter().map(|point| point.1.mean))
            .collect();
        let (low, high) = all.iter().fold((0.0f64, 1.0f64), |(low, high), &x| (low.min(x), high.max(x)));
        let title = format!("tr / |\u{b7}|, at most \u{221a}d = {limit:.2}");
        let panel = Panel::draw(area, left, &title, x(""), Axis::linear("tr / |\u{b7}|", low - 0.4, high + 0.4))?;
        marks(&panel)?;
        panel.horizontal(0.0, GREY, Dash::Solid)?;
        for (value, color, sign) in ratios {
            draw(&panel, &curve(dimension, value), color, sign)?;
        }

        let norms: [(Value<'_>, RGBColor, Option<Sign>); 3] = [
            (&|sample| Some(sample.remainder?.norm), GREEN, Some(Sign::Square)),
            (&|sample| Some(sample.gauss_newton?.norm), VERMILLION, Some(Sign::Triangle)),
            (&|sample| Some(sample.hessian.norm), BLUE, Some(Sign::Circle)),
        ];
        let all = norms.iter().flat_map(|(value, ..)| curve(dimension, *value)).map(|point| point.1.mean);
        let all: Vec<f64> = all.filter(|&norm| norm > 0.0).collect();
        let high = all.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let low = all.iter().copied().fold(high, f64::min).max(1e-12 * high);
        let norm = Axis::logarithmic("|\u{b7}|", low / 2.0, 2.0 * high);
        let panel = Panel::draw(area, right, "Frobenius norms", x(""), norm)?;
        marks(&panel)?;
        for (value, color, sign) in norms {
            draw(&panel, &curve(dimension, value), color, sign)?;
        }

        let [left, right] = lower.columns([1, 1]);
        let accuracy = Axis::linear("test accuracy", 0.0, 1.04);
        let panel = Panel::draw(area, left, "Accuracy after training in the plane", x(below), accuracy)?;
        marks(&panel)?;
        let dimensions = run.scan().dimensions();
        let names = ["circles", "triangles", "squares", "diamonds", "crosses"];
        let mut lines = Vec::new();
        for (index, &d) in dimensions.iter().enumerate().rev() {
            let (color, sign) = ([PURPLE, SKY, INK][index % 3], (index + 3) % SIGNS.len());
            draw(&panel, &curve(d, &|sample| sample.training.as_ref()?.accuracy), color, Some(SIGNS[sign]))?;
            lines.push(format!("{}: d = {d}", names[sign]));
        }
        panel.corner(&lines)?;

        let cosine = Axis::linear("cosine, share", 0.0, 1.25);
        let title = "Share of positive eigenvalues; cosine of \u{2212}P\u{2032}g and way";
        let panel = Panel::draw(area, right, title, x(below), cosine)?;
        marks(&panel)?;
        draw(&panel, &curve(dimension, &|sample| Some(sample.hessian.positive_share)), BLUE, Some(Sign::Circle))?;
        let points = curve(dimension, &|sample| sample.training.as_ref()?.plane_cosine);
        draw(&panel, &points, INK, Some(Sign::Cross))?;
        panel.corner(&["circles: share of positive eigenvalues".to_string(), "crosses: cosine".to_string()])
    })
}
