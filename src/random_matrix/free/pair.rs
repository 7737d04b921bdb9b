//! Two laws bound by one unknown: free sums, free products and separable covariances.
//!
//! Each law is asked at a point of its own, and both answer with the same **level**:
//!
//! ```text
//!     sum           G1(w1) = G2(w2) = l             z = w1 + w2 - 1/l              w2 = z - k1(w1),  k(w) = w - 1/G(w)
//!     product       T1(w1) = T2(w2) = l             z = w1 w2 l / (1 + l)          w2 = z / k1(w1)
//!     separable     c T1(w1) = T2(w2) = l           z = w1 w2 l                    w2 = z / (c w1 T1(w1)), and w1 = z / (w2 T2(w2))
//!
//!     G(w) = int mu(dx) / (w - x),      T(w) = int x mu(dx) / (w - x)
//! ```
//!
//! In the upper half plane the two maps of the last column, one after the other, have one fixed point, found by Newton's
//! method continued from far above down to the real axis. On the real line both points lie in gaps of their laws, where
//! levels fall monotonically, and z is outside of the support exactly where it falls with the level: the edges are
//! where dz/dl = 0, found as roots for every pair of gaps.
//!
//! Belinschi & Bercovici 2007 (doi:10.1007/s11854-007-0006-1); Paul & Silverstein 2009 (doi:10.1016/j.jmva.2008.03.006);
//! Couillet & Hachem 2014 (doi:10.1142/S2010326314500166).

use super::super::complex::Complex;
use super::super::law::{self, Interval};
use super::super::outlier::Outlier;
use super::super::transforms::{gaps, merged};
use super::base::Base;
use super::curve::inside;
use super::root::{minimum, root};
use crate::error::{Error, Result};

/// Points at which each pair of gaps is looked through for edges.
const GRID: usize = 96;
/// More pairs of gaps than this are refused: their number is the product of the numbers of gaps.
const MOST_PAIRS: usize = 1 << 13;
/// What rounding can make of a drive of 0: two fair coins have it along a whole pair of gaps, in which z stands still. z is
/// stationary where the drive is 0, so that an edge is shifted by no more than its rounding.
const ROUNDING: f64 = 1e-13;
/// A fixed point that pulls less than this is one of many, to rounding; so is one this near to an edge squared.
const NEUTRAL: f64 = 1e-7;
/// Parts of a support narrower than this part of the whole are isolated points or rounding.
const NARROW: f64 = 1e-11;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Sum,
    Product,
    Separable { ratio: f64 },
}

#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) first: Base,
    pub(super) second: Base,
    pub(super) kind: Kind,
    pub(super) support: Vec<Interval>,
}

/// Both points, with the derivative of the first with respect to z.
#[derive(Clone, Copy, Debug)]
pub(super) struct Points {
    pub(super) first: Complex,
    pub(super) second: Complex,
    pub(super) slope: Complex,
    /// Whether the fixed point is one of many, to rounding.
    neutral: bool,
}

/// One gap of one law, and how the level runs through it.
#[derive(Clone, Copy, Debug)]
struct Gap {
    interval: Interval,
    /// How far an outer gap is looked through.
    far: f64,
    /// The levels near its two ends, the higher one first.
    levels: [f64; 2],
}

/// A place on the real line outside of the support.
#[derive(Clone, Copy, Debug)]
struct Real {
    z: f64,
    /// Positive outside of the support.
    drive: f64,
}

impl Pair {
    pub(super) fn new(first: Base, second: Base, kind: Kind) -> Result<Self> {
        let mut pair = Pair { first, second, kind, support: Vec::new() };
        pair.support = pair.find_support()?;
        Ok(pair)
    }

    // -----------------------------------------------------------------------------------------------------------------
    // The upper half plane.

    /// k1 or k2 and its derivative.
    fn link(&self, base: &Base, factor: f64, w: Complex) -> Result<[Complex; 2]> {
        if let Kind::Separable { .. } = self.kind {
            let [t, slope] = base.transform(w)?;
            return Ok([w * t * factor, (t + w * slope) * factor]);
        }
        let [m, slope] = base.stieltjes(w)?;
        Ok([w + Complex::from(1.0) / m, -(slope / m / m) + 1.0])
    }

