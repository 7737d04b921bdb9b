//! How much is paid for an orthonormal basis.

use super::storage::Storage;
use crate::error::{Error, Result};

/// How each new vector is made orthogonal to the ones before it.
///
/// In exact arithmetic the three-term recurrence does it by itself. In rounded arithmetic orthogonality is lost as soon
/// as an eigenpair converges, and copies of converged eigenvalues ("ghosts") appear in T. Nothing is lost silently:
/// [`Factorization::orthogonality`](super::Factorization::orthogonality) says what was reached, and
/// [`Factorization::ritz_values`](super::Factorization::ritz_values) recognises the ghosts.
///
/// # References
/// Paige 1972 (doi:10.1093/imamat/10.3.373); Daniel, Gragg, Kaufman & Stewart 1976 (doi:10.1090/S0025-5718-1976-0431641-8);
/// Simon 1984 (doi:10.1090/S0025-5718-1984-0725988-X).
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Orthogonalization {
    /// The recurrence alone.
    None,
    /// The recurrence, then once more against the last two vectors.
    Local,
    /// As [`Orthogonalization::Local`], and against all vectors in the steps in which the omega recurrence, an estimate of
    /// V'v from T alone, passes the root of [`EPSILON`](crate::Scalar::EPSILON), and in the step after each of these.
    ///
    /// T is then that of an orthonormal basis up to rounding (Simon 1984), while V is orthonormal to half of the digits,
    /// and so is A V = V T + r e'. [`Factorization::orthogonalized`](super::Factorization::orthogonalized) counts the
    /// steps.
    Partial,
    /// The recurrence, then against all vectors, and again as often as that shortened the vector, by matrix products.
    #[default]
    Full,
}

impl Orthogonalization {
    /// Fails if it needs a basis that is not kept.
    pub(crate) fn needs(self, storage: Storage) -> Result<()> {
        let against_all = matches!(self, Orthogonalization::Partial | Orthogonalization::Full);
        if against_all && storage == Storage::None {
            let what = "the basis, which full and partial orthogonalization need,";
            let remedy = "keep it, in single precision say, or take `Orthogonalization::Local`";
            return Err(Error::Missing { what, remedy });
        }
        Ok(())
    }
}
