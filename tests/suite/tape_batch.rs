//! Laws of batching: a batched program is as many separate evaluations, whichever arguments are batched.

use eigenscape::random::Key;
use eigenscape::tape::{
    MAX_AXES, Program, Shape, Tape, Var, batch, deinterleave, embed, interleave, linearize, transpose,
};
use eigenscape::{Error, Scalar};
use proptest::prelude::*;

use crate::tape_cases::{cases, draw, random_program};

/// For each argument, its values.
type Values<T> = Vec<Vec<Vec<T>>>;

/// Programs whose sums may be taken in another order when batched: the products' own blocks depend on sizes.
fn reorders_sums<T: Scalar>(program: &Program<T>) -> bool {
    let text = program.to_string();
    ["matmul", "convolution"].iter().any(|word| text.contains(word))
}

fn assert_alike<T: Scalar>(name: &str, exact: bool, actual: &[T], expected: &[T]) {
    assert_eq!(actual.len(), expected.len(), "{name}: length");
    if exact {
        assert_eq!(actual, expected, "{name}: bit for bit");
    }
    let largest = expected.iter().fold(1.0, |largest: f64, x| largest.max(x.f64().abs()));
    for (a, e) in actual.iter().zip(expected) {
        let difference = (a.f64() - e.f64()).abs();
        assert!(difference <= 64.0 * T::EPSILON.f64() * largest, "{name}: {a} for {e} (largest {largest})");
    }
}

/// Values back to back, brought into the order of a batched argument.
fn interleaved<T: Scalar>(blocks: &[Shape], values: &[Vec<T>]) -> Vec<T> {
    let mut batched = vec![T::zero(); values.concat().len()];
    interleave(blocks, &values.concat(), &mut batched);
    batched
}

fn deinterleaved<T: Scalar>(blocks: &[Shape], batched: &[T]) -> Vec<T> {
    let mut values = vec![T::zero(); batched.len()];
    deinterleave(blocks, batched, &mut values);
    values
}

/// The law, with each subset of the arguments batched; the others are shared at their first value.
fn law<T: Scalar>(name: &str, program: &Program<T>, values: &Values<T>) {
    let count = values[0].len();
    for subset in 0..1usize << values.len() {
        let batched: Vec<usize> = (0..values.len()).filter(|argument| subset >> argument & 1 == 1).collect();
        let name = format!("{name}, {count} values of {batched:?}");
        let arguments: Vec<Vec<T>> = (0..values.len())
            .map(|argument| match batched.contains(&argument) {
                true => interleaved(&program.arguments()[argument], &values[argument]),
                false => values[argument][0].clone(),
            })
            .collect();
        let slices: Vec<&[T]> = arguments.iter().map(Vec::as_slice).collect();
        let wide = batch(program, &batched, count).unwrap();
        let results = wide.evaluate(&slices);
        for number in 0..count {
            let of =
                |argument: usize| values[argument][if batched.contains(&argument) { number } else { 0 }].as_slice();
            let own: Vec<&[T]> = (0..values.len()).map(of).collect();
            for (result, expected) in program.evaluate(&own).iter().enumerate() {
                let actual = deinterleaved(&program.results()[result], &results[result]);
                let actual = &actual[number * expected.len()..][..expected.len()];
                assert_alike(&name, !reorders_sums(program), actual, expected);
            }
        }
    }
}

/// The law for a program of arguments with one block, its derivative and the transpose of that.
fn laws<T: Scalar>(name: &str, program: &Program<T>, values: &Values<T>, key: Key) {
    law(name, program, values);
    let count = values[0].len();
    let all: Vec<usize> = (0..values.len()).collect();
    let at = linearize(program, &all).unwrap();
    let residuals = (0..count).map(|number| {
        let own: Vec<&[T]> = values.iter().map(|values| values[number].as_slice()).collect();
        at.primal.evaluate(&own).pop().unwrap()
    });
    let residuals: Vec<Vec<T>> = residuals.collect();
    for (name, linear) in [
        (format!("linear part of {name}"), embed(&at.linear)),
        (format!("transpose of {name}"), embed(&transpose(&at.linear))),
    ] {
        let tangents = (1..linear.arguments().len()).map(|argument| {
            let draw =
                |number| draw(linear.argument_len(argument), -1.0, 1.0, key.split(argument as u64).split(number));
            (0..count as u64).map(draw).collect()
        });
        let values: Values<T> = std::iter::once(residuals.clone()).chain(tangents).collect();
        law(&name, &linear, &values);
    }
}

