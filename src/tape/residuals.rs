//! Where a linear part finds its residuals: kept, read from the function's arguments, or derived from another residual.

use rustc_hash::{FxHashMap, FxHashSet};

use super::build::Builder;
use super::embed::embed_at;
use super::function::{Binary, Unary};
use super::linear::LinearProgram;
use super::op::{Op, Value};
use super::program::Program;
use super::shape::Shape;
use crate::scalar::Scalar;

/// Where one residual comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Source {
    /// From the list that a point keeps.
    Kept,
    /// What the function is given need not be kept a second time: the block of an argument.
    Given { argument: usize, block: usize },
    /// A few sums and products on the elements of one other residual, as 1 - a^2 is on a: cheaper to repeat than to keep.
    Derived,
}

/// Operations on an element that are rather repeated than kept.
const FEW: usize = 6;

/// The residuals of a primal program, its last result, with the source of each.
#[derive(Debug)]
pub(super) struct Sources {
    residuals: Vec<(Value, Source)>,
}

impl Sources {
    pub(super) fn new<T: Scalar>(primal: &Program<T>) -> Self {
        let residuals = primal.results.last().map_or(&[][..], Vec::as_slice);
        let mut sources: Vec<(Value, Source)> =
            residuals.iter().map(|&value| (value, given(primal, value).unwrap_or(Source::Kept))).collect();
        // A derived residual's leaf is not derived itself: only those are looked for that still stand.
        let mut standing: FxHashSet<Value> = residuals.iter().copied().collect();
        for (value, source) in sources.iter_mut().filter(|(_, source)| *source == Source::Kept) {
            standing.remove(value);
            let mut search = Search { primal, standing: &standing, leaf: None, left: FEW };
            if search.is_derived(*value) && search.leaf.is_some() {
                *source = Source::Derived;
            } else {
                standing.insert(*value);
            }
        }
        Sources { residuals: sources }
    }

    /// Those that are kept, in order.
    pub(super) fn kept(&self) -> Vec<Value> {
        self.residuals.iter().filter(|(_, source)| *source == Source::Kept).map(|&(value, _)| value).collect()
    }

    /// The number of entries that are read from the function's arguments.
    pub(super) fn given_len<T: Scalar>(&self, primal: &Program<T>) -> usize {
        let given = self.residuals.iter().filter(|(_, source)| matches!(source, Source::Given { .. }));
        given.map(|&(value, _)| primal.shape(value).size()).sum()
    }

    /// A linear part, or its transpose, as a program of what is kept, the vector, and the function's arguments.
    pub(super) fn program<T: Scalar>(&self, primal: &Program<T>, linear: &LinearProgram<T>) -> Program<T> {
        let mut builder = Builder::with_capacity(linear.len() + linear.residuals().len());
        let kept = self.kept();
        let shapes: Vec<Shape> = kept.iter().map(|&value| primal.shape(value)).collect();
        let kept_here = builder.argument(&shapes);
        let vectors: Vec<_> = linear.arguments().iter().map(|blocks| builder.argument(blocks)).collect();
        let arguments: Vec<_> = primal.arguments().iter().map(|blocks| builder.argument(blocks)).collect();
        let mut found: FxHashMap<Value, Value> = kept.into_iter().zip(kept_here).collect();
        for &(value, source) in &self.residuals {
            if let Source::Given { argument, block } = source {
                found.insert(value, builder.reshape(arguments[argument][block], primal.shape(value)));
            }
        }
        let residuals: Vec<Value> =
            self.residuals.iter().map(|&(value, _)| derive(primal, value, &mut builder, &found)).collect();
        let results = embed_at(&mut builder, linear, &residuals, &vectors);
        builder.finish(results)
    }
}

/// What the function is given, as it is or in another shape.
fn given<T: Scalar>(primal: &Program<T>, value: Value) -> Option<Source> {
    match primal.nodes[value.index()].op {
        Op::Argument { argument, block } => Some(Source::Given { argument, block }),
        Op::Reshape(x) => match primal.nodes[x.index()].op {
            Op::Argument { argument, block } => Some(Source::Given { argument, block }),
            _ => None,
        },
        _ => None,
    }
}

/// The search for the one leaf of a few operations.
struct Search<'a, T> {
    primal: &'a Program<T>,
    standing: &'a FxHashSet<Value>,
    leaf: Option<Value>,
    left: usize,
}

impl<T: Scalar> Search<'_, T> {
    fn is_derived(&mut self, value: Value) -> bool {
        if self.standing.contains(&value) {
            return *self.leaf.get_or_insert(value) == value;
        }
        let [x, y] = match self.primal.nodes[value.index()].op {
            Op::Unary(Unary::Scale(_) | Unary::Offset(_), x) => [x, x],
            Op::Binary(Binary::Add | Binary::Subtract | Binary::Multiply, x, y) => [x, y],
            _ => return false,
        };
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        self.is_derived(x) && (x == y || self.is_derived(y))
    }
}

/// Writes a residual into a program in which those that are not derived have been found.
fn derive<T: Scalar>(
    primal: &Program<T>,
    value: Value,
    builder: &mut Builder<T>,
    found: &FxHashMap<Value, Value>,
) -> Value {
    if let Some(&leaf) = found.get(&value) {
        return leaf;
    }
    match primal.nodes[value.index()].op {
        Op::Unary(function, x) => {
            let x = derive(primal, x, builder, found);
            builder.unary(function, x)
        }
        Op::Binary(function, x, y) => {
            let [x, y] = [x, y].map(|x| derive(primal, x, builder, found));
            builder.binary(function, x, y)
        }
        op => unreachable!("{op:?} is not derived from residuals"),
    }
}
