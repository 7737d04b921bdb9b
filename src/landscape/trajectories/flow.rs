//! Lines along which the gradient leads down.

use crate::error::{Error, Result};
use crate::landscape::{Integration, RungeKutta, SliceFrame};
use crate::objective::Objective;
use crate::scalar::Scalar;

/// A line of gradient flow on a slice.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use = "a flow may have ended before its time: look at `arrived`"]
pub struct FlowLine {
    /// Times of the steps, from 0.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub times: Vec<f64>,
    /// Coordinates on the slice at these times.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub points: Vec<Vec<f64>>,
    /// Whether that is the time that was asked for: otherwise the line left its bounds, or the steps were used up.
    pub arrived: bool,
    /// Gradients.
    pub evaluations: usize,
}

/// Gradient flow in the whole space.
///
/// ```text
///     d theta / dt = -grad L(theta),    0 <= t <= time
/// ```
///
/// Steps of gradient descent with small rates follow it: time is their number times the rate. The method bounds the error of each step. It is
/// explicit, so that steps stay below 3.3 over the largest curvature even where nothing happens: cost 6 gradients a step. `observe` sees times and
/// points, and ends the flow by `false`; record them in a [`Trajectory`](crate::landscape::Trajectory), or take
/// [`SliceFrame::coordinates`] to see the flow projected. In `f32` the tolerance must be well above 1e-6, the rounding of gradients.
///
/// ```
/// use eigenscape::landscape::{RungeKutta, gradient_flow};
/// use eigenscape::objective::Recorded;
///
/// let bowl = Recorded::<f64>::new(2, |x| (x.at(0).powi(2) * 0.5 + x.at(1).powi(2) * 2.0).sum())?;
/// let end = gradient_flow(&bowl, &[1.0, 1.0], 0.5, &RungeKutta::new(1e-10)?, |_, _| true)?.end;
/// assert!((end[0] - (-0.5f64).exp()).abs() < 1e-9 && (end[1] - (-2.0f64).exp()).abs() < 1e-9);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If lengths differ, the start or the gradient there is not finite, or no step is small enough to stay where gradients are.
#[doc(alias = "ODE")]
pub fn gradient_flow<T: Scalar>(
    objective: &impl Objective<T>,
    start: &[T],
    time: f64,
    method: &RungeKutta,
    mut observe: impl FnMut(f64, &[T]) -> bool,
) -> Result<Integration> {
    Error::length("the start of a flow", start.len(), objective.dim())?;
    let start: Vec<f64> = start.iter().map(|x| x.f64()).collect();
    let round = |y: &[f64], theta: &mut [T]| theta.iter_mut().zip(y).for_each(|(t, &y)| *t = T::of(y));
    let (mut theta, mut gradient) = (vec![T::zero(); start.len()], vec![T::zero(); start.len()]);
    let mut seen = theta.clone();
    method.run(
        &start,
        0.0,
        time,
        |_, y, slope| {
            round(y, &mut theta);
            objective.value_and_gradient(&theta, &mut gradient)?;
            slope.iter_mut().zip(&gradient).for_each(|(s, g)| *s = -g.f64());
            Ok(())
        },
        |time, y| {
            round(y, &mut seen);
            observe(time, &seen)
        },
    )
}

/// Gradient flow within a line or a plane: what the flow would be if nothing could leave it.
///
/// ```text
///     dc / dt = -G^-1 s(c),    s_i = <d_i, grad L(theta(c))>,    G_ij = <d_i, d_j>
/// ```
///
/// That is the projection of -grad L on the slice, in its coordinates. It ends where `within` says false of the coordinates: pass the bounds of a
/// picture. Cost: 6 gradients a step.
///
/// ```
/// use eigenscape::landscape::{RungeKutta, SliceFrame, gradient_flow_on};
/// use eigenscape::objective::Recorded;
///
/// let bowl = Recorded::<f64>::new(2, |x| (x * x).sum() * 0.5)?;
/// // Towards the origin, in coordinates at an angle.
/// let frame = SliceFrame::plane(&[0.0, 0.0], &[2.0, 0.0], &[1.0, 1.0])?;
/// let line = gradient_flow_on(&bowl, &frame, &[1.0, 1.0], 1.0, &RungeKutta::new(1e-10)?, |_| true)?;
/// let end = &line.points[line.points.len() - 1];
/// assert!(line.arrived && end.iter().all(|c| (c - (-1.0f64).exp()).abs() < 1e-9));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// As [`gradient_flow`].
pub fn gradient_flow_on<T: Scalar>(
    objective: &impl Objective<T>,
    frame: &SliceFrame<T>,
    start: &[f64],
    time: f64,
    method: &RungeKutta,
    within: impl Fn(&[f64]) -> bool,
) -> Result<FlowLine> {
    Error::length("the parameter vector of a slice", frame.dim(), objective.dim())?;
    Error::length("the start of a flow on a slice", start.len(), frame.axes())?;
    let (mut theta, mut gradient) = (vec![T::zero(); frame.dim()], vec![T::zero(); frame.dim()]);
    let (mut times, mut points) = (Vec::new(), Vec::new());
    let end = method.run(
        start,
        0.0,
        time,
        |_, c, slope| {
            frame.at(c, &mut theta);
            objective.value_and_gradient(&theta, &mut gradient)?;
            let velocity = frame.raise(&frame.slopes(&gradient));
            slope.iter_mut().zip(velocity).for_each(|(s, v)| *s = -v);
            Ok(())
        },
        |time, c| {
            times.push(time);
            points.push(c.to_vec());
            within(c)
        },
    )?;
    Ok(FlowLine { times, points, arrived: end.arrived, evaluations: end.evaluations })
}
