//! Estimators of traces and diagonals: against leaving each probe out by hand, at their edges, and on a network.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::krylov::{Progress, Stop};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{
    AssumePositiveSemidefinite, AssumeSymmetric, Closure, Counted, Dense, Diagonal, LinearOperator, to_dense,
};
use eigenscape::random::Key;
use eigenscape::spectrum::{
    ExchangeableDiagonal, ExchangeableTrace, HutchPlusPlus, Hutchinson, HutchinsonDiagonal, NystromTrace, Probe,
    Tolerance,
};
use eigenscape::{Error, Scalar};

use super::krylov::{rotated, spectrum};
use crate::support::{Table, assert_mean, dot, normal, with_threads};

fn dense<T: Scalar>(entries: &[f64], dim: usize) -> AssumePositiveSemidefinite<Dense<T>> {
    let entries = entries.iter().map(|&x| T::of(x)).collect();
    AssumePositiveSemidefinite::new(Dense::new(entries, dim, dim).unwrap())
}

/// Spectra of the kinds that break programs, semidefinite ones by their absolute values.
fn matrix(kind: usize, dim: usize, semidefinite: bool, key: u64) -> Vec<f64> {
    let values = spectrum(kind, dim);
    let values: Vec<f64> = values.iter().map(|x| if semidefinite { x.abs() } else { *x }).collect();
    rotated(&values, Key::new(key))
}

fn trace(entries: &[f64], dim: usize) -> f64 {
    (0..dim).map(|i| entries[i * dim + i]).sum()
}

/// As many probes as dimensions, or more than the rank: exact up to rounding, with an error of rounding.
fn enough_probes_are_exact<T: Scalar>() {
    for kind in 0..7 {
        for dim in [1, 2, 3, 7, 16, 17, 40] {
            for semidefinite in [false, true] {
                let entries = matrix(kind, dim, semidefinite, 100 + kind as u64);
                let operator = dense::<T>(&entries, dim);
                let exact: f64 = to_dense(&operator).entries().iter().step_by(dim + 1).map(|x| x.f64()).sum();
                let nuclear: f64 = spectrum(kind, dim).iter().map(|x| x.abs()).sum();
                let bound = 20.0 * (dim as f64) * T::EPSILON.f64() * nuclear;
                let what = format!("kind {kind}, dimension {dim}, semidefinite {semidefinite}");
                for probes in [dim, dim + 1, 2 * dim + 3] {
                    let estimate = ExchangeableTrace::new(probes, Key::new(0)).run(&operator).unwrap();
                    let off = (estimate.value - exact).abs();
                    assert!(off <= bound, "{what}, {probes} probes: XTrace is off by {off:e}, bound {bound:e}");
                    assert!(estimate.error.unwrap() <= bound, "{what}: XTrace says {:e}", estimate.error.unwrap());
                    assert_eq!(estimate.probes, dim);
                    let estimate = HutchPlusPlus::new(2, Key::new(0)).sketch(probes).run(&operator).unwrap();
                    let off = (estimate.mean - exact).abs();
                    assert!(off <= bound, "{what}: Hutch++ is off by {off:e}");
                    assert!(estimate.standard_error.unwrap() <= bound, "{what}");
                    if semidefinite {
                        let estimate = NystromTrace::new(probes, Key::new(0)).run(&operator).unwrap();
                        let off = (estimate.value - exact).abs();
                        assert!(off <= bound, "{what}, {probes} probes: XNysTrace is off by {off:e}, bound {bound:e}");
                        assert!(estimate.error.unwrap() <= bound, "{what}: XNysTrace says {:?}", estimate.error);
                    }
                }
                // Signs are dependent in a few dimensions, so many more of them than dimensions.
                let diagonal = ExchangeableDiagonal::new(2 * dim + 20, Key::new(0)).run(&operator).unwrap();
                for (row, (value, error)) in diagonal.values.iter().zip(&diagonal.errors).enumerate() {
                    let off = (value - T::of(entries[row * dim + row]).f64()).abs();
                    assert!(
                        off <= bound && *error <= bound,
                        "{what}: entry {row} of XDiag is off by {off:e} +- {error:e}"
                    );
                }
            }
        }
    }
}

/// A rank below the number of probes, in many dimensions.
fn low_rank_is_exact<T: Scalar>() {
    let dim = 100;
    for rank in [1, 2, 5, 15] {
        let values: Vec<f64> = (0..dim).map(|i| if i < rank { 1.0 + i as f64 } else { 0.0 }).collect();
        let entries = rotated::<f64>(&values, Key::new(rank as u64));
        let operator = dense::<T>(&entries, dim);
        let exact: f64 = values.iter().sum();
        let bound = 50.0 * (dim as f64) * T::EPSILON.f64() * rank as f64;
        for probes in [rank + 1, 20, 40] {
            let by_trace = ExchangeableTrace::new(probes, Key::new(1)).run(&operator).unwrap();
            let by_nystrom = NystromTrace::new(probes, Key::new(1)).run(&operator).unwrap();
            let by_sketch = HutchPlusPlus::new(20, Key::new(1)).sketch(probes).run(&operator).unwrap();
            for (what, value, error) in [
                ("XTrace", by_trace.value, by_trace.error),
                ("XNysTrace", by_nystrom.value, by_nystrom.error),
                ("Hutch++", by_sketch.mean, by_sketch.standard_error),
            ] {
                if what == "XNysTrace" && probes < rank + 5 {
                    // One probe less than that and the others are as many as the rank: the shift is magnified.
                    continue;
                }
                let off = (value - exact).abs();
                assert!(off <= bound, "{what}, rank {rank}, {probes} probes: off by {off:e}, bound {bound:e}");
                assert!(error.unwrap() <= bound, "{what}, rank {rank}, {probes} probes: says {:e}", error.unwrap());
            }
            let diagonal = ExchangeableDiagonal::new(probes + 10, Key::new(1)).run(&operator).unwrap();
            let off = (0..dim).map(|i| (diagonal.values[i] - entries[i * dim + i]).abs()).fold(0.0, f64::max);
            assert!(off <= bound && diagonal.relative_error().unwrap() <= bound, "XDiag, rank {rank}: off by {off:e}");
        }
    }
}

