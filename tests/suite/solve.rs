//! Linear systems: against dense solutions, at their edges, and where they must say what went wrong.

use std::ops::ControlFlow;

use eigenscape::krylov::{ConjugateGradients, LeastSquares, LeastSquaresSolution, MinimalResiduals, Solution, Stop};
use eigenscape::operator::{
    Adjoint, AssumePositiveSemidefinite, AssumeSymmetric, Closure, Counted, Dense, Diagonal, LinearOperator,
};
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};
use std::sync::atomic::{AtomicU64, Ordering};

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

/// An operator whose product with a number is not finite. Products of the transpose count as well.
struct Broken<A> {
    inner: A,
    number: u64,
    products: AtomicU64,
}

impl<A> Broken<A> {
    fn new(inner: A, number: u64) -> Self {
        Broken { inner, number, products: AtomicU64::new(0) }
    }

    fn spoil<T: Scalar>(&self, y: &mut [T]) {
        if self.products.fetch_add(1, Ordering::Relaxed) + 1 == self.number {
            y[y.len() / 2] = T::infinity();
        }
    }
}

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Broken<A> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }
    fn cols(&self) -> usize {
        self.inner.cols()
    }
    fn apply(&self, x: &[T], y: &mut [T]) {
        self.inner.apply(x, y);
        self.spoil(y);
    }
}

impl<T: Scalar, A: Adjoint<T>> Adjoint<T> for Broken<A> {
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.inner.apply_adjoint(y, x);
        self.spoil(x);
    }
}

fn a_warm_start_is_a_start<T: Scalar>() {
    let values: Vec<f64> = (0..60).map(|i| 0.1 + f64::from(i)).collect();
    let operator = rotated::<T>(&values, Key::new(0));
    let (b, other): (Vec<T>, Vec<T>) = (normal(60, Key::new(1)), normal(60, Key::new(2)));
    let cold = ConjugateGradients::new().run(&operator, &b).unwrap();
    // A right side nearby: the solution of the first is most of the way.
    let near: Vec<T> = b.iter().zip(&other).map(|(&b, &o)| b + T::of(1e-2) * o).collect();
    let from = ConjugateGradients::new().start(&cold.x).run(&operator, &near).unwrap();
    let without = ConjugateGradients::new().run(&operator, &near).unwrap();
    solved("CG, warm", &values, &from, &operator, &near);
    assert!(from.report.matvecs < without.report.matvecs, "{:?} {:?}", from.report, without.report);
    let from = MinimalResiduals::new().start(&cold.x).run(&operator, &near).unwrap();
    solved("MINRES, warm", &values, &from, &operator, &near);
    // From the solution: one product for the residual there and one at the end.
    let again = ConjugateGradients::new().relative_tolerance(1e-2).start(&cold.x).run(&operator, &b).unwrap();
    assert_eq!((again.report.stop, again.report.matvecs), (Stop::Converged, 2));
    assert_eq!(again.x, cold.x);
    // From any vector.
    let far = MinimalResiduals::new().start(&other).run(&operator, &b).unwrap();
    solved("MINRES, from anywhere", &values, &far, &operator, &b);
    // The right side 0 has the solution 0.
    let zero = vec![T::zero(); 60];
    assert_eq!(ConjugateGradients::new().start(&other).run(&operator, &zero).unwrap().x, zero);
    assert!(matches!(ConjugateGradients::new().start(&b[1..]).run(&operator, &b), Err(Error::Length { .. })));
    let nan = vec![T::nan(); 60];
    assert!(matches!(MinimalResiduals::new().start(&nan).run(&operator, &b), Err(Error::NotFinite { .. })));
}

/// diag(scales) (I + low rank) diag(scales): condition number 1e8 by scale alone.
fn badly_scaled<T: Scalar>(dim: usize) -> (AssumeSymmetric<Dense<T>>, AssumePositiveSemidefinite<Diagonal<T>>) {
    let scale = |i: usize| 10f64.powf(4.0 * i as f64 / (dim - 1) as f64 - 2.0);
    let u: Vec<f64> = normal(dim, Key::new(3));
    let entry = |i: usize, j: usize| scale(i) * scale(j) * (f64::from(u8::from(i == j)) + u[i] * u[j] / dim as f64);
    let entries = (0..dim * dim).map(|e| T::of(entry(e / dim, e % dim))).collect();
    let inverse = Diagonal::new((0..dim).map(|i| T::of(1.0 / entry(i, i))).collect());
    (AssumeSymmetric::new(Dense::new(entries, dim, dim).unwrap()), AssumePositiveSemidefinite::new(inverse))
}

