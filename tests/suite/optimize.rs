//! Update rules against formulas by hand, the loop's reports, and mini-batches.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Recorded, Stochastic};
use eigenscape::optimize::{Adam, Descent, GradientDescent, Progress, Rule, Stop, descend};
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};

use crate::oracle::assert_close;
use crate::support::normal;

fn go_on<T>(_: Progress<'_, T>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The formulas of the documentation, coordinate by coordinate in double precision.
fn rules_by_hand<T: Scalar>() {
    let gradients: [[f64; 3]; 4] = [[1.0, -2.0, 0.0], [0.5, 4.0, 0.25], [-3.0, 0.125, 1.0], [0.0, 1.0, 8.0]];
    let start = [1.0, 2.0, -3.0];
    let run = |rule: &mut dyn Rule<T>| {
        let mut theta = start.map(T::of);
        for gradient in gradients {
            rule.update(&mut theta, &gradient.map(T::of));
        }
        theta
    };
    let tolerance = 16.0 * T::EPSILON.f64();

    let mut plain = start;
    let mut heavy = (start, [0.0; 3]);
    for gradient in gradients {
        for i in 0..3 {
            plain[i] -= 0.1 * gradient[i];
            heavy.1[i] = 0.9 * heavy.1[i] + gradient[i];
            heavy.0[i] -= 0.1 * heavy.1[i];
        }
    }
    assert_close("descent", &run(&mut GradientDescent::new(0.1).unwrap()), &plain, tolerance);
    let mut rule = GradientDescent::new(0.1).unwrap().momentum(0.9).unwrap();
    assert_close("momentum", &run(&mut rule), &heavy.0, tolerance);

    for (first, second, epsilon) in [(0.9, 0.999, 1e-8), (0.5, 0.75, 0.125), (0.0, 0.0, 1e-8)] {
        let (mut theta, mut m, mut v) = (start, [0.0; 3], [0.0; 3]);
        for (step, gradient) in gradients.iter().enumerate() {
            let (b1, b2) = (1.0 - f64::powi(first, step as i32 + 1), 1.0 - f64::powi(second, step as i32 + 1));
            for i in 0..3 {
                m[i] = first * m[i] + (1.0 - first) * gradient[i];
                v[i] = second * v[i] + (1.0 - second) * gradient[i] * gradient[i];
                theta[i] -= 0.1 * (m[i] / b1) / ((v[i] / b2).sqrt() + epsilon);
            }
        }
        let mut rule = Adam::new(0.1).unwrap().decay(first, second).unwrap().epsilon(epsilon).unwrap();
        // 1 - b2 is known to EPSILON / (1 - b2) only.
        let tolerance = tolerance / (1.0 - second).sqrt();
        assert_close("adam", &run(&mut rule), &theta, tolerance);
    }
}

/// With the bias corrected, the first step of Adam has the length of the rate, whatever the gradient's size.
fn first_step_of_adam<T: Scalar>() {
    let mut theta = [T::zero(); 3];
    Adam::new(0.5).unwrap().update(&mut theta, &[1e-3, -1.0, 1e5].map(T::of));
    assert_close("first step", &theta, &[-0.5, 0.5, -0.5], 1e-4);
}

#[test]
fn rules_follow_their_formulas() {
    rules_by_hand::<f32>();
    rules_by_hand::<f64>();
    first_step_of_adam::<f32>();
    first_step_of_adam::<f64>();
}

#[test]
fn impossible_settings_are_refused() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = GradientDescent::<f64>::new(rate).unwrap_err().to_string();
        assert!(error.starts_with(&format!("the learning rate is {rate}")), "{error}");
        assert!(Adam::<f64>::new(rate).is_err());
        assert!(Adam::<f64>::new(0.1).unwrap().epsilon(rate).is_err());
    }
    for share in [1.0, -0.1, f64::NAN, 2.0] {
        assert!(GradientDescent::<f64>::new(0.1).unwrap().momentum(share).is_err());
        assert!(Adam::<f64>::new(0.1).unwrap().decay(share, 0.9).is_err());
        assert!(Adam::<f64>::new(0.1).unwrap().decay(0.9, share).is_err());
    }
}

