//! From nodes and weights to a curve.

use super::axis::{Axis, Cells};
use super::estimate::Running;
use super::measure::DiscreteMeasure;
use super::quadrature::Quadrature;
use crate::error::{Error, Result};
use crate::random_matrix::{Atom, PiecewiseLinear};

/// Kernels end this many widths from their centre on a grid of our own: 2e-9 of the mass lies outside.
const REACH: f64 = 6.0;

/// Points on each side in the grid of one kernel: a quarter of a width apart, so that the mean of the gridded density
/// errs by less than 1e-3 of its deviation.
const POINTS: i32 = 24;

/// Points of the grid closer than this part of the narrowest kernel there are one.
const CLOSE: f64 = 0.125;

/// The default minimum of the width, relative to the largest |node|: far below anything that a plot shows, above the
/// rounding errors of eigenvalues in `f32`.
const MINIMUM: f64 = 1e-6;

/// Widths below this part of the largest |node| would drown in the rounding of grid points.
const ROUNDING: f64 = 1e-12;

/// How a [`SpectralMeasure`](super::SpectralMeasure) becomes a curve: each node becomes a Gaussian of the node's own width.
///
/// ```text
///     width = max(minimum, factor * min(spacing * min(1, 1 / (steps * weight)), residual norm of the Ritz vector))
/// ```
///
/// A spectrum of a network has nine tenths of its mass within a width of 1e-4 and outliers at 5, so no single width
/// fits. A node with its fair share of the weight, 1 / steps or less, stands for a stretch of the spectrum as long as the
/// spacing, half the distance between its neighbours; one with more stands for a cluster, and its kernel is narrower as
/// it is heavier. The residual norm is the standard deviation of the eigenvalues that make up the Ritz vector: it
/// vanishes for converged outliers, however far their neighbours are. All this comes from the factorization; nothing is
/// tuned to the spectrum.
///
/// A Marchenko-Pastur bulk of ratio 1/2 (n = 4000) beside outliers three times and seventeen times as large as its upper
/// edge, none of them deflated, with 20 probes of 128 steps: the density was 0.041 from the law in L1 (factor 2: 0.035;
/// factor 1/2: 0.23, since nodes begin to show), with less than 1e-5 of the mass beyond the edges and each outlier a peak of
/// its own. Kernel polynomials of as many products, of one width, were 0.076 away. Eigenvalues at the edges of a bulk that
/// have converged show as what they are, narrow peaks; [`Smoothing::minimum`] makes them as wide as wanted.
///
/// ```
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::{Smoothing, StochasticLanczos};
///
/// // A bulk of width 1e-3 around 0 and an outlier at 5.
/// let mut entries: Vec<f64> = (0..500).map(|i| 1e-3 * f64::from(i).sin()).collect();
/// entries[0] = 5.0;
/// let measure = StochasticLanczos::new(Key::new(0)).steps(30).run(&Diagonal::new(entries))?;
/// let density = measure.density(&Smoothing::new())?;
/// assert!((density.integral() - 1.0).abs() < 1e-6);
/// let peak = density.density.iter().fold(0.0, |peak: f64, &value| peak.max(value));
/// assert!(peak > 300.0); // the bulk is not smeared, although the range is 5
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Smoothing {
    factor: f64,
    minimum: Option<f64>,
    axis: Axis,
    grid: Vec<f64>,
    /// Locations and tolerances.
    atoms: Vec<(f64, f64)>,
    deflated_apart: bool,
}

impl Default for Smoothing {
    fn default() -> Self {
        Smoothing::new()
    }
}

impl Smoothing {
    /// Factor 1; a minimum of 1e-6 of the largest |node|; a linear axis and a grid of its own; no atoms apart.
    ///
    /// On spectra like that of a network's Hessian (n = 3000, ten outliers deflated) the Wasserstein distance between the
    /// density and the true spectrum was 2.5 % of the mean |eigenvalue| with 10 probes of 80 steps, for factors from 1/4
    /// to 1 alike and as low as for the bare nodes: the smoothing costs no accuracy.
    pub fn new() -> Self {
        Smoothing {
            factor: 1.0,
            minimum: None,
            axis: Axis::Linear,
            grid: Vec::new(),
            atoms: Vec::new(),
            deflated_apart: false,
        }
    }

    /// Sets the factor of all widths.
    pub fn factor(self, factor: f64) -> Self {
        Smoothing { factor, ..self }
    }

    /// Sets the smallest width, in the units of the eigenvalues: what a plot can resolve, say.
    pub fn minimum(self, minimum: f64) -> Self {
        Smoothing { minimum: Some(minimum), ..self }
    }

