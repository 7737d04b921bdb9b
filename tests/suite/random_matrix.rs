//! Tests of `random_matrix`: here the laws as properties over all ratios, and what is refused.

mod convolutions;
mod extremes;
mod samples;
mod spikes;
mod tables;
mod theory;

use std::f64::consts::PI;

use eigenscape::Error;
use eigenscape::random_matrix::{
    Atom, Complex, GaussianOrthogonal, Interval, Law, MarchenkoPastur, Outlier, Semicircle, SpikedCovariance,
    SpikedWigner, Wishart,
};
use proptest::prelude::*;

// ---------------------------------------------------------------------------------------------------------------------
// Helpers, and the proof that they can fail.

/// |actual - expected| <= tolerance max(1, |expected|), the convention of the table.
fn agrees(actual: f64, expected: f64, tolerance: f64) -> bool {
    (actual - expected).abs() <= tolerance * expected.abs().max(1.0)
}

#[track_caller]
fn assert_agrees(what: &str, actual: f64, expected: f64, tolerance: f64) {
    assert!(agrees(actual, expected, tolerance), "{what}: {actual:e} should be {expected:e} within {tolerance:e}");
}

/// The integral over an interval by the double exponential rule, blind to singular ends; it knows nothing of angles.
fn integrate(interval: Interval, integrand: impl Fn(f64) -> f64) -> f64 {
    let (width, step) = (interval.upper - interval.lower, 1.0 / 64.0);
    let mut sum = 0.0;
    for node in -256..=256 {
        let t = f64::from(node) * step;
        let s = PI / 2.0 * t.sinh();
        // The distance from the nearer end as a fraction of the width, without subtraction from 1.
        let fraction = 1.0 / (1.0 + (2.0 * s.abs()).exp());
        let x = if s < 0.0 { interval.lower + width * fraction } else { interval.upper - width * fraction };
        let weight = PI / 2.0 * t.cosh() / s.cosh().powi(2) / 2.0 * width * step;
        if weight > 0.0 && interval.lower < x && x < interval.upper {
            sum += weight * integrand(x);
        }
    }
    sum
}

/// The integral of a function against the whole law.
fn expectation(law: &dyn Law, function: impl Fn(f64) -> f64) -> f64 {
    let bulk: f64 =
        law.support().into_iter().map(|part| integrate(part, |x| law.density(x).unwrap() * function(x))).sum();
    bulk + law.atoms().iter().map(|atom| atom.weight * function(atom.location)).sum::<f64>()
}

/// The largest difference between the distribution of ascending values and a law, on either side of every jump.
fn kolmogorov(values: &[f64], law: &dyn Law) -> f64 {
    let count = values.len() as f64;
    let jumps = values.iter().map(|&value| {
        let at = law.cumulative(value).unwrap();
        let atom: f64 = law.atoms().iter().filter(|atom| atom.location == value).map(|atom| atom.weight).sum();
        let (below, through) = (values.partition_point(|v| *v < value), values.partition_point(|v| *v <= value));
        (through as f64 / count - at).abs().max((below as f64 / count - (at - atom)).abs())
    });
    jumps.fold(0.0, f64::max)
}

/// Mean and standard error of the mean.
fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

#[test]
fn helpers_can_fail() {
    assert!(agrees(1.0, 1.0, 0.0) && !agrees(1.1, 1.0, 0.01) && !agrees(f64::NAN, 1.0, 1.0));
    assert!(agrees(integrate(Interval { lower: 0.0, upper: 4.0 }, |x| x.powf(-0.5)), 4.0, 1e-10));
    assert!(!agrees(integrate(Interval { lower: 0.0, upper: 4.0 }, |x| x.powf(-0.5)), 4.001, 1e-8));
    let wrong = MarchenkoPastur::new(0.5, 1.1).unwrap();
    let right = MarchenkoPastur::new(0.5, 1.0).unwrap();
    assert!(!agrees(expectation(&right, |x| x), wrong.moment(1), 1e-3));
    let quantiles: Vec<f64> = (0..500).map(|i| right.quantile((f64::from(i) + 0.5) / 500.0).unwrap()).collect();
    assert!(kolmogorov(&quantiles, &right) < 0.5001 / 500.0 && kolmogorov(&quantiles, &wrong) > 5.0 / 500.0);
    assert_eq!(mean(&[1.0, 3.0]), (2.0, 1.0));
}

// ---------------------------------------------------------------------------------------------------------------------
// Laws as properties.

