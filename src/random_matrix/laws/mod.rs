//! Laws in closed form, and laws given by points or on a grid.

pub(super) mod affine;
pub(super) mod angle;
pub(super) mod arcsine;
pub(super) mod discrete;
pub(super) mod marchenko_pastur;
pub(super) mod piecewise;
pub(super) mod semicircle;
pub(super) mod uniform;

pub use affine::Affine;
pub use arcsine::Arcsine;
pub use discrete::Discrete;
pub use marchenko_pastur::MarchenkoPastur;
pub use piecewise::PiecewiseLinear;
pub use semicircle::Semicircle;
pub use uniform::Uniform;
