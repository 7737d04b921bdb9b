//! What can go wrong when something is *asked for*: one enum, every variant a sentence with value, limits and remedy.
//!
//! Three fates are never mixed in this crate. A slice of the wrong length in a hot call is a programmer's mistake and
//! panics at the caller's line. An ill-posed request (a shape, a label, a depth) is an [`Error`] from the constructor,
//! so that use cannot fail. A budget that runs out is neither: it is data in the result's report.
//!
//! | what happened | fate | what to do |
//! | --- | --- | --- |
//! | shapes, labels, sizes, settings that cannot be | `Err` from the constructor or `run` | read the message: it names the value, the limits and the remedy |
//! | bytes of a file that are not what they should be | `Err` with the offset | |
//! | a number that is not finite, from a function or an operator | `Err` where it is the first; `Stop::NotFinite` in the report after that | smaller steps; [`Program::first_non_finite`](crate::tape::Program::first_non_finite) finds the instruction |
//! | a slice of a wrong length in a product or a gradient | a panic at your line | correct the call |
//! | a budget that ran out, an iteration that did not converge | data: `report.converged`, `stop` | use what there is, or [`Report::require`](crate::krylov::Report::require) |
//!
//! ```
//! use eigenscape::Error;
//! use eigenscape::network::{Activation, Perceptron};
//!
//! let error = Perceptron::new(&[784], Activation::Relu).unwrap_err();
//! assert!(error.to_string().contains("must be at least 2"));
//! // Errors are values that can be matched; there may be more kinds of them later.
//! assert!(matches!(error, Error::OutOfRange { .. }));
//! ```

use std::fmt;

