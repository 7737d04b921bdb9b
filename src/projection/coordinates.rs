//! Random coordinates.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use super::blocks::require_sizes;
use crate::error::Result;
use crate::operator::{Adjoint, LinearOperator, fits};
use crate::random::Key;
use crate::scalar::Scalar;

/// Random coordinates: the others do not move. P'P = I exactly, and a product costs dim copies.
///
/// Every set of `dim` of the `ambient` coordinates has the same probability (Floyd's sampling); they are in ascending order.
/// Chosen ones are a [`Selection`](crate::operator::Selection).
///
/// ```
/// use eigenscape::operator::{Adjoint, LinearOperator};
/// use eigenscape::projection::Coordinates;
/// use eigenscape::random::Key;
///
/// let p = Coordinates::<f64>::new(10, 2, Key::new(0))?;
/// let mut x = [0.0; 10];
/// p.apply(&[3.0, 4.0], &mut x);
/// assert_eq!((x[p.places()[0]], x[p.places()[1]]), (3.0, 4.0));
/// assert_eq!(x.iter().sum::<f64>(), 7.0);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Bentley & Floyd 1987, doi:10.1145/30401.315746 (sampling without replacement).
#[derive(Clone)]
pub struct Coordinates<T> {
    ambient: usize,
    places: Vec<usize>,
    scalar: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Coordinates<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Coordinates({}x{})", self.ambient, self.places.len())
    }
}

impl<T> Coordinates<T> {
    /// The coordinates that belong to a key.
    ///
    /// # Errors
    /// If `dim` is 0 or above `ambient`.
    pub fn new(ambient: usize, dim: usize, key: Key) -> Result<Self> {
        require_sizes(ambient, dim)?;
        let mut chosen = BTreeSet::new();
        for (draw, last) in (ambient - dim..ambient).enumerate() {
            let mut place = [0];
            key.integers(draw as u64, last + 1, &mut place);
            if !chosen.insert(place[0]) {
                chosen.insert(last);
            }
        }
        Ok(Coordinates { ambient, places: chosen.into_iter().collect(), scalar: PhantomData })
    }

    /// The chosen coordinates, ascending.
    pub fn places(&self) -> &[usize] {
        &self.places
    }
}

impl<T: Scalar> LinearOperator<T> for Coordinates<T> {
    fn rows(&self) -> usize {
        self.ambient
    }
    fn cols(&self) -> usize {
        self.places.len()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.ambient, self.places.len(), x, y);
        y.fill(T::zero());
        self.places.iter().zip(x).for_each(|(&place, &x)| y[place] = x);
    }
}

impl<T: Scalar> Adjoint<T> for Coordinates<T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.places.len(), self.ambient, y, x);
        self.places.iter().zip(x).for_each(|(&place, x)| *x = y[place]);
    }
}
