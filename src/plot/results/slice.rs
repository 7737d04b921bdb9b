//! Slices of a loss: curves, surfaces and trajectories on them.

use crate::error::{Error, Result};
use crate::landscape::{PrincipalComponents, Slice};
use crate::plot::axis::Axis;
use crate::plot::chart::Chart;
use crate::plot::color::Color;
use crate::plot::figure::{Figure, Panel};
use crate::plot::map::Map;
use crate::plot::picture::Picture;
use crate::plot::relief::Relief;
use crate::plot::series::{Dash, Mark, Series};
use crate::plot::ticks;
use crate::scalar::Scalar;

/// The loss on a line as a curve, or on a plane as a surface: colours between lines of equal loss, trajectories over
/// them, and beside them the same seen at an angle.
///
/// ```
/// use eigenscape::landscape::{Slice, SliceFrame, evenly, read_value};
/// use eigenscape::objective::Recorded;
/// use eigenscape::plot::{Picture, SlicePlot};
/// use std::ops::ControlFlow;
///
/// let valley = Recorded::<f64>::new(2, |x| (x.at(0).powi(2) - x.at(1)).powi(2) + x.at(0).powi(2) * 0.1)?;
/// let plane = SliceFrame::plane(&[0.0; 2], &[1.0, 0.0], &[0.0, 1.0])?;
/// let axis = evenly(-1.5, 1.5, 31)?;
/// let mut slice = Slice::new(plane, &[&axis, &axis])?;
/// slice.run(read_value(&valley), |_| ControlFlow::Continue(()))?;
/// let plot = SlicePlot::new(&slice).path("descent", &[[1.2, 1.4], [0.9, 0.8], [0.4, 0.15], [0.0, 0.0]]).title("A bent valley");
/// assert!(plot.svg()?.contains("descent"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SlicePlot {
    axes: Vec<Vec<f64>>,
    names: Vec<String>,
    values: Vec<Option<f64>>,
    total: usize,
    title: String,
    subtitle: String,
    name: String,
    unit: String,
    logarithmic: bool,
    lines: usize,
    relief: bool,
    equal: bool,
    series: Vec<Series>,
}

impl SlicePlot {
    /// With about 14 lines of equal loss on a linear scale; axes say the length of their direction.
    pub fn new<T: Scalar>(slice: &Slice<T>) -> Self {
        let count = slice.frame().axes();
        let name = |axis: usize| {
            let mut unit = vec![0.0; count];
            unit[axis] = 1.0;
            let length = ticks::rounded(slice.frame().distance(&unit), 3);
            let which =
                if count == 1 { "the direction" } else { ["the first direction", "the second direction"][axis] };
            format!("along {which}, in units of its length, {length}")
        };
        let mut values = slice.values();
        values.resize(slice.total(), None);
        SlicePlot {
            axes: (0..count).map(|axis| slice.axis(axis).to_vec()).collect(),
            names: (0..count).map(name).collect(),
            values,
            total: slice.samples().len(),
            title: if count == 1 { "Loss along a line" } else { "Loss on a plane" }.to_string(),
            subtitle: String::new(),
            name: "loss".to_string(),
            unit: String::new(),
            logarithmic: false,
            lines: 14,
            relief: count == 2,
            equal: false,
            series: Vec::new(),
        }
    }

    /// Sets the title.
    pub fn title(self, title: impl Into<String>) -> Self {
        SlicePlot { title: title.into(), ..self }
    }

    /// Sets the line below the title.
    pub fn subtitle(self, subtitle: impl Into<String>) -> Self {
        SlicePlot { subtitle: subtitle.into(), ..self }
    }

    /// Sets what the values are, and their unit.
    pub fn name(self, name: impl Into<String>, unit: impl Into<String>) -> Self {
        SlicePlot { name: name.into(), unit: unit.into(), ..self }
    }

    /// Sets the names of the axes, as far as they go.
    pub fn axes(mut self, names: &[&str]) -> Self {
        self.names.iter_mut().zip(names).for_each(|(own, name)| *own = name.to_string());
        self
    }

    /// Spreads losses in their logarithm: those that are not positive are holes.
    pub fn logarithmic(self) -> Self {
        SlicePlot { logarithmic: true, ..self }
    }

    /// Sets about how many lines of equal loss there are, from 1 to 50.
    pub fn lines(self, lines: usize) -> Self {
        SlicePlot { lines, ..self }
    }

    /// Leaves out the view at an angle.
    pub fn flat(self) -> Self {
        SlicePlot { relief: false, ..self }
    }

    /// Gives a unit of both axes the same length, for directions of one length and a right angle.
    pub fn equal_units(self) -> Self {
        SlicePlot { equal: true, ..self }
    }