    /// Sets the grid, ascending; by default it is made to resolve each kernel.
    pub fn grid(self, grid: Vec<f64>) -> Self {
        Smoothing { grid, ..self }
    }

    /// Sets the axis: the density is per unit of its coordinate.
    ///
    /// On [`Axis::Logarithmic`] a grid that is not given begins at the smallest width, and what lies before it, and at or
    /// below zero, is told apart.
    pub fn axis(self, axis: Axis) -> Self {
        Smoothing { axis, ..self }
    }

    /// Takes the nodes within a tolerance of a location out of the curve and lists them as one atom of
    /// [`Density::atoms`], with the weight of [`SpectralMeasure::atom`](super::SpectralMeasure::atom).
    ///
    /// A Gauss-Newton matrix of fewer outputs than parameters has exact zeros: as a kernel they are a spike whose height
    /// says nothing but the kernel's width. Called again, it adds another atom. The tolerance should be inside of the gap
    /// around the location: what lies within counts as equal.
    ///
    /// ```
    /// use eigenscape::operator::Diagonal;
    /// use eigenscape::random::Key;
    /// use eigenscape::spectrum::{Smoothing, StochasticLanczos};
    ///
    /// // 300 zeros, and 200 eigenvalues from 1 to 2.
    /// let entries = (0..500).map(|i| if i < 300 { 0.0 } else { 1.0 + f64::from(i - 300) / 200.0 }).collect();
    /// let measure = StochasticLanczos::new(Key::new(0)).steps(40).run(&Diagonal::new(entries))?;
    /// let density = measure.density(&Smoothing::new().atom(0.0, 0.5))?;
    /// let zeros = density.atoms[0].mass;
    /// assert!((zeros.weight - 0.6).abs() < 4.0 * zeros.standard_error.unwrap());
    /// assert!((density.integral() + zeros.weight - 1.0).abs() < 1e-6);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    pub fn atom(mut self, location: f64, tolerance: f64) -> Self {
        self.atoms.push((location, tolerance));
        self
    }

    /// Lists the deflated eigenvalues in [`Density::atoms`] too, each with weight 1/n and no error, rather than as spikes
    /// of the curve.
    pub fn deflated_apart(self) -> Self {
        Smoothing { deflated_apart: true, ..self }
    }

    /// Fails for atoms that are none.
    fn require(&self) -> Result<()> {
        Error::positive("the factor of kernel widths", self.factor)?;
        for (index, &(location, tolerance)) in self.atoms.iter().enumerate() {
            Error::finite("the location of an atom", &[location], "ask at a point of the line")?;
            if !(tolerance >= 0.0 && tolerance.is_finite()) {
                let limits = "must be finite and at least 0";
                return Err(Error::OutOfRange { what: "the tolerance around an atom", value: tolerance, limits });
            }
            if let Some(other) =
                self.atoms[..index].iter().find(|other| (other.0 - location).abs() <= other.1 + tolerance)
            {
                let (what, value) = ("the distance of two atoms", (other.0 - location).abs());
                return Err(Error::OutOfRange { what, value, limits: "must be above the sum of their tolerances" });
            }
        }
        Ok(())
    }
}

/// A fraction of the eigenvalues, with its error.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Mass {
    /// The mean over probes.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub weight: f64,
    /// Its standard error; `None` with one probe.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub standard_error: Option<f64>,
}

impl Mass {
    /// From one value for each probe, after an exact part.
    pub(super) fn new(exact: f64, samples: impl IntoIterator<Item = f64>) -> Self {
        let mut running = Running::default();
        samples.into_iter().for_each(|sample| running.add(sample));
        let standard_error = if running.count == 0 { Some(0.0) } else { running.standard_error() };
        Mass { weight: exact + running.mean, standard_error }
    }
}

/// Eigenvalues that are shown apart from the curve.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DensityAtom {
    /// Where they lie.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub location: f64,
    /// Their fraction.
    pub mass: Mass,
}

