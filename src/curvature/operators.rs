//! Hessian, Gauss-Newton matrix and Jacobian at a point, as operators over chunks of examples.

use std::fmt;

use rayon::prelude::*;

use super::Risk;
use super::chunks::{Pool, run_pooled, sum_over_chunks};
use crate::objective::Stochastic;
use crate::operator::{Adjoint, LinearOperator, PositiveSemidefinite, Symmetric, block_fits, fits};
use crate::scalar::Scalar;
use crate::tape::{Derivative, Workspace, run_linear};

/// The linear part of something recorded, at a point: residuals, kept or not, and the memory to run with.
pub(super) struct Products<'a, T> {
    risk: &'a Risk<T>,
    derivative: &'a Derivative<T>,
    /// One for each chunk, if they fit the budget.
    kept: Option<Vec<Vec<T>>>,
    /// Residuals of one chunk each, if they do not.
    recomputed: Pool<Vec<T>>,
    primal_workspaces: Pool<Workspace<T>>,
    workspaces: Pool<Workspace<T>>,
}

impl<'a, T: Scalar> Products<'a, T> {
    pub(super) fn new(risk: &'a Risk<T>, derivative: &'a Derivative<T>, theta: &[T]) -> Self {
        let mut products = Products {
            risk,
            derivative,
            kept: None,
            recomputed: Pool::default(),
            primal_workspaces: Pool::default(),
            workspaces: Pool::default(),
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
    fn chunk(&self, theta: &[T], chunk: usize, vectors: &[T], out: &mut [T]) {
        let linear = &self.derivative.linear;
        let mut workspace = self.workspaces.take(|| linear.workspace());
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
        self.workspaces.give(workspace);
    }

    /// The sum over chunks of products with vectors that stand back to back.
    fn sum<'v>(&self, theta: &[T], vectors: impl Fn(usize) -> &'v [T] + Sync, out: &mut [T]) {
        let chunks = self.risk.chunked.partition.chunks;
        sum_over_chunks(chunks, out, &self.risk.vectors, &|chunk, out: &mut [T]| {
            self.chunk(theta, chunk, vectors(chunk), out);
            0.0
        });
    }

    /// The sums over chunks of products with the same vectors, which stand back to back.
    fn sum_block(&self, theta: &[T], x: &[T], y: &mut [T]) {
        let group = self.group(self.parameters()) * self.parameters().max(1);
        for (x, y) in x.chunks(group).zip(y.chunks_mut(group)) {
            self.sum(theta, |_| x, y);
        }
    }

    /// The number of vectors of a block that go through the chunks together, with `out` entries of sums for each.
    ///
    /// With residuals in memory, as many as leave the sums in the cache; where they are recomputed, as many as the budget
    /// has room for with three partial sums each, but 32 at most.
    fn group(&self, out: usize) -> usize {
        const CACHE: usize = 1 << 19;
        let room = if self.kept.is_some() { CACHE } else { self.risk.memory_budget / 3 };
        (room / (out * size_of::<T>()).max(1)).clamp(1, 32)
    }

    fn parameters(&self) -> usize {
        self.risk.dim()
    }
}

/// What the square operators share: a product is a sum over chunks with the same vector.
macro_rules! square_operator {
    ($name:ident, $label:literal) => {
        impl<'a, T: Scalar> $name<'a, T> {
            pub(super) fn new(products: &'a Products<'a, T>, theta: &'a [T]) -> Self {
                $name { products, theta }
            }
        }

        impl<T: Scalar> fmt::Debug for $name<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($label, "({0}x{0})"), self.rows())
            }
        }

        impl<T: Scalar> LinearOperator<T> for $name<'_, T> {
            fn rows(&self) -> usize {
                self.products.parameters()
            }
            fn cols(&self) -> usize {
                self.products.parameters()
            }
            #[track_caller]
            fn apply(&self, x: &[T], y: &mut [T]) {
                fits(self.rows(), self.cols(), x, y);
                self.products.sum(self.theta, |_| x, y);
            }
            #[track_caller]
            fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
                block_fits(self.rows(), self.cols(), x, y, vectors);
                self.products.sum_block(self.theta, x, y);
            }
        }

        impl<T: Scalar> Adjoint<T> for $name<'_, T> {
            #[track_caller]
            fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
                self.apply(y, x);
            }
        }

        impl<T: Scalar> Symmetric<T> for $name<'_, T> {}
    };
}

