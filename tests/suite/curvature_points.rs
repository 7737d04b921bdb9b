//! What a point says beside its operators: expansions, diagonals, ratios; and objectives from outside.

use eigenscape::curvature::{ClassPart, Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Outside, Point, Recorded};
use eigenscape::operator::{LinearOperator, Normal, Selection, to_dense};
use eigenscape::optimize::{LimitedMemoryBfgs, Stop, Stopping};
use eigenscape::random::Key;
use eigenscape::spectrum::HutchinsonDiagonal;
use eigenscape::{Scalar, check};

use crate::oracle::assert_close;
use crate::support::{dot, norm, normal, product};

fn risk<T: Scalar>(loss: Loss, count: usize) -> (Risk<T>, Vec<T>) {
    let network = Perceptron::new(&[3, 6, 4], Activation::Tanh).unwrap();
    let inputs = normal(count * 3, Key::new(0));
    let examples = match loss {
        Loss::SoftmaxCrossEntropy => {
            let labels: Vec<usize> = (0..count).map(|m| m * m % 4).collect();
            Examples::labelled(inputs, 3, &labels, 4)
        }
        _ => Examples::new(inputs, 3, vec![T::one(); count * 4], 4),
    };
    let theta = Initialization::lecun().draw(&network, Key::new(1));
    (Risk::new(&network, loss, examples.unwrap()).unwrap(), theta)
}

/// The cubic's coefficients against the gradient, the Hessian and differences of the Hessian; over several chunks.
#[test]
fn the_expansion_along_a_direction_is_that_of_the_risk() {
    for loss in [Loss::SoftmaxCrossEntropy, Loss::SquaredError, Loss::Logistic, Loss::Poisson] {
        let (risk, theta) = risk::<f64>(loss, 300);
        let point = risk.at(&theta).unwrap();
        let v: Vec<f64> = normal(theta.len(), Key::new(2));
        let along = point.along(&v).unwrap();
        let curvature_at = |t: f64| {
            let moved: Vec<f64> = theta.iter().zip(&v).map(|(x, v)| x + t * v).collect();
            dot(&v, &product(&risk.at(&moved).unwrap().hessian(), &v))
        };
        let third = (curvature_at(1e-4) - curvature_at(-1e-4)) / 2e-4;
        let expected = [point.value(), dot(point.gradient(), &v), curvature_at(0.0), third];
        let actual = [along.value, along.slope, along.curvature, along.third];
        for (order, (actual, expected)) in actual.iter().zip(expected).enumerate() {
            assert!((actual / expected - 1.0).abs() < 1e-6, "{loss:?}, order {order}: {actual}, expected {expected}");
        }
        let ahead: Vec<f64> = theta.iter().zip(&v).map(|(x, v)| x + 1e-2 * v).collect();
        let off = (along.at(1e-2) - risk.value(&ahead).unwrap()).abs();
        assert!(off < 1e-6, "{loss:?}: the cubic is off by {off}");
    }
}

#[test]
fn diagonals_are_those_of_the_dense_matrices() {
    for loss in [Loss::SoftmaxCrossEntropy, Loss::SquaredError, Loss::Logistic, Loss::Poisson] {
        let (risk, theta) = risk::<f64>(loss, 140);
        let point = risk.at(&theta).unwrap();
        let diagonal = |operator: &dyn LinearOperator<f64>| -> Vec<f64> {
            to_dense(operator).entries().iter().step_by(theta.len() + 1).copied().collect()
        };
        let exact = diagonal(&point.gauss_newton());
        assert_close("Gauss-Newton", &point.gauss_newton_diagonal().unwrap(), &exact, 1e-12);
        let fisher = point.empirical_fisher().unwrap();
        assert_close("empirical Fisher", &fisher.diagonal().unwrap(), &diagonal(&fisher), 1e-12);
        let covariance = point.gradient_covariance().unwrap();
        assert_close("covariance", &covariance.diagonal().unwrap(), &diagonal(&covariance), 1e-12);
        let sampled = point.sampled_fisher(3, Key::new(4)).unwrap();
        assert_close("sampled Fisher", &sampled.diagonal().unwrap(), &diagonal(&sampled), 1e-12);
        let gradients = point.gradients().unwrap();
        assert_eq!(Normal::new(&gradients).rows(), theta.len());

        // The estimate of the Hessian's: entries within six standard errors, all but a few within three.
        let estimate = HutchinsonDiagonal::new(400, Key::new(5)).run(&point.hessian()).unwrap();
        let exact = diagonal(&point.hessian());
        let off: Vec<f64> = (0..theta.len())
            .map(|p| (estimate.means[p] - exact[p]).abs() / estimate.standard_errors[p].max(1e-12))
            .collect();
        assert!(off.iter().all(|&off| off < 6.0), "{loss:?}: {off:?}");
        assert!(off.iter().filter(|&&off| off > 3.0).count() <= 2, "{loss:?}: {off:?}");
    }
}

