//! Tests of the Lanczos process: orthogonalizations, storages, ghosts, what is not finite, saving and resuming.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::krylov::{Factorization, Lanczos, Orthogonalization, Stop, Storage};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{AssumeSymmetric, Closure, Counted, Dense, Diagonal, to_dense};
use eigenscape::random::Key;
use eigenscape::spectrum::{DiscreteMeasure, Quadrature, wasserstein};
use eigenscape::{Error, Scalar};

use super::oracle::symmetric_eigenvalues;
use super::support::{dot, norm, normal, with_threads};

const ALL: [Orthogonalization; 4] =
    [Orthogonalization::None, Orthogonalization::Local, Orthogonalization::Partial, Orthogonalization::Full];

/// The settings that can be had.
fn settings(steps: usize) -> Vec<Lanczos> {
    let mut settings = Vec::new();
    for orthogonalization in ALL {
        for storage in [Storage::Kept, Storage::Single, Storage::None] {
            let alone = matches!(orthogonalization, Orthogonalization::None | Orthogonalization::Local);
            if alone || storage != Storage::None {
                settings.push(Lanczos::new(steps).orthogonalization(orthogonalization).storage(storage));
            }
        }
    }
    settings
}

fn diagonal<T: Scalar>(values: &[f64]) -> Diagonal<T> {
    Diagonal::new(values.iter().map(|&x| T::of(x)).collect())
}

/// An eigenvalue far above 999 others in [-1, 1].
fn outlier(size: f64) -> Vec<f64> {
    (0..1000).map(|i| if i == 0 { size } else { f64::from(i).sin() }).collect()
}

/// The spectral measure of a start vector for a diagonal operator: equal eigenvalues together, none of weight 0.
fn truth<T: Scalar>(values: &[f64], start: &[T]) -> Vec<(f64, f64)> {
    let mut pairs: Vec<(f64, f64)> =
        values.iter().map(|&x| T::of(x).f64()).zip(start.iter().map(|x| x.f64().powi(2))).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut distinct: Vec<(f64, f64)> = Vec::new();
    for (value, weight) in pairs.into_iter().filter(|pair| pair.1 > 0.0) {
        match distinct.last_mut() {
            Some(last) if last.0 == value => last.1 += weight,
            _ => distinct.push((value, weight)),
        }
    }
    distinct
}

/// Everything that a run leaves, in bits.
fn bits<T: Scalar>(factorization: &Factorization<T>) -> Vec<u64> {
    let numbers = factorization.diagonal().iter().chain(factorization.subdiagonal()).copied();
    let numbers = numbers.chain(factorization.residual().iter().map(|x| x.f64()));
    let level = factorization.orthogonality();
    let mut bits: Vec<u64> = numbers.chain([level, factorization.residual_norm()]).map(f64::to_bits).collect();
    bits.extend([factorization.matvecs(), factorization.orthogonalized() as u64, factorization.steps() as u64]);
    bits
}

/// At full depth, in every setting, the nodes are the distinct eigenvalues that the start touches, with its weights.
fn nodes_are_the_touched_eigenvalues<T: Scalar>(what: &str, values: &[f64], start: &[T]) {
    let expected = truth(values, start);
    let operator = diagonal::<T>(values);
    let rounding = 40.0 * T::EPSILON.f64();
    let largest = values.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    for lanczos in settings(values.len() + 3) {
        let factorization = lanczos.run(&operator, start).unwrap();
        let rule = Quadrature::new(&factorization).unwrap();
        assert_eq!(factorization.steps(), expected.len(), "{what}, {lanczos:?}");
        assert!(factorization.breakdown() && factorization.report().converged, "{what}, {lanczos:?}");
        assert_eq!((rule.ghosts(), rule.measure().nodes().len()), (0, expected.len()), "{what}, {lanczos:?}");
        let mass: f64 = expected.iter().map(|pair| pair.1).sum();
        for (index, &(value, weight)) in expected.iter().enumerate() {
            let (node, found) = (rule.measure().nodes()[index], rule.measure().weights()[index]);
            assert!((node - value).abs() <= rounding * largest, "{what}, {lanczos:?}: {node} for {value}");
            assert!((found - weight).abs() <= rounding * mass, "{what}, {lanczos:?}: weight {found} for {weight}");
        }
        assert_eq!(factorization.orthogonality_is_measured(), factorization.storage() != Storage::None);
        let single = f64::from(f32::EPSILON);
        let rounded = if factorization.storage() == Storage::Single { single } else { 0.0 };
        assert!(factorization.orthogonality() <= T::EPSILON.f64().sqrt().max(rounded), "{what}, {lanczos:?}");
    }
}

