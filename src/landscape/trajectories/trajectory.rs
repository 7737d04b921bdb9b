//! Points along training, within a budget of memory.

use crate::error::{Error, Result};
use crate::operator::Adjoint;
use crate::scalar::Scalar;

/// Points along training: every k-th step, and the last one that was told.
///
/// When the budget of memory is full, every second point is dropped and k doubles, so that a run of unknown length is kept at even distances. With
/// the feature `serde` it is saved and goes on to the same bits.
///
/// ```
/// use eigenscape::landscape::Trajectory;
/// use eigenscape::objective::Recorded;
/// use eigenscape::optimize::{DescentRun, GradientDescent, Stopping};
///
/// let bowl = Recorded::<f64>::new(2, |x| (x * x).sum())?;
/// let mut run = DescentRun::new(&[1.0, -2.0], GradientDescent::new(0.1)?, Stopping::steps(100))?;
/// let mut trajectory = Trajectory::new(2, 1, 10 * 2 * 8)?; // ten points of two numbers
/// trajectory.record(run.step(), run.theta())?;
/// while run.advance(&bowl)? {
///     trajectory.record(run.step(), run.theta())?;
/// }
/// trajectory.record(run.step(), run.theta())?;
/// let steps: Vec<u64> = trajectory.points().map(|(step, _)| step).collect();
/// assert_eq!(steps, [0, 16, 32, 48, 64, 80, 96, 100]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Trajectory<T>"))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>")))]
pub struct Trajectory<T> {
    dim: usize,
    /// The most points.
    capacity: usize,
    stride: u64,
    steps: Vec<u64>,
    /// Back to back.
    points: Vec<T>,
    /// The newest point, whether it is one to keep or not.
    last: Option<(u64, Vec<T>)>,
}

impl<T: Scalar> Trajectory<T> {
    /// An empty one, of points with `dim` entries at every `stride`-th step, within so many bytes and one point more.
    ///
    /// # Errors
    /// If `dim` or the stride is 0, or the budget does not hold two points.
    pub fn new(dim: usize, stride: u64, budget: usize) -> Result<Self> {
        Error::at_least("the number of entries of a trajectory's points", dim, 1, "must be at least 1")?;
        Error::at_least("the stride of a trajectory", stride.min(1) as usize, 1, "must be at least 1")?;
        let point = dim as u128 * size_of::<T>() as u128;
        let capacity = (budget as u128 / point) as usize;
        if capacity < 2 {
            let (what, remedy) = ("a trajectory", "raise the budget, or record through a projection");
            return Err(Error::Memory { what, needed: 2 * point, budget: budget as u128, remedy });
        }
        Ok(Trajectory { dim, capacity, stride, steps: Vec::new(), points: Vec::new(), last: None })
    }

    /// Takes note of a point after a number of steps; the same step may be told again, and the first counts.
    ///
    /// # Errors
    /// If it has another length, a number is not finite, or the step is before the last one.
    pub fn record(&mut self, step: u64, theta: &[T]) -> Result<()> {
        Error::length("a point of a trajectory", theta.len(), self.dim)?;
        Error::finite("a point of a trajectory", theta, "the run diverged: end the trajectory before")?;
        match &mut self.last {
            Some((last, _)) if *last == step => return Ok(()),
            Some((last, _)) if *last > step => {
                let limits = "must not be before the last one: begin another trajectory";
                return Err(Error::OutOfRange { what: "the step of a trajectory", value: step as f64, limits });
            }
            Some((last, point)) => {
                *last = step;
                point.copy_from_slice(theta);
            }
            None => self.last = Some((step, theta.to_vec())),
        }
        while step.is_multiple_of(self.stride) && self.steps.len() == self.capacity {
            self.thin();
        }
        if step.is_multiple_of(self.stride) {
            self.steps.push(step);
            self.points.extend_from_slice(theta);
        }
        Ok(())
    }

    /// Takes note of P' theta: coordinates of a point in a small space, which keep distances as the projection does.
    ///
    /// # Errors
    /// As [`Trajectory::record`], or if the projection has other sizes than theta and the trajectory.
    pub fn record_through(&mut self, step: u64, theta: &[T], projection: &impl Adjoint<T>) -> Result<()> {
        Error::length("a point of a trajectory", theta.len(), projection.rows())?;
        let mut coordinates = vec![T::zero(); projection.cols()];
        projection.apply_adjoint(theta, &mut coordinates);
        self.record(step, &coordinates)
    }

    /// Drops the points whose steps are no multiples of twice the stride.
    fn thin(&mut self) {
        self.stride = self.stride.saturating_mul(2);
        let keep = |step: &u64| step.is_multiple_of(self.stride);
        let (dim, points) = (self.dim, std::mem::take(&mut self.points));
        let kept = points.chunks_exact(dim).zip(&self.steps).filter(|(_, step)| keep(step));
        self.points = kept.flat_map(|(point, _)| point.iter().copied()).collect();
        self.steps = self.steps.iter().copied().filter(keep).collect();
    }

    /// The number of entries of a point.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// k, as it is now.
    pub fn stride(&self) -> u64 {
        self.stride
    }

    /// The number of points, the last among them.
    pub fn len(&self) -> usize {
        self.steps.len() + usize::from(self.behind().is_some())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last point, if it is not among those at the stride.
    fn behind(&self) -> Option<&(u64, Vec<T>)> {
        self.last.as_ref().filter(|last| self.steps.last() != Some(&last.0))
    }

    /// Steps and points, in their order; the last that was told among them.
    pub fn points(&self) -> impl Iterator<Item = (u64, &[T])> {
        let kept = self.steps.iter().copied().zip(self.points.chunks_exact(self.dim));
        kept.chain(self.behind().map(|(step, point)| (*step, point.as_slice())))
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Result, Scalar};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    #[serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>"))]
    pub(super) struct Trajectory<T> {
        dim: usize,
        capacity: usize,
        stride: u64,
        steps: Vec<u64>,
        points: Vec<T>,
        last: Option<(u64, Vec<T>)>,
    }

    impl<T: Scalar> TryFrom<Trajectory<T>> for super::Trajectory<T> {
        type Error = Error;

        fn try_from(saved: Trajectory<T>) -> Result<Self> {
            let Trajectory { dim, capacity, stride, steps, points, last } = saved;
            let limits = "must fit the rest of the trajectory: the file is damaged";
            let wrong = |what, value: u64| Err(Error::OutOfRange { what, value: value as f64, limits });
            if dim == 0 || capacity < 2 || stride == 0 {
                return wrong("the size of a saved trajectory", dim as u64);
            }
            if steps.len() > capacity || steps.len().checked_mul(dim) != Some(points.len()) {
                return wrong("the number of points of a saved trajectory", steps.len() as u64);
            }
            let ascending = steps.windows(2).all(|pair| pair[0] < pair[1]);
            let end = last.as_ref().map_or(0, |last| last.0);
            let whole = steps.iter().all(|step| step.is_multiple_of(stride) && *step <= end);
            if !ascending || !whole || (last.is_none() && !steps.is_empty()) {
                return wrong("the last step of a saved trajectory", end);
            }
            Error::finite("the points of a saved trajectory", &points, "the file is damaged")?;
            if let Some((_, point)) = &last {
                Error::length("the last point of a saved trajectory", point.len(), dim)?;
                Error::finite("the last point of a saved trajectory", point, "the file is damaged")?;
            }
            Ok(super::Trajectory { dim, capacity, stride, steps, points, last })
        }
    }
}
