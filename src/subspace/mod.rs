//! Objectives cut by an affine subspace: what training sees when it is confined there, and how many dimensions it needs.
//!
//! ```text
//!     l(psi) = L(theta0 + P psi),     grad l = P' grad L,     hess l = P' (hess L) P
//!     theta0 in R^ambient,   P: ambient x d,   psi in R^d
//!     p(d) = Prob[training in a random d-dimensional subspace reaches what it should],     d*: where p passes 1/2
//! ```
//!
//! [`Restricted`] is an objective like any other: it trains, and has a point with a Hessian. P is any operator with an
//! adjoint; for a random hyperplane take a [`projection`](crate::projection), which is made from a key and not stored.
//!
//! | you want to confine theta to | take |
//! | --- | --- |
//! | a random hyperplane through a point | [`Restricted`] with a random [`projection`](crate::projection) |
//! | the span of what was learned | [`Restricted`] with a [`Basis`](crate::projection::Basis) |
//! | a sphere \|theta\| = r | [`Spherical`] |
//! | a sphere cut by a hyperplane | [`Restricted`] of a [`Spherical`] |
//!
//! | you want to know | take | it costs |
//! | --- | --- | --- |
//! | the smallest d that reaches a share of the full performance, with an interval | [`IntrinsicDimension`] | about six dimensions tried, a training for each key at each |
//! | the same between two runs: to save, to run elsewhere | [`IntrinsicSearch`] | |
//! | p(d) on a grid, for one radius of the start or one length of training before | [`SuccessProbability`] | dimensions x trials trainings |
//! | the threshold of p and its interval, from counts | [`SuccessCurve`] | nothing |
//! | d* and p(d) predicted from a Hessian's spectrum and the offset from the minimum | [`QuadraticWell`] | passes over the eigenvalues |
//!
//! The intrinsic dimension and the threshold of p are one thing, seen twice: a majority of keys reaches the criterion where
//! the success probability is above 1/2. The search spends its trainings near the threshold; the grid shows how sharp it is.
//!
//! # References
//! Li, Farkhoor, Liu, Yosinski 2018, arXiv:1804.08838; Fort & Scherlis 2018, arXiv:1807.02581; Larsen, Fort, Becker,
//! Ganguli 2021, arXiv:2107.05802.

mod bisection;
mod criterion;
mod intrinsic_dimension;
mod intrinsic_report;
mod isotonic;
mod quadratic_well;
mod restricted;
mod spherical;
mod success_curve;
mod success_probability;

pub use criterion::Criterion;
pub use intrinsic_dimension::{IntrinsicDimension, IntrinsicSearch, Outcome, Trial};
pub use intrinsic_report::{IntrinsicReport, Level, Stop};
pub use quadratic_well::{QuadraticWell, SuccessThreshold};
pub use restricted::{Restricted, RestrictedPoint};
pub use spherical::{Spherical, SphericalHessian, SphericalPoint};
pub use success_curve::{SuccessCurve, Successes};
pub use success_probability::{SuccessProbability, SuccessRun};

#[cfg(feature = "serde")]
crate::saved::kinds!("subspace":
    Criterion, IntrinsicDimension, Trial, Outcome, IntrinsicSearch, Stop, Level, IntrinsicReport, QuadraticWell,
    SuccessThreshold, Successes, SuccessCurve, SuccessProbability, SuccessRun,
);
