//! Permutations of hidden units, which leave a network's function as it is.

use crate::error::{Error, Result};
use crate::network::{Network, Role};
use crate::scalar::Scalar;

/// The hidden units of a network whose layers stand in a row, and where in the parameter vector their weights are.
///
/// Dense layers and convolutions with an activation, pools or a flattening between them, as a [`Perceptron`](crate::network::Perceptron) or a
/// [`Sequential`](crate::network::Sequential) has them; a hidden unit is an output of a dense layer or a channel of a convolution. Residual connections,
/// attention and normalisations are refused: their units are tied to one another.
///
/// ```
/// use eigenscape::landscape::HiddenUnits;
/// use eigenscape::network::{Activation, Perceptron};
///
/// let network = Perceptron::new(&[2, 3, 1], Activation::Tanh)?;
/// let units = HiddenUnits::new(&network)?;
/// assert_eq!(units.sizes(), [3]);
/// // Weights into the units, their biases, weights out of them, and a bias of the output.
/// let theta = [0.0, 0.1, 1.0, 1.1, 2.0, 2.1, 10.0, 11.0, 12.0, 20.0, 21.0, 22.0, 30.0];
/// let turned = units.permute(&theta, &[vec![2, 0, 1]])?;
/// assert_eq!(turned, [2.0, 2.1, 0.0, 0.1, 1.0, 1.1, 12.0, 10.0, 11.0, 22.0, 20.0, 21.0, 30.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Hecht-Nielsen 1990, doi:10.1016/B978-0-444-88400-8.50019-4 (the symmetry).
#[derive(Clone, Debug, PartialEq)]
pub struct HiddenUnits {
    layers: Vec<Layer>,
    parameters: usize,
}

/// For each hidden layer, which unit takes which place: place i gets unit `permutation[layer][i]`.
pub type UnitPermutation = Vec<Vec<usize>>;

/// Stretches of the parameter vector of one hidden layer.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    units: usize,
    /// Start and length of what belongs to the first unit, the next following it: weights in and bias.
    own: Vec<(usize, usize)>,
    /// Weights out: the start, the number of rows, and how many of each row belong to one unit.
    next: (usize, usize, usize),
}

impl Layer {
    /// All stretches of a unit.
    fn stretches(&self, unit: usize) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let own = self.own.iter().map(move |&(start, len)| start + unit * len..start + (unit + 1) * len);
        let (start, rows, len) = self.next;
        let out = (0..rows).map(move |row| {
            let first = start + (row * self.units + unit) * len;
            first..first + len
        });
        own.chain(out)
    }
}

impl HiddenUnits {
    /// The hidden units of a network.
    ///
    /// # Errors
    /// If its layers are not dense or convolutions in a row.
    pub fn new(network: &impl Network) -> Result<Self> {
        let refuse = |what| {
            let remedy = "take a perceptron, or dense layers and convolutions in a row without normalisation";
            Err(Error::Missing { what, remedy })
        };
        let mut weights = Vec::new();
        let mut biases: Vec<Option<usize>> = Vec::new();
        for block in network.blocks() {
            let name = |part: &str, layer: usize| block.name == format!("{layer}.{part}");
            if block.role == Role::Weight && name("weight", weights.len()) && block.shape.axes() > 1 {
                weights.push(block);
                biases.push(None);
            } else if block.role == Role::Bias && !weights.is_empty() && name("bias", weights.len() - 1) {
                biases[weights.len() - 1] = Some(block.start);
            } else {
                return refuse("a chain of layers without other parameters");
            }
        }
        let mut layers = Vec::new();
        for (pair, bias) in weights.windows(2).zip(&biases) {
            let (into, out) = (pair[0].shape.extents(), pair[1].shape.extents());
            let units = into[0];
            // A convolution's channels are flattened one after the other.
            let fits = out[1] == units || (into.len() == 4 && out.len() == 2 && out[1].is_multiple_of(units));
            if !fits {
                return refuse("a layer whose inputs are the units of the layer before");
            }
            let mut own = vec![(pair[0].start, pair[0].shape.size() / units)];
            own.extend(bias.map(|start| (start, 1)));
            layers.push(Layer { units, own, next: (pair[1].start, out[0], pair[1].shape.size() / (out[0] * units)) });
        }
        if layers.is_empty() {
            return refuse("a hidden layer");
        }
        Ok(HiddenUnits { layers, parameters: network.parameters() })
    }

    /// The number of units of each hidden layer.
    pub fn sizes(&self) -> Vec<usize> {
        self.layers.iter().map(|layer| layer.units).collect()
    }

    /// The number of parameters of the network.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// The parameters with their units at other places: the same function.
    ///
    /// # Errors
    /// If theta does not fit, or a list is no permutation of a layer's units.
    pub fn permute<T: Scalar>(&self, theta: &[T], permutation: &[Vec<usize>]) -> Result<Vec<T>> {
        Error::length("the parameters of a permutation", theta.len(), self.parameters)?;
        Error::length("the list of permutations", permutation.len(), self.layers.len())?;
        let mut permuted = theta.to_vec();
        for (number, (layer, places)) in self.layers.iter().zip(permutation).enumerate() {
            Error::length("the permutation of a layer", places.len(), layer.units)?;
            let mut seen = vec![false; layer.units];
            for &unit in places {
                if unit >= layer.units || std::mem::replace(&mut seen[unit], true) {
                    let limits = "must be below the number of units, and be there once";
                    return Err(Error::OutOfRange { what: "an entry of a permutation", value: unit as f64, limits });
                }
            }
            permuted = self.moved(&permuted, number, places);
        }
        Ok(permuted)
    }

    /// The parameters with the units of one layer at other places.
    pub(super) fn moved<T: Scalar>(&self, theta: &[T], layer: usize, places: &[usize]) -> Vec<T> {
        let mut moved = theta.to_vec();
        let layer = &self.layers[layer];
        for (place, &unit) in places.iter().enumerate() {
            for (to, from) in layer.stretches(place).zip(layer.stretches(unit)) {
                moved[to].copy_from_slice(&theta[from]);
            }
        }
        moved
    }

    /// The inner products of all that belongs to a unit of one layer, for each pair of units of two networks.
    pub(super) fn products<T: Scalar>(&self, a: &[T], b: &[T], layer: usize) -> Vec<f64> {
        let layer = &self.layers[layer];
        let gathered = |theta: &[T]| -> Vec<Vec<T>> {
            (0..layer.units)
                .map(|unit| layer.stretches(unit).flat_map(|range| theta[range].to_vec()).collect())
                .collect()
        };
        let (a, b) = (gathered(a), gathered(b));
        a.iter().flat_map(|a| b.iter().map(|b| crate::linalg::dot(a, b))).collect()
    }
}
