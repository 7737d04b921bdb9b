//! One look for all pictures: colours that colour-blind readers tell apart, fonts, title, legend, frame.

use std::io;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::series::DashedLineSeries;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// What drawing returns; the string behind it takes everything, so an error is a defect of the drawing itself.
pub type Drawn<Value = ()> = Result<Value, DrawingAreaErrorKind<io::Error>>;

/// The picture while it is drawn, addressed in units from its upper left corner.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Internal units in one pixel of the finished picture: the backend rounds coordinates to whole units, and curves
/// drawn in whole pixels look jagged.
pub const UNITS: i32 = 8;

/// Colours of Okabe and Ito (2008), which remain distinct under every common form of colour blindness.
pub const BLUE: RGBColor = RGBColor(0, 114, 178);
/// See [`BLUE`].
pub const VERMILLION: RGBColor = RGBColor(213, 94, 0);
/// See [`BLUE`].
pub const GREEN: RGBColor = RGBColor(0, 158, 115);
/// See [`BLUE`].
pub const ORANGE: RGBColor = RGBColor(230, 159, 0);
/// See [`BLUE`].
pub const SKY: RGBColor = RGBColor(86, 180, 233);
/// See [`BLUE`].
pub const PURPLE: RGBColor = RGBColor(204, 121, 167);
/// Text and axes.
pub const INK: RGBColor = RGBColor(34, 34, 34);
/// What stands back: references, subtitles.
pub const GREY: RGBColor = RGBColor(110, 110, 110);
/// Lines of the grid.
pub const FAINT: RGBColor = RGBColor(228, 228, 228);

/// Colours of a list whose members have no meaning of their own.
pub const SERIES: [RGBColor; 6] = [BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY];

/// Opacity of bands.
pub const BAND: f64 = 0.22;

/// How a line runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Dash {
    /// Without gaps.
    Solid,
    /// Long strokes.
    Dashed,
    /// Short strokes.
    Dotted,
}

/// Sign of a series of points; with the colour it makes a series recognisable twice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sign {
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
}

/// In the order of [`SERIES`].
pub const SIGNS: [Sign; 5] = [Sign::Circle, Sign::Triangle, Sign::Square, Sign::Diamond, Sign::Cross];

/// What a legend entry looks like.
#[derive(Debug, Clone, Copy)]
pub enum Look {
    /// A line.
    Line(RGBColor, Dash),
    /// A line with signs on it.
    Signed(RGBColor, Sign),
    /// A filled band.
    Band(RGBColor),
    /// A stem with a dot.
    Stem(RGBColor),
}

/// Title, one line of explanation and legend of a picture.
#[derive(Debug)]
pub struct Heading {
    /// What it shows.
    pub title: String,
    /// On what, and how to read it.
    pub subtitle: String,
    /// The looks and their names.
    pub legend: Vec<(Look, String)>,
}

/// A rectangle of the picture, in pixels.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Left edge.
    pub left: i32,
    /// Upper edge.
    pub top: i32,
    /// Right edge.
    pub right: i32,
    /// Lower edge.
    pub bottom: i32,
}

impl Frame {
    /// Columns with widths in proportion to `weights`.
    pub fn columns<const COUNT: usize>(self, weights: [i32; COUNT]) -> [Frame; COUNT] {
        let total: i32 = weights.iter().sum();
        let mut before = 0;
        weights.map(|weight| {
            let left = self.left + (self.right - self.left) * before / total;
            before += weight;
            Frame { left, right: self.left + (self.right - self.left) * before / total, ..self }
        })
    }

    /// The given one of `count` rows of equal height.
    pub fn row(self, index: usize, count: usize) -> Frame {
        let edge = |row: usize| self.top + (self.bottom - self.top) * row as i32 / count.max(1) as i32;
        Frame { top: edge(index), bottom: edge(index + 1), ..self }
    }
}

/// Where a text stands relative to its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Anchor {
    /// The place is the text's left end.
    Left,
    /// The place is its middle.
    Middle,
    /// The place is its right end.
    Right,
}

/// Draws a picture of so many pixels under its heading, on white.
pub fn figure(size: (i32, i32), heading: &Heading, draw: impl FnOnce(&Area, Frame) -> Drawn) -> Drawn<String> {
    let units = ((size.0 * UNITS) as u32, (size.1 * UNITS) as u32);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, units).into_drawing_area();
        root.fill(&WHITE)?;
        let title = font(20).style(FontStyle::Bold).color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
        root.draw(&Text::new(heading.title.clone(), at((22, 26)), title))?;
        text(&root, (22, 50), &heading.subtitle, 13, GREY, Anchor::Left)?;
        let rows = legend(&root, size.0, &heading.legend)?;
        draw(&root, Frame { left: 14, top: 66 + 22 * rows, right: size.0 - 18, bottom: size.1 - 8 })?;
        root.present()?;
    }
    let drawn = format!("width=\"{}\" height=\"{}\"", units.0, units.1);
    let shown = format!("width=\"{}\" height=\"{}\" role=\"img\"", size.0, size.1);
    Ok(svg.replacen(&drawn, &shown, 1))
}

/// Pixels as units.
pub fn at(pixels: (i32, i32)) -> (i32, i32) {
    (pixels.0 * UNITS, pixels.1 * UNITS)
}

