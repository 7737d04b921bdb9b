//! Wigner's semicircle law.

use std::f64::consts::{FRAC_PI_2, PI};

use super::angle::Tail;
use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{self, Atom, Interval, Law};

/// The semicircle law: the spectrum of a large symmetric matrix of independent noise.
///
/// ```text
///     W symmetric n x n,  Var W_ij = s^2 / n  (i != j)
///     rho(x) = sqrt(4 s^2 - x^2) / (2 pi s^2)  on [-2s, 2s]
///     F(x)   = 1/2 + x sqrt(4 s^2 - x^2) / (4 pi s^2) + asin(x / 2s) / pi
///     m(z)   = (-z + sqrt(z - 2s) sqrt(z + 2s)) / (2 s^2),     moments s^(2k) Catalan(k)
/// ```
///
/// s is the standard deviation of the law itself and that of an entry times sqrt(n). Every value is a closed form, to
/// a few units of the last place relative to its maximum; a quantile takes about ten evaluations of F. Far out in a
/// tail F is accurate absolutely, not relatively.
///
/// ```
/// use eigenscape::random_matrix::{Law, Semicircle};
///
/// let law = Semicircle::new(1.0)?;
/// assert!((law.density(0.0)? - 1.0 / std::f64::consts::PI).abs() < 1e-15);
/// assert_eq!(law.moment(4), 2.0);
/// let upper_tenth = law.quantile(0.9)?;
/// assert!((law.cumulative(upper_tenth)? - 0.9).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Wigner 1958 (doi:10.2307/1970008); Anderson, Guionnet & Zeitouni 2010, *An Introduction to Random Matrices*, ch. 2.
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "Wigner")]
pub struct Semicircle {
    standard_deviation: f64,
}

impl Semicircle {
    /// The law with a standard deviation s, so that it ends at -2s and 2s.
    ///
    /// # Errors
    /// Unless the standard deviation is positive and both ends are finite.
    pub fn new(standard_deviation: f64) -> Result<Self> {
        Error::positive("the standard deviation of a semicircle law", standard_deviation)?;
        Error::positive("the upper end of a semicircle law", 2.0 * standard_deviation)?;
        Ok(Semicircle { standard_deviation })
    }

    /// The standard deviation s.
    pub fn standard_deviation(&self) -> f64 {
        self.standard_deviation
    }

    /// The interval [-2s, 2s].
    pub fn edges(&self) -> Interval {
        let radius = 2.0 * self.standard_deviation;
        Interval { lower: -radius, upper: radius }
    }
}

/// Both edges look alike: r = 0.
fn tail() -> Tail {
    Tail::new(0.0, 1.0)
}

impl Law for Semicircle {
    fn support(&self) -> Vec<Interval> {
        vec![self.edges()]
    }

    fn atoms(&self) -> Vec<Atom> {
        Vec::new()
    }

    fn density(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        let position = x / (2.0 * self.standard_deviation);
        if position.abs() >= 1.0 {
            return Ok(0.0);
        }
        Ok(((1.0 - position) * (1.0 + position)).sqrt() / (PI * self.standard_deviation))
    }

    fn cumulative(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        let position = x / (2.0 * self.standard_deviation);
        if position.abs() >= 1.0 {
            return Ok(if x < 0.0 { 0.0 } else { 1.0 });
        }
        let beyond = tail().mass(2.0 * libm::atan2((1.0 - position.abs()).sqrt(), (1.0 + position.abs()).sqrt()));
        Ok(if position < 0.0 { beyond } else { 1.0 - beyond })
    }

    fn quantile(&self, probability: f64) -> Result<f64> {
        law::probability(probability)?;
        let angle = tail().angle(probability.min(1.0 - probability));
        // The sine of the complement, so that the median is 0 and not the cosine of a rounded pi/2.
        let distance = 2.0 * self.standard_deviation * libm::sin(FRAC_PI_2 - angle);
        Ok(if probability < 0.5 { -distance } else { distance })
    }

    fn stieltjes(&self, z: Complex) -> Result<Complex> {
        law::finite(z)?;
        let w = z / self.standard_deviation;
        if z.im == 0.0 && w.re.abs() < 2.0 {
            return Err(law::on_the_cut(z.re));
        }
        // The other root's reciprocal: far from the support the textbook form subtracts two equal numbers. And the
        // product of two roots, since the root of the product changes its branch at Re z = 0.
        Ok(Complex::from(-2.0) / (w + (w - 2.0).sqrt() * (w + 2.0).sqrt()) / self.standard_deviation)
    }

    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        // From s^2 m^2 + z m + 1 = 0.
        let m = self.stieltjes(z)?;
        let variance = self.standard_deviation * self.standard_deviation;
        let slope = -m / (m * (2.0 * variance) + z);
        if slope.is_finite() { Ok(slope) } else { Err(law::on_the_cut(z.re)) }
    }

    fn moment(&self, order: u32) -> f64 {
        if order % 2 == 1 {
            return 0.0;
        }
        // Catalan(k + 1) = Catalan(k) 2 (2k + 1) / (k + 2), with the scale in each factor: no needless overflow.
        let variance = self.standard_deviation * self.standard_deviation;
        let mut moment = 1.0;
        for k in (0..order / 2).map(f64::from) {
            moment *= variance * (4.0 * k + 2.0) / (k + 2.0);
            if moment == 0.0 || moment.is_infinite() {
                break;
            }
        }
        moment
    }
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(Semicircle { standard_deviation: f64 = |law| law.standard_deviation }
    by Semicircle::new(standard_deviation));
