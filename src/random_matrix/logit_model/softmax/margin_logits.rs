//! Normal logits of which the true class's stands apart by a margin, as training makes them.

use super::gaussian_logits::{GaussianLogits, STEP, Weights, range};
use super::gibbs::{normal_density, power, upper_tail};
use super::softmax_curvature::SoftmaxCurvature;
use crate::error::{Error, Result};

/// Normal logits with a margin: the true class's logit is raised by delta, as training does.
///
/// ```text
///     z_k ~ N(delta [k = y], sigma^2),   p = softmax(z):     accuracy = int phi(x) Phi(x + delta / sigma)^(C - 1) dx
///     Y_2 = int dx (M_2(x + delta) L(x)^(C-1) + (C - 1) M_2(x) L(x)^(C-2) L(x + delta))      M_q, L: see GaussianLogits
///     E p_y p_k = int dx M_1(x + delta) M_1(x) L(x)^(C-2),      and so on for the moments that make tr S and tr S^2
/// ```
///
/// With delta fixed, curvature E tr S = 1 - Y_2 falls like 2 (C - 1) exp(sigma^2 - delta), not like 1 / sigma: freezing by
/// margins is what trained networks do. The form with exp holds for delta well above 2 sigma^2; below, few examples near
/// the boundary of two classes carry the curvature, and it is that of a smaller margin.
///
/// `trace` and `square` are sums of positive terms: 1 - Y_2 without the difference, down to some 1e-15, below which they
/// lose digits and vanish.
///
/// ```
/// use eigenscape::random_matrix::GaussianLogits;
///
/// let frozen = GaussianLogits::new(10, 1.0)?.with_margin(30.0)?;
/// assert!((frozen.trace / (18.0 * (1.0f64 - 30.0).exp()) - 1.0).abs() < 1e-6);
/// assert!((frozen.accuracy - 1.0).abs() < 1e-12 && (frozen.power_sum + frozen.trace - 1.0).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929 (freezing).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MarginLogits {
    /// C.
    pub classes: usize,
    /// E sum_k p_k^2.
    pub power_sum: f64,
    /// The probability that the true class has the largest logit.
    pub accuracy: f64,
    /// E tr S = 1 - Y_2.
    pub trace: f64,
    /// E tr S^2.
    pub square: f64,
    /// E p_y (1 - p_y), the true class's part in E tr S.
    pub true_variance: f64,
}

/// E p_y p_k, E p_k p_l;  E p_y^2 p_k^2, E p_k^2 p_l^2;  E p_y^2 p_k p_l, E p_y p_k^2 p_l, E p_k^2 p_l p_n: y is the true
/// class, the others are different ones beside it.
type Moments = [f64; 7];

impl GaussianLogits {
    /// These logits with that of the true class raised by a margin, which may be negative. Cost: that of
    /// [`GaussianLogits::new`], twice.
    ///
    /// # Errors
    /// If the margin is not finite or above 1000 in size.
    pub fn with_margin(&self, margin: f64) -> Result<MarginLogits> {
        check(margin)?;
        let (classes, others, deviation) = (self.classes(), self.classes() as f64 - 1.0, self.deviation());
        if classes == 1 {
            return Ok(MarginLogits::of(1, [1.0, 1.0], [0.0; 7]));
        }
        if deviation < 1e-6 {
            // The same logits for all examples.
            let [p, q] = equal_odds(classes, margin);
            let accuracy = accuracy(margin, deviation, others);
            let (pp, qq) = (p * p, q * q);
            let moments = [p * q, qq, pp * qq, qq * qq, pp * qq, p * q * qq, qq * qq];
            return Ok(MarginLogits::of(classes, [pp + others * qq, accuracy], moments));
        }
        let weights = Weights::new(others + 1.0, deviation);
        let (mut power_sum, mut sums) = (0.0, [0.0; 7]);
        for x in shared_range(others + 1.0, deviation, margin) {
            let ([own, own_square, ..], own_missing) = weights.averages(x + margin);
            let ([other, square, ..], missing) = weights.averages(x);
            // L(x)^(C - 2) and so on; there is none of a negative number of classes, and nothing to multiply it.
            let left = |away: f64| if others >= away { power(missing, others - away) } else { 0.0 };
            let (beside_one, beside_two, beside_three) = (left(1.0), left(2.0), left(3.0));
            let apart = 1.0 - own_missing;
            power_sum += own_square * left(0.0) + others * square * beside_one * apart;
            let terms = [
                own * other * beside_one,
                other * other * beside_two * apart,
                own_square * square * beside_one,
                square * square * beside_two * apart,
                own_square * other * other * beside_two,
                own * other * square * beside_two,
                square * other * other * beside_three * apart,
            ];
            sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
        // 1 / Gamma of the number of factors: 2 of them, or 4.
        let scale = |at: usize| if at < 2 { STEP } else { STEP / 6.0 };
        let moments = std::array::from_fn(|at| scale(at) * sums[at]);
        Ok(MarginLogits::of(classes, [STEP * power_sum, accuracy(margin, deviation, others)], moments))
    }
}

impl MarginLogits {
    fn of(classes: usize, [power_sum, accuracy]: [f64; 2], moments: Moments) -> Self {
        let [own, other, own_squares, squares, first, second, third] = moments;
        let (one, two, three) = (classes as f64 - 1.0, classes as f64 - 2.0, classes as f64 - 3.0);
        // tr S^2 = 2 sum_{k != l} p_k^2 p_l^2 + sum over k != l != n != k of p_k^2 p_l p_n.
        let pairs = 2.0 * one * own_squares + one * two * squares;
        let triples = one * two * (first + 2.0 * second + three * third);
        MarginLogits {
            classes,
            power_sum,
            accuracy,
            trace: 2.0 * one * own + one * two * other,
            square: 2.0 * pairs + triples,
            true_variance: one * own,
        }
    }

