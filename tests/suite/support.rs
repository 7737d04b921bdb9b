//! What several tests draw, multiply and run: plain loops, no code of the library but its keys.

use eigenscape::Scalar;
use eigenscape::operator::LinearOperator;
use eigenscape::random::Key;

/// Normal numbers.
pub fn normal<T: Scalar>(len: usize, key: Key) -> Vec<T> {
    let mut values = vec![T::zero(); len];
    key.normal(0, &mut values);
    values
}

pub fn dot<T: Scalar>(x: &[T], y: &[T]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x.f64() * y.f64()).sum()
}

pub fn norm<T: Scalar>(x: &[T]) -> f64 {
    dot(x, x).sqrt()
}

/// The product of an operator with a vector.
pub fn product<T: Scalar>(operator: &impl LinearOperator<T>, x: &[T]) -> Vec<T> {
    // Whatever was in the output must not matter.
    let mut y = vec![T::nan(); operator.rows()];
    operator.apply(x, &mut y);
    y
}

/// A dense matrix in double precision, row by row.
#[derive(Clone, Debug)]
pub struct Table {
    pub rows: usize,
    pub cols: usize,
    pub entries: Vec<f64>,
}

impl Table {
    pub fn new(rows: usize, cols: usize, of: impl Fn(usize, usize) -> f64) -> Self {
        let entries = (0..rows * cols).map(|i| of(i / cols, i % cols)).collect();
        Table { rows, cols, entries }
    }

    pub fn at(&self, row: usize, col: usize) -> f64 {
        self.entries[row * self.cols + col]
    }

    pub fn t(&self) -> Self {
        Table::new(self.cols, self.rows, |row, col| self.at(col, row))
    }

    pub fn times(&self, right: &Table) -> Self {
        assert_eq!(self.cols, right.rows);
        Table::new(self.rows, right.cols, |row, col| (0..self.cols).map(|k| self.at(row, k) * right.at(k, col)).sum())
    }

    pub fn plus(&self, scale: f64, right: &Table) -> Self {
        assert_eq!((self.rows, self.cols), (right.rows, right.cols));
        Table::new(self.rows, self.cols, |row, col| self.at(row, col) + scale * right.at(row, col))
    }

    pub fn product<T: Scalar>(&self, x: &[T]) -> Vec<f64> {
        (0..self.rows).map(|row| (0..self.cols).map(|col| self.at(row, col) * x[col].f64()).sum()).collect()
    }

    /// The Frobenius norm.
    pub fn norm(&self) -> f64 {
        norm(&self.entries)
    }
}

/// Runs in a pool with a number of threads.
pub fn with_threads<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

/// Panics unless the mean of the values is the expected one within four standard errors of a mean with this variance.
#[track_caller]
pub fn assert_mean(what: &str, values: &[f64], mean: f64, variance: f64) {
    let count = values.len() as f64;
    let actual = values.iter().sum::<f64>() / count;
    let bound = 4.0 * (variance / count).sqrt();
    assert!((actual - mean).abs() <= bound, "{what}: the mean is {actual}, expected {mean} to {bound}");
}

#[test]
#[should_panic(expected = "the mean is 1, expected 0")]
fn assert_mean_can_fail() {
    assert_mean("ones", &[1.0; 100], 0.0, 1.0);
}
