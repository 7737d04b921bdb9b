//! Products of linear parts with vectors, chunk by chunk: what all operators at a point are made of.

use super::Risk;
use super::chunks::{Pool, lanes, run_pooled, sum_over_chunks};
use crate::objective::Stochastic;
use crate::parallel;
use crate::scalar::Scalar;
use crate::tape::{Derivative, Plan, Workspace, run_linear};

/// What an operator at a point holds in memory, in bytes, and what was decided so that it fits the budget.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::{Objective, Point};
///
/// let network = Perceptron::new(&[1, 8, 1], Activation::Tanh)?;
/// let examples = Examples::new(vec![0.5; 1000], 1, vec![1.0; 1000], 1)?;
/// let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples)?;
/// let memory = risk.at(&[0.1; 25])?.hessian().memory();
/// assert!(memory.kept == memory.chunks && memory.residuals + memory.running <= memory.budget);
///
/// let memory = risk.memory_budget(0).at(&[0.1; 25])?.hessian().memory();
/// assert_eq!((memory.kept, memory.residuals), (0, 0));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MemoryReport {
    /// The number of chunks of examples.
    pub chunks: usize,
    /// The number of those whose residuals are kept; those of the others are recomputed in each product.
    pub kept: usize,
    /// Bytes of the residuals that are kept.
    pub residuals: usize,
    /// Bytes that a running product holds beside them at most, with the threads of the current pool: workspaces, residuals
    /// that are recomputed, partial sums.
    pub running: usize,
    /// The budget.
    pub budget: usize,
}

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
    /// Those of the first chunks, as many as fit the budget.
    kept: Vec<Vec<T>>,
    /// Residuals of one chunk each, for the others.
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
            kept: Vec::new(),
            recomputed: Pool::default(),
            primal_workspaces: Pool::default(),
            logits: Pool::default(),
            workspaces: [Pool::default(), Pool::default()],
        };
        let chunks = products.count_kept();
        products.kept = parallel::map(0..chunks, &|chunk| products.residuals(theta, chunk));
        if chunks == risk.chunked.partition.chunks {
            // They are not needed again.
            products.primal_workspaces = Pool::default();
        }
        products
    }

    /// The number of chunks whose residuals are kept.
    fn count_kept(&self) -> usize {
        let (chunks, budget) = (self.risk.chunked.partition.chunks, self.risk.memory_budget);
        let chunk = self.derivative.residual_len() * size_of::<T>();
        if chunk.saturating_mul(chunks).saturating_add(self.running_bytes(1, true)) <= budget {
            return chunks;
        }
        let room = budget.saturating_sub(self.running_bytes(1, false));
        room.checked_div(chunk).unwrap_or(chunks).min(chunks - 1)
    }

    /// The bytes that running products of blocks of so many vectors hold at most, beside the residuals that are kept.
    fn running_bytes(&self, vectors: usize, all_kept: bool) -> usize {
        let threads = rayon::current_num_threads();
        let chunks = self.risk.chunked.partition.chunks;
        let Derivative { primal, linear, transposed, .. } = self.derivative;
        let mut thread = linear.workspace_len().max(transposed.as_ref().map_or(0, Plan::workspace_len));
        if !all_kept {
            thread += primal.workspace_len() + self.derivative.residual_len();
        }
        let sums = if lanes(chunks) > 1 { threads.min(lanes(chunks)) } else { 0 };
        let entries = threads.min(chunks) * thread + vectors * sums * self.parameters();
        entries.saturating_mul(size_of::<T>())
    }

    /// What is kept, and what running products hold.
    pub(super) fn memory(&self) -> MemoryReport {
        let chunks = self.risk.chunked.partition.chunks;
        MemoryReport {
            chunks,
            kept: self.kept.len(),
            residuals: self.kept.len() * self.derivative.residual_len() * size_of::<T>(),
            running: self.running_bytes(1, self.kept.len() == chunks),
            budget: self.risk.memory_budget,
        }
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
        match self.kept.get(chunk) {
            Some(kept) => run(kept),
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
    /// has room for, but 32 at most.
    pub(super) fn group(&self, out: usize) -> usize {
        const CACHE: usize = 1 << 19;
        const MOST: usize = 32;
        if self.kept.len() == self.risk.chunked.partition.chunks {
            return (CACHE / (out * size_of::<T>()).max(1)).clamp(1, MOST);
        }
        let report = self.memory();
        let room = report.budget.saturating_sub(report.residuals);
        (1..=MOST).rev().find(|&vectors| self.running_bytes(vectors, false) <= room).unwrap_or(1)
    }

    pub(super) fn parameters(&self) -> usize {
        self.risk.dim()
    }
}
