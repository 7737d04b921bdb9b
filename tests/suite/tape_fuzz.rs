//! Random programs from fixed keys: what a plan does with one result it does with several, and all ways to a derivative
//! agree.

use std::collections::BTreeMap;

use eigenscape::random::Key;
use eigenscape::tape::{Plan, Program, Shape, Tape, batch, deinterleave, embed, interleave, linearize, transpose};

use crate::support::{dot, normal};
use crate::tape_operations::{Dice, OPERATIONS, Value};

/// How often each operation came, and how many programs could be held against differences.
#[derive(Default)]
struct Seen {
    operations: BTreeMap<&'static str, usize>,
    programs: usize,
    differences: usize,
}

#[track_caller]
fn same(what: &str, seed: u64, actual: &[f64], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len(), "{what} of program {seed}: length");
    for (place, (a, e)) in actual.iter().zip(expected).enumerate() {
        let close = (a - e).abs() <= 1e-8 * (1.0 + a.abs().max(e.abs())) || a == e || (a.is_nan() && e.is_nan());
        assert!(close, "{what} of program {seed}: entry {place} is {a}, expected {e}");
    }
}

/// Values put together at random, the first ones the arguments.
fn record<'t>(tape: &'t Tape<f64>, dice: &mut Dice, seen: &mut Seen) -> Vec<Value<'t>> {
    let shape = |dice: &mut Dice| {
        let axes = dice.below(5);
        let extent = |dice: &mut Dice| match dice.below(16) {
            0 => 0,
            1 | 2 => 37,
            other => [1, 2, 3, 4][other % 4],
        };
        let shape = Shape::new(&(0..axes).map(|_| extent(dice)).collect::<Vec<_>>()).unwrap();
        if shape.size() > 5000 { Shape::vector(37) } else { shape }
    };
    let shapes = [shape(dice), shape(dice)];
    let mut values = tape.arguments(&shapes);
    values.push(tape.argument(shape(dice)));
    for _ in 0..4 + dice.below(22) {
        // Mostly of what came last, so that programs are deep.
        let recent = values.len() - 1 - dice.below(values.len().min(4));
        let (x, y) = (values[recent], values[dice.below(values.len())]);
        let operation = &OPERATIONS[dice.below(OPERATIONS.len())];
        let Some(value) = (operation.apply)(dice, x, y) else { continue };
        if value.shape().size() <= 5000 && value.shape().axes() <= 5 {
            values.push(value);
            *seen.operations.entry(operation.name).or_default() += 1;
        }
    }
    values
}

#[allow(dead_code)] // The soak, a binary of its own, calls it.
pub fn check(seed: u64) {
    count(seed, &mut Seen::default());
}

