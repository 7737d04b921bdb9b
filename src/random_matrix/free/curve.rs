//! One law inside of another's resolvent: z = psi(w) with psi analytic and known, solved on the curve where it is real.
//!
//! A sample covariance, a matrix plus Gaussian noise and a random cut of a matrix all have a Stieltjes transform that is
//! that of a known law mu at another point w, the **subordination point**, and z is a function of w:
//!
//! ```text
//!     sample covariance, ratio c     psi(w) = w (1 + c T(w)),          T(w) = int x mu(dx) / (w - x)
//!     plus noise of variance s^2     psi(w) = w - s^2 m(w),            m(w) = int mu(dx) / (x - w)
//!     cut to a fraction t            psi(w) = w + (1 - t) / m(w)
//!
//!     each is                        psi(w) = alpha w + beta + int q(dx) / (w - x),     q >= 0
//! ```
//!
//! So Im psi(u + i h) = h (alpha - int q(dx) / |u + i h - x|^2), and the integral, the **resistance** (here divided by
//! alpha), falls with h. Above each real u where it exceeds 1 there is exactly one h at which it is 1: psi is real there,
//! x = psi(u + i h) grows with u, and the curve of these points, seen through psi, is the bulk. Where it is below 1 on the
//! real line psi' > 0, and x = psi(u) is outside of the bulk. The edges are the real points of resistance 1, which are
//! found as roots, not read off a grid; between two neighbouring points of q the resistance is convex, so that there are
//! two or none.
//!
//! Silverstein & Choi 1995 (doi:10.1006/jmva.1995.1058); Biane 1997 (doi:10.1512/iumj.1997.46.1467); Ledoit & Wolf 2017
//! (doi:10.1016/j.csda.2017.06.004).

use std::f64::consts::PI;
use std::sync::OnceLock;

use super::base::Base;
use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{self, Interval};
use crate::random_matrix::root::{minimum, root};
use crate::random_matrix::transforms::{derivative, gaps, merged};

/// Points of the curve that are kept for each bulk, as first guesses.
const NODES: usize = 48;

/// A gap is open where the resistance falls below 1 by more than this.
const CLOSED: f64 = 1e-13;

/// How psi is made of the law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Map {
    Covariance { ratio: f64 },
    Semicircular { variance: f64 },
    Compression { fraction: f64 },
}

/// Some x of an interval of the support and the points there, ascending.
pub(super) type Guesses = Vec<(f64, Complex)>;

/// One interval of the support, in w and in x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bulk {
    /// From one real point of resistance 1 to the next.
    pub(super) points: Interval,
    pub(super) support: Interval,
}

#[derive(Clone, Debug)]
pub(super) struct Curve {
    pub(super) base: Base,
    pub(super) map: Map,
    /// The total mass of q over alpha: the resistance far away is this over |w|^2.
    strength: f64,
    pub(super) bulks: Vec<Bulk>,
    /// Points of the curve of each bulk with their x, ascending.
    guesses: Vec<OnceLock<Result<Guesses>>>,
}

impl Curve {
    pub(super) fn new(base: Base, map: Map) -> Result<Self> {
        let strength = strength(&base, map);
        let mut curve = Curve { base, map, strength, bulks: Vec::new(), guesses: Vec::new() };
        let obstacles = curve.obstacles()?;
        let mut edges = Vec::new();
        for gap in gaps(&obstacles) {
            edges.extend(curve.edges(gap)?);
        }
        // The first opens a bulk, the last closes one; each inner gap closes and opens.
        for pair in edges.chunks_exact(2) {
            let at = |u: f64| match map {
                // A population that touches 0 has no transform there, and z is 0.
                Map::Covariance { .. } if u == 0.0 => Ok::<f64, Error>(0.0),
                _ => Ok(curve.value(u.into())?[0].re),
            };
            let [lower, upper] = [at(pair[0])?, at(pair[1])?];
            // Rounding of a hard edge.
            curve.bulks.push(Bulk {
                points: Interval { lower: pair[0], upper: pair[1] },
                support: Interval { lower: lower.min(upper), upper },
            });
        }
        curve.guesses = curve.bulks.iter().map(|_| OnceLock::new()).collect();
        if let (Map::Covariance { ratio }, Some(first)) = (map, curve.bulks.first_mut()) {
            // As many samples as non-zero variances: a hard edge, at 0 exactly.
            let zeros: f64 = curve.base.atoms().iter().filter(|a| a.location == 0.0).map(|a| a.weight).sum();
            if (ratio * (1.0 - zeros) - 1.0).abs() <= 4.0 * f64::EPSILON {
                (first.points.lower, first.support.lower) = (0.0, 0.0);
            }
        }
        Ok(curve)
    }

