//! A factorization in a file.

use serde::de::Error;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Basis, Factorization, Orthogonalization};
use crate::scalar::Scalar;

/// What a file holds, before it is believed. The newest vector is the residual divided by its length, and comes back with
/// the next step.
#[derive(Deserialize)]
struct Saved<T> {
    orthogonalization: Orthogonalization,
    basis: Vec<Vec<T>>,
    diagonal: Vec<f64>,
    subdiagonal: Vec<f64>,
    residual: Vec<T>,
    residual_norm: f64,
    start_norm: f64,
    scale: f64,
    negligible: (f64, f64),
    breakdown: bool,
    matvecs: u64,
}

impl<T: Scalar + Serialize> Serialize for Factorization<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut saved = serializer.serialize_struct("Factorization", 11)?;
        saved.serialize_field("orthogonalization", &self.orthogonalization)?;
        saved.serialize_field("basis", &Vectors(self))?;
        saved.serialize_field("diagonal", &self.diagonal)?;
        saved.serialize_field("subdiagonal", &self.subdiagonal)?;
        saved.serialize_field("residual", &self.residual)?;
        saved.serialize_field("residual_norm", &self.residual_norm)?;
        saved.serialize_field("start_norm", &self.start_norm)?;
        saved.serialize_field("scale", &self.scale)?;
        saved.serialize_field("negligible", &self.negligible)?;
        saved.serialize_field("breakdown", &self.breakdown)?;
        saved.serialize_field("matvecs", &self.matvecs)?;
        saved.end()
    }
}

/// The basis, written vector by vector.
struct Vectors<'a, T>(&'a Factorization<T>);

impl<T: Scalar + Serialize> Serialize for Vectors<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.0.steps()).map(|index| self.0.vector(index)))
    }
}

impl<'de, T: Scalar + Deserialize<'de>> Deserialize<'de> for Factorization<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Saved::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl<T: Scalar> TryFrom<Saved<T>> for Factorization<T> {
    type Error = &'static str;

    fn try_from(saved: Saved<T>) -> Result<Self, Self::Error> {
        let (dim, steps) = (saved.residual.len(), saved.basis.len());
        let whole = |vector: &Vec<T>| vector.len() == dim && vector.iter().all(|entry| entry.is_finite());
        if dim == 0 || steps > dim || !saved.basis.iter().chain([&saved.residual]).all(whole) {
            return Err("the vectors of a factorization must be finite, of one length, and no more than that");
        }
        let numbers = saved.diagonal.iter().chain(&saved.subdiagonal);
        let coupled = saved.subdiagonal.len() == steps.saturating_sub(1) && saved.subdiagonal.iter().all(|&x| x >= 0.0);
        if saved.diagonal.len() != steps || !coupled || !numbers.into_iter().all(|number| number.is_finite()) {
            return Err(
                "a factorization needs a finite row of its matrix for each vector, with couplings of at least 0",
            );
        }
        let norms = [saved.residual_norm, saved.scale, saved.negligible.0, saved.negligible.1];
        if !(norms.iter().all(|&norm| norm >= 0.0 && norm.is_finite()) && saved.start_norm > 0.0) {
            return Err("the norms of a factorization must be finite and at least 0");
        }
        let goes_on = steps < dim && saved.residual_norm > 0.0;
        if !(goes_on || saved.breakdown) || saved.matvecs < steps as u64 || !saved.start_norm.is_finite() {
            return Err("the end of a factorization does not belong to its depth");
        }
        let mut basis = Basis::new(dim);
        saved.basis.iter().for_each(|vector| basis.push(vector));
        Ok(Factorization {
            orthogonalization: saved.orthogonalization,
            basis,
            diagonal: saved.diagonal,
            subdiagonal: saved.subdiagonal,
            current: vec![T::zero(); dim],
            residual: saved.residual,
            residual_norm: saved.residual_norm,
            start_norm: saved.start_norm,
            scale: saved.scale,
            negligible: saved.negligible,
            breakdown: saved.breakdown,
            matvecs: saved.matvecs,
        })
    }
}
