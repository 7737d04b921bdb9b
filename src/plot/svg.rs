//! From a scene to an SVG document, through the backend of `plotters`.

use std::fmt::{Debug, Display};

use plotters::prelude::{DrawingBackend, IntoFont, RGBColor, SVGBackend, ShapeStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, FontTransform, IntoTextStyle};

use super::color::Color;
use super::scene::{Anchor, Item, Place, Scene};
use crate::error::{Error, Result};

/// Units of a vector picture in a pixel: the backend's coordinates are whole numbers, and curves in whole pixels look jagged.
const UNITS: f64 = 8.0;

/// Fonts of vector pictures; all are narrower than the one that texts are measured in.
const FONTS: &str = "Helvetica, Arial, DejaVu Sans, sans-serif";

pub(super) fn style(color: Color, opacity: f64, width: f64) -> ShapeStyle {
    let color = RGBColor(color.red, color.green, color.blue);
    ShapeStyle { color: color.mix(opacity), filled: true, stroke_width: width.round().max(1.0) as u32 }
}

/// A backend fails where it is a defect of the drawing itself: memory is all that it writes to.
pub(super) fn drawn<E: Display + Debug>(result: std::result::Result<(), E>) -> Result<()> {
    result.map_err(|error| Error::File {
        path: "(a picture in memory)".to_string(),
        operation: "draw",
        reason: error.to_string(),
    })
}

/// A document of its own, with the size in pixels and a title for readers who hear it.
pub(super) fn svg(scene: &Scene) -> Result<String> {
    let units = [scene.width, scene.height].map(|side| (f64::from(side) * UNITS) as u32);
    let mut document = String::new();
    let mut backend = SVGBackend::with_string(&mut document, (units[0], units[1]));
    let at = |place: Place| ((place[0] * UNITS).round() as i32, (place[1] * UNITS).round() as i32);
    drawn(backend.draw_rect((0, 0), (units[0] as i32, units[1] as i32), &style(Color::WHITE, 1.0, 1.0), true))?;
    for item in &scene.items {
        match item {
            Item::Line { points, width, color } => {
                let mut places: Vec<(i32, i32)> = points.iter().map(|&point| at(point)).collect();
                places.dedup();
                if places.len() > 1 {
                    drawn(backend.draw_path(places, &style(*color, 1.0, width * UNITS)))?;
                }
            }
            Item::Polygon { points, color, opacity } => {
                let mut places: Vec<(i32, i32)> = points.iter().map(|&point| at(point)).collect();
                places.dedup();
                drawn(backend.fill_polygon(places, &style(*color, *opacity, 1.0)))?;
            }
            Item::Rectangle { frame, color, opacity } => {
                let (low, high) = (at([frame.left, frame.top]), at([frame.right, frame.bottom]));
                drawn(backend.draw_rect(low, high, &style(*color, *opacity, 1.0), true))?;
            }
            Item::Disc { center, radius, color } => {
                drawn(backend.draw_circle(
                    at(*center),
                    (radius * UNITS).round() as u32,
                    &style(*color, 1.0, 1.0),
                    true,
                ))?;
            }
            Item::Words(words) => {
                let side = match words.anchor {
                    Anchor::Left => HPos::Left,
                    Anchor::Middle => HPos::Center,
                    Anchor::Right => HPos::Right,
                };
                // The backend divides sizes by 1.24.
                let mut font = (FONTS, words.size * UNITS * 1.24).into_font();
                if words.bold {
                    font = font.style(FontStyle::Bold);
                }
                if words.upwards {
                    font = font.transform(FontTransform::Rotate270);
                }
                let color = RGBColor(words.color.red, words.color.green, words.color.blue);
                let style = font.color(&color).into_text_style(&(1, 1)).pos(Pos::new(side, VPos::Center));
                drawn(backend.draw_text(&words.words, &style, at(words.at)))?;
            }
        }
    }
    drawn(backend.present())?;
    drop(backend);
    let given = format!("width=\"{}\" height=\"{}\"", units[0], units[1]);
    let shown = format!(
        "width=\"{}\" height=\"{}\" role=\"img\" stroke-linejoin=\"round\" stroke-linecap=\"round\"",
        scene.width, scene.height
    );
    let document = document.replacen(&given, &shown, 1);
    Ok(document.replacen(">\n", &format!(">\n<title>{}</title>\n", escaped(&scene.title)), 1))
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
