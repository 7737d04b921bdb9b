//! Networks built up layer by layer: blocks, layers against loops, what may depend on what, and their curvature.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{
    Activation, Attention, Block, Convolution, Initialization, Network, Perceptron, Pool, Role, Sequential,
};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::to_dense;
use eigenscape::random::Key;
use eigenscape::tape::{Program, Shape, Tape};
use eigenscape::{Result, Scalar, check};

use crate::oracle::assert_close;
use crate::support::{Table, assert_mean, normal};

/// The outputs of a network, row by row.
fn outputs<T: Scalar>(network: &impl Network, theta: &[T], inputs: &[T]) -> Vec<T> {
    let shapes: Vec<Shape> = network.blocks().iter().map(|block| block.shape).collect();
    let tape = Tape::new();
    let rows = inputs.len() / network.inputs();
    let (blocks, x) = (tape.arguments(&shapes), tape.argument([rows, network.inputs()]));
    let program: Program<T> = tape.finish(&[&[network.record(&blocks, x)]]).unwrap();
    program.evaluate(&[theta, inputs]).remove(0)
}

/// A start with gains and biases that are not where they start.
fn scattered<T: Scalar>(network: &impl Network, key: Key) -> Vec<T> {
    let theta: Vec<T> = Initialization::lecun().draw(network, key.split(0));
    let noise: Vec<T> = normal(theta.len(), key.split(1));
    theta.iter().zip(noise).map(|(&theta, noise)| theta + noise * T::of(0.3)).collect()
}

fn transformer(attention: Attention) -> Result<Sequential> {
    Sequential::new(&[4, 6])?
        .position_offsets()?
        .residual(|x| x.layer_norm()?.attention(attention))?
        .residual(|x| x.layer_norm()?.dense(8)?.activation(Activation::Gelu).dense(6))?
        .layer_norm()?
        .flatten()
        .dense(3)
}

/// Strides, paddings, groups, both pools, a residual connection.
fn convolutional() -> Result<Sequential> {
    Sequential::new(&[2, 7, 6])?
        .convolution(Convolution::new(4, [3, 3]).same().stride([2, 1]))?
        .group_norm(2)?
        .activation(Activation::Silu)
        .residual(|x| x.convolution(Convolution::new(4, [3, 1]).padding([1, 0]))?.group_norm(4))?
        .max_pool(Pool::new([2, 3]).stride([2, 1]).padding([0, 1]))?
        .average_pool([1, 2])?
        .flatten()
        .dense(3)
}

#[test]
fn blocks_are_named_by_layer_and_part() {
    let described = |network: &Sequential| -> Vec<(String, Vec<usize>, Role, usize, usize)> {
        let of = |block: &Block| {
            let Block { name, shape, role, fan_in, fan_out, .. } = block.clone();
            (name, shape.extents().to_vec(), role, fan_in, fan_out)
        };
        network.blocks().iter().map(of).collect()
    };
    let block = |name: &str, extents: &[usize], role, fan_in, fan_out| {
        (name.to_owned(), extents.to_vec(), role, fan_in, fan_out)
    };
    let network = convolutional().unwrap();
    assert_eq!(
        described(&network),
        [
            block("0.weight", &[4, 2, 3, 3], Role::Weight, 18, 36),
            block("0.bias", &[4], Role::Bias, 0, 4),
            block("1.gain", &[4], Role::Gain, 0, 4),
            block("1.bias", &[4], Role::Bias, 0, 4),
            block("2.0.weight", &[4, 4, 3, 1], Role::Weight, 12, 12),
            block("2.0.bias", &[4], Role::Bias, 0, 4),
            block("2.1.gain", &[4], Role::Gain, 0, 4),
            block("2.1.bias", &[4], Role::Bias, 0, 4),
            block("3.weight", &[3, 24], Role::Weight, 24, 3),
            block("3.bias", &[3], Role::Bias, 0, 3),
        ]
    );
    assert_eq!((network.inputs(), network.outputs(), network.parameters()), (84, 3, 219));
    let network = transformer(Attention::new(2)).unwrap();
    let names: Vec<&str> = network.blocks().iter().map(|block| block.name.as_str()).collect();
    assert_eq!(names[..4], ["0.weight", "1.0.gain", "1.0.bias", "1.1.query"]);
    assert_eq!(names[4..9], ["1.1.key", "1.1.value", "1.1.output", "2.0.gain", "2.0.bias"]);
    assert_eq!(
        names[9..],
        ["2.1.weight", "2.1.bias", "2.2.weight", "2.2.bias", "3.gain", "3.bias", "4.weight", "4.bias"]
    );
    let ends = network.blocks().iter().scan(0, |end, block| {
        assert_eq!(block.range().start, *end, "{}", block.name);
        *end = block.range().end;
        Some(*end)
    });
    assert_eq!(ends.last(), Some(network.parameters()));
}

