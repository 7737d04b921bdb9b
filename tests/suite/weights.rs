//! Parameters in files, and networks that are built from a paper.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{
    Activation, Block, Convolution, Initialization, Network, Perceptron, Role, Sequential, Stored, from_safetensors,
    from_safetensors_as, residual_network, tensors_of, to_safetensors,
};
use eigenscape::objective::{Objective, Point};
use eigenscape::random::Key;
use eigenscape::tape::Shape;
use eigenscape::{Scalar, check};
use proptest::prelude::*;

use crate::oracle::{assert_close, numbers};
use crate::support::{dot, normal, product};

fn small() -> Sequential {
    Sequential::new(&[1, 4, 4])
        .unwrap()
        .residual_with_shortcut(
            |x| x.convolution(Convolution::new(2, [3, 3]).same().stride([2, 2]))?.group_norm(1),
            |x| x.convolution(Convolution::new(2, [1, 1]).stride([2, 2]).unbiased()),
        )
        .unwrap()
        .activation(Activation::Tanh)
        .flatten()
        .dense(3)
        .unwrap()
}

#[test]
fn files_keep_every_bit() {
    let network = small();
    let names: Vec<&str> = network.blocks().iter().map(|block| block.name.as_str()).collect();
    let expected = ["0.0.weight", "0.0.bias", "0.1.gain", "0.1.bias", "0.shortcut.0.weight", "1.weight", "1.bias"];
    assert_eq!(names, expected);
    let theta: Vec<f64> = normal(network.parameters(), Key::new(0));
    let file = to_safetensors(network.blocks(), &theta).unwrap();
    assert_eq!(from_safetensors::<f64>(network.blocks(), &file).unwrap(), theta);
    let single: Vec<f32> = from_safetensors(network.blocks(), &file).unwrap();
    assert!(single.iter().zip(&theta).all(|(&x, &y)| x == y as f32));
    let file = to_safetensors(network.blocks(), &single).unwrap();
    assert_eq!(from_safetensors::<f32>(network.blocks(), &file).unwrap(), single);

    // The same tensors for another network: a name that is not there, a shape that differs, a number that is none.
    let refused =
        |network: &Sequential, file: &[u8]| from_safetensors::<f32>(network.blocks(), file).unwrap_err().to_string();
    let other = Sequential::new(&[5]).unwrap().dense(3).unwrap();
    let error = refused(&other, &file);
    assert!(error.contains("0.weight") && error.contains("0.0.weight"), "{error}");
    let wider = Sequential::new(&[5]).unwrap().dense(4).unwrap();
    let error = refused(&wider, &to_safetensors(other.blocks(), &[0.0f32; 18]).unwrap());
    assert!(error.contains("left is 3x5 but right is 4x5"), "{error}");
    assert!(refused(&other, &to_safetensors(other.blocks(), &[f32::NAN; 18]).unwrap()).contains("diverged"));
    assert!(to_safetensors(network.blocks(), &theta[1..]).is_err());
    // Some blocks alone, and two of one name.
    let last = &network.blocks()[5..];
    let part = &theta[last[0].start..];
    assert_eq!(from_safetensors::<f64>(last, &to_safetensors(last, part).unwrap()).unwrap(), part);
    let twice = [last[1].clone(), last[1].clone()];
    assert!(to_safetensors(&twice, &[0.0f32; 6]).unwrap_err().to_string().contains("1.bias"));
    for len in 0..file.len() {
        assert!(from_safetensors::<f32>(network.blocks(), &file[..len]).is_err(), "{len} bytes");
    }
}

proptest! {
    #![proptest_config(crate::oracle::cases(500))]

    #[test]
    fn damaged_files_never_panic(position in 0usize..400, byte: u8, tail in proptest::collection::vec(any::<u8>(), 0..100)) {
        let network = small();
        let theta: Vec<f32> = normal(network.parameters(), Key::new(0));
        let mut file = to_safetensors(network.blocks(), &theta).unwrap();
        let position = position.min(file.len() - 1);
        file[position] = byte;
        let _ = from_safetensors::<f32>(network.blocks(), &file);
        let _ = from_safetensors::<f32>(network.blocks(), &tail);
        // A header that claims any length.
        let _ = from_safetensors::<f32>(network.blocks(), &[&[byte; 8][..], &tail].concat());
    }
}

