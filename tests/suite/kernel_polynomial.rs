//! Tests of the kernel polynomial method: moments by cosines, laws, and the same density as Lanczos.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use eigenscape::curvature::{Loss, Risk};
use eigenscape::krylov::Stop;
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{AssumeSymmetric, Closure, Diagonal, LinearOperator};
use eigenscape::random::Key;
use eigenscape::random_matrix::{Law, MarchenkoPastur, Semicircle};
use eigenscape::spectrum::{Axis, KernelPolynomial, Probe, StochasticLanczos, kolmogorov_to_law, wasserstein};
use eigenscape::{Error, Scalar};
use proptest::prelude::*;

use super::density::{wigner, wishart};
use super::digits::digits;
use super::krylov::{in_threads, operator, rotated, spectrum};

fn diagonal<T: Scalar>(values: &[f64]) -> Diagonal<T> {
    Diagonal::new(values.iter().map(|&x| T::of(x)).collect())
}

/// Moments of one probe from the eigenvectors of the dense matrix, by `faer`, and cosines.
fn moments_are_sums_of_cosines<T: Scalar>(kind: usize, dim: usize, degree: usize, key: u64) {
    let entries: Vec<T> = rotated(&spectrum(kind, dim), Key::new(key));
    // All norms are up to 5.
    let settings = KernelPolynomial::new(Key::new(key)).degree(degree).probes(2).bounds(-6.0, 5.5);
    let expansion = settings.run(&operator(&entries, dim)).unwrap();
    assert_eq!((expansion.degree(), expansion.report().matvecs), (degree, 2 * degree.div_ceil(2) as u64));
    let eigen = faer::Mat::from_fn(dim, dim, |i, j| entries[i * dim + j].f64()).self_adjoint_eigen(faer::Side::Lower);
    let eigen = eigen.unwrap();
    for (probe, moments) in expansion.probes().iter().enumerate() {
        let mut start = vec![T::zero(); dim];
        Key::new(key).split(probe as u64).sphere(&mut start);
        let parts: Vec<f64> =
            (0..dim).map(|j| (0..dim).map(|i| eigen.U()[(i, j)] * start[i].f64()).sum::<f64>()).collect();
        let mass: f64 = parts.iter().map(|part| part * part).sum();
        for (k, moment) in moments.iter().enumerate() {
            let term = |j: usize| parts[j] * parts[j] * (k as f64 * ((eigen.S()[j] + 0.25) / 5.75).acos()).cos();
            let exact = (0..dim).map(term).sum::<f64>() / mass;
            let bound = 50.0 * T::EPSILON.f64() * (k as f64 + 1.0);
            assert!((moment - exact).abs() <= bound, "{kind} {dim}: moment {k} is {moment}, by cosines {exact}");
        }
    }
}

/// Bounds hold the spectrum and not much more, the density is one, and the distribution rises from 0 to 1.
fn the_density_is_one_on_bounds_that_hold<T: Scalar>(kind: usize, dim: usize, degree: usize, key: u64) {
    let values: Vec<f64> = spectrum(kind, dim).iter().map(|&x| T::of(x).f64()).collect();
    let settings = KernelPolynomial::new(Key::new(key)).degree(degree).probes(3);
    let expansion = settings.run(&diagonal::<T>(&values)).unwrap();
    let (least, most) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
    let bounds = expansion.bounds();
    assert!(bounds.contains(least) && bounds.contains(most), "{bounds:?} for {least} to {most}");
    let size = least.abs().max(most.abs());
    let room = if size > 0.0 { 2.5 * T::EPSILON.f64().sqrt() * size } else { 2.0 };
    assert!(bounds.upper - bounds.lower <= 1.2 * (most - least) + room, "{bounds:?} for {least} to {most}");
    let density = expansion.density(Axis::Linear, &expansion.grid()).unwrap();
    assert!((density.integral() - 1.0).abs() < 1e-12 && (density.mass() - 1.0).abs() < 1e-12);
    let flat = 1.0 / (bounds.upper - bounds.lower);
    let least = density.density.iter().fold(f64::INFINITY, |least: f64, &y| least.min(y));
    let rounding = 1e3 * (degree as f64).powi(2) * T::EPSILON.f64();
    assert!(least >= -rounding * flat, "{least} beside {flat}");
    let steps: Vec<f64> = density.grid.iter().map(|&x| expansion.cumulative(x).mean).collect();
    assert!(steps.windows(2).all(|pair| pair[1] >= pair[0] - rounding));
    assert!(steps[0] == 0.0 && steps[steps.len() - 1] == 1.0);
    // The rule of nodes and weights has the damped moments: its mass is 1 and its distribution that of the curve.
    let mean = expansion.mean();
    assert!((mean.mass() - 1.0).abs() < 1e-12 + rounding);
    assert!(wasserstein(&mean, &density.measure().unwrap()) < 2.0 / (degree as f64 + 1.0) / flat);
}

