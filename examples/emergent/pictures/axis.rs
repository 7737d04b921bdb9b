//! Axes: where a value stands, and which ticks say so.

/// How values spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    Linear,
    Logarithmic,
    /// log(1 + step): logarithmic with room for step 0.
    Steps,
}

/// A named axis over a range.
#[derive(Debug, Clone)]
pub struct Axis {
    /// Name, with a unit where there is one.
    pub name: String,
    /// Positions and texts of the ticks.
    pub ticks: Vec<(f64, String)>,
    scale: Scale,
    low: f64,
    high: f64,
}

impl Axis {
    /// Evenly spread values; a range without extent or end becomes one around its finite part.
    pub fn linear(name: &str, low: f64, high: f64) -> Axis {
        let (low, high) = match (low.is_finite(), high.is_finite()) {
            (true, true) if low < high => (low, high),
            (true, _) => (low, low + 1.0),
            (false, true) => (high - 1.0, high),
            (false, false) => (0.0, 1.0),
        };
        let spacing = spacing((high - low) / 7.0);
        let decimals = (-spacing.log10().floor()).max(0.0) as usize;
        let first = (low / spacing).ceil() as i64;
        let last = (high / spacing).floor() as i64;
        let ticks = (first..=last).map(|tick| {
            let value = tick as f64 * spacing;
            (value, format!("{value:.decimals$}").replace('-', "\u{2212}"))
        });
        Axis { name: name.to_string(), ticks: ticks.collect(), scale: Scale::Linear, low, high }
    }

    /// Positive values, ticks at powers of ten; widened to at least one whole decade.
    pub fn logarithmic(name: &str, low: f64, high: f64) -> Axis {
        let usable = |value: f64| value.is_finite() && value > 0.0;
        let high = if usable(high) { high } else { 1.0 };
        let low = if usable(low) && low < high { low } else { high / 10.0 };
        let (low, high) = (low.log10(), high.log10());
        let (first, last) = ((low - 1e-9).ceil() as i32, (high + 1e-9).floor() as i32);
        let every = 1 + (last - first).max(0) / 6;
        let mut ticks: Vec<(f64, String)> = (first..=last)
            .filter(|power| power % every == 0)
            .map(|power| (f64::from(power), power_of_ten(power)))
            .collect();
        if high - low < 2.0 {
            ticks = (low.floor() as i32..=last)
                .flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(power)))
                .map(|value| (value.log10(), plain(value)))
                .filter(|tick| tick.0 >= low - 1e-9 && tick.0 <= high + 1e-9)
                .collect();
        }
        Axis { name: name.to_string(), ticks, scale: Scale::Logarithmic, low, high }
    }

    /// Positive values with a tick at each of the given ones, logarithmic.
    pub fn values(name: &str, values: &[f64]) -> Axis {
        let mut values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite() && *value > 0.0).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let (low, high) = (values.first().copied().unwrap_or(1.0), values.last().copied().unwrap_or(1.0));
        let mut axis = Axis::logarithmic(name, low / 1.3, high * 1.3);
        axis.ticks = values.into_iter().map(|value| (value.log10(), plain(value))).collect();
        axis
    }

    /// Steps of training from 0 on.
    pub fn steps(last: usize) -> Axis {
        let last = last.max(1);
        let mut steps = vec![0];
        steps.extend(
            (0..)
                .map_while(|power| 10usize.checked_pow(power))
                .flat_map(|decade| [decade, decade.saturating_mul(3)])
                .take_while(|step| *step <= last),
        );
        let ticks = steps.into_iter().map(|step| (position_of_step(step as f64), step.to_string())).collect();
        let margin = 0.02 * position_of_step(last as f64);
        let high = position_of_step(last as f64) + margin;
        Axis { name: "training step".to_string(), ticks, scale: Scale::Steps, low: -margin, high }
    }

    /// Ends of the axis, as positions.
    pub fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Position of a value, moved to the nearer end if it lies outside; `None` for what is not a number.
    pub fn place(&self, value: f64) -> Option<f64> {
        let position = match self.scale {
            Scale::Linear => value,
            // What has no logarithm stands at the lower end.
            Scale::Logarithmic if value <= 0.0 => self.low,
            Scale::Logarithmic => value.log10(),
            Scale::Steps => position_of_step(value),
        };
        (!position.is_nan()).then(|| position.clamp(self.low, self.high))
    }

    /// Whether a value lies on the axis.
    pub fn holds(&self, value: f64) -> bool {
        let position = match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.log10(),
            Scale::Steps => position_of_step(value),
        };
        (self.low..=self.high).contains(&position)
    }
}

