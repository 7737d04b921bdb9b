//! The uniform law.

use crate::error::Result;
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{self, Atom, Interval, Law};

/// The uniform law on an interval.
///
/// ```text
///     rho(x) = 1 / (b - a)  on [a, b],      m(z) = log((b - z) / (a - z)) / (b - a)
/// ```
///
/// No ensemble of random matrices has it; it is the simplest law without a threshold: G(b+) is infinite, so that every
/// spike, however weak, leaves the bulk. A spectrum that is known to fill a range evenly can stand for a population.
///
/// ```
/// use eigenscape::random_matrix::{Law, Uniform};
///
/// let law = Uniform::new(-1.0, 1.0)?;
/// assert_eq!(law.quantile(0.25)?, -0.5);
/// assert!((law.moment(2) - 1.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    interval: Interval,
}

impl Uniform {
    /// The law on [lower, upper].
    ///
    /// # Errors
    /// Unless both are finite and lower < upper.
    pub fn new(lower: f64, upper: f64) -> Result<Self> {
        Ok(Uniform { interval: law::interval("the width of a uniform law", lower, upper)? })
    }
}

impl Law for Uniform {
    fn support(&self) -> Vec<Interval> {
        vec![self.interval]
    }

    fn atoms(&self) -> Vec<Atom> {
        Vec::new()
    }

    fn density(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        let Interval { lower, upper } = self.interval;
        Ok(if self.interval.contains(x) { 1.0 / (upper - lower) } else { 0.0 })
    }

    fn cumulative(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        let Interval { lower, upper } = self.interval;
        Ok(((x - lower) / (upper - lower)).clamp(0.0, 1.0))
    }

    fn quantile(&self, probability: f64) -> Result<f64> {
        law::probability(probability)?;
        let Interval { lower, upper } = self.interval;
        Ok((lower * (1.0 - probability) + upper * probability).clamp(lower, upper))
    }

    fn stieltjes(&self, z: Complex) -> Result<Complex> {
        law::finite(z)?;
        let Interval { lower, upper } = self.interval;
        if z.im == 0.0 && self.interval.contains(z.re) {
            return Err(law::on_the_cut(z.re));
        }
        Ok(Complex::log_ratio(lower, upper, z) / (upper - lower))
    }

    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        law::finite(z)?;
        let Interval { lower, upper } = self.interval;
        if z.im == 0.0 && self.interval.contains(z.re) {
            return Err(law::on_the_cut(z.re));
        }
        Ok(Complex::from(1.0) / ((Complex::from(lower) - z) * (Complex::from(upper) - z)))
    }

    fn moment(&self, order: u32) -> f64 {
        // The mean of a^k b^(order - k): no difference of large powers.
        let Interval { lower, upper } = self.interval;
        let sum: f64 =
            (0..=order).map(|k| libm::pow(lower, f64::from(k)) * libm::pow(upper, f64::from(order - k))).sum();
        sum / f64::from(order + 1)
    }
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(Uniform { lower: f64 = |law| law.interval.lower, upper: f64 = |law| law.interval.upper }
    by Uniform::new(lower, upper));
