//! What stands between two axes: lines, points, bands, stems, marks.

use super::color::Color;

/// How a line runs.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dash {
    /// Without gaps.
    Solid,
    /// Long strokes.
    Dashed,
    /// Short strokes.
    Dotted,
    /// Long and short strokes in turn.
    DashDotted,
}

impl Dash {
    /// Those of series that ask for none, in this order.
    pub const SERIES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDotted];

    /// Strokes and gaps in pixels, beginning with a stroke.
    pub(super) fn pattern(self) -> &'static [f64] {
        match self {
            Dash::Solid => &[],
            Dash::Dashed => &[7.0, 4.5],
            Dash::Dotted => &[1.8, 3.4],
            Dash::DashDotted => &[8.0, 3.5, 1.8, 3.5],
        }
    }
}

/// The mark of a point.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// A filled circle.
    Circle,
    /// A filled triangle.
    Triangle,
    /// A filled square.
    Square,
    /// A filled diamond.
    Diamond,
    /// A diagonal cross.
    Cross,
    /// An upright cross.
    Plus,
}

impl Mark {
    /// Those of series that ask for none, in this order.
    pub const SERIES: [Mark; 6] = [Mark::Circle, Mark::Triangle, Mark::Square, Mark::Diamond, Mark::Cross, Mark::Plus];
}

/// What a series is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// A line, with error bars where points have ends.
    Line,
    /// A line within a band.
    Banded,
    /// Marks, with error bars where points have ends.
    Points,
    /// A band.
    Band,
    /// Stems from below up to a share of the panel's height.
    Stems(f64),
    Vertical,
    Horizontal,
    /// low and high are the ends' coordinates.
    Arrows,
}

/// One point; what it does not have is not a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// What stands between the axes of a [`Chart`](super::Chart) under one name: a line, points, a band, stems or marks at a value.
///
/// | series | of | looks like |
/// | --- | --- | --- |
/// | [`line`](Series::line), [`points`](Series::points) | (x, y) | a line; marks |
/// | [`intervals`](Series::intervals) | (x, y, low, high) | marks with error bars on a line |
/// | [`banded`](Series::banded) | (x, y, low, high) | a line within its band |
/// | [`band`](Series::band) | (x, low, high) | a band |
/// | [`stems`](Series::stems) | x | stems with dots: eigenvalues over a density |
/// | [`vertical`](Series::vertical), [`horizontal`](Series::horizontal) | one value | a line through the whole panel |
/// | [`arrows`](Series::arrows) | (x, y, x', y') | arrows |
///
/// The name stands in the legend unless it is empty. Colours come from a palette that colour-blind readers tell apart,
/// and dashes and marks
/// change with them; series of one name look alike in all panels of a figure. A line breaks at points that are not
/// finite or have
/// no place on an axis.
///
/// **A million points** are thinned for the eye alone: of consecutive points of a line within one column of pixels the
/// first, the lowest,
/// the highest and the last are drawn, which covers the same pixels; a band keeps the lowest and highest ends in each
/// column; beyond 5000
/// marks one is drawn for each square of three pixels that holds any. Where points of a line with error bars are closer
/// than marks
/// are wide, the bars are drawn as a band. The [`Numbers`](super::Numbers) keep all.
///
/// ```
/// use eigenscape::plot::{Axis, Chart, Color, Dash, Picture, Series};
///
/// let measured = [(100.0, 0.31, 0.28, 0.34), (1000.0, 0.55, 0.53, 0.57), (10_000.0, 0.92, 0.91, 0.93)];
/// let chart = Chart::new(Axis::logarithmic("dimension"), Axis::linear("accuracy").range(0.0, 1.0))
///     .with(Series::intervals("mean and standard error", measured))
///     .with(Series::horizontal("chance", 0.1).color(Color::GREY).dash(Dash::Dotted));
/// assert!(chart.svg()?.contains("chance"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) points: Vec<Point>,
    pub(super) color: Option<Color>,
    pub(super) dash: Option<Dash>,
    pub(super) mark: Option<Mark>,
    /// Whether points of a line have marks.
    pub(super) marked: bool,
    pub(super) width: f64,
    /// Of marks, in pixels.
    pub(super) radius: f64,
    pub(super) labels: Vec<String>,
    /// Whether ranges follow from it.
    pub(super) counts: bool,
}

const NONE: f64 = f64::NAN;

impl Series {
    fn new(name: impl Into<String>, kind: Kind, points: Vec<Point>, width: f64) -> Self {
        let (name, labels) = (name.into(), Vec::new());
        Series {
            name,
            kind,
            points,
            color: None,
            dash: None,
            mark: None,
            marked: false,
            width,
            radius: 4.0,
            labels,
            counts: true,
        }
    }

