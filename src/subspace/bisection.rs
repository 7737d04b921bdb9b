//! Roots of monotone functions of a positive number, and the normal distribution.

/// The point of `lower..=upper` at which a condition that holds up to some point stops to hold, in equal ratios.
pub(super) fn bisect(lower: f64, upper: f64, mut holds: impl FnMut(f64) -> bool) -> f64 {
    let (mut lower, mut upper) = (lower.min(upper), upper.max(lower));
    // Enough to halve the logarithm of the whole range of a double to rounding.
    for _ in 0..80 {
        let middle = if lower > 0.0 { lower.sqrt() * upper.sqrt() } else { 0.5 * upper };
        if middle <= lower || middle >= upper {
            break;
        }
        if holds(middle) {
            lower = middle;
        } else {
            upper = middle;
        }
    }
    upper
}

/// The probability that a standard normal number is at most `x`.
pub(super) fn normal_distribution(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}
