//! Krylov spaces: what a few products with a symmetric operator tell about its spectrum.
//!
//! ```text
//!     A V = V T + r e',     V'V = I,     V'r = 0
//!
//!     A   n x n, symmetric, known by its products          T   m x m, symmetric tridiagonal
//!     V   n x m, an orthonormal basis of                   r   the residual, in R^n
//!         span { v, A v, ..., A^(m-1) v }                  e   the last unit vector of R^m
//! ```
//!
//! This is the Lanczos [`Factorization`], and what reads spectra is a reader of it: [`spectrum`](crate::spectrum) takes T as
//! a quadrature rule, [`MatrixFunction`] as a small matrix to take functions of. With blocks of vectors, and restarted from
//! combinations of V, it is the [`BlockFactorization`] A V = V H + R E', whose H is a dense V'AV; [`Eigensolver`] takes the
//! extreme eigenvalues of H.
//!
//! Cost of m steps: m products, and 2 m^2 n operations for full orthogonalization (twice that in the steps where one
//! pass is not enough); memory of m + 4 vectors of length n.
//!
//! | you want | take |
//! | --- | --- |
//! | eigenpairs at the top, the bottom, both ends, by magnitude, with residuals, bounds and multiplicities | [`Eigensolver`] |
//! | the same in steps: to save, to resume, to deflate known pairs, to start from others | [`Eigensolver::begin`] -> [`EigenSearch`] |
//! | the same of A x = lambda B x: curvature in the geometry of a Fisher matrix or a preconditioner | [`GeneralizedEigensolver`] with a [`Metric`] |
//! | a quadrature rule for v'f(A)v | [`Lanczos`], then [`Quadrature`](crate::spectrum::Quadrature) |
//! | the distribution of all eigenvalues | [`StochasticLanczos`](crate::spectrum::StochasticLanczos) |
//! | the solution of A x = b | [`ConjugateGradients`] for a positive definite A, [`MinimalResiduals`] for any symmetric one |
//! | the least squares solution for a rectangular A | [`LeastSquares`] |
//! | f(A) b: a root, an exponential, a sign, a projection | [`MatrixFunction`] |
//! | the recurrence itself, to build on | [`Lanczos`] and [`Factorization::expand`], [`BlockLanczos`] |
//!
//! What a Krylov space of one vector cannot do: it holds one vector of each eigenspace, so an eigenvalue that is
//! repeated exactly is seen once until the space is exhausted ([`Eigensolver`] looks for the other copies by random vectors
//! orthogonal to it); and it converges at the ends of the spectrum first, so interior eigenvalues need many steps.
//!
//! | [`Orthogonalization`] | work of m steps | level of V'V - I | memory | when |
//! | --- | --- | --- | --- | --- |
//! | [`Full`](Orthogonalization::Full) | 2 m^2 n | a few rounding errors | m + 4 vectors | the default |
//! | [`Partial`](Orthogonalization::Partial) | 20 m n, and 4 k n for each of the steps k that need it | root of a rounding error; T is right to a rounding error | the same | large depth, eigenvalues only |
//! | [`Local`](Orthogonalization::Local) | 20 m n | grows once an eigenpair has converged | the same, or 4 vectors | large dimension; ghosts are merged |
//! | [`None`](Orthogonalization::None) | 10 m n | the same, earlier | the same, or 4 vectors | to study what is lost |
//!
//! Memory is halved for `f64`, or 4 vectors in all, with another [`Storage`].

mod basis;
mod block_factorization;
mod block_lanczos;
mod chunks;
mod compiled;
mod conjugate_gradients;
mod eigenpairs;
mod eigensolver;
mod factorization;
mod function;
mod generalized;
mod generalized_pairs;
mod generalized_search;
mod generalized_space;
mod ghosts;
mod lanczos;
mod least_squares;
mod metric;
mod minimal_residuals;
mod omega;
mod orthogonalization;
mod report;
mod ritz;
mod rows;
#[cfg(feature = "serde")]
mod saved;
#[cfg(feature = "serde")]
mod saved_search;
mod search;
mod second_pass;
mod solve;
mod storage;

pub use block_factorization::BlockFactorization;
pub use block_lanczos::BlockLanczos;
pub use conjugate_gradients::ConjugateGradients;
pub use eigenpairs::{Eigenpairs, Multiplicity};
pub use eigensolver::Eigensolver;
pub use factorization::Factorization;
pub use function::{FunctionProduct, MatrixFunction};
pub use generalized::GeneralizedEigensolver;
pub use generalized_pairs::GeneralizedEigenpairs;
pub use ghosts::RitzValues;
pub use lanczos::Lanczos;
pub use least_squares::{LeastSquares, LeastSquaresSolution};
pub use metric::Metric;
pub use minimal_residuals::MinimalResiduals;
pub use orthogonalization::Orthogonalization;
pub use report::{Progress, Report, Stop};
pub use ritz::Which;
pub use search::EigenSearch;
pub use solve::{NegativeCurvature, Solution};
pub use storage::Storage;

pub(crate) use basis::length;
pub(crate) use factorization::dimension;
pub(crate) use search::require_orthonormal;

#[cfg(feature = "serde")]
crate::saved::kinds!("krylov":
    BlockFactorization<T>, BlockLanczos, Eigenpairs<T>, Multiplicity, Eigensolver, Factorization<T>, MatrixFunction,
    FunctionProduct<T>, GeneralizedEigensolver, GeneralizedEigenpairs<T>, RitzValues, Lanczos,
    LeastSquaresSolution<T>, Orthogonalization, Stop, Report, Progress, Which, EigenSearch<T>, NegativeCurvature<T>,
    Solution<T>, Storage,
);
