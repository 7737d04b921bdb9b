//! The refined model: means of pairs of classes under residues with their own spectrum.

use super::noise_draws::NoiseDraws;
use super::pair_means::PairMeans;
use crate::error::{Error, Result};
use crate::krylov::Eigensolver;
use crate::linalg::dot;
use crate::objective::Point;
use crate::random::Key;
use crate::random_matrix::{DrawMean, SeparableSignal, SignalOutlier, SignalRow};
use crate::scalar::Scalar;
use crate::spectrum::StochasticLanczos;

/// Eigenvalues of the residues that are computed one by one.
const TOP: usize = 20;
/// Classes above which the outliers' C^2 x C^2 eigenproblems would take minutes.
const MOST_CLASSES: usize = 24;
/// Probes and steps for the rest of them.
const PROBES: usize = 4;
const STEPS: usize = 60;

/// A theory of a trained classifier's Gauss-Newton spectrum: means for each pair of a class and a logit, with noise whose rows
/// have the measured sizes and whose columns have the measured spectrum and lie as measured to the means.
///
/// ```text
///     row (m, k):  sqrt(u_mk) a_yk d_yk + noise,    E |noise|^2 = u_mk |e_mk|^2
///     Sigma = R / tr R in its spectrum, and in its part on the span of the means:  d_yk . R d_zl
/// ```
///
/// in the words of [`PairMeans`]. Where the random model of Fort & Ganguli takes residues as isotropic in P dimensions and one mean for
/// each logit, a trained network has some hundred effective dimensions, and means that depend on the class; the predictions are
/// those of [`SeparableSignal::aligned`]. Residues lie along the means of other pairs more than at random; with means taken as
/// independent of them the outliers are a tenth too low in the middle of training. What the theory leaves out: that residues of
/// some pairs may prefer directions of their own, and what R has between the means and other directions.
/// Eigenvalues that a few examples' residues put above those of the means are bulk to it, and it has no eigenvectors of theirs: where
/// these lead, as in a convolutional network on CIFAR-10, outliers and the gradient's share are missing.
///
/// Cost of the fit: 300 + C^2 products with R. Twice C^2 x C^2 numbers, and two spectra.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::emergent::{PairMeans, RefinedModel};
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::network::{Activation, Initialization, Perceptron};
/// use eigenscape::objective::Objective;
/// use eigenscape::random::Key;
///
/// let network = Perceptron::new(&[8, 16, 3], Activation::Tanh)?;
/// let mut inputs = vec![0.0f64; 90 * 8];
/// Key::new(0).normal(0, &mut inputs);
/// let labels: Vec<usize> = (0..90).map(|example| example % 3).collect();
/// inputs.chunks_exact_mut(8).zip(&labels).for_each(|(x, &y)| x[y] += 3.0);
/// let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 8, &labels, 3)?)?;
/// let point = risk.at(&Initialization::lecun().draw(&network, Key::new(1)))?;
///
/// let model = RefinedModel::fit(&PairMeans::measure(&point)?, Key::new(2))?;
/// let measured = Eigensolver::new(2, Key::new(3)).run(&point.gauss_newton())?;
/// for (predicted, measured) in model.outliers().iter().zip(&measured.values) {
///     assert!((predicted.position / measured - 1.0).abs() < 0.12);
/// }
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Papyan 2020, arXiv:2008.11865; Paul & Silverstein 2009, doi:10.1016/j.jmva.2008.03.010; Fort & Ganguli 2019,
/// arXiv:1910.05929.
#[derive(Clone, Debug)]
pub struct RefinedModel {
    rows: Vec<SignalRow>,
    columns: Vec<(f64, f64)>,
    signal: SeparableSignal,
    outliers: Vec<SignalOutlier>,
    gradient_products: Vec<f64>,
    squared_gradient: f64,
}

/// How many eigenvalues are more than noise explains.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OutlierCount {
    /// Their number.
    pub count: usize,
    /// The p-value of each eigenvalue that was given.
    pub p_values: Vec<f64>,
    /// The mean of the noise's largest eigenvalue.
    pub noise_mean: f64,
    /// Its standard deviation.
    pub noise_deviation: f64,
    /// The distance from the last outlier to the eigenvalue after it; none if there is no outlier, or none is known after it.
    pub gap: Option<f64>,
}

impl OutlierCount {
    /// Whether a gap of more than four standard deviations of the noise's largest eigenvalue sets the outliers apart. Without one,
    /// as late in training, where outliers pass smoothly into the bulk, their number depends on the level and means little.
    pub fn is_separated(&self) -> bool {
        self.gap.is_some_and(|gap| gap > 4.0 * self.noise_deviation)
    }
}

fn p_values(eigenvalues: &[f64], noise: &[f64]) -> Vec<f64> {
    let above = |value: f64| noise.iter().filter(|&&noise| noise >= value).count();
    eigenvalues.iter().map(|&value| (1 + above(value)) as f64 / (1 + noise.len()) as f64).collect()
}

