//! A slice under way, or at its end.

use std::ops::ControlFlow;

use super::contours::{Contours, contours};
use super::frame::SliceFrame;
use super::reading::Reading;
use crate::error::{Error, Result};
use crate::krylov::length;
use crate::parallel;
use crate::scalar::Scalar;

/// Points between two calls of the observer.
const CHUNK: usize = 64;

/// What was found at a point of a slice.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SliceSample {
    /// The loss; none where it, or what was read with it, is not finite: a hole.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: Option<f64>,
    /// The accuracy, if it was read.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub accuracy: Option<f64>,
    /// The norm of the whole gradient, if it was read.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub gradient_norm: Option<f64>,
    /// The derivatives by the coordinates, <d_i, gradient>, if the gradient was read.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub slopes: Option<Vec<f64>>,
}

/// What an observer of a slice is told after each 64 points.
#[derive(Clone, Copy, Debug)]
pub struct SliceProgress<'a> {
    /// Points done.
    pub done: usize,
    /// Points in all.
    pub total: usize,
    /// What was found since the last call.
    pub latest: &'a [SliceSample],
}

/// A loss on a grid of a line or a plane: what was found, and what remains to be done.
///
/// ```text
///     L(origin + x_i d_1 [+ y_j d_2]),    sample j n_x + i
/// ```
///
/// Points are evaluated in parallel, 64 at a time; each by itself, so that results have the same bits for any number of threads. Between two such
/// chunks a slice can be saved (feature `serde`) with its directions, and be resumed to the same bits. Where the loss is not finite there is a
/// hole: it is counted, and neither drawn nor interpolated. Cost: a reading for each point; memory: a vector for each thread.
///
/// ```
/// use eigenscape::landscape::{Slice, SliceFrame, evenly, read_value};
/// use eigenscape::objective::Recorded;
/// use std::ops::ControlFlow;
///
/// let saddle = Recorded::<f64>::new(3, |x| (x.at(0).powi(2) - x.at(1).powi(2) * 2.0).sum())?;
/// let plane = SliceFrame::plane(&[0.0; 3], &[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0])?;
/// let axis = evenly(-1.0, 1.0, 5)?;
/// let mut slice = Slice::new(plane, &[&axis, &axis])?;
/// slice.run(read_value(&saddle), |_| ControlFlow::Continue(()))?;
/// assert!(slice.is_complete() && slice.holes() == 0);
/// assert_eq!(slice.values()[0], Some(-1.0)); // at (-1, -1)
/// assert_eq!(slice.lowest(), Some((2, -2.0))); // at (0, -1)
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "loss surface")]
#[doc(alias = "loss landscape")]
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Slice<T>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
pub struct Slice<T> {
    frame: SliceFrame<T>,
    axes: Vec<Vec<f64>>,
    samples: Vec<SliceSample>,
}

/// `count` numbers at equal distances, the ends among them.
///
/// # Errors
/// If there are fewer than 2, or the ends are not finite and ascending.
pub fn evenly(low: f64, high: f64, count: usize) -> Result<Vec<f64>> {
    Error::at_least("the number of points of an axis", count, 2, "must be at least 2")?;
    Error::positive("the length of an axis", high - low)?;
    let last = (count - 1) as f64;
    let place = |i: f64| {
        let place = (low * (last - i) + high * i) / last;
        // The sum may be out of range where the mean is not.
        if place.is_finite() { place } else { low * ((last - i) / last) + high * (i / last) }
    };
    Ok((0..count).map(|i| place(i as f64)).collect())
}

impl<T: Scalar> Slice<T> {
    /// A slice that has not begun, over ascending coordinates on each axis.
    ///
    /// # Errors
    /// If there is not an axis for each direction, or one has no points, or they are not finite and ascending.
    pub fn new(frame: SliceFrame<T>, axes: &[&[f64]]) -> Result<Self> {
        Error::length("the list of axes of a slice", axes.len(), frame.axes())?;
        for axis in axes {
            if axis.is_empty() {
                return Err(Error::Empty { what: "an axis of a slice", remedy: "give at least one coordinate" });
            }
            Error::finite("an axis of a slice", axis, "give finite coordinates")?;
            if let Some(pair) = axis.windows(2).find(|pair| pair[0] >= pair[1]) {
                let limits = "must be above the one before it: sort the axis, without duplicates";
                return Err(Error::OutOfRange { what: "a coordinate of a slice", value: pair[1], limits });
            }
        }
        let points = axes.iter().try_fold(1usize, |points, axis| points.checked_mul(axis.len()));
        if points.is_none() {
            let (what, because) = ("the number of points of an axis", "an address must count the grid");
            return Err(Error::AboveLimit { what, value: axes[1].len(), limit: usize::MAX / axes[0].len(), because });
        }
        Ok(Slice { frame, axes: axes.iter().map(|axis| axis.to_vec()).collect(), samples: Vec::new() })
    }

    /// Reads the next 64 points, or those that are left; true if there were any.
    ///
    /// # Errors
    /// If a reading fails for another reason than a number that is not finite; what was found before stays.
    pub fn advance(&mut self, read: impl Fn(&[T]) -> Result<Reading<T>> + Sync) -> Result<bool> {
        let (done, frame) = (self.samples.len(), &self.frame);
        let range = done..(done + CHUNK).min(self.total());
        let samples: Vec<Result<SliceSample>> = parallel::map(range.clone(), &|index| {
            let mut theta = vec![T::zero(); frame.dim()];
            frame.at(&self.point(index), &mut theta);
            sample(frame, &theta, &read)
        });
        self.samples.extend(samples.into_iter().collect::<Result<Vec<_>>>()?);
        Ok(!range.is_empty())
    }

