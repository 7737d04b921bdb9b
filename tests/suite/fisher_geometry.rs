//! Fisher geometry against closed forms: the normal and the categorical family, flat and round metrics.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::landscape::{
    LineElement, LocalEffectiveDimension, ObjectiveMetric, RecordedMetric, RungeKutta, effective_dimension,
    exponential_map, fisher_rao_norm, path_length,
};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::operator::{Diagonal, to_dense};
use eigenscape::random::Key;
use eigenscape::spectrum::StochasticLanczos;
use eigenscape::tape::{Program, Shape};

use crate::support::normal;

/// (d mu^2 + 2 d sigma^2) / sigma^2.
fn normal_family() -> RecordedMetric {
    RecordedMetric::new(2, |x| {
        let diagonal = x.tape().constant(Shape::matrix(2, 2), &[1.0, 0.0, 0.0, 2.0]);
        diagonal * x.at(1).powi(-2)
    })
    .unwrap()
}

/// The distance between two normal laws (Atkinson & Mitchell 1981).
fn normal_distance(a: &[f64], b: &[f64]) -> f64 {
    let square = (a[0] - b[0]).powi(2) / 2.0 + (a[1] - b[1]).powi(2);
    2f64.sqrt() * (1.0 + square / (2.0 * a[1] * b[1])).acosh()
}

#[test]
fn geodesics_of_the_normal_family_are_half_ellipses() {
    let metric = normal_family();
    for (start, velocity) in [([0.3, 1.2], [1.0, 0.4]), ([0.0, 0.5], [-0.7, -0.6]), ([2.0, 1.0], [3.0, 0.0])] {
        let geodesic = exponential_map(&metric, &start, &velocity).unwrap();
        // The end is as far as the way is long.
        let distance = normal_distance(&start, &geodesic.end);
        assert!((geodesic.length - distance).abs() < 1e-8, "{} for {distance}", geodesic.length);
        assert!(geodesic.drift < 1e-9);
        // (mu - m)^2 / 2 + sigma^2 is the same all the way, with m from the start's velocity.
        let middle = start[0] + 2.0 * start[1] * velocity[1] / velocity[0];
        let radius = |x: &[f64]| (x[0] - middle).powi(2) / 2.0 + x[1] * x[1];
        for (time, point) in &geodesic.points {
            assert!((radius(point) / radius(&start) - 1.0).abs() < 1e-8, "at {time}");
        }
        // Back, by the velocity reversed.
        let back: Vec<f64> = geodesic.velocity.iter().map(|v| -v).collect();
        let origin = exponential_map(&metric, &geodesic.end, &back).unwrap().end;
        assert!(origin.iter().zip(&start).all(|(a, b)| (a - b).abs() < 1e-8));
    }
}

#[test]
fn geodesics_of_the_categorical_family_are_great_circles() {
    // Logits (0, x_0, x_1, x_2): p = softmax, and 2 sqrt(p) on a sphere of radius 2.
    let roots = Program::<f64>::record([Shape::vector(3)], |[x]| {
        let padded = x.tape().constant(Shape::matrix(4, 3), &[0., 0., 0., 1., 0., 0., 0., 1., 0., 0., 0., 1.]);
        let logits = padded.matmul(x.reshape(Shape::matrix(3, 1))).reshape(Shape::matrix(1, 4));
        (logits.log_softmax() * 0.5).exp() * 2.0
    })
    .unwrap();
    let metric = RecordedMetric::pullback(&roots).unwrap();
    let image = |x: &[f64]| roots.evaluate(&[x]).concat();
    let (start, velocity) = ([0.2, -0.5, 0.7], [0.8, 0.3, -0.9]);
    let geodesic = exponential_map(&metric, &start, &velocity).unwrap();
    let (from, to) = (image(&start), image(&geodesic.end));
    let cosine = from.iter().zip(&to).map(|(a, b)| a * b).sum::<f64>() / 4.0;
    assert!((geodesic.length - 2.0 * cosine.acos()).abs() < 1e-8);
    // Every point lies in the plane of the circle.
    let step = 1e-6;
    let ahead: Vec<f64> = start.iter().zip(&velocity).map(|(x, v)| x + step * v).collect();
    let behind: Vec<f64> = start.iter().zip(&velocity).map(|(x, v)| x - step * v).collect();
    let tangent: Vec<f64> =
        image(&ahead).iter().zip(image(&behind)).map(|(a, b)| (a - b) / (2.0 * step) / geodesic.length).collect();
    for (time, point) in &geodesic.points {
        let angle = geodesic.length * time / 2.0;
        for (i, value) in image(point).iter().enumerate() {
            let exact = from[i] * angle.cos() + 2.0 * tangent[i] * angle.sin();
            assert!((value - exact).abs() < 1e-8, "at {time}: {value} for {exact}");
        }
    }
    // The metric itself: diag(p) - p p' without the first logit.
    let p: Vec<f64> = from.iter().map(|root| root * root / 4.0).collect();
    let matrix = metric.matrix(&start).unwrap();
    for a in 0..3 {
        for b in 0..3 {
            let exact = if a == b { p[a + 1] } else { 0.0 } - p[a + 1] * p[b + 1];
            assert!((matrix[a * 3 + b] - exact).abs() < 1e-14);
        }
    }
}

