//! Spectra of a network's Hessian.

mod common;

use criterion::{Criterion, criterion_group, criterion_main};
use eigenscape::Scalar;
use eigenscape::krylov::Eigensolver;
use eigenscape::objective::{Objective, Point};
use eigenscape::random::Key;
use eigenscape::spectrum::StochasticLanczos;

fn spectra<T: Scalar>(criterion: &mut Criterion) {
    let (risk, theta) = common::work::<T>(&[64, 64, 64, 10], 1797);
    let point = risk.at(&theta).unwrap();
    let hessian = point.hessian();
    let solver = Eigensolver::new(10, Key::new(3)).relative_tolerance(1e-5);
    let top = solver.run::<T, _>(&hessian).unwrap();
    assert!(top.report.converged);
    let quadrature = StochasticLanczos::<T>::new(Key::new(4)).probes(1);
    assert!((quadrature.run(&hessian).unwrap().mean().mass() - 1.0).abs() < 1e-9);

    let scalar = T::NAME;
    criterion.bench_function(&format!("eigenpairs/digits/{scalar}"), |b| {
        b.iter(|| solver.run::<T, _>(&hessian).unwrap().values);
    });
    criterion.bench_function(&format!("density_probe/digits/{scalar}"), |b| {
        b.iter(|| quadrature.run(&hessian).unwrap().mean());
    });
}

fn all(criterion: &mut Criterion) {
    spectra::<f32>(criterion);
    spectra::<f64>(criterion);
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = all
}
criterion_main!(benches);
