//! Maps between a pair of axes: cells, and surfaces with lines of equal value.

use super::axis::{LARGEST, Scale};
use super::bar::Colors;
use super::color::Color;
use super::layout::TICK;
use super::map::{MOST, Map};
use super::paint::Inside;
use super::scene::{Anchor, Frame, Place, Scene};
use super::series::Dash;
use super::style::Style;
use super::text;
use super::ticks;
use crate::error::{Error, Result};
use crate::landscape::contours;

/// The ends of a map along an axis, in coordinates of the scale.
pub(super) fn ends(map: &Map, scale: Scale, side: usize) -> Result<(f64, f64)> {
    let axis = if side == 0 { &map.x } else { &map.y };
    let edges = edges(axis, scale)?;
    match map.surface {
        Some(_) => Ok((scale.coordinate(axis[0]), scale.coordinate(axis[axis.len() - 1]))),
        None => Ok((edges[0], edges[edges.len() - 1])),
    }
}

/// The coordinates of a map along an axis; fails where one has no place on it.
pub(super) fn places(axis: &[f64], scale: Scale) -> Result<Vec<f64>> {
    let places: Vec<f64> = axis.iter().map(|&value| scale.coordinate(value)).collect();
    if let Some(index) = (0..axis.len()).find(|&index| !places[index].is_finite() || axis[index].abs() > LARGEST) {
        let limits = "must have a place on the axis: positive on a logarithmic one, and below 1e307 in size";
        return Err(Error::OutOfRange { what: "a coordinate of a map", value: axis[index], limits });
    }
    Ok(places)
}

/// Where cells end: half way to their neighbours, in coordinates of the scale.
fn edges(axis: &[f64], scale: Scale) -> Result<Vec<f64>> {
    let places = places(axis, scale)?;
    let between: Vec<f64> = places.windows(2).map(|pair| pair[0] / 2.0 + pair[1] / 2.0).collect();
    let (first, last) = (places[0], places[places.len() - 1]);
    let (low, high) = match between[..] {
        [] => (first - 0.5, last + 0.5),
        [.., end] => (2.0 * first - between[0], 2.0 * last - end),
    };
    Ok([&[low], &between[..], &[high]].concat())
}

pub(super) fn draw(scene: &mut Scene, map: &Map, colors: &Colors, inside: &Inside<'_>) {
    if map.surface.is_none() {
        cells(scene, map, colors, inside);
        return;
    }
    let values: Vec<Option<f64>> = map.values.iter().map(|value| value.filter(|value| colors.has(*value))).collect();
    let axis = |axis: &[f64], places: &dyn Fn(f64) -> Option<Place>, side: usize| -> Vec<f64> {
        axis.iter().map(|&value| places(value).map_or(f64::NAN, |place| place[side])).collect()
    };
    let x = axis(&map.x, &|x| inside.place(x, map.y[0]), 0);
    let y = axis(&map.y, &|y| inside.place(map.x[0], y), 1);
    if map.filled {
        filled(scene, &Mesh { x: &x, y: &y, values: &values, frame: inside.frame }, colors);
    }
    lines(scene, map, colors, inside, &values);
}

/// Cells, or means of blocks of them.
fn cells(scene: &mut Scene, map: &Map, colors: &Colors, inside: &Inside<'_>) {
    let (_, shown) = map.colors();
    let (columns, rows) = (map.x.len(), map.y.len());
    let block = |count: usize| count.div_ceil(MOST);
    let (wide, high) = (block(columns), block(rows));
    let across = |edges: Vec<f64>, low: &dyn Fn(f64) -> Option<f64>| -> Vec<f64> {
        edges.into_iter().map(|edge| low(edge).unwrap_or(f64::NAN).round()).collect()
    };
    let frame = inside.frame;
    let (Ok(x), Ok(y)) = (edges(&map.x, inside.x.scale), edges(&map.y, inside.y.scale)) else { return };
    let x = across(x, &|edge| Some(frame.left + inside.x.part_of(edge)? * frame.width()));
    let y = across(y, &|edge| Some(frame.bottom - inside.y.part_of(edge)? * frame.height()));
    // Neighbours of one colour are one rectangle.
    let mut run: Option<(Frame, Color)> = None;
    let mut words: Vec<(Frame, Color, Option<f64>, usize)> = Vec::new();
    for row in (0..rows).step_by(high) {
        for column in (0..columns).step_by(wide) {
            let (right, top) = ((column + wide).min(columns), (row + high).min(rows));
            let members = (row..top).flat_map(|j| (column..right).map(move |i| j * columns + i));
            let (mut sum, mut count) = (0.0, 0.0f64);
            for value in members.filter_map(|index| shown[index]).filter(|value| colors.has(*value)) {
                // The mean so far: a sum may leave the range.
                count += 1.0;
                sum += (value - sum) / count;
            }
            let color = if count > 0.0 { colors.color(sum) } else { Color::FAINT };
            let cell = Frame {
                left: x[column].max(frame.left),
                top: y[top].max(frame.top),
                right: x[right].min(frame.right),
                bottom: y[row].min(frame.bottom),
            };
            if cell.width() <= 0.0 || cell.height() <= 0.0 {
                continue;
            }
            match &mut run {
                Some((frame, own)) if *own == color && frame.right == cell.left && frame.top == cell.top => {
                    frame.right = cell.right;
                }
                _ => {
                    run.replace((cell, color))
                        .into_iter()
                        .for_each(|(frame, color)| scene.rectangle(frame, color, 1.0));
                }
            }
            if let Some(decimals) = map.decimals.filter(|_| wide * high == 1) {
                words.push((cell, color, map.values[row * columns + column], decimals));
            }
        }
    }
    run.into_iter().for_each(|(frame, color)| scene.rectangle(frame, color, 1.0));
    words.into_iter().for_each(|(cell, color, value, decimals)| written(scene, value, decimals, cell, color));
    if let Some(block) = map.block {
        divided(scene, block, &x, &y, frame);
    }
}

