//! Where training in a subspace begins to reach a loss, beside the threshold of the quadratic well that the Hessian at the
//! minimum describes, from starts nearer and nearer to it.

use eigenscape::curvature::Loss;
use eigenscape::krylov::Lanczos;
use eigenscape::objective::{Objective, Point};
use eigenscape::random::Key;
use eigenscape::spectrum::{DiscreteMeasure, Quadrature, StochasticLanczos};
use eigenscape::subspace::{QuadraticWell, SuccessCurve, Successes};

use crate::Failure;
use crate::arguments::Arguments;
use crate::training::Task;

/// Steps of training in the full space before the subspace is laid through the point reached.
const BURN_IN: [u64; 4] = [0, 10, 30, 100];

const DIMS: [usize; 13] = [10, 20, 40, 80, 120, 180, 250, 350, 450, 600, 750, 1000, 1400];

const TRIALS: u64 = 6;

/// Prints both for two losses: one that is flat at its minimum, and one that is not.
pub fn compare(arguments: &Arguments) -> Result<(), Failure> {
    with_loss(arguments, Loss::SoftmaxCrossEntropy, [0.1, 0.3])?;
    with_loss(arguments, Loss::SquaredError, [0.06, 0.15])
}

fn with_loss(arguments: &Arguments, loss: Loss, levels: [f64; 2]) -> Result<(), Failure> {
    let mut task = Task::<f64>::new(arguments, loss)?;
    if let Ok(f) = std::env::var("XSTEPS") {
        task.steps = f.parse().unwrap();
    }
    let key = Key::new(arguments.seed).split(0);
    let start = task.start(key);
    let train = |steps| task.full(&start, key, arguments.full_rate, steps);
    let minimum = train(std::env::var("MSTEPS").map_or(4000, |s| s.parse().unwrap()))?;
    let point = task.train.at(&minimum)?;
    let hessian = point.hessian();
    let spectrum = StochasticLanczos::new(Key::new(arguments.seed).split(1)).probes(10).steps(100).run(&hessian)?;
    let measure = spectrum.mean();
    println!(
        "\n{loss:?}: at the minimum a training loss of {:.1e}, a gradient of {:.0e}, eigenvalues from {:.0e} to {:.2}",
        point.value(),
        norm(point.gradient()),
        measure.nodes()[0],
        measure.nodes()[measure.nodes().len() - 1]
    );
    println!(
        "{:>7} {:>8} {:>9} {:>8} {:>6} | {:>26} | {:>15} {:>8} {:>8}",
        "burn-in", "loss", "quadratic", "distance", "level", "measured, at 0.9", "offset", "spread", "distance"
    );
    for steps in BURN_IN {
        let from = train(steps)?;
        let offset: Vec<f64> = from.iter().zip(&minimum).map(|(x, y)| x - y).collect();
        let rule = Quadrature::new(&Lanczos::new(100).run(&hessian, &offset)?)?;
        let value = task.train.value(&from)?;
        let ends = ends(&task, &from, key.split(3).split(steps), arguments.rate)?;
        for level in levels {
            let measured = successes(&ends, level)?;
            let excess = (level - point.value()).max(0.0);
            println!(
                "{}",
                line(steps, value, level, &measured, &measure, &rule, (task.parameters(), norm(&offset), excess))?
            );
        }
    }
    Ok(())
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The loss at the end of each training, with its dimension.
fn ends(task: &Task<f64>, from: &[f64], key: Key, rate: f64) -> Result<Vec<(usize, f64)>, Failure> {
    let mut ends = Vec::new();
    for dim in DIMS {
        for trial in 0..TRIALS {
            let end = task.within(from, dim, key.split(trial), rate)?;
            ends.push((dim, task.train.value(&end).unwrap_or(f64::INFINITY)));
        }
    }
    Ok(ends)
}

fn successes(ends: &[(usize, f64)], level: f64) -> Result<SuccessCurve, Failure> {
    let rows = ends.iter().map(|&(dim, end)| Successes { dim, successes: usize::from(end <= level), trials: 1 });
    Ok(SuccessCurve::new(rows.collect())?)
}

fn line(
    steps: u64,
    value: f64,
    level: f64,
    measured: &SuccessCurve,
    measure: &DiscreteMeasure,
    rule: &Quadrature,
    (parameters, distance, excess): (usize, f64, f64),
) -> Result<String, Failure> {
    let well = QuadraticWell::from_measures(measure, parameters, rule.measure(), distance)?;
    let blind = QuadraticWell::isotropic(measure, parameters, distance)?;
    let place = measured.crossing(0.5)?.map_or("-".to_string(), |place| format!("{place:.0}"));
    let interval = measured.threshold(0.9)?;
    let predicted = well.threshold(excess)?;
    let predicted = format!("{:.0} +- {:.0}", predicted.dim, predicted.width);
    let (spread, larsen) = (blind.threshold(excess)?.dim, well.larsen(excess)?.lower);
    let measured = format!("{place} in {:.0} to {:.0}", interval.lower, interval.upper);
    let quadratic = well.excess();
    Ok(format!(
        "{steps:>7} {value:>8.3} {quadratic:>9.3} {distance:>8.2} {level:>6} | {measured:>26} | {predicted:>15} {spread:>8.0} {larsen:>8.0}"
    ))
}
