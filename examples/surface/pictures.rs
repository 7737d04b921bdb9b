//! The picture: two planes above, three lines below.

use eigenscape::landscape::Slice;
use eigenscape::plot::{Axis, Chart, Color, Dash, Figure, Map, Mark, Panel, Series};

use crate::measure::{BATCH, EXAMPLES, Line, Measured, TOLERANCE};

/// Width over height of the plane of the trajectory.
pub const ASPECT: f64 = 566.0 / 372.0;

/// Lines of equal loss, in about equal ratios.
fn contours(slice: &Slice<f32>) -> eigenscape::Result<Map> {
    Ok(Map::surface("loss", slice.axis(0), slice.axis(1), slice.values(), 14)?.logarithmic().unit("nats").unfilled())
}

fn surface(slice: &Slice<f32>) -> eigenscape::Result<Chart> {
    Ok(Chart::new(Axis::linear("first direction"), Axis::linear("second direction"))
        .title("Loss on a filter-normalised plane (1: the norm of each filter)")
        .map(contours(slice)?)
        .without_bar()
        .equal_units()
        .with(Series::points("", [(0.0, 0.0)]).color(Color::BLUE).mark(Mark::Circle)))
}

fn trajectory(measured: &Measured) -> eigenscape::Result<Chart> {
    let axis = |number: usize, name: &str| {
        let share = 100.0 * measured.principal.shares[number];
        Axis::linear(format!("{name} principal direction ({share:.0} %)"))
    };
    let path = |points: &[Vec<f64>]| points.iter().map(|c| (c[0], c[1])).collect::<Vec<_>>();
    let mut chart = Chart::new(axis(0, "first"), axis(1, "second"))
        .title("Training on the plane of its first two principal directions, equal axes")
        .map(contours(&measured.plane)?)
        .without_bar()
        .equal_units();
    for flow in &measured.flows {
        chart = chart
            .with(Series::line("flow within the plane", path(flow)).color(Color::GREEN).dash(Dash::Dashed).width(1.4));
    }
    let free = Series::line("flow in the whole space, projected", path(&measured.free_flow));
    let field = &measured.field;
    let longest = field.samples().iter().filter_map(|sample| length(sample.slopes.as_deref()?)).fold(0.0, f64::max);
    let spacing = field.axis(0)[1] - field.axis(0)[0];
    let arrows = field.samples().iter().enumerate().filter_map(|(index, sample)| {
        let slopes = sample.slopes.as_deref()?;
        // Lengths by the square root, or only the steepest would be seen.
        let size = length(slopes).filter(|size| *size > 0.0)?;
        let scale = 0.75 * spacing * (size / longest).sqrt() / size;
        let at = field.point(index);
        Some((at[0], at[1], at[0] - scale * slopes[0], at[1] - scale * slopes[1]))
    });
    let training = path(&measured.principal.coordinates);
    let (first, last) = (training[0], training[training.len() - 1]);
    Ok(chart
        .with(free.color(Color::ORANGE).width(2.2))
        .with(Series::arrows("\u{2212}gradient (length: its square root)", arrows).color(Color::VERMILLION))
        .with(Series::line("training, from square to circle", training).color(Color::BLUE).dash(Dash::Solid).width(2.2))
        .with(Series::points("", [first]).color(Color::BLUE).mark(Mark::Square))
        .with(Series::points("", [last]).color(Color::BLUE).mark(Mark::Circle)))
}

fn length(v: &[f64]) -> Option<f64> {
    Some(v[0].hypot(v[1])).filter(|size| size.is_finite())
}

fn along(line: &Line) -> Chart {
    let slice = &line.slice;
    let norm = slice.frame().distance(&[1.0]);
    let at = slice.axis(0);
    let values: Vec<f64> = slice.values().into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
    let high = values.iter().copied().filter(|value| value.is_finite()).fold(f64::MIN_POSITIVE, f64::max);
    let curve = |name: &str, value: &dyn Fn(usize) -> f64| {
        Series::line(name, (0..at.len()).map(|i| (at[i] * norm, value(i))).collect::<Vec<_>>())
    };
    let radii = [(&line.quadratic, Color::VERMILLION), (&line.cubic, Color::GREEN)].into_iter();
    let radii = radii.flat_map(|(validity, color)| {
        [-1.0, 1.0].map(|side| Series::vertical("", side * validity.radius).color(color).dash(Dash::Dotted).beside())
    });
    let quadratic = curve("quadratic prediction", &|i| line.expansion.quadratic(&[at[i]]));
    let cubic = curve("cubic prediction", &|i| line.expansion.cubic(&[at[i]]));
    let x = Axis::linear("distance from the end of training").range(at[0] * norm, at[at.len() - 1] * norm);
    Chart::new(x, Axis::linear("loss").range(-0.15 * high, 1.25 * high))
        .title(format!("Along: {}", line.name))
        .with_all(radii)
        .with(curve("loss (below)", &|i| values[i]).color(Color::INK).dash(Dash::Solid).width(2.4))
        .with(quadratic.color(Color::VERMILLION).dash(Dash::Dashed))
        .with(cubic.color(Color::GREEN).dash(Dash::Dotted))
}

/// The whole picture.
pub fn draw(measured: &Measured) -> eigenscape::Result<Figure> {
    let steps = measured.trajectory.last().copied().unwrap_or(0);
    let subtitle = format!(
        "64-64-64-10 tanh ({} parameters), {EXAMPLES} digits, {steps} steps on batches of {BATCH}; dotted verticals: a prediction is \
         within {:.0} % of the largest change so far",
        measured.parameters,
        100.0 * TOLERANCE
    );
    let planes = [(46.0, Panel::from(surface(&measured.surface)?)), (64.0, Panel::from(trajectory(measured)?))];
    Ok(Figure::new("The loss around and along training")
        .subtitle(subtitle)
        .size(1136, 890)
        .weighted_row(3.0, planes)
        .weighted_row(2.0, measured.lines.iter().map(|line| (1.0, along(line)))))
}
