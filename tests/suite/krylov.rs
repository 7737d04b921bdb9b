//! Tests of `krylov`: identities, dense spectra from another library, and the traps of other Lanczos programs.

use std::ops::ControlFlow;

use eigenscape::krylov::{Eigensolver, Factorization, Lanczos, Orthogonalization, Stop, Which};
use eigenscape::operator::{AssumeSymmetric, Closure, Counted, Dense, Diagonal, LinearOperator};
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};
use proptest::prelude::*;

/// Spectra of the kinds that break Lanczos programs; norms up to 5.
pub(crate) fn spectrum(kind: usize, dim: usize) -> Vec<f64> {
    (0..dim)
        .map(|i| match kind {
            0 => 5.0 * 0.8f64.powi(i as i32), // decaying
            1 => {
                if i < dim.div_ceil(3) {
                    2.0
                } else {
                    -1.0
                }
            } // a step: two values
            2 => [3.0, 3.0, 1.0, -2.0, -2.0][i % 5], // repeated
            3 => {
                if i < 2 {
                    5.0 - i as f64
                } else {
                    1e-3 * (i as f64).sin()
                }
            } // spiked
            4 => {
                if i == 0 {
                    4.0
                } else {
                    0.0
                }
            } // rank one
            5 => 0.0,                         // zero
            _ => (1.7 * i as f64).sin(),      // without structure
        })
        .collect()
}

/// Q diag(values) Q' with a random orthogonal Q, made and rotated by `faer`.
pub(crate) fn rotated<T: Scalar>(values: &[f64], key: Key) -> Vec<T> {
    let dim = values.len();
    let mut normal = vec![0.0; dim * dim];
    key.normal(0, &mut normal);
    let q = faer::Mat::from_fn(dim, dim, |i, j| normal[i * dim + j]).qr().compute_Q();
    let scaled = faer::Mat::from_fn(dim, dim, |i, j| q[(i, j)] * values[j]);
    let product = &scaled * q.transpose();
    // Symmetric to the last bit.
    (0..dim * dim).map(|e| T::of((product[(e / dim, e % dim)] + product[(e % dim, e / dim)]) / 2.0)).collect()
}

/// All eigenvalues, ascending, by `faer` in double precision, as Rayleigh quotients of its eigenvectors: the eigenvalues
/// that it returns err by up to 40 rounding errors of the norm, which is more than what is judged.
pub(crate) fn eigenvalues<T: Scalar>(entries: &[T], dim: usize) -> Vec<f64> {
    let matrix = faer::Mat::from_fn(dim, dim, |i, j| entries[i * dim + j].f64());
    let vectors = matrix.self_adjoint_eigen(faer::Side::Lower).unwrap().U().to_owned();
    let products = &matrix * &vectors;
    let quotient = |j: usize| {
        let column = |of: &faer::Mat<f64>| -> Vec<f64> { (0..dim).map(|i| of[(i, j)]).collect() };
        let vector = column(&vectors);
        inner(&vector, &column(&products)) / inner(&vector, &vector)
    };
    let mut values: Vec<f64> = (0..dim).map(quotient).collect();
    values.sort_by(f64::total_cmp);
    values
}

pub(crate) fn operator<T: Scalar>(entries: &[T], dim: usize) -> AssumeSymmetric<Dense<T>> {
    AssumeSymmetric::new(Dense::new(entries.to_vec(), dim, dim).unwrap())
}

pub(crate) fn normal<T: Scalar>(key: Key, dim: usize) -> Vec<T> {
    let mut vector = vec![T::zero(); dim];
    key.normal(0, &mut vector);
    vector
}

pub(crate) fn in_threads<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

/// Compensated: a plain sum of 5000 terms in double precision errs by more than what is judged.
fn inner<T: Scalar>(x: &[T], y: &[T]) -> f64 {
    let (mut sum, mut lost) = (0.0, 0.0);
    for term in x.iter().zip(y).map(|(x, y)| x.f64() * y.f64()) {
        let next: f64 = sum + term;
        lost += if sum.abs() >= f64::abs(term) { (sum - next) + term } else { (term - next) + sum };
        sum = next;
    }
    sum + lost
}

