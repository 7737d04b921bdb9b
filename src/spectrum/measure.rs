//! Finitely many points with weights.

use crate::error::{Error, Result};
use crate::random_matrix::Discrete;

/// Finitely many points on the line with non-negative weights: a list of eigenvalues, a quadrature rule, a histogram.
///
/// ```
/// use eigenscape::spectrum::{DiscreteMeasure, wasserstein};
///
/// let eigenvalues = DiscreteMeasure::uniform(vec![0.0, 0.0, 3.0])?;
/// assert!((eigenvalues.cumulative(1.0) - 2.0 / 3.0).abs() < 1e-15);
/// let rule = DiscreteMeasure::new(vec![1.0], vec![1.0])?;
/// assert!((wasserstein(&eigenvalues, &rule) - (1.0 + 1.0 + 2.0) / 3.0).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::DiscreteMeasure"))]
pub struct DiscreteMeasure {
    nodes: Vec<f64>,
    weights: Vec<f64>,
}

impl DiscreteMeasure {
    /// The measure with these nodes, in any order, and their weights.
    ///
    /// # Errors
    /// If there is no node, the lengths differ, a number is not finite, a weight is negative, or all weights are 0.
    pub fn new(nodes: Vec<f64>, weights: Vec<f64>) -> Result<Self> {
        if nodes.is_empty() {
            return Err(Error::Empty { what: "the list of nodes", remedy: "a measure needs at least one" });
        }
        Error::length("the list of weights", weights.len(), nodes.len())?;
        Error::finite("the list of nodes", &nodes, "leave out what is not a number")?;
        Error::finite("the list of weights", &weights, "leave out what is not a number")?;
        if let Some(&value) = weights.iter().find(|&&weight| weight < 0.0) {
            return Err(Error::OutOfRange { what: "a weight of a measure", value, limits: "must be at least 0" });
        }
        Error::positive("the total weight of a measure", weights.iter().sum())?;
        Ok(DiscreteMeasure::sorted(nodes.into_iter().zip(weights).collect()))
    }

    /// The same weight, one over their number, on each node: the spectral measure of a list of eigenvalues.
    ///
    /// # Errors
    /// If there is no node or one is not finite.
    pub fn uniform(nodes: Vec<f64>) -> Result<Self> {
        let weights = vec![1.0 / nodes.len() as f64; nodes.len()];
        DiscreteMeasure::new(nodes, weights)
    }

    /// The measure with these pairs of nodes and weights, which are known to be fit for it.
    pub(crate) fn sorted(mut pairs: Vec<(f64, f64)>) -> Self {
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (nodes, weights) = pairs.into_iter().unzip();
        DiscreteMeasure { nodes, weights }
    }

    /// The measure, divided by its mass, as a law of random matrices: the population of a covariance, or a matrix to be
    /// convolved with noise.
    ///
    /// # Errors
    /// Never for a measure made by this crate: its weights are finite and not all 0.
    pub fn law(&self) -> Result<Discrete> {
        let mass = self.mass();
        let weights: Vec<f64> = self.weights.iter().map(|weight| weight / mass).collect();
        Discrete::new(&self.nodes, &weights)
    }

    /// The nodes, ascending.
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// The weights, in the order of the nodes.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Pairs of a node and its weight.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.nodes.iter().copied().zip(self.weights.iter().copied())
    }

    /// The total weight.
    pub fn mass(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// The integral of a function: the sum of weight times value. Nodes of weight 0 are left out, so that f may be
    /// infinite there.
    pub fn integrate(&self, mut f: impl FnMut(f64) -> f64) -> f64 {
        self.pairs().filter(|&(_, weight)| weight > 0.0).map(|(node, weight)| weight * f(node)).sum()
    }

    /// The weight on nodes up to `x`, `x` included.
    pub fn cumulative(&self, x: f64) -> f64 {
        self.weights[..self.nodes.partition_point(|&node| node <= x)].iter().sum()
    }
}

#[cfg(feature = "serde")]
mod saved {
    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct DiscreteMeasure {
        nodes: Vec<f64>,
        weights: Vec<f64>,
    }

    impl TryFrom<DiscreteMeasure> for super::DiscreteMeasure {
        type Error = super::Error;

        fn try_from(saved: DiscreteMeasure) -> super::Result<Self> {
            super::DiscreteMeasure::new(saved.nodes, saved.weights)
        }
    }
}
