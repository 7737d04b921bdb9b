//! Curvature on random planes over distances and dimensions.

use crate::emergent::{GoldilocksRow, GoldilocksRun, KeyMean};
use crate::error::{Error, Result};
use crate::plot::axis::Axis;
use crate::plot::chart::Chart;
use crate::plot::color::Palette;
use crate::plot::figure::{Figure, Panel};
use crate::plot::map::Map;
use crate::plot::picture::Picture;
use crate::plot::series::Series;
use crate::plot::ticks;

/// Dimensions with a curve of their own; of more, these many spread over all.
const CURVES: usize = 7;

/// The Goldilocks zone: tr / |.|_F of the Hessian on random planes over the distance from the origin and the dimension,
/// as a map
/// coloured by its share of sqrt(d), the limit, and as curves with standard errors over keys.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::emergent::GoldilocksScan;
/// use eigenscape::network::{Activation, Initialization, Perceptron};
/// use eigenscape::plot::{GoldilocksPlot, Picture};
/// use eigenscape::random::Key;
/// use std::ops::ControlFlow;
///
/// let network = Perceptron::new(&[4, 8, 3], Activation::Relu)?;
/// let mut inputs = vec![0.0f64; 30 * 4];
/// Key::new(0).normal(0, &mut inputs);
/// let labels: Vec<usize> = (0..30).map(|example| example % 3).collect();
/// let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 4, &labels, 3)?)?;
/// let scan = GoldilocksScan::new(&[1.0, 3.0, 10.0], &[2, 8], Key::new(1))?.keys(2)?;
/// let start = |key| Initialization::he().draw(&network, key);
/// let run = scan.run(&risk, &risk, start, |_| ControlFlow::Continue(()))?;
/// let plot = GoldilocksPlot::new(&run)?;
/// assert!(plot.svg()?.contains("dimension 8"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Scherlis 2018, arXiv:1807.02581.
#[derive(Clone, Debug)]
pub struct GoldilocksPlot {
    rows: Vec<GoldilocksRow>,
    radii: Vec<f64>,
    dimensions: Vec<usize>,
    unit: f64,
    /// What is shown: its name and its mean over keys.
    name: String,
    value: fn(&GoldilocksRow) -> Option<KeyMean>,
    /// Whether the map is coloured by the share of sqrt(d).
    shares: bool,
    title: String,
    subtitle: String,
    curves: bool,
}

impl GoldilocksPlot {
    /// The ratio, over the distance itself.
    ///
    /// # Errors
    /// If nothing was measured yet.
    pub fn new(run: &GoldilocksRun) -> Result<Self> {
        GoldilocksPlot::of(&run.rows())
    }

    /// Of rows of one scan or several.
    ///
    /// # Errors
    /// If there are none.
    pub fn of(rows: &[GoldilocksRow]) -> Result<Self> {
        if rows.is_empty() {
            return Err(Error::Empty { what: "the list of rows of a Goldilocks scan", remedy: "run it before" });
        }
        let mut radii: Vec<f64> = rows.iter().map(|row| row.radius).collect();
        radii.sort_by(f64::total_cmp);
        radii.dedup();
        let mut dimensions: Vec<usize> = rows.iter().map(|row| row.dimension).collect();
        dimensions.sort_unstable();
        dimensions.dedup();
        Ok(GoldilocksPlot {
            rows: rows.to_vec(),
            radii,
            dimensions,
            unit: 1.0,
            name: "tr H_d / |H_d|".to_string(),
            value: |row| row.ratio,
            shares: true,
            title: "Curvature on random planes".to_string(),
            subtitle: "mean and standard error over keys".to_string(),
            curves: true,
        })
    }

    /// Sets the title.
    pub fn title(self, title: impl Into<String>) -> Self {
        GoldilocksPlot { title: title.into(), ..self }
    }

    /// Sets the line below the title.
    pub fn subtitle(self, subtitle: impl Into<String>) -> Self {
        GoldilocksPlot { subtitle: subtitle.into(), ..self }
    }

    /// Shows distances in units of that of a usual start.
    ///
    /// # Errors
    /// Unless it is finite and positive.
    pub fn unit(self, radius: f64) -> Result<Self> {
        Error::positive("the radius of a usual start", radius)?;
        Ok(GoldilocksPlot { unit: radius, ..self })
    }

