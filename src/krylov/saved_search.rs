//! Searches that are read back: nothing in a file is taken on trust.

use serde::Deserialize;

use super::basis::Basis;
use super::block_factorization::BlockFactorization;
use super::eigenpairs::Multiplicity;
use super::eigensolver::Eigensolver;
use super::report::Stop;
use super::search::{EigenSearch, Phase};
use super::storage::Storage;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// What a file says of a block factorization.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Scalar + Deserialize<'de>"))]
pub(super) struct SavedBlocks<T> {
    dim: usize,
    basis: Basis<T>,
    deflated: usize,
    projected: Vec<Vec<f64>>,
    next: Vec<T>,
    coupling: Vec<Vec<f64>>,
    previous: Vec<T>,
    dropped: Vec<Vec<f64>>,
    aside: Vec<T>,
    aside_rows: Vec<Vec<f64>>,
    scale: f64,
    negligible: (f64, f64),
    matvecs: u64,
}

/// What a file says of a search.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Scalar + Deserialize<'de>"))]
pub(super) struct SavedSearch<T> {
    settings: Eigensolver,
    relative: f64,
    factorization: BlockFactorization<T>,
    phase: Phase,
    target: usize,
    draws: u64,
    fresh: bool,
    converged: usize,
    multiplicity: Multiplicity,
    stop: Option<Stop>,
    bad_product: Option<u64>,
}

const REMEDY: &str = "the file is damaged";

/// Fails unless a law of saved states holds.
fn require(holds: bool, what: &'static str, value: f64, limits: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::OutOfRange { what, value, limits }) }
}

impl<T: Scalar> TryFrom<SavedBlocks<T>> for BlockFactorization<T> {
    type Error = Error;

    fn try_from(saved: SavedBlocks<T>) -> Result<Self> {
        let (dim, size) = (saved.dim, saved.projected.len());
        Error::at_least("the dimension of a saved factorization", dim, 1, "must be at least 1")?;
        let all = saved.deflated.saturating_add(size);
        if all > dim {
            let what = "the number of vectors of a saved factorization";
            return Err(Error::AboveLimit { what, value: all, limit: dim, because: "the dimension" });
        }
        crate::saved::counts("the count of products", &[saved.matvecs])?;
        saved.basis.validate(dim, all, Storage::Kept)?;
        for (col, column) in saved.projected.iter().enumerate() {
            Error::length("a column of the saved projection", column.len(), col + 1)?;
            Error::finite("the saved projection", column, REMEDY)?;
        }
        for row in saved.coupling.iter().chain(&saved.aside_rows).chain(&saved.dropped) {
            Error::length("a row of the saved coupling", row.len(), size)?;
            Error::finite("the saved coupling", row, REMEDY)?;
        }
        let width = saved.coupling.len();
        let fits = all.saturating_add(width) <= dim && saved.previous.len() <= size.saturating_mul(dim);
        require(fits, "the width of a saved block", width as f64, "must fit into the dimension")?;
        Error::array("the next block of a saved factorization", saved.next.len(), &[width, dim])?;
        let aside = saved.aside_rows.len().saturating_mul(dim);
        Error::length("what a saved factorization has set aside", saved.aside.len(), aside)?;
        Error::finite("what a saved factorization has set aside", &saved.aside, REMEDY)?;
        let whole = saved.previous.len().next_multiple_of(dim);
        Error::length("the previous block of a saved factorization", saved.previous.len(), whole)?;
        Error::finite("the next block of a saved factorization", &saved.next, REMEDY)?;
        Error::finite("the previous block of a saved factorization", &saved.previous, REMEDY)?;
        for value in [saved.scale, saved.negligible.0, saved.negligible.1] {
            let limits = "must be finite and at least 0";
            require(value.is_finite() && value >= 0.0, "a norm of a saved factorization", value, limits)?;
        }
        let SavedBlocks { basis, deflated, projected, next, coupling, previous, dropped, aside, aside_rows, .. } =
            saved;
        let (scale, negligible, matvecs) = (saved.scale, saved.negligible, saved.matvecs);
        Ok(BlockFactorization {
            dim,
            basis,
            deflated,
            projected,
            next,
            coupling,
            previous,
            dropped,
            aside,
            aside_rows,
            scale,
            negligible,
            matvecs,
        })
    }
}

impl<T: Scalar> TryFrom<SavedSearch<T>> for EigenSearch<T> {
    type Error = Error;

    fn try_from(saved: SavedSearch<T>) -> Result<Self> {
        let size = saved.factorization.size();
        let relative = saved.settings.validate::<T>(saved.factorization.dim())? / 4.0;
        let limits = "must be a quarter of that of the settings";
        require(saved.relative == relative, "the tolerance of a saved search", saved.relative, limits)?;
        let ends = saved.stop.is_some() || saved.factorization.width() > 0;
        require(ends, "the width of the next block of a saved search", 0.0, "must be positive unless it has ended")?;
        crate::saved::counts("the number of random vectors of a saved search", &[saved.draws])?;
        let because = "the number of pairs";
        if saved.converged > saved.settings.count {
            let (what, value, limit) = ("the number of converged pairs", saved.converged, saved.settings.count);
            return Err(Error::AboveLimit { what, value, limit, because });
        }
        if let Phase::Check { first, starts, since, width, shares, known } = &saved.phase {
            require(*first <= size, "the start of a saved run", *first as f64, "must lie within the basis")?;
            let within = first <= since && *since <= size && (*starts).max(*width) <= saved.factorization.dim();
            require(within, "a restart in a saved run", *since as f64, "must lie within the run")?;
            let holds = shares.iter().all(|share| *share >= 0.0 && share.is_finite());
            require(holds, "a part of what a saved run has missed", shares[0], "must be finite and at least 0")?;
            Error::finite("the known values of a saved search", known, REMEDY)?;
        }
        Ok(EigenSearch {
            settings: saved.settings,
            relative: saved.relative,
            factorization: saved.factorization,
            phase: saved.phase,
            target: saved.target,
            draws: saved.draws,
            fresh: saved.fresh,
            converged: saved.converged,
            multiplicity: saved.multiplicity,
            stop: saved.stop,
            bad_product: saved.bad_product,
        })
    }
}