/// A function of two matrices of one shape.
type Pair<T> = for<'t> fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>;

/// One row for each instruction with several operands, which may each be batched or shared.
fn pairs<T: Scalar>() -> Vec<(&'static str, Pair<T>)> {
    fn rows<T: Scalar>(x: Var<'_, T>) -> usize {
        x.shape().extents()[0]
    }
    fn cols<T: Scalar>(x: Var<'_, T>) -> usize {
        x.shape().extents()[1]
    }
    fn diagonal<'t, T: Scalar>(x: Var<'t, T>) -> Var<'t, T> {
        let rows = rows(x);
        let entries: Vec<T> = (0..rows * rows).map(|place| T::of(4.0 * f64::from(place % (rows + 1) == 0))).collect();
        x.tape().constant([rows, rows], &entries)
    }
    /// Two matrices from one, as a stack.
    fn stack<'t, T: Scalar>(x: Var<'t, T>) -> Var<'t, T> {
        let extents = x.shape().extents().to_vec();
        x.concatenate(0, &[x.sin()]).reshape(Shape::new(&[&[2], &extents[..]].concat()).unwrap())
    }
    fn kernel<'t, T: Scalar>(y: Var<'t, T>) -> Var<'t, T> {
        let kernel = y.gather(0, &[0, 0, rows(y) - 1]).gather(1, &[cols(y) - 1, 0]);
        kernel.concatenate(0, &[kernel.sin(), kernel.exp(), kernel.cos()]).reshape([2, 2, 3, 2])
    }
    fn images<'t, T: Scalar>(x: Var<'t, T>) -> Var<'t, T> {
        x.concatenate(0, &[x.sin(), x.cos(), x * x, x.exp(), x.tanh()]).reshape([3, 2, rows(x), cols(x)])
    }
    vec![
        ("sum of two", |x, y| x.sin() + y),
        ("product of two", |x, y| x.sin() * y.cos()),
        ("quotient of two", |x, y| x.sin() / (y * y + T::one())),
        ("larger of two", |x, y| x.maximum(y)),
        ("choice of two", |x, y| x.greater(y).select(x.sin(), y)),
        ("choice by one", |x, y| x.step().select(y, y.cos())),
        ("row broadcast", |x, y| x * y.sum_axes(&[0])),
        ("mean times a matrix", |x, y| x.mean() * y),
        ("both orders of a product", |x, y| x.matmul(y.t()) + y.matmul(x.t())),
        ("left transposed", |x, y| x.t().matmul(y)),
        ("both transposed", |x, y| x.t().matmul_transposed(y.t())),
        ("right transposed", |x, y| x.matmul_transposed(y)),
        ("product of three", |x, y| x.matmul_transposed(y).matmul(x)),
        ("matrix times vector", |x, y| x.matmul(y.sum_axes(&[0]))),
        ("vector times matrix", |x, y| x.sum_axes(&[1]).matmul(y)),
        ("row times matrix", |x, y| x.slice(0, 0..1).matmul_transposed(y)),
        ("outer", |x, y| x.sum_axes(&[0]).outer(y.sum_axes(&[1]))),
        ("dot", |x, y| x.dot(y)),
        ("products of stacks", |x, y| stack(x).matmul_transposed(stack(y)).matmul(stack(x))),
        ("stack times matrix", |x, y| stack(x).matmul(y.t())),
        ("matrix times stack", |x, y| x.t().matmul(stack(y))),
        ("solve", |x, y| (x.matmul_transposed(x) + diagonal(x)).solve(y)),
        ("solve, a vector", |x, y| (x.matmul_transposed(x) + diagonal(x)).solve(y.sum_axes(&[1]))),
        ("solve, a stack", |x, y| stack(x.matmul_transposed(x) + diagonal(x)).solve(stack(y))),
        ("solve, transposed", |x, y| (x.matmul_transposed(x.sin()) + diagonal(x)).t().solve(y)),
        ("log_determinant", |x, y| (x.matmul_transposed(x) + diagonal(y)).log_determinant()),
        ("convolution", |x, y| images(x).convolution(kernel(y), [1, 1], [1, 1])),
        ("convolution, stride", |x, y| images(x).convolution(kernel(y), [2, 1], [2, 3])),
        ("convolution, transposed", |x, y| {
            let size = [2 * rows(x) + 1, cols(x) + 1];
            images(x).convolution_transposed(kernel(y).permute(&[1, 0, 2, 3]), size, [2, 1], [0, 0])
        }),
        ("pools of images", |x, y| {
            images(x).max_pool([2, 2], [1, 1], [1, 1]).sum() * images(y).average_pool([1, 2], [1, 1], [1, 1])
        }),
        ("concatenate", |x, y| x.concatenate(0, &[y, x]).concatenate(1, &[y.concatenate(0, &[x, x])])),
        ("five axes", |x, y| {
            let (rows, cols) = (rows(x), cols(x));
            (x.broadcast_to([2, 1, 2, rows, cols]) * y.reshape([rows, 1, 1, 1, cols]).permute(&[1, 2, 3, 0, 4]))
                .permute(&[4, 0, 2, 1, 3])
                .slice(3, 0..1)
                .pad(2, 1, 0)
        }),
        ("nothing of the second", |x, _| x.sin()),
    ]
}

