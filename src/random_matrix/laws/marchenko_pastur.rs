//! The Marchenko-Pastur law.

use std::f64::consts::PI;

use super::angle::Tail;
use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{self, Atom, Interval, Law};

/// The Marchenko-Pastur law: the spectrum of the sample covariance of pure noise.
///
/// ```text
///     S = X X' / n,   X: p x n, independent entries of mean 0 and variance v,   ratio c = p / n
///     edges  a, b = v (1 -+ sqrt c)^2
///     rho(x) = sqrt((b - x)(x - a)) / (2 pi c v x)  on [a, b],   and an atom 1 - 1/c at 0 if c > 1
///     m(z)   = (v (1 - c) - z + sqrt(z - a) sqrt(z - b)) / (2 c v z)
///     moment k:  v^k sum_{r < k} c^r binomial(k, r) binomial(k - 1, r) / (r + 1)
/// ```
///
/// The normalisation is by the number of *samples* n, the columns of X; the law counts all p eigenvalues, the zeros
/// among them. It is exact for no matrix and the limit for every law of entries with a variance.
///
/// | ratio | bulk | density at the lower edge |
/// | --- | --- | --- |
/// | c < 1 | all the mass, a > 0 | sqrt(x - a) |
/// | c = 1 | all the mass, [0, 4v] | 1 / sqrt(x): a hard edge, where the density is infinite |
/// | c > 1 | mass 1/c, a > 0; the rest sits at 0 | sqrt(x - a) |
///
/// # Accuracy
/// F is a closed form, right to 2 EPSILON (1 + x rho(x)) against 40-digit tables at ratios 1e-6 to 1e6; the second term is
/// the rounding of x. The error is absolute, not relative, far out in a tail. F(quantile(u)) = u within 1e-14 for ratios
/// 1e-3 to 1e3.
/// What limits both at extreme ratios is x itself: a bulk of relative width 4 sqrt(c) on numbers near 1 resolves F no
/// better than to 1e-16 / sqrt(c), and below c = 1e-32 it is one point. A quantile takes about ten evaluations of F.
///
/// ```
/// use eigenscape::random_matrix::{Law, MarchenkoPastur};
///
/// // 200 variables, 100 samples: at least half of the eigenvalues are zero.
/// let law = MarchenkoPastur::new(2.0, 1.0)?;
/// assert_eq!(law.atoms()[0].weight, 0.5);
/// assert_eq!(law.quantile(0.4)?, 0.0);
/// assert!((law.edges().upper - (1.0 + 2f64.sqrt()).powi(2)).abs() < 1e-14);
/// assert!((law.moment(2) - 3.0).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Marchenko & Pastur 1967 (doi:10.1070/SM1967v001n04ABEH001994); Bai & Silverstein 2010, *Spectral Analysis of Large
/// Dimensional Random Matrices*, ch. 3.
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "free Poisson")]
pub struct MarchenkoPastur {
    ratio: f64,
    variance: f64,
    bulk: Bulk,
    /// The mass of the bulk, min(1, 1/ratio).
    weight: f64,
    /// The mass at 0.
    atom: f64,
    /// The bulk in units of this is that of ratio min(ratio, 1/ratio): XX' and X'X share their non-zero eigenvalues.
    scale: f64,
}

/// The bulk for a ratio c <= 1 and variance 1, to which all others reduce.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bulk {
    /// sqrt(c)
    root: f64,
    /// 1 - c, which near c = 1 cannot be had from the root.
    gap: f64,
    lower: f64,
    upper: f64,
}

impl MarchenkoPastur {
    /// The law of a ratio (dimension over samples) and a variance of the entries.
    ///
    /// # Errors
    /// Unless both are positive and finite, and the upper edge is finite.
    pub fn new(ratio: f64, variance: f64) -> Result<Self> {
        Error::positive("the ratio of a Marchenko-Pastur law", ratio)?;
        Error::positive("the variance of a Marchenko-Pastur law", variance)?;
        let (weight, gap) = if ratio <= 1.0 { (1.0, 1.0 - ratio) } else { (1.0 / ratio, (ratio - 1.0) / ratio) };
        let root = ratio.min(weight).sqrt();
        let (lower, upper) = (gap / (1.0 + root), 1.0 + root);
        let bulk = Bulk { root, gap, lower: lower * lower, upper: upper * upper };
        let atom = if ratio > 1.0 { gap } else { 0.0 };
        let law = MarchenkoPastur { ratio, variance, bulk, weight, atom, scale: variance * ratio.max(1.0) };
        Error::positive("the upper edge of a Marchenko-Pastur law", law.edges().upper)?;
        Ok(law)
    }

    /// The free Poisson law of a rate and a jump: the limit of free sums of many rare jumps.
    ///
    /// ```text
    ///     free cumulants  kappa_k = rate jump^k      is Marchenko-Pastur with c = 1 / rate, v = rate jump
    /// ```
    ///
    /// ```
    /// use eigenscape::random_matrix::{Law, MarchenkoPastur};
    ///
    /// let law = MarchenkoPastur::free_poisson(0.25, 2.0)?;
    /// assert_eq!(law.atoms()[0].weight, 0.75);
    /// assert!((law.free_cumulants(3)[2] - 0.25 * 8.0).abs() < 1e-14);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// Unless both are positive and finite, and the upper edge is finite.
    pub fn free_poisson(rate: f64, jump: f64) -> Result<Self> {
        Error::positive("the rate of a free Poisson law", rate)?;
        Error::positive("the jump of a free Poisson law", jump)?;
        MarchenkoPastur::new(1.0 / rate, rate * jump)
    }

