//! Transforms of a law from its Stieltjes transform alone.

use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{Atom, Interval, Law, on_the_cut};
use crate::random_matrix::root::root;

/// Points of the circle: the terms fall by 2 from one to the next.
const POINTS: usize = 48;

/// The two ends of everything that has mass.
pub(in crate::random_matrix) fn ends(support: &[Interval], atoms: &[Atom]) -> Interval {
    let points = atoms.iter().map(|atom| Interval { lower: atom.location, upper: atom.location });
    let all = Interval { lower: f64::INFINITY, upper: f64::NEG_INFINITY };
    support
        .iter()
        .copied()
        .chain(points)
        .fold(all, |all, part| Interval { lower: all.lower.min(part.lower), upper: all.upper.max(part.upper) })
}

/// The farthest of two ends from 0.
pub(in crate::random_matrix) fn size_of(ends: Interval) -> f64 {
    ends.lower.abs().max(ends.upper.abs())
}

/// The outer gap above the upper end, or below the lower one.
pub(in crate::random_matrix) fn beyond(upper: f64, lower: f64, above: bool) -> Interval {
    if above {
        Interval { lower: upper, upper: f64::INFINITY }
    } else {
        Interval { lower: f64::NEG_INFINITY, upper: lower }
    }
}

/// f'(z) = (1/(2 pi r^2)) int f(z + r exp(i t)) r exp(-i t) dt, by the trapezoidal rule.
pub(in crate::random_matrix) fn derivative(
    support: &[Interval],
    atoms: &[Atom],
    z: Complex,
    f: impl Fn(Complex) -> Result<Complex>,
) -> Result<Complex> {
    crate::random_matrix::law::finite(z)?;
    let points = atoms.iter().map(|atom| Interval { lower: atom.location, upper: atom.location });
    let distance = (support.iter().copied().chain(points))
        .map(|part| libm::hypot((part.lower - z.re).max(z.re - part.upper).max(0.0), z.im))
        .fold(f64::INFINITY, f64::min);
    if distance == 0.0 {
        return Err(on_the_cut(z.re));
    }
    let radius = distance / 2.0;
    let mut sum = Complex::default();
    for point in 0..POINTS {
        // Never on the real axis, where an implementation may be choosy.
        let angle = (point as f64 + 0.5) * std::f64::consts::TAU / POINTS as f64;
        let (sine, cosine) = libm::sincos(angle);
        let direction = Complex::new(cosine, sine);
        sum = sum + f(z + direction * radius)? * direction.conjugate();
    }
    Ok(sum / (POINTS as f64 * radius))
}

/// R(w): see [`Law::r_transform`](crate::random_matrix::Law::r_transform).
pub(in crate::random_matrix) fn r_transform(
    support: &[Interval],
    atoms: &[Atom],
    cumulants: &[f64],
    w: f64,
    stieltjes: impl Fn(f64) -> Result<Complex>,
) -> Result<f64> {
    // Near 0 by its series: K(w) - 1/w would lose it.
    if w.abs() * size_of(ends(support, atoms)) < 1e-5 {
        return Ok(cumulants[0] + w * (cumulants[1] + w * cumulants[2]));
    }
    let limits = "must be a value of G(x) = int mu(dy) / (x - y) outside of the law's support: take it nearer to 0";
    let refused = Error::OutOfRange { what: "the argument of an R-transform", value: w, limits };
    if !w.is_finite() {
        return Err(refused);
    }
    let ends = ends(support, atoms);
    let gap = beyond(ends.upper, ends.lower, w > 0.0);
    let x = crossing(gap, size_of(ends), |x| Ok(-stieltjes(x)?.re / w - 1.0))?.ok_or(refused)?;
    Ok(x - 1.0 / w)
}

