//! A risk at a point, and the operators that it has there.

use std::fmt;
use std::sync::OnceLock;

use super::factor::{Factor, not_convex, softmax};
use super::products::Products;
use super::{
    ClassStructure, GaussNewton, GradientGram, Gradients, Hessian, Jacobian, LogitCurvature, Remainder, Risk,
    SecondMoment,
};
use crate::error::{Error, Result};
use crate::linalg::dot;
use crate::objective::{GaussNewtonPoint, Point, Taylor};
use crate::operator::{Gram, LinearOperator, Normal};
use crate::random::Key;
use crate::scalar::Scalar;
use crate::spectrum::Estimate;

/// A risk at a point. An operator's primal part is paid when it is first asked for, and then once.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::{Objective, Point};
/// use eigenscape::operator::to_dense;
///
/// let network = Perceptron::new(&[2, 3, 2], Activation::Tanh)?;
/// let examples = Examples::labelled(vec![1.0, 0.0, 0.5, -1.0, -0.5, 2.0], 2, &[0, 1, 1], 2)?;
/// let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
/// let point = risk.at(&(0..17).map(|i| f64::from(i).sin()).collect::<Vec<_>>())?;
/// // H = G + R, and for this loss the Fisher matrix is G.
/// let [h, g, r, f] = [
///     to_dense(&point.hessian()),
///     to_dense(&point.gauss_newton()),
///     to_dense(&point.remainder()),
///     to_dense(&point.fisher()?),
/// ];
/// for i in 0..17 * 17 {
///     assert!((h.entries()[i] - g.entries()[i] - r.entries()[i]).abs() < 1e-14);
///     assert_eq!(g.entries()[i], f.entries()[i]);
/// }
/// let diagonal: Vec<f64> = g.entries().iter().copied().step_by(18).collect();
/// assert!(diagonal.iter().zip(point.gauss_newton_diagonal()?).all(|(x, y)| (x - y).abs() < 1e-14));
/// # Ok::<(), eigenscape::Error>(())
/// ```
pub struct RiskPoint<'a, T> {
    risk: &'a Risk<T>,
    theta: Vec<T>,
    value: f64,
    gradient: Vec<T>,
    hessian: OnceLock<Products<'a, T>>,
    gauss_newton: OnceLock<Products<'a, T>>,
    remainder: OnceLock<Products<'a, T>>,
    jacobian: OnceLock<Products<'a, T>>,
}

impl<T: Scalar> fmt::Debug for RiskPoint<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RiskPoint").field("risk", &self.risk).field("value", &self.value).finish_non_exhaustive()
    }
}

impl<'r, T: Scalar> RiskPoint<'r, T> {
    pub(super) fn new(risk: &'r Risk<T>, theta: Vec<T>, value: f64, gradient: Vec<T>) -> Self {
        let [hessian, gauss_newton, remainder, jacobian] = [const { OnceLock::new() }; 4];
        RiskPoint { risk, theta, value, gradient, hessian, gauss_newton, remainder, jacobian }
    }

