//! Choices on the tape: what is chosen at ties, at infinity and where there is no number, and what is refused.

use eigenscape::Scalar;
use eigenscape::tape::{Program, Shape, Var};

use crate::support::normal;

/// The value of a function of arrays.
pub fn value<T: Scalar, const N: usize>(
    shapes: [Shape; N],
    arguments: [&[T]; N],
    function: impl for<'t> FnOnce([Var<'t, T>; N]) -> Var<'t, T>,
) -> Vec<T> {
    Program::record(shapes, function).unwrap().evaluate(&arguments).remove(0)
}

/// The gradient of <u, function> by each argument.
pub fn gradients<T: Scalar, const N: usize>(
    shapes: [Shape; N],
    arguments: [&[T]; N],
    u: &[T],
    function: impl for<'t> FnOnce([Var<'t, T>; N]) -> Var<'t, T>,
) -> [Vec<T>; N] {
    let program = Program::record(shapes, |arguments| {
        let result = function(arguments);
        result.dot(result.tape().constant(result.shape(), u))
    });
    let program = program.unwrap();
    std::array::from_fn(|argument| program.gradient(argument).unwrap().evaluate(&arguments).remove(1))
}

type OfTwo<T> = for<'t> fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>;

/// Numbers that comparisons may go wrong at.
fn special<T: Scalar>() -> Vec<T> {
    let [zero, one] = [T::zero(), T::one()];
    vec![zero, -zero, one, -one, T::of(0.5), T::infinity(), T::neg_infinity(), T::nan(), T::max_value(), T::epsilon()]
}

/// All pairs of special numbers, as two vectors.
fn pairs<T: Scalar>() -> [Vec<T>; 2] {
    let all = special::<T>();
    let left = all.iter().flat_map(|&x| std::iter::repeat_n(x, all.len())).collect();
    let right = all.iter().flat_map(|_| all.iter().copied()).collect();
    [left, right]
}

fn same<T: Scalar>(actual: T, expected: T) -> bool {
    actual == expected || actual.is_nan() && expected.is_nan()
}

fn comparisons<T: Scalar>() {
    let number = |holds: bool| if holds { T::one() } else { T::zero() };
    let largest = |x: T, y: T, larger: bool| match (x.is_nan() || y.is_nan(), larger == (x > y)) {
        (true, _) => T::nan(),
        (false, true) => x,
        (false, false) => y,
    };
    let [x, y] = pairs::<T>();
    let check = |name: &str, function: OfTwo<T>, expected: &dyn Fn(T, T) -> T| {
        let shape = Shape::vector(x.len());
        let actual = value([shape; 2], [&x, &y], |[x, y]| function(x, y));
        for ((&actual, &x), &y) in actual.iter().zip(&x).zip(&y) {
            let expected = expected(x, y);
            assert!(same(actual, expected), "{}: {name}({x}, {y}) is {actual}, expected {expected}", T::NAME);
        }
    };
    check("maximum", |x, y| x.maximum(y), &|x, y| largest(x, y, true));
    check("minimum", |x, y| x.minimum(y), &|x, y| largest(x, y, false));
    check("greater", |x, y| x.greater(y), &|x, y| number(x > y));
    check("at_least", |x, y| x.at_least(y), &|x, y| number(x >= y));
    check("less", |x, y| x.less(y), &|x, y| number(x < y));
    check("at_most", |x, y| x.at_most(y), &|x, y| number(x <= y));
    check("equals", |x, y| x.equals(y), &|x, y| number(x == y));
    check("select", |x, y| x.select(y, x), &|x, y| if x == T::zero() { x } else { y });
    check("clamp", |x, _| x.clamp(-T::one(), T::of(0.5)), &|x, _| match () {
        _ if x.is_nan() => x,
        _ if x > T::of(0.5) => T::of(0.5),
        _ if x < -T::one() => -T::one(),
        _ => x,
    });
    check("clamp, no bound", |x, _| x.clamp(T::neg_infinity(), T::infinity()), &|x, _| x);
    check("relu", |x, _| x.relu(), &|x, _| if x > T::zero() || x.is_nan() { x } else { T::zero() });
    check("abs", |x, _| x.abs(), &|x, _| if x < T::zero() { -x } else { x });
}

