//! Spectral densities with their bands, outliers and laws.

use std::f64::consts::{LN_10, PI};

use crate::error::{Error, Result};
use crate::plot::axis::Axis;
use crate::plot::chart::Chart;
use crate::plot::color::Color;
use crate::plot::figure::{Figure, Panel};
use crate::plot::picture::Picture;
use crate::plot::series::{Dash, Series};
use crate::plot::ticks;
use crate::random_matrix::Law;
use crate::spectrum::{self, Density};

/// Points on each part of a law's support.
const LAW: usize = 400;

/// A spectral density with its confidence band, outliers as stems, and laws over it.
///
/// The axis is that of the [`Density`]: linear, logarithmic or symmetric logarithmic, and so are laws, which are turned
/// into densities per unit
/// of that axis and scaled to the mass of the bulk. Atoms of the density are stems with their share.
///
/// ```
/// use eigenscape::operator::Diagonal;
/// use eigenscape::plot::{DensityPlot, Picture};
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::{MarchenkoPastur, Wishart};
/// use eigenscape::spectrum::{Smoothing, StochasticLanczos};
///
/// let eigenvalues = Wishart::new(300, 600, 1.0)?.eigenvalues(Key::new(0))?;
/// let measure = StochasticLanczos::new(Key::new(1)).probes(8).steps(60).run(&Diagonal::new(eigenvalues))?;
/// let density = measure.density(&Smoothing::new().minimum(0.05))?;
/// let plot = DensityPlot::new(&density)
///     .law("Marchenko-Pastur, ratio 1/2", &MarchenkoPastur::new(0.5, 1.0)?, 1.0)?
///     .title("A Wishart matrix");
/// let svg = plot.svg()?;
/// assert!(svg.contains("Marchenko-Pastur") && svg.contains("eigenvalue"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DensityPlot {
    density: Density,
    title: String,
    subtitle: String,
    name: String,
    errors: f64,
    outliers: Vec<f64>,
    named: bool,
    laws: Vec<Series>,
    decades: Option<f64>,
    range: Option<(f64, f64)>,
}

impl DensityPlot {
    /// With a band of two standard errors, where there are any, and a linear height.
    pub fn new(density: &Density) -> Self {
        DensityPlot {
            density: density.clone(),
            title: "Spectral density".to_string(),
            subtitle: String::new(),
            name: "eigenvalue".to_string(),
            errors: 2.0,
            outliers: Vec::new(),
            named: true,
            laws: Vec::new(),
            decades: None,
            range: None,
        }
    }

    /// Sets the title.
    pub fn title(self, title: impl Into<String>) -> Self {
        DensityPlot { title: title.into(), ..self }
    }

    /// Sets the line below the title.
    pub fn subtitle(self, subtitle: impl Into<String>) -> Self {
        DensityPlot { subtitle: subtitle.into(), ..self }
    }

    /// Sets the name of the eigenvalues, "eigenvalue of the Hessian" say.
    pub fn name(self, name: impl Into<String>) -> Self {
        DensityPlot { name: name.into(), ..self }
    }

    /// Sets how many standard errors the band reaches to each side; 0 for none.
    pub fn errors(self, errors: f64) -> Self {
        DensityPlot { errors, ..self }
    }

    /// Marks eigenvalues apart from the curve: the values of [`Eigenpairs`](crate::krylov::Eigenpairs), say.
    pub fn outliers(self, eigenvalues: &[f64]) -> Self {
        DensityPlot { outliers: eigenvalues.to_vec(), ..self }
    }

    /// Leaves out what outliers are worth, beside their stems.
    pub fn unnamed_outliers(self) -> Self {
        DensityPlot { named: false, ..self }
    }