    /// The curvature of independent examples of such logits, so many of each class, on average.
    ///
    /// ```text
    ///     N^2 E tr Sbar^2 = N E tr S^2 + (sum_y n_y^2 - N) tr (E S_y)^2 + (N^2 - sum_y n_y^2) tr (E S_y E S_y')
    /// ```
    ///
    /// E S_y, the mean over examples of class y, has one value on the diagonal and off it for y, and one each for the others.
    ///
    /// # Errors
    /// If there are no examples, or not C counts.
    pub fn curvature(&self, counts: &[usize]) -> Result<SoftmaxCurvature> {
        Error::length("the numbers of examples of the classes", counts.len(), self.classes)?;
        let examples = counts.iter().sum();
        Error::at_least("the number of examples", examples, 1, "must be at least 1")?;
        let (n, c) = (examples as f64, self.classes as f64);
        if self.classes == 1 {
            return Ok(SoftmaxCurvature::average(examples, 1, 0.0, 0.0, 0.0));
        }
        // E S_y: the diagonal at y and beside it, and minus what is off it in the row of y and elsewhere.
        let (own, own_off) = (self.true_variance, self.true_variance / (c - 1.0));
        let other = (self.trace - own) / (c - 1.0);
        let off = if self.classes > 2 { ((other - own_off) / (c - 2.0)).max(0.0) } else { 0.0 };
        let same = own * own + (c - 1.0) * (other * other + 2.0 * own_off * own_off + (c - 2.0) * off * off);
        let different = 2.0 * own * other
            + (c - 2.0) * other * other
            + 2.0 * own_off * own_off
            + (c - 2.0) * off * (4.0 * own_off + (c - 3.0) * off);
        let squares: f64 = counts.iter().map(|&count| (count as f64).powi(2)).sum();
        let pairs = (squares - n) * same + (n * n - squares) * different;
        let own = self.square / n;
        Ok(SoftmaxCurvature::average(examples, self.classes, self.trace, own, own + pairs / (n * n)))
    }
}

/// The probability that the true class's logit is the largest.
fn accuracy(margin: f64, deviation: f64, others: f64) -> f64 {
    const SPACING: f64 = 0.05;
    if margin == 0.0 {
        return 1.0 / (others + 1.0);
    }
    if deviation == 0.0 {
        return f64::from(u8::from(margin > 0.0));
    }
    let terms = (-240..=240).map(|at| f64::from(at) * SPACING);
    let share = |x: f64| normal_density(x) * power(upper_tail(x + margin / deviation), others);
    (SPACING * terms.map(share).sum::<f64>()).min(1.0)
}

/// Fails unless a margin is one that the sums can hold.
pub(crate) fn check(margin: f64) -> Result<()> {
    if margin.is_nan() || margin.abs() > 1000.0 {
        let limits = "must lie in [-1000, 1000]";
        return Err(Error::OutOfRange { what: "the margin of the true class", value: margin, limits });
    }
    Ok(())
}

/// The probabilities of the true class and of each other one, if all other logits are equal.
pub(crate) fn equal_odds(classes: usize, margin: f64) -> [f64; 2] {
    let rest = libm::exp(-margin.abs());
    let [own, other] = if margin >= 0.0 { [1.0, rest] } else { [rest, 1.0] };
    let sum = own + (classes as f64 - 1.0) * other;
    [own / sum, other / sum]
}

/// What E tr S tends to for a large deviation with the margin in proportion: twice the density of a tie of the two largest
/// logits, over the deviation.
///
/// ```text
///     (C - 1) int phi(x) [2 phi(x - r) Phi(x)^(C-2) + (C - 2) phi(x) Phi(x)^(C-3) Phi(x - r)] dx / sigma,   r = delta / sigma
/// ```
pub(crate) fn frozen_trace(classes: usize, deviation: f64, margin: f64) -> f64 {
    const SPACING: f64 = 0.05;
    let (others, ratio) = (classes as f64 - 1.0, margin / deviation);
    let term = |at: i32| {
        let x = f64::from(at) * SPACING;
        let with_true = 2.0 * normal_density(x - ratio) * power(upper_tail(x), others - 1.0);
        let without = match classes {
            2 => 0.0,
            _ => {
                (others - 1.0) * normal_density(x) * power(upper_tail(x), others - 2.0) * (1.0 - upper_tail(x - ratio))
            }
        };
        normal_density(x) * (with_true + without)
    };
    if classes < 2 { 0.0 } else { others * SPACING / deviation * (-240..=240).map(term).sum::<f64>() }
}

/// The points of the sum over x, outside of which there is nothing at x nor at x + margin.
fn shared_range(classes: f64, deviation: f64, margin: f64) -> impl Iterator<Item = f64> {
    let steps = (margin.abs() / STEP).ceil() as usize;
    let low = range(classes, deviation).next().expect("the range is not empty");
    let first = low - if margin > 0.0 { margin } else { 0.0 };
    let points = range(classes, deviation).count() + steps + 1;
    (0..points).map(move |point| first + point as f64 * STEP)
}
