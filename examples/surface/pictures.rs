//! The picture: two planes above, three lines below.

#[allow(dead_code)]
#[path = "../emergent/pictures/axis.rs"]
mod axis;
#[allow(dead_code)]
#[path = "../emergent/pictures/panel.rs"]
mod panel;
mod plane;
#[allow(dead_code)]
#[path = "../emergent/pictures/theme.rs"]
mod theme;

use eigenscape::landscape::{Contours, Slice, logarithmic_levels};
use plotters::prelude::RGBColor;

use crate::measure::{BATCH, EXAMPLES, Line, Measured, TOLERANCE};
use crate::report::decimal;
use axis::Axis;
use panel::Panel;
use plane::Plane;
pub use theme::Drawn;
use theme::{BLUE, Dash, Frame, GREEN, Heading, INK, Look, ORANGE, Sign, VERMILLION, figure};

/// Sizes in pixels: of the squares of the surface, and of the plane of the trajectory.
const SQUARE: i32 = 372;
const WIDE: i32 = 566;
const ROW: i32 = SQUARE + 72;

/// Width over height of the plane of the trajectory.
pub const ASPECT: f64 = WIDE as f64 / SQUARE as f64;

/// Lines of equal loss in equal ratios between the lowest and the highest.
fn level_lines(slice: &Slice<f32>, count: usize) -> Option<Contours> {
    let (low, high) = (slice.lowest()?.1, slice.highest()?.1);
    let levels = logarithmic_levels(low, high, count + 2).ok()?;
    slice.contours(&levels[1..=count]).ok()
}

/// Grey, darker where the loss is higher.
fn shade(share: f64) -> RGBColor {
    let grey = (205.0 - 115.0 * share).round() as u8;
    RGBColor(grey, grey, grey)
}

fn draw_contours(plane: &Plane, slice: &Slice<f32>, every: usize) -> Drawn {
    let Some(contours) = level_lines(slice, 14) else { return Ok(()) };
    let last = (contours.levels.len() - 1).max(1) as f64;
    for (number, level) in contours.levels.iter().enumerate() {
        for line in &level.lines {
            let mut points = line.points.clone();
            if line.closed {
                points.push(points[0]);
            }
            plane.line(&points, shade(number as f64 / last), 12, Dash::Solid)?;
        }
    }
    let mut labels = Vec::new();
    for level in contours.levels.iter().skip(1).step_by(every) {
        let words = if level.level < 0.1 { decimal(level.level, 3) } else { decimal(level.level, 2) };
        let longest = level.lines.iter().max_by(|a, b| a.length().total_cmp(&b.length()));
        // The first vertex, along the line from its lowest, at which the words touch no others.
        let Some(line) = longest.filter(|line| line.points.len() > 8) else { continue };
        let lowest = (0..line.points.len()).min_by(|&a, &b| line.points[a][1].total_cmp(&line.points[b][1]));
        let around = (0..line.points.len()).map(|i| (i + lowest.unwrap_or(0)) % line.points.len());
        for point in around.map(|i| line.points[i]) {
            if plane.has_room(point, &labels) {
                plane.label(point, &words, INK)?;
                labels.push(point);
                break;
            }
        }
    }
    Ok(())
}

fn surface(area: &theme::Area, frame: Frame, slice: &Slice<f32>) -> Drawn {
    let [x, y] = [("first direction", 0), ("second direction", 1)].map(|(name, axis)| {
        let numbers = slice.axis(axis);
        Axis::linear(name, numbers[0], numbers[numbers.len() - 1])
    });
    let plane = Plane::draw(area, frame, "Loss on a filter-normalised plane (1: the norm of each filter)", x, y)?;
    draw_contours(&plane, slice, 2)?;
    plane.sign([0.0, 0.0], BLUE, Sign::Circle)
}

fn trajectory(area: &theme::Area, frame: Frame, measured: &Measured) -> Drawn {
    let slice = &measured.plane;
    let axis = |number: usize, name: &str| {
        let numbers = slice.axis(number);
        let share = 100.0 * measured.principal.shares[number];
        Axis::linear(&format!("{name} principal direction ({share:.0} %)"), numbers[0], numbers[numbers.len() - 1])
    };
    let title = "Training on the plane of its first two principal directions, equal axes";
    let plane = Plane::draw(area, frame, title, axis(0, "first"), axis(1, "second"))?;
    draw_contours(&plane, slice, 3)?;
    for flow in &measured.flows {
        plane.line(&flow.iter().map(|c| [c[0], c[1]]).collect::<Vec<_>>(), GREEN, 14, Dash::Dashed)?;
    }
    let free: Vec<[f64; 2]> = measured.free_flow.iter().map(|c| [c[0], c[1]]).collect();
    plane.line(&free, ORANGE, 22, Dash::Solid)?;
    let field = &measured.field;
    let longest = field.samples().iter().filter_map(|sample| length(sample.slopes.as_deref()?)).fold(0.0, f64::max);
    let spacing = field.axis(0)[1] - field.axis(0)[0];
    for (index, sample) in field.samples().iter().enumerate() {
        let Some(slopes) = sample.slopes.as_deref() else { continue };
        // Lengths by the square root, or only the steepest would be seen.
        let Some(size) = length(slopes).filter(|size| *size > 0.0) else { continue };
        let scale = 0.75 * spacing * (size / longest).sqrt() / size;
        let at = field.point(index);
        plane.arrow([at[0], at[1]], [at[0] - scale * slopes[0], at[1] - scale * slopes[1]], VERMILLION)?;
    }
    let path: Vec<[f64; 2]> = measured.principal.coordinates.iter().map(|c| [c[0], c[1]]).collect();
    plane.line(&path, BLUE, 22, Dash::Solid)?;
    plane.sign(path[0], BLUE, Sign::Square)?;
    plane.sign(path[path.len() - 1], BLUE, Sign::Circle)
}

