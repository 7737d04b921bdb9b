//! What the random model says of the spectrum of a curvature, given its probabilities.

use crate::random_matrix::{DrawMean, SoftmaxBlocks};
use std::sync::Arc;

use super::full_population::FullPopulation;
use super::logit_means::{LogitMeans, Root};
use super::logit_outlier::{LogitOutlier, Secular, Validity};
use super::residue_bulk::ResidueBulk;
use crate::error::{Error, Result};
use crate::linalg;
use crate::random::Key;
use crate::random_matrix::edges::edge::Edge;
use crate::random_matrix::free::GeneralizedMarchenkoPastur;
use crate::random_matrix::logit_model::cut_moments::dimension_fits;
use crate::random_matrix::logit_model::model::has_square;
use crate::random_matrix::logit_model::softmax::softmax_blocks::mirror;

/// The spectrum that the random model of logit gradients predicts for one set of probabilities: bulk, edge, outliers with
/// positions, overlaps and fluctuations, without a matrix of P rows.
///
/// ```text
///     J = U c + E,   E_ij ~ N(0, sigma_E^2)            rows J_mk: gradient of logit k of example m; U sorts the means by class
///     H = sum_m w_m J_m' S_m J_m                       P x P
///
///     psi(u) = u (1 + (1/n) sum tau / (u - tau)),      tau = n sigma_E^2 w_m s_mi                   the bulk: psi'(u) <= 0
///     A(u)   = sum_m w_m U_m' S_m (u - n sigma_E^2 w_m S_m)^(-1) U_m                                r x r, r means
///     det(I - R A(u) R) = 0,  u > u_+,  R = K^(1/2)    each root u is an outlier at psi(u)          K = c c'
///     overlap with span{c_k}     alpha = psi'(u) / (-u a'(u)),   a the eigenvalue of R A R that is 1 at u
/// ```
///
/// **How many.** S_m takes away what is common to all logits of an example, so that R A R has rank C - 1 for each group
/// of examples: at most C - 1 outliers and never C, if all examples share their means; a "C-th" is the end of the bulk.
/// Outlier j exists if a_j(u_+) > 1 ([`strengths`](LogitSpectrum::strengths)): with little signal there are fewer. Means
/// that differ between groups, by true class say, allow groups x (C - 1): C - 1 large ones and the rest small, if the
/// groups' means have most in common.
///
/// **Sizes.** n = P for means that are drawn; for given ones n = P - rank K, the dimensions that are left to residues.
/// Bulk and edge take P less the number of outliers.
///
/// **When not to trust it.** Each outlier says so ([`Validity`]): near the threshold it lies too low.
/// [`leading`](LogitSpectrum::leading) then takes [`FullPopulation`], which is right through the threshold, at the cost
/// of an eigenproblem of N (C - 1) rows; and also for the bulk where outliers take a good part of the active directions
/// ([`edge_validity`](LogitSpectrum::edge_validity)). On real networks the residues are far from independent coordinates,
/// and their bulk ends at a multiple of what is said here.
///
/// Cost: N C^3 operations per step of a root, some six for each outlier (C = 10, N = 1500: 0.1 s in all, 1 s for 90
/// outliers of ten groups), N C^4 in all (C = 50, N = 60: 2 s). The law of the bulk is made when asked for, O((N C)^2): 4 s there.
///
/// ```
/// use eigenscape::random_matrix::{LogitMeans, LogitSpectrum, SoftmaxBlocks};
///
/// // 60 examples of 4 classes, all equally probable; 400 parameters; means as large as residues.
/// let blocks = SoftmaxBlocks::new(&[0.25; 240], 4)?;
/// let spectrum = LogitSpectrum::new(blocks, 400, LogitMeans::isotropic(400, 4, 1.0), 1.0)?;
/// assert_eq!(spectrum.outliers().len(), 3);
/// // u = (P sigma_c^2 + P sigma_E^2 / N) / C and psi(u) = u (1 + (C - 1) sigma_E^2 / (P sigma_c^2)).
/// let u = (400.0 + 400.0 / 60.0) / 4.0;
/// assert!((spectrum.outliers()[0].position - u * (1.0 + 3.0 / 400.0)).abs() < 1e-10);
/// assert!(spectrum.outliers()[0].overlap > 0.98);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929 (the model); Baik & Silverstein 2006, doi:10.1016/j.jmva.2005.08.003; Bai & Yao
/// 2012, doi:10.1016/j.jmva.2011.10.009 (spikes of a general population); Benaych-Georges & Nadakuditi 2012,
/// doi:10.1016/j.jmva.2012.04.019; Knowles & Yin 2017, doi:10.1007/s00440-016-0730-4.
#[derive(Clone, Debug)]
#[doc(alias = "Fort-Ganguli")]
#[doc(alias = "BBP")]
pub struct LogitSpectrum {
    blocks: Arc<SoftmaxBlocks>,
    means: LogitMeans,
    parameters: usize,
    residue_deviation: f64,
    root: Root,
    limit: usize,
    /// What the outliers see, and what the end of the bulk sees.
    signal: ResidueBulk,
    noise: ResidueBulk,
    strengths: Vec<f64>,
    outliers: Vec<LogitOutlier>,
}

