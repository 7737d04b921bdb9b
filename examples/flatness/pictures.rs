//! One picture of all: sharpness over steps, ways between minima, correlations.

use eigenscape::landscape::Rescaling;
use eigenscape::plot::{Axis, Chart, Color, Dash, Figure, Mark, Panel, Series};

use crate::connectivity::Ways;
use crate::correlation::Ranks;
use crate::edge::{Edge, Run};

pub fn draw(edge: &Edge, ways: &Ways, correlations: &[Ranks]) -> Figure {
    let title = "Flatness: how sharp training becomes, what it tells, and how minima are connected";
    let subtitle = "8\u{d7}8 digits; perceptrons. Above: largest Hessian eigenvalue over steps; dashed: the largest that is stable";
    Figure::new(title)
        .subtitle(subtitle)
        .size(1000, 920)
        .row([
            Panel::from(sharpness("Gradient descent, whole set: towards 2 / rate", "sharpness", &edge.descent)),
            Panel::from(sharpness("Adam, whole set: towards 38 / rate", "preconditioned sharpness", &edge.adam)),
        ])
        .row([Panel::from(between(ways)), Panel::from(ranks(correlations))])
}

/// Sharpness of each run over its steps, with its threshold.
fn sharpness(title: &str, name: &str, runs: &[Run]) -> Chart {
    let mut chart = Chart::new(Axis::linear("step"), Axis::logarithmic(name)).title(title);
    for ((rate, rows), color) in runs.iter().zip(Color::SERIES) {
        let points = rows.iter().map(|row| (row.step as f64, row.sharpness));
        chart = chart.with(Series::line("", points).color(color));
        if let Some(last) = rows.last() {
            chart = chart.with(Series::horizontal("", last.threshold).color(color).labels([format!("rate {rate}")]));
        }
    }
    chart
}

/// The loss along each way from one minimum to the other.
fn between(ways: &Ways) -> Chart {
    let all = [
        ("straight", &ways.straight, Color::VERMILLION, Dash::Solid),
        ("straight, units aligned", &ways.aligned, Color::BLUE, Dash::Dashed),
        ("Bezier curve, trained", &ways.curve, Color::GREEN, Dash::Dotted),
    ];
    let lines =
        all.map(|(name, way, color, dash)| Series::line(name, way.iter().copied()).color(color).dash(dash).width(2.2));
    Chart::new(Axis::linear("place on the way").range(0.0, 1.0), Axis::linear("training loss").with_zero())
        .title("Ways between two minima, 64-32-10")
        .with_all(lines)
}

/// Kendall's tau of each measure with its standard error.
fn ranks(correlations: &[Ranks]) -> Chart {
    let names: Vec<&str> = correlations.iter().rev().map(|ranks| ranks.measure.name()).collect();
    let x = Axis::linear("Kendall's \u{3c4} \u{b1} 1 standard error").range(-1.0, 1.0);
    let mut chart = Chart::new(x, Axis::names("", names))
        .title("Rank correlation with the generalisation gap, runs of one start")
        .with(Series::vertical("", 0.0).dash(Dash::Solid));
    for (name, kept, color, mark) in [
        ("kept by rescaling", true, Color::BLUE, Mark::Circle),
        ("changed by rescaling", false, Color::VERMILLION, Mark::Triangle),
    ] {
        let own = || {
            let places = correlations.iter().rev().enumerate().map(|(place, ranks)| (place as f64, ranks));
            places.filter(move |(_, ranks)| (ranks.measure.invariance() != Rescaling::Changes) == kept)
        };
        let ends = own().flat_map(|(place, Ranks { within: (tau, error), .. })| {
            [(tau - error, place), (tau + error, place), (f64::NAN, f64::NAN)]
        });
        chart = chart
            .with(Series::line("", ends).color(color).width(1.4))
            .with(Series::points(name, own().map(|(place, ranks)| (ranks.within.0, place))).color(color).mark(mark));
    }
    chart
}
