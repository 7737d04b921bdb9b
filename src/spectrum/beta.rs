//! The Beta law's two tails and their quantiles: intervals of Student's law and for counts follow from them.

use std::f64::consts::TAU;

/// The probabilities that a variable of the law Beta(a, b) is at most x and at least x, where `y` is 1 - x.
///
/// ```text
///     I_x(a, b) = x^a y^b / B(a, b) (1 / (d_0 + c_1 / (d_1 + c_2 / (d_2 + ...))))
/// ```
///
/// The smaller tail has its relative accuracy: some rounding errors, times |ln of it| where it is small. (For a or b below some
/// hundredths it may be what the larger one leaves of 1.) Cost: some sqrt(max(a, b)) / 6 steps of the continued fraction at
/// most. a and b are positive.
///
/// # References
/// DLMF 8.17.22, of which this is the even part; Loader 2000, "Fast and accurate computation of binomial probabilities" (the
/// factor before it).
pub(crate) fn tails(a: f64, b: f64, (x, y): (f64, f64)) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if y <= 0.0 {
        return (1.0, 0.0);
    }
    // The fraction converges fast on one side of the mean.
    if x * (b + 1.0) > y * (a + 1.0) {
        let (upper, lower) = tails_below(b, a, (y, x));
        return (lower, upper);
    }
    tails_below(a, b, (x, y))
}

/// The point at which the tails of Beta(a, b) are the two numbers given, which add to 1, as ln(x / (1 - x)): neither end is lost.
pub(crate) fn log_odds(a: f64, b: f64, (lower, upper): (f64, f64)) -> f64 {
    // Beyond these ends x or 1 - x is no normal number.
    let (mut left, mut right) = (-708.0, 708.0);
    loop {
        let middle = 0.5 * (left + right);
        if middle <= left || middle >= right {
            return middle;
        }
        let (below, above) = tails(a, b, from_log_odds(middle));
        let is_left = if lower <= upper { below < lower } else { above > upper };
        if is_left { left = middle } else { right = middle }
    }
}

/// x and 1 - x.
pub(crate) fn from_log_odds(odds: f64) -> (f64, f64) {
    (1.0 / (1.0 + libm::exp(-odds)), 1.0 / (1.0 + libm::exp(odds)))
}

/// The tails of the standard normal law: the probabilities to be at most and at least z.
pub(crate) fn normal_tails(z: f64) -> (f64, f64) {
    let z = z / std::f64::consts::SQRT_2;
    (0.5 * libm::erfc(-z), 0.5 * libm::erfc(z))
}

fn tails_below(a: f64, b: f64, (x, y): (f64, f64)) -> (f64, f64) {
    let lower = (density_times_xy(a, b, (x, y)) / fraction(a, b, (x, y))).min(1.0);
    (lower, 1.0 - lower)
}

/// x^a y^b / B(a, b), without the cancellation of its three large logarithms: of Stirling's formula for each Gamma function
/// the corrections and what the point is away from the mean are left.
fn density_times_xy(a: f64, b: f64, (x, y): (f64, f64)) -> f64 {
    let n = a + b;
    let exponent = stirling(n) - stirling(a) - stirling(b) - deviance(a, n * x) - deviance(b, n * y);
    (a / n * b / TAU).sqrt() * libm::exp(exponent)
}

/// ln Gamma(z) - ((z - 1/2) ln z - z + ln(2 pi) / 2)
fn stirling(z: f64) -> f64 {
    if z < 16.0 {
        return libm::lgamma(z) - ((z - 0.5) * libm::log(z) - z + 0.5 * libm::log(TAU));
    }
    let square = z * z;
    let terms = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0];
    terms.iter().rev().fold(0.0, |sum, term| sum / square + term) / z
}

/// v ln(v / m) + m - v, which is near 0 where v is near m.
fn deviance(v: f64, m: f64) -> f64 {
    let relative = (v - m) / (v + m);
    if relative.abs() > 0.1 {
        return v * libm::log(v / m) + m - v;
    }
    // ln(v / m) = 2 (r + r^3 / 3 + r^5 / 5 + ...), r = (v - m) / (v + m)
    let square = relative * relative;
    let (mut power, mut odd, mut sum) = (2.0 * v * relative, 1.0, (v - m) * relative);
    loop {
        power *= square;
        odd += 2.0;
        let next = sum + power / odd;
        if next == sum || next.is_nan() {
            return next;
        }
        sum = next;
    }
}

