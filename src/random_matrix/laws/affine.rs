//! A law stretched and shifted.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{self, Atom, Interval, Law};

/// The law of factor x + shift: the spectrum of factor A + shift I.
///
/// ```
/// use eigenscape::random_matrix::{Affine, Law, Semicircle};
///
/// let law = Affine::new(Semicircle::new(1.0)?, -3.0, 1.0)?;
/// assert_eq!(law.support()[0].upper, 7.0);
/// assert!((law.moment(2) - 10.0).abs() < 1e-14);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Affine {
    law: Arc<dyn Law>,
    factor: f64,
    shift: f64,
}

impl Affine {
    /// The law of factor x + shift for x of a law.
    ///
    /// # Errors
    /// Unless both numbers are finite and the factor is not 0.
    pub fn new(law: impl Law + 'static, factor: f64, shift: f64) -> Result<Self> {
        Error::finite("the factor and shift of a law", &[factor, shift], "give finite numbers")?;
        if factor == 0.0 {
            let limits = "must not be 0: all mass would be at the shift, which is a Discrete law of one point";
            return Err(Error::OutOfRange { what: "the factor of a law", value: factor, limits });
        }
        Ok(Affine { law: Arc::new(law), factor, shift })
    }

    fn inverse(&self, x: f64) -> f64 {
        (x - self.shift) / self.factor
    }

    fn forward(&self, x: f64) -> f64 {
        self.factor * x + self.shift
    }
}

impl Law for Affine {
    fn support(&self) -> Vec<Interval> {
        let map = |part: Interval| {
            let [a, b] = [self.forward(part.lower), self.forward(part.upper)];
            Interval { lower: a.min(b), upper: a.max(b) }
        };
        let mut parts: Vec<Interval> = self.law.support().into_iter().map(map).collect();
        if self.factor < 0.0 {
            parts.reverse();
        }
        parts
    }

    fn atoms(&self) -> Vec<Atom> {
        let map = |atom: Atom| Atom { location: self.forward(atom.location), ..atom };
        let mut atoms: Vec<Atom> = self.law.atoms().into_iter().map(map).collect();
        if self.factor < 0.0 {
            atoms.reverse();
        }
        atoms
    }

    fn density(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        Ok(self.law.density(self.inverse(x))? / self.factor.abs())
    }

    fn cumulative(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        // The atoms by where they lie now: rounding must not put x on their other side.
        let at = self.atoms().into_iter().find(|atom| atom.location == x);
        let y = match &at {
            Some(_) => (self.law.atoms().iter())
                .map(|atom| atom.location)
                .find(|&location| self.forward(location) == x)
                .unwrap_or(self.inverse(x)),
            None => self.inverse(x),
        };
        let below = self.law.cumulative(y)?;
        Ok(if self.factor > 0.0 { below } else { 1.0 - below + at.map_or(0.0, |atom| atom.weight) })
    }

    fn quantile(&self, probability: f64) -> Result<f64> {
        law::probability(probability)?;
        if self.factor > 0.0 {
            return Ok(self.forward(self.law.quantile(probability)?));
        }
        // The least x with F(x) >= u is the image of the largest y with P(y' < y) <= 1 - u: within a jump that ends at
        // 1 - u, of the atom after it.
        let inner = 1.0 - probability;
        let y = self.law.quantile(inner)?;
        let ends = crate::random_matrix::transforms::ends(&self.law.support(), &self.law.atoms());
        if probability == 0.0 || self.law.cumulative(y)? > inner || y >= ends.upper {
            return Ok(self.forward(y));
        }
        // F(y) = 1 - u exactly: on to where mass begins again.
        let starts = self.law.support().into_iter().map(|part| part.lower);
        let starts = starts.chain(self.law.atoms().into_iter().map(|atom| atom.location));
        let inside = self.law.support().iter().any(|part| part.lower <= y && y < part.upper);
        let next = starts.filter(|start| *start > y).fold(f64::INFINITY, f64::min);
        Ok(self.forward(if inside || !next.is_finite() { y } else { next }))
    }

    fn stieltjes(&self, z: Complex) -> Result<Complex> {
        law::finite(z)?;
        Ok(self.law.stieltjes((z - self.shift) / self.factor)? / self.factor)
    }

    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        law::finite(z)?;
        let slope = self.law.stieltjes_derivative((z - self.shift) / self.factor)?;
        Ok(slope / self.factor / self.factor)
    }

    fn moment(&self, order: u32) -> f64 {
        // The binomial sum.
        let mut coefficient = 1.0;
        let mut sum = 0.0;
        for k in 0..=order {
            let shift = libm::pow(self.shift, f64::from(order - k));
            sum += coefficient * libm::pow(self.factor, f64::from(k)) * shift * self.law.moment(k);
            coefficient *= f64::from(order - k) / f64::from(k + 1);
        }
        sum
    }
}