/// A network on random inputs in three classes.
fn risk(activation: Activation, sizes: &[usize], key: Key) -> (Perceptron, Examples<f64>, Vec<f64>) {
    let network = Perceptron::new(sizes, activation).unwrap();
    let (inputs, classes) = (sizes[0], sizes[sizes.len() - 1]);
    let mut x = vec![0.0; 20 * inputs];
    key.split(0).normal(0, &mut x);
    let labels: Vec<usize> = (0..20).map(|example| example % classes).collect();
    let examples = Examples::labelled(x, inputs, &labels, classes).unwrap();
    let theta = Initialization::lecun().draw(&network, key.split(1));
    (network, examples, theta)
}

#[test]
fn the_metric_of_a_network_is_its_fisher_matrix_at_every_point() {
    let (network, examples, theta) = risk(Activation::Tanh, &[3, 4, 3], Key::new(0));
    let examples = examples.weighted((0..20).map(|i| 1.0 + f64::from(i % 3)).collect()).unwrap();
    let metric = RecordedMetric::softmax(&network, &examples).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let fisher = to_dense(&risk.at(&theta).unwrap().fisher().unwrap());
    let matrix = metric.matrix(&theta).unwrap();
    assert!(matrix.iter().zip(fisher.entries()).all(|(a, b)| (a - b).abs() < 1e-13));
    // So both give a path the same length.
    let mut end = theta.clone();
    Key::new(1).normal(0, &mut end);
    let both = [
        path_length(&metric, &[&theta, &end], 1e-10).unwrap(),
        path_length(&ObjectiveMetric::<f64, _>::new(&risk), &[&theta, &end], 1e-10).unwrap(),
    ];
    assert!((both[0].length - both[1].length).abs() < 1e-9 && both[0].error < 1e-8);
    // More parameters than logits tell apart: a geodesic needs damping, and then keeps its speed and is stationary in length.
    let velocity: Vec<f64> = end.iter().zip(&theta).map(|(a, b)| (a - b) * 0.3).collect();
    let damped = RecordedMetric::softmax(&network, risk.examples()).unwrap().damped(0.01).unwrap();
    let geodesic = exponential_map(&damped, &theta, &velocity).unwrap();
    assert!(geodesic.drift < 1e-8, "{}", geodesic.drift);
    let straight = path_length(&damped, &[&theta, &geodesic.end], 1e-10).unwrap().length;
    assert!(geodesic.length < straight, "{} {straight}", geodesic.length);
}

