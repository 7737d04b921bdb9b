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
//! logits. H = G + the term with the curvature of the logits; for softmax cross-entropy G is also the Fisher matrix.
//!
//! | operator | product costs about | memory at the point |
//! | --- | --- | --- |
//! | [`Hessian`] | 2 gradients | residuals: a few times the activations |
//! | [`GaussNewton`] | 1.5 gradients | residuals: about the activations |
//! | [`Jacobian`] | 1 gradient | the same |
//!
//! Examples are cut into chunks of equal size, which follows from shapes and not from the number of threads; chunks run
//! in parallel, and their sums are added in a fixed order. So results have the same bits for any number of threads, and
//! memory is bounded by [`Risk::memory_budget`]: residuals are kept where they fit and recomputed where they do not.
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
mod loss;
mod mini_batches;
mod operators;
mod point;
mod products;
mod risk;

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
