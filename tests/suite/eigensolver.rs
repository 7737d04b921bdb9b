//! Tests of the search for eigenpairs: copies, restarts, blocks, deflation, and what happens when it must stop.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use eigenscape::krylov::{BlockLanczos, Eigensolver, Multiplicity, Stop, Which};
use eigenscape::operator::{AssumeSymmetric, Closure, Counted, Diagonal, LinearOperator};
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};

use super::krylov::{eigenvalues, in_threads, normal, operator, rotated, spectrum};

/// A bulk on [-0.3, 1] and outliers above it.
fn with_outliers<T: Scalar>(dim: usize, outliers: &[f64]) -> Diagonal<T> {
    let bulk = |i: usize| T::of(0.35 + 0.65 * (1.37 * i as f64).sin());
    let mut entries: Vec<T> = (0..dim).map(bulk).collect();
    outliers.iter().enumerate().for_each(|(index, &value)| entries[7 * index + 3] = T::of(value));
    Diagonal::new(entries)
}

/// The wanted eigenvalues of a diagonal, in the order of the result.
fn wanted(entries: &[f64], which: Which, count: usize) -> Vec<f64> {
    let mut values = entries.to_vec();
    values.sort_by(|a, b| b.total_cmp(a));
    match which {
        Which::Largest => values.truncate(count),
        Which::Smallest => {
            values.reverse();
            values.truncate(count);
        }
        Which::BothEnds => {
            let bottom = values.split_off(values.len() - count / 2);
            values.truncate(count - count / 2);
            values.extend(bottom);
        }
        _ => {
            values.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
            values.truncate(count);
        }
    }
    values
}

#[track_caller]
fn assert_values(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: {found:?} for {expected:?}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance, "{what}: {found:?} for {expected:?}");
    }
}

