//! Gradient and curvature products of perceptrons.

mod common;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::LinearOperator;
use eigenscape::random::Key;
use eigenscape::{Scalar, check};

fn products<T: Scalar>(criterion: &mut Criterion, name: &str, sizes: &[usize], examples: usize) {
    let (risk, theta) = common::work::<T>(sizes, examples);
    let point = risk.at(&theta).unwrap();
    let (hessian, gauss_newton) = (point.hessian(), point.gauss_newton());
    assert!(check::gradient(&risk, &theta, Key::new(3)).unwrap().holds());
    assert!(check::hessian(&risk, &theta, Key::new(3)).unwrap().holds());
    assert!(check::symmetric(&gauss_newton, Key::new(3)).unwrap().holds());

    let mut v = vec![T::zero(); theta.len()];
    Key::new(4).normal(0, &mut v);
    let mut out = v.clone();
    let scalar = T::NAME;
    criterion.bench_function(&format!("gradient/{name}/{scalar}"), |b| {
        b.iter(|| risk.value_and_gradient(black_box(&theta), &mut out).unwrap());
    });
    criterion
        .bench_function(&format!("hessian/{name}/{scalar}"), |b| b.iter(|| hessian.apply(black_box(&v), &mut out)));
    criterion.bench_function(&format!("gauss_newton/{name}/{scalar}"), |b| {
        b.iter(|| gauss_newton.apply(black_box(&v), &mut out));
    });
}

fn all(criterion: &mut Criterion) {
    products::<f32>(criterion, "digits", &[64, 64, 64, 10], 1797);
    products::<f64>(criterion, "digits", &[64, 64, 64, 10], 1797);
    products::<f32>(criterion, "wide", &[784, 512, 512, 10], 2048);
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = all
}
criterion_main!(benches);
