//! Two minima: the barrier between them, what is left of it when their units are aligned, and a curve around it.

use std::ops::ControlFlow;

use eigenscape::curvature::{Loss, Risk};
use eigenscape::landscape::{Curve, CurveKind, HiddenUnits, linear_barrier, weight_matching};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::optimize::{Adam, descend};
use eigenscape::random::Key;

use crate::Digits;

/// The loss along each way.
pub struct Ways {
    pub straight: Vec<(f64, f64)>,
    pub aligned: Vec<(f64, f64)>,
    pub curve: Vec<(f64, f64)>,
}

pub fn run(digits: &Digits, quick: bool) -> eigenscape::Result<Ways> {
    let (train, test) = (digits.part(0, 1200)?, digits.part(1200, digits.count())?);
    let mut shown = None;
    println!("ways between two minima, 1200 digits: barrier of the training loss (test accuracy in the middle)");
    println!("{:<16}{:>10}{:>22}{:>22}{:>22}", "", "loss", "straight", "units aligned", "Bezier curve");
    for width in if quick { vec![32] } else { vec![32, 128, 512] } {
        let network = Perceptron::new(&[64, width, 10], Activation::Relu)?;
        let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, train.clone())?;
        let unseen = Risk::new(&network, Loss::SoftmaxCrossEntropy, test.clone())?;
        let minimum = |key: u64| -> eigenscape::Result<Vec<f64>> {
            let start: Vec<f64> = Initialization::he().draw(&network, Key::new(key));
            let batches = risk.mini_batches(50, Key::new(key))?;
            Ok(descend(&batches, &start, &mut Adam::new(0.002)?, 500, |_| ControlFlow::Continue(()))?.theta)
        };
        let (a, b) = (minimum(0)?, minimum(1)?);
        let matched = weight_matching(&HiddenUnits::new(&network)?, &a, &b, Key::new(2))?;
        let straight = linear_barrier(&risk, &a, &b, 24)?;
        let aligned = linear_barrier(&risk, &a, &matched.aligned, 24)?;
        let curve = Curve::new(CurveKind::Bezier, &a, &b, 1)?;
        let batches = risk.mini_batches(50, Key::new(3))?;
        let objective = curve.objective(&batches, Key::new(4))?;
        let end = descend(&objective, &curve.bends(), &mut Adam::new(0.01)?, 800, |_| ControlFlow::Continue(()))?;
        let curve = curve.with_bends(&end.theta)?;
        let profile = curve.profile(&risk, 24)?;
        let middle = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| 0.5 * (x + y)).collect::<Vec<f64>>();
        let accuracies = [
            unseen.accuracy(&middle(&a, &b))?,
            unseen.accuracy(&middle(&a, &matched.aligned))?,
            unseen.accuracy(&curve.at(0.5))?,
        ];
        let cell = |height: f64, accuracy: f64| format!("{height:.4} ({:.1} %)", 100.0 * accuracy);
        println!(
            "{:<16}{:>10.4}{:>22}{:>22}{:>22}",
            format!("64-{width}-10"),
            0.5 * (risk.value(&a)? + risk.value(&b)?),
            cell(straight.height, accuracies[0]),
            cell(aligned.height, accuracies[1]),
            cell(profile.barrier, accuracies[2])
        );
        shown.get_or_insert(Ways { straight: straight.profile, aligned: aligned.profile, curve: profile.profile });
    }
    Ok(shown.expect("there is a width"))
}
