//! Tests of stochastic Lanczos quadrature over blocks of probes: lockstep, partial results, interrupted runs, bad products.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use eigenscape::curvature::{Loss, Risk};
use eigenscape::krylov::{Eigensolver, Factorization, Lanczos, Orthogonalization, Stop, Storage};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{AssumeSymmetric, Closure, Counted, Dense, Diagonal, LinearOperator, Symmetric, to_dense};
use eigenscape::random::Key;
use eigenscape::spectrum::{Probe, SpectralMeasure, SpectralRun, StochasticLanczos};
use eigenscape::{Error, Scalar};
use proptest::prelude::*;

use super::krylov::{in_threads, operator, rotated, spectrum};
use super::oracle::symmetric_eigenvalues;

const PROBES: [Probe; 3] = [Probe::Signs, Probe::Normal, Probe::Sphere];

fn diagonal<T: Scalar>(values: &[f64]) -> Diagonal<T> {
    Diagonal::new(values.iter().map(|&x| T::of(x)).collect())
}

/// The probe with a number, as the documentation says that it is drawn.
fn start<T: Scalar>(key: u64, number: usize, probe: Probe, dim: usize) -> Vec<T> {
    let mut start = vec![T::zero(); dim];
    let key = Key::new(key).split(number as u64);
    match probe {
        Probe::Signs => key.signs(0, &mut start),
        Probe::Normal => key.normal(0, &mut start),
        _ => {
            key.sphere(&mut start);
            let radius = T::of((dim as f64).sqrt());
            start.iter_mut().for_each(|x| *x *= radius);
        }
    }
    start
}

/// The integral of |F - G| of two lists of pairs of node and weight.
fn distance(left: &[(f64, f64)], right: &[(f64, f64)]) -> f64 {
    let mut steps: Vec<(f64, f64)> = left.to_vec();
    steps.extend(right.iter().map(|&(node, weight)| (node, -weight)));
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut difference = 0.0;
    steps
        .windows(2)
        .map(|pair| {
            difference += pair[0].1;
            f64::abs(difference) * (pair[1].0 - pair[0].0)
        })
        .sum()
}

/// Nodes and weights of the rule of a probe.
fn pairs(measure: &SpectralMeasure, probe: usize) -> Vec<(f64, f64)> {
    let rule = measure.rules()[probe].measure();
    rule.nodes().iter().copied().zip(rule.weights().iter().copied()).collect()
}

/// All bits of a measure.
fn bits(measure: &SpectralMeasure) -> Vec<u64> {
    let rules = measure.rules().iter();
    let numbers =
        rules.flat_map(|rule| [rule.measure().nodes(), rule.measure().weights(), rule.residual_norms()].concat());
    numbers.chain(measure.atoms().iter().copied()).chain([measure.orthogonality()]).map(f64::to_bits).collect()
}

/// Each probe's rule is that of a factorization of its own, made alone: nodes to the last bit where products do not
/// depend on the block.
fn each_rule_is_that_of_a_run_of_its_own<T: Scalar>(
    kind: usize,
    dim: usize,
    probes: usize,
    steps: usize,
    width: usize,
) {
    let operator = Counted::new(diagonal::<T>(&spectrum(kind, dim)));
    for probe in PROBES {
        let settings = StochasticLanczos::new(Key::new(7)).probes(probes).steps(steps).probe(probe);
        let before = operator.matvecs();
        let measure = settings.width(width).run(&operator).unwrap();
        assert_eq!((measure.rules().len(), measure.report().stop), (probes, Stop::Converged));
        assert_eq!(measure.report().matvecs, operator.matvecs() - before);
        let mut matvecs = 0;
        for number in 0..probes {
            let factorization = Lanczos::new(steps).run(&operator, &start::<T>(7, number, probe, dim)).unwrap();
            matvecs += factorization.matvecs();
            let rule = eigenscape::spectrum::Quadrature::new(&factorization).unwrap();
            let (ours, mass) = (&measure.rules()[number], rule.measure().mass());
            assert_eq!(ours.measure().nodes(), rule.measure().nodes());
            assert_eq!(ours.residual_norms(), rule.residual_norms());
            for (weight, alone) in ours.measure().weights().iter().zip(rule.measure().weights()) {
                assert!((weight - alone / mass).abs() <= 1e-14);
            }
        }
        assert_eq!(measure.report().matvecs, matvecs);
        // The default width, and one probe after the other.
        assert_eq!(bits(&settings.run(&operator).unwrap()), bits(&measure));
        assert_eq!(bits(&settings.width(1).run(&operator).unwrap()), bits(&measure));
    }
}

