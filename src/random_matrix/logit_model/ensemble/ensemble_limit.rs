//! The model with infinitely many examples and parameters, at a fixed ratio: one position for all outliers.

use super::logit_ensemble::LogitEnsemble;
use crate::error::{Error, Result};
use crate::random::Key;
use crate::random_matrix::SoftmaxBlocks;
use crate::random_matrix::logit_model::softmax::margin_logits;
use crate::random_matrix::logit_model::spectrum::logit_spectrum::representable;
use crate::random_matrix::logit_model::spectrum::residue_bulk::ResidueBulk;
use crate::random_matrix::root::root;

/// What the random model tends to with its size: all C - 1 outliers in one place.
///
/// ```text
///     a(u) = P sigma_c^2 / (C - 1) E sum_i s_i / (u - t s_i) = 1,   u > u_+,   t = P sigma_E^2 / N
///     position = u (1 + (C - 1) sigma_E^2 / (P sigma_c^2)),         overlap = psi'(u) / (-u a'(u))
/// ```
///
/// It is the *mean* of the outliers to 1 or 2 % at C = 10, N = 60 (4 % too low in the frozen phase), and not the largest,
/// which lies 10 to 45 % higher: the means split by 2 sqrt(C / P) relative to their size, the probabilities of finitely
/// many examples by more where they freeze. See [`LogitEnsemble::largest`].
///
/// With a margin this holds for classes that are equally common; else the mean of S over examples is not the same in all
/// directions, and `position` is where outliers of its mean strength would be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EnsembleLimit {
    /// The number of outliers, C - 1 or none.
    pub outliers: usize,
    /// The root u, or u_+ if there are no outliers.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub root: f64,
    /// Where the outliers are, or the end of the bulk if there are none.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub position: f64,
    /// The overlap of their eigenvectors with the span of the means.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub overlap: f64,
    /// The end of the bulk; 0 without residues.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub edge: f64,
    /// The sigma_c above which outliers exist.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub critical_deviation: f64,
}

/// Eigenvalues s of S, descending, and how many there are of each.
#[derive(Clone, Debug)]
pub(crate) struct Population {
    values: Vec<f64>,
    counts: Vec<f64>,
}

/// Points of the population of the frozen phase.
const NODES: usize = 600;

impl LogitEnsemble {
    /// The limit of large sizes, with the population of `pool` random rows of probabilities.
    ///
    /// The outliers' place hardly depends on the pool. The end of the bulk, and with it the threshold, depends on the
    /// pool's largest eigenvalues: the critical deviation of N = 100, C = 10 varies from pool to pool of 1500 rows by 1
    /// to 5 % for P = 1000, by 2 to 5 % for P = 10000, that of N = P = 1000 by less than 1 %.
    ///
    /// # Errors
    /// If the pool is empty or too large for memory, or eigenvalues would lie outside of 1e-100 to 1e100.
    pub fn limit(&self, pool: usize, key: Key) -> Result<EnsembleLimit> {
        let blocks = self.pool(pool, key)?;
        self.limit_of(&Population::of(&blocks, self.examples()))
    }

