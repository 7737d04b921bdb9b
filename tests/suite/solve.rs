//! Linear systems: against dense solutions, at their edges, and where they must say what went wrong.

use std::ops::ControlFlow;

use eigenscape::Scalar;
use eigenscape::krylov::{ConjugateGradients, MinimalResiduals, Solution, Stop};
use eigenscape::operator::{AssumeSymmetric, Closure, Counted, Dense, Diagonal};
use eigenscape::random::Key;

use crate::support::{Table, dot, norm, normal};

/// Q diag(values) Q' with a Householder reflection Q.
fn rotated<T: Scalar>(values: &[f64], key: Key) -> AssumeSymmetric<Dense<T>> {
    let dim = values.len();
    let u: Vec<f64> = normal(dim, key);
    let square = dot(&u, &u);
    let q = Table::new(dim, dim, |i, j| f64::from(u8::from(i == j)) - 2.0 * u[i] * u[j] / square);
    let diagonal = Table::new(dim, dim, |i, j| if i == j { values[i] } else { 0.0 });
    let matrix = q.times(&diagonal).times(&q.t());
    AssumeSymmetric::new(Dense::new(matrix.entries.iter().map(|&x| T::of(x)).collect(), dim, dim).unwrap())
}

#[track_caller]
fn solved<T: Scalar>(
    what: &str,
    values: &[f64],
    solution: &Solution<T>,
    operator: &AssumeSymmetric<Dense<T>>,
    b: &[T],
) {
    use eigenscape::operator::LinearOperator;
    solution.report.require().unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut product = b.to_vec();
    operator.apply(&solution.x, &mut product);
    let off: Vec<T> = product.iter().zip(b).map(|(y, b)| *b - *y).collect();
    let tolerance = 2.0 * T::EPSILON.f64().sqrt() * norm(b);
    assert!(norm(&off) <= tolerance, "{what}: residual {}", norm(&off));
    assert!((solution.residual_norm - norm(&off)).abs() <= 1e-3 * tolerance);
    let negative = values.iter().any(|&value| value < 0.0);
    assert!(negative || solution.negative_curvature.is_none(), "{what}: curvature of a definite matrix");
    if let Some(found) = &solution.negative_curvature {
        operator.apply(&found.direction, &mut product);
        let curvature = dot(&found.direction, &product);
        assert!((norm(&found.direction) - 1.0).abs() < 1e-3, "{what}: no unit vector");
        let size = values.iter().fold(0.0f64, |size, value| size.max(value.abs()));
        assert!((curvature - found.curvature).abs() < 100.0 * T::EPSILON.f64().sqrt() * size, "{what}");
        assert!(found.curvature <= 0.0);
    }
}

fn systems<T: Scalar>() {
    for seed in 0..10 {
        let key = Key::new(seed);
        let dim = [1, 2, 3, 10, 60][seed as usize % 5];
        let spread: Vec<f64> = (0..dim).map(|i| 0.5 + i as f64 / 10.0).collect();
        let indefinite: Vec<f64> = spread.iter().enumerate().map(|(i, x)| if i % 3 == 0 { -x } else { *x }).collect();
        let b: Vec<T> = normal(dim, key.split(1));
        let definite = rotated::<T>(&spread, key.split(0));
        let saddle = rotated::<T>(&indefinite, key.split(0));
        solved("CG", &spread, &ConjugateGradients::new().run(&definite, &b).unwrap(), &definite, &b);
        solved("MINRES", &spread, &MinimalResiduals::new().run(&definite, &b).unwrap(), &definite, &b);
        let solution = MinimalResiduals::new().run(&saddle, &b).unwrap();
        solved("MINRES on a saddle", &indefinite, &solution, &saddle, &b);
        assert!(solution.negative_curvature.is_some(), "seed {seed}: no negative curvature was met");
        let stopped = ConjugateGradients::new().run(&saddle, &b).unwrap();
        match stopped.report.stop {
            Stop::NegativeCurvature => assert!(stopped.negative_curvature.unwrap().curvature <= 0.0),
            stop => assert!(stop == Stop::Converged, "seed {seed}: {stop:?}"),
        }
    }
}

#[test]
fn systems_are_solved_in_double_precision() {
    systems::<f64>();
}

#[test]
fn systems_are_solved_in_single_precision() {
    systems::<f32>();
}

