//! Projections: random ones made from keys, learned ones stored.

mod basis;
mod gaussian;
mod isometry;
mod laws;
mod layer_wise;
mod oracles;
