//! The arcsine law.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::error::Result;
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{self, Atom, Interval, Law};

/// The arcsine law on an interval: 1/sqrt at both ends.
///
/// ```text
///     rho(x) = 1 / (pi sqrt((x - a)(b - x)))  on [a, b],      m(z) = -1 / (sqrt(z - a) sqrt(z - b))
/// ```
///
/// The spectrum of a long path graph, of a convolution with (1, 0, 1), and of the free sum of two fair coins. Both of its
/// edges are hard: G is infinite there, so that every additive spike leaves the bulk.
///
/// ```
/// use eigenscape::random_matrix::{Arcsine, Law};
///
/// let law = Arcsine::new(-2.0, 2.0)?;
/// assert!((law.moment(4) - 6.0).abs() < 1e-14); // the central binomial coefficients
/// assert!((law.cumulative(1.0)? - 2.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arcsine {
    interval: Interval,
}

impl Arcsine {
    /// The law on [lower, upper].
    ///
    /// # Errors
    /// Unless both are finite and lower < upper.
    pub fn new(lower: f64, upper: f64) -> Result<Self> {
        Ok(Arcsine { interval: law::interval("the width of an arcsine law", lower, upper)? })
    }

    /// sqrt(z - a) sqrt(z - b), two principal roots.
    fn root(&self, z: Complex) -> Result<Complex> {
        law::finite(z)?;
        let Interval { lower, upper } = self.interval;
        if z.im == 0.0 && self.interval.contains(z.re) {
            return Err(law::on_the_cut(z.re));
        }
        Ok((z - lower).sqrt() * (z - upper).sqrt())
    }
}

impl Law for Arcsine {
    fn support(&self) -> Vec<Interval> {
        vec![self.interval]
    }

    fn atoms(&self) -> Vec<Atom> {
        Vec::new()
    }

    fn density(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        let Interval { lower, upper } = self.interval;
        Ok(if self.interval.contains(x) { 1.0 / (PI * (x - lower).sqrt() * (upper - x).sqrt()) } else { 0.0 })
    }

    fn cumulative(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        let Interval { lower, upper } = self.interval;
        Ok(libm::atan2((x - lower).max(0.0).sqrt(), (upper - x).max(0.0).sqrt()) / FRAC_PI_2)
    }

    fn quantile(&self, probability: f64) -> Result<f64> {
        law::probability(probability)?;
        let Interval { lower, upper } = self.interval;
        let (sine, cosine) = libm::sincos(FRAC_PI_2 * probability);
        Ok((lower * cosine * cosine + upper * sine * sine).clamp(lower, upper))
    }

    fn stieltjes(&self, z: Complex) -> Result<Complex> {
        Ok(Complex::from(-1.0) / self.root(z)?)
    }

    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        let root = self.root(z)?;
        let Interval { lower, upper } = self.interval;
        Ok((z - (lower / 2.0 + upper / 2.0)) / (root * root * root))
    }

    fn moment(&self, order: u32) -> f64 {
        // sum_k binomial(order, k) centre^(order - k) (half width)^k, k even: times binomial(k, k/2) / 2^k.
        let Interval { lower, upper } = self.interval;
        let (centre, half) = (lower / 2.0 + upper / 2.0, upper / 2.0 - lower / 2.0);
        let mut sum = 0.0;
        let mut coefficient = 1.0;
        for k in (0..=order).step_by(2) {
            sum += coefficient * libm::pow(centre, f64::from(order - k)) * libm::pow(half, f64::from(k));
            // From binomial(n, k) binomial(k, k/2) / 2^k = n! / ((n - k)! (k/2)!^2 2^k) to k + 2.
            let left = f64::from(order - k);
            let next = f64::from(k / 2 + 1);
            coefficient *= left * (left - 1.0) / (4.0 * next * next);
        }
        sum
    }
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(Arcsine { lower: f64 = |law| law.interval.lower, upper: f64 = |law| law.interval.upper }
    by Arcsine::new(lower, upper));
