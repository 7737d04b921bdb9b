//! A surface seen from above and aside.

use super::axis::{Axis, Placed};
use super::bar::Colors;
use super::color::Color;
use super::figure::{Figure, Panel};
use super::layout::{NAME, TICK};
use super::map::{Levels, Map};
use super::picture::Picture;
use super::scene::{Anchor, Frame, Place, Scene};
use super::surface;
use super::text;
use crate::error::{Error, Result};

/// Tiles beyond so many along an axis are left out evenly: they would be smaller than their edges.
const MOST: usize = 72;

/// A surface seen from above and aside: the values of a [`Map`] as heights and colours, drawn from the back to the front.
///
/// What stands in front hides what stands behind, so that it shows the shape, and a map of the same values beside it the
/// places.
/// Tiles with a corner that is a hole are left out. Grids of more than 72 cells along an axis are drawn with every
/// second, third...
/// point.
///
/// ```
/// use eigenscape::landscape::evenly;
/// use eigenscape::plot::{Axis, Map, Picture, Relief};
///
/// let axis = evenly(-1.0, 1.0, 21)?;
/// let values = axis.iter().flat_map(|y| axis.iter().map(move |x| Some(x * x - y * y))).collect();
/// let map = Map::cells("loss", &axis, &axis, values)?;
/// let relief = Relief::new(Axis::linear("first direction"), Axis::linear("second direction"), map).title("A saddle");
/// assert!(relief.svg()?.matches("<polygon").count() >= 400);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Relief {
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) map: Map,
    azimuth: f64,
    elevation: f64,
}

impl Relief {
    /// Seen from 30 degrees above, 35 degrees to the side.
    pub fn new(x: Axis, y: Axis, map: Map) -> Self {
        Relief { title: String::new(), x, y, map, azimuth: 35.0, elevation: 30.0 }
    }

    /// Sets the title.
    pub fn title(self, title: impl Into<String>) -> Self {
        Relief { title: title.into(), ..self }
    }

    /// Sets from where it is seen, in degrees: around, from 0, where y points away, to 90, where x does; and above, from
    /// 5 to 85.
    ///
    /// # Errors
    /// If an angle is outside.
    pub fn seen_from(self, around: f64, above: f64) -> Result<Self> {
        if !(0.0..=90.0).contains(&around) {
            let limits = "must be from 0 to 90 degrees: turn the axes for the other sides";
            return Err(Error::OutOfRange { what: "the angle around a relief", value: around, limits });
        }
        if !(5.0..=85.0).contains(&above) {
            let limits = "must be from 5 to 85 degrees: a map is seen from straight above";
            return Err(Error::OutOfRange { what: "the angle above a relief", value: above, limits });
        }
        Ok(Relief { azimuth: around, elevation: above, ..self })
    }

    pub(super) fn seen(&self) -> Result<Seen> {
        for axis in [&self.map.x, &self.map.y] {
            Error::at_least("the number of points of an axis of a relief", axis.len(), 2, "must be at least 2")?;
        }
        let colors = Colors::of(&self.map)?;
        let side = |axis: &Axis, values: &[f64]| {
            if axis.range.is_some() {
                return axis.over(std::iter::empty());
            }
            let places = surface::places(values, axis.scale)?;
            axis.between(places[0], places[places.len() - 1])
        };
        let (x, y) = (side(&self.x, &self.map.x)?, side(&self.y, &self.map.y)?);
        let height = match self.map.levels {
            Levels::Linear => Axis::linear(""),
            Levels::Logarithmic => Axis::logarithmic(""),
        };
        let z = match self.map.range {
            Some((low, high)) => height.range(low, high),
            None => height,
        };
        let z = z.over(self.map.values.iter().copied().flatten())?;
        Ok(Seen { x, y, z, colors })
    }
}

impl Picture for Relief {
    fn figure(&self) -> Result<Figure> {
        let mut relief = self.clone();
        let title = std::mem::take(&mut relief.title);
        Ok(Figure::new(title).size(800, 560).row([Panel::from(relief)]))
    }
}

/// A relief whose axes have their ranges.
pub(super) struct Seen {
    x: Placed,
    y: Placed,
    z: Placed,
    pub(super) colors: Colors,
}

/// From the unit cube to pixels.
struct Camera {
    /// Cosine and sine of the angles around and above.
    around: (f64, f64),
    above: (f64, f64),
    scale: f64,
    shift: Place,
}

/// The height of the cube over its sides.
const HEIGHT: f64 = 0.62;

impl Camera {
    /// How far away, and where on the screen, before it is scaled: y grows downwards.
    fn see(&self, [x, y, z]: [f64; 3]) -> (f64, Place) {
        let (x, y, z) = (x - 0.5, y - 0.5, (z - 0.5) * HEIGHT);
        let (cosine, sine) = self.around;
        let (across, away) = (x * cosine - y * sine, x * sine + y * cosine);
        (away, [across, -(z * self.above.0 + away * self.above.1)])
    }

