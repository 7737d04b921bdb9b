//! What a [`Curve`] says of its law: density, distribution, transforms.

use std::f64::consts::PI;
use std::sync::OnceLock;

use super::base::Base;
use super::curve::{Curve, Map};
use super::tabulation::Tabulation;
use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::edges::edge::{Edge, Side};
use crate::random_matrix::law::{self, Atom, Interval, Law};
use crate::random_matrix::root::root;
use crate::random_matrix::series;

const EQUATION: &str = "the equation of the subordination point";

/// The law of a curve, with its atoms.
#[derive(Clone, Debug)]
pub(super) struct CurveLaw {
    pub(super) curve: Curve,
    atoms: Vec<Atom>,
    /// The distribution at both ends of each bulk, if it has a closed form.
    masses: OnceLock<Vec<[f64; 2]>>,
    /// The distribution, if it has none.
    table: OnceLock<Result<Tabulation>>,
}

impl CurveLaw {
    pub(super) fn new(base: Base, map: Map) -> Result<Self> {
        let atoms = atoms(base.atoms(), map);
        let curve = Curve::new(base, map)?;
        if let Some(bulk) =
            curve.bulks.iter().find(|b| !(b.support.lower <= b.support.upper && b.support.upper.is_finite()))
        {
            // The squares of its numbers are not representable.
            let limits = "must be a number: rescale the law to numbers between 1e-100 and 1e100";
            return Err(Error::OutOfRange { what: "an edge of the law", value: bulk.support.lower, limits });
        }
        Ok(CurveLaw { curve, atoms, masses: OnceLock::new(), table: OnceLock::new() })
    }

    /// The density at a point of the curve.
    pub(super) fn height(&self, w: Complex) -> Result<f64> {
        Ok(match self.curve.map {
            // Im(-1/w) / (pi c): of the companion, whose transform is -1/w.
            Map::Covariance { ratio } => {
                let size = w.modulus();
                w.im / size / size / (PI * ratio)
            }
            // Im m = Im w / s^2 on the curve.
            Map::Semicircular { variance } => w.im / (PI * variance),
            Map::Compression { fraction } => self.curve.base.stieltjes(w)?[0].im / (PI * fraction),
        })
    }

    /// The edges for as many eigenvalues: near one psi is a parabola, and the density the root of the distance.
    pub(super) fn edges(&self, size: f64) -> Result<Vec<Edge>> {
        let mut edges = Vec::new();
        for bulk in &self.curve.bulks {
            for side in [Side::Lower, Side::Upper] {
                let (u, location) = match side {
                    Side::Lower => (bulk.points.lower, bulk.support.lower),
                    Side::Upper => (bulk.points.upper, bulk.support.upper),
                };
                // The density is (a / pi) sqrt(distance): a = |dm/dw| sqrt(2 / |psi''|).
                let rise = match self.curve.map {
                    Map::Covariance { ratio } => 1.0 / (u * u * ratio),
                    _ => self.outer(u.into())?[1].re,
                };
                let steepness = rise * (2.0 / self.curve.curvature(u)?.abs()).sqrt();
                let scale = libm::pow(steepness * size, -2.0 / 3.0);
                if scale.is_finite() && scale > 0.0 {
                    edges.push(Edge::new(location, scale, side)?);
                }
            }
        }
        Ok(edges)
    }

    /// m at the subordination point, and its derivative with respect to that point.
    fn outer(&self, w: Complex) -> Result<[Complex; 2]> {
        let [m, slope] = self.curve.base.stieltjes(w)?;
        Ok(match self.curve.map {
            Map::Covariance { ratio } => {
                let [t, t_slope] = self.curve.base.transform(w)?;
                let factor = t * ratio + 1.0;
                [m / factor, (slope * factor - m * t_slope * ratio) / factor / factor]
            }
            Map::Semicircular { .. } => [m, slope],
            Map::Compression { fraction } => [m / fraction, slope / fraction],
        })
    }

