//! The laws of curvature, on random perceptrons.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{Adjoint, to_dense};
use eigenscape::random::Key;
use eigenscape::{Scalar, check};
use proptest::prelude::*;

use crate::oracle::assert_close;
use crate::support::{Table, norm, normal, product, with_threads};

/// A perceptron on random data: labels, or targets for squared error.
fn risk<T: Scalar>(sizes: &[usize], activation: Activation, loss: Loss, count: usize, key: Key) -> (Risk<T>, Vec<T>) {
    let network = Perceptron::new(sizes, activation).unwrap();
    let examples = examples(sizes, loss, count, key);
    let mut theta: Vec<T> = Initialization::lecun().draw(&network, key.split(2));
    let noise: Vec<T> = normal(theta.len(), key.split(3));
    // Biases are not zero, and no unit of a relu stands at its kink.
    theta.iter_mut().zip(noise).for_each(|(x, z)| *x += T::of(0.1) * z);
    (Risk::new(&network, loss, examples).unwrap(), theta)
}

fn examples<T: Scalar>(sizes: &[usize], loss: Loss, count: usize, key: Key) -> Examples<T> {
    let (inputs, outputs) = (sizes[0], sizes[sizes.len() - 1]);
    let x = normal(count * inputs, key.split(0));
    match loss {
        Loss::SoftmaxCrossEntropy => {
            let mut labels = vec![0; count];
            key.split(1).integers(0, outputs, &mut labels);
            Examples::labelled(x, inputs, &labels, outputs).unwrap()
        }
        _ => Examples::new(x, inputs, normal(count * outputs, key.split(1)), outputs).unwrap(),
    }
}

fn table<T: Scalar>(operator: &impl eigenscape::operator::LinearOperator<T>) -> Table {
    let dense = to_dense(operator);
    let entries = dense.entries().iter().map(|x| x.f64()).collect();
    Table { rows: operator.rows(), cols: operator.cols(), entries }
}

/// sum_m w_m J_m' S_m J_m from a dense J, and S by its formula at the logits.
fn dense_gauss_newton<T: Scalar>(risk: &Risk<T>, theta: &[T], loss: Loss, jacobian: &Table) -> Table {
    let classes = risk.outputs();
    let logits: Vec<f64> = risk.logits(theta).iter().map(|z| z.f64()).collect();
    let curvature = |m: usize| {
        let z = &logits[m * classes..][..classes];
        let largest = z.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        let exp: Vec<f64> = z.iter().map(|z| (z - largest).exp()).collect();
        let p: Vec<f64> = exp.iter().map(|e| e / exp.iter().sum::<f64>()).collect();
        Table::new(classes, classes, |i, j| match (loss, i == j) {
            (Loss::SoftmaxCrossEntropy, true) => p[i] - p[i] * p[j],
            (Loss::SoftmaxCrossEntropy, false) => -p[i] * p[j],
            (_, same) => f64::from(u8::from(same)),
        })
    };
    let mut sum = Table::new(theta.len(), theta.len(), |_, _| 0.0);
    for (m, weight) in risk.examples().weights().iter().enumerate() {
        let j = Table::new(classes, theta.len(), |row, col| jacobian.at(m * classes + row, col));
        sum = sum.plus(weight.f64(), &j.t().times(&curvature(m)).times(&j));
    }
    sum
}