/// An orthonormal basis of the columns, by Gram and Schmidt, three times over.
fn orthonormal(columns: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for column in columns {
        let mut rest = column.clone();
        for _ in 0..3 {
            for q in &basis {
                let along = dot(q, &rest);
                rest.iter_mut().zip(q).for_each(|(x, q)| *x -= along * q);
            }
        }
        let norm = dot(&rest, &rest).sqrt();
        basis.push(rest.iter().map(|x| x / norm).collect());
    }
    basis
}

/// (I - Q Q') x
fn beside(basis: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    let mut rest = x.to_vec();
    for q in basis {
        let along = dot(q, x);
        rest.iter_mut().zip(q).for_each(|(x, q)| *x -= along * q);
    }
    rest
}

fn but<T: Clone>(values: &[T], left_out: usize) -> Vec<T> {
    values.iter().enumerate().filter(|(i, _)| *i != left_out).map(|(_, value)| value.clone()).collect()
}

/// Mean and standard deviation of the mean.
fn summary(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0) / count).sqrt())
}

/// The solution of a small dense system, by elimination with row exchanges.
fn solve(matrix: &Table, right: &[f64]) -> Vec<f64> {
    let size = matrix.rows;
    let mut rows: Vec<Vec<f64>> =
        (0..size).map(|i| (0..size).map(|j| matrix.at(i, j)).chain([right[i]]).collect()).collect();
    for pivot in 0..size {
        let best = (pivot..size).max_by(|&i, &j| rows[i][pivot].abs().total_cmp(&rows[j][pivot].abs())).unwrap();
        rows.swap(pivot, best);
        let own = rows[pivot].clone();
        for row in (0..size).filter(|&row| row != pivot) {
            let factor = rows[row][pivot] / own[pivot];
            rows[row].iter_mut().zip(&own).for_each(|(x, y)| *x -= factor * y);
        }
    }
    (0..size).map(|i| rows[i][size] / rows[i][i]).collect()
}