    /// psi(w) and psi'(w).
    pub(super) fn value(&self, w: Complex) -> Result<[Complex; 2]> {
        match self.map {
            Map::Covariance { ratio } => {
                let [factor, slope] = self.base.shrinkage(ratio, w)?;
                Ok([w * factor, factor + w * slope])
            }
            Map::Semicircular { variance } => {
                let [m, slope] = self.base.stieltjes(w)?;
                Ok([w - m * variance, slope * -variance + 1.0])
            }
            Map::Compression { fraction } => {
                let [m, slope] = self.base.stieltjes(w)?;
                Ok([w + Complex::from(1.0 - fraction) / m, -(slope / m / m) * (1.0 - fraction) + 1.0])
            }
        }
    }

    /// The resistance int q(dx) / |w - x|^2 / alpha, less 1.
    pub(super) fn excess(&self, w: Complex) -> Result<f64> {
        match self.map {
            Map::Covariance { ratio } => self.base.weighted_spread(ratio, w),
            Map::Semicircular { variance } => Ok(variance * self.base.spread(w)? - 1.0),
            Map::Compression { fraction } => {
                let [m, _] = self.base.stieltjes(w)?;
                let size = m.modulus();
                Ok((1.0 - fraction) / fraction * (self.base.spread(w)? / size / size - 1.0).max(0.0) - 1.0)
            }
        }
    }

    /// psi'' at a real point.
    pub(super) fn curvature(&self, u: f64) -> Result<f64> {
        // 2 int q(dx) / (u - x)^3.
        let weight = |x: f64| match self.map {
            Map::Covariance { ratio } => Some(ratio * x * x),
            Map::Semicircular { variance } => Some(variance),
            Map::Compression { .. } => None,
        };
        if let Some(points) = self.base.points()
            && weight(1.0).is_some()
        {
            let term = |&(x, mass): &(f64, f64)| weight(x).unwrap_or(0.0) * mass / ((u - x) * (u - x) * (u - x));
            return Ok(2.0 * points.iter().map(term).sum::<f64>());
        }
        // Elsewhere by Cauchy's integral around u.
        let obstacles = self.obstacles()?;
        let atoms = Vec::new();
        Ok(derivative(&obstacles, &atoms, u.into(), |w| Ok(self.value(w)?[1]))?.re)
    }

    /// Where q has mass.
    fn obstacles(&self) -> Result<Vec<Interval>> {
        let carriers = self.base.carriers();
        match self.map {
            // A population eigenvalue 0 does nothing.
            Map::Covariance { .. } => Ok(carriers.into_iter().filter(|c| c.lower != 0.0 || c.upper != 0.0).collect()),
            Map::Semicircular { .. } => Ok(carriers),
            Map::Compression { .. } => {
                // The poles of 1/m are the zeros of m, one between two neighbours; at an atom it is regular.
                let mut poles = self.base.law().support();
                for pair in carriers.windows(2) {
                    let inner = Interval { lower: pair[0].upper, upper: pair[1].lower };
                    let at = |x: f64| Ok(self.base.stieltjes(x.into())?[0].re);
                    let [low, high] = inside(inner);
                    if at(low)? < 0.0 && at(high)? > 0.0 {
                        let zero = root(low, high, at)?;
                        poles.push(Interval { lower: zero, upper: zero });
                    }
                }
                Ok(merged(poles))
            }
        }
    }

    /// The real points of resistance 1 in one gap between obstacles: one in an outer gap, two or none in an inner one.
    fn edges(&self, gap: Interval) -> Result<Vec<f64>> {
        let excess = |u: f64| Ok(levelled(self.excess(u.into())?));
        let reach = self.strength.sqrt();
        match (gap.lower.is_finite(), gap.upper.is_finite()) {
            (false, false) => Ok(Vec::new()),
            (false, true) => Ok(vec![beyond(gap.upper, -1.0, reach, excess)?]),
            (true, false) => Ok(vec![beyond(gap.lower, 1.0, reach, excess)?]),
            (true, true) => {
                let [low, high] = inside(gap);
                if low >= high || self.surely_closed(gap) {
                    return Ok(Vec::new());
                }
                let (lowest, value) = minimum(low, high, -0.5, |u| self.excess(u.into()))?;
                // A gap as narrow as rounding is none.
                if value >= -CLOSED {
                    return Ok(Vec::new());
                }
                Ok(vec![
                    beyond(gap.lower, 1.0, lowest - gap.lower, excess)?,
                    beyond(gap.upper, -1.0, gap.upper - lowest, excess)?,
                ])
            }
        }
    }

