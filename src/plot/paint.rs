//! Series between a pair of axes.

use super::axis::Placed;
use super::color::Color;
use super::layout::{NAME, TICK};
use super::marks::{self, BAND};
use super::scene::{Anchor, Frame, Place, Scene};
use super::series::{Kind, Mark, Point, Series};
use super::style::Style;
use super::text;

/// More marks than these are drawn one for each square of `SQUARE` pixels.
const MARKS: usize = 5000;
const SQUARE: f64 = 3.0;

/// Error bars and labels beyond so many would cover each other.
const BARS: usize = 2000;
const LABELS: usize = 500;

/// What lies between the axes.
pub(super) struct Inside<'a> {
    pub(super) frame: Frame,
    pub(super) x: &'a Placed,
    pub(super) y: &'a Placed,
}

impl Inside<'_> {
    /// Where a point stands, in pixels: perhaps outside of the frame.
    pub(super) fn place(&self, x: f64, y: f64) -> Option<Place> {
        Some([self.across(x)?, self.height(y)?])
    }

    fn across(&self, x: f64) -> Option<f64> {
        Some(self.frame.left + self.x.part(x)? * self.frame.width())
    }

    fn height(&self, y: f64) -> Option<f64> {
        Some(self.frame.bottom - self.y.part(y)? * self.frame.height())
    }

    /// The height of an end of an interval: what lies below a logarithmic axis reaches its lower edge.
    fn end(&self, y: f64) -> Option<f64> {
        match self.height(y) {
            None if y.is_finite() => Some(self.frame.bottom),
            None if y == f64::NEG_INFINITY => Some(self.frame.bottom),
            None if y == f64::INFINITY => Some(self.frame.top),
            height => height,
        }
    }

    pub(super) fn series(&self, scene: &mut Scene, series: &Series, style: &Style) {
        match series.kind {
            // Bars and marks that would cover each other are a band, and marks with room between them.
            Kind::Line => {
                if self.is_crowded(&series.points) {
                    self.band(scene, &series.points, style.color);
                }
                self.line(scene, &series.points, style);
            }
            Kind::Banded => {
                self.band(scene, &series.points, style.color);
                self.line(scene, &series.points, style);
            }
            Kind::Band => self.band(scene, &series.points, style.color),
            Kind::Points => {}
            Kind::Stems(share) => self.stems(scene, series, share, style),
            Kind::Vertical => {
                for across in series.points.iter().filter_map(|point| self.across(point.x)) {
                    let ends = [[across, self.frame.bottom], [across, self.frame.top]];
                    self.clipped(scene, &ends, style);
                    if let Some(words) = series.labels.first().filter(|_| self.frame.holds(ends[1], 0.5)) {
                        self.beside(scene, [across + 5.0, self.frame.top + 9.0], words, style.color, Anchor::Left);
                    }
                }
            }
            Kind::Horizontal => {
                for height in series.points.iter().filter_map(|point| self.height(point.y)) {
                    let ends = [[self.frame.left, height], [self.frame.right, height]];
                    self.clipped(scene, &ends, style);
                    if let Some(words) = series.labels.first().filter(|_| self.frame.holds(ends[0], 0.5)) {
                        let below = height + 10.0 + 0.5 * TICK < self.frame.bottom;
                        let at = [self.frame.left + 6.0, if below { height + 10.0 } else { height - 10.0 }];
                        self.beside(scene, at, words, style.color, Anchor::Left);
                    }
                }
            }
            Kind::Arrows => {
                for point in &series.points {
                    let ends = (self.place(point.x, point.y), self.place(point.low, point.high));
                    if let (Some(from), Some(to)) = ends {
                        match self.frame.clip(from, to) {
                            Some((from, end)) if end == to => marks::arrow(scene, from, to, style.width, style.color),
                            // A head outside is not seen.
                            Some((from, end)) => scene.line(vec![from, end], style.width, style.color),
                            None => {}
                        }
                    }
                }
            }
        }
        let crowded = series.kind == Kind::Line && self.is_crowded(&series.points);
        if matches!(series.kind, Kind::Line | Kind::Points) && !crowded {
            self.bars(scene, &series.points, style);
        }
        if let Some(mark) = style.mark {
            match crowded {
                true => self.spread_marks(scene, &series.points, mark, style),
                false => self.marks(scene, &series.points, mark, style),
            }
        }
        if matches!(series.kind, Kind::Line | Kind::Points | Kind::Banded) {
            self.labels(scene, series, style.color);
        }
    }

    /// Longest runs of points that have a place.
    fn runs(&self, points: &[Point]) -> Vec<Vec<Place>> {
        let mut runs = vec![Vec::new()];
        for point in points {
            match self.place(point.x, point.y) {
                Some(place) => runs.last_mut().expect("never empty").push(place),
                None => runs.push(Vec::new()),
            }
        }
        runs
    }

    fn line(&self, scene: &mut Scene, points: &[Point], style: &Style) {
        for run in self.runs(points) {
            match run[..] {
                // A point between gaps would be lost.
                [place] if style.mark.is_none() && self.frame.holds(place, 0.5) => {
                    scene.disc(place, style.width, style.color)
                }
                _ => self.clipped(scene, &thinned(&run), style),
            }
        }
    }

    /// The pieces of a line that lie within the frame.
    pub(super) fn clipped(&self, scene: &mut Scene, points: &[Place], style: &Style) {
        let mut piece: Vec<Place> = Vec::new();
        for pair in points.windows(2) {
            let Some((from, to)) = self.frame.clip(pair[0], pair[1]) else { continue };
            if piece.last() != Some(&from) {
                marks::dashed(scene, &std::mem::take(&mut piece), style.width, style.color, style.dash);
                piece.push(from);
            }
            piece.push(to);
        }
        marks::dashed(scene, &piece, style.width, style.color, style.dash);
    }

    /// A band between ends, which break it where one is not a number.
    fn band(&self, scene: &mut Scene, points: &[Point], color: Color) {
        let mut ends: Vec<Option<(f64, f64, f64)>> = (points.iter())
            .map(|point| Some((self.across(point.x)?, self.end(point.low)?, self.end(point.high)?)))
            .collect();
        let x = |end: &Option<(f64, f64, f64)>| end.map_or(f64::NEG_INFINITY, |end| end.0);
        if points.iter().zip(points.iter().skip(1)).any(|(a, b)| a.x > b.x) {
            ends.retain(Option::is_some);
            ends.sort_by(|a, b| x(a).total_cmp(&x(b)));
        }
        for run in ends.split(Option::is_none) {
            let run: Vec<(f64, f64, f64)> = run.iter().copied().flatten().collect();
            let run = envelope(&run);
            // Cut at the sides, exactly, and at top and bottom by moving the ends there.
            let mut corners: Vec<(f64, f64, f64)> = Vec::new();
            for pair in run.windows(2) {
                let ((from, low, high), (to, next_low, next_high)) = (pair[0], pair[1]);
                let at = |across: f64| {
                    let part = if to > from { (across - from) / (to - from) } else { 0.0 };
                    (across, low + part * (next_low - low), high + part * (next_high - high))
                };
                if to < self.frame.left || from > self.frame.right {
                    continue;
                }
                corners.push(at(from.max(self.frame.left)));
                corners.push(at(to.min(self.frame.right)));
            }
            corners.dedup();
            let clamp = |height: f64| height.clamp(self.frame.top, self.frame.bottom);
            if run.len() == 1 && run[0].0 >= self.frame.left && run[0].0 <= self.frame.right {
                // One interval alone: a bar as wide as a line.
                let (across, low, high) = run[0];
                corners = vec![(across - 2.0, low, high), (across + 2.0, low, high)];
            }
            let upper = corners.iter().map(|&(across, _, high)| [across, clamp(high)]);
            let lower = corners.iter().rev().map(|&(across, low, _)| [across, clamp(low)]);
            scene.polygon(upper.chain(lower).collect(), color, BAND);
        }
    }

    fn stems(&self, scene: &mut Scene, series: &Series, share: f64, style: &Style) {
        let (foot, top) = (self.frame.bottom, self.frame.bottom - share * self.frame.height());
        // What falls on one half of a pixel is one stem.
        let mut seen = std::collections::BTreeSet::new();
        let mut stems: Vec<(f64, usize)> = (series.points.iter().enumerate())
            .filter_map(|(index, point)| Some((self.across(point.x)?, index)))
            .filter(|stem| self.frame.holds([stem.0, foot], 0.5))
            .filter(|stem| seen.insert((stem.0 * 2.0).round() as i64))
            .collect();
        stems.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut free = f64::INFINITY;
        for (across, index) in stems {
            scene.line(vec![[across, foot], [across, top]], style.width, style.color);
            scene.disc([across, top], 3.0, style.color);
            let Some(words) = series.labels.get(index).map(|words| text::clean(words)) else { continue };
            // From the right, as far as words do not touch.
            let half = text::width(&words, TICK) / 2.0;
            let middle = across.min(self.frame.right - half).max(self.frame.left + half);
            if middle + half + 4.0 < free {
                let back =
                    Frame { left: middle - half - 1.0, top: top - 17.0, right: middle + half + 1.0, bottom: top - 5.0 };
                scene.rectangle(back, Color::WHITE, 0.8);
                scene.words([middle, top - 11.0], &words, TICK, style.color, Anchor::Middle);
                free = middle - half;
            }
        }
    }

    fn bars(&self, scene: &mut Scene, points: &[Point], style: &Style) {
        let with_ends = points.iter().filter(|point| !(point.low.is_nan() || point.high.is_nan()));
        let every = 1 + with_ends.clone().count() / BARS;
        for point in with_ends.step_by(every) {
            let (Some(across), Some(low), Some(high)) =
                (self.across(point.x), self.end(point.low), self.end(point.high))
            else {
                continue;
            };
            let Some((from, to)) = self.frame.clip([across, low], [across, high]) else { continue };
            scene.line(vec![from, to], 1.3, style.color);
            for (end, shown) in [(low, from[1]), (high, to[1])] {
                // A bar that goes on beyond the frame has no cap.
                if end == shown {
                    scene.line(vec![[across - 3.0, shown], [across + 3.0, shown]], 1.3, style.color);
                }
            }
        }
    }

    /// Whether points of a line are closer than marks are wide.
    fn is_crowded(&self, points: &[Point]) -> bool {
        let places = points
            .iter()
            .filter_map(|point| self.across(point.x))
            .filter(|x| self.frame.holds([*x, self.frame.top], 0.5));
        places.count() as f64 > self.frame.width() / 9.0
    }

    /// Marks of a line that are at least so far from each other that each can be seen.
    fn spread_marks(&self, scene: &mut Scene, points: &[Point], mark: Mark, style: &Style) {
        let mut last: Option<Place> = None;
        for point in points {
            let Some(place) = self.place(point.x, point.y).filter(|place| self.frame.holds(*place, 0.5)) else {
                continue;
            };
            if last.is_none_or(|last| (place[0] - last[0]).hypot(place[1] - last[1]) > 28.0) {
                marks::mark(scene, place, mark, style.color, style.radius);
                last = Some(place);
            }
        }
    }

    fn marks(&self, scene: &mut Scene, points: &[Point], mark: Mark, style: &Style) {
        let places = points.iter().filter_map(|point| self.place(point.x, point.y));
        let places = places.filter(|place| self.frame.holds(*place, 0.5));
        if points.len() <= MARKS {
            places.for_each(|place| marks::mark(scene, place, mark, style.color, style.radius));
            return;
        }
        let square = |place: Place| place.map(|side| (side / SQUARE).floor() as i64);
        let held: std::collections::BTreeSet<[i64; 2]> = places.map(square).collect();
        for [x, y] in held {
            let (left, top) = (x as f64 * SQUARE, y as f64 * SQUARE);
            let frame = Frame {
                left: left.max(self.frame.left),
                top: top.max(self.frame.top),
                right: (left + SQUARE).min(self.frame.right),
                bottom: (top + SQUARE).min(self.frame.bottom),
            };
            scene.rectangle(frame, style.color, 1.0);
        }
    }

    /// Words beside points, where they touch no others and stay within the frame.
    fn labels(&self, scene: &mut Scene, series: &Series, color: Color) {
        let mut taken: Vec<Frame> = Vec::new();
        for (point, words) in series.points.iter().zip(&series.labels).take(LABELS) {
            let Some(at) = self.place(point.x, point.y).filter(|place| self.frame.holds(*place, 0.5)) else { continue };
            let words = text::clean(words);
            let width = text::width(&words, TICK);
            let sides = [(Anchor::Left, [at[0] + 8.0, at[1]], 0.0), (Anchor::Right, [at[0] - 8.0, at[1]], -width)];
            let above = [-12.0, 12.0].map(|up| (Anchor::Middle, [at[0], at[1] + up], -width / 2.0));
            let found = sides.into_iter().chain(above).find_map(|(anchor, place, start)| {
                let left = place[0] + start;
                let frame = Frame { left, top: place[1] - 7.0, right: left + width, bottom: place[1] + 7.0 };
                let corners = [[frame.left, frame.top], [frame.right, frame.bottom]];
                let apart = |other: &Frame| {
                    frame.left > other.right
                        || frame.right < other.left
                        || frame.top > other.bottom
                        || frame.bottom < other.top
                };
                (corners.iter().all(|&corner| self.frame.holds(corner, 0.0)) && taken.iter().all(apart))
                    .then_some((anchor, place, frame))
            });
            if let Some((anchor, place, frame)) = found {
                scene.words(place, &words, TICK, color, anchor);
                taken.push(frame);
            }
        }
    }

    /// Words on white.
    pub(super) fn beside(&self, scene: &mut Scene, at: Place, words: &str, color: Color, anchor: Anchor) {
        let words = text::fit(&text::clean(words), TICK, self.frame.width() - 12.0);
        let width = text::width(&words, TICK);
        let start = match anchor {
            Anchor::Left => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::Right => -width,
        };
        // Pushed in where it would leave the frame.
        let left = (at[0] + start).min(self.frame.right - width - 4.0).max(self.frame.left + 2.0);
        let back = Frame { left: left - 1.0, top: at[1] - 7.0, right: left + width + 1.0, bottom: at[1] + 7.0 };
        scene.rectangle(back, Color::WHITE, 0.85);
        scene.words([left, at[1]], &words, TICK, color, Anchor::Left);
    }

    /// Words in the upper right corner, one line below the other.
    pub(super) fn notes(&self, scene: &mut Scene, notes: &[String]) {
        for (index, words) in notes.iter().enumerate() {
            let words = text::fit(&text::clean(words), NAME, self.frame.width() - 16.0);
            let at = [self.frame.right - 7.0, self.frame.top + 12.0 + 18.0 * index as f64];
            if at[1] + 9.0 > self.frame.bottom {
                break;
            }
            let left = at[0] - text::width(&words, NAME);
            scene.rectangle(
                Frame { left: left - 3.0, top: at[1] - 9.0, right: at[0] + 3.0, bottom: at[1] + 9.0 },
                Color::WHITE,
                0.85,
            );
            scene.words(at, &words, NAME, Color::INK, Anchor::Right);
        }
    }
}

