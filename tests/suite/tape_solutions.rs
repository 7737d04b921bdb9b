//! Solutions and determinants on the tape against eliminations by loops in double precision.

use eigenscape::Scalar;
use eigenscape::random::Key;
use eigenscape::tape::Shape;
use proptest::prelude::*;

use crate::oracle::symmetric_eigenvalues;
use crate::support::{Table, normal};
use crate::tape_choices::{gradients, value};

/// The solution by Gauss and Jordan's elimination with row exchanges, and the determinant.
fn eliminate(matrix: &Table, right: &Table) -> (Table, f64) {
    let (mut a, mut b, mut determinant) = (matrix.clone(), right.clone(), 1.0);
    for pivot in 0..a.rows {
        let best = (pivot..a.rows).max_by(|&i, &j| a.at(i, pivot).abs().total_cmp(&a.at(j, pivot).abs())).unwrap();
        determinant *= a.at(best, pivot) * if best == pivot { 1.0 } else { -1.0 };
        for table in [&mut a, &mut b] {
            (0..table.cols).for_each(|col| table.entries.swap(best * table.cols + col, pivot * table.cols + col));
        }
        for row in (0..a.rows).filter(|&row| row != pivot) {
            let factor = a.at(row, pivot) / a.at(pivot, pivot);
            for table in [&mut a, &mut b] {
                for col in 0..table.cols {
                    table.entries[row * table.cols + col] -= factor * table.at(pivot, col);
                }
            }
        }
    }
    (Table::new(a.rows, b.cols, |row, col| b.at(row, col) / a.at(row, row)), determinant)
}

/// Matrix `number` of a stack.
fn table<T: Scalar>(number: usize, [rows, cols]: [usize; 2], stack: &[T]) -> Table {
    Table::new(rows, cols, |row, col| stack[(number * rows + row) * cols + col].f64())
}

fn identity(size: usize) -> Table {
    Table::new(size, size, |row, col| if row == col { 1.0 } else { 0.0 })
}

fn solutions<T: Scalar>(stack: usize, size: usize, cols: usize, key: Key) {
    let mut matrices: Vec<T> = normal(stack * size * size, key.split(0));
    // What is large stands beside the diagonal, so that rows must be exchanged; far from singular.
    for (place, entry) in matrices.iter_mut().enumerate() {
        let (row, col) = (place / size % size, place % size);
        if (row + 1) % size == col {
            *entry += T::of(4.0 * size as f64);
        }
    }
    let right: Vec<T> = normal(stack * size * cols, key.split(1));
    let u: Vec<T> = normal(stack * size * cols, key.split(2));
    let shapes = [Shape::from([stack, size, size]), Shape::from([stack, size, cols])];
    let actual = value(shapes, [&matrices, &right], |[a, b]| a.solve(b));
    let [by_matrix, by_right] = gradients(shapes, [&matrices, &right], &u, |[a, b]| a.solve(b));
    for number in 0..stack {
        let close = |what: &str, actual: &[T], expected: &Table| {
            let difference = table(number, [size, expected.cols], actual).plus(-1.0, expected).norm();
            let bound = 64.0 * T::EPSILON.f64() * size as f64 * expected.norm();
            assert!(difference <= bound, "{what}: off by {difference:e}, bound {bound:e}");
        };
        let a = table(number, [size, size], &matrices);
        let (x, _) = eliminate(&a, &table(number, [size, cols], &right));
        close("solve", &actual, &x);
        // The right side enters by A'^-1 U, and A by minus that times X'.
        let (adjoint, _) = eliminate(&a.t(), &table(number, [size, cols], &u));
        close("solve, by the right side", &by_right, &adjoint);
        let slope = Table::new(size, size, |_, _| 0.0).plus(-1.0, &adjoint.times(&x.t()));
        close("solve, by the matrix", &by_matrix, &slope);
    }
    if stack == 1 {
        // A single matrix, and a vector as its right side.
        let shapes = [Shape::matrix(size, size), Shape::vector(size)];
        let vector: Vec<T> = right.iter().copied().step_by(cols).collect();
        let of_vector = value(shapes, [&matrices, &vector], |[a, b]| a.solve(b));
        let (x, _) = eliminate(&table(0, [size, size], &matrices), &table(0, [size, 1], &vector));
        let difference = table(0, [size, 1], &of_vector).plus(-1.0, &x).norm();
        assert!(difference <= 64.0 * T::EPSILON.f64() * size as f64 * x.norm(), "solve, a vector");
    }
}

fn log_determinants<T: Scalar>(stack: usize, size: usize, key: Key) {
    let mut matrices: Vec<T> = Vec::new();
    for number in 0..stack {
        let factor = table::<T>(0, [size, size], &normal(size * size, key.split(number as u64)));
        let matrix = factor.times(&factor.t()).plus(1.0, &identity(size));
        matrices.extend(matrix.entries.iter().map(|&entry| T::of(entry)));
    }
    let shape = [Shape::from([stack, size, size])];
    let actual = value(shape, [&matrices], |[a]| a.log_determinant());
    let [slopes] = gradients(shape, [&matrices], &vec![T::one(); stack], |[a]| a.log_determinant());
    assert_eq!(actual.len(), stack);
    for (number, &actual) in actual.iter().enumerate() {
        let a = table(number, [size, size], &matrices);
        let (inverse, determinant) = eliminate(&a, &identity(size));
        let eigenvalues = if size == 0 { Vec::new() } else { symmetric_eigenvalues(&a.entries, size) };
        // The smallest is at least 1, so that the largest bounds the condition.
        let largest = eigenvalues.last().copied().unwrap_or(1.0);
        let bound = 64.0 * T::EPSILON.f64() * size.max(1) as f64 * largest;
        let by_eigenvalues: f64 = eigenvalues.iter().map(|value| value.ln()).sum();
        for expected in [determinant.ln(), by_eigenvalues] {
            assert!((actual.f64() - expected).abs() <= bound, "log_determinant: {actual} for {expected}");
        }
        let difference = table(number, [size, size], &slopes).plus(-1.0, &inverse).norm();
        assert!(difference <= bound * inverse.norm(), "log_determinant, gradient: off by {difference:e}");
    }
}

proptest! {
    #![proptest_config(crate::oracle::cases(48))]

    #[test]
    fn solutions_solve(stack in 1usize..4, size in 1usize..7, cols in 1usize..4, key in 0u64..1000) {
        solutions::<f32>(stack, size, cols, Key::new(key));
        solutions::<f64>(stack, size, cols, Key::new(key));
    }

    #[test]
    fn log_determinants_are_sums_of_logarithms(stack in 1usize..4, size in 0usize..7, key in 0u64..1000) {
        log_determinants::<f32>(stack, size, Key::new(key));
        log_determinants::<f64>(stack, size, Key::new(key));
    }
}

#[test]
fn eliminations_know_a_solution() {
    let a = Table::new(2, 2, |row, col| [[0.0, 2.0], [4.0, 0.0]][row][col]);
    let (x, determinant) = eliminate(&a, &Table::new(2, 1, |row, _| [6.0, 8.0][row]));
    assert_eq!((x.entries, determinant), (vec![2.0, 3.0], -8.0));
}
