//! Parameters from and to safetensors files.

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};

use super::Block;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

const FORMAT: &str = "safetensors";

/// The bytes of a safetensors file with blocks, each by its name and shape, in the precision of the vector (F32 or F64),
/// in which they stand back to back.
///
/// ```
/// use eigenscape::network::{Activation, Network, Perceptron, from_safetensors, to_safetensors};
///
/// let network = Perceptron::new(&[2, 3], Activation::Identity)?;
/// let theta = [0.1f32, 0.2, 0.3, 0.4, 0.5, 0.6, 0.0, 0.0, 1.0];
/// let file = to_safetensors(network.blocks(), &theta)?;
/// assert_eq!(from_safetensors::<f32>(network.blocks(), &file)?, theta);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the vector does not have the blocks' parameters, or two blocks have one name.
#[doc(alias = "state_dict")]
#[doc(alias = "checkpoint")]
pub fn to_safetensors<T: Scalar>(blocks: &[Block], theta: &[T]) -> Result<Vec<u8>> {
    // Sizes of blocks that were not made by a network may be any.
    let size = blocks.iter().fold(0usize, |sum, block| sum.saturating_add(block.shape.size()));
    Error::length("the parameter vector", theta.len(), size)?;
    for (number, block) in blocks.iter().enumerate() {
        if block.name == "__metadata__" || blocks[..number].iter().any(|other| other.name == block.name) {
            return Err(Error::Format {
                format: FORMAT,
                offset: 0,
                found: format!("a second block, or a reserved one, named `{}`", block.name),
                expected: "a name of its own for each block, and not `__metadata__`".to_owned(),
            });
        }
    }
    let single = size_of::<T>() == 4;
    let dtype = if single { Dtype::F32 } else { Dtype::F64 };
    // Back to back, wherever they stand in the network: so a layer's blocks can be saved alone.
    let mut rest = theta;
    let bytes = |block: &Block| -> Vec<u8> {
        let (own, behind) = rest.split_at(block.shape.size());
        rest = behind;
        let entries = own.iter().map(|x| x.f64());
        if single {
            entries.flat_map(|x| (x as f32).to_le_bytes()).collect()
        } else {
            entries.flat_map(f64::to_le_bytes).collect()
        }
    };
    let data: Vec<Vec<u8>> = blocks.iter().map(bytes).collect();
    let views = blocks.iter().zip(&data).map(|(block, data)| {
        let shape = block.shape.extents().to_vec();
        Ok((block.name.as_str(), TensorView::new(dtype, shape, data).map_err(wrong)?))
    });
    let views: Vec<(&str, TensorView<'_>)> = views.collect::<Result<_>>()?;
    serialize(views, None).map_err(wrong)
}

/// The parameter vector with the blocks of a safetensors file: of F64, F32, F16 or BF16 numbers, each block by its name.
/// Tensors of other names are left alone. Where names or the order of axes differ from ours: [`from_safetensors_as`].
///
/// # Errors
/// If the bytes are no such file, a block is not there, has another shape or type, or a number is not finite.
#[doc(alias = "load_state_dict")]
#[doc(alias = "checkpoint")]
pub fn from_safetensors<T: Scalar>(blocks: &[Block], file: &[u8]) -> Result<Vec<T>> {
    from_safetensors_as(blocks, file, |block| Stored::new(block.name.as_str()))
}

/// How a block stands in a file: the name of its tensor there, and the order of the tensor's axes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    name: String,
    axes: Option<Vec<usize>>,
}

impl Stored {
    /// The tensor of this name, with the block's axes in the block's order.
    pub fn new(name: impl Into<String>) -> Self {
        Stored { name: name.into(), axes: None }
    }

    /// A matrix that is stored transposed: inputs x outputs for a dense layer, as Flax, Keras and GPT-2's `Conv1D` have it.
    pub fn transposed(self) -> Self {
        self.axes(&[1, 0])
    }