    /// m(z) and m'(z).
    fn outer_at(&self, z: Complex) -> Result<[Complex; 2]> {
        let w = self.curve.solve(z)?;
        let turn = self.curve.value(w)?[1];
        if let Map::Covariance { ratio } = self.curve.map
            && ratio > 1.0
            && z != Complex::default()
        {
            // 1 + c T is z / w: with an atom at 0 both go to 0 there, and z is known.
            let [m, slope] = self.curve.base.stieltjes(w)?;
            let value = w * m / z;
            return Ok([value, ((m + w * slope) / turn - value) / z]);
        }
        let [m, slope] = self.outer(w)?;
        Ok([m, slope / turn])
    }

    /// F at a point of the closed curve, by the logarithmic potential of the law in closed form; for discrete laws alone.
    ///
    /// With L(w) = int log(w - x) mu(dx) and Im in [0, pi]: F = 1 - Im Lambda / pi, Lambda = int log(z - x) of the outer law.
    fn closed(&self, points: &[(f64, f64)], w: Complex) -> Result<f64> {
        let argument = |re: f64, im: f64| if im == 0.0 { if re < 0.0 { PI } else { 0.0 } } else { libm::atan2(im, re) };
        let potential = |points: &[(f64, f64)]| -> f64 {
            points.iter().map(|&(x, weight)| weight * argument(w.re - x, w.im)).sum()
        };
        let above = match self.curve.map {
            // The companion's 1 - F is (1/pi)(arg w - x Im(-1/w) + c sum arg(1 - tau/w)), and c times ours.
            Map::Covariance { ratio } => {
                if w.im == 0.0 {
                    let exceeding = points.iter().filter(|point| point.0 > w.re).map(|point| point.1);
                    return Ok(1.0 - if w.re > 0.0 { exceeding.sum() } else { 1.0 / ratio });
                }
                let x = self.curve.value(w)?[0].re;
                let size = w.modulus();
                // arg(1 - tau/w) = arg(w - tau) - arg(w), in [0, pi).
                let angle = argument(w.re, w.im);
                let sum: f64 = points.iter().map(|&(tau, weight)| weight * (argument(w.re - tau, w.im) - angle)).sum();
                (angle - x * (w.im / size / size)) / ratio + sum
            }
            Map::Semicircular { variance } => {
                let m = self.curve.base.stieltjes(w)?[0];
                potential(points) + variance * m.re * m.im
            }
            Map::Compression { fraction } => {
                let m = self.curve.base.stieltjes(w)?[0];
                // G = -m lies in the lower half plane.
                (potential(points) - (1.0 - fraction) * argument(-m.re, m.im)) / fraction
            }
        };
        Ok((1.0 - above / PI).clamp(0.0, 1.0))
    }

    fn masses(&self, points: &[(f64, f64)]) -> Result<&[[f64; 2]]> {
        if self.masses.get().is_none() {
            let made: Result<Vec<[f64; 2]>> = (self.curve.bulks.iter())
                .map(|bulk| {
                    let Interval { lower, upper } = bulk.points;
                    Ok([self.closed(points, lower.into())?, self.closed(points, upper.into())?])
                })
                .collect();
            // Another thread may have been first, with the same numbers.
            let _ = self.masses.set(made?);
        }
        Ok(self.masses.get().map_or(&[][..], |masses| &masses[..]))
    }

    fn table(&self) -> Result<&Tabulation> {
        let made = self
            .table
            .get_or_init(|| Tabulation::new(EQUATION, &self.support(), self.atoms.clone(), |x| self.density(x)));
        made.as_ref().map_err(Clone::clone)
    }

    fn unsolved(&self, part: Interval) -> Error {
        Error::Unsolved { equation: EQUATION, re: part.lower, im: 0.0, residual: f64::NAN }
    }