    /// The ratio c: dimension over samples.
    pub fn ratio(&self) -> f64 {
        self.ratio
    }

    /// The variance v of the entries: the mean of the law.
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// The ends of the bulk, v (1 -+ sqrt c)^2.
    pub fn edges(&self) -> Interval {
        Interval { lower: self.scale * self.bulk.lower, upper: self.scale * self.bulk.upper }
    }
}

impl Bulk {
    fn lower_tail(&self) -> Tail {
        Tail::new(-self.root, self.gap)
    }

    fn upper_tail(&self) -> Tail {
        Tail::new(self.root, self.gap)
    }
}

impl Law for MarchenkoPastur {
    fn support(&self) -> Vec<Interval> {
        vec![self.edges()]
    }

    fn atoms(&self) -> Vec<Atom> {
        if self.atom > 0.0 { vec![Atom { location: 0.0, weight: self.atom }] } else { Vec::new() }
    }

    fn density(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        let Bulk { root, lower, upper, .. } = self.bulk;
        let y = x / self.scale;
        if y == 0.0 && lower == 0.0 {
            return Ok(f64::INFINITY);
        }
        if y <= lower || y >= upper {
            return Ok(0.0);
        }
        let height = ((y - lower).sqrt() / root) * ((upper - y).sqrt() / root) / (2.0 * PI * y);
        Ok(height * self.weight / self.scale)
    }

    fn cumulative(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        let Bulk { lower, upper, .. } = self.bulk;
        let y = x / self.scale;
        if x < 0.0 {
            return Ok(0.0);
        }
        if y <= lower {
            return Ok(self.atom);
        }
        if y >= upper {
            return Ok(1.0);
        }
        let (from_lower, from_upper) = ((y - lower).sqrt(), (upper - y).sqrt());
        Ok(if from_lower < from_upper {
            self.atom + self.weight * self.bulk.lower_tail().mass(2.0 * libm::atan2(from_lower, from_upper))
        } else {
            1.0 - self.weight * self.bulk.upper_tail().mass(2.0 * libm::atan2(from_upper, from_lower))
        })
    }

    fn quantile(&self, probability: f64) -> Result<f64> {
        law::probability(probability)?;
        if self.atom > 0.0 && probability <= self.atom {
            return Ok(0.0);
        }
        let Bulk { root, lower, upper, .. } = self.bulk;
        let above = (1.0 - probability) / self.weight;
        let y = if above < 0.5 {
            let half_sine = libm::sin(self.bulk.upper_tail().angle(above) / 2.0);
            upper - 4.0 * root * half_sine * half_sine
        } else {
            let below = (probability - self.atom) / self.weight;
            let half_sine = libm::sin(self.bulk.lower_tail().angle(below) / 2.0);
            lower + 4.0 * root * half_sine * half_sine
        };
        // Rounding must not leave the support.
        Ok(y.clamp(lower, upper) * self.scale)
    }

    fn stieltjes(&self, z: Complex) -> Result<Complex> {
        law::finite(z)?;
        let Bulk { gap, lower, upper, .. } = self.bulk;
        let w = z / self.scale;
        let singular = w.re == 0.0 && (self.atom > 0.0 || lower == 0.0);
        if z.im == 0.0 && (singular || lower < w.re && w.re < upper) {
            return Err(law::on_the_cut(z.re));
        }
        // The reciprocal of the other root: |p + s| >= |p - s| for every z when c <= 1, since c z m^2 has modulus 1 on
        // the support and is 0 at infinity; the textbook form -(p - s) / (2 c z) cancels.
        let p = w - gap;
        let s = (w - lower).sqrt() * (w - upper).sqrt();
        let bulk = Complex::from(-2.0) / (p + s) * (self.weight / self.scale);
        Ok(if self.atom > 0.0 { bulk - Complex::from(self.atom) / z } else { bulk })
    }

    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        // From q^2 w m^2 + (w - gap) m + 1 = 0 for the bulk alone, in its own units.
        let Bulk { root, gap, .. } = self.bulk;
        let atom = if self.atom > 0.0 { Complex::from(self.atom) / z } else { Complex::default() };
        let m = (self.stieltjes(z)? + atom) * (self.scale / self.weight);
        let (w, ratio) = (z / self.scale, root * root);
        let slope = -(m * (m * ratio + 1.0)) / (w * m * (2.0 * ratio) + w - gap);
        let slope = slope * (self.weight / self.scale / self.scale) + if self.atom > 0.0 { atom / z } else { atom };
        if slope.is_finite() { Ok(slope) } else { Err(law::on_the_cut(z.re)) }
    }

    fn moment(&self, order: u32) -> f64 {
        if order == 0 {
            return 1.0;
        }
        // Narayana's numbers by the ratio of neighbours: all terms are positive, and once they fall they fall for good.
        let ratio = self.ratio.min(self.weight);
        let mut term = self.weight * libm::pow(self.scale, f64::from(order));
        let mut sum = term;
        for r in 1..order {
            let (left, r) = (f64::from(order - r), f64::from(r));
            let step = ratio * ((left + 1.0) / r) * (left / (r + 1.0));
            term *= step;
            sum += term;
            if step < 0.5 && term <= f64::EPSILON / 8.0 * sum || sum.is_infinite() {
                break;
            }
        }
        sum
    }
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(MarchenkoPastur { ratio: f64 = |law| law.ratio, variance: f64 = |law| law.variance }
    by MarchenkoPastur::new(ratio, variance));