/// S(t): see [`Law::s_transform`](crate::random_matrix::Law::s_transform).
pub(in crate::random_matrix) fn s_transform(
    support: &[Interval],
    atoms: &[Atom],
    cumulants: &[f64],
    t: f64,
    stieltjes: impl Fn(f64) -> Result<Complex>,
) -> Result<f64> {
    let ends = ends(support, atoms);
    let (mean, variance) = (cumulants[0], cumulants[1]);
    if !(ends.lower >= 0.0 && mean > 0.0) {
        let limits = "must be at least 0, with a positive mean: an S-transform is of a law on [0, inf)";
        return Err(Error::OutOfRange { what: "the lower end of the law", value: ends.lower, limits });
    }
    // Near 0 by its series.
    if t.abs() * (1.0 + ends.upper / mean) < 1e-8 {
        return Ok((1.0 - t * variance / (mean * mean)) / mean);
    }
    let limits =
        "must be a value of T(x) = int y mu(dy) / (x - y) above the law's support or below 0: take it nearer to 0";
    let refused = Error::OutOfRange { what: "the argument of an S-transform", value: t, limits };
    if !t.is_finite() || t <= -1.0 {
        return Err(refused);
    }
    let gap = beyond(ends.upper, 0.0, t > 0.0);
    let x = crossing(gap, size_of(ends), |x| Ok(-(1.0 + x * stieltjes(x)?.re) / t - 1.0))?.ok_or(refused)?;
    Ok((1.0 + t) / (t * x))
}

/// Where a function that is monotone in an open interval, and -1 at an infinite end, is 0.
///
/// `size` is that of the law: it tells how near to an end at 0 one can ask.
pub(in crate::random_matrix) fn crossing(
    gap: Interval,
    size: f64,
    f: impl Fn(f64) -> Result<f64>,
) -> Result<Option<f64>> {
    let beside = |end: f64| {
        (2.0 * f64::EPSILON * end.abs()).max(if end == 0.0 { 1e-9 * size } else { 0.0 }).max(f64::MIN_POSITIVE)
    };
    let (end, side) = match (gap.lower.is_finite(), gap.upper.is_finite()) {
        (true, true) => {
            let (low, high) = (gap.lower + beside(gap.lower), gap.upper - beside(gap.upper));
            // Beside an end without a value is not far enough from it: no crossing can be told from the end then.
            let crosses = low < high && (f(low)? > 0.0) != (f(high)? > 0.0);
            return Ok(if crosses { Some(root(low, high, f)?) } else { None });
        }
        (true, false) => (gap.lower, 1.0),
        (false, true) => (gap.upper, -1.0),
        (false, false) => return Ok(None),
    };
    // In the logarithm of the distance: the point may be as near to the end as rounding lets it be.
    let at = |exponent: f64| f(end + side * libm::exp(exponent));
    let low = libm::log(beside(end));
    if at(low)? <= 0.0 {
        return Ok(None);
    }
    let mut high = libm::log(end.abs().max(size).max(f64::MIN_POSITIVE)) + 1.0;
    while at(high)? > 0.0 {
        high += 1.0;
        if high > 709.0 {
            return Ok(None);
        }
    }
    Ok(Some(end + side * libm::exp(root(low.min(high - 1.0), high, at)?)))
}

/// The open intervals of the line without mass.
pub(in crate::random_matrix) fn gaps_of(law: &dyn Law) -> Vec<Interval> {
    let atoms = law.atoms().into_iter().map(|atom| Interval { lower: atom.location, upper: atom.location });
    gaps(&merged(law.support().into_iter().chain(atoms).collect()))
}

/// Closed intervals in order, those that touch made one.
pub(in crate::random_matrix) fn merged(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.sort_by(|a, b| a.lower.total_cmp(&b.lower));
    let mut result: Vec<Interval> = Vec::with_capacity(intervals.len());
    for interval in intervals {
        match result.last_mut() {
            Some(last) if interval.lower <= last.upper => last.upper = last.upper.max(interval.upper),
            _ => result.push(interval),
        }
    }
    result
}

/// The open intervals between closed ones, the two outer ones included.
pub(in crate::random_matrix) fn gaps(closed: &[Interval]) -> Vec<Interval> {
    let lowers = std::iter::once(f64::NEG_INFINITY).chain(closed.iter().map(|interval| interval.upper));
    let uppers = closed.iter().map(|interval| interval.lower).chain(std::iter::once(f64::INFINITY));
    lowers.zip(uppers).map(|(lower, upper)| Interval { lower, upper }).collect()
}

/// Fails for a law with mass below 0 or none above.
pub(super) fn non_negative(what: &'static str, law: &dyn Law) -> Result<()> {
    let ends = ends(&law.support(), &law.atoms());
    if ends.lower >= 0.0 && ends.upper > 0.0 {
        return Ok(());
    }
    let limits = "must be at least 0, and there must be mass above it";
    Err(Error::OutOfRange { what, value: ends.lower, limits })
}
