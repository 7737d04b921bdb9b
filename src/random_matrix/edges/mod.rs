//! The extreme eigenvalue of noise: its law, its place at finite size, and tests for outliers.

pub(super) mod edge;
mod order_statistics;
pub(super) mod outlier_test;
pub(super) mod painleve;
pub(super) mod painleve_table;
mod panel;
mod pfaffian;
pub(super) mod tracy_widom;

pub use edge::{Edge, Side};
pub use order_statistics::OrthogonalOrderStatistics;
pub use outlier_test::{OutlierCount, OutlierTest, SideCount, TestedEigenvalue};
pub use tracy_widom::TracyWidom;
