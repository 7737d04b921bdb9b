//! A pair of axes and what stands between them.

use super::axis::Axis;
use super::figure::{Figure, Panel};
use super::map::Map;
use super::picture::Picture;
use super::series::Series;
use crate::error::Result;

/// A pair of axes and what stands between them: the part that all pictures are made of, for numbers of your own.
///
/// Maps lie below, then series in the order in which they are given. A chart is a [`Picture`] of its own, or a panel of
/// a [`Figure`].
///
/// ```
/// use eigenscape::plot::{Axis, Chart, Picture, Series};
///
/// let steps = [0.0, 10.0, 100.0, 1000.0];
/// let sharpness = [1.0, 3.2, 18.5, 20.1].map(|value| (value, 0.9 * value, 1.1 * value));
/// let rows = steps.iter().zip(sharpness).map(|(&step, (mean, low, high))| (step, mean, low, high));
/// let chart = Chart::new(Axis::steps("training step"), Axis::linear("largest eigenvalue").with_zero())
///     .title("Progressive sharpening")
///     .with(Series::banded("mean and range over keys", rows))
///     .with(Series::horizontal("2 / learning rate", 20.0))
///     .note("5 keys");
/// assert!(chart.svg()?.starts_with("<svg") && chart.png()?.starts_with(b"\x89PNG"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) maps: Vec<Map>,
    pub(super) series: Vec<Series>,
    pub(super) notes: Vec<String>,
    pub(super) equal: bool,
    pub(super) bar: bool,
}

impl Chart {
    /// With nothing between its axes.
    pub fn new(x: Axis, y: Axis) -> Self {
        let (title, maps, series, notes) = (String::new(), Vec::new(), Vec::new(), Vec::new());
        Chart { title, x, y, maps, series, notes, equal: false, bar: true }
    }

    /// Sets the title.
    pub fn title(self, title: impl Into<String>) -> Self {
        Chart { title: title.into(), ..self }
    }

    /// Adds a series.
    pub fn with(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// Adds several series.
    pub fn with_all(mut self, series: impl IntoIterator<Item = Series>) -> Self {
        self.series.extend(series);
        self
    }

    /// Adds a map.
    pub fn map(mut self, map: Map) -> Self {
        self.maps.push(map);
        self
    }

    /// Leaves out the bar of colours of its maps: where panels share it, or a text says it.
    pub fn without_bar(self) -> Self {
        Chart { bar: false, ..self }
    }

    /// Adds a line of words in the upper right corner.
    pub fn note(mut self, words: impl Into<String>) -> Self {
        self.notes.push(words.into());
        self
    }

    /// Gives a unit of both axes the same length: for planes whose axes are both linear. Others are left as they are.
    pub fn equal_units(self) -> Self {
        Chart { equal: true, ..self }
    }
}

impl Picture for Chart {
    fn figure(&self) -> Result<Figure> {
        let mut chart = self.clone();
        let title = std::mem::take(&mut chart.title);
        Ok(Figure::new(title).row([Panel::from(chart)]))
    }
}
