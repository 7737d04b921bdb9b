//! The edge of stability: sharpness along training with the whole training set, beside what the rate allows.

use eigenscape::curvature::{Loss, Risk};
use eigenscape::landscape::{EdgeOfStability, SharpnessRow};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::optimize::{Adam, DescentRun, GradientDescent, StabilityThreshold, Stopping};
use eigenscape::random::Key;

use crate::Digits;

/// A run's name and its rows.
pub type Run = (String, Vec<SharpnessRow>);

/// Runs of gradient descent, and of Adam.
pub struct Edge {
    pub descent: Vec<Run>,
    pub adam: Vec<Run>,
}

pub fn run(digits: &Digits, quick: bool) -> eigenscape::Result<Edge> {
    let steps = if quick { 200 } else { 1000 };
    let start = |sizes: &[usize], activation: Activation| -> eigenscape::Result<(Risk<f64>, Vec<f64>)> {
        let network = Perceptron::new(sizes, activation)?;
        let risk = Risk::new(&network, Loss::SquaredError, digits.part(0, 300)?)?;
        let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(0));
        println!("{activation} perceptron, {sizes:?}, {} parameters", network.parameters());
        Ok((risk, theta))
    };
    println!("sharpness along training on 300 digits, squared error");
    let mut edge = Edge { descent: Vec::new(), adam: Vec::new() };
    let (risk, theta) = start(&[64, 32, 32, 32, 32, 32, 32, 10], Activation::Relu)?;
    for rate in [0.03, 0.05, 0.1] {
        edge.descent.push((format!("{rate}"), record(&risk, &theta, GradientDescent::new(rate)?, steps)?));
    }
    let (risk, theta) = start(&[64, 32, 32, 10], Activation::Tanh)?;
    for rate in [0.005, 0.01, 0.02] {
        edge.adam.push((format!("{rate}"), record(&risk, &theta, Adam::new(rate)?, steps)?));
    }
    println!("{:<26}{:>12}{:>14}{:>22}{:>12}", "", "threshold", "first", "mean of last quarter", "loss");
    for (name, runs) in [("gradient descent", &edge.descent), ("Adam", &edge.adam)] {
        for (rate, rows) in runs {
            let last = &rows[rows.len() * 3 / 4..];
            let mean = last.iter().map(|row| row.sharpness).sum::<f64>() / last.len() as f64;
            let end = rows[rows.len() - 1];
            println!(
                "{:<26}{:>12.1}{:>14.1}{:>14.1} = {:.2} x{:>12.5}",
                format!("{name}, {rate}"),
                end.threshold,
                rows[0].sharpness,
                mean,
                mean / end.threshold,
                end.value
            );
        }
    }
    Ok(edge)
}

fn record<R: StabilityThreshold<f64>>(
    risk: &Risk<f64>,
    start: &[f64],
    rule: R,
    steps: u64,
) -> eigenscape::Result<Vec<SharpnessRow>> {
    let mut run = DescentRun::new(start, rule, Stopping::steps(steps))?;
    let mut record = EdgeOfStability::new((steps / 50).max(1), Key::new(1))?;
    record.observe(risk, &run)?;
    while !run.is_done() {
        run.advance(risk)?;
        record.observe(risk, &run)?;
    }
    Ok(record.rows().to_vec())
}
