//! Hessian, Gauss-Newton matrix and Jacobian at a point, as operators over chunks of examples.

use std::fmt;

use rayon::prelude::*;

use super::Risk;
use super::chunks::{Pool, run_pooled, sum_over_chunks};
use crate::objective::Stochastic;
use crate::operator::{Adjoint, LinearOperator, PositiveSemidefinite, Symmetric, fits};
use crate::scalar::Scalar;
use crate::tape::{Derivative, Workspace};

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

    /// Overwrites `out` with the product of one chunk's linear part.
    fn chunk(&self, theta: &[T], chunk: usize, vector: &[T], out: &mut [T]) {
        let run = |residuals: &[T], out: &mut [T]| {
            run_pooled(&self.derivative.linear, &self.workspaces, &[residuals, vector], &mut [out]);
        };
        match &self.kept {
            Some(kept) => run(&kept[chunk], out),
            None => {
                let residuals = self.residuals(theta, chunk);
                run(&residuals, out);
                self.recomputed.give(residuals);
            }
        }
    }

    /// The sum over chunks of products with one vector each.
    fn sum<'v>(&self, theta: &[T], vector: impl Fn(usize) -> &'v [T] + Sync, out: &mut [T]) {
        let chunks = 0..self.risk.chunked.partition.chunks;
        sum_over_chunks(chunks, out, &self.risk.vectors, &|chunk, out: &mut [T]| {
            self.chunk(theta, chunk, vector(chunk), out);
            0.0
        });
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
                return self.forward.chunk(self.theta, chunk, x, out);
            }
            let mut filled_up = vec![T::zero(); len];
            self.forward.chunk(self.theta, chunk, x, &mut filled_up);
            out.copy_from_slice(&filled_up[..out.len()]);
        });
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
