//! Update rules against formulas by hand, the loop's reports, and mini-batches.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Recorded, Stochastic};
use eigenscape::optimize::{
    Adam, Descent, DescentRun, GradientDescent, Progress, RateFactor, Rated, Rule, Schedule, Scheduled, SharpnessAware,
    Stop, Stopping, descend,
};
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};

use crate::oracle::assert_close;
use crate::support::{norm, normal};

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
    for decay in [-0.1, f64::NAN, f64::INFINITY] {
        assert!(Adam::<f64>::new(0.1).unwrap().weight_decay(decay).is_err());
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
    assert_eq!(
        (end, seen),
        (Descent { theta: vec![1.0], values: vec![], gradient_norms: vec![], stop: Stop::Steps }, vec![0])
    );
    let (end, seen) = run(2, 99);
    assert_eq!(
        (end, seen),
        (
            Descent { theta: vec![0.25], values: vec![1.0, 0.25], gradient_norms: vec![2.0, 1.0], stop: Stop::Steps },
            vec![0, 1, 2]
        )
    );
    let (end, seen) = run(9, 1);
    assert_eq!(
        (end, seen),
        (Descent { theta: vec![0.5], values: vec![1.0], gradient_norms: vec![2.0], stop: Stop::Observer }, vec![0, 1])
    );
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
    for batch in [14, usize::MAX >> 1, usize::MAX] {
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

/// Nesterov's momentum in the form of the libraries, and in the form of the papers: the same sequence, seen ahead.
fn nesterov_by_hand<T: Scalar>() {
    // The gradient of (x^2 + 4 y^2) / 2.
    let gradient = |x: [f64; 2]| [x[0], 4.0 * x[1]];
    let (rate, momentum, start) = (0.1, 0.75, [1.0, -2.0]);
    let (mut theta, mut v) = (start, [0.0; 2]);
    let (mut x, mut w) = (start, [0.0f64; 2]);
    let mut rule = GradientDescent::new(rate).unwrap().momentum(momentum).unwrap().nesterov();
    let mut ours = start.map(T::of);
    for step in 0..8 {
        let g = gradient(theta);
        let ahead = gradient([0, 1].map(|i| x[i] + momentum * w[i]));
        for i in 0..2 {
            v[i] = momentum * v[i] + g[i];
            theta[i] -= rate * (g[i] + momentum * v[i]);
            w[i] = momentum * w[i] - rate * ahead[i];
            x[i] += w[i];
        }
        let g = gradient(ours.map(|x| x.f64())).map(T::of);
        rule.update(&mut ours, &g);
        assert_close(&format!("step {step}"), &ours, &theta, 32.0 * T::EPSILON.f64());
        let ahead = [0, 1].map(|i| x[i] + momentum * w[i]);
        assert_close(&format!("step {step}, ahead"), &ours, &ahead, 64.0 * T::EPSILON.f64());
    }
    // Without momentum it is plain descent.
    let mut theta = [T::one()];
    GradientDescent::new(0.5).unwrap().nesterov().update(&mut theta, &[T::one()]);
    assert_eq!(theta, [T::of(0.5)]);
}

/// AdamW: the decay is taken from theta as it was, and does not meet the moments.
fn weight_decay_by_hand<T: Scalar>() {
    let gradients = [[1.0, -2.0], [0.5, 4.0], [-3.0, 0.125]];
    let (mut theta, mut m, mut v) = ([2.0, -3.0], [0.0; 2], [0.0; 2]);
    let mut ours = theta.map(T::of);
    let mut rule = Adam::new(0.1).unwrap().weight_decay(0.3).unwrap();
    for (step, g) in (1..).zip(gradients) {
        for i in 0..2 {
            m[i] = 0.9 * m[i] + 0.1 * g[i];
            v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
            let (first, second) = (m[i] / (1.0 - 0.9f64.powi(step)), v[i] / (1.0 - 0.999f64.powi(step)));
            theta[i] = theta[i] - 0.1 * 0.3 * theta[i] - 0.1 * first / (second.sqrt() + 1e-8);
        }
        rule.update(&mut ours, &g.map(T::of));
        assert_close("adamw", &ours, &theta, 600.0 * T::EPSILON.f64());
    }
    // Without a gradient only the decay is left: (1 - rate w)^steps.
    let mut rule = Adam::new(0.5).unwrap().weight_decay(0.5).unwrap();
    let mut theta = [T::of(16.0)];
    (0..2).for_each(|_| rule.update(&mut theta, &[T::zero()]));
    assert_eq!(theta, [T::of(9.0)]);
}

#[test]
fn nesterov_and_weight_decay_follow_their_formulas() {
    nesterov_by_hand::<f32>();
    nesterov_by_hand::<f64>();
    weight_decay_by_hand::<f32>();
    weight_decay_by_hand::<f64>();
}

#[test]
fn schedules_follow_their_formulas() {
    let factors = |schedule: Schedule, steps: &[u64]| steps.iter().map(|&t| schedule.factor(t)).collect::<Vec<f64>>();
    assert_eq!(factors(Schedule::constant(), &[0, 7, u64::MAX]), [1.0; 3]);
    let stairs = Schedule::stairs(3, 0.5).unwrap();
    assert_eq!(factors(stairs, &[0, 2, 3, 5, 6, 9]), [1.0, 1.0, 0.5, 0.5, 0.25, 0.125]);
    let cosine = Schedule::cosine(6).unwrap();
    // cos of 0, 60, 90, 120 and 180 degrees
    let expected = [1.0, 0.75, 0.5, 0.25, 0.0, 0.0];
    assert_close("cosine", &factors(cosine, &[0, 2, 3, 4, 6, 99]), &expected, 1e-15);
    assert_eq!(factors(Schedule::inverse(4.0).unwrap(), &[0, 4, 12]), [1.0, 0.5, 0.25]);
    let warm = stairs.warm_up(2);
    assert_eq!(factors(warm, &[0, 1, 2, 4, 5, 8]), [0.5, 1.0, 1.0, 1.0, 0.5, 0.25]);
    assert_eq!(factors(Schedule::constant().warm_up(0), &[0]), [1.0]);

    // A scheduled rule is the rule at rates set by hand; the rate of the rule stays what it was.
    let mut scheduled = Scheduled::new(GradientDescent::new(0.5).unwrap().momentum(0.5).unwrap(), stairs);
    let mut by_hand = GradientDescent::new(0.5).unwrap().momentum(0.5).unwrap();
    let (mut theta, mut expected) = ([1.0f64], [1.0f64]);
    for step in 0..8 {
        scheduled.update(&mut theta, &[0.25]);
        by_hand.set_rate(0.5 * stairs.factor(step));
        by_hand.update(&mut expected, &[0.25]);
        assert_eq!((theta, scheduled.rule()), (expected, &by_hand));
    }
    let refused =
        [Schedule::stairs(0, 0.5), Schedule::cosine(0), Schedule::inverse(0.0), Schedule::stairs(1, f64::NAN)];
    assert!(refused.iter().all(Result::is_err));
}

#[test]
fn sharpness_aware_gradients_are_taken_uphill() {
    // L = (x^2 + 4 y^2) / 2 at (3, 1): g = (3, 4), |g| = 5.
    let bowl = Recorded::<f64>::new(2, |x| (x.at(0).powi(2) + x.at(1).powi(2) * 4.0) * 0.5).unwrap();
    let aware = SharpnessAware::new(&bowl, 0.5).unwrap();
    let mut gradient = [f64::NAN; 2];
    let value = aware.sample(0, &[3.0, 1.0], &mut gradient).unwrap();
    let (x, y) = (3.0 + 0.5 * 0.6, 1.0 + 0.5 * 0.8);
    assert!((value - 0.5 * (x * x + 4.0 * y * y)).abs() < 1e-14);
    assert_close("gradient", &gradient, &[x, 4.0 * y], 1e-15);
    // At a minimum theta is its own neighbour, and a radius of 0 changes nothing.
    assert_eq!((aware.sample(0, &[0.0; 2], &mut gradient).unwrap(), gradient), (0.0, [0.0; 2]));
    let none = SharpnessAware::new(&bowl, 0.0).unwrap();
    assert_eq!((none.sample(0, &[3.0, 1.0], &mut gradient).unwrap(), gradient), (6.5, [3.0, 4.0]));
    // A gradient so small that its inverse is beyond the range of numbers has a direction, too.
    let value = aware.sample(0, &[1e-310, 0.0], &mut gradient).unwrap();
    assert!((value - 0.125).abs() < 1e-6 && (gradient[0] - 0.5).abs() < 1e-6, "{value} {gradient:?}");
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(SharpnessAware::new(&bowl, bad).is_err());
    }

    // Both gradients of a step are those of its batch.
    let (risk, theta) = small_risk::<f64>(13);
    let batches = risk.mini_batches(4, Key::new(3)).unwrap();
    let aware = SharpnessAware::new(&batches, 0.1).unwrap();
    for step in [0, 3, 5] {
        let mut plain = vec![0.0; theta.len()];
        batches.sample(step, &theta, &mut plain).unwrap();
        let size = norm(&plain);
        let uphill: Vec<f64> = theta.iter().zip(&plain).map(|(x, g)| x + 0.1 * g / size).collect();
        let expected_value = batches.sample(step, &uphill, &mut plain).unwrap();
        let mut gradient = vec![0.0; theta.len()];
        let value = aware.sample(step, &theta, &mut gradient).unwrap();
        assert!((value - expected_value).abs() < 1e-14);
        assert_close("gradient of a batch", &gradient, &plain, 1e-12);
    }
    let end = descend(&aware, &theta, &mut Adam::new(0.05).unwrap(), 400, go_on).unwrap();
    assert!(risk.value(&end.theta).unwrap() < 0.7 * risk.value(&theta).unwrap());
}

#[test]
fn criteria_stop_descents_where_they_are_met() {
    // theta halves in each step: values 4^-t, gradients of norm 2^(1 - t).
    let bowl = Recorded::<f64>::new(1, |x| (x * x).sum()).unwrap();
    let run = |stopping: Stopping| {
        let rule = GradientDescent::new(0.25).unwrap();
        DescentRun::new(&[1.0], rule, stopping).unwrap().observe(&bowl, go_on).unwrap()
    };
    let steps = Stopping::steps(50);
    let end = run(steps.gradient_below(0.25).unwrap());
    assert_eq!((end.stop, &end.theta[..], end.values.len()), (Stop::Gradient, &[0.125][..], 4));
    assert_eq!((end.values[3], end.gradient_norms), (1.0 / 64.0, vec![2.0, 1.0, 0.5, 0.25]));
    let end = run(steps.value_below(0.25).unwrap());
    assert_eq!((end.stop, &end.theta[..], end.values), (Stop::Value, &[0.5][..], vec![1.0, 0.25]));
    // Means over two values fall by 15/16: only a change as large as that is small enough.
    let end = run(steps.change_below(15.0 / 16.0, 2).unwrap());
    assert_eq!((end.stop, end.values.len()), (Stop::Change, 4));
    assert_eq!(run(steps.change_below(0.93, 2).unwrap()).stop, Stop::Steps);
    assert_eq!(run(steps.change_below(0.0, usize::MAX).unwrap()).stop, Stop::Steps);
    let end = run(Stopping::steps(3).gradient_below(0.25).unwrap());
    assert_eq!((end.stop, end.values.len()), (Stop::Steps, 3));
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(steps.gradient_below(bad).is_err() && steps.change_below(bad, 1).is_err());
    }
    assert!(steps.change_below(0.1, 0).is_err() && steps.value_below(f64::NAN).is_err());
    assert_eq!(steps.limit(), 50);
}