#[test]
fn the_remainder_ratio_is_that_of_frobenius_norms() {
    for loss in [Loss::SoftmaxCrossEntropy, Loss::SquaredError] {
        let (risk, theta) = risk::<f64>(loss, 40);
        let point = risk.at(&theta).unwrap();
        let exact = norm(to_dense(&point.remainder()).entries()) / norm(to_dense(&point.gauss_newton()).entries());
        let ratio = point.remainder_ratio(400, Key::new(0)).unwrap();
        let error = ratio.standard_error.unwrap();
        assert!((ratio.mean - exact).abs() < 4.0 * error, "{loss:?}: {} +- {error}, exactly {exact}", ratio.mean);
        assert!(error < 0.1 * exact, "{loss:?}: the error {error} says nothing");
        assert_eq!(ratio.matvecs, 800);
    }
    // A linear model has no remainder.
    let network = Perceptron::new(&[2, 1], Activation::Identity).unwrap();
    let examples = Examples::new(vec![1.0, 2.0, -1.0, 0.5], 2, vec![0.0, 1.0], 1).unwrap();
    let linear = Risk::<f64>::new(&network, Loss::SquaredError, examples).unwrap();
    assert_eq!(linear.at(&[0.1; 3]).unwrap().remainder_ratio(3, Key::new(0)).unwrap().mean, 0.0);
    assert!(linear.at(&[0.1; 3]).unwrap().remainder_ratio(0, Key::new(0)).is_err());
}

/// A recorded function seen through its gradient alone: products agree within the error that is stated, which is small.
fn outside<T: Scalar>(small: f64) {
    let inside =
        Recorded::<T>::new(20, |x| (x.sin() * x.slice(0, 0..1)).sum() + x.powi(4).sum() * T::of(0.25)).unwrap();
    let seen =
        Outside::new(20, |theta: &[T], gradient: &mut [T]| T::of(inside.value_and_gradient(theta, gradient).unwrap()));
    for scale in [0.0, 0.3, 3.0] {
        let theta: Vec<T> = normal::<T>(20, Key::new(0)).into_iter().map(|x| x * T::of(scale)).collect();
        let exact = inside.at(&theta).unwrap();
        let point = seen.at(&theta).unwrap();
        assert_eq!((point.value(), point.gradient()), (exact.value(), exact.gradient()));
        for (key, length) in [(1, 1.0), (2, 1e-6), (3, 1e6)] {
            let v: Vec<T> = normal::<T>(20, Key::new(key)).into_iter().map(|x| x * T::of(length)).collect();
            let expected = product(&exact.hessian(), &v);
            let mut actual = vec![T::nan(); 20];
            let error = point.hessian().apply_with_error(&v, &mut actual);
            let off: Vec<T> = actual.iter().zip(&expected).map(|(a, e)| *a - *e).collect();
            assert!(norm(&off) <= error, "scale {scale}: off by {}, stated {error}", norm(&off));
            let size = norm(&v) + norm(&expected);
            assert!(error <= small * size, "scale {scale}: the error {error} says nothing beside {size}");
        }
        let zero = product(&point.hessian(), &[T::zero(); 20]);
        assert!(zero.iter().all(|&x| x == T::zero()));
    }
}

