//! Accuracy of the elementary functions over the whole range of both types, through programs that apply one of them.
//!
//! In double precision against the table `tests/data/elementary.json`, whose values carry what rounding leaves of them;
//! in single precision against the double-precision functions of the `libm` crate.

use eigenscape::Scalar;
use eigenscape::tape::{Program, Shape, Tape, Var};
use serde_json::Value;

/// The standard library's.
type Standard<T> = fn(T) -> T;
type Function<T> = for<'t> fn(Var<'t, T>) -> Var<'t, T>;

/// Name, function, reference in double precision, and the bound on the error in units in the last place.
type Case<T> = (&'static str, Function<T>, fn(f64) -> f64, f64);

fn functions<T: Scalar>() -> Vec<Case<T>> {
    vec![
        ("exp", |x| x.exp(), libm::exp, 2.0),
        ("exp_m1", |x| x.exp_m1(), libm::expm1, 2.0),
        ("ln", |x| x.ln(), libm::log, 2.0),
        ("ln_1p", |x| x.ln_1p(), libm::log1p, 2.0),
        ("sin", |x| x.sin(), libm::sin, 2.0),
        ("cos", |x| x.cos(), libm::cos, 2.0),
        ("tan", |x| x.tan(), libm::tan, 4.0),
        ("atan", |x| x.atan(), libm::atan, 2.0),
        ("sinh", |x| x.sinh(), libm::sinh, 4.0),
        ("cosh", |x| x.cosh(), libm::cosh, 4.0),
        ("tanh", |x| x.tanh(), libm::tanh, 4.0),
        ("sigmoid", |x| x.sigmoid(), sigmoid, 4.0),
        ("softplus", |x| x.softplus(), softplus, 4.0),
        ("erf", |x| x.erf(), libm::erf, 2.0),
    ]
}

fn sigmoid(x: f64) -> f64 {
    if x < 0.0 { libm::exp(x) / (1.0 + libm::exp(x)) } else { 1.0 / (1.0 + libm::exp(-x)) }
}

fn softplus(x: f64) -> f64 {
    if x.is_nan() { x } else { x.max(0.0) + libm::log1p(libm::exp(-x.abs())) }
}

fn evaluate<T: Scalar>(function: impl for<'t> Fn(Var<'t, T>) -> Var<'t, T>, x: &[T]) -> Vec<T> {
    Program::record([Shape::vector(x.len())], |[x]| function(x)).unwrap().evaluate(&[x]).remove(0)
}

/// The distance of an approximation from nearest + rest * unit, in units in the last place of `nearest`.
fn ulps<T: Scalar>(approximate: T, nearest: f64, rest: f64) -> f64 {
    if nearest.is_nan() || nearest.is_infinite() || approximate.is_nan() || approximate.is_infinite() {
        let same = approximate.f64() == nearest || approximate.is_nan() && nearest.is_nan();
        return if same { 0.0 } else { f64::INFINITY };
    }
    let tiniest = if T::NAME == "f32" { f64::from(f32::from_bits(1)) } else { f64::from_bits(1) };
    // 2^exponent from its bits; where f64 is subnormal, the unit is the smallest number.
    let power = f64::from_bits(nearest.abs().to_bits() & !((1 << 52) - 1));
    let unit = (power * T::EPSILON.f64()).max(tiniest);
    ((approximate.f64() - nearest) / unit - rest).abs()
}

/// What a function gives for numbers that come in lots of similar size, so that huge ones stand together.
fn in_lots<T: Scalar>(function: impl for<'t> Fn(Var<'t, T>) -> Var<'t, T>, x: &[T]) -> Vec<T> {
    x.chunks(64).flat_map(|lot| evaluate(&function, lot)).collect()
}

struct Row {
    exponent: f64,
    x: f64,
    nearest: f64,
    rest: f64,
}

/// Rows of the table by increasing size of the argument.
fn rows(name: &str) -> Vec<Row> {
    let table: Value = serde_json::from_str(include_str!("../data/elementary.json")).unwrap();
    let number = |bits: &Value| f64::from_bits(u64::from_str_radix(bits.as_str().unwrap(), 16).unwrap());
    let row = |row: &Value| {
        let row = row.as_array().unwrap();
        let (own, exponent) = if row.len() == 4 { (&row[1..], number(&row[0])) } else { (&row[..], 1.0) };
        Row { exponent, x: number(&own[0]), nearest: number(&own[1]), rest: own[2].as_f64().unwrap() }
    };
    let mut rows: Vec<Row> = table[name].as_array().unwrap().iter().map(row).collect();
    rows.sort_by(|a, b| a.x.abs().total_cmp(&b.x.abs()));
    rows
}

/// Prints the largest error and panics if it is beyond the bound.
#[track_caller]
fn assert_within<T: Scalar>(name: &str, errors: impl Iterator<Item = (f64, T)>, bound: f64) {
    let (error, at) = errors.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    println!("{} {name}: {error:.2} ulp at {at:e}", T::NAME);
    assert!(error <= bound, "{}: {name} is {error} ulp off at {at:e}", T::NAME);
}

