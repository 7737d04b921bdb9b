//! Pictures of results: each a plain settings struct made from a result.

mod clustering;
mod density;
mod eigenvalues;
mod goldilocks;
mod intrinsic;
mod slice;

pub use clustering::ClusteringPlot;
pub use density::DensityPlot;
pub use eigenvalues::EigenvaluePlot;
pub use goldilocks::GoldilocksPlot;
pub use intrinsic::{IntrinsicPlot, SuccessPlot};
pub use slice::SlicePlot;