fn degenerate<T: Scalar>() {
    let ones = |dim: usize| vec![T::one(); dim];
    let drawn = |dim: usize| normal::<T>(dim, Key::new(0));
    nodes_are_the_touched_eigenvalues("one dimension", &[-3.0], &ones(1));
    nodes_are_the_touched_eigenvalues("zero", &[0.0; 7], &drawn(7));
    nodes_are_the_touched_eigenvalues("identity", &[1.0; 9], &drawn(9));
    let rank_one: Vec<f64> = (0..40).map(|i| if i == 7 { 4.0 } else { 0.0 }).collect();
    nodes_are_the_touched_eigenvalues("rank one", &rank_one, &drawn(40));
    let two: Vec<f64> = (0..50).map(|i| if i % 3 == 0 { 2.0 } else { -1.0 }).collect();
    nodes_are_the_touched_eigenvalues("two values", &two, &drawn(50));
    let repeated: Vec<f64> = (0..30).map(|i| [3.0, 3.0, 1.0, -2.0, -2.0][i % 5]).collect();
    nodes_are_the_touched_eigenvalues("repeated", &repeated, &drawn(30));
    let all: Vec<f64> = (0..6).map(f64::from).collect();
    nodes_are_the_touched_eigenvalues("depth = dimension", &all, &ones(6));
    let mut start = vec![T::zero(); 6];
    start[4] = T::of(-2.5);
    nodes_are_the_touched_eigenvalues("an eigenvector", &all, &start);
    // Nine orders of magnitude away from 1, both ways.
    for scale in [1e-9, 1e9] {
        let scaled: Vec<f64> = repeated.iter().map(|x| x * scale).collect();
        nodes_are_the_touched_eigenvalues("repeated and scaled", &scaled, &drawn(30));
    }
}

/// A rule of m nodes is exact to degree 2m - 1 in each setting, before orthogonality is lost.
fn rules_are_exact<T: Scalar>() {
    let values: Vec<f64> = (0..300).map(|i| (1.7 * f64::from(i)).sin()).collect();
    let (operator, start) = (diagonal::<T>(&values), normal::<T>(300, Key::new(1)));
    let pairs = truth(&values, &start);
    for lanczos in settings(6) {
        let rule = Quadrature::new(&lanczos.run(&operator, &start).unwrap()).unwrap();
        for order in 0..12 {
            let exact: f64 = pairs.iter().map(|(x, weight)| weight * x.powi(order)).sum();
            let error = (rule.measure().integrate(|x| x.powi(order)) - exact).abs();
            let mass = dot(&start, &start);
            assert!(error <= 40.0 * T::EPSILON.f64() * mass, "{lanczos:?}, degree {order}: off by {error:e}");
        }
        let degree_12: f64 = pairs.iter().map(|(x, weight)| weight * x.powi(12)).sum();
        assert!((rule.measure().integrate(|x| x.powi(12)) / degree_12 - 1.0).abs() > 1e-5, "{lanczos:?}");
    }
}

