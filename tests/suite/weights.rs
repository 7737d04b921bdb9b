//! Parameters in files, and networks that are built from a paper.

use eigenscape::check;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{
    Activation, Convolution, Initialization, Network, Role, Sequential, from_safetensors, residual_network,
    to_safetensors,
};
use eigenscape::objective::{Objective, Point};
use eigenscape::random::Key;
use proptest::prelude::*;

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
