//! The local geometry of neural loss landscapes: curvature, its spectrum with error bars, what random matrix theory says
//! that the spectrum should be, and what happens when training is confined to a random subspace.
//!
//! ```
//! use eigenscape::curvature::{Examples, Loss, Risk};
//! use eigenscape::krylov::Eigensolver;
//! use eigenscape::network::{Activation, Initialization, Perceptron};
//! use eigenscape::objective::{Objective, Point};
//! use eigenscape::random::Key;
//! use eigenscape::spectrum::Hutchinson;
//!
//! // A network, data (here: random), a loss: the risk. Then its Hessian at a point, as an operator.
//! let network = Perceptron::new(&[8, 16, 3], Activation::Tanh)?;
//! let mut inputs = vec![0.0f64; 100 * 8];
//! Key::new(0).normal(0, &mut inputs);
//! let labels: Vec<usize> = (0..100).map(|example| example % 3).collect();
//! let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 8, &labels, 3)?)?;
//! let point = risk.at(&Initialization::lecun().draw(&network, Key::new(1)))?;
//!
//! let top = Eigensolver::new(2, Key::new(2)).run(&point.hessian())?;
//! let trace = Hutchinson::new(50, Key::new(3)).run(&point.hessian())?;
//! println!("largest {:.3} (error bound {:.0e})", top.values[0], top.error_bounds[0]);
//! println!("trace {:.2} +- {:.2}", trace.mean, trace.standard_error.unwrap());
//! # assert!(top.report.converged && top.values[0] > top.values[1]);
//! # Ok::<(), eigenscape::Error>(())
//! ```
//!
//! New here? The [`guide`] leads [from an empty folder to the density of your network's Hessian](guide::first_hessian), to
//! [your own model](guide::own_model) and [data](guide::own_data), to [reading what you see](guide::reading_a_spectrum), to
//! [the method for a question](guide::which_estimator) and [the function for an equation](guide::paper_to_code), and translates from
//! [PyHessian, curvlinops, JAX and others](guide::coming_from).
//!
//! # The map
//!
//! *A function is recorded on a tape; the tape is linearized at a point; the linear part is an operator; Krylov methods
//! read the operator; random matrix theory says what to expect; random subspaces cut through it.*
//!
//! | module | what it holds | look here for |
//! | --- | --- | --- |
//! | [`tape`] | recorded functions, derivatives of any order | gradients of your own formula |
//! | [`operator`] | linear maps known by their products, their algebra | a matrix-free operator of your own |
//! | [`objective`] | a function to descend or to study, at a point | the trait that all tools below run on |
//! | [`network`], [`curvature`] | perceptrons, convolutions, residual networks, transformers; risk, Hessian, Gauss-Newton, Fisher, gradients, kernel, class structure on data | curvature of a network |
//! | [`krylov`] | Lanczos, extreme eigenpairs with residuals and multiplicities, generalized ones; linear systems, least squares, f(A)b | largest and smallest eigenvalues, solutions |
//! | [`spectrum`] | spectral densities and distributions with bands and strict bounds, traces, diagonals, determinants, norms, counts, index | the whole spectrum |
//! | [`random_matrix`] | laws of noise, of populations, of free sums, products and cuts; outliers and their overlaps; edges and tests; samplers, fits | what the spectrum should be |
//! | [`projection`], [`subspace`] | random subspaces from a key; objectives confined to them; intrinsic dimension, success probability and its prediction | training in a hyperplane, how many dimensions it needs |
//! | [`emergent`] | curvature on random planes over distances and dimensions (the Goldilocks zone), clustering of logit gradients, beside the random model's prediction | what theory says of your network |
//! | [`landscape`] | slices and surfaces, trajectories, critical points, paths between minima, Fisher geometry, flatness, spin glasses | a picture of the loss, saddles, sharpness |
//! | [`optimize`] | gradient descent, Adam, sharpness-aware; L-BFGS, Newton and natural gradient in trust regions, cubic Newton; over any objective | training, minima |
#![cfg_attr(
    feature = "plot",
    doc = "| [`plot`] | densities, eigenvalues over training, surfaces, cosines, Goldilocks maps, intrinsic dimensions; charts of your own; with their numbers beside them | pictures as SVG and PNG |"
)]
#![cfg_attr(
    feature = "serde",
    doc = "| [`saved`] | results, settings and states of long runs in files, to the bit | a run that outlives its process |"
)]
//! | [`check`] | the laws of all this, to run on your own code | testing what you plug in |
//! | [`random`], [`data`] | splittable keys; readers of data files | reproducible randomness |
//! | [`prelude`] | the traits, for `use eigenscape::prelude::*` | `no method named ...` |
//! | [`guide`] | chapters that run as tests | where to begin, which one when, what can go wrong |
//!
//! # What to rely on
//!
//! * **Estimates come with their error**: residual norms and bounds for eigenpairs, standard errors for traces and
//!   densities, and a report that says why an iteration ended.
//! * **The same bits** for any number of threads: work is cut by shapes alone, and sums are taken in a fixed order.
//!   Randomness comes from an explicit [`Key`](random::Key) and nowhere else.
//! * **Bad requests are refused** with the value, its limits and the remedy; a slice of a wrong length in a hot call
//!   panics at your line; running out of a budget is neither, but data in a report.
//! * Vectors are `f32` or `f64`; single numbers (eigenvalues, traces, losses) are always `f64`.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `gzip`, on by default | data files read as they are published, compressed ([`data`]) |
//! | `plot` | pictures of results as SVG and PNG (`plot`) |
//! | `serde` | results and the states of long runs, saved and resumed to the same bits (`saved`) |
//! | `safetensors` | parameters from and to files, those of other frameworks too ([`network`]) |
//!
//! # What this crate does not do
//!
//! No GPU, no complex arrays, no sparse ones of its own (faer's work through [`operator::FromFaer`]), no import of models from
//! other frameworks (their parameters can be read, and their gradients be called through [`objective::Outside`]), and no zoo
//! of layers: beyond the usual ones, networks are what you record. No batch normalisation, since it makes outputs depend on other
//! examples; a trained one, in evaluation mode, can be folded into the convolution before it. It is for networks and functions
//! that one machine holds in memory.
//!
//! # Words
//!
//! | word | meaning |
//! | --- | --- |
//! | tangent, cotangent | a small change of a value; a linear function of such changes |
//! | primal, residual | what is computed once at a point; a value kept from there for the linear part |
//! | linearize, transpose, embed | split off the derivative; reverse it; write it as a program again |
//! | matvecs | the number of products with an operator |
//! | steps | depth of a Krylov space, or updates of a descent |
//! | probe | a random vector of an estimator |
//! | node, weight | point and mass of a quadrature rule |
//! | bulk, edge | the continuous part of a spectrum; where it ends |
//! | spike, outlier, overlap | a direction of a population; the eigenvalue that it pulls out of the bulk; the squared cosine between eigenvector and spike |
//! | logits | the outputs of a network before the softmax |
//! | risk | the weighted sum of a loss over examples; weights are 1/N, which makes it the mean, unless you set them |
//! | key | a splittable seed |

#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

// Lower layers first; a file uses lower layers, or an entry above its own in the same one.

// 0: words
pub mod error;
pub(crate) mod parallel;
#[cfg(feature = "serde")]
pub mod saved;
pub mod scalar;

// 1: randomness, bytes, kernels
pub mod data;
pub(crate) mod elementary;
pub(crate) mod linalg;
pub mod random;

// 2: functions, maps, theory
pub mod operator;
pub mod projection;
pub mod random_matrix;
pub mod tape;

// 3: methods
pub mod krylov;
pub mod network;
pub mod objective;
pub mod spectrum;

// 4: networks on data
pub mod curvature;
pub mod optimize;

// 5: landscapes
pub mod check;
pub mod landscape;
pub mod subspace;
// Uses subspaces.
pub mod emergent;

// 6: words about all of this, and pictures
pub mod guide;
#[cfg(feature = "plot")]
pub mod plot;
pub mod prelude;

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use error::{Error, Result};
pub use scalar::Scalar;