/// Log-uniform over 1e-3..1e3, with the singular ratio 1 and its neighbourhood given a share of their own.
fn ratios() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (-3.0..3.0f64).prop_map(|exponent| 10f64.powf(exponent)),
        1 => Just(1.0),
        1 => (-8.0..-1.0f64).prop_map(|exponent| 1.0 - 10f64.powf(exponent)),
        1 => (-8.0..-1.0f64).prop_map(|exponent| 1.0 + 10f64.powf(exponent)),
    ]
}

fn laws() -> impl Strategy<Value = Box<dyn Law>> {
    let scale = || (-6.0..6.0f64).prop_map(|exponent| 10f64.powf(exponent));
    prop_oneof![
        4 => (ratios(), scale()).prop_map(|(ratio, variance)| {
            Box::new(MarchenkoPastur::new(ratio, variance).unwrap()) as Box<dyn Law>
        }),
        1 => scale().prop_map(|deviation| Box::new(Semicircle::new(deviation).unwrap()) as Box<dyn Law>),
    ]
}

/// The farthest point of a law from 0.
fn radius(law: &dyn Law) -> f64 {
    law.support().iter().map(|part| part.lower.abs().max(part.upper.abs())).fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(crate::oracle::cases(300))]

    #[test]
    fn density_and_atoms_have_mass_one(law in laws()) {
        let mass = expectation(&*law, |_| 1.0);
        prop_assert!((mass - 1.0).abs() < 1e-8, "mass {mass}");
    }

    #[test]
    fn distribution_inverts_quantile(law in laws(), u in 0.0..=1.0f64, tail in -15.0..-1.0f64) {
        let jump: f64 = law.atoms().iter().map(|atom| atom.weight).sum();
        for u in [u, 10f64.powf(tail), 1.0 - 10f64.powf(tail), 0.0, 1.0, jump, jump + (1.0 - jump) * u] {
            let back = law.cumulative(law.quantile(u).unwrap()).unwrap();
            prop_assert!((back - u.max(jump)).abs() < 1e-14, "F(quantile({u})) = {back}");
        }
    }

    #[test]
    fn distribution_increases_from_zero_to_one(law in laws()) {
        let end = radius(&*law);
        let mut before = law.cumulative(f64::NEG_INFINITY).unwrap();
        prop_assert_eq!(before, 0.0);
        for i in -1200..=1200 {
            let now = law.cumulative(end * f64::from(i) / 1000.0).unwrap();
            prop_assert!(now >= before && now <= 1.0, "F falls from {before} to {now} at step {i}");
            before = now;
        }
        prop_assert_eq!(before, 1.0);
        prop_assert_eq!(law.cumulative(f64::INFINITY).unwrap(), 1.0);
    }

    #[test]
    fn distribution_is_the_integral_of_the_density(law in laws(), fraction in 0.01..0.99f64) {
        let part = law.support()[0];
        let x = part.lower + fraction * (part.upper - part.lower);
        let mass = integrate(Interval { lower: x, upper: part.upper }, |x| law.density(x).unwrap());
        prop_assert!((1.0 - mass - law.cumulative(x).unwrap()).abs() < 1e-9);
    }

    #[test]
    fn quantiles_increase(law in laws(), u in 0.0..1.0f64, step in 1e-6..1e-2f64) {
        let (low, high) = (law.quantile(u).unwrap(), law.quantile((u + step).min(1.0)).unwrap());
        prop_assert!(low <= high);
        let ends = (law.quantile(0.0).unwrap(), law.quantile(1.0).unwrap());
        prop_assert!(ends.0 <= low && high <= ends.1);
        let part = law.support()[0];
        let lowest = if law.atoms().is_empty() { part.lower } else { 0.0 };
        prop_assert_eq!(ends, (lowest, part.upper));
    }

    #[test]
    fn moments_are_integrals(law in laws(), order in 0..12u32) {
        let scale = radius(&*law);
        let moment = expectation(&*law, |x| (x / scale).powi(order as i32));
        let stated = law.moment(order) / scale.powi(order as i32);
        prop_assert!((moment - stated).abs() < 1e-9 * stated.abs() + 1e-12, "moment {moment} stated {stated}");
    }

    #[test]
    fn stieltjes_transform_is_an_integral(law in laws(), at in -0.5..1.5f64, height in 0.1..2.0f64) {
        let part = law.support()[0];
        let width = part.upper - part.lower;
        let z = Complex::new(part.lower + at * width, height * width);
        let kernel = |x: f64| Complex::from(1.0) / (Complex::from(x) - z);
        let expected = Complex::new(expectation(&*law, |x| kernel(x).re), expectation(&*law, |x| kernel(x).im));
        let actual = law.stieltjes(z).unwrap();
        prop_assert!((actual - expected).modulus() < 1e-8 * expected.modulus(), "{actual:?} and {expected:?}");
        prop_assert!(actual.im > 0.0);
        prop_assert_eq!(law.stieltjes(z.conjugate()).unwrap(), actual.conjugate());
    }

    #[test]
    fn density_is_the_limit_of_the_stieltjes_transform(law in laws(), fraction in 0.1..0.9f64) {
        let part = law.support()[0];
        let width = part.upper - part.lower;
        let x = part.lower + fraction * width;
        let limit = law.stieltjes(Complex::new(x, 1e-13 * width)).unwrap().im / PI;
        let density = law.density(x).unwrap();
        prop_assert!((limit - density).abs() < 1e-9 * density, "{limit} and {density}");
    }

    #[test]
    fn a_covariance_outlier_leads_back_to_its_spike(ratio in ratios(), distance in 1.01..1e3f64, variance in 1e-3..1e3f64) {
        let noise = MarchenkoPastur::new(ratio, variance).unwrap();
        for theta in [distance * ratio.sqrt(), -distance * ratio.sqrt()] {
            if theta < -1.0 {
                continue;
            }
            let spiked = SpikedCovariance::new(noise, variance * (1.0 + theta)).unwrap();
            let outlier = spiked.outlier();
            prop_assert!(outlier.detached && !noise.edges().contains(outlier.position));
            prop_assert_eq!(outlier.position > noise.edges().upper, theta > 0.0);
            prop_assert!(outlier.overlap > 0.0 && outlier.overlap <= 1.0);
            let back = SpikedCovariance::from_outlier(noise, outlier.position).unwrap();
            // Near the threshold the position is flat in the spike, by 1 - 1/distance^2.
            let error = (back.spike() - spiked.spike()).abs() / (variance * (1.0 + theta.abs()));
            prop_assert!(error < 1e-11, "spike {} came back as {}", spiked.spike(), back.spike());
        }
    }

    #[test]
    fn a_wigner_outlier_leads_back_to_its_spike(distance in 1.01..1e3f64, deviation in 1e-3..1e3f64, sign in any::<bool>()) {
        let noise = Semicircle::new(deviation).unwrap();
        let spike = if sign { distance * deviation } else { -distance * deviation };
        let outlier = SpikedWigner::new(noise, spike).unwrap().outlier();
        let back = SpikedWigner::from_outlier(noise, outlier.position).unwrap();
        prop_assert!((back.spike() / spike - 1.0).abs() < 1e-12);
        prop_assert_eq!(outlier.position > 0.0, sign);
    }

    /// The general recipe for an additive spike: -m(position) = 1/theta, overlap = 1 / (theta^2 m'(position)).
    #[test]
    fn wigner_outliers_solve_the_resolvent_equation(distance in 1.1..50.0f64, deviation in 1e-2..1e2f64) {
        let noise = Semicircle::new(deviation).unwrap();
        let theta = distance * deviation;
        let outlier = SpikedWigner::new(noise, theta).unwrap().outlier();
        let m = |x: f64| noise.stieltjes(x.into()).unwrap().re;
        prop_assert!((m(outlier.position) * theta + 1.0).abs() < 1e-12);
        let step = 1e-5 * (outlier.position - noise.edges().upper);
        let slope = (m(outlier.position + step) - m(outlier.position - step)) / (2.0 * step);
        prop_assert!((1.0 / (theta * theta * slope) - outlier.overlap).abs() < 1e-5);
    }

    /// For a multiplicative one: T = -1 - z m(z) is 1/theta at the position, overlap = -(1 + theta)/(theta^2 z T'(z)).
    #[test]
    fn covariance_outliers_solve_the_resolvent_equation(ratio in ratios(), distance in 1.1..50.0f64) {
        let noise = MarchenkoPastur::new(ratio, 1.0).unwrap();
        let theta = distance * ratio.sqrt();
        let outlier = SpikedCovariance::new(noise, 1.0 + theta).unwrap().outlier();
        let transform = |x: f64| -1.0 - x * noise.stieltjes(x.into()).unwrap().re;
        let z = outlier.position;
        prop_assert!((transform(z) * theta - 1.0).abs() < 1e-10 * theta.max(1.0 / theta));
        let step = 1e-4 * (z - noise.edges().upper);
        let slope = (transform(z + step) - transform(z - step)) / (2.0 * step);
        prop_assert!((-(1.0 + theta) / (theta * theta * z * slope) - outlier.overlap).abs() < 1e-5);
    }
}

