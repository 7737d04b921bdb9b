//! The random model of logits: its traces and norms against simulation, its moments against tables.

use eigenscape::Error;
use eigenscape::random::Key;
use eigenscape::random_matrix::{CutMoments, GaussianLogits, HaarFrame, LogitModel, SoftmaxCurvature};
use faer::{Mat, MatRef};
use serde_json::Value;

use crate::oracle::{cases, numbers};
use crate::support::normal;
use proptest::prelude::*;

fn entries(group: &str, prefix: &str, count: usize) -> Vec<Value> {
    let table: Value = serde_json::from_str(include_str!("../data/logit_model.json")).unwrap();
    let found: Vec<Value> = (table["entries"].as_array().unwrap().iter())
        .filter(|entry| entry["group"] == group && entry["name"].as_str().unwrap().starts_with(prefix))
        .cloned()
        .collect();
    assert_eq!(found.len(), count, "entries of {group} that begin with {prefix}");
    found
}

fn f(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn size(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

/// |actual - expected| <= tolerance max(1, |expected|), the convention of the table.
#[track_caller]
fn assert_agrees(what: &str, actual: f64, expected: f64, tolerance: f64) {
    let difference = (actual - expected).abs();
    assert!(difference <= tolerance * expected.abs().max(1.0), "{what}: {actual} should be {expected}");
}

/// Mean and its standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

fn softmax(logits: &[f64], classes: usize) -> Vec<f64> {
    let mut p = logits.to_vec();
    for row in p.chunks_exact_mut(classes) {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|z| *z = (*z - largest).exp());
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= total);
    }
    p
}

fn gaussian_probabilities(examples: usize, classes: usize, deviation: f64, key: Key) -> Vec<f64> {
    let logits: Vec<f64> = normal(examples * classes, key);
    softmax(&logits.iter().map(|z| deviation * z).collect::<Vec<_>>(), classes)
}

/// Trace and squared norm of a draw of the model on a random plane of d dimensions: J has d columns.
fn draw(p: &[f64], classes: usize, dimension: usize, means: f64, residues: f64, key: Key) -> (f64, f64) {
    let examples = p.len() / classes;
    let c: Vec<f64> = normal(classes * dimension, key.split(0));
    let noise: Vec<f64> = normal(p.len() * dimension, key.split(1));
    let gradient =
        |row: usize, at: usize| means * c[row % classes * dimension + at] + residues * noise[row * dimension + at];
    // diag(sqrt p) - p sqrt(p)' is a root of S from the left: its transpose takes the mean away.
    let mut root = Mat::<f64>::zeros(p.len(), dimension);
    for m in 0..examples {
        let p = &p[m * classes..][..classes];
        for at in 0..dimension {
            let mean: f64 = (0..classes).map(|k| p[k] * gradient(m * classes + k, at)).sum();
            for (k, p) in p.iter().enumerate() {
                let row = m * classes + k;
                root[(row, at)] = (p / examples as f64).sqrt() * (gradient(row, at) - mean);
            }
        }
    }
    let trace = root.as_ref().squared_norm_l2();
    let gram = if dimension < p.len() { root.transpose() * &root } else { &root * root.transpose() };
    (trace, gram.as_ref().squared_norm_l2())
}

// ---------------------------------------------------------------------------------------------------------------------
// Softmax.