    fn ratio(&self) -> f64 {
        if let Kind::Separable { ratio } = self.kind { ratio } else { 1.0 }
    }

    /// Where the fixed point is for a z far away.
    fn far_guess(&self, z: Complex) -> Complex {
        match self.kind {
            Kind::Sum => z,
            _ => z / self.second.law().moment(1),
        }
    }

    /// The second point, the image of the first under both maps, and that image's derivatives by the first and by z.
    fn image(&self, z: Complex, w: Complex) -> Result<[Complex; 4]> {
        let [k, slope] = self.link(&self.first, self.ratio(), w)?;
        if let Kind::Sum = self.kind {
            let second = z - k;
            let [other, other_slope] = self.link(&self.second, 1.0, second)?;
            return Ok([second, z - other, other_slope * slope, -other_slope + 1.0]);
        }
        let second = z / k;
        let [other, other_slope] = self.link(&self.second, 1.0, second)?;
        let image = z / other;
        // d image / d second.
        let outer = -(image * other_slope / other);
        Ok([second, image, -(outer * second * slope / k), Complex::from(1.0) / other + outer / k])
    }

    /// Newton's method for the fixed point at z.
    fn newton(&self, z: Complex, guess: Complex) -> Result<Option<Points>> {
        let mut w = guess;
        for _ in 0..32 {
            let [second, image, by_point, _] = self.image(z, w)?;
            if !(second.im > 0.0 && second.is_finite()) {
                return Ok(None);
            }
            let step = (w - image) / (-by_point + 1.0);
            let next = w - step;
            if !(next.im > 0.0 && next.is_finite()) {
                return Ok(None);
            }
            w = next;
            if step.modulus() <= 1e-9 * w.im {
                let [second, image, by_point, by_z] = self.image(z, w)?;
                let polished = w - (w - image) / (-by_point + 1.0);
                let first = if polished.im > 0.0 { polished } else { w };
                let pull = -by_point + 1.0;
                let neutral = pull.modulus() < NEUTRAL;
                return Ok((second.im > 0.0).then_some(Points { first, second, slope: by_z / pull, neutral }));
            }
        }
        Ok(None)
    }

    /// The points for z, beside a place where every point is a fixed point (the middle of the sum of two fair coins): the mean
    /// of those on both sides.
    pub(super) fn solve(&self, z: Complex, guess: Option<Complex>) -> Result<Points> {
        let points = self.solve_once(z, guess)?;
        let Some(part) = self.support.iter().find(|part| part.contains(z.re)) else { return Ok(points) };
        let shift = 3e-6 * (part.upper - part.lower);
        if !points.neutral || z.im != 0.0 || (z.re - part.lower).min(part.upper - z.re) < 30.0 * shift {
            return Ok(points);
        }
        let [left, right] = [self.solve_once(z - shift, guess)?, self.solve_once(z + shift, guess)?];
        let mean = |left: Complex, right: Complex| (left + right) * 0.5;
        Ok(Points {
            first: mean(left.first, right.first),
            second: mean(left.second, right.second),
            slope: mean(left.slope, right.slope),
            neutral: false,
        })
    }

