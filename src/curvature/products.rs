//! Products of linear parts with vectors, chunk by chunk: what all operators at a point are made of.

use rayon::prelude::*;

use super::Risk;
use super::chunks::{Pool, run_pooled, sum_over_chunks};
use crate::objective::Stochastic;
use crate::scalar::Scalar;
use crate::tape::{Derivative, Plan, Workspace, run_linear};

/// Which of a derivative's linear parts is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    Forward,
    /// The transpose.
    Backward,
}

/// The linear part of something recorded, at a point: residuals, kept or not, and the memory to run with.
pub(super) struct Products<'a, T> {
    pub(super) risk: &'a Risk<T>,
    derivative: &'a Derivative<T>,
    /// One for each chunk, if they fit the budget.
    kept: Option<Vec<Vec<T>>>,
    /// Residuals of one chunk each, if they do not.
    recomputed: Pool<Vec<T>>,
    primal_workspaces: Pool<Workspace<T>>,
    /// Logits of a chunk.
    pub(super) logits: Pool<Vec<T>>,
    /// One pool for each direction.
    workspaces: [Pool<Workspace<T>>; 2],
}

impl<'a, T: Scalar> Products<'a, T> {
    pub(super) fn new(risk: &'a Risk<T>, derivative: &'a Derivative<T>, theta: &[T]) -> Self {
        let mut products = Products {
            risk,
            derivative,
            kept: None,
            recomputed: Pool::default(),
            primal_workspaces: Pool::default(),
            logits: Pool::default(),
            workspaces: [Pool::default(), Pool::default()],
        };
        let chunks = risk.chunked.partition.chunks;
        let bytes = derivative.residual_len().saturating_mul(chunks * size_of::<T>());
        if bytes <= risk.memory_budget {
            products.kept = Some((0..chunks).into_par_iter().map(|chunk| products.residuals(theta, chunk)).collect());
        }
        products
    }

    fn residuals(&self, theta: &[T], chunk: usize) -> Vec<T> {
        let mut residuals = self.recomputed.take(|| vec![T::zero(); self.derivative.residual_len()]);
        let arguments = self.risk.chunked.arguments(theta, chunk);
        run_pooled(&self.derivative.primal, &self.primal_workspaces, &arguments, &mut [&mut residuals]);
        residuals
    }

    /// Adds to `out` the products of one chunk's linear part with vectors that stand back to back.
    ///
    /// One after the other, while the chunk's residuals are in the cache: that was measured faster, on networks of 9
    /// thousand and 670 thousand parameters and on a convolutional one, than one program on all of them side by side,
    /// whose tangents push each other out of it.
    pub(super) fn chunk(&self, direction: Direction, theta: &[T], chunk: usize, vectors: &[T], out: &mut [T]) {
        let (linear, workspaces) = self.plan(direction);
        let mut workspace = workspaces.take(|| linear.workspace());
        let given = self.risk.chunked.arguments(theta, chunk);
        let mut run = |residuals: &[T]| {
            let lens = [linear.argument_lens()[1], linear.result_lens()[0]].map(|len| len.max(1));
            for (vector, out) in vectors.chunks_exact(lens[0]).zip(out.chunks_exact_mut(lens[1])) {
                run_linear(linear, (residuals, &given), vector, out, &mut workspace);
            }
        };
        match &self.kept {
            Some(kept) => run(&kept[chunk]),
            None => {
                // Paid once for all vectors.
                let residuals = self.residuals(theta, chunk);
                run(&residuals);
                self.recomputed.give(residuals);
            }
        }
        workspaces.give(workspace);
    }

    fn plan(&self, direction: Direction) -> (&Plan<T>, &Pool<Workspace<T>>) {
        match direction {
            Direction::Forward => (&self.derivative.linear, &self.workspaces[0]),
            Direction::Backward => {
                (self.derivative.transposed.as_ref().expect("the transpose was planned too"), &self.workspaces[1])
            }
        }
    }

    /// Overwrites `out` with the sum over chunks of products with the vectors that `gather` writes for each chunk, back to
    /// back.
    pub(super) fn sum(
        &self,
        direction: Direction,
        theta: &[T],
        out: &mut [T],
        gather: impl Fn(usize, &mut Vec<T>) + Sync,
    ) {
        let chunks = self.risk.chunked.partition.chunks;
        sum_over_chunks(chunks, out, &self.risk.vectors, &|chunk, out: &mut [T]| {
            let mut vectors = self.logits.take(Vec::new);
            gather(chunk, &mut vectors);
            self.chunk(direction, theta, chunk, &vectors, out);
            self.logits.give(vectors);
            0.0
        });
    }

    /// Overwrites `y` with the sums over chunks of products with the same vectors, which stand back to back.
    pub(super) fn sum_block(&self, theta: &[T], x: &[T], y: &mut [T]) {
        let chunks = self.risk.chunked.partition.chunks;
        let group = self.group(self.parameters()) * self.parameters().max(1);
        for (x, y) in x.chunks(group).zip(y.chunks_mut(group)) {
            sum_over_chunks(chunks, y, &self.risk.vectors, &|chunk, out: &mut [T]| {
                self.chunk(Direction::Forward, theta, chunk, x, out);
                0.0
            });
        }
    }

    /// The number of vectors of a block that go through the chunks together, with `out` entries of sums for each.
    ///
    /// With residuals in memory, as many as leave the sums in the cache; where they are recomputed, as many as the budget
    /// has room for with three partial sums each, but 32 at most.
    pub(super) fn group(&self, out: usize) -> usize {
        const CACHE: usize = 1 << 19;
        let room = if self.kept.is_some() { CACHE } else { self.risk.memory_budget / 3 };
        (room / (out * size_of::<T>()).max(1)).clamp(1, 32)
    }

    pub(super) fn parameters(&self) -> usize {
        self.risk.dim()
    }
}