    /// Any order of axes: axis i of the tensor is axis `axes[i]` of the block. A convolution's rows x columns x inputs x
    /// outputs, of Flax and Keras, is `&[2, 3, 1, 0]`.
    pub fn axes(self, axes: &[usize]) -> Self {
        Stored { axes: Some(axes.to_vec()), ..self }
    }
}

/// [`from_safetensors`] from a file of another program: `stored` says of each block which tensor it is.
///
/// Dense weights are outputs x inputs here and convolutions outputs x inputs x rows x columns, as in PyTorch. A file cannot say
/// whether a square matrix is transposed: compare the logits of one example. A file may have tensors that no block asks for;
/// [`tensors_of`] lists all of them.
///
/// ```
/// use eigenscape::network::{Activation, Network, Perceptron, Stored, from_safetensors_as};
///
/// // The state dict of torch.nn.Sequential(Linear(2, 3), Tanh(), Linear(3, 1)): 0.weight, 0.bias, 2.weight, 2.bias, since
/// // the activation counts as a module. Our blocks count layers alone: 0.weight, 0.bias, 1.weight, 1.bias.
/// let stored = |name: &str| match name.split_once('.') {
///     Some((layer, part)) => Stored::new(format!("{}.{part}", 2 * layer.parse::<usize>().unwrap_or(0))),
///     None => Stored::new(name),
/// };
/// # use eigenscape::network::to_safetensors;
/// # let names = [("0.weight", vec![3, 2]), ("0.bias", vec![3]), ("2.weight", vec![1, 3]), ("2.bias", vec![1])];
/// # let mut blocks = Perceptron::new(&[2, 3, 1], Activation::Tanh)?.blocks().to_vec();
/// # blocks.iter_mut().zip(names).for_each(|(block, (name, _))| block.name = name.to_owned());
/// # let weights: Vec<f32> = (0..13).map(|x| x as f32).collect();
/// # let file = to_safetensors(&blocks, &weights)?;
/// let network = Perceptron::new(&[2, 3, 1], Activation::Tanh)?;
/// let theta: Vec<f32> = from_safetensors_as(network.blocks(), &file, |block| stored(&block.name))?;
/// # assert_eq!(theta, weights);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// As [`from_safetensors`]; also if an order of axes does not name each axis of the block once.
pub fn from_safetensors_as<T: Scalar>(
    blocks: &[Block],
    file: &[u8],
    stored: impl Fn(&Block) -> Stored,
) -> Result<Vec<T>> {
    let tensors = SafeTensors::deserialize(file).map_err(wrong)?;
    let mut theta = Vec::new();
    for block in blocks {
        let Stored { name, axes } = stored(block);
        let Ok(tensor) = tensors.tensor(&name) else {
            return Err(Error::Name { what: "tensor", name, known: names(&tensors) });
        };
        let extents = block.shape.extents();
        let axes = axes.unwrap_or_else(|| (0..extents.len()).collect());
        let mut once = axes.clone();
        once.sort_unstable();
        if !once.iter().copied().eq(0..extents.len()) {
            return Err(Error::Shapes {
                operation: "the order of a stored block's axes",
                left: axes,
                right: extents.to_vec(),
                rule: "the order (left) must name each axis of the block (right) once, from 0",
                location: None,
            });
        }
        let expected: Vec<usize> = axes.iter().map(|&axis| extents[axis]).collect();
        if tensor.shape() != expected {
            return Err(Error::Shapes {
                operation: "loading a block",
                left: tensor.shape().to_vec(),
                right: expected,
                rule: "the tensor (left) must have the shape of the block of its name (right)",
                location: None,
            });
        }
        let mut entries = Vec::with_capacity(tensor.data().len().min(block.shape.size()));
        match tensor.dtype() {
            Dtype::F64 => push(&mut entries, tensor.data(), f64::from_le_bytes),
            Dtype::F32 => push(&mut entries, tensor.data(), |bytes| f64::from(f32::from_le_bytes(bytes))),
            Dtype::BF16 => push(&mut entries, tensor.data(), |bytes: [u8; 2]| {
                f64::from(f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16))
            }),
            Dtype::F16 => push(&mut entries, tensor.data(), |bytes| half(u16::from_le_bytes(bytes))),
            other => {
                return Err(Error::Format {
                    format: FORMAT,
                    offset: 0,
                    found: format!("numbers of type {other:?} in {name}"),
                    expected: "F64, F32, F16 or BF16".to_owned(),
                });
            }
        }
        Error::length("the numbers of a tensor", entries.len(), block.shape.size())?;
        theta.reserve(entries.len());
        place(&mut theta, &entries, extents, &axes);
    }
    Error::finite("the parameters in the file", &theta, "saved from a run that diverged, or too large for this type")?;
    Ok(theta)
}

