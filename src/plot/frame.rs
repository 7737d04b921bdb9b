//! A panel in its frame: axes, ticks, names, and then what stands between them.

use super::axis::{Axis, Placed};
use super::bar::{self, Colors};
use super::chart::Chart;
use super::color::Color;
use super::figure::Panel;
use super::layout::{HEAD, NAME, TICK};
use super::paint::Inside;
use super::relief::{Relief, Seen};
use super::scene::{Anchor, Frame, Scene};
use super::style::Styles;
use super::surface;
use super::text;
use super::ticks::Tick;
use crate::error::Result;

/// Longest words of a tick, in pixels.
const WORDS: f64 = 150.0;

/// Room around what stands between the axes, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Margins {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// A panel whose axes have their ranges.
pub(super) struct Prepared<'a> {
    kind: Kind<'a>,
    pub(super) margins: Margins,
}

enum Kind<'a> {
    Axes { chart: &'a Chart, x: Placed, y: Placed, colors: Vec<Colors> },
    Relief(&'a Relief, Seen),
}

impl<'a> Prepared<'a> {
    pub(super) fn new(panel: &'a Panel) -> Result<Self> {
        match panel {
            Panel::Chart(chart) => Prepared::chart(chart),
            Panel::Relief(relief) => {
                let seen = relief.seen()?;
                let top = if relief.title.is_empty() { 10.0 } else { 26.0 };
                let right = 14.0 + bar::width(&seen.colors);
                Ok(Prepared {
                    kind: Kind::Relief(relief, seen),
                    margins: Margins { left: 14.0, top, right, bottom: 14.0 },
                })
            }
        }
    }

    fn chart(chart: &'a Chart) -> Result<Self> {
        let colors: Vec<Colors> = chart.maps.iter().map(Colors::of).collect::<Result<_>>()?;
        let (x, y) = (placed(chart, &chart.x, 0)?, placed(chart, &chart.y, 1)?);
        let widest = |ticks: &[Tick]| ticks.iter().map(|tick| words_width(&tick.words)).fold(0.0, f64::max);
        let bars = if chart.bar { colors.iter().map(bar::width).sum() } else { 0.0 };
        // Names across may be long: then they are written upwards, which is known when the width is.
        let upwards = chart.x.scale == super::axis::Scale::Names && widest(&x.ticks) > 60.0;
        let across = if upwards { widest(&x.ticks) + 6.0 } else { 17.0 };
        let margins = Margins {
            left: 12.0 + widest(&y.ticks) + if chart.y.title().is_empty() { 0.0 } else { 22.0 },
            top: if chart.title.is_empty() { 10.0 } else { 26.0 },
            right: bars
                + if upwards {
                    12.0
                } else {
                    12.0f64.max(0.55 * x.ticks.last().map_or(0.0, |tick| words_width(&tick.words)))
                },
            bottom: 8.0 + across + if chart.x.title().is_empty() { 0.0 } else { 21.0 },
        };
        Ok(Prepared { kind: Kind::Axes { chart, x, y, colors }, margins })
    }

    pub(super) fn draw(&self, scene: &mut Scene, styles: &Styles, outer: Frame, inside: Frame) -> Result<()> {
        match &self.kind {
            Kind::Relief(relief, seen) => {
                head(scene, &relief.title, outer, inside);
                seen.draw(scene, relief, inside);
                let right = Frame { left: inside.right + 10.0, right: outer.right, ..inside };
                bar::draw(scene, &seen.colors, right);
                Ok(())
            }
            Kind::Axes { chart, x, y, colors } => {
                let inside = if chart.equal { equal(inside, x, y) } else { inside };
                let inside = Frame {
                    left: inside.left.round(),
                    top: inside.top.round(),
                    right: inside.right.round(),
                    bottom: inside.bottom.round(),
                };
                head(scene, &chart.title, outer, inside);
                if chart.maps.iter().all(|map| !map.filled) {
                    grid(scene, inside, y);
                }
                for (map, colors) in chart.maps.iter().zip(colors) {
                    surface::draw(scene, map, colors, &Inside { frame: inside, x, y });
                }
                let within = Inside { frame: inside, x, y };
                chart.series.iter().for_each(|series| within.series(scene, series, &styles.style(series)));
                axes(scene, chart, outer, inside, x, y);
                within.notes(scene, &chart.notes);
                if chart.bar {
                    let mut left = inside.right + 10.0;
                    for colors in colors {
                        bar::draw(scene, colors, Frame { left, right: left + bar::width(colors), ..inside });
                        left += bar::width(colors);
                    }
                }
                Ok(())
            }
        }
    }
}

/// The words of a tick as they are shown.
fn shown(words: &str) -> String {
    text::fit(&text::clean(words), TICK, WORDS)
}

fn words_width(words: &str) -> f64 {
    text::width(&shown(words), TICK)
}

/// The range of an axis of a chart: of its maps if it has any, else of its series.
fn placed(chart: &Chart, axis: &Axis, side: usize) -> Result<Placed> {
    if axis.range.is_none() && !chart.maps.is_empty() {
        let mut ends = (f64::INFINITY, f64::NEG_INFINITY);
        for map in &chart.maps {
            let (low, high) = surface::ends(map, axis.scale, side)?;
            ends = (ends.0.min(low), ends.1.max(high));
        }
        return axis.between(ends.0, ends.1);
    }
    let values = chart.series.iter().filter(|series| series.counts).flat_map(|series| series.extent());
    axis.over(values.map(|(x, y)| if side == 0 { x } else { y }))
}

/// The largest part of a frame in which a unit is as long on both axes.
fn equal(frame: Frame, x: &Placed, y: &Placed) -> Frame {
    use super::axis::Scale;
    let (across, up) = (x.high - x.low, y.high - y.low);
    let ratio = across / up;
    let linear = [x, y].iter().all(|axis| matches!(axis.scale, Scale::Linear | Scale::Names));
    if !linear || !ratio.is_finite() || !(0.05..=20.0).contains(&ratio) {
        return frame;
    }
    let width = frame.width().min(frame.height() * ratio);
    let height = width / ratio;
    // Towards the left, where its names are, and the top, where its title is.
    Frame { right: frame.left + width, bottom: frame.top + height, ..frame }
}

fn head(scene: &mut Scene, title: &str, outer: Frame, inside: Frame) {
    let words = text::fit(&text::clean(title), HEAD, outer.right - inside.left - 4.0);
    if !words.is_empty() {
        scene.words([inside.left, inside.top - 13.0], &words, HEAD, Color::INK, Anchor::Left);
    }
}

fn grid(scene: &mut Scene, inside: Frame, y: &Placed) {
    for tick in &y.ticks {
        if let Some(part) = y.part_of(tick.at) {
            let height = inside.bottom - part * inside.height();
            scene.line(vec![[inside.left, height], [inside.right, height]], 1.0, Color::FAINT);
        }
    }
}

fn axes(scene: &mut Scene, chart: &Chart, outer: Frame, inside: Frame, x: &Placed, y: &Placed) {
    let Frame { left, top, right, bottom } = inside;
    if chart.maps.is_empty() {
        scene.line(vec![[left, top], [left, bottom], [right, bottom]], 1.0, Color::GREY);
    } else {
        scene.outline(inside, 1.0, Color::GREY);
    }
    let (title_x, title_y) = (text::clean(&chart.x.title()), text::clean(&chart.y.title()));
    let upwards =
        chart.x.scale == super::axis::Scale::Names && x.ticks.iter().any(|tick| words_width(&tick.words) > 60.0);
    let mut free = f64::NEG_INFINITY;
    for tick in &x.ticks {
        let Some(part) = x.part_of(tick.at) else { continue };
        let across = left + part * inside.width();
        let words = shown(&tick.words);
        let half = if upwards { 0.5 * TICK } else { text::width(&words, TICK) / 2.0 };
        scene.line(vec![[across, bottom], [across, bottom + 4.0]], 1.0, Color::GREY);
        // Words that would touch those before them are left out.
        if across - half < free {
            continue;
        }
        free = across + half + if upwards { 1.0 } else { 8.0 };
        match upwards {
            true => scene.words_upwards_to([across, bottom + 7.0], &words, TICK, Color::INK),
            false => scene.words([across, bottom + 14.0], &words, TICK, Color::INK, Anchor::Middle),
        }
    }
    let mut free = f64::INFINITY;
    let mut ticks: Vec<(f64, &Tick)> =
        y.ticks.iter().filter_map(|tick| Some((bottom - y.part_of(tick.at)? * inside.height(), tick))).collect();
    ticks.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut widest = 0.0f64;
    for (height, tick) in ticks {
        scene.line(vec![[left - 4.0, height], [left, height]], 1.0, Color::GREY);
        if height + 0.5 * TICK > free {
            continue;
        }
        free = height - 0.5 * TICK - 1.0;
        let words = shown(&tick.words);
        widest = widest.max(text::width(&words, TICK));
        scene.words([left - 7.0, height], &words, TICK, Color::INK, Anchor::Right);
    }
    let below = bottom
        + if upwards {
            9.0 + x.ticks.iter().map(|tick| words_width(&tick.words)).fold(0.0, f64::max) + 12.0
        } else {
            34.0
        };
    // A name may be wider than its axis, but not than the panel.
    let middle = |size: f64| {
        ((left + right) / 2.0).clamp(outer.left + size / 2.0, (outer.right - size / 2.0).max(outer.left + size / 2.0))
    };
    let words = text::fit(&title_x, NAME, outer.width() - 4.0);
    if !words.is_empty() {
        scene.words([middle(text::width(&words, NAME)), below], &words, NAME, Color::INK, Anchor::Middle);
    }
    let words = text::fit(&title_y, NAME, outer.height() - 8.0);
    if !words.is_empty() {
        let half = text::width(&words, NAME) / 2.0;
        let height = ((top + bottom) / 2.0).clamp(outer.top + half, (outer.bottom - half).max(outer.top + half));
        scene.words_upwards([left - 7.0 - widest - 15.0, height], &words, NAME, Color::INK);
    }
}
