//! The one derivative rule per instruction: what a small change of its operands does to its result.
//!
//! ```text
//!     linearize : (f : a -> b)  ->  (primal : a -> (b, residuals),  linear : residuals -> (tangent of a -o tangent of b))
//! ```
//!
//! Arguments that are not perturbed have no tangent at all (a symbolic zero), and neither has anything computed from
//! them alone: the linear part holds only what it must.

use rustc_hash::FxHashMap;

use super::build::Builder;
use super::compiled::Compiled;
use super::function::{Binary, Unary};
use super::linear::{LinearOp, LinearProgram, Residual, Tangent};
use super::linear_builder::LinearBuilder;
use super::op::{Op, Value};
use super::program::Program;
use super::shape::{Axes, Shape};
use crate::error::Result;
use crate::scalar::Scalar;

/// A program split at a point into what is paid once and what each direction costs.
#[derive(Clone, Debug)]
pub struct Linearization<T> {
    /// The original results, then one more result: the residuals, a block each.
    pub primal: Program<T>,
    /// The derivative: from tangents of the chosen arguments to tangents of the original results.
    pub linear: LinearProgram<T>,
}

/// Splits `program` into its value and its derivative with respect to the arguments with these numbers.
///
/// ```
/// use eigenscape::tape::{Program, Shape, embed, linearize};
///
/// let f = Program::<f64>::record([Shape::vector(2)], |[x]| x.exp())?;
/// let at = linearize(&f, &[0])?;
/// // The primal once at a point: the value, and the residuals that the linear part needs.
/// let mut results = at.primal.evaluate(&[&[0.0, 1.0]]);
/// let residuals = results.pop().unwrap();
/// // Each direction: a Jacobian-vector product.
/// let tangent = embed(&at.linear).evaluate(&[&residuals, &[1.0, 1.0]]);
/// assert_eq!(tangent[0], results[0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If there is no argument with such a number, or one is named twice.
///
/// # References
/// Radul, Paszke, Frostig, Johnson, Maclaurin 2022, "You only linearize once", arXiv:2204.10923.
#[doc(alias = "jvp")]
#[doc(alias = "forward mode")]
#[doc(alias = "pushforward")]
pub fn linearize<T: Scalar>(program: &Program<T>, arguments: &[usize]) -> Result<Linearization<T>> {
    (Compiled::linearize())(program, arguments)
}

pub(super) fn linearize_body<T: Scalar>(program: &Program<T>, arguments: &[usize]) -> Result<Linearization<T>> {
    program.expect_arguments("the number of an argument to differentiate by", arguments)?;
    let mut pass = Pass {
        primal: Builder::with_capacity(2 * program.nodes.len()),
        linear: LinearBuilder::with_capacity(Vec::new(), 2 * program.nodes.len()),
        residuals: Vec::new(),
        numbers: FxHashMap::default(),
        tables: Vec::new(),
    };
    let inputs: Vec<Vec<Value>> = program.arguments.iter().map(|blocks| pass.primal.argument(blocks)).collect();
    let mut tangent_inputs = vec![None; program.arguments.len()];
    for &argument in arguments {
        tangent_inputs[argument] = Some(pass.linear.argument(&program.arguments[argument]));
    }
    let tables = pass.primal.tables(&program.tables);
    pass.tables = program.tables.iter().map(|table| pass.linear.table(table)).collect();
    let mut values: Vec<Value> = Vec::with_capacity(program.nodes.len());
    let mut tangents: Vec<Option<Tangent>> = Vec::with_capacity(program.nodes.len());
    for node in &program.nodes {
        let (value, tangent) = match node.op {
            Op::Argument { argument, block } => {
                (inputs[argument][block], tangent_inputs[argument].as_ref().map(|blocks| blocks[block]))
            }
            Op::Constant(index) => (pass.primal.constant(node.shape, program.constants[index].clone()), None),
            op => {
                let op_here = op.map(|x| values[x.index()], |c| c, |table| tables[table]);
                let value = pass.primal.push(op_here, node.shape);
                (value, pass.tangent(op, op_here, value, node.shape, |x| tangents[x.index()]))
            }
        };
        values.push(value);
        tangents.push(tangent);
    }
    let results = |pass: &mut Pass<T>, value: &Value| {
        tangents[value.index()].unwrap_or_else(|| pass.linear.zero(program.shape(*value)))
    };
    let tangent_results =
        program.results.iter().map(|blocks| blocks.iter().map(|value| results(&mut pass, value)).collect()).collect();
    let (linear, left) = pass.linear.finish(tangent_results);
    let mut primal_results: Vec<Vec<Value>> =
        program.results.iter().map(|blocks| blocks.iter().map(|value| values[value.index()]).collect()).collect();
    primal_results.push(left.iter().map(|residual| pass.residuals[residual.index()]).collect());
    Ok(Linearization { primal: pass.primal.finish(primal_results), linear })
}

