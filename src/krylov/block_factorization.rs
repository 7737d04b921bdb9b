//! A V = V H + R E', from blocks of vectors.

use super::basis::{Basis, length};
use super::compiled::Compiled;
use super::factorization::dimension;
use super::ritz::Ritz;
use crate::error::{Error, Result};
use crate::linalg::{axpy, dot};
use crate::operator::{LinearOperator, Symmetric};
use crate::scalar::Scalar;

/// A direction is exhausted when what is left of it is below this many rounding errors of the operator's norm: see
/// [`Factorization`](super::Factorization).
const BREAKDOWN: f64 = 8.0;

/// A pass of orthogonalization that leaves less than this part of a vector is followed by another.
const SHORTENED: f64 = 0.9;

/// The first passes do the work; the third meets vectors of pure rounding error.
const PASSES: usize = 3;

/// The block Lanczos factorization A V = V H + R E' of a symmetric operator.
///
/// V is n x m with orthonormal columns, made block by block; H = V'AV is m x m, symmetric, and banded as long as the
/// process is not restarted; R holds up to as many columns as a block has, orthogonal to V, and E' couples them to V. A
/// block of b vectors sees up to b copies of a repeated eigenvalue, and its operator multiplies b vectors at once.
///
/// Directions that are exhausted leave the block, so it may become narrower; an empty one means that the space is
/// invariant. H and norms are `f64` whatever the type of the vectors.
///
/// ```
/// use eigenscape::krylov::BlockLanczos;
/// use eigenscape::operator::Diagonal;
///
/// // Two copies of 3: a block of two vectors sees both.
/// let operator = Diagonal::new(vec![3.0, 3.0, 1.0, -2.0, 0.5]);
/// let start = [1.0, 0.0, 1.0, 1.0, 1.0, /**/ 0.0, 1.0, 1.0, -1.0, 0.0];
/// let factorization = BlockLanczos::new(5).run(&operator, &start)?;
/// assert!(factorization.breakdown());
/// let values = factorization.values()?;
/// assert!((values[4] - 3.0).abs() < 1e-14 && (values[3] - 3.0).abs() < 1e-14);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Golub, Underwood 1977; Golub & Van Loan, Matrix Computations, chapter 10. Wu, Simon 2000,
/// doi:10.1137/S0895479898334605 (thick restart).
///
/// With the feature `serde` it can be saved and read back, and continues in the same bits.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "super::saved_search::SavedBlocks<T>"),
    serde(bound(deserialize = "T: Scalar + serde::Deserialize<'de>"))
)]
pub struct BlockFactorization<T> {
    pub(super) dim: usize,
    pub(super) basis: Basis<T>,
    /// The first vectors of the basis belong to eigenvectors that are known: they have no part in H.
    pub(super) deflated: usize,
    /// Columns of H down to the diagonal: column j has j + 1 entries.
    pub(super) projected: Vec<Vec<f64>>,
    /// The next block: orthonormal, orthogonal to the basis.
    pub(super) next: Vec<T>,
    /// One row for each vector of the next block: its inner products with A V.
    pub(super) coupling: Vec<Vec<f64>>,
    /// The block before the next one, if the coupling reaches no further: what the recurrence subtracts first.
    pub(super) previous: Vec<T>,
    /// Rows like those of the coupling for directions that were given up: each is the product of a residual's norm with
    /// the coordinates it belongs to.
    pub(super) dropped: Vec<Vec<f64>>,
    /// Residual directions that were left for others, back to back, and their rows of the coupling: they can come back.
    pub(super) aside: Vec<T>,
    pub(super) aside_rows: Vec<Vec<f64>>,
    /// The largest norm of a product with a unit vector so far.
    pub(super) scale: f64,
    /// Directions up to the first times `scale` plus the second count as exhausted.
    pub(super) negligible: (f64, f64),
    pub(super) matvecs: u64,
}

/// A product that is not finite.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct NonFinite {
    pub(super) number: u64,
    pub(super) index: usize,
    pub(super) value: f64,
}

impl From<NonFinite> for Error {
    fn from(product: NonFinite) -> Self {
        Error::Product { number: product.number, index: product.index, value: product.value }
    }
}

