//! The pictures of the transition.

use eigenscape::plot::{Axis, Chart, Color, Dash, Figure, Mark, Series};

use crate::transition::{Passage, Transition};

const RATIO: &str = "\u{3c3}_c / \u{3c3}_E";

/// Outliers and their overlaps over sigma_c / sigma_E in the sampled model.
pub fn sampled(transition: &Transition) -> Figure {
    let outliers = transition.thresholds.len();
    let last = transition.theory.last().map_or(1.0, |theory| theory.ratio);
    let x = || Axis::linear(RATIO).range(0.0, 1.03 * last);
    let thresholds = || {
        let line = |&threshold: &f64| Series::vertical("thresholds, theory", threshold).dash(Dash::Dotted);
        transition.thresholds.iter().map(line)
    };
    let edge = transition.theory.iter().map(|theory| (theory.ratio, theory.edge));
    let edge = Series::line("end of the bulk, theory", edge).color(Color::INK).dash(Dash::Dashed).width(1.4);
    let mut places = Chart::new(x(), Axis::linear("eigenvalue").with_zero()).with_all(thresholds()).with(edge);
    let share = Axis::linear("overlap with the span of the means").range(0.0, 1.0);
    let mut overlaps = Chart::new(x(), share).with_all(thresholds());
    for rank in (0..=outliers).rev() {
        let color = if rank == outliers { Color::GREY } else { Color::SERIES[rank % Color::SERIES.len()] };
        let mark = Mark::SERIES[rank % Mark::SERIES.len()];
        let theory = |of: fn(&(f64, f64)) -> f64| {
            let detached = transition.theory.iter();
            let points = detached.filter_map(|at| Some((at.ratio, of(at.outliers.get(rank)?))));
            Series::line("", points.collect::<Vec<_>>()).color(color).width(1.8)
        };
        let name = match rank == outliers {
            true => format!("eigenvalue {}", rank + 1),
            false => format!("eigenvalue {}: draws, and theory", rank + 1),
        };
        let draws = |of: &dyn Fn(usize) -> (f64, f64)| {
            let point = |(index, ratio): (usize, f64)| {
                let (mean, deviation) = of(index);
                (ratio, mean, mean - deviation, mean + deviation)
            };
            let ratios = transition.sampled.iter().map(|drawn| drawn.ratio).enumerate();
            // The line is theory's.
            Series::intervals(&name, ratios.map(point)).color(color).mark(mark).unjoined()
        };
        places =
            places.with(theory(|outlier| outlier.0)).with(draws(&|index| transition.sampled[index].eigenvalues[rank]));
        overlaps =
            overlaps.with(theory(|outlier| outlier.1)).with(draws(&|index| transition.sampled[index].overlaps[rank]));
    }
    Figure::new("Outliers leave the bulk as class means grow beside residues")
        .subtitle(transition.about.replace("sigma_", "\u{3c3}_"))
        .size(1000, 500)
        .row([places, overlaps])
}

/// The largest eigenvalues along training beside both models' ends of the bulk and thresholds.
pub fn along(about: &str, classes: usize, passages: &[Passage]) -> Figure {
    let less_one = classes - 1;
    let curve = |of: &dyn Fn(&Passage) -> Option<f64>| -> Vec<(f64, f64)> {
        passages.iter().map(|passage| (passage.step as f64, of(passage).unwrap_or(f64::NAN))).collect()
    };
    let x = || Axis::steps("training step");
    let mut spectrum = Chart::new(x(), Axis::logarithmic("eigenvalue").otherwise(0.1, 1.0)).title("spectrum");
    let lowest = passages.iter().filter_map(|passage| passage.paper_edge).fold(f64::INFINITY, f64::min);
    let highest = passages.iter().flat_map(|passage| passage.eigenvalues.iter().copied()).fold(0.0, f64::max);
    if lowest > 0.0 && lowest < highest {
        spectrum =
            Chart::new(x(), Axis::logarithmic("eigenvalue").range(0.8 * lowest, 1.25 * highest)).title("spectrum");
    }
    for rank in (0..classes + 2).rev() {
        let (name, color) = match rank < less_one {
            true => (format!("eigenvalues 1 to {less_one}, measured"), Color::BLUE),
            false => (format!("{classes} to {}", classes + 2), Color::GREY),
        };
        let line = Series::line(name, curve(&|passage| passage.eigenvalues.get(rank).copied()));
        let outlier = curve(&|passage| passage.refined_outliers.get(rank).copied());
        let outlier = Series::points("outliers, refined model", outlier).color(Color::ORANGE).mark(Mark::Diamond);
        spectrum = spectrum.with(line.color(color).width(1.4)).with(outlier);
    }
    let refined = Series::line("end of the bulk, refined model", curve(&|passage| passage.refined_edge));
    let paper = Series::line("end of the bulk, paper's model", curve(&|passage| passage.paper_edge));
    spectrum = spectrum
        .with(refined.color(Color::VERMILLION).dash(Dash::Dashed))
        .with(paper.color(Color::INK).dash(Dash::Dotted).width(1.8));

    let measured = Series::line("measured ratio", curve(&|passage| Some(passage.ratio)));
    let mut ratios = Chart::new(x(), Axis::logarithmic(RATIO).otherwise(0.1, 1.0))
        .title("class means against their thresholds")
        .with(measured.color(Color::SKY).mark(Mark::Circle));
    for (end, name, dash) in
        [(0, "threshold of the first outlier", Dash::Dashed), (1, "threshold of the last", Dash::DashDotted)]
    {
        let line = Series::line(name, curve(&|passage| passage.thresholds.map(|thresholds| thresholds[end])));
        ratios = ratios.with(line.color(Color::INK).dash(dash).width(1.6));
    }
    Figure::new("The transition along training: eigenvalues beside both models")
        .subtitle(about)
        .size(1000, 510)
        .weighted_row(1.0, [(58.0, spectrum), (42.0, ratios)])
}