fn preconditioners_precondition<T: Scalar>() {
    let (operator, inverse) = badly_scaled::<T>(100);
    let b: Vec<T> = normal(100, Key::new(4));
    let settings = ConjugateGradients::new().steps(2000);
    let plain = settings.run(&operator, &b).unwrap();
    let better = settings.preconditioner(&inverse).run(&operator, &b).unwrap();
    // Scaled by its diagonal the matrix is a well-conditioned one plus rank one: some ten steps.
    better.report.require().unwrap();
    assert!(better.report.matvecs <= 25 && 4 * better.report.matvecs < plain.report.matvecs, "{:?}", better.report);
    let mut product = b.clone();
    operator.apply(&better.x, &mut product);
    let off: f64 = product.iter().zip(&b).map(|(y, b)| (y.f64() - b.f64()).powi(2)).sum::<f64>().sqrt();
    assert!(off <= 2.0 * T::EPSILON.f64().sqrt() * norm(&b), "{off}");
    // The identity changes not a bit.
    let identity = AssumePositiveSemidefinite::new(Diagonal::new(vec![T::one(); 100]));
    let same = settings.steps(30).preconditioner(&identity).run(&operator, &b).unwrap();
    assert_eq!(same, settings.steps(30).run(&operator, &b).unwrap());
    // With a warm start, and negative curvature.
    let warm = settings.preconditioner(&inverse).start(&better.x).run(&operator, &b).unwrap();
    assert_eq!((warm.report.stop, warm.report.matvecs), (Stop::Converged, 2));
    let mut entries = vec![T::one(); 100];
    entries[7] = -T::one();
    let saddle = settings.preconditioner(&inverse).run(&Diagonal::new(entries), &b).unwrap();
    assert_eq!(saddle.report.stop, Stop::NegativeCurvature);
    assert!(saddle.negative_curvature.unwrap().curvature < 0.0);
    // Of the wrong size, indefinite, not finite.
    let small = AssumePositiveSemidefinite::new(Diagonal::new(vec![T::one(); 99]));
    assert!(matches!(settings.preconditioner(&small).run(&operator, &b), Err(Error::Shapes { .. })));
    for entry in [T::zero(), -T::one()] {
        let wrong = AssumePositiveSemidefinite::new(Diagonal::new(vec![entry; 100]));
        let error = settings.preconditioner(&wrong).run(&operator, &b).unwrap_err();
        assert!(error.to_string().contains("positive definite preconditioner"), "{error}");
    }
    let broken = AssumePositiveSemidefinite::new(Broken::new(&identity, 1));
    assert!(matches!(settings.preconditioner(&broken).run(&operator, &b), Err(Error::NotFinite { index: 50, .. })));
    let later = AssumePositiveSemidefinite::new(Broken::new(&inverse, 3));
    let part = settings.preconditioner(&later).run(&operator, &b).unwrap();
    assert_eq!((part.report.stop, part.report.matvecs), (Stop::NotFinite, 2));
    assert_eq!(part.x, settings.steps(2).preconditioner(&inverse).run(&operator, &b).unwrap().x);
}