/// A spectral density on a grid, with its standard error.
///
/// Each value is the mean of the smoothed density over the grid point's cell, which reaches half way to its neighbours.
/// So no kernel is lost between grid points: the integral by the trapezoidal rule on this grid, however coarse, is the
/// mass between its ends, and 1 for a grid that was not given. What lies elsewhere is never lost:
///
/// ```text
///     integral + atoms + nonpositive + below + above = 1
/// ```
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[doc(alias = "DOS")]
#[doc(alias = "density of states")]
#[doc(alias = "ESD")]
#[doc(alias = "spectral density")]
pub struct Density {
    /// Ascending; closer where kernels are narrow.
    pub grid: Vec<f64>,
    /// Fraction of the eigenvalues per unit of the axis: a unit length, or a decade.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub density: Vec<f64>,
    /// Standard error over probes at each point; `None` with one probe.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub standard_error: Option<Vec<f64>>,
    /// The axis of the density. The grid holds eigenvalues, [`Density::coordinates`] their places on the axis.
    pub axis: Axis,
    /// What was asked to be shown apart, by [`Smoothing::atom`] and [`Smoothing::deflated_apart`].
    pub atoms: Vec<DensityAtom>,
    /// The mass before the first point of the grid; on a logarithmic axis the part of it above zero.
    pub below: Mass,
    /// The mass after the last point of the grid.
    pub above: Mass,
    /// On a logarithmic axis the mass at and below zero; nothing on others. Kernels at zero reach to both sides of it: take
    /// zeros out with [`Smoothing::atom`].
    pub nonpositive: Mass,
}

impl Density {
    /// The curve and its atoms as a law of random matrices, linear between the points of the grid and divided by their mass:
    /// to be convolved with noise, cut or spiked.
    ///
    /// Each value of its transform costs a logarithm for each point of the grid, thousands for a grid of its own. Where what
    /// follows smooths anyway, the nodes themselves ([`DiscreteMeasure::law`](super::DiscreteMeasure::law)) are a hundred
    /// times faster.
    ///
    /// ```
    /// use eigenscape::operator::Diagonal;
    /// use eigenscape::random::Key;
    /// use eigenscape::random_matrix::{FreeCompression, Law};
    /// use eigenscape::spectrum::{Smoothing, StochasticLanczos};
    ///
    /// // What a random tenth of the dimensions should see of a measured spectrum.
    /// let entries = (0..500).map(|i| f64::from(i) / 500.0).collect();
    /// let measure = StochasticLanczos::new(Key::new(0)).steps(40).run(&Diagonal::new(entries))?;
    /// let grid = (0..=200).map(|i| f64::from(i) / 200.0).collect();
    /// let whole = measure.density(&Smoothing::new().grid(grid))?.law()?;
    /// let cut = FreeCompression::new(whole, 0.1)?;
    /// assert!((cut.support()[0].upper - cut.support()[0].lower) < 0.8);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// On an axis that is not linear, and without mass on the grid.
    pub fn law(&self) -> Result<PiecewiseLinear> {
        if self.axis != Axis::Linear {
            return Err(Error::Missing {
                what: "a density per unit length",
                remedy: "ask for the density on Axis::Linear: a law is per unit length",
            });
        }
        let atoms: Vec<Atom> =
            (self.atoms.iter()).map(|atom| Atom { location: atom.location, weight: atom.mass.weight }).collect();
        PiecewiseLinear::new(&self.grid, &self.density, &atoms)
    }

    /// From the values of each probe, that were added up point by point, on top of exact ones.
    pub(super) fn of(axis: Axis, grid: Vec<f64>, exact: &[f64], statistics: &[Running], outside: [Mass; 3]) -> Self {
        let density = exact.iter().zip(statistics).map(|(exact, statistics)| exact + statistics.mean).collect();
        let standard_error = match statistics[0].count {
            // What is exact has no error.
            0 => Some(vec![0.0; grid.len()]),
            _ => statistics.iter().map(Running::standard_error).collect(),
        };
        let [nonpositive, below, above] = outside;
        Density { grid, density, standard_error, axis, atoms: Vec::new(), below, above, nonpositive }
    }

    /// The integral over the axis by the trapezoidal rule: the mass between the ends of the grid, without the atoms.
    pub fn integral(&self) -> f64 {
        self.masses().sum()
    }

    /// The mass of everything, 1 up to rounding: the integral, the atoms, and what lies outside of the grid.
    pub fn mass(&self) -> f64 {
        let outside = self.nonpositive.weight + self.below.weight + self.above.weight;
        self.integral() + self.atoms.iter().map(|atom| atom.mass.weight).sum::<f64>() + outside
    }

    /// Where the points of the grid lie on the axis.
    pub fn coordinates(&self) -> Vec<f64> {
        self.grid.iter().map(|&x| self.axis.coordinate(x)).collect()
    }

    /// The density as a measure: each point of the grid with the mass of its cell, and the atoms.
    ///
    /// # Errors
    /// If there is neither mass between the ends of the grid nor an atom.
    pub fn measure(&self) -> Result<DiscreteMeasure> {
        let nodes = self.grid.iter().copied().chain(self.atoms.iter().map(|atom| atom.location)).collect();
        let weights = self.masses().chain(self.atoms.iter().map(|atom| atom.mass.weight)).collect();
        DiscreteMeasure::new(nodes, weights)
    }

