//! A density as piecewise Chebyshev series in an angle: from it the distribution, quantiles and a check of the mass.
//!
//! ```text
//!     x = a + (b - a) sin(t / 2)^2,     t in [0, pi],      mass(t) = int rho(x(s)) (b - a) / 2 sin(s) ds
//! ```
//!
//! In the angle a square root at an edge is smooth, a hard edge is finite. The pieces are halved until each is resolved,
//! so that cusps and weaker singularities at an end cost pieces, not accuracy.

use std::f64::consts::PI;

use crate::error::{Error, Result};
use crate::random_matrix::law::{Atom, Interval};
use crate::random_matrix::root::root;

/// Coefficients of a piece.
const DEGREE: usize = 16;
/// Where halving ends: 2^-DEPTH of the half circle.
const DEPTH: u32 = 44;
/// A piece is resolved when its last coefficients are below this part of the whole mass per unit of angle.
const ACCURACY: f64 = 1e-12;
/// More pieces than this are not a density but noise.
const MOST: usize = 1 << 14;
/// How far from 1 the whole mass may be.
const MASS: f64 = 1e-7;

/// The density on one interval.
#[derive(Clone, Debug)]
struct Part {
    interval: Interval,
    pieces: Vec<Piece>,
    /// The mass below the interval, atoms included.
    below: f64,
    mass: f64,
}

#[derive(Clone, Debug)]
struct Piece {
    from: f64,
    to: f64,
    /// The mass from the start of the part.
    before: f64,
    /// The mass within the piece as a Chebyshev series in the angle, 0 at its start.
    integral: [f64; DEGREE + 1],
}

#[derive(Clone, Debug)]
pub(super) struct Tabulation {
    parts: Vec<Part>,
    atoms: Vec<Atom>,
}

impl Tabulation {
    /// Tabulates a density on its support, beside atoms outside of it.
    pub(super) fn new(
        equation: &'static str,
        support: &[Interval],
        atoms: Vec<Atom>,
        density: impl Fn(f64) -> Result<f64>,
    ) -> Result<Self> {
        let mut parts = Vec::new();
        let mut total = 0.0;
        for &interval in support {
            let mut integrand = |angle: f64| {
                let (x, slope) = at_angle(interval, angle);
                Ok(density(x)? * slope)
            };
            let mut pieces = Vec::new();
            halve(0.0, PI, 0, &mut integrand, &mut pieces)?;
            let mut mass = 0.0;
            for piece in &mut pieces {
                piece.before = mass;
                mass += piece.mass();
            }
            let points: f64 = atoms.iter().filter(|a| a.location <= interval.lower).map(|a| a.weight).sum();
            parts.push(Part { interval, pieces, below: total + points, mass });
            total += mass;
        }
        let residual = total + atoms.iter().map(|atom| atom.weight).sum::<f64>() - 1.0;
        if residual.is_nan() || residual.abs() > MASS {
            let re = support.first().map_or(0.0, |interval| interval.lower);
            return Err(Error::Unsolved { equation, re, im: 0.0, residual });
        }
        // What is left is the tabulation's error: spread over the density, F ends at 1.
        let share = 1.0 - residual / parts.iter().map(|part: &Part| part.mass).sum::<f64>();
        let mut before = 0.0;
        for part in &mut parts {
            part.below -= before * (1.0 - share);
            before += part.mass;
            part.mass *= share;
            for piece in &mut part.pieces {
                piece.before *= share;
                piece.integral.iter_mut().for_each(|coefficient| *coefficient *= share);
            }
        }
        Ok(Tabulation { parts, atoms })
    }

    /// F(x).
    pub(super) fn cumulative(&self, x: f64) -> f64 {
        if let Some(part) = self.parts.iter().find(|part| part.interval.lower < x && x < part.interval.upper) {
            let Interval { lower, upper } = part.interval;
            let angle = 2.0 * libm::atan2((x - lower).sqrt(), (upper - x).sqrt());
            let index = part.pieces.partition_point(|piece| piece.to < angle).min(part.pieces.len() - 1);
            let piece = &part.pieces[index];
            return part.below + (piece.before + piece.at(angle)).clamp(0.0, part.mass);
        }
        let passed = self.parts.iter().all(|part| part.interval.upper <= x);
        if passed && self.atoms.iter().all(|atom| atom.location <= x) {
            return 1.0;
        }
        let parts = self.parts.iter().filter(|part| part.interval.upper <= x).map(|part| part.mass);
        let atoms = self.atoms.iter().filter(|atom| atom.location <= x).map(|atom| atom.weight);
        parts.chain(atoms).sum::<f64>().clamp(0.0, 1.0)
    }

