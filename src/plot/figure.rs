//! Several panels under one title, with one legend.

use super::chart::Chart;
use super::layout;
use super::numbers::{NumberRow, Numbers};
use super::picture::Picture;
use super::relief::Relief;
use super::scene::Scene;
use super::series::Kind;
use crate::error::{Error, Result};

/// One panel of a [`Figure`].
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub enum Panel {
    /// A pair of axes.
    Chart(Box<Chart>),
    /// A surface seen from above and aside.
    Relief(Box<Relief>),
}

impl From<Chart> for Panel {
    fn from(chart: Chart) -> Self {
        Panel::Chart(Box::new(chart))
    }
}

impl From<Relief> for Panel {
    fn from(relief: Relief) -> Self {
        Panel::Relief(Box::new(relief))
    }
}

/// Panels in rows under a title, with the legend of all of them.
///
/// The axes of panels that stand below each other are aligned, in rows of as many panels.
///
/// ```
/// use eigenscape::plot::{Axis, Chart, Figure, Picture, Series};
///
/// let panel = |name: &str, power: i32| {
///     let points = (1..=50).map(|x| (f64::from(x), f64::from(x).powi(power)));
///     Chart::new(Axis::linear("x"), Axis::logarithmic(name)).with(Series::line(name, points))
/// };
/// let figure = Figure::new("Powers").subtitle("of the first fifty numbers").size(900, 400).row([panel("x²", 2), panel("x³", 3)]);
/// let svg = figure.svg()?;
/// assert!(svg.contains("Powers") && svg.contains("width=\"900\""));
/// assert_eq!(figure.numbers()?.rows.len(), 100);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) size: (u32, u32),
    /// Weight and panels, with their weights.
    pub(super) rows: Vec<(f64, Vec<(f64, Panel)>)>,
    pub(super) legend: bool,
}

/// Sizes of pictures, in pixels.
const SIZES: std::ops::RangeInclusive<u32> = 100..=8192;

impl Figure {
    /// With no panels: 1000 pixels wide and 500 high.
    pub fn new(title: impl Into<String>) -> Self {
        Figure { title: title.into(), subtitle: String::new(), size: (1000, 500), rows: Vec::new(), legend: true }
    }

    /// Sets the title.
    pub fn title(self, title: impl Into<String>) -> Self {
        Figure { title: title.into(), ..self }
    }

    /// Sets the line below the title: on what, and how to read it.
    pub fn subtitle(self, subtitle: impl Into<String>) -> Self {
        Figure { subtitle: subtitle.into(), ..self }
    }

    /// Sets width and height in pixels, each from 100 to 8192.
    pub fn size(self, width: u32, height: u32) -> Self {
        Figure { size: (width, height), ..self }
    }

    /// Leaves out the legend.
    pub fn without_legend(self) -> Self {
        Figure { legend: false, ..self }
    }

    /// Adds a row of panels of equal width.
    pub fn row(self, panels: impl IntoIterator<Item = impl Into<Panel>>) -> Self {
        self.weighted_row(1.0, panels.into_iter().map(|panel| (1.0, panel)))
    }

    /// Adds a row of so many shares of the height, of panels with so many shares of its width.
    pub fn weighted_row(mut self, weight: f64, panels: impl IntoIterator<Item = (f64, impl Into<Panel>)>) -> Self {
        self.rows.push((weight, panels.into_iter().map(|(weight, panel)| (weight, panel.into())).collect()));
        self
    }

    pub(super) fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| row.1.iter().map(|panel| &panel.1))
    }

    /// What is drawn.
    pub(super) fn scene(&self) -> Result<Scene> {
        let (width, height) = self.size;
        for (what, side) in [("the width of a picture", width), ("the height of a picture", height)] {
            if !SIZES.contains(&side) {
                let limits = "must be from 100 to 8192 pixels";
                return Err(Error::OutOfRange { what, value: f64::from(side), limits });
            }
        }
        if self.rows.is_empty() || self.rows.iter().any(|row| row.1.is_empty()) {
            return Err(Error::Empty {
                what: "a row of panels of a figure",
                remedy: "give each row at least one panel",
            });
        }
        for weight in self.rows.iter().flat_map(|row| std::iter::once(row.0).chain(row.1.iter().map(|panel| panel.0))) {
            Error::positive("the share of a row or a panel of a figure", weight)?;
        }
        layout::scene(self)
    }

    pub(super) fn all_numbers(&self) -> Numbers {
        let mut rows = Vec::new();
        for (index, panel) in self.panels().enumerate() {
            let named = |title: &str| if title.is_empty() { (index + 1).to_string() } else { title.to_string() };
            match panel {
                Panel::Chart(chart) => numbers_of(chart, &named(&chart.title), &mut rows),
                Panel::Relief(relief) => {
                    let panel = named(&relief.title);
                    rows.extend(grid(&panel, &relief.map.name, &relief.map.x, &relief.map.y, &relief.map.values));
                }
            }
        }
        Numbers { rows }
    }
}

/// The rows of a map.
fn grid<'a>(
    panel: &'a str,
    series: &'a str,
    x: &'a [f64],
    y: &'a [f64],
    values: &'a [Option<f64>],
) -> impl Iterator<Item = NumberRow> + 'a {
    values.iter().enumerate().map(move |(index, &value)| NumberRow {
        panel: panel.to_string(),
        series: series.to_string(),
        x: Some(x[index % x.len()]),
        y: Some(y[index / x.len()]),
        value,
        ..NumberRow::default()
    })
}

fn numbers_of(chart: &Chart, panel: &str, rows: &mut Vec<NumberRow>) {
    for map in &chart.maps {
        rows.extend(grid(panel, &map.name, &map.x, &map.y, &map.values));
        if let Some((name, values)) = &map.colored_by {
            rows.extend(grid(panel, name, &map.x, &map.y, values));
        }
    }
    for series in &chart.series {
        let (x, y, ends) = match series.kind {
            Kind::Line | Kind::Banded | Kind::Points | Kind::Arrows => (true, true, true),
            Kind::Band => (true, false, true),
            Kind::Stems(_) | Kind::Vertical => (true, false, false),
            Kind::Horizontal => (false, true, false),
        };
        // Lines and marks without errors have no ends: what is not a number there was never given.
        let ends = ends
            && (series.kind == Kind::Band
                || series.points.iter().any(|point| !(point.low.is_nan() && point.high.is_nan())));
        rows.extend(series.points.iter().map(|point| NumberRow {
            panel: panel.to_string(),
            series: series.name.clone(),
            x: x.then_some(point.x),
            y: y.then_some(point.y),
            low: ends.then_some(point.low),
            high: ends.then_some(point.high),
            value: None,
        }));
    }
}

impl Picture for Figure {
    fn figure(&self) -> Result<Figure> {
        Ok(self.clone())
    }
}