#[test]
fn divergence_returns_the_last_good_point() {
    // x^4 at rate 1 from 2: the iterates explode. Every point up to the last good one is replayed by hand.
    let quartic = Recorded::<f64>::new(1, |x| x.at(0).powi(4)).unwrap();
    let end = descend(&quartic, &[2.0], &mut GradientDescent::new(1.0).unwrap(), 100, go_on).unwrap();
    let mut good = vec![2.0f64];
    loop {
        let x = good[good.len() - 1];
        let next = x - 4.0 * x.powi(3);
        if !next.powi(4).is_finite() || !(4.0 * next.powi(3)).is_finite() {
            break;
        }
        good.push(next);
    }
    let last = good[good.len() - 1];
    assert!((end.theta[0] / last - 1.0).abs() < 1e-10, "{} for {last}", end.theta[0]);
    assert_eq!(end.values.len(), good.len());
    assert!(end.values.iter().all(|value| value.is_finite()));
    assert!(matches!(end.stop, Stop::Diverged(Error::NotFinite { .. })), "{:?}", end.stop);
    assert!(quartic.value(&end.theta).is_ok());

    // The point itself overflows, from a finite gradient.
    let slope = Recorded::<f64>::new(1, |x| x.sum() * 1e300).unwrap();
    let end = descend(&slope, &[0.5], &mut GradientDescent::new(1e300).unwrap(), 5, go_on).unwrap();
    assert_eq!((&end.theta[..], end.values.len()), (&[0.5][..], 1));
    let Stop::Diverged(error) = end.stop else { panic!("must diverge") };
    assert!(error.to_string().contains("parameters after a step"), "{error}");

    // A start at which the function is not finite is its own last good point.
    let log = Recorded::<f64>::new(1, |x| x.sum().ln()).unwrap();
    let end = descend(&log, &[0.0], &mut GradientDescent::new(0.1).unwrap(), 5, go_on).unwrap();
    assert_eq!((&end.theta[..], end.values.len()), (&[0.0][..], 0));
    assert!(matches!(end.stop, Stop::Diverged(_)));
}

#[test]
fn wrong_starts_are_errors() {
    let bowl = Recorded::<f64>::new(2, |x| (x * x).sum()).unwrap();
    let start = |theta: &[f64]| descend(&bowl, theta, &mut GradientDescent::new(0.1).unwrap(), 1, go_on);
    let error = start(&[0.0, f64::NAN]).unwrap_err().to_string();
    assert!(error.starts_with("entry 1 of the start of a descent is NaN"), "{error}");
    assert!(start(&[f64::INFINITY, 0.0]).is_err());
    assert_eq!(start(&[0.0]).unwrap_err().to_string(), "the start of a descent has 1 entries; it must have 2");
}

