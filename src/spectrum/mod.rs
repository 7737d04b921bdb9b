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
//! | the trace of A, with an interval | [`Hutchinson`]: one product a probe |
//! | the same, where a few eigenvalues are large | [`HutchPlusPlus`]: three products a probe |
//! | the trace, where eigenvalues decay | [`ExchangeableTrace`] (XTrace): two products a probe, an error that is heuristic |
//! | the same, A semidefinite | [`NystromTrace`] (XNysTrace): one product a probe, an error that is heuristic |
//! | the sum of all squared entries of A | [`Hutchinson::squared_norm`]: one product a probe |
//! | the diagonal of A | [`HutchinsonDiagonal`]: one product a probe; for a symmetric A whose eigenvalues decay [`ExchangeableDiagonal`] (XDiag): two, heuristic errors |
//! | as many probes as it takes | [`Tolerance`], for each of these |
//! | moments, the cumulative distribution, tr f(A) for any f | [`StochasticLanczos`] -> [`SpectralMeasure`] |
//! | ln det(A + c I), Schatten norms, the condition number | the same: [`SpectralMeasure::log_determinant`], [`SpectralMeasure::schatten_norm`], [`SpectralMeasure::extremes`] |
//! | how many eigenvalues lie in an interval, or are negative | the same: [`SpectralMeasure::count`], [`SpectralMeasure::index`]; exactly, on moderate sizes: [`Sylvester`] |
//! | the same in steps, to save and resume | [`StochasticLanczos::begin`] -> [`SpectralRun`] |
//! | a density to look at | [`SpectralMeasure::density`] -> [`Density`], on an [`Axis`], atoms apart by [`Smoothing::atom`] |
//! | a second opinion on the density | [`KernelPolynomial`] -> [`ChebyshevExpansion`]: other errors, the same probes |
//! | v'f(A)v for one vector v | [`Lanczos`](crate::krylov::Lanczos) -> [`Quadrature`] |
//! | how sure F(x) is, by probes and by nodes | [`SpectralMeasure::band`] -> [`Band`] |
//! | how many eigenvalues are zero | [`SpectralMeasure::atom`] -> [`AtomEstimate`] |
//! | the distance of two spectra | [`wasserstein`] or [`kolmogorov`] of two [`DiscreteMeasure`]s |
//! | the distance from a law | [`wasserstein_to_law`] or [`kolmogorov_to_law`] |
//! | all eigenvalues, on moderate sizes | [`eigenvalues`]: n products, n^3 operations |
//! | single eigenvalues | [`Eigensolver`](crate::krylov::Eigensolver), and [`StochasticLanczos::deflate`] them |
//!
//! # References
//! Golub & Meurant, Matrices, Moments and Quadrature (2010); Ubaru, Chen & Saad 2017 (doi:10.1137/16M1104974);
//! Ghorbani, Krishnan & Xiao 2019 (arXiv:1901.10159).

mod atoms;
mod axis;
mod band;
pub(crate) mod beta;
mod block;
mod bounds;
mod canonical;
mod chebyshev;
mod compiled;
mod complement;
mod count;
mod density;
mod diagonal;
mod distance;
mod estimate;
mod exact;
mod exchangeable_diagonal;
mod exchangeable_trace;
mod extremes;
mod heuristic;
mod hutch_plus_plus;
mod kernel_polynomial;
mod log_determinant;
mod measure;
mod norms;
mod nystrom_trace;
mod probe;
mod quadrature;
mod sketch;
mod spectral_measure;
mod spectral_run;
mod stochastic_lanczos;
mod stopping;
pub(crate) mod student;
mod sylvester;
mod tall;
mod trace;

pub use atoms::AtomEstimate;
pub use axis::Axis;
pub use band::Band;
pub use bounds::CumulativeBounds;
pub use chebyshev::ChebyshevExpansion;
pub use count::{EigenvalueCount, Index};
pub use density::{Density, DensityAtom, Mass, Smoothing};
pub use diagonal::{DiagonalEstimate, DiagonalRun, HutchinsonDiagonal};
pub use distance::{kolmogorov, kolmogorov_to_law, wasserstein, wasserstein_to_law};
pub use estimate::Estimate;
pub use exact::eigenvalues;
pub use exchangeable_diagonal::{ExchangeableDiagonal, HeuristicDiagonal};
pub use exchangeable_trace::ExchangeableTrace;
pub use extremes::Extremes;
pub use heuristic::HeuristicEstimate;
pub use hutch_plus_plus::HutchPlusPlus;
pub use kernel_polynomial::KernelPolynomial;
pub use measure::DiscreteMeasure;
pub use norms::SchattenNorm;
pub use nystrom_trace::NystromTrace;
pub use probe::Probe;
pub use quadrature::Quadrature;
pub use spectral_measure::{Moment, SpectralMeasure};
pub use spectral_run::SpectralRun;
pub use stochastic_lanczos::StochasticLanczos;
pub use stopping::Tolerance;
pub use sylvester::{CountBounds, Inertia, Sylvester};
pub use trace::{Hutchinson, TraceRun};

pub use crate::random_matrix::Interval;

#[cfg(feature = "serde")]
crate::saved::kinds!("spectrum":
    AtomEstimate, Axis, Band, CumulativeBounds, ChebyshevExpansion, EigenvalueCount, Index, Smoothing, Mass,
    DensityAtom, Density, HutchinsonDiagonal, DiagonalEstimate, DiagonalRun, Estimate, ExchangeableDiagonal,
    HeuristicDiagonal, ExchangeableTrace, Extremes, HeuristicEstimate, HutchPlusPlus, KernelPolynomial,
    DiscreteMeasure, SchattenNorm, NystromTrace, Probe, Quadrature, Moment, SpectralMeasure, SpectralRun<T>,
    Tolerance, Sylvester, Inertia, CountBounds, Hutchinson, TraceRun,
);
