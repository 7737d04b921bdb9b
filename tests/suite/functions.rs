//! Functions of matrices: f(A) b against dense eigenvectors, and all of it on the Hessian of a network.

use std::ops::ControlFlow;

use eigenscape::krylov::{MatrixFunction, Stop};
use eigenscape::operator::{AssumeSymmetric, Closure, Counted, Dense, Diagonal};
use eigenscape::random::Key;
use eigenscape::spectrum::{StochasticLanczos, Sylvester};
use eigenscape::{Error, Scalar};

use crate::oracle::symmetric_eigenvalues;
use crate::support::{norm, normal, with_threads};

/// Q diag(values) Q' with a random orthogonal Q by another library, symmetric to the last bit, rounded to `T`.
pub fn rotated<T: Scalar>(values: &[f64], key: Key) -> AssumeSymmetric<Dense<T>> {
    let dim = values.len();
    let entries: Vec<f64> = normal(dim * dim, key);
    let q = faer::Mat::from_fn(dim, dim, |i, j| entries[i * dim + j]).qr().compute_Q();
    let scaled = faer::Mat::from_fn(dim, dim, |i, j| q[(i, j)] * values[j]);
    let product = &scaled * q.transpose();
    let symmetric = |e: usize| (product[(e / dim, e % dim)] + product[(e % dim, e / dim)]) / 2.0;
    AssumeSymmetric::new(Dense::new((0..dim * dim).map(|e| T::of(symmetric(e))).collect(), dim, dim).unwrap())
}

/// f(A) b in double precision, by the eigenvectors of another library and their Rayleigh quotients: its eigenvalues err by
/// up to 40 rounding errors of the norm.
fn oracle<T: Scalar>(operator: &AssumeSymmetric<Dense<T>>, f: impl Fn(f64) -> f64, b: &[T]) -> Vec<f64> {
    let dim = b.len();
    let dense = eigenscape::operator::to_dense(operator);
    let matrix = faer::Mat::from_fn(dim, dim, |i, j| dense.entries()[i * dim + j].f64());
    let eigen = matrix.self_adjoint_eigen(faer::Side::Lower).unwrap();
    let b = faer::Mat::from_fn(dim, 1, |i, _| b[i].f64());
    let mut along = eigen.U().transpose() * b;
    let products = &matrix * eigen.U();
    let value = |j: usize| (0..dim).map(|i| eigen.U()[(i, j)] * products[(i, j)]).sum::<f64>();
    (0..dim).for_each(|j| along[(j, 0)] *= f(value(j)));
    let result = eigen.U() * along;
    (0..dim).map(|i| result[(i, 0)]).collect()
}

/// Spectra of 200 eigenvalues with a gap around 1: functions are asked for where they are smooth, and the sign across it.
fn spectra() -> Vec<(&'static str, Vec<f64>)> {
    let power = |i: usize, from: f64, to: f64| from * (to / from).powf(i as f64 / 199.0);
    vec![
        ("even", (0..200).map(|i| if i < 100 { 0.1 + 0.007 * i as f64 } else { 1.2 + 0.03 * i as f64 }).collect()),
        ("decaying", (0..200).map(|i| power(i, 1e-2, 20.0)).collect()),
        ("ill-conditioned", (0..200).map(|i| power(i, 1e-3, 5.0)).collect()),
        ("two values", (0..200).map(|i| if i < 30 { 4.0 } else { 0.25 }).collect()),
        (
            "bulk and outliers",
            (0..200).map(|i| if i < 5 { 10.0 + 3.0 * i as f64 } else { 0.5 + 0.3 * (i as f64).sin() }).collect(),
        ),
        ("identity", vec![1.5; 200]),
    ]
}

