//! The traits whose methods programs call, to be in scope by one line.
//!
//! ```
//! use eigenscape::objective::Recorded;
//! use eigenscape::prelude::*;
//!
//! let bowl = Recorded::<f64>::new(2, |x| (x * x).sum())?;
//! let point = bowl.at(&[1.0, 2.0])?; // Objective
//! assert_eq!(point.gradient(), [2.0, 4.0]); // Point
//! assert_eq!(point.hessian().rows(), 2); // LinearOperator
//! # Ok::<(), eigenscape::Error>(())
//! ```
//!
//! | trait | methods |
//! | --- | --- |
//! | [`Objective`], [`Stochastic`] | `dim`, `value`, `value_and_gradient`, `at`; `sample` |
//! | [`Point`], [`GaussNewtonPoint`] | `value`, `gradient`, `hessian`; `gauss_newton` |
//! | [`LinearOperator`], [`Adjoint`] | `rows`, `cols`, `apply`, `apply_block`; `apply_adjoint` |
//! | [`Network`] | `parameters`, `blocks`, `inputs`, `outputs` |
//! | [`Law`] | `density`, `cumulative`, `quantile`, `support`, ... |
//! | [`Scalar`] | `T::of`, `f64`, for code that is generic |
#![cfg_attr(feature = "plot", doc = "| [`Picture`] (feature `plot`) | `write`, `svg`, `png`, `numbers` |")]
//!
//! Types are not here: where they come from is part of reading a program.

pub use crate::network::Network;
pub use crate::objective::{GaussNewtonPoint, Objective, Point, Stochastic};
pub use crate::operator::{Adjoint, LinearOperator};
#[cfg(feature = "plot")]
pub use crate::plot::Picture;
pub use crate::random_matrix::Law;
pub use crate::scalar::Scalar;
