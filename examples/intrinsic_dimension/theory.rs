//! Where training in a subspace begins to reach a loss, beside the threshold of the quadratic well that the Hessian at the
//! minimum describes, from starts nearer and nearer to it.

use eigenscape::curvature::Loss;
use eigenscape::krylov::Lanczos;
use eigenscape::objective::{Objective, Point};
use eigenscape::random::Key;
use eigenscape::spectrum::{Quadrature, StochasticLanczos};
use eigenscape::subspace::{QuadraticWell, SuccessCurve, SuccessThreshold, Successes};
use rayon::prelude::*;

use crate::Failure;
use crate::arguments::Arguments;
use crate::training::Task;

const TRIALS: u64 = 5;

/// Trainings in subspaces are longer than those of the search, and the one to the minimum much longer, so that the optimizer
/// hides as little as it can.
const LONGER: u64 = 4;
const TO_THE_MINIMUM: u64 = 30;

/// A loss, what is to be reached, in which dimensions, and after how many steps of training in the full space.
struct Plan {
    loss: Loss,
    levels: [f64; 2],
    dims: &'static [usize],
    burn_in: &'static [u64],
}

/// Prints both for two losses: one that is flat at its minimum, and one that is not.
pub fn compare(arguments: &Arguments) -> Result<(), Failure> {
    println!(
        "\nThe dimension from which on most trainings in random subspaces end below a level of the training loss: measured, with \
         an\ninterval; and predicted by the Hessian at the minimum, from the offset of the start along its eigenvectors, as if \
         the\noffset were spread over all of them, and from its length alone (Larsen et al. 2021)."
    );
    with_loss(
        arguments,
        &Plan { loss: Loss::SoftmaxCrossEntropy, levels: [0.1, 0.3], dims: &[60, 90, 130, 190, 280], burn_in: &[0] },
    )?;
    with_loss(
        arguments,
        &Plan {
            loss: Loss::SquaredError,
            levels: [0.06, 0.15],
            dims: &[250, 350, 450, 550, 700, 850, 1000, 1300],
            burn_in: &[0, 30, 100],
        },
    )
}

fn with_loss(arguments: &Arguments, plan: &Plan) -> Result<(), Failure> {
    let loss = plan.loss;
    let task = Task::<f64>::new(arguments, loss)?;
    let key = Key::new(arguments.seed).split(0);
    let start = task.start(key);
    let train = |steps| task.full(&start, key, arguments.full_rate, steps);
    let minimum = train(TO_THE_MINIMUM * arguments.steps)?;
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
        "{:>7} {:>8} {:>9} {:>8} {:>6} | {:>23} | {:>13} {:>7} {:>7}",
        "burn-in", "loss", "quadratic", "distance", "level", "measured, at 0.9", "by the offset", "spread", "Larsen"
    );
    for &steps in plan.burn_in {
        let from = train(steps)?;
        let offset: Vec<f64> = from.iter().zip(&minimum).map(|(x, y)| x - y).collect();
        let rule = Quadrature::new(&Lanczos::new(100).run(&hessian, &offset)?)?;
        let value = task.train.value(&from)?;
        let ends = ends(&task, plan.dims, &from, key.split(3).split(steps), arguments)?;
        for level in plan.levels {
            let measured = successes(&ends, level)?;
            let excess = (level - point.value()).max(0.0);
            let distance = norm(&offset);
            let well = QuadraticWell::from_measures(&measure, task.parameters(), rule.measure(), distance)?;
            let spread = QuadraticWell::isotropic(&measure, task.parameters(), distance)?.threshold(excess)?.dim;
            let columns = (well.excess(), text(&measured)?, well.threshold(excess)?, well.larsen(excess)?.lower);
            let (quadratic, measured, SuccessThreshold { dim, width }, larsen) = columns;
            println!(
                "{steps:>7} {value:>8.3} {quadratic:>9.3} {distance:>8.2} {level:>6} | {measured:>23} | {:>13} {spread:>7.0} \
                 {larsen:>7.0}",
                format!("{dim:.0} +- {width:.0}")
            );
        }
    }
    Ok(())
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The loss at the end of each training, with its dimension.
fn ends(
    task: &Task<f64>,
    dims: &[usize],
    from: &[f64],
    key: Key,
    arguments: &Arguments,
) -> Result<Vec<(usize, f64)>, Failure> {
    let trials: Vec<(usize, Key)> =
        dims.iter().flat_map(|&dim| (0..TRIALS).map(move |trial| (dim, key.split(trial)))).collect();
    let end = |&(dim, key): &(usize, Key)| {
        let theta = task.within(from, dim, key, arguments.rate, LONGER * arguments.steps)?;
        // A loss that cannot be told is that of a run that diverged.
        Ok((dim, task.train.value(&theta).unwrap_or(f64::INFINITY)))
    };
    trials.par_iter().map(end).collect()
}

fn successes(ends: &[(usize, f64)], level: f64) -> Result<SuccessCurve, Failure> {
    let rows = ends.iter().map(|&(dim, end)| Successes { dim, successes: usize::from(end <= level), trials: 1 });
    Ok(SuccessCurve::new(rows.collect())?)
}

/// Where half of the trainings reach what they should, and the interval for it.
fn text(measured: &SuccessCurve) -> Result<String, Failure> {
    let place = measured.crossing(0.5)?.map_or("-".to_string(), |place| format!("{place:.0}"));
    let interval = measured.threshold(0.9)?;
    Ok(format!("{place} in {:.0} to {:.0}", interval.lower, interval.upper))
}
