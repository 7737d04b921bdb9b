//! Moments of the softmax of independent normal logits, by quadrature.

use super::softmax_curvature::SoftmaxCurvature;
use crate::error::{Error, Result};
use crate::random_matrix::root::root;

/// Probabilities p = softmax(z) of independent normal logits: a random energy model of finitely many states, at temperature
/// 1 / sigma.
///
/// ```text
///     z_k ~ N(0, sigma^2),   p = softmax(z),   k = 1..C
///     Y_q = E sum_k p_k^q                                                            Y_2 -> 1: frozen in one class
///     E tr S = 1 - Y_2,   E tr S^2 = Y_2 - 2 Y_3 + E (sum_k p_k^2)^2,   S = diag(p) - p p'
///
///     E sum_k p_k^q = C / Gamma(q) int dx M_q(x) L(x)^(C - 1),   M_q(x) = E exp(q (x + z) - e^(x + z)),   L = M_0
/// ```
///
/// The integrals are trapezoidal sums of analytic functions, to 1e-13 at any number of classes. They are made once, by
/// [`GaussianLogits::new`]: some 100,000 exponentials, more in proportion to sigma beyond 5.
///
/// The limit of infinitely many classes (Derrida 1981) is reached like 1 / ln C only: at half the critical temperature
/// Y_2 is 0.660 for 10 classes, 0.543 for a million, and 0.5 in the limit.
///
/// ```
/// use eigenscape::random_matrix::GaussianLogits;
///
/// let logits = GaussianLogits::new(10, 1.0)?;
/// assert!((logits.power_sum(2) - 0.1946873937).abs() < 1e-10);
/// assert!((logits.trace() - 0.8053126063).abs() < 1e-10);
/// assert!((logits.square() - 0.1212943102).abs() < 1e-10);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Derrida 1981, doi:10.1103/PhysRevB.24.2613; Derrida & Flyvbjerg 1987, doi:10.1088/0305-4470/20/15/039 (moments of
/// weights); Fort & Ganguli 2019, arXiv:1910.05929 (as a model of logits).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianLogits {
    classes: usize,
    deviation: f64,
    /// Y_2, Y_3, Y_4.
    power_sums: [f64; 3],
    /// E (sum_k p_k^2)^2.
    squared_sum: f64,
}

/// Spacing of the sum over x.
pub(crate) const STEP: f64 = 0.15;

/// The largest spacing of the sums over z, and their range in deviations.
const INNER_STEP: f64 = 0.2;
const DEVIATIONS: f64 = 9.5;

/// The distance of the points of a difference, in the logarithm of the deviation.
const SPACING: f64 = 1e-3;

/// Above this, exp(-e^u) is nothing.
const HIGH: f64 = 6.0;

/// Below this, e^u is nothing, even times the number of classes.
fn low(classes: f64) -> f64 {
    -37.0 - classes.ln().max(8.0)
}

impl GaussianLogits {
    /// Logits of a standard deviation sigma in C classes.
    ///
    /// # Errors
    /// If there are no classes, or the deviation is negative or above 1000.
    pub fn new(classes: usize, deviation: f64) -> Result<Self> {
        Error::at_least("the number of classes", classes, 1, "must be at least 1")?;
        if !(0.0..=1000.0).contains(&deviation) {
            let limits = "must lie in [0, 1000]: beyond, 1 - Y_2 is E max_k (z_k / sigma) / sigma";
            return Err(Error::OutOfRange { what: "the standard deviation of logits", value: deviation, limits });
        }
        let c = classes as f64;
        // Spacings below this would not change the points; the moments differ from those of equal probabilities by sigma^2.
        let (power_sums, squared_sum) = if classes == 1 || deviation < 1e-12 {
            ([2, 3, 4].map(|q| c.powi(1 - q)), c.powi(-2))
        } else {
            moments(c, deviation)
        };
        Ok(GaussianLogits { classes, deviation, power_sums, squared_sum })
    }

    /// C.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// sigma.
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// Y_q = E sum_k p_k^q for q = 1, 2, 3, 4.
    ///
    /// # Panics
    /// For other q.
    #[track_caller]
    pub fn power_sum(&self, q: usize) -> f64 {
        match q {
            1 => 1.0,
            2..=4 => self.power_sums[q - 2],
            _ => panic!("power sums of softmax probabilities are known for q from 1 to 4, not {q}"),
        }
    }

