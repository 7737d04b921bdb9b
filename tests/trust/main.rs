//! What must hold of files and of runs that are killed: what is saved comes back to the bit, hostile bytes are refused, a run goes on
//! where it was, and the main paths agree with oracles for as long as one likes. A binary of its own, since it compiles hundreds of
//! types for formats: `cargo test --all-features --test trust`.
#![cfg(all(feature = "serde", feature = "safetensors"))]

mod hostile;
#[path = "../suite/oracle.rs"]
#[allow(dead_code)]
mod oracle;
mod resume;
mod saved;
mod soak;
#[path = "../suite/support.rs"]
#[allow(dead_code, unused_macros, unused_imports)]
mod support;
#[path = "../suite/tape_fuzz.rs"]
#[allow(dead_code)]
mod tape_fuzz;
#[path = "../suite/tape_operations.rs"]
#[allow(dead_code)]
mod tape_operations;
