//! The guide: from a first Hessian to the equations of a paper, in chapters that run as tests.
//!
//! The modules of this crate say what each item is. These chapters say what to do with them. Each is built of
//! short programs that assert what the text says; most end with what can go wrong.
//!
//! | you ask | chapter |
//! | --- | --- |
//! | how do I get from an empty folder to the spectrum of my network's Hessian? | [`first_hessian`] |
//! | how do I bring a network, a loss or a function of my own? | [`own_model`] |
//! | how do I bring data and parameters of my own? | [`own_data`] |
//! | what in this picture is bulk, what is an outlier, and what is noise? | [`reading_a_spectrum`] |
//! | which method answers my question, and what does it cost? | [`which_estimator`] |
//! | how many dimensions does training need? | [`subspace_training`] |
//! | which function is this equation? | [`paper_to_code`] |
//! | I know PyHessian, curvlinops, JAX, ...: what is the same, what is different? | [`coming_from`] |
//! | is `f32` enough? | [`precision`] |
//! | does it fit into memory, and how long will it take? | [`memory_and_cost`] |
//! | will I get the same numbers again? | [`reproducibility`] |
//!
//! All code is generic over `f32` and `f64` and takes randomness from a [`Key`](crate::random::Key) only, so every number below
//! is the one that you will see on a machine of the same kind; after a training its last digits may differ on another
//! ([`reproducibility`]). Programs want optimisation: run yours by `cargo run --release`.

#[doc = include_str!("first_hessian.md")]
pub mod first_hessian {}

#[doc = include_str!("own_model.md")]
pub mod own_model {}

#[doc = include_str!("own_data.md")]
pub mod own_data {}

#[doc = include_str!("reading_a_spectrum.md")]
pub mod reading_a_spectrum {}

#[doc = include_str!("which_estimator.md")]
pub mod which_estimator {}

#[doc = include_str!("subspace_training.md")]
pub mod subspace_training {}

#[doc = include_str!("paper_to_code.md")]
pub mod paper_to_code {}

#[doc = include_str!("coming_from.md")]
pub mod coming_from {}

#[doc = include_str!("precision.md")]
pub mod precision {}

#[doc = include_str!("memory_and_cost.md")]
pub mod memory_and_cost {}

#[doc = include_str!("reproducibility.md")]
pub mod reproducibility {}
