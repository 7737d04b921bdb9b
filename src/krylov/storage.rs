//! Where the basis of a Krylov space is kept.

/// Where the basis V of a Lanczos [`Factorization`](super::Factorization) is kept.
///
/// | storage | memory of m steps in n dimensions | gives up |
/// | --- | --- | --- |
/// | [`Kept`](Storage::Kept) | m + 4 vectors | |
/// | [`Single`](Storage::Single) | m + 8 vectors of `f32` | nothing of T; vectors have 7 digits |
/// | [`None`](Storage::None) | 4 vectors | orthogonalization; vectors cost m products more |
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Storage {
    /// In the type of the vectors.
    #[default]
    Kept,
    /// Rounded to `f32`, while the recurrence runs on in the type of the vectors.
    ///
    /// For `f64` this halves the memory, and the time of orthogonalization where memory sets it. Rounding makes the kept
    /// vectors orthonormal to 1e-7 only, but the next vector of the recurrence is then orthogonal to the ones before it
    /// within `f32::EPSILON` / sqrt(n), and below the root of [`EPSILON`](crate::Scalar::EPSILON) eigenvalues of T stay
    /// accurate to `EPSILON` (Simon 1984). For `f32` it is the same as [`Storage::Kept`].
    Single,
    /// Not at all: for any depth, four vectors. Only for [`Orthogonalization::None`](super::Orthogonalization::None) and
    /// [`Local`](super::Orthogonalization::Local), which need no basis. T and all that is read from it is the same to the
    /// last bit; combinations of the basis come from a
    /// [second pass](super::Factorization::second_pass) of the recurrence.
    None,
}