fn length(v: &[f64]) -> Option<f64> {
    Some(v[0].hypot(v[1])).filter(|size| size.is_finite())
}

fn line(area: &theme::Area, frame: Frame, line: &Line, named: bool) -> Drawn {
    let slice = &line.slice;
    let norm = slice.frame().distance(&[1.0]);
    let at = slice.axis(0);
    let values: Vec<f64> = slice.values().into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
    let high = values.iter().copied().filter(|value| value.is_finite()).fold(f64::MIN_POSITIVE, f64::max);
    let (low, high) = (-0.15 * high, 1.25 * high);
    let x = Axis::linear("distance from the end of training", at[0] * norm, at[at.len() - 1] * norm);
    // A name that shows nothing keeps the numbers: panels do not share their scale.
    let y = Axis::linear(if named { "loss" } else { " " }, low, high);
    let title = format!("Along: {}", line.name);
    let panel = Panel::draw(area, frame, &title, x, y)?;
    // What leaves the panel is not drawn along its edge.
    let curve = |value: &dyn Fn(usize) -> f64| -> Vec<(f64, f64)> {
        let inside = |value: f64| if (low..=high).contains(&value) { value } else { f64::NAN };
        (0..at.len()).map(|i| (at[i] * norm, inside(value(i)))).collect()
    };
    for validity in [(&line.quadratic, VERMILLION), (&line.cubic, GREEN)] {
        for side in [-1.0, 1.0] {
            panel.vertical(side * validity.0.radius, validity.1, Dash::Dotted)?;
        }
    }
    panel.line(&curve(&|i| values[i]), INK, 24, Dash::Solid)?;
    panel.line(&curve(&|i| line.expansion.quadratic(&[at[i]])), VERMILLION, 20, Dash::Dashed)?;
    panel.line(&curve(&|i| line.expansion.cubic(&[at[i]])), GREEN, 20, Dash::Dotted)
}

/// The whole picture.
pub fn draw(measured: &Measured) -> Drawn<String> {
    let looks = [
        (Look::Signed(BLUE, Sign::Circle), "training, from square to circle"),
        (Look::Line(VERMILLION, Dash::Solid), "\u{2212}gradient (length: its square root)"),
        (Look::Line(GREEN, Dash::Dashed), "flow within the plane"),
        (Look::Line(ORANGE, Dash::Solid), "flow in the whole space, projected"),
        (Look::Line(INK, Dash::Solid), "loss (below)"),
        (Look::Line(VERMILLION, Dash::Dashed), "quadratic prediction"),
        (Look::Line(GREEN, Dash::Dotted), "cubic prediction"),
    ];
    let steps = measured.trajectory.last().copied().unwrap_or(0);
    let heading = Heading {
        title: "The loss around and along training".to_string(),
        subtitle: format!(
            "64-64-64-10 tanh ({} parameters), {EXAMPLES} digits, {steps} steps on batches of {BATCH}; dotted verticals: a prediction is \
             within {:.0} % of the largest change so far",
            measured.parameters,
            100.0 * TOLERANCE
        ),
        legend: looks.map(|(look, name)| (look, name.to_string())).to_vec(),
    };
    figure((1136, 66 + 44 + ROW + 300 + 16), &heading, |area, frame| {
        let split = frame.left + SQUARE + 82;
        let upper = Frame { bottom: frame.top + ROW, ..frame };
        surface(area, Frame { right: split, ..upper }, &measured.surface)?;
        trajectory(area, Frame { left: split, right: split + WIDE + 78, ..upper }, measured)?;
        let lower = Frame { top: frame.top + ROW + 6, ..frame };
        let columns = lower.columns([1, 1, 1]);
        for (index, found) in measured.lines.iter().enumerate() {
            line(area, columns[index.min(2)], found, index == 0)?;
        }
        theme::line(
            area,
            &[theme::at((frame.left, lower.top)), theme::at((frame.right, lower.top))],
            theme::stroke(theme::FAINT, 10),
            Dash::Solid,
        )
    })
}
