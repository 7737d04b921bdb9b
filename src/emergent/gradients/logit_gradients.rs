//! The parameters of the random model of logits, measured on a network.

use crate::curvature::RiskPoint;
use crate::error::{Error, Result};
use crate::linalg::dot;
use crate::operator::{Adjoint, LinearOperator};
use crate::random_matrix::{LogitModel, SoftmaxCurvature};
use crate::scalar::Scalar;

/// How the gradients of the logits cluster at a point: their class means and what is left, by exact sums over all examples.
///
/// ```text
///     J_mk in R^P: gradient of logit k of example m;   v_m = w_m / sum w,  1/N for equal weights
///     c_k = sum_m v_m J_mk                                            the mean of a class's logit
///     sigma_E^2 = sum_mk v_m |J_mk - c_k|^2 / (C P (1 - sum v^2))     variances of a coordinate, without bias
///     sigma_c^2 = sum_k |c_k|^2 / (C P) - sigma_E^2 sum v^2           at least 0
/// ```
///
/// One example cannot tell means from residues: all of it is mean then, which changes nothing of a trace or a norm.
///
/// Cost: N C gradients of one example for the norms, and C products with each of J and J' for the means; N C + C^2 numbers and
/// two vectors of P. The rows of J are never kept.
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LogitGradients {
    parameters: usize,
    classes: usize,
    squared_norm: f64,
    concentration: f64,
    gram: Vec<f64>,
}

impl LogitGradients {
    /// Measures them at a point of a risk.
    ///
    /// ```
    /// use eigenscape::curvature::{Examples, Loss, Risk};
    /// use eigenscape::emergent::LogitGradients;
    /// use eigenscape::network::{Activation, Perceptron};
    /// use eigenscape::objective::Objective;
    ///
    /// // A linear model: J_mk is (x_m, 1) in the block of class k, whatever the parameters.
    /// let network = Perceptron::new(&[1, 3], Activation::Identity)?;
    /// let examples = Examples::labelled(vec![1.0, 3.0], 1, &[0, 2], 3)?;
    /// let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    /// let gradients = LogitGradients::measure(&risk.at(&[0.0; 6])?)?;
    /// assert_eq!(gradients.gram(), [5.0, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 5.0]); // c_k = (2, 1)
    /// assert_eq!(gradients.squared_norm(), 3.0 * (2.0 + 10.0) / 2.0);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the weights of the examples sum to 0, a number is not finite, or there is not the memory to run a single example.
    pub fn measure<T: Scalar>(point: &RiskPoint<'_, T>) -> Result<Self> {
        let (risk, jacobian) = (point.risk(), point.jacobian());
        let classes = risk.outputs();
        let weights: Vec<f64> = risk.examples().weights().iter().map(|weight| weight.f64()).collect();
        let total: f64 = weights.iter().sum();
        Error::positive("the sum of the weights of the examples", total)?;
        let shares: Vec<f64> = weights.iter().map(|weight| weight / total).collect();

        let norms = point.logit_gradients_gram().diagonal()?;
        let of_example = |norms: &[T]| norms.iter().map(|norm| norm.f64()).sum::<f64>();
        let squared_norm: f64 = norms.chunks_exact(classes).zip(&shares).map(|(norms, v)| v * of_example(norms)).sum();

        // One mean after the other: its products with all others are means of J c_k.
        let mut logits = vec![T::zero(); jacobian.rows()];
        let mut mean = vec![T::zero(); jacobian.cols()];
        let mut gram = vec![0.0; classes * classes];
        for class in 0..classes {
            logits.fill(T::zero());
            logits.iter_mut().skip(class).step_by(classes).zip(&shares).for_each(|(u, &v)| *u = T::of(v));
            jacobian.apply_adjoint(&logits, &mut mean);
            jacobian.apply(&mean, &mut logits);
            let row = &mut gram[class * classes..][..classes];
            for (products, v) in logits.chunks_exact(classes).zip(&shares) {
                row.iter_mut().zip(products).for_each(|(sum, product)| *sum += v * product.f64());
            }
            row[class] = dot(&mean, &mean);
        }
        for row in 0..classes {
            for col in 0..row {
                let both = 0.5 * (gram[row * classes + col] + gram[col * classes + row]);
                (gram[row * classes + col], gram[col * classes + row]) = (both, both);
            }
        }
        let remedy = "the gradients of the logits overflow at these parameters";
        Error::finite("the inner products of class means", &gram, remedy)?;
        Error::finite("the squared norm of the gradients of the logits", &[squared_norm], remedy)?;
        let concentration = shares.iter().map(|v| v * v).sum();
        Ok(LogitGradients { parameters: jacobian.cols(), classes, squared_norm, concentration, gram })
    }

