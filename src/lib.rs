//! eigenscape
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

pub mod error;
pub mod scalar;

pub(crate) mod linalg;
pub mod random;

pub mod operator;
pub mod random_matrix;
pub mod tape;

pub mod krylov;
pub mod network;

pub mod curvature;
pub mod objective;
pub mod spectrum;

pub use error::{Error, Result};
pub use scalar::Scalar;
