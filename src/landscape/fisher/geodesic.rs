//! Geodesics.

use super::path_length::LineElement;
use super::recorded_metric::RecordedMetric;
use crate::error::{Error, Result};
use crate::landscape::runge_kutta::RungeKutta;

/// Each step's error.
const TOLERANCE: f64 = 1e-11;

/// A geodesic from a point with a velocity, for time 1.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Geodesic {
    /// The image of the velocity under the exponential map.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub end: Vec<f64>,
    /// The velocity there: that of the start, carried along.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub velocity: Vec<f64>,
    /// The length, which is the speed at the start.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub length: f64,
    /// |speed at the end / speed at the start - 1|: 0 if the integration were exact.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub drift: f64,
    /// Times and points on the way, both ends among them.
    pub points: Vec<(f64, Vec<f64>)>,
}

/// The exponential map of a metric: where the geodesic from x with velocity v is at time 1, and its way.
///
/// ```text
///     x'' = a(x, x'),   x(0) = x, x'(0) = v      (RecordedMetric::acceleration)
/// ```
///
/// Integrated by [`RungeKutta`] with a tolerance of 1e-11 for each step. Cost: some hundred accelerations.
///
/// # Errors
/// If x or v is not finite or of another size than the metric's, v is 0 in length, or the geodesic meets a place where the metric is
/// singular: geodesics may end there.
#[doc(alias = "geodesic")]
#[doc(alias = "Riemannian")]
pub fn exponential_map(metric: &RecordedMetric, x: &[f64], v: &[f64]) -> Result<Geodesic> {
    let n = metric.dim();
    Error::length("the start of a geodesic", x.len(), n)?;
    Error::length("the velocity of a geodesic", v.len(), n)?;
    Error::finite("the velocity of a geodesic", v, "give a finite velocity")?;
    let speed = libm::sqrt(metric.squared_speed(x, v)?);
    Error::positive("the speed of a geodesic in the metric", speed)?;
    let start: Vec<f64> = x.iter().chain(v).copied().collect();
    let mut points = Vec::new();
    let integration = RungeKutta::new(TOLERANCE)?.run(
        &start,
        0.0,
        1.0,
        |_, state, slope| {
            let (x, v) = state.split_at(n);
            let (velocity, acceleration) = slope.split_at_mut(n);
            velocity.copy_from_slice(v);
            metric.acceleration(x, v, acceleration)
        },
        |time, state| {
            points.push((time, state[..n].to_vec()));
            true
        },
    )?;
    let (end, velocity) = integration.end.split_at(n);
    let drift = (libm::sqrt(metric.squared_speed(end, velocity)?) / speed - 1.0).abs();
    Ok(Geodesic { end: end.to_vec(), velocity: velocity.to_vec(), length: speed, drift, points })
}
