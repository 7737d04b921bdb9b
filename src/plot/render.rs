//! From a scene to the bytes of a file, through the backends of `plotters`.

use std::fmt::{Debug, Display};
use std::io::Write;

use plotters::prelude::{BitMapBackend, DrawingBackend, IntoFont, RGBColor, SVGBackend, ShapeStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, FontTransform, IntoTextStyle};

use super::color::Color;
use super::scene::{Anchor, Frame, Item, Place, Scene, Words};
use super::text;
use crate::error::{Error, Result};

/// Units of a vector picture in a pixel: the backend's coordinates are whole numbers, and curves in whole pixels look jagged.
const UNITS: f64 = 8.0;

/// Samples of a bitmap along each side of a pixel.
const SAMPLES: usize = 4;

/// Fonts of vector pictures; all are narrower than the one that texts are measured in.
const FONTS: &str = "Helvetica, Arial, DejaVu Sans, sans-serif";

fn style(color: Color, opacity: f64, width: f64) -> ShapeStyle {
    let RGB { color } = RGB { color: RGBColor(color.red, color.green, color.blue) };
    ShapeStyle { color: color.mix(opacity), filled: true, stroke_width: width.round().max(1.0) as u32 }
}

struct RGB {
    color: RGBColor,
}

/// A backend fails where it is a defect of the drawing itself: memory is all that it writes to.
fn drawn<E: Display + Debug>(result: std::result::Result<(), E>) -> Result<()> {
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

/// Rows of red, green and blue, `SAMPLES` times as fine along each side, averaged; the same on every machine.
pub(super) fn png(scene: &Scene) -> Result<Vec<u8>> {
    let (width, height) = (scene.width as usize, scene.height as usize);
    let mut fine = vec![255u8; width * height * SAMPLES * SAMPLES * 3];
    let size = (scene.width * SAMPLES as u32, scene.height * SAMPLES as u32);
    {
        let mut backend = BitMapBackend::with_buffer(&mut fine, size);
        for item in &scene.items {
            paint(&mut backend, item)?;
        }
        drawn(backend.present())?;
    }
    // A zero before each row: no filter.
    let mut rows = Vec::with_capacity(height * (3 * width + 1));
    let mut sums = vec![0u32; 3 * width];
    for row in fine.chunks_exact(width * SAMPLES * 3 * SAMPLES) {
        sums.fill(0);
        for line in row.chunks_exact(width * SAMPLES * 3) {
            for (pixel, samples) in line.chunks_exact(3 * SAMPLES).enumerate() {
                for (place, &value) in samples.iter().enumerate() {
                    sums[3 * pixel + place % 3] += u32::from(value);
                }
            }
        }
        let count = (SAMPLES * SAMPLES) as u32;
        rows.push(0);
        rows.extend(sums.iter().map(|sum| ((sum + count / 2) / count) as u8));
    }
    encode(scene.width, scene.height, &rows)
}

/// The file format: ISO/IEC 15948, 8 bits of three colours.
fn encode(width: u32, height: u32, rows: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    drawn(encoder.write_all(rows))?;
    let packed = encoder.finish().map_err(|error| Error::File {
        path: "(a picture in memory)".to_string(),
        operation: "compress",
        reason: error.to_string(),
    })?;
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8; 4], data: &[u8]| {
        file.extend((data.len() as u32).to_be_bytes());
        let mut sum = flate2::Crc::new();
        sum.update(kind);
        sum.update(data);
        file.extend(kind);
        file.extend(data);
        file.extend(sum.sum().to_be_bytes());
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes()[..], &[8, 2, 0, 0, 0]].concat();
    chunk(b"IHDR", &header);
    chunk(b"IDAT", &packed);
    chunk(b"IEND", &[]);
    Ok(file)
}

fn fine(place: Place) -> (i32, i32) {
    let scale = SAMPLES as f64;
    ((place[0] * scale).round() as i32, (place[1] * scale).round() as i32)
}

fn paint(backend: &mut BitMapBackend<'_>, item: &Item) -> Result<()> {
    match item {
        Item::Line { points, width, color } => stroke(backend, points, *width, *color),
        Item::Polygon { points, color, opacity } => fill(backend, points, *color, *opacity),
        Item::Rectangle { frame, color, opacity } => rectangle(backend, *frame, *color, *opacity),
        Item::Disc { center, radius, color } => disc(backend, *center, *radius, *color),
        Item::Words(words) => write(backend, words),
    }
}

fn rectangle(backend: &mut BitMapBackend<'_>, frame: Frame, color: Color, opacity: f64) -> Result<()> {
    let (low, high) = (fine([frame.left, frame.top]), fine([frame.right, frame.bottom]));
    // The backend includes both ends.
    let high = ((high.0 - 1).max(low.0), (high.1 - 1).max(low.1));
    drawn(backend.draw_rect(low, high, &style(color, opacity, 1.0), true))
}