    fn place(&self, point: [f64; 3]) -> Place {
        let (_, [x, y]) = self.see(point);
        [self.shift[0] + self.scale * x, self.shift[1] + self.scale * y]
    }

    /// Fits the cube with its ticks and names into a frame.
    fn new(relief: &Relief, frame: Frame) -> Self {
        let angle = |degrees: f64| (libm::cos(degrees.to_radians()), libm::sin(degrees.to_radians()));
        let mut camera =
            Camera { around: angle(relief.azimuth), above: angle(relief.elevation), scale: 1.0, shift: [0.0; 2] };
        let corners = (0..8).map(|corner| [corner & 1, corner >> 1 & 1, corner >> 2].map(f64::from));
        let seen: Vec<Place> = corners.map(|corner| camera.see(corner).1).collect();
        let side = |side: usize| {
            let ends = seen.iter().map(|place| place[side]);
            (ends.clone().fold(f64::INFINITY, f64::min), ends.fold(f64::NEG_INFINITY, f64::max))
        };
        let ((left, right), (top, bottom)) = (side(0), side(1));
        let room = Frame {
            left: frame.left + 62.0,
            right: frame.right - 62.0,
            top: frame.top + 2.0,
            bottom: frame.bottom - 48.0,
        };
        camera.scale = (room.width() / (right - left)).min(room.height() / (bottom - top)).max(1.0);
        camera.shift = [
            (room.left + room.right) / 2.0 - camera.scale * (left + right) / 2.0,
            (room.top + room.bottom) / 2.0 - camera.scale * (top + bottom) / 2.0,
        ];
        camera
    }
}

impl Seen {
    pub(super) fn draw(&self, scene: &mut Scene, relief: &Relief, frame: Frame) {
        let camera = Camera::new(relief, frame);
        self.walls(scene, &camera);
        self.tiles(scene, relief, &camera);
        self.names(scene, relief, &camera, frame);
    }

    /// Floor and the two walls behind, with lines at their ticks.
    fn walls(&self, scene: &mut Scene, camera: &Camera) {
        let mut line = |from: [f64; 3], to: [f64; 3], color: Color| {
            scene.line(vec![camera.place(from), camera.place(to)], 1.0, color);
        };
        let parts = |axis: &Placed| -> Vec<f64> {
            axis.ticks
                .iter()
                .filter_map(|tick| axis.part_of(tick.at))
                .filter(|part| (0.0..=1.0).contains(part))
                .collect()
        };
        for x in parts(&self.x) {
            line([x, 0.0, 0.0], [x, 1.0, 0.0], Color::FAINT);
            line([x, 1.0, 0.0], [x, 1.0, 1.0], Color::FAINT);
        }
        for y in parts(&self.y) {
            line([0.0, y, 0.0], [1.0, y, 0.0], Color::FAINT);
            line([1.0, y, 0.0], [1.0, y, 1.0], Color::FAINT);
        }
        for z in parts(&self.z) {
            line([0.0, 1.0, z], [1.0, 1.0, z], Color::FAINT);
            line([1.0, 0.0, z], [1.0, 1.0, z], Color::FAINT);
        }
        let grey = Color::new(190, 190, 190);
        for (from, to) in [
            ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
            ([0.0, 0.0, 0.0], [0.0, 1.0, 0.0]),
            ([1.0, 0.0, 0.0], [1.0, 1.0, 0.0]),
            ([0.0, 1.0, 0.0], [1.0, 1.0, 0.0]),
            ([0.0, 1.0, 0.0], [0.0, 1.0, 1.0]),
            ([1.0, 1.0, 0.0], [1.0, 1.0, 1.0]),
            ([1.0, 0.0, 0.0], [1.0, 0.0, 1.0]),
            ([0.0, 1.0, 1.0], [1.0, 1.0, 1.0]),
            ([1.0, 1.0, 1.0], [1.0, 0.0, 1.0]),
        ] {
            line(from, to, grey);
        }
    }