#[test]
fn complex_arithmetic_is_a_field_with_a_root() {
    let (z, w) = (Complex::new(3.0, -4.0), Complex::new(-0.5, 2.0));
    assert_eq!(z * w / w, z);
    assert_eq!((z.modulus(), z.conjugate(), -z), (5.0, Complex::new(3.0, 4.0), Complex::new(-3.0, 4.0)));
    assert_eq!(z.sqrt(), Complex::new(2.0, -1.0));
    assert_eq!(Complex::default().sqrt(), Complex::default());
    // Neither overflow nor a lost small part.
    let huge = Complex::new(-1e308, 1e308).sqrt();
    assert!(((huge * huge).re / -1e308 - 1.0).abs() < 1e-14 && huge.im > 0.0);
    assert_eq!(Complex::new(-1.0, 1e-200).sqrt(), Complex::new(5e-201, 1.0));
    assert!((z / Complex::new(1e300, 1e300)).is_finite());
}

#[test]
fn special_points_have_the_stated_values() {
    let hard = MarchenkoPastur::new(1.0, 2.0).unwrap();
    assert_eq!(hard.density(0.0).unwrap(), f64::INFINITY);
    assert_eq!(hard.cumulative(0.0).unwrap(), 0.0);
    assert!(hard.atoms().is_empty());
    // Near the hard edge F = (2/pi) sqrt(x / v), to relative accuracy.
    let tiny = 2.0e-30;
    assert!((hard.cumulative(tiny).unwrap() / (2.0 / PI * 1e-15) - 1.0).abs() < 1e-14);

    let singular = MarchenkoPastur::new(4.0, 1.0).unwrap();
    assert_eq!(singular.atoms(), [Atom { location: 0.0, weight: 0.75 }]);
    assert_eq!(singular.cumulative(-1e-300).unwrap(), 0.0);
    assert_eq!(singular.cumulative(0.0).unwrap(), 0.75);
    assert_eq!(singular.cumulative(0.5).unwrap(), 0.75);
    assert_eq!(singular.density(0.0).unwrap(), 0.0);
    assert_eq!(singular.quantile(0.75).unwrap(), 0.0);
    assert_eq!(singular.support(), [Interval { lower: 1.0, upper: 9.0 }]);

    let half_circle = Semicircle::new(1.0).unwrap();
    assert_eq!(half_circle.quantile(0.5).unwrap(), 0.0);
    assert_eq!(half_circle.moment(7), 0.0);
    // At a soft edge the transform has a value: -m(2s) = 1/s is the reciprocal of the threshold.
    assert_eq!(half_circle.stieltjes(Complex::from(2.0)).unwrap(), Complex::from(-1.0));
    for law in [&hard as &dyn Law, &singular, &half_circle] {
        assert_eq!(law.density(f64::INFINITY).unwrap(), 0.0);
        assert_eq!(law.moment(0), 1.0);
        assert_eq!(law.moment(u32::MAX - 1), f64::INFINITY);
    }
    // No ratio that is allowed spreads what is not a number, however extreme.
    for ratio in [5e-324, 1e-300, 1e-32, 1e-16, 1.0 - 1e-16, 1.0 + 3e-16, 1e16, 1e300] {
        let law = MarchenkoPastur::new(ratio, 1.0).unwrap();
        let Interval { lower, upper } = law.edges();
        for x in [0.0, lower, f64::midpoint(lower, upper), upper, 5e-324, 1e308] {
            assert!(!law.density(x).unwrap().is_nan() && law.density(x).unwrap() >= 0.0, "density {ratio:e} {x:e}");
            assert!((0.0..=1.0).contains(&law.cumulative(x).unwrap()), "distribution {ratio:e} {x:e}");
        }
        for u in [0.0, 1e-300, 0.5, 1.0 - 1e-16, 1.0] {
            let x = law.quantile(u).unwrap();
            assert!(x == 0.0 || (lower..=upper).contains(&x), "quantile {ratio:e} {u:e}: {x:e}");
        }
        assert!((0..40).all(|order| law.moment(order) > 0.0));
        assert!(law.stieltjes(Complex::new(0.0, 1.0)).unwrap().is_finite());
    }
}