#[test]
fn lengths_of_paths_have_their_closed_forms() {
    let metric = normal_family();
    // Along mu at constant sigma, up sigma at constant mu, and around.
    let path = path_length(&metric, &[&[0.0, 0.5], &[3.0, 0.5], &[3.0, 4.0]], 1e-10).unwrap();
    assert!((path.stretches[0] - 6.0).abs() < 1e-10);
    assert!((path.stretches[1] - 2f64.sqrt() * 8f64.ln()).abs() < 1e-9 && path.error < 1e-8);
    // A polygon inscribed in a geodesic is longer, and tends to it.
    let geodesic = exponential_map(&metric, &[0.0, 1.0], &[2.0, 0.5]).unwrap();
    let vertices: Vec<&[f64]> = geodesic.points.iter().map(|(_, x)| x.as_slice()).collect();
    let polygon = path_length(&metric, &vertices, 1e-10).unwrap().length;
    assert!(polygon > geodesic.length && polygon < geodesic.length * 1.01);
    // A kink inside of a stretch.
    struct Kink;
    impl LineElement for Kink {
        fn dim(&self) -> usize {
            1
        }
        fn squared_speed(&self, x: &[f64], v: &[f64]) -> eigenscape::Result<f64> {
            Ok(if x[0] < 0.3 { v[0] * v[0] } else { 9.0 * v[0] * v[0] })
        }
    }
    let kinked = path_length(&Kink, &[&[0.0], &[1.0]], 1e-10).unwrap();
    assert!((kinked.length - 2.4).abs() < 1e-3 && (kinked.length - 2.4).abs() <= 3.0 * kinked.error);
}

#[test]
fn the_fisher_rao_norm_is_that_of_logits_and_invariant() {
    let (network, examples, mut theta) = risk(Activation::Relu, &[5, 6, 4, 3], Key::new(2));
    for block in network.blocks().iter().filter(|block| block.shape.axes() == 1) {
        theta[block.range()].fill(0.0);
    }
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let point = risk.at(&theta).unwrap();
    let norm = fisher_rao_norm(&point).unwrap();
    // Three layers: 3^2 times the mean variance of logits under their probabilities.
    let (logits, probabilities) = (risk.logits(&theta), point.probabilities().unwrap());
    let variance: f64 = logits
        .chunks_exact(3)
        .zip(probabilities.chunks_exact(3))
        .map(|(z, p)| {
            let mean: f64 = z.iter().zip(p).map(|(z, p)| z * p).sum();
            z.iter().zip(p).map(|(z, p)| p * (z - mean).powi(2)).sum::<f64>()
        })
        .sum::<f64>()
        / 20.0;
    assert!((norm * norm - 9.0 * variance).abs() < 1e-12);
    // Layers rescaled by 7, 1/2 and 2/7.
    let mut scaled = theta.clone();
    let weights = network.blocks().iter().filter(|block| block.shape.axes() == 2);
    for (block, factor) in weights.zip([7.0, 0.5, 2.0 / 7.0]) {
        scaled[block.range()].iter_mut().for_each(|w| *w *= factor);
    }
    let other = fisher_rao_norm(&risk.at(&scaled).unwrap()).unwrap();
    assert!((other / norm - 1.0).abs() < 1e-12);
    // What is not invariant is told apart: another network has another norm.
    scaled[0] += 1.0;
    assert!((fisher_rao_norm(&risk.at(&scaled).unwrap()).unwrap() / norm - 1.0).abs() > 1e-6);
}

