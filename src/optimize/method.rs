//! What methods for deterministic objectives have in common: each is a settings struct with its state.

use super::path::Path;
use crate::error::Result;
use crate::objective::Objective;
use crate::scalar::Scalar;

/// A method that minimizes objectives of a kind, for [`Minimization`](super::Minimization): this crate's methods, and no others.
///
/// The lifetime is that of the objective's points, of which some methods ask for more than others.
pub trait Method<'o, T: Scalar, O: Objective<T>>: Settings {
    /// One iteration, or a part of one.
    #[doc(hidden)]
    fn iterate(&mut self, objective: &'o O, path: &mut Path<T>) -> Result<()>;
}

/// What a method is set to, and what it knows by now.
pub trait Settings: Clone {
    /// Fails unless it is sound, and knows something of so many parameters, or nothing yet.
    #[doc(hidden)]
    fn accepts(&self, parameters: usize) -> Result<()>;
}
