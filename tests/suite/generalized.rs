//! A x = lambda B x: against dense spectra by Cholesky's factorization, at its edges, and where it must say what went
//! wrong.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::krylov::{
    ConjugateGradients, Eigensolver, GeneralizedEigenpairs, GeneralizedEigensolver, Metric, Stop, Which,
};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{
    AssumePositiveSemidefinite, AssumeSymmetric, Closure, Counted, Dense, Diagonal, LinearOperator, Shifted, to_dense,
};
use eigenscape::optimize::{Adam, descend};
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};

use crate::krylov::spectrum;
use crate::oracle::symmetric_eigenvalues;
use crate::support::{Table, dot, norm, normal, product, with_threads};

/// L with L L' = `matrix`.
fn cholesky(matrix: &Table) -> Table {
    let size = matrix.rows;
    let mut factor = Table::new(size, size, |_, _| 0.0);
    for i in 0..size {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| factor.at(i, k) * factor.at(j, k)).sum();
            let rest = matrix.at(i, j) - sum;
            factor.entries[i * size + j] = if i == j { rest.sqrt() } else { rest / factor.at(j, j) };
        }
    }
    factor
}

/// The inverse of a lower triangular matrix.
fn inverse_of_lower(factor: &Table) -> Table {
    let size = factor.rows;
    let mut inverse = Table::new(size, size, |_, _| 0.0);
    for col in 0..size {
        for row in col..size {
            let unit = f64::from(u8::from(row == col));
            let sum: f64 = (col..row).map(|k| factor.at(row, k) * inverse.at(k, col)).sum();
            inverse.entries[row * size + col] = (unit - sum) / factor.at(row, row);
        }
    }
    inverse
}

/// All eigenvalues of A x = lambda B x, ascending.
fn exact(a: &Table, b: &Table) -> Vec<f64> {
    let root = inverse_of_lower(&cholesky(b));
    let transformed = root.times(a).times(&root.t());
    symmetric_eigenvalues(&transformed.entries, a.rows)
}

/// Q diag(values) Q' with Q a product of two reflections.
fn rotated(values: &[f64], key: Key) -> Table {
    let dim = values.len();
    let reflection = |key: Key| {
        let u: Vec<f64> = normal(dim, key);
        let square = dot(&u, &u);
        Table::new(dim, dim, |i, j| f64::from(u8::from(i == j)) - 2.0 * u[i] * u[j] / square)
    };
    let q = reflection(key.split(0)).times(&reflection(key.split(1)));
    let scaled = Table::new(dim, dim, |i, j| q.at(i, j) * values[j]);
    let product = scaled.times(&q.t());
    Table::new(dim, dim, |i, j| (product.at(i, j) + product.at(j, i)) / 2.0)
}

/// A and B with the eigenvalues `values`: A = L Q diag(values) Q'L', B = L L', L lower triangular with condition up to
/// `condition` on its diagonal.
fn pencil(values: &[f64], condition: f64, key: Key) -> (Table, Table) {
    let dim = values.len();
    let below: Vec<f64> = normal(dim * dim, key.split(2));
    let size = 0.3 / (dim as f64).sqrt();
    let l = Table::new(dim, dim, |i, j| match i.cmp(&j) {
        std::cmp::Ordering::Less => 0.0,
        std::cmp::Ordering::Equal => condition.powf(0.5 * i as f64 / dim as f64),
        std::cmp::Ordering::Greater => size * below[i * dim + j],
    });
    let symmetric = |table: Table| Table::new(dim, dim, |i, j| (table.at(i, j) + table.at(j, i)) / 2.0);
    (symmetric(l.times(&rotated(values, key)).times(&l.t())), symmetric(l.times(&l.t())))
}

/// Entries rounded to a type, as an operator and as the table of the rounded.
fn dense<T: Scalar>(table: &Table) -> (Dense<T>, Table) {
    let entries: Vec<T> = table.entries.iter().map(|&x| T::of(x)).collect();
    let rounded = Table { entries: entries.iter().map(|x| x.f64()).collect(), ..table.clone() };
    (Dense::new(entries, table.rows, table.cols).unwrap(), rounded)
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Route {
    Iterative,
    Inverse,
    Root,
}

const ROUTES: [Route; 3] = [Route::Iterative, Route::Inverse, Route::Root];

fn metric<T: Scalar>(b: &Table, route: Route) -> Metric<'static, T> {
    let product = AssumePositiveSemidefinite::new(dense::<T>(b).0);
    let root = inverse_of_lower(&cholesky(b));
    match route {
        Route::Iterative => Metric::iterative(product),
        Route::Inverse => Metric::with_inverse(product, AssumeSymmetric::new(dense::<T>(&root.t().times(&root)).0)),
        Route::Root => Metric::with_inverse_root(product, dense::<T>(&root).0),
    }
}