/// The parameters by hand: 3x3 convolutions of 3-16, 16-16, 16-32, 32-32, 32-64, 64-64 channels, two 1x1 shortcuts, gains
/// and biases of all normalisations, and the dense layer.
#[test]
fn a_residual_network_has_the_papers_parameters_and_obeys_the_laws() {
    let convolutions = 9 * (3 * 16 + 6 * 16 * 16 + 16 * 32 + 5 * 32 * 32 + 32 * 64 + 5 * 64 * 64);
    let norms = 2 * (7 * 16 + 6 * 32 + 6 * 64);
    let shortcuts = 16 * 32 + 32 * 64 + 2 * (32 + 64);
    let network = residual_network(20, 8, 10).unwrap();
    assert_eq!(network.parameters(), convolutions + norms + shortcuts + 64 * 10 + 10);
    assert_eq!(network.blocks().iter().filter(|block| block.role == Role::Bias).count(), 19 + 2 + 1);
    assert!(residual_network(21, 8, 10).unwrap_err().to_string().contains("6 n + 2"));
    assert!(residual_network(20, 3, 10).is_err() && residual_network(20, 8, 0).is_err());

    let network = residual_network(8, 4, 3).unwrap();
    let examples = Examples::labelled(normal(2 * 3072, Key::new(0)), 3072, &[0, 2], 3).unwrap();
    let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta: Vec<f64> = Initialization::he().draw(&network, Key::new(1));
    // Differences cross kinks of its many units; forward derivatives do not.
    let point = risk.at(&theta).unwrap();
    let v: Vec<f64> = normal(theta.len(), Key::new(2));
    let along = point.along(&v).unwrap();
    let expected = [dot(point.gradient(), &v), dot(&v, &product(&point.hessian(), &v))];
    for (actual, expected) in [along.slope, along.curvature].into_iter().zip(expected) {
        assert!((actual / expected - 1.0).abs() < 1e-10, "{actual}, expected {expected}");
    }
    // Outputs are examples' own: a batch gives what its examples give alone.
    let alone = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, risk.examples().select(&[1]).unwrap()).unwrap();
    let (both, alone) = (risk.logits(&theta), alone.logits(&theta));
    assert!(both[3..].iter().zip(&alone).all(|(x, y)| (x - y).abs() < 1e-12));
}

#[test]
fn shortcuts_obey_the_laws() {
    let network = small();
    let examples = Examples::labelled(normal(5 * 16, Key::new(0)), 16, &[0, 2, 1, 1, 0], 3).unwrap();
    let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta: Vec<f64> = normal(network.parameters(), Key::new(1));
    assert!(check::gradient(&risk, &theta, Key::new(2)).unwrap().holds());
    assert!(check::hessian(&risk, &theta, Key::new(2)).unwrap().holds());
    let refused = Sequential::new(&[1, 4, 4]).unwrap().residual(|x| x.convolution(Convolution::new(2, [3, 3]).same()));
    assert!(refused.unwrap_err().to_string().contains("left is 1x4x4 but right is 2x4x4"));
}

/// A perceptron as PyTorch saves it, in each precision (`tests/data/state_dict.py`).
const STATE_DICTS: [(&str, &[u8]); 4] = [
    ("f64", include_bytes!("../data/state_dict-f64.safetensors")),
    ("f32", include_bytes!("../data/state_dict-f32.safetensors")),
    ("bf16", include_bytes!("../data/state_dict-bf16.safetensors")),
    ("f16", include_bytes!("../data/state_dict-f16.safetensors")),
];
const TRANSPOSED: &[u8] = include_bytes!("../data/state_dict-transposed.safetensors");

/// Layer l of ours is module 2 l there: activations count.
fn torch(block: &Block) -> Stored {
    let (layer, part) = block.name.split_once('.').unwrap();
    Stored::new(format!("{}.{part}", 2 * layer.parse::<usize>().unwrap()))
}

fn flax(block: &Block) -> Stored {
    let (layer, part) = block.name.split_once('.').unwrap();
    match part {
        "weight" => Stored::new(format!("layers_{layer}.kernel")).transposed(),
        _ => Stored::new(format!("layers_{layer}.{part}")),
    }
}

