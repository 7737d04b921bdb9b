//! Curves of low loss between two points.

use super::barrier::ends;
use crate::error::{Error, Result};
use crate::linalg::axpy;
use crate::objective::{Objective, Stochastic};
use crate::random::Key;
use crate::scalar::Scalar;

/// How control points make a curve.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum CurveKind {
    /// sum_k Bernstein_k(t) p_k: smooth, quadratic with one bend.
    Bezier,
    /// Straight stretches from each control point to the next, as long in t.
    PolygonalChain,
}

/// A curve in parameter space from one point to another, with bends between.
///
/// ```text
///     phi(t) = sum_k c_k(t) p_k,     t in [0, 1],   phi(0) = p_0 and phi(1) = p_last fixed, sum_k c_k = 1
/// ```
///
/// Training moves the bends such that the mean of the objective over uniform t falls ([`CurveObjective`]). Two minima of a network that a straight line
/// does not connect usually have a curve of low loss between them.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use eigenscape::landscape::{Curve, CurveKind, linear_barrier};
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{Adam, descend};
/// use eigenscape::random::Key;
///
/// // A valley along a circle; the straight line crosses the hill in its middle.
/// let ring = Recorded::<f64>::new(2, |x| ((x * x).sum() - 1.0).powi(2))?;
/// let (a, b) = ([1.0, 0.0], [-0.6, 0.8]);
/// let straight = Curve::new(CurveKind::PolygonalChain, &a, &b, 3)?;
/// let objective = straight.objective(&ring, Key::new(0))?;
/// let end = descend(&objective, &straight.bends(), &mut Adam::new(0.02)?, 600, |_| ControlFlow::Continue(()))?;
/// let curve = straight.with_bends(&end.theta)?;
/// let (over, around) = (linear_barrier(&ring, &a, &b, 20)?.height, curve.profile(&ring, 60)?.largest);
/// assert!(over > 0.6 && around < 0.1 * over);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Garipov, Izmailov, Podoprikhin, Vetrov & Wilson 2018, arXiv:1802.10026. Draxler, Veschgini, Salmhofer & Hamprecht 2018, arXiv:1803.00885.
#[doc(alias = "mode_connectivity")]
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Curve<T>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
#[doc(alias = "mode connectivity")]
#[doc(alias = "Bezier curve")]
pub struct Curve<T> {
    kind: CurveKind,
    /// Control points, the ends among them.
    points: Vec<Vec<T>>,
}

/// An objective along a curve.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CurveProfile {
    /// Pairs of t and value; infinite where the objective was not finite.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub profile: Vec<(f64, f64)>,
    /// The largest value among them.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub largest: f64,
    /// Their mean, by the trapezoidal rule: over uniform t.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub mean: f64,
    /// The largest excess over the line between the values of the ends, at least 0.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub barrier: f64,
    /// Places where the objective was not finite.
    pub holes: usize,
}

impl<T: Scalar> Curve<T> {
    /// A straight line with so many bends, evenly between the ends.
    ///
    /// # Errors
    /// If the ends have different sizes, are equal or not finite, or there is no bend.
    pub fn new(kind: CurveKind, a: &[T], b: &[T], bends: usize) -> Result<Self> {
        ends(a, b, a.len())?;
        Error::at_least("the number of bends of a curve", bends, 1, "must be at least 1: a line has nothing to train")?;
        let point = |k: usize| -> Vec<T> {
            let t = k as f64 / (bends + 1) as f64;
            a.iter().zip(b).map(|(x, y)| T::of((1.0 - t) * x.f64() + t * y.f64())).collect()
        };
        let mut points: Vec<Vec<T>> = (0..=bends + 1).map(point).collect();
        points[bends + 1] = b.to_vec();
        Ok(Curve { kind, points })
    }

    /// The control points, the ends among them.
    pub fn points(&self) -> &[Vec<T>] {
        &self.points
    }

    /// The bends, back to back: the parameters of a [`CurveObjective`].
    pub fn bends(&self) -> Vec<T> {
        self.points[1..self.points.len() - 1].concat()
    }

    /// The same curve with other bends.
    ///
    /// # Errors
    /// If there are not as many numbers, or one is not finite.
    pub fn with_bends(&self, bends: &[T]) -> Result<Self> {
        let dim = self.points[0].len();
        Error::array("the bends of a curve", bends.len(), &[self.points.len() - 2, dim])?;
        Error::finite("the bends of a curve", bends, "take a smaller rate")?;
        let mut curve = self.clone();
        curve.points[1..].iter_mut().zip(bends.chunks_exact(dim)).for_each(|(point, bend)| point.copy_from_slice(bend));
        Ok(curve)
    }

