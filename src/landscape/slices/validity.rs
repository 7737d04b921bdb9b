//! How far a prediction holds.

use super::slice::Slice;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Errors below so many roundings of the loss say nothing of a prediction.
const NOISE: f64 = 16.0;

/// How far from the origin a prediction stays within its tolerance.
#[doc(alias = "radius of validity")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Validity {
    /// The distance, in the space of parameters, of the farthest point of the slice up to which the prediction holds at all points.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub radius: f64,
    /// The distance of the first point where it does not: the true radius lies between them. None if it holds on the whole slice.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub beyond: Option<f64>,
}

impl<T: Scalar> Slice<T> {
    /// The radius within which a prediction of the loss keeps a relative error.
    ///
    /// ```text
    ///     |L(c) - predicted(c)| <= tolerance max { |L(b) - L(0)| : |theta(b) - origin| <= |theta(c) - origin| }
    /// ```
    ///
    /// The error is held against the largest change of the loss up to there, which does not vanish where the loss crosses its first value again.
    /// Distances are those of the points of the grid; errors that rounding explains do not count; at a hole no prediction holds.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use eigenscape::landscape::{Slice, SliceFrame, evenly, read_value};
    /// use eigenscape::objective::Recorded;
    ///
    /// let wave = Recorded::<f64>::new(1, |x| -x.cos().sum())?;
    /// let line = SliceFrame::line(&[0.0], &[1.0])?;
    /// let expansion = line.expand(&wave)?;
    /// let mut slice = Slice::new(line, &[&evenly(-2.0, 2.0, 401)?])?;
    /// slice.run(read_value(&wave), |_| ControlFlow::Continue(()))?;
    /// let validity = slice.validity(expansion.value, |c| expansion.quadratic(c), 0.01)?;
    /// // t^4 / 24 is a hundredth of t^2 / 2 - t^4 / 24 at 0.345.
    /// assert!((validity.radius - 0.34).abs() < 1e-9 && (validity.beyond.unwrap() - 0.35).abs() < 1e-9);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the tolerance is not finite and positive, the origin's value is not finite, or the slice is not complete.
    pub fn validity(&self, origin_value: f64, predicted: impl Fn(&[f64]) -> f64, tolerance: f64) -> Result<Validity> {
        Error::positive("the tolerance of a prediction", tolerance)?;
        Error::finite("the value at the origin of a slice", &[origin_value], "give that of the expansion")?;
        Error::length("the samples of a slice", self.samples().len(), self.total())?;
        let mut order: Vec<(f64, usize)> =
            (0..self.total()).map(|index| (self.frame().distance(&self.point(index)), index)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let noise = NOISE * T::EPSILON.f64() * origin_value.abs();
        let (mut change, mut validity) = (0.0f64, Validity { radius: 0.0, beyond: None });
        // Points at one distance stand or fall together.
        for ring in order.chunk_by(|a, b| b.0 - a.0 <= 1e-12 * b.0) {
            let values: Option<Vec<f64>> = ring.iter().map(|&(_, index)| self.samples()[index].value).collect();
            let holds = values.is_some_and(|values| {
                change = values.iter().map(|value| (value - origin_value).abs()).fold(change, f64::max);
                let error = |(value, &(_, index)): (&f64, &(f64, usize))| (value - predicted(&self.point(index))).abs();
                values.iter().zip(ring).map(error).all(|error| error <= (tolerance * change).max(noise))
            });
            let distance = ring[ring.len() - 1].0;
            if !holds {
                validity.beyond = Some(distance);
                break;
            }
            validity.radius = distance;
        }
        Ok(validity)
    }
}