/// Each rule of m nodes has the moments up to 2m - 1 of its probe: those of the recurrence, from the same key.
fn lanczos_rules_have_the_same_moments<T: Scalar>(kind: usize, dim: usize, steps: usize, probe: Probe) {
    let entries: Vec<T> = rotated(&spectrum(kind, dim), Key::new(7));
    let dense = operator(&entries, dim);
    let settings = KernelPolynomial::new(Key::new(1)).degree(2 * steps - 1).probes(4).probe(probe).bounds(-6.0, 6.0);
    let expansion = settings.run(&dense).unwrap();
    let lanczos = StochasticLanczos::new(Key::new(1)).steps(steps).probes(4).probe(probe).run(&dense).unwrap();
    for (moments, rule) in expansion.probes().iter().zip(lanczos.rules()) {
        for (k, moment) in moments.iter().enumerate() {
            let gauss = rule.measure().integrate(|x| (k as f64 * (x / 6.0).acos()).cos());
            assert!((moment - gauss).abs() <= 100.0 * T::EPSILON.f64() * (k as f64 + 1.0), "{k}: {moment} {gauss}");
        }
    }
}

macro_rules! laws {
    ($scalar:ident) => {
        mod $scalar {
            use super::*;

            proptest! {
                #![proptest_config(crate::oracle::cases(60))]

                #[test]
                fn moments_are_sums_of_cosines(kind in 0usize..7, dim in 1usize..50, degree in 1usize..60, key in 0u64..1000) {
                    super::moments_are_sums_of_cosines::<$scalar>(kind, dim, degree, key);
                }

                #[test]
                fn the_density_is_one_on_bounds_that_hold(
                    kind in 0usize..7, dim in 1usize..300, degree in 1usize..60, key in 0u64..1000,
                ) {
                    super::the_density_is_one_on_bounds_that_hold::<$scalar>(kind, dim, degree, key);
                }

                #[test]
                fn lanczos_rules_have_the_same_moments(kind in 0usize..7, dim in 1usize..60, steps in 1usize..30, probe in 0usize..3) {
                    let probe = [Probe::Signs, Probe::Normal, Probe::Sphere][probe];
                    super::lanczos_rules_have_the_same_moments::<$scalar>(kind, dim, steps, probe);
                }
            }

            #[test]
            fn bad_products_end_the_run() {
                super::bad_products_end_the_run::<$scalar>();
            }

            #[test]
            fn bounds_that_do_not_hold_are_refused() {
                super::bounds_that_do_not_hold_are_refused::<$scalar>();
            }

            #[test]
            fn bits_do_not_depend_on_threads_or_blocks() {
                super::bits_do_not_depend_on_threads_or_blocks::<$scalar>();
            }
        }
    };
}

laws!(f32);
laws!(f64);

/// Products that are not finite from a number on.
fn breaking<T: Scalar>(dim: usize, good: usize, count: &AtomicUsize) -> AssumeSymmetric<impl LinearOperator<T> + '_> {
    AssumeSymmetric::new(Closure::new(dim, dim, move |x: &[T], y: &mut [T]| {
        let bad = count.fetch_add(1, Ordering::Relaxed) >= good;
        for (i, (x, y)) in x.iter().zip(y).enumerate() {
            *y = if bad && i == 2 { T::nan() } else { *x * T::of(i as f64 / dim as f64) };
        }
    }))
}