    /// E (sum_k p_k^2)^2.
    pub fn squared_power_sum(&self) -> f64 {
        self.squared_sum
    }

    /// E tr S = 1 - Y_2.
    pub fn trace(&self) -> f64 {
        1.0 - self.power_sums[0]
    }

    /// E tr S^2.
    pub fn square(&self) -> f64 {
        self.power_sums[0] - 2.0 * self.power_sums[1] + self.squared_sum
    }

    /// e_C / sigma, what E tr S tends to for a large deviation: e_C is the mean of the largest of C standard normal
    /// numbers. E tr S^2 tends to a third of it. 1.4 % off at sigma = 8 with 10 classes, like 1 / sigma^2; none for a
    /// deviation of 0.
    pub fn frozen_trace(&self) -> Option<f64> {
        (self.deviation > 0.0).then(|| expected_maximum(self.classes) / self.deviation)
    }

    /// The deviation sigma at which sigma^growth E tr S is largest: where the largest eigenvalue turns over while the
    /// variance of logit gradients grows like sigma^growth.
    ///
    /// There is one for 0 < growth < 1. Slower growth loses to freezing from the start, faster growth never does, as E tr
    /// S falls like 1 / sigma.
    ///
    /// ```
    /// use eigenscape::random_matrix::GaussianLogits;
    ///
    /// assert!((GaussianLogits::peak(10, 0.5)? - 1.6947).abs() < 1e-3);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer than two classes, or the growth is not in (0, 1), or so near to an end of it that the peak is
    /// below 1e-5 or beyond 256.
    pub fn peak(classes: usize, growth: f64) -> Result<f64> {
        let limits = "must be at least 2: with one there is no curvature";
        Error::at_least("the number of classes", classes, 2, limits)?;
        let refused = |limits| Err(Error::OutOfRange { what: "the growth of logit gradients", value: growth, limits });
        if !(growth > 0.0 && growth < 1.0) {
            return refused("must lie between 0 and 1: else there is no largest value");
        }
        // The slope of the logarithm, by central differences; it falls.
        let log_trace =
            |log: f64| -> Result<f64> { Ok(libm::log(GaussianLogits::new(classes, libm::exp(log))?.trace())) };
        let slope = |log: f64| -> Result<f64> {
            Ok(growth + (log_trace(log + SPACING)? - log_trace(log - SPACING)?) / (2.0 * SPACING))
        };
        let (mut low, mut high) = (0.0, std::f64::consts::LN_2);
        while slope(low)? < 0.0 {
            (low, high) = (low - std::f64::consts::LN_2, low);
            if low < -12.0 {
                return refused("must be farther from 0: the peak is lost in rounding");
            }
        }
        while slope(high)? > 0.0 {
            (low, high) = (high, high + std::f64::consts::LN_2);
            if high > 6.0 {
                return refused("must be farther from 1: the peak lies beyond a deviation of 256");
            }
        }
        let peak = root(low, high, slope)?;
        Ok(libm::exp(peak))
    }

    /// The curvature of `examples` independent rows of such logits, on average: E tr Sbar^2 is
    /// (1 - 1/N) (1 - Y_2)^2 / (C - 1) + E tr S^2 / N.
    ///
    /// # Errors
    /// If there are no examples.
    pub fn curvature(&self, examples: usize) -> Result<SoftmaxCurvature> {
        Error::at_least("the number of examples", examples, 1, "must be at least 1")?;
        if self.classes == 1 {
            return Ok(SoftmaxCurvature::average(examples, 1, 0.0, 0.0, 0.0));
        }
        let (n, trace) = (examples as f64, self.trace());
        let own = self.square() / n;
        let shared = (1.0 - 1.0 / n) * trace * trace / (self.classes - 1) as f64 + own;
        Ok(SoftmaxCurvature::average(examples, self.classes, trace, own, shared))
    }
}

