//! The elementwise functions, by name.

/// Functions of one number, applied to each element.
///
/// Derivatives at kinks follow one convention for the whole tape: operands that tie share the derivative equally, and a
/// bound that is part of the function takes it all. So `Relu` has derivative 0 at 0, `Clamp` at both bounds, `Abs` the
/// mean of both slopes, 0, and [`Binary::Maximum`] gives one half to each of two equal operands. `Sign`, `Step` and comparisons have derivative 0
/// everywhere. `Sqrt`, `Ln`, `Recip` and negative powers have infinite or undefined derivatives at 0, as the functions have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Unary<T> {
    /// c x
    Scale(T),
    /// x + c
    Offset(T),
    /// e^x
    Exp,
    /// e^x - 1, accurate near 0
    ExpM1,
    /// natural logarithm
    Ln,
    /// ln(1 + x), accurate near 0
    Ln1p,
    /// sine
    Sin,
    /// cosine
    Cos,
    /// tangent
    Tan,
    /// inverse tangent
    Atan,
    /// hyperbolic sine
    Sinh,
    /// hyperbolic cosine
    Cosh,
    /// hyperbolic tangent
    Tanh,
    /// 1 / (1 + e^-x)
    Sigmoid,
    /// ln(1 + e^x), without overflow
    Softplus,
    /// error function
    Erf,
    /// square root
    Sqrt,
    /// 1 / x
    Recip,
    /// x^n for a whole n
    Powi(i32),
    /// x^c; NaN for x < 0 unless c is a whole number
    Powf(T),
    /// |x|
    Abs,
    /// -1, 0 or 1
    Sign,
    /// 1 where x > 0, else 0
    Step,
    /// max(x, 0)
    Relu,
    /// min(max(x, low), high)
    Clamp(T, T),
    /// 1 where low < x < high, else 0
    Inside(T, T),
}

/// Functions of two numbers, applied element by element to values of one shape.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Binary {
    /// x + y
    Add,
    /// x - y
    Subtract,
    /// x y
    Multiply,
    /// x / y
    Divide,
    /// the larger
    Maximum,
    /// the smaller
    Minimum,
    /// the share of x in the maximum: 1 where x > y, 1/2 where x = y, else 0
    Share,
    /// 1 where x > y, else 0
    Greater,
    /// 1 where x >= y, else 0
    AtLeast,
    /// 1 where x = y, else 0
    Equal,
}

impl<T> Unary<T> {
    pub(super) fn map<U>(self, mut constant: impl FnMut(T) -> U) -> Unary<U> {
        match self {
            Unary::Scale(c) => Unary::Scale(constant(c)),
            Unary::Offset(c) => Unary::Offset(constant(c)),
            Unary::Powf(c) => Unary::Powf(constant(c)),
            Unary::Exp => Unary::Exp,
            Unary::ExpM1 => Unary::ExpM1,
            Unary::Ln => Unary::Ln,
            Unary::Ln1p => Unary::Ln1p,
            Unary::Sin => Unary::Sin,
            Unary::Cos => Unary::Cos,
            Unary::Tan => Unary::Tan,
            Unary::Atan => Unary::Atan,
            Unary::Sinh => Unary::Sinh,
            Unary::Cosh => Unary::Cosh,
            Unary::Tanh => Unary::Tanh,
            Unary::Sigmoid => Unary::Sigmoid,
            Unary::Softplus => Unary::Softplus,
            Unary::Erf => Unary::Erf,
            Unary::Sqrt => Unary::Sqrt,
            Unary::Recip => Unary::Recip,
            Unary::Powi(n) => Unary::Powi(n),
            Unary::Abs => Unary::Abs,
            Unary::Sign => Unary::Sign,
            Unary::Step => Unary::Step,
            Unary::Relu => Unary::Relu,
            Unary::Clamp(low, high) => Unary::Clamp(constant(low), constant(high)),
            Unary::Inside(low, high) => Unary::Inside(constant(low), constant(high)),
        }
    }
}