/// Of consecutive points within a column of pixels the first, the lowest, the highest and the last.
fn thinned(run: &[Place]) -> Vec<Place> {
    let mut kept: Vec<Place> = Vec::new();
    for column in run.chunk_by(|a, b| a[0].floor() == b[0].floor()) {
        if column.len() <= 4 {
            kept.extend(column);
            continue;
        }
        let by_height = |a: &(usize, &Place), b: &(usize, &Place)| a.1[1].total_cmp(&b.1[1]);
        let lowest = column.iter().enumerate().max_by(by_height).map_or(0, |found| found.0);
        let highest = column.iter().enumerate().min_by(by_height).map_or(0, |found| found.0);
        let mut places = [0, lowest, highest, column.len() - 1];
        places.sort_unstable();
        kept.extend(places.iter().map(|&place| column[place]));
    }
    kept.dedup();
    kept
}

/// Of intervals within a column of pixels the least that holds all.
fn envelope(run: &[(f64, f64, f64)]) -> Vec<(f64, f64, f64)> {
    let mut kept: Vec<(f64, f64, f64)> = Vec::new();
    for column in run.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        if column.len() <= 3 {
            kept.extend(column);
            continue;
        }
        // Heights grow downwards.
        let low = column.iter().map(|end| end.1).fold(f64::NEG_INFINITY, f64::max);
        let high = column.iter().map(|end| end.2).fold(f64::INFINITY, f64::min);
        let (first, last) = (column[0], column[column.len() - 1]);
        // The ends as they are, or the way from the columns beside would be wrong.
        kept.extend([first, (first.0, low, high), (last.0, low, high), last]);
    }
    kept
}
