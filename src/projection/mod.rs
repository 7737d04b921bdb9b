//! Random maps of a small space into a large one, made from a key.
//! They need not be stored: what fits a memory budget is kept, the rest is made again for each product, to the same bits.
//!
//! ```text
//!     P : R^dim -> R^ambient,     x = P psi,     psi = P' x,     P'P = I
//! ```
//!
//! Each projection is a [`LinearOperator`](crate::operator::LinearOperator) with its [`Adjoint`](crate::operator::Adjoint), `ambient` x `dim`. Any block of its
//! rows follows from the key, so that a subspace of a large space needs memory for a block alone.
//!
//! | you want | take | a product costs |
//! | --- | --- | --- |
//! | a uniformly random subspace, orthonormal | [`Gaussian`] | ambient x dim random numbers, unless kept |

mod gaussian;

pub use gaussian::Gaussian;