#[test]
fn double_precision_agrees_with_the_table() {
    for (name, function, _, bound) in functions::<f64>() {
        let rows = rows(name);
        assert!(rows.len() >= 200, "{name} has {} rows", rows.len());
        let x: Vec<f64> = rows.iter().map(|row| row.x).collect();
        let values = in_lots(function, &x);
        let errors = values.iter().zip(&rows).map(|(&value, row)| (ulps(value, row.nearest, row.rest), row.x));
        assert_within(name, errors, bound);
    }
}

#[test]
fn double_precision_powers_agree_with_the_table() {
    let rows = rows("powf");
    assert!(rows.len() >= 400);
    let error = |value: Vec<f64>, row: &Row| (ulps(value[0], row.nearest, row.rest), row.x);
    assert_within("powf", rows.iter().map(|row| error(evaluate(|x| x.powf(row.exponent), &[row.x]), row)), 4.0);
    let whole = rows.iter().filter(|row| row.exponent.fract() == 0.0 && row.exponent.abs() < 1e4);
    assert_within("powi", whole.map(|row| error(evaluate(|x| x.powi(row.exponent as i32), &[row.x]), row)), 4.0);
}

/// Every 4099th number of all that there are.
fn sweep(stride: usize) -> Vec<f32> {
    let mut x: Vec<f32> = (0..=u32::MAX).step_by(stride).map(f32::from_bits).collect();
    x.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    x
}

/// What a number in double precision is in single precision: beyond the largest number, infinite.
fn single(exact: f64) -> f64 {
    if f64::from(exact as f32).is_infinite() { f64::from(exact as f32) } else { exact }
}

#[test]
fn single_precision_is_accurate_over_its_whole_range() {
    let x = sweep(4099);
    for (name, function, reference, bound) in functions::<f32>() {
        let values = in_lots(function, &x);
        let errors = values.iter().zip(&x).map(|(&value, &x)| (ulps(value, single(reference(f64::from(x))), 0.0), x));
        assert_within(name, errors, bound);
    }
}

#[test]
fn single_precision_powers_are_accurate_over_their_whole_range() {
    let x = sweep(65_537);
    for c in [0.5f32, -0.5, 1.0 / 3.0, 1.7, -2.3, 10.1, -31.4, 1e-3, 1e-10, 1e5, 3.0, -4.0, 5.0, 64.0, -101.0] {
        let reference = |x: f32| single(libm::pow(f64::from(x), f64::from(c)));
        let errors = |values: Vec<f32>| values.into_iter().zip(&x).map(|(y, &x)| (ulps(y, reference(x), 0.0), x));
        assert_within(&format!("powf {c}"), errors(evaluate(|x| x.powf(c), &x)), 4.0);
        if c.fract() == 0.0 && c.abs() < 1e4 {
            assert_within(&format!("powi {c}"), errors(evaluate(|x| x.powi(c as i32), &x)), 4.0);
        }
    }
}

/// Where the result is a special value, it is the one of the standard library, with its sign.
fn special_values<T: Scalar>() {
    let (zero, one, infinity) = (T::zero(), T::one(), T::infinity());
    let standard: [(&str, Standard<T>); 13] = [
        ("exp", T::exp),
        ("exp_m1", T::exp_m1),
        ("ln", T::ln),
        ("ln_1p", T::ln_1p),
        ("sin", T::sin),
        ("cos", T::cos),
        ("tan", T::tan),
        ("atan", T::atan),
        ("sinh", T::sinh),
        ("cosh", T::cosh),
        ("tanh", T::tanh),
        ("erf", T::erf),
        ("sigmoid", |x| T::one() / (T::one() + (-x).exp())),
    ];
    let points = [zero, -zero, infinity, -infinity, T::nan(), one, -one, T::max_value(), T::min_value()];
    for (name, standard) in standard {
        let (_, function, ..) = functions::<T>().into_iter().find(|function| function.0 == name).unwrap();
        for (value, x) in evaluate(function, &points).into_iter().zip(points) {
            assert_special(&format!("{name}({x:e})"), value, standard(x));
        }
    }
    let half = T::of(0.5);
    let bases =
        [zero, one, half, T::of(2.0), T::of(1.5), T::of(3.0), T::min_positive_value(), T::max_value(), infinity];
    let bases: Vec<T> = bases.iter().flat_map(|&x| [x, -x]).chain([T::nan(), T::min_positive_value() * half]).collect();
    let exponents = [0.0, 1.0, 2.0, 3.0, 0.5, 1.5, 1e9, 1e9 + 1.0, f64::INFINITY].map(T::of);
    for c in exponents.iter().flat_map(|&c| [c, -c]).chain([T::nan(), T::max_value()]) {
        for (value, &x) in evaluate(|x| x.powf(c), &bases).into_iter().zip(&bases) {
            assert_special(&format!("{x:e}^{c:e}"), value, x.powf(c));
        }
    }
    for n in [0, 1, 2, 3, 4, 5, 30, 31, -1, -2, -3, i32::MAX, i32::MIN] {
        for (value, &x) in evaluate(|x| x.powi(n), &bases).into_iter().zip(&bases) {
            // In single precision the exponent would round, and become even.
            assert_special(&format!("{x:e}^{n}"), value, T::of(x.f64().powf(f64::from(n))));
        }
    }
}

