//! One binary for all tests: laws, oracles, tables with provenance, statistics at fixed keys.

mod curvature;
mod digits;
mod krylov;
mod oracle;
mod random;
mod random_matrix;
mod report;
mod spectrum;
mod tape;
