//! The cost of a Hessian-vector product against the number of examples and of parameters, and against a gradient.

mod common;

use common::clock::{alternate, median, milliseconds, ratio, repetitions};
use eigenscape::check;
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::LinearOperator;
use eigenscape::random::Key;

/// What is varied, and what is fixed.
struct Case {
    size: usize,
    sizes: Vec<usize>,
    examples: usize,
}

/// Prints a table of times by size, and the exponent of the power of the size that fits them best.
fn scaling(title: &str, head: &str, cases: &[Case], rounds: usize) {
    let works: Vec<_> = cases.iter().map(|case| common::work::<f32>(&case.sizes, case.examples)).collect();
    let points: Vec<_> = works.iter().map(|(risk, theta)| risk.at(theta).unwrap()).collect();
    let vectors: Vec<Vec<f32>> = works.iter().map(|(_, theta)| common::normal(theta.len(), 4)).collect();
    for (risk, theta) in &works {
        assert!(check::hessian(risk, theta, Key::new(3)).unwrap().holds());
    }
    // All sizes in turns; each in so many calls that the clock's resolution does not matter.
    let mut times = vec![Vec::new(); cases.len()];
    let mut out = vec![Vec::new(); cases.len()];
    for round in 0..=rounds {
        for (index, (point, v)) in points.iter().zip(&vectors).enumerate() {
            let (hessian, out) = (point.hessian(), &mut out[index]);
            out.resize(v.len(), 0.0);
            let calls = (20_000_000 / (cases[index].examples * v.len())).clamp(1, 100);
            let time = milliseconds(|| (0..calls).for_each(|_| hessian.apply(v, out))) / calls as f64;
            // The first round pays for residuals and workspaces.
            if round > 0 {
                times[index].push(time);
            }
        }
    }
    println!("{title}\n\n| {head} | parameters | examples | ms | ns per example and parameter |");
    println!("| --- | --- | --- | --- | --- |");
    for ((case, v), times) in cases.iter().zip(&vectors).zip(&times) {
        let (time, product) = (median(times), (case.examples * v.len()) as f64);
        println!("| {} | {} | {} | {time:.3} | {:.4} |", case.size, v.len(), case.examples, time * 1e6 / product);
    }
    let by_size = |of: &dyn Fn(usize) -> f64| {
        let logarithms = |index: usize| (of(index).ln(), median(&times[index]).ln());
        slope(&(0..cases.len()).map(logarithms).collect::<Vec<_>>())
    };
    let by_work = by_size(&|index| (cases[index].examples * vectors[index].len()) as f64);
    println!("\nfitted: time ~ (examples x parameters)^{by_work:.3}\n");
}

/// The slope of the straight line that fits points best.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    mean(&|p| (p.0 - x) * (p.1 - y)) / mean(&|p| (p.0 - x).powi(2))
}

/// Products against gradients, and what the first product pays once.
fn against_gradient(rounds: usize) {
    println!("| work | gradient, ms | Hessian-vector product, ms | product / gradient | once at a point, ms |");
    println!("| --- | --- | --- | --- | --- |");
    for (name, (risk, theta)) in common::works() {
        let point = risk.at(&theta).unwrap();
        // Before the first point everything is built; at a second one only residuals are computed.
        let _ = point.hessian();
        let second = risk.at(&theta).unwrap();
        let once = milliseconds(|| _ = second.hessian());
        let hessian = point.hessian();
        let v = common::normal(theta.len(), 4);
        let [mut gradient_out, mut out] = [v.clone(), v.clone()];
        let [gradient, product] = alternate(
            rounds,
            [&mut || _ = risk.value_and_gradient(&theta, &mut gradient_out).unwrap(), &mut || {
                hessian.apply(&v, &mut out)
            }],
        );
        let (of_gradient, of_product) = (median(&gradient), median(&product));
        let by = ratio(&product, &gradient);
        println!("| {name} | {of_gradient:.3} | {of_product:.3} | {by:.2} | {once:.3} |");
    }
}

fn main() {
    let rounds = repetitions(9);
    let by_examples = [200, 500, 1000, 2000, 5000, 10_000, 20_000].map(|examples| Case {
        size: examples,
        sizes: vec![64, 64, 64, 10],
        examples,
    });
    scaling("Examples, for the network 64-64-64-10", "examples", &by_examples, rounds);
    let by_width = [32, 64, 128, 256, 384, 512].map(|width| Case {
        size: width,
        sizes: vec![64, width, width, 10],
        examples: 2000,
    });
    scaling("Parameters, for 2000 examples and the network 64-width-width-10", "width", &by_width, rounds);
    against_gradient(rounds);
}
