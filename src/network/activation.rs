//! Activations by name.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;
use crate::scalar::Scalar;
use crate::tape::Var;

/// A function applied to each hidden unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Activation {
    /// x: a deep linear network
    Identity,
    /// hyperbolic tangent
    Tanh,
    /// max(x, 0); derivative 0 at 0
    Relu,
    /// 1 / (1 + e^-x)
    Sigmoid,
    /// ln(1 + e^x)
    Softplus,
    /// x / (1 + e^-x)
    Silu,
    /// x (1 + erf(x / sqrt 2)) / 2
    Gelu,
    /// the approximation of gelu by a hyperbolic tangent
    GeluTanh,
}

impl Activation {
    /// All of them.
    pub const ALL: [Activation; 8] = [
        Activation::Identity,
        Activation::Tanh,
        Activation::Relu,
        Activation::Sigmoid,
        Activation::Softplus,
        Activation::Silu,
        Activation::Gelu,
        Activation::GeluTanh,
    ];

    /// The name, as [`FromStr`] reads it.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Identity => "identity",
            Activation::Tanh => "tanh",
            Activation::Relu => "relu",
            Activation::Sigmoid => "sigmoid",
            Activation::Softplus => "softplus",
            Activation::Silu => "silu",
            Activation::Gelu => "gelu",
            Activation::GeluTanh => "gelu_tanh",
        }
    }

    /// Records the activation of a value.
    pub fn record<T: Scalar>(self, x: Var<'_, T>) -> Var<'_, T> {
        match self {
            Activation::Identity => x,
            Activation::Tanh => x.tanh(),
            Activation::Relu => x.relu(),
            Activation::Sigmoid => x.sigmoid(),
            Activation::Softplus => x.softplus(),
            Activation::Silu => x.silu(),
            Activation::Gelu => x.gelu(),
            Activation::GeluTanh => x.gelu_tanh(),
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Activation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Activation::ALL.into_iter().find(|activation| activation.name() == name).ok_or_else(|| Error::Name {
            what: "activation",
            name: name.to_owned(),
            known: Activation::ALL.map(|activation| activation.name().to_owned()).to_vec(),
        })
    }
}