/// The result of everything in this crate that can be asked for wrongly.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An ill-posed request, or a non-finite number met on the way.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// Two shapes that must agree do not.
    Shapes {
        /// The operation that was asked for.
        operation: &'static str,
        /// Shape of the left operand.
        left: Vec<usize>,
        /// Shape of the right operand, or the shape that was asked for.
        right: Vec<usize>,
        /// What must hold between them.
        rule: &'static str,
        /// Source line of the call that recorded the operation, where one is known.
        location: Option<&'static std::panic::Location<'static>>,
    },
    /// A slice is not as long as it must be.
    Length {
        /// What the slice holds.
        what: &'static str,
        /// Its length.
        actual: usize,
        /// The length that it must have.
        expected: usize,
    },
    /// A number lies outside of its limits.
    OutOfRange {
        /// What the number is.
        what: &'static str,
        /// Its value.
        value: f64,
        /// Limits and remedy, as the end of a sentence: "must be at least 1: ...".
        limits: &'static str,
    },
    /// A number lies above a limit that depends on the problem.
    AboveLimit {
        /// What the number is.
        what: &'static str,
        /// Its value.
        value: usize,
        /// The largest value allowed.
        limit: usize,
        /// What sets the limit.
        because: &'static str,
    },
    /// Something that must hold at least one element is empty.
    Empty {
        /// What is empty.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A number is infinite or not a number.
    NotFinite {
        /// What holds the number.
        what: &'static str,
        /// Its position there.
        index: usize,
        /// Its value.
        value: f64,
        /// What to do.
        remedy: &'static str,
    },
    /// A single number is infinite or not a number.
    NotFiniteValue {
        /// What the number is.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What to do.
        remedy: &'static str,
    },
    /// A class label is not one of the classes.
    Label {
        /// Position of the example.
        index: usize,
        /// Its label.
        label: usize,
        /// The number of classes; labels run from 0 to one less.
        classes: usize,
    },
    /// A matrix that must be positive definite is not.
    NotPositiveDefinite {
        /// What the matrix is.
        what: &'static str,
        /// The first pivot that is not positive.
        pivot: usize,
    },
    /// A dense decomposition did not converge.
    NotConverged {
        /// The decomposition.
        what: &'static str,
        /// The size of the matrix.
        size: usize,
    },
    /// Bytes are not in the format that they should be in.
    Format {
        /// The format.
        format: &'static str,
        /// The offset, in bytes, at which it shows.
        offset: usize,
        /// What stands there.
        found: String,
        /// What should stand there, or what to do.
        expected: String,
    },
    /// A request needs more memory than its budget.
    Memory {
        /// What needs it.
        what: &'static str,
        /// Bytes needed.
        needed: u128,
        /// Bytes allowed.
        budget: u128,
        /// What to do.
        remedy: &'static str,
    },
    /// The system refuses memory.
    Allocation {
        /// What needs it.
        what: &'static str,
        /// Bytes needed.
        bytes: u128,
        /// What to do.
        remedy: &'static str,
    },
    /// A name is not known.
    Name {
        /// What kind of name.
        what: &'static str,
        /// The name given.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// Something that the request needs was not given.
    Missing {
        /// What is not there.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A product with an operator is not finite, and nothing was known before it.
    Product {
        /// The number of the product, from 1.
        number: u64,
        /// The first entry that is not finite.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// An operator that was promised to be symmetric is not.
    Asymmetric {
        /// |<u, A v> - <A u, v>| for random u and v, relative to the norms.
        discrepancy: f64,
        /// What rounding explains.
        tolerance: f64,
    },
    /// An equation that defines a law or a transform was not solved.
    Unsolved {
        /// The equation.
        equation: &'static str,
        /// The real part of the point at which it was asked.
        re: f64,
        /// The imaginary part of that point.
        im: f64,
        /// What is left of the equation, relative to its terms.
        residual: f64,
    },
    /// An error that was saved (feature `serde`) and read back: of it the sentence is left.
    Saved {
        /// What it said.
        sentence: String,
    },
    /// The system refuses to write or read a file.
    File {
        /// The path.
        path: String,
        /// What was tried: "write".
        operation: &'static str,
        /// What the system says.
        reason: String,
    },
    /// A run ended before it had converged, and its caller cannot use a partial result.
    Unfinished {
        /// The number of products with the operator until then.
        matvecs: u64,
        /// Why it ended and what to do.
        reason: &'static str,
    },
}

impl Error {
    /// Fails unless `value >= least`.
    pub(crate) fn at_least(what: &'static str, value: usize, least: usize, limits: &'static str) -> Result<()> {
        if value >= least {
            return Ok(());
        }
        Err(Error::OutOfRange { what, value: value as f64, limits })
    }

    /// Fails unless `value` is finite and positive.
    pub(crate) fn positive(what: &'static str, value: f64) -> Result<()> {
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        Err(Error::OutOfRange { what, value, limits: "must be finite and positive" })
    }

    /// Fails unless a condition on a number holds.
    #[cfg(feature = "serde")]
    pub(crate) fn require(holds: bool, what: &'static str, value: f64, limits: &'static str) -> Result<()> {
        if holds { Ok(()) } else { Err(Error::OutOfRange { what, value, limits }) }
    }

    /// Fails unless `value` is finite and at least 0.
    #[cfg(feature = "serde")]
    pub(crate) fn not_negative(what: &'static str, value: f64) -> Result<()> {
        Error::require(value.is_finite() && value >= 0.0, what, value, "must be finite and at least 0")
    }

    /// The number of entries of an array; fails where their bytes do not fit into the address space, as with 32 bits some do not.
    pub(crate) fn room<T>(what: &'static str, extents: &[usize]) -> Result<usize> {
        let count = extents.iter().try_fold(1u128, |size, &extent| size.checked_mul(extent as u128));
        let bytes = count.and_then(|count| count.checked_mul(size_of::<T>() as u128)).unwrap_or(u128::MAX);
        match count.and_then(|count| usize::try_from(count).ok()) {
            Some(count) if bytes <= isize::MAX as u128 => Ok(count),
            _ => {
                let remedy = "which is more than can be addressed: take fewer or smaller of them";
                Err(Error::Allocation { what, bytes, remedy })
            }
        }
    }

    /// Fails unless the slice has the expected length.
    pub(crate) fn length(what: &'static str, actual: usize, expected: usize) -> Result<()> {
        if actual == expected {
            return Ok(());
        }
        Err(Error::Length { what, actual, expected })
    }

    /// Fails unless an array has as many entries as the product of its extents, which may exceed every size.
    pub(crate) fn array(what: &'static str, actual: usize, extents: &[usize]) -> Result<()> {
        Error::length(what, actual, extents.iter().copied().fold(1, usize::saturating_mul))
    }

    /// Fails at the first entry that is not finite.
    pub(crate) fn finite<T: num_traits::Float>(what: &'static str, values: &[T], remedy: &'static str) -> Result<()> {
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(index) => {
                Err(Error::NotFinite { what, index, value: values[index].to_f64().unwrap_or(f64::NAN), remedy })
            }
        }
    }
}

/// A shape as people write it: `3x4`, `scalar`.
struct Dims<'a>(&'a [usize]);

impl fmt::Display for Dims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("scalar");
        }
        for (axis, extent) in self.0.iter().enumerate() {
            if axis > 0 {
                f.write_str("x")?;
            }
            write!(f, "{extent}")?;
        }
        Ok(())
    }
}

