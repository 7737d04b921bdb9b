//! How a run ended: data, not an error.

use crate::error::{Error, Result};

/// Why a run ended.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Stop {
    /// Everything asked for was found or done.
    Converged,
    /// The budget of products or steps was spent.
    Budget,
    /// The recurrence has converged, but the residuals recomputed by products do not reach the tolerance: rounding in
    /// the products sets the limit. A larger tolerance or wider numbers help, more steps do not.
    Rounding,
    /// The observer stopped the run.
    Observer,
    /// A direction of negative curvature was met by a method for positive definite operators.
    NegativeCurvature,
    /// The right side is not in the range of a singular operator: the residual is as small as it can be.
    Incompatible,
    /// The estimated condition number of the operator passed its limit.
    IllConditioned,
    /// A product was not finite: the one with the number `matvecs` of the report. What was known until then is returned.
    NotFinite,
}

/// How a run ended and what it cost.
///
/// ```
/// use eigenscape::krylov::{Eigensolver, Stop};
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
///
/// let operator = Diagonal::new((0..5000).map(f64::from).collect());
/// // Too few products: no error, but a partial result that says so.
/// let partial = Eigensolver::new(3, Key::new(0)).matvecs(20).run(&operator)?;
/// assert!(!partial.report.converged && partial.report.stop == Stop::Budget);
/// assert!(partial.report.require().unwrap_err().to_string().contains("budget"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[must_use = "a run may end before it has converged: look at `converged`, or call `require`"]
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Report {
    /// Whether the result is all that was asked for.
    pub converged: bool,
    /// The number of products with the operator.
    pub matvecs: u64,
    /// Why the run ended.
    pub stop: Stop,
}

impl Report {
    pub(crate) fn new(stop: Stop, matvecs: u64) -> Self {
        Report { converged: stop == Stop::Converged, matvecs, stop }
    }

    /// Turns a run that ended early into an error, for those who cannot use a partial result.
    ///
    /// # Errors
    /// [`Error::Unfinished`] unless the run converged.
    pub fn require(&self) -> Result<()> {
        let reason = match self.stop {
            Stop::Converged => return Ok(()),
            Stop::Budget => "the budget of products or steps was spent: raise it, or the tolerance",
            Stop::Rounding => {
                "rounding in the products sets the limit: raise the tolerance, or use wider numbers; where residuals are as \
                 large as the operator, it is not symmetric: `check_symmetry` tells"
            }
            Stop::Observer => "the observer stopped the run",
            Stop::NegativeCurvature => "the operator is not positive definite: take `MinimalResiduals`, or add a shift",
            Stop::Incompatible => "the right side is not in the range of the operator, which is singular",
            Stop::IllConditioned => {
                "the condition number of the operator passed its limit: add damping, or raise the limit"
            }
            Stop::NotFinite => "the last product was not finite: the operator met a number that it cannot take",
        };
        Err(Error::Unfinished { matvecs: self.matvecs, reason })
    }
}

/// What an observer of a long run is told.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Progress {
    /// How much is done: converged eigenpairs, finished probes, steps.
    pub done: usize,
    /// How much there is to do.
    pub total: usize,
    /// Products so far.
    pub matvecs: u64,
}
