//! The pictures of the transition.

#[allow(dead_code)]
#[path = "../emergent/pictures/axis.rs"]
mod axis;
#[allow(dead_code)]
#[path = "../emergent/pictures/panel.rs"]
mod panel;
#[allow(dead_code)]
#[path = "../emergent/pictures/theme.rs"]
mod theme;

use crate::transition::{Passage, Transition};
use axis::Axis;
use panel::Panel;
pub use theme::Drawn;
use theme::{BLUE, Dash, GREY, Heading, INK, Look, ORANGE, SERIES, SIGNS, Sign, VERMILLION, figure};

const RATIO: &str = "\u{3c3}_c / \u{3c3}_E";

/// Outliers and their overlaps over sigma_c / sigma_E in the sampled model.
pub fn sampled(transition: &Transition) -> Drawn<String> {
    let outliers = transition.thresholds.len();
    let look = |rank: usize| (SERIES[rank % SERIES.len()], SIGNS[rank % SIGNS.len()]);
    let mut legend: Vec<(Look, String)> = (0..outliers)
        .map(|rank| (Look::Signed(look(rank).0, look(rank).1), format!("eigenvalue {}: draws, and theory", rank + 1)))
        .collect();
    legend.push((Look::Signed(GREY, look(outliers).1), format!("eigenvalue {}", outliers + 1)));
    legend.push((Look::Line(INK, Dash::Dashed), "end of the bulk, theory".to_string()));
    legend.push((Look::Line(GREY, Dash::Dotted), "thresholds, theory".to_string()));
    let heading = Heading {
        title: "Outliers leave the bulk as class means grow beside residues".to_string(),
        subtitle: transition.about.replace("sigma_", "\u{3c3}_"),
        legend,
    };
    let last = transition.theory.last().map_or(1.0, |theory| theory.ratio);
    let highest = transition.sampled.iter().flat_map(|drawn| &drawn.eigenvalues).map(|mean| mean.0 + mean.1);
    let highest = highest.fold(0.0, f64::max);
    figure((1000, 470), &heading, |area, frame| {
        let [left, right] = frame.columns([1, 1]);
        let x = || Axis::linear(RATIO, 0.0, 1.03 * last);
        let places = Panel::draw(area, left, "", x(), Axis::linear("eigenvalue", 0.0, 1.05 * highest))?;
        let overlaps = Panel::draw(area, right, "", x(), Axis::linear("overlap with the span of the means", 0.0, 1.0))?;
        for panel in [&places, &overlaps] {
            for threshold in &transition.thresholds {
                panel.vertical(*threshold, GREY, Dash::Dotted)?;
            }
        }
        let edge: Vec<_> = transition.theory.iter().map(|theory| (theory.ratio, theory.edge)).collect();
        places.line(&edge, INK, 14, Dash::Dashed)?;
        for rank in (0..=outliers).rev() {
            let (color, sign) = (if rank == outliers { GREY } else { look(rank).0 }, look(rank).1);
            let theory = |of: fn(&(f64, f64)) -> f64| -> Vec<(f64, f64)> {
                let detached = transition.theory.iter();
                detached.filter_map(|at| Some((at.ratio, of(at.outliers.get(rank)?)))).collect()
            };
            places.line(&theory(|outlier| outlier.0), color, 18, Dash::Solid)?;
            overlaps.line(&theory(|outlier| outlier.1), color, 18, Dash::Solid)?;
            for drawn in &transition.sampled {
                for (panel, (mean, deviation)) in
                    [(&places, drawn.eigenvalues[rank]), (&overlaps, drawn.overlaps[rank])]
                {
                    panel.bar(drawn.ratio, mean - deviation, mean + deviation, color)?;
                    panel.signs(&[(drawn.ratio, mean)], color, sign)?;
                }
            }
        }
        Ok(())
    })
}

/// The largest eigenvalues along training beside both models' ends of the bulk and thresholds.
pub fn along(about: &str, classes: usize, passages: &[Passage]) -> Drawn<String> {
    let less_one = classes - 1;
    let heading = Heading {
        title: "The transition along training: eigenvalues beside both models".to_string(),
        subtitle: about.to_string(),
        legend: vec![
            (Look::Line(BLUE, Dash::Solid), format!("eigenvalues 1 to {less_one}, measured")),
            (Look::Line(GREY, Dash::Solid), format!("{classes} to {}", classes + 2)),
            (Look::Signed(ORANGE, Sign::Diamond), "outliers, refined model".to_string()),
            (Look::Line(VERMILLION, Dash::Dashed), "end of the bulk, refined model".to_string()),
            (Look::Line(INK, Dash::Dotted), "end of the bulk, paper's model".to_string()),
        ],
    };
    let values = || passages.iter().flat_map(|passage| passage.eigenvalues.iter().copied());
    let edges = passages.iter().filter_map(|passage| passage.paper_edge);
    let (low, high) = (edges.fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    let last = passages.last().map_or(1, |passage| passage.step as usize);
    figure((1000, 490), &heading, |area, frame| {
        let [left, right] = frame.columns([58, 42]);
        let y = Axis::logarithmic("eigenvalue", 0.8 * low, 1.25 * high);
        let panel = Panel::draw(area, left, "spectrum", Axis::steps(last), y)?;
        let curve = |of: &dyn Fn(&Passage) -> Option<f64>| -> Vec<(f64, f64)> {
            passages.iter().map(|passage| (passage.step as f64, of(passage).unwrap_or(f64::NAN))).collect()
        };
        for rank in (0..classes + 2).rev() {
            let color = if rank < less_one { BLUE } else { GREY };
            panel.line(&curve(&|passage| passage.eigenvalues.get(rank).copied()), color, 14, Dash::Solid)?;
            panel.signs(&curve(&|passage| passage.refined_outliers.get(rank).copied()), ORANGE, Sign::Diamond)?;
        }
        panel.line(&curve(&|passage| passage.refined_edge), VERMILLION, 20, Dash::Dashed)?;
        panel.line(&curve(&|passage| passage.paper_edge), INK, 18, Dash::Dotted)?;

        let ratios = curve(&|passage| Some(passage.ratio));
        let thresholds = [0, 1].map(|end| curve(&|passage| passage.thresholds.map(|thresholds| thresholds[end])));
        let all = || ratios.iter().chain(thresholds.iter().flatten()).map(|point| point.1).filter(|y| y.is_finite());
        let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
        let y = Axis::logarithmic(RATIO, 0.8 * low, 1.3 * high);
        let panel = Panel::draw(area, right, "class means against their thresholds", Axis::steps(last), y)?;
        panel.line(&ratios, BLUE, 20, Dash::Solid)?;
        panel.signs(&ratios, BLUE, Sign::Circle)?;
        for (curve, name) in thresholds.iter().zip(["threshold of the first outlier", "threshold of the last"]) {
            panel.line(curve, INK, 16, Dash::Dashed)?;
            if let Some((_, y)) = curve.first() {
                panel.below(*y, name, INK)?;
            }
        }
        if let Some((_, y)) = ratios.first() {
            panel.below(*y, "measured", BLUE)?;
        }
        Ok(())
    })
}