/// Lines between blocks of cells, given where cells end in pixels.
fn divided(scene: &mut Scene, block: usize, x: &[f64], y: &[f64], frame: Frame) {
    let inner = |edges: &[f64]| edges.iter().copied().step_by(block).skip(1).collect::<Vec<_>>();
    let color = Color::new(60, 60, 60);
    for across in inner(x).into_iter().filter(|x| *x > frame.left && *x < frame.right) {
        scene.line(vec![[across, frame.top], [across, frame.bottom]], 0.8, color);
    }
    for height in inner(y).into_iter().filter(|y| *y > frame.top && *y < frame.bottom) {
        scene.line(vec![[frame.left, height], [frame.right, height]], 0.8, color);
    }
}

fn written(scene: &mut Scene, value: Option<f64>, decimals: usize, cell: Frame, color: Color) {
    let words = value.map_or("\u{2013}".to_string(), |value| ticks::fixed(value, decimals));
    if text::width(&words, TICK) + 4.0 > cell.width() || TICK + 3.0 > cell.height() {
        return;
    }
    let ink = if color.lightness() < 0.5 { Color::WHITE } else { Color::INK };
    let middle = [(cell.left + cell.right) / 2.0, (cell.top + cell.bottom) / 2.0];
    scene.words(middle, &words, TICK, ink, Anchor::Middle);
}

/// A grid in pixels.
struct Mesh<'a> {
    x: &'a [f64],
    y: &'a [f64],
    values: &'a [Option<f64>],
    frame: Frame,
}

impl Mesh<'_> {
    fn value(&self, i: usize, j: usize) -> Option<f64> {
        self.values[j * self.x.len() + i]
    }

    /// The corners of a cell, around it; none if one is a hole, or the cell lies outside.
    fn corners(&self, i: usize, j: usize) -> Option<[(Place, f64); 4]> {
        let corner = |i: usize, j: usize| Some(([self.x[i], self.y[j]], self.value(i, j)?));
        Some([corner(i, j)?, corner(i + 1, j)?, corner(i + 1, j + 1)?, corner(i, j + 1)?])
    }

    /// The box of a run of cells, cut to the frame, and a little over the row below: seams would show at sizes that are not
    /// whole.
    fn run(&self, from: usize, to: usize, j: usize) -> Frame {
        let (a, b, c, d) = (self.x[from], self.x[to], self.y[j], self.y[j + 1]);
        let Frame { left, top, right, bottom } = self.frame;
        let side = |value: f64, low: f64, high: f64| value.clamp(low, high);
        Frame {
            left: side(a.min(b), left, right),
            top: side(c.min(d), top, bottom),
            right: side(a.max(b), left, right),
            bottom: side(c.max(d) + 0.7, top, bottom),
        }
    }
}

/// Steps of colour: what is at or above each level over what is at or above the one before.
fn filled(scene: &mut Scene, mesh: &Mesh<'_>, colors: &Colors) {
    let (columns, rows) = (mesh.x.len() - 1, mesh.y.len() - 1);
    scene.rectangle(mesh.frame, Color::FAINT, 1.0);
    let levels = std::iter::once(f64::NEG_INFINITY).chain(colors.levels.iter().copied());
    for (index, level) in levels.enumerate() {
        let color = if colors.levels.is_empty() { colors.palette.color(0.5) } else { colors.step(index) };
        for j in 0..rows {
            let mut from = None;
            for i in 0..=columns {
                let corners = if i < columns { mesh.corners(i, j) } else { None };
                let whole = corners.is_some_and(|corners| corners.iter().all(|corner| corner.1 >= level));
                match (whole, from) {
                    (true, None) => from = Some(i),
                    (false, Some(start)) => {
                        scene.rectangle(mesh.run(start, i, j), color, 1.0);
                        from = None;
                    }
                    _ => {}
                }
                let Some(corners) = corners.filter(|_| !whole) else { continue };
                for shape in above(&corners, level) {
                    let shape: Vec<Place> = cut(shape, mesh.frame);
                    if shape.len() > 2 {
                        scene.polygon(shape, color, 1.0);
                    }
                }
            }
        }
    }
}

