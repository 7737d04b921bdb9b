//! eigenscape
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

pub mod error;
pub mod scalar;

pub mod data;
pub(crate) mod elementary;
pub(crate) mod linalg;
pub mod random;

pub mod operator;
pub mod projection;
pub mod random_matrix;
pub mod tape;

pub mod krylov;
pub mod network;

pub mod curvature;
pub mod optimize;

pub mod check;
pub mod objective;
pub mod spectrum;
pub mod subspace;

pub use error::{Error, Result};
pub use scalar::Scalar;
