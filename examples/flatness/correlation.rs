//! Measures of flatness against the generalisation gap, over batch sizes and rates.

use eigenscape::curvature::{Loss, Risk};
use eigenscape::landscape::{Flatness, FlatnessMeasure, FlatnessReport, RankCorrelation, Rescaling, rank_correlation};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::optimize::{DescentRun, GradientDescent, Stopping};
use eigenscape::random::Key;

use crate::Digits;

/// The training loss at which each run ends.
const LOSS: f64 = 0.02;
/// Steps after which a run is given up.
const STEPS: u64 = 40_000;

/// How a measure ranks runs as the gap does.
pub struct Ranks {
    pub measure: FlatnessMeasure,
    /// Over all runs.
    pub all: RankCorrelation,
    /// The mean over starts of that among runs from one start, and its standard error.
    pub within: (f64, f64),
}

pub fn run(digits: &Digits, quick: bool) -> eigenscape::Result<Vec<Ranks>> {
    let network = Perceptron::new(&[64, 32, 10], Activation::Relu)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, digits.part(0, 200)?)?;
    let test = Risk::new(&network, Loss::SoftmaxCrossEntropy, digits.part(200, digits.count())?)?;
    let (sizes, rates, keys): (&[usize], &[f64], u64) =
        if quick { (&[10, 200], &[0.1, 0.2, 0.4], 2) } else { (&[5, 20, 50, 200], &[0.05, 0.1, 0.2, 0.4], 6) };
    let mut found: Vec<(FlatnessReport, f64, u64)> = Vec::new();
    let (mut left_out, mut shown) = (0, None);
    for &size in sizes {
        for &rate in rates {
            for key in 0..keys {
                let start = Initialization::he().draw(&network, Key::new(key));
                let batches = risk.mini_batches(size, Key::new(key))?;
                let mut run = DescentRun::new(&start, GradientDescent::new(rate)?, Stopping::steps(STEPS))?;
                let mut arrived = false;
                while !arrived && run.advance(&batches)? {
                    arrived = run.step().is_multiple_of(10) && risk.value(run.theta())? <= LOSS;
                }
                if !arrived {
                    left_out += 1;
                    continue;
                }
                let point = risk.at(run.theta())?;
                let report = Flatness::new(Key::new(7)).probes(12).steps(12).run(&point)?;
                found.push((report.clone(), test.value(run.theta())? - report.value, key));
                shown.get_or_insert(report);
            }
        }
    }
    let gaps: Vec<f64> = found.iter().map(|run| run.1).collect();
    let (low, high) = gaps.iter().fold((f64::INFINITY, 0.0f64), |(low, high), &gap| (low.min(gap), high.max(gap)));
    println!(
        "64-32-10 relu on 200 digits to a training loss of {LOSS}: {} runs, {left_out} left out; gaps of the loss from {low:.3} to {high:.3}",
        found.len()
    );
    if let Some(report) = shown {
        println!("\nthe first of them: {report}");
    }
    let mut ranks = FlatnessMeasure::ALL
        .into_iter()
        .map(|measure| {
            let correlation = |chosen: &dyn Fn(u64) -> bool| {
                let pairs = found.iter().filter(|run| chosen(run.2)).map(|run| (run.0.reading(measure).value, run.1));
                let (values, gaps): (Vec<f64>, Vec<f64>) = pairs.unzip();
                rank_correlation(&values, &gaps)
            };
            let within = (0..keys).map(|key| Ok(correlation(&|own| own == key)?.tau));
            let within: Vec<f64> = within.collect::<eigenscape::Result<_>>()?;
            let count = within.len() as f64;
            let mean = within.iter().sum::<f64>() / count;
            let squares: f64 = within.iter().map(|tau| (tau - mean) * (tau - mean)).sum();
            let within = (mean, (squares / (count - 1.0) / count).sqrt());
            Ok(Ranks { measure, all: correlation(&|_| true)?, within })
        })
        .collect::<eigenscape::Result<Vec<_>>>()?;
    ranks.sort_by(|a, b| b.within.0.total_cmp(&a.within.0));
    println!("Kendall's rank correlation with the gap, {keys} starts");
    println!("{:<28}{:>20}{:>20}", "", "runs of one start", "all runs");
    for Ranks { measure, all, within } in &ranks {
        let kept = if measure.invariance() == Rescaling::Changes { "" } else { "   kept by rescaling" };
        let cell = |tau: f64, error: f64| format!("{tau:.2} +- {error:.2}");
        let cells = [cell(within.0, within.1), cell(all.tau, all.standard_error)];
        println!("{measure:<28}{:>20}{:>20}{kept}", cells[0], cells[1]);
    }
    Ok(ranks)
}
