//! Random subspaces: orthonormal, and the same bits whichever way they are made.

use eigenscape::operator::{Adjoint, LinearOperator, to_dense};
use eigenscape::projection::Gaussian;
use eigenscape::random::Key;
use eigenscape::{Scalar, check};

use crate::support::{assert_mean, norm, normal, product, with_threads};

/// The ratio of the extreme singular values of the numbers that the subspace is made from.
fn condition<T: Scalar>(ambient: usize, dim: usize, key: Key) -> f64 {
    let entries: Vec<f64> = normal::<T>(ambient * dim, key).iter().map(|x| x.f64()).collect();
    let values = faer::MatRef::from_row_major_slice(&entries, ambient, dim).singular_values().unwrap();
    values[0] / values[values.len() - 1]
}

const SHAPES: [(usize, usize); 14] = [
    (1, 1),
    (2, 1),
    (2, 2),
    (10, 3),
    (30, 30),
    (50, 49),
    (100, 7),
    (1023, 2),
    (1024, 5),
    (1025, 5),
    (2048, 1),
    (2500, 20),
    (3073, 33),
    (5000, 1),
];

/// P'P = I, entry by entry, to the rounding of products through G.
fn orthonormal<T: Scalar>() {
    for (index, (ambient, dim)) in SHAPES.into_iter().enumerate() {
        let key = Key::new(index as u64);
        let projection = Gaussian::<T>::new(ambient, dim, key).unwrap();
        assert_eq!((projection.rows(), projection.cols()), (ambient, dim));
        let columns = to_dense(&projection);
        let tolerance = 16.0 * T::EPSILON.f64() * condition::<T>(ambient, dim, key) * (ambient as f64).sqrt();
        for i in 0..dim {
            for j in 0..=i {
                let inner: f64 = columns.entries().chunks_exact(dim).map(|row| row[i].f64() * row[j].f64()).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!(
                    (inner - expected).abs() <= tolerance,
                    "{} {ambient}x{dim}: columns {i} and {j}: {inner} ({tolerance:e} allowed)",
                    T::NAME
                );
            }
        }
        let check = check::adjoint(&projection, Key::new(100)).unwrap();
        assert!(check.holds(), "{} {ambient}x{dim}: {check:?}", T::NAME);
    }
}

/// The columns span the range of the normal matrix: R = P'G is upper triangular, and P R = G.
fn spans_the_normal_matrix<T: Scalar>() {
    let (ambient, dim, key) = (1500, 6, Key::new(3));
    let numbers: Vec<T> = normal(ambient * dim, key);
    let projection = Gaussian::<T>::new(ambient, dim, key).unwrap();
    for col in 0..dim {
        let column: Vec<T> = numbers.chunks_exact(dim).map(|row| row[col]).collect();
        let mut coefficients = vec![T::nan(); dim];
        projection.apply_adjoint(&column, &mut coefficients);
        let back = product(&projection, &coefficients);
        let difference: Vec<f64> = back.iter().zip(&column).map(|(b, c)| b.f64() - c.f64()).collect();
        let tolerance = 64.0 * T::EPSILON.f64() * norm(&column);
        assert!(norm(&difference) <= tolerance * (dim as f64).sqrt(), "column {col}: {}", norm(&difference));
        assert!(coefficients[col + 1..].iter().all(|x| x.f64().abs() <= tolerance), "column {col} lies in the first");
        assert!(coefficients[col].f64() > 0.0);
    }
}

/// What is kept and what is made again, in pools of any size, are the same bits.
fn same_bits<T: Scalar>() {
    for (ambient, dim) in [(1, 1), (900, 4), (1024, 3), (5003, 7)] {
        let (x, y): (Vec<T>, Vec<T>) = (normal(dim, Key::new(1)), normal(ambient, Key::new(2)));
        let products = |threads: usize, budget: Option<usize>| {
            with_threads(threads, || {
                let projection = Gaussian::<T>::new(ambient, dim, Key::new(0)).unwrap();
                let projection =
                    budget.into_iter().fold(projection, |projection, bytes| projection.memory_budget(bytes));
                let mut back = vec![T::nan(); dim];
                projection.apply_adjoint(&y, &mut back);
                (product(&projection, &x), back)
            })
        };
        let expected = products(1, None);
        for threads in [1, 2, 3] {
            for budget in [None, Some(0), Some(usize::MAX)] {
                assert!(products(threads, budget) == expected, "{ambient}x{dim}: {threads} threads, budget {budget:?}");
            }
        }
    }
}

macro_rules! in_both_precisions {
    ($scalar:ty, $module:ident) => {
        mod $module {
            #[test]
            fn columns_are_orthonormal() {
                super::orthonormal::<$scalar>();
            }

            #[test]
            fn columns_span_the_normal_matrix() {
                super::spans_the_normal_matrix::<$scalar>();
            }

            #[test]
            fn bits_depend_on_the_key_alone() {
                super::same_bits::<$scalar>();
            }
        }
    };
}
in_both_precisions!(f32, single);
in_both_precisions!(f64, double);

#[test]
fn memory_budget_decides_what_is_kept() {
    let projection = Gaussian::<f32>::new(100, 3, Key::new(0)).unwrap();
    assert!(format!("{projection:?}").contains("kept: true"));
    assert!(format!("{:?}", projection.clone().memory_budget(1199)).contains("kept: false"));
    assert!(format!("{:?}", projection.memory_budget(1200)).contains("kept: true"));
}

#[test]
fn subspaces_are_uniform() {
    // A uniformly random line: the square of each coordinate has mean 1/n and mean square 3 / (n (n + 2)).
    let n = 4;
    let lines: Vec<Vec<f64>> =
        (0..2000).map(|child| product(&Gaussian::new(n, 1, Key::new(0).split(child)).unwrap(), &[1.0])).collect();
    for axis in 0..n {
        let squares: Vec<f64> = lines.iter().map(|line| line[axis] * line[axis]).collect();
        assert_mean("square of a coordinate", &squares, 0.25, 3.0 / 24.0 - 1.0 / 16.0);
    }
}

#[test]
fn impossible_subspaces_are_refused() {
    let refused = |ambient, dim| Gaussian::<f64>::new(ambient, dim, Key::new(0)).unwrap_err().to_string();
    assert_eq!(refused(10, 0), "the dimension of a subspace is 0; it must be at least 1");
    assert!(refused(0, 0).contains("must be at least 1"));
    assert!(refused(10, 11).starts_with("the dimension of a subspace is 11; it must be at most 10"));
    assert!(refused(usize::MAX, usize::MAX).contains("take fewer dimensions"));
}

#[test]
#[should_panic(expected = "a 10x2 operator takes x of 2 entries to y of 10, but x has 3 and y has 10")]
fn a_wrong_length_panics() {
    Gaussian::<f64>::new(10, 2, Key::new(0)).unwrap().apply(&[0.0; 3], &mut [0.0; 10]);
}
