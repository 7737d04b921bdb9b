//! Spin glasses: random landscapes whose critical points theory can count.

mod complexity;
mod gaussian_landscape;
mod kac_rice;
mod spherical;

pub use complexity::SpinGlassComplexity;
pub use gaussian_landscape::GaussianLandscape;
pub use kac_rice::KacRice;
pub use spherical::SphericalSpinGlass;