    fn tiles(&self, scene: &mut Scene, relief: &Relief, camera: &Camera) {
        let map = &relief.map;
        let (across, up) = (kept(map.x.len()), kept(map.y.len()));
        let corner = |i: usize, j: usize| -> Option<([f64; 3], f64)> {
            let value = map.values[j * map.x.len() + i]?;
            let point = [self.x.part(map.x[i])?, self.y.part(map.y[j])?, self.z.part(value)?.clamp(0.0, 1.0)];
            let inside = point[..2].iter().all(|part| (-1e-9..=1.0 + 1e-9).contains(part));
            inside.then(|| (point, self.colors.part(value)))
        };
        let mut tiles: Vec<(f64, [Place; 4], Color)> = Vec::new();
        for rows in up.windows(2) {
            for columns in across.windows(2) {
                let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(i, j)| corner(columns[i], rows[j]));
                let [Some(a), Some(b), Some(c), Some(d)] = corners else { continue };
                let points = [a.0, b.0, c.0, d.0];
                let part = [a.1, b.1, c.1, d.1].iter().sum::<f64>() / 4.0;
                let away = points.iter().map(|point| camera.see(*point).0).sum::<f64>();
                let color = shaded(self.colors.palette.color(part), points);
                tiles.push((away, points.map(|point| camera.place(point)), color));
            }
        }
        tiles.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (_, corners, color) in tiles {
            scene.polygon(corners.to_vec(), color, 1.0);
            let edge = [&corners[..], &corners[..1]].concat();
            scene.line(edge, 0.6, color.towards(Color::INK, 0.35));
        }
    }

    fn names(&self, scene: &mut Scene, relief: &Relief, camera: &Camera, frame: Frame) {
        let around = camera.around;
        // The names of the two sides in front, below them.
        let fit = |words: &str| text::fit(&text::clean(words), NAME, frame.width() / 2.0 - 4.0);
        let mut side = |axis: &Placed, title: String, on: &dyn Fn(f64, f64) -> [f64; 3], anchor: Anchor| {
            for tick in &axis.ticks {
                let Some(part) = axis.part_of(tick.at).filter(|part| (-1e-9..=1.0 + 1e-9).contains(part)) else {
                    continue;
                };
                let (at, words) = (camera.place(on(part, 0.0)), text::fit(&text::clean(&tick.words), TICK - 1.0, 58.0));
                let shift = if anchor == Anchor::Left { 5.0 } else { -5.0 };
                scene.words([at[0] + shift, at[1] + 9.0], &words, TICK - 1.0, Color::INK, anchor);
            }
            // Below the corner in front, which is lower than all ticks, to its own side.
            let (title, at, corner) = (fit(&title), camera.place(on(0.5, 0.0)), camera.place([0.0; 3]));
            let half = text::width(&title, NAME) / 2.0;
            let middle = if anchor == Anchor::Right {
                at[0].min(corner[0] - half - 6.0)
            } else {
                at[0].max(corner[0] + half + 6.0)
            };
            let middle = middle.clamp(frame.left + half, (frame.right - half).max(frame.left + half));
            scene.words([middle, (corner[1] + 30.0).min(frame.bottom - 4.0)], &title, NAME, Color::INK, Anchor::Middle);
        };
        // The front edges: that of x rises to the right, that of y to the left, unless seen from a side.
        let x_anchor = if around.1 > 0.02 { Anchor::Left } else { Anchor::Middle };
        side(&self.x, relief.x.title(), &|part, _| [part, 0.0, 0.0], x_anchor);
        side(&self.y, relief.y.title(), &|part, _| [0.0, part, 0.0], Anchor::Right);
        let mut free = f64::INFINITY;
        for tick in &self.z.ticks {
            let Some(part) = self.z.part_of(tick.at).filter(|part| (-1e-9..=1.0 + 1e-9).contains(part)) else {
                continue;
            };
            let at = camera.place([0.0, 1.0, part]);
            if at[1] + TICK / 2.0 < free {
                let words = text::fit(&text::clean(&tick.words), TICK - 1.0, 58.0);
                scene.words([at[0] - 6.0, at[1]], &words, TICK - 1.0, Color::INK, Anchor::Right);
                free = at[1] - TICK / 2.0;
            }
        }
    }
}

/// The points of an axis that are drawn, both ends among them.
fn kept(count: usize) -> Vec<usize> {
    let every = (count - 1).div_ceil(MOST);
    let mut kept: Vec<usize> = (0..count).step_by(every.max(1)).collect();
    if kept.last() != Some(&(count - 1)) {
        kept.push(count - 1);
    }
    kept
}

/// A colour in light from the upper left.
fn shaded(color: Color, [a, b, _, d]: [[f64; 3]; 4]) -> Color {
    let way = |to: [f64; 3]| [to[0] - a[0], to[1] - a[1], (to[2] - a[2]) * HEIGHT];
    let (u, v) = (way(b), way(d));
    let normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let length = normal.iter().map(|x| x * x).sum::<f64>().sqrt();
    if length == 0.0 {
        return color;
    }
    let light = (-0.45 * normal[0] - 0.25 * normal[1] + 0.86 * normal[2]) / length;
    if light < 0.86 {
        color.towards(Color::INK, (0.86 - light).min(0.9) * 0.4)
    } else {
        color.towards(Color::WHITE, (light - 0.86) * 1.2)
    }
}
