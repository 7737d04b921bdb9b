//! Plans: what is run, step by step, with a place for everything that is read or written.

use std::sync::Arc;

use super::function::{Binary, Unary};
use super::layout::Layout;
use super::scalars::Scalars;
use super::window::{Part, Window};
use crate::error::{Error, Result};
use crate::linalg::Update;
use crate::scalar::Scalar;

/// A program ready to run: steps with places for everything they read and write.
///
/// A plan is immutable and shared between threads; each running call needs a [`Workspace`] of its own.
///
/// ```
/// use eigenscape::tape::{Plan, Program, Shape};
///
/// let f = Program::<f64>::record([Shape::vector(2)], |[x]| (x * x).sum())?;
/// let plan = Plan::new(&f);
/// let mut workspace = plan.workspace();
/// let mut result = [0.0];
/// for x in [[1.0, 2.0], [3.0, 4.0]] {
///     plan.run(&[&x], &mut [&mut result], &mut workspace); // allocates nothing
/// }
/// assert_eq!(result, [25.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "jit")]
#[doc(alias = "compile")]
pub struct Plan<T> {
    pub(super) stages: Vec<Stage<T>>,
    pub(super) constants: Vec<Arc<[T]>>,
    pub(super) argument_lens: Vec<usize>,
    pub(super) result_lens: Vec<usize>,
    pub(super) tables: Vec<Arc<[usize]>>,
    pub(super) workspace_len: usize,
    pub(super) scratch_len: usize,
}

/// The scratch memory of one running call.
#[derive(Clone, Debug)]
pub struct Workspace<T> {
    pub(super) entries: Vec<T>,
    /// What single steps need for themselves.
    pub(super) scratch: Vec<T>,
}

/// Where a value lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Argument {
        argument: usize,
        start: usize,
    },
    Constant {
        constant: usize,
        start: usize,
    },
    Workspace {
        start: usize,
    },
    Result {
        result: usize,
        start: usize,
    },
    /// A register of a chain: a tile's worth of the scratch memory.
    Scratch {
        start: usize,
    },
}

impl Place {
    /// The place that many entries further on.
    pub(super) fn shifted(self, by: usize) -> Place {
        match self {
            Place::Argument { argument, start } => Place::Argument { argument, start: start + by },
            Place::Workspace { start } => Place::Workspace { start: start + by },
            Place::Result { result, start } => Place::Result { result, start: start + by },
            Place::Constant { constant, start } => Place::Constant { constant, start: start + by },
            Place::Scratch { start } => Place::Scratch { start: start + by },
        }
    }
}

/// A place and the number of entries there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Span {
    pub(super) place: Place,
    pub(super) len: usize,
}

/// What is run at once.
#[derive(Clone, Debug)]
pub(super) enum Stage<T> {
    Step(Step<T>),
    Chain(Chain<T>),
    Scalars(Scalars<T>),
}

/// Elementwise steps over values of one length, run tile by tile.
#[derive(Clone, Debug)]
pub(super) struct Chain<T> {
    pub(super) len: usize,
    pub(super) tile: usize,
    pub(super) steps: Vec<Step<T>>,
}

#[derive(Clone, Debug)]
pub(super) struct Step<T> {
    pub(super) kernel: Kernel<T>,
    pub(super) out: Span,
}

/// An operand of products: a stack of matrices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor {
    pub(super) span: Span,
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) transposed: bool,
    /// Whether there is one matrix, which is every one of the stack.
    pub(super) repeated: bool,
}