fn laws<T: Scalar>(sizes: &[usize], activation: Activation, loss: Loss, count: usize, key: Key) {
    let (risk, theta) = risk::<T>(sizes, activation, loss, count, key);
    let what = format!("{sizes:?} {activation} {loss:?} N = {count} {key:?}");
    let point = risk.at(&theta).unwrap();
    let holds = |law: &str, check: check::Check| assert!(check.holds(), "{what}: {law}: {check:?}");
    for probe in 0..2 {
        let key = key.split(10 + probe);
        holds("H symmetric", check::symmetric(&point.hessian(), key).unwrap());
        holds("G symmetric", check::symmetric(&point.gauss_newton(), key).unwrap());
        holds("G semidefinite", check::semidefinite(&point.gauss_newton(), key).unwrap());
        holds("J adjoint", check::adjoint(&point.jacobian(), key).unwrap());
        if activation != Activation::Relu {
            holds("gradient", check::gradient(&risk, &theta, key).unwrap());
            holds("Hessian", check::hessian(&risk, &theta, key).unwrap());
        }
    }
    let jacobian = table(&point.jacobian());
    let expected = dense_gauss_newton(&risk, &theta, loss, &jacobian);
    let gauss_newton = table(&point.gauss_newton());
    let difference = gauss_newton.plus(-1.0, &expected).norm();
    // S may cancel to nothing where a class is certain: the scale is that of J'J.
    let scale = norm(&jacobian.entries).powi(2) / count as f64;
    assert!(difference <= 64.0 * T::EPSILON.f64() * scale, "{what}: G = J'SJ: off by {difference} of {scale}");
    // J is the derivative of the logits, whose mean loss is the value.
    let classes = risk.outputs();
    assert_eq!((jacobian.rows, jacobian.cols), (count * classes, theta.len()));
}

fn weights_are_repetitions<T: Scalar>(loss: Loss) {
    let (sizes, key) = ([3, 4, 2], Key::new(4));
    let network = Perceptron::new(&sizes, Activation::Tanh).unwrap();
    let three: Examples<T> = examples(&sizes, loss, 3, key);
    let weights = [2.0, 0.0, 1.0].map(T::of).to_vec();
    let weighted = three.clone().weighted(weights).unwrap();
    let repeated = three.select(&[0, 0, 2]).unwrap().weighted(vec![T::one(); 3]).unwrap();
    let [weighted, repeated] = [weighted, repeated].map(|examples| Risk::new(&network, loss, examples).unwrap());
    let theta: Vec<T> = Initialization::glorot().draw(&network, key);
    let (a, b) = (weighted.at(&theta).unwrap(), repeated.at(&theta).unwrap());
    let tolerance = 64.0 * T::EPSILON.f64();
    let wide = |values: &[T]| values.iter().map(|x| x.f64()).collect::<Vec<f64>>();
    assert!((a.value() - b.value()).abs() <= tolerance * b.value());
    assert_close("gradient", a.gradient(), &wide(b.gradient()), tolerance);
    assert_close("H", to_dense(&a.hessian()).entries(), &wide(to_dense(&b.hessian()).entries()), tolerance);
    let g = to_dense(&b.gauss_newton());
    assert_close("G", to_dense(&a.gauss_newton()).entries(), &wide(g.entries()), tolerance);
    // Weights that are all zero leave nothing.
    let none = Risk::new(&network, loss, three.weighted(vec![T::zero(); 3]).unwrap()).unwrap();
    let point = none.at(&theta).unwrap();
    assert!(point.value() == 0.0 && point.gradient().iter().all(|&g| g == T::zero()));
}