fn starts<T: Scalar>() {
    for network in [convolutional().unwrap(), transformer(Attention::new(3)).unwrap()] {
        for radius in [1.0, 0.5] {
            let start = Initialization::he().radius(radius).unwrap();
            let theta: Vec<T> = start.draw(&network, Key::new(0));
            for block in network.blocks() {
                let entries = &theta[block.range()];
                match block.role {
                    Role::Gain => assert!(entries.iter().all(|&x| x == T::of(radius)), "{}", block.name),
                    Role::Bias => assert!(entries.iter().all(|&x| x == T::zero()), "{}", block.name),
                    _ => assert!(entries.iter().all(|&x| x != T::zero()), "{}", block.name),
                }
            }
        }
    }
    // Enough weights for the variances of a convolution, whose fans count its whole kernel.
    let network = Sequential::new(&[30, 5, 5]).unwrap().convolution(Convolution::new(40, [5, 3])).unwrap();
    for (scheme, variance) in [
        (Initialization::he(), 2.0 / 450.0),
        (Initialization::lecun(), 1.0 / 450.0),
        (Initialization::glorot(), 2.0 / 1050.0),
    ] {
        let theta: Vec<T> = scheme.draw(&network, Key::new(1));
        let squares: Vec<f64> = theta[network.blocks()[0].range()].iter().map(|x| x.f64().powi(2)).collect();
        assert_mean("squares", &squares, variance, 2.0 * variance * variance);
    }
}

#[test]
fn gains_start_at_one_and_biases_at_zero() {
    starts::<f32>();
    starts::<f64>();
}

/// Dense layers in a row are a perceptron, bit by bit.
#[test]
fn dense_layers_are_a_perceptron() {
    let perceptron = Perceptron::new(&[5, 7, 4, 3], Activation::Tanh).unwrap();
    let tanh = Activation::Tanh;
    let build = || Sequential::new(&[5])?.dense(7)?.activation(tanh).dense(4)?.activation(tanh).dense(3);
    let network: Sequential = build().unwrap();
    assert_eq!(network.blocks(), perceptron.blocks());
    let (theta, x) = (scattered::<f64>(&perceptron, Key::new(0)), normal::<f64>(20, Key::new(1)));
    assert_eq!(outputs(&network, &theta, &x), outputs(&perceptron, &theta, &x));
}

/// Queries, keys, values and softmax for one sequence, by loops.
fn attend(x: &Table, [query, key, value, output]: [&Table; 4], heads: usize, causal: bool) -> Table {
    let (tokens, features) = (x.rows, x.cols);
    let depth = features / heads;
    let [q, k, v] = [query, key, value].map(|weight| x.times(&weight.t()));
    let mut mixed = Table::new(tokens, features, |_, _| 0.0);
    for head in 0..heads {
        for token in 0..tokens {
            let seen = if causal { token + 1 } else { tokens };
            let score = |other: usize| -> f64 {
                let of_head = head * depth..(head + 1) * depth;
                of_head.map(|f| q.at(token, f) * k.at(other, f)).sum::<f64>() / (depth as f64).sqrt()
            };
            let weights: Vec<f64> = (0..seen).map(|other| score(other).exp()).collect();
            let sum: f64 = weights.iter().sum();
            for f in head * depth..(head + 1) * depth {
                let mean: f64 = weights.iter().enumerate().map(|(other, weight)| weight / sum * v.at(other, f)).sum();
                mixed.entries[token * features + f] = mean;
            }
        }
    }
    mixed.times(&output.t())
}