/// A dense operator multiplies blocks by matrix products that round differently: the same integrals of polynomials.
fn lockstep_is_one_by_one_up_to_rounding<T: Scalar>(
    kind: usize,
    dim: usize,
    probes: usize,
    steps: usize,
    width: usize,
) {
    let entries: Vec<T> = rotated(&spectrum(kind, dim), Key::new(3));
    let operator = operator(&entries, dim);
    let settings = StochasticLanczos::new(Key::new(1)).probes(probes).steps(steps);
    let (wide, narrow) = (settings.width(width).run(&operator).unwrap(), settings.width(1).run(&operator).unwrap());
    assert!(wide.orthogonality() <= 40.0 * T::EPSILON.f64());
    for (wide, narrow) in wide.rules().iter().zip(narrow.rules()) {
        let least = wide.measure().nodes().len().min(narrow.measure().nodes().len());
        for order in 0..(2 * least as i32).min(20) {
            let [wide, narrow] = [wide, narrow].map(|rule| rule.measure().integrate(|x| x.powi(order)));
            let bound = 40.0 * f64::from(order + 1) * T::EPSILON.f64() * 5f64.powi(order);
            assert!((wide - narrow).abs() <= bound, "degree {order}: {wide:e} for {narrow:e}");
        }
    }
}

/// At full depth a rule is the spectral measure of its probe, known in closed form for a diagonal matrix.
fn full_depth_is_the_spectral_measure_of_the_probe<T: Scalar>(kind: usize, dim: usize) {
    let values: Vec<f64> = spectrum(kind, dim).iter().map(|&x| T::of(x).f64()).collect();
    let probes = dim + 3;
    let operator = Counted::new(diagonal::<T>(&values));
    for probe in PROBES {
        let settings = StochasticLanczos::new(Key::new(2)).probes(probes).steps(dim + 5).probe(probe);
        let measure = settings.run(&operator).unwrap();
        assert!(measure.report().matvecs <= (probes * dim) as u64);
        for number in 0..probes {
            let start = start::<T>(2, number, probe, dim);
            let mass: f64 = start.iter().map(|x| x.f64().powi(2)).sum();
            let exact: Vec<(f64, f64)> = values.iter().zip(&start).map(|(&x, v)| (x, v.f64().powi(2) / mass)).collect();
            let error = distance(&pairs(&measure, number), &exact);
            assert!(error <= 400.0 * T::EPSILON.f64(), "kind {kind}, dimension {dim}, {probe:?}: {error:e}");
        }
    }
}

/// A run of which each step is known: 7 probes in blocks of 3, 3 and 1, and one probe that ends early.
fn settings<'a, T: Scalar>() -> StochasticLanczos<'a, T> {
    StochasticLanczos::new(Key::new(5)).probes(7).steps(6).width(3)
}

fn finish<T: Scalar>(run: &mut SpectralRun<T>, operator: &impl Symmetric<T>) -> SpectralMeasure {
    while !run.is_done() {
        run.advance(operator).unwrap();
    }
    run.measure().unwrap()
}

/// How deep the probes are that count after so many products, by the documented rule; `settings` has no early ends.
fn depths(products: usize) -> Vec<usize> {
    let (mut depths, mut left) = (Vec::new(), products);
    for width in [3, 3, 1] {
        if left >= 6 * width {
            depths.extend(vec![6; width]);
            left -= 6 * width;
            continue;
        }
        let block: Vec<usize> = (0..width).map(|probe| left / width + usize::from(probe < left % width)).collect();
        if depths.is_empty() || block.iter().any(|&depth| depth >= 3) {
            depths.extend(block.into_iter().filter(|&depth| depth > 0));
        }
        break;
    }
    depths
}

