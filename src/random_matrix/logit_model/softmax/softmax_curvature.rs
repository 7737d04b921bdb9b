//! The second derivatives of softmax cross-entropy by the logits, in the few numbers that traces and norms depend on.

use crate::error::{Error, Result};

/// Rows of probabilities may miss 1 by this: they may come from single precision.
const SLACK: f64 = 1e-4;

/// What traces and norms depend on, of the second derivatives of softmax cross-entropy by the logits of all examples.
///
/// ```text
///     S_m = diag(p_m) - p_m p_m'                C x C, for each example;   w_m: its weight in the risk, 1/N by default
///     trace         a  = sum_m w_m tr S_m       1 - mean sum_k p_k^2 for equal weights
///     own           b  = sum_m w_m^2 tr S_m^2   what examples share with nobody; 1/N of the mean of tr S_m^2
///     shared        tr Sbar^2,  Sbar = sum_m w_m S_m
/// ```
///
/// All are 0 where every probability is 0 or 1 (frozen), and for a single class. Small ones keep their relative precision:
/// nothing is subtracted from 1.
///
/// ```
/// use eigenscape::random_matrix::SoftmaxCurvature;
///
/// // Two classes: S = p (1 - p) (1, -1; -1, 1).
/// let curvature = SoftmaxCurvature::new(&[0.5, 0.5, 0.8, 0.2], 2)?;
/// assert!((curvature.trace() - (0.25 + 0.16)).abs() < 1e-15);
/// assert!((curvature.own() - (0.25f64.powi(2) + 0.16f64.powi(2))).abs() < 1e-15);
/// assert!((curvature.shared() - (0.25f64 + 0.16).powi(2)).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SoftmaxCurvature {
    examples: usize,
    classes: usize,
    trace: f64,
    own: f64,
    shared: f64,
    /// Sbar, C x C; none for an average over random logits, whose classes may be too many to list.
    mean: Option<Vec<f64>>,
}

impl SoftmaxCurvature {
    /// From probabilities, `classes` for each example back to back, with weights 1/N. Cost: N C^2 operations.
    ///
    /// # Errors
    /// If there are no classes or examples, a row is not complete, a probability is negative or not finite, or a row does not
    /// sum to 1.
    pub fn new(probabilities: &[f64], classes: usize) -> Result<Self> {
        Error::at_least("the number of classes", classes, 1, "must be at least 1")?;
        let examples = probabilities.len() / classes;
        SoftmaxCurvature::weighted(probabilities, classes, &vec![1.0 / examples.max(1) as f64; examples])
    }

    /// The same with a weight for each example, used as it is.
    ///
    /// # Errors
    /// As [`SoftmaxCurvature::new`], and if there are not N weights, or one is negative or not finite, or tr Sbar^2 is not finite.
    pub fn weighted(probabilities: &[f64], classes: usize, weights: &[f64]) -> Result<Self> {
        let probabilities = checked_rows(probabilities, classes, weights)?;
        let examples = weights.len();
        let (mut trace, mut own) = (0.0, 0.0);
        let mut mean = vec![0.0; classes * classes];
        for (p, &weight) in probabilities.chunks_exact(classes).zip(weights) {
            let (diagonal, squares) = diagonal_and_squares(p);
            trace += weight * diagonal.iter().sum::<f64>();
            own += weight * weight * squares;
            for (k, sums) in mean.chunks_exact_mut(classes).enumerate() {
                let scale = weight * p[k];
                if scale > 0.0 {
                    let own = sums[k] + weight * diagonal[k];
                    sums.iter_mut().zip(p).for_each(|(sum, p)| *sum -= scale * p);
                    sums[k] = own;
                }
            }
        }
        let shared: f64 = mean.iter().map(|entry| entry * entry).sum();
        Error::finite("the squares of the second derivatives by the logits", &[own, shared], "take smaller weights")?;
        Ok(SoftmaxCurvature { examples, classes, trace, own, shared, mean: Some(mean) })
    }

    /// From averages over random probabilities.
    pub(crate) fn average(examples: usize, classes: usize, trace: f64, own: f64, shared: f64) -> Self {
        SoftmaxCurvature { examples, classes, trace, own, shared, mean: None }
    }

    /// N.
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// C.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// a, the weighted mean of tr S_m.
    pub fn trace(&self) -> f64 {
        self.trace
    }

    /// sum_m w_m^2 tr S_m^2.
    pub fn own(&self) -> f64 {
        self.own
    }

