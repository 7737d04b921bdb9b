//! Laws of the tape: every primitive against differences, its transpose against the inner product, and programs drawn
//! at random, in both precisions.

use eigenscape::random::Key;
use eigenscape::tape::{Plan, Program, Shape, Tape, Var, embed, linearize, transpose};
use eigenscape::{Error, Scalar};
use proptest::prelude::*;

use crate::tape_cases::{cases, draw, random_program};

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
#[cfg(target_pointer_width = "64")]
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
    assert!(program.gradient(0).unwrap_err().to_string().contains("take its sum"));
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
