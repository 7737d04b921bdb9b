//! Maps of a small space into a large one: random ones, made from a key, and learned ones.
//! The random ones need not be stored: what fits a memory budget is kept, the rest is made again for each product, to the
//! same bits.
//!
//! ```text
//!     P : R^dim -> R^ambient,     x = P psi,     psi = P' x,     P'P = I or E P'P = I
//! ```
//!
//! Each projection is a [`LinearOperator`](crate::operator::LinearOperator) with its [`Adjoint`](crate::operator::Adjoint),
//! `ambient` x `dim`, and multiplies blocks of vectors with its random numbers made once. Any block of its rows follows from the
//! key, so that a subspace of a large space needs memory for a block alone. At `dim` = `ambient` each is the whole space:
//! [`Gaussian::new`] with orthonormal columns, [`Gaussian::unit_columns`] with nearly dependent ones, the others as the identity.
//!
//! | you want | take | P'P | additions for a product | random numbers |
//! | --- | --- | --- | --- | --- |
//! | a uniformly random subspace, orthonormal | [`Gaussian::new`] | I | ambient x dim | ambient x dim normal |
//! | the same where dim^2 x ambient is too much | [`Gaussian::unit_columns`] | I in the mean | ambient x dim | ambient x dim normal |
//! | a dense map from bits | [`Signs`] | I in the mean | ambient x dim / 8 | ambient x dim bits |
//! | a sparse map | [`Sparse`] | I in the mean | sqrt(ambient) x dim | sqrt(ambient) x dim integers |
//! | a dense map without structure in n log n | [`Fastfood`] | I in the mean | 2 ambient log2 dim | ambient normal, ambient integers |
//! | the cheapest dense map, orthonormal | [`SubsampledHadamard`] | I up to n / ambient, n the power of two at or above dim | ambient log2 dim | ambient bits |
//! | random parameters, the others fixed | [`Coordinates`] | I | dim | dim integers |
//! | one of these for each layer | [`LayerWise`] | as its parts | as its parts | as its parts |
//! | eigenvectors, gradients, a trajectory | [`Basis`] | I | ambient x dim, stored | |
//!
//! Where P'P = I holds in the mean, columns have length 1 and inner products of different ones variance 1 / ambient (2 / ambient
//! for Fastfood): singular values lie within 1 +- sqrt(dim / ambient), nearly, as for Marchenko and Pastur's law, and somewhat
//! further out for Fastfood. [`isometry`](crate::check::isometry) measures it. Integers, signs and permutations are the same on every machine; products are the same bits on one machine
//! for any number of threads.

mod basis;
mod blocks;
mod coordinates;
mod fastfood;
mod gaussian;
mod layer_wise;
mod signs;
mod sparse;
mod subsampled_hadamard;
mod walsh_hadamard;

pub use basis::Basis;
pub(crate) use blocks::{Blocked, RowBlocks};
pub use coordinates::Coordinates;
pub use fastfood::Fastfood;
pub use gaussian::Gaussian;
pub use layer_wise::LayerWise;
pub use signs::Signs;
pub use sparse::Sparse;
pub use subsampled_hadamard::SubsampledHadamard;
