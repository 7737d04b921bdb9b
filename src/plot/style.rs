//! What series look like: what they ask for, and the rest in an order that tells them apart.

use super::color::Color;
use super::figure::{Figure, Panel};
use super::series::{Dash, Kind, Mark, Series};

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    pub(super) color: Color,
    pub(super) dash: Dash,
    pub(super) mark: Option<Mark>,
    pub(super) width: f64,
    pub(super) radius: f64,
}

/// The looks of all series of a figure.
pub(super) struct Styles {
    /// Names in the order of their first series; what asks for all of its look has no place.
    names: Vec<String>,
    colors: Vec<Color>,
}

impl Styles {
    pub(super) fn of(figure: &Figure) -> Self {
        let series = || charts(figure).flat_map(|panel| panel.iter());
        let mut names: Vec<String> = Vec::new();
        for series in series().filter(|series| ordered(series)) {
            if !names.contains(&series.name) {
                names.push(series.name.clone());
            }
        }
        let taken: Vec<Color> = series().filter_map(|series| series.color).collect();
        let free: Vec<Color> = Color::SERIES.into_iter().filter(|color| !taken.contains(color)).collect();
        Styles { names, colors: if free.is_empty() { Color::SERIES.to_vec() } else { free } }
    }

    pub(super) fn style(&self, series: &Series) -> Style {
        let place = self.names.iter().position(|name| *name == series.name).unwrap_or(0);
        let reference = matches!(series.kind, Kind::Vertical | Kind::Horizontal);
        let color =
            series.color.unwrap_or(if reference { Color::GREY } else { self.colors[place % self.colors.len()] });
        let dash = series.dash.unwrap_or(match series.kind {
            Kind::Vertical | Kind::Horizontal => Dash::Dashed,
            Kind::Line | Kind::Banded if series.color.is_none() && !series.marked => {
                Dash::SERIES[place % Dash::SERIES.len()]
            }
            _ => Dash::Solid,
        });
        let mark = series.mark.unwrap_or(Mark::SERIES[place % Mark::SERIES.len()]);
        let shown = series.marked || series.kind == Kind::Points;
        Style { color, dash, mark: shown.then_some(mark), width: series.width, radius: series.radius }
    }
}

/// Whether the look of a series follows from its place in the order.
fn ordered(series: &Series) -> bool {
    match series.kind {
        Kind::Vertical | Kind::Horizontal => false,
        Kind::Points => series.color.is_none() || series.mark.is_none(),
        _ => series.color.is_none(),
    }
}

fn charts(figure: &Figure) -> impl Iterator<Item = &[Series]> {
    figure.panels().filter_map(|panel| match panel {
        Panel::Chart(chart) => Some(&chart.series[..]),
        Panel::Relief(_) => None,
    })
}

/// The series that stand in the legend: those with a name and points, the first of each look.
pub(super) fn legend(figure: &Figure, styles: &Styles) -> Vec<(Series, Style)> {
    let mut entries: Vec<(Series, Style)> = Vec::new();
    for series in charts(figure).flatten().filter(|series| !series.name.is_empty() && !series.points.is_empty()) {
        let style = styles.style(series);
        // Kinds that look alike in the legend are one entry.
        let same = |(other, look): &(Series, Style)| {
            other.name == series.name
                && *look == style
                && std::mem::discriminant(&other.kind) == std::mem::discriminant(&series.kind)
        };
        if !entries.iter().any(same) {
            entries.push((Series { points: Vec::new(), labels: Vec::new(), ..series.clone() }, style));
        }
    }
    entries
}
