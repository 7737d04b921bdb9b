//! From a spectrum back to what made it: bulks, populations, shrinkage.

pub(super) mod bulk_fit;
pub(super) mod covariance_shrinkage;
pub(super) mod population_fit;
pub(super) mod singular_shrinkage;

pub use bulk_fit::{BulkFit, MarchenkoPasturErrors, MarchenkoPasturFit, SemicircleFit};
pub use covariance_shrinkage::{CovarianceLoss, SpikedShrinkage, analytical_shrinkage};
pub use population_fit::{FittedPopulation, PopulationFit, population_moments};
pub use singular_shrinkage::{MatrixLoss, SingularShrinkage};