fn attention_by_loops<T: Scalar>() {
    for (tokens, features, heads) in [(1, 1, 1), (5, 6, 1), (4, 6, 2), (3, 6, 6)] {
        for causal in [false, true] {
            let layer = if causal { Attention::new(heads).causal() } else { Attention::new(heads) };
            let network = Sequential::new(&[tokens, features]).unwrap().attention(layer).unwrap();
            let theta: Vec<T> = scattered(&network, Key::new(0));
            let inputs: Vec<T> = normal(3 * tokens * features, Key::new(1));
            let weights: Vec<Table> = theta
                .chunks_exact(features * features)
                .map(|block| Table::new(features, features, |row, col| block[row * features + col].f64()))
                .collect();
            let actual = outputs(&network, &theta, &inputs);
            let sequences = inputs.chunks_exact(tokens * features).zip(actual.chunks_exact(tokens * features));
            for (x, actual) in sequences {
                let x = Table::new(tokens, features, |row, col| x[row * features + col].f64());
                let expected = attend(&x, [0, 1, 2, 3].map(|block| &weights[block]), heads, causal);
                assert_close("attention", actual, &expected.entries, 256.0 * T::EPSILON.f64());
            }
        }
    }
}

#[test]
fn attention_is_its_loops() {
    attention_by_loops::<f32>();
    attention_by_loops::<f64>();
}

/// Normalisation over the elements that share a group, then a gain and a bias for each channel.
fn normalize_by_loops(
    x: &[f64],
    group: impl Fn(usize) -> usize,
    channel: impl Fn(usize) -> usize,
    theta: &[f64],
) -> Vec<f64> {
    let (gain, bias) = theta.split_at(theta.len() / 2);
    let normalize = |place: usize| {
        let members: Vec<f64> = (0..x.len()).filter(|&other| group(other) == group(place)).map(|at| x[at]).collect();
        let count = members.len() as f64;
        let mean = members.iter().sum::<f64>() / count;
        let variance = members.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        (x[place] - mean) / (variance + 1e-5).sqrt() * gain[channel(place)] + bias[channel(place)]
    };
    (0..x.len()).map(normalize).collect()
}

fn normalizations_by_loops<T: Scalar>() {
    let tolerance = 64.0 * T::EPSILON.f64();
    let f64s = |values: &[T]| -> Vec<f64> { values.iter().map(|x| x.f64()).collect() };
    let image = Sequential::new(&[6, 2, 3]).unwrap();
    let inputs: Vec<T> = normal(2 * 36, Key::new(0));
    for groups in [1, 2, 3, 6] {
        let network = image.clone().group_norm(groups).unwrap();
        let theta: Vec<T> = scattered(&network, Key::new(1));
        // An image has 36 places, a channel 6, a group 36 / groups.
        let size = 36 / groups;
        let expected = normalize_by_loops(&f64s(&inputs), |place| place / size, |place| place / 6 % 6, &f64s(&theta));
        assert_close("group_norm", &outputs(&network, &theta, &inputs), &expected, tolerance);
    }
    for example in [&[36][..], &[4, 9], &[6, 2, 3]] {
        let network = Sequential::new(example).unwrap().layer_norm().unwrap();
        let features = example[example.len() - 1];
        let theta: Vec<T> = scattered(&network, Key::new(1));
        let expected =
            normalize_by_loops(&f64s(&inputs), |place| place / features, |place| place % features, &f64s(&theta));
        assert_close("layer_norm", &outputs(&network, &theta, &inputs), &expected, tolerance);
    }
    // Channels without positions.
    let network = Sequential::new(&[6]).unwrap().group_norm(2).unwrap();
    let theta: Vec<T> = scattered(&network, Key::new(1));
    let expected = normalize_by_loops(&f64s(&inputs), |place| place / 3, |place| place % 6, &f64s(&theta));
    assert_close("group_norm of features", &outputs(&network, &theta, &inputs), &expected, tolerance);
}

#[test]
fn normalizations_are_their_loops() {
    normalizations_by_loops::<f32>();
    normalizations_by_loops::<f64>();
}