#[test]
fn moments_of_normal_logits_agree_with_the_table() {
    for entry in entries("softmax", "softmax_moments", 30) {
        let logits = GaussianLogits::new(size(&entry["inputs"]["C"]), f(&entry["inputs"]["sigma_z"])).unwrap();
        let (name, value) = (entry["name"].as_str().unwrap(), &entry["value"]);
        for (what, actual) in [
            ("Y2", logits.power_sum(2)),
            ("Y3", logits.power_sum(3)),
            ("Y4", logits.power_sum(4)),
            ("Y2sq", logits.squared_power_sum()),
            ("a1", logits.trace()),
            ("b", logits.square()),
        ] {
            // The table's own sums are good to far more than it promises.
            assert_agrees(&format!("{name}, {what}"), actual, f(&value[what]), 1e-12);
        }
    }
    for entry in entries("softmax", "softmax_Y2", 6) {
        let logits = GaussianLogits::new(2, f(&entry["inputs"]["sigma_z"])).unwrap();
        assert_agrees(entry["name"].as_str().unwrap(), logits.power_sum(2), f(&entry["value"]), 1e-13);
    }
    for entry in entries("softmax", "REM_Y2", 4).iter().chain(&entries("rem_printed", "", 7)) {
        let classes = size(&entry["inputs"]["C"]);
        for (x, expected) in numbers(&entry["inputs"]["x"]).into_iter().zip(numbers(&entry["value"])) {
            let logits = GaussianLogits::new(classes, (2.0 * (classes as f64).ln()).sqrt() / x).unwrap();
            let tolerance = entry.get("tolerance").map_or(0.5001e-4, f);
            assert_agrees(entry["name"].as_str().unwrap(), logits.power_sum(2), expected, tolerance);
        }
    }
}

#[test]
fn moments_of_normal_logits_agree_with_the_printed_digits() {
    for entry in entries("softmax_printed", "", 21) {
        let logits = GaussianLogits::new(size(&entry["inputs"]["C"]), f(&entry["inputs"]["sigma_z"])).unwrap();
        for (what, actual) in [
            ("Y2", logits.power_sum(2)),
            ("Y3", logits.power_sum(3)),
            ("Y4", logits.power_sum(4)),
            ("Y2sq", logits.squared_power_sum()),
            ("a1", logits.trace()),
            ("b", logits.square()),
        ] {
            assert_agrees(entry["name"].as_str().unwrap(), actual, f(&entry["value"][what]), 0.5001e-10);
        }
    }
}

/// Equal probabilities, the start of the series in sigma, and the end: 1 - Y_2 = e_C / sigma.
#[test]
fn moments_of_normal_logits_at_both_ends() {
    for classes in [1, 2, 10, 1_000_000] {
        let c = classes as f64;
        for deviation in [0.0, 1e-300, 1e-13, 1e-6] {
            let equal = GaussianLogits::new(classes, deviation).unwrap();
            assert_agrees("Y2", equal.power_sum(2), 1.0 / c, 2e-12);
            assert!((equal.square() - (c - 1.0) / (c * c)).abs() < 1e-12, "{classes} {deviation}");
            assert_eq!(equal.power_sum(1), 1.0);
        }
        let deviation = 0.01f64;
        let series = 1.0 / c + (c - 1.0) * deviation.powi(2) / (c * c)
            - (c - 1.0) * (6.0 - c) * deviation.powi(4) / (2.0 * c.powi(3));
        let error = GaussianLogits::new(classes, deviation).unwrap().power_sum(2) / series - 1.0;
        assert!(error.abs() < 2e-11, "{classes}: {error:e}");
    }
    // The mean of the largest of ten normal numbers.
    for deviation in [16.0, 250.0] {
        let frozen = GaussianLogits::new(10, deviation).unwrap();
        assert!((frozen.trace() * deviation / 1.538752730835173 - 1.0).abs() < deviation.powi(-2));
        assert!((frozen.square() * 3.0 * deviation / 1.538752730835173 - 1.0).abs() < 1.5 / deviation);
    }
}