/// T is that of full orthogonalization to rounding, at a part of the work.
fn partial_keeps_t<T: Scalar>() {
    let root = T::EPSILON.f64().sqrt();
    for (size, steps) in [(1e2, 300), (2.0, 200)] {
        let values = outlier(size);
        let (operator, start) = (diagonal::<T>(&values), normal::<T>(1000, Key::new(0)));
        let run = |orthogonalization| {
            Lanczos::new(steps).orthogonalization(orthogonalization).run(&operator, &start).unwrap()
        };
        let (partial, full) = (run(Orthogonalization::Partial), run(Orthogonalization::Full));
        let level = partial.orthogonality();
        assert!(level <= root, "level {level:e}");
        let count = partial.orthogonalized();
        println!("{} {size}: {count} of {steps} steps orthogonalized, level {level:e}", T::NAME);
        // In single precision a norm of 100 is not far from the root of EPSILON, and most steps need it.
        let most = if size_of::<T>() == 4 { steps - 1 } else { steps / 2 };
        assert!(count > 0 && count <= most, "{count} of {steps} steps were orthogonalized");
        assert_eq!((full.orthogonalized(), run(Orthogonalization::None).orthogonalized()), (steps, 0));
        let (ours, theirs) = (Quadrature::new(&partial).unwrap(), Quadrature::new(&full).unwrap());
        assert_eq!(ours.ghosts(), 0);
        let distance = wasserstein(ours.measure(), theirs.measure());
        assert!(distance <= 100.0 * T::EPSILON.f64() * size, "distance {distance:e}");
        let top =
            |rule: &Quadrature| (*rule.measure().nodes().last().unwrap(), *rule.measure().weights().last().unwrap());
        let ((node, weight), (expected, mass)) = (top(&ours), top(&theirs));
        assert!((node - expected).abs() <= 20.0 * T::EPSILON.f64() * size);
        assert!((weight - mass).abs() <= 20.0 * T::EPSILON.f64() * dot(&start, &start));
    }
}

/// Three hundred steps past the convergence of a huge outlier: T is full of ghosts, the rule has none.
fn ghosts_are_merged<T: Scalar>(size: f64) {
    let values = outlier(size);
    let (operator, start) = (diagonal::<T>(&values), normal::<T>(1000, Key::new(0)));
    let full = Lanczos::new(300).run(&operator, &start).unwrap();
    let expected = Quadrature::new(&full).unwrap();
    assert_eq!(expected.ghosts(), 0);
    let mass = dot(&start, &start);
    for lanczos in settings(300).into_iter().filter(|&lanczos| {
        [Orthogonalization::None, Orthogonalization::Local].iter().any(|&o| lanczos == lanczos.orthogonalization(o))
    }) {
        let factorization = lanczos.run(&operator, &start).unwrap();
        assert!(factorization.orthogonality() > 0.5, "{lanczos:?}");
        let rule = Quadrature::new(&factorization).unwrap();
        assert!(rule.ghosts() >= 3, "{lanczos:?}: {} ghosts", rule.ghosts());
        assert_eq!(rule.ghosts() + rule.measure().nodes().len(), 300);
        // One node above the rest, with the weight of the outlier.
        let above: Vec<usize> =
            (0..rule.measure().nodes().len()).filter(|&i| rule.measure().nodes()[i] > 1.5).collect();
        let rounding = 20.0 * T::EPSILON.f64();
        assert_eq!(above.len(), 1, "{lanczos:?}: {:?}", &rule.measure().nodes()[above[0]..]);
        let (node, weight) = (rule.measure().nodes()[above[0]], rule.measure().weights()[above[0]]);
        let exact = start[0].f64().powi(2);
        assert!((node - size).abs() <= rounding * size, "{lanczos:?}: {node}");
        assert!((weight - exact).abs() <= rounding * mass, "{lanczos:?}: weight {weight}, exactly {exact}");
        assert!((rule.measure().mass() / mass - 1.0).abs() <= rounding);
        // The rest is as near to the truth as the rule of as many steps as were not spent on copies.
        let pairs = truth(&values, &start);
        let (nodes, weights) = pairs.into_iter().unzip();
        let truth = DiscreteMeasure::new(nodes, weights).unwrap();
        let spent = Lanczos::new(rule.measure().nodes().len()).run(&operator, &start).unwrap();
        let spent = Quadrature::new(&spent).unwrap();
        let [error, fewer, all] = [&rule, &spent, &expected].map(|rule| wasserstein(rule.measure(), &truth));
        println!(
            "{} {size} {lanczos:?}: {} ghosts, error {error:e}; full: {fewer:e} with as many nodes, {all:e} with 300",
            T::NAME,
            rule.ghosts()
        );
        assert!(error <= 2.0 * fewer, "{lanczos:?}: {error:e}, full orthogonalization {fewer:e}");
    }
}

