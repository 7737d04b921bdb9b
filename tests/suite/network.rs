//! Perceptrons and their random starts.

use eigenscape::Scalar;
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::random::Key;
use eigenscape::tape::{Program, Shape};

use crate::support::assert_mean;

#[test]
fn blocks_lie_back_to_back() {
    let network = Perceptron::new(&[3, 5, 2], Activation::Tanh).unwrap();
    let blocks: Vec<(&str, &[usize], _, _, _)> = network
        .blocks()
        .iter()
        .map(|block| (block.name.as_str(), block.shape.extents(), block.range(), block.fan_in, block.fan_out))
        .collect();
    assert_eq!(
        blocks,
        [
            ("0.weight", &[5, 3][..], 0..15, 3, 5),
            ("0.bias", &[5][..], 15..20, 0, 5),
            ("1.weight", &[2, 5][..], 20..30, 5, 2),
            ("1.bias", &[2][..], 30..32, 0, 2),
        ]
    );
    assert_eq!((network.inputs(), network.outputs(), network.parameters()), (3, 2, 32));
    assert_eq!((network.sizes(), network.activation()), (&[3, 5, 2][..], Activation::Tanh));
}

#[test]
fn parameters_are_counted() {
    for (sizes, parameters) in [
        (&[1, 1][..], 2),
        (&[4, 3], 15),
        (&[64, 64, 64, 10], 8970),
        (&[1, 1, 1, 1], 6),
        (&[784, 500, 300, 10], 545_810),
    ] {
        let network = Perceptron::new(sizes, Activation::Relu).unwrap();
        assert_eq!(network.parameters(), parameters, "{sizes:?}");
        let end = network.blocks().last().unwrap().range().end;
        assert_eq!(end, parameters);
    }
}

/// The recorded function is the one in the documentation, by plain loops.
fn records<T: Scalar>(activation: Activation, phi: fn(f64) -> f64) {
    let sizes = [3, 4, 5, 2];
    let network = Perceptron::new(&sizes, activation).unwrap();
    let mut theta: Vec<T> = Initialization::lecun().draw(&network, Key::new(0));
    // Biases that are not zero.
    Key::new(1).normal(0, &mut theta[12..16]);
    let mut inputs = vec![T::zero(); 7 * 3];
    Key::new(2).normal(0, &mut inputs);
    let shapes: Vec<Shape> = network.blocks().iter().map(|block| block.shape).collect();
    let tape = eigenscape::tape::Tape::new();
    let (blocks, x) = (tape.arguments(&shapes), tape.argument([7, 3]));
    let program: Program<T> = tape.finish(&[&[network.record(&blocks, x)]]).unwrap();
    let outputs = program.evaluate(&[&theta, &inputs]).remove(0);
    for (example, z) in inputs.chunks_exact(3).zip(outputs.chunks_exact(2)) {
        let mut hidden: Vec<f64> = example.iter().map(|x| x.f64()).collect();
        for (layer, pair) in network.blocks().chunks_exact(2).enumerate() {
            let (weight, bias) = (&theta[pair[0].range()], &theta[pair[1].range()]);
            hidden = bias
                .iter()
                .zip(weight.chunks_exact(hidden.len()))
                .map(|(b, row)| b.f64() + row.iter().zip(&hidden).map(|(w, h)| w.f64() * h).sum::<f64>())
                .map(|sum| if layer < 2 { phi(sum) } else { sum })
                .collect();
        }
        crate::oracle::assert_close(activation.name(), z, &hidden, 64.0 * T::EPSILON.f64());
    }
}

/// An activation as a plain function.
type Formula = fn(f64) -> f64;

