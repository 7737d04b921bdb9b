//! Numbers on a grid as colours.

use super::color::Palette;
use crate::error::{Error, Result};

/// Cells beyond so many along an axis are drawn as means of blocks.
pub(super) const MOST: usize = 160;

/// Bounds of a plain product of lengths.
const CELLS: usize = 1 << 28;

/// How values become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Levels {
    /// Evenly from the lowest to the highest.
    Linear,
    /// Evenly in the logarithm.
    Logarithmic,
}

/// A map: values on a grid of an [`Axis`](super::Axis) pair as colours, with a bar that says which, and lines of equal
/// value if wanted.
///
/// ```text
///     values[j n_x + i] at (x_i, y_j)
/// ```
///
/// As [`cells`](Map::cells) each value fills its cell, which reaches half way to its neighbours. As a
/// [`surface`](Map::surface) values are
/// linear between the points of the grid, and steps of colour stand between lines of equal value, at round numbers. A
/// value that
/// is missing or not finite is a hole, in grey. Cells beyond 160 along an axis are drawn as means of blocks; the
/// [`Numbers`](super::Numbers) keep all.
///
/// ```
/// use eigenscape::plot::{Axis, Chart, Map, Palette, Picture};
///
/// let values = [1.0, 0.2, 0.2, 1.0].map(Some).to_vec();
/// let map = Map::cells("cosine", &[0.0, 1.0], &[0.0, 1.0], values)?.palette(Palette::Diverging).range(-1.0, 1.0).written(2);
/// let names = || Axis::names("", ["cat", "dog"]);
/// let chart = Chart::new(names(), names()).map(map);
/// assert!(chart.svg()?.contains("0.2"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) values: Vec<Option<f64>>,
    pub(super) palette: Palette,
    pub(super) range: Option<(f64, f64)>,
    pub(super) levels: Levels,
    /// How many levels, of a surface; none for cells.
    pub(super) surface: Option<usize>,
    /// Those that values are written with.
    pub(super) decimals: Option<usize>,
    /// Values that colours stand for, where they are not those of the map.
    pub(super) colored_by: Option<(String, Vec<Option<f64>>)>,
    pub(super) filled: bool,
    /// Cells between two lines that divide the map.
    pub(super) block: Option<usize>,
}

impl Map {
    /// Values that fill their cells. The name says what they are.
    ///
    /// # Errors
    /// If an axis is empty, not finite, or not ascending, or there are not as many values as cells.
    pub fn cells(name: impl Into<String>, x: &[f64], y: &[f64], values: Vec<Option<f64>>) -> Result<Self> {
        for axis in [x, y] {
            if axis.is_empty() {
                return Err(Error::Empty { what: "an axis of a map", remedy: "give at least one coordinate" });
            }
            Error::finite("an axis of a map", axis, "give finite coordinates")?;
            if let Some(pair) = axis.windows(2).find(|pair| pair[0] >= pair[1]) {
                let limits = "must be above the one before it: sort the axis, without duplicates";
                return Err(Error::OutOfRange { what: "a coordinate of a map", value: pair[1], limits });
            }
        }
        let cells = x.len().saturating_mul(y.len());
        if cells > CELLS {
            let (what, because) =
                ("the number of cells of a map", "which is more than any picture shows: take every other");
            return Err(Error::AboveLimit { what, value: cells, limit: CELLS, because });
        }
        Error::length("the list of values of a map", values.len(), cells)?;
        Ok(Map {
            name: name.into(),
            unit: String::new(),
            x: x.to_vec(),
            y: y.to_vec(),
            values: values.into_iter().map(|value| value.filter(|value| value.is_finite())).collect(),
            palette: Palette::default(),
            range: None,
            levels: Levels::Linear,
            surface: None,
            decimals: None,
            colored_by: None,
            filled: true,
            block: None,
        })
    }

    /// Values that are linear between points, with about so many lines of equal value, from 1 to 50.
    ///
    /// # Errors
    /// As [`Map::cells`], or if an axis has fewer than 2 points.
    pub fn surface(
        name: impl Into<String>,
        x: &[f64],
        y: &[f64],
        values: Vec<Option<f64>>,
        lines: usize,
    ) -> Result<Self> {
        for axis in [x, y] {
            Error::at_least("the number of points of an axis of a surface", axis.len(), 2, "must be at least 2")?;
        }
        Ok(Map { surface: Some(lines.clamp(1, 50)), ..Map::cells(name, x, y, values)? })
    }

    /// Sets the unit of the values.
    pub fn unit(self, unit: impl Into<String>) -> Self {
        Map { unit: unit.into(), ..self }
    }

    /// Sets the colours.
    pub fn palette(self, palette: Palette) -> Self {
        Map { palette, ..self }
    }

    /// Sets the values of the first and the last colour; those beyond have the nearer one.
    pub fn range(self, low: f64, high: f64) -> Self {
        Map { range: Some((low, high)), ..self }
    }

    /// Spreads colours, and lines of equal value, in the logarithm of positive values; others are holes.
    pub fn logarithmic(self) -> Self {
        Map { levels: Levels::Logarithmic, ..self }
    }

    /// Writes each value in its cell with so many decimals, 17 at most, where there is room.
    pub fn written(self, decimals: usize) -> Self {
        Map { decimals: Some(decimals.min(17)), ..self }
    }

    /// Draws lines of equal value alone, without colours between them.
    pub fn unfilled(self) -> Self {
        Map { filled: false, ..self }
    }

    /// Draws a line after each so many cells of both axes: matrices of blocks.
    pub fn blocks(self, cells: usize) -> Self {
        Map { block: Some(cells).filter(|cells| *cells > 0), ..self }
    }

    /// Colours cells by other values than those that are written in them.
    ///
    /// # Errors
    /// If there are not as many as cells.
    pub fn colored_by(self, name: impl Into<String>, values: Vec<Option<f64>>) -> Result<Self> {
        Error::length("the list of values that color a map", values.len(), self.values.len())?;
        let values = values.into_iter().map(|value| value.filter(|value| value.is_finite())).collect();
        Ok(Map { colored_by: Some((name.into(), values)), ..self })
    }

    /// What colours stand for: name and values.
    pub(super) fn colors(&self) -> (String, &[Option<f64>]) {
        let (name, values) = match &self.colored_by {
            Some((name, values)) => (name, &values[..]),
            None => (&self.name, &self.values[..]),
        };
        (if self.unit.is_empty() { name.clone() } else { format!("{name} ({})", self.unit) }, values)
    }
}
