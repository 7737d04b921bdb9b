//! One binary for all tests: laws, oracles, tables with provenance, statistics at fixed keys.

mod krylov;
mod random;
mod random_matrix;
mod spectrum;