/// The parts of a cell where its values, linear along its edges, are at or above a level.
fn above(corners: &[(Place, f64); 4], level: f64) -> Vec<Vec<Place>> {
    let high = corners.map(|corner| corner.1 >= level);
    let crossing = |from: (Place, f64), to: (Place, f64)| {
        // Halves: a difference may leave the range.
        let part = ((level / 2.0 - from.1 / 2.0) / (to.1 / 2.0 - from.1 / 2.0)).clamp(0.0, 1.0);
        [from.0[0] + part * (to.0[0] - from.0[0]), from.0[1] + part * (to.0[1] - from.0[1])]
    };
    let middle = corners.iter().map(|corner| corner.1 / 4.0).sum::<f64>() >= level;
    if high[0] == high[2] && high[1] == high[3] && high[0] != high[1] && !middle {
        // A saddle whose two high corners are apart.
        let apart = (0..4).filter(|&index| high[index]).map(|index| {
            let (corner, before, after) = (corners[index], corners[(index + 3) % 4], corners[(index + 1) % 4]);
            vec![crossing(before, corner), corner.0, crossing(corner, after)]
        });
        return apart.collect();
    }
    let mut shape = Vec::new();
    for index in 0..4 {
        let (from, to) = (corners[index], corners[(index + 1) % 4]);
        if high[index] {
            shape.push(from.0);
        }
        if high[index] != high[(index + 1) % 4] {
            shape.push(crossing(from, to));
        }
    }
    vec![shape]
}

/// The part of a convex shape within a frame (Sutherland & Hodgman 1974).
fn cut(mut shape: Vec<Place>, frame: Frame) -> Vec<Place> {
    if shape.iter().all(|&corner| frame.holds(corner, 0.0)) {
        return shape;
    }
    for (side, wall, sign) in
        [(0, frame.left, 1.0), (0, frame.right, -1.0), (1, frame.top, 1.0), (1, frame.bottom, -1.0)]
    {
        let within = |place: &Place| (place[side] - wall) * sign >= 0.0;
        let corners = std::mem::take(&mut shape);
        for index in 0..corners.len() {
            let (from, to) = (corners[index], corners[(index + 1) % corners.len()]);
            if within(&from) {
                shape.push(from);
            }
            if within(&from) != within(&to) {
                let part = (wall - from[side]) / (to[side] - from[side]);
                let mut place = [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])];
                place[side] = wall;
                shape.push(place);
            }
        }
    }
    shape
}

/// Lines of equal value, with what they are worth if no colours say it.
fn lines(scene: &mut Scene, map: &Map, colors: &Colors, inside: &Inside<'_>, values: &[Option<f64>]) {
    let Ok(found) = contours(&map.x, &map.y, values, &colors.levels) else { return };
    let mut taken: Vec<Frame> = Vec::new();
    let mut labels: Vec<(Place, String)> = Vec::new();
    for (index, level) in found.levels.iter().enumerate() {
        let color = match map.filled {
            true => colors.step(index + 1).towards(Color::INK, 0.45),
            false => Color::new(200, 200, 200)
                .towards(Color::new(90, 90, 90), (index as f64 + 0.5) / found.levels.len() as f64),
        };
        let style =
            Style { color, dash: Dash::Solid, mark: None, width: if map.filled { 0.8 } else { 1.2 }, radius: 0.0 };
        let mut longest: Vec<Place> = Vec::new();
        for line in &level.lines {
            let points = line.points.iter().chain(line.points.first().filter(|_| line.closed));
            let places: Vec<Place> = points.filter_map(|point| inside.place(point[0], point[1])).collect();
            inside.clipped(scene, &places, &style);
            if places.len() > longest.len() {
                longest = places;
            }
        }
        if map.filled || index % 2 == 0 || longest.len() < 8 {
            continue;
        }
        // The first vertex from the lowest on at which the words touch no others.
        let words = ticks::rounded(level.level, 4);
        let half = text::width(&words, TICK) / 2.0 + 2.0;
        let lowest = (0..longest.len()).max_by(|&a, &b| longest[a][1].total_cmp(&longest[b][1])).unwrap_or(0);
        let room = (0..longest.len()).map(|step| longest[(lowest + step) % longest.len()]).find_map(|[x, y]| {
            let frame = Frame { left: x - half, top: y - 8.0, right: x + half, bottom: y + 8.0 };
            let within = inside.frame.holds([frame.left, frame.top], -2.0)
                && inside.frame.holds([frame.right, frame.bottom], -2.0);
            let apart = |other: &Frame| {
                frame.left > other.right
                    || frame.right < other.left
                    || frame.top > other.bottom
                    || frame.bottom < other.top
            };
            (within && taken.iter().all(apart)).then_some((frame, [x, y]))
        });
        if let Some((frame, at)) = room {
            taken.push(frame);
            labels.push((at, words));
        }
    }
    for ((at, words), frame) in labels.iter().zip(&taken) {
        scene.rectangle(*frame, Color::WHITE, 0.85);
        scene.words(*at, words, TICK - 1.0, Color::INK, Anchor::Middle);
    }
}
