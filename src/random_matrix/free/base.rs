//! A law as the equations of free probability see it: its transforms anywhere in the plane, and where it has no mass.

use std::sync::Arc;

use crate::error::Result;
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{Atom, Interval, Law};
use crate::random_matrix::transforms::{ends, merged, size_of};

/// A law, unpacked into its atoms if it is nothing but atoms.
#[derive(Clone, Debug)]
pub(super) struct Base {
    law: Arc<dyn Law>,
    /// Locations and weights; empty for a law with a density.
    points: Vec<(f64, f64)>,
    /// The least positive one and the mass of all positive ones, where they are all.
    least: f64,
    rank: f64,
    /// The farthest point from 0 and the first moments, where they are not: far away transforms are small differences.
    size: f64,
    moments: [f64; TERMS],
}

/// Terms of a series far away, and how far that is in units of the law's size.
const TERMS: usize = 8;
const FAR: f64 = 300.0;

impl Base {
    pub(super) fn new(law: Arc<dyn Law>) -> Self {
        let discrete = law.support().is_empty();
        let atoms = if discrete { law.atoms() } else { Vec::new() };
        let points = merged_points(&atoms);
        let least = points.iter().map(|point| point.0).filter(|x| *x > 0.0).fold(f64::INFINITY, f64::min);
        // From what is not in it, if that is nothing: exactly 1.
        let rank = 1.0 - points.iter().filter(|point| point.0 <= 0.0).map(|point| point.1).sum::<f64>();
        let size = if points.is_empty() { size_of(ends(&law.support(), &law.atoms())) } else { f64::INFINITY };
        let mut moments = [1.0; TERMS];
        if points.is_empty() {
            moments.iter_mut().enumerate().for_each(|(k, moment)| *moment = law.moment(k as u32 + 1));
        }
        Base { law, points, least, rank, size, moments }
    }

    pub(super) fn law(&self) -> &dyn Law {
        &*self.law
    }

    /// The law, to be held by another.
    pub(super) fn shared(&self) -> Arc<dyn Law> {
        Arc::clone(&self.law)
    }

    /// Locations and weights, if there is nothing else.
    pub(super) fn points(&self) -> Option<&[(f64, f64)]> {
        (!self.points.is_empty()).then_some(&self.points[..])
    }

    /// The closed sets of the real line that carry mass, ascending and disjoint; atoms are points.
    pub(super) fn carriers(&self) -> Vec<Interval> {
        if !self.points.is_empty() {
            return self.points.iter().map(|point| Interval { lower: point.0, upper: point.0 }).collect();
        }
        let atoms = self.law.atoms().into_iter().map(|a| Interval { lower: a.location, upper: a.location });
        merged(self.law.support().into_iter().chain(atoms).collect())
    }

    /// m(w) = int mu(dx) / (x - w) and its derivative.
    pub(super) fn stieltjes(&self, w: Complex) -> Result<[Complex; 2]> {
        if self.points.is_empty() {
            return Ok([self.law.stieltjes(w)?, self.law.stieltjes_derivative(w)?]);
        }
        let mut sums = [Complex::default(); 2];
        for &(x, weight) in &self.points {
            let inverse = reciprocal(x - w.re, w.im);
            sums[0] = sums[0] + inverse * weight;
            sums[1] = sums[1] + inverse * inverse * weight;
        }
        Ok(sums)
    }

    /// T(w) = int x mu(dx) / (w - x) and its derivative.
    pub(super) fn transform(&self, w: Complex) -> Result<[Complex; 2]> {
        if self.points.is_empty() && w.modulus() > FAR * self.size {
            // sum_k moment_k / w^k.
            let inverse = Complex::from(1.0) / w;
            let mut sums = [Complex::default(); 2];
            for (k, moment) in self.moments.iter().enumerate().rev() {
                sums[0] = (sums[0] + *moment) * inverse;
                sums[1] = (sums[1] + *moment * (k as f64 + 1.0)) * inverse;
            }
            return Ok([sums[0], -(sums[1] * inverse)]);
        }
        if self.points.is_empty() {
            let [m, slope] = self.stieltjes(w)?;
            return Ok([-(w * m + 1.0), -(m + w * slope)]);
        }
        let mut sums = [Complex::default(); 2];
        for &(x, weight) in &self.points {
            let inverse = reciprocal(x - w.re, w.im);
            sums[0] = sums[0] - inverse * (weight * x);
            sums[1] = sums[1] - inverse * inverse * (weight * x);
        }
        Ok(sums)
    }

    /// The atoms, those that only rounding tells apart made one.
    pub(super) fn atoms(&self) -> Vec<Atom> {
        match self.points() {
            Some(points) => points.iter().map(|&(location, weight)| Atom { location, weight }).collect(),
            None => self.law.atoms(),
        }
    }