macro_rules! laws {
    ($scalar:ident) => {
        mod $scalar {
            use super::*;

            #[test]
            fn ten_outliers_are_found_with_their_multiplicity() {
                // Two that differ by 1e-4, three equal ones, and two equal ones at the end of the list.
                let outliers = [5.0, 4.0, 4.0 * (1.0 - 1e-4), 3.5, 3.0, 3.0, 3.0, 2.5, 2.0, 2.0];
                let mut products = 0;
                for key in 0..20 {
                    let pairs = Eigensolver::new(10, Key::new(key)).run(&with_outliers::<$scalar>(3000, &outliers));
                    let pairs = pairs.unwrap();
                    pairs.report.require().unwrap();
                    let tolerance = 10.0 * $scalar::EPSILON.f64() * 5.0;
                    assert_values(&format!("key {key}"), &pairs.values, &outliers, tolerance);
                    assert!(matches!(pairs.multiplicity, Multiplicity::Checked { missed } if missed <= 1e-4));
                    assert!(pairs.orthogonality <= 40.0 * $scalar::EPSILON.f64());
                    products += pairs.report.matvecs;
                }
                println!("{} products a search", products as f64 / 20.0);
            }

            #[test]
            fn without_the_check_copies_may_be_missed() {
                // What the check is for: it must be able to make a difference.
                let outliers = [5.0, 5.0, 4.0];
                let solver = Eigensolver::new(2, Key::new(0)).check_multiplicity(false);
                let pairs = solver.run(&with_outliers::<$scalar>(3000, &outliers)).unwrap();
                assert!((pairs.values[1] - 4.0).abs() < 1e-4, "{:?}", pairs.values);
                assert_eq!(pairs.multiplicity, Multiplicity::Unchecked);
            }

            #[test]
            fn every_end_by_every_block_and_basis() {
                let dim = 400;
                let values: Vec<f64> = (0..dim).map(|i| (f64::from(i) * 0.7).sin() + if i % 100 == 3 { 2.0 } else { 0.0 }
                    - if i % 150 == 5 { 3.0 } else { 0.0 }).collect();
                let entries: Vec<$scalar> = values.iter().map(|&x| $scalar::of(x)).collect();
                let exact: Vec<f64> = entries.iter().map(|x| x.f64()).collect();
                let operator = Counted::new(Diagonal::new(entries));
                for which in [Which::Largest, Which::Smallest, Which::BothEnds, Which::LargestMagnitude] {
                    for count in [1, 2, 5] {
                        for block in [1, 2, 3] {
                            for basis in [count + 24 + 2 * block, 60, 400] {
                                let before = operator.matvecs();
                                let solver = Eigensolver::new(count, Key::new(1)).which(which).block(block).basis(basis);
                                let pairs = solver.run(&operator).unwrap();
                                let what = format!("{which:?}, {count} by {block} in {basis}");
                                assert!(pairs.report.converged, "{what}: {:?}", pairs.report);
                                assert_eq!(operator.matvecs() - before, pairs.report.matvecs, "{what}");
                                let tolerance = 8.0 * $scalar::EPSILON.f64() * 4.0;
                                let expected = wanted(&exact, which, count);
                                for ((found, exact), bound) in
                                    pairs.values.iter().zip(&expected).zip(&pairs.error_bounds)
                                {
                                    assert!((found - exact).abs() <= tolerance.max(*bound), "{what}: {found} for {exact}");
                                }
                            }
                        }
                    }
                }
            }

            #[test]
            fn a_search_stopped_by_a_bad_product_keeps_what_it_knows() {
                for at in 1..60u64 {
                    let calls = AtomicU64::new(0);
                    let operator = AssumeSymmetric::new(Closure::new(300, 300, |x: &[$scalar], y: &mut [$scalar]| {
                        (0..300).for_each(|i| y[i] = $scalar::of(if i < 3 { 9.0 - i as f64 } else { (i as f64).sin() }) * x[i]);
                        if calls.fetch_add(1, Ordering::Relaxed) + 1 == at {
                            y[4] = $scalar::NAN;
                        }
                    }));
                    match Eigensolver::new(3, Key::new(0)).run(&operator) {
                        Err(error) => {
                            assert!(at == 1 && matches!(error, Error::Product { number: 1, index: 4, .. }), "{at}: {error}");
                        }
                        Ok(pairs) if pairs.report.stop == Stop::NotFinite => {
                            assert_eq!(pairs.report.matvecs, at);
                            assert!(pairs.vectors.iter().all(|x| x.is_finite()), "{at}");
                            // A residual bounds the distance to an eigenvalue, however early.
                            for (value, residual) in pairs.values.iter().zip(&pairs.residual_norms) {
                                let exact = (0..300).map(|i| if i < 3 { 9.0 - i as f64 } else { (i as f64).sin() });
                                let distance = exact.map(|x| (x - value).abs()).fold(f64::INFINITY, f64::min);
                                assert!(distance <= residual + 40.0 * 9.0 * $scalar::EPSILON.f64(), "{at}: {distance:e}");
                            }
                        }
                        Ok(pairs) => assert!(pairs.report.converged && pairs.report.matvecs < at),
                    }
                }
            }

            #[test]
            fn deflated_eigenpairs_leave_the_search() {
                let operator = with_outliers::<$scalar>(1000, &[5.0, 4.0, 4.0, 3.0, 2.5]);
                let top = Eigensolver::new(2, Key::new(0)).run(&operator).unwrap();
                let mut search = Eigensolver::new(3, Key::new(1)).begin(&operator).unwrap();
                search.deflate(&top.vectors).unwrap();
                while search.advance(&operator).unwrap() {}
                let next = search.pairs(&operator).unwrap();
                assert_values("deflated", &next.values, &[4.0, 3.0, 2.5], 40.0 * $scalar::EPSILON.f64());
                for i in 0..3 {
                    for j in 0..2 {
                        let inner: f64 = next.vector(i).iter().zip(top.vector(j)).map(|(x, y)| x.f64() * y.f64()).sum();
                        assert!(inner.abs() <= 20.0 * $scalar::EPSILON.f64());
                    }
                }
                assert!(search.deflate(&top.vectors).is_err() && search.start_from(&top.vectors).is_err());
            }

            #[test]
            fn several_vectors_of_a_neighbour_are_a_warm_start() {
                let dim = 300;
                let mut values = spectrum(6, dim);
                values[..4].copy_from_slice(&[3.0, 2.6, 2.6, 1.4]);
                let mut entries: Vec<$scalar> = rotated(&values, Key::new(0));
                let old = Eigensolver::new(4, Key::new(1)).run(&operator(&entries, dim)).unwrap();
                let noise = normal::<$scalar>(Key::new(2), dim * dim);
                let part = $scalar::of(1e-6);
                (0..dim * dim).for_each(|e| entries[e] += part * (noise[e] + noise[e % dim * dim + e / dim]));
                let moved = operator(&entries, dim);
                let ascending = eigenvalues(&entries, dim);
                for block in [1, 2, 4] {
                    let solver = Eigensolver::new(4, Key::new(3)).relative_tolerance(1e-4).block(block);
                    let (cold, warm) = (solver.run(&moved).unwrap(), solver.run_from(&moved, &old.vectors).unwrap());
                    for (found, exact) in warm.values.iter().zip(ascending.iter().rev()) {
                        assert!((found - exact).abs() < 1e-4);
                    }
                    assert!(warm.report.matvecs < cold.report.matvecs, "{block}: {:?} {:?}", warm.report, cold.report);
                }
            }

            #[test]
            fn blocks_satisfy_their_identities() {
                for kind in 0..7 {
                    for (dim, block, size) in [(60, 3, 30), (61, 4, 61), (5, 2, 5), (1, 1, 1), (40, 7, 100), (6, 9, 6)] {
                        let entries: Vec<$scalar> = rotated(&spectrum(kind, dim), Key::new(9));
                        let operator = operator(&entries, dim);
                        let start = normal::<$scalar>(Key::new(10), dim * block);
                        let factorization = BlockLanczos::new(size).run(&operator, &start).unwrap();
                        let size = factorization.size();
                        let rounding = 60.0 * $scalar::EPSILON.f64();
                        assert!(size <= dim && factorization.orthogonality() <= rounding);
                        assert_eq!(factorization.matvecs(), size as u64);
                        // H = V'AV, by dense products.
                        let basis: Vec<Vec<$scalar>> = (0..size).map(|j| factorization.vector(j)).collect();
                        let projected = factorization.projected();
                        for (j, vector) in basis.iter().enumerate() {
                            let mut product = vec![0.0 as $scalar; dim];
                            operator.apply(vector, &mut product);
                            for (i, other) in basis.iter().enumerate() {
                                let inner: f64 = other.iter().zip(&product).map(|(x, y)| x.f64() * y.f64()).sum();
                                let entry = projected[i * size + j];
                                assert!((inner - entry).abs() <= 5.0 * rounding, "kind {kind}: {inner} for {entry}");
                            }
                        }
                        // At an invariant space its eigenvalues are eigenvalues.
                        if factorization.breakdown() {
                            let exact = eigenvalues(&entries, dim);
                            for value in factorization.values().unwrap() {
                                let distance = exact.iter().map(|x| (x - value).abs()).fold(f64::INFINITY, f64::min);
                                assert!(distance <= 10.0 * rounding, "kind {kind}: {distance:e}");
                            }
                        }
                    }
                }
            }

            #[cfg(feature = "serde")]
            #[test]
            fn a_search_killed_at_any_step_ends_in_the_same_bits() {
                // Outliers with copies, so that the check and its restarts are passed through, in a tight basis.
                let operator = with_outliers::<$scalar>(400, &[5.0, 4.0, 4.0, 3.0]);
                for block in [1, 2] {
                    let solver = Eigensolver::new(4, Key::new(6)).block(block).basis(34);
                    let whole = solver.run(&operator).unwrap();
                    let mut search = solver.begin(&operator).unwrap();
                    while !search.is_done() {
                        let saved = serde_json::to_string(&search).unwrap();
                        search = serde_json::from_str(&saved).unwrap();
                        search.advance(&operator).unwrap();
                    }
                    assert!(search.pairs(&operator).unwrap() == whole);
                }
            }

            #[test]
            fn a_search_has_the_same_bits_for_any_number_of_threads() {
                let operator = with_outliers::<$scalar>(5000, &[5.0, 4.0, 4.0]);
                let search = |threads| {
                    in_threads(threads, || {
                        let solver = Eigensolver::new(3, Key::new(4)).block(2).basis(40);
                        solver.run(&operator).unwrap()
                    })
                };
                let one = search(1);
                assert!(one == search(2) && one == search(3));
            }
        }
    };
}

