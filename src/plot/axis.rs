//! Axes: what they are called, where a value stands, and which ticks say so.

use std::f64::consts::LN_10;

use super::ticks::{self, Tick};
use crate::error::{Error, Result};

/// Beyond this size values are refused: differences of coordinates would leave the range of `f64`.
pub(super) const LARGEST: f64 = 1e307;

/// Parts of the range that are left free at both ends of one that follows from the data.
const MARGIN: f64 = 0.04;

/// How values spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    Linear,
    Logarithmic,
    /// asinh(x / (2 linear)) / ln 10.
    SymmetricLog(f64),
    /// log10(1 + x).
    Steps,
    /// Names at 0, 1, 2...
    Names,
}

impl Scale {
    /// Not a number where the scale has no place.
    pub(super) fn coordinate(self, value: f64) -> f64 {
        match self {
            Scale::Linear | Scale::Names => value,
            Scale::Logarithmic if value > 0.0 => libm::log10(value),
            Scale::Steps if value >= 0.0 => libm::log10(1.0 + value),
            Scale::Logarithmic | Scale::Steps => f64::NAN,
            Scale::SymmetricLog(linear) => match value / linear / 2.0 {
                ratio if ratio.is_finite() => libm::asinh(ratio) / LN_10,
                // The ratio alone is out of range.
                _ => (libm::log10(value.abs()) - libm::log10(linear)).copysign(value),
            },
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Scale::Linear => "linear",
            Scale::Logarithmic => "logarithmic",
            Scale::SymmetricLog(_) => "symmetric logarithmic",
            Scale::Steps => "logarithm of 1 + value",
            Scale::Names => "names",
        }
    }
}

/// One axis of a [`Chart`](super::Chart): a name, a unit, a scale, and a range that follows from what is drawn unless set.
///
/// Ticks are round numbers: 1, 2 or 5 times a power of ten on linear scales, powers of ten on logarithmic ones that span two
/// decades or more. What lies outside of a range that is set is not drawn, and what has no place on the scale (zero on a
/// logarithmic
/// one, numbers that are not finite) leaves a gap; both stay in the [`Numbers`](super::Numbers).
///
/// ```
/// use eigenscape::plot::{Axis, Chart, Picture, Series};
///
/// let loss = Axis::logarithmic("training loss").unit("nats").range(1e-3, 10.0);
/// let chart = Chart::new(Axis::steps("training step"), loss)
///     .with(Series::line("full batch", (0..=1000).map(|step| (f64::from(step), 1.0 / (1.0 + f64::from(step))))));
/// let svg = chart.svg()?;
/// assert!(svg.contains("training loss (nats)") && svg.contains("10⁻³"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) scale: Scale,
    pub(super) range: Option<(f64, f64)>,
    pub(super) ticks: Option<Vec<(f64, String)>>,
    pub(super) zero: bool,
    pub(super) decades: Option<f64>,
    pub(super) otherwise: Option<(f64, f64)>,
}

impl Axis {
    fn new(name: impl Into<String>, scale: Scale) -> Self {
        let (name, unit) = (name.into(), String::new());
        Axis { name, unit, scale, range: None, ticks: None, zero: false, decades: None, otherwise: None }
    }

    /// Equal distances are equal differences.
    pub fn linear(name: impl Into<String>) -> Self {
        Axis::new(name, Scale::Linear)
    }

    /// Equal distances are equal ratios of positive values.
    pub fn logarithmic(name: impl Into<String>) -> Self {
        Axis::new(name, Scale::Logarithmic)
    }

    /// Logarithmic to both sides of zero, and linear up to about a value: that of
    /// [`spectrum::Axis::SymmetricLog`](crate::spectrum::Axis::SymmetricLog).
    pub fn symmetric_log(name: impl Into<String>, linear: f64) -> Self {
        Axis::new(name, Scale::SymmetricLog(linear))
    }

    /// log(1 + x): logarithmic with room for step 0 of a training.
    pub fn steps(name: impl Into<String>) -> Self {
        Axis::new(name, Scale::Steps)
    }

    /// Names instead of numbers, at 0, 1, 2 and so on.
    pub fn names(name: impl Into<String>, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let ticks = names.into_iter().enumerate().map(|(place, name)| (place as f64, name.into())).collect();
        Axis { ticks: Some(ticks), ..Axis::new(name, Scale::Names) }
    }

    /// The axis of a density, with its own scale.
    pub fn of(name: impl Into<String>, axis: crate::spectrum::Axis) -> Self {
        match axis {
            crate::spectrum::Axis::Linear => Axis::linear(name),
            crate::spectrum::Axis::Logarithmic => Axis::logarithmic(name),
            crate::spectrum::Axis::SymmetricLog { linear } => Axis::symmetric_log(name, linear),
        }
    }

    /// Sets the unit, shown behind the name.
    pub fn unit(self, unit: impl Into<String>) -> Self {
        Axis { unit: unit.into(), ..self }
    }

    /// Sets both ends.
    pub fn range(self, low: f64, high: f64) -> Self {
        Axis { range: Some((low, high)), ..self }
    }

    /// Keeps zero within a range that follows from the data.
    pub fn with_zero(self) -> Self {
        Axis { zero: true, ..self }
    }

    /// Keeps a logarithmic range that follows from the data to so many decades below its highest value.
    pub fn decades(self, decades: f64) -> Self {
        Axis { decades: Some(decades), ..self }
    }

    /// Sets both ends for when nothing that is drawn has a place on the axis, which is an error otherwise: for reports
    /// that are drawn
    /// whatever was measured.
    pub fn otherwise(self, low: f64, high: f64) -> Self {
        Axis { otherwise: Some((low, high)), ..self }
    }

