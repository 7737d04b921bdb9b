//! From nodes and weights to a curve.

use super::estimate::Running;
use super::measure::DiscreteMeasure;
use super::quadrature::Quadrature;
use crate::error::{Error, Result};

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
pub struct Smoothing {
    factor: f64,
    minimum: Option<f64>,
    grid: Vec<f64>,
}

impl Default for Smoothing {
    fn default() -> Self {
        Smoothing::new()
    }
}

impl Smoothing {
    /// Factor 1; a minimum of 1e-6 of the largest |node|; a grid of its own.
    ///
    /// On spectra like that of a network's Hessian (n = 3000, ten outliers deflated) the Wasserstein distance between the
    /// density and the true spectrum was 2.5 % of the mean |eigenvalue| with 10 probes of 80 steps, for factors from 1/4
    /// to 1 alike and as low as for the bare nodes: the smoothing costs no accuracy.
    pub fn new() -> Self {
        Smoothing { factor: 1.0, minimum: None, grid: Vec::new() }
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
}

/// A spectral density on a grid, with its standard error.
///
/// Each value is the mean of the smoothed density over the grid point's cell, which reaches half way to its neighbours.
/// So no kernel is lost between grid points: the integral by the trapezoidal rule on this grid, however coarse, is the
/// mass between its ends, and 1 for a grid that was not given.
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
pub struct Density {
    /// Ascending; closer where kernels are narrow.
    pub grid: Vec<f64>,
    /// Fraction of the eigenvalues per unit length.
    pub density: Vec<f64>,
    /// Standard error over probes at each point; `None` with one probe.
    pub standard_error: Option<Vec<f64>>,
}

impl Density {
    /// The integral by the trapezoidal rule.
    pub fn integral(&self) -> f64 {
        self.masses().sum()
    }

    /// The density as a measure on its grid: each point with the mass of its cell.
    ///
    /// # Errors
    /// If there is no mass between the ends of the grid.
    pub fn measure(&self) -> Result<DiscreteMeasure> {
        DiscreteMeasure::new(self.grid.clone(), self.masses().collect())
    }

    fn masses(&self) -> impl Iterator<Item = f64> {
        self.density.iter().enumerate().map(|(point, density)| {
            let (low, high) = cell(&self.grid, point);
            density * (high - low)
        })
    }
}

/// The cell of a point: from the middle before it to the middle after it, and not beyond the ends of the grid.
fn cell(grid: &[f64], point: usize) -> (f64, f64) {
    let middle = |low: usize, high: usize| grid[low] + (grid[high] - grid[low]) / 2.0;
    (middle(point.saturating_sub(1), point), middle(point, (point + 1).min(grid.len() - 1)))
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
}

impl Kernels {
    /// One list of Gaussians for each rule; the atoms, each of weight `atom`, are exact and as narrow as allowed.
    pub(super) fn new(rules: &[Quadrature], atoms: &[f64], atom: f64, smoothing: &Smoothing) -> Result<Self> {
        Error::positive("the factor of kernel widths", smoothing.factor)?;
        let nodes = rules.iter().flat_map(|rule| rule.measure().nodes());
        let scale = nodes.chain(atoms).map(|node| node.abs()).fold(0.0, f64::max);
        // A zero matrix has no scale; any width is as good as another.
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let minimum = smoothing.minimum.unwrap_or(MINIMUM * scale);
        Error::positive("the minimum of kernel widths", minimum)?;
        let minimum = minimum.max(ROUNDING * scale);
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
            (0..nodes.len()).map(kernel).collect()
        };
        Ok(Kernels {
            probes: rules.iter().map(probe).collect(),
            atoms: atoms.iter().map(|&center| Kernel { center, width: minimum, weight: atom }).collect(),
        })
    }

    pub(super) fn density(&self, smoothing: &Smoothing) -> Result<Density> {
        let grid = if smoothing.grid.is_empty() { self.grid() } else { smoothing.grid.clone() };
        Error::finite("the grid of a density", &grid, "choose finite points")?;
        Error::at_least("the number of points of the grid", grid.len(), 2, "must be at least 2")?;
        if let Some(pair) = grid.windows(2).find(|pair| pair[0] >= pair[1]) {
            let (what, limits) = ("a point of the grid", "must be above the point before it: sort the grid");
            return Err(Error::OutOfRange { what, value: pair[1], limits });
        }
        let mut statistics = vec![Running::default(); grid.len()];
        let mut values = vec![0.0; grid.len()];
        for kernels in &self.probes {
            values.fill(0.0);
            kernels.iter().for_each(|kernel| kernel.add(&grid, &mut values));
            statistics.iter_mut().zip(&values).for_each(|(statistics, &value)| statistics.add(value));
        }
        values.fill(0.0);
        self.atoms.iter().for_each(|kernel| kernel.add(&grid, &mut values));
        let density = values.iter().zip(&statistics).map(|(atoms, statistics)| atoms + statistics.mean).collect();
        let standard_error = match self.probes.len() {
            // Atoms have no error.
            0 => Some(vec![0.0; grid.len()]),
            _ => statistics.iter().map(Running::standard_error).collect(),
        };
        Ok(Density { grid, density, standard_error })
    }

    /// A grid that resolves each kernel: the points of all kernels' own grids, less those that are close to another one
    /// by the measure of the narrowest kernel there.
    fn grid(&self) -> Vec<f64> {
        let kernels = || self.probes.iter().flatten().chain(&self.atoms);
        let mut points: Vec<(f64, f64)> = kernels()
            .flat_map(|kernel| {
                (-POINTS..=POINTS).map(move |point| {
                    (kernel.center + REACH * kernel.width * f64::from(point) / f64::from(POINTS), kernel.width)
                })
            })
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut grid: Vec<f64> = Vec::with_capacity(points.len());
        for (point, width) in points {
            if grid.last().is_none_or(|&last| point - last >= CLOSE * width) {
                grid.push(point);
            }
        }
        grid
    }
}

impl Kernel {
    /// Adds the kernel's mass in each cell, divided by the length of the cell.
    fn add(&self, grid: &[f64], values: &mut [f64]) {
        // Beyond nine widths nothing is left in double precision.
        let first = grid.partition_point(|&point| point < self.center - 9.0 * self.width).saturating_sub(1);
        let end = (grid.partition_point(|&point| point <= self.center + 9.0 * self.width) + 1).min(grid.len());
        let below = |x: f64| 0.5 * libm::erf((x - self.center) / (self.width * std::f64::consts::SQRT_2));
        let mut edge = (f64::NAN, f64::NAN);
        for ((low, high), value) in (first..end).map(|point| cell(grid, point)).zip(&mut values[first..end]) {
            // Neighbouring cells share an edge.
            let before = if edge.0 == low { edge.1 } else { below(low) };
            edge = (high, below(high));
            *value += self.weight * (edge.1 - before) / (high - low);
        }
    }
}
