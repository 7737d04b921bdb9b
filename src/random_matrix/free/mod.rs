//! Laws made of other laws: free convolutions, deformations, cuts.

mod base;
mod companion;
mod compression;
mod curve;
mod curve_law;
mod deformed_wigner;
mod generalized_marchenko_pastur;
mod pair;
mod pair_law;
mod pair_real;
mod product;
pub(super) mod root;
mod separable;
pub(super) mod series;
mod sum;
mod tabulation;

pub use companion::Companion;
pub use compression::FreeCompression;
pub use deformed_wigner::DeformedWigner;
pub(in crate::random_matrix) use generalized_marchenko_pastur::non_negative;
pub use generalized_marchenko_pastur::{CurvePoint, GeneralizedMarchenkoPastur};
pub use product::FreeProduct;
pub use separable::SeparableCovariance;
pub use sum::FreeSum;