/// Below this strength nothing of a mean shows.
const WINDOW: f64 = 0.75;

/// The outliers take directions from the bulk. From this share of the active ones on, the bulk ends lower by 1 % and more.
const FEW: f64 = 0.02;

/// Active directions times dimensions below which the mean of Tracy and Widom is 2 % and more too high.
const SMALL: f64 = 1000.0;

/// What an eigenvalue is expected to be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PredictedEigenvalue {
    /// Its mean.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub mean: f64,
    /// Its standard deviation from draw to draw, if known.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub standard_deviation: Option<f64>,
    /// Which theory this is from.
    pub source: PredictionSource,
}

/// Which part of the theory a predicted eigenvalue is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PredictionSource {
    /// An outlier, with the repulsion of the others.
    Outlier,
    /// The end of the bulk: the mean of Tracy and Widom, or that of an isolated population eigenvalue.
    Edge,
    /// A quantile of the bulk.
    Bulk,
    /// A quantile of the law of the full population.
    FullPopulation,
}

impl LogitSpectrum {
    /// The prediction for P `parameters`, means with their inner products, and residues of deviation sigma_E.
    ///
    /// # Errors
    /// If there are no parameters, the inner products are not those of r vectors (r = groups x classes), means that are
    /// given leave no dimension for residues, the deviation is negative, or eigenvalues would lie outside of 1e-100 to
    /// 1e100.
    pub fn new(
        blocks: impl Into<Arc<SoftmaxBlocks>>,
        parameters: usize,
        means: LogitMeans,
        residue_deviation: f64,
    ) -> Result<Self> {
        let blocks = blocks.into();
        Error::at_least("the number of parameters", parameters, 1, "must be at least 1")?;
        has_square("the deviation of the residues of logit gradients", residue_deviation)?;
        let root = means.root(&blocks)?;
        let used = if means.is_given() { root.rank } else { 0 };
        if used >= parameters {
            let because =
                "one less than there are parameters: residues need dimensions of their own; draw the means instead";
            let what = "the number of dimensions that the given means span";
            return Err(Error::AboveLimit { what, value: used, limit: parameters - 1, because });
        }
        let limit = (blocks.groups() * (blocks.classes() - 1)).min(root.rank).min(parameters);
        let variance = residue_deviation * residue_deviation;
        let bulk = |samples: usize| {
            let samples = samples as f64;
            ResidueBulk::new(blocks.atoms(samples * variance), samples)
        };
        let signal = bulk(parameters - used)?;
        let weights: f64 = blocks.weights().iter().sum();
        representable(signal.largest(), root.norm * weights)?;
        let t = signal.samples() * variance;
        let secular = Secular { blocks: &blocks, root: &root, t, bulk: &signal, given: means.is_given(), limit };
        let strengths = secular.strengths()?;
        let detached = strengths.iter().filter(|&&a| a > 1.0).count();
        let outliers = secular.outliers(detached)?;
        let noise = if detached == used { signal.clone() } else { bulk((parameters - detached).max(1))? };
        Ok(LogitSpectrum {
            blocks,
            means,
            parameters,
            residue_deviation,
            root,
            limit,
            signal,
            noise,
            strengths,
            outliers,
        })
    }

    /// The same on a random plane of d dimensions, on which the model is itself with P replaced by d. Means that are
    /// given are drawn there: their projections on the plane are random, which is right for d much smaller than P.
    ///
    /// # Errors
    /// Unless 1 <= `dimension` <= P.
    pub fn cut(&self, dimension: usize) -> Result<Self> {
        dimension_fits(dimension, self.parameters)?;
        let whole = dimension == self.parameters;
        let share = dimension as f64 / self.parameters as f64;
        let means = self.means.scaled(share, whole && self.means.is_given());
        LogitSpectrum::new(Arc::clone(&self.blocks), dimension, means, self.residue_deviation)
    }