#[test]
fn comparisons_of_special_numbers() {
    comparisons::<f32>();
    comparisons::<f64>();
}

/// The slopes by both operands at a point.
fn slopes<T: Scalar>(function: OfTwo<T>, x: f64, y: f64) -> [f64; 2] {
    let at = [[T::of(x)], [T::of(y)]];
    let slopes = gradients([Shape::vector(1); 2], [&at[0], &at[1]], &[T::one()], |[x, y]| function(x, y));
    slopes.map(|slope| slope[0].f64())
}

fn ties<T: Scalar>() {
    for tie in [0.0, 1.0, -2.5] {
        assert_eq!(slopes::<T>(|x, y| x.maximum(y), tie, tie), [0.5, 0.5], "maximum at {tie}");
        assert_eq!(slopes::<T>(|x, y| x.minimum(y), tie, tie), [0.5, 0.5], "minimum at {tie}");
    }
    // Zeros of both signs are equal.
    assert_eq!(slopes::<T>(|x, y| x.maximum(y), 0.0, -0.0), [0.5, 0.5]);
    assert_eq!(slopes::<T>(|x, y| x.maximum(y), 2.0, 1.0), [1.0, 0.0]);
    assert_eq!(slopes::<T>(|x, y| x.minimum(y), 2.0, 1.0), [0.0, 1.0]);
    // One value on both sides is no tie of two.
    assert_eq!(slopes::<T>(|x, _| x.maximum(x), 3.0, 0.0), [1.0, 0.0]);
    // A value that happens to be constant is an operand like any other; a bound is none.
    assert_eq!(slopes::<T>(|x, _| x.maximum(x.filled(T::zero())), 0.0, 0.0)[0], 0.5);
    for (bound, inside) in [(-1.0, -0.999), (2.0, 1.999)] {
        assert_eq!(slopes::<T>(|x, _| x.clamp(-T::one(), T::of(2.0)), bound, 0.0)[0], 0.0, "clamp at {bound}");
        assert_eq!(slopes::<T>(|x, _| x.clamp(-T::one(), T::of(2.0)), inside, 0.0)[0], 1.0, "clamp at {inside}");
        assert_eq!(slopes::<T>(|x, _| x.clamp(-T::one(), T::of(2.0)), 2.0 * bound, 0.0)[0], 0.0);
    }
    assert_eq!(slopes::<T>(|x, _| x.abs(), 0.0, 0.0)[0], 0.0);
    assert_eq!(slopes::<T>(|x, _| x.relu(), 0.0, 0.0)[0], 0.0);
    assert_eq!(slopes::<T>(|x, y| x.greater(y) + x.at_most(y) + x.equals(y), 1.0, 1.0), [0.0, 0.0]);

    let x = [1.0, 3.0, 3.0, 2.0, 3.0].map(T::of);
    let [slope] = gradients([Shape::vector(5)], [&x], &[T::one()], |[x]| x.max());
    let third = T::one() / T::of(3.0);
    assert_eq!(slope, [T::zero(), third, third, T::zero(), third]);
    let [slope] = gradients([Shape::from([1, 5])], [&x], &[T::one()], |[x]| x.max_pool([1, 5], [1, 1], [0, 0]));
    assert_eq!(slope, [T::zero(), third, third, T::zero(), third]);
}

#[test]
fn what_ties_shares_the_derivative() {
    ties::<f32>();
    ties::<f64>();
}

/// The tangent of a function of a vector along a direction, in the same tape's arithmetic as products with a Jacobian.
fn tangent<T: Scalar>(function: for<'t> fn(Var<'t, T>) -> Var<'t, T>, x: &[T], v: &[T]) -> Vec<T> {
    let program = Program::record([Shape::vector(x.len())], |[x]| function(x)).unwrap();
    program.directional(0).unwrap().evaluate(&[x, v]).remove(0)
}

