//! Curvature against derivatives computed elsewhere, and its laws.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::krylov::Lanczos;
use eigenscape::network::{Activation, Convolution, Network, Perceptron, Sequential};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{Adjoint, LinearOperator, to_dense};
use eigenscape::random::Key;
use eigenscape::spectrum::Quadrature;
use eigenscape::{Result, Scalar};
use serde_json::Value;

use crate::oracle::{assert_close, numbers, symmetric_eigenvalues};

fn reference_cases() -> Vec<Value> {
    let text = include_str!("../data/autodiff.json");
    let table: Value = serde_json::from_str(text).unwrap();
    table["cases"].as_array().unwrap().clone()
}

fn cast<T: Scalar>(values: &Value) -> Vec<T> {
    numbers(values).into_iter().map(T::of).collect()
}

fn sizes(values: &Value) -> Vec<usize> {
    numbers(values).into_iter().map(|x| x as usize).collect()
}

fn risk_of_case<T: Scalar>(case: &Value) -> Risk<T> {
    let activation: Activation = case["activation"].as_str().unwrap().parse().unwrap();
    match case["kind"].as_str().unwrap() {
        "mlp" => risk_of_network(&Perceptron::new(&sizes(&case["sizes"]), activation).unwrap(), case),
        _ => risk_of_network(&convolutional(case, activation).unwrap(), case),
    }
}

/// Convolutions that keep the size, each with an activation and a pool behind it, and a dense layer.
fn convolutional(case: &Value, activation: Activation) -> Result<Sequential> {
    let (channels, size) = (sizes(&case["channels"]), case["kernel"].as_u64().unwrap() as usize);
    let mut network = Sequential::new(&sizes(&case["inputs_shape"])[1..])?;
    for &outputs in &channels[1..] {
        network = network.convolution(Convolution::new(outputs, [size; 2]).same())?.activation(activation);
        network = match case["pool"].as_str().unwrap() {
            "average" => network.average_pool([2, 2])?,
            _ => network.max_pool([2, 2])?,
        };
    }
    network.flatten().dense(case["classes"].as_u64().unwrap() as usize)
}