    /// Shows the same ratio of another matrix: `"Gauss-Newton part", |row| row.gauss_newton_ratio`.
    pub fn ratio(self, name: impl Into<String>, value: fn(&GoldilocksRow) -> Option<KeyMean>) -> Self {
        GoldilocksPlot { name: name.into(), value, shares: true, ..self }
    }

    /// Shows another number of the rows, coloured by itself: `"share of positive eigenvalues", |row| row.positive_share`.
    pub fn value(self, name: impl Into<String>, value: fn(&GoldilocksRow) -> Option<KeyMean>) -> Self {
        GoldilocksPlot { name: name.into(), value, shares: false, ..self }
    }

    /// Leaves out the curves.
    pub fn map_alone(self) -> Self {
        GoldilocksPlot { curves: false, ..self }
    }

    fn at(&self, radius: f64, dimension: usize) -> Option<KeyMean> {
        let row = self.rows.iter().find(|row| row.radius == radius && row.dimension == dimension)?;
        (self.value)(row)
    }

    fn across(&self) -> String {
        if self.unit == 1.0 {
            "distance from the origin"
        } else {
            "distance from the origin over that of a usual start"
        }
        .to_string()
    }

    /// The map.
    ///
    /// # Errors
    /// If there are more cells than a map holds.
    pub fn map(&self) -> Result<Chart> {
        let places = |count: usize| (0..count).map(|place| place as f64).collect::<Vec<_>>();
        let values =
            || self.dimensions.iter().flat_map(|&dimension| self.radii.iter().map(move |&radius| (radius, dimension)));
        let means: Vec<Option<f64>> =
            values().map(|(radius, dimension)| self.at(radius, dimension).map(|mean| mean.mean)).collect();
        let mut map = Map::cells(&self.name, &places(self.radii.len()), &places(self.dimensions.len()), means.clone())?
            .written(2);
        if self.shares {
            let shares = means.iter().zip(values()).map(|(mean, at)| mean.map(|mean| mean / (at.1 as f64).sqrt()));
            map = map.colored_by("share of √d", shares.collect())?.palette(Palette::Blues).range(0.0, 1.0);
        }
        let radii = self.radii.iter().map(|radius| ticks::rounded(radius / self.unit, 3));
        let dimensions = self.dimensions.iter().map(|&dimension| dimension.to_string());
        let chart = Chart::new(Axis::names(self.across(), radii), Axis::names("dimension", dimensions));
        Ok(chart.map(map).title(&self.name))
    }

    /// The curves over the distance, one for each dimension, seven at most.
    pub fn curves(&self) -> Chart {
        let count = self.dimensions.len();
        let shown = (0..count.min(CURVES)).map(|index| match count <= CURVES {
            true => self.dimensions[index],
            false => self.dimensions[index * (count - 1) / (CURVES - 1)],
        });
        let y = Axis::linear(&self.name).with_zero();
        let chart = Chart::new(Axis::logarithmic(self.across()), y).title(format!("{}, by dimension", self.name));
        chart.with_all(shown.map(|dimension| {
            let points = self.radii.iter().filter_map(|&radius| {
                let KeyMean { mean, standard_error, .. } = self.at(radius, dimension)?;
                let error = standard_error.unwrap_or(f64::NAN);
                Some((radius / self.unit, mean, mean - error, mean + error))
            });
            Series::intervals(format!("dimension {dimension}"), points)
        }))
    }
}

impl Picture for GoldilocksPlot {
    fn figure(&self) -> Result<Figure> {
        let figure = Figure::new(&self.title).subtitle(&self.subtitle);
        let rows = 34 * self.dimensions.len().min(40) as u32;
        if !self.curves {
            return Ok(figure.size(1000, 190 + rows).row([Panel::from(self.map()?)]));
        }
        let (map, curves) = (f64::from(rows) + 90.0, 340.0);
        let figure = figure.size(1000, 130 + rows + 90 + 340);
        Ok(figure
            .weighted_row(map, [(1.0, Panel::from(self.map()?))])
            .weighted_row(curves, [(1.0, Panel::from(self.curves()))]))
    }
}
