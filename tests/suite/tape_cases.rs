//! Programs for laws of the tape: a row for each primitive, and functions put together at random.

use eigenscape::Scalar;
use eigenscape::random::Key;
use eigenscape::tape::{Program, Tape, Var};

/// A function of one matrix, with the interval that its entries are drawn from.
pub struct Case<T: Scalar> {
    pub name: &'static str,
    pub low: f64,
    pub high: f64,
    pub function: for<'t> fn(Var<'t, T>) -> Var<'t, T>,
}

macro_rules! cases {
    ($($name:literal [$low:expr, $high:expr] |$x:ident| $body:expr;)*) => {
        pub fn cases<T: Scalar>() -> Vec<Case<T>> {
            vec![$(Case { name: $name, low: $low, high: $high, function: |$x| $body }),*]
        }
    };
}

// One row for each primitive. Intervals keep away from singular points, which have a test of their own.
cases! {
    "scale" [-2.0, 2.0] |x| x * T::of(-1.5);
    "offset" [-2.0, 2.0] |x| x + T::of(0.7);
    "negate" [-2.0, 2.0] |x| -x;
    "exp" [-2.0, 2.0] |x| x.exp();
    "exp_m1" [-2.0, 2.0] |x| x.exp_m1();
    "ln" [0.5, 3.0] |x| x.ln();
    "ln_1p" [-0.4, 3.0] |x| x.ln_1p();
    "sin" [-3.0, 3.0] |x| x.sin();
    "cos" [-3.0, 3.0] |x| x.cos();
    "tan" [-1.0, 1.0] |x| x.tan();
    "atan" [-3.0, 3.0] |x| x.atan();
    "sinh" [-2.0, 2.0] |x| x.sinh();
    "cosh" [-2.0, 2.0] |x| x.cosh();
    "tanh" [-2.0, 2.0] |x| x.tanh();
    "sigmoid" [-4.0, 4.0] |x| x.sigmoid();
    "softplus" [-4.0, 4.0] |x| x.softplus();
    "erf" [-2.0, 2.0] |x| x.erf();
    "sqrt" [0.5, 3.0] |x| x.sqrt();
    "recip" [0.5, 3.0] |x| x.recip();
    "powi 0" [-2.0, 2.0] |x| x.powi(0);
    "powi 2" [-2.0, 2.0] |x| x.powi(2);
    "powi 3" [-2.0, 2.0] |x| x.powi(3);
    "powi -2" [0.5, 2.0] |x| x.powi(-2);
    "powf" [0.5, 2.0] |x| x.powf(T::of(1.7));
    "abs" [0.5, 2.0] |x| x.abs();
    "abs below" [-2.0, -0.5] |x| x.abs();
    "sign" [0.5, 2.0] |x| x.sign() * x;
    "step" [0.5, 2.0] |x| x.step() * x;
    "relu" [0.5, 2.0] |x| x.relu();
    "relu below" [-2.0, -0.5] |x| x.relu() + x;
    "silu" [-2.0, 2.0] |x| x.silu();
    "gelu" [-2.0, 2.0] |x| x.gelu();
    "gelu_tanh" [-2.0, 2.0] |x| x.gelu_tanh();
    "add" [-2.0, 2.0] |x| x + x.sin();
    "subtract" [-2.0, 2.0] |x| x.cos() - x;
    "multiply" [-2.0, 2.0] |x| x * x.sin();
    "divide" [0.5, 2.0] |x| x.sin() / x;
    "square by itself" [-2.0, 2.0] |x| { let y = x.sin(); y * y };
    "row broadcast" [-2.0, 2.0] |x| x * x.sum_axes(&[0]);
    "column broadcast" [-2.0, 2.0] |x| {
        let rows = x.shape().extents()[0];
        x / (x.sum_axes(&[1]).reshape([rows, 1]).exp() + T::one())
    };
    "scalar broadcast" [-2.0, 2.0] |x| x.sum() * x;
    "sum" [-2.0, 2.0] |x| x.sum().sin();
    "mean" [-2.0, 2.0] |x| x.mean().sin();
    "sum of rows" [-2.0, 2.0] |x| x.sum_axes(&[1]).sin();
    "sum of both" [-2.0, 2.0] |x| x.sum_axes(&[0, 1]).sin();
    "log_sum_exp" [-3.0, 3.0] |x| x.log_sum_exp();
    "log_softmax" [-3.0, 3.0] |x| x.log_softmax();
    "softmax" [-3.0, 3.0] |x| x.softmax();
    "matmul" [-2.0, 2.0] |x| x.matmul(x.t());
    "matmul, left transposed" [-2.0, 2.0] |x| x.t().matmul(x.sin());
    "matmul_transposed" [-2.0, 2.0] |x| x.matmul_transposed(x.sin());
    "matrix times vector" [-2.0, 2.0] |x| x.matmul(x.sum_axes(&[0]));
    "vector times matrix" [-2.0, 2.0] |x| x.sum_axes(&[1]).matmul(x);
    "dot" [-2.0, 2.0] |x| x.dot(x.sin());
    "reshape" [-2.0, 2.0] |x| { let size = x.shape().size(); x.reshape([size]).sin() };
    "transpose" [-2.0, 2.0] |x| x.t().sin();
    "permute" [-2.0, 2.0] |x| {
        let &[rows, cols] = x.shape().extents() else { unreachable!() };
        x.reshape([1, rows, cols]).permute(&[2, 0, 1]).sin()
    };
    "slice of rows" [-2.0, 2.0] |x| { let rows = x.shape().extents()[0]; x.slice(0, rows - 1..rows).sin() };
    "slice of columns" [-2.0, 2.0] |x| x.slice(1, 0..1).sin();
    "pad" [-2.0, 2.0] |x| x.sin().pad(0, 1, 2).pad(1, 2, 0);
    "maximum" [-2.0, 2.0] |x| (x * T::of(0.1)).maximum((ramp(x) + T::one()).sin() * T::of(3.0));
    "minimum" [-2.0, 2.0] |x| (x + ramp(x)).sin().minimum(x.sin() - alternating(x));
    "clamp" [-2.0, 2.0] |x| (x * T::of(0.1) + ramp(x)).clamp(T::of(1.5), T::of(3.5));
    "comparisons" [-2.0, 2.0] |x| {
        let y = x + alternating(x);
        x.greater(y) * x + x.at_least(y).sin() * y + x.less(y) * x.exp() + x.at_most(y) - x.equals(y)
    };
    "select" [-2.0, 2.0] |x| alternating(x).step().select(x.sin(), x * x.mean());
    "select, one side alone" [-2.0, 2.0] |x| x.less(x - alternating(x)).select(x, x.filled(T::one()));
    "mean of columns" [-2.0, 2.0] |x| x.mean_axes(&[0]).sin();
    "max" [-2.0, 2.0] |x| (x * T::of(0.2) + ramp(x)).max() * x;
    "max of rows" [-2.0, 2.0] |x| (x * T::of(0.2) - ramp(x)).max_axes(&[1]).sin();
    "max of columns" [-2.0, 2.0] |x| ((x * T::of(0.2) + ramp(x)) * alternating(x)).max_axes(&[0]);
    "gather" [-2.0, 2.0] |x| {
        let rows = x.shape().extents()[0];
        x.sin().gather(0, &[rows - 1, 0, rows - 1]).gather(1, &[0, 0])
    };
    "scatter" [-2.0, 2.0] |x| {
        let cols = x.shape().extents()[1];
        let positions: Vec<usize> = (0..cols).map(|col| col / 2 + 1).collect();
        x.sin().scatter(1, &positions, cols + 1)
    };
    "concatenate" [-2.0, 2.0] |x| x.concatenate(0, &[x.sin(), x * x, x.slice(0, 0..1)]).sin();
    "concatenate columns" [-2.0, 2.0] |x| x.cos().concatenate(1, &[x.slice(1, 0..1)]);
    "concatenate with a constant" [-2.0, 2.0] |x| x.filled(T::one()).concatenate(1, &[x]).sin();
    "outer" [-2.0, 2.0] |x| x.sum_axes(&[0]).outer(x.sum_axes(&[1])).sin();
    "stacks of products" [-2.0, 2.0] |x| {
        let &[rows, cols] = x.shape().extents() else { unreachable!() };
        let stack = x.concatenate(0, &[x.sin()]).reshape([2, rows, cols]);
        stack.matmul_transposed(stack.cos()).matmul(stack).matmul(x.t())
    };
    "a matrix times a stack" [-2.0, 2.0] |x| {
        let &[rows, cols] = x.shape().extents() else { unreachable!() };
        x.t().matmul(x.concatenate(0, &[x.sin()]).reshape([2, 1, rows, cols]))
    };
    "solve" [-1.0, 1.0] |x| well_conditioned(x).solve(x.sin());
    "solve, a vector" [-1.0, 1.0] |x| well_conditioned(x).t().solve(x.sum_axes(&[1]));
    "solve, a stack" [-1.0, 1.0] |x| {
        let &[rows, cols] = x.shape().extents() else { unreachable!() };
        let matrix = well_conditioned(x);
        let stack = matrix.concatenate(0, &[matrix.t()]).reshape([2, rows, rows]);
        stack.solve(x.concatenate(0, &[x.sin()]).reshape([2, rows, cols]))
    };
    "log_determinant" [-1.0, 1.0] |x| (x.matmul_transposed(x) + identity(x)).log_determinant();
    "log_determinant, a stack" [-1.0, 1.0] |x| {
        let rows = x.shape().extents()[0];
        let matrix = x.matmul_transposed(x) + identity(x);
        matrix.concatenate(0, &[matrix * T::of(2.0)]).reshape([2, rows, rows]).log_determinant()
    };
    "convolution" [-1.0, 1.0] |x| {
        let &[rows, cols] = x.shape().extents() else { unreachable!() };
        let images = x.concatenate(0, &[x.sin(), x.cos(), x * x]).reshape([2, 2, rows, cols]);
        let kernel = x.gather(0, &[0, 0, rows - 1]).gather(1, &[cols - 1, 0]);
        let kernel = kernel.concatenate(0, &[kernel.sin(), kernel.exp(), kernel * kernel]).reshape([2, 2, 3, 2]);
        images.convolution(kernel, [1, 1], [1, 1])
    };
    "convolution, stride" [-1.0, 1.0] |x| {
        let &[rows, cols] = x.shape().extents() else { unreachable!() };
        let kernel = x.gather(0, &[0, rows - 1]).gather(1, &[0, cols - 1]).reshape([1, 1, 2, 2]);
        x.sin().reshape([1, 1, rows, cols]).convolution(kernel, [2, 3], [1, 2])
    };
    "convolution_transposed" [-1.0, 1.0] |x| {
        let &[rows, cols] = x.shape().extents() else { unreachable!() };
        let kernel = x.gather(0, &[0, rows - 1]).gather(1, &[0, cols - 1]).reshape([1, 1, 2, 2]);
        x.sin().reshape([1, 1, rows, cols]).convolution_transposed(kernel, [2 * rows + 1, cols + 1], [2, 1], [0, 0])
    };
    "average_pool" [-1.0, 1.0] |x| x.sin().average_pool([2, 1], [1, 1], [1, 0]);
    "average_pool, stride" [-1.0, 1.0] |x| x.sin().average_pool([2, 3], [2, 2], [1, 1]);
    "max_pool" [-1.0, 1.0] |x| (x * T::of(0.2) - ramp(x)).max_pool([2, 2], [2, 1], [1, 1]);
    "normalized" [-1.0, 1.0] |x| x.normalized(&[1], T::of(0.1));
    "group_normalized" [-1.0, 1.0] |x| {
        let &[rows, cols] = x.shape().extents() else { unreachable!() };
        x.concatenate(0, &[x.sin()]).reshape([1, 2 * rows, cols]).group_normalized(rows, T::of(0.1))
    };
    "broadcast_to" [-2.0, 2.0] |x| {
        let &[rows, cols] = x.shape().extents() else { unreachable!() };
        x.broadcast_to([3, rows, cols]).sin()
    };
}

