//! Lines and planes in the space of parameters, with coordinates.

use crate::error::{Error, Result};
use crate::krylov::length;
use crate::linalg::dot;
use crate::scalar::Scalar;

/// An origin with one direction or two: a line or a plane in the space of parameters, with coordinates.
///
/// ```text
///     theta(c) = origin + sum_i c_i d_i,    c in R^1 or R^2,    origin, d_i in R^P
/// ```
///
/// Directions are taken as they are, of any length and angle: c = 1 is one direction on. It holds all that is needed to draw a slice
/// again, and to place other points on it: with the feature `serde` it is saved beside the values. Memory: two vectors or three.
///
/// ```
/// use eigenscape::landscape::SliceFrame;
///
/// let plane = SliceFrame::plane(&[0.0, 0.0, 1.0], &[2.0, 0.0, 0.0], &[1.0, 1.0, 0.0])?;
/// let mut theta = [0.0; 3];
/// plane.at(&[0.5, 2.0], &mut theta);
/// assert_eq!(theta, [3.0, 2.0, 1.0]);
/// // Where a point stands, and how far off the plane.
/// let (coordinates, distance) = plane.coordinates(&[3.0, 2.0, 5.0])?;
/// assert!((coordinates[0] - 0.5).abs() < 1e-15 && (coordinates[1] - 2.0).abs() < 1e-15 && distance == 4.0);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::SliceFrame<T>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
pub struct SliceFrame<T> {
    origin: Vec<T>,
    directions: Vec<Vec<T>>,
    /// <d_i, d_j>, row by row.
    #[cfg_attr(feature = "serde", serde(skip))]
    gram: Vec<f64>,
}

impl<T: Scalar> SliceFrame<T> {
    /// The line through an origin along a direction.
    ///
    /// # Errors
    /// If lengths differ, a number is not finite, or the direction is zero or so short or long that its square is out of the range of `f64`.
    pub fn line(origin: &[T], direction: &[T]) -> Result<Self> {
        SliceFrame::new(origin.to_vec(), vec![direction.to_vec()])
    }

    /// The plane through an origin along two directions.
    ///
    /// # Errors
    /// As [`SliceFrame::line`] for each direction, or if the two are parallel but for rounding.
    pub fn plane(origin: &[T], first: &[T], second: &[T]) -> Result<Self> {
        SliceFrame::new(origin.to_vec(), vec![first.to_vec(), second.to_vec()])
    }

    /// The line from a point, at 0, to another, at 1.
    ///
    /// # Errors
    /// As [`SliceFrame::line`]; two equal points have no line.
    pub fn between(from: &[T], to: &[T]) -> Result<Self> {
        Error::length("the end of a line", to.len(), from.len())?;
        SliceFrame::new(from.to_vec(), vec![difference(to, from)])
    }

    /// The plane through three points, at (0, 0), (1, 0) and (0, 1).
    ///
    /// # Errors
    /// As [`SliceFrame::plane`]; three points on a line have no plane.
    pub fn through(origin: &[T], first: &[T], second: &[T]) -> Result<Self> {
        Error::length("the second point of a plane", first.len(), origin.len())?;
        Error::length("the third point of a plane", second.len(), origin.len())?;
        SliceFrame::new(origin.to_vec(), vec![difference(first, origin), difference(second, origin)])
    }

    fn new(origin: Vec<T>, directions: Vec<Vec<T>>) -> Result<Self> {
        Error::finite("the origin of a slice", &origin, "give a finite origin")?;
        Error::at_least("the number of directions of a slice", directions.len(), 1, "must be 1 or 2")?;
        if directions.len() > 2 {
            let because = "slices are lines and planes";
            let what = "the number of directions of a slice";
            return Err(Error::AboveLimit { what, value: directions.len(), limit: 2, because });
        }
        for direction in &directions {
            Error::length("a direction of a slice", direction.len(), origin.len())?;
            Error::finite("a direction of a slice", direction, "give finite directions")?;
            Error::positive("the length of a direction of a slice", length(direction))?;
        }
        let gram: Vec<f64> = directions.iter().flat_map(|a| directions.iter().map(|b| dot(a, b))).collect();
        for &square in gram.iter().step_by(directions.len() + 1) {
            if !square.is_normal() {
                let limits = "must be within the range of f64: scale the direction, and coordinates the other way";
                return Err(Error::OutOfRange { what: "the squared length of a direction", value: square, limits });
            }
        }
        if let [aa, ab, _, bb] = gram[..] {
            // The squared sine of their angle, of which rounding leaves some EPSILON of parallel ones.
            let sine = 1.0 - (ab / aa) * (ab / bb);
            if sine.is_nan() || sine <= 64.0 * T::EPSILON.f64() {
                let (what, limits) = (
                    "the squared sine of the angle of a plane's directions",
                    "must be above 64 EPSILON: parallel directions span a line, so take another one",
                );
                return Err(Error::OutOfRange { what, value: sine.max(0.0), limits });
            }
        }
        Ok(SliceFrame { origin, directions, gram })
    }