/// What is not chosen does not matter: not its value, not its slope.
fn choices<T: Scalar>() {
    let (x, one) = ([-1.0, 0.0, 4.0].map(T::of), [T::one(); 3]);
    let root: for<'t> fn(Var<'t, T>) -> Var<'t, T> = |x| x.step().select(x.sqrt(), x);
    assert_eq!(value([Shape::vector(3)], [&x], |[x]| root(x)), [-1.0, 0.0, 2.0].map(T::of));
    assert_eq!(tangent(root, &x, &one), [1.0, 1.0, 0.25].map(T::of));
    // The other way round, and for a value that is infinite where it is not chosen.
    let logarithm: for<'t> fn(Var<'t, T>) -> Var<'t, T> = |x| x.at_most(x.filled(T::zero())).select(x, x.ln());
    assert_eq!(value([Shape::vector(3)], [&x], |[x]| logarithm(x))[..2], [-T::one(), T::zero()]);
    assert_eq!(tangent(logarithm, &x, &one), [1.0, 1.0, 0.25].map(T::of));
    // A direction that is not a number counts where it is chosen alone.
    let direction = [T::nan(), T::one(), T::nan()];
    let first_alone = tangent(|x| x.step().select(x.filled(T::one()), x * x), &x, &direction);
    assert!(first_alone[0].is_nan());
    assert_eq!(first_alone[1..], [T::zero(); 2]);
    // The documented limit: in a gradient a zero meets the slope, unless a choice inside keeps it finite.
    let slope = |function: for<'t> fn(Var<'t, T>) -> Var<'t, T>| {
        let [slope] = gradients([Shape::vector(3)], [&x], &one, |[x]| function(x));
        slope
    };
    let of_root = slope(root);
    assert!(of_root[0].is_nan() && of_root[1].is_nan());
    assert_eq!(of_root[2], T::of(0.25));
    let kept = slope(|x| x.step().select(x.step().select(x, x.filled(T::one())).sqrt(), x));
    assert_eq!(kept, [1.0, 1.0, 0.25].map(T::of));
}

#[test]
fn select_lets_nothing_through_that_is_not_chosen() {
    choices::<f32>();
    choices::<f64>();
}

fn singular<T: Scalar>() {
    let solve = |matrix: [f64; 4]| {
        let (matrix, right) = (matrix.map(T::of), [T::one(), T::of(2.0)]);
        value([Shape::matrix(2, 2), Shape::vector(2)], [&matrix, &right], |[a, b]| a.solve(b))
    };
    for matrix in [[0.0; 4], [1.0, 2.0, 2.0, 4.0], [f64::NAN, 0.0, 0.0, 1.0]] {
        assert!(solve(matrix).iter().any(|x| !x.is_finite()), "solve with {matrix:?}: {:?}", solve(matrix));
    }
    assert_eq!(solve([0.0, 1.0, 1.0, 0.0]), [T::of(2.0), T::one()]);
    let log_determinant =
        |matrix: [f64; 4]| value([Shape::matrix(2, 2)], [&matrix.map(T::of)], |[a]| a.log_determinant()).remove(0);
    for matrix in [[0.0; 4], [1.0, 2.0, 2.0, 4.0], [-1.0, 0.0, 0.0, -1.0], [f64::NAN, 0.0, 0.0, 1.0]] {
        assert!(log_determinant(matrix).is_nan(), "log_determinant of {matrix:?}: {}", log_determinant(matrix));
    }
    // The lower triangle alone is read.
    assert_eq!(log_determinant([1.0, f64::NAN, 0.0, 1.0]), T::zero());

    let constant = [T::of(3.0); 4];
    let normalized = |epsilon: f64| {
        let epsilon = T::of(epsilon);
        value([Shape::matrix(2, 2)], [&constant], |[x]| x.normalized(&[1], epsilon))
    };
    assert_eq!(normalized(1e-5), [T::zero(); 4]);
    assert!(normalized(0.0).iter().all(|x| x.is_nan()));
    // Without spread the slope is that of a centred value over sqrt(epsilon).
    let u = [T::one(), T::zero()];
    let [slope] = gradients([Shape::matrix(1, 2)], [&constant[..2]], &u, |[x]| x.normalized(&[1], T::of(1.0 / 64.0)));
    assert_eq!(slope, [T::of(4.0), T::of(-4.0)]);
    let lowest = [T::neg_infinity(); 3];
    assert_eq!(value([Shape::vector(3)], [&lowest], |[x]| x.max()), [T::neg_infinity()]);
    assert_eq!(
        value([Shape::from([1, 3])], [&lowest], |[x]| x.max_pool([1, 3], [1, 1], [0, 1])),
        [T::neg_infinity(); 3]
    );
}