/// Without loss of orthogonality nothing is merged: with a basis to orthogonalize against however near, without one as near
/// as half of the digits.
fn neighbours_stay_apart<T: Scalar>() {
    for lanczos in settings(4) {
        let local = lanczos.orthogonalization(Orthogonalization::Local);
        let alone = lanczos == local || lanczos == local.orthogonalization(Orthogonalization::None);
        let gap = if alone { 64.0 * T::EPSILON.f64().sqrt() } else { 64.0 * T::EPSILON.f64() };
        let operator = diagonal::<T>(&[1.0, 1.0 + gap, -1.0, 0.5]);
        let rule = Quadrature::new(&lanczos.run(&operator, &[T::one(); 4]).unwrap()).unwrap();
        assert_eq!((rule.ghosts(), rule.measure().nodes().len()), (0, 4), "{lanczos:?}");
    }
}

/// T does not depend on whether the basis is kept, and a second pass gives its vectors in the same bits.
fn basis_free<T: Scalar>() {
    let (operator, start) = (diagonal::<T>(&outlier(3.0)), normal::<T>(1000, Key::new(2)));
    for orthogonalization in [Orthogonalization::None, Orthogonalization::Local] {
        let lanczos = Lanczos::new(80).orthogonalization(orthogonalization);
        let kept = lanczos.run(&operator, &start).unwrap();
        let counted = Counted::new(diagonal::<T>(&outlier(3.0)));
        for storage in [Storage::Single, Storage::None] {
            let other = lanczos.storage(storage).run(&operator, &start).unwrap();
            assert_eq!((other.diagonal(), other.subdiagonal()), (kept.diagonal(), kept.subdiagonal()));
            assert_eq!((other.residual(), other.residual_norm()), (kept.residual(), kept.residual_norm()));
        }
        let free = lanczos.storage(Storage::None).run(&operator, &start).unwrap();
        let coefficients: Vec<f64> = (0..160).map(|i| if i == 3 || i == 80 + 79 { 1.0 } else { 0.0 }).collect();
        let both = free.second_pass(&counted, &start, &coefficients).unwrap();
        assert_eq!(counted.matvecs(), 79);
        assert!(both[..1000] == kept.vector(3)[..] && both[1000..] == kept.vector(79)[..]);
        // A Ritz vector is an eigenvector.
        let general: Vec<f64> = normal::<f64>(80, Key::new(3));
        let (twice, once) = (free.second_pass(&operator, &start, &general).unwrap(), kept.combine(&general));
        let difference: Vec<f64> = twice.iter().zip(&once).map(|(a, b)| a.f64() - b.f64()).collect();
        assert!(norm(&difference) <= 20.0 * T::EPSILON.f64() * norm(&general));
        assert_eq!(kept.second_pass(&operator, &start, &general).unwrap(), once);
        // Another operator or start is found out.
        let other = diagonal::<T>(&outlier(3.5));
        assert!(matches!(free.second_pass(&other, &start, &general), Err(Error::OutOfRange { .. })));
        let mut moved = start.clone();
        moved.swap(0, 1);
        assert!(free.second_pass(&operator, &moved, &general).is_err());
        assert!(matches!(free.second_pass(&operator, &start, &general[1..]), Err(Error::Length { .. })));
    }
}

