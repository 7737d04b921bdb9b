//! A spectral density beside its products alone.

mod common;

use common::clock::{alternate, median, ratio, repetitions};
use common::{W1, W2, normal, work};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::LinearOperator;
use eigenscape::random::Key;
use eigenscape::spectrum::StochasticLanczos;

fn density(name: &str, (sizes, examples): (&[usize], usize), probes: usize, steps: usize, rounds: usize) {
    let (risk, theta) = work::<f32>(sizes, examples);
    let point = risk.at(&theta).unwrap();
    let hessian = point.hessian();
    let settings = StochasticLanczos::<f32>::new(Key::new(4)).probes(probes).steps(steps);
    let measure = settings.run(&hessian).unwrap();
    assert!((measure.mean().mass() - 1.0).abs() < 1e-9 && measure.orthogonality() < 1e-5);
    assert_eq!(measure.report().matvecs, (probes * steps) as u64);
    let width = probes.min(16);
    let x = normal::<f32>(width * theta.len(), 5);
    let (mut y, mut one) = (x.clone(), theta.clone());
    let times = alternate(
        rounds,
        [
            &mut || _ = settings.run(&hessian).unwrap(),
            &mut || (0..steps).for_each(|_| hessian.apply_block(&x, &mut y, probes)),
            &mut || (0..probes * steps).for_each(|_| hessian.apply(&x[..theta.len()], &mut one)),
        ],
    );
    let [all, block, single] = &times;
    println!(
        "| {name}, {probes} probes x {steps} steps | {:.0} | {:.0} | {:.0} | {:.0} | {:.2} |",
        median(all),
        median(block),
        median(single),
        median(&all.iter().zip(block).map(|(all, block)| all - block).collect::<Vec<_>>()),
        ratio(all, block)
    );
}

fn main() {
    let rounds = repetitions(5);
    println!("| f32, ms | density | its products, in blocks | one by one | the rest | density / products |");
    println!("| --- | --- | --- | --- | --- | --- |");
    density("W2", W2, 10, 100, rounds);
    density("W1", W1, 1, 60, rounds.div_ceil(2));
}