/// A product that is not finite leaves what was known before it.
fn broken_products_leave_the_steps_before<T: Scalar>() {
    let values: Vec<f64> = (0..40).map(|i| 1.0 + f64::from(i)).collect();
    let operator = rotated::<T>(&values, Key::new(0));
    let b: Vec<T> = normal(40, Key::new(1));
    let start: Vec<T> = normal(40, Key::new(2));
    let promise = |number: u64| AssumeSymmetric::new(Broken::new(&operator, number));
    let (cg, minres) = (ConjugateGradients::new(), MinimalResiduals::new());
    for number in 2..8 {
        let steps = number as usize - 1;
        for (part, whole, what) in [
            (cg.run(&promise(number), &b).unwrap(), cg.steps(steps).run(&operator, &b).unwrap(), "CG"),
            (minres.run(&promise(number), &b).unwrap(), minres.steps(steps).run(&operator, &b).unwrap(), "MINRES"),
        ] {
            assert_eq!((part.report.stop, part.report.matvecs), (Stop::NotFinite, number), "{what}");
            assert_eq!(part.x, whole.x, "{what} {number}");
            let tolerance = 1e3 * T::EPSILON.f64() * norm(&b);
            assert!((part.residual_norm - whole.residual_norm).abs() <= tolerance, "{what} {number}");
            assert!(part.report.require().unwrap_err().to_string().contains("not finite"));
        }
        // From a start the first product is that at the start.
        let part = cg.start(&start).run(&promise(number), &b).unwrap();
        let whole = cg.start(&start).steps(steps - 1).run(&operator, &b).unwrap();
        assert_eq!((part.report.stop, part.report.matvecs, part.x), (Stop::NotFinite, number, whole.x));
    }
    for error in [
        cg.run(&promise(1), &b).unwrap_err(),
        minres.run(&promise(1), &b).unwrap_err(),
        cg.start(&start).run(&promise(1), &b).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Product { number: 1, index: 20, .. }), "{error}");
    }
    // The last product, which is for the residual.
    let products = cg.run(&operator, &b).unwrap().report.matvecs;
    let part = cg.run(&promise(products), &b).unwrap();
    assert_eq!((part.report.stop, part.report.matvecs), (Stop::NotFinite, products));
    assert!(part.residual_norm <= T::EPSILON.f64().sqrt() * norm(&b));
    // Least squares: products with A and A' count alike; the first has nothing before it.
    let dense = Dense::new(normal::<T>(40 * 20, Key::new(5)), 40, 20).unwrap();
    let lsmr = LeastSquares::new();
    assert!(matches!(lsmr.run(&Broken::new(&dense, 1), &b), Err(Error::Product { number: 1, index: 10, .. })));
    for number in 2..9 {
        let part = lsmr.run(&Broken::new(&dense, number), &b).unwrap();
        let whole = lsmr.steps((number as usize - 2) / 2).run(&dense, &b).unwrap();
        assert_eq!((part.report.stop, part.report.matvecs), (Stop::NotFinite, number));
        assert_eq!(part.x, whole.x, "{number}");
        assert!((part.residual_norm - whole.residual_norm).abs() <= 1e-3 * whole.residual_norm);
        assert!(part.gradient_norm.is_finite());
    }
    // Those at the end as well.
    let products = lsmr.run(&dense, &b).unwrap().report.matvecs;
    for number in [products - 1, products] {
        let part = lsmr.run(&Broken::new(&dense, number), &b).unwrap();
        assert_eq!((part.report.stop, part.report.matvecs), (Stop::NotFinite, number));
    }
}

/// U diag(singular) V', with the orthonormal columns of U and V by another library.
fn with_singular_values(rows: usize, cols: usize, singular: &[f64], key: Key) -> (Table, Table, Table) {
    let columns = |dim: usize, key: Key| {
        let entries: Vec<f64> = normal(dim * singular.len(), key);
        let q = faer::Mat::from_fn(dim, singular.len(), |i, j| entries[i * singular.len() + j]).qr().compute_thin_Q();
        Table::new(dim, singular.len(), |i, j| q[(i, j)])
    };
    let (u, v) = (columns(rows, key.split(0)), columns(cols, key.split(1)));
    let scaled = Table::new(rows, singular.len(), |i, j| u.at(i, j) * singular[j]);
    (scaled.times(&v.t()), u, v)
}

/// The minimizer of least norm, from the singular values.
fn minimizer(u: &Table, v: &Table, singular: &[f64], damping: f64, b: &[f64]) -> Vec<f64> {
    let along = u.t().product(b);
    let part = |(s, c): (&f64, f64)| if *s == 0.0 { 0.0 } else { s * c / (s * s + damping * damping) };
    v.product(&singular.iter().zip(along).map(part).collect::<Vec<_>>())
}