/// E max of C independent standard normal numbers: 1.5388 for ten.
///
/// ```text
///     int dx (Phi(x) - Phi(x)^C)
/// ```
///
/// It governs frozen logits: 1 - Y_2 -> e_C / sigma and E tr S^2 -> e_C / (3 sigma) as sigma grows.
///
/// ```
/// use eigenscape::random_matrix::expected_maximum;
///
/// assert!((expected_maximum(2) - 1.0 / std::f64::consts::PI.sqrt()).abs() < 1e-12);
/// assert!((expected_maximum(10) - 1.5388).abs() < 1e-4);
/// ```
///
/// # Panics
/// For no numbers.
#[track_caller]
pub fn expected_maximum(count: usize) -> f64 {
    assert!(count > 0, "the maximum of no numbers");
    const SPACING: f64 = 0.05;
    let terms = (-240..=360).map(|at| {
        let missing = 0.5 * libm::erfc(f64::from(at) * SPACING * std::f64::consts::FRAC_1_SQRT_2);
        // Phi^C by its logarithm, which is minus infinity far to the left: so is any power of 0.
        (1.0 - missing) - libm::exp(count as f64 * libm::log1p(-missing))
    });
    if count == 1 { 0.0 } else { SPACING * terms.sum::<f64>() }
}

/// Y_2, Y_3, Y_4 and E (sum_k p_k^2)^2.
fn moments(classes: f64, deviation: f64) -> ([f64; 3], f64) {
    let weights = Weights::new(classes, deviation);
    let mut sums = [0.0; 3];
    let mut pairs = 0.0;
    for x in range(classes, deviation) {
        let ([_, second, third, fourth], missing) = weights.averages(x);
        // L^n, without forming 1 - L.
        let power = |n: f64| if n == 0.0 { 1.0 } else { libm::exp(n * libm::log1p(-missing)) };
        let others = power(classes - 1.0);
        sums[0] += second * others;
        sums[1] += third * others;
        sums[2] += fourth * others;
        pairs += second * second * power(classes - 2.0);
    }
    // 1 / Gamma(q).
    let scales = [1.0, 0.5, 1.0 / 6.0].map(|inverse| classes * STEP * inverse);
    let power_sums = [0, 1, 2].map(|at| scales[at] * sums[at]);
    (power_sums, power_sums[2] + classes * (classes - 1.0) * STEP / 6.0 * pairs)
}

/// The points of the sum over x, outside of which there is nothing.
pub(crate) fn range(classes: f64, deviation: f64) -> impl Iterator<Item = f64> {
    let low = low(classes) - DEVIATIONS * deviation;
    let points = ((HIGH + DEVIATIONS * deviation - low) / STEP).ceil() as usize;
    (0..=points).map(move |point| low + point as f64 * STEP)
}

/// The normal distribution of a logit on evenly spaced points, -n..=n times `step`.
pub(crate) struct Weights {
    low: f64,
    step: f64,
    half: isize,
    weights: Vec<f64>,
    /// The sum of the weights from each point on.
    tails: Vec<f64>,
}

impl Weights {
    pub(crate) fn new(classes: f64, deviation: f64) -> Self {
        let step = INNER_STEP.min(deviation / 3.0);
        let half = (DEVIATIONS * deviation / step) as isize;
        let scale = step / (deviation * std::f64::consts::TAU.sqrt());
        let weight = |j: isize| {
            let z = j as f64 * step / deviation;
            scale * libm::exp(-0.5 * z * z)
        };
        let weights: Vec<f64> = (-half..=half).map(weight).collect();
        let mut tails = vec![0.0; weights.len() + 1];
        for at in (0..weights.len()).rev() {
            tails[at] = tails[at + 1] + weights[at];
        }
        Weights { low: low(classes), step, half, weights, tails }
    }

    /// M_1, M_2, M_3, M_4 and 1 - L at x.
    pub(crate) fn averages(&self, x: f64) -> ([f64; 4], f64) {
        let index = |u: f64| ((u - x) / self.step).clamp(-(self.half as f64) - 1.0, self.half as f64 + 1.0);
        let first = (index(self.low).ceil() as isize).max(-self.half);
        let last = (index(HIGH).floor() as isize).min(self.half);
        let mut averages = [0.0; 4];
        let mut missing = 0.0;
        for j in first..=last {
            let weight = self.weights[(j + self.half) as usize];
            let e = libm::exp(x + j as f64 * self.step);
            let damped = libm::exp(-e);
            let square = weight * e * e * damped;
            averages[0] += weight * e * damped;
            averages[1] += square;
            averages[2] += square * e;
            averages[3] += square * e * e;
            missing -= weight * libm::expm1(-e);
        }
        // Beyond, e^-e^u is nothing.
        missing += self.tails[(last.max(-self.half - 1) + 1 + self.half) as usize];
        (averages, missing.min(1.0))
    }
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(GaussianLogits { classes: usize = |logits| logits.classes, deviation: f64 = |logits| logits.deviation }
    by GaussianLogits::new(classes, deviation));
