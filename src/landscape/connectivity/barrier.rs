//! The barrier on the straight line between two points.

use crate::error::{Error, Result};
use crate::objective::Objective;
use crate::scalar::Scalar;

/// Halvings of the golden section behind the grid: the place is known to 1e-6 of two cells.
const SECTIONS: usize = 30;

/// The barrier between two points.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Barrier {
    /// The largest excess of the objective over the line between its end values, at least 0. A lower bound: the grid sees what is as wide as
    /// its cells.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub height: f64,
    /// Where, in \[0, 1\].
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub place: f64,
    /// The objective over the grid, as pairs of place and value; infinite where it was not finite.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub profile: Vec<(f64, f64)>,
    /// Places of the grid where the objective was not finite. If there are any, the height is infinite.
    pub holes: usize,
}

/// The barrier of an objective on the straight line between two points.
///
/// ```text
///     height = max over t in [0, 1] of  L((1 - t) a + t b) - (1 - t) L(a) - t L(b)
/// ```
///
/// The largest on a grid is refined by golden sections between its neighbours. Two solutions without a barrier lie in one basin: they are
/// linearly connected. Cost: `cells` + 30 values.
///
/// ```
/// use eigenscape::landscape::linear_barrier;
/// use eigenscape::objective::Recorded;
///
/// // (x^2 - 1)^2: a barrier of 1 between the minima.
/// let double_well = Recorded::<f64>::new(1, |x| (x.at(0).powi(2) - 1.0).powi(2))?;
/// let barrier = linear_barrier(&double_well, &[-1.0], &[1.0], 7)?;
/// assert!((barrier.height - 1.0).abs() < 1e-9 && (barrier.place - 0.5).abs() < 1e-4);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If a point has another size than the objective, both are equal, there are fewer than two cells, or the objective is not finite at an end.
///
/// # References
/// Frankle, Dziugaite, Roy & Carbin 2020, arXiv:1912.05671. Entezari, Sedghi, Saukh & Neyshabur 2022, arXiv:2110.06296 (this definition).
#[doc(alias = "linear_mode_connectivity")]
pub fn linear_barrier<T: Scalar, O: Objective<T>>(objective: &O, a: &[T], b: &[T], cells: usize) -> Result<Barrier> {
    Error::at_least(
        "the number of cells of a line",
        cells,
        2,
        "must be at least 2: a place between the ends is needed",
    )?;
    ends(a, b, objective.dim())?;
    let (first, last) = (objective.value(a)?, objective.value(b)?);
    let line = |t: f64| (1.0 - t) * first + t * last;
    let value = |t: f64| {
        let place: Vec<T> = a.iter().zip(b).map(|(x, y)| T::of((1.0 - t) * x.f64() + t * y.f64())).collect();
        objective.value(&place).unwrap_or(f64::INFINITY)
    };
    let mut profile = vec![(0.0, first)];
    for cell in 1..cells {
        let t = cell as f64 / cells as f64;
        profile.push((t, value(t)));
    }
    profile.push((1.0, last));
    let holes = profile.iter().filter(|(_, value)| value.is_infinite()).count();
    let excess = |&(t, value): &(f64, f64)| value - line(t);
    let top = (0..profile.len()).fold(0, |top, i| if excess(&profile[i]) > excess(&profile[top]) { i } else { top });
    let (mut place, mut height) = (profile[top].0, excess(&profile[top]).max(0.0));
    if height.is_finite() {
        let part = 0.5 * (5f64.sqrt() - 1.0);
        let mut low = profile[top.saturating_sub(1)].0;
        let mut high = profile[(top + 1).min(cells)].0;
        let look = |t: f64| (t, value(t) - line(t));
        let (mut left, mut right) = (look(high - part * (high - low)), look(low + part * (high - low)));
        for _ in 0..SECTIONS {
            for (t, excess) in [left, right] {
                if excess > height {
                    (place, height) = (t, excess);
                }
            }
            if left.1 > right.1 {
                (high, right) = (right.0, left);
                left = look(high - part * (high - low));
            } else {
                (low, left) = (left.0, right);
                right = look(low + part * (high - low));
            }
        }
    }
    Ok(Barrier { height, place, profile, holes })
}

/// Fails unless both are different finite points of a space.
pub(super) fn ends<T: Scalar>(a: &[T], b: &[T], dim: usize) -> Result<()> {
    for end in [a, b] {
        Error::length("an end of a path", end.len(), dim)?;
        Error::finite("an end of a path", end, "connect finite points")?;
    }
    if a == b {
        let limits = "must be positive: the two ends are the same point";
        return Err(Error::OutOfRange { what: "the distance between the ends of a path", value: 0.0, limits });
    }
    Ok(())
}
