//! How many standard errors a confidence takes.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::error::{Error, Result};

/// The number of standard errors on each side of the mean of `samples` normal samples within which their expectation lies
/// with probability `confidence`: a quantile of Student's distribution with `samples` - 1 degrees of freedom.
///
/// # Errors
/// If `confidence` is not in (0, 1), or there are less than 2 samples.
pub(crate) fn quantile(confidence: f64, samples: usize) -> Result<f64> {
    require(confidence)?;
    Error::at_least("the number of probes of an interval", samples, 2, "must be at least 2: one has no spread")?;
    if samples > EXPANDED {
        return Ok(expanded(0.5 + confidence / 2.0, (samples - 1) as f64));
    }
    let student = StudentsT::new(0.0, 1.0, (samples - 1) as f64).expect("degrees of freedom are positive");
    Ok(student.inverse_cdf(0.5 + confidence / 2.0))
}

/// Beyond so many samples the quantile is expanded, which then misses less than rounding; the iteration would not end for very many.
const EXPANDED: usize = 1 << 20;

/// The quantile by the normal one: Abramowitz & Stegun 26.7.5.
fn expanded(probability: f64, degrees: f64) -> f64 {
    let z = Normal::standard().inverse_cdf(probability);
    let square = z * z;
    let first = z * (square + 1.0) / 4.0;
    let second = z * ((5.0 * square + 16.0) * square + 3.0) / 96.0;
    z + (first + second / degrees) / degrees
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
        for confidence in [0.5, 0.9, 0.99, 0.999999] {
            let iterated = quantile(confidence, EXPANDED).unwrap();
            let value = expanded(0.5 + confidence / 2.0, (EXPANDED - 1) as f64);
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
