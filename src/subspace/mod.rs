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
//! # References
//! Li, Farkhoor, Liu, Yosinski 2018, arXiv:1804.08838; Fort & Scherlis 2018, arXiv:1807.02581.

mod restricted;

pub use restricted::{Restricted, RestrictedPoint};