impl<T: Scalar> BlockFactorization<T> {
    /// Depth 0: no basis yet, the start vectors as next block.
    pub(super) fn begin(operator: &dyn LinearOperator<T>, start: &[T]) -> Result<Self> {
        let dim = dimension(operator)?;
        let mut factorization = BlockFactorization {
            dim,
            basis: Basis::new(dim),
            deflated: 0,
            projected: Vec::new(),
            next: Vec::new(),
            coupling: Vec::new(),
            previous: Vec::new(),
            dropped: Vec::new(),
            aside: Vec::new(),
            aside_rows: Vec::new(),
            scale: 0.0,
            negligible: (BREAKDOWN * T::EPSILON.f64(), 0.0),
            matvecs: 0,
        };
        factorization.restart_from(start)?;
        Ok(factorization)
    }

    /// Takes `start`, vectors back to back, as next block; nothing may have been multiplied yet.
    pub(super) fn restart_from(&mut self, start: &[T]) -> Result<()> {
        if start.is_empty() {
            return Err(Error::Empty { what: "the list of start vectors", remedy: "a block needs at least one" });
        }
        Error::length("the list of start vectors", start.len(), start.len().next_multiple_of(self.dim))?;
        Error::finite("the start vector", start, "start from finite numbers")?;
        let norm = length(start);
        if norm == 0.0 || !norm.is_finite() {
            let limits = "must be positive and finite: start from a vector that is not zero";
            return Err(Error::OutOfRange { what: "the norm of the start vector", value: norm, limits });
        }
        if !self.renew(start.to_vec()) {
            let (what, limits) =
                ("the part of the start outside of what is deflated", "must not be 0: start elsewhere");
            return Err(Error::OutOfRange { what, value: 0.0, limits });
        }
        Ok(())
    }

    /// Takes orthonormal vectors out of the space: everything from now on is orthogonal to them.
    pub(super) fn deflate(&mut self, vectors: &[T]) -> Result<()> {
        debug_assert!(self.size() == 0);
        self.basis.reserve(self.deflated + vectors.len() / self.dim)?;
        for vector in vectors.chunks_exact(self.dim) {
            self.basis.push(vector);
            self.deflated += 1;
        }
        Ok(())
    }

    /// Takes directions for exhausted that are below a tolerance, relative to the operator's norm and absolute.
    pub(super) fn tolerate(&mut self, relative: f64, absolute: f64) {
        self.negligible = (relative.max(self.negligible.0), absolute);
    }

    /// The number m of basis vectors.
    pub fn size(&self) -> usize {
        self.projected.len()
    }

    /// The dimension n of the operator.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The number of vectors in the next block: 0 when the space is invariant.
    pub fn width(&self) -> usize {
        self.coupling.len()
    }

    /// Whether the space is invariant: then the eigenvalues of H are eigenvalues of A.
    pub fn breakdown(&self) -> bool {
        self.width() == 0
    }

    /// Whether the basis, with what is deflated, spans the whole space.
    pub(super) fn exhausted(&self) -> bool {
        self.deflated + self.size() == self.dim
    }

    /// The number of products so far.
    pub fn matvecs(&self) -> u64 {
        self.matvecs
    }

    /// H = V'AV, m x m, row by row.
    pub fn projected(&self) -> Vec<f64> {
        self.projected_from(0)
    }

    /// The part of H from a row and column on.
    pub(super) fn projected_from(&self, first: usize) -> Vec<f64> {
        let size = self.size() - first;
        let mut matrix = vec![0.0; size * size];
        for (col, column) in self.projected[first..].iter().enumerate() {
            for (row, &entry) in column[first..].iter().enumerate() {
                matrix[row * size + col] = entry;
                matrix[col * size + row] = entry;
            }
        }
        matrix
    }

    /// The eigenvalues of H, ascending.
    ///
    /// # Errors
    /// If the eigenproblem of H does not converge.
    pub fn values(&self) -> Result<Vec<f64>> {
        Ok(self.ritz(0)?.values)
    }