    /// Reads all that remains, or until the observer stops it.
    ///
    /// # Errors
    /// As [`Slice::advance`].
    pub fn run(
        &mut self,
        read: impl Fn(&[T]) -> Result<Reading<T>> + Sync,
        mut observer: impl FnMut(SliceProgress<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut before = self.samples.len();
        while self.advance(&read)? {
            let progress =
                SliceProgress { done: self.samples.len(), total: self.total(), latest: &self.samples[before..] };
            if observer(progress).is_break() {
                break;
            }
            before = self.samples.len();
        }
        Ok(())
    }

    /// The line or the plane.
    pub fn frame(&self) -> &SliceFrame<T> {
        &self.frame
    }

    /// The coordinates on an axis.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn axis(&self, axis: usize) -> &[f64] {
        &self.axes[axis]
    }

    /// What was found so far; the first axis varies fastest.
    pub fn samples(&self) -> &[SliceSample] {
        &self.samples
    }

    /// The number of points in all.
    pub fn total(&self) -> usize {
        self.axes.iter().map(Vec::len).product()
    }

    /// Whether nothing remains to be done.
    pub fn is_complete(&self) -> bool {
        self.samples.len() == self.total()
    }

    /// The coordinates of a sample.
    pub fn point(&self, index: usize) -> Vec<f64> {
        let mut rest = index;
        let coordinate = |axis: &Vec<f64>| {
            let place = axis[rest % axis.len()];
            rest /= axis.len();
            place
        };
        self.axes.iter().map(coordinate).collect()
    }

    /// The losses so far; none at holes.
    pub fn values(&self) -> Vec<Option<f64>> {
        self.samples.iter().map(|sample| sample.value).collect()
    }

    /// The number of points so far at which the loss was not finite.
    pub fn holes(&self) -> usize {
        self.samples.iter().filter(|sample| sample.value.is_none()).count()
    }

    /// The number of the sample with the lowest loss so far (the first of them, at ties), and that loss; none without one.
    pub fn lowest(&self) -> Option<(usize, f64)> {
        let found = self.samples.iter().enumerate().filter_map(|(index, sample)| Some((index, sample.value?)));
        found.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The same with the highest loss (the last of them, at ties).
    pub fn highest(&self) -> Option<(usize, f64)> {
        let found = self.samples.iter().enumerate().filter_map(|(index, sample)| Some((index, sample.value?)));
        found.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Lines of equal loss on a plane, in its coordinates.
    ///
    /// # Errors
    /// If it is a line, or not complete, or as [`contours`].
    pub fn contours(&self, levels: &[f64]) -> Result<Contours> {
        Error::length("the list of axes of a slice with contours", self.axes.len(), 2)?;
        Error::length("the samples of a slice with contours", self.samples.len(), self.total())?;
        contours(&self.axes[0], &self.axes[1], &self.values(), levels)
    }
}

/// What is found at theta.
fn sample<T: Scalar>(
    frame: &SliceFrame<T>,
    theta: &[T],
    read: &impl Fn(&[T]) -> Result<Reading<T>>,
) -> Result<SliceSample> {
    let hole = SliceSample { value: None, accuracy: None, gradient_norm: None, slopes: None };
    let reading = match read(theta) {
        Ok(reading) => reading,
        Err(Error::NotFinite { .. } | Error::NotFiniteValue { .. }) => return Ok(hole),
        Err(error) => return Err(error),
    };
    let gradient_norm = reading.gradient.as_deref().map(length);
    if !reading.value.is_finite() || gradient_norm.is_some_and(|norm| !norm.is_finite()) {
        return Ok(hole);
    }
    if let Some(gradient) = &reading.gradient {
        Error::length("the gradient read on a slice", gradient.len(), frame.dim())?;
    }
    let slopes = reading.gradient.as_deref().map(|gradient| frame.slopes(gradient));
    Ok(SliceSample { value: Some(reading.value), accuracy: reading.accuracy, gradient_norm, slopes })
}

#[cfg(feature = "serde")]
mod saved {
    use super::{SliceFrame, SliceSample};
    use crate::error::{Error, Result};
    use crate::scalar::Scalar;

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    #[serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>"))]
    pub(super) struct Slice<T> {
        frame: SliceFrame<T>,
        axes: Vec<Vec<f64>>,
        samples: Vec<SliceSample>,
    }

    impl<T: Scalar> TryFrom<Slice<T>> for super::Slice<T> {
        type Error = Error;

        fn try_from(saved: Slice<T>) -> Result<Self> {
            let axes: Vec<&[f64]> = saved.axes.iter().map(Vec::as_slice).collect();
            let mut slice = super::Slice::new(saved.frame, &axes)?;
            let (done, total) = (saved.samples.len(), slice.total());
            if done > total || (done < total && !done.is_multiple_of(super::CHUNK)) {
                let limits = "must be that of whole chunks of the grid: the file is damaged";
                return Err(Error::OutOfRange { what: "the number of saved samples", value: done as f64, limits });
            }
            let wrong = |sample: &SliceSample| sample.slopes.as_ref().is_some_and(|s| s.len() != slice.axes.len());
            if saved.samples.iter().any(wrong) {
                let limits = "must be one for each axis: the file is damaged";
                return Err(Error::OutOfRange { what: "the number of slopes of a saved sample", value: 0.0, limits });
            }
            slice.samples = saved.samples;
            Ok(slice)
        }
    }
}
