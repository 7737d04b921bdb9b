//! Laws of the tape: every primitive against differences, its transpose against the inner product, and programs drawn
//! at random, in both precisions.

use eigenscape::random::Key;
use eigenscape::tape::{Plan, Program, Shape, Tape, Var, embed, linearize, transpose};
use eigenscape::{Error, Scalar};
use proptest::prelude::*;

/// A function of one matrix, with the interval that its entries are drawn from.
struct Case<T: Scalar> {
    name: &'static str,
    low: f64,
    high: f64,
    function: for<'t> fn(Var<'t, T>) -> Var<'t, T>,
}

macro_rules! cases {
    ($($name:literal [$low:expr, $high:expr] |$x:ident| $body:expr;)*) => {
        fn cases<T: Scalar>() -> Vec<Case<T>> {
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

fn draw<T: Scalar>(len: usize, low: f64, high: f64, key: Key) -> Vec<T> {
    let mut values = vec![T::zero(); len];
    key.uniform(0, &mut values);
    values.iter().map(|u| T::of(low + (high - low) * u.f64())).collect()
}

fn dot<T: Scalar>(x: &[T], y: &[T]) -> f64 {
    x.iter().zip(y).map(|(a, b)| a.f64() * b.f64()).sum()
}

fn norm<T: Scalar>(x: &[T]) -> f64 {
    dot(x, x).sqrt()
}

fn along<T: Scalar>(x: &[T], step: f64, v: &[T]) -> Vec<T> {
    x.iter().zip(v).map(|(&x, &v)| T::of(x.f64() + step * v.f64())).collect()
}

/// The three laws of a program of one argument and one result, at a point: linearize agrees with central differences,
/// transpose with the inner product, and the same for the gradient of a random combination of the results.
fn laws<T: Scalar>(name: &str, program: &Program<T>, x: &[T], key: Key) {
    let v: Vec<T> = draw(x.len(), -1.0, 1.0, key.split(1));
    let at = linearize(program, &[0]).unwrap();
    let mut primal = at.primal.evaluate(&[x]);
    let residuals = primal.pop().unwrap();
    assert_eq!(primal[0], program.evaluate(&[x])[0], "{name}: the primal is the function, bit by bit");

    // Central differences, both errors of size EPSILON^(2/3).
    let epsilon = T::EPSILON.f64();
    let step = epsilon.cbrt();
    let tolerance = 400.0 * step * step;
    let difference = |f: &Program<T>, extra: &[&[T]]| {
        let evaluate = |x: &[T]| {
            let arguments: Vec<&[T]> = std::iter::once(x).chain(extra.iter().copied()).collect();
            f.evaluate(&arguments).remove(0)
        };
        let (ahead, behind) = (evaluate(&along(x, step, &v)), evaluate(&along(x, -step, &v)));
        let scale = norm(&ahead).max(1.0);
        let slope: Vec<f64> = ahead.iter().zip(&behind).map(|(a, b)| (a.f64() - b.f64()) / (2.0 * step)).collect();
        (slope, scale)
    };
    let close = |what: &str, actual: &[T], (expected, scale): (Vec<f64>, f64)| {
        let size = scale + norm(&expected);
        for (a, e) in actual.iter().zip(&expected) {
            assert!((a.f64() - e).abs() <= tolerance * size, "{name}: {what}: {a} for {e} (scale {size})");
        }
    };
    let tangent = embed(&at.linear).evaluate(&[&residuals, &v]).remove(0);
    close("linearize", &tangent, difference(program, &[]));

    let u: Vec<T> = draw(tangent.len(), -1.0, 1.0, key.split(2));
    let cotangent = embed(&transpose(&at.linear)).evaluate(&[&residuals, &u]).remove(0);
    let (left, right) = (dot(&u, &tangent), dot(&cotangent, &v));
    // Derivatives are sums of terms of size 1 and more, which may cancel: |u| |v| belongs to the scale.
    let scale = norm(&u) * (norm(&tangent) + norm(&v)) + norm(&cotangent) * norm(&v);
    assert!((left - right).abs() <= 64.0 * epsilon * scale, "{name}: <u, Jv> = {left} but <J'u, v> = {right}");
    let twice = embed(&transpose(&transpose(&at.linear))).evaluate(&[&residuals, &v]).remove(0);
    assert!(
        norm(&along(&twice, -1.0, &tangent)) <= 64.0 * epsilon * (norm(&tangent) + norm(&v)),
        "{name}: transposed twice"
    );

    // Second and third order, through the gradient of <u, f>.
    let combined = Tape::new();
    let x_var = combined.argument(program.arguments()[0][0]);
    let result = combined.call(program, &[&[x_var]]).remove(0).remove(0);
    let weights = combined.constant(result.shape(), &u);
    let combined = combined.finish(&[&[result.dot(weights)]]).unwrap();
    let gradient = combined.gradient(0).unwrap().select(&[1]);
    close("gradient", &gradient.evaluate(&[x])[0], (cotangent.iter().map(|c| c.f64()).collect(), 1.0));
    let second = gradient.directional(0).unwrap();
    close("second derivative", &second.evaluate(&[x, &v])[0], difference(&gradient, &[]));
    let third = second.directional(0).unwrap();
    close("third derivative", &third.evaluate(&[x, &v, &v])[0], difference(&second, &[&v]));
}

fn primitives<T: Scalar>(rows: usize, cols: usize, key: Key) {
    for (index, case) in cases::<T>().into_iter().enumerate() {
        let key = key.split(index as u64);
        let x: Vec<T> = draw(rows * cols, case.low, case.high, key.split(0));
        let program = Program::record([Shape::matrix(rows, cols)], |[x]| (case.function)(x)).unwrap();
        laws(case.name, &program, &x, key);
    }
}

/// A smooth function put together from random pieces, each of which keeps the shape.
fn random_program<T: Scalar>(rows: usize, cols: usize, pieces: &[u8]) -> Program<T> {
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

macro_rules! in_both_precisions {
    ($scalar:ty, $module:ident) => {
        mod $module {
            use super::*;

            proptest! {
                #![proptest_config(crate::oracle::cases(16))]

                #[test]
                fn primitives_obey_the_laws(rows in 1usize..5, cols in 1usize..5, key in 0u64..1000) {
                    primitives::<$scalar>(rows, cols, Key::new(key));
                }

                #[test]
                fn random_programs_obey_the_laws(
                    rows in 1usize..5,
                    cols in 1usize..5,
                    pieces in prop::collection::vec(any::<u8>(), 1..6),
                    key in 0u64..1000,
                ) {
                    let program = random_program::<$scalar>(rows, cols, &pieces);
                    let x = draw(rows * cols, -1.0, 1.0, Key::new(key));
                    laws(&format!("{pieces:?}"), &program, &x, Key::new(key));
                }
            }
        }
    };
}
in_both_precisions!(f32, single);
in_both_precisions!(f64, double);

#[test]
fn singular_points_have_the_stated_derivatives() {
    let slope = |function: for<'t> fn(Var<'t, f64>) -> Var<'t, f64>, x: f64| {
        let program = Program::record([Shape::scalar()], |[x]| function(x)).unwrap();
        program.gradient(0).unwrap().evaluate(&[&[x]])[1][0]
    };
    assert_eq!(slope(|x| x.relu(), 0.0), 0.0);
    assert_eq!(slope(|x| x.abs(), 0.0), 0.0);
    assert_eq!(slope(|x| x.sign(), 0.0), 0.0);
    assert_eq!(slope(|x| x.step(), 0.0), 0.0);
    assert_eq!(slope(|x| x.sqrt(), 0.0), f64::INFINITY);
    assert_eq!(slope(|x| x.ln(), 0.0), f64::INFINITY);
    assert_eq!(slope(|x| x.recip(), 0.0), f64::NEG_INFINITY);
    assert_eq!(slope(|x| x.powi(3), 0.0), 0.0);
    assert_eq!(slope(|x| x.powi(1), 0.0), 1.0);
}

#[test]
fn extremes_do_not_overflow() {
    let value = |function: for<'t> fn(Var<'t, f32>) -> Var<'t, f32>, x: &[f32]| {
        let program = Program::record([Shape::vector(x.len())], |[x]| function(x)).unwrap();
        program.evaluate(&[x]).remove(0)
    };
    assert_eq!(value(|x| x.softplus(), &[-1e4, 0.0, 1e4]), [0.0, std::f32::consts::LN_2, 1e4]);
    assert_eq!(value(|x| x.sigmoid(), &[-1e4, 0.0, 1e4]), [0.0, 0.5, 1.0]);
    assert_eq!(value(|x| x.log_sum_exp(), &[1e4, 1e4]), [1e4 + std::f32::consts::LN_2]);
    assert_eq!(value(|x| x.log_softmax(), &[1e30, -1e30]), [0.0, -2e30]);
    assert_eq!(value(|x| x.softmax(), &[1e30, -1e30]), [1.0, 0.0]);
    assert!(value(|x| x.log_sum_exp(), &[1.0, f32::NAN])[0].is_nan());
    assert!(value(|x| x.relu(), &[f32::NAN])[0].is_nan());
}

