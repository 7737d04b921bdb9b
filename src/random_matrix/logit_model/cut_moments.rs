//! Trace and norm of a random cut of a matrix.

use crate::error::{Error, Result};

/// What is expected of a symmetric matrix H seen in a random subspace of d dimensions: its trace and its Frobenius norm.
///
/// ```text
///     H_d = P'H P,   P: P x d, random and orthonormal
///     E tr H_d,   Var tr H_d,   E |H_d|_F^2
///     Goldilocks measure   tr H_d / |H_d|_F:   sqrt d for a multiple of I, 0 as many up as down, negative if most bend down
/// ```
///
/// Of the random model of logits: [`LogitModel::cut`](super::LogitModel::cut). Of one matrix whose trace and norm are known:
/// [`CutMoments::of_matrix`].
///
/// # References
/// Fort & Scherlis 2018, arXiv:1807.02581 (the measure).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CutMoments {
    /// d.
    pub dimension: usize,
    /// E tr H_d.
    pub trace: f64,
    /// Var tr H_d.
    pub trace_variance: f64,
    /// E |H_d|_F^2.
    pub squared_norm: f64,
    /// E tr H_d / sqrt(E |H_d|_F^2), the Goldilocks measure up to what fluctuates; none where there is no curvature, 0 / 0.
    pub ratio: Option<f64>,
}

impl CutMoments {
    /// The cut of one symmetric matrix by uniformly random subspaces, exactly at every size: what is left to chance is the
    /// subspace.
    ///
    /// ```text
    ///     E tr H_d    = (d / P) tr H
    ///     E |H_d|_F^2 = (A - B) |H|_F^2 + B (tr H)^2,   A = d (d + 2) / (P (P + 2)),   B = d (P - d) / (P (P - 1) (P + 2))
    ///     Var tr H_d  = 2 d (P - d) / (P (P - 1) (P + 2)) (|H|_F^2 - (tr H)^2 / P)
    /// ```
    ///
    /// ```
    /// use eigenscape::random_matrix::CutMoments;
    ///
    /// // The identity, seen in three dimensions of ten.
    /// let cut = CutMoments::of_matrix(10, 10.0, 10.0, 3)?;
    /// assert!((cut.trace - 3.0).abs() < 1e-15 && (cut.squared_norm - 3.0).abs() < 1e-14);
    /// assert!((cut.ratio.unwrap() - 3f64.sqrt()).abs() < 1e-14 && cut.trace_variance.abs() < 1e-14);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// Unless 1 <= `dimension` <= `size`, the trace is finite, and the squared norm finite, at least 0, and at least
    /// (tr H)^2 / P up to rounding, as that of every matrix.
    ///
    /// # References
    /// Weingarten 1978, doi:10.1063/1.523807 (means over the orthogonal group).
    pub fn of_matrix(size: usize, trace: f64, squared_norm: f64, dimension: usize) -> Result<Self> {
        dimension_fits(dimension, size)?;
        Error::finite("the trace and squared norm of a matrix", &[trace, squared_norm], "give finite numbers")?;
        let (p, d) = (size as f64, dimension as f64);
        let spread = squared_norm - trace * trace / p;
        if squared_norm < 0.0 || spread < -1e-6 * squared_norm {
            let limits =
                "must be at least 0 and at least the square of the trace over the size, as that of every matrix";
            return Err(Error::OutOfRange { what: "the squared norm of a matrix", value: squared_norm, limits });
        }
        let spread = spread.max(0.0);
        // At P = 1 there is one cut, the whole.
        let pairs = if size > 1 { d * (p - d) / (p * (p - 1.0) * (p + 2.0)) } else { 0.0 };
        // In trace and spread the two terms of the norm are both positive.
        let own = d * (d + 2.0) / (p * (p + 2.0)) - pairs;
        let expected = own * spread + trace * trace * d / (p * p);
        Ok(CutMoments {
            dimension,
            trace: trace * d / p,
            trace_variance: 2.0 * pairs * spread,
            squared_norm: expected,
            ratio: (expected > 0.0).then(|| trace * d / p / expected.sqrt()),
        })
    }
}

/// Fails unless a subspace of this dimension exists.
pub(super) fn dimension_fits(dimension: usize, size: usize) -> Result<()> {
    Error::at_least("the dimension of a cut", dimension, 1, "must be at least 1")?;
    if dimension > size {
        let because = "the dimension of the whole";
        return Err(Error::AboveLimit { what: "the dimension of a cut", value: dimension, limit: size, because });
    }
    Ok(())
}