#[test]
fn attached_spikes_show_the_edge_on_their_side() {
    let noise = MarchenkoPastur::new(0.25, 2.0).unwrap();
    let attached = |position| Outlier { detached: false, position, overlap: 0.0, variance: None };
    let at = |spike| SpikedCovariance::new(noise, spike).unwrap();
    assert_eq!((at(3.0).threshold(), at(3.0).outlier()), (3.0, attached(4.5)));
    assert_eq!((at(1.0).threshold(), at(1.0).outlier()), (1.0, attached(0.5)));
    assert_eq!(at(1.0).outlier().standard_deviation(100), None);
    // A direction without any variance at all is an eigenvector of eigenvalue 0.
    let nothing = at(0.0).outlier();
    assert_eq!((nothing.position, nothing.overlap, nothing.variance), (0.0, 1.0, Some(0.0)));
    assert!(SpikedCovariance::from_outlier(noise, 0.0).unwrap().spike() <= 4.0 * f64::EPSILON);
    // More variables than samples: nothing detaches downwards.
    let singular = SpikedCovariance::new(MarchenkoPastur::new(4.0, 1.0).unwrap(), 0.0).unwrap();
    assert_eq!((singular.threshold(), singular.outlier()), (0.0, attached(1.0)));
    let wigner = |spike| SpikedWigner::new(Semicircle::new(1.0).unwrap(), spike).unwrap();
    assert_eq!((wigner(-1.0).threshold(), wigner(-1.0).outlier()), (-1.0, attached(-2.0)));
    assert_eq!(wigner(-2.0).outlier().position, -2.5);
}