laws!(f32);
laws!(f64);

#[test]
fn an_observer_can_stop_at_any_look() {
    let operator = with_outliers::<f64>(2000, &[5.0, 4.0, 4.0]);
    let solver = Eigensolver::new(3, Key::new(0));
    for stop_at in 1..8 {
        let mut looks = 0;
        let pairs = solver.observe(&operator, |progress| {
            looks += 1;
            assert!(progress.total == 3 && progress.done <= 3);
            if looks == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let pairs = pairs.unwrap();
        assert!(looks == stop_at && pairs.report.stop == Stop::Observer || pairs.report.converged);
        assert_eq!(pairs.len(), 3);
    }
}

#[test]
fn a_cut_through_close_copies_converges() {
    // Two ones and two that differ by 1e-4: whatever the count, and wherever it cuts.
    for dim in [300, 1000] {
        let entry = |i: usize| [1.0, 1.0, 1.0 - 1e-4, 1.0 - 1e-4].get(i).copied().unwrap_or(i as f64 / 1200.0);
        let operator = Diagonal::new((0..dim).map(entry).collect::<Vec<f64>>());
        for (count, key) in (1..=4).flat_map(|count| (0..10).map(move |key| (count, key))) {
            let pairs = Eigensolver::new(count, Key::new(key)).run(&operator).unwrap();
            assert!(pairs.report.converged && pairs.report.matvecs < 300, "{dim}, {count}, {key}: {:?}", pairs.report);
            assert_values("close copies", &pairs.values, &[1.0, 1.0, 1.0 - 1e-4, 1.0 - 1e-4][..count], 1e-13);
        }
    }
    // A block of any width is cut to the dimension.
    let pairs = Eigensolver::new(1, Key::new(0)).block(usize::MAX).run(&Diagonal::new(vec![1.0; 5])).unwrap();
    assert!(pairs.report.converged && pairs.report.matvecs == 6);
}

#[test]
fn a_tight_basis_finds_what_a_wide_one_finds() {
    // Slow convergence: no gaps above 1e-3 of the range, hundreds of steps.
    let dim = 3000;
    let operator = Counted::new(Diagonal::new((0..dim).map(|i| (f64::from(i) / f64::from(dim)).sqrt()).collect()));
    let solver = Eigensolver::new(6, Key::new(0)).relative_tolerance(1e-8);
    let (wide, tight) = (solver.run(&operator).unwrap(), solver.basis(48).run(&operator).unwrap());
    let exact: Vec<f64> = (1..=6).map(|i| (f64::from(dim - i) / f64::from(dim)).sqrt()).collect();
    for pairs in [&wide, &tight] {
        assert!(pairs.report.converged, "{:?}", pairs.report);
        assert_values("slow", &pairs.values, &exact, 1e-12);
    }
    println!("{} and {} products", wide.report.matvecs, tight.report.matvecs);
}

#[cfg(feature = "serde")]
#[test]
fn a_damaged_search_is_refused() {
    use eigenscape::krylov::EigenSearch;
    let operator = with_outliers::<f64>(40, &[5.0, 4.0]);
    let mut search = Eigensolver::new(2, Key::new(6)).begin(&operator).unwrap();
    (0..14).for_each(|_| assert!(search.advance(&operator).is_ok()));
    let saved = serde_json::to_value(&search).unwrap();
    let read = |value: serde_json::Value| serde_json::from_value::<EigenSearch<f64>>(value);
    assert!(read(saved.clone()).is_ok());
    let mut refused = 0;
    for (path, damage) in [
        ("/factorization/dim", serde_json::json!(39)),
        ("/factorization/dim", serde_json::json!(u64::MAX)),
        ("/factorization/deflated", serde_json::json!(1)),
        ("/factorization/projected/3", serde_json::json!([1.0])),
        ("/factorization/coupling", serde_json::json!([])),
        ("/factorization/next", serde_json::json!([1.0])),
        ("/factorization/scale", serde_json::json!(-1.0)),
        ("/settings/count", serde_json::json!(0)),
        ("/settings/block", serde_json::json!(0)),
        ("/relative", serde_json::json!(1.0)),
        ("/converged", serde_json::json!(3)),
        ("/phase", serde_json::json!({"Check": {"first": 99, "steps": 0, "whole": true, "known": []}})),
    ] {
        let mut damaged = saved.clone();
        *damaged.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = damage;
        assert!(read(damaged).is_err(), "{path}");
        refused += 1;
    }
    assert_eq!(refused, 12);
}

#[test]
fn asymmetry_is_found_when_asked() {
    let skew = AssumeSymmetric::new(Closure::new(50, 50, |x: &[f64], y: &mut [f64]| {
        (0..50).for_each(|i| y[i] = x[i] + x[(i + 1) % 50]);
    }));
    let solver = Eigensolver::new(1, Key::new(0)).check_symmetry();
    let error = solver.run(&skew).unwrap_err();
    assert!(
        matches!(error, Error::Asymmetric { discrepancy, tolerance } if discrepancy > 100.0 * tolerance),
        "{error}"
    );
    assert!(error.to_string().contains("symmetric part"));
    let honest = Diagonal::new((0..50).map(f64::from).collect::<Vec<f64>>());
    assert!(solver.run(&honest).unwrap().report.converged);
}

#[test]
fn impossible_requests_say_what_would_work() {
    let operator = Diagonal::new((0..100).map(f64::from).collect::<Vec<f64>>());
    let solver = Eigensolver::new(10, Key::new(0));
    let error = solver.basis(20).run(&operator).unwrap_err();
    assert!(error.to_string().contains("36") && error.to_string().contains("widen"), "{error}");
    assert!(matches!(solver.block(0).run(&operator), Err(Error::OutOfRange { .. })));
    let mut search = solver.begin(&operator).unwrap();
    assert!(matches!(search.pairs(&operator), Err(Error::Missing { .. })));
    assert!(matches!(search.deflate(&[1.0; 100]), Err(Error::OutOfRange { .. })));
    assert!(matches!(search.start_from(&[1.0; 101]), Err(Error::Length { .. })));
    assert!(matches!(search.start_from(&[0.0; 100]), Err(Error::OutOfRange { .. })));
    assert!(matches!(search.start_from(&[]), Err(Error::Empty { .. })));
    let all: Vec<f64> = (0..95 * 100).map(|e| if e / 100 == e % 100 { 1.0 } else { 0.0 }).collect();
    assert!(matches!(search.deflate(&all), Err(Error::AboveLimit { limit: 5, .. })));
}

#[test]
fn copies_at_the_edge_of_a_bulk_are_not_missed() {
    // Where what is left beside the basis has few steps to show a copy: a residual is no evidence there.
    let dim = 200;
    let copies = |bulk: &dyn Fn(i32) -> f64, copies: &[f64]| {
        let mut entries: Vec<f64> = (0..dim).map(bulk).collect();
        copies.iter().enumerate().for_each(|(index, &value)| entries[7 * index + 66] = value);
        entries
    };
    let spectra = [
        copies(&|i| 0.9f64.powi(i), &[1.001, 1.001, 1.002]),
        copies(&|i| 0.9f64.powi(i), &[1.0, 1.0]),
        copies(&|i| f64::from(i) / 200.0, &[0.995; 4]),
    ];
    for (number, entries) in spectra.iter().enumerate() {
        let operator = Diagonal::new(entries.clone());
        for key in 0..40 {
            for count in [3, 6] {
                let solver = Eigensolver::new(count, Key::new(key)).relative_tolerance(1e-6);
                let pairs = solver.run(&operator).unwrap();
                pairs.report.require().unwrap();
                let what = format!("spectrum {number}, {count} pairs, key {key}: {:?}", pairs.multiplicity);
                assert_values(&what, &pairs.values, &wanted(entries, Which::Largest, count), 1e-5);
            }
        }
    }
}
