//! Factorizations that are read back: nothing in a file is taken on trust.

use serde::Deserialize;

use super::basis::Basis;
use super::factorization::Factorization;
use super::omega::Omega;
use super::orthogonalization::Orthogonalization;
use super::report::Stop;
use super::storage::Storage;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// What a file says.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Scalar + Deserialize<'de>"))]
pub(super) struct Saved<T> {
    orthogonalization: Orthogonalization,
    storage: Storage,
    basis: Basis<T>,
    diagonal: Vec<f64>,
    subdiagonal: Vec<f64>,
    newest: Vec<T>,
    residual: Vec<T>,
    residual_norm: f64,
    start_norm: f64,
    scale: f64,
    omega: Omega,
    orthogonalized: usize,
    breakdown: bool,
    matvecs: u64,
    stop: Stop,
}

/// Fails unless a law of factorizations holds.
fn require(holds: bool, what: &'static str, value: f64, limits: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::OutOfRange { what, value, limits }) }
}

impl<T: Scalar> TryFrom<Saved<T>> for Factorization<T> {
    type Error = Error;

    fn try_from(saved: Saved<T>) -> Result<Self> {
        let remedy = "the file is damaged";
        let (dim, steps) = (saved.residual.len(), saved.diagonal.len());
        Error::at_least("the dimension of a saved factorization", dim, 1, "must be at least 1")?;
        let because = "the dimension";
        if steps > dim {
            return Err(Error::AboveLimit {
                what: "the depth of a saved factorization",
                value: steps,
                limit: dim,
                because,
            });
        }
        Error::length("the saved subdiagonal", saved.subdiagonal.len(), steps.saturating_sub(1))?;
        Error::length("the newest vector of a saved factorization", saved.newest.len(), dim)?;
        Error::finite("the saved residual", &saved.residual, remedy)?;
        Error::finite("the newest vector of a saved factorization", &saved.newest, remedy)?;
        Error::finite("the saved diagonal", &saved.diagonal, remedy)?;
        Error::finite("the saved subdiagonal", &saved.subdiagonal, remedy)?;
        let limits = "must be finite and at least 0";
        let numbers = [saved.residual_norm, saved.scale];
        for &value in numbers.iter().chain(&saved.subdiagonal) {
            require(value.is_finite() && value >= 0.0, "a norm of a saved factorization", value, limits)?;
        }
        Error::positive("the norm of a saved start vector", saved.start_norm)?;
        // A residual of length 0 has no direction to go on in.
        let goes_on = saved.breakdown || (saved.residual_norm > 0.0 && steps < dim);
        require(goes_on, "the residual norm of a saved factorization", saved.residual_norm, "ends the run: say so")?;
        saved.orthogonalization.needs(saved.storage)?;
        saved.basis.validate(dim, steps, saved.storage)?;
        let estimated = saved.orthogonalization != Orthogonalization::Full;
        let fits = saved.omega.fits(if estimated { steps } else { 0 });
        let limits = "must be at most 1, one for each pair of the two newest vectors with those before";
        require(fits, "the largest of the saved estimates of orthogonality", saved.omega.largest(), limits)?;
        let value = saved.orthogonalized as f64;
        require(
            saved.orthogonalized <= steps,
            "the count of orthogonalized steps",
            value,
            "must be at most the depth",
        )?;
        crate::saved::counts("the count of products", &[saved.matvecs])?;
        let value = saved.matvecs as f64;
        require(saved.matvecs >= steps as u64, "the count of products", value, "must be at least the depth")?;
        Ok(Factorization {
            orthogonalization: saved.orthogonalization,
            storage: saved.storage,
            basis: saved.basis,
            diagonal: saved.diagonal,
            subdiagonal: saved.subdiagonal,
            newest: saved.newest,
            residual: saved.residual,
            current: Vec::new(),
            product: Vec::new(),
            residual_norm: saved.residual_norm,
            start_norm: saved.start_norm,
            scale: saved.scale,
            omega: saved.omega,
            orthogonalized: saved.orthogonalized,
            breakdown: saved.breakdown,
            matvecs: saved.matvecs,
            stop: saved.stop,
        })
    }
}
