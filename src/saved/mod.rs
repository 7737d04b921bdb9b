//! Saving results and the states of long runs, and reading them back (feature `serde`).
//!
//! Every result, every resumable state and every plain settings struct of this crate implements serde's `Serialize` and
//! `Deserialize`, for any format. What is read is not believed: lengths, limits and the laws between fields are checked, so that
//! a damaged file is an error and never a panic later; memory grows with the file and not with the numbers in it.
//!
//! [`Saved`] puts an envelope around: what is inside, and the version of the format. Another kind, or a newer version, is refused
//! with an error that names both. Within it numbers keep every bit in every format: where a text format has no infinite numbers
//! (JSON writes `null`), the texts `"inf"`, `"-inf"` and `"NaN"` stand. Without the envelope this holds for the fields that are
//! known to be infinite, or not a number, at times.
//!
//! ```
//! use eigenscape::operator::Diagonal;
//! use eigenscape::random::Key;
//! use eigenscape::saved::Saved;
//! use eigenscape::spectrum::{Hutchinson, SpectralRun, StochasticLanczos, TraceRun};
//!
//! let operator = Diagonal::new((0..100).map(f64::from).collect());
//! let settings = StochasticLanczos::new(Key::new(0)).probes(4).steps(10);
//! let mut run: SpectralRun<f64> = settings.begin(&operator)?;
//! run.advance(&operator)?;
//! let text = serde_json::to_string(&Saved::new(&run))?;
//!
//! // Another day.
//! let mut run = serde_json::from_str::<Saved<SpectralRun<f64>>>(&text)?.into_content();
//! while !run.is_done() {
//!     run.advance(&operator)?;
//! }
//! assert_eq!(run.measure()?, settings.run(&operator)?);
//!
//! // Read as something else.
//! let error = serde_json::from_str::<Saved<TraceRun>>(&text).unwrap_err().to_string();
//! assert!(error.contains("spectrum::SpectralRun<f64>") && error.contains("spectrum::TraceRun"), "{error}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Surviving a crash
//!
//! Write to a file beside the old one and rename it over that: whenever the process ends, one of the two is whole. Operators,
//! points, tapes and data are not saved: make them again, from the same key and files, and a run goes on to the same bits, on the
//! same machine.
//!
//! # Which format
//!
//! | format | numbers | size of an `f64` |
//! | --- | --- | --- |
//! | `serde_json`, with its feature `float_roundtrip` | exact; without the feature the last bit may be off | up to 24 bytes |
//! | `postcard`, `bincode` and others that do not name fields | exact | 8 bytes |
//! | `ciborium` and others that do | exact | 3 to 9 bytes |

/// What to do about a content that is not sound.
pub(crate) const DAMAGED: &str = "the file is damaged: save it again";

/// Fails where a count is so large that going on would overflow it.
pub(crate) fn counts(what: &'static str, counts: &[u64]) -> Result<()> {
    let large = counts.iter().find(|&&count| count >= 1 << 62);
    Error::require(
        large.is_none(),
        what,
        large.map_or(0.0, |&count| count as f64),
        "must be below 2^62: no run takes so many",
    )
}

mod envelope;
mod macros;
pub(crate) mod number;
mod read;
mod sentence;
mod write;

use crate::error::{Error, Result};

pub(crate) use envelope::name;
pub use envelope::{Kind, Saved, VERSION};
pub(crate) use macros::{checked, kinds, rebuilt};
