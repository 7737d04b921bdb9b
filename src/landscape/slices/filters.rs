//! Directions whose size fits the weights that they move.

use crate::error::{Error, Result};
use crate::krylov::length;
use crate::network::{Block, Role};
use crate::random::Key;
use crate::scalar::Scalar;

/// Scales each filter of a direction to the norm of the same filter of the weights.
///
/// ```text
///     d_f <- d_f |w_f| / |d_f|    for each filter f
/// ```
///
/// A filter is what makes one output: a row of a dense weight (outputs x inputs), an output channel of a convolution (outputs x channels x
/// rows x columns), and in general what stands under one index of a weight's first axis. So a step of 1 changes each filter by as much
/// as it holds, and surfaces of networks that differ only in the scale of their layers look the same: with relu, a layer times c and the next over c.
///
/// Biases and gains do not move, as in the paper, unless [`FilterNormalization::with_biases`] makes each such block a filter of its own. Filters of
/// weights that are zero do not move either. Cost: two passes over the vector.
///
/// ```
/// use eigenscape::landscape::FilterNormalization;
/// use eigenscape::network::{Activation, Initialization, Network, Perceptron};
/// use eigenscape::random::Key;
///
/// let network = Perceptron::new(&[3, 2], Activation::Tanh)?;
/// let theta = [3.0, 0.0, 4.0, 0.0, 0.5, 0.0, 0.0, 0.0];
/// let direction = FilterNormalization::filters().random(&theta, network.blocks(), Key::new(0))?;
/// let norm = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>().sqrt();
/// assert!((norm(&direction[..3]) - 5.0).abs() < 1e-14 && (norm(&direction[3..6]) - 0.5).abs() < 1e-15);
/// assert_eq!(direction[6..], [0.0, 0.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Li, Xu, Taylor, Studer, Goldstein 2018, arXiv:1712.09913.
#[doc(alias = "filter-wise normalization")]
#[doc(alias = "loss surface")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "filter normalization")]
pub struct FilterNormalization {
    unit: Unit,
    biases: bool,
}

/// What is scaled as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Unit {
    Filter,
    Layer,
}

impl FilterNormalization {
    /// Each filter by itself.
    pub fn filters() -> Self {
        FilterNormalization { unit: Unit::Filter, biases: false }
    }

    /// Each weight block as a whole.
    #[doc(alias = "layer-wise normalization")]
    pub fn layers() -> Self {
        FilterNormalization { unit: Unit::Layer, biases: false }
    }

    /// Moves biases and gains too: each such block is one filter.
    pub fn with_biases(mut self) -> Self {
        self.biases = true;
        self
    }

    /// The stretches of the parameter vector that are scaled as one, in their order; what is in none does not move.
    pub fn units(&self, blocks: &[Block]) -> Vec<std::ops::Range<usize>> {
        let mut units = Vec::new();
        for block in blocks {
            let range = block.range();
            match (block.role, block.shape.extents()) {
                (Role::Weight, &[outputs, _, ..]) if self.unit == Unit::Filter => {
                    let len = range.len() / outputs;
                    units.extend((0..outputs).map(|filter| {
                        let start = range.start + filter * len;
                        start..start + len
                    }));
                }
                (Role::Weight, _) => units.push(range),
                _ if self.biases => units.push(range),
                _ => {}
            }
        }
        units
    }

    /// Scales a direction to fit the weights theta of a network with these blocks.
    ///
    /// # Errors
    /// If the vectors do not have the blocks' parameters, a number is not finite, a filter of the direction is zero where that of the weights
    /// is not, or nothing is left that moves.
    pub fn apply<T: Scalar>(&self, direction: &[T], theta: &[T], blocks: &[Block]) -> Result<Vec<T>> {
        let parameters = blocks.iter().map(|block| block.range().end).max().unwrap_or(0);
        Error::length("the parameter vector of a normalization", theta.len(), parameters)?;
        Error::length("the direction of a normalization", direction.len(), parameters)?;
        Error::finite("the parameters of a normalization", theta, "normalize at finite weights")?;
        Error::finite("the direction of a normalization", direction, "give a finite direction")?;
        let mut scaled = vec![T::zero(); parameters];
        let mut moves = false;
        for unit in self.units(blocks) {
            let (own, weights) = (&direction[unit.clone()], length(&theta[unit.clone()]));
            if weights == 0.0 {
                continue;
            }
            let norm = length(own);
            if norm == 0.0 {
                let limits =
                    "must not be 0 where the weights of the filter are not: take a direction that moves all filters";
                return Err(Error::OutOfRange { what: "the norm of a filter of the direction", value: norm, limits });
            }
            moves = true;
            scaled[unit].iter_mut().zip(own).for_each(|(s, d)| *s = T::of(d.f64() * (weights / norm)));
        }
        if !moves {
            let remedy = "give weights that are not all zero: the direction takes its size from them";
            return Err(Error::Empty { what: "the list of filters that move", remedy });
        }
        Ok(scaled)
    }

    /// A random direction, normal from a key, scaled to fit.
    ///
    /// # Errors
    /// As [`FilterNormalization::apply`].
    pub fn random<T: Scalar>(&self, theta: &[T], blocks: &[Block], key: Key) -> Result<Vec<T>> {
        let mut direction = vec![T::zero(); theta.len()];
        key.normal(0, &mut direction);
        self.apply(&direction, theta, blocks)
    }
}
