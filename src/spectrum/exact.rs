//! All eigenvalues, on sizes whose matrix fits in memory.

use super::sylvester::Sylvester;
use crate::error::Result;
use crate::linalg::symmetric_eigen;
use crate::operator::Symmetric;
use crate::scalar::Scalar;

/// All eigenvalues of a symmetric operator, ascending, by its dense matrix in double precision.
///
/// For small networks and for checks of everything else here. Cost: n products, about 4 n^3 / 3 operations on one thread;
/// memory of n^2 numbers of the vectors' type and 2 n^2 of `f64`, within 1 GiB: 6600 dimensions in `f64`. Errors are those of
/// rounding in the products, some EPSILON |A|.
///
/// ```
/// use eigenscape::operator::{Dense, Normal};
/// use eigenscape::spectrum::{DiscreteMeasure, eigenvalues};
///
/// // X'X with X = (1 2; 0 2; 2 0): (5 2; 2 8).
/// let gram = Normal::new(Dense::new(vec![1.0, 2.0, 0.0, 2.0, 2.0, 0.0], 3, 2)?);
/// let all = eigenvalues(&gram)?;
/// assert!((all[0] - 4.0).abs() < 1e-14 && (all[1] - 9.0).abs() < 1e-14);
/// // As a measure, to hold an estimate against.
/// assert_eq!(DiscreteMeasure::uniform(all)?.cumulative(5.0), 0.5);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the operator is not square or has no rows, its matrix needs more than 1 GiB, a product is not finite, or the matrix is not
/// symmetric.
#[doc(alias = "eigvalsh")]
#[doc(alias = "dense spectrum")]
pub fn eigenvalues<T: Scalar, A: Symmetric<T> + ?Sized>(operator: &A) -> Result<Vec<f64>> {
    let matrix = Sylvester::new().matrix(&operator)?;
    Ok(symmetric_eigen(&matrix.entries, matrix.size, false)?.values)
}