/// What the derivative of a function of one number is multiplied with.
enum Slope<T> {
    Zero,
    Constant(T),
    Value(Value),
}

struct Pass<T> {
    primal: Builder<T>,
    linear: LinearBuilder<T>,
    /// The primal value behind each residual.
    residuals: Vec<Value>,
    numbers: FxHashMap<Value, Residual>,
    /// The numbers in the linear program of the program's tables.
    tables: Vec<usize>,
}

impl<T: Scalar> Pass<T> {
    fn residual(&mut self, value: Value) -> Residual {
        let shape = self.primal.shape(value);
        let (linear, residuals) = (&mut self.linear, &mut self.residuals);
        *self.numbers.entry(value).or_insert_with(|| {
            residuals.push(value);
            linear.residual(shape)
        })
    }

    /// The tangent of `op`, whose operands in the new primal program are those of `here`; `None` if it has none.
    fn tangent(
        &mut self,
        op: Op<T>,
        here: Op<T>,
        result: Value,
        shape: Shape,
        tangent: impl Fn(Value) -> Option<Tangent>,
    ) -> Option<Tangent> {
        match (op, here) {
            (Op::Argument { .. } | Op::Constant(_) | Op::Fill(_), _) => None,
            (Op::Unary(function, x), Op::Unary(_, x_here)) => {
                let t = tangent(x)?;
                let slope = self.slope(function, x_here, result);
                self.times(t, slope)
            }
            (Op::Binary(function, x, y), Op::Binary(_, x_here, y_here)) => {
                self.binary(function, (tangent(x), x_here), (tangent(y), y_here), result)
            }
            (
                Op::MatMul { left, right, .. },
                Op::MatMul { left: left_here, transpose_left, right: right_here, transpose_right },
            ) => {
                let from_left = tangent(left).map(|left| {
                    let right = self.residual(right_here);
                    self.linear.push(LinearOp::MatMulRight { left, transpose_left, right, transpose_right }, shape)
                });
                let from_right = tangent(right).map(|right| {
                    let left = self.residual(left_here);
                    self.linear.push(LinearOp::MatMulLeft { left, transpose_left, right, transpose_right }, shape)
                });
                self.add(from_left, from_right)
            }
            (Op::Select { then, otherwise, .. }, Op::Select { condition, .. }) => {
                let mut mask = |of: Value, holds| {
                    let of = tangent(of)?;
                    let condition = self.residual(condition);
                    Some(self.linear.push(LinearOp::Mask { of, condition, holds }, shape))
                };
                let (from_then, from_otherwise) = (mask(then, true), mask(otherwise, false));
                self.add(from_then, from_otherwise)
            }
            (Op::Solve { matrix, right, .. }, Op::Solve { matrix: matrix_here, transpose, .. }) => {
                // A dX = dB - dA X
                let from_matrix = tangent(matrix).map(|left| {
                    let right = self.residual(result);
                    let product =
                        LinearOp::MatMulRight { left, transpose_left: transpose, right, transpose_right: false };
                    let product = self.linear.push(product, shape);
                    self.linear.push(LinearOp::Scale(-T::one(), product), shape)
                });
                let right = self.add(tangent(right), from_matrix)?;
                let matrix = self.residual(matrix_here);
                Some(self.linear.push(LinearOp::Solve { matrix, transpose, right }, shape))
            }
            (Op::LogDeterminant(x), Op::LogDeterminant(x_here)) => {
                // d ln det A = tr A^-1 dA, for a symmetric A
                let t = tangent(x)?;
                let inverse = self.inverse(x_here);
                let product = self.times(t, Slope::Value(inverse))?;
                let axes = shape.axes();
                Some(self.linear.push(LinearOp::Sum(product, Axes::of([axes, axes + 1])), shape))
            }
            (
                Op::Convolution { left, right, .. },
                Op::Convolution { part, left: left_here, right: right_here, window },
            ) => {
                let from_left = tangent(left).map(|left| {
                    let right = self.residual(right_here);
                    self.linear.push(LinearOp::ConvolutionRight { part, left, right, window }, shape)
                });
                let from_right = tangent(right).map(|right| {
                    let left = self.residual(left_here);
                    self.linear.push(LinearOp::ConvolutionLeft { part, left, right, window }, shape)
                });
                self.add(from_left, from_right)
            }
            (Op::WindowSum(x, window), _) => Some(self.linear.push(LinearOp::WindowSum(tangent(x)?, window), shape)),
            (Op::WindowSpread(x, window), _) => {
                Some(self.linear.push(LinearOp::WindowSpread(tangent(x)?, window), shape))
            }
            (Op::LogSumExp(x), Op::LogSumExp(x_here)) => {
                let softmax = self.softmax(x_here);
                self.mean_over_last(tangent(x)?, softmax, shape)
            }
            (Op::Softmax(x), _) => {
                // dp = p (t - sum p t) along the last axis
                let t = tangent(x)?;
                let mean = self.spread_mean(t, result)?;
                let centred = self.subtract(t, mean);
                self.times(centred, Slope::Value(result))
            }
            (Op::LogSoftmax(x), _) => {
                // dl = t - sum p t along the last axis, p = exp(l). Where one entry has nearly all of p, the mean is nearly
                // t of that entry, and their difference would be lost to rounding: so t of an entry with half of p or more
                // is taken from all of t first. Then all terms are of the size of the result; so is what the transpose returns.
                let t = tangent(x)?;
                let softmax = self.primal.unary(Unary::Exp, result);
                let half = self.primal.fill(shape, T::of(0.5));
                let most = self.primal.binary(Binary::AtLeast, softmax, half);
                let of_most = self.spread_mean(t, most)?;
                let t = self.subtract(t, of_most);
                let mean = self.spread_mean(t, softmax)?;
                Some(self.subtract(t, mean))
            }
            (Op::Sum(x, axes), _) => Some(self.linear.push(LinearOp::Sum(tangent(x)?, axes), shape)),
            (Op::Max(x, axes), Op::Max(x_here, _)) => {
                let t = tangent(x)?;
                let share = self.share_of_maximum(x_here, result, axes);
                let product = self.times(t, Slope::Value(share))?;
                Some(self.linear.push(LinearOp::Sum(product, axes), shape))
            }
            (Op::Broadcast(x, axes), _) => Some(self.linear.push(LinearOp::Broadcast(tangent(x)?, axes), shape)),
            (Op::Reshape(x), _) => Some(self.linear.push(LinearOp::Reshape(tangent(x)?), shape)),
            (Op::Permute(x, order), _) => Some(self.linear.push(LinearOp::Permute(tangent(x)?, order), shape)),
            (Op::Slice { of, axis, start }, _) => {
                Some(self.linear.push(LinearOp::Slice { of: tangent(of)?, axis, start }, shape))
            }
            (Op::Pad { of, axis, start }, _) => {
                Some(self.linear.push(LinearOp::Pad { of: tangent(of)?, axis, start }, shape))
            }
            (Op::Gather { of, axis, table }, _) => {
                let table = self.tables[table];
                Some(self.linear.push(LinearOp::Gather { of: tangent(of)?, axis, table }, shape))
            }
            (Op::Scatter { of, axis, table }, _) => {
                let table = self.tables[table];
                Some(self.linear.push(LinearOp::Scatter { of: tangent(of)?, axis, table }, shape))
            }
            (Op::Concatenate { left, right, axis }, Op::Concatenate { left: left_here, right: right_here, .. }) => {
                let (t, s) = (tangent(left), tangent(right));
                t.or(s)?;
                let mut or_zero =
                    |t: Option<Tangent>, here: Value| t.unwrap_or_else(|| self.linear.zero(self.primal.shape(here)));
                let (left, right) = (or_zero(t, left_here), or_zero(s, right_here));
                Some(self.linear.push(LinearOp::Concatenate { left, right, axis }, shape))
            }
            (
                Op::Unary(..)
                | Op::Binary(..)
                | Op::Select { .. }
                | Op::MatMul { .. }
                | Op::Solve { .. }
                | Op::LogDeterminant(_)
                | Op::Convolution { .. }
                | Op::LogSumExp(_)
                | Op::Max(..)
                | Op::Concatenate { .. },
                _,
            ) => unreachable!("an instruction and its copy are of one kind"),
        }
    }