    /// The Ritz pairs of the vectors from number `first` on, with the norms of their residuals outside of the others.
    pub(super) fn ritz(&self, first: usize) -> Result<Ritz> {
        let part = |rows: &[Vec<f64>]| rows.iter().map(|row| row[first..].to_vec()).collect::<Vec<_>>();
        let rows = [part(&self.coupling), part(&self.aside_rows), part(&self.dropped)];
        Ritz::new(&self.projected_from(first), self.size() - first, rows)
    }

    /// Column `index` of V, a unit vector.
    ///
    /// # Panics
    /// If `index` is not below `size`.
    #[track_caller]
    pub fn vector(&self, index: usize) -> Vec<T> {
        assert!(index < self.size(), "vector {index} of a factorization with {} vectors", self.size());
        self.basis.vector(self.deflated + index)
    }

    /// V c: linear combinations of the basis, m coefficients for each, back to back. Cost: 2 m n operations for each.
    ///
    /// # Panics
    /// If the number of coefficients is not a multiple of m.
    #[track_caller]
    pub fn combine(&self, coefficients: &[f64]) -> Vec<T> {
        let size = self.size();
        assert!(coefficients.len().is_multiple_of(size.max(1)), "combine: a combination needs {size} coefficients");
        let mut padded = Vec::with_capacity(coefficients.len() / size.max(1) * (self.deflated + size));
        for row in coefficients.chunks_exact(size) {
            padded.extend(std::iter::repeat_n(T::zero(), self.deflated));
            padded.extend(row.iter().map(|&c| T::of(c)));
        }
        self.basis.combine(&padded)
    }

    /// The level of orthogonality: the largest entry of |V'V - I|, measured. Cost: 2 m^2 n operations.
    pub fn orthogonality(&self) -> f64 {
        self.basis.orthogonality()
    }

    /// Continues until the basis has `size` vectors, or a few more where blocks do not divide it, with the same operator.
    /// Stops early when the space is invariant.
    ///
    /// # Errors
    /// If the operator has another size, the basis cannot be allocated, or a product is not finite; the factorization is
    /// then what it was before that product.
    pub fn expand<A: Symmetric<T> + ?Sized>(&mut self, operator: &A, size: usize) -> Result<()> {
        self.expand_core(&operator, size)
    }

    pub(super) fn expand_core(&mut self, operator: &dyn LinearOperator<T>, size: usize) -> Result<()> {
        Error::length("the product of the operator", dimension(operator)?, self.dim)?;
        self.reserve(size.min(self.dim) + self.width())?;
        while self.size() < size && !self.breakdown() {
            self.step(operator)??;
        }
        Ok(())
    }

    /// Makes room for so many vectors, and those that are deflated.
    pub(super) fn reserve(&mut self, size: usize) -> Result<()> {
        self.basis.reserve(self.deflated + size)
    }

    /// One block more. After a product that is not finite everything is as before.
    pub(super) fn step(&mut self, operator: &dyn LinearOperator<T>) -> Result<std::result::Result<(), NonFinite>> {
        (Compiled::block_step())(self, operator)
    }

    pub(super) fn step_body(&mut self, operator: &dyn LinearOperator<T>) -> Result<std::result::Result<(), NonFinite>> {
        let (dim, width, before) = (self.dim, self.width(), self.size());
        self.reserve(before + width)?;
        let mut products = vec![T::zero(); self.next.len()];
        operator.apply_block(&self.next, &mut products, width);
        for (vector, product) in products.chunks_exact(dim).enumerate() {
            // A square that is not finite although each entry is: the numbers are too large for their type.
            let bad = product.iter().position(|x| !x.is_finite()).or((!length(product).is_finite()).then_some(0));
            if let Some(index) = bad {
                let number = self.matvecs + vector as u64 + 1;
                return Ok(Err(NonFinite { number, index, value: product[index].f64() }));
            }
            self.scale = self.scale.max(length(product));
        }
        self.matvecs += width as u64;
        // What the three-term recurrence takes away: the coefficients are known, or `f64` sums.
        let mut columns = vec![vec![0.0; before + width]; width];
        for (column, product) in columns.iter_mut().zip(products.chunks_exact_mut(dim)) {
            for (vector, previous) in self.previous.chunks_exact(dim).enumerate() {
                let row = before - self.previous.len() / dim + vector;
                column[row] += subtract(previous, product);
            }
            for (vector, current) in self.next.chunks_exact(dim).enumerate() {
                column[before + vector] += subtract(current, product);
            }
        }
        for vector in self.next.chunks_exact(dim) {
            self.basis.push(vector);
        }
        self.orthogonalize(&mut products, &mut columns);
        let rows = self.coupling.iter_mut().chain(&mut self.aside_rows).chain(&mut self.dropped);
        rows.for_each(|row| row.resize(before + width, 0.0));
        for (vector, mut column) in columns.into_iter().enumerate() {
            column.truncate(before + vector + 1);
            self.projected.push(column);
        }
        self.previous = std::mem::take(&mut self.next);
        self.accept(products, before);
        Ok(Ok(()))
    }