fn all_pairs<T: Scalar>(rows: usize, cols: usize, count: usize, key: Key) {
    for (index, (name, function)) in pairs::<T>().into_iter().enumerate() {
        let key = key.split(index as u64);
        let program = Program::record([Shape::matrix(rows, cols); 2], |[x, y]| function(x, y)).unwrap();
        let values = |argument: u64| {
            (0..count as u64).map(|number| draw(rows * cols, -1.0, 1.0, key.split(argument).split(number))).collect()
        };
        laws(name, &program, &vec![values(0), values(1)], key.split(2));
    }
}

fn primitives<T: Scalar>(rows: usize, cols: usize, count: usize, key: Key) {
    for (index, case) in cases::<T>().into_iter().enumerate() {
        let key = key.split(index as u64);
        let program = Program::record([Shape::matrix(rows, cols)], |[x]| (case.function)(x)).unwrap();
        let draw = |number: u64| draw(rows * cols, case.low, case.high, key.split(number));
        laws(case.name, &program, &vec![(0..count as u64).map(draw).collect()], key.split(u64::MAX));
    }
}

/// The loss of a small network on one example: parameters in blocks, an input and a target.
fn example_loss<T: Scalar>() -> Program<T> {
    network_loss(1)
}

/// The sum of its losses over so many examples.
fn network_loss<T: Scalar>(rows: usize) -> Program<T> {
    let tape = Tape::new();
    let theta = tape.arguments(&[Shape::matrix(3, 4), Shape::vector(4), Shape::matrix(4, 2), Shape::vector(2)]);
    let (x, target) = (tape.argument([rows, 3]), tape.argument([rows, 2]));
    let hidden = (x.matmul(theta[0]) + theta[1]).tanh();
    let logits = hidden.matmul(theta[2]) + theta[3];
    tape.finish(&[&[-(logits.log_softmax() * target).sum()]]).unwrap()
}

fn per_example_gradients<T: Scalar>(count: usize, key: Key) {
    let gradient = example_loss::<T>().gradient(0).unwrap();
    let theta: Vec<T> = draw(26, -1.0, 1.0, key.split(0));
    let (x, target): (Vec<T>, Vec<T>) =
        (draw(3 * count, -1.0, 1.0, key.split(1)), draw(2 * count, 0.0, 1.0, key.split(2)));
    let results = batch(&gradient, &[1, 2], count).unwrap().evaluate(&[&theta, &x, &target]);
    let gradients = deinterleaved(&gradient.results()[1], &results[1]);
    for number in 0..count {
        let own = gradient.evaluate(&[&theta, &x[number * 3..][..3], &target[number * 2..][..2]]);
        assert_alike("value", false, &results[0][number..][..1], &own[0]);
        assert_alike("gradient of an example", false, &gradients[number * 26..][..26], &own[1]);
    }
    // What is recorded for all examples at once is their sum.
    let whole = network_loss::<T>(count).gradient(0).unwrap().evaluate(&[&theta, &x, &target]);
    let sum: Vec<T> =
        (0..26).map(|entry| gradients.iter().skip(entry).step_by(26).fold(T::zero(), |sum, &g| sum + g)).collect();
    assert_alike("sum of gradients", false, &sum, &whole[1]);
}

