//! Alignment of two networks by their weights.

use super::assignment::assign;
use super::units::{HiddenUnits, UnitPermutation};
use crate::error::{Error, Result};
use crate::random::Key;
use crate::scalar::Scalar;

/// Sweeps over all layers after which a matching ends.
const SWEEPS: usize = 100;

/// Two networks aligned.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WeightMatch<T> {
    /// The permutation that was found.
    pub permutation: UnitPermutation,
    /// The second network under it: the same function, nearer to the first.
    pub aligned: Vec<T>,
    /// |a - b|, before and after.
    pub distances: [f64; 2],
    /// Sweeps over the layers, the last without a gain.
    pub sweeps: usize,
    /// Whether no layer alone can come nearer: a local optimum. The best over all layers at once is NP-hard to find.
    pub converged: bool,
}

/// Permutes the hidden units of a second network such that its weights come near those of a first.
///
/// ```text
///     minimize |a - P b| over P = (P_1, ..., P_L),     P_l a permutation of the units of hidden layer l
/// ```
///
/// Layer by layer, in an order drawn from the key, the best P_l for given others is a linear assignment, which is solved exactly. Each gains, so
/// that the distance falls until none does. Cost of a sweep: parameters x units products and units^3 for each layer.
///
/// ```
/// use eigenscape::landscape::{HiddenUnits, weight_matching};
/// use eigenscape::network::{Activation, Initialization, Perceptron};
/// use eigenscape::random::Key;
///
/// // A network against itself with its units shuffled.
/// let network = Perceptron::new(&[5, 20, 20, 3], Activation::Relu)?;
/// let theta: Vec<f64> = Initialization::he().draw(&network, Key::new(0));
/// let units = HiddenUnits::new(&network)?;
/// let shuffled = units.permute(&theta, &[Key::new(1).permutation(20), Key::new(2).permutation(20)])?;
/// let matched = weight_matching(&units, &theta, &shuffled, Key::new(3))?;
/// assert_eq!((matched.aligned, matched.distances[1]), (theta, 0.0));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If a parameter vector does not fit or is not finite.
///
/// # References
/// Ainsworth, Hayase & Srinivasa 2023, arXiv:2209.04836, algorithm 1.
#[doc(alias = "git_rebasin")]
pub fn weight_matching<T: Scalar>(units: &HiddenUnits, a: &[T], b: &[T], key: Key) -> Result<WeightMatch<T>> {
    for theta in [a, b] {
        Error::length("the parameters of a network to be aligned", theta.len(), units.parameters())?;
        Error::finite("the parameters of a network to be aligned", theta, "align finite networks")?;
    }
    let distance = |b: &[T]| libm::sqrt(a.iter().zip(b).map(|(x, y)| (x.f64() - y.f64()).powi(2)).sum());
    let sizes = units.sizes();
    let mut permutation: UnitPermutation = sizes.iter().map(|&size| (0..size).collect()).collect();
    let (mut aligned, mut sweeps, mut converged) = (b.to_vec(), 0, false);
    while !converged && sweeps < SWEEPS {
        converged = true;
        for layer in key.split(sweeps as u64).permutation(sizes.len()) {
            let size = sizes[layer];
            let gains = units.products(a, &aligned, layer);
            let places = assign(&gains, size);
            let now: f64 = (0..size).map(|i| gains[i * size + i]).sum();
            let then: f64 = (0..size).map(|i| gains[i * size + places[i]]).sum();
            let scale: f64 = (0..size).map(|i| gains[i * size + i].abs() + gains[i * size + places[i]].abs()).sum();
            // Not for a rounding error: that could go round in circles.
            if then - now > 1e-12 * scale {
                converged = false;
                aligned = units.moved(&aligned, layer, &places);
                permutation[layer] = places.iter().map(|&place| permutation[layer][place]).collect();
            }
        }
        sweeps += 1;
    }
    Ok(WeightMatch { distances: [distance(b), distance(&aligned)], permutation, aligned, sweeps, converged })
}
