//! The distribution of all eigenvalues, and what follows from it, from a few products with random vectors.
//!
//! ```text
//!     mu = (1/n) sum_i delta(lambda_i)                the spectral measure of A, n x n, symmetric
//!     (1/n) tr f(A) = integral of f d mu
//!                   = E v'f(A)v                       v a random unit vector
//!     v'f(A)v      ~= sum_j w_j f(theta_j)            Gauss quadrature, from m Lanczos steps from v
//! ```
//!
//! Each probe v gives a rule of m nodes theta and weights w that is exact for polynomials of degree 2m - 1; the mean over
//! probes estimates mu, and the spread over probes says how well. Cost: probes x steps products.
//!
//! | you want | take |
//! | --- | --- |
//! | the trace of A | [`Hutchinson`]: one product a probe |
//! | the diagonal of A | [`HutchinsonDiagonal`]: one product a probe |
//! | moments, the cumulative distribution, tr f(A) for any f | [`StochasticLanczos`] -> [`SpectralMeasure`] |
//! | a density to look at | [`SpectralMeasure::density`] -> [`Density`] |
//! | v'f(A)v for one vector v | [`Lanczos`](crate::krylov::Lanczos) -> [`Quadrature`] |
//! | how sure F(x) is, by probes and by nodes | [`SpectralMeasure::band`] -> [`Band`] |
//! | how many eigenvalues are zero | [`SpectralMeasure::atom`] -> [`AtomEstimate`] |
//! | the distance of two spectra | [`wasserstein`] or [`kolmogorov`] of two [`DiscreteMeasure`]s |
//! | the distance from a law | [`wasserstein_to_law`] or [`kolmogorov_to_law`] |
//! | single eigenvalues | [`Eigensolver`](crate::krylov::Eigensolver), and [`StochasticLanczos::deflate`] them |
//!
//! # References
//! Golub & Meurant, Matrices, Moments and Quadrature (2010); Ubaru, Chen & Saad 2017 (doi:10.1137/16M1104974);
//! Ghorbani, Krishnan & Xiao 2019 (arXiv:1901.10159).

mod atoms;
mod band;
mod bounds;
mod density;
mod diagonal;
mod distance;
mod estimate;
mod measure;
mod probe;
mod quadrature;
mod spectral_measure;
mod stochastic_lanczos;
mod student;
mod trace;

pub use atoms::AtomEstimate;
pub use band::Band;
pub use bounds::CumulativeBounds;
pub use density::{Density, Smoothing};
pub use diagonal::{DiagonalEstimate, HutchinsonDiagonal};
pub use distance::{kolmogorov, kolmogorov_to_law, wasserstein, wasserstein_to_law};
pub use estimate::Estimate;
pub use measure::DiscreteMeasure;
pub use probe::Probe;
pub use quadrature::Quadrature;
pub use spectral_measure::{Moment, SpectralMeasure};
pub use stochastic_lanczos::StochasticLanczos;
pub use trace::Hutchinson;

pub use crate::random_matrix::Interval;
