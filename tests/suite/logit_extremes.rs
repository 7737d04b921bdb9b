//! The random model of logits where there is hardly anything left of it: few classes, few directions, no scale.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::emergent::{Calibration, Comparison, Freezing, ModelComparison, Property};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::random::Key;
use eigenscape::random_matrix::{
    GaussianLogits, LogitEnsemble, LogitLabels, LogitMeans, LogitModel, LogitSpectrum, RandomEnergyModel,
    SoftmaxBlocks, SoftmaxCurvature, Validity, expected_maximum,
};

fn close(what: &str, actual: f64, expected: f64, tolerance: f64) {
    let error = (actual - expected).abs();
    assert!(error <= tolerance * expected.abs(), "{what}: {actual:e} for {expected:e}");
}

#[test]
fn two_classes_freeze_and_one_has_no_curvature() {
    let mean = 1.0 / std::f64::consts::PI.sqrt();
    close("the larger of two", expected_maximum(2), mean, 1e-13);
    let frozen = |classes| LogitEnsemble::new(100, 20, 1.0, 0.0, GaussianLogits::new(classes, 64.0).unwrap()).unwrap();
    close("trace of two", GaussianLogits::new(2, 64.0).unwrap().frozen_trace().unwrap(), mean / 64.0, 1e-13);
    let limit = frozen(2).frozen_limit().unwrap();
    assert_eq!(limit.outliers, 1);
    close("outlier of two", limit.position, 100.0 * mean / 64.0, 1e-4);
    for limit in [frozen(1).frozen_limit().unwrap(), frozen(1).equal_limit(), frozen(1).limit(5, Key::new(0)).unwrap()]
    {
        assert_eq!((limit.outliers, limit.position, limit.critical_deviation), (0, 0.0, f64::INFINITY));
    }
}

/// Of two classes the larger probability is 1 / (1 + e^-|d|), d normal with twice the variance.
#[test]
fn the_larger_of_two_probabilities_is_one_integral() {
    for deviation in [0.5, 4.0, 50.0] {
        let (spread, step) = (2f64.sqrt() * deviation, 1e-3);
        let density = |d: f64| (-0.5 * (d / spread).powi(2)).exp() / (spread * (2.0 * std::f64::consts::PI).sqrt());
        let terms = (0..(10.0 * spread / step) as usize).map(|at| (at as f64 + 0.5) * step);
        let expected: f64 = terms.map(|d| 2.0 * step * density(d) / (1.0 + (-d).exp())).sum();
        close("larger", GaussianLogits::new(2, deviation).unwrap().largest_probability(), expected, 2e-7);
    }
}

#[test]
fn accuracies_depend_on_margins_in_deviations_alone() {
    let accuracy = |deviation: f64, margin: f64| {
        GaussianLogits::new(10, deviation).unwrap().with_margin(margin * deviation).unwrap().accuracy
    };
    for margin in [-1.0, 0.0, 0.1, 2.0] {
        for deviation in [1e-200, 1e-9, 1e-7, 1e-5] {
            close("accuracy", accuracy(deviation, margin), accuracy(1.0, margin), 1e-12);
        }
    }
    assert!(accuracy(1e-9, 0.1) < 0.12);
}

#[test]
fn energies_have_no_scale_of_their_own() {
    let at = |scale: f64| RandomEnergyModel::new(10, scale).unwrap().at(0.7 * scale).unwrap();
    let one = at(1.0);
    for scale in [1e-200, 1e-160, 1e160, 1e200] {
        let other = at(scale);
        close("entropy", other.entropy, one.entropy, 1e-10);
        close("energy", other.energy / scale, one.energy, 1e-10);
        close("free energy", other.free_energy / scale, one.free_energy, 1e-10);
    }
}

#[test]
fn equal_probabilities_have_no_temperature() {
    for classes in [2, 3, 7, 10, 1000] {
        let equal = 1.0 / classes as f64;
        assert!(RandomEnergyModel::reduced_temperature(classes, equal.next_up().next_up()).is_err());
        assert!(RandomEnergyModel::reduced_temperature(classes, equal * (1.0 + 1e-9)).unwrap() > 1e3);
    }
    let network = Perceptron::new(&[4, 3], Activation::Identity).unwrap();
    let examples = Examples::labelled(vec![1.0f32; 8], 4, &[0, 1], 3).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let freezing = Freezing::measure(&risk.at(&[0.0; 15]).unwrap()).unwrap();
    close("Y_2", freezing.power_sum, 1.0 / 3.0, 1e-15);
    assert!(freezing.reduced_temperature().is_err());
}