type Named = (&'static str, fn(f64) -> f64);

const FUNCTIONS: [Named; 6] = [
    ("exp(-x)", |x| (-x).exp()),
    ("exp(x)", f64::exp),
    ("root", f64::sqrt),
    ("inverse", |x| 1.0 / x),
    ("sign", |x| (x - 1.0).signum()),
    ("logarithm", f64::ln),
];

/// The true error is within the estimate at every depth, and the runs converge.
fn errors_are_within_their_estimates<T: Scalar>() {
    let mut ratios: Vec<f64> = Vec::new();
    let mut worst = (0.0, String::new());
    let mut finite = 0;
    let mut rounded = 0.0;
    for (case, (name, values)) in spectra().into_iter().enumerate() {
        let key = Key::new(case as u64);
        let operator = Counted::new(rotated::<T>(&values, key.split(0)));
        let b: Vec<T> = normal(200, key.split(1));
        for (function, f) in FUNCTIONS {
            let exact = oracle(&rotated::<T>(&values, key.split(0)), f, &b);
            let error = |vector: &[T]| {
                let off: Vec<f64> = vector.iter().zip(&exact).map(|(x, y)| x.f64() - y).collect();
                norm(&off)
            };
            let what = format!("{} {function} of {name}", T::NAME);
            for steps in [1, 2, 5, 9, 13, 17, 20, 27, 35, 50, 70, 100, 140, 200] {
                let settings = MatrixFunction::new().relative_tolerance(32.0 * T::EPSILON.f64()).steps(steps);
                let result = settings.run(&operator, f, &b).unwrap();
                let true_error = error(&result.vector);
                let ratio = true_error / result.error_estimate;
                if result.report.stop == Stop::Rounding {
                    rounded = f64::max(rounded, ratio);
                }
                if ratio > worst.0 {
                    worst =
                        (ratio, format!("{what}, {steps} steps: {true_error:e}, estimate {:e}", result.error_estimate));
                }
                finite += usize::from(result.error_estimate.is_finite());
                assert!(result.steps <= steps && result.orthogonality < 100.0 * T::EPSILON.f64());
            }
            let before = operator.matvecs();
            let result = MatrixFunction::new().run(&operator, f, &b).unwrap();
            let goal = T::EPSILON.f64().sqrt() * norm(&exact);
            assert!(result.report.converged || result.report.stop == Stop::Rounding, "{what}: {:?}", result.report);
            assert_eq!(result.report.matvecs, operator.matvecs() - before);
            if result.report.converged {
                assert!(error(&result.vector) <= goal * 1.01, "{what}: {:e} above {goal:e}", error(&result.vector));
                ratios.push(result.error_estimate / error(&result.vector));
            } else {
                println!("{what}: rounding, estimate {:e}, goal {goal:e}", result.error_estimate);
            }
        }
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{}: {} of the runs converged, median estimate / error {:.1}, {finite} finite; worst where rounding ends the run {rounded:.2}, of all {worst:?}",
        T::NAME,
        ratios.len(),
        ratios[ratios.len() / 2]
    );
    assert!(worst.0 <= 1.0, "{worst:?}");
}

#[test]
fn errors_are_within_their_estimates_in_double_precision() {
    errors_are_within_their_estimates::<f64>();
}

#[test]
fn errors_are_within_their_estimates_in_single_precision() {
    errors_are_within_their_estimates::<f32>();
}

fn edges_of_functions<T: Scalar>() {
    let settings = MatrixFunction::new();
    let diagonal = |entries: &[f64]| Diagonal::new(entries.iter().map(|&x| T::of(x)).collect());
    // One dimension, the zero matrix, an eigenvector, the zero vector.
    let one = settings.run(&diagonal(&[3.0]), f64::exp, &[T::of(2.0)]).unwrap();
    assert!((one.vector[0].f64() - 2.0 * 3f64.exp()).abs() <= one.error_estimate && one.report.converged);
    let zero = settings.run(&diagonal(&[0.0; 9]), |x| x + 5.0, &[T::one(); 9]).unwrap();
    assert!(zero.vector.iter().all(|x| (x.f64() - 5.0).abs() < 1e-5) && zero.report.matvecs == 1);
    let mut unit = [T::zero(); 9];
    unit[4] = T::of(-2.0);
    let values: Vec<f64> = (1..10).map(f64::from).collect();
    let along = settings.run(&diagonal(&values), f64::ln, &unit).unwrap();
    assert!((along.vector[4].f64() + 2.0 * 5f64.ln()).abs() < 1e-5 && along.steps == 1 && along.report.converged);
    let none = settings.run(&diagonal(&values), |_| f64::NAN, &[T::zero(); 9]).unwrap();
    assert_eq!((none.vector, none.error_estimate, none.report.matvecs), (vec![T::zero(); 9], 0.0, 0));
    // Depth = n.
    let whole = settings
        .relative_tolerance(32.0 * T::EPSILON.f64())
        .run(&diagonal(&values), f64::sqrt, &[T::one(); 9])
        .unwrap();
    assert!(whole.vector.iter().zip(&values).all(|(x, y)| (x.f64() - y.sqrt()).abs() < 1e2 * T::EPSILON.f64()));
    assert!(whole.steps <= 9 && whole.error_estimate < 1e3 * T::EPSILON.f64());
    // A polynomial of degree below the depth is exact: nothing changes any more.
    let many: Vec<f64> = (0..300).map(|i| (f64::from(i)).sin()).collect();
    let b: Vec<T> = normal(300, Key::new(0));
    let cubic = settings.run(&diagonal(&many), |x| 1.0 + x * x * x, &b).unwrap();
    assert!(cubic.report.converged && cubic.report.matvecs <= 12, "{:?}", cubic.report);
    // Budget, observer, rounding.
    let short = settings.steps(3).run(&diagonal(&many), f64::exp, &b).unwrap();
    assert_eq!((short.report.stop, short.report.matvecs, short.error_estimate), (Stop::Budget, 3, f64::INFINITY));
    let stop_at = |progress: eigenscape::krylov::Progress| {
        assert!(progress.total == 300 && progress.matvecs == progress.done as u64);
        if progress.done == 9 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = settings.relative_tolerance(32.0 * T::EPSILON.f64()).observe(
        &diagonal(&many),
        |x| 1.0 / (x + 1.1),
        &b,
        stop_at,
    );
    let stopped = stopped.unwrap();
    assert_eq!((stopped.report.stop, stopped.steps, stopped.vector.len()), (Stop::Observer, 9, 300));
    let hopeless =
        settings.relative_tolerance(32.0 * T::EPSILON.f64()).run(&diagonal(&many), |x| (1e3 * x).sin(), &b).unwrap();
    assert!(matches!(hopeless.report.stop, Stop::Rounding | Stop::Budget), "{:?}", hopeless.report);
    // Products that are not finite.
    let broken = |number: u64| {
        let count = std::sync::atomic::AtomicU64::new(0);
        let values = many.clone();
        AssumeSymmetric::new(Closure::new(300, 300, move |x: &[T], y: &mut [T]| {
            let last = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1 == number;
            y.iter_mut().zip(x).zip(&values).for_each(|((y, &x), &v)| *y = T::of(v) * x);
            y[7] = if last { T::nan() } else { y[7] };
        }))
    };
    assert!(matches!(settings.run(&broken(1), f64::exp, &b), Err(Error::Product { number: 1, index: 7, .. })));
    for number in 2..10 {
        let part = settings.run(&broken(number), f64::exp, &b).unwrap();
        assert_eq!((part.report.stop, part.report.matvecs), (Stop::NotFinite, number));
        let whole = settings.steps(number as usize - 1).run(&diagonal(&many), f64::exp, &b).unwrap();
        assert_eq!((part.vector, part.steps), (whole.vector, number as usize - 1));
    }
    // Ill-posed.
    assert!(matches!(settings.run(&diagonal(&many), f64::ln, &b), Err(Error::NotFinite { .. })));
    assert!(matches!(settings.run(&diagonal(&many), f64::exp, &b[1..]), Err(Error::Length { .. })));
    assert!(matches!(settings.steps(0).run(&diagonal(&many), f64::exp, &b), Err(Error::OutOfRange { .. })));
    assert!(matches!(
        settings.relative_tolerance(1e-20).run(&diagonal(&many), f64::exp, &b),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        settings.absolute_tolerance(-1.0).run(&diagonal(&many), f64::exp, &b),
        Err(Error::OutOfRange { .. })
    ));
    let nan = vec![T::nan(); 300];
    assert!(matches!(settings.run(&diagonal(&many), f64::exp, &nan), Err(Error::NotFinite { .. })));
    let huge = settings.run(&diagonal(&[1.0, 2.0]), |_| 1e300, &[T::of(1e30); 2]);
    assert!(matches!(huge, Err(Error::NotFinite { .. })) || size_of::<T>() == 8 && huge.is_err(), "{huge:?}");
    // The same bits.
    let run = || settings.run(&diagonal(&many), f64::exp, &b).unwrap();
    assert!(with_threads(1, run) == with_threads(2, run));
}

#[test]
fn edges_of_functions_have_answers() {
    edges_of_functions::<f32>();
    edges_of_functions::<f64>();
}

/// A damped Hessian of a network on real digits: everything at once, against its dense eigenvalues.
#[test]
fn the_hessian_of_a_network_is_counted_and_summed() {
    use eigenscape::curvature::{Loss, Risk};
    use eigenscape::krylov::{ConjugateGradients, LeastSquares};
    use eigenscape::network::{Activation, Initialization, Perceptron};
    use eigenscape::objective::{Objective, Point};
    use eigenscape::operator::{LinearOperator, Shifted, to_dense};

    let network = Perceptron::new(&[64, 6, 10], Activation::Tanh).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, crate::digits::digits()).unwrap();
    let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(0));
    let point = risk.at(&theta).unwrap();
    let hessian = point.hessian();
    let dim = hessian.rows();
    let eigenvalues = symmetric_eigenvalues(to_dense(&hessian).entries(), dim);
    let (lowest, highest) = (eigenvalues[0], eigenvalues[dim - 1]);

    // The index, exactly and by quadrature. Pixels that are always blank make exact zeros.
    let exact = Sylvester::new().run(&hessian).unwrap();
    let below = |x: f64| eigenvalues.iter().filter(|&&value| value < x).count();
    assert_eq!(exact.negative, below(-exact.threshold), "{exact:?}");
    assert_eq!(dim - exact.positive, below(exact.threshold));
    assert!(exact.zero >= 18, "{exact:?}");
    let measure = StochasticLanczos::new(Key::new(1)).probes(20).steps(100).run(&hessian).unwrap();
    let threshold = 1e-3 * highest;
    let index = measure.index(threshold).unwrap();
    let negative = index.negative.interval(0.95).unwrap();
    println!(
        "{dim} parameters: index {exact:?}; beyond {threshold:.1e}: {} in {negative:?}, depth {:?}",
        below(-threshold),
        index.negative.depth
    );
    assert!(negative.contains(below(-threshold) as f64));
    assert!(negative.upper - negative.lower < 0.25 * dim as f64);
    assert!(index.positive.interval(0.95).unwrap().contains((dim - below(threshold)) as f64));

    // The determinant and the condition number of the damped Hessian.
    let damping = -2.0 * lowest;
    let logarithm: f64 = eigenvalues.iter().map(|x| (x + damping).ln()).sum();
    let interval = measure.log_determinant_interval(damping, 1.5 * lowest, 0.95).unwrap();
    println!("ln det {logarithm:.3} in {interval:?}");
    assert!(interval.contains(logarithm) && interval.upper - interval.lower < 0.05 * logarithm.abs());
    let damped = Shifted::new(&hessian, damping).unwrap();
    let extremes =
        StochasticLanczos::new(Key::new(2)).probes(5).steps(100).run(&damped).unwrap().extremes(0.95).unwrap();
    let condition = (highest + damping) / (lowest + damping);
    assert!(extremes.condition_number().unwrap().contains(condition), "{condition} not in {extremes:?}");
    let nuclear: f64 = eigenvalues.iter().map(|x| x.abs()).sum();
    assert!(measure.nuclear_norm().unwrap().interval(0.99).unwrap().contains(nuclear));

    // A damped Newton step three ways: conjugate gradients, 1/x of the matrix, and gradient flow that ends there.
    let mut gradient = vec![0.0; dim];
    risk.value_and_gradient(&theta, &mut gradient).unwrap();
    let step = ConjugateGradients::new().relative_tolerance(1e-10).run(&damped, &gradient).unwrap();
    step.report.require().unwrap();
    let inverse = MatrixFunction::new().relative_tolerance(1e-9).run(&damped, |x| 1.0 / x, &gradient).unwrap();
    inverse.report.require().unwrap();
    let off: Vec<f64> = step.x.iter().zip(&inverse.vector).map(|(x, y)| x - y).collect();
    assert!(norm(&off) <= inverse.error_estimate + 1e-7 * norm(&step.x), "{:e}", norm(&off));
    let flow = MatrixFunction::new().run(&damped, |x| -(-30.0 / damping * x).exp_m1() / x, &gradient).unwrap();
    let off: Vec<f64> = step.x.iter().zip(&flow.vector).map(|(x, y)| x - y).collect();
    assert!(flow.report.converged && norm(&off) <= 1e-5 * norm(&step.x), "{:e} {:?}", norm(&off), flow.report);

    // Least squares with the Jacobian: the change of parameters that changes the logits in a given way.
    let jacobian = point.jacobian();
    let wanted: Vec<f64> = normal(jacobian.rows(), Key::new(3));
    let solution = LeastSquares::new().damping(1.0).run(&jacobian, &wanted).unwrap();
    solution.report.require().unwrap();
    let normal_equations = Shifted::new(eigenscape::operator::Normal::new(&jacobian), 1.0).unwrap();
    let mut right = vec![0.0; dim];
    eigenscape::operator::Adjoint::apply_adjoint(&jacobian, &wanted, &mut right);
    let direct = ConjugateGradients::new().relative_tolerance(1e-11).run(&normal_equations, &right).unwrap();
    let off: Vec<f64> = solution.x.iter().zip(&direct.x).map(|(x, y)| x - y).collect();
    assert!(norm(&off) <= 1e-4 * norm(&direct.x), "{:e}", norm(&off));
}