#[test]
fn effective_dimensions_have_their_closed_forms() {
    let values: Vec<f64> = (0..30).map(|i| 0.7f64.powi(i)).collect();
    let exact: f64 = values.iter().map(|x| x / (x + 0.05)).sum();
    let spectrum = StochasticLanczos::new(Key::new(0)).probes(30).run(&Diagonal::new(values)).unwrap();
    let estimate = effective_dimension(&spectrum, 0.05).unwrap();
    // Signs as probes of a diagonal matrix have no variance.
    assert!((estimate.mean - exact).abs() < 4.0 * estimate.standard_error.unwrap().max(1e-9));
    // A constant metric of rank 2 in 3 dimensions: 2 ln(1 + kappa 3/2) / ln kappa.
    let flat = RecordedMetric::new(3, |x| {
        x.tape().constant(Shape::matrix(3, 3), &[5.0, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0])
    })
    .unwrap();
    let kappa = 1000.0 / (2.0 * std::f64::consts::PI * 1000f64.ln());
    let settings = LocalEffectiveDimension::new(0.5, 1000, Key::new(0)).unwrap().draws(7);
    let dimension = settings.run(&flat, &[0.0; 3]).unwrap();
    assert!((dimension - 2.0 * (1.0 + kappa * 1.5).ln() / kappa.ln()).abs() < 1e-12);
    // The same for the normal family, where the metric varies: against quadrature over the disc of sqrt det.
    let (center, radius) = ([0.0, 1.0], 0.5);
    let settings = LocalEffectiveDimension::new(radius, 1000, Key::new(1)).unwrap().draws(4000);
    let dimension = settings.run(&normal_family(), &center).unwrap();
    let (mut trace, mut points) = (0.0, Vec::new());
    for i in 0..400 {
        for j in 0..400 {
            let (a, b) = ((i as f64 + 0.5) / 200.0 - 1.0, (j as f64 + 0.5) / 200.0 - 1.0);
            if a * a + b * b < 1.0 {
                let inverse = (1.0 + radius * b).powi(-2);
                trace += 3.0 * inverse;
                points.push(inverse);
            }
        }
    }
    let factor = kappa * 2.0 / (trace / points.len() as f64);
    let mean = points.iter().map(|p| ((1.0 + factor * p) * (1.0 + 2.0 * factor * p)).sqrt()).sum::<f64>()
        / points.len() as f64;
    let exact = 2.0 * mean.ln() / kappa.ln();
    assert!((dimension - exact).abs() < 0.02, "{dimension} for {exact}");
}

#[test]
fn integrations_keep_their_tolerance_and_name_singularities() {
    // y' = y^2 from 1 ends at t = 1.
    let blow_up = |_: f64, y: &[f64], slope: &mut [f64]| {
        slope[0] = y[0] * y[0];
        Ok(())
    };
    let method = RungeKutta::new(1e-10).unwrap();
    let fine = method.run(&[1.0], 0.0, 0.9, blow_up, |_, _| true).unwrap();
    assert!((fine.end[0] - 10.0).abs() < 1e-7 && fine.arrived);
    assert!(method.run(&[1.0], 0.0, 1.5, blow_up, |_, _| true).is_err());
    // Order five: a hundredth of the error for 100^(1/5) times the steps.
    let swing = |_: f64, y: &[f64], slope: &mut [f64]| {
        (slope[0], slope[1]) = (y[1], -y[0]);
        Ok(())
    };
    let run = |tolerance: f64| {
        let path = RungeKutta::new(tolerance).unwrap().run(&[1.0, 0.0], 0.0, 20.0, swing, |_, _| true).unwrap();
        ((path.end[0] - 20f64.cos()).abs().max((path.end[1] + 20f64.sin()).abs()), path.steps)
    };
    let (rough, fine) = (run(1e-5), run(1e-10));
    assert!(rough.0 < 1e-3 && fine.0 < 1e-8, "{rough:?} {fine:?}");
    let order = (rough.0 / fine.0).ln() / (fine.1 as f64 / rough.1 as f64).ln();
    assert!((4.0..6.5).contains(&order), "{order}");
    // Backwards, and stopped on the way.
    let back = method.run(&[1.0, 0.0], 0.0, -1.0, swing, |_, _| true).unwrap();
    assert!((back.end[1] - 1f64.sin()).abs() < 1e-8);
    let stopped = method.run(&[1.0, 0.0], 0.0, 9.0, swing, |time, _| time < 1.0).unwrap();
    assert!(!stopped.arrived && stopped.time >= 1.0 && stopped.time < 9.0);
    assert!(!method.steps(3).run(&[1.0, 0.0], 0.0, 9.0, swing, |_, _| true).unwrap().arrived);
}

