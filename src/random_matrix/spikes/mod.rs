//! One direction of signal in a matrix of noise, of any law.

pub(super) mod additive_spike;
pub(super) mod multiplicative_spike;
pub(super) mod outlier;
pub(super) mod rectangular_spike;

pub use additive_spike::AdditiveSpike;
pub use multiplicative_spike::MultiplicativeSpike;
pub use outlier::{Outlier, SpikedCovariance, SpikedWigner};
pub use rectangular_spike::{RectangularSpike, SingularOutlier};