    /// Removes the basis from the vectors, and adds what it removed to the columns.
    fn orthogonalize(&mut self, vectors: &mut [T], columns: &mut [Vec<f64>]) {
        let (dim, count, deflated) = (self.dim, columns.len(), self.deflated);
        let norms = |vectors: &[T]| vectors.chunks_exact(dim).map(length).collect::<Vec<f64>>();
        let mut before = norms(vectors);
        for _ in 0..PASSES {
            let mut add = |row: usize, vector: usize, removed: f64| {
                if row >= deflated {
                    columns[vector][row - deflated] += removed;
                }
            };
            if count == 1 {
                let removed = self.basis.remove(vectors);
                removed.iter().enumerate().for_each(|(row, c)| add(row, 0, c.f64()));
            } else {
                let removed = self.basis.remove_block(vectors, count);
                removed.iter().enumerate().for_each(|(entry, &c)| add(entry / count, entry % count, c));
            }
            let after = norms(vectors);
            let settled = after.iter().zip(&before).all(|(&after, &before)| after > SHORTENED * before || after == 0.0);
            before = after;
            if settled {
                break;
            }
        }
    }

    /// Makes the next block of vectors that are orthogonal to the basis: orthonormal ones, without those that are exhausted.
    /// `first` is the number of the basis vector to whose product the first of them belongs.
    fn accept(&mut self, mut vectors: Vec<T>, first: usize) {
        let (dim, size) = (self.dim, self.size());
        self.next.clear();
        self.coupling.clear();
        let negligible = self.negligible.0 * self.scale + self.negligible.1;
        for (vector, entries) in vectors.chunks_exact_mut(dim).enumerate() {
            let (mut shares, mut norm) = (vec![0.0; self.coupling.len()], length(entries));
            let original = norm;
            for _ in 0..PASSES {
                for (share, accepted) in shares.iter_mut().zip(self.next.chunks_exact(dim)) {
                    *share += subtract(accepted, entries);
                }
                if norm < SHORTENED * original {
                    // What is left of a sum that cancelled is no longer orthogonal to the basis.
                    self.basis.remove(entries);
                }
                let before = std::mem::replace(&mut norm, length(entries));
                if norm > SHORTENED * before || norm == 0.0 {
                    break;
                }
            }
            for (row, share) in self.coupling.iter_mut().zip(shares) {
                row[first + vector] = share;
            }
            let mut row = vec![0.0; size];
            row[first + vector] = norm;
            if norm <= negligible || self.deflated + size + self.coupling.len() == dim {
                if norm > 0.0 {
                    self.dropped.push(row);
                }
                continue;
            }
            entries.iter_mut().for_each(|x| *x = T::of(x.f64() / norm));
            self.next.extend_from_slice(entries);
            self.coupling.push(row);
        }
    }

