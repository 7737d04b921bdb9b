//! The real line outside of the support of a [`Pair`]: gaps, levels, edges, outliers.

use super::base::Base;
use super::pair::{Kind, Pair};
use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::Interval;
use crate::random_matrix::root::{minimum, root};
use crate::random_matrix::spikes::outlier::Outlier;
use crate::random_matrix::transforms::{gaps, merged};

/// Points at which each pair of gaps is looked through for edges.
const GRID: usize = 96;
/// More than this is refused. It takes seconds where few of the pairs share levels, minutes where all do.
const MOST_TERMS: usize = 1 << 22;
/// What rounding can make of a drive of 0: two fair coins have it along a whole pair of gaps, in which z stands still. z is
/// stationary where the drive is 0, so that an edge is shifted by no more than its rounding.
const ROUNDING: f64 = 1e-13;
/// Parts of a support narrower than this part of the whole are isolated points or rounding.
const NARROW: f64 = 1e-11;
/// Gaps narrower than this part are not told from rounding: z is a small difference of points far out.
const CLOSED: f64 = 1e-9;

/// A stretch outside of the support whose points run through a part of two gaps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    left: Gap,
    right: Gap,
    /// Where in the first gap it begins and ends.
    shares: [f64; 2],
    /// z there.
    ends: [f64; 2],
}

/// One gap of one law, and how the level runs through it.
#[derive(Clone, Copy, Debug)]
struct Gap {
    interval: Interval,
    /// How near to 0 it is looked through, and how far out.
    near: f64,
    far: f64,
    /// The levels near its two ends, the higher one first.
    levels: [f64; 2],
    /// What its point tends to there, if the levels are not those of the ends themselves.
    limits: [Option<Limit>; 2],
}

/// A place where a point of a gap is out of sight, and z is not.
#[derive(Clone, Copy, Debug)]
enum Limit {
    /// The level goes to 0.
    Infinity,
    /// The level of a product goes to -1: 1 + T(w) = -w int mu(dx) / x + ...
    Zero { inverse_mean: f64 },
}

/// A place on the real line outside of the support.
#[derive(Clone, Copy, Debug)]
struct Real {
    z: f64,
    /// Positive outside of the support.
    drive: f64,
    /// dz/dw1 for sums, d log z / d log w1 for products.
    slope: f64,
}

