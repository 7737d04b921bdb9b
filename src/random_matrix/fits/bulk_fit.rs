//! Laws of noise fitted to a spectrum that has outliers.

use crate::error::{Error, Result};
use crate::random::Key;
use crate::random_matrix::law::{Interval, Law};
use crate::random_matrix::laws::marchenko_pastur::MarchenkoPastur;
use crate::random_matrix::laws::semicircle::Semicircle;
use crate::random_matrix::samplers::tridiagonal_ensemble::{BetaHermite, BetaLaguerre};

/// At how many probabilities quantiles are compared.
const POINTS: usize = 200;

/// How many eigenvalues a bulk has at least.
const LEAST: usize = 10;

/// After how many rounds the number of outliers has settled, or will not.
const ROUNDS: usize = 50;

/// The share left out at both ends of the first fit, when nothing is known of outliers.
const FIRST_TRIM: f64 = 0.25;

/// The share left out at both ends of the later ones: near the edges quantiles fluctuate most.
const TRIM: f64 = 0.1;

/// How far beyond the edge an eigenvalue is taken for noise, in units of the edge's fluctuation: the Tracy-Widom law has 0.0018
/// beyond.
const MARGIN: f64 = 3.0;

/// The size at which standard errors are simulated, if the spectrum has more eigenvalues.
const SIMULATED: usize = 300;

/// The smallest ratio that is fitted: the bulk is within 1e-3 of one point.
const LEAST_RATIO: f64 = 1e-7;

/// A law fitted to the bulk of a spectrum.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BulkFit<L> {
    /// The law of the bulk. Its mass is that of all eigenvalues that are not outliers.
    pub law: L,
    /// The number of eigenvalues below the bulk, zeros not among them.
    pub below: usize,
    /// The number of eigenvalues above the bulk.
    pub above: usize,
    /// The number of eigenvalues that are zero to rounding.
    pub zeros: usize,
    /// The number of eigenvalues of the bulk.
    pub bulk: usize,
    /// The largest distance between the distribution of the bulk's eigenvalues and the law's without its atom. Noise of n
    /// eigenvalues is within about 5 / n of its law. A much larger distance says that this is not the law, and so do outliers
    /// that are no minority: what does not fit is left out.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub distance: f64,
    /// Whether the numbers of outliers settled.
    pub settled: bool,
}

/// Fits the variance and the ratio of a [`MarchenkoPastur`] law to the eigenvalues of a covariance or a Gram matrix,
/// whatever its outliers.
///
/// ```text
///     minimise  sum_j rho(q_j)^2 (x_j / a - q_j)^2   over the ratio r <= 1 and the scale a,   q_j = F_r^(-1)(u_j)
/// ```
///
/// x_j are the sample quantiles of the bulk at probabilities u_j from 0.1 to 0.9, q_j those of the law of variance 1. The
/// weights make the differences those of probabilities. The least squares are solved for 1/a in closed form and searched
/// over r. Eigenvalues that lie beyond the edges of the fit by more than 3 of their fluctuations (Johnstone 2001) are
/// outliers; the next fit leaves them out; and so on until their number settles. The first fit uses the quarters around
/// the median alone. So outliers do not count, however far away they are (up to 1e15 of the bulk over their number, beyond
/// which the bulk is rounding), as long as they are a minority: with 10 % of them above the bulk the variance is still right
/// to a few standard errors.
///
/// The ratio is an *effective* one where the samples are not independent: the bulk looks as if there were p / ratio
/// samples. Zeros are taken apart first: with zeros the ratio is at least 1, without at most 1, since the rest of the
/// spectrum is the same for both.
///
/// Cost: some 20 ms for each round, of which there are mostly less than ten.
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::{BetaLaguerre, MarchenkoPasturFit};
///
/// let mut eigenvalues = BetaLaguerre::new(400, 1000, 1.0, 2.0)?.eigenvalues(Key::new(0))?;
/// eigenvalues.extend([9.0, 20.0, 1e6]);
/// let fit = MarchenkoPasturFit::new().run(&eigenvalues)?;
/// assert_eq!(fit.above, 3);
/// assert!((fit.law.variance() - 2.0).abs() < 0.02 && (fit.law.ratio() - 0.4).abs() < 0.02);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MarchenkoPasturFit {
    ratio: Option<f64>,
}

/// Standard errors of a fit, simulated.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MarchenkoPasturErrors {
    /// That of the variance.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub variance: f64,
    /// That of the ratio; 0 if it was given.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub ratio: f64,
}