fn disc(backend: &mut BitMapBackend<'_>, center: Place, radius: f64, color: Color) -> Result<()> {
    let (center, radius) = ([center[0] * SAMPLES as f64, center[1] * SAMPLES as f64], radius * SAMPLES as f64);
    let rows = (center[1] - radius).floor() as i32..=(center[1] + radius).ceil() as i32;
    let style = style(color, 1.0, 1.0);
    for row in rows {
        let off = f64::from(row) + 0.5 - center[1];
        let Some(half) = Some(radius * radius - off * off).filter(|square| *square > 0.0).map(f64::sqrt) else {
            continue;
        };
        let (from, to) = ((center[0] - half).round() as i32, (center[0] + half).round() as i32 - 1);
        if from <= to {
            drawn(backend.draw_rect((from, row), (to, row), &style, true))?;
        }
    }
    Ok(())
}

/// Fills by the even-odd rule, a row of samples after the other.
fn fill(backend: &mut BitMapBackend<'_>, points: &[Place], color: Color, opacity: f64) -> Result<()> {
    let scale = SAMPLES as f64;
    let corners: Vec<Place> = points.iter().map(|point| [point[0] * scale, point[1] * scale]).collect();
    let ends = |index: usize| (corners[index], corners[(index + 1) % corners.len()]);
    // Edges by the first row whose middle they cross.
    let mut edges: Vec<(i32, i32, Place, f64)> = (0..corners.len())
        .filter_map(|index| {
            let (a, b) = ends(index);
            let (upper, lower) = if a[1] <= b[1] { (a, b) } else { (b, a) };
            let (first, last) = ((upper[1] - 0.5).ceil() as i32, (lower[1] - 0.5).ceil() as i32 - 1);
            (first <= last).then(|| (first, last, upper, (lower[0] - upper[0]) / (lower[1] - upper[1])))
        })
        .collect();
    edges.sort_by_key(|edge| edge.0);
    let style = style(color, opacity, 1.0);
    let (mut next, mut active): (usize, Vec<usize>) = (0, Vec::new());
    let mut crossings = Vec::new();
    let Some(mut row) = edges.first().map(|edge| edge.0) else { return Ok(()) };
    while next < edges.len() || !active.is_empty() {
        while next < edges.len() && edges[next].0 <= row {
            active.push(next);
            next += 1;
        }
        crossings.clear();
        crossings.extend(active.iter().map(|&edge| {
            let (_, _, upper, slope) = edges[edge];
            upper[0] + slope * (f64::from(row) + 0.5 - upper[1])
        }));
        crossings.sort_by(f64::total_cmp);
        for pair in crossings.chunks_exact(2) {
            let (from, to) = (pair[0].round() as i32, pair[1].round() as i32 - 1);
            if from <= to {
                drawn(backend.draw_rect((from, row), (to, row), &style, true))?;
            }
        }
        row += 1;
        active.retain(|&edge| edges[edge].1 >= row);
        if active.is_empty() && next < edges.len() {
            row = row.max(edges[next].0);
        }
    }
    Ok(())
}

/// A line with round joints and ends: opaque, so that its pieces may overlap.
fn stroke(backend: &mut BitMapBackend<'_>, points: &[Place], width: f64, color: Color) -> Result<()> {
    let half = width / 2.0;
    for pair in points.windows(2) {
        let ([x, y], [to_x, to_y]) = (pair[0], pair[1]);
        let (dx, dy) = (to_x - x, to_y - y);
        let length = dx.hypot(dy);
        if length == 0.0 {
            continue;
        }
        let (nx, ny) = (-dy / length * half, dx / length * half);
        let corners = [[x + nx, y + ny], [to_x + nx, to_y + ny], [to_x - nx, to_y - ny], [x - nx, y - ny]];
        fill(backend, &corners, color, 1.0)?;
    }
    let inner = points.len().saturating_sub(1);
    if width > 1.2 {
        for &point in &points[1.min(inner)..inner] {
            disc(backend, point, half, color)?;
        }
    }
    Ok(())
}

fn write(backend: &mut BitMapBackend<'_>, words: &Words) -> Result<()> {
    let scale = SAMPLES as f64;
    let size = words.size * scale;
    let long = text::width(&words.words, size);
    let start = match words.anchor {
        Anchor::Left => 0.0,
        Anchor::Middle => -long / 2.0,
        Anchor::Right => -long,
    };
    let origin = [words.at[0] * scale, words.at[1] * scale];
    let color = RGBColor(words.color.red, words.color.green, words.color.blue);
    // The middle of small letters stands on the place.
    let shifts: &[f64] = if words.bold { &[0.0, 0.35, 0.7] } else { &[0.0] };
    for shift in shifts {
        for glyph in text::letters(&words.words, size, start + shift * scale, 0.36 * size) {
            let bounds = glyph.px_bounds();
            let mut result = Ok(());
            glyph.draw(|column, row, coverage| {
                // Coverage is that of a sample: more or less than half of it.
                if coverage < 0.5 || result.is_err() {
                    return;
                }
                let (x, y) = (f64::from(bounds.min.x) + f64::from(column), f64::from(bounds.min.y) + f64::from(row));
                let place = match words.upwards {
                    false => (origin[0] + x, origin[1] + y),
                    true => (origin[0] + y, origin[1] - x - 1.0),
                };
                let place = (place.0.round() as i32, place.1.round() as i32);
                result = drawn(backend.draw_pixel(place, color.to_backend_color()));
            });
            result?;
        }
    }
    Ok(())
}