fn risk_of_network<T: Scalar>(network: &(impl Network + Clone + Send + 'static), case: &Value) -> Risk<T> {
    assert_eq!(network.parameters() as u64, case["parameters"].as_u64().unwrap());
    let (inputs, outputs) = (network.inputs(), network.outputs());
    let (loss, examples) = match case["loss_kind"].as_str().unwrap() {
        "cross_entropy" => {
            let labels = sizes(&case["target"]);
            (Loss::SoftmaxCrossEntropy, Examples::labelled(cast(&case["inputs"]), inputs, &labels, outputs))
        }
        _ => (Loss::SquaredError, Examples::new(cast(&case["inputs"]), inputs, cast(&case["target"]), outputs)),
    };
    Risk::new(network, loss, examples.unwrap()).unwrap()
}

/// Loss, gradient, products with H, G and J, and the third derivative, for every reference case.
fn agrees_with_reference<T: Scalar>(tolerance: f64) {
    for case in reference_cases() {
        let name = case["name"].as_str().unwrap();
        let risk = risk_of_case::<T>(&case);
        let theta: Vec<T> = cast(&case["theta"]);
        let v: Vec<T> = cast(&case["v"]);
        let point = risk.at(&theta).unwrap();
        let loss = case["loss"].as_f64().unwrap();
        assert!((point.value() - loss).abs() <= tolerance * loss.abs(), "{name}: loss {} for {loss}", point.value());
        assert_close(&format!("{name}: gradient"), point.gradient(), &numbers(&case["gradient"]), tolerance);

        let mut product = vec![T::zero(); theta.len()];
        point.hessian().apply(&v, &mut product);
        assert_close(&format!("{name}: Hv"), &product, &numbers(&case["hessian_v"]), tolerance);
        point.gauss_newton().apply(&v, &mut product);
        assert_close(&format!("{name}: Gv"), &product, &numbers(&case["ggn_v"]), tolerance);

        let jacobian = point.jacobian();
        let mut logits = vec![T::zero(); jacobian.rows()];
        jacobian.apply(&v, &mut logits);
        assert_close(&format!("{name}: Jv"), &logits, &numbers(&case["jacobian_v"]), tolerance);
        assert_close(&format!("{name}: logits"), &risk.logits(&theta), &numbers(&case["logits"]), tolerance);

        // D^3 L [v, v, .]: the gradient, differentiated twice along v. All examples are in one chunk here.
        let third = risk.program().gradient(0).unwrap().select(&[1]);
        let third = third.directional(0).unwrap().directional(0).unwrap();
        let examples = risk.examples();
        // The second pass sees the first direction as an argument like any other: both are v.
        let result = third.evaluate(&[&theta, examples.inputs(), examples.targets(), examples.weights(), &v, &v]);
        assert_close(&format!("{name}: third"), &result[0], &numbers(&case["third_directional"]), tolerance);
    }
}

#[test]
fn agrees_with_reference_f64() {
    agrees_with_reference::<f64>(1e-10);
}

#[test]
fn agrees_with_reference_f32() {
    agrees_with_reference::<f32>(1e-4);
}

#[test]
fn dense_spectra_agree_with_reference() {
    for case in reference_cases() {
        let name = case["name"].as_str().unwrap();
        let risk = risk_of_case::<f64>(&case);
        let point = risk.at(&cast(&case["theta"])).unwrap();
        for (dense, key) in
            [(to_dense(&point.hessian()), "hessian_eigenvalues"), (to_dense(&point.gauss_newton()), "ggn_eigenvalues")]
        {
            let size = dense.rows();
            let eigenvalues = symmetric_eigenvalues(dense.entries(), size);
            assert_close(&format!("{name}: {key}"), &eigenvalues, &numbers(&case[key]), 1e-10);
        }
        let trace: f64 = (0..risk.program().argument_len(0))
            .map(|i| to_dense(&point.hessian()).entries()[i * (risk.program().argument_len(0) + 1)])
            .sum();
        let expected = case["hessian_trace"].as_f64().unwrap();
        assert!((trace - expected).abs() <= 1e-10 * expected.abs().max(1.0), "{name}: trace {trace} for {expected}");
    }
}

#[test]
fn jacobian_adjoint() {
    for case in reference_cases() {
        let risk = risk_of_case::<f64>(&case);
        let point = risk.at(&cast(&case["theta"])).unwrap();
        let jacobian = point.jacobian();
        let dense = to_dense(&jacobian);
        let u: Vec<f64> = (0..jacobian.rows()).map(|i| (i as f64 * 0.7).sin()).collect();
        let mut product = vec![0.0; jacobian.cols()];
        jacobian.apply_adjoint(&u, &mut product);
        let expected: Vec<f64> = (0..jacobian.cols())
            .map(|col| (0..jacobian.rows()).map(|row| u[row] * dense.entries()[row * jacobian.cols() + col]).sum())
            .collect();
        assert_close("J'u", &product, &expected, 1e-12);
    }
}

/// Every eigenvalue above 1e-8 of the largest is a node of a Lanczos run from a random start, to 1e-8 of the largest.
#[test]
fn lanczos_finds_the_distinct_eigenvalues() {
    for case in reference_cases() {
        let name = case["name"].as_str().unwrap();
        let risk = risk_of_case::<f64>(&case);
        let point = risk.at(&cast(&case["theta"])).unwrap();
        let mut start = vec![0.0; risk.program().argument_len(0)];
        Key::new(0).normal(0, &mut start);
        let of_hessian = Lanczos::new(start.len()).run(&point.hessian(), &start).unwrap();
        let of_gauss_newton = Lanczos::new(start.len()).run(&point.gauss_newton(), &start).unwrap();
        for (factorization, key) in [(of_hessian, "hessian_eigenvalues"), (of_gauss_newton, "ggn_eigenvalues")] {
            let rule = Quadrature::new(&factorization).unwrap();
            let expected = numbers(&case[key]);
            let largest = expected.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
            for value in expected.iter().filter(|value| value.abs() > 1e-8 * largest) {
                let nodes = rule.measure().nodes().iter();
                let distance = nodes.map(|node| (node - value).abs()).fold(f64::INFINITY, f64::min);
                assert!(distance <= 1e-8 * largest, "{name}: no node within {distance:e} of {key} {value}");
            }
        }
    }
}