/// What a result says of itself is true: order, B-orthonormality, residuals, bounds.
#[track_caller]
fn honest<T: Scalar>(what: &str, found: &GeneralizedEigenpairs<T>, a: &Table, b: &Table, which: Which, condition: f64) {
    let (dim, count) = (a.rows, found.len());
    let all = exact(a, b);
    let size = all.iter().fold(0.0f64, |size, x| size.max(x.abs()));
    let epsilon = T::EPSILON.f64();
    let top = match which {
        Which::Largest => count,
        Which::Smallest => 0,
        _ => count.div_ceil(2),
    };
    let mut wanted: Vec<f64> = all.iter().rev().take(top).copied().collect();
    let bottom = all.iter().take(count - top).copied();
    if which == Which::Smallest {
        wanted.extend(bottom);
    } else {
        wanted.extend(bottom.collect::<Vec<_>>().into_iter().rev());
    }
    let rows = |i: usize| Table { rows: 1, cols: dim, entries: found.vector(i).iter().map(|x| x.f64()).collect() };
    let root = inverse_of_lower(&cholesky(b));
    for (i, &expected) in wanted.iter().enumerate() {
        let x = rows(i);
        let (value, off) = (found.values[i], (found.values[i] - expected).abs());
        // What rounding the entries of A and B, and the dense oracle, leaves unsure.
        let oracle = 32.0 * epsilon * condition * size;
        assert!(off <= found.error_bounds[i] + oracle, "{what}: pair {i}, {value} for {expected}, off by {off:e}");
        let bx = b.product(&x.entries);
        for j in 0..count {
            let unit = f64::from(u8::from(i == j));
            let inner = dot(&rows(j).entries, &bx);
            let bound = 400.0 * epsilon * condition.sqrt();
            assert!((inner - unit).abs() <= bound, "{what}: x{i}'B x{j} = {inner}");
        }
        let residual: Vec<f64> = a.product(&x.entries).iter().zip(&bx).map(|(ax, bx)| ax - value * bx).collect();
        let rounding = 100.0 * epsilon * condition.sqrt() * (size + 1.0) * norm(&x.entries).max(1.0);
        let actual = norm(&root.product(&residual));
        assert!(actual <= 1.01 * found.residual_norms[i] + rounding, "{what}: residual {actual:e}");
        let plain = 100.0 * epsilon * (a.norm() + value.abs() * b.norm()) * norm(&x.entries);
        let (actual, said) = (norm(&residual), found.euclidean_residual_norms[i]);
        assert!(
            (actual - said).abs() <= 0.01 * said + plain,
            "{what}: Euclidean residual {actual:e}, {said:e} was said"
        );
    }
}

fn pencils<T: Scalar>() {
    for kind in 0..7 {
        for (round, route) in ROUTES.into_iter().enumerate() {
            let dim = [1, 2, 7, 40, 60][(kind + round) % 5];
            let which = [Which::Largest, Which::Smallest, Which::BothEnds][(kind + 2 * round) % 3];
            let count = [1, 3, dim][kind % 3].min(dim);
            let (a, b) = pencil(&spectrum(kind, dim), 10.0, Key::new(kind as u64));
            let ((operator, a), (_, b)) = (dense::<T>(&a), dense::<T>(&b));
            let operator = AssumeSymmetric::new(operator);
            let solver = GeneralizedEigensolver::new(count, Key::new(9)).which(which);
            let found = solver.run(&operator, &metric::<T>(&b, route)).unwrap();
            let what = format!("kind {kind}, dim {dim}, {count} {which:?}, {route:?}, {}", T::NAME);
            found.report.require().unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(found.len(), count, "{what}");
            assert!(found.converged.iter().all(|&converged| converged) && found.negative_curvature.is_none());
            honest(&what, &found, &a, &b, which, 10.0);
        }
    }
}

#[test]
fn pencils_have_the_dense_spectrum_in_double_precision() {
    pencils::<f64>();
}

#[test]
fn pencils_have_the_dense_spectrum_in_single_precision() {
    pencils::<f32>();
}

#[test]
#[should_panic(expected = "off by")]
fn honest_can_fail_by_a_value() {
    let (a, b) = pencil(&[3.0, 2.0, 1.0], 10.0, Key::new(0));
    let solver = GeneralizedEigensolver::new(1, Key::new(0));
    let mut found = solver.run(&AssumeSymmetric::new(dense::<f64>(&a).0), &metric(&b, Route::Root)).unwrap();
    found.values[0] += 1e-6;
    honest("wrong", &found, &a, &b, Which::Largest, 10.0);
}