    /// Draws a law of random matrices over the curve, scaled to a mass: 1, or the share of the eigenvalues in the bulk.
    ///
    /// # Errors
    /// If the mass is not finite and positive, or the law has no value at a point of its support.
    pub fn law(mut self, name: impl Into<String>, law: &dyn Law, mass: f64) -> Result<Self> {
        Error::positive("the mass of a law in a plot", mass)?;
        let axis = self.density.axis;
        let mut points = Vec::new();
        for part in law.support() {
            let (low, high) = match axis {
                // A logarithmic axis begins above zero, at the first point that the density has.
                spectrum::Axis::Logarithmic => {
                    let least = self.density.grid.first().copied().unwrap_or(f64::MIN_POSITIVE);
                    (part.lower.max(least.max(f64::MIN_POSITIVE)), part.upper)
                }
                _ => (part.lower, part.upper),
            };
            if low >= high {
                continue;
            }
            let (from, to) = (axis.coordinate(low), axis.coordinate(high));
            points.push((f64::NAN, f64::NAN));
            for index in 0..=LAW {
                // Closer near the edges, where densities are roots.
                let part = 0.5 - 0.5 * libm::cos(PI * index as f64 / LAW as f64);
                let x = match index {
                    0 => low,
                    _ if index == LAW => high,
                    _ => axis.eigenvalue(from + part * (to - from)),
                };
                points.push((x, mass * law.density(x)? * stretch(axis, x)));
            }
        }
        let color = [Color::VERMILLION, Color::GREEN, Color::PURPLE, Color::INK][self.laws.len() % 4];
        let dash = [Dash::Dashed, Dash::DashDotted, Dash::Dotted][self.laws.len() % 3];
        self.laws.push(Series::line(name, points).color(color).dash(dash).beside());
        Ok(self)
    }

    /// Shows the density on a logarithmic axis, down to so many decades below its peak.
    pub fn logarithmic(self, decades: f64) -> Self {
        DensityPlot { decades: Some(decades), ..self }
    }

    /// Sets the range of eigenvalues that is shown: the bulk alone, say.
    pub fn range(self, low: f64, high: f64) -> Self {
        DensityPlot { range: Some((low, high)), ..self }
    }

    /// Its panel, for a figure of your own.
    pub fn chart(&self) -> Chart {
        let Density { grid, density, standard_error, axis, .. } = &self.density;
        let mut x = Axis::of(&self.name, *axis);
        if let Some((low, high)) = self.range {
            x = x.range(low, high);
        }
        let per = match axis {
            spectrum::Axis::Linear => "density",
            _ => "density per decade",
        };
        let y = match self.decades {
            Some(decades) => Axis::logarithmic(per).decades(decades),
            None => Axis::linear(per).with_zero(),
        };
        let points = || grid.iter().copied().zip(density.iter().copied());
        let mut chart = Chart::new(x, y);
        if let Some(errors) = standard_error.as_ref().filter(|_| self.errors > 0.0) {
            let band =
                points().zip(errors).map(|((x, y), error)| (x, y - self.errors * error, y + self.errors * error));
            let name = format!(
                "± {} standard error{}",
                ticks::shortest(self.errors),
                if self.errors == 1.0 { "" } else { "s" }
            );
            chart = chart.with(Series::band(name, band).color(Color::BLUE).beside());
        }
        let line = Series::line("density", points()).color(Color::BLUE).dash(Dash::Solid).width(1.8);
        chart = chart.with(line).with_all(self.laws.iter().cloned());
        let words = |values: &[f64]| values.iter().map(|value| ticks::rounded(*value, 3)).collect::<Vec<_>>();
        if !self.outliers.is_empty() {
            let stems = Series::stems("eigenvalues apart", self.outliers.iter().copied(), 0.6).color(Color::VERMILLION);
            chart = chart.with(if self.named { stems.labels(words(&self.outliers)) } else { stems });
        }
        // Deflated eigenvalues stand among the atoms: one that is drawn by its value is not drawn again.
        let apart = |location: f64| !self.outliers.contains(&location);
        let atoms: Vec<_> = self.density.atoms.iter().filter(|atom| apart(atom.location)).collect();
        if !atoms.is_empty() {
            let shares = atoms.iter().map(|atom| format!("{} %", ticks::rounded(100.0 * atom.mass.weight, 3)));
            let stems = Series::stems("atoms, with their share", atoms.iter().map(|atom| atom.location), 0.75);
            chart = chart.with(stems.color(Color::PURPLE).labels(shares));
        }
        chart
    }
}

/// dx/du of an axis.
fn stretch(axis: spectrum::Axis, x: f64) -> f64 {
    match axis {
        spectrum::Axis::Logarithmic => x * LN_10,
        spectrum::Axis::SymmetricLog { linear } => LN_10 * x.hypot(2.0 * linear),
        _ => 1.0,
    }
}

impl Picture for DensityPlot {
    fn figure(&self) -> Result<Figure> {
        Ok(Figure::new(&self.title).subtitle(&self.subtitle).size(900, 480).row([Panel::from(self.chart())]))
    }
}
