//! Where a linear part finds its residuals: kept, read from the function's arguments, or derived from another residual.

use super::build::Builder;
use super::function::{Binary, Unary};
use super::op::{Op, Value};
use super::program::Program;
use crate::scalar::Scalar;

/// Where one residual comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// From the list that a point keeps.
    Kept,
    /// What the function is given need not be kept a second time: the block of an argument.
    Given { argument: usize, block: usize },
    /// A few sums and products on the elements of one other residual, as 1 - a^2 is on a: cheaper to repeat than to keep.
    Derived,
}

/// Operations on an element that are rather repeated than kept.
const FEW: usize = 6;

/// The source of each residual of a program whose results they are.
pub(super) fn sources<T: Scalar>(primal: &Program<T>, residuals: &[Value]) -> Vec<Source> {
    let mut sources: Vec<Source> = residuals
        .iter()
        .map(|&value| match given(primal, value) {
            Some((argument, block)) => Source::Given { argument, block },
            None => Source::Kept,
        })
        .collect();
    for (number, &value) in residuals.iter().enumerate() {
        // Every derived residual has a leaf that is not derived itself: only those that still stand are looked for.
        let standing =
            |x: Value| x != value && residuals.iter().zip(&sources).any(|(&r, s)| r == x && *s != Source::Derived);
        let mut leaf = None;
        let mut left = FEW;
        if sources[number] == Source::Kept
            && is_derived(primal, value, &standing, &mut leaf, &mut left)
            && leaf.is_some()
        {
            sources[number] = Source::Derived;
        }
    }
    sources
}

fn given<T: Scalar>(primal: &Program<T>, value: Value) -> Option<(usize, usize)> {
    match primal.nodes[value.index()].op {
        Op::Argument { argument, block } => Some((argument, block)),
        Op::Reshape(x) => match primal.nodes[x.index()].op {
            Op::Argument { argument, block } => Some((argument, block)),
            _ => None,
        },
        _ => None,
    }
}

fn operands<T: Scalar>(primal: &Program<T>, value: Value) -> Option<[Value; 2]> {
    match primal.nodes[value.index()].op {
        Op::Unary(Unary::Scale(_) | Unary::Offset(_), x) => Some([x, x]),
        Op::Binary(Binary::Add | Binary::Subtract | Binary::Multiply, x, y) => Some([x, y]),
        _ => None,
    }
}

/// Whether a value is a few operations on one leaf.
fn is_derived<T: Scalar>(
    primal: &Program<T>,
    value: Value,
    standing: &impl Fn(Value) -> bool,
    leaf: &mut Option<Value>,
    left: &mut usize,
) -> bool {
    if standing(value) {
        return *leaf.get_or_insert(value) == value;
    }
    let Some([x, y]) = operands(primal, value).filter(|_| *left > 0) else { return false };
    *left -= 1;
    is_derived(primal, x, standing, leaf, left) && (x == y || is_derived(primal, y, standing, leaf, left))
}

/// Writes a derived residual into a program, at the values of those that are not.
pub(super) fn derive<T: Scalar>(
    primal: &Program<T>,
    value: Value,
    builder: &mut Builder<T>,
    at: &impl Fn(Value) -> Option<Value>,
) -> Value {
    if let Some(leaf) = at(value) {
        return leaf;
    }
    match primal.nodes[value.index()].op {
        Op::Unary(function, x) => {
            let x = derive(primal, x, builder, at);
            builder.unary(function, x)
        }
        Op::Binary(function, x, y) => {
            let [x, y] = [x, y].map(|x| derive(primal, x, builder, at));
            builder.binary(function, x, y)
        }
        op => unreachable!("{op:?} is not derived from residuals"),
    }
}
