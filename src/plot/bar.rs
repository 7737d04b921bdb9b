//! From values to colours, and the bar that says which.

use super::axis::{LARGEST, Scale};
use super::color::{Color, Palette};
use super::layout::{NAME, TICK};
use super::map::{Levels, Map};
use super::scene::{Anchor, Frame, Scene};
use super::text;
use super::ticks::{self, Tick};
use crate::error::{Error, Result};

/// From values to colours.
pub(super) struct Colors {
    pub(super) name: String,
    pub(super) palette: Palette,
    scale: Scale,
    /// In coordinates of the scale.
    low: f64,
    high: f64,
    /// Values of the lines of a surface, ascending.
    pub(super) levels: Vec<f64>,
    /// Whether colours change at the lines alone.
    steps: bool,
    ticks: Vec<Tick>,
    holes: bool,
}

impl Colors {
    pub(super) fn of(map: &Map) -> Result<Self> {
        let scale = if map.levels == Levels::Logarithmic { Scale::Logarithmic } else { Scale::Linear };
        let (name, values) = map.colors();
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.iter().copied().flatten() {
            if value.abs() > LARGEST {
                let limits = "must be below 1e307 in size: divide the values by their scale, and say so in the unit";
                return Err(Error::OutOfRange { what: "a value of a map", value, limits });
            }
            let place = scale.coordinate(value);
            if place.is_finite() {
                (low, high) = (low.min(place), high.max(place));
            }
        }
        if low > high {
            return Err(Error::Empty {
                what: "the list of values of a map that have a colour",
                remedy: "give at least one that is finite (and positive in a logarithmic map)",
            });
        }
        if let Some((from, to)) = map.range {
            let what = "the range of the colours of a map";
            Error::finite(what, &[from, to], "give finite ends, or none")?;
            (low, high) = (scale.coordinate(from), scale.coordinate(to));
            let limits = "must be above its low end, and both on the scale of the map and below 1e307 in size";
            if low.is_nan() || high.is_nan() || low >= high || from.abs().max(to.abs()) > LARGEST {
                return Err(Error::OutOfRange { what, value: to, limits });
            }
        } else if map.palette == Palette::Diverging && scale == Scale::Linear {
            // White is zero.
            let reach = low.abs().max(high.abs());
            (low, high) = (-reach, reach);
        }
        let constant = high - low <= 1e-9 * low.abs().max(high.abs());
        if constant {
            let reach = if low == 0.0 || scale == Scale::Logarithmic { 0.5 } else { 0.1 * low.abs() };
            (low, high) = (low - reach, high + reach);
        }
        let levels = match map.surface {
            Some(count) if !constant => levels(scale, low, high, count),
            _ => Vec::new(),
        };
        let ticks = match map.surface {
            Some(_) if !levels.is_empty() => levels
                .iter()
                .map(|&level| Tick { at: scale.coordinate(level), words: ticks::rounded(level, 6) })
                .collect(),
            _ => ticks::of(scale, low, high),
        };
        let holes = values.iter().any(|value| value.is_none_or(|value| !scale.coordinate(value).is_finite()));
        let (palette, steps) = (map.palette, map.surface.is_some() && !levels.is_empty());
        Ok(Colors { name, palette, scale, low, high, levels, steps, ticks, holes })
    }

    /// The part of the range at which a value stands; not a number where it has none.
    pub(super) fn part(&self, value: f64) -> f64 {
        (self.scale.coordinate(value) - self.low) / (self.high - self.low)
    }

    /// The colour of a value by itself.
    pub(super) fn color(&self, value: f64) -> Color {
        // In steps that no eye tells apart, so that neighbours can share a rectangle.
        self.palette.color((self.part(value) * 255.0).round() / 255.0)
    }

    /// The colour between a level, counted from 0 below the first, and the next.
    pub(super) fn step(&self, level: usize) -> Color {
        self.palette.color((level as f64 + 0.5) / (self.levels.len() as f64 + 1.0))
    }

    /// What a value adds up to in a mean of its block.
    pub(super) fn has(&self, value: f64) -> bool {
        self.scale.coordinate(value).is_finite()
    }
}