#[test]
fn curvature_of_probabilities_is_that_of_their_matrices() {
    let (examples, classes) = (7, 4);
    let p = gaussian_probabilities(examples, classes, 2.0, Key::new(0));
    let weights: Vec<f64> = (0..examples).map(|m| 0.1 + m as f64).collect();
    let curvature = SoftmaxCurvature::weighted(&p, classes, &weights).unwrap();
    let (mut trace, mut own) = (0.0, 0.0);
    let mut shared = Mat::<f64>::zeros(classes, classes);
    for (p, &w) in p.chunks_exact(classes).zip(&weights) {
        let s = Mat::from_fn(classes, classes, |k, l| if k == l { p[k] } else { 0.0 } - p[k] * p[l]);
        trace += w * (0..classes).map(|k| s[(k, k)]).sum::<f64>();
        own += w * w * s.as_ref().squared_norm_l2();
        shared += s * faer::Scale(w);
    }
    assert_agrees("trace", curvature.trace(), trace, 1e-14);
    assert_agrees("own", curvature.own(), own, 1e-14);
    assert_agrees("shared", curvature.shared(), shared.as_ref().squared_norm_l2(), 1e-14);
    for (at, &entry) in curvature.mean().unwrap().iter().enumerate() {
        assert_agrees("mean", entry, shared[(at / classes, at % classes)], 1e-15);
    }
    assert_eq!((curvature.examples(), curvature.classes()), (examples, classes));
    let equal = SoftmaxCurvature::new(&[0.25; 12], 4).unwrap();
    assert_agrees("directions", equal.active_directions().unwrap(), 9.0, 1e-14);
}

/// What is left of a nearly frozen example keeps its digits; what is frozen has none.
#[test]
fn nearly_frozen_probabilities_keep_their_digits() {
    for small in [1e-3, 1e-12, 1e-30, 1e-150] {
        let curvature = SoftmaxCurvature::new(&[1.0 - small, small], 2).unwrap();
        let share = small * (1.0 - small);
        assert!((curvature.trace() / (2.0 * share) - 1.0).abs() < 1e-14, "{small}");
        assert!((curvature.own() / (4.0 * share * share) - 1.0).abs() < 1e-14, "{small}");
        assert!((curvature.shared() / (4.0 * share * share) - 1.0).abs() < 1e-14, "{small}");
        assert!((curvature.active_directions().unwrap() - 1.0).abs() < 1e-13, "{small}");
    }
    for frozen in [&[1.0, 0.0, 0.0, 1.0][..], &[0.0, 1.0], &[1.0 - 1e-200, 1e-200]] {
        let curvature = SoftmaxCurvature::new(frozen, 2).unwrap();
        assert_eq!(curvature.active_directions(), None);
        let cut = LogitModel::new(5, 1.0, 1.0, curvature).unwrap().cut(3).unwrap();
        assert_eq!(cut.ratio, None);
        assert!(cut.trace < 1e-100 && cut.squared_norm < 1e-100);
    }
    let one_class = SoftmaxCurvature::new(&[1.0; 5], 1).unwrap();
    assert_eq!((one_class.trace(), one_class.own(), one_class.shared()), (0.0, 0.0, 0.0));
    assert_eq!(LogitModel::new(5, 1.0, 1.0, one_class).unwrap().cut(5).unwrap().ratio, None);
    let one_class = GaussianLogits::new(1, 3.0).unwrap();
    assert_eq!(LogitModel::new(5, 1.0, 1.0, one_class.curvature(4).unwrap()).unwrap().cut(2).unwrap().ratio, None);
}

// ---------------------------------------------------------------------------------------------------------------------
// Cuts.

