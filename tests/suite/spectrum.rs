//! Tests of `spectrum`: exactness, densities on hostile spectra, standard errors that cover.

use std::ops::ControlFlow;
use std::sync::Mutex;

use eigenscape::krylov::{Eigensolver, Lanczos, Orthogonalization, Stop};
use eigenscape::operator::{AssumeSymmetric, Closure, Counted, Dense, Diagonal};
use eigenscape::random::Key;
use eigenscape::spectrum::{
    Density, DiscreteMeasure, Hutchinson, Probe, Quadrature, Smoothing, StochasticLanczos, wasserstein,
};
use eigenscape::{Error, Scalar};
use proptest::prelude::*;

use super::krylov::{in_threads, normal, operator, rotated, spectrum};

const PROBES: [Probe; 3] = [Probe::Signs, Probe::Normal, Probe::Sphere];

/// 2700 eigenvalues within 1e-4 of zero, tails of density 1/|x| up to 0.3 and down to -0.3, ten outliers 0.5 to 5.
fn like_a_hessian() -> Vec<f64> {
    let mut values: Vec<f64> = (0..2700).map(|i| 1e-4 * (2.0 * (f64::from(i) + 0.5) / 2700.0 - 1.0)).collect();
    let tail =
        |count: u32| (0..count).map(move |i| 0.3 * (1e-4f64 / 0.3).powf((f64::from(i) + 0.5) / f64::from(count)));
    values.extend(tail(220));
    values.extend(tail(70).map(|x| -x));
    values.extend((0..10).map(|i| 0.5 + 0.5 * f64::from(i)));
    values
}