    /// The risk.
    pub fn risk(&self) -> &'r Risk<T> {
        self.risk
    }

    /// The parameters.
    pub fn theta(&self) -> &[T] {
        &self.theta
    }

    /// G = sum_m w_m J_m' S_m J_m, the part of the Hessian without the curvature of the logits: P x P. Semidefinite, as its
    /// type promises, for losses that are convex in the outputs, as all that come with the crate; for one of your own that
    /// is not, the promise is false.
    #[doc(alias = "GGN")]
    #[doc(alias = "generalized Gauss-Newton")]
    pub fn gauss_newton(&self) -> GaussNewton<'_, T> {
        let recording = &self.risk.recording;
        let products = self.gauss_newton.get_or_init(|| {
            let derivative = self.risk.derivatives.gauss_newton.get_or_init(|| recording.gauss_newton());
            Products::new(self.risk, derivative, &self.theta)
        });
        GaussNewton::new(products, &self.theta)
    }

    /// H - G, the part of the Hessian with the curvature of the logits: P x P, symmetric.
    pub fn remainder(&self) -> Remainder<'_, T> {
        let recording = &self.risk.recording;
        let products = self.remainder.get_or_init(|| {
            let derivative = self.risk.derivatives.remainder.get_or_init(|| recording.remainder());
            Products::new(self.risk, derivative, &self.theta)
        });
        Remainder::new(products, &self.theta)
    }

    /// J, the derivative of all logits: (N C) x P, the logits of an example together.
    #[doc(alias = "JVP")]
    #[doc(alias = "VJP")]
    pub fn jacobian(&self) -> Jacobian<'_, T> {
        let Risk { recording, derivatives, .. } = self.risk;
        let products = self.jacobian.get_or_init(|| {
            let derivative = derivatives.jacobian.get_or_init(|| recording.jacobian());
            Products::new(self.risk, derivative, &self.theta)
        });
        Jacobian::new(products, &self.theta)
    }

    /// The gradients g_m of the losses of single examples, unweighted: N x P. Their weighted mean is the risk's gradient.
    ///
    /// # Errors
    /// If a logit is not finite.
    #[doc(alias = "per_example_gradients")]
    #[doc(alias = "per_sample_gradients")]
    pub fn gradients(&self) -> Result<Gradients<'_, T>> {
        let entries = self.logit_gradients(&self.logits()?, self.risk.examples().targets());
        Ok(Gradients::new(self.jacobian(), self.rows(1, entries)))
    }

    /// The inner products of the gradients of single examples: N x N.
    ///
    /// # Errors
    /// If a logit is not finite.
    pub fn gradient_gram(&self) -> Result<GradientGram<'_, T>> {
        Ok(Gram::new(self.gradients()?))
    }

    /// J J', the empirical neural tangent kernel: (N C) x (N C), the logits of an example together.
    ///
    /// Its matrix is that of [`RiskPoint::logit_gradients_gram`], where the N C rows of J fit the memory budget.
    ///
    /// # References
    /// Jacot, Gabriel, Hongler 2018, arXiv:1806.07572.
    #[doc(alias = "ntk")]
    #[doc(alias = "neural_tangent_kernel")]
    pub fn kernel(&self) -> Gram<Jacobian<'_, T>> {
        Gram::new(self.jacobian())
    }

    /// The rows of J as gradients, and their inner products: the neural tangent kernel as a Gram matrix, which can be made
    /// [dense](GradientGram::dense) at the cost of its rows.
    ///
    /// ```
    /// use eigenscape::curvature::{Examples, Loss, Risk};
    /// use eigenscape::network::{Activation, Perceptron};
    /// use eigenscape::objective::Objective;
    ///
    /// // A linear model's kernel is x x' + 1.
    /// let network = Perceptron::new(&[1, 1], Activation::Identity)?;
    /// let examples = Examples::new(vec![2.0, 3.0], 1, vec![0.0, 1.0], 1)?;
    /// let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples)?;
    /// assert_eq!(risk.at(&[1.0, 0.0])?.logit_gradients_gram().dense()?.entries(), [5.0, 7.0, 7.0, 10.0]);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    pub fn logit_gradients_gram(&self) -> GradientGram<'_, T> {
        let (outputs, count) = (self.risk.outputs(), self.risk.examples().count());
        let identity = Factor::Diagonal { outputs, entries: vec![T::one(); outputs * count] };
        Gram::new(Gradients::new(self.jacobian(), identity))
    }

    /// B, a square root of the Gauss-Newton matrix: B'B = G with row blocks sqrt(w_m) S_m^(1/2) J_m, (N C) x P.
    ///
    /// The [`Gram`] matrix of it is G's dual: it has G's non-zero eigenvalues, exactly, and is the smaller one where
    /// N C < P.
    ///
    /// # Errors
    /// If a logit is not finite; for a loss of your own, also if its second derivative has a negative eigenvalue or the
    /// N C^2 numbers of these do not fit the memory budget.
    ///
    /// # References
    /// Dangel, Tatzel, Hennig 2022, arXiv:2106.02624.
    pub fn gauss_newton_root(&self) -> Result<Gradients<'_, T>> {
        let logits = self.logits()?;
        let (outputs, weights) = (self.risk.outputs(), self.risk.examples().weights());
        let scales: Vec<T> = weights.iter().map(|weight| weight.sqrt()).collect();
        let factor = match self.risk.loss.curvature() {
            LogitCurvature::Softmax => Factor::Softmax { outputs, probabilities: softmax(&logits, outputs), scales },
            LogitCurvature::Diagonal => {
                let mut entries = self.risk.logit_products(&logits, |_| T::one());
                if let Some(negative) = entries.iter().find(|&&entry| entry < T::zero() || entry.is_nan()) {
                    return Err(not_convex(negative.f64()));
                }
                for (row, &scale) in entries.chunks_exact_mut(outputs).zip(&scales) {
                    row.iter_mut().for_each(|entry| *entry = entry.sqrt() * scale);
                }
                Factor::Diagonal { outputs, entries }
            }
            LogitCurvature::Dense => self.dense_root(&logits)?,
        };
        Ok(Gradients::new(self.jacobian(), factor))
    }

    /// The roots of second derivatives of which nothing is known but their products.
    fn dense_root(&self, logits: &[T]) -> Result<Factor<T>> {
        let (outputs, count) = (self.risk.outputs(), self.risk.examples().count());
        let needed = (count as u128) * (outputs as u128).pow(2) * size_of::<T>() as u128;
        if needed > self.risk.memory_budget as u128 {
            return Err(Error::Memory {
                what: "the second derivatives of the loss by the logits of each example",
                needed,
                budget: self.risk.memory_budget as u128,
                remedy: "select fewer examples, raise the memory budget, or give the loss its `curvature`",
            });
        }
        let mut matrices = vec![T::zero(); count * outputs * outputs];
        for column in 0..outputs {
            let products = self.risk.logit_products(logits, |k| if k == column { T::one() } else { T::zero() });
            for (matrix, product) in matrices.chunks_exact_mut(outputs * outputs).zip(products.chunks_exact(outputs)) {
                // Symmetric: a column is a row.
                matrix[column * outputs..][..outputs].copy_from_slice(product);
            }
        }
        Factor::roots(outputs, matrices, self.risk.examples().weights())
    }

    /// The diagonal of the Gauss-Newton matrix, exactly: P entries. Cost: N C gradients of one example. That of the Hessian is
    /// estimated by [`HutchinsonDiagonal`](crate::spectrum::HutchinsonDiagonal).
    ///
    /// # Errors
    /// As [`RiskPoint::gauss_newton_root`].
    pub fn gauss_newton_diagonal(&self) -> Result<Vec<T>> {
        Normal::new(self.gauss_newton_root()?).diagonal()
    }

    /// |H - G| / |G| in Frobenius norms, from products with the same random vectors: how well the Gauss-Newton matrix
    /// stands for the Hessian, the first assumption of Fort & Ganguli 2019.
    ///
    /// ```text
    ///     |A|^2 = E |A z|^2,  z of independent signs;   the standard error is that of the ratio of two means
    /// ```
    ///
    /// Cost: one product with each of H - G and G for each probe. Probe i comes from child i of `key`.
    ///
    /// # Errors
    /// If there are no probes, a product is not finite, or G is zero.
    ///
    /// # References
    /// Fort, Ganguli 2019, arXiv:1910.05929.
    pub fn remainder_ratio(&self, probes: usize, key: Key) -> Result<Estimate> {
        Error::at_least("the number of probes", probes, 1, "must be at least 1; 2 for a standard error")?;
        let (remainder, gauss_newton) = (self.remainder(), self.gauss_newton());
        let [mut z, mut product] = [(); 2].map(|()| vec![T::zero(); self.theta.len()]);
        let mut squares = Vec::new();
        for probe in 0..probes {
            key.split(probe as u64).signs(0, &mut z);
            let mut square = |operator: &dyn LinearOperator<T>| {
                operator.apply(&z, &mut product);
                dot(&product, &product)
            };
            squares.push((square(&remainder), square(&gauss_newton)));
        }
        let mean = |of: fn(&(f64, f64)) -> f64| squares.iter().map(of).sum::<f64>() / probes as f64;
        let (above, below) = (mean(|square| square.0), mean(|square| square.1));
        Error::finite("the squared norms of products", &[above, below], "the operators overflow at these parameters")?;
        Error::positive("the squared norm of the Gauss-Newton matrix", below)?;
        let ratio = above / below;
        // sqrt of a ratio of means, to first order in what the means are off by.
        let deviations = squares.iter().map(|(x, y)| ratio.sqrt() + (x - ratio * y) / (2.0 * below * ratio.sqrt()));
        match ratio {
            0.0 => Ok(Estimate::new(squares.iter().map(|_| 0.0), 2 * probes as u64)),
            _ => Ok(Estimate::new(deviations, 2 * probes as u64)),
        }
    }

    /// The risk and its first three derivatives along a direction. Cost: about 8 risks.
    ///
    /// # Errors
    /// If a derivative is not finite.
    ///
    /// # Panics
    /// If the direction does not have P entries.
    #[track_caller]
    #[doc(alias = "directional derivatives")]
    #[doc(alias = "jet")]
    pub fn along(&self, direction: &[T]) -> Result<Taylor> {
        assert_eq!(direction.len(), self.theta.len(), "the direction must hold {} entries", self.theta.len());
        Error::finite("the direction of an expansion", direction, "give a finite direction")?;
        self.risk.along(&self.theta, direction)
    }

    /// F = sum_m w_m E_{y ~ p(y | x_m)} g_m(y) g_m(y)', the Fisher matrix: P x P. For losses whose outputs are natural
    /// parameters, all that come with the crate, it is the Gauss-Newton matrix.
    ///
    /// # Errors
    /// If the loss does not say that it is such a one: draw from it with [`RiskPoint::sampled_fisher`].
    ///
    /// # References
    /// Martens 2020, arXiv:1412.1193.
    #[doc(alias = "Fisher information")]
    #[doc(alias = "natural gradient")]
    pub fn fisher(&self) -> Result<GaussNewton<'_, T>> {
        if self.risk.loss.is_natural() {
            return Ok(self.gauss_newton());
        }
        let remedy = "implement `LossFunction::is_natural`, or take `sampled_fisher`";
        Err(Error::Missing { what: "a closed form of the Fisher matrix of this loss", remedy })
    }

    /// The Fisher matrix with the mean over targets replaced by `draws` draws for each example: an unbiased estimate,
    /// P x P, of rank N draws at most. Draw j of example m comes from child m of child j of `key`.
    ///
    /// # Errors
    /// If there are no draws, the loss has no sampler, or a logit is not finite.
    pub fn sampled_fisher(&self, draws: usize, key: Key) -> Result<SecondMoment<'_, T>> {
        Error::at_least("the number of draws", draws, 1, "must be at least 1")?;
        let (logits, outputs) = (self.logits()?, self.risk.outputs());
        let count = self.risk.examples().count();
        let needed = (count as u128 * draws as u128).saturating_mul((outputs * size_of::<T>()) as u128);
        // A product needs them all: a smaller budget cannot be kept.
        let budget = self.risk.memory_budget.max(Risk::<T>::MEMORY_BUDGET) as u128;
        if needed > budget {
            return Err(Error::Memory {
                what: "the gradients by the logits of all draws",
                needed,
                budget,
                remedy: "take fewer draws, select fewer examples, or raise the memory budget",
            });
        }
        let mut entries = vec![T::zero(); count * draws * outputs];
        let mut targets = vec![T::zero(); count * outputs];
        for draw in 0..draws {
            let key = key.split(draw as u64);
            for (example, (z, y)) in logits.chunks_exact(outputs).zip(targets.chunks_exact_mut(outputs)).enumerate() {
                // What does not count need not have a distribution.
                if self.risk.examples().weights()[example] > T::zero() {
                    self.risk.loss.sample(z, key.split(example as u64), y)?;
                }
            }
            let gradients = self.logit_gradients(&logits, &targets);
            for (rows, gradient) in entries.chunks_exact_mut(draws * outputs).zip(gradients.chunks_exact(outputs)) {
                rows[draw * outputs..][..outputs].copy_from_slice(gradient);
            }
        }
        let entries = self.weighted(entries, T::of(1.0 / draws as f64));
        Ok(Normal::new(Gradients::new(self.jacobian(), self.rows(draws, entries))))
    }

    /// sum_m w_m g_m g_m', the uncentred second moment of the gradients of single examples: P x P.
    ///
    /// Not the Fisher matrix: the targets are the data's, not the model's.
    ///
    /// # Errors
    /// If a logit is not finite.
    ///
    /// # References
    /// Kunstner, Balles, Hennig 2019, arXiv:1905.12558.
    #[doc(alias = "EF")]
    #[doc(alias = "Fisher information")]
    pub fn empirical_fisher(&self) -> Result<SecondMoment<'_, T>> {
        Ok(Normal::new(self.weighted_gradients()?))
    }

    /// sum_m w_m (g_m - g)(g_m - g)', g = sum_m w_m g_m / sum_m w_m: the covariance of the gradients of single examples,
    /// P x P.
    ///
    /// # Errors
    /// If a logit is not finite, or the weights sum to 0.
    #[doc(alias = "gradient noise")]
    #[doc(alias = "SGD noise")]
    pub fn gradient_covariance(&self) -> Result<SecondMoment<'_, T>> {
        let weights = self.risk.examples().weights();
        let total: f64 = weights.iter().map(|weight| weight.f64()).sum();
        Error::positive("the sum of the weights of the examples", total)?;
        let mean = self.gradient.iter().map(|&g| T::of(g.f64() / total)).collect();
        let scales = weights.iter().map(|weight| weight.sqrt()).collect();
        Ok(Normal::new(self.weighted_gradients()?.less(scales, mean)))
    }

    /// p_m = softmax(z_m), the network's distribution over classes for each example: N x C, row by row.
    ///
    /// # Errors
    /// If the loss is not softmax cross-entropy, or a logit is not finite.
    pub fn probabilities(&self) -> Result<Vec<T>> {
        if self.risk.loss.curvature() != LogitCurvature::Softmax {
            let remedy = "take softmax cross-entropy as the loss: with others logits have no softmax";
            return Err(Error::Missing { what: "a distribution over classes", remedy });
        }
        Ok(softmax(&self.logits()?, self.risk.outputs()))
    }

    /// The Gauss-Newton matrix split into class means, means of pairs of classes, and scatter within them.
    ///
    /// # Errors
    /// If the loss is not softmax cross-entropy, the examples have no labels, or a logit is not finite.
    #[doc(alias = "Papyan")]
    #[doc(alias = "cross-class")]
    pub fn class_structure(&self) -> Result<ClassStructure<'_, T>> {
        let probabilities = self.probabilities()?;
        let examples = self.risk.examples();
        let labels = examples
            .labels()
            .ok_or(Error::Empty { what: "the list of labels", remedy: "make the examples with `labelled`" })?;
        Ok(ClassStructure::new(self.jacobian(), labels.to_vec(), probabilities, examples.weights()))
    }

    fn weighted_gradients(&self) -> Result<Gradients<'_, T>> {
        let entries = self.logit_gradients(&self.logits()?, self.risk.examples().targets());
        let entries = self.weighted(entries, T::one());
        Ok(Gradients::new(self.jacobian(), self.rows(1, entries)))
    }

    /// Rows of each example times the square root of its weight and of `factor`.
    fn weighted(&self, mut entries: Vec<T>, factor: T) -> Vec<T> {
        let weights = self.risk.examples().weights();
        let len = entries.len() / weights.len();
        for (rows, &weight) in entries.chunks_exact_mut(len).zip(weights) {
            let scale = (weight * factor).sqrt();
            rows.iter_mut().for_each(|entry| *entry *= scale);
        }
        entries
    }

    fn rows(&self, rows: usize, entries: Vec<T>) -> Factor<T> {
        Factor::Rows { rows, outputs: self.risk.outputs(), entries }
    }

    /// The gradients of the losses of single examples by their logits, N x C.
    fn logit_gradients(&self, logits: &[T], targets: &[T]) -> Vec<T> {
        self.risk.logit_gradients(logits, targets)
    }

    pub(super) fn logits(&self) -> Result<Vec<T>> {
        let logits = self.risk.logits(&self.theta);
        Error::finite("the logits", &logits, "the network overflows at these parameters")?;
        Ok(logits)
    }
}

impl<T: Scalar> Point<T> for RiskPoint<'_, T> {
    type Hessian<'a>
        = Hessian<'a, T>
    where
        Self: 'a;

    fn value(&self) -> f64 {
        self.value
    }
    fn gradient(&self) -> &[T] {
        &self.gradient
    }
    fn hessian(&self) -> Hessian<'_, T> {
        let products = self.hessian.get_or_init(|| {
            let derivative = self.risk.derivatives.hessian.get_or_init(|| self.risk.recording.hessian());
            Products::new(self.risk, derivative, &self.theta)
        });
        Hessian::new(products, &self.theta)
    }
}

impl<T: Scalar> GaussNewtonPoint<T> for RiskPoint<'_, T> {
    type GaussNewton<'a>
        = GaussNewton<'a, T>
    where
        Self: 'a;

    fn gauss_newton(&self) -> GaussNewton<'_, T> {
        RiskPoint::gauss_newton(self)
    }
}