    /// The number of parameters, P.
    pub fn dim(&self) -> usize {
        self.origin.len()
    }

    /// The number of coordinates, 1 or 2.
    pub fn axes(&self) -> usize {
        self.directions.len()
    }

    /// The point with coordinates 0.
    pub fn origin(&self) -> &[T] {
        &self.origin
    }

    /// The direction of a coordinate.
    ///
    /// # Panics
    /// If there is no such coordinate.
    #[track_caller]
    pub fn direction(&self, axis: usize) -> &[T] {
        &self.directions[axis]
    }

    /// Overwrites theta with the point at these coordinates.
    ///
    /// # Panics
    /// If there are not as many coordinates as directions, or theta does not have P entries.
    #[track_caller]
    pub fn at(&self, coordinates: &[f64], theta: &mut [T]) {
        assert_eq!(coordinates.len(), self.axes(), "a slice with {} axes", self.axes());
        assert_eq!(theta.len(), self.dim(), "theta must hold {} parameters", self.dim());
        let first = T::of(coordinates[0]);
        match (&self.directions[..], coordinates) {
            ([a, b], &[_, second]) => {
                let second = T::of(second);
                let sources = self.origin.iter().zip(a).zip(b);
                theta.iter_mut().zip(sources).for_each(|(t, ((&o, &a), &b))| *t = o + first * a + second * b);
            }
            (lines, _) => {
                let sources = self.origin.iter().zip(&lines[0]);
                theta.iter_mut().zip(sources).for_each(|(t, (&o, &a))| *t = o + first * a);
            }
        }
    }

    /// The coordinates of the nearest point of the slice, and how far it is.
    ///
    /// # Errors
    /// If theta does not have P entries, or one is not finite.
    pub fn coordinates(&self, theta: &[T]) -> Result<(Vec<f64>, f64)> {
        Error::length("a point beside a slice", theta.len(), self.dim())?;
        Error::finite("a point beside a slice", theta, "give a finite point")?;
        let way = difference(theta, &self.origin);
        let mut coordinates = self.raise(&self.slopes(&way));
        let rest = |coordinates: &[f64]| -> Vec<T> {
            let mut rest = way.clone();
            for (direction, &c) in self.directions.iter().zip(coordinates) {
                rest.iter_mut().zip(direction).for_each(|(r, &d)| *r -= T::of(c) * d);
            }
            rest
        };
        // What a first solution leaves along nearly parallel directions is taken out by a second.
        let correction = self.raise(&self.slopes(&rest(&coordinates)));
        coordinates.iter_mut().zip(correction).for_each(|(c, more)| *c += more);
        let distance = length(&rest(&coordinates));
        Ok((coordinates, distance))
    }

    /// The distance in the space of parameters of the point at these coordinates from the origin.
    ///
    /// # Panics
    /// If there are not as many coordinates as directions.
    #[track_caller]
    pub fn distance(&self, coordinates: &[f64]) -> f64 {
        assert_eq!(coordinates.len(), self.axes(), "a slice with {} axes", self.axes());
        let square = match (coordinates, &self.gram[..]) {
            (&[x, y], &[aa, ab, _, bb]) => x * x * aa + 2.0 * x * y * ab + y * y * bb,
            (_, gram) => coordinates[0] * coordinates[0] * gram[0],
        };
        square.max(0.0).sqrt()
    }

    /// <d_i, v> for each direction: the slopes of a function with the gradient v.
    pub(crate) fn slopes(&self, v: &[T]) -> Vec<f64> {
        self.directions.iter().map(|direction| dot(direction, v)).collect()
    }

    /// The velocity in coordinates that goes with slopes: the gradient's projection on the slice, G^-1 s, G the inner products of the directions.
    ///
    /// # Panics
    /// If there are not as many slopes as directions.
    #[track_caller]
    pub fn raise(&self, slopes: &[f64]) -> Vec<f64> {
        assert_eq!(slopes.len(), self.axes(), "a slice with {} axes", self.axes());
        match (slopes, &self.gram[..]) {
            (&[s, t], &[aa, ab, _, bb]) => {
                // In units of the squared lengths, whose products may be out of range.
                let (s, t, sine) = (s / aa, t / bb, 1.0 - (ab / aa) * (ab / bb));
                vec![(s - ab / aa * t) / sine, (t - ab / bb * s) / sine]
            }
            (_, gram) => vec![slopes[0] / gram[0]],
        }
    }
}

fn difference<T: Scalar>(to: &[T], from: &[T]) -> Vec<T> {
    to.iter().zip(from).map(|(&to, &from)| to - from).collect()
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Result, Scalar};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct SliceFrame<T> {
        origin: Vec<T>,
        directions: Vec<Vec<T>>,
    }

    impl<T: Scalar> TryFrom<SliceFrame<T>> for super::SliceFrame<T> {
        type Error = Error;

        fn try_from(saved: SliceFrame<T>) -> Result<Self> {
            super::SliceFrame::new(saved.origin, saved.directions)
        }
    }
}