#[test]
fn shape_errors_name_both_shapes_and_the_line() {
    let error = Program::<f64>::record([Shape::matrix(3, 4), Shape::vector(3)], |[a, b]| a + b).unwrap_err();
    let Error::Shapes { operation: "add", left, right, location: Some(location), .. } = &error else {
        panic!("{error}");
    };
    assert_eq!((left.as_slice(), right.as_slice()), (&[3, 4][..], &[3][..]));
    assert!(location.file().ends_with("tape.rs"));

    let refused = |function: for<'t> fn(Var<'t, f64>) -> Var<'t, f64>| {
        Program::record([Shape::matrix(2, 3)], |[x]| function(x)).unwrap_err().to_string()
    };
    assert!(refused(|x| x.matmul(x)).starts_with("matmul: left is 2x3 but right is 2x3"));
    assert!(refused(|x| x.reshape([5])).starts_with("reshape: left is 2x3 but right is 5"));
    assert!(refused(|x| x.slice(1, 2..4)).starts_with("slice"));
    assert!(refused(|x| x.permute(&[0, 0])).starts_with("permute"));
    assert!(refused(|x| x.permute(&[0, 9])).starts_with("permute"));
    assert!(refused(|x| x.broadcast_to([3, 3])).starts_with("broadcast_to"));
    assert!(refused(|x| x.sum_axes(&[2])).starts_with("sum_axes"));
    assert!(refused(|x| x.at(0)).starts_with("at"));
    assert!(refused(|x| x.pad(2, 0, 0)).starts_with("pad"));
    assert!(refused(|x| x.sum().t()).starts_with("t:"));
    assert!(refused(|x| x.sum().log_sum_exp()).starts_with("log_sum_exp"));
}

