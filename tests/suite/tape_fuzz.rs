//! Random programs from fixed keys: what a plan does with one result it does with several, and all ways to a derivative
//! agree.

use eigenscape::random::Key;
use eigenscape::tape::{Program, Shape, Tape, Var, embed, linearize, transpose};

use crate::support::{dot, normal};

/// Small integers from a key, one after the other.
struct Dice {
    key: Key,
    next: u64,
}

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        let mut value = [0];
        self.key.integers(self.next, bound, &mut value);
        self.next += 1;
        value[0]
    }
}

/// Whether two shapes broadcast.
fn agree(x: Var<'_, f64>, y: Var<'_, f64>) -> bool {
    let (x, y) = (x.shape(), y.shape());
    let back = |shape: Shape| shape.extents().iter().rev().copied().collect::<Vec<_>>();
    back(x).into_iter().zip(back(y)).all(|(x, y)| x == y || x == 1 || y == 1)
}

/// One more value from two that there are.
fn step<'t>(dice: &mut Dice, x: Var<'t, f64>, y: Var<'t, f64>) -> Var<'t, f64> {
    let extents = x.shape().extents().to_vec();
    let axes = extents.len();
    let axis = if axes > 0 { dice.below(axes) } else { 0 };
    let swapped = |x: Var<'t, f64>| {
        let mut order: Vec<usize> = (0..axes).collect();
        order.swap(axes - 1, axes - 2);
        x.permute(&order)
    };
    match dice.below(28) {
        0 => x.sin(),
        1 => x.tanh(),
        2 => x * 0.7,
        3 => x.softplus(),
        4 => x.clamp(-0.5, 0.5),
        5 | 6 if agree(x, y) => x + y,
        7 | 8 if agree(x, y) => x * y * 0.5,
        9 if agree(x, y) => x - y,
        10 if agree(x, y) => x.maximum(y),
        11 if agree(x, y) => x.greater(y).select(x.sin(), y),
        12 if axes > 0 => x.sum_axes(&[axis]),
        13 if axes > 0 => x.max_axes(&[axis]),
        14 | 15 if axes > 0 => {
            let start = dice.below(extents[axis]);
            x.slice(axis, start..start + 1 + dice.below(extents[axis] - start))
        }
        16 if axes > 0 && extents[axis] < 6 => x.pad(axis, dice.below(2), dice.below(2)),
        17 if axes > 0 => {
            let table: Vec<usize> = (0..1 + dice.below(4)).map(|_| dice.below(extents[axis])).collect();
            x.gather(axis, &table)
        }
        18 if axes > 0 => {
            let table: Vec<usize> = (0..extents[axis]).map(|_| dice.below(4)).collect();
            x.scatter(axis, &table, 4)
        }
        19 if axes > 1 => swapped(x),
        20 if axes > 0 => x.softmax(),
        21 if axes > 0 => x.log_sum_exp(),
        22 if axes > 1 => x.matmul_transposed(x) * 0.3,
        23 if axes > 1 => x.matmul(swapped(x)) * 0.3,
        24 if axes > 0 => x.concatenate(axis, &[x.sin(), x]),
        25 if axes == 1 && y.shape().extents() == extents => y.softmax() * x.at(0),
        26 => x.reshape([x.shape().size()]),
        _ => x.atan(),
    }
}

#[track_caller]
fn same(what: &str, seed: u64, actual: &[f64], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len(), "{what} of program {seed}: length");
    for (place, (a, e)) in actual.iter().zip(expected).enumerate() {
        let close = (a - e).abs() <= 1e-8 * (1.0 + a.abs().max(e.abs())) || a == e || (a.is_nan() && e.is_nan());
        assert!(close, "{what} of program {seed}: entry {place} is {a}, expected {e}");
    }
}

pub fn check(seed: u64) {
    let mut dice = Dice { key: Key::new(seed), next: 0 };
    let tape = Tape::<f64>::new();
    let shape = |dice: &mut Dice| {
        let axes = dice.below(4);
        Shape::new(&(0..axes).map(|_| [1, 2, 3, 4, 37][dice.below(5)]).collect::<Vec<_>>()).unwrap()
    };
    let shapes = [shape(&mut dice), shape(&mut dice)];
    let mut values = tape.arguments(&shapes);
    values.push(tape.argument(shape(&mut dice)));
    for _ in 0..4 + dice.below(22) {
        // Mostly of what came last, so that programs are deep.
        let recent = values.len() - 1 - dice.below(values.len().min(4));
        let (x, y) = (values[recent], values[dice.below(values.len())]);
        let value = step(&mut dice, x, y);
        if value.shape().size() <= 20_000 && value.shape().axes() <= 5 {
            values.push(value);
        }
    }
    let loss = tape.finish(&[&[values[values.len() - 1].powi(2).sum()]]).unwrap();
    let [theta, x] = [0, 1].map(|a| normal::<f64>(loss.argument_len(a), Key::new(seed).split(a as u64)));
    let arguments: [&[f64]; 2] = [&theta, &x];

    // Any choice of values as results is those values, each finished alone.
    for _ in 0..3 {
        let chosen: Vec<Vec<Var<'_, f64>>> = (0..1 + dice.below(3))
            .map(|_| (0..1 + dice.below(4)).map(|_| values[dice.below(values.len())]).collect())
            .collect();
        let results: Vec<&[Var<'_, f64>]> = chosen.iter().map(Vec::as_slice).collect();
        let together = tape.finish(&results).unwrap().evaluate(&arguments);
        let alone = |value: &Var<'_, f64>| tape.finish(&[&[*value]]).unwrap().evaluate(&arguments).remove(0);
        for (together, blocks) in together.iter().zip(&chosen) {
            same("a choice of results", seed, together, &blocks.iter().flat_map(alone).collect::<Vec<_>>());
        }
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
}

#[test]
fn random_programs_are_consistent() {
    (0..1500).for_each(check);
}