#[test]
fn traces_and_norms_agree_with_the_table() {
    for entry in entries("goldilocks", "exact_TrF", 2) {
        let inputs = &entry["inputs"];
        let p: Vec<f64> = inputs["p"].as_array().unwrap().iter().flat_map(numbers).collect();
        let curvature = SoftmaxCurvature::new(&p, 3).unwrap();
        let [means, residues] = ["sigma_c2", "sigma_E2"].map(|name| f(&inputs[name]).sqrt());
        let cut = LogitModel::new(size(&inputs["P"]), means, residues, curvature).unwrap();
        let cut = cut.cut(size(&inputs["d"])).unwrap();
        let value = &entry["value"];
        assert_agrees("trace", cut.trace, f(&value["ETr"]), 1e-12);
        assert_agrees("variance", cut.trace_variance, f(&value["VarTr"]), 1e-12);
        assert_agrees("norm", cut.squared_norm, f(&value["EF2"]), 1e-12);
        assert_agrees("ratio", cut.ratio.unwrap(), cut.trace / cut.squared_norm.sqrt(), 1e-14);

        // And with draws of our own: what was drawn elsewhere and here are two witnesses.
        let draws: Vec<(f64, f64)> =
            (0..4000).map(|key| draw(&p, 3, cut.dimension, means, residues, Key::new(key))).collect();
        let traces: Vec<f64> = draws.iter().map(|draw| draw.0).collect();
        let norms: Vec<f64> = draws.iter().map(|draw| draw.1).collect();
        let squares: Vec<f64> = traces.iter().map(|trace| (trace - cut.trace).powi(2)).collect();
        for (what, values, expected) in
            [("trace", traces, cut.trace), ("variance", squares, cut.trace_variance), ("norm", norms, cut.squared_norm)]
        {
            let (mean, error) = mean(&values);
            assert!((mean - expected).abs() < 4.0 * error, "{what}: {mean} +- {error}, expected {expected}");
        }
    }
}

fn ratio(spread: f64, deviation: f64, dimension: usize) -> f64 {
    let curvature = GaussianLogits::new(10, deviation).unwrap().curvature(60).unwrap();
    LogitModel::new(400, spread, 1.0, curvature).unwrap().cut(dimension).unwrap().ratio.unwrap()
}

#[test]
fn ratios_agree_with_the_table() {
    for entry in entries("goldilocks", "goldilocks_r", 72) {
        let inputs = &entry["inputs"];
        let actual = ratio(f(&inputs["sigma_c"]), f(&inputs["sigma_z"]), size(&inputs["d"]));
        assert_agrees(entry["name"].as_str().unwrap(), actual, f(&entry["value"]["closed"]), 1e-11);
    }
    for entry in entries("goldilocks_printed", "", 84) {
        let inputs = &entry["inputs"];
        let actual = ratio(f(&inputs["ratio"]), f(&inputs["sigma_z"]), size(&inputs["d"]));
        assert_agrees(entry["name"].as_str().unwrap(), actual, f(&entry["value"]["closed"]), 0.5001e-3);
    }
}

/// The simulated column of the table, by twenty draws of our own for each entry: five combined standard errors.
///
/// Beside each draw stands the prediction given its probabilities, which is exact up to the bias of a ratio.
fn simulate(dimensions: &[usize], count: usize) {
    let mut compared = 0;
    for entry in &entries("goldilocks", "goldilocks_r", 72) {
        let (inputs, value) = (&entry["inputs"], &entry["value"]);
        let dimension = size(&inputs["d"]);
        if !dimensions.contains(&dimension) {
            continue;
        }
        let (means, deviation) = (f(&inputs["sigma_c"]), f(&inputs["sigma_z"]));
        let (mut ratios, mut given) = (Vec::new(), Vec::new());
        for number in 0..20 {
            let key = Key::new(number);
            let p = gaussian_probabilities(60, 10, deviation, key.split(2));
            let (trace, squared_norm) = draw(&p, 10, dimension, means, 1.0, key);
            ratios.push(trace / squared_norm.sqrt());
            let model = LogitModel::new(400, means, 1.0, SoftmaxCurvature::new(&p, 10).unwrap()).unwrap();
            given.push(model.cut(dimension).unwrap().ratio.unwrap());
        }
        let name = entry["name"].as_str().unwrap();
        let (ours, error) = mean(&ratios);
        let both = error.hypot(f(&value["se"]));
        assert!((ours - f(&value["sim"])).abs() < 5.0 * both, "{name}: {ours} +- {error}, table {}", value["sim"]);
        let differences: Vec<f64> = ratios.iter().zip(&given).map(|(ratio, given)| ratio - given).collect();
        let (bias, error) = mean(&differences);
        let jensen = if dimension < 50 { 0.05 } else { 0.02 } * ours;
        assert!(bias.abs() < 5.0 * error + jensen, "{name}: {bias} +- {error} from the prediction");
        compared += 1;
    }
    assert_eq!(compared, count);
}