#[test]
#[should_panic(expected = "residual")]
fn honest_can_fail_by_a_residual() {
    let (a, b) = pencil(&[3.0, 2.0, 1.0], 10.0, Key::new(0));
    let solver = GeneralizedEigensolver::new(1, Key::new(0));
    let mut found = solver.run(&AssumeSymmetric::new(dense::<f64>(&a).0), &metric(&b, Route::Inverse)).unwrap();
    let other: Vec<f64> = normal(3, Key::new(1));
    let scale = 1e-5 / norm(&other);
    found.vectors.iter_mut().zip(other).for_each(|(x, y)| *x += scale * y);
    let length = dot(&found.vectors, &b.product(&found.vectors)).sqrt();
    found.vectors.iter_mut().for_each(|x| *x /= length);
    honest("wrong", &found, &a, &b, Which::Largest, 10.0);
}

/// A spectrum without structure and without a gap, larger than a first guess of the depth.
fn large<T: Scalar>() {
    let dim = 150;
    let values: Vec<f64> = (0..dim).map(|i| (i as f64 / dim as f64).powi(2)).collect();
    let (a, b) = pencil(&values, 100.0, Key::new(0));
    let ((operator, a), (_, b)) = (dense::<T>(&a), dense::<T>(&b));
    let operator = Counted::new(AssumeSymmetric::new(operator));
    for (index, route) in ROUTES.into_iter().enumerate() {
        let before = operator.matvecs();
        let solver = GeneralizedEigensolver::new(4, Key::new(1));
        let found = solver.run(&operator, &metric::<T>(&b, route)).unwrap();
        found.report.require().unwrap();
        honest(&format!("{route:?}"), &found, &a, &b, Which::Largest, 100.0);
        assert_eq!(operator.matvecs() - before, found.report.matvecs, "{route:?}");
        assert!(found.report.matvecs < 130, "{route:?}: {} products", found.report.matvecs);
        assert!(found.metric_matvecs >= [500, 40, 4][index], "{route:?}: {}", found.metric_matvecs);
    }
}

#[test]
fn large_pencils_converge() {
    large::<f64>();
    large::<f32>();
}

/// Three copies of the largest eigenvalue and two of the next, in a spectrum whose Krylov space is never invariant.
#[test]
fn copies_are_found() {
    for seed in 0..10 {
        let key = Key::new(seed);
        let mut values: Vec<f64> = (0..120).map(|i| (1.7 * f64::from(i)).sin()).collect();
        values[..5].copy_from_slice(&[5.0, 5.0, 5.0, 4.0, 4.0]);
        values[5..8].copy_from_slice(&[-3.0, -3.0, -2.5]);
        let (a, b) = pencil(&values, 10.0, key);
        let operator = AssumeSymmetric::new(dense::<f64>(&a).0);
        for route in [Route::Iterative, Route::Inverse] {
            let metric = metric(&b, route);
            let top = GeneralizedEigensolver::new(6, key).run(&operator, &metric).unwrap();
            top.report.require().unwrap();
            honest("copies at the top", &top, &a, &b, Which::Largest, 10.0);
            // The request cuts the copies in two.
            let two = GeneralizedEigensolver::new(2, key).run(&operator, &metric).unwrap();
            two.report.require().unwrap();
            honest("two of three copies", &two, &a, &b, Which::Largest, 10.0);
            let ends = GeneralizedEigensolver::new(8, key).which(Which::BothEnds).run(&operator, &metric).unwrap();
            ends.report.require().unwrap();
            honest("copies at both ends", &ends, &a, &b, Which::BothEnds, 10.0);
        }
    }
}

#[test]
fn with_the_identity_it_is_the_standard_problem() {
    let (a, _) = pencil(&spectrum(6, 50), 1.0, Key::new(0));
    let operator = AssumeSymmetric::new(dense::<f64>(&a).0);
    let standard = Eigensolver::new(3, Key::new(0)).run(&operator).unwrap();
    let identity = || AssumePositiveSemidefinite::new(Diagonal::new(vec![1.0; 50]));
    for metric in [
        Metric::iterative(identity()),
        Metric::with_inverse(identity(), identity()),
        Metric::with_inverse_root(identity(), identity()),
        Metric::diagonal(vec![1.0; 50]).unwrap(),
    ] {
        let found = GeneralizedEigensolver::new(3, Key::new(0)).run(&operator, &metric).unwrap();
        found.report.require().unwrap();
        for i in 0..3 {
            assert!((found.values[i] - standard.values[i]).abs() <= found.error_bounds[i] + standard.error_bounds[i]);
            let cosine = dot(found.vector(i), standard.vector(i)).abs();
            assert!((cosine - 1.0).abs() < 1e-12, "{metric:?}: {cosine}");
            let (inverse, plain) = (found.residual_norms[i], found.euclidean_residual_norms[i]);
            assert!((inverse - plain).abs() <= 1e-14 + 1e-6 * plain, "{inverse:e} {plain:e}");
        }
    }
}

