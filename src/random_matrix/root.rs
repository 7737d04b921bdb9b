//! Roots and minima of functions of one real variable, in a bracket that never grows.

use crate::error::Result;

/// Enough to bisect the whole range of a double.
const STEPS: usize = 2200;

/// A root of a function that changes sign between two points: inverse quadratic interpolation where it is safe, bisection
/// elsewhere (Chandrupatla 1997, doi:10.1016/S0965-9978(96)00051-8).
///
/// Without a change of sign the end with the smaller value is returned: the caller knows which end that means.
pub(in crate::random_matrix) fn root(lower: f64, upper: f64, mut f: impl FnMut(f64) -> Result<f64>) -> Result<f64> {
    let (mut a, mut b) = (lower, upper);
    let (mut fa, mut fb) = (f(a)?, f(b)?);
    if fa == 0.0 || fb == 0.0 || (fa > 0.0) == (fb > 0.0) {
        return Ok(if fa.abs() <= fb.abs() { a } else { b });
    }
    // b and c are on different sides of the root, a is the previous point.
    let (mut c, mut fc);
    let mut share = 0.5;
    for _ in 0..STEPS {
        let point = a + share * (b - a);
        let value = f(point)?;
        if (value > 0.0) == (fa > 0.0) {
            (c, fc) = (a, fa);
        } else {
            (c, b, fc, fb) = (b, a, fb, fa);
        }
        (a, fa) = (point, value);
        let (best, least) = if fa.abs() < fb.abs() { (a, fa) } else { (b, fb) };
        let resolution = f64::EPSILON * best.abs() + f64::MIN_POSITIVE;
        let tolerance = resolution / (b - a).abs();
        if tolerance >= 0.5 || least == 0.0 {
            return Ok(best);
        }
        let (xi, phi) = ((a - b) / (c - b), (fa - fb) / (fc - fb));
        let inverse = phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi;
        share = if inverse {
            fa / (fb - fa) * (fc / (fb - fc)) + (c - a) / (b - a) * (fa / (fc - fa)) * (fb / (fc - fb))
        } else {
            0.5
        };
        share = if share.is_finite() { share.clamp(tolerance, 1.0 - tolerance) } else { 0.5 };
    }
    Ok(if fa.abs() < fb.abs() { a } else { b })
}

/// The least point of a function with one minimum between two points, by golden sections.
///
/// It ends early at the first point with a value below `enough`.
pub(in crate::random_matrix) fn minimum(
    lower: f64,
    upper: f64,
    enough: f64,
    mut f: impl FnMut(f64) -> Result<f64>,
) -> Result<(f64, f64)> {
    const GOLDEN: f64 = 0.381_966_011_250_105_1;
    let (mut a, mut b) = (lower, upper);
    let (mut left, mut right) = (a + GOLDEN * (b - a), b - GOLDEN * (b - a));
    let (mut at_left, mut at_right) = (f(left)?, f(right)?);
    for _ in 0..80 {
        let (best, value) = if at_left < at_right { (left, at_left) } else { (right, at_right) };
        if value < enough || b - a <= 4.0 * f64::EPSILON * (a.abs() + b.abs()) {
            return Ok((best, value));
        }
        if at_left < at_right {
            (b, right, at_right) = (right, left, at_left);
            left = a + GOLDEN * (b - a);
            at_left = f(left)?;
        } else {
            (a, left, at_left) = (left, right, at_right);
            right = b - GOLDEN * (b - a);
            at_right = f(right)?;
        }
    }
    Ok(if at_left < at_right { (left, at_left) } else { (right, at_right) })
}