fn least_squares<T: Scalar>() {
    let epsilon = T::EPSILON.f64();
    for (case, (rows, cols, rank)) in
        [(1, 1, 1), (30, 12, 12), (12, 30, 12), (20, 20, 20), (40, 25, 9), (25, 40, 9), (50, 1, 1), (1, 50, 1)]
            .into_iter()
            .enumerate()
    {
        for damping in [0.0, 0.3] {
            for compatible in [false, true] {
                let key = Key::new(case as u64);
                let width = rows.min(cols);
                let singular: Vec<f64> =
                    (0..width).map(|i| if i < rank { 3.0 * 0.7f64.powi(i as i32) } else { 0.0 }).collect();
                let (matrix, u, v) = with_singular_values(rows, cols, &singular, key);
                let any: Vec<f64> = normal(rows, key.split(2));
                let b = if compatible { matrix.product(&normal::<f64>(cols, key.split(3))) } else { any };
                let operator: Dense<T> =
                    Dense::new(matrix.entries.iter().map(|&x| T::of(x)).collect(), rows, cols).unwrap();
                let right: Vec<T> = b.iter().map(|&x| T::of(x)).collect();
                let tolerance = 16.0 * epsilon;
                let settings = LeastSquares::new().relative_tolerance(tolerance).damping(damping);
                let solution = settings.run(&operator, &right).unwrap();
                let what = format!("{} {rows}x{cols} rank {rank}, damping {damping}, {compatible}", T::NAME);
                assert!(
                    matches!(solution.report.stop, Stop::Converged | Stop::Rounding),
                    "{what}: {:?}",
                    solution.report
                );
                let expected = minimizer(&u, &v, &singular, damping, &b);
                // The condition number, squared for the part of b outside of the range.
                let condition = singular[0] / singular[rank - 1];
                let off: Vec<f64> = solution.x.iter().zip(&expected).map(|(x, y)| x.f64() - y).collect();
                let bound =
                    20.0 * tolerance * condition * condition * (norm(&b) / singular[rank - 1]).max(norm(&expected));
                assert!(norm(&off) <= bound, "{what}: off by {:e} of {:e}", norm(&off), bound);
                // Residual and gradient, recomputed in double precision.
                let residual: Vec<f64> = matrix.product(&solution.x).iter().zip(&b).map(|(y, b)| b - y).collect();
                let gradient: Vec<f64> = (matrix.t().product(&residual).iter().zip(&solution.x))
                    .map(|(g, x)| g - damping * damping * x.f64())
                    .collect();
                let rounding = 100.0 * epsilon * norm(&b).max(1.0);
                assert!((solution.residual_norm - norm(&residual)).abs() <= rounding, "{what}");
                assert!((solution.gradient_norm - norm(&gradient)).abs() <= 10.0 * rounding, "{what}");
                assert!(damping > 0.0 || !compatible || solution.compatible, "{what}: the system has a solution");
                let goal = tolerance * (norm(&b) + singular[0].hypot(damping) * norm(&solution.x));
                assert!(!solution.compatible || norm(&residual) <= 2.0 * goal + rounding, "{what}: no solution");
                // The norm is an estimate from below.
                let norm = singular[0].hypot(damping);
                assert!(solution.operator_norm <= norm * (1.0 + 10.0 * epsilon), "{what}: {}", solution.operator_norm);
                assert!(solution.operator_norm >= 0.3 * norm, "{what}: {}", solution.operator_norm);
            }
        }
    }
}

