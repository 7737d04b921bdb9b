//! The random model with random logits: what follows from its parameters alone.

use crate::random_matrix::{
    DrawMean, FullPopulation, GaussianLogits, LogitMeans, LogitModel, LogitSpectrum, SoftmaxBlocks,
};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::linalg::{self, Matrix, Update};
use crate::random::Key;
use crate::random_matrix::edges::TracyWidom;
use crate::random_matrix::logit_model::softmax::margin_logits;
use crate::random_matrix::logit_model::softmax::softmax_blocks::mirror;
use crate::random_matrix::logit_model::spectrum::residue_bulk::ResidueBulk;
use crate::random_matrix::root::root;
use crate::random_matrix::samplers::chi_squared;

/// The random model of Fort & Ganguli 2019 with normal logits: everything follows from P, N, C, sigma_c, sigma_E and
/// sigma_z.
///
/// ```text
///     z_mk ~ N(0, sigma_z^2),   p_m = softmax(z_m),   c_k ~ N(0, sigma_c^2 I),   E_mk ~ N(0, sigma_E^2 I)
/// ```
///
/// | asked for | from | cost |
/// | --- | --- | --- |
/// | trace, norm, tr / norm, also on random planes | [`model`](LogitEnsemble::model), exact | nothing |
/// | the mean of the outliers, their overlap, threshold, end of the bulk | [`limit`](LogitEnsemble::limit), 1 to 2 % | a pool of rows |
/// | the same for sigma_z to 0 or infinity | [`equal_limit`](LogitEnsemble::equal_limit), [`frozen_limit`](LogitEnsemble::frozen_limit) | nothing |
/// | the largest eigenvalue | [`largest`](LogitEnsemble::largest) | N C^3 a draw, (N C)^3 near the threshold |
/// | the same where many are wanted | [`largest_of_draws`](LogitEnsemble::largest_of_draws), to 7 % | N C^3 a draw |
/// | the largest C, anywhere | [`largest_of_population`](LogitEnsemble::largest_of_population), within 2 % | (N C)^3 a draw |
/// | the gradient's share in the outliers | [`gradient_share`](LogitEnsemble::gradient_share) | a pool of rows |
/// | anything about one draw | [`draw`](LogitEnsemble::draw) | N C^3 |
///
/// **How the largest eigenvalue depends on sigma_z.** With outliers: it falls, like E tr S, from P sigma_c^2 / C to P
/// sigma_c^2 e_C / ((C - 1) sigma_z), but for a bump at small sigma_z that few examples make
/// ([`bump`](LogitEnsemble::bump)). Without outliers and with P above N C: it *rises*, from (t / C)(1 + sqrt(N (C - 1) /
/// P))^2 towards t / 2, as the largest eigenvalue of S rises from 1 / C to 1/2, and falls only when fewer than some N e_C
/// / sigma_z = 1 examples are active. If the deviations themselves grow with sigma_z, see [`GaussianLogits::peak`].
///
/// **A margin** ([`with_margin`](LogitEnsemble::with_margin)) raises the logit of each example's class, as training does:
/// then E tr S falls like exp(sigma_z^2 - delta), and outliers with it. A network's largest eigenvalue rises while its
/// logit gradients grow and falls when the margin does; no normal logits of the same size fall as far.
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::{GaussianLogits, LogitEnsemble};
///
/// let ensemble = LogitEnsemble::new(1200, 60, 1.0, 1.0, GaussianLogits::new(10, 0.5)?)?;
/// let limit = ensemble.limit(200, Key::new(0))?;
/// assert_eq!(limit.outliers, 9);
/// assert!((limit.position / 120.1 - 1.0).abs() < 0.01 && limit.overlap > 0.97);
/// let largest = ensemble.largest(4, Key::new(1))?; // the largest of nine
/// assert!(largest.mean > 1.1 * limit.position);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LogitEnsemble {
    parameters: usize,
    examples: usize,
    mean_deviation: f64,
    residue_deviation: f64,
    logits: GaussianLogits,
    /// delta.
    margin: f64,
    /// The shares of classes, or nothing without a margin.
    shares: Vec<f64>,
}

impl LogitEnsemble {
    /// The ensemble of P `parameters`, N `examples`, sigma_c `mean_deviation`, sigma_E `residue_deviation` and random
    /// logits.
    ///
    /// # Errors
    /// If there are no parameters or examples, or a deviation is negative or not finite, or its square overflows or vanishes.
    pub fn new(
        parameters: usize,
        examples: usize,
        mean_deviation: f64,
        residue_deviation: f64,
        logits: GaussianLogits,
    ) -> Result<Self> {
        let (margin, shares) = (0.0, Vec::new());
        let ensemble =
            LogitEnsemble { parameters, examples, mean_deviation, residue_deviation, logits, margin, shares };
        ensemble.model()?;
        Ok(ensemble)
    }

