//! Losses of a row of outputs against a row of targets.

use std::fmt;

use crate::error::{Error, Result};
use crate::random::Key;
use crate::scalar::Scalar;
use crate::tape::Var;

/// The losses that come with the crate: negative log-likelihoods whose outputs are natural parameters.
///
/// z are the outputs of an example, y its targets, S the second derivative of the loss by z. Since z are natural
/// parameters, S does not depend on y and is the Fisher matrix of the outputs: the Gauss-Newton matrix is the Fisher
/// matrix for each of them.
///
/// | loss | value | targets | S | model of the targets |
/// | --- | --- | --- | --- | --- |
/// | [`SoftmaxCrossEntropy`](Loss::SoftmaxCrossEntropy) | -sum_k y_k ln p_k, p = softmax(z) | probabilities | diag(p) - p p' | one class, from p |
/// | [`SquaredError`](Loss::SquaredError) | sum_k (z_k - y_k)^2 / 2 | any | identity | normal about z, variance 1 |
/// | [`Logistic`](Loss::Logistic) | sum_k ln(1 + e^z_k) - y_k z_k | in \[0, 1\] | diag(q (1 - q)), q = sigmoid(z) | k-th is 1 with probability q_k |
/// | [`Poisson`](Loss::Poisson) | sum_k e^z_k - y_k z_k | at least 0 | diag(e^z) | counts with means e^z |
///
/// Loss, p - y and S of a softmax are differences that cancel where a class is certain. They are computed relative to a class with
/// half of the probability or more, so that all three keep their digits: `f32` sees the curvature of a network that fits its data with
/// a loss of 1e-10.
///
/// Logarithms are natural. The Poisson loss leaves out ln y!, which does not depend on z. Labels are smoothed in the
/// examples, by [`Examples::smoothed`](super::Examples::smoothed). Your own losses: [`LossFunction`].
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::Objective;
///
/// let network = Perceptron::new(&[1, 2], Activation::Identity)?;
/// let examples = Examples::new(vec![1.0], 1, vec![1.0, 0.0], 2)?;
/// let value = |loss| Risk::<f64>::new(&network, loss, examples.clone())?.value(&[2.0, 0.0, 0.0, 0.0]); // z = (2, 0)
/// assert!((value(Loss::SoftmaxCrossEntropy)? - (1.0 + (-2f64).exp()).ln()).abs() < 1e-15);
/// assert_eq!(value(Loss::SquaredError)?, 0.5);
/// assert!((value(Loss::Logistic)? - (1.0 + 2f64.exp()).ln() + 2.0 - 2f64.ln()).abs() < 1e-15);
/// assert!((value(Loss::Poisson)? - (2f64.exp() - 2.0 + 1.0)).abs() < 1e-14);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Loss {
    /// -sum_k y_k ln p_k with p = softmax(z); targets y are probabilities, one-hot for a label.
    #[doc(alias = "cross_entropy")]
    SoftmaxCrossEntropy,
    /// |z - y|^2 / 2.
    #[doc(alias = "mse")]
    SquaredError,
    /// sum_k ln(1 + e^z_k) - y_k z_k: each output decides for itself.
    #[doc(alias = "binary_cross_entropy")]
    Logistic,
    /// sum_k e^z_k - y_k z_k: counts.
    Poisson,
}

/// The shape of S, the second derivative of a loss by the outputs of one example: how its root is found, and whether its outputs have
/// probabilities.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LogitCurvature {
    /// S = diag(p) - p p', p = softmax(z).
    Softmax,
    /// S is diagonal.
    Diagonal,
    /// Nothing is known: S is computed, C x C for each example, and factored by its eigenvalues.
    Dense,
}

/// A loss that is recorded: the crate's own, or yours.
///
/// The recording alone gives the gradient, the Hessian and the Gauss-Newton matrix; the provided methods say more.
///
/// ```
/// use eigenscape::curvature::{Examples, LossFunction, Risk};
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::{Objective, Point};
/// use eigenscape::operator::to_dense;
/// use eigenscape::tape::Var;
///
/// /// ln cosh(z - y): quadratic near the target, linear far from it.
/// #[derive(Debug)]
/// struct LogCosh;
///
/// impl LossFunction<f64> for LogCosh {
///     fn record<'t>(&self, outputs: Var<'t, f64>, targets: Var<'t, f64>) -> Var<'t, f64> {
///         let difference = outputs - targets;
///         ((difference * -2.0).softplus() + difference).sum_axes(&[1])
///     }
/// }
///
/// let network = Perceptron::new(&[1, 1], Activation::Identity)?;
/// let examples = Examples::new(vec![1.0, 2.0], 1, vec![0.0, 0.0], 1)?;
/// let risk = Risk::new(&network, LogCosh, examples)?;
/// let gauss_newton = to_dense(&risk.at(&[0.0, 0.0])?.gauss_newton());
/// assert_eq!(gauss_newton.entries(), [2.5, 1.5, 1.5, 1.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "custom loss")]
#[doc(alias = "criterion")]
pub trait LossFunction<T: Scalar>: fmt::Debug + Send + Sync {
    /// Records the losses of all rows: examples x outputs, twice, to a vector with an entry for each example.
    fn record<'t>(&self, outputs: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T>;

    /// Fails unless a row of targets is such as the loss is defined for. Any finite numbers are, unless you say so.
    ///
    /// # Errors
    /// One that names the target and its limits.
    fn accepts(&self, targets: &[T]) -> Result<()> {
        let _ = targets;
        Ok(())
    }

    /// The shape of the second derivative by the outputs of one example.
    fn curvature(&self) -> LogitCurvature {
        LogitCurvature::Dense
    }