    /// Draws a trajectory, given in the coordinates of the plane, with a square at its start and a circle at its end.
    pub fn path(mut self, name: impl Into<String>, points: &[[f64; 2]]) -> Self {
        let (name, color) =
            (name.into(), [Color::VERMILLION, Color::WHITE, Color::SKY, Color::ORANGE][self.series.len() / 3 % 4]);
        let line = Series::line(&name, points.iter().map(|point| (point[0], point[1]))).color(color).dash(Dash::Solid);
        let line = line.width(2.0).mark(Mark::Circle).size(4.5);
        let point = |point: Option<&[f64; 2]>| point.map(|point| (point[0], point[1])).into_iter().collect::<Vec<_>>();
        self.series.push(line);
        self.series.push(Series::points("", point(points.first())).color(color).mark(Mark::Square).size(10.0));
        self.series.push(Series::points("", point(points.last())).color(color).mark(Mark::Circle).size(10.0));
        self
    }

    /// Draws the trajectory whose principal plane the slice is, and names the axes with their shares of its variance.
    ///
    /// # Errors
    /// If the slice is a line, or there are less than two principal directions.
    pub fn principal<T: Scalar>(self, components: &PrincipalComponents<T>) -> Result<Self> {
        Error::length("the list of axes of a slice with a trajectory", self.axes.len(), 2)?;
        Error::at_least("the number of principal directions", components.shares.len(), 2, "must be at least 2")?;
        let name = |rank: &str, share: f64| {
            format!("{rank} principal direction, {} % of the variance", ticks::rounded(100.0 * share, 3))
        };
        let names = [name("first", components.shares[0]), name("second", components.shares[1])];
        let plane = |point: &Vec<f64>| match point[..] {
            [x, y, ..] => Ok([x, y]),
            _ => Error::length("the coordinates of a point in a plane", point.len(), 2).map(|()| [f64::NAN; 2]),
        };
        let points: Vec<[f64; 2]> = components.coordinates.iter().map(plane).collect::<Result<_>>()?;
        Ok(SlicePlot { names: names.to_vec(), equal: true, ..self }.path("trajectory", &points))
    }

    /// Draws any series over it.
    pub fn with(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// The curve, or the map.
    ///
    /// # Errors
    /// If nothing was read yet; of a plane, if it is not complete, or has fewer than two points along an axis.
    pub fn chart(&self) -> Result<Chart> {
        if self.total == 0 {
            return Err(Error::Empty { what: "a slice to be drawn", remedy: "run it before" });
        }
        if let [axis] = &self.axes[..] {
            let y = if self.logarithmic { Axis::logarithmic(&self.name) } else { Axis::linear(&self.name) };
            let values = axis.iter().zip(&self.values).map(|(&x, value)| (x, value.unwrap_or(f64::NAN)));
            let line = Series::line(&self.name, values).color(Color::BLUE).dash(Dash::Solid);
            let chart = Chart::new(Axis::linear(&self.names[0]), y.unit(&self.unit)).with(line);
            return Ok(chart.with_all(self.series.iter().cloned()));
        }
        let [x, y] = [0, 1].map(|axis| Axis::linear(&self.names[axis]));
        let chart = Chart::new(x, y).map(self.map()?).with_all(self.series.iter().cloned());
        Ok(if self.equal { chart.equal_units() } else { chart })
    }

    /// The view at an angle.
    ///
    /// # Errors
    /// As [`SlicePlot::chart`], or of a line.
    pub fn relief(&self) -> Result<Relief> {
        Error::length("the list of axes of a slice with a relief", self.axes.len(), 2)?;
        let short = |name: &str| name.split(',').next().unwrap_or_default().to_string();
        let [x, y] = [0, 1].map(|axis| Axis::linear(short(&self.names[axis])));
        Ok(Relief::new(x, y, self.map()?))
    }

    fn map(&self) -> Result<Map> {
        Error::length("the samples of a slice to be drawn", self.total, self.values.len())?;
        let map =
            Map::surface(&self.name, &self.axes[0], &self.axes[1], self.values.clone(), self.lines)?.unit(&self.unit);
        Ok(if self.logarithmic { map.logarithmic() } else { map })
    }
}

impl Picture for SlicePlot {
    fn figure(&self) -> Result<Figure> {
        let figure = Figure::new(&self.title).subtitle(&self.subtitle);
        let chart = self.chart()?;
        Ok(match (self.relief, self.axes.len()) {
            (true, 2) => {
                let panels = [(56.0, Panel::from(chart.without_bar())), (60.0, Panel::from(self.relief()?))];
                figure.size(1160, 560).weighted_row(1.0, panels)
            }
            (false, 2) => figure.size(760, 640).row([Panel::from(chart)]),
            _ => figure.size(900, 460).row([Panel::from(chart)]),
        })
    }
}
