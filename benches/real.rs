//! Products on real sizes: a perceptron on 10,000 images of MNIST beside the time of its matrix products alone, and a
//! residual network on 512 colour images, as a line of JSON for the comparison with PyTorch.

mod common;

use common::clock::{alternate, median, repetitions};
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::network::{Activation, Initialization, Perceptron, residual_network};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::LinearOperator;
use eigenscape::random::Key;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use rayon::prelude::*;

const SIZES: [usize; 4] = [784, 200, 200, 10];

/// The matrix products of one chunk in a product with the Hessian, or the Gauss-Newton matrix: rows, inner, columns.
fn shapes(rows: usize, hessian: bool) -> Vec<[usize; 3]> {
    let mut shapes = Vec::new();
    for (layer, pair) in SIZES.windows(2).enumerate() {
        let [from, to] = [pair[0], pair[1]];
        // V a; the gradient of W from the tangent of its cotangents.
        shapes.extend([[rows, from, to], [to, rows, from]]);
        if layer > 0 {
            // W times tangents, and back.
            shapes.extend([[rows, from, to], [rows, to, from]]);
            if hessian {
                // V' times cotangents; the gradient of W from tangents of activations.
                shapes.extend([[rows, to, from], [to, rows, from]]);
            }
        }
    }
    shapes
}

/// The products alone, chunk by chunk on all threads, on operands that are there.
fn arithmetic(chunks: usize, rows: usize, hessian: bool) {
    let shapes = shapes(rows, hessian);
    (0..rayon::current_num_threads()).into_par_iter().for_each(|thread| {
        let operands: Vec<[Mat<f32>; 3]> = shapes
            .iter()
            .map(|&[left, inner, right]| [Mat::zeros(inner, left), Mat::zeros(right, inner), Mat::zeros(right, left)])
            .collect();
        let mut operands = operands;
        for _ in (thread..chunks).step_by(rayon::current_num_threads()) {
            for [left, right, out] in &mut operands {
                // Row-major, as ours are.
                matmul(
                    out.as_mut().transpose_mut(),
                    Accum::Add,
                    left.as_ref().transpose(),
                    right.as_ref().transpose(),
                    1.0,
                    Par::Seq,
                );
            }
        }
    });
}

fn mnist(rounds: usize) {
    let images = Idx::parse(include_bytes!("../examples/data/mnist-train-images-idx3-ubyte.gz")).unwrap();
    let labels = Idx::parse(include_bytes!("../examples/data/mnist-train-labels-idx1-ubyte.gz")).unwrap();
    let inputs = images.standardized::<f32>(images.moments()).unwrap();
    let examples = Examples::labelled(inputs, 784, &labels.labels().unwrap(), 10).unwrap();
    let network = Perceptron::new(&SIZES, Activation::Tanh).unwrap();
    let count = examples.count();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta: Vec<f32> = Initialization::lecun().draw(&network, Key::new(0));
    let point = risk.at(&theta).unwrap();
    let (hessian, gauss_newton) = (point.hessian(), point.gauss_newton());
    let rows = risk.program().arguments()[1][0].extents()[0];
    let chunks = count.div_ceil(rows);
    let v: Vec<f32> = common::normal(theta.len(), 4);
    let mut out = v.clone();
    let mut other = v.clone();
    let times = alternate(
        rounds,
        [
            &mut || hessian.apply(&v, &mut out),
            &mut || arithmetic(chunks, rows, true),
            &mut || gauss_newton.apply(&v, &mut other),
            &mut || arithmetic(chunks, rows, false),
        ],
    );
    println!(
        "| {count} images of MNIST, 784-200-200-10, {chunks} chunks | ms | its matrix products alone, ms | ratio |"
    );
    println!("| --- | --- | --- | --- |");
    for (name, at) in [("Hessian-vector product", 0), ("Gauss-Newton-vector product", 2)] {
        let ratios: Vec<f64> = times[at].iter().zip(&times[at + 1]).map(|(ours, alone)| ours / alone).collect();
        println!("| {name} | {:.2} | {:.2} | {:.2} |", median(&times[at]), median(&times[at + 1]), median(&ratios));
    }
}

fn residual(rounds: usize) {
    let network = residual_network(20, 8, 10).unwrap();
    let inputs: Vec<f32> = common::normal(512 * 3072, 0);
    let labels: Vec<usize> = (0..512).map(|m| m * m % 10).collect();
    let examples = Examples::labelled(inputs, 3072, &labels, 10).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap().memory_budget(8 << 30);
    let theta: Vec<f32> = Initialization::he().draw(&network, Key::new(0));
    let point = risk.at(&theta).unwrap();
    let hessian = point.hessian();
    let v: Vec<f32> = common::normal(theta.len(), 4);
    let (mut out, mut gradient) = (v.clone(), v.clone());
    let times = alternate(
        rounds,
        [&mut || hessian.apply(&v, &mut out), &mut || _ = risk.value_and_gradient(&theta, &mut gradient).unwrap()],
    );
    println!("{:?}", hessian.memory());
    for (quantity, times) in ["hessian", "gradient"].into_iter().zip(&times) {
        println!(r#"{{"work":"ResNet-20","quantity":"{quantity}","milliseconds":{:.1}}}"#, median(times));
    }
}

fn main() {
    let rounds = repetitions(5);
    mnist(3 * rounds);
    residual(rounds);
}