#[track_caller]
fn assert_special<T: Scalar>(what: &str, value: T, expected: T) {
    let special = [T::zero(), T::one(), T::infinity()].contains(&expected.abs()) || expected.is_nan();
    let same = value == expected && value.is_sign_negative() == expected.is_sign_negative();
    let close = ulps(value, expected.f64(), 0.0) <= 4.5;
    let right = if special { same || value.is_nan() && expected.is_nan() } else { close };
    assert!(right, "{}: {what} is {value:e}, expected {expected:e}", T::NAME);
}

#[test]
fn special_values_are_the_standard_library_s() {
    special_values::<f32>();
    special_values::<f64>();
}

/// Results depend on the number alone: not on its place, its neighbours, nor on whether it is overwritten.
fn place<T: Scalar>() {
    // One NaN is as good as another.
    let bits =
        |values: &[T]| values.iter().map(|&y| if y.is_nan() { 0 } else { y.f64().to_bits() }).collect::<Vec<_>>();
    let some: Vec<T> = (0..67)
        .map(|i: i32| match i {
            // Beyond what sine reaches without a branch, and what is no number.
            13 => T::of(1e30),
            14 => T::nan(),
            15 => T::infinity(),
            _ => T::of(0.37 * f64::from(i) - 9.0),
        })
        .collect();
    let check = |name: &str, function: &dyn for<'t> Fn(Var<'t, T>) -> Var<'t, T>| {
        let alone: Vec<T> = some.iter().map(|&x| evaluate(function, &[x])[0]).collect();
        assert_eq!(bits(&evaluate(function, &some)), bits(&alone), "{} {name}", T::NAME);
        for len in 0..some.len() {
            assert_eq!(bits(&evaluate(function, &some[..len])), bits(&alone[..len]), "{} {name}", T::NAME);
            let above = len.max(16);
            assert_eq!(bits(&evaluate(function, &some[above..])), bits(&alone[above..]), "{} {name}", T::NAME);
        }
        // The sum is overwritten.
        let twice: Vec<T> = some.iter().map(|&x| x + x).collect();
        let out_of_place = evaluate(function, &twice);
        assert_eq!(bits(&evaluate(|x| function(x + x), &some)), bits(&out_of_place), "{} {name}", T::NAME);
        // A constant is folded, without vector instructions.
        let tape = Tape::new();
        let folded: Vec<Var<T>> = some.iter().map(|&x| function(tape.fill([1], x))).collect();
        let folded = tape.finish(&[&folded]).unwrap().evaluate(&[]).remove(0);
        assert_eq!(bits(&folded), bits(&alone), "{} {name}", T::NAME);
    };
    for (name, function, ..) in functions::<T>() {
        check(name, &function);
    }
    check("powf", &|x| x.powf(T::of(1.7)));
    check("powi", &|x| x.powi(7));
}

#[test]
fn results_do_not_depend_on_the_place() {
    place::<f32>();
    place::<f64>();
}

#[test]
fn exact_results_are_exact() {
    fn check<T: Scalar>() {
        let x: Vec<T> = (1..20).map(|i| T::of(f64::from(i))).collect();
        for n in 0..6 {
            let exact: Vec<T> = (1..20).map(|i: i32| T::of(f64::from(i.pow(n)))).collect();
            assert_eq!(evaluate(|x| x.powi(n as i32), &x), exact);
            assert_eq!(evaluate(|x| x.powf(T::of(f64::from(n))), &x), exact);
        }
        assert_eq!(evaluate(|x| x.powf(T::of(0.5)), &[T::of(9.0), T::of(0.25)]), [T::of(3.0), T::of(0.5)]);
        assert_eq!(evaluate(|x| x.ln(), &[T::one()]), [T::zero()]);
        assert_eq!(evaluate(|x| x.cos(), &[T::zero()]), [T::one()]);
        assert_eq!(evaluate(|x| x.sigmoid(), &[T::zero()]), [T::of(0.5)]);
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn a_wrong_value_is_found() {
    assert_eq!(ulps(1.0f64 + f64::EPSILON, 1.0, 0.0), 1.0);
    assert_eq!(ulps(1.0f64, 1.0, 0.25), 0.25);
    assert_eq!(ulps(1.0f32 - f32::EPSILON, 1.0, 0.0), 1.0);
    assert_eq!(ulps(f32::from_bits(3), 0.0, 0.0), 3.0);
    assert_eq!(ulps(0.0f64, f64::from_bits(2), 0.0), 2.0);
    assert_eq!(ulps(f64::MAX, f64::INFINITY, 0.0), f64::INFINITY);
    assert_eq!(ulps(f32::NAN, 1.0, 0.0), f64::INFINITY);
    assert_eq!(ulps(f32::NAN, f64::NAN, 0.0), 0.0);
}