/// 0, 1, 2, ... in the shape of `x`: so far apart that nothing ties.
fn ramp<'t, T: Scalar>(x: Var<'t, T>) -> Var<'t, T> {
    let values: Vec<T> = (0..x.shape().size()).map(|place| T::of(place as f64)).collect();
    x.tape().constant(x.shape(), &values)
}

/// 1/2 and -1/2 by turns in the shape of `x`.
fn alternating<'t, T: Scalar>(x: Var<'t, T>) -> Var<'t, T> {
    let values: Vec<T> = (0..x.shape().size()).map(|place| T::of(if place % 2 == 0 { 0.5 } else { -0.5 })).collect();
    x.tape().constant(x.shape(), &values)
}

/// The identity with as many rows as `x`.
fn identity<'t, T: Scalar>(x: Var<'t, T>) -> Var<'t, T> {
    let rows = x.shape().extents()[0];
    let entries: Vec<T> = (0..rows * rows).map(|place| T::of((place % (rows + 1) == 0) as u8 as f64)).collect();
    x.tape().constant([rows, rows], &entries)
}

/// A square matrix that is far from singular but not symmetric.
fn well_conditioned<'t, T: Scalar>(x: Var<'t, T>) -> Var<'t, T> {
    let rows = x.shape().extents()[0];
    x.matmul_transposed(x.sin()) + identity(x) * T::of(4.0) + x.sum_axes(&[1]).reshape([rows, 1]) * T::of(0.2)
}