impl MarchenkoPasturFit {
    /// Fits both parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds the ratio and fits the variance alone.
    pub fn ratio(self, ratio: f64) -> Self {
        MarchenkoPasturFit { ratio: Some(ratio) }
    }

    /// Fits the law to eigenvalues in any order.
    ///
    /// # Errors
    /// If there are less than 10 eigenvalues that are not zero, one is not finite or negative beyond rounding, the middle half
    /// of them is one point, or the ratio is not positive and finite.
    pub fn run(&self, eigenvalues: &[f64]) -> Result<BulkFit<MarchenkoPastur>> {
        if let Some(ratio) = self.ratio {
            Error::positive("the ratio of a Marchenko-Pastur law", ratio)?;
        }
        let values = ascending(eigenvalues)?;
        let largest = values.last().map_or(0.0, |x| x.max(-values[0]));
        let rounding = largest * f64::EPSILON * values.len() as f64;
        if let Some(&least) = values.first().filter(|least| **least < -rounding) {
            let limits = "must not be negative beyond rounding: give those of a covariance or a Gram matrix";
            return Err(Error::OutOfRange { what: "the least eigenvalue", value: least, limits });
        }
        let zeros = values.partition_point(|x| *x <= rounding);
        let values = &values[zeros..];
        // The shape of what is not zero: a ratio of at most 1.
        let shape = self.ratio.map(|ratio| ratio.min(1.0 / ratio));
        let wide = self.ratio.map_or(zeros > 0, |ratio| ratio > 1.0);
        let fit = |part: &[f64], trim: f64| {
            let sample = quantiles(part, trim);
            let ratio = shape.unwrap_or_else(|| {
                let search = |log: f64| scale(log.exp(), &sample).1;
                minimum(search, LEAST_RATIO.ln(), 0.0).exp()
            });
            MarchenkoPastur::new(ratio, scale(ratio, &sample).0)
        };
        let edges = |law: &MarchenkoPastur, count: usize| margins(law, count as f64);
        let (core, (below, above, settled)) = rounds(values, fit, edges)?;
        let bulk = &values[below..values.len() - above];
        let law = if wide {
            // a = v c: the scale of the bulk in units of the variance.
            MarchenkoPastur::new(1.0 / core.ratio(), core.variance() * core.ratio())?
        } else {
            core
        };
        let distance = kolmogorov(bulk, &core)?;
        Ok(BulkFit { law, below, above, zeros, bulk: bulk.len(), distance, settled })
    }

    /// The standard errors of a fit, from fits to `draws` spectra of noise with its law, at most 300 eigenvalues each.
    ///
    /// They hold for real Gaussian noise; for complex noise divide by sqrt(2). What a spectrum says of its law fluctuates by
    /// one over its size, so that errors at 300 eigenvalues give those at more. That outliers push the bulk, by another
    /// one over its size each, is not in them. Relative accuracy 1 / sqrt(2 draws).
    ///
    /// # Errors
    /// If there are less than 2 draws, or the ratio is not between 1e-6 and 1e6.
    pub fn standard_errors(
        &self,
        fit: &BulkFit<MarchenkoPastur>,
        draws: usize,
        key: Key,
    ) -> Result<MarchenkoPasturErrors> {
        let ratio = fit.law.ratio();
        let small = fit.bulk.clamp(LEAST, SIMULATED);
        let factor = small as f64 / fit.bulk as f64;
        let unequal = ratio.max(1.0 / ratio);
        if unequal > 1e6 {
            let limits = "must lie between 1e-6 and 1e6 to simulate noise of it";
            return Err(Error::OutOfRange { what: "the ratio of a Marchenko-Pastur law", value: ratio, limits });
        }
        // Of a ratio above 1 the bulk has as many eigenvalues as there are samples.
        let other = (small as f64 * unequal).round() as usize;
        let (dimension, samples) = if ratio <= 1.0 { (small, other) } else { (other, small) };
        let ensemble = BetaLaguerre::new(dimension, samples, 1.0, fit.law.variance())?;
        let law = |child| Ok(self.run(&ensemble.eigenvalues(key.split(child))?)?.law);
        let laws = (0..draws as u64).map(law).collect::<Result<Vec<_>>>()?;
        let variances: Vec<f64> = laws.iter().map(MarchenkoPastur::variance).collect();
        let ratios: Vec<f64> = laws.iter().map(MarchenkoPastur::ratio).collect();
        Ok(MarchenkoPasturErrors { variance: factor * spread(&variances)?, ratio: factor * spread(&ratios)? })
    }
}

