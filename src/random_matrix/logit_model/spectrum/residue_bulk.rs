//! The bulk of the residues on the real axis: where it ends, and what lies outside of it.

use std::sync::OnceLock;

use crate::error::Result;
use crate::random_matrix::complex::Complex;
use crate::random_matrix::edges::edge::{Edge, Side};
use crate::random_matrix::free::GeneralizedMarchenkoPastur;
use crate::random_matrix::laws::Discrete;
use crate::random_matrix::root::root;

/// The population tau of a sample covariance of n samples above its bulk, by sums over its atoms: O(k) for each value, so
/// that populations of many thousand atoms need no law made first.
///
/// ```text
///     psi(u) = u (1 + (1/n) sum tau / (u - tau)),   psi'(u) = 1 - (1/n) sum tau^2 / (u - tau)^2
///     u_+ > tau_max with psi'(u_+) = 0: the edge is psi(u_+)
/// ```
#[derive(Clone, Debug)]
pub(crate) struct ResidueBulk {
    /// Descending, positive.
    atoms: Vec<f64>,
    /// How many eigenvalues each stands for.
    counts: Vec<f64>,
    samples: f64,
    /// u_+, 0 without atoms.
    point: f64,
    law: OnceLock<Result<Option<GeneralizedMarchenkoPastur>>>,
}

/// The first atom stands alone where it is farther from the second than this many of its deviations, sqrt(2/n) tau.
const ALONE: f64 = 1.5;

impl ResidueBulk {
    /// Of atoms in descending order, each one eigenvalue.
    pub(crate) fn new(atoms: Vec<f64>, samples: f64) -> Result<Self> {
        let counts = vec![1.0; atoms.len()];
        ResidueBulk::counted(atoms, counts, samples)
    }

    /// Of atoms in descending order, each of so many eigenvalues.
    pub(crate) fn counted(atoms: Vec<f64>, counts: Vec<f64>, samples: f64) -> Result<Self> {
        let mut bulk = ResidueBulk { atoms, counts, samples, point: 0.0, law: OnceLock::new() };
        let (Some(&largest), Some(&count)) = (bulk.atoms.first(), bulk.counts.first()) else { return Ok(bulk) };
        let near = (count / samples).sqrt() * largest;
        // Ratios do not overflow.
        let far = largest * (bulk.sum(|tau| (tau / largest) * (tau / largest)) / samples).sqrt();
        // 1 - 1/sqrt of the sum is nearly linear in the distance.
        let at = |exponent: f64| {
            let distance = libm::exp(exponent);
            Ok(1.0 - 1.0 / bulk.resistance(largest + distance, distance).sqrt())
        };
        let distance = libm::exp(root(libm::log(near) - 1e-9, libm::log(far) + 1e-9, at)?);
        bulk.point = largest + distance;
        Ok(bulk)
    }

    fn sum(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.atoms.iter().zip(&self.counts).map(|(&tau, count)| count * of(tau)).sum()
    }

    /// (1/n) sum tau^2 / (u - tau)^2 at a distance from the first atom.
    fn resistance(&self, u: f64, distance: f64) -> f64 {
        let largest = self.largest();
        let square = |tau: f64| {
            let ratio = tau / if tau == largest { distance } else { u - tau };
            ratio * ratio
        };
        self.sum(square) / self.samples
    }

    pub(crate) fn atoms(&self) -> &[f64] {
        &self.atoms
    }

    pub(crate) fn samples(&self) -> f64 {
        self.samples
    }

    /// tau_max, 0 if there is none.
    pub(crate) fn largest(&self) -> f64 {
        self.atoms.first().copied().unwrap_or(0.0)
    }