fn edges<T: Scalar>() {
    let tolerance = 100.0 * T::EPSILON.f64();
    let (_, b) = pencil(&[0.0; 30], 10.0, Key::new(0));
    let (b_operator, _) = dense::<T>(&b);
    let b_operator = AssumeSymmetric::new(b_operator);
    let zero = AssumeSymmetric::new(Dense::new(vec![T::zero(); 900], 30, 30).unwrap());
    for route in ROUTES {
        let metric = metric::<T>(&b, route);
        for (count, which) in [(1, Which::Largest), (4, Which::Smallest), (30, Which::BothEnds)] {
            let solver = GeneralizedEigensolver::new(count, Key::new(0)).which(which);
            // A = B: all eigenvalues are 1.
            let ones = solver.run(&b_operator, &metric).unwrap();
            ones.report.require().unwrap_or_else(|error| panic!("{route:?}, {count}: {error}"));
            assert_eq!(ones.len(), count);
            assert!(ones.values.iter().all(|x| (x - 1.0).abs() < tolerance), "{route:?}: {:?}", ones.values);
            // One vector more than copies, and the residuals; with a root these are measured twice.
            let products = count as u64 * if route == Route::Root { 3 } else { 2 } + 1;
            assert!(ones.report.matvecs <= products, "{route:?}, {count}: {:?}", ones.report);
            // A = 0.
            let zeros = solver.run(&zero, &metric).unwrap();
            zeros.report.require().unwrap();
            assert!(zeros.values.iter().all(|&x| x == 0.0), "{route:?}: {:?}", zeros.values);
            assert!(zeros.error_bounds.iter().all(|&x| x == 0.0));
        }
    }
    // One dimension.
    let (a, b) = (Diagonal::new(vec![T::of(-6.0)]), Table::new(1, 1, |_, _| 4.0));
    for route in ROUTES {
        let found = GeneralizedEigensolver::new(1, Key::new(0)).run(&a, &metric::<T>(&b, route)).unwrap();
        assert!((found.values[0] + 1.5).abs() < tolerance && found.report.converged, "{route:?}: {found:?}");
        assert!((found.vectors[0].f64().abs() - 0.5).abs() < tolerance);
    }
    // Scales near the ends of what squares can hold.
    for scale in [1e-12, 1e12] {
        let a = Diagonal::new((0..20).map(|i| T::of(scale * f64::from(i))).collect());
        let metric = Metric::diagonal((0..20).map(|i| T::of(f64::from(i + 1) / scale)).collect()).unwrap();
        let found = GeneralizedEigensolver::new(1, Key::new(0)).run(&a, &metric).unwrap();
        found.report.require().unwrap();
        let expected = 19.0 / 20.0 * scale * scale;
        assert!((found.values[0] - expected).abs() < 1e-5 * expected, "{scale}: {:?}", found.values);
    }
}

#[test]
fn edges_have_answers_in_double_precision() {
    edges::<f64>();
}

#[test]
fn edges_have_answers_in_single_precision() {
    edges::<f32>();
}

/// A condition number of 1e8, by each route: what is said of errors and residuals stays true.
#[test]
fn an_ill_conditioned_metric_is_met() {
    let values: Vec<f64> =
        (0..60).map(|i| if i < 3 { 10.0 - f64::from(i) } else { (1.7 * f64::from(i)).sin() }).collect();
    let condition = 1e8;
    let (a, b) = pencil(&values, condition, Key::new(0));
    let all = symmetric_eigenvalues(&b.entries, 60);
    assert!(all[59] / all[0] > 0.5 * condition, "{}", all[59] / all[0]);
    let operator = AssumeSymmetric::new(dense::<f64>(&a).0);
    for route in ROUTES {
        let solver = GeneralizedEigensolver::new(3, Key::new(1)).relative_tolerance(1e-6);
        let found = solver.run(&operator, &metric(&b, route)).unwrap();
        assert_eq!((found.report.stop, found.len()), (Stop::Converged, 3), "{route:?}");
        honest(&format!("{route:?}"), &found, &a, &b, Which::Largest, condition);
        for (value, expected) in found.values.iter().zip([10.0, 9.0, 8.0]) {
            assert!((value - expected).abs() < 1e-6, "{route:?}: {value}");
        }
    }
}

