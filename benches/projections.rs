//! Products with projections of ten million parameters, one with each and one with its transpose; and a Hessian restricted
//! to 64 dimensions by one block product beside 64 single ones.
//!
//! `cargo bench --bench projections -- 5` sets the rounds.

use std::time::Instant;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point, Stochastic};
use eigenscape::operator::{Adjoint, LinearOperator, to_dense};
use eigenscape::projection::{Fastfood, Gaussian, Signs, Sparse, SubsampledHadamard};
use eigenscape::random::Key;
use eigenscape::subspace::Restricted;

const AMBIENT: usize = 10_000_000;
const DIM: usize = 1000;

fn main() {
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(5);
    println!("{AMBIENT} x {DIM}, f32, seconds: the least of {rounds}");
    println!("{:32} {:>9} {:>9} {:>9}", "", "make", "product", "adjoint");
    let key = Key::new(0);
    time("Fastfood, kept", rounds, || Fastfood::<f32>::new(AMBIENT, DIM, key).unwrap());
    time("Fastfood, made each time", rounds, || Fastfood::<f32>::new(AMBIENT, DIM, key).unwrap().memory_budget(0));
    time("SubsampledHadamard", rounds, || SubsampledHadamard::<f32>::new(AMBIENT, DIM, key).unwrap());
    time("Sparse, kept", rounds, || Sparse::<f32>::new(AMBIENT, DIM, key).unwrap());
    time("Sparse, made each time", rounds, || Sparse::<f32>::new(AMBIENT, DIM, key).unwrap().memory_budget(0));
    // Its signs take 1.25 GB: beyond the budget, made each time.
    time("Signs", rounds, || Signs::<f32>::new(AMBIENT, DIM, key).unwrap());
    let fewer = 64;
    time("Gaussian, unit columns, dim 64", 1, || Gaussian::<f32>::unit_columns(AMBIENT, fewer, key).unwrap());
    restricted_hessian(rounds);
}

fn time<P: Adjoint<f32>>(name: &str, rounds: usize, make: impl Fn() -> P) {
    let start = Instant::now();
    let map = make();
    let made = start.elapsed().as_secs_f64();
    let mut x = vec![0.0f32; map.cols()];
    Key::new(1).normal(0, &mut x);
    let mut y = vec![0.0f32; map.rows()];
    let mut back = x.clone();
    let (mut forward, mut adjoint) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..rounds {
        let start = Instant::now();
        map.apply(&x, &mut y);
        forward = forward.min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        map.apply_adjoint(&y, &mut back);
        adjoint = adjoint.min(start.elapsed().as_secs_f64());
    }
    // A tall map nearly keeps lengths, so that its transpose nearly undoes it.
    let error: f32 = back.iter().zip(&x).map(|(b, x)| (b - x).powi(2)).sum();
    let square: f32 = x.iter().map(|x| x * x).sum();
    assert!((error / square).sqrt() < 0.1, "{name}: P'P is not near the identity");
    println!("{name:32} {made:9.3} {forward:9.3} {adjoint:9.3}");
}

/// On W2 of the README of benches: a 64-64-64-10 tanh perceptron on 1797 examples.
fn restricted_hessian(rounds: usize) {
    let network = Perceptron::new(&[64, 64, 64, 10], Activation::Tanh).unwrap();
    let mut inputs = vec![0.0f32; 1797 * 64];
    Key::new(0).normal(0, &mut inputs);
    let labels: Vec<usize> = (0..1797).map(|example| example * 7 % 10).collect();
    let examples = Examples::labelled(inputs, 64, &labels, 10).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta = Initialization::lecun().draw(&network, Key::new(1));
    for (name, plane) in [
        ("Gaussian", Box::new(Gaussian::<f32>::new(risk.dim(), 64, Key::new(2)).unwrap()) as Box<dyn Adjoint<f32>>),
        ("Fastfood", Box::new(Fastfood::<f32>::new(risk.dim(), 64, Key::new(2)).unwrap())),
    ] {
        let plane = &*plane;
        let cut = Restricted::new(&risk, &plane, &theta).unwrap();
        let point = cut.at(&[0.0; 64]).unwrap();
        let hessian = point.hessian();
        let mut ratios = Vec::new();
        let mut times = Vec::new();
        for _ in 0..rounds.max(3) + 1 {
            let start = Instant::now();
            let block = to_dense(&hessian);
            let wide = start.elapsed().as_secs_f64();
            let start = Instant::now();
            let mut single = vec![0.0f32; 64 * 64];
            for (column, product) in single.chunks_exact_mut(64).enumerate() {
                let mut unit = [0.0; 64];
                unit[column] = 1.0;
                hessian.apply(&unit, product);
            }
            let narrow = start.elapsed().as_secs_f64();
            let difference =
                (0..64 * 64).map(|at| (block.entries()[at] - single[at % 64 * 64 + at / 64]).abs()).fold(0.0, f32::max);
            assert!(difference < 1e-4, "{difference}");
            ratios.push(narrow / wide);
            times.push((wide, narrow));
        }
        ratios.sort_by(f64::total_cmp);
        let (wide, narrow) = times[times.len() - 1];
        println!(
            "Hessian of W2 in 64 dimensions, {name}: block {:.1} ms, single {:.1} ms, ratio {:.2}",
            wide * 1e3,
            narrow * 1e3,
            ratios[ratios.len() / 2]
        );
    }
}
