//! What a [`Pair`] says of its law: density, distribution, transforms.

use std::f64::consts::PI;
use std::sync::OnceLock;

use super::base::Base;
use super::curve::Guesses;
use super::pair::{Kind, Pair};
use super::tabulation::Tabulation;
use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{self, Atom, Interval, Law};
use crate::random_matrix::laws::affine::Affine;
use crate::random_matrix::series;

/// Points of each interval of the support that are solved first, as guesses for all others.
const NODES: usize = 48;

/// Nearer to an edge than this part of the interval the equations are not solved.
const BESIDE: f64 = 1e-9;

/// The same beside a hard edge at 0, where numbers are as dense as the law. The mass below it goes like the cube root of the
/// distance for two square factors, so that 1e-9 would leave a thousandth of it to an extrapolation.
const BESIDE_ZERO: f64 = 1e-24;

/// The law of a pair, with its atoms.
#[derive(Clone, Debug)]
pub(super) struct PairLaw {
    pub(super) pair: Pair,
    /// The law if one of the two is a single point, at which the equations degenerate.
    simple: Option<Affine>,
    atoms: Vec<Atom>,
    /// The first point at some x of each interval.
    guesses: OnceLock<Result<Vec<Guesses>>>,
    table: OnceLock<Result<Tabulation>>,
}

impl PairLaw {
    pub(super) fn new(first: Base, second: Base, kind: Kind) -> Result<Self> {
        let atoms = atoms(&first.atoms(), &second.atoms(), kind);
        let simple = simple(&first, &second, kind)?;
        let pair = Pair::new(first, second, kind)?;
        Ok(PairLaw { pair, simple, atoms, guesses: OnceLock::new(), table: OnceLock::new() })
    }

    /// The eigenvalue of one of the two whose outlier is at a position.
    pub(super) fn spike(&self, position: f64, of_second: bool) -> Result<f64> {
        Error::finite("the observed outlier", &[position], "give an eigenvalue outside of the bulk")?;
        let carries = |part: &Interval| part.contains(position);
        let limits = "must lie outside of the bulk, and for products above 0, where a spike leads: no spike can be told from noise \
                      inside it";
        let refused = Error::OutOfRange { what: "the observed outlier", value: position, limits };
        let product = !matches!(self.pair.kind, Kind::Sum);
        if self.pair.support.iter().any(carries) || product && position <= 0.0 {
            return Err(refused);
        }
        let points = self.pair.solve(position.into(), None)?;
        let spike = if of_second { points.second.re } else { points.first.re };
        if product && spike <= 0.0 { Err(refused) } else { Ok(spike) }
    }

    fn guesses(&self) -> Result<&[Guesses]> {
        let made = self.guesses.get_or_init(|| {
            let parts = self.pair.support.iter().map(|part| {
                let solve = |x: f64, last: Option<&(f64, Complex)>| -> Result<(f64, Complex)> {
                    Ok((x, self.pair.solve(x.into(), last.map(|node| node.1))?.first))
                };
                let at = |node: usize| {
                    let sine = libm::sin(PI / 2.0 * node as f64 / NODES as f64);
                    part.lower + (part.upper - part.lower) * sine * sine
                };
                // Towards a hard edge at 0 by powers of 4, the nearest first.
                let mut nodes = Vec::new();
                if !matches!(self.pair.kind, Kind::Sum) && part.lower == 0.0 {
                    let mut x = at(1);
                    while x > BESIDE_ZERO * part.upper {
                        x /= 4.0;
                        nodes.push(solve(x, nodes.last())?);
                    }
                    nodes.reverse();
                }
                for node in 1..NODES {
                    nodes.push(solve(at(node), nodes.last())?);
                }
                Ok(nodes)
            });
            parts.collect()
        });
        made.as_deref().map_err(Clone::clone)
    }

    fn density_inside(&self, index: usize, x: f64) -> Result<f64> {
        let nodes = &self.guesses()?[index];
        let after = nodes.partition_point(|node| node.0 <= x).clamp(1, nodes.len() - 1);
        let (left, right) = (nodes[after - 1], nodes[after]);
        let share = ((x - left.0) / (right.0 - left.0)).clamp(0.0, 1.0);
        let guess = left.1 * (1.0 - share) + right.1 * share;
        let points = self.pair.solve(x.into(), Some(guess))?;
        Ok(self.pair.stieltjes(x.into(), points)?[0].im / PI)
    }