/// The continued fraction beneath the density, two of its steps at a time and from its front (Lentz). With y for 1 - x it loses
/// nothing where x is near 1, as it is for very large a.
fn fraction(a: f64, b: f64, (x, y): (f64, f64)) -> f64 {
    const SMALLEST: f64 = 1e-300;
    let away = |value: f64| if value.abs() < SMALLEST { SMALLEST } else { value };
    let below = |m: f64| m + (a + m) / (a + 2.0 * m + 1.0) * (a * y - b * x + 1.0 + m * (1.0 + y));
    let mut value = away(below(0.0));
    let (mut forward, mut reverse) = (value, 0.0);
    // The loop ends long before.
    for step in 1..1_000_000 {
        let m = f64::from(step);
        let middle = a + 2.0 * m - 1.0;
        let over = m * (a + m - 1.0) / middle * ((a + b + m - 1.0) / middle) * (b - m) * x * x;
        let under = below(m) + m * (b - m) / middle * x;
        reverse = 1.0 / away(under + over * reverse);
        forward = away(under + over / forward);
        let factor = reverse * forward;
        value *= factor;
        if factor.is_nan() || (factor - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::{from_log_odds, log_odds, normal_tails, tails};

    /// SciPy 1.17, scipy.stats.beta.cdf(x, a, b); the third, where that misses by 2e-10, and the fourth from the binomial sum to
    /// 60 digits.
    const TABLE: [(f64, f64, f64, f64); 6] = [
        (0.5, 99.5, 0.01, 0.8421811638078219),
        (10.0, 2009.0, 0.003, 0.08737858092858791),
        (10.0, 100000000.0, 1.5e-07, 0.930146397633475),
        (9000.0, 100000000.0, 9.1e-05, 0.8559595350859934),
        (5000.0, 5000.0, 0.505, 0.8413447463710366),
        (10000.0, 3000000.0, 0.0033, 0.2516530756331668),
    ];

    #[test]
    fn tails_are_those_of_tables() {
        for (a, b, x, expected) in TABLE {
            let (below, above) = tails(a, b, (x, 1.0 - x));
            // The point itself is rounded.
            let rounding = 20.0 * f64::EPSILON * (a + b).sqrt() + 1e-13;
            assert!((below - expected).abs() < rounding, "{a}, {b}, {x}: {below}, expected {expected}");
            assert!((below + above - 1.0).abs() < 1e-15);
        }
    }

    /// The law of the largest or smallest of n uniform numbers, and of one, in closed form: x^n, 1 - (1 - x)^n.
    #[test]
    fn powers_have_their_closed_forms() {
        for n in [1.0, 2.0, 7.0, 300.0, 1e6, 1e9] {
            for x in [1e-300, 1e-12, 0.001, 0.3, 0.5, 0.9, 0.999_999] {
                let (below, _) = tails(n, 1.0, (x, 1.0 - x));
                let expected = libm::exp(n * libm::log(x));
                let scale = 1.0 + (n * libm::log(x)).abs();
                assert!((below - expected).abs() <= 1e-14 * scale * expected, "{n}, {x}: {below}, expected {expected}");
                let (_, above) = tails(1.0, n, (x, 1.0 - x));
                let expected = libm::exp(n * libm::log1p(-x));
                let scale = 1.0 + n * (x + f64::EPSILON) / (1.0 - x);
                assert!((above - expected).abs() <= 1e-14 * scale * expected, "{n}, {x}: {above}, expected {expected}");
            }
        }
    }

    /// I_x(a, b) = x^a (1 + a y + a (a + 1) y^2 / 2 + ...), b terms, for a whole b; x and y from their odds lose nothing.
    #[test]
    fn large_parameters_lose_nothing() {
        for a in [1e3, 1e6, 1e8, 2e9, 1e12] {
            for b in [1.0, 2.0, 7.0, 16.0] {
                for off in [-3.0, -1.0, 0.0, 0.5, 2.0] {
                    let (x, y) = from_log_odds(libm::log(a / b) + off);
                    let (mut sum, mut term, mut order) = (0.0, 1.0, 0.0);
                    while order < b {
                        sum += term;
                        term *= (a + order) / (order + 1.0) * y;
                        order += 1.0;
                    }
                    let exponent = a * libm::log1p(-y);
                    let expected = libm::exp(exponent) * sum;
                    let (below, above) = tails(a, b, (x, y));
                    let tolerance = 1e-14 * (4.0 + exponent.abs());
                    assert!(
                        (below / expected - 1.0).abs() < tolerance,
                        "{a}, {b}, {off}: {below}, expected {expected}"
                    );
                    assert_eq!(tails(b, a, (y, x)), (above, below));
                }
            }
        }
    }

    /// What is not a number ends, and is none.
    #[test]
    fn nothing_loops_for_ever() {
        for (a, b, x) in [
            (f64::NAN, 1.0, 0.5),
            (2.0, 3.0, f64::NAN),
            (f64::INFINITY, 1.0, 0.5),
            (1e300, 1e300, 0.5),
            (1e-300, 1.0, 0.5),
        ] {
            let (below, above) = tails(a, b, (x, 1.0 - x));
            assert!([below, above].iter().all(|tail| tail.is_nan() || (0.0..=1.0).contains(tail)), "{a}, {b}, {x}");
        }
    }

    /// Arcsine's law: a = b = 1/2.
    #[test]
    fn halves_are_an_angle() {
        for x in [1e-20f64, 0.1, 0.25, 0.5, 0.8, 0.999] {
            let expected = x.sqrt().asin() / std::f64::consts::FRAC_PI_2;
            assert!((tails(0.5, 0.5, (x, 1.0 - x)).0 / expected - 1.0).abs() < 1e-14, "{x}");
        }
    }

    #[test]
    fn quantiles_invert_tails() {
        for (a, b) in [(0.5, 0.5), (0.5, 500.0), (3.0, 1.0), (40.0, 60.0), (1e6, 1e3), (2e9, 7.0), (1e-3, 2.0)] {
            for tail in [1e-12, 0.001, 0.025, 0.4, 0.5, 0.7, 0.999] {
                let point = from_log_odds(log_odds(a, b, (tail, 1.0 - tail)));
                let (below, above) = tails(a, b, point);
                let (met, asked) = if tail <= 0.5 { (below, tail) } else { (above, 1.0 - tail) };
                assert!((met / asked - 1.0).abs() < 1e-9 || point.0 < 1e-300, "{a}, {b}, {tail}: {met}");
            }
        }
    }

    #[test]
    fn points_at_and_beyond_the_ends_have_all_or_nothing() {
        assert_eq!(tails(2.0, 3.0, (0.0, 1.0)), (0.0, 1.0));
        assert_eq!(tails(2.0, 3.0, (1.0, 0.0)), (1.0, 0.0));
        let (below, above) = normal_tails(-38.0);
        assert!(below > 0.0 && below < 1e-300 && above == 1.0);
        assert!((normal_tails(1.0).0 - 0.841_344_746_068_542_9).abs() < 1e-15);
    }
}