    fn atoms_up_to(&self, x: f64) -> f64 {
        self.atoms.iter().filter(|atom| atom.location <= x).map(|atom| atom.weight).sum()
    }

    /// Whether z is one of the atoms, at which no transform has a value.
    fn is_atom(&self, z: Complex) -> bool {
        z.im == 0.0 && self.atoms.iter().any(|atom| atom.location == z.re)
    }
}

impl Law for CurveLaw {
    fn support(&self) -> Vec<Interval> {
        self.curve.bulks.iter().map(|bulk| bulk.support).collect()
    }

    fn atoms(&self) -> Vec<Atom> {
        self.atoms.clone()
    }

    fn density(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        match self.curve.bulk_at(x) {
            Some(bulk) => self.height(self.curve.point(bulk, x)?),
            // A hard edge: the companion's transform -1/w has a pole at w = 0.
            None => {
                let covariance = matches!(self.curve.map, Map::Covariance { .. });
                let hard = self.curve.bulks.iter().any(|b| b.points.lower == 0.0 && b.support.lower == x);
                Ok(if covariance && hard { f64::INFINITY } else { 0.0 })
            }
        }
    }

    fn cumulative(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        let Some(points) = self.curve.base.points() else { return Ok(self.table()?.cumulative(x)) };
        if let Some(bulk) = self.curve.bulk_at(x) {
            let [low, high] = self.masses(points)?[bulk];
            return Ok(self.closed(points, self.curve.point(bulk, x)?)?.clamp(low, high));
        }
        let after = self.curve.bulks.partition_point(|bulk| bulk.support.upper <= x);
        let Some(last) = after.checked_sub(1) else { return Ok(self.atoms_up_to(x)) };
        let passed = self.curve.bulks[last].support.upper;
        if after == self.curve.bulks.len() && self.atoms.iter().all(|atom| atom.location <= x) {
            return Ok(1.0);
        }
        Ok(self.masses(points)?[last][1] + self.atoms_up_to(x) - self.atoms_up_to(passed))
    }

    fn quantile(&self, probability: f64) -> Result<f64> {
        law::probability(probability)?;
        let Some(points) = self.curve.base.points() else { return self.table()?.quantile(probability) };
        let masses = self.masses(points)?;
        let mut lowest = f64::NEG_INFINITY;
        for (bulk, &[_, high]) in self.curve.bulks.iter().zip(masses) {
            // Atoms before this bulk.
            for atom in self.atoms.iter().filter(|a| lowest <= a.location && a.location <= bulk.support.lower) {
                if probability <= self.cumulative(atom.location)? {
                    return Ok(atom.location);
                }
            }
            lowest = bulk.support.upper;
            let last = bulk.support == self.curve.bulks[self.curve.bulks.len() - 1].support
                && self.atoms.iter().all(|atom| atom.location <= lowest);
            if probability >= high && !last {
                if probability == high {
                    return Ok(bulk.support.upper);
                }
                continue;
            }
            if probability >= high {
                return Ok(bulk.support.upper);
            }
            let Interval { lower, upper } = bulk.points;
            let at = |angle: f64| {
                let sine = libm::sin(angle / 2.0);
                self.curve.above(lower + (upper - lower) * sine * sine)
            };
            let angle = root(0.0, PI, |angle| Ok(self.closed(points, at(angle)?.1)? - probability))?;
            let Interval { lower, upper } = bulk.support;
            let mut x = at(angle)?.0.max(lower).min(upper);
            // Where the curve is nearly flat, F(x) is known better than the x of a parameter.
            for _ in 0..3 {
                if x <= lower || x >= upper {
                    break;
                }
                let step = (self.cumulative(x)? - probability) / self.density(x)?;
                if !step.is_finite() || step.abs() <= 4.0 * f64::EPSILON * x.abs() {
                    break;
                }
                x = (x - step).max(lower).min(upper);
            }
            return if x.is_nan() { Err(self.unsolved(bulk.support)) } else { Ok(x) };
        }
        Ok(self.atoms.last().map_or(lowest, |atom| atom.location))
    }