fn twice<T: Scalar>(key: Key) {
    let (inner, outer) = (3, 2);
    let gradient = example_loss::<T>().gradient(0).unwrap();
    let draw = |argument: usize, number: usize| {
        draw::<T>(gradient.argument_len(argument), -1.0, 1.0, key.split(argument as u64).split(number as u64))
    };
    // Inputs differ between the inner values, parameters and targets between the outer ones.
    let once = batch(&gradient, &[1], inner).unwrap();
    let wide = batch(&once, &[0, 2], outer).unwrap();
    let many =
        |argument: usize, count: usize| -> Vec<Vec<T>> { (0..count).map(|number| draw(argument, number)).collect() };
    let (theta, x, target) = (many(0, outer), many(1, inner), many(2, outer));
    let results = wide.evaluate(&[
        &interleaved(&gradient.arguments()[0], &theta),
        &interleaved(&gradient.arguments()[1], &x),
        &interleaved(&gradient.arguments()[2], &target),
    ]);
    let back = |result: usize| {
        let by_outer = deinterleaved(&once.results()[result], &results[result]);
        let len = by_outer.len() / outer;
        by_outer.chunks(len).flat_map(|part| deinterleaved(&gradient.results()[result], part)).collect::<Vec<T>>()
    };
    let (values, gradients) = (back(0), back(1));
    for number in 0..outer * inner {
        let (outer, inner) = (number / inner, number % inner);
        let own = gradient.evaluate(&[&theta[outer], &x[inner], &target[outer]]);
        assert_alike("value, batched twice", false, &values[number..][..1], &own[0]);
        assert_alike("gradient, batched twice", false, &gradients[number * 26..][..26], &own[1]);
    }
    // Batching the same argument twice is batching it as often as the product says.
    let both = batch(&batch(&gradient, &[0], inner).unwrap(), &[0], outer).unwrap();
    assert_eq!(both.arguments()[0][0], Shape::from([outer, inner, 3, 4]));
    let theta = many(0, outer * inner);
    let parts = theta.chunks(inner).map(|part| interleaved(&gradient.arguments()[0], part)).collect::<Vec<_>>();
    let theta_twice = interleaved(&batch(&gradient, &[0], inner).unwrap().arguments()[0], &parts);
    let values = both.evaluate(&[&theta_twice, &x[0], &target[0]]).remove(0);
    for (theta, value) in theta.iter().zip(&values) {
        assert_alike("both", false, &[*value], &gradient.evaluate(&[theta, &x[0], &target[0]])[0]);
    }
}

macro_rules! in_both_precisions {
    ($scalar:ty, $module:ident) => {
        mod $module {
            use super::*;

            proptest! {
                #![proptest_config(crate::oracle::cases(8))]

                #[test]
                fn primitives_batch(rows in 1usize..5, cols in 1usize..5, count in 1usize..5, key in 0u64..1000) {
                    primitives::<$scalar>(rows, cols, count, Key::new(key));
                }

                #[test]
                fn pairs_batch_in_each_operand(
                    rows in 1usize..5,
                    cols in 1usize..5,
                    count in 1usize..5,
                    key in 0u64..1000,
                ) {
                    all_pairs::<$scalar>(rows, cols, count, Key::new(key));
                }

                #[test]
                fn random_programs_batch(
                    rows in 1usize..6,
                    cols in 1usize..6,
                    pieces in prop::collection::vec(any::<u8>(), 1..6),
                    count in 1usize..9,
                    key in 0u64..1000,
                ) {
                    let program = random_program::<$scalar>(rows, cols, &pieces);
                    let draw = |number: u64| draw(rows * cols, -1.0, 1.0, Key::new(key).split(number));
                    let values = vec![(0..count as u64).map(draw).collect()];
                    laws(&format!("{pieces:?}"), &program, &values, Key::new(key));
                }

                #[test]
                fn batched_gradients_are_per_example_gradients(count in 1usize..9, key in 0u64..1000) {
                    per_example_gradients::<$scalar>(count, Key::new(key));
                }
            }

            #[test]
            fn batching_twice_is_batching_by_both() {
                twice::<$scalar>(Key::new(0));
            }
        }
    };
}
in_both_precisions!(f32, single);
in_both_precisions!(f64, double);

