//! Operators against dense matrices, and the promises of the algebra.

use eigenscape::check;
use eigenscape::operator::{
    Adjoint, AssumePositiveSemidefinite, AssumeSymmetric, Closure, Compressed, Counted, Deflated, Dense, Diagonal,
    LinearOperator, PositiveSemidefinite, Product, Scaled, Shifted, Sum, Symmetric, to_dense,
};
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};
use proptest::prelude::*;

use crate::support::{Table, norm, normal};

/// A random matrix, as an operator and as the table of the same entries.
fn random<T: Scalar>(rows: usize, cols: usize, key: Key) -> (Dense<T>, Table) {
    let entries: Vec<T> = normal(rows * cols, key);
    let table = Table { rows, cols, entries: entries.iter().map(|x| x.f64()).collect() };
    (Dense::new(entries, rows, cols).unwrap(), table)
}

/// A random symmetric matrix, promised.
fn symmetric<T: Scalar>(size: usize, key: Key) -> (AssumeSymmetric<Dense<T>>, Table) {
    let (_, half) = random::<T>(size, size, key);
    let entries: Vec<T> = half.plus(1.0, &half.t()).entries.into_iter().map(T::of).collect();
    let table = Table { rows: size, cols: size, entries: entries.iter().map(|x| x.f64()).collect() };
    (AssumeSymmetric::new(Dense::new(entries, size, size).unwrap()), table)
}

/// Rounding of what these tests multiply: a few sums of at most `size` terms.
fn tolerance<T: Scalar>(size: usize) -> f64 {
    16.0 * T::EPSILON.f64() * (1 + size) as f64
}

#[track_caller]
fn near<T: Scalar>(what: &str, actual: &[T], expected: &[f64], scale: f64, size: usize) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    let difference: Vec<f64> = actual.iter().zip(expected).map(|(a, e)| a.f64() - e).collect();
    let bound = tolerance::<T>(size) * scale;
    assert!(norm(&difference) <= bound, "{what}: off by {} where {bound} is allowed", norm(&difference));
}

/// The product with one vector and with blocks of 0, 1 and 3 is the table's. `magnitude` bounds what rounding sees:
/// the sum of the products of the norms of the pieces.
#[track_caller]
fn multiplies<T: Scalar>(what: &str, operator: &impl LinearOperator<T>, table: &Table, magnitude: f64, key: Key) {
    assert_eq!((operator.rows(), operator.cols()), (table.rows, table.cols), "{what}: size");
    for vectors in [0, 1, 3] {
        let x: Vec<T> = normal(vectors * table.cols, key.split(vectors as u64));
        // Stale output, not a number, must be overwritten.
        let mut block = vec![T::nan(); vectors * table.rows];
        operator.apply_block(&x, &mut block, vectors);
        for vector in 0..vectors {
            let x = &x[vector * table.cols..][..table.cols];
            let expected = table.product(x);
            let scale = magnitude * norm(x);
            let of_block = &block[vector * table.rows..][..table.rows];
            near(&format!("{what}, vector {vector} of {vectors}"), of_block, &expected, scale, table.cols);
            let mut single = vec![T::nan(); table.rows];
            operator.apply(x, &mut single);
            near(what, &single, &expected, scale, table.cols);
        }
    }
}

/// And so are the adjoint's products.
#[track_caller]
fn transposes<T: Scalar>(what: &str, operator: &impl Adjoint<T>, table: &Table, magnitude: f64, key: Key) {
    multiplies(what, operator, table, magnitude, key);
    let y: Vec<T> = normal(table.rows, key.split(7));
    let mut x = vec![T::nan(); table.cols];
    operator.apply_adjoint(&y, &mut x);
    near(&format!("{what}, adjoint"), &x, &table.t().product(&y), magnitude * norm(&y), table.rows);
    if table.rows > 0 && table.cols > 0 {
        assert!(check::adjoint(operator, key.split(8)).unwrap().holds(), "{what}: adjoint check");
    }
}

/// What is promised by type, probed.
#[track_caller]
fn promises<T: Scalar>(what: &str, operator: &impl Symmetric<T>, key: Key) {
    if operator.rows() > 0 {
        let check = check::symmetric(operator, key.split(9)).unwrap();
        assert!(check.holds(), "{what}: {check:?}");
    }
}

#[track_caller]
fn promises_semidefinite<T: Scalar>(what: &str, operator: &impl PositiveSemidefinite<T>, key: Key) {
    promises(what, operator, key);
    for probe in 0..if operator.rows() > 0 { 4 } else { 0 } {
        let check = check::semidefinite(operator, key.split(10 + probe)).unwrap();
        assert!(check.holds(), "{what}: {check:?}");
    }
}

