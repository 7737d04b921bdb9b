//! The law of the extreme eigenvalue of noise.

use super::painleve::Painleve;
use super::painleve_table::MOMENTS;
use crate::error::{Error, Result};
use crate::random_matrix::law;

/// The Tracy-Widom laws: how the extreme eigenvalue of a large random matrix fluctuates about the edge of its bulk.
///
/// ```text
///     (lambda_max - location) / scale  ->  TW_beta,       beta = 1: real, beta = 2: complex entries
///     F_1(s) = exp(-E(s) - W(s)),   F_2(s) = exp(-2 W(s)),      E = (1/2) int_s^inf q,  W = (1/2) int_s^inf (x - s) q^2
///     q'' = s q + 2 q^3,  q ~ Ai(s) for s -> infinity
///     1 - F_1 ~ exp(-(2/3) s^(3/2)) / (4 sqrt(pi) s^(3/4)),     F_1 ~ exp(-|s|^3 / 24 - ...) on the left
/// ```
///
/// Locations and scales are those of an [`Edge`](crate::random_matrix::Edge). The laws are not centred: the mean of beta = 1 is -1.207,
/// and 83 % of it lie below 0, so that the extreme eigenvalue of noise is mostly inside of the edge.
///
/// Every value is a piecewise Chebyshev series and an exponential, with what is left of the asymptotic forms beyond: 4e-15
/// absolutely, and each tail to 1e-12 of itself, down to the smallest number and in logarithms far below it. A value
/// takes about 0.1 microseconds, a quantile about one. The support is the whole line, which is why this is no
/// [`Law`](crate::random_matrix::Law).
///
/// ```
/// use eigenscape::random_matrix::TracyWidom;
///
/// let law = TracyWidom::real();
/// assert!((law.cumulative(0.0)? - 0.831908066202953).abs() < 1e-14);
/// let threshold = law.upper_quantile(0.01)?; // exceeded by one matrix of noise in a hundred
/// assert!((threshold - 2.02344928138).abs() < 1e-11);
/// // Far out, where 1 - F would have no digit left.
/// assert!((law.survival(60.0)? / 1.7936308600398488e-137 - 1.0).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Tracy & Widom 1994 (arXiv:hep-th/9211141, beta = 2), 1996 (arXiv:solv-int/9509007, beta = 1); Bornemann 2010
/// (arXiv:0904.1581, determinants, by which the tests verify); Baik, Buckingham & DiFranco 2008 (arXiv:0704.3636, left
/// tail).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "TW")]
pub struct TracyWidom {
    symmetry: Symmetry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Symmetry {
    Real,
    Complex,
}

impl TracyWidom {
    /// beta = 1: real symmetric matrices, real covariances.
    pub const fn real() -> Self {
        TracyWidom { symmetry: Symmetry::Real }
    }

    /// beta = 2: Hermitian matrices, complex covariances.
    pub const fn complex() -> Self {
        TracyWidom { symmetry: Symmetry::Complex }
    }

    /// Dyson's index: 1 or 2.
    pub fn beta(&self) -> u32 {
        match self.symmetry {
            Symmetry::Real => 1,
            Symmetry::Complex => 2,
        }
    }

    /// The density f(x).
    ///
    /// # Errors
    /// If `x` is not a number.
    pub fn density(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        Ok(self.point(x).density())
    }

    /// The cumulative distribution F(x).
    ///
    /// # Errors
    /// If `x` is not a number.
    pub fn cumulative(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        Ok(libm::exp(-self.point(x).exponent()))
    }

    /// ln F(x); about -|x|^3 beta / 24 far on the left, where F itself is no longer a number of `f64`.
    ///
    /// # Errors
    /// If `x` is not a number.
    pub fn log_cumulative(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        Ok(-self.point(x).exponent())
    }

    /// The probability 1 - F(x) that the extreme eigenvalue of noise lies beyond: the p-value of `x`.
    ///
    /// # Errors
    /// If `x` is not a number.
    pub fn survival(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        Ok(-libm::expm1(-self.point(x).exponent()))
    }

    /// ln(1 - F(x)); about -(2/3) beta x^(3/2) far on the right.
    ///
    /// # Errors
    /// If `x` is not a number.
    pub fn log_survival(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        Ok(self.point(x).log_survival())
    }

    /// The x with F(x) = `probability`, by Newton's method for the logarithm of the lesser tail, which is concave.
    ///
    /// # Errors
    /// Unless `probability` lies strictly between 0 and 1.
    pub fn quantile(&self, probability: f64) -> Result<f64> {
        strictly_between(probability)?;
        Ok(if probability <= 0.5 { self.lower(probability) } else { self.upper(1.0 - probability) })
    }

