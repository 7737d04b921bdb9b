//! Compositions of the passes: selections and directional derivatives.

use super::build::Builder;
use super::embed::embed_at;
use super::linearize::{Linearization, linearize};
use super::program::Program;
use crate::error::Result;
use crate::scalar::Scalar;

impl<T: Scalar> Program<T> {
    /// The program with only the results of these numbers, without what only the others needed.
    ///
    /// # Panics
    /// If there is no result with such a number.
    #[track_caller]
    pub fn select(&self, results: &[usize]) -> Program<T> {
        let mut builder = Builder::new();
        let arguments: Vec<_> = self.arguments.iter().map(|blocks| builder.argument(blocks)).collect();
        let all = builder.inline(self, &arguments);
        builder.finish(results.iter().map(|&result| all[result].clone()).collect())
    }

    /// The derivative along a direction, as a program: one more argument, the direction, and tangents for results.
    ///
    /// ```text
    ///     f : (..., x, ...) -> y     ==>     (..., x, ..., v) -> df(x)/dx v
    /// ```
    ///
    /// Applied twice to a gradient, with the same direction, it gives the third derivative contracted twice.
    ///
    /// # Errors
    /// If there is no argument with this number.
    pub fn directional(&self, argument: usize) -> Result<Program<T>> {
        let Linearization { primal, linear } = linearize(self, &[argument])?;
        let mut builder = Builder::new();
        let arguments: Vec<_> = primal.arguments.iter().map(|blocks| builder.argument(blocks)).collect();
        let direction = builder.argument(&self.arguments[argument]);
        let residuals = builder.inline(&primal, &arguments).pop().unwrap_or_default();
        let tangents = embed_at(&mut builder, &linear, &residuals, &[direction]);
        Ok(builder.finish(tangents))
    }
}
