//! Spectra drawn from a key: dense, tridiagonal, frames.

pub(super) mod chi;
pub(super) mod ensemble;
pub(super) mod haar;
pub(super) mod root_free;
pub(super) mod sturm;
pub(super) mod tridiagonal;
pub(super) mod tridiagonal_ensemble;

pub use chi::chi_squared;
pub use ensemble::{GaussianOrthogonal, SampledSpectrum, Wishart};
pub use haar::HaarFrame;
pub use tridiagonal::Tridiagonal;
pub use tridiagonal_ensemble::{BetaHermite, BetaLaguerre};