/// Solves to one digit cost steps, not the truth.
#[test]
fn loose_solves_stay_honest() {
    let mut values: Vec<f64> = (0..80).map(|i| (1.7 * f64::from(i)).sin()).collect();
    values[0] = 3.0;
    let (a, b) = pencil(&values, 1e3, Key::new(0));
    let operator = AssumeSymmetric::new(dense::<f64>(&a).0);
    let loose = || ConjugateGradients::new().relative_tolerance(0.1);
    let metric = metric::<f64>(&b, Route::Iterative).solver(loose()).unwrap();
    let found = GeneralizedEigensolver::new(1, Key::new(0)).relative_tolerance(1e-3).steps(25).run(&operator, &metric);
    let found = found.unwrap();
    let exact = exact(&a, &b);
    // Rayleigh quotients never pass the largest eigenvalue.
    assert!(found.values[0] <= exact[79] + 1e-10);
    let nearest = exact.iter().map(|x| (x - found.values[0]).abs()).fold(f64::INFINITY, f64::min);
    assert!(nearest <= found.residual_norms[0], "{nearest:e} {:e}", found.residual_norms[0]);
    honest("loose", &found, &a, &b, Which::Largest, 1e3);
}

/// B with a negative eigenvalue, and B with a zero one: the direction is returned.
#[test]
fn what_is_not_definite_is_found_out() {
    let dim = 40;
    let (a, _) = pencil(&spectrum(6, dim), 1.0, Key::new(0));
    let operator = AssumeSymmetric::new(dense::<f64>(&a).0);
    let mut values: Vec<f64> = (0..dim).map(|i| 1.0 + i as f64 / 10.0).collect();
    values[7] = -0.5;
    let b = rotated(&values, Key::new(1));
    let product = || AssumePositiveSemidefinite::new(dense::<f64>(&b).0);
    let inverse = rotated(&values.iter().map(|x| 1.0 / x).collect::<Vec<_>>(), Key::new(1));
    let inverse = AssumeSymmetric::new(dense::<f64>(&inverse).0);
    for metric in [Metric::iterative(product()), Metric::with_inverse(product(), inverse)] {
        let found = GeneralizedEigensolver::new(2, Key::new(2)).run(&operator, &metric).unwrap();
        assert_eq!((found.report.stop, found.report.converged), (Stop::NegativeCurvature, false), "{metric:?}");
        assert!(found.report.require().unwrap_err().to_string().contains("add a shift"));
        let negative = found.negative_curvature.unwrap();
        let curvature = dot(&negative.direction, &b.product(&negative.direction));
        assert!(curvature < 0.0 && (curvature - negative.curvature).abs() < 1e-10, "{curvature}");
        assert!((norm(&negative.direction) - 1.0).abs() < 1e-12);
        assert!(found.values.iter().chain(&found.residual_norms).all(|x| !x.is_nan()));
    }
    // Negative all over: seen by the first product.
    let negative = AssumePositiveSemidefinite::new(Diagonal::new(vec![-1.0; dim]));
    let found = GeneralizedEigensolver::new(1, Key::new(0)).run(&operator, &Metric::iterative(&negative)).unwrap();
    assert!(found.is_empty() && found.report.stop == Stop::NegativeCurvature && found.report.matvecs == 0);
    assert!((found.negative_curvature.unwrap().curvature + 1.0).abs() < 1e-12);
    let roots = Metric::with_inverse_root(&negative, Diagonal::new(vec![1.0; dim]));
    let found = GeneralizedEigensolver::new(1, Key::new(0)).run(&operator, &roots).unwrap();
    assert_eq!(found.report.stop, Stop::NegativeCurvature);
    // The zero matrix.
    let zero = AssumePositiveSemidefinite::new(Diagonal::new(vec![0.0; dim]));
    let found = GeneralizedEigensolver::new(1, Key::new(0)).run(&operator, &Metric::iterative(&zero)).unwrap();
    assert_eq!(found.negative_curvature.unwrap().curvature, 0.0);
}