#[test]
fn predictions_scale_with_the_gradients() {
    let p = [0.5, 0.3, 0.2, 0.6, 0.1, 0.3, 0.2, 0.2, 0.6, 0.1, 0.7, 0.2].repeat(6);
    let at = |scale: f64| {
        let blocks = SoftmaxBlocks::new(&p, 3).unwrap();
        LogitSpectrum::new(blocks, 100, LogitMeans::isotropic(100, 3, scale), 0.7 * scale).unwrap()
    };
    let leading = |scale: f64| at(scale).leading(3, 4, Key::new(0)).unwrap();
    let one = leading(1.0);
    for scale in [1e-49, 1e-30, 1e30, 1e48] {
        for (other, one) in leading(scale).iter().zip(&one) {
            close("eigenvalue", other.mean / scale / scale, one.mean, 1e-9);
            let [other, one] = [other, one].map(|eigenvalue| eigenvalue.standard_deviation);
            assert_eq!(other.is_some(), one.is_some());
            close("deviation", other.unwrap_or(0.0) / scale / scale, one.unwrap_or(0.0), 1e-9);
        }
    }
    let weighted = SoftmaxBlocks::weighted(&p, 3, &[1e-170 / 24.0; 24]).unwrap();
    let active = at(1.0).blocks().active_directions().unwrap();
    close("active directions", weighted.active_directions().unwrap(), active, 1e-12);
}

/// H of one example has the eigenvalues of a Wishart matrix of C - 1 rows: one, of two equally probable classes.
#[test]
fn few_directions_say_that_their_bulk_has_no_smooth_end() {
    let parameters = 50;
    let spectrum = |classes: usize| {
        let blocks = SoftmaxBlocks::new(&vec![1.0 / classes as f64; classes], classes).unwrap();
        LogitSpectrum::new(blocks, parameters, LogitMeans::isotropic(parameters, classes, 0.0), 1.0).unwrap()
    };
    let one = spectrum(2).of_bulk(0).unwrap();
    close("chi squared", one.mean, 25.0, 1e-12);
    close("its deviation", one.standard_deviation.unwrap(), 25.0 * (2.0f64 / 50.0).sqrt(), 1e-12);
    assert_eq!(spectrum(2).edge_validity(), Validity::Good);

    let draws = 2000;
    let largest = |draw: u64| {
        let mut x = vec![0.0f64; 2 * parameters];
        Key::new(0).split(draw).normal(0, &mut x);
        let (left, right) = x.split_at(parameters);
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let (a, b, c) = (dot(left, left), dot(right, right), dot(left, right));
        (0.5 * (a + b) + (0.25 * (a - b) * (a - b) + c * c).sqrt()) / 3.0
    };
    let mean = (0..draws).map(largest).sum::<f64>() / draws as f64;
    let two = spectrum(3);
    // 6 % too high, and said so.
    assert!(two.edge().unwrap().unwrap().mean() > 1.04 * mean);
    assert_eq!(two.edge_validity(), Validity::FewActive);
    close("two directions", two.leading(1, 1, Key::new(0)).unwrap()[0].mean, mean, 0.025);
}

#[test]
fn residuals_of_frozen_probabilities_keep_their_precision() {
    let p = [1.0, 1e-20, 3e-20, 1.0, 5e-19, 1e-25];
    let blocks = || SoftmaxBlocks::new(&p, 3).unwrap();
    let spectrum = LogitSpectrum::new(blocks(), 40, LogitMeans::isotropic(40, 3, 1.0), 2.0).unwrap();
    let gradient = |labels: LogitLabels| spectrum.gradient(&labels).unwrap();
    // E r r' = S for labels drawn from the probabilities, and every coordinate of J has the variance 5.
    let trace = SoftmaxCurvature::new(&p, 3).unwrap().trace();
    let calibrated = gradient(LogitLabels::Calibrated);
    close("calibrated", calibrated.squared_norm(), 40.0 * 5.0 * trace / 2.0, 1e-12);
    assert!((0..6).all(|count| calibrated.share(count).unwrap().unwrap() <= 1.0));
    // r = (-sum of the others, the others) for right labels.
    let squares = |others: [f64; 2]| (others[0] + others[1]).powi(2) + others[0].powi(2) + others[1].powi(2);
    let noise = 40.0 * 4.0 * (squares([1e-20, 3e-20]) + squares([5e-19, 1e-25])) / 4.0;
    let mean = 40.0 * squares([(1e-20 + 5e-19) / 2.0, (3e-20 + 1e-25) / 2.0]);
    close("right", gradient(LogitLabels::Given(vec![0, 0])).squared_norm(), noise + mean, 1e-9);
}

