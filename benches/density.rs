//! A spectral density beside its products alone, and beside the same density of a diagonal matrix, whose products cost
//! next to nothing: that is everything but products.

mod common;

use common::clock::{alternate, median, ratio, repetitions};
use common::{W1, W2, normal, work};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{Diagonal, LinearOperator};
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
    // A bulk and outliers, as the Hessian has.
    let diagonal = Diagonal::new(normal::<f32>(theta.len(), 6).into_iter().map(|x| 1e-3 * x.powi(5)).collect());
    let x = normal::<f32>(probes * theta.len(), 5);
    let (mut y, mut one) = (x.clone(), theta.clone());
    let times = alternate(
        rounds,
        [
            &mut || _ = settings.run(&hessian).unwrap(),
            &mut || (0..steps).for_each(|_| hessian.apply_block(&x, &mut y, probes)),
            &mut || (0..probes * steps).for_each(|_| hessian.apply(&x[..theta.len()], &mut one)),
            &mut || _ = settings.run(&diagonal).unwrap(),
            &mut || _ = settings.width(1).run(&diagonal).unwrap(),
        ],
    );
    let [all, block, single, rest, narrow] = &times;
    println!(
        "| {name}, {probes} probes x {steps} steps | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.2} |",
        median(all),
        median(block),
        median(single),
        median(rest),
        median(narrow),
        ratio(all, block)
    );
}

fn main() {
    let rounds = repetitions(5);
    println!(
        "| f32, ms | density | its products, in blocks | one by one | all but products | the same with width 1 | \
         density / products |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    density("W2", W2, 10, 100, rounds);
    density("W1", W1, 1, 60, rounds.div_ceil(2));
}
