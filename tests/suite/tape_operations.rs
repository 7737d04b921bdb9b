//! Each operation of a value on a tape, drawn at random for programs that are put together of them.

use eigenscape::random::Key;
use eigenscape::tape::{Program, Shape, Var};

/// A value of a random program.
pub type Value<'t> = Var<'t, f64>;

/// Small integers from a key, one after the other.
pub struct Dice {
    key: Key,
    next: u64,
}

impl Dice {
    pub fn new(key: Key) -> Self {
        Dice { key, next: 0 }
    }

    pub fn below(&mut self, bound: usize) -> usize {
        let mut value = [0];
        self.key.integers(self.next, bound, &mut value);
        self.next += 1;
        value[0]
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn positions(&mut self, count: usize, bound: usize) -> Vec<usize> {
        (0..count).map(|_| self.below(bound)).collect()
    }
}

/// An operation by its name, with what makes one more value from two that there are, where their shapes allow it.
pub struct Operation {
    pub name: &'static str,
    /// What is written below, which has to use it.
    pub source: &'static str,
    pub apply: for<'t> fn(&mut Dice, Value<'t>, Value<'t>) -> Option<Value<'t>>,
}

macro_rules! operations {
    ($($name:ident |$dice:ident, $x:ident, $y:ident| $body:expr;)*) => {
        pub const OPERATIONS: &[Operation] =
            &[$(Operation { name: stringify!($name), source: stringify!($body), apply: |$dice, $x, $y| $body }),*];
    };
}

// Arguments are kept away from poles, and values from growing without end, but not from corners, jumps and ties.
operations! {
    add |_dice, x, y| agree(x, y).then(|| x + y);
    subtract |_dice, x, y| agree(x, y).then(|| x - y);
    multiply |_dice, x, y| agree(x, y).then(|| x * y * 0.5);
    divide |_dice, x, y| agree(x, y).then(|| x / (y.abs() + 0.5));
    negate |_dice, x, _y| Some(-x);
    add_number |_dice, x, _y| Some(0.3 + (x + 0.2));
    subtract_number |_dice, x, _y| Some(1.2 - (x - 0.4));
    multiply_number |_dice, x, _y| Some(0.7 * (x * -1.3));
    divide_number |_dice, x, _y| Some(0.6 / (x * x + 0.5) + x / 1.7);
    exp |_dice, x, _y| Some(x.atan().exp());
    exp_m1 |_dice, x, _y| Some(x.atan().exp_m1());
    ln |_dice, x, _y| Some((x * x + 0.5).ln());
    ln_1p |_dice, x, _y| Some(x.abs().ln_1p());
    sin |_dice, x, _y| Some(x.sin());
    cos |_dice, x, _y| Some(x.cos());
    tan |_dice, x, _y| Some(x.tanh().tan());
    atan |_dice, x, _y| Some(x.atan());
    sinh |_dice, x, _y| Some(x.atan().sinh());
    cosh |_dice, x, _y| Some(x.atan().cosh());
    tanh |_dice, x, _y| Some(x.tanh());
    sigmoid |_dice, x, _y| Some(x.sigmoid());
    softplus |_dice, x, _y| Some(x.softplus());
    erf |_dice, x, _y| Some(x.erf());
    sqrt |_dice, x, _y| Some((x * x + 0.3).sqrt());
    recip |_dice, x, _y| Some((x.abs() + 0.5).recip());
    abs |_dice, x, _y| Some(x.abs());
    sign |_dice, x, y| agree(x, y).then(|| x.sign() * y);
    step |_dice, x, y| agree(x, y).then(|| x.step() * y);
    relu |_dice, x, _y| Some(x.relu());
    powi |dice, x, _y| Some((x.sin() + 1.5).powi(dice.one_of(&[-3, -2, -1, 0, 1, 2, 3, 4, 5])));
    powf |dice, x, _y| Some((x.sin() + 1.5).powf(dice.one_of(&[-1.5, -1.0, 0.0, 0.5, 1.0, 2.0, 2.3])));
    clamp |dice, x, _y| Some(x.clamp(-0.5, dice.one_of(&[0.5, f64::INFINITY])));
    silu |_dice, x, _y| Some(x.silu());
    gelu |_dice, x, _y| Some(x.gelu());
    gelu_tanh |_dice, x, _y| Some(x.gelu_tanh());
    filled |dice, x, _y| Some(x.filled(dice.one_of(&[0.0, 1.0, -0.7])) * x.sin());
    constant |dice, x, y| {
        let values: Vec<f64> = (0..x.shape().size()).map(|_| dice.below(5) as f64 - 2.0).collect();
        (agree(x, y) && values.len() < 1000).then(|| x.tape().constant(x.shape(), &values) * y)
    };
    fill |_dice, x, _y| Some(x.tape().fill(x.shape(), 0.9) - x);
    call |_dice, x, y| {
        let shapes = [vec![x.shape()], vec![y.shape()]];
        let tape = eigenscape::tape::Tape::new();
        let (a, b) = (tape.arguments(&shapes[0]), tape.arguments(&shapes[1]));
        let called: Program<f64> = tape.finish(&[&[a[0].sin() * b[0].mean_axes(&[]).sum().tanh()]]).unwrap();
        Some(x.tape().call(&called, &[&[x], &[y]]).remove(0).remove(0))
    };
    maximum |_dice, x, y| agree(x, y).then(|| x.maximum(y));
    minimum |_dice, x, y| agree(x, y).then(|| x.minimum(y));
    greater |_dice, x, y| agree(x, y).then(|| x.greater(y) * x);
    at_least |_dice, x, y| agree(x, y).then(|| x.at_least(y) * y);
    equals |_dice, x, y| agree(x, y).then(|| x.equals(y) + x.sin());
    less |_dice, x, y| agree(x, y).then(|| x.less(y) * x.cos());
    at_most |_dice, x, y| agree(x, y).then(|| x.at_most(y) + y);
    select |_dice, x, y| agree(x, y).then(|| x.greater(y * 0.5).select(x.sin(), y));
    dot |_dice, x, y| if x.shape() == y.shape() { Some(x.dot(y) * 0.2) } else { Some(x.dot(x.cos()) * 0.2) };
    outer |_dice, x, y| (x.shape().axes() == 1 && y.shape().axes() == 1).then(|| x.outer(y));
    matmul |dice, x, y| {
        if multiplies(x, y, false) && dice.below(2) == 0 {
            return Some(x.matmul(y) * 0.3);
        }
        match x.shape().axes() {
            0 => None,
            1 if y.shape().axes() == 1 => agree(x, y).then(|| (x + y).matmul(y - x) * 0.2),
            1 => Some(x.matmul(x) * 0.2),
            _ => Some(x.matmul(swapped(x)) * 0.3),
        }
    };
    matmul_transposed |dice, x, y| {
        if multiplies(x, y, true) && dice.below(2) == 0 {
            return Some(x.matmul_transposed(y) * 0.3);
        }
        (x.shape().axes() > 0).then(|| x.matmul_transposed(x.sin()) * 0.3)
    };
    solve |dice, x, _y| {
        let matrix = definite(x)? + 0.1 * definite(x)?.sin();
        let vector = x.shape().axes() == 2 && dice.below(2) == 0;
        Some(if vector { matrix.solve(x.sum_axes(&[1])) } else { matrix.solve(x) })
    };
    log_determinant |_dice, x, _y| Some(definite(x)?.log_determinant());
    convolution |dice, x, y| {
        let images = images(x)?;
        let &[_, channels, height, width] = images.shape().extents() else { unreachable!() };
        let (stride, padding) = ([1 + dice.below(3), 1 + dice.below(2)], [dice.below(3), dice.below(2)]);
        let room = [height + 2 * padding[0], width + 2 * padding[1]];
        let size = [1 + dice.below(room[0].min(3)), 1 + dice.below(room[1].min(3))];
        let outputs = 1 + dice.below(3);
        let kernel = drawn(dice, y, &[outputs, channels, size[0], size[1]])?;
        Some(images.convolution(kernel.tanh(), stride, padding) * 0.3)
    };
    convolution_transposed |dice, x, y| {
        let results = images(x)?;
        let &[_, outputs, down, across] = results.shape().extents() else { unreachable!() };
        let (stride, padding) = ([1 + dice.below(3), 1 + dice.below(2)], [dice.below(2), dice.below(2)]);
        let size = [1 + dice.below(3), 1 + dice.below(3)];
        // The smallest image with so many windows, or one whose last rows no window meets.
        let image = [(0, down), (1, across)].map(|(axis, windows)| {
            ((windows - 1) * stride[axis] + size[axis] + dice.below(stride[axis])).checked_sub(2 * padding[axis])
        });
        let (height, width) = (image[0].filter(|side| *side > 0)?, image[1].filter(|side| *side > 0)?);
        let channels = 1 + dice.below(2);
        let kernel = drawn(dice, y, &[outputs, channels, size[0], size[1]])?;
        Some(results.convolution_transposed(kernel.tanh(), [height, width], stride, padding) * 0.3)
    };
    average_pool |dice, x, _y| {
        let (size, stride, padding) = windows(dice, x)?;
        Some(x.average_pool(size, stride, padding))
    };
    max_pool |dice, x, _y| {
        let (size, stride, padding) = windows(dice, x)?;
        Some(x.max_pool(size, stride, padding))
    };
    normalized |dice, x, _y| Some(x.normalized(&axes(dice, x), 0.1));
    group_normalized |dice, x, _y| {
        let channels = *x.shape().extents().get(1)?;
        let groups: Vec<usize> = (1..=channels).filter(|groups| channels % groups == 0).collect();
        (!groups.is_empty()).then(|| x.group_normalized(dice.one_of(&groups), 0.2))
    };
    t |_dice, x, _y| (x.shape().axes() == 2).then(|| x.t());
    permute |dice, x, _y| {
        let mut order: Vec<usize> = (0..x.shape().axes()).collect();
        (1..order.len()).rev().for_each(|place| order.swap(place, dice.below(place + 1)));
        Some(x.permute(&order))
    };
    reshape |dice, x, _y| {
        let size = x.shape().size();
        let divisors: Vec<usize> = (1..=size.min(40)).filter(|divisor| size % divisor == 0).collect();
        let first = if divisors.is_empty() { 1 } else { dice.one_of(&divisors) };
        let rest = size / first;
        Some(match dice.below(4) {
            0 => x.reshape([size]),
            1 => x.reshape([first, rest]),
            2 => x.reshape([rest, 1, first]),
            _ => x.reshape([1, first, rest, 1]),
        })
    };
    broadcast_to |dice, x, _y| {
        let mut extents = x.shape().extents().to_vec();
        extents.iter_mut().filter(|extent| **extent == 1).for_each(|extent| *extent = 1 + dice.below(3));
        if dice.below(2) == 0 && extents.len() < 5 {
            extents.insert(0, 1 + dice.below(3));
        }
        Some(x.broadcast_to(Shape::new(&extents).unwrap()))
    };
    slice |dice, x, _y| {
        let (axis, extent) = full_axis(dice, x)?;
        let start = dice.below(extent);
        Some(x.slice(axis, start..start + 1 + dice.below(extent - start)))
    };
    at |dice, x, y| (x.shape().axes() == 1 && x.shape().size() > 0).then(|| x.at(dice.below(x.shape().size())) * y);
    pad |dice, x, _y| {
        let (axis, extent) = full_axis(dice, x)?;
        (extent < 6).then(|| x.pad(axis, dice.below(3), dice.below(2)))
    };
    gather |dice, x, _y| {
        let (axis, extent) = full_axis(dice, x)?;
        let count = 1 + dice.below(4);
        Some(x.gather(axis, &dice.positions(count, extent)))
    };
    scatter |dice, x, _y| {
        let (axis, extent) = full_axis(dice, x)?;
        let room = 1 + dice.below(5);
        Some(x.scatter(axis, &dice.positions(extent, room), room))
    };
    concatenate |dice, x, y| {
        let (axis, _) = full_axis(dice, x)?;
        let fits = x.shape().axes() == y.shape().axes()
            && (0..x.shape().axes()).all(|other| other == axis || x.shape().extents()[other] == y.shape().extents()[other]);
        Some(if fits { x.concatenate(axis, &[y, x]) } else { x.concatenate(axis, &[x.sin(), x]) })
    };
    sum |_dice, x, y| Some(x.sum().sin() * y);
    mean |_dice, x, y| Some(x.mean() * y);
    sum_axes |dice, x, _y| Some(x.sum_axes(&axes(dice, x)));
    mean_axes |dice, x, _y| Some(x.mean_axes(&axes(dice, x)));
    max |_dice, x, _y| (x.shape().size() > 0).then(|| x.max());
    max_axes |dice, x, _y| (x.shape().size() > 0).then(|| x.max_axes(&axes(dice, x)));
    min |_dice, x, y| (x.shape().size() > 0).then(|| x.min() * y);
    min_axes |dice, x, _y| (x.shape().size() > 0).then(|| x.min_axes(&axes(dice, x)));
    log_sum_exp |_dice, x, _y| row(x).then(|| x.log_sum_exp());
    log_softmax |_dice, x, _y| row(x).then(|| x.log_softmax());
    softmax |_dice, x, _y| row(x).then(|| x.softmax());
}

/// Whether two shapes broadcast.
fn agree(x: Value<'_>, y: Value<'_>) -> bool {
    let (x, y) = (x.shape(), y.shape());
    stacks_agree(x.extents(), y.extents())
}

fn stacks_agree(x: &[usize], y: &[usize]) -> bool {
    x.iter().rev().zip(y.iter().rev()).all(|(x, y)| x == y || *x == 1 || *y == 1)
}

/// Whether two values are stacks of matrices, or vectors, with a product.
fn multiplies(x: Value<'_>, y: Value<'_>, transposed: bool) -> bool {
    let (x, y) = (x.shape(), y.shape());
    let (x, y) = (x.extents(), y.extents());
    let (Some(&columns), Some(&last)) = (x.last(), y.last()) else { return false };
    let rows = match y {
        [_] if transposed => last,
        [rows] => *rows,
        _ if transposed => last,
        _ => y[y.len() - 2],
    };
    // A vector on the right of a transposition is a row of one matrix.
    let stack = |extents: &[usize]| extents[..extents.len().saturating_sub(2)].to_vec();
    columns == rows && stacks_agree(&stack(x), &stack(y))
}

/// With the last two axes exchanged.
fn swapped(x: Value<'_>) -> Value<'_> {
    let axes = x.shape().axes();
    let mut order: Vec<usize> = (0..axes).collect();
    order.swap(axes - 1, axes - 2);
    x.permute(&order)
}

/// Positive definite matrices that depend on a stack of matrices, as many as there are.
fn definite(x: Value<'_>) -> Option<Value<'_>> {
    let shape = x.shape();
    let [.., rows, columns] = *shape.extents() else { return None };
    let identity: Vec<f64> = (0..rows * rows).map(|place| f64::from(u8::from(place % (rows + 1) == 0))).collect();
    (rows <= 6 && shape.size() < 2000).then(|| {
        let bounded = x.tanh();
        bounded.matmul_transposed(bounded) * (1.0 / (1.0 + columns as f64)) + x.tape().constant([rows, rows], &identity)
    })
}

/// The value as images x channels x height x width, none of them empty.
fn images(x: Value<'_>) -> Option<Value<'_>> {
    let shape = x.shape();
    let images = match *shape.extents() {
        [height, width] => x.reshape([1, 1, height, width]),
        [channels, height, width] => x.reshape([1, channels, height, width]),
        [_, _, _, _] => x,
        _ => return None,
    };
    (shape.size() > 0 && shape.size() < 4000 && images.shape().extents()[1] <= 6).then_some(images)
}

/// Entries of a value in any order and another shape.
fn drawn<'t>(dice: &mut Dice, y: Value<'t>, extents: &[usize]) -> Option<Value<'t>> {
    let size = y.shape().size();
    let shape = Shape::new(extents).unwrap();
    (size > 0).then(|| y.reshape([size]).gather(0, &dice.positions(shape.size(), size)).reshape(shape))
}

/// Size, stride and padding of windows that fit the last two axes.
fn windows(dice: &mut Dice, x: Value<'_>) -> Option<([usize; 2], [usize; 2], [usize; 2])> {
    let shape = x.shape();
    let [.., height, width] = *shape.extents() else { return None };
    if shape.size() == 0 || shape.size() > 4000 {
        return None;
    }
    let size = [1 + dice.below(height.min(3)), 1 + dice.below(width.min(3))];
    let stride = [1 + dice.below(3), 1 + dice.below(2)];
    Some((size, stride, [dice.below(size[0]), dice.below(size[1])]))
}

/// Some of the axes, perhaps none.
fn axes(dice: &mut Dice, x: Value<'_>) -> Vec<usize> {
    (0..x.shape().axes()).filter(|_| dice.below(2) == 0).collect()
}

/// An axis that is not empty, and its extent.
fn full_axis(dice: &mut Dice, x: Value<'_>) -> Option<(usize, usize)> {
    let shape = x.shape();
    let full: Vec<usize> = (0..shape.axes()).filter(|&axis| shape.extents()[axis] > 0).collect();
    let axis = (!full.is_empty()).then(|| dice.one_of(&full))?;
    Some((axis, shape.extents()[axis]))
}

/// Whether the last axis is there and not empty.
fn row(x: Value<'_>) -> bool {
    x.shape().extents().last().is_some_and(|&extent| extent > 0)
}

/// The public functions of values, read off the sources.
fn methods() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tape");
    let word = |text: &str| text.chars().take_while(|&c| c.is_alphanumeric() || c == '_').collect::<String>();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        if !text.contains("impl<'t, T: Scalar> Var<'t, T>") {
            continue;
        }
        for part in text.split("pub fn ").skip(1) {
            let name = word(part);
            let of_value = part[name.len()..].trim_start_matches('(').trim_start().starts_with("self");
            if of_value && !name.is_empty() {
                names.push(name);
            }
        }
        // Rows of macros.
        for line in text.lines().map(str::trim_start) {
            let (name, rest) = line.split_at(word(line).len());
            if rest.starts_with(" => Unary::") || (rest.starts_with(" \"") && rest.contains(" Binary::")) {
                names.push(name.to_string());
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Of an operation that is added, this test says that it is not drawn.
#[test]
fn each_operation_is_among_those_drawn() {
    let methods = methods();
    for name in
        ["exp", "relu", "maximum", "less", "matmul", "convolution_transposed", "group_normalized", "log_softmax"]
    {
        assert!(methods.iter().any(|method| method == name), "{name} is not found among {methods:?}");
    }
    let uses = |name: &str| {
        OPERATIONS.iter().any(|operation| operation.name == name && operation.source.contains(&format!(".{name}(")))
    };
    // Neither makes a value.
    let missing: Vec<_> =
        methods.iter().filter(|name| !["shape", "tape"].contains(&name.as_str()) && !uses(name)).collect();
    assert!(missing.is_empty(), "no random program has the operations {missing:?}");
    assert!(["constant", "fill", "call"].into_iter().all(uses));
    assert!(!uses("unheard_of"));
}