#[test]
fn ratios_agree_with_simulations_on_planes() {
    simulate(&[10, 50], 48);
}

#[test]
fn ratios_agree_with_simulations_of_the_whole() {
    simulate(&[400], 24);
}

/// A single fixed matrix on random planes, with frames of another kind than the formula knows.
#[test]
fn planes_through_one_matrix_have_the_stated_moments() {
    for (dimension, eigenvalues) in [(1, vec![2.0, -1.0, 0.5]), (2, vec![5.0, 1.0, 1.0, -3.0, 0.0]), (4, vec![3.0; 4])]
    {
        let count = eigenvalues.len();
        let trace: f64 = eigenvalues.iter().sum();
        let squared_norm: f64 = eigenvalues.iter().map(|x| x * x).sum();
        let expected = CutMoments::of_matrix(count, trace, squared_norm, dimension).unwrap();
        let (mut traces, mut norms) = (Vec::new(), Vec::new());
        for key in 0..4000 {
            let frame: Vec<f64> = HaarFrame::new(count, dimension).unwrap().sample(Key::new(key));
            let frame = MatRef::from_column_major_slice(&frame, count, dimension);
            let image = Mat::from_fn(count, dimension, |row, col| eigenvalues[row] * frame[(row, col)]);
            let cut = frame.transpose() * image;
            traces.push((0..dimension).map(|k| cut[(k, k)]).sum::<f64>());
            norms.push(cut.as_ref().squared_norm_l2());
        }
        let squares: Vec<f64> = traces.iter().map(|trace| (trace - expected.trace).powi(2)).collect();
        for (what, values, expected) in [
            ("trace", traces, expected.trace),
            ("variance", squares, expected.trace_variance),
            ("norm", norms, expected.squared_norm),
        ] {
            let (mean, error) = mean(&values);
            assert!((mean - expected).abs() <= 4.0 * error + 1e-12, "{what}: {mean} +- {error}, expected {expected}");
        }
    }
}

/// The trace given the class means averages to the trace.
#[test]
fn traces_given_the_means_average_to_the_trace() {
    let (classes, parameters) = (4, 6);
    let p = gaussian_probabilities(9, classes, 1.5, Key::new(0));
    let curvature = SoftmaxCurvature::new(&p, classes).unwrap();
    let model = LogitModel::new(parameters, 0.8, 0.5, curvature).unwrap();
    let traces: Vec<f64> = (0..2000)
        .map(|key| {
            let c: Vec<f64> = normal(classes * parameters, Key::new(key));
            let row = |k: usize| &c[k * parameters..][..parameters];
            let gram: Vec<f64> = (0..classes * classes)
                .map(|at| row(at / classes).iter().zip(row(at % classes)).map(|(x, y)| 0.64 * x * y).sum())
                .collect();
            model.trace_given_means(3, &gram).unwrap()
        })
        .collect();
    let (mean, error) = mean(&traces);
    let expected = model.cut(3).unwrap().trace;
    assert!((mean - expected).abs() < 4.0 * error, "{mean} +- {error}, expected {expected}");
}