    /// Goes on from `directions`, of which it takes the part orthogonal to the basis, instead of the residual, which is set
    /// aside: Ritz pairs remember what it was worth. False, and an empty block, if nothing is left of the directions.
    pub(super) fn renew(&mut self, mut directions: Vec<T>) -> bool {
        let dim = self.dim;
        for (row, vector) in self.coupling.drain(..).zip(self.next.chunks_exact(dim)) {
            if row.iter().any(|&entry| entry != 0.0) {
                self.aside_rows.push(row);
                self.aside.extend_from_slice(vector);
            }
        }
        self.next.clear();
        self.previous.clear();
        for direction in directions.chunks_exact_mut(dim) {
            let original = length(direction);
            if self.deflated + self.size() + self.width() == dim || original == 0.0 {
                continue;
            }
            direction.iter_mut().for_each(|x| *x = T::of(x.f64() / original));
            let mut norm = 1.0;
            for _ in 0..PASSES {
                self.basis.remove(direction);
                for accepted in self.next.chunks_exact(dim) {
                    subtract(accepted, direction);
                }
                let before = std::mem::replace(&mut norm, length(direction));
                if norm > SHORTENED * before || norm == 0.0 {
                    break;
                }
            }
            if norm <= BREAKDOWN * T::EPSILON.f64() {
                continue;
            }
            direction.iter_mut().for_each(|x| *x = T::of(x.f64() / norm));
            self.next.extend_from_slice(direction);
            self.coupling.push(vec![0.0; self.size()]);
        }
        !self.breakdown()
    }

    /// Takes the directions that were set aside into the next block, as far as the basis has not met them since: the space
    /// grows along them again, and Ritz pairs that depend on them can converge.
    pub(super) fn reenter(&mut self) {
        let dim = self.dim;
        let (mut vectors, rows) = (std::mem::take(&mut self.aside), std::mem::take(&mut self.aside_rows));
        self.previous.clear();
        for (vector, mut row) in vectors.chunks_exact_mut(dim).zip(rows) {
            let mut norm = length(vector);
            for _ in 0..PASSES {
                self.basis.remove(vector);
                for accepted in self.next.chunks_exact(dim) {
                    subtract(accepted, vector);
                }
                let before = std::mem::replace(&mut norm, length(vector));
                if norm > SHORTENED * before || norm == 0.0 {
                    break;
                }
            }
            row.iter_mut().for_each(|entry| *entry *= norm);
            if norm <= T::EPSILON.f64().sqrt() || self.deflated + self.size() + self.width() == dim {
                self.dropped.push(row);
                continue;
            }
            vector.iter_mut().for_each(|x| *x = T::of(x.f64() / norm));
            self.next.extend_from_slice(vector);
            self.coupling.push(row);
        }
    }

    /// Thick restart: replaces the basis from vector `first` on by combinations of these vectors, Ritz vectors of them,
    /// and keeps the residual. Row i of `coefficients` makes one.
    pub(super) fn restart(&mut self, first: usize, coefficients: &[f64]) {
        (Compiled::restart())(self, first, coefficients)
    }

    pub(super) fn restart_body(&mut self, first: usize, coefficients: &[f64]) {
        let old = self.size() - first;
        let rows: Vec<&[f64]> = coefficients.chunks_exact(old.max(1)).collect();
        let transform = |row: &[f64], part: &[f64]| row.iter().zip(part).map(|(x, y)| x * y).sum::<f64>();
        // H of the combinations, and their products with the vectors that stay.
        let matrix = self.projected_from(first);
        let mut columns: Vec<Vec<f64>> = Vec::with_capacity(rows.len());
        for (number, &row) in rows.iter().enumerate() {
            let image: Vec<f64> = matrix.chunks_exact(old.max(1)).map(|line| transform(line, row)).collect();
            let mut column = vec![0.0; first + number + 1];
            for (above, entry) in column[..first].iter_mut().enumerate() {
                *entry = self.projected[first..].iter().zip(row).map(|(column, c)| column[above] * c).sum();
            }
            for (entry, other) in column[first..].iter_mut().zip(&rows) {
                *entry = transform(other, &image);
            }
            columns.push(column);
        }
        self.projected.truncate(first);
        self.projected.append(&mut columns);
        for row in self.coupling.iter_mut().chain(&mut self.aside_rows).chain(&mut self.dropped) {
            let part: Vec<f64> = rows.iter().map(|combination| transform(combination, &row[first..])).collect();
            row.truncate(first);
            row.extend(part);
        }
        self.previous.clear();
        let coefficients: Vec<T> = coefficients.iter().map(|&c| T::of(c)).collect();
        self.basis.replace(self.deflated + first, &coefficients);
    }
}

/// Takes a unit vector's share out of another vector, and returns it.
fn subtract<T: Scalar>(unit: &[T], vector: &mut [T]) -> f64 {
    let share = dot(unit, vector);
    axpy(T::of(-share), unit, vector);
    share
}
