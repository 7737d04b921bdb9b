//! Barriers, curves, elastic bands, and permutations of hidden units.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::landscape::{Curve, CurveKind, ElasticBand, HiddenUnits, linear_barrier, weight_matching};
use eigenscape::network::{Activation, Convolution, Initialization, Network, Perceptron, Sequential, residual_network};
use eigenscape::objective::{Objective, Recorded, Stochastic};
use eigenscape::optimize::{Adam, LimitedMemoryBfgs, descend};
use eigenscape::random::Key;

use crate::support::normal;

/// The potential of Müller and Brown 1979, doi:10.1007/BF00547608, with its parameters as printed there.
fn muller_brown() -> Recorded<f64> {
    Recorded::new(2, |p| {
        let (x, y) = (p.at(0), p.at(1));
        let terms = [
            (-200.0, -1.0, 0.0, -10.0, 1.0, 0.0),
            (-100.0, -1.0, 0.0, -10.0, 0.0, 0.5),
            (-170.0, -6.5, 11.0, -6.5, -0.5, 1.5),
            (15.0, 0.7, 0.6, 0.7, -1.0, 1.0),
        ];
        terms
            .into_iter()
            .map(|(height, a, b, c, x0, y0)| {
                let (dx, dy) = (x - x0, y - y0);
                (dx * dx * a + dx * dy * b + dy * dy * c).exp() * height
            })
            .reduce(|sum, term| sum + term)
            .unwrap()
    })
    .unwrap()
}

/// Minima and saddles, with their energies, to the digits of the literature.
const MINIMA: [([f64; 2], f64); 3] =
    [([-0.558, 1.442], -146.700), ([-0.050, 0.467], -80.768), ([0.623, 0.028], -108.167)];
const SADDLES: [([f64; 2], f64); 2] = [([-0.822, 0.624], -40.665), ([0.212, 0.293], -72.249)];

#[test]
fn elastic_bands_find_the_saddles_of_muller_and_brown() {
    let energy = muller_brown();
    let minima = MINIMA.map(|(place, value)| {
        let end = LimitedMemoryBfgs::new().run(&energy, &place).unwrap();
        assert!((end.value - value).abs() < 1e-3, "{} for {value}", end.value);
        end.theta
    });
    let near = |image: &[f64], place: [f64; 2]| image.iter().zip(place).all(|(x, y)| (x - y).abs() < 1e-3);
    // From each minimum over the saddle to the next; the whole way stands at the higher of both.
    for (from, to, saddle) in [(0, 1, 0), (1, 2, 1), (0, 2, 0), (2, 0, 0)] {
        let band =
            ElasticBand::new(11).unwrap().spring(50.0).unwrap().run(&energy, &minima[from], &minima[to]).unwrap();
        println!(
            "{from} to {to}: {:.5} at {:?}, {} steps, force {:.1e}",
            band.values[band.top], band.images[band.top], band.steps, band.force
        );
        let (place, value) = SADDLES[saddle];
        assert!(band.converged && band.force <= 1e-4, "{from} to {to}: force {}", band.force);
        assert!((band.values[band.top] - value).abs() < 1e-3, "{from} to {to}: {}", band.values[band.top]);
        assert!(near(&band.images[band.top], place));
        assert!((band.barrier - (value - MINIMA[from].1)).abs() < 2e-3);
        // There the gradient is none, and the curvature has one negative eigenvalue.
        let mut gradient = [0.0; 2];
        energy.value_and_gradient(&band.images[band.top], &mut gradient).unwrap();
        assert!(gradient[0].hypot(gradient[1]) <= 1e-4);
    }
    // Without climbing the highest image stands lower.
    let band = ElasticBand::new(8).unwrap().spring(50.0).unwrap().without_climbing();
    let below = band.run(&energy, &minima[0], &minima[1]).unwrap();
    assert!(below.values[below.top] < SADDLES[0].1 - 1e-3);
    // A budget that runs out says so.
    assert!(!band.steps(3).run(&energy, &minima[0], &minima[1]).unwrap().converged);
}

