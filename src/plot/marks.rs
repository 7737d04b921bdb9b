//! Marks, dashes and arrows.

use super::color::Color;
use super::scene::{Place, Scene};
use super::series::{Dash, Mark};

/// Opacity of bands.
pub(super) const BAND: f64 = 0.22;

/// Lines longer than so many pixels are drawn without dashes: they would be a grey surface.
const LONGEST: f64 = 40_000.0;

pub(super) fn mark(scene: &mut Scene, at: Place, mark: Mark, color: Color, radius: f64) {
    let corner = |(x, y): (f64, f64)| [at[0] + x * radius, at[1] + y * radius];
    let corners = |corners: &[(f64, f64)]| corners.iter().map(|&place| corner(place)).collect::<Vec<_>>();
    match mark {
        Mark::Circle => scene.disc(at, radius, color),
        Mark::Triangle => scene.polygon(corners(&[(0.0, -1.25), (1.15, 0.85), (-1.15, 0.85)]), color, 1.0),
        Mark::Square => scene.polygon(corners(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]), color, 1.0),
        Mark::Diamond => scene.polygon(corners(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]), color, 1.0),
        Mark::Cross => {
            scene.line(corners(&[(-0.9, -0.9), (0.9, 0.9)]), 2.0, color);
            scene.line(corners(&[(-0.9, 0.9), (0.9, -0.9)]), 2.0, color);
        }
        Mark::Plus => {
            scene.line(corners(&[(-1.2, 0.0), (1.2, 0.0)]), 2.0, color);
            scene.line(corners(&[(0.0, -1.2), (0.0, 1.2)]), 2.0, color);
        }
    }
}

/// A line with a head, whose length shrinks with that of the line.
pub(super) fn arrow(scene: &mut Scene, from: Place, to: Place, width: f64, color: Color) {
    let (x, y) = (to[0] - from[0], to[1] - from[1]);
    let length = x.hypot(y);
    if length < 1.0 {
        return;
    }
    scene.line(vec![from, to], width, color);
    let head = (3.5 * width).min(0.6 * length);
    let (x, y) = (x / length * head, y / length * head);
    let side = |sign: f64| [to[0] - x + sign * 0.5 * y, to[1] - y - sign * 0.5 * x];
    scene.polygon(vec![to, side(1.0), side(-1.0)], color, 1.0);
}

/// A line with gaps.
pub(super) fn dashed(scene: &mut Scene, points: &[Place], width: f64, color: Color, dash: Dash) {
    let pattern = dash.pattern();
    let length: f64 = points.windows(2).map(|pair| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1])).sum();
    if pattern.is_empty() || length > LONGEST {
        scene.line(points.to_vec(), width, color);
        return;
    }
    // Strokes of thick lines have thick gaps.
    let stretch = (width / 2.0).max(1.0);
    let (mut index, mut left) = (0, pattern[0] * stretch);
    let mut piece: Vec<Place> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let rest = (to[0] - from[0]).hypot(to[1] - from[1]);
            if rest <= left {
                left -= rest;
                if index % 2 == 0 {
                    piece.push(to);
                }
                break;
            }
            let part = left / rest;
            from = [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])];
            if index % 2 == 0 {
                piece.push(from);
                scene.line(std::mem::take(&mut piece), width, color);
            } else {
                piece = vec![from];
            }
            index = (index + 1) % pattern.len();
            left = pattern[index] * stretch;
        }
    }
    scene.line(piece, width, color);
}
