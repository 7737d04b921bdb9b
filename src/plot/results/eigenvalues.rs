//! Eigenvalues over training.

use crate::emergent::{Measurement, PredictedLargest, TrackedRow};
use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::chart::Chart;
use crate::plot::color::Color;
use crate::plot::figure::{Figure, Panel};
use crate::plot::picture::Picture;
use crate::plot::series::{Dash, Mark, Series};

/// Eigenvalues over the steps of training: of several runs, or the spectrum and the predictions of a
/// [`Tracker`](crate::emergent::Tracker).
///
/// ```
/// use eigenscape::emergent::Measurement;
/// use eigenscape::plot::{EigenvaluePlot, Picture};
///
/// let run = |rate: f64| (0..=10).map(move |k| (100 * k, Measurement::new(2.0 / rate * (1.0 - (-0.4 * k as f64).exp()), Some(0.5))));
/// let plot = EigenvaluePlot::new().with("rate 0.1", run(0.1)).with("rate 0.05", run(0.05)).threshold("2 / 0.1", 20.0);
/// assert!(plot.svg()?.contains("training step"));
/// assert_eq!(plot.numbers()?.rows[0].high, Some(0.5)); // its error reaches so high
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EigenvaluePlot {
    title: String,
    subtitle: String,
    name: String,
    series: Vec<Series>,
    linear_steps: bool,
    logarithmic: bool,
}

impl Default for EigenvaluePlot {
    fn default() -> Self {
        EigenvaluePlot::new()
    }
}

impl EigenvaluePlot {
    /// Of no series yet: steps on a logarithmic axis with room for step 0, eigenvalues on a linear one.
    pub fn new() -> Self {
        EigenvaluePlot {
            title: "Eigenvalues over training".to_string(),
            subtitle: String::new(),
            name: "eigenvalue".to_string(),
            series: Vec::new(),
            linear_steps: false,
            logarithmic: false,
        }
    }

    /// Of the rows of a tracker: see [`EigenvaluePlot::tracked`].
    pub fn of(rows: &[TrackedRow]) -> Self {
        EigenvaluePlot::new().tracked(rows)
    }

    /// Sets the title.
    pub fn title(self, title: impl Into<String>) -> Self {
        EigenvaluePlot { title: title.into(), ..self }
    }

    /// Sets the line below the title.
    pub fn subtitle(self, subtitle: impl Into<String>) -> Self {
        EigenvaluePlot { subtitle: subtitle.into(), ..self }
    }

    /// Sets the name of the values: "largest eigenvalue of the Hessian".
    pub fn name(self, name: impl Into<String>) -> Self {
        EigenvaluePlot { name: name.into(), ..self }
    }

    /// Adds a series of values at steps, with their errors as bars where known.
    pub fn with(mut self, name: impl Into<String>, values: impl IntoIterator<Item = (u64, Measurement)>) -> Self {
        self.series.push(intervals(name, values));
        self
    }

    /// Adds any series, over steps.
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// Adds a level to compare with: 2 / rate, the edge of stability, say.
    pub fn threshold(mut self, name: impl Into<String>, value: f64) -> Self {
        self.series.push(Series::horizontal(name, value));
        self
    }

    /// Adds what a tracker recorded: each eigenvalue with its residual norm, the largest in blue and those after it in
    /// grey, and the
    /// predictions of the largest with their deviations from draw to draw.
    pub fn tracked(mut self, rows: &[TrackedRow]) -> Self {
        let ranks = rows.iter().map(|row| row.eigenvalues.len()).max().unwrap_or(0);
        for rank in (0..ranks).rev() {
            let values = rows.iter().filter_map(|row| {
                let residual = row.residual_norms.get(rank).copied();
                Some((row.step, Measurement::new(*row.eigenvalues.get(rank)?, residual)))
            });
            let name = match rank {
                0 => "largest eigenvalue".to_string(),
                1 if ranks == 2 => "eigenvalue 2".to_string(),
                _ => format!("eigenvalues 2 to {ranks}"),
            };
            let values: Vec<(u64, Measurement)> = values.collect();
            self.series.push(match rank {
                0 => intervals(name, values).color(Color::BLUE).mark(Mark::Circle).width(2.0),
                _ => {
                    let line = values.into_iter().map(|(step, value)| (step as f64, value.value));
                    Series::line(name, line).color(Color::new(150, 150, 150)).dash(Dash::Solid).width(1.2)
                }
            });
        }
        type Column = fn(&TrackedRow) -> Option<PredictedLargest>;
        let columns: [(&str, Column, Color, Mark); 3] = [
            ("predicted from means and probabilities", |row| row.predicted_given, Color::VERMILLION, Mark::Triangle),
            ("predicted from three deviations", |row| row.predicted_ensemble, Color::ORANGE, Mark::Square),
            ("predicted with a margin", |row| row.predicted_margin, Color::GREEN, Mark::Diamond),
        ];
        for (name, column, color, mark) in columns {
            let values: Vec<(u64, Measurement)> =
                rows.iter().filter_map(|row| Some((row.step, column(row)?.value))).collect();
            if !values.is_empty() {
                self.series.push(intervals(name, values).color(color).mark(mark).dash(Dash::Dashed));
            }
        }
        self
    }

    /// Shows steps on a linear axis.
    pub fn linear_steps(self) -> Self {
        EigenvaluePlot { linear_steps: true, ..self }
    }

    /// Shows eigenvalues on a logarithmic axis: those that are not positive are left out.
    pub fn logarithmic(self) -> Self {
        EigenvaluePlot { logarithmic: true, ..self }
    }

    /// Its panel, for a figure of your own.
    pub fn chart(&self) -> Chart {
        let x = if self.linear_steps { Axis::linear("training step") } else { Axis::steps("training step") };
        let y = if self.logarithmic { Axis::logarithmic(&self.name) } else { Axis::linear(&self.name).with_zero() };
        Chart::new(x, y).with_all(self.series.iter().cloned())
    }
}

fn intervals(name: impl Into<String>, values: impl IntoIterator<Item = (u64, Measurement)>) -> Series {
    let point = |(step, Measurement { value, error }): (u64, Measurement)| {
        let error = error.unwrap_or(f64::NAN);
        (step as f64, value, value - error, value + error)
    };
    Series::intervals(name, values.into_iter().map(point))
}

impl Picture for EigenvaluePlot {
    fn figure(&self) -> Result<Figure> {
        Ok(Figure::new(&self.title).subtitle(&self.subtitle).size(900, 480).row([Panel::from(self.chart())]))
    }
}