    /// The x that is exceeded with `probability`: the threshold of a test with this error rate, accurate for the least.
    ///
    /// # Errors
    /// Unless `probability` lies strictly between 0 and 1.
    pub fn upper_quantile(&self, probability: f64) -> Result<f64> {
        strictly_between(probability)?;
        Ok(if probability <= 0.5 { self.upper(probability) } else { self.lower(1.0 - probability) })
    }

    /// The mean: -1.2065, -1.7711.
    pub fn mean(&self) -> f64 {
        self.moments()[0]
    }

    /// The variance: 1.6078, 0.8132.
    pub fn variance(&self) -> f64 {
        self.moments()[1]
    }

    /// The third central moment over the standard deviation cubed: 0.2935, 0.2241.
    pub fn skewness(&self) -> f64 {
        self.moments()[2]
    }

    /// The fourth central moment over the squared variance, minus the 3 of a Gaussian: 0.1652, 0.0934.
    pub fn excess_kurtosis(&self) -> f64 {
        self.moments()[3]
    }

    fn moments(&self) -> &'static [f64; 4] {
        match self.symmetry {
            Symmetry::Real => &MOMENTS[0],
            Symmetry::Complex => &MOMENTS[1],
        }
    }

    fn point(&self, x: f64) -> Point {
        Point { symmetry: self.symmetry, painleve: Painleve::at(x) }
    }

    /// The x with F(x) = probability, from the leading term of the left tail.
    fn lower(&self, probability: f64) -> f64 {
        let (target, beta) = (libm::log(probability), f64::from(self.beta()));
        newton(libm::cbrt(24.0 * target / beta), |x| {
            let point = self.point(x);
            (-point.exponent() - target, point.slope())
        })
    }

    /// The x with 1 - F(x) = probability, from the leading term of the right tail.
    fn upper(&self, probability: f64) -> f64 {
        let (target, beta) = (libm::log(probability), f64::from(self.beta()));
        let root = libm::cbrt(-1.5 * target / beta);
        newton(root * root, |x| {
            let point = self.point(x);
            let log = point.log_survival();
            // f / (1 - F), each by its logarithm: both may be below the smallest number.
            (log - target, -libm::exp(point.log_density() - log))
        })
    }
}

/// The zero of a concave function, given with its slope. From either side the first step leads to where the function is
/// negative, from where the steps go one way and double the digits.
fn newton(start: f64, function: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut x = start;
    // Four to seven in practice.
    for _ in 0..64 {
        let (excess, slope) = function(x);
        let step = excess / slope;
        x -= step;
        if step.abs() <= 4.0 * f64::EPSILON * x.abs().max(1.0) {
            break;
        }
    }
    x
}

/// A law at a point: F = exp(-exponent).
struct Point {
    symmetry: Symmetry,
    painleve: Painleve,
}

impl Point {
    /// -ln F.
    fn exponent(&self) -> f64 {
        let Painleve { decay, integral, moment, .. } = self.painleve;
        let tail = libm::exp(-decay);
        match self.symmetry {
            Symmetry::Real => tail * (integral + tail * moment),
            Symmetry::Complex => 2.0 * tail * tail * moment,
        }
    }

    /// f / F.
    fn slope(&self) -> f64 {
        let Painleve { decay, solution, square, .. } = self.painleve;
        let tail = libm::exp(-decay);
        match self.symmetry {
            Symmetry::Real => tail * (solution + tail * square) / 2.0,
            Symmetry::Complex => tail * tail * square,
        }
    }

    fn density(&self) -> f64 {
        let cumulative = libm::exp(-self.exponent());
        // Far on the left the slope overflows.
        if cumulative == 0.0 { 0.0 } else { cumulative * self.slope() }
    }

    /// ln f, for x beyond the left tail.
    fn log_density(&self) -> f64 {
        let Painleve { decay, solution, square, .. } = self.painleve;
        let tail = libm::exp(-decay);
        match self.symmetry {
            Symmetry::Real => libm::log((solution + tail * square) / 2.0) - decay - self.exponent(),
            Symmetry::Complex => libm::log(square) - 2.0 * decay - self.exponent(),
        }
    }

    fn log_survival(&self) -> f64 {
        let Painleve { decay, integral, moment, .. } = self.painleve;
        let exponent = self.exponent();
        if decay > 100.0 {
            // The exponent is the tail itself, to 1e-43.
            return match self.symmetry {
                Symmetry::Real => libm::log(integral) - decay,
                Symmetry::Complex => libm::log(2.0 * moment) - 2.0 * decay,
            };
        }
        if exponent > std::f64::consts::LN_2 {
            libm::log1p(-libm::exp(-exponent))
        } else {
            libm::log(-libm::expm1(-exponent))
        }
    }
}

/// Fails unless a probability lies in (0, 1).
pub(in crate::random_matrix) fn strictly_between(value: f64) -> Result<()> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    let limits = "must lie strictly between 0 and 1: the law has no ends";
    Err(Error::OutOfRange { what: "the probability of a quantile", value, limits })
}