#[test]
fn bad_requests_are_refused_in_a_sentence() {
    #[track_caller]
    fn refused<T: std::fmt::Debug>(result: Result<T, Error>, mention: &str) {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(mention) && message.contains("must"), "{message}");
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(MarchenkoPastur::new(bad, 1.0), "ratio");
        refused(MarchenkoPastur::new(1.0, bad), "variance");
        refused(Semicircle::new(bad), "standard deviation");
        refused(Wishart::new(2, 2, bad), "variance");
        refused(GaussianOrthogonal::new(2, bad), "standard deviation");
    }
    refused(MarchenkoPastur::new(1e200, 1e200), "upper edge");
    refused(Semicircle::new(f64::MAX), "upper end");
    let (noise, half_circle) = (MarchenkoPastur::new(0.5, 1.0).unwrap(), Semicircle::new(1.0).unwrap());
    let singular = MarchenkoPastur::new(2.0, 1.0).unwrap();
    for law in [&noise as &dyn Law, &singular, &half_circle] {
        for bad in [-1e-300, 1.0 + 1e-15, f64::NAN] {
            refused(law.quantile(bad), "probability");
        }
        refused(law.density(f64::NAN), "NaN");
        refused(law.cumulative(f64::NAN), "NaN");
        refused(law.stieltjes(Complex::from(1.0)), "support");
        let infinite = law.stieltjes(Complex::new(0.0, f64::INFINITY)).unwrap_err().to_string();
        assert!(infinite.contains("entry 1") && infinite.contains("inf"), "{infinite}");
    }
    refused(singular.stieltjes(Complex::default()), "atom");
    refused(MarchenkoPastur::new(1.0, 1.0).unwrap().stieltjes(Complex::default()), "hard edge");
    assert!(noise.stieltjes(Complex::default()).is_ok());
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        refused(SpikedCovariance::new(noise, bad), "spike");
        refused(Wishart::new(2, 2, 1.0).unwrap().spike(bad), "spike");
    }
    refused(SpikedCovariance::new(noise, 1e200), "rescale");
    refused(SpikedWigner::new(half_circle, f64::NAN), "spike");
    refused(GaussianOrthogonal::new(2, 1.0).unwrap().spike(f64::INFINITY), "spike");
    for inside in [1.0, noise.edges().lower, noise.edges().upper, -0.1, f64::NAN, f64::INFINITY] {
        refused(SpikedCovariance::from_outlier(noise, inside), "outlier");
    }
    refused(SpikedCovariance::from_outlier(singular, 0.1), "outlier");
    for inside in [0.0, 2.0, -2.0, f64::NAN] {
        refused(SpikedWigner::from_outlier(half_circle, inside), "outlier");
    }
    refused(Wishart::new(0, 5, 1.0), "dimension");
    refused(Wishart::new(5, 0, 1.0), "samples");
    refused(Wishart::new(usize::MAX, usize::MAX, 1.0), "at most 32768");
    refused(GaussianOrthogonal::new(0, 1.0), "size");
    refused(GaussianOrthogonal::new(usize::MAX >> 8, 1.0), "at most 32768");
}