    /// The same with the logit of each example's class raised by a margin: z_mk ~ N(delta [k = y_m], sigma_z^2).
    ///
    /// `shares` says how common each class is, in any unit. Of N examples each class has its part, to one example and the
    /// same in each draw: see [`labels`](LogitEnsemble::labels). A margin of 0 changes no bit.
    ///
    /// What the model then assumes: logits beside the true one are independent of it and of each other, of one deviation,
    /// and the margin is the same for all examples but for that. A network has examples that are harder than others: of two
    /// with the same mean margin, the one whose margins vary more has more curvature. The margin at which the mean of sum
    /// p^2 agrees ([`GaussianLogits::margin_with_power_sum`]) makes up for that.
    ///
    /// ```
    /// use eigenscape::random::Key;
    /// use eigenscape::random_matrix::{GaussianLogits, LogitEnsemble};
    ///
    /// let untrained = LogitEnsemble::new(1200, 60, 1.0, 1.0, GaussianLogits::new(10, 1.0)?)?;
    /// let trained = untrained.clone().with_margin(6.0, &[1.0; 10])?;
    /// assert_eq!(trained.labels()[..7], [0, 0, 0, 0, 0, 0, 1]);
    /// let [before, after] = [untrained, trained].map(|ensemble| ensemble.largest(4, Key::new(0)));
    /// assert!(after?.mean < 0.2 * before?.mean);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the margin is not in [-1000, 1000], there are not C shares, one is negative or not finite, or they sum to 0.
    pub fn with_margin(self, margin: f64, shares: &[f64]) -> Result<Self> {
        margin_logits::check(margin)?;
        Error::length("the shares of classes", shares.len(), self.logits.classes())?;
        if let Some(value) = shares.iter().copied().find(|&share| !(share >= 0.0 && share.is_finite())) {
            let limits = "must be at least 0 and finite";
            return Err(Error::OutOfRange { what: "the share of a class", value, limits });
        }
        Error::positive("the sum of the shares of classes", shares.iter().sum())?;
        Ok(LogitEnsemble { margin, shares: shares.to_vec(), ..self })
    }

    /// P.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// N.
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// sigma_c.
    pub fn mean_deviation(&self) -> f64 {
        self.mean_deviation
    }

    /// sigma_E.
    pub fn residue_deviation(&self) -> f64 {
        self.residue_deviation
    }

    /// The logits, of deviation sigma_z in C classes.
    pub fn logits(&self) -> &GaussianLogits {
        &self.logits
    }

    /// delta, by which the logit of an example's class is raised; 0 unless set.
    pub fn margin(&self) -> f64 {
        self.margin
    }

    /// The class of each example, ascending: the same in every draw. Without shares, as many of each as can be.
    pub fn labels(&self) -> Vec<usize> {
        self.labels_of(self.examples)
    }

    fn labels_of(&self, rows: usize) -> Vec<usize> {
        let classes = self.logits.classes();
        let share = |class: usize| self.shares.get(class).copied().unwrap_or(1.0);
        let total: f64 = (0..classes).map(share).sum();
        let (mut class, mut below) = (0, share(0));
        let label = |row: usize| {
            // The middle of the row's part of the whole.
            while class + 1 < classes && below * rows as f64 <= (row as f64 + 0.5) * total {
                class += 1;
                below += share(class);
            }
            class
        };
        (0..rows).map(label).collect()
    }

    /// Traces and norms, averaged over logits.
    ///
    /// # Errors
    /// As [`LogitEnsemble::new`].
    pub fn model(&self) -> Result<LogitModel> {
        let curvature = if self.margin == 0.0 {
            self.logits.curvature(self.examples)?
        } else {
            let mut counts = vec![0; self.logits.classes()];
            self.labels().into_iter().for_each(|label| counts[label] += 1);
            self.logits.with_margin(self.margin)?.curvature(&counts)?
        };
        LogitModel::new(self.parameters, self.mean_deviation, self.residue_deviation, curvature)
    }

    /// The theory of one draw of logits and of the inner products of means: K = c c' by its triangular factor (Bartlett),
    /// so that no vector of P entries is made. With no more parameters than classes the means stay undrawn.
    ///
    /// # Errors
    /// If the rows of probabilities are too many for memory.
    pub fn draw(&self, key: Key) -> Result<LogitSpectrum> {
        let blocks = self.pool(self.examples, key.split(0))?;
        let means = if self.parameters > self.logits.classes() {
            LogitMeans::given(&self.gram(key.split(1))?)
        } else {
            LogitMeans::isotropic(self.parameters, self.logits.classes(), self.mean_deviation)
        };
        LogitSpectrum::new(blocks, self.parameters, means, self.residue_deviation)
    }