/// The largest entries of |A V - V T - r e'| and |V'V - I|, and the largest of |V'r|, all in double precision.
fn defects<T: Scalar>(operator: &impl LinearOperator<T>, factorization: &Factorization<T>) -> (f64, f64, f64) {
    let (dim, steps) = (factorization.dim(), factorization.steps());
    let basis: Vec<Vec<T>> = (0..steps).map(|j| factorization.vector(j)).collect();
    let (alpha, beta) = (factorization.diagonal(), factorization.subdiagonal());
    let mut product = vec![T::zero(); dim];
    let (mut recurrence, mut orthogonality, mut residual) = (0.0f64, 0.0f64, 0.0f64);
    for j in 0..steps {
        operator.apply(&basis[j], &mut product);
        for i in 0..dim {
            let mut expected = alpha[j] * basis[j][i].f64();
            if j > 0 {
                expected += beta[j - 1] * basis[j - 1][i].f64();
            }
            expected += if j + 1 < steps { beta[j] * basis[j + 1][i].f64() } else { factorization.residual()[i].f64() };
            recurrence = recurrence.max((product[i].f64() - expected).abs());
        }
        for k in 0..=j {
            let identity = if j == k { 1.0 } else { 0.0 };
            orthogonality = orthogonality.max((inner(&basis[j], &basis[k]) - identity).abs());
        }
        residual = residual.max(inner(&basis[j], factorization.residual()).abs());
    }
    (recurrence, orthogonality, residual)
}

fn identities<T: Scalar>(kind: usize, dim: usize, steps: usize, key: u64) {
    let entries: Vec<T> = rotated(&spectrum(kind, dim), Key::new(key).split(0));
    let operator = operator(&entries, dim);
    let factorization = Lanczos::new(steps).run(&operator, &normal::<T>(Key::new(key).split(1), dim)).unwrap();
    let (recurrence, orthogonality, residual) = defects(&operator, &factorization);
    // Products of up to 80 terms, norms up to 5.
    let rounding = 40.0 * T::EPSILON.f64();
    assert!(factorization.steps() <= steps.min(dim) && factorization.steps() >= 1);
    assert!(factorization.steps() == steps.min(dim) || factorization.breakdown());
    assert!(recurrence <= 5.0 * rounding, "recurrence {recurrence:e}");
    assert!(orthogonality <= rounding, "orthogonality {orthogonality:e}");
    assert!(residual <= 5.0 * rounding, "V'r {residual:e}");
    let measured = factorization.orthogonality();
    assert!((measured - orthogonality).abs() <= rounding, "measured {measured:e}, true {orthogonality:e}");
    assert_eq!(factorization.matvecs(), factorization.steps() as u64);
}

/// Values within their bounds of a dense spectrum, true residuals, orthonormal vectors, order.
fn eigenpairs<T: Scalar>(kind: usize, dim: usize, count: usize, which: Which, key: u64) {
    let entries: Vec<T> = rotated(&spectrum(kind, dim), Key::new(key).split(0));
    let ascending = eigenvalues(&entries, dim);
    let operator = Counted::new(operator(&entries, dim));
    let pairs = Eigensolver::new(count, Key::new(key).split(1)).which(which).run(&operator).unwrap();
    let rounding = 40.0 * T::EPSILON.f64();
    assert_eq!(pairs.len(), count);
    assert_eq!(pairs.report.matvecs, operator.matvecs());
    assert_eq!(pairs.report.stop, Stop::Converged);
    pairs.report.require().unwrap();
    let norm = ascending[dim - 1].abs().max(ascending[0].abs());
    let tolerance = T::EPSILON.f64().powf(2.0 / 3.0) * norm;
    // Whether equal eigenvalues and different ones can be told apart by the tolerance.
    let gaps = ascending.windows(2).map(|pair| pair[1] - pair[0]);
    let clear = gaps.into_iter().all(|gap| gap <= rounding * norm || gap >= 8.0 * tolerance);
    for index in 0..count {
        let (value, vector) = (pairs.values[index], pairs.vector(index));
        let mut product = vec![T::zero(); dim];
        operator.apply(vector, &mut product);
        let residual = product.iter().zip(vector).map(|(p, v)| (p.f64() - value * v.f64()).powi(2)).sum::<f64>().sqrt();
        assert!((residual - pairs.residual_norms[index]).abs() <= 5.0 * rounding);
        assert!(residual <= tolerance * 1.001 && pairs.converged[index]);
        assert!(pairs.error_bounds[index] <= residual + rounding * norm);
        for other in 0..=index {
            let expected = if other == index { 1.0 } else { 0.0 };
            assert!((inner(vector, pairs.vector(other)) - expected).abs() <= rounding);
        }
        // The nearest eigenvalue lies within the residual always, within the bound if no near eigenvalue went unseen; each
        // up to rounding, the oracle's included, which counts when both work in double precision.
        let error = ascending.iter().map(|exact| (exact - value).abs()).fold(f64::INFINITY, f64::min);
        let oracle = 8.0 * f64::EPSILON * norm;
        assert!(error <= residual + 4.0 * T::EPSILON.f64() * norm + oracle, "error {error:e}, residual {residual:e}");
        let bound = pairs.error_bounds[index] + oracle;
        assert!(!clear || error <= bound, "error {error:e}, bound {bound:e}");
    }
    // The wanted ones, copies included.
    let bottom = ascending.iter().take(if which == Which::Largest {
        0
    } else {
        count / if which == Which::Smallest { 1 } else { 2 }
    });
    let top = ascending.iter().rev().take(count - bottom.len());
    let wanted: Vec<f64> = top.chain(bottom.clone().rev()).copied().collect();
    let mut found = pairs.values.clone();
    found.sort_by(|a, b| b.total_cmp(a));
    for (value, exact) in found.iter().zip(&wanted) {
        assert!(!clear || (value - exact).abs() <= tolerance, "{found:?} for {wanted:?}");
    }
    let from = |a: f64, b: f64| if which == Which::Smallest { a <= b } else { a >= b };
    assert!(pairs.values.windows(2).all(|pair| from(pair[0], pair[1])));
}