/// A semidefinite B of rank 10: refused as it is, answered when damped.
fn damped<T: Scalar>() {
    let (dim, shift) = (50, 0.25);
    let (a, _) = pencil(&spectrum(6, dim), 1.0, Key::new(0));
    let (operator, a) = dense::<T>(&a);
    let operator = AssumeSymmetric::new(operator);
    let b = rotated(&(0..dim).map(|i| if i < 10 { 1.0 + i as f64 } else { 0.0 }).collect::<Vec<_>>(), Key::new(1));
    let (b_operator, b) = dense::<T>(&b);
    let b_operator = AssumePositiveSemidefinite::new(b_operator);
    let sum = b.plus(shift, &Table::new(dim, dim, |i, j| f64::from(u8::from(i == j))));
    let metric = Metric::iterative(&b_operator).shift(shift).unwrap();
    let found = GeneralizedEigensolver::new(3, Key::new(0)).run(&operator, &metric).unwrap();
    found.report.require().unwrap();
    honest("damped", &found, &a, &sum, Which::Largest, 50.0);
    // The same as a shifted operator with its inverse.
    let root = inverse_of_lower(&cholesky(&sum));
    let shifted = AssumePositiveSemidefinite::new(Shifted::new(&b_operator, T::of(shift)).unwrap());
    let same = Metric::with_inverse_root(shifted, dense::<T>(&root).0);
    let other = GeneralizedEigensolver::new(3, Key::new(0)).run(&operator, &same).unwrap();
    for i in 0..3 {
        let apart = (found.values[i] - other.values[i]).abs();
        assert!(apart <= found.error_bounds[i] + other.error_bounds[i] + 100.0 * T::EPSILON.f64() * 10.0, "{apart:e}");
    }
}

#[test]
fn a_semidefinite_metric_is_damped() {
    damped::<f64>();
    damped::<f32>();
}

#[test]
fn ill_posed_requests_are_refused() {
    let a = Diagonal::new(vec![1.0, 2.0, 3.0]);
    let positive = |dim: usize| AssumePositiveSemidefinite::new(Diagonal::new(vec![2.0f64; dim]));
    let one = GeneralizedEigensolver::new(1, Key::new(0));
    let refused = |solver: GeneralizedEigensolver, metric: &Metric<'_, f64>| {
        solver.run(&a, metric).expect_err("an ill-posed request").to_string()
    };
    let fine = Metric::iterative(positive(3));
    assert!(refused(one, &Metric::iterative(positive(2))).contains("3x3 but right is 2x2"));
    assert!(refused(one, &Metric::with_inverse(positive(3), positive(4))).contains("4x4"));
    let tall = Dense::new(vec![1.0; 12], 4, 3).unwrap();
    assert!(refused(one, &Metric::with_inverse_root(positive(3), tall)).contains("4x3"));
    assert!(refused(GeneralizedEigensolver::new(0, Key::new(0)), &fine).contains("at least 1"));
    assert!(refused(GeneralizedEigensolver::new(4, Key::new(0)), &fine).contains("at most 3"));
    assert!(refused(one.steps(0), &fine).contains("steps"));
    assert!(refused(one.matvecs(1), &fine).contains("at least 2"));
    assert!(refused(one.relative_tolerance(1e-16), &fine).contains("rounding errors"));
    assert!(refused(one.relative_tolerance(f64::NAN), &fine).contains("tolerance"));
    assert!(refused(one.absolute_tolerance(-1.0), &fine).contains("at least 0"));
    // The inverse of another operator: the shift was forgotten.
    let forgotten = Metric::with_inverse(positive(3), Diagonal::new(vec![1.0 / 3.0; 3]));
    assert!(refused(one, &forgotten).contains("its shift included"));
    let forgotten = Metric::with_inverse_root(positive(3), Diagonal::new(vec![1.0; 3]));
    assert!(refused(one, &forgotten).contains("must be 1"));
    // Settings of the inner solves are theirs to check.
    let tolerant = Metric::iterative(positive(3)).solver(ConjugateGradients::new().relative_tolerance(1e-30)).unwrap();
    assert!(refused(one, &tolerant).contains("EPSILON"));

    let message = |result: Result<Metric<'_, f64>, Error>| result.unwrap_err().to_string();
    assert!(message(Metric::diagonal(vec![1.0, 0.0])).contains("finite and positive"));
    assert!(message(Metric::diagonal(vec![f64::NAN])).contains("NaN"));
    assert!(message(Metric::iterative(positive(3)).shift(-1.0)).contains("at least 0"));
    assert!(message(Metric::diagonal(vec![1.0]).unwrap().shift(1.0)).contains("Shifted"));
    assert!(message(Metric::diagonal(vec![1.0]).unwrap().solver(ConjugateGradients::new())).contains("iterative"));
}

