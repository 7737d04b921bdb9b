//! A random cut of a matrix.

use std::sync::Arc;

use super::base::Base;
use super::curve::Map;
use super::curve_law::{CurveLaw, law_of_field};
use crate::error::{Error, Result};
use crate::random_matrix::law::Law;

/// The spectrum of P' H P for a random d-dimensional frame P: free compression.
///
/// ```text
///     H symmetric n x n with spectrum mu,   P: n x d uniform orthonormal (Haar),   t = d / n
///     R_t(w) = R_mu(t w)        free cumulants  kappa_k -> t^(k - 1) kappa_k
///     z = w + (1 - t) / m_mu(w),     m(z) = m_mu(w) / t
/// ```
///
/// What a Hessian should look like on a random hyperplane: the mean stays, the width shrinks like sqrt(t), and outliers
/// sink into the bulk. An atom of weight above 1 - t leaves an atom. Solved on the curve where z is real; edges exact.
///
/// ```
/// use eigenscape::random_matrix::{Discrete, FreeCompression, Law};
///
/// // Half of the eigenvalues 0, half 1, seen in a random half of the space: the arcsine law on [0, 1].
/// let projector = Discrete::new(&[0.0, 1.0], &[0.5, 0.5])?;
/// let cut = FreeCompression::new(projector, 0.5)?;
/// assert!((cut.density(0.5)? - 2.0 / std::f64::consts::PI).abs() < 1e-12);
/// assert!((cut.moment(2) - 3.0 / 8.0).abs() < 1e-14);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Nica & Speicher 1996 (doi:10.1353/ajm.1996.0034); Nica & Speicher 2006, *Lectures on the Combinatorics of Free
/// Probability*, lecture 14.
#[derive(Clone, Debug)]
#[doc(alias = "free probability")]
pub struct FreeCompression {
    law: CurveLaw,
    fraction: f64,
}

law_of_field!(FreeCompression, law);

impl FreeCompression {
    /// The law of a cut to a fraction t of the dimensions.
    ///
    /// # Errors
    /// Unless 0 < t < 1.
    pub fn new(law: impl Law + 'static, fraction: f64) -> Result<Self> {
        if !(fraction > 0.0 && fraction < 1.0) {
            let limits = "must lie between 0 and 1, both excluded: a whole matrix keeps its law";
            return Err(Error::OutOfRange { what: "the fraction of a compression", value: fraction, limits });
        }
        let law = CurveLaw::new(Base::new(Arc::new(law)), Map::Compression { fraction })?;
        Ok(FreeCompression { law, fraction })
    }

    /// The fraction t = d / n.
    pub fn fraction(&self) -> f64 {
        self.fraction
    }

    /// The law of the whole.
    pub fn base(&self) -> &dyn Law {
        self.law.curve.base.law()
    }
}