macro_rules! laws {
    ($scalar:ident) => {
        mod $scalar {
            use super::*;

            proptest! {
                #![proptest_config(crate::oracle::cases(60))]

                #[test]
                fn the_factorization_satisfies_its_identities(
                    kind in 0usize..7, dim in 1usize..80, steps in 1usize..90, key: u64,
                ) {
                    identities::<$scalar>(kind, dim, steps, key);
                }

                #[test]
                fn eigenpairs_lie_within_their_bounds(
                    kind in 0usize..7, dim in 1usize..80, part in 0.0f64..1.0, end in 0usize..3, key: u64,
                ) {
                    let count = 1 + (part * dim as f64) as usize;
                    let which = [Which::Largest, Which::Smallest, Which::BothEnds][end];
                    eigenpairs::<$scalar>(kind, dim, count.min(dim), which, key);
                }
            }

            #[test]
            fn identities_hold_across_chunks_of_the_basis() {
                let dim = 5000;
                let operator = Diagonal::new((0..dim).map(|i| $scalar::of((i as f64).sin())).collect());
                let start = normal::<$scalar>(Key::new(0), dim);
                let factorization = Lanczos::new(60).run(&operator, &start).unwrap();
                let (recurrence, orthogonality, residual) = defects(&operator, &factorization);
                let rounding = 20.0 * $scalar::EPSILON.f64();
                assert!(recurrence <= rounding, "recurrence {recurrence:e}");
                assert!(orthogonality <= rounding, "orthogonality {orthogonality:e}");
                assert!(residual <= rounding, "V'r {residual:e}");
                let combined = factorization.combine(&[vec![0.0; 59], vec![1.0]].concat());
                assert_eq!(combined, factorization.vector(59));
            }

            #[test]
            fn the_same_bits_with_one_and_two_threads_and_in_one_or_two_runs() {
                let dim = 5000;
                let operator = Diagonal::new((0..dim).map(|i| $scalar::of((i as f64).sin())).collect());
                let start = normal::<$scalar>(Key::new(0), dim);
                let bits = |factorization: &Factorization<$scalar>| {
                    (
                        factorization.diagonal().to_vec(),
                        factorization.residual().to_vec(),
                        factorization.orthogonality(),
                    )
                };
                let one = in_threads(1, || bits(&Lanczos::new(40).run(&operator, &start).unwrap()));
                let two = in_threads(2, || bits(&Lanczos::new(40).run(&operator, &start).unwrap()));
                assert!(one == two);
                let mut expanded = Lanczos::new(7).run(&operator, &start).unwrap();
                expanded.expand(&operator, 40).unwrap();
                assert!(one == bits(&expanded));
                let solve = || Eigensolver::new(3, Key::new(2)).steps(60).run(&operator).unwrap();
                assert!(in_threads(1, solve) == in_threads(2, solve));
            }

            #[test]
            fn every_size_of_a_request_is_answered_with_multiplicities() {
                for kind in 0..7 {
                    for dim in [1, 2, 3, 10] {
                        let values = spectrum(kind, dim);
                        let operator = Diagonal::new(values.iter().map(|&x| $scalar::of(x)).collect());
                        let mut expected: Vec<f64> = values.iter().map(|&x| $scalar::of(x).f64()).collect();
                        expected.sort_by(|a, b| b.total_cmp(a));
                        for count in 1..=dim {
                            let pairs = Eigensolver::new(count, Key::new(5)).run(&operator).unwrap();
                            assert!(pairs.report.converged, "kind {kind}, {count} of {dim}: {:?}", pairs.report);
                            for (value, exact) in pairs.values.iter().zip(&expected) {
                                let error = (value - exact).abs();
                                assert!(
                                    error <= 60.0 * $scalar::EPSILON.f64(),
                                    "kind {kind}, {count} of {dim}: {error:e}"
                                );
                            }
                        }
                    }
                }
            }

            #[test]
            fn breakdown_is_relative_to_the_norm_of_the_operator() {
                // Two values; three vectors of noise more if a threshold were absolute, one less if it were too large.
                for scale in [1e-25, 1.0, 1e25] {
                    let entries = (0..50).map(|i| $scalar::of(if i % 2 == 0 { scale } else { -3.0 * scale })).collect();
                    let factorization = Lanczos::new(20).run(&Diagonal::new(entries), &[$scalar::of(1.0); 50]).unwrap();
                    assert_eq!((factorization.steps(), factorization.breakdown()), (2, true), "scale {scale:e}");
                }
                let zero = Diagonal::new(vec![$scalar::of(0.0); 9]);
                let factorization = Lanczos::new(20).run(&zero, &[$scalar::of(1.0); 9]).unwrap();
                assert_eq!((factorization.steps(), factorization.breakdown()), (1, true));
                assert_eq!((factorization.diagonal(), factorization.residual_norm()), (&[0.0][..], 0.0));
                // A small coupling that is not rounding error is kept.
                let small =
                    Diagonal::new(vec![$scalar::of(1.0), $scalar::of(1.0) - $scalar::of(200.0) * $scalar::EPSILON]);
                assert_eq!(Lanczos::new(2).run(&small, &[$scalar::of(1.0); 2]).unwrap().steps(), 2);
            }

            #[test]
            fn full_orthogonalization_survives_a_huge_outlier() {
                let dim = 1000;
                let entries = (0..dim).map(|i| $scalar::of(if i == 0 { 1e4 } else { (i as f64).sin() }));
                let operator = Diagonal::new(entries.collect());
                let start = normal::<$scalar>(Key::new(0), dim);
                let level = |orthogonalization, steps| {
                    let lanczos = Lanczos::new(steps).orthogonalization(orthogonalization);
                    lanczos.run(&operator, &start).unwrap().orthogonality()
                };
                assert!(level(Orthogonalization::Full, 300) <= 20.0 * $scalar::EPSILON.f64());
                assert!(level(Orthogonalization::None, 300) > 0.5);
                assert!(level(Orthogonalization::Local, 300) > 0.5);
                assert!(level(Orthogonalization::Local, 3) <= level(Orthogonalization::None, 3));
            }
        }
    };
}

