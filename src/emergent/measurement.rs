//! A number with its error.

use std::fmt;

/// A measured or predicted number with its standard error; none where it is not known, or the number is exact.
///
/// ```
/// use eigenscape::emergent::Measurement;
///
/// let measurement = Measurement::new(1234.567, Some(0.125));
/// assert_eq!(format!("{measurement}"), "1235 +- 0.12");
/// assert_eq!(format!("{measurement:.6}"), "1234.57 +- 0.12");
/// assert_eq!(format!("{measurement:>16}|"), "    1235 +- 0.12|");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Measurement {
    /// The value.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// Its standard error.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub error: Option<f64>,
}

impl Measurement {
    /// A number whose error is not known, or none.
    pub fn exact(value: f64) -> Self {
        Measurement { value, error: None }
    }

    /// A number with an error.
    pub fn new(value: f64, error: Option<f64>) -> Self {
        Measurement { value, error }
    }
}

/// "1.234 +- 0.012", with four significant digits of the value, or as many as the precision says, and two of the error.
impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = significant(self.value, f.precision().map_or(4, |digits| digits.clamp(1, 17) as i32));
        let text = match self.error {
            Some(error) => format!("{value} +- {}", significant(error, 2)),
            None => value,
        };
        // Not by `pad`, which would cut the digits off at the precision.
        let width = f.width().unwrap_or(0);
        match f.align() {
            Some(fmt::Alignment::Right) => write!(f, "{text:>width$}"),
            Some(fmt::Alignment::Center) => write!(f, "{text:^width$}"),
            _ => write!(f, "{text:<width$}"),
        }
    }
}

/// A number with so many significant digits.
pub(super) fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let exponent = value.abs().log10().floor() as i32;
    if !(-4..6).contains(&exponent) {
        return format!("{value:.*e}", (digits - 1).max(0) as usize);
    }
    format!("{value:.*}", (digits - 1 - exponent).max(0) as usize)
}
