//! What a scan finds, and means of it.

use super::cut::CutCurvature;
use crate::random_matrix::CutMoments;

/// What a [`GoldilocksScan`](crate::emergent::GoldilocksScan) finds on one plane: at one radius, in one dimension, for one key.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GoldilocksSample {
    /// The number of the key: of direction and plane.
    pub number: usize,
    /// |theta_0|.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub radius: f64,
    /// d.
    pub dimension: usize,
    /// The risk at theta_0.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub loss: f64,
    /// The accuracy at theta_0 on the data for testing; none without labels.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub accuracy: Option<f64>,
    /// |g|, the norm of the gradient at theta_0.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub gradient_norm: f64,
    /// |P'g|, the norm of its part in the plane.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub plane_gradient_norm: f64,
    /// The Hessian on the plane.
    pub hessian: CutCurvature,
    /// Its Gauss-Newton part there.
    pub gauss_newton: Option<CutCurvature>,
    /// The rest, with the curvature of the logits.
    pub remainder: Option<CutCurvature>,
    /// What the random model of logits says of the Gauss-Newton part.
    pub predicted: Option<CutMoments>,
    /// The share of class means in the gradients of the logits, sigma_c^2 / (sigma_c^2 + sigma_E^2).
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub mean_share: Option<f64>,
    /// The mean of tr S_m, 1 - mean sum_k p_k^2: 0 where the probabilities are frozen.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub softmax_trace: Option<f64>,
    /// What training in the plane reached.
    pub training: Option<PlaneOutcome>,
}

/// What training in a plane reached.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PlaneOutcome {
    /// The risk in the end.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub loss: f64,
    /// The accuracy in the end, on the data for testing; none without labels.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub accuracy: Option<f64>,
    /// |psi|, the way from theta_0 to the end.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub distance: f64,
    /// The cosine of -g(theta_0) and the way to the end, in the full space; none if either is 0.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub cosine: Option<f64>,
    /// The cosine of -P'g(theta_0) and the way to the end, in the plane; none if either is 0.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub plane_cosine: Option<f64>,
    /// Whether training left the finite numbers; the rest then says where it was last well.
    pub diverged: bool,
}

/// A mean over keys.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KeyMean {
    /// The mean.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub mean: f64,
    /// Its standard error; none for one key.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub standard_error: Option<f64>,
    /// The number of keys that have a value.
    pub keys: usize,
}

impl KeyMean {
    /// The mean of some values; none of none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().collect();
        let keys = values.len();
        if keys == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / keys as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let standard_error = (keys > 1).then(|| (squares / (keys - 1) as f64 / keys as f64).sqrt());
        Some(KeyMean { mean, standard_error, keys })
    }
}

/// Means over keys of what [`GoldilocksSample`]s say at one radius in one dimension.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GoldilocksRow {
    /// |theta_0|.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub radius: f64,
    /// d.
    pub dimension: usize,
    /// tr / |.|_F of the Hessian.
    pub ratio: Option<KeyMean>,
    /// The same of its Gauss-Newton part.
    pub gauss_newton_ratio: Option<KeyMean>,
    /// The same of the remainder.
    pub remainder_ratio: Option<KeyMean>,
    /// What the random model predicts for the Gauss-Newton part.
    pub predicted_ratio: Option<KeyMean>,
    /// |H - G|_F / |G|_F on the plane.
    pub remainder_share: Option<KeyMean>,
    /// The share of positive eigenvalues of the Hessian.
    pub positive_share: Option<KeyMean>,
    /// The largest eigenvalue of the Hessian.
    pub largest: Option<KeyMean>,
    /// The risk.
    pub loss: Option<KeyMean>,
    /// |g|.
    pub gradient_norm: Option<KeyMean>,
    /// The cosine of -P'g and the way of training, in the plane.
    pub plane_cosine: Option<KeyMean>,
    /// The accuracy after training.
    pub trained_accuracy: Option<KeyMean>,
    /// The risk after training.
    pub trained_loss: Option<KeyMean>,
}

impl GoldilocksRow {
    pub(crate) fn of(radius: f64, dimension: usize, samples: &[&GoldilocksSample]) -> Self {
        let mean = |value: &dyn Fn(&GoldilocksSample) -> Option<f64>| {
            KeyMean::of(samples.iter().filter_map(|sample| value(sample)))
        };
        GoldilocksRow {
            radius,
            dimension,
            ratio: mean(&|sample| sample.hessian.ratio),
            gauss_newton_ratio: mean(&|sample| sample.gauss_newton?.ratio),
            remainder_ratio: mean(&|sample| sample.remainder?.ratio),
            predicted_ratio: mean(&|sample| sample.predicted?.ratio),
            remainder_share: mean(&|sample| {
                let whole = sample.gauss_newton?.norm;
                (whole > 0.0).then_some(sample.remainder?.norm / whole)
            }),
            positive_share: mean(&|sample| Some(sample.hessian.positive_share)),
            largest: mean(&|sample| Some(sample.hessian.largest)),
            loss: mean(&|sample| Some(sample.loss)),
            gradient_norm: mean(&|sample| Some(sample.gradient_norm)),
            plane_cosine: mean(&|sample| sample.training.as_ref()?.plane_cosine),
            trained_accuracy: mean(&|sample| sample.training.as_ref()?.accuracy),
            trained_loss: mean(&|sample| Some(sample.training.as_ref()?.loss)),
        }
    }
}
