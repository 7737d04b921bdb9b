//! Symmetric tridiagonal matrices: counts and single eigenvalues by Sturm sequences, all by root-free QL.

use super::root_free;
use super::sturm::{self, Ends, Form};
use crate::error::{Error, Result};
use crate::linalg;
use crate::random_matrix::law::Interval;

/// A symmetric tridiagonal matrix of any size, of which eigenvalues can be counted without computing one.
///
/// ```text
///     T = tridiag(b, a, b)            Tridiagonal::new(a, b)
///     T = B B',  B = bidiag(a; b)     Tridiagonal::gram(a, b),   a on the diagonal of B, b below it
///     number of eigenvalues below x = number of negative pivots of T - x
/// ```
///
/// A Gram matrix is kept as its factor and its pivots are those of the differential qd algorithm, so that counts are
/// right to a relative error of the eigenvalue, however small it is (Fernando & Parlett 1994); below 1e-280 of the norm it is
/// taken for 0. Otherwise the error is a few roundings of the norm.
///
/// Cost: memory 2n numbers; n divisions per count; an eigenvalue to all digits takes about 14 passes of 16 counts that run
/// side by side. All eigenvalues take O(n^2) operations: at n = 10^4 one second, at n = 10^6 hours.
///
/// ```
/// use eigenscape::random_matrix::{Interval, Tridiagonal};
///
/// // The second difference: eigenvalues 2 - 2 cos(pi k / (n + 1)).
/// let n = 1000;
/// let matrix = Tridiagonal::new(&vec![2.0; n], &vec![-1.0; n - 1])?;
/// assert_eq!(matrix.count(Interval { lower: 0.0, upper: 2.0 }), 500);
/// let largest = matrix.eigenvalue(n - 1, 1e-12)?;
/// assert!((largest - (2.0 + 2.0 * (std::f64::consts::PI / 1001.0).cos())).abs() < 2e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Givens 1954 (Sturm counts); Barth, Martin & Wilkinson 1967 (doi:10.1007/BF02162154); Fernando & Parlett 1994
/// (doi:10.1007/s002110050024).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Tridiagonal {
    form: Form,
    /// The matrix is this times the one in `form`, whose largest entry is near 1.
    unit: f64,
}

impl Tridiagonal {
    /// The matrix with a diagonal and a subdiagonal.
    ///
    /// # Errors
    /// If the diagonal is empty, the subdiagonal has not one entry less, or an entry is not finite.
    pub fn new(diagonal: &[f64], subdiagonal: &[f64]) -> Result<Self> {
        check(diagonal, subdiagonal)?;
        let (scaled, unit) = linalg::to_unit_scale(&[diagonal, subdiagonal].concat());
        let (diagonal, below) = scaled.split_at(diagonal.len());
        let form = Form::Symmetric { diagonal: diagonal.to_vec(), below: below.to_vec() };
        Ok(Tridiagonal { form, unit })
    }

    /// B B' for the lower bidiagonal B with a diagonal and a subdiagonal.
    ///
    /// # Errors
    /// If the diagonal is empty, the subdiagonal has not one entry less, an entry is not finite, or the largest squared is
    /// not.
    pub fn gram(diagonal: &[f64], subdiagonal: &[f64]) -> Result<Self> {
        check(diagonal, subdiagonal)?;
        let (mut scaled, unit) = linalg::to_unit_scale(&[diagonal, subdiagonal].concat());
        scaled.iter_mut().for_each(|entry| *entry *= *entry);
        let below = scaled.split_off(diagonal.len());
        let unit = unit * unit;
        Error::positive("the largest entry of a bidiagonal matrix, squared", 4.0 * unit)?;
        Ok(Tridiagonal { form: Form::Gram { squares: scaled, below }, unit })
    }

    /// `unit` times the matrix in a form.
    pub(in crate::random_matrix) fn from_form(form: Form, unit: f64) -> Self {
        Tridiagonal { form, unit }
    }

    /// The number of rows, and of eigenvalues.
    pub fn size(&self) -> usize {
        self.form.size()
    }

    /// The diagonal of the matrix, also of a Gram matrix.
    pub fn diagonal(&self) -> Vec<f64> {
        self.form.matrix().0.iter().map(|entry| entry * self.unit).collect()
    }

    /// The subdiagonal of the matrix, one entry less; of a Gram matrix up to signs.
    pub fn subdiagonal(&self) -> Vec<f64> {
        match &self.form {
            Form::Symmetric { below, .. } => below.iter().map(|entry| entry * self.unit).collect(),
            Form::Gram { .. } => self.form.matrix().1.iter().map(|square| square.sqrt() * self.unit).collect(),
        }
    }

    /// The number of eigenvalues below `x`: 0 for minus infinity and for what is not a number.
    pub fn count_below(&self, x: f64) -> usize {
        self.form.counts(&[(x / self.unit, Ends::Excluded)])[0]
    }