pub fn draw<T: Scalar>(len: usize, low: f64, high: f64, key: Key) -> Vec<T> {
    let mut values = vec![T::zero(); len];
    key.uniform(0, &mut values);
    values.iter().map(|u| T::of(low + (high - low) * u.f64())).collect()
}

/// A smooth function put together from random pieces, each of which keeps the shape.
pub fn random_program<T: Scalar>(rows: usize, cols: usize, pieces: &[u8]) -> Program<T> {
    let tape = Tape::new();
    let start = tape.argument([rows, cols]);
    let mut x = start;
    for piece in pieces {
        x = match piece % 12 {
            0 => x.sin(),
            1 => x.tanh() + start,
            2 => x.sigmoid() * x,
            3 => x.softplus() - x.cos(),
            4 => x.log_softmax(),
            5 => x.matmul(x.t()).tanh().matmul(start),
            6 => x.tanh() + x.sum_axes(&[0]).tanh(),
            7 => x.tanh() * x.sum_axes(&[1]).reshape([rows, 1]).sin(),
            8 => x.slice(0, 0..1).pad(0, 0, rows - 1) + x.atan(),
            9 => x.t().reshape([rows, cols]).sin(),
            10 => x.sin() / (x * x + T::one()),
            _ => x.tanh() * x.mean().cos(),
        };
    }
    tape.finish(&[&[x]]).unwrap()
}