#[test]
fn what_has_no_square_is_refused() {
    let p = [0.5, 0.5];
    assert!(SoftmaxCurvature::weighted(&p, 2, &[1e200]).is_err());
    let curvature = SoftmaxCurvature::new(&p, 2).unwrap();
    let logits = GaussianLogits::new(2, 1.0).unwrap();
    for deviation in [1e-200, 1e200, -1.0, f64::NAN, f64::INFINITY] {
        assert!(LogitModel::new(10, deviation, 1.0, curvature.clone()).is_err(), "{deviation}");
        assert!(LogitEnsemble::new(10, 5, 1.0, deviation, logits).is_err(), "{deviation}");
        let means = LogitMeans::isotropic(10, 2, 1.0);
        assert!(LogitSpectrum::new(SoftmaxBlocks::new(&p, 2).unwrap(), 10, means, deviation).is_err(), "{deviation}");
    }
    for deviation in [1e-100, 1e100] {
        let ensemble = LogitEnsemble::new(10, 5, deviation, deviation, logits).unwrap();
        assert!(ensemble.limit(5, Key::new(0)).is_err() && ensemble.frozen_limit().is_err());
    }
}

#[test]
fn the_predicted_end_of_the_bulk_is_that_of_its_largest_eigenvalue() {
    let network = Perceptron::new(&[3, 2], Activation::Identity).unwrap();
    let mut inputs = vec![0.0f64; 12];
    Key::new(0).normal(0, &mut inputs);
    let examples = Examples::labelled(inputs, 3, &[0, 1, 0, 1], 2).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let point = risk.at(&Initialization::lecun().draw(&network, Key::new(1))).unwrap();
    let comparison = ModelComparison::new(Key::new(2)).draws(0).ensemble_draws(0).run(&point).unwrap();
    let row = comparison.row(Property::BulkEdge).unwrap();
    let largest = Calibration::measure(&point).unwrap().spectrum().unwrap().of_bulk(0).unwrap();
    assert_eq!(row.prediction(Comparison::GIVEN_MEANS).unwrap().value, largest.mean);
}

/// Means of one size make outliers in one place, and the largest of them lies above it by sqrt(1/P) times the size of a matrix of noise.
#[test]
fn drawn_means_split_outliers_that_are_expected_in_one_place() {
    let network = Perceptron::new(&[5, 6], Activation::Identity).unwrap();
    let mut inputs = vec![0.0f64; 40 * 5];
    Key::new(0).normal(0, &mut inputs);
    inputs.iter_mut().for_each(|x| *x = 1.0 + 0.3 * *x);
    let labels: Vec<usize> = (0..40).map(|example| example % 6).collect();
    let risk =
        Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 5, &labels, 6).unwrap()).unwrap();
    let point = risk.at(&[0.0; 36]).unwrap();
    let settings = ModelComparison::new(Key::new(1)).probes(0).ensemble_draws(0).groups(0);
    let comparison = settings.draws(100).run(&point).unwrap();
    let row = comparison.row(Property::Eigenvalue(0)).unwrap();
    let [drawn, sampled] =
        [Comparison::DRAWN_MEANS, Comparison::SAMPLED].map(|model| row.prediction(model).unwrap().clone());
    let place = Calibration::measure(&point).unwrap().drawn_spectrum().unwrap().outliers()[0].position;
    assert!(sampled.value > 1.3 * place, "they do not split: {} at {place}", sampled.value);
    let error = sampled.deviation.unwrap() / 10.0;
    let fluctuation = drawn.deviation.unwrap() / 200f64.sqrt();
    assert!((drawn.value - sampled.value).abs() < 4.0 * error.hypot(fluctuation), "{drawn:?} {sampled:?}");
}