    fn softmax(&mut self, x: Value) -> Value {
        let shape = self.primal.shape(x);
        self.primal.push(Op::Softmax(x), shape)
    }

    /// A^-1 for a stack of matrices.
    fn inverse(&mut self, matrix: Value) -> Value {
        let shape = self.primal.shape(matrix);
        let size = *shape.extents().last().expect("the shape rule asks for two axes");
        let diagonal = |place: usize| if place.is_multiple_of(size + 1) { T::one() } else { T::zero() };
        let one = Shape::matrix(size, size);
        let identity = self.primal.constant(one, (0..size * size).map(diagonal).collect());
        let stack = Axes::of(0..shape.axes() - 2);
        let right = if stack.is_empty() { identity } else { self.primal.broadcast(identity, stack, shape) };
        self.primal.push(Op::Solve { matrix, transpose: false, right }, shape)
    }

    /// 1 over the number of the largest elements at each of them, 0 elsewhere.
    fn share_of_maximum(&mut self, x: Value, maximum: Value, axes: Axes) -> Value {
        let shape = self.primal.shape(x);
        let copies = self.primal.broadcast(maximum, axes, shape);
        let largest = self.primal.binary(Binary::Equal, x, copies);
        let number = self.primal.sum(largest, axes);
        let number = self.primal.broadcast(number, axes, shape);
        self.primal.binary(Binary::Divide, largest, number)
    }

