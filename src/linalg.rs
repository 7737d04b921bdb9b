//! What the crate needs of dense linear algebra, on row-major slices: all kernels of `faer` that it calls.
//!
//! Every routine here is sequential and blocks its work in a way that depends on shapes alone; parallelism lives above,
//! in fixed chunks, so that results have the same bits for any number of threads. The one exception to "sequential" is
//! the long vector operations, which split at fixed positions and add their partial sums in a fixed order.

use std::fmt;

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{Accum, MatMut, MatRef, Par, Spec};
use rayon::prelude::*;

use crate::elementary::vectorized;
use crate::error::{Error, Result};
use crate::scalar::{Scalar, compiled_once};

/// A borrowed dense matrix: a row-major slice, or the transpose of one.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    entries: &'a [T],
    rows: usize,
    cols: usize,
    transposed: bool,
}

impl<T> fmt::Debug for Matrix<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matrix({}x{}, transposed: {})", self.rows, self.cols, self.transposed)
    }
}

impl<'a, T: Scalar> Matrix<'a, T> {
    /// `entries` as a `rows` x `cols` matrix, row by row.
    #[track_caller]
    pub(crate) fn new(entries: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(entries.len(), rows * cols, "a {rows}x{cols} matrix needs {} entries", rows * cols);
        Matrix { entries, rows, cols, transposed: false }
    }

    /// The transpose, as a view.
    pub(crate) fn t(self) -> Self {
        Matrix { rows: self.cols, cols: self.rows, transposed: !self.transposed, ..self }
    }

    fn faer(&self) -> MatRef<'a, T> {
        if self.transposed {
            MatRef::from_column_major_slice(self.entries, self.rows, self.cols)
        } else {
            MatRef::from_row_major_slice(self.entries, self.rows, self.cols)
        }
    }
}

/// What a product does to what is already in its output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Update {
    /// out = product
    Replace,
    /// out += product
    Add,
}