#[test]
fn networks_record_their_formula() {
    fn gelu_tanh(x: f64) -> f64 {
        0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
    }
    let all: [(Activation, Formula); 8] = [
        (Activation::Identity, |x| x),
        (Activation::Tanh, f64::tanh),
        (Activation::Relu, |x| x.max(0.0)),
        (Activation::Sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
        (Activation::Softplus, |x| (1.0 + x.exp()).ln()),
        (Activation::Silu, |x| x / (1.0 + (-x).exp())),
        (Activation::Gelu, |x| 0.5 * x * (1.0 + libm::erf(x / std::f64::consts::SQRT_2))),
        (Activation::GeluTanh, gelu_tanh),
    ];
    assert_eq!(all.map(|(activation, _)| activation), Activation::ALL);
    for (activation, phi) in all {
        records::<f32>(activation, phi);
        records::<f64>(activation, phi);
    }
}

/// 300 x 200 weights: enough for a variance to be known to 2 per cent at four standard errors.
fn variances<T: Scalar>() {
    let network = Perceptron::new(&[300, 200, 7], Activation::Tanh).unwrap();
    let schemes = [
        ("glorot", Initialization::glorot(), 2.0 / 500.0),
        ("he", Initialization::he(), 2.0 / 300.0),
        ("lecun", Initialization::lecun(), 1.0 / 300.0),
    ];
    for (name, scheme, variance) in schemes {
        for key in 0..3 {
            // E x^4 is 3 for a standard normal and 9/5 for a uniform number of variance 1.
            for (draw, fourth) in [(scheme, 3.0), (scheme.uniform(), 1.8)] {
                let theta: Vec<T> = draw.draw(&network, Key::new(key));
                let weights: Vec<f64> = theta[network.blocks()[0].range()].iter().map(|x| x.f64()).collect();
                assert_mean(name, &weights, 0.0, variance);
                let squares: Vec<f64> = weights.iter().map(|x| x * x).collect();
                assert_mean(name, &squares, variance, (fourth - 1.0) * variance * variance);
                for bias in [1, 3] {
                    assert!(theta[network.blocks()[bias].range()].iter().all(|&x| x == T::zero()), "{name}: biases");
                }
            }
            let theta: Vec<T> = scheme.uniform().draw(&network, Key::new(key));
            let limit = (3.0 * variance).sqrt() * (1.0 + T::EPSILON.f64());
            assert!(theta[network.blocks()[0].range()].iter().all(|x| x.f64().abs() <= limit), "{name}: range");
        }
    }
}

#[test]
fn starts_have_the_stated_variances() {
    variances::<f32>();
    variances::<f64>();
}

fn radii<T: Scalar>() {
    let network = Perceptron::new(&[6, 5, 4], Activation::Tanh).unwrap();
    for scheme in [Initialization::glorot(), Initialization::he().uniform()] {
        let one: Vec<T> = scheme.draw(&network, Key::new(0));
        assert_eq!(one, scheme.radius(1.0).unwrap().draw::<T>(&network, Key::new(0)));
        // Exactly for powers of two, which do not round; to one rounding in T else.
        for radius in [0.0, 0.25, 4.0] {
            let scaled: Vec<T> = scheme.radius(radius).unwrap().draw(&network, Key::new(0));
            assert!(scaled.iter().zip(&one).all(|(s, x)| s.f64() == radius * x.f64()), "radius {radius}");
        }
        for radius in [0.3, 3.7] {
            let scaled: Vec<T> = scheme.radius(radius).unwrap().draw(&network, Key::new(0));
            let close = |s: &T, x: &T| (s.f64() - radius * x.f64()).abs() <= 2.0 * T::EPSILON.f64() * s.f64().abs();
            assert!(scaled.iter().zip(&one).all(|(s, x)| close(s, x)), "radius {radius}");
        }
    }
}

#[test]
fn radius_multiplies() {
    radii::<f32>();
    radii::<f64>();
}

#[test]
fn draws_belong_to_their_key_and_block() {
    let wide = Perceptron::new(&[6, 5, 4], Activation::Tanh).unwrap();
    let start = Initialization::glorot();
    let theta: Vec<f64> = start.draw(&wide, Key::new(0));
    assert_eq!(theta, start.draw::<f64>(&wide, Key::new(0)));
    assert_ne!(theta, start.draw::<f64>(&wide, Key::new(1)));
    // Another last layer leaves the first where it was; the two weights share no draws.
    let other = Perceptron::new(&[6, 5, 9], Activation::Relu).unwrap();
    assert_eq!(start.draw::<f64>(&other, Key::new(0))[..30], theta[..30]);
    let square = Perceptron::new(&[40, 40, 40], Activation::Tanh).unwrap();
    let theta: Vec<f64> = start.draw(&square, Key::new(0));
    let [first, second] = [0, 2].map(|block: usize| &theta[square.blocks()[block].range()]);
    let products: Vec<f64> = first.iter().zip(second).map(|(x, y)| 40.0 * x * y).collect();
    assert_mean("two blocks", &products, 0.0, 1.0);
}

#[test]
fn impossible_networks_are_refused() {
    let refused = |sizes: &[usize]| Perceptron::new(sizes, Activation::Tanh).unwrap_err().to_string();
    assert!(refused(&[]).contains("sizes of a perceptron is 0; it must be at least 2"), "{}", refused(&[]));
    assert!(refused(&[3]).contains("sizes of a perceptron is 1; it must be at least 2"));
    assert!(refused(&[3, 0, 2]).contains("units is 0; it must be at least 1"));
    assert!(refused(&[usize::MAX, 2]).contains("must fit into an address"));
    // Each block fits, but all of them together do not.
    assert!(refused(&[1 << (usize::BITS / 2 - 1); 6]).contains("parameters of a perceptron"));
    for radius in [-1.0, f64::NAN, f64::INFINITY] {
        let error = Initialization::he().radius(radius).unwrap_err().to_string();
        assert!(error.contains("radius") && error.contains(&radius.to_string()), "{error}");
    }
}

#[test]
fn activations_are_found_by_name() {
    for activation in Activation::ALL {
        assert_eq!(activation.to_string().parse::<Activation>().unwrap(), activation);
    }
    let error = "ReLU".parse::<Activation>().unwrap_err().to_string();
    assert!(error.starts_with("there is no activation named `ReLU`; known are: identity, tanh, relu"), "{error}");
    assert!("".parse::<Activation>().is_err());
}