    fn masses(&self) -> impl Iterator<Item = f64> {
        let cells = Cells::on(self.axis, &self.grid);
        (0..self.grid.len()).map(move |point| self.density[point] * cells.lengths()[point])
    }
}

/// A Gaussian that stands for a node.
#[derive(Clone, Copy, Debug)]
struct Kernel {
    center: f64,
    width: f64,
    weight: f64,
}

/// The Gaussians of a measure, probe by probe.
#[derive(Debug)]
pub(super) struct Kernels {
    probes: Vec<Vec<Kernel>>,
    atoms: Vec<Kernel>,
    apart: Vec<DensityAtom>,
    /// The smallest width.
    minimum: f64,
}

impl Kernels {
    /// One list of Gaussians for each rule; the atoms, each of weight `atom`, are exact and as narrow as allowed.
    pub(super) fn new(rules: &[Quadrature], atoms: &[f64], atom: f64, smoothing: &Smoothing) -> Result<Self> {
        smoothing.require()?;
        let nodes = rules.iter().flat_map(|rule| rule.measure().nodes());
        let scale = nodes.chain(atoms).map(|node| node.abs()).fold(0.0, f64::max);
        // A zero matrix has no scale; any width is as good as another.
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let minimum = smoothing.minimum.unwrap_or(MINIMUM * scale);
        Error::positive("the minimum of kernel widths", minimum)?;
        let minimum = minimum.max(ROUNDING * scale);
        let apart = |node: f64, rounding: f64| {
            smoothing.atoms.iter().position(|&(location, tolerance)| (node - location).abs() <= tolerance.max(rounding))
        };
        let probe = |rule: &Quadrature| -> Vec<Kernel> {
            let (nodes, weights) = (rule.measure().nodes(), rule.measure().weights());
            let steps = nodes.len() as f64;
            let kernel = |index: usize| {
                let (low, high) = (index.saturating_sub(1), (index + 1).min(nodes.len() - 1));
                // One node alone has no neighbours; its residual norm is the standard deviation of the whole spectrum.
                let spacing = if high > low { (nodes[high] - nodes[low]) / (high - low) as f64 } else { f64::INFINITY };
                let share = (1.0 / (steps * weights[index])).min(1.0);
                let width = smoothing.factor * (spacing * share).min(rule.residual_norms()[index]);
                Kernel { center: nodes[index], width: width.max(minimum), weight: weights[index] }
            };
            (0..nodes.len()).filter(|&index| apart(nodes[index], rule.rounding()).is_none()).map(kernel).collect()
        };
        let rounding = rules.iter().map(Quadrature::rounding).fold(0.0, f64::max);
        let listed = smoothing.atoms.iter().enumerate().map(|(number, &(location, _))| {
            let known = atoms.iter().filter(|&&value| apart(value, rounding) == Some(number)).count();
            let samples = rules.iter().map(|rule| {
                let there = |&(node, _): &(f64, f64)| apart(node, rule.rounding()) == Some(number);
                rule.measure().pairs().filter(there).map(|(_, weight)| weight).sum()
            });
            DensityAtom { location, mass: Mass::new(known as f64 * atom, samples) }
        });
        let mut listed: Vec<DensityAtom> = listed.collect();
        let mut spikes: Vec<f64> = atoms.iter().copied().filter(|&value| apart(value, rounding).is_none()).collect();
        if smoothing.deflated_apart {
            listed.extend(spikes.drain(..).map(|location| DensityAtom { location, mass: Mass::new(atom, []) }));
        }
        Ok(Kernels {
            probes: rules.iter().map(probe).collect(),
            atoms: spikes.into_iter().map(|center| Kernel { center, width: minimum, weight: atom }).collect(),
            apart: listed,
            minimum,
        })
    }