    /// sum p t over the last axis, which disappears.
    fn mean_over_last(&mut self, t: Tangent, p: Value, shape: Shape) -> Option<Tangent> {
        let last = self.linear.shape(t).axes() - 1;
        let product = self.times(t, Slope::Value(p))?;
        Some(self.linear.push(LinearOp::Sum(product, Axes::of([last])), shape))
    }

    /// The same, copied along the last axis again.
    fn spread_mean(&mut self, t: Tangent, p: Value) -> Option<Tangent> {
        let whole = self.linear.shape(t);
        let last = Axes::of([whole.axes() - 1]);
        let mean = self.mean_over_last(t, p, whole.without(last))?;
        Some(self.linear.push(LinearOp::Broadcast(mean, last), whole))
    }

    fn subtract(&mut self, t: Tangent, s: Tangent) -> Tangent {
        let shape = self.linear.shape(t);
        let negated = self.linear.push(LinearOp::Scale(-T::one(), s), shape);
        self.linear.add(t, negated)
    }

    fn add(&mut self, t: Option<Tangent>, s: Option<Tangent>) -> Option<Tangent> {
        match (t, s) {
            (Some(t), Some(s)) => Some(self.linear.add(t, s)),
            (one, other) => one.or(other),
        }
    }

    fn times(&mut self, t: Tangent, slope: Slope<T>) -> Option<Tangent> {
        let shape = self.linear.shape(t);
        let op = match slope {
            Slope::Zero => return None,
            Slope::Constant(c) => LinearOp::Scale(c, t),
            Slope::Value(value) => match self.primal.filled(value) {
                Some(c) => LinearOp::Scale(c, t),
                None => LinearOp::Multiply(t, self.residual(value)),
            },
        };
        Some(self.linear.push(op, shape))
    }