/// Fits the standard deviation of a [`Semicircle`] to the eigenvalues of a symmetric matrix, whatever its outliers.
///
/// As [`MarchenkoPasturFit`], with one parameter; outliers may lie on both sides. The law is centred at 0: of a spectrum
/// that is not, subtract the median first.
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::{BetaHermite, SemicircleFit};
///
/// let mut eigenvalues = BetaHermite::new(500, 1.0, 0.3)?.spike(2.0)?.eigenvalues(Key::new(0))?;
/// eigenvalues.extend([-3.0, -50.0]);
/// let fit = SemicircleFit::new().run(&eigenvalues)?;
/// assert_eq!((fit.below, fit.above), (2, 1));
/// assert!((fit.law.standard_deviation() - 0.3).abs() < 0.003);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SemicircleFit {}

impl SemicircleFit {
    /// Fits the standard deviation.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fits the law to eigenvalues in any order.
    ///
    /// # Errors
    /// If there are less than 10 eigenvalues, one is not finite, or they do not lie around 0: a tenth of them on each side.
    pub fn run(&self, eigenvalues: &[f64]) -> Result<BulkFit<Semicircle>> {
        let values = ascending(eigenvalues)?;
        let median = values.get(values.len() / 2).copied().unwrap_or(0.0);
        let negative = values.partition_point(|x| *x < 0.0);
        let positive = values.len() - values.partition_point(|x| *x <= 0.0);
        if 10 * negative.min(positive) < values.len() && median != 0.0 {
            let limits =
                "must be near 0, with a tenth of the eigenvalues on each side at least: subtract the bulk's centre";
            return Err(Error::OutOfRange { what: "the median of a semicircle's eigenvalues", value: median, limits });
        }
        let unit = Semicircle::new(1.0)?;
        let fit = |part: &[f64], trim: f64| Semicircle::new(least_squares(&quantiles(part, trim), &unit).0);
        let edges = |law: &Semicircle, count: usize| {
            let Interval { lower, upper } = law.edges();
            let margin = MARGIN * law.standard_deviation() * (count as f64).powf(-2.0 / 3.0);
            Interval { lower: lower - margin, upper: upper + margin }
        };
        let (law, (below, above, settled)) = rounds(&values, fit, edges)?;
        let bulk = &values[below..values.len() - above];
        Ok(BulkFit { law, below, above, zeros: 0, bulk: bulk.len(), distance: kolmogorov(bulk, &law)?, settled })
    }

    /// The standard error of the standard deviation, as [`MarchenkoPasturFit::standard_errors`] has it.
    ///
    /// # Errors
    /// If there are less than 2 draws.
    pub fn standard_error(&self, fit: &BulkFit<Semicircle>, draws: usize, key: Key) -> Result<f64> {
        let small = fit.bulk.clamp(LEAST, SIMULATED);
        let ensemble = BetaHermite::new(small, 1.0, fit.law.standard_deviation())?;
        let deviation = |child| Ok(self.run(&ensemble.eigenvalues(key.split(child))?)?.law.standard_deviation());
        let deviations = (0..draws as u64).map(deviation).collect::<Result<Vec<_>>>()?;
        Ok(spread(&deviations)? * small as f64 / fit.bulk as f64)
    }
}

fn ascending(eigenvalues: &[f64]) -> Result<Vec<f64>> {
    Error::finite("the spectrum", eigenvalues, "remove non-finite eigenvalues before fitting")?;
    let mut values = eigenvalues.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    Ok(values)
}

/// Fits and leaves out what lies beyond the edges, until that settles: the law, and how many lie below and above.
fn rounds<L>(
    values: &[f64],
    fit: impl Fn(&[f64], f64) -> Result<L>,
    edges: impl Fn(&L, usize) -> Interval,
) -> Result<(L, (usize, usize, bool))> {
    let enough = |count: usize| {
        Error::at_least("the number of eigenvalues of a bulk", count, LEAST, "must be at least 10 to fit a law")
    };
    enough(values.len())?;
    let (low, high) = (values[values.len() / 4], values[values.len() - 1 - values.len() / 4]);
    if low == high {
        let limits = "must differ from the lower quartile: a bulk of one point has no law to fit";
        return Err(Error::OutOfRange { what: "the upper quartile of the eigenvalues", value: high, limits });
    }
    let mut part = 0..values.len();
    let mut law = fit(values, FIRST_TRIM)?;
    for _ in 0..ROUNDS {
        let Interval { lower, upper } = edges(&law, part.len());
        let next = values.partition_point(|x| *x < lower)..values.partition_point(|x| *x <= upper);
        enough(next.len())?;
        let settled = next == part;
        part = next;
        law = fit(&values[part.clone()], TRIM)?;
        if settled {
            return Ok((law, (part.start, values.len() - part.end, true)));
        }
    }
    Ok((law, (part.start, values.len() - part.end, false)))
}