/// A product that is not finite: the first is an error, a later one ends the run with what was known.
#[test]
fn what_is_not_finite_is_reported_where_it_arose() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let dim = 60;
    // The diagonal of powers of i + 1, until the product with a number.
    let diagonal = |power: i32, at: usize| {
        let number = AtomicUsize::new(0);
        Closure::new(dim, dim, move |x: &[f64], y: &mut [f64]| {
            y.iter_mut().enumerate().for_each(|(i, y)| *y = ((i + 1) as f64).powi(power) * x[i]);
            if number.fetch_add(1, Ordering::Relaxed) + 1 >= at {
                y[3] = f64::NAN;
            }
        })
    };
    let never = usize::MAX;
    let solver = GeneralizedEigensolver::new(2, Key::new(0));
    let metric = |at: usize| Metric::iterative(AssumePositiveSemidefinite::new(diagonal(1, at)));
    let inverse = Diagonal::new((0..dim).map(|i| 1.0 / (i + 1) as f64).collect());
    let solved = || Metric::with_inverse(AssumePositiveSemidefinite::new(diagonal(1, never)), inverse.clone());
    let plain = AssumeSymmetric::new(diagonal(2, never));

    for metric in [metric(never), solved()] {
        let error = solver.run(&AssumeSymmetric::new(diagonal(2, 1)), &metric).unwrap_err();
        assert!(matches!(error, Error::Product { number: 1, index: 3, .. }), "{error}");
        let found = solver.run(&AssumeSymmetric::new(diagonal(2, 9)), &metric).unwrap();
        assert_eq!((found.report.stop, found.report.matvecs, found.len()), (Stop::NotFinite, 9, 2));
        assert!(found.values.iter().chain(&found.residual_norms).all(|x| x.is_finite()), "{found:?}");
        assert!(found.vectors.iter().all(|x| x.is_finite()));
        assert!(!found.report.converged);
    }
    // In the products with B: the first, one within the solves.
    assert!(solver.run(&plain, &metric(1)).unwrap_err().to_string().contains("product of the metric"));
    for at in [2, 5, 30, 200] {
        let found = solver.run(&plain, &metric(at)).unwrap();
        assert_eq!(found.report.stop, Stop::NotFinite, "{at}");
        assert!(found.values.iter().all(|x| x.is_finite()) && found.vectors.iter().all(|x| x.is_finite()));
        assert!(found.residual_norms.iter().chain(&found.error_bounds).all(|x| !x.is_nan()));
    }
}