proptest! {
    #![proptest_config(cases(64))]

    /// Between one direction and the square root of the dimension; less for more frozen logits; none of the scale.
    #[test]
    fn ratios_stay_within_their_bounds(
        classes in 2usize..50, examples in 1usize..100, deviation in 0.01f64..20.0,
        means in 0.0f64..3.0, dimension in 1usize..500, scale in -100i32..100,
    ) {
        let curvature = |deviation| GaussianLogits::new(classes, deviation).unwrap().curvature(examples).unwrap();
        let ratio = |scale: f64, deviation| {
            let model = LogitModel::new(500, scale * means, scale, curvature(deviation)).unwrap();
            model.cut(dimension).unwrap().ratio.unwrap()
        };
        let value = ratio(1.0, deviation);
        // Up to what an average over the probabilities leaves out of the norm.
        prop_assert!(value > 0.0 && value <= (dimension as f64).sqrt());
        prop_assert!(ratio(1.0, 1.5 * deviation) <= value * (1.0 + 1e-9));
        let scaled = ratio(2f64.powi(scale), deviation);
        prop_assert!((scaled / value - 1.0).abs() < 1e-13);
    }
}

#[test]
fn bad_requests_are_refused_with_a_reason() {
    let message = |error: Error| error.to_string();
    let curvature = || SoftmaxCurvature::new(&[0.5, 0.5], 2).unwrap();
    let model = || LogitModel::new(10, 1.0, 1.0, curvature()).unwrap();
    for (error, words) in [
        (GaussianLogits::new(0, 1.0).unwrap_err(), "classes is 0"),
        (GaussianLogits::new(3, -1.0).unwrap_err(), "[0, 1000]"),
        (GaussianLogits::new(3, f64::NAN).unwrap_err(), "NaN"),
        (GaussianLogits::new(3, 1.0).unwrap().curvature(0).unwrap_err(), "examples is 0"),
        (SoftmaxCurvature::new(&[], 3).unwrap_err(), "probabilities is empty"),
        (SoftmaxCurvature::new(&[0.5, 0.5, 1.0], 2).unwrap_err(), "3 entries"),
        (SoftmaxCurvature::new(&[0.5, 0.5], 0).unwrap_err(), "classes is 0"),
        (SoftmaxCurvature::new(&[0.5, 0.4], 2).unwrap_err(), "must be 1"),
        (SoftmaxCurvature::new(&[1.5, -0.5], 2).unwrap_err(), "-0.5"),
        (SoftmaxCurvature::new(&[f64::NAN, 0.5], 2).unwrap_err(), "NaN"),
        (SoftmaxCurvature::weighted(&[0.5, 0.5], 2, &[]).unwrap_err(), "0 entries"),
        (SoftmaxCurvature::weighted(&[0.5, 0.5], 2, &[-1.0]).unwrap_err(), "-1"),
        (LogitModel::new(0, 1.0, 1.0, curvature()).unwrap_err(), "parameters is 0"),
        (LogitModel::new(1, -1.0, 1.0, curvature()).unwrap_err(), "means of logit gradients is -1"),
        (LogitModel::new(1, 1.0, 1e200, curvature()).unwrap_err(), "finite square"),
        (model().cut(0).unwrap_err(), "cut is 0"),
        (model().cut(11).unwrap_err(), "at most 10"),
        (model().trace_given_means(3, &[1.0]).unwrap_err(), "1 entries"),
        (model().trace_given_means(3, &[f64::NAN; 4]).unwrap_err(), "NaN"),
        (CutMoments::of_matrix(3, 1.0, 1.0, 4).unwrap_err(), "at most 3"),
        (CutMoments::of_matrix(3, 1.0, -1.0, 1).unwrap_err(), "squared norm"),
        (CutMoments::of_matrix(3, 3.0, 1.0, 1).unwrap_err(), "squared norm"),
        (CutMoments::of_matrix(3, f64::INFINITY, 1.0, 1).unwrap_err(), "inf"),
    ] {
        let text = message(error);
        assert!(text.contains(words), "{text} should say {words}");
    }
    let averaged = GaussianLogits::new(2, 1.0).unwrap().curvature(3).unwrap();
    let error = LogitModel::new(10, 1.0, 1.0, averaged).unwrap().trace_given_means(1, &[0.0; 4]).unwrap_err();
    assert!(message(error).contains("missing"));
}
