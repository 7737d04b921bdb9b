//! From a scene to a PNG file, through the bitmap backend of `plotters`.

use std::io::Write;

use plotters::prelude::{BitMapBackend, DrawingBackend, RGBColor};
use plotters::style::Color as _;

use super::color::Color;
use super::scene::{Anchor, Frame, Item, Place, Scene, Words};
use super::svg::{drawn, style};
use super::text;
use crate::error::{Error, Result};

/// Samples along each side of a pixel.
const SAMPLES: usize = 4;

/// Rows of pixels that are drawn at a time, so that memory does not grow with the height.
const STRIP: usize = 128;

/// Some rows of samples.
struct Canvas<'a> {
    backend: BitMapBackend<'a>,
    width: i32,
    /// The rows, of those of the whole picture.
    top: i32,
    bottom: i32,
}

/// The picture in rows of red, green and blue, `SAMPLES` times as fine along each side and then averaged.
pub(super) fn png(scene: &Scene) -> Result<Vec<u8>> {
    let (width, height) = (scene.width as usize, scene.height as usize);
    let extents: Vec<(f64, f64)> = scene.items.iter().map(extent).collect();
    // A zero before each row: no filter.
    let mut rows = Vec::with_capacity(height * (3 * width + 1));
    let mut fine = vec![255u8; width * STRIP.min(height) * SAMPLES * SAMPLES * 3];
    let mut sums = vec![0u32; 3 * width];
    for top in (0..height).step_by(STRIP) {
        let bottom = (top + STRIP).min(height);
        let samples = &mut fine[..width * (bottom - top) * SAMPLES * SAMPLES * 3];
        samples.fill(255);
        let size = ((width * SAMPLES) as u32, ((bottom - top) * SAMPLES) as u32);
        let mut canvas = Canvas {
            backend: BitMapBackend::with_buffer(samples, size),
            width: size.0 as i32,
            top: (top * SAMPLES) as i32,
            bottom: (bottom * SAMPLES) as i32,
        };
        for (item, extent) in scene.items.iter().zip(&extents) {
            if extent.0 <= bottom as f64 && extent.1 >= top as f64 {
                paint(&mut canvas, item)?;
            }
        }
        drawn(canvas.backend.present())?;
        drop(canvas);
        for row in samples.chunks_exact(width * SAMPLES * 3 * SAMPLES) {
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
    }
    encode(scene.width, scene.height, &rows)
}

/// From where to where an item reaches, downwards.
fn extent(item: &Item) -> (f64, f64) {
    let around = |points: &[Place], margin: f64| {
        let ends = points
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |ends, point| (ends.0.min(point[1]), ends.1.max(point[1])));
        (ends.0 - margin, ends.1 + margin)
    };
    match item {
        Item::Line { points, width, .. } => around(points, width + 1.0),
        Item::Polygon { points, .. } => around(points, 1.0),
        Item::Rectangle { frame, .. } => (frame.top - 1.0, frame.bottom + 1.0),
        Item::Disc { center, radius, .. } => (center[1] - radius - 1.0, center[1] + radius + 1.0),
        Item::Words(words) => {
            let reach = if words.upwards { text::width(&words.words, words.size) } else { 0.0 } + 2.0 * words.size;
            (words.at[1] - reach, words.at[1] + reach)
        }
    }
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

fn paint(canvas: &mut Canvas<'_>, item: &Item) -> Result<()> {
    match item {
        Item::Line { points, width, color } => stroke(canvas, points, *width, *color),
        Item::Polygon { points, color, opacity } => fill(canvas, points, *color, *opacity),
        Item::Rectangle { frame, color, opacity } => rectangle(canvas, *frame, *color, *opacity),
        Item::Disc { center, radius, color } => disc(canvas, *center, *radius, *color),
        Item::Words(words) => write(canvas, words),
    }
}

/// Samples `from..to` of a row.
fn span(canvas: &mut Canvas<'_>, row: i32, from: i32, to: i32, color: Color, opacity: f64) -> Result<()> {
    let (from, to) = (from.max(0), to.min(canvas.width));
    if from >= to || !(canvas.top..canvas.bottom).contains(&row) {
        return Ok(());
    }
    let row = row - canvas.top;
    let style = style(color, opacity, 1.0);
    if opacity >= 1.0 {
        // The backend leaves the last row and column out.
        return drawn(canvas.backend.draw_rect((from, row), (to, row + 1), &style, true));
    }
    (from..to).try_for_each(|at| drawn(canvas.backend.draw_pixel((at, row), style.color.to_backend_color())))
}

fn rectangle(canvas: &mut Canvas<'_>, frame: Frame, color: Color, opacity: f64) -> Result<()> {
    let (low, high) = (fine([frame.left, frame.top]), fine([frame.right, frame.bottom]));
    (low.1.max(canvas.top)..high.1.min(canvas.bottom))
        .try_for_each(|row| span(canvas, row, low.0, high.0, color, opacity))
}

fn disc(canvas: &mut Canvas<'_>, center: Place, radius: f64, color: Color) -> Result<()> {
    let (center, radius) = ([center[0] * SAMPLES as f64, center[1] * SAMPLES as f64], radius * SAMPLES as f64);
    let rows = (center[1] - radius).floor() as i32..=(center[1] + radius).ceil() as i32;
    for row in rows {
        let off = f64::from(row) + 0.5 - center[1];
        let Some(half) = Some(radius * radius - off * off).filter(|square| *square > 0.0).map(f64::sqrt) else {
            continue;
        };
        span(canvas, row, (center[0] - half).round() as i32, (center[0] + half).round() as i32, color, 1.0)?;
    }
    Ok(())
}

/// Fills by the even-odd rule, a row of samples after the other.
fn fill(canvas: &mut Canvas<'_>, points: &[Place], color: Color, opacity: f64) -> Result<()> {
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
    let (mut next, mut active): (usize, Vec<usize>) = (0, Vec::new());
    let mut crossings = Vec::new();
    let Some(mut row) = edges.first().map(|edge| edge.0.max(canvas.top)) else { return Ok(()) };
    while (next < edges.len() || !active.is_empty()) && row < canvas.bottom {
        while next < edges.len() && edges[next].0 <= row {
            if edges[next].1 >= row {
                active.push(next);
            }
            next += 1;
        }
        crossings.clear();
        crossings.extend(active.iter().map(|&edge| {
            let (_, _, upper, slope) = edges[edge];
            upper[0] + slope * (f64::from(row) + 0.5 - upper[1])
        }));
        crossings.sort_by(f64::total_cmp);
        for pair in crossings.chunks_exact(2) {
            span(canvas, row, pair[0].round() as i32, pair[1].round() as i32, color, opacity)?;
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
fn stroke(canvas: &mut Canvas<'_>, points: &[Place], width: f64, color: Color) -> Result<()> {
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
        fill(canvas, &corners, color, 1.0)?;
    }
    let inner = points.len().saturating_sub(1);
    if width > 1.2 {
        for &point in &points[1.min(inner)..inner] {
            disc(canvas, point, half, color)?;
        }
    }
    Ok(())
}

fn write(canvas: &mut Canvas<'_>, words: &Words) -> Result<()> {
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
    let shifts: &[f64] = if words.bold { &[0.0, 0.25, 0.5] } else { &[0.0] };
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
                let place = (place.0.round() as i32, place.1.round() as i32 - canvas.top);
                result = drawn(canvas.backend.draw_pixel(place, color.to_backend_color()));
            });
            result?;
        }
    }
    Ok(())
}