    /// The theory of one draw of logits, with means that stay undrawn.
    ///
    /// # Errors
    /// If the rows of probabilities are too many for memory.
    pub fn draw_logits(&self, key: Key) -> Result<LogitSpectrum> {
        let means = LogitMeans::isotropic(self.parameters, self.logits.classes(), self.mean_deviation);
        LogitSpectrum::new(self.pool(self.examples, key.split(0))?, self.parameters, means, self.residue_deviation)
    }

    /// The mean of the largest eigenvalue: over draws of logits, means and fluctuations, the larger of the first outlier
    /// and the end of the bulk.
    ///
    /// In draws that are near the threshold, where that is 3 to 7 % low, it is the first quantile of the law of the full
    /// population (as long as that is affordable), which has no fluctuations of its own. No bias was seen beside the
    /// errors of 20 draws, 1 to 3 %. Cost: N C^3 operations a draw, (N C)^3 near the threshold; draws run in parallel,
    /// with the same bits for any number of threads.
    ///
    /// # Errors
    /// If there are no draws, or as [`LogitEnsemble::draw`].
    pub fn largest(&self, draws: usize, key: Key) -> Result<DrawMean> {
        self.average(draws, key, |key| {
            let spectrum = self.draw(key)?;
            if spectrum.is_first_critical() && FullPopulation::is_affordable(spectrum.blocks()) {
                return self.draw_logits(key)?.full_population()?.eigenvalue(0);
            }
            fluctuating_largest(&spectrum, key)
        })
    }

    /// The same by draws of logits, means and fluctuations alone, at N C^3 operations a draw wherever the threshold is: 3 to 7 %
    /// low near it.
    ///
    /// # Errors
    /// As [`LogitEnsemble::largest`].
    pub fn largest_of_draws(&self, draws: usize, key: Key) -> Result<DrawMean> {
        self.average(draws, key, |key| fluctuating_largest(&self.draw(key)?, key))
    }

    /// The means of the `count` largest eigenvalues by the law of the full population, over draws of logits: right
    /// through the threshold and in the frozen phase.
    ///
    /// # Errors
    /// If there are no draws, or as [`LogitSpectrum::full_population`].
    pub fn largest_of_population(&self, count: usize, draws: usize, key: Key) -> Result<Vec<DrawMean>> {
        Error::at_least("the number of draws", draws, 1, "must be at least 1")?;
        let of_draw = |draw: u64| {
            let population = self.draw_logits(key.split(draw))?.full_population()?;
            (0..count).map(|index| population.eigenvalue(index)).collect::<Result<Vec<f64>>>()
        };
        let rows = (0..draws as u64).map(of_draw).collect::<Result<Vec<_>>>()?;
        Ok((0..count).map(|index| DrawMean::of(rows.iter().map(|row| row[index]))).collect())
    }

    /// Where the bump of the largest eigenvalue at small sigma_z is, and how high it is relative to equal probabilities:
    /// it comes from the splitting of Sbar by finitely many examples, and vanishes like 1 / N.
    ///
    /// ```text
    ///     C lambda_1(Sbar) ~ 1 + k_C sigma_z / sqrt N - sigma_z^2 / C,   k_C: mean largest eigenvalue of diag(N(0, 1)) on the zero-sum vectors
    ///     peak at k_C C / (2 sqrt N),   relative height k_C^2 C / (4 N)
    /// ```
    ///
    /// `draws` of the key make k_C (1.432 for C = 10).
    ///
    /// # Errors
    /// If there are no draws, or fewer than two classes, or there is a margin: it splits Sbar from the start.
    pub fn bump(&self, draws: usize, key: Key) -> Result<(f64, f64)> {
        let classes = self.logits.classes();
        let limits = "must be at least 2: with one there is no curvature";
        Error::at_least("the number of classes", classes, 2, limits)?;
        if self.margin != 0.0 {
            let limits = "must be 0: the bump is one of probabilities that are all but equal";
            return Err(Error::OutOfRange { what: "the margin of the true class", value: self.margin, limits });
        }
        let splitting = self.average(draws, key, |key| {
            let mut values = vec![0.0f64; classes];
            key.normal(0, &mut values);
            values.sort_by(|a, b| b.total_cmp(a));
            // The largest root of sum_k 1 / (x - value_k), between the first two: times their distances it is finite at both.
            let others = |x: f64| values[2..].iter().map(|value| 1.0 / (x - value)).sum::<f64>();
            root(values[1], values[0], |x| {
                let (first, second) = (x - values[0], x - values[1]);
                Ok(first + second + if first * second == 0.0 { 0.0 } else { first * second * others(x) })
            })
        })?;
        let (c, n, k) = (classes as f64, self.examples as f64, splitting.mean);
        Ok((k * c / (2.0 * n.sqrt()), k * k * c / (4.0 * n)))
    }

