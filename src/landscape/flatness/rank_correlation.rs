//! Kendall's rank correlation.

use crate::error::{Error, Result};

/// Whether two quantities rank cases alike.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RankCorrelation {
    /// Kendall's tau (b, where there are ties), in [-1, 1].
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub tau: f64,
    /// Its standard error by the jackknife: of the cases as a sample.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub standard_error: f64,
    /// What the standard deviation of tau is if the quantities are independent and without ties: sqrt(2 (2n + 5) / (9 n (n - 1))).
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub independent: f64,
    /// The number of cases.
    pub cases: usize,
}

/// Kendall's rank correlation of two quantities over the same cases.
///
/// ```text
///     tau = (concordant pairs - discordant ones) / sqrt((pairs - ties in x) (pairs - ties in y))
/// ```
///
/// It sees ranks alone: a measure of flatness and a generalisation gap may be related by any growing function. Cost: n^2 comparisons.
///
/// ```
/// use eigenscape::landscape::rank_correlation;
///
/// let gap = [0.1, 0.2, 0.3, 0.4, 0.5];
/// assert_eq!(rank_correlation(&gap, &gap.map(f64::exp))?.tau, 1.0);
/// assert!((rank_correlation(&gap, &[1.0, 2.0, 3.0, 5.0, 4.0])?.tau - 0.8).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If there are fewer than 4 cases, unequal numbers of them, one is not finite, or all or all but one of a quantity are equal.
///
/// # References
/// Kendall 1938, doi:10.1093/biomet/30.1-2.81. Jiang et al. 2020, arXiv:1912.02178 (measures of generalisation).
#[doc(alias = "kendall")]
pub fn rank_correlation(x: &[f64], y: &[f64]) -> Result<RankCorrelation> {
    Error::length("the second quantity of a correlation", y.len(), x.len())?;
    Error::at_least("the number of cases", x.len(), 4, "must be at least 4 for a correlation with an error")?;
    Error::finite("the first quantity", x, "leave out cases that are not finite")?;
    Error::finite("the second quantity", y, "leave out cases that are not finite")?;
    let n = x.len();
    let order = |i: usize, j: usize| -> [i64; 3] {
        let sign = |a: f64, b: f64| i64::from(a > b) - i64::from(a < b);
        let (a, b) = (sign(x[i], x[j]), sign(y[i], y[j]));
        [a * b, a * a, b * b]
    };
    // What each case has with all others.
    let mut own = vec![[0i64; 3]; n];
    let mut all = [0i64; 3];
    for i in 0..n {
        for j in 0..i {
            for (part, value) in order(i, j).into_iter().enumerate() {
                own[i][part] += value;
                own[j][part] += value;
                all[part] += value;
            }
        }
    }
    let tau = |sums: [i64; 3]| -> Result<f64> {
        if sums[1] == 0 || sums[2] == 0 {
            let limits = "must be at least 1 also without any single case: equal values have no rank";
            return Err(Error::OutOfRange { what: "the number of unequal pairs", value: 0.0, limits });
        }
        Ok(sums[0] as f64 / (sums[1] as f64 * sums[2] as f64).sqrt())
    };
    let without: Vec<f64> =
        own.iter().map(|own| tau([0, 1, 2].map(|part| all[part] - own[part]))).collect::<Result<_>>()?;
    let mean = without.iter().sum::<f64>() / n as f64;
    let squares: f64 = without.iter().map(|tau| (tau - mean) * (tau - mean)).sum();
    let cases = n as f64;
    Ok(RankCorrelation {
        tau: tau(all)?,
        standard_error: (squares * (cases - 1.0) / cases).sqrt(),
        independent: (2.0 * (2.0 * cases + 5.0) / (9.0 * cases * (cases - 1.0))).sqrt(),
        cases: n,
    })
}