#[test]
fn budgets_and_observers_leave_partial_results() {
    let dim = 100;
    let (a, b) = pencil(&(0..dim).map(|i| i as f64 / 10.0).collect::<Vec<_>>(), 10.0, Key::new(0));
    let operator = AssumeSymmetric::new(dense::<f64>(&a).0);
    for route in ROUTES {
        let metric = metric(&b, route);
        let solver = GeneralizedEigensolver::new(3, Key::new(0));
        let short = solver.steps(12).run(&operator, &metric).unwrap();
        assert_eq!((short.report.stop, short.len()), (Stop::Budget, 3), "{route:?}");
        // Eigenvalues lie within the residuals, converged or not.
        let all = exact(&a, &b);
        for (value, residual) in short.values.iter().zip(&short.residual_norms) {
            let nearest = all.iter().map(|x| (x - value).abs()).fold(f64::INFINITY, f64::min);
            assert!(nearest <= residual + 1e-12, "{route:?}: {nearest} {residual}");
        }
        let mut told = Vec::new();
        let stopped = solver
            .observe(&operator, &metric, |progress| {
                told.push(progress);
                if told.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
        assert_eq!(stopped.report.stop, Stop::Observer, "{route:?}");
        for budget in [2, 3, 7, 40] {
            let within = solver.matvecs(budget).run(&operator, &metric).unwrap();
            let matvecs = within.report.matvecs;
            assert!(matvecs <= budget && within.report.stop == Stop::Budget, "{route:?}: {matvecs} of {budget}");
            assert!(!within.is_empty() && within.residual_norms.iter().all(|x| x.is_finite()), "{route:?}, {budget}");
        }
        assert!(told.windows(2).all(|pair| pair[0].matvecs < pair[1].matvecs) && told[0].total == 3);
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let dim = 5000;
    let a = Diagonal::new((0..dim).map(|i| (1.7 * i as f32).sin()).collect());
    let b = AssumePositiveSemidefinite::new(Diagonal::new((0..dim).map(|i| 1.0 + (i % 7) as f32).collect()));
    let run = || {
        let metric = Metric::iterative(&b);
        GeneralizedEigensolver::new(2, Key::new(0)).relative_tolerance(1e-2).run(&a, &metric).unwrap()
    };
    assert_eq!(with_threads(1, run), with_threads(2, run));
    let again = || {
        let metric = Metric::diagonal((0..dim).map(|i| 1.0 + (i % 7) as f32).collect()).unwrap();
        GeneralizedEigensolver::new(2, Key::new(0)).relative_tolerance(1e-2).run(&a, &metric).unwrap()
    };
    assert_eq!(with_threads(1, again), with_threads(2, again));
}

/// A perceptron on random data, trained a little with Adam.
fn trained() -> (Risk<f64>, Vec<f64>, Adam<f64>) {
    let network = Perceptron::new(&[5, 8, 3], Activation::Tanh).unwrap();
    let inputs: Vec<f64> = normal(40 * 5, Key::new(0));
    let labels: Vec<usize> = (0..40).map(|i| i % 3).collect();
    let examples = Examples::labelled(inputs, 5, &labels, 3).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let start: Vec<f64> = Initialization::lecun().draw(&network, Key::new(1));
    let mut adam = Adam::new(0.01).unwrap();
    let end = descend(&risk, &start, &mut adam, 30, |_| ControlFlow::Continue(())).unwrap();
    (risk, end.theta, adam)
}

/// The Hessian against the damped Fisher matrix of a network: singular by itself, since softmax leaves directions out.
#[test]
fn a_hessian_against_its_fisher_matrix() {
    let (risk, theta, _) = trained();
    let point = risk.at(&theta).unwrap();
    let (hessian, fisher) = (point.hessian(), point.fisher().unwrap());
    let table = |operator: &dyn LinearOperator<f64>| {
        let entries = to_dense(&operator).entries().to_vec();
        let dim = operator.rows();
        let half = Table { rows: dim, cols: dim, entries };
        Table::new(dim, dim, |i, j| (half.at(i, j) + half.at(j, i)) / 2.0)
    };
    let shift = 1e-3;
    let (a, b) = (table(&hessian), table(&fisher));
    let sum = b.plus(shift, &Table::new(b.rows, b.rows, |i, j| f64::from(u8::from(i == j))));
    let metric = Metric::iterative(fisher).shift(shift).unwrap();
    for which in [Which::Largest, Which::Smallest, Which::BothEnds] {
        let solver = GeneralizedEigensolver::new(4, Key::new(2)).which(which);
        let found = solver.run(&hessian, &metric).unwrap();
        found.report.require().unwrap_or_else(|error| panic!("{which:?}: {error} {found:?}"));
        honest("Hessian against Fisher", &found, &a, &sum, which, 1e3);
    }
    // The Gauss-Newton matrix of a softmax is its Fisher matrix: at most 1 once damped.
    let below = GeneralizedEigensolver::new(1, Key::new(3)).run(&point.gauss_newton(), &metric).unwrap();
    assert!(below.values[0] < 1.0 && below.values[0] > 0.9, "{:?}", below.values);
}

/// The preconditioned sharpness of Adam.
#[test]
fn preconditioned_sharpness() {
    let (risk, theta, adam) = trained();
    let point = risk.at(&theta).unwrap();
    let entries = adam.preconditioner();
    assert_eq!(entries.len(), theta.len());
    let metric = Metric::diagonal(entries.clone()).unwrap();
    let found = GeneralizedEigensolver::new(1, Key::new(0)).run(&point.hessian(), &metric).unwrap();
    found.report.require().unwrap();
    let hessian = to_dense(&point.hessian());
    let dim = theta.len();
    let scaled = |at: usize| hessian.entries()[at] / (entries[at / dim] * entries[at % dim]).sqrt();
    let scaled: Vec<f64> = (0..dim * dim).map(scaled).collect();
    let symmetric: Vec<f64> = (0..dim * dim).map(|at| (scaled[at] + scaled[at % dim * dim + at / dim]) / 2.0).collect();
    let largest = symmetric_eigenvalues(&symmetric, dim)[dim - 1];
    let off = (found.values[0] - largest).abs();
    assert!(off <= found.error_bounds[0] + 1e-12 * largest, "{} for {largest}", found.values[0]);
    // P^-1 H x = lambda x, as Cohen et al. write it.
    let back = product(&point.hessian(), found.vector(0));
    let residual: Vec<f64> = (0..dim).map(|i| back[i] / entries[i] - largest * found.vector(0)[i]).collect();
    assert!(norm(&residual) < 1e-8 * largest * norm(found.vector(0)), "{}", norm(&residual));
}