#[test]
fn the_first_value_that_is_not_finite_is_found() {
    let program = Program::<f64>::record([Shape::vector(3)], |[x]| {
        let root = (x - 1.0).sqrt();
        (root.recip() * x).sum().exp()
    })
    .unwrap();
    assert_eq!(program.first_non_finite(&[&[2.0, 3.0, 4.0]]).unwrap(), None);
    let found = program.first_non_finite(&[&[2.0, 1.0, 0.5]]).unwrap().unwrap();
    assert_eq!((found.instruction.as_str(), found.position, found.operands), ("Sqrt %1", 2, vec![-0.5]));
    assert!(program.to_string().contains(&format!("%{}: [3] = Sqrt %1", found.number)), "{program}");
    let found = program.first_non_finite(&[&[2.0, 1.0, 4.0]]).unwrap().unwrap();
    assert_eq!((found.instruction.as_str(), found.position, found.value), ("Recip %2", 1, f64::INFINITY));
    let found = program.first_non_finite(&[&[2.0, f64::NAN, 4.0]]).unwrap().unwrap();
    assert_eq!((found.instruction.as_str(), found.position), ("argument 0, block 0", 1));
}

#[test]
fn programs_too_large_for_memory_are_refused_with_their_bytes() {
    let program = Program::<f64>::record([Shape::vector(3)], |[x]| x.broadcast_to([1 << 50, 3]).sin().sum()).unwrap();
    let plan = Plan::new(&program);
    assert!(plan.workspace_bytes() >= 3 << 53);
    let error = plan.try_workspace().unwrap_err().to_string();
    assert!(error.starts_with("running a program needs 27021597764222976 bytes"), "{error}");
    assert!(eigenscape::objective::Recorded::from_program(program).is_err());
}