#[test]
fn singular_points_say_so() {
    singular::<f32>();
    singular::<f64>();
}

/// A maximum that is no number has no derivative either, but its neighbours have theirs.
#[test]
fn numbers_that_are_none_stay_in_their_group() {
    let x = [1.0, f64::NAN, 2.0, 5.0];
    let [slope] = gradients([Shape::matrix(2, 2)], [&x], &[1.0, 1.0], |[x]| x.max_axes(&[1]));
    assert!(slope[..2].iter().all(|slope| slope.is_nan()));
    assert_eq!(slope[2..], [0.0, 1.0]);
    let normalized = value([Shape::matrix(2, 2)], [&x], |[x]| x.normalized(&[1], 0.0));
    assert!(normalized[..2].iter().all(|x| x.is_nan()));
    assert_eq!(normalized[2..], [-1.0, 1.0]);
}

/// Mean 0 and variance 1 over the axes, by loops, for axes that are not neighbours and for groups of channels.
fn normalizations<T: Scalar>() {
    let x: Vec<T> = normal(2 * 6 * 5, eigenscape::random::Key::new(0));
    let epsilon = 0.25;
    let check = |what: &str, actual: &[T], group: &dyn Fn(usize) -> usize| {
        for number in 0..=(0..60).map(group).max().unwrap() {
            let places: Vec<usize> = (0..60).filter(|&place| group(place) == number).collect();
            let count = places.len() as f64;
            let mean = places.iter().map(|&place| x[place].f64()).sum::<f64>() / count;
            let variance = places.iter().map(|&place| (x[place].f64() - mean).powi(2)).sum::<f64>() / count;
            for &place in &places {
                let expected = (x[place].f64() - mean) / (variance + epsilon).sqrt();
                let off = (actual[place].f64() - expected).abs();
                assert!(
                    off <= 16.0 * T::EPSILON.f64() * (1.0 + expected.abs()),
                    "{what}: entry {place} off by {off:e}"
                );
            }
        }
    };
    let shape = [Shape::from([2, 6, 5])];
    check("last", &value(shape, [&x], |[x]| x.normalized(&[2], T::of(epsilon))), &|place| place / 5);
    check("ends", &value(shape, [&x], |[x]| x.normalized(&[0, 2], T::of(epsilon))), &|place| place / 5 % 6);
    check("named twice", &value(shape, [&x], |[x]| x.normalized(&[2, 2], T::of(epsilon))), &|place| place / 5);
    for groups in [1, 2, 3, 6] {
        let actual = value(shape, [&x], |[x]| x.group_normalized(groups, T::of(epsilon)));
        check(&format!("{groups} groups"), &actual, &|place| place / (30 / groups));
    }
}

#[test]
fn normalized_values_have_mean_zero_and_variance_one() {
    normalizations::<f32>();
    normalizations::<f64>();
}

