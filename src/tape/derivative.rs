//! Linear parts ready to run, on one vector or on blocks of them.

use std::sync::OnceLock;

use super::batch::{batch, deinterleave, interleave};
use super::linearize::Linearization;
use super::plan::{Plan, Workspace};
use super::program::Program;
use super::residuals::Sources;
use super::transpose::transpose;
use crate::scalar::Scalar;

/// The numbers of vectors that one wide program may take, in the order in which they are tried.
const WIDTHS: [usize; 2] = [8, 4];

/// The operations of an average instruction up to which four vectors are better multiplied at once.
const FEW_OPERATIONS: u64 = 300;

/// How often the shared numbers must exceed those computed for one vector for eight to be better multiplied at once.
const MANY_SHARED: usize = 4;

/// A linear map ready to run: what it costs at a point, and what it costs for each vector.
///
/// A block of vectors is multiplied by one wide program where that is faster than one vector after the other. Measured
/// for 2, 4 and 8 vectors on one core with AVX-512, the time of a vector in a block of 8 relative to one alone:
///
/// | linear part | wide | one by one |
/// | --- | --- | --- |
/// | formulas of 50 numbers, or of a vector of up to 100 | 0.2 to 0.5 | 1.0 |
/// | perceptron 4-8-3, 20 examples | 0.7 | 1.0 |
/// | matrix times vector, 64 to 2048 | 0.4 to 0.9 | 1.0 |
/// | perceptrons 16-32-10 to 64-64-64-10, chunks of 120 examples and more | 1.0 to 1.1 | 1.0 |
/// | elementwise on vectors of 1000 and more | 1.4 to 3 | 1.0 |
///
/// So wide programs are for instructions so small that their number is what costs, and for products that are bound by
/// reading what is shared. Elsewhere the arithmetic of products is all of the time (110 GFLOP/s at 120 x 64 x 64 as at
/// 1024 x 1024 x 1024), and eight times the tangents leave the first-level cache.
#[derive(Debug)]
pub(crate) struct Derivative<T> {
    /// From the arguments of the function to the residuals that are kept.
    pub(crate) primal: Plan<T>,
    /// From kept residuals, a vector, and the arguments of the function to the product.
    pub(crate) linear: Plan<T>,
    /// The same for the transpose, where both are wanted.
    pub(crate) transposed: Option<Plan<T>>,
    program: Program<T>,
    /// The least width that pays.
    least: usize,
    /// The same for so many vectors at once, planned at its first use; none if it has too many axes.
    wide: [OnceLock<Option<Plan<T>>>; WIDTHS.len()],
}

/// The memory of one running call on blocks.
#[derive(Debug)]
pub(crate) struct Workspaces<T> {
    single: Option<Workspace<T>>,
    wide: [Option<Workspace<T>>; WIDTHS.len()],
}

impl<T> Default for Workspaces<T> {
    fn default() -> Self {
        Workspaces { single: None, wide: [const { None }; WIDTHS.len()] }
    }
}

impl<T: Scalar> Derivative<T> {
    /// Plans both parts of a linearization.
    pub(crate) fn new(linearization: &Linearization<T>) -> Self {
        Derivative::with(linearization, Plan::new)
    }

    /// The same, with a linear part that adds its products to what is there.
    pub(crate) fn adding(linearization: &Linearization<T>) -> Self {
        Derivative::with(linearization, Plan::adding)
    }

    /// A linear part that adds, and its transpose, which adds too, at the same residuals.
    pub(crate) fn adding_both(linearization: &Linearization<T>) -> Self {
        let mut both = Derivative::adding(linearization);
        let sources = Sources::new(&linearization.primal);
        both.transposed =
            Some(Plan::adding(&sources.program(&linearization.primal, &transpose(&linearization.linear))));
        both
    }

    fn with(Linearization { primal, linear }: &Linearization<T>, plan: fn(&Program<T>) -> Plan<T>) -> Self {
        let sources = Sources::new(primal);
        let program = sources.program(primal, linear);
        let shared = program.argument_len(0) + sources.given_len(primal);
        let primal = Program { results: vec![sources.kept()], ..primal.clone() }.select(&[0]);
        let inputs: usize = (0..program.arguments().len()).map(|argument| program.argument_len(argument)).sum();
        let own = program.elements().saturating_sub(inputs) + program.argument_len(1);
        let operations = program.cost().operations;
        let few = operations <= FEW_OPERATIONS * program.len() as u64;
        let least = if few {
            4
        } else if shared >= MANY_SHARED * own {
            8
        } else {
            usize::MAX
        };
        Derivative {
            primal: Plan::new(&primal),
            linear: plan(&program),
            transposed: None,
            program,
            least,
            wide: [const { OnceLock::new() }; WIDTHS.len()],
        }
    }

