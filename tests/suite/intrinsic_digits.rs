//! Intrinsic dimension and success probability of a small network on digits, beside what its Hessian predicts.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::krylov::Lanczos;
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point, Stochastic};
use eigenscape::operator::Adjoint;
use eigenscape::optimize::{Adam, Stop as Ended, descend};
use eigenscape::projection::{Fastfood, Gaussian};
use eigenscape::random::Key;
use eigenscape::spectrum::{Quadrature, StochasticLanczos};
use eigenscape::subspace::{Criterion, IntrinsicDimension, QuadraticWell, Restricted, Stop, SuccessProbability};
use eigenscape::{Result, Scalar};

use crate::digits::digits;
use crate::support::norm;

/// Digits for training, a 64-32-10 perceptron, and those for testing.
fn risks<T: Scalar>(loss: Loss) -> (Perceptron, Risk<T>, Risk<T>) {
    let all = digits();
    let part = |first: usize, count: usize| {
        let inputs = all.inputs()[first * 64..(first + count) * 64].iter().map(|&x| T::of(x)).collect();
        let labels = &all.labels().unwrap()[first..first + count];
        Examples::<T>::labelled(inputs, 64, labels, 10).unwrap()
    };
    let network = Perceptron::new(&[64, 32, 10], Activation::Tanh).unwrap();
    let risk = |examples| Risk::new(&network, loss, examples).unwrap();
    let (train, test) = (risk(part(0, 1000)), risk(part(1000, 500)));
    (network, train, test)
}

/// Adam on mini-batches in a subspace through a point.
fn along<T: Scalar>(risk: &Risk<T>, from: &[T], plane: &impl Adjoint<T>, key: Key, steps: u64) -> Result<Vec<T>> {
    let batches = risk.mini_batches(100, key.split(1))?;
    let cut = Restricted::new(&batches, plane, from)?;
    let start = vec![T::zero(); plane.cols()];
    let end = descend(&cut, &start, &mut Adam::new(0.1)?, steps, |_| ControlFlow::Continue(()))?;
    Ok(cut.lift(&end.theta))
}

fn full<T: Scalar>(risk: &Risk<T>, from: &[T], key: Key, steps: u64) -> Vec<T> {
    let batches = risk.mini_batches(100, key.split(1)).unwrap();
    let end = descend(&batches, from, &mut Adam::new(0.005).unwrap(), steps, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(end.stop, Ended::Steps);
    end.theta
}

/// 90 % of the full accuracy needs a few per cent of the parameters; a search that is held half way ends in the same bits.
#[test]
fn digits_need_few_dimensions() {
    let (network, train, test) = risks::<f32>(Loss::SoftmaxCrossEntropy);
    let start = |key: Key| Initialization::lecun().draw(&network, key.split(0));
    let key = Key::new(0);
    let accuracy = test.accuracy(&full(&train, &start(key.split(0)), key.split(0), 200)).unwrap();
    let criterion = Criterion::share_of(0.9, accuracy).unwrap();
    let training = |dim: usize, key: Key| {
        let plane = Gaussian::new(train.dim(), dim, key.split(2).split(dim as u64))?;
        test.accuracy(&along(&train, &start(key), &plane, key, 100)?)
    };
    let settings = IntrinsicDimension::new(criterion, train.dim(), key).resolution(1.2);
    let mut search = settings.begin().unwrap();
    (0..7).for_each(|_| search.advance(training).unwrap());
    #[cfg(feature = "serde")]
    let mut search: eigenscape::subspace::IntrinsicSearch =
        serde_json::from_str(&serde_json::to_string(&search).unwrap()).unwrap();
    while !search.is_done() {
        search.advance(training).unwrap();
    }
    let report = search.report();
    let interval = report.interval(0.9).unwrap();
    println!("full {accuracy}: {:?} of {}, {interval:?}, {} runs", report.bracket, train.dim(), report.runs);
    assert_eq!(report.stop, Stop::Found);
    let dim = report.dimension().unwrap();
    assert!((20..400).contains(&dim), "{dim} of {} dimensions", train.dim());
    assert!(interval.contains(report.estimate().unwrap()));
    let first = search.runs()[0];
    assert_eq!(Some(training(first.dim, key.split(0)).unwrap()), first.performance, "a run is its dimension and key");
}

/// With a squared error, whose minimum is not flat: the threshold falls with the loss to reach and with the time of training
/// before, in the measured success probability as in the prediction from the Hessian at the minimum; the prediction of Larsen
/// et al., which knows the distance alone, lies above.
#[test]
fn the_hessian_at_the_minimum_predicts_the_threshold() {
    let (network, train, _) = risks::<f64>(Loss::SquaredError);
    let key = Key::new(1);
    let start: Vec<f64> = Initialization::lecun().draw(&network, key.split(0));
    let minimum = full(&train, &start, key, 3000);
    let point = train.at(&minimum).unwrap();
    let hessian = point.hessian();
    let measure = StochasticLanczos::new(Key::new(2)).probes(4).steps(60).run(&hessian).unwrap().mean();
    let dims = [60, 120, 240, 480];
    let mut thresholds = Vec::new();
    for (burn_in, level) in [(0, 0.3), (0, 0.2), (30, 0.2)] {
        let from = full(&train, &start, key, burn_in);
        let offset: Vec<f64> = from.iter().zip(&minimum).map(|(x, y)| x - y).collect();
        let rule = Quadrature::new(&Lanczos::new(60).run(&hessian, &offset).unwrap()).unwrap();
        let well = QuadraticWell::from_measures(&measure, train.dim(), rule.measure(), norm(&offset)).unwrap();
        let excess = level - point.value();
        let (predicted, larsen) = (well.threshold(excess).unwrap(), well.larsen(excess).unwrap().lower);
        let reaches = |dim: usize, key: Key| {
            let plane = Fastfood::new(train.dim(), dim, key.split(2).split(dim as u64))?;
            Ok(train.value(&along(&train, &from, &plane, key, 250)?)? <= level)
        };
        let curve = SuccessProbability::new(&dims, Key::new(3)).trials(5).run(reaches).unwrap();
        let interval = curve.threshold(0.9).unwrap();
        let place = curve.crossing(0.5).unwrap().unwrap();
        println!("{burn_in} {level}: {:?}, {place:.0} {interval:?}; {predicted:?}, {larsen:.0}", curve.fit());
        assert!(
            predicted.dim - 2.0 * predicted.width < place && place < larsen,
            "{place} measured, {predicted:?}, {larsen}"
        );
        thresholds.push([place, predicted.dim]);
    }
    for by in [0, 1] {
        let [easy, hard, later] = [0, 1, 2].map(|row: usize| thresholds[row][by]);
        assert!(easy < hard && later < hard, "{thresholds:?}");
    }
}