fn state_dicts<T: Scalar>() {
    let table: serde_json::Value = serde_json::from_str(include_str!("../data/state_dict.json")).unwrap();
    let network = Perceptron::new(&[3, 4, 2], Activation::Tanh).unwrap();
    let inputs: Vec<T> = numbers(&table["inputs"]).into_iter().map(T::of).collect();
    let examples = Examples::labelled(inputs, 3, &[0, 1, 0, 1, 0], 2).unwrap();
    let risk = Risk::<T>::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let agrees = |what: &str, theta: &[T], expected: &serde_json::Value| {
        assert_close(what, &risk.logits(theta), &numbers(&expected["logits"]), 20.0 * T::EPSILON.f64());
        assert_close(what, &theta[..12], &numbers(&expected["first"]), T::EPSILON.f64());
    };
    for (name, file) in STATE_DICTS {
        let theta: Vec<T> = from_safetensors_as(network.blocks(), file, torch).unwrap();
        agrees(name, &theta, &table[name]);
    }
    let theta: Vec<T> = from_safetensors_as(network.blocks(), TRANSPOSED, flax).unwrap();
    agrees("transposed", &theta, &table["f64"]);
}

#[test]
fn state_dicts_of_other_programs_give_their_logits() {
    state_dicts::<f64>();
    state_dicts::<f32>();
}

#[test]
fn state_dicts_that_do_not_fit_are_refused() {
    let network = Perceptron::new(&[3, 4, 2], Activation::Tanh).unwrap();
    let (_, file) = STATE_DICTS[0];
    let refused = |file: &[u8], stored: fn(&Block) -> Stored| {
        from_safetensors_as::<f64>(network.blocks(), file, stored).unwrap_err().to_string()
    };
    // By our own names there is no second layer: the error lists what there is.
    let error = from_safetensors::<f64>(network.blocks(), file).unwrap_err().to_string();
    assert!(error.contains("`1.weight`") && error.contains("0.bias, 0.weight, 2.bias, 2.weight, steps"), "{error}");
    // As they stand in the other file, and the other way about.
    let error =
        refused(TRANSPOSED, |block| if block.shape.axes() == 2 { flax(block).axes(&[0, 1]) } else { flax(block) });
    assert!(error.contains("left is 3x4 but right is 4x3"), "{error}");
    let error = refused(file, |block| torch(block).transposed());
    assert!(error.contains("left is 4x3 but right is 3x4"), "{error}");
    for wrong in [&[0][..], &[0, 0], &[0, 2], &[1, 0, 2], &[]] {
        let error = from_safetensors_as::<f64>(&network.blocks()[..1], file, |block| torch(block).axes(wrong));
        assert!(error.unwrap_err().to_string().contains("each axis of the block"), "{wrong:?}");
    }
    // Numbers that are whole.
    let steps = [Block { shape: Shape::vector(1), ..network.blocks()[1].clone() }];
    let error = from_safetensors_as::<f64>(&steps, file, |_| Stored::new("steps")).unwrap_err().to_string();
    assert!(error.contains("I64 in steps") && error.contains("BF16"), "{error}");
    // What no block asks for.
    let names: Vec<String> = tensors_of(file).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["0.bias", "0.weight", "2.bias", "2.weight", "steps"]);
    assert!(tensors_of(&file[1..]).is_err());
}

/// A tensor with four axes in another order, against indices by hand.
#[test]
fn axes_of_any_order_are_put_in_ours() {
    let extents = [2, 3, 4, 5];
    let block = Block { shape: Shape::new(&extents).unwrap(), ..small().blocks()[0].clone() };
    let order = [2, 3, 1, 0];
    let stored: Vec<usize> = order.iter().map(|&axis| extents[axis]).collect();
    let there = Block { shape: Shape::new(&stored).unwrap(), ..block.clone() };
    let entries: Vec<f64> = (0..120).map(f64::from).collect();
    let file = to_safetensors(&[there], &entries).unwrap();
    let read =
        from_safetensors_as::<f64>(std::slice::from_ref(&block), &file, |block| Stored::new(&*block.name).axes(&order));
    let read = read.unwrap();
    for (number, &entry) in read.iter().enumerate() {
        let (d, rest) = (number % 5, number / 5);
        let (c, rest) = (rest % 4, rest / 4);
        let (b, a) = (rest % 3, rest / 3);
        // rows x columns x inputs x outputs
        assert_eq!(entry, (((c * 5 + d) * 3 + b) * 2 + a) as f64, "{a} {b} {c} {d}");
    }
}