// What brings kernels of `faer` with it, and long loops.
compiled_once! {
    matmul: fn(&mut [T], Update, T, Matrix<'_, T>, Matrix<'_, T>) = matmul_body,
    symmetric_eigen: fn(&[T], usize, bool) -> Result<SymmetricEigen<T>> = symmetric_eigen_body,
    solve_in_place: fn(Matrix<'_, T>, &mut [T], &mut [T]) = solve_in_place_body,
    log_determinant: fn(&[T], usize, &mut [T]) -> T = log_determinant_body,
    orthonormalize: fn(&mut [T], usize) = orthonormalize_body,
    long_dot: fn(&[T], &[T]) -> f64 = long_dot,
    long_axpy: fn(T, &[T], &mut [T]) = long_axpy,
}

/// out (row-major) = or += scale * left * right. Cost 2 rows inner cols operations.
#[track_caller]
pub(crate) fn matmul<T: Scalar>(out: &mut [T], update: Update, scale: T, left: Matrix<'_, T>, right: Matrix<'_, T>) {
    assert_eq!(left.cols, right.rows, "matmul: inner sizes must agree");
    assert_eq!(out.len(), left.rows * right.cols, "matmul: output size");
    (Compiled::matmul())(out, update, scale, left, right);
}

fn matmul_body<T: Scalar>(out: &mut [T], update: Update, scale: T, left: Matrix<'_, T>, right: Matrix<'_, T>) {
    let accumulate = match update {
        Update::Replace => Accum::Replace,
        Update::Add => Accum::Add,
    };
    let out = MatMut::from_row_major_slice_mut(out, left.rows, right.cols);
    faer::linalg::matmul::matmul(out, accumulate, left.faer(), right.faer(), scale, Par::Seq);
}

/// The spectrum of a dense symmetric matrix.
#[derive(Clone, Debug)]
pub(crate) struct SymmetricEigen<T> {
    /// Ascending.
    pub(crate) values: Vec<T>,
    /// Row j is the unit eigenvector of `values[j]`; empty if not asked for.
    pub(crate) vectors: Vec<T>,
}

/// All eigenvalues, and if wanted all eigenvectors, of the symmetric matrix whose lower triangle is given. Cost O(n^3).
pub(crate) fn symmetric_eigen<T: Scalar>(matrix: &[T], size: usize, vectors: bool) -> Result<SymmetricEigen<T>> {
    (Compiled::symmetric_eigen())(matrix, size, vectors)
}

fn symmetric_eigen_body<T: Scalar>(matrix: &[T], size: usize, vectors: bool) -> Result<SymmetricEigen<T>> {
    Error::array("the dense symmetric matrix", matrix.len(), &[size, size])?;
    Error::finite("the dense symmetric matrix", matrix, "remove non-finite numbers before asking for eigenvalues")?;
    if size == 0 {
        return Ok(SymmetricEigen { values: Vec::new(), vectors: Vec::new() });
    }
    let wanted = if vectors { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
    let (scaled, unit) = to_unit_scale(matrix);
    let requirement = self_adjoint_evd_scratch::<T>(size, wanted, Par::Seq, Spec::default());
    let mut basis = vec![T::zero(); if vectors { size * size } else { 0 }];
    let mut values = faer::Mat::<T>::zeros(size, 1);
    let outcome = scratch(requirement, |stack| {
        self_adjoint_evd(
            MatRef::from_row_major_slice(&scaled, size, size),
            values.as_mut().col_mut(0).as_diagonal_mut(),
            // Column-major eigenvectors in a row-major slice: row j of the slice is eigenvector j.
            vectors.then(|| MatMut::from_column_major_slice_mut(&mut basis, size, size)),
            Par::Seq,
            stack,
            Spec::default(),
        )
    });
    outcome.map_err(|_| Error::NotConverged { what: "the symmetric eigendecomposition", size })?;
    let values = values.col_as_slice(0).iter().map(|&value| value * unit).collect();
    Ok(SymmetricEigen { values, vectors: basis })
}

/// The spectrum of the symmetric tridiagonal matrix with a diagonal and a subdiagonal. Cost O(n^2) to O(n^3).
pub(crate) fn tridiagonal_eigen(diagonal: &[f64], subdiagonal: &[f64]) -> Result<SymmetricEigen<f64>> {
    let size = diagonal.len();
    Error::finite("the tridiagonal matrix", diagonal, "the operator returned a non-finite product")?;
    Error::finite("the tridiagonal matrix", subdiagonal, "the operator returned a non-finite product")?;
    if size == 0 {
        return Ok(SymmetricEigen { values: Vec::new(), vectors: Vec::new() });
    }
    Error::length("the subdiagonal", subdiagonal.len(), size - 1)?;
    let (scaled, unit) = to_unit_scale(&[diagonal, subdiagonal, &[0.0]].concat());
    let (diagonal, below) = scaled.split_at(size);
    let mut basis = vec![0.0; size * size];
    let mut values = vec![0.0; size];
    let requirement = self_adjoint_evd_scratch::<f64>(size, ComputeEigenvectors::Yes, Par::Seq, Spec::default());
    let outcome = scratch(requirement, |stack| {
        faer::linalg::evd::tridiagonal_self_adjoint_evd(
            faer::ColRef::from_slice(diagonal).as_diagonal(),
            faer::ColRef::from_slice(below).as_diagonal(),
            faer::ColMut::from_slice_mut(&mut values).as_diagonal_mut(),
            Some(MatMut::from_column_major_slice_mut(&mut basis, size, size)),
            Par::Seq,
            stack,
            Spec::default(),
        )
    });
    outcome.map_err(|_| Error::NotConverged { what: "the tridiagonal eigendecomposition", size })?;
    values.iter_mut().for_each(|value| *value *= unit);
    Ok(SymmetricEigen { values, vectors: basis })
}

/// The entries divided by a power of two that brings the largest near 1, and that power.
///
/// The decompositions deflate by an absolute tolerance, which fits matrices of norm 1 alone: at 1e-12 of that, eigenvalues
/// would lose most of their digits without a word.
pub(crate) fn to_unit_scale<T: Scalar>(entries: &[T]) -> (Vec<T>, T) {
    let largest = entries.iter().fold(T::zero(), |largest, x| largest.max(x.abs()));
    let exponent = if largest > T::zero() { largest.log2().floor() } else { T::zero() };
    // In two steps: one power could overflow where the matrix is subnormal.
    let half = (exponent * T::of(0.5)).floor();
    let (first, second) = (T::exp2_whole(-half), T::exp2_whole(half - exponent));
    let unit = T::exp2_whole(half) * T::exp2_whole(exponent - half);
    (entries.iter().map(|&x| x * first * second).collect(), unit)
}

/// The lower Cholesky factor L of a symmetric positive definite matrix (L L' = matrix), row-major. Cost n^3/3.
///
/// Written out rather than called: sizes here are at most a few hundred, and the failing pivot is part of the answer.
pub(crate) fn cholesky(what: &'static str, matrix: &[f64], size: usize) -> Result<Vec<f64>> {
    let mut factor = matrix.to_vec();
    for pivot in 0..size {
        for col in 0..=pivot {
            let (above, row) = factor.split_at_mut(pivot * size);
            let sum = if col == pivot {
                row[..col].iter().map(|x| x * x).sum::<f64>()
            } else {
                row[..col].iter().zip(&above[col * size..]).map(|(x, y)| x * y).sum()
            };
            let rest = row[col] - sum;
            row[col] = if col < pivot {
                rest / above[col * size + col]
            } else if rest > 0.0 && rest.is_finite() {
                rest.sqrt()
            } else {
                return Err(Error::NotPositiveDefinite { what, pivot });
            };
        }
        factor[pivot * size + pivot + 1..(pivot + 1) * size].fill(0.0);
    }
    Ok(factor)
}

/// The numbers of negative, zero and positive eigenvalues of a symmetric matrix, which is overwritten: those of D in
/// P A P' = L D L' (Sylvester's law of inertia; Bunch and Kaufman's pivots). Cost n^3/3.
///
/// Eigenvalues below some rounding errors of the norm may be counted with any sign.
pub(crate) fn pivots(matrix: &mut [f64], size: usize) -> Result<(usize, usize, usize)> {
    use faer::linalg::cholesky::lblt::factor::{cholesky_in_place, cholesky_in_place_scratch};
    Error::array("the dense symmetric matrix", matrix.len(), &[size, size])?;
    let (scaled, _) = to_unit_scale(matrix);
    matrix.copy_from_slice(&scaled);
    drop(scaled);
    let mut coupling = faer::Mat::<f64>::zeros(size, 1);
    let (mut order, mut inverse) = (vec![0usize; size], vec![0usize; size]);
    let requirement = cholesky_in_place_scratch::<usize, f64>(size, Par::Seq, Spec::default());
    scratch(requirement, |stack| {
        let matrix = MatMut::from_column_major_slice_mut(&mut *matrix, size, size);
        let coupling = coupling.as_mut().col_mut(0).as_diagonal_mut();
        cholesky_in_place(matrix, coupling, &mut order, &mut inverse, Par::Seq, stack, Spec::default());
    });
    let coupling = coupling.col_as_slice(0);
    let mut counts = (0, 0, 0);
    let mut count = |value: f64| match value.partial_cmp(&0.0) {
        Some(std::cmp::Ordering::Less) => counts.0 += 1,
        Some(std::cmp::Ordering::Greater) => counts.2 += 1,
        _ => counts.1 += 1,
    };
    let mut pivot = 0;
    while pivot < size {
        let diagonal = |index: usize| matrix[index * size + index];
        if !(diagonal(pivot).is_finite() && coupling[pivot].is_finite()) {
            return Err(Error::NotConverged { what: "the symmetric indefinite factorization", size });
        }
        if coupling[pivot] != 0.0 && pivot + 1 < size {
            // Both eigenvalues of a block of two, from its trace and determinant.
            let (a, b, c) = (diagonal(pivot), coupling[pivot], diagonal(pivot + 1));
            let (middle, reach) = (0.5 * (a + c), (0.5 * (a - c)).hypot(b));
            let determinant = a * c - b * b;
            let large = if middle >= 0.0 { middle + reach } else { middle - reach };
            count(large);
            count(determinant * large.signum());
            pivot += 2;
        } else {
            count(diagonal(pivot));
            pivot += 1;
        }
    }
    Ok(counts)
}

/// Overwrites B, row-major, with the solution X of A X = B, by elimination with row exchanges. Cost 2/3 n^3 + 2 n^2 m.
///
/// Written out rather than called, because it must not allocate: `work` holds n x n numbers. A singular A leaves
/// numbers that are not finite.
pub(crate) fn solve_in_place<T: Scalar>(matrix: Matrix<'_, T>, work: &mut [T], right: &mut [T]) {
    (Compiled::solve_in_place())(matrix, work, right);
}

fn solve_in_place_body<T: Scalar>(matrix: Matrix<'_, T>, work: &mut [T], right: &mut [T]) {
    let size = matrix.rows;
    if size == 0 || right.is_empty() {
        return;
    }
    let cols = right.len() / size;
    for (row, work) in work.chunks_exact_mut(size).enumerate() {
        let at = |col: usize| if matrix.transposed { col * size + row } else { row * size + col };
        work.iter_mut().enumerate().for_each(|(col, entry)| *entry = matrix.entries[at(col)]);
    }
    for pivot in 0..size {
        let column = (pivot..size).map(|row| work[row * size + pivot].abs());
        let largest = |best: (usize, T), (row, entry): (usize, T)| if entry > best.1 { (row, entry) } else { best };
        let row = column.zip(pivot..).map(|(entry, row)| (row, entry)).fold((pivot, T::zero()), largest).0;
        if row != pivot {
            (0..size).for_each(|col| work.swap(row * size + col, pivot * size + col));
            (0..cols).for_each(|col| right.swap(row * cols + col, pivot * cols + col));
        }
        let (above, below) = work.split_at_mut((pivot + 1) * size);
        let (right_above, right_below) = right.split_at_mut((pivot + 1) * cols);
        let (pivots, own) = (&above[pivot * size..], &right_above[pivot * cols..]);
        for (row, right) in below.chunks_exact_mut(size).zip(right_below.chunks_exact_mut(cols)) {
            let factor = row[pivot] / pivots[pivot];
            row[pivot + 1..].iter_mut().zip(&pivots[pivot + 1..]).for_each(|(x, &y)| *x -= factor * y);
            right.iter_mut().zip(own).for_each(|(x, &y)| *x -= factor * y);
        }
    }
    for pivot in (0..size).rev() {
        let (before, own) = right.split_at_mut(pivot * cols);
        let own = &mut own[..cols];
        let inverse = work[pivot * size + pivot].recip();
        own.iter_mut().for_each(|x| *x *= inverse);
        for (row, right) in before.chunks_exact_mut(cols).enumerate() {
            let factor = work[row * size + pivot];
            right.iter_mut().zip(&*own).for_each(|(x, &y)| *x -= factor * y);
        }
    }
}

/// ln det of a symmetric positive definite matrix by Cholesky's factorization of its lower triangle; NaN for others.
///
/// Cost n^3/3; `work` holds n x n numbers.
pub(crate) fn log_determinant<T: Scalar>(matrix: &[T], size: usize, work: &mut [T]) -> T {
    (Compiled::log_determinant())(matrix, size, work)
}

fn log_determinant_body<T: Scalar>(matrix: &[T], size: usize, work: &mut [T]) -> T {
    work.copy_from_slice(matrix);
    let mut sum = 0.0;
    for pivot in 0..size {
        let (above, row) = work.split_at_mut(pivot * size);
        for col in 0..pivot {
            let other = &above[col * size..];
            let product = row[..col].iter().zip(other).fold(T::zero(), |sum, (&x, &y)| sum + x * y);
            row[col] = (row[col] - product) / other[col];
        }
        let rest = row[pivot] - row[..pivot].iter().fold(T::zero(), |sum, &x| sum + x * x);
        if !(rest > T::zero() && rest.is_finite()) {
            return T::nan();
        }
        row[pivot] = rest.sqrt();
        sum += rest.f64().ln();
    }
    T::of(sum)
}

/// Replaces linearly independent vectors, back to back, by the orthonormal ones that Gram and Schmidt would make of them:
/// vector j is a combination of the first j with a positive share of its own. Cost 4 size count^2 (Householder).
pub(crate) fn orthonormalize<T: Scalar>(vectors: &mut [T], size: usize) {
    (Compiled::orthonormalize())(vectors, size);
}

fn orthonormalize_body<T: Scalar>(vectors: &mut [T], size: usize) {
    use faer::linalg::householder;
    use faer::linalg::qr::no_pivoting::factor;
    if vectors.is_empty() {
        return;
    }
    let count = vectors.len() / size;
    let block = factor::recommended_block_size::<T>(size, count);
    let mut reflectors = faer::Mat::<T>::zeros(block, count);
    let requirement = factor::qr_in_place_scratch::<T>(size, count, block, Par::Seq, Spec::default());
    scratch(requirement, |stack| {
        let matrix = MatMut::from_column_major_slice_mut(&mut *vectors, size, count);
        factor::qr_in_place(matrix, reflectors.as_mut(), Par::Seq, stack, Spec::default())
    });
    let mut frame = vec![T::zero(); vectors.len()];
    for (index, (vector, column)) in frame.chunks_exact_mut(size).zip(vectors.chunks_exact(size)).enumerate() {
        vector[index] = if column[index] < T::zero() { -T::one() } else { T::one() };
    }
    let requirement =
        householder::apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(size, block, count);
    scratch(requirement, |stack| {
        householder::apply_block_householder_sequence_on_the_left_in_place_with_conj(
            MatRef::from_column_major_slice(&*vectors, size, count),
            reflectors.as_ref(),
            faer::Conj::No,
            MatMut::from_column_major_slice_mut(&mut frame, size, count),
            Par::Seq,
            stack,
        );
    });
    vectors.copy_from_slice(&frame);
}

fn scratch<R>(requirement: StackReq, run: impl FnOnce(&mut MemStack) -> R) -> R {
    run(MemStack::new(&mut MemBuffer::new(requirement)))
}

/// Length of the pieces into which long vectors are cut; fixed, so that sums have the same bits for any thread count.
const PIECE: usize = 1 << 15;

/// The inner product x'y, accumulated in `f64`.
#[track_caller]
pub(crate) fn dot<T: Scalar>(x: &[T], y: &[T]) -> f64 {
    assert_eq!(x.len(), y.len(), "dot: lengths must agree");
    if x.len() <= PIECE {
        return dot_piece(x, y);
    }
    (Compiled::long_dot())(x, y)
}

fn long_dot<T: Scalar>(x: &[T], y: &[T]) -> f64 {
    let pieces: Vec<f64> = x.par_chunks(PIECE).zip(y.par_chunks(PIECE)).map(|(x, y)| dot_piece(x, y)).collect();
    pieces.iter().sum()
}

fn dot_piece<T: Scalar>(x: &[T], y: &[T]) -> f64 {
    // Eight running sums: independent, so that the processor can add them side by side.
    let mut sums = [0.0; 8];
    let (x8, x_rest) = x.as_chunks::<8>();
    let (y8, y_rest) = y.as_chunks::<8>();
    for (x, y) in x8.iter().zip(y8) {
        for lane in 0..8 {
            sums[lane] += x[lane].f64() * y[lane].f64();
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x.f64() * y.f64()).sum();
    ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest
}

/// The Euclidean norm.
pub(crate) fn norm<T: Scalar>(x: &[T]) -> f64 {
    dot(x, x).sqrt()
}

/// y += scale x.
#[track_caller]
pub(crate) fn axpy<T: Scalar>(scale: T, x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "axpy: lengths must agree");
    if x.len() <= PIECE {
        return axpy_sequential(scale, x, y);
    }
    (Compiled::long_axpy())(scale, x, y);
}

fn long_axpy<T: Scalar>(scale: T, x: &[T], y: &mut [T]) {
    y.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE)).for_each(|(y, x)| axpy_sequential(scale, x, y));
}

/// The same on this thread alone: for where a lock is held, since a thread that waits for others takes up other work, and
/// that may want the lock.
pub(crate) fn axpy_sequential<T: Scalar>(scale: T, x: &[T], y: &mut [T]) {
    vectorized(
        #[inline(always)]
        || x.iter().zip(y).for_each(|(&x, y)| *y += scale * x),
    );
}

/// x *= factor.
pub(crate) fn scale<T: Scalar>(factor: T, x: &mut [T]) {
    x.iter_mut().for_each(|x| *x *= factor);
}
