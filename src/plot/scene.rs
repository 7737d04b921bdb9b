//! What is drawn, in pixels of the finished picture, before a format is chosen.

use super::color::Color;

/// A place: pixels from the left and from the top.
pub(super) type Place = [f64; 2];

/// A rectangle of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Frame {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Whether a place lies within, or within so many pixels of it.
    pub(super) fn holds(&self, [x, y]: Place, slack: f64) -> bool {
        x >= self.left - slack && x <= self.right + slack && y >= self.top - slack && y <= self.bottom + slack
    }

    /// The part of a segment within (Liang & Barsky 1984).
    pub(super) fn clip(&self, from: Place, to: Place) -> Option<(Place, Place)> {
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        let way = [to[0] - from[0], to[1] - from[1]];
        let walls = [
            (-way[0], from[0] - self.left),
            (way[0], self.right - from[0]),
            (-way[1], from[1] - self.top),
            (way[1], self.bottom - from[1]),
        ];
        for (speed, room) in walls {
            if speed == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if speed < 0.0 {
                enter = enter.max(room / speed);
            } else {
                leave = leave.min(room / speed);
            }
        }
        let at = |part: f64| [from[0] + part * way[0], from[1] + part * way[1]];
        (enter <= leave)
            .then(|| (if enter == 0.0 { from } else { at(enter) }, if leave == 1.0 { to } else { at(leave) }))
    }
}

/// Where a text stands relative to its place; vertically the place is its middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Left,
    Middle,
    Right,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words {
    pub(super) at: Place,
    pub(super) words: String,
    pub(super) size: f64,
    pub(super) color: Color,
    pub(super) anchor: Anchor,
    /// From below to above.
    pub(super) upwards: bool,
    pub(super) bold: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    /// An open line.
    Line {
        points: Vec<Place>,
        width: f64,
        color: Color,
    },
    /// A filled shape of any number of corners.
    Polygon {
        points: Vec<Place>,
        color: Color,
        opacity: f64,
    },
    /// A filled rectangle.
    Rectangle {
        frame: Frame,
        color: Color,
        opacity: f64,
    },
    /// A filled circle.
    Disc {
        center: Place,
        radius: f64,
        color: Color,
    },
    Words(Words),
}

/// A picture of a size, as a list of what is drawn, from below to above.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scene {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) title: String,
    pub(super) items: Vec<Item>,
}

impl Scene {
    pub(super) fn line(&mut self, points: Vec<Place>, width: f64, color: Color) {
        if points.len() > 1 {
            self.items.push(Item::Line { points, width, color });
        }
    }

    pub(super) fn polygon(&mut self, points: Vec<Place>, color: Color, opacity: f64) {
        if points.len() > 2 {
            self.items.push(Item::Polygon { points, color, opacity });
        }
    }

    pub(super) fn rectangle(&mut self, frame: Frame, color: Color, opacity: f64) {
        self.items.push(Item::Rectangle { frame, color, opacity });
    }

    pub(super) fn disc(&mut self, center: Place, radius: f64, color: Color) {
        self.items.push(Item::Disc { center, radius, color });
    }

    pub(super) fn words(&mut self, at: Place, words: &str, size: f64, color: Color, anchor: Anchor) {
        let words = Words { at, words: words.to_string(), size, color, anchor, upwards: false, bold: false };
        self.items.push(Item::Words(words));
    }

    pub(super) fn words_upwards(&mut self, at: Place, words: &str, size: f64, color: Color) {
        let anchor = Anchor::Middle;
        let words = Words { at, words: words.to_string(), size, color, anchor, upwards: true, bold: false };
        self.items.push(Item::Words(words));
    }

    /// Words from below up to a place.
    pub(super) fn words_upwards_to(&mut self, at: Place, words: &str, size: f64, color: Color) {
        let anchor = Anchor::Right;
        let words = Words { at, words: words.to_string(), size, color, anchor, upwards: true, bold: false };
        self.items.push(Item::Words(words));
    }

    /// A frame without a filling.
    pub(super) fn outline(&mut self, frame: Frame, width: f64, color: Color) {
        let Frame { left, top, right, bottom } = frame;
        self.line(vec![[left, top], [right, top], [right, bottom], [left, bottom], [left, top]], width, color);
    }
}