/// H, the second derivatives of a risk at a point: P x P. A product costs about two gradients.
#[derive(Clone, Copy)]
pub struct Hessian<'a, T> {
    products: &'a Products<'a, T>,
    theta: &'a [T],
}

square_operator!(Hessian, "Hessian");

/// G = sum_m w_m J_m' S_m J_m at a point: P x P, semidefinite since both losses are convex in the logits.
#[derive(Clone, Copy)]
pub struct GaussNewton<'a, T> {
    products: &'a Products<'a, T>,
    theta: &'a [T],
}

square_operator!(GaussNewton, "GaussNewton");

impl<T: Scalar> PositiveSemidefinite<T> for GaussNewton<'_, T> {}

/// J, the derivative of the logits of all examples at a point: (N C) x P, the logits of an example together.
#[derive(Clone, Copy)]
pub struct Jacobian<'a, T> {
    forward: &'a Products<'a, T>,
    backward: &'a Products<'a, T>,
    theta: &'a [T],
}

impl<'a, T: Scalar> Jacobian<'a, T> {
    pub(super) fn new(forward: &'a Products<'a, T>, backward: &'a Products<'a, T>, theta: &'a [T]) -> Self {
        Jacobian { forward, backward, theta }
    }

    /// The number of logits of a chunk, filled up.
    fn chunk_len(&self) -> usize {
        self.forward.risk.chunked.partition.rows * self.forward.risk.outputs()
    }
}

impl<T: Scalar> fmt::Debug for Jacobian<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jacobian({}x{})", self.rows(), self.cols())
    }
}

impl<T: Scalar> LinearOperator<T> for Jacobian<'_, T> {
    fn rows(&self) -> usize {
        self.forward.risk.examples().count() * self.forward.risk.outputs()
    }
    fn cols(&self) -> usize {
        self.forward.parameters()
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        let len = self.chunk_len();
        y.par_chunks_mut(len).enumerate().for_each(|(chunk, out)| {
            if out.len() == len {
                out.fill(T::zero());
                return self.forward.chunk(self.theta, chunk, x, out);
            }
            let mut filled_up = vec![T::zero(); len];
            self.forward.chunk(self.theta, chunk, x, &mut filled_up);
            out.copy_from_slice(&filled_up[..out.len()]);
        });
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        let (rows, cols) = (self.rows(), self.cols());
        block_fits(rows, cols, x, y, vectors);
        if cols == 0 {
            return y.fill(T::zero());
        }
        let (forward, len) = (self.forward, self.chunk_len());
        let group = forward.group(len);
        for (x, y) in x.chunks(group * cols).zip(y.chunks_mut(group * rows)) {
            let vectors = y.len() / rows;
            if vectors == 1 {
                self.apply(x, y);
                continue;
            }
            // The rows of each chunk in the product of each vector.
            let mut parts: Vec<Vec<&mut [T]>> = Vec::new();
            parts.resize_with(rows.div_ceil(len), || Vec::with_capacity(vectors));
            for product in y.chunks_mut(rows) {
                parts.iter_mut().zip(product.chunks_mut(len)).for_each(|(parts, part)| parts.push(part));
            }
            parts.into_par_iter().enumerate().for_each(|(chunk, parts)| {
                let mut products = forward.risk.vectors.take(Vec::new);
                products.clear();
                products.resize(vectors * len, T::zero());
                forward.chunk(self.theta, chunk, x, &mut products);
                for (part, product) in parts.into_iter().zip(products.chunks_exact(len)) {
                    part.copy_from_slice(&product[..part.len()]);
                }
                forward.risk.vectors.give(products);
            });
        }
    }
}

impl<T: Scalar> Adjoint<T> for Jacobian<'_, T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.cols(), self.rows(), y, x);
        let len = self.chunk_len();
        let mut last = y.chunks(len).next_back().unwrap_or_default().to_vec();
        last.resize(len, T::zero());
        let of_chunk = |chunk: usize| y.get(chunk * len..(chunk + 1) * len).unwrap_or(&last);
        // Written out, because a closure cannot promise one lifetime for both sources by itself.
        fn same<'v, T: 'v, F: Fn(usize) -> &'v [T]>(f: F) -> F {
            f
        }
        self.backward.sum(self.theta, same(of_chunk), x);
    }
}
