#[path = "suite/free_laws.rs"]
mod free_laws;
