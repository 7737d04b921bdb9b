//! The seam: what it means to be the law of a spectrum.

use std::fmt::Debug;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::random::Key;
use crate::random_matrix::complex::Complex;
use crate::random_matrix::series;
use crate::random_matrix::transforms;

/// A closed interval of the real line.
///
/// ```
/// use eigenscape::random_matrix::Semicircle;
///
/// let edges = Semicircle::new(1.5)?.edges();
/// assert_eq!((edges.lower, edges.upper), (-3.0, 3.0));
/// assert!(edges.contains(2.9) && !edges.contains(3.1));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Interval {
    /// The left end.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub lower: f64,
    /// The right end.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Atom {
    /// Where it lies.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub location: f64,
    /// The probability it carries, in (0, 1].
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
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
    /// It is 0 outside of the support. At a hard edge it is infinite, or 0 where a law is only known inside.
    ///
    /// # Errors
    /// If `x` is not a number.
    #[doc(alias = "PDF")]
    fn density(&self, x: f64) -> Result<f64>;

    /// The cumulative distribution F(x): the mass at or below `x`, atoms included.
    ///
    /// # Errors
    /// If `x` is not a number.
    #[doc(alias = "CDF")]
    #[doc(alias = "distribution function")]
    fn cumulative(&self, x: f64) -> Result<f64>;

    /// The least x in the support or among the atoms with F(x) >= `probability`.
    ///
    /// So F(quantile(u)) = u, except that every u within the jump of an atom leads to the atom.
    ///
    /// # Errors
    /// If `probability` is not in [0, 1].
    #[doc(alias = "PPF")]
    #[doc(alias = "inverse CDF")]
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
    #[doc(alias = "Stieltjes transform")]
    #[doc(alias = "Cauchy transform")]
    #[doc(alias = "resolvent")]
    #[doc(alias = "Green function")]
    fn stieltjes(&self, z: Complex) -> Result<Complex>;

    /// The derivative m'(z) = int mu(dx) / (x - z)^2 of the Stieltjes transform.
    ///
    /// It is what overlaps of outliers are made of. Provided by Cauchy's integral over a circle halfway to the nearest
    /// mass, 48 values of m; laws with a closed form override it.
    ///
    /// # Errors
    /// As [`stieltjes`](Law::stieltjes), and at an edge.
    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        transforms::derivative(&self.support(), &self.atoms(), z, |z| self.stieltjes(z))
    }

    /// The moment int x^order mu(dx); infinite where it exceeds the range of `f64`.
    fn moment(&self, order: u32) -> f64;

    /// The free cumulants kappa_1..=kappa_highest, entry k - 1 for order k.
    ///
    /// ```text
    ///     M(z) = C(z M(z)),     M(z) = 1 + sum_k moment_k z^k,     C(z) = 1 + sum_k kappa_k z^k
    /// ```
    ///
    /// They add under free convolution, as cumulants do under sums of independent variables; kappa_1 is the mean, kappa_2
    /// the variance. From the moments, in O(highest^3) operations; rounding grows with the order, since cumulants are small
    /// differences of moments.
    fn free_cumulants(&self, highest: u32) -> Vec<f64> {
        let moments: Vec<f64> = (1..=highest).map(|order| self.moment(order)).collect();
        series::cumulants(&moments)
    }

    /// The R-transform R(w) = K(w) - 1/w, with K the inverse of G = -m outside of the support; R(0) is the mean.
    ///
    /// R of a free sum is the sum of the R's: R(w) = sum_k kappa_(k+1) w^k.
    ///
    /// # Errors
    /// If `w` is not a value of G outside of the support: the limits are G at the two ends.
    #[doc(alias = "R-transform")]
    fn r_transform(&self, w: f64) -> Result<f64> {
        transforms::r_transform(&self.support(), &self.atoms(), &self.free_cumulants(3), w, |x| {
            self.stieltjes(x.into())
        })
    }

    /// The S-transform S(t) = (1 + t) / (t K(t)), with K the inverse of T(x) = int y mu(dy) / (x - y) outside of the
    /// support, for a law on [0, inf) other than a point at 0; S(0) = 1 / mean.
    ///
    /// S of a free product is the product of the S's.
    ///
    /// # Errors
    /// If the law has mass below 0 or a mean of 0, or `t` is not a value of T above the support or below 0: -1 + (mass at 0)
    /// < t < T(upper end).
    #[doc(alias = "S-transform")]
    fn s_transform(&self, t: f64) -> Result<f64> {
        transforms::s_transform(&self.support(), &self.atoms(), &self.free_cumulants(2), t, |x| {
            self.stieltjes(x.into())
        })
    }

    /// Fills with independent draws from the law: entries `offset..` of the key's stream, as in [`Key::uniform`].
    ///
    /// Each is the [`quantile`](Law::quantile) of one uniform value, so that any stretch of the stream can be had
    /// without the ones before it. Independent draws are *not* a spectrum: eigenvalues repel each other and follow
    /// their law far more closely. For spectra see [`Wishart`](crate::random_matrix::Wishart) and
    /// [`GaussianOrthogonal`](crate::random_matrix::GaussianOrthogonal).
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