    /// The variance under mu of 1 / (x - w), for a real w without mass: m' - m^2, of which nothing is lost.
    pub(super) fn resolvent_variance(&self, w: f64) -> Result<f64> {
        if self.points.is_empty() && w.abs() > FAR * self.size {
            // By central moments, to the fourth.
            let [mean, second, third, fourth] = [0, 1, 2, 3].map(|k| self.moments[k]);
            let variance = second - mean * mean;
            let skew = third - mean * (3.0 * second - 2.0 * mean * mean);
            let flat = fourth - mean * (4.0 * third - mean * (6.0 * second - 3.0 * mean * mean));
            let inverse = 1.0 / (w - mean);
            let series = variance + inverse * (2.0 * skew + inverse * (3.0 * flat - variance * variance));
            return Ok((series * inverse * inverse * inverse * inverse).max(0.0));
        }
        let [m, slope] = self.stieltjes(w.into())?.map(|value| value.re);
        if self.points.is_empty() {
            return Ok((slope - m * m).max(0.0));
        }
        Ok(self.points.iter().map(|&(x, weight)| weight * (1.0 / (x - w) - m) * (1.0 / (x - w) - m)).sum())
    }

    /// The mean and the variance under mu of x / (w - x), for a real w without mass.
    pub(super) fn transform_variance(&self, w: f64) -> Result<[f64; 2]> {
        let [t, slope] = self.transform(w.into())?.map(|value| value.re);
        if self.points.is_empty() && w.abs() > FAR * self.size {
            // sum_(k >= 2) (k - 1) moment_k / w^k - T^2.
            let terms = self.moments.iter().enumerate().rev();
            let square = terms.fold(0.0, |sum, (k, moment)| (sum + k as f64 * moment) / w);
            return Ok([t, (square - t * t).max(0.0)]);
        }
        if self.points.is_empty() {
            return Ok([t, (-w * slope - t - t * t).max(0.0)]);
        }
        let deviation = |x: f64| x / (w - x) - t;
        Ok([t, self.points.iter().map(|&(x, weight)| weight * deviation(x) * deviation(x)).sum()])
    }

    /// int mu(dx) / |x - w|^2.
    pub(super) fn spread(&self, w: Complex) -> Result<f64> {
        if self.points.is_empty() {
            if w.im == 0.0 {
                return Ok(self.law.stieltjes_derivative(w)?.re);
            }
            return Ok(self.law.stieltjes(w)?.im / w.im);
        }
        let square = w.im * w.im;
        Ok(self.points.iter().map(|&(x, weight)| weight / ((x - w.re) * (x - w.re) + square)).sum())
    }

    /// c int x^2 mu(dx) / |x - w|^2 - 1, for a law on [0, inf).
    pub(super) fn weighted_spread(&self, c: f64, w: Complex) -> Result<f64> {
        let norm = w.re * w.re + w.im * w.im;
        if self.points.is_empty() {
            let m = self.law.stieltjes(w)?;
            return Ok((c - 1.0) + c * (2.0 * (w * m).re + norm * self.spread(w)?));
        }
        let square = w.im * w.im;
        let distance = |x: f64| (x - w.re) * (x - w.re) + square;
        if norm < self.least * self.least {
            // x^2 / |x - w|^2 = 1 + (2 x Re w - |w|^2) / |x - w|^2: near 0 the ones cancel but for the rank.
            let sum: f64 = self.positive().map(|(x, weight)| weight * (2.0 * x * w.re - norm) / distance(x)).sum();
            return Ok((c * self.rank - 1.0) + c * sum);
        }
        Ok(c * self.points.iter().map(|&(x, weight)| weight * x * x / distance(x)).sum::<f64>() - 1.0)
    }

    /// 1 + c T(w) and its derivative, for a law on [0, inf).
    pub(super) fn shrinkage(&self, c: f64, w: Complex) -> Result<[Complex; 2]> {
        if self.points.is_empty() {
            let [m, slope] = self.stieltjes(w)?;
            return Ok([-(w * m * c) + (1.0 - c), -((m + w * slope) * c)]);
        }
        let [t, slope] = self.transform(w)?;
        if w.modulus() >= self.least {
            return Ok([t * c + 1.0, slope * c]);
        }
        // x / (w - x) = -1 + w / (w - x): near 0 the ones cancel but for the rank.
        let sum =
            self.positive().fold(Complex::default(), |sum, (x, weight)| sum - reciprocal(x - w.re, w.im) * weight);
        Ok([w * sum * c + (1.0 - c * self.rank), slope * c])
    }

    fn positive(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.points.iter().copied().filter(|point| point.0 > 0.0)
    }
}

/// Atoms nearer to each other than this part of the largest are one: rounding makes copies of what is one eigenvalue.
const SAME: f64 = 1e-13;

/// Locations and weights, those that only rounding tells apart made one, at their mean.
fn merged_points(atoms: &[Atom]) -> Vec<(f64, f64)> {
    let size = atoms.iter().fold(0.0f64, |size, atom| size.max(atom.location.abs()));
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(atoms.len());
    let mut last = f64::NEG_INFINITY;
    for atom in atoms {
        match points.last_mut() {
            Some(point) if atom.location - last <= SAME * size => {
                let weight = point.1 + atom.weight;
                // An exact location stays exact.
                if atom.location != point.0 {
                    point.0 += (atom.location - point.0) * (atom.weight / weight);
                }
                point.1 = weight;
            }
            _ => points.push((atom.location, atom.weight)),
        }
        last = atom.location;
    }
    // What is 0 but for rounding is 0.
    for point in &mut points {
        if point.0.abs() <= SAME * size {
            point.0 = 0.0;
        }
    }
    points
}

/// 1 / (difference - i im).
fn reciprocal(difference: f64, im: f64) -> Complex {
    let square = difference * difference + im * im;
    Complex::new(difference / square, im / square)
}
