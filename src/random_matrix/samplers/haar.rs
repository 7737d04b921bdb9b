//! Orthonormal frames of no preferred direction.

use crate::error::{Error, Result};
use crate::linalg;
use crate::random::Key;
use crate::scalar::Scalar;

/// Orthonormal vectors, uniform: the law that no rotation changes (Haar's measure on the Stiefel manifold).
///
/// ```text
///     G: n x k, independent standard normal;   G = Q R with a positive diagonal of R;   the frame is Q,   Q'Q = I
/// ```
///
/// For k = n these are the orthogonal matrices of both determinants. The signs matter: Householder's Q as it falls out
/// has those of its algorithm and is not uniform (Mezzadri 2007). Entry i of vector j is made from the first j + 1 columns
/// of the key's normal stream, so that fewer vectors of one key are the first ones, up to rounding.
///
/// Cost: 4 n k^2 operations, memory 2 n k.
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::HaarFrame;
///
/// let frame: Vec<f64> = HaarFrame::new(100, 3)?.sample(Key::new(0));
/// let [first, second] = [&frame[..100], &frame[100..200]];
/// let inner: f64 = first.iter().zip(second).map(|(x, y)| x * y).sum();
/// let square: f64 = first.iter().map(|x| x * x).sum();
/// assert!(inner.abs() < 1e-14 && (square - 1.0).abs() < 1e-14);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Stewart 1980 (doi:10.1137/0717034); Mezzadri 2007 (arXiv:math-ph/0609050).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "random orthogonal matrix")]
#[doc(alias = "Stiefel")]
pub struct HaarFrame {
    dimension: usize,
    vectors: usize,
}

impl HaarFrame {
    /// Frames of a number of vectors (k) in a dimension (n).
    ///
    /// # Errors
    /// If the dimension is 0, or less than the number of vectors.
    pub fn new(dimension: usize, vectors: usize) -> Result<Self> {
        Error::at_least("the dimension of a Haar frame", dimension, 1, "must be at least 1")?;
        if vectors > dimension {
            let because = "since more vectors than dimensions are not independent";
            let what = "the number of vectors of a Haar frame";
            return Err(Error::AboveLimit { what, value: vectors, limit: dimension, because });
        }
        Error::room::<f64>("a Haar frame", &[dimension, vectors])?;
        Ok(HaarFrame { dimension, vectors })
    }

    /// One frame: its vectors back to back.
    pub fn sample<T: Scalar>(&self, key: Key) -> Vec<T> {
        let mut frame = vec![T::zero(); self.dimension * self.vectors];
        key.normal(0, &mut frame);
        linalg::orthonormalize(&mut frame, self.dimension);
        frame
    }
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(HaarFrame { dimension: usize = |frame| frame.dimension, vectors: usize = |frame| frame.vectors }
    by HaarFrame::new(dimension, vectors));