laws!(f32);
laws!(f64);

#[test]
fn a_recurrence_alone_shows_ghosts_and_says_so() {
    let dim = 400;
    let entries: Vec<f64> = (0..dim).map(|i| if i == 0 { 10.0 } else { i as f64 / dim as f64 }).collect();
    let operator = Diagonal::new(entries);
    let copies = |orthogonalization| {
        let lanczos = Lanczos::new(120).orthogonalization(orthogonalization);
        let factorization = lanczos.run(&operator, &normal::<f64>(Key::new(0), dim)).unwrap();
        let (alpha, beta) = (factorization.diagonal(), factorization.subdiagonal());
        let t = faer::Mat::from_fn(120, 120, |i, j| match i.abs_diff(j) {
            0 => alpha[i],
            1 => beta[i.min(j)],
            _ => 0.0,
        });
        let values = t.self_adjoint_eigenvalues(faer::Side::Lower).unwrap();
        (values.iter().filter(|&&value| (value - 10.0).abs() < 1e-6).count(), factorization.orthogonality())
    };
    let (ghosts, level) = copies(Orthogonalization::None);
    assert!(ghosts > 1 && level > 0.9, "{ghosts} copies at level {level}");
    let (copies, level) = copies(Orthogonalization::Full);
    assert!(copies == 1 && level < 1e-14, "{copies} copies at level {level}");
}