/// The rules known at some moment are those of factorizations that stopped there.
fn rules_are_those_at_depths<T: Scalar>(measure: &SpectralMeasure, values: &[f64], depths: &[usize]) {
    let found: Vec<usize> = measure.rules().iter().map(|rule| rule.measure().nodes().len()).collect();
    assert_eq!(found, depths);
    for (number, &depth) in depths.iter().enumerate() {
        let start = start::<T>(5, number, Probe::Sphere, values.len());
        let alone: Factorization<T> = Lanczos::new(depth).run(&diagonal::<T>(values), &start).unwrap();
        let rule = eigenscape::spectrum::Quadrature::new(&alone).unwrap();
        assert_eq!(measure.rules()[number].measure().nodes(), rule.measure().nodes());
        assert_eq!(measure.rules()[number].residual_norms(), rule.residual_norms());
    }
    assert!((measure.mean().mass() - 1.0).abs() < 1e-14);
}

/// A diagonal matrix whose product with a number has an entry that is not finite.
fn broken<T: Scalar>(values: &[f64], at: u64, value: f64) -> impl Symmetric<T> {
    let (inner, count, dim) = (diagonal::<T>(values), AtomicU64::new(0), values.len());
    AssumeSymmetric::new(Closure::new(dim, dim, move |x: &[T], y: &mut [T]| {
        inner.apply(x, y);
        if count.fetch_add(1, Ordering::Relaxed) + 1 == at {
            y[2] = T::of(value);
        }
    }))
}

