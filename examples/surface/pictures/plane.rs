//! A plane in a frame, and what can be drawn on it.

use plotters::prelude::*;

use super::axis::Axis;
use super::theme::{
    self, Anchor, Area, Dash, Drawn, Frame, GREY, INK, Sign, UNITS, at, sign, stroke, text, text_upwards, text_width,
};

/// A plane whose axes have no scale but the linear one.
pub struct Plane<'a, 's> {
    area: &'a Area<'s>,
    /// In pixels.
    inside: Frame,
    x: Axis,
    y: Axis,
}

impl<'a, 's> Plane<'a, 's> {
    /// Draws box, ticks, names and title inside of `frame`.
    pub fn draw(area: &'a Area<'s>, frame: Frame, title: &str, x: Axis, y: Axis) -> Drawn<Plane<'a, 's>> {
        let inside =
            Frame { left: frame.left + 60, top: frame.top + 26, right: frame.right - 18, bottom: frame.bottom - 46 };
        let plane = Plane { area, inside, x, y };
        let corners = [(inside.left, inside.top), (inside.right, inside.bottom)].map(at);
        area.draw(&Rectangle::new(corners, stroke(GREY, 10)))?;
        for (position, words) in &plane.x.ticks {
            let place = plane.place([*position, plane.y.range().0]);
            theme::line(area, &[place, (place.0, place.1 + 5 * UNITS)], stroke(GREY, 10), Dash::Solid)?;
            text(area, (place.0 / UNITS, inside.bottom + 14), words, 12, INK, Anchor::Middle)?;
        }
        for (position, words) in &plane.y.ticks {
            let place = plane.place([plane.x.range().0, *position]);
            theme::line(area, &[place, (place.0 - 5 * UNITS, place.1)], stroke(GREY, 10), Dash::Solid)?;
            text(area, (inside.left - 9, place.1 / UNITS), words, 12, INK, Anchor::Right)?;
        }
        let (middle, center) = ((inside.left + inside.right) / 2, (inside.top + inside.bottom) / 2);
        text(area, (middle, inside.bottom + 33), &plane.x.name, 13, INK, Anchor::Middle)?;
        text_upwards(area, (frame.left + 8, center), &plane.y.name, 13, INK)?;
        text(area, (inside.left, frame.top + 12), title, 14, INK, Anchor::Left)?;
        Ok(plane)
    }

    /// A line through points.
    pub fn line(&self, points: &[[f64; 2]], color: RGBColor, tenths: i32, dash: Dash) -> Drawn {
        // Where it leaves the plane it is drawn anew when it comes back.
        for run in points.split(|point| !self.holds(*point)).filter(|run| run.len() > 1) {
            let mut places: Vec<(i32, i32)> = run.iter().map(|point| self.place(*point)).collect();
            places.dedup();
            theme::line(self.area, &places, stroke(color, tenths), dash)?;
        }
        Ok(())
    }

    /// A line with a head.
    pub fn arrow(&self, from: [f64; 2], to: [f64; 2], color: RGBColor) -> Drawn {
        let (from, to) = (self.place(from), self.place(to));
        theme::line(self.area, &[from, to], stroke(color, 13), Dash::Solid)?;
        let (x, y) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let size = x.hypot(y);
        let head = (4.5 * f64::from(UNITS)).min(0.6 * size);
        if size < f64::from(UNITS) {
            return Ok(());
        }
        let (x, y) = (x / size * head, y / size * head);
        let side = |sign: f64| (to.0 - (x + sign * 0.5 * y) as i32, to.1 - (y - sign * 0.5 * x) as i32);
        self.area.draw(&Polygon::new(vec![to, side(1.0), side(-1.0)], color.filled()))
    }

    /// A sign at a point.
    pub fn sign(&self, point: [f64; 2], color: RGBColor, shape: Sign) -> Drawn {
        sign(self.area, self.place(point), color, shape)
    }

    /// Words on white around a point.
    pub fn label(&self, point: [f64; 2], words: &str, color: RGBColor) -> Drawn {
        let place = self.place(point);
        let (x, y) = (place.0 / UNITS, place.1 / UNITS);
        let half = text_width(words, 11) / 2;
        let corners = [(x - half, y - 6), (x + half, y + 6)].map(at);
        self.area.draw(&Rectangle::new(corners, WHITE.filled()))?;
        text(self.area, (x, y), words, 11, color, Anchor::Middle)
    }

    /// Whether words at a point stay within the box and apart from other words.
    pub fn has_room(&self, point: [f64; 2], others: &[[f64; 2]]) -> bool {
        let (x, y) = self.place(point);
        let box_holds = x > (self.inside.left + 22) * UNITS
            && x < (self.inside.right - 22) * UNITS
            && y > (self.inside.top + 12) * UNITS
            && y < (self.inside.bottom - 12) * UNITS;
        let apart = |other: &[f64; 2]| {
            let (a, b) = self.place(*other);
            (a - x).abs() > 36 * UNITS || (b - y).abs() > 15 * UNITS
        };
        box_holds && others.iter().all(apart)
    }

    fn holds(&self, point: [f64; 2]) -> bool {
        let within = |axis: &Axis, x: f64| {
            let ((low, high), slack) = (axis.range(), 1e-9 * (axis.range().1 - axis.range().0));
            (low - slack..=high + slack).contains(&x)
        };
        within(&self.x, point[0]) && within(&self.y, point[1])
    }

    fn place(&self, point: [f64; 2]) -> (i32, i32) {
        let part = |axis: &Axis, x: f64| (x - axis.range().0) / (axis.range().1 - axis.range().0);
        let width = f64::from((self.inside.right - self.inside.left) * UNITS);
        let height = f64::from((self.inside.bottom - self.inside.top) * UNITS);
        (
            self.inside.left * UNITS + (part(&self.x, point[0]) * width).round() as i32,
            self.inside.bottom * UNITS - (part(&self.y, point[1]) * height).round() as i32,
        )
    }
}