    /// A line through points (x, y), in the order given.
    pub fn line(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let point = |(x, y)| Point { x, y, low: NONE, high: NONE };
        Series::new(name, Kind::Line, points.into_iter().map(point).collect(), 2.0)
    }

    /// Marks at points (x, y).
    pub fn points(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let point = |(x, y)| Point { x, y, low: NONE, high: NONE };
        Series::new(name, Kind::Points, points.into_iter().map(point).collect(), 1.5)
    }

    /// Marks with error bars, on a line: (x, y, low, high), the ends not a number where there is no error.
    pub fn intervals(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64, f64, f64)>) -> Self {
        let point = |(x, y, low, high)| Point { x, y, low, high };
        let series = Series::new(name, Kind::Line, points.into_iter().map(point).collect(), 1.6);
        Series { marked: true, ..series }
    }

    /// A line within its band: (x, y, low, high).
    pub fn banded(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64, f64, f64)>) -> Self {
        let point = |(x, y, low, high)| Point { x, y, low, high };
        Series::new(name, Kind::Banded, points.into_iter().map(point).collect(), 2.0)
    }

    /// A band between two heights: (x, low, high), sorted by x.
    pub fn band(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        let point = |(x, low, high)| Point { x, y: NONE, low, high };
        Series::new(name, Kind::Band, points.into_iter().map(point).collect(), 1.0)
    }

    /// Stems with a dot, from the lower axis up to a share of the panel's height: places that have no height.
    pub fn stems(name: impl Into<String>, values: impl IntoIterator<Item = f64>, share: f64) -> Self {
        let point = |x| Point { x, y: NONE, low: NONE, high: NONE };
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 };
        Series::new(name, Kind::Stems(share), values.into_iter().map(point).collect(), 1.4)
    }

    /// A line from the lower to the upper edge.
    pub fn vertical(name: impl Into<String>, x: f64) -> Self {
        let point = Point { x, y: NONE, low: NONE, high: NONE };
        Series::new(name, Kind::Vertical, vec![point], 1.4)
    }

    /// A line from the left to the right edge.
    pub fn horizontal(name: impl Into<String>, y: f64) -> Self {
        let point = Point { x: NONE, y, low: NONE, high: NONE };
        Series::new(name, Kind::Horizontal, vec![point], 1.4)
    }

    /// Arrows from (x, y) to (x', y'); in the numbers the ends stand as low and high.
    pub fn arrows(name: impl Into<String>, arrows: impl IntoIterator<Item = (f64, f64, f64, f64)>) -> Self {
        let point = |(x, y, low, high)| Point { x, y, low, high };
        Series::new(name, Kind::Arrows, arrows.into_iter().map(point).collect(), 1.3)
    }

    /// Sets the colour.
    pub fn color(self, color: Color) -> Self {
        Series { color: Some(color), ..self }
    }

    /// Sets the dash of the line.
    pub fn dash(self, dash: Dash) -> Self {
        Series { dash: Some(dash), ..self }
    }

    /// Sets the mark, and shows one at each point of a line.
    pub fn mark(self, mark: Mark) -> Self {
        Series { mark: Some(mark), marked: true, ..self }
    }

    /// Sets the size of marks in pixels, from 1 to 40; 8 unless set.
    pub fn size(self, pixels: f64) -> Self {
        let radius = if pixels.is_nan() { self.radius } else { pixels.clamp(1.0, 40.0) / 2.0 };
        Series { radius, ..self }
    }

    /// Shows no marks on a line, its error bars alone.
    pub fn unmarked(self) -> Self {
        Series { marked: false, ..self }
    }

    /// Shows no line between marks, their error bars alone.
    pub fn unjoined(self) -> Self {
        match self.kind {
            Kind::Line => Series { kind: Kind::Points, ..self },
            _ => self,
        }
    }

    /// Sets the width of the line in pixels, from 0.1 to 20.
    pub fn width(self, pixels: f64) -> Self {
        let pixels = if pixels.is_nan() { self.width } else { pixels.clamp(0.1, 20.0) };
        Series { width: pixels, ..self }
    }

    /// Writes words at its points, beside them where there is room: one for each point, as far as they go. Of stems
    /// above them; of
    /// a horizontal or vertical line along it.
    pub fn labels(self, labels: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Series { labels: labels.into_iter().map(Into::into).collect(), ..self }
    }

    /// Lets the range of axes follow from the other series alone: what lies outside is cut.
    pub fn beside(self) -> Self {
        Series { counts: false, ..self }
    }

    /// The values that a range has to hold: across, and up.
    pub(super) fn extent(&self) -> impl Iterator<Item = (f64, f64)> {
        let kind = self.kind;
        self.points.iter().flat_map(move |point| match kind {
            Kind::Arrows => [(point.x, point.y), (point.low, point.high), (NONE, NONE)],
            _ => [(point.x, point.y), (NONE, point.low), (NONE, point.high)],
        })
    }
}