macro_rules! laws {
    ($scalar:ident) => {
        mod $scalar {
            use super::*;

            proptest! {
                #![proptest_config(crate::oracle::cases(40))]

                #[test]
                fn probes_in_lockstep_have_the_rules_of_probes_alone(
                    kind in 0usize..7, dim in 1usize..60, probes in 1usize..9, steps in 1usize..40, width in 1usize..12,
                ) {
                    each_rule_is_that_of_a_run_of_its_own::<$scalar>(kind, dim, probes, steps, width);
                    lockstep_is_one_by_one_up_to_rounding::<$scalar>(kind, dim, probes, steps, width);
                }
            }

            #[test]
            fn more_steps_and_probes_than_dimensions_are_exact_on_hostile_spectra() {
                for kind in 0..7 {
                    for dim in [1, 2, 3, 10, 40] {
                        full_depth_is_the_spectral_measure_of_the_probe::<$scalar>(kind, dim);
                    }
                }
            }

            #[test]
            fn the_same_bits_for_any_number_of_threads() {
                // Longer than the pieces into which sums are cut.
                let dim = 40_000;
                let values: Vec<f64> = (0..dim).map(|i| (i as f64).sin() + if i == 7 { 9.0 } else { 0.0 }).collect();
                let operator = diagonal::<$scalar>(&values);
                let pair = Eigensolver::new(1, Key::new(0)).run(&operator).unwrap();
                let settings = StochasticLanczos::new(Key::new(0)).probes(5).steps(12).width(3);
                let run = || {
                    let deflated = settings.deflate(&pair.values, &pair.vectors);
                    let mut part = settings.begin(&operator).unwrap();
                    (0..5).for_each(|_| part.advance(&operator).unwrap());
                    let measures = [settings.run(&operator), deflated.run(&operator), part.measure()];
                    measures.map(|measure| bits(&measure.unwrap()))
                };
                let one = in_threads(1, run);
                assert!(one == in_threads(2, run));
                assert!(one == in_threads(3, run));
            }

            #[test]
            fn an_observer_can_stop_after_each_step_and_keeps_what_is_known() {
                let values = spectrum(6, 50);
                let operator = Counted::new(diagonal::<$scalar>(&values));
                let mut run = settings::<$scalar>().begin(&operator).unwrap();
                assert!(matches!(run.measure(), Err(Error::Missing { .. })));
                let mut advances = 0;
                while !run.is_done() {
                    run.advance(&operator).unwrap();
                    advances += 1;
                    let before = operator.matvecs();
                    let (mut calls, mut last) = (0, None);
                    let part = settings::<$scalar>().observe(&operator, |progress| {
                        calls += 1;
                        last = Some(progress);
                        if calls == advances { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                    });
                    let (part, matvecs) = (part.unwrap(), operator.matvecs() - before);
                    assert_eq!((part.report().matvecs, calls), (matvecs, advances));
                    assert_eq!(last, Some(run.progress()));
                    assert_eq!((run.progress().done as u64, run.progress().total), (matvecs, 7 * 6));
                    assert!(part == run.measure().unwrap() && bits(&part) == bits(&run.measure().unwrap()));
                    rules_are_those_at_depths::<$scalar>(&part, &values, &depths(matvecs as usize));
                    let stop = if run.is_done() { Stop::Converged } else { Stop::Observer };
                    assert_eq!((part.report().stop, part.report().require().is_ok()), (stop, run.is_done()));
                }
                assert_eq!(advances, 18);
                // Nothing is left to do.
                let done = operator.matvecs();
                run.advance(&operator).unwrap();
                assert_eq!(operator.matvecs(), done);
            }

            #[test]
            fn a_run_held_at_each_step_ends_in_the_same_bits() {
                // Eigenvectors among the probes: some of a block end before the others.
                let dense: Vec<f64> =
                    vec![2.0, 1.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 2.0, 1.0, 0.0, 0.0, 1.0, 2.0];
                let uneven = operator(&dense.iter().map(|&x| $scalar::of(x)).collect::<Vec<_>>(), 4);
                held_at_each_step(&settings::<$scalar>().probe(Probe::Signs), &uneven);
                let operator = diagonal::<$scalar>(&spectrum(3, 60));
                let pairs = Eigensolver::new(2, Key::new(0)).run(&operator).unwrap();
                held_at_each_step(&settings::<$scalar>(), &operator);
                let local = settings::<$scalar>().orthogonalization(Orthogonalization::Local);
                held_at_each_step(&local.storage(Storage::None), &operator);
                held_at_each_step(&settings::<$scalar>().storage(Storage::Single), &operator);
                held_at_each_step(&settings::<$scalar>().deflate(&pairs.values, &pairs.vectors), &operator);
            }

            #[test]
            fn a_product_that_is_not_finite_ends_the_run_with_its_number() {
                let values = spectrum(6, 50);
                for at in 1..=43 {
                    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                        let result = settings::<$scalar>().run(&broken::<$scalar>(&values, at, value));
                        if at == 1 {
                            let Err(Error::Product { number, index, value: found }) = result else {
                                panic!("the first product is not finite: {result:?}");
                            };
                            assert_eq!(
                                (number, index, found.to_bits() == value.to_bits() || value.is_nan()),
                                (1, 2, true)
                            );
                            continue;
                        }
                        let measure = result.unwrap();
                        if at == 43 {
                            assert_eq!((measure.report().stop, measure.report().matvecs), (Stop::Converged, 42));
                            continue;
                        }
                        assert_eq!((measure.report().stop, measure.report().matvecs), (Stop::NotFinite, at));
                        assert!(measure.report().require().is_err() && !measure.report().converged);
                        assert!(bits(&measure).into_iter().all(|bits| f64::from_bits(bits).is_finite()));
                        assert!((measure.mean().mass() - 1.0).abs() < 1e-14);
                        // Never less than what the products before it tell.
                        let known = depths(at as usize - 1);
                        assert!(measure.rules().len() >= known.len());
                    }
                }
            }

            #[test]
            fn without_a_basis_ghosts_do_no_harm_and_lost_orthogonality_is_reported() {
                let values: Vec<f64> = (0..400).map(|i| if i == 0 { 100.0 } else { (i as f64).sin() }).collect();
                let operator = diagonal::<$scalar>(&values);
                let full = StochasticLanczos::<$scalar>::new(Key::new(0)).probes(4).steps(120);
                let whole = full.run(&operator).unwrap();
                assert!(matches!(full.storage(Storage::None).run(&operator), Err(Error::Missing { .. })));
                for orthogonalization in [Orthogonalization::None, Orthogonalization::Local] {
                    let kept = full.orthogonalization(orthogonalization);
                    let (free, kept) =
                        (kept.storage(Storage::None).run(&operator).unwrap(), kept.run(&operator).unwrap());
                    // The same matrices T; the level of orthogonality is an estimate here and measured there.
                    assert!(free.rules() == kept.rules());
                    assert!(kept.orthogonality() > 0.5 && free.orthogonality() > 0.5);
                    assert!(whole.orthogonality() < 40.0 * $scalar::EPSILON.f64());
                    for probe in 0..4 {
                        assert!(free.rules()[probe].ghosts() > 0 && whole.rules()[probe].ghosts() == 0);
                        let outliers = |measure: &SpectralMeasure| -> Vec<(f64, f64)> {
                            pairs(measure, probe).into_iter().filter(|&(node, _)| node > 2.0).collect()
                        };
                        let ([found], [exact]) = (&outliers(&free)[..], &outliers(&whole)[..]) else {
                            panic!("copies of the outlier are left");
                        };
                        let tolerance = 100.0 * $scalar::EPSILON.f64();
                        assert!(
                            (found.0 - exact.0).abs() <= 100.0 * tolerance && (found.1 - exact.1).abs() <= tolerance
                        );
                        // Copies cost depth: the bulk is seen with fewer nodes, each a spacing of 2 / 100 apart or so.
                        assert!(distance(&pairs(&free, probe), &pairs(&whole, probe)) <= 0.02);
                    }
                }
            }

            #[test]
            fn a_product_that_is_not_finite_is_named_behind_deflated_vectors() {
                let values = spectrum(3, 50);
                let pairs = Eigensolver::new(2, Key::new(0)).run(&diagonal::<$scalar>(&values)).unwrap();
                let settings = settings::<$scalar>().deflate(&pairs.values, &pairs.vectors);
                let result = settings.run(&broken::<$scalar>(&values, 1, f64::INFINITY));
                assert!(matches!(result, Err(Error::Product { number: 1, index: 2, value: f64::INFINITY })));
                let mut run = settings.begin(&broken::<$scalar>(&values, 1, f64::NAN)).unwrap();
                assert!(run.advance(&broken::<$scalar>(&values, 1, f64::NAN)).is_err());
                assert!(run.is_done() && run.measure().is_err());
                let later = settings.run(&broken::<$scalar>(&values, 9, f64::NAN)).unwrap();
                assert_eq!((later.report().stop, later.report().matvecs), (Stop::NotFinite, 9));
                assert!((later.mean().mass() - 1.0).abs() < 1e-14);
            }

            #[test]
            fn a_recurrence_that_overflows_ends_the_run_before_it() {
                // c 11': the second vector is the eigenvector, whose product is finite and whose eigenvalue is not.
                let dim = 100;
                let factor = 0.09 * $scalar::MAX.f64();
                let operator = AssumeSymmetric::new(Closure::new(dim, dim, |x: &[$scalar], y: &mut [$scalar]| {
                    y.fill($scalar::of(factor * x.iter().map(|x| x.f64()).sum::<f64>()));
                    assert!(y[0].is_finite());
                }));
                let measure = settings::<$scalar>().run(&operator).unwrap();
                assert_eq!((measure.report().stop, measure.report().matvecs), (Stop::NotFinite, 4));
                assert!(bits(&measure).into_iter().all(|bits| f64::from_bits(bits).is_finite()));
                let depths: Vec<usize> = measure.rules().iter().map(|rule| rule.measure().nodes().len()).collect();
                assert_eq!(depths, [1, 1, 1]);
            }

            #[test]
            fn asymmetry_is_found_when_asked_for() {
                let dim = 30;
                let mut entries: Vec<$scalar> = rotated(&spectrum(6, dim), Key::new(0));
                let symmetric = Counted::new(operator(&entries, dim));
                let settings = StochasticLanczos::new(Key::new(0)).probes(2).steps(4);
                let (plain, checked) =
                    (settings.run(&symmetric).unwrap(), settings.check_symmetry().run(&symmetric).unwrap());
                assert_eq!((plain.report().matvecs, checked.report().matvecs, symmetric.matvecs()), (8, 10, 18));
                assert_eq!(bits(&plain), bits(&checked));
                entries[3] += $scalar::of(0.1);
                let asymmetric = operator(&entries, dim);
                assert!(settings.run(&asymmetric).is_ok());
                assert!(matches!(settings.check_symmetry().run(&asymmetric), Err(Error::Asymmetric { .. })));
            }
        }
    };
}

