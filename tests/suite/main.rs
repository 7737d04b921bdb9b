//! One binary for all tests: laws, oracles, tables with provenance, statistics at fixed keys.

mod check;
mod curvature;
mod curvature_blocks;
mod curvature_errors;
mod curvature_laws;
mod curvature_points;
mod curvature_table;
mod data;
mod digits;
mod elementary;
mod krylov;
mod layers;
mod network;
mod operator;
mod optimize;
mod oracle;
mod probes;
mod projection;
mod random;
mod random_matrix;
mod regressions;
mod report;
mod sequential;
mod solve;
mod spectrum;
mod subspace;
mod support;
mod tape;
mod tape_batch;
mod tape_cases;
mod tape_choices;
mod tape_fuzz;
mod tape_oracles;
mod tape_solutions;
#[cfg(feature = "safetensors")]
mod weights;