impl Pair {
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
        // The transform of a law without mass near 0 goes through -1 there, and what is left of it is lost in rounding.
        let touched = carriers.iter().any(|part| part.contains(0.0) && part.lower < part.upper)
            || base.carriers().iter().any(|part| part.contains(0.0));
        let resolved = matches!(self.kind, Kind::Product) && !touched;
        let inverse_mean = if resolved { Some(base.stieltjes(Complex::default())?[0].re) } else { None };
        (gaps(&merged(carriers)).into_iter())
            .map(|interval| {
                let near = match inverse_mean {
                    Some(inverse_mean) => 0.5 * NEAR / inverse_mean,
                    None => 4.0 * f64::EPSILON * far / FAR,
                };
                let mut gap = Gap { interval, near, far, levels: [-farthest, farthest], limits: [None; 2] };
                for (end, bound) in [interval.lower, interval.upper].into_iter().enumerate() {
                    let side = if end == 0 { -1.0 } else { 1.0 };
                    match inverse_mean {
                        _ if bound.is_infinite() => gap.limits[end] = Some(Limit::Infinity),
                        Some(inverse_mean) if bound == 0.0 => {
                            gap.levels[end] = -1.0 + side * NEAR;
                            gap.limits[end] = Some(Limit::Zero { inverse_mean });
                        }
                        _ => gap.levels[end] = self.level(base, factor, gap.position(end as f64))?[0],
                    }
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
        let [level, _] = self.level(&self.first, ratio, first)?;
        let [left, right] = [self.inflation(&self.first, first)?, self.inflation(&self.second, second)?];
        let both = left * right;
        // dz/dl is - (1 - v1 v2) / ((1 + v1)(1 + v2)) times a square, for products times z over the level.
        let drive = (1.0 - both) / (1.0 + both.abs()) * ((1.0 + left) * (1.0 + right)).signum() - ROUNDING;
        let (weight, z) = match self.kind {
            Kind::Sum => {
                return Ok(Real { z: first + second - 1.0 / level, drive, slope: (1.0 - both) / (1.0 + right) });
            }
            // 1 + T = w G, which near -1 the sum would lose.
            Kind::Product => {
                let lifted = -first * self.first.stieltjes(first.into())?[0].re;
                (level * lifted, first * second * (level / lifted))
            }
            _ => (level, first * second * level),
        };
        let slope = (1.0 - both) / (1.0 + right);
        if z > 0.0 {
            return Ok(Real { z, drive: if weight > 0.0 { drive } else { -drive - 2.0 * ROUNDING }, slope });
        }
        // Below 0 there is nothing; its points are negative both.
        Ok(Real { z, drive: if first < 0.0 && second < 0.0 { 1.0 } else { -1.0 }, slope })
    }

    /// By how much a law's own link falls behind the identity: v = F' - 1 for sums, -w l' / l - 1 (over 1 + l, for products)
    /// else. It is a variance over a square: nothing is lost far away.
    fn inflation(&self, base: &Base, x: f64) -> Result<f64> {
        if let Kind::Sum = self.kind {
            let m = base.stieltjes(x.into())?[0].re;
            return Ok(base.resolvent_variance(x)? / (m * m));
        }
        let [t, variance] = base.transform_variance(x)?;
        Ok(match self.kind {
            Kind::Product => {
                let lifted = -x * base.stieltjes(x.into())?[0].re;
                variance / (t * lifted)
            }
            // int y^2 mu(dy) / (x - y)^2 over T.
            _ => variance / t + t,
        })
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
        let [level, _] = self.level(own, own_ratio, spike)?;
        let mut found = Vec::new();
        // As far out as the spike is strong.
        let farthest = self.farthest_level().min(1e-2 * level.abs());
        for gap in self.gaps(other, other_ratio, farthest)? {
            if !(gap.levels[1] < level && level < gap.levels[0]) {
                continue;
            }
            let point = self.invert(other, other_ratio, gap, level)?;
            let (first, second) = if of_second { (point, spike) } else { (spike, point) };
            let Real { z, drive, slope } = self.meeting(first, second)?;
            if drive <= 0.0 {
                continue;
            }
            // The derivative by the spike's own point: (1 - v1 v2) / (1 + v of the other).
            let overlap = if of_second {
                let [own, others] = [self.inflation(own, spike)?, self.inflation(other, point)?];
                (1.0 - own * others) / (1.0 + others)
            } else {
                slope
            };
            found.push(Outlier { detached: true, position: z, overlap, variance: None });
        }
        Ok(found)
    }

    pub(super) fn find_support(&mut self) -> Result<()> {
        let farthest = self.farthest_level();
        let lefts = self.gaps(&self.first, self.ratio(), farthest)?;
        let rights = self.gaps(&self.second, 1.0, farthest)?;
        // Each pair is looked through with sums over all points.
        let work = |base: &Base| base.points().map_or(8, |points| points.len());
        let terms = (lefts.len() * rights.len()).saturating_mul(work(&self.first) + work(&self.second));
        if terms > MOST_TERMS {
            return Err(Error::AboveLimit {
                what: "the number of pairs of gaps of two laws, times that of their points",
                value: terms,
                limit: MOST_TERMS,
                because: "since each pair is looked through for edges: smooth one of the laws, or bin its points",
            });
        }
        let mut outside = Vec::new();
        if !matches!(self.kind, Kind::Sum) {
            outside.push(Interval { lower: f64::NEG_INFINITY, upper: 0.0 });
        }
        for &left in &lefts {
            for &right in &rights {
                self.runs.extend(self.runs_of(left, right)?);
            }
        }
        outside.extend(
            self.runs
                .iter()
                .map(|run| Interval { lower: run.ends[0].min(run.ends[1]), upper: run.ends[0].max(run.ends[1]) }),
        );
        let bounds = |part: &Interval| [part.lower, part.upper].map(f64::abs).into_iter().filter(|x| x.is_finite());
        let size = outside.iter().flat_map(bounds).fold(0.0, f64::max);
        let narrow = NARROW * size;
        // Both outer ends are there by construction: what is left in between is the support.
        let mut outside = merged(outside);
        outside.retain(|part| part.upper - part.lower > CLOSED * size);
        outside.dedup_by(|next, kept| {
            let touching = next.lower - kept.upper <= narrow;
            if touching {
                kept.upper = kept.upper.max(next.upper);
            }
            touching
        });
        self.support = outside.windows(2).map(|pair| Interval { lower: pair[0].upper, upper: pair[1].lower }).collect();
        Ok(())
    }

    /// The runs outside of the support whose points lie in these two gaps.
    fn runs_of(&self, left: Gap, right: Gap) -> Result<Vec<Run>> {
        // The levels that both gaps have.
        let [high, low] = [left.levels[0].min(right.levels[0]), left.levels[1].max(right.levels[1])];
        if low >= high {
            return Ok(Vec::new());
        }
        // Always by the level: an outer gap is run through beyond the farthest one.
        let [start, end] = [
            self.share_at(&self.first, self.ratio(), left, high)?,
            self.share_at(&self.first, self.ratio(), left, low)?,
        ];
        let at = |share: f64| Ok(self.place(left, right, share)?.1.drive);
        let shares: Vec<f64> = (0..=GRID).map(|node| start + (end - start) * node as f64 / GRID as f64).collect();
        let drives: Vec<f64> = shares.iter().map(|&share| at(share)).collect::<Result<_>>()?;
        // Where the drive changes sign; what is outside lies between an odd and an even one.
        let mut bounds = Vec::new();
        if drives[0] > 0.0 {
            bounds.push(start);
        }
        for node in 1..=GRID {
            let (before, here) = (drives[node - 1], drives[node]);
            if (before > 0.0) != (here > 0.0) {
                bounds.push(root(shares[node - 1], shares[node], at)?);
            } else if here <= 0.0 && node < GRID && here > before && here >= drives[node + 1] && drives[node + 1] <= 0.0
            {
                // A narrow gap between two nodes shows as a hump.
                let (top, value) = minimum(shares[node - 1], shares[node + 1], 0.0, |share| Ok(-at(share)?))?;
                if value < 0.0 {
                    bounds.push(root(shares[node - 1], top, at)?);
                    bounds.push(root(top, shares[node + 1], at)?);
                }
            }
        }
        if drives[GRID] > 0.0 {
            bounds.push(end);
        }
        (bounds.chunks_exact(2))
            .map(|pair| {
                let mut ends = [self.place(left, right, pair[0])?.1.z, self.place(left, right, pair[1])?.1.z];
                if pair[0] == start {
                    ends[0] = self.end_of(left, right, 0, ends[0])?;
                }
                if pair[1] == end {
                    ends[1] = self.end_of(left, right, 1, ends[1])?;
                }
                Ok(Run { left, right, shares: [pair[0], pair[1]], ends })
            })
            .collect()
    }

    /// The first point at a share of its gap, and what it says together with the second.
    fn place(&self, left: Gap, right: Gap, share: f64) -> Result<(f64, Real)> {
        let first = left.position(share);
        let level = self.level(&self.first, self.ratio(), first)?[0];
        Ok((first, self.meeting(first, self.invert(&self.second, 1.0, right, level)?)?))
    }

    /// The first point for a real z outside of the support, where a run holds it.
    pub(super) fn real_point(&self, x: f64) -> Result<Option<f64>> {
        for run in &self.runs {
            let Run { left, right, shares: [from, to], ends } = *run;
            if !(ends[0].min(ends[1]) < x && x < ends[0].max(ends[1])) {
                continue;
            }
            // z falls with the level and the level along the gap: z rises with the share, or falls below 0.
            let at = |share: f64| Ok(self.place(left, right, share)?.1.z - x);
            if (at(from)? > 0.0) != (at(to)? > 0.0) {
                return Ok(Some(left.position(root(from, to, at)?)));
            }
        }
        Ok(None)
    }

    /// z at the first or last level of two gaps, exact where a point goes to infinity or to 0 there.
    fn end_of(&self, left: Gap, right: Gap, end: usize, z: f64) -> Result<f64> {
        // The level at which one gap ends is the end for both; the limits' levels are the same numbers in all gaps.
        let last = |own: Gap, other: Gap| {
            let reached = if end == 0 { own.levels[0] <= other.levels[0] } else { own.levels[1] >= other.levels[1] };
            if reached { own.limits[end] } else { None }
        };
        let factor = self.ratio();
        let (first, second) = (&self.first, &self.second);
        // What z is made of: the other point, at the limit's own level, and this factor or term.
        let finite = |limit: Limit, own: &Base, own_factor: f64, other: &Base, other_factor: f64, gap: Gap| {
            let (level, part) = match limit {
                Limit::Infinity => (0.0, own_factor * own.law().moment(1)),
                Limit::Zero { inverse_mean } => (-1.0, 1.0 / inverse_mean),
            };
            let point = self.invert(other, other_factor, gap, level)?;
            Ok(if let Kind::Sum = self.kind { point + part } else { point * part })
        };
        match (last(left, right), last(right, left)) {
            (None, None) => Ok(z),
            (Some(Limit::Zero { .. }), Some(Limit::Zero { .. })) => Ok(0.0),
            (Some(_), Some(_)) if !matches!(self.kind, Kind::Sum) => Ok(z.signum() * f64::INFINITY),
            (Some(_), Some(_)) => Ok(if end == 0 { f64::NEG_INFINITY } else { f64::INFINITY }),
            (Some(limit), None) => finite(limit, first, factor, second, 1.0, right),
            (None, Some(limit)) => finite(limit, second, 1.0, first, factor, left),
        }
    }
}

/// How far out, in units of the laws, a point counts as infinitely far: the square of its inverse is still seen beside 1.
const FAR: f64 = 1e5;
/// How near to -1 a level of a product is looked at.
const NEAR: f64 = 1e-6;

impl Gap {
    /// A gap run through from 0 to 1, logarithmically near its ends.
    fn position(&self, share: f64) -> f64 {
        let Interval { lower, upper } = self.interval;
        let between = |nearest: f64, farthest: f64, share: f64| {
            let [low, high] = [nearest.max(f64::MIN_POSITIVE), farthest].map(libm::log);
            libm::exp(low + (high - low) * share)
        };
        let beside = |end: f64| if end == 0.0 { self.near } else { 4.0 * f64::EPSILON * end.abs() };
        match (lower.is_finite(), upper.is_finite()) {
            (true, true) => {
                let half = (upper - lower) / 2.0;
                let tiny = f64::EPSILON * half;
                if share <= 0.5 {
                    lower + between(beside(lower).max(tiny * 1e-3), half, 2.0 * share)
                } else {
                    upper - between(beside(upper).max(tiny * 1e-3), half, 2.0 * (1.0 - share))
                }
            }
            (true, false) => lower + between(beside(lower), self.far, share),
            (false, true) => upper - between(beside(upper), self.far, 1.0 - share),
            (false, false) => 0.0,
        }
    }
}