    /// The same for equal probabilities, the limit of a small sigma_z without a margin, in closed form.
    ///
    /// ```text
    ///     u = (P sigma_c^2 + t) / C,   overlap = (1 - gamma eps^2) / (1 + eps),   eps = sigma_E^2 / (N sigma_c^2),   gamma = N (C - 1) / P
    ///     outliers if (sigma_c / sigma_E)^2 > sqrt((C - 1) / (N P)),   edge = (t / C) (1 + sqrt gamma)^2
    /// ```
    ///
    /// ```
    /// use eigenscape::random_matrix::{GaussianLogits, LogitEnsemble};
    ///
    /// let ensemble = LogitEnsemble::new(1200, 60, 0.3, 1.0, GaussianLogits::new(10, 0.1)?)?;
    /// let limit = ensemble.equal_limit();
    /// assert!((limit.position - (0.09 * 1200.0 + 20.0) / 10.0 * (1.0 + 9.0 / 108.0)).abs() < 1e-12);
    /// assert!((limit.critical_deviation - 0.1057).abs() < 1e-4);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    pub fn equal_limit(&self) -> EnsembleLimit {
        let (n, p, c) = (self.examples() as f64, self.parameters() as f64, self.logits().classes() as f64);
        let (signal, noise) = (self.mean_deviation().powi(2), self.residue_deviation().powi(2));
        let (t, gamma) = (p * noise / n, n * (c - 1.0) / p);
        let edge = if c > 1.0 { t / c * (1.0 + gamma.sqrt()).powi(2) } else { 0.0 };
        // A single class has no curvature, whatever its means.
        let critical = if c > 1.0 { noise * ((c - 1.0) / (n * p)).sqrt() } else { f64::INFINITY };
        if signal > critical {
            let (root, eps) = ((p * signal + t) / c, noise / (n * signal));
            return EnsembleLimit {
                outliers: self.logits().classes() - 1,
                root,
                position: root * (1.0 + (c - 1.0) * noise / (p * signal)),
                overlap: (1.0 - gamma * eps * eps) / (1.0 + eps),
                edge,
                critical_deviation: critical.sqrt(),
            };
        }
        let root = if c > 1.0 { t / c * (1.0 + gamma.sqrt()) } else { 0.0 };
        EnsembleLimit { outliers: 0, root, position: edge, overlap: 0.0, edge, critical_deviation: critical.sqrt() }
    }

    /// The same for the limit of a small sigma_z with the margin as it is: all examples of a class have the same
    /// probabilities, p of it and q of each other class.
    ///
    /// ```text
    ///     p = e^delta q,   p + (C - 1) q = 1;      S has C - 2 eigenvalues q, and one is C p q
    /// ```
    ///
    /// Without a margin it is [`equal_limit`](LogitEnsemble::equal_limit).
    ///
    /// # Errors
    /// If numbers are so large that the law of the bulk is not finite.
    pub fn still_limit(&self) -> Result<EnsembleLimit> {
        let (classes, n) = (self.logits().classes(), self.examples() as f64);
        let [p, q] = margin_logits::equal_odds(classes, self.margin());
        let mut atoms = vec![(classes as f64 * p * q, n), (q, n * (classes as f64 - 2.0))];
        atoms.retain(|&(s, count)| classes > 1 && s > 0.0 && count > 0.0);
        atoms.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (values, counts) = atoms.into_iter().unzip();
        self.limit_of(&Population { values, counts })
    }

    /// The same for frozen probabilities, the limit of a large sigma_z, where two classes compete in few examples:
    ///
    /// ```text
    ///     N e_C / sigma_z dq / (1/4 - q^2) examples have s = 2 (1/4 - q^2),   0 < q < 1/2;   e_C: mean of the largest of C normals
    ///     position ~ (P sigma_c^2 e_C / ((C - 1) sigma_z) + t / 3) (1 + (C - 1) sigma_E^2 / (P sigma_c^2))        far above the edge
    /// ```
    ///
    /// With a margin in proportion to sigma_z, e_C is twice the density of a tie of the two largest logits, in units of
    /// sigma_z: (C - 1) int phi(x) (2 phi(x - r) Phi(x)^(C-2) + (C - 2) phi(x) Phi(x)^(C-3) Phi(x - r)) dx for r = delta /
    /// sigma_z.
    ///
    /// The outliers fall like 1 / sigma_z. The end of the bulk approaches t / 2 from above for P much larger than N, and
    /// holds as long as there are some N e_C / sigma_z active examples.
    ///
    /// # Errors
    /// If sigma_z is 0, or eigenvalues would lie outside of 1e-100 to 1e100.
    pub fn frozen_limit(&self) -> Result<EnsembleLimit> {
        let logits = self.logits();
        let Some(trace) = logits.frozen_trace() else {
            let limits = "must be positive: at 0 nothing is frozen";
            return Err(Error::OutOfRange { what: "the standard deviation of logits", value: 0.0, limits });
        };
        let trace = match self.margin() {
            0.0 => trace,
            margin => margin_logits::frozen_trace(logits.classes(), logits.deviation(), margin),
        };
        self.limit_of(&Population::frozen(self.examples() as f64 * trace))
    }

    /// The mean share of |g|^2 in the span of the outliers, in the limit of large sizes; none where there are none.
    ///
    /// ```text
    ///     rho_2(u) / rho (alpha sigma_c^2 + (C - 1) sigma_E^2 / P) / (sigma_c^2 + sigma_E^2)
    ///     rho = E |r|^2,   rho_2 = E |u (u - t S)^(-1) r|^2
    /// ```
    ///
    /// For (C - 1) sigma_E^2 much smaller than 2 N sigma_c^2 E tr S that is sigma_c^2 / (sigma_c^2 + sigma_E^2), whatever
    /// the labels. For residuals whose mean over examples vanishes; with unbalanced classes the share tends to 1.
    ///
    /// # Errors
    /// If the labels are those of particular examples, or the pool is empty or too large for memory.
    pub fn gradient_share(
        &self,
        labels: &crate::random_matrix::logit_model::spectrum::logit_labels::LogitLabels,
        pool: usize,
        key: Key,
    ) -> Result<Option<f64>> {
        labels.without_examples()?;
        let blocks = self.pool(pool, key)?;
        let limit = self.limit_of(&Population::of(&blocks, self.examples()))?;
        if limit.outliers == 0 {
            return Ok(None);
        }
        let residuals = labels.residuals(&blocks)?;
        let (mut whole, mut seen) = (0.0, 0.0);
        for (m, block) in blocks.blocks().enumerate() {
            for (s, vector) in block.values.iter().zip(block.vectors.chunks_exact(block.values.len())) {
                let power = residuals.square(m, vector);
                let factor = limit.root / (limit.root - self.residue_scale() * s);
                whole += power;
                seen += factor * factor * power;
            }
        }
        let (signal, noise) = (self.mean_deviation().powi(2), self.residue_deviation().powi(2));
        let spans = limit.overlap * signal + limit.outliers as f64 * noise / self.parameters() as f64;
        Ok((whole > 0.0).then(|| seen / whole * spans / (signal + noise)))
    }

    fn limit_of(&self, population: &Population) -> Result<EnsembleLimit> {
        let (classes, t, p) = (self.logits().classes(), self.residue_scale(), self.parameters() as f64);
        let tau = if t > 0.0 { population.values.iter().map(|s| t * s).collect() } else { Vec::new() };
        let counts = if t > 0.0 { population.counts.clone() } else { Vec::new() };
        let bulk = ResidueBulk::counted(tau, counts, p)?;
        let (variance, edge) = (self.mean_deviation().powi(2), bulk.end());
        representable(bulk.largest(), p * variance)?;
        // a(u) / sigma_c^2, and its derivative.
        let scale = p / ((classes.max(2) - 1) as f64 * self.examples() as f64);
        let strength = |u: f64| scale * population.sum(|s| s / (u - t * s));
        let fall = |u: f64| -scale * population.sum(|s| s / ((u - t * s) * (u - t * s)));
        let critical = if population.values.is_empty() {
            f64::INFINITY
        } else if bulk.atoms().is_empty() {
            0.0
        } else {
            1.0 / strength(bulk.point())
        };
        let root_of = |low: f64| {
            let high = bulk.largest() + variance * scale * population.sum(|s| s);
            root(low, high, |u| if u > 0.0 { Ok(1.0 / (variance * strength(u)) - 1.0) } else { Ok(-1.0) })
        };
        let critical_deviation = critical.sqrt();
        if classes < 2 || variance <= critical {
            let root = bulk.point();
            return Ok(EnsembleLimit { outliers: 0, root, position: edge, overlap: 0.0, edge, critical_deviation });
        }
        let root = root_of(bulk.point())?;
        Ok(EnsembleLimit {
            outliers: classes - 1,
            root,
            position: bulk.position(root),
            overlap: (-bulk.slope(root) / (root * variance * fall(root))).clamp(0.0, 1.0),
            edge,
            critical_deviation,
        })
    }
}

impl Population {
    /// Of rows that stand for `examples`.
    fn of(blocks: &SoftmaxBlocks, examples: usize) -> Self {
        // The weights are 1 / rows.
        let rows = blocks.examples() as f64;
        let values = blocks.atoms(rows);
        let counts = vec![examples as f64 / rows; values.len()];
        Population { values, counts }
    }

    /// Of so many frozen examples at equal odds of two classes, per unit of the logarithm of these odds: none, for a single class.
    fn frozen(rate: f64) -> Self {
        if rate == 0.0 {
            return Population { values: Vec::new(), counts: Vec::new() };
        }
        let node = |j: usize| {
            // q = x^3 / 2, dense where s is largest.
            let x = (j as f64 + 0.5) / NODES as f64;
            let q = 0.5 * x * x * x;
            let rest = (0.5 - q) * (0.5 + q);
            (2.0 * rest, rate * 1.5 * x * x / (NODES as f64 * rest))
        };
        let (values, counts) = (0..NODES).map(node).unzip();
        Population { values, counts }
    }

    fn sum(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.values.iter().zip(&self.counts).map(|(&s, count)| count * of(s)).sum()
    }
}
