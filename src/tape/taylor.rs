//! Derivatives of a function along one direction, to any order.

use super::build::Builder;
use super::program::Program;
use super::shape::Shape;
use crate::error::Result;
use crate::scalar::Scalar;

impl<T: Scalar> Program<T> {
    /// The value and its derivatives along a direction, as one program: an argument v like the one with this number comes
    /// last, and result j of `order` + 1 is the j-th derivative of t -> f(..., theta + t v, ...) at t = 0.
    ///
    /// ```
    /// use eigenscape::tape::{Program, Shape};
    ///
    /// let cube = Program::<f64>::record([Shape::vector(2)], |[x]| x.powi(3).sum())?;
    /// let along = cube.derivatives_along(0, 3)?;
    /// // t -> (2 + t)^3 + 1
    /// let derivatives = along.evaluate(&[&[2.0, 1.0], &[1.0, 0.0]]).concat();
    /// assert_eq!(derivatives, [9.0, 12.0, 12.0, 6.0]);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// Cost: each order at most about twice the one before.
    ///
    /// # Errors
    /// If the program does not have exactly one result, a single number, or no such argument.
    #[doc(alias = "jet")]
    #[doc(alias = "taylor_mode")]
    pub fn derivatives_along(&self, argument: usize, order: usize) -> Result<Program<T>> {
        if self.results() != [vec![Shape::scalar()]] {
            return Err(self.not_one_number("derivatives along a direction"));
        }
        self.expect_arguments("the number of an argument to differentiate by", &[argument])?;
        let direction = self.arguments.len();
        let mut all = vec![self.clone()];
        for _ in 0..order {
            // The direction of the orders before comes back as an ordinary argument; all directions are the same one.
            let next = all[all.len() - 1].directional(argument)?;
            let mut builder = Builder::with_capacity(next.nodes.len());
            let mut arguments: Vec<_> = self.arguments.iter().map(|blocks| builder.argument(blocks)).collect();
            arguments.push(builder.argument(&self.arguments[argument]));
            let tied: Vec<_> = (0..next.arguments.len()).map(|a| arguments[a.min(direction)].clone()).collect();
            let results = builder.inline(&next, &tied);
            all.push(builder.finish(results));
        }
        // What orders have in common is computed once.
        let mut builder = Builder::with_capacity(2 * all[order].nodes.len());
        let mut arguments: Vec<_> = self.arguments.iter().map(|blocks| builder.argument(blocks)).collect();
        arguments.push(builder.argument(&self.arguments[argument]));
        let inlined = |program: &Program<T>| builder.inline(program, &arguments[..program.arguments.len()]);
        let results = all.iter().flat_map(inlined).collect();
        Ok(builder.finish(results))
    }
}
