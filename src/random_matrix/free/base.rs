//! A law as the equations of free probability see it: its transforms anywhere in the plane, and where it has no mass.

use std::sync::Arc;

use crate::error::Result;
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{Interval, Law};
use crate::random_matrix::transforms::merged;

/// A law, unpacked into its atoms if it is nothing but atoms.
#[derive(Clone, Debug)]
pub(super) struct Base {
    law: Arc<dyn Law>,
    /// Locations and weights; empty for a law with a density.
    points: Vec<(f64, f64)>,
    /// The least positive one and the mass of all positive ones, where they are all.
    least: f64,
    rank: f64,
}

impl Base {
    pub(super) fn new(law: Arc<dyn Law>) -> Self {
        let discrete = law.support().is_empty();
        let atoms = if discrete { law.atoms() } else { Vec::new() };
        let points: Vec<(f64, f64)> = atoms.iter().map(|a| (a.location, a.weight)).collect();
        let least = points.iter().map(|point| point.0).filter(|x| *x > 0.0).fold(f64::INFINITY, f64::min);
        // From what is not in it, if that is nothing: exactly 1.
        let rank = 1.0 - points.iter().filter(|point| point.0 <= 0.0).map(|point| point.1).sum::<f64>();
        Base { law, points, least, rank }
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

/// 1 / (difference - i im).
fn reciprocal(difference: f64, im: f64) -> Complex {
    let square = difference * difference + im * im;
    Complex::new(difference / square, im / square)
}