    pub(super) fn density(&self, smoothing: &Smoothing) -> Result<Density> {
        let axis = smoothing.axis;
        axis.require()?;
        let grid = if smoothing.grid.is_empty() { self.grid(axis) } else { smoothing.grid.clone() };
        let cells = Cells::new(axis, &grid)?;
        let mut statistics = vec![Running::default(); grid.len()];
        let mut values = vec![0.0; grid.len()];
        for kernels in &self.probes {
            values.fill(0.0);
            kernels.iter().for_each(|kernel| kernel.add(&cells, &mut values));
            statistics.iter_mut().zip(&values).for_each(|(statistics, &value)| statistics.add(value));
        }
        values.fill(0.0);
        self.atoms.iter().for_each(|kernel| kernel.add(&cells, &mut values));
        let zero = if axis == Axis::Logarithmic { 0.0 } else { f64::NEG_INFINITY };
        let (first, last) = (grid[0], grid[grid.len() - 1]);
        let outside = [(f64::NEG_INFINITY, zero), (zero, first), (last, f64::INFINITY)].map(|(low, high)| {
            let between = |kernels: &Vec<Kernel>| kernels.iter().map(|kernel| kernel.between(low, high)).sum::<f64>();
            Mass::new(between(&self.atoms), self.probes.iter().map(between))
        });
        Ok(Density { atoms: self.apart.clone(), ..Density::of(axis, grid, &values, &statistics, outside) })
    }

    /// A grid that resolves each kernel: the points of all kernels' own grids, less those that are close to another one
    /// by the measure of the narrowest kernel there.
    fn grid(&self, axis: Axis) -> Vec<f64> {
        let kernels = || self.probes.iter().flatten().chain(&self.atoms);
        let from = if axis == Axis::Logarithmic { self.minimum } else { f64::NEG_INFINITY };
        let mut points: Vec<(f64, f64)> = kernels()
            .flat_map(|kernel| {
                (-POINTS..=POINTS).map(move |point| {
                    (kernel.center + REACH * kernel.width * f64::from(point) / f64::from(POINTS), kernel.width)
                })
            })
            .filter(|&(point, _)| point >= from)
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut grid: Vec<f64> = Vec::with_capacity(points.len());
        for (point, width) in points {
            if grid.last().is_none_or(|&last| point - last >= CLOSE * width) {
                grid.push(point);
            }
        }
        if grid.len() < 2 {
            // Nothing but atoms, or nothing on the axis: an empty stretch around the atoms.
            let places = || self.apart.iter().map(|atom| atom.location).filter(|&place| place >= from);
            let (low, high) = (places().fold(f64::INFINITY, f64::min), places().fold(f64::NEG_INFINITY, f64::max));
            let (low, high) = if low <= high { (low, high) } else { (2.0 * self.minimum, 2.0 * self.minimum) };
            grid = vec![(low - self.minimum).max(from), high + self.minimum];
        }
        grid
    }
}

impl Kernel {
    /// Adds the kernel's mass in each cell, divided by the length of the cell.
    fn add(&self, cells: &Cells, values: &mut [f64]) {
        let edges = cells.edges();
        // Beyond nine widths nothing is left in double precision.
        let first = edges.partition_point(|&edge| edge < self.center - 9.0 * self.width).saturating_sub(1);
        let end = edges.partition_point(|&edge| edge <= self.center + 9.0 * self.width).min(values.len());
        if first >= end {
            return;
        }
        let mut before = self.below(edges[first]);
        for ((&edge, &length), value) in
            edges[first + 1..=end].iter().zip(&cells.lengths()[first..end]).zip(&mut values[first..end])
        {
            let next = self.below(edge);
            *value += self.weight * (next - before) / length;
            before = next;
        }
    }

    /// The part of the kernel below x.
    fn below(&self, x: f64) -> f64 {
        0.5 * libm::erf((x - self.center) / (self.width * std::f64::consts::SQRT_2))
    }

    /// The mass between two points.
    fn between(&self, low: f64, high: f64) -> f64 {
        if low == high { 0.0 } else { self.weight * (self.below(high) - self.below(low)) }
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(Density {
    grid: Vec<f64>,
    #[serde(with = "crate::saved::number")]
    density: Vec<f64>,
    #[serde(with = "crate::saved::number")]
    standard_error: Option<Vec<f64>>,
    axis: Axis,
    atoms: Vec<DensityAtom>,
    below: Mass,
    above: Mass,
    nonpositive: Mass,
} by |density| {
    let points = density.grid.len();
    Error::length("the values of a saved density", density.density.len(), points)?;
    let errors = density.standard_error.as_ref().map_or(points, Vec::len);
    Error::length("the standard errors of a saved density", errors, points)?;
    Error::finite("the grid of a saved density", &density.grid, crate::saved::DAMAGED)?;
    density.axis.require()?;
    let falls = density.grid.windows(2).find(|pair| pair[0] > pair[1]);
    Error::require(falls.is_none(), "a point of a saved density", falls.map_or(0.0, |pair| pair[1]), "must ascend")?;
    let first = density.grid.first().copied().filter(|&x| density.axis == Axis::Logarithmic && x <= 0.0);
    Error::require(first.is_none(), "the first point of a saved density", first.unwrap_or(0.0), "must be positive")
});