    /// The points for z: above the axis, on it from above inside of the support (`guess` may be near), real outside.
    fn solve_once(&self, z: Complex, guess: Option<Complex>) -> Result<Points> {
        law::finite(z)?;
        if z.im < 0.0 {
            let points = self.solve_once(z.conjugate(), guess.map(Complex::conjugate))?;
            let [first, second, slope] = [points.first, points.second, points.slope].map(Complex::conjugate);
            return Ok(Points { first, second, slope, ..points });
        }
        if let Some(guess) = guess
            && let Some(points) = self.newton(z, guess)?
        {
            return Ok(points);
        }
        let inside = self.support.iter().any(|part| part.lower < z.re && z.re < part.upper);
        let size = self.support.iter().fold(z.modulus(), |size, part| size.max(part.upper.abs()).max(part.lower.abs()));
        // Outside of the support the points end on the real axis, where Newton's method is left to real numbers.
        let end = if z.im > 0.0 || inside { z.im } else { 1e-7 * self.distance(z.re) };
        let mut height = 4.0 * size;
        let mut w = self.far_guess(Complex::new(z.re, height));
        for _ in 0..64 {
            let image = self.image(Complex::new(z.re, height), w)?[1];
            w = (w + image) * 0.5;
        }
        let mut share: f64 = 0.5;
        loop {
            // The last step may go all the way to the axis.
            let level = if height <= end.max(1e-12 * size) { end } else { height };
            match self.newton(Complex::new(z.re, level), w)? {
                Some(points) => {
                    if level == end {
                        return if z.im == end { Ok(points) } else { self.real(z.re, points.first.re) };
                    }
                    w = points.first;
                    // There is one solution in the half plane: if the last step can be made already, it is right.
                    if let Some(points) = self.newton(Complex::new(z.re, end), w)? {
                        return if z.im == end { Ok(points) } else { self.real(z.re, points.first.re) };
                    }
                    share = share.min(0.5);
                    height *= share;
                }
                None if share < 0.9999 => {
                    height /= share;
                    share = share.sqrt();
                    height *= share;
                }
                None => {
                    let residual = (w - self.image(z, w)?[1]).modulus() / w.modulus();
                    return Err(self.unsolved(z, residual));
                }
            }
        }
    }

    fn unsolved(&self, z: Complex, residual: f64) -> Error {
        Error::Unsolved { equation: self.equation(), re: z.re, im: z.im, residual }
    }