    /// tr Sbar^2.
    pub fn shared(&self) -> f64 {
        self.shared
    }

    /// Sbar, C x C, row by row; none for averages over random logits.
    pub fn mean(&self) -> Option<&[f64]> {
        self.mean.as_deref()
    }

    /// a^2 / b, the number of directions that carry the curvature: N (C - 1) for equal probabilities, and fewer the more of
    /// them freeze. None where there is no curvature.
    pub fn active_directions(&self) -> Option<f64> {
        ratio_of_squares(self.trace, self.own).map(|share| 1.0 / share)
    }
}

/// b / a^2; none where there is no curvature. Numbers so small that their squares are nothing count as none.
pub(crate) fn ratio_of_squares(trace: f64, squares: f64) -> Option<f64> {
    let square = trace * trace;
    (square >= f64::MIN_POSITIVE && squares > 0.0).then(|| squares / square)
}

/// The rows of probabilities, each divided by its sum; fails unless they are probabilities and every row has a weight.
pub(crate) fn checked_rows(probabilities: &[f64], classes: usize, weights: &[f64]) -> Result<Vec<f64>> {
    Error::at_least("the number of classes", classes, 1, "must be at least 1")?;
    let examples = probabilities.len() / classes;
    if examples == 0 {
        let remedy = "give at least one example, of as many probabilities as there are classes";
        return Err(Error::Empty { what: "the list of probabilities", remedy });
    }
    Error::array("the list of probabilities (examples x classes)", probabilities.len(), &[examples, classes])?;
    Error::length("the list of weights", weights.len(), examples)?;
    Error::finite("the list of probabilities", probabilities, "the network overflows at these parameters")?;
    Error::finite("the list of weights", weights, "give finite weights")?;
    let negative = |values: &[f64]| values.iter().copied().find(|&value| value < 0.0);
    if let Some(value) = negative(probabilities).or(negative(weights)) {
        let limits = "must be at least 0";
        return Err(Error::OutOfRange { what: "a probability or a weight", value, limits });
    }
    let mut rows = probabilities.to_vec();
    for row in rows.chunks_exact_mut(classes) {
        let total: f64 = row.iter().sum();
        if (total - 1.0).abs() > SLACK {
            let limits = "must be 1: they are probabilities";
            return Err(Error::OutOfRange { what: "the sum of a row of probabilities", value: total, limits });
        }
        row.iter_mut().for_each(|p| *p /= total);
    }
    Ok(rows)
}

/// p_k (1 - p_k) for each class, and tr S^2 = sum_k (p_k (1 - p_k))^2 + sum_{k != l} (p_k p_l)^2.
pub(crate) fn diagonal_and_squares(p: &[f64]) -> (Vec<f64>, f64) {
    // 1 - p of the largest as the sum of the others: only there the difference would cancel.
    let largest = (0..p.len()).fold(0, |best, k| if p[k] > p[best] { k } else { best });
    let others =
        |of: fn(f64) -> f64| -> f64 { p.iter().enumerate().filter(|(k, _)| *k != largest).map(|(_, &p)| of(p)).sum() };
    let (rest, rest_squares) = (others(|p| p), others(|p| p * p));
    let all_squares = rest_squares + p[largest] * p[largest];
    let mut squares = 0.0;
    let diagonal = (p.iter().enumerate())
        .map(|(k, &p)| {
            let (without, squares_without) =
                if k == largest { (rest, rest_squares) } else { (1.0 - p, (all_squares - p * p).max(0.0)) };
            let own = p * without;
            squares += own * own + p * p * squares_without;
            own
        })
        .collect();
    (diagonal, squares)
}

#[cfg(feature = "serde")]
crate::saved::checked!(SoftmaxCurvature {
    examples: usize,
    classes: usize,
    trace: f64,
    own: f64,
    shared: f64,
    mean: Option<Vec<f64>>,
} by |curvature| {
    Error::at_least("the number of examples of a saved curvature", curvature.examples, 1, "must be at least 1")?;
    Error::at_least("the number of classes of a saved curvature", curvature.classes, 1, "must be at least 1")?;
    let numbers = [curvature.trace, curvature.own, curvature.shared];
    Error::finite("the numbers of a saved curvature", &numbers, crate::saved::DAMAGED)?;
    let Some(mean) = &curvature.mean else { return Ok(()) };
    Error::array("the mean of a saved curvature", mean.len(), &[curvature.classes, curvature.classes])?;
    Error::finite("the mean of a saved curvature", mean, crate::saved::DAMAGED)
});