#[test]
fn barriers_and_curves_have_their_closed_forms() {
    // A tilted double well between points that are no minima: the excess over the line of the ends.
    let tilted = Recorded::<f64>::new(1, |x| (x.at(0).powi(2) - 1.0).powi(2) + x.at(0) * 0.5).unwrap();
    let barrier = linear_barrier(&tilted, &[-1.0], &[1.0], 10).unwrap();
    assert!((barrier.height - 1.0).abs() < 1e-12 && (barrier.place - 0.5).abs() < 1e-6);
    assert_eq!((barrier.profile.len(), barrier.holes), (11, 0));
    // Off the grid: f = x^3 - x from -1 to 1, largest at -1/sqrt 3.
    let cubic = Recorded::<f64>::new(1, |x| x.at(0).powi(3) - x.at(0)).unwrap();
    let barrier = linear_barrier(&cubic, &[-1.0], &[1.0], 7).unwrap();
    assert!((barrier.height - 2.0 / 27f64.sqrt()).abs() < 1e-12, "{}", barrier.height);
    assert!((barrier.place - 0.5 * (1.0 - 1.0 / 3f64.sqrt())).abs() < 1e-5);
    // Convex: none.
    let bowl = Recorded::<f64>::new(2, |x| (x * x).sum()).unwrap();
    assert_eq!(linear_barrier(&bowl, &[-1.0, 2.0], &[3.0, 1.0], 5).unwrap().height, 0.0);

    let (a, b) = ([0.0, 0.0], [3.0, 1.0]);
    let bezier = Curve::new(CurveKind::Bezier, &a, &b, 1).unwrap().with_bends(&[1.0, 4.0]).unwrap();
    for t in [0.0, 0.3, 0.5, 1.0] {
        let exact = [0, 1].map(|i| 2.0 * t * (1.0 - t) * [1.0, 4.0][i] + t * t * b[i]);
        assert!(bezier.at(t).iter().zip(exact).all(|(x, y)| (x - y).abs() < 1e-14));
        let sums = [CurveKind::Bezier, CurveKind::PolygonalChain]
            .map(|kind| Curve::new(kind, &a, &b, 4).unwrap().coefficients(t).iter().sum::<f64>());
        assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-14));
    }
    let chain = Curve::new(CurveKind::PolygonalChain, &a, &b, 1).unwrap().with_bends(&[1.0, 4.0]).unwrap();
    assert_eq!((chain.at(0.25), chain.at(0.5)), (vec![0.5, 2.0], vec![1.0, 4.0]));
    // The gradient of a sample, against differences.
    let objective = bezier.objective(&bowl, Key::new(0)).unwrap();
    let bends = bezier.bends();
    let (mut gradient, mut unused) = ([0.0; 2], [0.0; 2]);
    objective.sample(7, &bends, &mut gradient).unwrap();
    for i in 0..2 {
        let side = |sign: f64, unused: &mut [f64]| {
            let mut moved = bends.clone();
            moved[i] += sign * 1e-5;
            objective.sample(7, &moved, unused).unwrap()
        };
        let slope = (side(1.0, &mut unused) - side(-1.0, &mut unused)) / 2e-5;
        assert!((slope - gradient[i]).abs() < 1e-8);
    }
    // Means over t: those of x^2 along the curve by hand, and of the samples.
    let profile = chain.profile(&bowl, 400).unwrap();
    let exact = 0.5 * (17.0 / 3.0) + 0.5 * (17.0 + 10.0 + (1.0 * 3.0 + 4.0 * 1.0)) / 3.0;
    assert!((profile.mean - exact).abs() < 1e-3, "{} for {exact}", profile.mean);
    let objective = chain.objective(&bowl, Key::new(1)).unwrap();
    let samples: Vec<f64> = (0..2000).map(|step| objective.sample(step, &[1.0, 4.0], &mut unused).unwrap()).collect();
    let mean = samples.iter().sum::<f64>() / 2000.0;
    let error = (samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2000.0 / 1999.0).sqrt();
    assert!((mean - exact).abs() < 4.0 * error);
}

#[test]
fn permutations_of_units_leave_functions_as_they_are() {
    let perceptron = Perceptron::new(&[6, 9, 7, 4], Activation::Tanh).unwrap();
    leaves_the_function(&perceptron, 6, 4, [9, 7].to_vec());
    let images = Sequential::new(&[1, 6, 6])
        .unwrap()
        .convolution(Convolution::new(5, [3, 3]).same())
        .unwrap()
        .activation(Activation::Relu)
        .average_pool([2, 2])
        .unwrap()
        .convolution(Convolution::new(6, [2, 2]))
        .unwrap()
        .activation(Activation::Relu)
        .flatten()
        .dense(8)
        .unwrap()
        .activation(Activation::Tanh)
        .dense(3)
        .unwrap();
    leaves_the_function(&images, 36, 3, vec![5, 6, 8]);
    let residual = residual_network(8, 4, 3).unwrap();
    assert!(HiddenUnits::new(&residual).unwrap_err().to_string().contains("in a row"));
    let normed = Sequential::new(&[8]).unwrap().dense(5).unwrap().layer_norm().unwrap().dense(2).unwrap();
    assert!(HiddenUnits::new(&normed).is_err());
    assert!(HiddenUnits::new(&Perceptron::new(&[3, 2], Activation::Tanh).unwrap()).is_err());
    // Flattened positions of a dense layer are not channel by channel.
    let positions = Sequential::new(&[4, 3]).unwrap().dense(5).unwrap().flatten().dense(2).unwrap();
    assert!(HiddenUnits::new(&positions).is_err());
}