#[test]
fn numbers_near_the_ends_of_double_precision_do_not_overflow() {
    for scale in [1e-290, 1e-170, 1e170, 1e290] {
        let operator = Diagonal::new((1..=40).map(|i| f64::from(i) * scale).collect());
        let pairs = Eigensolver::new(2, Key::new(0)).run(&operator).unwrap();
        assert!(pairs.report.converged, "scale {scale:e}: {:?}", pairs.report);
        assert!((pairs.values[0] / scale - 40.0).abs() < 1e-12 && (pairs.values[1] / scale - 39.0).abs() < 1e-12);
        let start = vec![scale; 40];
        assert!(Lanczos::new(40).run(&operator, &start).unwrap().orthogonality() < 1e-13);
    }
}

#[test]
fn a_start_in_an_eigenspace_does_not_hide_the_wanted_end() {
    let operator = Diagonal::new((0..60).map(f64::from).collect());
    let mut start = vec![0.0; 60];
    start[3] = 1.0;
    let factorization = Lanczos::new(10).run(&operator, &start).unwrap();
    assert_eq!((factorization.steps(), factorization.diagonal()[0]), (1, 3.0));
    let pairs = Eigensolver::new(1, Key::new(0)).run_from(&operator, &start).unwrap();
    assert!((pairs.values[0] - 59.0).abs() < 1e-9 && pairs.report.converged);
    let pairs = Eigensolver::new(1, Key::new(0)).which(Which::Smallest).run_from(&operator, &start).unwrap();
    assert!(pairs.values[0].abs() < 1e-9 && pairs.report.converged);
}

#[test]
fn copies_are_found_once_the_space_is_invariant() {
    // Five copies of 1 and a hundred zeros; the Krylov space of one vector is spent after two steps.
    let mut entries = vec![0.0; 105];
    entries[50..55].fill(1.0);
    let operator = Diagonal::new(entries);
    let pairs = Eigensolver::new(6, Key::new(0)).run(&operator).unwrap();
    for (value, expected) in pairs.values.iter().zip([1.0, 1.0, 1.0, 1.0, 1.0, 0.0]) {
        assert!((value - expected).abs() < 1e-14);
    }
    let both = Eigensolver::new(7, Key::new(0)).which(Which::BothEnds).run(&operator).unwrap();
    assert!(both.values[3] > 0.999 && both.values[4] < 1e-3 && both.len() == 7);
}

#[test]
fn a_spent_budget_gives_partial_results_that_say_so() {
    let operator = Counted::new(Diagonal::new((0..2000).map(|i| (f64::from(i) / 2000.0).powi(2)).collect()));
    let before = operator.matvecs();
    let pairs = Eigensolver::new(4, Key::new(0)).matvecs(20).run(&operator).unwrap();
    assert_eq!(operator.matvecs() - before, 20);
    assert_eq!((pairs.len(), pairs.report.matvecs, pairs.report.stop), (4, 20, Stop::Budget));
    assert!(!pairs.report.converged && pairs.converged.contains(&false));
    assert!(matches!(pairs.report.require(), Err(Error::Unfinished { matvecs: 20, .. })));
    // Fewer steps than pairs: as many pairs as there are.
    let pairs = Eigensolver::new(8, Key::new(0)).matvecs(10).run(&operator).unwrap();
    assert_eq!((pairs.len(), pairs.report.matvecs), (5, 10));
    let pairs = Eigensolver::new(8, Key::new(0)).steps(3).run(&operator).unwrap();
    assert_eq!((pairs.len(), pairs.report.stop), (3, Stop::Budget));
}

