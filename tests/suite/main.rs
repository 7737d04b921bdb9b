//! One binary for all tests: laws, oracles, tables with provenance, statistics at fixed keys.

mod check;
mod curvature;
mod curvature_errors;
mod curvature_laws;
mod data;
mod digits;
mod krylov;
mod layers;
mod network;
mod operator;
mod optimize;
mod oracle;
mod projection;
mod random;
mod random_matrix;
mod regressions;
mod report;
mod sequential;
mod spectrum;
mod subspace;
mod support;
mod tape;
mod tape_choices;
mod tape_oracles;
mod tape_solutions;