laws!(f32);
laws!(f64);

/// Numbers that go to a file and come back from it.
#[cfg(feature = "serde")]
trait Saved: Scalar + serde::Serialize + serde::de::DeserializeOwned {}
#[cfg(feature = "serde")]
impl<T: Scalar + serde::Serialize + serde::de::DeserializeOwned> Saved for T {}
#[cfg(not(feature = "serde"))]
trait Saved: Scalar {}
#[cfg(not(feature = "serde"))]
impl<T: Scalar> Saved for T {}

/// The run as another process would find it: read from a file, if files can be written.
fn held<T: Saved>(run: &SpectralRun<T>) -> SpectralRun<T> {
    #[cfg(feature = "serde")]
    return serde_json::from_str(&serde_json::to_string(run).unwrap()).unwrap();
    #[cfg(not(feature = "serde"))]
    return run.clone();
}

/// Holds a run before each step, finishes the copy, and compares.
fn held_at_each_step<T: Saved>(settings: &StochasticLanczos<'_, T>, operator: &impl Symmetric<T>) {
    let whole = settings.run(operator).unwrap();
    let mut run = settings.begin(operator).unwrap();
    let mut relay = held(&run);
    loop {
        let mut copy = held(&run);
        assert_eq!((copy.progress(), copy.is_done()), (run.progress(), run.is_done()));
        let measure = finish(&mut copy, operator);
        assert!(measure == whole && bits(&measure) == bits(&whole));
        // And one that is held again and again.
        assert_eq!(relay.measure().ok().as_ref().map(bits), run.measure().ok().as_ref().map(bits));
        if run.is_done() {
            return;
        }
        run.advance(operator).unwrap();
        relay.advance(operator).unwrap();
        relay = held(&relay);
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_run_that_a_bad_product_ended_can_be_kept() {
    let values = spectrum(6, 50);
    for at in [1, 2, 5, 18, 19, 20, 29, 41] {
        let operator = broken::<f64>(&values, at, f64::NAN);
        let mut run = settings::<f64>().begin(&operator).unwrap();
        while !run.is_done() {
            assert_eq!(run.advance(&operator).is_err(), at == 1);
        }
        let copy = held(&run);
        assert!(copy.is_done() && copy.progress() == run.progress() && run.progress().done < 42);
        assert_eq!(copy.measure().ok().as_ref().map(bits), run.measure().ok().as_ref().map(bits));
        assert_eq!(
            copy.measure().ok().map(|measure| measure.report()),
            run.measure().ok().map(|measure| measure.report())
        );
    }
}

#[cfg(feature = "serde")]
#[test]
fn damaged_runs_are_refused_or_harmless() {
    let operator = diagonal::<f32>(&[1.0, 3.0, -2.0, 0.5, 0.25, 4.0]);
    let settings = StochasticLanczos::new(Key::new(0)).probes(5).steps(3).width(2);
    let deflated = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let mut run = settings.deflate(&[4.0], &deflated).begin(&operator).unwrap();
    (0..4).for_each(|_| run.advance(&operator).unwrap());
    let text = serde_json::to_string(&run).unwrap();
    let read = |text: &str| serde_json::from_str::<SpectralRun<f32>>(text);
    assert!(read(&text).is_ok());
    for end in 0..text.len() {
        assert!(read(&text[..end]).is_err());
    }
    let changes = [
        ("\"probes\":5", "\"probes\":0"),
        ("\"probes\":5", "\"probes\":1"),
        ("\"steps\":3", "\"steps\":0"),
        ("\"steps\":3", "\"steps\":6"),
        ("\"steps\":3", "\"steps\":18446744073709551615"),
        ("\"width\":2", "\"width\":0"),
        ("\"width\":2", "\"width\":3"),
        ("\"probe\":\"Sphere\"", "\"probe\":\"Cube\""),
        ("\"dim\":6", "\"dim\":0"),
        ("\"dim\":6", "\"dim\":7"),
        ("\"dim\":6", "\"dim\":18446744073709551615"),
        ("\"values\":[4.0]", "\"values\":[]"),
        ("\"values\":[4.0]", "\"values\":[4.0,5.0]"),
        ("0.0,0.0,1.0]", "0.0,0.0,2.0]"),
        ("\"diagonal\":[", "\"diagonal\":[1.0,"),
        ("\"subdiagonal\":[", "\"subdiagonal\":[-1.0,"),
        ("\"residual_norm\":", "\"residual_norm\":-"),
        ("\"orthogonality\":", "\"orthogonality\":-"),
        ("\"residual\":[", "\"residual\":[1.0,"),
        ("\"nodes\":[", "\"nodes\":[1.0,"),
        ("\"weights\":[", "\"weights\":[-"),
        ("\"residual_norms\":[", "\"residual_norms\":[null,"),
        ("\"ghosts\":0", "\"ghosts\":1"),
        ("\"ghosts\":0", "\"ghosts\":18446744073709551615"),
        ("\"start_norm\":", "\"start_norm\":-"),
        ("\"broken\":false", "\"broken\":true"),
    ];
    for (from, to) in changes {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from} is not in {text}");
        assert!(read(&changed).is_err(), "{to} passes for {from}");
    }
    // Whatever one byte becomes, a run that is believed goes on without a panic.
    let mut believed = 0;
    for at in 0..text.len() {
        for byte in ["9", "0", "-", "e", ",", "null"] {
            let changed = [&text[..at], byte, &text[at + 1..]].concat();
            if let Ok(mut run) = read(&changed) {
                believed += 1;
                (0..3).for_each(|_| _ = run.advance(&operator));
                let _ = run.measure();
            }
        }
    }
    assert!(believed > 100);
}

#[test]
fn probes_of_an_invariant_space_leave_the_block() {
    // Two blocks [2 1; 1 2]: a probe of signs is an eigenvector if both of its halves are alike, and else touches two.
    let entries = vec![2.0, 1.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 2.0, 1.0, 0.0, 0.0, 1.0, 2.0];
    let operator = Counted::new(operator::<f64>(&entries, 4));
    let settings = StochasticLanczos::new(Key::new(0)).probes(40).steps(9).probe(Probe::Signs).width(7);
    let depth = |number: usize| {
        let start = start::<f64>(0, number, Probe::Signs, 4);
        if start[0] * start[1] == start[2] * start[3] { 1 } else { 2 }
    };
    let expected: Vec<usize> = (0..40).map(depth).collect();
    assert!(expected.contains(&1) && expected.contains(&2));
    let measure = settings.run(&operator).unwrap();
    let found: Vec<usize> = measure.rules().iter().map(|rule| rule.measure().nodes().len()).collect();
    assert_eq!(found, expected);
    let products = expected.iter().sum::<usize>() as u64;
    assert_eq!((measure.report().matvecs, operator.matvecs()), (products, products));
}

#[test]
fn probes_depend_on_the_key_alone_and_no_two_are_alike() {
    let seen = Mutex::new(Vec::new());
    let spy = AssumeSymmetric::new(Closure::new(40, 40, |x: &[f64], y: &mut [f64]| {
        seen.lock().unwrap().push(x.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
        y.fill(0.0);
    }));
    let starts = |key: u64, width: usize| {
        let _ = StochasticLanczos::new(Key::new(key)).probes(11).width(width).check_symmetry().run(&spy).unwrap();
        std::mem::take(&mut *seen.lock().unwrap())
    };
    let mut all = Vec::new();
    for key in 0..5 {
        let narrow = starts(key, 1);
        assert!([2, 4, 16].iter().all(|&width| starts(key, width) == narrow));
        all.extend(narrow);
    }
    let total = all.len();
    all.sort();
    all.dedup();
    assert_eq!((total, all.len()), (5 * 13, 5 * 13));
}

#[test]
fn ill_posed_blocks_are_errors() {
    let operator = diagonal::<f64>(&[1.0, 2.0, -3.0]);
    let settings = StochasticLanczos::new(Key::new(0));
    assert!(matches!(settings.width(0).run(&operator), Err(Error::OutOfRange { .. })));
    assert!(matches!(settings.steps(0).begin(&operator), Err(Error::OutOfRange { .. })));
    assert!(matches!(settings.begin(&Diagonal::new(vec![])), Err(Error::Empty { .. })));
    let most = settings.probes(usize::MAX).width(usize::MAX);
    assert!(matches!(most.begin(&operator), Err(Error::Memory { .. })));
    // Many probes in small blocks are nothing that must be refused.
    let mut run = settings.probes(usize::MAX).steps(usize::MAX).begin(&operator).unwrap();
    run.advance(&operator).unwrap();
    assert_eq!(run.progress().total, usize::MAX);
    assert_eq!(run.measure().unwrap().rules().len(), 16);
    let other = run.advance(&diagonal::<f64>(&[1.0, 2.0]));
    assert!(matches!(other, Err(Error::Length { actual: 2, expected: 3, .. })));
    let wide = AssumeSymmetric::new(Dense::new(vec![1.0; 6], 2, 3).unwrap());
    assert!(matches!(run.advance(&wide), Err(Error::Shapes { .. })));
    // Neither has touched it.
    run.advance(&operator).unwrap();
    assert_eq!(run.progress().matvecs, 32);
    // Nothing is left beside what is deflated.
    let vectors = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let all = settings.deflate(&[1.0, 2.0, -3.0], &vectors).begin(&operator).unwrap();
    assert!(all.is_done() && all.progress().total == 0 && all.measure().unwrap().atoms().len() == 3);
}

/// The Hessian of a small network on digits: blocks of probes share their products, which round otherwise than single ones.
#[test]
fn lockstep_on_a_networks_hessian_is_near_the_dense_spectrum() {
    let network = Perceptron::new(&[64, 8, 10], Activation::Tanh).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, super::digits::digits()).unwrap();
    let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(0));
    let point = risk.at(&theta).unwrap();
    let hessian = Counted::new(point.hessian());
    let dim = theta.len();
    let eigenvalues = symmetric_eigenvalues(to_dense(&hessian).entries(), dim);
    let top = Eigensolver::new(12, Key::new(0)).run(&hessian).unwrap();
    top.report.require().unwrap();
    let settings = StochasticLanczos::new(Key::new(1)).probes(100).steps(60).deflate(&top.values, &top.vectors);
    let run = || settings.width(8).run(&hessian).unwrap();
    let (one, two, narrow) = (in_threads(1, run), in_threads(2, run), settings.width(1).run(&hessian).unwrap());
    assert_eq!(bits(&one), bits(&two));
    assert!(one.orthogonality() < 40.0 * f64::EPSILON);
    let truth: Vec<(f64, f64)> = eigenvalues.iter().map(|&x| (x, 1.0 / dim as f64)).collect();
    let size = eigenvalues.iter().map(|x| x.abs()).sum::<f64>() / dim as f64;
    let mean = |measure: &SpectralMeasure| -> Vec<(f64, f64)> {
        let mean = measure.mean();
        mean.nodes().iter().copied().zip(mean.weights().iter().copied()).collect()
    };
    let error = distance(&mean(&one), &truth) / size;
    println!("Wasserstein-1 distance {:.2} % of the mean absolute eigenvalue {size:.2e}", 100.0 * error);
    assert!(error < 0.05, "{error}");
    // The oracle can fail: without the outliers, the distance is large.
    let without: Vec<(f64, f64)> = truth[..dim - 12].to_vec();
    assert!(distance(&mean(&one), &without) / size > 0.05);
    assert!(distance(&mean(&one), &mean(&narrow)) / size < 1e-6);
    let trace = eigenvalues.iter().sum::<f64>();
    let estimate = one.trace(|x| x).unwrap();
    assert!((estimate.mean - trace).abs() <= 4.0 * estimate.standard_error.unwrap());
}