#[test]
fn an_observer_stops_the_search() {
    let operator = Diagonal::new((0..2000).map(|i| (f64::from(i) / 2000.0).powi(2)).collect());
    let mut calls = 0;
    let pairs = Eigensolver::new(4, Key::new(0)).observe(&operator, |progress| {
        calls += 1;
        assert_eq!(progress.total, 4);
        if calls == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let pairs = pairs.unwrap();
    assert_eq!((pairs.report.stop, calls, pairs.len()), (Stop::Observer, 2, 4));
}

#[test]
fn a_warm_start_needs_fewer_products() {
    // The operator of a neighbouring point: eigenvalues up to 1 and three outliers, entries moved by 1e-5.
    let dim = 200;
    let mut values = spectrum(6, dim);
    values[..3].copy_from_slice(&[2.0, 1.6, 1.4]);
    let mut entries: Vec<f64> = rotated(&values, Key::new(0));
    let old = Eigensolver::new(3, Key::new(1)).run(&operator(&entries, dim)).unwrap();
    let noise = normal::<f64>(Key::new(2), dim * dim);
    (0..dim * dim).for_each(|e| entries[e] += 1e-5 * (noise[e] + noise[e % dim * dim + e / dim]));
    let moved = operator(&entries, dim);
    let start: Vec<f64> = (0..dim).map(|i| (0..3).map(|j| old.vector(j)[i]).sum()).collect();
    let solver = Eigensolver::new(3, Key::new(3)).relative_tolerance(1e-6);
    let (cold, warm) = (solver.run(&moved).unwrap(), solver.run_from(&moved, &start).unwrap());
    for (a, b) in cold.values.iter().zip(&warm.values) {
        assert!((a - b).abs() < 1e-10);
    }
    assert!(warm.report.matvecs < cold.report.matvecs, "{} against {}", warm.report.matvecs, cold.report.matvecs);
}

#[test]
fn what_is_not_finite_is_reported_where_it_arose() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let operator = AssumeSymmetric::new(Closure::new(9, 9, |x: &[f32], y: &mut [f32]| {
        (0..9).for_each(|i| y[i] = i as f32 * x[i]);
        if calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 2 {
            y[4] = f32::NAN;
        }
    }));
    let reached = Lanczos::new(5).run(&operator, &[1.0; 9]).unwrap();
    assert_eq!((reached.steps(), reached.report().stop, reached.matvecs()), (2, Stop::NotFinite, 3));
    let infinite = Diagonal::new(vec![1.0, f64::INFINITY]);
    assert!(matches!(Lanczos::new(2).run(&infinite, &[1.0; 2]), Err(Error::Product { number: 1, index: 1, .. })));
    assert!(matches!(Eigensolver::new(1, Key::new(0)).run(&infinite), Err(Error::Product { number: 1, .. })));
}

#[test]
fn ill_posed_requests_are_errors() {
    let operator = Diagonal::new(vec![1.0, 2.0]);
    let run = |steps, start: &[f64]| Lanczos::new(steps).run(&operator, start).unwrap_err();
    assert!(matches!(run(0, &[1.0, 1.0]), Error::OutOfRange { .. }));
    assert!(matches!(run(1, &[1.0]), Error::Length { actual: 1, expected: 2, .. }));
    assert!(matches!(run(1, &[0.0, 0.0]), Error::OutOfRange { .. }));
    assert!(matches!(run(1, &[f64::NAN, 0.0]), Error::NotFinite { index: 0, .. }));
    let wide = AssumeSymmetric::new(Dense::new(vec![1.0; 6], 2, 3).unwrap());
    assert!(matches!(Lanczos::new(1).run(&wide, &[1.0; 3]), Err(Error::Shapes { .. })));
    assert!(matches!(Lanczos::new(1).run(&Diagonal::<f64>::new(vec![]), &[]), Err(Error::Empty { .. })));
    let solve = |solver: Eigensolver| solver.run(&operator).unwrap_err();
    let solver = |count| Eigensolver::new(count, Key::new(0));
    assert!(matches!(solve(solver(0)), Error::OutOfRange { .. }));
    assert!(matches!(solve(solver(3)), Error::AboveLimit { value: 3, limit: 2, .. }));
    assert!(matches!(solve(solver(1).relative_tolerance(1e-16)), Error::OutOfRange { .. }));
    assert!(matches!(solve(solver(1).relative_tolerance(f64::NAN)), Error::OutOfRange { .. }));
    assert!(matches!(solve(solver(1).absolute_tolerance(-1.0)), Error::OutOfRange { .. }));
    assert!(matches!(solve(solver(1).matvecs(1)), Error::OutOfRange { .. }));
    assert!(matches!(solve(solver(1).steps(0)), Error::OutOfRange { .. }));
    let mut factorization = Lanczos::new(1).run(&operator, &[1.0, 2.0]).unwrap();
    assert!(matches!(factorization.expand(&Diagonal::new(vec![1.0; 3]), 2), Err(Error::Length { .. })));
}

#[test]
fn the_checks_of_identities_can_fail() {
    let operator = Diagonal::new((0..30).map(f64::from).collect());
    let other = Diagonal::new((0..30).map(|i| f64::from(i) + 1e-6).collect());
    let factorization = Lanczos::new(8).run(&operator, &[1.0; 30]).unwrap();
    assert!(defects(&operator, &factorization).0 < 1e-13 && defects(&other, &factorization).0 > 1e-8);
}