#[test]
fn bad_requests_are_refused() {
    let metric = normal_family();
    assert!(exponential_map(&metric, &[0.0, 1.0], &[0.0, 0.0]).unwrap_err().to_string().contains("speed"));
    assert!(exponential_map(&metric, &[0.0], &[0.0, 1.0]).is_err());
    assert!(exponential_map(&metric, &[0.0, 0.0], &[0.0, 1.0]).is_err());
    assert!(path_length(&metric, &[&[0.0, 1.0]], 1e-10).is_err());
    assert!(path_length(&metric, &[&[0.0, 1.0], &[f64::NAN, 1.0]], 1e-10).is_err());
    let flat = RecordedMetric::new(2, |x| x.tape().constant(Shape::matrix(2, 2), &[1.0, 0.0, 0.0, 0.0])).unwrap();
    assert!(exponential_map(&flat, &[0.0; 2], &[1.0, 0.0]).unwrap_err().to_string().contains("damp"));
    assert!(RecordedMetric::new(2, |x| x.sum()).is_err());
    assert!(LocalEffectiveDimension::new(1.0, 10, Key::new(0)).is_err());
    assert!(LocalEffectiveDimension::new(1.0, 1000, Key::new(0)).unwrap().gamma(1.5).is_err());
    let negative = StochasticLanczos::new(Key::new(0)).run(&Diagonal::new(vec![-1.0, 2.0])).unwrap();
    assert!(effective_dimension(&negative, 0.5).is_err());
    assert!(RungeKutta::new(0.0).is_err());
}

#[test]
fn lengths_along_what_a_metric_does_not_see_are_zero_and_no_metric_is_refused() {
    // diag(p) - p p' does not see logits that grow together; rounding gives their squared speed either sign.
    let categorical = RecordedMetric::new(3, |x| {
        let p = x.log_softmax().exp();
        let (column, row) = (p.reshape(Shape::matrix(3, 1)), p.reshape(Shape::matrix(1, 3)));
        let one = x.tape().constant(Shape::matrix(3, 3), &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        one * column - column.matmul(row)
    })
    .unwrap();
    let mut negative = 0;
    for key in 0..20 {
        let start: Vec<f64> = normal(3, Key::new(key));
        let end: Vec<f64> = start.iter().map(|x| x + 1.7).collect();
        let length = path_length(&categorical, &[&start, &end], 1e-8).unwrap().length;
        assert!((0.0..1e-7).contains(&length), "{length}");
        negative += usize::from(categorical.squared_speed(&start, &[1.7; 3]).unwrap() == 0.0);
    }
    assert!(negative > 0, "rounding was never below 0: the test sees nothing");
    let minus = RecordedMetric::new(2, |x| x.tape().constant(Shape::matrix(2, 2), &[1.0, 0.0, 0.0, -1.0])).unwrap();
    let says = |error: eigenscape::Error| assert!(error.to_string().contains("squared speed"), "{error}");
    says(path_length(&minus, &[&[0.0; 2], &[0.0, 1.0]], 1e-8).unwrap_err());
    says(exponential_map(&minus, &[0.0; 2], &[0.0, 1.0]).unwrap_err());
    struct Broken(f64);
    impl LineElement for Broken {
        fn dim(&self) -> usize {
            1
        }
        fn squared_speed(&self, _: &[f64], _: &[f64]) -> eigenscape::Result<f64> {
            Ok(self.0)
        }
    }
    for square in [f64::NAN, f64::INFINITY, -1.0] {
        says(path_length(&Broken(square), &[&[0.0], &[1.0]], 1e-8).unwrap_err());
    }
    // Solutions that leave the range of numbers do not arrive.
    let steep = |_: f64, _: &[f64], slope: &mut [f64]| {
        slope[0] = 1e308;
        Ok(())
    };
    assert!(RungeKutta::new(1e-6).unwrap().run(&[0.0], 0.0, 10.0, steep, |_, _| true).is_err());
    // 18 / (2 pi ln 18) = 0.991, 19 / (2 pi ln 19) = 1.027.
    let refused = LocalEffectiveDimension::new(1.0, 18, Key::new(0)).unwrap_err().to_string();
    assert!(refused.contains("19 for gamma = 1") && LocalEffectiveDimension::new(1.0, 19, Key::new(0)).is_ok());
}