    /// Whether the two points of q at the ends of a gap alone keep the resistance above 1 all through it: with thousands of
    /// points they nearly always do, and the minimum need not be looked for.
    fn surely_closed(&self, gap: Interval) -> bool {
        let weight = |x: f64| {
            let points = self.base.points()?;
            let (_, mass) = points.get(points.partition_point(|point| point.0 < x)).filter(|point| point.0 == x)?;
            match self.map {
                Map::Covariance { ratio } => Some(ratio * mass * x * x),
                Map::Semicircular { variance } => Some(variance * mass),
                Map::Compression { .. } => None,
            }
        };
        let (Some(left), Some(right)) = (weight(gap.lower), weight(gap.upper)) else { return false };
        // The least value of left / s^2 + right / (width - s)^2.
        let sum = libm::cbrt(left) + libm::cbrt(right);
        let width = gap.upper - gap.lower;
        sum * sum * sum > width * width
    }

    /// The h > 0 at which u + i h is on the curve; 0 outside of the bulks.
    pub(super) fn height(&self, u: f64) -> Result<f64> {
        let reach = self.strength.sqrt();
        let at = |exponent: f64| Ok(levelled(self.excess(Complex::new(u, libm::exp(exponent)))?));
        let high = libm::log(reach * 2.0);
        let low = libm::log(reach) - 40.0;
        if at(low)? <= 0.0 {
            return Ok(0.0);
        }
        Ok(libm::exp(root(low, high, at)?))
    }

    /// The point of the curve above u, and its x.
    pub(super) fn above(&self, u: f64) -> Result<(f64, Complex)> {
        let w = Complex::new(u, self.height(u)?);
        Ok((self.value(w)?[0].re, w))
    }

    fn guesses(&self, bulk: usize) -> Result<&[(f64, Complex)]> {
        let made = self.guesses[bulk].get_or_init(|| {
            let Bulk { points: Interval { lower, upper }, support } = self.bulks[bulk];
            // Denser at the ends, where the curve is steep.
            let inner = (1..NODES).map(|node| {
                let share = libm::sin(PI / 2.0 * node as f64 / NODES as f64);
                self.above(lower + (upper - lower) * share * share)
            });
            let [first, last] =
                [(support.lower, lower), (support.upper, upper)].map(|(x, u)| Ok((x, Complex::from(u))));
            std::iter::once(first).chain(inner).chain(std::iter::once(last)).collect()
        });
        made.as_deref().map_err(Clone::clone)
    }

    /// The bulk that holds x inside.
    pub(super) fn bulk_at(&self, x: f64) -> Option<usize> {
        self.bulks.iter().position(|bulk| bulk.support.lower < x && x < bulk.support.upper)
    }

    /// The point of the curve with psi(w) = x, for x inside of a bulk.
    pub(super) fn point(&self, bulk: usize, x: f64) -> Result<Complex> {
        let nodes = self.guesses(bulk)?;
        let after = nodes.partition_point(|node| node.0 <= x).clamp(1, nodes.len() - 1);
        let (left, right) = (nodes[after - 1], nodes[after]);
        let share = ((x - left.0) / (right.0 - left.0)).clamp(0.0, 1.0);
        // Beside an end the curve is a parabola.
        let share_height = match after {
            1 => share.sqrt() * right.1.im,
            last if last == nodes.len() - 1 => (1.0 - share).sqrt() * left.1.im,
            _ => left.1.im + share * (right.1.im - left.1.im),
        };
        let guess = Complex::new(left.1.re + share * (right.1.re - left.1.re), share_height);
        if let Some(w) = self.newton(x.into(), guess)?
            && left.1.re <= w.re
            && w.re <= right.1.re
        {
            return Ok(w);
        }
        let u = root(left.1.re, right.1.re, |u| Ok(self.above(u)?.0 - x))?;
        Ok(self.above(u)?.1)
    }

    /// psi(w) = z by Newton's method in the upper half plane; `None` if it leaves it or does not settle.
    fn newton(&self, z: Complex, guess: Complex) -> Result<Option<Complex>> {
        let mut w = guess;
        for round in 0..32 {
            let [value, slope] = self.value(w)?;
            let excess = value - z;
            let step = excess / slope;
            let next = w - step;
            let inside = next.im > 0.0 && next.is_finite();
            // Beside an edge or a zero of psi the excess drowns in rounding before the step is small.
            let terms = if round < 16 { z.modulus() } else { z.modulus() + w.modulus() };
            if excess.modulus() <= 4.0 * f64::EPSILON * terms {
                return Ok(Some(if inside { next } else { w }));
            }
            if !inside {
                return Ok(None);
            }
            let small = step.modulus() <= 1e-9 * w.im;
            w = next;
            // Quadratic: the step after this one would be its square.
            if small {
                let [value, slope] = self.value(w)?;
                let polished = w - (value - z) / slope;
                return Ok(Some(if polished.im > 0.0 { polished } else { w }));
            }
        }
        Ok(None)
    }