    /// K = c c', the inner products of the means: C x C, row by row.
    pub fn gram(&self) -> &[f64] {
        &self.gram
    }

    /// sum_mk v_m |J_mk|^2, the trace of the neural tangent kernel over N.
    pub fn squared_norm(&self) -> f64 {
        self.squared_norm
    }

    /// sigma_c and sigma_E, the deviations of a coordinate of a mean and of a residue.
    pub fn deviations(&self) -> (f64, f64) {
        let means: f64 = self.gram.iter().step_by(self.classes + 1).sum();
        deviations(means, self.squared_norm, self.concentration, self.classes * self.parameters)
    }

    /// The random model with these deviations at given probabilities.
    ///
    /// # Errors
    /// If there are no parameters.
    pub fn model(&self, curvature: SoftmaxCurvature) -> Result<LogitModel> {
        let (mean, residue) = self.deviations();
        LogitModel::new(self.parameters, mean, residue, curvature)
    }

    /// The random model at the probabilities of a point, the one that was measured or another of the same network.
    ///
    /// # Errors
    /// If the loss is not softmax cross-entropy, or a logit is not finite.
    pub fn model_at<T: Scalar>(&self, point: &RiskPoint<'_, T>) -> Result<LogitModel> {
        let double = |values: &[T]| -> Vec<f64> { values.iter().map(|value| value.f64()).collect() };
        let (probabilities, weights) = (double(&point.probabilities()?), double(point.risk().examples().weights()));
        self.model(SoftmaxCurvature::weighted(&probabilities, point.risk().outputs(), &weights)?)
    }
}

/// sigma_c and sigma_E without bias, from tr K, sum_mk v_m |J_mk|^2 and sum v^2: all is mean where one example has all weight.
pub(super) fn deviations(means: f64, squared_norm: f64, concentration: f64, coordinates: usize) -> (f64, f64) {
    let (coordinates, apart) = (coordinates as f64, 1.0 - concentration);
    // The weight of all but one example may be nothing to rounding.
    if apart < 1e-12 {
        return ((squared_norm / coordinates).sqrt(), 0.0);
    }
    let residue = ((squared_norm - means) / (coordinates * apart)).max(0.0);
    ((means / coordinates - residue * concentration).max(0.0).sqrt(), residue.sqrt())
}

#[cfg(feature = "serde")]
crate::saved::checked!(LogitGradients {
    parameters: usize,
    classes: usize,
    squared_norm: f64,
    concentration: f64,
    gram: Vec<f64>,
} by |gradients| {
    let limits = "must be at least 1";
    Error::at_least("the number of parameters of saved gradients", gradients.parameters, 1, limits)?;
    Error::at_least("the number of classes of saved gradients", gradients.classes, 1, limits)?;
    let entries = gradients.classes.saturating_mul(gradients.classes);
    Error::length("the inner products of saved class means", gradients.gram.len(), entries)?;
    Error::finite("the inner products of saved class means", &gradients.gram, crate::saved::DAMAGED)?;
    Error::not_negative("the squared norm of saved gradients", gradients.squared_norm)?;
    Error::not_negative("the concentration of the weights of saved gradients", gradients.concentration)
});
