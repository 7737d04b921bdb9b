//! What training in random subspaces reaches over their dimension.

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::chart::Chart;
use crate::plot::color::Color;
use crate::plot::figure::{Figure, Panel};
use crate::plot::picture::Picture;
use crate::plot::series::{Dash, Mark, Series};
use crate::plot::ticks;
use crate::random_matrix::Interval;
use crate::subspace::{IntrinsicReport, SuccessCurve, Successes};

/// The curve that the intrinsic dimension is read off: what each key reached over the dimension, their mean with its standard
/// error, the threshold, and the dimension with its interval; below it the share of keys that reach.
///
/// ```
/// use eigenscape::plot::{IntrinsicPlot, Picture};
/// use eigenscape::random::Key;
/// use eigenscape::subspace::{Criterion, IntrinsicDimension};
///
/// // A performance that rises with the dimension, with noise of its own for each key.
/// let reach = |dim: usize, key: Key| {
///     let mut noise = [0.0f64];
///     key.normal(0, &mut noise);
///     Ok(1.0 - (-(dim as f64) / 60.0).exp() + 0.01 * noise[0])
/// };
/// let report = IntrinsicDimension::new(Criterion::AtLeast(0.9), 1000, Key::new(0)).run(reach)?;
/// let plot = IntrinsicPlot::new(&report).name("test accuracy");
/// assert!(plot.svg()?.contains("intrinsic dimension"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Li, Farkhoor, Liu, Yosinski 2018, arXiv:1804.08838.
#[derive(Clone, Debug, PartialEq)]
pub struct IntrinsicPlot {
    report: IntrinsicReport,
    title: String,
    subtitle: Option<String>,
    name: String,
    confidence: f64,
    full: Option<f64>,
}

impl IntrinsicPlot {
    /// With intervals at a confidence of 0.95.
    pub fn new(report: &IntrinsicReport) -> Self {
        IntrinsicPlot {
            report: report.clone(),
            title: "Training in random subspaces".to_string(),
            subtitle: None,
            name: "performance".to_string(),
            confidence: 0.95,
            full: None,
        }
    }

    /// Sets the title.
    pub fn title(self, title: impl Into<String>) -> Self {
        IntrinsicPlot { title: title.into(), ..self }
    }

    /// Sets the line below the title, which says the intrinsic dimension otherwise.
    pub fn subtitle(self, subtitle: impl Into<String>) -> Self {
        IntrinsicPlot { subtitle: Some(subtitle.into()), ..self }
    }

    /// Sets what the performance is.
    pub fn name(self, name: impl Into<String>) -> Self {
        IntrinsicPlot { name: name.into(), ..self }
    }

    /// Sets the confidence of intervals, in (0, 1).
    pub fn confidence(self, confidence: f64) -> Self {
        IntrinsicPlot { confidence, ..self }
    }

    /// Adds what training in the full space reaches.
    pub fn full(self, performance: f64) -> Self {
        IntrinsicPlot { full: Some(performance), ..self }
    }

