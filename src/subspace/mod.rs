//! Objectives cut by an affine subspace: what training sees when it is confined there.
//!
//! ```text
//!     l(psi) = L(theta0 + P psi),     grad l = P' grad L,     hess l = P' (hess L) P
//!     theta0 in R^ambient,   P: ambient x dim,   psi in R^dim
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
//! # References
//! Li, Farkhoor, Liu, Yosinski 2018, arXiv:1804.08838; Fort & Scherlis 2018, arXiv:1807.02581.

mod restricted;
mod spherical;

pub use restricted::{Restricted, RestrictedPoint};
pub use spherical::{Spherical, SphericalHessian, SphericalPoint};
