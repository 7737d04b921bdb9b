//! Values on a tape, and what can be done with them.

use std::fmt;

use super::build::Builder;
use super::function::{Binary, Unary};
use super::op::Value;
use super::record::Tape;
use super::shape::{Axes, Shape};
use crate::scalar::Scalar;

/// A value on a tape: a handle to copy freely, used like a number or an array.
///
/// | you want | write |
/// | --- | --- |
/// | arithmetic, with broadcasting as in NumPy, also with numbers on either side | `x + y`, `2.0 * x`, `1.0 - x`, `x / y`, `-x` |
/// | the same for any `T: Scalar`, where numbers stand on the right | `x * T::of(2.0)`, `-(x - T::one())` for 1 - x |
/// | elementary functions | [`exp`](Var::exp), [`ln`](Var::ln), [`sqrt`](Var::sqrt), [`sin`](Var::sin), [`tanh`](Var::tanh), [`powi`](Var::powi), [`softplus`](Var::softplus), [`gelu`](Var::gelu) |
/// | products of matrices | [`matmul`](Var::matmul), [`matmul_transposed`](Var::matmul_transposed), [`dot`](Var::dot), [`outer`](Var::outer) |
/// | sums, means, extremes, over all or some axes | [`sum`](Var::sum), [`mean_axes`](Var::mean_axes), [`max_axes`](Var::max_axes) |
/// | parts, and arrays put together | [`at`](Var::at), [`slice`](Var::slice), [`gather`](Var::gather), [`concatenate`](Var::concatenate) |
/// | another shape | [`reshape`](Var::reshape), [`t`](Var::t), [`permute`](Var::permute), [`broadcast_to`](Var::broadcast_to) |
/// | a choice between two values | [`select`](Var::select) of [`less`](Var::less) and its kin, [`clamp`](Var::clamp) |
/// | a row's softmax, its logarithm, its normaliser | [`softmax`](Var::softmax), [`log_softmax`](Var::log_softmax), [`log_sum_exp`](Var::log_sum_exp) |
/// | linear systems, determinants | [`solve`](Var::solve), [`log_determinant`](Var::log_determinant) |
/// | images | [`convolution`](Var::convolution), [`average_pool`](Var::average_pool), [`max_pool`](Var::max_pool) |
/// | numbers of your own | [`Tape::constant`], [`Tape::fill`], by [`tape`](Var::tape) |
///
/// ```
/// use eigenscape::tape::{Program, Shape};
///
/// // Cross-entropy of the logits w x, x of 3 examples, against their first class.
/// let shapes = [Shape::matrix(2, 4), Shape::matrix(3, 4)];
/// let loss = Program::<f64>::record(shapes, |[w, x]| {
///     let log_p = x.matmul_transposed(w).log_softmax(); // 3 x 2
///     -log_p.slice(1, 0..1).mean()
/// })?;
/// let value = loss.evaluate(&[&[0.0; 8], &[1.0; 12]]);
/// assert!((value[0][0] - 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy)]
#[doc(alias = "tensor")]
#[doc(alias = "variable")]
pub struct Var<'t, T> {
    pub(super) tape: &'t Tape<T>,
    pub(super) value: Value,
}

impl<T: Scalar> fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Var({:?} {})", self.value, self.shape())
    }
}

