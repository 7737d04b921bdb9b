//! A pair of axes in a frame, and what can be drawn between them.

use plotters::prelude::*;

use super::axis::Axis;
use super::theme::{
    Anchor, Area, BAND, Dash, Drawn, FAINT, Frame, GREY, INK, Sign, UNITS, at, line, sign, stem, stroke, text,
    text_upwards, text_width,
};
use crate::report::decimal;

/// A pair of axes.
pub struct Panel<'a, 's> {
    area: &'a Area<'s>,
    /// Between the axes, in pixels.
    inside: Frame,
    x: Axis,
    y: Axis,
}

impl<'a, 's> Panel<'a, 's> {
    /// Draws grid, ticks, names and title inside of `frame`.
    pub fn draw(area: &'a Area<'s>, frame: Frame, title: &str, x: Axis, y: Axis) -> Drawn<Panel<'a, 's>> {
        let head = if title.is_empty() { 10 } else { 26 };
        let foot = if x.name.is_empty() { 22 } else { 42 };
        let side = if y.name.is_empty() { 16 } else { 60 };
        let inside = Frame {
            left: frame.left + side,
            top: frame.top + head,
            right: frame.right - 14,
            bottom: frame.bottom - foot,
        };
        let panel = Panel { area, inside, x, y };
        let (middle, center) = ((inside.left + inside.right) / 2, (inside.top + inside.bottom) / 2);
        for (position, words) in &panel.y.ticks {
            let height = panel.height(*position);
            let ends = [(inside.left * UNITS, height), (inside.right * UNITS, height)];
            line(area, &ends, stroke(FAINT, 10), Dash::Solid)?;
            // Panels side by side share the axis of the leftmost.
            if !panel.y.name.is_empty() {
                text(area, (inside.left - 7, height / UNITS), words, 12, INK, Anchor::Right)?;
            }
        }
        for (position, words) in &panel.x.ticks {
            let across = panel.across(*position);
            let ends = [(across, inside.bottom * UNITS), (across, (inside.bottom + 5) * UNITS)];
            line(area, &ends, stroke(GREY, 10), Dash::Solid)?;
            text(area, (across / UNITS, inside.bottom + 14), words, 12, INK, Anchor::Middle)?;
        }
        let corners = [(inside.left, inside.top), (inside.left, inside.bottom), (inside.right, inside.bottom)];
        line(area, &corners.map(|(x, y)| (x * UNITS, y * UNITS)), stroke(GREY, 10), Dash::Solid)?;
        text(area, (middle, inside.bottom + 33), &panel.x.name, 13, INK, Anchor::Middle)?;
        text_upwards(area, (frame.left + 8, center), &panel.y.name, 13, INK)?;
        text(area, (inside.left, frame.top + 12), title, 14, INK, Anchor::Left)?;
        Ok(panel)
    }

    /// A line; breaks where a point is not a number or not on the horizontal axis.
    pub fn line(&self, points: &[(f64, f64)], color: RGBColor, tenths: i32, dash: Dash) -> Drawn {
        self.pieces(points, |run| {
            let mut places: Vec<(i32, i32)> = run.iter().filter_map(|point| self.place(point.0, point.1)).collect();
            places.dedup();
            line(self.area, &places, stroke(color, tenths), dash)
        })
    }

    /// A filled band between the second and the third number of each point.
    pub fn band(&self, points: &[(f64, f64, f64)], color: RGBColor) -> Drawn {
        self.pieces(points, |run| {
            let upper = run.iter().filter_map(|point| self.place(point.0, point.2));
            let lower = run.iter().rev().filter_map(|point| self.place(point.0, point.1));
            let mut corners: Vec<(i32, i32)> = upper.chain(lower).collect();
            corners.dedup();
            self.area.draw(&Polygon::new(corners, color.mix(BAND)))
        })
    }

    /// A sign at each point that is on the axes.
    pub fn signs(&self, points: &[(f64, f64)], color: RGBColor, shape: Sign) -> Drawn {
        for (x, y) in points.iter().filter(|point| self.x.holds(point.0)) {
            if let Some(place) = self.place(*x, *y) {
                sign(self.area, place, color, shape)?;
            }
        }
        Ok(())
    }

    /// A vertical error bar.
    pub fn bar(&self, x: f64, low: f64, high: f64, color: RGBColor) -> Drawn {
        match (self.place(x, low), self.place(x, high)) {
            (Some(low), Some(high)) if self.x.holds(x) => line(self.area, &[low, high], stroke(color, 12), Dash::Solid),
            _ => Ok(()),
        }
    }