#[test]
fn what_is_linear_stays_one_wide_operation() {
    let lines =
        |program: &Program<f64>, word: &str| program.to_string().lines().filter(|line| line.contains(word)).count();
    let product = Program::<f64>::record([Shape::matrix(5, 3), Shape::matrix(3, 4)], |[a, b]| a.matmul(b)).unwrap();
    let tall = batch(&product, &[0], 7).unwrap();
    assert!(tall.to_string().contains(": [35 x 4] = matmul"), "{tall}");
    assert_eq!(lines(&tall, "broadcast"), 0, "{tall}");
    let stack = batch(&product, &[1], 7).unwrap();
    assert!(stack.to_string().contains(": [7 x 5 x 4] = matmul"), "{stack}");
    let vector = Program::<f64>::record([Shape::matrix(5, 3), Shape::vector(3)], |[a, x]| a.matmul(x)).unwrap();
    let tall = batch(&vector, &[1], 7).unwrap();
    assert!(tall.to_string().contains(": [7 x 5] = matmul"), "{tall}");

    let images = [Shape::from([2, 3, 6, 6]), Shape::from([4, 3, 3, 3])];
    let record = || Program::<f64>::record(images, |[x, w]| x.convolution(w, [1, 1], [1, 1])).unwrap();
    for (argument, extents) in [(0, "[14 x 4 x 6 x 6]"), (1, "[2 x 28 x 6 x 6]")] {
        let at = linearize(&record(), &[argument]).unwrap();
        let transposed = batch(&embed(&transpose(&at.linear)), &[1], 7).unwrap();
        let wide = batch(&record(), &[argument], 7).unwrap();
        assert!(wide.to_string().contains(&format!("{extents} = convolution")), "{wide}");
        assert_eq!((lines(&wide, "= convolution"), lines(&transposed, "= convolution")), (1, 1), "{transposed}");
    }
    assert_eq!(lines(&batch(&record(), &[0, 1], 7).unwrap(), "= convolution"), 7);

    let solve = Program::<f64>::record([Shape::matrix(3, 3), Shape::matrix(3, 2)], |[a, b]| a.solve(b)).unwrap();
    let wide = batch(&solve, &[1], 7).unwrap();
    assert!(wide.to_string().contains(": [3 x 14] = solve"), "{wide}");

    // What does not depend on a batched argument is computed once, in its own shape.
    let shared = Program::<f64>::record([Shape::vector(3); 2], |[x, y]| (y.sin().exp() * x).sum()).unwrap();
    let wide = batch(&shared, &[0], 7).unwrap();
    assert!(wide.to_string().contains(": [3] = Exp"), "{wide}");
}

#[test]
fn no_value_and_values_of_no_entries_have_answers() {
    for (name, function) in pairs::<f64>() {
        let program = Program::record([Shape::matrix(2, 3); 2], |[x, y]| function(x, y)).unwrap();
        for arguments in [&[0][..], &[1], &[0, 1]] {
            let of = |argument| if arguments.contains(&argument) { vec![] } else { vec![0.5; 6] };
            let none = batch(&program, arguments, 0).unwrap().evaluate(&[&of(0), &of(1)]);
            assert_eq!(none, [[0.0; 0]], "{name}");
        }
    }
    let sum = Program::<f64>::record([Shape::vector(0)], |[x]| x.sin().sum()).unwrap();
    assert_eq!(batch(&sum, &[0], 3).unwrap().evaluate(&[&[]]), [[0.0; 3]]);
    let mut nothing: [f64; 0] = [];
    interleave(&[Shape::vector(0)], &[], &mut nothing);
    interleave(&[], &[], &mut nothing);
}

#[test]
fn ill_posed_batches_are_refused() {
    let full = Shape::from([1; MAX_AXES]);
    let program = Program::<f64>::record([full, Shape::scalar()], |[x, y]| x.sin() * y).unwrap();
    let error = batch(&program, &[0], 2).unwrap_err();
    assert!(matches!(error, Error::AboveLimit { value: 7, limit: MAX_AXES, .. }), "{error}");
    // The result depends on it.
    assert!(batch(&program, &[1], 2).is_err());
    let sum = Program::<f64>::record([full, Shape::scalar()], |[x, y]| x.sin().sum() * y).unwrap();
    assert_eq!(batch(&sum, &[1], 2).unwrap().evaluate(&[&[0.0], &[1.0, 2.0]]), [[0.0, 0.0]]);
    assert!(batch(&sum, &[2], 2).unwrap_err().to_string().contains("must be below the number of arguments"));
    assert!(batch(&sum, &[1, 1], 2).is_err());
    assert!(batch(&sum, &[1], usize::MAX / 2).unwrap_err().to_string().contains("batch fewer values"));
}

#[test]
#[should_panic(expected = "must both hold as many values of 3 entries")]
fn interleaving_a_part_of_a_value_panics() {
    interleave(&[Shape::vector(2), Shape::scalar()], &[0.0; 4], &mut [0.0; 4]);
}

#[test]
#[should_panic(expected = "bit for bit")]
fn the_laws_can_fail() {
    assert_alike("wrong", true, &[1.0f64], &[1.0 + f64::EPSILON]);
}

#[test]
#[should_panic(expected = "wrong: 1 for 1.00000000000002")]
fn the_laws_can_fail_by_more_than_rounding() {
    assert_alike("wrong", false, &[1.0f64], &[1.0 + 100.0 * f64::EPSILON]);
}