fn explicit<T: Scalar>(rows: usize, cols: usize, key: Key) {
    let (dense, table) = random::<T>(rows, cols, key.split(0));
    transposes("Dense", &dense, &table, table.norm(), key);
    transposes("&Dense", &&dense, &table, table.norm(), key);
    let loops = Closure::new(rows, cols, |x: &[T], y: &mut [T]| {
        for (row, y) in y.iter_mut().enumerate() {
            *y = (0..cols).map(|col| dense.entries()[row * cols + col] * x[col]).sum();
        }
    });
    multiplies("Closure", &loops, &table, table.norm(), key);
    assert_eq!(to_dense(&loops), dense, "to_dense multiplies by zeros and ones: exact");

    let diagonal: Vec<T> = normal(rows, key.split(1));
    let table = Table::new(rows, rows, |row, col| if row == col { diagonal[row].f64() } else { 0.0 });
    let diagonal = Diagonal::new(diagonal);
    transposes("Diagonal", &diagonal, &table, table.norm(), key);
    promises("Diagonal", &diagonal, key);
}

fn algebra<T: Scalar>(rows: usize, cols: usize, inner: usize, key: Key) {
    let (a, ta) = random::<T>(rows, cols, key.split(0));
    let (b, tb) = random::<T>(rows, cols, key.split(1));
    let (c, tc) = random::<T>(cols, inner, key.split(2));
    let factor = T::of(-1.5);
    transposes("Sum", &Sum::new(&a, &b).unwrap(), &ta.plus(1.0, &tb), ta.norm() + tb.norm(), key);
    transposes("Product", &Product::new(&a, &c).unwrap(), &ta.times(&tc), ta.norm() * tc.norm(), key);
    transposes("Scaled", &Scaled::new(factor, &a), &ta.plus(-2.5, &ta), 1.5 * ta.norm(), key);
    transposes("Counted", &Counted::new(&a), &ta, ta.norm(), key);

    let (s, ts) = symmetric::<T>(cols, key.split(3));
    let (r, tr) = symmetric::<T>(cols, key.split(4));
    let eye = Table::new(cols, cols, |row, col| f64::from(u8::from(row == col)));
    let shifted = Shifted::new(&s, factor).unwrap();
    transposes("Shifted", &shifted, &ts.plus(-1.5, &eye), ts.norm() + 1.5, key);
    let cut = Compressed::new(&s, &c).unwrap();
    let cut_table = tc.t().times(&ts).times(&tc);
    transposes("Compressed", &cut, &cut_table, tc.norm() * ts.norm() * tc.norm(), key);
    let (skew, skew_table) = random::<T>(cols, cols, key.split(5));
    let cut_skew = Compressed::new(&skew, &c).unwrap();
    let magnitude = tc.norm() * skew_table.norm() * tc.norm();
    transposes("Compressed, not symmetric", &cut_skew, &tc.t().times(&skew_table).times(&tc), magnitude, key);

    let values = vec![2.0, -0.5];
    let vectors: Vec<T> = normal(2 * cols, key.split(6));
    let outer = Table::new(cols, cols, |row, col| {
        (0..2).map(|i| values[i] * vectors[i * cols + row].f64() * vectors[i * cols + col].f64()).sum()
    });
    let moved = 2.5 * norm(&vectors) * norm(&vectors);
    let deflated = Deflated::new(&s, values, vectors).unwrap();
    transposes("Deflated", &deflated, &ts.plus(-1.0, &outer), ts.norm() + moved, key);

    promises("Sum", &Sum::new(&s, &r).unwrap(), key);
    promises("Scaled", &Scaled::new(factor, &s), key);
    promises("Shifted", &shifted, key);
    promises("Compressed", &cut, key);
    promises("Deflated", &deflated, key);
    promises("Counted", &Counted::new(&s), key);
    transposes("AssumeSymmetric", &s, &ts, ts.norm(), key);
    multiplies("Sum of symmetric", &Sum::new(&s, &r).unwrap(), &ts.plus(1.0, &tr), ts.norm() + tr.norm(), key);

    let square = |table: &Table| {
        let entries = table.t().times(table).entries.into_iter().map(T::of).collect();
        AssumePositiveSemidefinite::new(Dense::new(entries, table.cols, table.cols).unwrap())
    };
    let (g, h) = (square(&ta), square(&tb));
    promises_semidefinite("AssumePositiveSemidefinite", &g, key);
    promises_semidefinite("Sum", &Sum::new(&g, &h).unwrap(), key);
    promises_semidefinite("Compressed", &Compressed::new(&g, &c).unwrap(), key);
    promises_semidefinite("Counted", &Counted::new(&g), key);
}

