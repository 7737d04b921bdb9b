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
mod separable;
mod sum;
mod tabulation;

pub use companion::Companion;
pub use compression::FreeCompression;
pub use deformed_wigner::DeformedWigner;
pub use generalized_marchenko_pastur::{CurvePoint, GeneralizedMarchenkoPastur};
pub use product::FreeProduct;
pub use separable::SeparableCovariance;
pub use sum::FreeSum;
