//! How many standard errors a confidence takes.

use super::beta;
use crate::error::{Error, Result};

/// The number of standard errors on each side of the mean of `samples` normal samples within which their expectation lies
/// with probability `confidence`: a quantile of Student's distribution with `samples` - 1 degrees of freedom.
///
/// # Errors
/// If `confidence` is not in (0, 1), or there are less than 2 samples.
pub(crate) fn quantile(confidence: f64, samples: usize) -> Result<f64> {
    require(confidence)?;
    Error::at_least("the number of probes of an interval", samples, 2, "must be at least 2: one has no spread")?;
    let freedom = (samples - 1) as f64;
    if samples > EXPANDED {
        return Ok(expanded(confidence, freedom));
    }
    // For t of f degrees of freedom, f / (f + t^2) has the law Beta(f / 2, 1 / 2): the odds are f / t^2.
    let odds = beta::log_odds(0.5 * freedom, 0.5, (1.0 - confidence, confidence));
    Ok(freedom.sqrt() * libm::exp(-0.5 * odds))
}

/// Beyond so many samples the quantile is expanded, which then misses less than rounding; the fraction behind it would take minutes
/// for very many.
const EXPANDED: usize = 1 << 20;

/// The quantile by that of the normal law, which lies within: Abramowitz & Stegun 26.7.5.
fn expanded(confidence: f64, freedom: f64) -> f64 {
    let z = normal(confidence);
    let square = z * z;
    let first = z * (square + 1.0) / 4.0;
    let second = z * ((5.0 * square + 16.0) * square + 3.0) / 96.0;
    z + (first + second / freedom) / freedom
}

/// The size that a standard normal variable does not exceed at a confidence, by halving.
fn normal(confidence: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        let within = match confidence < 0.5 {
            // What is left of 1 would be rounded.
            true => libm::erf(middle / std::f64::consts::SQRT_2) < confidence,
            false => 2.0 * beta::normal_tails(middle).1 > 1.0 - confidence,
        };
        if within { low = middle } else { high = middle }
    }
}

/// Fails unless `confidence` is in (0, 1).
pub(crate) fn require(confidence: f64) -> Result<()> {
    if confidence > 0.0 && confidence < 1.0 {
        return Ok(());
    }
    let limits = "must lie between 0 and 1: 0.95, say";
    Err(Error::OutOfRange { what: "the confidence of an interval", value: confidence, limits })
}

#[cfg(test)]
mod tests {
    use super::{EXPANDED, expanded, quantile};

    #[test]
    fn the_expansion_goes_on_where_the_iteration_ends() {
        for confidence in [1e-9, 0.4, 0.5, 0.9, 0.99, 0.999999] {
            let iterated = quantile(confidence, EXPANDED).unwrap();
            let value = expanded(confidence, (EXPANDED - 1) as f64);
            assert!((value / iterated - 1.0).abs() < 1e-9, "{confidence}: {value}, by iteration {iterated}");
            // However many there are.
            assert!((quantile(confidence, usize::MAX).unwrap() / iterated - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn quantiles_are_those_of_tables() {
        // SciPy 1.17, scipy.stats.t.ppf(0.5 + confidence / 2, samples - 1).
        let table = [
            (0.5, 2, 1.0),
            (0.9, 2, 6.313751514675037),
            (0.95, 10, 2.262157162798205),
            (0.99, 20, 2.8609346064649794),
            (0.95, 100, 1.9842169515864174),
            (0.999, 5, 8.610301581379522),
            (0.9999, 1000, 3.906359561102238),
        ];
        for (confidence, samples, expected) in table {
            let value = quantile(confidence, samples).unwrap();
            assert!((value / expected - 1.0).abs() < 1e-10, "{confidence}, {samples}: {value}, expected {expected}");
        }
    }
}