macro_rules! in_both_precisions {
    ($scalar:ty, $module:ident) => {
        mod $module {
            use super::*;

            proptest! {
                #![proptest_config(crate::oracle::cases(32))]

                #[test]
                fn explicit_operators_are_their_matrices(rows in 0usize..40, cols in 0usize..70, key in 0u64..1000) {
                    explicit::<$scalar>(rows, cols, Key::new(key));
                }

                #[test]
                fn the_algebra_is_that_of_matrices(
                    rows in 0usize..12,
                    cols in 0usize..12,
                    inner in 0usize..12,
                    key in 0u64..1000,
                ) {
                    algebra::<$scalar>(rows, cols, inner, Key::new(key));
                }
            }

            #[test]
            fn empty_operators_multiply() {
                for (rows, cols) in [(0, 0), (0, 3), (3, 0)] {
                    explicit::<$scalar>(rows, cols, Key::new(0));
                    algebra::<$scalar>(rows, cols, 2, Key::new(0));
                    algebra::<$scalar>(2, cols, rows, Key::new(0));
                }
                // A sum of no terms is zero, and says so over whatever stood there.
                let mut y = [<$scalar>::NAN; 3];
                Dense::<$scalar>::new(vec![], 3, 0).unwrap().apply(&[], &mut y);
                assert_eq!(y, [0.0; 3]);
            }
        }
    };
}
in_both_precisions!(f32, single);
in_both_precisions!(f64, double);

#[test]
fn broken_promises_are_found() {
    let (skew, _) = random::<f64>(5, 5, Key::new(0));
    assert!(!check::symmetric(&AssumeSymmetric::new(&skew), Key::new(0)).unwrap().holds());
    let negative = AssumePositiveSemidefinite::new(Diagonal::new(vec![-1.0; 5]));
    assert!(!check::semidefinite(&negative, Key::new(0)).unwrap().holds());
}

#[test]
#[should_panic(expected = "off by")]
fn a_wrong_product_is_found() {
    let (dense, table) = random::<f64>(3, 3, Key::new(0));
    let wrong = Shifted::new(dense, 1e-10).unwrap();
    multiplies("shifted a little", &wrong, &table, table.norm(), Key::new(0));
}

#[test]
fn counted_counts_every_vector() {
    let counted = Counted::new(Dense::new(vec![1.0; 6], 2, 3).unwrap());
    assert_eq!(counted.matvecs(), 0);
    counted.apply(&[1.0; 3], &mut [0.0; 2]);
    assert_eq!(counted.matvecs(), 1);
    counted.apply_block(&[1.0; 12], &mut [0.0; 8], 4);
    assert_eq!(counted.matvecs(), 5);
    counted.apply_block(&[], &mut [], 0);
    assert_eq!(counted.matvecs(), 5);
    counted.apply_adjoint(&[1.0; 2], &mut [0.0; 3]);
    assert_eq!(counted.matvecs(), 6);
    let _ = to_dense(&counted);
    assert_eq!(counted.matvecs(), 9);
}

#[test]
fn shape_errors_name_both_sizes() {
    let of = |rows, cols| Dense::new(vec![1.0f64; rows * cols], rows, cols).unwrap();
    let message = |error: Error| error.to_string();
    let error = message(Sum::new(of(2, 3), of(3, 2)).unwrap_err());
    assert!(error.starts_with("sum of operators: left is 2x3 but right is 3x2"), "{error}");
    let error = message(Product::new(of(2, 3), of(2, 3)).unwrap_err());
    assert!(error.starts_with("product of operators: left is 2x3 but right is 2x3"), "{error}");
    let error = message(Shifted::new(of(2, 3), 1.0).unwrap_err());
    assert!(error.contains("2x3") && error.contains("must be square"), "{error}");
    let error = message(Compressed::new(of(2, 3), of(3, 1)).unwrap_err());
    assert!(error.contains("2x3") && error.contains("must be square"), "{error}");
    let error = message(Compressed::new(of(3, 3), of(2, 1)).unwrap_err());
    assert!(error.starts_with("compression of an operator: left is 3x3 but right is 2x1"), "{error}");
    let error = message(Dense::new(vec![1.0; 5], 2, 3).unwrap_err());
    assert_eq!(error, "the list of entries of a dense matrix has 5 entries; it must have 6");
    assert!(Dense::new(vec![1.0; 5], usize::MAX, 3).is_err());
    let error = message(Deflated::new(AssumeSymmetric::new(of(3, 3)), vec![1.0], vec![1.0; 2]).unwrap_err());
    assert_eq!(error, "the list of deflated eigenvectors has 2 entries; it must have 3");
    let error = message(check::symmetric(&of(2, 3), Key::new(0)).unwrap_err());
    assert!(error.contains("must be square") && error.contains('2') && error.contains('3'), "{error}");
    assert!(check::adjoint(&of(0, 3), Key::new(0)).is_err());
}

#[test]
#[should_panic(expected = "a 2x3 operator takes x of 3 entries to y of 2, but x has 2 and y has 2")]
fn a_wrong_length_panics_with_the_size() {
    Dense::new(vec![1.0; 6], 2, 3).unwrap().apply(&[1.0; 2], &mut [0.0; 2]);
}

#[test]
#[should_panic(expected = "apply_block: y must hold 2 vectors of 2 entries")]
fn a_wrong_block_panics_with_the_size() {
    Dense::new(vec![1.0; 6], 2, 3).unwrap().apply_block(&[1.0; 6], &mut [0.0; 3], 2);
}