    /// The least x with F(x) >= probability.
    pub(super) fn quantile(&self, probability: f64) -> Result<f64> {
        let mut last = f64::NEG_INFINITY;
        for part in &self.parts {
            if let Some(x) = self.atom_at(probability, last, part.interval.lower) {
                return Ok(x);
            }
            if probability <= part.below + part.mass || (part.below + part.mass > 1.0 - MASS) {
                return part.quantile((probability - part.below).min(part.mass));
            }
            last = part.interval.upper;
        }
        let highest = self.atoms.last().map_or(last, |atom| atom.location);
        Ok(self.atom_at(probability, last, f64::INFINITY).unwrap_or(highest))
    }

    /// The first atom between two points whose mass reaches the probability.
    fn atom_at(&self, probability: f64, from: f64, to: f64) -> Option<f64> {
        let between = |atom: &&Atom| from <= atom.location && atom.location <= to;
        let reached = |atom: &&Atom| self.cumulative(atom.location) >= probability;
        self.atoms.iter().filter(between).find(reached).map(|atom| atom.location)
    }
}

impl Part {
    /// The point below which there is that much of the part's mass.
    fn quantile(&self, mass: f64) -> Result<f64> {
        if mass <= 0.0 || mass >= self.mass {
            return Ok(if mass <= 0.0 { self.interval.lower } else { self.interval.upper });
        }
        let index = self.pieces.partition_point(|piece| piece.before + piece.mass() < mass).min(self.pieces.len() - 1);
        let piece = &self.pieces[index];
        let angle = root(piece.from, piece.to, |angle| Ok(piece.before + piece.at(angle) - mass))?;
        Ok(at_angle(self.interval, angle).0)
    }
}

/// x and dx/dt at an angle t, from the nearer end: a point near an edge keeps its distance.
fn at_angle(interval: Interval, angle: f64) -> (f64, f64) {
    let Interval { lower, upper } = interval;
    let width = upper - lower;
    let (sine, cosine) = libm::sincos(angle / 2.0);
    let x = if sine < cosine { lower + width * sine * sine } else { upper - width * cosine * cosine };
    (x.clamp(lower, upper), width * sine * cosine)
}

impl Piece {
    fn at(&self, angle: f64) -> f64 {
        let s = ((2.0 * angle - self.from - self.to) / (self.to - self.from)).clamp(-1.0, 1.0);
        // Clenshaw.
        let (mut first, mut second) = (0.0, 0.0);
        for &coefficient in self.integral[1..].iter().rev() {
            (first, second) = (2.0 * s * first - second + coefficient, first);
        }
        s * first - second + self.integral[0]
    }

    fn mass(&self) -> f64 {
        self.integral.iter().sum()
    }
}

fn halve(
    from: f64,
    to: f64,
    depth: u32,
    f: &mut impl FnMut(f64) -> Result<f64>,
    pieces: &mut Vec<Piece>,
) -> Result<()> {
    let half = (to - from) / 2.0;
    let mut values = [0.0; DEGREE];
    for (node, value) in values.iter_mut().enumerate() {
        let s = -libm::cos(PI * (node as f64 + 0.5) / DEGREE as f64);
        *value = f(from + half * (1.0 + s))?;
    }
    let mut coefficients = [0.0; DEGREE + 2];
    for (k, coefficient) in coefficients[..DEGREE].iter_mut().enumerate() {
        let sum: f64 = (values.iter().enumerate())
            .map(|(node, value)| value * libm::cos(PI * k as f64 * (DEGREE as f64 - node as f64 - 0.5) / DEGREE as f64))
            .sum();
        *coefficient = sum * if k == 0 { 1.0 } else { 2.0 } / DEGREE as f64;
    }
    let tail = coefficients[DEGREE - 3..DEGREE].iter().fold(0.0f64, |tail, value| tail.max(value.abs()));
    // A piece near the end of the halving weighs little; so does one with little mass.
    if depth < 2 || tail * half > ACCURACY && depth < DEPTH && pieces.len() < MOST {
        let middle = from + half;
        halve(from, middle, depth + 1, f, pieces)?;
        return halve(middle, to, depth + 1, f, pieces);
    }
    let mut integral = [0.0; DEGREE + 1];
    for k in 1..=DEGREE {
        let before = if k == 1 { 2.0 * coefficients[0] } else { coefficients[k - 1] };
        integral[k] = half * (before - coefficients[k + 1]) / (2.0 * k as f64);
    }
    // 0 at s = -1.
    integral[0] = (1..=DEGREE).map(|k| if k % 2 == 0 { -integral[k] } else { integral[k] }).sum();
    pieces.push(Piece { from, to, before: 0.0, integral });
    Ok(())
}