fn count(seed: u64, seen: &mut Seen) {
    let mut dice = Dice::new(Key::new(seed));
    let tape = Tape::<f64>::new();
    let values = record(&tape, &mut dice, seen);
    let loss = tape.finish(&[&[values[values.len() - 1].powi(2).sum()]]).unwrap();
    let [theta, x] = [0, 1].map(|a| normal::<f64>(loss.argument_len(a), Key::new(seed).split(a as u64)));
    let arguments: [&[f64]; 2] = [&theta, &x];
    seen.programs += 1;

    // Any choice of values as results is those values, each finished alone.
    for _ in 0..3 {
        let chosen: Vec<Vec<Value<'_>>> = (0..1 + dice.below(3))
            .map(|_| (0..1 + dice.below(4)).map(|_| values[dice.below(values.len())]).collect())
            .collect();
        let results: Vec<&[Value<'_>]> = chosen.iter().map(Vec::as_slice).collect();
        let together = tape.finish(&results).unwrap().evaluate(&arguments);
        let alone = |value: &Value<'_>| tape.finish(&[&[*value]]).unwrap().evaluate(&arguments).remove(0);
        for (together, blocks) in together.iter().zip(&chosen) {
            same("a choice of results", seed, together, &blocks.iter().flat_map(alone).collect::<Vec<_>>());
        }
    }

    // Means of nothing are not numbers, and neither are slopes of what follows; which of them are 0 is left open.
    let all = tape.finish(&[&values]).unwrap().evaluate(&arguments).remove(0);
    if !all.iter().all(|x| x.is_finite()) {
        return;
    }

    // All ways to first and second derivatives.
    let gradient = loss.gradient(0).unwrap();
    let slope = gradient.evaluate(&arguments).remove(1);
    let v: Vec<f64> = normal(slope.len(), Key::new(seed).split(2));
    let along = |program: &Program<f64>| program.directional(0).unwrap().evaluate(&[&theta, &x, &v]).concat();
    same("the derivative along a direction", seed, &along(&loss), &[dot(&slope, &v)]);
    let gradient = gradient.select(&[1]);
    let product = along(&gradient);
    let split = linearize(&gradient, &[0]).unwrap();
    let residuals = split.primal.evaluate(&arguments).remove(1);
    same("a product by the linear part", seed, &embed(&split.linear).evaluate(&[&residuals, &v]).concat(), &product);
    let transposed = embed(&transpose(&split.linear)).evaluate(&[&residuals, &v]).concat();
    same("a product by the transpose", seed, &transposed, &product);
    let orders = loss.derivatives_along(0, 2).unwrap().evaluate(&[&theta, &x, &v]).concat();
    same("orders along a direction", seed, &orders[1..], &[dot(&slope, &v), dot(&product, &v)]);
    differences(seed, &loss, arguments, &v, dot(&slope, &v), seen);
    batches(seed, &gradient, arguments, dice.below(2));
    runs(seed, &loss.gradient(0).unwrap(), arguments);
}

/// The slope along a direction by central differences at two steps, where these agree: a rule of a derivative that is wrong in
/// all ways alike.
fn differences(seed: u64, loss: &Program<f64>, arguments: [&[f64]; 2], v: &[f64], slope: f64, seen: &mut Seen) {
    let length = dot(v, v).sqrt().max(1.0);
    let at = |step: f64| {
        let moved: Vec<f64> = arguments[0].iter().zip(v).map(|(theta, v)| theta + step / length * v).collect();
        loss.evaluate(&[&moved, arguments[1]])[0][0]
    };
    let central = |step: f64| (at(step) - at(-step)) / (2.0 * step / length);
    let (wide, narrow) = (central(2e-5), central(1e-5));
    let tolerance = 1e-5 * (narrow.abs() + slope.abs()) + length * (1e-9 * at(0.0).abs() + 1e-9);
    if (wide - narrow).abs() > 0.1 * tolerance || !narrow.is_finite() {
        return;
    }
    seen.differences += 1;
    assert!((slope - narrow).abs() <= tolerance, "program {seed}: the slope is {slope}, by differences {narrow}");
}

/// Several points at once are each point by itself.
fn batches(seed: u64, gradient: &Program<f64>, arguments: [&[f64]; 2], batched: usize) {
    let many = batch(gradient, &[batched], 3).unwrap();
    let points: Vec<Vec<f64>> =
        (0..3).map(|point| normal(arguments[batched].len(), Key::new(seed).split(10 + point))).collect();
    let mut given = vec![0.0; 3 * arguments[batched].len()];
    interleave(&gradient.arguments()[batched], &points.concat(), &mut given);
    let mut all = arguments;
    all[batched] = &given;
    let together = many.evaluate(&all).remove(0);
    let mut separate = vec![0.0; together.len()];
    deinterleave(&gradient.results()[0], &together, &mut separate);
    let alone = points.iter().flat_map(|point| {
        let mut one = arguments;
        one[batched] = point;
        gradient.evaluate(&one).remove(0)
    });
    same("a batch", seed, &separate, &alone.collect::<Vec<_>>());
}

/// What a run leaves behind in its workspace and results is not seen by the next, nor by another thread.
fn runs(seed: u64, program: &Program<f64>, arguments: [&[f64]; 2]) {
    let plan = Plan::new(program);
    let run = |theta: &[f64], results: &mut [Vec<f64>], workspace: &mut eigenscape::tape::Workspace<f64>| {
        let mut slices: Vec<&mut [f64]> = results.iter_mut().map(Vec::as_mut_slice).collect();
        plan.run(&[theta, arguments[1]], &mut slices, workspace);
    };
    let room = || plan.result_lens().iter().map(|&len| vec![f64::NAN; len]).collect::<Vec<_>>();
    let bits = |results: &[Vec<f64>]| results.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let (mut first, mut later, mut workspace) = (room(), room(), plan.workspace());
    run(arguments[0], &mut first, &mut workspace);
    let elsewhere: Vec<f64> = arguments[0].iter().map(|theta| 3.0 - theta).collect();
    run(&elsewhere, &mut later, &mut workspace);
    run(arguments[0], &mut later, &mut workspace);
    assert_eq!(bits(&first), bits(&later), "program {seed}: a second run");
    let threads: Vec<Vec<u64>> = std::thread::scope(|scope| {
        let start = || {
            let mut results = room();
            run(arguments[0], &mut results, &mut plan.workspace());
            bits(&results)
        };
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    threads.iter().for_each(|other| assert_eq!(&bits(&first), other, "program {seed}: another thread"));
}

#[test]
fn random_programs_are_consistent() {
    let mut seen = Seen::default();
    (0..1500).for_each(|seed| count(seed, &mut seen));
    let Seen { operations, programs, differences } = seen;
    for operation in OPERATIONS {
        let times = operations.get(operation.name).copied().unwrap_or(0);
        assert!(times >= 20, "{} came {times} times: {operations:?}", operation.name);
    }
    println!("{differences} of {programs} programs held against differences");
    assert!(differences * 2 > programs, "only {differences} of {programs} programs have differences that agree");
}