fn small_layers<T: Scalar>() {
    let tolerance = 16.0 * T::EPSILON.f64();
    let inputs: Vec<T> = normal(2 * 12, Key::new(0));
    let (tokens, features) = (3, 4);
    // The same dense layer at each token.
    let network = Sequential::new(&[tokens, features]).unwrap().dense(2).unwrap();
    assert_eq!(network.shape().extents(), [tokens, 2]);
    let theta: Vec<T> = scattered(&network, Key::new(1));
    let rows = inputs.chunks_exact(features).flat_map(|x| {
        let theta = &theta;
        (0..2).map(move |unit| {
            theta[8 + unit].f64() + (0..4).map(|f| theta[unit * 4 + f].f64() * x[f].f64()).sum::<f64>()
        })
    });
    assert_close("dense", &outputs(&network, &theta, &inputs), &rows.collect::<Vec<_>>(), tolerance);

    let network = Sequential::new(&[tokens, features]).unwrap().position_offsets().unwrap();
    let theta: Vec<T> = scattered(&network, Key::new(1));
    let sums: Vec<T> = inputs.iter().enumerate().map(|(place, &x)| x + theta[place % 12]).collect();
    assert_eq!(outputs(&network, &theta, &inputs), sums);

    let network = Sequential::new(&[12]).unwrap().residual(|x| Ok(x.activation(Activation::Relu))).unwrap();
    assert_eq!(network.parameters(), 0);
    let sums: Vec<T> = inputs.iter().map(|&x| x + x.max(T::zero())).collect();
    assert_eq!(outputs(&network, &[], &inputs), sums);

    // Stride, padding and bias of a convolution: one kernel that picks one pixel.
    let network = Sequential::new(&[1, 3, 4]).unwrap();
    let network = network.convolution(Convolution::new(1, [1, 1]).stride([2, 3]).padding([1, 0])).unwrap();
    assert_eq!(network.shape().extents(), [1, 3, 2]);
    let [two, half, none] = [2.0, 0.5, 0.0].map(T::of);
    let pick = |image: &[T]| -> Vec<T> {
        // Rows -1, 1, 3 and columns 0, 3, of which rows -1 and 3 are padding.
        let middle = [image[4] * two + half, image[7] * two + half];
        [[none + half; 2], middle, [none + half; 2]].concat()
    };
    let expected: Vec<T> = inputs.chunks_exact(12).flat_map(pick).collect();
    assert_eq!(outputs(&network, &[two, half], &inputs), expected);
}

#[test]
fn small_layers_are_their_formulas() {
    small_layers::<f32>();
    small_layers::<f64>();
}

fn independent<T: Scalar>() {
    let networks = [
        convolutional().unwrap(),
        transformer(Attention::new(2)).unwrap(),
        transformer(Attention::new(3).causal()).unwrap(),
    ];
    for network in networks {
        let theta: Vec<T> = scattered(&network, Key::new(0));
        let len = network.inputs();
        let inputs: Vec<T> = normal(3 * len, Key::new(1));
        let expected = outputs(&network, &theta, &inputs);
        for kept in 0..3 {
            for other in [T::of(100.0), T::nan()] {
                let mut changed = vec![other; 3 * len];
                changed[kept * len..][..len].copy_from_slice(&inputs[kept * len..][..len]);
                let row = kept * 3..kept * 3 + 3;
                assert_eq!(outputs(&network, &theta, &changed)[row.clone()], expected[row], "others are {other}");
            }
            let alone = outputs(&network, &theta, &inputs[kept * len..][..len]);
            let row: Vec<f64> = expected[kept * 3..][..3].iter().map(|z| z.f64()).collect();
            assert_close("alone", &alone, &row, 256.0 * T::EPSILON.f64());
        }
    }
}

#[test]
fn rows_depend_on_their_own_row_alone() {
    independent::<f32>();
    independent::<f64>();
}

/// The outputs that change, bit by bit, when one token does.
fn reached(attention: Attention, token: usize) -> Vec<bool> {
    let (tokens, features) = (5, 4);
    let network = Sequential::new(&[tokens, features])
        .and_then(|x| x.position_offsets()?.residual(|x| x.layer_norm()?.attention(attention)))
        .unwrap();
    let theta: Vec<f64> = scattered(&network, Key::new(0));
    let mut inputs: Vec<f64> = normal(tokens * features, Key::new(1));
    let before = outputs(&network, &theta, &inputs);
    Key::new(2).normal(0, &mut inputs[token * features..][..features]);
    let after = outputs(&network, &theta, &inputs);
    before.chunks_exact(features).zip(after.chunks_exact(features)).map(|(before, after)| before != after).collect()
}