/// Pairs of a probability and the sample's quantile there.
fn quantiles(values: &[f64], trim: f64) -> Vec<(f64, f64)> {
    let points = POINTS.min(values.len());
    let at = |point: usize| {
        let probability = trim + (1.0 - 2.0 * trim) * (point as f64 + 0.5) / points as f64;
        let place = (probability * values.len() as f64 - 0.5).clamp(0.0, (values.len() - 1) as f64);
        let (index, share) = (place as usize, place.fract());
        let next = values[(index + 1).min(values.len() - 1)];
        (probability, values[index] + share * (next - values[index]))
    };
    (0..points).map(at).collect()
}

/// The scale by which the quantiles of a law become those of a sample, and the sum of squares that is left.
fn least_squares(sample: &[(f64, f64)], law: &dyn Law) -> (f64, f64) {
    let (mut xx, mut xq, mut qq) = (0.0, 0.0, 0.0);
    for &(probability, x) in sample {
        let q = law.quantile(probability).expect("the probability lies between 0 and 1");
        let weight = law.density(q).expect("a quantile is a number").powi(2);
        xx += weight * x * x;
        xq += weight * x * q;
        qq += weight * q * q;
    }
    (xx / xq, qq - xq * xq / xx)
}

/// The scale of the law of a ratio, and the sum of squares that is left.
fn scale(ratio: f64, sample: &[(f64, f64)]) -> (f64, f64) {
    least_squares(sample, &MarchenkoPastur::new(ratio, 1.0).expect("the ratio lies in its limits"))
}

/// Where a function of one variable is least, to some nine digits: by a grid and golden sections.
fn minimum(function: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    const CELLS: usize = 32;
    let at = |cell: usize| low + (high - low) * cell as f64 / CELLS as f64;
    let values: Vec<f64> = (0..=CELLS).map(|cell| function(at(cell))).collect();
    let best = (0..=CELLS).min_by(|i, j| values[*i].total_cmp(&values[*j])).unwrap_or(0);
    let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(CELLS)));
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (function(left), function(right));
    for _ in 0..45 {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = function(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = function(right);
        }
    }
    0.5 * (low + high)
}

/// The edges of noise of a ratio of at most 1 and a number of eigenvalues, widened by what they fluctuate.
fn margins(law: &MarchenkoPastur, count: f64) -> Interval {
    let Interval { lower, upper } = law.edges();
    let (samples, root) = (count / law.ratio(), law.ratio().sqrt());
    // Johnstone's scale, (sqrt n +- sqrt p) (1 / sqrt p +- 1 / sqrt n)^(1/3) / n in units of the variance.
    let scale = |sum: f64| law.variance() * sum.powf(4.0 / 3.0) * root.powf(-1.0 / 3.0) * samples.powf(-2.0 / 3.0);
    // At a hard edge the scale is 0, and the least eigenvalue is about v / (4 p^2): the edge is as good as 0.
    let hard = law.variance() * count.powf(-4.0 / 3.0);
    Interval { lower: lower - MARGIN * scale(1.0 - root).max(hard), upper: upper + MARGIN * scale(1.0 + root) }
}

/// The largest distance between the distribution of ascending values and a law.
fn kolmogorov(values: &[f64], law: &dyn Law) -> Result<f64> {
    let count = values.len() as f64;
    let mut distance = 0.0f64;
    for (index, &value) in values.iter().enumerate() {
        let at = law.cumulative(value)?;
        distance = distance.max(at - index as f64 / count).max((index + 1) as f64 / count - at);
    }
    Ok(distance)
}

/// The standard deviation of a sample.
fn spread(values: &[f64]) -> Result<f64> {
    Error::at_least(
        "the number of draws of a standard error",
        values.len(),
        2,
        "must be at least 2: one has no spread",
    )?;
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    Ok((values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt())
}
