//! The extreme eigenvalue of noise: its law, its place at finite size, and tests for outliers.

pub(super) mod edge;
pub(super) mod outlier_test;
pub(super) mod painleve;
pub(super) mod painleve_table;
pub(super) mod tracy_widom;

pub use edge::{Edge, Side};
pub use outlier_test::{OutlierCount, OutlierTest, SideCount, TestedEigenvalue};
pub use tracy_widom::TracyWidom;