/// Value, gradient and Jv of a perceptron with one hidden layer of tanh, by plain loops over examples.
fn by_hand<T: Scalar>(risk: &Risk<T>, sizes: [usize; 3], theta: &[T], v: &[T]) -> (f64, Vec<f64>, Vec<f64>) {
    let [inputs, hidden, classes] = sizes;
    let theta: Vec<f64> = theta.iter().map(|x| x.f64()).collect();
    let v: Vec<f64> = v.iter().map(|x| x.f64()).collect();
    let (b0, w1, b1) = (hidden * inputs, hidden * (inputs + 1), hidden * (inputs + 1) + classes * hidden);
    let (mut value, mut gradient, mut tangents) = (0.0, vec![0.0; theta.len()], Vec::new());
    let count = risk.examples().count();
    for m in 0..count {
        let x: Vec<f64> = risk.examples().inputs()[m * inputs..][..inputs].iter().map(|x| x.f64()).collect();
        let label = risk.examples().labels().unwrap()[m];
        let row = |w: &[f64], start: usize, h: &[f64]| h.iter().enumerate().map(|(i, h)| w[start + i] * h).sum::<f64>();
        let h: Vec<f64> = (0..hidden).map(|i| (theta[b0 + i] + row(&theta, i * inputs, &x)).tanh()).collect();
        let z: Vec<f64> = (0..classes).map(|k| theta[b1 + k] + row(&theta, w1 + k * hidden, &h)).collect();
        let dh: Vec<f64> = (0..hidden).map(|i| (1.0 - h[i] * h[i]) * (v[b0 + i] + row(&v, i * inputs, &x))).collect();
        tangents
            .extend((0..classes).map(|k| v[b1 + k] + row(&v, w1 + k * hidden, &h) + row(&theta, w1 + k * hidden, &dh)));
        let sum: f64 = z.iter().map(|z| z.exp()).sum();
        value += (sum.ln() - z[label]) / count as f64;
        let dz: Vec<f64> =
            (0..classes).map(|k| (z[k].exp() / sum - f64::from(u8::from(k == label))) / count as f64).collect();
        for k in 0..classes {
            gradient[b1 + k] += dz[k];
            (0..hidden).for_each(|i| gradient[w1 + k * hidden + i] += dz[k] * h[i]);
        }
        for i in 0..hidden {
            let back: f64 = (0..classes).map(|k| dz[k] * theta[w1 + k * hidden + i]).sum::<f64>() * (1.0 - h[i] * h[i]);
            gradient[b0 + i] += back;
            (0..inputs).for_each(|j| gradient[i * inputs + j] += back * x[j]);
        }
    }
    (value, gradient, tangents)
}

const MANY: usize = 701;
const SIZES: [usize; 3] = [4, 5, 3];

fn many<T: Scalar>() -> (Risk<T>, Vec<T>) {
    risk(&SIZES, Activation::Tanh, Loss::SoftmaxCrossEntropy, MANY, Key::new(6))
}

fn several_chunks_are_one_sum<T: Scalar>() {
    let (risk, theta) = many::<T>();
    assert!(format!("{risk:?}").contains("chunks: 8"), "several chunks, the last not full: {risk:?}");
    let v: Vec<T> = normal(theta.len(), Key::new(7));
    let (value, gradient, tangents) = by_hand(&risk, SIZES, &theta, &v);
    let point = risk.at(&theta).unwrap();
    let tolerance = 64.0 * T::EPSILON.f64();
    assert!((point.value() - value).abs() <= tolerance * value, "{} for {value}", point.value());
    assert!((risk.value(&theta).unwrap() - value).abs() <= tolerance * value);
    assert_close("gradient", point.gradient(), &gradient, tolerance);
    assert_close("Jv", &product(&point.jacobian(), &v), &tangents, tolerance);
    let jacobian = table(&point.jacobian());
    let u: Vec<T> = normal(jacobian.rows, Key::new(8));
    let mut back = vec![T::nan(); theta.len()];
    point.jacobian().apply_adjoint(&u, &mut back);
    assert_close("J'u", &back, &jacobian.t().product(&u), tolerance);
    let expected = dense_gauss_newton(&risk, &theta, Loss::SoftmaxCrossEntropy, &jacobian);
    assert_close("Gv", &product(&point.gauss_newton(), &v), &expected.product(&v), tolerance);
    assert!(check::hessian(&risk, &theta, Key::new(9)).unwrap().holds());
}

/// All that a point offers, as one list of numbers.
fn everything<T: Scalar>(risk: &Risk<T>, theta: &[T]) -> Vec<T> {
    let v: Vec<T> = normal(theta.len(), Key::new(7));
    let point = risk.at(theta).unwrap();
    let u: Vec<T> = normal(risk.examples().count() * risk.outputs(), Key::new(8));
    let mut back = vec![T::nan(); theta.len()];
    point.jacobian().apply_adjoint(&u, &mut back);
    let value = [T::of(point.value()), T::of(risk.value(theta).unwrap())];
    let products = [product(&point.hessian(), &v), product(&point.gauss_newton(), &v), product(&point.jacobian(), &v)];
    [&value[..], point.gradient(), &products.concat(), &back, &risk.logits(theta)].concat()
}