#[test]
fn causal_attention_does_not_look_behind() {
    for token in 0..5 {
        let from_here: Vec<bool> = (0..5).map(|other| other >= token).collect();
        assert_eq!(reached(Attention::new(2).causal(), token), from_here, "token {token}");
        assert_eq!(reached(Attention::new(2), token), [true; 5], "token {token}");
    }
}

/// The derivatives of a risk by the checks that the library offers, and the Gauss-Newton matrix as J' S J.
fn curvature<T: Scalar>(network: &Sequential) {
    let (count, classes) = (5, network.outputs());
    let labels: Vec<usize> = (0..count).map(|example| example % classes).collect();
    let inputs: Vec<T> = normal(count * network.inputs(), Key::new(0));
    let examples = Examples::labelled(inputs, network.inputs(), &labels, classes).unwrap();
    let risk = Risk::new(network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta: Vec<T> = scattered(network, Key::new(1));
    let point = risk.at(&theta).unwrap();
    for key in (0..3).map(Key::new) {
        let holds = |what: &str, check: Result<check::Check>| {
            let check = check.unwrap();
            assert!(check.holds(), "{}: {what}: {check:?}", T::NAME);
        };
        holds("gradient", check::gradient(&risk, &theta, key));
        holds("Hessian", check::hessian(&risk, &theta, key));
        holds("H = H'", check::symmetric(&point.hessian(), key));
        holds("G = G'", check::symmetric(&point.gauss_newton(), key));
        holds("G >= 0", check::semidefinite(&point.gauss_newton(), key));
        holds("J and J'", check::adjoint(&point.jacobian(), key));
    }
    // For cross-entropy S is diag p - p p' for each example, weighted.
    let table = |rows: usize, entries: &[T]| {
        let cols = entries.len() / rows;
        Table::new(rows, cols, |row, col| entries[row * cols + col].f64())
    };
    let jacobian = table(count * classes, to_dense(&point.jacobian()).entries());
    let mut weighted = jacobian.clone();
    for (example, logits) in risk.logits(&theta).chunks_exact(classes).enumerate() {
        let exponentials: Vec<f64> = logits.iter().map(|z| z.f64().exp()).collect();
        let sum: f64 = exponentials.iter().sum();
        let p: Vec<f64> = exponentials.iter().map(|e| e / sum).collect();
        for col in 0..jacobian.cols {
            let at = |class: usize| jacobian.at(example * classes + class, col);
            let mean: f64 = (0..classes).map(|class| p[class] * at(class)).sum();
            for (class, p) in p.iter().enumerate() {
                let entry = p * (at(class) - mean) / count as f64;
                weighted.entries[(example * classes + class) * jacobian.cols + col] = entry;
            }
        }
    }
    let expected = jacobian.t().times(&weighted);
    let actual = table(jacobian.cols, to_dense(&point.gauss_newton()).entries());
    let difference = actual.plus(-1.0, &expected).norm();
    assert!(difference <= 256.0 * T::EPSILON.f64() * expected.norm(), "J' S J: off by {difference:e}");
}

#[test]
fn transformers_obey_the_laws_of_curvature() {
    for attention in [Attention::new(2), Attention::new(3).causal()] {
        let network = transformer(attention).unwrap();
        curvature::<f32>(&network);
        curvature::<f64>(&network);
    }
}

#[test]
fn convolutional_networks_obey_the_laws_of_curvature() {
    let network = convolutional().unwrap();
    curvature::<f32>(&network);
    curvature::<f64>(&network);
}

/// A network that is asked for with arguments that make no sense.
type Request = fn() -> Result<Sequential>;

#[test]
fn impossible_layers_are_refused() {
    fn image() -> Result<Sequential> {
        Sequential::new(&[3, 8, 9])
    }
    fn sequence() -> Result<Sequential> {
        Sequential::new(&[5, 6])
    }
    let table: [(&str, Request); 33] = [
        ("the number of axes of an example is 0; it must be at least 1", || Sequential::new(&[])),
        ("the number of axes of an example is 5; it must be at most 4", || Sequential::new(&[1; 5])),
        ("an extent of an example is 0; it must be at least 1", || Sequential::new(&[3, 0])),
        ("the number of elements of a shape is", || Sequential::new(&[usize::MAX, 2])),
        ("the number of units of a dense layer is 0; it must be at least 1", || image()?.dense(0)),
        ("the number of elements of a shape is", || image()?.dense(usize::MAX / 4)),
        ("the number of parameters of a network is", || sequence()?.residual(|x| x.dense(usize::MAX / 7)?.dense(1))),
        ("the number of channels of a convolution is 0", || image()?.convolution(Convolution::new(0, [1, 1]))),
        ("the size of a convolution is 2; it must be odd", || image()?.convolution(Convolution::new(1, [3, 2]).same())),
        ("the size of a convolution is 0; it must be odd", || image()?.convolution(Convolution::new(1, [0, 1]).same())),
        ("convolution: left is 5x6 but right is 1x1; examples (left) must be channels x height x width", || {
            sequence()?.convolution(Convolution::new(1, [1, 1]))
        }),
        ("convolution: left is 3x8x9 but right is 2x3x9x9; strides", || {
            image()?.convolution(Convolution::new(2, [9, 9]))
        }),
        ("convolution: left is 3x8x9 but right is 2x3x0x1; strides", || {
            image()?.convolution(Convolution::new(2, [0, 1]))
        }),
        ("convolution: left is 3x8x9 but right is 2x3x1x1; strides", || {
            image()?.convolution(Convolution::new(2, [1, 1]).stride([1, 0]))
        }),
        ("convolution: left is 3x8x9 but right is 2x3x1x1; strides", || {
            image()?.convolution(Convolution::new(2, [1, 1]).padding([usize::MAX, 0]))
        }),
        ("the number of elements of a shape is", || image()?.convolution(Convolution::new(usize::MAX, [1, 1]))),
        ("the number of elements of a shape is", || {
            image()?.convolution(Convolution::new(9, [1, 1]).padding([usize::MAX / 4, 0]))
        }),
        ("average_pool: left is 5x6 but right is 2x2; examples", || sequence()?.average_pool([2, 2])),
        ("average_pool: left is 3x8x9 but right is 9x1; strides", || image()?.average_pool([9, 1])),
        ("average_pool: left is 3x8x9 but right is 0x1; strides", || image()?.average_pool([0, 1])),
        ("average_pool: left is 3x8x9 but right is 2x2; strides", || {
            image()?.average_pool(Pool::new([2, 2]).stride([0, 1]))
        }),
        ("max_pool: left is 3x8x9 but right is 2x2; strides must be at least 1, padding less than the window", || {
            image()?.max_pool(Pool::new([2, 2]).padding([2, 0]))
        }),
        ("the number of features of a layer normalisation is 1; it must be at least 2", || {
            Sequential::new(&[5, 1])?.layer_norm()
        }),
        ("group_norm: left is 3x8x9 but right is 2; the groups", || image()?.group_norm(2)),
        ("group_norm: left is 3x8x9 but right is 0; the groups", || image()?.group_norm(0)),
        ("the number of elements of a group is 1; it must be at least 2", || Sequential::new(&[5])?.group_norm(5)),
        ("position_offsets: left is 3x8x9 but right is scalar; examples", || image()?.position_offsets()),
        ("attention: left is 3x8x9 but right is 1; examples (left) must be tokens x features", || {
            image()?.attention(Attention::new(1))
        }),
        ("attention: left is 5x6 but right is 4; the heads", || sequence()?.attention(Attention::new(4))),
        ("attention: left is 5x6 but right is 0; the heads", || sequence()?.attention(Attention::new(0))),
        ("residual: left is 5x6 but right is 5x4; the layers inside", || sequence()?.residual(|x| x.dense(4))),
        ("residual: left is 5x6 but right is 30; the layers inside", || sequence()?.residual(|x| Ok(x.flatten()))),
        ("attention: left is 5x6 but right is 5; the heads", || {
            sequence()?.residual(|x| x.attention(Attention::new(5)))
        }),
    ];
    for (start, request) in table {
        let message = request().unwrap_err().to_string();
        assert!(message.starts_with(start), "expected `{start}`, found `{message}`");
        assert_eq!(message.contains("left is"), message.contains("sequential.rs:"), "the line is named: {message}");
    }
}