    fn average(&self, draws: usize, key: Key, of: impl Fn(Key) -> Result<f64> + Sync) -> Result<DrawMean> {
        Error::at_least("the number of draws", draws, 1, "must be at least 1")?;
        let values = (0..draws as u64).into_par_iter().map(|draw| of(key.split(draw))).collect::<Result<Vec<f64>>>()?;
        Ok(DrawMean::of(values.iter().copied()))
    }

    /// So many rows of probabilities.
    pub(crate) fn pool(&self, rows: usize, key: Key) -> Result<SoftmaxBlocks> {
        let classes = self.logits.classes();
        Error::at_least("the number of rows of probabilities", rows, 1, "must be at least 1")?;
        SoftmaxBlocks::affordable(rows, classes)?;
        let mut p = vec![0.0; rows * classes];
        key.normal(0, &mut p);
        let labels = if self.margin == 0.0 { Vec::new() } else { self.labels_of(rows) };
        for (m, row) in p.chunks_exact_mut(classes).enumerate() {
            let mut deviation = self.logits.deviation();
            if let Some(&label) = labels.get(m) {
                row.iter_mut().for_each(|z| *z *= deviation);
                row[label] += self.margin;
                deviation = 1.0;
            }
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.iter_mut().for_each(|z| *z = libm::exp(deviation * (*z - largest)));
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|p| *p /= total);
        }
        SoftmaxBlocks::new(&p, classes)
    }

    /// c c' for C vectors of P normal entries of deviation sigma_c.
    fn gram(&self, key: Key) -> Result<Vec<f64>> {
        let classes = self.logits.classes();
        let mut factor = vec![0.0; classes * classes];
        for row in 0..classes {
            let entries = &mut factor[row * classes..][..=row];
            key.split(0).normal((row * (row + 1) / 2) as u64, entries);
            chi_squared(key.split(1), (self.parameters - row) as f64, row as u64, &mut entries[row..])?;
            entries[row] = entries[row].sqrt();
        }
        let mut gram = vec![0.0; classes * classes];
        let factor = Matrix::new(&factor, classes, classes);
        linalg::matmul(&mut gram, Update::Replace, self.mean_deviation * self.mean_deviation, factor, factor.t());
        mirror(&mut gram, classes);
        Ok(gram)
    }

    /// t = P sigma_E^2 / N.
    pub(crate) fn residue_scale(&self) -> f64 {
        self.parameters as f64 * self.residue_deviation * self.residue_deviation / self.examples as f64
    }
}

/// The larger of the first outlier and the end of the bulk, each with a draw of its fluctuations.
fn fluctuating_largest(spectrum: &LogitSpectrum, key: Key) -> Result<f64> {
    let outlier = spectrum.fluctuating(key.split(2))?.first().copied().unwrap_or(0.0);
    Ok(outlier.max(top_of_bulk(spectrum.noise(), key.split(3))?))
}

/// One draw of the largest eigenvalue of a bulk.
fn top_of_bulk(bulk: &ResidueBulk, key: Key) -> Result<f64> {
    if let Some((mean, deviation)) = bulk.alone() {
        let mut normal = [0.0];
        key.normal(0, &mut normal);
        return Ok(mean + deviation * normal[0]);
    }
    let Some(edge) = bulk.edge()? else { return Ok(0.0) };
    let mut level = [0.0f64];
    key.uniform(0, &mut level);
    Ok(edge.location() + edge.scale() * TracyWidom::real().quantile(level[0].clamp(1e-12, 1.0 - 1e-12))?)
}

#[cfg(feature = "serde")]
crate::saved::checked!(LogitEnsemble {
    parameters: usize,
    examples: usize,
    mean_deviation: f64,
    residue_deviation: f64,
    logits: GaussianLogits,
    #[serde(default)]
    margin: f64,
    #[serde(default)]
    shares: Vec<f64>,
} by |ensemble| {
    let [means, residues] = [ensemble.mean_deviation, ensemble.residue_deviation];
    let plain = LogitEnsemble::new(ensemble.parameters, ensemble.examples, means, residues, ensemble.logits)?;
    if ensemble.shares.is_empty() {
        let limits = "must be 0 where no shares of classes are given";
        return Error::require(ensemble.margin == 0.0, "the margin of a saved ensemble", ensemble.margin, limits);
    }
    plain.with_margin(ensemble.margin, &ensemble.shares).map(drop)
});
