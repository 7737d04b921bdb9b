//! The curvature of a cut: a small dense matrix and what it says.

use crate::error::{Error, Result};
use crate::linalg::{norm, symmetric_eigen};
use crate::operator::{Symmetric, to_dense};
use crate::scalar::Scalar;

/// H_d = P'HP as a dense matrix: the Hessian of an objective on a plane of d dimensions, or another matrix in its place.
///
/// ```text
///     H_d: d x d,   symmetric;   leading k x k block: the same on the plane of the first k columns of P
/// ```
///
/// So one matrix on a random plane gives the curvature on nested random planes of all smaller dimensions. Cost: d products, in
/// blocks of up to 32, and for each dimension asked its eigenvalues, O(k^3).
///
/// ```
/// use eigenscape::emergent::Cut;
/// use eigenscape::objective::{Objective, Point, Recorded};
/// use eigenscape::projection::Gaussian;
/// use eigenscape::random::Key;
/// use eigenscape::subspace::Restricted;
///
/// // A saddle of 40 dimensions, three quarters of them upwards, on a random plane of 10.
/// let saddle = Recorded::<f64>::new(40, |x| (x.slice(0, 0..30).powi(2).sum() - x.slice(0, 30..40).powi(2).sum()) * 0.5)?;
/// let plane = Gaussian::new(40, 10, Key::new(0))?;
/// let restricted = Restricted::new(&saddle, &plane, &[0.0; 40])?;
/// let cut = Cut::new(&restricted.at(&[0.0; 10])?.hessian())?;
/// let curvature = cut.curvature(10)?;
/// assert!(curvature.trace > 0.0 && curvature.positive_share > 0.5 && curvature.smallest < 0.0);
/// assert!(cut.curvature(1)?.ratio == Some(1.0));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Scherlis 2018, arXiv:1807.02581.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Cut {
    dimension: usize,
    /// Symmetric, row by row.
    entries: Vec<f64>,
    /// Eigenvalues of a size that rounding explains have no sign.
    rounding: f64,
}

/// What a cut says of the curvature on a plane.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CutCurvature {
    /// d.
    pub dimension: usize,
    /// tr H_d.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub trace: f64,
    /// |H_d|_F.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub norm: f64,
    /// tr H_d / |H_d|_F, the Goldilocks measure, from -sqrt d to sqrt d; none for a zero matrix, where it is 0 / 0.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub ratio: Option<f64>,
    /// The share of eigenvalues that are positive beyond rounding.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub positive_share: f64,
    /// The largest eigenvalue.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub largest: f64,
    /// The smallest eigenvalue.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub smallest: f64,
}

impl Cut {
    /// The largest dimension: the matrix takes half a gigabyte.
    pub const LARGEST: usize = 1 << 13;

    /// The matrix of an operator of d rows, such as the Hessian of a [`RestrictedPoint`](crate::subspace::RestrictedPoint).
    /// Its symmetric part is kept; the other, which is rounding, tells how large that is.
    ///
    /// # Errors
    /// If there are no rows or more than [`Cut::LARGEST`], the operator is not square, or a product is not finite.
    pub fn new<T: Scalar>(operator: &(impl Symmetric<T> + ?Sized)) -> Result<Self> {
        let dimension = operator.rows();
        Error::at_least("the dimension of a cut", dimension, 1, "must be at least 1")?;
        Error::length("a row of the operator of a cut", operator.cols(), dimension)?;
        if dimension > Self::LARGEST {
            let because = "for its matrix to fit in memory and have eigenvalues";
            return Err(Error::AboveLimit {
                what: "the dimension of a cut",
                value: dimension,
                limit: Self::LARGEST,
                because,
            });
        }
        let dense = to_dense(operator);
        let product = |row: usize, col: usize| dense.entries()[row * dimension + col].f64();
        Error::finite("the matrix of a cut", dense.entries(), "the objective overflows here: look at its scale")?;
        let mut entries = vec![0.0; dimension * dimension];
        let mut difference = 0.0;
        for row in 0..dimension {
            for col in 0..dimension {
                let (above, below) = (product(row, col), product(col, row));
                // Halves first: their sum may overflow.
                entries[row * dimension + col] = 0.5 * above + 0.5 * below;
                difference += (0.5 * above - 0.5 * below).powi(2);
            }
        }
        // Independent errors with this antisymmetric part shift eigenvalues by up to twice its root mean square row.
        let rounding = 2.0 * (difference / dimension as f64).sqrt() + 4.0 * T::EPSILON.f64() * norm(&entries);
        Ok(Cut { dimension, entries, rounding })
    }

    /// d.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The entries, row by row.
    pub fn entries(&self) -> &[f64] {
        &self.entries
    }

    /// This matrix less another one on the same plane: what is left of a Hessian without its Gauss-Newton part.
    ///
    /// # Errors
    /// If the dimensions differ.
    pub fn less(&self, other: &Cut) -> Result<Self> {
        Error::length("a row of the cut that is taken away", other.dimension, self.dimension)?;
        let entries = self.entries.iter().zip(&other.entries).map(|(x, y)| x - y).collect();
        Ok(Cut { dimension: self.dimension, entries, rounding: self.rounding + other.rounding })
    }

    /// What the matrix says on the plane of the first `dimension` columns.
    ///
    /// # Errors
    /// Unless 1 <= `dimension` <= d, or if the eigenvalues do not converge.
    pub fn curvature(&self, dimension: usize) -> Result<CutCurvature> {
        Error::at_least("the dimension of a part of a cut", dimension, 1, "must be at least 1")?;
        if dimension > self.dimension {
            let (what, because) = ("the dimension of a part of a cut", "the dimension of the cut");
            return Err(Error::AboveLimit { what, value: dimension, limit: self.dimension, because });
        }
        let rows = self.entries.chunks_exact(self.dimension).take(dimension);
        let leading: Vec<f64> = rows.flat_map(|row| row[..dimension].iter().copied()).collect();
        let trace: f64 = leading.iter().step_by(dimension + 1).sum();
        let norm = norm(&leading);
        // Ascending.
        let values = symmetric_eigen(&leading, dimension, false)?.values;
        let positive = values.iter().filter(|&&value| value > self.rounding).count();
        Ok(CutCurvature {
            dimension,
            trace,
            norm,
            ratio: (norm > 0.0).then(|| trace / norm),
            positive_share: positive as f64 / dimension as f64,
            largest: values[dimension - 1],
            smallest: values[0],
        })
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(Cut { dimension: usize, entries: Vec<f64>, rounding: f64 } by |cut| {
    let limits = "must be from 1 to 8192";
    let within = (1..=Cut::LARGEST).contains(&cut.dimension);
    Error::require(within, "the dimension of a saved cut", cut.dimension as f64, limits)?;
    Error::array("the entries of a saved cut", cut.entries.len(), &[cut.dimension, cut.dimension])?;
    Error::finite("the entries of a saved cut", &cut.entries, crate::saved::DAMAGED)?;
    Error::not_negative("the rounding of a saved cut", cut.rounding)
});
