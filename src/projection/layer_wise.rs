//! A subspace for each layer.

use std::fmt;
use std::ops::Range;

use super::blocks::require_sizes;
use crate::error::{Error, Result};
use crate::operator::{Adjoint, LinearOperator, Selection, block_fits, fits};
use crate::scalar::Scalar;

/// A projection for each of some ranges of the parameters: P = diag(P_1, P_2, ...), with coordinates of its own for each layer.
///
/// ```text
///     x[range_l] = P_l psi_l,     psi = (psi_1, psi_2, ...),     dim = sum_l dim_l
/// ```
///
/// Parameters in no range do not move. P'P = I if it holds for each part.
///
/// ```
/// use eigenscape::network::{Activation, Network, Perceptron};
/// use eigenscape::operator::LinearOperator;
/// use eigenscape::projection::{Fastfood, LayerWise};
/// use eigenscape::random::Key;
///
/// let network = Perceptron::new(&[64, 16, 10], Activation::Tanh)?;
/// let layers: Vec<_> = network.blocks().iter().map(|block| block.range()).collect();
/// // 40 dimensions in all, to each block by its number of parameters, at least one.
/// let p = LayerWise::split(&layers, 40, |index, ambient, dim| {
///     Fastfood::<f32>::new(ambient, dim, Key::new(0).split(index))
/// })?;
/// assert_eq!((p.rows(), p.cols()), (1210, 40));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Li, Farkhoor, Liu, Yosinski 2018, arXiv:1804.08838 (global subspaces). Gressmann, Eaton-Rosen, Luschi 2020,
/// arXiv:2011.06988 (a subspace for each layer).
#[derive(Clone)]
pub struct LayerWise<P> {
    ambient: usize,
    dim: usize,
    parts: Vec<Part<P>>,
}

#[derive(Clone)]
struct Part<P> {
    range: Range<usize>,
    coordinates: Range<usize>,
    projection: P,
}

impl<P> fmt::Debug for LayerWise<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LayerWise({}x{}, {} parts)", self.ambient, self.dim, self.parts.len())
    }
}

impl<P> LayerWise<P> {
    /// These projections of these ranges of `ambient` parameters.
    ///
    /// # Errors
    /// If there is none, ranges overlap or end behind `ambient`, or a projection does not have a row for each place of its range.
    pub fn new<T: Scalar>(ambient: usize, parts: impl IntoIterator<Item = (Range<usize>, P)>) -> Result<Self>
    where
        P: Adjoint<T>,
    {
        let (mut dim, mut listed) = (0, Vec::new());
        for (range, projection) in parts {
            Error::length("a column of the projection of a layer", projection.rows(), range.len())?;
            let coordinates = dim..dim + projection.cols();
            dim = coordinates.end;
            listed.push(Part { range, coordinates, projection });
        }
        if listed.is_empty() {
            return Err(Error::Empty { what: "the list of layers", remedy: "give at least one range" });
        }
        Selection::new(ambient, listed.iter().map(|part| part.range.clone()))?;
        Ok(LayerWise { ambient, dim, parts: listed })
    }

    /// `dim` coordinates in all for ranges that lie one behind the other from 0: to each by its length, with one at least.
    /// `make` is called with the number of the range, its length and its coordinates; give each a key of its own.
    ///
    /// # Errors
    /// If there are fewer coordinates than ranges or more than places, if the ranges leave places out, or if `make` fails.
    pub fn split<T: Scalar>(
        ranges: &[Range<usize>],
        dim: usize,
        mut make: impl FnMut(u64, usize, usize) -> Result<P>,
    ) -> Result<Self>
    where
        P: Adjoint<T>,
    {
        let ambient = ranges.iter().map(Range::len).sum();
        require_sizes(ambient, dim)?;
        Error::at_least(
            "the dimension of a layer-wise subspace",
            dim,
            ranges.len(),
            "must be at least 1 for each layer",
        )?;
        let parts = ranges.iter().zip(shares(ranges, ambient, dim)).enumerate();
        let parts: Result<Vec<_>> =
            parts.map(|(index, (range, dim))| Ok((range.clone(), make(index as u64, range.len(), dim)?))).collect();
        LayerWise::new(ambient, parts?)
    }
}

/// One for each range, and the rest in proportion to what is left of their lengths, by largest remainders.
fn shares(ranges: &[Range<usize>], ambient: usize, dim: usize) -> Vec<usize> {
    let (free, rest) = (dim - ranges.len(), (ambient - ranges.len()).max(1) as u128);
    let quota = |range: &Range<usize>| free as u128 * (range.len() as u128).saturating_sub(1);
    let mut shares: Vec<usize> = ranges.iter().map(|range| 1 + (quota(range) / rest) as usize).collect();
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(quota(&ranges[index]) % rest));
    let missing = dim - shares.iter().sum::<usize>();
    order.iter().take(missing).for_each(|&index| shares[index] += 1);
    shares
}

impl<T: Scalar, P: Adjoint<T>> LinearOperator<T> for LayerWise<P> {
    fn rows(&self) -> usize {
        self.ambient
    }
    fn cols(&self) -> usize {
        self.dim
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.ambient, self.dim, x, y);
        y.fill(T::zero());
        for part in &self.parts {
            part.projection.apply(&x[part.coordinates.clone()], &mut y[part.range.clone()]);
        }
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        block_fits(self.ambient, self.dim, x, y, vectors);
        y.fill(T::zero());
        for part in &self.parts {
            let part_x = gather(x, self.dim, &part.coordinates);
            let mut part_y = vec![T::zero(); vectors * part.range.len()];
            part.projection.apply_block(&part_x, &mut part_y, vectors);
            scatter(&part_y, y, self.ambient, &part.range);
        }
    }
}

impl<T: Scalar, P: Adjoint<T>> Adjoint<T> for LayerWise<P> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.dim, self.ambient, y, x);
        for part in &self.parts {
            part.projection.apply_adjoint(&y[part.range.clone()], &mut x[part.coordinates.clone()]);
        }
    }
    #[track_caller]
    fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
        block_fits(self.dim, self.ambient, y, x, vectors);
        for part in &self.parts {
            let part_y = gather(y, self.ambient, &part.range);
            let mut part_x = vec![T::zero(); vectors * part.coordinates.len()];
            part.projection.apply_adjoint_block(&part_y, &mut part_x, vectors);
            scatter(&part_x, x, self.dim, &part.coordinates);
        }
    }
}

/// A range of each of the vectors of length `len`, back to back.
fn gather<T: Scalar>(vectors: &[T], len: usize, range: &Range<usize>) -> Vec<T> {
    vectors.chunks_exact(len).flat_map(|vector| &vector[range.clone()]).copied().collect()
}

fn scatter<T: Scalar>(parts: &[T], vectors: &mut [T], len: usize, range: &Range<usize>) {
    if range.is_empty() {
        return;
    }
    for (vector, part) in vectors.chunks_exact_mut(len).zip(parts.chunks_exact(range.len())) {
        vector[range.clone()].copy_from_slice(part);
    }
}