/// The integral by the trapezoidal rule, written out.
fn trapezoid(x: &[f64], y: &[f64]) -> f64 {
    (1..x.len()).map(|i| (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2.0).sum()
}

fn trapezoid_moment(density: &Density, order: i32) -> f64 {
    let y: Vec<f64> = density.grid.iter().zip(&density.density).map(|(x, y)| x.powi(order) * y).collect();
    trapezoid(&density.grid, &y)
}

fn diagonal<T: Scalar>(values: &[f64]) -> Diagonal<T> {
    Diagonal::new(values.iter().map(|&x| T::of(x)).collect())
}

/// v'A^order v by repeated dense products in double precision.
fn moment<T: Scalar>(entries: &[T], start: &[T], order: usize) -> f64 {
    let dim = start.len();
    let mut power: Vec<f64> = start.iter().map(|x| x.f64()).collect();
    for _ in 0..order {
        power = (0..dim).map(|i| (0..dim).map(|j| entries[i * dim + j].f64() * power[j]).sum()).collect();
    }
    power.iter().zip(start).map(|(x, y)| x * y.f64()).sum()
}

fn rule_is_exact<T: Scalar>(kind: usize, dim: usize, steps: usize, key: u64) {
    let entries: Vec<T> = rotated(&spectrum(kind, dim), Key::new(key).split(0));
    let start = normal::<T>(Key::new(key).split(1), dim);
    let factorization = Lanczos::new(steps).run(&operator(&entries, dim), &start).unwrap();
    let rule = Quadrature::new(&factorization).unwrap();
    let steps = factorization.steps();
    // Every degree if the space is invariant.
    let degree = if factorization.breakdown() { 2 * steps + 5 } else { 2 * steps - 1 };
    let mass: f64 = start.iter().map(|x| x.f64().powi(2)).sum();
    assert!((rule.measure().mass() / mass - 1.0).abs() <= 20.0 * T::EPSILON.f64());
    for order in 0..=degree.min(30) {
        let (exact, value) = (moment(&entries, &start, order), rule.measure().integrate(|x| x.powi(order as i32)));
        let scale = mass * 5f64.powi(order as i32);
        let bound = 40.0 * (order as f64 + 1.0) * T::EPSILON.f64() * scale;
        assert!((value - exact).abs() <= bound, "degree {order}: {value:e} for {exact:e}");
    }
}

/// Integral 1 and the measure's own mean and, widened by the kernels, second moment.
fn density_is_sound<T: Scalar>(values: &[f64], probes: usize, steps: usize, factor: f64) {
    let operator = diagonal::<T>(values);
    let measure = StochasticLanczos::new(Key::new(0)).probes(probes).steps(steps).run(&operator).unwrap();
    let density = measure.density(&Smoothing::new().factor(factor)).unwrap();
    let scale = values.iter().fold(0.0, |scale: f64, x| scale.max(x.abs())).max(1e-300);
    assert!((trapezoid(&density.grid, &density.density) - 1.0).abs() < 1e-6);
    assert!((density.integral() - 1.0).abs() < 1e-6);
    assert!(density.density.iter().all(|&y| y >= -1e-12 && y.is_finite()));
    assert_eq!(density.standard_error.is_some(), probes > 1);
    let mean = measure.moment(1).unwrap().mean;
    let spread = (trapezoid_moment(&density, 2) - trapezoid_moment(&density, 1).powi(2)).max(0.0).sqrt();
    assert!((trapezoid_moment(&density, 1) - mean).abs() <= 1e-3 * spread + 1e-6 * scale);
    let second = measure.moment(2).unwrap().mean;
    assert!(trapezoid_moment(&density, 2) >= second * (1.0 - 1e-3) - 1e-5 * scale * scale);
}

/// The Wasserstein distance of the smoothed density to the truth, over the mean |eigenvalue|.
fn error_of_the_density<T: Scalar>(probes: usize, steps: usize, deflated: usize) -> f64 {
    let values = like_a_hessian();
    let mean = values.iter().map(|x| x.abs()).sum::<f64>() / values.len() as f64;
    let operator = diagonal::<T>(&values);
    let truth = DiscreteMeasure::uniform(values).unwrap();
    let pairs = Eigensolver::new(10, Key::new(1)).run(&operator).unwrap();
    pairs.report.require().unwrap();
    let dim = 3000;
    let settings = StochasticLanczos::new(Key::new(0)).probes(probes).steps(steps);
    let settings = settings.deflate(&pairs.values[..deflated], &pairs.vectors[..deflated * dim]);
    let measure = settings.run(&operator).unwrap();
    assert!(measure.orthogonality() < 30.0 * T::EPSILON.f64());
    let density = measure.density(&Smoothing::new()).unwrap();
    assert!((trapezoid(&density.grid, &density.density) - 1.0).abs() < 1e-6);
    wasserstein(&density.measure().unwrap(), &truth) / mean
}

macro_rules! laws {
    ($scalar:ident) => {
        mod $scalar {
            use super::*;

            proptest! {
                #![proptest_config(crate::oracle::cases(60))]

                #[test]
                fn a_rule_of_m_nodes_is_exact_to_degree_2m_less_1(
                    kind in 0usize..7, dim in 1usize..40, steps in 1usize..50, key: u64,
                ) {
                    rule_is_exact::<$scalar>(kind, dim, steps, key);
                }

                #[test]
                fn densities_integrate_to_1_with_the_moments_of_the_measure(
                    kind in 0usize..7, dim in 1usize..200, probes in 1usize..5, steps in 1usize..60, factor in 0.1f64..3.0,
                ) {
                    density_is_sound::<$scalar>(&spectrum(kind, dim), probes, steps, factor);
                }
            }

            #[test]
            fn the_density_of_a_spectrum_like_a_hessians_is_near_the_truth() {
                let few = error_of_the_density::<$scalar>(10, 80, 10);
                let more = error_of_the_density::<$scalar>(30, 100, 10);
                let bare = error_of_the_density::<$scalar>(10, 80, 0);
                println!("{}: {few:.4} {more:.4}, not deflated {bare:.4}", stringify!($scalar));
                assert!(few < 0.05 && more < 0.05, "{few} {more}");
                // Ten outliers carry half of the mean |eigenvalue| and nearly all of the variance.
                assert!(bare < 0.2 && bare > few, "{bare}");
            }

            #[test]
            fn heavy_tails_and_the_whole_hessian_integrate_to_1() {
                density_is_sound::<$scalar>(&like_a_hessian(), 3, 80, 1.0);
                // Quantiles of a Cauchy distribution: eigenvalues up to 600.
                let heavy: Vec<f64> =
                    (0..1000).map(|i| (std::f64::consts::PI * ((f64::from(i) + 0.5) / 1000.0 - 0.5)).tan()).collect();
                density_is_sound::<$scalar>(&heavy, 3, 50, 1.0);
                density_is_sound::<$scalar>(&heavy, 1, 1, 1.0);
            }

            #[test]
            fn the_same_bits_with_one_and_two_threads() {
                let run = || {
                    let settings = StochasticLanczos::new(Key::new(3)).probes(3).steps(20);
                    let measure = settings.run(&diagonal::<$scalar>(&like_a_hessian())).unwrap();
                    let density = measure.density(&Smoothing::new()).unwrap();
                    (measure, density)
                };
                assert!(in_threads(1, run) == in_threads(2, run));
            }
        }
    };
}

laws!(f32);
laws!(f64);

#[test]
fn full_depth_is_exact_and_the_nodes_are_the_eigenvalues_that_the_start_touches() {
    let values = [4.0, 4.0, -1.0, 0.5, 0.0, 2.0];
    let start = [1.0, 2.0, 0.0, 3.0, -1.0, 0.5];
    let factorization = Lanczos::new(6).run(&diagonal::<f64>(&values), &start).unwrap();
    let rule = Quadrature::new(&factorization).unwrap();
    let expected = [(0.0, 1.0), (0.5, 9.0), (2.0, 0.25), (4.0, 5.0)];
    assert_eq!(rule.measure().nodes().len(), expected.len());
    let pairs = rule.measure().nodes().iter().zip(rule.measure().weights());
    for ((node, weight), (eigenvalue, square)) in pairs.zip(expected) {
        assert!((node - eigenvalue).abs() < 1e-14 && (weight - square).abs() < 1e-13);
    }
    assert!(rule.residual_norms().iter().all(|&norm| norm < 1e-13));
    let exact: f64 = values.iter().zip(&start).map(|(x, v)| v * v * f64::exp(*x)).sum();
    assert!((rule.measure().integrate(f64::exp) - exact).abs() < 1e-12 * exact);
}

#[test]
fn depth_1_is_a_gaussian_with_the_mean_and_the_deviation_of_the_spectrum() {
    let values: Vec<f64> = (0..100).map(f64::from).collect();
    let settings = StochasticLanczos::new(Key::new(0)).probes(1).steps(1).probe(Probe::Signs);
    let measure = settings.run(&diagonal::<f64>(&values)).unwrap();
    let rule = &measure.rules()[0];
    let deviation = ((100.0f64 * 100.0 - 1.0) / 12.0).sqrt();
    assert!((rule.measure().nodes()[0] - 49.5).abs() < 1e-12 && (rule.measure().mass() - 1.0).abs() < 1e-14);
    assert!((rule.residual_norms()[0] - deviation).abs() < 1e-12);
    let density = measure.density(&Smoothing::new()).unwrap();
    let peak = density.density.iter().fold(0.0, |peak: f64, y| peak.max(*y));
    assert!((peak * deviation * (2.0 * std::f64::consts::PI).sqrt() - 1.0).abs() < 0.02);
    let variance = trapezoid_moment(&density, 2) - trapezoid_moment(&density, 1).powi(2);
    assert!((variance.sqrt() / deviation - 1.0).abs() < 0.02);
}

#[test]
fn one_dimension_and_one_value_are_answered() {
    for (values, node) in [(vec![3.0], 3.0), (vec![0.0], 0.0), (vec![0.0; 50], 0.0), (vec![-2.0; 50], -2.0)] {
        for probe in PROBES {
            let settings = StochasticLanczos::new(Key::new(0)).probes(4).steps(30).probe(probe);
            let measure = settings.run(&diagonal::<f64>(&values)).unwrap();
            assert_eq!(measure.report().matvecs, 4);
            let estimate = measure.moment(1).unwrap();
            assert!((estimate.mean - node).abs() < 1e-14 && estimate.standard_error.unwrap() < 1e-14);
            assert!((measure.trace(|x| x).unwrap().mean - node * values.len() as f64).abs() < 1e-12);
            assert_eq!((measure.cumulative(node - 0.1).mean, measure.cumulative(node + 0.1).mean), (0.0, 1.0));
            let density = measure.density(&Smoothing::new()).unwrap();
            assert!((trapezoid(&density.grid, &density.density) - 1.0).abs() < 1e-6);
        }
    }
}

#[test]
fn a_coarse_grid_gets_the_mass_between_its_ends() {
    let operator = diagonal::<f64>(&spectrum(3, 400));
    let measure = StochasticLanczos::new(Key::new(0)).probes(5).steps(30).run(&operator).unwrap();
    let all = measure.density(&Smoothing::new().grid(vec![-10.0, -1.0, 7.0, 20.0])).unwrap();
    assert!((trapezoid(&all.grid, &all.density) - 1.0).abs() < 1e-12);
    // Two cells, 1 to 3 and 3 to 8, with outliers at 4 and 5: mass and error are those of the cumulative distribution.
    let some = measure.density(&Smoothing::new().grid(vec![1.0, 5.0, 8.0])).unwrap();
    let above = measure.integrate(|x| if x > 3.0 { 1.0 } else { 0.0 }).unwrap();
    let cell = 6.5 - 3.0;
    assert!((some.density[1] * cell - above.mean).abs() < 1e-9);
    assert!((some.standard_error.unwrap()[1] * cell - above.standard_error.unwrap()).abs() < 1e-9);
    let none = measure.density(&Smoothing::new().grid(vec![100.0, 101.0])).unwrap();
    assert!(none.integral() == 0.0 && matches!(none.measure(), Err(Error::OutOfRange { .. })));
    let wide = measure.density(&Smoothing::new().minimum(0.5)).unwrap();
    assert!(wide.density.iter().all(|&y| y <= 1.0 / (0.5 * (2.0 * std::f64::consts::PI).sqrt())));
}

#[test]
fn standard_errors_cover() {
    // 2000 keys, 20 probes, Student's quantile for 95 % and 19 degrees of freedom; the samples are close to normal.
    const KEYS: u64 = 2000;
    let dim = 50;
    let values = spectrum(6, dim);
    let entries: Vec<f64> = rotated(&values, Key::new(1000));
    let operator = operator(&entries, dim);
    let slack = 4.0 * f64::sqrt(0.95 * 0.05 / KEYS as f64);
    let inside = |estimate: eigenscape::spectrum::Estimate, exact: f64| {
        assert_eq!(estimate.probes, 20);
        (estimate.mean - exact).abs() <= 2.093 * estimate.standard_error.unwrap()
    };
    for probe in PROBES {
        let exact = values.iter().sum();
        let hits = (0..KEYS)
            .filter(|&key| inside(Hutchinson::new(20, Key::new(key)).probe(probe).run(&operator).unwrap(), exact));
        let coverage = hits.count() as f64 / KEYS as f64;
        assert!((coverage - 0.95).abs() <= slack, "trace, {probe:?}: {coverage}");

        let squares = values.iter().map(|x| x * x).sum();
        let hits = (0..KEYS).filter(|&key| {
            let measure =
                StochasticLanczos::new(Key::new(key)).probes(20).steps(2).probe(probe).run(&operator).unwrap();
            inside(measure.trace(|x| x * x).unwrap(), squares)
        });
        let coverage = hits.count() as f64 / KEYS as f64;
        assert!((coverage - 0.95).abs() <= slack, "squares, {probe:?}: {coverage}");
    }
}

#[test]
fn standard_errors_cover_with_deflation() {
    const KEYS: u64 = 2000;
    let dim = 50;
    let mut values: Vec<f64> = (0..dim).map(|i| (1.3 * i as f64).sin()).collect();
    values[0] = 30.0;
    values[1] = 20.0;
    let entries: Vec<f64> = rotated(&values, Key::new(1001));
    let operator = operator(&entries, dim);
    let pairs = Eigensolver::new(2, Key::new(0)).run(&operator).unwrap();
    let exact = values.iter().map(|x| x * x).sum::<f64>();
    let mut widths = [0.0, 0.0];
    for (deflated, width) in widths.iter_mut().enumerate() {
        let hits = (0..KEYS).filter(|&key| {
            let settings = StochasticLanczos::new(Key::new(key)).probes(20).steps(4);
            let count = 2 * deflated;
            let settings = settings.deflate(&pairs.values[..count], &pairs.vectors[..count * dim]);
            let estimate = settings.run(&operator).unwrap().trace(|x| x * x).unwrap();
            *width += estimate.standard_error.unwrap() / KEYS as f64;
            deflated == 0 || (estimate.mean - exact).abs() <= 2.093 * estimate.standard_error.unwrap()
        });
        let coverage = hits.count() as f64 / KEYS as f64;
        // Two outliers make the samples far from normal unless they are deflated.
        assert!(deflated == 0 || (coverage - 0.95).abs() <= 4.0 * f64::sqrt(0.95 * 0.05 / KEYS as f64), "{coverage}");
    }
    assert!(widths[1] < 0.1 * widths[0], "{widths:?}");
}

#[test]
fn deflation_takes_every_part_of_the_spectrum() {
    let values = [5.0, 3.0, 1.0, -1.0];
    let operator = diagonal::<f64>(&values);
    let truth = DiscreteMeasure::uniform(values.to_vec()).unwrap();
    let pairs = Eigensolver::new(4, Key::new(0)).run(&operator).unwrap();
    for count in 0..=4 {
        for probe in PROBES {
            let settings = StochasticLanczos::new(Key::new(0)).probes(8).steps(10).probe(probe);
            let settings = settings.deflate(&pairs.values[..count], &pairs.vectors[..4 * count]);
            let measure = settings.run(&operator).unwrap();
            assert_eq!(measure.atoms().len(), count);
            assert!((measure.mean().mass() - 1.0).abs() < 1e-14);
            let distance = wasserstein(&measure.mean(), &truth);
            assert!(distance < if count >= 3 { 1e-13 } else { 1.5 }, "{count} {distance}");
            let density = measure.density(&Smoothing::new()).unwrap();
            assert!((trapezoid(&density.grid, &density.density) - 1.0).abs() < 1e-6);
        }
    }
    // A probe of signs inside the deflated span.
    let vector = [0.5f64.sqrt(); 2];
    let settings = StochasticLanczos::new(Key::new(0)).probes(20).steps(2).probe(Probe::Signs);
    let measure = settings.deflate(&[3.0], &vector).run(&diagonal::<f64>(&[3.0, 3.0])).unwrap();
    assert!((measure.moment(1).unwrap().mean - 3.0).abs() < 1e-14);
}

#[test]
fn neighbouring_keys_share_no_probes() {
    let seen = Mutex::new(Vec::new());
    let spy = AssumeSymmetric::new(Closure::new(40, 40, |x: &[f64], y: &mut [f64]| {
        seen.lock().unwrap().push(x.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
        y.fill(0.0);
    }));
    for key in 0..5 {
        for probe in PROBES {
            assert_eq!(Hutchinson::new(20, Key::new(key)).probe(probe).run(&spy).unwrap().matvecs, 20);
        }
        let measure = StochasticLanczos::new(Key::new(key)).probes(20).run(&spy).unwrap();
        assert_eq!(measure.report().matvecs, 20);
    }
    let mut seen = seen.into_inner().unwrap();
    let total = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((total, seen.len()), (5 * 80, 5 * 80));
}

#[test]
fn probes_have_the_identity_as_second_moment() {
    // tr A by 4000 probes within 4 standard errors, and the variances of the table in the docs.
    let entries = vec![2.0, 1.0, 0.5, 1.0, -1.0, 0.0, 0.5, 0.0, 3.0];
    let (dim, trace, all, off) = (3.0, 4.0, 4.0 + 1.0 + 9.0 + 2.5, 2.5);
    let operator = Dense::new(entries, 3, 3).unwrap();
    let sphere = 2.0 * dim / (dim + 2.0) * (all - trace * trace / dim);
    for (probe, variance) in PROBES.into_iter().zip([2.0 * off, 2.0 * all, sphere]) {
        let estimate = Hutchinson::new(4000, Key::new(7)).probe(probe).run(&operator).unwrap();
        let error = estimate.standard_error.unwrap();
        assert!((estimate.mean - trace).abs() <= 4.0 * error);
        // The relative error of a sample variance is about sqrt(kurtosis / 4000); kurtosis here is below 10.
        assert!((error * error * 4000.0 / variance - 1.0).abs() <= 4.0 * f64::sqrt(10.0 / 4000.0), "{probe:?}");
    }
    assert_eq!(Hutchinson::new(1, Key::new(0)).run(&operator).unwrap().standard_error, None);
    let empty = Hutchinson::new(2, Key::new(0)).run(&Diagonal::<f64>::new(vec![])).unwrap();
    assert_eq!((empty.mean, empty.standard_error), (0.0, Some(0.0)));
}

#[test]
fn an_observer_stops_between_probes_and_keeps_what_is_done() {
    let operator = Counted::new(diagonal::<f64>(&spectrum(6, 100)));
    let settings = StochasticLanczos::new(Key::new(0)).probes(10).steps(15).width(1);
    let part = settings.observe(&operator, |progress| {
        assert_eq!((progress.total, progress.matvecs), (150, progress.done as u64));
        if progress.done == 45 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let part = part.unwrap();
    assert_eq!((part.report().stop, part.report().matvecs, operator.matvecs()), (Stop::Observer, 45, 45));
    assert!(!part.report().converged && part.report().require().is_err());
    let whole = settings.run(&operator).unwrap();
    assert_eq!(part.rules(), &whole.rules()[..3]);
    // One probe has no spread.
    let one = settings.probes(1).run(&operator).unwrap();
    assert_eq!(one.moment(1).unwrap().standard_error, None);
    assert_eq!(one.density(&Smoothing::new()).unwrap().standard_error, None);
}

#[test]
fn lost_orthogonality_is_reported() {
    let operator = diagonal::<f32>(&like_a_hessian());
    let settings = StochasticLanczos::new(Key::new(0)).probes(1).steps(80);
    assert!(settings.run(&operator).unwrap().orthogonality() < 20.0 * f64::from(f32::EPSILON));
    let none = settings.orthogonalization(Orthogonalization::None).run(&operator).unwrap();
    assert!(none.orthogonality() > 0.5);
}

#[test]
fn ill_posed_requests_are_errors() {
    let operator = diagonal::<f64>(&[1.0, 2.0, -3.0]);
    let settings = StochasticLanczos::new(Key::new(0));
    assert!(matches!(settings.probes(0).run(&operator), Err(Error::OutOfRange { .. })));
    assert!(matches!(settings.steps(0).run(&operator), Err(Error::OutOfRange { .. })));
    assert!(matches!(settings.run(&Diagonal::new(vec![])), Err(Error::Empty { .. })));
    assert!(matches!(
        settings.run(&Diagonal::new(vec![1.0, f64::NAN])),
        Err(Error::Product { number: 1, index: 1, .. })
    ));
    assert!(matches!(settings.deflate(&[1.0], &[1.0]).run(&operator), Err(Error::Length { .. })));
    assert!(matches!(settings.deflate(&[1.0], &[1.0, 1.0, 0.0]).run(&operator), Err(Error::OutOfRange { .. })));
    assert!(matches!(settings.deflate(&[1.0], &[f64::NAN, 1.0, 0.0]).run(&operator), Err(Error::OutOfRange { .. })));
    assert!(matches!(settings.deflate(&[1.0; 4], &[0.0; 12]).run(&operator), Err(Error::AboveLimit { .. })));
    let measure = settings.run(&operator).unwrap();
    assert!(matches!(measure.trace(f64::ln), Err(Error::NotFinite { .. })));
    let density = |smoothing: Smoothing| measure.density(&smoothing).unwrap_err();
    assert!(matches!(density(Smoothing::new().factor(0.0)), Error::OutOfRange { .. }));
    assert!(matches!(density(Smoothing::new().minimum(-1.0)), Error::OutOfRange { .. }));
    assert!(matches!(density(Smoothing::new().grid(vec![0.0])), Error::OutOfRange { .. }));
    assert!(matches!(density(Smoothing::new().grid(vec![0.0, 0.0])), Error::OutOfRange { .. }));
    assert!(matches!(density(Smoothing::new().grid(vec![0.0, f64::NAN])), Error::NotFinite { .. }));
    assert!(matches!(Hutchinson::new(0, Key::new(0)).run(&operator), Err(Error::OutOfRange { .. })));
    let wide = Dense::new(vec![1.0; 6], 2, 3).unwrap();
    assert!(matches!(Hutchinson::new(1, Key::new(0)).run(&wide), Err(Error::Shapes { .. })));
    let broken = Diagonal::new(vec![1.0, f64::NAN]);
    assert!(matches!(Hutchinson::new(1, Key::new(0)).run(&broken), Err(Error::Product { number: 1, index: 1, .. })));
    let new = |nodes: &[f64], weights: &[f64]| DiscreteMeasure::new(nodes.to_vec(), weights.to_vec()).unwrap_err();
    assert!(matches!(new(&[], &[]), Error::Empty { .. }));
    assert!(matches!(new(&[1.0], &[]), Error::Length { .. }));
    assert!(matches!(new(&[1.0, 2.0], &[1.0, -1.0]), Error::OutOfRange { .. }));
    assert!(matches!(new(&[1.0], &[0.0]), Error::OutOfRange { .. }));
    assert!(matches!(new(&[f64::INFINITY], &[1.0]), Error::NotFinite { .. }));
}

proptest! {
    #[test]
    fn the_wasserstein_distance_is_the_mean_distance_of_sorted_lists(
        pairs in prop::collection::vec((-5.0f64..5.0, -5.0f64..5.0), 1..30), shift in -3.0f64..3.0,
    ) {
        let (mut left, mut right): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let measure = |nodes: &[f64]| DiscreteMeasure::uniform(nodes.to_vec()).unwrap();
        let distance = wasserstein(&measure(&left), &measure(&right));
        assert!((distance - wasserstein(&measure(&right), &measure(&left))).abs() < 1e-12);
        left.sort_by(f64::total_cmp);
        right.sort_by(f64::total_cmp);
        let exact = left.iter().zip(&right).map(|(a, b)| (a - b).abs()).sum::<f64>() / left.len() as f64;
        assert!((distance - exact).abs() < 1e-12);
        let shifted: Vec<f64> = left.iter().map(|x| x + shift).collect();
        assert!((wasserstein(&measure(&left), &measure(&shifted)) - shift.abs()).abs() < 1e-12);
    }
}