    pub(super) fn equation(&self) -> &'static str {
        match self.kind {
            Kind::Sum => "the equation of a free sum",
            Kind::Product => "the equation of a free product",
            Kind::Separable { .. } => "the equation of a separable covariance",
        }
    }

    fn distance(&self, x: f64) -> f64 {
        (self.support.iter())
            .map(|part| (part.lower - x).max(x - part.upper).max(0.0))
            .fold(f64::INFINITY, f64::min)
            .min(x.abs().max(f64::MIN_POSITIVE))
    }

    /// Newton's method on the real line.
    fn real(&self, x: f64, guess: f64) -> Result<Points> {
        let z = Complex::from(x);
        let mut w = Complex::from(guess);
        for _ in 0..32 {
            let [second, image, by_point, by_z] = self.image(z, w)?;
            let step = (w - image) / (-by_point + 1.0);
            if step.modulus() <= 8.0 * f64::EPSILON * w.modulus() {
                return Ok(Points { first: w, second, slope: by_z / (-by_point + 1.0), neutral: false });
            }
            w = w - step;
        }
        let [second, image, by_point, by_z] = self.image(z, w)?;
        let residual = (w - image).modulus() / w.modulus();
        if residual > 1e-10 {
            return Err(self.unsolved(z, residual));
        }
        Ok(Points { first: w, second, slope: by_z / (-by_point + 1.0), neutral: false })
    }

    /// m(z) and m'(z) from the points.
    pub(super) fn stieltjes(&self, z: Complex, points: Points) -> Result<[Complex; 2]> {
        let [m, slope] = self.first.stieltjes(points.first)?;
        if let Kind::Sum = self.kind {
            return Ok([m, slope * points.slope]);
        }
        let w = points.first;
        let outer = w * m / z;
        Ok([outer, ((m + w * slope) * points.slope - outer) / z])
    }

    // -----------------------------------------------------------------------------------------------------------------
    // The real line.

    /// The level and its derivative.
    fn level(&self, base: &Base, factor: f64, x: f64) -> Result<[f64; 2]> {
        if let Kind::Sum = self.kind {
            let [m, slope] = base.stieltjes(x.into())?;
            return Ok([-m.re, -slope.re]);
        }
        let [t, slope] = base.transform(x.into())?;
        Ok([factor * t.re, factor * slope.re])
    }

    /// The level so small that a point of it counts as infinitely far away.
    fn farthest_level(&self) -> f64 {
        let size = |base: &Base| {
            base.carriers().iter().fold(0.0f64, |size, part| size.max(part.lower.abs()).max(part.upper.abs()))
        };
        let [first, second] = [&self.first, &self.second].map(|base| (size(base), base.law().moment(1)));
        let reach = match self.kind {
            Kind::Sum => first.0 + second.0,
            _ => (first.0 / (first.1 * self.ratio())).max(second.0 / second.1),
        };
        1.0 / (FAR * reach.max(f64::MIN_POSITIVE * FAR))
    }

    fn gaps(&self, base: &Base, factor: f64, farthest: f64) -> Result<Vec<Gap>> {
        let mut carriers = base.carriers();
        let mut far = 2.0 / farthest;
        if !matches!(self.kind, Kind::Sum) {
            // 0 is an end for products: what is said of the sign of z changes there.
            carriers.push(Interval { lower: 0.0, upper: 0.0 });
            far *= factor * base.law().moment(1);
        }
        (gaps(&merged(carriers)).into_iter())
            .map(|interval| {
                let mut gap = Gap { interval, far, levels: [-farthest, farthest] };
                if interval.lower.is_finite() {
                    gap.levels[0] = self.level(base, factor, gap.position(0.0))?[0];
                }
                if interval.upper.is_finite() {
                    gap.levels[1] = self.level(base, factor, gap.position(1.0))?[0];
                }
                Ok(gap)
            })
            .collect()
    }

    /// The point of a gap at which the level is as given.
    fn invert(&self, base: &Base, factor: f64, gap: Gap, level: f64) -> Result<f64> {
        Ok(gap.position(self.share_at(base, factor, gap, level)?))
    }

    fn share_at(&self, base: &Base, factor: f64, gap: Gap, level: f64) -> Result<f64> {
        root(0.0, 1.0, |share| Ok(self.level(base, factor, gap.position(share))?[0] - level))
    }

    /// What a pair of real points at the same level says.
    fn meeting(&self, first: f64, second: f64) -> Result<Real> {
        let ratio = self.ratio();
        let [level, slope] = self.level(&self.first, ratio, first)?;
        let [_, other] = self.level(&self.second, 1.0, second)?;
        if let Kind::Sum = self.kind {
            // 1/F' of both, each in (0, 1].
            let drive = -level * level / slope - level * level / other - 1.0;
            return Ok(Real { z: first + second - 1.0 / level, drive: drive - ROUNDING });
        }
        let (weight, z) = match self.kind {
            // 1 + T = w G, which near -1 the sum would lose.
            Kind::Product => {
                let lifted = -first * self.first.stieltjes(first.into())?[0].re;
                (level * lifted, first * second * level / lifted)
            }
            _ => (level, first * second * level),
        };
        let drive = -weight / (first * slope) - weight / (second * other) - 1.0;
        // Only z > 0 is in question.
        Ok(Real { z, drive: if z > 0.0 { drive * weight.signum() - ROUNDING } else { -1.0 } })
    }

    /// The outliers that one eigenvalue of one law causes, apart from its others.
    pub(super) fn outliers(&self, spike: f64, of_second: bool) -> Result<Vec<Outlier>> {
        let (own, other) = if of_second { (&self.second, &self.first) } else { (&self.first, &self.second) };
        let (own_ratio, other_ratio) = if of_second { (1.0, self.ratio()) } else { (self.ratio(), 1.0) };
        Error::finite("the spike", &[spike], "give an eigenvalue of the matrix that carries it")?;
        if !matches!(self.kind, Kind::Sum) {
            Error::positive("the spike", spike)?;
        }
        if own.carriers().iter().any(|part| part.contains(spike)) {
            let limits = "must lie apart from the law that it is added to";
            return Err(Error::OutOfRange { what: "the spike", value: spike, limits });
        }
        let [level, slope] = self.level(own, own_ratio, spike)?;
        let mut found = Vec::new();
        for gap in self.gaps(other, other_ratio, self.farthest_level())? {
            if !(gap.levels[1] < level && level < gap.levels[0]) {
                continue;
            }
            let point = self.invert(other, other_ratio, gap, level)?;
            let (first, second) = if of_second { (point, spike) } else { (spike, point) };
            let Real { z, drive } = self.meeting(first, second)?;
            if drive <= 0.0 {
                continue;
            }
            // dz/dw of the spike's own point, by the level.
            let [_, other_slope] = self.level(other, other_ratio, point)?;
            let overlap = match self.kind {
                Kind::Sum => 1.0 + slope / other_slope + slope / (level * level),
                Kind::Product => 1.0 + spike * slope * (1.0 / (point * other_slope) + 1.0 / (level * (1.0 + level))),
                Kind::Separable { .. } => 1.0 + spike * slope * (1.0 / (point * other_slope) + 1.0 / level),
            };
            found.push(Outlier { detached: true, position: z, overlap, variance: None });
        }
        Ok(found)
    }

    fn find_support(&self) -> Result<Vec<Interval>> {
        let farthest = self.farthest_level();
        let lefts = self.gaps(&self.first, self.ratio(), farthest)?;
        let rights = self.gaps(&self.second, 1.0, farthest)?;
        if lefts.len().saturating_mul(rights.len()) > MOST_PAIRS {
            return Err(Error::AboveLimit {
                what: "the number of pairs of gaps of two laws",
                value: lefts.len() * rights.len(),
                limit: MOST_PAIRS,
                because: "since each is looked through for edges: smooth one of the laws, or bin its points",
            });
        }
        let mut outside = Vec::new();
        if !matches!(self.kind, Kind::Sum) {
            outside.push(Interval { lower: f64::NEG_INFINITY, upper: 0.0 });
        }
        for &left in &lefts {
            for &right in &rights {
                self.outside(left, right, &mut outside)?;
            }
        }
        let bounds = |part: &Interval| [part.lower, part.upper].map(f64::abs).into_iter().filter(|x| x.is_finite());
        let size = outside.iter().flat_map(bounds).fold(0.0, f64::max);
        let narrow = NARROW * size;
        // Both outer ends are there by construction: what is left in between is the support.
        let mut outside = merged(outside);
        outside.retain(|part| part.upper - part.lower > narrow);
        outside.dedup_by(|next, kept| {
            let touching = next.lower - kept.upper <= narrow;
            if touching {
                kept.upper = kept.upper.max(next.upper);
            }
            touching
        });
        Ok(outside.windows(2).map(|pair| Interval { lower: pair[0].upper, upper: pair[1].lower }).collect())
    }

    /// Adds the intervals of z outside of the support whose points lie in these two gaps.
    fn outside(&self, left: Gap, right: Gap, found: &mut Vec<Interval>) -> Result<()> {
        // The levels that both gaps have.
        let [high, low] = [left.levels[0].min(right.levels[0]), left.levels[1].max(right.levels[1])];
        if !(low < high) {
            return Ok(());
        }
        let (base, ratio) = (&self.first, self.ratio());
        // Always by the level: an outer gap is run through beyond the farthest one.
        let [start, end] = [self.share_at(base, ratio, left, high)?, self.share_at(base, ratio, left, low)?];
        let at = |share: f64| -> Result<Real> {
            let first = left.position(start + (end - start) * share);
            let level = self.level(base, ratio, first)?[0];
            self.meeting(first, self.invert(&self.second, 1.0, right, level)?)
        };
        let places: Vec<Real> = (0..=GRID).map(|node| at(node as f64 / GRID as f64)).collect::<Result<_>>()?;
        let share = |node: usize| node as f64 / GRID as f64;
        let mut opened: Option<f64> = (places[0].drive > 0.0).then(|| self.end_of(left, right, 0, places[0].z));
        let mut record = |from: f64, to: f64| found.push(Interval { lower: from.min(to), upper: from.max(to) });
        for node in 1..=GRID {
            let (before, here) = (places[node - 1], places[node]);
            let crossing = |from: usize, to: usize| root(share(from), share(to), |s| Ok(at(s)?.drive));
            match (before.drive > 0.0, here.drive > 0.0) {
                (false, true) => opened = Some(at(crossing(node - 1, node)?)?.z),
                (true, false) => {
                    let closing = at(crossing(node - 1, node)?)?.z;
                    if let Some(opening) = opened.take() {
                        record(opening, closing);
                    }
                }
                // A narrow gap between two nodes shows as a hump.
                (false, false) if node < GRID => {
                    let next = places[node + 1];
                    if here.drive > before.drive && here.drive >= next.drive && next.drive <= 0.0 {
                        let (top, value) = minimum(share(node - 1), share(node + 1), 0.0, |s| Ok(-at(s)?.drive))?;
                        if value < 0.0 {
                            let opening = root(share(node - 1), top, |s| Ok(at(s)?.drive))?;
                            let closing = root(top, share(node + 1), |s| Ok(at(s)?.drive))?;
                            record(at(opening)?.z, at(closing)?.z);
                        }
                    }
                }
                _ => {}
            }
        }
        if let Some(opening) = opened {
            record(opening, self.end_of(left, right, 1, places[GRID].z));
        }
        Ok(())
    }

    /// z at the first or last level of two gaps, exact where a point goes to infinity there.
    fn end_of(&self, left: Gap, right: Gap, end: usize, z: f64) -> f64 {
        let infinite = |gap: Gap| {
            if end == 0 { gap.interval.lower == f64::NEG_INFINITY } else { gap.interval.upper == f64::INFINITY }
        };
        // Points go to infinity at level 0, and only if it is the last one that both have.
        let [bound, other] = [left.levels[end], right.levels[end]];
        let reached =
            |gap: Gap, own: f64, theirs: f64| infinite(gap) && if end == 0 { own <= theirs } else { own >= theirs };
        let (first, second) = (reached(left, bound, other), reached(right, other, bound));
        if first && second {
            let outer = if end == 0 { f64::NEG_INFINITY } else { f64::INFINITY };
            return if matches!(self.kind, Kind::Sum) { outer } else { z.signum() * f64::INFINITY };
        }
        let meets = |base: &Base, factor: f64, gap: Gap| self.invert(base, factor, gap, 0.0).unwrap_or(f64::NAN);
        let exact = if first {
            let point = meets(&self.second, 1.0, right);
            let mean = self.first.law().moment(1);
            match self.kind {
                Kind::Sum => point + mean,
                _ => point * mean * self.ratio(),
            }
        } else if second {
            let point = meets(&self.first, self.ratio(), left);
            let mean = self.second.law().moment(1);
            match self.kind {
                Kind::Sum => point + mean,
                _ => point * mean,
            }
        } else {
            return z;
        };
        if exact.is_finite() { exact } else { z }
    }
}

/// How far out, in units of the laws, a point counts as infinitely far: the square of its inverse is still seen beside 1.
const FAR: f64 = 1e5;

impl Gap {
    /// A gap run through from 0 to 1, logarithmically near its ends.
    fn position(&self, share: f64) -> f64 {
        let Interval { lower, upper } = self.interval;
        let between = |nearest: f64, farthest: f64, share: f64| {
            let [low, high] = [nearest.max(f64::MIN_POSITIVE), farthest].map(libm::log);
            libm::exp(low + (high - low) * share)
        };
        let beside = |end: f64| 4.0 * f64::EPSILON * if end == 0.0 { self.far / FAR } else { end.abs() };
        match (lower.is_finite(), upper.is_finite()) {
            (true, true) => {
                let [low, high] = inside(self.interval);
                let half = (upper - lower) / 2.0;
                if share <= 0.5 {
                    lower + between(low - lower, half, 2.0 * share)
                } else {
                    upper - between(upper - high, half, 2.0 * (1.0 - share))
                }
            }
            (true, false) => lower + between(beside(lower), self.far, share),
            (false, true) => upper - between(beside(upper), self.far, 1.0 - share),
            (false, false) => 0.0,
        }
    }
}
