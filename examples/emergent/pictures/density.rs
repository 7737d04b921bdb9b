//! The spectral density over training: bulk and outliers at one look, and the bulk enlarged beside it.

use eigenscape::plot::{Axis, Chart, Color, Dash, Figure, Picture as _, Series};

use super::{Picture, about, stage};
use crate::report::{Report, Spectrum, decimal};

/// Height of one stage, in pixels.
const STAGE: u32 = 220;

/// Ends of axes.
struct Ranges {
    low: f64,
    high: f64,
    /// Density that stands for zero.
    floor: f64,
    top: f64,
}

pub fn picture(report: &Report) -> eigenscape::Result<Picture> {
    let title = "Bulk and outliers: the spectral density of the Hessian";
    let ranges = of(report, &report.spectrum);
    let stages = report.spectrum.len();
    let mut figure = Figure::new(title)
        .subtitle(format!("{}; SGD, seed {}", about(report), report.seed))
        .size(1000, 120 + STAGE * stages.max(1) as u32);
    if stages == 0 {
        figure = figure.row([full("nothing was measured", &ranges, true)]);
    }
    for (index, spectrum) in report.spectrum.iter().enumerate() {
        // The name of the axis stands under the last stage only.
        let last = index + 1 == stages;
        let name = format!("{}, step {}", stage(index, stages), spectrum.step);
        // Each stage has an axis of its own: late in training the whole spectrum is a tenth of what it was.
        let own = Ranges { floor: ranges.floor, top: ranges.top, ..of(report, std::slice::from_ref(spectrum)) };
        let whole = notes(spectrum).into_iter().fold(full(&name, &own, last), |chart, words| chart.note(words));
        let bulk = 1.25 * if spectrum.bulk_edge > 0.0 { spectrum.bulk_edge } else { 0.1 * own.high };
        let x = Axis::linear(if last { "eigenvalue of the Hessian" } else { "" }).range(-bulk, bulk);
        let enlarged = Chart::new(x, vertical("", &ranges)).title("the bulk, enlarged");
        // The name of the axis needs room.
        let weight = f64::from(STAGE) + if last { 20.0 } else { 0.0 };
        let panels = [(68.0, draw(whole, spectrum, ranges.floor)), (32.0, draw(enlarged, spectrum, ranges.floor))];
        figure = figure.weighted_row(weight, panels);
    }
    Ok(Picture {
        file: "density.svg",
        title: title.to_string(),
        caption: format!(
            "Nearly all of the {} eigenvalues sit in a narrow bulk around zero; a few stand apart to the right, often as \
             many as there are classes less one: the largest, down to the last that exceeds its neighbour by a factor of {}. The band is the standard error of stochastic Lanczos quadrature over \
             probes. No kernel is drawn narrower than the picture can show; the report has both. The axis of the density \
             is logarithmic, and ends below one eigenvalue spread over the whole \
             picture.",
            report.parameters,
            crate::measure::APART
        ),
        svg: figure.svg()?,
    })
}

fn full(name: &str, ranges: &Ranges, last: bool) -> Chart {
    let x = Axis::linear(if last { "eigenvalue of the Hessian" } else { "" }).range(ranges.low, ranges.high);
    Chart::new(x, vertical("density", ranges)).title(name)
}

fn vertical(name: &str, ranges: &Ranges) -> Axis {
    Axis::logarithmic(name).range(ranges.floor, ranges.top)
}

fn draw(chart: Chart, spectrum: &Spectrum, floor: f64) -> Chart {
    let values = spectrum.drawn.grid.iter().zip(&spectrum.drawn.density);
    // A curve along the floor would look like a measured value.
    let curve: Vec<(f64, f64)> =
        values.map(|(x, density)| (*x, if *density > floor { *density } else { f64::NAN })).collect();
    let band = curve.iter().zip(&spectrum.drawn.standard_error);
    let band = band.map(|((x, density), error)| (*x, density - error, density + error));
    let outliers = spectrum.outliers.iter().copied();
    let stems = Series::stems("eigenvalue outside of the bulk", outliers, 0.5).color(Color::VERMILLION);
    chart
        .with(Series::line("density", curve.iter().copied()).color(Color::BLUE).width(1.6))
        .with(Series::band("\u{b1} one standard error over probes", band).color(Color::BLUE))
        .with(Series::vertical("upper edge of the bulk", spectrum.bulk_edge).color(Color::GREY).dash(Dash::Dashed))
        .with(stems.labels(spectrum.outliers.iter().map(|value| decimal(*value, 2))))
}

fn notes(spectrum: &Spectrum) -> Vec<String> {
    let count = match spectrum.outliers.len() {
        0 => "no eigenvalue outside of the bulk".to_string(),
        1 => "1 eigenvalue outside of the bulk".to_string(),
        count => format!("{count} eigenvalues outside of the bulk"),
    };
    let largest = spectrum.eigenvalues.first().copied().unwrap_or(f64::NAN);
    let values = format!("\u{3bb}\u{2081} = {},  bulk edge {}", decimal(largest, 2), decimal(spectrum.bulk_edge, 2));
    vec![count, values]
}

fn of(report: &Report, spectra: &[Spectrum]) -> Ranges {
    let finite = |value: &f64| value.is_finite();
    let largest = |values: &mut dyn Iterator<Item = f64>| values.filter(finite).fold(f64::NEG_INFINITY, f64::max);
    let top = largest(&mut spectra.iter().flat_map(|spectrum| spectrum.drawn.density.iter().copied()));
    let eigenvalue = largest(&mut spectra.iter().flat_map(|spectrum| spectrum.eigenvalues.iter().copied()));
    let high = if eigenvalue > 0.0 { 1.07 * eigenvalue } else { 1.0 };
    // One eigenvalue spread over the whole picture.
    let floor = 10f64.powf((1.0 / (report.parameters.max(1) as f64 * 1.3 * high)).log10().floor());
    let visible = spectra.iter().flat_map(|spectrum| spectrum.drawn.grid.iter().zip(&spectrum.drawn.density));
    let low = visible.filter(|(_, density)| **density > floor).map(|(x, _)| *x).filter(finite).fold(0.0, f64::min);
    Ranges { low: low.max(-high) - 0.03 * high, high, floor, top: if top > floor { 3.0 * top } else { 10.0 * floor } }
}