    /// The point w with psi(w) = z: in the upper half plane for Im z > 0, real for z on the real axis outside of the bulks.
    pub(super) fn solve(&self, z: Complex) -> Result<Complex> {
        law::finite(z)?;
        if z.im < 0.0 {
            return Ok(self.solve(z.conjugate())?.conjugate());
        }
        if z.im == 0.0 {
            return self.real(z.re);
        }
        // Down from far above, where psi is nearly the identity.
        let far = self.bulks.iter().fold(z.modulus() + self.strength.sqrt(), |far, bulk| {
            far.max(bulk.support.upper.abs()).max(bulk.support.lower.abs())
        });
        let mut height = 4.0 * far;
        let mean = self.base.law().moment(1);
        let mut w = match self.map {
            Map::Compression { fraction } => {
                Complex::new((z.re - (1.0 - fraction) * mean) / fraction, height.max(z.im) / fraction)
            }
            _ => Complex::new(z.re, height.max(z.im)),
        };
        let mut share = 0.5;
        loop {
            let target = Complex::new(z.re, height.max(z.im));
            match self.newton(target, w)? {
                Some(next) => {
                    w = next;
                    if height <= z.im {
                        return Ok(w);
                    }
                    share = f64::min(0.5, share);
                    height *= share;
                }
                // Too far a step: go back half the way, in the logarithm.
                None if share < 0.999 => {
                    height /= share;
                    share = share.sqrt();
                    height *= share;
                }
                None => {
                    let residual = (self.value(w)?[0] - z).modulus() / z.modulus();
                    let equation = "the equation of the subordination point";
                    return Err(Error::Unsolved { equation, re: z.re, im: z.im, residual });
                }
            }
        }
    }

    /// The real w with psi(w) = x and psi'(w) > 0.
    fn real(&self, x: f64) -> Result<Complex> {
        let after = self.bulks.partition_point(|bulk| bulk.support.upper <= x);
        let below = after.checked_sub(1).map(|index| self.bulks[index].points.upper);
        let above = self.bulks.get(after).map(|bulk| (bulk.points.lower, bulk.support.lower));
        if above.is_some_and(|(_, lower)| x > lower) {
            return Err(law::on_the_cut(x));
        }
        let excess = |u: f64| Ok(self.value(u.into())?[0].re - x);
        let step = x.abs().max(self.strength.sqrt()).max(f64::MIN_POSITIVE);
        let (low, high) = match (below, above) {
            (Some(low), Some((high, _))) => (low, high),
            (None, Some((high, _))) => {
                let mut low = high - step;
                while excess(low)? > 0.0 {
                    low = high - 2.0 * (high - low);
                }
                (low, high)
            }
            (Some(low), None) => {
                let mut high = low + step;
                while excess(high)? < 0.0 {
                    high = low + 2.0 * (high - low);
                }
                (low, high)
            }
            // Nothing but points: psi is the identity, or nearly.
            (None, None) => return Ok(Complex::from(x)),
        };
        Ok(root(low, high, excess)?.into())
    }
}

/// The total mass of q over alpha.
fn strength(base: &Base, map: Map) -> f64 {
    let law = base.law();
    match map {
        Map::Covariance { ratio } => ratio * law.moment(2),
        Map::Semicircular { variance } => variance,
        Map::Compression { fraction } => {
            let mean = law.moment(1);
            (1.0 - fraction) / fraction * (law.moment(2) - mean * mean).max(0.0)
        }
    }
}

/// 1 - 1 / sqrt(resistance): nearly linear in the distance from a point of q.
fn levelled(excess: f64) -> f64 {
    let root = (1.0 + excess).max(f64::MIN_POSITIVE).sqrt();
    excess / (root * (root + 1.0))
}

/// The two outermost points of an open interval that can be told from its ends.
pub(super) fn inside(gap: Interval) -> [f64; 2] {
    let tiny = 4.0 * f64::EPSILON;
    let step = |end: f64| (tiny * end.abs()).max(tiny * 1e-3 * (gap.upper - gap.lower));
    [gap.lower + step(gap.lower), gap.upper - step(gap.upper)]
}

/// The point on one side of an obstacle, at most `reach` from it, where a function that is positive beside it is 0.
fn beyond(obstacle: f64, side: f64, reach: f64, f: impl Fn(f64) -> Result<f64>) -> Result<f64> {
    let at = |exponent: f64| f(obstacle + side * libm::exp(exponent));
    let nearest = (2.0 * f64::EPSILON * obstacle.abs()).max(f64::EPSILON * 1e-4 * reach).max(f64::MIN_POSITIVE);
    let (low, mut high) = (libm::log(nearest), libm::log(reach.max(nearest)) + 1e-6);
    if at(low)? <= 0.0 {
        // The law fades so gently at its end that nothing is added to it.
        return Ok(obstacle);
    }
    while at(high)? > 0.0 && high < 700.0 {
        high += 0.5;
    }
    Ok(obstacle + side * libm::exp(root(low, high, at)?))
}
