//! Programs: straight-line code over arrays, each instruction writing one new value.

use std::sync::Arc;

use super::op::{Op, Value};
use super::rules::shape_holds;
use super::shape::Shape;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// A recorded function: instructions in an order in which each uses only earlier results.
///
/// Arguments and results are flat slices. An argument is one or more *blocks* that lie back to back in its slice, each
/// with a shape of its own: the parameters of a network are one argument with a block for each weight and bias, so that
/// a vector of parameters, a gradient and a direction are plain `[T]` everywhere outside. Results likewise.
///
/// ```
/// use eigenscape::tape::{Program, Shape};
///
/// // Two arguments, one result; any of them can be differentiated.
/// let f = Program::<f64>::record([Shape::vector(3), Shape::vector(3)], |[x, y]| x.dot(y).exp())?;
/// assert_eq!(f.evaluate(&[&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0]]), [[1.0]]);
/// let gradient = f.gradient(1)?; // of the second argument: value and gradient
/// let results = gradient.evaluate(&[&[1.0, 2.0, 3.0], &[0.0; 3]]);
/// assert_eq!(results[1], [1.0, 2.0, 3.0]);
/// println!("{gradient}"); // readable code, with what each instruction costs
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "computation graph")]
#[doc(alias = "jaxpr")]
pub struct Program<T> {
    pub(crate) nodes: Vec<Node<T>>,
    pub(crate) constants: Vec<Arc<[T]>>,
    /// Positions that gathers and scatters go by.
    pub(crate) tables: Vec<Arc<[usize]>>,
    pub(crate) arguments: Vec<Vec<Shape>>,
    pub(crate) results: Vec<Vec<Value>>,
}

/// An instruction with the shape of its result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Node<T> {
    pub(crate) op: Op<T>,
    pub(crate) shape: Shape,
}

impl<T: Scalar> Program<T> {
    /// The shapes of the blocks of each argument.
    pub fn arguments(&self) -> &[Vec<Shape>] {
        &self.arguments
    }

    /// The shapes of the blocks of each result.
    pub fn results(&self) -> Vec<Vec<Shape>> {
        self.results.iter().map(|blocks| blocks.iter().map(|&value| self.shape(value)).collect()).collect()
    }

    /// The number of entries of an argument's slice.
    pub fn argument_len(&self, argument: usize) -> usize {
        self.arguments[argument].iter().map(Shape::size).sum()
    }

    /// The number of entries of a result's slice.
    pub fn result_len(&self, result: usize) -> usize {
        self.results[result].iter().map(|&value| self.shape(value).size()).sum()
    }

    /// The number of instructions.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no instruction, hence no argument and no result.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The number of elements of all values together.
    pub(crate) fn elements(&self) -> usize {
        self.nodes.iter().map(|node| node.shape.size()).sum()
    }

    /// Fails unless arguments with these numbers exist and each is named once.
    pub(super) fn expect_arguments(&self, what: &'static str, arguments: &[usize]) -> Result<()> {
        let wrong = |&(place, &argument): &(usize, &usize)| {
            argument >= self.arguments.len() || arguments[..place].contains(&argument)
        };
        let limits = "must be below the number of arguments and named once";
        match arguments.iter().enumerate().find(wrong) {
            Some((_, &argument)) => Err(Error::OutOfRange { what, value: argument as f64, limits }),
            None => Ok(()),
        }
    }

    /// The error of a function whose result must be a single number.
    pub(super) fn not_one_number(&self, operation: &'static str) -> Error {
        let first = self.results.first().and_then(|blocks| blocks.first());
        Error::Shapes {
            operation,
            left: first.map_or_else(|| vec![0], |&value| self.shape(value).extents().to_vec()),
            right: Vec::new(),
            rule: "the function must have one result (left), a scalar without axes (right): take its sum",
            location: None,
        }
    }

    /// All values, in order.
    pub(crate) fn values(&self) -> impl Iterator<Item = Value> + use<T> {
        (0..self.nodes.len()).map(|index| Value(index as u32))
    }

    pub(crate) fn shape(&self, value: Value) -> Shape {
        self.nodes[value.index()].shape
    }

    /// Panics, naming the instruction, unless each one uses earlier values of the right shapes.
    ///
    /// Run on what each pass returns in debug builds: a pass that breaks a program is found where it did.
    #[track_caller]
    pub(crate) fn check(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            assert!(node.op.operands().all(|value| value.index() < index), "%{index} {node:?} uses a later value");
            assert!(
                shape_holds(&node.op, node.shape, |value| self.shape(value), &self.tables),
                "%{index} {node:?} has operands of shapes {:?}",
                node.op.operands().map(|value| self.shape(value)).collect::<Vec<_>>()
            );
            match node.op {
                Op::Constant(constant) => assert_eq!(self.constants[constant].len(), node.shape.size(), "%{index}"),
                Op::Argument { argument, block } => {
                    assert_eq!(self.arguments[argument][block], node.shape, "%{index}");
                }
                _ => {}
            }
        }
        assert!(self.results.iter().flatten().all(|value| value.index() < self.nodes.len()), "a result has no value");
    }
}
