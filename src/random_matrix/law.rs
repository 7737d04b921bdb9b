//! The seam: what it means to be the law of a spectrum.

use std::fmt::Debug;

use super::complex::Complex;
use crate::error::{Error, Result};
use crate::random::Key;

/// A closed interval of the real line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The left end.
    pub lower: f64,
    /// The right end.
    pub upper: f64,
}

impl Interval {
    /// Whether `x` lies in the interval, its ends included.
    pub fn contains(&self, x: f64) -> bool {
        self.lower <= x && x <= self.upper
    }
}

/// A point that carries mass of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Atom {
    /// Where it lies.
    pub location: f64,
    /// The probability it carries, in (0, 1].
    pub weight: f64,
}

/// A probability law on the real line with bounded support: the limit of the spectra of large random matrices.
///
/// ```text
///     mu = rho(x) dx + sum_j weight_j delta(x - location_j),       mu(R) = 1
///     F(x) = mu((-inf, x]),       m(z) = int mu(dx) / (x - z)
/// ```
///
/// Questions about a point are `Result`s: a point may be no number or lie on a branch cut, and a law that is only known
/// as the solution of an equation has to be able to say that it did not find it. The trait can be made into an object.
pub trait Law: Debug + Send + Sync {
    /// The intervals on which the density is positive, disjoint and ascending. Atoms are not among them.
    fn support(&self) -> Vec<Interval>;

    /// The points with mass of their own, ascending.
    fn atoms(&self) -> Vec<Atom>;

    /// The density rho of the part of the law that has one; atoms do not show in it.
    ///
    /// It is 0 outside of the support and infinite at a hard edge.
    ///
    /// # Errors
    /// If `x` is not a number.
    fn density(&self, x: f64) -> Result<f64>;

    /// The cumulative distribution F(x): the mass at or below `x`, atoms included.
    ///
    /// # Errors
    /// If `x` is not a number.
    fn cumulative(&self, x: f64) -> Result<f64>;

    /// The least x in the support or among the atoms with F(x) >= `probability`.
    ///
    /// So F(quantile(u)) = u, except that every u within the jump of an atom leads to the atom.
    ///
    /// # Errors
    /// If `probability` is not in [0, 1].
    fn quantile(&self, probability: f64) -> Result<f64>;

    /// The Stieltjes transform m(z) = int mu(dx) / (x - z).
    ///
    /// Sign: Im m(z) > 0 for Im z > 0, m(z) ~ -1/z far away, and the resolvent's other convention is G = -m. Both half
    /// planes are meant: m of the conjugate is the conjugate of m. On the real axis m is defined off the support, and
    /// at an edge where the limit is finite. Inside the support it is not: the limits from above and from below differ
    /// by 2 pi i rho(x). The limit from above is (principal value) + i pi rho(x).
    ///
    /// # Errors
    /// If `z` is not finite, lies on the real axis inside the support, or is an atom or a hard edge.
    fn stieltjes(&self, z: Complex) -> Result<Complex>;

    /// The moment int x^order mu(dx); infinite where it exceeds the range of `f64`.
    fn moment(&self, order: u32) -> f64;

    /// Fills with independent draws from the law: entries `offset..` of the key's stream, as in [`Key::uniform`].
    ///
    /// Each is the [`quantile`](Law::quantile) of one uniform value, so that any stretch of the stream can be had
    /// without the ones before it. Independent draws are *not* a spectrum: eigenvalues repel each other and follow
    /// their law far more closely. For spectra see [`Wishart`](super::Wishart) and
    /// [`GaussianOrthogonal`](super::GaussianOrthogonal).
    ///
    /// # Errors
    /// If the quantile cannot be found.
    fn sample(&self, key: Key, offset: u64, values: &mut [f64]) -> Result<()> {
        key.uniform(offset, values);
        for value in values {
            *value = self.quantile(*value)?;
        }
        Ok(())
    }
}

/// Fails for a point that is not a number. Infinity is one: the density there is 0 and the distribution 0 or 1.
pub(super) fn number(x: f64) -> Result<()> {
    if x.is_nan() {
        return Err(Error::OutOfRange {
            what: "the point at which a law is asked",
            value: x,
            limits: "must be a number",
        });
    }
    Ok(())
}

/// Fails unless a probability lies in [0, 1].
pub(super) fn probability(value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange { what: "the probability of a quantile", value, limits: "must lie between 0 and 1" })
}

/// Fails for a point at which no Stieltjes transform is defined because it is not a point.
pub(super) fn finite(z: Complex) -> Result<()> {
    let what = "the point z of a Stieltjes transform (entry 0 real, entry 1 imaginary part)";
    Error::finite(what, &[z.re, z.im], "give a point of the complex plane")
}

/// The error for a point of the real axis at which the Stieltjes transform has no value.
pub(super) fn on_the_cut(x: f64) -> Error {
    Error::OutOfRange {
        what: "the real point z of a Stieltjes transform",
        value: x,
        limits: "must not lie inside the support, on an atom or on a hard edge: the transform has no value there, or a \
                 different one from each side; give z an imaginary part",
    }
}