/// A line's colour and width in tenths of a pixel.
pub fn stroke(color: impl Color, tenths: i32) -> ShapeStyle {
    color.stroke_width((tenths * UNITS / 10).max(1) as u32)
}

/// Writes at a place given in pixels; vertically the place is the text's middle.
pub fn text(area: &Area, place: (i32, i32), words: &str, size: i32, color: RGBColor, anchor: Anchor) -> Drawn {
    let side = match anchor {
        Anchor::Left => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::Right => HPos::Right,
    };
    area.draw(&Text::new(words.to_string(), at(place), font(size).color(&color).pos(Pos::new(side, VPos::Center))))
}

/// Writes from below to above, centred at a place given in pixels.
pub fn text_upwards(area: &Area, place: (i32, i32), words: &str, size: i32, color: RGBColor) -> Drawn {
    let upwards = font(size).transform(FontTransform::Rotate270);
    area.draw(&Text::new(words.to_string(), at(place), upwards.color(&color).pos(Pos::new(HPos::Center, VPos::Center))))
}

/// A font of so many pixels.
fn font(size: i32) -> FontDesc<'static> {
    // The backend divides sizes by 1.24.
    ("sans-serif", f64::from(size * UNITS) * 1.24).into_font()
}

/// Width of a text in pixels, on the safe side: the true one depends on the reader's fonts.
pub fn text_width(words: &str, size: i32) -> i32 {
    let hundredths = |letter: char| match letter {
        'i' | 'j' | 'l' | 'f' | 't' | 'r' | 'I' | ' ' | '.' | ',' | ':' | ';' | '-' | '/' | '(' | ')' => 38,
        'm' | 'w' | 'M' | 'W' | '\u{b1}' => 88,
        'A'..='Z' => 72,
        _ => 62,
    };
    words.chars().map(hundredths).sum::<i32>() * size / 100
}

/// Draws the legend in as many rows as it needs, and returns their number.
fn legend(root: &Area, width: i32, entries: &[(Look, String)]) -> Drawn<i32> {
    let (mut left, mut row) = (22, 0);
    for (look, name) in entries {
        let needed = 34 + text_width(name, 13) + 22;
        if left > 22 && left + needed > width {
            (left, row) = (22, row + 1);
        }
        let middle = 76 + 22 * row;
        sample(root, *look, (left, middle))?;
        text(root, (left + 34, middle), name, 13, INK, Anchor::Left)?;
        left += needed;
    }
    Ok(if entries.is_empty() { 0 } else { row + 1 })
}

fn sample(root: &Area, look: Look, (left, middle): (i32, i32)) -> Drawn {
    let ends = [at((left, middle)), at((left + 26, middle))];
    let center = (left + 13, middle);
    match look {
        Look::Line(color, dash) => line(root, &ends, stroke(color, 20), dash),
        Look::Signed(color, shape) => {
            line(root, &ends, stroke(color, 20), Dash::Solid)?;
            sign(root, at(center), color, shape)
        }
        Look::Band(color) => {
            let corners = [at((left, middle - 6)), at((left + 26, middle + 6))];
            root.draw(&Rectangle::new(corners, color.mix(BAND).filled()))
        }
        Look::Stem(color) => stem(root, at((center.0, middle - 5)), at((center.0, middle + 8)), color),
    }
}

/// A line through places given in units.
pub fn line(area: &Area, places: &[(i32, i32)], style: ShapeStyle, dash: Dash) -> Drawn {
    let (mark, gap) = match dash {
        Dash::Solid => return area.draw(&PathElement::new(places.to_vec(), style)),
        Dash::Dashed => (7 * UNITS, 4 * UNITS),
        Dash::Dotted => (2 * UNITS, 3 * UNITS),
    };
    for piece in DashedLineSeries::new(places.iter().copied(), mark as u32, gap as u32, style) {
        area.draw(&piece)?;
    }
    Ok(())
}

/// A stem with a dot on its top, between places given in units.
pub fn stem(area: &Area, top: (i32, i32), bottom: (i32, i32), color: RGBColor) -> Drawn {
    area.draw(&PathElement::new(vec![top, bottom], stroke(color, 14)))?;
    area.draw(&Circle::new(top, 3 * UNITS, color.filled()))
}

/// A sign at a place given in units.
pub fn sign(area: &Area, at: (i32, i32), color: RGBColor, shape: Sign) -> Drawn {
    let radius = 4 * UNITS;
    let corner = |x: f64, y: f64| (at.0 + (x * f64::from(radius)) as i32, at.1 + (y * f64::from(radius)) as i32);
    let filled = |corners: &[(f64, f64)]| {
        area.draw(&Polygon::new(corners.iter().map(|(x, y)| corner(*x, *y)).collect::<Vec<_>>(), color.filled()))
    };
    match shape {
        Sign::Circle => area.draw(&Circle::new(at, radius, color.filled())),
        Sign::Triangle => filled(&[(0.0, -1.2), (1.1, 0.9), (-1.1, 0.9)]),
        Sign::Square => filled(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        Sign::Diamond => filled(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
        Sign::Cross => area.draw(&Cross::new(at, radius, stroke(color, 20))),
    }
}