#[test]
fn differences_of_gradients_know_their_error_in_double_precision() {
    outside::<f64>(1e-6);
}

#[test]
fn differences_of_gradients_know_their_error_in_single_precision() {
    outside::<f32>(0.2);
}

#[test]
fn objectives_from_outside_refuse_what_is_ill_posed() {
    let bowl = Outside::new(1, |theta: &[f64], gradient: &mut [f64]| {
        gradient[0] = theta[0];
        theta[0] * theta[0] / 2.0
    });
    assert!(bowl.at(&[f64::NAN]).is_err());
    assert!(bowl.at(&[1e200]).unwrap_err().to_string().contains("inf"));
    assert!(bowl.at(&[1.0]).unwrap().step(0.0).unwrap_err().to_string().contains("step"));
    assert!(check::gradient(&bowl, &[0.3], Key::new(0)).unwrap().holds());
    let short = bowl.at(&[1.0]).unwrap().step(1e-3).unwrap();
    assert!((product(&short.hessian(), &[2.0])[0] - 2.0).abs() < 1e-10);
}

#[test]
fn selections_are_named_by_blocks_and_refuse_overlaps() {
    let (risk, theta) = risk::<f64>(Loss::SquaredError, 4);
    let last = risk.selection(|block| block.name == "1.weight");
    assert!(last.ranges().iter().eq(std::iter::once(&(24..48))));
    assert_eq!(risk.selection(|_| false).ranges(), []);
    assert_eq!(risk.selection(|_| true).ranges().len(), 4);
    assert_eq!(theta.len(), 52);
    assert!(Selection::new(5, [0..2, 1..3]).unwrap_err().to_string().contains("overlap"));
    assert!(Selection::new(5, std::iter::once(3..6)).unwrap_err().to_string().contains("5"));
    assert!(Selection::new(5, [2..2, 0..5]).is_ok());
}