    /// The probabilities and their blocks.
    pub fn blocks(&self) -> &SoftmaxBlocks {
        &self.blocks
    }

    /// The means.
    pub fn means(&self) -> &LogitMeans {
        &self.means
    }

    /// P.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// sigma_E.
    pub fn residue_deviation(&self) -> f64 {
        self.residue_deviation
    }

    /// The largest number of outliers that these means allow: the lesser of groups x (C - 1) and the rank of K.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// a_j(u_+), descending, one for each possible outlier: outlier j exists where it is above 1. It is proportional to
    /// K, so that K / a_j is where j just does not show. Infinite without residues.
    pub fn strengths(&self) -> &[f64] {
        &self.strengths
    }

    /// The outliers, largest first.
    pub fn outliers(&self) -> &[LogitOutlier] {
        &self.outliers
    }

    /// The law of the non-zero eigenvalues of the bulk, normalised over its N (C - 1) population eigenvalues that are not
    /// frozen, in P dimensions less the number of outliers; that of all eigenvalues is its
    /// [`companion`](GeneralizedMarchenkoPastur::companion). None where all bulk is at 0: without residues, or all
    /// frozen.
    ///
    /// # Errors
    /// If an edge of the law is not representable.
    pub fn bulk(&self) -> Result<Option<&GeneralizedMarchenkoPastur>> {
        self.noise.law()
    }

    /// The same in the dimensions that outliers see.
    pub(crate) fn signal_law(&self) -> Result<Option<&GeneralizedMarchenkoPastur>> {
        if self.signal.samples() == self.noise.samples() {
            return self.bulk();
        }
        self.signal.law()
    }

    /// The upper end of the bulk with the scale on which its last eigenvalue fluctuates; none where all bulk is at 0.
    ///
    /// The test errs on the safe side: at P = 150 noise exceeds the edge in 6 to 10 % of draws at nominal 10 %, and in 2
    /// to 7 % with P much larger than N C.
    ///
    /// # Errors
    /// If the edge is not representable.
    pub fn edge(&self) -> Result<Option<Edge>> {
        self.noise.edge()
    }

    /// Whether the end of the bulk is where [`edge`](LogitSpectrum::edge) says.
    pub fn edge_validity(&self) -> Validity {
        let critical = |a: &f64| (WINDOW..=1.0).contains(a);
        if self.strengths.iter().any(critical) || self.outliers.iter().any(|o| !o.validity.is_trusted()) {
            return Validity::CriticalWindow;
        }
        let active = self.blocks.active_directions().unwrap_or(0.0);
        let taken = self.outliers.len() as f64 > FEW * active;
        let rough = !self.noise.atoms().is_empty() && self.noise.alone().is_none();
        if taken || rough && active * self.noise.samples() < SMALL { Validity::FewActive } else { Validity::Good }
    }

    /// Whether the largest eigenvalue is one in the critical window.
    pub(crate) fn is_first_critical(&self) -> bool {
        match self.outliers.first() {
            Some(outlier) => !outlier.validity.is_trusted(),
            None => self.strengths.first().is_some_and(|&a| a >= WINDOW),
        }
    }

    /// One draw of the sorted outliers, largest first: the eigenvalues of diag(position) + fluctuation, which repel each
    /// other.
    ///
    /// ```text
    ///     Gam_ij = sqrt(v_i v_j / n) G_ij,   Var G_ij = 1, 2 on the diagonal,   v = u^2 (psi' - alpha^2) for given means, u^2 psi' else
    /// ```
    ///
    /// # Errors
    /// If the eigendecomposition does not converge.
    pub fn fluctuating(&self, key: Key) -> Result<Vec<f64>> {
        let size = self.outliers.len();
        let mut matrix = vec![0.0; size * size];
        let mut noise = vec![0.0; size * (size + 1) / 2];
        key.normal(0, &mut noise);
        for row in 0..size {
            for col in 0..=row {
                let variance = self.outliers[row].joint_spread(&self.outliers[col]) / self.signal.samples();
                let own = if row == col { std::f64::consts::SQRT_2 } else { 1.0 };
                matrix[row * size + col] = own * variance.sqrt() * noise[row * (row + 1) / 2 + col];
            }
            matrix[row * size + row] += self.outliers[row].position;
        }
        mirror(&mut matrix, size);
        let mut values = linalg::symmetric_eigen(&matrix, size, false)?.values;
        values.reverse();
        Ok(values)
    }

