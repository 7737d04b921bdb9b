//! Self-attention over sequences.

use super::placed::{Placed, misplaced, weight};
use crate::error::Result;
use crate::scalar::Scalar;
use crate::tape::{Shape, Var};

/// Self-attention with several heads over sequences of tokens: its number of heads, and whether it is causal.
///
/// ```text
///     Q = X W_q',  K = X W_k',  V = X W_v'       X: tokens x features;  the features of Q, K, V are heads x depth
///     Y_h = softmax(Q_h K_h' / sqrt(depth)) V_h  for each head h, the softmax along the keys
///     Y = [Y_1 ... Y_heads] W_o'                 blocks `query`, `key`, `value`, `output`: features x features
/// ```
///
/// Causal attention sees no token behind its own: those have weight 0. There are no biases; one of the keys would have
/// no effect at all, as a softmax does not see what all its arguments share.
///
/// Cost for each sequence: 8 tokens features^2 + 4 tokens^2 features; heads x tokens^2 weights are kept for derivatives.
///
/// # References
/// Vaswani et al. 2017, arXiv:1706.03762.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "self-attention")]
#[doc(alias = "multi-head")]
pub struct Attention {
    heads: usize,
    causal: bool,
}

impl Attention {
    /// Attention of each token to all, with this many heads.
    pub fn new(heads: usize) -> Self {
        Attention { heads, causal: false }
    }

    /// Attention of each token to itself and those before it alone.
    pub fn causal(self) -> Self {
        Attention { causal: true, ..self }
    }

    pub(super) fn place(&self, input: Shape) -> Result<Placed> {
        let &[_, features] = input.extents() else {
            return misplaced("attention", input, &[self.heads], "examples (left) must be tokens x features");
        };
        if self.heads == 0 || !features.is_multiple_of(self.heads) {
            let rule =
                "the heads (right) must be at least 1 and divide the features, the last axis of an example (left)";
            return misplaced("attention", input, &[self.heads], rule);
        }
        let square = |name| weight(name, &[features, features], features, features);
        let blocks = vec![square("query")?, square("key")?, square("value")?, square("output")?];
        Ok(Placed { output: input, blocks })
    }

    pub(super) fn record<'t, T: Scalar>(&self, blocks: &[Var<'t, T>], x: Var<'t, T>) -> Var<'t, T> {
        let &[examples, tokens, features] = x.shape().extents() else {
            unreachable!("examples are tokens x features where attention was placed")
        };
        let depth = features / self.heads;
        let by_head = |weight: Var<'t, T>| {
            let all = x.matmul_transposed(weight).reshape([examples, tokens, self.heads, depth]);
            all.permute(&[0, 2, 1, 3])
        };
        let [query, key, value] = [blocks[0], blocks[1], blocks[2]].map(by_head);
        let scores = query.matmul_transposed(key) * T::of(1.0 / (depth as f64).sqrt());
        let scores = if self.causal { behind_removed(scores, tokens) } else { scores };
        let heads = scores.softmax().matmul(value);
        heads.permute(&[0, 2, 1, 3]).reshape([examples, tokens, features]).matmul_transposed(blocks[3])
    }
}

/// Scores with -infinity for keys behind their query, so that the softmax gives them exactly nothing.
fn behind_removed<T: Scalar>(scores: Var<'_, T>, tokens: usize) -> Var<'_, T> {
    let seen = |place: usize| if place % tokens <= place / tokens { T::one() } else { T::zero() };
    let seen: Vec<T> = (0..tokens * tokens).map(seen).collect();
    let tape = scores.tape();
    tape.constant([tokens, tokens], &seen).select(scores, tape.fill([tokens, tokens], T::neg_infinity()))
}