    /// The law with these atoms, one eigenvalue each, normalised over them; none without atoms. Made when asked for:
    /// O(k^2).
    pub(crate) fn law(&self) -> Result<Option<&GeneralizedMarchenkoPastur>> {
        let made = self.law.get_or_init(|| {
            if self.atoms.is_empty() {
                return Ok(None);
            }
            let ratio = self.atoms.len() as f64 / self.samples;
            GeneralizedMarchenkoPastur::new(Discrete::uniform(&self.atoms)?, ratio).map(Some)
        });
        made.as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// u_+.
    pub(crate) fn point(&self) -> f64 {
        self.point
    }

    /// psi(u_+): where the bulk ends.
    pub(crate) fn end(&self) -> f64 {
        self.position(self.point)
    }

    /// psi(u).
    pub(crate) fn position(&self, u: f64) -> f64 {
        u + u * (self.sum(|tau| tau / (u - tau)) / self.samples)
    }

    /// psi at a point of the curve.
    pub(crate) fn place(&self, u: Complex) -> f64 {
        u.re + self.sum(|tau| (u * tau / (u - tau)).re) / self.samples
    }

    /// psi'(u).
    pub(crate) fn slope(&self, u: f64) -> f64 {
        1.0 - self.resistance(u, u - self.largest())
    }

    /// The point of the curve of real psi that has so many eigenvalues above; none if there are not so many.
    pub(crate) fn with_above(&self, wanted: f64) -> Result<Option<Complex>> {
        let reach = (self.sum(|tau| tau * tau) / self.samples).sqrt();
        let mut low = self.point - 0.1 * (self.point - self.largest());
        while self.above(self.curve(low)?) <= wanted {
            low -= 2.0 * (self.point - low);
            if low < -reach {
                // There psi' > 0, and everything is above.
                low = -reach;
                if self.above(low.into()) <= wanted {
                    return Ok(None);
                }
                break;
            }
        }
        let u = root(low, self.point, |u| Ok(self.above(self.curve(u)?) - wanted))?;
        self.curve(u).map(Some)
    }

    /// u + i h with the h > 0 at which psi is real, if there is one.
    fn curve(&self, u: f64) -> Result<Complex> {
        let excess = |exponent: f64| {
            let height = libm::exp(exponent);
            let square = |tau: f64| tau * tau / ((u - tau) * (u - tau) + height * height);
            Ok(1.0 - 1.0 / (self.sum(square) / self.samples).sqrt())
        };
        let high = 0.5 * libm::log(self.sum(|tau| tau * tau) / self.samples) + 1e-9;
        let low = high - 40.0;
        if excess(low)? <= 0.0 {
            return Ok(u.into());
        }
        Ok(Complex::new(u, libm::exp(root(low, high, excess)?)))
    }

    /// n (1 - F) at a point of the curve: the number of eigenvalues above psi(u).
    fn above(&self, u: Complex) -> f64 {
        if u.im == 0.0 {
            return if u.re < 0.0 { self.samples } else { self.sum(|tau| if tau > u.re { 1.0 } else { 0.0 }) };
        }
        let (angle, size) = (libm::atan2(u.im, u.re), u.modulus());
        let x = self.place(u);
        let turns = self.sum(|tau| libm::atan2(u.im, u.re - tau) - angle);
        (self.samples * (angle - x * (u.im / size / size)) + turns) / std::f64::consts::PI
    }

    /// The edge with its Tracy-Widom scale (u_+^4 psi''(u_+) / (2 n^2))^(1/3).
    pub(crate) fn edge(&self) -> Result<Option<Edge>> {
        if self.atoms.is_empty() {
            return Ok(None);
        }
        let u = self.point;
        let curvature = 2.0 / self.samples * self.sum(|tau| (tau / (u - tau)) * (tau / (u - tau)) / (u - tau));
        // u^4 psi'' in an order that does not overflow.
        let scale = u * libm::cbrt(u * curvature / (2.0 * self.samples * self.samples));
        Ok(Some(Edge::new(self.end(), scale, Side::Upper)?))
    }

    /// Mean and standard deviation of the largest eigenvalue of the bulk.
    pub(crate) fn top(&self) -> Result<Option<(f64, f64)>> {
        if let Some(alone) = self.alone() {
            return Ok(Some(alone));
        }
        Ok(self.edge()?.map(|edge| (edge.mean(), edge.standard_deviation())))
    }

    /// Mean and standard deviation of the largest eigenvalue where it belongs to the first atom alone, as with few active
    /// atoms and many samples.
    pub(crate) fn alone(&self) -> Option<(f64, f64)> {
        let &first = self.atoms.first()?;
        if self.counts.iter().take(2).any(|&count| count != 1.0) {
            return None;
        }
        // The only one always stands alone: a multiple of chi squared.
        if let Some(&second) = self.atoms.get(1)
            && first - second <= ALONE * first * (2.0 / self.samples).sqrt()
        {
            return None;
        }
        let others = &self.atoms[1..];
        let mean: f64 = others.iter().map(|tau| tau / (first - tau)).sum();
        let loss: f64 = others.iter().map(|tau| (tau / (first - tau)) * (tau / (first - tau))).sum();
        let slope = 1.0 - loss / self.samples;
        // The others may still hold it in their bulk.
        (slope > 0.0).then(|| (first * (1.0 + mean / self.samples), first * (2.0 * slope / self.samples).sqrt()))
    }
}