    fn table(&self) -> Result<&Tabulation> {
        let made = self.table.get_or_init(|| {
            Tabulation::new(self.pair.equation(), &self.support(), self.atoms.clone(), |x| self.density(x))
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// m(z) and m'(z) off the support.
    fn transforms(&self, z: Complex) -> Result<[Complex; 2]> {
        law::finite(z)?;
        let inside = |part: &Interval| part.lower < z.re && z.re < part.upper;
        if z.im == 0.0 && (self.atoms.iter().any(|a| a.location == z.re) || self.pair.support.iter().any(inside)) {
            return Err(law::on_the_cut(z.re));
        }
        let lowest = self.pair.support.first().map_or(0.0, |part| part.lower);
        if z == Complex::default() && !matches!(self.pair.kind, Kind::Sum) && lowest > 0.0 {
            // The points of a product are both 0 there: the mean of both sides.
            let step = Complex::from(1e-6 * lowest);
            let [left, right] = [self.transforms(-step)?, self.transforms(step)?];
            return Ok([(left[0] + right[0]) * 0.5, (left[1] + right[1]) * 0.5]);
        }
        self.pair.stieltjes(z, self.pair.solve(z, None)?)
    }
}

impl Law for PairLaw {
    fn support(&self) -> Vec<Interval> {
        if let Some(law) = &self.simple {
            return law.support();
        }
        self.pair.support.clone()
    }

    fn atoms(&self) -> Vec<Atom> {
        if let Some(law) = &self.simple {
            return law.atoms();
        }
        self.atoms.clone()
    }

    fn density(&self, x: f64) -> Result<f64> {
        if let Some(law) = &self.simple {
            return law.density(x);
        }
        law::number(x)?;
        let Some(index) = self.pair.support.iter().position(|part| part.lower < x && x < part.upper) else {
            return Ok(0.0);
        };
        let Interval { lower, upper } = self.pair.support[index];
        // Near 0 a product's own scale is the distance from 0.
        let near_zero = !matches!(self.pair.kind, Kind::Sum) && x - lower < upper - x;
        let nearest = if near_zero && lower == 0.0 {
            4.0 * BESIDE_ZERO * upper
        } else if near_zero && lower > 0.0 {
            BESIDE * lower.min(upper - lower)
        } else {
            BESIDE * (upper - lower)
        };
        let distance = (x - lower).min(upper - x);
        if distance >= nearest {
            return self.density_inside(index, x);
        }
        // Beside an edge the equations are singular, and the density a power of the distance, most often its root.
        let at = |distance: f64| {
            self.density_inside(index, if x - lower < upper - x { lower + distance } else { upper - distance })
        };
        let (near, far) = (at(nearest)?, at(4.0 * nearest)?);
        Ok(near * libm::pow(distance / nearest, libm::log(far / near) / libm::log(4.0)))
    }

    fn cumulative(&self, x: f64) -> Result<f64> {
        if let Some(law) = &self.simple {
            return law.cumulative(x);
        }
        law::number(x)?;
        Ok(self.table()?.cumulative(x))
    }

    fn quantile(&self, probability: f64) -> Result<f64> {
        if let Some(law) = &self.simple {
            return law.quantile(probability);
        }
        law::probability(probability)?;
        self.table()?.quantile(probability)
    }

    fn stieltjes(&self, z: Complex) -> Result<Complex> {
        if let Some(law) = &self.simple {
            return law.stieltjes(z);
        }
        Ok(self.transforms(z)?[0])
    }

    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        if let Some(law) = &self.simple {
            return law.stieltjes_derivative(z);
        }
        if z.im == 0.0 && self.pair.support.iter().any(|part| part.lower == z.re || part.upper == z.re) {
            return Err(law::on_the_cut(z.re));
        }
        Ok(self.transforms(z)?[1])
    }

    fn moment(&self, order: u32) -> f64 {
        if order == 0 {
            return 1.0;
        }
        let (first, second) = (self.pair.first.law(), self.pair.second.law());
        let moments = |law: &dyn Law| -> Vec<f64> { (1..=order).map(|k| law.moment(k)).collect() };
        let last = |moments: Vec<f64>| moments[order as usize - 1];
        match self.pair.kind {
            Kind::Sum => {
                let cumulants = first.free_cumulants(order);
                let sums: Vec<f64> = cumulants.iter().zip(second.free_cumulants(order)).map(|(a, b)| a + b).collect();
                last(series::moments(&sums))
            }
            Kind::Product => last(series::multiply(&moments(first), &moments(second), 1.0, 1.0)),
            Kind::Separable { ratio } => last(series::multiply(&moments(first), &moments(second), ratio, 0.0)),
        }
    }
}

/// A law shifted or stretched, if that is all.
fn simple(first: &Base, second: &Base, kind: Kind) -> Result<Option<Affine>> {
    for (point, other) in [(first, second), (second, first)] {
        let Some(&[(location, _)]) = point.points() else { continue };
        return match kind {
            Kind::Sum => Ok(Some(Affine::new(other.shared(), 1.0, location)?)),
            Kind::Product => Ok(Some(Affine::new(other.shared(), location, 0.0)?)),
            Kind::Separable { .. } => Ok(None),
        };
    }
    Ok(None)
}

/// Atoms: of a sum at a + b, of a product at a b, where the two weights exceed 1 together (Bercovici & Voiculescu 1998,
/// Belinschi 2003); at 0 of a product the larger one.
fn atoms(first: &[Atom], second: &[Atom], kind: Kind) -> Vec<Atom> {
    let zero = |atoms: &[Atom]| atoms.iter().find(|atom| atom.location == 0.0).map_or(0.0, |atom| atom.weight);
    let mut atoms = Vec::new();
    let product = !matches!(kind, Kind::Sum);
    if product {
        let weight = match kind {
            // The rank is at most that of the columns: (1 - zeros) of n, of p = c n.
            Kind::Separable { ratio } => zero(first).max(1.0 - (1.0 - zero(second)) / ratio),
            _ => zero(first).max(zero(second)),
        };
        if weight > 0.0 {
            atoms.push(Atom { location: 0.0, weight });
        }
    }
    if !matches!(kind, Kind::Separable { .. }) {
        for a in first {
            for b in second {
                let location = if product { a.location * b.location } else { a.location + b.location };
                let weight = a.weight + b.weight - 1.0;
                if weight > 0.0 && !(product && location == 0.0) {
                    atoms.push(Atom { location, weight });
                }
            }
        }
    }
    atoms.sort_by(|a, b| a.location.total_cmp(&b.location));
    atoms
}
