//! The pictures of a scan: a map over radii and dimensions, and curves over radii with the prediction beside them.

use eigenscape::emergent::{GoldilocksRow, GoldilocksSample, KeyMean};
use eigenscape::plot::{Axis, Chart, Color, Dash, Figure, GoldilocksPlot, Mark, Panel, Series};

use crate::Scanned;

fn about(scanned: &Scanned) -> String {
    let keys = scanned.run.samples().last().map_or(0, |sample| sample.number + 1);
    let s = if keys == 1 { "" } else { "s" };
    format!(
        "{} ({} parameters), {} examples, {keys} key{s}; usual start: {}, |\u{3b8}| = {:.1}",
        scanned.title, scanned.parameters, scanned.examples, scanned.usual_name, scanned.usual
    )
}

/// tr / |.|_F over radii and dimensions: of the Hessian, its Gauss-Newton part, and as predicted.
pub fn map(scanned: &Scanned) -> eigenscape::Result<Figure> {
    type Column = fn(&GoldilocksRow) -> Option<KeyMean>;
    let panels: [(&str, Column); 3] = [
        ("Hessian, measured", |row| row.ratio),
        ("Gauss-Newton part, measured", |row| row.gauss_newton_ratio),
        ("Gauss-Newton part, as the random model of logits predicts", |row| row.predicted_ratio),
    ];
    let title = "Curvature on random planes: tr / |\u{b7}|, coloured by its share of \u{221a}d, the limit";
    let height = 34 * scanned.run.scan().dimensions().len() as u32 + 86;
    let mut figure = Figure::new(title).subtitle(about(scanned)).size(1000, 80 + 3 * height);
    for (name, value) in panels {
        let plot = GoldilocksPlot::new(&scanned.run)?.unit(scanned.usual)?.ratio(name, value);
        figure = figure.row([plot.map()?]);
    }
    Ok(figure)
}

type Value<'v> = &'v dyn Fn(&GoldilocksSample) -> Option<f64>;

/// Means over keys with their standard errors, over the radius.
fn curve(scanned: &Scanned, name: &str, dimension: usize, value: Value<'_>) -> Series {
    let points = scanned.run.scan().radii().iter().filter_map(|&radius| {
        let KeyMean { mean, standard_error, .. } = scanned.run.mean(radius, dimension, value)?;
        let error = standard_error.unwrap_or(f64::NAN);
        Some((radius / scanned.usual, mean, mean - error, mean + error))
    });
    Series::intervals(name, points)
}

/// Curves over the radius: ratios in one dimension with the prediction, norms of the parts, and what training reaches.
pub fn curves(scanned: &Scanned) -> Figure {
    let dimension = scanned.dimension;
    let radii: Vec<f64> = scanned.run.scan().radii().iter().map(|radius| radius / scanned.usual).collect();
    let below = "distance from the origin over that of a usual start";
    let x = |name: &str| Axis::logarithmic(name).range(radii[0] / 1.3, radii[radii.len() - 1] * 1.3);
    let marks = |chart: Chart| {
        let lines =
            [0.5, 1.0, 2.0].map(|x| Series::vertical("usual start, half and twice its length", x).dash(Dash::Dotted));
        chart.with_all(lines)
    };
    let part =
        |name: &str, value: Value<'_>, color, mark| curve(scanned, name, dimension, value).color(color).mark(mark);
    let (hessian, gauss_newton, remainder) = ("Hessian", "Gauss-Newton part", "remainder, H \u{2212} G");
    let limit = (dimension as f64).sqrt();
    let predicted = curve(scanned, "Gauss-Newton, predicted", dimension, &|sample| sample.predicted?.ratio).unmarked();
    let ratios = marks(Chart::new(x(""), Axis::linear("tr / |\u{b7}|").with_zero()))
        .title(format!("tr / |\u{b7}|, at most \u{221a}d = {limit:.2}"))
        .with(Series::horizontal("", 0.0).dash(Dash::Solid))
        .with(predicted.color(Color::ORANGE).dash(Dash::Dashed))
        .with(part(remainder, &|sample| sample.remainder?.ratio, Color::GREEN, Mark::Square))
        .with(part(gauss_newton, &|sample| sample.gauss_newton?.ratio, Color::VERMILLION, Mark::Triangle))
        .with(part(hessian, &|sample| sample.hessian.ratio, Color::BLUE, Mark::Circle));
    let norms = marks(Chart::new(x(""), Axis::logarithmic("|\u{b7}|").decades(12.0).otherwise(0.1, 1.0)))
        .title("Frobenius norms")
        .with(part(remainder, &|sample| Some(sample.remainder?.norm), Color::GREEN, Mark::Square))
        .with(part(gauss_newton, &|sample| Some(sample.gauss_newton?.norm), Color::VERMILLION, Mark::Triangle))
        .with(part(hessian, &|sample| Some(sample.hessian.norm), Color::BLUE, Mark::Circle));
    let mut accuracy = marks(Chart::new(x(below), Axis::linear("test accuracy").range(0.0, 1.04)))
        .title("Accuracy after training in the plane");
    for (index, &d) in scanned.run.scan().dimensions().iter().enumerate() {
        let looks = [(Color::PURPLE, Mark::Diamond), (Color::SKY, Mark::Cross), (Color::INK, Mark::Plus)];
        let (color, mark) = looks[index % looks.len()];
        let name = format!("trained, d = {d}");
        accuracy = accuracy
            .with(curve(scanned, &name, d, &|sample| sample.training.as_ref()?.accuracy).color(color).mark(mark));
    }
    let shares = marks(Chart::new(x(below), Axis::linear("cosine, share").range(0.0, 1.05)))
        .title("Share of positive eigenvalues; cosine of \u{2212}P\u{2032}g and way")
        .with(part(
            "share of positive eigenvalues",
            &|sample| Some(sample.hessian.positive_share),
            Color::BLUE,
            Mark::Plus,
        ))
        .with(part("cosine", &|sample| sample.training.as_ref()?.plane_cosine, Color::INK, Mark::Cross));
    Figure::new(format!("The Goldilocks zone on random planes of {dimension} dimensions"))
        .subtitle(about(scanned))
        .size(1000, 840)
        .row([Panel::from(ratios), Panel::from(norms)])
        .row([Panel::from(accuracy), Panel::from(shares)])
}