/// A number as it reads best: with an exponent where it would be a row of zeros.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Number(value) = *self;
        let plain = value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs());
        if plain { write!(f, "{value}") } else { write!(f, "{value:e}") }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Shapes { operation, left, right, rule, location } => {
                let (left, right) = (Dims(left), Dims(right));
                write!(f, "{operation}: left is {left} but right is {right}; {rule}")?;
                match location {
                    Some(location) => write!(f, " (recorded at {location})"),
                    None => Ok(()),
                }
            }
            Error::Length { what, actual, expected } => {
                write!(f, "{what} has {actual} entries; it must have {expected}")
            }
            Error::OutOfRange { what, value, limits } => write!(f, "{what} is {}; it {limits}", Number(*value)),
            Error::AboveLimit { what, value, limit, because } => {
                write!(f, "{what} is {value}; it must be at most {limit}, {because}")
            }
            Error::Empty { what, remedy } => write!(f, "{what} is empty; {remedy}"),
            Error::NotFiniteValue { what, value, remedy } => write!(f, "{what} is {value}; {remedy}"),
            Error::NotFinite { what, index, value, remedy } => {
                write!(f, "entry {index} of {what} is {}; {remedy}", Number(*value))
            }
            Error::Label { index, label, classes } => write!(
                f,
                "the label of example {index} is {label}; with {classes} classes labels run from 0 to {}: \
                 correct the label or raise the number of outputs",
                classes.saturating_sub(1)
            ),
            Error::NotPositiveDefinite { what, pivot } => write!(
                f,
                "{what} is not positive definite: pivot {pivot} is not positive; its columns are linearly dependent"
            ),
            Error::NotConverged { what, size } => {
                write!(f, "{what} of a matrix of size {size} did not converge; check it for huge or non-finite entries")
            }
            Error::Format { format, offset, found, expected } => {
                write!(f, "not a valid {format} file: byte {offset}: found {found}, expected {expected}")
            }
            Error::Memory { what, needed, budget, remedy } => {
                write!(f, "{what} needs {needed} bytes but the budget is {budget}; {remedy}")
            }
            Error::Name { what, name, known } => {
                write!(f, "there is no {what} named `{name}`; known are: {}", known.join(", "))
            }
            Error::Allocation { what, bytes, remedy } => {
                write!(f, "{what} needs {bytes} bytes, which the system does not give; {remedy}")
            }
            Error::Product { number, index, value } => write!(
                f,
                "entry {index} of product {number} with the operator is {}; the operator met a number that it cannot take: \
                 look at its input and scale",
                Number(*value)
            ),
            Error::Asymmetric { discrepancy, tolerance } => write!(
                f,
                "the operator is not symmetric: <u, A v> and <A u, v> differ by {discrepancy:e} of their size, and rounding \
                 explains {tolerance:e}; correct it, or take its symmetric part"
            ),
            Error::Missing { what, remedy } => write!(f, "{what} is missing; {remedy}"),
            Error::Unsolved { equation, re, im, residual } => write!(
                f,
                "{equation} was not solved at z = {re:e} + {im:e}i: a residual of {residual:e} is left; ask farther from the \
                 real axis, or check the law for parts of very different sizes"
            ),
            Error::Saved { sentence } => f.write_str(sentence),
            Error::File { path, operation, reason } => {
                write!(
                    f,
                    "{path}: could not {operation} it: {reason}; check that its folder exists and can be written to"
                )
            }
            Error::Unfinished { matvecs, reason } => {
                write!(f, "the run ended after {matvecs} products before it had converged; {reason}")
            }
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_beyond_the_address_space_are_refused() {
        assert_eq!(Error::room::<f64>("a matrix", &[3, 4, 0]), Ok(0));
        assert_eq!(Error::room::<f32>("a matrix", &[3, 4]), Ok(12));
        for extents in [&[usize::MAX][..], &[usize::MAX / 2, 2], &[usize::MAX; 9], &[isize::MAX as usize / 8 + 1]] {
            let error = Error::room::<f64>("a matrix", extents).unwrap_err().to_string();
            assert!(error.starts_with("a matrix needs ") && error.contains("fewer or smaller"), "{error}");
        }
        assert!(Error::room::<f64>("a matrix", &[isize::MAX as usize / 8]).is_ok());
    }

    #[test]
    fn numbers_of_any_scale_are_short_in_messages() {
        let message = |value| Error::OutOfRange { what: "the scale", value, limits: "must be positive" }.to_string();
        assert_eq!(message(-1e300), "the scale is -1e300; it must be positive");
        assert_eq!(message(5e-324), "the scale is 5e-324; it must be positive");
        assert_eq!(message(0.25), "the scale is 0.25; it must be positive");
        assert_eq!(message(f64::NAN), "the scale is NaN; it must be positive");
    }
}