    /// The performance over the dimension.
    ///
    /// # Errors
    /// If the confidence is not in (0, 1).
    pub fn performance(&self) -> Result<Chart> {
        let levels = || self.report.curve.iter().map(|level| (level.dim as f64, &level.performances));
        let runs = levels().flat_map(|(dim, runs)| runs.iter().flatten().map(move |&performance| (dim, performance)));
        let means = levels().filter_map(|(dim, runs)| {
            let finite: Vec<f64> = runs.iter().flatten().copied().collect();
            let mean = crate::emergent::KeyMean::of(finite)?;
            let error = mean.standard_error.unwrap_or(f64::NAN);
            Some((dim, mean.mean, mean.mean - error, mean.mean + error))
        });
        let mut chart = Chart::new(Axis::logarithmic("dimension of the subspace"), Axis::linear(&self.name));
        if let Some((interval, name)) = self.interval()? {
            let ends = [interval.lower.max(1.0), interval.upper];
            let band = ends.map(|end| (end, f64::NEG_INFINITY, f64::INFINITY));
            chart = chart.with(Series::band(name, band).color(Color::SKY).beside());
        }
        chart = chart
            .with(Series::points("each key", runs).color(Color::new(150, 150, 150)).mark(Mark::Plus))
            .with(Series::intervals("mean ± standard error", means).color(Color::BLUE).mark(Mark::Circle));
        let threshold = self.report.criterion.threshold();
        let label = format!("threshold, {}", ticks::rounded(threshold, 4));
        chart = chart.with(Series::horizontal("threshold", threshold).color(Color::VERMILLION).labels([label]));
        if let Some(full) = self.full {
            let label = format!("full space, {}", ticks::rounded(full, 4));
            chart =
                chart.with(Series::horizontal("full space", full).color(Color::INK).dash(Dash::Dotted).labels([label]));
        }
        if let Some(dimension) = self.report.dimension() {
            let line =
                Series::vertical("intrinsic dimension", dimension as f64).color(Color::GREEN).dash(Dash::DashDotted);
            chart = chart.with(line.labels([format!("d = {dimension}")]));
        }
        Ok(chart)
    }

    /// The share of keys that reach the criterion over the dimension.
    ///
    /// # Errors
    /// If there is no run, or the confidence is not in (0, 1).
    pub fn success(&self) -> Result<Chart> {
        SuccessPlot::new(&self.report.successes()?).confidence(self.confidence).chart()
    }