/// What a step does with its output. "Into" kernels read their output as an operand.
#[derive(Clone, Debug)]
pub(super) enum Kernel<T> {
    Fill(T),
    Copy(Span),
    Unary(Unary<T>, Span),
    UnaryInto(Unary<T>),
    Binary(Binary, Span, Span),
    BinaryIntoLeft(Binary, Span),
    BinaryIntoRight(Binary, Span),
    /// x y + z
    MultiplyAdd([Span; 3]),
    /// x y + what is there
    MultiplyAddInto(Span, Span),
    Select([Span; 3]),
    /// Products of so many pairs of matrices.
    MatMul(Factor, Factor, Update, usize),
    /// Solutions for so many matrices of this size.
    Solve {
        matrix: Factor,
        right: Span,
        size: usize,
    },
    LogDeterminant(Span, usize),
    Convolution {
        part: Part,
        operands: [Span; 2],
        update: Update,
        sizes: Box<Convolution>,
    },
    WindowSum(Span, Box<Windows>),
    WindowSpread(Span, Box<Windows>),
    LogSumExp(Span, usize),
    Softmax(Span, usize),
    LogSoftmax(Span, usize),
    /// Sum of the operand, by the output's stride along each of its axes (0: summed over).
    Sum(Span, Box<Layout>),
    /// Largest of the operand, likewise.
    Max(Span, Box<Layout>),
    /// Copy of the operand, by its stride along each axis of the output.
    Strided(Span, Box<Layout>),
    /// Blocks of `inner` entries: `whole` to an outer index in the operand, those from `start` kept.
    Slice {
        of: Span,
        outer: usize,
        whole: usize,
        start: usize,
    },
    /// The reverse placement, with zeros around, or added to what is there.
    Pad {
        of: Span,
        outer: usize,
        whole: usize,
        start: usize,
        update: Update,
    },
    /// The operand, of `part` entries to an outer index, written from `start` on in the output's `whole`.
    Place {
        of: Span,
        outer: usize,
        whole: usize,
        start: usize,
    },
    /// Blocks of `inner` entries, of `extent` in the operand those of the table.
    Gather {
        of: Span,
        extent: usize,
        inner: usize,
        table: usize,
    },
    /// Blocks of `inner` entries added to those of the table, of `extent` in the output.
    Scatter {
        of: Span,
        extent: usize,
        inner: usize,
        table: usize,
    },
}

/// The sizes of a convolution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Convolution {
    pub(super) images: usize,
    pub(super) channels: usize,
    pub(super) outputs: usize,
    pub(super) windows: Windows,
}

/// The sizes of windows over images.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Windows {
    pub(super) window: Window,
    /// Height and width of an image.
    pub(super) image: [usize; 2],
    /// The number of windows along them.
    pub(super) positions: [usize; 2],
    /// For each place in the window, row by row, the positions at which it lies within the image.
    pub(super) meetings: Vec<Meeting>,
}

/// The positions of a window, `rows` x `cols` of them, at which one place of it lies within the image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Meeting {
    pub(super) rows: usize,
    pub(super) cols: usize,
    /// The first of the positions.
    pub(super) position: usize,
    /// The pixel under the place there.
    pub(super) pixel: usize,
}

impl<T: Scalar> Plan<T> {
    /// A workspace for one running call.
    ///
    /// # Panics
    /// If there is not enough memory; [`Plan::try_workspace`] returns that as an error.
    #[track_caller]
    pub fn workspace(&self) -> Workspace<T> {
        self.try_workspace().unwrap_or_else(|error| panic!("{error}"))
    }

    /// A workspace for one running call, or an error that names its bytes if there is not enough memory.
    ///
    /// # Errors
    /// If the allocator refuses the memory.
    pub fn try_workspace(&self) -> Result<Workspace<T>> {
        Ok(Workspace { entries: zeros(self.workspace_len)?, scratch: zeros(self.scratch_len)? })
    }

    /// The bytes of a workspace.
    pub fn workspace_bytes(&self) -> usize {
        self.workspace_len().saturating_mul(size_of::<T>())
    }

    /// The number of entries of each argument's slice.
    pub fn argument_lens(&self) -> &[usize] {
        &self.argument_lens
    }

    /// The number of entries of each result's slice.
    pub fn result_lens(&self) -> &[usize] {
        &self.result_lens
    }

    /// The number of entries of a workspace.
    pub fn workspace_len(&self) -> usize {
        self.workspace_len + self.scratch_len
    }
}

/// So many zeros, if there is memory for them.
pub(crate) fn zeros<T: Scalar>(len: usize) -> Result<Vec<T>> {
    let mut entries = Vec::new();
    let refused = |_| Error::Allocation {
        what: "running a program",
        bytes: len as u128 * size_of::<T>() as u128,
        remedy: "record it for fewer rows, or in parts",
    };
    entries.try_reserve_exact(len).map_err(refused)?;
    entries.resize(len, T::zero());
    Ok(entries)
}