    fn stieltjes(&self, z: Complex) -> Result<Complex> {
        if self.is_atom(z) {
            return Err(law::on_the_cut(z.re));
        }
        Ok(self.outer_at(z)?[0])
    }

    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        let edge = |part: &Interval| part.lower == z.re || part.upper == z.re;
        if self.is_atom(z) || z.im == 0.0 && self.support().iter().any(edge) {
            return Err(law::on_the_cut(z.re));
        }
        let slope = self.outer_at(z)?[1];
        if slope.is_finite() { Ok(slope) } else { Err(law::on_the_cut(z.re)) }
    }

    fn moment(&self, order: u32) -> f64 {
        if order == 0 {
            return 1.0;
        }
        let base = self.curve.base.law();
        match self.curve.map {
            Map::Covariance { ratio } => {
                // The companion's free cumulants are c times the population's moments, its moments c times ours.
                let cumulants: Vec<f64> = (1..=order).map(|k| ratio * base.moment(k)).collect();
                series::moments(&cumulants)[order as usize - 1] / ratio
            }
            Map::Semicircular { variance } => {
                let mut cumulants = base.free_cumulants(order);
                if let Some(second) = cumulants.get_mut(1) {
                    *second += variance;
                }
                series::moments(&cumulants)[order as usize - 1]
            }
            Map::Compression { fraction } => {
                let mut power = 1.0 / fraction;
                let cumulants: Vec<f64> = (base.free_cumulants(order).into_iter())
                    .map(|cumulant| {
                        power *= fraction;
                        cumulant * power
                    })
                    .collect();
                series::moments(&cumulants)[order as usize - 1]
            }
        }
    }
}

/// The atoms that survive.
fn atoms(atoms: Vec<Atom>, map: Map) -> Vec<Atom> {
    match map {
        Map::Covariance { ratio } => {
            let zeros: f64 = atoms.iter().filter(|atom| atom.location == 0.0).map(|atom| atom.weight).sum();
            let weight = zeros.max(1.0 - 1.0 / ratio);
            if weight > 0.0 { vec![Atom { location: 0.0, weight }] } else { Vec::new() }
        }
        Map::Semicircular { .. } => Vec::new(),
        Map::Compression { fraction } => (atoms.into_iter())
            .map(|atom| Atom { weight: (atom.weight - (1.0 - fraction)) / fraction, ..atom })
            .filter(|atom| atom.weight > 0.0)
            .collect(),
    }
}

/// Implements [`Law`] for a type by what it holds.
macro_rules! law_of_field {
    ($type:ty, $field:ident) => {
        impl $crate::random_matrix::Law for $type {
            fn support(&self) -> Vec<$crate::random_matrix::Interval> {
                self.$field.support()
            }
            fn atoms(&self) -> Vec<$crate::random_matrix::Atom> {
                self.$field.atoms()
            }
            fn density(&self, x: f64) -> $crate::error::Result<f64> {
                self.$field.density(x)
            }
            fn cumulative(&self, x: f64) -> $crate::error::Result<f64> {
                self.$field.cumulative(x)
            }
            fn quantile(&self, probability: f64) -> $crate::error::Result<f64> {
                self.$field.quantile(probability)
            }
            fn stieltjes(
                &self,
                z: $crate::random_matrix::Complex,
            ) -> $crate::error::Result<$crate::random_matrix::Complex> {
                self.$field.stieltjes(z)
            }
            fn stieltjes_derivative(
                &self,
                z: $crate::random_matrix::Complex,
            ) -> $crate::error::Result<$crate::random_matrix::Complex> {
                self.$field.stieltjes_derivative(z)
            }
            fn moment(&self, order: u32) -> f64 {
                self.$field.moment(order)
            }
        }
    };
}
pub(super) use law_of_field;