#[test]
fn gradients_need_one_number() {
    let program = Program::<f64>::record([Shape::vector(3)], |[x]| x.sin()).unwrap();
    assert!(program.gradient(0).unwrap_err().to_string().contains("sum the results"));
    let program = Program::<f64>::record([Shape::vector(3)], |[x]| x.sum()).unwrap();
    assert!(program.gradient(1).is_err());
    assert!(linearize(&program, &[0, 0]).is_err());
}

#[test]
fn arguments_that_are_not_perturbed_have_no_tangent() {
    let program = Program::<f64>::record([Shape::vector(3), Shape::vector(3)], |[x, y]| (x * y.exp()).sum()).unwrap();
    let at = linearize(&program, &[0]).unwrap();
    // x * exp(y), summed: one product with the residual, one sum, and the argument itself.
    assert_eq!((at.linear.len(), at.linear.residuals().len()), (3, 1));
    let unused = Program::<f64>::record([Shape::vector(3), Shape::vector(2)], |[x, _]| x.sum()).unwrap();
    assert_eq!(unused.gradient(1).unwrap().evaluate(&[&[1.0; 3], &[1.0; 2]])[1], [0.0, 0.0]);
}

#[test]
fn empty_and_scalar_values_have_answers() {
    let sum = Program::<f64>::record([Shape::vector(0)], |[x]| x.sin().sum()).unwrap();
    assert_eq!(sum.gradient(0).unwrap().evaluate(&[&[]]), [vec![0.0], vec![]]);
    let square = Program::<f64>::record([Shape::scalar()], |[x]| x * x).unwrap();
    assert_eq!(square.gradient(0).unwrap().evaluate(&[&[3.0]]), [[9.0], [6.0]]);
    let rows = Program::<f64>::record([Shape::matrix(2, 0)], |[x]| x.sum_axes(&[1])).unwrap();
    assert_eq!(rows.evaluate(&[&[]]), [[0.0, 0.0]]);
    let outer = Program::<f64>::record([Shape::matrix(2, 0)], |[x]| x.matmul_transposed(x)).unwrap();
    assert_eq!(outer.evaluate(&[&[]]), [[0.0; 4]]);
}

#[test]
fn one_value_may_be_several_results() {
    let tape = Tape::<f64>::new();
    let x = tape.argument([2]);
    let y = x.sin();
    let program = tape.finish(&[&[y, y], &[x], &[y.reshape([1, 2]), y.slice(0, 1..2)]]).unwrap();
    let s = [0.5f64.sin(), 2.0f64.sin()];
    let results = program.evaluate(&[&[0.5, 2.0]]);
    assert_eq!(results, [vec![s[0], s[1], s[0], s[1]], vec![0.5, 2.0], vec![s[0], s[1], s[1]]]);
}

#[test]
#[should_panic(expected = "the program takes arguments of [3] entries, but was given [2]")]
fn running_on_a_wrong_length_panics() {
    let program = Program::<f64>::record([Shape::vector(3)], |[x]| x.sum()).unwrap();
    let plan = Plan::new(&program);
    plan.run(&[&[1.0, 2.0]], &mut [&mut [0.0]], &mut plan.workspace());
}

#[test]
#[should_panic(expected = "linearize")]
fn the_laws_can_fail() {
    // A derivative that is wrong on purpose: the step function has slope 0 on the tape, but not across its jump.
    let program = Program::<f64>::record([Shape::vector(1)], |[x]| x.step()).unwrap();
    laws("step across its jump", &program, &[0.0], Key::new(0));
}
