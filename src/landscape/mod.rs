//! The landscape of a loss: spin glasses, random landscapes whose critical points theory can count.

mod spin_glass;

pub use spin_glass::{GaussianLandscape, KacRice, SphericalSpinGlass, SpinGlassComplexity};