    /// The number of eigenvalues in an interval, its ends included up to rounding.
    pub fn count(&self, interval: Interval) -> usize {
        let ends = [(interval.lower / self.unit, Ends::Excluded), (interval.upper / self.unit, Ends::Included)];
        let [below, through] = self.form.counts(&ends);
        through.saturating_sub(below)
    }

    /// The eigenvalue with an index, counted from 0 for the smallest to `size()` - 1 for the largest, to a tolerance.
    ///
    /// The error is at most `tolerance` and what rounding adds; a tolerance of 0 gives all digits. A count tells on
    /// which side of a point the eigenvalue lies; 16 points at a time leave a seventeenth of the interval.
    ///
    /// # Errors
    /// If there is no such eigenvalue, or the tolerance is negative or not a number.
    pub fn eigenvalue(&self, index: usize, tolerance: f64) -> Result<f64> {
        if index >= self.size() {
            let because = "since eigenvalues are counted from 0";
            let (what, limit) = ("the index of an eigenvalue", self.size() - 1);
            return Err(Error::AboveLimit { what, value: index, limit, because });
        }
        if tolerance.is_nan() || tolerance < 0.0 {
            let limits = "must be at least 0, which asks for all digits";
            return Err(Error::OutOfRange { what: "the tolerance of an eigenvalue", value: tolerance, limits });
        }
        Ok(sturm::search(&self.form, index, tolerance / self.unit) * self.unit)
    }

    /// <v, e_1>^2 for the unit eigenvector v of an eigenvalue and the first axis: the overlap with the spike of an ensemble.
    ///
    /// ```text
    ///     d_n = a_n - x,   d_i = a_i - x - b_i^2 / d_(i+1);     D_n = 1,   D_i = 1 + D_(i+1) b_i^2 / d_(i+1)^2;     1 / D_1
    /// ```
    ///
    /// For the least and the greatest eigenvalue all d_i but the first have one sign, and the error is that of the
    /// eigenvalue over its distance from the next. For those inside the spectrum it may be of any size. The subdiagonal must
    /// have no zeros. Cost n divisions.
    pub fn overlap(&self, eigenvalue: f64) -> f64 {
        let (diagonal, mut squares) = self.form.matrix();
        squares.push(0.0);
        let x = eigenvalue / self.unit;
        let (mut d, mut sum) = (f64::INFINITY, 0.0);
        for (entry, square) in diagonal.iter().zip(&squares).rev() {
            sum = if *square > 0.0 { 1.0 + sum * square / (d * d) } else { 1.0 };
            d = entry - x - square / d;
            // Where d is 0 this eigenvector is 0 from here on; squares must stay finite.
            d = if d.abs() < 1e-150 { 1e-150 } else { d };
        }
        1.0 / sum
    }

    /// All eigenvalues, ascending. Cost O(n^2), memory 2n.
    ///
    /// Errors are a few roundings of the norm; [`Tridiagonal::eigenvalue`] has small eigenvalues of Gram matrices to a
    /// relative accuracy.
    ///
    /// # Errors
    /// If the iteration does not converge, which has not been seen.
    pub fn eigenvalues(&self) -> Result<Vec<f64>> {
        let (mut values, mut squares) = self.form.matrix();
        root_free::eigenvalues(&mut values, &mut squares)?;
        if let Form::Gram { .. } = self.form {
            // Semidefinite; rounding is not.
            values.iter_mut().for_each(|value| *value = value.max(0.0));
        }
        values.iter_mut().for_each(|value| *value *= self.unit);
        Ok(values)
    }
}

fn check(diagonal: &[f64], subdiagonal: &[f64]) -> Result<()> {
    if diagonal.is_empty() {
        return Err(Error::Empty { what: "the diagonal of a tridiagonal matrix", remedy: "give at least one entry" });
    }
    Error::length("the subdiagonal of a tridiagonal matrix", subdiagonal.len(), diagonal.len() - 1)?;
    let remedy = "give finite entries";
    Error::finite("the diagonal of a tridiagonal matrix", diagonal, remedy)?;
    Error::finite("the subdiagonal of a tridiagonal matrix", subdiagonal, remedy)
}

#[cfg(feature = "serde")]
crate::saved::checked!(Tridiagonal { form: Form, unit: f64 } by |matrix| {
    let (Form::Symmetric { diagonal, below } | Form::Gram { squares: diagonal, below }) = &matrix.form;
    check(diagonal, below)?;
    Error::positive("the unit of a saved tridiagonal matrix", matrix.unit)?;
    let squares = matches!(matrix.form, Form::Gram { .. });
    let negative = diagonal.iter().chain(below).find(|&&entry| squares && entry < 0.0);
    Error::require(negative.is_none(), "a saved square", negative.map_or(0.0, |&entry| entry), "must be at least 0")
});
