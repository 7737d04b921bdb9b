//! The risk of a network on data, and its curvature at a point as operators.
//!
//! ```text
//!     L(theta) = sum_m w_m l(f(theta, x_m), y_m),      w_m = 1/N unless weighted
//!     H = d^2 L / d theta^2                            Hessian            P x P, symmetric
//!     G = sum_m w_m J_m' S_m J_m                       Gauss-Newton       P x P, semidefinite for convex l
//!     J = (J_1; ...; J_N)                              Jacobian           (N C) x P, logits by parameters
//! ```
//!
//! J_m is C x P, the derivative of the logits of example m; S_m is C x C, the second derivative of the loss by the
//! logits. g_m is the gradient of the loss of example m.
//!
//! | you want | take, at a [`RiskPoint`] | a product costs about |
//! | --- | --- | --- |
//! | H | [`hessian`](crate::objective::Point::hessian) | 1 to 1.8 gradients |
//! | G, semidefinite | [`gauss_newton`](RiskPoint::gauss_newton) | 0.9 to 1.2 gradients |
//! | H - G, and how large it is | [`remainder`](RiskPoint::remainder), [`remainder_ratio`](RiskPoint::remainder_ratio) | 1 to 1.8 gradients |
//! | the Fisher matrix: mean over the model's targets | [`fisher`](RiskPoint::fisher): G, for losses with natural parameters | 0.9 to 1.2 gradients |
//! | the same by draws of targets | [`sampled_fisher`](RiskPoint::sampled_fisher) | J and J' |
//! | sum_m w_m g_m g_m', with the data's targets | [`empirical_fisher`](RiskPoint::empirical_fisher) | J and J' |
//! | the same about the mean | [`gradient_covariance`](RiskPoint::gradient_covariance) | J and J' |
//! | all g_m, N x P; their inner products, N x N | [`gradients`](RiskPoint::gradients), [`gradient_gram`](RiskPoint::gradient_gram) | J or J'; both |
//! | J | [`jacobian`](RiskPoint::jacobian) | 0.5 to 1 gradient |
//! | J J', the neural tangent kernel | [`kernel`](RiskPoint::kernel) | J and J' |
//! | B with B'B = G; G's dual B B' and so its exact spectrum | [`gauss_newton_root`](RiskPoint::gauss_newton_root), [`Gram`](crate::operator::Gram) | J and J' |
//! | the softmax of all logits | [`probabilities`](RiskPoint::probabilities) | a third of a gradient, once |
//! | \|g_m\|^2, the kernel's diagonal | [`GradientGram::diagonal`] | N C small gradients |
//! | \|J_mk\|^2, block by block of the parameters | [`logit_gradient_norms`](RiskPoint::logit_gradient_norms) | N C small gradients |
//! | class means, pairs of classes, scatter within | [`class_structure`](RiskPoint::class_structure) | J and J' |
//! | diagonals | [`gauss_newton_diagonal`](RiskPoint::gauss_newton_diagonal), [`SecondMoment::diagonal`], [`HutchinsonDiagonal`](crate::spectrum::HutchinsonDiagonal) for H | N C small gradients |
//! | diagonal blocks | [`BlockDiagonal`](crate::operator::BlockDiagonal) of any of these | one for each block |
//! | a layer alone, all biases | [`Risk::selection`] with [`Compressed`](crate::operator::Compressed) | one |
//! | a subspace, a mask, weight decay, known eigenpairs taken away | [`Compressed`](crate::operator::Compressed), [`Shifted`](crate::operator::Shifted), [`Deflated`](crate::operator::Deflated) | one |
//! | the loss along a direction, to third order | [`along`](RiskPoint::along) | 8 losses, once |
//!
//! Each operator keeps residuals of its own, a few times the activations; those made of J share J's.
//!
//! Examples are cut into chunks of equal size, which follows from shapes and not from the number of threads; chunks run
//! in parallel, and their sums are added in a fixed order. So results have the same bits for any number of threads, and
//! memory is bounded by [`Risk::memory_budget`]: residuals are kept where they fit and recomputed where they do not.
//!
//! What some of them have to do with each other:
//!
//! ```
//! use eigenscape::curvature::{ClassPart, Examples, Loss, Risk};
//! use eigenscape::network::{Activation, Initialization, Perceptron};
//! use eigenscape::objective::{Objective, Point};
//! use eigenscape::operator::{LinearOperator, Normal, to_dense};
//! use eigenscape::random::Key;
//!
//! let network = Perceptron::new(&[2, 4, 3], Activation::Tanh)?;
//! let mut inputs = vec![0.0f64; 2 * 30];
//! Key::new(0).normal(0, &mut inputs);
//! let labels: Vec<usize> = (0..30).map(|example| example % 3).collect();
//! let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 2, &labels, 3)?)?;
//! let point = risk.at(&Initialization::lecun().draw(&network, Key::new(1)))?;
//! let near = |a: &dyn LinearOperator<f64>, b: &dyn LinearOperator<f64>| {
//!     let (a, b) = (to_dense(a), to_dense(b));
//!     a.entries().iter().zip(b.entries()).all(|(x, y)| (x - y).abs() < 1e-14)
//! };
//!
//! // B'B = G, whose class means, pairs of classes and scatter within add up to it.
//! let gauss_newton = point.gauss_newton();
//! assert!(near(&Normal::new(point.gauss_newton_root()?), &gauss_newton));
//! assert!(near(&point.class_structure()?.parts(&ClassPart::ALL), &gauss_newton));
//! // The covariance of gradients is the empirical Fisher matrix less g g'.
//! let (covariance, second) = (to_dense(&point.gradient_covariance()?), to_dense(&point.empirical_fisher()?));
//! let g = point.gradient();
//! assert!((covariance.entries()[1] - (second.entries()[1] - g[0] * g[1])).abs() < 1e-14);
//! // Targets that the model draws itself have the Fisher matrix as their mean: its trace is about that of G.
//! let sampled = to_dense(&point.sampled_fisher(200, Key::new(2))?);
//! let trace = |entries: &[f64]| entries.iter().step_by(g.len() + 1).sum::<f64>();
//! assert!((trace(sampled.entries()) / trace(to_dense(&gauss_newton).entries()) - 1.0).abs() < 0.1);
//! assert_eq!(point.probabilities()?.len(), 30 * 3);
//! # Ok::<(), eigenscape::Error>(())
//! ```
//!
//! # References
//! Pearlmutter 1994, doi:10.1162/neco.1994.6.1.147 (products with the Hessian). Schraudolph 2002,
//! doi:10.1162/08997660260028683 (products with the Gauss-Newton matrix).

mod chunks;
mod class_structure;
mod derivatives;
mod examples;
mod factor;
mod gradients;
mod jacobian;
mod logit_norms;
mod loss;
mod mini_batches;
mod operators;
mod point;
mod products;
mod risk;
mod single;

pub use class_structure::{ClassMoment, ClassPart, ClassStructure};
pub use examples::Examples;
pub use gradients::{GradientGram, Gradients, SecondMoment};
pub use jacobian::Jacobian;
pub use loss::{LogitCurvature, Loss, LossFunction};
pub use mini_batches::MiniBatches;
pub use operators::{GaussNewton, Hessian, Remainder};
pub use point::RiskPoint;
pub use products::MemoryReport;
pub use risk::Risk;

#[cfg(feature = "serde")]
crate::saved::kinds!("curvature":
    ClassPart, Loss, LogitCurvature, MemoryReport,
);