/// What the omega recurrence says of a run is not better than the truth.
fn estimates_are_not_too_good<T: Scalar>() {
    for (size, seed) in [(3.0, 0), (1e3, 1), (1e4, 2)] {
        let (operator, start) = (diagonal::<T>(&outlier(size)), normal::<T>(1000, Key::new(seed)));
        for orthogonalization in [Orthogonalization::None, Orthogonalization::Local] {
            for steps in [2, 5, 10, 20, 40, 80] {
                let lanczos = Lanczos::new(steps).orthogonalization(orthogonalization);
                let measured = lanczos.run(&operator, &start).unwrap();
                let estimated = lanczos.storage(Storage::None).run(&operator, &start).unwrap();
                assert!(measured.orthogonality_is_measured() && !estimated.orthogonality_is_measured());
                // The diagonal of V'V is not estimated: lengths of vectors are right to rounding.
                let least = measured.orthogonality() - 2.0 * T::EPSILON.f64();
                let estimate = estimated.orthogonality();
                assert!(estimate >= least.min(0.9), "{size}, {orthogonalization:?}, {steps}: {estimate:e} < {least:e}");
            }
        }
    }
}

fn stops_at_what_is_not_finite<T: Scalar>() {
    let values: Vec<f64> = (0..50).map(|i| (1.7 * f64::from(i)).sin()).collect();
    let start = normal::<T>(50, Key::new(4));
    for lanczos in settings(20) {
        for bad in [1, 2, 7, 20] {
            let calls = AtomicUsize::new(0);
            let operator = AssumeSymmetric::new(Closure::new(50, 50, |x: &[T], y: &mut [T]| {
                (0..50).for_each(|i| y[i] = T::of(values[i]) * x[i]);
                if calls.fetch_add(1, Relaxed) + 1 == bad {
                    y[4] = if bad % 2 == 0 { T::nan() } else { T::infinity() };
                }
            }));
            let run = lanczos.run(&operator, &start);
            if bad == 1 {
                assert!(matches!(run.unwrap_err(), Error::Product { number: 1, index: 4, .. }));
                continue;
            }
            let mut reached = run.unwrap();
            let report = reached.report();
            assert_eq!((report.stop, report.matvecs, report.converged), (Stop::NotFinite, bad as u64, false));
            assert_eq!(reached.steps(), bad - 1);
            assert!(report.require().is_err() && reached.residual().iter().all(|x| x.is_finite()));
            // What is left is the run of one step less, and goes on when the operator does.
            let clean = |steps: usize| {
                let operator = diagonal::<T>(&values);
                let mut clean = lanczos.run(&operator, &start).unwrap();
                if steps < 20 {
                    clean = lanczos
                        .observe(&operator, &start, |progress| {
                            if progress.done == steps { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                        })
                        .unwrap();
                }
                clean
            };
            let same = |a: &Factorization<T>, b: &Factorization<T>| {
                a.diagonal() == b.diagonal() && a.residual() == b.residual() && a.orthogonality() == b.orthogonality()
            };
            assert!(same(&reached, &clean(bad - 1)), "{lanczos:?}, product {bad}");
            assert!(Quadrature::new(&reached).is_ok());
            reached.expand(&operator, 20).unwrap();
            assert!(same(&reached, &clean(20)) && reached.report().converged, "{lanczos:?}, product {bad}");
            assert_eq!(reached.matvecs(), 21);
        }
    }
}

fn the_same_bits_for_any_threads_and_parts<T: Scalar>() {
    let values: Vec<f64> = (0..5000).map(|i| if i == 0 { 50.0 } else { f64::from(i).sin() }).collect();
    let (operator, start) = (diagonal::<T>(&values), normal::<T>(5000, Key::new(5)));
    for lanczos in settings(60) {
        let whole = lanczos.run(&operator, &start).unwrap();
        assert!(bits(&whole) == with_threads(1, || bits(&lanczos.run(&operator, &start).unwrap())), "{lanczos:?}");
        let mut steps = Vec::new();
        let mut parts = lanczos
            .observe(&operator, &start, |progress| {
                steps.push(progress.done);
                assert_eq!((progress.total, progress.matvecs), (60, progress.done as u64));
                if progress.done == 23 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
        assert_eq!(steps, (1..=23).collect::<Vec<_>>());
        assert_eq!((parts.report().stop, parts.steps()), (Stop::Observer, 23));
        parts.expand(&operator, 31).unwrap();
        parts.observe(&operator, 60, |_| ControlFlow::Continue(())).unwrap();
        assert!(bits(&whole) == bits(&parts), "{lanczos:?}");
    }
}

/// The basis-free and the partial process on a network's Hessian, beside its dense spectrum.
fn curvature<T: Scalar>() {
    let network = Perceptron::new(&[5, 8, 3], Activation::Tanh).unwrap();
    let inputs = normal::<T>(40 * 5, Key::new(0));
    let labels: Vec<usize> = (0..40).map(|example| example % 3).collect();
    let examples = Examples::labelled(inputs, 5, &labels, 3).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let point = risk.at(&Initialization::lecun().draw(&network, Key::new(1))).unwrap();
    let hessian = point.hessian();
    let dense: Vec<f64> = to_dense(&hessian).entries().iter().map(|x| x.f64()).collect();
    let dim = (dense.len() as f64).sqrt() as usize;
    let mut exact = symmetric_eigenvalues(&dense, dim);
    exact.sort_by(f64::total_cmp);
    let start = normal::<T>(dim, Key::new(2));
    for lanczos in settings(60) {
        let values = lanczos.run(&hessian, &start).unwrap().ritz_values().unwrap().values;
        for rank in 1..=3 {
            let (value, expected) = (values[values.len() - rank], exact[dim - rank]);
            let error = (value - expected).abs();
            assert!(error <= 40.0 * T::EPSILON.f64() * exact[dim - 1], "{lanczos:?}: {value} for {expected}");
        }
    }
}

macro_rules! laws {
    ($scalar:ident) => {
        mod $scalar {
            use super::*;

            #[test]
            fn degenerate_operators_in_all_settings() {
                degenerate::<$scalar>();
            }
            #[test]
            fn a_rule_of_m_nodes_is_exact_to_degree_2m_less_1_in_all_settings() {
                rules_are_exact::<$scalar>();
            }
            #[test]
            fn partial_orthogonalization_keeps_t_and_half_of_the_digits_of_v() {
                partial_keeps_t::<$scalar>();
            }
            #[test]
            fn ghosts_of_an_outlier_are_merged() {
                ghosts_are_merged::<$scalar>(1e4);
                ghosts_are_merged::<$scalar>(10.0);
            }
            #[test]
            fn distinct_eigenvalues_stay_apart() {
                neighbours_stay_apart::<$scalar>();
            }
            #[test]
            fn without_a_basis_t_is_the_same_and_a_second_pass_gives_vectors() {
                basis_free::<$scalar>();
            }
            #[test]
            fn the_estimated_level_is_not_below_the_measured() {
                estimates_are_not_too_good::<$scalar>();
            }
            #[test]
            fn a_run_ends_at_a_product_that_is_not_finite_and_can_go_on() {
                stops_at_what_is_not_finite::<$scalar>();
            }
            #[test]
            fn the_same_bits_for_one_and_two_threads_and_in_parts() {
                the_same_bits_for_any_threads_and_parts::<$scalar>();
            }
            #[test]
            fn curvature_in_all_settings() {
                curvature::<$scalar>();
            }
        }
    };
}

laws!(f32);
laws!(f64);

#[test]
fn a_basis_in_single_precision_keeps_the_digits_of_t() {
    for size in [2.0, 1e4] {
        let (operator, start) = (diagonal::<f64>(&outlier(size)), normal::<f64>(1000, Key::new(0)));
        let run = |storage| Lanczos::new(200).storage(storage).run(&operator, &start).unwrap();
        let (single, kept) = (run(Storage::Single), run(Storage::Kept));
        assert!(kept.orthogonality() < 1e-14);
        let level = single.orthogonality();
        assert!((1e-10..2e-7).contains(&level), "level {level:e}");
        let (ours, theirs) = (single.ritz_values().unwrap(), kept.ritz_values().unwrap());
        assert_eq!((ours.ghosts, ours.values.len()), (0, 200));
        let error = ours.values.iter().zip(&theirs.values).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!("single: level {level:e}, eigenvalues differ by {error:e} for a norm of {size}");
        assert!(error <= 1e-13 * size, "eigenvalues differ by {error:e}");
    }
}

#[test]
fn an_asymmetric_operator_is_refused_when_asked() {
    let entries: Vec<f64> = (0..100).map(|e| f64::from(e).sin()).collect();
    let symmetric: Vec<f64> = (0..100).map(|e| entries[e] + entries[e % 10 * 10 + e / 10]).collect();
    let operator = |entries: &[f64]| Counted::new(AssumeSymmetric::new(Dense::new(entries.to_vec(), 10, 10).unwrap()));
    let (wrong, right) = (operator(&entries), operator(&symmetric));
    let lanczos = Lanczos::new(4).check_symmetry(Key::new(0));
    assert!(matches!(lanczos.run(&wrong, &[1.0; 10]), Err(Error::Asymmetric { .. })));
    assert_eq!(wrong.matvecs(), 2);
    let checked = lanczos.run(&right, &[1.0; 10]).unwrap();
    assert_eq!((right.matvecs(), checked.matvecs()), (6, 4));
    assert_eq!(checked.diagonal(), Lanczos::new(4).run(&right, &[1.0; 10]).unwrap().diagonal());
}

#[test]
fn what_needs_a_basis_says_so() {
    let operator = Diagonal::new(vec![1.0, 2.0, 3.0]);
    for orthogonalization in [Orthogonalization::Full, Orthogonalization::Partial] {
        let lanczos = Lanczos::new(2).orthogonalization(orthogonalization).storage(Storage::None);
        let error = lanczos.run(&operator, &[1.0; 3]).unwrap_err();
        assert!(matches!(error, Error::Missing { .. }) && error.to_string().contains("Local"), "{error}");
    }
    let lanczos = Lanczos::new(2).orthogonalization(Orthogonalization::Local).storage(Storage::None);
    let free = lanczos.run(&operator, &[1.0; 3]).unwrap();
    assert!(std::panic::catch_unwind(|| free.vector(0)).is_err());
    assert!(std::panic::catch_unwind(|| free.combine(&[1.0, 0.0])).is_err());
}

#[cfg(feature = "serde")]
mod saved {
    use super::*;

    fn resumes<T: Scalar + serde::Serialize + serde::de::DeserializeOwned>() {
        let values: Vec<f64> = (0..60).map(|i| if i == 0 { 100.0 } else { f64::from(i).sin() }).collect();
        let (operator, start) = (diagonal::<T>(&values), normal::<T>(60, Key::new(6)));
        for lanczos in settings(30) {
            let whole = lanczos.run(&operator, &start).unwrap();
            for killed in 1..=30 {
                let run = lanczos.observe(&operator, &start, |progress| {
                    if progress.done == killed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
                let text = serde_json::to_string(&run.unwrap()).unwrap();
                let mut read: Factorization<T> = serde_json::from_str(&text).unwrap();
                assert_eq!(serde_json::to_string(&read).unwrap(), text);
                read.expand(&operator, 30).unwrap();
                assert!(bits(&read) == bits(&whole), "{lanczos:?}, killed at step {killed}");
            }
        }
        // An invariant space stays one.
        let ended = Lanczos::new(5).run(&diagonal::<T>(&[1.0, 1.0, 2.0]), &[T::one(); 3]).unwrap();
        let read: Factorization<T> = serde_json::from_str(&serde_json::to_string(&ended).unwrap()).unwrap();
        assert!(read.breakdown() && bits(&read) == bits(&ended));
    }

    #[test]
    fn a_run_killed_at_any_step_ends_in_the_same_bits() {
        resumes::<f32>();
        resumes::<f64>();
    }

    #[test]
    fn damaged_files_are_errors() {
        let operator = diagonal::<f64>(&outlier(2.0)[..9]);
        for lanczos in settings(4) {
            let text = serde_json::to_string(&lanczos.run(&operator, &[1.0; 9]).unwrap()).unwrap();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let read = |value: &serde_json::Value| {
                serde_json::from_value::<Factorization<f64>>(value.clone())
                    .map(|_| ())
                    .map_err(|error| error.to_string())
            };
            assert_eq!(read(&value), Ok(()));
            let damaged = |path: &str, by: serde_json::Value| {
                let mut value = value.clone();
                *value.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = by;
                assert!(read(&value).is_err(), "{lanczos:?}: {path}");
            };
            for path in ["/diagonal", "/subdiagonal", "/newest", "/residual"] {
                damaged(path, serde_json::json!([]));
                damaged(path, serde_json::json!([1.0, 1.0]));
                damaged(&format!("{path}/0"), serde_json::Value::Null);
                damaged(&format!("{path}/0"), serde_json::json!("many"));
            }
            damaged("/subdiagonal/1", serde_json::json!(-1.0));
            for path in ["/residual_norm", "/start_norm", "/scale"] {
                damaged(path, serde_json::json!(-1.0));
                damaged(path, serde_json::Value::Null);
            }
            damaged("/residual_norm", serde_json::json!(0.0));
            damaged("/matvecs", serde_json::json!(3));
            damaged("/orthogonalized", serde_json::json!(1u64 << 60));
            damaged("/omega/largest", serde_json::json!(1.5));
            damaged("/omega/next", serde_json::json!([0.0]));
            damaged("/basis/dim", serde_json::json!(1u64 << 60));
            damaged("/basis/vectors", serde_json::json!(1u64 << 60));
            damaged("/basis/vectors", serde_json::json!(3));
            damaged("/storage", serde_json::json!("Elsewhere"));
            let other = if text.contains("\"storage\":\"None\"") { "Kept" } else { "None" };
            damaged("/storage", serde_json::json!(other));
            for kind in
                ["Own", "Single"].iter().filter(|kind| value.pointer(&format!("/basis/stored/{kind}")).is_some())
            {
                damaged(&format!("/basis/stored/{kind}/dim"), serde_json::json!(8));
                damaged(&format!("/basis/stored/{kind}/chunks"), serde_json::json!([]));
                damaged(&format!("/basis/stored/{kind}/chunks/0"), serde_json::json!([0.5]));
                damaged(&format!("/basis/stored/{kind}/chunks/0/3"), serde_json::Value::Null);
            }
            // Cut anywhere.
            for end in (0..text.len()).step_by(7) {
                assert!(serde_json::from_str::<Factorization<f64>>(&text[..end]).is_err());
            }
        }
    }
}

#[test]
fn the_comparison_of_bits_can_fail() {
    let operator = Diagonal::new((0..30).map(f64::from).collect());
    let run = |steps| Lanczos::new(steps).run(&operator, &[1.0; 30]).unwrap();
    assert!(bits(&run(5)) == bits(&run(5)) && bits(&run(5)) != bits(&run(6)));
    assert_eq!(truth(&[1.0, 2.0, 1.0], &[1.0, 2.0, 3.0]), [(1.0, 10.0), (2.0, 4.0)]);
}
