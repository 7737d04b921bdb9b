//! Gradient and Hessian-vector product of two perceptrons, ours and written by hand: how near to the arithmetic's limit
//! the tape runs.

#[path = "../common/mod.rs"]
mod common;
mod loops;
mod network;

use common::clock::{alternate, least, median, ratio, repetitions};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::LinearOperator;
use network::{Network, Parts};

/// Multiplications and additions of a Hessian-vector product's matmuls, for one example.
fn operations(sizes: &[usize]) -> usize {
    // Six products to a layer; the first layer's inputs have neither tangent nor cotangent.
    sizes.windows(2).enumerate().map(|(layer, pair)| 2 * if layer == 0 { 2 } else { 6 } * pair[0] * pair[1]).sum()
}

fn compare(name: &str, (sizes, examples): (&[usize], usize), rounds: usize) {
    let (risk, theta) = common::work::<f32>(sizes, examples);
    let point = risk.at(&theta).unwrap();
    let hessian = point.hessian();
    let v: Vec<f32> = common::normal(theta.len(), 4);
    let threads = rayon::current_num_threads();
    let ours_rows = risk.program().arguments()[1][0].extents()[0];
    let by_hand = |rows| Network::new(sizes, risk.examples().inputs(), risk.examples().targets(), rows, threads);

    let [mut ours, mut gradient_ours] = [v.clone(), v.clone()];
    let [mut hand, mut gradient_hand] = [v.clone(), v.clone()];
    let [mut of_matmuls, mut of_loops] = [v.clone(), v.clone()];
    hessian.apply(&v, &mut ours);

    // The number of rows that serves the product by hand best.
    let candidates = [64, 128, 256, 512, 1024, ours_rows];
    let mut networks = candidates.map(by_hand);
    let mut times = Vec::new();
    for network in &mut networks {
        network.gradient(&theta, &mut gradient_hand, Parts::All);
        let error = common::distance(&gradient_hand, point.gradient());
        assert!(error < 1e-4, "the gradients differ by {error:e}");
        network.product(&theta, &v, &mut hand, Parts::All);
        let error = common::distance(&hand, &ours);
        assert!(error < 1e-4, "the products differ by {error:e}");
    }
    times.resize(networks.len(), Vec::new());
    for _ in 0..rounds {
        for (network, times) in networks.iter_mut().zip(&mut times) {
            let [time] = alternate(1, [&mut || network.product(&theta, &v, &mut hand, Parts::All)]);
            times.extend(time);
        }
    }
    let shown: Vec<String> = candidates
        .iter()
        .zip(&times)
        .map(|(rows, times)| format!("{rows}: {:.2} ({:.2})", median(times), least(times)))
        .collect();
    println!("{name}: by hand, median (least) ms by rows of a chunk (ours has {ours_rows}): {}", shown.join(", "));
    let best = (0..times.len()).min_by(|&i, &j| least(&times[i]).total_cmp(&least(&times[j]))).unwrap();

    // Each network is asked for one quantity, and keeps the primal values of the last whole gradient.
    let [mut whole, mut matmuls, mut loops] = [candidates[best]; 3].map(by_hand);
    for network in [&mut whole, &mut matmuls, &mut loops] {
        network.gradient(&theta, &mut gradient_hand, Parts::All);
    }
    let mut gradient_network = by_hand(candidates[best]);
    let [product, by_hand, only_matmuls, only_loops, gradient, gradient_by_hand] = alternate(
        rounds,
        [
            &mut || hessian.apply(&v, &mut ours),
            &mut || whole.product(&theta, &v, &mut hand, Parts::All),
            &mut || matmuls.product(&theta, &v, &mut of_matmuls, Parts::Matmuls),
            &mut || loops.product(&theta, &v, &mut of_loops, Parts::Loops),
            &mut || _ = risk.value_and_gradient(&theta, &mut gradient_ours).unwrap(),
            &mut || gradient_network.gradient(&theta, &mut gradient_hand, Parts::All),
        ],
    );
    assert!(common::distance(&hand, &ours) < 1e-4);
    println!("| {name}, {threads} threads, ms: median (least) | eigenscape | by hand | eigenscape / by hand |");
    println!("| --- | --- | --- | --- |");
    let shown = |times: &[f64]| format!("{:.3} ({:.3})", median(times), least(times));
    let row = |quantity: &str, ours: &[f64], hand: &[f64]| {
        let of_least = least(ours) / least(hand);
        println!("| {quantity} | {} | {} | {:.3} ({of_least:.3}) |", shown(ours), shown(hand), ratio(ours, hand));
    };
    row("gradient", &gradient, &gradient_by_hand);
    row("Hessian-vector product", &product, &by_hand);
    let rate = (operations(sizes) * examples) as f64 * 1e-6 / least(&only_matmuls);
    println!("| its matmuls alone, {rate:.0} GFLOP/s at best | - | {} | - |", shown(&only_matmuls));
    println!("| its elementwise loops alone | - | {} | - |", shown(&only_loops));
    println!();
}

fn main() {
    let rounds = repetitions(15);
    compare("W1", common::W1, rounds);
    compare("W2", common::W2, rounds);
}
