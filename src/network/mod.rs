//! Networks as recorded functions with named parameter blocks.
//!
//! ```text
//!     z = f(theta, x),     theta in R^P,   x: examples x inputs,   z: examples x outputs (logits)
//! ```
//!
//! A network only *describes* itself: its blocks, and how to record its outputs from their values. Everything else
//! (gradients, products, chunks of examples) follows from the recording. Parameters are one flat vector; the blocks say
//! which stretch of it is which weight.
//!
//! | you want | take |
//! | --- | --- |
//! | dense layers with one activation | [`Perceptron`] |
//! | convolutions, pools, normalisation, residual connections, attention, in a row | [`Sequential`] |
//! | a residual network for 32 x 32 images | [`residual_network`] |
//! | anything else: shared weights, several branches | your own [`Network`]: blocks and a recording |
//! | a start | [`Initialization`] |
//! | parameters from or to a file | `from_safetensors`, `to_safetensors` (feature `safetensors`) |
//! | those of PyTorch, Flax or Keras | `from_safetensors_as`: other names, other orders of axes (feature `safetensors`) |
//!
//! | layer of a [`Sequential`] | on examples of shape | blocks | operations for each example |
//! | --- | --- | --- | --- |
//! | [`dense`](Sequential::dense) | any, along the last axis | `weight`, `bias` | 2 x positions x features x units |
//! | [`convolution`](Sequential::convolution) | channels x height x width | `weight`, `bias` | 2 x positions x outputs x channels x rows x columns |
//! | [`average_pool`](Sequential::average_pool), [`max_pool`](Sequential::max_pool) | channels x height x width | | positions x rows x columns |
//! | [`layer_norm`](Sequential::layer_norm) | any, over the last axis | `gain`, `bias` | some passes |
//! | [`group_norm`](Sequential::group_norm) | channels x any, over groups of channels | `gain`, `bias` | some passes |
//! | [`attention`](Sequential::attention) | tokens x features | `query`, `key`, `value`, `output` | 8 x tokens x features^2 + 4 x tokens^2 x features |
//! | [`position_offsets`](Sequential::position_offsets) | positions x features | `weight` | one pass |
//! | [`residual`](Sequential::residual), [`residual_with_shortcut`](Sequential::residual_with_shortcut) | any | those of the layers inside | theirs, and one pass |
//! | [`activation`](Sequential::activation), [`flatten`](Sequential::flatten) | any | | one pass, nothing |

mod activation;
mod attention;
mod block;
mod convolution;
mod dense;
mod initialization;
mod layer;
mod normalization;
mod perceptron;
mod placed;
mod pool;
mod residual_network;
mod sequential;
#[cfg(feature = "safetensors")]
mod weights;

pub use activation::Activation;
pub use attention::Attention;
pub use block::{Block, Role};
pub use convolution::Convolution;
pub use initialization::Initialization;
pub use perceptron::Perceptron;
pub use pool::Pool;
pub use residual_network::residual_network;
pub use sequential::Sequential;
#[cfg(feature = "safetensors")]
pub use weights::{Stored, from_safetensors, from_safetensors_as, tensors_of, to_safetensors};

use crate::scalar::Scalar;
use crate::tape::Var;

/// A parametrised function from rows of inputs to rows of outputs.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::network::{Block, Network, Role};
/// use eigenscape::objective::Objective;
/// use eigenscape::tape::{Shape, Var};
/// use eigenscape::Scalar;
///
/// /// z = a x + b x^2, of one input: two parameters in one block.
/// #[derive(Clone)]
/// struct Parabola([Block; 1]);
///
/// impl Network for Parabola {
///     fn blocks(&self) -> &[Block] {
///         &self.0
///     }
///     fn inputs(&self) -> usize {
///         1
///     }
///     fn outputs(&self) -> usize {
///         1
///     }
///     fn record<'t, T: Scalar>(&self, parameters: &[Var<'t, T>], inputs: Var<'t, T>) -> Var<'t, T> {
///         inputs * parameters[0].at(0) + inputs.powi(2) * parameters[0].at(1)
///     }
/// }
/// let shape = Shape::vector(2);
/// let block = Block { name: "weight".into(), shape, start: 0, role: Role::Weight, fan_in: 2, fan_out: 1 };
/// let examples = Examples::new(vec![1.0, 2.0], 1, vec![3.0, 10.0], 1)?;
/// let risk = Risk::<f64>::new(&Parabola([block]), Loss::SquaredError, examples)?;
/// assert_eq!(risk.value(&[1.0, 2.0])?, 0.0); // 1 + 2 = 3, 2 + 8 = 10
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "custom model")]
#[doc(alias = "nn.Module")]
pub trait Network: Sync {
    /// The parameter blocks, back to back in the order of the parameter vector.
    fn blocks(&self) -> &[Block];

    /// The number of inputs of an example.
    fn inputs(&self) -> usize;

    /// The number of outputs of an example.
    fn outputs(&self) -> usize;

    /// Records the outputs, examples x [`Network::outputs`], from the blocks' values and inputs, examples x
    /// [`Network::inputs`]. Each row of outputs must depend on its own row of inputs alone.
    fn record<'t, T: Scalar>(&self, parameters: &[Var<'t, T>], inputs: Var<'t, T>) -> Var<'t, T>;

    /// The number of parameters.
    fn parameters(&self) -> usize {
        self.blocks().iter().map(|block| block.shape.size()).sum()
    }
}

#[cfg(feature = "serde")]
crate::saved::kinds!("network":
    Activation, Attention, Block, Role, Convolution, Initialization, Perceptron, Pool,
);