fn leaves_the_function(
    network: &(impl Network + Clone + Send + 'static),
    inputs: usize,
    outputs: usize,
    sizes: Vec<usize>,
) {
    let labels: Vec<usize> = (0..20).map(|example| example % outputs).collect();
    let examples = Examples::labelled(normal(20 * inputs, Key::new(0)), inputs, &labels, outputs).unwrap();
    let risk = Risk::new(network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta: Vec<f64> = normal(network.parameters(), Key::new(1));
    let units = HiddenUnits::new(network).unwrap();
    assert_eq!(units.sizes(), sizes);
    let turned: Vec<Vec<usize>> =
        sizes.iter().enumerate().map(|(layer, &size)| Key::new(2).split(layer as u64).permutation(size)).collect();
    let permuted = units.permute(&theta, &turned).unwrap();
    assert_ne!(permuted, theta);
    for (x, y) in risk.logits(&theta).iter().zip(risk.logits(&permuted)) {
        assert!((x - y).abs() < 1e-12 * (1.0 + x.abs()), "{x} and {y}");
    }
    // Matched back, from all places to the bit, and with noise as well.
    let matched = weight_matching(&units, &theta, &permuted, Key::new(3)).unwrap();
    assert!(matched.converged && matched.aligned == theta && matched.distances[1] == 0.0);
    assert_eq!(units.permute(&permuted, &matched.permutation).unwrap(), theta);
    let noise: Vec<f64> = normal(theta.len(), Key::new(4));
    let noisy: Vec<f64> = permuted.iter().zip(&noise).map(|(x, noise)| x + 0.1 * noise).collect();
    let matched = weight_matching(&units, &theta, &noisy, Key::new(5)).unwrap();
    assert!(matched.distances[1] < 0.2 * (theta.len() as f64).sqrt() && matched.distances[1] < matched.distances[0]);
    let composed = units.permute(&noisy, &matched.permutation).unwrap();
    assert_eq!(composed, matched.aligned);
}

#[test]
fn digits_are_connected_around_the_barrier_and_more_so_when_aligned() {
    let network = Perceptron::new(&[64, 32, 10], Activation::Relu).unwrap();
    let examples = crate::digits::digits().select(&(0..600).collect::<Vec<_>>()).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let minimum = |key: u64| {
        let start: Vec<f64> = Initialization::he().draw(&network, Key::new(key));
        let batches = risk.mini_batches(50, Key::new(key)).unwrap();
        descend(&batches, &start, &mut Adam::new(0.003).unwrap(), 400, |_| ControlFlow::Continue(())).unwrap().theta
    };
    let (a, b) = (minimum(0), minimum(1));
    let units = HiddenUnits::new(&network).unwrap();
    let matched = weight_matching(&units, &a, &b, Key::new(2)).unwrap();
    assert!((risk.value(&b).unwrap() - risk.value(&matched.aligned).unwrap()).abs() < 1e-12);
    let plain = linear_barrier(&risk, &a, &b, 20).unwrap().height;
    let aligned = linear_barrier(&risk, &a, &matched.aligned, 20).unwrap().height;
    let curve = Curve::new(CurveKind::Bezier, &a, &b, 1).unwrap();
    let batches = risk.mini_batches(50, Key::new(3)).unwrap();
    let objective = curve.objective(&batches, Key::new(4)).unwrap();
    let end = descend(&objective, &curve.bends(), &mut Adam::new(0.01).unwrap(), 600, |_| ControlFlow::Continue(()));
    let curve = curve.with_bends(&end.unwrap().theta).unwrap().profile(&risk, 30).unwrap();
    println!("straight {plain:.3}, aligned {aligned:.3}, curve {:.3} (mean {:.3})", curve.barrier, curve.mean);
    assert!(aligned < 0.7 * plain, "{aligned} and {plain}");
    assert!(curve.barrier < 0.2 * plain, "{} and {plain}", curve.barrier);
}

#[test]
fn bad_requests_are_refused() {
    let bowl = Recorded::<f64>::new(2, |x| (x * x).sum()).unwrap();
    let says = |error: eigenscape::Error, words: &str| assert!(error.to_string().contains(words), "{error}");
    let (a, b) = ([1.0, 2.0], [2.0, 1.0]);
    says(linear_barrier(&bowl, &a, &a, 5).unwrap_err(), "same point");
    says(linear_barrier(&bowl, &a, &b[..1], 5).unwrap_err(), "must have 2");
    says(linear_barrier(&bowl, &a, &[f64::NAN, 0.0], 5).unwrap_err(), "finite");
    says(linear_barrier(&bowl, &a, &b, 1).unwrap_err(), "at least 2");
    says(Curve::new(CurveKind::Bezier, &a, &a, 1).unwrap_err(), "same point");
    says(Curve::new(CurveKind::Bezier, &a, &b, 0).unwrap_err(), "at least 1");
    let curve = Curve::new(CurveKind::Bezier, &a, &b, 1).unwrap();
    says(curve.with_bends(&[1.0]).unwrap_err(), "must have 2");
    says(curve.with_bends(&[1.0, f64::INFINITY]).unwrap_err(), "entry 1");
    says(curve.profile(&bowl, 0).unwrap_err(), "at least 1");
    says(ElasticBand::new(2).unwrap_err(), "at least 3");
    says(ElasticBand::new(3).unwrap().spring(0.0).unwrap_err(), "springs");
    says(ElasticBand::new(3).unwrap().tolerance(f64::NAN).unwrap_err(), "tolerance");
    says(ElasticBand::new(3).unwrap().run(&bowl, &a, &a).unwrap_err(), "same point");
    says(ElasticBand::new(3).unwrap().run_from(&bowl, vec![a.to_vec(), b.to_vec()]).unwrap_err(), "must have 3");
    let network = Perceptron::new(&[2, 3, 1], Activation::Tanh).unwrap();
    let units = HiddenUnits::new(&network).unwrap();
    let theta = vec![1.0; 13];
    says(units.permute(&theta[1..], &[vec![0, 1, 2]]).unwrap_err(), "must have 13");
    says(units.permute(&theta, &[vec![0, 1, 1]]).unwrap_err(), "be there once");
    says(units.permute(&theta, &[vec![0, 1, 3]]).unwrap_err(), "below the number");
    says(units.permute(&theta, &[vec![0, 1]]).unwrap_err(), "must have 3");
    says(weight_matching(&units, &theta, &theta[1..], Key::new(0)).unwrap_err(), "must have 13");
    // A hole in the middle of a line is infinite, and counted.
    let holed = Recorded::<f64>::new(1, |x| x.at(0).ln() + (-x.at(0)).ln() * 0.0).unwrap();
    assert!(linear_barrier(&holed, &[1.0], &[2.0], 4).is_err(), "not finite at an end");
    let pole = Recorded::<f64>::new(1, |x| 1.0 / x.at(0).powi(2)).unwrap();
    let barrier = linear_barrier(&pole, &[-1.0], &[1.0], 4).unwrap();
    assert!(barrier.height.is_infinite() && barrier.holes == 1 && barrier.place == 0.5);
}

#[test]
fn runs_are_the_same_for_any_number_of_threads() {
    let network = Perceptron::new(&[5, 6, 3], Activation::Tanh).unwrap();
    let labels: Vec<usize> = (0..40).map(|example| example % 3).collect();
    let examples = Examples::labelled(normal(200, Key::new(0)), 5, &labels, 3).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let [a, b] = [1, 2].map(|key| Initialization::lecun().draw::<f64>(&network, Key::new(key)));
    let run = || {
        let band = ElasticBand::new(5).unwrap().steps(20).run(&risk, &a, &b).unwrap();
        (band.images, linear_barrier(&risk, &a, &b, 6).unwrap())
    };
    assert_eq!(crate::support::with_threads(1, run), crate::support::with_threads(3, run));
}

#[cfg(feature = "serde")]
#[test]
fn damaged_files_of_curves_and_bands_are_refused() {
    let curve = Curve::new(CurveKind::Bezier, &[0.0f64, 1.0], &[1.0, 1.0], 2).unwrap();
    let saved = serde_json::to_value(&curve).unwrap();
    let read = |saved: &serde_json::Value| serde_json::from_value::<Curve<f64>>(saved.clone());
    assert_eq!(read(&saved).unwrap(), curve);
    let damage: [&dyn Fn(&mut serde_json::Value); 4] = [
        &|saved| saved["points"] = serde_json::json!([]),
        &|saved| saved["points"] = serde_json::json!([[0.0, 1.0], [1.0, 1.0]]),
        &|saved| saved["points"][1] = serde_json::json!([0.5]),
        &|saved| saved["points"][3] = serde_json::json!([0.0, 1.0]),
    ];
    for (number, damage) in damage.iter().enumerate() {
        let mut damaged = saved.clone();
        damage(&mut damaged);
        assert!(read(&damaged).is_err(), "damage {number}");
    }
    let band = ElasticBand::new(5).unwrap().without_climbing().steps(7);
    let saved = serde_json::to_value(band).unwrap();
    assert_eq!(serde_json::from_value::<ElasticBand>(saved.clone()).unwrap(), band);
    for (name, value) in [("images", 0.0), ("spring", -1.0), ("tolerance", 0.0)] {
        let mut damaged = saved.clone();
        damaged[name] = if name == "images" { 0.into() } else { value.into() };
        assert!(serde_json::from_value::<ElasticBand>(damaged).is_err(), "{name}");
    }
}
