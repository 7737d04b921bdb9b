//! Random starts.

use super::{Block, Network, Role};
use crate::error::{Error, Result};
use crate::random::Key;
use crate::scalar::Scalar;

/// How weights are drawn: independent, with a variance set by the fans of their block; biases are 0, gains 1.
///
/// ```text
///     glorot:  variance 2 / (fan_in + fan_out)     Glorot & Bengio 2010 (also called Xavier)
///     he:      variance 2 / fan_in                 He, Zhang, Ren, Sun 2015, arXiv:1502.01852
///     lecun:   variance 1 / fan_in                 LeCun, Bottou, Orr, Mueller 1998
/// ```
///
/// The whole vector, gains too, is then multiplied by [`Initialization::radius`], 1 by default: the landscape is studied against
/// the distance from the origin, in units of a usual initialization (Fort & Scherlis 2018, arXiv:1807.02581).
///
/// ```
/// use eigenscape::network::{Activation, Initialization, Perceptron};
/// use eigenscape::random::Key;
///
/// let network = Perceptron::new(&[64, 32, 10], Activation::Tanh)?;
/// let theta: Vec<f64> = Initialization::lecun().radius(2.0)?.draw(&network, Key::new(0));
/// assert_eq!(theta.len(), 64 * 32 + 32 + 32 * 10 + 10);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[doc(alias = "Xavier")]
#[doc(alias = "Kaiming")]
#[doc(alias = "init")]
pub struct Initialization {
    scheme: Scheme,
    uniform: bool,
    radius: f64,
}

#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Scheme {
    Glorot,
    He,
    LeCun,
}

impl Initialization {
    /// Variance 2 / (fan_in + fan_out), for tanh and sigmoid.
    #[doc(alias = "Xavier")]
    pub fn glorot() -> Self {
        Initialization::of(Scheme::Glorot)
    }

    /// Variance 2 / fan_in, for relu and its relatives.
    #[doc(alias = "Kaiming")]
    pub fn he() -> Self {
        Initialization::of(Scheme::He)
    }

    /// Variance 1 / fan_in.
    pub fn lecun() -> Self {
        Initialization::of(Scheme::LeCun)
    }

    fn of(scheme: Scheme) -> Self {
        Initialization { scheme, uniform: false, radius: 1.0 }
    }

    /// Draws from the uniform distribution of the same variance instead of the normal one.
    pub fn uniform(self) -> Self {
        Initialization { uniform: true, ..self }
    }

    /// Multiplies the start by a factor.
    ///
    /// # Errors
    /// If the factor is negative or not finite.
    pub fn radius(self, radius: f64) -> Result<Self> {
        if !(radius.is_finite() && radius >= 0.0) {
            let limits = "must be finite and at least 0: it multiplies a usual initialization";
            return Err(Error::OutOfRange { what: "the radius of an initialization", value: radius, limits });
        }
        Ok(Initialization { radius, ..self })
    }

    /// A start for a network: `parameters` entries. Block i is drawn from child i of the key.
    pub fn draw<T: Scalar>(&self, network: &impl Network, key: Key) -> Vec<T> {
        let mut theta = vec![T::zero(); network.parameters()];
        for (child, block) in network.blocks().iter().enumerate() {
            self.fill(block, key.split(child as u64), &mut theta[block.range()]);
        }
        theta
    }

    /// The root mean square of the distance from the origin over draws: where a usual start lies.
    ///
    /// ```
    /// use eigenscape::network::{Activation, Initialization, Perceptron};
    ///
    /// let network = Perceptron::new(&[784, 200, 200, 10], Activation::Relu)?;
    /// assert!((Initialization::he().typical_norm(&network) - 820f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    pub fn typical_norm(&self, network: &impl Network) -> f64 {
        let square = |block: &Block| {
            let variance = match block.role {
                Role::Gain => 1.0,
                Role::Bias => 0.0,
                Role::Weight if block.fan_in == 0 => 0.0,
                Role::Weight => self.variance(block),
            };
            block.shape.size() as f64 * variance
        };
        self.radius * network.blocks().iter().map(square).sum::<f64>().sqrt()
    }

    /// The variance of a weight at radius 1.
    fn variance(&self, block: &Block) -> f64 {
        let (fan_in, fan_out) = (block.fan_in as f64, block.fan_out as f64);
        match self.scheme {
            Scheme::Glorot => 2.0 / (fan_in + fan_out),
            Scheme::He => 2.0 / fan_in,
            Scheme::LeCun => 1.0 / fan_in,
        }
    }

    fn fill<T: Scalar>(&self, block: &Block, key: Key, entries: &mut [T]) {
        match block.role {
            Role::Gain => return entries.fill(T::of(self.radius)),
            Role::Bias => return entries.fill(T::zero()),
            // What sums over nothing has no variance to keep.
            Role::Weight if block.fan_in == 0 => return entries.fill(T::zero()),
            Role::Weight => {}
        }
        let deviation = self.radius * self.variance(block).sqrt();
        if self.uniform {
            // A uniform value on (0, 1) has variance 1/12.
            key.uniform(0, entries);
            entries.iter_mut().for_each(|x| *x = T::of((x.f64() - 0.5) * deviation * 12f64.sqrt()));
        } else {
            key.normal(0, entries);
            entries.iter_mut().for_each(|x| *x = T::of(x.f64() * deviation));
        }
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(Initialization { scheme: Scheme, uniform: bool, radius: f64 }
    by |initialization| initialization.radius(initialization.radius).map(drop));