#[test]
fn nothing_has_answers() {
    let none: [f64; 0] = [];
    assert_eq!(value([Shape::matrix(2, 0)], [&none], |[x]| x.concatenate(1, &[x, x])), none);
    assert_eq!(value([Shape::vector(0)], [&none], |[x]| x.scatter(0, &[], 3)), [0.0; 3]);
    assert_eq!(value([Shape::vector(3)], [&[1.0; 3]], |[x]| x.gather(0, &[])), none);
    assert_eq!(value([Shape::from([3, 0, 0])], [&none], |[x]| x.log_determinant()), [0.0; 3]);
    assert_eq!(value([Shape::matrix(0, 0), Shape::vector(0)], [&none, &none], |[a, b]| a.solve(b)), none);
    assert_eq!(value([Shape::from([0, 4, 2])], [&none], |[x]| x.group_normalized(2, 0.1)), none);
    assert_eq!(value([Shape::from([0, 4, 2])], [&none], |[x]| x.max_pool([2, 2], [1, 1], [1, 1])), none);
    // Kernels over no channels, and pixels over no kernels.
    let shapes = [Shape::from([1, 0, 3, 3]), Shape::from([2, 0, 2, 2])];
    assert_eq!(value(shapes, [&none, &none], |[x, w]| x.convolution(w, [1, 1], [0, 0])), [0.0; 8]);
    let shapes = [Shape::from([1, 1, 3, 3]), Shape::from([0, 1, 2, 2])];
    let [by_x, by_w] = gradients(shapes, [&[1.0; 9], &none], &none, |[x, w]| x.convolution(w, [1, 1], [0, 0]));
    assert_eq!((by_x, by_w), (vec![0.0; 9], vec![]));
}

/// The message of a function of a 2x3 and a 4x5 matrix that is refused.
#[track_caller]
fn refused(function: OfTwo<f64>) -> String {
    let shapes = [Shape::matrix(2, 3), Shape::matrix(4, 5)];
    let message = Program::record(shapes, |[x, y]| function(x, y)).unwrap_err().to_string();
    assert!(message.contains("tape_choices.rs"), "the line is named: {message}");
    message
}

