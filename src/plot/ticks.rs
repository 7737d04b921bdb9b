//! Ticks: round numbers, and how they are written.

use super::axis::Scale;

/// A tick of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// In coordinates of the scale.
    pub(super) at: f64,
    pub(super) words: String,
}

/// About so many ticks are wanted.
const WANTED: f64 = 6.0;

/// Ticks of a range, given in coordinates.
pub(super) fn of(scale: Scale, low: f64, high: f64) -> Vec<Tick> {
    match scale {
        Scale::Linear | Scale::Names => linear(low, high),
        Scale::Logarithmic => logarithmic(low, high),
        Scale::SymmetricLog(unit) => symmetric(unit, low, high),
        Scale::Steps => steps(low, high),
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`: digit and power.
fn spacing(least: f64) -> (f64, i32) {
    let power = libm::floor(libm::log10(least)) as i32;
    let unit = ten(power);
    let digit = [1.0, 2.0, 5.0, 10.0].into_iter().find(|digit| digit * unit >= least * (1.0 - 1e-9)).unwrap_or(10.0);
    if digit == 10.0 { (1.0, power + 1) } else { (digit, power) }
}

/// The smallest round number of decades that is not below `least`.
fn stride(least: i32) -> i32 {
    [1, 2, 5, 10, 20, 50, 100, 200].into_iter().find(|&stride| stride >= least).unwrap_or(500)
}

/// A power of ten, correctly rounded.
fn ten(power: i32) -> f64 {
    format!("1e{power}").parse().unwrap_or(f64::INFINITY)
}

/// So many times ten to a power, correctly rounded: 3 and -1 give the number that is written 0.3.
fn decimal(count: i64, power: i32) -> f64 {
    format!("{count}e{power}").parse().unwrap_or(f64::NAN)
}

fn linear(low: f64, high: f64) -> Vec<Tick> {
    let (digit, power) = spacing((high - low) / WANTED);
    let step = decimal(digit as i64, power);
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    if !(first.abs() < 1e15 && last.abs() < 1e15 && last - first < 100.0) {
        return Vec::new();
    }
    let counts: Vec<i64> = (first as i64..=last as i64).collect();
    let largest = counts.iter().map(|count| count.abs()).max().unwrap_or(0) as f64 * step;
    // One power of ten for all where numbers would be rows of zeros.
    let common = if largest >= 1e5 || (largest > 0.0 && largest < 1e-3) {
        libm::floor(libm::log10(largest) + 1e-9) as i32
    } else {
        0
    };
    let decimals = usize::try_from(common - power).unwrap_or(0);
    let tick = |count: i64| {
        let count = count * digit as i64;
        let mantissa = format!("{:.decimals$}", decimal(count, power - common));
        let words = if common == 0 || count == 0 { mantissa } else { format!("{mantissa}×{}", power_of_ten(common)) };
        let words = if count == 0 { "0".to_string() } else { words };
        Tick { at: decimal(count, power), words: minus(&words) }
    };
    counts.into_iter().map(tick).collect()
}

/// Round values at equal distances within a range, about so many.
pub(super) fn even(low: f64, high: f64, count: f64) -> Vec<f64> {
    let (digit, power) = spacing((high - low) / count);
    let step = decimal(digit as i64, power);
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    if !(first.abs() < 1e15 && last.abs() < 1e15 && last - first < 1000.0) {
        return Vec::new();
    }
    (first as i64..=last as i64).map(|tick| decimal(tick * digit as i64, power)).collect()
}

fn logarithmic(low: f64, high: f64) -> Vec<Tick> {
    let (first, last) = ((low - 1e-9).ceil() as i32, (high + 1e-9).floor() as i32);
    if high - low < 2.0 - 1e-9 {
        return within_decades(low, high);
    }
    let every = stride(1 + (last - first).max(0) / 8);
    let powers: Vec<i32> = (first..=last).filter(|power| power % every == 0).collect();
    powers.into_iter().map(|power| Tick { at: f64::from(power), words: power_of_ten(power) }).collect()
}

/// Ticks of less than two decades: digits times powers, or those of a linear axis where even these are too few.
fn within_decades(low: f64, high: f64) -> Vec<Tick> {
    let digits = |digits: &[i64]| -> Vec<Tick> {
        let powers = libm::floor(low) as i32..=libm::floor(high) as i32;
        let values = powers.flat_map(|power| digits.iter().map(move |&digit| (digit, power)));
        let tick = |(digit, power)| {
            let value = decimal(digit, power);
            Tick { at: libm::log10(value), words: shortest(value) }
        };
        values.map(tick).filter(|tick| tick.at >= low - 1e-9 && tick.at <= high + 1e-9).collect()
    };
    let few = digits(&[1, 2, 5]);
    if few.len() >= 3 {
        return few;
    }
    let (from, to) = (libm::exp10(low), libm::exp10(high));
    let fine = linear(from, to);
    fine.into_iter().filter(|tick| tick.at > 0.0).map(|tick| Tick { at: libm::log10(tick.at), ..tick }).collect()
}

fn symmetric(unit: f64, low: f64, high: f64) -> Vec<Tick> {
    let scale = Scale::SymmetricLog(unit);
    // Powers of ten from the end of the linear part on.
    let least = libm::ceil(libm::log10(unit) - 1e-9) as i32;
    let reach = low.abs().max(high.abs());
    let most = ((reach + libm::log10(unit) + 1.0).floor() as i32).min(308);
    let shown = (least..=most).filter(|&power| scale.coordinate(ten(power)) <= reach + 1e-9).count() as i32;
    if shown < 2 {
        let value = |coordinate: f64| 2.0 * unit * libm::sinh(coordinate * std::f64::consts::LN_10);
        let fine = linear(value(low), value(high));
        return fine.into_iter().map(|tick| Tick { at: scale.coordinate(tick.at), ..tick }).collect();
    }
    let sides = if low < 0.0 && high > 0.0 { 2 } else { 1 };
    let every = stride(1 + (shown - 1) * sides / 8);
    let powers = (least..=most).filter(|power| power % every == 0);
    let mut ticks = Vec::new();
    for power in powers {
        for sign in [-1.0, 1.0] {
            let words = if sign < 0.0 { minus(&format!("-{}", power_of_ten(power))) } else { power_of_ten(power) };
            ticks.push(Tick { at: sign * scale.coordinate(ten(power)), words });
        }
    }
    ticks.push(Tick { at: 0.0, words: "0".to_string() });
    ticks.retain(|tick| tick.at >= low - 1e-9 && tick.at <= high + 1e-9);
    ticks.sort_by(|a, b| a.at.total_cmp(&b.at));
    ticks
}

fn steps(low: f64, high: f64) -> Vec<Tick> {
    let decades = (high - low.max(0.0)).max(0.0);
    let digits: &[i64] = if decades < 4.5 { &[1, 3] } else { &[1] };
    let mut values = vec![0.0];
    values.extend(
        (0..=high.clamp(0.0, 308.0) as i32).flat_map(|power| digits.iter().map(move |&digit| decimal(digit, power))),
    );
    let every = 1 + (decades / 8.0) as usize;
    let tick = |value: f64| Tick { at: libm::log10(1.0 + value), words: shortest(value) };
    let ticks = values.into_iter().enumerate().filter(|(index, _)| *index == 0 || (index - 1).is_multiple_of(every));
    let ticks: Vec<Tick> =
        ticks.map(|(_, value)| tick(value)).filter(|tick| tick.at >= low - 1e-9 && tick.at <= high + 1e-9).collect();
    if ticks.len() >= 2 { ticks } else { within_steps(low, high) }
}

/// A short stretch of late steps.
fn within_steps(low: f64, high: f64) -> Vec<Tick> {
    let (from, to) = (libm::exp10(low) - 1.0, libm::exp10(high) - 1.0);
    let fine = linear(from, to);
    fine.into_iter().filter(|tick| tick.at >= 0.0).map(|tick| Tick { at: libm::log10(1.0 + tick.at), ..tick }).collect()
}

/// 10ⁿ.
pub(super) fn power_of_ten(power: i32) -> String {
    let superscript = |digit: char| match digit {
        '-' => '\u{207b}',
        '1' => '\u{b9}',
        '2' => '\u{b2}',
        '3' => '\u{b3}',
        other => char::from_u32(0x2070 + other.to_digit(10).unwrap_or(0)).unwrap_or(other),
    };
    format!("10{}", power.to_string().chars().map(superscript).collect::<String>())
}

/// A number as it reads best: plain, or with a power of ten where it would be a row of zeros.
pub(super) fn shortest(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || (1e-3..1e5).contains(&value.abs()) {
        return minus(&format!("{value}"));
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, power)) = scientific.split_once('e') else { return scientific };
    let power = power_of_ten(power.parse().unwrap_or(0));
    minus(&match mantissa {
        "1" => power,
        "-1" => format!("-{power}"),
        _ => format!("{mantissa}×{power}"),
    })
}

/// A number to so many digits that count, as it reads best.
pub(super) fn rounded(value: f64, digits: usize) -> String {
    let scientific = format!("{value:.*e}", digits.saturating_sub(1));
    shortest(scientific.parse().unwrap_or(value))
}

/// A number with so many decimals, or five digits where these would be many more.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    if value.abs() >= 1e6 {
        return rounded(value, 5);
    }
    let words = format!("{value:.decimals$}");
    // Zero has no sign for people.
    match words.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|byte| byte == b'0' || byte == b'.') => digits.to_string(),
        _ => minus(&words),
    }
}

/// With a minus sign, not a hyphen.
pub(super) fn minus(words: &str) -> String {
    words.replace('-', "\u{2212}")
}
