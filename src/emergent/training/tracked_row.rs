//! What a tracker records.

use crate::emergent::freezing::Freezing;
use crate::emergent::measurement::Measurement;
use crate::random_matrix::Validity;

/// What a [`Tracker`](crate::emergent::Tracker) found at one step, on its examples.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TrackedRow {
    /// The number of steps done.
    pub step: u64,
    /// The risk.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub loss: f64,
    /// |g|.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub gradient_norm: f64,
    /// How large logits are, how far probabilities are frozen, and the accuracy.
    pub freezing: Freezing,
    /// sigma_c; its error is that of sigma_E's part in it.
    pub mean_deviation: Measurement,
    /// sigma_E, with its error over probes.
    pub residue_deviation: Measurement,
    /// The largest eigenvalues, descending.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub eigenvalues: Vec<f64>,
    /// ||A v - lambda v|| of each: an eigenvalue lies so near.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub residual_norms: Vec<f64>,
    /// (v_j . g)^2 / |g|^2 of each; empty without a gradient.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub powers: Vec<f64>,
    /// The overlap of each eigenvector with the span of the means.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub overlaps: Vec<f64>,
    /// |H - G|_F / |G|_F; none unless probes are taken, or where G is 0.
    pub remainder_ratio: Option<Measurement>,
    /// The largest eigenvalue by the paper's model, from sigma_E and from the means and probabilities as they are; none where the
    /// means leave no dimensions to residues.
    pub predicted_given: Option<PredictedLargest>,
    /// The same from sigma_c, sigma_E and sigma_z alone; none unless draws are taken.
    pub predicted_ensemble: Option<PredictedLargest>,
    /// The same with a margin, from sigma_c, sigma_E, sigma_w and the margin at which Y_2 agrees: see
    /// [`Freezing::fitted_margin`]. None unless draws are taken, or where the probabilities are frozen to rounding.
    pub predicted_margin: Option<PredictedLargest>,
    /// How logit gradients cluster; none in rows that leave it out.
    pub clustering: Option<TrackedClustering>,
}

impl TrackedRow {
    /// The gradient's share in the span of the first k eigenvectors; none if fewer are tracked, or the gradient is zero.
    pub fn share(&self, k: usize) -> Option<f64> {
        Some(self.powers.get(..k).filter(|powers| !powers.is_empty())?.iter().sum())
    }
}

/// A prediction of the largest eigenvalue.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PredictedLargest {
    /// With its deviation from draw to draw of the model, where known.
    pub value: Measurement,
    /// alpha, the predicted overlap with the means; none if no outlier detaches, or of an average.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub overlap: Option<f64>,
    /// How far to trust it, where known.
    pub validity: Option<Validity>,
}

/// How logit gradients cluster, and how far that has turned since the first time it was looked at.
///
/// ```text
///     mean of J_mk . J_m'l over the pairs of a kind / mean of |J_mk|^2        kinds as in Clustering
/// ```
///
/// Ratios of means, from the class blocks of the kernel, where [`Clustering`](crate::emergent::Clustering) has means of ratios: the same
/// where gradients are of one length, and without the gradient of every single logit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrackedClustering {
    /// Within a logit and class; none if no class has two examples, or gradients are 0.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub same_logit_and_class: Option<f64>,
    /// Within a logit; none for a single example.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub same_logit: Option<f64>,
    /// Between different logits; none for a single one.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub different_logits: Option<f64>,
    /// 1 - <K, K'> / (|K| |K'|) of the class blocks K of the kernel and those of the first row: see
    /// [`Clustering::kernel_distance`](crate::emergent::Clustering::kernel_distance). None where gradients are 0.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub kernel_distance: Option<f64>,
}
