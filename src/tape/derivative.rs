//! Linear parts ready to run, on one vector or on blocks of them.

use std::sync::OnceLock;

use super::batch::{batch, deinterleave, interleave};
use super::embed::embed;
use super::linearize::Linearization;
use super::plan::{Plan, Workspace};
use super::program::Program;
use crate::scalar::Scalar;

/// The numbers of vectors that one wide program takes, in the order in which they are tried.
const WIDTHS: [usize; 3] = [8, 4, 2];

/// A linear map ready to run: what it costs at a point, and what it costs for each vector.
#[derive(Debug)]
pub(crate) struct Derivative<T> {
    /// From the arguments of the function to the residuals, alone.
    pub(crate) primal: Plan<T>,
    /// From residuals and a vector to the product.
    pub(crate) linear: Plan<T>,
    program: Program<T>,
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
    pub(crate) fn new(Linearization { primal, linear }: &Linearization<T>) -> Self {
        let residuals = primal.results.len() - 1;
        let program = embed(linear);
        Derivative {
            primal: Plan::new(&primal.select(&[residuals])),
            linear: Plan::new(&program),
            program,
            wide: [const { OnceLock::new() }; WIDTHS.len()],
        }
    }

    /// The number of residual entries.
    pub(crate) fn residual_len(&self) -> usize {
        self.primal.result_lens()[0]
    }

    /// Cuts a block of vectors into pieces, each run by one program: the place of its width, if it is not 1, and the
    /// vectors in it. Depends on shapes and the number of vectors alone.
    fn pieces(&self, vectors: usize) -> impl Iterator<Item = (Option<usize>, std::ops::Range<usize>)> {
        let mut start = 0;
        std::iter::from_fn(move || {
            let left = vectors - start;
            let fits = |&(place, &width): &(usize, &usize)| width <= left && self.wide(place).is_some();
            let (place, width) = match WIDTHS.iter().enumerate().find(fits) {
                Some((place, &width)) => (Some(place), width),
                None => (None, 1),
            };
            start += width;
            (left > 0).then(|| (place, start - width..start))
        })
    }

    fn wide(&self, place: usize) -> Option<&Plan<T>> {
        let pays = |width: usize| width * self.linear.workspace_len() * size_of::<T>() <= Self::widest();
        let plan = || batch(&self.program, &[1], WIDTHS[place]).ok().map(|program| Plan::new(&program));
        if pays(WIDTHS[place]) { self.wide[place].get_or_init(plan).as_ref() } else { None }
    }

    fn widest() -> usize {
        std::env::var("WIDEST").ok().and_then(|w| w.parse().ok()).unwrap_or(1 << 20)
    }

    /// Brings vectors that stand back to back into the order of [`Derivative::run_block`].
    pub(crate) fn pack(&self, vectors: usize, x: &[T], packed: &mut [T]) {
        let len = self.program.argument_len(1);
        for (_, piece) in self.pieces(vectors) {
            let range = piece.start * len..piece.end * len;
            interleave(&self.program.arguments()[1], &x[range.clone()], &mut packed[range]);
        }
    }

    /// Brings products out of the order of [`Derivative::run_block`].
    pub(crate) fn unpack(&self, vectors: usize, packed: &[T], y: &mut [T]) {
        let len = self.program.result_len(0);
        let blocks = &self.program.results()[0];
        for (_, piece) in self.pieces(vectors) {
            let range = piece.start * len..piece.end * len;
            deinterleave(blocks, &packed[range.clone()], &mut y[range]);
        }
    }

    /// Overwrites `out` with the products of vectors, both packed: each piece of the block in the order of a batched
    /// argument.
    pub(crate) fn run_block(
        &self,
        residuals: &[T],
        vectors: usize,
        x: &[T],
        out: &mut [T],
        workspaces: &mut Workspaces<T>,
    ) {
        let (from, to) = (self.program.argument_len(1), self.program.result_len(0));
        for (place, piece) in self.pieces(vectors) {
            let (plan, workspace) = match place {
                Some(place) => {
                    let plan = self.wide(place).expect("pieces are cut by the plans that there are");
                    (plan, &mut workspaces.wide[place])
                }
                None => (&self.linear, &mut workspaces.single),
            };
            let workspace = workspace.get_or_insert_with(|| plan.workspace());
            let x = &x[piece.start * from..piece.end * from];
            plan.run(&[residuals, x], &mut [&mut out[piece.start * to..piece.end * to]], workspace);
        }
    }
}