/// Round values between two ends, about so many.
fn levels(scale: Scale, low: f64, high: f64, count: usize) -> Vec<f64> {
    let inner = |value: &f64| {
        let place = scale.coordinate(*value);
        place > low + 1e-9 * (high - low) && place < high - 1e-9 * (high - low)
    };
    if scale == Scale::Logarithmic && high - low >= 0.8 {
        let powers = (low.floor() as i32)..=(high.ceil() as i32);
        let of = |digits: &[&str], every: i32| -> Vec<f64> {
            let powers = powers.clone().filter(|power| power % every == 0);
            let value = |(power, digit): (i32, &&str)| format!("{digit}e{power}").parse().ok();
            powers
                .flat_map(|power| digits.iter().map(move |digit| (power, digit)))
                .filter_map(value)
                .filter(inner)
                .collect()
        };
        let finest = [
            of(&["1", "1.2", "1.5", "2", "2.5", "3", "4", "5", "6", "7", "8", "9"], 1),
            of(&["1", "1.5", "2", "3", "4", "5", "7"], 1),
            of(&["1", "2", "3", "5"], 1),
            of(&["1", "2", "5"], 1),
            of(&["1", "3"], 1),
        ];
        let rare = (1..=64).map(|every| of(&["1"], every));
        return finest.into_iter().chain(rare).find(|levels| levels.len() <= count + count / 4).unwrap_or_default();
    }
    let (from, to) = match scale {
        Scale::Logarithmic => (libm::exp10(low), libm::exp10(high)),
        _ => (low, high),
    };
    ticks::even(from, to, count as f64).into_iter().filter(inner).collect()
}

const STRIP: f64 = 15.0;

fn words(tick: &Tick) -> String {
    text::fit(&tick.words, TICK, 100.0)
}

/// Room of a bar with its ticks and its name.
pub(super) fn width(colors: &Colors) -> f64 {
    let widest = colors.ticks.iter().map(|tick| text::width(&words(tick), TICK)).fold(0.0, f64::max);
    10.0 + STRIP + 8.0 + widest + if colors.name.is_empty() { 4.0 } else { 22.0 }
}

/// Draws the bar at the left of a frame.
pub(super) fn draw(scene: &mut Scene, colors: &Colors, frame: Frame) {
    let strip = Frame { right: frame.left + STRIP, ..frame };
    let height = |part: f64| (strip.bottom - part * strip.height()).round();
    let at = |value: f64| colors.part(value).clamp(0.0, 1.0);
    if colors.steps {
        let ends: Vec<f64> =
            std::iter::once(0.0).chain(colors.levels.iter().map(|&level| at(level))).chain([1.0]).collect();
        for (index, pair) in ends.windows(2).enumerate() {
            scene.rectangle(Frame { top: height(pair[1]), bottom: height(pair[0]), ..strip }, colors.step(index), 1.0);
        }
    } else {
        let steps = 96;
        for step in 0..steps {
            let part = |step: i32| f64::from(step) / f64::from(steps);
            let color = colors.palette.color(part(step) + 0.5 / f64::from(steps));
            scene.rectangle(Frame { top: height(part(step + 1)), bottom: height(part(step)), ..strip }, color, 1.0);
        }
    }
    scene.outline(strip, 1.0, Color::GREY);
    let mut free = f64::INFINITY;
    let mut widest = 0.0f64;
    for tick in &colors.ticks {
        let part = (tick.at - colors.low) / (colors.high - colors.low);
        if !(-1e-9..=1.0 + 1e-9).contains(&part) {
            continue;
        }
        let y = strip.bottom - part * strip.height();
        if y + 0.5 * TICK > free {
            continue;
        }
        free = y - 0.5 * TICK - 1.0;
        let words = words(tick);
        widest = widest.max(text::width(&words, TICK));
        scene.line(vec![[strip.right, y], [strip.right + 3.0, y]], 1.0, Color::GREY);
        scene.words([strip.right + 6.0, y], &words, TICK, Color::INK, Anchor::Left);
    }
    let name = text::fit(&text::clean(&colors.name), NAME, frame.height().max(60.0));
    if !name.is_empty() {
        scene.words_upwards(
            [strip.right + 6.0 + widest + 14.0, (frame.top + frame.bottom) / 2.0],
            &name,
            NAME,
            Color::INK,
        );
    }
    if colors.holes {
        let patch =
            Frame { left: strip.left, top: strip.bottom + 25.0, right: strip.right, bottom: strip.bottom + 37.0 };
        scene.rectangle(patch, Color::FAINT, 1.0);
        scene.outline(patch, 1.0, Color::GREY);
        scene.words([strip.right + 6.0, strip.bottom + 31.0], "none", TICK, Color::INK, Anchor::Left);
    }
}