    /// The interval of the dimension, and its name; none where keys do not say one.
    fn interval(&self) -> Result<Option<(Interval, String)>> {
        match self.report.interval(self.confidence) {
            Ok(interval) => Ok(Some((interval, format!("its interval at {}", ticks::rounded(self.confidence, 4))))),
            Err(crate::error::Error::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Picture for IntrinsicPlot {
    fn figure(&self) -> Result<Figure> {
        let found = match (self.report.dimension(), self.interval()?) {
            (Some(dimension), Some((interval, _))) => {
                let ends = [interval.lower, interval.upper].map(|end| ticks::rounded(end, 3));
                let confidence = ticks::rounded(self.confidence, 4);
                format!(
                    "intrinsic dimension {dimension}, from {} to {} at {confidence}; {} runs",
                    ends[0], ends[1], self.report.runs
                )
            }
            (Some(dimension), None) => format!("intrinsic dimension {dimension}; {} runs", self.report.runs),
            (None, _) => format!("no dimension tried reaches the threshold; {} runs", self.report.runs),
        };
        let subtitle = self.subtitle.clone().unwrap_or(found);
        Ok(Figure::new(&self.title)
            .subtitle(subtitle)
            .size(900, 680)
            .weighted_row(3.0, [(1.0, Panel::from(self.performance()?))])
            .weighted_row(2.0, [(1.0, Panel::from(self.success()?))]))
    }
}

/// The share of trainings that succeed over the dimension, with intervals for the probability, the non-decreasing fit, and the
/// interval of the dimension at which it passes one half.
///
/// ```
/// use eigenscape::plot::{Picture, SuccessPlot};
/// use eigenscape::subspace::{SuccessCurve, Successes};
///
/// let at = |dim, successes| Successes { dim, successes, trials: 20 };
/// let curve = SuccessCurve::new(vec![at(10, 0), at(20, 1), at(40, 19), at(80, 20)])?;
/// let numbers = SuccessPlot::new(&curve).numbers()?;
/// let row = numbers.rows.iter().find(|row| row.series.starts_with("share") && row.x == Some(10.0)).unwrap();
/// assert_eq!((row.y, row.low), (Some(0.0), Some(0.0)));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Larsen, Fort, Becker, Ganguli 2021, arXiv:2107.05802.
#[derive(Clone, Debug, PartialEq)]
pub struct SuccessPlot {
    curves: Vec<(String, SuccessCurve)>,
    title: String,
    subtitle: String,
    confidence: f64,
}

impl SuccessPlot {
    /// With intervals at a confidence of 0.95.
    pub fn new(curve: &SuccessCurve) -> Self {
        SuccessPlot {
            curves: vec![(String::new(), curve.clone())],
            title: "Success of training in random subspaces".to_string(),
            subtitle: String::new(),
            confidence: 0.95,
        }
    }

    /// Several curves under their names: of one radius each, say.
    pub fn several(curves: impl IntoIterator<Item = (impl Into<String>, SuccessCurve)>) -> Self {
        let curves: Vec<(String, SuccessCurve)> =
            curves.into_iter().map(|(name, curve)| (name.into(), curve)).collect();
        SuccessPlot {
            curves,
            title: "Success of training in random subspaces".to_string(),
            subtitle: String::new(),
            confidence: 0.95,
        }
    }

    /// Sets the title.
    pub fn title(self, title: impl Into<String>) -> Self {
        SuccessPlot { title: title.into(), ..self }
    }

    /// Sets the line below the title.
    pub fn subtitle(self, subtitle: impl Into<String>) -> Self {
        SuccessPlot { subtitle: subtitle.into(), ..self }
    }

    /// Sets the confidence of intervals, in (0, 1).
    pub fn confidence(self, confidence: f64) -> Self {
        SuccessPlot { confidence, ..self }
    }

    /// Its panel, for a figure of your own.
    ///
    /// # Errors
    /// If the confidence is not in (0, 1).
    pub fn chart(&self) -> Result<Chart> {
        let y = Axis::linear("share that reaches it").range(-0.03, 1.03).ticks_at(&[0.0, 0.25, 0.5, 0.75, 1.0]);
        let mut chart = Chart::new(Axis::logarithmic("dimension of the subspace"), y);
        let alone = self.curves.len() == 1;
        for (name, curve) in &self.curves {
            let dims = || curve.rows().iter().map(|row| row.dim as f64);
            if alone {
                let (least, most) = (dims().fold(f64::INFINITY, f64::min), dims().fold(0.0, f64::max));
                let Interval { lower, upper } = curve.threshold(self.confidence)?;
                // Where the outermost dimension decides nothing, the interval goes on beyond it.
                let ends = [
                    if lower == 0.0 { least / 2.0 } else { lower },
                    if upper.is_finite() { upper } else { 2.0 * most },
                ];
                let words = format!("half reach it: interval at {}", ticks::rounded(self.confidence, 4));
                let band = ends.map(|end| (end, f64::NEG_INFINITY, f64::INFINITY));
                chart = chart.with(Series::band(words, band).color(Color::SKY).beside());
            }
            let name = if name.is_empty() { "share of keys, with its interval" } else { name };
            let point = |row: &Successes| -> Result<(f64, f64, f64, f64)> {
                let Interval { lower, upper } = row.interval(self.confidence)?;
                Ok((row.dim as f64, row.share(), lower, upper))
            };
            let points: Vec<_> = curve.rows().iter().map(point).collect::<Result<_>>()?;
            if alone {
                let fit = Series::line("non-decreasing fit", dims().zip(curve.fit()))
                    .color(Color::VERMILLION)
                    .dash(Dash::Dashed);
                chart = chart.with(fit);
                let marks = Series::intervals(name, points).color(Color::BLUE).mark(Mark::Circle).unjoined();
                chart = chart.with(marks);
            } else {
                chart = chart.with(Series::intervals(name, points));
            }
        }
        Ok(chart.with(Series::horizontal("", 0.5).color(Color::GREY).dash(Dash::Dotted)))
    }
}

impl Picture for SuccessPlot {
    fn figure(&self) -> Result<Figure> {
        Ok(Figure::new(&self.title).subtitle(&self.subtitle).size(900, 460).row([Panel::from(self.chart()?)]))
    }
}