fn position_of_step(step: f64) -> f64 {
    (1.0 + step).log10()
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`.
fn spacing(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|spacing| *spacing >= least).unwrap_or(power)
}

fn plain(value: f64) -> String {
    let decimals = (-value.log10() + 1e-9).ceil().max(0.0) as usize;
    format!("{value:.decimals$}").parse::<f64>().map(|short| short.to_string()).unwrap_or_default()
}

fn power_of_ten(power: i32) -> String {
    if (-2..=3).contains(&power) {
        return plain(10f64.powi(power));
    }
    let superscript = |digit: char| match digit {
        '-' => '\u{207B}',
        '1' => '\u{B9}',
        '2' => '\u{B2}',
        '3' => '\u{B3}',
        other => char::from_u32(0x2070 + other.to_digit(10).unwrap_or(0)).unwrap_or(other),
    };
    format!("10{}", power.to_string().chars().map(superscript).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.1.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers_inside_of_the_range() {
        assert_eq!(texts(&Axis::linear("", -0.6, 1.1)), ["\u{2212}0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(texts(&Axis::linear("", 0.0, 5.0)), ["0", "1", "2", "3", "4", "5"]);
        assert_eq!(texts(&Axis::logarithmic("", 1e-5, 1e2)), ["10⁻⁴", "0.01", "1", "100"]);
        assert_eq!(texts(&Axis::logarithmic("", 0.3, 6.0)), ["0.5", "1", "2", "5"]);
        assert_eq!(texts(&Axis::steps(1000)), ["0", "1", "3", "10", "30", "100", "300", "1000"]);
        assert_eq!(texts(&Axis::values("", &[300.0, 5.0, f64::NAN, 5.0])), ["5", "300"]);
    }

    #[test]
    fn ranges_without_extent_or_number_still_make_an_axis() {
        let nan = f64::NAN;
        for (low, high) in [(nan, nan), (1.0, 1.0), (2.0, 1.0), (nan, 3.0), (0.0, f64::INFINITY), (-1.0, 0.0)] {
            for axis in [Axis::linear("", low, high), Axis::logarithmic("", low, high), Axis::values("", &[low, high])]
            {
                let (low, high) = axis.range();
                assert!(low.is_finite() && high.is_finite() && low < high, "{axis:?}");
                assert!(axis.ticks.iter().all(|tick| tick.0 >= low - 1e-9 && tick.0 <= high + 1e-9), "{axis:?}");
            }
        }
        assert!(Axis::steps(0).range().1 > 0.0 && Axis::steps(usize::MAX).range().1.is_finite());
    }

    #[test]
    fn values_outside_stand_at_the_nearer_end() {
        let axis = Axis::logarithmic("", 0.01, 100.0);
        for (value, position) in [(0.0, -2.0), (-3.0, -2.0), (1.0, 0.0), (f64::INFINITY, 2.0)] {
            assert_eq!(axis.place(value), Some(position));
        }
        assert_eq!(axis.place(f64::NAN), None);
        assert!(axis.holds(1.0) && !axis.holds(0.0) && !axis.holds(f64::NAN) && !axis.holds(101.0));
    }
}