#[test]
fn leaving_out_is_what_refactorizing_gives() {
    // 21 probes make two blocks; the second spectrum is not symmetric.
    for (dim, probes, twist) in [(30, 5, 0.0), (60, 21, 0.0), (60, 21, 0.3), (25, 24, 0.0)] {
        let values: Vec<f64> = (0..dim).map(|i| 3.0 * 0.8f64.powi(i as i32) + 0.05).collect();
        let entries = rotated::<f64>(&values, Key::new(dim as u64));
        let skew: Vec<f64> = normal(dim * dim, Key::new(77));
        let table = Table::new(dim, dim, |i, j| {
            entries[i * dim + j] + twist * (skew[i * dim + j] - skew[j * dim + i]) / dim as f64
        });
        let operator = dense::<f64>(&table.entries, dim);
        let draw = |signs: bool| -> Vec<Vec<f64>> {
            let one = |i: usize| {
                let mut w = vec![0.0; dim];
                let key = Key::new(5).split(i as u64);
                if signs {
                    key.signs(0, &mut w)
                } else {
                    key.normal(0, &mut w)
                }
                w
            };
            (0..probes).map(one).collect()
        };
        let check = |what: &str, values: &[f64], value: f64, error: f64| {
            let (mean, deviation) = summary(values);
            assert!((value - mean).abs() < 1e-9 * mean.abs(), "{what}: {value}, by hand {mean}");
            assert!((error - deviation).abs() < 1e-7 * deviation, "{what}: error {error}, by hand {deviation}");
        };

        let w = draw(false);
        let y: Vec<Vec<f64>> = w.iter().map(|w| table.product(w)).collect();
        let values: Vec<f64> = (0..probes)
            .map(|i| {
                let q = orthonormal(&but(&y, i));
                let u = beside(&q, &w[i]);
                let known: f64 = q.iter().map(|q| dot(q, &table.product(q))).sum();
                known + (dim - probes + 1) as f64 * dot(&u, &table.product(&u)) / dot(&u, &u)
            })
            .collect();
        let estimate = ExchangeableTrace::new(probes, Key::new(5)).run(&operator).unwrap();
        check("XTrace", &values, estimate.value, estimate.error.unwrap());
        assert_eq!((estimate.matvecs, estimate.probes), (2 * probes as u64, probes));

        if twist == 0.0 {
            let values: Vec<f64> = (0..probes)
                .map(|i| {
                    let (w_rest, y_rest) = (but(&w, i), but(&y, i));
                    let size = probes - 1;
                    let inner = Table::new(size, size, |j, k| dot(&w_rest[j], &y_rest[k]));
                    // A_i x = Y (W'Y)^-1 Y'x
                    let apply = |x: &[f64]| -> Vec<f64> {
                        let right: Vec<f64> = y_rest.iter().map(|y| dot(y, x)).collect();
                        let c = solve(&inner, &right);
                        (0..dim).map(|row| (0..size).map(|k| c[k] * y_rest[k][row]).sum()).collect()
                    };
                    let unit = |j: usize| (0..dim).map(|i| if i == j { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
                    let known: f64 = (0..dim).map(|j| apply(&unit(j))[j]).sum();
                    let u = beside(&orthonormal(&w_rest), &w[i]);
                    let rest = dot(&u, &table.product(&u)) - dot(&u, &apply(&u));
                    known + (dim - probes + 1) as f64 * rest / dot(&u, &u)
                })
                .collect();
            let estimate = NystromTrace::new(probes, Key::new(5)).run(&operator).unwrap();
            check("XNysTrace", &values, estimate.value, estimate.error.unwrap());
            assert_eq!((estimate.matvecs, estimate.probes), (probes as u64, probes));

            let w = draw(true);
            let y: Vec<Vec<f64>> = w.iter().map(|w| table.product(w)).collect();
            let values: Vec<Vec<f64>> = (0..probes)
                .map(|i| {
                    let q = orthonormal(&but(&y, i));
                    let rest = beside(&q, &y[i]);
                    let products: Vec<Vec<f64>> = q.iter().map(|q| table.product(q)).collect();
                    let known = |row: usize| q.iter().zip(&products).map(|(q, y)| q[row] * y[row]).sum::<f64>();
                    (0..dim).map(|row| known(row) + w[i][row] * rest[row]).collect()
                })
                .collect();
            let estimate = ExchangeableDiagonal::new(probes, Key::new(5)).run(&operator).unwrap();
            for row in 0..dim {
                let (mean, deviation) = summary(&values.iter().map(|values| values[row]).collect::<Vec<_>>());
                assert!((estimate.values[row] - mean).abs() < 1e-9, "XDiag, {row}: {} {mean}", estimate.values[row]);
                assert!((estimate.errors[row] - deviation).abs() < 1e-9, "XDiag, {row}: {}", estimate.errors[row]);
            }
        }

        let key = Key::new(5);
        let sketch: Vec<Vec<f64>> = (0..4).map(|i| table.product(&normal::<f64>(dim, key.split(0).split(i)))).collect();
        let q = orthonormal(&sketch);
        let known: f64 = q.iter().map(|q| dot(q, &table.product(q))).sum();
        let values: Vec<f64> = (0..probes as u64)
            .map(|i| {
                let x = beside(&q, &normal(dim, key.split(1).split(i)));
                known + (dim - 4) as f64 * dot(&x, &table.product(&x)) / dot(&x, &x)
            })
            .collect();
        let estimate = HutchPlusPlus::new(probes, key).sketch(4).run(&operator).unwrap();
        check("Hutch++", &values, estimate.mean, estimate.standard_error.unwrap());
        assert_eq!(estimate.matvecs, 8 + probes as u64);
    }
}

/// What a sketch of so many random vectors leaves of a semidefinite matrix, in expectation, at most: for each k below, the
/// sum of the eigenvalues from the one with number k on, times 1 + k / (vectors - k - 1) (Halko, Martinsson & Tropp 2011,
/// and Epperly, Tropp & Webber 2024 for the Nystrom approximation).
pub(crate) fn left_by_a_sketch(values: &[f64], vectors: usize) -> f64 {
    (0..vectors - 1)
        .map(|k| (1.0 + k as f64 / (vectors - k - 1) as f64) * values[k..].iter().sum::<f64>())
        .fold(f64::INFINITY, f64::min)
}

/// Spectra that decay below rounding, at scales whose squares leave the range of the type: off by what the method leaves
/// and some rounding, no more, and no NaN from dependent columns.
fn hostile_decay_loses_rounding_alone<T: Scalar>() {
    let dim = 120;
    for base in [0.9, 0.5, 0.1, 1e-3] {
        let values: Vec<f64> = (0..dim).map(|i| f64::powi(base, i as i32)).collect();
        let operator = dense::<T>(&rotated::<f64>(&values, Key::new(3)), dim);
        let exact: f64 = to_dense(&operator).entries().iter().step_by(dim + 1).map(|x| x.f64()).sum();
        for scale in [1.0, T::EPSILON.f64().powi(4), T::EPSILON.f64().powi(-4)] {
            let entries = to_dense(&operator).entries().iter().map(|x| *x * T::of(scale)).collect();
            let scaled = AssumePositiveSemidefinite::new(Dense::new(entries, dim, dim).unwrap());
            for probes in [30, 60] {
                let rounding = 100.0 * dim as f64 * T::EPSILON.f64() * exact;
                let limit = rounding + 5.0 * left_by_a_sketch(&values, probes - 1);
                let check = |what: &str, value: f64, error: f64| {
                    let off = (value / scale - exact).abs();
                    let what = format!("{what}, base {base}, scale {scale:e}, {probes} probes");
                    assert!(off <= limit, "{what}: off by {off:e}, limit {limit:e}");
                    assert!(error / scale <= limit, "{what}: says {:e}, limit {limit:e}", error / scale);
                };
                let estimate = ExchangeableTrace::new(probes, Key::new(0)).run(&scaled).unwrap();
                check("XTrace", estimate.value, estimate.error.unwrap());
                let estimate = NystromTrace::new(probes, Key::new(0)).run(&scaled).unwrap();
                check("XNysTrace", estimate.value, estimate.error.unwrap());
                let estimate = HutchPlusPlus::new(probes, Key::new(0)).run(&scaled).unwrap();
                check("Hutch++", estimate.mean, estimate.standard_error.unwrap());
            }
        }
    }
}

/// All estimators give the same bits for any number of threads, over several chunks of rows.
fn same_bits<T: Scalar>() {
    let dim = 5000;
    let values: Vec<T> = (0..dim).map(|i| T::of(1.0 / (1.0 + f64::from(i)))).collect();
    let operator = AssumePositiveSemidefinite::new(Diagonal::new(values));
    let run = || {
        let key = Key::new(9);
        (
            ExchangeableTrace::new(20, key).run(&operator).unwrap(),
            NystromTrace::new(20, key).run(&operator).unwrap(),
            HutchPlusPlus::new(20, key).run(&operator).unwrap(),
            ExchangeableDiagonal::new(20, key).run(&operator).unwrap(),
            Hutchinson::new(20, key).probe(Probe::Normal).run(&operator).unwrap(),
            HutchinsonDiagonal::new(20, key).run(&operator).unwrap(),
        )
    };
    let one = with_threads(1, run);
    assert!(one == with_threads(2, run) && one == with_threads(3, run));
    let exact: f64 = (0..dim).map(|i| 1.0 / (1.0 + f64::from(i))).sum();
    for estimate in [one.0, one.1] {
        assert!((estimate.value - exact).abs() <= 5.0 * estimate.error.unwrap(), "{estimate:?} for {exact}");
    }
}

/// A diagonal operator whose products are NaN from one on.
fn breaking<T: Scalar>(dim: usize, at: u64, made: &AtomicU64) -> impl LinearOperator<T> + '_ {
    Closure::new(dim, dim, move |x: &[T], y: &mut [T]| {
        for (i, (x, y)) in x.iter().zip(y.iter_mut()).enumerate() {
            *y = *x * T::of(1.0 + 1.0 / (i as f64 + 1.0));
        }
        if made.fetch_add(1, Ordering::SeqCst) + 1 >= at {
            y[dim / 2] = T::nan();
        }
    })
}

/// For each product that a run makes: NaN there stops it, with that number and what was known.
fn broken_products_leave_what_was_known<T: Scalar>() {
    let dim = 40;
    let exact: f64 = (0..dim).map(|i| 1.0 + 1.0 / (i as f64 + 1.0)).sum();
    for at in 1..=60 {
        let made = AtomicU64::new(0);
        let operator = AssumePositiveSemidefinite::new(breaking::<T>(dim, at, &made));
        let fresh = || made.store(0, Ordering::SeqCst);
        let check = |what: &str, outcome: Result<(f64, Stop, u64), Error>, products: u64| {
            if at == 1 {
                let error = outcome.unwrap_err();
                assert!(matches!(error, Error::Product { number: 1, index: 20, .. }), "{what}: {error}");
                return;
            }
            let (value, stop, matvecs) = outcome.unwrap();
            assert!((value / exact - 1.0).abs() < 0.7, "{what}, broken at {at}: {value} for {exact}");
            let expected = if at <= products { (Stop::NotFinite, at) } else { (Stop::Converged, products) };
            assert_eq!((stop, matvecs), expected, "{what}, broken at {at}");
        };
        let key = Key::new(2);
        fresh();
        let outcome = Hutchinson::new(20, key).probe(Probe::Normal).run(&operator);
        check("Hutchinson", outcome.map(|e| (e.mean, e.stop, e.matvecs)), 20);
        fresh();
        let outcome = HutchinsonDiagonal::new(20, key).run(&operator);
        check("diagonal", outcome.map(|e| (e.means.iter().sum(), e.stop, e.matvecs)), 20);
        fresh();
        let outcome = ExchangeableTrace::new(20, key).run(&operator);
        check("XTrace", outcome.map(|e| (e.value, e.stop, e.matvecs)), 40);
        fresh();
        let outcome = NystromTrace::new(20, key).run(&operator);
        check("XNysTrace", outcome.map(|e| (e.value, e.stop, e.matvecs)), 20);
        fresh();
        let outcome = HutchPlusPlus::new(20, key).run(&operator);
        check("Hutch++", outcome.map(|e| (e.mean, e.stop, e.matvecs)), 60);
        fresh();
        let outcome = ExchangeableDiagonal::new(20, key).run(&operator);
        check("XDiag", outcome.map(|e| (e.values.iter().sum(), e.stop, e.matvecs)), 40);
    }
}

/// Saved and read back after each block, a run ends in the same bits.
#[cfg(feature = "serde")]
fn runs_go_on<T: Scalar>() {
    let dim = 30;
    let operator = dense::<T>(&matrix(6, dim, false, 8), dim);
    for tolerance in [None, Some(Tolerance::new(0.9).relative(0.5).absolute(1.0))] {
        for probe in [Probe::Signs, Probe::Normal, Probe::Sphere] {
            let mut settings = Hutchinson::new(70, Key::new(4)).probe(probe);
            settings = tolerance.map_or(settings, |tolerance| settings.tolerance(tolerance));
            let whole = settings.run(&operator).unwrap();
            let mut run = settings.begin(&operator).unwrap();
            assert_eq!(run.estimate(), None);
            while !run.is_done() {
                run.advance(&operator).unwrap();
                run = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
            }
            assert_eq!(run.estimate(), Some(whole));
            run.advance(&operator).unwrap();
            assert_eq!(run.estimate(), Some(whole));
        }
        let mut settings = HutchinsonDiagonal::new(70, Key::new(4));
        settings = tolerance.map_or(settings, |tolerance| settings.tolerance(tolerance));
        let whole = settings.run(&operator).unwrap();
        let mut run = settings.begin(&operator).unwrap();
        while !run.is_done() {
            run.advance(&operator).unwrap();
            run = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
        }
        assert_eq!(run.estimate(), Some(whole));
    }
}

macro_rules! laws {
    ($scalar:ident) => {
        mod $scalar {
            #[test]
            fn enough_probes_are_exact() {
                super::enough_probes_are_exact::<$scalar>();
            }

            #[test]
            fn low_rank_is_exact() {
                super::low_rank_is_exact::<$scalar>();
            }

            #[test]
            fn hostile_decay_loses_rounding_alone() {
                super::hostile_decay_loses_rounding_alone::<$scalar>();
            }

            #[test]
            fn the_same_bits_for_any_number_of_threads() {
                super::same_bits::<$scalar>();
            }

            #[test]
            fn broken_products_leave_what_was_known() {
                super::broken_products_leave_what_was_known::<$scalar>();
            }

            #[cfg(feature = "serde")]
            #[test]
            fn runs_go_on_where_they_were_saved() {
                super::runs_go_on::<$scalar>();
            }
        }
    };
}

laws!(f32);
laws!(f64);

#[test]
fn values_are_unbiased() {
    // Not symmetric, slow decay: means over 400 keys within four of their own standard errors.
    const KEYS: u64 = 400;
    let dim = 30;
    let values: Vec<f64> = (0..dim).map(|i| 1.0 / (1.0 + i as f64)).collect();
    let symmetric = rotated::<f64>(&values, Key::new(11));
    let noise: Vec<f64> = normal(dim * dim, Key::new(12));
    let twisted: Vec<f64> = symmetric.iter().zip(&noise).map(|(x, z)| x + 0.05 * z).collect();
    let (exact, twisted_exact) = (trace(&symmetric, dim), trace(&twisted, dim));
    let (operator, general) = (dense::<f64>(&symmetric, dim), Dense::new(twisted, dim, dim).unwrap());
    let sample = |what: &str, exact: f64, of: &dyn Fn(Key) -> f64| {
        let values: Vec<f64> = (0..KEYS).map(|key| of(Key::new(key))).collect();
        assert_mean(what, &values, exact, summary(&values).1.powi(2) * KEYS as f64);
    };
    sample("XTrace", exact, &|key| ExchangeableTrace::new(6, key).run(&operator).unwrap().value);
    sample("XTrace, general", twisted_exact, &|key| ExchangeableTrace::new(6, key).run(&general).unwrap().value);
    sample("XNysTrace", exact, &|key| NystromTrace::new(6, key).run(&operator).unwrap().value);
    for probe in [Probe::Signs, Probe::Normal, Probe::Sphere] {
        let settings = |key| HutchPlusPlus::new(6, key).sketch(3).probe(probe);
        sample("Hutch++, general", twisted_exact, &|key| settings(key).run(&general).unwrap().mean);
    }
    let first = symmetric[0];
    sample("XDiag", first, &|key| ExchangeableDiagonal::new(6, key).run(&operator).unwrap().values[0]);
}

#[test]
fn squared_norms_are_those_of_frobenius() {
    let (rows, cols) = (7, 20);
    let entries: Vec<f64> = normal(rows * cols, Key::new(1));
    let exact: f64 = entries.iter().map(|x| x * x).sum();
    let operator = Dense::new(entries, rows, cols).unwrap();
    for probe in [Probe::Signs, Probe::Normal, Probe::Sphere] {
        let estimate = Hutchinson::new(4000, Key::new(0)).probe(probe).squared_norm(&operator).unwrap();
        let error = estimate.standard_error.unwrap();
        assert!((estimate.mean - exact).abs() <= 4.0 * error && error < 0.02 * exact, "{probe:?}: {estimate:?}");
    }
    // One column: |A z|^2 is the same for both signs.
    let column = Dense::new(vec![3.0, 4.0], 2, 1).unwrap();
    let estimate = Hutchinson::new(2, Key::new(0)).squared_norm(&column).unwrap();
    assert_eq!((estimate.mean, estimate.standard_error), (25.0, Some(0.0)));
}

#[test]
fn diagonal_matrices_are_met_exactly_by_signs() {
    let values: Vec<f64> = spectrum(6, 50);
    let operator = Diagonal::new(values.clone());
    let exact: f64 = values.iter().sum();
    let estimate = Hutchinson::new(5, Key::new(0)).run(&operator).unwrap();
    assert!((estimate.mean - exact).abs() < 1e-13 && estimate.standard_error.unwrap() < 1e-14);
    let estimate = HutchinsonDiagonal::new(5, Key::new(0)).run(&operator).unwrap();
    assert_eq!((&estimate.means, estimate.relative_error()), (&values, Some(0.0)));
    assert_eq!((estimate.radius(0.9).unwrap(), estimate.probes, estimate.stop), (0.0, 5, Stop::Converged));
    // Nothing to estimate.
    let nothing = AssumePositiveSemidefinite::new(Diagonal::<f64>::new(vec![]));
    let key = Key::new(0);
    assert_eq!(Hutchinson::new(2, key).run(&nothing).unwrap().mean, 0.0);
    assert_eq!(HutchPlusPlus::new(2, key).run(&nothing).unwrap().interval(0.9).unwrap().upper, 0.0);
    assert_eq!(ExchangeableTrace::new(2, key).run(&nothing).unwrap().error, Some(0.0));
    assert_eq!(NystromTrace::new(2, key).run(&nothing).unwrap().value, 0.0);
    assert_eq!(ExchangeableDiagonal::new(2, key).run(&nothing).unwrap().relative_error(), Some(0.0));
    assert_eq!(HutchinsonDiagonal::new(2, key).run(&nothing).unwrap().relative_error(), Some(0.0));
}

#[test]
fn products_are_counted_and_drawn_once() {
    let dim = 60;
    let seen = Mutex::new(Vec::new());
    let spy = AssumePositiveSemidefinite::new(Closure::new(dim, dim, |x: &[f64], y: &mut [f64]| {
        seen.lock().unwrap().push(x.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
        y.iter_mut().zip(x).enumerate().for_each(|(i, (y, x))| *y = x / (1.0 + i as f64));
    }));
    let counted = Counted::new(&spy);
    let mut total = 0;
    for key in (0..4).map(Key::new) {
        for probes in [1, 16, 20] {
            let estimates = [
                ExchangeableTrace::new(probes, key.split(probes as u64)).run(&counted).unwrap().matvecs,
                NystromTrace::new(probes, key.split(100 + probes as u64)).run(&counted).unwrap().matvecs,
                HutchPlusPlus::new(probes, key.split(200 + probes as u64)).run(&counted).unwrap().matvecs,
                ExchangeableDiagonal::new(probes, key.split(300 + probes as u64)).run(&counted).unwrap().matvecs,
            ];
            let probes = probes as u64;
            assert_eq!(estimates, [2 * probes, probes, 3 * probes, 2 * probes]);
            total += estimates.iter().sum::<u64>();
            assert_eq!(counted.matvecs(), total);
        }
    }
    // Neighbouring keys share no vector, and no run meets one twice.
    let mut seen = seen.into_inner().unwrap();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len() as u64, total);
}

#[test]
fn observers_stop_between_blocks_and_keep_what_is_done() {
    let operator = dense::<f64>(&matrix(0, 100, true, 1), 100);
    let key = Key::new(0);
    for blocks in 1..=3 {
        let mut seen = Vec::new();
        let mut observer = |progress: Progress| {
            seen.push((progress.done, progress.total, progress.matvecs));
            if seen.len() == blocks { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let (done, stop) = [(16, Stop::Observer), (32, Stop::Observer), (40, Stop::Converged)][blocks - 1];
        let estimate = ExchangeableTrace::new(40, key).observe(&operator, &mut observer).unwrap();
        assert_eq!((estimate.probes, estimate.stop, estimate.matvecs), (done, stop, 2 * done as u64));
        assert_eq!(estimate.value, ExchangeableTrace::new(done, key).run(&operator).unwrap().value);
        assert_eq!(seen.len(), blocks);
        assert_eq!(seen[0], (16, 40, 32));
        seen.clear();
        let mut count = 0;
        let mut observer = |_: Progress| {
            count += 1;
            if count % blocks == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let estimate = NystromTrace::new(40, key).observe(&operator, &mut observer).unwrap();
        assert_eq!((estimate.probes, estimate.stop, estimate.matvecs), (done, stop, done as u64));
        let estimate = Hutchinson::new(40, key).observe(&operator, &mut observer).unwrap();
        assert_eq!((estimate.probes, estimate.stop, estimate.report().converged), (done, stop, blocks == 3));
        assert_eq!(estimate.mean, Hutchinson::new(done, key).run(&operator).unwrap().mean);
        let estimate = HutchinsonDiagonal::new(40, key).observe(&operator, &mut observer).unwrap();
        assert_eq!((estimate.probes, estimate.stop, estimate.report().matvecs), (done, stop, done as u64));
        let estimate = ExchangeableDiagonal::new(40, key).observe(&operator, &mut observer).unwrap();
        assert_eq!((estimate.probes, estimate.stop, estimate.report().converged), (done, stop, blocks == 3));
    }
    // Hutch++ before its first probe, and after it.
    let settings = HutchPlusPlus::new(20, key).sketch(16);
    let estimate = settings.observe(&operator, |_| ControlFlow::Break(())).unwrap();
    assert_eq!((estimate.stop, estimate.probes, estimate.matvecs), (Stop::Observer, 16, 32));
    let estimate = settings.observe(&operator, |progress| match progress.done {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    let estimate = estimate.unwrap();
    assert_eq!((estimate.stop, estimate.probes, estimate.matvecs), (Stop::Observer, 16, 48));
}

#[test]
fn a_tolerance_ends_a_run_or_its_budget_does() {
    let operator = dense::<f64>(&matrix(0, 100, true, 1), 100);
    let key = Key::new(0);
    let loose = Tolerance::new(0.9).relative(0.3);
    let tight = Tolerance::new(0.9).relative(1e-10);
    let estimate = Hutchinson::new(10_000, key).tolerance(loose).run(&operator).unwrap();
    let half = (estimate.interval(0.9).unwrap().upper - estimate.mean).abs();
    assert!(estimate.stop == Stop::Converged && half <= 0.3 * estimate.mean && estimate.looks == 11);
    assert!(estimate.probes.is_power_of_two() && estimate.probes < 10_000, "{}", estimate.probes);
    let estimate = Hutchinson::new(100, key).tolerance(tight).run(&operator).unwrap();
    assert_eq!((estimate.stop, estimate.probes, estimate.looks), (Stop::Budget, 100, 4));
    // A wider interval than that of a run which could not stop.
    let fixed = Hutchinson::new(100, key).run(&operator).unwrap();
    assert_eq!(fixed.mean, estimate.mean);
    let width = |interval: eigenscape::spectrum::Interval| interval.upper - interval.lower;
    assert!(width(estimate.interval(0.9).unwrap()) > 1.2 * width(fixed.interval(0.9).unwrap()));

    let middle = Tolerance::new(0.9).relative(1e-4);
    let estimate = ExchangeableTrace::new(80, key).tolerance(middle).run(&operator).unwrap();
    assert_eq!((estimate.stop, estimate.probes), (Stop::Converged, 64));
    assert!((estimate.value - 25.0).abs() < 25e-4);
    assert_eq!(ExchangeableTrace::new(20, key).tolerance(tight).run(&operator).unwrap().stop, Stop::Budget);
    let estimate = NystromTrace::new(80, key).tolerance(middle).run(&operator).unwrap();
    assert!(estimate.stop == Stop::Converged && (estimate.value - 25.0).abs() < 25e-4, "{estimate:?}");
    let estimate = HutchPlusPlus::new(500, key).sketch(40).tolerance(middle).run(&operator).unwrap();
    assert!(estimate.stop == Stop::Converged && (estimate.mean - 25.0).abs() < 25e-4, "{estimate:?}");
    let estimate = HutchinsonDiagonal::new(10_000, key).tolerance(Tolerance::new(0.9).relative(0.1)).run(&operator);
    let estimate = estimate.unwrap();
    assert!(estimate.stop == Stop::Converged && estimate.relative_error().unwrap() < 0.1 && estimate.probes < 10_000);
    let estimate = ExchangeableDiagonal::new(80, key).tolerance(middle).run(&operator).unwrap();
    assert!(estimate.stop == Stop::Converged && estimate.probes == 64 && estimate.relative_error().unwrap() < 1e-4);
    // Exact before the budget is spent: as many probes as dimensions, or one.
    let tiny = AssumePositiveSemidefinite::new(Diagonal::new(vec![3.0]));
    let estimate = ExchangeableTrace::new(5, key).tolerance(middle).run(&tiny).unwrap();
    assert_eq!((estimate.stop, estimate.error), (Stop::Converged, Some(0.0)));
}

#[test]
fn ill_posed_requests_say_what_would_work() {
    let key = Key::new(0);
    let operator = dense::<f64>(&[2.0, 0.0, 0.0, 1.0], 2);
    let wide = Dense::new(vec![1.0; 6], 2, 3).unwrap();
    assert!(matches!(ExchangeableTrace::new(3, key).run(&wide), Err(Error::Shapes { .. })));
    assert!(matches!(HutchPlusPlus::new(3, key).run(&wide), Err(Error::Shapes { .. })));
    assert!(matches!(HutchinsonDiagonal::new(3, key).run(&wide), Err(Error::Shapes { .. })));
    assert!(matches!(ExchangeableDiagonal::new(3, key).run(&AssumeSymmetric::new(&wide)), Err(Error::Shapes { .. })));
    assert!(matches!(ExchangeableTrace::new(0, key).run(&operator), Err(Error::OutOfRange { .. })));
    assert!(matches!(NystromTrace::new(0, key).run(&operator), Err(Error::OutOfRange { .. })));
    assert!(matches!(HutchPlusPlus::new(0, key).run(&operator), Err(Error::OutOfRange { .. })));
    for tolerance in [
        Tolerance::new(0.0).relative(0.1),
        Tolerance::new(1.0).relative(0.1),
        Tolerance::new(f64::NAN).relative(0.1),
        Tolerance::new(0.9),
        Tolerance::new(0.9).relative(1e-16),
        Tolerance::new(0.9).relative(f64::NAN),
        Tolerance::new(0.9).absolute(-1.0),
        Tolerance::new(0.9).absolute(f64::INFINITY),
    ] {
        let error = Hutchinson::new(20, key).tolerance(tolerance).run(&operator).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { .. }), "{tolerance:?}: {error}");
    }
    let tolerance = Tolerance::new(0.9).relative(0.1);
    assert!(matches!(Hutchinson::new(1, key).tolerance(tolerance).run(&operator), Err(Error::OutOfRange { .. })));
    let low = Tolerance::new(0.5).relative(0.1);
    assert!(matches!(HutchinsonDiagonal::new(20, key).tolerance(low).run(&operator), Err(Error::OutOfRange { .. })));
    // What the type can reach depends on it.
    let fine = Tolerance::new(0.9).relative(1e-9);
    let narrow = dense::<f32>(&[2.0, 0.0, 0.0, 1.0], 2);
    assert!(Hutchinson::new(20, key).tolerance(fine).run(&narrow).is_err());
    assert!(Hutchinson::new(20, key).tolerance(fine).run(&operator).is_ok());
    let one = Hutchinson::new(1, key).run(&operator).unwrap();
    assert!(matches!(one.interval(0.9), Err(Error::Missing { .. })));
    let one = ExchangeableTrace::new(1, key).run(&operator).unwrap();
    assert!(matches!(one.heuristic_interval(0.9), Err(Error::Missing { .. })));
    let one = HutchinsonDiagonal::new(1, key).run(&operator).unwrap();
    assert!(one.radius(0.9).is_err() && one.relative_error().is_none());
    let two = HutchinsonDiagonal::new(2, key).run(&operator).unwrap();
    assert!(matches!(two.radius(0.5), Err(Error::OutOfRange { .. })));
    // A promise that does not hold.
    let indefinite = AssumePositiveSemidefinite::new(Diagonal::new(vec![1.0, -1.0, 1.0]));
    let error = NystromTrace::new(3, key).run(&indefinite).unwrap_err();
    assert!(error.to_string().contains("ExchangeableTrace"), "{error}");
    // A run goes on with the operator that it began with.
    let mut run = Hutchinson::new(20, key).begin(&operator).unwrap();
    assert!(matches!(run.advance(&Diagonal::new(vec![1.0; 3])), Err(Error::Shapes { .. })));
    let mut run = HutchinsonDiagonal::new(20, key).begin(&operator).unwrap();
    assert!(matches!(run.advance(&Diagonal::new(vec![1.0; 3])), Err(Error::Shapes { .. })));
}

/// What the estimators cost beside their products, for whoever asks: `--ignored --nocapture`.
#[test]
#[ignore = "prints times"]
fn work_beside_products() {
    let dim = 1 << 20;
    let operator = AssumePositiveSemidefinite::new(Diagonal::new((0..dim).map(|i| 1.0 / (1 + i) as f32).collect()));
    let time = |what: &str, run: &dyn Fn() -> f64| {
        let start = std::time::Instant::now();
        let value = run();
        println!("{what}: {:.2} s, {value:.3}", start.elapsed().as_secs_f64());
    };
    let key = Key::new(0);
    time("Hutchinson, 64 signs", &|| Hutchinson::new(64, key).run(&operator).unwrap().mean);
    time("Hutch++, 32 and 32", &|| HutchPlusPlus::new(32, key).run(&operator).unwrap().mean);
    time("XTrace, 32", &|| ExchangeableTrace::new(32, key).run(&operator).unwrap().value);
    time("XNysTrace, 64", &|| NystromTrace::new(64, key).run(&operator).unwrap().value);
    time("XDiag, 32", &|| ExchangeableDiagonal::new(32, key).run(&operator).unwrap().values[0]);
}

#[cfg(feature = "serde")]
#[test]
fn damaged_states_are_refused() {
    use eigenscape::spectrum::{DiagonalRun, TraceRun};
    let operator = dense::<f64>(&matrix(6, 10, false, 8), 10);
    let mut run = Hutchinson::new(40, Key::new(0)).begin(&operator).unwrap();
    run.advance(&operator).unwrap();
    let text = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<TraceRun>(&text).unwrap(), run);
    let change = |from: &str, to: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from} is not in {text}");
        assert!(serde_json::from_str::<TraceRun>(&changed).is_err(), "{to} passes for {from}");
    };
    change("\"probes\":40", "\"probes\":0");
    change("\"probes\":40", "\"probes\":10");
    change("\"count\":16", "\"count\":15");
    change("\"matvecs\":16", "\"matvecs\":17");
    change("\"stop\":null", "\"stop\":\"Never\"");
    change("\"rows\":10", "\"rows\":11");
    change("\"squares\":", "\"squares\":-");
    change("\"offset\":0.0", "\"offset\":1.0");
    for end in 0..text.len() {
        assert!(serde_json::from_str::<TraceRun>(&text[..end]).is_err());
    }
    let mut run = HutchinsonDiagonal::new(40, Key::new(0)).begin(&operator).unwrap();
    run.advance(&operator).unwrap();
    let text = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<DiagonalRun>(&text).unwrap(), run);
    for (from, to) in
        [("\"count\":16", "\"count\":32"), ("\"done\":16", "\"done\":32"), ("\"stop\":null", "\"stop\":0")]
    {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        assert!(serde_json::from_str::<DiagonalRun>(&changed).is_err(), "{to} passes for {from}");
    }
}

