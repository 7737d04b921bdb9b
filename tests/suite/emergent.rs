//! Curvature on random planes, and the scan over radii and dimensions.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::emergent::{Cut, GoldilocksScan, KeyMean, LogitGradients, PlaneTraining, ScanProgress};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Point, Recorded};
use eigenscape::operator::{AssumeSymmetric, Closure, Compressed, Counted, Dense, Diagonal, LinearOperator, to_dense};
use eigenscape::projection::Gaussian;
use eigenscape::random::Key;
use eigenscape::random_matrix::CutMoments;
use eigenscape::subspace::Restricted;
use eigenscape::{Error, Scalar};

use crate::oracle::{assert_close, symmetric_eigenvalues};
use crate::support::{Table, dot, norm, normal, with_threads};

fn go_on(_: ScanProgress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn network() -> Perceptron {
    Perceptron::new(&[5, 8, 4], Activation::Tanh).unwrap()
}

fn examples<T: Scalar>(count: usize) -> Examples<T> {
    let labels: Vec<usize> = (0..count).map(|example| example % 4).collect();
    let mut inputs: Vec<T> = normal(count * 5, Key::new(100));
    // Something to learn: the label is in the inputs.
    inputs.iter_mut().enumerate().for_each(|(at, x)| *x += T::of(if at % 5 == at / 5 % 4 { 2.0 } else { 0.0 }));
    Examples::labelled(inputs, 5, &labels, 4).unwrap()
}

fn risk<T: Scalar>(count: usize) -> Risk<T> {
    Risk::new(&network(), Loss::SoftmaxCrossEntropy, examples(count)).unwrap()
}

fn start<T: Scalar>(key: Key) -> Vec<T> {
    Initialization::glorot().draw(&network(), key)
}

fn message<V: std::fmt::Debug>(result: Result<V, Error>) -> String {
    result.expect_err("must be refused").to_string()
}

// ---------------------------------------------------------------------------------------------------------------------
// Cuts.

#[test]
fn a_cut_is_the_dense_matrix_of_its_plane_and_of_all_smaller_ones() {
    let (size, dimension) = (30, 7);
    let diagonal: Vec<f64> = (0..size).map(|i| (i as f64 - 9.0) / 3.0).collect();
    let plane = Gaussian::<f64>::new(size, dimension, Key::new(0)).unwrap();
    let operator = Counted::new(Diagonal::new(diagonal.clone()));
    let cut = Cut::new(&Compressed::new(&operator, &plane).unwrap()).unwrap();
    assert_eq!((cut.dimension(), operator.matvecs()), (dimension, dimension as u64));
    let columns = to_dense(&plane);
    let p = Table::new(size, dimension, |row, col| columns.entries()[row * dimension + col]);
    let h = Table::new(size, size, |row, col| if row == col { diagonal[row] } else { 0.0 });
    let expected = p.t().times(&h).times(&p);
    assert_close("entries", cut.entries(), &expected.entries, 1e-14);
    for part in 1..=dimension {
        let leading = Table::new(part, part, |row, col| expected.at(row, col));
        let values = symmetric_eigenvalues(&leading.entries, part);
        let curvature = cut.curvature(part).unwrap();
        let trace: f64 = values.iter().sum();
        let norm = norm(&values);
        assert_close(
            "curvature",
            &[curvature.trace, curvature.norm, curvature.ratio.unwrap(), curvature.largest, curvature.smallest],
            &[trace, norm, trace / norm, values[part - 1], values[0]],
            1e-13,
        );
        let positive = values.iter().filter(|&&value| value > 0.0).count();
        assert_eq!(curvature.positive_share, positive as f64 / part as f64);
        assert_eq!(curvature.dimension, part);
    }
}

/// Any objective: not only a risk, and by its restricted point.
#[test]
fn cuts_are_of_any_objective() {
    let bowl = Recorded::<f64>::new(6, |x| (x * x).sum() * 1.5).unwrap();
    let plane = Gaussian::<f64>::new(6, 4, Key::new(0)).unwrap();
    let cut = Restricted::new(&bowl, &plane, &[1.0; 6]).unwrap();
    let point = cut.at(&[0.0; 4]).unwrap();
    let curvature = Cut::new(&point.hessian()).unwrap().curvature(4).unwrap();
    assert!((curvature.ratio.unwrap() - 2.0).abs() < 1e-12 && (curvature.trace - 12.0).abs() < 1e-12);
    assert_eq!(curvature.positive_share, 1.0);
}

/// Eigenvalues that rounding makes have no sign.
#[test]
fn rounding_is_not_counted_as_curvature() {
    let zero = Cut::new(&Diagonal::new(vec![0.0f32; 3])).unwrap().curvature(3).unwrap();
    assert_eq!((zero.ratio, zero.positive_share, zero.norm), (None, 0.0, 0.0));
    // One direction, seen in 12 dimensions in single precision: 11 eigenvalues are rounding.
    let direction: Vec<f32> = normal(3000, Key::new(1));
    let one = AssumeSymmetric::new(Closure::new(3000, 3000, |x: &[f32], y: &mut [f32]| {
        let along = dot(&direction, x) as f32;
        y.iter_mut().zip(&direction).for_each(|(y, &u)| *y = along * u);
    }));
    for key in 0..20 {
        let plane = Gaussian::<f32>::new(3000, 12, Key::new(key)).unwrap();
        let cut = Cut::new(&Compressed::new(&one, &plane).unwrap()).unwrap();
        assert_eq!(cut.curvature(12).unwrap().positive_share, 1.0 / 12.0, "key {key}");
        let none = cut.less(&cut).unwrap().curvature(12).unwrap();
        assert_eq!((none.ratio, none.positive_share), (None, 0.0));
    }
}

#[test]
fn bad_cuts_are_refused() {
    let cut = Cut::new(&Diagonal::new(vec![1.0f64, 2.0])).unwrap();
    assert!(message(cut.curvature(0)).contains("is 0"));
    assert!(message(cut.curvature(3)).contains("at most 2"));
    assert!(message(cut.less(&Cut::new(&Diagonal::new(vec![1.0f64])).unwrap())).contains("1 entries"));
    assert!(message(Cut::new(&Diagonal::<f64>::new(vec![]))).contains("dimension of a cut is 0"));
    assert!(message(Cut::new(&Diagonal::new(vec![0.0f64; 8193]))).contains("at most 8192"));
    assert!(message(Cut::new(&Diagonal::new(vec![1.0, f64::NAN]))).contains("NaN"));
    let tall = AssumeSymmetric::new(Dense::new(vec![1.0; 6], 3, 2).unwrap());
    assert!(message(Cut::new(&tall)).contains("2 entries"));
}

// ---------------------------------------------------------------------------------------------------------------------
// Logit gradients.

fn logit_gradients_are_sums_over_rows<T: Scalar>() {
    let weights: Vec<T> = (0..9).map(|m| T::of(0.1 * m as f64)).collect();
    let weighted = examples::<T>(9).weighted(weights).unwrap();
    for examples in [examples::<T>(9), weighted, examples::<T>(1)] {
        let count = examples.count();
        let total: f64 = examples.weights().iter().map(|w| w.f64()).sum();
        let v: Vec<f64> = examples.weights().iter().map(|w| w.f64() / total).collect();
        let risk = Risk::new(&network(), Loss::SoftmaxCrossEntropy, examples).unwrap();
        let point = risk.at(&start::<T>(Key::new(0))).unwrap();
        let gradients = LogitGradients::measure(&point).unwrap();

        let dense = to_dense(&point.jacobian());
        let parameters = dense.cols();
        let row = |m: usize, k: usize| &dense.entries()[(4 * m + k) * parameters..][..parameters];
        let means: Vec<Vec<f64>> = (0..4)
            .map(|k| (0..parameters).map(|at| (0..count).map(|m| v[m] * row(m, k)[at].f64()).sum()).collect())
            .collect();
        let gram: Vec<f64> = (0..16).map(|at| dot(&means[at / 4], &means[at % 4])).collect();
        let tolerance = 64.0 * T::EPSILON.f64();
        assert_close("gram", gradients.gram(), &gram, tolerance);
        let rows = |m: usize| (0..4).map(|k| dot(row(m, k), row(m, k))).sum::<f64>();
        let squared_norm: f64 = (0..count).map(|m| v[m] * rows(m)).sum();
        assert_close("norm", &[gradients.squared_norm()], &[squared_norm], tolerance);

        let (mean, residue) = gradients.deviations();
        let scatter: f64 = (0..count)
            .flat_map(|m| (0..4).map(move |k| (m, k)))
            .map(|(m, k)| {
                let apart = row(m, k).iter().zip(&means[k]).map(|(x, c)| (x.f64() - c).powi(2));
                v[m] * apart.sum::<f64>()
            })
            .sum();
        let (coordinates, concentration) = ((4 * parameters) as f64, v.iter().map(|v| v * v).sum::<f64>());
        if count == 1 {
            assert_eq!(residue, 0.0);
        } else {
            let expected = scatter / (coordinates * (1.0 - concentration));
            assert_close("residue", &[residue * residue], &[expected], 10.0 * tolerance);
        }
        // What traces depend on is exact, however the two are told apart.
        assert_close("sum", &[(mean * mean + residue * residue) * coordinates], &[squared_norm], 10.0 * tolerance);
        assert_close(
            "diagonal of the kernel",
            &point.logit_gradients_gram().diagonal().unwrap(),
            &(0..4 * count).map(|at| dot(row(at / 4, at % 4), row(at / 4, at % 4))).collect::<Vec<_>>(),
            tolerance,
        );
    }
}

#[test]
fn diagonals_of_gram_matrices_know_what_is_taken_from_the_rows() {
    let risk = risk::<f64>(9);
    let point = risk.at(&start::<f64>(Key::new(0))).unwrap();
    for moment in [point.empirical_fisher().unwrap(), point.gradient_covariance().unwrap()] {
        let gram = eigenscape::operator::Gram::new(moment.root().clone());
        let dense = gram.dense().unwrap();
        let expected: Vec<f64> = dense.entries().iter().step_by(10).copied().collect();
        assert_close("diagonal", &gram.diagonal().unwrap(), &expected, 1e-13);
    }
}

/// Where the model's assumptions hold to the letter but for normality, so that means over planes are its prediction: a linear
/// model, whose logit gradients are orthogonal and, with inputs of one length, equally long.
#[test]
fn traces_of_a_linear_model_are_those_predicted() {
    let linear = Perceptron::new(&[5, 4], Activation::Identity).unwrap();
    let mut inputs: Vec<f64> = normal(30 * 5, Key::new(0));
    for row in inputs.chunks_exact_mut(5) {
        let length = norm(row);
        row.iter_mut().for_each(|x| *x /= length);
    }
    let labels: Vec<usize> = (0..30).map(|m| m % 4).collect();
    let examples = Examples::labelled(inputs, 5, &labels, 4).unwrap();
    let risk = Risk::new(&linear, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta: Vec<f64> = normal(24, Key::new(1));
    let point = risk.at(&theta).unwrap();
    let predicted = LogitGradients::measure(&point).unwrap().model_at(&point).unwrap().cut(24).unwrap();
    let whole = Cut::new(&point.gauss_newton()).unwrap().curvature(24).unwrap();
    assert!((predicted.trace / whole.trace - 1.0).abs() < 1e-13);
    // On planes, by the identity for one matrix.
    let scan = GoldilocksScan::new(&[norm(&theta)], &[1, 3, 12], Key::new(2)).unwrap().keys(400).unwrap();
    let run = scan.run(&risk, &risk, |_| theta.clone(), go_on).unwrap();
    for &dimension in scan.dimensions() {
        let expected = CutMoments::of_matrix(24, whole.trace, whole.norm.powi(2), dimension).unwrap();
        let of = |value: &dyn Fn(&eigenscape::emergent::CutCurvature) -> f64| {
            run.mean(norm(&theta), dimension, |sample| Some(value(&sample.hessian))).unwrap()
        };
        for (mean, expected) in [
            (of(&|cut| cut.trace), expected.trace),
            (of(&|cut| cut.norm.powi(2)), expected.squared_norm),
            (of(&|cut| (cut.trace - expected.trace).powi(2)), expected.trace_variance),
        ] {
            let error = mean.standard_error.unwrap();
            assert!((mean.mean - expected).abs() < 4.0 * error, "{dimension}: {mean:?}, expected {expected}");
        }
        let trace = run.mean(norm(&theta), dimension, |sample| Some(sample.predicted?.trace)).unwrap();
        assert!((trace.mean / expected.trace - 1.0).abs() < 1e-13);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The scan.

fn scan() -> GoldilocksScan {
    let training = PlaneTraining { steps: 20, rate: 0.05, batch: Some(10) };
    let scan = GoldilocksScan::new(&[4.0, 0.5, 4.0, 40.0], &[6, 2, 6], Key::new(0)).unwrap();
    scan.keys(2).unwrap().train(training).unwrap()
}

fn samples_say_what_dense_matrices_say<T: Scalar>() {
    let risk = risk::<T>(40);
    let run = scan().run(&risk, &risk, start::<T>, go_on).unwrap();
    assert_eq!(run.scan().radii(), [0.5, 4.0, 40.0]);
    assert_eq!(run.scan().dimensions(), [2, 6]);
    assert_eq!((run.samples().len(), run.is_complete()), (12, true));
    let places: Vec<_> = run.samples().iter().map(|s| (s.number, s.radius, s.dimension)).collect();
    assert_eq!(places[..4], [(0, 0.5, 2), (0, 0.5, 6), (0, 4.0, 2), (0, 4.0, 6)]);
    assert_eq!(places[6], (1, 0.5, 2));
    let parameters = network().parameters();
    let tolerance = 2000.0 * T::EPSILON.f64();
    for sample in run.samples() {
        // The key's direction and plane, by the rule that is documented.
        let key = Key::new(0).split(sample.number as u64);
        let direction: Vec<f64> = start::<T>(key.split(0)).iter().map(|x| x.f64()).collect();
        let length = norm(&direction);
        let theta: Vec<T> = direction.iter().map(|x| T::of(x * sample.radius / length)).collect();
        let plane = to_dense(&Gaussian::<T>::new(parameters, 6, key.split(1)).unwrap());
        let p = Table::new(parameters, sample.dimension, |row, col| plane.entries()[6 * row + col].f64());
        let point = risk.at(&theta).unwrap();
        let dense = |operator: &dyn LinearOperator<T>| {
            let entries = to_dense(operator).entries().iter().map(|x| x.f64()).collect();
            let whole = Table { rows: parameters, cols: parameters, entries };
            p.t().times(&whole).times(&p)
        };
        let (hessian, gauss_newton) = (dense(&point.hessian()), dense(&point.gauss_newton()));
        let scale = hessian.norm() + gauss_newton.norm();
        for (cut, table) in [
            (sample.hessian, hessian.clone()),
            (sample.gauss_newton.unwrap(), gauss_newton.clone()),
            (sample.remainder.unwrap(), hessian.plus(-1.0, &gauss_newton)),
        ] {
            let values = symmetric_eigenvalues(&table.entries, sample.dimension);
            let (trace, last) = (values.iter().sum::<f64>(), values[values.len() - 1]);
            for (actual, expected) in
                [(cut.trace, trace), (cut.norm, table.norm()), (cut.largest, last), (cut.smallest, values[0])]
            {
                assert!((actual - expected).abs() <= tolerance * scale, "{actual} should be {expected}");
            }
            assert_eq!(cut.ratio.is_some(), cut.norm > 0.0);
        }
        let g: Vec<f64> = point.gradient().iter().map(|x| x.f64()).collect();
        let in_plane = p.t().product(&g);
        assert_close("|g|", &[sample.gradient_norm], &[norm(&g)], tolerance);
        assert_close("|P'g|", &[sample.plane_gradient_norm], &[norm(&in_plane)], tolerance);
        assert!((sample.loss - point.value()).abs() <= tolerance * point.value());
        assert_eq!(sample.accuracy.unwrap(), risk.accuracy(&theta).unwrap());
        let model = LogitGradients::measure(&point).unwrap().model_at(&point).unwrap();
        let predicted = model.cut(sample.dimension).unwrap();
        assert!((sample.predicted.unwrap().trace - predicted.trace).abs() <= 10.0 * tolerance * predicted.trace);

        let training = sample.training.as_ref().unwrap();
        assert!(!training.diverged && training.distance > 0.0);
        // Where the gradient is not all noise, twenty steps go down.
        assert!(training.loss < sample.loss, "{} from {}", training.loss, sample.loss);
        let (cosine, plane_cosine) = (training.cosine.unwrap(), training.plane_cosine.unwrap());
        assert!(plane_cosine.abs() <= 1.0 + 1e-6 && plane_cosine > 0.0);
        let share = sample.plane_gradient_norm / sample.gradient_norm;
        assert!((cosine - plane_cosine * share).abs() < tolerance, "{cosine} {plane_cosine} {share}");
    }
    let rows = run.rows();
    assert_eq!(rows.len(), 6);
    assert_eq!(rows.iter().map(|row| (row.radius, row.dimension)).collect::<Vec<_>>()[1], (0.5, 6));
    for row in rows {
        let mean = run.mean(row.radius, row.dimension, |sample| sample.hessian.ratio);
        assert_eq!((row.ratio, row.ratio.unwrap().keys), (mean, 2));
        assert!(row.trained_accuracy.unwrap().standard_error.is_some() && row.predicted_ratio.is_some());
    }
    let (radius, best) = run.peak(6, |sample| sample.hessian.ratio).unwrap();
    assert_eq!(run.mean(radius, 6, |sample| sample.hessian.ratio), Some(best));
    assert!(run.scan().radii().iter().all(|&r| run.mean(r, 6, |s| s.hessian.ratio).unwrap().mean <= best.mean));
    assert_eq!(run.peak(6, |_| None), None);
    assert_eq!(run.mean(1.0, 6, |sample| Some(sample.loss)), None);
}

macro_rules! in_both_precisions {
    ($scalar:ty, $module:ident) => {
        mod $module {
            #[test]
            fn logit_gradients_are_sums_over_rows() {
                super::logit_gradients_are_sums_over_rows::<$scalar>();
            }
            #[test]
            fn samples_say_what_dense_matrices_say() {
                super::samples_say_what_dense_matrices_say::<$scalar>();
            }
        }
    };
}

in_both_precisions!(f32, single);
in_both_precisions!(f64, double);

/// The plane of all parameters is the whole space: trace and norm are those of the Hessian.
#[test]
fn a_plane_of_all_parameters_is_the_whole_space() {
    let risk = risk::<f64>(20);
    let parameters = network().parameters();
    let scan = GoldilocksScan::new(&[3.0], &[parameters], Key::new(0)).unwrap();
    let run = scan.run(&risk, &risk, start::<f64>, go_on).unwrap();
    let theta: Vec<f64> = start(Key::new(0).split(0).split(0));
    let length = norm(&theta);
    let point = risk.at(&theta.iter().map(|x| 3.0 * x / length).collect::<Vec<_>>()).unwrap();
    let values = symmetric_eigenvalues(to_dense(&point.hessian()).entries(), parameters);
    let cut = run.samples()[0].hessian;
    assert_close(
        "whole",
        &[cut.trace, cut.norm, cut.largest, cut.smallest],
        &[values.iter().sum(), norm(&values), values[parameters - 1], values[0]],
        1e-9,
    );
}

#[test]
fn threads_and_interruptions_do_not_change_a_bit() {
    let risk = risk::<f32>(40);
    let whole = scan().run(&risk, &risk, start::<f32>, go_on).unwrap();
    for threads in [1, 3] {
        let again = with_threads(threads, || scan().run(&risk, &risk, start::<f32>, go_on).unwrap());
        assert_eq!(again, whole, "{threads} threads");
    }
    let mut seen = Vec::new();
    let mut stopped = scan()
        .run(&risk, &risk, start::<f32>, |progress| {
            assert_eq!((progress.total, progress.latest.len()), (6, 2));
            seen.push(progress.done);
            if progress.done == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(seen, [1, 2, 3, 4]);
    assert!(!stopped.is_complete() && stopped.samples() == &whole.samples()[..8]);
    // A row without the second key is a mean of one.
    assert_eq!(stopped.rows()[5].ratio.unwrap().standard_error, None);
    assert!(stopped.advance(&risk, &risk, start::<f32>).unwrap());
    stopped.finish(&risk, &risk, start::<f32>, go_on).unwrap();
    assert_eq!(stopped, whole);
    assert!(!stopped.advance(&risk, &risk, start::<f32>).unwrap());
}

#[cfg(feature = "serde")]
#[test]
fn scans_are_saved_and_resumed_to_the_same_bits() {
    let risk = risk::<f64>(40);
    let whole = scan().run(&risk, &risk, start::<f64>, go_on).unwrap();
    let mut run = scan().begin(network().parameters()).unwrap();
    while !run.is_complete() {
        run = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
        assert!(run.advance(&risk, &risk, start::<f64>).unwrap());
    }
    assert_eq!(run, whole);
    let saved = serde_json::to_value(&whole).unwrap();
    for (path, value) in [
        ("/scan/radii", serde_json::json!([])),
        ("/scan/radii/0", serde_json::json!(-1.0)),
        ("/scan/dimensions/0", serde_json::json!(0)),
        ("/scan/dimensions/1", serde_json::json!(1000)),
        ("/scan/keys", serde_json::json!(1)),
        ("/scan/training/rate", serde_json::json!(0.0)),
        ("/parameters", serde_json::json!(3)),
        ("/samples/3/radius", serde_json::json!(1.0)),
        ("/samples/3/number", serde_json::json!(1)),
        ("/samples", serde_json::json!([saved["samples"][0]])),
    ] {
        let mut damaged = saved.clone();
        *damaged.pointer_mut(path).unwrap() = value;
        assert!(serde_json::from_value::<eigenscape::emergent::GoldilocksRun>(damaged).is_err(), "{path}");
    }
}

/// Far out every probability is 0 or 1: there is no Gauss-Newton curvature, and its ratio has no value.
#[test]
fn frozen_probabilities_have_no_ratio() {
    let risk = risk::<f64>(8);
    let scan = GoldilocksScan::new(&[1e7], &[3], Key::new(0)).unwrap();
    let run = scan.run(&risk, &risk, start::<f64>, go_on).unwrap();
    let sample = &run.samples()[0];
    let (gauss_newton, predicted) = (sample.gauss_newton.unwrap(), sample.predicted.unwrap());
    assert_eq!((gauss_newton.ratio, gauss_newton.positive_share), (None, 0.0));
    assert_eq!((predicted.ratio, predicted.trace, sample.softmax_trace), (None, 0.0, Some(0.0)));
    let row = &run.rows()[0];
    assert!(row.gauss_newton_ratio.is_none() && row.predicted_ratio.is_none() && row.remainder_share.is_none());
    assert_eq!(run.peak(3, |sample| sample.predicted?.ratio), None);
}

/// With one class nothing depends on the parameters.
#[test]
fn one_class_has_no_curvature() {
    let network = Perceptron::new(&[2, 3, 1], Activation::Tanh).unwrap();
    let examples = Examples::labelled(normal::<f64>(10, Key::new(0)), 2, &[0; 5], 1).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let scan = GoldilocksScan::new(&[1.0], &[2], Key::new(0)).unwrap();
    let scan = scan.train(PlaneTraining { steps: 3, rate: 0.1, batch: None }).unwrap();
    let run = scan.run(&risk, &risk, |key| Initialization::glorot().draw(&network, key), go_on).unwrap();
    let sample = &run.samples()[0];
    assert_eq!((sample.hessian.ratio, sample.predicted.unwrap().ratio, sample.loss), (None, None, 0.0));
    let training = sample.training.as_ref().unwrap();
    assert_eq!((training.distance, training.cosine, training.plane_cosine), (0.0, None, None));
    assert_eq!(training.accuracy, Some(1.0));
}

/// Other losses have no softmax: everything but the prediction.
#[test]
fn scans_of_other_losses_leave_the_prediction_out() {
    let targets = normal::<f64>(4 * 12, Key::new(3));
    let examples = Examples::new(normal(5 * 12, Key::new(2)), 5, targets, 4).unwrap();
    let risk = Risk::new(&network(), Loss::SquaredError, examples).unwrap();
    let scan = GoldilocksScan::new(&[1.0], &[2], Key::new(0)).unwrap();
    let scan = scan.train(PlaneTraining { steps: 2, rate: 0.1, batch: None }).unwrap();
    let error = message(scan.run(&risk, &risk, start::<f64>, go_on));
    assert!(error.contains("distribution over classes is missing"), "{error}");
    let run = scan.prediction(false).parts(false).run(&risk, &risk, start::<f64>, go_on).unwrap();
    let sample = &run.samples()[0];
    assert!(sample.predicted.is_none() && sample.gauss_newton.is_none() && sample.remainder.is_none());
    assert!(sample.accuracy.is_none() && sample.training.as_ref().unwrap().accuracy.is_none());
    let row = &run.rows()[0];
    assert!(row.ratio.is_some() && row.remainder_share.is_none() && row.trained_accuracy.is_none());
}

/// The zone itself, on real digits: near the length of a usual start the ratio of the Hessian is larger than far on either
/// side, key by key, for both activations.
#[test]
fn curvature_is_high_at_the_length_of_a_usual_start() {
    let images = Idx::parse(include_bytes!("../../examples/data/digits-images-idx3-ubyte.gz")).unwrap();
    let labels =
        Idx::parse(include_bytes!("../../examples/data/digits-labels-idx1-ubyte.gz")).unwrap().labels().unwrap();
    let mut inputs = images.standardized::<f32>(images.moments()).unwrap();
    inputs.truncate(200 * 64);
    for (activation, start) in [(Activation::Tanh, Initialization::glorot()), (Activation::Relu, Initialization::he())]
    {
        let network = Perceptron::new(&[64, 32, 32, 10], activation).unwrap();
        let examples = Examples::labelled(inputs.clone(), 64, &labels[..200], 10).unwrap();
        let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
        let usual = start.typical_norm(&network);
        let radii = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 20.0].map(|multiple| multiple * usual);
        let scan = GoldilocksScan::new(&radii, &[50], Key::new(0)).unwrap().keys(12).unwrap();
        let run = scan.run(&risk, &risk, |key| start.draw(&network, key), go_on).unwrap();
        let (peak, _) = run.peak(50, |sample| sample.hessian.ratio).unwrap();
        assert!(peak >= 0.5 * usual && peak <= 2.0 * usual, "{activation}: {}", peak / usual);
        let at = |radius: f64| -> Vec<f64> {
            let samples = run.samples().iter().filter(|sample| sample.radius == radius);
            samples.map(|sample| sample.hessian.ratio.unwrap()).collect()
        };
        for end in [radii[0], radii[6]] {
            let falls = at(peak).into_iter().zip(at(end)).map(|(peak, end)| peak - end);
            let fall = KeyMean::of(falls).unwrap();
            let error = fall.standard_error.unwrap();
            assert!(fall.mean > 4.0 * error, "{activation} at {}: {fall:?}", end / usual);
        }
        // The model's prediction for the Gauss-Newton part, which the zone is not of.
        for row in run.rows().iter().filter(|row| row.radius <= usual) {
            let (measured, predicted) = (row.gauss_newton_ratio.unwrap().mean, row.predicted_ratio.unwrap().mean);
            assert!((predicted / measured - 1.0).abs() < 0.15, "{activation}: {measured}, predicted {predicted}");
        }
    }
}

#[test]
fn bad_scans_are_refused_with_a_reason() {
    let key = Key::new(0);
    let scan = |radii: &[f64], dimensions: &[usize]| GoldilocksScan::new(radii, dimensions, key);
    for (error, words) in [
        (message(scan(&[], &[1])), "list of radii is empty"),
        (message(scan(&[1.0], &[])), "list of dimensions is empty"),
        (message(scan(&[0.0], &[1])), "radius of a Goldilocks scan is 0"),
        (message(scan(&[1.0, -1.0], &[1])), "is -1"),
        (message(scan(&[f64::NAN], &[1])), "NaN"),
        (message(scan(&[f64::INFINITY], &[1])), "inf"),
        (message(scan(&[1.0], &[0, 3])), "dimension of a Goldilocks scan is 0"),
        (message(scan(&[1.0], &[8193])), "at most 8192"),
        (message(scan(&[1.0], &[1]).unwrap().keys(0)), "keys is 0"),
        (message(scan(&[1.0], &[5]).unwrap().begin(4)), "at most 4, the number of parameters"),
        (message(scan(&[1.0], &[5]).unwrap().train(PlaneTraining { steps: 0, rate: 0.1, batch: None })), "steps is 0"),
        (message(scan(&[1.0], &[5]).unwrap().train(PlaneTraining { steps: 1, rate: 0.0, batch: None })), "rate is 0"),
    ] {
        assert!(error.contains(words), "{error} should say {words}");
    }
    let risk = risk::<f64>(8);
    let scan = scan(&[1.0], &[5]).unwrap();
    let zero = |_| vec![0.0; network().parameters()];
    assert!(message(scan.run(&risk, &risk, zero, go_on)).contains("length of a start of a Goldilocks scan is 0"));
    let infinite = |_| vec![f64::INFINITY; network().parameters()];
    assert!(message(scan.run(&risk, &risk, infinite, go_on)).contains("inf"));
    assert!(message(scan.run(&risk, &risk, |_| vec![1.0], go_on)).contains("1 entries"));
    let large = PlaneTraining { steps: 1, rate: 0.1, batch: Some(9) };
    let error = message(scan.clone().train(large).unwrap().run(&risk, &risk, start::<f64>, go_on));
    assert!(error.contains("at most 8"), "{error}");
    let other = Perceptron::new(&[5, 4], Activation::Tanh).unwrap();
    let other = Risk::new(&other, Loss::SoftmaxCrossEntropy, examples::<f64>(8)).unwrap();
    assert!(message(scan.run(&risk, &other, start::<f64>, go_on)).contains("risk for testing"));
    let mut run = scan.begin(3000).unwrap();
    assert!(message(run.advance(&risk, &risk, start::<f64>)).contains("parameter vector of the risk"));
}

/// What was found before a radius at which the network overflows stays.
#[test]
fn what_was_found_before_an_overflow_stays() {
    let risk = risk::<f32>(8);
    let scan = GoldilocksScan::new(&[1.0, 1e38], &[2], Key::new(0)).unwrap();
    let relu = Perceptron::new(&[5, 8, 4], Activation::Relu).unwrap();
    let examples = examples::<f32>(8);
    drop(risk);
    let risk = Risk::new(&relu, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let mut run = scan.begin(risk.blocks().iter().map(|block| block.shape.size()).sum()).unwrap();
    let error = message(run.finish(&risk, &risk, start::<f32>, go_on));
    assert!(error.contains("overflow") || error.contains("NaN"), "{error}");
    assert_eq!(run.samples().len(), 1);
}

#[test]
fn means_over_keys_have_a_standard_error() {
    assert_eq!(KeyMean::of([]), None);
    assert_eq!(KeyMean::of([2.0]), Some(KeyMean { mean: 2.0, standard_error: None, keys: 1 }));
    assert_eq!(KeyMean::of([1.0, 3.0]), Some(KeyMean { mean: 2.0, standard_error: Some(1.0), keys: 2 }));
}

/// A start of a usual initialization is about as long as it says.
#[test]
fn typical_norms_are_those_of_draws() {
    let network = Perceptron::new(&[40, 30, 4], Activation::Tanh).unwrap();
    for scheme in [
        Initialization::glorot(),
        Initialization::he().uniform(),
        Initialization::lecun().radius(3.0).unwrap(),
        Initialization::he().radius(0.0).unwrap(),
    ] {
        let squares = (0..50).map(|key| {
            let draw: Vec<f64> = scheme.draw(&network, Key::new(key));
            dot(&draw, &draw)
        });
        let mean = KeyMean::of(squares).unwrap();
        let expected = scheme.typical_norm(&network).powi(2);
        let error = mean.standard_error.unwrap();
        assert!((mean.mean - expected).abs() <= 4.0 * error, "{scheme:?}: {mean:?}, expected {expected}");
    }
}

#[test]
#[cfg(feature = "serde")]
fn damaged_settings_of_a_scan_are_refused() {
    let whole = serde_json::to_value(scan()).unwrap();
    assert_eq!(serde_json::from_value::<GoldilocksScan>(whole.clone()).unwrap(), scan());
    for (field, value) in
        [("dimensions", serde_json::json!([])), ("radii", serde_json::json!([-1.0])), ("keys", 0.into())]
    {
        let mut damaged = whole.clone();
        damaged[field] = value;
        assert!(serde_json::from_value::<GoldilocksScan>(damaged).is_err(), "{field}");
    }
}