#[test]
fn no_steps_and_stopped_steps() {
    let bowl = Recorded::<f64>::new(1, |x| (x * x).sum()).unwrap();
    let run = |steps, stop_at: u64| -> (Descent<f64>, Vec<u64>) {
        let mut seen = Vec::new();
        let mut rule = GradientDescent::new(0.25).unwrap();
        let end = descend(&bowl, &[1.0], &mut rule, steps, |progress| {
            assert_eq!((progress.steps, progress.theta), (steps, &[0.5f64.powi(progress.step as i32)][..]));
            seen.push(progress.step);
            if progress.step == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        (end.unwrap(), seen)
    };
    let (end, seen) = run(0, 99);
    assert_eq!((end, seen), (Descent { theta: vec![1.0], values: vec![], gradient_norms: vec![], stop: Stop::Steps }, vec![0]));
    let (end, seen) = run(2, 99);
    assert_eq!((end, seen), (Descent { theta: vec![0.25], values: vec![1.0, 0.25], gradient_norms: vec![2.0, 1.0], stop: Stop::Steps }, vec![0, 1, 2]));
    let (end, seen) = run(9, 1);
    assert_eq!((end, seen), (Descent { theta: vec![0.5], values: vec![1.0], gradient_norms: vec![2.0], stop: Stop::Observer }, vec![0, 1]));
    assert_eq!(run(3, 3).0.stop, Stop::Observer);
    assert!(run(3, 0).0.values.is_empty());
}

/// A risk on 13 examples, and a point.
fn small_risk<T: Scalar>(count: usize) -> (Risk<T>, Vec<T>) {
    let network = Perceptron::new(&[3, 4, 2], Activation::Tanh).unwrap();
    let inputs = normal(count * 3, Key::new(1));
    let labels: Vec<usize> = (0..count).map(|example| example * example % 2).collect();
    let examples = Examples::labelled(inputs, 3, &labels, 2).unwrap();
    let theta = Initialization::glorot().draw(&network, Key::new(2));
    (Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap(), theta)
}

/// The risk z theta of a linear model tells which examples a batch held: example m has input 2^m and target 0, the
/// loss of theta = (0, 1) is 1/2 whatever the input, and the gradient by the weight is the mean of the inputs.
#[test]
fn an_epoch_sees_each_example_once() {
    let network = Perceptron::new(&[1, 1], Activation::Identity).unwrap();
    for (count, batch, steps) in [(13, 4, 4), (12, 4, 3), (5, 5, 1), (7, 1, 7), (1, 1, 1)] {
        let inputs: Vec<f64> = (0..count).map(|m| f64::from(1u32 << m)).collect();
        let examples = Examples::new(inputs, 1, vec![0.0; count], 1).unwrap();
        let risk = Risk::new(&network, Loss::SquaredError, examples).unwrap();
        let batches = risk.mini_batches(batch, Key::new(5)).unwrap();
        assert_eq!((batches.steps_per_epoch(), batches.dim()), (steps, 2));
        let members = |step: u64| {
            let mut gradient = [0.0; 2];
            assert_eq!(batches.sample(step, &[0.0, 1.0], &mut gradient).unwrap(), 0.5);
            let size = batch.min(count - (step % steps) as usize * batch);
            (gradient[0] * size as f64).round() as u32
        };
        let epochs: Vec<Vec<u32>> = (0..3).map(|e| (e * steps..(e + 1) * steps).map(members).collect()).collect();
        for epoch in &epochs {
            assert_eq!(epoch.iter().sum::<u32>(), (1 << count) - 1, "{count} by {batch}");
            assert_eq!(epoch.iter().map(|batch| batch.count_ones()).sum::<u32>(), count as u32, "each once");
        }
        if count == 13 {
            assert_ne!(epochs[0], epochs[1], "a new order for each epoch");
            // The batch of a step is the same whatever was asked before.
            let mut order: Vec<u64> = (0..3 * steps).rev().collect();
            order.extend([5, 0, 11, 5]);
            order
                .iter()
                .for_each(|&step| assert_eq!(members(step), epochs[(step / steps) as usize][(step % steps) as usize]));
        }
    }
}

fn batches_add_up<T: Scalar>() {
    let (risk, theta) = small_risk::<T>(12);
    let mut full = vec![T::zero(); theta.len()];
    let value = risk.value_and_gradient(&theta, &mut full).unwrap();
    let full: Vec<f64> = full.iter().map(|x| x.f64()).collect();
    for batch in [1, 3, 4, 12] {
        let batches = risk.mini_batches(batch, Key::new(7)).unwrap();
        let steps = batches.steps_per_epoch();
        let (mut mean, mut mean_value) = (vec![0.0; theta.len()], 0.0);
        for step in 0..steps {
            let mut gradient = vec![T::nan(); theta.len()];
            mean_value += batches.sample(step, &theta, &mut gradient).unwrap() / steps as f64;
            mean.iter_mut().zip(&gradient).for_each(|(mean, g)| *mean += g.f64() / steps as f64);
        }
        let tolerance = 64.0 * T::EPSILON.f64();
        assert_close(&format!("mean gradient of batches of {batch}"), &mean, &full, tolerance);
        assert!((mean_value - value).abs() <= tolerance * value);
    }
}

#[test]
fn batches_of_an_epoch_add_up() {
    batches_add_up::<f32>();
    batches_add_up::<f64>();
}

#[test]
fn impossible_batches_are_refused() {
    let (risk, _) = small_risk::<f64>(13);
    let refused = |batch| risk.mini_batches(batch, Key::new(0)).unwrap_err().to_string();
    assert_eq!(refused(0), "the size of a mini-batch is 0; it must be at least 1");
    for batch in [14, 1 << 40, usize::MAX] {
        let expected = format!("the size of a mini-batch is {batch}; it must be at most 13, the number of examples");
        assert_eq!(refused(batch), expected);
    }
}

#[test]
fn mini_batches_train() {
    let (risk, theta) = small_risk::<f64>(13);
    let batches = risk.mini_batches(4, Key::new(0)).unwrap();
    let end = descend(&batches, &theta, &mut Adam::new(0.05).unwrap(), 400, go_on).unwrap();
    assert_eq!(end.stop, Stop::Steps);
    let (before, after) = (risk.value(&theta).unwrap(), risk.value(&end.theta).unwrap());
    assert!(after < 0.5 * before, "{before} to {after}");
}