fn same_bits<T: Scalar>() {
    let (risk, theta) = many::<T>();
    let expected = with_threads(1, || everything(&risk, &theta));
    assert!(expected.iter().all(|x| x.is_finite()));
    for threads in [2, 3] {
        assert!(with_threads(threads, || everything(&risk, &theta)) == expected, "{threads} threads");
    }
    // A budget for none, and one for some of the operators.
    let (risk, _) = many::<T>();
    let risk = risk.memory_budget(0);
    for threads in [1, 2, 3] {
        assert!(with_threads(threads, || everything(&risk, &theta)) == expected, "recomputed, {threads} threads");
        // Once more, with buffers that have been used.
        assert!(with_threads(threads, || everything(&risk, &theta)) == expected, "again, {threads} threads");
    }
}

fn one_example_one_class<T: Scalar>() {
    laws::<T>(&[1, 1], Activation::Tanh, Loss::SquaredError, 1, Key::new(0));
    laws::<T>(&[2, 3, 2], Activation::Gelu, Loss::SoftmaxCrossEntropy, 1, Key::new(1));
    // One class is always right: no loss, no slope, no curvature.
    let (risk, theta) = risk::<T>(&[2, 3, 1], Activation::Tanh, Loss::SoftmaxCrossEntropy, 5, Key::new(2));
    let point = risk.at(&theta).unwrap();
    assert_eq!((point.value(), risk.accuracy(&theta).unwrap()), (0.0, 1.0));
    assert!(point.gradient().iter().all(|&g| g == T::zero()));
    assert_eq!(table(&point.hessian()).norm(), 0.0);
    assert_eq!(table(&point.gauss_newton()).norm(), 0.0);
}

macro_rules! in_both_precisions {
    ($scalar:ty, $module:ident) => {
        mod $module {
            use super::*;

            proptest! {
                #![proptest_config(crate::oracle::cases(24))]

                #[test]
                fn random_perceptrons_obey_the_laws(
                    sizes in prop::collection::vec(1usize..5, 2..5),
                    activation in prop::sample::select(&Activation::ALL[..]),
                    classify in any::<bool>(),
                    count in 1usize..12,
                    key in 0u64..1000,
                ) {
                    let loss = if classify { Loss::SoftmaxCrossEntropy } else { Loss::SquaredError };
                    laws::<$scalar>(&sizes, activation, loss, count, Key::new(key));
                }
            }

            #[test]
            fn weight_two_is_an_example_twice() {
                weights_are_repetitions::<$scalar>(Loss::SoftmaxCrossEntropy);
                weights_are_repetitions::<$scalar>(Loss::SquaredError);
            }

            #[test]
            fn chunks_add_up() {
                several_chunks_are_one_sum::<$scalar>();
            }

            #[test]
            fn bits_depend_on_no_thread_and_no_budget() {
                same_bits::<$scalar>();
            }

            #[test]
            fn the_smallest_problems_have_answers() {
                one_example_one_class::<$scalar>();
            }
        }
    };
}
in_both_precisions!(f32, single);
in_both_precisions!(f64, double);

#[test]
fn accuracy_counts_the_first_largest_logit() {
    // Logits are the inputs: the identity as weight.
    let network = Perceptron::new(&[3, 3], Activation::Identity).unwrap();
    let theta = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
    let inputs = vec![3.0, 1.0, 2.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, -1.0, -2.0, -0.5];
    let of = |labels: &[usize]| {
        let examples = Examples::<f64>::labelled(inputs.clone(), 3, labels, 3).unwrap();
        Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap().accuracy(&theta).unwrap()
    };
    assert_eq!(of(&[0, 1, 1, 2]), 1.0);
    assert_eq!(of(&[0, 2, 2, 2]), 0.5);
    assert_eq!(of(&[1, 0, 0, 1]), 0.0);
    let examples = Examples::<f64>::new(inputs, 3, vec![0.0; 12], 3).unwrap();
    let unlabelled = Risk::new(&network, Loss::SquaredError, examples).unwrap();
    assert!(unlabelled.accuracy(&theta).unwrap_err().to_string().contains("labelled"));
    assert_eq!(network.parameters(), theta.len());
}