    /// Means of the sorted outliers over `draws` of [`fluctuating`](LogitSpectrum::fluctuating), with standard errors.
    ///
    /// # Errors
    /// If there are no draws, or an eigendecomposition does not converge.
    pub fn repelled(&self, draws: usize, key: Key) -> Result<Vec<DrawMean>> {
        Error::at_least("the number of draws", draws, 1, "must be at least 1")?;
        let samples =
            (0..draws as u64).map(|draw| self.fluctuating(key.split(draw))).collect::<Result<Vec<Vec<f64>>>>()?;
        Ok((0..self.outliers.len()).map(|j| DrawMean::of(samples.iter().map(|row| row[j]))).collect())
    }

    /// The law of the full population, for positions through the threshold.
    ///
    /// # Errors
    /// If more than 6000 logits are active, or the eigenproblem does not converge.
    pub fn full_population(&self) -> Result<FullPopulation> {
        FullPopulation::new(Arc::clone(&self.blocks), self.parameters, &self.means, &self.root, self.residue_deviation)
    }

    /// The means of the `count` largest eigenvalues, from the part of the theory that is right for each.
    ///
    /// Outliers with the repulsion of the others, unless the threshold is near one of them; after them the end of the
    /// bulk, if enough directions are active; for the rest, quantiles of the law of the full population. With given means
    /// that one counts their splitting twice: its outliers are up to 2 % off. `draws` of the key average over the
    /// outliers' fluctuations.
    ///
    /// # Errors
    /// If there are no draws, or the full population is needed and has too many rows.
    pub fn leading(&self, count: usize, draws: usize, key: Key) -> Result<Vec<PredictedEigenvalue>> {
        let count = count.min(self.parameters);
        let validity = self.edge_validity();
        let trusted = if validity == Validity::CriticalWindow { 0 } else { self.outliers.len().min(count) };
        let mut leading = Vec::with_capacity(count);
        if trusted > 0 {
            for (outlier, draw) in self.outliers.iter().zip(self.repelled(draws, key)?) {
                let mean = outlier.repulsion.map_or(draw.mean, |shift| outlier.position + shift);
                let standard_deviation = Some(draw.deviation.unwrap_or(outlier.standard_deviation));
                leading.push(PredictedEigenvalue { mean, standard_deviation, source: PredictionSource::Outlier });
            }
        }
        leading.truncate(count);
        if leading.len() < count && !validity.is_trusted() {
            let full = self.full_population()?;
            for j in leading.len()..count {
                let mean = full.eigenvalue(j)?;
                let source = PredictionSource::FullPopulation;
                leading.push(PredictedEigenvalue { mean, standard_deviation: None, source });
            }
        }
        for j in leading.len()..count {
            leading.push(self.of_bulk(j - self.outliers.len())?);
        }
        Ok(leading)
    }

    /// Eigenvalue j of the bulk from above, counted from 0: the mean of its largest, and quantiles after it; 0 beyond the rank.
    /// Whether the outliers leave it there is what [`edge_validity`](LogitSpectrum::edge_validity) says.
    ///
    /// # Errors
    /// If a quantile is not found.
    pub fn of_bulk(&self, j: usize) -> Result<PredictedEigenvalue> {
        if j >= self.noise.atoms().len() {
            return Ok(PredictedEigenvalue { mean: 0.0, standard_deviation: None, source: PredictionSource::Bulk });
        }
        if let (0, Some((mean, deviation))) = (j, self.noise.top()?) {
            return Ok(PredictedEigenvalue {
                mean,
                standard_deviation: Some(deviation),
                source: PredictionSource::Edge,
            });
        }
        let mean = self.noise.with_above(j as f64 + 0.5)?.map_or(0.0, |u| self.noise.place(u));
        Ok(PredictedEigenvalue { mean, standard_deviation: None, source: PredictionSource::Bulk })
    }

    pub(crate) fn signal(&self) -> &ResidueBulk {
        &self.signal
    }

    pub(crate) fn noise(&self) -> &ResidueBulk {
        &self.noise
    }

    pub(crate) fn mean_root(&self) -> &Root {
        &self.root
    }
}

/// Fails unless the sizes of residues and means leave room for squares of eigenvalues.
pub(in crate::random_matrix::logit_model) fn representable(residues: f64, means: f64) -> Result<()> {
    for (what, value) in [
        ("the largest population eigenvalue of the residues", residues),
        ("the largest inner product of the means, times all weights", means),
    ] {
        if value != 0.0 && !(1e-100..=1e100).contains(&value) {
            let limits = "must lie between 1e-100 and 1e100, or be 0: rescale the gradients";
            return Err(Error::OutOfRange { what, value, limits });
        }
    }
    Ok(())
}