/// One class, a class without examples, one example: parts still add up.
#[test]
fn degenerate_classes_have_a_structure() {
    for (labels, classes) in [(vec![1, 1, 1], 3), (vec![0], 2), (vec![0, 0], 1)] {
        let network = Perceptron::new(&[2, classes], Activation::Identity).unwrap();
        let inputs: Vec<f64> = normal(2 * labels.len(), Key::new(0));
        let examples = Examples::labelled(inputs, 2, &labels, classes).unwrap();
        let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
        let theta: Vec<f64> = normal(network.parameters(), Key::new(1));
        let point = risk.at(&theta).unwrap();
        let structure = point.class_structure().unwrap();
        let whole = to_dense(&point.gauss_newton());
        let parts = to_dense(&structure.parts(&ClassPart::ALL));
        let off = parts.entries().iter().zip(whole.entries()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        assert!(off < 1e-15, "labels {labels:?}: off by {off}");
        assert_eq!(structure.eigenvalues(ClassPart::Classes).unwrap().len(), classes);
    }
}

/// With one class of probability 1 to rounding, the loss, its slopes and S = p_0 p_1 (1 -1; -1 1) are still met to
/// rounding.
#[test]
fn saturated_probabilities_keep_their_curvature() {
    fn check<T: Scalar>(gaps: &[f64]) {
        let network = Perceptron::new(&[1, 2], Activation::Identity).unwrap();
        let examples = Examples::<T>::labelled(vec![T::zero()], 1, &[0], 2).unwrap();
        let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
        for &gap in gaps {
            let theta = [T::zero(), T::zero(), T::of(gap), T::zero()];
            let point = risk.at(&theta).unwrap();
            let other = (-gap).exp() / (1.0 + (-gap).exp());
            let expected = other * (1.0 - other);
            let dense = to_dense(&point.gauss_newton());
            let root = to_dense(&Normal::new(point.gauss_newton_root().unwrap()));
            // The logits are linear: the Hessian is the Gauss-Newton matrix, through other programs.
            let hessian = to_dense(&point.hessian());
            let near = |actual: f64, expected: f64| (actual / expected - 1.0).abs() < 16.0 * T::EPSILON.f64();
            // The row of the certain class, q (1, -1) with q the other's probability, times the root of its own.
            let certain = point.gauss_newton_root().unwrap().dense().unwrap();
            let certain = [certain.entries()[2].f64(), certain.entries()[3].f64()];
            let row = other * (1.0 - other).sqrt();
            assert!(near(certain[0], row) && near(certain[1], -row), "gap {gap}: {certain:?}, not {row}");
            assert!(near(point.value(), (-gap).exp().ln_1p()), "gap {gap}: loss {}", point.value());
            let slopes = [point.gradient()[2].f64(), point.gradient()[3].f64()];
            assert!(near(slopes[0], -other) && near(slopes[1], other), "gap {gap}: {slopes:?} are not {other}");
            let stored = to_dense(&Normal::new(point.gauss_newton_root().unwrap().dense().unwrap()));
            let structure = point.class_structure().unwrap();
            let parts = to_dense(&structure.parts(&ClassPart::ALL));
            for entries in [dense.entries(), root.entries(), stored.entries(), parts.entries(), hessian.entries()] {
                for (row, col, sign) in [(2, 2, 1.0), (2, 3, -1.0), (3, 2, -1.0), (3, 3, 1.0)] {
                    let actual = entries[4 * row + col].f64();
                    let off = (actual / (sign * expected) - 1.0).abs();
                    assert!(off < 16.0 * T::EPSILON.f64(), "gap {gap}: entry {row}, {col} is {actual}, not {expected}");
                }
            }
        }
    }
    check::<f32>(&[0.0, 1.0, 12.0, 17.0, 50.0]);
    check::<f64>(&[0.0, 1.0, 12.0, 17.0, 50.0, 300.0]);
}

/// A network that fits its data with a loss of 1e-10: where probabilities are 1 to rounding, `f32` still has the digits of loss,
/// gradient and products that its logits leave it, logits of some 20 to 100 with errors of a few epsilon.
#[test]
fn single_precision_sees_the_curvature_of_a_perfect_fit() {
    fn cast<T: Scalar>(values: &[f32]) -> Vec<T> {
        values.iter().map(|&x| T::of(f64::from(x))).collect()
    }
    fn risk<T: Scalar>(network: &Perceptron, inputs: &[f32]) -> Risk<T> {
        let labels: Vec<usize> = inputs.chunks(2).map(|x| usize::from(x[0] > x[1]) + usize::from(x[0] > 1.0)).collect();
        let examples = Examples::labelled(cast(inputs), 2, &labels, 3).unwrap();
        Risk::new(network, Loss::SoftmaxCrossEntropy, examples).unwrap()
    }
    fn at<T: Scalar>(risk: &Risk<T>, theta: &[f32]) -> (f64, Vec<f64>, [Vec<f64>; 2]) {
        let point = risk.at(&cast(theta)).unwrap();
        let v: Vec<f32> = normal(theta.len(), Key::new(9));
        let wide = |values: Vec<T>| values.iter().map(|x| x.f64()).collect();
        let products = [product(&point.hessian(), &cast(&v)), product(&point.gauss_newton(), &cast(&v))];
        (point.value(), wide(point.gradient().to_vec()), products.map(wide))
    }
    for key in 0..3 {
        let network = Perceptron::new(&[2, 16, 16, 3], Activation::Tanh).unwrap();
        let inputs: Vec<f32> = normal(2 * 100, Key::new(key));
        let (single, double) = (risk::<f32>(&network, &inputs), risk::<f64>(&network, &inputs));
        let start: Vec<f32> = Initialization::lecun().draw(&network, Key::new(key));
        let stopping = Stopping::steps(3000).value_below(1e-10).unwrap();
        let fit = LimitedMemoryBfgs::new().stopping(stopping).run(&single, &start).unwrap();
        assert_eq!(fit.stop, Stop::Value, "key {key}: loss {}", fit.value);
        let (value, gradient, products) = at(&single, &fit.theta);
        let (expected, slopes, wide) = at(&double, &fit.theta);
        assert!((value / expected - 1.0).abs() < 1e-3, "key {key}: {value} is not {expected}");
        assert_close("gradient", &gradient, &slopes, 1e-3);
        for (product, expected) in products.iter().zip(&wide) {
            assert_close("a product", product, expected, 1e-3);
        }
    }
}

#[test]
fn curvature_of_functions_from_outside_scales_with_the_vector() {
    let quadratic = Outside::new(2, |theta: &[f64], gradient: &mut [f64]| {
        gradient.copy_from_slice(&[3.0 * theta[0] + theta[1], theta[0] + 2.0 * theta[1]]);
        1.5 * theta[0].powi(2) + theta[0] * theta[1] + theta[1].powi(2)
    });
    let point = quadratic.at(&[0.3, -0.2]).unwrap();
    for scale in [1e-300, 1e-163, 1.0, 1e155, 1e300] {
        let mut y = [f64::NAN; 2];
        let error = point.hessian().apply_with_error(&[scale, 0.0], &mut y);
        assert!((y[0] / scale - 3.0).abs() < 1e-10 && (y[1] / scale - 1.0).abs() < 1e-10, "{scale}: {y:?}");
        assert!(error > 0.0 && error < 1e-8 * scale, "{scale}: {error}");
    }
}

#[test]
fn ill_posed_moments_are_refused() {
    let (risk, theta) = risk::<f64>(Loss::SoftmaxCrossEntropy, 10);
    let point = risk.at(&theta).unwrap();
    assert!(point.sampled_fisher(usize::MAX >> 4, Key::new(0)).unwrap_err().to_string().contains("fewer draws"));
    assert!(point.along(&vec![f64::NAN; theta.len()]).unwrap_err().to_string().contains("direction"));
    assert!(Examples::new(vec![1.0; 4], 1, vec![], usize::MAX / 2).is_err());
    assert!(Examples::<f64>::labelled(vec![1.0], 1, &[0], usize::MAX >> 3).unwrap_err().to_string().contains("bytes"));
    let regression = Examples::new(vec![1.0], 1, vec![10.0, -3.0], 2).unwrap();
    assert!(regression.smoothed(0.5).is_err());
    // An example that does not count need not be drawn from.
    let network = Perceptron::new(&[1, 1], Activation::Identity).unwrap();
    let examples = Examples::new(vec![1.0, 20.0], 1, vec![1.0, 1.0], 1).unwrap().weighted(vec![1.0, 0.0]).unwrap();
    let poisson = Risk::<f64>::new(&network, Loss::Poisson, examples).unwrap();
    assert!(poisson.at(&[1.0, 0.0]).unwrap().sampled_fisher(1, Key::new(0)).is_ok());
}

/// Scales a thousand times smaller and larger than 1: the step that is tried beats the default, and its error holds.
#[test]
fn steps_are_tuned_to_the_scale_of_the_function() {
    for scale in [1e-3, 1.0, 1e3] {
        let wave = Outside::new(3, move |theta: &[f64], gradient: &mut [f64]| {
            gradient.iter_mut().zip(theta).for_each(|(g, x)| *g = (x / scale).cos());
            theta.iter().map(|x| scale * (x / scale).sin()).sum()
        });
        let theta = [0.3, 1.1, -0.7].map(|x| x * scale);
        let v: Vec<f64> = normal(3, Key::new(1));
        let run = |point: eigenscape::objective::OutsidePoint<'_, f64, _>| {
            let mut y = vec![f64::NAN; 3];
            let error = point.hessian().apply_with_error(&v, &mut y);
            let expected = |i: usize| -v[i] * (theta[i] / scale).sin() / scale;
            let off: Vec<f64> = (0..3).map(|i| y[i] - expected(i)).collect();
            assert!(norm(&off) <= error, "scale {scale}: off by {}, stated {error}", norm(&off));
            error * scale
        };
        let (default, tuned) = (run(wave.at(&theta).unwrap()), run(wave.at(&theta).unwrap().tuned(Key::new(0))));
        assert!(tuned <= default * 1.5 && tuned < 1e-6, "scale {scale}: {tuned} beside {default}");
    }
}
