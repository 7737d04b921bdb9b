//! Lines of equal value through numbers on a grid.

use crate::error::{Error, Result};

/// A line of equal value.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Contour {
    /// Its vertices; of a closed line the first is not repeated.
    pub points: Vec<[f64; 2]>,
    /// Whether the last vertex is joined to the first: otherwise it ends at the edge of the grid, or at a hole.
    pub closed: bool,
}

impl Contour {
    /// Its length in the coordinates of the grid.
    pub fn length(&self) -> f64 {
        let segment = |a: [f64; 2], b: [f64; 2]| (b[0] - a[0]).hypot(b[1] - a[1]);
        let open: f64 = self.points.windows(2).map(|pair| segment(pair[0], pair[1])).sum();
        match (self.closed, &self.points[..]) {
            (true, [first, .., last]) => open + segment(*last, *first),
            _ => open,
        }
    }
}

/// The lines of one value.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ContourLevel {
    /// The value.
    pub level: f64,
    /// Its lines.
    pub lines: Vec<Contour>,
}

/// Lines of equal value.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Contours {
    /// Those of each value, in the order in which they were asked for.
    pub levels: Vec<ContourLevel>,
    /// The number of cells without lines since a corner has no number.
    pub holes: usize,
}

/// Values at equal distances, the ends among them.
///
/// ```
/// use eigenscape::landscape::{linear_levels, logarithmic_levels};
///
/// assert_eq!(linear_levels(0.0, 1.0, 3)?, [0.0, 0.5, 1.0]);
/// let levels = logarithmic_levels(0.01, 1.0, 3)?;
/// assert!((levels[1] - 0.1).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If there are fewer than 2, or the ends are not finite and ascending.
pub fn linear_levels(low: f64, high: f64, count: usize) -> Result<Vec<f64>> {
    super::slice::evenly(low, high, count)
}

/// Values in equal ratios, the ends among them.
///
/// # Errors
/// If there are fewer than 2, or the ends are not finite, positive and ascending.
pub fn logarithmic_levels(low: f64, high: f64, count: usize) -> Result<Vec<f64>> {
    Error::positive("the lowest of logarithmic levels", low)?;
    Error::positive("the highest of logarithmic levels", high)?;
    let logarithms = super::slice::evenly(libm::log(low), libm::log(high), count)?;
    let mut levels: Vec<f64> = logarithms.into_iter().map(libm::exp).collect();
    (levels[0], levels[count - 1]) = (low, high);
    Ok(levels)
}

/// Lines of equal value through numbers at the corners of a grid: marching squares.
///
/// ```text
///     values[j n_x + i] at (x_i, y_j);    a line crosses an edge where linear interpolation along it has the value
/// ```
///
/// Which corners a saddle's two lines keep apart is decided by the mean of the four. Cells with a corner that has no number have no lines. Lines
/// of smooth functions are off by some h^2, h the distance of neighbours. Cost: a pass over the grid for each level.
///
/// ```
/// use eigenscape::landscape::{contours, evenly};
///
/// let axis = evenly(-1.5, 1.5, 61)?;
/// let values: Vec<Option<f64>> = axis.iter().flat_map(|y| axis.iter().map(move |x| Some(x * x + y * y))).collect();
/// let circle = &contours(&axis, &axis, &values, &[1.0])?.levels[0].lines[0];
/// assert!(circle.closed && (circle.length() - std::f64::consts::TAU).abs() < 0.01);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If an axis has fewer than 2 points or is not ascending, there are not as many values as corners, or a level or a value is not finite.
///
/// # References
/// Maple 2003, doi:10.1109/GMAG.2003.1219671 (marching squares).
#[doc(alias = "marching squares")]
#[doc(alias = "isolines")]
pub fn contours(x: &[f64], y: &[f64], values: &[Option<f64>], levels: &[f64]) -> Result<Contours> {
    for axis in [x, y] {
        Error::at_least("the number of points of an axis with contours", axis.len(), 2, "must be at least 2")?;
        Error::finite("an axis with contours", axis, "give finite coordinates")?;
        if let Some(pair) = axis.windows(2).find(|pair| pair[0] >= pair[1]) {
            let limits = "must be above the one before it: sort the axis, without duplicates";
            return Err(Error::OutOfRange { what: "a coordinate with contours", value: pair[1], limits });
        }
    }
    Error::array("the values with contours", values.len(), &[x.len(), y.len()])?;
    Error::finite("the levels of contours", levels, "give finite levels")?;
    let numbers: Vec<f64> = values.iter().copied().flatten().collect();
    Error::finite("the values with contours", &numbers, "a point without a number is `None`")?;
    let grid = Grid { x, y, values };
    let cells = (0..y.len() - 1).flat_map(|j| (0..x.len() - 1).map(move |i| (i, j)));
    let holes = cells.filter(|&(i, j)| grid.corners(i, j).is_none()).count();
    let levels = levels.iter().map(|&level| ContourLevel { level, lines: grid.lines(level) }).collect();
    Ok(Contours { levels, holes })
}

