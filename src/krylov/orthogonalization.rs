//! How much is paid for an orthonormal basis.

/// How each new vector is made orthogonal to the ones before it.
///
/// In exact arithmetic the three-term recurrence does it by itself. In rounded arithmetic orthogonality is lost as soon
/// as an eigenpair converges, and copies of converged eigenvalues ("ghosts") appear in T. Nothing is lost silently:
/// [`Factorization::orthogonality`](super::Factorization::orthogonality) measures what was reached.
///
/// # References
/// Paige 1972 (doi:10.1093/imamat/10.3.373); Daniel, Gragg, Kaufman & Stewart 1976 (doi:10.1090/S0025-5718-1976-0431641-8).
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Orthogonalization {
    /// The recurrence alone.
    None,
    /// The recurrence, then once more against the last two vectors.
    Local,
    /// The recurrence, then against all vectors, and again as often as that shortened the vector, by matrix products.
    #[default]
    Full,
}