/// In m distinct eigenvalues both end after m steps, at rounding.
#[test]
fn distinct_eigenvalues_are_steps() {
    let values: Vec<f64> = (0..40).map(|i| [1.0, 5.0, 9.0][i % 3]).collect();
    let operator = Counted::new(rotated::<f64>(&values, Key::new(0)));
    let b: Vec<f64> = normal(40, Key::new(1));
    let solution = ConjugateGradients::new().relative_tolerance(1e-12).run(&operator, &b).unwrap();
    assert_eq!((solution.report.stop, solution.report.matvecs), (Stop::Converged, 4));
    assert_eq!(operator.matvecs(), 4);
    let solution = MinimalResiduals::new().relative_tolerance(1e-12).run(&operator, &b).unwrap();
    assert_eq!((solution.report.stop, solution.report.matvecs), (Stop::Converged, 4));
}

#[test]
fn singular_systems_have_least_residuals() {
    let operator = Diagonal::new(vec![2.0, 0.0, -1.0, 4.0]);
    // In the range: the solution of least norm.
    let solution = MinimalResiduals::new().run(&operator, &[2.0, 0.0, 3.0, 4.0]).unwrap();
    assert_eq!(solution.report.stop, Stop::Converged);
    assert!(solution.x.iter().zip([1.0f64, 0.0, -3.0, 1.0]).all(|(x, y)| (x - y).abs() < 1e-10), "{:?}", solution.x);
    // Out of it: what cannot be reached remains.
    let solution = MinimalResiduals::new().run(&operator, &[2.0, 5.0, 3.0, 4.0]).unwrap();
    assert_eq!(solution.report.stop, Stop::Incompatible);
    assert!((solution.residual_norm - 5.0).abs() < 1e-9, "{}", solution.residual_norm);
    assert!(solution.report.require().unwrap_err().to_string().contains("range"));
    // The zero matrix.
    let solution = MinimalResiduals::new().run(&Diagonal::new(vec![0.0, 0.0]), &[1.0, 1.0]).unwrap();
    assert_eq!((solution.report.stop, solution.x), (Stop::Incompatible, vec![0.0, 0.0]));
}

#[test]
fn edges_have_answers() {
    let identity = Diagonal::new(vec![1.0; 5]);
    for solution in [
        ConjugateGradients::new().run(&identity, &[0.0; 5]).unwrap(),
        MinimalResiduals::new().run(&identity, &[0.0; 5]).unwrap(),
    ] {
        assert_eq!((solution.x, solution.residual_norm, solution.report.matvecs), (vec![0.0; 5], 0.0, 1));
        assert!(solution.report.converged);
    }
    // Tiny and huge right sides.
    for scale in [1e-310, 1e-300, 1e-160, 1e150] {
        let b: Vec<f64> = [1.0, -2.0, 3.0, 0.5, 1.0].map(|x| x * scale).to_vec();
        let operator = Diagonal::new(vec![1.0, 2.0, 3.0, 4.0, 5.0]);
        for solution in
            [MinimalResiduals::new().run(&operator, &b).unwrap(), ConjugateGradients::new().run(&operator, &b).unwrap()]
        {
            assert!(solution.report.converged, "{scale}: {:?}", solution.report);
            let expected = [1.0, -1.0, 1.0, 0.125, 0.2].map(|x| x * scale);
            assert!(solution.x.iter().zip(expected).all(|(x, y)| (x - y).abs() <= 1e-7 * scale), "{scale}");
        }
    }
    let operator = Diagonal::new((1..=100).map(f64::from).collect());
    let b: Vec<f64> = normal(100, Key::new(0));
    let short = ConjugateGradients::new().steps(3).run(&operator, &b).unwrap();
    assert_eq!((short.report.stop, short.report.matvecs), (Stop::Budget, 4));
    let stop_at = |progress: eigenscape::krylov::Progress| {
        if progress.done == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = MinimalResiduals::new().observe(&operator, &b, stop_at).unwrap();
    assert_eq!((stopped.report.stop, stopped.report.matvecs), (Stop::Observer, 3));
    assert!(stopped.residual_norm < norm(&b));
}

#[test]
fn ill_posed_systems_are_refused() {
    let operator = Diagonal::new(vec![1.0, 2.0]);
    let cg = ConjugateGradients::new();
    assert!(cg.run(&operator, &[1.0]).unwrap_err().to_string().contains("must have 2"));
    assert!(cg.run(&operator, &[1.0, f64::NAN]).is_err());
    assert!(cg.relative_tolerance(1e-20).run(&operator, &[1.0, 1.0]).unwrap_err().to_string().contains("EPSILON"));
    assert!(cg.relative_tolerance(0.0).run(&operator, &[1.0, 1.0]).is_err());
    assert!(cg.relative_tolerance(0.0).absolute_tolerance(1e-9).run(&operator, &[1.0, 1.0]).is_ok());
    let broken = AssumeSymmetric::new(Closure::new(2, 2, |_: &[f64], y: &mut [f64]| y.fill(f64::NAN)));
    assert!(MinimalResiduals::new().run(&broken, &[1.0, 1.0]).unwrap_err().to_string().contains("product"));
}