/// Gauss-Newton matrix and Hessian of a small network against their dense forms.
#[test]
fn trace_and_diagonal_of_a_network() {
    let network = Perceptron::new(&[12, 10, 5], Activation::Tanh).unwrap();
    let labels: Vec<usize> = (0..50).map(|example| example * 7 % 5).collect();
    let inputs: Vec<f64> = normal(50 * 12, Key::new(0));
    let risk =
        Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 12, &labels, 5).unwrap()).unwrap();
    let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(1));
    let point = risk.at(&theta).unwrap();
    let operator = point.gauss_newton();
    let dim = operator.rows();
    let table = to_dense(&operator);
    let diagonal: Vec<f64> = table.entries().iter().step_by(dim + 1).copied().collect();
    let exact: f64 = diagonal.iter().sum();
    let key = Key::new(3);

    let plain = Hutchinson::new(100, key).run(&operator).unwrap();
    assert!(plain.interval(0.9999).unwrap().contains(exact));
    let sketched = HutchPlusPlus::new(33, key).run(&operator).unwrap();
    assert!(sketched.interval(0.9999).unwrap().contains(exact));
    let left_out = ExchangeableTrace::new(50, key).run(&operator).unwrap();
    let nystrom = NystromTrace::new(100, key).run(&operator).unwrap();
    println!(
        "Gauss-Newton matrix of {dim} parameters, trace {exact:.5}, errors after 100 products: Hutchinson {:.1e} +- {:.1e}, \
         Hutch++ {:.1e} +- {:.1e}, XTrace {:.1e} +- {:.1e}, XNysTrace {:.1e} +- {:.1e}",
        plain.mean - exact,
        plain.standard_error.unwrap(),
        sketched.mean - exact,
        sketched.standard_error.unwrap(),
        left_out.value - exact,
        left_out.error.unwrap(),
        nystrom.value - exact,
        nystrom.error.unwrap()
    );
    assert!((left_out.value - exact).abs() <= 5.0 * left_out.error.unwrap());
    assert!((nystrom.value - exact).abs() <= 5.0 * nystrom.error.unwrap());
    assert!(left_out.error.unwrap() < 0.3 * plain.standard_error.unwrap());
    assert!(nystrom.error.unwrap() < 0.1 * plain.standard_error.unwrap());

    let distance = |means: &[f64]| means.iter().zip(&diagonal).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
    let plain = HutchinsonDiagonal::new(100, key).run(&operator).unwrap();
    assert!(distance(&plain.means) <= plain.radius(0.999).unwrap());
    let left_out = ExchangeableDiagonal::new(50, key).run(&operator).unwrap();
    let size = distance(&vec![0.0; dim]);
    println!("diagonal: {:.1e} and {:.1e} off", distance(&plain.means) / size, distance(&left_out.values) / size);
    assert!(distance(&left_out.values) < 0.5 * distance(&plain.means));

    // The Hessian is not semidefinite, and its squared norm is that of all entries.
    let hessian = point.hessian();
    let table = to_dense(&hessian);
    let exact: f64 = table.entries().iter().step_by(dim + 1).sum();
    let estimate = ExchangeableTrace::new(60, key).run(&hessian).unwrap();
    assert!((estimate.value - exact).abs() <= 5.0 * estimate.error.unwrap());
    let square: f64 = table.entries().iter().map(|x| x * x).sum();
    let estimate = Hutchinson::new(400, key).squared_norm(&hessian).unwrap();
    assert!(estimate.interval(0.9999).unwrap().contains(square) && estimate.standard_error.unwrap() < 0.2 * square);
}