struct Grid<'a> {
    x: &'a [f64],
    y: &'a [f64],
    values: &'a [Option<f64>],
}

/// The number of no neighbour.
const NONE: usize = usize::MAX;

impl Grid<'_> {
    fn value(&self, i: usize, j: usize) -> Option<f64> {
        self.values[j * self.x.len() + i]
    }

    /// The corners of a cell, around it.
    fn corners(&self, i: usize, j: usize) -> Option<[f64; 4]> {
        Some([self.value(i, j)?, self.value(i + 1, j)?, self.value(i + 1, j + 1)?, self.value(i, j + 1)?])
    }

    /// Where the line crosses an edge: edge 2 c leaves corner c along x, edge 2 c + 1 along y.
    fn crossing(&self, edge: usize, level: f64) -> Option<[f64; 2]> {
        let (i, j) = ((edge / 2) % self.x.len(), edge / 2 / self.x.len());
        let (next_i, next_j) = if edge.is_multiple_of(2) { (i + 1, j) } else { (i, j + 1) };
        let (from, to) = (self.value(i, j)?, self.value(next_i, next_j)?);
        // The difference may be out of range where its half is not.
        let unit = if (to - from).is_finite() { 1.0 } else { 0.5 };
        let part = ((level * unit - from * unit) / (to * unit - from * unit)).clamp(0.0, 1.0);
        let between = |from: f64, to: f64| from + part * (to - from);
        Some([between(self.x[i], self.x[next_i]), between(self.y[j], self.y[next_j])])
    }

    /// The pairs of edges that the line joins within a cell.
    fn segments(&self, i: usize, j: usize, level: f64) -> Vec<[usize; 2]> {
        let Some(corners) = self.corners(i, j) else { return Vec::new() };
        let corner = j * self.x.len() + i;
        let [bottom, right, top, left] =
            [2 * corner, 2 * (corner + 1) + 1, 2 * (corner + self.x.len()), 2 * corner + 1];
        let above = corners.map(|value| value >= level);
        match above {
            [a, b, c, d] if a == b && b == c && c == d => Vec::new(),
            [a, b, c, d] if a == c && b == d => {
                let middle = corners.iter().map(|value| value / 4.0).sum::<f64>() >= level;
                // The middle goes with the corners on its side; the lines cut off the other two.
                if middle == a { vec![[bottom, right], [top, left]] } else { vec![[bottom, left], [right, top]] }
            }
            [a, b, c, d] => {
                let crossed = [(a != b, bottom), (b != c, right), (c != d, top), (d != a, left)];
                let mut edges = crossed.iter().filter(|edge| edge.0).map(|edge| edge.1);
                edges.next().zip(edges.next()).map(|(from, to)| [from, to]).into_iter().collect()
            }
        }
    }

    /// The lines of a level: those with ends in the order of their first edges, then the closed ones.
    fn lines(&self, level: f64) -> Vec<Contour> {
        let mut neighbours = vec![[NONE; 2]; 2 * self.values.len()];
        for j in 0..self.y.len() - 1 {
            for i in 0..self.x.len() - 1 {
                for [a, b] in self.segments(i, j, level) {
                    for (from, to) in [(a, b), (b, a)] {
                        let place = usize::from(neighbours[from][0] != NONE);
                        neighbours[from][place] = to;
                    }
                }
            }
        }
        let mut seen = vec![false; neighbours.len()];
        let mut lines = Vec::new();
        for closed in [false, true] {
            for start in 0..neighbours.len() {
                let [first, second] = neighbours[start];
                // An edge with one neighbour is an end; when all lines with ends are drawn, what is left is closed.
                if seen[start] || first == NONE || (!closed && second != NONE) {
                    continue;
                }
                let mut points = Vec::new();
                let mut next = Some(start);
                while let Some(edge) = next {
                    seen[edge] = true;
                    points.extend(self.crossing(edge, level));
                    next = neighbours[edge].into_iter().find(|&other| other != NONE && !seen[other]);
                }
                lines.push(Contour { points, closed });
            }
        }
        lines
    }
}
