//! Tests of `spectrum`.

use eigenscape::krylov::Eigensolver;
use eigenscape::operator::Diagonal;
use eigenscape::random::Key;
use eigenscape::spectrum::{DiscreteMeasure, Smoothing, StochasticLanczos, wasserstein};

/// 90 % of the eigenvalues within 1e-4 of zero, power-law tails to both sides, ten outliers.
fn hessian_like() -> Vec<f64> {
    let mut values: Vec<f64> = (0..2700).map(|i| 1e-4 * (2.0 * (f64::from(i) + 0.5) / 2700.0 - 1.0)).collect();
    // Log-uniform: density like 1/x.
    let tail = |count: u32, top: f64| {
        (0..count).map(move |i| top * (1e-4f64 / top).powf((f64::from(i) + 0.5) / f64::from(count)))
    };
    values.extend(tail(220, 0.3));
    values.extend(tail(70, 0.3).map(|x| -x));
    values.extend((0..10).map(|i| 0.5 + 0.5 * f64::from(i)));
    values
}

#[test]
fn experiment() {
    let values = hessian_like();
    let mean = values.iter().map(|x| x.abs()).sum::<f64>() / values.len() as f64;
    println!("mean abs {mean}");
    let truth = DiscreteMeasure::uniform(values.clone()).unwrap();
    let op = Diagonal::new(values);
    let pairs = Eigensolver::new(10, Key::new(1)).run(&op).unwrap();
    println!("eigs {:?} {:?}", pairs.values, pairs.report);
    for deflate in [true, false] {
        for (probes, steps) in [(1, 80), (10, 80), (30, 100)] {
            let mut s = StochasticLanczos::new(Key::new(0)).probes(probes).steps(steps);
            if deflate {
                s = s.deflate(&pairs.values, &pairs.vectors);
            }
            let m = s.run(&op).unwrap();
            let raw = wasserstein(&m.mean(), &truth) / mean;
            print!("deflate {deflate} {probes} {steps}: raw {raw:.4} orth {:.1e}", m.orthogonality());
            for factor in [0.25, 0.5, 1.0] {
                let t = std::time::Instant::now();
                let d = m.density(&Smoothing::new().factor(factor)).unwrap();
                let w = wasserstein(&d.measure().unwrap(), &truth) / mean;
                print!(" | {factor}: {w:.4} int-1 {:.1e} grid {} {:?}", d.integral() - 1.0, d.grid.len(), t.elapsed());
            }
            println!();
        }
    }
}