impl RefinedModel {
    /// Fits the model to what was measured at a point.
    ///
    /// # Errors
    /// If there is no residue (as for one example to a class), there is no curvature at all, or a product is not finite. If there are more
    /// than 24 classes: outliers take some 15 C eigenproblems of C^2 x C^2.
    pub fn fit<T: Scalar>(means: &PairMeans<'_, '_, T>, key: Key) -> Result<Self> {
        let classes = means.classes();
        if classes > MOST_CLASSES {
            let because = "where outliers take eigenproblems of C^2 x C^2: group classes, or take the random model";
            return Err(Error::AboveLimit {
                what: "the number of classes",
                value: classes,
                limit: MOST_CLASSES,
                because,
            });
        }
        let rows = means.rows();
        let noise: f64 = rows.iter().map(|row| row.noise).sum();
        Error::positive("the trace of what pairs of classes leave of the Gauss-Newton matrix", noise)?;
        let residue = means.residue();
        let parameters = crate::operator::LinearOperator::<T>::rows(&residue);
        let top = Eigensolver::new(TOP.min(parameters), key.split(0))
            .relative_tolerance(1e-3)
            .check_multiplicity(false)
            .run(&residue)?;
        let spectrum = StochasticLanczos::new(key.split(1))
            .probes(PROBES)
            .steps(STEPS)
            .deflate(&top.values, &top.vectors)
            .run(&residue)?
            .mean();
        let nodes = spectrum.nodes().iter().zip(spectrum.weights());
        let mut columns: Vec<(f64, f64)> =
            nodes.map(|(&node, &weight)| (node.max(0.0), weight * parameters as f64)).collect();
        columns.sort_by(|left, right| right.0.total_cmp(&left.0));
        let signal = SeparableSignal::aligned(&rows, &columns, &means.gram(), &means.residue_along())?;
        let gradient = means.point().gradient();
        Ok(RefinedModel {
            outliers: signal.outliers()?,
            rows,
            columns,
            signal,
            gradient_products: means.gradient_products(),
            squared_gradient: dot(gradient, gradient),
        })
    }

    /// The outliers that the theory puts outside of the bulk, descending.
    pub fn outliers(&self) -> &[SignalOutlier] {
        &self.outliers
    }

    /// The end of the bulk in the limit of many rows and columns.
    pub fn edge(&self) -> f64 {
        self.signal.edge()
    }

    /// tr G.
    pub fn trace(&self) -> f64 {
        self.signal.trace()
    }

    /// The eigenvalues of the residues' columns, descending, with how many there are of each; in units of the Gauss-Newton matrix.
    pub fn columns(&self) -> &[(f64, f64)] {
        &self.columns
    }

    /// The share of the gradient's squared length along the first k outliers, through their projections on the means: what
    /// eigenvectors have outside of these is left out. None if the gradient is zero.
    pub fn gradient_share(&self, k: usize) -> Option<f64> {
        let power = |outlier| self.signal.along(outlier, &self.gradient_products).powi(2);
        let sum: f64 = self.outliers.iter().take(k).map(power).sum();
        (self.squared_gradient > 0.0).then(|| sum / self.squared_gradient)
    }

    /// The largest eigenvalue of draws of the noise alone, without class means: what the end of a bulk is without outliers. Draw i
    /// comes from child i of `key`.
    ///
    /// At most the 2000 largest rows and 400 largest columns are drawn. The others, many and small, enter through the limits of
    /// their sums, and a draw costs some 0.03 s for any number of examples.
    ///
    /// # Errors
    /// If there are no draws, or a product is not finite.
    pub fn largest_of_noise(&self, draws: usize, key: Key) -> Result<Vec<f64>> {
        Error::at_least("the number of draws", draws, 1, "must be at least 1")?;
        let noise = NoiseDraws::new(&self.rows, &self.columns, &self.signal);
        (0..draws as u64).map(|draw| noise.largest(key.split(draw))).collect()
    }

    /// The end of the bulk at this size: the mean of [`RefinedModel::largest_of_noise`].
    ///
    /// Where few rows carry the noise, as late in training, the largest eigenvalue lies well below the limit,
    /// [`RefinedModel::edge`].
    ///
    /// # Errors
    /// As [`RefinedModel::largest_of_noise`].
    pub fn edge_of_draws(&self, draws: usize, key: Key) -> Result<DrawMean> {
        Ok(DrawMean::of(self.largest_of_noise(draws, key)?.into_iter()))
    }

    /// How likely noise without class means has a largest eigenvalue of this size or more: (1 + draws at or above) / (1 + draws), for
    /// each eigenvalue of the Gauss-Newton matrix.
    ///
    /// # Errors
    /// As [`RefinedModel::largest_of_noise`].
    pub fn p_values(&self, eigenvalues: &[f64], draws: usize, key: Key) -> Result<Vec<f64>> {
        Ok(p_values(eigenvalues, &self.largest_of_noise(draws, key)?))
    }

    /// How many of the largest eigenvalues of the Gauss-Newton matrix, given in descending order, are more than noise explains at a
    /// level, and whether a gap sets them apart.
    ///
    /// The p-values are those of a parametric bootstrap, [`RefinedModel::p_values`]; with `draws` of them none is below
    /// 1 / (draws + 1).
    ///
    /// # Errors
    /// As [`RefinedModel::largest_of_noise`], or unless the level lies between 1 / (draws + 1) and 1.
    pub fn count(&self, eigenvalues: &[f64], level: f64, draws: usize, key: Key) -> Result<OutlierCount> {
        if !(level >= 1.0 / (draws as f64 + 1.0) && level < 1.0) {
            let limits = "must lie between 1 / (draws + 1) and 1: take more draws for a smaller one";
            return Err(Error::OutOfRange { what: "the level of a test", value: level, limits });
        }
        let noise = self.largest_of_noise(draws, key)?;
        let p_values = p_values(eigenvalues, &noise);
        let count = p_values.iter().take_while(|&&p| p <= level).count();
        let noise = DrawMean::of(noise.into_iter());
        let gap = (count > 0 && count < eigenvalues.len()).then(|| eigenvalues[count - 1] - eigenvalues[count]);
        Ok(OutlierCount {
            count,
            p_values,
            noise_mean: noise.mean,
            noise_deviation: noise.deviation.unwrap_or(0.0),
            gap,
        })
    }
}
