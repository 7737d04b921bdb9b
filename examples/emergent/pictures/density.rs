//! The spectral density over training: bulk and outliers at one look, and the bulk enlarged beside it.

use super::axis::Axis;
use super::panel::Panel;
use super::theme::{Area, BLUE, Dash, Drawn, Frame, GREY, Heading, Look, VERMILLION, figure};
use super::{Picture, about, stage};
use crate::report::{Report, Spectrum, decimal};

/// Height of one stage, in pixels.
const STAGE: i32 = 220;
/// Height of the name of an axis, in pixels.
const AXIS: i32 = 20;

/// Ends of axes.
struct Ranges {
    low: f64,
    high: f64,
    /// Density that stands for zero.
    floor: f64,
    top: f64,
}

pub fn picture(report: &Report) -> Drawn<Picture> {
    let heading = Heading {
        title: "Bulk and outliers: the spectral density of the Hessian".to_string(),
        subtitle: format!("{}; SGD, seed {}", about(report), report.seed),
        legend: vec![
            (Look::Line(BLUE, Dash::Solid), "density".to_string()),
            (Look::Band(BLUE), "\u{b1} one standard error over probes".to_string()),
            (Look::Stem(VERMILLION), "eigenvalue outside of the bulk".to_string()),
            (Look::Line(GREY, Dash::Dashed), "upper edge of the bulk".to_string()),
        ],
    };
    let ranges = of(report, &report.spectrum);
    let stages = report.spectrum.len();
    let svg = figure((1000, 120 + STAGE * stages.max(1) as i32), &heading, |area, frame| {
        if stages == 0 {
            full(area, frame, "nothing was measured", &ranges, true)?;
        }
        for (index, spectrum) in report.spectrum.iter().enumerate() {
            // The name of the axis stands under the last stage only, and needs room there.
            let last = index + 1 == stages;
            let room = if last { AXIS } else { 0 };
            let row = Frame { bottom: frame.bottom - AXIS, ..frame }.row(index, stages);
            let [left, right] = Frame { bottom: row.bottom + room, ..row }.columns([68, 32]);
            let name = format!("{}, step {}", stage(index, stages), spectrum.step);
            // Each stage has an axis of its own: late in training the whole spectrum is a tenth of what it was.
            let own = Ranges { floor: ranges.floor, top: ranges.top, ..of(report, std::slice::from_ref(spectrum)) };
            let panel = full(area, left, &name, &own, last)?;
            panel.corner(&notes(spectrum))?;
            draw(&panel, spectrum, ranges.floor, true)?;
            let bulk = 1.25 * if spectrum.bulk_edge > 0.0 { spectrum.bulk_edge } else { 0.1 * own.high };
            let x = Axis::linear(if last { "eigenvalue of the Hessian" } else { "" }, -bulk, bulk);
            let panel = Panel::draw(area, right, "the bulk, enlarged", x, vertical("", &ranges))?;
            draw(&panel, spectrum, ranges.floor, false)?;
        }
        Ok(())
    })?;
    Ok(Picture {
        file: "density.svg",
        title: heading.title,
        caption: format!(
            "Nearly all of the {} eigenvalues sit in a narrow bulk around zero; a few stand apart to the right, often as \
             many as there are classes less one: the largest, down to the last that exceeds its neighbour by a factor of {}. The band is the standard error of stochastic Lanczos quadrature over \
             probes. No kernel is drawn narrower than the picture can show; the report has both. The axis of the density \
             is logarithmic, and ends below one eigenvalue spread over the whole \
             picture.",
            report.parameters,
            crate::measure::APART
        ),
        svg,
    })
}

fn full<'a, 's>(area: &'a Area<'s>, frame: Frame, name: &str, ranges: &Ranges, last: bool) -> Drawn<Panel<'a, 's>> {
    let x = Axis::linear(if last { "eigenvalue of the Hessian" } else { "" }, ranges.low, ranges.high);
    Panel::draw(area, frame, name, x, vertical("density", ranges))
}

fn vertical(name: &str, ranges: &Ranges) -> Axis {
    Axis::logarithmic(name, ranges.floor, ranges.top)
}

fn draw(panel: &Panel, spectrum: &Spectrum, floor: f64, named: bool) -> Drawn {
    let values = spectrum.drawn.grid.iter().zip(&spectrum.drawn.density);
    // A curve along the floor would look like a measured value.
    let curve: Vec<(f64, f64)> =
        values.map(|(x, density)| (*x, if *density > floor { *density } else { f64::NAN })).collect();
    let band: Vec<(f64, f64, f64)> = curve
        .iter()
        .zip(&spectrum.drawn.standard_error)
        .map(|((x, density), error)| (*x, density - error, density + error))
        .collect();
    panel.band(&band, BLUE)?;
    panel.vertical(spectrum.bulk_edge, GREY, Dash::Dashed)?;
    panel.stems(&spectrum.outliers, 0.5, VERMILLION, named)?;
    panel.line(&curve, BLUE, 16, Dash::Solid)
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
