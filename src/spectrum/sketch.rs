//! An orthonormal basis of random vectors or of their products, and what it is without each of them.

use super::block::Block;
use super::tall::Tall;
use crate::error::Result;
use crate::operator::LinearOperator;
use crate::scalar::Scalar;

/// A vector of which this many rounding errors are left beside earlier ones is dependent on them.
const DEPENDENT: f64 = 16.0;

/// V = Q R, column by column, with Q'Q = I. Columns of V that depend on earlier ones give no column of Q.
#[derive(Debug)]
pub(super) struct Sketch<T> {
    pub(super) basis: Tall<T>,
    /// For each vector of V its column of R, as long as the basis was after it.
    pub(super) columns: Vec<Vec<f64>>,
    /// For each vector of V the column of Q that it gave.
    place: Vec<Option<usize>>,
}

impl<T: Scalar> Sketch<T> {
    pub(super) fn new(dim: usize) -> Self {
        Sketch { basis: Tall::new(dim), columns: Vec::new(), place: Vec::new() }
    }

    /// The number of vectors V, and of columns Q.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.columns.len(), self.basis.vectors())
    }

    /// Forgets all but the first vectors and columns.
    pub(super) fn rewind(&mut self, (vectors, columns): (usize, usize)) {
        self.basis.truncate(columns);
        self.columns.truncate(vectors);
        self.place.truncate(vectors);
    }

    /// Adds vectors that stand back to back: by blocks against the basis, then one by one within the block.
    ///
    /// Each pass is done twice (Kahan & Parlett: twice is enough); a vector that shrinks within its block meets the whole
    /// basis again, until it shrinks no more or nothing but rounding is left of it.
    pub(super) fn extend(&mut self, block: &[T], width: usize) -> Result<()> {
        let first = self.basis.vectors();
        self.basis.push(block)?;
        let columns = first..first + width;
        let before: Vec<f64> = columns.clone().map(|column| self.basis.length(column)).collect();
        let mut taken = vec![0.0; width * first];
        for _ in 0..2 {
            let pass = self.basis.remove(0..first, columns.clone());
            taken.iter_mut().zip(&pass).for_each(|(taken, pass)| *taken += pass);
        }
        let mut kept = first;
        for (index, column) in columns.enumerate() {
            self.basis.copy(column, kept);
            let mut coefficients = taken[index * first..][..first].to_vec();
            coefficients.resize(kept, 0.0);
            let floor = DEPENDENT * T::EPSILON.f64() * before[index];
            let mut previous = self.basis.length(kept);
            for _ in 0..2 {
                let pass = self.basis.remove(first..kept, kept..kept + 1);
                coefficients[first..].iter_mut().zip(&pass).for_each(|(taken, pass)| *taken += pass);
            }
            let mut length = self.basis.length(kept);
            while length > floor && length < previous / 2.0 {
                previous = length;
                let pass = self.basis.remove(0..kept, kept..kept + 1);
                coefficients.iter_mut().zip(&pass).for_each(|(taken, pass)| *taken += pass);
                length = self.basis.length(kept);
            }
            if length > floor {
                self.basis.divide(kept, length);
                coefficients.push(length);
                self.place.push(Some(kept));
                kept += 1;
            } else {
                self.place.push(None);
            }
            self.columns.push(coefficients);
        }
        self.basis.truncate(kept);
        Ok(())
    }

    /// For each vector v_i the unit vector s_i for which Q (I - s_i s_i') Q' projects on the span of the others; none where
    /// that is the whole span.
    ///
    /// s_i is orthogonal to all columns of R but its own: it is a row of the inverse of R, normalised. Cost r^3 / 3 for r
    /// columns, and no work with long vectors: this is what makes leaving out each one cheap.
    pub(super) fn without(&self) -> Vec<Option<Vec<f64>>> {
        let size = self.basis.vectors();
        let upper: Vec<&[f64]> =
            self.columns.iter().zip(&self.place).filter(|(_, place)| place.is_some()).map(|(r, _)| &r[..]).collect();
        let scale = upper.iter().enumerate().fold(0.0, |scale: f64, (k, column)| scale.max(column[k].abs()));
        let dependent: Vec<&[f64]> =
            self.columns.iter().zip(&self.place).filter(|(_, place)| place.is_none()).map(|(r, _)| &r[..]).collect();
        let tolerance = T::EPSILON.f64().sqrt();
        let direction = |place: usize| {
            // R's = a unit vector, by forward substitution.
            let mut s = vec![0.0; size];
            for row in place..size {
                let sum: f64 = (place..row).map(|k| upper[row][k] / scale * s[k]).sum();
                let right = if row == place { 1.0 } else { 0.0 };
                s[row] = (right - sum) / (upper[row][row] / scale);
            }
            let largest = s.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
            s.iter_mut().for_each(|x| *x /= largest);
            let norm = s.iter().map(|x| x * x).sum::<f64>().sqrt();
            s.iter_mut().for_each(|x| *x /= norm);
            // A dependent vector that reaches in this direction keeps it in the span.
            let reached = dependent.iter().any(|column| {
                let along: f64 = column.iter().zip(&s).map(|(r, s)| r * s).sum();
                along.abs() > tolerance * column.iter().map(|r| r * r).sum::<f64>().sqrt()
            });
            (!reached).then_some(s)
        };
        self.place.iter().map(|place| place.and_then(direction)).collect()
    }

    /// The entries of R, a row for each vector of V.
    pub(super) fn transposed_factor(&self) -> Vec<f64> {
        let size = self.basis.vectors();
        let entry = |column: &Vec<f64>, row: usize| column.get(row).copied().unwrap_or(0.0);
        self.columns.iter().flat_map(|column| (0..size).map(move |row| entry(column, row))).collect()
    }
}

/// A product that was not finite.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    /// The number of the product, from 1.
    pub(super) number: u64,
    pub(super) index: usize,
    pub(super) value: f64,
}

/// Multiplies the columns of the basis from `first` on by the operator, and adds the products to `images`.
///
/// `units` has room for 16 vectors, and tells after a failure which products are known.
pub(super) fn multiply<T: Scalar>(
    operator: &dyn LinearOperator<T>,
    basis: &Tall<T>,
    images: &mut Tall<T>,
    units: &mut Block<T>,
    matvecs: &mut u64,
) -> Result<Option<Failure>> {
    let (first, end) = (images.vectors(), basis.vectors());
    let width = end - first;
    if width == 0 {
        return Ok(None);
    }
    basis.read(first..end, units.vectors(width));
    if let Some(broken) = units.multiply(operator) {
        let number = *matvecs + broken.vector as u64 + 1;
        return Ok(Some(Failure { number, index: broken.index, value: broken.value }));
    }
    *matvecs += width as u64;
    images.push(units.products())?;
    Ok(None)
}