impl<L: Law + ?Sized> Law for Arc<L> {
    fn support(&self) -> Vec<Interval> {
        (**self).support()
    }
    fn atoms(&self) -> Vec<Atom> {
        (**self).atoms()
    }
    fn density(&self, x: f64) -> Result<f64> {
        (**self).density(x)
    }
    fn cumulative(&self, x: f64) -> Result<f64> {
        (**self).cumulative(x)
    }
    fn quantile(&self, probability: f64) -> Result<f64> {
        (**self).quantile(probability)
    }
    fn stieltjes(&self, z: Complex) -> Result<Complex> {
        (**self).stieltjes(z)
    }
    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        (**self).stieltjes_derivative(z)
    }
    fn moment(&self, order: u32) -> f64 {
        (**self).moment(order)
    }
    fn free_cumulants(&self, highest: u32) -> Vec<f64> {
        (**self).free_cumulants(highest)
    }
    fn r_transform(&self, w: f64) -> Result<f64> {
        (**self).r_transform(w)
    }
    fn s_transform(&self, t: f64) -> Result<f64> {
        (**self).s_transform(t)
    }
    fn sample(&self, key: Key, offset: u64, values: &mut [f64]) -> Result<()> {
        (**self).sample(key, offset, values)
    }
}

/// Fails for a point that is not a number. Infinity is one: the density there is 0 and the distribution 0 or 1.
pub(in crate::random_matrix) fn number(x: f64) -> Result<()> {
    if x.is_nan() {
        return Err(Error::OutOfRange {
            what: "the point at which a law is asked",
            value: x,
            limits: "must be a number",
        });
    }
    Ok(())
}

/// An interval of positive width.
pub(in crate::random_matrix) fn interval(what: &'static str, lower: f64, upper: f64) -> Result<Interval> {
    Error::positive(what, upper - lower)?;
    Ok(Interval { lower, upper })
}

/// Fails unless a probability lies in [0, 1].
pub(in crate::random_matrix) fn probability(value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange { what: "the probability of a quantile", value, limits: "must lie between 0 and 1" })
}

/// Fails for a point at which no Stieltjes transform is defined because it is not a point.
pub(in crate::random_matrix) fn finite(z: Complex) -> Result<()> {
    let what = "the point z of a Stieltjes transform (entry 0 real, entry 1 imaginary part)";
    Error::finite(what, &[z.re, z.im], "give a point of the complex plane")
}

/// The error for a point of the real axis at which the Stieltjes transform has no value.
pub(in crate::random_matrix) fn on_the_cut(x: f64) -> Error {
    Error::OutOfRange {
        what: "the real point z of a Stieltjes transform",
        value: x,
        limits: "must not lie inside the support, on an atom or on a hard edge: the transform has no value there, or a \
                 different one from each side; give z an imaginary part",
    }
}