    /// The number of kept residual entries.
    pub(crate) fn residual_len(&self) -> usize {
        self.primal.result_lens()[0]
    }

    /// Cuts a block of vectors into pieces, each run by one program: the numbers of vectors in them. Depends on shapes
    /// and the number of vectors alone.
    pub(crate) fn pieces(&self, vectors: usize) -> impl Iterator<Item = usize> {
        let mut left = vectors;
        std::iter::from_fn(move || {
            let width = self.widest(left).map_or(1, |(width, _)| width);
            (left > 0).then(|| {
                left -= width;
                width
            })
        })
    }

    /// The widest program for up to so many vectors: its width and its place.
    fn widest(&self, vectors: usize) -> Option<(usize, usize)> {
        let fits = |&(width, place): &(usize, usize)| width <= vectors && self.wide(place).is_some();
        WIDTHS.into_iter().zip(0..).find(fits)
    }

    fn wide(&self, place: usize) -> Option<&Plan<T>> {
        if WIDTHS[place] < self.least {
            return None;
        }
        let plan = || batch(&self.program, &[1], WIDTHS[place]).ok().map(|program| Plan::new(&program));
        self.wide[place].get_or_init(plan).as_ref()
    }

    /// The place of each vector of a block, piece by piece.
    fn ranges(&self, vectors: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.pieces(vectors).scan(0, |next, width| {
            *next += width;
            Some(*next - width..*next)
        })
    }

    /// Brings vectors that stand back to back into the order of [`Derivative::run_block`].
    pub(crate) fn pack(&self, vectors: usize, x: &[T], packed: &mut [T]) {
        let len = self.program.argument_len(1);
        for piece in self.ranges(vectors) {
            let range = piece.start * len..piece.end * len;
            interleave(&self.program.arguments()[1], &x[range.clone()], &mut packed[range]);
        }
    }

    /// Brings products out of the order of [`Derivative::run_block`].
    pub(crate) fn unpack(&self, vectors: usize, packed: &[T], y: &mut [T]) {
        let len = self.program.result_len(0);
        let blocks = &self.program.results()[0];
        for piece in self.ranges(vectors) {
            let range = piece.start * len..piece.end * len;
            deinterleave(blocks, &packed[range.clone()], &mut y[range]);
        }
    }

    /// Overwrites `out` with the products of vectors, both packed (each piece of the block in the order of a batched
    /// argument), at kept residuals and the arguments of the function.
    pub(crate) fn run_block(
        &self,
        (residuals, given): (&[T], &[&[T]]),
        vectors: usize,
        x: &[T],
        out: &mut [T],
        workspaces: &mut Workspaces<T>,
    ) {
        let (from, to) = (self.program.argument_len(1), self.program.result_len(0));
        for piece in self.ranges(vectors) {
            let (plan, workspace) = match self.widest(piece.len()) {
                Some((_, place)) => (self.wide(place).unwrap_or(&self.linear), &mut workspaces.wide[place]),
                None => (&self.linear, &mut workspaces.single),
            };
            let workspace = workspace.get_or_insert_with(|| plan.workspace());
            let x = &x[piece.start * from..piece.end * from];
            run_linear(plan, (residuals, given), x, &mut out[piece.start * to..piece.end * to], workspace);
        }
    }
}

/// Runs a linear part at kept residuals and the arguments of its function.
pub(crate) fn run_linear<T: Scalar>(
    plan: &Plan<T>,
    (residuals, given): (&[T], &[&[T]]),
    x: &[T],
    out: &mut [T],
    workspace: &mut Workspace<T>,
) {
    // On the stack: a product allocates nothing.
    const MOST: usize = 8;
    let mut arguments: [&[T]; MOST] = [&[]; MOST];
    let count = given.len() + 2;
    arguments[..2].copy_from_slice(&[residuals, x]);
    arguments[2..count].copy_from_slice(given);
    plan.run(&arguments[..count], &mut [out], workspace);
}