#[test]
fn rules_refuse_other_numbers_of_parameters() {
    let mut rule = Adam::<f64>::new(0.1).unwrap();
    rule.update(&mut [1.0; 3], &[1.0; 3]);
    let error = DescentRun::new(&[1.0; 2], &mut rule, Stopping::steps(1)).unwrap_err().to_string();
    assert_eq!(error, "the first moment of Adam has 3 entries; it must have 2");
    let mut heavy =
        Scheduled::new(GradientDescent::<f64>::new(0.1).unwrap().momentum(0.5).unwrap(), Schedule::constant());
    assert!(DescentRun::new(&[1.0; 2], &mut heavy, Stopping::steps(1)).is_ok());
    heavy.update(&mut [1.0; 3], &[1.0; 3]);
    assert!(DescentRun::new(&[1.0; 2], &mut heavy, Stopping::steps(1)).is_err());
    let bowl = Recorded::<f64>::new(2, |x| (x * x).sum()).unwrap();
    let mut run = DescentRun::new(&[1.0; 3], GradientDescent::new(0.1).unwrap(), Stopping::steps(1)).unwrap();
    assert!(run.advance(&bowl).is_err());
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Cut after each step of a descent on mini-batches, put through `pass`, and resumed: the same bits.
fn resumes<R: Rule<f64> + Clone>(rule: R, pass: impl Fn(DescentRun<f64, R>) -> DescentRun<f64, R>) {
    let (risk, theta) = small_risk::<f64>(13);
    let batches = risk.mini_batches(4, Key::new(9)).unwrap();
    let begin = || DescentRun::new(&theta, rule.clone(), Stopping::steps(23)).unwrap();
    let whole = begin().observe(&batches, go_on).unwrap();
    let by_descend = descend(&batches, &theta, &mut rule.clone(), 23, go_on).unwrap();
    assert_eq!(whole, by_descend);
    let mut run = pass(begin());
    while run.advance(&batches).unwrap() {
        run = pass(run);
    }
    assert_eq!(run.step(), 23);
    let end = pass(run).finish();
    assert_eq!(bits(&end.theta), bits(&whole.theta));
    assert_eq!(bits(&end.values), bits(&whole.values));
    assert_eq!(bits(&end.gradient_norms), bits(&whole.gradient_norms));
    assert_eq!(end.stop, Stop::Steps);
}

#[test]
fn descents_resume_to_the_same_bits() {
    let heavy = GradientDescent::new(0.1).unwrap().momentum(0.9).unwrap().nesterov();
    let adam = Adam::new(0.05).unwrap().weight_decay(0.1).unwrap();
    // To a rate of 0 before the end.
    let schedule = Schedule::cosine(15).unwrap().warm_up(3);
    resumes(heavy.clone(), |run| run.clone());
    resumes(Scheduled::new(adam.clone(), |step| 1.0 / (1.0 + step as f64)), |run| run.clone());
    #[cfg(feature = "serde")]
    {
        fn pass<R>(run: DescentRun<f64, R>) -> DescentRun<f64, R>
        where
            DescentRun<f64, R>: serde::Serialize + serde::de::DeserializeOwned,
        {
            serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap()
        }
        resumes(GradientDescent::new(0.1).unwrap(), pass);
        resumes(heavy.clone(), pass);
        resumes(adam.clone(), pass);
        resumes(Scheduled::new(heavy, schedule), pass);
        resumes(Scheduled::new(adam, schedule), pass);
    }
}

#[cfg(feature = "serde")]
#[test]
fn divergence_is_saved_and_damage_refused() {
    use serde_json::{Value, json};
    type Run = DescentRun<f64, Adam<f64>>;
    let quartic = Recorded::<f64>::new(1, |x| x.at(0).powi(4)).unwrap();
    let rule = GradientDescent::new(1.0).unwrap();
    let mut run = DescentRun::new(&[2.0], rule, Stopping::steps(100)).unwrap();
    while run.advance(&quartic).unwrap() {}
    let read: DescentRun<f64, GradientDescent<f64>> =
        serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
    let (end, again) = (run.finish(), read.finish());
    assert!(matches!(&end.stop, Stop::Diverged(_)) && matches!(&again.stop, Stop::Diverged(_)));
    assert_eq!((end.theta, end.values), (again.theta, again.values));

    let bowl = Recorded::<f64>::new(2, |x| (x * x).sum()).unwrap();
    let mut run: Run = DescentRun::new(&[1.0; 2], Adam::new(0.1).unwrap(), Stopping::steps(10)).unwrap();
    (0..4).for_each(|_| assert!(run.advance(&bowl).unwrap()));
    let saved = serde_json::to_value(&run).unwrap();
    assert!(serde_json::from_value::<Run>(saved.clone()).is_ok());
    for (path, value) in [
        ("/theta", json!([1.0])),
        ("/theta/0", json!(null)),
        ("/previous", json!([])),
        ("/step", json!(5)),
        ("/step", json!(99)),
        ("/values", json!([1.0])),
        ("/gradient_norms", json!([1.0])),
        ("/stopping/steps", json!(4)),
        ("/stopping/change", json!([0.5, 0])),
        ("/rule/rate", json!(-1.0)),
        ("/rule/decay", json!([1.0, 0.9])),
        ("/rule/epsilon", json!(0.0)),
        ("/rule/weight_decay", json!(-0.1)),
        ("/rule/step", json!(-1)),
        ("/rule/first", json!([1.0])),
        ("/rule/second", json!([1.0, -1.0])),
    ] {
        let mut damaged: Value = saved.clone();
        *damaged.pointer_mut(path).unwrap_or_else(|| panic!("{path} is there")) = value;
        assert!(serde_json::from_value::<Run>(damaged).is_err(), "{path}");
    }
    let damaged = json!({"rate": 0.1, "momentum": 1.5, "nesterov": false, "velocity": []});
    assert!(serde_json::from_value::<GradientDescent<f64>>(damaged).is_err());
    let damaged = json!({"shape": {"Cosine": {"steps": 0}}, "warm_up": 3});
    assert!(serde_json::from_value::<Schedule>(damaged).is_err());
}