    fn binary(
        &mut self,
        function: Binary,
        (t, x): (Option<Tangent>, Value),
        (s, y): (Option<Tangent>, Value),
        result: Value,
    ) -> Option<Tangent> {
        let (slope_x, slope_y) = match function {
            Binary::Share | Binary::Greater | Binary::AtLeast | Binary::Equal => return None,
            Binary::Maximum => {
                let [of_x, of_y] = [[x, y], [y, x]].map(|[x, y]| self.primal.binary(Binary::Share, x, y));
                (Slope::Value(of_x), Slope::Value(of_y))
            }
            Binary::Minimum => {
                let [of_x, of_y] = [[y, x], [x, y]].map(|[x, y]| self.primal.binary(Binary::Share, x, y));
                (Slope::Value(of_x), Slope::Value(of_y))
            }
            Binary::Add => (Slope::Constant(T::one()), Slope::Constant(T::one())),
            Binary::Subtract => (Slope::Constant(T::one()), Slope::Constant(-T::one())),
            Binary::Multiply => (Slope::Value(y), Slope::Value(x)),
            Binary::Divide => {
                // d(x / y) = dx / y - dy (x / y) / y
                let inverse = self.primal.unary(Unary::Recip, y);
                let slope = self.primal.multiply(result, inverse);
                (Slope::Value(inverse), Slope::Value(self.primal.scale(-T::one(), slope)))
            }
        };
        let from_x = t.and_then(|t| self.times(t, slope_x));
        let from_y = s.and_then(|s| self.times(s, slope_y));
        self.add(from_x, from_y)
    }

    /// The derivative of a function of one number at x, where it is y: the table that a new function adds a row to.
    fn slope(&mut self, function: Unary<T>, x: Value, y: Value) -> Slope<T> {
        let one = T::one();
        let b = &mut self.primal;
        let value = match function {
            Unary::Scale(c) => return Slope::Constant(c),
            Unary::Offset(_) => return Slope::Constant(one),
            Unary::Sign | Unary::Step | Unary::Inside(..) => return Slope::Zero,
            Unary::Powi(0) => return Slope::Zero,
            // 0 x^-1 would be NaN at 0.
            Unary::Powf(c) if c == T::zero() => return Slope::Zero,
            Unary::Exp => y,
            // Not y + 1, which is 0 far below 0.
            Unary::ExpM1 => b.unary(Unary::Exp, x),
            Unary::Ln => b.unary(Unary::Recip, x),
            Unary::Ln1p => {
                let shifted = b.unary(Unary::Offset(one), x);
                b.unary(Unary::Recip, shifted)
            }
            Unary::Sin => b.unary(Unary::Cos, x),
            Unary::Cos => {
                let sine = b.unary(Unary::Sin, x);
                b.scale(-one, sine)
            }
            Unary::Tan => {
                let square = b.multiply(y, y);
                b.unary(Unary::Offset(one), square)
            }
            Unary::Atan => {
                let square = b.multiply(x, x);
                let shifted = b.unary(Unary::Offset(one), square);
                b.unary(Unary::Recip, shifted)
            }
            Unary::Sinh => b.unary(Unary::Cosh, x),
            Unary::Cosh => b.unary(Unary::Sinh, x),
            Unary::Tanh => {
                let square = b.multiply(y, y);
                let negated = b.scale(-one, square);
                b.unary(Unary::Offset(one), negated)
            }
            Unary::Sigmoid => {
                // s(x) s(-x), which loses nothing where s(x) is near 1, as s - s^2 would.
                let negated = b.scale(-one, x);
                let other = b.unary(Unary::Sigmoid, negated);
                b.multiply(y, other)
            }
            Unary::Softplus => b.unary(Unary::Sigmoid, x),
            Unary::Erf => {
                let square = b.multiply(x, x);
                let negated = b.scale(-one, square);
                let bell = b.unary(Unary::Exp, negated);
                b.scale(T::FRAC_2_SQRT_PI(), bell)
            }
            Unary::Sqrt => {
                let inverse = b.unary(Unary::Recip, y);
                b.scale(T::of(0.5), inverse)
            }
            Unary::Recip => {
                let square = b.multiply(y, y);
                b.scale(-one, square)
            }
            Unary::Powi(n) => {
                let power = b.unary(Unary::Powi(n.saturating_sub(1)), x);
                b.scale(T::of(f64::from(n)), power)
            }
            Unary::Powf(c) => {
                let power = b.unary(Unary::Powf(c - one), x);
                b.scale(c, power)
            }
            Unary::Abs => b.unary(Unary::Sign, x),
            Unary::Relu => b.unary(Unary::Step, x),
            Unary::Clamp(low, high) => b.unary(Unary::Inside(low, high), x),
        };
        Slope::Value(value)
    }
}
