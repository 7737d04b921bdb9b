//! Shapes: up to six axes, row-major.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::error::{Error, Result};

/// The largest number of axes of a value.
pub const MAX_AXES: usize = 6;

/// The extents of a value along its axes, last axis fastest. A scalar has no axes.
///
/// ```
/// use eigenscape::tape::Shape;
///
/// let images = Shape::new(&[32, 3, 28, 28])?;
/// assert_eq!(images.axes(), 4);
/// assert_eq!(images.size(), 32 * 3 * 28 * 28);
/// assert_eq!(Shape::scalar().size(), 1);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    // Unused places hold 0, so that equality may compare all of them.
    extents: [usize; MAX_AXES],
    axes: u8,
}

impl Shape {
    /// The shape of a single number.
    pub fn scalar() -> Self {
        Shape::default()
    }

    /// The shape of a vector.
    pub fn vector(len: usize) -> Self {
        Shape::from([len])
    }

    /// The shape of a matrix.
    pub fn matrix(rows: usize, cols: usize) -> Self {
        Shape::from([rows, cols])
    }

    /// The shape with these extents.
    ///
    /// # Errors
    /// If there are more than [`MAX_AXES`] extents, or more elements than an address can count.
    pub fn new(extents: &[usize]) -> Result<Self> {
        if extents.len() > MAX_AXES {
            return Err(Error::AboveLimit {
                what: "the number of axes",
                value: extents.len(),
                limit: MAX_AXES,
                because: "which every operation supports: merge axes with reshape",
            });
        }
        if extents.iter().try_fold(1usize, |size, &extent| size.checked_mul(extent)).is_none() {
            return Err(Error::OutOfRange {
                what: "the number of elements of a shape",
                value: extents.iter().map(|&extent| extent as f64).product(),
                limits: "must fit into an address: split the value",
            });
        }
        let mut shape = Shape { extents: [0; MAX_AXES], axes: extents.len() as u8 };
        shape.extents[..extents.len()].copy_from_slice(extents);
        Ok(shape)
    }

    /// The number of axes, 0 to [`MAX_AXES`].
    pub fn axes(&self) -> usize {
        usize::from(self.axes)
    }

    /// The extents, one for each axis.
    pub fn extents(&self) -> &[usize] {
        &self.extents[..self.axes()]
    }

    /// The number of elements: the product of the extents, 1 for a scalar; `usize::MAX` if it cannot be counted.
    pub fn size(&self) -> usize {
        if self.extents().contains(&0) {
            return 0;
        }
        self.extents().iter().fold(1, |size, &extent| size.saturating_mul(extent))
    }

    /// The shape without the axes in a set.
    pub(crate) fn without(&self, axes: Axes) -> Shape {
        self.keep(|axis| !axes.contains(axis))
    }

    /// The shape with its axes in another order: axis i of the result is axis `order[i]` of this one.
    pub(crate) fn permuted(&self, order: &[u8; MAX_AXES]) -> Shape {
        let mut shape = *self;
        for (extent, &from) in shape.extents.iter_mut().zip(order).take(self.axes()) {
            *extent = self.extents[usize::from(from)];
        }
        shape
    }

    /// The shape with one extent replaced.
    pub(crate) fn resized(&self, axis: usize, extent: usize) -> Shape {
        let mut shape = *self;
        shape.extents[axis] = extent;
        shape
    }

    /// The shape with one more axis in front.
    pub(crate) fn stacked(&self, extent: usize) -> Option<Shape> {
        let extents: Vec<usize> = std::iter::once(extent).chain(self.extents().iter().copied()).collect();
        Shape::new(&extents).ok()
    }

    /// The product of the extents before an axis, the extent along it, and the product of those after it.
    pub(crate) fn around(&self, axis: usize) -> (usize, usize, usize) {
        let extents = self.extents();
        (extents[..axis].iter().product(), extents[axis], extents[axis + 1..].iter().product())
    }

    /// The distance in memory between neighbours along each axis.
    pub(crate) fn strides(&self) -> [usize; MAX_AXES] {
        let mut strides = [0; MAX_AXES];
        let mut stride = 1usize;
        for axis in (0..self.axes()).rev() {
            strides[axis] = stride;
            stride = stride.saturating_mul(self.extents[axis]);
        }
        strides
    }

    /// The shape that two shapes broadcast to: aligned at the last axis, extents equal or one of them 1.
    pub(crate) fn broadcast(&self, other: &Shape) -> Option<Shape> {
        let axes = self.axes().max(other.axes());
        let mut extents = [0; MAX_AXES];
        for back in 1..=axes {
            let extent = |shape: &Shape| shape.axes().checked_sub(back).map_or(1, |axis| shape.extents[axis]);
            extents[axes - back] = match (extent(self), extent(other)) {
                (left, right) if left == right => left,
                (1, extent) | (extent, 1) => extent,
                _ => return None,
            };
        }
        Some(Shape { extents, axes: axes as u8 })
    }

    fn keep(&self, keep: impl Fn(usize) -> bool) -> Shape {
        let mut shape = Shape::scalar();
        for axis in (0..self.axes()).filter(|&axis| keep(axis)) {
            shape.extents[shape.axes()] = self.extents[axis];
            shape.axes += 1;
        }
        shape
    }
}

impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.extents().hash(state);
    }
}

impl From<[usize; 0]> for Shape {
    fn from(_: [usize; 0]) -> Self {
        Shape::scalar()
    }
}

macro_rules! from_extents {
    ($($axes:literal)*) => {$(
        impl From<[usize; $axes]> for Shape {
            fn from(extents: [usize; $axes]) -> Self {
                let mut shape = Shape { extents: [0; MAX_AXES], axes: $axes };
                shape.extents[..$axes].copy_from_slice(&extents);
                shape
            }
        }
    )*};
}
from_extents!(1 2 3 4 5 6);

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (axis, extent) in self.extents().iter().enumerate() {
            write!(f, "{}{extent}", if axis == 0 { "" } else { " x " })?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of axes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Axes(u8);

impl Axes {
    /// The set of all axes of a shape.
    pub(crate) fn all(shape: Shape) -> Self {
        Axes((1 << shape.axes()) - 1)
    }

    /// The set with these axes.
    pub(crate) fn of(axes: impl IntoIterator<Item = usize>) -> Self {
        Axes(axes.into_iter().fold(0, |set, axis| set | 1 << axis))
    }

    /// Whether an axis is in the set.
    pub fn contains(self, axis: usize) -> bool {
        self.0 >> axis & 1 == 1
    }

    /// Whether no axis is.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The axes in ascending order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..MAX_AXES).filter(move |&axis| self.contains(axis))
    }
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(Shape { extents: Vec<usize> = |shape| shape.extents().to_vec() } by Shape::new(&extents));