#[test]
fn shape_errors_name_both_shapes_and_the_operation() {
    let image: OfTwo<f64> = |x, _| x.reshape([1, 1, 2, 3]).convolution(x.reshape([1, 2, 3, 1]), [1, 1], [0, 0]);
    let table: [(&str, OfTwo<f64>); 36] = [
        ("maximum: left is 2x3 but right is 4x5; extents", |x, y| x.maximum(y)),
        ("minimum: left is 2x3 but right is 4x5; extents", |x, y| x.minimum(y)),
        ("greater: left is 2x3 but right is 4x5; extents", |x, y| x.greater(y)),
        ("at_least: left is 2x3 but right is 4x5; extents", |x, y| x.at_least(y)),
        ("less: left is 2x3 but right is 4x5; extents", |x, y| x.less(y)),
        ("at_most: left is 2x3 but right is 4x5; extents", |x, y| x.at_most(y)),
        ("equals: left is 2x3 but right is 4x5; extents", |x, y| x.equals(y)),
        ("select: left is 2x3 but right is 4x5; ", |x, y| x.select(x, y)),
        ("select: left is 4x5 but right is 2x3; ", |x, y| y.select(x, x)),
        ("max_axes: left is 2x3 but right is 0x2; each axis", |x, _| x.max_axes(&[0, 2])),
        ("max_axes: left is 0x3 but right is 0; each axis", |x, _| x.slice(0, 0..0).max_axes(&[0])),
        ("mean_axes: left is 2x3 but right is 7; each axis", |x, _| x.mean_axes(&[7])),
        ("gather: left is 2x3 but right is 1x3; the axis", |x, _| x.gather(1, &[0, 3, 1])),
        ("gather: left is 2x3 but right is 2x0; the axis", |x, _| x.gather(2, &[0])),
        ("scatter: left is 2x3 but right is 0x1x4; there", |x, _| x.scatter(0, &[0], 4)),
        ("scatter: left is 2x3 but right is 0x2x1; there", |x, _| x.scatter(0, &[0, 1], 1)),
        ("concatenate: left is 2x3 but right is 4x5; shapes", |x, y| x.concatenate(0, &[x, y])),
        ("concatenate: left is 2x3 but right is 2; the axis", |x, _| x.concatenate(2, &[x])),
        ("concatenate: left is 2x3 but right is 2; the axis", |x, _| x.concatenate(2, &[])),
        ("matmul: left is 2x3 but right is 4x5; both", |x, y| x.matmul(y)),
        ("matmul_transposed: left is 2x3 but right is 4x5; both", |x, y| x.matmul_transposed(y)),
        ("matmul: left is 3x1x2 but right is 2x2x5; both", |x, y| x.reshape([3, 1, 2]).matmul(y.reshape([2, 2, 5]))),
        ("outer: left is 2x3 but right is 20; both", |x, y| x.outer(y.reshape([20]))),
        ("solve: left is 2x3 but right is 4x5; the left", |x, y| x.solve(y)),
        ("solve: left is 2x2 but right is 4x5; the left", |x, y| x.slice(1, 0..2).solve(y)),
        ("log_determinant: left is 2x3 but right is scalar; the value", |x, _| x.log_determinant()),
        ("convolution: left is 1x1x2x3 but right is 1x2x3x1; images", image),
        ("convolution: left is 2x3 but right is 4x5; images", |x, y| x.convolution(y, [1, 1], [0, 0])),
        ("convolution: left is 1x1x2x3 but right is 1x1x4x5; images", |x, y| {
            x.reshape([1, 1, 2, 3]).convolution(y.reshape([1, 1, 4, 5]), [1, 1], [0, 0])
        }),
        ("convolution: left is 1x1x2x3 but right is 1x1x1x1; images", |x, y| {
            x.reshape([1, 1, 2, 3]).convolution(y.slice(0, 0..1).slice(1, 0..1).reshape([1, 1, 1, 1]), [1, 0], [0, 0])
        }),
        ("convolution_transposed: left is 1x1x2x3 but right is 1x1x4x5; the convolution", |x, y| {
            x.reshape([1, 1, 2, 3]).convolution_transposed(y.reshape([1, 1, 4, 5]), [2, 3], [1, 1], [0, 0])
        }),
        ("average_pool: left is 2x3 but right is 4x1; the value", |x, _| x.average_pool([4, 1], [1, 1], [0, 0])),
        ("max_pool: left is 2x3 but right is 2x2; the value", |x, _| x.max_pool([2, 2], [1, 1], [2, 0])),
        ("max_pool: left is 6 but right is 1x1; the value", |x, _| x.reshape([6]).max_pool([1, 1], [1, 1], [0, 0])),
        ("normalized: left is 2x3 but right is 2; each axis", |x, _| x.normalized(&[2], 0.1)),
        ("group_normalized: left is 2x3 but right is 2; the channels", |x, _| x.group_normalized(2, 0.1)),
    ];
    for (start, function) in table {
        let message = refused(function);
        assert!(message.starts_with(start), "expected `{start}`, found `{message}`");
    }
    assert!(refused(|x, _| x.group_normalized(0, 0.1)).contains("multiple of the groups"));
    assert!(refused(|x, _| x.reshape([6]).group_normalized(1, 0.1)).contains("images x channels"));
}

#[test]
#[cfg(target_pointer_width = "64")]
fn sizes_that_no_memory_holds_are_refused() {
    // The largest number of a window.
    const LARGEST: usize = u32::MAX as usize;
    let refused = |function: OfTwo<f64>| {
        let shapes = [Shape::from([1, 1, 1, 1]), Shape::from([1, 1, 1, 1])];
        Program::record(shapes, |[x, y]| function(x, y)).unwrap_err().to_string()
    };
    assert!(refused(|x, y| x.convolution(y, [1, 1], [usize::MAX, 0])).contains("must fit the padded image"));
    assert!(refused(|x, y| x.convolution(y, [1, 1], [LARGEST; 2])).contains("split it"));
    assert!(refused(|x, y| x.convolution_transposed(y, [usize::MAX, 1], [LARGEST + 1, 1], [0, 0])).contains("at most"));
    assert!(refused(|x, _| x.average_pool([usize::MAX, 1], [1, 1], [0, 0])).contains("must fit the padded image"));
    assert!(refused(|x, _| x.average_pool([1, 1], [1, 1], [LARGEST; 2])).contains("split it"));
    assert!(refused(|x, _| x.max_pool([LARGEST; 2], [1, 1], [LARGEST - 1; 2])).contains("split them"));
    assert!(refused(|x, _| x.scatter(0, &[0], usize::MAX / 2)).contains("split it"));
}