fn stops_of_least_squares<T: Scalar>() {
    let lsmr = LeastSquares::<T>::new();
    let wide = Dense::new(vec![T::one(), T::zero(), T::one(), T::zero(), T::of(2.0), T::zero()], 2, 3).unwrap();
    // Nothing to do: the right side 0, and one orthogonal to the range.
    let zero = lsmr.run(&wide, &[T::zero(); 2]).unwrap();
    assert_eq!((zero.x, zero.report.stop), (vec![T::zero(); 3], Stop::Converged));
    assert!(zero.compatible && zero.residual_norm == 0.0);
    let tall = Dense::new(vec![T::one(), T::zero()], 2, 1).unwrap();
    let orthogonal = lsmr.run(&tall, &[T::zero(), T::one()]).unwrap();
    assert_eq!((orthogonal.x, orthogonal.residual_norm), (vec![T::zero()], 1.0));
    assert!(orthogonal.report.converged && !orthogonal.compatible);
    let nothing = lsmr.run(&Dense::new(vec![T::zero(); 6], 2, 3).unwrap(), &[T::one(); 2]).unwrap();
    assert_eq!((nothing.x, nothing.report.stop, nothing.compatible), (vec![T::zero(); 3], Stop::Converged, false));
    // The solution nearest to the start: the last column is never touched.
    let start = [T::of(5.0), T::of(-1.0), T::of(3.0)];
    let near = lsmr.start(&start).run(&wide, &[T::of(2.0), T::of(2.0)]).unwrap();
    let expected = [2.0, 1.0, 0.0];
    assert!(
        near.x.iter().zip(expected).all(|(x, y)| (x.f64() - y).abs() < 40.0 * T::EPSILON.f64().sqrt()),
        "{:?}",
        near.x
    );
    // The damped one lies between: with a huge damping it stays.
    let stays = lsmr.start(&start).damping(1e6).run(&wide, &[T::of(2.0), T::of(2.0)]).unwrap();
    assert!(stays.x.iter().zip(start).all(|(x, y)| (x.f64() - y.f64()).abs() < 1e-4), "{:?}", stays.x);
    // Tiny and huge numbers.
    for scale in [1e-30, 1e30] {
        let right = [T::of(2.0 * scale), T::of(2.0 * scale)];
        let scaled = lsmr.run(&wide, &right).unwrap();
        assert!(scaled.report.converged && (scaled.x[1].f64() / scale - 1.0).abs() < 1e-3, "{scale}: {:?}", scaled);
    }
    // Budget, observer, condition limit.
    let singular: Vec<f64> = (0..30).map(|i| 0.8f64.powi(i)).collect();
    let (matrix, ..) = with_singular_values(60, 30, &singular, Key::new(0));
    let operator: Dense<T> = Dense::new(matrix.entries.iter().map(|&x| T::of(x)).collect(), 60, 30).unwrap();
    let b: Vec<T> = normal(60, Key::new(1));
    let short = lsmr.steps(3).run(&operator, &b).unwrap();
    assert_eq!((short.report.stop, short.report.matvecs), (Stop::Budget, 1 + 2 * 3 + 2));
    let stop_at = |progress: eigenscape::krylov::Progress| {
        if progress.done == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = lsmr.observe(&operator, &b, stop_at).unwrap();
    assert_eq!((stopped.report.stop, stopped.report.matvecs), (Stop::Observer, 1 + 2 * 2 + 2));
    assert!(short.residual_norm <= stopped.residual_norm && stopped.residual_norm < norm(&b));
    let limited = lsmr.condition_limit(5.0).run(&operator, &b).unwrap();
    assert_eq!(limited.report.stop, Stop::IllConditioned);
    assert!(limited.condition_number >= 5.0 && limited.condition_number <= 0.8f64.powi(-29));
    assert!(limited.report.require().unwrap_err().to_string().contains("condition number"));
    // Ill-posed.
    let refused = |result: Result<LeastSquaresSolution<T>, Error>| result.unwrap_err().to_string();
    assert!(refused(lsmr.run(&operator, &b[1..])).contains("must have 60"));
    assert!(refused(lsmr.run(&operator, &[T::nan(); 60])).contains("right side"));
    assert!(refused(lsmr.start(&b).run(&operator, &b)).contains("must have 30"));
    assert!(refused(lsmr.damping(-1.0).run(&operator, &b)).contains("damping"));
    assert!(refused(lsmr.condition_limit(1.0).run(&operator, &b)).contains("above 1"));
    assert!(refused(lsmr.relative_tolerance(1e-20).run(&operator, &b)).contains("EPSILON"));
    assert!(refused(lsmr.run(&Dense::new(vec![], 0, 3).unwrap(), &[])).contains("empty"));
}

macro_rules! laws {
    ($scalar:ident) => {
        mod $scalar {
            #[test]
            fn a_warm_start_is_a_start() {
                super::a_warm_start_is_a_start::<$scalar>();
            }

            #[test]
            fn preconditioners_precondition() {
                super::preconditioners_precondition::<$scalar>();
            }

            #[test]
            fn broken_products_leave_the_steps_before() {
                super::broken_products_leave_the_steps_before::<$scalar>();
            }

            #[test]
            fn least_squares_are_those_of_the_singular_values() {
                super::least_squares::<$scalar>();
            }

            #[test]
            fn least_squares_say_why_they_stop() {
                super::stops_of_least_squares::<$scalar>();
            }
        }
    };
}

laws!(f32);
laws!(f64);

#[test]
fn the_same_bits_with_one_and_two_threads() {
    let operator = Diagonal::new((0..100_000).map(|i| 1.0 + (f64::from(i) / 1e4).sin().powi(2)).collect::<Vec<f64>>());
    let b: Vec<f64> = normal(100_000, Key::new(0));
    let run = || {
        let cg = ConjugateGradients::new().run(&operator, &b).unwrap();
        let minres = MinimalResiduals::new().run(&operator, &b).unwrap();
        let lsmr = LeastSquares::new().run(&operator, &b).unwrap();
        (cg, minres, lsmr)
    };
    assert!(crate::support::with_threads(1, run) == crate::support::with_threads(2, run));
}
