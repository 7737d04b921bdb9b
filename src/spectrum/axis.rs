//! Linear and logarithmic axes, and the cells of a grid on them.

use std::f64::consts::LN_10;

use crate::error::{Error, Result};

/// The axis on which a density is shown: how an eigenvalue x becomes a coordinate u.
///
/// ```text
///     Linear           u = x
///     Logarithmic      u = log10 x                                  x > 0; one unit is a decade
///     SymmetricLog     u = asinh(x / (2 linear)) / ln 10            all x; a decade far from zero, linear near it
///     density on the axis:   rho(u) = rho(x) dx/du,   so that its integral over u is a mass
/// ```
///
/// A density per unit length on a logarithmic axis shows the wrong masses: what is ten times higher may be ten times
/// narrower. Densities of this crate are per unit of their own axis. Far from zero the coordinate of the symmetric axis is
/// log10(|x| / linear) with the sign of x; unlike the logarithm cut at some width, it is smooth everywhere, so that no edge
/// shows that is not in the spectrum.
///
/// ```
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::{Axis, Smoothing, StochasticLanczos};
///
/// // Eigenvalues spread evenly over the decades from 1e-4 to 1: a quarter of the mass in each.
/// let operator = Diagonal::new((0..1000).map(|i| 10f64.powf(-4.0 + (f64::from(i) + 0.5) / 250.0)).collect());
/// let measure = StochasticLanczos::new(Key::new(0)).run(&operator)?;
/// let axis = Axis::Logarithmic;
/// let decade = Smoothing::new().axis(axis).grid(axis.points(1e-2, 1e-1, 20)?);
/// let density = measure.density(&decade)?;
/// assert!((density.integral() - 0.25).abs() < 0.03);
/// assert!((density.mass() - 1.0).abs() < 1e-9); // with what lies outside of the grid
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Lupton, Gunn & Szalay 1999 (doi:10.1086/301004), for the symmetric axis.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "symlog")]
#[doc(alias = "log scale")]
pub enum Axis {
    /// The eigenvalue itself.
    #[default]
    Linear,
    /// Decades of positive eigenvalues.
    Logarithmic,
    /// Decades of eigenvalues of both signs, linear around zero.
    SymmetricLog {
        /// Up to about where the axis is linear, in the units of the eigenvalues.
        linear: f64,
    },
}

impl Axis {
    /// The coordinate of an eigenvalue; on a logarithmic axis minus infinity for 0, and not a number below.
    pub fn coordinate(&self, x: f64) -> f64 {
        match *self {
            Axis::Linear => x,
            Axis::Logarithmic => libm::log10(x),
            Axis::SymmetricLog { linear } => libm::asinh(x / linear / 2.0) / LN_10,
        }
    }

    /// The eigenvalue at a coordinate.
    pub fn eigenvalue(&self, coordinate: f64) -> f64 {
        match *self {
            Axis::Linear => coordinate,
            Axis::Logarithmic => libm::exp10(coordinate),
            Axis::SymmetricLog { linear } => 2.0 * linear * libm::sinh(coordinate * LN_10),
        }
    }

    /// So many eigenvalues from `low` to `high`, both included, evenly spaced on the axis: a grid for
    /// [`Smoothing::grid`](super::Smoothing::grid).
    ///
    /// # Errors
    /// If the ends are not finite or not in order, the axis is logarithmic and `low` not positive, there are less than 2
    /// points, or so many that rounding makes two of them equal.
    pub fn points(&self, low: f64, high: f64, count: usize) -> Result<Vec<f64>> {
        self.require()?;
        Error::finite("the ends of an axis", &[low, high], "choose finite ends")?;
        Error::at_least("the number of points of an axis", count, 2, "must be at least 2")?;
        self.require_on("the low end of an axis", low)?;
        if low >= high {
            let (what, limits) = ("the high end of an axis", "must be above the low end");
            return Err(Error::OutOfRange { what, value: high, limits });
        }
        let (from, to) = (self.coordinate(low), self.coordinate(high));
        let last = count - 1;
        let point = |index: usize| match index {
            0 => low,
            _ if index == last => high,
            _ => self.eigenvalue(from + (to - from) * (index as f64 / last as f64)),
        };
        let points: Vec<f64> = (0..count).map(point).collect();
        ascending(&points)?;
        Ok(points)
    }

    /// Fails unless the axis is one.
    pub(super) fn require(&self) -> Result<()> {
        match *self {
            Axis::SymmetricLog { linear } => Error::positive("the linear part of a symmetric axis", linear),
            _ => Ok(()),
        }
    }

    /// Fails unless a point lies on the axis.
    fn require_on(&self, what: &'static str, x: f64) -> Result<()> {
        if *self == Axis::Logarithmic && x <= 0.0 {
            let limits = "must be positive on a logarithmic axis: start above zero, or take `Axis::SymmetricLog`";
            return Err(Error::OutOfRange { what, value: x, limits });
        }
        Ok(())
    }
}

/// Fails unless points are ascending.
fn ascending(points: &[f64]) -> Result<()> {
    match points.windows(2).find(|pair| pair[0] >= pair[1]) {
        None => Ok(()),
        Some(pair) => {
            let (what, limits) =
                ("a point of the grid", "must be above the point before it: sort the grid, or thin it");
            Err(Error::OutOfRange { what, value: pair[1], limits })
        }
    }
}

/// The cells of a grid: each point's reaches half way to its neighbours on the axis, and not beyond the ends of the grid.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Cells {
    /// The ends of the cells as eigenvalues: one more than there are points.
    edges: Vec<f64>,
    /// The lengths of the cells on the axis.
    lengths: Vec<f64>,
}

impl Cells {
    /// The cells of a grid that is asked for.
    pub(super) fn new(axis: Axis, grid: &[f64]) -> Result<Self> {
        axis.require()?;
        Error::finite("the grid of a density", grid, "choose finite points")?;
        Error::at_least("the number of points of the grid", grid.len(), 2, "must be at least 2")?;
        ascending(grid)?;
        axis.require_on("the first point of the grid", grid[0])?;
        Ok(Cells::on(axis, grid))
    }

    /// The cells of a grid that is known to be one.
    pub(super) fn on(axis: Axis, grid: &[f64]) -> Self {
        let coordinates: Vec<f64> = grid.iter().map(|&x| axis.coordinate(x)).collect();
        let middle = |low: f64, high: f64| low + (high - low) / 2.0;
        let inner: Vec<f64> = coordinates.windows(2).map(|pair| middle(pair[0], pair[1])).collect();
        let ends = |from: &[f64], first: f64, last: f64| [&[first], from, &[last]].concat();
        let (first, last) = (grid.first().copied().unwrap_or(0.0), grid.last().copied().unwrap_or(0.0));
        let between = inner.iter().zip(grid.windows(2));
        let edges: Vec<f64> = between.map(|(&u, pair)| axis.eigenvalue(u).clamp(pair[0], pair[1])).collect();
        let coordinates = ends(&inner, axis.coordinate(first), axis.coordinate(last));
        Cells {
            edges: ends(&edges, first, last),
            lengths: coordinates.windows(2).map(|pair| pair[1] - pair[0]).collect(),
        }
    }

    pub(super) fn edges(&self) -> &[f64] {
        &self.edges
    }

    pub(super) fn lengths(&self) -> &[f64] {
        &self.lengths
    }
}
