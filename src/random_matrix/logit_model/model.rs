//! The random model of logit gradients, and its cuts.

use super::cut_moments::{CutMoments, dimension_fits};
use crate::error::{Error, Result};
use crate::random_matrix::SoftmaxCurvature;
use crate::random_matrix::logit_model::softmax::softmax_curvature::ratio_of_squares;

/// The random model of a classifier's curvature of Fort & Ganguli 2019: gradients of logits that cluster about a mean for each
/// class, independent of the probabilities.
///
/// ```text
///     J_mk = c_k + E_mk in R^P,   c_k ~ N(0, sigma_c^2 I),   E_mk ~ N(0, sigma_E^2 I)     m: example, k: class
///     H = sum_m w_m J_m' S_m J_m,   S_m = diag(p_m) - p_m p_m'                            P x P
/// ```
///
/// It stands for the Gauss-Newton part of a Hessian; the curvature of the logits is left out. Here is what does not need a
/// spectrum: traces and norms, exactly at every size, in the whole space and on a random plane of d dimensions, where H_d
/// has the law of the model with P replaced by d. With a, b and Sbar of [`SoftmaxCurvature`], v = sigma_c^2 + sigma_E^2:
///
/// ```text
///     w = sigma_c^4 tr Sbar^2 + (2 sigma_c^2 sigma_E^2 + sigma_E^4) b
///     E tr H_d = d v a,   Var tr H_d = 2 d w,   E |H_d|_F^2 = d (d + 1) w + d v^2 a^2           given the probabilities
///     E tr H_d / sqrt(E |H_d|_F^2) = sqrt(d / (1 + (d + 1) (f^2 tr Sbar^2 + (1 - f^2) b) / a^2)),     f = sigma_c^2 / v
/// ```
///
/// The mean of tr H_d / |H_d|_F itself lies within 1 % of that for d >= 50, and above it at d = 10: by 3 % for sigma_c = 3
/// sigma_E, by 6 % with frozen logits besides (C = 10, N = 60, measured). At fixed deviations the ratio does not rise with the
/// logits: freezing makes b / a^2 larger and the ratio fall. It rises where class means lose their share f.
///
/// ```
/// use eigenscape::random_matrix::{GaussianLogits, LogitModel};
///
/// // 60 examples of 10 classes, 400 parameters, logits of deviation 1; a random plane of 50 dimensions.
/// let curvature = GaussianLogits::new(10, 1.0)?.curvature(60)?;
/// let independent = LogitModel::new(400, 0.0, 1.0, curvature.clone())?.cut(50)?;
/// let clustered = LogitModel::new(400, 3.0, 1.0, curvature)?.cut(50)?;
/// assert!((independent.ratio.unwrap() - 6.568).abs() < 1e-3);
/// assert!((clustered.ratio.unwrap() - 2.969).abs() < 1e-3);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929; Fort & Scherlis 2018, arXiv:1807.02581.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[doc(alias = "Fort-Ganguli")]
pub struct LogitModel {
    parameters: usize,
    mean_deviation: f64,
    residue_deviation: f64,
    curvature: SoftmaxCurvature,
}

impl LogitModel {
    /// The model with P `parameters`, sigma_c `mean_deviation` and sigma_E `residue_deviation`, at given probabilities.
    ///
    /// # Errors
    /// If there are no parameters, or a deviation is negative or not finite, or its square overflows or vanishes.
    pub fn new(
        parameters: usize,
        mean_deviation: f64,
        residue_deviation: f64,
        curvature: SoftmaxCurvature,
    ) -> Result<Self> {
        Error::at_least("the number of parameters", parameters, 1, "must be at least 1")?;
        for (what, value) in [
            ("the deviation of the means of logit gradients", mean_deviation),
            ("the deviation of the residues of logit gradients", residue_deviation),
        ] {
            has_square(what, value)?;
        }
        Ok(LogitModel { parameters, mean_deviation, residue_deviation, curvature })
    }

    /// P.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// sigma_c, for each coordinate of a class mean.
    pub fn mean_deviation(&self) -> f64 {
        self.mean_deviation
    }