    /// Stems with dots, from the lower axis up to a part of the panel's height; with their values above them, as far as
    /// these do not touch.
    pub fn stems(&self, values: &[f64], part: f64, color: RGBColor, named: bool) -> Drawn {
        let foot = self.inside.bottom * UNITS;
        let top = foot - (part * f64::from((self.inside.bottom - self.inside.top) * UNITS)) as i32;
        let mut free = i32::MAX;
        for value in values.iter().filter(|value| self.x.holds(**value)) {
            let Some(across) = self.x.place(*value).map(|position| self.across(position)) else { continue };
            stem(self.area, (across, top), (across, foot), color)?;
            let name = decimal(*value, 2);
            let half = text_width(&name, 11) / 2;
            if named && across / UNITS + half < free {
                text(self.area, (across / UNITS, top / UNITS - 11), &name, 11, color, Anchor::Middle)?;
                free = across / UNITS - half;
            }
        }
        Ok(())
    }

    /// A line from the lower to the upper edge.
    pub fn vertical(&self, x: f64, color: RGBColor, dash: Dash) -> Drawn {
        let Some(position) = self.x.place(x).filter(|_| self.x.holds(x)) else { return Ok(()) };
        let across = self.across(position);
        let ends = [(across, self.inside.bottom * UNITS), (across, self.inside.top * UNITS)];
        line(self.area, &ends, stroke(color, 14), dash)
    }

    /// A line from the left to the right edge.
    pub fn horizontal(&self, y: f64, color: RGBColor, dash: Dash) -> Drawn {
        let Some(position) = self.y.place(y).filter(|_| self.y.holds(y)) else { return Ok(()) };
        let height = self.height(position);
        let ends = [(self.inside.left * UNITS, height), (self.inside.right * UNITS, height)];
        line(self.area, &ends, stroke(color, 14), dash)
    }

    /// Words in the upper right corner, one line below the other.
    pub fn corner(&self, lines: &[String]) -> Drawn {
        for (index, words) in lines.iter().enumerate() {
            let place = (self.inside.right - 6, self.inside.top + 12 + 18 * index as i32);
            let corners = [(place.0 - text_width(words, 13), place.1 - 9), (place.0 + 3, place.1 + 9)];
            self.area.draw(&Rectangle::new(corners.map(at), WHITE.filled()))?;
            text(self.area, place, words, 13, INK, Anchor::Right)?;
        }
        Ok(())
    }

    /// Words at the left edge, below a height.
    pub fn below(&self, y: f64, words: &str, color: RGBColor) -> Drawn {
        match self.y.place(y).filter(|_| self.y.holds(y)) {
            Some(position) => {
                let place = (self.inside.left + 6, self.height(position) / UNITS + 11);
                text(self.area, place, words, 12, color, Anchor::Left)
            }
            None => Ok(()),
        }
    }

    /// Calls `draw` with every longest run of points that have numbers and lie on the horizontal axis.
    fn pieces<Point: Numbers>(&self, points: &[Point], mut draw: impl FnMut(&[Point]) -> Drawn) -> Drawn {
        for run in points.split(|point| !point.finite() || !self.x.holds(point.x())) {
            if run.len() > 1 {
                draw(run)?;
            }
        }
        Ok(())
    }

    fn place(&self, x: f64, y: f64) -> Option<(i32, i32)> {
        Some((self.across(self.x.place(x)?), self.height(self.y.place(y)?)))
    }

    fn across(&self, position: f64) -> i32 {
        let (low, high) = self.x.range();
        let width = f64::from((self.inside.right - self.inside.left) * UNITS);
        self.inside.left * UNITS + ((position - low) / (high - low) * width).round() as i32
    }

    fn height(&self, position: f64) -> i32 {
        let (low, high) = self.y.range();
        let height = f64::from((self.inside.bottom - self.inside.top) * UNITS);
        self.inside.bottom * UNITS - ((position - low) / (high - low) * height).round() as i32
    }
}

/// What a line or a band goes through.
trait Numbers {
    fn x(&self) -> f64;
    fn finite(&self) -> bool;
}

impl Numbers for (f64, f64) {
    fn x(&self) -> f64 {
        self.0
    }

    fn finite(&self) -> bool {
        self.0.is_finite() && self.1.is_finite()
    }
}

impl Numbers for (f64, f64, f64) {
    fn x(&self) -> f64 {
        self.0
    }

    fn finite(&self) -> bool {
        self.0.is_finite() && self.1.is_finite() && self.2.is_finite()
    }
}