/// Name and shape of each tensor in a safetensors file, by name: what there is to ask for, and whether all of it was.
///
/// ```
/// use eigenscape::network::{Activation, Network, Perceptron, tensors_of, to_safetensors};
///
/// let network = Perceptron::new(&[2, 1], Activation::Identity)?;
/// let file = to_safetensors(network.blocks(), &[1.0f32, 2.0, 3.0])?;
/// assert_eq!(tensors_of(&file)?, [("0.bias".to_owned(), vec![1]), ("0.weight".to_owned(), vec![1, 2])]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the bytes are no such file.
pub fn tensors_of(file: &[u8]) -> Result<Vec<(String, Vec<usize>)>> {
    let tensors = SafeTensors::deserialize(file).map_err(wrong)?;
    let shape = |name: String| {
        let shape = tensors.tensor(&name).map_err(wrong)?.shape().to_vec();
        Ok((name, shape))
    };
    names(&tensors).into_iter().map(shape).collect()
}

fn names(tensors: &SafeTensors<'_>) -> Vec<String> {
    let mut names: Vec<String> = tensors.names().into_iter().map(String::from).collect();
    names.sort();
    names
}

/// Appends a tensor whose axis i is axis `axes[i]` of a block, in the block's order.
fn place<T: Scalar>(theta: &mut Vec<T>, entries: &[T], extents: &[usize], axes: &[usize]) {
    if axes.is_sorted() {
        return theta.extend_from_slice(entries);
    }
    // How far apart neighbours along each axis of the block stand in the tensor.
    let mut strides = vec![0; extents.len()];
    axes.iter().rev().fold(1, |stride, &axis| {
        strides[axis] = stride;
        stride * extents[axis]
    });
    let mut position = vec![0; extents.len()];
    let mut at = 0;
    for _ in 0..entries.len() {
        theta.push(entries[at]);
        for axis in (0..extents.len()).rev() {
            position[axis] += 1;
            at += strides[axis];
            if position[axis] < extents[axis] {
                break;
            }
            at -= strides[axis] * extents[axis];
            position[axis] = 0;
        }
    }
}

fn push<T: Scalar, const N: usize>(theta: &mut Vec<T>, data: &[u8], number: impl Fn([u8; N]) -> f64) {
    let (numbers, _) = data.as_chunks::<N>();
    theta.extend(numbers.iter().map(|&bytes| T::of(number(bytes))));
}

/// The value of a number of IEEE 754's 16 bits.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023) / 1024.0);
    sign * match exponent {
        0 => fraction * 2f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
    }
}

fn wrong(error: safetensors::SafeTensorError) -> Error {
    let expected = "a whole safetensors file: it is damaged, cut off or of another format".to_owned();
    Error::Format { format: FORMAT, offset: 0, found: error.to_string(), expected }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn halves_have_their_values() {
        let cases = [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333251953125),
            (0x0001, 5.960464477539063e-8),
            (0x7bff, 65504.0),
        ];
        cases.into_iter().for_each(|(bits, value)| assert_eq!(half(bits), value));
        assert!(half(0x7e00).is_nan() && half(0xfc00) == f64::NEG_INFINITY);
    }
}