fn bad_products_end_the_run<T: Scalar>() {
    let settings = KernelPolynomial::new(Key::new(0)).degree(20).probes(6).width(3).bounds(-0.1, 1.1);
    let run = |settings: KernelPolynomial, good: usize| settings.run(&breaking::<T>(30, good, &AtomicUsize::new(0)));
    for good in [0, 1, 2] {
        let error = run(settings, good).unwrap_err();
        assert!(matches!(error, Error::Product { number, index: 2, .. } if number == good as u64 + 1), "{error}");
    }
    // The search for bounds: nothing is known of the density.
    let free = KernelPolynomial::new(Key::new(0)).degree(20).probes(6).width(3);
    assert!(matches!(run(free, 4).unwrap_err(), Error::Product { number: 5, .. }));
    // In the first block: its moments so far; in the second: the first.
    let whole = run(settings, usize::MAX).unwrap();
    whole.report().require().unwrap();
    let first = run(settings, 3 * 4 + 1).unwrap();
    assert_eq!((first.report().stop, first.report().matvecs), (Stop::NotFinite, 14));
    assert_eq!((first.degree(), first.probes().len()), (8, 3));
    assert!(first.probes()[1] == whole.probes()[1][..9]);
    let second = run(settings, 30 + 5).unwrap();
    assert_eq!((second.report().stop, second.report().matvecs), (Stop::NotFinite, 36));
    assert_eq!((second.degree(), second.probes()), (20, &whole.probes()[..3]));
    assert_eq!(second.cumulative(0.5).stop, Stop::NotFinite);
    // The observer ends it alike.
    let good = AtomicUsize::new(0);
    let mut seen = Vec::new();
    let stopped = settings.observe(&breaking::<T>(30, usize::MAX, &good), |progress| {
        seen.push(progress.done);
        if progress.done == 36 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let stopped = stopped.unwrap();
    assert_eq!(
        (stopped.report().stop, stopped.report().matvecs, stopped.probes()),
        (Stop::Observer, 36, second.probes())
    );
    assert_eq!(seen, (1..=12).map(|step| 3 * step).collect::<Vec<_>>());
}

fn bounds_that_do_not_hold_are_refused<T: Scalar>() {
    let values: Vec<f64> = (0..500).map(|i| if i == 0 { 1.3 } else { (1.7 * f64::from(i)).sin() }).collect();
    let settings = KernelPolynomial::new(Key::new(0)).degree(100).probes(3);
    let refused = |lower: f64, upper: f64| settings.bounds(lower, upper).run(&diagonal::<T>(&values)).unwrap_err();
    for (lower, upper) in [(-1.1, 1.1), (-1.1, 1.25), (-0.5, 1.5), (-0.95, 1.4)] {
        let error = refused(lower, upper);
        assert!(error.to_string().contains("eigenvalues lie outside of the bounds"), "{lower} {upper}: {error}");
    }
    settings.bounds(-1.0, 1.3).run(&diagonal::<T>(&values)).unwrap();
    assert!(matches!(refused(1.0, 1.0), Error::OutOfRange { .. }));
    assert!(matches!(refused(0.0, f64::INFINITY), Error::NotFinite { .. }));
    let run = |settings: KernelPolynomial| settings.run(&diagonal::<T>(&values)).unwrap_err();
    assert!(matches!(run(settings.probes(0)), Error::OutOfRange { .. }));
    assert!(matches!(run(settings.degree(0)), Error::OutOfRange { .. }));
    assert!(matches!(run(settings.width(0)), Error::OutOfRange { .. }));
    let expansion = settings.run(&diagonal::<T>(&values)).unwrap();
    assert!(matches!(expansion.density(Axis::Linear, &[1.0, 0.0]), Err(Error::OutOfRange { .. })));
    assert!(matches!(expansion.density(Axis::Logarithmic, &[-1.0, 0.0]), Err(Error::OutOfRange { .. })));
    let one = settings.probes(1).run(&diagonal::<T>(&values)).unwrap();
    assert!(one.cumulative(0.0).standard_error.is_none());
    assert!(one.density(Axis::Linear, &one.grid()).unwrap().standard_error.is_none());
}

fn bits_do_not_depend_on_threads_or_blocks<T: Scalar>() {
    // Longer than the pieces that threads take.
    let values: Vec<f64> = (0..40_000).map(|i| (1.7 * f64::from(i)).sin()).collect();
    let matrix = diagonal::<T>(&values);
    let settings = KernelPolynomial::new(Key::new(0)).degree(11).probes(5);
    let expected = settings.run(&matrix).unwrap();
    for threads in [1, 3] {
        assert!(in_threads(threads, || settings.run(&matrix).unwrap()) == expected);
    }
    for width in [1, 2, 5, 100] {
        assert!(settings.width(width).run(&matrix).unwrap().probes() == expected.probes());
    }
}

#[test]
fn one_eigenvalue_becomes_the_kernel() {
    for degree in [1, 2, 3, 10, 50] {
        for value in [-0.98, -0.3, 0.0, 0.6] {
            let settings = KernelPolynomial::new(Key::new(0)).degree(degree).probes(2).bounds(-1.0, 1.0);
            let expansion = settings.run(&diagonal::<f64>(&[value; 20])).unwrap();
            let mean = expansion.mean();
            // The rule of 2 N + 2 nodes integrates the first two powers exactly.
            let first = mean.integrate(|x| x);
            let deviation = (mean.integrate(|x| x * x) - first * first).sqrt();
            let resolution = expansion.resolution(value);
            assert!((deviation - resolution).abs() < 1e-10, "{degree} {value}: {deviation} {resolution}");
            if degree == 50 && value == 0.0 {
                assert!((resolution / (std::f64::consts::PI / 50.0) - 1.0).abs() < 0.05, "{resolution}");
            }
        }
    }
}

#[test]
fn moments_are_within_their_errors() {
    let values = spectrum(6, 400);
    let matrix = operator(&rotated::<f64>(&values, Key::new(3)), 400);
    for probe in [Probe::Signs, Probe::Normal, Probe::Sphere] {
        let settings = KernelPolynomial::new(Key::new(0)).degree(20).probes(40).probe(probe).bounds(-1.1, 1.1);
        let expansion = settings.run(&matrix).unwrap();
        for (k, moment) in expansion.moments().iter().enumerate() {
            let exact = values.iter().map(|x| (k as f64 * (x / 1.1).acos()).cos()).sum::<f64>() / 400.0;
            let error = moment.standard_error.unwrap();
            assert!((moment.mean - exact).abs() <= 4.0 * error + 1e-12, "{probe:?} {k}: {} +- {error}", moment.mean);
            assert!(k == 0 || (error > 1e-4 && error < 0.02));
        }
    }
}

/// Jackson's factors as autocorrelations of a sine, the form in which the kernel is a square (Weisse et al. 2006).
fn jackson(degree: usize) -> Vec<f64> {
    let count = degree + 1;
    let wave: Vec<f64> = (1..=count).map(|j| (std::f64::consts::PI * j as f64 / (count as f64 + 1.0)).sin()).collect();
    let overlap = |k: usize| wave.iter().zip(&wave[k..]).map(|(a, b)| a * b).sum::<f64>();
    (0..=degree).map(|k| overlap(k) / overlap(0)).collect()
}

#[test]
fn intervals_of_the_blurred_distribution_cover() {
    let (keys, degree) = (2000, 30);
    // A bulk with an edge, and three outliers.
    let values: Vec<f64> =
        (0..200).map(|i| if i < 3 { 2.0 + f64::from(i) } else { 0.5 * (1.7 * f64::from(i)).sin() }).collect();
    let matrix = diagonal::<f64>(&values);
    let factors = jackson(degree);
    let places = [-0.3, 0.1, 0.6, 2.5];
    let angle = |x: f64| ((x - 1.9) / 2.5).acos();
    let truth = places.map(|x| {
        let moment = |k: f64| values.iter().map(|&value| (k * angle(value)).cos()).sum::<f64>() / 200.0;
        let term = |k: usize| factors[k] * moment(k as f64) * (k as f64 * angle(x)).sin() / k as f64;
        1.0 - (angle(x) + 2.0 * (1..=degree).map(term).sum::<f64>()) / std::f64::consts::PI
    });
    let settings = |key: u64| KernelPolynomial::new(Key::new(key)).probes(20).degree(degree).bounds(-0.6, 4.4);
    let runs: Vec<_> = (0..keys).map(|key| settings(key).run(&matrix).unwrap()).collect();
    for (confidence, bulk, beside) in [(0.9f64, 0.9f64, 0.86f64), (0.95, 0.95, 0.91)] {
        for (x, truth) in places.into_iter().zip(truth) {
            let intervals = runs.iter().map(|run| run.cumulative(x).interval(confidence).unwrap());
            let (covered, mut widths): (Vec<bool>, Vec<f64>) =
                intervals.map(|interval| (interval.contains(truth), interval.upper - interval.lower)).unzip();
            let rate = covered.iter().filter(|&&covered| covered).count() as f64 / keys as f64;
            widths.sort_by(f64::total_cmp);
            let median = widths[widths.len() / 2];
            println!("F({x}) at {confidence}: {rate:.4} covered, median width {median:.4}");
            // Beyond 2.5 there are two eigenvalues: samples are skewed, as the documentation says.
            let nominal = if x < 2.0 { bulk } else { beside };
            let least = nominal - 4.0 * (nominal * (1.0 - nominal) / keys as f64).sqrt();
            assert!(rate >= least && median < 0.08, "{x}: {rate} {median}");
        }
    }
}

#[test]
fn bounds_hold_for_every_key() {
    // Dimensions above and below where the basis of the search is kept.
    for dim in [300, 2000] {
        let at = |i: usize| i as f64 / dim as f64;
        let spectra: [Vec<f64>; 4] = [
            // Square-root edges; a decay; a bulk with one eigenvalue just outside; a hard edge at zero.
            (0..dim).map(|i| (std::f64::consts::PI * at(i)).cos() * (1.0 - at(i) * 1e-3)).collect(),
            (0..dim).map(|i| 0.8f64.powi(i as i32)).collect(),
            (0..dim).map(|i| if i == 0 { 1.02 } else { (1.7 * i as f64).sin() }).collect(),
            (0..dim).map(|i| at(i).powi(4)).collect(),
        ];
        for (kind, values) in spectra.iter().enumerate() {
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for key in 0..100 {
                let settings = KernelPolynomial::new(Key::new(key)).probes(1).degree(1);
                let bounds = settings.run(&diagonal::<f32>(values)).unwrap().bounds();
                assert!(bounds.contains(least) && bounds.contains(most), "{kind} {dim} {key}: {bounds:?}");
                assert!(bounds.upper - bounds.lower < 1.1 * (most - least), "{kind} {dim} {key}: {bounds:?}");
            }
        }
    }
}

#[test]
fn wigner_and_wishart_matrices_of_size_4000_are_within_0_012_of_their_laws() {
    let laws: [&dyn Law; 2] = [&Semicircle::new(1.0).unwrap(), &MarchenkoPastur::new(0.5, 1.0).unwrap()];
    for key in 0..3 {
        // 128 products a probe, as in the test of Lanczos quadrature.
        let settings = KernelPolynomial::new(Key::new(key)).probes(20).degree(255);
        let wigner = settings.run(&wigner(4000, Key::new(key))).unwrap();
        let wishart = settings.run(&wishart(4000, Key::new(key))).unwrap();
        let distances = [&wigner, &wishart].map(|expansion| expansion.mean()).into_iter().zip(laws);
        let distances: Vec<f64> = distances.map(|(mean, law)| kolmogorov_to_law(&mean, law).unwrap()).collect();
        println!("key {key}: Wigner {:.5}, Wishart {:.5}", distances[0], distances[1]);
        assert!(distances.iter().all(|&distance| distance < 0.012), "{distances:?}");
    }
}

#[test]
fn it_agrees_with_lanczos_on_the_hessian_of_a_network() {
    let network = Perceptron::new(&[64, 16, 10], Activation::Tanh).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, digits()).unwrap();
    let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(0));
    let point = risk.at(&theta).unwrap();
    let hessian = point.hessian();
    let expansion = KernelPolynomial::new(Key::new(0)).degree(120).probes(6).run(&hessian).unwrap();
    let lanczos = StochasticLanczos::new(Key::new(0)).steps(60).probes(6).run(&hessian).unwrap();
    expansion.report().require().unwrap();
    assert_eq!(expansion.report().matvecs, 40 + 6 * 60);

    // Moment by moment, probe by probe: the rules are exact up to degree 119.
    let bounds = expansion.bounds();
    let (center, half) = ((bounds.lower + bounds.upper) / 2.0, (bounds.upper - bounds.lower) / 2.0);
    for (moments, rule) in expansion.probes().iter().zip(lanczos.rules()) {
        for (k, moment) in moments.iter().enumerate().take(120) {
            let gauss = rule.measure().integrate(|x| (k as f64 * ((x - center) / half).acos()).cos());
            assert!((moment - gauss).abs() < 1e-9, "moment {k}: {moment} {gauss}");
        }
    }
    // The kernel moves mass by its width, and the rules by the spacing of nodes, which is finer.
    let resolution = expansion.resolution(center);
    let distance = wasserstein(&expansion.mean(), &lanczos.mean());
    println!("Wasserstein-1 distance {:.3} of the resolution {resolution:.3e}", distance / resolution);
    assert!(distance < resolution, "{distance} at a resolution of {resolution}");
    for step in 0..=40 {
        let x = bounds.lower + (bounds.upper - bounds.lower) * f64::from(step) / 40.0;
        let reach = 4.0 * expansion.resolution(x);
        let (low, high) = (lanczos.cumulative(x - reach).mean, lanczos.cumulative(x + reach).mean);
        let value = expansion.cumulative(x).mean;
        assert!(low - 0.01 <= value && value <= high + 0.01, "{x}: {value} for {low} to {high}");
    }
    // The check can fail: the probes of another key have other moments.
    let other = KernelPolynomial::new(Key::new(1)).degree(120).probes(1).bounds(bounds.lower, bounds.upper);
    let other = other.run(&hessian).unwrap();
    assert!((1..120).all(|k| (other.probes()[0][k] - expansion.probes()[0][k]).abs() > 1e-9));
}
