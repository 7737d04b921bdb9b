//! Functions as data: recorded once, differentiated to any order, run many times.
//!
//! ```text
//!     f : a -> b                                          Program        (recorded on a Tape)
//!     linearize(f) : a -> (b, residuals),  residuals -> (da -o db)      (LinearProgram)
//!     transpose    : residuals -> (da -o db)   ==>   residuals -> (db -o da)
//!     embed        : a LinearProgram back as a Program
//!     batch        : f at many values of some arguments at once
//! ```
//!
//! Reverse mode *is* linearize followed by transpose: there is one derivative rule per instruction, its effect on a
//! small change, and the transposition of linear instructions is total because no other instruction can be written in a
//! linear program. The gradient of a program is again a program, so derivatives of any order are composition:
//!
//! | quantity | construction | what each further direction costs |
//! | --- | --- | --- |
//! | value, gradient | [`Program::gradient`] | |
//! | Jacobian-vector product | [`linearize`] | about one evaluation |
//! | vector-Jacobian product | [`transpose`] of it | about two |
//! | Hessian-vector product | [`linearize`] of the gradient | the linear part alone: the primal is paid once per point |
//! | third derivatives | once more | |
//! | many directions, or examples, at once | [`batch`] of any of these | less than one by one where instructions are small, or reading what is shared is most of the work |
//!
//! A [`Program`] is run through a [`Plan`], which fixes all memory beforehand: a call allocates nothing.
//!
//! ```
//! use eigenscape::tape::{Plan, Program, Shape, embed, linearize};
//!
//! // f(x) = sum sin(x)^2; its Hessian is diagonal, 2 cos(2x).
//! let f = Program::<f64>::record([Shape::vector(2)], |[x]| x.sin().powi(2).sum())?;
//! let gradient = f.gradient(0)?;
//! let at = linearize(&gradient, &[0])?;
//!
//! // The primal is paid once at a point: value, gradient, residuals.
//! let x = [0.3, -1.1];
//! let residuals = at.primal.evaluate(&[&x]).pop().unwrap();
//! // Each direction costs only the linear part: tangents of the value and of the gradient.
//! let product = embed(&at.linear).evaluate(&[&residuals, &[1.0, 0.0]]).pop().unwrap();
//! assert!((product[0] - 2.0 * (2.0 * x[0]).cos()).abs() < 1e-15);
//! assert_eq!(product[1], 0.0);
//! # Ok::<(), eigenscape::Error>(())
//! ```
//!
//! # References
//! Radul, Paszke, Frostig, Johnson, Maclaurin 2022, "You only linearize once", arXiv:2204.10923.
//! Griewank & Walther 2008, *Evaluating Derivatives*, doi:10.1137/1.9780898717761.

mod arithmetic;
mod arrange;
mod batch;
mod batch_contract;
mod build;
mod chains;
mod compare;
mod compiled;
mod contract;
mod convolve;
mod derivative;
mod derive;
mod elementwise;
mod embed;
mod function;
mod images;
mod inspect;
mod layout;
mod linear;
mod linear_builder;
mod linearize;
mod memory;
mod normalize;
mod op;
mod plan;
mod planner;
mod pool;
mod print;
mod program;
mod rearrange;
mod record;
mod reduce;
mod residuals;
mod rowwise;
mod rules;
mod run;
mod scalars;
mod schedule;
mod shape;
mod taylor;
mod transpose;
mod var;
mod window;

pub use batch::{batch, deinterleave, interleave};
pub(crate) use build::Builder;
pub(crate) use derivative::{Derivative, Workspaces, run_linear};
pub use embed::embed;
pub(crate) use embed::embed_at;
pub use function::{Binary, Unary};
pub use inspect::NonFinite;
pub(crate) use linear::Residual;
pub use linear::{LinearOp, LinearProgram, Tangent};
pub(crate) use linear_builder::LinearBuilder;
pub use linearize::{Linearization, linearize};
pub use op::{Op, Value};
pub(crate) use plan::zeros;
pub use plan::{Plan, Workspace};
pub(crate) use pool::{Pool, run_pooled};
pub use print::Cost;
pub use program::Program;
pub use record::Tape;
pub use shape::{Axes, MAX_AXES, Shape};
pub use transpose::transpose;
pub use var::Var;
pub use window::{Part, Window};

#[cfg(feature = "serde")]
crate::saved::kinds!("tape":
    NonFinite, Cost, Shape,
);