    /// c_k(t), for each control point.
    pub fn coefficients(&self, t: f64) -> Vec<f64> {
        let degree = self.points.len() - 1;
        match self.kind {
            CurveKind::Bezier => {
                // De Casteljau's scheme on the unit vectors.
                let mut coefficients = vec![0.0; degree + 1];
                coefficients[0] = 1.0;
                for level in 1..=degree {
                    for k in (0..=level).rev() {
                        let left = if k > 0 { coefficients[k - 1] } else { 0.0 };
                        coefficients[k] = (1.0 - t) * coefficients[k] + t * left;
                    }
                }
                coefficients
            }
            CurveKind::PolygonalChain => {
                (0..=degree).map(|k| (1.0 - (t * degree as f64 - k as f64).abs()).max(0.0)).collect()
            }
        }
    }

    /// phi(t).
    pub fn at(&self, t: f64) -> Vec<T> {
        let mut place = vec![T::zero(); self.points[0].len()];
        for (c, point) in self.coefficients(t).into_iter().zip(&self.points) {
            axpy(T::of(c), point, &mut place);
        }
        place
    }

    /// What the bends are trained by: the objective at a uniform t of each step.
    ///
    /// # Errors
    /// If the objective has another size than the curve's points.
    pub fn objective<'a, O: Stochastic<T>>(&'a self, objective: &'a O, key: Key) -> Result<CurveObjective<'a, T, O>> {
        Error::length("the points of a curve", self.points[0].len(), objective.dim())?;
        Ok(CurveObjective { curve: self, objective, key })
    }

    /// The objective along the curve, at so many equal steps of t.
    ///
    /// # Errors
    /// If the objective has another size than the curve's points, there is no step, or the objective is not finite at an end.
    pub fn profile<O: Objective<T>>(&self, objective: &O, steps: usize) -> Result<CurveProfile> {
        Error::length("the points of a curve", self.points[0].len(), objective.dim())?;
        Error::at_least("the number of steps along a curve", steps, 1, "must be at least 1")?;
        let (first, last) = (objective.value(&self.points[0])?, objective.value(&self.points[self.points.len() - 1])?);
        let mut profile = vec![(0.0, first)];
        for step in 1..steps {
            let t = step as f64 / steps as f64;
            profile.push((t, objective.value(&self.at(t)).unwrap_or(f64::INFINITY)));
        }
        profile.push((1.0, last));
        let excess = |&(t, value): &(f64, f64)| value - (1.0 - t) * first - t * last;
        Ok(CurveProfile {
            largest: profile.iter().fold(f64::NEG_INFINITY, |largest, (_, value)| value.max(largest)),
            mean: profile.windows(2).map(|pair| 0.5 * (pair[0].1 + pair[1].1)).sum::<f64>() / steps as f64,
            barrier: profile.iter().map(excess).fold(0.0, f64::max),
            holes: profile.iter().filter(|(_, value)| value.is_infinite()).count(),
            profile,
        })
    }
}

/// The mean of an objective along a curve as a function of its bends, by one uniform t a step: for any [`Rule`](crate::optimize::Rule).
///
/// ```text
///     E_t L(phi(t)),     gradient by bend k at a step: c_k(t) (grad L)(phi(t))
/// ```
#[derive(Debug)]
pub struct CurveObjective<'a, T, O> {
    curve: &'a Curve<T>,
    objective: &'a O,
    key: Key,
}

impl<T: Scalar, O: Stochastic<T>> Stochastic<T> for CurveObjective<'_, T, O> {
    fn dim(&self) -> usize {
        (self.curve.points.len() - 2) * self.curve.points[0].len()
    }

    #[track_caller]
    fn sample(&self, step: u64, theta: &[T], gradient: &mut [T]) -> Result<f64> {
        let mut t = [0.0];
        self.key.split(step).uniform(0, &mut t);
        let curve = self.curve.with_bends(theta)?;
        let mut slope = vec![T::zero(); self.objective.dim()];
        let value = self.objective.sample(step, &curve.at(t[0]), &mut slope)?;
        let coefficients = curve.coefficients(t[0]);
        gradient.fill(T::zero());
        for (part, &c) in gradient.chunks_exact_mut(slope.len()).zip(&coefficients[1..]) {
            axpy(T::of(c), &slope, part);
        }
        Ok(value)
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{CurveKind, Error, Result, Scalar};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct Curve<T> {
        kind: CurveKind,
        points: Vec<Vec<T>>,
    }

    impl<T: Scalar> TryFrom<Curve<T>> for super::Curve<T> {
        type Error = Error;

        fn try_from(saved: Curve<T>) -> Result<Self> {
            let limits = "must be at least 3, two ends and a bend: the file is damaged";
            let Curve { kind, points } = saved;
            Error::at_least("the number of control points of a saved curve", points.len(), 3, limits)?;
            let curve = super::Curve::new(kind, &points[0], &points[points.len() - 1], points.len() - 2)?;
            for point in &points {
                Error::length("a control point of a saved curve", point.len(), points[0].len())?;
            }
            curve.with_bends(&points[1..points.len() - 1].concat())
        }
    }
}