/// Methods that are a function of each element.
macro_rules! elementwise {
    ($($(#[$doc:meta])* $name:ident => $function:expr;)*) => {
        impl<'t, T: Scalar> Var<'t, T> {$(
            $(#[$doc])*
            pub fn $name(self) -> Self {
                self.unary($function)
            }
        )*}
    };
}

elementwise! {
    /// e^x
    exp => Unary::Exp;
    /// e^x - 1, accurate near 0
    exp_m1 => Unary::ExpM1;
    /// natural logarithm
    ln => Unary::Ln;
    /// ln(1 + x), accurate near 0
    ln_1p => Unary::Ln1p;
    /// sine
    sin => Unary::Sin;
    /// cosine
    cos => Unary::Cos;
    /// tangent
    tan => Unary::Tan;
    /// inverse tangent
    atan => Unary::Atan;
    /// hyperbolic sine
    sinh => Unary::Sinh;
    /// hyperbolic cosine
    cosh => Unary::Cosh;
    /// hyperbolic tangent
    tanh => Unary::Tanh;
    /// 1 / (1 + e^-x)
    sigmoid => Unary::Sigmoid;
    /// ln(1 + e^x), without overflow
    softplus => Unary::Softplus;
    /// error function
    erf => Unary::Erf;
    /// square root
    sqrt => Unary::Sqrt;
    /// 1 / x
    recip => Unary::Recip;
    /// |x|; derivative 0 at 0
    abs => Unary::Abs;
    /// -1, 0 or 1; derivative 0 everywhere
    sign => Unary::Sign;
    /// 1 where x > 0, else 0; derivative 0 everywhere
    step => Unary::Step;
    /// max(x, 0); derivative 0 at 0
    relu => Unary::Relu;
}

impl<'t, T: Scalar> Var<'t, T> {
    /// The shape of the value.
    pub fn shape(self) -> Shape {
        self.tape.builder.borrow().shape(self.value)
    }

    /// The tape that the value is on, which makes constants.
    pub fn tape(self) -> &'t Tape<T> {
        self.tape
    }

    /// x^n for a whole n.
    pub fn powi(self, exponent: i32) -> Self {
        match exponent {
            // x x is exact where a power routine rounds more than once.
            2 => self * self,
            _ => self.unary(Unary::Powi(exponent)),
        }
    }

    /// x^c; NaN for x < 0 unless c is a whole number.
    pub fn powf(self, exponent: T) -> Self {
        self.unary(Unary::Powf(exponent))
    }

    /// min(max(x, low), high); derivative 0 at and beyond both bounds. An infinite bound does not bind.
    pub fn clamp(self, low: T, high: T) -> Self {
        self.unary(Unary::Clamp(low, high))
    }

    /// x / (1 + e^-x), also called swish (Elfwing, Uchibe, Doya 2018, arXiv:1702.03118).
    pub fn silu(self) -> Self {
        self * self.sigmoid()
    }

    /// x (1 + erf(x / sqrt 2)) / 2 (Hendrycks & Gimpel 2016, arXiv:1606.08415).
    pub fn gelu(self) -> Self {
        (self * ((self * T::FRAC_1_SQRT_2()).erf() + T::one())) * T::of(0.5)
    }

    /// The approximation x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 of [`Var::gelu`], from the same paper.
    pub fn gelu_tanh(self) -> Self {
        let inner = (self + self * self * self * T::of(0.044715)) * T::of(std::f64::consts::FRAC_2_PI.sqrt());
        (self * (inner.tanh() + T::one())) * T::of(0.5)
    }

    /// The same number everywhere, in the shape of this value.
    pub fn filled(self, number: T) -> Self {
        let shape = self.shape();
        self.make(|builder| builder.fill(shape, number))
    }

    pub(super) fn unary(self, function: Unary<T>) -> Self {
        self.make(|builder| builder.unary(function, self.value))
    }

    #[track_caller]
    pub(super) fn binary(self, name: &'static str, function: Binary, right: Self) -> Self {
        if !self.tape.expect_own(std::iter::once(&right), name) {
            return self;
        }
        let (left_shape, right_shape) = (self.shape(), right.shape());
        let Some(shape) = left_shape.broadcast(&right_shape) else {
            let rule = "extents must agree, aligned at the last axis, or be 1";
            return self.fail(name, right_shape.extents(), rule);
        };
        let (left, right) = (self.expand(shape), right.expand(shape));
        self.make(|builder| builder.binary(function, left.value, right.value))
    }

    /// Broadcasts to a shape that this one is known to broadcast to.
    pub(super) fn expand(self, shape: Shape) -> Self {
        let own = self.shape();
        let front = shape.axes() - own.axes();
        let copied = (0..shape.axes())
            .filter(|&axis| axis < front || own.extents()[axis - front] == 1 && shape.extents()[axis] != 1);
        let copied = Axes::of(copied);
        if copied.is_empty() {
            return self;
        }
        self.make(|builder| {
            let compact = builder.reshape(self.value, shape.without(copied));
            builder.broadcast(compact, copied, shape)
        })
    }

    #[track_caller]
    pub(super) fn make(self, write: impl FnOnce(&mut Builder<T>) -> Value) -> Self {
        let value = write(&mut self.tape.builder.borrow_mut());
        let made = Var { value, ..self };
        self.tape.expect_countable(made.shape());
        made
    }

    /// Leaves the tape with an error and goes on with this value.
    #[track_caller]
    pub(super) fn fail(self, operation: &'static str, right: &[usize], rule: &'static str) -> Self {
        self.tape.fail(operation, self.shape().extents(), right, rule);
        self
    }
}