    /// sigma_E, for each coordinate of a residue.
    pub fn residue_deviation(&self) -> f64 {
        self.residue_deviation
    }

    /// The second derivatives by the logits.
    pub fn curvature(&self) -> &SoftmaxCurvature {
        &self.curvature
    }

    /// f = sigma_c^2 / (sigma_c^2 + sigma_E^2), the share of the means in the logit gradients; none where these are 0.
    pub fn mean_share(&self) -> Option<f64> {
        let [means, residues] = [self.mean_deviation, self.residue_deviation].map(|deviation| deviation * deviation);
        (means + residues > 0.0).then(|| means / (means + residues))
    }

    /// Trace and norm on a random plane of `dimension` dimensions; of the whole, for `dimension` = P.
    ///
    /// Given the probabilities, means and variance are exact at every size. For
    /// [averages over random logits](super::GaussianLogits::curvature) they leave out what the trace itself fluctuates from
    /// draw to draw of these.
    ///
    /// # Errors
    /// Unless 1 <= `dimension` <= P.
    pub fn cut(&self, dimension: usize) -> Result<CutMoments> {
        dimension_fits(dimension, self.parameters)?;
        let d = dimension as f64;
        let curvature = &self.curvature;
        let [means, residues] = [self.mean_deviation, self.residue_deviation].map(|deviation| deviation * deviation);
        let trace = d * (means + residues) * curvature.trace();
        let fluctuation = means * means * curvature.shared() + residues * (2.0 * means + residues) * curvature.own();
        // From shares, which neither overflow nor vanish where squares of variances do.
        let ratio = self.mean_share().and_then(|share| {
            let shared = ratio_of_squares(curvature.trace(), curvature.shared())?;
            let own = ratio_of_squares(curvature.trace(), curvature.own())?;
            let share = share * share;
            Some((d / (1.0 + (d + 1.0) * (share * shared + (1.0 - share) * own))).sqrt())
        });
        Ok(CutMoments {
            dimension,
            trace,
            trace_variance: 2.0 * d * fluctuation,
            squared_norm: d * (d + 1.0) * fluctuation + trace * trace / d,
            ratio,
        })
    }

    /// E (tr H_d | c), the mean trace on a random plane given the inner products K = c c' of the class means, C x C row by row:
    /// (d / P) tr(Sbar K) + d sigma_E^2 a.
    ///
    /// # Errors
    /// Unless 1 <= `dimension` <= P, K has C^2 finite entries, and the probabilities were given and not averaged over.
    pub fn trace_given_means(&self, dimension: usize, gram: &[f64]) -> Result<f64> {
        dimension_fits(dimension, self.parameters)?;
        let mean = self.curvature.mean().ok_or(Error::Missing {
            what: "the mean second derivative by the logits",
            remedy: "make the curvature from probabilities",
        })?;
        Error::length("the inner products of class means", gram.len(), mean.len())?;
        Error::finite("the inner products of class means", gram, "give finite numbers")?;
        let along_means: f64 = mean.iter().zip(gram).map(|(s, k)| s * k).sum();
        let d = dimension as f64;
        let residues = self.residue_deviation * self.residue_deviation;
        Ok(d / self.parameters as f64 * along_means + d * residues * self.curvature.trace())
    }
}

/// Fails unless a deviation is 0 or has a square.
pub(super) fn has_square(what: &'static str, value: f64) -> Result<()> {
    let square = value * value;
    if value == 0.0 || (value > 0.0 && square >= f64::MIN_POSITIVE && square.is_finite()) {
        return Ok(());
    }
    let limits =
        "must be at least 0 and have a finite square, which is not lost below 1e-307 either: rescale the gradients";
    Err(Error::OutOfRange { what, value, limits })
}

#[cfg(feature = "serde")]
crate::saved::checked!(LogitModel {
    parameters: usize,
    mean_deviation: f64,
    residue_deviation: f64,
    curvature: SoftmaxCurvature,
} by |model| {
    // Without the curvature, which is sound on its own.
    let curvature = SoftmaxCurvature::average(1, 1, 0.0, 0.0, 0.0);
    LogitModel::new(model.parameters, model.mean_deviation, model.residue_deviation, curvature).map(drop)
});
