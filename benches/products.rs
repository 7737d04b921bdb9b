//! Medians of gradient and curvature products, as lines of JSON: our side of the comparison in `benches/peers/`.

mod common;

use std::time::Instant;

use eigenscape::check;
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::LinearOperator;
use eigenscape::random::Key;

/// The median time of a call in milliseconds, after one call that warms up.
fn median(repetitions: usize, mut call: impl FnMut()) -> f64 {
    call();
    let mut times: Vec<f64> = (0..repetitions)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[repetitions / 2]
}

fn main() {
    // `cargo bench` and `cargo test --benches` pass flags of their own; a number alone is for us.
    let repetitions = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(5);
    let works: [(&str, &[usize], usize); 2] = [("W1", &[784, 512, 512, 10], 2048), ("W2", &[64, 64, 64, 10], 1797)];
    for (name, sizes, examples) in works {
        let (risk, theta) = common::work::<f32>(sizes, examples);
        let point = risk.at(&theta).unwrap();
        let (hessian, gauss_newton) = (point.hessian(), point.gauss_newton());
        assert!(check::gradient(&risk, &theta, Key::new(3)).unwrap().holds());
        assert!(check::hessian(&risk, &theta, Key::new(3)).unwrap().holds());
        let mut v = vec![0.0; theta.len()];
        Key::new(4).normal(0, &mut v);
        let mut out = v.clone();
        let report = |quantity: &str, milliseconds: f64| {
            println!(r#"{{"work":"{name}","quantity":"{quantity}","milliseconds":{milliseconds:.4}}}"#);
        };
        report("gradient", median(repetitions, || _ = risk.value_and_gradient(&theta, &mut out).unwrap()));
        report("hessian", median(repetitions, || hessian.apply(&v, &mut out)));
        report("gauss_newton", median(repetitions, || gauss_newton.apply(&v, &mut out)));
    }
}