    /// Sets the ticks: where, and what they say.
    pub fn ticks(self, ticks: impl IntoIterator<Item = (f64, String)>) -> Self {
        Axis { ticks: Some(ticks.into_iter().collect()), ..self }
    }

    /// Sets a tick at each of the given values, saying them.
    pub fn ticks_at(self, values: &[f64]) -> Self {
        self.ticks(values.iter().map(|&value| (value, ticks::shortest(value))))
    }

    pub(super) fn title(&self) -> String {
        if self.unit.is_empty() { self.name.clone() } else { format!("{} ({})", self.name, self.unit) }
    }

    /// The axis over a range, in the end: from the values that are drawn, unless it is set.
    pub(super) fn over(&self, values: impl Iterator<Item = f64>) -> Result<Placed> {
        self.require()?;
        let (low, high) = match self.range {
            Some((low, high)) => self.given(low, high)?,
            None => self.found(values)?,
        };
        Ok(self.placed(low, high))
    }

    fn require(&self) -> Result<()> {
        match self.scale {
            Scale::SymmetricLog(linear) => Error::positive("the linear part of a symmetric axis", linear),
            _ => Ok(()),
        }
    }

    /// The axis between two coordinates.
    pub(super) fn between(&self, low: f64, high: f64) -> Result<Placed> {
        self.require()?;
        let (low, high) = wide_enough(self.scale, low, high);
        Ok(self.placed(low, high))
    }

    fn placed(&self, low: f64, high: f64) -> Placed {
        let ticks = match &self.ticks {
            Some(ticks) => {
                let place =
                    |(value, words): &(f64, String)| Tick { at: self.scale.coordinate(*value), words: words.clone() };
                let slack = 1e-9 * (high - low);
                let within = |tick: &Tick| tick.at >= low - slack && tick.at <= high + slack;
                ticks.iter().map(place).filter(within).collect()
            }
            None => ticks::of(self.scale, low, high),
        };
        Placed { scale: self.scale, low, high, ticks }
    }

    fn given(&self, low: f64, high: f64) -> Result<(f64, f64)> {
        Error::finite("the range of a plot's axis", &[low, high], "give finite ends, or none")?;
        let limits = "must be above the low end, and both on the scale of the axis and below 1e307 in size";
        let ends = (self.scale.coordinate(low), self.scale.coordinate(high));
        if !ends.0.is_finite() || !ends.1.is_finite() || ends.0 >= ends.1 || low.abs().max(high.abs()) > LARGEST {
            return Err(Error::OutOfRange { what: "the high end of a plot's axis", value: high, limits });
        }
        Ok(wide_enough(self.scale, ends.0, ends.1))
    }

    fn found(&self, values: impl Iterator<Item = f64>) -> Result<(f64, f64)> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            if value.abs() > LARGEST {
                let limits = "must be below 1e307 in size: divide the values by their scale, and say so in the unit";
                return Err(Error::OutOfRange { what: "a value of a plot", value, limits });
            }
            let place = self.scale.coordinate(value);
            if place.is_finite() {
                (low, high) = (low.min(place), high.max(place));
            }
        }
        if let Some((low, high)) = self.otherwise.filter(|_| low > high) {
            return self.given(low, high);
        }
        if low > high {
            return Err(Error::Empty {
                what: "the list of values that have a place on a plot's axis",
                remedy: "give at least one that is finite (and positive on a logarithmic axis), or set the range of the axis",
            });
        }
        if self.scale == Scale::Names {
            let last = self.ticks.as_ref().map_or(0, Vec::len) as f64 - 1.0;
            return Ok((low.min(0.0) - 0.5, high.max(last) + 0.5));
        }
        if let Some(decades) = self.decades.filter(|decades| *decades > 0.0) {
            low = low.max(high - decades);
        }
        if self.zero && self.scale == Scale::Linear {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        let (wide_low, wide_high) = wide_enough(self.scale, low, high);
        let margin = MARGIN * (wide_high - wide_low);
        // An end at zero stays there if zero was asked for: a bar or a share does not float.
        let low = if self.zero && low == 0.0 { 0.0 } else { wide_low - margin };
        Ok((low, if self.zero && high == 0.0 && low < 0.0 { 0.0 } else { wide_high + margin }))
    }
}

/// The range, or one around it if rounding would leave it without extent.
fn wide_enough(scale: Scale, low: f64, high: f64) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    if high - low > 1e-9 * size {
        return (low, high);
    }
    let middle = low + (high - low) / 2.0;
    let reach = match scale {
        Scale::Linear if size > 0.0 => 0.1 * size,
        Scale::Linear | Scale::Names | Scale::Steps => 1.0,
        Scale::Logarithmic | Scale::SymmetricLog(_) => 0.5,
    };
    (middle - reach, middle + reach)
}

/// An axis over its range.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) scale: Scale,
    /// Ends, in coordinates of the scale.
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<Tick>,
}

impl Placed {
    /// The part of the axis at which a value stands, 0 at its low end and 1 at the high one; none without a place.
    pub(super) fn part(&self, value: f64) -> Option<f64> {
        self.part_of(self.scale.coordinate(value))
    }

    pub(super) fn part_of(&self, coordinate: f64) -> Option<f64> {
        // Far outside is as good as just outside, and stays within the range of pixels.
        let part = (coordinate - self.low) / (self.high - self.low);
        part.is_finite().then(|| part.clamp(-1e4, 1e4))
    }
}