    /// Whether the loss is -ln of a likelihood whose natural parameters are the outputs, so that the Gauss-Newton matrix
    /// is the Fisher matrix.
    fn is_natural(&self) -> bool {
        false
    }

    /// Overwrites `targets` with a draw from the model's distribution at a row of outputs.
    ///
    /// # Errors
    /// If the loss is no likelihood that can be drawn from: then there is no Fisher matrix of it.
    fn sample(&self, outputs: &[T], key: Key, targets: &mut [T]) -> Result<()> {
        let _ = (outputs, key, targets);
        Err(Error::Missing {
            what: "a sampler of this loss",
            remedy: "implement `LossFunction::sample`, or take the Gauss-Newton matrix or the empirical Fisher matrix",
        })
    }
}

/// Means of counts above this are refused: a draw takes so many steps.
const LARGEST_MEAN: f64 = 1e7;

impl<T: Scalar> LossFunction<T> for Loss {
    fn record<'t>(&self, outputs: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
        match self {
            Loss::SoftmaxCrossEntropy => -(targets * outputs.log_softmax()).sum_axes(&[1]),
            Loss::SquaredError => {
                let difference = outputs - targets;
                (difference * difference).sum_axes(&[1]) * T::of(0.5)
            }
            Loss::Logistic => (outputs.softplus() - targets * outputs).sum_axes(&[1]),
            Loss::Poisson => (outputs.exp() - targets * outputs).sum_axes(&[1]),
        }
    }

    fn accepts(&self, targets: &[T]) -> Result<()> {
        let (low, high, limits) = match self {
            Loss::SquaredError => return Ok(()),
            Loss::SoftmaxCrossEntropy => {
                (0.0, f64::INFINITY, "must be at least 0: targets of softmax cross-entropy are probabilities")
            }
            Loss::Logistic => (0.0, 1.0, "must lie in [0, 1]: targets of the logistic loss are probabilities"),
            Loss::Poisson => (0.0, f64::INFINITY, "must be at least 0: targets of the Poisson loss are counts"),
        };
        let outside = |value: &f64| !(low..=high).contains(value);
        if let Some(value) = targets.iter().map(|target| target.f64()).find(outside) {
            return Err(Error::OutOfRange { what: "a target", value, limits });
        }
        let sum: f64 = targets.iter().map(|target| target.f64()).sum();
        let far = (sum - 1.0).abs() > T::EPSILON.f64() * (8 + targets.len()) as f64;
        if *self == Loss::SoftmaxCrossEntropy && far {
            let limits = "must be 1: targets of softmax cross-entropy are probabilities";
            return Err(Error::OutOfRange { what: "the sum of a row of targets", value: sum, limits });
        }
        Ok(())
    }

    fn curvature(&self) -> LogitCurvature {
        match self {
            Loss::SoftmaxCrossEntropy => LogitCurvature::Softmax,
            Loss::SquaredError | Loss::Logistic | Loss::Poisson => LogitCurvature::Diagonal,
        }
    }

    fn is_natural(&self) -> bool {
        true
    }

    fn sample(&self, outputs: &[T], key: Key, targets: &mut [T]) -> Result<()> {
        let z = outputs.iter().map(|z| z.f64());
        match self {
            Loss::SquaredError => {
                key.normal(0, targets);
                targets.iter_mut().zip(outputs).for_each(|(target, &z)| *target += z);
            }
            Loss::SoftmaxCrossEntropy => {
                let largest = z.clone().fold(f64::NEG_INFINITY, f64::max);
                let weights: Vec<f64> = z.map(|z| (z - largest).exp()).collect();
                let mut left = uniform(key, 0) * weights.iter().sum::<f64>();
                let chosen = weights.iter().position(|weight| {
                    left -= weight;
                    left < 0.0
                });
                targets.fill(T::zero());
                // Rounding may leave a rest behind the last class.
                if let Some(target) = targets.get_mut(chosen.unwrap_or(outputs.len().saturating_sub(1))) {
                    *target = T::one();
                }
            }
            Loss::Logistic => {
                for (k, (target, z)) in targets.iter_mut().zip(z).enumerate() {
                    let is_one = uniform(key, k as u64) * (1.0 + (-z).exp()) < 1.0;
                    *target = if is_one { T::one() } else { T::zero() };
                }
            }
            Loss::Poisson => {
                for (k, (target, z)) in targets.iter_mut().zip(z).enumerate() {
                    *target = T::of(poisson(z.exp(), key.split(k as u64))?);
                }
            }
        }
        Ok(())
    }
}

fn uniform(key: Key, offset: u64) -> f64 {
    let mut value = [0.0];
    key.uniform(offset, &mut value);
    value[0]
}

/// A count with this mean, as a sum of counts with means small enough for their distribution to be inverted term by term.
fn poisson(mean: f64, key: Key) -> Result<f64> {
    const PIECE: f64 = 500.0;
    if mean.is_nan() || mean > LARGEST_MEAN {
        let limits = "must be at most 10^7 to be drawn from: the outputs of the network overflow";
        return Err(Error::OutOfRange { what: "the mean of a Poisson target, e^z,", value: mean, limits });
    }
    let pieces = (mean / PIECE).ceil().max(1.0);
    let mut count = 0.0;
    for piece in 0..pieces as u64 {
        let mean = mean / pieces;
        let mut left = uniform(key, piece);
        let (mut term, mut k) = ((-mean).exp(), 0.0);
        while left > term && term > 0.0 {
            left -= term;
            k += 1.0;
            term *= mean / k;
        }
        count += k;
    }
    Ok(count)
}
