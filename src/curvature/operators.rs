//! Square operators at a point: products summed over chunks with one vector.

use std::fmt;

use super::products::{MemoryReport, Products};
use crate::operator::{Adjoint, LinearOperator, PositiveSemidefinite, Symmetric, block_fits, fits};
use crate::scalar::Scalar;

/// What the square operators share: a product is a sum over chunks with the same vector.
macro_rules! square_operator {
    ($name:ident, $label:literal) => {
        impl<'a, T: Scalar> $name<'a, T> {
            pub(super) fn new(products: &'a Products<'a, T>, theta: &'a [T]) -> Self {
                $name { products, theta }
            }

            /// What is held in memory for products, and what was decided to fit the budget.
            pub fn memory(&self) -> MemoryReport {
                self.products.memory()
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
                self.products.sum_block(self.theta, x, y);
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
            #[track_caller]
            fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
                self.apply_block(y, x, vectors);
            }
        }

        impl<T: Scalar> Symmetric<T> for $name<'_, T> {}
    };
}

/// H, the second derivatives of a risk at a point: P x P. A product costs about two gradients.
#[derive(Clone, Copy)]
#[doc(alias = "HVP")]
#[doc(alias = "hessian vector product")]
#[doc(alias = "Pearlmutter")]
pub struct Hessian<'a, T> {
    products: &'a Products<'a, T>,
    theta: &'a [T],
}

square_operator!(Hessian, "Hessian");

/// G = sum_m w_m J_m' S_m J_m at a point: P x P, semidefinite for losses that are convex in the logits.
#[derive(Clone, Copy)]
#[doc(alias = "GGN")]
#[doc(alias = "generalized Gauss-Newton")]
pub struct GaussNewton<'a, T> {
    products: &'a Products<'a, T>,
    theta: &'a [T],
}

square_operator!(GaussNewton, "GaussNewton");

impl<T: Scalar> PositiveSemidefinite<T> for GaussNewton<'_, T> {}

/// H - G, the part of the Hessian with the curvature of the logits: sum_m w_m sum_k e_mk d^2 z_mk / d theta^2, with e_m the
/// gradient of the loss by the logits: P x P, symmetric, of either sign. Zero for a linear model, and for a network of
/// piecewise linear activations zero within each layer's block. A product costs about two gradients.
///
/// Fort & Ganguli 2019 (arXiv:1910.05929) assume that it is small beside G: see [`RiskPoint::remainder_ratio`](super::RiskPoint::remainder_ratio).
#[derive(Clone, Copy)]
pub struct Remainder<'a, T> {
    products: &'a Products<'a, T>,
    theta: &'a [T],
}

square_operator!(Remainder, "Remainder");
